//! A scenario that would act on whoever reads of it: escape sequences, control and bidirectional
//! characters, HTML and Markdown in everything that takes text.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::fs;
use std::process::{Command, Output};

use crate::support::Folder;

/// As a string of TOML: clears a screen, rings, turns direction, ends a line, begins markup.
const TEXT: &str = r"A\u001b[2J\u0007\u009b31m\u202e\u2066\r\n<img src=x onerror=a> \
[b](javascript:c) `d` &lt; | <!-- \u000b";

/// A small cluster that anonymous pulls of a mirror's upstream suffice for.
fn scenario(text: &str) -> String {
    let text = text.replace("\\\n", "");
    format!(
        r#"
title = "{text}"
question = "{text}"
horizon = "10m"
seed = 1
replications = 2
[registry.r]
host = "r.example"
preset = "docker-hub"
[egress.nat]
[mirror.m]
kind = "distribution-3"
upstream = "r"
egress = "nat"
filled = {{ images = ["a"] }}
[pool.w]
nodes = 3
egress = "nat"
[image.a]
reference = "r.example/a:1"
layers = ["1kB"]
[workload.agent]
kind = "daemonset"
pool = "w"
containers = [{{ image = "a" }}]
[timeline.rollout]
at = "1m"
replace_nodes = {{ pool = "w", batch = 1, every = "1m" }}
[expect]
pods_never_ready = "== 0"
[variant.more]
title = "{text}"
pool.w.nodes = 4
[variant.far]
title = "{text}"
registry.r.rtt = "90ms"
"#
    )
}

/// The name of the file: it stands in headings, lines about files and messages.
const NAME: &str = "e[2J\u{202e}vil.toml";

/// A folder with two hostile files.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(&format!("hostile/{name}"));
    folder.write(NAME, &scenario(TEXT));
    folder.write("other.toml", &scenario(TEXT));
    folder
}

fn pullstorm(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pullstorm"))
        .current_dir(&**folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// Characters that act on a terminal, ends of lines apart.
fn acting(text: &str) -> Vec<char> {
    let acts = |c: &char| {
        c.is_control() && *c != '\n'
            || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(acts).collect()
}

/// What stands on both streams; it must not act on a terminal.
fn harmless(folder: &Folder, arguments: &[&str]) -> String {
    let it = pullstorm(folder, arguments);
    let text = [it.stdout, it.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    assert_eq!(acting(&text), [], "{arguments:?}:\n{}", text.escape_debug());
    assert!(!text.is_empty() && !text.contains("panicked"), "{arguments:?}: {text}");
    text
}

/// Every verb that reads a scenario, less its form.
fn verbs() -> Vec<Vec<&'static str>> {
    let range = ["--from", "1", "--to", "4", "--at-most", "5"];
    let solve = |goal: &[&'static str]| [&["solve", NAME], goal].concat();
    vec![
        vec!["run", NAME],
        vec!["run", NAME, "--with-variants"],
        vec!["run", NAME, "--variant", "more"],
        vec!["compare", NAME, "--tolerance", "5%"],
        vec!["compare", NAME, "--stack", "more,far"],
        vec!["compare", NAME, "--assumptions"],
        vec!["compare", NAME, "other.toml"],
        vec!["sweep", NAME, "--vary", "pool.w.nodes=2,3", "--vary", "variant=base,more"],
        vec!["what-now", NAME],
        solve(&[&["--maximize", "pool.w.nodes"], &range[..]].concat()),
        solve(&["--stagger", "timeline.rollout", "--within", "5m", "--at-most", "5"]),
        solve(&["--smallest-mirror", "mirror.m", "--at-most", "5"]),
    ]
}

#[test]
fn no_verb_lets_text_of_a_scenario_act_on_a_terminal_or_be_markup() {
    let folder = folder("verbs");
    let mut questions = 0;
    for verb in verbs() {
        let quiet: &[&str] = if verb[0] == "what-now" { &[] } else { &["--no-charts"] };
        let fresh: &[&str] = if verb[0] == "sweep" { &["--fresh"] } else { &[] };
        let verb = [&verb, quiet, fresh].concat();
        let table = harmless(&folder, &[&verb[..], &["-o", "table"]].concat());
        let markdown = harmless(&folder, &[&verb[..], &["-o", "md"]].concat());
        assert!(table.contains("e[2J\u{fffd}vil"), "{verb:?}:\n{table}");
        assert!(!markdown.contains("<img"), "{verb:?}:\n{markdown}");
        assert!(!markdown.contains("[b]("), "{verb:?}:\n{markdown}");
        let title = "&lt;img src=x onerror=a> [b\\](javascript:c) \\`d\\` &amp;lt; \\| &lt;!--";
        questions += markdown.matches(title).count();
    }
    // The Markdown of the three solves and of two files names scenarios and has no title of one.
    assert!(verbs().len() - 4 <= questions, "{questions}");
}

#[test]
fn what_is_set_by_hand_stands_in_code_that_it_cannot_end() {
    let folder = folder("set");
    let set = "title=a`<script>`\u{1b}[0m|";
    let arguments = ["run", "other.toml", "--no-charts", "--set", set, "-o", "md"];
    let text = harmless(&folder, &arguments);
    assert!(text.contains("Set: ``title=a`<script>`\u{fffd}[0m|``."), "{text}");
}

#[test]
fn problems_of_a_scenario_are_told_without_what_would_act() {
    let folder = folder("problems");
    let bad = scenario(TEXT)
        .replace("nodes = 3", "nodes = \"3\\u001b[2J\\u202e\"\n\"no\\u001b[2J\" = 1")
        .replace("host = \"r.example\"", "host = \"r\u{202e}\\u0007.example\" # \u{2066}")
        .replace("\"== 0\"", "\"== \\u001b[2Jnone\"");
    folder.write("bad.toml", &bad);
    for arguments in [
        &["check", "bad.toml"][..],
        &["check", NAME],
        &["run", "bad.toml"],
        &["run", NAME, "--set", "pool.w.\u{1b}[2J=1"],
        &["run", NAME, "--variant", "\u{1b}[2J"],
        &["run", "\u{1b}[2J.toml"],
        &["compare", NAME, "--variant", "\u{1b}[2J"],
    ] {
        harmless(&folder, arguments);
    }
    let text = harmless(&folder, &["check", "bad.toml"]);
    assert!(4 <= text.matches("error[").count(), "{text}");
}

#[test]
fn data_stays_as_it_was_written() {
    let folder = folder("data");
    let it = pullstorm(&folder, &["what-now", "other.toml", "-o", "json", "-q"]);
    let data: serde_json::Value = serde_json::from_slice(&it.stdout).unwrap();
    let title = data["title"].as_str().unwrap();
    assert!(title.starts_with("A\u{1b}[2J\u{7}\u{9b}31m\u{202e}\u{2066}\r\n<img"), "{title:?}");
    let it = pullstorm(&folder, &["scenarios", "--show", "other.toml"]);
    assert_eq!(it.stdout, fs::read(folder.join("other.toml")).unwrap());
}
