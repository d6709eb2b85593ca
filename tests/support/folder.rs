//! Folders of a test's own.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// A folder that is empty at first and gone when the test ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Names are those of the test's file and of the test: no two tests share a folder.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder below cargo's own");
        Self(path)
    }

    /// The path of a file or folder in it, as a flag takes it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).expect("the file is written");
        self.path(name)
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
