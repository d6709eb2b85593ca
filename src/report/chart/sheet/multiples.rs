//! One level over time for the base and each variant: small panels on the same axes, the base in
//! grey in each.

use super::axis::Axis;
use super::{About, Entry, Mark, Marker, Panel, Sheet, write};
use crate::report::chart::figure::Swatch;
use crate::report::chart::palette::{BLACK, BLUE, Colour};
use crate::report::format;

/// Most panels; smaller ones could not be read.
const MAX_PANELS: usize = 12;
/// Most steps of a line: more than that, and neighbours share a pixel.
const MAX_STEPS: usize = 480;
/// The base behind a variant.
const SHADOW: Colour = (175, 175, 175);

/// A level over time in the base and in variants of it.
#[derive(Clone, Debug)]
pub struct Multiples {
    /// What it is about.
    pub about: About,
    /// What the level is: `pods that wait`.
    pub what: String,
    /// Unit of the level; empty for a plain number.
    pub unit: &'static str,
    /// The base.
    pub base: Trace,
    /// The variants, the most important first.
    pub variants: Vec<Trace>,
}

/// A level over time.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Name of the variant.
    pub name: String,
    /// From which second on the level is what, in the order of time.
    pub points: Vec<(f64, f64)>,
    /// What stands beside the name, such as the metric's value; may be empty.
    pub remark: String,
}

impl Trace {
    fn peak(&self) -> f64 {
        self.points.iter().map(|it| it.1).filter(|it| it.is_finite()).fold(0.0, f64::max)
    }

    /// The level with the highest of each bin where there are more steps than can be seen.
    fn thinned(&self, seconds: f64) -> Vec<(f64, f64)> {
        let points = || self.points.iter().filter(|it| it.0.is_finite() && it.1.is_finite());
        if points().count() <= MAX_STEPS {
            return points().copied().collect();
        }
        let length = seconds / MAX_STEPS as f64;
        let mut bins: Vec<(f64, f64)> = vec![];
        let mut level: Option<f64> = None;
        let mut rest = points().peekable();
        for bin in 0..MAX_STEPS {
            let end = (bin + 1) as f64 * length;
            let mut highest = level;
            while let Some((_, value)) = rest.next_if(|it| it.0 < end || bin + 1 == MAX_STEPS) {
                level = Some(*value);
                highest = Some(highest.map_or(*value, |it| it.max(*value)));
            }
            bins.extend(highest.map(|it| (bin as f64 * length, it)));
        }
        bins
    }
}

impl Multiples {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::new(&self.about, format!("Over time: {}", self.what));
        let shown = &self.variants[..self.variants.len().min(MAX_PANELS - 1)];
        let traces = || shown.iter().chain([&self.base]);
        let last = |it: &Trace| it.points.last().map_or(0.0, |it| it.0);
        let seconds = traces().map(last).filter(|it| it.is_finite()).fold(0.0, f64::max);
        if seconds <= 0.0 {
            return sheet.without("nothing changes over time");
        }
        sheet.subtitle = self.subtitle();
        if shown.len() < self.variants.len() {
            let of = self.variants.len();
            sheet.remark(&format!(
                "{} of {of} variants, {} left out",
                shown.len(),
                of - shown.len()
            ));
        }
        if traces().any(|it| MAX_STEPS < it.points.len()) {
            let length = format::seconds(seconds / MAX_STEPS as f64);
            sheet.remark(&format!("highest level in each {length}"));
        }
        let line = |colour| Swatch::Line(colour, Marker::None);
        if !shown.is_empty() {
            let again = format!("{}, repeated", self.base.name);
            sheet.legend = vec![
                Entry { label: self.base.name.clone(), swatch: line(BLACK) },
                Entry { label: again, swatch: line(SHADOW) },
                Entry { label: "variant".into(), swatch: line(BLUE) },
            ];
        }
        let n = shown.len() + 1;
        let (columns, plot_height) = match n {
            1 => (1, 380),
            2 => (2, 320),
            3 => (3, 260),
            4 => (2, 200),
            5 | 6 => (3, 190),
            7..=9 => (3, 150),
            _ => (4, 140),
        };
        (sheet.columns, sheet.plot_height) = (columns, plot_height);
        let top = traces().map(Trace::peak).fold(0.0, f64::max);
        let label = write::labelled(&self.what, self.unit);
        let up = Axis::linear(label, [0.0, top.max(f64::MIN_POSITIVE)], self.unit, false);
        let across = Axis::time(seconds);
        let behind = self.base.thinned(seconds);
        let panel = |trace: &Trace, colour, is_base: bool| {
            let mut marks = vec![];
            if !is_base {
                let points = behind.clone();
                marks.push(Mark::Steps { points, thick: 2, colour: SHADOW });
            }
            marks.push(Mark::Steps { points: trace.thinned(seconds), thick: 2, colour });
            let title = trace.name.clone();
            let remark = trace.remark.clone();
            Panel { title, remark, marks, ..Panel::new(across.clone(), up.clone()) }
        };
        sheet.panels = vec![panel(&self.base, BLACK, true)];
        sheet.panels.extend(shown.iter().map(|it| panel(it, BLUE, false)));
        sheet
    }

    fn subtitle(&self) -> String {
        let peak = |it: &Trace| write::value(it.peak(), self.unit);
        let mut text = format!("{} peaks at {}", self.base.name, peak(&self.base));
        let by_peak = |a: &&Trace, b: &&Trace| a.peak().total_cmp(&b.peak());
        // The first of equals.
        if let Some(lowest) = self.variants.iter().min_by(by_peak) {
            text = format!("{text}; the lowest peak is {} with {}", peak(lowest), lowest.name);
        }
        let highest = self.variants.iter().rev().max_by(by_peak);
        if let Some(highest) = highest.filter(|_| 1 < self.variants.len()) {
            text = format!("{text}, the highest {} with {}", peak(highest), highest.name);
        }
        text
    }
}
