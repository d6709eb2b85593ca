//! `pullstorm solve`: the inverse question. How far can one value go before an expectation fails?

use clap::{ArgGroup, Args};

use super::clock::Clock;
use super::flags::{Common, Format, Out, Working};
use super::progress::SearchMeter;
use super::{EXPECTATION_FAILED, Failure, Outcome, files, refuse, say, tell_as};
use crate::experiment::solve::{
    AT_MOST, Axis, Goal, Halt, Runs, Staggered, seen_so_far, smallest_mirror, solve as search,
    stagger, under_readings,
};
use crate::report::chart;
use crate::report::files::{
    Place, Short, WallClock, clear_solved, folder, short_csv, short_json, solve_csv, solve_json,
    write_seen, write_short, write_solved,
};
use crate::report::solve::{
    Solution, clear_solve_chart, mirror_markdown, mirror_text, solve_chart, solve_markdown,
    solve_text, stagger_markdown, stagger_text,
};
use crate::report::style::Style;
use crate::scenario::{self as loader, Lattice, Request, Scenario, SourceFile};
use crate::units::Span;

/// What `solve` takes.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("goal").required(true))]
pub(super) struct Arguments {
    /// A scenario file, or the name of one that ships (`pullstorm scenarios` lists them).
    scenario: Option<String>,
    /// The largest value of this path such that the expectations hold.
    #[arg(long, value_name = "PATH", group = "goal")]
    maximize: Option<String>,
    /// The smallest value of this path such that the expectations hold.
    #[arg(long, value_name = "PATH", group = "goal")]
    minimize: Option<String>,
    /// The fastest plan (batch and interval) of this block of the timeline, which replaces or
    /// reconfigures nodes or pre-pulls on them, such that the expectations hold.
    #[arg(
        long, value_name = "timeline.NAME", group = "goal", requires = "within",
        conflicts_with_all = ["from", "to"]
    )]
    stagger: Option<String>,
    /// With --stagger: the window in which the plan must be done.
    #[arg(long, value_name = "SPAN", requires = "stagger")]
    within: Option<String>,
    /// How little of each part of this mirror, alone and together, keeps the expectations.
    #[arg(
        long, value_name = "mirror.NAME", group = "goal",
        conflicts_with_all = ["from", "to", "step"]
    )]
    smallest_mirror: Option<String>,
    /// The smallest value looked at; left out: the smallest that the path takes, where that is
    /// sane.
    #[arg(long, value_name = "VALUE")]
    from: Option<String>,
    /// The largest value looked at; left out: the largest that the path takes, where that is sane.
    #[arg(long, value_name = "VALUE")]
    to: Option<String>,
    /// From one value to the next; left out: 1, or a round step where values are measured. With
    /// --stagger: between intervals; left out: 1m.
    #[arg(long, value_name = "VALUE")]
    step: Option<String>,
    /// Something more that must hold, such as `ready_seconds_p95 < 5m`; can be given several times.
    #[arg(long = "expect", value_name = "METRIC < VALUE", allow_hyphen_values = true)]
    expects: Vec<String>,
    /// Solve for this variant of the scenario; several are laid over one another.
    #[arg(long = "variant", value_name = "NAME")]
    variants: Vec<String>,
    /// Most replications at one value.
    #[arg(
        long, value_name = "N", default_value_t = AT_MOST, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(5..=10_000)
    )]
    at_most: u32,
    /// Do not look at the other readings of what nobody could verify.
    #[arg(long)]
    no_assumptions: bool,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    common: Common,
}

pub(super) fn solve(arguments: &Arguments) -> Outcome {
    let common = &arguments.common;
    if common.replications.is_some() {
        return Err(Failure::usage(
            "solve decides itself how many replications a value needs; --at-most bounds them",
        ));
    }
    let file = files::find_or_default(arguments.scenario.as_deref())?;
    let request = request(arguments)?;
    let scenario = common.load(&file, &request)?;
    if scenario.expectations.is_empty() {
        return Err(Failure::usage(format!(
            "{} expects nothing, so every value would do: say what must hold in its [expect] \
             block (ready_seconds_p95 = \"< 5m\"), or with --expect 'ready_seconds_p95 < 5m'",
            file.name
        )));
    }
    common.admit(&scenario, "")?;
    let work = Work { arguments, file: &file, request: &request, scenario: &scenario };
    match (&arguments.stagger, &arguments.smallest_mirror) {
        (Some(block), _) => work.stagger(block),
        (_, Some(mirror)) => work.smallest_mirror(mirror),
        _ => work.one_path(),
    }
}

/// What the flags ask of the file.
fn request(arguments: &Arguments) -> Result<Request, Failure> {
    let mut request = arguments.common.request(&arguments.variants);
    for text in &arguments.expects {
        let sign = text.find(['<', '>', '=']).ok_or_else(|| {
            Failure::usage(format!(
                "--expect `{text}` has no comparison: write it as 'ready_seconds_p95 < 5m'"
            ))
        })?;
        let (metric, demand) = text.split_at(sign);
        request.sets.push(format!("expect.{}={}", metric.trim(), demand.trim()));
    }
    Ok(request)
}

/// A question about a scenario.
struct Work<'a> {
    arguments: &'a Arguments,
    file: &'a SourceFile,
    request: &'a Request,
    scenario: &'a Scenario,
}

impl Work<'_> {
    /// The folder of the results.
    fn folder(&self) -> std::path::PathBuf {
        let variant = self.scenario.variant.as_deref();
        folder(&self.arguments.out.out, &self.scenario.name, variant).join("solve")
    }

    /// Takes that folder, before anything runs.
    fn take(&self) -> Result<Place, Failure> {
        self.arguments.common.take(&self.folder())
    }

    /// Puts what was written in its place.
    fn settle(place: &Place) -> Result<(), Failure> {
        place.settle(|folder| {
            clear_solved(folder)?;
            clear_solve_chart(&folder.join(chart::FOLDER))
        })?;
        Ok(())
    }

    /// What was written, for those who do not see it in the table.
    fn written(&self, names: &[&str]) -> Vec<String> {
        let line = format!("{}: {}", self.folder().display(), names.join(" "));
        if self.arguments.common.output != Format::Table {
            self.arguments.common.remark(&format!("written: {line}"));
        }
        vec![line]
    }

    fn one_path(&self) -> Outcome {
        let axis = axis(self.arguments, self.scenario)?;
        // What lies between is no larger than the larger end.
        for end in [axis.set(0), axis.set(axis.last())] {
            let mut request = self.request.clone();
            request.sets.push(end.clone());
            if let Ok(loaded) = loader::load(self.file, &request) {
                self.arguments.common.admit(&loaded.scenario, &format!("with {end}: "))?;
            }
        }
        let place = self.take()?;
        let clock = Clock::start();
        let working = self.arguments.common.start()?;
        let counter = SearchMeter::new(self.arguments.common.quiet);
        let told = |runs: u64, sets: &[String]| counter.report(runs, sets);
        let mut runs = Runs::new(self.file, self.request, &working.crew, &told);
        let solved = match search(&mut runs, &axis, self.arguments.at_most, &[]) {
            Err(Halt::Ended) => {
                counter.finish();
                let wall_clock = clock.stop(working.crew.threads());
                return Err(self.keep_seen(&place, &axis, &mut runs, (&working, &wall_clock))?);
            }
            ended => ended.map_err(|it| halted(&it, &working))?,
        };
        let readings = if self.arguments.no_assumptions { vec![] } else { self.readings() };
        let readings = match under_readings(&mut runs, &solved, &[], &readings) {
            // The answer is there without them.
            Err(Halt::Ended) => vec![],
            ended => ended.map_err(|it| halted(&it, &working))?,
        };
        counter.finish();
        let it = Solution { scenario: self.scenario, solved: &solved, readings: &readings };
        let mut charts = vec![];
        if !self.arguments.out.no_charts {
            charts = solve_chart(&place.staging().join(chart::FOLDER), it)?;
        }
        let names = write_solved(place.staging(), it, &clock.stop(working.crew.threads()))?;
        Self::settle(&place)?;
        let mut written = self.written(&names);
        if !charts.is_empty() {
            let folder = self.folder().join(chart::FOLDER);
            written.push(format!("{}: {} (.svg .png)", folder.display(), charts.join(" ")));
        }
        let mut bytes = vec![];
        match self.arguments.common.output {
            Format::Table => bytes = solve_text(it, &written, Style::for_stdout()).into_bytes(),
            Format::Json => solve_json(&mut bytes, it)?,
            Format::Csv => solve_csv(&mut bytes, it)?,
            Format::Md => bytes = solve_markdown(it).into_bytes(),
        }
        tell_as(self.arguments.common.output, &bytes)?;
        if working.crew.is_stopped() {
            let kept = "the answer is kept; other readings were not looked at";
            return Err(working.signals.failure(kept));
        }
        Ok(if solved.found.answer.is_some() { 0 } else { EXPECTATION_FAILED })
    }
}

impl Work<'_> {
    /// Keeps what was seen before a signal ended the search; tells how the command ends.
    fn keep_seen(
        &self,
        place: &Place,
        axis: &Axis,
        runs: &mut Runs<'_>,
        (working, wall_clock): (&Working, &WallClock),
    ) -> Result<Failure, Failure> {
        let demand = runs
            .demand(&[axis.set(0)], self.arguments.at_most)
            .map_err(|it| halted(&it, working))?;
        let curve = seen_so_far(runs, axis, demand);
        let finished: u32 = curve.iter().map(|it| it.trial.n).sum();
        // How many there were to be, nobody knows: one more at least.
        let Some(partial) = working.signals.partial(finished, finished + 1) else {
            return Ok(working.signals.failure("nothing is kept"));
        };
        if curve.is_empty() {
            return Ok(halted(&Halt::Ended, working));
        }
        write_seen(place.staging(), (self.scenario, axis), &curve, &partial, wall_clock)?;
        Self::settle(place)?;
        Ok(working.signals.failure(&format!(
            "there is no answer yet; {finished} replications at {} values are kept in {}, marked \
             as partial",
            curve.len(),
            self.folder().display()
        )))
    }

    /// The other readings of what nobody could verify that this scenario can be read with, each
    /// with its settings.
    fn readings(&self) -> Vec<(String, Vec<String>)> {
        let mut readings = vec![];
        for it in self.scenario.assumptions() {
            for reading in &it.readings {
                let sets = it.sets(reading, self.scenario);
                let mut request = self.request.clone();
                request.sets.extend(sets.iter().cloned());
                if loader::load(self.file, &request).is_ok() {
                    let label = format!("{} = {reading} in place of {}", it.label, it.value);
                    readings.push((label, sets));
                }
            }
        }
        readings
    }

    fn stagger(&self, block: &str) -> Outcome {
        let arguments = self.arguments;
        let of = Staggered::of(self.scenario, block)
            .map_err(|why| Failure::usage(format!("--stagger: {why}")))?;
        let span = |flag: &str, text: &str| {
            let it = text.parse::<Span>().ok().filter(|it| !it.is_zero());
            it.ok_or_else(|| Failure::usage(format!("{flag}: `{text}` is no span such as 4h")))
        };
        let within = span("--within", arguments.within.as_deref().unwrap_or_default())?;
        let step = span("--step", arguments.step.as_deref().unwrap_or("1m"))?;
        if !of.fits(self.scenario, within) {
            return Err(Failure::usage(format!(
                "--within {within}: the run ends at {}, before such a plan (it begins at {}) \
                 would be done and its effects be seen: --set horizon=…",
                self.scenario.spec.horizon, of.at
            )));
        }
        let place = self.take()?;
        let clock = Clock::start();
        let working = arguments.common.start()?;
        let counter = SearchMeter::new(arguments.common.quiet);
        let told = |runs: u64, sets: &[String]| counter.report(runs, sets);
        let mut runs = Runs::new(self.file, self.request, &working.crew, &told);
        let found = stagger(&mut runs, of, within, step, arguments.at_most)
            .map_err(|it| halted(&it, &working))?;
        counter.finish();
        let written =
            self.write_short(&place, Short::Stagger(&found), &clock.stop(working.crew.threads()))?;
        let text = match arguments.common.output {
            Format::Table => stagger_text(&found, self.scenario, &written, Style::for_stdout()),
            Format::Md => stagger_markdown(&found, self.scenario),
            _ => self.data(Short::Stagger(&found))?,
        };
        tell_as(arguments.common.output, text.as_bytes())?;
        Ok(if found.best.is_some() { 0 } else { EXPECTATION_FAILED })
    }

    fn smallest_mirror(&self, mirror: &str) -> Outcome {
        let arguments = self.arguments;
        let place = self.take()?;
        let clock = Clock::start();
        let working = arguments.common.start()?;
        let counter = SearchMeter::new(arguments.common.quiet);
        let told = |runs: u64, sets: &[String]| counter.report(runs, sets);
        let mut runs = Runs::new(self.file, self.request, &working.crew, &told);
        let found = smallest_mirror(&mut runs, self.scenario, mirror, arguments.at_most)
            .map_err(|it| halted(&it, &working))?
            .map_err(|why| Failure::usage(format!("--smallest-mirror: {why}")))?;
        counter.finish();
        let written =
            self.write_short(&place, Short::Mirror(&found), &clock.stop(working.crew.threads()))?;
        let text = match arguments.common.output {
            Format::Table => mirror_text(&found, self.scenario, &written, Style::for_stdout()),
            Format::Md => mirror_markdown(&found, self.scenario),
            _ => self.data(Short::Mirror(&found))?,
        };
        tell_as(arguments.common.output, text.as_bytes())?;
        Ok(if found.joint.is_some() { 0 } else { EXPECTATION_FAILED })
    }

    fn write_short(
        &self,
        place: &Place,
        it: Short<'_>,
        clock: &WallClock,
    ) -> Result<Vec<String>, Failure> {
        let names = write_short(place.staging(), self.scenario, it, clock)?;
        Self::settle(place)?;
        Ok(self.written(&names))
    }

    /// A short form's answer as JSON or CSV.
    fn data(&self, it: Short<'_>) -> Result<String, Failure> {
        let mut bytes = vec![];
        match self.arguments.common.output {
            Format::Csv => short_csv(&mut bytes, it)?,
            _ => short_json(&mut bytes, self.scenario, it)?,
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Why there is no answer: a value of the range that the scenario cannot be read with, or a signal.
fn halted(it: &Halt, working: &Working) -> Failure {
    match it {
        Halt::Invalid { sets, problems } => {
            say(&format!("with {}:", sets.join(" ")));
            refuse(problems)
        }
        Halt::Ended => working.signals.failure("there is no answer yet, and nothing is kept"),
    }
}

/// The values that the flags ask for.
fn axis(arguments: &Arguments, scenario: &Scenario) -> Result<Axis, Failure> {
    let (path, goal) = match (&arguments.maximize, &arguments.minimize) {
        (Some(path), _) => (path, Goal::Maximize),
        (_, Some(path)) => (path, Goal::Minimize),
        _ => return Err(Failure::usage("give --maximize PATH or --minimize PATH")),
    };
    let now = scenario.parameters.iter().find(|it| it.path == *path).map(|it| it.value.as_str());
    let example = arguments.to.as_deref().or(arguments.from.as_deref()).or(now).unwrap_or("1");
    let lattice = Lattice::of(path, example).map_err(Failure::usage)?;
    let (smallest, largest) = lattice.range();
    let read = |flag: &str, given: Option<&str>, default: Option<u64>| match given {
        Some(text) => lattice.read(text).map_err(|why| Failure::usage(format!("{flag}: {why}"))),
        None => default.ok_or_else(|| {
            let now = now.map(|it| format!(" (it is {it} now)")).unwrap_or_default();
            Failure::usage(format!("`{path}` has no range to search by itself{now}: give {flag}"))
        }),
    };
    let from = read("--from", arguments.from.as_deref(), smallest)?;
    let to = read("--to", arguments.to.as_deref(), largest)?;
    if to < from {
        return Err(Failure::usage(format!(
            "--from {} is above --to {}",
            lattice.show(from),
            lattice.show(to)
        )));
    }
    let step = match &arguments.step {
        Some(text) => {
            lattice.read_step(text).map_err(|why| Failure::usage(format!("--step: {why}")))?
        }
        None => lattice.round_step(from, to),
    };
    Ok(Axis::even(lattice, goal, (from, to), step))
}
