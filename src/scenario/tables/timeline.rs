//! `[timeline.x]`: what happens during a run.

use super::ENABLED;
use super::fault::{ANSWER, MIRROR, REGISTRY, REQUESTS};
use super::workload::{MOST_PODS, PODS};
use crate::model::spec::Which;
use crate::scenario::field::{Field, HALF_AND_DOUBLE, MOST_BLOCKS, Shape, Type};
use crate::units::Span;
use crate::words::Words;

/// Nodes of a batch, or a share of them: a batch of none would never end.
const NODES_OR_SHARE: Type = Type::Count { min: 1, max: MOST_PODS };

/// Most paths of one `set`.
pub(crate) const MOST_SET: usize = 50;

/// The keys of a timeline block that are not actions.
pub(crate) const NOT_ACTIONS: &[&str] = &["enabled", "at"];

pub(crate) static TIMELINE: Shape = Shape {
    doc: "Something that happens at a time: exactly one action",
    fields: &[
        ENABLED,
        Field::new("at", Type::SPAN, "When").default("0s"),
        action("rollout", &ROLLOUT),
        action("canary", &CANARY),
        action("scale_workload", &SCALE_WORKLOAD),
        action("scale_nodes", &SCALE_NODES),
        action("replace_nodes", &REPLACE_NODES),
        action("spot_interruptions", &SPOT),
        action("restart_nodes", &RESTART_NODES),
        action("restart_kubelets", &RESTART_KUBELETS),
        action("delete_pods", &DELETE_PODS),
        action("pause_rollout", &PAUSE),
        action("prune_images", &PRUNE),
        action("outage", &OUTAGE),
        action("reconfigure_nodes", &RECONFIGURE_NODES),
        action("restart_mirror", &RESTART_MIRROR),
        action("prepull", &PREPULL),
        action("move_tag", &MOVE_TAG),
        action("rollback", &ROLLBACK),
        Field::new("set", Type::Paths, "Parameters change: { \"path\" = value }"),
    ],
};

const fn action(name: &'static str, shape: &'static Shape) -> Field {
    Field::new(name, Type::Table(shape), shape.doc)
}

const POOL: Field = Field::new("pool", Type::Name("pool"), "Which pool").required();
const WORKLOAD: Field = Field::new("workload", Type::Name("workload"), "Which workload").required();
const WHICH: Field =
    Field::new("which", Type::Word(Which::TEXTS), "All, or those that wait for an image")
        .default("all");
const SHARE: Field =
    Field::new("share", Type::SHARE, "Which share of those; rounds up, at least 1").default("100%");

const REPLACE: Field =
    Field::new("replace", Type::Replace("image"), "Old and new images; left out: a restart");

static ROLLOUT: Shape = Shape {
    doc: "A new pod template",
    fields: &[
        WORKLOAD,
        REPLACE,
        Field::new(
            "pause_on_failures",
            Type::Integer { min: 1, max: MOST_PODS },
            "It is paused once so many new pods have had a failed pull; left out: never",
        ),
        Field::new(
            "resume_after",
            Type::PERIOD,
            "With pause_on_failures: it goes on after this long and counts anew; left out: never",
        ),
    ],
};

static CANARY: Shape = Shape {
    doc: "A new pod template for a share of the pods first, and then a rollout or none",
    fields: &[
        WORKLOAD,
        REPLACE,
        Field::new("share", Type::SHARE, "Its share of the replicas; rounds up, at least 1")
            .default("10%")
            .unverified(&["5%", "20%"], HALF_AND_DOUBLE),
        Field::new("bake", Type::SPAN, "For how long all of its pods have to be ready")
            .default("10m")
            .unverified(&["5m", "20m"], HALF_AND_DOUBLE),
        Field::new(
            "deadline",
            Type::PERIOD,
            "By when all of its pods have to be ready; past it, the canary is undone",
        )
        .default("10m")
        .source("Flagger: progressDeadlineSeconds, default 600", "2026-11"),
        Field::new(
            "retry_every",
            Type::PERIOD,
            "How long after it was undone new pods try again; left out: they do not",
        ),
        Field::new(
            "max_retries",
            Type::Integer { min: 0, max: 1_000_000 },
            "With retry_every: most retries; left out: no limit",
        ),
    ],
};

static SCALE_WORKLOAD: Shape = Shape {
    doc: "Another number of replicas",
    fields: &[WORKLOAD, Field::new("replicas", PODS, "Replicas from now on").required()],
};

static SCALE_NODES: Shape = Shape {
    doc: "Another number of nodes",
    fields: &[
        POOL,
        Field::new("nodes", Type::Integer { min: 0, max: 100_000 }, "Nodes from now on").required(),
    ],
};

pub(crate) static REPLACE_NODES: Shape = Shape {
    doc: "Every node is drained and replaced by a fresh one, batch by batch",
    fields: &[
        POOL,
        Field::new("batch", NODES_OR_SHARE, "Nodes at a time; a share rounds up, at least 1")
            .required(),
        Field::new("every", Type::PERIOD, "From one batch to the next").required(),
    ],
};

static RECONFIGURE_NODES: Shape = Shape {
    doc: "Nodes learn of a mirror: each is drained, restarts with its disk (after the pool's boot \
          time) and takes pods again, batch by batch; nodes that come up later know it at once",
    fields: &[
        Field::new("mirror", Type::Name("mirror"), "Which mirror").required(),
        POOL,
        Field::new("batch", NODES_OR_SHARE, "Nodes at a time; a share rounds up, at least 1")
            .required(),
        Field::new("every", Type::PERIOD, "From one batch to the next").required(),
    ],
};

static RESTART_MIRROR: Shape = Shape {
    doc: "A mirror restarts and refuses connections until it is back; the block's name is the \
          cause in the results",
    fields: &[
        Field::new("mirror", Type::Name("mirror"), "Which mirror").required(),
        Field::new("down", Type::SPAN, "For how long it is down")
            .default("30s")
            .unverified(&["15s", "60s"], HALF_AND_DOUBLE),
        Field::new("keep_storage", Type::Bool, "Whether it comes back with what it had stored")
            .default("true"),
    ],
};

static SPOT: Shape = Shape {
    doc: "From now on each node lives for an exponentially distributed time",
    fields: &[
        POOL,
        Field::new("mean_lifetime", Type::PERIOD, "Mean lifetime of a node").required(),
        Field::new("notice", Type::SPAN, "From the notice to the loss of the node")
            .default("120s")
            .source("EC2 spot, karpenter-provider-aws docs disruption.md", "2026-08"),
    ],
};

static RESTART_NODES: Shape = Shape {
    doc: "Machines restart: disks stay, back-off and running pulls are lost",
    fields: &[POOL, WHICH, SHARE],
};

static RESTART_KUBELETS: Shape = Shape {
    doc: "Kubelets restart: back-off and running pulls are lost, containers run on",
    fields: &[POOL, WHICH, SHARE],
};

static DELETE_PODS: Shape = Shape {
    doc: "Pods are deleted and their controller replaces them",
    fields: &[WORKLOAD, WHICH, SHARE],
};

static PAUSE: Shape = Shape {
    doc: "The rollout of a workload stands still",
    fields: &[WORKLOAD, Field::new("for", Type::PERIOD, "For how long").required()],
};

/// A time of the day.
const TIME_OF_DAY: Type = Type::Span { min: Span::ZERO, max: Span::from_secs(86_400) };

static PRUNE: Shape = Shape {
    doc: "An operator's job deletes every image that no container uses, whatever its age",
    fields: &[
        POOL,
        Field::new("every", Type::PERIOD, "From one run to the next; left out: once"),
        Field::new(
            "keep",
            Type::List { of: &Type::Name("image"), max: MOST_BLOCKS },
            "Images that it leaves alone",
        )
        .default("[]"),
        Field::new(
            "only_above",
            Type::SHARE,
            "Only on nodes whose disk is fuller than this; left out: on all",
        ),
        Field::new("between", Type::Table(&BETWEEN), BETWEEN.doc),
    ],
};

static BETWEEN: Shape = Shape {
    doc: "Only at this time of the day, the run starting at 0h; left out: at any",
    fields: &[
        Field::new("from", TIME_OF_DAY, "When it begins").required(),
        Field::new("until", TIME_OF_DAY, "When it ends; before `from`: over midnight").required(),
    ],
};

static PREPULL: Shape = Shape {
    doc: "An image puller, a DaemonSet, pulls images on every node; its results stand under \
          workload.NAME with the block's name",
    fields: &[
        POOL,
        Field::new(
            "images",
            Type::List { of: &Type::Name("image"), max: 100 },
            "Images, pulled one after another by the init containers of a pod",
        )
        .required(),
        Field::new(
            "batch",
            NODES_OR_SHARE,
            "Nodes of a wave, in random order; a share rounds up, at least 1; left out: all",
        ),
        Field::new("every", Type::PERIOD, "From one wave to the next").default("1m"),
        Field::new("account", Type::Name("account"), "Its pull secret; left out: anonymous"),
    ],
};

static MOVE_TAG: Shape = Shape {
    doc: "The registry serves another content under a reference from now on",
    fields: &[
        Field::new("image", Type::Name("image"), "Whose reference, which has a tag").required(),
        Field::new("to", Type::Name("image"), "Whose content; its own moves it back").required(),
    ],
};

static ROLLBACK: Shape = Shape {
    doc: "Back to the pod template of the revision before, as kubectl rollout undo; ends a pause",
    fields: &[WORKLOAD],
};

static OUTAGE: Shape = Shape {
    doc: "A registry or a mirror fails for a while; the block's name is the cause in the results",
    fields: &[
        REGISTRY,
        MIRROR,
        Field::new("answer", ANSWER, "What happens to the requests").required(),
        Field::new("for", Type::PERIOD, "For how long").required(),
        Field::new("requests", REQUESTS, "Which requests; left out: all"),
        Field::new("share", Type::SHARE, "Which share of them, at random").default("100%"),
    ],
};

/// A path that `set` can change during a run.
#[derive(Debug)]
pub(crate) struct Settable {
    /// The path; `*` stands for a block's name.
    pub(crate) path: &'static str,
    /// When the change reaches what runs.
    pub(crate) lands: &'static str,
}

/// Every path that `set` can change.
pub(crate) const SETTABLE: &[Settable] = &[
    Settable { path: "registry.*.limit.*.allow", lands: "at once" },
    Settable {
        path: "egress.*.addresses",
        lands: "at the next connection (choose = \"connection\") or for later nodes (\"node\")",
    },
    Settable { path: "workload.*.account", lands: "for new pods; \"\" means none of their own" },
    Settable { path: "workload.*.max_surge", lands: "at once" },
    Settable { path: "workload.*.max_unavailable", lands: "at once" },
    Settable { path: "pool.*.account", lands: "at the next pull; \"\" means none" },
    Settable { path: "pool.*.kubelet.*", lands: "when a kubelet starts: a restart or a new node" },
    Settable { path: "pool.*.preloaded", lands: "on new nodes" },
    Settable { path: "timeline.*.replace_nodes.batch", lands: "at the next batch" },
];
