//! Values whose type is known: what the walk over the tree yields and the builders read.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Origin;
use super::tree::Node;
use crate::model::spec::{Answer, Count, Failure};
use crate::units::{Bandwidth, Bytes, Share, Span};
use crate::words::Words;

/// A value with its origin.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    /// The value.
    pub(crate) value: Value,
    /// Where it stands.
    pub(crate) origin: Origin,
}

/// A value of a known type.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A span.
    Span(Span),
    /// Bytes.
    Bytes(Bytes),
    /// A rate.
    Bandwidth(Bandwidth),
    /// A share.
    Share(Share),
    /// A whole number.
    Integer(u64),
    /// Thousandths.
    Milli(u64),
    /// true or false.
    Bool(bool),
    /// Text, a word, or the name of a block.
    Text(String),
    /// A number or share.
    Count(Count),
    /// What a faulty endpoint answers.
    Answer(Answer),
    /// A list.
    List(Vec<Typed>),
    /// A table.
    Table(Values),
    /// Tables by name; those that are switched off are not there.
    Named(BTreeMap<String, Values>),
    /// Old and new names.
    Replace(Vec<(String, Typed)>),
    /// Names and shares.
    Shares(Vec<(String, Typed)>),
    /// Paths with raw values.
    Paths(Vec<(String, Origin, Node)>),
}

/// The values of a table.
///
/// A key that is missing or faulty reads as zero, empty or `None`: its problem has been reported,
/// and no spec is built where there is an error.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// Where the table's name stands.
    pub(crate) origin: Origin,
    entries: BTreeMap<&'static str, Typed>,
    faulty: BTreeSet<&'static str>,
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident $optional:ident $variant:ident $type:ty;)*) => {$(
        $(#[$doc])*
        #[allow(dead_code, reason = "one pair of getters per type, whether both are used or not")]
        pub(crate) fn $optional(&self, key: &str) -> Option<$type> {
            match self.get(key)?.value {
                Value::$variant(value) => Some(value),
                _ => None,
            }
        }

        #[doc = "The same, or zero."]
        #[allow(dead_code, reason = "one pair of getters per type, whether both are used or not")]
        pub(crate) fn $name(&self, key: &str) -> $type {
            self.$optional(key).unwrap_or_default()
        }
    )*};
}

impl Values {
    /// No values.
    pub(crate) fn new(origin: Origin) -> Self {
        Self { origin, entries: BTreeMap::new(), faulty: BTreeSet::new() }
    }

    /// Adds a value.
    pub(crate) fn insert(&mut self, key: &'static str, value: Typed) {
        self.entries.insert(key, value);
    }

    /// Notes that a key was given and has a problem.
    pub(crate) fn mark_faulty(&mut self, key: &'static str) {
        self.faulty.insert(key);
    }

    /// Whether a key was given and has a problem.
    pub(crate) fn is_faulty(&self, key: &str) -> bool {
        self.faulty.contains(key)
    }

    /// Whether a key has a value, even a faulty one.
    pub(crate) fn given(&self, key: &str) -> bool {
        self.entries.contains_key(key) || self.faulty.contains(key)
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Typed> {
        self.entries.get(key)
    }

    /// Where a key's value stands, or its table where it has none.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.get(key).map_or(self.origin, |typed| typed.origin)
    }

    /// Whether a user wrote this key: in the file or in a flag.
    pub(crate) fn is_written(&self, key: &str) -> bool {
        self.get(key).is_some_and(|typed| typed.origin.is_written())
    }

    getters! {
        /// The span.
        span span_opt Span Span;
        /// The bytes.
        bytes bytes_opt Bytes Bytes;
        /// The rate.
        bandwidth bandwidth_opt Bandwidth Bandwidth;
        /// The share.
        share share_opt Share Share;
        /// The number.
        integer integer_opt Integer u64;
        /// The thousandths.
        milli milli_opt Milli u64;
        /// true or false.
        bool bool_opt Bool bool;
    }

    /// The number; its table keeps it within 32 bits.
    pub(crate) fn count(&self, key: &str) -> u32 {
        u32::try_from(self.integer(key)).unwrap_or(u32::MAX)
    }

    /// The number, where there is one; its table keeps it within 32 bits.
    pub(crate) fn count_opt(&self, key: &str) -> Option<u32> {
        self.integer_opt(key).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// The thousandths; their table keeps them within 32 bits.
    pub(crate) fn milli32(&self, key: &str) -> u32 {
        u32::try_from(self.milli(key)).unwrap_or(u32::MAX)
    }

    /// The text, word or name, where there is one.
    pub(crate) fn text_opt(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, word or name.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.text_opt(key).unwrap_or_default()
    }

    /// The word, where there is one.
    pub(crate) fn word<W: Words>(&self, key: &str) -> Option<W> {
        W::parse(self.text_opt(key)?)
    }

    /// The word, which is there: it is required, or has a default.
    pub(crate) fn the<W: Words>(&self, key: &str) -> W {
        self.word(key).expect("the walk read one of the list's words")
    }

    /// The number or share, where there is one.
    pub(crate) fn count_or_share(&self, key: &str) -> Option<Count> {
        match self.get(key)?.value {
            Value::Count(count) => Some(count),
            _ => None,
        }
    }

    /// The list, or an empty one.
    pub(crate) fn list(&self, key: &str) -> &[Typed] {
        match self.get(key).map(|typed| &typed.value) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// One text, word or name, or a list of them.
    pub(crate) fn texts(&self, key: &str) -> Vec<&str> {
        self.get(key).map(|typed| typed.value.texts().collect()).unwrap_or_default()
    }

    /// The table, where there is one.
    pub(crate) fn table(&self, key: &str) -> Option<&Values> {
        match &self.get(key)?.value {
            Value::Table(values) => Some(values),
            _ => None,
        }
    }

    /// The tables by name, in the order of their names.
    pub(crate) fn named(&self, key: &str) -> impl ExactSizeIterator<Item = (&str, &Values)> {
        static NONE: BTreeMap<String, Values> = BTreeMap::new();
        let map = match self.get(key).map(|typed| &typed.value) {
            Some(Value::Named(map)) => map,
            _ => &NONE,
        };
        map.iter().map(|(name, values)| (name.as_str(), values))
    }

    /// One of the tables by name.
    pub(crate) fn block(&self, kind: &str, name: &str) -> Option<&Values> {
        match &self.get(kind)?.value {
            Value::Named(map) => map.get(name),
            _ => None,
        }
    }

    /// Old and new names.
    pub(crate) fn replace(&self, key: &str) -> &[(String, Typed)] {
        match self.get(key).map(|typed| &typed.value) {
            Some(Value::Replace(list)) => list,
            _ => &[],
        }
    }

    /// Names and shares.
    pub(crate) fn shares(&self, key: &str) -> impl Iterator<Item = (&str, Share)> {
        let list = match self.get(key).map(|typed| &typed.value) {
            Some(Value::Shares(list)) => list.as_slice(),
            _ => &[],
        };
        list.iter().filter_map(|(name, typed)| match typed.value {
            Value::Share(share) => Some((name.as_str(), share)),
            _ => None,
        })
    }

    /// Paths with raw values.
    pub(crate) fn paths(&self, key: &str) -> &[(String, Origin, Node)] {
        match self.get(key).map(|typed| &typed.value) {
            Some(Value::Paths(list)) => list,
            _ => &[],
        }
    }
}

/// Thousandths as a decimal.
pub(crate) fn show_milli(milli: u64) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Value {
    /// The value as `--set` takes it.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Span(span) => span.to_string(),
            Self::Bytes(bytes) => bytes.to_string(),
            Self::Bandwidth(rate) => rate.to_string(),
            Self::Share(share) | Self::Count(Count::Share(share)) => share.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Count(Count::Number(number)) => number.to_string(),
            Self::Milli(milli) => show_milli(*milli),
            Self::Bool(value) => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::Answer(answer) => match answer {
                Answer::Status { status, .. } => status.to_string(),
                Answer::Drop => Failure::Drop.text().into(),
                Answer::Hang => Failure::Hang.text().into(),
                Answer::Unreachable => Failure::Unreachable.text().into(),
                Answer::Refuse => Failure::Refuse.text().into(),
            },
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(|item| item.value.quoted()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(values) => {
                let pairs = values.entries.iter();
                let pairs: Vec<String> =
                    pairs.map(|(key, typed)| format!("{key} = {}", typed.value.quoted())).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            Self::Replace(list) | Self::Shares(list) => {
                let pairs: Vec<String> = list
                    .iter()
                    .map(|(old, new)| format!("{old} = {}", new.value.quoted()))
                    .collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            Self::Named(_) | Self::Paths(_) => String::new(),
        }
    }

    /// The value as TOML.
    fn quoted(&self) -> String {
        match self {
            Self::Integer(_)
            | Self::Milli(_)
            | Self::Bool(_)
            | Self::Count(Count::Number(_))
            | Self::List(_)
            | Self::Table(_)
            | Self::Replace(_)
            | Self::Shares(_) => self.show(),
            _ => toml::Value::String(self.show()).to_string(),
        }
    }
}

impl Value {
    /// The text, or those of a list.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            Self::List(list) => list.as_slice(),
            _ => &[],
        };
        self.as_text().into_iter().chain(list.iter().filter_map(|item| item.value.as_text()))
    }

    /// The text, word or name.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
