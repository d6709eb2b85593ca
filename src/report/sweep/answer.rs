//! The answer of a sweep in a sentence: where the expectations hold.

use std::collections::BTreeMap;

use super::{Swept, SweptPoint};
use crate::experiment::sweep::PlanPoint;
use crate::report::format;
use crate::report::page::{Column, Heads, Table, Text, Width};
use crate::scenario::Design;

/// Most places that the answer names.
const MOST: usize = 6;

/// Where the expectations hold, or what the figures range over where nothing is expected.
pub(super) fn answer(swept: &Swept) -> String {
    let all = swept.points.len();
    let points = format::points(all);
    if !swept.expects() {
        return match range(swept) {
            Some(range) => format!("{points}: {range}"),
            None => points,
        };
    }
    let holding = swept.holding();
    let count = match holding {
        0 => format!("the expectations hold at none of {points}"),
        _ if holding == all => format!("the expectations hold at all {points}"),
        _ => format!("the expectations hold at {holding} of {points}"),
    };
    let mut parts = vec![count];
    if holding == 0 {
        parts.extend(hardest(swept));
    } else if holding < all {
        parts.extend(places(swept));
    }
    let uncertain = swept.points.iter().filter(|it| it.is_uncertain()).count();
    if 0 < uncertain {
        let at = format::points(uncertain);
        parts.push(format!("uncertain at {at}, where more replications could turn it"));
    }
    parts.join("; ")
}

/// The expectation that fails most often.
fn hardest(swept: &Swept) -> Option<String> {
    let fails = |demand: &str| {
        let failing =
            |it: &&SweptPoint| it.expectations.iter().any(|it| !it.holds && it.text() == demand);
        swept.points.iter().filter(failing).count()
    };
    let demands = swept.demands();
    // The first of those that fail equally often.
    let (count, demand) = demands.iter().rev().map(|it| (fails(it), it)).max_by_key(|it| it.0)?;
    Some(format!("{demand} fails at {count} of them"))
}

/// Smallest and largest mean of the first metric that is shown.
fn range(swept: &Swept) -> Option<String> {
    let mean = |it: &SweptPoint| it.figures.first()?.as_ref()?.mean;
    let known = swept.both().filter_map(|(point, it)| Some((mean(it)?, point, it)));
    let known: Vec<(f64, &PlanPoint, &SweptPoint)> = known.collect();
    let least = known.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let most = known.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let shown = |it: &(f64, &PlanPoint, &SweptPoint)| {
        format!("{} ({})", it.2.short(0), swept.describe(it.1))
    };
    Some(format!("{} from {} to {}", swept.targets.first()?, shown(least), shown(most)))
}

/// Where the expectations hold.
fn places(swept: &Swept) -> Vec<String> {
    let numeric = |axis: &usize| {
        let axis = *axis;
        swept.plan.axes[axis].values.iter().all(|it| swept.plan.number(axis, it).is_some())
    };
    let along = (0..swept.plan.axes.len()).find(numeric);
    let mut places = match along {
        Some(axis) if swept.plan.design() == Design::Grid => lines(swept, axis),
        _ => {
            let holding = swept.both().filter(|(_, it)| it.holds());
            holding.map(|(point, _)| format!("at {}", swept.describe(point))).collect()
        }
    };
    if MOST < places.len() {
        let more = places.len() - MOST;
        places.truncate(MOST);
        places.push(format!("and {more} more"));
    }
    places
}

/// Along one axis of a grid, for each combination of the others: up to where, or from where.
fn lines(swept: &Swept, axis: usize) -> Vec<String> {
    let names = swept.short_names();
    // Combinations in the order of the points, each with its points along the axis.
    let mut lines: BTreeMap<Vec<usize>, Vec<(f64, String, bool)>> = BTreeMap::new();
    for (point, it) in swept.both() {
        let mut others = vec![];
        for (at, value) in point.values.iter().enumerate() {
            let values = &swept.plan.axes[at].values;
            let place = values.iter().position(|it| Some(it) == value.as_ref()).unwrap_or(0);
            others.push(if at == axis { 0 } else { place });
        }
        let value = point.values[axis].clone().unwrap_or_default();
        let number = swept.plan.number(axis, &value).map_or(0.0, |it| it.0);
        lines.entry(others).or_default().push((number, value, it.holds()));
    }
    let mut told: Vec<(String, String)> = vec![];
    for (others, mut line) in lines {
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some(place) = place(names[axis], &line) else { continue };
        let others = others.iter().enumerate().filter(|(at, _)| *at != axis);
        let others: Vec<(&str, &str)> = others
            .map(|(at, value)| (names[at], swept.plan.axes[at].values[*value].as_str()))
            .collect();
        match (told.last_mut(), others.as_slice()) {
            // Neighbours on the only other axis that say the same.
            (Some((last, with)), [(_, value)]) if *last == place => {
                with.push_str(", ");
                with.push_str(value);
            }
            _ => {
                let with: Vec<String> =
                    others.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                told.push((place, with.join(", ")));
            }
        }
    }
    let with = |with: String| if with.is_empty() { with } else { format!(" with {with}") };
    told.into_iter().map(|(place, others)| place + &with(others)).collect()
}

/// Where on a line, whose values rise, the expectations hold; `None` where nowhere.
fn place(name: &str, line: &[(f64, String, bool)]) -> Option<String> {
    let first = line.iter().position(|it| it.2)?;
    let last = line.iter().rposition(|it| it.2)?;
    let whole = line[first..=last].iter().all(|it| it.2);
    let end = line.len() - 1;
    Some(match (first, last) {
        (0, last) if whole && last == end => format!("at every value of {name}"),
        (0, last) if whole => format!("up to {name} = {}", line[last].1),
        (first, last) if whole && last == end => format!("from {name} = {}", line[first].1),
        (first, last) if whole && first < last => {
            format!("from {name} = {} to {}", line[first].1, line[last].1)
        }
        _ => {
            let held: Vec<&str> = line.iter().filter(|it| it.2).map(|it| it.1.as_str()).collect();
            format!("at {name} = {}", held.join(", "))
        }
    })
}

/// Failed pulls of one cause over all points.
pub(super) struct CauseCount<'a> {
    pub(super) cause: &'a str,
    /// Pulls.
    pub(super) count: u64,
    /// Points that have any.
    pub(super) points: usize,
}

/// Failed pulls of each cause over all points; most frequent first.
pub(super) fn causes(swept: &Swept) -> Vec<CauseCount<'_>> {
    let mut causes: BTreeMap<&str, CauseCount<'_>> = BTreeMap::new();
    for (cause, count) in swept.points.iter().flat_map(SweptPoint::causes) {
        let entry = causes.entry(cause).or_insert(CauseCount { cause, count: 0, points: 0 });
        entry.count += count;
        entry.points += usize::from(0 < count);
    }
    let mut causes: Vec<_> = causes.into_values().collect();
    causes.sort_by_key(|it| std::cmp::Reverse(it.count));
    causes
}

/// A mark for a point, and a sign of doubt; spaces where nothing is expected.
pub(super) fn mark(it: &SweptPoint) -> &'static str {
    match (it.expectations.is_empty(), it.holds(), it.is_uncertain()) {
        (true, ..) => "  ",
        (_, true, false) => "✓ ",
        (_, true, true) => "✓?",
        (_, false, false) => "✗ ",
        (_, false, true) => "✗?",
    }
}

/// Widest column on a terminal.
const WIDEST: usize = 34;

/// A table of sweeps; the first columns tell its rows apart.
fn table(columns: Vec<Column>, of_row: usize) -> Table {
    let columns = columns.into_iter().map(|it| it.width(Width::Fitted(WIDEST))).collect();
    Table::new(columns).heads(Heads::Faint).in_parts(of_row).airy()
}

/// The points of a two-way grid for one metric: the second axis across; `None` where the design is
/// another.
pub(super) fn matrix(swept: &Swept, target: usize) -> Option<Table> {
    let [rows, columns] = swept.plan.axes.as_slice() else { return None };
    if swept.plan.design() != Design::Grid {
        return None;
    }
    let names = swept.short_names();
    let mut heads = vec![Column::new(format!("{} \\ {}", names[0], names[1]))];
    heads.extend(columns.values.iter().map(|it| Column::new(it).right()));
    let mut table = table(heads, 1);
    let cell =
        |it: &SweptPoint| Text::from(format!("{} {}", it.short(target), mark(it)).trim_end());
    for (value, points) in rows.values.iter().zip(swept.points.chunks(columns.values.len())) {
        table.row(std::iter::once(value.into()).chain(points.iter().map(cell)).collect());
    }
    Some(table)
}

/// One row a point: values, the metrics that are shown, the most frequent cause.
pub(super) fn list(swept: &Swept) -> Table {
    let by_one = swept.plan.design() == Design::OneAtATime;
    let mut heads = vec![Column::new("")];
    if by_one {
        heads.push(Column::new("point"));
    } else {
        heads.extend(swept.short_names().into_iter().map(|it| Column::new(it).right()));
    }
    let of_point = heads.len();
    // The first metric that the base has a mean of is shown as a difference too.
    let base = swept.points.first().filter(|_| by_one);
    let mean = |it: &SweptPoint, target: usize| it.figures[target].as_ref().and_then(|it| it.mean);
    let compared = base.and_then(|base| {
        let target = (0..swept.targets.len()).find(|it| mean(base, *it).is_some())?;
        Some((target, mean(base, target)?))
    });
    for (at, target) in swept.targets.iter().enumerate() {
        heads.push(Column::new(target.to_string()).right());
        let less_base = compared.filter(|it| it.0 == at);
        heads.extend(less_base.map(|_| Column::new("less base").right()));
    }
    heads.push(Column::new("most frequent cause"));
    let mut table = table(heads, of_point);
    for (point, it) in swept.both() {
        let mut cells: Vec<Text> = vec![mark(it).trim_end().into()];
        if by_one {
            cells.push(swept.describe(point).into());
        } else {
            let values = (0..swept.plan.axes.len()).map(|at| swept.plan.value(point, at));
            cells.extend(values.map(|it| Text::from(it.unwrap_or(format::NOTHING))));
        }
        for at in 0..swept.targets.len() {
            cells.push(it.long(at).into());
            let base = compared.filter(|it| it.0 == at);
            cells.extend(base.map(|(_, base)| Text::from(difference(it, at, base))));
        }
        cells.push(it.causes().first().map_or("", |it| it.0).into());
        table.row(cells);
    }
    table
}

/// A metric of a point less the base's mean.
fn difference(it: &SweptPoint, target: usize, base: f64) -> String {
    let figure = it.figures[target].as_ref();
    let Some((mean, unit)) = figure.and_then(|it| Some((it.mean?, it.unit.text()))) else {
        return format::NOTHING.into();
    };
    let sign = if base < mean { "+" } else { "" };
    format!("{sign}{}", format::quantity(mean - base, unit))
}
