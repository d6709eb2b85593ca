//! Signals: what ends a command early, so that what is finished is kept.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::Failure;
use crate::report::files::Partial;

/// A signal that asks a command to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// From a scheduler, or `kill`.
    Terminate,
}

impl Signal {
    const ALL: [Self; 2] = [Self::Interrupt, Self::Terminate];

    const fn number(self) -> i32 {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
        }
    }

    /// Its name.
    const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// How a command ends that it ended: 130 or 143, and what became of its work.
    fn ended(self, kept: &str) -> Failure {
        let code = 128 + self.number() as u8;
        Failure { code, message: format!("ended by {}: {kept}", self.name()) }
    }
}

/// Listens for signals while a command works.
#[derive(Debug)]
pub(super) struct Signals {
    came: Arc<AtomicUsize>,
}

impl Signals {
    /// From now on the first signal sets `stop`; a second one ends the process at once.
    pub(super) fn listen(stop: &Arc<AtomicBool>) -> io::Result<Self> {
        let came = Arc::new(AtomicUsize::new(0));
        for it in Signal::ALL {
            // Actions run in this order: the flag that the first looks at is set by the last.
            flag::register_conditional_shutdown(it.number(), 128 + it.number(), Arc::clone(stop))?;
            flag::register_usize(it.number(), Arc::clone(&came), it.number() as usize)?;
            flag::register(it.number(), Arc::clone(stop))?;
        }
        Ok(Self { came })
    }

    /// How a command ends that was ended early, with what became of its work.
    pub(super) fn failure(&self, kept: &str) -> Failure {
        match self.came() {
            Some(signal) => signal.ended(kept),
            None => Failure::internal(format!("the work ended early: {kept}")),
        }
    }

    /// The same where so many of the replications are in a folder.
    pub(super) fn kept(&self, finished: u32, asked: u32, folder: &Path) -> Failure {
        let marked = if finished < asked { ", marked as partial" } else { "" };
        let folder = folder.display();
        self.failure(&format!("{finished} of {asked} replications are kept in {folder}{marked}"))
    }

    /// The mark of what is kept, where that is not all.
    pub(super) fn partial(&self, finished: u32, asked: u32) -> Option<Partial> {
        let ended_by = self.came().map_or("", Signal::name);
        (finished < asked).then_some(Partial { finished, asked, ended_by })
    }

    /// The signal that came, if one did.
    fn came(&self) -> Option<Signal> {
        let number = self.came.load(Ordering::SeqCst);
        Signal::ALL.into_iter().find(|it| it.number() as usize == number)
    }
}

/// A file that grows beyond what the shell allows (`ulimit -f`) is an error of writing, like a full
/// disk, and does not end the process in the middle of it.
#[cfg(unix)]
pub(super) fn outlive_file_limits() {
    // Where it cannot be had, files are cut as before.
    let _ = flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Elsewhere files have no such limits.
#[cfg(not(unix))]
pub(super) fn outlive_file_limits() {}
