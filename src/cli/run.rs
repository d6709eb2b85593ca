//! `pullstorm run`: the replications of one scenario, their summary, files and charts.

use std::path::{Path, PathBuf};

use clap::Args;

use super::clock::Clock;
use super::flags::{Common, Enough, Format, Out};
use super::progress::{Counter, Meter};
use super::{EXPECTATION_FAILED, Failure, Outcome, files, say, tell_as};
use crate::experiment::{Certainty, Measured, Shown, Until, measure, replicate_until, summarise};
use crate::model;
use crate::model::record::outcome::{FactSink, RequestSink};
use crate::report::files::{
    RequestFile, TraceFile, WallClock, clear, folder, summary_csv, write_all,
};
use crate::report::json::write_summary;
use crate::report::style::Style;
use crate::report::summary::{summary_markdown, summary_text};
use crate::report::{Run, chart};
use crate::scenario::{Scenario, SourceFile};

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
    #[arg(long, value_name = "N", default_value_t = 0)]
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
    let mut requests = if flags.requests {
        Some(RequestFile::create(&folder, flags.detail_replication)?)
    } else {
        None
    };
    let mut trace = flags.trace.as_deref().map(TraceFile::create).transpose()?;
    let shown = Shown {
        detail: Some(flags.detail_replication),
        requests: requests.as_mut().map(|it| it as &mut dyn RequestSink),
        trace: trace.as_mut().map(|it| it as &mut dyn FactSink),
    };
    let (outcomes, wall_clock) = simulate(&scenario, flags, shown)?;
    let mut summary = summarise(&scenario, &outcomes);
    if flags.with_variants {
        summary.diagnosis.measured = Some(run_variants(&file, &scenario, &outcomes, flags)?);
    }
    let run = Run { scenario: &scenario, summary: &summary, outcomes: &outcomes };
    let mut written = write_files(&folder, run, flags, requests, &wall_clock)?;
    if let Some(trace) = trace {
        written.push(trace.finish()?.display().to_string());
    }
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
) -> Result<Vec<Measured>, Failure> {
    let counter = Counter::new("replications of variants", flags.common.quiet);
    let step = |step| counter.take(step);
    let request = flags.common.request(&[]);
    let measured = measure(file, &request, base, outcomes, &flags.common.crew()?, &step);
    counter.finish();
    Ok(measured)
}

fn simulate(
    scenario: &Scenario,
    flags: &Flags,
    shown: Shown<'_>,
) -> Result<(Vec<model::record::outcome::Outcome>, WallClock), Failure> {
    let until = flags.enough.read(scenario)?;
    let clock = Clock::start();
    let crew = flags.common.crew()?;
    let n = scenario.replications;
    let most = until.as_ref().map_or(n, |it| it.at_most.max(n));
    let meter = Meter::new(n, most, scenario.spec.horizon, flags.common.quiet);
    let report = |progress| meter.report(progress);
    let outcomes = match &until {
        None => crew.replicate(&scenario.spec, 0..n, shown, &report),
        Some(until) => {
            let grown = |total| meter.grow(total);
            let (outcomes, certainty) =
                replicate_until(&crew, &scenario.spec, n, until, shown, &report, &grown);
            meter.finish();
            flags.common.remark(&how_it_ended(until, certainty, outcomes.len()));
            outcomes
        }
    };
    meter.finish();
    Ok((outcomes, clock.stop(crew.threads())))
}

/// Why `--until` asked for no more replications.
fn how_it_ended(until: &Until, certainty: Certainty, replications: usize) -> String {
    match certainty {
        Certainty::Reached => format!("{until}: reached with {replications} replications"),
        Certainty::Capped => {
            format!("{until}: not reached with {replications} replications; raise --at-most")
        }
        Certainty::NoMean => format!(
            "{until}: the metric has no mean, as a replication is censored or none has a value; \
             more replications do not change that"
        ),
    }
}

/// Writes all files; the lines tell which and where.
fn write_files(
    folder: &Path,
    run: Run<'_>,
    flags: &Flags,
    requests: Option<RequestFile>,
    wall_clock: &WallClock,
) -> Result<Vec<String>, Failure> {
    let chart_folder = folder.join(chart::FOLDER);
    clear(folder)?;
    chart::clear(&chart_folder)?;
    let mut names = vec![];
    if let Some(requests) = requests {
        names.push(requests.finish()?);
    }
    let mut charts = vec![];
    if !flags.out.no_charts {
        charts = chart::write_all(&chart_folder, run)?;
    }
    // The manifest comes last: where it stands, everything else does.
    names.extend(write_all(folder, run, wall_clock)?);
    let mut lines = vec![format!("{}: {}", folder.display(), names.join(" "))];
    if !charts.is_empty() {
        lines.push(format!("{}: {} (.svg .png)", chart_folder.display(), charts.join(" ")));
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
