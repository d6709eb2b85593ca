//! The largest or smallest value of a path such that the expectations hold.

use super::axis::Axis;
use super::binding::{Binding, binding};
use super::runs::{Halt, Runs};
use super::search::{Demand, Found, Search, Sure, Trial};
use crate::experiment::FailureSummary;

/// Most replications at a value where nobody says.
pub const AT_MOST: u32 = 160;
/// The same where what is behind is searched.
const COARSE: u32 = 40;

/// What was seen at one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The value, as `--set` takes it.
    pub value: String,
    /// The value on an axis.
    pub number: f64,
    /// How often the weakest expectation held.
    pub trial: Trial,
    /// What that says of the demand.
    pub sure: Sure,
    /// Whether as large a share as demanded held.
    pub holds: bool,
    /// The weakest expectation.
    pub weakest: String,
    /// Why most pulls failed.
    pub cause: Option<FailureSummary>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Solved {
    /// What was searched.
    pub axis: Axis,
    /// What was demanded.
    pub demand: Demand,
    /// What was found, in positions of the axis.
    pub found: Found,
    /// Everything seen, from the smallest value to the largest.
    pub curve: Vec<Seen>,
    /// What binds behind the answer; `None` where the range ends there.
    pub binding: Option<Binding>,
    /// What comes when that is lifted.
    pub next: Option<Next>,
    /// Replications that were spent.
    pub runs: u64,
}

/// What binds next.
#[derive(Clone, Debug)]
pub struct Next {
    /// Settings that lift what binds first.
    pub lifted: Vec<String>,
    /// The answer then; `None` where nothing in the range holds even so.
    pub answer: Option<String>,
    /// Whether that is the end of the range.
    pub is_end: bool,
    /// What binds behind it.
    pub binding: Option<Binding>,
}

/// What the answer is under another reading of something that nobody could verify.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What the reading is called.
    pub label: String,
    /// The settings that put it in force.
    pub sets: Vec<String>,
    /// The answer; `None` where nothing in the range holds.
    pub answer: Option<String>,
    /// The answer on an axis.
    pub number: Option<f64>,
    /// Whether that is the end of the range.
    pub is_end: bool,
}

fn search(
    runs: &mut Runs<'_>,
    axis: &Axis,
    demand: Demand,
    extra: &[String],
    start: u64,
) -> Result<Found, Halt> {
    let mut probe = probe(runs, axis, extra, start);
    let scan: Vec<u64> = axis.spread(start).into_iter().map(|it| it - start).collect();
    Search::new(demand, axis.last() - start, &mut probe).run(&scan)
}

/// Trials of positions from `start` on, with `extra` in force.
fn probe<'s>(
    runs: &'s mut Runs<'_>,
    axis: &'s Axis,
    extra: &'s [String],
    start: u64,
) -> impl FnMut(&[(u64, u32)]) -> Result<Vec<Trial>, Halt> + 's {
    move |asked: &[(u64, u32)]| {
        let asked: Vec<(Vec<String>, u32)> =
            asked.iter().map(|&(at, n)| (sets(axis, extra, start + at), n)).collect();
        runs.trials(&asked)
    }
}

fn sets(axis: &Axis, extra: &[String], position: u64) -> Vec<String> {
    extra.iter().cloned().chain([axis.set(position)]).collect()
}

/// Solves for the last position of `axis` at which the expectations hold, with `extra` in force.
pub fn solve(
    runs: &mut Runs<'_>,
    axis: &Axis,
    at_most: u32,
    extra: &[String],
) -> Result<Solved, Halt> {
    let demand = runs.demand(&sets(axis, extra, 0), at_most)?;
    let found = search(runs, axis, demand, extra, 0)?;
    let mut curve: Vec<Seen> =
        found.seen.iter().filter_map(|(&at, _)| seen(runs, axis, extra, demand, at)).collect();
    curve.sort_by(|a, b| a.number.total_cmp(&b.number));
    let path = &axis.lattice.path;
    let first = match found.failing {
        Some(at) => binding(runs, &sets(axis, extra, at), path, axis.show(at), at_most)?,
        None => None,
    };
    let next = match first.as_ref().map(Binding::lift).filter(|it| !it.is_empty()) {
        Some(lifted) => {
            let lifted_too: Vec<String> = extra.iter().cloned().chain(lifted.clone()).collect();
            Some(behind(runs, axis, demand, &lifted_too, lifted, found.answer.unwrap_or(0))?)
        }
        None => None,
    };
    let runs = runs.spent();
    Ok(Solved { axis: axis.clone(), demand, found, curve, binding: first, next, runs })
}

/// What was seen of a search that was ended early, from the smallest value to the largest.
pub fn seen_so_far(runs: &Runs<'_>, axis: &Axis, demand: Demand) -> Vec<Seen> {
    let mut curve: Vec<Seen> =
        (0..=axis.last()).filter_map(|at| seen(runs, axis, &[], demand, at)).collect();
    curve.retain(|it| 0 < it.trial.n);
    curve.sort_by(|a, b| a.number.total_cmp(&b.number));
    curve
}

fn seen(runs: &Runs<'_>, axis: &Axis, extra: &[String], demand: Demand, at: u64) -> Option<Seen> {
    let point = runs.point(&sets(axis, extra, at))?;
    let trial = point.trial();
    Some(Seen {
        value: axis.show(at),
        number: axis.number(at),
        trial,
        sure: demand.sure(trial),
        holds: demand.holds(trial),
        weakest: point.weakest()?.demand,
        cause: point.failures().into_iter().next(),
    })
}

/// What binds from `start` on, once `extra` is in force.
fn behind(
    runs: &mut Runs<'_>,
    axis: &Axis,
    demand: Demand,
    extra: &[String],
    lifted: Vec<String>,
    start: u64,
) -> Result<Next, Halt> {
    let demand = Demand { at_most: demand.at_most.min(COARSE), ..demand };
    let found = search(runs, axis, demand, extra, start)?;
    let path = &axis.lattice.path;
    let binding = match found.failing.map(|it| start + it) {
        Some(at) => binding(runs, &sets(axis, extra, at), path, axis.show(at), demand.at_most)?,
        None => None,
    };
    let answer = found.answer.map(|it| axis.show(start + it));
    Ok(Next { lifted, answer, is_end: found.failing.is_none(), binding })
}

/// The answers under other readings, each a label with settings, searched from the answer as it is.
pub fn under_readings(
    runs: &mut Runs<'_>,
    solved: &Solved,
    extra: &[String],
    readings: &[(String, Vec<String>)],
) -> Result<Vec<Reading>, Halt> {
    let axis = &solved.axis;
    let start = solved.found.answer.unwrap_or(0);
    let mut answers = vec![];
    for (label, settings) in readings {
        let extra: Vec<String> = extra.iter().chain(settings).cloned().collect();
        let mut probe = probe(runs, axis, &extra, 0);
        let answer = Search::new(solved.demand, axis.last(), &mut probe).near(start)?;
        drop(probe);
        answers.push(Reading {
            label: label.clone(),
            sets: settings.clone(),
            answer: answer.map(|it| axis.show(it)),
            number: answer.map(|it| axis.number(it)),
            is_end: answer == Some(axis.last()),
        });
    }
    Ok(answers)
}
