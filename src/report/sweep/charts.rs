//! The charts of a sweep: lines along one axis, a map over two, bars where one axis is varied at a
//! time.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Swept, SweptPoint};
use crate::report::chart::sheet::{
    About, Better, Cell, Demand, End, Heat, Interval, Lines, Map, Metric, Place, Point, Series,
    Sheet, Swept as Along, Tornado, Value, Varied, write_sheet,
};
use crate::report::files::FileError;
use crate::scenario::{Design, Expectation, VARIANT};

/// Most values of an axis on a chart of names or cells; more could not be read.
const MOST_PLACES: usize = 60;

/// Draws every chart of a sweep into `folder`, with what the base's expectations demand; returns
/// their names without endings.
pub(super) fn write_charts(
    folder: &Path,
    swept: &Swept,
    expectations: &[Expectation],
) -> Result<Vec<String>, FileError> {
    let index = index(swept);
    let mut names = vec![];
    for target in 0..swept.targets.len() {
        let view = View { swept, index: &index, target, expectations };
        for sheet in view.sheets() {
            write_sheet(folder, &sheet)?;
            names.push(sheet.name().to_owned());
        }
    }
    Ok(names)
}

/// Points by the places of their values on the axes; none where a value is the base's.
type Index = BTreeMap<Vec<Option<usize>>, usize>;

fn index(swept: &Swept) -> Index {
    let place = |axis: usize, value: &String| {
        swept.plan.axes[axis].values.iter().position(|it| it == value)
    };
    let places = |it: &crate::experiment::sweep::PlanPoint| {
        let values = it.values.iter().enumerate();
        values.map(|(axis, it)| it.as_ref().and_then(|it| place(axis, it))).collect()
    };
    swept.plan.points.iter().enumerate().map(|(at, it)| (places(it), at)).collect()
}

/// One metric of a sweep.
#[derive(Clone, Copy)]
struct View<'a> {
    swept: &'a Swept,
    index: &'a Index,
    target: usize,
    expectations: &'a [Expectation],
}

impl<'a> View<'a> {
    fn sheets(self) -> Vec<Sheet> {
        let axes = self.swept.plan.axes.len();
        match self.swept.plan.design() {
            Design::OneAtATime => vec![self.tornado()],
            Design::Zip => vec![self.zipped()],
            Design::Grid if axes == 1 => vec![self.lines(0, None)],
            // Names have no order, so they tell lines apart; two orders span a map.
            Design::Grid if axes == 2 => match (self.is_ordered(0), self.is_ordered(1)) {
                (true, true) if self.fits_a_map() => vec![self.heat(), self.lines(0, Some(1))],
                (false, true) => vec![self.lines(1, Some(0))],
                _ => vec![self.lines(0, Some(1))],
            },
            Design::Grid if self.fits_a_map() => vec![self.heat()],
            Design::Grid => vec![],
        }
    }

    fn about(self, kind: &str) -> About {
        let plan = &self.swept.plan;
        let counts = || self.swept.points.iter().map(|it| it.replications);
        let target = self.swept.targets[self.target].to_string().replace('.', "-");
        About {
            name: format!("{kind}-{target}"),
            scenario: plan.scenario.clone(),
            seed: plan.seed,
            replications: (counts().min().unwrap_or(0), counts().max().unwrap_or(0)),
            remarks: plan.sets.clone(),
        }
    }

    fn metric(self) -> Metric {
        let target = &self.swept.targets[self.target];
        let mut figures =
            self.swept.points.iter().filter_map(|it| it.figures[self.target].as_ref());
        let unit = figures.next().map_or("", |it| super::summary(it).unit);
        Metric {
            name: target.to_string(),
            unit: if unit == "count" { "" } else { unit },
            better: target.info().map_or(Better::Neither, |it| it.better),
        }
    }

    /// The expectation on the metric, where there is one.
    fn expectation(self) -> Option<&'a Expectation> {
        let target = &self.swept.targets[self.target];
        self.expectations.iter().find(|it| it.scope == target.scope && it.metric == target.metric)
    }

    fn is_ordered(self, axis: usize) -> bool {
        let plan = &self.swept.plan;
        plan.axes[axis].path != VARIANT
            && plan.axes[axis].values.iter().all(|it| plan.number(axis, it).is_some())
    }

    fn fits_a_map(self) -> bool {
        self.swept.plan.axes.iter().take(2).all(|it| it.values.len() <= MOST_PLACES)
    }

    fn along(self, axis: usize) -> Along {
        let plan = &self.swept.plan;
        let place = |value: &String| Place {
            label: value.clone(),
            number: plan.number(axis, value).map(|it| it.0),
        };
        Along {
            path: plan.axes[axis].path.clone(),
            unit: "",
            places: plan.axes[axis].values.iter().map(place).collect(),
        }
    }

    /// The point with these places on the axes.
    fn at(self, places: &[Option<usize>]) -> Option<&'a SweptPoint> {
        self.index.get(places).and_then(|it| self.swept.points.get(*it))
    }

    fn value(self, point: Option<&SweptPoint>) -> Value {
        let figure = point.and_then(|it| it.figures[self.target].as_ref());
        match figure {
            Some(it) if it.mean.is_none() && 0 < it.censored => Value::Never,
            Some(it) => it
                .mean
                .map_or(Value::Absent, |mean| Value::Known(Interval::around(mean, it.half_width))),
            None => Value::Absent,
        }
    }

    /// Whether the expectation on the metric holds at a point; without one, whether all hold.
    fn holds(self, point: Option<&SweptPoint>) -> Option<bool> {
        let point = point?;
        match self.expectation() {
            Some(it) => {
                let same = |judged: &&crate::experiment::sweep::Judged| {
                    judged.scope == it.scope && judged.metric == it.metric
                };
                point.expectations.iter().find(same).map(|it| it.holds)
            }
            None => (!point.expectations.is_empty()).then(|| point.holds()),
        }
    }

    fn cell(self, places: &[Option<usize>]) -> Cell {
        let point = self.at(places);
        Cell { value: self.value(point), holds: self.holds(point) }
    }

    /// The points along `axis` with the other axes at `places`.
    fn line(self, axis: usize, mut places: Vec<Option<usize>>) -> Vec<Point> {
        let n = self.swept.plan.axes[axis].values.len();
        let point = |at: usize| {
            places[axis] = Some(at);
            let Cell { value, holds } = self.cell(&places);
            Point { value, holds }
        };
        (0..n).map(point).collect()
    }

    /// Lines along one axis, one for each value of another.
    fn lines(self, across: usize, by: Option<usize>) -> Sheet {
        let axes = &self.swept.plan.axes;
        let series = match by {
            None => vec![Series {
                name: self.metric().name,
                points: self.line(across, vec![None; axes.len()]),
            }],
            Some(by) => axes[by]
                .values
                .iter()
                .enumerate()
                .map(|(at, value)| {
                    let mut places = vec![None; axes.len()];
                    places[by] = Some(at);
                    Series { name: value.clone(), points: self.line(across, places) }
                })
                .collect(),
        };
        self.sheet_of_lines(self.along(across), by.map(|it| axes[it].path.clone()), series)
    }

    /// Axes that go together are one axis, with the values of all as names of its places.
    fn zipped(self) -> Sheet {
        let plan = &self.swept.plan;
        let first = |at: usize| {
            let value = plan.points[at].values.first()?.as_ref()?;
            plan.number(0, value).map(|it| it.0)
        };
        let name = |it: &crate::experiment::sweep::PlanPoint| {
            let values: Vec<&str> = it.values.iter().flatten().map(String::as_str).collect();
            values.join(", ")
        };
        let only = plan.axes.len() == 1;
        let place = |(at, it)| Place { label: name(it), number: first(at).filter(|_| only) };
        let places: Vec<Place> =
            plan.points.iter().enumerate().take(MOST_PLACES).map(place).collect();
        let paths: Vec<&str> = plan.axes.iter().map(|it| it.path.as_str()).collect();
        let points = self
            .swept
            .points
            .iter()
            .take(MOST_PLACES)
            .map(|it| Point { value: self.value(Some(it)), holds: self.holds(Some(it)) });
        let series = vec![Series { name: self.metric().name, points: points.collect() }];
        let along = Along { path: paths.join(", "), unit: "", places };
        self.sheet_of_lines(along, None, series)
    }

    fn sheet_of_lines(self, along: Along, by: Option<String>, series: Vec<Series>) -> Sheet {
        let demand = self.expectation();
        Lines {
            about: self.about("lines"),
            metric: self.metric(),
            along,
            by: by.unwrap_or_default(),
            series,
            demand: demand.map(|it| Demand { bound: it.demand, text: it.text.clone() }),
        }
        .sheet()
    }

    /// A map over the first two axes, one for each combination of the others.
    fn heat(self) -> Sheet {
        let axes = &self.swept.plan.axes;
        let (columns, rows) = (axes[0].values.len(), axes[1].values.len());
        let maps = combinations(&axes[2..].iter().map(|it| it.values.len()).collect::<Vec<_>>());
        let maps = maps.into_iter().map(|others| {
            let mut places: Vec<Option<usize>> = vec![None; 2];
            places.extend(others.iter().map(|it| Some(*it)));
            let mut cells = vec![];
            for row in 0..rows {
                for column in 0..columns {
                    (places[0], places[1]) = (Some(column), Some(row));
                    cells.push(self.cell(&places));
                }
            }
            let title = others.iter().zip(&axes[2..]);
            let title = title.map(|(at, axis)| format!("{} = {}", axis.path, axis.values[*at]));
            Map { title: title.collect::<Vec<_>>().join(", "), cells }
        });
        let demand = match self.expectation() {
            Some(it) => format!("{} {}", self.metric().name, it.text),
            None if self.swept.expects() => "every expectation".into(),
            None => String::new(),
        };
        Heat {
            about: self.about("map"),
            metric: self.metric(),
            across: self.along(0),
            up: self.along(1),
            demand,
            maps: maps.collect(),
        }
        .sheet()
    }

    /// For each axis the metric at its first and its last value, the others being the base's.
    fn tornado(self) -> Sheet {
        let axes = &self.swept.plan.axes;
        let base = vec![None; axes.len()];
        let end = |axis: usize, at: usize| {
            let mut places = vec![None; axes.len()];
            places[axis] = Some(at);
            // A value that is the base's has no point of its own.
            let point = self.at(&places).or_else(|| self.at(&base));
            End { label: axes[axis].values[at].clone(), value: self.value(point) }
        };
        let row = |axis: usize| Varied {
            path: axes[axis].path.clone(),
            low: end(axis, 0),
            high: end(axis, axes[axis].values.len() - 1),
        };
        Tornado {
            about: self.about("tornado"),
            metric: self.metric(),
            base: self.value(self.at(&base)),
            rows: (0..axes.len()).map(row).collect(),
        }
        .sheet()
    }
}

/// Every choice of one number below each of `counts`, the last one running fastest.
fn combinations(counts: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for &count in counts {
        let longer = |it: &Vec<usize>| {
            (0..count).map(|at| it.iter().copied().chain([at]).collect()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}
