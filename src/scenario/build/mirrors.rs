//! Mirrors: servers like registries, with what makes them pull-through caches.

use super::Ids;
use crate::model::spec::{AdoptionSpec, FilledSpec, MirrorSpec, RegistrySpec, Storing};
use crate::scenario::presets::MirrorKind;
use crate::scenario::tables::mirror::Storage;
use crate::scenario::tables::{self, mirror, pool, timeline};
use crate::scenario::typed::Values;
use crate::units::Span;

pub(super) fn mirror(ids: &Ids<'_>, name: &str, values: &Values) -> RegistrySpec {
    let rtt = values.the(mirror::RTT);
    RegistrySpec {
        name: name.to_owned(),
        // No image names it: nodes ask it for those of its upstream.
        host: String::new(),
        rtt,
        token_rtt: rtt,
        cdn_rtt: rtt,
        dns: values.the(mirror::DNS),
        tls_round_trips: values.the(mirror::TLS_ROUND_TRIPS),
        server_time: values.the(mirror::SERVER_TIME),
        needs_token: false,
        token_post: false,
        // Nobody gets one.
        token_lifetime: Span::ZERO,
        redirects_blobs: false,
        connection_bandwidth: None,
        bandwidth: None,
        private: true,
        limits: Vec::new(),
        mirror: Some(cache(ids, name, values)),
    }
}

fn cache(ids: &Ids<'_>, name: &str, values: &Values) -> MirrorSpec {
    let disk = values.the(mirror::DISK);
    let filled = values.the(mirror::FILLED);
    MirrorSpec {
        upstream: ids.registry(values.the(mirror::UPSTREAM)),
        egress: ids.egress(values.the(mirror::EGRESS)),
        account: values.opt(mirror::ACCOUNT).map(|name| ids.account(name)),
        storing: match values.the(mirror::KIND) {
            MirrorKind::Distribution28 => Storing::Beside,
            MirrorKind::Distribution3 => Storing::Teed,
        },
        adoption: adoption(ids, name, values.the(mirror::NODES)),
        replicas: values.the(mirror::REPLICAS),
        is_storage_shared: match values.the(mirror::STORAGE) {
            Storage::Own => false,
            Storage::Shared => true,
        },
        nic: values.the(mirror::NIC),
        capacity: disk.opt(mirror::DISK_CAPACITY),
        disk: disk.opt(mirror::DISK_THROUGHPUT),
        iops: disk.the(mirror::DISK_IOPS),
        operations_per_request: disk.the(mirror::DISK_OPERATIONS_PER_REQUEST),
        concurrency: values.opt(mirror::CONCURRENCY),
        ttl: values.opt(mirror::TTL).filter(|span| !span.is_zero()),
        filled: FilledSpec {
            images: ids.images(filled.the(mirror::FILLED_IMAGES)),
            age: filled.the(mirror::FILLED_AGE),
            over: filled.the(mirror::FILLED_OVER),
        },
    }
}

fn adoption(ids: &Ids<'_>, name: &str, nodes: &Values) -> AdoptionSpec {
    let named = nodes.opt(mirror::NODES_POOLS);
    let is_meant = |pool: &str| named.as_ref().is_none_or(|named| named.contains(&pool));
    let pools = || ids.root.blocks(tables::POOL).filter(|(pool, _)| is_meant(pool));
    let reader = nodes.the(mirror::NODES_CONFIGURED_FOR);
    let reads = |pool: &Values| reader.is_of(pool.the(pool::RUNTIME));
    let by_timeline = ids.root.blocks(tables::TIMELINE).any(|(_, event)| {
        let change = event.opt(timeline::RECONFIGURE_NODES);
        change.is_some_and(|it| it.the(timeline::MIRROR) == name)
    });
    AdoptionSpec {
        effective: pools().filter(|it| reads(it.1)).map(|(pool, _)| ids.pool(pool)).collect(),
        pools: pools().map(|(pool, _)| ids.pool(pool)).collect(),
        share: nodes.the(mirror::NODES_SHARE),
        by_timeline,
        untrusted: nodes.opt(mirror::NODES_UNTRUSTED),
        resolves: nodes.the(mirror::NODES_RESOLVE),
        fails_open: nodes.the(mirror::NODES_FAIL_OPEN),
    }
}
