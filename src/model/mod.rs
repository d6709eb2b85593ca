//! The world: plain state machines; no files, no serde, no wall clock, no threads.

pub mod ids;
pub mod outcome;
pub mod spec;

use outcome::{Outcome, RequestSink};
use spec::Spec;

/// What is recorded beside the metrics; nothing here changes a result.
#[derive(Default)]
pub struct Recording<'a> {
    /// Keep rows and series.
    pub detail: bool,
    /// Takes every HTTP request.
    pub requests: Option<&'a mut dyn RequestSink>,
    /// Called about every 100,000 events with the simulated time reached, for a progress bar.
    pub progress: Option<&'a mut dyn FnMut(crate::units::Time)>,
}

/// Runs one replication.
pub fn run(spec: &Spec, replication: u32, recording: Recording<'_>) -> Outcome {
    let _ = (spec, recording);
    Outcome {
        replication,
        digest: 0,
        stop: outcome::StopReason::NothingLeft,
        metrics: Vec::new(),
        failures: Vec::new(),
        blast: outcome::Blast::default(),
        spenders: Vec::new(),
        detail: None,
    }
}
