use super::*;

#[test]
fn the_figures_of_registry_blip_are_those_of_its_golden_file() {
    hold_golden("registry-blip");
}

#[test]
fn half_a_minute_of_silence_lasts_more_than_five_for_the_pods() {
    let base = base("registry-blip");
    assert!(!in_time(base));
    assert!(300.0 < p95(base) && p95(base) < 400.0, "{}", p95(base));
    assert!(300.0 < failed_by(base, "progress-timeout"));
    for variant in ["smaller-surge", "restart-kubelets", "reset", "unreachable"] {
        let other = run("registry-blip", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(4.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
    }
    let calm = run("registry-blip", "", &["timeline.blip.enabled=false"]);
    assert!(p95(&calm) < 30.0 && 15.0 * lost(&calm) < lost(base));
    assert!(failed_by(&calm, "progress-timeout") < 0.5);
}

#[test]
fn the_time_out_sets_the_length_not_the_blip_nor_the_registry() {
    let base = p95(base("registry-blip"));
    for length in ["15s", "45s"] {
        let other =
            p95(&run("registry-blip", "", &[&format!("timeline.blip.outage.for={length}")]));
        assert!((other - base).abs() < 0.1 * base, "{length}: {other} against {base}");
    }
    let wider = p95(&run("registry-blip", "wider-registry", &[]));
    assert!((wider - base).abs() < 0.1 * base, "{wider} against {base}");
    let patience = "pool.workers.client.progress_timeout=1m";
    assert!(p95(&run("registry-blip", "", &[patience])) < base - 200.0);
}

#[test]
fn a_smaller_surge_spares_the_service_and_not_the_pods_in_the_air() {
    let (base, small) = (base("registry-blip"), run("registry-blip", "smaller-surge", &[]));
    for workload in ["workload.api", "workload.web", "workload.worker"] {
        assert!(of(base, workload, "min_available_share") < 0.8);
        assert!(0.999 < of(&small, workload, "min_available_share"));
        let took = |it: &Summary| of(it, workload, "rollout_complete_seconds");
        assert!(took(base) < took(&small));
    }
    assert!(300.0 < of(&small, "run", "ready_seconds_max"));
}

#[test]
fn kubelets_restarted_before_the_blip_is_over_make_it_longer() {
    let longer = "timeline.blip.outage.for=45s";
    let left_alone = run("registry-blip", "", &[longer]);
    let kicked = run("registry-blip", "restart-kubelets", &[longer]);
    assert!(1.05 * lost(&left_alone) < lost(&kicked));
    assert!(p95(&left_alone) + 20.0 < p95(&kicked));
}
