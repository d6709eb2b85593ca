//! The command line: one file per verb. Data goes to standard output, talk to standard error.

mod check;
mod clock;
mod compare;
mod files;
mod flags;
mod merge;
mod presets;
mod progress;
mod run;
mod scenarios;
mod signals;
mod solve;
mod sweep;
mod what_now;

use std::io::{self, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use self::flags::Format;
use crate::report::files::{FileError, NotLocked};
use crate::report::style::Style;
use crate::scenario::{Diagnostic, Diagnostics};
use crate::text::inert_lines;

/// Exit codes; the numbers are part of the interface.
const INTERNAL: u8 = 1;
const USAGE: u8 = 2;
const INVALID_SCENARIO: u8 = 3;
const EXPECTATION_FAILED: u8 = 4;
const SHARDS_MISSING: u8 = 6;

const AFTER_HELP: &str = "\
Without a verb, `run` is meant: `pullstorm --seed 7` runs the default scenario with another seed.

Exit codes: 0 ok, 1 internal error or files that cannot be read or written, 2 wrong usage,
3 invalid scenario (nothing was written), 4 an expectation failed, a tolerance is exceeded, or no
value of a range meets the expectations, 6 shards of a sweep are missing, 130 or 143 ended by SIGINT
or SIGTERM (what is finished is kept and marked as partial; a second signal ends it at once).";

const SWEEP_HELP: &str = "\
Each point is written as soon as it is done: the same command goes on where an earlier one stopped.
On more machines: `pullstorm sweep SCENARIO --plan`, then `pullstorm sweep PLAN.json --shard I/N` on
each of them, then `pullstorm merge FOLDER…`; the result is the same bytes.

Exit codes: 0 all points ran (whether the expectations hold at them is the result), 1 internal error
or files that cannot be read or written (finished points are kept), 2 wrong usage or a folder with
another sweep, 3 invalid scenario, axes or points (nothing was run).";

/// Simulates container-image pull storms: how many pulls fail and why, how long until every pod is
/// ready, and which mitigation buys how much.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    run: run::Flags,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the replications of one scenario: summary, files and charts.
    #[command(after_help = AFTER_HELP)]
    Run(run::Arguments),
    /// Compare a scenario with its variants, two scenarios, or two stored runs.
    #[command(after_help = AFTER_HELP)]
    Compare(compare::Arguments),
    /// Run a scenario at many points: every value of one path with every value of others.
    #[command(after_help = SWEEP_HELP)]
    Sweep(Box<sweep::Arguments>),
    /// Join the shards of a sweep.
    Merge(merge::Arguments),
    /// Start from the state that a scenario tells of: when it clears if nothing is done, and under
    /// each of its variants. It writes no files and judges no expectations.
    #[command(after_help = AFTER_HELP)]
    WhatNow(what_now::Arguments),
    /// The largest or smallest value of a path such that the expectations hold, and what binds.
    #[command(after_help = AFTER_HELP)]
    Solve(solve::Arguments),
    /// Report every problem of scenario files at once, and run nothing.
    Check(check::Arguments),
    /// List the scenarios that ship with the program.
    Scenarios(scenarios::Arguments),
    /// List what is known of registries, gateways and clients, each value with its source.
    Presets(presets::Arguments),
    /// Print the JSON Schema of scenario files, for editors.
    Schema,
}

/// Why a command ended early: what to say, and the exit code.
#[derive(Debug)]
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, message: message.into() }
    }

    fn internal(message: impl Into<String>) -> Self {
        Self { code: INTERNAL, message: message.into() }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<NotLocked> for Failure {
    fn from(error: NotLocked) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// What cannot be written to standard output. Nobody reads on behind a closed pipe: that is no
    /// failure.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { code: 0, message: String::new() },
            _ => Self::internal(format!("cannot write to standard output: {error}")),
        }
    }
}

/// How a command ended: the exit code, or why it ended early.
type Outcome = Result<u8, Failure>;

/// Runs the command.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let error = advised(error);
            // Mistakes go to standard error, where nobody can be told that it failed; help and
            // version are what was asked for, and have to arrive.
            let printed = error.print().and_then(|()| io::stdout().flush());
            if error.use_stderr() {
                return ExitCode::from(USAGE);
            }
            return end(printed.map(|()| 0).map_err(Failure::from));
        }
    };
    signals::outlive_file_limits();
    // A broken invariant has told its story on standard error; it must not end with a code of its
    // own.
    catch_unwind(AssertUnwindSafe(|| dispatch(cli))).map_or(ExitCode::from(INTERNAL), end)
}

/// A mistake in the flags, with the verb that has the flag in place of the advice to pass it as a
/// value, which nobody means.
fn advised(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    error.remove(ContextKind::Suggested);
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return error };
    let name = flag.trim_start_matches('-');
    let command = Cli::command();
    let has = |verb: &&clap::Command| verb.get_arguments().any(|it| it.get_long() == Some(name));
    let verbs: Vec<&str> =
        command.get_subcommands().filter(has).map(clap::Command::get_name).collect();
    if !verbs.is_empty() {
        let tip = format!("{flag} is a flag of {}", verbs.join(", "));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// Says why a command ended early, where it did, and makes the exit code.
fn end(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(cli: Cli) -> Outcome {
    match cli.verb {
        None => run::run(None, &cli.run),
        Some(Verb::Run(arguments)) => run::run(arguments.scenario.as_deref(), &arguments.flags),
        Some(Verb::Compare(arguments)) => compare::compare(&arguments),
        Some(Verb::Sweep(arguments)) => sweep::sweep(&arguments),
        Some(Verb::Merge(arguments)) => merge::merge(&arguments),
        Some(Verb::WhatNow(arguments)) => what_now::what_now(&arguments),
        Some(Verb::Solve(arguments)) => solve::solve(&arguments),
        Some(Verb::Check(arguments)) => check::check(&arguments),
        Some(Verb::Scenarios(arguments)) => scenarios::scenarios(&arguments),
        Some(Verb::Presets(arguments)) => presets::presets(&arguments),
        Some(Verb::Schema) => presets::print_schema(),
    }
}

/// Says something on standard error; where nobody listens there is nobody to tell. What stands in
/// it of a scenario or a file does not act on the terminal.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", inert_lines(text));
}

/// Says why a command ended early.
fn complain(failure: &Failure) {
    if !failure.message.is_empty() {
        let word = Style::for_stderr().bad("error:");
        let _ = writeln!(io::stderr().lock(), "{word} {}", inert_lines(&failure.message));
    }
}

/// Shows a problem that does not keep a scenario from running.
fn warn(warning: &Diagnostic) {
    let colour = Style::for_stderr().is_coloured();
    let _ = writeln!(io::stderr().lock(), "{}", warning.render(colour));
}

/// Shows the problems of a scenario: the command ends with them.
fn refuse(problems: &Diagnostics) -> Failure {
    let text = problems.render(Style::for_stderr().is_coloured());
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
    Failure { code: INVALID_SCENARIO, message: String::new() }
}

/// Writes to standard output what is made for it: a page, or what is known to be inert.
fn tell(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a word for people to standard output.
fn tell_inert(text: &str) -> io::Result<()> {
    tell(&inert_lines(text))
}

/// Writes data to standard output: byte for byte, but to a terminal without what would act on it.
fn tell_data(text: &str) -> io::Result<()> {
    let for_people = io::stdout().is_terminal().then(|| inert_lines(text));
    tell(for_people.as_deref().unwrap_or(text))
}

/// Writes a result in its form to standard output.
fn tell_as(format: Format, bytes: &[u8]) -> io::Result<()> {
    let text = String::from_utf8_lossy(bytes);
    match format {
        Format::Table | Format::Md => tell(&text),
        Format::Json | Format::Csv => tell_data(&text),
    }
}
