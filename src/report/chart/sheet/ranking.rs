//! Which variant changes a metric, and by how much: a row for each, best first.

use super::axis::Axis;
use super::{
    About, Along, Better, Entry, Interval, Mark, Marker, Metric, Notes, Panel, Sheet, Start, write,
};
use crate::report::chart::figure::Swatch;
use crate::report::chart::palette::{BLUE, Colour, GREY, VERMILION};

/// Most rows; more could not be read on one sheet.
const MAX_ROWS: usize = 40;
/// Ground of the better side.
const BETTER_SIDE: Colour = (233, 242, 248);

/// Variants against their base, by one metric.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// What it is about.
    pub about: About,
    /// By what they are ranked.
    pub metric: Metric,
    /// What they are compared with.
    pub base: String,
    /// Variants in the order of their ranks.
    pub rows: Vec<Row>,
}

/// One variant.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Whether it uses a lever that no released software has.
    pub is_what_if: bool,
    /// What it changes.
    pub effect: Effect,
}

/// What a variant changes against the base.
#[derive(Clone, Debug)]
pub enum Effect {
    /// The paired difference, variant less base.
    Difference {
        /// Mean with its 95 % interval.
        by: Interval,
        /// As a share of the base's mean, where that is not 0.
        relative: Option<f64>,
        /// What follows.
        verdict: Evidence,
    },
    /// There is no difference, and why: `never in 3 of 20 replications`.
    Unknown(String),
}

/// What the interval of a difference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// All of it is on the better side.
    Better,
    /// All of it is on the worse side.
    Worse,
    /// It holds 0.
    NoEvidence,
}

impl Evidence {
    const ALL: [Self; 3] = [Self::Better, Self::Worse, Self::NoEvidence];

    fn colour(self) -> Colour {
        match self {
            Self::Better => BLUE,
            Self::Worse => VERMILION,
            Self::NoEvidence => GREY,
        }
    }

    fn marker(self) -> Marker {
        match self {
            Self::Better => Marker::Circle,
            Self::Worse => Marker::Square,
            Self::NoEvidence => Marker::Diamond,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoEvidence => "no evidence",
        }
    }
}

impl Ranking {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        let Metric { name, unit, .. } = &self.metric;
        let mut sheet = Sheet::new(&self.about, format!("What each variant changes: {name}"));
        if self.rows.is_empty() {
            return sheet.without("there is no variant to compare");
        }
        sheet.subtitle = self.subtitle();
        self.legend(&mut sheet);
        let rows = &self.rows[..self.rows.len().min(MAX_ROWS)];
        if rows.len() < self.rows.len() {
            sheet.remark(&format!("the first {MAX_ROWS} of {} variants", self.rows.len()));
        }
        if rows.iter().any(|it| it.is_what_if) {
            sheet.remark("what-if: in no released software");
        }
        let names: Vec<String> = rows
            .iter()
            .map(
                |it| if it.is_what_if { format!("{} (what-if)", it.name) } else { it.name.clone() },
            )
            .collect();
        let label = write::labelled(
            &format!("difference to {} in {name}", self.base),
            write::difference_unit(unit),
        );
        let ends = rows.iter().filter_map(|it| it.effect.shown());
        let ends: Vec<f64> = ends.flat_map(|it| [it.0.low, it.0.high]).collect();
        // Both sides of 0 are there, so that they can be named.
        let far = ends.iter().fold(0.0f64, |far, it| far.max(it.abs()));
        let across =
            Axis::linear(label, ends.into_iter().chain([-far / 8.0, far / 8.0]), unit, true);
        let up = Axis::places("variant", names.iter().map(String::as_str)).reversed();
        sheet.plot_height = super::row_height(rows.len(), 34) * super::whole(rows.len());
        let marks = self.marks(rows, &across);
        let notes = self.notes(rows);
        sheet.panels = vec![Panel { inset: 8, marks, notes, ..Panel::new(across, up) }];
        sheet
    }

    fn subtitle(&self) -> String {
        let count = |verdict| {
            let of = |it: &&Row| it.effect.shown().is_some_and(|it| it.1 == verdict);
            self.rows.iter().filter(of).count()
        };
        let mut text = format!(
            "{} of {} better than {}, {} worse, {} without evidence",
            count(Evidence::Better),
            self.rows.len(),
            self.base,
            count(Evidence::Worse),
            count(Evidence::NoEvidence),
        );
        let unknown = self.rows.iter().filter(|it| it.effect.shown().is_none()).count();
        if 0 < unknown {
            text = format!("{text}, {unknown} without a difference");
        }
        if let Some((first, (by, _))) = self
            .rows
            .iter()
            .filter_map(|it| Some((it, it.effect.shown()?)))
            .find(|(_, it)| it.1 == Evidence::Better)
        {
            let by = write::difference(by.at, self.metric.unit);
            text = format!("{text}; first: {} with {by}", first.name);
        }
        text
    }

    fn legend(&self, sheet: &mut Sheet) {
        for verdict in Evidence::ALL {
            if self.rows.iter().any(|it| it.effect.shown().is_some_and(|it| it.1 == verdict)) {
                let swatch = match verdict {
                    Evidence::NoEvidence => Swatch::Hollow(verdict.colour(), verdict.marker()),
                    _ => Swatch::Dot(verdict.colour(), verdict.marker()),
                };
                sheet.legend.push(Entry { label: verdict.label().into(), swatch });
            }
        }
        if !sheet.legend.is_empty() {
            let swatch = Swatch::Span(GREY);
            sheet.legend.push(Entry { label: "95 % interval".into(), swatch });
        }
    }

    fn marks(&self, rows: &[Row], across: &Axis) -> Vec<Mark> {
        let mut marks = vec![];
        let height = rows.len() as f64;
        let sides = match self.metric.better {
            Better::Less => Some((across.from, "← better", "worse →")),
            Better::More => Some((across.to, "← worse", "better →")),
            Better::Neither => None,
        };
        if let Some((end, left, right)) = sides {
            let (from, to) = ((end, 0.0), (0.0, height));
            marks.push(Mark::Box { from, to, colour: BETTER_SIDE });
            for (text, shift, from) in [(left, -8, Start::Right), (right, 8, Start::Left)] {
                let (at, shift) = ((0.0, 0.0), (shift, -16));
                marks.push(Mark::Text { at, text: text.into(), shift, from });
            }
        }
        marks.push(Mark::Rule { at: 0.0, along: Along::Up, dashed: false });
        for (position, row) in rows.iter().enumerate() {
            let middle = position as f64 + 0.5;
            match row.effect.shown() {
                Some((by, verdict)) => {
                    let (at, colour) = ((by.at, middle), verdict.colour());
                    let (low, high) = (by.low, by.high);
                    let along = Along::Across;
                    marks.push(Mark::Whisker { at, low, high, along, shift: 0, colour });
                    marks.push(Mark::Dot {
                        at,
                        marker: verdict.marker(),
                        hollow: verdict == Evidence::NoEvidence,
                        shift: (0, 0),
                        colour,
                    });
                }
                None => marks.push(Mark::Text {
                    at: (0.0, middle),
                    text: row.effect.why().to_owned(),
                    shift: (8, 0),
                    from: Start::Widest,
                }),
            }
        }
        marks
    }

    fn notes(&self, rows: &[Row]) -> Vec<Notes> {
        let unit = self.metric.unit;
        let mut differences = vec![];
        let mut changes = vec![];
        for (position, row) in rows.iter().enumerate() {
            let middle = position as f64 + 0.5;
            let Effect::Difference { by, relative, .. } = &row.effect else {
                differences.push((middle, crate::report::format::NOTHING.to_owned()));
                continue;
            };
            let [at, low, high] = [by.at, by.low, by.high].map(|it| write::difference(it, unit));
            let text = if by.low < by.high { format!("{at} [{low}, {high}]") } else { at };
            differences.push((middle, text));
            let change = relative.filter(|it| it.is_finite()).map(crate::report::format::relative);
            changes.push((middle, change.unwrap_or_else(|| crate::report::format::NOTHING.into())));
        }
        vec![
            Notes { header: "difference [95 %]".into(), texts: differences },
            Notes { header: "change".into(), texts: changes },
        ]
    }
}

impl Effect {
    /// The difference, where it can be drawn.
    fn shown(&self) -> Option<(Interval, Evidence)> {
        match self {
            Self::Difference { by, verdict, .. } if by.is_finite() => Some((*by, *verdict)),
            _ => None,
        }
    }

    /// Why there is none.
    fn why(&self) -> &str {
        match self {
            Self::Unknown(why) => why,
            Self::Difference { .. } => "no difference",
        }
    }
}
