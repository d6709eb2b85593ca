use super::*;

#[test]
fn the_figures_of_pre_pull_and_pin_are_those_of_its_golden_file() {
    hold_golden("pre-pull-and-pin");
}

const JOBS_OFF: [&str; 3] = [
    "workload.job-a.enabled=false",
    "workload.job-b.enabled=false",
    "workload.job-c.enabled=false",
];

fn of_shop(summary: &Summary, name: &str) -> f64 {
    of(summary, "workload.shop", name)
}

/// Half of the new pods are in the air when the rollout stands still.
fn stands_still(summary: &Summary) -> bool {
    40.0 < of_shop(summary, "pods_never_ready")
        && of_shop(summary, "rollout_complete_seconds").is_infinite()
}

#[test]
fn a_pre_pulled_and_pinned_rollout_does_not_notice_the_quota() {
    let base = base("pre-pull-and-pin");
    assert!(in_time(base));
    assert!(of_shop(base, "pull_attempts") < 0.5);
    // The jobs beside it do.
    assert!(of(base, "workload.job-c", "pods_never_ready") > 30.0);
    assert!(1000.0 < of(base, "workload.job-c", "pull_failures"));
    assert!(is_the_only_cause(base, "anonymous-pulls"));
}

#[test]
fn without_the_pre_pull_or_with_one_in_the_rush_the_rollout_stands_still() {
    for variant in ["no-pre-pull", "late-pre-pull", "no-habits"] {
        let other = run("pre-pull-and-pin", variant, &[]);
        assert!(stands_still(&other), "{variant}");
    }
    // It is the quota, and the others who spend it.
    for variant in ["no-pre-pull", "no-habits"] {
        assert!(in_time(&run("pre-pull-and-pin", variant, &[NO_QUOTA])), "{variant}");
        assert!(in_time(&run("pre-pull-and-pin", variant, &JOBS_OFF)), "{variant}");
    }
}

#[test]
fn a_moved_tag_is_stale_under_one_policy_and_stuck_under_the_other() {
    let tag = run("pre-pull-and-pin", "floating-tag", &[]);
    assert!(in_time(&tag));
    assert!(149.0 < of_shop(&tag, "pods_on_stale_digest"));
    assert!(stands_still(&run("pre-pull-and-pin", "floating-tag-always", &[])));
    let unmoved = ["timeline.rebuild.enabled=false"];
    let unmoved = run("pre-pull-and-pin", "floating-tag-always", &unmoved);
    assert!(in_time(&unmoved));
    assert!(of_shop(&unmoved, "pods_on_stale_digest") < 0.5);
}

/// The quota counts no HEAD, so that asking is free while it is gone. An outage answers nobody.
#[test]
fn always_costs_nothing_under_a_quota_and_everything_in_an_outage() {
    let quota = run("pre-pull-and-pin", "always", &[]);
    assert!(in_time(&quota));
    assert!(149.0 < of_shop(&quota, "pull_attempts"));
    assert!(in_time(&run("pre-pull-and-pin", "outage", &[])));
    let outage = run("pre-pull-and-pin", "outage-always", &[]);
    assert!(3600.0 < of_shop(&outage, "ready_seconds_p99"));
    assert!(of_shop(&outage, "pull_failures") < failed_by(&outage, "hub-down") + 0.5);
}

#[test]
fn new_nodes_attract_the_pods_and_a_taint_keeps_them_away() {
    let open = run("pre-pull-and-pin", "new-nodes", &[]);
    assert!(10.0 < of_shop(&open, "pods_never_ready"));
    assert!(of_shop(&open, "rollout_complete_seconds").is_infinite());
    let tainted = run("pre-pull-and-pin", "new-nodes-tainted", &[]);
    assert!(in_time(&tainted));
    assert!(0.0 < of(&tainted, "workload.evening", "pull_failures"));
    assert!(in_time(&run("pre-pull-and-pin", "new-nodes", &[NO_QUOTA])));
}

/// The pullers' pods stay, and what their ended containers came from counts as used.
#[test]
fn a_prune_spares_what_the_pullers_hold() {
    assert!(in_time(&run("pre-pull-and-pin", "night-prune", &[])));
}
