//! Requests as the recorder sees them, and what became of each.

use crate::model::ids::{ImageId, NodeId, PodId};
use crate::model::image::Object;
use crate::model::spec::RequestKind;
use crate::model::words::endpoint::Endpoint;
use crate::model::words::reply::Reply;

/// A request that reached its endpoint.
pub(crate) struct RequestSeen {
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
    pub(crate) redirected: bool,
    pub(crate) refused_post: bool,
    pub(crate) key: u64,
}

/// A request of a mirror that reached its upstream.
pub(crate) struct MirrorRequestSeen {
    pub(crate) replica: u32,
    pub(crate) image: ImageId,
    pub(crate) is_head: bool,
    /// What a row calls the object, and the position of a layer.
    pub(crate) object: (&'static str, Option<u32>),
    pub(crate) endpoint: Endpoint,
    pub(crate) reply: Reply,
    pub(crate) redirected: bool,
    pub(crate) key: u64,
}
