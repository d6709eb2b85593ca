//! Flags that verbs share: what is run, how often, where results go and how they are printed.

use std::ffi::OsStr;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};

use super::signals::Signals;
use super::{Failure, refuse, say, warn};
use crate::experiment::size::{MANY_BYTES, MANY_EVENTS, Size, too_large};
use crate::experiment::{AT_MOST, Crew, Until};
use crate::report::files::Place;
use crate::report::format::{bytes, decimal};
use crate::scenario::{self as loader, Diagnostic, Loaded, Request, Scenario, SourceFile};
use crate::units::Time;

/// What is printed on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// JSON, with everything.
    Json,
    /// Comma-separated values.
    Csv,
    /// Markdown, for a ticket or a pull request.
    Md,
}

/// What is large, why, and how it is run all the same, in one line.
pub(super) fn large(size: &Size, at: &str) -> Failure {
    let (events, most) = (decimal(size.events as f64, 0), decimal(MANY_EVENTS as f64, 0));
    let what = if MANY_EVENTS < size.events {
        format!("{events} events, more than the {most}")
    } else {
        format!(
            "{} of memory, more than the {}",
            bytes(size.bytes as f64),
            bytes(MANY_BYTES as f64)
        )
    };
    Failure::usage(format!(
        "{at}one replication would take about {what} that are run without asking: {}; \
         --allow-large runs it",
        size.because
    ))
}

/// Says that a replication got larger than was to be expected; once is enough.
fn tell_of_many(replication: u32, time: Time) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !TOLD.swap(true, Ordering::Relaxed) {
        say(&format!(
            "replication {replication} has passed {} events at {time} of simulated time: it is \
             larger than was to be expected, and goes on; Ctrl-C keeps what is finished",
            decimal(MANY_EVENTS as f64, 0)
        ));
    }
}

/// The threads of a command that works, and the signals that end it.
#[derive(Debug)]
pub(super) struct Working {
    pub(super) crew: Crew,
    pub(super) signals: Signals,
}

/// The command as it was typed, for others who want the same folder.
pub(super) fn this_command() -> String {
    let mut words = std::env::args();
    let program = words.next().unwrap_or_default();
    let program =
        Path::new(&program).file_name().map_or(program.as_str().into(), OsStr::to_string_lossy);
    let all: Vec<String> = std::iter::once(program.into_owned()).chain(words).collect();
    all.join(" ").chars().take(200).collect()
}

/// Reads a seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// What is run, and how.
#[derive(Args, Debug)]
pub(super) struct Common {
    /// Set a parameter of the scenario, such as `pool.workers.nodes=400`; can be given several
    /// times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,
    /// Seed, in place of the scenario's.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seed)]
    pub(super) seed: Option<u64>,
    /// Number of replications, in place of the scenario's.
    #[arg(
        long, value_name = "N", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(super) replications: Option<u32>,
    /// What is printed; the files are the same.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: Format,
    /// Say nothing on standard error but errors.
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Threads, at most one for each core; all cores when left out. Results do not depend on it.
    #[arg(
        long, value_name = "N", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(super) threads: Option<u32>,
    /// Run all the same what is large: more than 2,000,000,000 events or 8 GB of memory in one
    /// replication.
    #[arg(long)]
    pub(super) allow_large: bool,
}

/// Where results go.
#[derive(Args, Debug)]
pub(super) struct Out {
    /// Folder in which the results get a folder of the scenario's name.
    #[arg(long, value_name = "DIR", default_value = "output")]
    pub(super) out: PathBuf,
    /// Draw no charts.
    #[arg(long)]
    pub(super) no_charts: bool,
}

/// Replications until a mean is known well enough.
#[derive(Args, Debug)]
pub(super) struct Enough {
    /// Replicate until half of the 95 % interval of a metric's mean is at most this share of it,
    /// such as `pull_failures +- 2%`; the scenario's number of replications is the first step.
    #[arg(long, value_name = "METRIC +- SHARE")]
    until: Option<String>,
    /// Most replications of --until.
    #[arg(
        long, value_name = "N", default_value_t = AT_MOST, requires = "until",
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(2..=10_000)
    )]
    at_most: u32,
}

impl Common {
    /// What the flags ask of a file, with these variants in force.
    pub(super) fn request(&self, variants: &[String]) -> Request {
        Request {
            variants: variants.to_vec(),
            sets: self.sets.clone(),
            seed: self.seed,
            replications: self.replications,
        }
    }

    /// Asks before a scenario is run that is large; `at` names the point, where it is one of many.
    pub(super) fn admit(&self, scenario: &Scenario, at: &str) -> Result<(), Failure> {
        let size = if self.allow_large { None } else { too_large(&scenario.spec) };
        size.map_or(Ok(()), |it| Err(large(&it, at)))
    }

    /// The threads to work with, which signals end from now on.
    pub(super) fn start(&self) -> Result<Working, Failure> {
        let crew = self.crew()?;
        let signals = Signals::listen(crew.stop())
            .map_err(|error| Failure::internal(format!("cannot listen for signals: {error}")))?;
        let crew = if self.allow_large || self.quiet {
            crew
        } else {
            crew.telling_of(MANY_EVENTS, tell_of_many)
        };
        Ok(Working { crew, signals })
    }

    /// The threads to work with: as many as are asked for, but no more than there are cores, as
    /// each beyond those costs memory and no time is won.
    fn crew(&self) -> Result<Crew, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let asked = self.threads.map_or(cores, |it| it as usize);
        if cores < asked {
            self.remark(&format!(
                "--threads {asked}: this machine has {cores} cores, so {cores} threads are used"
            ));
        }
        Crew::new(asked.min(cores)).map_err(|error| Failure::internal(error.to_string()))
    }

    /// Takes the folder that results go to, before anything runs.
    pub(super) fn take(&self, folder: &Path) -> Result<Place, Failure> {
        let place = Place::take(folder, &this_command())?;
        if let Some(left_behind) = place.left_behind() {
            self.remark(left_behind);
        }
        Ok(place)
    }

    /// Says something on standard error, unless it is to be quiet.
    pub(super) fn remark(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Shows warnings, unless it is to be quiet.
    pub(super) fn warn(&self, warnings: &[Diagnostic]) {
        if !self.quiet {
            warnings.iter().for_each(warn);
        }
    }

    /// Reads the scenario; problems go to standard error, all at once.
    pub(super) fn load(&self, file: &SourceFile, request: &Request) -> Result<Scenario, Failure> {
        match loader::load(file, request) {
            Ok(Loaded { scenario, warnings }) => {
                self.warn(&warnings);
                Ok(scenario)
            }
            Err(problems) => Err(refuse(&problems)),
        }
    }
}

impl Enough {
    /// Whether `--until` is given.
    pub(super) const fn is_given(&self) -> bool {
        self.until.is_some()
    }

    /// What `--until` asks.
    pub(super) fn parse(&self) -> Result<Option<Until>, Failure> {
        let Some(text) = &self.until else { return Ok(None) };
        let until = Until::parse(text, self.at_most)
            .map_err(|why| Failure::usage(format!("--until: {why}")))?;
        Ok(Some(until))
    }

    /// What `--until` asks of this scenario.
    pub(super) fn read(&self, scenario: &Scenario) -> Result<Option<Until>, Failure> {
        let Some(until) = self.parse()? else { return Ok(None) };
        scenario
            .check_target(&until.target)
            .map_err(|why| Failure::usage(format!("--until: {why}")))?;
        Ok(Some(until))
    }
}
