//! What the blocks of `[state]` are about: limits and their counters, stuck pods, caches.

use crate::model::node::backoff::Ladder;
use crate::model::spec::{ImagePullPolicy, LimitKey};
use crate::scenario::key::{Key, Named};
use crate::scenario::resolve::images::{containers, policy_of};
use crate::scenario::tables::egress::EgressKind;
use crate::scenario::tables::workload::Controller;
use crate::scenario::tables::{self, account, egress, limit, pool, registry, state, workload};
use crate::scenario::typed::Values;
use crate::units::Span;

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
pub(crate) fn blocks(root: &Values, kind: Key<Named>) -> impl Iterator<Item = (&str, &Values)> {
    root.opt(tables::STATE).into_iter().flat_map(move |it| it.blocks(kind))
}

/// The limit that a block of the state is about: its registry's name, its position there and its
/// values. Limits are told apart by their names.
pub(crate) fn limit_of<'a>(
    root: &'a Values,
    block: &'a str,
    values: &'a Values,
) -> Option<(&'a str, usize, &'a Values)> {
    let name = values.opt(state::LIMIT_NAME).unwrap_or(block);
    root.blocks(tables::REGISTRY).find_map(|(registry, of)| {
        let position = of.blocks(registry::LIMIT).position(|it| it.0 == name)?;
        Some((registry, position, of.block(registry::LIMIT, name)?))
    })
}

/// The counters of a limit that there are at the start and that are not a node's own.
pub(crate) fn counters<'a>(root: &'a Values, registry: &str, limit: &Values) -> Vec<Counter<'a>> {
    let shared = |of_ipv6: bool| {
        let n = move |egress: &Values| match egress.opt(egress::KIND) {
            Some(EgressKind::Nat) => egress.get(egress::ADDRESSES),
            Some(EgressKind::Ipv6) if of_ipv6 => egress.get(egress::PREFIXES),
            Some(EgressKind::Ipv6 | EgressKind::PerNode) | None => 0,
        };
        let all = root.blocks(tables::EGRESS);
        all.flat_map(|(name, it)| (0..n(it)).map(move |nth| Counter::Shared(name, nth))).collect()
    };
    match limit.opt(limit::KEY) {
        Some(LimitKey::Account) => {
            let tier = limit.opt(limit::TIER);
            let counts = |account: &Values| {
                account.opt(account::REGISTRY) == Some(registry)
                    && tier.is_none_or(|it| account.opt(account::TIER) == Some(it))
            };
            let accounts = root.blocks(tables::ACCOUNT).filter(|it| counts(it.1));
            accounts.map(|(name, _)| Counter::Account(name)).collect()
        }
        Some(LimitKey::Registry) => vec![Counter::Registry],
        Some(LimitKey::Prefix64) => shared(true),
        Some(LimitKey::Address) | None => shared(false),
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
    if !block.given(state::LIMIT_COUNTERS) {
        return if all.len() == 1 { all } else { Vec::new() };
    }
    let wanted = block.get(state::LIMIT_COUNTERS);
    all.into_iter().filter(|it| wanted.contains(&it.label().as_str())).collect()
}

/// What is known to have been spent: how long ago, and thousandths of units; the longest ago first.
pub(crate) fn spent(block: &Values) -> Vec<(Span, u64)> {
    let entries = block.get(state::LIMIT_SPENT).into_iter();
    let entries = entries.map(|it| (it.get(state::SPENT_AGO), it.get(state::SPENT_UNITS)));
    let mut spent: Vec<_> = entries.collect();
    spent.sort_by_key(|it| std::cmp::Reverse(it.0));
    spent
}

/// Pods of a workload that are there at once: replicas, pods of a job at a time, or one a node.
pub(crate) fn pods_at_once(root: &Values, workload: &Values) -> u64 {
    match workload.opt(workload::KIND) {
        Some(Controller::DaemonSet) => nodes_of(root, workload),
        Some(Controller::Job) => {
            let at_a_time = workload.opt(workload::PARALLELISM).unwrap_or(1);
            workload.get(workload::COMPLETIONS).min(at_a_time).into()
        }
        Some(Controller::Deployment) | None => workload.get(workload::REPLICAS).into(),
    }
}

/// The nodes of a workload's pool.
pub(crate) fn nodes_of(root: &Values, workload: &Values) -> u64 {
    root.follow(workload, workload::POOL).map_or(0, |it| it.get(pool::NODES).into())
}

/// On how many nodes stuck pods stand.
pub(crate) fn stuck_nodes(root: &Values, workload: &Values, stuck: &Values) -> u64 {
    let pods = u64::from(stuck.get(state::STUCK_PODS));
    let each = pods_at_once(root, workload).div_ceil(nodes_of(root, workload).max(1)).max(1);
    let wanted = stuck.opt(state::STUCK_NODES).map(u64::from);
    wanted.unwrap_or_else(|| pods.div_ceil(each)).min(pods)
}

/// The images that the nodes of stuck pods lack; with `certain`, those alone that would let a pod
/// start as soon as they were there.
pub(crate) fn lacking<'a>(
    root: &'a Values,
    workload: &'a Values,
    stuck: &Values,
    certain: bool,
) -> Vec<&'a str> {
    let wanted = stuck.get(state::STUCK_IMAGES);
    let is_wanted = |image| !stuck.given(state::STUCK_IMAGES) || wanted.contains(&image);
    let is_sure = |container| !certain || policy_of(root, container) != ImagePullPolicy::Always;
    let lacking = containers(workload).filter_map(|container| {
        let image = container.opt(workload::CONTAINER_IMAGE)?;
        (is_wanted(image) && is_sure(container)).then_some(image)
    });
    let mut images: Vec<&str> = lacking.collect();
    images.sort_unstable();
    images.dedup();
    images
}

/// The back-off ladder of the kubelets that stuck pods are on.
pub(crate) fn ladder(root: &Values, workload: &Values) -> Ladder {
    let pool = root.follow(workload, workload::POOL);
    let kubelet = pool.and_then(|it| it.opt(pool::KUBELET));
    let of = |key| kubelet.map(|it| it.get(key)).unwrap_or_default();
    Ladder { initial: of(pool::IMAGE_BACKOFF_INITIAL), max: of(pool::IMAGE_BACKOFF_MAX) }
}
