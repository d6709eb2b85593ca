//! Share of the pods that are ready, over time; those that never were leave a gap. Image pullers
//! serve nobody and are left out.

use super::figure::{Entry, Figure, Form, Mark, Marker, Swatch, Vertical};
use super::palette::{BLACK, LINES};
use super::window::Window;
use crate::model::record::outcome::{Detail, GaugeSeries};
use crate::report::format;

/// Most workloads with a line of their own.
const MAX_LINES: usize = 5;

pub(super) fn figure(detail: &Detail, window: Window) -> Figure {
    let mut figure = Figure::new("ready", "Share of the pods that are ready", window.seconds());
    let serves = |it: &u32| !detail.pullers.contains(&detail.workloads[*it as usize]);
    let rows = || detail.pods.iter().filter(|it| serves(&it.workload));
    let pods = rows().count();
    if pods == 0 {
        figure.empty = Some("no pod was created");
        return figure;
    }
    let never = rows().filter(|it| it.ready.is_none() && it.deleted.is_none()).count();
    let deleted = rows().filter(|it| it.ready.is_none() && it.deleted.is_some()).count();
    let gone = match deleted {
        0 => String::new(),
        n => format!(", {} deleted before", format::count(n as f64)),
    };
    figure.subtitle = format!(
        "{} pods created, {} became ready, {} never did{gone}; \
         share of those that exist, {}",
        format::count(pods as f64),
        format::count((pods - never - deleted) as f64),
        format::count(never as f64),
        window.sampling("least"),
    );
    figure.vertical = Vertical { label: "share ready".into(), top: 1.0, form: Form::Percent };
    let mut workloads: Vec<(usize, u32)> = (0..detail.workloads.len() as u32)
        .filter(serves)
        .map(|it| (rows().filter(|pod| pod.workload == it).count(), it))
        .filter(|(count, _)| 0 < *count)
        .collect();
    workloads.sort_by_key(|it| std::cmp::Reverse(it.0));
    if 1 < workloads.len() {
        if MAX_LINES < workloads.len() {
            figure.caption = format!("the {MAX_LINES} largest of {} workloads", workloads.len());
        }
        for (position, (count, it)) in workloads.into_iter().take(MAX_LINES).enumerate() {
            let name = &*detail.workloads[it as usize];
            let points = shares(detail, &[name], window);
            let (colour, marker) = (LINES[position % LINES.len()], Marker::at(position));
            let label = format!("{name} ({})", format::count(count as f64));
            figure.legend.push(Entry { label, swatch: Swatch::Line(colour, marker) });
            figure.marks.push(Mark::Steps { colour, marker, points });
        }
    }
    let all = detail.workloads.iter().filter(|it| !detail.pullers.contains(it));
    let all: Vec<&str> = all.map(|it| &**it).collect();
    let points = shares(detail, &all, window);
    let end = points.last().map_or(1.0, |it| it.1);
    let label = format!("all pods ({})", format::count(pods as f64));
    figure.legend.push(Entry { label, swatch: Swatch::Line(BLACK, Marker::None) });
    figure.marks.push(Mark::Steps { colour: BLACK, marker: Marker::None, points });
    if 0 < never {
        let label = format!("{} never ready", format::count(never as f64));
        figure.marks.push(Mark::Gap { from: end, to: 1.0, label });
    }
    figure
}

/// Per bin, the least share of ready pods among those that exist, those that ran before the
/// simulation too; no point where none exists.
fn shares(detail: &Detail, workloads: &[&str], window: Window) -> Vec<(f64, f64)> {
    let sum = |series: &str| {
        let of = |it: &&GaugeSeries| it.series == series && workloads.contains(&&*it.scope);
        let mut sums: Vec<f64> = vec![];
        for it in detail.gauges.iter().filter(of) {
            sums.resize(sums.len().max(it.samples.len()), 0.0);
            for (sum, level) in sums.iter_mut().zip(&it.samples) {
                *sum += level.unwrap_or(0.0);
            }
        }
        sums
    };
    let levels = sum("pods_ready").into_iter().zip(sum("pods_created"));
    let shares: Vec<Option<f64>> =
        levels.map(|(ready, exist)| (0.0 < exist).then(|| ready / exist)).collect();
    window.lowest(&shares)
}
