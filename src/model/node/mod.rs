//! Nodes: machines, their kubelets, pods, images and disks.

pub mod backoff;
pub(crate) mod disk;
pub mod image_gc;
pub mod image_records;
pub mod image_store;
pub(crate) mod kubelet;
pub(crate) mod machine;
pub(crate) mod pod;

use crate::model::ids::PodId;
use image_store::Waiter;
use machine::{Node, Pool};
use pod::Pod;

/// Machines and what runs on them.
#[derive(Default)]
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) pods: Vec<Pod>,
    /// Syncs of this instant, by a keyed draw.
    pub(crate) due_syncs: Vec<(u64, PodId, u32)>,
    /// Waiters woken by a store; kept so that waking allocates nothing.
    pub(crate) woken: Vec<Waiter>,
}
