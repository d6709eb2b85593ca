//! What a solve saw: the share of replications in which the expectations hold, against the value.

use super::axis::{Axis, is_wide};
use super::{About, Along, Entry, Interval, Mark, Marker, Panel, Sheet, write};
use crate::report::chart::canvas::BAND;
use crate::report::chart::figure::Swatch;
use crate::report::chart::palette::BLUE;
use crate::report::format;

/// The values that a solve tried.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What it is about.
    pub about: About,
    /// Path of the value.
    pub path: String,
    /// Its unit, where the labels do not say it; empty otherwise.
    pub unit: &'static str,
    /// The expectations, in words: `ready_seconds_p95 < 5m`, `all 3 expectations`.
    pub expectations: String,
    /// Share of the replications in which they must hold.
    pub in_runs: f64,
    /// What was tried, in any order.
    pub tried: Vec<Tried>,
    /// The answer and how it is written.
    pub answer: Option<(f64, String)>,
    /// Where the answer lies with 95 % certainty.
    pub interval: Option<(f64, f64)>,
}

/// One value that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The value.
    pub value: f64,
    /// As it is written.
    pub label: String,
    /// Share of the replications in which the expectations hold, with Wilson's 95 % interval.
    pub share: Interval,
    /// Whether that is enough.
    pub holds: bool,
}

impl Curve {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        let title = format!("Where {} holds, by {}", self.expectations, self.path);
        let mut sheet = Sheet::new(&self.about, title);
        let mut tried: Vec<&Tried> =
            self.tried.iter().filter(|it| it.value.is_finite() && it.share.is_finite()).collect();
        tried.sort_by(|a, b| a.value.total_cmp(&b.value));
        if tried.is_empty() {
            return sheet.without("no value was tried");
        }
        sheet.subtitle = self.subtitle(&tried);
        self.legend(&mut sheet, &tried);
        let mut numbers: Vec<f64> = tried.iter().map(|it| it.value).collect();
        let mut labels: Vec<String> = tried.iter().map(|it| it.label.clone()).collect();
        if let Some((value, label)) = self.answer.as_ref().filter(|it| !numbers.contains(&it.0)) {
            numbers.push(*value);
            labels.push(label.clone());
        }
        // By ratios only where the turn is far below the greatest value.
        let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let turn = self.answer.as_ref().map_or(numbers[numbers.len() / 2], |it| it.0);
        let is_log = is_wide(&numbers) && turn < 0.1 * most;
        let label = write::labelled(&self.path, self.unit);
        let across = Axis::swept(&label, &numbers, &labels, is_log);
        let mut up =
            Axis::linear("replications in which all hold".into(), [0.0, 1.0], "share", false);
        // Room for markers at both ends.
        (up.from, up.to) = (-0.03, 1.03);
        let mut marks = vec![];
        if let Some((low, high)) = self.interval {
            let (from, to) = ((low, up.from), (high, up.to));
            marks.push(Mark::Box { from, to, colour: BAND });
        }
        marks.push(Mark::Rule { at: self.in_runs, along: Along::Across, dashed: true });
        let points = tried.iter().map(|it| (it.value, it.share.at)).collect();
        marks.push(Mark::Line { points, thick: 2, shift: 0, colour: BLUE });
        for it in &tried {
            let at = (it.value, it.share.at);
            let (low, high) = (it.share.low, it.share.high);
            marks.push(Mark::Whisker { at, low, high, along: Along::Up, shift: 0, colour: BLUE });
            let (marker, hollow) = (Marker::Circle, !it.holds);
            marks.push(Mark::Dot { at, marker, hollow, shift: (0, 0), colour: BLUE });
        }
        if let Some((at, _)) = self.answer {
            marks.push(Mark::Rule { at, along: Along::Up, dashed: false });
        }
        sheet.plot_height = 380;
        sheet.panels = vec![Panel { inset: 30, marks, ..Panel::new(across, up) }];
        sheet
    }

    fn subtitle(&self, tried: &[&Tried]) -> String {
        let held = tried.iter().filter(|it| it.holds).count();
        let values = match tried.len() {
            1 => "1 value tried".to_owned(),
            n => format!("{n} values tried"),
        };
        let answer = match &self.answer {
            Some((_, label)) => format!("answer {label}"),
            None => "no answer".to_owned(),
        };
        let turns = tried.windows(2).filter(|it| it[0].holds != it[1].holds).count();
        let turns = if 1 < turns { "; it turns more than once" } else { "" };
        let verb = if held == 1 { "holds" } else { "hold" };
        format!("{answer}; {values}, of which {held} {verb} often enough{turns}")
    }

    fn legend(&self, sheet: &mut Sheet, tried: &[&Tried]) {
        let mut entry = |label: &str, swatch| {
            sheet.legend.push(Entry { label: label.into(), swatch });
        };
        if tried.iter().any(|it| it.holds) {
            entry("holds often enough", Swatch::Line(BLUE, Marker::Circle));
        }
        if tried.iter().any(|it| !it.holds) {
            entry("does not", Swatch::Hollow(BLUE, Marker::Circle));
        }
        entry("95 % interval (Wilson)", Swatch::Span(BLUE));
        entry(&format!("demanded: {}", format::share(self.in_runs)), Swatch::Rule);
        if let Some((_, label)) = &self.answer {
            entry(&format!("answer: {label}"), Swatch::Upright);
        }
        if self.interval.is_some() {
            entry("where the answer lies with 95 % certainty", Swatch::Band);
        }
    }
}
