//! The language of the declarative tables: what a key is called, takes, defaults to, and where that
//! is from.

use super::typed::show_milli;
use crate::model::spec::Failure;
use crate::units::{Bandwidth, Bytes, Share, Span};
use crate::words::Words;

/// A table of the language: a block, or a table within one.
#[derive(Debug)]
pub(crate) struct Shape {
    /// One line.
    pub(crate) doc: &'static str,
    /// Its keys, in the order of the reference.
    pub(crate) fields: &'static [Field],
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) ty: Type,
    /// What it is where nobody sets it.
    pub(crate) if_absent: IfAbsent,
    /// One line.
    pub(crate) doc: &'static str,
    /// Where the default is from, for values of reality.
    pub(crate) source: Option<Source>,
    /// The other readings of a default that nobody could verify.
    pub(crate) unverified: Option<Unverified>,
    /// Whether no released software has it: a lever to ask "what if" with.
    pub(crate) what_if: bool,
}

/// Where a number is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Document.
    pub text: &'static str,
    /// As of when.
    pub date: &'static str,
}

/// The other readings of a value that is a best reading and that nobody could verify.
///
/// Where sources give a range, they are its ends; where nothing is known, half and double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// Other values that are as plausible, in the language.
    pub readings: &'static [&'static str],
    /// Why these.
    pub why: &'static str,
}

/// What a key is where nobody sets it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IfAbsent {
    /// It has to be set.
    Required,
    /// It is left out.
    None,
    /// This value, in the language.
    Value(&'static str),
    /// The same as another key of its table.
    Same(&'static str),
    /// An empty table, whose keys have defaults of their own.
    Table,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Type {
    /// A span such as `"90s"`.
    Span {
        /// Shortest.
        min: Span,
        /// Longest.
        max: Span,
    },
    /// A size such as `"29MB"`.
    Bytes {
        /// Largest.
        max: Bytes,
    },
    /// A rate such as `"10Gbit/s"`.
    Bandwidth,
    /// A share such as `"25%"`.
    Share {
        /// Largest.
        max: Share,
    },
    /// A whole number.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A number with at most three decimals, counted in thousandths.
    Milli {
        /// Smallest, in thousandths.
        min: u64,
        /// Largest, in thousandths.
        max: u64,
    },
    /// true or false.
    Bool,
    /// Text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The name of a block of this kind.
    Name(&'static str),
    /// A whole number, or a share of what it is a number of.
    Count {
        /// Smallest number.
        min: u64,
        /// Largest number.
        max: u64,
    },
    /// What a faulty endpoint answers: a status, `drop`, `hang`, `unreachable`, `refuse`.
    Answer,
    /// A list.
    List {
        /// What its elements are.
        of: &'static Type,
        /// Most elements.
        max: usize,
    },
    /// One value, or a list of such values.
    OneOrMore {
        /// What each of them is.
        of: &'static Type,
        /// Most of them.
        max: usize,
    },
    /// Either a plain value or a table.
    Either {
        /// The plain value.
        plain: &'static Type,
        /// The table.
        table: &'static Shape,
    },
    /// A table.
    Table(&'static Shape),
    /// Tables by name: the blocks of a kind.
    Named {
        /// What each of them is.
        shape: &'static Shape,
        /// Most of them.
        max: usize,
    },
    /// Names of blocks of this kind on both sides: old and new.
    Replace(&'static str),
    /// Names of blocks of this kind, each with a share.
    Shares(&'static str),
    /// Any paths with values; who uses them knows their types.
    Paths,
}

impl Field {
    /// A key that is left out by default.
    pub(crate) const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        let (source, unverified, what_if) = (None, None, false);
        Self { name, ty, if_absent: IfAbsent::None, doc, source, unverified, what_if }
    }

    /// The key has to be set.
    pub(crate) const fn required(mut self) -> Self {
        self.if_absent = IfAbsent::Required;
        self
    }

    /// The key's default, in the language.
    pub(crate) const fn default(mut self, value: &'static str) -> Self {
        self.if_absent = IfAbsent::Value(value);
        self
    }

    /// The key defaults to another key of its table.
    pub(crate) const fn same_as(mut self, other: &'static str) -> Self {
        self.if_absent = IfAbsent::Same(other);
        self
    }

    /// The table's keys have their defaults where it is left out.
    pub(crate) const fn filled(mut self) -> Self {
        self.if_absent = IfAbsent::Table;
        self
    }

    /// Where the default is from.
    pub(crate) const fn source(mut self, text: &'static str, date: &'static str) -> Self {
        self.source = Some(Source { text, date });
        self
    }

    /// Nobody could verify the default: it may be any of these.
    pub(crate) const fn unverified(
        mut self,
        readings: &'static [&'static str],
        why: &'static str,
    ) -> Self {
        self.unverified = Some(Unverified { readings, why });
        self
    }

    /// No released software has it.
    pub(crate) const fn what_if(mut self) -> Self {
        self.what_if = true;
        self
    }
}

impl Shape {
    /// The key of this name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Type {
    /// Any span up to the longest run.
    pub(crate) const SPAN: Self = Self::Span { min: Span::ZERO, max: LONGEST };
    /// A span that is not empty.
    pub(crate) const PERIOD: Self = Self::Span { min: Span::from_micros(1), max: LONGEST };
    /// A size up to a terabyte.
    pub(crate) const BYTES: Self = Self::Bytes { max: Bytes(1_000_000_000_000) };
    /// A share up to all.
    pub(crate) const SHARE: Self = Self::Share { max: Share::ALL };

    /// What it takes, for messages and the reference: type, unit and range.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Span { min, max } => {
                let above_of = if min.is_zero() { "of at most" } else { "above 0 and at most" };
                let example = if *max < Span::from_secs(90) { "40ms" } else { "90s" };
                format!("a span (us, ms, s, m, h, d) {above_of} {max}, such as \"{example}\"")
            }
            Self::Bytes { max } => {
                format!(
                    "bytes (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB) up to {max}, such as \"29MB\""
                )
            }
            Self::Bandwidth => {
                format!("a rate (bit/s or B/s) up to {FASTEST}, such as \"10Gbit/s\"")
            }
            Self::Share { max } => format!("a share from 0% to {max}, such as \"25%\""),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Milli { min, max } => format!(
                "a number from {} to {} with at most 3 decimals",
                show_milli(*min),
                show_milli(*max)
            ),
            Self::Bool => "true or false".into(),
            Self::Text => format!("text of at most {LONGEST_TEXT} characters"),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Name(kind) => format!("the name of a block: [{kind}.NAME]"),
            Self::Count { min, max } => {
                format!("a whole number from {min} to {max}, or a share such as \"25%\"")
            }
            Self::Answer => {
                format!("\"{}\" or a status such as \"429\"", Failure::TEXTS.join("\", \""))
            }
            Self::List { of, max } => format!("a list of at most {max}, each {}", of.describe()),
            Self::OneOrMore { of, max } => {
                format!("{}, or a list of at most {max} of them", of.describe())
            }
            Self::Either { plain, table } => {
                format!("{}, or a table with {}", plain.describe(), table.keys())
            }
            Self::Table(shape) => format!("a table with {}", shape.keys()),
            Self::Named { shape, .. } => format!("tables by name, each with {}", shape.keys()),
            Self::Replace(kind) => format!("a table of old and new [{kind}.…] names"),
            Self::Shares(kind) => format!("a table of [{kind}.…] names with shares"),
            Self::Paths => "a table of paths and values".into(),
        }
    }
}

impl Shape {
    /// The names of the keys.
    pub(crate) fn keys(&self) -> String {
        self.fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
    }
}

/// Why readings are what they are where nothing is known.
pub(crate) const HALF_AND_DOUBLE: &str = "nothing is known: half and double";
/// Longest span that the language takes, and the longest run.
pub(crate) const LONGEST: Span = Span::from_secs(30 * 86_400);
/// Fastest rate that the language takes.
pub(crate) const FASTEST: Bandwidth = Bandwidth::from_bits_per_second(100_000_000_000_000);
/// Most characters of a text.
pub(crate) const LONGEST_TEXT: usize = 1_000;
/// Most blocks of one kind.
pub(crate) const MOST_BLOCKS: usize = 1_000;
/// Most layers of an image.
pub(crate) const MOST_LAYERS: usize = 1_000;
/// Largest file.
pub(crate) const LARGEST_FILE: usize = 4 << 20;
