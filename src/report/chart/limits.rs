//! What each limit has left, per key: a fixed window is a saw-tooth, a sliding log a plateau.

use super::figure::{Entry, Figure, Form, Mark, Marker, Swatch, Vertical};
use super::palette::LINES;
use super::scale;
use super::window::Window;
use crate::model::record::outcome::{Detail, GaugeSeries};
use crate::report::format;

/// Most lines of the chart; the tightest ones are shown.
const MAX_LINES: usize = 7;

/// Less than this is nothing left: a manifest request of a multi-platform pull counts half a unit.
const NOTHING_LEFT: f64 = 0.5;

pub(super) fn figure(detail: &Detail, window: Window) -> Figure {
    let mut figure = Figure::new("limits", "What the limits have left", window.seconds());
    let mut limits: Vec<(&GaugeSeries, f64)> = levels(detail)
        .filter_map(|it| {
            let lowest = it.samples.iter().flatten().copied().min_by(f64::total_cmp)?;
            Some((it, share(lowest, it.top)))
        })
        .collect();
    if limits.is_empty() {
        figure.empty = Some("no limit was used");
        return figure;
    }
    // Stable: equally tight ones stay in the model's order.
    limits.sort_by(|a, b| a.1.total_cmp(&b.1));
    let exhausted = limits
        .iter()
        .filter(|(it, _)| it.samples.iter().flatten().any(|it| *it < NOTHING_LEFT))
        .count();
    figure.subtitle = format!(
        "{exhausted} of {} seen without a unit left; {}",
        limits.len(),
        window.sampling("lowest level"),
    );
    if MAX_LINES < limits.len() {
        figure.caption = format!("the {MAX_LINES} tightest of {} shown", limits.len());
        limits.truncate(MAX_LINES);
    }
    // Limits of different size share an axis only as shares.
    let top = limits[0].0.top;
    let as_shares = top.is_some() && limits.iter().any(|(it, _)| it.top != top);
    for (position, (it, _)) in limits.iter().enumerate() {
        let mut points = window.lowest(&it.samples);
        if as_shares {
            for point in &mut points {
                point.1 = share(point.1, it.top);
            }
        }
        let (colour, marker) = (LINES[position % LINES.len()], Marker::at(position));
        let size = it.top.map_or(String::new(), |it| format!(" (of {})", format::count(it)));
        let label = [it.scope.as_str(), &it.kind].join(" ").trim().to_owned() + &size;
        figure.legend.push(Entry { label, swatch: Swatch::Line(colour, marker) });
        figure.marks.push(Mark::Steps { colour, marker, points });
    }
    figure.vertical = vertical(&figure.marks, as_shares, top);
    if let Some(at) = first_rejection(detail) {
        let label = format!("first rejection ({})", format::seconds(at));
        figure.legend.push(Entry { label, swatch: Swatch::Moment });
        figure.marks.push(Mark::Moment { at });
    }
    figure
}

fn vertical(marks: &[Mark], as_shares: bool, top: Option<f64>) -> Vertical {
    if as_shares {
        return Vertical { label: "share of the limit left".into(), top: 1.0, form: Form::Percent };
    }
    let levels = marks.iter().flat_map(|it| match it {
        Mark::Steps { points, .. } => points.as_slice(),
        _ => &[],
    });
    let highest = levels.map(|it| it.1).fold(top.unwrap_or(0.0), f64::max);
    let top = scale::round_up(highest);
    Vertical { label: "units left".into(), top, form: Form::Number }
}

/// Marks the spans of time in which some limit had nothing left, behind the marks of a figure.
pub(super) fn mark_exhausted(figure: &mut Figure, detail: &Detail, window: Window) {
    let mut nothing = vec![false; window.bins];
    let mut limits: Vec<&str> = vec![];
    for it in levels(detail) {
        for (at, _) in window.lowest(&it.samples).iter().filter(|it| it.1 < NOTHING_LEFT) {
            nothing[(*at as usize) / window.bin_seconds] = true;
            if !limits.contains(&it.scope.as_str()) {
                limits.push(&it.scope);
            }
        }
    }
    let label = match limits.as_slice() {
        [] => return,
        [_, _, _, ..] => format!("no units left at one of {} limits", limits.len()),
        few => format!("no units left at {}", few.join(" or ")),
    };
    figure.legend.push(Entry { label, swatch: Swatch::Band });
    let mut bin = 0;
    for run in nothing.chunk_by(|a, b| a == b) {
        let from = window.start(bin);
        bin += run.len();
        if run[0] {
            figure.marks.push(Mark::Band { from, to: window.start(bin) });
        }
    }
}

fn levels(detail: &Detail) -> impl Iterator<Item = &GaugeSeries> {
    detail.gauges.iter().filter(|it| it.series == "limit_units_left")
}

fn share(level: f64, top: Option<f64>) -> f64 {
    level / top.filter(|it| 0.0 < *it).unwrap_or(1.0)
}

/// The second of the first throttled request.
fn first_rejection(detail: &Detail) -> Option<f64> {
    let throttled =
        detail.counters.iter().filter(|it| it.series == "requests" && it.kind == "throttled");
    let second = throttled.filter_map(|it| it.per_second.iter().position(|it| 0 < *it)).min()?;
    Some(second as f64)
}
