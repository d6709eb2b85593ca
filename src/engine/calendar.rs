//! The future event list: events leave it by (time, sequence), so what was scheduled first at one
//! instant happens first. Nothing else breaks ties; fairness among equals is the model's business
//! (a keyed shuffle), not the calendar's.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::units::Time;

/// A future event list with a clock. `schedule` and `next` cost O(log n).
///
/// ```
/// use pullstorm::engine::calendar::Calendar;
/// use pullstorm::units::Time;
///
/// let mut calendar = Calendar::new();
/// calendar.schedule(Time::from_secs(2), "later");
/// calendar.schedule(Time::from_secs(1), "first");
/// calendar.schedule(Time::from_secs(1), "second");
/// let order: Vec<_> = std::iter::from_fn(|| calendar.next()).map(|(_, event)| event).collect();
/// assert_eq!(order, ["first", "second", "later"]);
/// assert_eq!(calendar.now(), Time::from_secs(2));
/// ```
#[derive(Clone, Debug)]
pub struct Calendar<E> {
    now: Time,
    scheduled: u64,
    heap: BinaryHeap<Entry<E>>,
}

#[derive(Clone, Debug)]
struct Entry<E> {
    time: Time,
    sequence: u64,
    event: E,
}

impl<E> Calendar<E> {
    /// An empty calendar at the start of time.
    pub const fn new() -> Self {
        Self { now: Time::ZERO, scheduled: 0, heap: BinaryHeap::new() }
    }

    /// The time of the last event taken.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Events waiting.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether no event waits.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Puts `event` at `time`; [`Time::NEVER`] is never, so the event is dropped.
    ///
    /// # Panics
    /// Panics when `time` is before now: time never runs back.
    pub fn schedule(&mut self, time: Time, event: E) {
        assert!(self.now <= time, "an event at {time:?} scheduled at {:?}", self.now);
        if time == Time::NEVER {
            return;
        }
        self.heap.push(Entry { time, sequence: self.scheduled, event });
        self.scheduled += 1;
    }

    /// The time of the next event.
    pub fn peek(&self) -> Option<Time> {
        self.heap.peek().map(|entry| entry.time)
    }

    /// Takes the next event and moves the clock to it.
    #[expect(
        clippy::should_implement_trait,
        reason = "a calendar is not an iterator: it grows while it is read"
    )]
    pub fn next(&mut self) -> Option<(Time, E)> {
        let Entry { time, event, .. } = self.heap.pop()?;
        debug_assert!(self.now <= time);
        self.now = time;
        Some((time, event))
    }
}

impl<E> Default for Calendar<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed, since the heap hands out its greatest entry.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.sequence).cmp(&(self.time, self.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_calendar_is_a_stable_sort_by_time(times in prop::collection::vec(0u64..50, 0..200)) {
            let mut calendar = Calendar::new();
            for (ordinal, &time) in times.iter().enumerate() {
                calendar.schedule(Time::from_micros(time), ordinal);
            }
            let mut expected: Vec<(u64, usize)> = times.iter().copied().zip(0..).collect();
            expected.sort_by_key(|&(time, _)| time);
            let taken: Vec<(u64, usize)> =
                std::iter::from_fn(|| calendar.next()).map(|(t, e)| (t.as_micros(), e)).collect();
            prop_assert_eq!(taken, expected);
        }
    }

    #[test]
    #[should_panic(expected = "scheduled at")]
    fn nothing_is_scheduled_in_the_past() {
        let mut calendar = Calendar::new();
        calendar.schedule(Time::from_secs(2), ());
        calendar.next();
        calendar.schedule(Time::from_secs(1), ());
    }

    #[test]
    fn never_is_never() {
        let mut calendar = Calendar::new();
        calendar.schedule(Time::NEVER, ());
        assert!(calendar.is_empty());
    }
}
