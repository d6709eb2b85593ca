//! `comparison.csv`: one row a variant, metric and scope.

use std::io::{self, Write};

use super::Compared;
use crate::experiment::compare::Difference;

const HEAD: [&str; 17] = [
    "variant",
    "metric",
    "scope",
    "unit",
    "base_mean",
    "mean",
    "difference",
    "half_width",
    "relative",
    "verdict",
    "identical",
    "pairs",
    "base_censored",
    "censored",
    "base_absent",
    "absent",
    "what_if",
];

/// Writes every difference as comma-separated values.
pub fn comparison_csv(out: &mut dyn Write, compared: &Compared<'_>) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEAD)?;
    for (_, changed) in compared.ranked() {
        for it in &changed.differences {
            csv.write_record(record(&changed.arm.name, it, !changed.arm.what_if.is_empty()))?;
        }
    }
    csv.flush()
}

fn record(variant: &str, it: &Difference, what_if: bool) -> [String; 17] {
    let number = |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
    [
        variant.to_owned(),
        it.base.name.to_string(),
        it.base.scope.clone(),
        it.base.unit.text().to_owned(),
        number(it.base.mean),
        number(it.changed.mean),
        number(it.difference),
        number(it.half_width),
        number(it.relative),
        it.effect.name().to_owned(),
        it.identical.to_string(),
        it.pairs.to_string(),
        it.base.censored.to_string(),
        it.changed.censored.to_string(),
        it.base.absent.to_string(),
        it.changed.absent.to_string(),
        what_if.to_string(),
    ]
}
