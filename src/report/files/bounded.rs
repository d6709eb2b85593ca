//! Files that are read whole, but never more of them than one of their kind may hold: a device or a
//! pipe without end is refused, and so is a file that is none of ours.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::whole::{At, FileError};

/// Most bytes of a plan: 100,000 points with a value of each of a few paths are some 20 MB.
pub const MOST_PLAN: u64 = 1 << 28;
/// Most bytes of the file of a point, and of a manifest: thousands of figures or parameters are
/// some 2 MB.
pub const MOST_DOCUMENT: u64 = 1 << 26;
/// Most bytes of `replications.csv`: 10,000 replications of a thousand figures are some 500 MB.
pub(super) const MOST_REPLICATIONS: u64 = 1 << 30;

/// The first `most` bytes of a file, or all of them where there are fewer.
pub fn read_start(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file of at most `most` bytes.
pub fn read_text(path: &Path, most: u64) -> Result<String, FileError> {
    let read = || {
        let bytes = read_start(path, most.saturating_add(1))?;
        if most < bytes.len() as u64 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it has more than the {most} bytes that such a file may have"),
            ));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            io::Error::new(io::ErrorKind::InvalidData, format!("byte {at} of it is not UTF-8"))
        })
    };
    read().at("read", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_byte_too_many_is_refused_and_one_without_end_is_not_read_to_its_end() {
        let name = format!("pullstorm-bounded-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        let refused = read_text(&path, 4).unwrap_err().to_string();
        assert!(refused.contains("more than the 4 bytes"), "{refused}");
        assert_eq!(read_start(&path, 3).unwrap(), b"123");
        std::fs::write(&path, b"ab\xffd").unwrap();
        let refused = read_text(&path, 9).unwrap_err().to_string();
        assert!(refused.contains("byte 2 of it is not UTF-8"), "{refused}");
        std::fs::remove_file(&path).unwrap();
        if cfg!(unix) {
            assert!(read_text(Path::new("/dev/zero"), 1 << 20).is_err());
        }
    }
}
