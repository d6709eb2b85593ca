//! Experiments: many replications of one scenario, folded into one summary. The only layer with
//! threads.
//!
//! Results are collected by replication number, never in completion order, so the number of threads
//! changes nothing but the time it takes.

pub mod compare;
pub mod diagnosis;
mod levers;
mod replicate;
mod samples;
pub mod size;
pub mod solve;
mod summary;
pub mod sweep;
mod text;
mod until;
mod what_now;

pub use diagnosis::{Diagnosis, Finding, diagnose};
pub use levers::{Measured, measure};
pub use replicate::{Crew, Progress, Shown, ThreadsError};
pub use samples::{Row, Samples};
pub use summary::{
    FailureSummary, Judged, MetricSummary, ReachSummary, SharedAccountSummary, SpenderSummary,
    Summary, judge_all, summarise,
};
pub use until::{AT_MOST, Certainty, Until, replicate_until};
pub use what_now::{
    Against, End, Open, REPLICATIONS as WHAT_NOW_REPLICATIONS, Range, Way, What, WhatNow, what_now,
};
