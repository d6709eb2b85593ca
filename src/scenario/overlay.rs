//! What lies over and under the file: the variant in force, the flags of the call, the presets.

use super::diagnostic::{Code, Problems};
use super::field::{Field, IfAbsent, Kind, MOST_BLOCKS, Type};
use super::levers::{self, LEVERS, Lever};
use super::presets::{self, PresetKind};
use super::source::{Flag, Layer, Origin};
use super::tables::{ROOT, egress, mirror, pool, registry};
use super::tree::{self, Entry, Node, Raw, Table};
use super::walk::{join, shorten};
use super::{Request, VariantInfo};
use crate::words::Words;

/// The flags of a call that set values.
pub(crate) fn flags(request: &Request) -> Vec<Flag> {
    let sets = request.sets.iter().enumerate().map(|(at, text)| Flag {
        name: format!("--set {}", at + 1),
        origin: "--set",
        sets: true,
        text: text.clone(),
    });
    let number = |name: &'static str, key: &str, value: Option<u64>| {
        let text = value.map(|value| format!("{key}={value}"));
        text.map(|text| Flag { name: name.into(), origin: name, sets: true, text })
    };
    sets.chain(number("--seed", "seed", request.seed))
        .chain(number("--replications", "replications", request.replications.map(u64::from)))
        .collect()
}

/// Takes the variants out of the tree.
pub(crate) fn take_variants(
    root: &mut Table,
    problems: &mut Problems<'_>,
) -> Vec<(VariantInfo, Table)> {
    let Some(entry) = root.remove("variant") else { return Vec::new() };
    let Raw::Table(table) = entry.node.raw else {
        problems
            .error(Code::WrongType, entry.node.origin, "`variant` is not a block")
            .help("give the variant a name: [variant.NAME]");
        return Vec::new();
    };
    let mut variants = Vec::new();
    if MOST_BLOCKS < table.len() {
        let message = format!("{} variants are more than the {MOST_BLOCKS} allowed", table.len());
        problems.error(Code::TooMany, entry.key, message);
    }
    for (name, entry) in table.into_iter().take(MOST_BLOCKS) {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(allowed) {
            problems
                .error(Code::BadName, entry.key, format!("`{name}` is not a variant's name"))
                .help("names are made of a-z, 0-9 and -");
        }
        let Raw::Table(mut changes) = entry.node.raw else {
            problems
                .error(Code::WrongType, entry.key, format!("`variant.{name}` is not a table"))
                .help(format!("write it as a table: [variant.{name}]"));
            continue;
        };
        let title = take_text(&name, "title", &mut changes, problems).map(|it| it.0);
        let lever = take_lever(&name, &mut changes, problems);
        let title = title.unwrap_or_default();
        variants.push((VariantInfo { name, title, lever }, changes));
    }
    variants
}

/// Takes a text that says something about the variant itself.
fn take_text(
    name: &str,
    key: &str,
    changes: &mut Table,
    problems: &mut Problems<'_>,
) -> Option<(String, Origin)> {
    match changes.remove(key).map(|entry| entry.node)? {
        Node { raw: Raw::Text(text), origin } => Some((text, origin)),
        node => {
            let what = node.raw.describe();
            problems.error(
                Code::WrongType,
                node.origin,
                format!("`variant.{name}.{key}` takes text, not {what}"),
            );
            None
        }
    }
}

fn take_lever(
    name: &str,
    changes: &mut Table,
    problems: &mut Problems<'_>,
) -> Option<&'static Lever> {
    let (word, origin) = take_text(name, "lever", changes, problems)?;
    let lever = levers::find(&word);
    if lever.is_none() {
        let known: Vec<&str> = LEVERS.iter().map(|it| it.id).collect();
        problems
            .error(Code::UnknownWord, origin, format!("`{word}` is not a lever"))
            .did_you_mean(&word, known.iter().copied())
            .help(format!("levers: {}", known.join(", ")));
    }
    lever
}

/// Lays one of the variants that were asked for, and its position among them, over the tree.
pub(crate) fn apply_variant(
    root: &mut Table,
    variants: &[(VariantInfo, Table)],
    (at, wanted): (u16, &str),
    problems: &mut Problems<'_>,
) {
    if let Some((_, changes)) = variants.iter().find(|(info, _)| info.name == wanted) {
        tree::merge(root, as_variant(changes.clone(), at));
        return;
    }
    let known: Vec<&str> = variants.iter().map(|(info, _)| info.name.as_str()).collect();
    let problem = problems.error(
        Code::UnknownVariant,
        Origin::START,
        format!("there is no variant `{wanted}` in this file"),
    );
    problem.did_you_mean(wanted, known.iter().copied()).help(match known.as_slice() {
        [] => "the file has no [variant.…] block".into(),
        known => format!("variants: {}", shorten(known)),
    });
}

fn as_variant(table: Table, at: u16) -> Table {
    let relay = |origin: Origin| Origin { layer: Layer::Variant(at), ..origin };
    table
        .into_iter()
        .map(|(name, entry)| {
            let raw = match entry.node.raw {
                Raw::Table(inner) => Raw::Table(as_variant(inner, at)),
                Raw::List(items) => {
                    Raw::List(items.into_iter().map(|it| as_variant_node(it, at)).collect())
                }
                raw => raw,
            };
            let node = Node { raw, origin: relay(entry.node.origin) };
            (name, Entry { key: relay(entry.key), node })
        })
        .collect()
}

fn as_variant_node(node: Node, at: u16) -> Node {
    let origin = Origin { layer: Layer::Variant(at), ..node.origin };
    let raw = match node.raw {
        Raw::Table(inner) => Raw::Table(as_variant(inner, at)),
        Raw::List(items) => {
            Raw::List(items.into_iter().map(|it| as_variant_node(it, at)).collect())
        }
        raw => raw,
    };
    Node { raw, origin }
}

/// Lays the flags of the call over the tree.
pub(crate) fn apply_flags(root: &mut Table, problems: &mut Problems<'_>) {
    let sources = problems.sources();
    for (at, flag) in sources.flags.iter().enumerate().filter(|(_, flag)| flag.sets) {
        let layer = Layer::Flag(at as u16);
        let whole = Origin { layer, start: 0, end: flag.text.len() };
        let Some((path, value)) = flag.text.split_once('=') else {
            problems
                .error(Code::BadSet, whole, format!("`{}` has no `=`", flag.text))
                .help("write --set path=value, such as --set pool.workers.nodes=300");
            continue;
        };
        let key = Origin { layer, start: 0, end: path.len() };
        let parts: Vec<&str> = path.split('.').map(str::trim).collect();
        if !leads_somewhere(root, &parts, key, problems) {
            continue;
        }
        let origin = Origin { layer, start: path.len() + 1, end: flag.text.len() };
        let node = Node::word(value, origin);
        if node.is_idle_over(root, &parts) {
            problems
                .error(Code::BadSet, origin, format!("`{}` sets nothing", flag.text))
                .help("a table is laid over the one that is there, key by key; name a key to set");
            continue;
        }
        tree::merge(root, tree::nested(&parts, key, node));
    }
}

/// Whether a path of a flag can be set; reports it where not.
pub(crate) fn leads_somewhere(
    root: &Table,
    parts: &[&str],
    key: Origin,
    problems: &mut Problems<'_>,
) -> bool {
    let path = parts.join(".");
    if parts.iter().any(|part| part.is_empty()) {
        problems
            .error(Code::BadSet, key, format!("`{path}` is not a path"))
            .help("a path is names with dots between them, such as pool.workers.nodes");
        return false;
    }
    if parts[0] == "variant" {
        problems
            .error(Code::BadPath, key, "variants cannot be changed by --set")
            .help("choose one with --variant, or set its paths themselves");
        return false;
    }
    if let Some(value) = tree::blocked(root, parts) {
        let value = value.join(".");
        problems
            .error(Code::BadPath, key, format!("`{path}` leads through `{value}`, a value"))
            .help(format!("set `{value}` itself"));
        return false;
    }
    let kind = ROOT.field(parts[0]);
    if let (Some(field), Some(name)) = (kind, parts.get(1))
        && let Type::Named { .. } = field.ty
    {
        let blocks = root.get(field.name).and_then(|entry| entry.node.table());
        if !blocks.is_some_and(|blocks| blocks.contains_key(*name)) {
            let known: Vec<&str> = blocks.into_iter().flatten().map(|(n, _)| n.as_str()).collect();
            let kind = field.name;
            problems
                .error(Code::BadPath, key, format!("there is no block [{kind}.{name}] to set"))
                .did_you_mean(name, known.iter().copied())
                .help(match known.as_slice() {
                    [] => format!("the scenario has no [{kind}.…] block"),
                    known => format!("[{kind}.…] blocks: {}", shorten(known)),
                });
            return false;
        }
    }
    true
}

/// Lays the presets below what the blocks say themselves.
pub(crate) fn apply_presets(root: &mut Table) {
    for kind in PresetKind::ALL {
        // The kind of block, the key that names the preset, and the table that it stands below.
        let (block, key, below) = match kind {
            PresetKind::Registry => (Kind::Registry, &registry::PRESET.row, None),
            PresetKind::Egress => (Kind::Egress, &egress::PRESET.row, None),
            PresetKind::Mirror => (Kind::Mirror, &mirror::KIND.row, None),
            PresetKind::Runtime => (Kind::Pool, &pool::RUNTIME.row, Some(pool::CLIENT.row.name)),
        };
        let blocks = root.get_mut(block.text()).map(|entry| &mut entry.node.raw);
        let Some(Raw::Table(blocks)) = blocks else { continue };
        for entry in blocks.values_mut() {
            if let Raw::Table(block) = &mut entry.node.raw {
                apply_preset(block, *kind, key, below);
            }
        }
    }
}

fn apply_preset(block: &mut Table, kind: PresetKind, key: &Field, below: Option<&str>) {
    let chosen = |block: &Table, key: &str| -> Option<String> {
        block.get(key).and_then(|entry| entry.node.raw.text()).map(str::to_owned)
    };
    let default = match key.if_absent {
        IfAbsent::Value(name) => Some(name.to_owned()),
        IfAbsent::Required
        | IfAbsent::None
        | IfAbsent::Same(_)
        | IfAbsent::When(_)
        | IfAbsent::Table => None,
    };
    let name = chosen(block, key.name).or(default);
    let Some(preset) = name.and_then(|name| presets::find(kind, &name)) else { return };
    let readings: Vec<(&str, String)> = preset
        .readings
        .iter()
        .filter_map(|reading| Some((reading.key, chosen(block, reading.key)?)))
        .collect();
    let reading =
        |key: &str| readings.iter().find(|(name, _)| *name == key).map(|(_, word)| word.as_str());
    let origin = Origin::preset(preset.name);
    for value in preset.effective(reading) {
        let path = below.map_or_else(|| value.path.to_owned(), |below| join(below, value.path));
        let parts: Vec<&str> = path.split('.').collect();
        tree::fill(block, tree::nested(&parts, origin, Node::word(value.value, origin)));
    }
}
