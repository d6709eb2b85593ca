//! Mirrors, and what the timeline does to them.

use std::collections::BTreeMap;

use crate::model::client::Hosts;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::resolve::images::{layers, reference};
use crate::scenario::tables::{self, mirror, registry, timeline};
use crate::scenario::typed::Values;
use crate::units::Bytes;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    let mut of_registry: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, mirror) in root.blocks(tables::MIRROR) {
        let path = format!("mirror.{name}");
        filled(root, &path, mirror, problems);
        let nodes = mirror.opt(mirror::NODES);
        let pools = nodes.and_then(|it| it.opt(mirror::NODES_POOLS));
        if let Some(nodes) = nodes.filter(|_| pools.is_some_and(|it| it.is_empty())) {
            problems
                .error(
                    Code::OutOfRange,
                    nodes.origin(mirror::NODES_POOLS),
                    format!("`{path}.nodes.pools` is empty"),
                )
                .help("leave it out for all pools, or switch the mirror off: enabled = false");
        }
        let upstream = mirror.get(mirror::UPSTREAM);
        let count = of_registry.entry(upstream).or_default();
        *count += 1;
        if *count == Hosts::MOST {
            let most = Hosts::MOST - 1;
            problems
                .error(
                    Code::TooMany,
                    mirror.origin,
                    format!("registry `{upstream}` has more than the {most} mirrors allowed"),
                )
                .help("nodes ask them one after another: replicas make one mirror wider");
        }
    }
    for (name, event) in root.blocks(tables::TIMELINE) {
        if let Some(change) = event.opt(timeline::RECONFIGURE_NODES) {
            reconfigured(root, name, change, problems);
        }
    }
}

/// What a mirror holds at the start comes from its upstream and fits its storage.
fn filled(root: &Values, path: &str, mirror: &Values, problems: &mut Problems<'_>) {
    let Some(filled) = mirror.opt(mirror::FILLED) else { return };
    let upstream = root.follow(mirror, mirror::UPSTREAM);
    let host = upstream.and_then(|it| it.opt(registry::HOST));
    let mut size = Bytes::ZERO;
    let mut seen = Vec::new();
    for image in filled.get(mirror::FILLED_IMAGES) {
        if host.is_some() && reference(root, image).map(|it| it.host) != host {
            problems
                .error(
                    Code::NoRegistry,
                    filled.origin(mirror::FILLED_IMAGES),
                    format!("`{path}.filled.images`: image `{image}` is not one of its upstream"),
                )
                .help(format!("name images whose reference begins with {}", host.unwrap_or("")));
        }
        for layer in layers(root, image) {
            if !seen.contains(&layer.digest) {
                size += layer.size;
                seen.push(layer.digest);
            }
        }
    }
    let capacity = mirror.opt(mirror::DISK).and_then(|it| it.opt(mirror::DISK_CAPACITY));
    if let Some(capacity) = capacity.filter(|it| *it < size) {
        problems
            .error(
                Code::OutOfRange,
                filled.origin(mirror::FILLED_IMAGES),
                format!(
                    "`{path}` holds {} at the start, and its disk has {}",
                    size.beside(capacity),
                    capacity.beside(capacity)
                ),
            )
            .help("name fewer images, or raise disk.capacity");
    }
}

fn reconfigured(root: &Values, name: &str, change: &Values, problems: &mut Problems<'_>) {
    let mirror = root.follow(change, timeline::MIRROR);
    let (Some(mirror), Some(pool)) = (mirror, change.opt(timeline::POOL)) else { return };
    let nodes = mirror.opt(mirror::NODES);
    let Some(pools) = nodes.and_then(|it| it.opt(mirror::NODES_POOLS)) else { return };
    if !pools.contains(&pool) {
        problems
            .error(
                Code::NotHere,
                change.origin(timeline::POOL),
                format!(
                    "`timeline.{name}.reconfigure_nodes` is for pool `{pool}`, which its mirror \
                     is not meant for"
                ),
            )
            .help(format!("pools of the mirror: {}", pools.join(", ")));
    }
}
