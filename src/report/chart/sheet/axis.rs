//! Axes of sheets: numbers, linear or logarithmic, times, and named places.

use super::super::scale;
use super::write;
use crate::report::format;

/// Values above this ratio of each other are shown on a logarithmic axis: two decades.
const WIDE: f64 = 100.0;

/// The same for colours, of which fewer can be told apart than lengths.
const WIDE_FOR_COLOURS: f64 = 20.0;

/// An axis.
#[derive(Clone)]
pub(super) struct Axis {
    /// Name and unit.
    pub(super) label: String,
    /// Value at the left or at the bottom.
    pub(super) from: f64,
    /// Value at the right or at the top.
    pub(super) to: f64,
    /// Whether equal distances are equal ratios.
    pub(super) is_log: bool,
    /// Places with a label, in ascending order.
    pub(super) ticks: Vec<(f64, String)>,
    /// Whether the labels are names of places, and not values.
    pub(super) is_named: bool,
}

impl Axis {
    /// Named places of width 1 from 0 on, each labelled in its middle.
    pub(super) fn places<'a>(label: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let ticks: Vec<(f64, String)> =
            names.into_iter().zip(0u32..).map(|(it, n)| (f64::from(n) + 0.5, it.into())).collect();
        let to = ticks.len().max(1) as f64;
        Self { label: label.into(), from: 0.0, to, is_log: false, ticks, is_named: true }
    }

    /// The same from the top down.
    pub(super) fn reversed(mut self) -> Self {
        (self.from, self.to) = (self.to, self.from);
        self
    }

    /// Round numbers around `values`; `signed` ones are differences.
    pub(super) fn linear(
        label: String,
        values: impl IntoIterator<Item = f64>,
        unit: &str,
        signed: bool,
    ) -> Self {
        let (low, high) = range(values);
        let step = step((high - low) / 5.0, unit);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let n = (last - first).round().max(1.0) as u32;
        let marks: Vec<f64> = (0..=n).map(|it| (first + f64::from(it)) * step).collect();
        let ticks = written(&marks, step, unit, signed);
        let (from, to) = (marks[0], marks[marks.len() - 1]);
        Self { label, from, to, is_log: false, ticks, is_named: false }
    }

    /// Round numbers around positive `values`, by their ratios.
    pub(super) fn log(label: &str, values: &[f64], unit: &str) -> Self {
        let (low, high) = range(values.iter().copied());
        let marks = log_marks(unit);
        let below = marks.iter().rposition(|it| *it <= low * (1.0 + 1e-9)).unwrap_or(0);
        let above = marks.iter().position(|it| high * (1.0 - 1e-9) <= *it);
        let above = above.unwrap_or(marks.len() - 1).max(below + 1);
        let shown = &marks[below..=above];
        let ticks = shown.iter().map(|it| (*it, write::value(*it, unit))).collect();
        let (from, to) = (shown[0], shown[shown.len() - 1]);
        let label = format!("{label}, log scale");
        Self { label, from, to, is_log: true, ticks, is_named: false }
    }

    /// The span of `values` and no more, for colours; by their ratios where those are large.
    pub(super) fn colours(label: String, values: &[f64], unit: &str) -> Self {
        let (low, high) = range(values.iter().copied());
        let positive = values.iter().all(|it| 0.0 < *it);
        let mut axis = if positive && WIDE_FOR_COLOURS * low < high {
            let ticks = fine_log_marks(unit).map(|it| (it, write::value(it, unit))).collect();
            let label = format!("{label}, log scale");
            Self { label, ticks, is_log: true, from: low, to: high, is_named: false }
        } else {
            Self::linear(label, [low, high], unit, false)
        };
        (axis.from, axis.to) = (low, high);
        axis.ticks.retain(|it| low <= it.0 && it.0 <= high);
        axis
    }

    /// Logarithmic where `values` ask for it.
    pub(super) fn fitting(label: String, values: &[f64], unit: &str) -> Self {
        if is_wide(values) {
            return Self::log(&label, values, unit);
        }
        let (low, high) = range(values.iter().copied());
        // An axis that begins near 0 begins there: the eye compares heights.
        let zero = (0.0 < low && low < 0.5 * high).then_some(0.0);
        Self::linear(label, values.iter().copied().chain(zero), unit, false)
    }

    /// The numbers of a sweep, labelled as they were written.
    pub(super) fn swept(label: &str, numbers: &[f64], labels: &[String], is_log: bool) -> Self {
        let (low, high) = range(numbers.iter().copied());
        let mut ticks: Vec<(f64, String)> =
            numbers.iter().copied().zip(labels.iter().cloned()).collect();
        ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let label = if is_log { format!("{label}, log scale") } else { label.to_owned() };
        Self { label, from: low, to: high, is_log, ticks, is_named: false }
    }

    /// Seconds from 0 to `seconds`.
    pub(super) fn time(seconds: f64) -> Self {
        let unit = scale::time_unit(seconds);
        Self {
            label: format!("time since the start ({})", unit.name),
            from: 0.0,
            to: seconds,
            is_log: false,
            ticks: scale::time_ticks(seconds),
            is_named: false,
        }
    }

    /// Where `value` stands between both ends, from 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }
}

/// Whether positive values are so far apart that only their ratios can be shown.
pub(super) fn is_wide(values: &[f64]) -> bool {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    0.0 < low && WIDE * low < high
}

/// Least and greatest of the finite values, apart from each other.
fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for it in values.into_iter().filter(|it| it.is_finite()) {
        low = low.min(it);
        high = high.max(it);
    }
    if high < low {
        return (0.0, 1.0);
    }
    if high - low <= 1e-9 * high.abs().max(low.abs()) {
        // A single value stands in the middle.
        let half = if low == 0.0 { 1.0 } else { 0.5 * low.abs() };
        return (low - half, high + half);
    }
    (low, high)
}

/// The smallest round step that is not below `raw`; of times, one that people count in.
fn step(raw: f64, unit: &str) -> f64 {
    const TIMES: [f64; 17] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
        7_200.0, 14_400.0, 21_600.0, 43_200.0,
    ];
    if unit == "seconds" && 0.5 < raw {
        if let Some(it) = TIMES.into_iter().find(|it| raw <= *it) {
            return it;
        }
        return 86_400.0 * decimal_step(raw / 86_400.0);
    }
    decimal_step(raw)
}

fn decimal_step(raw: f64) -> f64 {
    let power = 10f64.powi(raw.log10().floor() as i32);
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|it| it * power);
    steps.into_iter().find(|it| raw <= *it * (1.0 + 1e-12)).unwrap_or(raw)
}

/// Labels of `marks`, with as many decimals as it takes to tell them apart; `signed` ones are of
/// differences.
fn written(marks: &[f64], step: f64, unit: &str, signed: bool) -> Vec<(f64, String)> {
    // What is 0 but for rounding is 0.
    let clean = |it: f64| if it.abs() < 1e-9 * step { 0.0 } else { it };
    let marks: Vec<f64> = marks.iter().map(|it| clean(*it)).collect();
    let mut labels = vec![];
    if matches!(unit, "seconds" | "bytes") {
        labels = marks.iter().map(|it| format::quantity(*it, unit)).collect();
    }
    if labels.windows(2).any(|it| it[0] == it[1]) || labels.is_empty() {
        let greatest = marks.iter().fold(0.0f64, |it, mark| it.max(mark.abs()));
        let (scale, sign) = match unit {
            "share" if signed => (100.0, " pp"),
            "share" => (100.0, "%"),
            "seconds" => (1.0, "s"),
            "bytes" => (1.0, " B"),
            _ => write::prefix(greatest),
        };
        let is_whole = |it: f64| (it - it.round()).abs() < 1e-6 * it.abs().max(1.0);
        let decimals =
            (0..9).find(|it| is_whole(step * scale * 10f64.powi(*it))).unwrap_or(9) as usize;
        labels = marks.iter().map(|it| format::decimal(it * scale, decimals) + sign).collect();
    }
    let plus = |mark: f64| if signed && 0.0 < mark { "+" } else { "" };
    marks.into_iter().zip(labels).map(|(mark, it)| (mark, plus(mark).to_owned() + &it)).collect()
}

/// Round numbers close to each other by their ratios.
fn fine_log_marks(unit: &str) -> impl Iterator<Item = f64> {
    const TIMES: [f64; 18] = [
        1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0,
        43_200.0, 86_400.0, 172_800.0, 432_000.0, 864_000.0,
    ];
    let times: &[f64] = if unit == "seconds" { &TIMES } else { &[] };
    let (least, most) = if unit == "seconds" { (-6, 0) } else { (-9, 19) };
    let decades = (least..most).map(|it| 10f64.powi(it));
    decades.flat_map(|it| [it, 2.0 * it, 5.0 * it]).chain(times.iter().copied())
}

/// Where a logarithmic axis of `unit` can have ticks.
fn log_marks(unit: &str) -> Vec<f64> {
    if unit == "seconds" {
        return vec![
            1e-6,
            1e-5,
            1e-4,
            1e-3,
            1e-2,
            0.1,
            1.0,
            10.0,
            60.0,
            600.0,
            3_600.0,
            21_600.0,
            86_400.0,
            864_000.0,
            8_640_000.0,
            86_400_000.0,
        ];
    }
    (-9..=18).map(|it| 10f64.powi(it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> String {
        let labels: Vec<&str> = axis.ticks.iter().map(|it| it.1.as_str()).collect();
        labels.join(" ")
    }

    fn linear(values: &[f64], unit: &str, signed: bool) -> String {
        labels(&Axis::linear(String::new(), values.iter().copied(), unit, signed))
    }

    #[test]
    fn ticks_are_round_numbers_around_the_values_in_their_unit() {
        assert_eq!(linear(&[0.0, 83.0], "", false), "0 20 40 60 80 100");
        assert_eq!(linear(&[-1_204.0, 310.0], "", true), "-1,500 -1,000 -500 0 +500");
        assert_eq!(linear(&[0.0, 0.23], "share", false), "0% 5% 10% 15% 20% 25%");
        assert_eq!(linear(&[-0.02, 0.01], "share", true), "-2 pp -1 pp 0 pp +1 pp");
        assert_eq!(linear(&[0.0, 500.0], "seconds", false), "0s 2m 4m 6m 8m 10m");
        assert_eq!(linear(&[0.0, 4e9], "bytes", false), "0 B 1 GB 2 GB 3 GB 4 GB");
        assert_eq!(linear(&[0.0, 2.4e6], "", false), "0M 0.5M 1M 1.5M 2M 2.5M");
    }

    #[test]
    fn ticks_that_are_close_get_the_decimals_that_tell_them_apart() {
        assert_eq!(linear(&[21_600.0, 21_600.1], "seconds", false).matches('s').count(), 6);
        assert_eq!(linear(&[0.0, 0.01], "", false), "0 0.002 0.004 0.006 0.008 0.01");
        assert_eq!(linear(&[0.999, 1.0], "share", false), "99.9% 99.92% 99.94% 99.96% 99.98% 100%");
    }

    #[test]
    fn an_axis_spans_its_values_whatever_they_are() {
        for values in [&[][..], &[0.0], &[5.0], &[-5.0, -5.0], &[1e-12], &[1e300], &[f64::NAN]] {
            let axis = Axis::linear(String::new(), values.iter().copied(), "", false);
            assert!(axis.from < axis.to, "{values:?}");
            assert!(axis.ticks.len() < 12, "{values:?}");
            for it in values.iter().filter(|it| it.is_finite()) {
                assert!(axis.from <= *it && *it <= axis.to, "{values:?}");
            }
        }
    }

    #[test]
    fn values_over_more_than_two_decades_are_shown_by_their_ratios() {
        let axis = Axis::fitting("t".into(), &[4.0, 4_000.0], "seconds");
        assert!(axis.is_log);
        assert_eq!(labels(&axis), "1s 10s 1m 10m 1h 6h");
        assert_eq!(axis.label, "t, log scale");
        assert!((axis.share(4.0) - 4f64.ln() / 21_600f64.ln()).abs() < 1e-12);
        assert!(!Axis::fitting(String::new(), &[0.0, 4_000.0], "seconds").is_log);
        assert!(!Axis::fitting(String::new(), &[40.0, 4_000.0], "seconds").is_log);
    }
}
