//! Values whose type is known: what the walk over the tree yields and the builders read.

use std::collections::{BTreeMap, BTreeSet};

use super::field::{Fallback, Field, IfAbsent, Kind, Shape, Type, When, show_milli};
use super::key::{
    Formed, Key, List, Milli, Milli32, Name, Named, OneOrMore, OrTable, Paths, Replace, Row,
    Shares, Table, Text,
};
use super::source::{Layer, Origin};
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
/// A key that is missing or faulty reads as `None`: its problem has been reported, and no spec is
/// built where there is an error.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// Where the table's name stands.
    pub(crate) origin: Origin,
    shape: &'static Shape,
    entries: BTreeMap<&'static str, Typed>,
    faulty: BTreeSet<&'static str>,
}

impl Values {
    /// No values.
    pub(crate) fn new(origin: Origin, shape: &'static Shape) -> Self {
        Self { origin, shape, entries: BTreeMap::new(), faulty: BTreeSet::new() }
    }

    /// The keys that the table can have.
    pub(crate) fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// Adds a value.
    pub(crate) fn insert(&mut self, row: &Field, value: Typed) {
        self.entries.insert(row.name, value);
    }

    /// Notes that a key was given and has a problem.
    pub(crate) fn mark_faulty(&mut self, row: &Field) {
        self.faulty.insert(row.name);
    }

    /// The value under a name that a table's row gave.
    pub(crate) fn at(&self, name: &str) -> Option<&Typed> {
        let is_own = self.shape.field(name).is_some();
        assert!(is_own, "`{name}` is no key of this table: {}", self.shape.doc);
        self.entries.get(name)
    }

    fn entry(&self, key: &impl Row) -> Option<&Typed> {
        self.at(key.row().name)
    }

    /// Whether a key was given and has a problem.
    pub(crate) fn is_faulty(&self, key: impl Row) -> bool {
        self.faulty.contains(key.row().name)
    }

    /// The same of a name that a table's row gave.
    pub(crate) fn is_faulty_at(&self, name: &str) -> bool {
        self.faulty.contains(name)
    }

    /// Whether a key has a value, even a faulty one.
    pub(crate) fn given(&self, key: impl Row) -> bool {
        self.entry(&key).is_some() || self.faulty.contains(key.row().name)
    }

    /// Whether a key has a value, and not one that is faulty.
    pub(crate) fn has(&self, key: impl Row) -> bool {
        self.entry(&key).is_some()
    }

    /// Where a key's value stands, or its table where it has none.
    pub(crate) fn origin(&self, key: impl Row) -> Origin {
        self.entry(&key).map_or(self.origin, |typed| typed.origin)
    }

    /// Whether a user wrote this key: in the file or in a flag.
    pub(crate) fn is_written(&self, key: impl Row) -> bool {
        self.entry(&key).is_some_and(|typed| typed.origin.is_written())
    }

    /// Whether a key has its default, or nothing.
    pub(crate) fn is_default(&self, key: impl Row) -> bool {
        self.entry(&key).is_none_or(|typed| typed.origin.layer == Layer::Default)
    }

    /// The value of a key, where it has one.
    pub(crate) fn opt<T: Read>(&self, key: Key<T>) -> Option<T::Out<'_>> {
        T::read(&self.entry(&key)?.value)
    }

    /// The value of a key, or zero, or empty.
    pub(crate) fn get<'a, T: Read>(&'a self, key: Key<T>) -> T::Out<'a>
    where
        T::Out<'a>: Default,
    {
        self.opt(key).unwrap_or_default()
    }

    /// The value of a key that has one: it is required or has a default, and nothing is wrong.
    pub(crate) fn the<T: Read>(&self, key: Key<T>) -> T::Out<'_> {
        let value = self.opt(key);
        value.unwrap_or_else(|| panic!("`{}` was checked and is not there", key.row.name))
    }

    /// The elements of a list, each with the place where it stands.
    pub(crate) fn items<T: Read>(
        &self,
        key: Key<List<T>>,
    ) -> impl Iterator<Item = (T::Out<'_>, Origin)> {
        let list = match self.entry(&key).map(|typed| &typed.value) {
            Some(Value::List(list)) => list.as_slice(),
            _ => &[],
        };
        list.iter().filter_map(|typed| Some((T::read(&typed.value)?, typed.origin)))
    }

    /// The blocks of a kind, in the order of their names.
    pub(crate) fn blocks(
        &self,
        kind: Key<Named>,
    ) -> impl ExactSizeIterator<Item = (&str, &Values)> {
        static NONE: BTreeMap<String, Values> = BTreeMap::new();
        let map = self.opt(kind).unwrap_or(&NONE);
        map.iter().map(|(name, values)| (name.as_str(), values))
    }

    /// One of the blocks of a kind.
    pub(crate) fn block(&self, kind: Key<Named>, name: &str) -> Option<&Values> {
        self.opt(kind)?.get(name)
    }

    /// The names of the blocks of a kind, in their order; `self` is the whole scenario.
    pub(crate) fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let blocks = self.at(kind.text()).and_then(|typed| Named::read(&typed.value));
        blocks.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The block that a key of `values` names; `self` is the whole scenario.
    pub(crate) fn follow(&self, values: &Values, key: Key<Name>) -> Option<&Values> {
        let Type::Name(kind) = key.row.ty else { return None };
        Named::read(&self.at(kind.text())?.value)?.get(values.opt(key)?)
    }

    /// Old and new names, each pair with the place of the new one.
    pub(crate) fn pairs(&self, key: Key<Replace>) -> impl Iterator<Item = (&str, &str, Origin)> {
        let pairs = self.get(key).iter();
        pairs.filter_map(|(old, new)| Some((old.as_str(), new.value.as_text()?, new.origin)))
    }

    /// Names and shares.
    pub(crate) fn shares(&self, key: Key<Shares>) -> impl Iterator<Item = (&str, Share)> {
        let shares = self.get(key).iter();
        shares.filter_map(|(name, typed)| Some((name.as_str(), Share::read(&typed.value)?)))
    }
}

impl When {
    /// Whether it is so in a table.
    pub(crate) fn holds(self, values: &Values) -> bool {
        let other = |key| values.at(key).map(|typed| &typed.value);
        match self {
            Self::Is(key, words) => other(key).is_some_and(|it| words.contains(&&*it.show())),
            Self::Several(key) => {
                matches!(other(key), Some(Value::List(items)) if 1 < items.len())
            }
            Self::Below(key, most) => {
                matches!(other(key), Some(Value::Integer(number)) if *number < most)
            }
            Self::Given(key) => other(key).is_some(),
            Self::Always => true,
        }
    }
}

impl Field {
    /// The default of a key whose default hangs on others of its table.
    pub(crate) fn default_in(&self, values: &Values) -> Option<Fallback> {
        let IfAbsent::When(defaults) = self.if_absent else { return None };
        defaults.iter().find(|(when, _)| when.holds(values)).map(|it| it.1)
    }
}

/// What a key's value is read as.
pub(crate) trait Read: Formed {
    /// What a reader gets.
    type Out<'a>;

    /// The value, where it is of the form.
    fn read(value: &Value) -> Option<Self::Out<'_>>;
}

/// What a key holds that takes a plain value or a table.
pub(crate) enum Or<'a, P> {
    /// The plain value.
    Plain(P),
    /// The table.
    Table(&'a Values),
}

macro_rules! reads {
    ($($marker:ty, $out:ty: $pattern:pat => $read:expr;)+) => {$(
        impl Read for $marker {
            type Out<'a> = $out;

            fn read(value: &Value) -> Option<Self::Out<'_>> {
                match value { $pattern => $read, _ => None }
            }
        }
    )+};
}

reads! {
    Span, Span: Value::Span(it) => Some(*it);
    Bytes, Bytes: Value::Bytes(it) => Some(*it);
    Bandwidth, Bandwidth: Value::Bandwidth(it) => Some(*it);
    Share, Share: Value::Share(it) => Some(*it);
    u64, u64: Value::Integer(it) => Some(*it);
    u32, u32: Value::Integer(it) => u32::try_from(*it).ok();
    u16, u16: Value::Integer(it) => u16::try_from(*it).ok();
    Milli, u64: Value::Milli(it) => Some(*it);
    Milli32, u32: Value::Milli(it) => u32::try_from(*it).ok();
    bool, bool: Value::Bool(it) => Some(*it);
    Text, &'a str: Value::Text(it) => Some(it);
    Name, &'a str: Value::Text(it) => Some(it);
    Count, Count: Value::Count(it) => Some(*it);
    Answer, Answer: Value::Answer(it) => Some(*it);
    Table, &'a Values: Value::Table(it) => Some(it);
    Replace, &'a [(String, Typed)]: Value::Replace(it) => Some(it);
    Shares, &'a [(String, Typed)]: Value::Shares(it) => Some(it);
    Paths, &'a [(String, Origin, Node)]: Value::Paths(it) => Some(it);
}

impl Read for Named {
    type Out<'a> = &'a std::collections::BTreeMap<String, Values>;

    fn read(value: &Value) -> Option<Self::Out<'_>> {
        match value {
            Value::Named(blocks) => Some(blocks),
            _ => None,
        }
    }
}

impl<W: Words> Read for W {
    type Out<'a> = W;

    fn read(value: &Value) -> Option<W> {
        W::parse(value.as_text()?)
    }
}

impl<T: Read> Read for List<T> {
    type Out<'a> = Vec<T::Out<'a>>;

    fn read(value: &Value) -> Option<Self::Out<'_>> {
        match value {
            Value::List(items) => items.iter().map(|item| T::read(&item.value)).collect(),
            _ => None,
        }
    }
}

impl<T: Read> Read for OneOrMore<T> {
    type Out<'a> = Vec<T::Out<'a>>;

    fn read(value: &Value) -> Option<Self::Out<'_>> {
        List::<T>::read(value).or_else(|| Some(vec![T::read(value)?]))
    }
}

impl<T: Read> Read for OrTable<T> {
    type Out<'a> = Or<'a, T::Out<'a>>;

    fn read(value: &Value) -> Option<Self::Out<'_>> {
        match value {
            Value::Table(values) => Some(Or::Table(values)),
            plain => T::read(plain).map(Or::Plain),
        }
    }
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
