//! Progress bars, on standard error, and only on a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::experiment::Progress;
use crate::experiment::compare::Step;
use crate::text::inert;
use crate::units::Span;

/// Steps of the bar for one replication.
const STEPS: u64 = 1_000;

/// Where a bar is drawn: nowhere, if nobody would see it.
fn target(quiet: bool) -> ProgressDrawTarget {
    if quiet || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}

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
        let n = u64::from(replications);
        let bar = ProgressBar::with_draw_target(Some(n * STEPS), target(quiet));
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

/// Counts work that is done, of a number that may grow.
pub(super) struct Counter {
    bar: ProgressBar,
}

impl Counter {
    /// A bar for `what`, such as `replications`; a hidden one where nobody would see it.
    pub(super) fn new(what: &'static str, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target(quiet));
        let template = "simulating {bar:40} {percent:>3}% {pos} of {len} {msg}, {eta} to go";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self { bar }
    }

    /// Takes a report; from any thread.
    pub(super) fn take(&self, step: Step) {
        match step {
            Step::Planned(all) => self.bar.set_length(all),
            Step::Finished => self.bar.inc(1),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how far the points of a sweep are, counted in replications.
pub(super) struct SweepMeter {
    bar: ProgressBar,
    points: usize,
    done: AtomicU64,
    /// Replications that each point is to have.
    expected: Vec<AtomicU64>,
}

impl SweepMeter {
    /// A bar for so many points, each with so many replications at first.
    pub(super) fn new(points: usize, replications: u32, quiet: bool) -> Self {
        let each = u64::from(replications);
        let bar = ProgressBar::with_draw_target(Some(points as u64 * each), target(quiet));
        let template = "sweeping {bar:40} {percent:>3}% {msg}, {eta} to go";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(format!("0 of {points} points"));
        let expected = (0..points).map(|_| AtomicU64::new(each)).collect();
        Self { bar, points, done: AtomicU64::new(0), expected }
    }

    /// Takes a report; from any thread.
    pub(super) fn report(&self, progress: Progress) {
        if let Progress::Finished { .. } = progress {
            self.bar.inc(1);
        }
    }

    /// A point is to have so many replications now.
    pub(super) fn grow(&self, point: usize, replications: u32) {
        let now = u64::from(replications);
        let before = self.expected[point].swap(now, Ordering::Relaxed);
        if before < now {
            self.bar.inc_length(now - before);
        } else {
            self.bar.dec_length(before - now);
        }
    }

    /// Points that are done.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// One more point is done.
    pub(super) fn point_done(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.bar.set_message(format!("{done} of {} points", self.points));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how many replications have run where nobody knows how many there will be.
pub(super) struct SearchMeter {
    bar: ProgressBar,
}

impl SearchMeter {
    /// A counter; a hidden one where nobody would see it.
    pub(super) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, target(quiet));
        if let Ok(style) = ProgressStyle::with_template("searching: {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// So many have run, and the next do under these settings; from any thread.
    pub(super) fn report(&self, runs: u64, sets: &[String]) {
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{runs} runs, now {}", inert(&sets.join(" "))));
            self.bar.tick();
        }
    }

    /// Takes the counter away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
