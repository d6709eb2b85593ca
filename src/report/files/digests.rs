//! Digests: what a manifest says of the files beside it, and of itself, so that a folder with an
//! edited, truncated or foreign file is known.
//!
//! They are SHA-256, so that `sha256sum` finds the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::whole::{At, FileError, PARTIAL};

/// Name of the manifest.
pub(crate) const MANIFEST: &str = "manifest.json";

/// The part of a manifest that differs from run to run, and is not sealed.
const WALL_CLOCK: &str = "wall_clock";
/// The seal itself.
const SEAL: &str = "manifest_sha256";

/// Every file that a manifest vouches for, by its name with slashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Digests(BTreeMap<String, FileDigest>);

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileDigest {
    bytes: u64,
    sha256: String,
}

impl FileDigest {
    /// Of the first `most` bytes.
    fn of(path: &Path, most: u64) -> Result<Self, FileError> {
        let mut hash = Sha256::new();
        let mut file = File::open(path).at("read", path)?.take(most);
        let mut bytes = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut buffer).at("read", path)?;
            if read == 0 {
                return Ok(Self { bytes, sha256: hexadecimal(&hash.finalize()) });
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, it| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{it:02x}");
        text
    })
}

/// How a file is that a manifest vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// As it was written.
    AsWritten,
    /// Not there any more.
    Gone,
    /// With other content.
    Changed,
    /// The manifest does not know it.
    Foreign,
}

impl Digests {
    /// Of the files `names` in `folder`.
    pub(crate) fn of(folder: &Path, names: &[String]) -> Result<Self, FileError> {
        let one = |name: &String| Ok((name.clone(), FileDigest::of(&folder.join(name), u64::MAX)?));
        names.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Of all files in `folder`.
    pub(crate) fn below(folder: &Path) -> Result<Self, FileError> {
        Self::of(folder, &names_below(folder)?)
    }

    /// Those that a manifest has; none in one of a version that had none.
    pub(crate) fn read(manifest: &Value) -> Option<Self> {
        serde_json::from_value(manifest.get("files")?.clone()).ok()
    }

    /// Every name.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How the file `name` in `folder` is. No more of it is read than it should have.
    pub(crate) fn look(&self, folder: &Path, name: &str) -> Result<Found, FileError> {
        let path = folder.join(name);
        let Some(written) = self.0.get(name) else {
            return Ok(if path.exists() { Found::Foreign } else { Found::AsWritten });
        };
        match FileDigest::of(&path, written.bytes.saturating_add(1)) {
            Ok(now) if now == *written => Ok(Found::AsWritten),
            Ok(_) => Ok(Found::Changed),
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(Found::Gone),
            Err(error) => Err(error),
        }
    }
}

/// Names of the files in `folder` and below, with slashes, sorted; files on their way and other
/// hidden ones are left out.
pub(crate) fn names_below(folder: &Path) -> Result<Vec<String>, FileError> {
    let mut names = vec![];
    let mut open = vec![String::new()];
    while let Some(prefix) = open.pop() {
        let here = folder.join(&prefix);
        for entry in fs::read_dir(&here).at("read", &here)? {
            let entry = entry.at("read", &here)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(PARTIAL) {
                continue;
            }
            if entry.path().is_dir() {
                open.push(format!("{prefix}{name}/"));
            } else {
                names.push(format!("{prefix}{name}"));
            }
        }
    }
    names.sort();
    Ok(names)
}

/// Writes a manifest with its seal: the digest of all of it but the clock on the wall.
pub(crate) fn write_sealed(out: &mut dyn Write, manifest: &impl Serialize) -> io::Result<()> {
    #[derive(Serialize)]
    struct Sealed<'a, M> {
        #[serde(flatten)]
        manifest: &'a M,
        manifest_sha256: String,
    }
    let manifest_sha256 = seal_of(serde_json::to_value(manifest)?);
    serde_json::to_writer_pretty(&mut *out, &Sealed { manifest, manifest_sha256 })?;
    writeln!(out)
}

/// Whether a manifest is as it was written; `None` in one of a version that had no seal.
pub(crate) fn is_sealed(manifest: &Value) -> Option<bool> {
    let seal = manifest.get(SEAL)?.as_str()?;
    Some(seal_of(manifest.clone()) == seal)
}

/// The digest of a manifest, with its keys in order and no blanks.
fn seal_of(mut manifest: Value) -> String {
    if let Some(manifest) = manifest.as_object_mut() {
        manifest.remove(WALL_CLOCK);
        manifest.remove(SEAL);
    }
    hexadecimal(&Sha256::digest(manifest.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_edited_cut_or_foreign_is_known() {
        let folder = std::env::temp_dir().join(format!("pullstorm-digests-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("charts")).unwrap();
        fs::write(folder.join("a.csv"), "abc").unwrap();
        fs::write(folder.join("charts/b.svg"), "").unwrap();
        fs::write(folder.join(".partial-1-c.csv"), "c").unwrap();
        let digests = Digests::below(&folder).unwrap();
        assert_eq!(digests.names().collect::<Vec<_>>(), ["a.csv", "charts/b.svg"]);
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digests.0["a.csv"], FileDigest { bytes: 3, sha256: abc.into() });
        let look = |name| digests.look(&folder, name).unwrap();
        assert_eq!((look("a.csv"), look("charts/b.svg")), (Found::AsWritten, Found::AsWritten));
        for content in ["abd", "ab", "abcd"] {
            fs::write(folder.join("a.csv"), content).unwrap();
            assert_eq!(look("a.csv"), Found::Changed, "{content}");
        }
        fs::remove_file(folder.join("a.csv")).unwrap();
        assert_eq!(look("a.csv"), Found::Gone);
        assert_eq!(look("pulls.csv"), Found::AsWritten, "neither known nor there");
        fs::write(folder.join("pulls.csv"), "x").unwrap();
        assert_eq!(look("pulls.csv"), Found::Foreign);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_manifest_vouches_for_itself_but_for_the_clock_on_the_wall() {
        let manifest = serde_json::json!({"seed": 1, "a": [0.1], "wall_clock": {"threads": 2}});
        let mut text = vec![];
        write_sealed(&mut text, &manifest).unwrap();
        let read: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(is_sealed(&read), Some(true));
        let mut slower = read.clone();
        slower["wall_clock"]["threads"] = 1.into();
        assert_eq!(is_sealed(&slower), Some(true));
        let mut other = read;
        other["seed"] = 2.into();
        assert_eq!(is_sealed(&other), Some(false));
        assert_eq!(is_sealed(&manifest), None);
    }
}
