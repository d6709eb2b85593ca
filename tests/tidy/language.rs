//! Keys and words of the language are names where it is checked and built, and no texts.

use std::collections::BTreeSet;

use super::{Source, expect_none, sources};

/// Folders in which the language is read typed.
const TYPED: [&str; 3] = ["src/scenario/check", "src/scenario/build", "src/scenario/resolve"];

/// Every key and every word of the language, as its schema has them.
fn words_of_the_language() -> BTreeSet<String> {
    fn collect(schema: &serde_json::Value, words: &mut BTreeSet<String>) {
        let (properties, list) = (schema.get("properties"), schema.get("enum"));
        if let Some(properties) = properties.and_then(serde_json::Value::as_object) {
            words.extend(properties.keys().cloned());
        }
        let texts = list.and_then(serde_json::Value::as_array).into_iter().flatten();
        words.extend(texts.filter_map(|it| it.as_str().map(str::to_owned)));
        match schema {
            serde_json::Value::Object(inner) => inner.values().for_each(|it| collect(it, words)),
            serde_json::Value::Array(inner) => inner.iter().for_each(|it| collect(it, words)),
            _ => {}
        }
    }
    let mut words = BTreeSet::new();
    collect(&pullstorm::scenario::schema(), &mut words);
    words
}

/// Where a file takes every other word together, or writes a word of the language as text.
fn untyped(source: &Source, words: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = vec![];
    for (number, line) in source.code() {
        let place = format!("{}:{number}", source.path);
        if has_arm_for_the_rest(line) {
            wrong.push(format!("{place}: name the words that `_` stands for"));
        }
        for text in line.split('"').skip(1).step_by(2).filter(|it| words.contains(*it)) {
            wrong.push(format!("{place}: \"{text}\" is a word of the language: use its name"));
        }
    }
    wrong
}

fn has_arm_for_the_rest(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("_ =>") || line.starts_with("_ if ") || line.contains(" _ =>")
}

#[test]
fn words_of_the_language_are_names_where_it_is_checked_and_built() {
    let words = words_of_the_language();
    for known in ["token-bucket", "deployment", "rejected_consume", "Always", "prepull"] {
        assert!(words.contains(known), "{known}");
    }
    let read = sources(&TYPED, &["rs"]);
    assert!(15 < read.len());
    let wrong: Vec<String> = read.iter().flat_map(|it| untyped(it, &words)).collect();
    expect_none(&wrong);
}

#[test]
fn an_arm_for_the_rest_and_a_quoted_word_are_found() {
    let words = words_of_the_language();
    let planted = |line: &str| {
        let text = format!("fn planted(values: &Values) {{\n    {line}\n}}\n");
        untyped(&Source { path: "src/scenario/build/planted.rs".into(), text }, &words).len()
    };
    assert_eq!(planted("_ => LimitKey::Address,"), 1);
    assert_eq!(planted("match law { Law::FixedWindow => 1, _ => 2 }"), 1);
    assert_eq!(planted("let dns = values.span(\"dns\");"), 1);
    assert_eq!(planted("if kind == \"deployment\" { _ => \"job\" }"), 3);
    assert_eq!(planted("let dns = values.the(registry::DNS);"), 0);
    assert_eq!(planted("// \"dns\" and _ => in a comment"), 0);
    assert_eq!(planted("format!(\"`{path}.dns` is no dns\")"), 0);
}
