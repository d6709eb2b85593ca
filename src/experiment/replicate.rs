//! Runs all replications of a spec, in parallel, and collects them by number.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::model::outcome::{Outcome, RequestSink};
use crate::model::spec::Spec;
use crate::model::{self, Recording};
use crate::units::Time;

/// How the replications are run; nothing here changes a result.
pub struct Options<'a> {
    /// Threads; 0 means one for each core.
    pub threads: usize,
    /// The replication whose rows and series are kept.
    pub detail: u32,
    /// Takes every HTTP request of that replication.
    pub requests: Option<&'a mut dyn RequestSink>,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A replication reached an instant of simulated time.
    Reached {
        /// Which one.
        replication: u32,
        /// How far it is.
        time: Time,
    },
    /// A replication is done.
    Finished {
        /// Which one.
        replication: u32,
    },
}

/// Why no replication ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplicateError {
    /// The threads could not be started; nothing ran.
    Threads(String),
}

impl fmt::Display for ReplicateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Threads(why) => write!(f, "cannot start the worker threads: {why}"),
        }
    }
}

impl std::error::Error for ReplicateError {}

/// Runs `replications` replications of `spec`; the results are in the order of their numbers.
/// `progress` is told how far the work is, from any thread.
pub fn replicate(
    spec: &Spec,
    replications: u32,
    options: Options<'_>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Outcome>, ReplicateError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()
        .map_err(|error| ReplicateError::Threads(error.to_string()))?;
    let Options { detail, requests, .. } = options;
    let requests = Mutex::new(requests);
    let run = |replication: u32| {
        let mut reached = |time| progress(Progress::Reached { replication, time });
        let shown = replication == detail;
        let sink = if shown {
            requests.lock().unwrap_or_else(PoisonError::into_inner).take()
        } else {
            None
        };
        let outcome = model::run(
            spec,
            replication,
            Recording {
                detail: shown,
                requests: shorten(sink),
                progress: Some(&mut reached),
                ..Recording::default()
            },
        );
        progress(Progress::Finished { replication });
        outcome
    };
    Ok(pool.install(|| (0..replications).into_par_iter().map(run).collect()))
}

/// The same sink for a shorter time: a mutable reference behind an `Option` does not shorten on its
/// own.
fn shorten<'short>(
    sink: Option<&'short mut (dyn RequestSink + '_)>,
) -> Option<&'short mut (dyn RequestSink + 'short)> {
    match sink {
        Some(sink) => Some(sink),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::model::spec::{ControlPlaneSpec, StateSpec};
    use crate::units::Span;

    fn empty() -> Spec {
        Spec {
            seed: 1,
            horizon: Span::from_secs(1),
            control_plane: ControlPlaneSpec {
                controller_qps: 20,
                controller_burst: 30,
                scheduler_qps: 50,
                scheduler_burst: 100,
            },
            registries: vec![],
            accounts: vec![],
            egresses: vec![],
            backgrounds: vec![],
            pools: vec![],
            images: vec![],
            workloads: vec![],
            timeline: vec![],
            faults: vec![],
            state: StateSpec::default(),
        }
    }

    #[test]
    fn replications_come_back_by_number_whatever_the_number_of_threads() {
        for threads in [1, 2, 7] {
            let finished = AtomicU32::new(0);
            let options = Options { threads, detail: 3, requests: None };
            let outcomes = replicate(&empty(), 50, options, &|progress| {
                if let Progress::Finished { .. } = progress {
                    finished.fetch_add(1, Ordering::Relaxed);
                }
            })
            .unwrap();
            let numbers: Vec<u32> = outcomes.iter().map(|it| it.replication).collect();
            assert_eq!(numbers, (0..50).collect::<Vec<_>>());
            assert_eq!(finished.into_inner(), 50);
        }
    }
}
