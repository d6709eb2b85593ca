use super::*;

const NAME: &str = "mirror-thrash";
/// Three releases within the hour, twice.
const AT_ONCE: [&str; 4] = [
    "timeline.portal-first.at=1h20m",
    "timeline.database-first.at=1h40m",
    "timeline.portal-second.at=25h20m",
    "timeline.database-second.at=25h40m",
];

#[test]
fn the_figures_of_mirror_thrash_are_those_of_its_golden_file() {
    hold_golden(NAME);
}

fn failed(summary: &Summary) -> f64 {
    of(summary, "run", "pull_failures")
}

fn units(summary: &Summary) -> f64 {
    of(summary, "run", "limit_units_spent.anonymous-pulls")
}

#[test]
fn a_full_mirror_is_worse_than_none() {
    let base = base(NAME);
    assert!(!in_time(base));
    assert!(1000.0 < failed(base) && 10.0 < never(base));
    assert!(is_the_only_cause(base, "anonymous-pulls"));
    let none = run(NAME, "no-mirror", &[]);
    assert!(in_time(&none) && 30.0 * lost(&none) < lost(base));
    let unlimited = run(NAME, "", &[NO_QUOTA]);
    assert!(failed(&unlimited) < 0.5);
    // What the mirror fetches in vain comes on top.
    let ample = run(NAME, "", &["registry.docker-hub.limit.anonymous-pulls.allow=100000"]);
    let ample_none =
        run(NAME, "no-mirror", &["registry.docker-hub.limit.anonymous-pulls.allow=100000"]);
    assert!(1.5 * units(&ample_none) < units(&ample) && failed(&ample) < 0.5);
}

#[test]
fn the_first_release_fits_and_those_of_the_second_day_do_not() {
    let base = base(NAME);
    assert!(of(base, "workload.tools", "pull_failures") < 0.5);
    assert!(200.0 < of(base, "workload.portal", "pull_failures"));
    assert!(500.0 < of(base, "workload.database", "pull_failures"));
}

#[test]
fn room_helps_however_it_is_made() {
    for variant in ["larger-disk", "expiry", "shorter-ttl", "nightly-restart", "mirror-account"] {
        let other = run(NAME, variant, &[]);
        assert!(in_time(&other), "{variant}: {}", failed(&other));
        assert!(20.0 * lost(&other) < lost(base(NAME)), "{variant}: {}", lost(&other));
    }
    let account = run(NAME, "mirror-account", &[]);
    assert!(0.1 < of(&account, "run", "mirror_bypass_share"));
    let ample = run(NAME, "larger-disk", &[]);
    assert!(of(&ample, "run", "mirror_bypass_share") < 0.001);
    // Passed on is not slower than read from the volume.
    let p50 = |it: &Summary| of(it, "run", "ready_seconds_p50");
    assert!(p50(&account) < 0.9 * p50(&ample));
}

#[test]
fn what_makes_no_room_does_not_help() {
    for variant in ["distribution-3", "two-replicas"] {
        let other = run(NAME, variant, &[]);
        assert!(0.8 * failed(base(NAME)) < failed(&other), "{variant}: {}", failed(&other));
        assert!(10.0 < never(&other), "{variant}");
    }
    // 2.8 passes blobs on, 3 leaves them to the nodes.
    let past = |it: &Summary| of(it, "run", "egress_bytes");
    assert!(1000.0 * past(base(NAME)) < past(&run(NAME, "distribution-3", &[])));
    let closed = run(NAME, "fail-closed", &[]);
    assert!(2.0 * never(base(NAME)) < never(&closed));
    assert!(0.0 < failed_by(&closed, "mirror-disk-full"));
    assert!(failed_by(&closed, "mirror-disk-full") < failed_by(&closed, "anonymous-pulls"));
}

#[test]
fn few_nodes_have_units_to_spare() {
    let few = [
        "pool.workers.nodes=20",
        "workload.tools.replicas=20",
        "workload.portal.replicas=20",
        "workload.database.replicas=20",
    ];
    let few = run(NAME, "", &few);
    assert!(in_time(&few) && 0.2 < of(&few, "run", "mirror_bypass_share"));
}

#[test]
fn what_expires_makes_room_for_manifests_if_there_is_time() {
    let spread = run(NAME, "expiry", &[]);
    let ample = run(NAME, "larger-disk", &[]);
    let bytes = |it: &Summary| of(it, "run", "upstream_bytes");
    assert!(1.15 * bytes(&ample) < bytes(&spread));
    assert!(100.0 < failed(&run(NAME, "expiry", &AT_ONCE)));
    assert!(failed(&run(NAME, "larger-disk", &AT_ONCE)) < 0.5);
}
