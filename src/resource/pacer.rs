//! A token bucket that makes its callers wait instead of refusing them.
//!
//! Source: client-go `util/flowcontrol` (`NewTokenBucketRateLimiter`, `Wait`) over
//! golang.org/x/time/rate: the bucket starts full, a caller who finds it empty reserves the next
//! token and sleeps until that token comes; first come, first served.

use crate::units::{MICROS_PER_SECOND, Span, Time};

/// A waiting token bucket. The schedule is exact: of callers who all come at t, the k-th (from 1)
/// goes at t for k ≤ burst, and at t + (k − burst) / qps, rounded up to the next microsecond, after.
///
/// ```
/// use pullstorm::resource::pacer::Pacer;
/// use pullstorm::units::Time;
///
/// let mut pacer = Pacer::new(2, 1);
/// let goes: Vec<_> = (0..3).map(|_| pacer.next(Time::ZERO).as_micros()).collect();
/// assert_eq!(goes, [0, 500_000, 1_000_000]);
/// ```
#[derive(Clone, Debug)]
pub struct Pacer {
    qps: u32,
    burst: u32,
    /// Tokens at `settled`, in millionths; below zero where callers already wait.
    level: i128,
    settled: Time,
}

/// A token in the scale of levels; a microsecond refills `qps` millionths of it.
const TOKEN: i128 = MICROS_PER_SECOND as i128;

impl Pacer {
    /// `qps` callers per second and `burst` at once; 0 `qps` is no limit. With a burst of 0 even
    /// the first caller waits 1 / qps.
    pub const fn new(qps: u32, burst: u32) -> Self {
        Self { qps, burst, level: burst as i128 * TOKEN, settled: Time::ZERO }
    }

    /// The instant at which the caller who comes at `now` may go. Callers go in the order they came.
    ///
    /// # Panics
    /// Panics when an earlier call came with a later `now`.
    pub fn next(&mut self, now: Time) -> Time {
        if self.qps == 0 {
            return now;
        }
        let elapsed = i128::from(now.since(self.settled).as_micros());
        let full = i128::from(self.burst) * TOKEN;
        self.level = (self.level + elapsed * i128::from(self.qps)).min(full) - TOKEN;
        self.settled = now;
        let missing = u128::try_from(-self.level).unwrap_or(0);
        let wait = missing.div_ceil(u128::from(self.qps));
        now + Span::from_micros(u64::try_from(wait).unwrap_or(u64::MAX))
    }
}
