//! A report as what it says: sections of prose, rows, lists and tables, built once for each verb.
//!
//! [`terminal`] and [`markdown`] write any page. What only one of them tells is marked so: a
//! terminal shows the few figures that matter, Markdown all of them. What stands in a scenario
//! enters a page through [`Text`] alone, which takes the power to act from it; Markdown escapes
//! what is markup besides.

mod markdown;
mod table;
mod terminal;
mod text;

pub(super) use self::table::{Align, Column, Heads, Table, Width};
pub(super) use self::terminal::fits;
pub(super) use self::text::{Text, Tone};
use crate::report::style::Style;

/// A way to write a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For people at a terminal.
    Terminal,
    /// For a ticket or a pull request.
    Markdown,
}

impl Form {
    /// Whether this form has what only `form` has.
    fn has(self, form: Option<Self>) -> bool {
        form.is_none_or(|it| it == self)
    }
}

/// An item of a list, with those beneath it.
#[derive(Clone, Debug)]
pub(super) struct Item {
    text: Text,
    items: Vec<Text>,
}

impl Item {
    /// An item with others beneath it.
    pub(super) fn new(text: impl Into<Text>, items: Vec<Text>) -> Self {
        Self { text: text.into(), items }
    }
}

/// A part of a section; spaces and breaks of lines are those of a terminal.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// A line that is never broken, after so many spaces.
    Line(Text, usize),
    /// A running text, after so many spaces.
    Prose(Text, usize),
    /// A running text that explains the line before it.
    Remark(Text),
    /// Facts with points between them, the first after so many spaces.
    Facts(Vec<Text>, usize),
    /// A label and its values.
    Row(Text, Vec<Text>),
    /// A label and a running text.
    Entry(Text, Text),
    /// A list.
    List(Vec<Item>),
    /// A table.
    Table(Table),
}

impl Block {
    /// A line that is never broken.
    pub(super) fn line(text: impl Into<Text>) -> Self {
        Self::Line(text.into(), 0)
    }

    /// A running text.
    pub(super) fn prose(text: impl Into<Text>) -> Self {
        Self::Prose(text.into(), 0)
    }

    /// A list of items with nothing beneath them.
    pub(super) fn list<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(|it| Item::new(it, vec![])).collect())
    }
}

/// What stands under one heading.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// The heading and a remark beside it; a terminal has them, while the tables of Markdown say
    /// in their first line what they are of.
    heading: Option<(Text, Text)>,
    only: Option<Form>,
    blocks: Vec<(Option<Form>, Block)>,
}

impl Section {
    /// Adds a block.
    pub(super) fn add(&mut self, block: impl Into<Block>) -> &mut Self {
        self.blocks.push((None, block.into()));
        self
    }

    /// Adds a block of one form alone.
    pub(super) fn add_for(&mut self, form: Form, block: impl Into<Block>) -> &mut Self {
        self.blocks.push((Some(form), block.into()));
        self
    }

    /// Adds what one would type to have the same, with what it is; nothing where it is nothing.
    pub(super) fn typed(&mut self, what: &str, typed: &[String]) -> &mut Self {
        self.typed_for(Form::Terminal, what, typed).typed_for(Form::Markdown, what, typed)
    }

    /// The same for one form.
    pub(super) fn typed_for(&mut self, form: Form, what: &str, typed: &[String]) -> &mut Self {
        if typed.is_empty() {
            return self;
        }
        let (between, end) = match form {
            Form::Terminal => (" · ", ""),
            Form::Markdown => (", ", "."),
        };
        let typed: Vec<Text> = typed.iter().map(|it| Tone::Code.text(it)).collect();
        let text = Text::from(format!("{what}: ")).join(&Text::joined(&typed, between));
        self.add_for(form, Block::prose(text.then(end)))
    }

    /// Adds a label and its values; nothing without values.
    pub(super) fn row<T: Into<Text>>(
        &mut self,
        label: impl Into<Text>,
        values: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let values: Vec<Text> = values.into_iter().map(Into::into).collect();
        if !values.is_empty() {
            self.add(Block::Row(label.into(), values));
        }
        self
    }

    /// Adds a label and a running text.
    pub(super) fn entry(&mut self, label: impl Into<Text>, text: impl Into<Text>) -> &mut Self {
        self.add(Block::Entry(label.into(), text.into()))
    }

    /// The blocks that a form has.
    fn blocks_of(&self, form: Form) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |it| form.has(it.0)).map(|it| &it.1)
    }
}

/// A report.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// What Markdown has as its heading.
    title: Option<Text>,
    lead: Section,
    sections: Vec<Section>,
}

impl Page {
    /// A report about which nothing is said yet.
    pub(super) fn new() -> Self {
        let lead = Section { heading: None, only: None, blocks: vec![] };
        Self { title: None, lead, sections: vec![] }
    }

    /// The same with a heading, in Markdown.
    pub(super) fn title(mut self, title: impl Into<Text>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What stands before all headings.
    pub(super) fn lead(&mut self) -> &mut Section {
        &mut self.lead
    }

    /// The section that was begun last, or what stands before all headings.
    pub(super) fn last(&mut self) -> &mut Section {
        self.sections.last_mut().unwrap_or(&mut self.lead)
    }

    /// A new section behind the others.
    pub(super) fn section(
        &mut self,
        heading: impl Into<Text>,
        remark: impl Into<Text>,
    ) -> &mut Section {
        self.push(heading.into(), remark.into(), None)
    }

    /// A new section of one form alone.
    pub(super) fn section_for(
        &mut self,
        form: Form,
        heading: impl Into<Text>,
        remark: impl Into<Text>,
    ) -> &mut Section {
        self.push(heading.into(), remark.into(), Some(form))
    }

    fn push(&mut self, heading: Text, remark: Text, only: Option<Form>) -> &mut Section {
        let at = self.sections.len();
        self.sections.push(Section { heading: Some((heading, remark)), only, blocks: vec![] });
        &mut self.sections[at]
    }

    /// Where results were written, a line a folder.
    pub(super) fn files(&mut self, lines: &[String]) {
        if !lines.is_empty() {
            let section = self.section_for(Form::Terminal, "FILES", "");
            for line in lines {
                section.add(Block::Prose(line.into(), 2));
            }
        }
    }

    /// The sections that a form has.
    fn sections_of(&self, form: Form) -> impl Iterator<Item = &Section> {
        std::iter::once(&self.lead).chain(&self.sections).filter(move |it| form.has(it.only))
    }

    /// The page for people at a terminal.
    pub(super) fn to_terminal(&self, style: Style) -> String {
        terminal::write(self, style)
    }

    /// The page as Markdown.
    pub(super) fn to_markdown(&self) -> String {
        markdown::write(self)
    }
}
