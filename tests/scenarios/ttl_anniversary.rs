use super::*;

const NAME: &str = "ttl-anniversary";

#[test]
fn the_figures_of_ttl_anniversary_are_those_of_its_golden_file() {
    hold_golden(NAME);
}

/// What the five images have, once each.
const IMAGES: f64 = 200.9e6;

fn upstream(summary: &Summary) -> f64 {
    of(summary, "run", "upstream_bytes")
}

#[test]
fn a_week_after_it_was_filled_a_mirror_is_cold_for_everybody_at_once() {
    let base = base(NAME);
    assert!(!in_time(base) && never(base) < 0.5);
    assert!(50.0 * IMAGES < upstream(base), "{}", upstream(base));
    assert!(is_the_only_cause(base, "abuse") && 0.0 < failed_by(base, "abuse"));
    for variant in ["on-a-tuesday", "spread", "longer-ttl", "five-minutes-earlier"] {
        let other = run(NAME, variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(15.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
        assert!(upstream(&other) < IMAGES, "{variant}: {}", upstream(&other));
    }
    let never_expires = run(NAME, "", &["mirror.cache.ttl=0s"]);
    assert!(in_time(&never_expires) && upstream(&never_expires) < 0.5);
}

#[test]
fn later_is_no_better_and_distribution_2_8_no_different() {
    let base = p95(base(NAME));
    let later = p95(&run(NAME, "five-minutes-later", &[]));
    let older = p95(&run(NAME, "", &["mirror.cache.kind=distribution-2.8"]));
    for other in [later, older] {
        assert!((other - base).abs() < 0.15 * base, "{other} against {base}");
    }
}

#[test]
fn the_anniversary_alone_costs_one_copy() {
    for variant in ["pilot", "slower-start"] {
        let other = run(NAME, variant, &[]);
        assert!(in_time(&other), "{variant}");
        assert!(0.9 * IMAGES < upstream(&other) && upstream(&other) < 3.0 * IMAGES, "{variant}");
        assert!(of(&other, "run", "limit_units_spent.anonymous-pulls") < 15.0, "{variant}");
    }
    let wide = run(NAME, "", &["registry.docker-hub.bandwidth=10Gbit/s"]);
    assert!(in_time(&wide) && p95(&wide) < 20.0);
}

#[test]
fn neither_an_account_nor_pinned_digests_keep_a_copy_alive() {
    let base = base(NAME);
    let account = run(NAME, "account", &[]);
    assert!((p95(&account) - p95(base)).abs() < 0.05 * p95(base));
    let pinned = run(NAME, "pinned", &[]);
    assert!(!in_time(&pinned) && 50.0 * IMAGES < upstream(&pinned));
    let requests = |it: &Summary| of(it, "run", "requests");
    assert!(1.1 * requests(&pinned) < requests(base));
}
