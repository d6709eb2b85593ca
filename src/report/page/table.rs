//! A table of a report: columns that say how they are set, and rows of cells.

use super::text::Text;
use super::{Block, Form};

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Columns of a terminal that a column of the table takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Width {
    /// So many; a longer cell is cut.
    Exactly(usize),
    /// As many as its widest cell, and never more than these.
    Fitted(usize),
    /// As many as its widest cell, and never more than the other columns leave.
    Rest,
    /// So many are kept for it, but it is never cut: the last column.
    Open(usize),
}

/// A column.
#[derive(Clone, Debug)]
pub(in crate::report) struct Column {
    pub(super) title: Text,
    pub(super) align: Align,
    pub(super) width: Width,
    pub(super) only: Option<Form>,
    /// Title and side in Markdown, where they are others.
    pub(super) markdown: Option<(Text, Align)>,
}

impl Column {
    /// A column of words, as wide as its cells.
    pub(in crate::report) fn new(title: impl Into<Text>) -> Self {
        let title = title.into();
        let (align, width) = (Align::Left, Width::Fitted(usize::MAX));
        Self { title, align, width, only: None, markdown: None }
    }

    /// The same with numbers, which stand at the right.
    pub(in crate::report) fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// The same with a width.
    pub(in crate::report) fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// The same in one form alone.
    pub(in crate::report) fn only(mut self, form: Form) -> Self {
        self.only = Some(form);
        self
    }

    /// The same with another title and side in Markdown.
    pub(in crate::report) fn markdown(mut self, title: impl Into<Text>, align: Align) -> Self {
        self.markdown = Some((title.into(), align));
        self
    }
}

/// A row: a cell for each column, whatever the form.
#[derive(Clone, Debug)]
pub(super) struct TableRow {
    pub(super) only: Option<Form>,
    pub(super) cells: Vec<Text>,
    /// What stands beneath it on a terminal.
    pub(super) note: Text,
}

/// How titles of columns are written on a terminal; Markdown always has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Heads {
    /// Not at all: the heading of the section says what stands here.
    Hidden,
    /// Like any row.
    Plain,
    /// Behind the rows.
    Faint,
}

/// What becomes of a row with a cell that is wider than its column, on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// The cell is cut.
    Cut,
    /// The row takes two lines.
    Lines,
    /// The cell is cut, and a table that is too wide is told in several, each with so many of its
    /// first columns.
    Parts(usize),
}

/// A table.
#[derive(Clone, Debug)]
pub(in crate::report) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<TableRow>,
    pub(super) heads: Heads,
    /// Spaces before a row, on a terminal.
    pub(super) indent: usize,
    /// Spaces between columns, on a terminal.
    pub(super) gap: usize,
    pub(super) overflow: Overflow,
    /// Whether columns without a word in them are left out on a terminal.
    pub(super) omits_empty: bool,
    /// Whether the line under the titles has spaces in Markdown, which reads the same.
    pub(super) is_airy: bool,
    /// What stands beneath the rows on a terminal, where not all are shown.
    pub(super) more: Option<Text>,
}

impl Table {
    /// A table without rows.
    pub(in crate::report) fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            rows: vec![],
            heads: Heads::Hidden,
            indent: 2,
            gap: 2,
            overflow: Overflow::Cut,
            omits_empty: false,
            is_airy: false,
            more: None,
        }
    }

    /// The same with titles on a terminal.
    pub(in crate::report) fn heads(mut self, heads: Heads) -> Self {
        self.heads = heads;
        self
    }

    /// The same with one space between columns on a terminal, and so many before them.
    pub(in crate::report) fn close(mut self, indent: usize) -> Self {
        (self.gap, self.indent) = (1, indent);
        self
    }

    /// The same where a row that does not fit takes two lines of a terminal.
    pub(in crate::report) fn over_lines(mut self) -> Self {
        self.overflow = Overflow::Lines;
        self
    }

    /// The same that is told in several tables where it is too wide for a terminal, each with so
    /// many of the first columns, which tell rows apart.
    pub(in crate::report) fn in_parts(mut self, of_row: usize) -> Self {
        self.overflow = Overflow::Parts(of_row);
        self
    }

    /// The same without columns that have no word in them, on a terminal.
    pub(in crate::report) fn without_empty_columns(mut self) -> Self {
        self.omits_empty = true;
        self
    }

    /// The same with spaces in the line under the titles, in Markdown.
    pub(in crate::report) fn airy(mut self) -> Self {
        self.is_airy = true;
        self
    }

    /// Adds a row.
    pub(in crate::report) fn row(&mut self, cells: Vec<Text>) -> &mut Self {
        self.rows.push(TableRow { only: None, cells, note: Text::default() });
        self
    }

    /// Adds a row of one form alone.
    pub(in crate::report) fn row_for(&mut self, form: Form, cells: Vec<Text>) -> &mut Self {
        self.rows.push(TableRow { only: Some(form), cells, note: Text::default() });
        self
    }

    /// How many rows there are, whatever the form.
    pub(in crate::report) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Puts a note beneath the last row, on a terminal.
    pub(in crate::report) fn note(&mut self, note: impl Into<Text>) {
        if let Some(row) = self.rows.last_mut() {
            row.note = note.into();
        }
    }

    /// Says beneath the rows what a terminal is not shown.
    pub(in crate::report) fn more(&mut self, text: impl Into<Text>) {
        self.more = Some(text.into());
    }

    /// Shows only the first rows on a terminal, and beneath them what `more` says of the number of
    /// others.
    pub(in crate::report) fn at_most(&mut self, shown: usize, more: impl Fn(usize) -> String) {
        if shown < self.rows.len() {
            self.more = Some(more(self.rows.len() - shown).into());
            for row in &mut self.rows[shown..] {
                row.only = Some(Form::Markdown);
            }
        }
    }

    /// The places of the columns that a form has.
    pub(super) fn columns_of(&self, form: Form) -> Vec<usize> {
        let is_of = |it: &usize| form.has(self.columns[*it].only);
        (0..self.columns.len()).filter(is_of).collect()
    }

    /// The rows that a form has.
    pub(super) fn rows_of(&self, form: Form) -> impl Iterator<Item = &TableRow> {
        self.rows.iter().filter(move |it| form.has(it.only))
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}
