//! `[pool.x]`: like nodes, their kubelet and their container runtime.

use super::account::ACCOUNTS;
use super::{ENABLED, MOST_BANDWIDTH};
use crate::model::words::cause::Cause;
use crate::scenario::field::{Fallback, HALF_AND_DOUBLE, Kind, MOST_BLOCKS, Shape, Type, When};
use crate::scenario::key::{Key, List, Milli, Name, OneOrMore, Table, Text};
use crate::scenario::presets::Runtime;
use crate::units::{Bandwidth, Bytes, Share, Span};

const KUBELET_TYPES: &str = "k8s.io/kubelet config/v1beta1 types.go, defaults.go";
const BACKOFF_GO: &str = "client-go util/flowcontrol/backoff.go, NewBackOffWithJitter";
const KUBELET_GO: &str = "kubernetes pkg/kubelet/kubelet.go, pod_workers.go";
const READ: &str = "2026-07-23";

pub(crate) const NODES: Key<u32> =
    Key::new("nodes", Type::Integer { min: 0, max: 100_000 }, "Nodes at the start").required();
pub(crate) const JOIN: Key<Table> =
    Key::new("join", Type::Table(&JOIN_SHAPE), JOIN_SHAPE.doc).filled();
pub(crate) const BOOT: Key<Span> =
    Key::new("boot", Type::SPAN, "From the request for a machine to a ready node")
        .default("90s")
        .unverified(&["45s", "180s"], HALF_AND_DOUBLE);
pub(crate) const DRAIN: Key<Span> =
    Key::new("drain", Type::SPAN, "From the decision to take a node to the end of its pods")
        .default("30s")
        .unverified(
            &["5s", "60s"],
            "pods that end when told to, or take twice the default grace period",
        );
pub(crate) const ARCH: Key<Text> =
    Key::new("arch", Type::Text, "Architecture, as image platforms spell it").default("amd64");
pub(crate) const EGRESS: Key<Name> =
    Key::new("egress", Type::Name(Kind::Egress), "Way out").required();
pub(crate) const ACCOUNT: Key<OneOrMore<Name>> = Key::new(
    "account",
    ACCOUNTS,
    "Credentials of its nodes (kubelet credential provider, containerd hosts.toml), one \
     per registry at most; a pod's own pull secret for the registry goes first",
);
pub(crate) const RUNTIME: Key<Runtime> =
    Key::word("runtime", "Client that pulls, and its version").default("containerd-1.7");
pub(crate) const CLIENT: Key<Table> =
    Key::new("client", Type::Table(&CLIENT_SHAPE), CLIENT_SHAPE.doc).filled();
pub(crate) const KUBELET: Key<Table> =
    Key::new("kubelet", Type::Table(&KUBELET_SHAPE), KUBELET_SHAPE.doc).filled();
pub(crate) const NIC: Key<Bandwidth> =
    Key::new("nic", Type::Bandwidth, "Network interface, towards the node")
        .default("10Gbit/s")
        .slows(MOST_BANDWIDTH);
pub(crate) const DISK: Key<Table> =
    Key::new("disk", Type::Table(&DISK_SHAPE), DISK_SHAPE.doc).filled();
pub(crate) const PRELOADED: Key<List<Name>> = Key::new(
    "preloaded",
    Type::List { of: &Type::Name(Kind::Image), max: MOST_BLOCKS },
    "Images on the disk of every new node",
)
.default("[]");
pub(crate) const MAX_PODS: Key<u32> =
    Key::new("max_pods", Type::Integer { min: 1, max: 10_000 }, "Most pods on a node")
        .default("110")
        .source(KUBELET_TYPES, READ);
pub(crate) const STARTUP_TAINT: Key<Name> = Key::new(
    "startup_taint",
    Type::Name(Kind::Timeline),
    "A prepull: once it has begun, a new node takes no pod before its images are there, \
     not even one of a daemonset",
);

pub(crate) static SHAPE: Shape = Shape {
    doc: "A pool of like nodes",
    fields: &[
        ENABLED.row,
        NODES.row,
        JOIN.row,
        BOOT.row,
        DRAIN.row,
        ARCH.row,
        EGRESS.row,
        ACCOUNT.row,
        RUNTIME.row,
        CLIENT.row,
        KUBELET.row,
        NIC.row,
        DISK.row,
        PRELOADED.row,
        MAX_PODS.row,
        STARTUP_TAINT.row,
    ],
    one_of: &[],
};

pub(crate) const JOIN_AT: Key<Span> = Key::new("at", Type::SPAN, "The first").default("0s");
pub(crate) const JOIN_OVER: Key<Span> =
    Key::new("over", Type::SPAN, "Over which span, in random order").default("0s");

static JOIN_SHAPE: Shape =
    Shape { doc: "When the nodes come up", fields: &[JOIN_AT.row, JOIN_OVER.row], one_of: &[] };

pub(crate) const DISK_UNPACK: Key<Bandwidth> =
    Key::new("unpack", Type::Bandwidth, "Compressed layer bytes unpacked per second")
        .default("150MB/s")
        .unverified(&["75MB/s", "300MB/s"], HALF_AND_DOUBLE)
        .slows(MOST_BANDWIDTH);
pub(crate) const DISK_CAPACITY: Key<Bytes> =
    Key::new("capacity", DISK_SIZE, "Its size; left out: it never fills up")
        .ends_pulls(Cause::DiskFull, Some("100TB"));
pub(crate) const DISK_USED: Key<Bytes> =
    Key::new("used", DISK_SIZE, "What the system, logs and others than images take of it")
        .default("0B")
        .beside(
            DISK_CAPACITY,
            "a disk without capacity",
            "give the disk a capacity, such as \"100GB\"; without one it never fills up",
        );
pub(crate) const DISK_UNPACKED_RATIO: Key<Milli> = Key::new(
    "unpacked_ratio",
    Type::Milli { min: 0, max: 100_000 },
    "Bytes that an unpacked layer takes for each compressed one",
)
.default("2.6")
.source("median of layers; Zhao et al., IEEE CLUSTER 2019, by notes on it", "2019-09")
.unverified(
    &["3.6"],
    "the same paper: all bytes of its images, 167 TB of 47 TB; nothing speaks for less",
)
.beside(
    DISK_CAPACITY,
    "a disk without capacity",
    "give the disk a capacity, such as \"100GB\"; without one it never fills up",
);
pub(crate) const DISK_PINNED: Key<List<Name>> = Key::new(
    "pinned",
    Type::List { of: &Type::Name(Kind::Image), max: MOST_BLOCKS },
    "Images that the runtime flags as pinned: the kubelet never deletes them",
)
.default("[]");

static DISK_SHAPE: Shape = Shape {
    doc: "The node's disk: one filesystem for images, containers and all else",
    fields: &[
        DISK_UNPACK.row,
        DISK_CAPACITY.row,
        DISK_USED.row,
        DISK_UNPACKED_RATIO.row,
        DISK_PINNED.row,
    ],
    one_of: &[],
};

/// Sizes of disks.
const DISK_SIZE: Type = Type::Bytes { max: Bytes(100_000_000_000_000) };

const RATE: Type = Type::Integer { min: 0, max: 1_000_000 };

/// The default of `serialize_image_pulls`.
pub(crate) const SERIALIZED: Fallback = Fallback::Value("true");
pub(crate) const SERIALIZE_IMAGE_PULLS: Key<bool> =
    Key::new("serialize_image_pulls", Type::Bool, "One pull at a time")
        .default_when(&[
            (When::Below(MAX_PARALLEL_IMAGE_PULLS.row.name, 2), SERIALIZED),
            (When::Given(MAX_PARALLEL_IMAGE_PULLS.row.name), Fallback::Value("false")),
            (When::Always, SERIALIZED),
        ])
        .source(KUBELET_TYPES, READ)
        .slows("false");
pub(crate) const MAX_PARALLEL_IMAGE_PULLS: Key<u32> = Key::new(
    "max_parallel_image_pulls",
    Type::Integer { min: 1, max: 10_000 },
    "Most pulls at a time where they are not serialised; left out: no limit",
)
.slows("10000");
pub(crate) const REGISTRY_PULL_QPS: Key<u32> =
    Key::new("registry_pull_qps", RATE, "Pull starts per second; 0: no limit")
        .default("5")
        .source(KUBELET_TYPES, READ)
        .ends_pulls(Cause::KubeletQps, Some("0"));
pub(crate) const REGISTRY_BURST: Key<u32> = Key::new("registry_burst", RATE, "Pull starts at once")
    .default("10")
    .source(KUBELET_TYPES, READ);
pub(crate) const IMAGE_BACKOFF_INITIAL: Key<Span> =
    Key::new("image_backoff_initial", Type::PERIOD, "First back-off window")
        .default("10s")
        .source(KUBELET_GO, READ);
pub(crate) const IMAGE_BACKOFF_MAX: Key<Span> =
    Key::new("image_backoff_max", Type::PERIOD, "Longest back-off window")
        .default("300s")
        .source(KUBELET_GO, READ);
pub(crate) const IMAGE_BACKOFF_JITTER: Key<Share> = Key::new(
    "image_backoff_jitter",
    Type::SHARE,
    "Each window grows by up to this share of the window before it, the first by up to \
     this share of itself; the longest window stays the longest. client-go's back-off can, \
     and the kubelet does not ask for it",
)
.default("0%")
.what_if()
.source(BACKOFF_GO, READ);
pub(crate) const COALESCE_IMAGE_PULLS: Key<bool> = Key::new(
    "coalesce_image_pulls",
    Type::Bool,
    "A container with policy IfNotPresent whose image is being pulled on the node waits, \
     and then looks again whether the image is there",
)
.default("false")
.what_if()
.source("open pull request kubernetes/kubernetes 139591", "2026-06");
pub(crate) const SYNC_BACKOFF: Key<Span> =
    Key::new("sync_backoff", Type::PERIOD, "Least time from a failed pod sync to the next")
        .default("10s")
        .source(KUBELET_GO, READ);
pub(crate) const SYNC_JITTER: Key<Share> =
    Key::new("sync_jitter", Type::SHARE, "The next sync comes up to this share later")
        .default("50%")
        .source(KUBELET_GO, READ);
pub(crate) const SYNC_TICK: Key<Span> =
    Key::new("sync_tick", Type::PERIOD, "Period of the loop that starts syncs")
        .default("1s")
        .source(KUBELET_GO, READ);
pub(crate) const IMAGE_GC_HIGH_THRESHOLD_PERCENT: Key<u32> = Key::new(
    "image_gc_high_threshold_percent",
    Type::Integer { min: 1, max: 100 },
    "Unused images are deleted from this use of the disk on, in percent; 100: not at all",
)
.default("85")
.source(KUBELET_TYPES, READ);
pub(crate) const IMAGE_GC_LOW_THRESHOLD_PERCENT: Key<u32> = Key::new(
    "image_gc_low_threshold_percent",
    Type::Integer { min: 0, max: 99 },
    "So many that this use would be left",
)
.default("80")
.source(KUBELET_TYPES, READ);
pub(crate) const IMAGE_MINIMUM_GC_AGE: Key<Span> = Key::new(
    "image_minimum_gc_age",
    Type::SPAN,
    "An image is spared for this long after it was first seen",
)
.default("2m")
.source(KUBELET_TYPES, READ);
pub(crate) const IMAGE_MAXIMUM_GC_AGE: Key<Span> = Key::new(
    "image_maximum_gc_age",
    Type::SPAN,
    "An image unused for longer than this is deleted; 0s: never",
)
.default("0s")
.source(KUBELET_TYPES, READ);
pub(crate) const EVICTION_HARD: Key<Table> =
    Key::new("eviction_hard", Type::Table(&EVICTION_HARD_SHAPE), EVICTION_HARD_SHAPE.doc).filled();
pub(crate) const EVICTION_PRESSURE_TRANSITION_PERIOD: Key<Span> = Key::new(
    "eviction_pressure_transition_period",
    Type::SPAN,
    "How long a node takes no pods after disk pressure was last seen",
)
.default("5m")
.source(KUBELET_TYPES, READ);

pub(crate) static KUBELET_SHAPE: Shape = Shape {
    doc: "The kubelet's configuration, under its own names, and the constants of its loops",
    fields: &[
        SERIALIZE_IMAGE_PULLS.row,
        MAX_PARALLEL_IMAGE_PULLS.row,
        REGISTRY_PULL_QPS.row,
        REGISTRY_BURST.row,
        IMAGE_BACKOFF_INITIAL.row,
        IMAGE_BACKOFF_MAX.row,
        IMAGE_BACKOFF_JITTER.row,
        COALESCE_IMAGE_PULLS.row,
        SYNC_BACKOFF.row,
        SYNC_JITTER.row,
        SYNC_TICK.row,
        IMAGE_GC_HIGH_THRESHOLD_PERCENT.row,
        IMAGE_GC_LOW_THRESHOLD_PERCENT.row,
        IMAGE_MINIMUM_GC_AGE.row,
        IMAGE_MAXIMUM_GC_AGE.row,
        EVICTION_HARD.row,
        EVICTION_PRESSURE_TRANSITION_PERIOD.row,
    ],
    one_of: &[],
};

const DEFAULTS_LINUX: &str = "kubernetes pkg/kubelet/eviction/defaults_linux.go";

pub(crate) const IMAGEFS_AVAILABLE: Key<Share> = Key::new(
    "imagefs_available",
    Type::SHARE,
    "The kubelet's imagefs.available; 0%: no such threshold, as on EKS",
)
.default("15%")
.source(DEFAULTS_LINUX, READ);
pub(crate) const NODEFS_AVAILABLE: Key<Share> = Key::new(
    "nodefs_available",
    Type::SHARE,
    "The kubelet's nodefs.available; 0%: no such threshold",
)
.default("10%")
.source(DEFAULTS_LINUX, READ);

static EVICTION_HARD_SHAPE: Shape = Shape {
    doc: "Below which share of the disk the node is under pressure: every unused image is deleted, \
     then pods are evicted one by one",
    fields: &[IMAGEFS_AVAILABLE.row, NODEFS_AVAILABLE.row],
    one_of: &[],
};

pub(crate) const REQUESTS_PER_OBJECT: Key<u32> = Key::new(
    "requests_per_object",
    Type::Integer { min: 1, max: 100 },
    "Requests per logical request on 429 and 408",
);
pub(crate) const MAX_CONCURRENT_DOWNLOADS: Key<u32> = Key::new(
    "max_concurrent_downloads",
    Type::Integer { min: 1, max: 1_000 },
    "Layers fetched at a time per pull",
)
.slows("1000");
pub(crate) const PROGRESS_TIMEOUT: Key<Span> = Key::new(
    "progress_timeout",
    Type::SPAN,
    "A pull without a body byte for this long is cancelled; 0s: never",
)
.ends_pulls(Cause::ProgressTimeout, Some("0s"));
pub(crate) const PROGRESS_CHECK: Key<Span> =
    Key::new("progress_check", Type::PERIOD, "How often progress is looked at");
pub(crate) const DIAL_TIMEOUT: Key<Span> =
    Key::new("dial_timeout", Type::PERIOD, "A connection attempt fails after this long");
pub(crate) const IDLE_TIMEOUT: Key<Span> =
    Key::new("idle_timeout", Type::PERIOD, "An idle connection closes after this long");
pub(crate) const HEAD_BLOB_AFTER_FAILED_HEAD: Key<bool> = Key::new(
    "head_blob_after_failed_head",
    Type::Bool,
    "A digest whose manifest HEAD failed is asked for as a blob too",
);
pub(crate) const HONOUR_RETRY_AFTER: Key<bool> = Key::new(
    "honour_retry_after",
    Type::Bool,
    "A 429 or 408 with Retry-After is repeated when that has passed, and not at once",
)
.default("false")
.what_if()
.source("open pull request containerd/containerd 14066", "2026-08");

pub(crate) static CLIENT_SHAPE: Shape = Shape {
    doc: "How the container runtime pulls; left out, each value is that of the runtime",
    fields: &[
        REQUESTS_PER_OBJECT.row,
        MAX_CONCURRENT_DOWNLOADS.row,
        PROGRESS_TIMEOUT.row,
        PROGRESS_CHECK.row,
        DIAL_TIMEOUT.row,
        IDLE_TIMEOUT.row,
        HEAD_BLOB_AFTER_FAILED_HEAD.row,
        HONOUR_RETRY_AFTER.row,
    ],
    one_of: &[],
};
