//! The language of the declarative tables: what a key is called, takes, defaults to, and where that
//! is from.

use crate::model::spec::Failure;
use crate::model::words::cause::Cause;
use crate::units::{Bandwidth, Bytes, Share, Span};
use crate::words::{Words, words};

/// A table of the language: a block, or a table within one.
#[derive(Debug)]
pub(crate) struct Shape {
    /// One line.
    pub(crate) doc: &'static str,
    /// Its keys, in the order of the reference.
    pub(crate) fields: &'static [Field],
    /// Keys of which a table has exactly one.
    pub(crate) one_of: &'static [&'static str],
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
    /// What it asks of another key of its table.
    pub(crate) relation: Option<Relation>,
    /// What it makes scarce.
    pub(crate) capacity: Option<Capacity>,
}

/// What another key of the same table is like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// It has one of these words, or one of true and false.
    Is(&'static str, &'static [&'static str]),
    /// It lists more than one.
    Several(&'static str),
    /// It is there, and a number below this one.
    Below(&'static str, u64),
    /// It is there.
    Given(&'static str),
    /// Whatever it is.
    Always,
}

/// What a key asks of another key of its table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Relation {
    /// It means something only where the other key has one of these words.
    With {
        /// The other key.
        key: &'static str,
        /// Its words.
        words: &'static [&'static str],
        /// Whether it has to be given there.
        needed: bool,
        /// What to do, where that is not to choose one of the words.
        help: Option<&'static str>,
    },
    /// It means something only beside the other key.
    Beside {
        /// The other key.
        key: &'static str,
        /// What is there without the other key.
        without: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// It needs the other key.
    Needs {
        /// The other key.
        key: &'static str,
        /// What holds without the other key.
        without: &'static str,
    },
}

/// What a key makes scarce, and what takes that away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    /// The value that lifts it as far as it goes; `None` where no value does.
    pub(crate) lift: Option<&'static str>,
    /// Whether a small one makes pulls slow.
    pub(crate) slows: bool,
    /// The cause that a small one ends pulls of.
    pub(crate) cause: Option<Cause>,
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
    /// What the first of these that holds says, or it is left out.
    When(&'static [(When, Fallback)]),
}

/// A default that hangs on another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// This value, in the language.
    Value(&'static str),
    /// The same as another key of its table.
    Same(&'static str),
}

words! {
    /// The kinds of blocks that have names.
    pub(crate) enum Kind {
        Registry = "registry",
        Account = "account",
        Egress = "egress",
        Background = "background",
        Pool = "pool",
        Image = "image",
        Workload = "workload",
        Mirror = "mirror",
        Timeline = "timeline",
        Fault = "fault",
    }
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
    Name(Kind),
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
    Replace(Kind),
    /// Names of blocks of this kind, each with a share.
    Shares(Kind),
    /// Any paths with values; who uses them knows their types.
    Paths,
}

impl Field {
    /// A key that is left out by default.
    pub(crate) const fn new(name: &'static str, ty: Type, doc: &'static str) -> Self {
        Self {
            name,
            ty,
            if_absent: IfAbsent::None,
            doc,
            source: None,
            unverified: None,
            what_if: false,
            relation: None,
            capacity: None,
        }
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
            Self::Name(kind) => format!("the name of a block: [{}.NAME]", kind.text()),
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
            Self::Replace(kind) => format!("a table of old and new [{}.…] names", kind.text()),
            Self::Shares(kind) => format!("a table of [{}.…] names with shares", kind.text()),
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

/// Thousandths as a decimal.
pub(crate) fn show_milli(milli: u64) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
