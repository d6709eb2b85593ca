//! Sweeps: the points of a plan, each with its replications, on one machine or on many.
//!
//! A plan holds everything that its points depend on. A point's result depends on the plan and the
//! point alone: not on threads, shards, the order of the points, or how often a sweep was resumed.

mod expand;
mod plan;
mod point;
mod shard;

pub use expand::expand;
pub use plan::{Asked, Draft, NotDrafted, Plan, PlanAxis, PlanPoint, UntilText, draft};
pub use point::{PointError, PointResult, run_point};
pub use shard::{SCHEDULERS, Shard, ShardFound};
