//! Replications of one scenario under different settings, kept by their settings: the same
//! replications, from the first on, at every point, so that points see the same luck.

use std::collections::BTreeMap;

use super::search::{Demand, Trial};
use crate::experiment::summary::judge;
use crate::experiment::{Crew, FailureSummary, Row, Samples, Shown};
use crate::model::record::measure::PULL_FAILURES_BY_CAUSE;
use crate::model::record::outcome::{Outcome, StopReason};
use crate::scenario::{Diagnostics, Request, Scenario, SourceFile, load};

/// Why a search ended without an answer.
#[derive(Debug)]
pub enum Halt {
    /// Settings that the scenario cannot be read with.
    Invalid {
        /// `path=value` of the point.
        sets: Vec<String>,
        /// What is wrong.
        problems: Diagnostics,
    },
    /// The work was ended.
    Ended,
}

/// What all replications so far showed under some settings.
#[derive(Clone, Debug)]
pub struct Point {
    /// The scenario with the settings in force.
    pub scenario: Scenario,
    /// Replications, from the first on.
    pub n: u32,
    /// Replications in which each expectation holds.
    pub held: Vec<u32>,
    /// Replications that reached the bound on events.
    pub incomplete: u32,
    /// The metric of each expectation; `None` where the model does not report it.
    values: Vec<Option<Row>>,
    failures: BTreeMap<(String, Option<String>), u64>,
    by_scope: BTreeMap<(String, String), u64>,
}

/// The weakest expectation of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Weakest {
    /// The demand as it was written, with its scope.
    pub demand: String,
    /// Where it was written.
    pub origin: String,
    /// How often it held.
    pub trial: Trial,
    /// The metric over the replications; `None` where the model does not report it.
    pub observed: Option<crate::experiment::MetricSummary>,
}

impl Point {
    fn new(scenario: Scenario) -> Self {
        let expectations = scenario.expectations.len();
        Self {
            scenario,
            n: 0,
            held: vec![0; expectations],
            incomplete: 0,
            values: vec![],
            failures: BTreeMap::new(),
            by_scope: BTreeMap::new(),
        }
    }

    fn add(&mut self, outcomes: &[Outcome]) {
        let samples = Samples::new(outcomes);
        let in_runs = self.scenario.in_runs.as_f64();
        for (at, expectation) in self.scenario.expectations.iter().enumerate() {
            self.held[at] += judge(expectation, &samples, in_runs).held_in_replications;
            let row = samples.find(&expectation.scope, &expectation.metric).cloned();
            match self.values.get_mut(at) {
                None => self.values.push(row),
                // Whether a metric is reported depends on the scenario alone.
                Some(known) => {
                    if let Some((known, row)) = known.as_mut().zip(row) {
                        known.values.extend(row.values);
                    }
                }
            }
        }
        for it in outcomes.iter().flat_map(|it| &it.failures) {
            *self.failures.entry((it.cause.clone(), it.cause_behind.clone())).or_default() +=
                it.count;
        }
        for it in outcomes.iter().flat_map(|it| &it.metrics) {
            if let Some(cause) = PULL_FAILURES_BY_CAUSE.part(&it.name)
                && let Some(count) = it.value.known().filter(|it| 0.0 < *it)
            {
                *self.by_scope.entry((cause.to_owned(), it.scope.clone())).or_default() +=
                    count as u64;
            }
        }
        let bound = |it: &&Outcome| it.stop == StopReason::EventBound;
        self.incomplete += outcomes.iter().filter(bound).count() as u32;
        self.n += outcomes.len() as u32;
    }

    /// The expectation that held least often, the first of several.
    fn weakest_at(&self) -> usize {
        (0..self.held.len()).min_by_key(|&at| self.held[at]).unwrap_or(0)
    }

    /// How often the weakest expectation held. Where as large a share of the replications as
    /// demanded met it, so did they every other one: that is what `run` asks for too.
    pub fn trial(&self) -> Trial {
        Trial { held: self.held.iter().copied().min().unwrap_or(self.n), n: self.n }
    }

    /// The weakest expectation; `None` without expectations.
    pub fn weakest(&self) -> Option<Weakest> {
        let at = self.weakest_at();
        let it = self.scenario.expectations.get(at)?;
        Some(Weakest {
            demand: match it.scope.as_str() {
                "run" => format!("{} {}", it.metric, it.text),
                scope => format!("{scope}.{} {}", it.metric, it.text),
            },
            origin: it.origin.clone(),
            trial: Trial { held: self.held[at], n: self.n },
            observed: self.values.get(at).and_then(Option::as_ref).map(Row::summarise),
        })
    }

    /// Why pulls failed, most frequent first.
    pub fn failures(&self) -> Vec<FailureSummary> {
        let total: u64 = self.failures.values().sum();
        let of = |((cause, behind), &count): (&(String, Option<String>), &u64)| FailureSummary {
            cause: cause.clone(),
            cause_behind: behind.clone(),
            count,
            share: count as f64 / total.max(1) as f64,
        };
        let mut failures: Vec<_> = self.failures.iter().map(of).collect();
        // Stable: equal counts stay in the order of their names.
        failures.sort_by_key(|it| std::cmp::Reverse(it.count));
        failures
    }

    /// The block of `kind` in which most pulls failed of `cause`.
    pub fn most_struck(&self, cause: &str, kind: &str) -> Option<&str> {
        let prefix = format!("{kind}.");
        let struck = self.by_scope.iter().filter(|((it, _), _)| it == cause);
        let named =
            struck.filter_map(|((_, scope), count)| Some((scope.strip_prefix(&prefix)?, count)));
        // The first of equals, by name.
        named
            .fold(None, |best: Option<(&str, &u64)>, it| match best {
                Some(best) if it.1 <= best.1 => Some(best),
                _ => Some(it),
            })
            .map(|it| it.0)
    }
}

/// Replications under different settings.
pub struct Runs<'a> {
    file: &'a SourceFile,
    request: &'a Request,
    crew: &'a Crew,
    told: &'a (dyn Fn(u64, &[String]) + Sync),
    points: BTreeMap<Vec<String>, Point>,
    spent: u64,
}

impl<'a> Runs<'a> {
    /// Of the scenario that `request` reads from `file`. `told` is told how many replications have
    /// run, and under which settings the next ones do.
    pub fn new(
        file: &'a SourceFile,
        request: &'a Request,
        crew: &'a Crew,
        told: &'a (dyn Fn(u64, &[String]) + Sync),
    ) -> Self {
        Self { file, request, crew, told, points: BTreeMap::new(), spent: 0 }
    }

    /// Replications that have run.
    pub const fn spent(&self) -> u64 {
        self.spent
    }

    /// What was seen under these settings.
    pub fn point(&self, sets: &[String]) -> Option<&Point> {
        self.points.get(sets)
    }

    /// The scenario with these settings.
    pub fn scenario(&mut self, sets: &[String]) -> Result<&Scenario, Halt> {
        self.read(sets)?;
        Ok(&self.points[sets].scenario)
    }

    fn read(&mut self, sets: &[String]) -> Result<(), Halt> {
        if self.points.contains_key(sets) {
            return Ok(());
        }
        let mut request = self.request.clone();
        request.sets.extend(sets.iter().cloned());
        let loaded = load(self.file, &request)
            .map_err(|problems| Halt::Invalid { sets: sets.to_vec(), problems })?;
        self.points.insert(sets.to_vec(), Point::new(loaded.scenario));
        Ok(())
    }

    /// Sees to it that each of these settings has so many replications at least.
    pub fn observe(&mut self, asked: &[(Vec<String>, u32)]) -> Result<(), Halt> {
        let mut most: BTreeMap<&Vec<String>, u32> = BTreeMap::new();
        for (sets, n) in asked {
            self.read(sets)?;
            let so_far = most.entry(sets).or_default();
            *so_far = (*so_far).max(*n);
        }
        let due: Vec<(&Vec<String>, std::ops::Range<u32>)> = most
            .into_iter()
            .map(|(sets, n)| (sets, self.points[sets].n..n))
            .filter(|it| !it.1.is_empty())
            .collect();
        let (points, crew) = (&self.points, self.crew);
        if let Some((sets, _)) = due.first() {
            (self.told)(self.spent, sets);
        }
        let outcomes = crew.each(&due, |(sets, range)| {
            crew.replicate(&points[*sets].scenario.spec, range.clone(), Shown::NOTHING, &|_| {})
        });
        for ((sets, range), outcomes) in due.into_iter().zip(outcomes) {
            debug_assert!(outcomes.len() <= range.len(), "no more than was asked for");
            self.spent += outcomes.len() as u64;
            if let Some(point) = self.points.get_mut(sets) {
                point.add(&outcomes);
            }
        }
        if crew.is_stopped() {
            return Err(Halt::Ended);
        }
        Ok(())
    }

    /// The trials of each of these settings, with so many replications at least.
    pub fn trials(&mut self, asked: &[(Vec<String>, u32)]) -> Result<Vec<Trial>, Halt> {
        self.observe(asked)?;
        Ok(asked.iter().map(|(sets, _)| self.points[sets].trial()).collect())
    }

    /// Whether the expectations hold under these settings, by as many replications as it takes to
    /// be sure, or `at_most`.
    pub fn judge(&mut self, sets: &[String], at_most: u32) -> Result<(bool, Trial), Halt> {
        let demand = self.demand(sets, at_most)?;
        let mut n = super::search::FIRST.min(at_most);
        loop {
            let trial = self.trials(&[(sets.to_vec(), n)])?[0];
            match demand.next(trial) {
                Some(more) => n = more,
                None => return Ok((demand.holds(trial), trial)),
            }
        }
    }

    /// What is demanded under these settings.
    pub fn demand(&mut self, sets: &[String], at_most: u32) -> Result<Demand, Halt> {
        let in_runs = self.scenario(sets)?.in_runs.as_f64();
        Ok(Demand { share: in_runs, at_most })
    }
}
