//! The reference page of the language, in Markdown: the declarative tables in another dress.

use std::fmt::Write as _;

use super::diagnostic::Code;
use super::field::{Field, IfAbsent, Shape, Type};
use super::levers::LEVERS;
use super::metrics::{METRICS, Suffix, Unit};
use super::presets;
use super::tables::ROOT;
use super::tables::timeline::SETTABLE;

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
are replaced whole. A `?` behind a default says that nobody could verify it. What no
released software has is marked **What-if**.\n";

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
        let mark = if field.unverified { " ?" } else { "" };
        let what_if = if field.what_if { "**What-if.** " } else { "" };
        let default = match field.if_absent {
            IfAbsent::Required => "required".to_owned(),
            IfAbsent::None | IfAbsent::Table => String::new(),
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
        let _ =
            writeln!(page, "| `{}` | {takes} | {default} | {what_if}{doc}.{source} |", field.name);
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
    *page +=
        "\n## Metrics that `[expect]` can name\n\n| metric | demand | meaning |\n|---|---|---|\n";
    for metric in METRICS {
        let demand = match metric.unit {
            Unit::Seconds => "`< 5m`",
            Unit::Share => "`>= 75%`",
            Unit::Bytes => "`< 10GB`",
            Unit::Number => "`< 100`",
        };
        let suffix = match metric.suffix {
            Suffix::None => "",
            Suffix::Cause => ".CAUSE",
            Suffix::Outcome => ".OUTCOME",
            Suffix::Limit => ".LIMIT",
            Suffix::Reason => ".REASON",
        };
        let _ = writeln!(page, "| `{}{suffix}` | {demand} | {} |", metric.name, metric.doc);
    }
}

fn all_presets(page: &mut String) {
    *page += "\n## Presets\n";
    for preset in presets::all() {
        let _ = write!(page, "\n### {} `{}`\n\n{}.\n\n", preset.kind, preset.name, preset.title);
        *page += "| path | value | source | date |\n|---|---|---|---|\n";
        let readings = preset.readings.iter().flat_map(|reading| {
            reading.values.iter().map(|value| (format!(" ({})", reading.word), value))
        });
        let values = preset.values.iter().map(|value| (String::new(), value));
        for (reading, value) in values.chain(readings) {
            let mark = if value.unverified { " ?" } else { "" };
            let _ = writeln!(
                page,
                "| `{}`{reading} | `{}`{mark} | {} | {} |",
                value.path, value.value, value.source.text, value.source.date
            );
        }
    }
}

fn codes(page: &mut String) {
    *page += "\n## Diagnostics\n\n| code | meaning |\n|---|---|\n";
    for code in Code::ALL {
        let _ = writeln!(page, "| {} | {} |", code.number(), code.meaning());
    }
}
