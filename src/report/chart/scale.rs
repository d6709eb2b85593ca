//! Ticks of axes: round numbers, time in the unit that suits its length.

use crate::report::format;

/// The unit of a time axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeUnit {
    /// Its name.
    pub(super) name: &'static str,
    /// Its length in seconds.
    pub(super) seconds: f64,
}

/// The unit that suits an axis of `seconds`.
pub(super) fn time_unit(seconds: f64) -> TimeUnit {
    let (name, unit) = if seconds <= 180.0 {
        ("seconds", 1.0)
    } else if seconds <= 3.0 * 3_600.0 {
        ("minutes", 60.0)
    } else if seconds <= 72.0 * 3_600.0 {
        ("hours", 3_600.0)
    } else {
        ("days", 86_400.0)
    };
    TimeUnit { name, seconds: unit }
}

/// Ticks of a time axis: seconds and label; about eight.
pub(super) fn time_ticks(seconds: f64) -> Vec<(f64, String)> {
    const STEPS: [f64; 21] = [
        1.0,
        2.0,
        5.0,
        10.0,
        20.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1_800.0,
        3_600.0,
        7_200.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        604_800.0,
        2_419_200.0,
    ];
    let unit = time_unit(seconds).seconds;
    let step = STEPS.into_iter().find(|it| seconds / it <= 10.0).unwrap_or(seconds / 8.0);
    let n = (seconds / step + 1e-9).floor() as u32;
    (0..=n).map(|it| f64::from(it) * step).map(|at| (at, format::decimal(at / unit, 2))).collect()
}

/// The smallest round number that is not below `value`: a good top for an axis.
pub(super) fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10f64.powi(value.log10().floor() as i32);
    let round = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    round.into_iter().map(|it| it * power).find(|it| value <= *it + 1e-12).unwrap_or(10.0 * power)
}

/// Ticks from 0 to `top`, about five: value and label.
pub(super) fn value_ticks(top: f64) -> Vec<(f64, String)> {
    let raw = top / 5.0;
    let power = 10f64.powi(raw.log10().floor() as i32);
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|it| it * power)
        .find(|it| raw <= *it + 1e-12)
        .unwrap_or(raw);
    let n = (top / step + 1e-9).floor() as u32;
    (0..=n)
        .map(|it| f64::from(it) * step)
        .map(|at| (at, format::decimal(at, if step < 1.0 { 3 } else { 1 })))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_in_the_unit_that_suits_its_length() {
        let labels = |seconds| {
            let ticks = time_ticks(seconds);
            let labels: Vec<_> = ticks.into_iter().map(|(_, label)| label).collect();
            (time_unit(seconds).name, labels.join(" "))
        };
        assert_eq!(labels(90.0), ("seconds", "0 10 20 30 40 50 60 70 80 90".into()));
        assert_eq!(labels(600.0), ("minutes", "0 1 2 3 4 5 6 7 8 9 10".into()));
        assert_eq!(labels(21_600.0), ("hours", "0 1 2 3 4 5 6".into()));
        assert_eq!(labels(10_900.0), ("hours", "0 0.5 1 1.5 2 2.5 3".into()));
        assert_eq!(labels(1_209_600.0), ("days", "0 2 4 6 8 10 12 14".into()));
    }

    #[test]
    fn values_have_round_ticks() {
        assert!((round_up(83.0) - 100.0).abs() < 1e-9);
        assert!((round_up(0.23) - 0.25).abs() < 1e-9);
        let labels: Vec<_> = value_ticks(0.25).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0", "0.05", "0.1", "0.15", "0.2", "0.25"]);
    }
}
