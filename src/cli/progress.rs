//! The progress bar of a run, on standard error, and only on a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::experiment::Progress;
use crate::units::Span;

/// Steps of the bar for one replication.
const STEPS: u64 = 1_000;

/// Shows how far the replications are.
pub(super) struct Meter {
    bar: ProgressBar,
    horizon: Span,
    steps: Vec<AtomicU64>,
    finished: AtomicU64,
}

impl Meter {
    /// A bar for `replications` runs up to `horizon`, which may grow to `most`; a hidden one where
    /// nobody would see it.
    pub(super) fn new(replications: u32, most: u32, horizon: Span, quiet: bool) -> Self {
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let n = u64::from(replications);
        let bar = ProgressBar::with_draw_target(Some(n * STEPS), target);
        let template = "simulating {bar:40} {percent:>3}% {msg}, {eta} to go";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(format!("0 of {n} replications"));
        let steps = (0..most).map(|_| AtomicU64::new(0)).collect();
        Self { bar, horizon, steps, finished: AtomicU64::new(0) }
    }

    /// Takes a report; from any thread.
    pub(super) fn report(&self, progress: Progress) {
        if self.bar.is_hidden() {
            return;
        }
        let (replication, steps) = match progress {
            Progress::Reached { replication, time } => {
                let horizon = self.horizon.as_micros().max(1);
                (replication, (time.as_micros() / (horizon / STEPS).max(1)).min(STEPS))
            }
            Progress::Finished { replication } => {
                let finished = self.finished.fetch_add(1, Ordering::Relaxed) + 1;
                self.bar.set_message(format!("{finished} of {} replications", self.total()));
                (replication, STEPS)
            }
        };
        let before = self.steps[replication as usize].swap(steps, Ordering::Relaxed);
        self.bar.inc(steps.saturating_sub(before));
    }

    /// There are to be so many replications now.
    pub(super) fn grow(&self, replications: u32) {
        self.bar.set_length(u64::from(replications) * STEPS);
    }

    fn total(&self) -> u64 {
        self.bar.length().unwrap_or(0) / STEPS
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how many replications have run where nobody knows how many there will be.
pub(super) struct Counter {
    bar: ProgressBar,
}

impl Counter {
    /// A counter; a hidden one where nobody would see it.
    pub(super) fn new(quiet: bool) -> Self {
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("searching: {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// So many have run, and the next do under these settings; from any thread.
    pub(super) fn report(&self, runs: u64, sets: &[String]) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{runs} runs, now {}", sets.join(" ")));
            self.bar.tick();
        }
    }

    /// Takes the counter away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
