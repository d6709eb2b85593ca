//! Folds the outcomes of all replications into one summary.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::diagnosis::{Diagnosis, diagnose};
use super::samples::{Row, Samples};
use super::text;
use crate::engine::chance::combine;
use crate::engine::stats::wilson;
use crate::model::record::measure::{Family, Measure, Name, ScopeKind, Unit};
use crate::model::record::outcome::{Blast, Outcome, Reach};
use crate::scenario::metrics::Target;
use crate::scenario::{Expectation, Scenario};

/// What all replications of one scenario showed.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Replications folded in.
    pub replications: u32,
    /// Digest of the run: the replications' digests, folded in order.
    pub digest: u64,
    /// Replications that reached the bound on events: their figures are incomplete.
    pub incomplete: u32,
    /// Every metric of every scope, in the order in which the model reports them.
    pub metrics: Vec<MetricSummary>,
    /// Why pulls failed, most frequent first.
    pub failures: Vec<FailureSummary>,
    /// Nodes with a failed pull, per pool.
    pub nodes: Vec<ReachSummary>,
    /// Failed pulls per image, most failures first.
    pub images: Vec<ReachSummary>,
    /// Refusals per identity, most refusals first.
    pub identities: Vec<ReachSummary>,
    /// Who spent each limit, most units first within a limit.
    pub spenders: Vec<SpenderSummary>,
    /// Accounts that would have had more units as many anonymous addresses.
    pub shared_accounts: Vec<SharedAccountSummary>,
    /// What became of the expectations, in the order in which they were written.
    pub verdicts: Vec<Judged>,
    /// What it is diagnosed with.
    pub diagnosis: Diagnosis,
}

/// One metric over the replications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricSummary {
    /// Which one it is.
    #[serde(rename = "metric", with = "text")]
    pub name: Name,
    /// `run`, `workload.NAME`, `pool.NAME`, `registry.NAME` or `mirror.NAME`.
    pub scope: String,
    /// Unit.
    #[serde(with = "text")]
    pub unit: Unit,
    /// Mean; `None` where a replication is censored or none has a value.
    pub mean: Option<f64>,
    /// Half-width of the 95 % interval of the mean (Student's t); `None` below two replications.
    pub half_width: Option<f64>,
    /// 5th percentile; a censored replication ranks above all others, and a percentile on it is
    /// `None`.
    pub p5: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Replications.
    pub replications: u32,
    /// Replications in which the figure lies beyond what the run saw.
    pub censored: u32,
    /// Replications in which there was nothing to measure.
    pub absent: u32,
}

/// Failed pulls of one cause, over all replications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureSummary {
    /// The refusal that ended the pulls.
    pub cause: String,
    /// The earlier refusal that opened the way.
    pub cause_behind: Option<String>,
    /// Failed pulls, over all replications.
    pub count: u64,
    /// Share of all failed pulls.
    pub share: f64,
}

/// How many of which were touched by failures, over the replications.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReachSummary {
    /// Pool, image or identity.
    pub name: String,
    /// Median of what failed; a replication in which nothing did counts as 0.
    #[serde(rename = "failed_median")]
    pub hit: f64,
    /// Median of what there was, over the replications that name it.
    #[serde(rename = "of_median")]
    pub of: f64,
    /// Most that failed in one replication.
    #[serde(rename = "failed_max")]
    pub hit_max: u64,
}

/// What one spender took from one limit, as a mean over the replications.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpenderSummary {
    /// Label of the limit.
    pub limit: String,
    /// `workload.NAME` or `background.NAME`.
    pub spender: String,
    /// Image, where a workload spent it.
    pub image: Option<String>,
    /// Mean units.
    #[serde(rename = "units_mean")]
    pub units: f64,
    /// Share of what was spent of this limit.
    pub share: f64,
}

/// An account that its limit refused while its addresses would have had more without it; figures
/// are those of the replication with the most such addresses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedAccountSummary {
    /// Label of the limit.
    pub limit: String,
    /// The account.
    pub account: String,
    /// Addresses that it was used from.
    pub addresses: u64,
    /// Units that it had.
    pub units: f64,
    /// Units that the addresses would have had without it.
    pub units_apart: f64,
    /// Replications in which it was so.
    pub replications: u32,
}

/// What became of one expectation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// The metric.
    #[serde(with = "text")]
    pub metric: Name,
    /// Its scope.
    pub scope: String,
    /// The demand as it was written.
    pub demand: String,
    /// Whether it holds in as large a share of the replications as demanded.
    pub holds: bool,
    /// Whether the interval of the share straddles the demand: more replications could turn it.
    pub uncertain: bool,
    /// Replications in which it holds.
    pub held_in_replications: u32,
    /// Replications.
    pub replications: u32,
    /// Lower end of the 95 % interval (Wilson's) of the share of replications in which it holds.
    pub share_held_low: f64,
    /// Upper end.
    pub share_held_high: f64,
}

impl Judged {
    /// The demand with its metric: `workload.api.min_available_share >= 75%`.
    pub fn text(&self) -> String {
        let target = Target { scope: self.scope.clone(), metric: self.metric.clone() };
        format!("{target} {}", self.demand)
    }
}

impl Summary {
    /// The metric `name` of `scope`.
    pub fn find(&self, scope: &str, name: &Name) -> Option<&MetricSummary> {
        self.metrics.iter().find(|it| it.scope == scope && it.name == *name)
    }

    /// A metric of the whole run.
    pub fn of_run(&self, measure: Measure) -> Option<&MetricSummary> {
        self.find(ScopeKind::Run.text(), &measure.into())
    }

    /// The members of `family` of the whole run, each with what tells it apart.
    pub fn family_of_run(&self, family: Family) -> impl Iterator<Item = (&str, &MetricSummary)> {
        let of_run = self.metrics.iter().filter(|it| it.scope == ScopeKind::Run.text());
        of_run.filter_map(move |it| Some((family.part(&it.name)?, it)))
    }

    /// Whether every expectation holds.
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(|it| it.holds)
    }
}

/// Folds `outcomes`, which are in the order of their replications.
pub fn summarise(scenario: &Scenario, outcomes: &[Outcome]) -> Summary {
    let table = Samples::new(outcomes);
    Summary {
        replications: outcomes.len() as u32,
        digest: outcomes.iter().fold(0, |digest, it| combine(digest, it.digest)),
        incomplete: outcomes.iter().filter(|it| it.is_incomplete()).count() as u32,
        metrics: table.rows().map(Row::summarise).collect(),
        failures: failures(outcomes),
        nodes: reach(outcomes, |it| &it.nodes, Order::AsReported),
        images: reach(outcomes, |it| &it.images, Order::MostHit),
        identities: reach(outcomes, |it| &it.identities, Order::MostHit),
        spenders: spenders(outcomes),
        shared_accounts: shared_accounts(outcomes),
        verdicts: judge_all(scenario, &table),
        diagnosis: diagnose(&outcomes.iter().map(|it| &it.observed).collect::<Vec<_>>()),
    }
}

fn failures(outcomes: &[Outcome]) -> Vec<FailureSummary> {
    let mut counts = BTreeMap::new();
    for failure in outcomes.iter().flat_map(|it| &it.failures) {
        *counts.entry((&failure.cause, &failure.cause_behind)).or_insert(0) += failure.count;
    }
    let total: u64 = counts.values().sum();
    let mut failures: Vec<_> = counts
        .into_iter()
        .map(|((cause, cause_behind), count)| FailureSummary {
            cause: cause.clone(),
            cause_behind: cause_behind.clone(),
            count,
            share: count as f64 / total.max(1) as f64,
        })
        .collect();
    // Stable: equal counts stay in the order of their names.
    failures.sort_by_key(|it| std::cmp::Reverse(it.count));
    failures
}

/// In which order what was reached is shown.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    AsReported,
    MostHit,
}

fn reach(
    outcomes: &[Outcome],
    part: impl Fn(&Blast) -> &Vec<Reach>,
    order: Order,
) -> Vec<ReachSummary> {
    let mut names: Vec<&str> = vec![];
    let mut found: BTreeMap<&str, (Vec<u64>, Vec<u64>)> = BTreeMap::new();
    for it in outcomes.iter().flat_map(|it| part(&it.blast)) {
        let (hits, totals) = found.entry(&it.name).or_insert_with(|| {
            names.push(&it.name);
            <_>::default()
        });
        hits.push(it.hit);
        totals.push(it.of);
    }
    let mut reached: Vec<_> = names
        .into_iter()
        .map(|name| {
            let (mut hits, mut totals) = found.remove(name).unwrap_or_default();
            hits.resize(outcomes.len().max(hits.len()), 0);
            ReachSummary {
                name: name.to_owned(),
                hit: median(&mut hits),
                of: median(&mut totals),
                hit_max: hits.iter().copied().max().unwrap_or(0),
            }
        })
        .collect();
    if order == Order::MostHit {
        reached.sort_by(|a, b| b.hit.total_cmp(&a.hit).then_with(|| a.name.cmp(&b.name)));
    }
    reached
}

fn median(values: &mut [u64]) -> f64 {
    values.sort_unstable();
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2] as f64,
        n => f64::midpoint(values[n / 2 - 1] as f64, values[n / 2] as f64),
    }
}

fn spenders(outcomes: &[Outcome]) -> Vec<SpenderSummary> {
    let mut units: BTreeMap<_, f64> = BTreeMap::new();
    for it in outcomes.iter().flat_map(|it| &it.spenders) {
        *units.entry((&it.limit, &it.spender, &it.image)).or_default() += it.units;
    }
    let mut totals: BTreeMap<&str, f64> = BTreeMap::new();
    for ((limit, ..), units) in &units {
        *totals.entry(limit).or_default() += units;
    }
    let mut spenders: Vec<_> = units
        .into_iter()
        .map(|((limit, spender, image), units)| SpenderSummary {
            limit: limit.clone(),
            spender: spender.clone(),
            image: image.clone(),
            units: units / outcomes.len() as f64,
            share: if 0.0 < totals[limit.as_str()] { units / totals[limit.as_str()] } else { 0.0 },
        })
        .collect();
    // Stable: equal units stay in the order of their names.
    spenders.sort_by(|a, b| a.limit.cmp(&b.limit).then(b.units.total_cmp(&a.units)));
    spenders
}

fn shared_accounts(outcomes: &[Outcome]) -> Vec<SharedAccountSummary> {
    let mut found: BTreeMap<(&str, &str), SharedAccountSummary> = BTreeMap::new();
    for it in outcomes.iter().flat_map(|it| &it.shared_accounts) {
        let replications = found.get(&(&*it.limit, &*it.account)).map_or(0, |it| it.replications);
        let here = SharedAccountSummary {
            limit: it.limit.clone(),
            account: it.account.clone(),
            addresses: it.addresses,
            units: it.units,
            units_apart: it.units_apart,
            replications: 0,
        };
        let most = found.entry((&it.limit, &it.account)).or_insert_with(|| here.clone());
        if most.addresses < it.addresses {
            *most = here;
        }
        most.replications = replications + 1;
    }
    found.into_values().collect()
}

/// What becomes of the expectations of a scenario.
pub fn judge_all(scenario: &Scenario, table: &Samples) -> Vec<Judged> {
    let in_runs = scenario.in_runs.as_f64();
    scenario.expectations.iter().map(|it| judge(it, table, in_runs)).collect()
}

pub(super) fn judge(expectation: &Expectation, table: &Samples, in_runs: f64) -> Judged {
    let row = table.find(&expectation.scope, &expectation.metric);
    let meets = |value: f64| expectation.comparison.holds(value, expectation.demand);
    let held = match row {
        Some(row) => row.values.iter().filter(|it| it.known().is_some_and(meets)).count() as u32,
        // A member of a family (`pull_failures_by_cause.X`) that no replication reports was never
        // counted.
        None if expectation.metric.is_member() && meets(0.0) => table.replications(),
        None => 0,
    };
    let replications = table.replications();
    let (low, high) = wilson(u64::from(held), u64::from(replications));
    Judged {
        metric: expectation.metric.clone(),
        scope: expectation.scope.clone(),
        demand: expectation.text.clone(),
        holds: 0 < replications && in_runs <= f64::from(held) / f64::from(replications),
        uncertain: low < in_runs && in_runs < high,
        held_in_replications: held,
        replications,
        share_held_low: low,
        share_held_high: high,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::measure;
    use crate::model::record::operator::Observed;
    use crate::model::record::outcome::{FailureCount, Metric, SharedAccount, StopReason, Value};
    use crate::scenario::Comparison;

    fn outcome(replication: u32, value: Value) -> Outcome {
        Outcome {
            replication,
            digest: u64::from(replication) + 1,
            stop: StopReason::Horizon,
            metrics: vec![Metric {
                scope: "run".into(),
                name: measure::READY_SECONDS_P95.into(),
                value,
            }],
            failures: vec![FailureCount {
                cause: "anonymous-pulls".into(),
                cause_behind: (replication == 1).then(|| "mirror".into()),
                count: 3,
            }],
            blast: Blast {
                nodes: vec![],
                images: vec![],
                identities: if replication == 0 {
                    vec![Reach { name: "nat".into(), hit: 9, of: 10 }]
                } else {
                    vec![]
                },
            },
            spenders: vec![],
            shared_accounts: vec![],
            observed: Observed::default(),
            detail: None,
        }
    }

    fn row(values: &[Value]) -> MetricSummary {
        let outcomes: Vec<_> = values.iter().zip(0..).map(|(it, n)| outcome(n, *it)).collect();
        Samples::new(&outcomes).rows().next().unwrap().summarise()
    }

    fn expectation(metric: impl Into<Name>, demand: f64) -> Expectation {
        Expectation {
            scope: "run".into(),
            metric: metric.into(),
            comparison: Comparison::Less,
            demand,
            text: String::new(),
            origin: String::new(),
        }
    }

    #[test]
    fn one_censored_replication_empties_the_mean_and_ranks_last() {
        let it = row(&[Value::Known(3.0), Value::Censored, Value::Known(1.0), Value::Known(2.0)]);
        assert_eq!((it.mean, it.half_width), (None, None));
        assert_eq!((it.min, it.p50, it.p95, it.max), (Some(1.0), Some(2.0), None, None));
        assert_eq!((it.replications, it.censored, it.absent), (4, 1, 0));
    }

    #[test]
    fn absent_replications_are_left_out_of_the_mean() {
        let it = row(&[Value::Known(3.0), Value::Absent, Value::Known(1.0)]);
        assert_eq!((it.mean, it.absent), (Some(2.0), 1));
        // Two values, one degree of freedom: t is 12.706, the standard error 1.
        assert!((it.half_width.unwrap() - 12.706).abs() < 1e-3);
        let it = row(&[Value::Absent]);
        assert_eq!((it.mean, it.min, it.max, it.absent), (None, None, None, 1));
    }

    #[test]
    fn a_censored_value_fails_its_expectation_and_few_replications_leave_it_uncertain() {
        let mut outcomes: Vec<_> = (0..100).map(|n| outcome(n, Value::Known(1.0))).collect();
        let judged = |outcomes: &[Outcome]| {
            judge(&expectation(measure::READY_SECONDS_P95, 2.0), &Samples::new(outcomes), 0.95)
        };
        let all = judged(&outcomes);
        assert!((all.held_in_replications, all.holds, all.uncertain) == (100, true, false));
        let few = judged(&outcomes[..20]);
        assert!((few.held_in_replications, few.holds, few.uncertain) == (20, true, true));
        for it in &mut outcomes[..5] {
            it.metrics[0].value = Value::Censored;
        }
        let most = judged(&outcomes);
        assert!((most.held_in_replications, most.holds, most.uncertain) == (95, true, true));
        for it in &mut outcomes[..20] {
            it.metrics[0].value = Value::Censored;
        }
        let fewer = judged(&outcomes);
        assert!((fewer.held_in_replications, fewer.holds, fewer.uncertain) == (80, false, false));
    }

    #[test]
    fn what_was_never_counted_is_zero_for_a_family_and_no_value_otherwise() {
        let table = Samples::new(&[outcome(0, Value::Absent)]);
        assert_eq!(
            judge(&expectation(measure::PULL_FAILURES_BY_CAUSE.of("dns"), 1.0), &table, 0.9)
                .held_in_replications,
            1
        );
        assert_eq!(
            judge(&expectation(measure::READY_SECONDS_P95, 1.0), &table, 0.9).held_in_replications,
            0
        );
        assert_eq!(
            judge(&expectation(measure::RECOVERY_SECONDS, 1.0), &table, 0.9).held_in_replications,
            0
        );
    }

    #[test]
    fn an_account_that_is_shared_is_shown_where_most_addresses_shared_it() {
        let shared = |account: &str, addresses: u64| SharedAccount {
            limit: "personal-pulls".into(),
            account: account.into(),
            addresses,
            units: 200.0,
            units_apart: 100.0 * addresses as f64,
        };
        let mut outcomes: Vec<_> = (0..3).map(|n| outcome(n, Value::Absent)).collect();
        outcomes[0].shared_accounts = vec![shared("ci", 7)];
        outcomes[2].shared_accounts = vec![shared("ci", 8), shared("dev", 3)];
        let found = shared_accounts(&outcomes);
        let shown = |it: &SharedAccountSummary| {
            (it.account.clone(), it.addresses, it.units_apart, it.replications)
        };
        let found: Vec<_> = found.iter().map(shown).collect();
        assert_eq!(found, [("ci".into(), 8, 800.0, 2), ("dev".into(), 3, 300.0, 1)]);
    }

    #[test]
    fn failures_add_up_and_medians_count_replications_without_failures() {
        let outcomes: Vec<_> = (0..3).map(|n| outcome(n, Value::Absent)).collect();
        let failures = failures(&outcomes);
        let counts: Vec<_> =
            failures.iter().map(|it| (it.cause_behind.as_deref(), it.count)).collect();
        assert_eq!(counts, [(None, 6), (Some("mirror"), 3)]);
        assert!((failures[0].share - 2.0 / 3.0).abs() < 1e-12);
        let reached = reach(&outcomes, |it| &it.identities, Order::MostHit);
        assert_eq!(reached.len(), 1);
        assert_eq!((reached[0].hit as u64, reached[0].of as u64, reached[0].hit_max), (0, 10, 9));
    }
}
