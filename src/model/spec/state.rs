//! What a run starts from, where that is not an untouched cluster.

use crate::model::ids::{AccountId, EgressId, ImageId, PoolId, RegistryId, WorkloadId};
use crate::units::{Share, Span};
use crate::words::words;

/// What is there at the start beside what the other blocks say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateSpec {
    /// What has been spent of limits.
    pub limits: Vec<LimitStateSpec>,
    /// Pods that wait in back-off, one entry a workload.
    pub stuck: Vec<StuckSpec>,
    /// What nodes hold, one entry a pool.
    pub caches: Vec<CacheSpec>,
}

/// What has been spent of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitStateSpec {
    /// Name of the block.
    pub name: String,
    /// Whose limit.
    pub registry: RegistryId,
    /// Position of the limit among those of its registry.
    pub limit: usize,
    /// Which of its counters.
    pub counters: Vec<CounterSpec>,
    /// Units known to have been spent, by how long ago, the longest first.
    pub spent: Vec<(Span, u64)>,
    /// Units that were spent within the window of a sliding log, nobody knows when.
    pub undated: u64,
    /// When those were spent.
    pub history: History,
    /// Whether the scenario leaves that open.
    pub history_is_open: bool,
    /// Fixed window: when the window began that runs at the start.
    pub began: Began,
    /// Whether the scenario leaves that open.
    pub began_is_open: bool,
}

/// A counter of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CounterSpec {
    /// A shared address of a NAT, or a /64 of an IPv6 egress, by its ordinal.
    Shared(EgressId, u32),
    /// An account.
    Account(AccountId),
    /// The one counter of the whole registry.
    Registry,
}

words! {
    /// When undated units of a sliding log were spent.
    pub enum History {
        /// All of them nearly a window ago: they are free a microsecond after the start.
        Oldest = "oldest",
        /// Evenly over the window.
        Even = "even",
        /// All of them at the start.
        Newest = "newest",
    }
}

/// When a fixed window began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Began {
    /// As the limit has it without a state: at its anchor, or by a draw for each counter.
    AsDrawn,
    /// This long before the start.
    Ago(Span),
    /// So long ago that it ends a microsecond after the start.
    WindowAgo,
}

/// Pods of a workload that wait in back-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StuckSpec {
    /// Whose pods.
    pub workload: WorkloadId,
    /// How many.
    pub pods: u32,
    /// On how many nodes, the first of the pool in a keyed order.
    pub nodes: u32,
    /// Which images those nodes lack.
    pub images: Vec<ImageId>,
    /// The back-off window they are in.
    pub window: Span,
    /// How much of it is left; `None` is by a draw for each pod and image.
    pub left: Option<Span>,
    /// Images that its nodes lack for certain: those that a pod would start with as soon as they
    /// were there.
    pub absent: Vec<ImageId>,
}

/// What nodes of a pool hold that are there at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSpec {
    /// Whose nodes.
    pub pool: PoolId,
    /// The share of the nodes that hold each image.
    pub images: Vec<(ImageId, Share)>,
}

/// Most entries that undated units are spread over: finer than that does not show.
const MOST_ENTRIES: u64 = 1_000;
/// A whole unit, as limits count them.
const UNIT: u64 = 1_000;

impl LimitStateSpec {
    /// What was spent before the start, by how long ago, the longest first, under a limit with this
    /// window.
    pub fn past(&self, window: Span) -> Vec<(Span, u64)> {
        let mut past = self.spent.clone();
        past.extend(self.history.dates(self.undated, window));
        past.sort_by_key(|it| std::cmp::Reverse(it.0));
        past
    }

    /// When windows of this limit begin, after the start; `None` where the state does not say.
    pub fn phase(&self, window: Span) -> Option<Span> {
        match self.began {
            Began::AsDrawn => None,
            Began::Ago(ago) => Some(window - ago),
            Began::WindowAgo => Some(Span::from_micros(1)),
        }
    }
}

impl History {
    /// When units were spent within a window: one by one, the middle of their steps over the window
    /// where they were spread evenly.
    fn dates(self, units: u64, window: Span) -> Vec<(Span, u64)> {
        if units == 0 {
            return Vec::new();
        }
        match self {
            Self::Oldest => vec![(window - Span::from_micros(1), units)],
            Self::Newest => vec![(Span::ZERO, units)],
            Self::Even => {
                let n = units.div_ceil(UNIT).min(MOST_ENTRIES);
                let of = |nth: u64| u128::from(units) * u128::from(nth) / u128::from(n);
                let ago = |nth: u64| {
                    let micros = u128::from(window.as_micros()) * u128::from(2 * (n - nth) - 1);
                    Span::from_micros((micros / u128::from(2 * n)) as u64)
                };
                (0..n).map(|nth| (ago(nth), (of(nth + 1) - of(nth)) as u64)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Span = Span::from_secs(3_600);

    #[test]
    fn undated_units_are_spread_over_the_middles_of_equal_steps() {
        let minutes = |it: u64| Span::from_secs(it * 60);
        // Three units: the middles of thirds of an hour, the oldest first.
        let expected = [(minutes(50), 1_000), (minutes(30), 1_000), (minutes(10), 1_000)];
        assert_eq!(History::Even.dates(3_000, WINDOW), expected);
        assert_eq!(History::Even.dates(500, WINDOW), [(minutes(30), 500)]);
        assert_eq!(History::Newest.dates(3_000, WINDOW), [(Span::ZERO, 3_000)]);
        let ago = Span::from_micros(3_599_999_999);
        assert_eq!(History::Oldest.dates(3_000, WINDOW), [(ago, 3_000)]);
        for history in [History::Oldest, History::Even, History::Newest] {
            assert_eq!(history.dates(0, WINDOW), []);
        }
    }

    #[test]
    fn spreading_loses_no_unit_however_many_there_are() {
        for units in [1, 999, 1_001, 7_777_777, 1 << 60] {
            let dates = History::Even.dates(units, WINDOW);
            assert_eq!(dates.iter().map(|it| it.1).sum::<u64>(), units);
            assert!(dates.len() <= 1_000 && dates.iter().all(|it| it.0 < WINDOW));
            assert!(dates.is_sorted_by(|a, b| b.0 < a.0));
        }
    }
}
