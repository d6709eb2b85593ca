//! Hand-computed cases, and every law against a slow, obvious twin.

use super::*;
use proptest::prelude::*;

const GRANTED: Admission = Admission::Granted;

fn refused(micros: u64) -> Admission {
    Admission::Refused { retry_in: Some(Span::from_micros(micros)) }
}

fn one_key(rule: Rule, rejected_consume: bool) -> Limiter {
    let mut limiter = Limiter::new(rule, rejected_consume);
    assert_eq!(limiter.open_key(Span::ZERO), 0);
    limiter
}

/// The limiter's answers to (microsecond, units), all to key 0.
fn answers(limiter: &mut Limiter, asks: &[(u64, u64)]) -> Vec<Admission> {
    asks.iter().map(|&(now, units)| limiter.ask(Time::from_micros(now), 0, units)).collect()
}

/// The slow, obvious twin: it remembers everything and recounts at each ask.
struct Twin {
    rule: Rule,
    rejected_consume: bool,
    phase: u64,
    /// What was spent when, oldest first.
    spent: Vec<(u64, u64)>,
    /// Token bucket: level in units × microseconds of the window, and at which microsecond.
    level: u64,
    stepped_to: u64,
}

impl Twin {
    fn new(rule: Rule, rejected_consume: bool, phase: Span) -> Self {
        let level = rule.burst * rule.window.as_micros();
        let phase = phase.as_micros();
        Self { rule, rejected_consume, phase, spent: Vec::new(), level, stepped_to: 0 }
    }

    fn left(&mut self, now: u64) -> u64 {
        let since = |start: u64| {
            self.spent.iter().filter(|&&(t, _)| start <= t).map(|&(_, units)| units).sum()
        };
        let Rule { allow, window, burst, .. } = self.rule;
        match self.rule.law {
            Law::FixedWindow => {
                let is_start = |t: &u64| t.abs_diff(self.phase).is_multiple_of(window.as_micros());
                let start = (0..=now).rev().find(is_start).unwrap_or(0);
                allow.saturating_sub(since(start))
            }
            Law::SlidingLog => {
                allow.saturating_sub(since((now + 1).saturating_sub(window.as_micros())))
            }
            Law::TokenBucket => {
                while self.stepped_to < now {
                    self.level = (self.level + allow).min(burst * window.as_micros());
                    self.stepped_to += 1;
                }
                self.level / window.as_micros()
            }
            Law::Concurrency => allow.saturating_sub(since(0)),
        }
    }

    fn ask(&mut self, now: u64, units: u64) -> bool {
        let granted = units <= self.left(now);
        if granted || self.rejected_consume {
            self.spent.push((now, units));
            self.level = self.level.saturating_sub(units * self.rule.window.as_micros());
        }
        granted
    }
}

fn rules() -> impl Strategy<Value = Rule> {
    let window = || (1u64..30).prop_map(Span::from_micros);
    prop_oneof![
        (0u64..12, window()).prop_map(|(allow, window)| Rule::fixed_window(allow, window)),
        (0u64..12, window()).prop_map(|(allow, window)| Rule::sliding_log(allow, window)),
        (0u64..12, window(), 0u64..12)
            .prop_map(|(allow, window, burst)| Rule::token_bucket(allow, window, burst)),
    ]
}

/// (microseconds since the last ask, units).
fn asks() -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((0u64..9, 0u64..6), 0..80)
}

fn never_granted(rule: Rule, units: u64) -> bool {
    match rule.law {
        Law::FixedWindow | Law::SlidingLog => rule.allow < units,
        Law::TokenBucket => rule.burst < units || rule.allow == 0,
        Law::Concurrency => true,
    }
}

proptest! {
    #[test]
    fn every_law_answers_as_its_slow_twin(
        rule in rules(), rejected_consume: bool, phase in 0u64..70, asks in asks(),
    ) {
        let phase = Span::from_micros(phase);
        let mut twin = Twin::new(rule, rejected_consume, phase);
        let mut limiter = Limiter::new(rule, rejected_consume);
        let other = limiter.open_key(Span::ZERO);
        let key = limiter.open_key(phase);
        let mut now = 0;
        for (later, units) in asks {
            now += later;
            let at = Time::from_micros(now);
            prop_assert_eq!(limiter.left(at, key), twin.left(now));
            let granted = limiter.ask(at, key, units) == GRANTED;
            prop_assert_eq!(granted, twin.ask(now, units), "{} units at {}", units, now);
            prop_assert_eq!(limiter.left(at, key), twin.left(now));
            prop_assert_eq!(limiter.left(at, other), limiter.capacity());
        }
    }

    #[test]
    fn retry_in_is_the_first_instant_that_grants(
        rule in rules(), rejected_consume: bool, phase in 0u64..70, asks in asks(),
    ) {
        let mut limiter = Limiter::new(rule, rejected_consume);
        let key = limiter.open_key(Span::from_micros(phase));
        let mut now = 0;
        for (later, units) in asks {
            now += later;
            let at = Time::from_micros(now);
            let Admission::Refused { retry_in } = limiter.ask(at, key, units) else {
                continue;
            };
            prop_assert_eq!(retry_in.is_none(), never_granted(rule, units));
            let Some(retry_in) = retry_in else { continue };
            prop_assert!(!retry_in.is_zero());
            let too_soon = at + (retry_in - Span::from_micros(1));
            prop_assert_ne!(limiter.clone().ask(too_soon, key, units), GRANTED);
            prop_assert_eq!(limiter.clone().ask(at + retry_in, key, units), GRANTED);
        }
    }

    /// Starting the clock in the middle changes nothing: what was granted before is the past.
    #[test]
    fn a_counter_with_a_past_goes_on_as_one_that_lived_it(
        rule in rules(), before in asks(), after in asks(), phase in 0u64..60,
    ) {
        let mut lived = Limiter::new(rule, false);
        lived.open_key(Span::from_micros(phase));
        let (mut now, mut granted) = (0, Vec::new());
        for (gap, units) in before {
            now += gap;
            if lived.ask(Time::from_micros(now), 0, units) == GRANTED {
                granted.push((now, units));
            }
        }
        let start = now;
        let past: Vec<_> =
            granted.iter().map(|&(at, units)| (Span::from_micros(start - at), units)).collect();
        let window = rule.window.as_micros().max(1);
        let mut told = Limiter::new(rule, false);
        let phase = phase + (start / window + 1) * window - start;
        told.open_key_after(Span::from_micros(phase), &past);
        for (gap, units) in after {
            now += gap;
            let here = Time::from_micros(now - start);
            prop_assert_eq!(told.left(here, 0), lived.left(Time::from_micros(now), 0));
            prop_assert_eq!(told.ask(here, 0, units), lived.ask(Time::from_micros(now), 0, units));
        }
    }

    #[test]
    fn a_changed_allowance_binds_as_in_the_slow_twin(
        rule in rules(), asks in prop::collection::vec((0u64..9, 0u64..6, 0u64..40), 0..80),
    ) {
        let mut twin = Twin::new(rule, false, Span::ZERO);
        let mut limiter = one_key(rule, false);
        let mut now = 0;
        for (later, units, change) in asks {
            now += later;
            let at = Time::from_micros(now);
            if change < 12 {
                limiter.set_allow(at, change);
                twin.left(now);
                twin.rule.allow = change;
            }
            prop_assert_eq!(limiter.left(at, 0), twin.left(now));
            prop_assert_eq!(limiter.ask(at, 0, units) == GRANTED, twin.ask(now, units));
        }
    }

    #[test]
    fn a_concurrency_cap_counts_what_is_held(
        allow in 0u64..12, asks in prop::collection::vec((0u64..6, any::<bool>()), 0..80),
    ) {
        let mut limiter = one_key(Rule::concurrency(allow), true);
        let mut held: Vec<u64> = Vec::new();
        for (units, release_first) in asks {
            if release_first && !held.is_empty() {
                limiter.release(0, held.remove(0));
            }
            let left = allow - held.iter().sum::<u64>();
            prop_assert_eq!(limiter.left(Time::ZERO, 0), left);
            match limiter.ask(Time::ZERO, 0, units) {
                Admission::Granted => held.push(units),
                Admission::Refused { retry_in } => {
                    prop_assert!(left < units);
                    prop_assert_eq!(retry_in, None);
                }
            }
            prop_assert!(held.iter().sum::<u64>() <= allow);
        }
    }
}

#[test]
fn a_fixed_window_starts_afresh_at_each_boundary_of_its_key() {
    let rule = Rule::fixed_window(2, Span::from_micros(10));
    let mut limiter = Limiter::new(rule, false);
    // Phase 23 is phase 3: windows [-7, 3), [3, 13), [13, 23).
    limiter.open_key(Span::from_micros(23));
    let asks = [(0, 2), (1, 1), (2, 1), (3, 1), (12, 1), (12, 1), (13, 2)];
    let expected = [GRANTED, refused(2), refused(1), GRANTED, GRANTED, refused(1), GRANTED];
    assert_eq!(answers(&mut limiter, &asks), expected);
    assert_eq!(limiter.left(Time::from_micros(22), 0), 0);
    assert_eq!(limiter.left(Time::from_micros(23), 0), 2);
    assert_eq!(limiter.left(Time::from_micros(1_000), 0), 2);
}

#[test]
fn a_sliding_log_frees_units_one_window_after_they_were_spent() {
    let mut limiter = one_key(Rule::sliding_log(3, Span::from_micros(10)), false);
    let asks = [(0, 1), (4, 2), (9, 2), (10, 2), (10, 1), (14, 2)];
    let expected = [GRANTED, GRANTED, refused(5), refused(4), GRANTED, GRANTED];
    assert_eq!(answers(&mut limiter, &asks), expected);
}

#[test]
fn a_refused_ask_that_consumes_keeps_its_client_out_of_a_sliding_log() {
    let rule = Rule::sliding_log(2, Span::from_micros(10));
    let mut knocking = one_key(rule, true);
    assert_eq!(knocking.ask(Time::ZERO, 0, 2), GRANTED);
    for now in 1..=1_000 {
        // The log holds the ask before and this one: this one's unit counts as well, so the
        // next unit is there when the ask before runs out.
        assert_eq!(knocking.ask(Time::from_micros(now), 0, 1), refused(9), "at {now}");
    }
    let mut waiting = one_key(rule, true);
    assert_eq!(answers(&mut waiting, &[(0, 2), (1, 1), (11, 2)]), [GRANTED, refused(9), GRANTED]);
}

#[test]
fn a_sliding_log_stays_bounded_however_often_refused_clients_knock() {
    let mut limiter = one_key(Rule::sliding_log(5, Span::from_secs(1)), true);
    for now in 0..10_000 {
        limiter.ask(Time::from_micros(now / 2), 0, 1 + now % 3 * (u64::MAX >> 2));
    }
    let Counter::Log(log) = &limiter.keys[0] else { unreachable!() };
    assert!(log.entries.len() <= 5, "{log:?}");
    assert_eq!(log.sum, log.entries.iter().map(|&(_, units)| units).sum::<u64>());
}

#[test]
fn a_token_bucket_refills_without_drift() {
    // 7 units in 3 microseconds: unit k of an empty bucket is there after ceil(3k / 7).
    let rule = Rule::token_bucket(7, Span::from_micros(3), 100);
    let mut limiter = one_key(rule, false);
    assert_eq!(limiter.ask(Time::ZERO, 0, 100), GRANTED);
    assert_eq!(limiter.ask(Time::ZERO, 0, 1), refused(1));
    assert_eq!(limiter.ask(Time::ZERO, 0, 100), refused(43));
    let granted: u64 = (1..=300_000)
        .map(|now| {
            let now = Time::from_micros(now);
            let left = limiter.left(now, 0);
            assert_eq!(limiter.ask(now, 0, left), GRANTED);
            left
        })
        .sum();
    assert_eq!(granted, 700_000);
}

#[test]
fn a_refused_ask_that_consumes_empties_a_bucket_and_a_window_but_goes_no_lower() {
    let window = Span::from_micros(10);
    let mut bucket = one_key(Rule::token_bucket(10, window, 5), true);
    let asks = [(0, 3), (0, 4), (1, 1), (1, 1), (3, 6), (4, 2), (6, 2)];
    // 2 are left, 4 asked: none left. One comes each microsecond.
    let expected = [
        GRANTED,
        refused(4),
        GRANTED,
        refused(1),
        Admission::Refused { retry_in: None },
        refused(2),
        GRANTED,
    ];
    assert_eq!(answers(&mut bucket, &asks), expected);
    let mut fixed = one_key(Rule::fixed_window(5, window), true);
    let asks = [(0, 3), (1, 4), (2, 1), (10, 5)];
    assert_eq!(answers(&mut fixed, &asks), [GRANTED, refused(9), refused(8), GRANTED]);
}

#[test]
fn what_can_never_be_granted_says_so() {
    let window = Span::from_secs(1);
    for rule in [
        Rule::fixed_window(5, window),
        Rule::sliding_log(5, window),
        Rule::token_bucket(1, window, 5),
        Rule::concurrency(5),
    ] {
        let mut limiter = one_key(rule, false);
        assert_eq!(limiter.capacity(), 5);
        for units in [6, u64::MAX] {
            let never = Admission::Refused { retry_in: None };
            assert_eq!(limiter.ask(Time::ZERO, 0, units), never, "{rule:?}");
        }
        assert_eq!(limiter.ask(Time::ZERO, 0, 5), GRANTED);
    }
}

/// A hundred of a hundred spent 5 h 10 min ago in a window of 6 h: nothing before 50 min, all then.
#[test]
fn what_a_sliding_log_spent_before_the_start_is_free_a_window_after_it_was_spent() {
    let (minutes, rule) = (
        |it| Span::from_secs(it * 60),
        |allow| Rule::sliding_log(allow, Span::from_secs(6 * 3_600)),
    );
    let mut limiter = Limiter::new(rule(100), false);
    limiter.open_key_after(Span::ZERO, &[(minutes(310), 100)]);
    let at = |it: u64| Time::from_micros(it);
    let end = minutes(50).as_micros();
    assert_eq!(limiter.ask(at(0), 0, 1), refused(end));
    assert_eq!(limiter.ask(at(end - 1), 0, 1), refused(1));
    assert_eq!(limiter.left(at(end), 0), 100);
    assert_eq!(limiter.ask(at(end), 0, 100), GRANTED);
    // 60 come back at 10 min, 30 more at 5 h; what is as old as the window counts no more.
    let past = [(minutes(360), 10), (minutes(350), 60), (minutes(60), 30), (Span::ZERO, 5)];
    let mut limiter = Limiter::new(rule(100), false);
    limiter.open_key_after(Span::ZERO, &past);
    let left = |it: u64| limiter.left(Time::ZERO + minutes(it), 0);
    assert_eq!([0, 9, 10, 299, 300, 359, 360].map(left), [5, 5, 65, 65, 95, 95, 100]);
}

#[test]
fn what_a_fixed_window_spent_before_the_start_counts_in_the_window_that_holds_it() {
    let (seconds, rule) = (Span::from_secs, Rule::fixed_window(10, Span::from_secs(60)));
    // The window began 20 s before the start: it takes what was spent since, and ends at 40 s.
    let past = [(seconds(21), 9), (seconds(20), 4), (seconds(1), 3)];
    let mut limiter = Limiter::new(rule, false);
    limiter.open_key_after(seconds(40), &past);
    assert_eq!(limiter.left(Time::ZERO, 0), 3);
    assert_eq!(limiter.ask(Time::ZERO, 0, 4), refused(40_000_000));
    assert_eq!(limiter.left(Time::from_secs(40), 0), 10);
    // One that begins with the start takes what was spent at it.
    limiter.open_key_after(Span::ZERO, &[(seconds(1), 5), (Span::ZERO, 2)]);
    assert_eq!(limiter.left(Time::from_secs(59), 1), 8);
    assert_eq!(limiter.left(Time::from_secs(60), 1), 10);
}

/// 4 units a minute, 10 at most: emptied 90 s before the start and refilled by 6; 3 more are spent.
#[test]
fn a_bucket_is_refilled_since_what_was_spent_before_the_start() {
    let (allow, window, burst) = (4, Span::from_secs(60), 10);
    let mut limiter = Limiter::new(Rule::token_bucket(allow, window, burst), false);
    limiter.open_key_after(Span::ZERO, &[(Span::from_secs(90), 11), (Span::ZERO, 3)]);
    assert_eq!(limiter.left(Time::ZERO, 0), 3);
    assert_eq!(limiter.left(Time::from_secs(15), 0), 4);
}

#[test]
#[should_panic(expected = "out of order")]
fn a_past_comes_in_order() {
    let mut limiter = one_key(Rule::sliding_log(3, Span::from_secs(1)), false);
    limiter.open_key_after(Span::ZERO, &[(Span::ZERO, 1), (Span::from_micros(1), 1)]);
}

#[test]
fn nothing_is_always_granted_and_leaves_no_trace() {
    let window = Span::from_secs(1);
    let mut limiter = one_key(Rule::sliding_log(0, window), true);
    assert_eq!(limiter.ask(Time::from_secs(9), 0, 0), GRANTED);
    // No trace: not even of the time.
    assert_eq!(limiter.left(Time::from_secs(1), 0), 0);
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let window = Span::from_micros(u64::MAX);
    let (allow, burst) = (MAX_ALLOW, MAX_ALLOW);
    for rule in [
        Rule::fixed_window(allow, window),
        Rule::sliding_log(allow, window),
        Rule::token_bucket(allow, window, burst),
    ] {
        for rejected_consume in [false, true] {
            let mut limiter = one_key(rule, rejected_consume);
            for now in [0, 0, 1, 2, u64::MAX - 1, u64::MAX - 1] {
                let now = Time::from_micros(now);
                limiter.ask(now, 0, MAX_ALLOW);
                limiter.ask(now, 0, u64::MAX);
                assert!(limiter.left(now, 0) <= MAX_ALLOW);
            }
        }
    }
}

#[test]
fn releasing_is_nothing_to_laws_that_count_asks() {
    let rule = Rule::fixed_window(1, Span::from_secs(1));
    let mut limiter = one_key(rule, false);
    assert_eq!(limiter.ask(Time::ZERO, 0, 1), GRANTED);
    limiter.release(0, 1);
    assert_eq!(limiter.left(Time::ZERO, 0), 0);
}

#[test]
#[should_panic(expected = "released where 1 are held")]
fn more_than_is_held_cannot_be_released() {
    let mut limiter = one_key(Rule::concurrency(3), false);
    limiter.ask(Time::ZERO, 0, 1);
    limiter.release(0, 2);
}

#[test]
#[should_panic(expected = "empty window")]
fn an_empty_window_is_refused() {
    Limiter::new(Rule::sliding_log(1, Span::ZERO), false);
}
