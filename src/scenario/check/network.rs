//! Registries and their limits, causes, ways out.

use std::collections::BTreeMap;

use super::{needed, not_here};
use crate::model::words::cause::Cause;
use crate::scenario::diagnostic::{Code, Problems, nearest};
use crate::scenario::presets;
use crate::scenario::typed::{Value, Values, show_milli};
use crate::units::Share;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    hosts(root, problems);
    causes(root, problems);
    for (name, registry) in root.named("registry") {
        let path = format!("registry.{name}");
        counting(registry, &path, problems);
        concurrency(registry, &path, problems);
        for (limit_name, values) in registry.named("limit") {
            limit(values, &format!("{path}.limit.{limit_name}"), problems);
        }
    }
    for (name, values) in root.named("egress") {
        egress(values, &format!("egress.{name}"), problems);
    }
    for (name, values) in root.named("account") {
        tier(root, name, values, problems);
    }
    for (name, values) in root.named("background") {
        let kind = root.block("egress", values.text("egress")).and_then(|it| it.text_opt("kind"));
        if let Some(kind) = kind.filter(|it| *it != "nat") {
            let message = format!("`background.{name}.egress` has kind = \"{kind}\"");
            problems
                .error(Code::NotHere, values.origin("egress"), message)
                .help("nobody else can stand behind an address that is a node's own: name a NAT");
        }
        let registry = values.text_opt("registry");
        let account = values.text_opt("account").and_then(|name| root.block("account", name));
        let of = account.and_then(|account| account.text_opt("registry"));
        if let (Some(registry), Some(of)) = (registry, of)
            && registry != of
        {
            let message = format!("`background.{name}.account` is one of registry `{of}`");
            problems
                .error(Code::OtherAccount, values.origin("account"), message)
                .help(format!("this block pulls from `{registry}`: name an account of it"));
        }
    }
}

/// Warns of a tier that is nearly the one of a limit: its pulls would not be limited.
fn tier(root: &Values, name: &str, account: &Values, problems: &mut Problems<'_>) {
    let Some(tier) = account.text_opt("tier") else { return };
    let Some(registry) = root.block("registry", account.text("registry")) else { return };
    let tiers = || registry.named("limit").filter_map(|(_, limit)| limit.text_opt("tier"));
    if !tiers().any(|known| known == tier) && nearest(tier, tiers()).is_some() {
        let message = format!("no limit names the tier \"{tier}\" of account `{name}`");
        problems
            .warning(Code::OddTier, account.origin("tier"), message)
            .did_you_mean(tier, tiers())
            .help("pulls of a tier that no limit names are not limited per account");
    }
}

fn hosts(root: &Values, problems: &mut Problems<'_>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, registry) in root.named("registry") {
        let Some(host) = registry.text_opt("host") else { continue };
        if host.is_empty() || host.contains(['/', ' ', '@']) {
            let message = format!("`registry.{name}.host` is no host: \"{host}\"");
            problems
                .error(Code::Unreadable, registry.origin("host"), message)
                .help("write the host as it stands in image references, such as \"quay.io\"");
        }
        if let Some(other) = seen.insert(host, name) {
            let place = registry.get("host").map(|typed| typed.origin);
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
    let limits = root.named("registry").flat_map(|(registry, values)| {
        let limits = values.named("limit");
        limits.map(move |(name, limit)| {
            (name, limit.origin, format!("limit `registry.{registry}.limit.{name}`"), values.origin)
        })
    });
    let faults = root
        .named("fault")
        .map(|(name, fault)| (name, fault.origin, format!("`fault.{name}`"), fault.origin));
    let fails = |block: &Values| block.given("outage") || block.given("restart_mirror");
    let outages = root.named("timeline").filter(|(_, block)| fails(block)).map(|(name, block)| {
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

fn counting(registry: &Values, path: &str, problems: &mut Problems<'_>) {
    let preset = registry.text_opt("preset").and_then(|name| presets::find("registry", name));
    let has_readings = preset.is_some_and(|preset| !preset.readings.is_empty());
    if !has_readings {
        let help = "it chooses a reading of preset = \"docker-hub\"; state limit.NAME.weight";
        not_here(problems, registry, path, "counting", "this preset", help);
    }
}

/// A request holds one grant until it is answered, so one concurrency limit is what a registry can
/// have.
fn concurrency(registry: &Values, path: &str, problems: &mut Problems<'_>) {
    let of_law = |it: &&Values| it.text_opt("law") == Some("concurrency");
    if let Some(second) = registry.named("limit").map(|it| it.1).filter(of_law).nth(1) {
        let message = format!("`{path}` has more than one limit with law = \"concurrency\"");
        problems
            .error(Code::NotHere, second.origin("law"), message)
            .help("a registry has at most one: keep the one that binds first");
    }
}

fn limit(values: &Values, path: &str, problems: &mut Problems<'_>) {
    let Some(law) = values.text_opt("law") else { return };
    let beside = format!("law = \"{law}\"");
    let mut only = |key: &str, laws: &[&str]| {
        if !laws.contains(&law) {
            let help = format!("leave it out, or use law = \"{}\"", laws.join("\" or \""));
            not_here(problems, values, path, key, &beside, &help);
        }
    };
    only("burst", &["token-bucket"]);
    only("anchor", &["fixed-window"]);
    only("window", &["fixed-window", "sliding-log", "token-bucket"]);
    if law != "concurrency" {
        needed(problems, values, path, "window", &beside);
    }
    let clients = values.text("for");
    if clients != "account" {
        let beside = format!("for = \"{clients}\"");
        not_here(problems, values, path, "tier", &beside, "only accounts have tiers");
        if values.text("key") == "account" {
            let help = "requests without credentials have no account; use for = \"account\"";
            not_here(problems, values, path, "key", &beside, help);
        }
    }
    let status = values.integer_opt("status");
    if status.is_some_and(|status| status != 429 && status < 500) {
        problems
            .error(
                Code::OutOfRange,
                values.origin("status"),
                format!("`{path}.status` is neither 429 nor a 5xx"),
            )
            .help("a refusal is answered 429 or 500 to 599");
    }
}

/// How a variant changes the kind of an egress.
const ANOTHER: &str = "for another kind add another [egress.…] and let the pool name it";

fn egress(values: &Values, path: &str, problems: &mut Problems<'_>) {
    let Some(kind) = values.text_opt("kind") else { return };
    let beside = format!("kind = \"{kind}\"");
    let only = [("addresses", "nat"), ("choose", "nat"), ("shares", "nat"), ("prefixes", "ipv6")];
    for (key, of) in only {
        if kind != of {
            let help = format!("it goes with kind = \"{of}\"; {ANOTHER}");
            not_here(problems, values, path, key, &beside, &help);
        }
    }
    if kind != "nat" {
        let help = format!("the presets are NAT gateways; {ANOTHER}");
        not_here(problems, values, path, "preset", &beside, &help);
    }
    shares(values, path, problems);
}

/// Shares of addresses: one for each, all of them together everything.
fn shares(values: &Values, path: &str, problems: &mut Problems<'_>) {
    let shares = values.list("shares");
    if shares.is_empty() {
        return;
    }
    let addresses = values.integer_opt("addresses");
    let (given, origin) = (shares.len() as u64, values.origin("shares"));
    if let Some(addresses) = addresses.filter(|it| *it != given) {
        let message = format!("`{path}.shares` has {given} shares for {addresses} addresses");
        problems
            .error(Code::OutOfRange, origin, message)
            .help("give each address its share, or leave shares out: all are drawn alike");
    }
    let millionths = shares.iter().map(|typed| match typed.value {
        Value::Share(share) => u64::from(share.millionths()),
        _ => 0,
    });
    let sum: u64 = millionths.sum();
    if sum != u64::from(Share::ALL.millionths()) {
        let sum = format!("{}%", show_milli(sum / 10));
        problems
            .error(Code::OutOfRange, origin, format!("`{path}.shares` add up to {sum}"))
            .help("they have to add up to 100%");
    }
}
