//! Sweeps: the folder of their points, and what is put together from it.
//!
//! Everything is made from the files of points, one code path for sweeps that ran at once, were
//! resumed, or were merged from shards.

mod answer;
mod assemble;
mod charts;
mod csv;
mod document;
mod folder;
mod merge;
mod page;

pub use assemble::{Assembled, Show, assemble};
pub use csv::points_csv;
pub use document::write_sweep;
pub use folder::{Found, Refused, SweepFolder};
pub use merge::{Gathered, Incomplete, gather};
pub use page::{sweep_markdown, sweep_text};

use crate::experiment::sweep::{Plan, PlanPoint, PointResult};
use crate::experiment::{FailureSummary, Judged, MetricSummary};
use crate::model::record::measure::Unit;
use crate::report::format;
use crate::scenario::metrics::Target;

/// A sweep with what its reports and charts show of each point.
#[derive(Clone, Debug)]
pub struct Swept {
    /// What was run.
    pub plan: Plan,
    /// The scenario's title.
    pub title: String,
    /// The scenario's question.
    pub question: String,
    /// The metrics that are shown.
    pub targets: Vec<Target>,
    /// What is expected of each of them, where anything is: the bound and the demand as written.
    pub bounds: Vec<Option<(f64, String)>>,
    /// The points, in the order of the plan.
    pub points: Vec<SweptPoint>,
}

/// What is shown of one point.
#[derive(Clone, Debug)]
pub struct SweptPoint {
    /// Replications.
    pub replications: u32,
    /// Replications that reached the bound on events.
    pub incomplete: u32,
    /// Digest of its run.
    pub run_digest: String,
    /// How long a replication is.
    pub horizon_seconds: f64,
    /// What became of the expectations.
    pub expectations: Vec<Judged>,
    /// Why pulls failed, most frequent first.
    pub failures: Vec<FailureSummary>,
    /// The metrics that are shown, in the order of [`Swept::targets`]; `None` where the point does
    /// not report one.
    pub figures: Vec<Option<MetricSummary>>,
}

impl SweptPoint {
    fn of(result: PointResult, targets: &[Target]) -> Self {
        let figure = |it: &Target| result.figure(it).cloned();
        Self {
            replications: result.replications,
            incomplete: result.incomplete_replications,
            horizon_seconds: result.horizon_seconds,
            figures: targets.iter().map(figure).collect(),
            run_digest: result.run_digest,
            expectations: result.expectations,
            failures: result.failures,
        }
    }

    /// Whether every expectation holds.
    pub fn holds(&self) -> bool {
        self.expectations.iter().all(|it| it.holds)
    }

    /// Whether more replications could turn that.
    pub fn is_uncertain(&self) -> bool {
        let faults = self.expectations.iter().filter(|it| !it.holds);
        if self.holds() {
            self.expectations.iter().any(|it| it.uncertain)
        } else {
            faults.clone().count() == faults.filter(|it| it.uncertain).count()
        }
    }

    /// Failed pulls with the causes, whatever stood behind; most frequent first.
    pub fn causes(&self) -> Vec<(&str, u64)> {
        let mut causes: Vec<(&str, u64)> = vec![];
        for it in &self.failures {
            match causes.iter_mut().find(|(cause, _)| *cause == it.cause) {
                Some((_, count)) => *count += it.count,
                None => causes.push((&it.cause, it.count)),
            }
        }
        causes.sort_by_key(|it| std::cmp::Reverse(it.1));
        causes
    }

    /// The figure of a target for people, without its interval: `1m48s`, `>6h`, `—`.
    fn short(&self, target: usize) -> String {
        let Some(figure) = &self.figures[target] else { return format::NOTHING.into() };
        match figure.mean {
            Some(mean) => format::quantity(mean, figure.unit.text()),
            None if figure.censored == 0 => format::NOTHING.into(),
            None if figure.unit == Unit::Seconds => {
                format!(">{}", format::seconds(self.horizon_seconds))
            }
            None => "never".into(),
        }
    }

    /// The same with its interval.
    fn long(&self, target: usize) -> String {
        self.figures[target].as_ref().map_or_else(
            || format::NOTHING.into(),
            |it| format::metric(it, Some(self.horizon_seconds)),
        )
    }
}

impl Swept {
    /// Every demand, in the order in which points first have it.
    pub fn demands(&self) -> Vec<String> {
        let mut demands: Vec<String> = vec![];
        for it in self.points.iter().flat_map(|it| &it.expectations) {
            let text = it.text();
            if !demands.contains(&text) {
                demands.push(text);
            }
        }
        demands
    }

    /// Points with what is shown of them.
    fn both(&self) -> impl Iterator<Item = (&PlanPoint, &SweptPoint)> {
        self.plan.points.iter().zip(&self.points)
    }

    /// What was set by hand, less what stands beside it anyway: seed and replications.
    fn sets(&self) -> Vec<String> {
        let is_told = |it: &&String| it.starts_with("seed=") || it.starts_with("replications=");
        self.plan.sets.iter().filter(|it| !is_told(it)).cloned().collect()
    }

    /// Points at which every expectation holds.
    pub fn holding(&self) -> usize {
        self.points.iter().filter(|it| it.holds()).count()
    }

    /// Whether there is something to hold at all.
    fn expects(&self) -> bool {
        self.points.iter().any(|it| !it.expectations.is_empty())
    }

    /// Names of the axes as short as they can be told apart: `nodes` for `pool.workers.nodes`.
    pub fn short_names(&self) -> Vec<&str> {
        let last = |path: &'_ str| path.rsplit('.').next().map_or(0, str::len);
        let paths: Vec<&str> = self.plan.axes.iter().map(|it| it.path.as_str()).collect();
        let short: Vec<&str> = paths.iter().map(|it| &it[it.len() - last(it)..]).collect();
        let is_own = |at: usize| short.iter().filter(|it| **it == short[at]).count() == 1;
        (0..paths.len()).map(|at| if is_own(at) { short[at] } else { paths[at] }).collect()
    }

    /// A point for people, with short names: `nodes = 300, addresses = 2`.
    pub fn describe(&self, point: &PlanPoint) -> String {
        let names = self.short_names();
        let given = names.iter().zip(&point.values);
        let given: Vec<String> =
            given.filter_map(|(name, it)| Some(format!("{name} = {}", it.as_ref()?))).collect();
        if given.is_empty() { "the base".into() } else { given.join(", ") }
    }
}
