//! What holds everywhere in the source, beyond what the compiler and the lints see.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod circles;

use std::fs;
use std::path::{Path, PathBuf};

use pullstorm::model::record::measure;

/// Layers of the crate, ground floor first: each uses only those before it.
const LAYERS: [&str; 10] = [
    "text",
    "words",
    "units",
    "engine",
    "resource",
    "model",
    "scenario",
    "experiment",
    "report",
    "cli",
];

/// Most columns of a line.
const COLUMNS: usize = 100;
/// Most lines of a file.
const FILE_LINES: usize = 700;
/// Most lines of a function.
const FUNCTION_LINES: usize = 80;

/// Files that break a rule of form since before the rule was held: (rule, file). The list only
/// shrinks: a file that keeps the rule again, or is gone, must leave it.
const DEBTS: &[(&str, &str)] = &[];

/// One source file.
struct Source {
    /// Path from the root of the repository, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// Lines of code with their numbers, from 1; comments are left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines.filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(n, it)| (n + 1, it))
    }

    /// The layer that the file belongs to; `None` for the roots of the crates.
    fn layer(&self) -> Option<usize> {
        let inside = self.path.strip_prefix("src/")?;
        let first = inside.split('/').next()?.trim_end_matches(".rs");
        LAYERS.iter().position(|it| *it == first)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with one of `endings` under `folders`, sorted by path.
fn sources(folders: &[&str], endings: &[&str]) -> Vec<Source> {
    let mut found = vec![];
    let mut open: Vec<PathBuf> = folders.iter().map(|it| root().join(it)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let ending = path.extension().and_then(|it| it.to_str()).unwrap_or("");
            if path.is_dir() {
                open.push(path);
            } else if endings.contains(&ending) {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root()).unwrap();
                found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn rust() -> Vec<Source> {
    sources(&["src", "tests", "benches"], &["rs"])
}

/// Fails with everything that is wrong at once.
fn expect_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Holds a rule of form: files with a problem must be in the debts, others must not.
fn hold(rule: &str, problem: impl Fn(&Source) -> Option<String>) {
    expect_none(&unpaid(&rust(), rule, DEBTS, problem));
}

/// What is wrong with the sources by a rule, and with the debts to it.
fn unpaid(
    sources: &[Source],
    rule: &str,
    debts: &[(&str, &str)],
    problem: impl Fn(&Source) -> Option<String>,
) -> Vec<String> {
    let mut wrong = vec![];
    for source in sources {
        let is_debt = debts.contains(&(rule, source.path.as_str()));
        match problem(source) {
            Some(problem) if !is_debt => wrong.push(format!("{}: {problem}", source.path)),
            None if is_debt => wrong.push(format!("{}: keeps the rule; strike it", source.path)),
            Some(_) | None => {}
        }
    }
    let is_gone = |file: &str| sources.iter().all(|it| it.path != file);
    let gone = debts.iter().filter(|it| it.0 == rule && is_gone(it.1));
    wrong.extend(gone.map(|it| format!("{}: is gone; strike it", it.1)));
    wrong
}

#[test]
fn a_debt_that_is_none_any_more_must_leave_the_list() {
    let source = |path: &str| Source { path: path.into(), text: String::new() };
    let sources = ["good", "bad", "owed"].map(source);
    let problem = |it: &Source| (it.path != "good").then(|| "is bad".to_owned());
    let of = |debts: &[(&str, &str)]| unpaid(&sources, "form", debts, problem);
    assert_eq!(of(&[("form", "owed"), ("form", "bad"), ("other", "good")]), [""; 0]);
    assert_eq!(of(&[("form", "owed")]), ["bad: is bad"]);
    assert_eq!(
        of(&[("form", "owed"), ("form", "bad"), ("form", "good"), ("form", "lost")]),
        ["good: keeps the rule; strike it", "lost: is gone; strike it"]
    );
}

/// The names that follow `crate::` in a text: `crate::a::b` is a, `crate::{a::b, c}` is a and c.
fn crate_names(code: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
    };
    let mut names = vec![];
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.push(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (position, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' => start = depth == 0,
                _ if start && letter.is_alphabetic() => {
                    names.push(name(&group[position..]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    names
}

#[test]
fn names_behind_crate_are_found_in_groups_too() {
    let code = "use crate::units::Time; use crate::{model::{a, b}, cli}; pub(crate) fn x()";
    assert_eq!(crate_names(code), ["units", "model", "cli"]);
}

#[test]
fn dependencies_point_down_only() {
    let mut wrong = vec![];
    for source in sources(&["src"], &["rs"]) {
        let Some(layer) = source.layer() else { continue };
        let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
        for name in crate_names(&code.join("\n")) {
            let used = LAYERS.iter().position(|it| *it == name);
            if used.is_some_and(|used| layer < used) {
                wrong.push(format!("{}: {} must not use {name}", source.path, LAYERS[layer]));
            }
        }
    }
    expect_none(&wrong);
}

/// Whether `word` stands in `line` by itself.
fn has_word(line: &str, word: &str) -> bool {
    let part = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
    line.match_indices(word).any(|(at, _)| {
        !part(line[..at].chars().next_back()) && !part(line[at + word.len()..].chars().next())
    })
}

#[test]
fn what_a_layer_must_not_know_it_does_not_mention() {
    let pure = ["serde", "serde_json", "clap", "rayon", "std::fs", "std::thread", "HashMap"];
    let machine = ["std::time", "std::io", "std::env", "indicatif", "plotters", "csv", "toml"];
    let mut wrong = vec![];
    for source in sources(&["src"], &["rs"]) {
        let Some(layer) = source.layer() else { continue };
        let mut banned: Vec<&str> = vec![];
        if layer <= 5 {
            banned.extend(pure.iter().chain(&machine));
        }
        if LAYERS[layer] != "experiment" {
            banned.extend(["rayon", "std::thread::spawn", "std::thread::scope"]);
        }
        if LAYERS[layer] != "cli" {
            banned.extend(["clap", "indicatif"]);
        }
        for (number, line) in source.code() {
            for word in banned.iter().filter(|it| has_word(line, it)) {
                wrong.push(format!(
                    "{}:{number}: {} must not know {word}",
                    source.path, LAYERS[layer]
                ));
            }
        }
    }
    expect_none(&wrong);
}

/// Where text in quotation marks begins with the name of a metric.
fn quoted_metrics(line: &str) -> Vec<&'static str> {
    let begins = |text: &str, name: &str| {
        let end = text.strip_prefix('"').and_then(|it| it.strip_prefix(name));
        end.is_some_and(|it| it.starts_with(['"', '.', ' ', '{']))
    };
    // Names of one word are words of the language too; that nobody reads a metric by them is held
    // by types.
    let names = measure::ALL.iter().map(|it| it.name).filter(|it| it.contains('_'));
    names.filter(|name| line.match_indices('"').any(|(at, _)| begins(&line[at..], name))).collect()
}

#[test]
fn metrics_are_named_by_their_rows_and_not_by_text() {
    let planted = r#"let it = run.find("run", "ready_seconds_p95") + of("limit_units_spent.x");"#;
    assert_eq!(quoted_metrics(planted), ["ready_seconds_p95", "limit_units_spent"]);
    assert!(quoted_metrics("run.find(READY_SECONDS_P95), \"ready p95\"").is_empty());
    // The level of a workload in timeseries.csv has the name of a metric.
    let is_series = |name: &str| name == "pods_ready";
    let mut wrong = vec![];
    for source in sources(&["src"], &["rs"]) {
        if source.path.ends_with("/measure.rs") {
            continue;
        }
        for (number, line) in source.code() {
            for name in quoted_metrics(line).into_iter().filter(|it| !is_series(it)) {
                wrong.push(format!("{}:{number}: name the row of {name}", source.path));
            }
        }
    }
    expect_none(&wrong);
}

#[test]
fn lines_fit_the_page() {
    hold("lines", |source| {
        let is_long = |line: &str| COLUMNS < line.chars().count();
        let lines = source.text.lines().enumerate().filter(|(_, line)| is_long(line));
        let numbers: Vec<String> = lines.map(|(n, _)| (n + 1).to_string()).collect();
        (!numbers.is_empty()).then(|| format!("too long: lines {}", numbers.join(", ")))
    });
}

#[test]
fn files_can_be_read_in_one_sitting() {
    hold("files", |source| {
        let lines = source.text.lines().count();
        (FILE_LINES < lines).then(|| format!("{lines} lines, more than {FILE_LINES}"))
    });
}

#[test]
fn functions_can_be_seen_at_once() {
    hold("functions", |source| {
        let lines: Vec<&str> = source.text.lines().collect();
        let mut long = vec![];
        for (start, line) in lines.iter().enumerate() {
            let indent = &line[..line.len() - line.trim_start().len()];
            let words: Vec<&str> = line.split_whitespace().collect();
            let starts = words.iter().position(|it| *it == "fn").is_some_and(|at| at <= 3);
            if !starts || line.trim_start().starts_with("//") || line.trim_end().ends_with(';') {
                continue;
            }
            let end = format!("{indent}}}");
            let length = lines[start..].iter().position(|it| *it == end).map_or(0, |it| it + 1);
            if FUNCTION_LINES < length {
                long.push(format!("line {} has a function of {length} lines", start + 1));
            }
        }
        (!long.is_empty()).then(|| long.join(", "))
    });
}

/// The files that the modules of `text` stand in, where `path` is the file of `text`: `mod a;` is
/// `a.rs` or `a/mod.rs` beside it, and inside `mod b { … }` both are in the folder `b`.
fn module_files(path: &str, text: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap();
    let is_root = ["main.rs", "lib.rs", "mod.rs"].contains(&name);
    let own = if is_root { folder } else { path.trim_end_matches(".rs") };
    let mut inside: Vec<&str> = vec![];
    let mut files = vec![];
    for line in text.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        inside.truncate(indent / 4);
        let words: Vec<&str> = bare.split_whitespace().collect();
        let Some(at) = words.iter().position(|it| *it == "mod").filter(|at| *at <= 1) else {
            continue;
        };
        let module = words.get(at + 1).copied().unwrap_or("");
        if let Some(module) = module.strip_suffix(';') {
            let place = [&[own], &inside[..], &[module]].concat().join("/");
            files.extend([format!("{place}.rs"), format!("{place}/mod.rs")]);
        } else if bare.ends_with('{') {
            inside.push(module);
        }
    }
    files
}

#[test]
fn modules_are_found_where_the_compiler_finds_them() {
    let text = "mod a;\nmod b {\n    pub(crate) mod c;\n}\npub mod d;\n";
    assert_eq!(
        module_files("tests/main.rs", text),
        ["a", "b/c", "d"]
            .map(|it| [format!("tests/{it}.rs"), format!("tests/{it}/mod.rs")])
            .concat()
    );
    assert_eq!(module_files("src/x/y.rs", "mod z;"), ["src/x/y/z.rs", "src/x/y/z/mod.rs"]);
}

#[test]
fn no_file_is_left_out_of_every_program() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut named = vec!["src/lib.rs".to_owned(), "src/main.rs".into(), "benches/storm.rs".into()];
    let paths = manifest.lines().filter_map(|it| it.strip_prefix("path = \""));
    named.extend(paths.map(|it| it.trim_end_matches('"').to_owned()));
    let all = rust();
    named.extend(all.iter().flat_map(|it| module_files(&it.path, &it.text)));
    let lost = all.iter().filter(|it| !named.contains(&it.path));
    expect_none(&lost.map(|it| format!("{}: no module names it", it.path)).collect::<Vec<_>>());
}

#[test]
fn nothing_is_marked_as_unfinished() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("HA", "CK"),
        concat!("unimple", "mented!"),
        concat!("to", "do!"),
    ];
    let mut wrong = vec![];
    let folders = ["src", "tests", "benches", "scenarios", "output"];
    for source in sources(&folders, &["rs", "toml", "md"]) {
        for (number, line) in source.text.lines().enumerate() {
            for mark in marks.iter().filter(|it| has_word(line, it)) {
                wrong.push(format!("{}:{}: {mark}", source.path, number + 1));
            }
        }
    }
    expect_none(&wrong);
}

#[test]
fn every_scenario_ships_with_the_binary() {
    let mut files: Vec<(String, String)> = sources(&["scenarios"], &["toml"])
        .into_iter()
        .map(|it| {
            let stem = Path::new(&it.path).file_stem().unwrap().to_string_lossy().into_owned();
            (stem, it.text)
        })
        .collect();
    files.sort();
    let mut embedded: Vec<(String, String)> = pullstorm::scenario::library::all()
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    embedded.sort();
    let names = |all: &[(String, String)]| all.iter().map(|it| it.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&files), names(&embedded));
    assert!(files == embedded, "an embedded text differs from its file");
}
