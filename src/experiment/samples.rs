//! Every figure of every replication: what summaries fold, and what comparisons pair.

use std::collections::{BTreeMap, BTreeSet};

use super::MetricSummary;
use crate::engine::stats::{mean_and_half_width, quantile_of};
use crate::model::record::measure::{Measure, Name, ScopeKind};
use crate::model::record::outcome::{Outcome, Value};

/// Every metric with its values by replication.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    rows: Vec<Row>,
    index: BTreeMap<(String, Name), usize>,
    replications: usize,
}

/// One metric's values by replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `run`, `workload.NAME`, `pool.NAME`, `registry.NAME` or `mirror.NAME`.
    pub scope: String,
    /// Which one it is.
    pub name: Name,
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
                    samples.row(&metric.scope, &metric.name)
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

    fn row(&mut self, scope: &str, name: &Name) -> usize {
        let (rows, replications) = (&mut self.rows, self.replications);
        *self.index.entry((scope.to_owned(), name.clone())).or_insert_with(|| {
            rows.push(Row {
                scope: scope.to_owned(),
                name: name.clone(),
                values: vec![Value::Absent; replications],
            });
            rows.len() - 1
        })
    }

    /// Sees to it that all of `sides` have the members of families (`limit_units_spent.dns`)
    /// that any of them has in a scope of theirs: 0 where a side does not know the member, as what
    /// a variant brings or takes away never happened on the other side.
    pub fn align(sides: &mut [&mut Self]) {
        // In the order in which they are met; the set alone says whether one was met before.
        let mut members: Vec<Row> = vec![];
        let mut met: BTreeSet<(&str, &Name)> = BTreeSet::new();
        for row in sides.iter().flat_map(|it| it.rows.iter()).filter(|it| it.name.is_member()) {
            if met.insert((&row.scope, &row.name)) {
                let (scope, name) = (row.scope.clone(), row.name.clone());
                members.push(Row { scope, name, values: vec![] });
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
        let family = |it: &Row| it.name.info().name;
        let of_family = |it: &Row| it.scope == member.scope && family(it) == family(member);
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
    pub fn find(&self, scope: &str, name: &Name) -> Option<&Row> {
        self.index.get(&(scope.to_owned(), name.clone())).map(|&row| &self.rows[row])
    }

    /// A metric of the whole run.
    pub fn of_run(&self, measure: Measure) -> Option<&Row> {
        self.find(ScopeKind::Run.text(), &measure.into())
    }
}

fn index(rows: &[Row]) -> BTreeMap<(String, Name), usize> {
    let key = |it: &Row| (it.scope.clone(), it.name.clone());
    rows.iter().enumerate().map(|(at, it)| (key(it), at)).collect()
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
            unit: self.name.info().unit,
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
    use crate::model::record::measure::{EVENTS, LIMIT_UNITS_SPENT, PODS};

    fn samples(names: &[(&str, Name)]) -> Samples {
        let row = |(scope, name): &(&str, Name)| Row {
            scope: (*scope).into(),
            name: name.clone(),
            values: vec![Value::Known(3.0); 2],
        };
        Samples::from_rows(names.iter().map(row).collect()).unwrap()
    }

    #[test]
    fn members_of_families_are_zero_where_a_side_does_not_know_them() {
        let [x, y] = ["x", "y"].map(|it| LIMIT_UNITS_SPENT.of(it));
        let (pods, events) = (Name::from(PODS), Name::from(EVENTS));
        let (mut a, mut b) = (
            samples(&[("run", x.clone()), ("run", pods.clone()), ("pool.p", x.clone())]),
            samples(&[("run", y.clone()), ("run", events.clone())]),
        );
        Samples::align(&mut [&mut a, &mut b]);
        let names = |it: &Samples| -> Vec<(String, Name)> {
            it.rows().map(|it| (it.scope.clone(), it.name.clone())).collect()
        };
        let of_run = |it: &Name| ("run".to_owned(), it.clone());
        let of_pool = ("pool.p".to_owned(), x.clone());
        assert_eq!(names(&a), [of_run(&x), of_run(&y), of_run(&pods), of_pool]);
        // A scope that a side does not have is not made up, nor is a metric of its own.
        assert_eq!(names(&b), [of_run(&y), of_run(&x), of_run(&events)]);
        assert_eq!(b.find("run", &x).unwrap().values, [Value::Known(0.0); 2]);
        assert_eq!(a.of_run(PODS).unwrap().values, [Value::Known(3.0); 2]);
    }
}
