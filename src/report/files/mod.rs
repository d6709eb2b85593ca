//! The files of one run, under `output/<scenario>/`; `output/README.md` tells what their columns
//! mean.

mod bounded;
mod detail;
mod digests;
mod lock;
mod manifest;
mod place;
mod replications;
mod requests;
mod rows;
mod solve;
mod solve_short;
mod stored;
mod summary;
mod timeseries;
mod trace;
mod whole;

use std::path::{Path, PathBuf};

pub use bounded::{MOST_DOCUMENT, MOST_PLAN, read_start, read_text};
pub(crate) use digests::{Digests, write_sealed};
pub use lock::{Hold, Lock, NotLocked};
pub use manifest::{Partial, WallClock};
pub use place::{INCOMPLETE, Place};
pub(crate) use place::{mark, unmark};
pub use requests::RequestFile;
pub(crate) use rows::Rows;
pub use solve::{clear_solved, solve_csv, solve_json, write_seen, write_solved};
pub use solve_short::{Short, short_csv, short_json, write_short};
pub use stored::{Stored, is_run, read_run};
pub use summary::summary_csv;
pub use trace::TraceFile;
pub use whole::FileError;
pub(crate) use whole::{At, PARTIAL, create_folder, remove, write_whole, write_whole_by_name};

use crate::experiment::Samples;
use crate::report::{Run, json};

/// Every file that a run may write, but the charts; the manifest first, as it vouches for the rest.
const NAMES: [&str; 8] = [
    "manifest.json",
    "summary.json",
    "summary.csv",
    replications::NAME,
    "timeseries.csv",
    "pulls.csv",
    "pods.csv",
    "requests.csv",
];

/// The folder of a scenario's results: `OUT/NAME`; a variant's is `OUT/NAME/variants/VARIANT`.
pub fn folder(out: &Path, name: &str, variant: Option<&str>) -> PathBuf {
    match variant {
        Some(variant) => out.join(name).join("variants").join(variant),
        None => out.join(name),
    }
}

/// Removes the files of an earlier run, so that no file of another seed stands beside the new ones.
/// Other files in the folder stay.
pub fn clear(folder: &Path) -> Result<(), FileError> {
    for name in NAMES {
        remove(&folder.join(name))?;
    }
    Ok(())
}

/// Writes every file but the charts and `requests.csv`, which stand in `folder` already where there
/// are any: the manifest, which comes last, has the digest of every file there. Returns names in
/// the order of writing.
pub fn write_all(
    folder: &Path,
    run: Run<'_>,
    partial: Option<&Partial>,
    wall_clock: &WallClock,
) -> Result<Vec<&'static str>, FileError> {
    create_folder(folder)?;
    let mut names = vec!["summary.json", "summary.csv", replications::NAME];
    write_whole(&folder.join(names[0]), |out| json::write_summary(out, run))?;
    write_whole(&folder.join(names[1]), |out| summary_csv(out, run.summary))?;
    let samples = Samples::new(run.outcomes);
    write_whole(&folder.join(names[2]), |out| replications::write(out, &samples))?;
    if let Some((replication, shown)) = run.detail() {
        write_whole(&folder.join("timeseries.csv"), |out| {
            timeseries::write(out, replication, shown)
        })?;
        write_whole(&folder.join("pulls.csv"), |out| detail::pulls(out, replication, shown))?;
        write_whole(&folder.join("pods.csv"), |out| detail::pods(out, replication, shown))?;
        names.extend(["timeseries.csv", "pulls.csv", "pods.csv"]);
    }
    let files = Digests::below(folder)?;
    write_whole(&folder.join("manifest.json"), |out| {
        manifest::write(out, run, files, (partial, wall_clock))
    })?;
    names.push("manifest.json");
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn every_file_of_a_run_with_detail_is_written_and_named() {
        let out = std::env::temp_dir().join(format!("pullstorm-files-{}", std::process::id()));
        let (scenario, summary, outcomes) = synthetic::summarised(2);
        let run = Run { scenario: &scenario, summary: &summary, outcomes: &outcomes };
        let clock = WallClock { started_unix_seconds: 0, simulating_seconds: 0.5, threads: 2 };
        let folder = folder(&out, &scenario.name, scenario.variant.as_deref());
        assert!(folder.ends_with("synthetic/variants/calm"));
        let mut named = write_all(&folder, run, None, &clock).unwrap();
        named.sort_unstable();
        let mut found: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|it| it.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        assert_eq!(named, found);
        let summary = std::fs::read_to_string(folder.join("summary.csv")).unwrap();
        // The replication with stuck pods is not among the two: values exist, none is censored.
        assert!(summary.contains("\nready_seconds_max,run,seconds,432.5,"), "{summary}");
        // An absent metric has empty figures, not zeros.
        assert!(summary.contains("\nrecovery_seconds,run,seconds,,,,,,,,2,0,2\n"), "{summary}");
        std::fs::remove_dir_all(&out).unwrap();
    }
}
