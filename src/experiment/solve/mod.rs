//! The inverse question: the largest or smallest value of a path at which the expectations hold,
//! what binds there, and what would bind next.
//!
//! `search.rs` is the method, pure; `runs.rs` keeps replications by their settings; `axis.rs` are
//! the values of a path; `binding.rs` finds what binds; `largest.rs` puts them together.
//! `stagger.rs` and `mirror.rs` are short forms of more than one path.

mod axis;
mod binding;
mod largest;
mod mirror;
mod runs;
pub mod search;
mod stagger;

pub use axis::{Axis, Goal};
pub use binding::{Binding, Lifted, Limit, Share};
pub use largest::{AT_MOST, Next, Reading, Seen, Solved, seen_so_far, solve, under_readings};
pub use mirror::{Part, SmallestMirror, smallest_mirror};
pub use runs::{Halt, Point, Runs, Weakest};
pub use stagger::{BatchRow, Plan, Stagger, Staggered, stagger};
