//! The retry raster: a row for each node, a tick for each pull attempt. Lock-step shows as columns;
//! jitter dissolves them.

use super::figure::{Entry, Figure, Form, Mark, Swatch, Vertical};
use super::palette::{self, Colour, GREEN, GREY};
use super::window::Window;
use crate::model::record::outcome::{Detail, PullResult, PullRow};
use crate::report::format;
use crate::units::Time;

/// Most rows.
const MAX_ROWS: usize = 400;
/// Most cells with a tick: what a file of about 300 kB holds.
const MAX_CELLS: usize = 24_000;
/// Columns that a tick can stand in.
pub(super) const COLUMNS: f64 = 1_000.0;
/// Causes with a colour of their own.
const MAX_CAUSES: usize = 5;

pub(super) fn figure(detail: &Detail, window: Window) -> Figure {
    let mut figure = Figure::new("retries", "Pull attempts, node by node", window.seconds());
    let rows = sorted_nodes(detail);
    if rows.is_empty() {
        figure.empty = Some("no pull was attempted");
        return figure;
    }
    let kinds = Kinds::of(detail);
    let cells = cells(detail, window, &kinds);
    let shown = sample(&rows, &cells);
    figure.subtitle = format!(
        "{} attempts; rows are sorted by first attempt; columns are nodes that retry in lock-step",
        format::count(detail.pulls.len() as f64),
    );
    if shown.len() < rows.len() {
        let of = format::count(rows.len() as f64);
        figure.caption = format!("{} of {of} nodes, evenly sampled", shown.len());
    }
    let mut row_of = vec![None; detail.nodes.len()];
    for (row, node) in shown.iter().enumerate() {
        row_of[*node as usize] = Some(row as u32);
    }
    let column_seconds = window.seconds() / COLUMNS;
    for (kind, (label, colour)) in kinds.legend.iter().enumerate() {
        let ticks: Vec<(u32, f64)> = cells
            .iter()
            .filter(|it| it.kind == kind)
            .filter_map(|it| {
                Some((row_of[it.node as usize]?, f64::from(it.column) * column_seconds))
            })
            .collect();
        figure.marks.push(Mark::Ticks { colour: *colour, ticks });
        figure.legend.push(Entry { label: label.clone(), swatch: Swatch::Box(*colour) });
    }
    for it in &mut figure.marks {
        if let Mark::Ticks { ticks, .. } = it {
            ticks.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        }
    }
    let top = shown.len() as f64;
    let label = format!("{} nodes, one row each", format::count(top));
    figure.vertical = Vertical { label, top, form: Form::Rows };
    figure
}

/// When an attempt is shown: when it was taken up, or asked for where it still waits.
fn moment(pull: &PullRow) -> Time {
    pull.started.unwrap_or(pull.asked)
}

/// Nodes with an attempt, by their first one.
fn sorted_nodes(detail: &Detail) -> Vec<u32> {
    let mut first = vec![None; detail.nodes.len()];
    for pull in &detail.pulls {
        let it = &mut first[pull.node as usize];
        *it = Some(it.map_or(moment(pull), |it: Time| it.min(moment(pull))));
    }
    let mut nodes: Vec<(Time, u32)> =
        first.into_iter().zip(0..).filter_map(|(first, node)| Some((first?, node))).collect();
    nodes.sort_unstable();
    nodes.into_iter().map(|(_, node)| node).collect()
}

/// What attempts are told apart by: success, the most frequent causes, the others, still open.
struct Kinds {
    legend: Vec<(String, Colour)>,
    by_cause: Vec<usize>,
    open: usize,
}

impl Kinds {
    fn of(detail: &Detail) -> Self {
        let mut counts = vec![0u64; detail.causes.len()];
        let (mut succeeded, mut open) = (0u64, 0u64);
        for pull in &detail.pulls {
            match pull.result {
                PullResult::Failed { cause, .. } => counts[usize::from(cause)] += 1,
                PullResult::Succeeded => succeeded += 1,
                PullResult::Open => open += 1,
            }
        }
        let mut causes: Vec<usize> = (0..counts.len()).filter(|it| 0 < counts[*it]).collect();
        causes.sort_by_key(|it| std::cmp::Reverse(counts[*it]));
        let labels = causes.iter().take(MAX_CAUSES).map(|it| detail.causes[*it].as_str());
        let colours = palette::assign(labels.clone(), palette::cause);
        let with = |name: &str, count: u64| format!("{name} ({})", format::count(count as f64));
        let mut legend = vec![(with("succeeded", succeeded), GREEN)];
        let mut by_cause = vec![0; counts.len()];
        for ((cause, label), colour) in causes.iter().zip(labels).zip(colours) {
            by_cause[*cause] = legend.len();
            legend.push((with(label, counts[*cause]), colour));
        }
        if let Some(others) = causes.get(MAX_CAUSES..).filter(|it| !it.is_empty()) {
            for cause in others {
                by_cause[*cause] = legend.len();
            }
            let count = others.iter().map(|it| counts[*it]).sum();
            legend.push((with("other causes", count), GREY));
        }
        let position = legend.len();
        if 0 < open {
            legend.push((with("still open", open), (200, 200, 200)));
        }
        Self { legend, by_cause, open: position }
    }

    fn of_result(&self, result: PullResult) -> usize {
        match result {
            PullResult::Succeeded => 0,
            PullResult::Failed { cause, .. } => self.by_cause[usize::from(cause)],
            PullResult::Open => self.open,
        }
    }
}

/// A place of the raster with at least one attempt of a kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    node: u32,
    column: u32,
    kind: usize,
}

/// Every place once, however many attempts fall on it.
fn cells(detail: &Detail, window: Window, kinds: &Kinds) -> Vec<Cell> {
    let column_seconds = window.seconds() / COLUMNS;
    let mut cells: Vec<Cell> = detail
        .pulls
        .iter()
        .map(|pull| Cell {
            node: pull.node,
            column: (moment(pull).as_secs_f64() / column_seconds) as u32,
            kind: kinds.of_result(pull.result),
        })
        .collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

/// Evenly sampled nodes: as many as there is room for, in rows and in ticks.
fn sample(rows: &[u32], cells: &[Cell]) -> Vec<u32> {
    let per_row = cells.len().div_ceil(rows.len()).max(1);
    let n = rows.len().min(MAX_ROWS).min((MAX_CELLS / per_row).max(20));
    (0..n).map(|it| rows[it * rows.len() / n]).collect()
}
