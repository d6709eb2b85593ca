//! Failed pulls by cause over time, stacked.

use std::collections::BTreeMap;

use super::figure::{Figure, Mark};
use super::window::Window;
use super::{limits, palette, requests};
use crate::model::outcome::Detail;
use crate::report::chart::figure::{Entry, Swatch};
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
        "{} of {} pull attempts failed; bars are means over {}",
        format::count(total),
        format::count(attempts.max(total)),
        format::seconds(window.bin_seconds as f64),
    );
    let bands: Vec<Mark> = limits::exhausted_bands(detail, window);
    if !bands.is_empty() {
        figure
            .legend
            .push(Entry { label: "a limit has no units left".into(), swatch: Swatch::Band });
        figure.marks.extend(bands);
    }
    let minutes = window.bin_seconds as f64 / 60.0;
    requests::stack(&mut figure, window, by_cause, minutes, palette::cause);
    figure.vertical.label = "failed pulls per minute".into();
    figure
}
