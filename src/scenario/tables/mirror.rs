//! `[mirror.x]`: pull-through caches.

use super::ENABLED;
use super::registry::RTT;
use crate::model::spec::Untrusted;
use crate::scenario::field::{Field, HALF_AND_DOUBLE, MOST_BLOCKS, Shape, Type};
use crate::scenario::presets::{MirrorKind, Runtime};
use crate::units::Bytes;
use crate::words::{Words, words};

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
const STORAGE: Type = Type::Bytes { max: Bytes(1_000_000_000_000_000) };

pub(crate) static MIRROR: Shape = Shape {
    doc: "A pull-through cache of a registry, which nodes ask first",
    fields: &[
        ENABLED,
        Field::new("kind", Type::Word(MirrorKind::TEXTS), "Which software, by version").required(),
        Field::new("upstream", Type::Name("registry"), "The registry that it caches").required(),
        Field::new("egress", Type::Name("egress"), "Its own way out").required(),
        Field::new("account", Type::Name("account"), "Its credentials upstream; left out: none"),
        Field::new("nodes", Type::Table(&NODES), NODES.doc).filled(),
        Field::new("rtt", RTT, "Round trip from the nodes").default("1ms"),
        Field::new("dns", RTT, "Look-up of its name, paid by each new connection").default("1ms"),
        Field::new(
            "tls_round_trips",
            Type::Integer { min: 0, max: 4 },
            "Round trips of the TLS handshake; 0 for plain HTTP",
        )
        .default("1"),
        Field::new("server_time", RTT, "Time that it spends on a request, disk and upstream aside")
            .default("2ms")
            .unverified(&["1ms", "4ms"], HALF_AND_DOUBLE),
        Field::new(
            "replicas",
            Type::Integer { min: 1, max: 100 },
            "Servers; connections are spread over them at random",
        )
        .default("1"),
        Field::new(
            "storage",
            Type::Word(Storage::TEXTS),
            "Whether each replica has a storage of its own or all share one",
        )
        .default("own"),
        Field::new("nic", Type::Bandwidth, "Network interface of a replica, each way")
            .default("10Gbit/s"),
        Field::new("disk", Type::Table(&DISK), DISK.doc).filled(),
        Field::new(
            "concurrency",
            Type::Integer { min: 1, max: 1_000_000 },
            "Requests that a replica works on at a time, others wait; left out: no limit",
        ),
        Field::new(
            "ttl",
            Type::SPAN,
            "How long after its fetch something goes, used or not; 0s: never",
        ),
        Field::new("filled", Type::Table(&FILLED), FILLED.doc).filled(),
    ],
};

static NODES: Shape = Shape {
    doc: "Which nodes are told of the mirror, and how. They are from the start, unless a timeline \
          block reconfigure_nodes names the mirror",
    fields: &[
        Field::new(
            "pools",
            Type::List { of: &Type::Name("pool"), max: MOST_BLOCKS },
            "Pools; left out: all",
        ),
        Field::new("share", Type::SHARE, "Share of their nodes, at random").default("100%"),
        Field::new(
            "configured_for",
            Type::Word(Configured::TEXTS),
            "Whose configuration names the mirror; another runtime never reads it",
        )
        .default("containerd"),
        Field::new(
            "untrusted",
            Type::Word(Untrusted::TEXTS),
            "Why its answers are no use: its certificate is not trusted, or it wants credentials \
             that the nodes lack; left out: they are",
        ),
        Field::new("resolve", Type::Bool, "Tags are looked up there too, and not upstream alone")
            .default("true")
            .source("containerd docs/hosts.md, capabilities", "2026-08"),
        Field::new(
            "fail_open",
            Type::Bool,
            "Where the mirror fails, the registry is asked; if not, the mirror again",
        )
        .default("true")
        .source("containerd remotes/docker/config/hosts.go: a server without entry", "2026-08"),
    ],
};

static DISK: Shape = Shape {
    doc: "Its storage",
    fields: &[
        Field::new("capacity", STORAGE, "Size; left out: never full"),
        Field::new("throughput", Type::Bandwidth, "Read and written in all; left out: not scarce"),
        Field::new(
            "iops",
            Type::Integer { min: 0, max: 10_000_000 },
            "Operations per second, of at most 256 KiB; 0: no limit",
        )
        .default("0")
        .source("Amazon EBS volume types: operations of up to 256 KiB count as one", "2026-08"),
        Field::new(
            "operations_per_request",
            Type::Integer { min: 0, max: 1_000 },
            "Operations that a request costs before its body",
        )
        .default("4")
        .unverified(&["2", "8"], HALF_AND_DOUBLE),
    ],
};

static FILLED: Shape = Shape {
    doc: "What it holds at the start",
    fields: &[
        Field::new(
            "images",
            Type::List { of: &Type::Name("image"), max: MOST_BLOCKS },
            "Images of its upstream",
        )
        .default("[]"),
        Field::new("age", Type::SPAN, "How long before the start the last of it was fetched")
            .default("0s"),
        Field::new("over", Type::SPAN, "Over which span before that, at random").default("0s"),
    ],
};
