//! `pullstorm run`: the replications of one scenario, their summary, files and charts.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};

use super::progress::Meter;
use super::{EXPECTATION_FAILED, Failure, INVALID_SCENARIO, Outcome, files, say, tell};
use crate::experiment::{Measured, Options, Summary, measure, replicate, summarise};
use crate::model;
use crate::model::outcome::RequestSink;
use crate::report::files::{RequestFile, WallClock, clear, folder, summary_csv, write_all};
use crate::report::json::write_summary;
use crate::report::markdown::summary_markdown;
use crate::report::style::Style;
use crate::report::summary_text::summary_text;
use crate::report::{Run, chart};
use crate::scenario::{self as loader, Loaded, Request, Scenario, SourceFile};

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
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Flags {
    /// Set a parameter of the scenario, such as `pool.workers.nodes=400`; can be given several
    /// times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
    /// Run this variant of the scenario.
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Seed, in place of the scenario's.
    #[arg(long)]
    seed: Option<u64>,
    /// Number of replications, in place of the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replications: Option<u32>,
    /// Folder in which the results get a folder of the scenario's name.
    #[arg(long, value_name = "DIR", default_value = "output")]
    out: PathBuf,
    /// What is printed; the files are the same.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    /// Say nothing on standard error but errors.
    #[arg(short, long)]
    quiet: bool,
    /// Write requests.csv too: one row an HTTP request of the detailed replication.
    #[arg(long)]
    requests: bool,
    /// The replication that files of detail and charts show.
    #[arg(long, value_name = "N", default_value_t = 0)]
    detail_replication: u32,
    /// Threads; all cores when left out. Results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Run every variant of the scenario too, and rank levers by what they save.
    #[arg(long, conflicts_with = "variant")]
    with_variants: bool,
    /// Draw no charts.
    #[arg(long)]
    no_charts: bool,
}

/// What is printed on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The summary for people.
    Table,
    /// The content of summary.json.
    Json,
    /// The content of summary.csv.
    Csv,
    /// The summary as Markdown.
    Md,
}

pub(super) fn run(scenario: Option<&str>, flags: &Flags) -> Outcome {
    let file = match scenario {
        Some(argument) => files::find(argument)?,
        None => files::default_scenario()?,
    };
    let scenario = load(&file, flags)?;
    if scenario.replications <= flags.detail_replication {
        return Err(Failure::usage(format!(
            "--detail-replication {} does not exist: the replications are 0 to {}",
            flags.detail_replication,
            scenario.replications - 1
        )));
    }
    let folder = folder(&flags.out, &scenario.name, scenario.variant.as_deref());
    let mut requests = if flags.requests {
        Some(RequestFile::create(&folder, flags.detail_replication)?)
    } else {
        None
    };
    let sink = requests.as_mut().map(|it| it as &mut dyn RequestSink);
    let (outcomes, wall_clock) = simulate(&scenario, flags, sink)?;
    let mut summary = summarise(&scenario, &outcomes);
    if flags.with_variants {
        summary.diagnosis.measured = Some(run_variants(&file, &scenario, &summary, flags)?);
    }
    let run = Run { scenario: &scenario, summary: &summary, outcomes: &outcomes };
    let written = write_files(&folder, run, flags, requests, &wall_clock)?;
    if !flags.quiet && flags.output != Format::Table {
        for line in &written {
            say(&format!("written: {line}"));
        }
    }
    print(run, flags.output, &written)?;
    let failed = summary.verdicts.iter().filter(|it| !it.holds).count();
    if failed == 0 {
        return Ok(0);
    }
    if !flags.quiet {
        let all = summary.verdicts.len();
        say(&format!("{failed} of {all} expectations do not hold: exit code {EXPECTATION_FAILED}"));
    }
    Ok(EXPECTATION_FAILED)
}

/// What the flags ask of a file.
fn request(flags: &Flags) -> Request {
    Request {
        variant: flags.variant.clone(),
        sets: flags.sets.clone(),
        seed: flags.seed,
        replications: flags.replications,
    }
}

/// Runs every variant with the replications of the base.
fn run_variants(
    file: &SourceFile,
    base: &Scenario,
    summary: &Summary,
    flags: &Flags,
) -> Result<Vec<Measured>, Failure> {
    let done = |variant: &str| {
        if !flags.quiet {
            say(&format!("variant {variant} has run"));
        }
    };
    let threads = flags.threads.map_or(0, usize::from);
    measure(file, &request(flags), base, summary, threads, &done)
        .map_err(|error| Failure::internal(error.to_string()))
}

/// Reads the scenario; problems go to standard error, all at once.
fn load(file: &SourceFile, flags: &Flags) -> Result<Scenario, Failure> {
    let request = request(flags);
    let colour = Style::for_stderr().is_coloured();
    match loader::load(file, &request) {
        Ok(Loaded { scenario, warnings }) => {
            if !flags.quiet {
                for it in &warnings {
                    say(&it.render(colour));
                }
            }
            Ok(scenario)
        }
        Err(problems) => {
            say(problems.render(colour).trim_end());
            Err(Failure { code: INVALID_SCENARIO, message: String::new() })
        }
    }
}

fn simulate(
    scenario: &Scenario,
    flags: &Flags,
    requests: Option<&mut dyn RequestSink>,
) -> Result<(Vec<model::outcome::Outcome>, WallClock), Failure> {
    let clock = Clock::start();
    let meter = Meter::new(scenario.replications, scenario.spec.horizon, flags.quiet);
    let threads = flags.threads.map_or(0, usize::from);
    let options = Options { threads, detail: flags.detail_replication, requests };
    let outcomes = replicate(&scenario.spec, scenario.replications, options, &|progress| {
        meter.report(progress);
    });
    meter.finish();
    let outcomes = outcomes.map_err(|error| Failure::internal(error.to_string()))?;
    Ok((outcomes, clock.stop(threads)))
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
    if !flags.no_charts {
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
    Ok(tell(&String::from_utf8_lossy(&bytes))?)
}

/// The clock on the wall, for the manifest only.
struct Clock {
    started: Instant,
    started_unix: Duration,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the manifest tells when and how long it took")]
    fn start() -> Self {
        let started_unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), started_unix }
    }

    fn stop(&self, threads: usize) -> WallClock {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        WallClock {
            started_unix_seconds: self.started_unix.as_secs(),
            simulating_seconds: self.started.elapsed().as_secs_f64(),
            threads: if threads == 0 { cores } else { threads },
        }
    }
}
