//! The span of time that the charts of one run share, and its bins.

use super::figure::Column;
use crate::model::record::outcome::{CounterSeries, Detail, SAMPLE_PERIOD};
use crate::report::format;
use crate::units::Time;

/// Most bins of a chart: more than that, and neighbours share a pixel.
const MAX_BINS: usize = 720;

/// The span of time shown, in bins of a multiple of 10 s.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// Seconds of a bin.
    pub(super) bin_seconds: usize,
    /// Number of bins.
    pub(super) bins: usize,
}

impl Window {
    /// From the start to the last thing that happened: hours of silence at the end would squeeze
    /// the storm.
    pub(super) fn of(detail: &Detail) -> Self {
        let times = detail
            .pods
            .iter()
            .flat_map(|it| [Some(it.created), it.ready, it.deleted])
            .chain(detail.pulls.iter().flat_map(|it| [Some(it.asked), it.ended]))
            .flatten();
        let last = times.max().unwrap_or(Time::ZERO).as_micros().div_ceil(1_000_000) as usize;
        let counted = detail.counters.iter().map(|it| it.per_second.len()).max().unwrap_or(0);
        let seconds = last.max(counted).max(60);
        // Room for what the last event led to: a level is seen after it, and not in its bin.
        let seconds = seconds + seconds.div_ceil(40);
        let step = SAMPLE_PERIOD.as_secs_f64() as usize;
        let bin_seconds = seconds.div_ceil(MAX_BINS).div_ceil(step) * step;
        Self { bin_seconds, bins: seconds.div_ceil(bin_seconds) }
    }

    /// Its length in seconds.
    pub(super) fn seconds(self) -> f64 {
        (self.bins * self.bin_seconds) as f64
    }

    /// How levels are seen: between two samples a limit can run out and recover unseen.
    pub(super) fn sampling(self, which: &str) -> String {
        let sample = SAMPLE_PERIOD.as_secs_f64();
        let bin = self.bin_seconds as f64;
        let text = format!("sampled every {}", format::seconds(sample));
        if bin <= sample {
            return text;
        }
        format!("{text}, the {which} in each {}", format::seconds(bin))
    }

    /// When bin `bin` begins.
    pub(super) fn start(self, bin: usize) -> f64 {
        (bin * self.bin_seconds) as f64
    }

    /// Adds what `series` counts to the bins of `sums`.
    pub(super) fn add(self, sums: &mut [f64], series: &CounterSeries) {
        for (bin, seconds) in series.per_second.chunks(self.bin_seconds).enumerate() {
            sums[bin] += seconds.iter().map(|&it| f64::from(it)).sum::<f64>();
        }
    }

    /// Columns on top of `floor`, which is raised by their heights; equal neighbours are one
    /// column.
    pub(super) fn stack(self, floor: &mut [f64], heights: &[f64]) -> Vec<Column> {
        let mut columns: Vec<Column> = vec![];
        for (bin, (floor, height)) in floor.iter_mut().zip(heights).enumerate() {
            let (bottom, top) = (*floor, *floor + height);
            *floor = top;
            if *height <= 0.0 {
                continue;
            }
            let (from, to) = (self.start(bin), self.start(bin + 1));
            match columns.last_mut() {
                Some(last) if last.continues(from, bottom, top) => last.to = to,
                _ => columns.push(Column { from, to, bottom, top }),
            }
        }
        columns
    }

    /// The lowest of the `samples` in each bin: what ran out for a moment must not vanish.
    pub(super) fn lowest(self, samples: &[Option<f64>]) -> Vec<(f64, f64)> {
        let per_bin = self.bin_seconds / SAMPLE_PERIOD.as_secs_f64() as usize;
        let bins = samples.chunks(per_bin).take(self.bins).enumerate();
        bins.filter_map(|(bin, samples)| {
            let lowest = samples.iter().flatten().copied().min_by(f64::total_cmp)?;
            Some((self.start(bin), lowest))
        })
        .collect()
    }
}
