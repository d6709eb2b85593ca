//! The summary as JSON: `summary.json`, and what `-o json` prints.

use std::io::{self, Write};

use serde::Serialize;

use crate::experiment::{
    FailureSummary, MetricSummary, ReachSummary, SharedAccountSummary, SpenderSummary, Summary,
    Verdict,
};
use crate::report::format::hex;
use crate::report::{Run, VERSION, diagnosis};

#[derive(Serialize)]
struct Document<'a> {
    program: &'static str,
    version: &'static str,
    simulated: bool,
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
    limit_spenders: Vec<Spender<'a>>,
    shared_accounts: Vec<SharedAccount<'a>>,
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
    nodes_by_pool: Vec<Reach<'a>>,
    pulls_by_image: Vec<Reach<'a>>,
    requests_by_identity: Vec<Reach<'a>>,
}

#[derive(Serialize)]
struct Reach<'a> {
    name: &'a str,
    failed_median: f64,
    of_median: f64,
    failed_max: u64,
}

#[derive(Serialize)]
struct Spender<'a> {
    limit: &'a str,
    #[serde(rename = "spender")]
    name: &'a str,
    image: Option<&'a str>,
    units_mean: f64,
    share: f64,
}

/// An account that would have had more units as many anonymous addresses.
#[derive(Serialize)]
struct SharedAccount<'a> {
    limit: &'a str,
    account: &'a str,
    addresses: u64,
    units: f64,
    units_apart: f64,
    replications: u32,
}

/// Writes the summary as JSON.
pub fn write_summary(out: &mut dyn Write, run: Run<'_>) -> io::Result<()> {
    let (scenario, summary) = (run.scenario, run.summary);
    let document = Document {
        program: "pullstorm",
        version: VERSION,
        simulated: true,
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
        expectations: summary.verdicts.iter().map(expectation).collect(),
        metrics: &summary.metrics,
        failures: &summary.failures,
        blast_radius: blast(summary),
        limit_spenders: summary.spenders.iter().map(spender).collect(),
        shared_accounts: summary.shared_accounts.iter().map(shared_account).collect(),
        diagnosis: diagnosis::Document::of(&summary.diagnosis),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn shared_account(it: &SharedAccountSummary) -> SharedAccount<'_> {
    SharedAccount {
        limit: &it.at_most.limit,
        account: &it.at_most.account,
        addresses: it.at_most.addresses,
        units: it.at_most.units,
        units_apart: it.at_most.units_apart,
        replications: it.replications,
    }
}

fn expectation(it: &Verdict) -> Expectation<'_> {
    Expectation {
        metric: it.expectation.metric.to_string(),
        scope: &it.expectation.scope,
        demand: &it.expectation.text,
        origin: &it.expectation.origin,
        holds: it.holds,
        uncertain: it.uncertain,
        held_in_replications: it.held,
        replications: it.replications,
        share_held: f64::from(it.held) / f64::from(it.replications.max(1)),
        share_held_low: it.share_interval.0,
        share_held_high: it.share_interval.1,
        observed: it.observed.as_ref(),
    }
}

fn blast(summary: &Summary) -> Blast<'_> {
    Blast {
        nodes_by_pool: all(&summary.nodes),
        pulls_by_image: all(&summary.images),
        requests_by_identity: all(&summary.identities),
    }
}

fn all(reached: &[ReachSummary]) -> Vec<Reach<'_>> {
    reached
        .iter()
        .map(|it| Reach {
            name: &it.name,
            failed_median: it.hit,
            of_median: it.of,
            failed_max: it.hit_max,
        })
        .collect()
}

fn spender(it: &SpenderSummary) -> Spender<'_> {
    Spender {
        limit: &it.limit,
        name: &it.spender,
        image: it.image.as_deref(),
        units_mean: it.units,
        share: it.share,
    }
}
