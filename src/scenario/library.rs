//! The scenarios that ship with the binary.

/// Every scenario of the library: name and text; the first is what runs without a name.
pub fn all() -> &'static [(&'static str, &'static str)] {
    &[
        ("spot-churn", include_str!("../../scenarios/spot-churn.toml")),
        ("cold-cluster", include_str!("../../scenarios/cold-cluster.toml")),
        ("registry-blip", include_str!("../../scenarios/registry-blip.toml")),
        ("hub-outage", include_str!("../../scenarios/hub-outage.toml")),
        ("prune-backfires", include_str!("../../scenarios/prune-backfires.toml")),
        ("pre-pull-and-pin", include_str!("../../scenarios/pre-pull-and-pin.toml")),
        ("latest-always", include_str!("../../scenarios/latest-always.toml")),
        ("mirror-ornamental", include_str!("../../scenarios/mirror-ornamental.toml")),
        ("mirror-cold-start", include_str!("../../scenarios/mirror-cold-start.toml")),
        ("mirror-slow-disk", include_str!("../../scenarios/mirror-slow-disk.toml")),
        ("mirror-thrash", include_str!("../../scenarios/mirror-thrash.toml")),
        ("ttl-anniversary", include_str!("../../scenarios/ttl-anniversary.toml")),
        ("shared-account", include_str!("../../scenarios/shared-account.toml")),
        ("wrong-architecture", include_str!("../../scenarios/wrong-architecture.toml")),
        ("layer-tradeoff", include_str!("../../scenarios/layer-tradeoff.toml")),
        ("mid-storm", include_str!("../../scenarios/mid-storm.toml")),
    ]
}

/// The text of a scenario of the library.
pub fn find(name: &str) -> Option<&'static str> {
    all().iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
