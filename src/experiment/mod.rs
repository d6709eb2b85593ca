//! Experiments: many replications of one scenario, folded into one summary. The only layer with
//! threads.
//!
//! Results are collected by replication number, never in completion order, so the number of threads
//! changes nothing but the time it takes.

mod replicate;
mod summary;

pub use replicate::{Options, Progress, ReplicateError, replicate};
pub use summary::{
    FailureSummary, MetricSummary, ReachSummary, SharedAccountSummary, SpenderSummary, Summary,
    Verdict, summarise,
};
