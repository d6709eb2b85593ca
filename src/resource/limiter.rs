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
use crate::words::words;

/// The most units a limit may allow, so that no sum of units can overflow.
pub const MAX_ALLOW: u64 = 1 << 60;

words! {
    /// How a limit counts.
    pub enum Law {
        /// `allow` units in each window; the windows of a key follow one another from its phase,
        /// and a new window starts with nothing spent.
        ///
        /// Source: Google Artifact Registry's requests per minute (kubernetes-sigs kueue issue
        /// 11414: an outage for the rest of one minute), registry.k8s.io's 2,490 requests per 30 s.
        FixedWindow = "fixed-window",
        /// At most `allow` units in any span as long as the window: units spent at t count at each
        /// instant in [t, t + window) and are free again at t + window.
        ///
        /// Source: Docker Hub's "six hour rolling window" (Docker's blog, October 2020; the exact
        /// algorithm is not published).
        SlidingLog = "sliding-log",
        /// A bucket that starts full with `burst` units and refills evenly with `allow` per window.
        ///
        /// Source: Amazon ECR's API throttling (AWS documentation: rate and bucket size), ghcr.io's
        /// refusals, which name a rate. nginx's `limit_req` with `burst=b nodelay` (Quay) is a
        /// bucket of b + 1.
        TokenBucket = "token-bucket",
        /// At most `allow` units at a time: what was granted is taken until it is released.
        ///
        /// Source: Harbor's `max_upstream_conn`, which answers 429 beyond it.
        Concurrency = "concurrency",
    }
}

/// A law with its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How it counts.
    pub law: Law,
    /// Units per window, or at a time; at most [`MAX_ALLOW`].
    pub allow: u64,
    /// Length of the window, more than zero; zero for a concurrency cap, which has none.
    pub window: Span,
    /// Size of a token bucket, at most [`MAX_ALLOW`]; the other laws have no use for it.
    pub burst: u64,
}

impl Rule {
    /// `allow` units in each `window`.
    pub const fn fixed_window(allow: u64, window: Span) -> Self {
        Self { law: Law::FixedWindow, allow, window, burst: allow }
    }

    /// `allow` units in any span as long as `window`.
    pub const fn sliding_log(allow: u64, window: Span) -> Self {
        Self { law: Law::SlidingLog, allow, window, burst: allow }
    }

    /// A bucket of `burst` units that refills with `allow` per `window`.
    pub const fn token_bucket(allow: u64, window: Span, burst: u64) -> Self {
        Self { law: Law::TokenBucket, allow, window, burst }
    }

    /// `allow` units at a time.
    pub const fn concurrency(allow: u64) -> Self {
        Self { law: Law::Concurrency, allow, window: Span::ZERO, burst: allow }
    }

    /// Units of a key that nobody has asked: `allow`, or the burst of a token bucket.
    pub const fn capacity(self) -> u64 {
        match self.law {
            Law::TokenBucket => self.burst,
            Law::FixedWindow | Law::SlidingLog | Law::Concurrency => self.allow,
        }
    }

    /// Whether it counts per window.
    pub const fn has_windows(self) -> bool {
        match self.law {
            Law::FixedWindow | Law::SlidingLog | Law::TokenBucket => true,
            Law::Concurrency => false,
        }
    }
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
/// use pullstorm::resource::limiter::{Admission, Limiter, Rule};
/// use pullstorm::units::{Span, Time};
///
/// let mut limiter = Limiter::new(Rule::sliding_log(2, Span::from_secs(60)), false);
/// let key = limiter.open_key(Span::ZERO);
/// assert_eq!(limiter.ask(Time::from_secs(5), key, 1), Admission::Granted);
/// assert_eq!(limiter.ask(Time::from_secs(9), key, 1), Admission::Granted);
/// let retry_in = Some(Span::from_secs(55));
/// assert_eq!(limiter.ask(Time::from_secs(10), key, 1), Admission::Refused { retry_in });
/// assert_eq!(limiter.ask(Time::from_secs(65), key, 1), Admission::Granted);
/// ```
#[derive(Clone, Debug)]
pub struct Limiter {
    rule: Rule,
    /// Whether a refused ask spends units all the same.
    rejected_consume: bool,
    keys: Vec<Counter>,
}

/// What a key has spent, as its law remembers it.
#[derive(Clone, Debug)]
enum Counter {
    Window(WindowCounter),
    Log(Log),
    Bucket(Bucket),
    /// Units that are held.
    Held(u64),
}

impl Counter {
    fn new(rule: Rule, phase: Span, past: &[(Span, u64)]) -> Self {
        match rule.law {
            Law::FixedWindow => Self::Window(WindowCounter::new(phase, rule.window, past)),
            Law::SlidingLog => Self::Log(Log::new(rule.window, past)),
            Law::TokenBucket => Self::Bucket(Bucket::new(rule, past)),
            Law::Concurrency => Self::Held(0),
        }
    }
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
    pub fn new(rule: Rule, rejected_consume: bool) -> Self {
        let Rule { allow, window, burst, .. } = rule;
        let limiter = Self { rule, rejected_consume, keys: Vec::new() };
        limiter.check_allow();
        assert!(burst <= MAX_ALLOW, "a burst of {burst} units");
        let is_empty = rule.has_windows() && window.is_zero();
        assert!(!is_empty, "a limit of {allow} units in an empty window");
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
        self.keys.push(Counter::new(self.rule, phase, past));
        u32::try_from(self.keys.len() - 1).expect("fewer than 2^32 keys")
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
        let (rule, spend_refused) = (self.rule, self.rejected_consume);
        match &mut self.keys[key as usize] {
            Counter::Window(counter) => counter.ask(now, units, rule, spend_refused),
            Counter::Log(log) => log.ask(now, units, rule, spend_refused),
            Counter::Bucket(bucket) => bucket.ask(now, units, rule, spend_refused),
            Counter::Held(held) => {
                if rule.allow.saturating_sub(*held) < units {
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
        if let Counter::Held(held) = &mut self.keys[key as usize] {
            assert!(units <= *held, "{units} units of key {key} released where {held} are held");
            *held -= units;
        }
    }

    /// Units that `key` would grant at `now`.
    ///
    /// # Panics
    /// Panics when `key` was not opened, or when an earlier ask came with a later `now`.
    pub fn left(&self, now: Time, key: u32) -> u64 {
        let rule = self.rule;
        match &self.keys[key as usize] {
            Counter::Window(counter) => {
                rule.allow.saturating_sub(counter.spent_in_window_of(now, rule.window))
            }
            Counter::Log(log) => rule.allow.saturating_sub(log.counting(now)),
            Counter::Bucket(bucket) => rule.whole_units(bucket.level(now, rule)),
            Counter::Held(held) => rule.allow.saturating_sub(*held),
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
        for key in &mut self.keys {
            if let Counter::Bucket(bucket) = key {
                *bucket = Bucket { level: bucket.level(now, self.rule), settled: now };
            }
        }
        self.rule.allow = allow;
        self.check_allow();
    }

    /// Units of a key that nobody has asked: `allow`, or the burst of a token bucket.
    pub const fn capacity(&self) -> u64 {
        self.rule.capacity()
    }

    fn check_allow(&self) {
        let allow = self.rule.allow;
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

    fn ask(&mut self, now: Time, units: u64, rule: Rule, spend_refused: bool) -> Admission {
        let Rule { allow, window, .. } = rule;
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

    fn ask(&mut self, now: Time, units: u64, rule: Rule, spend_refused: bool) -> Admission {
        let Rule { allow, window, .. } = rule;
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

/// Levels of buckets are kept in units × microseconds of the window, in which a microsecond refills
/// exactly `allow`: no remainder ever has to be rounded.
impl Rule {
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
    /// Level at `settled`, in units × microseconds of the window.
    level: u128,
    settled: Time,
}

impl Bucket {
    fn new(rule: Rule, past: &[(Span, u64)]) -> Self {
        let full = rule.scaled(rule.burst);
        let mut bucket = Self { level: full, settled: Time::ZERO };
        for (nth, &(ago, units)) in past.iter().enumerate() {
            let until = past.get(nth + 1).map_or(Span::ZERO, |it| it.0);
            bucket.level = bucket.level.saturating_sub(rule.scaled(units));
            let refilled = u128::from(rule.allow) * u128::from((ago - until).as_micros());
            bucket.level = (bucket.level + refilled).min(full);
        }
        bucket
    }

    fn level(&self, now: Time, rule: Rule) -> u128 {
        let elapsed = now.since(self.settled).as_micros();
        let refilled = u128::from(rule.allow) * u128::from(elapsed);
        (self.level + refilled).min(rule.scaled(rule.burst))
    }

    fn ask(&mut self, now: Time, units: u64, rule: Rule, spend_refused: bool) -> Admission {
        let asked = rule.scaled(units);
        let level = self.level(now, rule);
        *self = Self { level, settled: now };
        if asked <= level {
            self.level -= asked;
            return Admission::Granted;
        }
        if spend_refused {
            self.level = 0;
        }
        if rule.burst < units || rule.allow == 0 {
            return Admission::Refused { retry_in: None };
        }
        let wait = (asked - self.level).div_ceil(u128::from(rule.allow));
        Admission::Refused { retry_in: u64::try_from(wait).ok().map(Span::from_micros) }
    }
}

#[cfg(test)]
mod tests;
