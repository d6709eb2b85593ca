//! The search for the last value at which a demand holds, over any response: a pure function that
//! asks for trials and knows nothing of simulations.
//!
//! Values are positions, from the easy end (0) to the hard end. At each position a number of trials
//! has held; the demand is a share of them. A trial's verdict is read twice: its *estimate* (the
//! share that held) steers, and Wilson's interval of that share says whether it is *sure*.
//!
//! 1. Scan: positions spread over the whole range, a few trials each.
//! 2. Bisection between the last position of the first stretch that holds and the next that fails.
//!    A mixed result takes more trials, doubling, until it is sure or there are `at_most`.
//! 3. Confirmation: the answer and its neighbour get trials until they are sure, or `at_most`.
//! 4. More positions before the answer are looked at, and where one fails the answer moves below
//!    it: what is named is the last value up to which everything seen holds.
//! 5. The ends of the interval are searched outwards from the answer, in strides that double from a
//!    64th of the way to it: a position that surely holds, as does the next one out, and one that
//!    surely fails, as does the next one out. Among many positions one is sure by luck; two in a
//!    row are not.
//!
//! What is taken for granted: between two positions that were looked at and hold, the response does
//! not dip. Trials are added in looks, each of which may end them, and Wilson's interval (JASA 22,
//! 1927) is for one look: with a true share of exactly 95 %, looks at 5, 10, 20, 40, 80 and 160
//! trials would call one position in six failing for sure. So an early look is held to three
//! standard errors and the last one to the 95 % interval (`EARLY_LOOK`); where all trials held
//! there was in fact one look alone. A position at the very threshold is then called failing in
//! 5 % of the cases and holding in 3 %, in place of 2.5 % each. Over 2,000 searches of a known
//! threshold the interval of the answer contained it in 95.5 % of the cases where all positions
//! shared their luck, and in 99.3 % where each had its own (`tests.rs` repeats that in small).

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::stats::{wilson, wilson_at};

/// Standard errors that a verdict is held to at a look before the last one.
///
/// Source: J. L. Haybittle, British Journal of Radiology 44 (1971), 793–797; R. Peto et al.,
/// British Journal of Cancer 34 (1976), 585–612.
const EARLY_LOOK: f64 = 3.0;
/// Trials of a first look.
pub const FIRST: u32 = 5;
/// Most trials where a position only shows the way, as long as it shows it rightly.
const STEER: u32 = 40;
/// Positions that are looked at before an answer, once it is found.
const CHECKS: u64 = 5;
/// Most turns of a search.
const MOST_TURNS: u32 = 64;

/// What came of the trials at one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Trials that held.
    pub held: u32,
    /// Trials.
    pub n: u32,
}

/// What the interval of a share says of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// All of it meets the demand.
    Holds,
    /// All of it is below the demand.
    Fails,
    /// It straddles the demand.
    Open,
}

/// What is demanded, and what may be spent on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Share of the trials that must hold.
    pub share: f64,
    /// Most trials at one position.
    pub at_most: u32,
}

impl Trial {
    /// Wilson's 95 % interval of the share that holds.
    pub fn interval(self) -> (f64, f64) {
        wilson(u64::from(self.held), u64::from(self.n))
    }
}

impl Demand {
    /// Whether as large a share as demanded held.
    pub fn holds(&self, it: Trial) -> bool {
        0 < it.n && self.share <= f64::from(it.held) / f64::from(it.n)
    }

    /// What the interval says.
    pub fn sure(&self, it: Trial) -> Sure {
        let (held, n) = (u64::from(it.held), u64::from(it.n));
        let (low, high) =
            if self.at_most <= it.n { wilson(held, n) } else { wilson_at(held, n, EARLY_LOOK) };
        // However often one looks, all trials hold at the last look only if they held at each.
        let low = if held == n { wilson(held, n).0 } else { low };
        // At a first look nothing short of all or none tells anything.
        if it.n < (2 * FIRST).min(self.at_most) && 0 < it.held {
            Sure::Open
        } else if high < self.share {
            Sure::Fails
        } else if self.share <= low {
            Sure::Holds
        } else {
            Sure::Open
        }
    }

    /// Trials that must all hold so that a position surely holds: Wilson's lower bound of n of n is
    /// n / (n + z²). `None` where no number does (a share of 1), or more than `at_most`.
    pub fn needed(&self) -> Option<u32> {
        let mut n = FIRST.min(self.at_most).max(1);
        while n <= self.at_most {
            if self.share <= wilson(u64::from(n), u64::from(n)).0 {
                return Some(n);
            }
            n += 1;
        }
        None
    }

    /// How many trials to have next; `None` where more tell nothing or are not allowed.
    pub fn next(&self, it: Trial) -> Option<u32> {
        if self.sure(it) != Sure::Open || self.at_most <= it.n {
            return None;
        }
        let doubled = (2 * it.n).max(FIRST);
        let next = match self.needed() {
            // All held so far: just as many as make it sure.
            Some(needed) if it.held == it.n && needed <= doubled && it.n < needed => needed,
            _ => doubled,
        };
        Some(next.min(self.at_most))
    }
}

/// Positions next to one another that were looked at, with the same verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Whether it holds there.
    pub holds: bool,
    /// The first position that was looked at.
    pub first: u64,
    /// The last one.
    pub last: u64,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The last position up to which everything seen holds; `None` where nothing seen holds.
    pub answer: Option<u64>,
    /// The position behind it, which fails; `None` at the end of the range.
    pub failing: Option<u64>,
    /// A position up to the answer that surely holds, near the last such.
    pub surely_holds: Option<u64>,
    /// A position behind the answer that surely fails, near the first such.
    pub surely_fails: Option<u64>,
    /// Everything that was looked at.
    pub seen: BTreeMap<u64, Trial>,
    /// The same in stretches, where something surely holds behind something that surely fails;
    /// empty where the response is monotone as far as it was seen.
    pub stretches: Vec<Stretch>,
}

/// Where trials come from: asked for positions and how many trials each is to have in all, it tells
/// what came of them, in that order.
pub type Probe<'a, E> = dyn FnMut(&[(u64, u32)]) -> Result<Vec<Trial>, E> + 'a;

/// A search under way.
pub struct Search<'a, 'p, E> {
    demand: Demand,
    last: u64,
    probe: &'a mut Probe<'p, E>,
    seen: BTreeMap<u64, Trial>,
    /// Trials that show the way: where all held, and where not. Once more trials have turned a
    /// verdict, few are no guide, and every position gets as many as there can be.
    steer: (u32, u32),
}

impl<'a, 'p, E> Search<'a, 'p, E> {
    /// A search over the positions 0 to `last`.
    pub fn new(demand: Demand, last: u64, probe: &'a mut Probe<'p, E>) -> Self {
        Self { demand, last, probe, seen: BTreeMap::new(), steer: (2 * FIRST, STEER) }
    }

    fn trial(&self, at: u64) -> Trial {
        self.seen.get(&at).copied().unwrap_or_default()
    }

    fn holds(&self, at: u64) -> bool {
        self.demand.holds(self.trial(at))
    }

    fn sure(&self, at: u64) -> Sure {
        self.demand.sure(self.trial(at))
    }

    /// Whether it holds at `at`, as surely as trials can tell.
    fn confirmed(&self, at: u64) -> bool {
        let out_of_reach =
            self.demand.needed().is_none() && self.demand.at_most <= self.trial(at).n;
        self.sure(at) == Sure::Holds || (out_of_reach && self.holds(at))
    }

    fn ask(&mut self, asked: &[(u64, u32)]) -> Result<(), E> {
        if !asked.is_empty() {
            let trials = (self.probe)(asked)?;
            self.seen.extend(asked.iter().map(|it| it.0).zip(trials));
        }
        Ok(())
    }

    /// A first look at positions that were not looked at yet.
    fn look(&mut self, positions: &[u64]) -> Result<(), E> {
        let new: BTreeSet<u64> =
            positions.iter().copied().filter(|it| !self.seen.contains_key(it)).collect();
        let first = FIRST.min(self.demand.at_most);
        self.ask(&new.into_iter().map(|it| (it, first)).collect::<Vec<_>>())
    }

    /// Adds trials while `open` says that a position needs more.
    fn grow(&mut self, positions: &[u64], open: impl Fn(Trial) -> bool) -> Result<(), E> {
        self.look(positions)?;
        loop {
            let more: BTreeMap<u64, u32> = positions
                .iter()
                .map(|&at| (at, self.trial(at)))
                .filter(|&(_, trial)| open(trial))
                .filter_map(|(at, trial)| Some((at, self.demand.next(trial)?)))
                .collect();
            if more.is_empty() {
                return Ok(());
            }
            self.ask(&more.into_iter().collect::<Vec<_>>())?;
        }
    }

    /// Enough to go on by: where all trials held, twice as many as at a first look do.
    fn decide(&mut self, positions: &[u64]) -> Result<(), E> {
        let (all, some) = self.steer;
        self.grow(positions, |it| it.n < if it.held == it.n { all } else { some })
    }

    /// As many trials as there can be, or until it is sure.
    fn settle(&mut self, positions: &[u64]) -> Result<(), E> {
        self.grow(positions, |_| true)
    }

    /// The same, where a verdict was gone by.
    fn confirm(&mut self, positions: &[u64]) -> Result<(), E> {
        let before: Vec<bool> = positions.iter().map(|&at| self.holds(at)).collect();
        self.settle(positions)?;
        if positions.iter().zip(before).any(|(&at, before)| self.holds(at) != before) {
            self.steer = (u32::MAX, u32::MAX);
        }
        Ok(())
    }

    /// The whole search, after a scan of these positions (the ends are always scanned).
    pub fn run(mut self, scan: &[u64]) -> Result<Found, E> {
        let mut scan: BTreeSet<u64> = scan.iter().copied().filter(|it| *it <= self.last).collect();
        scan.extend([0, self.last]);
        self.look(&scan.into_iter().collect::<Vec<_>>())?;
        // What held or failed by the luck of a few trials is no evidence of a stretch of its own.
        let odd = self.out_of_order();
        self.decide(&odd)?;
        let odd = self.out_of_order();
        self.settle(&odd)?;
        let mut found = None;
        // Each turn adds a position that fails or turns a verdict, so that it ends; the bound is
        // for a response without any order.
        for _ in 0..MOST_TURNS {
            let Some(low) = self.first_stretch() else {
                self.settle(&[0])?;
                if self.first_stretch().is_none() {
                    break;
                }
                continue;
            };
            let answer = self.narrow(low)?;
            if !self.holds(answer) {
                continue;
            }
            found = Some((answer, None, None));
            if self.dips_before(answer)? {
                continue;
            }
            let (surely_holds, surely_fails) = self.interval(answer)?;
            found = Some((answer, surely_holds, surely_fails));
            if !self.surely_dips_before(answer) {
                break;
            }
        }
        let (answer, surely_holds, surely_fails) = match found {
            Some((answer, holds, fails)) if self.holds(answer) => (Some(answer), holds, fails),
            _ => (None, None, self.first_sure_failing()),
        };
        let failing = match answer {
            Some(answer) => (answer < self.last).then(|| answer + 1),
            None => Some(0),
        };
        let stretches = self.stretches();
        Ok(Found { answer, failing, surely_holds, surely_fails, stretches, seen: self.seen })
    }

    /// Positions whose verdicts, if they stand, make the response rise again.
    fn out_of_order(&self) -> Vec<u64> {
        let first_failing = self.seen.keys().copied().find(|&at| !self.holds(at));
        let last_holding = self.seen.keys().copied().rfind(|&at| self.holds(at));
        match (first_failing, last_holding) {
            (Some(fails), Some(holds)) if fails < holds => {
                self.seen.keys().copied().filter(|at| (fails..=holds).contains(at)).collect()
            }
            _ => vec![],
        }
    }

    fn first_sure_failing(&self) -> Option<u64> {
        self.seen.keys().copied().find(|&at| self.sure(at) == Sure::Fails)
    }

    fn first_holding(&self) -> Option<u64> {
        self.seen.keys().copied().find(|&at| self.holds(at))
    }

    /// The last position of the first stretch that holds.
    fn first_stretch(&self) -> Option<u64> {
        let first = self.first_holding()?;
        let stretch = self.seen.range(first..).take_while(|it| self.demand.holds(*it.1));
        stretch.last().map(|it| *it.0)
    }

    fn last_holding_before(&self, end: u64) -> Option<u64> {
        self.seen.range(..end).rev().find(|(_, it)| self.demand.holds(**it)).map(|(&at, _)| at)
    }

    fn first_failing_behind(&self, start: u64) -> Option<u64> {
        let behind = self.seen.range(start.saturating_add(1)..);
        behind.into_iter().find(|(_, it)| !self.demand.holds(**it)).map(|(&at, _)| at)
    }

    /// Bisects behind `low`, which holds, until its neighbour fails and both are settled. What it
    /// tells does not hold where no position up to it does.
    fn narrow(&mut self, mut low: u64) -> Result<u64, E> {
        loop {
            if let Some(high) = self.first_failing_behind(low) {
                // What was seen to hold between the two is behind us.
                low = self.last_holding_before(high).map_or(low, |it| it.max(low));
                if 1 < high - low {
                    let middle = low + (high - low) / 2;
                    self.decide(&[low, middle, high])?;
                } else {
                    self.confirm(&[low, high])?;
                    if self.holds(low) && !self.holds(high) {
                        return Ok(low);
                    }
                }
            } else {
                low = self.seen.keys().next_back().map_or(low, |&it| it.max(low));
                self.confirm(&[low])?;
                if self.holds(low) {
                    return Ok(low);
                }
            }
            if !self.holds(low) {
                match self.last_holding_before(low) {
                    Some(before) => low = before,
                    None => return Ok(low),
                }
            }
        }
    }

    /// The first position of the stretch that `answer` ends.
    fn stretch_start(&self, answer: u64) -> u64 {
        let stretch = self.seen.range(..=answer).rev().take_while(|it| self.demand.holds(*it.1));
        stretch.last().map_or(answer, |it| *it.0)
    }

    /// Looks at positions spread over the stretch before the answer; whether one fails.
    fn dips_before(&mut self, answer: u64) -> Result<bool, E> {
        let start = self.stretch_start(answer);
        let part = (answer - start) / (CHECKS + 1);
        let checks: Vec<u64> = (1..=CHECKS).map(|it| start + part * it).collect();
        self.decide(&checks)?;
        let failing: Vec<u64> = checks.iter().copied().filter(|&at| !self.holds(at)).collect();
        self.confirm(&failing)?;
        Ok(checks.into_iter().any(|at| !self.holds(at)))
    }

    /// Whether a position surely fails between the first that holds and the answer.
    fn surely_dips_before(&self, answer: u64) -> bool {
        let first = self.first_holding().unwrap_or(answer).min(answer);
        self.seen.range(first..answer).any(|it| self.demand.sure(*it.1) == Sure::Fails)
    }

    /// A position that surely holds up to the answer, and one that surely fails behind it.
    fn interval(&mut self, answer: u64) -> Result<(Option<u64>, Option<u64>), E> {
        let start = self.stretch_start(answer);
        let grain = ((answer - start) / 64).max(1);
        let holds = if self.demand.needed().is_some() {
            let width = answer - start;
            let back = self.gallop((width, grain), &|it| answer - it, Sure::Holds)?;
            back.map(|it| answer - it)
        } else {
            None
        };
        let fails = if answer < self.last {
            let width = self.last - answer - 1;
            let on = self.gallop((width, grain), &|it| answer + 1 + it, Sure::Fails)?;
            on.map(|it| answer + 1 + it)
        } else {
            None
        };
        Ok((holds, fails))
    }

    /// A distance up to `width` at which it is as sure as `wanted`, as it is one stride further
    /// out: strides double from `grain` on.
    fn gallop(
        &mut self,
        (width, grain): (u64, u64),
        at: &dyn Fn(u64) -> u64,
        wanted: Sure,
    ) -> Result<Option<u64>, E> {
        let mut found = None;
        let mut reach = 0;
        loop {
            self.settle(&[at(reach)])?;
            match (self.sure(at(reach)) == wanted, found) {
                (true, Some(_)) => return Ok(found),
                (true, None) => found = Some(reach),
                (false, _) => found = None,
            }
            if reach == width {
                return Ok(found);
            }
            reach = (2 * reach).max(grain).min(width);
        }
    }

    /// Stretches of confirmed verdicts, where the response rises again.
    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = vec![];
        for &at in self.seen.keys() {
            let holds = match self.sure(at) {
                Sure::Fails => false,
                _ if self.holds(at) => true,
                _ => continue,
            };
            match stretches.last_mut() {
                Some(last) if last.holds == holds => last.last = at,
                _ => stretches.push(Stretch { holds, first: at, last: at }),
            }
        }
        // A stretch that holds counts where a position of it is confirmed.
        let is_real = |it: &Stretch| {
            !it.holds || self.seen.range(it.first..=it.last).any(|(&at, _)| self.confirmed(at))
        };
        let mut real: Vec<Stretch> = vec![];
        for it in stretches.into_iter().filter(is_real) {
            match real.last_mut() {
                Some(last) if last.holds == it.holds => last.last = it.last,
                _ => real.push(it),
            }
        }
        let rises = real.windows(2).any(|it| !it[0].holds && it[1].holds);
        if rises { real } else { vec![] }
    }

    /// The last position that holds, searched from where it was under other circumstances: strides
    /// that double, then bisection. `None` where even the first position fails.
    pub fn near(mut self, start: u64) -> Result<Option<u64>, E> {
        let mut at = start.min(self.last);
        self.settle(&[at])?;
        let up = self.holds(at);
        let mut stride = 1;
        let (mut low, mut high) = loop {
            if at == if up { self.last } else { 0 } {
                return Ok(up.then_some(at));
            }
            let next = if up { (at + stride).min(self.last) } else { at.saturating_sub(stride) };
            self.settle(&[next])?;
            if self.holds(next) != up {
                break (at.min(next), at.max(next));
            }
            at = next;
            stride *= 2;
        };
        while 1 < high - low {
            let middle = low + (high - low) / 2;
            self.settle(&[middle])?;
            if self.holds(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(Some(low))
    }
}

#[cfg(test)]
mod tests;
