//! Every figure of every replication: what summaries fold, and what comparisons pair.

use std::collections::BTreeMap;

use super::MetricSummary;
use crate::engine::stats::{mean_and_half_width, quantile_of};
use crate::model::outcome::{Outcome, Value};

/// Every metric with its values by replication.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    rows: Vec<Row>,
    index: BTreeMap<(String, String), usize>,
    replications: usize,
}

/// One metric's values by replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `run`, `workload.NAME`, `pool.NAME` or `registry.NAME`.
    pub scope: String,
    /// Stable name, with its suffix.
    pub name: String,
    /// Unit.
    pub unit: &'static str,
    /// By replication, from the first on.
    pub values: Vec<Value>,
}

impl Samples {
    /// The figures of `outcomes`, which are in the order of their replications.
    pub fn new(outcomes: &[Outcome]) -> Self {
        let mut samples = Self { replications: outcomes.len(), ..Self::default() };
        for (replication, outcome) in outcomes.iter().enumerate() {
            for (position, metric) in outcome.metrics.iter().enumerate() {
                // All replications report the same metrics in the same order, so the look-up is the
                // exception.
                let same = |it: &Row| it.scope == metric.scope && it.name == metric.name;
                let row = if samples.rows.get(position).is_some_and(same) {
                    position
                } else {
                    samples.row(&metric.scope, &metric.name, metric.unit)
                };
                samples.rows[row].values[replication] = metric.value;
            }
        }
        samples
    }

    /// The figures of `rows`; `None` where they do not have the same number of replications each.
    pub fn from_rows(rows: Vec<Row>) -> Option<Self> {
        let replications = rows.first().map_or(0, |it| it.values.len());
        if rows.iter().any(|it| it.values.len() != replications) {
            return None;
        }
        let key = |it: &Row| (it.scope.clone(), it.name.clone());
        let index = rows.iter().enumerate().map(|(at, it)| (key(it), at)).collect();
        Some(Self { rows, index, replications })
    }

    fn row(&mut self, scope: &str, name: &str, unit: &'static str) -> usize {
        let (rows, replications) = (&mut self.rows, self.replications);
        *self.index.entry((scope.to_owned(), name.to_owned())).or_insert_with(|| {
            rows.push(Row {
                scope: scope.to_owned(),
                name: name.to_owned(),
                unit,
                values: vec![Value::Absent; replications],
            });
            rows.len() - 1
        })
    }

    /// Replications.
    pub const fn replications(&self) -> u32 {
        self.replications as u32
    }

    /// Every metric, in the order in which the model reports them.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.iter()
    }

    /// The metric `name` of `scope`.
    pub fn find(&self, scope: &str, name: &str) -> Option<&Row> {
        self.index.get(&(scope.to_owned(), name.to_owned())).map(|&row| &self.rows[row])
    }
}

impl Row {
    /// The figures folded.
    pub fn summarise(&self) -> MetricSummary {
        let known: Vec<f64> = self.values.iter().filter_map(|it| it.known()).collect();
        let count = |value| self.values.iter().filter(|&&it| it == value).count();
        let (censored, absent) = (count(Value::Censored), count(Value::Absent));
        let (mean, half_width) =
            if censored == 0 { mean_and_half_width(&known) } else { (None, None) };
        // A censored figure ranks above all others, and a percentile on it is none.
        let mut ranked = known;
        ranked.resize(ranked.len() + censored, f64::INFINITY);
        let percentile = |per_mille| quantile_of(&ranked, per_mille).filter(|it| it.is_finite());
        MetricSummary {
            scope: self.scope.clone(),
            name: self.name.clone(),
            unit: self.unit,
            mean,
            half_width,
            min: percentile(0),
            p5: percentile(50),
            p50: percentile(500),
            p95: percentile(950),
            max: percentile(1000),
            replications: self.values.len() as u32,
            censored: censored as u32,
            absent: absent as u32,
        }
    }
}
