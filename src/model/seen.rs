//! Requests as the recorder sees them, and what became of each.

use crate::model::gate::{Cause, Reply};
use crate::model::ids::{ImageId, NodeId, PodId};
use crate::model::image::Object;
use crate::model::registry::Endpoint;
use crate::model::spec::RequestKind;

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

/// What became of a request, as outputs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestOutcome {
    /// 2xx.
    Ok,
    /// 307 to the blob host.
    Redirect,
    /// 401 with a challenge.
    Unauthorized,
    /// 429.
    Throttled,
    /// Another 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// The connection closed without an answer.
    Dropped,
    /// No answer came.
    Unanswered,
}

impl RequestOutcome {
    /// All of them, in the order of outputs.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Redirect,
        Self::Unauthorized,
        Self::Throttled,
        Self::ClientError,
        Self::ServerError,
        Self::Dropped,
        Self::Unanswered,
    ];

    /// The name in outputs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Redirect => "redirect",
            Self::Unauthorized => "unauthorized",
            Self::Throttled => "throttled",
            Self::ClientError => "client-error",
            Self::ServerError => "server-error",
            Self::Dropped => "dropped",
            Self::Unanswered => "unanswered",
        }
    }

    pub(crate) fn of(reply: Reply, redirected: bool, refused_post: bool) -> (Self, Option<u16>) {
        match reply {
            Reply::Served if redirected => (Self::Redirect, Some(307)),
            Reply::Served => (Self::Ok, Some(200)),
            Reply::Challenged if refused_post => (Self::ClientError, Some(404)),
            Reply::Challenged => (Self::Unauthorized, Some(401)),
            Reply::Refused { status, .. } => {
                let outcome = match status {
                    429 => Self::Throttled,
                    500.. => Self::ServerError,
                    _ => Self::ClientError,
                };
                (outcome, Some(status))
            }
            Reply::Dropped { .. } => (Self::Dropped, None),
            Reply::Hanging { .. } => (Self::Unanswered, None),
        }
    }
}

/// Why a request was refused, or got no answer.
pub(crate) const fn refusal(reply: Reply) -> Option<Cause> {
    match reply {
        Reply::Served | Reply::Challenged => None,
        Reply::Refused { cause, .. } | Reply::Dropped { cause } | Reply::Hanging { cause } => {
            Some(cause)
        }
    }
}
