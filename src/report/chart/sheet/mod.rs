//! Charts of comparisons, sweeps and solves.
//!
//! A sheet is data first, like a figure: panels with marks in data coordinates on axes of any kind.
//! `layout` finds the room for its texts, `draw` draws it to either backend. The builders beside
//! them take plain values, so that they know nothing of how those were found.

mod axis;
mod curve;
mod draw;
mod heat;
mod layout;
mod lines;
mod multiples;
mod ranking;
mod stack;
mod tornado;
mod write;

use std::io;
use std::path::Path;

use super::figure::{Entry, Marker};
use super::palette::Colour;
use super::{remove_drawing, write_drawing};
pub use crate::model::record::measure::Better;
use crate::report::VERSION;
use crate::report::files::{FileError, create_folder};
use crate::report::format;
use crate::text::clip;
use axis::Axis;
pub use curve::{Curve, Tried};
pub use heat::{Cell, Heat, Map};
pub use lines::{Lines, Point, Series};
pub use multiples::{Multiples, Trace};
pub use ranking::{Effect, Evidence, Ranking, Row};
pub use stack::{Lever, Stack};
pub use tornado::{End, Tornado, Varied};

/// What a sheet is about: the name of its file and what its caption says.
#[derive(Clone, Debug)]
pub struct About {
    /// File name without its ending.
    pub name: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed.
    pub seed: u64,
    /// Fewest and most replications of anything shown.
    pub replications: (u32, u32),
    /// What else the caption says, such as values set by hand.
    pub remarks: Vec<String>,
}

/// A metric as it is shown.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name, with its scope where that is not the run.
    pub name: String,
    /// Its unit, as `report::format::quantity` knows it; empty for a plain number.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
}

/// A value with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The value.
    pub at: f64,
    /// Lower end; the value itself where there is no interval.
    pub low: f64,
    /// Upper end; the value itself where there is no interval.
    pub high: f64,
}

impl Interval {
    /// `mean` ± `half_width`; without one, the value alone.
    pub fn around(mean: f64, half_width: Option<f64>) -> Self {
        let half = half_width.unwrap_or(0.0);
        Self { at: mean, low: mean - half, high: mean + half }
    }

    /// Whether every number of it can be drawn.
    fn is_finite(self) -> bool {
        self.at.is_finite() && self.low.is_finite() && self.high.is_finite()
    }
}

/// A metric's value over the replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// It has one.
    Known(Interval),
    /// Censored: in some replication it was not reached, so there is no mean.
    Never,
    /// There is none.
    Absent,
}

impl Value {
    /// Its interval, where it has one that can be drawn.
    fn known(self) -> Option<Interval> {
        match self {
            Self::Known(it) if it.is_finite() => Some(it),
            _ => None,
        }
    }

    /// Whether there is nothing to draw, not even that it was never reached.
    fn is_missing(self) -> bool {
        self != Self::Never && self.known().is_none()
    }
}

/// What an expectation demands of a metric.
#[derive(Clone, Debug)]
pub struct Demand {
    /// The bound, in the metric's unit.
    pub bound: f64,
    /// As it was written: `< 5m`.
    pub text: String,
}

/// One axis of a sweep.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Path in the scenario, or what else the places are.
    pub path: String,
    /// Unit of the places' labels, where those do not say it; empty otherwise.
    pub unit: &'static str,
    /// Values, in order.
    pub places: Vec<Place>,
}

impl Swept {
    /// The axis' name with its unit.
    fn label(&self) -> String {
        write::labelled(&self.path, self.unit)
    }

    /// The numbers of all places, where each has one.
    fn numbers(&self) -> Option<Vec<f64>> {
        self.places.iter().map(|it| it.number.filter(|it| it.is_finite())).collect()
    }
}

/// One value of an axis of a sweep.
#[derive(Clone, Debug)]
pub struct Place {
    /// As it was written.
    pub label: String,
    /// Where it stands on an axis of numbers; without one, the axis has named places.
    pub number: Option<f64>,
}

/// A chart of one or more panels.
pub struct Sheet {
    /// File name without its ending.
    name: String,
    /// What is shown.
    title: String,
    /// What to see in it, in words with numbers.
    subtitle: String,
    /// What stands below: what was simulated, and what was left out.
    caption: String,
    /// What colours and markers mean, in the order of reading.
    legend: Vec<Entry>,
    /// What the colours of cells mean.
    bar: Option<ColourBar>,
    /// Row by row, as many in a row as `columns`.
    panels: Vec<Panel>,
    columns: usize,
    /// Height of a panel's plot.
    plot_height: i32,
    /// Most room at the left for the names on the vertical axis.
    left_room: i32,
    /// Whether all panels have the same axes, which are then written once.
    shared: bool,
    /// What the sheet says instead of panels where there is nothing to show.
    empty: Option<&'static str>,
}

impl Sheet {
    /// A sheet without panels.
    fn new(about: &About, title: String) -> Self {
        let count = |n: u32| format::count(f64::from(n));
        let replications = match about.replications {
            (1, 1) => "1 replication".to_owned(),
            (least, most) if least == most => format!("{} replications", count(most)),
            (least, most) => format!("{} to {} replications", count(least), count(most)),
        };
        let mut caption = format!(
            "simulated by Pullstorm {VERSION} · scenario {} · seed {} · {replications}",
            clip(&about.scenario, 60),
            about.seed,
        );
        for it in &about.remarks {
            caption = format!("{caption} · {}", clip(it, 100));
        }
        Self {
            name: about.name.clone(),
            title,
            subtitle: String::new(),
            caption,
            legend: vec![],
            bar: None,
            panels: vec![],
            columns: 1,
            plot_height: 380,
            left_room: 330,
            shared: true,
            empty: None,
        }
    }

    /// The same without anything to show, and why.
    fn without(mut self, why: &'static str) -> Self {
        self.empty = Some(why);
        self
    }

    /// Says one thing more in the caption.
    fn remark(&mut self, text: &str) {
        self.caption = format!("{} · {text}", self.caption);
    }

    /// File name without its ending.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The colours of cells and the values that they stand for.
struct ColourBar {
    label: String,
    axis: Axis,
}

/// One plot with its axes.
struct Panel {
    title: String,
    /// What stands beside the title.
    remark: String,
    across: Axis,
    up: Axis,
    /// Room inside the plot, left and right of the axis' ends.
    inset: i32,
    /// What is drawn, back to front.
    marks: Vec<Mark>,
    /// Columns of text at the right.
    notes: Vec<Notes>,
}

impl Panel {
    /// An empty panel.
    fn new(across: Axis, up: Axis) -> Self {
        let (title, remark) = (String::new(), String::new());
        Self { title, remark, across, up, inset: 0, marks: vec![], notes: vec![] }
    }
}

/// A column of text beside the rows of a panel.
struct Notes {
    header: String,
    /// Place on the vertical axis, and text.
    texts: Vec<(f64, String)>,
}

/// A direction on a panel.
#[derive(Clone, Copy, PartialEq)]
enum Along {
    Across,
    Up,
}

/// A place on a panel: across and up, in the units of its axes.
type At = (f64, f64);

/// Something drawn. Sizes beside places are those at which the sheet is shown.
enum Mark {
    /// A filled box between two corners.
    Box { from: At, to: At, colour: Colour },
    /// A thick bar along a row, around the row's middle; `lift` moves it up.
    Bar { row: f64, from: f64, to: f64, thick: i32, lift: i32, colour: Colour },
    /// A 95 % interval; `shift` moves it sideways.
    Whisker { at: At, low: f64, high: f64, along: Along, shift: i32, colour: Colour },
    /// A marker; `shift` moves it to the right, or down along a row.
    Dot { at: At, marker: Marker, hollow: bool, shift: (i32, i32), colour: Colour },
    /// Straight lines from point to point.
    Line { points: Vec<At>, thick: i32, shift: i32, colour: Colour },
    /// A level that changes in steps, up to the end of the axis.
    Steps { points: Vec<At>, thick: i32, colour: Colour },
    /// Cells of a map that follow one another.
    Cells(Vec<Shade>),
    /// The edges between cells where an expectation fails and those where it holds.
    Edges(Vec<Edge>),
    /// A line through the whole plot where an axis has a value.
    Rule { at: f64, along: Along, dashed: bool },
    /// A text on a white ground, moved by a number of pixels.
    Text { at: At, text: String, shift: (i32, i32), from: Start },
    /// The arrow of a value beyond the top of the axis, or beyond its right end.
    Beyond { at: At, along: Along, shift: i32, colour: Colour },
}

/// One cell of a map.
struct Shade {
    column: usize,
    row: usize,
    fill: Fill,
    text: String,
}

/// The edge between two cells, and on which side of it an expectation holds.
struct Edge {
    from: At,
    to: At,
    holding: Side,
}

/// What a cell is filled with.
#[derive(Clone, Copy)]
enum Fill {
    Colour(Colour),
    Hatch,
    Nothing,
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy)]
enum Start {
    Left,
    Right,
    /// The one that leaves more room.
    Widest,
}

/// The side of an edge.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
    Below,
    Above,
}

/// Intervals on bars, which have the colours.
const WHISKER: Colour = (40, 40, 40);

/// A number of things, to count pixels by.
fn whole(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Height of each of `rows`: `most` for a few, less for many.
fn row_height(rows: usize, most: i32) -> i32 {
    (most * 12 / whole(rows.max(1))).clamp(22, most)
}

/// Draws `sheet` to NAME.svg and NAME.png in `folder`, which is created where it is missing.
pub fn write_sheet(folder: &Path, sheet: &Sheet) -> Result<(), FileError> {
    create_folder(folder)?;
    let laid = layout::Laid::of(sheet).map_err(|why| {
        let path = folder.join(format!("{}.svg", sheet.name));
        FileError { path, tried: "draw", source: io::Error::other(why) }
    })?;
    write_drawing(folder, &sheet.name, &laid)
}

/// Removes the sheet of this name from `folder`, where it is there.
pub fn clear_sheet(folder: &Path, name: &str) -> Result<(), FileError> {
    remove_drawing(folder, name)
}

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;
