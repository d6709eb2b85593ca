//! `pullstorm scenarios`: what ships with the program.

use std::fmt::Write;

use clap::Args;

use super::{Outcome, files, tell};
use crate::report::style::Style;
use crate::scenario::{self as loader, Request, SourceFile, library};

/// What `scenarios` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Print the file of this scenario, to start one's own from.
    #[arg(long, value_name = "NAME")]
    show: Option<String>,
}

/// Lists the scenarios with the question that each one asks, or prints one.
pub(super) fn scenarios(arguments: &Arguments) -> Outcome {
    if let Some(name) = &arguments.show {
        tell(&files::find(name)?.text)?;
        return Ok(0);
    }
    let style = Style::for_stdout();
    let mut text = String::new();
    for (name, content) in library::all() {
        let file = SourceFile { name: format!("{name}.toml"), text: (*content).to_owned() };
        // A test reads every scenario that ships; one that cannot be read is listed by its name.
        let question = loader::load(&file, &Request::default()).map(|it| it.scenario.question);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\n    {}", style.heading(name), question.unwrap_or_default());
    }
    text.push_str("\nRun one with `pullstorm run NAME`; print its file with `--show NAME`.\n");
    tell(&text)?;
    Ok(0)
}
