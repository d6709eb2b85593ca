//! `[pool.x]`: like nodes, their kubelet and their container runtime.

use super::ENABLED;
use super::account::ACCOUNTS;
use crate::scenario::field::{Field, HALF_AND_DOUBLE, MOST_BLOCKS, Shape, Type};
use crate::scenario::presets::Runtime;
use crate::units::Bytes;
use crate::words::Words;

const KUBELET_TYPES: &str = "k8s.io/kubelet config/v1beta1 types.go, defaults.go";
const BACKOFF_GO: &str = "client-go util/flowcontrol/backoff.go, NewBackOffWithJitter";
const KUBELET_GO: &str = "kubernetes pkg/kubelet/kubelet.go, pod_workers.go";
const READ: &str = "2026-07-23";

pub(crate) static POOL: Shape = Shape {
    doc: "A pool of like nodes",
    fields: &[
        ENABLED,
        Field::new("nodes", Type::Integer { min: 0, max: 100_000 }, "Nodes at the start")
            .required(),
        Field::new("join", Type::Table(&JOIN), JOIN.doc).filled(),
        Field::new("boot", Type::SPAN, "From the request for a machine to a ready node")
            .default("90s")
            .unverified(&["45s", "180s"], HALF_AND_DOUBLE),
        Field::new("drain", Type::SPAN, "From the decision to take a node to the end of its pods")
            .default("30s")
            .unverified(
                &["5s", "60s"],
                "pods that end when told to, or take twice the default grace period",
            ),
        Field::new("arch", Type::Text, "Architecture, as image platforms spell it")
            .default("amd64"),
        Field::new("egress", Type::Name("egress"), "Way out").required(),
        Field::new(
            "account",
            ACCOUNTS,
            "Credentials of its nodes (kubelet credential provider, containerd hosts.toml), one \
             per registry at most; a pod's own pull secret for the registry goes first",
        ),
        Field::new("runtime", Type::Word(Runtime::TEXTS), "Client that pulls, and its version")
            .default("containerd-1.7"),
        Field::new("client", Type::Table(&CLIENT), CLIENT.doc).filled(),
        Field::new("kubelet", Type::Table(&KUBELET), KUBELET.doc).filled(),
        Field::new("nic", Type::Bandwidth, "Network interface, towards the node")
            .default("10Gbit/s"),
        Field::new("disk", Type::Table(&DISK), DISK.doc).filled(),
        Field::new(
            "preloaded",
            Type::List { of: &Type::Name("image"), max: MOST_BLOCKS },
            "Images on the disk of every new node",
        )
        .default("[]"),
        Field::new("max_pods", Type::Integer { min: 1, max: 10_000 }, "Most pods on a node")
            .default("110")
            .source(KUBELET_TYPES, READ),
        Field::new(
            "startup_taint",
            Type::Name("timeline"),
            "A prepull: once it has begun, a new node takes no pod before its images are there, \
             not even one of a daemonset",
        ),
    ],
};

static JOIN: Shape = Shape {
    doc: "When the nodes come up",
    fields: &[
        Field::new("at", Type::SPAN, "The first").default("0s"),
        Field::new("over", Type::SPAN, "Over which span, in random order").default("0s"),
    ],
};

static DISK: Shape = Shape {
    doc: "The node's disk: one filesystem for images, containers and all else",
    fields: &[
        Field::new("unpack", Type::Bandwidth, "Compressed layer bytes unpacked per second")
            .default("150MB/s")
            .unverified(&["75MB/s", "300MB/s"], HALF_AND_DOUBLE),
        Field::new("capacity", DISK_SIZE, "Its size; left out: it never fills up"),
        Field::new("used", DISK_SIZE, "What the system, logs and others than images take of it")
            .default("0B"),
        Field::new(
            "unpacked_ratio",
            Type::Milli { min: 0, max: 100_000 },
            "Bytes that an unpacked layer takes for each compressed one",
        )
        .default("2.6")
        .source("median of layers; Zhao et al., IEEE CLUSTER 2019, by notes on it", "2019-09")
        .unverified(
            &["3.6"],
            "the same paper: all bytes of its images, 167 TB of 47 TB; nothing speaks for less",
        ),
        Field::new(
            "pinned",
            Type::List { of: &Type::Name("image"), max: MOST_BLOCKS },
            "Images that the runtime flags as pinned: the kubelet never deletes them",
        )
        .default("[]"),
    ],
};

/// Sizes of disks.
const DISK_SIZE: Type = Type::Bytes { max: Bytes(100_000_000_000_000) };

const RATE: Type = Type::Integer { min: 0, max: 1_000_000 };

pub(crate) static KUBELET: Shape = Shape {
    doc: "The kubelet's configuration, under its own names, and the constants of its loops",
    fields: &[
        Field::new("serialize_image_pulls", Type::Bool, "One pull at a time")
            .default("true")
            .source(KUBELET_TYPES, READ),
        Field::new(
            "max_parallel_image_pulls",
            Type::Integer { min: 1, max: 10_000 },
            "Most pulls at a time where they are not serialised; left out: no limit",
        ),
        Field::new("registry_pull_qps", RATE, "Pull starts per second; 0: no limit")
            .default("5")
            .source(KUBELET_TYPES, READ),
        Field::new("registry_burst", RATE, "Pull starts at once")
            .default("10")
            .source(KUBELET_TYPES, READ),
        Field::new("image_backoff_initial", Type::PERIOD, "First back-off window")
            .default("10s")
            .source(KUBELET_GO, READ),
        Field::new("image_backoff_max", Type::PERIOD, "Longest back-off window")
            .default("300s")
            .source(KUBELET_GO, READ),
        Field::new(
            "image_backoff_jitter",
            Type::SHARE,
            "Each window grows by up to this share of the window before it, the first by up to \
             this share of itself; the longest window stays the longest. client-go's back-off can, \
             and the kubelet does not ask for it",
        )
        .default("0%")
        .what_if()
        .source(BACKOFF_GO, READ),
        Field::new(
            "coalesce_image_pulls",
            Type::Bool,
            "A container with policy IfNotPresent whose image is being pulled on the node waits, \
             and then looks again whether the image is there",
        )
        .default("false")
        .what_if()
        .source("open pull request kubernetes/kubernetes 139591", "2026-06"),
        Field::new("sync_backoff", Type::PERIOD, "Least time from a failed pod sync to the next")
            .default("10s")
            .source(KUBELET_GO, READ),
        Field::new("sync_jitter", Type::SHARE, "The next sync comes up to this share later")
            .default("50%")
            .source(KUBELET_GO, READ),
        Field::new("sync_tick", Type::PERIOD, "Period of the loop that starts syncs")
            .default("1s")
            .source(KUBELET_GO, READ),
        Field::new(
            "image_gc_high_threshold_percent",
            Type::Integer { min: 1, max: 100 },
            "Unused images are deleted from this use of the disk on, in percent; 100: not at all",
        )
        .default("85")
        .source(KUBELET_TYPES, READ),
        Field::new(
            "image_gc_low_threshold_percent",
            Type::Integer { min: 0, max: 99 },
            "So many that this use would be left",
        )
        .default("80")
        .source(KUBELET_TYPES, READ),
        Field::new(
            "image_minimum_gc_age",
            Type::SPAN,
            "An image is spared for this long after it was first seen",
        )
        .default("2m")
        .source(KUBELET_TYPES, READ),
        Field::new(
            "image_maximum_gc_age",
            Type::SPAN,
            "An image unused for longer than this is deleted; 0s: never",
        )
        .default("0s")
        .source(KUBELET_TYPES, READ),
        Field::new("eviction_hard", Type::Table(&EVICTION_HARD), EVICTION_HARD.doc).filled(),
        Field::new(
            "eviction_pressure_transition_period",
            Type::SPAN,
            "How long a node takes no pods after disk pressure was last seen",
        )
        .default("5m")
        .source(KUBELET_TYPES, READ),
    ],
};

const DEFAULTS_LINUX: &str = "kubernetes pkg/kubelet/eviction/defaults_linux.go";

static EVICTION_HARD: Shape = Shape {
    doc: "Below which share of the disk the node is under pressure: every unused image is deleted, \
          then pods are evicted one by one",
    fields: &[
        Field::new(
            "imagefs_available",
            Type::SHARE,
            "The kubelet's imagefs.available; 0%: no such threshold, as on EKS",
        )
        .default("15%")
        .source(DEFAULTS_LINUX, READ),
        Field::new(
            "nodefs_available",
            Type::SHARE,
            "The kubelet's nodefs.available; 0%: no such threshold",
        )
        .default("10%")
        .source(DEFAULTS_LINUX, READ),
    ],
};

pub(crate) static CLIENT: Shape = Shape {
    doc: "How the container runtime pulls; left out, each value is that of the runtime",
    fields: &[
        Field::new(
            "requests_per_object",
            Type::Integer { min: 1, max: 100 },
            "Requests per logical request on 429 and 408",
        ),
        Field::new(
            "max_concurrent_downloads",
            Type::Integer { min: 1, max: 1_000 },
            "Layers fetched at a time per pull",
        ),
        Field::new(
            "progress_timeout",
            Type::SPAN,
            "A pull without a body byte for this long is cancelled; 0s: never",
        ),
        Field::new("progress_check", Type::PERIOD, "How often progress is looked at"),
        Field::new("dial_timeout", Type::PERIOD, "A connection attempt fails after this long"),
        Field::new("idle_timeout", Type::PERIOD, "An idle connection closes after this long"),
        Field::new(
            "head_blob_after_failed_head",
            Type::Bool,
            "A digest whose manifest HEAD failed is asked for as a blob too",
        ),
        Field::new(
            "honour_retry_after",
            Type::Bool,
            "A 429 or 408 with Retry-After is repeated when that has passed, and not at once",
        )
        .default("false")
        .what_if()
        .source("open pull request containerd/containerd 14066", "2026-08"),
    ],
};
