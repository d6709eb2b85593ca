//! Where a value comes from: the file, a variant, a flag of the call, a preset, a default.

use serde::Serialize;

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path or name, as messages show it.
    pub name: String,
    /// Content.
    pub text: String,
}

impl SourceFile {
    /// The name of the scenario: the file's stem.
    pub fn stem(&self) -> &str {
        let base = self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name);
        base.strip_suffix(".toml").unwrap_or(base)
    }
}

/// Whether results can go to a folder of this name inside another one, and nowhere else.
pub fn is_folder_name(name: &str) -> bool {
    let is_dots = name.chars().all(|it| it == '.');
    !is_dots && !name.contains(|it: char| matches!(it, '/' | '\\') || it.is_control())
}

/// Which text an origin's span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// The scenario file.
    File,
    /// A variant in force: position in [`Sources::variants`]; the span is in the file too.
    Variant(u16),
    /// A flag of the call: position in [`Sources::flags`].
    Flag(u16),
    /// The preset of this name.
    Preset(&'static str),
    /// The language's default.
    Default,
}

/// Where a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    /// Which text.
    pub(crate) layer: Layer,
    /// First byte.
    pub(crate) start: usize,
    /// Past the last byte.
    pub(crate) end: usize,
}

impl Origin {
    /// A language default.
    pub(crate) const DEFAULT: Self = Self { layer: Layer::Default, start: 0, end: 0 };
    /// The start of the file.
    pub(crate) const START: Self = Self { layer: Layer::File, start: 0, end: 0 };

    /// A span of the file.
    pub(crate) fn file(span: std::ops::Range<usize>) -> Self {
        Self { layer: Layer::File, start: span.start, end: span.end }
    }

    /// A value of a preset.
    pub(crate) fn preset(name: &'static str) -> Self {
        Self { layer: Layer::Preset(name), start: 0, end: 0 }
    }

    /// Whether a user wrote it: in the file or in a flag.
    pub(crate) fn is_written(self) -> bool {
        !matches!(self.layer, Layer::Preset(_) | Layer::Default)
    }
}

/// A flag that sets a value.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    /// How messages name it: `--set 2`, `--seed`.
    pub(crate) name: String,
    /// How a parameter's origin names it: `--set`, `--seed`.
    pub(crate) origin: &'static str,
    /// Whether it sets one value; a flag of axes does not.
    pub(crate) sets: bool,
    /// Its text.
    pub(crate) text: String,
}

/// Every text a value can come from.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    name: String,
    text: String,
    line_starts: Vec<usize>,
    /// Flags of the call.
    pub(crate) flags: Vec<Flag>,
    /// The variants in force, each laid over those before it.
    pub(crate) variants: Vec<String>,
}

/// A place that a message points at, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// File, flag or preset.
    pub source: String,
    /// Line, from 1; absent where there is no text to show.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
    /// Marked characters of the line.
    pub length: u32,
    /// The line.
    pub text: String,
}

impl Sources {
    /// The texts of one call.
    pub(crate) fn new(file: &SourceFile) -> Self {
        let starts = file.text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            name: file.name.clone(),
            line_starts: std::iter::once(0).chain(starts).collect(),
            text: file.text.clone(),
            flags: Vec::new(),
            variants: Vec::new(),
        }
    }

    /// Line of a byte of the file, from 0.
    fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= at).saturating_sub(1)
    }

    /// The place of an origin.
    pub(crate) fn place(&self, origin: Origin) -> Place {
        let (source, line, start, text) = match origin.layer {
            Layer::File | Layer::Variant(_) => {
                let line = self.line_of(origin.start);
                let start = self.line_starts[line];
                let end = self.line_starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
                let text = self.text[start..end].trim_end_matches('\r');
                (self.name.clone(), line, start, text)
            }
            Layer::Flag(at) => {
                let flag = &self.flags[usize::from(at)];
                (flag.name.clone(), 0, 0, flag.text.as_str())
            }
            Layer::Preset(name) => return Place::without_text(format!("preset {name}")),
            Layer::Default => return Place::without_text("default".into()),
        };
        let from = floor_boundary(text, origin.start.saturating_sub(start));
        let to = floor_boundary(text, origin.end.saturating_sub(start)).max(from);
        Place {
            source,
            line: Some(line as u32 + 1),
            column: Some(text[..from].chars().count() as u32 + 1),
            length: text[from..to].chars().count().max(1) as u32,
            text: text.to_owned(),
        }
    }

    /// How the parameters of a run name an origin.
    pub(crate) fn label(&self, origin: Origin) -> String {
        match origin.layer {
            Layer::File => format!("{}:{}", self.name, self.line_of(origin.start) + 1),
            Layer::Variant(at) => format!("variant {}", self.variants[usize::from(at)]),
            Layer::Flag(at) => self.flags[usize::from(at)].origin.to_owned(),
            Layer::Preset(name) => format!("preset {name}"),
            Layer::Default => "default".to_owned(),
        }
    }
}

impl Place {
    /// A place that has a name and nothing to show.
    fn without_text(source: String) -> Self {
        Self { source, line: None, column: None, length: 0, text: String::new() }
    }
}

/// The last character boundary at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_of_its_folder_is_none() {
        for name in ["a", "spot-churn", "a..b", ".hidden", "..a", "größe"] {
            assert!(is_folder_name(name), "{name}");
        }
        for name in ["", ".", "..", "...", "a/b", "../a", "a\\b", "a\nb", "/etc"] {
            assert!(!is_folder_name(name), "{name}");
        }
    }
}
