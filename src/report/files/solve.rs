//! `solve.csv`, `solve.json` and the manifest of a solved question.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::manifest::{Asked, Partial, WallClock, write_asked};
use super::{Digests, FileError, create_folder, remove, write_whole};
use crate::experiment::solve::search::Sure;
use crate::experiment::solve::{self, Axis, Binding, Goal, Reading};
use crate::report::Head;
use crate::report::solve::{Solution, solve_question};
use crate::scenario::Scenario;

/// Every file of a solved question; the manifest first, as it vouches for the rest.
const NAMES: [&str; 3] = ["manifest.json", "solve.csv", "solve.json"];

/// Removes the files of an earlier question from `folder`.
pub fn clear_solved(folder: &Path) -> Result<(), FileError> {
    NAMES.iter().try_for_each(|name| remove(&folder.join(name)))
}

/// Writes every file, the manifest last; returns their names. The chart stands in `folder` already
/// where there is one.
pub fn write_solved(
    folder: &Path,
    it: Solution<'_>,
    wall_clock: &WallClock,
) -> Result<[&'static str; 3], FileError> {
    create_folder(folder)?;
    write_whole(&folder.join("solve.csv"), |out| solve_csv(out, it))?;
    write_whole(&folder.join("solve.json"), |out| solve_json(out, it))?;
    let asked = Asked { verb: "solve", question: it.question(), runs: it.solved.runs };
    let files = Digests::below(folder)?;
    write_whole(&folder.join("manifest.json"), |out| {
        write_asked(out, it.scenario, &asked, files, (None, wall_clock))
    })?;
    Ok(["solve.csv", "solve.json", "manifest.json"])
}

/// Writes what was seen before a search was ended early: the curve as far as it goes, and the
/// manifest, which says so. Returns their names.
pub fn write_seen(
    folder: &Path,
    (scenario, axis): (&Scenario, &Axis),
    curve: &[solve::Seen],
    partial: &Partial,
    wall_clock: &WallClock,
) -> Result<[&'static str; 2], FileError> {
    create_folder(folder)?;
    write_whole(&folder.join("solve.csv"), |out| curve_csv(out, axis, curve))?;
    let question = solve_question(scenario, axis);
    let asked = Asked { verb: "solve", question, runs: u64::from(partial.finished) };
    let files = Digests::below(folder)?;
    write_whole(&folder.join("manifest.json"), |out| {
        write_asked(out, scenario, &asked, files, (Some(partial), wall_clock))
    })?;
    Ok(["solve.csv", "manifest.json"])
}

/// Writes the curve: one row a value.
pub fn solve_csv(out: &mut dyn Write, it: Solution<'_>) -> io::Result<()> {
    curve_csv(out, &it.solved.axis, &it.solved.curve)
}

fn curve_csv(out: &mut dyn Write, axis: &Axis, curve: &[solve::Seen]) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "path",
        "value",
        "number",
        "holds",
        "sure",
        "held",
        "replications",
        "share_held",
        "share_held_low",
        "share_held_high",
        "weakest_expectation",
        "cause",
        "cause_behind",
        "cause_share",
    ])?;
    for seen in curve {
        let (low, high) = seen.trial.interval();
        let cause = seen.cause.as_ref();
        csv.write_record([
            axis.lattice.path.clone(),
            seen.value.clone(),
            seen.number.to_string(),
            seen.holds.to_string(),
            (seen.sure != Sure::Open).to_string(),
            seen.trial.held.to_string(),
            seen.trial.n.to_string(),
            (f64::from(seen.trial.held) / f64::from(seen.trial.n.max(1))).to_string(),
            low.to_string(),
            high.to_string(),
            seen.weakest.clone(),
            cause.map(|it| it.cause.clone()).unwrap_or_default(),
            cause.and_then(|it| it.cause_behind.clone()).unwrap_or_default(),
            cause.map(|it| it.share.to_string()).unwrap_or_default(),
        ])?;
    }
    csv.flush()
}

#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    head: Head,
    scenario: &'a str,
    variant: Option<&'a str>,
    seed: u64,
    question: String,
    path: &'a str,
    goal: &'static str,
    in_runs: f64,
    at_most: u32,
    answer: Option<String>,
    answer_number: Option<f64>,
    surely_holds: Option<String>,
    surely_fails: Option<String>,
    first_failing: Option<String>,
    monotone: bool,
    text: Vec<String>,
    binding: Option<Bound<'a>>,
    next: Option<Next<'a>>,
    readings: Vec<UnderReading<'a>>,
    seen: Vec<Seen<'a>>,
    runs: u64,
}

#[derive(Serialize)]
pub(super) struct Bound<'a> {
    value: &'a str,
    expectation: &'a str,
    origin: &'a str,
    held: u32,
    replications: u32,
    cause: Option<&'a str>,
    cause_behind: Option<&'a str>,
    cause_share: Option<f64>,
    limits: Vec<Key<'a>>,
    holds_when_lifted: Option<bool>,
}

#[derive(Serialize)]
struct Key<'a> {
    path: &'a str,
    value: &'a str,
    origin: &'a str,
    lift: &'a [String],
}

#[derive(Serialize)]
struct Next<'a> {
    lifted: &'a [String],
    answer: Option<&'a str>,
    is_end_of_range: bool,
    binding: Option<Bound<'a>>,
}

#[derive(Serialize)]
struct UnderReading<'a> {
    label: &'a str,
    set: &'a [String],
    answer: Option<&'a str>,
    is_end_of_range: bool,
}

#[derive(Serialize)]
struct Seen<'a> {
    value: &'a str,
    number: f64,
    holds: bool,
    sure: bool,
    held: u32,
    replications: u32,
}

pub(super) fn bound(it: &Binding) -> Bound<'_> {
    let cause = it.cause.as_ref();
    Bound {
        value: &it.value,
        expectation: &it.weakest.demand,
        origin: &it.weakest.origin,
        held: it.weakest.trial.held,
        replications: it.weakest.trial.n,
        cause: cause.map(|it| it.cause.as_str()),
        cause_behind: cause.and_then(|it| it.cause_behind.as_deref()),
        cause_share: cause.map(|it| it.share),
        limits: it
            .limits
            .iter()
            .map(|it| Key {
                path: &it.key.path,
                value: &it.key.value,
                origin: &it.key.origin,
                lift: &it.lift,
            })
            .collect(),
        holds_when_lifted: it.lifted.map(|it| it.holds),
    }
}

fn under(it: &Reading) -> UnderReading<'_> {
    UnderReading {
        label: &it.label,
        set: &it.sets,
        answer: it.answer.as_deref(),
        is_end_of_range: it.is_end,
    }
}

/// Writes everything as JSON.
pub fn solve_json(out: &mut dyn Write, it: Solution<'_>) -> io::Result<()> {
    let (scenario, solved) = (it.scenario, it.solved);
    let (axis, found) = (&solved.axis, &solved.found);
    let show = |at: Option<u64>| at.map(|it| axis.show(it));
    let json = Json {
        head: Head::SIMULATED,
        scenario: &scenario.name,
        variant: scenario.variant.as_deref(),
        seed: scenario.spec.seed,
        question: it.question(),
        path: &axis.lattice.path,
        goal: if axis.goal == Goal::Maximize { "maximize" } else { "minimize" },
        in_runs: solved.demand.share,
        at_most: solved.demand.at_most,
        answer: show(found.answer),
        answer_number: found.answer.map(|it| axis.number(it)),
        surely_holds: show(found.surely_holds),
        surely_fails: show(found.surely_fails),
        first_failing: show(found.failing),
        monotone: found.stretches.is_empty(),
        text: std::iter::once(it.answer()).chain(it.reasons()).chain(it.readings()).collect(),
        binding: solved.binding.as_ref().map(bound),
        next: solved.next.as_ref().map(|it| Next {
            lifted: &it.lifted,
            answer: it.answer.as_deref(),
            is_end_of_range: it.is_end,
            binding: it.binding.as_ref().map(bound),
        }),
        readings: it.readings.iter().map(under).collect(),
        seen: solved
            .curve
            .iter()
            .map(|it| Seen {
                value: &it.value,
                number: it.number,
                holds: it.holds,
                sure: it.sure != Sure::Open,
                held: it.trial.held,
                replications: it.trial.n,
            })
            .collect(),
        runs: solved.runs,
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}
