//! `pullstorm sweep`: a scenario at many points, resumable, and in shards.

use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::clock::Clock;
use super::flags::{Common, Enough, Format, Out, Working, large, this_command};
use super::progress::SweepMeter;
use super::{Failure, Outcome, files, refuse, say, tell_as, tell_data, tell_inert};
use crate::experiment::Crew;
use crate::experiment::size::too_large;
use crate::experiment::sweep::{
    Asked, Draft, NotDrafted, Plan, PlanPoint, SCHEDULERS, Shard, draft, run_point,
};
use crate::model::record::measure::UNREADY_POD_MINUTES;
use crate::report::files::{Hold, Lock, MOST_PLAN, WallClock, read_text};
use crate::report::style::Style;
use crate::report::sweep::{
    Show, SweepFolder, Swept, assemble, points_csv, sweep_markdown, sweep_text, write_sweep,
};
use crate::scenario::metrics::Target;
use crate::scenario::{Design, Request, Scenario, SourceFile, load};
use crate::words::Words;

/// What `sweep` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// A scenario file, the name of one that ships, or a plan that --plan wrote (plan.json).
    #[arg(value_name = "SCENARIO|PLAN.json")]
    scenario: Option<String>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    enough: Enough,
    /// Vary a path, in place of the scenario's `[sweep]`; can be given several times. Values are a
    /// list (`pool.workers.nodes=50,100,200`), a range (`egress.nat.addresses=1..4`,
    /// `timeline.x.replace_nodes.every=1m..10m:1m`), or either as TOML; `variant=base,mirror`
    /// varies the variant.
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// How axes are combined: every value with every other, first with first, or each value with
    /// all others as in the base. grid, where neither this nor the scenario says.
    #[arg(
        long,
        value_parser = PossibleValuesParser::new(Design::TEXTS)
            .map(|word| Design::parse(&word).unwrap_or_default())
    )]
    design: Option<Design>,
    /// A metric to show, such as `pull_failures` or `workload.api.ready_seconds_p95`; can be given
    /// several times. Those of `[expect]` and `unready_pod_minutes` where none is given.
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// Write the plan alone: every point, for shards on other machines. Nothing is run.
    #[arg(long, conflicts_with_all = ["shard", "metrics"])]
    plan: bool,
    /// Run one part only: I of N, counted from 0 (0/4 … 3/4). With `auto` or `auto/N` the numbers
    /// are the scheduler's: Kubernetes Indexed Job, Slurm, HyperQueue, AWS Batch, Cloud Run,
    /// GitLab, GNU parallel. `pullstorm merge` joins the parts.
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Delete the files of the sweep that is in the folder, and start over.
    #[arg(long, conflicts_with = "shard")]
    fresh: bool,
}

/// Runs what is missing of a sweep, and puts it together.
pub(super) fn sweep(arguments: &Arguments) -> Outcome {
    let common = &arguments.common;
    let shard = shard(arguments)?;
    let working = common.start()?;
    let plan = plan(arguments, &working.crew)?;
    let base = base(&plan)?;
    let targets = targets(&arguments.metrics, &base)?;
    let folder = SweepFolder::of(&arguments.out.out, &plan.scenario);
    let is_whole = shard.is_none() && !arguments.plan;
    let hold = if is_whole { Hold::Alone } else { Hold::Shared };
    let lock = Lock::take(folder.path(), &this_command(), hold, || {
        if arguments.fresh {
            folder.clear()?;
        }
        folder.create()?;
        folder.admits(&plan).map_err(|refused| Failure::usage(refused.to_string()))?;
        Ok::<(), Failure>(folder.write_plan(&plan)?)
    })?;
    if let Some(left_behind) = lock.left_behind() {
        common.remark(left_behind);
    }
    if arguments.plan {
        return write_plan(&plan, &folder, common);
    }
    let clock = Clock::start();
    let part = shard.unwrap_or(Shard::WHOLE);
    let missing = missing(&plan, &folder, part, common);
    admit(&plan, &missing, &working.crew, common)?;
    if shard.is_none() {
        // Nobody else writes here; others of a shard may.
        folder.clear_partial()?;
        folder.clear_derived()?;
    }
    run_points(&plan, &missing, &folder, &working, common.quiet)?;
    if let Some(shard) = shard {
        let points = plan.points.iter().filter(|it| shard.has(it.index)).count();
        let folder = folder.path().display();
        tell_inert(&format!(
            "shard {shard}: {points} of {} points in {folder}\n",
            plan.points.len()
        ))?;
        return Ok(0);
    }
    let charts = !arguments.out.no_charts;
    let ending = Ending { format: common.output, quiet: common.quiet, charts };
    ending.finish(&folder, &plan, &base, targets, &clock.stop(working.crew.threads()))
}

/// The part to run, where one is asked for; says where its numbers come from.
fn shard(arguments: &Arguments) -> Result<Option<Shard>, Failure> {
    let Some(text) = &arguments.shard else { return Ok(None) };
    let variable = |name: &str| std::env::var(name).ok();
    let found = Shard::read(text, &variable)
        .map_err(|why| Failure::usage(format!("--shard {text}: {why}")))?;
    if let Some(from) = &found.from {
        arguments.common.remark(&format!("shard {} ({from})", found.shard));
    }
    Ok(Some(found.shard))
}

/// The plan that the arguments name or make.
fn plan(arguments: &Arguments, crew: &Crew) -> Result<Plan, Failure> {
    let common = &arguments.common;
    match &arguments.scenario {
        Some(path) if Path::new(path).extension().is_some_and(|it| it == "json") => {
            let given = [
                ("--set", !common.sets.is_empty()),
                ("--seed", common.seed.is_some()),
                ("--replications", common.replications.is_some()),
                ("--until", arguments.enough.is_given()),
                ("--vary", !arguments.vary.is_empty()),
                ("--design", arguments.design.is_some()),
            ];
            if let Some((flag, _)) = given.into_iter().find(|it| it.1) {
                let why = format!("{flag} has no place beside a plan, which says all of it");
                return Err(Failure::usage(why));
            }
            read_plan(Path::new(path))
        }
        Some(argument) => draw_up(&files::find(argument)?, arguments, crew),
        None => draw_up(&files::find_or_default(None)?, arguments, crew),
    }
}

/// Reads a plan that was written before.
fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let text = read_text(path, MOST_PLAN)
        .map_err(|error| files::unreadable(&path.display().to_string(), &error.source))?;
    Plan::parse(&text).map_err(|why| {
        Failure::usage(format!(
            "cannot run the plan {}: {why}; write it anew with `pullstorm sweep SCENARIO --plan`",
            path.display()
        ))
    })
}

/// Plans the sweep of a scenario; problems go to standard error, all at once.
fn draw_up(file: &SourceFile, arguments: &Arguments, crew: &Crew) -> Result<Plan, Failure> {
    let common = &arguments.common;
    let request = common.request(&[]);
    let until = arguments.enough.parse()?;
    let asked = Asked { vary: &arguments.vary, design: arguments.design, until: until.as_ref() };
    match draft(file, &request, asked, crew) {
        Ok(Draft { plan, warnings }) => {
            common.warn(&warnings);
            Ok(plan)
        }
        Err(NotDrafted::Problems(problems)) => Err(refuse(&problems)),
        Err(NotDrafted::NoAxes) => Err(Failure::usage(format!(
            "{} has no [sweep]: say what to vary, such as --vary pool.NAME.nodes=50,100,200",
            file.name
        ))),
        Err(NotDrafted::NoTarget(why)) => Err(Failure::usage(format!("--until: {why}"))),
    }
}

/// The scenario that a plan's points lie around.
pub(super) fn base(plan: &Plan) -> Result<Scenario, Failure> {
    let request = Request { sets: plan.sets.clone(), ..Request::default() };
    let loaded = load(&plan.file(), &request).map_err(|problems| {
        Failure::internal(format!("the scenario of the plan cannot be read:\n{problems}"))
    })?;
    Ok(loaded.scenario)
}

/// The metrics to show: those that were asked for, or those that are expected something of.
pub(super) fn targets(asked: &[String], base: &Scenario) -> Result<Vec<Target>, Failure> {
    let mut targets: Vec<Target> = vec![];
    let mut add = |it: Target| {
        if !targets.contains(&it) {
            targets.push(it);
        }
    };
    for text in asked {
        let target = Target::parse(text).and_then(|it| base.check_target(&it).map(|()| it));
        add(target.map_err(|why| Failure::usage(format!("--metric: {why}")))?);
    }
    if asked.is_empty() {
        for it in &base.expectations {
            add(Target { scope: it.scope.clone(), metric: it.metric.clone() });
        }
        add(Target::of_run(UNREADY_POD_MINUTES));
    }
    Ok(targets)
}

fn write_plan(plan: &Plan, folder: &SweepFolder, common: &Common) -> Outcome {
    let path = folder.plan_path();
    if common.output == Format::Json {
        let text = serde_json::to_string_pretty(plan).map_err(std::io::Error::other)?;
        tell_data(&format!("{text}\n"))?;
    } else {
        tell_inert(&format!("plan of {} points: {}\n", plan.points.len(), path.display()))?;
    }
    common.remark(&format!(
        "run a part of it with `pullstorm sweep {} --shard I/N` (or --shard auto: {SCHEDULERS}), \
         and join the parts with `pullstorm merge`",
        path.display()
    ));
    Ok(0)
}

/// The points of a part that are not done; says what is, and what is damaged.
fn missing<'p>(
    plan: &'p Plan,
    folder: &SweepFolder,
    part: Shard,
    common: &Common,
) -> Vec<&'p PlanPoint> {
    let found = folder.look(plan, &|it| part.has(it.index));
    for it in &found.damaged {
        common.remark(&format!("not trusted, and run again: {it}"));
    }
    let done = found.done.iter().filter(|it| **it).count();
    if 0 < done {
        let points = plan.points.iter().filter(|it| part.has(it.index)).count();
        common.remark(&format!("{done} of {points} points are done already"));
    }
    let points = plan.points.iter().zip(&found.done);
    points.filter(|(it, done)| part.has(it.index) && !**done).map(|it| it.0).collect()
}

/// Asks before a point is run that is large; all are looked at before the first runs.
fn admit(plan: &Plan, points: &[&PlanPoint], crew: &Crew, common: &Common) -> Result<(), Failure> {
    if common.allow_large {
        return Ok(());
    }
    let sizes = crew.each(points, |point| {
        let loaded = load(&plan.file(), &plan.request(point)).ok()?;
        too_large(&loaded.scenario.spec)
    });
    let first = points.iter().zip(&sizes).find_map(|(point, size)| Some((point, size.as_ref()?)));
    first.map_or(Ok(()), |(point, size)| {
        Err(large(size, &format!("at the point {}: ", plan.describe(point))))
    })
}

/// Runs points, and writes each as soon as it is done; the first failure ends it, and what is done
/// stays.
fn run_points(
    plan: &Plan,
    points: &[&PlanPoint],
    folder: &SweepFolder,
    working: &Working,
    quiet: bool,
) -> Result<(), Failure> {
    let crew = &working.crew;
    let meter = SweepMeter::new(points.len(), plan.replications, quiet);
    let is_over = AtomicBool::new(false);
    let failure: Mutex<Option<Failure>> = Mutex::new(None);
    let work: Vec<(usize, &PlanPoint)> = points.iter().copied().enumerate().collect();
    crew.each(&work, |(slot, point)| {
        if is_over.load(Ordering::Relaxed) || crew.is_stopped() {
            return;
        }
        let grown = |replications| meter.grow(*slot, replications);
        let result = run_point(crew, plan, point, &|it| meter.report(it), &grown)
            .map_err(|error| Failure::internal(format!("a point cannot run: {error}")))
            .and_then(|result| Ok(folder.write_point(point, &result)?));
        match result {
            Ok(()) => meter.point_done(),
            Err(_) if crew.is_stopped() => {}
            Err(error) => {
                is_over.store(true, Ordering::Relaxed);
                let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(error);
            }
        }
    });
    meter.finish();
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        None if crew.is_stopped() => {
            let done = meter.done();
            let n = points.len();
            Err(working.signals.failure(&format!(
                "{done} of {n} points are done now, and kept: the same command goes on from them"
            )))
        }
        None => Ok(()),
        Some(failure) => {
            let kept = "finished points are kept: the same command goes on from them";
            Err(Failure { message: format!("{}; {kept}", failure.message), ..failure })
        }
    }
}

/// How a sweep is told.
pub(super) struct Ending {
    pub(super) format: Format,
    pub(super) quiet: bool,
    pub(super) charts: bool,
}

impl Ending {
    /// Puts a sweep together, and prints it.
    pub(super) fn finish(
        &self,
        folder: &SweepFolder,
        plan: &Plan,
        base: &Scenario,
        targets: Vec<Target>,
        wall_clock: &WallClock,
    ) -> Outcome {
        let show = Show { targets, charts: self.charts };
        let assembled = assemble(folder, plan, base, show, wall_clock)?;
        if !self.quiet && self.format != Format::Table {
            for line in &assembled.written {
                say(&format!("written: {line}"));
            }
        }
        self.print(&assembled.swept, &assembled.written)?;
        Ok(0)
    }

    fn print(&self, swept: &Swept, written: &[String]) -> Result<(), Failure> {
        let mut bytes = vec![];
        match self.format {
            Format::Table => bytes = sweep_text(swept, written, Style::for_stdout()).into_bytes(),
            Format::Json => write_sweep(&mut bytes, swept)?,
            Format::Csv => points_csv(&mut bytes, swept)?,
            Format::Md => bytes = sweep_markdown(swept).into_bytes(),
        }
        Ok(tell_as(self.format, &bytes)?)
    }
}
