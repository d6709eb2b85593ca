//! `pullstorm what-now`: when the state of a scenario clears, and what makes that sooner or later.

use clap::{Args, ValueEnum};

use super::{Failure, INVALID_SCENARIO, Outcome, files, say, tell};
use crate::experiment::{WHAT_NOW_REPLICATIONS, what_now as answer};
use crate::report::style::Style;
use crate::report::what_now::{what_now_csv, what_now_json, what_now_markdown, what_now_text};
use crate::scenario::{self as loader, Diagnostics, Request, Scenario, SourceFile};

/// What `what-now` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// A scenario file with a `[state]`, or the name of one that ships (such as `mid-storm`).
    scenario: String,
    /// Set a parameter of the scenario, such as `state.stuck.web.pods=60`; can be given several
    /// times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Seed, in place of the scenario's.
    #[arg(long)]
    seed: Option<u64>,
    /// Replications of each way and reading; the scenario's own number does not count here.
    #[arg(
        long,
        value_name = "N",
        default_value_t = WHAT_NOW_REPLICATIONS,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    replications: u32,
    /// What is printed.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    /// Say nothing on standard error but errors.
    #[arg(short, long)]
    quiet: bool,
    /// Threads; all cores when left out. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

/// What is printed on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The answer for people.
    Table,
    /// Everything as JSON.
    Json,
    /// A row a way.
    Csv,
    /// The answer as Markdown.
    Md,
}

pub(super) fn what_now(arguments: &Arguments) -> Outcome {
    let file = files::find(&arguments.scenario)?;
    let (base, variants) = load(&file, arguments)?;
    if !arguments.quiet && base.spec.state == <_>::default() {
        say("the scenario has no [state]: the run starts from an untouched cluster");
    }
    let threads = arguments.threads.map_or(0, usize::from);
    let answer = answer(&base, &variants, arguments.replications, threads)
        .map_err(|error| Failure::internal(error.to_string()))?;
    let mut bytes = vec![];
    match arguments.output {
        Format::Table => {
            bytes = what_now_text(&base, &answer, Style::for_stdout()).into_bytes();
        }
        Format::Json => what_now_json(&mut bytes, &base, &answer)?,
        Format::Csv => what_now_csv(&mut bytes, &answer)?,
        Format::Md => bytes = what_now_markdown(&base, &answer).into_bytes(),
    }
    tell(&String::from_utf8_lossy(&bytes))?;
    Ok(0)
}

/// Reads the base and every variant; problems go to standard error, all at once.
fn load(file: &SourceFile, arguments: &Arguments) -> Result<(Scenario, Vec<Scenario>), Failure> {
    let request =
        Request { sets: arguments.sets.clone(), seed: arguments.seed, ..Request::default() };
    let base = loader::load(file, &request).map_err(|problems| told(&problems))?;
    let colour = Style::for_stderr().is_coloured();
    for it in base.warnings.iter().filter(|_| !arguments.quiet) {
        say(&it.render(colour));
    }
    let (mut variants, mut problems) = (Vec::new(), Diagnostics::default());
    for it in &base.scenario.variants {
        let request = Request { variant: Some(it.name.clone()), ..request.clone() };
        match loader::load(file, &request) {
            Ok(loaded) => variants.push(loaded.scenario),
            Err(more) => problems.absorb(more),
        }
    }
    if problems.list.is_empty() { Ok((base.scenario, variants)) } else { Err(told(&problems)) }
}

fn told(problems: &Diagnostics) -> Failure {
    say(problems.render(Style::for_stderr().is_coloured()).trim_end());
    Failure { code: INVALID_SCENARIO, message: String::new() }
}
