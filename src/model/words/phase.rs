//! Where pods and nodes are in their lives.

/// Where a pod is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Created, not bound.
    Unbound,
    /// On its node, not all containers started.
    Waiting,
    /// All containers started, not ready yet.
    Starting,
    /// Ready.
    Ready,
    /// Ended as it should (Job).
    Completed,
    /// Deleted, or lost with its node.
    Gone,
}

impl Phase {
    /// The name in outputs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unbound => "unbound",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Completed => "completed",
            Self::Gone => "gone",
        }
    }
}

/// Where a node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeState {
    /// Asked for, not there yet.
    Booting,
    /// Takes pods.
    Ready,
    /// Takes no more pods but those of DaemonSets; it restarts when the drain is over.
    Cordoned,
    /// Takes no more pods; those it has go when the drain is over.
    Draining,
    /// Restarts: its disk stays.
    Restarting,
    /// Gone, with its disk.
    Gone,
}

impl NodeState {
    /// The name in outputs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Booting => "booting",
            Self::Ready => "ready",
            Self::Cordoned => "cordoned",
            Self::Draining => "draining",
            Self::Restarting => "restarting",
            Self::Gone => "gone",
        }
    }

    /// Whether DaemonSets go on wanting a pod on a node: also while it restarts, but not once it is
    /// to go.
    pub(crate) const fn keeps_daemons(self) -> bool {
        matches!(self, Self::Ready | Self::Cordoned | Self::Restarting)
    }
}
