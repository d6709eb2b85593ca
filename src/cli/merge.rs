//! `pullstorm merge`: the shards of a sweep, joined.

use std::path::{Path, PathBuf};

use clap::Args;

use super::clock::Clock;
use super::flags::{Format, this_command};
use super::sweep::{Ending, base, targets};
use super::{Failure, Outcome, SHARDS_MISSING, say};
use crate::experiment::sweep::Plan;
use crate::report::files::{Hold, Lock};
use crate::report::sweep::{Incomplete, SweepFolder, gather};

/// What `merge` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Folders of the shards: those that `--out` named, or the `sweep` folders in them.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Folder in which the sweep gets a folder of the scenario's name; the first FOLDER's own
    /// sweep, where it is left out.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A metric to show, as in `sweep`; can be given several times.
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// Draw no charts.
    #[arg(long)]
    no_charts: bool,
    /// What is printed; the files are the same.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    /// Say nothing on standard error but errors.
    #[arg(short, long)]
    quiet: bool,
}

/// Joins shards to the same bytes as the sweep that ran whole.
pub(super) fn merge(arguments: &Arguments) -> Outcome {
    let clock = Clock::start();
    let mut folders = vec![];
    for path in &arguments.folders {
        folders.push(SweepFolder::find(path).map_err(Failure::usage)?);
    }
    let plan = common_plan(&folders)?;
    let base = base(&plan)?;
    let targets = targets(&arguments.metrics, &base)?;
    let into = match &arguments.out {
        Some(out) => SweepFolder::of(out, &plan.scenario),
        None => folders[0].clone(),
    };
    let lock = Lock::take(into.path(), &this_command(), Hold::Alone, || {
        into.create()?;
        into.admits(&plan).map_err(|refused| Failure::usage(refused.to_string()))
    })?;
    if let Some(left_behind) = lock.left_behind().filter(|_| !arguments.quiet) {
        say(left_behind);
    }
    if !folders.contains(&into) {
        // What an earlier merge brought there counts as well.
        folders.push(into.clone());
    }
    match gather(&plan, &folders, &into) {
        Ok(gathered) => {
            if !arguments.quiet {
                for it in &gathered.damaged {
                    say(&format!("not trusted, and taken from another folder: {it}"));
                }
                if 0 < gathered.repeated {
                    say(&format!("{} results were there twice, and agree", gathered.repeated));
                }
            }
        }
        Err(Incomplete::File(error)) => return Err(error.into()),
        Err(incomplete) => return Err(missing(&plan, &into, &incomplete)),
    }
    into.clear_partial()?;
    let charts = !arguments.no_charts;
    let ending = Ending { format: arguments.output, quiet: arguments.quiet, charts };
    ending.finish(&into, &plan, &base, targets, &clock.stop(1))
}

/// The plan that all folders have.
fn common_plan(folders: &[SweepFolder]) -> Result<Plan, Failure> {
    let mut known: Option<(Plan, &SweepFolder)> = None;
    for folder in folders {
        let path = folder.plan_path();
        let unusable =
            |why: String| Failure::usage(format!("cannot merge {}: {why}", path.display()));
        let plan = folder.plan().map_err(unusable)?;
        let plan = plan.ok_or_else(|| unusable("it is gone".into()))?;
        match &known {
            Some((first, other)) if first.plan_hash != plan.plan_hash => {
                return Err(Failure::usage(format!(
                    "{} and {} are of different sweeps: what differs is {}",
                    other.path().display(),
                    folder.path().display(),
                    first.differences(&plan).join("; ")
                )));
            }
            Some(_) => {}
            None => known = Some((plan, folder)),
        }
    }
    known.map(|it| it.0).ok_or_else(|| Failure::usage("there is no folder to merge"))
}

/// Says which points are missing, and how to run them.
fn missing(plan: &Plan, into: &SweepFolder, incomplete: &Incomplete) -> Failure {
    let mut message = format!("the sweep is not whole\n{incomplete}");
    if let Incomplete::Points { missing, .. } = incomplete
        && !missing.is_empty()
    {
        let suffix = Path::new(&plan.scenario).join("sweep");
        let out = into.path().ends_with(&suffix).then(|| into.path().ancestors().nth(2)).flatten();
        let plan_path = into.plan_path();
        let plan_path = plan_path.display();
        let remedy = match out {
            Some(out) => format!(
                "\nthis runs what is missing, and puts the sweep together:\n  \
                 pullstorm sweep {plan_path} --out {}",
                if out.as_os_str().is_empty() { Path::new(".") } else { out }.display()
            ),
            None => format!(
                "\nrun the shards again that they belong to, with the folder that they had:\n  \
                 pullstorm sweep {plan_path} --shard I/N --out DIR"
            ),
        };
        message.push_str(&remedy);
    }
    Failure { code: SHARDS_MISSING, message }
}
