//! `[timeline.x]`: what happens during a run.

use super::ENABLED;
use super::fault;
use super::workload::{MOST_PODS, PODS};
use crate::model::spec::{Count, Which};
use crate::scenario::field::{Field, HALF_AND_DOUBLE, Kind, MOST_BLOCKS, Shape, Type};
use crate::scenario::key::{Key, List, Name, Paths, Replace, Table};
use crate::units::{Share, Span};
use crate::words::{Words, words};

/// Nodes of a batch, or a share of them: a batch of none would never end.
const NODES_OR_SHARE: Type = Type::Count { min: 1, max: MOST_PODS };

/// Most paths of one `set`.
pub(crate) const MOST_SET: usize = 50;

words! {
    /// What can happen; each is a key of its block.
    pub(crate) enum ActionName {
        Rollout = "rollout",
        Canary = "canary",
        ScaleWorkload = "scale_workload",
        ScaleNodes = "scale_nodes",
        ReplaceNodes = "replace_nodes",
        SpotInterruptions = "spot_interruptions",
        RestartNodes = "restart_nodes",
        RestartKubelets = "restart_kubelets",
        DeletePods = "delete_pods",
        PauseRollout = "pause_rollout",
        PruneImages = "prune_images",
        Outage = "outage",
        ReconfigureNodes = "reconfigure_nodes",
        RestartMirror = "restart_mirror",
        Prepull = "prepull",
        MoveTag = "move_tag",
        Rollback = "rollback",
        Set = "set",
    }
}

impl ActionName {
    /// Its key.
    pub(crate) fn row(self) -> &'static Field {
        SHAPE.field(self.text()).expect("every action is a key of the block")
    }
}

pub(crate) const AT: Key<Span> = Key::new("at", Type::SPAN, "When").default("0s");
pub(crate) const ROLLOUT: Key<Table> = action(ActionName::Rollout, &ROLLOUT_SHAPE);
pub(crate) const CANARY: Key<Table> = action(ActionName::Canary, &CANARY_SHAPE);
pub(crate) const SCALE_WORKLOAD: Key<Table> =
    action(ActionName::ScaleWorkload, &SCALE_WORKLOAD_SHAPE);
pub(crate) const SCALE_NODES: Key<Table> = action(ActionName::ScaleNodes, &SCALE_NODES_SHAPE);
pub(crate) const REPLACE_NODES: Key<Table> = action(ActionName::ReplaceNodes, &REPLACE_NODES_SHAPE);
pub(crate) const SPOT_INTERRUPTIONS: Key<Table> =
    action(ActionName::SpotInterruptions, &SPOT_SHAPE);
pub(crate) const RESTART_NODES: Key<Table> = action(ActionName::RestartNodes, &RESTART_NODES_SHAPE);
pub(crate) const RESTART_KUBELETS: Key<Table> =
    action(ActionName::RestartKubelets, &RESTART_KUBELETS_SHAPE);
pub(crate) const DELETE_PODS: Key<Table> = action(ActionName::DeletePods, &DELETE_PODS_SHAPE);
pub(crate) const PAUSE_ROLLOUT: Key<Table> = action(ActionName::PauseRollout, &PAUSE_SHAPE);
pub(crate) const PRUNE_IMAGES: Key<Table> = action(ActionName::PruneImages, &PRUNE_SHAPE);
pub(crate) const OUTAGE: Key<Table> = action(ActionName::Outage, &OUTAGE_SHAPE);
pub(crate) const RECONFIGURE_NODES: Key<Table> =
    action(ActionName::ReconfigureNodes, &RECONFIGURE_NODES_SHAPE);
pub(crate) const RESTART_MIRROR: Key<Table> =
    action(ActionName::RestartMirror, &RESTART_MIRROR_SHAPE);
pub(crate) const PREPULL: Key<Table> = action(ActionName::Prepull, &PREPULL_SHAPE);
pub(crate) const MOVE_TAG: Key<Table> = action(ActionName::MoveTag, &MOVE_TAG_SHAPE);
pub(crate) const ROLLBACK: Key<Table> = action(ActionName::Rollback, &ROLLBACK_SHAPE);
pub(crate) const SET: Key<Paths> =
    Key::new(ActionName::Set.text(), Type::Paths, "Parameters change: { \"path\" = value }");

pub(crate) static SHAPE: Shape = Shape {
    doc: "Something that happens at a time: exactly one action",
    fields: &[
        ENABLED.row,
        AT.row,
        ROLLOUT.row,
        CANARY.row,
        SCALE_WORKLOAD.row,
        SCALE_NODES.row,
        REPLACE_NODES.row,
        SPOT_INTERRUPTIONS.row,
        RESTART_NODES.row,
        RESTART_KUBELETS.row,
        DELETE_PODS.row,
        PAUSE_ROLLOUT.row,
        PRUNE_IMAGES.row,
        OUTAGE.row,
        RECONFIGURE_NODES.row,
        RESTART_MIRROR.row,
        PREPULL.row,
        MOVE_TAG.row,
        ROLLBACK.row,
        SET.row,
    ],
    one_of: ActionName::TEXTS,
};

const fn action(name: ActionName, shape: &'static Shape) -> Key<Table> {
    Key::new(name.text(), Type::Table(shape), shape.doc)
}

pub(crate) const POOL: Key<Name> =
    Key::new("pool", Type::Name(Kind::Pool), "Which pool").required();
pub(crate) const WORKLOAD: Key<Name> =
    Key::new("workload", Type::Name(Kind::Workload), "Which workload").required();
pub(crate) const WHICH: Key<Which> =
    Key::word("which", "All, or those that wait for an image").default("all");
pub(crate) const SHARE: Key<Share> =
    Key::new("share", Type::SHARE, "Which share of those; rounds up, at least 1").default("100%");

pub(crate) const REPLACE: Key<Replace> =
    Key::new("replace", Type::Replace(Kind::Image), "Old and new images; left out: a restart");

pub(crate) const PAUSE_ON_FAILURES: Key<u32> = Key::new(
    "pause_on_failures",
    Type::Integer { min: 1, max: MOST_PODS },
    "It is paused once so many new pods have had a failed pull; left out: never",
);
pub(crate) const RESUME_AFTER: Key<Span> = Key::new(
    "resume_after",
    Type::PERIOD,
    "With pause_on_failures: it goes on after this long and counts anew; left out: never",
)
.needs(PAUSE_ON_FAILURES, "nothing pauses this rollout");

static ROLLOUT_SHAPE: Shape = Shape {
    doc: "A new pod template",
    fields: &[WORKLOAD.row, REPLACE.row, PAUSE_ON_FAILURES.row, RESUME_AFTER.row],
    one_of: &[],
};

pub(crate) const CANARY_SHARE: Key<Share> =
    Key::new("share", Type::SHARE, "Its share of the replicas; rounds up, at least 1")
        .default("10%")
        .unverified(&["5%", "20%"], HALF_AND_DOUBLE);
pub(crate) const BAKE: Key<Span> =
    Key::new("bake", Type::SPAN, "For how long all of its pods have to be ready")
        .default("10m")
        .unverified(&["5m", "20m"], HALF_AND_DOUBLE);
pub(crate) const DEADLINE: Key<Span> = Key::new(
    "deadline",
    Type::PERIOD,
    "By when all of its pods have to be ready; past it, the canary is undone",
)
.default("10m")
.source("Flagger: progressDeadlineSeconds, default 600", "2026-11");
pub(crate) const RETRY_EVERY: Key<Span> = Key::new(
    "retry_every",
    Type::PERIOD,
    "How long after it was undone new pods try again; left out: they do not",
);
pub(crate) const MAX_RETRIES: Key<u32> = Key::new(
    "max_retries",
    Type::Integer { min: 0, max: 1_000_000 },
    "With retry_every: most retries; left out: no limit",
)
.needs(RETRY_EVERY, "an undone canary is not tried again");

static CANARY_SHAPE: Shape = Shape {
    doc: "A new pod template for a share of the pods first, and then a rollout or none",
    fields: &[
        WORKLOAD.row,
        REPLACE.row,
        CANARY_SHARE.row,
        BAKE.row,
        DEADLINE.row,
        RETRY_EVERY.row,
        MAX_RETRIES.row,
    ],
    one_of: &[],
};

pub(crate) const REPLICAS: Key<u32> = Key::new("replicas", PODS, "Replicas from now on").required();

static SCALE_WORKLOAD_SHAPE: Shape =
    Shape { doc: "Another number of replicas", fields: &[WORKLOAD.row, REPLICAS.row], one_of: &[] };

pub(crate) const NODES: Key<u32> =
    Key::new("nodes", Type::Integer { min: 0, max: 100_000 }, "Nodes from now on").required();

static SCALE_NODES_SHAPE: Shape =
    Shape { doc: "Another number of nodes", fields: &[POOL.row, NODES.row], one_of: &[] };

pub(crate) const BATCH: Key<Count> =
    Key::new("batch", NODES_OR_SHARE, "Nodes at a time; a share rounds up, at least 1").required();
pub(crate) const EVERY: Key<Span> =
    Key::new("every", Type::PERIOD, "From one batch to the next").required();

pub(crate) static REPLACE_NODES_SHAPE: Shape = Shape {
    doc: "Every node is drained and replaced by a fresh one, batch by batch",
    fields: &[POOL.row, BATCH.row, EVERY.row],
    one_of: &[],
};

pub(crate) const MIRROR: Key<Name> =
    Key::new("mirror", Type::Name(Kind::Mirror), "Which mirror").required();

static RECONFIGURE_NODES_SHAPE: Shape = Shape {
    doc: "Nodes learn of a mirror: each is drained, restarts with its disk (after the pool's boot \
     time) and takes pods again, batch by batch; nodes that come up later know it at once",
    fields: &[MIRROR.row, POOL.row, BATCH.row, EVERY.row],
    one_of: &[],
};

pub(crate) const DOWN: Key<Span> = Key::new("down", Type::SPAN, "For how long it is down")
    .default("30s")
    .unverified(&["15s", "60s"], HALF_AND_DOUBLE);
pub(crate) const KEEP_STORAGE: Key<bool> =
    Key::new("keep_storage", Type::Bool, "Whether it comes back with what it had stored")
        .default("true");

static RESTART_MIRROR_SHAPE: Shape = Shape {
    doc: "A mirror restarts and refuses connections until it is back; the block's name is the \
     cause in the results",
    fields: &[MIRROR.row, DOWN.row, KEEP_STORAGE.row],
    one_of: &[],
};

pub(crate) const MEAN_LIFETIME: Key<Span> =
    Key::new("mean_lifetime", Type::PERIOD, "Mean lifetime of a node").required();
pub(crate) const NOTICE: Key<Span> =
    Key::new("notice", Type::SPAN, "From the notice to the loss of the node")
        .default("120s")
        .source("EC2 spot, karpenter-provider-aws docs disruption.md", "2026-08");

static SPOT_SHAPE: Shape = Shape {
    doc: "From now on each node lives for an exponentially distributed time",
    fields: &[POOL.row, MEAN_LIFETIME.row, NOTICE.row],
    one_of: &[],
};

static RESTART_NODES_SHAPE: Shape = Shape {
    doc: "Machines restart: disks stay, back-off and running pulls are lost",
    fields: &[POOL.row, WHICH.row, SHARE.row],
    one_of: &[],
};

static RESTART_KUBELETS_SHAPE: Shape = Shape {
    doc: "Kubelets restart: back-off and running pulls are lost, containers run on",
    fields: &[POOL.row, WHICH.row, SHARE.row],
    one_of: &[],
};

static DELETE_PODS_SHAPE: Shape = Shape {
    doc: "Pods are deleted and their controller replaces them",
    fields: &[WORKLOAD.row, WHICH.row, SHARE.row],
    one_of: &[],
};

pub(crate) const PAUSE_FOR: Key<Span> = Key::new("for", Type::PERIOD, "For how long").required();

static PAUSE_SHAPE: Shape = Shape {
    doc: "The rollout of a workload stands still",
    fields: &[WORKLOAD.row, PAUSE_FOR.row],
    one_of: &[],
};

/// A time of the day.
const TIME_OF_DAY: Type = Type::Span { min: Span::ZERO, max: Span::from_secs(86_400) };

pub(crate) const PRUNE_EVERY: Key<Span> =
    Key::new("every", Type::PERIOD, "From one run to the next; left out: once");
pub(crate) const KEEP: Key<List<Name>> = Key::new(
    "keep",
    Type::List { of: &Type::Name(Kind::Image), max: MOST_BLOCKS },
    "Images that it leaves alone",
)
.default("[]");
pub(crate) const ONLY_ABOVE: Key<Share> = Key::new(
    "only_above",
    Type::SHARE,
    "Only on nodes whose disk is fuller than this; left out: on all",
);
pub(crate) const BETWEEN: Key<Table> =
    Key::new("between", Type::Table(&BETWEEN_SHAPE), BETWEEN_SHAPE.doc);

static PRUNE_SHAPE: Shape = Shape {
    doc: "An operator's job deletes every image that no container uses, whatever its age",
    fields: &[POOL.row, PRUNE_EVERY.row, KEEP.row, ONLY_ABOVE.row, BETWEEN.row],
    one_of: &[],
};

pub(crate) const BETWEEN_FROM: Key<Span> =
    Key::new("from", TIME_OF_DAY, "When it begins").required();
pub(crate) const BETWEEN_UNTIL: Key<Span> =
    Key::new("until", TIME_OF_DAY, "When it ends; before `from`: over midnight").required();

static BETWEEN_SHAPE: Shape = Shape {
    doc: "Only at this time of the day, the run starting at 0h; left out: at any",
    fields: &[BETWEEN_FROM.row, BETWEEN_UNTIL.row],
    one_of: &[],
};

pub(crate) const IMAGES: Key<List<Name>> = Key::new(
    "images",
    Type::List { of: &Type::Name(Kind::Image), max: 100 },
    "Images, pulled one after another by the init containers of a pod",
)
.required();
pub(crate) const PREPULL_BATCH: Key<Count> = Key::new(
    "batch",
    NODES_OR_SHARE,
    "Nodes of a wave, in random order; a share rounds up, at least 1; left out: all",
);
pub(crate) const PREPULL_EVERY: Key<Span> =
    Key::new("every", Type::PERIOD, "From one wave to the next").default("1m").beside(
        PREPULL_BATCH,
        "no batch",
        "all nodes pull at once; give batch, the nodes of a wave, such as \"10%\"",
    );
pub(crate) const PREPULL_ACCOUNT: Key<Name> =
    Key::new("account", Type::Name(Kind::Account), "Its pull secret; left out: anonymous");

static PREPULL_SHAPE: Shape = Shape {
    doc: "An image puller, a DaemonSet, pulls images on every node; its results stand under \
     workload.NAME with the block's name",
    fields: &[POOL.row, IMAGES.row, PREPULL_BATCH.row, PREPULL_EVERY.row, PREPULL_ACCOUNT.row],
    one_of: &[],
};

pub(crate) const IMAGE: Key<Name> =
    Key::new("image", Type::Name(Kind::Image), "Whose reference, which has a tag").required();
pub(crate) const TO: Key<Name> =
    Key::new("to", Type::Name(Kind::Image), "Whose content; its own moves it back").required();

static MOVE_TAG_SHAPE: Shape = Shape {
    doc: "The registry serves another content under a reference from now on",
    fields: &[IMAGE.row, TO.row],
    one_of: &[],
};

static ROLLBACK_SHAPE: Shape = Shape {
    doc: "Back to the pod template of the revision before, as kubectl rollout undo; ends a pause",
    fields: &[WORKLOAD.row],
    one_of: &[],
};

pub(crate) const OUTAGE_FOR: Key<Span> = Key::new("for", Type::PERIOD, "For how long").required();

static OUTAGE_SHAPE: Shape = Shape {
    doc: "A registry or a mirror fails for a while; the block's name is the cause in the results",
    fields: &[
        fault::REGISTRY.row,
        fault::MIRROR.row,
        fault::ANSWER.row,
        OUTAGE_FOR.row,
        fault::REQUESTS.row,
        fault::SHARE.row,
    ],
    one_of: fault::SERVERS,
};

words! {
    /// The paths that `set` can change during a run; `*` stands for a block's name, or any key.
    pub(crate) enum Settable {
        LimitAllow = "registry.*.limit.*.allow",
        EgressAddresses = "egress.*.addresses",
        WorkloadAccount = "workload.*.account",
        MaxSurge = "workload.*.max_surge",
        MaxUnavailable = "workload.*.max_unavailable",
        PoolAccount = "pool.*.account",
        Kubelet = "pool.*.kubelet.*",
        Preloaded = "pool.*.preloaded",
        ReplaceBatch = "timeline.*.replace_nodes.batch",
    }
}

impl Settable {
    /// When the change reaches what runs.
    pub(crate) const fn lands(self) -> &'static str {
        match self {
            Self::LimitAllow | Self::MaxSurge | Self::MaxUnavailable => "at once",
            Self::EgressAddresses => {
                "at the next connection (choose = \"connection\") or for later nodes (\"node\")"
            }
            Self::WorkloadAccount => "for new pods; \"\" means none of their own",
            Self::PoolAccount => "at the next pull; \"\" means none",
            Self::Kubelet => "when a kubelet starts: a restart or a new node",
            Self::Preloaded => "on new nodes",
            Self::ReplaceBatch => "at the next batch",
        }
    }
}
