//! Finds the scenario that an argument names: a file, or one that ships with the program.

use std::io;
use std::path::Path;

use super::{Failure, INVALID_SCENARIO, say};
use crate::report::files::read_start;
use crate::report::style::Style;
use crate::scenario::{MOST_READ, SourceFile, is_folder_name, library, nearest};

/// The scenario that runs when none is named.
const DEFAULT: &str = "spot-churn";

/// The scenario that `argument` names, or the default one.
pub(super) fn find_or_default(argument: Option<&str>) -> Result<SourceFile, Failure> {
    argument.map_or_else(default_scenario, find)
}

/// The default scenario.
fn default_scenario() -> Result<SourceFile, Failure> {
    let text = library::find(DEFAULT).map(|text| (DEFAULT, text));
    let (name, text) = text
        .or_else(|| library::all().first().copied())
        .ok_or_else(|| Failure::internal("no scenario ships with this build"))?;
    Ok(embedded(name, text))
}

/// The scenario that `argument` names. What looks like a path or exists as one is a file.
pub(super) fn find(argument: &str) -> Result<SourceFile, Failure> {
    let path = Path::new(argument);
    let is_path = argument.contains(['/', '\\']) || path.extension().is_some() || path.is_file();
    if path.is_dir() && library::find(argument).is_none() {
        return Err(Failure::usage(format!(
            "{argument} is a folder: name a scenario file in it; `compare` also takes two folders \
             that `pullstorm run` wrote (with manifest.json and replications.csv)"
        )));
    }
    if !is_path {
        return match library::find(argument) {
            Some(text) => Ok(embedded(argument, text)),
            None => Err(unknown(argument)),
        };
    }
    let bytes = read_start(path, MOST_READ).map_err(|error| unreadable(argument, &error))?;
    let file = SourceFile::decode(argument, &bytes).map_err(|problems| {
        say(problems.render(Style::for_stderr().is_coloured()).trim_end());
        Failure { code: INVALID_SCENARIO, message: String::new() }
    })?;
    if is_folder_name(file.stem()) {
        return Ok(file);
    }
    Err(Failure::usage(format!(
        "{argument} makes `{}` the name of the scenario, and that is no name of a folder in --out \
         for its results: rename the file (no dots alone, no control characters)",
        file.stem()
    )))
}

/// Why a file that was named cannot be read: that it is not there is a slip of whoever named it.
pub(super) fn unreadable(name: &str, error: &io::Error) -> Failure {
    let message = format!("cannot read {name}: {error}");
    match error.kind() {
        io::ErrorKind::NotFound => Failure::usage(message),
        _ => Failure::internal(message),
    }
}

fn embedded(name: &str, text: &str) -> SourceFile {
    SourceFile { name: format!("{name}.toml"), text: text.to_owned() }
}

fn unknown(argument: &str) -> Failure {
    let help = match nearest(argument, library::all().iter().map(|(name, _)| *name)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`pullstorm scenarios` lists what ships; a file is named with its .toml".to_owned(),
    };
    Failure::usage(format!("there is no scenario `{argument}`: {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_gets_the_nearest_one() {
        let failure = find("cold-clustr").err().unwrap();
        assert_eq!(failure.code, super::super::USAGE);
        assert!(failure.message.contains("did you mean `cold-cluster`?"), "{}", failure.message);
    }
}
