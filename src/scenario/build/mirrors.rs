//! Mirrors: servers like registries, with what makes them pull-through caches.

use super::Ids;
use crate::model::ids::PoolId;
use crate::model::spec::{AdoptionSpec, FilledSpec, MirrorSpec, RegistrySpec, Storing};
use crate::scenario::presets::MirrorKind;
use crate::scenario::source::Origin;
use crate::scenario::tables::mirror::{Configured, Storage};
use crate::scenario::typed::Values;

pub(super) fn mirror(ids: &Ids<'_>, name: &str, values: &Values) -> RegistrySpec {
    let rtt = values.span("rtt");
    RegistrySpec {
        name: name.to_owned(),
        // No image names it: nodes ask it for those of its upstream.
        host: String::new(),
        rtt,
        token_rtt: rtt,
        cdn_rtt: rtt,
        dns: values.span("dns"),
        tls_round_trips: values.count("tls_round_trips"),
        server_time: values.span("server_time"),
        needs_token: false,
        token_post: false,
        redirects_blobs: false,
        connection_bandwidth: None,
        bandwidth: None,
        private: true,
        limits: Vec::new(),
        mirror: Some(cache(ids, name, values)),
    }
}

fn cache(ids: &Ids<'_>, name: &str, values: &Values) -> MirrorSpec {
    let none = Values::new(Origin::DEFAULT);
    let disk = values.table("disk").unwrap_or(&none);
    let filled = values.table("filled").unwrap_or(&none);
    MirrorSpec {
        upstream: ids.registry(values.text("upstream")),
        egress: ids.egress(values.text("egress")),
        account: values.text_opt("account").map(|name| ids.account(name)),
        storing: match values.the("kind") {
            MirrorKind::Distribution28 => Storing::Beside,
            MirrorKind::Distribution3 => Storing::Teed,
        },
        adoption: adoption(ids, name, values.table("nodes").unwrap_or(&none)),
        replicas: values.count("replicas"),
        is_storage_shared: match values.the("storage") {
            Storage::Own => false,
            Storage::Shared => true,
        },
        nic: values.bandwidth("nic"),
        capacity: disk.bytes_opt("capacity"),
        disk: disk.bandwidth_opt("throughput"),
        iops: disk.count("iops"),
        operations_per_request: disk.count("operations_per_request"),
        concurrency: values.count_opt("concurrency"),
        ttl: values.span_opt("ttl").filter(|span| !span.is_zero()),
        filled: FilledSpec {
            images: super::names(filled, "images").into_iter().map(|it| ids.image(it)).collect(),
            age: filled.span("age"),
            over: filled.span("over"),
        },
    }
}

fn adoption(ids: &Ids<'_>, name: &str, nodes: &Values) -> AdoptionSpec {
    let named = super::names(nodes, "pools");
    let pools: Vec<PoolId> = ids
        .root
        .named("pool")
        .filter(|(pool, _)| !nodes.given("pools") || named.contains(pool))
        .map(|(pool, _)| ids.pool(pool))
        .collect();
    let reader: Configured = nodes.the("configured_for");
    let reads = |(_, pool): &(&str, &Values)| reader.is_of(pool.the("runtime"));
    let effective: Vec<PoolId> =
        ids.root.named("pool").filter(reads).map(|(pool, _)| ids.pool(pool)).collect();
    let by_timeline = ids.root.named("timeline").any(|(_, event)| {
        event.table("reconfigure_nodes").is_some_and(|it| it.text("mirror") == name)
    });
    AdoptionSpec {
        effective: effective.into_iter().filter(|it| pools.contains(it)).collect(),
        pools,
        share: nodes.share("share"),
        by_timeline,
        untrusted: nodes.word("untrusted"),
        resolves: nodes.bool("resolve"),
        fails_open: nodes.bool("fail_open"),
    }
}
