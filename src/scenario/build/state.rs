//! What a run starts from: the limits' past, stuck pods, caches.

use super::Ids;
use crate::model::spec::{Began, CacheSpec, CounterSpec, LimitStateSpec, StateSpec, StuckSpec};
use crate::resource::limiter::Law;
use crate::scenario::resolve::state::{
    Counter, blocks, chosen, lacking, ladder, limit_of, spent, stuck_nodes,
};
use crate::scenario::tables::{self, limit, state};
use crate::scenario::typed::Values;
use crate::units::Span;

pub(super) fn state(ids: &Ids<'_>) -> StateSpec {
    let limits = blocks(ids.root, state::LIMIT);
    let stuck = blocks(ids.root, state::STUCK);
    let caches = blocks(ids.root, state::CACHE);
    let images = |it: &Values| {
        let images = it.shares(state::CACHE_IMAGES);
        images.map(|(image, share)| (ids.image(image), share)).collect()
    };
    StateSpec {
        limits: limits.filter_map(|(name, it)| limit(ids, name, it)).collect(),
        stuck: stuck.filter_map(|(name, it)| stuck_pods(ids, name, it)).collect(),
        caches: caches
            .map(|(name, it)| CacheSpec { pool: ids.pool(name), images: images(it) })
            .collect(),
    }
}

fn limit(ids: &Ids<'_>, name: &str, block: &Values) -> Option<LimitStateSpec> {
    let (registry, position, limit) = limit_of(ids.root, name, block)?;
    let (law, window) = (limit.the(limit::LAW), limit.get(limit::WINDOW));
    let (is_log, is_fixed) = (law == Law::SlidingLog, law == Law::FixedWindow);
    let mut spent = spent(block);
    spent.retain(|it| !is_log || it.0 < window);
    let known: u64 = spent.iter().map(|it| it.1).sum();
    let full = super::network::rule(limit).capacity();
    let full = block.opt(state::LIMIT_OF).unwrap_or(full);
    let gone = block.opt(state::LIMIT_REMAINING).map_or(0, |it| full.saturating_sub(it));
    if !is_log && 0 < gone {
        spent.push((Span::ZERO, gone));
    }
    let began = block.opt(state::LIMIT_WINDOW_BEGAN);
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
        history: block.the(state::LIMIT_HISTORY),
        history_is_open: 0 < undated && !block.is_written(state::LIMIT_HISTORY),
        began: began.map_or(Began::AsDrawn, Began::Ago),
        began_is_open: is_fixed && began.is_none() && !limit.given(limit::ANCHOR),
    })
}

fn stuck_pods(ids: &Ids<'_>, name: &str, block: &Values) -> Option<StuckSpec> {
    let workload = ids.root.block(tables::WORKLOAD, name)?;
    let images = |certain| ids.images(lacking(ids.root, workload, block, certain));
    let window = block.opt(state::STUCK_WINDOW);
    Some(StuckSpec {
        workload: ids.workload(name),
        pods: block.the(state::STUCK_PODS),
        nodes: stuck_nodes(ids.root, workload, block) as u32,
        images: images(false),
        window: window.unwrap_or_else(|| ladder(ids.root, workload).max),
        left: block.opt(state::STUCK_LEFT),
        absent: images(true),
    })
}
