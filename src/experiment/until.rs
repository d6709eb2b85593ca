//! Replications until a mean is known well enough, in place of a fixed number.

use std::fmt;

use super::{Crew, MetricSummary, Progress, Samples, Shown};
use crate::model::record::measure::READY_SECONDS_P95;
use crate::model::record::outcome::Outcome;
use crate::model::spec::Spec;
use crate::scenario::metrics::Target;

/// When there are replications enough: the 95 % interval of a mean is narrow enough, or there are
/// too many of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    /// The metric.
    pub target: Target,
    /// Half-width that is narrow enough, as a share of the mean.
    pub half_width: f64,
    /// Most replications.
    pub at_most: u32,
}

/// How the replications ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The interval is as narrow as asked.
    Reached,
    /// The most replications were not enough.
    Capped,
    /// There is no mean to know: a replication is censored, or none has a value. More replications
    /// do not change that.
    NoMean,
    /// The work was ended before.
    Ended,
}

/// Most replications where nobody says.
pub const AT_MOST: u32 = 1_000;

impl Until {
    /// Reads `METRIC +- 2%`; `±` and `+/-` serve as well. The metric may have a scope before it:
    /// `workload.api.ready_seconds_p95 +- 5%`.
    pub fn parse(text: &str, at_most: u32) -> Result<Self, String> {
        let example = READY_SECONDS_P95.text();
        let how = format!("write METRIC +- SHARE, such as \"{example} +- 2%\"");
        let parts = ["+-", "±", "+/-"].iter().find_map(|sign| text.split_once(sign));
        let (target, share) = parts.ok_or_else(|| format!("`{text}` has no `+-`: {how}"))?;
        let target = Target::parse(target.trim())?;
        let share = share.trim().parse::<crate::units::Share>();
        let half_width = share.map_err(|_| format!("`{text}` has no share: {how}"))?.as_f64();
        if half_width <= 0.0 {
            return Err(format!("`{text}`: the half-width must be above 0%"));
        }
        Ok(Self { target, half_width, at_most })
    }

    /// What becomes of `figure` after `done` replications: how it ended, or the number of
    /// replications to look at next.
    ///
    /// The next number is what the interval so far asks for, but at most twice as many: an early
    /// interval is itself uncertain. It depends on results alone, never on threads or time.
    pub fn next(&self, figure: Option<&MetricSummary>, done: u32) -> Result<Certainty, u32> {
        let Some(MetricSummary { mean: Some(mean), half_width, .. }) = figure else {
            return Ok(Certainty::NoMean);
        };
        self.judge(*half_width, mean.abs(), done)
    }

    /// The same for a half-width and what it is a share of.
    pub fn judge(&self, half_width: Option<f64>, of: f64, done: u32) -> Result<Certainty, u32> {
        let narrow = self.half_width * of;
        if half_width.is_some_and(|it| it <= narrow) {
            return Ok(Certainty::Reached);
        }
        if self.at_most <= done {
            return Ok(Certainty::Capped);
        }
        let factor = match half_width {
            Some(half_width) if 0.0 < narrow => (half_width / narrow).powi(2).clamp(1.0, 2.0),
            _ => 2.0,
        };
        Err(((f64::from(done) * factor).ceil() as u32).max(done + 1).min(self.at_most))
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} +- {}%", self.target, self.half_width * 100.0)
    }
}

/// Runs `first` replications of `spec`, and more until `until` is content. `grown` is told how many
/// there are to be whenever that changes.
pub fn replicate_until(
    crew: &Crew,
    spec: &Spec,
    first: u32,
    until: &Until,
    shown: Shown<'_>,
    progress: &(dyn Fn(Progress) + Sync),
    grown: &dyn Fn(u32),
) -> (Vec<Outcome>, Certainty) {
    let Shown { detail, mut requests, mut trace } = shown;
    let mut outcomes: Vec<Outcome> = vec![];
    let mut total = first.min(until.at_most);
    loop {
        let shown = Shown { detail, requests: requests.take(), trace: trace.take() };
        outcomes.extend(crew.replicate(spec, outcomes.len() as u32..total, shown, progress));
        if crew.is_stopped() {
            return (outcomes, Certainty::Ended);
        }
        let samples = Samples::new(&outcomes);
        let row = samples.find(&until.target.scope, &until.target.metric);
        match until.next(row.map(super::samples::Row::summarise).as_ref(), total) {
            Ok(certainty) => return (outcomes, certainty),
            Err(more) => total = more,
        }
        grown(total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::measure::PODS;

    fn until(text: &str) -> Until {
        Until::parse(text, 1_000).unwrap()
    }

    #[test]
    fn a_demand_on_the_interval_is_read_with_any_sign() {
        for text in ["pods +- 2%", "pods±2%", "pods +/- 2%"] {
            let it = until(text);
            assert_eq!(it.target, Target::of_run(PODS));
            assert!((it.half_width - 0.02).abs() < 1e-12);
        }
        let it = until("workload.api.ready_seconds_p95 +- 0.5%");
        assert_eq!(it.to_string(), "workload.api.ready_seconds_p95 +- 0.5%");
        for text in ["pods", "pods +- 2", "pods +- 0%", "bods +- 2%", "+- 2%"] {
            assert!(Until::parse(text, 10).is_err(), "{text}");
        }
    }

    #[test]
    fn the_number_of_replications_follows_the_interval_and_never_more_than_doubles() {
        let it = until("pods +- 10%");
        assert_eq!(it.judge(Some(1.0), 10.0, 20), Ok(Certainty::Reached));
        // Half as wide again: 1.5² = 2.25 times as many are due, 2 are allowed.
        assert_eq!(it.judge(Some(1.5), 10.0, 20), Err(40));
        // 1.2² = 1.44 times 20.
        assert_eq!(it.judge(Some(1.2), 10.0, 20), Err(29));
        assert_eq!(it.judge(Some(9.0), 10.0, 1_000), Ok(Certainty::Capped));
        assert_eq!(it.judge(Some(9.0), 10.0, 900), Err(1_000));
        // Nothing varies: known at once, even at zero; one replication has no interval.
        assert_eq!(it.judge(Some(0.0), 0.0, 20), Ok(Certainty::Reached));
        assert_eq!(it.judge(None, 3.0, 1), Err(2));
        assert_eq!(it.next(None, 20), Ok(Certainty::NoMean));
    }
}
