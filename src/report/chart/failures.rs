//! Failed pulls by cause over time, stacked.

use std::collections::BTreeMap;

use super::figure::Figure;
use super::window::Window;
use super::{limits, palette, requests};
use crate::model::record::outcome::Detail;
use crate::report::format;

pub(super) fn figure(detail: &Detail, window: Window) -> Figure {
    let mut figure = Figure::new("failures", "Failed pulls by cause", window.seconds());
    let mut by_cause: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for it in detail.counters.iter().filter(|it| it.series == "failures") {
        window.add(by_cause.entry(&it.kind).or_insert_with(|| vec![0.0; window.bins]), it);
    }
    let total: f64 = by_cause.values().flatten().sum();
    if total <= 0.0 {
        figure.empty = Some("no pull failed");
        return figure;
    }
    let attempts = detail.pulls.len() as f64;
    figure.subtitle = format!(
        "{} of {} pull attempts failed, shown when they ended; bars are means over {}",
        format::count(total),
        format::count(attempts.max(total)),
        format::seconds(window.bin_seconds as f64),
    );
    limits::mark_exhausted(&mut figure, detail, window);
    let mut kinds: Vec<(&str, Vec<f64>)> = by_cause.into_iter().collect();
    // Most frequent at the bottom; stable, so equal ones stay in the order of their names.
    kinds.sort_by(|a, b| b.1.iter().sum::<f64>().total_cmp(&a.1.iter().sum()));
    let minutes = window.bin_seconds as f64 / 60.0;
    requests::stack(&mut figure, window, kinds, minutes, palette::cause);
    figure.vertical.label = "failed pulls per minute".into();
    figure
}
