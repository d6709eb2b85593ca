//! The values of one path as whole numbers of a smallest unit: what sweeps and searches step
//! through without drift.

use super::field::{Type, show_milli};
use super::tables::key_at;
use crate::units::{Bandwidth, Bytes, Share, Span};

/// What the whole numbers of a [`Lattice`] count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Microseconds.
    Span,
    /// Bytes.
    Bytes,
    /// Bits per second.
    Bandwidth,
    /// Millionths.
    Share,
    /// Ones.
    Integer,
    /// Thousandths.
    Milli,
}

/// The values that a path can take, where they have an order and a smallest unit.
#[derive(Clone, Debug)]
pub struct Lattice {
    /// The path.
    pub path: String,
    unit: Unit,
    ty: &'static Type,
}

impl Lattice {
    /// The lattice of `path`; `example` is one of the values, which decides where a key takes
    /// numbers as well as shares.
    pub fn of(path: &str, example: &str) -> Result<Self, String> {
        let Some(field) = key_at(path) else {
            return Err(format!("`{path}` is no key of the language"));
        };
        let unit = match field.ty {
            Type::Span { .. } => Unit::Span,
            Type::Bytes { .. } => Unit::Bytes,
            Type::Bandwidth => Unit::Bandwidth,
            Type::Share { .. } => Unit::Share,
            Type::Milli { .. } => Unit::Milli,
            Type::Count { .. } if example.trim().ends_with('%') => Unit::Share,
            Type::Count { .. } | Type::Integer { .. } => Unit::Integer,
            ty => {
                let takes = ty.describe();
                return Err(format!("`{path}` has no values in between: it takes {takes}"));
            }
        };
        Ok(Self { path: path.to_owned(), unit, ty: &field.ty })
    }

    /// A value in smallest units.
    pub fn read(&self, text: &str) -> Result<u64, String> {
        self.number(text).filter(|&it| self.allows(it)).ok_or_else(|| {
            format!("`{}` does not take `{}`: {}", self.path, text.trim(), self.ty.describe())
        })
    }

    /// A step between values: written as they are, but free of their range.
    pub fn read_step(&self, text: &str) -> Result<u64, String> {
        self.number(text).filter(|&it| 0 < it).ok_or_else(|| {
            format!(
                "`{}` has no step `{}`: a step is above 0 and written as the values are",
                self.path,
                text.trim()
            )
        })
    }

    fn number(&self, text: &str) -> Option<u64> {
        let text = text.trim().trim_matches('"');
        match self.unit {
            Unit::Span => text.parse().ok().map(Span::as_micros),
            Unit::Bytes => text.parse().ok().map(|it: Bytes| it.0),
            Unit::Bandwidth => text.parse().ok().map(Bandwidth::bits_per_second),
            Unit::Share => text.parse().ok().map(|it: Share| u64::from(it.millionths())),
            Unit::Integer => text.replace('_', "").parse().ok(),
            Unit::Milli => read_milli(text),
        }
    }

    fn allows(&self, number: u64) -> bool {
        match self.ty {
            Type::Span { min, max } => min.as_micros() <= number && number <= max.as_micros(),
            Type::Bytes { max } => number <= max.0,
            Type::Bandwidth => 0 < number,
            Type::Share { max } => number <= u64::from(max.millionths()),
            Type::Count { .. } if self.unit == Unit::Share => number <= 1_000_000,
            Type::Integer { min, max } | Type::Milli { min, max } | Type::Count { min, max } => {
                (*min..=*max).contains(&number)
            }
            _ => true,
        }
    }

    /// The value as `--set` takes it.
    pub fn show(&self, number: u64) -> String {
        match self.unit {
            Unit::Span => Span::from_micros(number).to_string(),
            Unit::Bytes => Bytes(number).to_string(),
            Unit::Bandwidth => Bandwidth::from_bits_per_second(number).to_string(),
            Unit::Share => {
                Share::from_millionths(u32::try_from(number).unwrap_or(u32::MAX)).to_string()
            }
            Unit::Integer => number.to_string(),
            Unit::Milli => show_milli(number),
        }
    }

    /// The smallest and the largest value, where a search can sanely go that far: shares, and
    /// numbers up to a thousand. A number of none is left out.
    pub fn range(&self) -> (Option<u64>, Option<u64>) {
        const SANE: u64 = 1_000;
        match self.ty {
            Type::Share { max } => (Some(0), Some(u64::from(max.millionths()))),
            Type::Count { .. } if self.unit == Unit::Share => (None, Some(1_000_000)),
            Type::Integer { min, max } | Type::Count { min, max } => {
                (Some(*min.max(&1)), Some(*max).filter(|it| *it <= SANE))
            }
            _ => (None, None),
        }
    }

    /// The step from `from` to `to` where nobody says: one, where values are counted; where they
    /// are measured, a round one that makes a hundred steps or some more.
    pub fn round_step(&self, from: u64, to: u64) -> u64 {
        const SECONDS: [u64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800];
        if let Some(step) = self.natural_step() {
            return step;
        }
        let most = (to.saturating_sub(from) / 100).max(1);
        let whole = |it: &u64| *it * 1_000_000 <= most;
        if self.unit == Unit::Span
            && let Some(seconds) = SECONDS.into_iter().rev().find(whole)
        {
            return seconds * 1_000_000;
        }
        let decade = 10u64.pow(most.ilog10());
        [5, 2, 1].map(|it| it * decade).into_iter().find(|it| *it <= most).unwrap_or(1)
    }

    /// The step where nobody says: one, where values are counted; `None` where they are measured.
    pub fn natural_step(&self) -> Option<u64> {
        (self.unit == Unit::Integer).then_some(1)
    }

    /// The value as a number for an axis: seconds, bytes, bits per second, a share of 1, a number.
    pub fn as_f64(&self, number: u64) -> f64 {
        let number = number as f64;
        match self.unit {
            Unit::Span | Unit::Share => number / 1e6,
            Unit::Milli => number / 1e3,
            Unit::Bytes | Unit::Bandwidth | Unit::Integer => number,
        }
    }

    /// Name of what [`Self::as_f64`] counts, as `report::format::quantity` takes it.
    pub fn unit(&self) -> &'static str {
        match self.unit {
            Unit::Span => "seconds",
            Unit::Bytes => "bytes",
            Unit::Bandwidth => "bit/s",
            Unit::Share => "share",
            Unit::Integer | Unit::Milli => "number",
        }
    }
}

/// Thousandths of a decimal without sign.
fn read_milli(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || 3 < fraction.len() {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<3}").parse().ok()?;
    whole.checked_mul(1_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_shown_and_read_again() {
        for (path, text, number) in [
            ("pool.x.nodes", "300", 300),
            ("horizon", "90s", 90_000_000),
            ("pool.x.nic", "10Gbit/s", 10_000_000_000),
            ("image.x.config", "6kB", 6_000),
            ("registry.x.limit.y.allow", "0.5", 500),
            ("timeline.x.replace_nodes.batch", "12.5%", 125_000),
            ("timeline.x.replace_nodes.batch", "12", 12),
            ("mirror.x.nodes.share", "40%", 400_000),
        ] {
            let lattice = Lattice::of(path, text).unwrap();
            assert_eq!(lattice.read(text), Ok(number), "{path}");
            assert_eq!(lattice.read(&lattice.show(number)), Ok(number), "{path}");
        }
    }

    #[test]
    fn a_step_that_nobody_gave_is_round() {
        for (path, from, to, step) in [
            ("pool.x.nodes", "1", "5000", "1"),
            ("horizon", "1h", "5h", "2m"),
            ("pool.x.boot", "0s", "3s", "20ms"),
            ("pool.x.nic", "1Gbit/s", "10Gbit/s", "50Mbit/s"),
            ("mirror.x.nodes.share", "0%", "100%", "1%"),
            ("registry.x.limit.y.allow", "100", "500", "2"),
        ] {
            let lattice = Lattice::of(path, to).unwrap();
            let read = |text| lattice.read(text).unwrap();
            let found = lattice.round_step(read(from), read(to));
            assert_eq!(Ok(found), lattice.read_step(step), "{path}");
        }
    }

    #[test]
    fn what_has_no_order_or_lies_outside_is_refused() {
        assert!(Lattice::of("pool.x.runtime", "containerd-1.7").is_err());
        assert!(Lattice::of("pool.x.nods", "1").is_err());
        let nodes = Lattice::of("pool.x.nodes", "1").unwrap();
        for text in ["-1", "1.5", "90s", "", "99999999999"] {
            assert!(nodes.read(text).is_err(), "{text}");
        }
        assert_eq!(nodes.natural_step(), Some(1));
        let horizon = Lattice::of("horizon", "1h").unwrap();
        assert_eq!(horizon.natural_step(), None);
        assert_eq!(horizon.read_step("10ms"), Ok(10_000), "a step may be below the range");
        assert!(horizon.read("10ms").is_err());
        assert!(horizon.read_step("0s").is_err());
    }
}
