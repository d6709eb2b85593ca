//! Runs that were stored: what a comparison needs of a run's folder.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::replications;
use super::whole::{At, FileError};
use crate::experiment::Samples;
use crate::experiment::compare::Arm;

/// A run as its folder tells it.
#[derive(Debug)]
pub struct Stored {
    /// Name of the scenario.
    pub scenario: String,
    /// Version of the program that ran it.
    pub version: String,
    /// Its figures.
    pub arm: Arm,
}

/// Whether `folder` holds a run.
pub fn is_run(folder: &Path) -> bool {
    folder.join("manifest.json").is_file()
}

/// Reads the run in `folder`, under the name `name` where it is given.
pub fn read_run(folder: &Path) -> Result<Stored, FileError> {
    let path = folder.join("manifest.json");
    let text = std::fs::read_to_string(&path).at("read", &path)?;
    let manifest: Value =
        serde_json::from_str(&text).map_err(io::Error::other).at("read", &path)?;
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).map(str::to_owned);
    let samples: Samples = replications::read(folder)?;
    let (Some(scenario), Some(version), Some(seed)) =
        (text("scenario"), text("version"), manifest.get("seed").and_then(Value::as_u64))
    else {
        let error = io::Error::new(io::ErrorKind::InvalidData, "it is not the manifest of a run");
        return Err(error).at("read", &path);
    };
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
    Ok(Stored { scenario, version, arm })
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
