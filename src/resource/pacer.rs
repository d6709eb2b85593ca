//! A token bucket that makes its callers wait instead of refusing them.
//!
//! Source: client-go `util/flowcontrol` (`NewTokenBucketRateLimiter`, `Wait`) over
//! golang.org/x/time/rate: the bucket starts full, a caller who finds it empty reserves the next
//! token and sleeps until that token comes; first come, first served.

use crate::units::{MICROS_PER_SECOND, Span, Time};

/// A waiting token bucket. The schedule is exact: of callers who all come to a full bucket at t,
/// the k-th (from 1) goes at t for k ≤ burst, and else at t + (k − burst) / qps, rounded up to the
/// next microsecond.
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

    /// The instant at which the caller who comes at `now` may go; callers go as they came.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_of_creations_takes_as_long_as_the_stock_client_limits_say() {
        // kube-controller-manager's 20 a second after a burst of 30: 500 pods take 23.5 s and 1000
        // pods 48.5 s; the scheduler's 50 after 100: 1000 bindings take 18 s.
        for (qps, burst, callers, micros) in [
            (20, 30, 30, 0),
            (20, 30, 31, 50_000),
            (20, 30, 500, 23_500_000),
            (20, 30, 1_000, 48_500_000),
            (50, 100, 1_000, 18_000_000),
            (3, 0, 1, 333_334),
            (0, 0, 1_000, 0),
        ] {
            let mut pacer = Pacer::new(qps, burst);
            let last = (0..callers).map(|_| pacer.next(Time::ZERO)).last();
            assert_eq!(last, Some(Time::from_micros(micros)), "{callers} at {qps}/{burst}");
        }
    }

    #[test]
    fn a_bucket_that_rested_is_full_and_no_fuller() {
        let mut pacer = Pacer::new(10, 2);
        for start in [0, 1_000] {
            let now = Time::from_secs(start);
            let goes: Vec<Span> = (0..4).map(|_| pacer.next(now).since(now)).collect();
            assert_eq!(goes, [0, 0, 100, 200].map(Span::from_millis));
        }
    }

    proptest! {
        #[test]
        fn no_span_sees_more_than_its_burst_and_its_rate(
            qps in 1u64..50, burst in 1u64..10,
            laters in prop::collection::vec(0u64..200_000, 1..60),
        ) {
            let mut pacer = Pacer::new(qps as u32, burst as u32);
            let mut now = 0;
            let mut goes: Vec<u64> = Vec::new();
            for later in laters {
                now += later;
                let go = pacer.next(Time::from_micros(now)).as_micros();
                // The slow twin: the first microsecond that breaks no span's budget of
                // burst + qps × its length (a token's refill takes 10^6 / qps microseconds).
                let mut earliest = now;
                for (before, &first) in goes.iter().enumerate() {
                    let others = (goes.len() - before) as u64;
                    let tokens = (others + 1).saturating_sub(burst);
                    earliest = earliest.max(first + (tokens * 1_000_000).div_ceil(qps));
                }
                prop_assert!(now <= go);
                // Instants round up, so the twin, which counts from rounded ones, may be one later.
                prop_assert!(go <= earliest && earliest <= go + 1, "{go} {earliest}");
                goes.push(go);
            }
        }
    }
}
