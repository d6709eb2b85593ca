//! Words of the domain: plain values that every wing uses, and that use no wing.

pub mod asker;
pub mod attempt;
pub mod cause;
pub mod deleted;
pub mod endpoint;
pub mod kubelet_events;
pub mod phase;
pub mod polling;
pub mod reply;
pub mod request;
pub mod trigger;
