//! Colours of the terminal; none where the output is not a terminal or the user said so.

use std::io::IsTerminal;

/// Whether colours are used, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Without colours: for files, pipes and tests.
    pub const PLAIN: Self = Self { colour: false };
    /// With colours.
    pub const COLOUR: Self = Self { colour: true };

    /// The style for standard output: colours only on a terminal, and never against `NO_COLOR` or
    /// `TERM=dumb`.
    pub fn for_stdout() -> Self {
        Self { colour: std::io::stdout().is_terminal() && wanted() }
    }

    /// The style for standard error, by the same rules.
    pub fn for_stderr() -> Self {
        Self { colour: std::io::stderr().is_terminal() && wanted() }
    }

    /// Whether colours are used.
    pub const fn is_coloured(self) -> bool {
        self.colour
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.paint(text, "1")
    }

    /// What went well.
    pub fn good(self, text: &str) -> String {
        self.paint(text, "32")
    }

    /// What failed.
    pub fn bad(self, text: &str) -> String {
        self.paint(text, "31")
    }

    /// What asks for care.
    pub fn doubtful(self, text: &str) -> String {
        self.paint(text, "33")
    }

    /// What stands behind.
    pub fn faint(self, text: &str) -> String {
        self.paint(text, "2")
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Whether the environment leaves colours on.
fn wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|it| it != "dumb")
}
