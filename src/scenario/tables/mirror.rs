//! `[mirror.x]`: pull-through caches.

use super::registry::RTT_TYPE;
use super::{ENABLED, MOST_BANDWIDTH};
use crate::model::spec::Untrusted;
use crate::model::words::cause::Cause;
use crate::scenario::field::{HALF_AND_DOUBLE, Kind, MOST_BLOCKS, Shape, Type};
use crate::scenario::key::{Key, List, Name, Table};
use crate::scenario::presets::{MirrorKind, Runtime};
use crate::units::{Bandwidth, Bytes, Share, Span};
use crate::words::words;

words! {
    /// Who holds what a mirror stores.
    pub(crate) enum Storage {
        Own = "own",
        Shared = "shared",
    }

    /// Whose configuration names a mirror.
    pub(crate) enum Configured {
        Containerd = "containerd",
        Docker = "docker",
        CriO = "cri-o",
    }
}

impl Configured {
    /// Whether this runtime reads it.
    pub(crate) fn is_of(self, runtime: Runtime) -> bool {
        match runtime {
            Runtime::Containerd17 | Runtime::Containerd1724 | Runtime::Containerd1734 => {
                self == Self::Containerd
            }
        }
    }
}

/// Largest storage of a mirror.
const STORAGE_TYPE: Type = Type::Bytes { max: Bytes(1_000_000_000_000_000) };

pub(crate) const KIND: Key<MirrorKind> = Key::word("kind", "Which software, by version").required();
pub(crate) const UPSTREAM: Key<Name> =
    Key::new("upstream", Type::Name(Kind::Registry), "The registry that it caches").required();
pub(crate) const EGRESS: Key<Name> =
    Key::new("egress", Type::Name(Kind::Egress), "Its own way out").required();
pub(crate) const ACCOUNT: Key<Name> =
    Key::new("account", Type::Name(Kind::Account), "Its credentials upstream; left out: none");
pub(crate) const NODES: Key<Table> =
    Key::new("nodes", Type::Table(&NODES_SHAPE), NODES_SHAPE.doc).filled();
pub(crate) const RTT: Key<Span> =
    Key::new("rtt", RTT_TYPE, "Round trip from the nodes").default("1ms");
pub(crate) const DNS: Key<Span> =
    Key::new("dns", RTT_TYPE, "Look-up of its name, paid by each new connection").default("1ms");
pub(crate) const TLS_ROUND_TRIPS: Key<u32> = Key::new(
    "tls_round_trips",
    Type::Integer { min: 0, max: 4 },
    "Round trips of the TLS handshake; 0 for plain HTTP",
)
.default("1");
pub(crate) const SERVER_TIME: Key<Span> =
    Key::new("server_time", RTT_TYPE, "Time that it spends on a request, disk and upstream aside")
        .default("2ms")
        .unverified(&["1ms", "4ms"], HALF_AND_DOUBLE);
pub(crate) const REPLICAS: Key<u32> = Key::new(
    "replicas",
    Type::Integer { min: 1, max: 100 },
    "Servers; connections are spread over them at random",
)
.default("1");
pub(crate) const STORAGE: Key<Storage> =
    Key::word("storage", "Whether each replica has a storage of its own or all share one")
        .default("own");
pub(crate) const NIC: Key<Bandwidth> =
    Key::new("nic", Type::Bandwidth, "Network interface of a replica, each way")
        .default("10Gbit/s")
        .slows(MOST_BANDWIDTH);
pub(crate) const DISK: Key<Table> =
    Key::new("disk", Type::Table(&DISK_SHAPE), DISK_SHAPE.doc).filled();
pub(crate) const CONCURRENCY: Key<u32> = Key::new(
    "concurrency",
    Type::Integer { min: 1, max: 1_000_000 },
    "Requests that a replica works on at a time, others wait; left out: no limit",
)
.slows("1000000")
.ends_pulls(Cause::MirrorBusy, Some("1000000"));
pub(crate) const TTL: Key<Span> =
    Key::new("ttl", Type::SPAN, "How long after its fetch something goes, used or not; 0s: never")
        .with(KIND, &[MirrorKind::Distribution3.text()])
        .help("2.8 has its 168h compiled in; kind = \"distribution-3\" can be told another");
pub(crate) const FILLED: Key<Table> =
    Key::new("filled", Type::Table(&FILLED_SHAPE), FILLED_SHAPE.doc).filled();

pub(crate) static SHAPE: Shape = Shape {
    doc: "A pull-through cache of a registry, which nodes ask first",
    fields: &[
        ENABLED.row,
        KIND.row,
        UPSTREAM.row,
        EGRESS.row,
        ACCOUNT.row,
        NODES.row,
        RTT.row,
        DNS.row,
        TLS_ROUND_TRIPS.row,
        SERVER_TIME.row,
        REPLICAS.row,
        STORAGE.row,
        NIC.row,
        DISK.row,
        CONCURRENCY.row,
        TTL.row,
        FILLED.row,
    ],
    one_of: &[],
};

pub(crate) const NODES_POOLS: Key<List<Name>> = Key::new(
    "pools",
    Type::List { of: &Type::Name(Kind::Pool), max: MOST_BLOCKS },
    "Pools; left out: all",
);
pub(crate) const NODES_SHARE: Key<Share> =
    Key::new("share", Type::SHARE, "Share of their nodes, at random").default("100%");
pub(crate) const NODES_CONFIGURED_FOR: Key<Configured> = Key::word(
    "configured_for",
    "Whose configuration names the mirror; another runtime never reads it",
)
.default("containerd");
pub(crate) const NODES_UNTRUSTED: Key<Untrusted> = Key::word(
    "untrusted",
    "Why its answers are no use: its certificate is not trusted, or it wants credentials \
     that the nodes lack; left out: they are",
)
.ends_pulls(Cause::MirrorUntrusted, None);
pub(crate) const NODES_RESOLVE: Key<bool> =
    Key::new("resolve", Type::Bool, "Tags are looked up there too, and not upstream alone")
        .default("true")
        .source("containerd docs/hosts.md, capabilities", "2026-08");
pub(crate) const NODES_FAIL_OPEN: Key<bool> = Key::new(
    "fail_open",
    Type::Bool,
    "Where the mirror fails, the registry is asked; if not, the mirror again",
)
.default("true")
.source("containerd remotes/docker/config/hosts.go: a server without entry", "2026-08");

static NODES_SHAPE: Shape = Shape {
    doc: "Which nodes are told of the mirror, and how. They are from the start, unless a timeline \
     block reconfigure_nodes names the mirror",
    fields: &[
        NODES_POOLS.row,
        NODES_SHARE.row,
        NODES_CONFIGURED_FOR.row,
        NODES_UNTRUSTED.row,
        NODES_RESOLVE.row,
        NODES_FAIL_OPEN.row,
    ],
    one_of: &[],
};

pub(crate) const DISK_CAPACITY: Key<Bytes> =
    Key::new("capacity", STORAGE_TYPE, "Size; left out: never full")
        .ends_pulls(Cause::MirrorDiskFull, Some("1000TB"));
pub(crate) const DISK_THROUGHPUT: Key<Bandwidth> =
    Key::new("throughput", Type::Bandwidth, "Read and written in all; left out: not scarce")
        .slows(MOST_BANDWIDTH);
pub(crate) const DISK_IOPS: Key<u32> = Key::new(
    "iops",
    Type::Integer { min: 0, max: 10_000_000 },
    "Operations per second, of at most 256 KiB; 0: no limit",
)
.default("0")
.source("Amazon EBS volume types: operations of up to 256 KiB count as one", "2026-08")
.slows("0");
pub(crate) const DISK_OPERATIONS_PER_REQUEST: Key<u32> = Key::new(
    "operations_per_request",
    Type::Integer { min: 0, max: 1_000 },
    "Operations that a request costs before its body",
)
.default("4")
.unverified(&["2", "8"], HALF_AND_DOUBLE);

static DISK_SHAPE: Shape = Shape {
    doc: "Its storage",
    fields: &[
        DISK_CAPACITY.row,
        DISK_THROUGHPUT.row,
        DISK_IOPS.row,
        DISK_OPERATIONS_PER_REQUEST.row,
    ],
    one_of: &[],
};

pub(crate) const FILLED_IMAGES: Key<List<Name>> = Key::new(
    "images",
    Type::List { of: &Type::Name(Kind::Image), max: MOST_BLOCKS },
    "Images of its upstream",
)
.default("[]");
pub(crate) const FILLED_AGE: Key<Span> =
    Key::new("age", Type::SPAN, "How long before the start the last of it was fetched")
        .default("0s");
pub(crate) const FILLED_OVER: Key<Span> =
    Key::new("over", Type::SPAN, "Over which span before that, at random").default("0s");

static FILLED_SHAPE: Shape = Shape {
    doc: "What it holds at the start",
    fields: &[FILLED_IMAGES.row, FILLED_AGE.row, FILLED_OVER.row],
    one_of: &[],
};
