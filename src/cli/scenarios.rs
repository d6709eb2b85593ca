//! `pullstorm scenarios`: what ships with the program.

use std::fmt::Write;

use clap::Args;

use super::{Outcome, files, tell, tell_data};
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
        tell_data(&files::find(name)?.text)?;
        return Ok(0);
    }
    let style = Style::for_stdout();
    let mut text = String::new();
    for (name, content) in library::all() {
        let file = SourceFile { name: format!("{name}.toml"), text: (*content).to_owned() };
        // A test reads every scenario that ships; one that cannot be read is listed by its name.
        let loaded = loader::load(&file, &Request::default()).map(|it| it.scenario).ok();
        let question = loaded.as_ref().map_or("", |it| &it.question);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\n    {question}", style.heading(name));
        for it in loaded.iter().flat_map(|it| &it.variants) {
            let _ = writeln!(text, "    --variant {}: {}", it.name, it.title);
        }
    }
    text.push_str("\nRun one with `pullstorm run NAME`; print its file with `--show NAME`.\n");
    tell(&text)?;
    Ok(0)
}
