//! Registries and their limits, causes, ways out.

use std::collections::BTreeMap;

use super::not_here;
use crate::model::spec::{Clients, LimitKey};
use crate::model::words::cause::Cause;
use crate::resource::limiter::Law;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::field::show_milli;
use crate::scenario::resolve::fails;
use crate::scenario::tables::egress::EgressKind;
use crate::scenario::tables::{self, background, egress, limit, registry};
use crate::scenario::typed::Values;
use crate::units::Share;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    hosts(root, problems);
    causes(root, problems);
    for (name, registry) in root.blocks(tables::REGISTRY) {
        let path = format!("registry.{name}");
        concurrency(registry, &path, problems);
        for (limit_name, values) in registry.blocks(registry::LIMIT) {
            limit(values, &format!("{path}.limit.{limit_name}"), problems);
        }
    }
    for (name, values) in root.blocks(tables::EGRESS) {
        shares(values, &format!("egress.{name}"), problems);
    }
    for (name, values) in root.blocks(tables::BACKGROUND) {
        let egress = root.follow(values, background::EGRESS);
        let kind = egress.and_then(|it| it.opt(egress::KIND));
        if let Some(kind) = kind.filter(|it| *it != EgressKind::Nat) {
            let kind = kind.text();
            let message = format!("`background.{name}.egress` has kind = \"{kind}\"");
            problems
                .error(Code::NotHere, values.origin(background::EGRESS), message)
                .help("nobody else can stand behind an address that is a node's own: name a NAT");
        }
    }
}

fn hosts(root: &Values, problems: &mut Problems<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, registry) in root.blocks(tables::REGISTRY) {
        let Some(host) = registry.opt(registry::HOST) else { continue };
        if host.is_empty() || host.contains(['/', ' ', '@']) {
            let message = format!("`registry.{name}.host` is no host: \"{host}\"");
            problems
                .error(Code::Unreadable, registry.origin(registry::HOST), message)
                .help("write the host as it stands in image references, such as \"quay.io\"");
        }
        if let Some(other) = seen.insert(host, name) {
            let place = registry.has(registry::HOST).then(|| registry.origin(registry::HOST));
            let place = place.filter(|origin| origin.is_written()).unwrap_or(registry.origin);
            problems
                .error(
                    Code::SameHost,
                    place,
                    format!("registries `{other}` and `{name}` have the same host: {host}"),
                )
                .help("an image finds its registry by the host: keep one of them");
        }
    }
}

/// Limits, faults and outages are causes in the results, so their names have to differ.
fn causes(root: &Values, problems: &mut Problems<'_>) {
    let mut seen: BTreeMap<&str, String> =
        Cause::FIXED.iter().map(|it| (it.label, "a built-in cause".to_owned())).collect();
    let limits = root.blocks(tables::REGISTRY).flat_map(|(registry, values)| {
        let limits = values.blocks(registry::LIMIT);
        limits.map(move |(name, limit)| {
            (name, limit.origin, format!("limit `registry.{registry}.limit.{name}`"), values.origin)
        })
    });
    let faults = root
        .blocks(tables::FAULT)
        .map(|(name, fault)| (name, fault.origin, format!("`fault.{name}`"), fault.origin));
    let outages =
        root.blocks(tables::TIMELINE).filter(|(_, block)| fails(block)).map(|(name, block)| {
            (name, block.origin, format!("outage `timeline.{name}`"), block.origin)
        });
    for (name, origin, what, block) in limits.chain(faults).chain(outages) {
        if let Some(other) = seen.get(name) {
            let place = if origin.is_written() { origin } else { block };
            problems
                .error(
                    Code::SameCause,
                    place,
                    format!("the cause `{name}` would be {what} and {other}"),
                )
                .help("causes are told apart by name: give one of them another name");
        } else {
            seen.insert(name, what);
        }
    }
}

/// A request holds one grant until it is answered, so one concurrency limit is what a registry can
/// have.
fn concurrency(registry: &Values, path: &str, problems: &mut Problems<'_>) {
    let of_law = |it: &&Values| it.opt(limit::LAW) == Some(Law::Concurrency);
    if let Some(second) = registry.blocks(registry::LIMIT).map(|it| it.1).filter(of_law).nth(1) {
        let message = format!("`{path}` has more than one limit with law = \"concurrency\"");
        problems
            .error(Code::NotHere, second.origin(limit::LAW), message)
            .help("a registry has at most one: keep the one that binds first");
    }
}

fn limit(values: &Values, path: &str, problems: &mut Problems<'_>) {
    let clients = values.opt(limit::FOR).filter(|it| *it != Clients::Account);
    if let Some(clients) = clients.filter(|_| values.opt(limit::KEY) == Some(LimitKey::Account)) {
        let beside = format!("for = \"{}\"", clients.text());
        let help = "requests without credentials have no account; use for = \"account\"";
        not_here(problems, values, path, limit::KEY, &beside, help);
    }
    let status = values.opt(limit::STATUS);
    if status.is_some_and(|status| status != 429 && status < 500) {
        problems
            .error(
                Code::OutOfRange,
                values.origin(limit::STATUS),
                format!("`{path}.status` is neither 429 nor a 5xx"),
            )
            .help("a refusal is answered 429 or 500 to 599");
    }
}

/// Shares of addresses: one for each, all of them together everything.
fn shares(values: &Values, path: &str, problems: &mut Problems<'_>) {
    let shares = values.get(egress::SHARES);
    if shares.is_empty() {
        return;
    }
    let addresses = values.opt(egress::ADDRESSES).map(u64::from);
    let (given, origin) = (shares.len() as u64, values.origin(egress::SHARES));
    if let Some(addresses) = addresses.filter(|it| *it != given) {
        let message = format!("`{path}.shares` has {given} shares for {addresses} addresses");
        problems
            .error(Code::OutOfRange, origin, message)
            .help("give each address its share, or leave shares out: all are drawn alike");
    }
    let sum: u64 = shares.iter().map(|share| u64::from(share.millionths())).sum();
    if sum != u64::from(Share::ALL.millionths()) {
        let sum = format!("{}%", show_milli(sum / 10));
        problems
            .error(Code::OutOfRange, origin, format!("`{path}.shares` add up to {sum}"))
            .help("they have to add up to 100%");
    }
}
