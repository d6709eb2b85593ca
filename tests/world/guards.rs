//! Guards of rollouts: canaries with the automation that tries again, pauses after failed pulls,
//! and the levers that an operator has during a rollout.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{Lab, known, metric};
use pullstorm::model::record::outcome::{Outcome, PodRow, Value};

/// Nodes that run `app`; `next` can be pulled, `bad` lacks the nodes' platform.
fn images(horizon: &str) -> Lab {
    Lab::new()
        .with(&format!("horizon = '{horizon}'"))
        .registry("rtt = '10ms'")
        .pool("nodes = 20\nkubelet = { registry_pull_qps = 0 }")
        .image("app", "layers = ['1kB']")
        .image("next", "layers = ['1kB']")
        .image("bad", "platforms = ['arm64', 'riscv64']\nlayers = ['1kB']")
}

/// A Deployment that runs.
fn cluster(replicas: u32, horizon: &str, then: &str) -> Lab {
    images(horizon)
        .deployment("app", replicas, "app")
        .set("workload.app", "start = { running = true }")
        .with(then)
}

fn canary(image: &str, more: &str) -> String {
    format!(
        "[timeline.roll]\nat = \"1m\"\n\
         canary = {{ workload = \"app\", replace = {{ app = \"{image}\" }}{more} }}"
    )
}

fn of(outcome: &Outcome, name: &str) -> f64 {
    known(outcome, "workload.app", name)
}

fn created(outcome: &Outcome) -> Vec<(f64, bool)> {
    let rows = &outcome.detail.as_ref().expect("it was recorded").pods;
    rows.iter().map(|it: &PodRow| (it.created.as_secs_f64(), it.ready.is_some())).collect()
}

/// Ten of a hundred pods first, ready in a second or so, baked for ten minutes; then the other
/// ninety. While the canary runs, 10 % are missing for a moment; the rollout may miss 25 %.
#[test]
fn a_good_canary_bakes_and_then_the_rollout_goes_on() {
    let outcome = cluster(100, "1h", &canary("next", "")).outcome();
    let pods = created(&outcome);
    assert_eq!(pods.len(), 100);
    assert!(pods[..10].iter().all(|it| it.0 < 62.0), "{:?}", &pods[..10]);
    assert!(pods[10..].iter().all(|it| 660.0 <= it.0), "{:?}", pods[10]);
    let took = of(&outcome, "rollout_complete_seconds");
    assert!((600.0..620.0).contains(&took), "{took}");
    assert_eq!((of(&outcome, "canary_attempts"), of(&outcome, "canary_failures")), (1.0, 0.0));
    assert_eq!(of(&outcome, "progress_deadline_exceeded"), 0.0, "baking is no standstill");
    assert!(0.75 <= of(&outcome, "min_available_share"));
}

/// A bad canary is undone after ten minutes and tried again every fifteen: at 1, 26, 51, … minutes.
/// Each try makes ten pods with ladders of their own, which pull at 0, 13, 39, 86, 173 and 340 s
/// and would again at 646 s; so each try is 10 × 6 pulls, and ten old pods come back after it.
#[test]
fn a_bad_canary_is_undone_and_its_retries_pull_again() {
    let text = canary("bad", ", retry_every = \"15m\"");
    let run = |horizon: &str| cluster(100, horizon, &text).outcome();
    for (horizon, attempts, failures) in [
        ("9m", 1.0, 0.0),
        ("12m", 1.0, 1.0),
        ("25m", 1.0, 1.0),
        ("27m", 2.0, 1.0),
        ("2h", 5.0, 5.0),
    ] {
        let outcome = run(horizon);
        let seen = (of(&outcome, "canary_attempts"), of(&outcome, "canary_failures"));
        assert_eq!(seen, (attempts, failures), "{horizon}");
        assert_eq!(of(&outcome, "min_available_share"), 0.9, "{horizon}");
        let rollout = metric(&outcome, "workload.app", "rollout_complete_seconds").value;
        assert_eq!(rollout, Value::Censored, "{horizon}");
    }
    let outcome = run("2h");
    assert_eq!(of(&outcome, "pull_failures"), 5.0 * 10.0 * 6.0);
    assert_eq!(of(&outcome, "pods"), 5.0 * (10.0 + 10.0));
    assert_eq!(of(&outcome, "pods_ready"), 50.0, "the old ones that came back");
    assert_eq!(of(&outcome, "pods_deleted_before_ready"), 50.0);
    assert_eq!(of(&outcome, "progress_deadline_exceeded"), 0.0);
}

#[test]
fn retries_of_a_canary_end_where_they_are_told_to() {
    let count = |more: &str| {
        let outcome = cluster(30, "6h", &canary("bad", more)).outcome();
        (of(&outcome, "canary_attempts"), of(&outcome, "canary_failures"))
    };
    assert_eq!(count(""), (1.0, 1.0), "without a period it is not tried again");
    assert_eq!(count(", retry_every = \"15m\", max_retries = 0"), (1.0, 1.0));
    assert_eq!(count(", retry_every = \"15m\", max_retries = 2"), (3.0, 3.0));
}

/// The automation waits while the rollout is paused: undone at 11 minutes and paused from 20 to 80,
/// the second try comes at 80 minutes in place of 26, the third 25 minutes later. Scaled to
/// nothing, a canary has no pods.
#[test]
fn a_pause_holds_the_retries_of_a_canary_and_scaling_takes_its_pods() {
    let run = |horizon: &str, then: &str| {
        let text = format!("{}\n{then}", canary("bad", ", retry_every = \"15m\""));
        cluster(100, horizon, &text).outcome()
    };
    let pause = "[timeline.pause]\nat = \"20m\"\n\
                 pause_rollout = { workload = \"app\", for = \"1h\" }";
    for (horizon, attempts) in [("79m", 1.0), ("81m", 2.0), ("104m", 2.0), ("106m", 3.0)] {
        assert_eq!(of(&run(horizon, pause), "canary_attempts"), attempts, "{horizon}");
    }
    let scale = "[timeline.scale]\nat = \"20m\"\n\
                 scale_workload = { workload = \"app\", replicas = 0 }";
    assert_eq!(of(&run("2h", scale), "pull_failures"), 10.0 * 6.0, "those of the first try");
}

/// Undone by hand while it bakes, a canary is gone for good: its ten pods go, ten old ones are made
/// again, and no rollout follows, nor another try. Nothing is left to undo after that.
#[test]
fn a_rollback_ends_a_canary_that_bakes() {
    let rollback = |name: &str, at: &str| {
        format!("[timeline.{name}]\nat = \"{at}\"\nrollback = {{ workload = \"app\" }}\n")
    };
    let canary = format!("{}\n", canary("next", ", retry_every = \"15m\""));
    let run = |then: &str| cluster(100, "2h", then).outcome();
    let undone = run(&format!("{canary}{}", rollback("undo", "5m")));
    let again = run(&format!("{canary}{}{}", rollback("undo", "5m"), rollback("again", "30m")));
    for outcome in [undone, again] {
        let seen = (of(&outcome, "canary_attempts"), of(&outcome, "canary_failures"));
        assert_eq!(seen, (1.0, 0.0));
        let times: Vec<f64> = created(&outcome).iter().map(|it| it.0).collect();
        assert_eq!(times.iter().filter(|&&it| it == 60.0).count(), 10);
        assert_eq!(times.iter().filter(|&&it| it == 300.0).count(), 10);
        assert_eq!(times.iter().filter(|&&it| 300.0 < it).count(), 0);
        assert_eq!(of(&outcome, "versions_running"), 1.0);
    }
}

/// A registry that is down for 20 minutes: the first try fails at 11 minutes, the second begins at
/// 26 and is ready at once. From the first try to the end of the rollout: 25 minutes, and the bake.
#[test]
fn a_retry_that_succeeds_ends_the_rollout_that_the_first_try_began() {
    let then = format!(
        "{}\n[timeline.down]\nat = \"30s\"\n\
         outage = {{ registry = \"lab\", answer = 500, for = \"20m\" }}",
        canary("next", ", retry_every = \"15m\"")
    );
    let outcome = cluster(100, "2h", &then).outcome();
    assert_eq!((of(&outcome, "canary_attempts"), of(&outcome, "canary_failures")), (2.0, 1.0));
    let took = of(&outcome, "rollout_complete_seconds");
    let expected = 25.0 * 60.0 + 600.0;
    assert!((expected..expected + 20.0).contains(&took), "{took}");
}

/// The share rounds up, at least one, and follows a change of the replicas.
#[test]
fn a_canary_is_a_share_of_the_replicas_there_are() {
    let first = |replicas: u32, share: &str| {
        let text = canary("bad", &format!(", share = \"{share}\""));
        of(&cluster(replicas, "5m", &text).outcome(), "pods")
    };
    assert_eq!([first(100, "10%"), first(15, "10%"), first(3, "0%")], [10.0, 2.0, 1.0]);
    let scaled = format!(
        "{}\n[timeline.scale]\nat = \"2m\"\n\
         scale_workload = {{ workload = \"app\", replicas = 200 }}",
        canary("bad", "")
    );
    let outcome = cluster(100, "5m", &scaled).outcome();
    // 10 pods of the canary and then 20, beside 90 and then 180 old ones.
    assert_eq!(of(&outcome, "pods"), 20.0 + 90.0);
    assert_eq!(of(&outcome, "pods_never_ready"), 20.0);
}

/// One pod of the canary restarts with its node during the bake: the bake begins anew when it is
/// back.
#[test]
fn a_canary_whose_pods_are_lost_bakes_anew() {
    let then = format!(
        "{}\n[timeline.restart]\nat = \"6m\"\nrestart_nodes = {{ pool = \"some\" }}",
        canary("next", "")
    );
    let outcome = cluster(100, "1h", &then).outcome();
    let took = of(&outcome, "rollout_complete_seconds");
    // 5 minutes, a boot of 90 s, 10 minutes.
    let expected = 300.0 + 90.0 + 600.0;
    assert!((expected..expected + 20.0).contains(&took), "{took}");
}

/// Going back to what is stable gives the canary up; going on to its template promotes it.
#[test]
fn a_rollout_ends_a_canary() {
    let and = |image: &str| {
        let then = format!(
            "{}\n[timeline.then]\nat = \"3m\"\n\
             rollout = {{ workload = \"app\", replace = {{ app = \"{image}\" }} }}",
            canary("next", ", bake = \"1h\"")
        );
        cluster(100, "30m", &then).outcome()
    };
    let back = and("app");
    assert_eq!(of(&back, "pods"), 20.0, "10 pods of the canary, and 10 old ones again");
    assert!(of(&back, "rollout_complete_seconds") < 5.0);
    let on = and("next");
    assert_eq!(of(&on, "pods"), 100.0, "the ten pods of the canary stay");
}

/// Created one a second, each failing within a fraction of it: the fifth failure comes before the
/// sixth pod, and no more are made. The five go on retrying: at 0, 13, 39, 86, 173, 340, 646, 952,
/// 1,259, 1,565 s, at least nine times in half an hour.
#[test]
fn a_rollout_is_paused_by_failed_pulls_of_its_pods() {
    let slow = "[control_plane]\ncontroller_qps = 1\ncontroller_burst = 1";
    let run = |guard: &str, horizon: &str| {
        let roll = format!(
            "[timeline.roll]\nat = \"1m\"\n\
             rollout = {{ workload = \"app\", replace = {{ app = \"bad\" }}{guard} }}"
        );
        cluster(100, horizon, &roll).with(slow).outcome()
    };
    let free = run("", "30m");
    assert_eq!(of(&free, "pods"), 50.0, "surge and unavailable");
    assert_eq!(of(&free, "rollout_paused_seconds"), 0.0);
    let held = run(", pause_on_failures = 5", "30m");
    assert_eq!(of(&held, "pods"), 5.0);
    // 29 minutes but for the four seconds until the fifth pod.
    let paused = of(&held, "rollout_paused_seconds");
    assert!((29.0 * 60.0 - 5.0..29.0 * 60.0 - 4.0).contains(&paused), "{paused}");
    assert_eq!(of(&held, "min_available_share"), 0.75, "old pods had gone already");
    assert_eq!(of(&held, "progress_deadline_exceeded"), 0.0, "a pause is no standstill");
    assert!(5.0 * 9.0 <= of(&held, "pull_failures"), "they go on retrying");
    // Ten minutes later it goes on, at about 665 s: the five are between their retries at 400 and
    // 706 s, so that five more pods are made and fail.
    let resumed = run(", pause_on_failures = 5, resume_after = \"10m\"", "12m");
    let pods = of(&resumed, "pods");
    assert_eq!(pods, 10.0);
    let paused = of(&resumed, "rollout_paused_seconds");
    assert!((650.0..656.0).contains(&paused), "{paused}");
}

/// A rollout that goes back while it is held is held no longer.
#[test]
fn going_back_ends_the_pause_of_a_guard() {
    let then = "[timeline.roll]\nat = \"1m\"\n\
                rollout = { workload = \"app\", replace = { app = \"bad\" }, \
                pause_on_failures = 1 }\n\
                [timeline.back]\nat = \"11m\"\n\
                rollout = { workload = \"app\", replace = { bad = \"app\" } }";
    let outcome = cluster(100, "30m", then).outcome();
    assert!(of(&outcome, "rollout_complete_seconds") < 5.0);
    let paused = of(&outcome, "rollout_paused_seconds");
    assert!((599.0..600.0).contains(&paused), "{paused}");
}

/// A guard counts pods, not pulls: one pod that fails ten times is one.
#[test]
fn a_guard_counts_pods() {
    let then = "[timeline.roll]\nat = \"1m\"\n\
                rollout = { workload = \"app\", replace = { app = \"bad\" }, \
                pause_on_failures = 2 }";
    let outcome = cluster(1, "1h", then).outcome();
    assert_eq!(of(&outcome, "pods"), 1.0, "1 replica, surge 1");
    assert!(10.0 < of(&outcome, "pull_failures"));
    assert_eq!(of(&outcome, "rollout_paused_seconds"), 0.0);
}

/// A DaemonSet that is held replaces no more pods; `max_unavailable = 1` makes one pod fail, so the
/// guard of one holds it there even when more may be missing.
#[test]
fn a_guard_holds_a_daemonset_too() {
    let pods = |guard: &str| {
        let outcome = images("30m")
            .daemonset("app", "app")
            .with("[workload.app]\nstart = { running = true }\n[timeline.roll]\nat = '1m'")
            .with(&format!(
                "[timeline.roll]\n\
                 rollout = {{ workload = 'app', replace = {{ app = 'bad' }}{guard} }}"
            ))
            .at("5m", "more", "set = { 'workload.app.max_unavailable' = 10 }")
            .outcome();
        of(&outcome, "pods")
    };
    assert_eq!(pods(", pause_on_failures = 1"), 1.0);
    assert_eq!(pods(""), 10.0);
}

/// A pause by hand counts as well, and two that overlap count once.
#[test]
fn pauses_by_hand_count_once() {
    let pause = |name: &str, at: &str, length: &str| {
        format!(
            "[timeline.{name}]\nat = \"{at}\"\n\
             pause_rollout = {{ workload = \"app\", for = \"{length}\" }}\n"
        )
    };
    let then =
        pause("one", "2m", "10m") + &pause("two", "5m", "20m") + &pause("three", "28m", "9m");
    let outcome = cluster(10, "30m", &then).outcome();
    assert_eq!(of(&outcome, "rollout_paused_seconds"), 60.0 * (23.0 + 2.0));
}

/// What serves as a mitigation without a guard: a rollout with a surge of one keeps a storm at one
/// pod, and spreading the start of a workload spreads its pulls.
#[test]
fn a_small_surge_and_a_spread_start_are_mitigations() {
    let roll = "[timeline.roll]\nat = \"1m\"\n\
                rollout = { workload = \"app\", replace = { app = \"bad\" } }";
    let small = cluster(100, "30m", roll).set("workload.app", "max_surge = 1\nmax_unavailable = 0");
    assert_eq!(of(&small.outcome(), "pods"), 1.0);
    let peak = |start: &str| {
        let start = format!("[workload.app]\nstart = {start}");
        known(&cluster(100, "30m", &start).outcome(), "run", "attempts_peak_per_second")
    };
    let (at_once, spread) = (peak("{ at = \"0s\" }"), peak("{ over = \"100s\" }"));
    assert!(spread <= 2.0 && 20.0 <= at_once, "{at_once} {spread}");
}
