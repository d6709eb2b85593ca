//! How idle polls are played.

/// Whether syncs, and runs of the loops of `node/disk.rs`, that can do nothing are events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Polling {
    /// The stream of polls is walked to the first sync that matters, loops are woken when needed.
    #[default]
    Elided,
    /// Every poll and every run is an event: the slow twin.
    Every,
}
