//! What mitigations do together: each alone, all of them, and all but one.

use std::collections::BTreeMap;

use super::{Arm, Comparison, Design, Difference, Effect, compare_rows};
use crate::experiment::{Row, Samples};
use crate::model::record::outcome::Value;
use crate::scenario::Scenario;
use crate::scenario::metrics::Target;

/// Most variants that are stacked.
pub(super) const MOST_STACKED: usize = 8;

/// Stacked variants in the metric that is ranked by.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Each of them.
    pub parts: Vec<Stacked>,
    /// All together against the base.
    pub together: Difference,
    /// By what all together differ from the sum of what each does alone.
    pub interaction: Difference,
    /// What became of the expectations with all together.
    pub holds: Option<bool>,
}

/// One of the stacked variants.
#[derive(Clone, Debug)]
pub struct Stacked {
    /// Its name.
    pub name: String,
    /// Whether it has something that no released software has.
    pub is_what_if: bool,
    /// Alone against the base.
    pub alone: Difference,
    /// All the others against all together: what is lost when it is left out.
    pub left_out: Difference,
}

/// The paths that two of the variants set, with the names of those: what cannot be stacked without
/// an order.
pub(super) fn conflicts(scenarios: &[&Scenario]) -> Vec<(String, Vec<String>)> {
    let mut by_path: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for scenario in scenarios {
        let Some(name) = &scenario.variant else { continue };
        for path in set_by(scenario) {
            by_path.entry(path).or_default().push(name.clone());
        }
    }
    let shared = by_path.into_iter().filter(|(_, names)| 1 < names.len());
    shared.map(|(path, names)| (path.to_owned(), names)).collect()
}

/// The paths that the variant in force sets.
fn set_by(scenario: &Scenario) -> impl Iterator<Item = &str> {
    let of_variant = scenario.parameters.iter().filter(|it| it.origin.starts_with("variant "));
    of_variant.map(|it| it.path.as_str())
}

/// The variants worth stacking: those that are better than the base, the best first, leaving out
/// what does not fit to those before it. Positions in [`Comparison::changed`].
pub(super) fn stackable(
    comparison: &Comparison,
    target: &Target,
    fits: &dyn Fn(&[usize]) -> bool,
) -> Vec<usize> {
    let mut taken: Vec<usize> = vec![];
    for it in super::rank(comparison, target, false) {
        let changed = &comparison.changed[it.position];
        let helps = changed
            .find(&target.scope, &target.metric)
            .is_some_and(|it| it.effect == Effect::Better);
        if it.place.is_none() || !helps || MOST_STACKED <= taken.len() {
            continue;
        }
        taken.push(it.position);
        if !fits(&taken) {
            taken.pop();
        }
    }
    taken
}

impl Stack {
    /// Folds the runs of a stack: `alone` in the order of `names`, `together`, and `left_out` in
    /// that order. `None` where a side does not have the metric.
    pub fn new(
        base: &Arm,
        alone: &[&Arm],
        together: &Arm,
        left_out: &[&Arm],
        target: &Target,
    ) -> Option<Self> {
        let sides = [base, together].into_iter().chain(alone.iter().chain(left_out).copied());
        let mut samples: Vec<Samples> = sides.map(|it| it.samples.clone()).collect();
        Samples::align(&mut samples.iter_mut().collect::<Vec<_>>());
        let rows: Vec<Row> = samples
            .iter()
            .map(|it| it.find(&target.scope, &target.metric).cloned())
            .collect::<Option<_>>()?;
        let (base, all) = (&rows[0], &rows[1]);
        let (singles, without) = rows[2..].split_at(alone.len());
        let mut interaction = compare_rows(&sum_of(base, singles), all, Design::Paired);
        if interaction.difference.is_none() {
            // A sum with a censored part is not known, not even to be larger than another figure.
            interaction.effect = Effect::NoEvidence;
        }
        let parts = alone
            .iter()
            .zip(singles)
            .zip(without)
            .map(|((arm, single), without)| Stacked {
                name: arm.name.clone(),
                is_what_if: !arm.what_if.is_empty(),
                alone: compare_rows(base, single, Design::Paired),
                left_out: compare_rows(all, without, Design::Paired),
            })
            .collect();
        Some(Self {
            parts,
            together: compare_rows(base, all, Design::Paired),
            interaction,
            holds: (!together.verdicts.is_empty())
                .then(|| together.verdicts.iter().all(|it| it.holds)),
        })
    }

    /// Variants without which the others do better: those that get in their way.
    pub fn in_the_way(&self) -> impl Iterator<Item = &str> {
        let better = self.parts.iter().filter(|it| it.left_out.effect == Effect::Better);
        better.map(|it| it.name.as_str())
    }

    /// Whether the variants together do less than the sum of what each does alone, more, or whether
    /// the replications do not tell.
    pub fn reading(&self) -> String {
        let in_the_way: Vec<&str> = self.in_the_way().collect();
        if !in_the_way.is_empty() {
            return format!("better without {}", in_the_way.join(", or without "));
        }
        if self.interaction.difference.is_none() {
            return "the sum of each alone is not known: figures lie beyond what runs saw".into();
        }
        match self.interaction.effect {
            Effect::Worse => "less than the sum of each alone: they do the same work".into(),
            Effect::Better => "more than the sum of each alone: they need each other".into(),
            _ => "no evidence that it differs from the sum of each alone".into(),
        }
    }
}

/// Replication by replication, the base with what each variant changes alone added up.
fn sum_of(base: &Row, singles: &[Row]) -> Row {
    let value = |at: usize| {
        let before = base.values[at];
        singles.iter().fold(before, |sum, single| match (sum, single.values[at], before) {
            (Value::Known(sum), Value::Known(single), Value::Known(before)) => {
                Value::Known(sum + single - before)
            }
            (Value::Absent, ..) | (_, Value::Absent, _) => Value::Absent,
            _ => Value::Censored,
        })
    };
    Row { values: (0..base.values.len()).map(value).collect(), ..base.clone() }
}
