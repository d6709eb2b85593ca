//! `pullstorm what-now`: when the state of a scenario clears, and what makes that sooner or later.

use clap::Args;

use super::flags::{Common, Format, Working};
use super::{Failure, Outcome, files, refuse, say, tell_as};
use crate::experiment::{WHAT_NOW_REPLICATIONS, what_now as answer};
use crate::report::style::Style;
use crate::report::what_now::{what_now_csv, what_now_json, what_now_markdown, what_now_text};
use crate::scenario::{self as loader, Diagnostics, Request, Scenario, SourceFile};

/// What `what-now` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// A scenario file with a `[state]`, or the name of one that ships (such as `mid-storm`).
    scenario: String,
    #[command(flatten)]
    common: Common,
}

pub(super) fn what_now(arguments: &Arguments) -> Outcome {
    let file = files::find(&arguments.scenario)?;
    let (base, variants) = load(&file, arguments)?;
    if !arguments.common.quiet && base.spec.state == <_>::default() {
        say("the scenario has no [state]: the run starts from an untouched cluster");
    }
    let replications = arguments.common.replications.unwrap_or(WHAT_NOW_REPLICATIONS);
    for it in std::iter::once(&base).chain(&variants) {
        arguments.common.admit(it, "")?;
    }
    let Working { crew, signals } = arguments.common.start()?;
    let answer = answer(&crew, &base, &variants, replications);
    let answer = answer.ok_or_else(|| signals.failure("nothing is kept, as it writes no files"))?;
    let mut bytes = vec![];
    match arguments.common.output {
        Format::Table => {
            bytes = what_now_text(&base, &answer, Style::for_stdout()).into_bytes();
        }
        Format::Json => what_now_json(&mut bytes, &base, &answer)?,
        Format::Csv => what_now_csv(&mut bytes, &answer)?,
        Format::Md => bytes = what_now_markdown(&base, &answer).into_bytes(),
    }
    tell_as(arguments.common.output, &bytes)?;
    Ok(0)
}

/// Reads the base and every variant; problems go to standard error, all at once.
fn load(file: &SourceFile, arguments: &Arguments) -> Result<(Scenario, Vec<Scenario>), Failure> {
    let request = Request { replications: None, ..arguments.common.request(&[]) };
    let base = loader::load(file, &request).map_err(|problems| refuse(&problems))?;
    arguments.common.warn(&base.warnings);
    let (mut variants, mut problems) = (Vec::new(), Diagnostics::default());
    for it in &base.scenario.variants {
        let request = Request { variants: vec![it.name.clone()], ..request.clone() };
        match loader::load(file, &request) {
            Ok(loaded) => variants.push(loaded.scenario),
            Err(more) => problems.absorb(more),
        }
    }
    if problems.list.is_empty() { Ok((base.scenario, variants)) } else { Err(refuse(&problems)) }
}
