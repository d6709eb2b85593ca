//! Which verdicts hang on what nobody could verify: the variants of a story, ranked by unready
//! pod-minutes under each reading. docs/assumptions.md tells of what is found here.

use super::*;

const ANONYMOUS: &str = "registry.docker-hub.limit.anonymous-pulls";
const PERSONAL: &str = "registry.docker-hub.limit.personal-pulls";

/// Both pull quotas of Docker Hub with one key set alike.
fn quotas(key_and_value: &str) -> Vec<String> {
    [ANONYMOUS, PERSONAL].map(|it| format!("{it}.{key_and_value}")).into()
}

/// The window is fixed: what was spent comes back all at once.
fn fixed_window() -> Vec<String> {
    quotas("law=fixed-window")
}

/// A pull is one GET, that of the manifest which an index names.
fn one_get() -> Vec<String> {
    vec!["registry.docker-hub.counting=2024-text".into()]
}

/// A pull is two GETs, of index and manifest, and each is one of the hundred.
fn every_get() -> Vec<String> {
    vec!["registry.docker-hub.counting=every-get".into()]
}

/// A pull is a HEAD and a GET, and each is one of the hundred.
fn head_and_get() -> Vec<String> {
    quotas("weight={ head = 1, platform = 1, single = 1 }")
}

fn by_connection() -> Vec<String> {
    vec!["egress.nat.choose=connection".into()]
}

/// The nodes and the pods of cold-cluster come up over this span.
fn burst_over(span: &str) -> Vec<String> {
    vec![format!("pool.workers.join.over={span}"), format!("workload.web.start.over={span}")]
}

/// Unready pod-minutes of each variant: base and variants see the same luck.
fn ranking<'a>(story: &str, variants: &[&'a str], sets: &[String]) -> Vec<(&'a str, f64)> {
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let lost_by = |variant: &'a str| {
        let name = if variant.is_empty() { "base" } else { variant };
        (name, lost(&run(story, variant, &sets)))
    };
    variants.iter().copied().map(lost_by).collect()
}

/// Whether the first loses clearly less: by a tenth and by 50 pod-minutes.
fn beats(first: f64, second: f64) -> bool {
    first + f64::max(50.0, 0.1 * second) < second
}

/// Pairs of which the first is better as the story stands and worse under the reading.
fn flips(as_is: &[(&str, f64)], reading: &[(&str, f64)]) -> Vec<String> {
    let mut found = vec![];
    for (better, worse) in as_is.iter().zip(reading) {
        for (other, then) in as_is.iter().zip(reading) {
            if beats(better.1, other.1) && beats(then.1, worse.1) {
                found.push(format!("{} before {}", better.0, other.0));
            }
        }
    }
    found
}

/// Holds what flips in a story under each reading against what is known to; all else keeps its
/// order.
fn hold_flips(story: &str, variants: &[&str], readings: &[(Vec<String>, &[&str])]) {
    let as_is = ranking(story, variants, &[]);
    for (sets, expected) in readings {
        let reading = ranking(story, variants, sets);
        let found = flips(&as_is, &reading);
        assert_eq!(found, *expected, "{story}, {sets:?}: {as_is:?} → {reading:?}");
    }
}

/// A mirror stands before everything that keeps pulling anonymously, whatever the reading. What
/// lives off the margin of the quota falls when a pull costs two units.
#[test]
fn of_spot_churn_what_lives_off_the_margin_flips() {
    let variants = ["", "two-addresses", "pre-pull", "slower-replacement", "mirror"];
    let costly: &[&str] = &["pre-pull before base", "slower-replacement before mirror"];
    let readings = [
        (fixed_window(), [].as_slice()),
        (one_get(), &[]),
        (every_get(), costly),
        (head_and_get(), costly),
        (by_connection(), &[]),
    ];
    hold_flips("spot-churn", &variants, &readings);
}

#[test]
fn of_cold_cluster_sixteen_addresses_and_an_account_flip() {
    let variants = ["", "pull-secret", "personal-account", "eight-addresses", "sixteen-addresses"];
    let account: &[&str] = &["sixteen-addresses before pull-secret"];
    let generous = vec!["registry.docker-hub.limit.abuse.allow=10000".into()];
    let readings = [
        (fixed_window(), [].as_slice()),
        (one_get(), &[]),
        (every_get(), account),
        (head_and_get(), account),
        (by_connection(), &[]),
        (generous, account),
    ];
    hold_flips("cold-cluster", &variants, &readings);
}

/// A burst of 50 ms, of a second and of a minute rank alike. A verdict depends on it: the account
/// alone is in time where the nodes come over half a minute or more, and not within a second.
#[test]
fn of_cold_cluster_no_order_hangs_on_the_spread_of_the_burst() {
    let variants = ["", "pull-secret", "personal-account", "address-per-node", "eight-addresses"];
    let readings = ["50ms", "1s", "60s"].map(|it| (burst_over(it), [].as_slice()));
    hold_flips("cold-cluster", &variants, &readings);
    for (span, holds) in [("50ms", false), ("1s", false), ("60s", true)] {
        let sets = burst_over(span);
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        assert_eq!(in_time(&run("cold-cluster", "pull-secret", &sets)), holds, "{span}");
    }
}

#[test]
fn of_shared_account_no_reading_makes_the_account_better_than_the_addresses() {
    let variants = ["", "anonymous", "account-per-workload", "paid-in-one-go", "uneven-zones"];
    let costly: &[&str] =
        &["anonymous before paid-in-one-go", "account-per-workload before paid-in-one-go"];
    let readings = [
        (fixed_window(), [].as_slice()),
        (one_get(), &[]),
        (every_get(), costly),
        (head_and_get(), costly),
        (by_connection(), &["paid-in-one-go before uneven-zones"]),
    ];
    hold_flips("shared-account", &variants, &readings);
    // The reversal behind one address holds as well.
    for (sets, _) in readings {
        let variants = ["one-address", "one-address-anonymous"];
        let [account, anonymous] = ranking("shared-account", &variants, &sets)[..] else {
            panic!("two variants")
        };
        assert!(beats(account.1, anonymous.1), "{sets:?}: {account:?} {anonymous:?}");
    }
}

/// Where an index costs nothing, the retries harm nobody, and no remedy is better than none; where
/// every GET costs a unit, the ordinary pulls alone are too many.
#[test]
fn of_wrong_architecture_the_effect_hangs_on_what_an_index_costs() {
    let variants = ["", "multi-arch-image", "two-addresses", "delete-pods"];
    let readings = [fixed_window(), one_get(), every_get(), by_connection()];
    hold_flips("wrong-architecture", &variants, &readings.map(|it| (it, [].as_slice())));
    let set = |sets: Vec<String>, variant| {
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        run("wrong-architecture", variant, &sets)
    };
    let free = set(one_get(), "");
    assert!(in_time(&free) && (never(&free) - 3.0).abs() < 0.01);
    assert!((lost(&free) - lost(&set(one_get(), "account"))).abs() < 1.0);
    assert!(!in_time(&set(every_get(), "multi-arch-image")));
    assert!(in_time(&set(every_get(), "account")));
}

#[test]
fn a_flip_is_a_clear_reversal() {
    let as_is = [("a", 100.0), ("b", 200.0), ("c", 210.0)];
    assert_eq!(flips(&as_is, &[("a", 300.0), ("b", 200.0), ("c", 290.0)]), ["a before b"]);
    assert_eq!(flips(&as_is, &as_is), [""; 0]);
}
