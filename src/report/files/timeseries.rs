//! `timeseries.csv`: counts and levels in bins, long form.

use std::io::{self, Write};

use super::rows::Rows;
use crate::model::record::outcome::{Detail, SAMPLE_PERIOD};
use crate::units::{MICROS_PER_SECOND, Time};

const HEADER: &str = "replication,time_seconds,series,scope,kind,value,peak_per_second";

/// Seconds of one bin.
pub(crate) const BIN_SECONDS: usize = (SAMPLE_PERIOD.as_micros() / MICROS_PER_SECOND) as usize;

/// Writes every series, one after another; `time_seconds` is where the bin begins.
pub(super) fn write(out: impl Write, replication: u32, detail: &Detail) -> io::Result<()> {
    let mut rows = Rows::new(out, HEADER)?;
    let start = |bin: usize| Time::ZERO + SAMPLE_PERIOD * bin as u64;
    for it in &detail.counters {
        for (bin, seconds) in it.per_second.chunks(BIN_SECONDS).enumerate() {
            rows.number(u64::from(replication)).time(start(bin));
            rows.text(it.series).text(&it.scope).text(&it.kind);
            rows.number(seconds.iter().map(|&it| u64::from(it)).sum());
            rows.number(u64::from(seconds.iter().copied().max().unwrap_or(0))).end()?;
        }
    }
    for it in &detail.gauges {
        for (bin, sample) in it.samples.iter().enumerate() {
            rows.number(u64::from(replication)).time(start(bin));
            rows.text(it.series).text(&it.scope).text(&it.kind);
            match sample {
                Some(level) => rows.level(*level),
                None => rows.empty(),
            };
            rows.empty().end()?;
        }
    }
    rows.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn counts_are_summed_per_bin_with_the_peak_of_a_second() {
        let mut out = Vec::new();
        write(&mut out, 0, &synthetic::tiny_detail()).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "0,0.000000,requests,docker-hub/registry,ok,12,7",
                "0,10.000000,requests,docker-hub/registry,ok,3,3",
                "0,0.000000,limit_units_left,docker-hub/anonymous-pulls,203.0.113.7,,",
                "0,10.000000,limit_units_left,docker-hub/anonymous-pulls,203.0.113.7,98.5,",
                "0,0.000000,pods_created,api,,3,",
                "0,10.000000,pods_created,api,,3,",
                "0,20.000000,pods_created,api,,3,",
                "0,0.000000,pods_ready,api,,0,",
                "0,10.000000,pods_ready,api,,1,",
                "0,20.000000,pods_ready,api,,2,",
            ]
        );
    }
}
