//! Reads the axes of `[sweep]` and of `--vary`.

use super::super::diagnostic::{Code, Problems};
use super::super::field::{Field, Shape, Type};
use super::super::source::Origin;
use super::super::tables::{ROOT, key_at};
use super::super::tree::{Node, Raw, Table};
use super::super::typed::Value;
use super::super::walk::{Names, Walker, join, shorten};
use super::super::{Lattice, VariantInfo, nearest};
use super::{Axis, BASE, Design, MOST_POINTS, VARIANT, bad_axis, in_flag, values};
use crate::words::Words;

/// Reads axes, and reports what is wrong with them.
pub(super) struct Reader<'a, 's> {
    pub(super) variants: &'a [VariantInfo],
    pub(super) names: &'a Names,
    pub(super) problems: &'a mut Problems<'s>,
}

/// A path with its values as they were written.
struct Written {
    path: String,
    key: Origin,
    node: Node,
}

impl Reader<'_, '_> {
    /// The design and the axes of `[sweep]`.
    pub(super) fn block(&mut self, tree: &Table) -> (Option<Design>, Vec<Axis>) {
        let Some(table) = tree.get("sweep").and_then(|entry| entry.node.table()) else {
            return (None, vec![]);
        };
        let mut written = vec![];
        collect(table, "", &mut written);
        // A table is kept by name; axes stay in the order in which they were written.
        written.sort_by_key(|it| (it.key.layer, it.key.start));
        let mut design = None;
        if let Some(at) = written.iter().position(|it| it.path == "design") {
            design = self.design(&written.remove(at).node);
        }
        (design, self.axes(written))
    }

    /// The axes of the flags at these positions.
    pub(super) fn flags(&mut self, positions: impl Iterator<Item = u16>) -> Vec<Axis> {
        let mut written = vec![];
        for at in positions {
            let text = &self.problems.sources().flags[usize::from(at)].text;
            let Some((path, value)) = text.split_once('=').filter(|(path, _)| !path.is_empty())
            else {
                let message = format!("`{text}` is not PATH=VALUES");
                bad_axis(self.problems, in_flag(at, 0, text.len()), message).help(
                    "write --vary path=values, such as --vary pool.workers.nodes=50,100,200 or \
                     --vary pool.workers.nodes=50..200:50",
                );
                continue;
            };
            let start = path.len() + 1 + value.len() - value.trim_start().len();
            let node = Node::word(value, in_flag(at, start, start + value.trim().len()));
            let key = in_flag(at, 0, path.len());
            written.push(Written { path: path.trim().to_owned(), key, node });
        }
        self.axes(written)
    }

    fn design(&mut self, node: &Node) -> Option<Design> {
        let word = node.raw.text().unwrap_or_default();
        let design = Design::parse(word);
        if design.is_none() {
            let known = Design::TEXTS;
            let message = format!("`sweep.design` does not take {}", node.raw.describe());
            self.problems
                .error(Code::UnknownWord, node.origin, message)
                .did_you_mean(word, known.iter().copied())
                .help(format!("designs: {}", known.join(", ")));
        }
        design
    }

    fn axes(&mut self, written: Vec<Written>) -> Vec<Axis> {
        let mut axes: Vec<Axis> = vec![];
        for it in written {
            if axes.iter().any(|axis| axis.path == it.path) {
                let message = format!("`{}` is varied twice", it.path);
                bad_axis(self.problems, it.key, message).help("give all of its values at once");
            } else {
                axes.extend(self.axis(it));
            }
        }
        axes
    }

    fn axis(&mut self, written: Written) -> Option<Axis> {
        let Written { path, key, node } = written;
        let field = if path == VARIANT { None } else { Some(self.field(&path, key)?) };
        // Where numbers and shares both serve, the first value decides.
        let lattice = |text: &str| Lattice::of(&path, text);
        let nodes = values::read(&path, &node, &lattice, self.problems)?;
        if nodes.is_empty() || MOST_POINTS < nodes.len() {
            let message = format!("`{path}` is given {} values", nodes.len());
            let code = if nodes.is_empty() { Code::BadAxis } else { Code::TooMany };
            let help = format!("a path takes from 1 to {MOST_POINTS} values");
            self.problems.error(code, node.origin, message).help(help);
            return None;
        }
        let mut shown = vec![];
        for node in &nodes {
            shown.push(match field {
                Some(field) => self.value(&path, field, key, node),
                None => self.variant(node),
            });
        }
        let values = shown.into_iter().collect::<Option<Vec<String>>>()?;
        Some(Axis { path, values, key, nodes })
    }

    /// The key that a path names; reports it where there is none.
    fn field(&mut self, path: &str, key: Origin) -> Option<&'static Field> {
        let mut parts = path.split('.');
        if let (Some(kind), Some(name)) = (parts.next(), parts.next())
            && ROOT.field(kind).is_some_and(|it| matches!(it.ty, Type::Named { .. }))
            && self.names.state(kind, name).is_none()
        {
            let known: Vec<&str> = self.names.of_kind(kind).collect();
            self.problems
                .error(Code::BadPath, key, format!("there is no block [{kind}.{name}] to vary"))
                .did_you_mean(name, known.iter().copied())
                .help(match known.as_slice() {
                    [] => format!("the scenario has no [{kind}.…] block"),
                    known => format!("[{kind}.…] blocks: {}", shorten(known)),
                });
            return None;
        }
        let field = key_at(path);
        if let Some(field) = field.filter(|it| !matches!(it.ty, Type::Paths)) {
            return Some(field);
        }
        if let (None, Some((before, wrong, shape))) = (field, first_unknown(path)) {
            let near = nearest(wrong, shape.fields.iter().map(|it| it.name));
            let message = format!("`{path}` is no key of the language");
            self.problems.error(Code::UnknownKey, key, message).help(match near {
                Some(near) => format!("did you mean `{}`?", join(before, near)),
                None => format!("keys: {}", shape.keys()),
            });
        } else {
            let message = format!("`{path}` has no values that could be varied");
            bad_axis(self.problems, key, message).help("name a single key of a block");
        }
        None
    }

    /// The value in the program's own spelling.
    fn value(
        &mut self,
        path: &str,
        field: &'static Field,
        key: Origin,
        node: &Node,
    ) -> Option<String> {
        let mut found = Problems::new(self.problems.sources());
        let mut walker = Walker::new(&mut found, self.names);
        let typed = walker.value(node, key, &field.ty, path);
        if let Some(typed) = typed.filter(|typed| exact(&typed.value)) {
            return Some(typed.value.show());
        }
        // Another axis may switch on what is switched off here: the points tell.
        let list = found.into_sorted();
        let faults = list.into_iter().filter(|it| it.code != Code::DisabledName);
        let before = self.problems.len();
        self.problems.extend(faults);
        (before == self.problems.len()).then(|| node.to_text())
    }

    fn variant(&mut self, node: &Node) -> Option<String> {
        let Some(text) = node.raw.text() else {
            let message =
                format!("`{VARIANT}` takes names of variants, not {}", { node.raw.describe() });
            bad_axis(self.problems, node.origin, message)
                .help(format!("write {VARIANT} = [\"{BASE}\", \"NAME\"]"));
            return None;
        };
        let known: Vec<&str> = self.variants.iter().map(|it| it.name.as_str()).collect();
        let mut good = true;
        for name in text.split('+').map(str::trim) {
            if name == BASE || known.contains(&name) {
                continue;
            }
            good = false;
            let message = format!("there is no variant `{name}` in this file");
            self.problems
                .error(Code::UnknownVariant, node.origin, message)
                .did_you_mean(name, known.iter().copied())
                .help(match known.as_slice() {
                    [] => "the file has no [variant.…] block".into(),
                    known => format!("variants: {BASE}, {}", shorten(known)),
                });
        }
        good.then(|| text.trim().to_owned())
    }

    /// Reports axes that cannot be combined so, and points that are the same.
    pub(super) fn combine(&mut self, design: Design, axes: &[Axis]) {
        if design == Design::Zip {
            self.zip(axes);
            return;
        }
        for axis in axes {
            let mut seen = std::collections::BTreeSet::new();
            for (value, node) in axis.values.iter().zip(&axis.nodes) {
                if !seen.insert(value) {
                    let message = format!("`{}` has the value {value} twice", axis.path);
                    self.problems
                        .error(Code::SamePoint, node.origin, message)
                        .help("each point of a sweep is run once: drop one of them");
                }
            }
        }
        let mut points: usize = 1;
        for axis in axes {
            points = match design {
                Design::Grid => points.saturating_mul(axis.values.len()),
                _ => points.saturating_add(axis.values.len()),
            };
        }
        if MOST_POINTS < points {
            let message = format!("{points} points are more than the {MOST_POINTS} allowed");
            self.problems
                .error(Code::TooMany, axes[0].key, message)
                .help("take fewer values, or design = \"one-at-a-time\"");
        }
    }

    fn zip(&mut self, axes: &[Axis]) {
        let Some(first) = axes.first() else { return };
        let mut equal = true;
        for other in &axes[1..] {
            let (a, b) = (first.values.len(), other.values.len());
            if a != b {
                equal = false;
                let (one, two) = (&first.path, &other.path);
                let message =
                    format!("`{one}` has {a} values and `{two}` {b}: they cannot be zipped");
                self.problems
                    .error(Code::BadDesign, other.key, message)
                    .help("give lists of one length, or design = \"grid\"");
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for at in 0..first.values.len() {
            let row: Vec<&str> =
                axes.iter().filter_map(|it| it.values.get(at).map(String::as_str)).collect();
            if equal && !seen.insert(row) {
                self.problems
                    .error(
                        Code::SamePoint,
                        first.nodes[at].origin,
                        format!("the values number {} of all axes stand there before", at + 1),
                    )
                    .help("each point of a sweep is run once: drop one of them");
            }
        }
    }
}

/// Every path with values: tables are descended into, but for ranges.
fn collect(table: &Table, prefix: &str, out: &mut Vec<Written>) {
    for (name, entry) in table {
        let path = join(prefix, name);
        match &entry.node.raw {
            Raw::Table(inner) if !values::is_range(inner, &path) => collect(inner, &path, out),
            _ => out.push(Written { path, key: entry.key, node: entry.node.clone() }),
        }
    }
}

/// What of a path the language does not have: what stands before it, it, and the table it is not
/// in.
fn first_unknown(path: &str) -> Option<(&str, &str, &'static Shape)> {
    let mut shape: &'static Shape = &ROOT;
    let mut at = 0;
    while at < path.len() {
        let part = path[at..].split('.').next()?;
        let Some(field) = shape.field(part) else {
            return Some((path[..at].trim_end_matches('.'), part, shape));
        };
        at += part.len() + 1;
        shape = match field.ty {
            Type::Named { shape, .. } => {
                at += path.get(at..)?.split('.').next()?.len() + 1;
                shape
            }
            Type::Table(shape) => shape,
            _ => return None,
        };
    }
    None
}

/// Whether a value's own spelling says all of it.
fn exact(value: &Value) -> bool {
    match value {
        Value::Span(_)
        | Value::Bytes(_)
        | Value::Bandwidth(_)
        | Value::Share(_)
        | Value::Integer(_)
        | Value::Milli(_)
        | Value::Bool(_)
        | Value::Count(_) => true,
        Value::Text(text) => text.trim() == text && !text.starts_with(['{', '[', '"', '\'']),
        Value::List(list) => list.iter().all(|it| exact(&it.value)),
        _ => false,
    }
}
