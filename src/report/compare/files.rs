//! The files of a comparison, under `output/<scenario>/compare/`.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::charts::clear_charts;
use super::{Compared, comparison_csv, comparison_markdown, write_json};
use crate::report::Head;
use crate::report::files::{
    Digests, FileError, Partial, WallClock, create_folder, remove, write_sealed, write_whole,
};

/// Every file that a comparison may write, but the charts; the manifest first, as it vouches for
/// the rest.
const NAMES: [&str; 5] =
    ["manifest.json", "comparison.csv", "comparison.json", "comparison.md", "assumptions.csv"];

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    head: Head,
    compared: &'a str,
    seed: u64,
    set: &'a [String],
    files: Digests,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<&'a Partial>,
    wall_clock: &'a WallClock,
}

/// Removes the files of an earlier comparison from `folder`.
pub fn clear(folder: &Path) -> Result<(), FileError> {
    NAMES.iter().try_for_each(|name| remove(&folder.join(name)))?;
    clear_charts(folder)
}

/// Writes every file; returns their names in the order of writing. Charts stand in `folder` already
/// where there are any.
pub fn write_files(
    folder: &Path,
    compared: &Compared<'_>,
    partial: Option<&Partial>,
    wall_clock: &WallClock,
) -> Result<Vec<&'static str>, FileError> {
    create_folder(folder)?;
    write_whole(&folder.join("comparison.csv"), |out| comparison_csv(out, compared))?;
    write_whole(&folder.join("comparison.json"), |out| write_json(out, compared))?;
    write_whole(&folder.join("comparison.md"), |out| {
        out.write_all(comparison_markdown(compared).as_bytes())
    })?;
    let mut names = vec!["comparison.csv", "comparison.json", "comparison.md"];
    if let Some(assumed) = compared.assumed {
        write_whole(&folder.join("assumptions.csv"), |out| {
            super::assumptions::csv(out, compared, assumed)
        })?;
        names.push("assumptions.csv");
    }
    let files = Digests::below(folder)?;
    write_whole(&folder.join("manifest.json"), |out| {
        manifest(out, compared, files, (partial, wall_clock))
    })?;
    names.push("manifest.json");
    Ok(names)
}

fn manifest(
    out: &mut dyn Write,
    compared: &Compared<'_>,
    files: Digests,
    (partial, wall_clock): (Option<&Partial>, &WallClock),
) -> io::Result<()> {
    let manifest = Manifest {
        head: Head::SIMULATED,
        compared: compared.name,
        seed: compared.comparison.base.seed,
        set: compared.set,
        files,
        partial,
        wall_clock,
    };
    write_sealed(out, &manifest)
}
