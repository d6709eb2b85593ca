//! Runs that were stored: what a comparison needs of a run's folder.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::bounded::{MOST_DOCUMENT, read_text};
use super::digests::{Digests, Found, MANIFEST, is_sealed};
use super::place::is_marked;
use super::replications;
use super::whole::{At, FileError};
use crate::experiment::Samples;
use crate::experiment::compare::Arm;
use crate::scenario::is_folder_name;

/// A run as its folder tells it.
#[derive(Debug)]
pub struct Stored {
    /// Name of the scenario.
    pub scenario: String,
    /// Version of the program that ran it.
    pub version: String,
    /// Its figures.
    pub arm: Arm,
    /// What of its folder is not as the run wrote it.
    pub remarks: Vec<String>,
}

/// Whether `folder` holds a run, or what is left of one.
pub fn is_run(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file() || is_marked(folder)
}

/// Reads the run in `folder`. A folder whose figures are not those that a run wrote there is
/// refused; other files that are not as written are told.
pub fn read_run(folder: &Path) -> Result<Stored, FileError> {
    let path = folder.join(MANIFEST);
    let refused = |why: &str| {
        let text = format!("{why}: run the scenario again");
        Err(io::Error::new(io::ErrorKind::InvalidData, text)).at("use", folder)
    };
    if is_marked(folder) {
        return refused("a command was ended while it wrote there, or still writes");
    }
    let text = read_text(&path, MOST_DOCUMENT)?;
    let manifest: Value =
        serde_json::from_str(&text).map_err(io::Error::other).at("read", &path)?;
    if is_sealed(&manifest) == Some(false) {
        return refused("manifest.json is not as the run wrote it");
    }
    let mut remarks = match Digests::read(&manifest) {
        Some(digests) => match digests.look(folder, replications::NAME)? {
            // That it is gone is told when it is read.
            Found::AsWritten | Found::Gone => not_as_written(folder, &digests)?,
            Found::Changed | Found::Foreign => {
                return refused(&format!(
                    "{} is not the file that the run wrote",
                    replications::NAME
                ));
            }
        },
        None => vec![format!(
            "{}: its manifest has no digests, so nobody can tell whether its files are as they \
             were written.",
            folder.display()
        )],
    };
    remarks.extend(partial(folder, &manifest));
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).map(str::to_owned);
    let samples: Samples = replications::read(folder)?;
    let (Some(scenario), Some(version), Some(seed)) =
        (text("scenario"), text("version"), manifest.get("seed").and_then(Value::as_u64))
    else {
        return refused("manifest.json is not that of a run");
    };
    if !is_folder_name(&scenario) {
        return refused("the name of its scenario is none");
    }
    let variant = text("variant");
    let name = variant.map_or_else(|| scenario.clone(), |it| format!("{scenario} ({it})"));
    let arm = Arm {
        name,
        title: String::new(),
        lever: None,
        what_if: what_ifs(&manifest),
        seed,
        samples,
        verdicts: vec![],
        digests: vec![],
        incomplete: 0,
        detail: None,
    };
    Ok(Stored { scenario, version, arm, remarks })
}

/// That the run was ended early, where it was.
fn partial(folder: &Path, manifest: &Value) -> Option<String> {
    let partial = manifest.get("partial")?;
    let number = |key: &str| partial.get(key).and_then(Value::as_u64).unwrap_or(0);
    let (finished, asked) = (number("finished"), number("asked"));
    Some(format!(
        "{} is partial: {finished} of {asked} replications were finished when it was ended.",
        folder.display()
    ))
}

/// What of the files that nobody reads here is not as the run wrote it.
fn not_as_written(folder: &Path, digests: &Digests) -> Result<Vec<String>, FileError> {
    let mut remarks = vec![];
    let others =
        super::NAMES.iter().filter(|it| **it != MANIFEST && digests.names().all(|n| n != **it));
    for name in digests.names().chain(others.copied()) {
        let why = match digests.look(folder, name)? {
            Found::AsWritten | Found::Gone => continue,
            Found::Changed => "has been changed since the run wrote it",
            Found::Foreign => "is not of this run",
        };
        remarks.push(format!("{} {why}.", folder.join(name).display()));
    }
    Ok(remarks)
}

/// What of the run no released software has.
fn what_ifs(manifest: &Value) -> Vec<String> {
    let parameters = manifest.get("parameters").and_then(Value::as_array);
    let is_what_if = |it: &&Value| it.get("what_if").and_then(Value::as_bool) == Some(true);
    let show = |it: &Value| {
        let text = |key: &str| it.get(key).and_then(Value::as_str).unwrap_or_default();
        format!("{}={}", text("path"), text("value"))
    };
    parameters.into_iter().flatten().filter(is_what_if).map(show).collect()
}
