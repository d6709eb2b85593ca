//! Mirrors, and what the timeline does to them.

use std::collections::BTreeMap;

use super::not_here;
use crate::model::client::Hosts;
use crate::scenario::build::{layers, names};
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::reference::Reference;
use crate::scenario::typed::Values;
use crate::units::Bytes;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    let mut of_registry: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, mirror) in root.named("mirror") {
        let path = format!("mirror.{name}");
        account(root, &path, mirror, problems);
        ttl(&path, mirror, problems);
        filled(root, &path, mirror, problems);
        let nodes = mirror.table("nodes");
        if let Some(nodes) = nodes.filter(|it| it.given("pools") && names(it, "pools").is_empty()) {
            problems
                .error(
                    Code::OutOfRange,
                    nodes.origin("pools"),
                    format!("`{path}.nodes.pools` is empty"),
                )
                .help("leave it out for all pools, or switch the mirror off: enabled = false");
        }
        let count = of_registry.entry(mirror.text("upstream")).or_default();
        *count += 1;
        if *count == Hosts::MOST {
            let most = Hosts::MOST - 1;
            let upstream = mirror.text("upstream");
            problems
                .error(
                    Code::TooMany,
                    mirror.origin,
                    format!("registry `{upstream}` has more than the {most} mirrors allowed"),
                )
                .help("nodes ask them one after another: replicas make one mirror wider");
        }
    }
    for (name, event) in root.named("timeline") {
        if let Some(change) = event.table("reconfigure_nodes") {
            reconfigured(root, name, change, problems);
        }
    }
}

fn account(root: &Values, path: &str, mirror: &Values, problems: &mut Problems<'_>) {
    let account = mirror.text_opt("account").and_then(|name| root.block("account", name));
    let of = account.and_then(|account| account.text_opt("registry"));
    if let (Some(upstream), Some(of)) = (mirror.text_opt("upstream"), of)
        && upstream != of
    {
        problems
            .error(
                Code::OtherAccount,
                mirror.origin("account"),
                format!("`{path}.account` is one of registry `{of}`"),
            )
            .help(format!("this mirror asks `{upstream}`: name an account of it"));
    }
}

/// The TTL of 2.8 is a constant of its source.
fn ttl(path: &str, mirror: &Values, problems: &mut Problems<'_>) {
    let kind = mirror.text("kind");
    if kind == "distribution-2.8" {
        let help = "2.8 has its 168h compiled in; kind = \"distribution-3\" can be told another";
        not_here(problems, mirror, path, "ttl", "kind = \"distribution-2.8\"", help);
    }
}

/// What a mirror holds at the start comes from its upstream and fits its storage.
fn filled(root: &Values, path: &str, mirror: &Values, problems: &mut Problems<'_>) {
    let Some(filled) = mirror.table("filled") else { return };
    let host = root.block("registry", mirror.text("upstream")).map(|it| it.text("host"));
    let mut size = Bytes::ZERO;
    let mut seen = Vec::new();
    for image in names(filled, "images") {
        let Some(values) = root.block("image", image) else { continue };
        let reference = values.text_opt("reference").and_then(Reference::parse);
        if host.is_some() && reference.map(|it| it.host) != host {
            problems
                .error(
                    Code::NoRegistry,
                    filled.origin("images"),
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
    let capacity = mirror.table("disk").and_then(|it| it.bytes_opt("capacity"));
    if let Some(capacity) = capacity.filter(|it| *it < size) {
        problems
            .error(
                Code::OutOfRange,
                filled.origin("images"),
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
    let mirror = change.text_opt("mirror").and_then(|it| root.block("mirror", it));
    let (Some(mirror), Some(pool)) = (mirror, change.text_opt("pool")) else { return };
    let Some(nodes) = mirror.table("nodes").filter(|it| it.given("pools")) else { return };
    if !names(nodes, "pools").contains(&pool) {
        problems
            .error(
                Code::NotHere,
                change.origin("pool"),
                format!(
                    "`timeline.{name}.reconfigure_nodes` is for pool `{pool}`, which its mirror \
                     is not meant for"
                ),
            )
            .help(format!("pools of the mirror: {}", names(nodes, "pools").join(", ")));
    }
}
