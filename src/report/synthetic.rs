//! Outcomes made up for the tests of the reports: a storm that looks like one, without a model.

use crate::engine::chance::Chance;
use crate::experiment::{Summary, summarise};
use crate::model::record::measure::{self, Measure, Name};
use crate::model::record::operator::{BinSeen, Observed};
use crate::model::record::outcome::{
    Blast, CounterSeries, Detail, FailureCount, GaugeSeries, Metric, Outcome, PodRow, PullResult,
    PullRow, Reach, SharedAccount, Spender, StopReason, Value,
};
use crate::model::spec::{ControlPlaneSpec, Spec, StateSpec};
use crate::model::words::kubelet_events::Class;
use crate::model::words::trigger::Trigger;
use crate::scenario::{Comparison, Expectation, Parameter, Scenario, VariantInfo};
use crate::units::{Bytes, Share, Span, Time};

const LIMIT: &str = "docker-hub/anonymous-pulls";
const WINDOW: u64 = 3_600;
const HORIZON: u64 = 6 * 3_600;

/// Two pods, one of which fails.
pub(crate) fn tiny_detail() -> Detail {
    let pull = PullRow {
        pod: Some(0),
        node: 0,
        image: 0,
        attempt: 1,
        asked: Time::from_micros(1_000_000),
        started: Some(Time::from_micros(1_500_000)),
        ended: Some(Time::from_micros(2_250_000)),
        result: PullResult::Succeeded,
        requests: 9,
        bytes: Bytes(65_000_000),
    };
    let failed = PullRow {
        pod: Some(1),
        node: 1,
        started: Some(Time::from_micros(1_000_000)),
        ended: Some(Time::from_micros(1_200_000)),
        result: PullResult::Failed { cause: 0, cause_behind: Some(1) },
        requests: 4,
        bytes: Bytes(0),
        ..pull
    };
    let open = PullRow {
        pod: None,
        attempt: 2,
        asked: Time::from_micros(11_000_000),
        started: None,
        ended: None,
        result: PullResult::Open,
        requests: 0,
        ..failed
    };
    let pod = PodRow {
        workload: 0,
        ordinal: 0,
        node: Some(0),
        created: Time::from_micros(500_000),
        bound: Some(Time::from_micros(750_000)),
        ready: Some(Time::from_micros(3_000_000)),
        deleted: None,
        attempts: 1,
        failures: 0,
    };
    let stuck = PodRow {
        ordinal: 1,
        node: Some(1),
        bound: Some(Time::from_micros(800_000)),
        ready: None,
        attempts: 2,
        failures: 1,
        ..pod
    };
    Detail {
        limit_rates: vec![],
        nodes: vec!["n-0".into(), "n-1".into()],
        images: vec!["api".into()],
        workloads: vec!["api".into()],
        pullers: vec![],
        causes: vec!["anonymous-pulls".into(), "mirror-timeout".into()],
        pulls: vec![pull, failed, open],
        pods: vec![pod, stuck],
        counters: vec![CounterSeries {
            series: "requests",
            scope: "docker-hub/registry".into(),
            kind: "ok".into(),
            per_second: vec![0, 7, 5, 0, 0, 0, 0, 0, 0, 0, 0, 3],
        }],
        gauges: vec![GaugeSeries {
            series: "limit_units_left",
            scope: LIMIT.into(),
            kind: "203.0.113.7".into(),
            top: Some(100.0),
            samples: vec![None, Some(98.5)],
        }]
        .into_iter()
        .chain(pod_levels(&[(3, 0), (3, 1), (3, 2)]))
        .collect(),
    }
}

/// Pods that exist and pods that are ready, sample by sample.
fn pod_levels(levels: &[(u32, u32)]) -> [GaugeSeries; 2] {
    let series = |series, samples: Vec<Option<f64>>| GaugeSeries {
        series,
        scope: "api".into(),
        kind: String::new(),
        top: None,
        samples,
    };
    let some = |it: u32| Some(f64::from(it));
    [
        series("pods_created", levels.iter().map(|it| some(it.0)).collect()),
        series("pods_ready", levels.iter().map(|it| some(it.1)).collect()),
    ]
}

/// The same of a storm's rows.
fn pod_levels_of(detail: &Detail) -> [GaugeSeries; 2] {
    let at = |sample: u64| Time::from_secs(sample * 10);
    let levels: Vec<(u32, u32)> = (1..=HORIZON / 10)
        .map(|sample| {
            let exist = detail.pods.iter().filter(|it| it.created <= at(sample)).count();
            let is_ready = |it: &&PodRow| it.ready.is_some_and(|ready| ready <= at(sample));
            (exist as u32, detail.pods.iter().filter(is_ready).count() as u32)
        })
        .collect();
    pod_levels(&levels)
}

/// Adds one to a second of a series.
fn count(counters: &mut Vec<CounterSeries>, series: &'static str, kind: &str, at: Time) {
    let position = counters.iter().position(|it| it.series == series && it.kind == kind);
    let position = position.unwrap_or_else(|| {
        let scope = if series == "requests" { "docker-hub/registry" } else { "" };
        counters.push(CounterSeries {
            series,
            scope: scope.into(),
            kind: kind.into(),
            per_second: vec![],
        });
        counters.len() - 1
    });
    let second = (at.as_micros() / 1_000_000) as usize;
    let counts = &mut counters[position].per_second;
    counts.resize(counts.len().max(second + 1), 0);
    counts[second] += 1;
}

/// When, pod, attempt: taken in the order of time.
type Attempts = std::collections::BTreeSet<(Time, u32, u32)>;

const CAUSES: [&str; 3] = ["anonymous-pulls", "registry-pull-qps", "dns"];

/// `pods` pods on `nodes` nodes behind one address with 150 pulls an hour, retrying by kubelet's
/// ladder.
pub(crate) fn storm(nodes: u32, pods: u32) -> Detail {
    let chance = Chance::new(42, 0);
    let (mut detail, mut attempts) = waves(chance, nodes, pods);
    let mut left = std::collections::BTreeMap::new();
    let mut spent: Vec<(u64, f64)> = vec![];
    while let Some((at, pod, attempt)) = attempts.pop_first() {
        let units = left.entry(at.as_micros() / 1_000_000 / WINDOW).or_insert(150.0f64);
        let cause = match chance.draw(2, u64::from(pod), u64::from(attempt)).below(100) {
            0..8 => Some(1),
            8..11 => Some(2),
            _ if *units < 1.0 => Some(0),
            _ => None,
        };
        if cause.is_none() {
            *units -= 1.0;
            spent.push((at.as_micros() / 1_000_000, *units));
        } else {
            let wait = (10u64 << (attempt - 1).min(5)).min(300);
            let mut poll = chance.draw(3, u64::from(pod), u64::from(attempt));
            let next = at + Span::from_secs(wait) + poll.span_below(Span::from_secs(9));
            if next < Time::from_secs(HORIZON) {
                attempts.insert((next, pod, attempt + 1));
            }
        }
        record(&mut detail, (at, pod, attempt), cause);
    }
    detail.gauges = levels(&spent);
    let pods = pod_levels_of(&detail);
    detail.gauges.extend(pods);
    detail
}

/// Pods created in two waves, with their first attempts.
fn waves(chance: Chance, nodes: u32, pods: u32) -> (Detail, Attempts) {
    let mut detail = Detail {
        nodes: (0..nodes).map(|it| format!("workers-{it}")).collect(),
        images: vec!["api".into(), "sidecar".into()],
        workloads: vec!["api".into(), "batch".into()],
        causes: CAUSES.map(Into::into).into(),
        ..Detail::default()
    };
    let mut attempts = Attempts::new();
    for pod in 0..pods {
        let wave = if pod % 4 == 0 { 5_400 } else { 0 };
        let offset = chance.draw(1, u64::from(pod), 0).span_below(Span::from_secs(120));
        let created = Time::from_secs(wave) + offset;
        attempts.insert((created + Span::from_secs(1), pod, 1u32));
        detail.pods.push(PodRow {
            workload: u32::from(pod % 4 == 0),
            ordinal: pod,
            node: Some(pod % nodes),
            created,
            bound: Some(created + Span::from_millis(200)),
            ready: None,
            deleted: None,
            attempts: 0,
            failures: 0,
        });
    }
    (detail, attempts)
}

/// Adds one attempt to the rows and series.
fn record(detail: &mut Detail, (at, pod, attempt): (Time, u32, u32), cause: Option<usize>) {
    let ended = at + Span::from_secs(if cause.is_some() { 1 } else { 9 });
    let counters = &mut detail.counters;
    count(counters, "attempts", "", at);
    if cause != Some(1) {
        count(counters, "requests", "unauthorized", at);
        count(counters, "requests", "ok", at);
    }
    if let Some(cause) = cause {
        count(counters, "failures", CAUSES[cause], ended);
        if cause == 0 {
            count(counters, "requests", "throttled", ended);
        }
    } else {
        detail.pods[pod as usize].ready = Some(ended + Span::from_secs(2));
        for request in 0..5 {
            let kind = if request == 0 { "redirect" } else { "ok" };
            count(counters, "requests", kind, at + Span::from_secs(request));
        }
    }
    let row = &mut detail.pods[pod as usize];
    row.attempts = attempt;
    row.failures += u32::from(cause.is_some());
    detail.pulls.push(PullRow {
        pod: Some(pod),
        node: pod % detail.nodes.len() as u32,
        image: pod % 2,
        attempt,
        asked: at,
        started: Some(at),
        ended: Some(ended),
        result: match cause {
            Some(cause) => PullResult::Failed { cause: cause as u16, cause_behind: None },
            None => PullResult::Succeeded,
        },
        requests: if cause.is_some() { 3 } else { 8 },
        bytes: Bytes(if cause.is_some() { 0 } else { 65_000_000 }),
    });
}

/// The levels of the storm's limit, and those of one that is never used up.
fn levels(spent: &[(u64, f64)]) -> Vec<GaugeSeries> {
    let level = |second: u64| {
        let same = spent.iter().filter(|(at, _)| *at <= second && at / WINDOW == second / WINDOW);
        same.map(|it| it.1).next_back().unwrap_or(150.0)
    };
    let of = |kind: &str, top: f64, level: &dyn Fn(u64) -> f64| GaugeSeries {
        series: "limit_units_left",
        scope: LIMIT.into(),
        kind: kind.into(),
        top: Some(top),
        samples: (1..=HORIZON / 10).map(|it| Some(level(it * 10 - 1))).collect(),
    };
    vec![
        of("203.0.113.7", 150.0, &level),
        of("203.0.113.8", 150.0, &|second| 150.0 - (second / 400) as f64),
    ]
}

/// A scenario with two expectations.
pub(crate) fn scenario() -> Scenario {
    Scenario {
        name: "synthetic".into(),
        variant: Some("calm".into()),
        title: "Spot churn behind one NAT".into(),
        question: "Does the cluster survive a kernel rollout on anonymous pulls?".into(),
        replications: 20,
        spec: Spec {
            seed: 42,
            horizon: Span::from_secs(HORIZON),
            control_plane: ControlPlaneSpec {
                controller_qps: 20,
                controller_burst: 30,
                scheduler_qps: 50,
                scheduler_burst: 100,
            },
            registries: vec![],
            accounts: vec![],
            egresses: vec![],
            backgrounds: vec![],
            pools: vec![],
            images: vec![],
            workloads: vec![],
            timeline: vec![],
            faults: vec![],
            state: StateSpec::default(),
        },
        expectations: vec![
            expectation(measure::READY_SECONDS_P95, Comparison::Less, 300.0, "< 5m"),
            expectation(
                measure::PULL_FAILURES_BY_CAUSE.of("disk-full"),
                Comparison::AtMost,
                10.0,
                "<= 10",
            ),
            expectation(measure::RECOVERY_SECONDS, Comparison::Less, 600.0, "< 10m"),
            Expectation {
                scope: "workload.api".into(),
                ..expectation(measure::MIN_AVAILABLE_SHARE, Comparison::AtLeast, 0.75, ">= 75%")
            },
        ],
        in_runs: Share::from_percent(95),
        variants: vec![VariantInfo {
            name: "calm".into(),
            title: "fewer nodes at once".into(),
            lever: None,
        }],
        parameters: vec![
            Parameter {
                path: "pool.workers.client.honour_retry_after".into(),
                value: "true".into(),
                origin: "--set".into(),
            },
            Parameter {
                path: "pool.workers.kubelet.image_backoff_jitter".into(),
                value: "50%".into(),
                origin: "variant calm".into(),
            },
            Parameter {
                path: "pool.workers.max_pods".into(),
                value: "20".into(),
                origin: "--set".into(),
            },
            Parameter {
                path: "pool.workers.nodes".into(),
                value: "300".into(),
                origin: "synthetic.toml:12".into(),
            },
        ],
    }
}

/// What an operator saw of the storm: a release that met the pull limit, and the kubelets' own.
fn seen() -> Observed {
    let mut seen = Observed::default();
    let pulls = &mut seen.pulls[Trigger::Release as usize];
    (pulls.pulling, pulls.first, pulls.pulled) = (25_601, 900, 900);
    pulls.failed[Class::PullLimit as usize] = 22_636;
    pulls.failed[Class::QpsExceeded as usize] = 2_065;
    pulls.first_failed[Class::PullLimit as usize] = 820;
    pulls.first_failed[Class::QpsExceeded as usize] = 60;
    pulls.first_cost[Class::PullLimit as usize] = 9_020;
    pulls.first_cost[Class::QpsExceeded as usize] = 600;
    seen.bins = vec![BinSeen { released: 1, ..BinSeen::default() }];
    (seen.nodes_at_start, seen.pods) = (300, 900);
    seen
}

fn expectation(
    metric: impl Into<Name>,
    comparison: Comparison,
    demand: f64,
    text: &str,
) -> Expectation {
    Expectation {
        scope: "run".into(),
        metric: metric.into(),
        comparison,
        demand,
        text: text.into(),
        origin: "synthetic.toml:41".into(),
    }
}

/// A metric of the whole run.
fn run(name: impl Into<Name>, value: Value) -> Metric {
    Metric { scope: "run".into(), name: name.into(), value }
}

/// One replication: in every sixth, pods are stuck at the end.
pub(crate) fn outcome(replication: u32) -> Outcome {
    let known = |value: f64| Value::Known(value + f64::from(replication % 5));
    let stuck = replication % 6 == 5;
    let of = |scope: &str, measure: Measure, value| Metric {
        scope: scope.into(),
        name: measure.into(),
        value,
    };
    let late = |value: f64| if stuck { Value::Censored } else { known(value) };
    Outcome {
        replication,
        digest: 7 + u64::from(replication),
        stop: StopReason::Horizon,
        metrics: vec![
            run(measure::PODS, Value::Known(900.0)),
            run(measure::PODS_READY, Value::Known(if stuck { 863.0 } else { 900.0 })),
            run(measure::PODS_NEVER_READY, Value::Known(if stuck { 37.0 } else { 0.0 })),
            run(measure::PODS_DELETED_BEFORE_READY, Value::Known(0.0)),
            run(measure::READY_SECONDS_P50, known(108.0)),
            run(measure::READY_SECONDS_P95, known(297.0)),
            run(measure::READY_SECONDS_MAX, late(432.0)),
            run(measure::UNREADY_POD_MINUTES, known(12_345.0)),
            run(measure::REQUESTS, known(75_846.0)),
            run(measure::REQUESTS_BY_OUTCOME.of("ok"), known(27_955.0)),
            run(measure::REQUESTS_BY_OUTCOME.of("throttled"), known(22_636.0)),
            run(measure::REQUESTS_PER_COMPLETED_PULL, known(84.2)),
            run(measure::REQUESTS_PEAK_PER_SECOND, known(66.0)),
            run(measure::ATTEMPTS_PEAK_PER_SECOND, known(31.0)),
            run(measure::LIMIT_UNITS_SPENT.of("docker-hub/anonymous-pulls"), known(898.0)),
            run(measure::LIMIT_EXHAUSTED_SECONDS.of("docker-hub/anonymous-pulls"), known(18_720.0)),
            run(measure::LIMIT_UNITS_SPENT.of("docker-hub/edge"), Value::Known(0.0)),
            run(measure::LIMIT_EXHAUSTED_SECONDS.of("docker-hub/edge"), Value::Known(0.0)),
            run(measure::FIRST_REJECTION_SECONDS, known(27.0)),
            run(measure::RECOVERY_SECONDS, Value::Absent),
            run(measure::HERD_SYNCHRONY, Value::Known(0.83)),
            of("workload.api", measure::MIN_AVAILABLE_SHARE, Value::Known(0.66)),
            of("workload.batch", measure::MIN_AVAILABLE_SHARE, Value::Known(1.0)),
        ],
        failures: vec![
            FailureCount { cause: "anonymous-pulls".into(), cause_behind: None, count: 20_000 },
            FailureCount {
                cause: "anonymous-pulls".into(),
                cause_behind: Some("mirror-timeout".into()),
                count: 2_636,
            },
            FailureCount { cause: "registry-pull-qps".into(), cause_behind: None, count: 2_065 },
        ],
        blast: Blast {
            nodes: vec![Reach { name: "workers".into(), hit: 212, of: 300 }],
            images: vec![Reach { name: "api".into(), hit: 22_000, of: 23_000 }],
            identities: vec![Reach { name: "nat 203.0.113.7".into(), hit: 1_902, of: 4_210 }],
        },
        shared_accounts: vec![SharedAccount {
            limit: LIMIT.into(),
            account: "ci".into(),
            addresses: 8,
            units: 200.0,
            units_apart: 800.0,
        }],
        spenders: vec![
            Spender {
                limit: LIMIT.into(),
                spender: "workload.api".into(),
                image: Some("api".into()),
                units: 750.0,
            },
            Spender {
                limit: LIMIT.into(),
                spender: "background.other-cluster".into(),
                image: None,
                units: 148.0,
            },
        ],
        observed: seen(),
        detail: (replication == 0).then(tiny_detail),
    }
}

/// `n` replications and their summary.
pub(crate) fn summarised(n: u32) -> (Scenario, Summary, Vec<Outcome>) {
    let (scenario, outcomes): (_, Vec<Outcome>) = (scenario(), (0..n).map(outcome).collect());
    let summary = summarise(&scenario, &outcomes);
    (scenario, summary, outcomes)
}
