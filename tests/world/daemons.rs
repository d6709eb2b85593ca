//! DaemonSets: how many of their pods are missing, and what becomes of them while their nodes
//! restart or go.
//!
//! The numbers come from the rule, not from the program: a DaemonSet wants one pod on each node it
//! has, a rollout takes `max_unavailable` of them away at a time, and a node that restarts keeps
//! its DaemonSet.

use crate::support::{Lab, known};
use pullstorm::model::record::outcome::{Outcome, PodRow};

/// A DaemonSet of one image, and another to roll out.
fn lab() -> Lab {
    Lab::new()
        .with("horizon = '30m'")
        .image("old", "layers = ['1kB']")
        .image("new", "layers = ['1kB']")
        .daemonset("agent", "old")
}

/// It runs on ten nodes.
fn running() -> Lab {
    lab().pool("nodes = 10").set("workload.agent", "start = { running = true }")
}

const RELEASE: &str = "[timeline.release]\nat = '10s'\n\
                       rollout = { workload = 'agent', replace = { old = 'new' } }";
const REBOOT: &str = "[pool.some]\nboot = '90s'\n\
                      [timeline.reboot]\nat = '1s'\nrestart_nodes = { pool = 'some' }";

fn pods(outcome: &Outcome) -> &[PodRow] {
    &outcome.detail.as_ref().expect("run with detail").pods
}

fn share_with(max_unavailable: &str) -> f64 {
    let unavailable = format!("[workload.agent]\nmax_unavailable = {max_unavailable}");
    let seen = running().with(&unavailable).with(RELEASE).outcome();
    assert!((known(&seen, "workload.agent", "pods_ready") - 10.0).abs() < 1e-9);
    known(&seen, "workload.agent", "min_available_share")
}

#[test]
fn a_daemon_that_is_being_replaced_is_a_wanted_pod_that_is_missing() {
    for (max_unavailable, missing) in
        [("1", 1.0), ("2", 2.0), ("3", 3.0), ("'25%'", 3.0), ("10", 10.0)]
    {
        let expected = 1.0 - missing / 10.0;
        let seen = share_with(max_unavailable);
        assert!((seen - expected).abs() < 1e-9, "{max_unavailable}: {seen}, expected {expected}");
    }
}

#[test]
fn a_deleted_daemon_is_missing_until_its_successor_is_ready() {
    let mistake = "[timeline.mistake]\nat = '10s'\n\
                   delete_pods = { workload = 'agent', share = '40%' }";
    let seen = running().with(mistake).outcome();
    let share = known(&seen, "workload.agent", "min_available_share");
    assert!((share - 0.6).abs() < 1e-9, "four of ten were deleted: {share}");
}

/// A hundred daemons are created at 20 a second after 30 at once, so that the restart after one
/// second catches most of them unbound. The machines are back after 90 s, and then every daemon
/// must come up.
#[test]
fn daemons_created_while_their_nodes_restart_start_when_these_are_back() {
    let seen = lab().pool("nodes = 100").with(REBOOT).outcome();
    assert!((known(&seen, "workload.agent", "pods_ready") - 100.0).abs() < 1e-9);
    for pod in pods(&seen) {
        let ready = pod.ready.expect("ready").as_secs_f64();
        assert!(ready < 1.0 || (91.0..100.0).contains(&ready), "ready at {ready}");
    }
}

#[test]
fn daemons_deleted_while_their_nodes_restart_are_replaced() {
    let mistake = "[timeline.mistake]\nat = '10s'\ndelete_pods = { workload = 'agent' }";
    let seen = running().with(REBOOT).with(mistake).outcome();
    assert_eq!(pods(&seen).len(), 10, "one successor a node");
    assert!(pods(&seen).iter().all(|it| it.ready.is_some()), "all ready again");
    assert!(known(&seen, "workload.agent", "min_available_share").abs() < 1e-9);
}

#[test]
fn a_rollout_goes_on_when_restarting_nodes_are_back() {
    let seen = running().with(REBOOT).with(RELEASE).outcome();
    assert_eq!(pods(&seen).len(), 10);
    let took = known(&seen, "workload.agent", "rollout_complete_seconds");
    assert!((81.0..90.0).contains(&took), "the machines are back 81 s later: {took}");
}

/// Five of ten nodes are drained at 60 s, for 30 s; the rollout at 70 s must leave their pods be,
/// which go with them, and no pod may wait for a node that is gone. So 10 daemons are made: 5 by
/// the rollout, 5 on the new nodes.
#[test]
fn a_rollout_leaves_nodes_alone_that_are_about_to_go() {
    let seen = running()
        .set("workload.agent", "max_unavailable = 10")
        .at("60s", "kernel", "replace_nodes = { pool = 'some', batch = 5, every = '2h' }")
        .with(RELEASE)
        .set("timeline.release", "at = '70s'")
        .outcome();
    assert_eq!(pods(&seen).len(), 10);
    assert!(pods(&seen).iter().all(|it| it.ready.is_some()), "no daemon waits for a lost node");
    assert!(known(&seen, "workload.agent", "pods_never_ready").abs() < 1e-9);
}

/// Two nodes of three places are full; a daemon waits for each, and then a pod that any node could
/// take. One pod goes: somebody gets its place. Whoever that is, six pods run.
#[test]
fn a_place_that_becomes_free_does_not_stay_empty() {
    for seed in 0..8 {
        let seen = lab()
            .with(&format!("seed = {seed}"))
            .pool("nodes = 2\nmax_pods = 3")
            .deployment("first", 6, "old")
            .set("workload.agent", "start = { at = '20s' }")
            .deployment("last", 1, "old")
            .set("workload.last", "start = { at = '30s' }")
            .at("60s", "less", "scale_workload = { workload = 'first', replicas = 5 }")
            .outcome();
        let gone = pods(&seen).iter().filter(|it| it.deleted.is_some()).count();
        let ready = pods(&seen).iter().filter(|it| it.ready.is_some()).count();
        assert_eq!((gone, ready - gone), (1, 6), "seed {seed}");
    }
}

/// Six places, ten pods: four wait. Three of those are deleted, which frees nothing; then a pod
/// that runs goes, and the one that still waits must get its place, whoever stood before it.
#[test]
fn deleted_pods_do_not_stand_in_the_way_of_one_that_waits() {
    for seed in 0..8 {
        let seen = Lab::new()
            .with(&format!("horizon = '30m'\nseed = {seed}"))
            .pool("nodes = 2\nmax_pods = 3")
            .image("app", "layers = ['1kB']")
            .deployment("first", 1, "app")
            .deployment("many", 9, "app")
            .set("workload.many", "start = { at = '5s' }")
            .at("30s", "fewer", "scale_workload = { workload = 'many', replicas = 6 }")
            .at("60s", "none", "scale_workload = { workload = 'first', replicas = 0 }")
            .outcome();
        assert!((known(&seen, "workload.many", "pods_ready") - 6.0).abs() < 1e-9, "seed {seed}");
    }
}
