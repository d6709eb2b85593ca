//! What a point showed: everything that a sweep's files are made of.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::{
    Certainty, Crew, FailureSummary, Judged, MetricSummary, Progress, Shown, Summary,
    replicate_until, summarise,
};
use super::plan::{Plan, PlanPoint};
use crate::engine::chance::stable_hash;
use crate::scenario::load;
use crate::scenario::metrics::Target;

/// The result of one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointResult {
    /// Hash of all of this, so that a damaged file is known.
    pub content_hash: String,
    /// Hash of the plan.
    pub plan_hash: String,
    /// The point's id.
    pub id: String,
    /// Its place in the order of the points.
    pub index: u32,
    /// Its value of each axis; none where it is as in the base.
    pub values: Vec<Option<String>>,
    /// Replications.
    pub replications: u32,
    /// How the replications ended, where their number was not fixed.
    pub until: Option<String>,
    /// Replications that reached the bound on events.
    pub incomplete_replications: u32,
    /// Digest of the run.
    pub run_digest: String,
    /// How long a replication is.
    pub horizon_seconds: f64,
    /// What became of the expectations.
    pub expectations: Vec<Judged>,
    /// Why pulls failed, most frequent first.
    pub failures: Vec<FailureSummary>,
    /// Every metric.
    pub metrics: Vec<MetricSummary>,
}

/// Why a point did not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointError(String);

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs one point of a plan. `progress` is told how far it is, `grown` how many replications there
/// are to be.
pub fn run_point(
    crew: &Crew,
    plan: &Plan,
    point: &PlanPoint,
    progress: &(dyn Fn(Progress) + Sync),
    grown: &dyn Fn(u32),
) -> Result<PointResult, PointError> {
    let at = |why: String| PointError(format!("{}: {why}", plan.describe(point)));
    let loaded = load(&plan.file(), &plan.request(point)).map_err(|it| at(it.to_string()))?;
    let scenario = loaded.scenario;
    let until = plan.until.as_ref().map(super::UntilText::read).transpose().map_err(at)?;
    let first = scenario.replications;
    grown(first);
    let (outcomes, certainty) = match &until {
        None => (crew.replicate(&scenario.spec, 0..first, Shown::NOTHING, progress), None),
        Some(until) => {
            let nothing = Shown::NOTHING;
            let (outcomes, certainty) =
                replicate_until(crew, &scenario.spec, first, until, nothing, progress, grown);
            (outcomes, Some(certainty))
        }
    };
    if crew.is_stopped() {
        return Err(at("the work was ended".into()));
    }
    let summary = summarise(&scenario, &outcomes);
    Ok(result(plan, point, &summary, certainty, scenario.spec.horizon.as_secs_f64()))
}

fn result(
    plan: &Plan,
    point: &PlanPoint,
    summary: &Summary,
    certainty: Option<Certainty>,
    horizon_seconds: f64,
) -> PointResult {
    let mut result = PointResult {
        content_hash: String::new(),
        plan_hash: plan.plan_hash.clone(),
        id: point.id.clone(),
        index: point.index,
        values: point.values.clone(),
        replications: summary.replications,
        until: certainty.map(|it| word(it).to_owned()),
        incomplete_replications: summary.incomplete,
        run_digest: format!("{:016x}", summary.digest),
        horizon_seconds,
        expectations: summary.verdicts.clone(),
        failures: summary.failures.clone(),
        metrics: summary.metrics.clone(),
    };
    result.seal();
    result
}

const fn word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Reached => "reached",
        Certainty::Capped => "capped",
        Certainty::NoMean => "no-mean",
        Certainty::Ended => "ended",
    }
}

impl PointResult {
    /// The hash of everything but the hash.
    fn hash(&self) -> String {
        let blank = Self { content_hash: String::new(), ..self.clone() };
        format!("{:016x}", stable_hash(&blank.to_json()))
    }

    /// Sets the hash of what is there now.
    pub fn seal(&mut self) {
        self.content_hash = self.hash();
    }

    /// The result as its file holds it, but for the line's end.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a result has nothing that JSON lacks")
    }

    /// Reads the result of `point`, and trusts it only where it is whole and of this plan.
    pub fn parse(text: &str, plan: &Plan, point: &PlanPoint) -> Result<Self, String> {
        let it: Self = serde_json::from_str(text).map_err(|error| format!("damaged: {error}"))?;
        if it.hash() != it.content_hash {
            return Err("damaged: its content does not fit its hash".into());
        }
        if it.plan_hash != plan.plan_hash {
            return Err(format!("of another plan ({})", it.plan_hash));
        }
        if (it.index, &it.id, &it.values) != (point.index, &point.id, &point.values) {
            return Err(format!("of another point ({}, {})", it.index, it.id));
        }
        Ok(it)
    }

    /// The metric over the replications; `None` where the point does not report it.
    pub fn figure(&self, target: &Target) -> Option<&MetricSummary> {
        self.metrics.iter().find(|it| it.scope == target.scope && it.name == target.metric)
    }

    /// Whether every expectation holds.
    pub fn holds(&self) -> bool {
        self.expectations.iter().all(|it| it.holds)
    }
}
