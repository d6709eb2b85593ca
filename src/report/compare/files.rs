//! The files of a comparison, under `output/<scenario>/compare/`.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::{Compared, comparison_csv, comparison_markdown, write_json};
use crate::report::Head;
use crate::report::files::{FileError, WallClock, create_folder, remove, write_whole};

/// Every file that a comparison may write, but the charts; the manifest first, as it vouches for
/// the rest.
pub const NAMES: [&str; 5] =
    ["manifest.json", "comparison.csv", "comparison.json", "comparison.md", "assumptions.csv"];

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    head: Head,
    compared: &'a str,
    seed: u64,
    set: &'a [String],
    wall_clock: &'a WallClock,
}

/// Writes every file; returns their names in the order of writing.
pub fn write_files(
    folder: &Path,
    compared: &Compared<'_>,
    wall_clock: &WallClock,
) -> Result<Vec<&'static str>, FileError> {
    create_folder(folder)?;
    for name in NAMES {
        remove(&folder.join(name))?;
    }
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
    write_whole(&folder.join("manifest.json"), |out| manifest(out, compared, wall_clock))?;
    names.push("manifest.json");
    Ok(names)
}

fn manifest(
    out: &mut dyn Write,
    compared: &Compared<'_>,
    wall_clock: &WallClock,
) -> io::Result<()> {
    let manifest = Manifest {
        head: Head::SIMULATED,
        compared: compared.name,
        seed: compared.comparison.base.seed,
        set: compared.set,
        wall_clock,
    };
    serde_json::to_writer_pretty(&mut *out, &manifest)?;
    writeln!(out)
}
