use super::*;

#[test]
fn the_figures_of_shared_account_are_those_of_its_golden_file() {
    hold_golden("shared-account");
}

#[test]
fn one_free_account_is_worse_than_the_eight_addresses_it_replaces() {
    let base = base("shared-account");
    assert!(!in_time(base));
    assert!(is_the_only_cause(base, "personal-pulls"));
    let anonymous = run("shared-account", "anonymous", &[]);
    assert!(in_time(&anonymous));
    assert!(100.0 * lost(&anonymous) < lost(base), "{} {}", lost(&anonymous), lost(base));
    // The limit of the account is what does it.
    let unlimited = "registry.docker-hub.limit.personal-pulls.enabled=false";
    let without = run("shared-account", "", &[unlimited]);
    assert!(in_time(&without) && lost(&without) < 1.05 * lost(&anonymous));
    // The summary says so.
    let told = base.shared_accounts.iter();
    let told: Vec<_> = told.map(|it| (it.addresses, it.units, it.units_apart)).collect();
    assert_eq!(told, [(8, 200.0, 800.0)]);
    assert!(anonymous.shared_accounts.is_empty());
}

#[test]
fn addresses_mean_nothing_to_an_account() {
    let of_their_own = run("shared-account", "own-addresses-shared", &[]);
    assert!((lost(&of_their_own) - lost(base("shared-account"))).abs() < 1.0);
    assert!(in_time(&run("shared-account", "own-addresses", &[])));
}

#[test]
fn behind_one_address_the_account_is_the_better_one() {
    let account = run("shared-account", "one-address", &[]);
    let anonymous = run("shared-account", "one-address-anonymous", &[]);
    assert!(1.5 * lost(&account) < lost(&anonymous));
    assert!(never(&account) < 0.5 && 100.0 < never(&anonymous));
    assert!(account.shared_accounts.is_empty(), "no worse");
}

#[test]
fn identities_add_up() {
    for variant in ["account-per-workload", "account-for-services", "paid", "private-copies"] {
        let other = run("shared-account", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(100.0 * lost(&other) < lost(base("shared-account")), "{variant}");
    }
    let copies = run("shared-account", "private-copies", &[]);
    assert!(of(&copies, "registry.docker-hub", "requests") < 0.5);
    assert!(of(&copies, "run", "egress_bytes") < 1.0);
}

#[test]
fn behind_no_quota_stands_the_abuse_limit() {
    let at_once = run("shared-account", "paid-in-one-go", &[]);
    assert!(in_time(&at_once) && is_the_only_cause(&at_once, "abuse"));
    let unlimited = run("shared-account", "paid-in-one-go", &[NO_ABUSE_LIMIT]);
    assert!(1.2 * p95(&unlimited) < p95(&at_once));
}

#[test]
fn eight_uneven_addresses_are_fewer() {
    let uneven = run("shared-account", "uneven-zones", &[]);
    assert!(50.0 * lost(&run("shared-account", "anonymous", &[])) < lost(&uneven));
    // Where each connection draws an address, so does each pull, and the zones play no part.
    let drawn = run("shared-account", "uneven-zones", &["egress.nat.choose=connection"]);
    assert!(20.0 * lost(&drawn) < lost(&uneven));
}

#[test]
fn half_of_the_nodes_are_nearly_within_one_account() {
    let small = run("shared-account", "", &["pool.workers.nodes=60"]);
    assert!(in_time(&small));
    assert!(5.0 * lost(&small) < lost(base("shared-account")));
}
