//! A swarm of small random scenarios: whatever a valid scenario says, the books balance, no figure
//! is a lie, and eliding idle polls changes nothing.
//!
//! Every choice is a keyed draw from a seed. A failure names its seed; `PULLSTORM_SWARM_SEED=N`
//! starts the swarm there.

mod state;
mod writer;

use crate::support::{Requests, balance_observed, known};
use pullstorm::model::record::measure::{self, Name};
use pullstorm::model::record::outcome::{Detail, Outcome, PodRow, PullResult, RequestSink};
use pullstorm::model::spec::Spec;
use pullstorm::model::words::polling::Polling;
use pullstorm::model::{Recording, run};
use pullstorm::scenario::{Request, SourceFile, load};
use writer::Writer;

/// Scenarios of one swarm.
const SCENARIOS: u64 = 400;
const BASE_SEED: u64 = 20_261_123;

#[test]
fn the_books_of_random_scenarios_balance() {
    let base = std::env::var("PULLSTORM_SWARM_SEED");
    let base = base.map_or(BASE_SEED, |it| it.parse().expect("a seed is a whole number"));
    let mut seen = Coverage::default();
    for seed in base..base + SCENARIOS {
        let mut text = Writer::new(seed).scenario();
        for block in state::blocks(seed) {
            let with = format!("{text}{block}");
            let file = SourceFile { name: String::new(), text: with.clone() };
            if load(&file, &Request::default()).is_ok() {
                let kind = block.split('.').nth(1).expect("a kind of blocks");
                *seen.states.entry(kind.to_owned()).or_default() += 1;
                text = with;
            }
        }
        let told = Told { seed, text: &text };
        let file = SourceFile { name: format!("swarm-{seed}.toml"), text: text.clone() };
        let loaded = load(&file, &Request::default());
        let spec = loaded.unwrap_or_else(|it| panic!("{}", it.render(false))).scenario.spec;
        seen.add(&check(&spec));
        drop(told);
    }
    seen.check(base);
}

/// Says which scenario it was when a check panics.
struct Told<'a> {
    seed: u64,
    text: &'a str,
}

impl Drop for Told<'_> {
    #[expect(clippy::print_stderr, reason = "a failed test explains itself")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, text } = self;
            eprintln!("{text}\n# again with PULLSTORM_SWARM_SEED={seed}");
        }
    }
}

/// What a swarm as a whole must have met, so that it cannot pass by doing nothing.
#[derive(Default)]
struct Coverage {
    successes: usize,
    failures: usize,
    open: usize,
    never_ready: f64,
    /// Sums over the swarm of what only some scenarios have.
    sums: std::collections::BTreeMap<&'static str, f64>,
    causes: std::collections::BTreeSet<String>,
    /// Blocks of states, by kind.
    states: std::collections::BTreeMap<String, usize>,
    /// Images deleted by reason, pods evicted.
    deleted: [f64; 5],
}

/// Metrics of disks that a swarm must have seen move.
const DISKS: [&str; 5] = [
    "images_deleted_by_reason.gc-threshold",
    "images_deleted_by_reason.gc-age",
    "images_deleted_by_reason.disk-pressure",
    "images_deleted_by_reason.prune",
    "pods_evicted",
];

impl Coverage {
    fn add(&mut self, outcome: &Outcome) {
        let rows = &detail(outcome).pulls;
        let count = |of: fn(PullResult) -> bool| rows.iter().filter(|it| of(it.result)).count();
        self.successes += count(|it| it == PullResult::Succeeded);
        self.failures += count(|it| matches!(it, PullResult::Failed { .. }));
        self.open += count(|it| it == PullResult::Open);
        self.never_ready += known(outcome, "run", "pods_never_ready");
        for (scopes, name) in [
            ("workload.", "rollout_paused_seconds"),
            ("workload.", "canary_attempts"),
            ("workload.", "canary_failures"),
            ("workload.", "mixed_versions_seconds"),
            ("run", "private_bytes"),
            ("run", "pods_on_stale_digest"),
            // Pods of image pullers.
            ("workload.first-", "pods_ready"),
        ] {
            *self.sums.entry(name).or_default() += sum(outcome, scopes, name);
        }
        for (sum, metric) in self.deleted.iter_mut().zip(DISKS) {
            *sum += known(outcome, "run", metric);
        }
        self.causes.extend(outcome.failures.iter().map(|it| it.cause.clone()));
    }

    fn check(&self, base: u64) {
        if base != BASE_SEED {
            return;
        }
        for met in [self.successes, self.failures, self.open, self.never_ready as usize] {
            assert!(20 < met, "{} {} {} {}", self.successes, self.failures, self.open, met);
        }
        assert!(self.sums.values().all(|it| 20.0 < *it), "{:?}", self.sums);
        for (sum, metric) in self.deleted.iter().zip(DISKS) {
            assert!(9.0 < *sum, "{metric} is {sum} of {:?}", self.deleted);
        }
        for (kind, least) in [("limit", 40), ("stuck", 30), ("cache", 40)] {
            assert!(least < self.states[kind], "{kind}: {:?}", self.states);
        }
        for cause in [
            "kubelet-qps",
            "egress-ports",
            "platform-missing",
            "progress-timeout",
            "node-lost",
            "kubelet-restarted",
            "mirror-untrusted",
            "mirror-disk-full",
            "disk-full",
            "limit-0",
            "limit-3",
            "fault-0",
            "event-0",
        ] {
            assert!(self.causes.contains(cause), "no pull failed with {cause}: {:?}", self.causes);
        }
    }
}

/// Runs a scenario with and without elided polls, of pods and of disks, and balances its books.
fn check(spec: &Spec) -> Outcome {
    let mut requests = Requests::default();
    let sink = Some(&mut requests as &mut dyn RequestSink);
    let elided = run(spec, 0, Recording { detail: true, requests: sink, ..Recording::default() });
    let every = Recording { detail: true, polling: Polling::Every, ..Recording::default() };
    let every = run(spec, 0, every);
    let rows = detail(&elided).pods.iter().zip(&detail(&every).pods);
    rows.for_each(|(elided, every)| assert_eq!(elided, every, "polls that do nothing"));
    assert_eq!(elided.digest, every.digest, "polls that do nothing change nothing");
    assert_eq!(elided.failures, every.failures);
    assert_eq!(elided.observed, every.observed);
    let of_nodes = requests.0.iter().filter(|it| 0 < it.attempt).count();
    balance_observed(&elided, of_nodes);
    let figures = |of: &Outcome| {
        of.metrics.iter().filter(|it| it.name != measure::EVENTS).cloned().collect::<Vec<_>>()
    };
    assert_eq!(figures(&elided), figures(&every));
    for metric in &elided.metrics {
        if let Some(value) = metric.value.known() {
            assert!(value.is_finite() && 0.0 <= value, "{metric:?}");
        }
    }
    balance_pulls(&elided);
    balance_pods(&elided);
    balance_requests(&elided, &requests);
    elided
}

fn detail(outcome: &Outcome) -> &Detail {
    outcome.detail.as_ref().expect("it was recorded")
}

fn same(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() < 1e-6, "{what}: {a} and {b}");
}

fn balance_pulls(outcome: &Outcome) {
    let rows = &detail(outcome).pulls;
    let count = |of: fn(PullResult) -> bool| rows.iter().filter(|it| of(it.result)).count() as f64;
    let succeeded = count(|it| it == PullResult::Succeeded);
    let failed = count(|it| matches!(it, PullResult::Failed { .. }));
    let open = count(|it| it == PullResult::Open);
    same(known(outcome, "run", "pull_attempts"), succeeded + failed + open, "attempts");
    same(known(outcome, "run", "pull_failures"), failed, "failures");
    let listed: u64 = outcome.failures.iter().map(|it| it.count).sum();
    same(listed as f64, failed, "failures by cause");
    for total in ["pull_attempts", "pull_failures"] {
        for scopes in ["workload.", "pool."] {
            same(known(outcome, "run", total), sum(outcome, scopes, total), total);
        }
    }
    let by_cause = outcome
        .metrics
        .iter()
        .filter(|it| it.scope == "run" && measure::PULL_FAILURES_BY_CAUSE.part(&it.name).is_some());
    same(by_cause.filter_map(|it| it.value.known()).sum(), failed, "metrics by cause");
    let bytes: u64 = rows.iter().map(|it| it.bytes.0).sum();
    let of = |name| known(outcome, "run", name);
    same(of("egress_bytes") + of("private_bytes"), bytes as f64, "bytes");
    for row in rows {
        assert_eq!(row.ended.is_none(), row.result == PullResult::Open);
        assert!(row.started.is_none_or(|it| row.asked <= it));
        assert!(row.ended.is_none_or(|it| row.asked <= it));
    }
}

/// The sum of a metric over all scopes of a kind.
fn sum(outcome: &Outcome, scopes: &str, name: &str) -> f64 {
    let name = Name::parse(name).unwrap_or_else(|| panic!("no metric {name}"));
    let parts = outcome.metrics.iter().filter(|it| it.scope.starts_with(scopes) && it.name == name);
    parts.filter_map(|it| it.value.known()).sum()
}

fn balance_pods(outcome: &Outcome) {
    let detail = detail(outcome);
    let of = |name| known(outcome, "run", name);
    let parts = of("pods_ready") + of("pods_never_ready") + of("pods_deleted_before_ready");
    same(of("pods"), parts, "pods");
    let serves = |it: &&PodRow| !detail.pullers.contains(&detail.workloads[it.workload as usize]);
    let serving = detail.pods.iter().filter(serves).count();
    same(of("pods"), serving as f64, "rows of pods");
    same(sum(outcome, "workload.", "pods"), detail.pods.len() as f64, "pods with pullers");
    for (number, row) in detail.pods.iter().enumerate() {
        let of_pod = || detail.pulls.iter().filter(|it| it.pod == Some(number as u32));
        assert_eq!(row.attempts as usize, of_pod().count());
        let failed = of_pod().filter(|it| matches!(it.result, PullResult::Failed { .. }));
        assert_eq!(row.failures as usize, failed.count());
        assert!(row.ready.is_none_or(|it| row.bound.is_some_and(|bound| bound <= it)));
        assert!(row.deleted.is_none_or(|it| row.created <= it));
    }
}

fn balance_requests(outcome: &Outcome, requests: &Requests) {
    let all = known(outcome, "run", "requests");
    same(all, requests.0.len() as f64, "requests written");
    let at_servers = sum(outcome, "registry.", "requests") + sum(outcome, "mirror.", "requests");
    same(all, at_servers, "requests at all servers");
    let by_outcome = outcome
        .metrics
        .iter()
        .filter(|it| it.scope == "run" && measure::REQUESTS_BY_OUTCOME.part(&it.name).is_some());
    same(by_outcome.filter_map(|it| it.value.known()).sum(), all, "requests by outcome");
    let rows = &detail(outcome).pulls;
    let of_mirrors = requests.0.iter().filter(|it| it.attempt == 0).count() as f64;
    let of_pulls = rows.iter().map(|it| f64::from(it.requests)).sum::<f64>();
    same(of_pulls + of_mirrors, all, "requests of rows and of mirrors");
}
