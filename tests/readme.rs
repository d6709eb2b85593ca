//! What the documents say is so: commands, the example, the output shown, files, events, reasons.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::Folder;
use pullstorm::model::record::measure::{self, Name};
use pullstorm::model::words::cause::Cause;
use pullstorm::scenario::{Request, SourceFile, library, load, reference};

/// The page of the scenario language, which is printed from the tables.
const LANGUAGE: &str = "docs/scenario-language.md";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The fenced blocks of a Markdown text in this language.
fn blocks<'a>(markdown: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    let block = |rest: &'a str| rest.split("\n```").next().unwrap();
    markdown.split(&fence).skip(1).map(block).collect()
}

/// The first fenced block in this language that begins so.
fn block_with<'a>(markdown: &'a str, language: &str, start: &str) -> &'a str {
    let found = blocks(markdown, language).into_iter().find(|it| it.starts_with(start));
    found.unwrap_or_else(|| panic!("no {language} block begins with {start}"))
}

/// What stands between backticks within a line, outside of fenced blocks.
fn code_spans(markdown: &str) -> Vec<&str> {
    let mut is_fenced = false;
    let mut spans = vec![];
    for line in markdown.lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced {
            spans.extend(line.split('`').skip(1).step_by(2));
        }
    }
    spans
}

fn expect_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The scenario that the README tells its readers to save.
fn example() -> SourceFile {
    let readme = read("README.md");
    let [text] = blocks(&readme, "toml")[..] else { panic!("the README has one scenario") };
    SourceFile { name: "upgrade.toml".into(), text: format!("{text}\n") }
}

fn pullstorm(arguments: &[&str]) -> (Option<i32>, String) {
    let command = Command::new(env!("CARGO_BIN_EXE_pullstorm")).args(arguments).output().unwrap();
    (command.status.code(), String::from_utf8(command.stdout).unwrap())
}

#[test]
fn the_two_commands_of_the_first_screen_are_what_the_check_runs() {
    let (readme, check) = (read("README.md"), read(".ci/run"));
    let commands = blocks(&readme, "sh");
    assert_eq!(commands[..2], ["cargo run --release", "cargo test"]);
    for command in &commands[..2] {
        let locked = format!("{command} --locked");
        assert!(check.lines().any(|line| line.starts_with(&locked)), "{locked}");
    }
    let last = check.lines().last();
    assert_eq!(last, Some("cargo test --locked"), "the check ends with the test runner's summary");
}

#[test]
fn the_example_loads_with_all_of_its_variants_and_without_a_warning() {
    let loaded = load(&example(), &Request::default()).unwrap_or_else(|it| panic!("{it}"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(loaded.scenario.variants.len(), 2);
}

#[test]
fn the_mistake_shown_is_told_so() {
    let mut file = example();
    file.text = file.text.replacen("nodes   = 60", "nodse   = 60", 1);
    let problems = load(&file, &Request::default()).unwrap_err().render(false);
    let readme = read("README.md");
    let shown = block_with(&readme, "text", "error");
    assert!(problems.contains(shown), "shown:\n{shown}\nin fact:\n{problems}");
}

#[test]
fn the_commands_about_the_example_do_what_the_text_says() {
    let folder = Folder::new("readme/example");
    let out = folder.path("");
    let path = format!("{out}/upgrade.toml");
    fs::write(&path, example().text).unwrap();
    let readme = read("README.md");
    let commands = block_with(&readme, "sh", "cargo run --release -- check upgrade.toml");
    let mut codes = vec![];
    for line in commands.lines() {
        let arguments = line.strip_prefix("cargo run --release -- ").unwrap();
        let mut arguments: Vec<&str> = arguments.split(' ').collect();
        for it in &mut arguments {
            if *it == "upgrade.toml" {
                *it = &path;
            }
        }
        if arguments[0] == "run" {
            arguments.extend(["--no-charts", "--out", &out]);
        }
        codes.push(pullstorm(&arguments).0);
    }
    // The base fails its expectations; two addresses, or fewer nodes, meet them.
    assert_eq!(codes, [Some(0), Some(4), Some(0), Some(0)]);
    let (code, _) =
        pullstorm(&["run", &path, "--variant", "pull-secret", "--no-charts", "--out", &out]);
    assert_eq!(code, Some(0));
}

#[test]
fn the_output_shown_is_the_programs() {
    let readme = read("README.md");
    let shown = block_with(&readme, "text", "pullstorm ");
    let folder = Folder::new("readme/output");
    let out = folder.path("");
    let (_, printed) = pullstorm(&["--no-charts", "--out", &out]);
    let mut lines = printed.lines();
    for line in shown.lines().filter(|line| *line != "…") {
        let found = lines.any(|it| it.trim_end() == line);
        assert!(found, "`{line}` is not in, or not in this order in\n{printed}");
    }
}

#[test]
fn the_answer_shown_is_the_programs() {
    let readme = read("README.md");
    let shown = block_with(&readme, "text", "if nothing is done");
    let (_, printed) = pullstorm(&["what-now", "mid-storm"]);
    let mut lines = printed.lines();
    for line in shown.lines().filter(|line| *line != "…") {
        assert!(
            lines.any(|it| it.trim_end() == line),
            "`{line}` is not, or not here, in\n{printed}"
        );
    }
}

/// What the README shows of the three verbs is what they print.
#[test]
#[ignore = "a thousand replications"]
fn the_answers_of_the_three_verbs_are_the_programs() {
    let readme = read("README.md");
    let folder = Folder::new("readme/verbs");
    let out = folder.path("");
    for (verb, start) in
        [("compare", "RANKING"), ("sweep", "the expectations"), ("solve", "pool.workers.nodes")]
    {
        let command = block_with(&readme, "sh", &format!("cargo run --release -- {verb} "));
        let arguments = command.strip_prefix("cargo run --release -- ").unwrap();
        let mut arguments: Vec<&str> = arguments.split(' ').collect();
        arguments.extend(["--no-charts", "--quiet", "--out", &out]);
        let (_, printed) = pullstorm(&arguments);
        let mut lines = printed.lines();
        for line in block_with(&readme, "text", start).lines().filter(|line| *line != "…") {
            let found = lines.any(|it| it.trim_end() == line);
            assert!(found, "`{line}` is not in, or not in this order in\n{printed}");
        }
    }
}

#[test]
fn the_columns_and_metrics_named_are_those_of_the_files() {
    let folder = Folder::new("readme/columns");
    let out = folder.path("");
    let path = format!("{out}/upgrade.toml");
    fs::write(&path, example().text).unwrap();
    let arguments =
        ["run", &path, "--requests", "--replications", "2", "--no-charts", "--out", &out];
    pullstorm(&arguments);
    let readme = read("README.md");
    let mut wrong = vec![];
    for file in ["summary", "timeseries", "pulls", "pods", "requests"] {
        let text = fs::read_to_string(format!("{out}/upgrade/{file}.csv")).unwrap();
        let row = format!("| `{file}.csv` |");
        let row = readme.lines().find(|line| line.starts_with(&row)).unwrap_or("");
        let named: Vec<&str> = code_spans(row).into_iter().skip(1).collect();
        let columns: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        for column in columns.iter().filter(|it| !named.contains(it)) {
            wrong.push(format!("README.md does not name column {column} of {file}.csv"));
        }
    }
    let summary = fs::read_to_string(format!("{out}/upgrade/summary.csv")).unwrap();
    let mut found = BTreeSet::new();
    for line in summary.lines().skip(1) {
        let [metric, scope, unit] = line.split(',').take(3).collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let info = Name::parse(metric).unwrap_or_else(|| panic!("{metric} is unknown")).info();
        found.insert(info.name);
        let kind = scope.split('.').next().unwrap();
        if info.unit.text() != unit || !info.of.has(kind) {
            wrong.push(format!("the unit or scopes of {metric} are wrong"));
        }
    }
    for it in measure::ALL.iter().filter(|it| !found.contains(it.name)) {
        wrong.push(format!("an expectation can name {}, which no run reports", it.name));
    }
    wrong.dedup();
    expect_none(&wrong);
}

#[test]
fn the_table_of_metrics_is_the_catalogue() {
    let mut table = String::from("| metric | unit | what it is | scopes | absent where |\n");
    table += "|---|---|---|---|---|\n";
    for it in measure::ALL {
        let scopes: Vec<&str> = it.of.scopes().iter().map(|it| it.text()).collect();
        let (unit, scopes, absent) = (it.unit.text(), scopes.join(", "), it.absence.text());
        writeln!(table, "| `{}` | {unit} | {} | {scopes} | {absent} |", it.form(), it.doc).unwrap();
    }
    holds_table("### Metrics", &table);
}

#[test]
fn the_table_of_causes_is_their_list() {
    let mut table = String::from("| cause | what happened |\n|---|---|\n");
    for it in Cause::FIXED {
        writeln!(table, "| `{}` | {} |", it.label, it.doc).unwrap();
    }
    holds_table("### Causes", &table);
}

/// The first table of README.md behind `heading` is `table`.
fn holds_table(heading: &str, table: &str) {
    let readme = read("README.md");
    let from = readme.find(heading).unwrap();
    let from = from + readme[from..].find("\n| ").unwrap() + 1;
    let to = from + readme[from..].find("\n\n").unwrap() + 1;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(root().join("README.md"), [&readme[..from], table, &readme[to..]].concat())
            .unwrap();
        return;
    }
    assert_eq!(&readme[from..to], table, "UPDATE_GOLDEN=1 writes README.md anew");
}

#[test]
fn files_and_events_that_documents_name_exist() {
    let events = read("src/model/mod.rs");
    let mut wrong = vec![];
    let documents = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "deploy/README.md",
        "notebooks/README.md",
    ];
    for document in documents {
        let text = read(document);
        for span in code_spans(&text) {
            let folders = ["src/", "tests/", "scenarios/", "benches/", "docs/", ".ci/", "deploy/"];
            let is_path = folders.iter().any(|it| span.starts_with(it)) && !span.contains('*')
                || span == "output/README.md";
            if is_path && !root().join(span).exists() {
                wrong.push(format!("{document}: there is no {span}"));
            }
            if let Some(event) = span.strip_prefix("Event::")
                && !events.contains(&format!("    {event} {{"))
                && !events.contains(&format!("    {event},"))
            {
                wrong.push(format!("{document}: there is no event {event}"));
            }
        }
        let folder = root().join(document).parent().unwrap().to_owned();
        let links = text.split("](").skip(1).map(|it| it.split(')').next().unwrap());
        for link in links.filter(|it| !it.starts_with('#') && !it.contains("://")) {
            // A picture of a scenario is drawn once the scenario ships.
            let picture = link.strip_prefix("output/").and_then(|it| it.strip_suffix(".svg"));
            let is_due = |name: &str| library::all().iter().any(|it| name.starts_with(it.0));
            if picture.is_none_or(is_due) && !folder.join(link).exists() {
                wrong.push(format!("{document}: the link {link} leads nowhere"));
            }
        }
    }
    expect_none(&wrong);
}

#[test]
fn every_event_and_every_purpose_is_told_in_the_architecture() {
    let (source, text) = (read("src/model/mod.rs"), read("ARCHITECTURE.md"));
    let body = source.split("pub(crate) enum Purpose {").nth(1).unwrap();
    let mut wrong = vec![];
    for line in body.lines().take_while(|line| *line != "}").filter(|it| it.contains(" = ")) {
        let purpose = line.split('=').next().unwrap().trim();
        if !text.contains(&format!("| `{purpose}` |")) {
            wrong.push(format!("ARCHITECTURE.md does not tell what {purpose} is for"));
        }
    }
    expect_none(&wrong);
}

#[test]
fn every_dependency_has_its_reason() {
    let (manifest, text) = (read("Cargo.toml"), read("CONTRIBUTING.md"));
    let reasons = text.split("## Dependencies").nth(1).unwrap();
    let mut wrong = vec![];
    for section in ["\n[dependencies]\n", "\n[dev-dependencies]\n"] {
        let rest = manifest.split(section).nth(1).unwrap();
        for line in rest.lines().take_while(|line| !line.starts_with('[')) {
            let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with([' ', '#']))
            else {
                continue;
            };
            if !reasons.contains(&format!("| `{name}` |")) {
                wrong.push(format!("CONTRIBUTING.md gives no reason for {name}"));
            }
        }
    }
    expect_none(&wrong);
}

#[test]
fn documents_keep_their_length() {
    for (document, most) in [("ARCHITECTURE.md", 300), ("CONTRIBUTING.md", 150)] {
        let lines = read(document).lines().count();
        assert!(lines <= most, "{document} has {lines} lines, more than {most}");
    }
}

#[test]
fn the_page_of_the_language_is_that_of_the_tables() {
    let page = reference();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(root().join("docs")).unwrap();
        fs::write(root().join(LANGUAGE), &page).unwrap();
    }
    let written = fs::read_to_string(root().join(LANGUAGE)).unwrap_or_default();
    let first = written.lines().zip(page.lines()).position(|(a, b)| a != b);
    assert!(
        written == page,
        "{LANGUAGE} is not what the tables say (line {:?}); \
         `UPDATE_GOLDEN=1 cargo test readme::` writes it anew",
        first.map(|it| it + 1)
    );
}

#[test]
fn every_root_cause_is_told() {
    let readme = read("README.md");
    for rule in pullstorm::experiment::diagnosis::rules::RULES {
        assert!(readme.contains(&format!("| `{}` |", rule.id)), "README.md lacks {}", rule.id);
    }
}

#[test]
fn every_scenario_is_listed() {
    let readme = read("README.md");
    for (name, _) in pullstorm::scenario::library::all() {
        assert!(readme.contains(&format!("| `{name}` |")), "README.md lacks {name}");
    }
}
