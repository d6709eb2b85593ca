use super::*;

#[test]
fn the_figures_of_cold_cluster_are_those_of_its_golden_file() {
    hold_golden("cold-cluster");
}

#[test]
fn a_cold_cluster_does_not_come_up_on_one_anonymous_address() {
    let base = base("cold-cluster");
    assert!(!in_time(base));
    assert!(0.8 < never(base) / of(base, "run", "pods"));
    for variant in ["pull-secret", "pull-secret-paced", "address-per-node", "baked-images"] {
        let other = run("cold-cluster", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(40.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
    }
    let unlimited = run("cold-cluster", "", &[NO_QUOTA, NO_ABUSE_LIMIT]);
    assert!(p95(&unlimited) < 15.0);
    let small = ["pool.workers.nodes=15", "workload.web.replicas=30"];
    assert!(p95(&run("cold-cluster", "", &small)) < 15.0);
}

#[test]
fn behind_the_quota_stands_the_abuse_limit() {
    let at_once = run("cold-cluster", "pull-secret", &[]);
    let paced = run("cold-cluster", "pull-secret-paced", &[]);
    assert!(is_the_only_cause(&at_once, "abuse"));
    assert!(120.0 < p95(&at_once) && p95(&paced) < 0.5 * p95(&at_once));
    assert!(p95(&run("cold-cluster", "pull-secret", &[NO_ABUSE_LIMIT])) < 15.0);
}

#[test]
fn one_personal_account_is_worse_than_eight_addresses() {
    let account = run("cold-cluster", "personal-account", &[]);
    let addresses = run("cold-cluster", "eight-addresses", &[]);
    assert!(2.0 * never(&addresses) < never(&account));
    assert!(0.0 < failed_by(&account, "personal-pulls"));
}

#[test]
fn pace_alone_does_not_stretch_a_quota() {
    let paced = run("cold-cluster", "paced", &[]);
    assert!(0.8 < never(&paced) / of(&paced, "run", "pods"));
}
