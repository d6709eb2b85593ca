//! A page for people at a terminal: lines of at most a hundred columns, aligned, with colours.

use super::table::{Align, Heads, Overflow, Table, TableRow, Width};
use super::text::{Text, Tone};
use super::{Block, Form, Item, Page, Section};
use crate::report::style::Style;
use crate::text::width;

/// Width of the page in columns.
const WIDTH: usize = 100;
/// Where the values of rows begin.
const LABEL: usize = 28;
/// What stands between the values of a row.
const SPACE: &str = "   ";
/// Where remarks begin, and notes to a row of a table.
const NOTE: usize = 6;
/// Columns of a remark.
const REMARK: usize = 90;

/// Writes a page.
pub(super) fn write(page: &Page, style: Style) -> String {
    let mut out = Lines { style, text: String::new() };
    for section in page.sections_of(Form::Terminal) {
        out.section(section);
    }
    out.text
}

/// Whether a table need not be told in parts.
pub(in crate::report) fn fits(table: &Table) -> bool {
    let layout = Layout::of(table);
    layout.columns.iter().map(|it| it.width + table.gap).sum::<usize>() <= WIDTH
}

/// Lines that are being written.
struct Lines {
    style: Style,
    text: String,
}

impl Lines {
    fn section(&mut self, section: &Section) {
        if let Some((title, remark)) = &section.heading {
            self.line(Text::default());
            self.heading(title, remark);
        }
        for block in section.blocks_of(Form::Terminal) {
            self.block(block);
        }
    }

    fn heading(&mut self, title: &Text, remark: &Text) {
        let mut line = title.toned(Tone::Strong);
        let gap = (LABEL + 2).saturating_sub(title.width()).max(2);
        line.fill(gap);
        self.line(line.join(&remark.clip(WIDTH - title.width() - gap).toned(Tone::Faint)));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Line(text, indent) => self.line(after(*indent).join(text)),
            Block::Prose(text, indent) => self.prose(text, *indent, WIDTH),
            Block::Remark(text) => self.prose(&text.toned(Tone::Faint), NOTE, NOTE + REMARK),
            Block::Facts(facts, indent) => {
                self.broken(
                    after(*indent),
                    facts,
                    Breaks { between: " · ", indent: 2, end: WIDTH },
                );
            }
            Block::Row(label, values) => self.row(label, values, SPACE),
            Block::Entry(label, text) => self.row(label, &text.words(), " "),
            Block::List(items) => {
                for Item { text, items } in items {
                    self.prose(text, 2, WIDTH);
                    for it in items {
                        self.prose(it, 4, WIDTH);
                    }
                }
            }
            Block::Table(table) => self.table(table),
        }
    }

    fn line(&mut self, line: Text) {
        for (tone, text) in line.trim_end().pieces() {
            self.text.push_str(&match tone {
                Tone::Plain | Tone::Code => text.to_owned(),
                Tone::Strong => self.style.heading(text),
                Tone::Good => self.style.good(text),
                Tone::Bad => self.style.bad(text),
                Tone::Doubtful => self.style.doubtful(text),
                Tone::Faint => self.style.faint(text),
            });
        }
        self.text.push('\n');
    }

    fn prose(&mut self, text: &Text, indent: usize, end: usize) {
        self.broken(after(indent), &text.words(), Breaks { between: " ", indent, end });
    }

    fn row(&mut self, label: &Text, values: &[Text], between: &'static str) {
        let mut start = after(2).join(&label.clip(LABEL - 1));
        start.fill(LABEL + 2 - start.width());
        self.broken(start, values, Breaks { between, indent: LABEL + 2, end: WIDTH });
    }

    /// Pieces behind `start`, in as many lines as they need.
    fn broken(&mut self, start: Text, pieces: &[Text], breaks: Breaks) {
        let Breaks { between, indent, end } = breaks;
        let mut line = start;
        for (at, piece) in pieces.iter().enumerate() {
            let piece = piece.clip(end - indent);
            if at == 0 {
                line = line.join(&piece);
            } else if line.width() + width(between) + piece.width() <= end {
                line.extend(between, &piece);
            } else {
                self.line(std::mem::replace(&mut line, after(indent).join(&piece)));
            }
        }
        self.line(line);
    }

    fn table(&mut self, table: &Table) {
        let layout = Layout::of(table);
        let parts = layout.parts(table);
        for (at, part) in parts.iter().enumerate() {
            if 0 < at {
                self.line(Text::default());
            }
            let titles = || table.columns.iter().map(|it| it.title.clone()).collect::<Vec<_>>();
            match table.heads {
                Heads::Hidden => {}
                Heads::Plain => self.cells(table, part, &titles()),
                Heads::Faint => {
                    let titles: Vec<Text> =
                        titles().iter().map(|it| it.toned(Tone::Faint)).collect();
                    self.cells(table, part, &titles);
                }
            }
            for row in table.rows_of(Form::Terminal) {
                self.table_row(table, part, row);
            }
            if let Some(more) = &table.more {
                self.line(after(table.indent).join(more));
            }
        }
    }

    fn table_row(&mut self, table: &Table, columns: &[Set], row: &TableRow) {
        let is_wide = |it: &Set| it.width < row.cells[it.column].width() && !it.is_open;
        if table.overflow == Overflow::Lines && columns.iter().any(is_wide) {
            self.over_lines(table, columns, row);
        } else {
            self.cells(table, columns, &row.cells);
        }
        if !row.note.is_absent() {
            self.line(after(NOTE).join(&row.note));
        }
    }

    /// A row whose cells stand in their columns.
    fn cells(&mut self, table: &Table, columns: &[Set], cells: &[Text]) {
        let mut line = after(table.indent);
        for (at, it) in columns.iter().enumerate() {
            let cell = &cells[it.column];
            let cell = if it.is_open { cell.clone() } else { cell.clip(it.width) };
            let fill = it.width.saturating_sub(cell.width());
            if 0 < at {
                line.fill(table.gap);
            }
            if it.align == Align::Right {
                line.fill(fill);
            }
            line = line.join(&cell);
            if it.align == Align::Left {
                line.fill(fill);
            }
        }
        let line = line.trim_end();
        let is_bound = matches!(table.overflow, Overflow::Parts(_));
        self.line(if is_bound { line.clip(WIDTH) } else { line });
    }

    /// A row whose first cell has a line of its own.
    fn over_lines(&mut self, table: &Table, columns: &[Set], row: &TableRow) {
        let mut cells = columns.iter().map(|it| &row.cells[it.column]);
        if let Some(first) = cells.next() {
            self.line(after(table.indent).join(&first.clip(WIDTH - 2 * table.indent)));
        }
        let rest: Vec<Text> = cells.map(|it| it.clip(WIDTH / 2)).collect();
        self.line(after(NOTE).join(&Text::joined(&rest, SPACE)));
    }
}

/// So many spaces.
fn after(spaces: usize) -> Text {
    Text::from(" ".repeat(spaces))
}

/// How a text is broken into lines.
#[derive(Clone, Copy)]
struct Breaks {
    between: &'static str,
    /// Spaces before all lines but the first.
    indent: usize,
    /// The last column.
    end: usize,
}

/// A column as it is set.
#[derive(Clone, Copy, Debug)]
struct Set {
    column: usize,
    align: Align,
    width: usize,
    is_open: bool,
}

/// The columns of a table that a terminal has, with their widths.
struct Layout {
    columns: Vec<Set>,
}

impl Layout {
    fn of(table: &Table) -> Self {
        let places = table.columns_of(Form::Terminal);
        let set = |column: usize| {
            let it = &table.columns[column];
            let width = match it.width {
                Width::Exactly(width) | Width::Open(width) => width,
                Width::Fitted(most) => widest(table, column, most),
                Width::Rest => 0,
            };
            Set { column, align: it.align, width, is_open: matches!(it.width, Width::Open(_)) }
        };
        let mut columns: Vec<Set> = places.into_iter().map(set).collect();
        if table.omits_empty {
            columns.retain(|it| widest_cell(table, it.column, usize::MAX) != 0);
        }
        let taken: usize = columns.iter().map(|it| it.width + table.gap).sum();
        let left = (WIDTH + table.gap).saturating_sub(table.indent + taken);
        for it in &mut columns {
            if table.columns[it.column].width == Width::Rest {
                it.width = widest(table, it.column, left);
            }
        }
        Self { columns }
    }

    /// The columns of each part in which the table is told.
    fn parts(&self, table: &Table) -> Vec<Vec<Set>> {
        let Overflow::Parts(of_row) = table.overflow else { return vec![self.columns.clone()] };
        let (head, rest) = self.columns.split_at(of_row.min(self.columns.len()));
        let wide = |it: &Set| it.width + table.gap;
        let room = WIDTH.saturating_sub(head.iter().map(wide).sum());
        let mut parts = vec![head.to_vec()];
        let mut taken = 0;
        for it in rest {
            if 0 < taken && room < taken + wide(it) {
                parts.push(head.to_vec());
                taken = 0;
            }
            taken += wide(it);
            if let Some(part) = parts.last_mut() {
                part.push(*it);
            }
        }
        parts
    }
}

/// Columns of the widest cell that is at most `most` wide, or of the title where it is shown.
fn widest(table: &Table, column: usize, most: usize) -> usize {
    let title = match table.heads {
        Heads::Hidden => 0,
        Heads::Plain | Heads::Faint => table.columns[column].title.width(),
    };
    title.max(widest_cell(table, column, most)).min(most)
}

/// The same without the title. Where wide rows take two lines, they do not widen the column.
fn widest_cell(table: &Table, column: usize, most: usize) -> usize {
    let widths = table.rows_of(Form::Terminal).map(|it| it.cells[column].width());
    let counts = |it: &usize| table.overflow != Overflow::Lines || *it <= most;
    widths.filter(counts).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::Column;
    use super::*;

    fn shown(page: &Page) -> String {
        page.to_terminal(Style::PLAIN)
    }

    #[test]
    fn lines_break_between_values_and_never_exceed_the_width() {
        let mut page = Page::new();
        let section = page.section("OUTCOME", "a remark ".repeat(30));
        section.row("min available share", (0..12).map(|it| format!("workload-{it} 100%")));
        section.row("long", ["x".repeat(300)]);
        section.entry("a label that is far too long for it", "several words ".repeat(30));
        section.add(Block::Prose("several words ".repeat(30).into(), 2));
        section.add(Block::list(["several words ".repeat(30)]));
        let text = shown(&page);
        assert!(text.lines().all(|it| it.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("workload-11 100%"));
        assert!(text.contains("x…"));
        assert!(text.contains("  a label that is far too lo… several"), "{text}");
    }

    #[test]
    fn wide_characters_take_the_columns_that_they_take() {
        let mut table = Table::new(vec![Column::new("name"), Column::new("n").right()]);
        table.row(vec!["日本".into(), "7".into()]).row(vec!["abcd".into(), "12".into()]);
        let mut page = Page::new();
        page.lead().add(table);
        assert_eq!(shown(&page), "  日本   7\n  abcd  12\n");
    }

    #[test]
    fn a_row_that_does_not_fit_takes_two_lines_and_does_not_widen_the_others() {
        let columns = vec![
            Column::new("demand").width(Width::Fitted(12)),
            Column::new("seen").width(Width::Rest),
            Column::new("held").width(Width::Open(20)),
        ];
        let mut table = Table::new(columns).over_lines();
        table.row(vec!["pods == 0".into(), "0".into(), "all".into()]);
        table.row(vec!["a demand that is long".into(), "5".into(), "none".into()]);
        table.note(Tone::Faint.text("demanded in x.toml:3"));
        let mut page = Page::new();
        page.lead().add(table);
        let lines = [
            "  pods == 0  0  all",
            "  a demand that is long",
            "      5   none",
            "      demanded in x.toml:3",
        ];
        assert_eq!(shown(&page).lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_table_that_is_too_wide_is_told_in_parts_that_repeat_its_first_columns() {
        let mut columns = vec![Column::new("point")];
        columns.extend((0..4).map(|it| Column::new(format!("metric-{it}-{}", "x".repeat(25)))));
        let mut table = Table::new(columns).heads(Heads::Plain).in_parts(1);
        table.row((0..5).map(|it| format!("cell-{it}").into()).collect());
        table.at_most(1, |_| unreachable!("all rows are shown"));
        let mut page = Page::new();
        page.lead().add(table);
        let text = shown(&page);
        assert_eq!(text.matches("cell-0").count(), 2, "{text}");
        assert!((1..5).all(|it| text.matches(&format!("cell-{it}")).count() == 1), "{text}");
        assert!(text.lines().all(|it| it.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn colours_stand_around_words_and_not_around_what_fills_a_column() {
        let mut table = Table::new(vec![Column::new("").width(Width::Exactly(6))]);
        table.row(vec![Tone::Good.text("good")]);
        let mut page = Page::new();
        page.lead().add(table);
        assert_eq!(page.to_terminal(Style::COLOUR), "  \u{1b}[32mgood\u{1b}[0m\n");
    }
}
