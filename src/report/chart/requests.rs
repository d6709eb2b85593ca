//! Requests per second by outcome, stacked: the spikes of a herd and their echoes.

use std::collections::BTreeMap;

use super::figure::{Entry, Figure, Form, Mark, Marker, Swatch, Vertical};
use super::window::Window;
use super::{limits, palette, scale};
use crate::model::record::outcome::Detail;
use crate::report::format;

pub(super) fn figure(detail: &Detail, window: Window) -> Figure {
    let mut figure =
        Figure::new("requests", "HTTP requests per second, by outcome", window.seconds());
    let mut by_outcome: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut per_second: Vec<u64> = vec![];
    for it in detail.counters.iter().filter(|it| it.series == "requests") {
        window.add(by_outcome.entry(&it.kind).or_insert_with(|| vec![0.0; window.bins]), it);
        per_second.resize(per_second.len().max(it.per_second.len()), 0);
        for (sum, count) in per_second.iter_mut().zip(&it.per_second) {
            *sum += u64::from(*count);
        }
    }
    let Some((second, peak)) = peak(&per_second) else {
        figure.empty = Some("no request was sent");
        return figure;
    };
    let total: u64 = per_second.iter().sum();
    figure.subtitle = format!(
        "{} requests; bars are means over {}; the busiest single second, at {}, saw {}",
        format::count(total as f64),
        format::seconds(window.bin_seconds as f64),
        format::seconds(second as f64),
        format::count(peak as f64),
    );
    limits::mark_exhausted(&mut figure, detail, window);
    let mut kinds: Vec<_> = by_outcome.into_iter().collect();
    kinds.sort_by_key(|it| palette::outcome_place(it.0));
    stack(&mut figure, window, kinds, window.bin_seconds as f64, palette::outcome);
    figure.vertical.label = "requests per second".into();
    draw_limits(&mut figure, detail);
    figure
}

/// A line for each limit on all requests, where it is not far above everything drawn.
fn draw_limits(figure: &mut Figure, detail: &Detail) {
    for it in &detail.limit_rates {
        let what = if it.counters == 1 { "" } else { ", all identities" };
        let label = format!("{}: {}/s{what}", it.limit, format::count(it.per_second));
        if 2.0 * figure.vertical.top < it.per_second {
            figure.subtitle = format!("{}; far below {label}", figure.subtitle);
            continue;
        }
        figure.vertical.top = figure.vertical.top.max(scale::round_up(it.per_second));
        let points = vec![(0.0, it.per_second), (figure.seconds, it.per_second)];
        let swatch = Swatch::Line(palette::BLACK, Marker::None);
        figure.legend.push(Entry { label, swatch });
        let line = Mark::Steps { colour: palette::BLACK, marker: Marker::None, points };
        figure.marks.push(line);
    }
}

/// The busiest second and what it saw; the first of equals.
fn peak(per_second: &[u64]) -> Option<(usize, u64)> {
    let (second, &peak) = per_second.iter().enumerate().rev().max_by_key(|(_, count)| **count)?;
    (0 < peak).then_some((second, peak))
}

/// Stacks `kinds`, the first at the bottom, as rates: what a bin counts, divided by `unit`.
pub(super) fn stack(
    figure: &mut Figure,
    window: Window,
    kinds: Vec<(&str, Vec<f64>)>,
    unit: f64,
    own: impl Fn(&str) -> Option<palette::Colour>,
) {
    let mut kinds: Vec<(&str, f64, Vec<f64>)> =
        kinds.into_iter().map(|(kind, bins)| (kind, bins.iter().sum(), bins)).collect();
    kinds.retain(|(_, total, _)| 0.0 < *total);
    let colours = palette::assign(kinds.iter().map(|it| it.0), own);
    let mut floor = vec![0.0; window.bins];
    for ((kind, total, mut bins), colour) in kinds.into_iter().zip(colours) {
        for it in &mut bins {
            *it /= unit;
        }
        let name = if kind.is_empty() { "all" } else { kind };
        let label = format!("{name} ({})", format::count(total));
        figure.legend.push(Entry { label, swatch: Swatch::Box(colour) });
        figure.marks.push(Mark::Columns { colour, columns: window.stack(&mut floor, &bins) });
    }
    let top = scale::round_up(floor.into_iter().fold(0.0, f64::max));
    figure.vertical = Vertical { label: String::new(), top, form: Form::Number };
}
