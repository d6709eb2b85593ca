//! The JSON Schema of the language, for editors: the declarative tables in another dress.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::field::{Field, IfAbsent, LONGEST_TEXT, Shape, Type};
use super::levers::LEVERS;
use super::presets;
use super::tables::ROOT;
use crate::model::record::measure::{self, ScopeKind};
use crate::model::spec::Failure;
use crate::words::Words;

/// Names of blocks.
const NAME: &str = "^[a-z0-9-]+$";
/// A number as units take it.
const NUMBER: &str = r"[0-9][0-9_]*(\.[0-9_]+)?";

/// The JSON Schema (draft 7) of a scenario file.
pub fn schema() -> Value {
    let mut root = shape(&ROOT);
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!("Pullstorm scenario");
    root["properties"]["expect"] = expect();
    root["properties"]["variant"] = json!({
        "description": ROOT.field("variant").map(|field| field.doc),
        "type": "object",
        "patternProperties": { NAME: {
            "type": "object",
            "properties": {
                "title": { "type": "string" },
                "lever": {
                    "description": "The lever that the variant stands for",
                    "enum": LEVERS.iter().map(|it| it.id).collect::<Vec<_>>(),
                },
            },
        } },
        "additionalProperties": false,
    });
    root
}

fn expect() -> Value {
    let demand = json!({ "type": "string", "pattern": "^\\s*(<=?|>=?|==)" });
    let mut properties = Map::new();
    for metric in measure::ALL {
        let value = match metric.part {
            None => demand.clone(),
            Some(_) => json!({ "type": "object", "additionalProperties": demand }),
        };
        properties.insert(metric.name.into(), described(value, metric.doc));
    }
    properties.insert("in_runs".into(), unit("%"));
    for scope in ScopeKind::BLOCKS {
        properties.insert(scope.text().into(), json!({ "type": "object" }));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn described(mut schema: Value, doc: &str) -> Value {
    schema["description"] = json!(doc);
    schema
}

fn shape(shape: &Shape) -> Value {
    let properties: Map<String, Value> =
        shape.fields.iter().map(|one| (one.name.to_owned(), field(one))).collect();
    let required: Vec<&str> =
        shape.fields.iter().filter(|one| is_required(one)).map(|one| one.name).collect();
    let mut schema = json!({
        "description": shape.doc,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Whether a key has to stand in the file: it is required and no preset gives it.
fn is_required(field: &Field) -> bool {
    let given = |path: &str| path.rsplit('.').next() == Some(field.name);
    matches!(field.if_absent, IfAbsent::Required)
        && !presets::all().any(|preset| preset.values.iter().any(|value| given(value.path)))
}

fn field(field: &Field) -> Value {
    let mut text = field.doc.to_owned();
    if let Some(source) = field.source {
        let _ = write!(text, " (source: {}, {})", source.text, source.date);
    }
    if field.what_if {
        text += " (what-if: no released software has it)";
    }
    if let Some(unverified) = field.unverified {
        let other = unverified.readings.join(", ");
        let _ = write!(text, " (the default is unverified; as plausible: {other})");
    }
    let mut schema = described(ty(&field.ty), &text);
    if let IfAbsent::Value(default) = field.if_absent {
        schema["default"] = match field.ty {
            Type::Integer { .. } | Type::Milli { .. } | Type::Bool => {
                serde_json::from_str(default).unwrap_or_else(|_| json!(default))
            }
            _ => json!(default),
        };
    }
    schema
}

/// A number with a unit.
fn unit(units: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^\\s*{NUMBER}\\s*({units})$") })
}

fn ty(ty: &Type) -> Value {
    match ty {
        Type::Span { .. } => json!({
            "type": "string",
            "pattern": format!("^\\s*({NUMBER}\\s*(us|ms|s|m|h|d)\\s*)+$"),
        }),
        Type::Bytes { .. } => unit("(k|M|G|T|Ki|Mi|Gi|Ti)?B"),
        Type::Bandwidth => unit("(k|M|G|T|Ki|Mi|Gi|Ti)?(bit|B)/s"),
        Type::Share { .. } => unit("%"),
        Type::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Type::Milli { min, max } => json!({
            "type": "number",
            "minimum": *min as f64 / 1e3,
            "maximum": *max as f64 / 1e3,
        }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Text => json!({ "type": "string", "maxLength": LONGEST_TEXT }),
        Type::Word(words) => json!({ "enum": words }),
        Type::Name(_) => json!({ "type": "string", "pattern": NAME }),
        Type::Count { min, max } => json!({
            "anyOf": [{ "type": "integer", "minimum": min, "maximum": max }, unit("%")],
        }),
        Type::Answer => {
            let failure = format!("^({}|[45][0-9][0-9])$", Failure::TEXTS.join("|"));
            json!({ "anyOf": [
                { "type": "string", "pattern": failure },
                { "type": "integer", "minimum": 400, "maximum": 599 },
            ] })
        }
        Type::List { of, max } => json!({
            "type": "array",
            "items": self::ty(of),
            "maxItems": max,
        }),
        Type::OneOrMore { of, max } => json!({
            "anyOf": [self::ty(of), { "type": "array", "items": self::ty(of), "maxItems": max }],
        }),
        Type::Either { plain, table } => json!({ "anyOf": [self::ty(plain), shape(table)] }),
        Type::Table(table) => shape(table),
        Type::Named { shape: inner, max } => json!({
            "type": "object",
            "patternProperties": { NAME: shape(inner) },
            "additionalProperties": false,
            "maxProperties": max,
        }),
        Type::Replace(_) => json!({
            "type": "object",
            "additionalProperties": { "type": "string", "pattern": NAME },
        }),
        Type::Shares(_) => json!({ "type": "object", "additionalProperties": unit("%") }),
        Type::Paths => json!({ "type": "object" }),
    }
}
