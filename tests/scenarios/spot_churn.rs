use super::*;

#[test]
fn the_figures_of_spot_churn_are_those_of_its_golden_file() {
    hold_golden("spot-churn");
}

#[test]
fn a_rollout_on_anonymous_pulls_leaves_pods_waiting_for_hours() {
    let base = base("spot-churn");
    assert!(200.0 < never(base), "{}", never(base));
    assert!(p95(base).is_infinite());
    // What is left of the agents, once the quota is gone.
    assert!(of(base, "workload.logging", "min_available_share") < 0.2);
    for variant in ["authenticate", "own-copies", "slower-replacement"] {
        let other = run("spot-churn", variant, &[]);
        assert!(p95(&other) < 60.0 && never(&other) < 0.5, "{variant}: {}", p95(&other));
        assert!(100.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
    }
    // The limit is the cause, and churn alone is within it.
    for without in [NO_QUOTA, "timeline.kernel-rollout.enabled=false"] {
        let other = run("spot-churn", "", &[without]);
        assert!(p95(&other) < 60.0, "{without}: {}", p95(&other));
        assert!(100.0 * lost(&other) < lost(base), "{without}: {}", lost(&other));
    }
}

#[test]
fn a_second_address_helps_and_is_not_enough() {
    let two = run("spot-churn", "two-addresses", &[]);
    assert!(never(&two) < 0.6 * never(base("spot-churn")));
    assert!(50.0 < never(&two));
}

#[test]
fn restarts_bring_no_pod_up_and_take_healthy_ones_down() {
    let touched = base("spot-churn");
    let left_alone = run("spot-churn", "nobody-touches-it", &[]);
    assert!(lost(&left_alone) < lost(touched));
    assert!(0.98 * never(&left_alone) <= never(touched));
    // The service that needs nothing from Docker Hub pays for it.
    let api = |it: &Summary| of(it, "workload.api", "min_available_share");
    assert!(0.8 < api(&left_alone) && api(touched) < 0.3);
    // Retries in step meet the limit that an account does not lift.
    assert!(20.0 * failed_by(&left_alone, "abuse") < failed_by(touched, "abuse"));
    let herd = |it: &Summary| of(it, "run", "herd_synchrony");
    assert!(1.2 * herd(&left_alone) < herd(touched));
}

#[test]
fn few_nodes_are_rolled_within_the_quota() {
    let small = run("spot-churn", "", &["pool.spot.nodes=12"]);
    assert!(p95(&small) < 60.0);
    assert!(failed_by(&small, "anonymous-pulls") < 0.5);
}

#[test]
fn where_refused_pulls_count_the_block_does_not_end() {
    let counting = "registry.docker-hub.limit.anonymous-pulls.rejected_consume=true";
    let unfair = run("spot-churn", "", &[counting]);
    assert!(1.2 * never(base("spot-churn")) < never(&unfair));
}

const MIRROR_DOWN: &str = "timeline.mirror-down.enabled=true";

#[test]
fn a_mirror_asks_for_each_image_once_and_falls_back_on_the_quota() {
    let mirror = run("spot-churn", "mirror", &[]);
    assert!(never(&mirror) < 0.5 && p95(&mirror) < 60.0);
    assert!(of(&mirror, "run", "limit_units_spent.anonymous-pulls") < 15.0);
    let down = run("spot-churn", "mirror", &[MIRROR_DOWN]);
    assert!(100.0 * lost(&mirror) < lost(&down));
    assert!(0.0 < failed_by(&down, "anonymous-pulls"));
}

#[test]
fn three_fixes_are_one_while_the_mirror_works() {
    let (mirror, all) = (run("spot-churn", "mirror", &[]), run("spot-churn", "three-fixes", &[]));
    assert!(never(&all) < 0.5 && p95(&all) < 60.0);
    assert!(lost(&mirror) < lost(&all) && lost(&all) < 1.3 * lost(&mirror));
    let down = run("spot-churn", "three-fixes", &[MIRROR_DOWN]);
    assert!(never(&down) < 0.5 && lost(&down) < 2.0 * lost(&all));
}

/// What was pulled ahead is lost with the node.
#[test]
fn on_nodes_that_are_replaced_a_puller_saves_no_pull() {
    let base = base("spot-churn");
    let puller = run("spot-churn", "pre-pull", &[]);
    assert!(100.0 < never(&puller) && p95(&puller).is_infinite());
    let spent = |it: &Summary| of(it, "run", "limit_units_spent.anonymous-pulls");
    assert!((spent(&puller) - spent(base)).abs() < 1.0);
    assert!(0.7 * lost(base) < lost(&puller));
    // The taint crowds those whose images are there.
    let calm = ["timeline.first-restart.enabled=false", "timeline.second-restart.enabled=false"];
    let api = |it: &Summary| of(it, "workload.api", "min_available_share");
    let left_alone = run("spot-churn", "nobody-touches-it", &[]);
    assert!(api(&run("spot-churn", "pre-pull", &calm)) + 0.2 < api(&left_alone));
    let images = r#"["node-exporter","telegraf","consul","traefik","httpd","memcached"]"#;
    let six = format!("timeline.image-puller.prepull.images={images}");
    assert!(1.1 * lost(base) < lost(&run("spot-churn", "pre-pull", &[&six])));
    let baked = run("spot-churn", "", &[&format!("pool.spot.preloaded={images}")]);
    assert!(p95(&baked) < 60.0 && never(&baked) < 0.5);
}
