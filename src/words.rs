//! Closed lists of words: what a user writes, a file holds and a match looks at, declared once.
//!
//! A list is an enum, so the compiler names every place that a new word has to reach.

/// A closed list of words, as `words!` declares it.
pub trait Words: Copy + PartialEq + 'static {
    /// Every word, in the order of its declaration.
    const ALL: &'static [Self];
    /// The texts, in the same order.
    const TEXTS: &'static [&'static str];

    /// The word that is written so.
    fn parse(text: &str) -> Option<Self> {
        let at = Self::TEXTS.iter().position(|it| *it == text)?;
        Some(Self::ALL[at])
    }
}

/// Declares enums of words, `Name = "text"` each; attributes and doc comments pass through.
macro_rules! words {
    ($($(#[$meta:meta])* $vis:vis enum $list:ident {
        $($(#[$doc:meta])* $name:ident = $text:literal,)+
    })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        $vis enum $list { $($(#[$doc])* $name,)+ }

        impl $crate::words::Words for $list {
            const ALL: &'static [Self] = &[$(Self::$name,)+];
            const TEXTS: &'static [&'static str] = &[$($text,)+];
        }

        impl $list {
            /// The word as it is written.
            #[allow(dead_code, reason = "some lists are only read")]
            $vis const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    )+};
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    words! {
        enum Colour {
            Red = "red",
            DarkBlue = "dark-blue",
        }
    }

    #[test]
    fn a_word_is_read_as_it_is_written_and_nothing_else_is() {
        assert_eq!(Colour::ALL, [Colour::Red, Colour::DarkBlue]);
        assert_eq!(Colour::TEXTS, ["red", "dark-blue"]);
        for word in Colour::ALL {
            assert_eq!(Colour::parse(word.text()), Some(*word));
        }
        assert_eq!(Colour::parse("Red"), None);
        assert_eq!(Colour::parse(""), None);
    }
}
