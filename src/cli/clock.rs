//! The clock on the wall, for manifests only.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::report::files::WallClock;

/// Runs from the start of the work.
pub(super) struct Clock {
    started: Instant,
    started_unix: Duration,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the manifest tells when and how long it took")]
    pub(super) fn start() -> Self {
        let started_unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), started_unix }
    }

    pub(super) fn stop(&self, threads: usize) -> WallClock {
        WallClock {
            started_unix_seconds: self.started_unix.as_secs(),
            simulating_seconds: self.started.elapsed().as_secs_f64(),
            threads,
        }
    }
}
