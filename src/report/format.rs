//! How figures are written for people: spans as `1m48s`, counts as `4,210`, shares as `12.5%`.

use crate::experiment::MetricSummary;
use crate::model::record::measure::Unit;

/// What stands for a value that does not exist.
pub const NOTHING: &str = "—";

/// A span of `seconds` for people: `85ms`, `7.2s`, `1m48s`, `5h58m`, `2d4h`.
pub fn seconds(seconds: f64) -> String {
    if !seconds.is_finite() {
        return NOTHING.into();
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = seconds.abs();
    if seconds == 0.0 {
        return "0s".into();
    }
    if seconds < 0.0995 {
        return format!("{sign}{}ms", decimal(seconds * 1000.0, 1));
    }
    if seconds < 59.95 {
        return format!("{sign}{}s", decimal(seconds, 1));
    }
    let whole = seconds.round() as u64;
    if whole < 3_600 {
        return sign.to_owned() + &two_units(whole / 60, "m", whole % 60, "s");
    }
    let minutes = (seconds / 60.0).round() as u64;
    if minutes < 48 * 60 {
        return sign.to_owned() + &two_units(minutes / 60, "h", minutes % 60, "m");
    }
    let hours = (seconds / 3600.0).round() as u64;
    sign.to_owned() + &two_units(hours / 24, "d", hours % 24, "h")
}

fn two_units(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large}{large_unit}")
    } else {
        format!("{large}{large_unit}{small}{small_unit}")
    }
}

/// `value` with at most `decimals` decimals and no zeros at the end, thousands set apart.
pub fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NOTHING.into();
    }
    let text = format!("{value:.decimals$}");
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut out = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if 0 < position && (whole.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    if out == "0" { out } else { sign.to_owned() + &out }
}

/// A digest as it is written everywhere: 16 hexadecimal digits.
pub(crate) fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

/// A count or mean count: whole where it is large, one decimal where a mean of few needs it.
pub fn count(value: f64) -> String {
    decimal(value, usize::from(value.abs() < 100.0))
}

/// So many points of a sweep.
pub fn points(count: usize) -> String {
    if count == 1 { "1 point".into() } else { format!("{} points", decimal(count as f64, 0)) }
}

/// A share of 1 in percent: `12.5%`, `0.03%`.
pub fn share(value: f64) -> String {
    let percent = value * 100.0;
    if 0.0 < percent && percent < 0.01 {
        return "<0.01%".into();
    }
    let small = percent != 0.0 && percent.abs() < 0.1;
    // 99.97% must not read as all of it.
    let nearly_all = (99.95..100.0).contains(&percent);
    format!("{}%", decimal(percent, if small || nearly_all { 2 } else { 1 }))
}

/// A change as a share of what was before, with its sign: `-12.5%`, `+3%`; as a factor from ten
/// times more on: `×11`.
pub fn relative(change: f64) -> String {
    if 10.0 <= change {
        return format!("×{}", decimal(1.0 + change, 0));
    }
    let text = share(change.abs());
    match text.as_str() {
        "0%" => text,
        _ if change < 0.0 => format!("-{text}"),
        _ => format!("+{text}"),
    }
}

/// Bytes with a decimal prefix: `1.2 GB`.
pub fn bytes(value: f64) -> String {
    for (scale, unit) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")] {
        if scale <= value.abs() {
            return format!("{} {unit}", decimal(value / scale, 1));
        }
    }
    format!("{} B", decimal(value, 0))
}

/// `value` in `unit`, for people.
pub fn quantity(value: f64, unit: &str) -> String {
    match unit {
        "seconds" => seconds(value),
        "share" => share(value),
        "bytes" => bytes(value),
        _ => count(value),
    }
}

/// A metric over the replications: `1m48s ± 6s`, `—`, `>6h (censored in 3 of 20)`.
///
/// `beyond` is what a censored value exceeds: the horizon, for times.
pub fn metric(metric: &MetricSummary, beyond: Option<f64>) -> String {
    if 0 < metric.censored {
        let bound = match beyond {
            Some(bound) if metric.unit == Unit::Seconds => format!(">{}", seconds(bound)),
            _ => "never".into(),
        };
        if metric.replications == 1 {
            return format!("{bound} (censored)");
        }
        if metric.censored == metric.replications {
            return format!("{bound} (all {} censored)", metric.replications);
        }
        return format!("{bound} (censored in {} of {})", metric.censored, metric.replications);
    }
    let Some(mean) = metric.mean else { return NOTHING.into() };
    let mut text = quantity(mean, metric.unit.text());
    if let Some(half_width) = metric.half_width {
        // An interval far below the digits shown says nothing.
        let half = quantity(half_width, metric.unit.text());
        if 5e-4 * mean.abs() < half_width && half != "0" && half != "0%" {
            text = format!("{text} ± {half}");
        }
    }
    if 0 < metric.absent {
        let present = metric.replications - metric.absent;
        text = format!("{text} (in {present} of {})", metric.replications);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::measure::READY_SECONDS_P95;

    #[test]
    fn spans_read_as_people_say_them() {
        for (value, text) in [
            (0.0, "0s"),
            (0.085, "85ms"),
            (0.0004, "0.4ms"),
            (7.24, "7.2s"),
            (59.94, "59.9s"),
            (59.96, "1m"),
            (108.0, "1m48s"),
            (3_599.6, "1h"),
            (21_480.0, "5h58m"),
            (187_200.0, "2d4h"),
            (-108.0, "-1m48s"),
        ] {
            assert_eq!(seconds(value), text);
        }
    }

    #[test]
    fn numbers_have_thousands_set_apart_and_no_idle_zeros() {
        assert_eq!(decimal(4_210.0, 0), "4,210");
        assert_eq!(decimal(1_234_567.5, 1), "1,234,567.5");
        assert_eq!(decimal(-0.04, 1), "0");
        assert_eq!(count(2.0), "2");
        assert_eq!(share(0.9997), "99.97%");
        assert_eq!(share(0.125), "12.5%");
        assert_eq!(share(0.000_002_4), "<0.01%", "not nothing");
        assert_eq!(share(0.0), "0%");
        assert_eq!(relative(-0.9993), "-99.9%");
        assert_eq!(relative(0.03), "+3%");
        assert_eq!(relative(0.0), "0%");
        assert_eq!(relative(9.994), "+999.4%");
        assert_eq!(relative(41.0), "×42");
        assert_eq!(bytes(1_230_000_000.0), "1.2 GB");
    }

    #[test]
    fn what_is_missing_or_censored_never_reads_as_a_number() {
        let mut it = MetricSummary {
            scope: "run".into(),
            name: READY_SECONDS_P95.into(),
            unit: Unit::Seconds,
            mean: Some(108.0),
            half_width: Some(6.0),
            min: None,
            p5: None,
            p50: None,
            p95: None,
            max: None,
            replications: 20,
            censored: 0,
            absent: 0,
        };
        assert_eq!(metric(&it, Some(21_600.0)), "1m48s ± 6s");
        it.absent = 2;
        assert_eq!(metric(&it, Some(21_600.0)), "1m48s ± 6s (in 18 of 20)");
        it.censored = 3;
        assert_eq!(metric(&it, Some(21_600.0)), ">6h (censored in 3 of 20)");
        it.censored = 20;
        assert_eq!(metric(&it, Some(21_600.0)), ">6h (all 20 censored)");
        it.censored = 0;
        it.mean = None;
        assert_eq!(metric(&it, None), "—");
    }
}
