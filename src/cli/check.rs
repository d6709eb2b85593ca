//! `pullstorm check`: every problem of every file at once.

use clap::Args;

use super::{INVALID_SCENARIO, Outcome, files, say, tell};
use crate::report::style::Style;
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
    let colour = Style::for_stderr().is_coloured();
    let mut worst = 0;
    for argument in &arguments.scenarios {
        let file = match files::find(argument) {
            Ok(file) => file,
            Err(failure) => {
                say(&format!("{} {}", Style::for_stderr().bad("error:"), failure.message));
                worst = worst.max(failure.code);
                continue;
            }
        };
        match loader::load(&file, &Request::default()) {
            Ok(loaded) => {
                for it in &loaded.warnings {
                    say(&it.render(colour));
                }
                let variants = match loaded.scenario.variants.len() {
                    1 => "1 variant".to_owned(),
                    n => format!("{n} variants"),
                };
                tell(&format!("{argument}: ok, {variants}\n"))?;
            }
            Err(problems) => {
                say(problems.render(colour).trim_end());
                worst = worst.max(INVALID_SCENARIO);
            }
        }
    }
    Ok(worst)
}
