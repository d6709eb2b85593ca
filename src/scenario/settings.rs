//! `set` in the timeline: which parameters can change during a run, and to what.

use super::build;
use super::diagnostic::Code;
use super::field::Type;
use super::source::Origin;
use super::tables::field_at;
use super::tables::pool::KUBELET;
use super::tables::timeline::{MOST_SET, SETTABLE};
use super::tree::Node;
use super::typed::{Typed, Value, Values};
use super::walk::Walker;
use crate::model::spec::{Count, KubeletSpec};
use crate::units::Span;

/// One change of one timeline block.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The timeline block.
    pub(crate) block: String,
    /// What changes.
    pub(crate) changed: Changed,
}

/// A change, with names.
#[derive(Clone, Debug)]
pub(crate) enum Changed {
    LimitAllow { registry: String, limit: String, allow: u64 },
    EgressAddresses { egress: String, addresses: u32 },
    WorkloadAccount { workload: String, accounts: Vec<String> },
    PoolAccount { pool: String, accounts: Vec<String> },
    MaxSurge { workload: String, max_surge: Count },
    MaxUnavailable { workload: String, max_unavailable: Count },
    Kubelet { pool: String, kubelet: KubeletSpec },
    Preloaded { pool: String, images: Vec<String> },
    ReplaceBatch { timeline: String, batch: Count },
}

/// A path of a `set` with its typed value.
struct Set<'a> {
    at: Span,
    block: &'a str,
    parts: Vec<&'a str>,
    value: Typed,
}

/// Reads every `set`, in the order of the timeline's names.
pub(crate) fn read(root: &Values, walker: &mut Walker<'_, '_>) -> Vec<Setting> {
    let mut sets = Vec::new();
    for (block, values) in root.named("timeline") {
        let paths = values.paths("set");
        if MOST_SET < paths.len() {
            walker.problems.error(
                Code::TooMany,
                values.origin("set"),
                format!("`timeline.{block}.set` has more than the {MOST_SET} paths allowed"),
            );
        }
        for (path, key, node) in paths.iter().take(MOST_SET) {
            if let Some((parts, value)) = read_one(root, block, path, *key, node, walker) {
                sets.push(Set { at: values.span("at"), block, parts, value });
            }
        }
    }
    settings(root, sets)
}

fn read_one<'a>(
    root: &Values,
    block: &str,
    path: &'a str,
    key: Origin,
    node: &Node,
    walker: &mut Walker<'_, '_>,
) -> Option<(Vec<&'a str>, Typed)> {
    let parts: Vec<&str> = path.split('.').collect();
    let matches = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('.').collect();
        pattern.len() == parts.len()
            && pattern.iter().zip(&parts).all(|(want, have)| *want == "*" || want == have)
    };
    if !SETTABLE.iter().any(|settable| matches(settable.path)) {
        let message = format!("`{path}` cannot change during a run");
        let problem = walker.problems.error(Code::NotSettable, key, message);
        for settable in SETTABLE {
            problem.help(format!("{} lands {}", settable.path, settable.lands));
        }
        return None;
    }
    if !target_exists(root, &parts, key, walker) {
        return None;
    }
    let ty = &field_at(path)?.ty;
    if parts[2] == "account" && node.raw.text() == Some("") {
        return Some((parts, Typed { value: Value::Text(String::new()), origin: node.origin }));
    }
    let value = walker.value(node, key, ty, &format!("timeline.{block}.set.{path}"))?;
    Some((parts, value))
}

/// Whether the blocks and keys that a path names are there; reports it where not.
fn target_exists(root: &Values, parts: &[&str], key: Origin, walker: &mut Walker<'_, '_>) -> bool {
    let (kind, name) = (parts[0], parts[1]);
    let missing = |walker: &mut Walker<'_, '_>, what: String, name: &str, known: Vec<&str>| {
        let problem = walker.problems.error(Code::UnknownName, key, what);
        problem.did_you_mean(name, known.iter().copied());
        if !known.is_empty() {
            problem.help(format!("known: {}", super::walk::shorten(&known)));
        }
        false
    };
    let Some(block) = root.block(kind, name) else {
        let known = root.named(kind).map(|(name, _)| name).collect();
        return missing(walker, format!("there is no [{kind}.{name}] to change"), name, known);
    };
    match (kind, parts[2]) {
        ("registry", _) if !block.named("limit").any(|(limit, _)| limit == parts[3]) => {
            let known = block.named("limit").map(|(limit, _)| limit).collect();
            let what = format!("`registry.{name}` has no limit `{}` to change", parts[3]);
            missing(walker, what, parts[3], known)
        }
        ("pool", "kubelet") if KUBELET.field(parts[3]).is_none() => {
            let known = KUBELET.fields.iter().map(|field| field.name).collect();
            let what = format!("a kubelet has no `{}`", parts[3]);
            missing(walker, what, parts[3], known)
        }
        ("pool", "kubelet")
            if matches!(KUBELET.field(parts[3]).map(|it| it.ty), Some(Type::Table(_))) =>
        {
            let what = format!("`{}` is a table, which cannot change during a run", parts[3]);
            missing(walker, what, parts[3], Vec::new())
        }
        ("timeline", _) if block.table("replace_nodes").is_none() => {
            missing(walker, format!("`timeline.{name}` has no replace_nodes"), name, Vec::new())
        }
        ("workload", field @ ("max_surge" | "max_unavailable"))
            if block.text("kind") == "job"
                || (field == "max_surge" && block.text("kind") != "deployment") =>
        {
            let what = format!("`workload.{name}` is a {} without {field}", block.text("kind"));
            missing(walker, what, name, Vec::new())
        }
        _ => true,
    }
}

/// Typed paths to changes.
///
/// A kubelet's configuration lands as a whole, so the changes of one pool build on each other in
/// the order of time.
fn settings(root: &Values, mut sets: Vec<Set<'_>>) -> Vec<Setting> {
    sets.sort_by_key(|set| set.at);
    let none = Values::new(Origin::DEFAULT);
    let mut kubelets: Vec<(&str, Values)> = root
        .named("pool")
        .map(|(name, pool)| (name, pool.table("kubelet").unwrap_or(&none).clone()))
        .collect();
    let mut settings: Vec<Setting> = sets
        .iter()
        .filter_map(|set| {
            Some(Setting { block: set.block.into(), changed: changed(set, &mut kubelets)? })
        })
        .collect();
    settings.sort_by(|a, b| a.block.cmp(&b.block));
    settings
}

fn changed(set: &Set<'_>, kubelets: &mut [(&str, Values)]) -> Option<Changed> {
    let parts = &set.parts;
    let name = parts[1].to_owned();
    Some(match (parts[0], parts[2], &set.value.value) {
        ("registry", _, Value::Milli(allow)) => {
            Changed::LimitAllow { registry: name, limit: parts[3].to_owned(), allow: *allow }
        }
        ("egress", _, Value::Integer(addresses)) => {
            Changed::EgressAddresses { egress: name, addresses: u32::try_from(*addresses).ok()? }
        }
        (kind, "account", value) => {
            let accounts = value.texts().filter(|it| !it.is_empty()).map(str::to_owned).collect();
            match kind {
                "pool" => Changed::PoolAccount { pool: name, accounts },
                _ => Changed::WorkloadAccount { workload: name, accounts },
            }
        }
        ("workload", "max_surge", Value::Count(count)) => {
            Changed::MaxSurge { workload: name, max_surge: *count }
        }
        ("workload", "max_unavailable", Value::Count(count)) => {
            Changed::MaxUnavailable { workload: name, max_unavailable: *count }
        }
        ("pool", "preloaded", value) => {
            Changed::Preloaded { pool: name, images: value.texts().map(str::to_owned).collect() }
        }
        ("pool", "kubelet", _) => {
            let (_, values) = kubelets.iter_mut().find(|(pool, _)| *pool == name)?;
            let field = KUBELET.field(parts[3])?;
            values.insert(field.name, set.value.clone());
            Changed::Kubelet { pool: name, kubelet: build::kubelet(values) }
        }
        ("timeline", _, Value::Count(batch)) => {
            Changed::ReplaceBatch { timeline: name, batch: *batch }
        }
        _ => return None,
    })
}
