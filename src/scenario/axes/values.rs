//! The values of one axis: a list, a range, or either of them without brackets.

use super::super::Lattice;
use super::super::diagnostic::Problems;
use super::super::field::Type;
use super::super::source::Origin;
use super::super::tables::key_at;
use super::super::tree::{Node, Raw, Table};
use super::{MOST_POINTS, VARIANT, bad_axis};

/// Keys of a range.
const KEYS: [&str; 4] = ["from", "to", "step", "points"];

/// How the values of an axis are written.
const HOW: &str = "write a list such as [50, 100], or a range such as { from = 1, to = 4 }, with \
                   step or points";

/// Whether a table is a range of values at this path, and not a table of paths.
pub(super) fn is_range(table: &Table, path: &str) -> bool {
    // `from` is a key of images too, which have no `to`.
    key_at(path).is_some_and(|it| !matches!(it.ty, Type::Paths))
        || (table.contains_key("from") && table.contains_key("to"))
}

/// A range, each part with its place.
#[derive(Default)]
struct Range {
    from: Option<(String, Origin)>,
    to: Option<(String, Origin)>,
    step: Option<(String, Origin)>,
    points: Option<(String, Origin)>,
}

/// The values that `node` gives to `path`; `None` where they have a problem.
pub(super) fn read(
    path: &str,
    node: &Node,
    lattice: &dyn Fn(&str) -> Result<Lattice, String>,
    problems: &mut Problems<'_>,
) -> Option<Vec<Node>> {
    match &node.raw {
        Raw::List(items) => Some(items.clone()),
        Raw::Table(table) => {
            let range = from_table(path, table, problems)?;
            expand(path, node.origin, &range, lattice, problems)
        }
        Raw::Word(text) => match from_word(text, node.origin) {
            Some(range) => expand(path, node.origin, &range, lattice, problems),
            None => Some(items(text, node.origin)),
        },
        other => {
            let message = format!("`{path}` is not varied by {}", other.describe());
            let how = if path == VARIANT { "write a list of names of variants" } else { HOW };
            bad_axis(problems, node.origin, message).help(how);
            None
        }
    }
}

/// `50, 100`: values between commas.
fn items(text: &str, origin: Origin) -> Vec<Node> {
    let mut items = vec![];
    let mut at = origin.start;
    for item in text.split(',') {
        let start = at + item.len() - item.trim_start().len();
        let end = start + item.trim().len();
        if start < end {
            items.push(Node::word(item, Origin { start, end, ..origin }));
        }
        at += item.len() + 1;
    }
    items
}

/// `1..4` or `1m..10m:1m`.
fn from_word(text: &str, origin: Origin) -> Option<Range> {
    let (from, rest) = text.split_once("..")?;
    let (to, step) = match rest.split_once(':') {
        Some((to, step)) => (to, Some(step)),
        None => (rest, None),
    };
    let part = |part: &str, start: usize| {
        let start = origin.start + start;
        let origin = Origin { start, end: start + part.len(), ..origin };
        Some((part.trim().to_owned(), origin))
    };
    let second = from.len() + 2;
    Some(Range {
        from: part(from, 0),
        to: part(to, second),
        step: step.and_then(|step| part(step, second + to.len() + 1)),
        points: None,
    })
}

fn from_table(path: &str, table: &Table, problems: &mut Problems<'_>) -> Option<Range> {
    let mut good = true;
    let mut range = Range::default();
    for (name, entry) in table {
        let part = match name.as_str() {
            "from" => &mut range.from,
            "to" => &mut range.to,
            "step" => &mut range.step,
            "points" => &mut range.points,
            _ => {
                let message = format!("a range of `{path}` has no `{name}`");
                bad_axis(problems, entry.key, message)
                    .did_you_mean(name, KEYS)
                    .help(format!("keys: {}", KEYS.join(", ")));
                good = false;
                continue;
            }
        };
        *part = match &entry.node.raw {
            Raw::Table(_) | Raw::List(_) | Raw::Bool(_) | Raw::Date => {
                let what = entry.node.raw.describe();
                let message = format!("`{name}` of the range of `{path}` is {what}");
                bad_axis(problems, entry.node.origin, message).help(HOW);
                good = false;
                None
            }
            _ => Some((entry.node.to_text(), entry.node.origin)),
        };
    }
    good.then_some(range)
}

fn expand(
    path: &str,
    whole: Origin,
    range: &Range,
    lattice: &dyn Fn(&str) -> Result<Lattice, String>,
    problems: &mut Problems<'_>,
) -> Option<Vec<Node>> {
    let (Some(from), Some(to)) = (&range.from, &range.to) else {
        let missing = if range.from.is_none() { "from" } else { "to" };
        bad_axis(problems, whole, format!("the range of `{path}` has no `{missing}`")).help(HOW);
        return None;
    };
    let lattice = match lattice(&from.0) {
        Ok(lattice) => lattice,
        Err(why) => {
            bad_axis(problems, whole, why).help("give a list of its values");
            return None;
        }
    };
    let mut read = |part: &(String, Origin), read: &dyn Fn(&str) -> Result<u64, String>| {
        let number = read(&part.0);
        number.map_err(|why| bad_axis(problems, part.1, why).help.len()).ok()
    };
    let first = read(from, &|text| lattice.read(text));
    let last = read(to, &|text| lattice.read(text));
    let step = range.step.as_ref().map(|part| read(part, &|text| lattice.read_step(text)));
    let points = range.points.as_ref().map(|part| read(part, &points));
    let (first, last) = (first?, last?);
    let mut complain = |origin: Origin, message: String, help: &str| {
        bad_axis(problems, origin, message).help(help);
        None
    };
    if last < first {
        let message = format!("the range of `{path}` ends before it begins");
        return complain(to.1, message, "`from` is the smallest value, `to` the largest");
    }
    let numbers = match (step, points) {
        (Some(_), Some(_)) => {
            let message = format!("the range of `{path}` has a step and a number of points");
            return complain(whole, message, "one of them says it all");
        }
        (None, Some(points)) => Some(evenly(first, last, points?)),
        (step, None) => {
            let Some(step) = step.unwrap_or_else(|| lattice.natural_step()) else {
                if range.step.is_some() {
                    return None;
                }
                let message = format!("the range of `{path}` has no step");
                return complain(whole, message, "values with a unit take a step or points");
            };
            stepped(first, last, step)
        }
    };
    let Some(numbers) = numbers else {
        let message = format!("the range of `{path}` has more than {MOST_POINTS} values");
        return complain(whole, message, "take a larger step");
    };
    if numbers.windows(2).any(|it| it[0] == it[1]) {
        let message = format!("the range of `{path}` has fewer values than points");
        return complain(whole, message, "take fewer points");
    }
    let node = |number: &u64| Node { raw: Raw::Word(lattice.show(*number)), origin: whole };
    Some(numbers.iter().map(node).collect())
}

fn points(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|it| (2..=MOST_POINTS as u64).contains(it));
    number.ok_or_else(|| format!("`points` takes a whole number from 2 to {MOST_POINTS}"))
}

/// `first` and every step from it up to `last`; `None` where they are too many.
fn stepped(first: u64, last: u64, step: u64) -> Option<Vec<u64>> {
    let steps = (last - first) / step;
    (steps < MOST_POINTS as u64).then(|| (0..=steps).map(|it| first + it * step).collect())
}

/// So many values from `first` to `last` at distances as even as whole numbers allow.
fn evenly(first: u64, last: u64, points: u64) -> Vec<u64> {
    let (width, gaps) = (u128::from(last - first), u128::from(points - 1));
    let value = |at: u64| first + ((width * u128::from(at) * 2 + gaps) / (gaps * 2)) as u64;
    (0..points).map(value).collect()
}
