//! A page of text for the terminal: headings, rows with a label, lines that break at the width.

use super::style::Style;

/// Width of the page in columns.
pub(super) const WIDTH: usize = 100;
/// Where the values of rows begin.
const LABEL: usize = 28;
/// What stands between the parts of a row.
const SPACE: &str = "   ";

/// A page being written.
pub(super) struct Page {
    pub(super) style: Style,
    text: String,
}

/// Columns that `text` takes on a terminal: characters, as everything here is one column wide.
fn columns(text: &str) -> usize {
    text.chars().count()
}

/// `text` cut to `width` columns; what was cut is marked.
pub(super) fn clip(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// `text` filled up with spaces to `width` columns.
pub(super) fn pad(text: &str, width: usize) -> String {
    let text = clip(text, width);
    let fill = width - columns(&text);
    text + &" ".repeat(fill)
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { style, text: String::new() }
    }

    /// A blank line, a heading, and a remark beside it.
    pub(super) fn heading(&mut self, title: &str, remark: &str) {
        self.text.push('\n');
        self.text.push_str(&self.style.heading(title));
        if !remark.is_empty() {
            let gap = (LABEL + 2).saturating_sub(columns(title)).max(2);
            self.text.push_str(&" ".repeat(gap));
            let remark = clip(remark, WIDTH - columns(title) - gap);
            self.text.push_str(&self.style.faint(&remark));
        }
        self.text.push('\n');
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A running text, broken between words, each line after `indent` spaces.
    pub(super) fn prose(&mut self, text: &str, indent: usize) {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        self.broken(&" ".repeat(indent), &words, " ", indent);
    }

    /// Parts with points between them, in as many lines as they need.
    pub(super) fn parts(&mut self, parts: &[String]) {
        self.broken("", parts, " · ", 2);
    }

    /// A label and its values; values that do not fit stand on lines of their own. Nothing without
    /// values.
    pub(super) fn row(&mut self, label: &str, values: &[String]) {
        if !values.is_empty() {
            let start = format!("  {}", pad(label, LABEL - 1) + " ");
            self.broken(&start, values, SPACE, LABEL + 2);
        }
    }

    /// A label and a running text, broken between words.
    pub(super) fn row_of_text(&mut self, label: &str, text: &str) {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let start = format!("  {}", pad(label, LABEL - 1) + " ");
        self.broken(&start, &words, " ", LABEL + 2);
    }

    fn broken(&mut self, start: &str, parts: &[String], between: &str, indent: usize) {
        let mut line = start.to_owned();
        let mut fresh = true;
        for part in parts {
            let part = clip(part, WIDTH - indent);
            if fresh {
                line.push_str(&part);
            } else if columns(&line) + columns(between) + columns(&part) <= WIDTH {
                line.push_str(between);
                line.push_str(&part);
            } else {
                self.line(line.trim_end());
                line = " ".repeat(indent) + &part;
            }
            fresh = false;
        }
        self.line(line.trim_end());
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_values_and_never_exceed_the_width() {
        let mut page = Page::new(Style::PLAIN);
        let values: Vec<String> = (0..12).map(|it| format!("workload-{it} 100%")).collect();
        page.row("min available share", &values);
        page.row("long", &["x".repeat(300)]);
        page.prose(&"several words ".repeat(30), 2);
        let text = page.finish();
        assert!(text.lines().all(|it| columns(it) <= WIDTH), "{text}");
        assert!(text.contains("workload-11 100%"));
        assert!(text.contains("x…"));
    }
}
