use super::*;

const NAME: &str = "mirror-cold-start";

#[test]
fn the_figures_of_mirror_cold_start_are_those_of_its_golden_file() {
    hold_golden(NAME);
}

/// What the five images have, once each.
const IMAGES: f64 = 200.9e6;
const PAID: &str = "mirror.cache.account=company";

fn upstream(summary: &Summary) -> f64 {
    of(summary, "run", "upstream_bytes")
}

fn spent(summary: &Summary) -> f64 {
    of(summary, "run", "limit_units_spent.anonymous-pulls")
}

#[test]
fn a_cold_mirror_saves_pulls_and_neither_bytes_nor_requests() {
    let base = base(NAME);
    assert!(!in_time(base) && never(base) < 0.5);
    assert!(spent(base) < 25.0, "{}", spent(base));
    assert!(100.0 * IMAGES < upstream(base), "{}", upstream(base));
    assert!(is_the_only_cause(base, "abuse") && 500.0 < failed_by(base, "abuse"));
    assert!(0.1 < of(base, "run", "mirror_bypass_share"));
    // Without any, nearly nobody comes up.
    let none = run(NAME, "", &["mirror.cache.enabled=false"]);
    assert!(0.9 < never(&none) / of(&none, "run", "pods"));
}

#[test]
fn a_filled_mirror_fetches_nothing_and_one_node_fills_it() {
    let filled = run(NAME, "filled", &[]);
    assert!(in_time(&filled) && upstream(&filled) < 0.5 && spent(&filled) < 0.5);
    assert!(10.0 * p95(&filled) < p95(base(NAME)));
    let pilot = run(NAME, "pilot", &[]);
    assert!(in_time(&pilot) && upstream(&pilot) < 1.1 * IMAGES);
    assert!(p95(&pilot) < 1.2 * p95(&filled));
    // Refused HEADs do not hurt where the mirror knows the tag.
    let many = run(NAME, "filled", &["pool.workers.nodes=600"]);
    assert!(100.0 < of(&many, "run", "requests_rejected_429"));
    assert!(of(&many, "run", "pull_failures") < 0.5 && in_time(&many));
}

#[test]
fn the_window_in_which_copies_double_closes_with_a_wide_line_or_a_slow_start() {
    for variant in ["wider-line", "paced"] {
        let other = run(NAME, variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(5.0 * upstream(&other) < upstream(base(NAME)), "{variant}");
    }
    let few = run(NAME, "", &["pool.workers.nodes=20", "workload.web.replicas=40"]);
    assert!(p95(&few) < 15.0 && of(&few, "run", "pull_failures") < 0.5);
}

#[test]
fn an_account_or_an_address_does_not_help_where_the_line_is_short() {
    let base = base(NAME);
    let account = run(NAME, "account", &[]);
    assert!((p95(&account) - p95(base)).abs() < 0.05 * p95(base));
    let address = run(NAME, "own-address", &[]);
    assert!(of(&address, "run", "pull_failures") < 0.1 * of(base, "run", "pull_failures"));
    assert!(p95(base) < p95(&address));
    // Refusals pace the copies.
    assert!(p95(base) < p95(&run(NAME, "", &[NO_ABUSE_LIMIT])));
    let closed = run(NAME, "closed", &[]);
    assert!((p95(&closed) - p95(base)).abs() < 0.1 * p95(base));
    let refused = |it: &Summary| of(it, "run", "requests_rejected_429");
    assert!(1.5 * refused(&closed) < refused(base));
}

#[test]
fn a_second_copy_and_more_storages_count_in_a_slow_start_alone() {
    let storm = upstream(base(NAME));
    for variant in ["distribution-2-8", "four-replicas", "four-replicas-shared"] {
        let other = run(NAME, variant, &[]);
        assert!((upstream(&other) - storm).abs() < 0.15 * storm, "{variant}");
        assert!(!in_time(&other), "{variant}");
    }
    let slow = upstream(&run(NAME, "paced", &[]));
    let twice = upstream(&run(NAME, "paced", &["mirror.cache.kind=distribution-2.8"]));
    let four = upstream(&run(NAME, "paced", &["mirror.cache.replicas=4"]));
    assert!(1.5 * slow < twice && 2.0 * slow < four, "{slow} {twice} {four}");
    let shared = ["mirror.cache.replicas=4", "mirror.cache.storage=shared"];
    assert!(upstream(&run(NAME, "paced", &shared)) < 0.6 * four);
}

#[test]
fn a_restart_on_an_empty_disk_is_worse_than_an_empty_start() {
    let restarted = run(NAME, "filled-then-restarted", &[]);
    assert!(200.0 < never(&restarted), "{}", never(&restarted));
    // The nodes have spent what the mirror would have needed.
    assert!(99.5 < spent(&restarted) && upstream(&restarted) < IMAGES);
    let kept = "timeline.mirror-restart.restart_mirror.keep_storage=true";
    let address = "mirror.cache.egress=mirror-address";
    for set in [kept, address, PAID] {
        let other = run(NAME, "filled-then-restarted", &[set]);
        assert!(never(&other) < 0.5, "{set}: {}", never(&other));
    }
    let closed = run(NAME, "restarted-and-closed", &[]);
    assert!(never(&closed) < 0.5 && spent(&closed) < 25.0);
}
