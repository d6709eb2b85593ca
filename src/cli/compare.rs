//! `pullstorm compare`: a scenario with its variants, two scenario files, or two stored runs.

use std::path::Path;

use clap::Args;

use super::flags::{Common, Enough, Format, Out, Working};
use super::progress::Counter;
use super::{EXPECTATION_FAILED, Failure, Outcome, clock::Clock, files, tell_as};
use crate::engine::stats::trials_to_be_sure;
use crate::experiment::compare::{
    self, Arm, Asked, Comparison, Gate, Ran, Reading, Stack, StackPlan, Tolerance, rank,
    sensitivity,
};
use crate::experiment::{Certainty, Crew};
use crate::model::record::measure::UNREADY_POD_MINUTES;
use crate::report::compare::{
    Assumed, Compared, clear, comparison_csv, comparison_markdown, comparison_text, write_charts,
    write_files, write_json,
};
use crate::report::files::{Partial, Place, WallClock, is_run, read_run};
use crate::report::style::Style;
use crate::scenario::metrics::Target;
use crate::scenario::{self as loader, Assumption, Request, Scenario, SourceFile};

/// What `compare` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// A scenario, whose variants are compared with its base; or two: scenario files, or folders of
    /// stored runs, of which the second is compared with the first.
    #[arg(num_args = 0..=2, value_name = "SCENARIO|RUN")]
    sides: Vec<String>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    enough: Enough,
    /// Compare this variant; several times for several; all when left out.
    #[arg(long = "variant", value_name = "NAME")]
    variants: Vec<String>,
    /// The metric that variants are ranked by, such as `workload.api.ready_seconds_p95`.
    #[arg(long, value_name = "METRIC", default_value = UNREADY_POD_MINUTES.text())]
    by: String,
    /// Rank what no released software has with the others.
    #[arg(long)]
    what_if: bool,
    /// Stack these variants: each alone, all together, all but one. Without names, those that help
    /// and do not set the same path.
    #[arg(long, value_name = "NAME,NAME", num_args = 0..=1, value_delimiter = ',')]
    stack: Option<Vec<String>>,
    /// Compare again under every other plausible reading of what nobody could verify; tell which of
    /// them turn a verdict.
    #[arg(long)]
    assumptions: bool,
    /// End with exit code 4 where a metric gets worse than this share of the base's:
    /// `pull_failures=5%`, or `5%` for the metric of the ranking. Can be given several times.
    #[arg(long, value_name = "[METRIC=]SHARE")]
    tolerance: Vec<String>,
}

/// What is compared, before it is ranked.
struct Sides {
    name: String,
    place: Place,
    partial: Option<Partial>,
    title: String,
    remarks: Vec<String>,
    comparison: Comparison,
    stack: Option<Stack>,
    readings: Option<Readings>,
    set: Vec<String>,
    sure_from: Option<u32>,
    horizon_seconds: Option<f64>,
}

pub(super) fn compare(arguments: &Arguments) -> Outcome {
    let by = Target::parse(&arguments.by).map_err(|why| Failure::usage(format!("--by: {why}")))?;
    let tolerances: Vec<Tolerance> = arguments
        .tolerance
        .iter()
        .map(|text| Tolerance::parse(text, &by))
        .collect::<Result<_, _>>()
        .map_err(|why| Failure::usage(format!("--tolerance: {why}")))?;
    let clock = Clock::start();
    let working = arguments.common.start()?;
    let sides = match arguments.sides.as_slice() {
        [first, second] => two(arguments, &working, first, second)?,
        one => variants(arguments, &working, one.first().map(String::as_str), &by, &tolerances)?,
    };
    let wall_clock = clock.stop(working.crew.threads());
    let gates: Vec<Gate> = sides
        .comparison
        .changed
        .iter()
        .flat_map(|changed| tolerances.iter().map(move |it| it.judge(changed)))
        .collect();
    let ranking = rank(&sides.comparison, &by, arguments.what_if);
    let compared = Compared {
        name: &sides.name,
        title: &sides.title,
        remarks: &sides.remarks,
        comparison: &sides.comparison,
        by: &by,
        ranking: &ranking,
        stack: sides.stack.as_ref(),
        assumed: sides
            .readings
            .as_ref()
            .map(|it| Assumed { assumptions: &it.assumptions, readings: &it.readings }),
        gates: &gates,
        set: &sides.set,
        sure_from: sides.sure_from,
        horizon_seconds: sides.horizon_seconds,
    };
    let partial = sides.partial.as_ref();
    let lines = write(arguments, &sides.place, &compared, (partial, &wall_clock))?;
    if working.crew.is_stopped() {
        let finished = sides.comparison.base.samples.replications();
        let asked = partial.map_or(finished, |it| it.asked);
        return Err(working.signals.kept(finished, asked, sides.place.folder()));
    }
    print(arguments, &compared, &lines)?;
    let failed = gates.iter().filter(|it| it.passage == compare::Passage::Fails).count();
    if failed == 0 {
        return Ok(0);
    }
    let text = format!(
        "{failed} of {} tolerances are exceeded: exit code {EXPECTATION_FAILED}",
        gates.len()
    );
    arguments.common.remark(&text);
    Ok(EXPECTATION_FAILED)
}

/// Writes all files; the lines tell which and where.
fn write(
    arguments: &Arguments,
    place: &Place,
    compared: &Compared<'_>,
    (partial, wall_clock): (Option<&Partial>, &WallClock),
) -> Result<Vec<String>, Failure> {
    let mut charts = vec![];
    if !arguments.out.no_charts {
        charts = write_charts(place.staging(), compared)?;
    }
    // The manifest comes last: where it stands, everything else does.
    let names = write_files(place.staging(), compared, partial, wall_clock)?;
    place.settle(clear)?;
    let mut lines = vec![format!("{}: {}", place.folder().display(), names.join(" "))];
    if !charts.is_empty() {
        let folder = place.folder().join("charts");
        lines.push(format!("{}: {} (.svg .png)", folder.display(), charts.join(" ")));
    }
    Ok(lines)
}

/// Takes the folder that the comparison of `scenarios` goes to, called `name`, before they run.
fn take(arguments: &Arguments, name: &str, scenarios: &[Scenario]) -> Result<Place, Failure> {
    for it in scenarios {
        arguments.common.admit(it, "")?;
    }
    arguments.common.take(&arguments.out.out.join(name).join("compare"))
}

fn print(arguments: &Arguments, compared: &Compared<'_>, lines: &[String]) -> Result<(), Failure> {
    let mut bytes = vec![];
    match arguments.common.output {
        Format::Table => bytes = comparison_text(compared, lines, Style::for_stdout()).into_bytes(),
        Format::Json => write_json(&mut bytes, compared)?,
        Format::Csv => comparison_csv(&mut bytes, compared)?,
        Format::Md => bytes = comparison_markdown(compared).into_bytes(),
    }
    if arguments.common.output != Format::Table {
        for it in lines {
            arguments.common.remark(&format!("written: {it}"));
        }
    }
    Ok(tell_as(arguments.common.output, &bytes)?)
}

/// A scenario and its variants.
fn variants(
    arguments: &Arguments,
    working: &Working,
    scenario: Option<&str>,
    by: &Target,
    tolerances: &[Tolerance],
) -> Result<Sides, Failure> {
    if let Some(folder) = scenario.filter(|it| is_run(Path::new(it))) {
        return Err(Failure::usage(format!(
            "{folder} is the folder of a run: name a second one to compare it with"
        )));
    }
    let file = files::find_or_default(scenario)?;
    let common = &arguments.common;
    let base = common.load(&file, &common.request(&[]))?;
    let targets = std::iter::once(by).chain(tolerances.iter().map(|it| &it.target));
    for target in targets {
        base.check_target(target).map_err(Failure::usage)?;
    }
    let stacked = arguments.stack.as_deref().unwrap_or_default();
    let wanted = compare::wanted(&base, &arguments.variants, stacked).map_err(Failure::usage)?;
    if wanted.is_empty() {
        return Err(Failure::usage(format!(
            "{} has no variants to compare with: write a [variant.NAME] block, or name a second \
             scenario",
            base.name
        )));
    }
    let mut scenarios = vec![base];
    for name in &wanted {
        scenarios.push(load(arguments, &file, std::slice::from_ref(name))?);
    }
    let place = take(arguments, &scenarios[0].name, &scenarios)?;
    let Replicated { arms, remark, partial } = replicate(arguments, working, &scenarios)?;
    let crew = &working.crew;
    let mut arms = arms.into_iter();
    let Some(first) = arms.next() else { return Err(Failure::internal("no base has run")) };
    let comparison = Comparison::new(first, arms.collect());
    let ran = Ran { comparison: &comparison, scenarios: &scenarios };
    let stack = match &arguments.stack {
        Some(names) if !crew.is_stopped() => stack(arguments, crew, &file, ran, names, by)?,
        _ => None,
    };
    let asks = arguments.assumptions && !crew.is_stopped();
    let readings = asks.then(|| readings(arguments, crew, &file, ran, by));
    let base = &scenarios[0];
    Ok(Sides {
        name: base.name.clone(),
        place,
        partial,
        title: base.title.clone(),
        remarks: remark.into_iter().collect(),
        comparison,
        stack,
        readings,
        set: base.set_by_hand(),
        sure_from: trials_to_be_sure(base.in_runs.as_f64()),
        horizon_seconds: Some(base.spec.horizon.as_secs_f64()),
    })
}

fn load(arguments: &Arguments, file: &SourceFile, names: &[String]) -> Result<Scenario, Failure> {
    arguments.common.load(file, &arguments.common.request(names))
}

/// What became of the replications of all sides.
struct Replicated {
    arms: Vec<Arm>,
    /// How `--until`, or all of it, ended.
    remark: Option<String>,
    partial: Option<Partial>,
}

/// Runs all sides with a progress bar.
fn replicate(
    arguments: &Arguments,
    working: &Working,
    scenarios: &[Scenario],
) -> Result<Replicated, Failure> {
    let until = arguments.enough.read(&scenarios[0])?;
    let counter = Counter::new("replications", arguments.common.quiet);
    let step = |step| counter.take(step);
    let n = scenarios.iter().map(|it| it.replications).min().unwrap_or(0);
    let ran = compare::run(&working.crew, scenarios, n, until.as_ref(), &step);
    counter.finish();
    let Some((arms, certainty)) = ran else {
        let kept = "no replication of every side is finished, and nothing is kept";
        return Err(working.signals.failure(kept));
    };
    let done = arms.first().map_or(0, |it| it.samples.replications());
    let remark = until.as_ref().zip(certainty).map(|(until, certainty)| match certainty {
        Certainty::Reached => {
            format!(
                "{until} of the base: reached by every difference that has a mean, with {done} \
                 replications."
            )
        }
        Certainty::Capped => format!(
            "{until} of the base: not reached by every difference with {done} replications; raise \
             --at-most."
        ),
        Certainty::Ended => format!("{until} of the base: not known yet with {done} replications."),
        Certainty::NoMean => {
            format!("{until} of the base: no difference has a mean, so {done} replications ran.")
        }
    });
    let asked = if certainty == Some(Certainty::Ended) { n.max(done + 1) } else { done };
    let partial = working.signals.partial(done, asked);
    let ended = partial.as_ref().map(|it| {
        format!("Ended early by {}: {done} replications of every side are finished.", it.ended_by)
    });
    Ok(Replicated { arms, remark: ended.or(remark), partial })
}

/// Stacks the named variants, or those that help.
fn stack(
    arguments: &Arguments,
    crew: &Crew,
    file: &SourceFile,
    ran: Ran<'_>,
    names: &[String],
    by: &Target,
) -> Result<Option<Stack>, Failure> {
    let loads = |names: &[String]| loader::load(file, &arguments.common.request(names)).is_ok();
    let plan = match StackPlan::of(ran, names, by, &loads) {
        Ok(plan) => plan,
        Err(why) if names.is_empty() => {
            arguments.common.remark(&format!("--stack: {why}"));
            return Ok(None);
        }
        Err(why) => return Err(Failure::usage(format!("--stack: {why}"))),
    };
    let stacked: Vec<Scenario> =
        plan.sides().iter().map(|it| load(arguments, file, it)).collect::<Result<_, _>>()?;
    for it in &stacked {
        arguments.common.admit(it, "stacked: ")?;
    }
    let counter = Counter::new("stacked replications", arguments.common.quiet);
    let step = |step| counter.take(step);
    let replications = ran.comparison.base.samples.replications();
    let stack = compare::run(crew, &stacked, replications, None, &step);
    counter.finish();
    let Some((arms, _)) = stack.filter(|_| !crew.is_stopped()) else { return Ok(None) };
    Ok(plan.fold(ran.comparison, &arms, by))
}

/// What was assumed, and what other readings of it do.
struct Readings {
    assumptions: Vec<Assumption>,
    readings: Vec<Reading>,
}

/// What the readings of unverified facts do.
fn readings(
    arguments: &Arguments,
    crew: &Crew,
    file: &SourceFile,
    ran: Ran<'_>,
    by: &Target,
) -> Readings {
    let Ran { comparison, scenarios } = ran;
    let all: Vec<&Scenario> = scenarios.iter().collect();
    let assumptions = Assumption::of(&all);
    let request = |it: &Scenario| {
        let variants: Vec<String> = it.variant.iter().cloned().collect();
        arguments.common.request(&variants)
    };
    let requests: Vec<Request> = scenarios.iter().map(request).collect();
    let what_if = arguments.what_if;
    let asked = Asked { file, requests: &requests, scenarios, comparison, by, what_if };
    let counter = Counter::new("readings of assumptions", arguments.common.quiet);
    let step = |step| counter.take(step);
    let readings = sensitivity(crew, asked, &assumptions, &step);
    counter.finish();
    Readings { assumptions, readings }
}

/// Two stored runs, or two scenarios.
fn two(
    arguments: &Arguments,
    working: &Working,
    first: &str,
    second: &str,
) -> Result<Sides, Failure> {
    if !arguments.variants.is_empty() || arguments.stack.is_some() || arguments.assumptions {
        return Err(Failure::usage(
            "--variant, --stack and --assumptions are about the variants of one scenario: name one",
        ));
    }
    match (is_run(Path::new(first)), is_run(Path::new(second))) {
        (true, true) => stored(arguments, Path::new(first), Path::new(second)),
        (false, false) => two_files(arguments, working, first, second),
        (is_first, _) => {
            let (run, other) = if is_first { (first, second) } else { (second, first) };
            Err(Failure::usage(format!(
                "{run} is the folder of a run and {other} is not: run the scenario first, or name \
                 two scenarios"
            )))
        }
    }
}

fn two_files(
    arguments: &Arguments,
    working: &Working,
    first: &str,
    second: &str,
) -> Result<Sides, Failure> {
    let request: Request = arguments.common.request(&[]);
    let mut scenarios = vec![];
    for argument in [first, second] {
        scenarios.push(arguments.common.load(&files::find(argument)?, &request)?);
    }
    let horizons = [0, 1].map(|it: usize| scenarios[it].spec.horizon);
    let mut remarks = vec![];
    if horizons[0] != horizons[1] {
        remarks.push(format!(
            "The runs last {} and {}: figures that add up over time do not compare.",
            horizons[0], horizons[1]
        ));
    }
    let counts = [0, 1].map(|it: usize| scenarios[it].replications);
    if counts[0] != counts[1] {
        let n = counts[0].min(counts[1]);
        remarks.push(format!(
            "The scenarios ask for {} and {} replications: {n} ran.",
            counts[0], counts[1]
        ));
    }
    let names = [0, 1].map(|it: usize| scenarios[it].name.clone());
    let name = name_of_two(&names);
    let place = take(arguments, &name, &scenarios)?;
    let Replicated { mut arms, remark, partial } = replicate(arguments, working, &scenarios)?;
    remarks.extend(remark);
    for (arm, scenario) in arms.iter_mut().zip(&scenarios) {
        arm.name.clone_from(&scenario.name);
    }
    if arms[0].name == arms[1].name {
        first.clone_into(&mut arms[0].name);
        second.clone_into(&mut arms[1].name);
    }
    let set = scenarios[0].set_by_hand();
    let horizon_seconds = (horizons[0] == horizons[1]).then(|| horizons[0].as_secs_f64());
    Ok(of_two((name, place), arms, partial, remarks, set, horizon_seconds))
}

fn stored(arguments: &Arguments, first: &Path, second: &Path) -> Result<Sides, Failure> {
    let common = &arguments.common;
    if common.seed.is_some() || common.replications.is_some() || !common.sets.is_empty() {
        return Err(Failure::usage(
            "--seed, --replications and --set change what is run, and stored runs have run",
        ));
    }
    let (mut before, mut after) = (read_run(first)?, read_run(second)?);
    let mut remarks = std::mem::take(&mut before.remarks);
    remarks.append(&mut after.remarks);
    if before.version != after.version {
        remarks.push(format!(
            "The runs are of versions {} and {}: a difference can be that of the program.",
            before.version, after.version
        ));
    }
    if before.arm.name == after.arm.name {
        before.arm.name = first.display().to_string();
        after.arm.name = second.display().to_string();
    }
    let name = name_of_two(&[before.scenario, after.scenario]);
    let place = take(arguments, &name, &[])?;
    Ok(of_two((name, place), vec![before.arm, after.arm], None, remarks, vec![], None))
}

/// What a comparison of two scenarios is called.
fn name_of_two(names: &[String; 2]) -> String {
    if names[0] == names[1] {
        format!("{}-twice", names[0])
    } else {
        format!("{}-vs-{}", names[0], names[1])
    }
}

fn of_two(
    (name, place): (String, Place),
    arms: Vec<Arm>,
    partial: Option<Partial>,
    remarks: Vec<String>,
    set: Vec<String>,
    horizon_seconds: Option<f64>,
) -> Sides {
    let mut arms = arms.into_iter();
    let comparison = match (arms.next(), arms.next()) {
        (Some(before), Some(after)) => Comparison::new(before, vec![after]),
        _ => unreachable!("two sides are compared"),
    };
    Sides {
        name,
        place,
        partial,
        title: String::new(),
        remarks,
        comparison,
        stack: None,
        readings: None,
        set,
        sure_from: None,
        horizon_seconds,
    }
}
