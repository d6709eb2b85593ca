//! `pullstorm presets`: what is known of real registries, gateways and clients, with its sources;
//! and `pullstorm schema`, the JSON Schema of scenario files.

use std::fmt::Write;

use clap::Args;

use super::{Failure, Outcome, tell};
use crate::report::style::Style;
use crate::scenario::presets::{self, Preset, PresetKind, PresetValue, Reading};
use crate::scenario::{nearest, schema};
use crate::words::Words;

/// What `presets` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Show every value of this preset with its source and date.
    name: Option<String>,
}

/// Lists the presets, or shows one.
pub(super) fn presets(arguments: &Arguments) -> Outcome {
    let style = Style::for_stdout();
    let Some(name) = &arguments.name else {
        let mut text = String::new();
        for it in presets::all() {
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "{} {}\n    {}", it.kind.text(), style.heading(it.name), it.title);
        }
        text.push_str("\nShow the values of one, with their sources: `pullstorm presets NAME`.\n");
        tell(&text)?;
        return Ok(0);
    };
    match PresetKind::ALL.iter().find_map(|kind| presets::find(*kind, name)) {
        Some(preset) => tell(&shown(preset, style))?,
        None => return Err(unknown(name)),
    }
    Ok(0)
}

fn shown(preset: &Preset, style: Style) -> String {
    let mut text =
        format!("{} {}\n{}\n", preset.kind.text(), style.heading(preset.name), preset.title);
    values(&mut text, preset.values);
    for reading in preset.readings {
        let Reading { key, word, why, .. } = reading;
        let mark = match preset.readings.iter().find(|it| it.key == *key) {
            Some(first) if first.word == *word => ", the default (unverified: a best reading)",
            _ => "",
        };
        let _ = write!(text, "\nWith {key} = \"{word}\"{mark}:\n  {why}\n");
        values(&mut text, reading.values);
    }
    text.push_str("\nEvery value can be set in the block that names the preset.\n");
    text
}

fn values(text: &mut String, values: &[PresetValue]) {
    for it in values {
        let mark = it.unverified.map_or("", |_| "  (unverified: a best reading)");
        let _ = writeln!(
            text,
            "\n  {} = {}{mark}\n      {} ({})",
            it.path, it.value, it.source.text, it.source.date
        );
        if let Some(other) = it.unverified {
            let _ = writeln!(text, "      or {}: {}", other.readings.join(", "), other.why);
        }
    }
}

fn unknown(name: &str) -> Failure {
    let help = match nearest(name, presets::all().map(|it| it.name)) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "`pullstorm presets` lists them".to_owned(),
    };
    Failure::usage(format!("there is no preset `{name}`: {help}"))
}

/// Prints the JSON Schema of scenario files, for editors that complete and check as one types.
pub(super) fn print_schema() -> Outcome {
    tell(&format!("{:#}\n", schema()))?;
    Ok(0)
}
