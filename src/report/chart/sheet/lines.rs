//! One metric along one axis of a sweep, a line for each value of another.

use super::axis::{Axis, is_wide};
use super::{
    About, Along, Demand, Entry, Mark, Marker, Metric, Panel, Sheet, Swept, Value, whole, write,
};
use crate::report::chart::figure::Swatch;
use crate::report::chart::palette::{self, Colour, GREY};

/// Most lines; more could not be told apart.
const MAX_SERIES: usize = 10;

/// A metric along one axis of a sweep.
#[derive(Clone, Debug)]
pub struct Lines {
    /// What it is about.
    pub about: About,
    /// What is shown.
    pub metric: Metric,
    /// Along what; numbers where all places have one, else named places.
    pub along: Swept,
    /// What tells the lines apart, such as the path of a second axis; empty for one line.
    pub by: String,
    /// The lines.
    pub series: Vec<Series>,
    /// What an expectation demands of the metric.
    pub demand: Option<Demand>,
}

/// How far above the greatest value the axis ends where something was never reached.
const ABOVE: f64 = 1.25;

/// One line.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// A point for each place of the axis.
    pub points: Vec<Point>,
}

/// One point.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// The metric.
    pub value: Value,
    /// Whether its expectation holds there, where there is one.
    pub holds: Option<bool>,
}

/// Looks of the line at `position`; all of [`MAX_SERIES`] differ.
fn look(position: usize) -> (Colour, Marker) {
    const MARKERS: [Marker; 5] =
        [Marker::Circle, Marker::Square, Marker::Diamond, Marker::Up, Marker::Down];
    (palette::LINES[position % palette::LINES.len()], MARKERS[position % MARKERS.len()])
}

impl Lines {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        let Metric { name, unit, .. } = &self.metric;
        let mut sheet = Sheet::new(&self.about, format!("{name} along {}", self.along.path));
        let points = || self.series.iter().flat_map(|it| &it.points);
        if self.along.places.is_empty() || points().all(|it| it.value == Value::Absent) {
            return sheet.without("no point of the sweep has a value");
        }
        let series = &self.series[..self.series.len().min(MAX_SERIES)];
        if series.len() < self.series.len() {
            sheet.remark(&format!("the first {MAX_SERIES} of {} lines", self.series.len()));
        }
        sheet.subtitle = self.subtitle();
        self.legend(&mut sheet, series);
        let numbers = self.along.numbers();
        let labels: Vec<String> = self.along.places.iter().map(|it| it.label.clone()).collect();
        let label = self.along.label();
        let across = match &numbers {
            Some(numbers) => Axis::swept(&label, numbers, &labels, is_wide(numbers)),
            None => Axis::places(&label, labels.iter().map(String::as_str)),
        };
        let known = series.iter().flat_map(|it| &it.points).filter_map(|it| it.value.known());
        let mut values: Vec<f64> = known.flat_map(|it| [it.low, it.at, it.high]).collect();
        values.extend(self.demand.as_ref().map(|it| it.bound).filter(|it| it.is_finite()));
        if series.iter().flat_map(|it| &it.points).any(|it| it.value == Value::Never) {
            // What was never reached stands at the top, above everything that was.
            let most = values.iter().copied().fold(0.0, f64::max);
            values.push(most * ABOVE);
        }
        let mut up = Axis::fitting(write::labelled(name, unit), &values, unit);
        if *unit == "share" {
            up.to = up.to.min(1.0);
            up.ticks.retain(|it| it.0 <= 1.0 + 1e-9);
        }
        let places =
            numbers.unwrap_or_else(|| (0..labels.len()).map(|it| it as f64 + 0.5).collect());
        let mut marks = vec![];
        if let Some(it) = &self.demand {
            marks.push(Mark::Rule { at: it.bound, along: Along::Across, dashed: true });
        }
        // Points on one place are set side by side; on an axis of numbers only so far that
        // intervals can be told apart.
        let others = whole(series.len()) - 1;
        let spread = if across.is_named {
            (12 * others).min(700 / whole(places.len()))
        } else {
            (4 * others).min(12)
        };
        for (position, it) in series.iter().enumerate() {
            let shift = beside(position, series.len(), spread);
            draw(&mut marks, it, &places, (position, shift), across.is_named);
        }
        for (position, across) in places.iter().enumerate() {
            unreached(&mut marks, series, position, (*across, up.from));
        }
        sheet.plot_height = 400;
        let inset = if across.is_named { 8 } else { 40 };
        sheet.panels = vec![Panel { inset, marks, ..Panel::new(across, up) }];
        sheet
    }

    fn subtitle(&self) -> String {
        let mut parts = vec![];
        let all = || {
            self.series.iter().flat_map(|it| {
                let points = it.points.iter().zip(&self.along.places);
                points.filter_map(|(point, place)| {
                    Some((point.value.known()?.at, it.name.as_str(), place.label.as_str()))
                })
            })
        };
        let told = |(value, name, place): (f64, &str, &str)| {
            let of = match self.by.as_str() {
                "" if self.series.len() == 1 => String::new(),
                "" => format!(" ({name})"),
                by => format!(" ({by} = {name})"),
            };
            format!("{} at {place}{of}", write::value(value, self.metric.unit))
        };
        let by_value = |a: &(f64, &str, &str), b: &(f64, &str, &str)| a.0.total_cmp(&b.0);
        if let (Some(low), Some(high)) = (all().min_by(by_value), all().max_by(by_value)) {
            parts.push(format!("from {} to {}", told(low), told(high)));
        }
        let points = || self.series.iter().flat_map(|it| &it.points);
        let asked = points().filter(|it| it.holds.is_some()).count();
        if 0 < asked {
            let holds = points().filter(|it| it.holds == Some(true)).count();
            parts.push(format!("the expectation holds at {holds} of {asked} points"));
        }
        let never = points().filter(|it| it.value == Value::Never).count();
        if 0 < never {
            let all = points().count();
            parts.push(format!("at {never} of {all} points some replication never reaches it"));
        }
        parts.join("; ")
    }

    fn legend(&self, sheet: &mut Sheet, series: &[Series]) {
        if 1 < series.len() {
            for (position, it) in series.iter().enumerate() {
                let (colour, marker) = look(position);
                let label = match self.by.as_str() {
                    "" => it.name.clone(),
                    by if position == 0 => format!("{by} = {}", it.name),
                    _ => it.name.clone(),
                };
                sheet.legend.push(Entry { label, swatch: Swatch::Line(colour, marker) });
            }
        }
        let points = || series.iter().flat_map(|it| &it.points);
        let (colour, marker) = if series.len() == 1 { look(0) } else { (GREY, Marker::Circle) };
        let mut entry = |label: &str, swatch| {
            sheet.legend.push(Entry { label: label.into(), swatch });
        };
        if points().filter_map(|it| it.value.known()).any(|it| it.low < it.high) {
            entry("95 % interval", Swatch::Span(colour));
        }
        if let Some(it) = &self.demand {
            entry(&format!("demand {}", it.text), Swatch::Rule);
        }
        if points().any(|it| it.holds == Some(false) && it.value.known().is_some()) {
            entry("expectation fails", Swatch::Hollow(colour, marker));
        }
        if points().any(|it| it.value == Value::Never) {
            entry("never reached in some replication", Swatch::Arrow(colour));
        }
        if points().any(|it| it.value.is_missing()) {
            entry("no value", Swatch::Dot(colour, Marker::Cross));
        }
    }
}

/// Where one of `n` stands that share a place, over a spread of pixels.
fn beside(position: usize, n: usize, spread: i32) -> i32 {
    whole(position) * spread / (whole(n) - 1).max(1) - spread / 2
}

/// The marks of one line.
fn draw(
    marks: &mut Vec<Mark>,
    series: &Series,
    places: &[f64],
    (position, shift): (usize, i32),
    is_named: bool,
) {
    let (colour, marker) = look(position);
    let mut points: Vec<(f64, Point)> =
        places.iter().copied().zip(series.points.iter().copied()).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let is_known = |it: &(f64, Point)| it.1.value.known().is_some();
    if !is_named {
        // A line ends where a value is missing.
        for run in points.chunk_by(|a, b| is_known(a) == is_known(b)) {
            let points: Vec<(f64, f64)> =
                run.iter().filter_map(|it| Some((it.0, it.1.value.known()?.at))).collect();
            marks.push(Mark::Line { points, thick: 2, shift, colour });
        }
    }
    for (across, point) in points {
        if let Some(it) = point.value.known() {
            let (at, low, high) = ((across, it.at), it.low, it.high);
            marks.push(Mark::Whisker { at, low, high, along: Along::Up, shift, colour });
            let hollow = point.holds == Some(false);
            marks.push(Mark::Dot { at, marker, hollow, shift: (shift, 0), colour });
        }
    }
}

/// The lines that have no value at one place: arrows at the top where it was never reached, crosses
/// at the bottom where there is none; side by side, so that all are seen.
fn unreached(marks: &mut Vec<Mark>, series: &[Series], position: usize, at: (f64, f64)) {
    let lines = |of: fn(Value) -> bool| -> Vec<Colour> {
        let lines = series.iter().enumerate();
        let value = |it: &Series| it.points.get(position).map_or(Value::Absent, |it| it.value);
        let of = lines.filter(|it| of(value(it.1)));
        of.map(|it| look(it.0).0).collect()
    };
    let never = lines(|it| it == Value::Never);
    for (position, colour) in never.iter().enumerate() {
        let shift = beside(position, never.len(), 12 * (whole(never.len()) - 1));
        marks.push(Mark::Beyond { at, along: Along::Up, shift, colour: *colour });
    }
    let missing = lines(Value::is_missing);
    for (position, colour) in missing.iter().enumerate() {
        let shift = (beside(position, missing.len(), 10 * (whole(missing.len()) - 1)), -6);
        let (marker, hollow) = (Marker::Cross, false);
        marks.push(Mark::Dot { at, marker, hollow, shift, colour: *colour });
    }
}
