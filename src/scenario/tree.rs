//! The raw tree of a scenario: what the file, a variant, the flags and the presets say, before any
//! type is known.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::source::{Layer, Origin};

/// A table by key.
pub(crate) type Table = BTreeMap<String, Entry>;

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where the key stands.
    pub(crate) key: Origin,
    /// The value.
    pub(crate) node: Node,
}

/// A value with its origin.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The value.
    pub(crate) raw: Raw,
    /// Where it stands.
    pub(crate) origin: Origin,
}

/// A value as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    /// Table.
    Table(Table),
    /// List.
    List(Vec<Node>),
    /// Quoted text.
    Text(String),
    /// A text without quotes, whose type its key decides: a flag's, a preset's or a default's
    /// value.
    Word(String),
    /// Integer; too large ones saturate.
    Integer(i128),
    /// Decimal, as written.
    Decimal(String),
    /// true or false.
    Bool(bool),
    /// A date, which no key takes.
    Date,
}

impl Raw {
    /// What it is, for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Table(_) => "a table".into(),
            Self::List(_) => "a list".into(),
            Self::Text(text) => format!("the text \"{text}\""),
            Self::Word(word) => format!("`{word}`"),
            Self::Integer(number) => format!("the number {number}"),
            Self::Decimal(number) => format!("the number {number}"),
            Self::Bool(value) => format!("`{value}`"),
            Self::Date => "a date".into(),
        }
    }

    /// The text of a text or word.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Word(text) => Some(text),
            _ => None,
        }
    }
}

impl Node {
    /// A value that only has text so far.
    ///
    /// Lists, tables and quoted texts are read as TOML; anything else waits for the type of its
    /// key.
    pub(crate) fn word(text: &str, origin: Origin) -> Self {
        let text = text.trim();
        if text.starts_with(['{', '[', '"', '\''])
            && let Ok(value) = DeValue::parse(text)
        {
            return from_value(value.get_ref(), origin.layer, Some(origin));
        }
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
            && !inner.contains(['[', '{', '"'])
        {
            let items = inner.split(',').map(str::trim).filter(|item| !item.is_empty());
            let list = items.map(|item| Self { raw: Raw::Word(item.into()), origin }).collect();
            return Self { raw: Raw::List(list), origin };
        }
        Self { raw: Raw::Word(text.into()), origin }
    }

    /// The value as [`Self::word`] takes it.
    pub(crate) fn to_text(&self) -> String {
        match &self.raw {
            Raw::Text(text) | Raw::Word(text)
                if !text.starts_with(['{', '[', '"', '\'']) && text.trim() == text =>
            {
                text.clone()
            }
            _ => self.to_toml(),
        }
    }

    fn to_toml(&self) -> String {
        match &self.raw {
            Raw::Table(table) => {
                let pair = |(key, entry): (&String, &Entry)| {
                    format!("{} = {}", toml::Value::String(key.clone()), entry.node.to_toml())
                };
                format!("{{ {} }}", table.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
            Raw::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_toml).collect();
                format!("[{}]", items.join(", "))
            }
            Raw::Text(text) | Raw::Word(text) => toml::Value::String(text.clone()).to_string(),
            Raw::Integer(number) => number.to_string(),
            Raw::Decimal(number) => number.clone(),
            Raw::Bool(value) => value.to_string(),
            Raw::Date => String::new(),
        }
    }

    /// Whether it is, or has in it, an empty table that would be laid over one of `base`, which
    /// changes nothing; a new empty block is something.
    pub(crate) fn is_idle_over(&self, base: &Table, path: &[&str]) -> bool {
        let Some(table) = self.table() else { return false };
        let mut below = Some(base);
        for part in path {
            below = below.and_then(|it| it.get(*part)).and_then(|it| it.node.table());
        }
        if table.is_empty() {
            return below.is_some() || path.len() == 1;
        }
        table.iter().any(|(key, it)| it.node.is_idle_over(base, &[path, &[key.as_str()]].concat()))
    }

    /// The table this is.
    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.raw {
            Raw::Table(table) => Some(table),
            _ => None,
        }
    }
}

/// The tree of a parsed file.
pub(crate) fn from_table(table: &DeTable<'_>, layer: Layer) -> Table {
    convert_table(table, layer, None)
}

fn convert_table(table: &DeTable<'_>, layer: Layer, fixed: Option<Origin>) -> Table {
    let entry = |span: std::ops::Range<usize>| {
        fixed.unwrap_or(Origin { layer, start: span.start, end: span.end })
    };
    table
        .iter()
        .map(|(key, value)| {
            let node =
                Node { raw: convert(value.get_ref(), layer, fixed), origin: entry(value.span()) };
            (key.get_ref().to_string(), Entry { key: entry(key.span()), node })
        })
        .collect()
}

fn from_value(value: &DeValue<'_>, layer: Layer, fixed: Option<Origin>) -> Node {
    Node { raw: convert(value, layer, fixed), origin: fixed.unwrap_or(Origin::START) }
}

/// `fixed` replaces the spans of values that were not read from the file.
fn convert(value: &DeValue<'_>, layer: Layer, fixed: Option<Origin>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            Raw::Integer(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(number) => Raw::Decimal(number.as_str().to_owned()),
        DeValue::Boolean(value) => Raw::Bool(*value),
        DeValue::Datetime(_) => Raw::Date,
        DeValue::Array(items) => Raw::List(
            items
                .iter()
                .map(|item| {
                    let span = item.span();
                    let here = Origin { layer, start: span.start, end: span.end };
                    Node {
                        raw: convert(item.get_ref(), layer, fixed),
                        origin: fixed.unwrap_or(here),
                    }
                })
                .collect(),
        ),
        DeValue::Table(table) => Raw::Table(convert_table(table, layer, fixed)),
    }
}

/// Lays `over` on `base`: tables merge deep, anything else is replaced whole.
pub(crate) fn merge(base: &mut Table, over: Table) {
    for (name, entry) in over {
        match base.get_mut(&name) {
            Some(Entry { node: Node { raw: Raw::Table(below), .. }, .. })
                if matches!(entry.node.raw, Raw::Table(_)) =>
            {
                if let Raw::Table(above) = entry.node.raw {
                    merge(below, above);
                }
            }
            _ => {
                base.insert(name, entry);
            }
        }
    }
}

/// Lays `below` under `base`: only what is missing is taken.
pub(crate) fn fill(base: &mut Table, below: Table) {
    for (name, entry) in below {
        match base.get_mut(&name) {
            Some(Entry { node: Node { raw: Raw::Table(above), .. }, .. }) => {
                if let Raw::Table(under) = entry.node.raw {
                    fill(above, under);
                }
            }
            Some(_) => {}
            None => {
                base.insert(name, entry);
            }
        }
    }
}

/// A tree of one value at the end of a path.
pub(crate) fn nested(path: &[&str], key: Origin, node: Node) -> Table {
    let mut path = path.iter().rev();
    let wrap = |name: &str, node| Table::from([(name.to_owned(), Entry { key, node })]);
    let mut table = wrap(path.next().copied().unwrap_or_default(), node);
    for name in path {
        table = wrap(name, Node { raw: Raw::Table(table), origin: key });
    }
    table
}

/// The first prefix of `path` that is a value in `table`, so that nothing can lie below it.
pub(crate) fn blocked<'p>(table: &Table, path: &'p [&'p str]) -> Option<&'p [&'p str]> {
    let mut here = table;
    for (at, name) in path.iter().enumerate() {
        match here.get(*name).map(|entry| &entry.node.raw) {
            Some(Raw::Table(below)) => here = below,
            Some(_) if at + 1 < path.len() => return Some(&path[..=at]),
            _ => return None,
        }
    }
    None
}

/// Whether something stands at a path already that `node` cannot be merged with.
fn clashes(table: &Table, path: &[&str], node: &Node) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut here = table;
    for name in parents {
        match here.get(*name).and_then(|entry| entry.node.table()) {
            Some(below) => here = below,
            None => return false,
        }
    }
    let there = here.get(*last).map(|entry| entry.node.table().is_some());
    there.is_some_and(|is_table| !is_table || node.table().is_none())
}

/// Quoted dotted keys (`"a.b.c" = v`) as the tables that they mean.
///
/// Returns the keys that lead through a value or to one that is given already.
pub(crate) fn split_dotted_keys(table: Table) -> (Table, Vec<(String, Origin)>) {
    let mut out = Table::new();
    let mut bad = Vec::new();
    for (name, mut entry) in table {
        if let Raw::Table(inner) = entry.node.raw {
            let (inner, below) = split_dotted_keys(inner);
            entry.node.raw = Raw::Table(inner);
            bad.extend(below);
        }
        let path: Vec<&str> = name.split('.').collect();
        let is_bad = path.iter().any(|part| part.is_empty())
            || blocked(&out, &path).is_some()
            || clashes(&out, &path, &entry.node);
        if is_bad {
            bad.push((name, entry.key));
        } else {
            merge(&mut out, nested(&path, entry.key, entry.node));
        }
    }
    (out, bad)
}

/// Every value of a tree with its dotted path.
pub(crate) fn flatten(table: &Table) -> Vec<(String, Origin, Node)> {
    let mut out = Vec::new();
    flatten_into(table, "", &mut out);
    out
}

fn flatten_into(table: &Table, prefix: &str, out: &mut Vec<(String, Origin, Node)>) {
    for (name, entry) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match &entry.node.raw {
            Raw::Table(inner) => flatten_into(inner, &path, out),
            _ => out.push((path, entry.key, entry.node.clone())),
        }
    }
}
