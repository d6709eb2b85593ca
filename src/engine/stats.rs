//! Counting and estimating: percentiles that know of what never ended, intervals over replications,
//! peaks per second, and the phase coherence of instants.
//!
//! A value that does not exist is not a number here: no zero stands in for it.

use std::f64::consts::TAU;

use crate::units::{MICROS_PER_SECOND, Span, Time};

/// A percentile of a [`Sample`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantile {
    /// The observation of that rank.
    Known(u64),
    /// The rank falls on an observation that had not ended: it is larger than all known ones.
    Censored,
    /// There are no observations.
    Absent,
}

/// Observations, some of them censored: known only to be larger than every other one (a pod that is
/// not ready at the horizon has waited longer than any that is).
///
/// ```
/// use pullstorm::engine::stats::{Quantile, Sample};
///
/// let waits = Sample::new(vec![30, 10, 20], 1);
/// assert_eq!(waits.quantile(500), Quantile::Known(20));
/// assert_eq!(waits.quantile(950), Quantile::Censored);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Known observations, ascending.
    values: Vec<u64>,
    /// Observations that rank above all of them.
    censored: u64,
}

impl Sample {
    /// A sample of `values`, in any order, and of `censored` further observations.
    pub fn new(mut values: Vec<u64>, censored: u64) -> Self {
        values.sort_unstable();
        Self { values, censored }
    }

    /// Known observations, ascending.
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// Number of censored observations.
    pub const fn censored(&self) -> u64 {
        self.censored
    }

    /// Number of observations, known and censored.
    pub const fn count(&self) -> u64 {
        self.values.len() as u64 + self.censored
    }

    /// The percentile by nearest rank: the smallest observation that at least `per_mille`
    /// thousandths of all observations do not exceed (500 is the lower median, 1000 the maximum,
    /// 0 the minimum). Always an observation, never something between two.
    ///
    /// # Panics
    /// Panics when `per_mille` is above 1000.
    pub fn quantile(&self, per_mille: u32) -> Quantile {
        let Some(position) = nearest_rank(self.count(), per_mille) else {
            return Quantile::Absent;
        };
        let value = usize::try_from(position).ok().and_then(|position| self.values.get(position));
        value.map_or(Quantile::Censored, |&value| Quantile::Known(value))
    }

    /// The largest observation.
    pub fn max(&self) -> Quantile {
        self.quantile(1000)
    }
}

/// Position, from 0, of the percentile by nearest rank among `count` ascending observations.
fn nearest_rank(count: u64, per_mille: u32) -> Option<u64> {
    assert!(per_mille <= 1000, "a percentile of {per_mille} per mille");
    let rank = (u128::from(count) * u128::from(per_mille)).div_ceil(1000);
    // At most `count`, which is a u64.
    (0 < count).then(|| (rank as u64).saturating_sub(1))
}

/// The percentile by nearest rank of figures in any order (one a replication), `per_mille` as in
/// [`Sample::quantile`]; `None` where there are none. A censored figure may stand in as
/// [`f64::INFINITY`], and a percentile that falls on one is infinite.
///
/// # Panics
/// Panics when `per_mille` is above 1000.
pub fn quantile_of(figures: &[f64], per_mille: u32) -> Option<f64> {
    let mut figures = figures.to_vec();
    figures.sort_unstable_by(f64::total_cmp);
    let position = usize::try_from(nearest_rank(figures.len() as u64, per_mille)?).ok()?;
    figures.get(position).copied()
}

/// The mean of independent figures and the half-width of its 95 % confidence interval by Student's
/// t. No mean of nothing; no half-width below two figures.
pub fn mean_and_half_width(figures: &[f64]) -> (Option<f64>, Option<f64>) {
    if figures.is_empty() {
        return (None, None);
    }
    let count = figures.len() as f64;
    let mean = figures.iter().sum::<f64>() / count;
    if figures.len() < 2 {
        return (Some(mean), None);
    }
    let squares: f64 = figures.iter().map(|figure| (figure - mean).powi(2)).sum();
    let standard_error = (squares / (count - 1.0) / count).sqrt();
    (Some(mean), Some(student_t_95(figures.len() - 1) * standard_error))
}

/// The difference of the means of two independent samples (the second less the first) and the
/// half-width of its 95 % confidence interval; the samples may vary differently. No difference
/// where one is empty, no half-width where one has a single figure.
///
/// Source: B. L. Welch, "The generalization of 'Student's' problem when several different
/// population variances are involved", Biometrika 34 (1947), 28–35; degrees of freedom by F. E.
/// Satterthwaite (1946), rounded down, which widens the interval.
pub fn welch(first: &[f64], second: &[f64]) -> (Option<f64>, Option<f64>) {
    let mean = |figures: &[f64]| mean_and_half_width(figures).0;
    let (Some(before), Some(after)) = (mean(first), mean(second)) else { return (None, None) };
    let difference = after - before;
    if first.len() < 2 || second.len() < 2 {
        return (Some(difference), None);
    }
    // Variance of a mean, and what it adds to the degrees of freedom.
    let spread = |figures: &[f64], mean: f64| {
        let n = figures.len() as f64;
        let squares: f64 = figures.iter().map(|figure| (figure - mean).powi(2)).sum();
        let variance = squares / (n - 1.0) / n;
        (variance, variance.powi(2) / (n - 1.0))
    };
    let (a, b) = (spread(first, before), spread(second, after));
    let variance = a.0 + b.0;
    if variance <= 0.0 {
        return (Some(difference), Some(0.0));
    }
    let degrees = (variance.powi(2) / (a.1 + b.1)).floor().max(1.0) as usize;
    (Some(difference), Some(student_t_95(degrees) * variance.sqrt()))
}

/// The two-sided sign test: how probable it is that of `more + fewer` pairs at least as many differ
/// in one direction, if either direction is as likely.
///
/// Source: J. Arbuthnot (1710); W. J. Dixon and A. M. Mood, "The statistical sign test", Journal
/// of the American Statistical Association 41 (1946), 557–566. Pairs without a difference are left
/// out, as there.
pub fn sign_test(more: u32, fewer: u32) -> f64 {
    let n = more + fewer;
    let most = more.max(fewer);
    // Terms of the upper tail of a binomial distribution with p = 1/2, each from the one before, as
    // logarithms: 1/2 to the power of n is too small for a number.
    let mut term = -f64::from(n) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for successes in (most..=n).rev() {
        tail += term.exp();
        term += (f64::from(successes) / f64::from(n - successes + 1)).ln();
    }
    (2.0 * tail).min(1.0)
}

/// 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
///
/// Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, column 0.975.
const STUDENT_T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// 97.5 % quantile of the standard normal distribution.
const NORMAL_975: f64 = 1.959_964;

/// The 97.5 % quantile of Student's t: the factor of a two-sided 95 % interval.
fn student_t_95(degrees: usize) -> f64 {
    assert!(0 < degrees, "Student's t has a degree of freedom");
    if let Some(&quantile) = STUDENT_T.get(degrees - 1) {
        return quantile;
    }
    // Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5, to the second term; the
    // third is below 0.0001 here.
    let (z, degrees) = (NORMAL_975, degrees as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    z + first / degrees + second / degrees.powi(2)
}

/// Wilson's 95 % score interval for the probability behind `successes` of `trials`; all of [0, 1]
/// where nothing was tried.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
/// Journal of the American Statistical Association 22 (1927), 209–212.
///
/// # Panics
/// Panics when there are more successes than trials.
pub fn wilson(successes: u64, trials: u64) -> (f64, f64) {
    wilson_at(successes, trials, NORMAL_975)
}

/// Wilson's score interval that reaches `z` standard errors to each side.
///
/// # Panics
/// Panics when there are more successes than trials.
pub fn wilson_at(successes: u64, trials: u64, z: f64) -> (f64, f64) {
    assert!(successes <= trials, "{successes} successes of {trials}");
    if trials == 0 {
        return (0.0, 1.0);
    }
    let n = trials as f64;
    let share = successes as f64 / n;
    let z2 = z.powi(2);
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half_width = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the interval touches 0 or 1 exactly; subtraction would miss it by an ulp.
    let low = if successes == 0 { 0.0 } else { (centre - half_width).max(0.0) };
    let high = if successes == trials { 1.0 } else { (centre + half_width).min(1.0) };
    (low, high)
}

/// How few trials, all of them successes, put the whole of Wilson's 95 % interval at or above
/// `share`; `None` where no number does. With n of n the interval begins at n / (n + z²).
pub fn trials_to_be_sure(share: f64) -> Option<u32> {
    let least = NORMAL_975.powi(2) * share / (1.0 - share);
    (share < 1.0 && least < f64::from(u32::MAX)).then(|| (least.ceil() as u32).max(1))
}

/// Counts events per second, in bins of 1 s aligned at the start of the run, and keeps the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeakCounter {
    second: u64,
    in_second: u64,
    peak: u64,
    total: u64,
}

impl PeakCounter {
    /// Nothing counted.
    pub const fn new() -> Self {
        Self { second: 0, in_second: 0, peak: 0, total: 0 }
    }

    /// Counts `events` at `now`. Calls come in the order of time.
    ///
    /// # Panics
    /// Panics when an earlier call came from a later second.
    pub fn count(&mut self, now: Time, events: u64) {
        let second = now.as_micros() / MICROS_PER_SECOND;
        assert!(self.second <= second, "an event at {now:?} counted late");
        if self.second < second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += events;
        self.peak = self.peak.max(self.in_second);
        self.total += events;
    }

    /// The most events in one second.
    pub const fn peak(&self) -> u64 {
        self.peak
    }

    /// All events.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// Length of a window of [`PhaseCoherence`]: kubelet's longest back-off, the period at which
/// retries of a herd come back.
pub const COHERENCE_WINDOW: Span = Span::from_secs(300);

/// How far instants bunch within each [`COHERENCE_WINDOW`] (aligned at the start of the run): the
/// unbiased squared phase coherence.
///
/// An instant t is the angle 2π (t mod 300 s) / 300 s on a circle. Of the n instants of a window, R
/// is the length of the mean of their unit vectors, and the window's value is
/// (n R² − 1) / (n − 1), floored at 0: 1 when all fall together, 0 on average when each falls
/// anywhere (R² alone would be 1 / n on average). Windows with fewer than two instants have no
/// value; the others are averaged with n as weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhaseCoherence {
    /// Number of the window that is being filled.
    window: u64,
    instants: u64,
    sum_cos: f64,
    sum_sin: f64,
    /// Σ n × value and Σ n over the windows before, as far as they have a value.
    weighted: f64,
    weight: f64,
}

impl PhaseCoherence {
    /// No instants.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an instant. Calls come in the order of time.
    ///
    /// # Panics
    /// Panics when an earlier call came from a later window.
    pub fn add(&mut self, now: Time) {
        let window = now.as_micros() / COHERENCE_WINDOW.as_micros();
        assert!(self.window <= window, "an instant {now:?} added late");
        if self.window < window {
            let (weighted, weight) = self.sums();
            *self = Self { window, weighted, weight, ..Self::default() };
        }
        let phase = now.as_micros() % COHERENCE_WINDOW.as_micros();
        let angle = TAU * (phase as f64 / COHERENCE_WINDOW.as_micros() as f64);
        self.instants += 1;
        self.sum_cos += angle.cos();
        self.sum_sin += angle.sin();
    }

    /// The weighted mean of the windows' values, in [0, 1]; `None` where none has two instants.
    pub fn value(&self) -> Option<f64> {
        let (weighted, weight) = self.sums();
        (0.0 < weight).then(|| weighted / weight)
    }

    /// Σ n × value and Σ n over all windows with a value, the one that is being filled included.
    fn sums(&self) -> (f64, f64) {
        if self.instants < 2 {
            return (self.weighted, self.weight);
        }
        let n = self.instants as f64;
        let squared_length = self.sum_cos.powi(2) + self.sum_sin.powi(2);
        let value = ((squared_length / n - 1.0) / (n - 1.0)).clamp(0.0, 1.0);
        (self.weighted + n * value, self.weight + n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::FRAC_PI_2;

    #[track_caller]
    fn assert_near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} is not {expected} ± {tolerance}");
    }

    #[test]
    fn as_many_successes_settle_a_share_as_the_interval_of_wilson_says() {
        for (share, n) in [(0.95, 73), (0.9, 35), (0.5, 4), (0.0, 1)] {
            assert_eq!(trials_to_be_sure(share), Some(n), "{share}");
            let low = |n: u32| wilson(u64::from(n), u64::from(n)).0;
            assert!(share <= low(n), "{n} of {n} begin at {}", low(n));
            assert!(n == 1 || low(n - 1) < share, "one less begins at {}", low(n - 1));
        }
        assert_eq!(trials_to_be_sure(1.0), None);
    }

    #[test]
    fn a_percentile_is_the_observation_of_the_nearest_rank() {
        // The textbook's example: ordinal ranks 2, 2, 3, 5 of five observations.
        let sample = Sample::new(vec![50, 15, 40, 20, 35], 0);
        for (per_mille, value) in
            [(0, 15), (50, 15), (200, 15), (201, 20), (300, 20), (400, 20), (500, 35), (1000, 50)]
        {
            assert_eq!(sample.quantile(per_mille), Quantile::Known(value), "{per_mille}");
        }
        assert_eq!(sample.max(), Quantile::Known(50));
        // Of 1,000, the 99.9 % percentile is the last but one and p50 the 500th.
        let thousand = Sample::new((1..=1_000).rev().collect(), 0);
        assert_eq!(thousand.quantile(999), Quantile::Known(999));
        assert_eq!(thousand.quantile(500), Quantile::Known(500));
    }

    #[test]
    fn censored_observations_rank_above_all_others() {
        // 95 known, 5 censored: the 95th is known, the 96th is not.
        let sample = Sample::new((1..=95).collect(), 5);
        assert_eq!((sample.count(), sample.censored(), sample.values().len()), (100, 5, 95));
        assert_eq!(sample.quantile(950), Quantile::Known(95));
        assert_eq!(sample.quantile(951), Quantile::Censored);
        assert_eq!(sample.max(), Quantile::Censored);
        assert_eq!(Sample::new(vec![], 2).quantile(500), Quantile::Censored);
        assert_eq!(Sample::default().quantile(500), Quantile::Absent);
        assert_eq!(Sample::default().max(), Quantile::Absent);
    }

    #[test]
    fn replications_have_percentiles_too() {
        let figures = [3.0, 1.0, f64::INFINITY, 2.0];
        assert_eq!(quantile_of(&figures, 50), Some(1.0));
        assert_eq!(quantile_of(&figures, 500), Some(2.0));
        assert_eq!(quantile_of(&figures, 950), Some(f64::INFINITY));
        assert_eq!(quantile_of(&[], 500), None);
    }

    #[test]
    fn a_mean_has_a_half_width_from_two_figures_on() {
        assert_eq!(mean_and_half_width(&[]), (None, None));
        assert_eq!(mean_and_half_width(&[7.0]), (Some(7.0), None));
        assert_eq!(mean_and_half_width(&[7.0; 9]), (Some(7.0), Some(0.0)));
        // Variance 2, standard error √(2 / 2) = 1, one degree of freedom.
        let (mean, half_width) = mean_and_half_width(&[1.0, 3.0]);
        assert_near(mean.unwrap(), 2.0, 1e-12);
        assert_near(half_width.unwrap(), 12.706, 1e-12);
        // Deviations -3, -1, -1, -1, 0, 0, 2, 4 from 5: variance 32 / 7; half-width
        // 2.365 × √(32 / 56) = 1.7878.
        let (mean, half_width) = mean_and_half_width(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_near(mean.unwrap(), 5.0, 1e-12);
        assert_near(half_width.unwrap(), 1.787_8, 1e-4);
    }

    /// P(T ≤ t) for Student's t with `degrees` of freedom: with t = √degrees tan θ the density
    /// becomes cos^(degrees − 1) θ, which a midpoint rule integrates.
    fn student_t_distribution(t: f64, degrees: usize) -> f64 {
        let power = i32::try_from(degrees).unwrap() - 1;
        let integral = |from: f64, to: f64| {
            let width = (to - from) / 4_000.0;
            let middle = |step: i32| from + (f64::from(step) + 0.5) * width;
            (0..4_000).map(|step| middle(step).cos().powi(power) * width).sum::<f64>()
        };
        let theta = (t / (degrees as f64).sqrt()).atan();
        integral(-FRAC_PI_2, theta) / integral(-FRAC_PI_2, FRAC_PI_2)
    }

    #[test]
    fn the_table_of_student_t_holds_its_quantiles() {
        // Three decimals of t are within 0.0005, times a density below 0.06.
        for degrees in 1..=30 {
            assert_near(student_t_distribution(student_t_95(degrees), degrees), 0.975, 3e-5);
        }
        for degrees in [31, 40, 49, 60, 99, 120, 1_000] {
            assert_near(student_t_distribution(student_t_95(degrees), degrees), 0.975, 1e-5);
        }
        // The same table, farther down.
        for (degrees, quantile) in [(40, 2.021), (60, 2.000), (100, 1.984), (1_000, 1.962)] {
            assert_near(student_t_95(degrees), quantile, 0.0006);
        }
    }

    #[test]
    fn the_wilson_interval_is_that_of_the_textbook() {
        // By hand for 19 of 20: centre 1.046036 / 1.192073, half-width 0.135450 / 1.192073.
        for (successes, trials, low, high) in [
            (0, 10, 0.0, 0.277_53),
            (5, 10, 0.236_59, 0.763_41),
            (19, 20, 0.763_87, 0.991_12),
            (20, 20, 0.838_87, 1.0),
            (0, 0, 0.0, 1.0),
        ] {
            let interval = wilson(successes, trials);
            assert_near(interval.0, low, 2e-5);
            assert_near(interval.1, high, 2e-5);
        }
        assert_eq!((wilson(0, 7).0.to_bits(), wilson(7, 7).1.to_bits()), (0, 1f64.to_bits()));
    }

    #[test]
    fn a_peak_is_the_fullest_second_aligned_at_the_start() {
        let mut counter = PeakCounter::new();
        assert_eq!(counter.peak(), 0);
        // Four events within a second of one another, but two and two in the bins.
        for micros in [100_000, 900_000, 1_000_000, 1_050_000, 7_000_000, 7_999_999] {
            counter.count(Time::from_micros(micros), 1);
        }
        assert_eq!((counter.peak(), counter.total()), (2, 6));
        counter.count(Time::from_secs(9), 5);
        counter.count(Time::from_secs(11), 1);
        assert_eq!((counter.peak(), counter.total()), (5, 12));
    }

    fn coherence(seconds: impl IntoIterator<Item = u64>) -> Option<f64> {
        let mut coherence = PhaseCoherence::new();
        for second in seconds {
            coherence.add(Time::from_secs(second));
        }
        coherence.value()
    }

    #[test]
    fn retries_at_one_phase_are_coherent_and_spread_ones_are_not() {
        assert_near(coherence([40; 500]).unwrap(), 1.0, 1e-12);
        assert_near(coherence([0, 150]).unwrap(), 0.0, 1e-12);
        assert_near(coherence((0..300).step_by(3)).unwrap(), 0.0, 1e-12);
        // Two a quarter apart: |sum|² = 2, R² = 1/2, (2/2 − 1) / 1 = 0.
        assert_near(coherence([0, 75]).unwrap(), 0.0, 1e-12);
        // Three together and one opposite: |sum|² = 4, R² = 1/4, (4/4 − 1) / 3 = 0.
        assert_near(coherence([10, 10, 10, 160]).unwrap(), 0.0, 1e-12);
        // Seven together and one opposite: |sum|² = 36, (36/8 − 1) / 7 = 0.5.
        assert_near(coherence([20, 20, 20, 20, 20, 20, 20, 170]).unwrap(), 0.5, 1e-12);
    }

    #[test]
    fn windows_are_averaged_by_their_retries_and_lonely_ones_left_out() {
        assert_eq!(coherence([]), None);
        assert_eq!(coherence([5]), None);
        assert_eq!(coherence([5, 305, 605]), None);
        // Coherent windows stay so, whatever their phases: 3 × 1 + 2 × 1.
        assert_near(coherence([5, 5, 5, 460, 460]).unwrap(), 1.0, 1e-12);
        // A window of 6 with value 1, a lonely retry, a window of 2 with value 0: 6 / 8.
        assert_near(coherence([7, 7, 7, 7, 7, 7, 333, 600, 750]).unwrap(), 0.75, 1e-12);
    }

    proptest! {
        #[test]
        fn a_quantile_leaves_the_right_shares_on_its_sides(
            values in prop::collection::vec(0u64..50, 0..60), censored in 0u64..20,
            per_mille in 1u32..=1000,
        ) {
            let sample = Sample::new(values.clone(), censored);
            let count = sample.count();
            let not_above = |bound: u64| values.iter().filter(|&&v| v <= bound).count() as u64;
            let below = |bound: u64| values.iter().filter(|&&v| v < bound).count() as u64;
            let wanted = u64::from(per_mille) * count;
            match sample.quantile(per_mille) {
                Quantile::Known(value) => {
                    prop_assert!(wanted <= 1000 * not_above(value));
                    prop_assert!(1000 * below(value) < wanted);
                }
                Quantile::Censored => prop_assert!(1000 * (values.len() as u64) < wanted),
                Quantile::Absent => prop_assert_eq!(count, 0),
            }
        }
    }

    #[test]
    fn welchs_interval_is_that_of_a_worked_example() {
        // By hand: means 4 and 7, variances of the means 2.5/5 and 10/5, so 2.5; degrees of freedom
        // 2.5² / (0.5²/4 + 2²/4) = 5.88, rounded down to 5; t is 2.571.
        let first = [2.0, 3.0, 4.0, 5.0, 6.0];
        let second = [3.0, 5.0, 7.0, 9.0, 11.0];
        let (difference, half_width) = welch(&first, &second);
        assert_near(difference.unwrap(), 3.0, 1e-12);
        assert_near(half_width.unwrap(), 2.571 * 2.5f64.sqrt(), 1e-9);
        assert_eq!(welch(&[1.0], &second), (Some(6.0), None));
        assert_eq!(welch(&[], &second), (None, None));
        assert_eq!(welch(&[1.0, 1.0], &[3.0, 3.0]), (Some(2.0), Some(0.0)));
    }

    #[test]
    fn the_sign_test_counts_the_tails_of_fair_coins() {
        for (more, fewer, expected) in [
            (0, 0, 1.0),
            (1, 0, 1.0),
            // Two of 2⁵ and two of 2⁶ sequences.
            (5, 0, 2.0 / 32.0),
            (0, 6, 2.0 / 64.0),
            // 1 + 10 of 2¹⁰, twice.
            (9, 1, 22.0 / 1_024.0),
            (3, 3, 1.0),
        ] {
            assert_near(sign_test(more, fewer), expected, 1e-12);
        }
        assert!(sign_test(10_000, 0) < 1e-300);
        assert_near(sign_test(5_000, 5_000), 1.0, 1e-9);
        // A normal distribution's: 200 of 10,000 are four standard deviations apart.
        assert_near(sign_test(5_200, 4_800), 6.6e-5, 5e-6);
    }
}
