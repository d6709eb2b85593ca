//! The chart of a solve: the share of the replications in which the expectations hold, by value.

use std::path::Path;

use super::Solution;
use crate::report::chart::sheet::{About, Curve, Interval, Tried, clear_sheet, write_sheet};
use crate::report::files::FileError;

/// Name of the chart.
const NAME: &str = "curve";

/// Removes the chart of an earlier question from `folder`.
pub fn clear_solve_chart(folder: &Path) -> Result<(), FileError> {
    clear_sheet(folder, NAME)
}

/// Draws the curve that was seen into `folder`; returns the names of charts without endings.
pub fn solve_chart(folder: &Path, it: Solution<'_>) -> Result<Vec<&'static str>, FileError> {
    let solved = it.solved;
    let axis = &solved.axis;
    let counts = || solved.curve.iter().map(|it| it.trial.n);
    let tried = solved.curve.iter().map(|seen| {
        let trial = seen.trial;
        let (low, high) = trial.interval();
        Tried {
            value: seen.number,
            label: seen.value.clone(),
            share: Interval { at: f64::from(trial.held) / f64::from(trial.n.max(1)), low, high },
            holds: seen.holds,
        }
    });
    let number = |position: u64| axis.number(position);
    let interval = solved.found.surely_holds.zip(solved.found.surely_fails);
    let expectations = it.scenario.expectations.len();
    let curve = Curve {
        about: About {
            name: NAME.into(),
            scenario: it.scenario.name.clone(),
            seed: it.scenario.spec.seed,
            replications: (counts().min().unwrap_or(0), counts().max().unwrap_or(0)),
            remarks: it.scenario.set_by_hand(),
        },
        path: axis.lattice.path.clone(),
        unit: "",
        expectations: match expectations {
            1 => "the expectation".into(),
            n => format!("each of {n} expectations"),
        },
        in_runs: solved.demand.share,
        tried: tried.collect(),
        answer: solved.found.answer.map(|it| (number(it), axis.show(it))),
        interval: interval.map(|(holds, fails)| {
            // The last value that may hold is the one before that which surely fails.
            let ends = [number(holds), number(fails.saturating_sub(1))];
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        }),
    };
    write_sheet(folder, &curve.sheet())?;
    Ok(vec![NAME])
}
