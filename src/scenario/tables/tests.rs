//! Every row of every table reaches the spec, and every word of a list means something of its own.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use super::*;
use crate::model::spec::{Failure, ImagePullPolicy};
use crate::scenario::{Request, Scenario, SourceFile, load};
use crate::words::Words;

/// A scenario in which nearly every key has a meaning.
static ALL: LazyLock<String> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scenario/tables/tests.toml");
    fs::read_to_string(path).expect("it lies beside the tests")
});

/// Keys that the spec does not hold, each with the reason.
const NOT_IN_THE_SPEC: &[(&str, &str)] = &[
    ("workload.*.containers.duration", "is refused: only init containers end"),
    ("title", "names the scenario"),
    ("question", "says what it asks"),
    ("replications", "says how often the spec is run"),
    ("expect", "is asked of the results"),
    ("variant", "is laid over the file before it is read"),
    ("sweep", "makes many files of one"),
];

/// Keys within lists and within tables that stand for a value, which no path leads to: each with a
/// text of the scenario and another one for it.
const WITHIN: &[(&str, &str, &str)] = &[
    ("workload.*.kind", "kind = \"deployment\"\nreplicas = 1\n", "kind = \"daemonset\"\n"),
    ("workload.*.containers", "[{ image = \"c\" }]", "[{ image = \"b\" }]"),
    ("timeline.*.outage.answer.status", "status = 500", "status = 501"),
    ("timeline.*.outage.answer.retry_after", "retry_after = \"1s\"", "retry_after = \"2s\""),
    ("workload.*.containers.image", "[{ image = \"c\" }]", "[{ image = \"b\" }]"),
    (
        "workload.*.containers.image_pull_policy",
        "[{ image = \"a\" }]",
        "[{ image = \"a\", image_pull_policy = \"Never\" }]",
    ),
    ("workload.*.init_containers.image", "[{ image = \"b\", dur", "[{ image = \"c\", dur"),
    (
        "workload.*.init_containers.image_pull_policy",
        "[{ image = \"b\", dur",
        "[{ image = \"b\", image_pull_policy = \"Never\", dur",
    ),
    ("workload.*.init_containers.duration", "duration = \"2s\"", "duration = \"3s\""),
    ("image.*.layers.size", "size = \"5MB\", digest", "size = \"6MB\", digest"),
    ("image.*.layers.digest", "digest = \"sha256:5\"", "digest = \"sha256:6\""),
    ("state.limit.*.spent.ago", "ago = \"10m\"", "ago = \"11m\""),
    ("state.limit.*.spent.units", "units = 3", "units = 4"),
    (
        "state.limit.*.of",
        "[state.limit.fixed]\ncounters = [\"nat#0\"]\n",
        "[state.limit.fixed]\ncounters = [\"nat#0\"]\nof = 60\n",
    ),
    ("fault.*.answer.status", "status = 503", "status = 502"),
    ("fault.*.answer.retry_after", "retry_after = \"7s\"", "retry_after = \"8s\""),
    ("timeline.*.set", "\"pool.p.account\" = \"ci\"", "\"pool.p.account\" = \"other\""),
];

fn loaded(text: &str, sets: Vec<String>) -> Option<Scenario> {
    let file = SourceFile { name: "test.toml".into(), text: text.into() };
    load(&file, &Request { sets, ..Request::default() }).ok().map(|it| it.scenario)
}

fn spec(text: &str, sets: Vec<String>) -> Option<String> {
    loaded(text, sets).map(|it| format!("{:?}", it.spec))
}

/// Every row that holds a value, with its pattern.
fn rows(shape: &'static Shape, path: &str, all: &mut Vec<(String, &'static Field)>) {
    for field in shape.fields {
        let path =
            if path.is_empty() { field.name.into() } else { format!("{path}.{}", field.name) };
        match &field.ty {
            Type::Named { shape, .. } => rows(shape, &format!("{path}.*"), all),
            Type::Table(shape) => rows(shape, &path, all),
            Type::Either { table, .. }
            | Type::List { of: Type::Table(table) | Type::Either { table, .. }, .. } => {
                all.push((path.clone(), field));
                rows(table, &path, all);
            }
            _ => all.push((path, field)),
        }
    }
}

/// The names of the blocks of a kind.
fn names(scenario: &Scenario, kind: Kind) -> BTreeSet<String> {
    let prefix = format!("{}.", kind.text());
    let of_kind = scenario.parameters.iter().filter_map(|it| it.path.strip_prefix(&prefix));
    of_kind.filter_map(|rest| rest.split('.').next()).map(str::to_owned).collect()
}

/// The paths of the scenario that a key can stand at.
fn places(scenario: &Scenario, pattern: &str) -> BTreeSet<String> {
    let (table, key) = pattern.rsplit_once('.').unwrap_or(("", pattern));
    if table.is_empty() {
        return [key.to_owned()].into();
    }
    let wanted: Vec<&str> = table.split('.').collect();
    let tables = scenario.parameters.iter().filter_map(|it| {
        let parts: Vec<&str> = it.path.split('.').take(wanted.len()).collect();
        let fits = parts.len() == wanted.len()
            && wanted.iter().zip(&parts).all(|(want, part)| *want == "*" || want == part);
        fits.then(|| parts.join("."))
    });
    tables.map(|table| format!("{table}.{key}")).collect()
}

/// Values of a type, as `--set` takes them behind a path.
fn values(scenario: &Scenario, ty: &Type) -> Vec<String> {
    let of = |all: &[&str]| all.iter().map(|it| format!("={it}")).collect::<Vec<_>>();
    let lists = |elements: Vec<String>| {
        let one = elements.iter().map(|it| format!("=[\"{}\"]", it.trim_start_matches('=')));
        one.collect::<Vec<_>>()
    };
    match ty {
        Type::Span { .. } => of(&["1s", "20s", "7s", "3h", "0s", "20ms"]),
        Type::Bytes { .. } => of(&["1kB", "90GB", "3MB"]),
        Type::Bandwidth => of(&["1Gbit/s"]),
        Type::Share { .. } => of(&["30%", "0%", "5%"]),
        Type::Integer { .. } => of(&["1", "2", "3", "88", "503", "0"]),
        Type::Milli { .. } => of(&["7", "0.5"]),
        Type::Bool => of(&["true", "false"]),
        Type::Text => of(&["log", "team", "arm64", "new.example", "lab.example/new:1"]),
        Type::Word(words) => of(words),
        Type::Name(kind) => names(scenario, *kind).iter().map(|it| format!("={it}")).collect(),
        Type::Count { .. } => of(&["2", "60%"]),
        Type::Answer => {
            let failures = Failure::TEXTS.iter().map(|it| format!("={it}"));
            failures.chain(["=500".to_owned()]).collect()
        }
        Type::List { of: Type::Share { .. }, .. } => vec!["=[\"25%\", \"75%\"]".to_owned()],
        Type::List { of: Type::Integer { .. }, .. } => vec!["=[1]".to_owned()],
        Type::List { of: Type::Text, .. } => lists(vec!["nat#1".into(), "arm64".into()]),
        Type::List { of: Type::Either { .. }, .. } => vec!["=[\"8MB\"]".to_owned()],
        Type::List { of: Type::Table(_), .. } => vec!["=[]".to_owned()],
        Type::List { of, .. } => lists(values(scenario, of)),
        Type::OneOrMore { of, .. } => values(scenario, of),
        Type::Either { plain, .. } => values(scenario, plain),
        Type::Replace(kind) | Type::Shares(kind) => {
            let all = names(scenario, *kind);
            let right: Vec<String> = match ty {
                Type::Shares(_) => vec!["30%".to_owned()],
                _ => all.iter().cloned().collect(),
            };
            let pair = |left: &String| {
                let right = right.iter().map(|right| format!(".{left}={right}"));
                right.collect::<Vec<_>>()
            };
            all.iter().flat_map(pair).collect()
        }
        Type::Table(_) | Type::Named { .. } | Type::Paths => vec![],
    }
}

#[test]
fn every_row_reaches_the_spec() {
    let scenario = loaded(&ALL, vec![]).expect("the scenario is right");
    let base = format!("{:?}", scenario.spec);
    let mut all = vec![];
    rows(&ROOT, "", &mut all);
    assert!(240 < all.len(), "{}", all.len());
    let mut lost = vec![];
    for (pattern, field) in all {
        let is_named = |it: &&(&str, &str)| it.0 == pattern;
        if NOT_IN_THE_SPEC.iter().any(|it| is_named(&it)) {
            continue;
        }
        if let Some((_, old, new)) = WITHIN.iter().find(|it| it.0 == pattern) {
            let text = ALL.replacen(old, new, 1);
            if spec(&text, vec![]).is_none_or(|other| other == base) {
                lost.push(pattern);
            }
            continue;
        }
        let places = places(&scenario, &pattern);
        let sets = places.iter().flat_map(|place| {
            let values = values(&scenario, &field.ty);
            values.into_iter().map(move |value| format!("{place}{value}"))
        });
        let mut others = sets.filter_map(|set| spec(&ALL, vec![set]));
        if !others.any(|other| other != base) {
            lost.push(pattern);
        }
    }
    assert!(lost.is_empty(), "\n{}", lost.join("\n"));
}

/// Words of one list that mean the same today, each with the reason.
const ALIKE: &[(&str, &str, &str)] = &[
    ("containerd-1.7", "containerd-1.7.34", "a line means its newest version"),
    ("docker", "cri-o", "no runtime reads either yet"),
];

/// Lists of words that no path leads to, or whose words need keys of their own: a text of the
/// scenario, and the text that stands for each word.
fn texts_of_words(pattern: &str) -> Option<Vec<(&'static str, String)>> {
    let policies = |container: &'static str| {
        let with = |it: &&str| format!("{}, image_pull_policy = \"{it}\" ", container.trim_end());
        ImagePullPolicy::TEXTS.iter().map(|it| (container, with(it))).collect()
    };
    match pattern {
        "workload.*.kind" => {
            let deployment = "kind = \"deployment\"\nreplicas = 1\n";
            let job = "kind = \"job\"\ncompletions = 2\nduration = \"5s\"\n";
            let texts = [deployment, "kind = \"daemonset\"\n", job];
            Some(texts.map(|it| (deployment, it.to_owned())).into())
        }
        "workload.*.containers.image_pull_policy" => Some(policies(r#"[{ image = "a" "#)),
        "workload.*.init_containers.image_pull_policy" => {
            Some(policies(r#"[{ image = "b", duration = "2s" "#))
        }
        _ => None,
    }
}

/// The specs of each word of a list at one place, where it can stand there.
fn specs_of_words(scenario: &Scenario, pattern: &str, ty: &Type) -> Vec<Vec<Option<String>>> {
    if let Some(texts) = texts_of_words(pattern) {
        return vec![
            texts.iter().map(|(old, new)| spec(&ALL.replacen(old, new, 1), vec![])).collect(),
        ];
    }
    let of_place = |place: &String| -> Vec<Option<String>> {
        let words = values(scenario, ty).into_iter();
        words.map(|value| spec(&ALL, vec![format!("{place}{value}")])).collect()
    };
    places(scenario, pattern).iter().map(of_place).collect()
}

#[test]
fn each_two_words_of_a_list_are_two_specs() {
    let scenario = loaded(&ALL, vec![]).expect("the scenario is right");
    let mut all = vec![];
    rows(&ROOT, "", &mut all);
    let (mut alike, mut lists) = (vec![], 0);
    for (pattern, field) in all {
        let words: &[&str] = match &field.ty {
            Type::Word(words) | Type::List { of: Type::Word(words), .. } => words,
            Type::Either { plain: Type::Answer, .. } => Failure::TEXTS,
            _ => continue,
        };
        lists += 1;
        let specs = specs_of_words(&scenario, &pattern, &field.ty);
        for (at, one) in words.iter().enumerate() {
            for (behind, other) in words.iter().enumerate().skip(at + 1) {
                if ALIKE.iter().any(|it| (it.0, it.1) == (*one, *other)) {
                    continue;
                }
                let differ = |specs: &Vec<Option<String>>| {
                    specs[at].is_some() && specs[behind].is_some() && specs[at] != specs[behind]
                };
                if !specs.iter().any(differ) {
                    alike.push(format!("{pattern}: {one} and {other}"));
                }
            }
        }
    }
    assert!(15 < lists, "{lists}");
    assert!(alike.is_empty(), "\n{}", alike.join("\n"));
}
