//! Which of several parameters moves a metric most, each varied alone from a low to a high value.

use super::axis::Axis;
use super::{About, Along, Entry, Interval, Mark, Metric, Notes, Panel, Sheet, Start};
use super::{Value, write};
use crate::report::chart::figure::Swatch;
use crate::report::chart::palette::{BLUE, Colour, GREY, ORANGE};
use crate::report::format::NOTHING;

/// Most rows; more could not be read on one sheet.
const MAX_ROWS: usize = 30;

/// Parameters varied one at a time.
#[derive(Clone, Debug)]
pub struct Tornado {
    /// What it is about.
    pub about: About,
    /// What they move.
    pub metric: Metric,
    /// The metric where nothing is varied.
    pub base: Value,
    /// The parameters, in any order.
    pub rows: Vec<Varied>,
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Varied {
    /// Its path in the scenario.
    pub path: String,
    /// At its low value.
    pub low: End,
    /// At its high value.
    pub high: End,
}

/// The metric at one value of a parameter.
#[derive(Clone, Debug)]
pub struct End {
    /// The parameter's value as it was written.
    pub label: String,
    /// The metric.
    pub value: Value,
}

impl Varied {
    /// How far the metric moves; beyond all bounds where an end has no value.
    fn swing(&self, base: f64) -> f64 {
        if [&self.low, &self.high].iter().any(|it| it.value == Value::Never) {
            return f64::INFINITY;
        }
        let ends = [self.low.value, self.high.value];
        let known = || ends.iter().filter_map(|it| Some(it.known()?.at)).chain([base]);
        let (low, high) = (known().fold(base, f64::min), known().fold(base, f64::max));
        high - low
    }
}

impl Tornado {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        let Metric { name, unit, .. } = &self.metric;
        let mut sheet = Sheet::new(&self.about, format!("What moves {name} most"));
        if self.rows.is_empty() {
            return sheet.without("no parameter was varied");
        }
        let Some(base) = self.base.known() else {
            return sheet.without("the base has no value to vary around");
        };
        let mut rows: Vec<&Varied> = self.rows.iter().collect();
        // Stable, so equal ones stay in their order.
        rows.sort_by(|a, b| b.swing(base.at).total_cmp(&a.swing(base.at)));
        sheet.subtitle = self.subtitle(rows[0], base);
        if MAX_ROWS < rows.len() {
            sheet.remark(&format!("the {MAX_ROWS} largest of {} parameters", rows.len()));
            rows.truncate(MAX_ROWS);
        }
        Self::legend(&mut sheet, &rows);
        let ends = || rows.iter().flat_map(|it| [&it.low, &it.high]);
        let known = ends().filter_map(|it| it.value.known()).chain([base]);
        let values = known.flat_map(|it| [it.low, it.at, it.high]);
        let across = Axis::linear(write::labelled(name, unit), values, unit, false);
        let up = Axis::places("parameter", rows.iter().map(|it| it.path.as_str())).reversed();
        let mut marks = vec![];
        for (position, row) in rows.iter().enumerate() {
            draw(&mut marks, position as f64 + 0.5, row, base.at, &across);
        }
        let label = format!("base {}", write::value(base.at, unit));
        marks.push(Mark::Rule { at: base.at, along: Along::Up, dashed: false });
        sheet.legend.push(Entry { label, swatch: Swatch::Upright });
        sheet.plot_height = super::row_height(rows.len(), 44).max(38) * super::whole(rows.len());
        let notes = vec![self.notes(&rows, base.at)];
        sheet.panels = vec![Panel { inset: 90, marks, notes, ..Panel::new(across, up) }];
        sheet
    }

    fn subtitle(&self, first: &Varied, base: Interval) -> String {
        let told = |it: &End| {
            let value = match it.value {
                Value::Known(it) => write::value(it.at, self.metric.unit),
                Value::Never => "never".into(),
                Value::Absent => NOTHING.into(),
            };
            format!("{value} at {}", it.label)
        };
        format!(
            "{} moves it most: {}, {}; the base has {}; {} varied one at a time",
            first.path,
            told(&first.low),
            told(&first.high),
            write::value(base.at, self.metric.unit),
            match self.rows.len() {
                1 => "1 parameter".to_owned(),
                n => format!("{n} parameters"),
            },
        )
    }

    fn legend(sheet: &mut Sheet, rows: &[&Varied]) {
        let mut entry = |label: &str, swatch| {
            sheet.legend.push(Entry { label: label.into(), swatch });
        };
        entry("at the low value", Swatch::Box(LOW));
        entry("at the high value", Swatch::Box(HIGH));
        let ends = || rows.iter().flat_map(|it| [it.low.value, it.high.value]);
        if ends().filter_map(Value::known).any(|it| it.low < it.high) {
            entry("95 % interval", Swatch::Span(super::WHISKER));
        }
        if ends().any(|it| it == Value::Never) {
            entry("never reached in some replication", Swatch::Onward(GREY));
        }
    }

    fn notes(&self, rows: &[&Varied], base: f64) -> Notes {
        let swing = |it: &Varied| match it.swing(base) {
            it if it.is_finite() => write::value(it, self.metric.unit),
            _ => "never".into(),
        };
        let texts = rows.iter().enumerate().map(|(n, it)| (n as f64 + 0.5, swing(it))).collect();
        Notes { header: "swing".into(), texts }
    }
}

const LOW: Colour = BLUE;
const HIGH: Colour = ORANGE;

/// The marks of one parameter: both ends on one line, or one above the other where they lie on the
/// same side of the base.
fn draw(marks: &mut Vec<Mark>, row: f64, it: &Varied, base: f64, across: &Axis) {
    let side = |end: &End| match end.value.known() {
        Some(known) => known.at.total_cmp(&base),
        None => std::cmp::Ordering::Greater,
    };
    // An end on the base itself takes no room on either side, but its label does.
    let is_apart =
        side(&it.low) != side(&it.high) && side(&it.low).is_ne() && side(&it.high).is_ne();
    for (end, colour, lift) in [(&it.low, LOW, 9), (&it.high, HIGH, -9)] {
        let (lift, thick) = if is_apart { (0, 18) } else { (lift, 13) };
        let Some(known) = end.value.known() else {
            let is_never = end.value == Value::Never;
            let text = if is_never { String::new() } else { "no value at ".into() } + &end.label;
            if is_never {
                let (from, to) = (base, across.to);
                marks.push(Mark::Bar { row, from, to, thick: thick / 2, lift, colour });
                let at = (across.to, row);
                marks.push(Mark::Beyond { at, along: Along::Across, shift: -lift, colour });
            }
            let at = if is_never { across.to } else { base };
            let (shift, from) = (if is_never { 26 } else { 8 }, Start::Left);
            marks.push(Mark::Text { at: (at, row), text, shift: (shift, -lift), from });
            continue;
        };
        marks.push(Mark::Bar { row, from: base, to: known.at, thick, lift, colour });
        let (at, low, high) = ((known.at, row), known.low, known.high);
        let (along, ink) = (Along::Across, super::WHISKER);
        marks.push(Mark::Whisker { at, low, high, along, shift: -lift, colour: ink });
        let text = end.label.clone();
        let (at, shift, from) = if known.at < base {
            (known.low.min(known.at), -10, Start::Right)
        } else {
            (known.high.max(known.at), 10, Start::Left)
        };
        marks.push(Mark::Text { at: (at, row), text, shift: (shift, -lift), from });
    }
}
