//! Pull attempts of kubelets: while they last, and how they end.

use crate::model::ids::{ImageId, NodeId, PodId};
use crate::model::spec::RequestKind;
use crate::model::words::cause::Cause;
use crate::model::words::kubelet_events::Sign;
use crate::units::{Bytes, Time};

/// One pull attempt of a kubelet, while it lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Ordinal of the attempt of this pod for this image, from 1.
    pub(crate) number: u32,
    /// When the kubelet asked for it.
    pub(crate) asked: Time,
    /// When it left the kubelet's queue.
    pub(crate) started: Option<Time>,
    /// HTTP requests sent.
    pub(crate) requests: u32,
    /// Body bytes received.
    pub(crate) bytes: Bytes,
    /// An earlier attempt of the pod for this image failed.
    pub(crate) failed_before: bool,
    /// The request that ended it, as its node saw it fail.
    pub(crate) shown: Option<(RequestKind, Sign)>,
}

/// How a pull ended: the refusal that ended it, and the one behind it, where it failed.
pub(crate) type PullEnd = Result<(), (Cause, Option<Cause>)>;

/// A pull attempt that ended, or was open when the run did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PullEnded {
    pub(crate) node: NodeId,
    pub(crate) pod: PodId,
    pub(crate) image: ImageId,
    pub(crate) attempt: Attempt,
}
