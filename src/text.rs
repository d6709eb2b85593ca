//! Text as people see it: what a terminal must not be told, and how many columns text takes.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands in place of a character that would act rather than be read.
const REPLACEMENT: char = '\u{fffd}';

/// Whether a character acts on what shows it: control characters, with which escape sequences
/// begin, separators of lines, and what turns the direction of text or is not seen at all.
///
/// Source: Unicode 16, general categories Cc, Zl and Zp, property `Bidi_Control` (UAX 9), and the
/// invisible ones of Cf; the joiners U+200C and U+200D stay, as scripts and emoji need them.
const fn acts(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The character, or what stands in its place where it acts.
pub const fn inert_char(c: char) -> char {
    if acts(c) { REPLACEMENT } else { c }
}

/// `text` on one line and without a character that acts: ends of lines and tabs become spaces, all
/// else that acts is replaced by U+FFFD, so that one sees that something was there.
pub fn inert(text: &str) -> Cow<'_, str> {
    neutral(text, |c| match c {
        '\n' | '\t' => ' ',
        c => inert_char(c),
    })
}

/// The same for a text of several lines: its ends of lines stay, and tabs do.
pub fn inert_lines(text: &str) -> Cow<'_, str> {
    neutral(text, |c| match c {
        '\n' | '\t' => c,
        c => inert_char(c),
    })
}

fn neutral(text: &str, neutral: fn(char) -> char) -> Cow<'_, str> {
    if text.chars().any(acts) {
        // The end of a line as Windows has it is one end.
        Cow::Owned(text.replace("\r\n", "\n").chars().map(neutral).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Columns that `text` takes on a terminal: wide characters take two, combining ones none.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` cut to `most` columns; what was cut is marked.
pub fn clip(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let columns = c.width().unwrap_or(0);
        if left < columns {
            break;
        }
        left -= columns;
        end = at + c.len_utf8();
    }
    format!("{}…", &text[..end])
}

/// `text` cut or filled up with spaces to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    let text = clip(text, columns);
    let fill = columns - width(&text);
    text + &" ".repeat(fill)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_seen_and_does_nothing() {
        assert_eq!(inert("\u{1b}[31mred\u{7}\u{9b}2J"), "\u{fffd}[31mred\u{fffd}\u{fffd}2J");
        assert_eq!(inert("a\u{202e}b\u{2066}c\u{feff}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(inert("two\r\nlines\tand a tab"), "two lines and a tab");
        assert_eq!(inert_lines("two\r\nlines\rback\u{1b}c"), "two\nlines\u{fffd}back\u{fffd}c");
    }

    #[test]
    fn text_that_only_reads_stays_as_it_is() {
        let text = "naïve 日本 ✓ ± → ½ \u{1f469}\u{200d}\u{1f680}";
        assert!(matches!(inert(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn widths_count_columns_not_bytes() {
        assert_eq!(width("naïve"), 5);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("✓ ± – … — × · →"), 15);
    }

    #[test]
    fn cut_text_is_marked_and_never_wider_than_its_columns() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdef", 5), "abcd…");
        // The second wide character would stand in columns 3 and 4, where the mark is due.
        assert_eq!(clip("日本語", 4), "日…");
        assert_eq!(pad("日本語", 4), "日… ");
        assert_eq!(pad("ab", 4), "ab  ");
    }
}
