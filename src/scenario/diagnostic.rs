//! Problems of a scenario: all of them at once, each with its code, place and remedy.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use strsim::osa_distance;

use super::source::{Origin, Place, Sources};
use crate::text::{inert, inert_char, width};

/// Problems that are shown; whoever has mended a hundred knows what the rest are like.
const MOST_SHOWN: usize = 100;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It runs, but perhaps not as meant.
    Warning,
}

macro_rules! codes {
    ($($number:literal $name:ident $meaning:literal)*) => {
        /// What kind of problem it is; the number is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $(#[doc = $meaning] $name,)* }

        impl Code {
            /// Every code, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number, such as `PS0202`.
            pub const fn number(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// What it means, in a line.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    "PS0101" Syntax "the text is not TOML"
    "PS0102" TooLarge "the file is larger than a scenario may be"
    "PS0103" Encoding "the text is not UTF-8"
    "PS0201" UnknownBlock "a block or top-level key that the language does not have"
    "PS0202" UnknownKey "a key that its block does not have"
    "PS0203" BadName "a block name with other characters than a-z, 0-9 and -"
    "PS0205" MissingKey "a required key is missing"
    "PS0206" TooMany "more blocks or elements than allowed"
    "PS0301" WrongType "a value of another type than its key takes"
    "PS0302" BareNumber "a bare number where a unit is due"
    "PS0303" Unreadable "a value that cannot be read as its key's type"
    "PS0304" OutOfRange "a value outside its allowed range"
    "PS0305" UnknownWord "a word that is none of its key's choices"
    "PS0401" UnknownName "a name that no block has"
    "PS0402" DisabledName "a reference to a block that is switched off"
    "PS0403" Cycle "images that are built from each other in a circle"
    "PS0404" SameHost "two registries with one host"
    "PS0405" NoRegistry "an image whose host no registry has"
    "PS0406" BadReference "an image reference that is none"
    "PS0407" TwoSizes "one digest with two sizes"
    "PS0408" Layers "layers are given in two ways, or in none"
    "PS0409" NotInWorkload "a rollout replaces an image that its workload lacks"
    "PS0410" NotHere "a key that has no meaning beside the others of its block"
    "PS0411" SameCause "two causes of failure with one name"
    "PS0412" OtherAccount "an account that no image of its workload can use"
    "PS0413" OneAction "a timeline block has exactly one action"
    "PS0414" NotSettable "a path that cannot change during a run"
    "PS0415" TooMuch "the scenario is larger than a run may be"
    "PS0416" DiskTooSmall "disks that are too small for what is on them at the start"
    "PS0417" TwoPasts "two blocks of the state tell of one counter"
    "PS0418" Contradiction "a state that cannot be: an image is there and lacking"
    "PS0425" SameScope "a prepull and a workload with one name, under which results stand"
    "PS0501" UnknownMetric "a metric that does not exist"
    "PS0502" BadDemand "a demand that cannot be read"
    "PS0601" UnknownVariant "a variant that the file does not have"
    "PS0602" BadSet "a --set that is not path=value"
    "PS0603" BadPath "a path that leads through a value or to a block that does not exist"
    "PS0701" BadAxis "values of a sweep that cannot be read"
    "PS0702" BadDesign "axes of a sweep that cannot be combined as its design says"
    "PS0703" SamePoint "two points of a sweep that are the same"
    "PS0901" NeverHappens "something is scheduled after the end of the run"
    "PS0902" NoPlatform "nodes run images that lack their platform"
    "PS0903" OddTier "an account's tier is nearly the one that a limit names"
    "PS0904" NoRoom "a pool has more pods than its nodes take"
    "PS0905" DiskFilledAtStart "a node may hold more at the start than its disk takes"
    "PS0906" AlwaysPressure "nodes are under disk pressure whatever they hold"
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.number())
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// What kind of problem.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: names the field and the value.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What is allowed, and what to do.
    pub help: Vec<String>,
    #[serde(skip)]
    order: Origin,
    /// Whether it is worth guessing what was meant: behind the first hundred problems it is not, as
    /// a guess looks at every name of a kind.
    #[serde(skip)]
    guesses: bool,
}

/// All problems of a scenario, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnostics {
    /// The problems.
    pub list: Vec<Diagnostic>,
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

impl Diagnostics {
    /// Adds the problems of another reading of the same file that are not there yet.
    pub(crate) fn absorb(&mut self, other: Self) {
        let key = |it: &Diagnostic| (it.code, it.message.clone(), it.place.clone());
        let mut known: BTreeSet<_> = self.list.iter().map(key).collect();
        self.list.extend(other.list.into_iter().filter(|it| known.insert(key(it))));
    }

    /// The problems as text, with ANSI colours or without.
    pub fn render(&self, colour: bool) -> String {
        let shown = self.list.iter().take(MOST_SHOWN);
        let mut text: String = shown.map(|one| one.render(colour) + "\n").collect();
        if MOST_SHOWN < self.list.len() {
            let _ = writeln!(text, "and {} more like these\n", self.list.len() - MOST_SHOWN);
        }
        let count = |severity| self.list.iter().filter(|one| one.severity == severity).count();
        let counts = [(count(Severity::Error), "error"), (count(Severity::Warning), "warning")]
            .iter()
            .filter(|(count, _)| 0 < *count)
            .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
            .collect::<Vec<_>>();
        if !counts.is_empty() {
            text += &counts.join(", ");
            text.push('\n');
        }
        text
    }
}

impl Diagnostic {
    /// Adds a line of help.
    pub(crate) fn help(&mut self, line: impl Into<String>) -> &mut Self {
        self.help.push(line.into());
        self
    }

    /// Adds "did you mean" where one of `known` is close to `given`.
    pub(crate) fn did_you_mean<'a>(
        &mut self,
        given: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> &mut Self {
        if self.guesses
            && let Some(near) = nearest(given, known)
        {
            self.help.push(format!("did you mean `{near}`?"));
        }
        self
    }

    /// The problem as text: message, place, line with its caret, help.
    pub fn render(&self, colour: bool) -> String {
        let paint = |style: &str, text: &str| {
            if colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
        };
        let (word, style) = match self.severity {
            Severity::Error => ("error", "1;31"),
            Severity::Warning => ("warning", "1;33"),
        };
        let head = paint(style, &format!("{word}[{}]", self.code.number()));
        let mut text = format!("{head}: {}\n", paint("1", &inert(&self.message)));
        let place = &self.place;
        let source = inert(&place.source);
        let (Some(line), Some(column)) = (place.line, place.column) else {
            let _ = writeln!(text, " {} {}", paint("1;34", "-->"), source);
            self.render_help(&mut text, 1, &paint);
            return text;
        };
        let number = line.to_string();
        let gutter = number.len();
        let at = if source.starts_with("--") {
            source.into_owned()
        } else {
            format!("{source}:{line}:{column}")
        };
        let bar = paint("1;34", "|");
        let _ = writeln!(text, "{:gutter$}{} {at}", "", paint("1;34", "-->"));
        let _ = writeln!(text, "{:gutter$} {bar}", "");
        let skip = column as usize - 1;
        let (before, marked, after) = clipped(&place.text, skip, place.length as usize);
        let _ = writeln!(text, "{} {bar} {before}{marked}{after}", paint("1;34", &number));
        let carets = paint(style, &"^".repeat(width(&marked).max(1)));
        let indent = width(&before);
        let _ = writeln!(text, "{:gutter$} {bar} {:indent$}{carets}", "", "");
        self.render_help(&mut text, gutter, &paint);
        text
    }

    fn render_help(&self, text: &mut String, gutter: usize, paint: &dyn Fn(&str, &str) -> String) {
        for help in &self.help {
            let mut lines = wrapped(&inert(help), 90).into_iter();
            let first = lines.next().unwrap_or_default();
            let (sign, word) = (paint("1;34", "="), paint("1", "help"));
            let _ = writeln!(text, "{:gutter$} {sign} {word}: {first}", "");
            for line in lines {
                let _ = writeln!(text, "{:gutter$}         {line}", "");
            }
        }
    }
}

/// Lines of at most `most` columns, broken at spaces.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if width(line) + 1 + width(word) <= most {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Collects problems while a scenario is read.
#[derive(Debug)]
pub(crate) struct Problems<'a> {
    sources: &'a Sources,
    list: Vec<Diagnostic>,
}

impl<'a> Problems<'a> {
    /// None so far.
    pub(crate) fn new(sources: &'a Sources) -> Self {
        Self { sources, list: Vec::new() }
    }

    /// The texts that origins point into.
    pub(crate) fn sources(&self) -> &'a Sources {
        self.sources
    }

    /// Adds an error; help can be added to what is returned.
    pub(crate) fn error(
        &mut self,
        code: Code,
        origin: Origin,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Error, code, origin, message.into())
    }

    /// Adds a warning.
    pub(crate) fn warning(
        &mut self,
        code: Code,
        origin: Origin,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Warning, code, origin, message.into())
    }

    fn add(
        &mut self,
        severity: Severity,
        code: Code,
        origin: Origin,
        message: String,
    ) -> &mut Diagnostic {
        let place = self.sources.place(origin);
        self.list.push(Diagnostic {
            code,
            severity,
            message,
            place,
            help: Vec::new(),
            order: origin,
            guesses: self.list.len() < MOST_SHOWN,
        });
        self.list.last_mut().expect("one was just added")
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes problems that were found apart, about the same texts.
    pub(crate) fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(others);
    }

    /// Whether there is an error.
    pub(crate) fn any_error(&self) -> bool {
        self.list.iter().any(|one| one.severity == Severity::Error)
    }

    /// The problems, in the order of their places.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|one| (one.order, one.code));
        self.list
    }
}

/// Names that are compared with a misspelt one: as many as a kind may have.
const MOST_COMPARED: usize = 1_000;

/// The one of `known` that `given` most likely means, if one is close.
pub(crate) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let fold = |text: &str| text.to_lowercase().replace('_', "-");
    let given = fold(given);
    let length = given.chars().count();
    let allowed = (length / 3).min(4);
    known
        .into_iter()
        .take(MOST_COMPARED)
        .map(|name| (fold(name), name))
        // No text is nearer than the difference in length: what is far too long is not measured.
        .filter(|(folded, _)| folded.chars().count().abs_diff(length) <= allowed)
        .map(|(it, name)| (osa_distance(&given, &it), letters(&given) != letters(&it), name))
        .filter(|(distance, ..)| *distance <= allowed)
        .min()
        .map(|(.., name)| name)
}

/// The characters of a text in order: two texts with the same ones differ by swaps, the likeliest
/// slip.
fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters
}

/// The text with tabs as the spaces they take up to the next multiple of four columns, and without
/// what would act on a terminal.
fn expand_tabs(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\t' => out.extend(std::iter::repeat_n(' ', 4 - width(&out) % 4)),
            c => out.push(inert_char(c)),
        }
    }
    out
}

/// What is shown of a line: the text before its mark, the marked text and the text behind it, with
/// tabs as spaces; of a very long line only what is near the mark.
fn clipped(line: &str, skip: usize, length: usize) -> (String, String, String) {
    /// Most characters before the mark, marked, and behind it.
    const SHOWN: usize = 100;
    let at = |from: usize, count: usize| line.chars().skip(from).take(count);
    let more = |is_cut: bool| if is_cut { "…" } else { "" };
    let from = skip.saturating_sub(SHOWN);
    let mut text = more(0 < from).to_owned();
    text.extend(at(from, skip - from));
    let before = expand_tabs(&text);
    text.extend(at(skip, length.min(SHOWN)));
    text += more(SHOWN < length);
    let marked = expand_tabs(&text);
    if length <= SHOWN {
        text.extend(at(skip + length, SHOWN));
        text += more(at(skip + length + SHOWN, 1).count() == 1);
    }
    let after = expand_tabs(&text)[marked.len()..].to_owned();
    (before.clone(), marked[before.len()..].to_owned(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_slip_finds_its_word() {
        let known = ["replicas", "pool", "max_surge"];
        assert_eq!(nearest("replicsa", known), Some("replicas"));
        assert_eq!(nearest("max-surge", known), Some("max_surge"));
        assert_eq!(nearest("Pool", known), Some("pool"));
        assert_eq!(nearest("containers", known), None);
        assert_eq!(nearest(&"replicas".repeat(10_000), known), None);
    }

    #[test]
    fn a_tab_ends_at_the_next_stop() {
        assert_eq!(expand_tabs("a\tb"), "a   b");
        assert_eq!(expand_tabs("日本\tb"), "日本    b");
    }

    #[test]
    fn only_what_is_near_the_mark_of_a_long_line_is_shown() {
        let (before, marked, after) = clipped("a\tb = 5 # five", 6, 1);
        assert_eq!(
            (before.as_str(), marked.as_str(), after.as_str()),
            ("a   b = ", "5", " # five")
        );
        let (before, marked, after) = clipped(&"x".repeat(10_000), 5_000, 3);
        assert_eq!((width(&before), marked.as_str(), width(&after)), (101, "xxx", 101));
        assert!(before.starts_with('…') && after.ends_with('…'));
    }
}
