//! Who a pull counts as: accounts of pods and nodes, addresses with shares of their own, /64
//! prefixes, private registries, copies of images in another registry.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use std::collections::BTreeMap;

use crate::support::{Lab, known};
use pullstorm::model::record::measure::LIMIT_UNITS_SPENT;
use pullstorm::model::record::outcome::{Outcome, SharedAccount};

/// Two registries that need tokens, an account of each tier in `hub`, one in `lab`; limits that
/// count manifests and refuse nothing.
fn two_registries(pool: &str, workload: &str, more: &str) -> Lab {
    let limits = |registry: &str, tiers: &[&str]| -> String {
        let limit = |name: String, of: &str| {
            format!(
                "[registry.{registry}.limit.{name}]\n{of}\nlaw = \"sliding-log\"\n\
                 allow = 100000\nwindow = \"6h\"\nweight = {{ single = 1 }}\n"
            )
        };
        let anonymous =
            limit(format!("{registry}-anonymous"), "for = \"anonymous\"\nkey = \"address\"");
        let tiers = tiers.iter().map(|tier| {
            let of = format!("for = \"account\"\nkey = \"account\"\ntier = \"{tier}\"");
            limit(format!("{registry}-{tier}"), &of)
        });
        tiers.fold(anonymous, |all, it| all + &it)
    };
    let account =
        |name: &str, of: &str| format!("[account.{name}]\nregistry = '{of}'\ntier = '{name}'");
    Lab::new()
        .registry("needs_token = true")
        .set("registry.hub", "host = 'docker.io'\nneeds_token = true")
        .with(&limits("hub", &["one", "two"]))
        .with(&limits("lab", &["team"]))
        .with(&account("one", "hub"))
        .with(&account("two", "hub"))
        .with(&account("team", "lab"))
        .set("egress.out", "kind = 'nat'")
        .pool("nodes = 10")
        .pool(pool)
        .set("image.app", "reference = 'docker.io/acme/app:1'\nlayers = ['1kB']")
        .image("side", "layers = ['1kB']")
        .workload("app", "kind = 'daemonset'")
        .set("workload.app", "containers = [{ image = 'app' }, { image = 'side' }]")
        .workload("app", workload)
        .with(more)
}

/// Units spent at each limit that anything was spent of.
fn spent(outcome: &Outcome) -> BTreeMap<String, f64> {
    let of_run = outcome.metrics.iter().filter(|it| it.scope == "run");
    let all = of_run.filter_map(|it| {
        let name = LIMIT_UNITS_SPENT.part(&it.name)?;
        Some((name.to_owned(), it.value.known()?))
    });
    all.filter(|it| 0.0 < it.1).collect()
}

fn spends(pool: &str, workload: &str, more: &str, expected: &[(&str, f64)]) {
    let outcome = two_registries(pool, workload, more).outcome();
    let expected = expected.iter().map(|&(name, units)| (name.to_owned(), units)).collect();
    assert_eq!(spent(&outcome), expected, "{pool} {workload} {more}");
}

#[test]
fn a_pods_own_secret_goes_before_its_nodes_credentials() {
    let none: &[(&str, f64)] = &[("hub-anonymous", 10.0), ("lab-anonymous", 10.0)];
    spends("", "", "", none);
    let of_node: &[(&str, f64)] = &[("hub-one", 10.0), ("lab-anonymous", 10.0)];
    spends("account = \"one\"", "", "", of_node);
    let of_pod: &[(&str, f64)] = &[("hub-two", 10.0), ("lab-anonymous", 10.0)];
    spends("account = \"one\"", "account = \"two\"", "", of_pod);
    // A secret for the other registry leaves the node's in force here.
    let both: &[(&str, f64)] = &[("hub-one", 10.0), ("lab-team", 10.0)];
    spends("account = \"one\"", "account = \"team\"", "", both);
    spends("", "account = [\"one\", \"team\"]", "", both);
    spends("account = [\"team\", \"one\"]", "", "", both);
}

#[test]
fn credentials_of_nodes_land_at_the_next_pull() {
    let then = |path: &str, to: &str| {
        format!(
            "[timeline.login]\nat = \"10m\"\nset = {{ \"{path}\" = {to} }}\n\
             [timeline.again]\nat = \"20m\"\nreplace_nodes = {{ pool = \"some\", batch = \"100%\", \
             every = \"1m\" }}"
        )
    };
    let half = &[("hub-anonymous", 10.0), ("hub-one", 10.0), ("lab-anonymous", 20.0)];
    spends("", "", &then("pool.some.account", "\"one\""), half);
    spends("account = \"one\"", "", &then("pool.some.account", "\"\""), half);
    let secrets = then("workload.app.account", "[\"two\", \"team\"]");
    let expected =
        &[("hub-one", 10.0), ("hub-two", 10.0), ("lab-anonymous", 10.0), ("lab-team", 10.0)];
    spends("account = \"one\"", "", &secrets, expected);
}

/// A copy in `lab` is pulled from there, with the credentials for `lab`; `hub` is not asked at all.
#[test]
fn a_replicated_image_is_pulled_from_its_new_registry_alone() {
    let lab = two_registries("account = [\"one\", \"team\"]", "", "");
    let copied = lab.clone().registry("replicates = ['app']");
    let outcome = copied.outcome();
    assert_eq!(spent(&outcome), BTreeMap::from([("lab-team".to_owned(), 20.0)]));
    assert_eq!(known(&outcome, "registry.hub", "requests"), 0.0);
    assert_eq!(known(&outcome, "run", "pods_ready"), 10.0);
    // The same as a reference to the other registry, request for request.
    let renamed = lab.set("image.app", "reference = 'lab.example/acme/app:1'");
    let (_, by_copy) = copied.requests();
    let (_, by_name) = renamed.requests();
    assert_eq!(by_copy, by_name);
}

/// A DaemonSet of one small image over `nodes` nodes behind an egress, and one limit.
fn behind(egress: &str, nodes: u32, limit: &str, registry: &str) -> Lab {
    Lab::new()
        .with("horizon = '10m'")
        .unpaced()
        .registry(registry)
        .set("registry.lab.limit.pulls", "law = 'sliding-log'\nwindow = '6h'")
        .set("registry.lab.limit.pulls", "weight = { single = 1 }")
        .set("registry.lab.limit.pulls", limit)
        .set("egress.out", "kind = 'nat'")
        .set("egress.out", egress)
        .pool(&format!("nodes = {nodes}"))
        .image("app", "layers = ['1MB']")
        .daemonset("app", "app")
}

/// Units that each counter of the limit has spent at the end, by its label.
fn counters(outcome: &Outcome, allow: f64) -> BTreeMap<String, f64> {
    let gauges = &outcome.detail.as_ref().expect("it was recorded").gauges;
    let limits = gauges.iter().filter(|it| it.series == "limit_units_left");
    limits
        .map(|it| {
            (
                it.kind.clone(),
                allow - it.samples.last().copied().flatten().expect("a level at the end"),
            )
        })
        .collect()
}

/// 4,000 nodes over three addresses: each address gets its share within four standard deviations,
/// sqrt(4000 × p × (1 − p)) of 31, 29 and 19 nodes. The same holds of connections: two a pull
/// (resolve and fetch), of which the second fetches the manifest that counts.
#[test]
fn addresses_are_drawn_by_their_shares() {
    for choose in ["node", "connection"] {
        let egress =
            format!("addresses = 3\nchoose = \"{choose}\"\nshares = [\"60%\", \"30%\", \"10%\"]");
        let limit = "key = \"address\"\nallow = 100000";
        let outcome = behind(&egress, 4_000, limit, "").outcome();
        let counters = counters(&outcome, 100_000.0);
        assert_eq!(counters.values().sum::<f64>(), 4_000.0);
        for (label, expected, deviation) in
            [("out#0", 2_400.0, 31.0), ("out#1", 1_200.0, 29.0), ("out#2", 400.0, 19.0)]
        {
            let seen = counters[label];
            assert!((seen - expected).abs() < 4.0 * deviation, "{choose} {label}: {seen}");
        }
    }
    let egress = "addresses = 2\nshares = [\"0%\", \"100%\"]";
    let outcome = behind(egress, 50, "key = \"address\"\nallow = 100000", "").outcome();
    assert_eq!(counters(&outcome, 100_000.0), BTreeMap::from([("out#1".to_owned(), 50.0)]));
}

/// 120 nodes that all draw one address of 100 units: 20 are refused while the other address has all
/// of its units left. About 60 at each are granted all.
#[test]
fn an_uneven_split_wastes_quota() {
    let failed = |shares: &str| {
        let egress = format!("addresses = 2\nshares = {shares}");
        let outcome = behind(&egress, 120, "key = \"address\"\nallow = 100", "").outcome();
        known(&outcome, "run", "pods_never_ready")
    };
    assert_eq!(failed("[\"50%\", \"50%\"]"), 0.0);
    assert_eq!(failed("[\"100%\", \"0%\"]"), 20.0);
}

/// Nodes of one /64 share its units, and those of another have theirs: 5 units each, 60 nodes, so
/// ten pods get ready. By address, each node has its own five.
#[test]
fn a_64_is_one_identity_for_its_nodes_and_no_other() {
    let run = |key: &str| {
        let limit = format!("key = \"{key}\"\nallow = 5");
        behind("kind = \"ipv6\"\nprefixes = 2", 60, &limit, "").outcome()
    };
    let by_prefix = run("prefix64");
    assert_eq!(known(&by_prefix, "run", "pods_ready"), 10.0);
    let counters = counters(&by_prefix, 5.0);
    assert_eq!(counters.values().copied().collect::<Vec<_>>(), [5.0, 5.0]);
    assert_eq!(known(&run("address"), "run", "pods_ready"), 60.0);
}

#[test]
fn nodes_with_addresses_of_their_own_have_units_of_their_own() {
    let run = |egress: &str| {
        let outcome = behind(egress, 60, "key = \"address\"\nallow = 5", "").outcome();
        known(&outcome, "run", "pods_ready")
    };
    assert_eq!((run("kind = \"per-node\""), run("kind = \"nat\"")), (60.0, 5.0));
}

/// Past the NAT: no address shared, no ports taken, no bandwidth of the egress. 20 nodes of 1 MB
/// over 8 Mbit/s take 20 s through it.
#[test]
fn a_private_registry_is_reached_past_the_egress() {
    let run = |egress: &str, limit: &str, private: bool| {
        let registry = format!("private = {private}");
        behind(egress, 20, limit, &registry).outcome()
    };
    let ready = |outcome: &Outcome| known(outcome, "run", "pods_ready");
    let one_each = "key = \"address\"\nallow = 1";
    assert_eq!(ready(&run("", one_each, false)), 1.0);
    let private = run("", one_each, true);
    assert_eq!(ready(&private), 20.0);
    assert!(counters(&private, 1.0).keys().all(|it| it.starts_with("private#")));
    let free = "key = \"registry\"\nallow = 1000";
    let ports = "ports = { per = \"address\", count = 1, hold = \"1h\" }";
    assert!(0.0 < known(&run(ports, free, false), "run", "pull_failures"));
    assert_eq!(known(&run(ports, free, true), "run", "pull_failures"), 0.0);
    let slow = "bandwidth = \"8Mbit/s\"";
    let (through, past) = (run(slow, free, false), run(slow, free, true));
    let last = |outcome: &Outcome| known(outcome, "run", "ready_seconds_max");
    assert!(20.0 <= last(&through) && last(&past) < 2.0, "{} {}", last(&through), last(&past));
    let bytes = |outcome: &Outcome| {
        (known(outcome, "run", "egress_bytes"), known(outcome, "run", "private_bytes"))
    };
    let all = bytes(&through).0;
    assert_eq!((bytes(&through), bytes(&past)), ((all, 0.0), (0.0, all)));
}

/// One account for eight addresses: 200 units in place of 8 × 100. Without credentials nobody would
/// have been refused.
#[test]
fn an_account_that_makes_it_worse_is_told_so() {
    let run = |addresses: u32, account: &str, window: &str| {
        let limit = |of: &str, allow: u32, window: &str| {
            format!(
                "for = '{of}'\nlaw = 'sliding-log'\nallow = {allow}\nwindow = '{window}'\n\
                 weight = {{ single = 1 }}"
            )
        };
        Lab::new()
            .set("registry.lab.limit.anonymous", "key = 'address'")
            .with(&format!("[registry.lab.limit.anonymous]\n{}", limit("anonymous", 100, window)))
            .set("registry.lab.limit.personal", "key = 'account'")
            .with(&format!("[registry.lab.limit.personal]\n{}", limit("account", 200, "6h")))
            .set("account.ci", "registry = 'lab'")
            .set("egress.out", &format!("kind = 'nat'\naddresses = {addresses}"))
            .pool(&format!("nodes = 400\n{account}"))
            .image("app", "layers = ['1kB']")
            .daemonset("app", "app")
            .outcome()
            .shared_accounts
    };
    let with = "account = \"ci\"";
    let worse = |addresses, units_apart| {
        let (limit, account) = ("personal".to_owned(), "ci".to_owned());
        SharedAccount { limit, account, addresses, units: 200.0, units_apart }
    };
    assert_eq!(run(8, with, "6h"), [worse(8, 800.0)]);
    assert_eq!(run(8, "", "6h"), [], "nobody uses it");
    assert_eq!(run(2, with, "6h"), [], "no worse");
    // 100 an hour are 600 in the account's six hours, from each address.
    assert_eq!(run(1, with, "1h"), [worse(1, 600.0)]);
}
