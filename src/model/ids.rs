//! Dense ids: an index into the table of its kind. They never leave the model; what is shown or
//! hashed is a name or a stable key.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The position in the table of this kind.
            pub const fn idx(self) -> usize {
                self.0 as usize
            }
        }

        impl From<$name> for usize {
            fn from(id: $name) -> Self {
                id.idx()
            }
        }

        impl From<usize> for $name {
            fn from(idx: usize) -> Self {
                Self(<$inner>::try_from(idx).expect("the check bounds every count"))
            }
        }
    )*};
}

ids! {
    /// A registry block.
    RegistryId(u16);
    /// A limit; limits of all registries are numbered through, in the order of registries and their
    /// limits.
    LimitId(u16);
    /// An account block.
    AccountId(u16);
    /// An egress block.
    EgressId(u16);
    /// A background block.
    BackgroundId(u16);
    /// A pool block.
    PoolId(u16);
    /// An image block.
    ImageId(u16);
    /// A workload block.
    WorkloadId(u16);
    /// A timeline block.
    TimelineId(u16);
    /// A fault, or an outage of the timeline.
    FaultId(u16);
    /// One node instance: a slot of a pool in one generation.
    NodeId(u32);
    /// One pod.
    PodId(u32);
    /// One pull in flight; slots are used again, so it goes with a generation.
    PullId(u32);
    /// One server of a mirror; the replicas of all mirrors are numbered through.
    ReplicaId(u32);
    /// What a mirror is at for one request; slots are used again, so it goes with a generation.
    TaskId(u32);
    /// One line of requests of a pull.
    LaneId(u16);
    /// An object of an image: its position there.
    ObjectId(u32);
    /// A storage of a mirror; those of all mirrors are numbered through.
    StorageId(u16);
    /// A source address as a registry sees it.
    AddressId(u32);
    /// A blob (config or layer), by digest.
    BlobId(u32);
    /// A chain of layers from the bottom up: what is unpacked is a chain, not a layer.
    ChainId(u32);
}
