//! The fastest safe stagger: batch size and interval of what takes nodes batch by batch, so that
//! the expectations hold and it is done soonest.
//!
//! A plan takes `batch` nodes every `every`. It is done when its last batch is: after
//! (ceil(nodes / batch) − 1) intervals and what a batch takes by itself (drain and boot, where
//! nodes go). That is a formula and no measurement: it orders plans without noise, and how long
//! pods wait behind the last batch is for the expectations to say. For each batch size the interval
//! is searched from the longest that the window allows downwards, and only where it would beat the
//! best plan so far; that a longer interval is safer is checked by the search and not taken for
//! granted. Finally the next faster plan of the whole grid is tried: it must fail.

use super::axis::{Axis, Goal};
use super::binding::{Binding, binding};
use super::runs::{Halt, Runs};
use super::search::{Demand, Search, Trial};
use crate::scenario::{Lattice, Scenario};
use crate::units::Span;

/// Sizes of batches that are tried; the number of nodes is one more.
const BATCHES: [u64; 18] =
    [1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1_200, 2_000, 5_000];
/// Most turns of trying the next faster plan.
const MOST_TURNS: u32 = 20;

/// What a stagger is of.
#[derive(Clone, Debug)]
pub struct Staggered {
    /// `timeline.NAME.ACTION`.
    pub path: String,
    /// Nodes that it takes.
    pub nodes: u64,
    /// What a batch takes by itself.
    pub batch_takes: Span,
    /// The intervals, in microseconds.
    pub every: Lattice,
    /// The plan as it stands.
    pub now: Option<Plan>,
    /// When it begins.
    pub at: Span,
}

/// One plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Nodes of a batch.
    pub batch: u64,
    /// From one batch to the next.
    pub every: Span,
    /// From the beginning to the end of the last batch.
    pub done: Span,
}

/// What became of one batch size.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRow {
    /// Nodes of a batch.
    pub batch: u64,
    /// Batches.
    pub batches: u64,
    /// The longest interval that was looked at.
    pub longest: Span,
    /// The shortest that holds there; `None` where none does that would be faster than the plans
    /// of smaller batches.
    pub plan: Option<Plan>,
    /// How often that held; without a plan, how often the longest interval did.
    pub trial: Trial,
    /// Whether a shorter interval held where a longer one failed.
    pub is_monotone: bool,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Stagger {
    /// What it is of.
    pub of: Staggered,
    /// The window.
    pub within: Span,
    /// From one interval to the next.
    pub step: Span,
    /// What was demanded.
    pub demand: Demand,
    /// The fastest plan that holds.
    pub best: Option<(Plan, Trial)>,
    /// Every batch size.
    pub rows: Vec<BatchRow>,
    /// The next faster plan, which fails, and why; without a plan that holds, the slowest one.
    pub faster: Option<(Plan, Trial, Option<Binding>)>,
    /// Replications that were spent.
    pub runs: u64,
}

/// Actions that go over the nodes of a pool in batches.
const ACTIONS: [&str; 3] = ["replace_nodes", "reconfigure_nodes", "prepull"];

impl Staggered {
    /// The blocks in force that can be staggered, for whoever named another.
    fn candidates(scenario: &Scenario) -> String {
        let pools = ACTIONS.map(|it| format!(".{it}.pool"));
        let block = |path: &str| {
            let timeline = path.strip_prefix("timeline.").is_some();
            let block = pools.iter().find_map(|it| path.strip_suffix(it.as_str()));
            block.filter(|_| timeline).map(|it| format!("`{it}`"))
        };
        let names: Vec<String> =
            scenario.parameters.iter().filter_map(|it| block(&it.path)).collect();
        match names.as_slice() {
            [] => "the scenario has none".to_owned(),
            names => format!("there is {}", names.join(", ")),
        }
    }

    /// The timeline block `block` of `scenario`; an error says what can be staggered.
    pub fn of(scenario: &Scenario, block: &str) -> Result<Self, String> {
        let value = |path: &str| {
            let it = scenario.parameters.iter().find(|it| it.path == path)?;
            Some(it.value.trim_matches('"').to_owned())
        };
        let action = ACTIONS.into_iter().find(|it| value(&format!("{block}.{it}.pool")).is_some());
        let Some(action) = action else {
            if let Some(workload) = value(&format!("{block}.rollout.workload")) {
                return Err(format!(
                    "`{block}` is a rollout, which has no batches: its pace is \
                     workload.{workload}.max_surge and max_unavailable; solve for one of them"
                ));
            }
            return Err(format!(
                "`{block}` is no block in force with replace_nodes, reconfigure_nodes or prepull: \
                 {}",
                Self::candidates(scenario)
            ));
        };
        let path = format!("{block}.{action}");
        let pool = value(&format!("{path}.pool")).unwrap_or_default();
        let pool = scenario.spec.pools.iter().find(|it| it.name == pool);
        let pool = pool.ok_or_else(|| format!("the pool of `{block}` is not in force"))?;
        let batch_takes = match action {
            "prepull" => Span::ZERO,
            _ => Span::from_micros(pool.drain.as_micros() + pool.boot.as_micros()),
        };
        let every = Lattice::of(&format!("{path}.every"), "1m")?;
        let at = value(&format!("{block}.at")).and_then(|it| it.parse().ok());
        let mut it = Self {
            path: path.clone(),
            nodes: u64::from(pool.nodes),
            batch_takes,
            every,
            now: None,
            at: at.unwrap_or(Span::ZERO),
        };
        if it.nodes == 0 {
            return Err(format!("the pool of `{block}` has no nodes at the start"));
        }
        let batch = value(&format!("{path}.batch")).unwrap_or_else(|| "100%".into());
        let batch = match batch.parse::<crate::units::Share>() {
            Ok(share) => Some(share.of_at_least_one(it.nodes)),
            Err(_) => batch.replace('_', "").parse().ok(),
        };
        let every = value(&format!("{path}.every")).and_then(|it| it.parse::<Span>().ok());
        it.now = batch.zip(every).map(|(batch, every)| it.plan(batch, every));
        Ok(it)
    }

    /// Batches of so many nodes.
    pub const fn batches(&self, batch: u64) -> u64 {
        self.nodes.div_ceil(batch)
    }

    /// The plan of so many nodes every so often.
    pub const fn plan(&self, batch: u64, every: Span) -> Plan {
        let waits = (self.batches(batch) - 1) * every.as_micros();
        Plan { batch, every, done: Span::from_micros(waits + self.batch_takes.as_micros()) }
    }

    /// Batch sizes that are tried: of those with equally many batches the smallest.
    pub fn sizes(&self) -> Vec<u64> {
        let mut sizes: Vec<u64> = BATCHES.into_iter().filter(|it| *it < self.nodes).collect();
        sizes.push(self.nodes);
        sizes.dedup_by_key(|it| self.batches(*it));
        sizes
    }

    /// The longest interval, in steps, so that the plan is done within `most`; a single batch has
    /// no interval, and one step stands for it.
    fn steps(&self, batch: u64, step: Span, most: Span) -> u64 {
        let most = most.as_micros().checked_sub(self.batch_takes.as_micros());
        match (most, self.batches(batch) - 1) {
            (None, _) => 0,
            (Some(_), 0) => 1,
            (Some(most), waits) => most / (waits * step.as_micros()),
        }
    }

    /// Settings of a plan.
    pub fn sets(&self, plan: Plan) -> Vec<String> {
        let every = self.every.show(plan.every.as_micros());
        vec![format!("{}.batch={}", self.path, plan.batch), format!("{}.every={every}", self.path)]
    }

    /// Whether the run of `scenario` lasts to the end of a plan that is done `within`.
    pub fn fits(&self, scenario: &Scenario, within: Span) -> bool {
        self.at.as_micros() + within.as_micros() <= scenario.spec.horizon.as_micros()
    }
}

/// Solves for the fastest plan of `of` that is done within `within` and keeps the expectations.
pub fn stagger(
    runs: &mut Runs<'_>,
    of: Staggered,
    within: Span,
    step: Span,
    at_most: u32,
) -> Result<Stagger, Halt> {
    let demand = runs.demand(&[], at_most)?;
    let mut it =
        Stagger { of, within, step, demand, best: None, rows: vec![], faster: None, runs: 0 };
    for batch in it.of.sizes() {
        it.try_batch(runs, batch)?;
    }
    for _ in 0..MOST_TURNS {
        let Some(plan) = it.next_faster() else { break };
        let sets = it.of.sets(plan);
        let (holds, trial) = runs.judge(&sets, at_most)?;
        if holds {
            it.best = Some((plan, trial));
            continue;
        }
        let every = format!("{}.every", it.of.path);
        let shown = format!("{} every {}", plan.batch, it.of.every.show(plan.every.as_micros()));
        let why = binding(runs, &sets, &every, shown, at_most)?;
        it.faster = Some((plan, trial, why));
        break;
    }
    it.runs = runs.spent();
    Ok(it)
}

impl Stagger {
    /// Searches the shortest interval of one batch size that beats the best plan so far.
    fn try_batch(&mut self, runs: &mut Runs<'_>, batch: u64) -> Result<(), Halt> {
        let faster = match self.best {
            Some((best, _)) => Span::from_micros(best.done.as_micros() - 1).at_most(self.within),
            None => self.within,
        };
        let steps = self.of.steps(batch, self.step, faster);
        if steps == 0 {
            return Ok(());
        }
        let alone = self.of.batches(batch) == 1;
        let longest = if alone { 1 } else { steps } * self.step.as_micros();
        let range = (self.step.as_micros(), longest);
        let axis = Axis::even(self.of.every.clone(), Goal::Minimize, range, range.0);
        let of = &self.of;
        let plan = |at: u64| of.plan(batch, Span::from_micros(axis.value(at)));
        let mut probe = |asked: &[(u64, u32)]| {
            let asked: Vec<_> = asked.iter().map(|&(at, n)| (of.sets(plan(at)), n)).collect();
            runs.trials(&asked)
        };
        let scan = [axis.last() / 4, axis.last() / 2, axis.last() / 4 * 3];
        let found = Search::new(self.demand, axis.last(), &mut probe).run(&scan)?;
        let trial = found.seen[&found.answer.unwrap_or(0)];
        let row = BatchRow {
            batch,
            batches: of.batches(batch),
            longest: Span::from_micros(longest),
            plan: found.answer.map(plan),
            trial,
            is_monotone: found.stretches.is_empty(),
        };
        if let Some(plan) = row.plan {
            self.best = Some((plan, trial));
        }
        self.rows.push(row);
        Ok(())
    }

    /// The slowest plan of the grid that is faster than the best one, the smallest batch of
    /// several; without a best one, the slowest of all.
    fn next_faster(&self) -> Option<Plan> {
        let most = match self.best {
            Some((best, _)) => Span::from_micros(best.done.as_micros().checked_sub(1)?),
            None => self.within,
        };
        let plans = self.of.sizes().into_iter().filter_map(|batch| {
            let steps = self.of.steps(batch, self.step, most);
            let alone = self.of.batches(batch) == 1;
            let every = Span::from_micros(if alone { 1 } else { steps } * self.step.as_micros());
            let plan = self.of.plan(batch, every);
            (0 < steps && plan.done <= most).then_some(plan)
        });
        plans.max_by_key(|it| (it.done, std::cmp::Reverse(it.batch)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nodes: u64) -> Staggered {
        Staggered {
            path: "timeline.x.replace_nodes".into(),
            nodes,
            batch_takes: Span::from_secs(120),
            every: Lattice::of("timeline.x.replace_nodes.every", "1m").unwrap(),
            now: None,
            at: Span::ZERO,
        }
    }

    #[test]
    fn a_plan_is_done_when_its_last_batch_is() {
        let it = of(25);
        // Batches of 8: 8, 8, 8, 1; three waits of 5 min and the 2 min of the last batch.
        let plan = it.plan(8, Span::from_secs(300));
        assert_eq!((it.batches(8), plan.done), (4, Span::from_secs(3 * 300 + 120)));
        assert_eq!(
            it.sets(plan),
            ["timeline.x.replace_nodes.batch=8", "timeline.x.replace_nodes.every=5m"]
        );
        // 20 of 25 are two batches, as are 13 to 24: the smallest size that is tried is kept.
        assert_eq!(it.sizes(), [1, 2, 3, 5, 8, 12, 20, 25]);
        assert_eq!(of(24).sizes(), [1, 2, 3, 5, 8, 12, 24]);
        let minute = Span::from_secs(60);
        assert_eq!(it.steps(8, minute, Span::from_secs(1_020)), 5);
        assert_eq!(it.steps(8, minute, Span::from_secs(1_019)), 4);
        assert_eq!(it.steps(25, minute, Span::from_secs(120)), 1);
        assert_eq!(it.steps(25, minute, Span::from_secs(119)), 0);
    }
}
