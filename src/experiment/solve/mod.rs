//! The inverse question: the largest or smallest value of a path at which the expectations hold,
//! what binds there, and what would bind next.

pub mod search;
