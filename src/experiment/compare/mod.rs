//! Comparisons: what each variant changes, under the luck of the base.
//!
//! Base and variants run the same replications, and a draw is keyed by what it is for, so that the
//! third node joins in the fourth replication as it does in the base's fourth. The difference of a
//! replication is then due to the change, and its interval is much narrower than the intervals of
//! the two figures.

mod assumptions;
mod effect;
mod gate;
mod plan;
mod rank;
mod stack;

pub use assumptions::{Answer, Asked, Reading, Turn, sensitivity};
pub use effect::{Design, Difference, Effect, compare_rows};
pub use gate::{Gate, Passage, Tolerance};
pub use plan::{NotStacked, Ran, StackPlan, wanted};
pub use rank::{Rank, rank};
use stack::{MOST_STACKED, conflicts, stackable};
pub use stack::{Stack, Stacked};

use super::{Certainty, Crew, Judged, Progress, Samples, Shown, Until, judge_all};
use crate::model::record::measure::{Measure, Name, ScopeKind};
use crate::model::record::outcome::{Detail, Outcome};
use crate::scenario::Scenario;
use crate::scenario::levers::Lever;

/// One side of a comparison: the base, a variant, or a stored run.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What it is called: the variant's name, `base`, or that of a run or file.
    pub name: String,
    /// The variant's title, or empty.
    pub title: String,
    /// The lever that it stands for, where it says so.
    pub lever: Option<&'static Lever>,
    /// What no released software has, as `path=value`.
    pub what_if: Vec<String>,
    /// The seed of its luck.
    pub seed: u64,
    /// Every figure.
    pub samples: Samples,
    /// What became of the expectations; none for a stored run.
    pub verdicts: Vec<Judged>,
    /// The replications' digests, by number, where they are known.
    pub digests: Vec<u64>,
    /// Replications that reached the bound on events: their figures are incomplete.
    pub incomplete: u32,
    /// Rows and series of the first replication, for charts.
    pub detail: Option<Detail>,
}

/// A base, what is compared with it, and the differences.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What the others are compared with.
    pub base: Arm,
    /// The others.
    pub changed: Vec<Changed>,
    /// Whether the luck was the same.
    pub design: Design,
}

/// One of the others, with what it changes.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Its figures.
    pub arm: Arm,
    /// Every metric that both sides have, in the order of the base.
    pub differences: Vec<Difference>,
}

impl Changed {
    /// The difference in the metric `name` of `scope`.
    pub fn find(&self, scope: &str, name: &Name) -> Option<&Difference> {
        self.differences.iter().find(|it| it.base.scope == scope && it.base.name == *name)
    }

    /// The difference in a metric of the whole run.
    pub fn of_run(&self, measure: Measure) -> Option<&Difference> {
        self.find(ScopeKind::Run.text(), &measure.into())
    }

    /// Whether every replication went as in the base, event by event.
    pub fn is_identical_to(&self, base: &Arm) -> bool {
        !base.digests.is_empty() && self.arm.digests == base.digests
    }
}

impl Comparison {
    /// Compares `others` with `base`. Replications pair where both sides have the same seed and
    /// number of them.
    pub fn new(mut base: Arm, mut others: Vec<Arm>) -> Self {
        let sides = std::iter::once(&mut base).chain(&mut others);
        Samples::align(&mut sides.map(|it| &mut it.samples).collect::<Vec<_>>());
        let luck = |it: &Arm| (it.seed, it.samples.replications());
        let design = Design::of(luck(&base), others.iter().map(luck));
        let changed = others
            .into_iter()
            .map(|arm| {
                let differences = differences(&base.samples, &arm.samples, design);
                Changed { arm, differences }
            })
            .collect();
        Self { base, changed, design }
    }
}

fn differences(base: &Samples, changed: &Samples, design: Design) -> Vec<Difference> {
    base.rows()
        .filter_map(|row| {
            let other = changed.find(&row.scope, &row.name)?;
            Some(compare_rows(row, other, design))
        })
        .collect()
}

/// How far the runs of a comparison are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many replications are to run in all, over all sides.
    Planned(u64),
    /// One of them is done.
    Finished,
}

/// Runs each of `scenarios`, of which the first is the base, with `replications`, or with more
/// until the interval of every difference in the metric of `until` is narrow enough: the half-width
/// as a share of the base's mean.
///
/// Where the work is ended early, all sides have the replications that every one of them finished;
/// `None` where there is none.
pub fn run(
    crew: &Crew,
    scenarios: &[Scenario],
    replications: u32,
    until: Option<&Until>,
    step: &(dyn Fn(Step) + Sync),
) -> Option<(Vec<Arm>, Option<Certainty>)> {
    let mut outcomes: Vec<Vec<Outcome>> = vec![vec![]; scenarios.len()];
    let mut done = 0;
    let mut total = until.map_or(replications, |it| replications.min(it.at_most));
    let certainty = loop {
        step(Step::Planned(u64::from(total) * scenarios.len() as u64));
        // A replication of all sides before the next, so that what is there is complete as far as
        // it goes.
        let work: Vec<(u32, &Scenario)> =
            (done..total).flat_map(|nth| scenarios.iter().map(move |it| (nth, it))).collect();
        let more = crew.each(&work, |(nth, scenario)| {
            crew.replicate(&scenario.spec, *nth..nth + 1, Shown::detail(0), &|progress| {
                if let Progress::Finished { .. } = progress {
                    step(Step::Finished);
                }
            })
        });
        let mut more = more.into_iter();
        for _ in done..total {
            let round: Vec<Outcome> = more.by_ref().take(scenarios.len()).flatten().collect();
            if round.len() < scenarios.len() {
                break;
            }
            for (side, outcome) in outcomes.iter_mut().zip(round) {
                side.push(outcome);
            }
        }
        if crew.is_stopped() {
            break Some(Certainty::Ended);
        }
        done = total;
        let Some(until) = until else { break None };
        let luck = |it: &Scenario| (it.spec.seed, done);
        let design = Design::of(luck(&scenarios[0]), scenarios.iter().map(luck));
        match next(&outcomes, design, until, done) {
            Ok(certainty) => break Some(certainty),
            Err(more) => total = more,
        }
    };
    if crew.is_stopped() && outcomes.iter().any(Vec::is_empty) {
        return None;
    }
    let arms = scenarios.iter().zip(outcomes).map(|(it, outcomes)| arm(it, outcomes)).collect();
    Some((arms, certainty))
}

/// What `until` makes of the differences so far: how it ended, or how many replications next.
fn next(
    outcomes: &[Vec<Outcome>],
    design: Design,
    until: &Until,
    done: u32,
) -> Result<Certainty, u32> {
    let mut samples: Vec<Samples> = outcomes.iter().map(|it| Samples::new(it)).collect();
    Samples::align(&mut samples.iter_mut().collect::<Vec<_>>());
    let row = |it: &'_ Samples| it.find(&until.target.scope, &until.target.metric).cloned();
    let Some(base) = samples.first().and_then(row) else { return Ok(Certainty::NoMean) };
    let mut most = None;
    let mut worst = Certainty::NoMean;
    for changed in samples[1..].iter().filter_map(row) {
        let it = compare_rows(&base, &changed, design);
        let (Some(mean), Some(_)) = (it.base.mean, it.difference) else { continue };
        match until.judge(it.half_width, mean.abs(), done) {
            Ok(Certainty::Capped) => worst = Certainty::Capped,
            Ok(_) if worst == Certainty::NoMean => worst = Certainty::Reached,
            Ok(_) => {}
            Err(more) => most = most.max(Some(more)),
        }
    }
    most.map_or(Ok(worst), Err)
}

/// What a run of a scenario is in a comparison.
pub fn arm(scenario: &Scenario, mut outcomes: Vec<Outcome>) -> Arm {
    let info = scenario.variants.iter().find(|it| Some(&it.name) == scenario.variant.as_ref());
    let in_force = scenario.parameters.iter().filter(|it| it.is_what_if());
    let incomplete = outcomes.iter().filter(|it| it.is_incomplete()).count() as u32;
    let samples = Samples::new(&outcomes);
    Arm {
        name: scenario.variant.clone().unwrap_or_else(|| "base".into()),
        title: info.map(|it| it.title.clone()).unwrap_or_default(),
        lever: info.and_then(|it| it.lever),
        what_if: in_force.map(|it| format!("{}={}", it.path, it.value)).collect(),
        seed: scenario.spec.seed,
        verdicts: judge_all(scenario, &samples),
        samples,
        digests: outcomes.iter().map(|it| it.digest).collect(),
        incomplete,
        detail: outcomes.first_mut().and_then(|it| it.detail.take()),
    }
}
