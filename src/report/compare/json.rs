//! `comparison.json`: the whole comparison, for other programs.

use std::io::{self, Write};

use serde::Serialize;

use super::{Compared, assumptions, passes};
use crate::experiment::compare::{Arm, Design, Difference, Gate, Stack};
use crate::report::Head;
use crate::report::format::hex;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    name: &'a str,
    title: &'a str,
    ranked_by: String,
    paired: bool,
    horizon_seconds: Option<f64>,
    base: Side<'a>,
    variants: Vec<Variant<'a>>,
    stack: Option<StackDocument<'a>>,
    tolerances: Vec<GateDocument<'a>>,
    assumptions: Option<Vec<assumptions::Line>>,
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    title: &'a str,
    seed: u64,
    replications: u32,
    incomplete_replications: u32,
    replication_digests: Vec<String>,
    what_if: &'a [String],
    lever: Option<&'a str>,
    expectations_hold: Option<bool>,
    expectations: Vec<ExpectationDocument<'a>>,
}

#[derive(Serialize)]
struct ExpectationDocument<'a> {
    scope: &'a str,
    metric: String,
    demand: &'a str,
    holds: bool,
    uncertain: bool,
    held_in_replications: u32,
    replications: u32,
}

#[derive(Serialize)]
struct Variant<'a> {
    rank: Option<u32>,
    tied_with_the_one_before: bool,
    identical_to_base: bool,
    #[serde(flatten)]
    side: Side<'a>,
    differences: Vec<DifferenceDocument<'a>>,
}

#[derive(Serialize)]
struct DifferenceDocument<'a> {
    metric: String,
    scope: &'a str,
    unit: &'static str,
    base_mean: Option<f64>,
    mean: Option<f64>,
    difference: Option<f64>,
    half_width: Option<f64>,
    relative: Option<f64>,
    verdict: &'static str,
    identical: bool,
    pairs: u32,
    base_censored: u32,
    censored: u32,
}

#[derive(Serialize)]
struct StackDocument<'a> {
    parts: Vec<Part<'a>>,
    together: DifferenceDocument<'a>,
    interaction: DifferenceDocument<'a>,
    reading: String,
    expectations_hold: Option<bool>,
}

#[derive(Serialize)]
struct Part<'a> {
    variant: &'a str,
    is_what_if: bool,
    alone: DifferenceDocument<'a>,
    left_out: DifferenceDocument<'a>,
}

#[derive(Serialize)]
struct GateDocument<'a> {
    tolerance: String,
    variant: &'a str,
    worsening: Option<f64>,
    passes: bool,
    uncertain: bool,
}

/// Writes the comparison as JSON.
pub fn write_json(out: &mut dyn Write, compared: &Compared<'_>) -> io::Result<()> {
    let comparison = compared.comparison;
    let variants = compared.ranked().map(|(rank, changed)| Variant {
        rank: rank.place,
        tied_with_the_one_before: rank.is_tied,
        identical_to_base: changed.is_identical_to(&comparison.base),
        side: side(&changed.arm),
        differences: changed.differences.iter().map(difference).collect(),
    });
    let document = Document {
        head: Head::SIMULATED,
        name: compared.name,
        title: compared.title,
        ranked_by: compared.by.to_string(),
        paired: comparison.design == Design::Paired,
        horizon_seconds: compared.horizon_seconds,
        base: side(&comparison.base),
        variants: variants.collect(),
        stack: compared.stack.map(stack),
        tolerances: compared.gates.iter().map(gate).collect(),
        assumptions: compared.assumed.map(|it| assumptions::lines(it, compared.by)),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn side(arm: &Arm) -> Side<'_> {
    Side {
        name: &arm.name,
        title: &arm.title,
        seed: arm.seed,
        replications: arm.samples.replications(),
        incomplete_replications: arm.incomplete,
        replication_digests: arm.digests.iter().map(|it| hex(*it)).collect(),
        what_if: &arm.what_if,
        lever: arm.lever.map(|it| it.id),
        expectations_hold: (!arm.verdicts.is_empty())
            .then(|| arm.verdicts.iter().all(|it| it.holds)),
        expectations: arm
            .verdicts
            .iter()
            .map(|it| ExpectationDocument {
                scope: &it.scope,
                metric: it.metric.to_string(),
                demand: &it.demand,
                holds: it.holds,
                uncertain: it.uncertain,
                held_in_replications: it.held_in_replications,
                replications: it.replications,
            })
            .collect(),
    }
}

fn difference(it: &Difference) -> DifferenceDocument<'_> {
    DifferenceDocument {
        metric: it.base.name.to_string(),
        scope: &it.base.scope,
        unit: it.base.unit.text(),
        base_mean: it.base.mean,
        mean: it.changed.mean,
        difference: it.difference,
        half_width: it.half_width,
        relative: it.relative,
        verdict: it.effect.name(),
        identical: it.identical,
        pairs: it.pairs,
        base_censored: it.base.censored,
        censored: it.changed.censored,
    }
}

fn stack(it: &Stack) -> StackDocument<'_> {
    StackDocument {
        parts: it
            .parts
            .iter()
            .map(|it| Part {
                variant: &it.name,
                is_what_if: it.is_what_if,
                alone: difference(&it.alone),
                left_out: difference(&it.left_out),
            })
            .collect(),
        together: difference(&it.together),
        interaction: difference(&it.interaction),
        reading: it.reading(),
        expectations_hold: it.holds,
    }
}

fn gate(it: &Gate) -> GateDocument<'_> {
    GateDocument {
        tolerance: it.tolerance.to_string(),
        variant: &it.name,
        worsening: it.worsening,
        passes: passes(it),
        uncertain: it.is_uncertain,
    }
}
