use super::*;

#[test]
fn the_figures_of_hub_outage_are_those_of_its_golden_file() {
    hold_golden("hub-outage");
}

const NO_IMAGE_UPDATE: &str = "timeline.image-update.enabled=false";

#[test]
fn an_outage_hurts_new_nodes_and_new_pods() {
    let base = base("hub-outage");
    assert!(!in_time(base));
    assert!(1800.0 < p95(base), "{}", p95(base));
    assert!(of(base, "workload.logging", "min_available_share") < 0.75);
    assert!(is_the_only_cause(base, "hub-down"));
    for variant in ["own-copies", "warm-nodes"] {
        let other = run("hub-outage", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(30.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
        assert!(of(&other, "run", "pull_failures") < 0.5, "{variant}");
    }
    let calm = run("hub-outage", "", &["timeline.hub-down.enabled=false"]);
    assert!(in_time(&calm) && 30.0 * lost(&calm) < lost(base));
}

#[test]
fn an_outage_spares_what_needs_nothing_from_docker_hub() {
    let base = base("hub-outage");
    assert!(of(base, "workload.api", "pull_failures") < 0.5);
    assert!(of(base, "workload.api", "ready_seconds_max") < 30.0);
    assert!(0.85 < of(base, "workload.api", "min_available_share"));
}

#[test]
fn on_warm_nodes_the_policy_decides() {
    let warm = run("hub-outage", "", &[NO_IMAGE_UPDATE]);
    assert!(of(&warm, "workload.web", "ready_seconds_max") < 10.0);
    assert!(of(&warm, "workload.web", "pull_attempts") < 0.5);
    // Half of cache is in the air when the outage stops its rollout.
    assert!(1800.0 < of(&warm, "workload.cache", "ready_seconds_p95"));
    for agents in ["workload.metrics", "workload.logging"] {
        assert!(of(&warm, agents, "pods") < 0.5);
        assert!(0.999 < of(&warm, agents, "min_available_share"));
    }
    // Warm means warm for every image: with more nodes than pods some lack it.
    let wider = run("hub-outage", "warm-nodes", &["pool.workers.nodes=150"]);
    assert!(0.0 < failed_by(&wider, "hub-down"));
}

#[test]
fn what_can_be_done_in_the_middle_and_afterwards() {
    let base = base("hub-outage");
    let switched = run("hub-outage", "switch-to-copies", &[]);
    assert!(3.0 * lost(&switched) < lost(base));
    let kicked = run("hub-outage", "restart-kubelets", &[]);
    assert!(0.9 * lost(base) < lost(&kicked) && lost(&kicked) < lost(base));
}
