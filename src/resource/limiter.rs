//! Quota limits: who may go, who is refused, and when a refused ask would have passed.
//!
//! One [`Limiter`] is one limit of a registry with a counter (a key) for each address, account or
//! whatever else the limit counts by. It holds its keys densely; what a key stands for is the
//! caller's. Units are integers (the model counts thousandths of a request) and all arithmetic is
//! exact: nothing drifts, however long a run lasts.
//!
//! Calls to one limiter come in the order of time.

use std::collections::VecDeque;

use crate::units::{Span, Time};

/// The most units a limit may allow, so that no sum of units can overflow.
pub const MAX_ALLOW: u64 = 1 << 60;

/// How a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// `allow` units in each window; the windows of a key follow one another from its phase, and a
    /// new window starts with nothing spent.
    ///
    /// Source: Google Artifact Registry's requests per minute (kubernetes-sigs kueue issue 11414:
    /// an outage for the rest of one minute), registry.k8s.io's 2,490 requests per 30 s.
    FixedWindow {
        /// Units per window, at most [`MAX_ALLOW`].
        allow: u64,
        /// Length of a window, more than zero.
        window: Span,
    },
    /// At most `allow` units in any span as long as the window: units spent at t count at each
    /// instant in [t, t + window) and are free again at t + window.
    ///
    /// Source: Docker Hub's "six hour rolling window" (Docker's blog, October 2020; the exact
    /// algorithm is not published).
    SlidingLog {
        /// Units per window, at most [`MAX_ALLOW`].
        allow: u64,
        /// Length of the window, more than zero.
        window: Span,
    },
    /// A bucket that starts full with `burst` units and refills evenly with `allow` per window.
    ///
    /// Source: Amazon ECR's API throttling (AWS documentation: rate and bucket size), ghcr.io's
    /// refusals, which name a rate. nginx's `limit_req` with `burst=b nodelay` (Quay) is a bucket
    /// of b + 1.
    TokenBucket {
        /// Units refilled per window, at most [`MAX_ALLOW`].
        allow: u64,
        /// Length of the window, more than zero.
        window: Span,
        /// Size of the bucket, at most [`MAX_ALLOW`].
        burst: u64,
    },
    /// At most `allow` units at a time: what was granted is taken until it is released.
    ///
    /// Source: Harbor's `max_upstream_conn`, which answers 429 beyond it.
    Concurrency {
        /// Units at a time, at most [`MAX_ALLOW`].
        allow: u64,
    },
}

/// The answer to an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The units were there and are spent.
    Granted,
    /// The units were not there.
    Refused {
        /// After this span the same ask would be granted, and not before, if nobody asked this key
        /// meanwhile. `None`: not known (a concurrency cap waits for a release) or never
        /// (more units than the limit holds when full, or no refill).
        retry_in: Option<Span>,
    },
}

/// One limit and its counters.
///
/// ```
/// use pullstorm::resource::limiter::{Admission, Law, Limiter};
/// use pullstorm::units::{Span, Time};
///
/// let law = Law::SlidingLog { allow: 2, window: Span::from_secs(60) };
/// let mut limiter = Limiter::new(law, false);
/// let key = limiter.open_key(Span::ZERO);
/// assert_eq!(limiter.ask(Time::from_secs(5), key, 1), Admission::Granted);
/// assert_eq!(limiter.ask(Time::from_secs(9), key, 1), Admission::Granted);
/// let retry_in = Some(Span::from_secs(55));
/// assert_eq!(limiter.ask(Time::from_secs(10), key, 1), Admission::Refused { retry_in });
/// assert_eq!(limiter.ask(Time::from_secs(65), key, 1), Admission::Granted);
/// ```
#[derive(Clone, Debug)]
pub struct Limiter {
    /// Whether a refused ask spends units all the same.
    rejected_consume: bool,
    counters: Counters,
}

#[derive(Clone, Debug)]
enum Counters {
    FixedWindow { allow: u64, window: Span, keys: Vec<WindowCounter> },
    SlidingLog { allow: u64, window: Span, keys: Vec<Log> },
    TokenBucket { refill: Refill, burst: u64, keys: Vec<Bucket> },
    Concurrency { allow: u64, keys: Vec<u64> },
}

impl Limiter {
    /// A limit without counters.
    ///
    /// With `rejected_consume` a refused ask spends as well. A fixed window and a bucket lose what
    /// is left and no more than that; a sliding log writes the whole ask down, so that a client
    /// who keeps knocking keeps itself out. A concurrency cap has nothing to spend on a refusal.
    ///
    /// # Panics
    /// Panics when a window is empty or a number of units is above [`MAX_ALLOW`].
    pub fn new(law: Law, rejected_consume: bool) -> Self {
        let counters = match law {
            Law::FixedWindow { allow, window } => {
                Counters::FixedWindow { allow, window, keys: Vec::new() }
            }
            Law::SlidingLog { allow, window } => {
                Counters::SlidingLog { allow, window, keys: Vec::new() }
            }
            Law::TokenBucket { allow, window, burst } => {
                assert!(burst <= MAX_ALLOW, "a burst of {burst} units");
                Counters::TokenBucket { refill: Refill { allow, window }, burst, keys: Vec::new() }
            }
            Law::Concurrency { allow } => Counters::Concurrency { allow, keys: Vec::new() },
        };
        if let Law::FixedWindow { allow, window }
        | Law::SlidingLog { allow, window }
        | Law::TokenBucket { allow, window, .. } = law
        {
            assert!(!window.is_zero(), "a limit of {allow} units in an empty window");
        }
        let limiter = Self { rejected_consume, counters };
        limiter.check_allow();
        limiter
    }

    /// Opens a counter with nothing spent and returns its key; keys count up from 0.
    ///
    /// Fixed windows of this key start at `phase` + k × window for every integer k; `phase` is
    /// taken modulo the window. The other laws have no use for it.
    pub fn open_key(&mut self, phase: Span) -> u32 {
        self.open_key_after(phase, &[])
    }

    /// Opens a counter on which units were spent before the start of time: how long before it, and
    /// how many, the longest ago first.
    ///
    /// They count as if they had been granted then: in a sliding log until they are as old as the
    /// window, in a fixed window where they fall into the one that holds the start of time, in a
    /// bucket less what was refilled since. What a concurrency cap holds has no end that one could
    /// know from the past: it starts with nothing held.
    ///
    /// # Panics
    /// Panics when `past` is out of order.
    pub fn open_key_after(&mut self, phase: Span, past: &[(Span, u64)]) -> u32 {
        assert!(past.is_sorted_by(|a, b| b.0 <= a.0), "a past out of order: {past:?}");
        let key = match &mut self.counters {
            Counters::FixedWindow { window, keys, .. } => {
                keys.push(WindowCounter::new(phase, *window, past));
                keys.len() - 1
            }
            Counters::SlidingLog { window, keys, .. } => {
                keys.push(Log::new(*window, past));
                keys.len() - 1
            }
            Counters::TokenBucket { refill, burst, keys } => {
                keys.push(Bucket::new(*refill, *burst, past));
                keys.len() - 1
            }
            Counters::Concurrency { keys, .. } => {
                keys.push(0);
                keys.len() - 1
            }
        };
        u32::try_from(key).expect("fewer than 2^32 keys")
    }

    /// Asks `key` for `units`; grants all of them if they are left, and else none.
    ///
    /// Zero units are always granted and leave no trace. More than [`Limiter::capacity`] can never
    /// be granted.
    ///
    /// # Panics
    /// Panics when `key` was not opened, or when an earlier call came with a later `now`.
    pub fn ask(&mut self, now: Time, key: u32, units: u64) -> Admission {
        if units == 0 {
            return Admission::Granted;
        }
        let spend_refused = self.rejected_consume;
        let key = key as usize;
        match &mut self.counters {
            Counters::FixedWindow { allow, window, keys } => {
                keys[key].ask(now, units, *allow, *window, spend_refused)
            }
            Counters::SlidingLog { allow, window, keys } => {
                keys[key].ask(now, units, *allow, *window, spend_refused)
            }
            Counters::TokenBucket { refill, burst, keys } => {
                keys[key].ask(now, units, *refill, *burst, spend_refused)
            }
            Counters::Concurrency { allow, keys } => {
                let held = &mut keys[key];
                if allow.saturating_sub(*held) < units {
                    return Admission::Refused { retry_in: None };
                }
                *held += units;
                Admission::Granted
            }
        }
    }

    /// Gives `units` back to a concurrency cap. The other laws count what was asked, not how long
    /// it takes: for them nothing happens.
    ///
    /// # Panics
    /// Panics when `key` was not opened, or when more is given back than is held.
    pub fn release(&mut self, key: u32, units: u64) {
        if let Counters::Concurrency { keys, .. } = &mut self.counters {
            let held = &mut keys[key as usize];
            assert!(units <= *held, "{units} units of key {key} released where {held} are held");
            *held -= units;
        }
    }

    /// Units that `key` would grant at `now`.
    ///
    /// # Panics
    /// Panics when `key` was not opened, or when an earlier ask came with a later `now`.
    pub fn left(&self, now: Time, key: u32) -> u64 {
        let key = key as usize;
        match &self.counters {
            Counters::FixedWindow { allow, window, keys } => {
                allow.saturating_sub(keys[key].spent_in_window_of(now, *window))
            }
            Counters::SlidingLog { allow, keys, .. } => {
                allow.saturating_sub(keys[key].counting(now))
            }
            Counters::TokenBucket { refill, burst, keys } => {
                refill.whole_units(keys[key].level(now, *refill, *burst))
            }
            Counters::Concurrency { allow, keys } => allow.saturating_sub(keys[key]),
        }
    }

    /// Changes `allow` from `now` on, for all keys at once. What is spent stays spent, so that less
    /// may be left than nothing: then nothing is granted until enough has come back. A bucket keeps
    /// its size and its level and refills at the new rate from `now` on.
    ///
    /// Refused asks that spent units (`rejected_consume`) were remembered only as far as they
    /// mattered under the old `allow`: after a rise, those beyond it are forgotten.
    ///
    /// # Panics
    /// Panics when `allow` is above [`MAX_ALLOW`], or an earlier call came with a later `now`.
    pub fn set_allow(&mut self, now: Time, allow: u64) {
        match &mut self.counters {
            Counters::TokenBucket { refill, burst, keys } => {
                for bucket in keys {
                    *bucket = Bucket { level: bucket.level(now, *refill, *burst), settled: now };
                }
                refill.allow = allow;
            }
            Counters::FixedWindow { allow: old, .. }
            | Counters::SlidingLog { allow: old, .. }
            | Counters::Concurrency { allow: old, .. } => *old = allow,
        }
        self.check_allow();
    }

    /// Units of a key that nobody has asked: `allow`, or the burst of a token bucket.
    pub const fn capacity(&self) -> u64 {
        match self.counters {
            Counters::TokenBucket { burst, .. } => burst,
            Counters::FixedWindow { allow, .. }
            | Counters::SlidingLog { allow, .. }
            | Counters::Concurrency { allow, .. } => allow,
        }
    }

    fn check_allow(&self) {
        let allow = match self.counters {
            Counters::TokenBucket { refill, .. } => refill.allow,
            Counters::FixedWindow { allow, .. }
            | Counters::SlidingLog { allow, .. }
            | Counters::Concurrency { allow, .. } => allow,
        };
        assert!(allow <= MAX_ALLOW, "a limit of {allow} units");
    }
}

/// One key of a fixed window.
#[derive(Clone, Debug)]
struct WindowCounter {
    /// The first start of a window at or after the start of time.
    phase: Span,
    /// Number of the window that `spent` belongs to; the one that ends at `phase` is 0.
    window_number: u64,
    /// Units spent in that window.
    spent: u64,
}

impl WindowCounter {
    fn new(phase: Span, window: Span, past: &[(Span, u64)]) -> Self {
        let phase = Span::from_micros(phase.as_micros() % window.as_micros());
        let mut counter = Self { phase, window_number: 0, spent: 0 };
        if !past.is_empty() {
            let (number, lasts) = counter.locate(Time::ZERO, window);
            let inside = past.iter().filter(|&&(ago, _)| ago + lasts <= window);
            (counter.window_number, counter.spent) = (number, inside.map(|it| it.1).sum());
        }
        counter
    }

    /// Number of the window that holds `now`, and how long it still lasts.
    fn locate(&self, now: Time, window: Span) -> (u64, Span) {
        match now.as_micros().checked_sub(self.phase.as_micros()) {
            Some(after) => {
                let (ended, elapsed) = (after / window.as_micros(), after % window.as_micros());
                (ended + 1, window - Span::from_micros(elapsed))
            }
            None => (0, self.phase - Span::from_micros(now.as_micros())),
        }
    }

    fn spent_in_window_of(&self, now: Time, window: Span) -> u64 {
        let (number, _) = self.locate(now, window);
        assert!(self.window_number <= number, "a window asked after its end, at {now:?}");
        if number == self.window_number { self.spent } else { 0 }
    }

    fn ask(
        &mut self,
        now: Time,
        units: u64,
        allow: u64,
        window: Span,
        spend_refused: bool,
    ) -> Admission {
        let (number, lasts) = self.locate(now, window);
        self.spent = self.spent_in_window_of(now, window);
        self.window_number = number;
        if units <= allow.saturating_sub(self.spent) {
            self.spent += units;
            return Admission::Granted;
        }
        if spend_refused {
            // Nothing below zero is left, so what goes beyond `allow` need not be counted.
            self.spent = self.spent.max(allow);
        }
        Admission::Refused { retry_in: (units <= allow).then_some(lasts) }
    }
}

/// One key of a sliding log.
#[derive(Clone, Debug, Default)]
struct Log {
    /// Units by the instant from which they no longer count, a window after they were spent; oldest
    /// first, one entry an instant.
    entries: VecDeque<(Time, u64)>,
    /// Their sum.
    sum: u64,
}

impl Log {
    fn new(window: Span, past: &[(Span, u64)]) -> Self {
        let mut log = Self::default();
        for &(ago, units) in past.iter().filter(|it| it.0 < window && 0 < it.1) {
            log.write(Time::ZERO + (window - ago), units);
        }
        log
    }

    /// Units that count at `now`.
    fn counting(&self, now: Time) -> u64 {
        let expired = self.entries.iter().take_while(|&&(until, _)| until <= now);
        self.sum - expired.map(|&(_, units)| units).sum::<u64>()
    }

    fn forget_oldest(&mut self) {
        if let Some((_, units)) = self.entries.pop_front() {
            self.sum -= units;
        }
    }

    fn ask(
        &mut self,
        now: Time,
        units: u64,
        allow: u64,
        window: Span,
        spend_refused: bool,
    ) -> Admission {
        while let Some(&(until, _)) = self.entries.front()
            && until <= now
        {
            self.forget_oldest();
        }
        // No run lasts so long that the end of a window would overflow.
        let until = Time::from_micros(now.as_micros().saturating_add(window.as_micros()));
        if units <= allow.saturating_sub(self.sum) {
            self.write(until, units);
            return Admission::Granted;
        }
        if spend_refused {
            self.write_refused(until, units, allow);
        }
        Admission::Refused { retry_in: self.retry_in(now, units, allow) }
    }

    fn write(&mut self, until: Time, units: u64) {
        self.sum += units;
        match self.entries.back_mut() {
            Some((last, there)) if *last == until => *there += units,
            _ => self.entries.push_back((until, units)),
        }
    }

    /// Writes a refused ask down and drops what can no longer matter.
    ///
    /// Why dropping is safe: let the newest entries add up to at least `allow`. As long as the
    /// oldest of them counts, all of them count, so nothing is left, with or without the entries
    /// before them. Once it no longer counts, the entries before it, which are older, do not count
    /// either. So entries before such a tail never decide an ask, and neither does what an entry
    /// holds beyond `allow`. Each entry holds a unit or more, and all but the oldest hold less than
    /// `allow` together: the log has at most `allow` entries.
    fn write_refused(&mut self, until: Time, units: u64, allow: u64) {
        let last = self.entries.back();
        let at_now = last.map_or(0, |&(it, there)| if it == until { there } else { 0 });
        let units = units.min(allow.saturating_sub(at_now));
        if units == 0 {
            return;
        }
        self.write(until, units);
        while let Some(&(_, oldest)) = self.entries.front()
            && allow <= self.sum - oldest
        {
            self.forget_oldest();
        }
    }

    /// When enough of the log has run out for `units`, if nothing is added.
    fn retry_in(&self, now: Time, units: u64, allow: u64) -> Option<Span> {
        let may_stay = allow.checked_sub(units)?;
        let mut staying = self.sum;
        for &(until, there) in &self.entries {
            staying -= there;
            if staying <= may_stay {
                return Some(until.since(now));
            }
        }
        None
    }
}

/// `allow` units per window. Levels of buckets are kept in units × microseconds of the window, in
/// which a microsecond refills exactly `allow`: no remainder ever has to be rounded.
#[derive(Clone, Copy, Debug)]
struct Refill {
    allow: u64,
    window: Span,
}

impl Refill {
    fn scaled(self, units: u64) -> u128 {
        u128::from(units) * u128::from(self.window.as_micros())
    }

    /// Units of which nothing is missing; a level is at most a burst of units, so they fit.
    fn whole_units(self, level: u128) -> u64 {
        (level / u128::from(self.window.as_micros())) as u64
    }
}

/// One key of a token bucket.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Level at `settled`, scaled as [`Refill`] says.
    level: u128,
    settled: Time,
}

impl Bucket {
    fn new(refill: Refill, burst: u64, past: &[(Span, u64)]) -> Self {
        let full = refill.scaled(burst);
        let mut bucket = Self { level: full, settled: Time::ZERO };
        for (nth, &(ago, units)) in past.iter().enumerate() {
            let until = past.get(nth + 1).map_or(Span::ZERO, |it| it.0);
            bucket.level = bucket.level.saturating_sub(refill.scaled(units));
            let refilled = u128::from(refill.allow) * u128::from((ago - until).as_micros());
            bucket.level = (bucket.level + refilled).min(full);
        }
        bucket
    }

    fn level(&self, now: Time, refill: Refill, burst: u64) -> u128 {
        let elapsed = now.since(self.settled).as_micros();
        let refilled = u128::from(refill.allow) * u128::from(elapsed);
        (self.level + refilled).min(refill.scaled(burst))
    }

    fn ask(
        &mut self,
        now: Time,
        units: u64,
        refill: Refill,
        burst: u64,
        spend_refused: bool,
    ) -> Admission {
        let asked = refill.scaled(units);
        let level = self.level(now, refill, burst);
        *self = Self { level, settled: now };
        if asked <= level {
            self.level -= asked;
            return Admission::Granted;
        }
        if spend_refused {
            self.level = 0;
        }
        if burst < units || refill.allow == 0 {
            return Admission::Refused { retry_in: None };
        }
        let wait = (asked - self.level).div_ceil(u128::from(refill.allow));
        Admission::Refused { retry_in: u64::try_from(wait).ok().map(Span::from_micros) }
    }
}

#[cfg(test)]
mod tests;
