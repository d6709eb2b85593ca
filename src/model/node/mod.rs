//! Nodes: machines, their kubelets, pods, images and disks.

pub mod backoff;
pub(crate) mod disk;
pub mod image_gc;
pub mod image_records;
pub mod image_store;
pub(crate) mod kubelet;
pub(crate) mod machine;
pub(crate) mod pod;
