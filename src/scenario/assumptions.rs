//! What a scenario takes for granted and nobody could verify: every value of a preset and every
//! default that is a best reading and in force, with its other readings.
//!
//! Whoever writes a value has decided, so a value from a file, a variant or a flag is no
//! assumption. Equal values that rest on the same ground are one assumption, and a reading changes
//! them together: the config of every image, the law of both pull quotas of Docker Hub.

use std::collections::{BTreeMap, BTreeSet};

use super::field::{Field, IfAbsent, Relation, Source, Unverified};
use super::presets::{self, Doubt, Preset, PresetKind};
use super::tables::{field_at, pattern, shape_of};
use super::{Parameter, Scenario};
use crate::words::Words;

/// One assumption with its other readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The path, where there is one. Of several, what they have in common: `image.*.config` (all
    /// blocks in which it is an assumption), `registry.hub.limit.{a,b}.law`.
    pub label: String,
    /// The paths of which the value is an assumption, in order.
    pub paths: Vec<String>,
    /// The value in force, in the units of the readings.
    pub value: String,
    /// The other plausible readings, each as `--set path=reading` takes it.
    pub readings: Vec<String>,
    /// Why these.
    pub why: String,
    /// Where the value is from; empty where nothing is known.
    pub source: &'static str,
    ground: Ground,
}

/// What a value rests on: where two are equal, the same fact is behind both.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ground {
    /// The path with `*` for the names of blocks.
    pattern: String,
    preset: Option<&'static str>,
    value: String,
    source: &'static str,
    why: String,
}

/// Why nobody could verify a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doubtful {
    /// Its default is a best reading.
    Default(&'static Field, Unverified),
    /// The preset's value is.
    Preset(&'static Preset, Doubt),
}

/// Why nobody could verify a parameter, if it is a best reading and nobody has set another.
pub(super) fn ground(parameter: &Parameter) -> Option<Doubtful> {
    if parameter.origin == "default" {
        let field = field_at(&parameter.path)?;
        return Some(Doubtful::Default(field, field.unverified?));
    }
    let (preset, key) = preset_key(parameter)?;
    Some(Doubtful::Preset(preset, preset.doubt(key)?))
}

/// The preset that a parameter is from, and the key below its block.
fn preset_key(parameter: &Parameter) -> Option<(&'static Preset, &str)> {
    let name = parameter.origin.strip_prefix("preset ")?;
    let (kind, rest) = parameter.path.split_once('.')?;
    let (_, key) = rest.split_once('.')?;
    match kind {
        "pool" => Some((presets::find(PresetKind::Runtime, name)?, key.strip_prefix("client.")?)),
        kind => Some((presets::find(PresetKind::parse(kind)?, name)?, key)),
    }
}

impl Scenario {
    /// Every assumption of this scenario that nobody could verify, with its other readings, in the
    /// order of their labels.
    pub fn assumptions(&self) -> Vec<Assumption> {
        Assumption::of(&[self])
    }
}

impl Assumption {
    /// The assumptions of several variants of one scenario together: what one of them takes for
    /// granted stands here, whether or not the others do.
    pub fn of(scenarios: &[&Scenario]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for found in scenarios.iter().flat_map(|it| Parameters::of(it).assumptions()) {
            let Some(known) = all.iter_mut().find(|it| it.ground == found.ground) else {
                all.push(found);
                continue;
            };
            known.paths.extend(found.paths);
            for reading in found.readings {
                if !known.readings.contains(&reading) {
                    known.readings.push(reading);
                }
            }
        }
        for one in &mut all {
            one.paths.sort();
            one.paths.dedup();
            one.label = label(&one.paths);
        }
        all.sort_by(|a, b| a.label.cmp(&b.label));
        all
    }

    /// What to set so that this reading is in force in a scenario: `path=reading` for each path of
    /// which it is an assumption there. Nothing where it is none.
    pub fn sets(&self, reading: &str, scenario: &Scenario) -> Vec<String> {
        let found = Parameters::of(scenario).assumptions();
        let same = found.iter().filter(|it| it.ground == self.ground);
        same.filter(|it| it.readings.iter().any(|it| it == reading))
            .flat_map(|it| &it.paths)
            .map(|path| format!("{path}={reading}"))
            .collect()
    }

    fn resting_on(ground: Ground, path: String, readings: Vec<String>) -> Self {
        Self {
            label: path.clone(),
            paths: vec![path],
            value: ground.value.clone(),
            readings,
            why: ground.why.clone(),
            source: ground.source,
            ground,
        }
    }
}

/// What several paths have in common. Names of blocks that differ are `*`; others stand in braces,
/// for a preset can say other things of their neighbours.
fn label(paths: &[String]) -> String {
    let parts: Vec<Vec<&str>> = paths.iter().map(|it| it.split('.').collect()).collect();
    let length = parts.iter().map(Vec::len).min().unwrap_or(0);
    let at = |position: usize| -> String {
        let names: BTreeSet<&str> = parts.iter().map(|it| it[position]).collect();
        match (position, Vec::from_iter(names).as_slice()) {
            (_, [name]) => (*name).to_owned(),
            (1, _) => "*".to_owned(),
            (_, names) => format!("{{{}}}", names.join(",")),
        }
    };
    (0..length).map(at).collect::<Vec<_>>().join(".")
}

/// The effective parameters of a scenario by path.
struct Parameters<'a>(BTreeMap<&'a str, &'a Parameter>);

impl<'a> Parameters<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        Self(scenario.parameters.iter().map(|it| (it.path.as_str(), it)).collect())
    }

    /// One assumption for each path; each path once.
    fn assumptions(&self) -> Vec<Assumption> {
        let mut seen = BTreeSet::new();
        let found = self.0.values().filter_map(|it| match ground(it)? {
            Doubtful::Default(field, unverified) => {
                let source = field.source.map_or("", |Source { text, .. }| text);
                let value = match field.if_absent {
                    IfAbsent::Value(value) => value,
                    _ => &it.value,
                };
                Some(one(&it.path, None, value, unverified, source))
            }
            Doubtful::Preset(preset, Doubt::Value(value)) => {
                let path = format!("{}{}", base(it)?, value.path);
                let (unverified, source) = (value.unverified?, value.source.text);
                self.is_untouched(&path)
                    .then(|| one(&path, Some(preset.name), value.value, unverified, source))
            }
            Doubtful::Preset(preset, Doubt::Choice(key)) => {
                self.choice(preset, key, base(it)?.as_str())
            }
        });
        found
            .filter(|it| seen.insert(it.paths.clone()))
            .filter_map(|it| self.in_force(it))
            .collect()
    }

    /// A key that chooses between readings, where nobody wrote it and it chooses something.
    fn choice(&self, preset: &'static Preset, key: &str, base: &str) -> Option<Assumption> {
        let path = format!("{base}{key}");
        let first = preset.choices(key).next()?;
        let chosen = first.values.iter().any(|it| self.is_untouched(&format!("{base}{}", it.path)));
        if self.0.contains_key(&*path) || !chosen {
            return None;
        }
        let others = || preset.choices(key).skip(1);
        let why: Vec<String> = others().map(|it| format!("{}: {}", it.word, it.why)).collect();
        let readings = others().map(|it| it.word.to_owned()).collect();
        let ground = Ground {
            pattern: pattern(&path),
            preset: Some(preset.name),
            value: first.word.to_owned(),
            source: first.why,
            why: why.join("; "),
        };
        Some(Assumption::resting_on(ground, path, readings))
    }

    /// Whether a value is there, and nobody wrote it or a part of it.
    fn is_untouched(&self, path: &str) -> bool {
        let below = format!("{path}.");
        let is_at = |it: &str| it == path || it.starts_with(&below);
        let mut here = self.0.values().filter(|it| is_at(&it.path)).peekable();
        here.peek().is_some() && here.all(|it| !is_written(it))
    }

    /// An assumption without the readings that mean nothing beside the scenario's other values;
    /// `None` where no reading is left.
    fn in_force(&self, mut found: Assumption) -> Option<Assumption> {
        let path = found.paths.first()?;
        let (table, _) = path.rsplit_once('.')?;
        let beside = |key: &str| self.0.get(&*format!("{table}.{key}")).copied();
        let matters = match field_at(path).and_then(|field| field.relation) {
            Some(Relation::With { key, words, .. }) => {
                beside(key).is_some_and(|it| words.contains(&&*it.value))
            }
            Some(Relation::Beside { key, .. } | Relation::Needs { key, .. }) => {
                beside(key).is_some()
            }
            None => true,
        };
        let spread = found.ground.pattern == "egress.*.choose";
        // Keys that go with a word keep it.
        for (other, words) in goes_with(path) {
            if beside(other).is_some_and(is_written) {
                found.readings.retain(|it| words.contains(&&**it));
            }
        }
        let matters = matters && (!spread || self.can_have_addresses(table));
        (matters && !found.readings.is_empty()).then_some(found)
    }

    /// Whether an egress has several addresses, or may get them during a run.
    fn can_have_addresses(&self, egress: &str) -> bool {
        let change = format!(".set.{egress}.addresses");
        self.0.get(&*format!("{egress}.addresses")).is_some_and(|it| it.value != "1")
            || self.0.keys().any(|it| it.ends_with(&change))
    }
}

/// The keys that mean something only with some words of the key at a path, and those words.
fn goes_with(path: &str) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let key = path.rsplit('.').next().unwrap_or_default().to_owned();
    let fields = shape_of(path).map(|shape| shape.fields).unwrap_or_default();
    fields.iter().filter_map(move |field| match field.relation {
        Some(Relation::With { key: other, words, .. }) if other == key => Some((field.name, words)),
        Some(Relation::With { .. } | Relation::Beside { .. } | Relation::Needs { .. }) | None => {
            None
        }
    })
}

/// Whether somebody wrote it: in the file, a variant or a flag.
fn is_written(parameter: &Parameter) -> bool {
    parameter.origin != "default" && preset_key(parameter).is_none()
}

/// The path of the block that a preset's value stands in, with the dot.
fn base(parameter: &Parameter) -> Option<String> {
    let (_, key) = preset_key(parameter)?;
    parameter.path.strip_suffix(key).map(str::to_owned)
}

fn one(
    path: &str,
    preset: Option<&'static str>,
    value: &str,
    unverified: Unverified,
    source: &'static str,
) -> Assumption {
    let ground = Ground {
        pattern: pattern(path),
        preset,
        value: value.to_owned(),
        source,
        why: unverified.why.to_owned(),
    };
    let readings = unverified.readings.iter().map(|it| (*it).to_owned()).collect();
    Assumption::resting_on(ground, path.to_owned(), readings)
}

#[cfg(test)]
mod tests {
    use super::super::field::{Shape, Type};
    use super::super::tables::ROOT;
    use super::super::{Request, SourceFile, load};
    use super::*;

    /// A scenario in which every default that nobody could verify is in force.
    const ALL_DEFAULTS: &str = r#"
        [registry.r]
        host = "r.example"
        [egress.nat]
        addresses = 2
        [egress.nat.ports]
        count = 100
        [pool.p]
        nodes = 1
        egress = "nat"
        disk = { capacity = "100GB" }
        [image.i]
        reference = "r.example/i:1"
        platforms = ["amd64", "arm64"]
        layers = ["1MB"]
        [workload.w]
        kind = "deployment"
        pool = "p"
        replicas = 1
        containers = [{ image = "i" }]
        [mirror.m]
        kind = "distribution-3"
        upstream = "r"
        egress = "nat"
        [registry.r.limit.l]
        for = "everyone"
        key = "registry"
        law = "sliding-log"
        allow = 10
        window = "1h"
        weight = { platform = 1 }
        [state.limit.l]
        remaining = 5
        [timeline.canary]
        canary = { workload = "w" }
        [timeline.restart]
        restart_mirror = { mirror = "m" }
    "#;

    fn load_with(text: &str, sets: Vec<String>) -> Scenario {
        let file = SourceFile { name: "test.toml".into(), text: text.into() };
        let request = Request { sets, ..Request::default() };
        load(&file, &request).unwrap_or_else(|problems| panic!("{problems}")).scenario
    }

    /// The same scenario with a preset.
    fn with_preset(preset: &Preset) -> String {
        let name = preset.name;
        let host = preset.values.iter().find(|it| it.path == "host").map(|it| it.value);
        match preset.kind {
            PresetKind::Registry => ALL_DEFAULTS
                .replacen("host = \"r.example\"", &format!("preset = \"{name}\""), 1)
                .replace("r.example", host.unwrap_or_default()),
            PresetKind::Egress => ALL_DEFAULTS
                .replacen("[egress.nat]", &format!("[egress.nat]\npreset = \"{name}\""), 1)
                .replace("[egress.nat.ports]", "")
                .replace("count = 100", ""),
            PresetKind::Mirror => ALL_DEFAULTS.replacen("distribution-3", name, 1),
            PresetKind::Runtime => {
                ALL_DEFAULTS.replacen("nodes = 1", &format!("nodes = 1\nruntime = \"{name}\""), 1)
            }
        }
    }

    /// The patterns of every key whose default nobody could verify.
    fn unverified_keys(shape: &'static Shape, path: &str, found: &mut Vec<String>) {
        for field in shape.fields {
            let path = format!("{path}{}", field.name);
            if field.unverified.is_some() {
                found.push(path.clone());
            }
            match field.ty {
                Type::Table(shape) => unverified_keys(shape, &format!("{path}."), found),
                Type::Named { shape, .. } => unverified_keys(shape, &format!("{path}.*."), found),
                _ => {}
            }
        }
    }

    /// Puts every reading in force, and holds that each is one of another value.
    fn hold_readings(text: &str) -> Vec<Assumption> {
        let scenario = load_with(text, vec![]);
        let all = scenario.assumptions();
        for it in &all {
            assert!(!it.readings.is_empty() && !it.why.is_empty(), "{}", it.label);
            let mut known = vec![format!("{:?}", scenario.spec)];
            for reading in &it.readings {
                let spec = load_with(text, it.sets(reading, &scenario)).spec;
                let spec = format!("{spec:?}");
                assert!(!known.contains(&spec), "{}: {reading} is no other reading", it.label);
                known.push(spec);
            }
        }
        all
    }

    #[test]
    fn every_default_that_nobody_could_verify_has_readings_which_load() {
        let mut keys = vec![];
        unverified_keys(&ROOT, "", &mut keys);
        let held = hold_readings(ALL_DEFAULTS);
        let held: Vec<&str> = held.iter().map(|it| &*it.ground.pattern).collect();
        assert!(15 < keys.len());
        for key in keys {
            assert!(held.contains(&&*key), "{key}");
        }
    }

    #[test]
    fn every_value_of_a_preset_that_nobody_could_verify_has_readings_which_load() {
        for preset in presets::all() {
            let mut text = with_preset(preset);
            let mut held = hold_readings(&text);
            if preset.name == "docker-hub" {
                text = text.replacen("[egress", "limit.token-requests.enabled = true\n[egress", 1);
                held.extend(hold_readings(&text));
            }
            let paths: Vec<&String> = held.iter().flat_map(|it| &it.paths).collect();
            let values = preset.values.iter().filter(|it| it.unverified.is_some());
            let choices = preset.readings.iter().map(|it| it.key);
            for key in values.map(|it| it.path).chain(choices) {
                assert!(paths.iter().any(|it| it.ends_with(&format!(".{key}"))), "{key}");
            }
        }
    }

    #[test]
    fn a_reading_without_meaning_is_not_there() {
        let has = |text: &str, label: &str| {
            load_with(text, vec![]).assumptions().iter().any(|it| it.label == label)
        };
        let disk = "disk = { capacity = \"100GB\" }";
        assert!(has(ALL_DEFAULTS, "pool.p.disk.unpacked_ratio"));
        assert!(!has(&ALL_DEFAULTS.replace(disk, ""), "pool.p.disk.unpacked_ratio"));
        let ipv6 = ALL_DEFAULTS.replace("addresses = 2", "kind = \"ipv6\"");
        assert!(has(ALL_DEFAULTS, "egress.nat.choose"));
        assert!(!has(&ipv6, "egress.nat.choose"));
        let one = ALL_DEFAULTS.replace("addresses = 2", "");
        let set = "[timeline.more]\nset = { \"egress.nat.addresses\" = 4 }";
        assert!(!has(&one, "egress.nat.choose"));
        assert!(has(&format!("{one}{set}"), "egress.nat.choose"));

        let ecr = with_preset(presets::find(PresetKind::Registry, "ecr-public").unwrap());
        let limit = "registry.r.limit.ecr-public-pulls";
        for (written, law, burst) in [
            ("", true, true),
            ("burst = 3", false, false),
            ("law = \"fixed-window\"", false, false),
        ] {
            let text = format!("{ecr}\n[{limit}]\n{written}");
            assert_eq!(has(&text, &format!("{limit}.law")), law, "{written}");
            assert_eq!(has(&text, &format!("{limit}.burst")), burst, "{written}");
            hold_readings(&text);
        }
    }

    #[test]
    fn labels_say_what_paths_have_in_common() {
        for (paths, expected) in [
            (vec!["pool.a.boot"], "pool.a.boot"),
            (vec!["pool.a.boot", "pool.b.boot"], "pool.*.boot"),
            (
                vec!["registry.r.limit.a.law", "registry.r.limit.b.law"],
                "registry.r.limit.{a,b}.law",
            ),
        ] {
            let paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
            assert_eq!(label(&paths), expected);
        }
    }
}
