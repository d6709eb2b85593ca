//! Runs replications of specs, in parallel, and collects them by number.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::model::record::outcome::{FactSink, Outcome, RequestSink, StopReason};
use crate::model::spec::Spec;
use crate::model::{self, PROGRESS_EVENTS, Recording};
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
    stop: Arc<AtomicBool>,
    many: Option<Many>,
}

/// How many events of a replication are many, and what is called when one has them.
#[derive(Clone, Copy, Debug)]
struct Many {
    events: u64,
    told: fn(u32, Time),
}

impl Crew {
    /// A crew of so many threads; 0 means one for each core.
    pub fn new(threads: usize) -> Result<Self, ThreadsError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| ThreadsError(error.to_string()))?;
        Ok(Self { pool, stop: Arc::default(), many: None })
    }

    /// Has `told` called with a replication that has so many events, and the instant that it has
    /// reached; `events` counts in steps of [`PROGRESS_EVENTS`].
    #[must_use]
    pub fn telling_of(self, events: u64, told: fn(u32, Time)) -> Self {
        Self { many: Some(Many { events, told }), ..self }
    }

    /// Set to true, it ends the work: replications that are not finished are given up.
    pub fn stop(&self) -> &Arc<AtomicBool> {
        &self.stop
    }

    /// Whether the work was ended.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Threads of the crew.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs these replications of `spec`; the results are in the order of their numbers.
    /// `progress` is told how far the work is, from any thread.
    ///
    /// Numbers are dealt out in their order. Where the work is ended early, the results are those
    /// from the first number on without a gap: what a call with fewer replications would give.
    pub fn replicate(
        &self,
        spec: &Spec,
        replications: Range<u32>,
        shown: Shown<'_>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Vec<Outcome> {
        let Shown { detail, requests, trace } = shown;
        let sinks = Mutex::new((requests, trace));
        let next = AtomicU32::new(replications.start);
        let run = |_| {
            if self.is_stopped() {
                return None;
            }
            let replication = next.fetch_add(1, Ordering::Relaxed);
            let mut events = 0;
            let mut reached = |time| {
                events += PROGRESS_EVENTS;
                if let Some(many) = self.many
                    && events == many.events
                {
                    (many.told)(replication, time);
                }
                progress(Progress::Reached { replication, time });
                !self.is_stopped()
            };
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
            if outcome.stop == StopReason::Told {
                return None;
            }
            progress(Progress::Finished { replication });
            Some(outcome)
        };
        let first = replications.start;
        let mut outcomes: Vec<Outcome> =
            self.pool.install(|| replications.into_par_iter().filter_map(run).collect());
        outcomes.sort_by_key(|it| it.replication);
        let without_gap = outcomes.iter().zip(first..).take_while(|(it, at)| it.replication == *at);
        outcomes.truncate(without_gap.count());
        outcomes
    }

    /// Does `work` for each of `items`, begun in their order; the results are in it too. Work may
    /// replicate: the same threads then serve both.
    pub fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> R + Sync + Send,
    ) -> Vec<R> {
        let next = AtomicUsize::new(0);
        let one = |_| {
            let at = next.fetch_add(1, Ordering::Relaxed);
            (at, work(&items[at]))
        };
        let all = (0..items.len()).into_par_iter().with_max_len(1);
        let mut done: Vec<(usize, R)> = self.pool.install(|| all.map(one).collect());
        done.sort_by_key(|it| it.0);
        done.into_iter().map(|it| it.1).collect()
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
    use super::*;
    use crate::model::spec::{ControlPlaneSpec, StateSpec};
    use crate::scenario::{Request, SourceFile, library, load};
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
    fn work_that_is_ended_keeps_what_is_finished_from_the_first_number_on() {
        let crew = Crew::new(2).unwrap();
        let outcomes = crew.replicate(&empty(), 3..10_000, Shown::NOTHING, &|progress| {
            if progress == (Progress::Finished { replication: 40 }) {
                crew.stop().store(true, Ordering::Relaxed);
            }
        });
        let numbers: Vec<u32> = outcomes.iter().map(|it| it.replication).collect();
        assert!((30..200).contains(&numbers.len()), "{}", numbers.len());
        assert_eq!(numbers, (3..3 + numbers.len() as u32).collect::<Vec<_>>());
        assert!(crew.replicate(&empty(), 0..5, Shown::NOTHING, &|_| {}).is_empty());
    }

    #[test]
    fn a_replication_that_gets_large_is_told_once() {
        static TOLD: AtomicU32 = AtomicU32::new(0);
        fn told(replication: u32, time: Time) {
            assert_eq!(replication, 2);
            assert!(Time::ZERO < time);
            TOLD.fetch_add(1, Ordering::Relaxed);
        }
        let text = library::find("cold-cluster").unwrap();
        let file = SourceFile { name: "cold-cluster.toml".into(), text: text.into() };
        let spec = load(&file, &Request::default()).unwrap().scenario.spec;
        // It has some 350,000 events.
        for (events, times) in [(2 * PROGRESS_EVENTS, 1), (9 * PROGRESS_EVENTS, 0)] {
            let crew = Crew::new(1).unwrap().telling_of(events, told);
            TOLD.store(0, Ordering::Relaxed);
            crew.replicate(&spec, 2..3, Shown::NOTHING, &|_| {});
            assert_eq!(TOLD.load(Ordering::Relaxed), times);
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
