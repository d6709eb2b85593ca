//! How much worse a change may be: the gate of a pipeline.

use std::fmt;

use super::{Changed, Difference};
use crate::model::record::measure::{Absence, Better};
use crate::scenario::metrics::Target;
use crate::units::Share;

/// How much worse a metric may get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// The metric.
    pub target: Target,
    /// By how much, as a share of the base's mean.
    pub share: Share,
}

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// The metric is within the tolerance.
    Passes,
    /// It is worse than the tolerance allows, or has no figure where the base has one.
    Fails,
}

/// One tolerance with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What was allowed.
    pub tolerance: Tolerance,
    /// The side that was looked at.
    pub name: String,
    /// The difference; `None` where a side does not have the metric.
    pub difference: Option<Difference>,
    /// By what share of the base it got worse; negative where it got better; `None` where that
    /// cannot be said.
    pub worsening: Option<f64>,
    /// What the gate says.
    pub passage: Passage,
    /// Whether the interval of the difference lies on both sides of the tolerance.
    pub is_uncertain: bool,
}

impl Tolerance {
    /// Reads `METRIC=5%`, or `5%` for the metric `by`.
    pub fn parse(text: &str, by: &Target) -> Result<Self, String> {
        let (target, share) = match text.split_once('=') {
            Some((metric, share)) => (Target::parse(metric.trim())?, share),
            None => (by.clone(), text),
        };
        let share = share.trim().parse::<Share>().map_err(|_| {
            format!("`{text}` has no share: write METRIC=5%, or 5% for the metric of the ranking")
        })?;
        if target.info().better == Better::Neither {
            return Err(format!("`{target}` does not get better or worse: nothing to tolerate"));
        }
        Ok(Self { target, share })
    }

    /// What becomes of `changed`. The mean decides; where its interval reaches to the other side of
    /// the tolerance, that is said.
    pub fn judge(&self, changed: &Changed) -> Gate {
        let difference = changed.find(&self.target.scope, &self.target.metric).cloned();
        let sign = if self.target.info().better == Better::More { -1.0 } else { 1.0 };
        let worse = difference.as_ref().and_then(|it| it.difference).map(|it| it * sign);
        let base = difference.as_ref().and_then(|it| it.base.mean).map(f64::abs);
        let allowed = base.map(|it| it * self.share.as_f64());
        let passes = match (worse, allowed) {
            _ if difference.as_ref().is_some_and(|it| self.loses_figures(it)) => false,
            (Some(worse), Some(allowed)) => worse <= allowed,
            // No mean on one side: only a base that is itself without one excuses it, or a
            // metric of what goes wrong, which is absent where nothing did.
            _ => difference.as_ref().is_some_and(excused),
        };
        let half_width = difference.as_ref().and_then(|it| it.half_width);
        let is_uncertain = match (worse, allowed, half_width) {
            (Some(worse), Some(allowed), Some(half)) => (worse - allowed).abs() < half,
            (.., None) => difference.as_ref().is_some_and(|it| !it.identical),
            _ => false,
        };
        Gate {
            tolerance: self.clone(),
            name: changed.arm.name.clone(),
            worsening: worse.zip(base).and_then(|(it, base)| (0.0 < base).then(|| it / base)),
            difference,
            passage: if passes { Passage::Passes } else { Passage::Fails },
            is_uncertain,
        }
    }

    /// Whether there is less to measure than in the base, such as the durations of pulls where no
    /// pull completes any more.
    fn loses_figures(&self, it: &Difference) -> bool {
        let is_good_news = self.target.info().absence == Absence::NothingWrong;
        !is_good_news && it.base.absent < it.changed.absent
    }
}

/// Whether a figure without a mean is no worse than the base: no more of it is censored.
fn excused(it: &Difference) -> bool {
    it.changed.censored <= it.base.censored && it.effect != super::Effect::Worse
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.target, self.share)
    }
}
