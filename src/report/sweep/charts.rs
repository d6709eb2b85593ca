//! The charts of a sweep: maps and lines of grids, lines of zipped lists, a tornado of values one
//! at a time.

use std::path::Path;

use super::{Swept, SweptPoint};
use crate::experiment::sweep::PlanPoint;
use crate::report::chart::sheet::{
    self, About, Cell, Demand, End, Heat, Interval, Lines, Map, Metric, Place, Point, Series,
    Sheet, Tornado, Value, Varied, write_sheet,
};
use crate::report::files::FileError;
use crate::scenario::Design;
use crate::scenario::metrics::Quantity;

/// Most lines on a chart; more of them are not drawn at all, as the maps show the same.
const MOST_LINES: usize = 10;

/// Draws every chart into `folder`; returns their names without endings.
pub(super) fn write_charts(folder: &Path, swept: &Swept) -> Result<Vec<String>, FileError> {
    let mut names = vec![];
    for target in 0..swept.targets.len() {
        let view = View { swept, target };
        let sheets = match swept.plan.design() {
            Design::Grid => view.grid(),
            Design::Zip => vec![view.zipped()],
            Design::OneAtATime => vec![view.tornado()],
        };
        for sheet in sheets {
            write_sheet(folder, &sheet)?;
            names.push(sheet.name().to_owned());
        }
    }
    Ok(names)
}

/// One metric of a sweep.
#[derive(Clone, Copy)]
struct View<'a> {
    swept: &'a Swept,
    target: usize,
}

impl View<'_> {
    fn about(&self, kind: &str) -> About {
        let swept = self.swept;
        let counts = || swept.points.iter().map(|it| it.replications);
        let target = swept.targets[self.target].to_string().replace('/', "-");
        About {
            name: format!("{kind}-{target}"),
            scenario: swept.plan.scenario.clone(),
            seed: swept.plan.seed,
            replications: (counts().min().unwrap_or(0), counts().max().unwrap_or(0)),
            remarks: swept.sets(),
        }
    }

    fn metric(&self) -> Metric {
        let target = &self.swept.targets[self.target];
        let is_measured = self.swept.points.iter().any(|it| it.figures[self.target].is_some());
        // A plain number has no unit on an axis: the name says of what it is.
        let unit = match Quantity::of(target.info().unit) {
            Quantity::Number => "",
            _ if !is_measured => "",
            Quantity::Span | Quantity::Share | Quantity::Bytes => target.info().unit.text(),
        };
        Metric { name: target.to_string(), unit, better: target.info().better }
    }

    fn value(&self, it: &SweptPoint) -> Value {
        match &it.figures[self.target] {
            None => Value::Absent,
            Some(it) => match it.mean {
                Some(mean) => {
                    // No metric is below 0, so its mean is not either; the file has the interval.
                    let it = Interval::around(mean, it.half_width);
                    Value::Known(Interval { low: it.low.max(mean.min(0.0)), ..it })
                }
                None if 0 < it.censored => Value::Never,
                None => Value::Absent,
            },
        }
    }

    /// Whether what is expected of the metric holds at a point; where nothing is, everything else.
    fn holds(&self, it: &SweptPoint) -> Option<bool> {
        let target = &self.swept.targets[self.target];
        let mut own = it
            .expectations
            .iter()
            .filter(|it| (&it.scope, &it.metric) == (&target.scope, &target.metric))
            .peekable();
        if own.peek().is_some() {
            return Some(own.all(|it| it.holds));
        }
        (!it.expectations.is_empty() && self.bound().is_none()).then(|| it.holds())
    }

    fn bound(&self) -> Option<&(f64, String)> {
        self.swept.bounds[self.target].as_ref()
    }

    fn axis(&self, axis: usize) -> sheet::Swept {
        let plan = &self.swept.plan;
        let place =
            |it: &String| Place { label: it.clone(), number: plan.number(axis, it).map(|it| it.0) };
        let places = plan.axes[axis].values.iter().map(place).collect();
        sheet::Swept { path: plan.axes[axis].path.clone(), unit: "", places }
    }

    fn lengths(&self) -> Vec<usize> {
        self.swept.plan.axes.iter().map(|it| it.values.len()).collect()
    }

    fn grid(&self) -> Vec<Sheet> {
        let lengths = self.lengths();
        let wide: Vec<usize> = (0..lengths.len()).filter(|it| 1 < lengths[*it]).collect();
        match wide.as_slice() {
            [] => vec![self.lines(0, None)],
            [along] => vec![self.lines(*along, None)],
            [one, two] => {
                // Lines run along numbers, where there are any, and are told apart by the rest.
                let is_numeric = |axis: usize| self.axis(axis).places[0].number.is_some();
                let (along, by) =
                    if is_numeric(*one) || !is_numeric(*two) { (*one, *two) } else { (*two, *one) };
                let mut sheets = vec![self.heat(*one, *two)];
                if lengths[by] <= MOST_LINES {
                    sheets.push(self.lines(along, Some(by)));
                }
                sheets
            }
            [one, two, ..] => vec![self.heat(*one, *two)],
        }
    }

    /// The point that takes these values, by position, in a grid.
    fn at(&self, choice: &[usize]) -> &SweptPoint {
        let lengths = self.lengths();
        let index = choice.iter().zip(&lengths).fold(0, |index, (at, length)| index * length + at);
        &self.swept.points[index]
    }

    /// Every combination of values of the axes but two, whose values are the first.
    fn others(&self, one: usize, two: usize) -> Vec<Vec<usize>> {
        let mut lengths = self.lengths();
        lengths[one] = 1;
        lengths[two] = 1;
        let all = crate::experiment::sweep::expand(Design::Grid, &lengths);
        all.into_iter().map(|it| it.into_iter().flatten().collect()).collect()
    }

    fn heat(&self, across: usize, up: usize) -> Sheet {
        let lengths = self.lengths();
        let maps = self.others(across, up).into_iter().map(|mut choice| {
            let others = (0..lengths.len()).filter(|it| *it != across && *it != up);
            let value = |axis: usize| &self.swept.plan.axes[axis].values[choice[axis]];
            let title: Vec<String> = others
                .filter(|it| 1 < lengths[*it])
                .map(|it| format!("{} = {}", self.swept.plan.axes[it].path, value(it)))
                .collect();
            let mut cells = vec![];
            for row in 0..lengths[up] {
                for column in 0..lengths[across] {
                    (choice[across], choice[up]) = (column, row);
                    let point = self.at(&choice);
                    cells.push(Cell { value: self.value(point), holds: self.holds(point) });
                }
            }
            Map { title: title.join(", "), cells }
        });
        let demand = match self.bound() {
            Some((_, text)) => format!("{} {text}", self.swept.targets[self.target]),
            None => "every expectation".to_owned(),
        };
        Heat {
            about: self.about("heat"),
            metric: self.metric(),
            across: self.axis(across),
            up: self.axis(up),
            demand: if self.swept.expects() { demand } else { String::new() },
            maps: maps.collect(),
        }
        .sheet()
    }

    fn lines(&self, along: usize, by: Option<usize>) -> Sheet {
        let plan = &self.swept.plan;
        let lengths = self.lengths();
        let series = (0..by.map_or(1, |by| lengths[by])).map(|line| {
            let mut choice = vec![0; lengths.len()];
            let points = (0..lengths[along]).map(|place| {
                choice[along] = place;
                if let Some(by) = by {
                    choice[by] = line;
                }
                self.point(self.at(&choice))
            });
            let name = by.map_or_else(String::new, |by| plan.axes[by].values[line].clone());
            Series { name, points: points.collect() }
        });
        self.drawn(self.axis(along), by.map(|it| &*plan.axes[it].path), series.collect())
    }

    fn point(&self, it: &SweptPoint) -> Point {
        // Without a demand on the metric itself there is no line that it could keep to.
        let holds = self.bound().and_then(|_| self.holds(it));
        Point { value: self.value(it), holds }
    }

    fn drawn(&self, along: sheet::Swept, by: Option<&str>, series: Vec<Series>) -> Sheet {
        Lines {
            about: self.about("lines"),
            metric: self.metric(),
            along,
            by: by.unwrap_or_default().to_owned(),
            series,
            demand: self.bound().map(|(bound, text)| Demand { bound: *bound, text: text.clone() }),
        }
        .sheet()
    }

    fn zipped(&self) -> Sheet {
        let place = |point: &PlanPoint| Place {
            label: point.values.iter().flatten().cloned().collect::<Vec<_>>().join(" · "),
            number: None,
        };
        let along = sheet::Swept {
            path: self.swept.short_names().join(" · "),
            unit: "",
            places: self.swept.plan.points.iter().map(place).collect(),
        };
        let points = self.swept.points.iter().map(|it| self.point(it)).collect();
        self.drawn(along, None, vec![Series { name: String::new(), points }])
    }

    fn tornado(&self) -> Sheet {
        let plan = &self.swept.plan;
        let base = self.swept.points.first().map_or(Value::Absent, |it| self.value(it));
        let rows = plan.axes.iter().enumerate().filter_map(|(axis, varied)| {
            // The base's value is one of the axis too.
            let label = varied.base.clone().unwrap_or_else(|| "as it is".into());
            let mut ends = vec![End { label, value: base }];
            for (point, it) in self.swept.both() {
                let label = point.values[axis].clone();
                ends.extend(label.map(|label| End { label, value: self.value(it) }));
            }
            let number = |it: &End| plan.number(axis, &it.label).map(|it| it.0);
            if ends.iter().all(|it| number(it).is_some()) {
                let rank = |it: &End| number(it).unwrap_or(0.0);
                ends.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
            }
            let high = ends.pop()?;
            let low = ends.into_iter().next()?;
            Some(Varied { path: varied.path.clone(), low, high })
        });
        Tornado { about: self.about("tornado"), metric: self.metric(), base, rows: rows.collect() }
            .sheet()
    }
}
