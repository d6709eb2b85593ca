use super::*;

const NAME: &str = "mirror-slow-disk";
const FROM_MEMORY: &str = "mirror.cache.disk={ throughput = \"100Gbit/s\", iops = 0 }";
const WIDE: &str = "mirror.cache.nic=100Gbit/s";

#[test]
fn the_figures_of_mirror_slow_disk_are_those_of_its_golden_file() {
    hold_golden(NAME);
}

fn took(summary: &Summary) -> f64 {
    of(summary, "workload.portal", "rollout_complete_seconds")
}

#[test]
fn a_warm_mirror_holds_a_release_up_as_long_as_its_volume_needs_for_the_bytes() {
    let base = base(NAME);
    assert!(!in_time(base));
    assert!(of(base, "run", "pull_failures") < 0.5 && never(base) < 0.5);
    assert!(0.999 < of(base, "run", "mirror_hit_share"));
    // 200 nodes, 428 MB each, 125 MiB/s.
    let bytes_need = 200.0 * 428_354_273.0 / (125.0 * 1024.0 * 1024.0);
    assert!(0.95 * bytes_need < took(base) && took(base) < 1.1 * bytes_need, "{}", took(base));
    // Nobody is served before nearly everybody is.
    assert!(0.6 * bytes_need < p95(base));
    let unbound = run(NAME, "", &[FROM_MEMORY, WIDE]);
    assert!(in_time(&unbound) && 6.0 * took(&unbound) < took(base), "{}", took(&unbound));
    let small = run(NAME, "", &["pool.workers.nodes=20", "workload.portal.replicas=40"]);
    assert!(in_time(&small) && took(&small) < 120.0);
}

#[test]
fn what_carries_more_bytes_or_needs_fewer_helps() {
    let base = took(base(NAME));
    for (variant, share) in [
        ("faster-volume", 0.6),
        ("fastest-volume", 0.5),
        ("read-from-memory", 0.5),
        ("three-replicas", 0.45),
        ("slim", 0.6),
        ("new-top-layer", 0.75),
    ] {
        let other = run(NAME, variant, &[]);
        assert!(in_time(&other), "{variant}");
        assert!(took(&other) < share * base, "{variant}: {} of {base}", took(&other));
    }
    let shared = took(&run(NAME, "three-replicas-one-volume", &[]));
    assert!((shared - base).abs() < 0.05 * base, "{shared}");
    assert!(2.5 * base < took(&run(NAME, "hard-disk", &[])));
    // Its throughput would do; its operations do not.
    assert!(1.4 * base < took(&run(NAME, "small-gp2", &[])));
    let more = took(&run(NAME, "small-gp2", &["mirror.cache.disk.iops=3000"]));
    assert!((more - base).abs() < 0.05 * base, "{more}");
    // The interface is the next bottleneck.
    let volume = took(&run(NAME, "fastest-volume", &[]));
    assert!(0.7 * took(&run(NAME, "faster-volume", &[])) < volume);
    assert!(took(&run(NAME, "fastest-volume", &[WIDE])) < 0.6 * volume);
}

#[test]
fn a_small_surge_protects_the_service_and_takes_longer() {
    let small = run(NAME, "small-surge", &[]);
    assert!(1.3 * took(base(NAME)) < took(&small));
    assert!(0.999 < of(&small, "workload.portal", "min_available_share"));
    assert!(of(base(NAME), "workload.portal", "min_available_share") < 0.8);
    assert!(4.0 * p95(&small) < p95(base(NAME)));
}

#[test]
fn a_queue_makes_failures_of_waits_and_a_shared_volume_does_not() {
    let hard_disk = run(NAME, "hard-disk", &[]);
    assert!(of(&hard_disk, "run", "pull_failures") < 0.5);
    assert!(0.5 < of(&hard_disk, "workload.portal", "progress_deadline_exceeded"));
    for (variant, more_than) in [("queue", 5.0), ("hard-disk-queue", 150.0)] {
        let queue = run(NAME, variant, &[]);
        assert!(more_than < failed_by(&queue, "progress-timeout"), "{variant}");
        assert!(is_the_only_cause(&queue, "progress-timeout"), "{variant}");
        assert!(never(&queue) < 0.5, "{variant}");
        // A client without the time-out waits and gets its image.
        let patient = run(NAME, variant, &["pool.workers.client.progress_timeout=0s"]);
        assert!(of(&patient, "run", "pull_failures") < 0.5, "{variant}");
    }
    assert!(took(&run(NAME, "queue", &[])) < 1.05 * took(base(NAME)));
}

#[test]
fn past_the_mirror_the_release_is_faster_for_those_who_may_pull() {
    let account = run(NAME, "no-mirror-account", &[]);
    assert!(in_time(&account) && 5.0 * took(&account) < took(base(NAME)));
    let anonymous = run(NAME, "no-mirror", &[]);
    assert!(100.0 < never(&anonymous));
    let limit = failed_by(&anonymous, "anonymous-pulls");
    assert!(0.5 * of(&anonymous, "run", "pull_failures") < limit);
}
