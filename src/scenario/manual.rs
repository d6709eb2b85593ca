//! The reference page of the language, in Markdown: the declarative tables in another dress.

use std::fmt::Write as _;

use super::diagnostic::Code;
use super::field::{Field, IfAbsent, Shape, Type, Unverified};
use super::levers::LEVERS;
use super::metrics::Quantity;
use super::presets::{self, Reading};
use super::tables::ROOT;
use super::tables::timeline::SETTABLE;
use crate::model::record::measure;

/// The reference page of the scenario language.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    page += "\n## Top level\n\n";
    keys(&mut page, &ROOT, |field| !matches!(field.ty, Type::Named { .. }));
    for field in ROOT.fields {
        match field.ty {
            Type::Named { shape, .. } => {
                block(&mut page, 2, &format!("[{}.NAME]", field.name), shape);
            }
            Type::Table(shape) => block(&mut page, 2, &format!("[{}]", field.name), shape),
            _ => {}
        }
    }
    page += SWEEP;
    settable(&mut page);
    all_levers(&mut page);
    metrics(&mut page);
    all_presets(&mut page);
    codes(&mut page);
    page
}

const INTRODUCTION: &str = "# The scenario language\n
A scenario is a TOML file. Every block is a table with a name made of a-z, 0-9 and -, so that one
dotted path serves the file, `--set path=value` and variants: `pool.workers.nodes`. Numbers carry
their units: `us ms s m h d`; `B kB MB GB TB KiB MiB GiB TiB`; `bit/s` and `B/s` with the same
prefixes; `%`. Every block has `enabled`. In a `[variant.NAME]`, tables are merged deep and lists
are replaced whole. What no released software has is marked **What-if**.

A `?` behind a default or a preset's value says that nobody could verify it. Behind the `?` stand
its other plausible readings, and beside them why these: the ends of a range where a source gives
one, half and double where nothing is known. What only a scenario's author can know, such as round
trips or interfaces, has defaults without a mark.\n";

/// The other readings of a value that nobody could verify, and why these.
fn other_readings(unverified: Option<Unverified>) -> (String, String) {
    let Some(Unverified { readings, why }) = unverified else { return Default::default() };
    let readings: Vec<String> = readings.iter().map(|it| format!("`{it}`")).collect();
    (format!(" ? or {}", readings.join(", ")), format!(" Other readings: {why}."))
}

/// What a sweep varies, with its designs.
const SWEEP: &str = include_str!("axes/manual.md");

fn block(page: &mut String, level: usize, title: &str, shape: &'static Shape) {
    let _ = write!(page, "\n{} `{title}`\n\n{}.\n\n", "#".repeat(level), shape.doc);
    keys(page, shape, |_| true);
    for field in shape.fields {
        let inner = title.trim_end_matches(']');
        nested(page, level + 1, &format!("{inner}.{}", field.name), &field.ty);
    }
}

/// The tables within a key.
fn nested(page: &mut String, level: usize, path: &str, ty: &Type) {
    match ty {
        Type::Table(shape) => block(page, level, &format!("{path}]"), shape),
        Type::Named { shape, .. } => block(page, level, &format!("{path}.NAME]"), shape),
        Type::Either { table, .. } => block(page, level, &format!("{path}]"), table),
        Type::List { of, .. } => nested(page, level, path, of),
        _ => {}
    }
}

fn keys(page: &mut String, shape: &Shape, wanted: impl Fn(&Field) -> bool) {
    *page += "| key | takes | default | meaning |\n|---|---|---|---|\n";
    for field in shape.fields.iter().filter(|field| wanted(field)) {
        let (mark, why) = other_readings(field.unverified);
        let what_if = if field.what_if { "**What-if.** " } else { "" };
        let default = match field.if_absent {
            IfAbsent::Required => "required".to_owned(),
            IfAbsent::None | IfAbsent::Table => mark.trim_start().to_owned(),
            IfAbsent::Value("") => "empty".to_owned(),
            IfAbsent::Value(value) => format!("`{value}`{mark}"),
            IfAbsent::Same(other) => format!("as `{other}`"),
        };
        let takes = match field.ty {
            Type::Table(_) => "a table, below".to_owned(),
            Type::Named { .. } => "tables by name, below".to_owned(),
            ty => ty.describe(),
        };
        let source = field
            .source
            .map(|source| format!(" Source: {}, {}.", source.text, source.date))
            .unwrap_or_default();
        let doc = field.doc.replace('|', "\\|");
        let _ = writeln!(
            page,
            "| `{}` | {takes} | {default} | {what_if}{doc}.{source}{why} |",
            field.name
        );
    }
}

fn settable(page: &mut String) {
    *page += "\n## What `set` can change during a run\n\n| path | lands |\n|---|---|\n";
    for one in SETTABLE {
        let _ = writeln!(page, "| `{}` | {} |", one.path, one.lands);
    }
}

fn all_levers(page: &mut String) {
    *page += "\n## Levers that a variant can stand for\n\n";
    *page += "`lever = \"addresses\"` beside a variant's title says which lever it pulls; a ";
    *page += "diagnosis ranks levers by what such variants save.\n\n";
    *page += "| lever | meaning |\n|---|---|\n";
    for lever in LEVERS {
        let _ = writeln!(page, "| `{}` | {} |", lever.id, lever.title);
    }
}

fn metrics(page: &mut String) {
    *page += "\n## Metrics that `[expect]` can name\n\n";
    *page += "| metric | demand | meaning | absent where |\n|---|---|---|---|\n";
    for metric in measure::ALL {
        let demand = match Quantity::of(metric.unit) {
            Quantity::Span => "`< 5m`",
            Quantity::Share => "`>= 75%`",
            Quantity::Bytes => "`< 10GB`",
            Quantity::Number => "`< 100`",
        };
        let (form, absent) = (metric.form(), metric.absence.text());
        let _ = writeln!(page, "| `{form}` | {demand} | {} | {absent} |", metric.doc);
    }
}

fn all_presets(page: &mut String) {
    *page += "\n## Presets\n";
    for preset in presets::all() {
        let _ = write!(page, "\n### {} `{}`\n\n{}.\n\n", preset.kind, preset.name, preset.title);
        *page += "| path | value | source | date |\n|---|---|---|---|\n";
        let readings = preset.readings.iter().flat_map(|reading| {
            let word = format!(" ({})", reading.word);
            reading.values.iter().map(move |value| (word.clone(), value))
        });
        let values = preset.values.iter().map(|value| (String::new(), value));
        for (reading, value) in values.chain(readings) {
            let (mut mark, why) = other_readings(value.unverified);
            mark += if reading.is_empty() { "" } else { " ?" };
            let source = format!("{}.{why}", value.source.text);
            let source = if why.is_empty() { value.source.text } else { &*source };
            let _ = writeln!(
                page,
                "| `{}`{reading} | `{}`{mark} | {source} | {} |",
                value.path, value.value, value.source.date
            );
        }
        for (at, reading) in preset.readings.iter().enumerate() {
            let default = if at == 0 { ", the default" } else { "" };
            let lead = if at == 0 { "\nSources do not decide between these:\n\n" } else { "" };
            let Reading { key, word, why, .. } = reading;
            let _ = writeln!(page, "{lead}- `{key} = \"{word}\"`{default}: {why}.");
        }
    }
}

fn codes(page: &mut String) {
    *page += "\n## Diagnostics\n\n| code | meaning |\n|---|---|\n";
    for code in Code::ALL {
        let _ = writeln!(page, "| {} | {} |", code.number(), code.meaning());
    }
}
