//! `set` in the timeline: which parameters can change during a run, and to what.

use super::diagnostic::Code;
use super::field::Type;
use super::resolve;
use super::source::Origin;
use super::tables::timeline::{self, MOST_SET, Settable};
use super::tables::workload::Controller;
use super::tables::{self, field_at, pool, registry, workload};
use super::tree::Node;
use super::typed::{Read, Typed, Value, Values};
use super::walk::Walker;
use crate::model::spec::{Count, KubeletSpec};
use crate::units::Span;
use crate::words::Words;

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
    what: Settable,
    parts: Vec<&'a str>,
    value: Typed,
}

/// Reads every `set`, in the order of the timeline's names.
pub(crate) fn read(root: &Values, walker: &mut Walker<'_, '_>) -> Vec<Setting> {
    let mut sets = Vec::new();
    for (block, values) in root.blocks(tables::TIMELINE) {
        let paths = values.get(timeline::SET);
        if MOST_SET < paths.len() {
            walker.problems.error(
                Code::TooMany,
                values.origin(timeline::SET),
                format!("`timeline.{block}.set` has more than the {MOST_SET} paths allowed"),
            );
        }
        for (path, key, node) in paths.iter().take(MOST_SET) {
            if let Some((what, parts, value)) = read_one(root, block, path, *key, node, walker) {
                sets.push(Set { at: values.get(timeline::AT), block, what, parts, value });
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
) -> Option<(Settable, Vec<&'a str>, Typed)> {
    let parts: Vec<&str> = path.split('.').collect();
    let matches = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('.').collect();
        pattern.len() == parts.len()
            && pattern.iter().zip(&parts).all(|(want, have)| *want == "*" || want == have)
    };
    let Some(&what) = Settable::ALL.iter().find(|it| matches(it.text())) else {
        let message = format!("`{path}` cannot change during a run");
        let problem = walker.problems.error(Code::NotSettable, key, message);
        for settable in Settable::ALL {
            problem.help(format!("{} lands {}", settable.text(), settable.lands()));
        }
        return None;
    };
    if !target_exists(root, what, &parts, key, walker) {
        return None;
    }
    let ty = &field_at(path)?.ty;
    let takes_none = matches!(what, Settable::WorkloadAccount | Settable::PoolAccount);
    if takes_none && node.raw.text() == Some("") {
        let nobody = Typed { value: Value::Text(String::new()), origin: node.origin };
        return Some((what, parts, nobody));
    }
    let value = walker.value(node, key, ty, &format!("timeline.{block}.set.{path}"))?;
    Some((what, parts, value))
}

/// Whether the blocks and keys that a path names are there; reports it where not.
fn target_exists(
    root: &Values,
    what: Settable,
    parts: &[&str],
    key: Origin,
    walker: &mut Walker<'_, '_>,
) -> bool {
    let (kind, name) = (parts[0], parts[1]);
    let mut missing = |message: String, name: &str, known: Vec<&str>| {
        let problem = walker.problems.error(Code::UnknownName, key, message);
        problem.did_you_mean(name, known.iter().copied());
        if !known.is_empty() {
            problem.help(format!("known: {}", super::walk::shorten(&known)));
        }
        false
    };
    let blocks = root.at(kind).and_then(|typed| super::key::Named::read(&typed.value));
    let Some(block) = blocks.and_then(|it| it.get(name)) else {
        let known = blocks.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        return missing(format!("there is no [{kind}.{name}] to change"), name, known);
    };
    let lacks = |keys: &[Controller], key: &str| {
        let its = block.opt(workload::KIND).filter(|it| !keys.contains(it))?;
        Some(format!("`workload.{name}` is a {} without {key}", its.text()))
    };
    match what {
        Settable::LimitAllow => {
            let known: Vec<&str> = block.blocks(registry::LIMIT).map(|(limit, _)| limit).collect();
            let message = format!("`registry.{name}` has no limit `{}` to change", parts[3]);
            known.contains(&parts[3]) || missing(message, parts[3], known)
        }
        Settable::Kubelet => match pool::KUBELET_SHAPE.field(parts[3]).map(|it| it.ty) {
            None => {
                let known = pool::KUBELET_SHAPE.fields.iter().map(|field| field.name).collect();
                missing(format!("a kubelet has no `{}`", parts[3]), parts[3], known)
            }
            Some(Type::Table(_)) => {
                let what = format!("`{}` is a table, which cannot change during a run", parts[3]);
                missing(what, parts[3], Vec::new())
            }
            Some(_) => true,
        },
        Settable::ReplaceBatch => {
            let message = format!("`timeline.{name}` has no replace_nodes");
            block.has(timeline::REPLACE_NODES) || missing(message, name, Vec::new())
        }
        Settable::MaxSurge => lacks(&[Controller::Deployment], parts[2])
            .is_none_or(|message| missing(message, name, Vec::new())),
        Settable::MaxUnavailable => {
            lacks(&[Controller::Deployment, Controller::DaemonSet], parts[2])
                .is_none_or(|message| missing(message, name, Vec::new()))
        }
        Settable::EgressAddresses
        | Settable::WorkloadAccount
        | Settable::PoolAccount
        | Settable::Preloaded => true,
    }
}

/// Typed paths to changes.
///
/// A kubelet's configuration lands as a whole, so the changes of one pool build on each other in
/// the order of time.
fn settings(root: &Values, mut sets: Vec<Set<'_>>) -> Vec<Setting> {
    sets.sort_by_key(|set| set.at);
    let mut kubelets: Vec<(&str, Values)> = root
        .blocks(tables::POOL)
        .filter_map(|(name, pool)| Some((name, pool.opt(pool::KUBELET)?.clone())))
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
    let (parts, value) = (&set.parts, &set.value.value);
    let name = parts[1].to_owned();
    let names = || value.texts().filter(|it| !it.is_empty()).map(str::to_owned).collect();
    Some(match set.what {
        Settable::LimitAllow => Changed::LimitAllow {
            registry: name,
            limit: parts[3].to_owned(),
            allow: super::key::Milli::read(value)?,
        },
        Settable::EgressAddresses => {
            Changed::EgressAddresses { egress: name, addresses: u32::read(value)? }
        }
        Settable::WorkloadAccount => Changed::WorkloadAccount { workload: name, accounts: names() },
        Settable::PoolAccount => Changed::PoolAccount { pool: name, accounts: names() },
        Settable::MaxSurge => Changed::MaxSurge { workload: name, max_surge: Count::read(value)? },
        Settable::MaxUnavailable => {
            Changed::MaxUnavailable { workload: name, max_unavailable: Count::read(value)? }
        }
        Settable::Preloaded => Changed::Preloaded { pool: name, images: names() },
        Settable::Kubelet => {
            let (_, values) = kubelets.iter_mut().find(|(pool, _)| *pool == name)?;
            values.insert(pool::KUBELET_SHAPE.field(parts[3])?, set.value.clone());
            Changed::Kubelet { pool: name, kubelet: resolve::kubelet(values) }
        }
        Settable::ReplaceBatch => {
            Changed::ReplaceBatch { timeline: name, batch: Count::read(value)? }
        }
    })
}
