//! Typed keys: a row of a table together with the type that reading it yields.
//!
//! A table's keys are constants, so a misspelt one does not compile, one read as another type does
//! not either, and one read from another table than its own fails at once.

use std::marker::PhantomData;

use super::field::{Capacity, Fallback, Field, IfAbsent, Relation, Source, Type, Unverified, When};
use crate::model::spec::{Answer, Count};
use crate::model::words::cause::Cause;
use crate::units::{Bandwidth, Bytes, Share, Span};
use crate::words::Words;

/// A key whose value reads as a `T`.
pub(crate) struct Key<T> {
    /// Its row in the table.
    pub(crate) row: Field,
    reads: PhantomData<fn() -> T>,
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

/// What a key's value can be read as; how, says [`super::typed::Read`].
pub(crate) trait Formed: 'static {
    /// Which values these are.
    const FORM: Form;
}

/// The forms of values that keys are read as.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Span,
    Bytes,
    Bandwidth,
    Share,
    /// A whole number up to this one.
    Integer(u64),
    /// Thousandths up to this many.
    Milli(u64),
    Bool,
    Text,
    /// So many words.
    Word(usize),
    Name,
    Count,
    Answer,
    Table,
    Named,
    Replace,
    Shares,
    Paths,
    List(&'static Form),
    OneOrMore(&'static Form),
    OrTable(&'static Form),
}

impl Form {
    /// Whether every value of the type is of this form.
    const fn is_of(&self, ty: &Type) -> bool {
        match (self, ty) {
            (Self::Span, Type::Span { .. })
            | (Self::Bytes, Type::Bytes { .. })
            | (Self::Bandwidth, Type::Bandwidth)
            | (Self::Share, Type::Share { .. })
            | (Self::Bool, Type::Bool)
            | (Self::Text, Type::Text)
            | (Self::Name, Type::Name(_))
            | (Self::Count, Type::Count { .. })
            | (Self::Answer, Type::Answer)
            | (Self::Table, Type::Table(_))
            | (Self::Named, Type::Named { .. })
            | (Self::Replace, Type::Replace(_))
            | (Self::Shares, Type::Shares(_))
            | (Self::Paths, Type::Paths) => true,
            (Self::Integer(most), Type::Integer { max, .. })
            | (Self::Milli(most), Type::Milli { max, .. }) => *max <= *most,
            (Self::Word(n), Type::Word(words)) => words.len() == *n,
            (Self::List(inner), Type::List { of, .. })
            | (Self::OneOrMore(inner), Type::OneOrMore { of, .. })
            | (Self::OrTable(inner), Type::Either { plain: of, .. }) => inner.is_of(of),
            _ => false,
        }
    }
}

impl<T: Formed> Key<T> {
    /// A key that is left out by default.
    pub(crate) const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        assert!(T::FORM.is_of(&ty), "the key's values are not what it is read as");
        Self { row: Field::new(name, ty, doc), reads: PhantomData }
    }
}

impl<W: Words> Key<W> {
    /// A key that takes a word of a list.
    pub(crate) const fn word(name: &'static str, doc: &'static str) -> Self {
        Self::new(name, Type::Word(W::TEXTS), doc)
    }
}

impl<T> Key<T> {
    /// The key has to be set.
    pub(crate) const fn required(mut self) -> Self {
        self.row.if_absent = IfAbsent::Required;
        self
    }

    /// The key's default, in the language.
    pub(crate) const fn default(mut self, value: &'static str) -> Self {
        self.row.if_absent = IfAbsent::Value(value);
        self
    }

    /// The key defaults to another key of its table.
    pub(crate) const fn same_as(mut self, other: Self) -> Self {
        self.row.if_absent = IfAbsent::Same(other.row.name);
        self
    }

    /// The table's keys have their defaults where it is left out.
    pub(crate) const fn filled(mut self) -> Self {
        self.row.if_absent = IfAbsent::Table;
        self
    }

    /// Where the default is from.
    pub(crate) const fn source(mut self, text: &'static str, date: &'static str) -> Self {
        self.row.source = Some(Source { text, date });
        self
    }

    /// Nobody could verify the default: it may be any of these.
    pub(crate) const fn unverified(
        mut self,
        readings: &'static [&'static str],
        why: &'static str,
    ) -> Self {
        self.row.unverified = Some(Unverified { readings, why });
        self
    }

    /// The key means something only where another one has one of these words.
    pub(crate) const fn with<W>(self, key: Key<W>, words: &'static [&'static str]) -> Self {
        self.relates(Relation::With { key: key.row.name, words, needed: false, help: None })
    }

    /// The same, and it has to be given there.
    pub(crate) const fn needed<W>(self, key: Key<W>, words: &'static [&'static str]) -> Self {
        self.relates(Relation::With { key: key.row.name, words, needed: true, help: None })
    }

    /// What to do where the other key has another word.
    pub(crate) const fn help(mut self, text: &'static str) -> Self {
        if let Some(Relation::With { help, .. }) = &mut self.row.relation {
            *help = Some(text);
        }
        self
    }

    /// The key means something only beside another one; what is there without that, and what to do.
    pub(crate) const fn beside<T2>(
        self,
        key: Key<T2>,
        without: &'static str,
        help: &'static str,
    ) -> Self {
        self.relates(Relation::Beside { key: key.row.name, without, help })
    }

    /// The key needs another one, without which something holds.
    pub(crate) const fn needs<T2>(self, key: Key<T2>, without: &'static str) -> Self {
        self.relates(Relation::Needs { key: key.row.name, without })
    }

    const fn relates(mut self, relation: Relation) -> Self {
        self.row.relation = Some(relation);
        self
    }

    /// The key's defaults, by what another key of its table is like.
    pub(crate) const fn default_when(mut self, defaults: &'static [(When, Fallback)]) -> Self {
        self.row.if_absent = IfAbsent::When(defaults);
        self
    }

    /// A small one makes pulls slow; this value lifts it.
    pub(crate) const fn slows(mut self, lift: &'static str) -> Self {
        let cause = match self.row.capacity {
            Some(capacity) => capacity.cause,
            None => None,
        };
        self.row.capacity = Some(Capacity { lift: Some(lift), slows: true, cause });
        self
    }

    /// A small one ends pulls of a cause; this value lifts it, if any does.
    pub(crate) const fn ends_pulls(mut self, cause: Cause, lift: Option<&'static str>) -> Self {
        let slows = self.row.capacity.is_some();
        self.row.capacity = Some(Capacity { lift, slows, cause: Some(cause) });
        self
    }

    /// No released software has it.
    pub(crate) const fn what_if(mut self) -> Self {
        self.row.what_if = true;
        self
    }
}

impl<W: Words> Key<W> {
    /// That it has one of these words.
    pub(crate) const fn is(self, words: &'static [&'static str]) -> When {
        When::Is(self.row.name, words)
    }
}

impl<T> Key<List<T>> {
    /// That it lists more than one.
    pub(crate) const fn has_several(self) -> When {
        When::Several(self.row.name)
    }
}

/// Whatever has a row: a key, or the row itself.
pub(crate) trait Row: Copy {
    /// The row.
    fn row(&self) -> &Field;
}

impl<T> Row for Key<T> {
    fn row(&self) -> &Field {
        &self.row
    }
}

impl Row for &Field {
    fn row(&self) -> &Field {
        self
    }
}

/// Thousandths.
pub(crate) struct Milli;
/// Thousandths within 32 bits.
pub(crate) struct Milli32;
/// Text.
pub(crate) struct Text;
/// The name of a block.
pub(crate) struct Name;
/// A table.
pub(crate) struct Table;
/// The blocks of a kind; those that are switched off are not there.
pub(crate) struct Named;
/// Old and new names.
pub(crate) struct Replace;
/// Names with shares.
pub(crate) struct Shares;
/// Paths with raw values.
pub(crate) struct Paths;
/// A list.
pub(crate) struct List<T>(PhantomData<T>);
/// One of these, or a list of them.
pub(crate) struct OneOrMore<T>(PhantomData<T>);
/// One of these, or a table.
pub(crate) struct OrTable<T>(PhantomData<T>);

macro_rules! forms {
    ($($marker:ty = $form:expr;)+) => {$(
        impl Formed for $marker {
            const FORM: Form = $form;
        }
    )+};
}

forms! {
    Span = Form::Span;
    Bytes = Form::Bytes;
    Bandwidth = Form::Bandwidth;
    Share = Form::Share;
    u64 = Form::Integer(u64::MAX);
    u32 = Form::Integer(u32::MAX as u64);
    u16 = Form::Integer(u16::MAX as u64);
    Milli = Form::Milli(u64::MAX);
    Milli32 = Form::Milli(u32::MAX as u64);
    bool = Form::Bool;
    Text = Form::Text;
    Name = Form::Name;
    Count = Form::Count;
    Answer = Form::Answer;
    Table = Form::Table;
    Replace = Form::Replace;
    Shares = Form::Shares;
    Paths = Form::Paths;
    Named = Form::Named;
}

impl<W: Words> Formed for W {
    const FORM: Form = Form::Word(W::ALL.len());
}

impl<T: Formed> Formed for List<T> {
    const FORM: Form = Form::List(&T::FORM);
}

impl<T: Formed> Formed for OneOrMore<T> {
    const FORM: Form = Form::OneOrMore(&T::FORM);
}

impl<T: Formed> Formed for OrTable<T> {
    const FORM: Form = Form::OrTable(&T::FORM);
}
