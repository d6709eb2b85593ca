//! How values are written on sheets.

use crate::report::format;

/// The name of an axis with its unit.
pub(super) fn labelled(name: &str, unit: &str) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name} ({unit})") }
}

/// A value in its unit; large counts with a prefix, as they stand in narrow places.
pub(super) fn value(value: f64, unit: &str) -> String {
    if matches!(unit, "seconds" | "share" | "bytes") {
        return format::quantity(value, unit);
    }
    let (scale, sign) = prefix(value);
    if !sign.is_empty() {
        return format::decimal(value * scale, 2) + sign;
    }
    if value != 0.0 && value.abs() < 0.05 {
        return format::decimal(value, 4);
    }
    format::quantity(value, unit)
}

/// By what a large count is multiplied, and the prefix that stands for that.
pub(super) fn prefix(value: f64) -> (f64, &'static str) {
    let prefixes = [(1e12, "T"), (1e9, "G"), (1e6, "M")];
    let fitting = prefixes.into_iter().find(|it| it.0 <= value.abs() && value.is_finite());
    fitting.map_or((1.0, ""), |(scale, sign)| (1.0 / scale, sign))
}

/// An amount by which a value changes; one of shares in percentage points.
pub(super) fn amount(amount: f64, unit: &str) -> String {
    if unit == "share" {
        format!("{} pp", format::decimal(100.0 * amount, 1))
    } else {
        value(amount, unit)
    }
}

/// A difference, with its sign; one of shares in percentage points.
pub(super) fn difference(difference: f64, unit: &str) -> String {
    let text = amount(difference, unit);
    if 0.0 < difference && !text.starts_with('0') || text.starts_with("0.") {
        format!("+{text}")
    } else {
        text
    }
}

/// The unit of differences of what has `unit`.
pub(super) fn difference_unit(unit: &str) -> &str {
    if unit == "share" { "percentage points" } else { unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_carry_their_sign_and_shares_are_in_points() {
        assert_eq!(difference(-0.125, "share"), "-12.5 pp");
        assert_eq!(difference(0.125, "share"), "+12.5 pp");
        assert_eq!(difference(0.0, "share"), "0 pp");
        assert_eq!(difference(108.0, "seconds"), "+1m48s");
        assert_eq!(difference(0.5, ""), "+0.5");
        assert_eq!(difference(-3_210.0, ""), "-3,210");
    }

    #[test]
    fn large_and_small_numbers_fit_narrow_places() {
        assert_eq!(value(1_234_567.0, ""), "1.23M");
        assert_eq!(value(-2.5e12, ""), "-2.5T");
        assert_eq!(value(0.0123, ""), "0.0123");
        assert_eq!(value(4_210.0, ""), "4,210");
        assert_eq!(value(f64::INFINITY, ""), format::NOTHING);
    }
}
