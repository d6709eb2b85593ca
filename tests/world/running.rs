//! Workloads that run when the simulation begins, and pods of many containers.

use crate::support::{Lab, known};
use pullstorm::model::record::outcome::Outcome;

fn ran(workload: &str) -> Outcome {
    Lab::new()
        .with("horizon = '10m'")
        .pool("nodes = 2\nmax_pods = 5")
        .image("app", "layers = ['1kB']")
        .image("last", "layers = ['1kB']")
        .workload("app", workload)
        .outcome()
}

fn assert_known(outcome: &Outcome, metric: &str, expected: f64) {
    let seen = known(outcome, "workload.app", metric);
    assert!((seen - expected).abs() < 1e-9, "{metric}: {seen}, expected {expected}");
}

/// Two nodes take five pods each: of 13 that should run, three find no room and wait all 10 min.
#[test]
fn running_pods_without_room_are_pods_that_never_become_ready() {
    let seen = ran(r#"
kind = "deployment"
replicas = 13
start = { running = true }
containers = [{ image = "app" }]
"#);
    assert_known(&seen, "pods_never_ready", 3.0);
    assert_known(&seen, "unready_pod_minutes", 30.0);
}

/// Of six completions two run at the start and end after 10 s; the other four are pods of the run,
/// two at a time.
#[test]
fn a_job_that_runs_at_the_start_goes_on_to_its_end() {
    let seen = ran(r#"
kind = "job"
completions = 6
parallelism = 2
duration = "10s"
start = { running = true }
containers = [{ image = "app" }]
"#);
    assert_known(&seen, "pods", 4.0);
    assert_known(&seen, "pods_ready", 4.0);
}

/// No more pods of a job run than it has completions.
#[test]
fn a_running_job_has_no_more_pods_than_completions() {
    let seen = ran(r#"
kind = "job"
completions = 3
parallelism = 8
duration = "10s"
start = { running = true }
containers = [{ image = "app", image_pull_policy = "Always" }]
"#);
    assert_known(&seen, "pods", 0.0);
}

/// The scenario language takes a hundred containers; the last one has an image of its own.
#[test]
fn a_pod_of_a_hundred_containers_starts_them_all() {
    let same = r#"{ image = "app" }, "#.repeat(99);
    for replicas in [1, 2] {
        let seen = ran(&format!(
            r#"
kind = "deployment"
replicas = {replicas}
containers = [{same}{{ image = "last" }}]
"#
        ));
        assert_known(&seen, "pods_ready", f64::from(replicas));
        assert_known(&seen, "pull_attempts", 2.0 * f64::from(replicas));
    }
    let seen = ran(&format!(
        r#"
kind = "deployment"
replicas = 4
start = {{ running = true }}
containers = [{same}{{ image = "last" }}]
"#
    ));
    assert_known(&seen, "min_available_share", 1.0);
}
