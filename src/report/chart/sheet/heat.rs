//! One metric over two axes of a sweep: a map for each value of a third, with the edge between
//! where an expectation holds and where it fails.

use super::axis::Axis;
use super::{
    About, ColourBar, Edge, Entry, Fill, Mark, Metric, Panel, Shade, Sheet, Side, Swept, Value,
    whole, write,
};
use crate::report::chart::figure::Swatch;
use crate::report::chart::palette;
use crate::report::format::NOTHING;

/// Most maps on one sheet.
const MAX_MAPS: usize = 9;

/// A metric over two axes.
#[derive(Clone, Debug)]
pub struct Heat {
    /// What it is about.
    pub about: About,
    /// What the colours show.
    pub metric: Metric,
    /// The horizontal axis.
    pub across: Swept,
    /// The vertical axis, from the bottom up.
    pub up: Swept,
    /// The expectation whose edge is drawn: `ready_seconds_p95 < 5m`; empty for none.
    pub demand: String,
    /// A map for each value of a third axis; one without a title where there is none.
    pub maps: Vec<Map>,
}

/// One map.
#[derive(Clone, Debug)]
pub struct Map {
    /// The third axis' value: `mirror.hub.replicas = 2`.
    pub title: String,
    /// Row by row from the bottom up, in each as many as `across` has places.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The metric.
    pub value: Value,
    /// Whether the expectation holds there, where there is one.
    pub holds: Option<bool>,
}

impl Heat {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        let Metric { name, unit, .. } = &self.metric;
        let title = format!("{name} over {} and {}", self.across.path, self.up.path);
        let mut sheet = Sheet::new(&self.about, title);
        let cells = || self.maps.iter().flat_map(|it| &it.cells);
        let (columns, rows) = (self.across.places.len(), self.up.places.len());
        if columns * rows == 0 || cells().all(|it| it.value == Value::Absent) {
            return sheet.without("no point of the sweep has a value");
        }
        let maps = &self.maps[..self.maps.len().min(MAX_MAPS)];
        if maps.len() < self.maps.len() {
            sheet.remark(&format!("the first {MAX_MAPS} of {} maps", self.maps.len()));
        }
        sheet.subtitle = self.subtitle();
        let values: Vec<f64> = cells().filter_map(|it| Some(it.value.known()?.at)).collect();
        let shades = (!values.is_empty()).then(|| {
            let axis = Axis::colours(write::labelled(name, unit), &values, unit);
            ColourBar { label: axis.label.clone(), axis }
        });
        self.legend(&mut sheet);
        let names = |it: &Swept| it.places.iter().map(|it| it.label.clone()).collect::<Vec<_>>();
        let (across, up) = (names(&self.across), names(&self.up));
        let across = Axis::places(&self.across.label(), across.iter().map(String::as_str));
        let up = Axis::places(&self.up.label(), up.iter().map(String::as_str));
        for map in maps {
            let marks = vec![
                Mark::Cells(self.cells(map, columns, shades.as_ref())),
                Mark::Edges(edges(&map.cells, columns)),
            ];
            let title = map.title.clone();
            sheet.panels.push(Panel { title, marks, ..Panel::new(across.clone(), up.clone()) });
        }
        (sheet.columns, sheet.plot_height) = match maps.len() {
            1 => (1, (40 * whole(rows)).clamp(160, 560)),
            2 => (2, (32 * whole(rows)).clamp(150, 420)),
            4 => (2, (28 * whole(rows)).clamp(120, 300)),
            _ => (3, (26 * whole(rows)).clamp(110, 260)),
        };
        sheet.left_room = 200;
        sheet.bar = shades;
        sheet
    }

    fn subtitle(&self) -> String {
        let mut parts = vec![];
        let cells = || self.maps.iter().flat_map(|it| &it.cells);
        let values = || cells().filter_map(|it| Some(it.value.known()?.at));
        if let (Some(low), Some(high)) =
            (values().min_by(f64::total_cmp), values().max_by(f64::total_cmp))
        {
            let [low, high] = [low, high].map(|it| write::value(it, self.metric.unit));
            parts.push(format!("from {low} to {high}"));
        }
        let asked = cells().filter(|it| it.holds.is_some()).count();
        if 0 < asked {
            let holds = cells().filter(|it| it.holds == Some(true)).count();
            parts.push(format!("{} holds at {holds} of {asked} points", self.demand));
        }
        let never = cells().filter(|it| it.value == Value::Never).count();
        if 0 < never {
            let all = cells().count();
            parts.push(format!("at {never} of {all} points some replication never reaches it"));
        }
        parts.join("; ")
    }

    fn legend(&self, sheet: &mut Sheet) {
        let cells = || self.maps.iter().flat_map(|it| &it.cells);
        let (holds, fails) =
            (cells().any(|it| it.holds == Some(true)), cells().any(|it| it.holds == Some(false)));
        if holds && fails {
            let label = format!("holds on the white side: {}", self.demand);
            sheet.legend.push(Entry { label, swatch: Swatch::Edge });
        }
        if cells().any(|it| it.value == Value::Never) {
            let label = "never reached in some replication".into();
            sheet.legend.push(Entry { label, swatch: Swatch::Hatch });
        }
        if cells().any(|it| it.value.is_missing()) {
            let label = "no value".into();
            sheet.legend.push(Entry { label, swatch: Swatch::Blank });
        }
    }

    fn cells(&self, map: &Map, columns: usize, shades: Option<&ColourBar>) -> Vec<Shade> {
        let shade = |(position, it): (usize, &Cell)| {
            let (fill, text) = match (it.value.known(), shades) {
                (Some(known), Some(bar)) => {
                    let colour = palette::ramp(bar.axis.share(known.at));
                    (Fill::Colour(colour), write::value(known.at, self.metric.unit))
                }
                _ if it.value == Value::Never => (Fill::Hatch, "never".into()),
                _ => (Fill::Nothing, NOTHING.into()),
            };
            Shade { column: position % columns, row: position / columns, fill, text }
        };
        map.cells.iter().enumerate().map(shade).collect()
    }
}

/// Where neighbours differ in whether the expectation holds.
fn edges(cells: &[Cell], columns: usize) -> Vec<Edge> {
    let mut edges = vec![];
    for (position, it) in cells.iter().enumerate() {
        let (column, row) = ((position % columns) as f64, (position / columns) as f64);
        let differs = |other: Option<&Cell>| {
            let (here, there) = (it.holds?, other?.holds?);
            (here != there).then_some(here)
        };
        let right = if position % columns + 1 < columns { cells.get(position + 1) } else { None };
        if let Some(here) = differs(right) {
            let (from, to) = ((column + 1.0, row), (column + 1.0, row + 1.0));
            edges.push(Edge { from, to, holding: if here { Side::Left } else { Side::Right } });
        }
        if let Some(here) = differs(cells.get(position + columns)) {
            let (from, to) = ((column, row + 1.0), (column + 1.0, row + 1.0));
            edges.push(Edge { from, to, holding: if here { Side::Below } else { Side::Above } });
        }
    }
    edges
}
