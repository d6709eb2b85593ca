//! Containers of one pod that share an image.
//!
//! The kubelet walks a pod's containers one after another and looks for the image before each: what
//! the first container pulled is there for the second (`image_manager.go`, `kuberuntime_manager.go`
//! SyncPod). The figures follow from that and from the requests of a pull.

use crate::support::{Lab, Seen, known};
use pullstorm::model::record::outcome::Outcome;

fn ran(nodes: u32, containers: &str, limit: &str) -> (Outcome, Vec<Seen>) {
    Lab::new()
        .pool(&format!("nodes = {nodes}"))
        .image("app", "layers = ['1kB']")
        .image("side", "layers = ['1kB']")
        .workload("app", &format!("kind = 'daemonset'\ncontainers = [{containers}]"))
        .with(limit)
        .requests()
}

fn attempts(outcome: &Outcome) -> f64 {
    known(outcome, "run", "pull_attempts")
}

#[test]
fn a_second_container_of_the_same_image_starts_without_a_pull() {
    let (seen, requests) = ran(1, r#"{ image = "app" }, { image = "app" }"#, "");
    assert!((attempts(&seen) - 1.0).abs() < 1e-9);
    assert_eq!(requests.len(), 4, "HEAD, manifest, config, layer");
}

#[test]
fn containers_of_another_image_in_between_change_nothing() {
    let containers =
        r#"{ image = "app" }, { image = "side" }, { image = "app" }, { image = "side" }"#;
    let (seen, requests) = ran(1, containers, "");
    assert!((attempts(&seen) - 2.0).abs() < 1e-9);
    assert_eq!(requests.len(), 8);
}

/// Under policy Always each container asks: the second costs a HEAD.
#[test]
fn under_policy_always_each_container_pulls() {
    let always = r#"{ image = "app", image_pull_policy = "Always" }"#;
    let (seen, requests) = ran(1, &format!("{always}, {always}"), "");
    assert!((attempts(&seen) - 2.0).abs() < 1e-9);
    assert_eq!(requests.len(), 5);
}

/// Each of ten nodes sends one HEAD, so ten HEADs in the window are enough for all.
#[test]
fn a_limit_on_heads_counts_one_a_node() {
    let limit = r#"
[registry.lab.limit.heads]
law = "sliding-log"
allow = 10
window = "1h"
weight = { head = 1 }
"#;
    let (seen, _) = ran(10, r#"{ image = "app" }, { image = "app" }"#, limit);
    assert!((known(&seen, "run", "pods_ready") - 10.0).abs() < 1e-9);
    assert!(known(&seen, "run", "pull_failures").abs() < 1e-9);
}
