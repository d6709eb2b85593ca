//! The values of a path as positions from the easy end to the hard end.

use crate::scenario::Lattice;

/// Which way a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The largest value: small ones are easy.
    Maximize,
    /// The smallest value: large ones are easy.
    Minimize,
}

/// Positions of a scan, its ends included.
const SCAN: u64 = 9;
/// From this ratio of largest to smallest on, a scan goes by factors.
const DECADES: u64 = 10;

/// The values that a search steps through.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What they are values of.
    pub lattice: Lattice,
    /// Which way the search goes.
    pub goal: Goal,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// From the smallest in equal steps.
    Even { from: u64, step: u64, count: u64 },
    /// These, ascending.
    Listed(Vec<u64>),
}

impl Axis {
    /// From `from` to at most `to` in equal steps.
    ///
    /// # Panics
    /// Panics where the range is empty or the step is 0.
    pub fn even(lattice: Lattice, goal: Goal, (from, to): (u64, u64), step: u64) -> Self {
        assert!(from <= to && 0 < step, "{from} to {to} in steps of {step}");
        let count = (to - from) / step + 1;
        Self { lattice, goal, values: Values::Even { from, step, count } }
    }

    /// Values of two digits, which is how sizes are bought, from `from` to `to` and these two.
    pub fn two_digits(lattice: Lattice, goal: Goal, (from, to): (u64, u64)) -> Self {
        let mut values = vec![from];
        let inside = from + 1..to;
        values.extend((1..10).filter(|it| inside.contains(it)));
        let mut scale: u64 = 1;
        while scale.checked_mul(10).is_some_and(|it| it <= to) {
            values.extend((10..100).map(|it| it * scale).filter(|it| inside.contains(it)));
            scale *= 10;
        }
        values.push(to);
        values.sort_unstable();
        values.dedup();
        Self { lattice, goal, values: Values::Listed(values) }
    }

    /// Ends the values at position `last`.
    pub fn cut(&mut self, last: u64) {
        let gone = self.last() - last;
        match (&mut self.values, self.goal) {
            (Values::Even { count, .. }, Goal::Maximize) => *count -= gone,
            (Values::Even { from, step, count }, Goal::Minimize) => {
                *from += gone * *step;
                *count -= gone;
            }
            (Values::Listed(values), Goal::Maximize) => values.truncate(last as usize + 1),
            (Values::Listed(values), Goal::Minimize) => drop(values.drain(..gone as usize)),
        }
    }

    fn count(&self) -> u64 {
        match &self.values {
            Values::Even { count, .. } => *count,
            Values::Listed(values) => values.len() as u64,
        }
    }

    /// The hard end.
    pub fn last(&self) -> u64 {
        self.count() - 1
    }

    fn ascending(&self, index: u64) -> u64 {
        match &self.values {
            Values::Even { from, step, .. } => from + index * step,
            Values::Listed(values) => values[index as usize],
        }
    }

    /// The value at a position.
    pub fn value(&self, position: u64) -> u64 {
        match self.goal {
            Goal::Maximize => self.ascending(position),
            Goal::Minimize => self.ascending(self.last() - position),
        }
    }

    /// The value at a position, as `--set` takes it.
    pub fn show(&self, position: u64) -> String {
        self.lattice.show(self.value(position))
    }

    /// The value at a position, for an axis of a chart.
    pub fn number(&self, position: u64) -> f64 {
        self.lattice.as_f64(self.value(position))
    }

    /// What `--set` takes for the value at a position.
    pub fn set(&self, position: u64) -> String {
        format!("{}={}", self.lattice.path, self.show(position))
    }

    /// Positions spread over those from `start` on: by factors where the values span decades.
    pub fn spread(&self, start: u64) -> Vec<u64> {
        let last = self.last();
        let (low, high) =
            (self.value(start).min(self.value(last)), self.value(start).max(self.value(last)));
        let positions = last - start;
        if positions < SCAN || high / low.max(1) < DECADES {
            return (0..SCAN).map(|it| start + positions * it / (SCAN - 1)).collect();
        }
        let low = low.max(high / 1_000_000).max(1) as f64;
        let factor = (high as f64 / low).powf(1.0 / (SCAN - 1) as f64);
        (0..SCAN).map(|it| self.nearest(start, low * factor.powi(it as i32))).collect()
    }

    /// The position from `start` on whose value is the first not below `value`.
    fn nearest(&self, start: u64, value: f64) -> u64 {
        let (mut low, mut high) = (0, self.last());
        while low < high {
            let middle = low + (high - low) / 2;
            if (self.ascending(middle) as f64) < value {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        match self.goal {
            Goal::Maximize => low,
            Goal::Minimize => self.last() - low,
        }
        .max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes() -> Lattice {
        Lattice::of("pool.x.nodes", "1").unwrap()
    }

    #[test]
    fn positions_go_from_the_easy_end_to_the_hard_one() {
        let up = Axis::even(nodes(), Goal::Maximize, (10, 31), 10);
        assert_eq!((0..=up.last()).map(|it| up.value(it)).collect::<Vec<_>>(), [10, 20, 30]);
        let down = Axis::even(nodes(), Goal::Minimize, (10, 31), 10);
        assert_eq!((0..=down.last()).map(|it| down.value(it)).collect::<Vec<_>>(), [30, 20, 10]);
        assert_eq!(down.set(0), "pool.x.nodes=30");
        for goal in [Goal::Maximize, Goal::Minimize] {
            let values = |it: &Axis| (0..=it.last()).map(|at| it.value(at)).collect::<Vec<_>>();
            for axis in
                [Axis::even(nodes(), goal, (10, 31), 10), Axis::two_digits(nodes(), goal, (8, 31))]
            {
                let mut cut = axis.clone();
                cut.cut(1);
                assert_eq!(values(&cut), values(&axis)[..2]);
            }
        }
    }

    #[test]
    fn a_scan_of_decades_goes_by_factors() {
        let up = Axis::even(nodes(), Goal::Maximize, (1, 5_000), 1);
        let values: Vec<u64> = up.spread(0).into_iter().map(|it| up.value(it)).collect();
        // 5,000^(1/8) = 2.9: each is the one before times that, rounded up.
        assert_eq!(values, [1, 3, 9, 25, 71, 206, 595, 1_725, 5_000]);
        let rest: Vec<u64> = up.spread(4_000).into_iter().map(|it| up.value(it)).collect();
        assert_eq!(rest.first().zip(rest.last()), Some((&4_001, &5_000)));
        let down = Axis::even(nodes(), Goal::Minimize, (1, 5_000), 1);
        let mut positions = down.spread(0);
        positions.sort_unstable();
        assert_eq!((positions[0], positions[8]), (0, 4_999));
    }

    #[test]
    fn sizes_have_two_digits() {
        let axis = Axis::two_digits(nodes(), Goal::Maximize, (8, 1_234));
        let values: Vec<u64> = (0..=axis.last()).map(|it| axis.value(it)).collect();
        assert_eq!(values[..4], [8, 9, 10, 11]);
        assert_eq!(values[values.len() - 4..], [1_000, 1_100, 1_200, 1_234]);
        assert!(values.contains(&990) && !values.contains(&991));
    }
}
