//! A page as Markdown (`CommonMark` with the tables of GitHub), for a ticket or a pull request.
//!
//! Markup comes from here alone: in the text of a page everything that would be markup is escaped.

use super::table::{Align, Table};
use super::text::{Text, Tone};
use super::{Block, Form, Page};

/// Writes a page: its parts with empty lines between them.
pub(super) fn write(page: &Page) -> String {
    let title = page.title.iter().map(|it| format!("## {}", inline(it, Within::Line)));
    let blocks = page.sections_of(Form::Markdown).flat_map(|it| it.blocks_of(Form::Markdown));
    let parts: Vec<String> = title.chain(blocks.map(block)).collect();
    parts.join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Line(text, _) | Block::Prose(text, _) | Block::Remark(text) => {
            inline(text, Within::Paragraph)
        }
        Block::Facts(facts, _) => inline(&Text::joined(facts, " · "), Within::Paragraph),
        Block::Row(label, values) => {
            let values = inline(&Text::joined(values, ", "), Within::Line);
            format!("- {}: {values}", inline(label, Within::Paragraph))
        }
        Block::Entry(label, text) => {
            format!("- {}: {}", inline(label, Within::Paragraph), inline(text, Within::Line))
        }
        Block::List(items) => {
            let lines = items.iter().flat_map(|it| {
                let first = format!("- {}", inline(&it.text, Within::Paragraph));
                let rest = it.items.iter().map(|it| inline(it, Within::Paragraph));
                std::iter::once(first).chain(rest.map(|it| format!("  - {it}")))
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Block::Table(it) => table(it),
    }
}

fn table(table: &Table) -> String {
    let columns: Vec<_> =
        table.columns_of(Form::Markdown).into_iter().map(|at| (at, &table.columns[at])).collect();
    let line = |cells: Vec<&Text>| {
        let cell = |it: &Text| {
            let text = inline(it, Within::Table);
            if it.is_absent() { " |".to_owned() } else { format!(" {text} |") }
        };
        "|".to_owned() + &cells.into_iter().map(cell).collect::<String>()
    };
    let title = |(_, it): &(usize, &'_ _)| {
        let it: &super::Column = it;
        it.markdown.as_ref().map_or((it.title.clone(), it.align), Clone::clone)
    };
    let titles: Vec<(Text, Align)> = columns.iter().map(title).collect();
    let rule = titles.iter().map(|(_, align)| match (table.is_airy, align) {
        (true, _) => " --- |",
        (false, Align::Left) => "---|",
        (false, Align::Right) => "--:|",
    });
    let rule = "|".to_owned() + &rule.collect::<String>();
    let mut lines = vec![line(titles.iter().map(|it| &it.0).collect()), rule];
    for row in table.rows_of(Form::Markdown) {
        lines.push(line(columns.iter().map(|(at, _)| &row.cells[*at]).collect()));
    }
    lines.join("\n")
}

/// Where a text stands, which decides what is markup.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// At the start of a block, where the first characters can make it another.
    Paragraph,
    /// Behind something else in its line.
    Line,
    /// In a cell of a table, which a bar ends.
    Table,
}

fn inline(text: &Text, within: Within) -> String {
    let mut out = String::new();
    for (tone, piece) in text.pieces() {
        let escaped = || escaped(piece, within == Within::Paragraph && out.is_empty());
        let piece = match tone {
            _ if piece.is_empty() => String::new(),
            Tone::Code => code(piece, within),
            Tone::Strong => format!("**{}**", escaped()),
            Tone::Plain | Tone::Good | Tone::Bad | Tone::Doubtful | Tone::Faint => escaped(),
        };
        out.push_str(&piece);
    }
    out
}

/// A code span: between more backticks than the text has in a row.
fn code(text: &str, within: Within) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // A table is cut at its bars before code is seen.
    let text = if within == Within::Table { text.replace('|', "\\|") } else { text.to_owned() };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text in which nothing is markup. Escaped is what would act where it stands, and no more, so
/// that the source reads well too: `<5m` and `a_b` are no markup.
///
/// Source: `CommonMark` 0.31.2, sections 2.4, 2.5, 4 and 6; GitHub Flavored Markdown 0.29, 4.10 and
/// 6.5.
fn escaped(text: &str, starts_block: bool) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let next = rest.clone().next().unwrap_or(' ');
        let is_markup = match c {
            '`' | '*' | '~' | '|' => true,
            '\\' => next.is_ascii_punctuation(),
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            ']' => matches!(next, '(' | '[' | ':'),
            _ => false,
        };
        match c {
            // Entities, as some writers of HTML do not know the escapes of Markdown.
            '<' if next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?') => out += "&lt;",
            '&' if next.is_ascii_alphanumeric() || next == '#' => out += "&amp;",
            _ if is_markup => out.extend(['\\', c]),
            _ => out.push(c),
        }
        before = c;
    }
    if starts_block { unblocked(out) } else { out }
}

/// The same where its start would make the block a heading, a quotation, a list or a rule.
fn unblocked(text: String) -> String {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let at = |it: usize| text[it..].chars().next();
    match (at(0), at(digits)) {
        (Some('#' | '>' | '+' | '-' | '='), _) => format!("\\{text}"),
        (_, Some('.' | ')')) if 0 < digits => {
            format!("{}\\{}", &text[..digits], &text[digits..])
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Column, Item};
    use super::*;

    #[test]
    fn blocks_stand_apart_and_only_what_markdown_has_is_written() {
        let mut page = Page::new().title("A | title");
        page.lead().add(Block::prose("a question?"));
        page.lead().add_for(Form::Terminal, Block::prose("for a terminal"));
        let section = page.section("WHY", "a heading of a terminal");
        section.add(Block::List(vec![Item::new(Tone::Code.text("a"), vec!["b: c".into()])]));
        let mut table = Table::new(vec![
            Column::new("cause"),
            Column::new("share").right(),
            Column::new("mark").only(Form::Terminal),
        ]);
        table.row(vec!["x|y".into(), Text::default(), "✓".into()]);
        table.row_for(Form::Terminal, vec!["z".into(), "1%".into(), "✗".into()]);
        section.add(table);
        section.row("pods", ["6", "7"]);
        let expected = "## A \\| title\n\na question?\n\n- `a`\n  - b: c\n\n\
                        | cause | share |\n|---|--:|\n| x\\|y | |\n\n- pods: 6, 7\n";
        assert_eq!(page.to_markdown(), expected);
    }

    #[test]
    fn what_would_be_markup_is_escaped_and_what_is_none_stays() {
        for (text, expected) in [
            ("<img src=x>", "&lt;img src=x>"),
            ("<!-- gone", "&lt;!-- gone"),
            ("ready < 5m, <0.01% & more", "ready < 5m, <0.01% & more"),
            ("&lt;b&#62;", "&amp;lt;b&amp;#62;"),
            ("[a](javascript:b)", "[a\\](javascript:b)"),
            ("spent = [{ ago = 1 }]", "spent = [{ ago = 1 }]"),
            ("pods_never _now_ *all*", "pods_never \\_now\\_ \\*all\\*"),
            ("nodes \\ addresses \\<b>", "nodes \\ addresses \\\\&lt;b>"),
            ("a `code` ~~b~~", "a \\`code\\` \\~\\~b\\~\\~"),
        ] {
            assert_eq!(escaped(text, false), expected);
        }
        for (text, expected) in [
            ("# no heading", "\\# no heading"),
            ("> no quotation", "\\> no quotation"),
            ("- no item", "\\- no item"),
            ("12. no item", "12\\. no item"),
            ("12 nodes", "12 nodes"),
        ] {
            assert_eq!(escaped(text, true), expected);
        }
    }

    #[test]
    fn code_ends_where_its_text_does() {
        assert_eq!(code("a < b", Within::Line), "`a < b`");
        assert_eq!(code("a`b``", Within::Line), "``` a`b`` ```");
        assert_eq!(code("a|b", Within::Table), "`a\\|b`");
    }
}
