//! What keys ask of other keys of their table, as the tables say it.

use super::not_here;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::field::{Field, IfAbsent, Relation};
use crate::scenario::typed::{Value, Values};
use crate::scenario::walk::join;

/// Reports every key that lacks what it asks for.
pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    table(root, "", problems);
}

fn table(values: &Values, path: &str, problems: &mut Problems<'_>) {
    for field in values.shape().fields {
        if let Some(relation) = field.relation {
            held(values, path, field, relation, problems);
        }
        let path = join(path, field.name);
        match values.at(field.name).map(|typed| &typed.value) {
            Some(Value::Table(inner)) => table(inner, &path, problems),
            Some(Value::Named(blocks)) => {
                for (name, inner) in blocks {
                    table(inner, &join(&path, name), problems);
                }
            }
            Some(
                Value::Span(_)
                | Value::Bytes(_)
                | Value::Bandwidth(_)
                | Value::Share(_)
                | Value::Integer(_)
                | Value::Milli(_)
                | Value::Bool(_)
                | Value::Text(_)
                | Value::Count(_)
                | Value::Answer(_)
                | Value::List(_)
                | Value::Replace(_)
                | Value::Shares(_)
                | Value::Paths(_),
            )
            | None => {}
        }
    }
}

fn held(
    values: &Values,
    path: &str,
    field: &Field,
    relation: Relation,
    problems: &mut Problems<'_>,
) {
    let name = field.name;
    match relation {
        Relation::With { key, words, needed, help } => {
            if values.is_faulty_at(key) || is_missing(values, key) {
                return;
            }
            let other = values.at(key).map(|typed| &typed.value);
            let shown = other.map(Value::show).unwrap_or_default();
            let beside = match other {
                Some(Value::Bool(_)) => format!("{key} = {shown}"),
                Some(_) => format!("{key} = \"{shown}\""),
                None => format!("no {key}"),
            };
            if !words.contains(&&*shown) {
                let choose = format!("leave it out, or use {key} = \"{}\"", words.join("\" or \""));
                not_here(problems, values, path, field, &beside, help.unwrap_or(&choose));
            } else if needed && !values.given(field) {
                problems
                    .error(Code::MissingKey, values.origin, format!("`{path}` has no `{name}`"))
                    .help(format!("{name} is needed with {beside}"));
            }
        }
        Relation::Beside { key, without, help } => {
            if values.at(key).is_none() && !values.is_faulty_at(key) {
                not_here(problems, values, path, field, without, help);
            }
        }
        Relation::Needs { key, without } => {
            let lacks = values.at(key).is_none() && !values.is_faulty_at(key);
            if values.given(field) && lacks {
                let message = format!("`{path}.{name}` needs {key} beside it");
                problems
                    .error(Code::MissingKey, values.origin(field), message)
                    .help(format!("without {key}, {without}"));
            }
        }
    }
}

/// Whether a key that the table demands is not there; that is told where it is demanded.
fn is_missing(values: &Values, key: &str) -> bool {
    let row = values.shape().fields.iter().find(|it| it.name == key);
    values.at(key).is_none() && row.is_some_and(|it| matches!(it.if_absent, IfAbsent::Required))
}
