//! Walks the raw tree along the declarative tables: typed values with their origins, and every
//! problem on the way.

use std::collections::BTreeMap;

use super::Parameter;
use super::diagnostic::{Code, Problems, nearest};
use super::field::{Fallback, Field, IfAbsent, Kind, Shape, Type};
use super::source::Origin;
use super::tables::{ROOT, registry};
use super::tree::{self, Node, Raw, Table};
use super::typed::{Typed, Value, Values};

/// The blocks of a scenario: by kind, their names and whether they are switched on.
#[derive(Debug)]
pub(crate) struct Names(BTreeMap<&'static str, BTreeMap<String, bool>>);

impl Names {
    /// The names in a tree.
    pub(crate) fn of(root: &Table) -> Self {
        let kinds = ROOT.fields.iter().filter(|field| matches!(field.ty, Type::Named { .. }));
        let names = |field: &Field| -> BTreeMap<String, bool> {
            let blocks = root.get(field.name).and_then(|entry| entry.node.table());
            let blocks = blocks.into_iter().flatten();
            blocks.map(|(name, entry)| (name.clone(), is_enabled(&entry.node))).collect()
        };
        Self(kinds.map(|field| (field.name, names(field))).collect())
    }

    /// The names of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0.get(kind).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Whether the block is there, and switched on.
    pub(crate) fn state(&self, kind: &str, name: &str) -> Option<bool> {
        self.0.get(kind)?.get(name).copied()
    }
}

/// Whether a block is switched on.
fn is_enabled(node: &Node) -> bool {
    let switch = node.table().and_then(|table| table.get("enabled"));
    match switch.map(|entry| &entry.node.raw) {
        Some(Raw::Bool(enabled)) => *enabled,
        Some(Raw::Word(word)) => word != "false",
        _ => true,
    }
}

/// Reads a tree; keeps the effective parameters.
pub(crate) struct Walker<'a, 's> {
    /// Where problems go.
    pub(crate) problems: &'a mut Problems<'s>,
    /// The blocks there are.
    pub(crate) names: &'a Names,
    /// The parameters read so far.
    pub(crate) parameters: Vec<Parameter>,
    /// Within how many blocks that are switched off.
    pub(super) off: u32,
}

impl<'a, 's> Walker<'a, 's> {
    /// A walk.
    pub(crate) fn new(problems: &'a mut Problems<'s>, names: &'a Names) -> Self {
        Self { problems, names, parameters: Vec::new(), off: 0 }
    }

    /// Reads a table along its shape.
    pub(crate) fn table(
        &mut self,
        table: &Table,
        origin: Origin,
        shape: &'static Shape,
        path: &str,
    ) -> Values {
        // A misspelt key is told once, and not as a missing one too.
        let mut meant: Vec<&str> = Vec::new();
        for (key, entry) in table {
            if shape.field(key).is_none() {
                self.unknown_key(key, entry.key, shape, path);
                meant.extend(nearest(key, shape.fields.iter().map(|field| field.name)));
            }
        }
        let mut values = Values::new(origin, shape);
        for field in shape.fields {
            if let Some(entry) = table.get(field.name) {
                let path = join(path, field.name);
                match self.value(&entry.node, entry.key, &field.ty, &path) {
                    Some(value) => values.insert(field, value),
                    None => values.mark_faulty(field),
                }
            }
        }
        // Defaults can hang on what is given, wherever it stands.
        for field in shape.fields.iter().filter(|field| !table.contains_key(field.name)) {
            let path = join(path, field.name);
            if matches!(field.if_absent, IfAbsent::Required) && meant.contains(&field.name) {
                values.mark_faulty(field);
            } else if let Some(value) = self.absent(field, &values, origin, &path) {
                values.insert(field, value);
            }
        }
        values
    }

    fn absent(
        &mut self,
        field: &'static Field,
        values: &Values,
        origin: Origin,
        path: &str,
    ) -> Option<Typed> {
        match field.if_absent {
            IfAbsent::None => None,
            IfAbsent::Value(text) => {
                let node = Node::word(text, Origin::DEFAULT);
                self.value(&node, Origin::DEFAULT, &field.ty, path)
            }
            IfAbsent::Same(other) => self.same(other, values, path),
            IfAbsent::When(_) => match field.default_in(values)? {
                Fallback::Value(text) => {
                    let node = Node::word(text, Origin::DEFAULT);
                    self.value(&node, Origin::DEFAULT, &field.ty, path)
                }
                Fallback::Same(other) => self.same(other, values, path),
            },
            IfAbsent::Table => {
                let node = Node { raw: Raw::Table(Table::new()), origin: Origin::DEFAULT };
                self.value(&node, Origin::DEFAULT, &field.ty, path)
            }
            // A preset that does not exist might have given it.
            IfAbsent::Required if values.is_faulty(registry::PRESET) => None,
            IfAbsent::Required => {
                self.missing(field, origin, path);
                None
            }
        }
    }

    fn same(&mut self, other: &str, values: &Values, path: &str) -> Option<Typed> {
        let same = values.at(other)?;
        let typed = Typed { value: same.value.clone(), origin: Origin::DEFAULT };
        self.record(path, &typed);
        Some(typed)
    }

    fn missing(&mut self, field: &Field, origin: Origin, path: &str) {
        let (block, _) = path.rsplit_once('.').unwrap_or_default();
        let problem = self.problems.error(
            Code::MissingKey,
            origin,
            format!("`{block}` has no `{}`", field.name),
        );
        problem.help(format!("{}: {}", field.name, field.ty.describe()));
        if let Some((kind, name)) = block.split_once('.') {
            let others = self.names.of_kind(kind).filter(|other| *other != name);
            problem.did_you_mean(name, others);
        }
    }

    fn unknown_key(&mut self, key: &str, origin: Origin, shape: &Shape, path: &str) {
        let known = || shape.fields.iter().map(|field| field.name);
        if path.is_empty() {
            self.problems
                .error(Code::UnknownBlock, origin, format!("there is no block or key `{key}`"))
                .did_you_mean(key, known())
                .help(format!("blocks and keys: {}", shape.keys()));
        } else {
            let message = format!("`{path}` has no key `{key}`");
            let problem = self.problems.error(Code::UnknownKey, origin, message);
            if ROOT.field(key).is_some_and(|field| !matches!(field.ty, Type::Named { .. })) {
                problem.help(format!("`{key}` belongs above the first block"));
            }
            problem.did_you_mean(key, known()).help(format!("keys: {}", shape.keys()));
        }
    }

    /// Reads a value; `None` where it has a problem.
    pub(crate) fn value(
        &mut self,
        node: &Node,
        key: Origin,
        ty: &'static Type,
        path: &str,
    ) -> Option<Typed> {
        let value = match ty {
            Type::Table(shape) => {
                let Raw::Table(table) = &node.raw else { return self.wrong(node, ty, path) };
                return Some(Typed {
                    value: Value::Table(self.table(table, key, shape, path)),
                    origin: node.origin,
                });
            }
            Type::Named { shape, max } => {
                let Raw::Table(table) = &node.raw else { return self.wrong_block(node, path) };
                let value = self.named(table, key, shape, *max, path);
                return Some(Typed { value, origin: node.origin });
            }
            Type::Either { table: shape, .. } if matches!(node.raw, Raw::Table(_)) => {
                let table = node.table()?;
                Value::Table(self.quietly(|walk| walk.table(table, key, shape, path)))
            }
            Type::Either { plain, .. } => return self.value(node, key, plain, path),
            Type::List { of, max } => self.list(node, of, *max, path)?,
            Type::OneOrMore { of, max } => {
                let many = node.raw.text().is_some_and(|text| text.contains(','));
                if !many && !matches!(node.raw, Raw::List(_)) {
                    return self.value(node, key, of, path);
                }
                self.list(node, of, *max, path)?
            }
            Type::Replace(kind) => self.replace(node, *kind, path)?,
            Type::Shares(kind) => self.shares(node, *kind, path)?,
            Type::Paths => {
                let Raw::Table(table) = &node.raw else { return self.wrong(node, ty, path) };
                Value::Paths(tree::flatten(table))
            }
            _ => self.scalar(node, ty, path)?,
        };
        let typed = Typed { value, origin: node.origin };
        self.record(path, &typed);
        Some(typed)
    }

    /// Reads what is part of a value that is recorded whole.
    fn quietly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.parameters.len();
        let result = read(self);
        self.parameters.truncate(before);
        result
    }

    fn record(&mut self, path: &str, typed: &Typed) {
        let is_switch = path.ends_with(".enabled");
        if (0 < self.off && !is_switch) || matches!(typed.value, Value::Paths(_)) {
            return;
        }
        self.parameters.push(Parameter {
            path: path.to_owned(),
            value: typed.value.show(),
            origin: self.problems.sources().label(typed.origin),
        });
    }

    fn named(
        &mut self,
        table: &Table,
        key: Origin,
        shape: &'static Shape,
        max: usize,
        path: &str,
    ) -> Value {
        if max < table.len() {
            self.problems.error(
                Code::TooMany,
                key,
                format!("{} blocks [{path}.…] are more than the {max} allowed", table.len()),
            );
        }
        let mut blocks = BTreeMap::new();
        for (name, entry) in table.iter().take(max) {
            let path = join(path, name);
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || !name.chars().all(allowed) {
                self.problems
                    .error(Code::BadName, entry.key, format!("`{name}` is not a block name"))
                    .help("names are made of a-z, 0-9 and -");
            }
            let Raw::Table(inner) = &entry.node.raw else {
                let _: Option<()> = self.wrong_block(&entry.node, &path);
                continue;
            };
            let enabled = is_enabled(&entry.node);
            self.off += u32::from(!enabled);
            let values = self.table(inner, entry.key, shape, &path);
            self.off -= u32::from(!enabled);
            if enabled {
                blocks.insert(name.clone(), values);
            }
        }
        Value::Named(blocks)
    }

    fn list(&mut self, node: &Node, of: &'static Type, max: usize, path: &str) -> Option<Value> {
        let items: Vec<Node> = match &node.raw {
            Raw::List(items) => items.clone(),
            Raw::Word(word) => {
                let items = word.split(',').map(str::trim).filter(|item| !item.is_empty());
                items
                    .map(|item| Node { raw: Raw::Word(item.into()), origin: node.origin })
                    .collect()
            }
            other => {
                self.problems
                    .error(
                        Code::WrongType,
                        node.origin,
                        format!("`{path}` takes a list, not {}", other.describe()),
                    )
                    .help("put it in brackets: [ … ]");
                return None;
            }
        };
        if max < items.len() {
            let count = items.len();
            self.problems.error(
                Code::TooMany,
                node.origin,
                format!("`{path}` has {count} elements, more than the {max} allowed"),
            );
            return None;
        }
        let read = self.quietly(|walk| {
            let mut read = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let path = format!("{path}[{at}]");
                read.push(walk.value(item, item.origin, of, &path));
            }
            read
        });
        read.into_iter().collect::<Option<Vec<_>>>().map(Value::List)
    }

    fn shares(&mut self, node: &Node, kind: Kind, path: &str) -> Option<Value> {
        let Raw::Table(table) = &node.raw else {
            return self.wrong(node, &Type::Shares(kind), path);
        };
        let read = self.quietly(|walk| {
            let mut read = Vec::new();
            for (name, entry) in table {
                let key = Node { raw: Raw::Text(name.clone()), origin: entry.key };
                let known = walk.name(&key, kind, path);
                let share = walk.value(&entry.node, entry.key, &Type::SHARE, &join(path, name));
                read.push(known.zip(share));
            }
            read
        });
        read.into_iter().collect::<Option<Vec<_>>>().map(Value::Shares)
    }

    fn replace(&mut self, node: &Node, kind: Kind, path: &str) -> Option<Value> {
        let Raw::Table(table) = &node.raw else {
            self.problems
                .error(
                    Code::WrongType,
                    node.origin,
                    format!("`{path}` takes a table, not {}", node.raw.describe()),
                )
                .help("write { old = \"new\" }");
            return None;
        };
        let mut pairs = Vec::new();
        for (old, entry) in table {
            let old_node = Node { raw: Raw::Text(old.clone()), origin: entry.key };
            let old = self.name(&old_node, kind, path);
            let new = self.name(&entry.node, kind, path);
            pairs.push(old.zip(new).map(|(old, new)| {
                (old, Typed { value: Value::Text(new), origin: entry.node.origin })
            }));
        }
        pairs.into_iter().collect::<Option<Vec<_>>>().map(Value::Replace)
    }
}

/// A path and the next name.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The first of many names.
pub(crate) fn shorten(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!("{}, … ({} in all)", names[..SHOWN].join(", "), names.len())
}
