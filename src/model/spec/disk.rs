//! The node's disk, and what its kubelet does when it fills up.

use crate::model::ids::ImageId;
use crate::units::{Bytes, Share, Span};

/// The disk of a node, which holds images, containers and everything else: one filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskSpec {
    /// Its size; `None` is a disk that never fills up.
    pub capacity: Option<Bytes>,
    /// What others than images take.
    pub used: Bytes,
    /// Thousandths of a byte that an unpacked layer takes for each compressed byte.
    pub unpacked_milli: u64,
    /// Images that the runtime flags as pinned.
    pub pinned: Vec<ImageId>,
}

impl DiskSpec {
    /// What a layer takes once it is unpacked.
    pub const fn unpacked(&self, compressed: Bytes) -> Bytes {
        Bytes(compressed.0 * self.unpacked_milli / 1_000)
    }
}

/// When a kubelet deletes images on its own, under the kubelet's names without their prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageGcSpec {
    /// Images are deleted from this use of the disk on, in percent.
    pub high_threshold_percent: u32,
    /// So many that this use would be left.
    pub low_threshold_percent: u32,
    /// An image is spared for this long after it was first seen.
    pub minimum_age: Span,
    /// An image unused for longer than this is deleted; zero is off.
    pub maximum_age: Span,
}

impl ImageGcSpec {
    /// Whether there is any image GC: `StartGarbageCollection` in kubelet.go.
    pub const fn is_on(&self) -> bool {
        self.high_threshold_percent != 100 || !self.maximum_age.is_zero()
    }
}

/// The hard eviction thresholds of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvictionSpec {
    /// `imagefs.available`, as a share of the disk; nothing is no threshold.
    pub imagefs_available: Share,
    /// `nodefs.available`, as a share of the disk; nothing is no threshold.
    pub nodefs_available: Share,
    /// How long the node reports pressure after it was last seen.
    pub pressure_transition_period: Span,
}

/// A part of every day, counted from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayWindow {
    /// When it begins.
    pub from: Span,
    /// When it ends; before `from` where it lasts over midnight.
    pub until: Span,
}

impl DayWindow {
    /// Whether `at`, a span since the start of the run, lies in it.
    pub fn contains(&self, at: Span) -> bool {
        const DAY: u64 = 86_400_000_000;
        let time = Span::from_micros(at.as_micros() % DAY);
        if self.from < self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_the_day_comes_back_every_day_and_may_last_over_midnight() {
        let hours = |it| Span::from_secs(3_600 * it);
        let night = DayWindow { from: hours(1), until: hours(5) };
        let inside: Vec<u64> = (0..30).filter(|&it| night.contains(hours(it))).collect();
        assert_eq!(inside, [1, 2, 3, 4, 25, 26, 27, 28]);
        let late = DayWindow { from: hours(22), until: hours(2) };
        let inside: Vec<u64> = (0..26).filter(|&it| late.contains(hours(it))).collect();
        assert_eq!(inside, [0, 1, 22, 23, 24, 25]);
    }
}
