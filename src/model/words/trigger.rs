//! Why kubelets pull, as anybody can see it.

/// Why a kubelet pulls at all, as its node, pod and template show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// The image is there; the policy asks for it all the same.
    Recheck,
    /// The node had the image before and it was deleted.
    Again,
    /// The node is new.
    NewNode,
    /// The pod's template is new (a rollout, or the start of its workload), or its workload was
    /// scaled up.
    Release,
    /// An older node that never had it: a pod that was moved.
    #[default]
    Moved,
}

impl Trigger {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Recheck, Self::Again, Self::NewNode, Self::Release, Self::Moved];
}
