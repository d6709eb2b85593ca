use super::*;

const NAME: &str = "mirror-ornamental";

#[test]
fn the_figures_of_mirror_ornamental_are_those_of_its_golden_file() {
    hold_golden(NAME);
}

fn bypass(summary: &Summary) -> f64 {
    of(summary, "run", "mirror_bypass_share")
}

fn spent(summary: &Summary) -> f64 {
    of(summary, "run", "limit_units_spent.anonymous-pulls")
}

#[test]
fn a_mirror_that_no_node_asks_does_not_carry_an_update() {
    let base = base(NAME);
    assert!(!in_time(base));
    assert!(0.3 < never(base) / of(base, "run", "pods"));
    assert!(is_the_only_cause(base, "anonymous-pulls"));
    assert!(0.999 < bypass(base) && of(base, "run", "upstream_bytes") < 0.5);
    let adopted = run(NAME, "adopted", &[]);
    assert!(in_time(&adopted) && bypass(&adopted) < 0.001 && spent(&adopted) < 0.5);
    assert!(100.0 * lost(&adopted) < lost(base), "{}", lost(&adopted));
    // Without the quota a mirror or none is all the same to the pods.
    let unlimited = run(NAME, "", &[NO_QUOTA]);
    assert!(p95(&unlimited) < 20.0 && never(&unlimited) < 0.5);
}

#[test]
fn a_small_cluster_does_not_notice_and_its_bypass_share_does() {
    let small = run(NAME, "", &["pool.workers.nodes=20"]);
    assert!(never(&small) < 0.5 && p95(&small) < 60.0);
    assert!(failed_by(&small, "anonymous-pulls") < 0.5);
    assert!(0.999 < bypass(&small));
}

#[test]
fn a_mirror_without_trust_is_none_and_tells_by_what_it_fetched() {
    let base = base(NAME);
    for variant in ["untrusted-certificate", "no-credentials"] {
        let other = run(NAME, variant, &[]);
        assert!((never(&other) - never(base)).abs() < 0.05 * never(base), "{variant}");
        assert!(of(&other, "run", "upstream_bytes") < 0.5);
        assert!(0.7 < bypass(&other), "{variant}");
    }
    // It is asked each time, and refuses.
    let refused = run(NAME, "no-credentials", &[]);
    assert!(bypass(&refused) < 0.9);
    assert!(1.1 * of(base, "run", "requests") < of(&refused, "run", "requests"));
}

#[test]
fn without_a_way_past_it_the_first_node_shows_that_a_mirror_is_none() {
    let closed = run(NAME, "untrusted-and-closed", &[]);
    assert!(never(base(NAME)) < never(&closed));
    assert!(is_the_only_cause(&closed, "mirror-untrusted"));
    let one = "timeline.node-update.replace_nodes.every=5h";
    let batch = "timeline.node-update.replace_nodes.batch=1";
    assert!(1.5 < never(&run(NAME, "untrusted-and-closed", &[batch, one])));
    assert!(never(&run(NAME, "untrusted-certificate", &[batch, one])) < 0.5);
}

#[test]
fn half_a_mirror_is_better_than_none_and_no_cure() {
    let half = run(NAME, "half-of-the-nodes", &[]);
    assert!(!in_time(&half));
    assert!(0.0 < never(&half) && never(&half) < 0.5 * never(base(NAME)));
}

#[test]
fn looking_up_tags_at_docker_hub_costs_no_pull() {
    let pull_only = run(NAME, "pull-only", &[]);
    assert!(in_time(&pull_only) && spent(&pull_only) < 0.5);
    assert!(0.1 < bypass(&pull_only));
}

#[test]
fn a_mirror_that_is_used_needs_no_paid_account() {
    let personal = run(NAME, "adopted", &["account.company.tier=personal"]);
    assert!(in_time(&personal));
    assert!(of(&personal, "run", "limit_units_spent.personal-pulls") < 150.0);
}

#[test]
fn repairing_restarts_every_pod_and_pulls_next_to_nothing() {
    let adopted = run(NAME, "adopted", &[]);
    let in_batches = run(NAME, "reconfigure-before", &[]);
    let at_once = run(NAME, "reconfigure-at-once", &[]);
    for repaired in [&in_batches, &at_once] {
        assert!(in_time(repaired));
        assert!(spent(repaired) < 20.0);
        let pulls = |it: &Summary| of(it, "run", "pull_attempts");
        assert!(pulls(repaired) < 1.2 * pulls(&adopted));
        assert!(4.0 * lost(&adopted) < lost(repaired));
        assert!(1.7 * of(&adopted, "run", "pods") < of(repaired, "run", "pods"));
    }
    assert!(1.5 * lost(&in_batches) < lost(&at_once));
    let least = |it: &Summary| of(it, "workload.api", "min_available_share");
    assert!(0.8 < least(&in_batches) && least(&at_once) < 0.01);
}

#[test]
fn a_repair_in_the_middle_of_the_storm_ends_it() {
    let batches = run(NAME, "reconfigure-in-the-storm", &[]);
    let at_once = "timeline.apply-in-the-storm.reconfigure_nodes.batch=100%";
    let at_once = run(NAME, "reconfigure-in-the-storm", &[at_once]);
    let recovery = |it: &Summary| of(it, "run", "recovery_seconds");
    for repaired in [&batches, &at_once] {
        assert!(never(repaired) < 0.5);
        assert!(2.0 * lost(repaired) < lost(base(NAME)));
    }
    assert!(recovery(&at_once) < 0.8 * recovery(&batches));
    assert!(of(&at_once, "workload.api", "min_available_share") < 0.01);
}
