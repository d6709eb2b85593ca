//! What is recorded of a run, and what is told of it in the end.
//!
//! `fact.rs` has what can happen, `recorder.rs` the one door through which it comes. Folds over the
//! same facts are the digest, counts, rows, levels, what an operator could see (behind the seam)
//! and the trace; `metrics.rs` turns them into an outcome.

pub(crate) mod counts;
pub(crate) mod digest;
pub(crate) mod fact;
pub(crate) mod levels;
pub mod measure;
pub(crate) mod metrics;
pub mod operator;
pub mod outcome;
pub(crate) mod population;
pub(crate) mod recorder;
pub(crate) mod rows;
mod seam;
pub(crate) mod shared_account;
pub(crate) mod trace;
