//! Text of a report: pieces, each in a tone, without anything that would act on a terminal.

use crate::text::{clip, inert, width};

/// How a piece of text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    /// As it is.
    Plain,
    /// What the eye should meet first.
    Strong,
    /// What went well.
    Good,
    /// What failed.
    Bad,
    /// What asks for care.
    Doubtful,
    /// What stands behind.
    Faint,
    /// What one would type: paths, values, names.
    Code,
}

impl Tone {
    /// `text` in this tone.
    pub(in crate::report) fn text(self, text: impl AsRef<str>) -> Text {
        Text::default().and(self, text)
    }
}

/// Text on one line. It comes from strings through [`inert`] alone: whatever a scenario says,
/// nothing in a report turns, hides or moves what stands beside it.
///
/// A text without pieces is no text at all, which is not the same as an empty one: Markdown leaves
/// one space in a cell that has no text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::report) struct Text {
    pieces: Vec<(Tone, String)>,
}

impl<S: AsRef<str>> From<S> for Text {
    fn from(text: S) -> Self {
        Tone::Plain.text(text)
    }
}

impl Text {
    /// This text with another piece behind it.
    pub(in crate::report) fn and(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.push(tone, &inert(text.as_ref()));
        self
    }

    /// This text with a plain piece behind it.
    pub(in crate::report) fn then(self, text: impl AsRef<str>) -> Self {
        self.and(Tone::Plain, text)
    }

    /// This text with another behind it.
    pub(in crate::report) fn join(mut self, other: &Self) -> Self {
        self.append(other);
        self
    }

    /// All of `texts`, with `between` between them.
    pub(in crate::report) fn joined(texts: &[Self], between: &str) -> Self {
        let mut all = Self::default();
        for (at, text) in texts.iter().enumerate() {
            if 0 < at {
                all.push(Tone::Plain, between);
            }
            all.append(text);
        }
        all
    }

    fn append(&mut self, other: &Self) {
        for (tone, text) in &other.pieces {
            self.push(*tone, text);
        }
    }

    fn push(&mut self, tone: Tone, text: &str) {
        match self.pieces.last_mut() {
            Some((last, before)) if *last == tone => before.push_str(text),
            _ => self.pieces.push((tone, text.to_owned())),
        }
    }

    /// The pieces with their tones.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.pieces.iter().map(|(tone, text)| (*tone, text.as_str()))
    }

    /// Whether there is no text at all.
    pub(super) fn is_absent(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Columns that it takes on a terminal.
    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| width(text)).sum()
    }

    /// The text cut to `most` columns; what was cut is marked.
    pub(super) fn clip(&self, most: usize) -> Self {
        if self.width() <= most {
            return self.clone();
        }
        let mut cut = Self::default();
        let mut left = most;
        for (tone, text) in &self.pieces {
            let columns = width(text);
            // The last piece that is shown is cut in any case, for one behind it is missing.
            if left <= columns {
                cut.push(*tone, &clip(&format!("{text} "), left));
                break;
            }
            cut.push(*tone, text);
            left -= columns;
        }
        cut
    }

    /// The text with `columns` spaces behind it.
    pub(super) fn fill(&mut self, columns: usize) {
        self.push(Tone::Plain, &" ".repeat(columns));
    }

    /// The text without spaces at its end.
    pub(super) fn trim_end(mut self) -> Self {
        while let Some((_, text)) = self.pieces.last_mut() {
            text.truncate(text.trim_end().len());
            if !text.is_empty() {
                break;
            }
            self.pieces.pop();
        }
        self
    }

    /// The text in this tone where it is plain.
    pub(super) fn toned(&self, tone: Tone) -> Self {
        let mut toned = Self::default();
        for (own, text) in &self.pieces {
            toned.push(if *own == Tone::Plain { tone } else { *own }, text);
        }
        toned
    }

    /// Its words, each in its tones.
    pub(super) fn words(&self) -> Vec<Self> {
        let mut words: Vec<Self> = vec![];
        let mut is_open = false;
        for (tone, text) in &self.pieces {
            for part in text.split_inclusive(char::is_whitespace) {
                let word = part.trim_end();
                if !word.is_empty() {
                    if !is_open {
                        words.push(Self::default());
                    }
                    if let Some(last) = words.last_mut() {
                        last.push(*tone, word);
                    }
                }
                is_open = (is_open || !word.is_empty()) && word.len() == part.len();
            }
        }
        words
    }

    /// The text with `other` behind it and `between` between the two, in the tone of both where
    /// they have one.
    pub(super) fn extend(&mut self, between: &str, other: &Self) {
        let (last, next) = (self.pieces.last(), other.pieces.first());
        let tone = match (last, next) {
            (Some((last, _)), Some((next, _))) if last == next => *last,
            _ => Tone::Plain,
        };
        self.push(tone, between);
        self.append(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_never_holds_what_acts_on_a_terminal() {
        let text = Text::from("\u{1b}[2J").and(Tone::Bad, "a\u{202e}b");
        let pieces: Vec<_> = text.pieces().collect();
        assert_eq!(pieces, [(Tone::Plain, "\u{fffd}[2J"), (Tone::Bad, "a\u{fffd}b")]);
    }

    #[test]
    fn words_keep_their_tones_and_what_stands_close_stays_together() {
        let text = Text::from("Set: ").and(Tone::Code, "a b").then(", and  more");
        let words = text.words();
        let expected = [
            Text::from("Set:"),
            Tone::Code.text("a"),
            Tone::Code.text("b").then(","),
            Text::from("and"),
            Text::from("more"),
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_cut_is_marked_in_the_piece_where_it_falls() {
        let text = Tone::Good.text("✓").then(" a long demand");
        assert_eq!(text.clip(8), Tone::Good.text("✓").then(" a lon…"));
        assert_eq!(text.clip(1), Tone::Good.text("…"));
        assert_eq!(text.clip(15), text);
    }

    #[test]
    fn spaces_between_words_of_one_tone_have_that_tone() {
        let mut line = Tone::Faint.text("to");
        line.extend(" ", &Tone::Faint.text("learn"));
        line.extend(" ", &Text::from("it"));
        assert_eq!(line, Tone::Faint.text("to learn").then(" it"));
    }
}
