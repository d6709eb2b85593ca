//! The slow, obvious twin of [`super::Links`]: every flow keeps the bytes it lacks, and every
//! change fills all rates from scratch.

use crate::units::{MICROS_PER_SECOND, Span, Time};

/// A flow of the twin; rates and capacities in bytes per second.
#[derive(Clone, Debug)]
pub(super) struct SlowFlow {
    pub(super) tag: u64,
    /// Indices of the capacities it takes from.
    pub(super) path: Vec<usize>,
    pub(super) cap: f64,
    pub(super) rest: f64,
    pub(super) rate: f64,
}

/// Links and leaves alike are capacities here.
#[derive(Clone, Debug, Default)]
pub(super) struct Slow {
    pub(super) now: Time,
    pub(super) capacities: Vec<f64>,
    /// In the order of their starts.
    pub(super) flows: Vec<SlowFlow>,
}

impl Slow {
    pub(super) fn start(&mut self, tag: u64, path: Vec<usize>, cap: f64, size: u64) {
        self.flows.push(SlowFlow { tag, path, cap, rest: size as f64, rate: 0.0 });
        self.fill();
    }

    /// Removes a flow and returns the bytes it lacked; `None` when it is not there.
    pub(super) fn cancel(&mut self, tag: u64) -> Option<f64> {
        let place = self.flows.iter().position(|flow| flow.tag == tag)?;
        let flow = self.flows.remove(place);
        self.fill();
        Some(flow.rest)
    }

    pub(super) fn set_capacity(&mut self, link: usize, capacity: f64) {
        self.capacities[link] = capacity;
        self.fill();
    }

    /// When a flow completes at its present rate, rounded up but for a nanosecond.
    fn due(&self, flow: &SlowFlow) -> Time {
        if flow.rest <= 0.0 {
            return self.now;
        }
        if flow.rate <= 0.0 {
            return Time::NEVER;
        }
        let micros = flow.rest * MICROS_PER_SECOND as f64 / flow.rate - 1e-3;
        self.now + Span::from_micros(micros.ceil() as u64)
    }

    pub(super) fn next_completion(&self) -> Option<Time> {
        self.flows.iter().map(|flow| self.due(flow)).min().filter(|&due| due != Time::NEVER)
    }

    /// Moves to `now`, which is no later than the next completion.
    pub(super) fn advance(&mut self, now: Time) {
        let complete: Vec<bool> = self.flows.iter().map(|flow| self.due(flow) <= now).collect();
        let micros = now.since(self.now).as_micros();
        for (flow, complete) in self.flows.iter_mut().zip(complete) {
            let received = flow.rate * micros as f64 / MICROS_PER_SECOND as f64;
            flow.rest = if complete { 0.0 } else { (flow.rest - received).max(0.0) };
        }
        self.now = now;
    }

    /// Removes the flows that lack nothing and returns their tags by the order of their starts.
    pub(super) fn take_completed(&mut self) -> Vec<u64> {
        let done = self.flows.iter().filter(|flow| flow.rest <= 0.0).map(|flow| flow.tag).collect();
        self.flows.retain(|flow| 0.0 < flow.rest);
        self.fill();
        done
    }

    /// Progressive filling over single flows.
    fn fill(&mut self) {
        let mut rising: Vec<bool> = vec![true; self.flows.len()];
        // Flows that lack nothing take nothing.
        for (flow, rises) in self.flows.iter_mut().zip(&mut rising) {
            flow.rate = 0.0;
            *rises = 0.0 < flow.rest;
        }
        while rising.contains(&true) {
            let mut level = f64::INFINITY;
            let mut limits = Vec::new();
            for (link, &capacity) in self.capacities.iter().enumerate() {
                let on_it =
                    || self.flows.iter().zip(&rising).filter(|(f, _)| f.path.contains(&link));
                let held: f64 = on_it().filter(|(_, r)| !**r).map(|(flow, _)| flow.rate).sum();
                let count = on_it().filter(|(_, r)| **r).count();
                let limit = if count == 0 {
                    f64::INFINITY
                } else {
                    ((capacity - held) / count as f64).max(0.0)
                };
                limits.push(limit);
                level = level.min(limit);
            }
            for (flow, _) in self.flows.iter().zip(&rising).filter(|(_, rises)| **rises) {
                level = level.min(flow.cap);
            }
            assert!(level < f64::INFINITY);
            let reached = |limit: f64| limit <= level * (1.0 + 1e-12);
            for (flow, rises) in self.flows.iter_mut().zip(&mut rising).filter(|(_, r)| **r) {
                if reached(flow.cap) || flow.path.iter().any(|&link| reached(limits[link])) {
                    flow.rate = level;
                    *rises = false;
                }
            }
        }
    }
}
