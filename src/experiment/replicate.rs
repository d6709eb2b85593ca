//! Runs replications of specs, in parallel, and collects them by number.

use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::model::record::outcome::{FactSink, Outcome, RequestSink};
use crate::model::spec::Spec;
use crate::model::{self, Recording};
use crate::units::Time;

/// What is kept of one replication beside its figures; nothing here changes a result.
#[derive(Default)]
pub struct Shown<'a> {
    /// The replication whose rows and series are kept.
    pub detail: Option<u32>,
    /// Takes every HTTP request of that replication.
    pub requests: Option<&'a mut dyn RequestSink>,
    /// Takes every fact of that replication.
    pub trace: Option<&'a mut dyn FactSink>,
}

impl Shown<'_> {
    /// Nothing but figures.
    pub const NOTHING: Shown<'static> = Shown { detail: None, requests: None, trace: None };

    /// The rows and series of one replication.
    pub const fn detail(replication: u32) -> Self {
        Self { detail: Some(replication), requests: None, trace: None }
    }
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

/// Why nothing ran: the threads could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadsError(String);

impl fmt::Display for ThreadsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start the worker threads: {}", self.0)
    }
}

impl std::error::Error for ThreadsError {}

/// The threads that do the work.
///
/// Whatever is run here comes back in the order in which it was asked for, so that the number of
/// threads changes nothing but the time it takes.
#[derive(Debug)]
pub struct Crew {
    pool: rayon::ThreadPool,
}

impl Crew {
    /// A crew of so many threads; 0 means one for each core.
    pub fn new(threads: usize) -> Result<Self, ThreadsError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        Ok(Self { pool: pool.map_err(|error| ThreadsError(error.to_string()))? })
    }

    /// Threads of the crew.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs these replications of `spec`; the results are in the order of their numbers.
    /// `progress` is told how far the work is, from any thread.
    pub fn replicate(
        &self,
        spec: &Spec,
        replications: Range<u32>,
        shown: Shown<'_>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Vec<Outcome> {
        let Shown { detail, requests, trace } = shown;
        let sinks = Mutex::new((requests, trace));
        let run = |replication: u32| {
            let mut reached = |time| progress(Progress::Reached { replication, time });
            let shown = detail == Some(replication);
            let (requests, trace) = if shown {
                std::mem::take(&mut *sinks.lock().unwrap_or_else(PoisonError::into_inner))
            } else {
                (None, None)
            };
            let outcome = model::run(
                spec,
                replication,
                Recording {
                    detail: shown,
                    requests: shorten(requests),
                    trace: shorten_trace(trace),
                    progress: Some(&mut reached),
                    ..Recording::default()
                },
            );
            progress(Progress::Finished { replication });
            outcome
        };
        self.pool.install(|| replications.into_par_iter().map(run).collect())
    }

    /// Does `work` for each of `items`; the results are in their order. Work may replicate: the
    /// same threads then serve both.
    pub fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> R + Sync + Send,
    ) -> Vec<R> {
        self.pool.install(|| items.par_iter().with_max_len(1).map(work).collect())
    }
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

/// The same for a sink of facts.
fn shorten_trace<'short>(
    sink: Option<&'short mut (dyn FactSink + '_)>,
) -> Option<&'short mut (dyn FactSink + 'short)> {
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
            let crew = Crew::new(threads).unwrap();
            let numbers = crew.each(&[0, 1, 2], |_| {
                let outcomes = crew.replicate(&empty(), 3..50, Shown::detail(3), &|progress| {
                    if let Progress::Finished { .. } = progress {
                        finished.fetch_add(1, Ordering::Relaxed);
                    }
                });
                let detailed = outcomes.iter().filter(|it| it.detail.is_some()).count();
                assert_eq!((detailed, outcomes[0].detail.is_some()), (1, true));
                outcomes.iter().map(|it| it.replication).collect::<Vec<u32>>()
            });
            assert_eq!(numbers, vec![(3..50).collect::<Vec<_>>(); 3]);
            assert_eq!(finished.into_inner(), 3 * 47);
        }
    }
}
