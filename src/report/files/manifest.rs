//! `manifest.json`: what was run, exactly, so that it can be run again.

use std::io::{self, Write};

use serde::Serialize;

use super::digests::{Digests, write_sealed};
use crate::engine::chance::{combine, stable_hash};
use crate::report::format::hex;
use crate::report::{Head, Run};
use crate::scenario::Scenario;

/// What the clock on the wall said; the only part of the output that differs from run to run.
#[derive(Clone, Debug, Serialize)]
pub struct WallClock {
    /// When the run began, in seconds since 1970-01-01 UTC.
    pub started_unix_seconds: u64,
    /// How long the replications took.
    pub simulating_seconds: f64,
    /// Threads that ran them.
    pub threads: usize,
}

/// How far work came that was ended early.
#[derive(Clone, Debug, Serialize)]
pub struct Partial {
    /// Replications that are finished.
    pub finished: u32,
    /// Replications that were to be.
    pub asked: u32,
    /// The signal that ended it.
    pub ended_by: &'static str,
}

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    head: Head,
    scenario: &'a str,
    variant: Option<&'a str>,
    seed: u64,
    replications: u32,
    detail_replication: Option<u32>,
    scenario_digest: String,
    run_digest: String,
    parameters: Vec<Parameter<'a>>,
    files: Digests,
    /// Where not all is there that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'a Partial>,
    wall_clock: &'a WallClock,
}

#[derive(Serialize)]
struct Parameter<'a> {
    path: &'a str,
    value: &'a str,
    origin: &'a str,
    /// In force, and nothing that released software has; left out where that is not so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    what_if: bool,
    /// A best reading that nobody could verify; left out where that is not so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unverified: bool,
}

/// Digest of the effective parameters; where a value came from does not matter.
fn scenario_digest(scenario: &Scenario) -> u64 {
    scenario.parameters.iter().fold(0, |digest, it| {
        combine(combine(digest, stable_hash(&it.path)), stable_hash(&it.value))
    })
}

pub(super) fn write(
    out: &mut dyn Write,
    run: Run<'_>,
    files: Digests,
    (partial, wall_clock): (Option<&Partial>, &WallClock),
) -> io::Result<()> {
    let scenario = run.scenario;
    let manifest = Manifest {
        head: Head::SIMULATED,
        scenario: &scenario.name,
        variant: scenario.variant.as_deref(),
        seed: scenario.spec.seed,
        replications: run.summary.replications,
        detail_replication: run.detail().map(|(replication, _)| replication),
        scenario_digest: hex(scenario_digest(scenario)),
        run_digest: hex(run.summary.digest),
        parameters: parameters(scenario),
        files,
        partial,
        wall_clock,
    };
    write_sealed(out, &manifest)
}

fn parameters(scenario: &Scenario) -> Vec<Parameter<'_>> {
    let all = scenario.parameters.iter().map(|it| Parameter {
        path: &it.path,
        value: &it.value,
        origin: &it.origin,
        what_if: it.is_what_if(),
        unverified: it.is_unverified(),
    });
    all.collect()
}

/// What was asked of a scenario, where that is more than to run it.
pub(super) struct Asked {
    /// The verb.
    pub(super) verb: &'static str,
    /// The question, in words.
    pub(super) question: String,
    /// Replications that were spent on it.
    pub(super) runs: u64,
}

#[derive(Serialize)]
struct AskedManifest<'a> {
    #[serde(flatten)]
    head: Head,
    verb: &'static str,
    question: &'a str,
    scenario: &'a str,
    variant: Option<&'a str>,
    seed: u64,
    runs: u64,
    scenario_digest: String,
    parameters: Vec<Parameter<'a>>,
    files: Digests,
    /// Where not all is there that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'a Partial>,
    wall_clock: &'a WallClock,
}

/// Writes the manifest of a question about `scenario`.
pub(super) fn write_asked(
    out: &mut dyn Write,
    scenario: &Scenario,
    asked: &Asked,
    files: Digests,
    (partial, wall_clock): (Option<&Partial>, &WallClock),
) -> io::Result<()> {
    let manifest = AskedManifest {
        head: Head::SIMULATED,
        verb: asked.verb,
        question: &asked.question,
        scenario: &scenario.name,
        variant: scenario.variant.as_deref(),
        seed: scenario.spec.seed,
        runs: asked.runs,
        scenario_digest: hex(scenario_digest(scenario)),
        parameters: parameters(scenario),
        files,
        partial,
        wall_clock,
    };
    write_sealed(out, &manifest)
}
