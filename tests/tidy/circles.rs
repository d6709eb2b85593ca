//! Files of `src` use one another in one direction: no file uses itself by way of others.
//!
//! What counts is every path that leads to another file: in `use` and in code, from `crate::`,
//! `super::` or `self::` on, by a module that the file declares, or by a name that it brought in.
//! Tests inside a file count as well. A name that a parent only hands on (`pub use`) leads to the
//! file that declares it, so that `super::Name` is an import of the sister and not of the parent;
//! handing on is an import of the parent's only where it uses the name itself. `mod x;` alone is
//! none.
//!
//! The head of a folder (its `mod.rs`) may lead the files below it, which in turn use what it
//! declares for all of them: that alone is no circle. So everything is looked at twice, without the
//! arrows of heads down into their own folders, and without those that go up from there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, expect_none, sources};

/// Arrows that still close circles, from and to. The list only shrinks.
const DEBTS: &[(&str, &str)] = &[
    ("src/experiment/samples.rs", "src/experiment/summary.rs"),
    ("src/experiment/summary.rs", "src/experiment/diagnosis/mod.rs"),
    ("src/scenario/build/defaults.rs", "src/scenario/build/pods.rs"),
    ("src/scenario/check/events.rs", "src/scenario/check/pods.rs"),
    ("src/scenario/settings.rs", "src/scenario/build/mod.rs"),
    ("src/scenario/settings.rs", "src/scenario/build/pods.rs"),
];

/// What handlers need of the world's file: the state, the events and the purposes of draws are one
/// list each, so that everything that can happen is read in one place.
const WORLD: (&str, [&str; 3]) = ("src/model/mod.rs", ["World", "Event", "Purpose"]);

/// Words and marks of a file: comments, texts and characters are left out.
fn tokens(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut tokens = vec![];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |it| it + 2)
        } else if rest.starts_with('"') {
            text_length(rest)
        } else if rest.starts_with('\'') {
            character_length(rest)
        } else {
            let part = |it: char| it.is_alphanumeric() || it == '_';
            let word = rest.find(|it| !part(it)).unwrap_or(rest.len());
            let mark = if rest.starts_with("::") { 2 } else { 1 };
            let length = if 0 < word { word } else { mark.max(first_length(rest)) };
            if !rest.starts_with(char::is_whitespace) {
                tokens.push(&rest[..length]);
            }
            length
        };
        at += length;
    }
    tokens
}

fn first_length(rest: &str) -> usize {
    rest.chars().next().map_or(1, char::len_utf8)
}

/// Length of a text in quotes.
fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// Length of a character in quotes, or of the quote of a lifetime.
fn character_length(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => rest[2..].find('\'').map_or(rest.len(), |it| it + 3),
        Some(_) => match letters.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

/// What one file says of other modules.
#[derive(Default)]
struct Said {
    /// Whole paths that it uses, from the root of the crate on.
    used: Vec<Vec<String>>,
    /// Names that it hands on, with what they stand for.
    handed_on: BTreeMap<String, Vec<String>>,
}

/// Module of a file, from the root of the crate on.
fn module(path: &str) -> Vec<String> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts = inside.split('/').filter(|it| !matches!(*it, "mod" | "lib"));
    parts.map(str::to_owned).collect()
}

/// The names of a `use` from `tokens[at]` on: each path with the name it gets.
fn use_tree(tokens: &[&str], at: &mut usize, stem: &[String]) -> Vec<(Vec<String>, String)> {
    let mut path = stem.to_vec();
    let mut found = vec![];
    loop {
        match tokens[*at] {
            "{" => {
                *at += 1;
                while tokens[*at] != "}" {
                    found.extend(use_tree(tokens, at, &path));
                    *at += usize::from(tokens[*at] == ",");
                }
                *at += 1;
                return found;
            }
            "::" => *at += 1,
            "as" => {
                *at += 2;
                return vec![(path, tokens[*at - 1].to_owned())];
            }
            "," | "}" | ";" => {
                if path.last().is_some_and(|it| it == "self") && 1 < path.len() {
                    path.pop();
                }
                let name = path.last().cloned().unwrap_or_default();
                return vec![(path, name)];
            }
            word => {
                path.push(word.to_owned());
                *at += 1;
            }
        }
    }
}

/// A path as it is written inside `here`, from the root of the crate on; `None` where it leads out
/// of the crate.
fn whole(path: &[String], here: &[String], known: &Names) -> Option<Vec<String>> {
    let mut whole = match path.first()?.as_str() {
        "crate" => vec![],
        "self" => here.to_vec(),
        "super" => here.split_last()?.1.to_vec(),
        name if known.children.contains(name) => [here, &[name.to_owned()]].concat(),
        name => known.brought_in.get(name)?.clone(),
    };
    for word in &path[1..] {
        match word.as_str() {
            "super" => drop(whole.pop()),
            "self" => {}
            word => whole.push(word.to_owned()),
        }
    }
    Some(whole)
}

/// Names that mean something inside one module.
#[derive(Default)]
struct Names {
    children: BTreeSet<String>,
    brought_in: BTreeMap<String, Vec<String>>,
}

/// Reads one file.
fn read(source: &Source) -> Said {
    let tokens = tokens(&source.text);
    let mut said = Said::default();
    let mut handed_on: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut words = BTreeMap::<&str, usize>::new();
    // The module at hand, with the depth of braces at which it began, and what it knows.
    let mut inside = vec![(module(&source.path), 0, names(&tokens, 0))];
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        let (here, _, known) = inside.last_mut().expect("the file itself stays");
        match tokens[at] {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if 1 < inside.len() && inside.last().is_some_and(|it| it.1 == depth) {
                    inside.pop();
                }
            }
            "mod" if tokens.get(at + 2) == Some(&"{") => {
                let module = [&here[..], &[tokens[at + 1].to_owned()]].concat();
                inside.push((module, depth, names(&tokens, at + 3)));
                depth += 1;
                at += 2;
            }
            // Not `use<'a>`, which says what a returned type borrows.
            "use" if tokens[at + 1] != "<" => {
                let is_public = matches!(tokens[at.saturating_sub(1)], "pub" | ")");
                at += 1;
                for (path, name) in use_tree(&tokens, &mut at, &[]) {
                    let Some(path) = whole(&path, here, known) else { continue };
                    known.brought_in.insert(name.clone(), path.clone());
                    if is_public {
                        handed_on.insert(name, path);
                    } else {
                        said.used.push(path);
                    }
                }
            }
            word if tokens.get(at + 1) == Some(&"::") && tokens[at.saturating_sub(1)] != "::" => {
                let mut path = vec![word.to_owned()];
                while tokens.get(at + 1) == Some(&"::") {
                    at += 2;
                    path.push(tokens[at].to_owned());
                }
                if let Some(path) = whole(&path, here, known) {
                    said.used.push(path);
                }
                *words.entry(word).or_default() += 1;
            }
            word => *words.entry(word).or_default() += 1,
        }
        at += 1;
    }
    for (name, path) in handed_on {
        if words.contains_key(name.as_str()) {
            said.used.push(path.clone());
        }
        said.handed_on.insert(name, path);
    }
    said
}

/// Modules that are declared where `tokens[from..]` begins, up to the end of that block.
fn names(tokens: &[&str], from: usize) -> Names {
    let mut names = Names::default();
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match *token {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            "mod" if depth == 0 => drop(names.children.insert(tokens[at + 1].to_owned())),
            _ => {}
        }
    }
    names
}

/// Which files each file uses.
type Arrows<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Whether a file is the head of the folder that another stands in, at whatever depth.
fn is_head_of(head: &str, file: &str) -> bool {
    head.strip_suffix("mod.rs").is_some_and(|folder| file.starts_with(folder))
}

fn arrows(sources: &[Source]) -> Arrows<'_> {
    let files: BTreeMap<Vec<String>, &str> =
        sources.iter().map(|it| (module(&it.path), it.path.as_str())).collect();
    let said: BTreeMap<&str, Said> =
        sources.iter().map(|it| (it.path.as_str(), read(it))).collect();
    let mut arrows = BTreeMap::new();
    for (file, of_file) in &said {
        let found = of_file.used.iter().filter_map(|path| target(path, &files, &said));
        arrows.insert(*file, found.filter(|it| it != file).collect());
    }
    arrows
}

/// The file that a whole path leads to; names that are only handed on lead further.
fn target<'a>(
    path: &[String],
    files: &BTreeMap<Vec<String>, &'a str>,
    said: &BTreeMap<&str, Said>,
) -> Option<&'a str> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let known = (0..=path.len()).rev().find(|&it| files.contains_key(&path[..it]))?;
        let file = files[&path[..known]];
        let Some(name) = path.get(known) else { return Some(file) };
        if file == WORLD.0 && WORLD.1.contains(&name.as_str()) {
            return None;
        }
        let Some(behind) = said[file].handed_on.get(name) else { return Some(file) };
        path = [&behind[..], &path[known + 1..]].concat();
    }
    None
}

/// Everything that can be reached from a file, by one arrow or more.
fn reached<'a>(from: &str, arrows: &Arrows<'a>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = arrows[from].iter().copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(&arrows[file]);
        }
    }
    reached
}

/// All arrows but some.
fn without<'a>(all: &Arrows<'a>, is_left_out: fn(&str, &str) -> bool) -> Arrows<'a> {
    let mut kept = all.clone();
    for (from, to) in &mut kept {
        to.retain(|to| !is_left_out(from, to));
    }
    kept
}

/// Groups of files that use one another in circles, and the arrows inside each.
fn circles<'a>(all: &Arrows<'a>) -> BTreeMap<Vec<&'a str>, Vec<String>> {
    let mut found = BTreeMap::new();
    for arrows in [without(all, is_head_of), without(all, |from, to| is_head_of(to, from))] {
        let reached: Arrows<'_> = arrows.keys().map(|it| (*it, reached(it, &arrows))).collect();
        let mut circles: BTreeMap<Vec<&str>, Vec<String>> = BTreeMap::new();
        for (file, of_file) in &reached {
            let circle: Vec<&str> =
                of_file.iter().copied().filter(|it| reached[it].contains(file)).collect();
            if !circle.is_empty() {
                let inside = arrows[file].iter().filter(|it| circle.contains(it));
                let inside = inside.map(|it| format!("  {file} uses {it}"));
                circles.entry(circle.clone()).or_default().extend(inside);
            }
        }
        found.extend(circles);
    }
    found
}

#[test]
fn files_use_one_another_in_one_direction() {
    let sources = sources(&["src"], &["rs"]);
    let whole = arrows(&sources);
    let mut wrong = vec![];
    for (files, arrows) in circles(&without(&whole, |from, to| DEBTS.contains(&(from, to)))) {
        wrong.push(format!("a circle of {} files:\n{}", files.len(), arrows.join("\n")));
    }
    let closes = |from: &str, to: &str| {
        circles(&whole).keys().any(|it| it.contains(&from) && it.contains(&to))
    };
    for (from, to) in DEBTS {
        if !whole.get(from).is_some_and(|it| it.contains(to) && closes(from, to)) {
            wrong.push(format!("closes no circle any more, strike it: {from} uses {to}"));
        }
    }
    expect_none(&wrong);
}

fn file(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// The files of each circle among planted ones.
fn planted(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let sources: Vec<Source> = files.iter().map(|(path, text)| file(path, text)).collect();
    let circles = circles(&arrows(&sources));
    circles.keys().map(|files| files.iter().map(|it| (*it).to_owned()).collect()).collect()
}

#[test]
fn a_planted_circle_is_found_however_the_paths_are_written() {
    let by_use = ("src/a.rs", "use crate::b::{self, Other};");
    let forms = [
        "use crate::a::Thing;",
        "use super::a::Thing;",
        "use crate::{a::Thing as Other, units};",
        "fn x() -> crate::a::Thing {}",
        "mod tests { use super::super::a; fn y() { a::z() } }",
        "use crate::top; fn x() { top::a::go() }",
    ];
    for form in forms {
        let root = ("src/lib.rs", "mod a; mod b; mod top;");
        let top = ("src/top.rs", "pub use crate::a;");
        let found = planted(&[root, top, by_use, ("src/b.rs", form)]);
        assert_eq!(found, [["src/a.rs", "src/b.rs"]], "{form}");
    }
    let far = |text| ("src/far.rs", text);
    let root = ("src/lib.rs", "mod far; mod p;");
    let head = ("src/p/mod.rs", "mod one; use super::far; fn x() { one::y(); far::z() }");
    let one = ("src/p/one.rs", "pub(crate) struct One(self::super::Shared);");
    let up = planted(&[root, head, one, far("fn z() -> crate::p::one::One {}")]);
    assert_eq!(up, [["src/far.rs", "src/p/mod.rs", "src/p/one.rs"]], "by way of the head, upwards");
    let one = ("src/p/one.rs", "pub(crate) struct One(crate::far::Far);");
    let head = ("src/p/mod.rs", "mod one; fn x() { one::y() }");
    let down = planted(&[root, head, one, far("fn z() -> crate::p::Shared {}")]);
    assert_eq!(down, [["src/far.rs", "src/p/mod.rs", "src/p/one.rs"]], "and downwards");
}

#[test]
fn what_is_no_circle_is_not_called_one() {
    let parent = ("src/p/mod.rs", "mod one; mod two; pub use one::One; pub(crate) use two::Two;");
    let one =
        ("src/p/one.rs", "// crate::p::two::Two\nuse super::Two; const T: &str = \"crate::p\";");
    let two = ("src/p/two.rs", "pub struct Two<'a>(&'a str, char); const C: char = '\"';");
    assert_eq!(planted(&[parent, one, two]), [[""; 0]; 0], "names that are only handed on");
    let led = ("src/p/mod.rs", "mod one; use one::One; pub struct Shared(One);");
    let part = ("src/p/one.rs", "pub struct One; use super::Shared;");
    assert_eq!(planted(&[led, part]), [[""; 0]; 0], "a head leads, what it declares is used");
    let root = ("src/lib.rs", "mod a; mod b;");
    let (on, used) = ("use crate::b::B;", "fn f(_: B) {}");
    let with = |a: &str| planted(&[root, ("src/a.rs", a), ("src/b.rs", "use crate::a::Own;")]);
    assert_eq!(with(&format!("pub {on}")), [[""; 0]; 0], "handed on");
    assert_eq!(with(&format!("pub {on} {used}")), [["src/a.rs", "src/b.rs"]], "and used");
    let world = ("src/model/mod.rs", "mod part; use crate::out::Out; struct World(Out);");
    let root = ("src/lib.rs", "mod model; mod out;");
    let with = |names: &str| {
        planted(&[root, world, ("src/out.rs", &format!("use crate::model::{{{names}}};"))])
    };
    assert_eq!(with("Event, Purpose, World"), [[""; 0]; 0]);
    assert_eq!(with("World, run"), [["src/model/mod.rs", "src/out.rs"]]);
}
