//! What happens during a run, and what `set` can change.

use super::{Count, DayWindow, KubeletSpec};
use crate::model::ids::{AccountId, EgressId, FaultId, ImageId, PoolId, RegistryId, WorkloadId};
use crate::units::{Share, Span};
use crate::words::words;

/// Something that happens at a time.
#[derive(Clone, Debug)]
pub struct TimelineSpec {
    /// Block name.
    pub name: String,
    /// When.
    pub at: Span,
    /// What.
    pub action: Action,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// New pod template: `replace` names old and new images; none restarts the pods as they are.
    Rollout {
        /// Whose template.
        workload: WorkloadId,
        /// Old and new image.
        replace: Vec<(ImageId, ImageId)>,
        /// What pauses it.
        guard: Option<GuardSpec>,
    },
    /// New pod template for a share of the pods first.
    Canary {
        /// Whose template.
        workload: WorkloadId,
        /// Old and new image.
        replace: Vec<(ImageId, ImageId)>,
        /// How it is judged.
        canary: CanarySpec,
    },
    /// New number of replicas.
    ScaleWorkload {
        /// Which Deployment.
        workload: WorkloadId,
        /// Replicas from now on.
        replicas: u32,
    },
    /// New number of nodes.
    ScaleNodes {
        /// Which pool.
        pool: PoolId,
        /// Nodes from now on.
        nodes: u32,
    },
    /// Every node is drained and replaced by a fresh one, batch by batch.
    ReplaceNodes {
        /// Which pool.
        pool: PoolId,
        /// Nodes at a time (a share rounds up, at least 1).
        batch: Count,
        /// From one batch to the next.
        every: Span,
    },
    /// Nodes learn of a mirror: each is drained, restarts with its disk and takes pods again, batch
    /// by batch; nodes that come up later have the mirror from the start.
    ReconfigureNodes {
        /// Which mirror.
        mirror: RegistryId,
        /// Which pool.
        pool: PoolId,
        /// Nodes at a time (a share rounds up, at least 1).
        batch: Count,
        /// From one batch to the next.
        every: Span,
    },
    /// A mirror restarts: what it works on breaks off. While it is down it refuses connections:
    /// that is a fault of its own.
    RestartMirror {
        /// Which mirror.
        mirror: RegistryId,
        /// The fault that stands for the time it is down.
        fault: FaultId,
        /// Whether its storage is kept.
        keeps_storage: bool,
    },
    /// From now on each node lives for an exponentially distributed time.
    SpotInterruptions {
        /// Which pool.
        pool: PoolId,
        /// Mean lifetime.
        mean_lifetime: Span,
        /// From the notice to the loss of the node.
        notice: Span,
    },
    /// Machines restart: disks stay, back-off and running pulls are lost.
    RestartNodes {
        /// Which pool.
        pool: PoolId,
        /// Which of its nodes.
        which: Which,
        /// How many of those.
        share: Share,
    },
    /// Kubelets restart: back-off and running pulls are lost, containers run on.
    RestartKubelets {
        /// Which pool.
        pool: PoolId,
        /// Which of its nodes.
        which: Which,
        /// How many of those.
        share: Share,
    },
    /// Pods are deleted; their controller replaces them.
    DeletePods {
        /// Whose pods.
        workload: WorkloadId,
        /// Which of them.
        which: Which,
        /// How many of those.
        share: Share,
    },
    /// The rollout of a workload stands still.
    PauseRollout {
        /// Which workload.
        workload: WorkloadId,
        /// For how long.
        length: Span,
    },
    /// An image puller pulls on every node, wave by wave.
    Prepull {
        /// The puller.
        workload: WorkloadId,
        /// Nodes at a time (a share rounds up, at least 1).
        batch: Count,
        /// From one wave to the next.
        every: Span,
    },
    /// From now on the registry serves the content of one image under the reference of another.
    MoveTag {
        /// Whose reference.
        image: ImageId,
        /// Whose content.
        to: ImageId,
    },
    /// Back to the template of the revision before (`kubectl rollout undo`).
    Rollback {
        /// Which workload.
        workload: WorkloadId,
    },
    /// An operator's job deletes every image that no container uses.
    PruneImages {
        /// On the nodes of which pool.
        pool: PoolId,
        /// From one run to the next; `None` is once.
        every: Option<Span>,
        /// Images that it leaves alone.
        keep: Vec<ImageId>,
        /// Only on nodes whose disk is fuller than this.
        only_above: Option<Share>,
        /// Only at this time of the day.
        between: Option<DayWindow>,
    },
    /// The parameter changes; `Change` says when it reaches what runs.
    Set(Change),
}

/// What pauses a rollout by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardSpec {
    /// Once so many pods of the new revision have had a failed pull.
    pub pause_on_failures: u32,
    /// After how long it goes on; `None` never.
    pub resume_after: Option<Span>,
}

/// How a canary is judged, and tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanarySpec {
    /// Its share of the replicas; rounds up, at least 1.
    pub share: Share,
    /// For how long all of its pods have to be ready.
    pub bake: Span,
    /// By when they have to be ready.
    pub deadline: Span,
    /// How long after it was undone it is tried again; `None` never.
    pub retry_every: Option<Span>,
    /// Most retries; `None` is no limit.
    pub max_retries: Option<u32>,
}

words! {
    /// Which of a set of nodes or pods an action takes.
    pub enum Which {
        /// All of them.
        All = "all",
        /// Those that wait for an image (nodes: with a pod that does).
        Waiting = "waiting",
    }
}

/// What `set` can change during a run, each with its `lands`: when it reaches what runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Units of a limit; lands at once.
    LimitAllow {
        /// Whose limit.
        registry: RegistryId,
        /// Position among its limits.
        limit: usize,
        /// Units (thousandths) from now on.
        allow: u64,
    },
    /// Addresses of a NAT egress; lands at the next connection (`choose = "connection"`) or for
    /// nodes that come up later (`choose = "node"`).
    EgressAddresses {
        /// Which egress.
        egress: EgressId,
        /// Addresses from now on.
        addresses: u32,
    },
    /// Pull secrets of a workload; lands for new pods.
    WorkloadAccount {
        /// Which workload.
        workload: WorkloadId,
        /// Its accounts from now on.
        accounts: Vec<AccountId>,
    },
    /// Credentials of a pool's nodes; lands at the next pull.
    PoolAccount {
        /// Which pool.
        pool: PoolId,
        /// Its accounts from now on.
        accounts: Vec<AccountId>,
    },
    /// Surge of a Deployment; lands at once.
    MaxSurge {
        /// Which workload.
        workload: WorkloadId,
        /// Surge from now on.
        max_surge: Count,
    },
    /// Unavailability of a Deployment or DaemonSet; lands at once.
    MaxUnavailable {
        /// Which workload.
        workload: WorkloadId,
        /// Unavailability from now on.
        max_unavailable: Count,
    },
    /// The kubelet's configuration; lands when a kubelet starts (restart or new node).
    Kubelet {
        /// Which pool.
        pool: PoolId,
        /// Configuration from now on.
        kubelet: KubeletSpec,
    },
    /// Images on the disk of a new node; lands at node replacement.
    Preloaded {
        /// Which pool.
        pool: PoolId,
        /// Images from now on.
        images: Vec<ImageId>,
    },
    /// Batch of a running node replacement; lands at the next batch.
    ReplaceBatch {
        /// Position in `Spec::timeline`.
        timeline: usize,
        /// Nodes at a time from now on.
        batch: Count,
    },
}
