use super::*;

#[test]
fn the_figures_of_latest_always_are_those_of_its_golden_file() {
    hold_golden("latest-always");
}

const NO_OUTAGE: &str = "timeline.hub-down.enabled=false";

fn of_web(summary: &Summary, name: &str) -> f64 {
    of(summary, "workload.web", name)
}

#[test]
fn a_floating_tag_runs_several_contents_and_a_digest_one() {
    let base = base("latest-always");
    assert!(!in_time(base));
    assert!(2.5 < of_web(base, "versions_running"));
    assert!(150.0 < of_web(base, "pods_on_stale_digest"));
    // From the middle of the rollout to the end.
    assert!(6.0 * 3600.0 < of_web(base, "mixed_versions_seconds"));
    let digest = run("latest-always", "digest", &[]);
    assert!(in_time(&digest));
    assert!(of_web(&digest, "pods_on_stale_digest") < 0.5);
    // Nobody pushes between releases: one content, as long as the restart comes after the push.
    let quiet = run("latest-always", "quiet-tag", &[]);
    assert!(of_web(&quiet, "versions_running") < 1.5);
    assert!(of_web(&quiet, "mixed_versions_seconds") < 1.0);
}

#[test]
fn a_push_in_the_middle_of_a_rollout_splits_it() {
    let split = "timeline.push-4.enabled=false";
    let split = run("latest-always", "", &[split]);
    assert!(1.5 < of_web(&split, "versions_running"));
    let whole = run("latest-always", "", &["timeline.push-3.enabled=false"]);
    // The build that nobody deployed comes in with the peak, two hours later.
    let (split, whole) =
        (of_web(&split, "mixed_versions_seconds"), of_web(&whole, "mixed_versions_seconds"));
    assert!(whole + 3600.0 < split, "{whole} against {split}");
}

#[test]
fn a_tag_that_is_there_deploys_nothing() {
    let cached = run("latest-always", "if-not-present", &[]);
    assert!(220.0 < of_web(&cached, "pods_on_stale_digest"));
    assert!(1.5 < of_web(&cached, "versions_running"), "new nodes run the newest");
    // Pulls are those of new nodes.
    assert!(of_web(&cached, "pull_attempts") < 40.0);
    let no_new = ["timeline.more-nodes.enabled=false"];
    let no_new = run("latest-always", "if-not-present", &no_new);
    assert!(of(&no_new, "run", "requests") < 0.5);
    assert!(of_web(&no_new, "versions_running") < 1.5);
}

#[test]
fn whoever_asks_at_each_start_needs_a_registry_that_answers() {
    for (variant, asks) in
        [("", true), ("digest-always", true), ("digest", false), ("if-not-present", false)]
    {
        let hit = run("latest-always", variant, &[]);
        assert_eq!(1800.0 < p95(&hit), asks, "{variant}: {}", p95(&hit));
        assert_eq!(0.5 < failed_by(&hit, "hub-down"), asks, "{variant}");
        let calm = run("latest-always", variant, &[NO_OUTAGE]);
        assert!(p95(&calm) < 60.0, "{variant}: {}", p95(&calm));
    }
}

/// HEADs are free: one start or ten on a node cost its one pull of what is new.
#[test]
fn the_quota_counts_contents_not_starts() {
    let quiet = ["timeline.push-3.enabled=false", "timeline.push-4.enabled=false"];
    let spent = |it: &Summary| of(it, "run", "limit_units_spent.anonymous-pulls");
    let once = run("latest-always", "anonymous", &quiet);
    assert!(spent(&once) < 91.0 && of_web(&once, "pull_attempts") > 3.0 * spent(&once));
    assert!(failed_by(&once, "anonymous-pulls") < 0.5);
    // A push in the middle of a rollout is a second pull for many nodes.
    let pushed = run("latest-always", "anonymous", &[]);
    assert!(1000.0 < failed_by(&pushed, "anonymous-pulls"));
    assert!(3600.0 < of_web(&pushed, "rollout_complete_seconds"));
    assert!(in_time(&run("latest-always", "digest-anonymous", &[])));
}
