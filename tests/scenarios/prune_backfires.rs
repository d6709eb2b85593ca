use super::*;

#[test]
fn the_figures_of_prune_backfires_are_those_of_its_golden_file() {
    hold_golden("prune-backfires");
}

const NO_PRUNE: &str = "timeline.prune.enabled=false";

/// Pulls that the environments spent at Docker Hub.
fn spent(summary: &Summary) -> f64 {
    of(summary, "run", "limit_units_spent.anonymous-pulls")
}

fn fullest(summary: &Summary) -> f64 {
    of(summary, "run", "disk_used_share_max")
}

#[test]
fn what_sleeps_at_night_is_pulled_again_by_morning() {
    let base = base("prune-backfires");
    assert!(!in_time(base));
    assert!(5.0 * 3600.0 < p95(base) && p95(base) < 7.0 * 3600.0, "{}", p95(base));
    // 40 nodes and 4 images, on two mornings.
    assert!(300.0 < spent(base) && spent(base) < 321.0, "{}", spent(base));
    assert!(of(base, "workload.api", "ready_seconds_max") < 60.0);
    assert!(30.0 * failed_by(base, "abuse") < failed_by(base, "anonymous-pulls"));
    for without in [NO_PRUNE, NO_QUOTA, "pool.staging.nodes=20"] {
        let other = run("prune-backfires", "", &[without]);
        assert!(in_time(&other), "{without}: {}", p95(&other));
        assert!(100.0 * lost(&other) < lost(base), "{without}: {}", lost(&other));
    }
}

#[test]
fn the_kubelet_keeps_the_disk_within_its_thresholds_by_itself() {
    let alone = run("prune-backfires", "no-prune", &[]);
    assert!(in_time(&alone));
    assert!(spent(&alone) < 0.5);
    assert!(0.8 < fullest(&alone) && fullest(&alone) < 0.86, "{}", fullest(&alone));
    assert!(0.0 < of(&alone, "run", "images_deleted_by_reason.gc-threshold"));
    let big = run("prune-backfires", "no-prune", &["pool.staging.disk.capacity=100GB"]);
    assert!(of(&big, "run", "images_deleted") < 0.5);
}

#[test]
fn a_prune_that_keeps_the_baseline_or_runs_by_day_deletes_old_releases_only() {
    for variant in ["keep-baseline", "by-day", "maximum-age", "pull-secret"] {
        let other = run("prune-backfires", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(spent(&other) < 0.5, "{variant}");
        assert!(250.0 < of(&other, "run", "images_deleted"), "{variant}");
    }
    let more_often = run("prune-backfires", "hourly-by-night", &[]);
    assert!((lost(&more_often) - lost(base("prune-backfires"))).abs() < 0.05 * lost(&more_often));
}

/// Where the disk rests above the threshold, a prune that waits for it is one like any other.
#[test]
fn a_threshold_helps_only_above_where_the_disk_rests() {
    assert!(in_time(&run("prune-backfires", "only-above", &[])));
    let lower = ["timeline.prune.prune_images.only_above=75%"];
    let lower = run("prune-backfires", "only-above", &lower);
    assert!(5.0 * 3600.0 < p95(&lower));
    // So is a maximum age below the length of a night.
    let age = ["pool.staging.kubelet.image_maximum_gc_age=8h"];
    let young = run("prune-backfires", "maximum-age", &age);
    assert!(5.0 * 3600.0 < p95(&young));
}

/// A prune at 13:00 and a maximum age of a day spare what runs every day, and nothing else does.
#[test]
fn after_a_weekend_whatever_goes_by_use_has_deleted_the_environments() {
    let monday = |variant| {
        let later = ["web", "cache", "metrics", "config"];
        let mut sets: Vec<String> =
            later.iter().map(|it| format!("timeline.{it}-up-again.at=67h")).collect();
        sets.push("horizon=74h".into());
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        run("prune-backfires", variant, &sets)
    };
    for variant in ["by-day", "maximum-age"] {
        let after = monday(variant);
        assert!(5.0 * 3600.0 < p95(&after), "{variant}: {}", p95(&after));
    }
    for variant in ["no-prune", "keep-baseline"] {
        assert!(p95(&monday(variant)) < 60.0, "{variant}");
    }
}

/// Neither image GC nor eviction, and a disk too small for the releases of a day.
#[test]
fn pruning_helps_where_the_kubelet_does_not_guard_the_disk() {
    let unguarded = [
        "pool.staging.disk.capacity=42GB",
        "pool.staging.kubelet.image_gc_high_threshold_percent=100",
        "pool.staging.kubelet.eviction_hard.nodefs_available=0%",
    ];
    let full = run("prune-backfires", "no-prune", &unguarded);
    assert!(1000.0 < failed_by(&full, "disk-full"));
    assert!(0.0 < never(&full));
    let pruned = run("prune-backfires", "keep-baseline", &unguarded);
    assert!(of(&pruned, "run", "pull_failures") < 0.5);
    assert!(p95(&pruned) < 60.0);
}
