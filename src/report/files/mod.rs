//! The files of one run, under `output/<scenario>/`; `output/README.md` tells what their columns mean.

mod detail;
mod manifest;
mod requests;
mod rows;
mod summary;
mod timeseries;
mod whole;

use std::path::{Path, PathBuf};

pub use manifest::WallClock;
pub(crate) use manifest::hex;
pub use requests::RequestFile;
pub use summary::summary_csv;
pub use whole::FileError;
pub(crate) use whole::{create_folder, write_whole, write_whole_by_name};

use crate::report::{Run, json};

/// The folder of a scenario's results: `OUT/NAME`, with the variant behind it where there is one.
pub fn folder(out: &Path, name: &str, variant: Option<&str>) -> PathBuf {
    match variant {
        Some(variant) => out.join(format!("{name}.{variant}")),
        None => out.join(name),
    }
}

/// Writes every file but the charts and `requests.csv`; returns their names in the order of writing.
pub fn write_all(
    folder: &Path,
    run: Run<'_>,
    wall_clock: &WallClock,
) -> Result<Vec<&'static str>, FileError> {
    create_folder(folder)?;
    let mut names = vec!["summary.json", "summary.csv"];
    write_whole(&folder.join(names[0]), |out| json::write_summary(out, run))?;
    write_whole(&folder.join(names[1]), |out| summary_csv(out, run.summary))?;
    if let Some((replication, shown)) = run.detail() {
        write_whole(&folder.join("timeseries.csv"), |out| {
            timeseries::write(out, replication, shown)
        })?;
        write_whole(&folder.join("pulls.csv"), |out| detail::pulls(out, replication, shown))?;
        write_whole(&folder.join("pods.csv"), |out| detail::pods(out, replication, shown))?;
        names.extend(["timeseries.csv", "pulls.csv", "pods.csv"]);
    }
    write_whole(&folder.join("manifest.json"), |out| manifest::write(out, run, wall_clock))?;
    names.push("manifest.json");
    Ok(names)
}
