//! What is done to the cluster: controllers, the scheduler, the timeline, and how it stands at the
//! start.

mod scheduler;
pub(crate) mod state;
pub(crate) mod tags;
pub(crate) mod timeline;
pub(crate) mod workload;
