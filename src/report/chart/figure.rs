//! A chart before it is drawn: marks in data coordinates, time in seconds on the horizontal axis.

use super::palette::Colour;

/// A chart.
pub(super) struct Figure {
    /// File name without its ending.
    pub(super) name: &'static str,
    /// What is shown.
    pub(super) title: &'static str,
    /// What to see in it, in words with numbers.
    pub(super) subtitle: String,
    /// What stands below: what was simulated, and what was left out.
    pub(super) caption: String,
    /// End of the time axis, in seconds.
    pub(super) seconds: f64,
    /// The vertical axis.
    pub(super) vertical: Vertical,
    /// What is drawn, back to front.
    pub(super) marks: Vec<Mark>,
    /// What the colours mean, in the order of reading.
    pub(super) legend: Vec<Entry>,
    /// What the chart says instead of marks where there is nothing to show.
    pub(super) empty: Option<&'static str>,
}

/// The vertical axis.
pub(super) struct Vertical {
    /// Name and unit.
    pub(super) label: String,
    /// Value at the top.
    pub(super) top: f64,
    /// How its values are written.
    pub(super) form: Form,
}

/// How the values of an axis are written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// As numbers, from the bottom up.
    Number,
    /// As percentages of 1, from the bottom up.
    Percent,
    /// As numbers of rows, from the top down.
    Rows,
}

/// Something drawn.
pub(super) enum Mark {
    /// A span of time behind everything.
    Band { from: f64, to: f64 },
    /// Columns of one colour: from, to, bottom, top.
    Columns { colour: Colour, columns: Vec<Column> },
    /// A level that changes in steps, with markers that tell it from others.
    Steps { colour: Colour, marker: Marker, points: Vec<(f64, f64)> },
    /// Small marks in rows: row from 0 at the top, and when.
    Ticks { colour: Colour, ticks: Vec<(u32, f64)> },
    /// A dashed vertical line.
    Moment { at: f64 },
    /// A bracket at the right edge, from one value up to another, with its name.
    Gap { from: f64, to: f64, label: String },
}

/// One column: a span of time and of values.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) bottom: f64,
    pub(super) top: f64,
}

impl Column {
    /// Whether a column that begins at `from` with these values is but more of this one.
    pub(super) fn continues(self, from: f64, bottom: f64, top: f64) -> bool {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
        same(self.to, from) && same(self.bottom, bottom) && same(self.top, top)
    }
}

/// What tells lines apart without colours.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Marker {
    None,
    Circle,
    Square,
    Diamond,
    Cross,
    Bar,
    Ring,
    Frame,
    Up,
    Down,
}

impl Marker {
    /// The marker of the line at `position`.
    pub(super) fn at(position: usize) -> Self {
        const ALL: [Marker; 7] = [
            Marker::Circle,
            Marker::Square,
            Marker::Diamond,
            Marker::Cross,
            Marker::Bar,
            Marker::Ring,
            Marker::Frame,
        ];
        ALL[position % ALL.len()]
    }
}

/// One entry of the legend.
pub(super) struct Entry {
    pub(super) label: String,
    pub(super) swatch: Swatch,
}

/// What stands before an entry's label.
#[derive(Clone, Copy)]
pub(super) enum Swatch {
    /// A filled box.
    Box(Colour),
    /// A line with its marker.
    Line(Colour, Marker),
    /// The background of a span of time.
    Band,
    /// A dashed vertical line.
    Moment,
    /// A marker without a line.
    Dot(Colour, Marker),
    /// A marker with a white inside.
    Hollow(Colour, Marker),
    /// What has no value.
    Hatch,
    /// An interval with its ends.
    Span(Colour),
    /// An arrow that points beyond an axis.
    Arrow(Colour),
    /// An arrow that points to the right.
    Onward(Colour),
    /// A dashed horizontal line.
    Rule,
    /// A vertical line.
    Upright,
    /// An empty box.
    Blank,
    /// The edge between what fails and what holds: the latter is on its white side.
    Edge,
}

impl Figure {
    /// A figure without marks.
    pub(super) fn new(name: &'static str, title: &'static str, seconds: f64) -> Self {
        Self {
            name,
            title,
            subtitle: String::new(),
            caption: String::new(),
            seconds,
            vertical: Vertical { label: String::new(), top: 1.0, form: Form::Number },
            marks: vec![],
            legend: vec![],
            empty: None,
        }
    }
}
