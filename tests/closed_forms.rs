//! The shared parts against results of queueing theory and against their own definitions.
//!
//! Simulated figures are means over independent replications. Each must lie within four standard
//! errors of the closed form, at three fixed seeds, and be sharp: the half-width of its 95 %
//! interval is below 2 % of the closed form. This is verification of the code, not validation of
//! the model.

use proptest::prelude::*;
use pullstorm::engine::calendar::Calendar;
use pullstorm::engine::chance::Chance;
use pullstorm::engine::stats::mean_and_half_width;
use pullstorm::resource::limiter::{Admission, Limiter, Rule};
use pullstorm::resource::pacer::Pacer;
use pullstorm::resource::ports::PortPool;
use pullstorm::resource::station::Station;
use pullstorm::units::{Bandwidth, Bytes, Span, Time};

const SEEDS: [u64; 3] = [1, 42, 20_260_922];
const REPLICATIONS: u32 = 40;

/// What the keyed draws of these tests are for.
const GAP: u64 = 1;
const SERVICE: u64 = 2;

/// Runs the replications of each seed and compares their mean with the closed form.
fn assert_closed_form(what: &str, expected: f64, replication: impl Fn(Chance) -> f64) {
    for seed in SEEDS {
        let figures: Vec<f64> =
            (0..REPLICATIONS).map(|number| replication(Chance::new(seed, number))).collect();
        let (Some(mean), Some(half_width)) = mean_and_half_width(&figures) else {
            panic!("{what}: too few replications");
        };
        // 2.023 is the 97.5 % quantile of Student's t with 39 degrees of freedom.
        let error = half_width / 2.023;
        let said = format!("{what}, seed {seed}: {mean} ± {half_width}, expected {expected}");
        assert!((mean - expected).abs() < 4.0 * error, "{said}");
        assert!(half_width < 0.02 * expected, "too blunt: {said}");
    }
}

/// The instants of a Poisson stream.
fn poisson(chance: Chance, mean_gap: Span) -> impl Iterator<Item = Time> {
    (0..).scan(Time::ZERO, move |now, n| {
        *now = *now + chance.draw(GAP, 0, n).exponential(mean_gap);
        Some(*now)
    })
}

/// A limiter with one key.
fn one_key(rule: Rule) -> Limiter {
    let mut limiter = Limiter::new(rule, false);
    limiter.open_key(Span::ZERO);
    limiter
}

/// Something that admits or turns away.
trait Loss {
    fn admit(&mut self, now: Time) -> bool;
    /// Who was admitted is served.
    fn leave(&mut self, now: Time);
}

impl Loss for Limiter {
    fn admit(&mut self, now: Time) -> bool {
        self.ask(now, 0, 1_000) == Admission::Granted
    }
    fn leave(&mut self, _: Time) {
        self.release(0, 1_000);
    }
}

impl Loss for PortPool {
    fn admit(&mut self, now: Time) -> bool {
        self.take(now)
    }
    fn leave(&mut self, now: Time) {
        self.give_back(now);
    }
}

#[derive(Clone, Copy)]
enum Event {
    Arrived(u64),
    Left,
}

/// The share that `system` turns away of a Poisson stream whose services last exponentially long.
/// What happens before the system has filled is not counted.
fn refused_share(mut system: impl Loss, chance: Chance, mean_gap: Span, mean_service: Span) -> f64 {
    const WARM_UP: u64 = 200;
    const COUNTED: u64 = 15_000;
    let mut calendar = Calendar::new();
    let mut arrivals = poisson(chance, mean_gap);
    let mut refused = 0;
    calendar.schedule(arrivals.next().expect("the stream is endless"), Event::Arrived(0));
    while let Some((now, event)) = calendar.next() {
        match event {
            Event::Arrived(n) => {
                if system.admit(now) {
                    let service = chance.draw(SERVICE, n, 0).exponential(mean_service);
                    calendar.schedule(now + service, Event::Left);
                } else if WARM_UP <= n {
                    refused += 1;
                }
                if n + 1 < WARM_UP + COUNTED {
                    calendar.schedule(
                        arrivals.next().expect("the stream is endless"),
                        Event::Arrived(n + 1),
                    );
                }
            }
            Event::Left => system.leave(now),
        }
    }
    f64::from(refused) / COUNTED as f64
}

/// Erlang's B formula by its recursion: the share lost by `servers` servers under `load` erlang.
fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, c| load * blocked / (f64::from(c) + load * blocked))
}

/// 8 erlang: a service of 100 s asked for every 12.5 s.
const MEAN_GAP: Span = Span::from_millis(12_500);

#[test]
fn a_concurrency_cap_loses_what_erlang_b_says() {
    let expected = erlang_b(10, 8.0);
    // The printed tables' value.
    assert!((expected - 0.121_66).abs() < 1e-5, "{expected}");
    assert_closed_form("concurrency cap", expected, |chance| {
        let cap = one_key(Rule::concurrency(10_000));
        refused_share(cap, chance, MEAN_GAP, Span::from_secs(100))
    });
}

#[test]
fn a_sliding_log_loses_what_erlang_b_says_of_services_as_long_as_its_window() {
    // A grant occupies its units for exactly one window, and the formula only knows the mean.
    assert_closed_form("sliding log", erlang_b(10, 8.0), |chance| {
        let log = one_key(Rule::sliding_log(10_000, Span::from_secs(100)));
        refused_share(log, chance, MEAN_GAP, Span::from_secs(100))
    });
}

#[test]
fn a_port_pool_loses_what_erlang_b_says_of_connections_and_their_hold() {
    // Connections of 40 s on average, held for 60 s more.
    assert_closed_form("port pool", erlang_b(10, 8.0), |chance| {
        let pool = PortPool::new(10, Span::from_secs(60));
        refused_share(pool, chance, MEAN_GAP, Span::from_secs(40))
    });
}

#[test]
fn a_fixed_window_grants_its_allowance_or_the_demand_of_each_window() {
    const ALLOW: u32 = 100;
    const WINDOWS: u64 = 50;
    // The expected smaller one of the allowance and a Poisson demand with a mean of 100:
    // Σ over k < 100 of P(demand > k).
    let mut probability = (-100f64).exp();
    let mut at_most = 0.0;
    let mut expected = 0.0;
    for k in 0..ALLOW {
        at_most += probability;
        expected += 1.0 - at_most;
        probability *= 100.0 / f64::from(k + 1);
    }
    let window = Span::from_secs(60);
    assert_closed_form("fixed window", expected, |chance| {
        let mut limiter = Limiter::new(Rule::fixed_window(u64::from(ALLOW), window), false);
        // Two keys with windows of their own see the same asks.
        let phases = [0u64, 17].map(Span::from_secs);
        let keys = phases.map(|phase| limiter.open_key(phase));
        // Windows that began before the start, and those cut off by the end, do not count.
        let end = Time::ZERO + window * (WINDOWS + 2);
        let mut asked = [(); 2].map(|()| vec![0u32; WINDOWS as usize + 3]);
        let mut granted = asked.clone();
        for now in poisson(chance, window / 100).take_while(|&now| now < end) {
            for (which, phase) in phases.into_iter().enumerate() {
                let since = now.as_micros() + window.as_micros() - phase.as_micros();
                let number = (since / window.as_micros()) as usize;
                asked[which][number] += 1;
                let admission = limiter.ask(now, keys[which], 1);
                granted[which][number] += u32::from(admission == Admission::Granted);
            }
        }
        for (asked, granted) in asked.iter().zip(&granted) {
            for (&asked, &granted) in asked.iter().zip(granted) {
                assert_eq!(granted, asked.min(ALLOW));
            }
        }
        let whole = &granted[1][1..=WINDOWS as usize];
        f64::from(whole.iter().sum::<u32>()) / WINDOWS as f64
    });
}

#[test]
fn a_saturated_token_bucket_grants_its_burst_and_its_rate() {
    // Emptied at once, then asked 60 times a second for an hour where 20 come back. The bucket
    // never comes near full again, so nothing is lost: what was granted and what is left add up.
    for seed in SEEDS {
        let rule = Rule::token_bucket(20, Span::from_secs(1), 100);
        let mut limiter = one_key(rule);
        assert_eq!(limiter.ask(Time::ZERO, 0, 100), Admission::Granted);
        let end = Time::from_secs(3_600);
        let granted = poisson(Chance::new(seed, 0), Span::from_secs(1) / 60)
            .take_while(|&now| now < end)
            .filter(|&now| limiter.ask(now, 0, 1) == Admission::Granted)
            .count() as u64;
        assert_eq!(granted + limiter.left(end, 0), 20 * 3_600, "seed {seed}");
        assert!(limiter.left(end, 0) < 20, "seed {seed}: not saturated");
    }
}

#[test]
fn a_saturated_sliding_log_grants_its_allowance_per_window() {
    // Asked a hundred times as often as allowed: a unit that comes back is soon spent again.
    for seed in SEEDS {
        let window = Span::from_secs(600);
        let mut limiter = one_key(Rule::sliding_log(100, window));
        let end = Time::ZERO + window * 50;
        let granted = poisson(Chance::new(seed, 0), window / 10_000)
            .take_while(|&now| now < end)
            .filter(|&now| limiter.ask(now, 0, 1) == Admission::Granted)
            .count();
        assert!((4_900..=5_000).contains(&granted), "seed {seed}: {granted}");
    }
}

#[test]
fn a_station_under_poisson_jobs_of_one_size_waits_as_pollaczek_and_khinchine_say() {
    // M/D/1 with a service of 1 s and half of the time busy: the mean wait is
    // ρ / (2 (1 − ρ)) × 1 s = 0.5 s.
    const JOBS: u64 = 8_000;
    assert_closed_form("station", 0.5, |chance| {
        let mut station = Station::new(Bandwidth::from_bytes_per_second(1_000_000));
        let mut waited = Span::ZERO;
        for (job, now) in (0..JOBS + 200).zip(poisson(chance, Span::from_secs(2))) {
            let wait = station.serve(now, Bytes(1_000_000)).since(now) - Span::from_secs(1);
            if 200 <= job {
                waited += wait;
            }
        }
        waited.as_secs_f64() / JOBS as f64
    });
}

#[test]
fn a_pacer_with_a_burst_of_one_starts_callers_as_a_station_starts_jobs() {
    for seed in SEEDS {
        let mut pacer = Pacer::new(8, 1);
        let mut station = Station::new(Bandwidth::from_bytes_per_second(8));
        for now in poisson(Chance::new(seed, 0), Span::from_millis(140)).take(10_000) {
            let starts = pacer.next(now);
            let ends = station.serve(now, Bytes(1));
            assert_eq!(starts + Span::from_millis(125), ends, "seed {seed} at {now}");
        }
    }
}

/// Grants of (microseconds since the last ask, units), as (instant, units).
fn grants(limiter: &mut Limiter, asks: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut now = 0;
    let mut granted = Vec::new();
    for &(later, units) in asks {
        now += later;
        if limiter.ask(Time::from_micros(now), 0, units) == Admission::Granted {
            granted.push((now, units));
        }
    }
    granted
}

proptest! {
    #[test]
    fn a_sliding_log_grants_no_window_more_than_its_allowance_and_refuses_no_less(
        allow in 1u64..20, window in 1u64..100,
        asks in prop::collection::vec((0u64..15, 1u64..8), 0..100),
    ) {
        let rule = Rule::sliding_log(allow, Span::from_micros(window));
        let granted = grants(&mut one_key(rule), &asks);
        // The brute-force twin sums the window that ends with each ask.
        let mut now = 0;
        let mut twin: Vec<(u64, u64)> = Vec::new();
        for &(later, units) in &asks {
            now += later;
            let spent: u64 = twin.iter().filter(|&&(t, _)| now < t + window).map(|&(_, u)| u).sum();
            if spent + units <= allow {
                twin.push((now, units));
            }
        }
        prop_assert_eq!(&granted, &twin);
        for start in 0..=now {
            let inside = granted.iter().filter(|&&(t, _)| start <= t && t < start + window);
            prop_assert!(inside.map(|&(_, units)| units).sum::<u64>() <= allow);
        }
    }

    #[test]
    fn a_token_bucket_grants_no_span_more_than_its_burst_and_its_rate(
        allow in 0u64..20, window in 1u64..100, burst in 0u64..20,
        asks in prop::collection::vec((0u64..15, 1u64..8), 0..100),
    ) {
        let rule = Rule::token_bucket(allow, Span::from_micros(window), burst);
        let granted = grants(&mut one_key(rule), &asks);
        for (from, &(start, _)) in granted.iter().enumerate() {
            let mut sum = 0;
            for &(end, units) in &granted[from..] {
                sum += units;
                prop_assert!(sum * window <= burst * window + allow * (end - start));
            }
        }
    }
}
