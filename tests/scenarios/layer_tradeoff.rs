use super::*;

const NAME: &str = "layer-tradeoff";
const LAYOUTS: [&str; 4] = ["one-layer", "many-layers", "shared-base", "slim"];
const WIDE: &str = "egress.nat.bandwidth=100Gbit/s";

#[test]
fn the_figures_of_layer_tradeoff_are_those_of_its_golden_file() {
    hold_golden(NAME);
}

fn failed(summary: &Summary) -> f64 {
    of(summary, "run", "pull_failures")
}

fn units(summary: &Summary) -> f64 {
    of(summary, "run", "limit_units_spent.anonymous-pulls")
}

fn bytes(summary: &Summary) -> f64 {
    of(summary, "run", "egress_bytes")
}

/// The release of the api.
fn took(summary: &Summary) -> f64 {
    of(summary, "workload.api", "rollout_complete_seconds")
}

#[test]
fn a_pull_limit_does_not_see_layers_nor_bytes() {
    let base = base(NAME);
    assert!(is_the_only_cause(base, "anonymous-pulls") && 1000.0 < failed(base));
    assert!(6.0 * 3600.0 < p95(base) && p95(base) < 6.2 * 3600.0);
    for layout in LAYOUTS {
        let other = run(NAME, layout, &[]);
        assert!((failed(&other) - failed(base)).abs() < 0.02 * failed(base), "{layout}");
        assert!((units(&other) - units(base)).abs() < 0.5, "{layout}");
        assert!((p95(&other) - p95(base)).abs() < 0.02 * p95(base), "{layout}");
    }
    // It is the limit.
    assert!(in_time(&run(NAME, "", &[NO_QUOTA])));
    for layout in ["", "one-layer", "many-layers", "shared-base", "slim"] {
        let few = ["pool.workers.nodes=30", "workload.api.replicas=30"];
        assert!(in_time(&run(NAME, layout, &few)), "{layout}");
    }
}

#[test]
fn a_pull_limit_sees_pulls_and_their_manifests() {
    let one = run(NAME, "one-image", &[]);
    let single = run(NAME, "single-platform", &[]);
    assert!(in_time(&one) && units(&one) < 0.7 * units(base(NAME)));
    assert!(in_time(&single) && units(&single) < 0.55 * units(base(NAME)));
    let by_text = ["registry.docker-hub.counting=2024-text"];
    assert!(in_time(&run(NAME, "one-image", &by_text)));
    assert!(1000.0 < failed(&run(NAME, "single-platform", &by_text)));
}

#[test]
fn on_a_narrow_line_the_bytes_set_the_time() {
    let account = run(NAME, "account", &[]);
    assert!(in_time(&account));
    for (layout, share) in [("account-shared-base", 0.65), ("account-slim", 0.25)] {
        let other = run(NAME, layout, &[]);
        assert!(bytes(&other) < share * bytes(&account), "{layout}");
        assert!(p95(&other) < share * p95(&account), "{layout}: {}", p95(&other));
    }
    for layout in ["account-many-layers", "account-one-layer", "account-one-at-a-time"] {
        let other = run(NAME, layout, &[]);
        assert!((p95(&other) - p95(&account)).abs() < 0.1 * p95(&account), "{layout}");
    }
    let requests = |it: &str| of(&run(NAME, it, &[]), "run", "requests");
    assert!(2.0 * requests("account-one-layer") < requests("account"));
    assert!(2.0 * requests("account") < requests("account-many-layers"));
    let serial = run(NAME, "account-serial", &[]);
    let p50 = |it: &Summary| of(it, "run", "ready_seconds_p50");
    assert!(p50(&serial) < 0.7 * p50(&account) && p95(&serial) < 1.05 * p95(&account));
}

#[test]
fn a_release_costs_what_its_changed_layers_hold() {
    let account = run(NAME, "account", &[]);
    for layout in ["account-many-layers", "account-shared-base", "account-slim"] {
        assert!((took(&run(NAME, layout, &[])) - took(&account)).abs() < 1.0, "{layout}");
    }
    let one = run(NAME, "account-one-layer", &[]);
    assert!(5.0 * took(&account) < took(&one), "{}", took(&one));
    assert!(1.3 * bytes(&account) < bytes(&one));
}

#[test]
fn many_layers_cost_pulls_where_their_requests_meet_the_abuse_limit() {
    let wide = run(NAME, "many-layers-wide-line", &[]);
    let usual = run(NAME, "", &[WIDE]);
    assert!(failed_by(&usual, "abuse") < 0.5 && 30.0 < failed_by(&wide, "abuse"));
    assert!(1.5 * failed(&usual) < failed(&wide) && 1.05 * units(&usual) < units(&wide));
    let unlimited = run(NAME, "many-layers-wide-line", &[NO_ABUSE_LIMIT]);
    assert!((failed(&unlimited) - failed(&usual)).abs() < 0.02 * failed(&usual));
}

#[test]
fn on_a_wide_line_one_layer_is_the_slowest() {
    let usual = run(NAME, "account", &[WIDE]);
    let one = run(NAME, "account-one-layer", &[WIDE]);
    let one_at_a_time = run(NAME, "account-one-at-a-time", &[WIDE]);
    assert!(1.2 * p95(&usual) < p95(&one) && p95(&one_at_a_time) < p95(&one));
    assert!(1.1 * p95(&usual) < p95(&one_at_a_time));
}
