//! Reads single values by their type: units, ranges, words, names.

use std::str::FromStr;

use super::diagnostic::Code;
use super::field::{FASTEST, LONGEST_TEXT, Type};
use super::tree::{Node, Raw};
use super::typed::{Value, show_milli};
use super::walk::{Walker, shorten};
use crate::model::spec::{Answer, Count, Failure};
use crate::units::{Bandwidth, Bytes, Share, Span, UnitError};
use crate::words::Words;

impl Walker<'_, '_> {
    /// Reads a single value; `None` where it has a problem.
    pub(super) fn scalar(&mut self, node: &Node, ty: &Type, path: &str) -> Option<Value> {
        match ty {
            Type::Span { min, max } => {
                let span = self.unit::<Span>(node, ty, path)?;
                self.ranged(span, min, max, node, ty, path).map(Value::Span)
            }
            Type::Bytes { max } => {
                let bytes = self.unit::<Bytes>(node, ty, path)?;
                self.ranged(bytes, &Bytes::ZERO, max, node, ty, path).map(Value::Bytes)
            }
            Type::Bandwidth => {
                let rate = self.unit::<Bandwidth>(node, ty, path)?;
                let least = Bandwidth::from_bits_per_second(1);
                self.ranged(rate, &least, &FASTEST, node, ty, path).map(Value::Bandwidth)
            }
            Type::Share { max } => {
                let share = self.unit::<Share>(node, ty, path)?;
                self.ranged(share, &Share::NONE, max, node, ty, path).map(Value::Share)
            }
            Type::Integer { min, max } => {
                self.integer(node, *min, *max, ty, path).map(Value::Integer)
            }
            Type::Milli { min, max } => self.milli(node, *min, *max, ty, path).map(Value::Milli),
            Type::Bool => match (&node.raw, node.raw.text()) {
                (Raw::Bool(value), _) => Some(Value::Bool(*value)),
                (Raw::Word(word), _) if word == "true" => Some(Value::Bool(true)),
                (Raw::Word(word), _) if word == "false" => Some(Value::Bool(false)),
                _ => self.wrong(node, ty, path),
            },
            Type::Text => self.text(node, ty, path).map(Value::Text),
            Type::Word(words) => self.word(node, words, ty, path).map(Value::Text),
            Type::Name(kind) => self.name(node, kind, path).map(Value::Text),
            Type::Count { min, max } => self.count(node, (*min, *max), ty, path).map(Value::Count),
            Type::Answer => self.answer(node, ty, path).map(Value::Answer),
            _ => unreachable!("{ty:?} is not a scalar"),
        }
    }

    pub(super) fn wrong<T>(&mut self, node: &Node, ty: &Type, path: &str) -> Option<T> {
        let problem = self.problems.error(
            Code::WrongType,
            node.origin,
            format!("`{path}` does not take {}", node.raw.describe()),
        );
        problem.help(format!("it takes {}", ty.describe()));
        None
    }

    pub(super) fn wrong_block<T>(&mut self, node: &Node, path: &str) -> Option<T> {
        let what = node.raw.describe();
        self.problems
            .error(Code::WrongType, node.origin, format!("`{path}` is {what}, not a block"))
            .help(match path.split_once('.') {
                None => format!("give the block a name: [{path}.NAME]"),
                Some(_) => format!("write it as a table: [{path}]"),
            });
        None
    }

    fn unit<T: FromStr<Err = UnitError>>(
        &mut self,
        node: &Node,
        ty: &Type,
        path: &str,
    ) -> Option<T> {
        let number = |text: &str| {
            !text.is_empty()
                && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+'))
        };
        let bare = match &node.raw {
            Raw::Integer(number) => number.to_string(),
            Raw::Decimal(number) => number.clone(),
            Raw::Text(text) | Raw::Word(text) if number(text) => text.clone(),
            Raw::Text(text) | Raw::Word(text) => match text.parse() {
                Ok(value) => return Some(value),
                Err(error) => {
                    self.problems
                        .error(
                            Code::Unreadable,
                            node.origin,
                            format!("`{path}` cannot be read from \"{text}\": {error}"),
                        )
                        .help(format!("it takes {}", ty.describe()));
                    return None;
                }
            },
            _ => return self.wrong(node, ty, path),
        };
        self.problems
            .error(Code::BareNumber, node.origin, format!("`{path}` is {bare} without a unit"))
            .help(format!("it takes {}", ty.describe()));
        None
    }

    fn ranged<T: PartialOrd + std::fmt::Display>(
        &mut self,
        value: T,
        min: &T,
        max: &T,
        node: &Node,
        ty: &Type,
        path: &str,
    ) -> Option<T> {
        let message = if *max < value {
            format!("`{path}` is {value}, more than the {max} allowed")
        } else if value < *min {
            format!("`{path}` is {value}, less than the {min} allowed")
        } else {
            return Some(value);
        };
        self.problems
            .error(Code::OutOfRange, node.origin, message)
            .help(format!("it takes {}", ty.describe()));
        None
    }

    fn whole(node: &Node) -> Option<i128> {
        match &node.raw {
            Raw::Integer(number) => Some(*number),
            Raw::Word(word) => word.replace('_', "").parse().ok(),
            _ => None,
        }
    }

    fn integer(&mut self, node: &Node, min: u64, max: u64, ty: &Type, path: &str) -> Option<u64> {
        let Some(number) = Self::whole(node) else { return self.wrong(node, ty, path) };
        let number = self.ranged(number, &min.into(), &max.into(), node, ty, path)?;
        u64::try_from(number).ok()
    }

    fn milli(&mut self, node: &Node, min: u64, max: u64, ty: &Type, path: &str) -> Option<u64> {
        let text = match &node.raw {
            Raw::Integer(number) => number.to_string(),
            Raw::Decimal(number) | Raw::Word(number) => number.clone(),
            _ => return self.wrong(node, ty, path),
        };
        let Some(milli) = parse_milli(&text) else { return self.wrong(node, ty, path) };
        let milli = u64::try_from(milli).unwrap_or(u64::MAX);
        self.ranged(Milli(milli), &Milli(min), &Milli(max), node, ty, path).map(|Milli(m)| m)
    }

    fn text(&mut self, node: &Node, ty: &Type, path: &str) -> Option<String> {
        let Some(text) = node.raw.text() else { return self.wrong(node, ty, path) };
        if LONGEST_TEXT < text.chars().count() {
            self.problems.error(
                Code::OutOfRange,
                node.origin,
                format!("`{path}` is longer than {LONGEST_TEXT} characters"),
            );
            return None;
        }
        Some(text.to_owned())
    }

    fn word(
        &mut self,
        node: &Node,
        words: &[&'static str],
        ty: &Type,
        path: &str,
    ) -> Option<String> {
        let Some(text) = node.raw.text() else { return self.wrong(node, ty, path) };
        if words.contains(&text) {
            return Some(text.to_owned());
        }
        self.problems
            .error(Code::UnknownWord, node.origin, format!("`{path}` does not know \"{text}\""))
            .did_you_mean(text, words.iter().copied())
            .help(format!("it takes {}", ty.describe()));
        None
    }

    pub(super) fn name(&mut self, node: &Node, kind: &'static str, path: &str) -> Option<String> {
        let Some(name) = node.raw.text() else {
            return self.wrong(node, &Type::Name(kind), path);
        };
        match self.names.state(kind, name) {
            Some(true) => return Some(name.to_owned()),
            Some(false) if 0 < self.off => return Some(name.to_owned()),
            Some(false) => {
                let message = format!("`{path}` needs [{kind}.{name}], which is switched off");
                self.problems
                    .error(Code::DisabledName, node.origin, message)
                    .help(format!("set {kind}.{name}.enabled = true, or switch off what needs it"));
            }
            None => {
                let known: Vec<&str> = self.names.of_kind(kind).collect();
                let message = format!("`{path}` names [{kind}.{name}], which does not exist");
                let problem = self.problems.error(Code::UnknownName, node.origin, message);
                problem.did_you_mean(name, known.iter().copied());
                problem.help(match known.as_slice() {
                    [] => format!("there is no [{kind}.…] block"),
                    known => format!("[{kind}.…] blocks: {}", shorten(known)),
                });
            }
        }
        None
    }

    fn count(
        &mut self,
        node: &Node,
        (min, max): (u64, u64),
        ty: &Type,
        path: &str,
    ) -> Option<Count> {
        if Self::whole(node).is_some() {
            let number = self.integer(node, min, max, ty, path)?;
            return u32::try_from(number).ok().map(Count::Number);
        }
        match node.raw.text().map(str::parse::<Share>) {
            Some(Ok(share)) => {
                self.ranged(share, &Share::NONE, &Share::ALL, node, ty, path).map(Count::Share)
            }
            _ => self.wrong(node, ty, path),
        }
    }

    fn answer(&mut self, node: &Node, ty: &Type, path: &str) -> Option<Answer> {
        if let Some(failure) = node.raw.text().and_then(Failure::parse) {
            return Some(failure.into());
        }
        let status = match &node.raw {
            Raw::Integer(number) => u16::try_from(*number).ok(),
            Raw::Text(text) | Raw::Word(text) => text.parse().ok(),
            _ => None,
        };
        match status {
            Some(status @ 400..=599) => Some(Answer::Status { status, retry_after: None }),
            _ => self.wrong(node, ty, path),
        }
    }
}

/// Thousandths that show as a decimal.
#[derive(PartialEq, PartialOrd)]
struct Milli(u64);

impl std::fmt::Display for Milli {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&show_milli(self.0))
    }
}

/// Thousandths of a decimal with at most three decimals.
fn parse_milli(text: &str) -> Option<u128> {
    let text = text.replace('_', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || 20 < whole.len() {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if 3 < fraction.len() {
        return None;
    }
    format!("{whole}{fraction:0<3}").parse().ok()
}
