//! Rollouts that go back, and scaling in the middle of one, by the Deployment controller's rules.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{Lab, known};

/// A Deployment that runs `app` and is rolled to `next`, which never gets ready.
fn stuck(replicas: u32, then: &str) -> Lab {
    Lab::new()
        .with("horizon = '30m'")
        .pool("nodes = 10")
        .image("app", "layers = ['1kB']")
        .image("next", "platforms = ['arm64', 'riscv64']\nlayers = ['1kB']")
        .deployment("app", replicas, "app")
        .set("workload.app", "start = { running = true }")
        .at("1m", "roll", "rollout = { workload = 'app', replace = { app = 'next' } }")
        .with(then)
}

/// 100 replicas, surge and unavailable 25 %: 50 new pods hang and 75 old ones are left. Going back
/// is the old ReplicaSet again: 25 pods are missing, 25 are made, and all hundred are there.
#[test]
fn going_back_takes_up_the_old_replica_set() {
    let back = "[timeline.back]\nat = \"10m\"\n\
                rollout = { workload = \"app\", replace = { next = \"app\" } }";
    let outcome = stuck(100, back).outcome();
    assert_eq!(known(&outcome, "run", "pods"), 50.0 + 25.0);
    assert_eq!(known(&outcome, "run", "pods_ready"), 25.0);
    assert_eq!(known(&outcome, "run", "pods_deleted_before_ready"), 50.0);
    // 25 pods within the controller's burst of 30: at once but for their pulls.
    assert!(known(&outcome, "workload.app", "rollout_complete_seconds") < 2.0);
    assert_eq!(known(&outcome, "workload.app", "min_available_share"), 0.75);
    assert_eq!(known(&outcome, "workload.app", "progress_deadline_exceeded"), 0.0);
}

/// Without progress for ten minutes a rollout is past its deadline, and stays where it is.
#[test]
fn a_rollout_that_hangs_is_past_its_deadline_after_ten_minutes() {
    let count = |horizon: &str| {
        let outcome = stuck(100, &format!("horizon = '{horizon}'")).outcome();
        known(&outcome, "workload.app", "progress_deadline_exceeded")
    };
    assert_eq!((count("10m59s"), count("11m1s"), count("2h")), (0.0, 1.0, 1.0));
}

#[test]
fn a_rollout_that_changes_nothing_does_nothing() {
    let same = "[timeline.roll]\nrollout = { workload = 'app', replace = { app = 'app' } }";
    let outcome = stuck(100, same).outcome();
    assert_eq!(known(&outcome, "run", "pods"), 0.0);
    assert_eq!(known(&outcome, "workload.app", "min_available_share"), 1.0);
}

#[test]
fn a_restart_replaces_every_pod() {
    let restart = "[timeline.roll]\nrollout = { workload = 'app' }";
    let outcome = stuck(100, restart).outcome();
    assert_eq!(known(&outcome, "run", "pods_ready"), 100.0);
    assert!(0.75 <= known(&outcome, "workload.app", "min_available_share"));
}

/// 10 replicas: surge 3, unavailable 2, so 8 old and 5 new pods, 13 in all. For 20 replicas with a
/// surge of 5, 25 pods may be: 8 x 25 / 13 = 15.4 old and 5 x 25 / 13 = 9.6 new ones, rounded 15
/// and 10. So 7 pods of the old template are made and get ready, and 5 more of the new one hang.
#[test]
fn scaling_in_the_middle_of_a_rollout_scales_every_set() {
    let scale = "[timeline.scale]\nat = \"10m\"\n\
                 scale_workload = { workload = \"app\", replicas = 20 }";
    let outcome = stuck(10, scale).outcome();
    assert_eq!(known(&outcome, "run", "pods"), 5.0 + 7.0 + 5.0);
    assert_eq!(known(&outcome, "run", "pods_ready"), 7.0);
    assert_eq!(known(&outcome, "run", "pods_never_ready"), 10.0);
}

/// Scaling down in the middle of one: 13 pods, 8 old and 5 new; for 4 replicas with a surge of 1,
/// 5 may be: 8 x 5 / 13 = 3.1 and 5 x 5 / 13 = 1.9, rounded 3 and 2.
#[test]
fn scaling_down_in_the_middle_of_a_rollout_keeps_the_proportion() {
    let scale = "[timeline.scale]\nat = \"10m\"\n\
                 scale_workload = { workload = \"app\", replicas = 4 }";
    let outcome = stuck(10, scale).outcome();
    assert_eq!(known(&outcome, "run", "pods"), 5.0, "none is made");
    assert_eq!(known(&outcome, "run", "pods_never_ready"), 2.0);
    assert_eq!(known(&outcome, "run", "pods_deleted_before_ready"), 3.0);
}

/// Scaled to nothing in the middle of a paused rollout, no pod may be, whatever the surge: the 8
/// old and 5 new ones go. Scaled to 5 again, the new set alone gets 5.
#[test]
fn nothing_wanted_is_nothing_whatever_the_surge() {
    let then = "[timeline.pause]\nat = \"2m\"\n\
                pause_rollout = { workload = \"app\", for = \"1h\" }\n\
                [timeline.down]\nat = \"3m\"\n\
                scale_workload = { workload = \"app\", replicas = 0 }\n\
                [timeline.surge]\nat = \"4m\"\nset = { \"workload.app.max_surge\" = 0 }\n\
                [timeline.up]\nat = \"5m\"\n\
                scale_workload = { workload = \"app\", replicas = 5 }";
    let bounds = "[workload.app]\nmax_surge = 3\nmax_unavailable = 2";
    let outcome = stuck(10, then).with(bounds).outcome();
    assert_eq!(known(&outcome, "run", "pods"), 5.0 + 5.0);
    assert_eq!(known(&outcome, "run", "pods_deleted_before_ready"), 5.0);
    assert_eq!(known(&outcome, "run", "pods_never_ready"), 5.0);
}
