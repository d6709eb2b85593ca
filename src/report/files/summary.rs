//! `summary.csv`: one row a metric and scope.

use std::io::{self, Write};

use crate::experiment::Summary;

/// Writes the summary as comma-separated values.
pub fn summary_csv(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "metric",
        "scope",
        "unit",
        "mean",
        "half_width",
        "p5",
        "p50",
        "p95",
        "min",
        "max",
        "replications",
        "censored",
        "absent",
    ])?;
    let number = |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
    for it in &summary.metrics {
        csv.write_record([
            it.name.to_string(),
            it.scope.clone(),
            it.unit.text().to_owned(),
            number(it.mean),
            number(it.half_width),
            number(it.p5),
            number(it.p50),
            number(it.p95),
            number(it.min),
            number(it.max),
            it.replications.to_string(),
            it.censored.to_string(),
            it.absent.to_string(),
        ])?;
    }
    csv.flush()
}
