//! What a mirror is at for one request of a node, or for its storage.

use crate::model::client::distribution::Errand;
use crate::model::ids::{ImageId, ObjectId, ReplicaId};
use crate::model::supply::mirror::Inbound;
use crate::model::words::reply::{Grant, Reply};
use crate::resource::link::FlowId;
use crate::units::Bytes;

/// What a mirror does for a request of a node, or for its storage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(super) replica: ReplicaId,
    /// The request that it answers; `None` for a fetch into the storage.
    pub(super) inbound: Option<Inbound>,
    /// Where the mirror's rules stand with it.
    pub(super) errand: Errand,
    pub(super) reference: ImageId,
    /// What the reference names, as far as the mirror knows.
    pub(super) content: ImageId,
    /// Position of the object in the content.
    pub(super) object: ObjectId,
    /// What its next step is.
    pub(super) due: Due,
    pub(super) grant: Option<Grant>,
    /// It set off a fetch into the storage beside what it passes on.
    pub(super) leads: bool,
    /// Room taken for a fetch into the storage.
    pub(super) reserved: Bytes,
    pub(super) flow: Option<FlowId>,
}

/// The step of a task that comes next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    /// It begins.
    Begin,
    /// The answer to its request is back.
    Answer(Reply),
    /// The body for the storage begins to flow.
    Body,
}
