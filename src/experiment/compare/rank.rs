//! The order of variants by one metric.

use super::{Arm, Comparison, Design, compare_rows};
use crate::experiment::Row;
use crate::model::record::measure::Better;
use crate::model::record::outcome::Value;
use crate::scenario::metrics::Target;

/// A variant's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// Position in [`Comparison::changed`].
    pub position: usize,
    /// Place, from 1; `None` for what is left out of the ranking, a what-if.
    pub place: Option<u32>,
    /// Whether the replications do not tell it from the one before it.
    pub is_tied: bool,
}

/// Ranks the variants of a comparison by `target`, the best first; the position of the base among
/// them is not told. Variants without a mean come behind the others, those with the fewest censored
/// replications first. What no released software has is left out, behind the others and without a
/// place, unless `what_if` asks for it.
pub fn rank(comparison: &Comparison, target: &Target, what_if: bool) -> Vec<Rank> {
    let better = target.info().better;
    let row = |arm: &Arm| arm.samples.find(&target.scope, &target.metric).cloned();
    let is_out = |arm: &Arm| !what_if && !arm.what_if.is_empty();
    let mut order: Vec<(bool, Key, usize, Option<Row>)> = comparison
        .changed
        .iter()
        .enumerate()
        .map(|(position, it)| {
            let row = row(&it.arm);
            (is_out(&it.arm), Key::of(row.as_ref(), better), position, row)
        })
        .collect();
    order.sort_by(|a, b| (a.0, a.1, a.2).partial_cmp(&(b.0, b.1, b.2)).unwrap_or(a.2.cmp(&b.2)));
    let mut ranks: Vec<Rank> = vec![];
    for (index, (out, _, position, row)) in order.iter().enumerate() {
        let before = index.checked_sub(1).map(|it| &order[it]).filter(|it| it.0 == *out);
        let is_tied = before.is_some_and(|it| is_same(it.3.as_ref(), row.as_ref(), comparison));
        ranks.push(Rank {
            position: *position,
            place: (!out).then_some(index as u32 + 1),
            is_tied,
        });
    }
    ranks
}

/// What variants are sorted by: without a mean last, then censored replications, then the mean.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Key {
    has_no_mean: bool,
    censored: usize,
    mean: f64,
}

impl Key {
    fn of(row: Option<&Row>, better: Better) -> Self {
        let Some(row) = row else {
            return Self { has_no_mean: true, censored: usize::MAX, mean: 0.0 };
        };
        let censored = row.values.iter().filter(|it| **it == Value::Censored).count();
        let mean = row.summarise().mean;
        let signed = |mean: f64| if better == Better::More { -mean } else { mean };
        Self { has_no_mean: mean.is_none(), censored, mean: mean.map_or(0.0, signed) }
    }
}

/// Whether the replications do not tell two variants apart.
fn is_same(before: Option<&Row>, after: Option<&Row>, comparison: &Comparison) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return before.is_none() && after.is_none();
    };
    let it = compare_rows(before, after, comparison.design);
    if it.difference.is_none() && comparison.design == Design::Independent {
        return true;
    }
    it.effect == super::Effect::NoEvidence
}
