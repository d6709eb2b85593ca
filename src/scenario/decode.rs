//! Bytes of a file to the text of a scenario.

use super::diagnostic::{Code, Diagnostics, Problems};
use super::field::LARGEST_FILE;
use super::source::{Origin, SourceFile, Sources};

/// Bytes that are worth reading of a file: a few more than a scenario may have, so that one that is
/// too large is known by it.
pub const MOST_READ: u64 = LARGEST_FILE as u64 + 8;

impl SourceFile {
    /// The file of this content, which may break off behind [`MOST_READ`] bytes; tells where it is
    /// not UTF-8.
    pub fn decode(name: &str, bytes: &[u8]) -> Result<Self, Diagnostics> {
        let file = |text: &[u8]| Self {
            name: name.to_owned(),
            text: String::from_utf8_lossy(text).into_owned(),
        };
        let Err(error) = std::str::from_utf8(bytes) else { return Ok(file(bytes)) };
        let at = error.valid_up_to();
        if LARGEST_FILE < at {
            // A character that the bound cut in two; the file is too large anyway.
            return Ok(file(&bytes[..at]));
        }
        let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
        let (shown, message) = if is_utf16 {
            (file(b""), "the file is UTF-16".to_owned())
        } else {
            (file(bytes), format!("the byte 0x{:02x} is no text in UTF-8", bytes[at]))
        };
        let sources = Sources::new(&shown);
        let mut problems = Problems::new(&sources);
        problems
            .error(Code::Encoding, Origin::file(at..at + 1), message)
            .help("save the file as UTF-8");
        Err(Diagnostics { list: problems.into_sorted() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_line_and_column() {
        let problems =
            SourceFile::decode("a.toml", b"seed = 1\ntitle = \"caf\xe9\"\n").unwrap_err();
        let [one] = &problems.list[..] else { panic!("{problems}") };
        assert_eq!(
            (one.code, one.place.line, one.place.column),
            (Code::Encoding, Some(2), Some(13))
        );
        assert!(one.message.contains("0xe9"), "{}", one.message);
        let problems = SourceFile::decode("a.toml", b"\xff\xfes\0e\0").unwrap_err();
        assert!(problems.to_string().contains("the file is UTF-16"), "{problems}");
        assert_eq!(problems.list[0].place.line, Some(1));
    }
}
