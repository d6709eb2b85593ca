//! Integer newtypes for everything that carries a unit: instants, spans, bytes, bandwidths, shares.
//!
//! Time is counted in microseconds and bytes are counted in bytes, so nothing accumulates rounding
//! errors and equal inputs give equal bytes. Parsing accepts what the scenario language documents
//! (`"5m"`, `"29MB"`, `"10Gbit/s"`, `"12.5%"`); a bare number where a unit is due is an error.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};
use std::str::FromStr;

/// Microseconds in a second.
pub const MICROS_PER_SECOND: u64 = 1_000_000;

/// An instant: microseconds since the start of the simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// An interval between two instants, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// A rate of transfer, in bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u64);

/// A share of a whole, in millionths: `1_000_000` is all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Time {
    /// The start of the simulation.
    pub const ZERO: Self = Self(0);
    /// Later than every instant a run can reach.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `micros` microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `seconds` seconds after the start.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * MICROS_PER_SECOND)
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Seconds since the start, for output only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }

    /// The interval from `earlier` to `self`.
    ///
    /// # Panics
    /// Panics when `earlier` is later than `self`: time never runs back.
    pub fn since(self, earlier: Self) -> Span {
        assert!(earlier.0 <= self.0, "{earlier:?} is later than {self:?}");
        Span(self.0 - earlier.0)
    }

    /// The interval from `earlier` to `self`, or zero where `earlier` is the later one.
    pub const fn saturating_since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000)
    }

    /// `seconds` seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * MICROS_PER_SECOND)
    }

    /// The span of `seconds`, rounded up to the next microsecond; negative values and NaN are zero,
    /// and what is too long saturates.
    pub fn from_secs_f64_ceil(seconds: f64) -> Self {
        Self((seconds * MICROS_PER_SECOND as f64).ceil() as u64)
    }

    /// Microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Seconds, for output only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / MICROS_PER_SECOND as f64
    }

    /// Whether the span is empty.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Half of the span, rounded down.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2)
    }

    /// The shorter of two spans.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        self.min(other)
    }
}

impl Bytes {
    /// No bytes.
    pub const ZERO: Self = Self(0);

    /// How long these bytes take at `rate`, rounded up to the next microsecond; a zero rate takes
    /// for ever (`None`).
    pub fn time_at(self, rate: Bandwidth) -> Option<Span> {
        if self.0 == 0 {
            return Some(Span::ZERO);
        }
        if rate.0 == 0 {
            return None;
        }
        let micros =
            (u128::from(self.0) * 8 * u128::from(MICROS_PER_SECOND)).div_ceil(u128::from(rate.0));
        Some(Span(u64::try_from(micros).unwrap_or(u64::MAX)))
    }
}

impl Bandwidth {
    /// `bits` bits per second.
    pub const fn from_bits_per_second(bits: u64) -> Self {
        Self(bits)
    }

    /// `bytes` bytes per second.
    pub const fn from_bytes_per_second(bytes: u64) -> Self {
        Self(bytes * 8)
    }

    /// Bits per second.
    pub const fn bits_per_second(self) -> u64 {
        self.0
    }

    /// Bytes per second, for rates and output.
    pub fn bytes_per_second(self) -> f64 {
        self.0 as f64 / 8.0
    }
}

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const ALL: Self = Self(1_000_000);

    /// A share in millionths.
    pub const fn from_millionths(millionths: u32) -> Self {
        Self(millionths)
    }

    /// A share in percent.
    pub const fn from_percent(percent: u32) -> Self {
        Self(percent * 10_000)
    }

    /// Millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// The share as a number between 0 and 1, for output and draws.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// The share of `count`, rounded up (a Deployment rounds `max_surge` so).
    pub const fn of_ceil(self, count: u64) -> u64 {
        (count * self.0 as u64).div_ceil(1_000_000)
    }

    /// The share of `count`, rounded down (a Deployment rounds `max_unavailable` so).
    pub const fn of_floor(self, count: u64) -> u64 {
        count * self.0 as u64 / 1_000_000
    }

    /// The share of `count`, rounded up and at least 1 where there is anything to take: the
    /// scenario language's rule for a share of a count.
    pub fn of_at_least_one(self, count: u64) -> u64 {
        if count == 0 { 0 } else { self.of_ceil(count).max(1) }
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul<u64> for Span {
    type Output = Self;
    fn mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Div<u64> for Span {
    type Output = Self;
    fn div(self, divisor: u64) -> Self {
        Self(self.0 / divisor)
    }
}

impl Add for Bytes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Bytes {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for Bytes {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// Why a text is not a value of its unit; the message says what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError(pub String);

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnitError {}

/// Splits `"1.5GiB"` into the decimal number 1.5 (digits as an integer, number of decimals) and the
/// unit.
fn split_number(text: &str) -> Option<(u64, u32, &str)> {
    let text = text.trim();
    let end =
        text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() || fraction.contains('.') || fraction.len() > 9 {
        return None;
    }
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, fraction.len() as u32, unit.trim()))
}

/// `digits / 10^decimals * scale`, exact or `None`.
fn scaled(digits: u64, decimals: u32, scale: u64) -> Option<u64> {
    let product = u128::from(digits) * u128::from(scale);
    let divisor = 10u128.pow(decimals);
    if product % divisor != 0 {
        return None;
    }
    u64::try_from(product / divisor).ok()
}

impl FromStr for Span {
    type Err = UnitError;

    /// Reads `"250ms"`, `"90s"`, `"1.5h"`; units us, ms, s, m, h, d; compounds such as `"1h30m"`
    /// too.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || {
            UnitError("expected a span with a unit: us, ms, s, m, h or d, such as \"90s\"".into())
        };
        let mut rest = text.trim();
        let mut total = 0u64;
        if rest.is_empty() {
            return Err(error());
        }
        while !rest.is_empty() {
            let unit_start = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(error)?;
            let unit_len = rest[unit_start..]
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(rest.len() - unit_start);
            let (digits, decimals, unit) =
                split_number(&rest[..unit_start + unit_len]).ok_or_else(error)?;
            let scale = match unit {
                "us" => 1,
                "ms" => 1_000,
                "s" => MICROS_PER_SECOND,
                "m" => 60 * MICROS_PER_SECOND,
                "h" => 3_600 * MICROS_PER_SECOND,
                "d" => 86_400 * MICROS_PER_SECOND,
                _ => return Err(error()),
            };
            let micros = scaled(digits, decimals, scale)
                .ok_or_else(|| UnitError("a span is counted in whole microseconds".into()))?;
            total = total.checked_add(micros).ok_or_else(error)?;
            rest = rest[unit_start + unit_len..].trim_start();
        }
        Ok(Self(total))
    }
}

/// Powers of 1000 (k M G T) and of 1024 (Ki Mi Gi Ti).
fn prefix_scale(prefix: &str) -> Option<u64> {
    Some(match prefix {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    })
}

impl FromStr for Bytes {
    type Err = UnitError;

    /// Reads `"29MB"`, `"100GiB"`, `"512B"`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || {
            UnitError("expected bytes with a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB".into())
        };
        let (digits, decimals, unit) = split_number(text).ok_or_else(error)?;
        let scale = unit.strip_suffix('B').and_then(prefix_scale).ok_or_else(error)?;
        scaled(digits, decimals, scale)
            .map(Self)
            .ok_or_else(|| UnitError("bytes are counted whole".into()))
    }
}

impl FromStr for Bandwidth {
    type Err = UnitError;

    /// Reads `"10Gbit/s"`, `"150MB/s"`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || {
            UnitError(
                "expected a rate such as \"10Gbit/s\" or \"150MB/s\" (k, M, G, T, Ki, Mi, Gi)"
                    .into(),
            )
        };
        let (digits, decimals, unit) = split_number(text).ok_or_else(error)?;
        let per_second = unit.strip_suffix("/s").ok_or_else(error)?;
        let (prefix, bits) = match per_second.strip_suffix("bit") {
            Some(prefix) => (prefix, 1),
            None => (per_second.strip_suffix('B').ok_or_else(error)?, 8),
        };
        let scale = prefix_scale(prefix).ok_or_else(error)?;
        scaled(digits, decimals, scale * bits)
            .map(Self)
            .ok_or_else(|| UnitError("a rate is counted in whole bits per second".into()))
    }
}

impl FromStr for Share {
    type Err = UnitError;

    /// Reads `"12.5%"`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error =
            || UnitError("expected a share such as \"25%\", with at most 4 decimals".into());
        let (digits, decimals, unit) = split_number(text).ok_or_else(error)?;
        if unit != "%" {
            return Err(error());
        }
        let millionths = scaled(digits, decimals, 10_000).ok_or_else(error)?;
        u32::try_from(millionths).map(Self).map_err(|_| error())
    }
}

impl fmt::Display for Span {
    /// The shortest exact form: `90s` prints as `1m30s`, `1500us` as `1.5ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0;
        if micros == 0 {
            return f.write_str("0s");
        }
        if micros < 1_000 {
            return write!(f, "{micros}us");
        }
        if micros < MICROS_PER_SECOND {
            return write!(f, "{}ms", Decimal { value: micros, per_unit: 1_000 });
        }
        let (days, rest) =
            (micros / (86_400 * MICROS_PER_SECOND), micros % (86_400 * MICROS_PER_SECOND));
        let (hours, rest) =
            (rest / (3_600 * MICROS_PER_SECOND), rest % (3_600 * MICROS_PER_SECOND));
        let (minutes, rest) = (rest / (60 * MICROS_PER_SECOND), rest % (60 * MICROS_PER_SECOND));
        for (count, unit) in [(days, "d"), (hours, "h"), (minutes, "m")] {
            if 0 < count {
                write!(f, "{count}{unit}")?;
            }
        }
        if 0 < rest {
            write!(f, "{}s", Decimal { value: rest, per_unit: MICROS_PER_SECOND })?;
        }
        Ok(())
    }
}

/// `value / per_unit` without trailing zeros; `per_unit` is a power of ten.
struct Decimal {
    value: u64,
    per_unit: u64,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value / self.per_unit)?;
        let fraction = self.value % self.per_unit;
        if fraction != 0 {
            let width = self.per_unit.ilog10() as usize;
            write!(f, ".{}", format!("{fraction:0width$}").trim_end_matches('0'))?;
        }
        Ok(())
    }
}

impl fmt::Display for Time {
    /// The span since the start.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Span(self.0), f)
    }
}

/// Writes a number with the largest decimal prefix that keeps it exact to three decimals.
fn write_prefixed(f: &mut fmt::Formatter<'_>, value: u64, unit: &str) -> fmt::Result {
    for (prefix, scale) in
        [("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)]
    {
        if scale <= value && value.is_multiple_of(scale / 1_000) {
            return write!(f, "{}{prefix}{unit}", Decimal { value, per_unit: scale });
        }
    }
    write!(f, "{value}{unit}")
}

impl Bytes {
    /// The bytes as a message has them beside `other`, which a file has: in units of the same kind
    /// (GB or GiB), with at most three decimals.
    pub fn beside(self, other: Self) -> String {
        let binary = [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        let decimal =
            [("TB", 10u64.pow(12)), ("GB", 10u64.pow(9)), ("MB", 10u64.pow(6)), ("kB", 1_000)];
        let largest = |units: [(&'static str, u64); 4], bytes: u64| {
            units.into_iter().find(|it| it.1 <= bytes).unwrap_or(("B", 1))
        };
        // Whoever writes 5GiB has a whole multiple of a fine binary step, and of no decimal one.
        let fits = |units| (other.0 * 8).is_multiple_of(largest(units, other.0).1);
        let units = if fits(binary) && !fits(decimal) { binary } else { decimal };
        let (unit, scale) = largest(units, self.0);
        let thousandths = (u128::from(self.0) * 1_000 + u128::from(scale) / 2) / u128::from(scale);
        format!("{}{unit}", Decimal { value: thousandths as u64, per_unit: 1_000 })
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_prefixed(f, self.0, "B")
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_prefixed(f, self.0, "bit/s")
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", Decimal { value: u64::from(self.0), per_unit: 10_000 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_every_unit_and_compounds() {
        for (text, micros) in [
            ("250us", 250),
            ("1.5ms", 1_500),
            ("90s", 90_000_000),
            ("1h30m", 5_400_000_000),
            ("2d", 172_800_000_000),
        ] {
            assert_eq!(text.parse::<Span>(), Ok(Span(micros)), "{text}");
        }
        for text in ["", "5", "5 parsecs", "1.5us", "-3s", "h"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_displayed_reads_back_the_same() {
        for micros in [1, 999, 1_500, 90_000_000, 5_400_000_000, 172_800_000_001] {
            let span = Span(micros);
            assert_eq!(span.to_string().parse(), Ok(span));
        }
        for bytes in [0, 1, 999, 1_024, 29_000_000, 107_374_182_400] {
            assert_eq!(Bytes(bytes).to_string().parse(), Ok(Bytes(bytes)));
        }
        assert_eq!("1 Gbit/s".parse::<Bandwidth>(), "125 MB/s".parse::<Bandwidth>());
        assert_eq!("10Gbit/s".parse::<Bandwidth>().unwrap().to_string(), "10Gbit/s");
        assert_eq!("12.5%".parse::<Share>().unwrap().to_string(), "12.5%");
    }

    #[test]
    fn bytes_in_messages_have_the_units_of_the_file() {
        let of = |text: &str| text.parse::<Bytes>().unwrap();
        let five = of("5GiB");
        assert_eq!(five.beside(five), "5GiB");
        // 9,352,033,200 / 2^30 = 8.7097…
        assert_eq!(Bytes(9_352_033_200).beside(five), "8.71GiB");
        assert_eq!(Bytes(9_352_033_200).beside(of("8GB")), "9.352GB");
        assert_eq!(of("1.5GiB").beside(five), "1.5GiB");
        assert_eq!(of("100GB").beside(of("512B")), "100GB");
        assert_eq!(Bytes(7).beside(five), "7B");
    }

    #[test]
    fn bytes_know_decimal_from_binary_prefixes() {
        assert_eq!("1kB".parse(), Ok(Bytes(1_000)));
        assert_eq!("1KiB".parse(), Ok(Bytes(1_024)));
        assert_eq!("1.5GiB".parse(), Ok(Bytes(1_610_612_736)));
        assert!("1KB".parse::<Bytes>().is_err());
        assert!("1.0001kB".parse::<Bytes>().is_err());
    }

    #[test]
    fn a_transfer_ends_at_the_first_whole_microsecond_after_its_last_bit() {
        let rate = Bandwidth::from_bytes_per_second(3);
        assert_eq!(Bytes(1).time_at(rate), Some(Span(333_334)));
        assert_eq!(Bytes(3).time_at(rate), Some(Span(1_000_000)));
        assert_eq!(Bytes(1).time_at(Bandwidth(0)), None);
        assert_eq!(Bytes(0).time_at(Bandwidth(0)), Some(Span::ZERO));
    }

    #[test]
    fn shares_round_as_their_owner_says() {
        let quarter = Share::from_percent(25);
        assert_eq!((quarter.of_ceil(10), quarter.of_floor(10)), (3, 2));
        assert_eq!(Share::NONE.of_at_least_one(10), 1);
        assert_eq!(quarter.of_at_least_one(0), 0);
    }
}
