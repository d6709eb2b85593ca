//! What a run starts from: the limits' past, stuck pods, caches.

use super::Ids;
use super::pods::is_always;
use crate::model::node::backoff::Ladder;
use crate::model::spec::{Began, CacheSpec, CounterSpec, LimitStateSpec, StateSpec, StuckSpec};
use crate::scenario::source::Origin;
use crate::scenario::typed::{Value, Values};

/// A counter of a limit, by names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counter<'a> {
    /// An address of a NAT, or a /64 of an IPv6 egress.
    Shared(&'a str, u32),
    /// An account.
    Account(&'a str),
    /// The one of the registry.
    Registry,
}

impl Counter<'_> {
    /// How results name it.
    pub(crate) fn label(self) -> String {
        match self {
            Self::Shared(egress, nth) => format!("{egress}#{nth}"),
            Self::Account(name) => format!("account.{name}"),
            Self::Registry => "everybody".into(),
        }
    }
}

/// The blocks of one kind of the state.
pub(crate) fn blocks<'a>(
    root: &'a Values,
    kind: &'static str,
) -> impl Iterator<Item = (&'a str, &'a Values)> {
    root.table("state").into_iter().flat_map(move |it| it.named(kind))
}

/// The limit that a block of the state is about: its registry's name, its position there and its
/// values. Limits are told apart by their names.
pub(crate) fn limit_of<'a>(
    root: &'a Values,
    block: &'a str,
    values: &'a Values,
) -> Option<(&'a str, usize, &'a Values)> {
    let name = values.text_opt("limit").unwrap_or(block);
    root.named("registry").find_map(|(registry, of)| {
        let position = of.named("limit").position(|it| it.0 == name)?;
        Some((registry, position, of.block("limit", name)?))
    })
}

/// The counters of a limit that there are at the start and that are not a node's own.
pub(crate) fn counters<'a>(root: &'a Values, registry: &str, limit: &Values) -> Vec<Counter<'a>> {
    let key = limit.text("key");
    match key {
        "account" => {
            let tier = limit.text_opt("tier");
            let counts = |account: &Values| {
                account.text("registry") == registry
                    && tier.is_none_or(|it| it == account.text("tier"))
            };
            let accounts = root.named("account").filter(|it| counts(it.1));
            accounts.map(|(name, _)| Counter::Account(name)).collect()
        }
        "registry" => vec![Counter::Registry],
        _ => {
            let n = |egress: &Values| match (egress.text("kind"), key) {
                ("nat", _) => egress.count("addresses"),
                ("ipv6", "prefix64") => egress.count("prefixes"),
                _ => 0,
            };
            let all = root.named("egress");
            all.flat_map(|(name, it)| (0..n(it)).map(move |nth| Counter::Shared(name, nth)))
                .collect()
        }
    }
}

/// The counters that a block is about: those it names, as far as there are such, or the only one.
pub(crate) fn chosen<'a>(
    root: &'a Values,
    registry: &str,
    limit: &Values,
    block: &Values,
) -> Vec<Counter<'a>> {
    let all = counters(root, registry, limit);
    let wanted = super::names(block, "counters");
    if !block.given("counters") {
        return if all.len() == 1 { all } else { Vec::new() };
    }
    all.into_iter().filter(|it| wanted.contains(&it.label().as_str())).collect()
}

/// What is known to have been spent: how long ago, and thousandths of units; the longest ago first.
pub(crate) fn spent(block: &Values) -> Vec<(crate::units::Span, u64)> {
    let entries = block.list("spent").iter().filter_map(|typed| match &typed.value {
        Value::Table(entry) => Some((entry.span("ago"), entry.milli("units"))),
        _ => None,
    });
    let mut spent: Vec<_> = entries.collect();
    spent.sort_by_key(|it| std::cmp::Reverse(it.0));
    spent
}

/// Pods of a workload that are there at once: replicas, pods of a job at a time, or one a node.
pub(crate) fn pods_at_once(root: &Values, workload: &Values) -> u64 {
    match workload.text("kind") {
        "daemonset" => nodes_of(root, workload),
        "job" => {
            let at_a_time = workload.integer_opt("parallelism").unwrap_or(1);
            workload.integer("completions").min(at_a_time)
        }
        _ => workload.integer("replicas"),
    }
}

/// The nodes of a workload's pool.
pub(crate) fn nodes_of(root: &Values, workload: &Values) -> u64 {
    root.block("pool", workload.text("pool")).map_or(0, |it| it.integer("nodes"))
}

/// On how many nodes stuck pods stand.
pub(crate) fn stuck_nodes(root: &Values, workload: &Values, stuck: &Values) -> u64 {
    let pods = stuck.integer("pods");
    let each = pods_at_once(root, workload).div_ceil(nodes_of(root, workload).max(1)).max(1);
    stuck.integer_opt("nodes").unwrap_or_else(|| pods.div_ceil(each)).min(pods)
}

/// The images that the nodes of stuck pods lack; with `certain`, those alone that would let a pod
/// start as soon as they were there.
pub(crate) fn lacking<'a>(
    root: &'a Values,
    workload: &'a Values,
    stuck: &Values,
    certain: bool,
) -> Vec<&'a str> {
    let wanted = super::names(stuck, "images");
    let all = workload.list("init_containers").iter().chain(workload.list("containers"));
    let tables = all.filter_map(|typed| match &typed.value {
        Value::Table(container) => Some(container),
        _ => None,
    });
    let lacks = |container: &&Values| {
        (!stuck.given("images") || wanted.contains(&container.text("image")))
            && !(certain && is_always(root, container))
    };
    let mut images: Vec<&str> =
        tables.filter(lacks).filter_map(|it| it.text_opt("image")).collect();
    images.sort_unstable();
    images.dedup();
    images
}

/// The back-off ladder of the kubelets that stuck pods are on.
pub(crate) fn ladder(root: &Values, workload: &Values) -> Ladder {
    let none = Values::new(Origin::DEFAULT);
    let pool = root.block("pool", workload.text("pool"));
    let kubelet = pool.and_then(|it| it.table("kubelet")).unwrap_or(&none);
    Ladder {
        initial: kubelet.span("image_backoff_initial"),
        max: kubelet.span("image_backoff_max"),
    }
}

pub(super) fn state(ids: &Ids<'_>) -> StateSpec {
    let root = ids.root;
    StateSpec {
        limits: blocks(root, "limit").filter_map(|(name, it)| limit(ids, name, it)).collect(),
        stuck: blocks(root, "stuck").filter_map(|(name, it)| stuck(ids, name, it)).collect(),
        caches: blocks(root, "cache")
            .map(|(name, it)| CacheSpec {
                pool: ids.pool(name),
                images: it
                    .shares("images")
                    .map(|(image, share)| (ids.image(image), share))
                    .collect(),
            })
            .collect(),
    }
}

fn limit(ids: &Ids<'_>, name: &str, block: &Values) -> Option<LimitStateSpec> {
    let (registry, position, limit) = limit_of(ids.root, name, block)?;
    let (law, window) = (limit.text("law"), limit.span("window"));
    let is_log = law == "sliding-log";
    let mut spent = spent(block);
    spent.retain(|it| !is_log || it.0 < window);
    let known: u64 = spent.iter().map(|it| it.1).sum();
    let full = match law {
        "token-bucket" => limit.milli_opt("burst").unwrap_or_else(|| limit.milli("allow")),
        _ => limit.milli("allow"),
    };
    let full = block.milli_opt("of").unwrap_or(full);
    let gone = block.milli_opt("remaining").map_or(0, |it| full.saturating_sub(it));
    if !is_log && 0 < gone {
        spent.push((crate::units::Span::ZERO, gone));
    }
    let began = block.span_opt("window_began");
    let counter = |it: Counter<'_>| match it {
        Counter::Shared(egress, nth) => CounterSpec::Shared(ids.egress(egress), nth),
        Counter::Account(account) => CounterSpec::Account(ids.account(account)),
        Counter::Registry => CounterSpec::Registry,
    };
    let counters = chosen(ids.root, registry, limit, block);
    let undated = if is_log { gone.saturating_sub(known) } else { 0 };
    Some(LimitStateSpec {
        name: name.to_owned(),
        registry: ids.registry(registry),
        limit: position,
        counters: counters.into_iter().map(counter).collect(),
        spent,
        undated,
        history: block.the("history"),
        history_is_open: 0 < undated && !block.is_written("history"),
        began: began.map_or(Began::AsDrawn, Began::Ago),
        began_is_open: law == "fixed-window" && began.is_none() && !limit.given("anchor"),
    })
}

fn stuck(ids: &Ids<'_>, name: &str, block: &Values) -> Option<StuckSpec> {
    let workload = ids.root.block("workload", name)?;
    let images = |certain| {
        let names = lacking(ids.root, workload, block, certain);
        names.into_iter().map(|it| ids.image(it)).collect()
    };
    Some(StuckSpec {
        workload: ids.workload(name),
        pods: block.count("pods"),
        nodes: stuck_nodes(ids.root, workload, block) as u32,
        images: images(false),
        window: block.span_opt("window").unwrap_or_else(|| ladder(ids.root, workload).max),
        left: block.span_opt("left"),
        absent: images(true),
    })
}
