//! Which unverified facts an answer hangs on: the comparison again under every other reading.

use super::{Arm, Comparison, Effect, Step, arm, compare_rows, rank};
use crate::experiment::{Crew, Progress, Shown};
use crate::model::record::outcome::Outcome;
use crate::scenario::metrics::Target;
use crate::scenario::{Assumption, Request, Scenario, SourceFile, load};

/// Share of the base's mean below which two variants are too close for their order to matter.
const MATTERS: f64 = 0.01;

/// Replications by which a reading shows that it changes anything at all.
const PROBE: u32 = 2;

/// What one reading of one assumption does to a comparison.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The assumption: position in the list that was asked about.
    pub assumption: usize,
    /// The other reading, as `--set` takes it.
    pub reading: String,
    /// What it does.
    pub answer: Answer,
}

/// What a reading does.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It cannot be tried in this scenario; why.
    Impossible(String),
    /// It changes nothing at all in the first replications of any side.
    Nothing,
    /// Figures change.
    Figures(Box<Changed>),
}

/// What changes under a reading.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The comparison under the reading.
    pub comparison: Comparison,
    /// Verdicts that are others than before; none where all stand.
    pub turns: Vec<Turn>,
}

/// One verdict that a reading turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// What a variant does to the metric of the ranking.
    Effect {
        /// The variant.
        variant: String,
        /// Before.
        before: Effect,
        /// Under the reading.
        after: Effect,
    },
    /// Two variants change places: the replications tell them apart both times, and one of the
    /// differences is at least one hundredth of the base.
    Order {
        /// The better one before.
        before: String,
        /// The better one under the reading.
        after: String,
    },
    /// Whether all expectations of a side hold.
    Expectations {
        /// `base` or the variant.
        side: String,
        /// Whether they hold under the reading.
        hold: bool,
    },
}

/// What is compared, and how it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// What each side asks of it, the base first.
    pub requests: &'a [Request],
    /// The sides as they were read.
    pub scenarios: &'a [Scenario],
    /// What they showed.
    pub comparison: &'a Comparison,
    /// The metric of the ranking.
    pub by: &'a Target,
    /// Whether what-ifs are ranked.
    pub what_if: bool,
}

/// Compares again under every other reading of `assumptions`, in their order. A reading that
/// changes nothing in the first two replications of any side is taken to change nothing.
pub fn sensitivity(
    crew: &Crew,
    asked: Asked<'_>,
    assumptions: &[Assumption],
    step: &(dyn Fn(Step) + Sync),
) -> Vec<Reading> {
    let pairs: Vec<(usize, &Assumption, &str)> = assumptions
        .iter()
        .enumerate()
        .flat_map(|(at, it)| it.readings.iter().map(move |reading| (at, it, reading.as_str())))
        .collect();
    step(Step::Planned(pairs.len() as u64));
    crew.each(&pairs, |(at, assumption, reading)| {
        // Where the work is ended early, nobody looks at the answers.
        let answer = if crew.is_stopped() {
            Answer::Nothing
        } else {
            answer(crew, asked, assumption, reading)
        };
        step(Step::Finished);
        Reading { assumption: *at, reading: (*reading).to_owned(), answer }
    })
}

fn answer(crew: &Crew, asked: Asked<'_>, assumption: &Assumption, reading: &str) -> Answer {
    let before = arms(asked.comparison);
    let n = asked.comparison.base.samples.replications();
    let mut sides = vec![];
    for (request, scenario) in asked.requests.iter().zip(asked.scenarios) {
        let sets = assumption.sets(reading, scenario);
        if sets.is_empty() {
            sides.push(None);
            continue;
        }
        let mut request = request.clone();
        request.sets.extend(sets);
        match load(asked.file, &request) {
            Ok(loaded) => sides.push(Some(loaded.scenario)),
            Err(problems) => {
                return Answer::Impossible(
                    problems.list.first().map(|it| it.message.clone()).unwrap_or_default(),
                );
            }
        }
    }
    let probe = n.min(PROBE);
    let run = |scenario: &Scenario, from: u32, to: u32| {
        crew.replicate(&scenario.spec, from..to, Shown::NOTHING, &|_: Progress| {})
    };
    let mut probes: Vec<Option<Vec<Outcome>>> =
        sides.iter().map(|it| it.as_ref().map(|it| run(it, 0, probe))).collect();
    let same = |(outcomes, arm): (&Option<Vec<Outcome>>, &&Arm)| {
        let digests = outcomes.iter().flatten().map(|it| it.digest);
        digests.zip(&arm.digests).all(|(now, before)| now == *before)
    };
    if probes.iter().zip(&before).all(same) {
        return Answer::Nothing;
    }
    let mut after =
        sides.iter().zip(&mut probes).zip(&before).map(|((scenario, first), before)| {
            let Some(scenario) = scenario else { return (*before).clone() };
            let mut outcomes = first.take().unwrap_or_default();
            outcomes.extend(run(scenario, probe, n));
            Arm { name: before.name.clone(), ..arm(scenario, outcomes) }
        });
    let Some(base) = after.next() else { return Answer::Nothing };
    let comparison = Comparison::new(base, after.collect());
    let turns = turns(asked.comparison, &comparison, asked.by, asked.what_if);
    Answer::Figures(Box::new(Changed { comparison, turns }))
}

fn arms(comparison: &Comparison) -> Vec<&Arm> {
    let others = comparison.changed.iter().map(|it| &it.arm);
    std::iter::once(&comparison.base).chain(others).collect()
}

/// The verdicts of `after` that are not those of `before`.
fn turns(before: &Comparison, after: &Comparison, by: &Target, what_if: bool) -> Vec<Turn> {
    let mut turns = vec![];
    let effect = |it: &super::Changed| it.find(&by.scope, &by.metric).map(|it| it.effect);
    for (old, new) in before.changed.iter().zip(&after.changed) {
        if let (Some(before), Some(after)) = (effect(old), effect(new))
            && before != after
        {
            turns.push(Turn::Effect { variant: old.arm.name.clone(), before, after });
        }
    }
    turns.extend(orders(before, after, by, what_if));
    let holds = |it: &Arm| it.verdicts.iter().all(|it| it.holds);
    for (old, new) in arms(before).into_iter().zip(arms(after)) {
        if holds(old) != holds(new) {
            turns.push(Turn::Expectations { side: old.name.clone(), hold: holds(new) });
        }
    }
    turns
}

/// Pairs of ranked variants that change places, with evidence before and after.
fn orders(before: &Comparison, after: &Comparison, by: &Target, what_if: bool) -> Vec<Turn> {
    let ranked = rank(before, by, what_if);
    let ranked: Vec<usize> =
        ranked.iter().filter(|it| it.place.is_some()).map(|it| it.position).collect();
    let between = |comparison: &Comparison, from: usize, to: usize| {
        let row = |at: usize| comparison.changed[at].arm.samples.find(&by.scope, &by.metric);
        let (from, to) = (row(from)?, row(to)?);
        let it = compare_rows(from, to, comparison.design);
        let base = comparison.base.samples.find(&by.scope, &by.metric)?.summarise().mean;
        // Without a mean on a side, nothing says that the order does not matter.
        let matters = it
            .difference
            .zip(base)
            .is_none_or(|(difference, base)| MATTERS * base.abs() <= difference.abs());
        Some((it.effect, matters))
    };
    let mut turns = vec![];
    for (place, &first) in ranked.iter().enumerate() {
        for &second in &ranked[place + 1..] {
            // Going from the better one to the other made it worse, and now makes it better.
            if let (Some((Effect::Worse, was)), Some((Effect::Better, is))) =
                (between(before, first, second), between(after, first, second))
                && (was || is)
            {
                let name = |at: usize| before.changed[at].arm.name.clone();
                turns.push(Turn::Order { before: name(first), after: name(second) });
            }
        }
    }
    turns
}
