//! Every figure of every replication: what summaries fold, and what comparisons pair.

use std::collections::{BTreeMap, BTreeSet};

use super::MetricSummary;
use crate::engine::stats::{mean_and_half_width, quantile_of};
use crate::model::record::outcome::{Outcome, Value};

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
        Some(Self { index: index(&rows), rows, replications })
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

    /// Sees to it that all of `sides` have the members of families (`pull_failures_by_cause.dns`)
    /// that any of them has in a scope of theirs: 0 where a side does not know the member, as what
    /// a variant brings or takes away never happened on the other side.
    pub fn align(sides: &mut [&mut Self]) {
        // In the order in which they are met; the set alone says whether one was met before.
        let mut members: Vec<Row> = vec![];
        let mut met: BTreeSet<(String, String)> = BTreeSet::new();
        for row in sides.iter().flat_map(|it| it.rows.iter()).filter(|it| it.is_member()) {
            if met.insert((row.scope.clone(), row.name.clone())) {
                let (scope, name) = (row.scope.clone(), row.name.clone());
                members.push(Row { scope, name, unit: row.unit, values: vec![] });
            }
        }
        for side in sides {
            for member in &members {
                side.add_zeros(member);
            }
        }
    }

    /// Adds a member that is not there, behind its family.
    fn add_zeros(&mut self, member: &Row) {
        if self.find(&member.scope, &member.name).is_some() {
            return;
        }
        let Some(last_of_scope) = self.rows.iter().rposition(|it| it.scope == member.scope) else {
            return;
        };
        let of_family = |it: &Row| it.scope == member.scope && it.family() == member.family();
        let last = self.rows.iter().rposition(of_family).unwrap_or(last_of_scope);
        let values = vec![Value::Known(0.0); self.replications];
        self.rows.insert(last + 1, Row { values, ..member.clone() });
        self.index = index(&self.rows);
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

fn index(rows: &[Row]) -> BTreeMap<(String, String), usize> {
    let key = |it: &Row| (it.scope.clone(), it.name.clone());
    rows.iter().enumerate().map(|(at, it)| (key(it), at)).collect()
}

impl Row {
    /// Whether it is a member of a family, such as `pull_failures_by_cause.dns`.
    pub fn is_member(&self) -> bool {
        self.name.contains('.')
    }

    /// The metric of which it is a member, or itself.
    fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(names: &[(&str, &str)]) -> Samples {
        let row = |&(scope, name): &(&str, &str)| Row {
            scope: scope.into(),
            name: name.into(),
            unit: "pulls",
            values: vec![Value::Known(3.0); 2],
        };
        Samples::from_rows(names.iter().map(row).collect()).unwrap()
    }

    #[test]
    fn members_of_families_are_zero_where_a_side_does_not_know_them() {
        let (mut a, mut b) = (
            samples(&[("run", "causes.x"), ("run", "pods"), ("pool.p", "causes.x")]),
            samples(&[("run", "causes.y"), ("run", "events")]),
        );
        Samples::align(&mut [&mut a, &mut b]);
        let names = |it: &Samples| -> Vec<String> {
            it.rows().map(|it| format!("{} {}", it.scope, it.name)).collect()
        };
        assert_eq!(names(&a), ["run causes.x", "run causes.y", "run pods", "pool.p causes.x"]);
        // A scope that a side does not have is not made up, nor is a metric of its own.
        assert_eq!(names(&b), ["run causes.y", "run causes.x", "run events"]);
        assert_eq!(b.find("run", "causes.x").unwrap().values, [Value::Known(0.0); 2]);
        assert_eq!(a.find("run", "pods").unwrap().values, [Value::Known(3.0); 2]);
    }
}
