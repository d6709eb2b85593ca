//! `pullstorm run`: the replications of one scenario, their summary, files and charts.

use std::cell::Cell;
use std::path::PathBuf;

use clap::Args;

use super::clock::Clock;
use super::flags::{Common, Enough, Format, Out, Working};
use super::progress::{Counter, Meter};
use super::{EXPECTATION_FAILED, Failure, Outcome, files, say, tell_as};
use crate::experiment::{Certainty, Measured, Shown, Until, measure, replicate_until, summarise};
use crate::model;
use crate::model::record::outcome::{FactSink, RequestSink};
use crate::report::files::{
    Partial, Place, RequestFile, TraceFile, WallClock, clear, folder, summary_csv, write_all,
};
use crate::report::json::write_summary;
use crate::report::style::Style;
use crate::report::summary::{summary_markdown, summary_text};
use crate::report::{Run, chart};
use crate::scenario::{Scenario, SourceFile, load};

/// What `run` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// A scenario file, or the name of one that ships (`pullstorm scenarios` lists them).
    pub(super) scenario: Option<String>,
    #[command(flatten)]
    pub(super) flags: Flags,
}

/// The flags of `run`, which also work without the verb.
#[derive(Args, Debug)]
pub(super) struct Flags {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    enough: Enough,
    /// Run this variant of the scenario; several are laid over one another.
    #[arg(long = "variant", value_name = "NAME")]
    variants: Vec<String>,
    /// Write requests.csv too: one row an HTTP request of the detailed replication.
    #[arg(long)]
    requests: bool,
    /// Write every fact of the detailed replication into FILE, one a line (output/README.md).
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// The replication that files of detail and charts show.
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    detail_replication: u32,
    /// Run every variant of the scenario too, and rank levers by what they save.
    #[arg(long, conflicts_with = "variants")]
    with_variants: bool,
}

pub(super) fn run(scenario: Option<&str>, flags: &Flags) -> Outcome {
    let file = files::find_or_default(scenario)?;
    let request = flags.common.request(&flags.variants);
    let scenario = flags.common.load(&file, &request)?;
    if scenario.replications <= flags.detail_replication {
        return Err(Failure::usage(format!(
            "--detail-replication {} does not exist: the replications are 0 to {}",
            flags.detail_replication,
            scenario.replications - 1
        )));
    }
    let folder = folder(&flags.out.out, &scenario.name, scenario.variant.as_deref());
    flags.common.admit(&scenario, "")?;
    if flags.with_variants {
        for it in &scenario.variants {
            let request = flags.common.request(std::slice::from_ref(&it.name));
            // Variants that cannot be read with the settings of the call are left out later on.
            if let Ok(loaded) = load(&file, &request) {
                flags.common.admit(&loaded.scenario, &format!("variant {}: ", it.name))?;
            }
        }
    }
    let place = flags.common.take(&folder)?;
    let working = flags.common.start()?;
    let mut requests = if flags.requests {
        Some(RequestFile::create(place.staging(), flags.detail_replication)?)
    } else {
        None
    };
    let mut trace = flags.trace.as_deref().map(TraceFile::create).transpose()?;
    let shown = Shown {
        detail: Some(flags.detail_replication),
        requests: requests.as_mut().map(|it| it as &mut dyn RequestSink),
        trace: trace.as_mut().map(|it| it as &mut dyn FactSink),
    };
    let Simulated { outcomes, asked, wall_clock } = simulate(&scenario, flags, &working, shown)?;
    if outcomes.is_empty() {
        return Err(working.signals.failure("no replication is finished, and nothing is kept"));
    }
    let mut summary = summarise(&scenario, &outcomes);
    if flags.with_variants && !working.crew.is_stopped() {
        summary.diagnosis.measured =
            Some(run_variants(&file, &scenario, &outcomes, flags, &working));
    }
    let run = Run { scenario: &scenario, summary: &summary, outcomes: &outcomes };
    // Requests and facts of a replication that is not finished are no files.
    let requests = requests.filter(|_| run.detail().is_some());
    let trace = trace.filter(|_| run.detail().is_some()).map(TraceFile::finish).transpose()?;
    if working.crew.is_stopped() {
        let finished = outcomes.len() as u32;
        let partial = working.signals.partial(finished, asked);
        write_files(&place, run, flags, requests, (partial.as_ref(), &wall_clock))?;
        return Err(working.signals.kept(finished, asked, place.folder()));
    }
    let mut written = write_files(&place, run, flags, requests, (None, &wall_clock))?;
    written.extend(trace.map(|it| it.display().to_string()));
    if !flags.common.quiet && flags.common.output != Format::Table {
        for line in &written {
            say(&format!("written: {line}"));
        }
    }
    print(run, flags.common.output, &written)?;
    let failed = summary.verdicts.iter().filter(|it| !it.holds).count();
    if failed == 0 {
        return Ok(0);
    }
    let all = summary.verdicts.len();
    let text =
        format!("{failed} of {all} expectations do not hold: exit code {EXPECTATION_FAILED}");
    flags.common.remark(&text);
    Ok(EXPECTATION_FAILED)
}

/// Runs every variant with the replications of the base.
fn run_variants(
    file: &SourceFile,
    base: &Scenario,
    outcomes: &[model::record::outcome::Outcome],
    flags: &Flags,
    working: &Working,
) -> Vec<Measured> {
    let counter = Counter::new("replications of variants", flags.common.quiet);
    let step = |step| counter.take(step);
    let request = flags.common.request(&[]);
    let measured = measure(file, &request, base, outcomes, &working.crew, &step);
    counter.finish();
    measured
}

/// What became of the replications.
struct Simulated {
    outcomes: Vec<model::record::outcome::Outcome>,
    /// How many there were to be: all that were asked for, or as many as `--until` came to want.
    asked: u32,
    wall_clock: WallClock,
}

fn simulate(
    scenario: &Scenario,
    flags: &Flags,
    working: &Working,
    shown: Shown<'_>,
) -> Result<Simulated, Failure> {
    let until = flags.enough.read(scenario)?;
    let clock = Clock::start();
    let crew = &working.crew;
    let n = scenario.replications;
    let most = until.as_ref().map_or(n, |it| it.at_most.max(n));
    let meter = Meter::new(n, most, scenario.spec.horizon, flags.common.quiet);
    let report = |progress| meter.report(progress);
    let asked = Cell::new(n);
    let outcomes = match &until {
        None => crew.replicate(&scenario.spec, 0..n, shown, &report),
        Some(until) => {
            let grown = |total| {
                asked.set(total);
                meter.grow(total);
            };
            let (outcomes, certainty) =
                replicate_until(crew, &scenario.spec, n, until, shown, &report, &grown);
            meter.finish();
            asked.set(asked.get().min(until.at_most));
            flags.common.remark(&how_it_ended(until, certainty, outcomes.len()));
            outcomes
        }
    };
    meter.finish();
    Ok(Simulated { outcomes, asked: asked.get(), wall_clock: clock.stop(crew.threads()) })
}

/// Why `--until` asked for no more replications.
fn how_it_ended(until: &Until, certainty: Certainty, replications: usize) -> String {
    match certainty {
        Certainty::Reached => format!("{until}: reached with {replications} replications"),
        Certainty::Capped => {
            format!("{until}: not reached with {replications} replications; raise --at-most")
        }
        Certainty::Ended => format!("{until}: not known yet with {replications} replications"),
        Certainty::NoMean => format!(
            "{until}: the metric has no mean, as a replication is censored or none has a value; \
             more replications do not change that"
        ),
    }
}

/// Writes all files; the lines tell which and where.
fn write_files(
    place: &Place,
    run: Run<'_>,
    flags: &Flags,
    requests: Option<RequestFile>,
    (partial, wall_clock): (Option<&Partial>, &WallClock),
) -> Result<Vec<String>, Failure> {
    let staging = place.staging();
    let mut names = vec![];
    if let Some(requests) = requests {
        names.push(requests.finish()?);
    }
    let mut charts = vec![];
    if !flags.out.no_charts {
        charts = chart::write_all(&staging.join(chart::FOLDER), run)?;
    }
    // The manifest comes last: where it stands, everything else does.
    names.extend(write_all(staging, run, partial, wall_clock)?);
    place.settle(|folder| {
        clear(folder)?;
        chart::clear(&folder.join(chart::FOLDER))
    })?;
    let mut lines = vec![format!("{}: {}", place.folder().display(), names.join(" "))];
    if !charts.is_empty() {
        let folder = place.folder().join(chart::FOLDER);
        lines.push(format!("{}: {} (.svg .png)", folder.display(), charts.join(" ")));
    }
    Ok(lines)
}

fn print(run: Run<'_>, format: Format, written: &[String]) -> Result<(), Failure> {
    let mut bytes = vec![];
    match format {
        Format::Table => bytes = summary_text(run, written, Style::for_stdout()).into_bytes(),
        Format::Json => write_summary(&mut bytes, run)?,
        Format::Csv => summary_csv(&mut bytes, run.summary)?,
        Format::Md => bytes = summary_markdown(run).into_bytes(),
    }
    Ok(tell_as(format, &bytes)?)
}
