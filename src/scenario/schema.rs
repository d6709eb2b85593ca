//! The JSON Schema of the language, for editors: the declarative tables in another dress.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::field::{Field, IfAbsent, LONGEST_TEXT, Relation, Shape, Type};
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
    let mut run = demands(ScopeKind::Run);
    run.insert("in_runs".into(), unit("%"));
    for scope in ScopeKind::BLOCKS {
        let of = json!({
            "type": "object",
            "properties": demands(scope),
            "additionalProperties": false,
        });
        let named = json!({
            "type": "object",
            "patternProperties": { NAME: of },
            "additionalProperties": false,
        });
        run.insert(scope.text().into(), named);
    }
    json!({ "type": "object", "properties": run, "additionalProperties": false })
}

/// Demands on the metrics of a scope, by name.
fn demands(scope: ScopeKind) -> Map<String, Value> {
    let demand = json!({ "type": "string", "pattern": "^\\s*(<=?|>=?|==)" });
    measure::ALL
        .iter()
        .filter(|metric| metric.of.scopes().contains(&scope))
        .map(|metric| {
            let value = match metric.part {
                None => demand.clone(),
                Some(_) => json!({ "type": "object", "additionalProperties": demand }),
            };
            (metric.name.to_owned(), described(value, metric.doc))
        })
        .collect()
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
    let mut all: Vec<Value> = shape.fields.iter().flat_map(relation).collect();
    if !shape.one_of.is_empty() {
        let one: Vec<Value> = shape.one_of.iter().map(|key| json!({ "required": [key] })).collect();
        // A block that is switched off may be anything.
        let off =
            json!({ "required": ["enabled"], "properties": { "enabled": { "const": false } } });
        all.push(json!({ "anyOf": [off, { "oneOf": one }] }));
    }
    if !all.is_empty() {
        schema["allOf"] = json!(all);
    }
    schema
}

/// What a key asks of another key of its table, as far as a file alone can break it.
fn relation(field: &Field) -> Vec<Value> {
    let name = field.name;
    let both = |first: &str| json!({ "required": [first, name] });
    match field.relation {
        Some(Relation::With { key, words, needed, .. }) => {
            let word = |it: &&str| match *it {
                "true" => json!(true),
                "false" => json!(false),
                text => json!(text),
            };
            let words: Vec<Value> = words.iter().map(word).collect();
            let is_one = json!({ "properties": { key: { "enum": words } } });
            let mut all = vec![json!({ "if": both(key), "then": is_one })];
            if needed && !is_of_preset(field) {
                let has = json!({ "required": [key], "properties": { key: { "enum": words } } });
                all.push(json!({ "if": has, "then": { "required": [name] } }));
            }
            all
        }
        Some(Relation::Needs { key, .. }) => {
            vec![json!({ "if": { "required": [name] }, "then": both(key) })]
        }
        // A variant or a flag may give the other key.
        Some(Relation::Beside { .. }) | None => vec![],
    }
}

/// Whether a preset gives a key of this name.
fn is_of_preset(field: &Field) -> bool {
    let given = |path: &str| path.rsplit('.').next() == Some(field.name);
    presets::all().any(|preset| preset.values.iter().any(|value| given(value.path)))
}

/// Whether a key has to stand in the file: it is required and no preset gives it.
fn is_required(field: &Field) -> bool {
    matches!(field.if_absent, IfAbsent::Required) && !is_of_preset(field)
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
