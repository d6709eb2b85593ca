//! The world as a whole: fast paths against their twins, what must not matter, what must add up,
//! closed forms.

#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use pullstorm::model::record::measure;
use std::collections::BTreeSet;

use crate::support::{Lab, known, outcome, spec, with_requests};
use pullstorm::model::record::outcome::{Outcome, PullResult};
use pullstorm::model::spec::Spec;
use pullstorm::model::words::cause::Cause;
use pullstorm::model::words::polling::Polling;
use pullstorm::model::{Recording, run};
use pullstorm::units::Time;

/// A bit of everything: several pods per node, shared images, init containers, limits, churn, an
/// operator.
const MIXED: &str = r#"
horizon = "2h"
[registry.hub]
preset = "docker-hub"
rtt = "20ms"
[registry.own]
host = "own.example"
[egress.nat]
preset = "aws-nat-gateway"
addresses = 2
bandwidth = "5Gbit/s"
[background.office]
egress = "nat"
registry = "hub"
pulls_per_hour = 12
[pool.workers]
nodes = 40
egress = "nat"
runtime = "containerd-1.7"
kubelet = { serialize_image_pulls = false }
boot = "60s"
drain = "30s"
[pool.serial]
nodes = 10
egress = "nat"
runtime = "containerd-1.7"
boot = "60s"
[image.base]
reference = "own.example/base:1"
layers = ["20MB", "3MB"]
[image.api]
reference = "docker.io/acme/api:1"
platforms = ["amd64", "arm64"]
from = "base"
layers = ["11MB", "1kB"]
[image.api2]
reference = "docker.io/acme/api:2"
platforms = ["amd64", "arm64"]
from = "base"
layers = ["12MB", "1kB"]
[image.log]
reference = "docker.io/acme/log:1"
layers = ["5MB"]
[image.init]
reference = "own.example/init:1"
layers = ["1MB"]
[workload.api]
kind = "deployment"
pool = "workers"
replicas = 80
init_containers = [{ image = "init", duration = "2s" }]
containers = [{ image = "api" }, { image = "log", image_pull_policy = "Always" }]
[workload.log]
kind = "daemonset"
pool = "workers"
start = { running = true }
containers = [{ image = "log" }]
[workload.batch]
kind = "job"
pool = "serial"
completions = 60
parallelism = 30
duration = "5m"
containers = [{ image = "api" }, { image = "base" }]
[timeline.spot]
at = "0s"
spot_interruptions = { pool = "workers", mean_lifetime = "2h" }
[timeline.roll]
at = "20m"
rollout = { workload = "api", replace = { api = "api2" } }
[timeline.blip]
at = "21m"
outage = { registry = "hub", answer = "drop", for = "5m" }
[timeline.operator]
at = "40m"
restart_nodes = { pool = "workers", which = "waiting" }
[timeline.kubelets]
at = "50m"
restart_kubelets = { pool = "serial" }
[timeline.pods]
at = "55m"
delete_pods = { workload = "api", which = "waiting", share = "50%" }
"#;

fn run_with(spec: &Spec, polling: Polling) -> Outcome {
    run(spec, 0, Recording { detail: true, polling, ..Recording::default() })
}

#[test]
fn the_poll_free_path_is_bit_equal_to_the_twin_that_polls() {
    for seed in [1, 2, 3] {
        let mut spec = spec(MIXED);
        spec.seed = seed;
        let (fast, slow) = (run_with(&spec, Polling::Elided), run_with(&spec, Polling::Every));
        assert_eq!(fast.digest, slow.digest, "seed {seed}");
        assert_eq!(fast.failures, slow.failures, "seed {seed}");
        let (fast_rows, slow_rows) = (fast.detail.unwrap(), slow.detail.unwrap());
        assert_eq!(fast_rows.pulls, slow_rows.pulls, "seed {seed}");
        assert_eq!(fast_rows.pods, slow_rows.pods, "seed {seed}");
        let events = |outcome: &[pullstorm::model::record::outcome::Metric]| {
            outcome.iter().find(|it| it.name == measure::EVENTS).unwrap().value.known().unwrap()
        };
        assert!(2.0 * events(&fast.metrics) < 3.0 * events(&slow.metrics), "polls are elided");
        let rest = |outcome: &Outcome| {
            outcome
                .metrics
                .iter()
                .filter(|it| it.name != measure::EVENTS)
                .cloned()
                .collect::<Vec<_>>()
        };
        let (fast_rest, slow_rest) =
            (run_with(&spec, Polling::Elided), run_with(&spec, Polling::Every));
        assert_eq!(rest(&fast_rest), rest(&slow_rest));
    }
}

#[test]
fn the_same_scenario_twice_is_the_same_run() {
    let spec = spec(MIXED);
    let (a, b) = (outcome(&spec, 3), outcome(&spec, 3));
    assert_eq!((a.digest, &a.metrics), (b.digest, &b.metrics));
    assert_ne!(a.digest, outcome(&spec, 4).digest, "another replication has other luck");
}

#[test]
fn recording_changes_nothing() {
    let spec = spec(MIXED);
    let plain = run(&spec, 0, Recording::default());
    let (detailed, requests) = with_requests(&spec, 0);
    assert_eq!((plain.digest, &plain.metrics), (detailed.digest, &detailed.metrics));
    assert_eq!(requests.len() as f64, known(&detailed, "run", "requests"));
}

#[test]
fn what_nobody_uses_changes_nothing() {
    let more = format!(
        "{MIXED}\n[image.unused]\nreference = \"own.example/unused:9\"\nlayers = [\"1GB\"]\n\
         [registry.zzz]\nhost = \"zzz.example\"\n[egress.spare]\nkind = \"per-node\"\n"
    );
    assert_eq!(outcome(&spec(MIXED), 0).digest, outcome(&spec(&more), 0).digest);
}

#[test]
fn spelling_a_unit_otherwise_changes_nothing() {
    let other = MIXED
        .replace("\"2h\"", "\"120m\"")
        .replace("\"5Gbit/s\"", "\"625MB/s\"")
        .replace("\"20MB\"", "\"20000kB\"")
        .replace("share = \"50%\"", "share = \"50.0%\"");
    assert_eq!(outcome(&spec(MIXED), 0).digest, outcome(&spec(&other), 0).digest);
}

/// Conservation, from the rows alone.
#[test]
fn everything_adds_up() {
    for replication in 0..5 {
        let outcome = outcome(&spec(MIXED), replication);
        let detail = outcome.detail.as_ref().unwrap();
        let of = |result: fn(&PullResult) -> bool| {
            detail.pulls.iter().filter(|it| result(&it.result)).count() as f64
        };
        let failed = of(|it| matches!(it, PullResult::Failed { .. }));
        let all = detail.pulls.len() as f64;
        assert_eq!(known(&outcome, "run", "pull_attempts"), all);
        assert_eq!(known(&outcome, "run", "pull_failures"), failed);
        let open = of(|it| *it == PullResult::Open);
        assert_eq!(of(|it| *it == PullResult::Succeeded) + failed + open, all);
        let by_cause: u64 = outcome.failures.iter().map(|it| it.count).sum();
        assert_eq!(by_cause as f64, failed);
        let run = |name: &str| known(&outcome, "run", name);
        assert_eq!(
            run("pods"),
            run("pods_ready") + run("pods_never_ready") + run("pods_deleted_before_ready")
        );
        let in_rows: f64 = detail.pods.iter().map(|it| f64::from(it.attempts)).sum();
        let of_initial = detail.pulls.iter().filter(|it| it.pod.is_none()).count() as f64;
        assert_eq!(in_rows + of_initial, all);
        let outcomes = ["ok", "redirect", "unauthorized", "throttled", "client-error"]
            .into_iter()
            .chain(["server-error", "dropped", "unanswered"]);
        let sum: f64 = outcomes.map(|it| run(&format!("requests_by_outcome.{it}"))).sum();
        assert_eq!(sum, run("requests"), "every request has one outcome");
        let bytes: u64 = detail.pulls.iter().map(|it| it.bytes.0).sum();
        assert_eq!(bytes as f64, run("egress_bytes"));
    }
}

/// N nodes with one pod and one image each against a window of Q units.
fn against_a_window(nodes: u32, law: &str) -> Lab {
    Lab::new()
        .with("horizon = '3h'\nreplications = 1")
        .unpaced()
        .registry("rtt = '10ms'")
        .set("registry.lab.limit.pulls", "for = 'everyone'\nkey = 'address'")
        .set("registry.lab.limit.pulls", law)
        .set(
            "registry.lab.limit.pulls",
            "weight = { head = 0, index = 0.5, platform = 0.5, single = 1 }",
        )
        .set("egress.out", "kind = 'nat'")
        .pool(&format!("nodes = {nodes}"))
        .image("app", "layers = ['1MB']")
        .daemonset("app", "app")
}

/// In each window of the law, exactly Q pods get their image while more than Q wait.
#[test]
fn a_fixed_window_lets_its_units_through_and_no_more() {
    let law = "law = \"fixed-window\"\nallow = 30\nwindow = \"1h\"\nanchor = \"0s\"";
    let outcome = against_a_window(80, law).outcome();
    let mut per_window = [0; 3];
    for pod in outcome.detail.unwrap().pods {
        if let Some(ready) = pod.ready {
            per_window[(ready.as_secs_f64() / 3_600.0) as usize] += 1;
        }
    }
    // 80 = 30 + 30 + 20.
    assert_eq!(per_window, [30, 30, 20]);
}

#[test]
fn a_sliding_log_lets_its_units_through_in_any_window() {
    let law = "law = \"sliding-log\"\nallow = 30\nwindow = \"1h\"";
    let outcome = against_a_window(80, law).outcome();
    let mut ready: Vec<f64> = outcome
        .detail
        .unwrap()
        .pods
        .iter()
        .filter_map(|it| it.ready.map(Time::as_secs_f64))
        .collect();
    ready.sort_by(f64::total_cmp);
    assert_eq!(ready.len(), 80);
    assert!(ready[29] < 60.0, "the first thirty at once");
    for pair in ready.windows(31) {
        assert!(3_599.0 < pair[30] - pair[0], "31 pulls within an hour: {pair:?}");
    }
}

/// Requests of a node that is refused for ever, by arithmetic: HEAD, then six GETs of the manifest,
/// each attempt.
#[test]
fn requests_under_an_exhausted_limit_are_attempts_times_seven() {
    let law = "law = \"sliding-log\"\nallow = 0.4\nwindow = \"1h\"";
    let outcome = against_a_window(20, law).outcome();
    let attempts = known(&outcome, "run", "pull_attempts");
    assert_eq!(known(&outcome, "run", "requests"), 7.0 * attempts);
    assert_eq!(known(&outcome, "run", "requests_rejected_429"), 6.0 * attempts);
    // 3 h of a ladder that always fails: 6 attempts in the first 340 s, then one every 306 s
    // (facts: vector A).
    let per_pod = attempts / 20.0;
    assert!((39.0..=41.0).contains(&per_pod), "{per_pod}");
}

/// Nodes share one link: bytes over capacity, after the round trips that come before.
#[test]
fn a_shared_egress_bounds_the_whole_storm() {
    let law = "law = \"token-bucket\"\nallow = 1000\nwindow = \"1s\"\nburst = 1000";
    let outcome = against_a_window(50, law)
        .image("app", "layers = ['100MB']")
        .set("egress.out", "bandwidth = '1Gbit/s'")
        .pool("nic = '10Gbit/s'\ndisk = { unpack = '10GB/s' }")
        .outcome();
    let last = known(&outcome, "run", "ready_seconds_max");
    // 50 x 100 MB at 125 MB/s take 40 s; latency and slow start before, and unpacking 100 MB at 10
    // GB/s after it, stay below a second.
    assert!((40.0..=41.0).contains(&last), "{last}");
}

/// The order of nodes in the tables does not decide who gets through: over many replications, the
/// first node of a pool is as lucky as the last.
#[test]
fn no_node_is_favoured() {
    let law = "law = \"sliding-log\"\nallow = 10\nwindow = \"6h\"";
    let all_at_once = against_a_window(40, law);
    favours_nobody(&all_at_once.spec());
    // At the controllers' own pace the first pods to be created are the luckier ones.
    let paced = all_at_once.set("control_plane", "controller_qps = 20\nscheduler_qps = 50");
    favours_nobody(&paced.spec());
}

fn favours_nobody(spec: &Spec) {
    let mut wins = [0u32; 2];
    for replication in 0..200 {
        for pod in outcome(spec, replication).detail.expect("recorded").pods {
            if pod.ready.is_some() {
                wins[usize::from(20 <= pod.node.expect("bound"))] += 1;
            }
        }
    }
    // 2,000 wins, each in one half with probability 1/2 (drawn without replacement, so with less
    // spread): four standard errors of the binomial are 4 * sqrt(500) = 89.
    assert_eq!(wins[0] + wins[1], 2_000);
    assert!(wins[0].abs_diff(1_000) < 89, "{wins:?}");
}

/// Every cause that is built in fires, beside those that a limit or a fault gives its name.
#[test]
fn each_cause_fires() {
    /// What fires in a lab of its own and nothing else with it.
    const ALONE: [&str; 3] = ["platform-missing", "progress-timeout", "disk-full"];
    let causes = |lab: &Lab| -> Vec<String> {
        lab.outcome().failures.into_iter().map(|it| it.cause).collect()
    };
    let mixed = outcome(&spec(MIXED), 0).failures;
    for cause in ["anonymous-pulls", "blip"] {
        assert!(mixed.iter().any(|it| it.cause == cause), "{cause} in {mixed:?}");
    }
    let open = || against_a_window(10, "law = \"concurrency\"\nallow = 1000");
    let pods = |replicas| open().deployment("app", replicas, "app");
    let hang = pods(1).set("fault.f", "registry = 'lab'\nanswer = 'hang'");
    let mirror = |lines: &str| {
        open()
            .set("mirror.cache", "kind = 'distribution-2.8'\nupstream = 'lab'\negress = 'out'")
            .set("mirror.cache", "nodes.fail_open = false")
            .set("mirror.cache", lines)
    };
    let stuck = "registry = 'lab'\nanswer = 'hang'\nrequests = ['manifest-head']";
    let labs = [
        ("kubelet-qps", pods(400).pool("kubelet = { serialize_image_pulls = false }")),
        (
            "egress-ports",
            open().set("egress.out", "ports = { per = 'address', count = 3, hold = '1m' }"),
        ),
        ("platform-missing", open().image("app", "platforms = ['arm64', 'riscv64']")),
        ("progress-timeout", hang.clone()),
        ("kubelet-restarted", hang.clone().at("1m", "k", "restart_kubelets = { pool = 'some' }")),
        ("node-lost", hang.at("1m", "k", "restart_nodes = { pool = 'some' }")),
        // A layer of 1 MB, and a config.
        ("disk-full", open().pool("disk = { capacity = '1MB' }")),
        ("mirror-untrusted", mirror("nodes.untrusted = 'tls'")),
        ("mirror-disk-full", mirror("disk.capacity = '500B'")),
        ("mirror-busy", mirror("concurrency = 1").set("fault.stuck", stuck)),
    ];
    for (cause, lab) in &labs {
        let seen = lab.outcome().failures;
        let behind = seen.iter().filter_map(|it| it.cause_behind.as_deref());
        let mut causes = seen.iter().map(|it| &*it.cause).chain(behind);
        assert!(causes.any(|it| it == *cause), "{cause} in {seen:?}");
        assert!(!ALONE.contains(cause) || seen.len() == 1, "{cause} alone in {seen:?}");
    }
    let fired: BTreeSet<&str> = labs.iter().map(|it| it.0).collect();
    assert_eq!(
        fired,
        Cause::FIXED.iter().map(|it| it.label).collect(),
        "each is made to fire here"
    );
    let busy = pods(50).set("registry.lab.limit.pulls", "allow = 1");
    assert!(causes(&busy).contains(&"pulls".into()), "{:?}", causes(&busy));
}

/// Who the registry sees: nodes with addresses of their own each have the limit to themselves, the
/// nodes of one /64 share it as they share a NAT address, and two prefixes are two identities.
#[test]
fn identities_are_what_the_egress_makes_of_nodes() {
    let law = "law = \"sliding-log\"\nallow = 10\nwindow = \"6h\"";
    let ready = |egress: &str, key: &str| {
        let outcome = against_a_window(40, law)
            .set("egress.out", egress)
            .set("registry.lab.limit.pulls", &format!("key = '{key}'"))
            .outcome();
        known(&outcome, "run", "pods_ready")
    };
    assert_eq!(ready("kind = \"nat\"\naddresses = 1", "address"), 10.0);
    assert_eq!(ready("kind = \"per-node\"", "address"), 40.0);
    assert_eq!(ready("kind = \"ipv6\"\nprefixes = 1", "prefix64"), 10.0);
    assert_eq!(ready("kind = \"ipv6\"\nprefixes = 1", "address"), 40.0);
    assert_eq!(ready("kind = \"ipv6\"\nprefixes = 2", "prefix64"), 20.0);
    assert_eq!(ready("kind = \"nat\"\naddresses = 2", "address"), 20.0);
    // A request may come from either address, and takes from whichever it comes from.
    assert_eq!(ready("kind = \"nat\"\naddresses = 3\nchoose = \"connection\"", "address"), 30.0);
    assert_eq!(ready("kind = \"nat\"\naddresses = 3", "registry"), 10.0);
}

/// An account takes its pulls off the address and counts them together, wherever they come from.
#[test]
fn an_account_is_one_identity_behind_many_addresses() {
    let law = "law = \"sliding-log\"\nallow = 10\nwindow = \"6h\"";
    let outcome = against_a_window(40, law)
        .set("egress.out", "kind = 'per-node'")
        .set("registry.lab.limit.pulls", "for = 'account'\nkey = 'account'")
        .set("workload.app", "account = 'ci'")
        .set("account.ci", "registry = 'lab'")
        .outcome();
    assert_eq!(known(&outcome, "run", "pods_ready"), 10.0);
}

/// Others behind the same address spend it: on average rate x window units are gone.
#[test]
fn background_load_spends_the_same_identity() {
    let law = "law = \"fixed-window\"\nallow = 40\nwindow = \"3h\"\nanchor = \"0s\"";
    let spec = against_a_window(60, law)
        .set("workload.app", "start = { at = '1h' }")
        .set("background.office", "egress = 'out'\nregistry = 'lab'\npulls_per_hour = 20")
        .spec();
    let ready: Vec<f64> =
        (0..200).map(|it| known(&outcome(&spec, it), "run", "pods_ready")).collect();
    let mean = ready.iter().sum::<f64>() / 200.0;
    // The office has an hour alone: Poisson with mean 20, so 20 are left on average; four standard
    // errors are 4 * sqrt(20 / 200) = 1.26.
    assert!((mean - 20.0).abs() < 1.3, "{mean}");
}

/// Two clients that let connections idle for unequal times share the ports of one address.
#[test]
fn ports_come_back_in_any_order() {
    let law = "law = \"sliding-log\"\nallow = 1000\nwindow = \"1h\"";
    let outcome = against_a_window(20, law)
        .set("egress.out", "ports = { per = 'address', count = 9, hold = '1s' }")
        .pool("client = { idle_timeout = '5s' }")
        .set("pool.patient", "nodes = 20\negress = 'out'\nclient = { idle_timeout = '90s' }")
        .daemonset("patient", "app")
        .set("workload.patient", "pool = 'patient'")
        .outcome();
    assert_eq!(known(&outcome, "run", "pods_ready"), 40.0);
    // A refused port is a rejection: the first dial that finds none is lost at the start.
    assert!(known(&outcome, "run", "first_rejection_seconds") < 1.0);
    assert!(0.0 < known(&outcome, "run", "recovery_seconds"));
}
