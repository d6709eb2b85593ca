//! The summary as JSON: `summary.json`, and what `-o json` prints.

use std::io::{self, Write};

use serde::Serialize;

use crate::experiment::{
    FailureSummary, Judged, MetricSummary, ReachSummary, SharedAccountSummary, SpenderSummary,
    Summary,
};
use crate::report::format::hex;
use crate::report::{Head, Run, diagnosis};
use crate::scenario::Expectation as Demand;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    scenario: &'a str,
    variant: Option<&'a str>,
    title: &'a str,
    question: &'a str,
    seed: u64,
    horizon_seconds: f64,
    replications: u32,
    incomplete_replications: u32,
    run_digest: String,
    expectations_hold: bool,
    expectations: Vec<Expectation<'a>>,
    metrics: &'a [MetricSummary],
    failures: &'a [FailureSummary],
    blast_radius: Blast<'a>,
    limit_spenders: &'a [SpenderSummary],
    shared_accounts: &'a [SharedAccountSummary],
    diagnosis: diagnosis::Document<'a>,
}

#[derive(Serialize)]
struct Expectation<'a> {
    metric: String,
    scope: &'a str,
    demand: &'a str,
    origin: &'a str,
    holds: bool,
    uncertain: bool,
    held_in_replications: u32,
    replications: u32,
    share_held: f64,
    share_held_low: f64,
    share_held_high: f64,
    observed: Option<&'a MetricSummary>,
}

#[derive(Serialize)]
struct Blast<'a> {
    nodes_by_pool: &'a [ReachSummary],
    pulls_by_image: &'a [ReachSummary],
    requests_by_identity: &'a [ReachSummary],
}

/// Writes the summary as JSON.
pub fn write_summary(out: &mut dyn Write, run: Run<'_>) -> io::Result<()> {
    let (scenario, summary) = (run.scenario, run.summary);
    let judged = scenario.expectations.iter().zip(&summary.verdicts);
    let expectations = judged.map(|(written, it)| expectation(written, it, summary));
    let document = Document {
        head: Head::SIMULATED,
        scenario: &scenario.name,
        variant: scenario.variant.as_deref(),
        title: &scenario.title,
        question: &scenario.question,
        seed: scenario.spec.seed,
        horizon_seconds: scenario.spec.horizon.as_secs_f64(),
        replications: summary.replications,
        incomplete_replications: summary.incomplete,
        run_digest: hex(summary.digest),
        expectations_hold: summary.holds(),
        expectations: expectations.collect(),
        metrics: &summary.metrics,
        failures: &summary.failures,
        blast_radius: Blast {
            nodes_by_pool: &summary.nodes,
            pulls_by_image: &summary.images,
            requests_by_identity: &summary.identities,
        },
        limit_spenders: &summary.spenders,
        shared_accounts: &summary.shared_accounts,
        diagnosis: diagnosis::Document::of(&summary.diagnosis),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

/// One expectation with what became of it.
fn expectation<'a>(written: &'a Demand, it: &'a Judged, summary: &'a Summary) -> Expectation<'a> {
    Expectation {
        metric: it.metric.to_string(),
        scope: &it.scope,
        demand: &it.demand,
        origin: &written.origin,
        holds: it.holds,
        uncertain: it.uncertain,
        held_in_replications: it.held_in_replications,
        replications: it.replications,
        share_held: f64::from(it.held_in_replications) / f64::from(it.replications.max(1)),
        share_held_low: it.share_held_low,
        share_held_high: it.share_held_high,
        observed: summary.find(&it.scope, &it.metric),
    }
}
