//! `pullstorm check`: every problem of every file at once.

use clap::Args;

use super::{Outcome, complain, files, refuse, tell_inert, warn};
use crate::scenario::{self as loader, Request};

/// What `check` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Scenario files, or names of those that ship.
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
}

/// Checks all files, each with all of its variants; one bad file does not hide the next.
pub(super) fn check(arguments: &Arguments) -> Outcome {
    let mut worst = 0;
    for argument in &arguments.scenarios {
        let file = match files::find(argument) {
            Ok(file) => file,
            Err(failure) => {
                complain(&failure);
                worst = worst.max(failure.code);
                continue;
            }
        };
        match loader::load(&file, &Request::default()) {
            Ok(loaded) => {
                for it in &loaded.warnings {
                    warn(it);
                }
                let variants = match loaded.scenario.variants.len() {
                    1 => "1 variant".to_owned(),
                    n => format!("{n} variants"),
                };
                tell_inert(&format!("{argument}: ok, {variants}\n"))?;
            }
            Err(problems) => {
                worst = worst.max(refuse(&problems).code);
            }
        }
    }
    Ok(worst)
}
