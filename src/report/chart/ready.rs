//! Share of the pods that are ready, over time; those that never were leave a gap.

use super::figure::{Entry, Figure, Form, Mark, Marker, Swatch, Vertical};
use super::palette::{BLACK, LINES};
use super::window::Window;
use crate::model::outcome::{Detail, PodRow};
use crate::report::format;
use crate::units::Time;

/// Most workloads with a line of their own.
const MAX_LINES: usize = 5;

pub(super) fn figure(detail: &Detail, window: Window) -> Figure {
    let mut figure = Figure::new("ready", "Share of the pods that are ready", window.seconds());
    if detail.pods.is_empty() {
        figure.empty = Some("no pod was created");
        return figure;
    }
    let pods = detail.pods.len();
    let never = detail.pods.iter().filter(|it| it.ready.is_none() && it.deleted.is_none()).count();
    let deleted =
        detail.pods.iter().filter(|it| it.ready.is_none() && it.deleted.is_some()).count();
    let gone = match deleted {
        0 => String::new(),
        n => format!(", {} deleted before", format::count(n as f64)),
    };
    figure.subtitle = format!(
        "{} pods created, {} became ready, {} never did{gone}; ready pods among those that exist",
        format::count(pods as f64),
        format::count((pods - never - deleted) as f64),
        format::count(never as f64),
    );
    figure.vertical = Vertical { label: "share ready".into(), top: 1.0, form: Form::Percent };
    let mut workloads: Vec<(usize, u32)> = (0..detail.workloads.len() as u32)
        .map(|it| (detail.pods.iter().filter(|pod| pod.workload == it).count(), it))
        .filter(|(count, _)| 0 < *count)
        .collect();
    workloads.sort_by_key(|it| std::cmp::Reverse(it.0));
    if 1 < workloads.len() {
        if MAX_LINES < workloads.len() {
            figure.caption = format!("the {MAX_LINES} largest of {} workloads", workloads.len());
        }
        for (position, (count, it)) in workloads.into_iter().take(MAX_LINES).enumerate() {
            let points = shares(detail.pods.iter().filter(|pod| pod.workload == it), window);
            let (colour, marker) = (LINES[position % LINES.len()], Marker::at(position));
            let name = &detail.workloads[it as usize];
            let label = format!("{name} ({})", format::count(count as f64));
            figure.legend.push(Entry { label, swatch: Swatch::Line(colour, marker) });
            figure.marks.push(Mark::Steps { colour, marker, points });
        }
    }
    let points = shares(detail.pods.iter(), window);
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

/// At the end of each bin: ready pods among those that exist; no point where none exists.
fn shares<'a>(pods: impl Iterator<Item = &'a PodRow>, window: Window) -> Vec<(f64, f64)> {
    let mut existing = vec![0i64; window.bins];
    let mut ready = vec![0i64; window.bins];
    let bin = |time: Time| {
        let bin = (time.as_secs_f64() / window.bin_seconds as f64) as usize;
        // What happens at the very end belongs to the last bin.
        bin.min(window.bins - 1)
    };
    for pod in pods {
        existing[bin(pod.created)] += 1;
        if let Some(at) = pod.ready {
            ready[bin(at)] += 1;
        }
        if let Some(at) = pod.deleted {
            existing[bin(at)] -= 1;
            if pod.ready.is_some() {
                ready[bin(at)] -= 1;
            }
        }
    }
    let (mut exist, mut are_ready) = (0, 0);
    let mut points = vec![];
    for bin in 0..window.bins {
        exist += existing[bin];
        are_ready += ready[bin];
        if 0 < exist {
            points.push((window.start(bin), are_ready as f64 / exist as f64));
        }
    }
    points
}
