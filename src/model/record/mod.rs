//! What is recorded of a run, and what is told of it in the end.

pub(crate) mod levels;
pub(crate) mod limits;
pub mod measure;
pub(crate) mod metrics;
pub(crate) mod mirrors;
pub mod operator;
pub mod outcome;
pub(crate) mod recorder;
mod seam;
pub(crate) mod seen;
pub(crate) mod shared_account;
