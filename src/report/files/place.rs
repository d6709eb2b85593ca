//! The folder of one command's results: taken before the work begins, filled at once when it is
//! done.
//!
//! Results are written into a folder of their own inside it, and moved when all of them are there;
//! until then the files of the command before stay as they are. While files are being moved a
//! marker says so: readers refuse a folder that has it, and whoever writes there next removes it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::digests::{MANIFEST, names_below};
use super::lock::{Hold, Lock, NotLocked};
use super::whole::{At, FileError, PARTIAL, create_folder, partial, remove, write_whole};

/// The marker of a folder whose files do not belong together.
pub const INCOMPLETE: &str = "incomplete";

const MARK: &str = "\
A command writes here, or was ended while it did: the files in this folder do not belong together.
Run it again.
";

/// Marks a folder.
pub(crate) fn mark(folder: &Path) -> Result<(), FileError> {
    write_whole(&folder.join(INCOMPLETE), |out| out.write_all(MARK.as_bytes()))
}

/// Takes the mark away.
pub(crate) fn unmark(folder: &Path) -> Result<(), FileError> {
    remove(&folder.join(INCOMPLETE))
}

/// Whether the files of a folder do not belong together.
pub(crate) fn is_marked(folder: &Path) -> bool {
    folder.join(INCOMPLETE).exists()
}

/// A folder that one command writes to.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    staging: PathBuf,
    lock: Lock,
}

impl Place {
    /// Takes `folder`, which is created where it is missing, for `doing`.
    pub fn take(folder: &Path, doing: &str) -> Result<Self, NotLocked> {
        let clear = || Ok(clear_left_behind(folder)?);
        let lock = Lock::take::<NotLocked>(folder, doing, Hold::Alone, clear)?;
        let staging = partial(&folder.join("results"));
        create_folder(&staging)?;
        Ok(Self { folder: folder.to_owned(), staging, lock })
    }

    /// Where the results will be.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where they are written to.
    pub fn staging(&self) -> &Path {
        &self.staging
    }

    /// What is to be told of a holder that is gone without having given the folder back.
    pub fn left_behind(&self) -> Option<&str> {
        self.lock.left_behind()
    }

    /// Puts the results in the place of those before, which `clear` removes; the manifest comes
    /// last, as it vouches for the rest.
    pub fn settle(
        &self,
        clear: impl FnOnce(&Path) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        mark(&self.folder)?;
        clear(&self.folder)?;
        let mut names = names_below(&self.staging)?;
        names.sort_by_key(|it| it == MANIFEST);
        for name in &names {
            let to = self.folder.join(name);
            if let Some(folder) = to.parent() {
                create_folder(folder)?;
            }
            place(&self.staging.join(name), &to).at("write", &to)?;
        }
        unmark(&self.folder)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.staging);
    }
}

/// Moves a file; where that leads to another file system, such as a mount, it is copied first.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let near = partial(to);
            fs::copy(from, &near).and_then(|_| fs::rename(&near, to)).inspect_err(|_| {
                let _ = fs::remove_file(&near);
            })
        }
        ended => ended,
    }
}

/// Removes what a command that was killed left half-written.
fn clear_left_behind(folder: &Path) -> Result<(), FileError> {
    for entry in fs::read_dir(folder).at("read", folder)? {
        let entry = entry.at("read", folder)?;
        if !entry.file_name().to_string_lossy().starts_with(PARTIAL) {
            continue;
        }
        let path = entry.path();
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.at("remove", &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let name = format!("pullstorm-place-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn results_are_there_all_at_once_and_those_before_stay_until_then() {
        let folder = folder("once");
        create_folder(&folder).unwrap();
        fs::write(folder.join("a.csv"), "old").unwrap();
        fs::write(folder.join("mine.txt"), "mine").unwrap();
        let place = Place::take(&folder, "run").unwrap();
        fs::write(place.staging().join("b.csv"), "new").unwrap();
        fs::create_dir(place.staging().join("charts")).unwrap();
        fs::write(place.staging().join("charts/c.svg"), "drawn").unwrap();
        assert_eq!(fs::read_to_string(folder.join("a.csv")).unwrap(), "old");
        place.settle(|it| remove(&it.join("a.csv"))).unwrap();
        drop(place);
        assert_eq!(names_below(&folder).unwrap(), ["b.csv", "charts/c.svg", "mine.txt"]);
        // What was begun and not ended leaves nothing.
        let place = Place::take(&folder, "run").unwrap();
        fs::write(place.staging().join("b.csv"), "newer").unwrap();
        drop(place);
        assert_eq!(fs::read_to_string(folder.join("b.csv")).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_was_filled_by_half_is_marked_until_somebody_fills_it() {
        let folder = folder("half");
        // A folder where a file is to be: moving fails in the middle.
        create_folder(&folder.join("b.csv/x")).unwrap();
        let place = Place::take(&folder, "run").unwrap();
        for name in ["a.csv", "b.csv"] {
            fs::write(place.staging().join(name), "new").unwrap();
        }
        assert!(place.settle(|_| Ok(())).is_err());
        assert!(is_marked(&folder));
        fs::remove_dir_all(folder.join("b.csv")).unwrap();
        drop(place);
        let place = Place::take(&folder, "run").unwrap();
        fs::write(place.staging().join("b.csv"), "new").unwrap();
        place.settle(|_| Ok(())).unwrap();
        assert!(!is_marked(&folder));
        drop(place);
        fs::remove_dir_all(&folder).unwrap();
    }
}
