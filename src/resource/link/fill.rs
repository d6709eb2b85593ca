//! How far a capacity is given away while all levels rise.

use std::cmp::Ordering;

use crate::units::Bandwidth;

/// What is left of a capacity while levels rise.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fill {
    /// Bytes per second not yet given away for good, but for the pending ones.
    pub(super) rest: f64,
    /// Flows whose rates still rise.
    pub(super) rising: u64,
    /// Flows held at `level`, not yet taken off `rest`: taken off together, so that their order
    /// leaves no trace in the last bits.
    pending: u64,
    level: f64,
}

impl Fill {
    pub(super) fn new(capacity: Bandwidth) -> Self {
        Self { rest: capacity.bytes_per_second(), ..Self::default() }
    }

    /// Holds `flows` of the rising ones at `level`.
    pub(super) fn hold(&mut self, flows: u64, level: f64) {
        if level.total_cmp(&self.level) != Ordering::Equal {
            self.rest -= self.pending as f64 * self.level;
            self.pending = 0;
            self.level = level;
        }
        self.pending += flows;
        self.rising -= flows;
    }

    /// The level at which the rising flows use all of it.
    pub(super) fn limit(&self) -> f64 {
        let rest = self.rest - self.pending as f64 * self.level;
        (rest / self.rising as f64).max(0.0)
    }
}
