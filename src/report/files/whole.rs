//! Files that are complete or absent: written under a temporary name in the same folder, then
//! renamed.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::engine::chance::combine;

/// What could not be written, and why.
#[derive(Debug)]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What was tried: `create the folder`, `write`.
    pub tried: &'static str,
    /// What the system said.
    pub source: io::Error,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.tried, self.path.display(), self.source)?;
        match self.source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                f.write_str("; choose another folder with --out")
            }
            io::ErrorKind::FileTooLarge => {
                f.write_str("; larger files are not allowed here (ulimit -f)")
            }
            io::ErrorKind::StorageFull => f.write_str("; free some space or choose --out"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Says which path a failure was about.
pub(crate) trait At<T> {
    fn at(self, tried: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, tried: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError { path: path.to_owned(), tried, source })
    }
}

/// Creates `folder` with its parents.
pub(crate) fn create_folder(folder: &Path) -> Result<(), FileError> {
    fs::create_dir_all(folder).at("create the folder", folder)
}

/// Removes `path`, where it exists.
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("replace", path),
        _ => Ok(()),
    }
}

/// How names of files that are not complete begin.
pub(crate) const PARTIAL: &str = ".partial-";

/// The name under which `path` is written until it is complete; its ending stays, as encoders go by
/// it. No other process has the same, as several may write into one folder.
pub(super) fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
    path.with_file_name(format!("{PARTIAL}{:016x}-{name}", of_this_process()))
}

/// A number that no other process has: not even one of another machine, where ids of processes
/// start over.
#[expect(clippy::disallowed_methods, reason = "names of files on their way, which nobody keeps")]
fn of_this_process() -> u64 {
    static NUMBER: OnceLock<u64> = OnceLock::new();
    *NUMBER.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        combine(now.as_nanos() as u64, u64::from(std::process::id()))
    })
}

/// A file on its way; dropped before [`WholeFile::keep`], it leaves nothing behind.
pub(crate) struct WholeFile {
    out: Option<BufWriter<File>>,
    partial: PathBuf,
    path: PathBuf,
}

impl WholeFile {
    /// Opens `path` for writing; the file appears there when it is kept.
    pub(crate) fn create(path: &Path) -> Result<Self, FileError> {
        let partial = partial(path);
        let file = File::create(&partial).at("write", path)?;
        let out = Some(BufWriter::with_capacity(1 << 18, file));
        Ok(Self { out, partial, path: path.to_owned() })
    }

    /// Puts the complete file in its place.
    pub(crate) fn keep(mut self) -> Result<(), FileError> {
        if let Some(mut out) = self.out.take() {
            out.flush().at("write", &self.path)?;
        }
        fs::rename(&self.partial, &self.path).at("write", &self.path)
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Some(out) => out.write(bytes),
            None => Err(io::Error::other("the file is closed")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        // After `keep` there is nothing under this name; before it, a half-written file must not
        // stay.
        let _ = fs::remove_file(&self.partial);
    }
}

/// Writes `path` whole with what `write` puts into it.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut WholeFile) -> io::Result<()>,
) -> Result<(), FileError> {
    let mut file = WholeFile::create(path)?;
    write(&mut file).at("write", path)?;
    file.keep()
}

/// Writes `path` whole through a library that opens files by name.
pub(crate) fn write_whole_by_name(
    path: &Path,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let partial = partial(path);
    let written = write(&partial).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // Where nothing was written there is nothing to remove.
        let _ = fs::remove_file(&partial);
    }
    written.at("write", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_complete_or_absent() {
        let folder = std::env::temp_dir().join(format!("pullstorm-whole-{}", std::process::id()));
        create_folder(&folder).unwrap();
        let path = folder.join("a.csv");
        let failed = write_whole(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is gone"))
        });
        assert!(failed.unwrap_err().to_string().contains("the disk is gone"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        write_whole(&path, |out| out.write_all(b"whole")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
