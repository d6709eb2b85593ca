//! `sweep.json`, and what `-o json` prints: the answer, the axes, and what is shown of each point.

use std::io::{self, Write};

use serde::Serialize;

use super::{Swept, answer};
use crate::experiment::{FailureSummary, Judged, MetricSummary};
use crate::report::Head;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    scenario: &'a str,
    title: &'a str,
    question: &'a str,
    answer: String,
    seed: u64,
    replications: u32,
    until: Option<&'a str>,
    design: &'a str,
    plan_hash: &'a str,
    points_holding: Option<usize>,
    metrics: Vec<String>,
    axes: Vec<Axis<'a>>,
    points: Vec<Point<'a>>,
}

#[derive(Serialize)]
struct Axis<'a> {
    path: &'a str,
    unit: Option<&'static str>,
    base: Option<&'a str>,
    values: Vec<Value<'a>>,
}

#[derive(Serialize)]
struct Value<'a> {
    value: &'a str,
    /// The value in the axis's unit, where it is a quantity.
    number: Option<f64>,
}

#[derive(Serialize)]
struct Point<'a> {
    #[serde(rename = "point")]
    index: u32,
    id: &'a str,
    values: Vec<Option<&'a str>>,
    replications: u32,
    incomplete_replications: u32,
    run_digest: &'a str,
    holds: Option<bool>,
    uncertain: Option<bool>,
    expectations: &'a [Judged],
    metrics: Vec<&'a MetricSummary>,
    failures: &'a [FailureSummary],
}

/// Writes the sweep as JSON.
pub fn write_sweep(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    let plan = &swept.plan;
    let axes = plan.axes.iter().enumerate().map(|(at, axis)| {
        let numbers: Vec<_> = axis.values.iter().map(|it| plan.number(at, it)).collect();
        let values = axis.values.iter().zip(&numbers);
        Axis {
            path: &axis.path,
            unit: numbers.first().copied().flatten().map(|it| it.1),
            base: axis.base.as_deref(),
            values: values
                .map(|(value, number)| Value { value, number: number.map(|it| it.0) })
                .collect(),
        }
    });
    let points = swept.both().map(|(point, it)| {
        let expects = !it.expectations.is_empty();
        Point {
            index: point.index,
            id: &point.id,
            values: (0..plan.axes.len()).map(|axis| plan.value(point, axis)).collect(),
            replications: it.replications,
            incomplete_replications: it.incomplete,
            run_digest: &it.run_digest,
            holds: expects.then(|| it.holds()),
            uncertain: expects.then(|| it.is_uncertain()),
            expectations: &it.expectations,
            metrics: it.figures.iter().flatten().collect(),
            failures: &it.failures,
        }
    });
    let document = Document {
        head: Head::SIMULATED,
        scenario: &plan.scenario,
        title: &swept.title,
        question: &swept.question,
        answer: answer::answer(swept),
        seed: plan.seed,
        replications: plan.replications,
        until: plan.until.as_ref().map(|it| it.until.as_str()),
        design: &plan.design,
        plan_hash: &plan.plan_hash,
        points_holding: swept.expects().then(|| swept.holding()),
        metrics: swept.targets.iter().map(ToString::to_string).collect(),
        axes: axes.collect(),
        points: points.collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
