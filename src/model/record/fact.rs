//! What happened, as the recorder hears of it: ids, stable keys and plain numbers.
//!
//! A fact is a value that is copied and forgotten: nothing in it points into the world. Ids tell
//! what it concerns, stable keys what is hashed, and each number has the unit of its type.

use crate::model::ids::{
    ImageId, LimitId, NodeId, PodId, PoolId, RegistryId, ReplicaId, WorkloadId,
};
use crate::model::image::Object;
use crate::model::spec::RequestKind;
use crate::model::words::asker::Asker;
use crate::model::words::attempt::{PullEnd, PullEnded};
use crate::model::words::cause::Cause;
use crate::model::words::deleted::Deleted;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::kubelet_events::Sign;
use crate::model::words::phase::{NodeState, Phase};
use crate::model::words::reply::{Metered, Reply, RequestOutcome};
use crate::units::{Bytes, Span};

/// A pod in a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PodTold {
    pub(crate) id: PodId,
    /// Its stable key.
    pub(crate) key: u64,
    pub(crate) workload: WorkloadId,
}

/// A request of a pull that reached its endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestTold {
    pub(crate) node: NodeId,
    pub(crate) pod: PodId,
    pub(crate) image: ImageId,
    pub(crate) attempt: u32,
    pub(crate) method: &'static str,
    pub(crate) object: Object,
    pub(crate) is_head: bool,
    pub(crate) kind: RequestKind,
    /// `ratelimit-remaining`, where the answer says it.
    pub(crate) remaining: Option<u64>,
    pub(crate) endpoint: Endpoint,
    pub(crate) reply: Reply,
    /// What became of it, as outputs name it, and the status of the answer.
    pub(crate) outcome: RequestOutcome,
    pub(crate) status: Option<u16>,
    /// What its client sees of a reply that is no success.
    pub(crate) sign: Option<Sign>,
    /// Stable key of the pull.
    pub(crate) key: u64,
}

/// A request of a mirror that reached its upstream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MirrorRequestTold {
    pub(crate) replica: ReplicaId,
    pub(crate) image: ImageId,
    pub(crate) is_head: bool,
    /// What a row calls the object, and the position of a layer.
    pub(crate) object: (&'static str, Option<u32>),
    pub(crate) endpoint: Endpoint,
    pub(crate) reply: Reply,
    /// What became of it, as outputs name it, and the status of the answer.
    pub(crate) outcome: RequestOutcome,
    pub(crate) status: Option<u16>,
    pub(crate) key: u64,
}

/// A kubelet that is about to pull.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking {
    pub(crate) node: NodeId,
    pub(crate) image: ImageId,
    /// Template of its pod.
    pub(crate) revision: u32,
    /// Ordinal of the attempt of the pod for this image, from 1.
    pub(crate) number: u32,
    /// The node has the image.
    pub(crate) is_present: bool,
    /// The pull has credentials.
    pub(crate) has_account: bool,
}

/// What happened to a workload as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WorkloadTold {
    /// Pods ready and wanted have changed.
    Availability { ready: u32, desired: u32 },
    /// It is at work from the start, though not all of its pods are ready.
    AtWork,
    /// It wants more pods.
    ScaledUp,
    /// A rollout began.
    RolloutBegan { revision: u32 },
    /// A rollout is complete.
    RolloutCompleted { took: Span },
    /// A rollout made no progress within its deadline.
    RolloutStalled,
    /// A rollout was held by a pause or a guard for so long.
    RolloutStood { span: Span },
    /// A canary began.
    CanaryBegan,
    /// A canary was undone.
    CanaryFailed,
}

/// What a mirror did.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MirrorTold {
    /// It sends a manifest or blob to a node, from its storage or not.
    Sent { is_hit: bool },
    /// Body bytes arrived from upstream.
    Received { bytes: Bytes },
}

/// Bytes that came or went.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BytesTold {
    /// Of a body, at a node.
    Received { registry: RegistryId, bytes: Bytes },
    /// Thrown away: cut short, or held by nobody any more.
    Discarded { bytes: Bytes },
    /// A disk came with them.
    Seeded { bytes: Bytes },
    /// A disk went away with them.
    Lost { bytes: Bytes },
}

/// What happened to a disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DiskTold {
    /// It holds so much.
    Used { bytes: Bytes },
    /// Image GC found less than it was to free.
    GcFailed,
    /// A pod was evicted.
    PodEvicted,
}

/// An image that was deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeletedTold {
    pub(crate) node: NodeId,
    pub(crate) image: ImageId,
    /// Stable key of the image on the node.
    pub(crate) key: u64,
    pub(crate) why: Deleted,
    /// What nobody else held.
    pub(crate) bytes: Bytes,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fact {
    /// A controller created a pod, or it ran before the simulation.
    PodCreated { pod: PodTold, ordinal: u32, ran_before: bool },
    /// A pod was bound to a node.
    PodBound { pod: PodTold, node: NodeId, node_key: u64 },
    /// A pod became ready.
    PodReady { pod: PodTold },
    /// A pod that was ready no longer is.
    PodUnready { pod: PodTold },
    /// A pod was deleted or completed.
    PodEnded { pod: PodTold, node: NodeId, end: Phase },
    /// A pod is polled, as a container of it is in error.
    PollsBegan { pod: PodId, node: NodeId },
    /// It no longer is.
    PollsEnded { pod: PodId, node: NodeId },
    /// A container started without a pull.
    AlreadyPresent { pod: PodId },
    /// A container crashed: its image is for another architecture.
    ContainerCrashed { pod: PodId },
    /// Something happened to a workload as a whole.
    Workload { workload: WorkloadId, what: WorkloadTold },
    /// A machine was asked for.
    NodeAdded { node: NodeId, pool: PoolId, slot: u32, generation: u32 },
    /// It is ready for the first time.
    NodeJoined { node: NodeId, pool: PoolId },
    /// A node came, drained, restarted or went.
    NodeChanged { node: NodeId, key: u64, state: NodeState },
    /// A kubelet asks for a pull.
    PullAsked { pod: PodTold, asking: Asking },
    /// A pull attempt ended.
    PullEnded { pod: PodTold, ended: PullEnded, image_key: u64, result: PullEnd },
    /// A pull attempt was open when the run ended.
    PullOpen { pod: PodTold, open: PullEnded },
    /// A connection did not come about.
    Unconnected { cause: Cause, of_node: bool },
    /// A request reached its endpoint.
    Request(RequestTold),
    /// A request of a mirror reached its upstream.
    MirrorRequest(MirrorRequestTold),
    /// A limit that counts a request gave its verdict.
    LimitAsked { limit: LimitId, asker: Asker, metered: Metered },
    /// A mirror did something.
    Mirror { mirror: RegistryId, what: MirrorTold },
    /// Bytes came or went.
    Bytes(BytesTold),
    /// Something happened to a disk of a pool.
    Disk { pool: PoolId, what: DiskTold },
    /// A node reports disk pressure, or no more.
    DiskPressure { node: NodeId, node_key: u64, pressure: bool },
    /// An image was deleted from a node, and with it bytes that nobody else held.
    ImageDeleted { pool: PoolId, deleted: DeletedTold },
}

impl RequestTold {
    /// What outputs call the object, and the position of a layer.
    pub(crate) fn object(&self) -> (&'static str, Option<u32>) {
        match self.object {
            _ if self.endpoint.kind == EndpointKind::Token => ("token", None),
            _ if self.is_head => ("tag", None),
            object => object.name(),
        }
    }
}
