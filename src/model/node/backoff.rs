//! The kubelet's image back-off: one ladder per pod and image.
//!
//! Source: client-go `util/flowcontrol/backoff.go` (`Next`, `IsInBackOffSinceUpdate`, `hasExpired`)
//! and kubelet `kubelet.go` (`imageBackOffPeriod` 10 s, `MaxImageBackOff` 300 s, constructor
//! without jitter), read at client-go 32ce75a7 (2026-07-24). The factor is 2; an entry expires when
//! more than twice the longest window has passed since the last failure; a success does not reset
//! it.
//!
//! The same type can jitter (`NewBackOffWithJitter`), which the kubelet does not ask for: the first
//! window grows by a draw from [0, jitter × itself), each later one is twice the last plus a draw
//! from [0, jitter × the last), and the longest window caps the sum, so that ladders which reached
//! the top are in step there but for what they drew on the way.

use crate::units::{Span, Time};

/// First and longest window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// First window.
    pub initial: Span,
    /// Longest window.
    pub max: Span,
}

/// Where one pod and image stand on the ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rung {
    /// Window in force and its end, which is the end of the last failed pull and the window behind
    /// it; `None` before the first failure.
    entry: Option<(Span, Time)>,
}

impl Ladder {
    /// Windows from the first to the longest, without jitter.
    pub fn windows(self) -> Vec<Span> {
        let mut windows = vec![self.initial];
        while let Some(&last) = windows.last()
            && last < self.max
            && !last.is_zero()
        {
            windows.push((last * 2).at_most(self.max));
        }
        windows
    }
}

impl Rung {
    /// Notes a pull that failed at `now`: the next window is twice the last one, up to the longest,
    /// or the first one where the entry had expired. `jitter` draws what is added, given the window
    /// that it is a share of.
    pub fn fail(&mut self, now: Time, ladder: Ladder, jitter: impl FnOnce(Span) -> Span) {
        let window = match self.entry {
            Some(entry) if !expired(now, entry, ladder) => {
                (entry.0 * 2 + jitter(entry.0)).at_most(ladder.max)
            }
            _ => ladder.initial + jitter(ladder.initial),
        };
        self.entry = Some((window, now + window));
    }

    /// A window that was in force before the start of time, and ends then or later.
    pub const fn standing(window: Span, ends: Time) -> Self {
        Self { entry: Some((window, ends)) }
    }

    /// Whether an attempt at `now` is held back. The comparison is strict: at the window's end the
    /// pull goes.
    ///
    /// Windows and sync ticks are both whole seconds, so a pull that failed in no time meets its
    /// window's end to the microsecond. The kubelet compares nanoseconds there, below the model's
    /// resolution; the tie is broken as a clock of double-precision seconds breaks it, which is
    /// what the published test vectors ran on. A pull that takes any time never gets here.
    pub fn holds_back(self, now: Time, ladder: Ladder) -> bool {
        let Some((window, ends)) = self.entry else { return false };
        if expired(now, (window, ends), ladder) {
            return false;
        }
        let tie = || {
            let last = ends.as_micros().checked_sub(window.as_micros()).map(Time::from_micros);
            last.is_some_and(|it| now.as_secs_f64() - it.as_secs_f64() < window.as_secs_f64())
        };
        now < ends || now == ends && tie()
    }

    /// The first instant at which an attempt is not held back.
    pub fn ends(self) -> Time {
        self.entry.map_or(Time::ZERO, |(_, ends)| ends)
    }
}

/// Whether an entry with this window and its end is forgotten at `now`. The last failure was a
/// window before the end, perhaps before the start of time.
fn expired(now: Time, (window, ends): (Span, Time), ladder: Ladder) -> bool {
    ends + ladder.max * 2 < now + window
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: fn(Span) -> Span = |_| Span::ZERO;
    const KUBELET: Ladder = Ladder { initial: Span::from_secs(10), max: Span::from_secs(300) };

    #[test]
    fn windows_double_from_ten_seconds_to_five_minutes() {
        let mut rung = Rung::default();
        let mut now = Time::ZERO;
        for seconds in [10, 20, 40, 80, 160, 300, 300] {
            rung.fail(now, KUBELET, NONE);
            let end = now + Span::from_secs(seconds);
            let before = Time::from_micros(end.as_micros() - 1);
            assert!(rung.holds_back(before, KUBELET));
            assert!(!rung.holds_back(end, KUBELET), "whole seconds are exact in double precision");
            assert_eq!(rung.ends(), end);
            now = end;
        }
    }

    #[test]
    fn an_entry_is_forgotten_more_than_ten_minutes_after_its_last_failure() {
        let mut rung = Rung::default();
        rung.fail(Time::ZERO, KUBELET, NONE);
        rung.fail(Time::from_secs(600), KUBELET, NONE);
        assert_eq!(rung.ends(), Time::from_secs(620), "at 600 s the entry still counts");
        rung.fail(Time::from_secs(1_221), KUBELET, NONE);
        assert_eq!(rung.ends(), Time::from_secs(1_231), "601 s later it does not");
    }

    #[test]
    fn a_window_from_before_the_start_goes_on_as_if_its_failure_had_been_seen() {
        let (window, max) = (Span::from_secs(300), Span::from_secs(300));
        // The failure was 200 s before the start.
        let mut rung = Rung::standing(window, Time::from_secs(100));
        assert!(rung.holds_back(Time::from_micros(99_999_999), KUBELET));
        assert!(!rung.holds_back(Time::from_secs(100), KUBELET));
        rung.fail(Time::from_secs(101), KUBELET, NONE);
        assert_eq!(rung.ends(), Time::from_secs(101) + max, "it stays on the longest window");
        // Another failed 10 s before the start: it is forgotten once 600 s have passed since.
        for (at, next) in [(590, 20), (591, 10)] {
            let mut rung = Rung::standing(Span::from_secs(10), Time::ZERO);
            let at = Time::from_secs(at);
            rung.fail(at, KUBELET, NONE);
            assert_eq!(rung.ends(), at + Span::from_secs(next));
        }
    }

    #[test]
    fn the_windows_of_a_ladder_are_its_rungs() {
        let secs = |of: [u64; 6]| of.map(Span::from_secs).to_vec();
        assert_eq!(KUBELET.windows(), secs([10, 20, 40, 80, 160, 300]));
        let flat = Ladder { initial: Span::ZERO, max: Span::ZERO };
        assert_eq!(flat.windows(), [Span::ZERO]);
    }

    /// Half of the last window is added: 10 + 5, 2 × 15 + 7.5, 2 × 37.5 + 18.75, 2 × 93.75 +
    /// 46.875, 2 × 234.375 + … past the longest.
    #[test]
    fn jitter_is_a_share_of_the_last_window_and_the_longest_window_caps_it() {
        let mut rung = Rung::default();
        let mut now = Time::ZERO;
        for micros in [15_000_000, 37_500_000, 93_750_000, 234_375_000, 300_000_000, 300_000_000] {
            rung.fail(now, KUBELET, Span::half);
            assert_eq!(rung.ends().since(now), Span::from_micros(micros));
            now = rung.ends();
        }
    }
}
