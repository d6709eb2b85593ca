//! Who writes into a folder: a lock, so that two commands never mix their files there.
//!
//! The lock is the operating system's, on a file in the folder that says who holds it. The system
//! gives it up with its process, however that ends, so that nothing has to be cleared by hand; what
//! a process that was killed left in the file is noticed and told.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fs4::TryLockError;
use serde::{Deserialize, Serialize};

use super::bounded::read_start;
use super::whole::{At, FileError, create_folder};

/// Name of the file in the folder.
pub(crate) const LOCK: &str = ".lock";

/// How often a folder that is to be shared is asked for: those who share it hold it alone while
/// they begin, which takes milliseconds.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Whether others may write into the folder as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nobody else.
    Alone,
    /// Others who say the same: the shards of one sweep, whose points are files of their own.
    Shared,
}

/// Who holds a lock, as its file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    process: u32,
    host: String,
    since_unix_seconds: u64,
    doing: String,
}

impl Holder {
    #[expect(clippy::disallowed_methods, reason = "others are told since when the folder is taken")]
    fn this(doing: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            process: std::process::id(),
            host: host(),
            since_unix_seconds: now.as_secs(),
            doing: doing.to_owned(),
        }
    }

    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&read_start(path, 1 << 12).ok()?).ok()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, host, since_unix_seconds, doing } = self;
        write!(f, "`{doing}`, process {process} on {host}, since {}", utc(*since_unix_seconds))
    }
}

/// The name of this machine, as far as it says.
fn host() -> String {
    let of_kernel = read_start(Path::new("/proc/sys/kernel/hostname"), 256).ok();
    let of_kernel = of_kernel.map(|it| String::from_utf8_lossy(&it).trim().to_owned());
    let named = |variable| std::env::var(variable).ok();
    let found = of_kernel.or_else(|| named("HOSTNAME")).or_else(|| named("COMPUTERNAME"));
    found.filter(|it| !it.is_empty()).unwrap_or_else(|| "a machine without a name".into())
}

/// Seconds since 1970 as a date and time.
fn utc(seconds: u64) -> String {
    // Days of the proleptic Gregorian calendar, counted from the first of March of the year 0, so
    // that a leap day is the last of its year (Richards, "Mapping Time", 1998).
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Why a folder is not locked.
#[derive(Debug)]
pub enum NotLocked {
    /// Another command holds it.
    Held {
        /// The folder.
        folder: PathBuf,
        /// Who, as far as it is known.
        holder: Option<String>,
        /// The file to delete where the system cannot tell whether the holder still runs.
        delete: Option<PathBuf>,
    },
    /// The lock's file cannot be written.
    File(FileError),
}

impl From<FileError> for NotLocked {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for NotLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Held { folder, holder, delete } => {
                let holder = holder.as_deref().unwrap_or("another command");
                let folder = folder.display();
                write!(f, "{folder} is being written to by {holder}: wait for it, ")?;
                f.write_str("or choose another folder with --out")?;
                match delete {
                    Some(file) => write!(f, "; if it is gone, delete {}", file.display()),
                    None => Ok(()),
                }
            }
        }
    }
}

/// A folder that this process writes to; others may again when it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    left_behind: Option<String>,
}

/// What became of one try.
enum Tried {
    Got,
    Taken,
    /// The file system has no locks.
    NoLocks,
}

fn tried(result: Result<(), TryLockError>, path: &Path) -> Result<Tried, FileError> {
    match result {
        Ok(()) => Ok(Tried::Got),
        Err(TryLockError::WouldBlock) => Ok(Tried::Taken),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
            Ok(Tried::NoLocks)
        }
        Err(TryLockError::Error(error)) => Err(error).at("lock", path),
    }
}

impl Lock {
    /// Locks `folder`, which is created where it is missing, for `doing`. `begin` is done alone in
    /// any case.
    pub fn take<E: From<NotLocked>>(
        folder: &Path,
        doing: &str,
        hold: Hold,
        begin: impl FnOnce() -> Result<(), E>,
    ) -> Result<Self, E> {
        create_folder(folder).map_err(NotLocked::File)?;
        let lock = match hold {
            Hold::Alone => Self::try_once(folder, doing, hold)?,
            Hold::Shared => {
                let mut tries = 1;
                loop {
                    match Self::try_once(folder, doing, hold) {
                        Err(NotLocked::Held { .. }) if tries < TRIES => sleep(BETWEEN_TRIES),
                        ended => break ended?,
                    }
                    tries += 1;
                }
            }
        };
        begin()?;
        if hold == Hold::Shared {
            // From here on others may come in; where the system has no locks, nothing keeps them.
            let shared = fs4::FileExt::try_lock_shared(&lock.file);
            if let Tried::Taken = tried(shared, &lock.path).map_err(NotLocked::File)? {
                let refused =
                    NotLocked::Held { folder: folder.to_owned(), holder: None, delete: None };
                return Err(refused.into());
            }
        }
        Ok(lock)
    }

    fn try_once(folder: &Path, doing: &str, hold: Hold) -> Result<Self, NotLocked> {
        let path = folder.join(LOCK);
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&path).at("write", &path)?;
            let known = Holder::read(&path);
            let taken = |delete: Option<PathBuf>| {
                let holder = Holder::read(&path).map(|it| it.to_string());
                Err(NotLocked::Held { folder: folder.to_owned(), holder, delete })
            };
            let alone = tried(fs4::FileExt::try_lock(&file), &path)?;
            let is_shared = match (alone, hold) {
                (Tried::NoLocks, Hold::Alone) if known.is_some() => {
                    return taken(Some(path.clone()));
                }
                (Tried::Got | Tried::NoLocks, _) => false,
                (Tried::Taken, Hold::Alone) => return taken(None),
                (Tried::Taken, Hold::Shared) => {
                    match tried(fs4::FileExt::try_lock_shared(&file), &path)? {
                        Tried::Got | Tried::NoLocks => true,
                        Tried::Taken => return taken(None),
                    }
                }
            };
            // Whoever held it may have removed the file in the meantime.
            if !is_at(&file, &path) {
                continue;
            }
            let left_behind = known.filter(|_| !is_shared).map(|it| left_behind(&it));
            let mut lock = Self { file, path, left_behind };
            lock.sign(doing).at("write", &lock.path)?;
            return Ok(lock);
        }
    }

    fn sign(&mut self, doing: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        serde_json::to_writer(&mut self.file, &Holder::this(doing))?;
        self.file.flush()
    }

    /// What is to be told of a holder that is gone without having given the folder back.
    pub fn left_behind(&self) -> Option<&str> {
        self.left_behind.as_deref()
    }
}

fn left_behind(holder: &Holder) -> String {
    let host = if holder.host == host() { "" } else { " of another machine" };
    format!("a lock{host} was left behind, whose command is gone: {holder}")
}

/// Whether `path` still is the open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |a: fs::Metadata, b: fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    file.metadata().ok().zip(fs::metadata(path).ok()).is_some_and(|(a, b)| same(a, b))
}

/// Whether `path` still is the open file: elsewhere a file that is open cannot be replaced.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Whoever shares it with others leaves the file to them.
        if !matches!(fs4::FileExt::try_lock(&self.file), Err(TryLockError::WouldBlock)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let name = format!("pullstorm-lock-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn take(folder: &Path, doing: &str, hold: Hold) -> Result<Lock, NotLocked> {
        Lock::take(folder, doing, hold, || Ok(()))
    }

    #[test]
    fn a_folder_is_held_by_one_who_is_named_until_it_is_given_back() {
        let folder = folder("one");
        let first = take(&folder, "run a", Hold::Alone).unwrap();
        assert_eq!(first.left_behind(), None);
        let refused = take(&folder, "run b", Hold::Alone).unwrap_err().to_string();
        for part in ["`run a`", &format!("process {}", std::process::id()), " UTC", "--out"] {
            assert!(refused.contains(part), "{refused}");
        }
        drop(first);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left");
        drop(take(&folder, "run b", Hold::Alone).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_a_process_that_is_gone_left_behind_is_told_and_taken() {
        let folder = folder("stale");
        create_folder(&folder).unwrap();
        let gone = Holder {
            process: 4_711,
            host: "node-7".into(),
            since_unix_seconds: 1_794_000_000,
            doing: "run a".into(),
        };
        fs::write(folder.join(LOCK), serde_json::to_string(&gone).unwrap()).unwrap();
        let lock = take(&folder, "run b", Hold::Alone).unwrap();
        let told = lock.left_behind().unwrap();
        for part in ["of another machine", "process 4711 on node-7", "since 2026-11-06 "] {
            assert!(told.contains(part), "{told}");
        }
        drop(lock);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn those_who_share_a_folder_keep_out_who_wants_it_alone() {
        let folder = folder("shared");
        let first = take(&folder, "shard 0/2", Hold::Shared).unwrap();
        let second = take(&folder, "shard 1/2", Hold::Shared).unwrap();
        assert_eq!(second.left_behind(), None, "the first is not gone");
        drop(first);
        assert!(take(&folder, "whole", Hold::Alone).is_err());
        drop(second);
        drop(take(&folder, "whole", Hold::Alone).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn instants_read_as_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        // A leap day, and the last second of a century that has one.
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(978_307_199), "2000-12-31 23:59:59 UTC");
        assert_eq!(utc(1_794_009_600), "2026-11-07 00:00:00 UTC");
    }
}
