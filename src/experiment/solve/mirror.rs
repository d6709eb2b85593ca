//! The smallest mirror: how little of each of its parts keeps the expectations, each alone with the
//! others as given, and then all together.
//!
//! A mirror with several replicas is sized so that one may be lost: every search but that for the
//! number of replicas runs with one fewer. Together, the parts descend one after another, each as
//! far as those before it leave room: from their sizes as given where those hold, from the tops
//! that are looked at where they do not. The joint answer has been seen to hold. Another order can
//! give another answer: what one part is spared, another pays.

use super::axis::{Axis, Goal};
use super::binding::{Binding, binding};
use super::runs::{Halt, Runs};
use super::search::{Demand, Search, Trial};
use crate::scenario::{Lattice, Scenario};

/// A part that can be sized: its key, the least and the most that are looked at, and what stands
/// for no limit. The most are sane tops: beyond them a part is no bottleneck of one server.
const PARTS: [(&str, &str, &str, &str); 5] = [
    ("nic", "1Mbit/s", "100Gbit/s", ""),
    ("disk.throughput", "100kB/s", "10GB/s", ""),
    ("disk.iops", "1", "1000000", "0"),
    ("disk.capacity", "1MB", "100TB", ""),
    ("concurrency", "1", "10000", ""),
];

/// One part of a mirror.
#[derive(Clone, Debug)]
pub struct Part {
    /// Path of its key.
    pub path: String,
    /// As it stands; `None` where it has no limit.
    pub now: Option<String>,
    /// The least that keeps the expectations, with the others as given.
    pub alone: Option<String>,
    /// Whether that was the least that can be looked at: as far as that, it is not scarce.
    pub is_floor: bool,
    /// What binds below it.
    pub binding: Option<Binding>,
    /// The least together with the parts above it.
    pub together: Option<String>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct SmallestMirror {
    /// The block.
    pub mirror: String,
    /// Replicas as they stand, and how many of them the parts were sized with.
    pub replicas: (u64, u64),
    /// The fewest replicas that keep the expectations when one of them is lost; where the mirror
    /// has one, the fewest without a loss.
    pub fewest: Option<u64>,
    /// What was demanded.
    pub demand: Demand,
    /// How often the expectations hold as it stands, with one replica lost where there are several.
    pub now: (bool, Trial),
    /// What binds where they do not: as it stands, or even with all parts at their tops.
    pub binding: Option<Binding>,
    /// Every part.
    pub parts: Vec<Part>,
    /// How often they hold with all parts at their least together.
    pub joint: Option<Trial>,
    /// Settings of the joint answer.
    pub sets: Vec<String>,
    /// Replications that were spent.
    pub runs: u64,
}

/// The values of one part, from the top down.
fn part_axis(scenario: &Scenario, path: &str, part: (&str, &str, &str)) -> Result<Axis, String> {
    let (least, most, no_limit) = part;
    let lattice = Lattice::of(path, most)?;
    let now = now(scenario, path, no_limit).map(|it| lattice.read(&it)).transpose()?;
    let (least, most) = (lattice.read(least)?, lattice.read(most)?);
    let top = now.unwrap_or(most).max(most);
    Ok(Axis::two_digits(lattice, Goal::Minimize, (least, top)))
}

/// The last position that the scenario can be read with: a disk holds what it is filled with.
fn readable(runs: &mut Runs<'_>, axis: &Axis, lost: &[String]) -> u64 {
    let mut is_readable = |at: u64| runs.scenario(&with(lost, axis.set(at))).is_ok();
    let (mut low, mut high) = (0, axis.last() + 1);
    if is_readable(axis.last()) {
        return axis.last();
    }
    while 1 < high - low {
        let middle = low + (high - low) / 2;
        if is_readable(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

fn now(scenario: &Scenario, path: &str, no_limit: &str) -> Option<String> {
    let it = scenario.parameters.iter().find(|it| it.path == path)?;
    Some(it.value.trim_matches('"').to_owned()).filter(|it| it != no_limit)
}

/// The smallest mirror `mirror` (`mirror.NAME`) that keeps the expectations. The outer error says
/// what is wrong with the question.
pub fn smallest_mirror(
    runs: &mut Runs<'_>,
    scenario: &Scenario,
    mirror: &str,
    at_most: u32,
) -> Result<Result<SmallestMirror, String>, Halt> {
    let Some(replicas) = now(scenario, &format!("{mirror}.replicas"), "") else {
        let is_name = |path: &str| path.starts_with("mirror.") && path.matches('.').count() == 2;
        let names: Vec<String> = scenario
            .parameters
            .iter()
            .filter(|it| is_name(&it.path))
            .filter_map(|it| it.path.strip_suffix(".replicas"))
            .map(|it| format!("`{it}`"))
            .collect();
        let help = match names.as_slice() {
            [] => "the scenario has none in force; a variant may have one (--variant)".to_owned(),
            names => format!("there is {}", names.join(", ")),
        };
        return Ok(Err(format!("`{mirror}` is no mirror in force: {help}")));
    };
    let replicas: u64 = replicas.replace('_', "").parse().unwrap_or(1);
    let left = if 1 < replicas { replicas - 1 } else { 1 };
    let lost: Vec<String> =
        if left < replicas { vec![format!("{mirror}.replicas={left}")] } else { vec![] };
    let mut sized = vec![];
    for (key, least, most, no_limit) in PARTS {
        let path = format!("{mirror}.{key}");
        match part_axis(scenario, &path, (least, most, no_limit)) {
            Ok(mut axis) => {
                axis.cut(readable(runs, &axis, &lost));
                sized.push((now(scenario, &path, no_limit), axis));
            }
            Err(why) => return Ok(Err(why)),
        }
    }
    let demand = runs.demand(&[], at_most)?;
    let as_it_stands = runs.judge(&lost, at_most)?;
    let mut it = SmallestMirror {
        mirror: mirror.to_owned(),
        replicas: (replicas, left),
        fewest: None,
        demand,
        now: as_it_stands,
        binding: None,
        parts: vec![],
        joint: None,
        sets: vec![],
        runs: 0,
    };
    if it.now.0 {
        it.fewest = fewest(runs, demand, mirror, replicas)?;
    } else {
        it.binding = binding(runs, &lost, "", "its sizes as given".into(), at_most)?;
    }
    for (now, axis) in &sized {
        it.parts.push(alone(runs, demand, axis, now.clone(), &lost)?);
    }
    it.descend(runs, &sized, lost)?;
    it.runs = runs.spent();
    Ok(Ok(it))
}

/// The last position of `axis` that holds with `extra` in force, and its neighbour.
fn least(
    runs: &mut Runs<'_>,
    demand: Demand,
    axis: &Axis,
    extra: &[String],
    scan: &[u64],
) -> Result<(Option<u64>, Option<u64>), Halt> {
    let mut probe = |asked: &[(u64, u32)]| {
        let asked: Vec<(Vec<String>, u32)> =
            asked.iter().map(|&(at, n)| (with(extra, axis.set(at)), n)).collect();
        runs.trials(&asked)
    };
    let found = Search::new(demand, axis.last(), &mut probe).run(scan)?;
    Ok((found.answer, found.failing))
}

fn with(extra: &[String], set: String) -> Vec<String> {
    extra.iter().cloned().chain([set]).collect()
}

/// The fewest replicas that keep the expectations, and one more where there are several.
fn fewest(
    runs: &mut Runs<'_>,
    demand: Demand,
    mirror: &str,
    replicas: u64,
) -> Result<Option<u64>, Halt> {
    let Ok(lattice) = Lattice::of(&format!("{mirror}.replicas"), "1") else { return Ok(None) };
    let axis = Axis::even(lattice, Goal::Minimize, (1, replicas), 1);
    let (answer, _) = least(runs, demand, &axis, &[], &[])?;
    Ok(answer.map(|it| axis.value(it) + u64::from(1 < replicas)))
}

fn alone(
    runs: &mut Runs<'_>,
    demand: Demand,
    axis: &Axis,
    now: Option<String>,
    lost: &[String],
) -> Result<Part, Halt> {
    let (answer, failing) = least(runs, demand, axis, lost, &axis.spread(0))?;
    let path = axis.lattice.path.clone();
    let binding = match failing {
        Some(at) => binding(runs, &with(lost, axis.set(at)), &path, axis.show(at), demand.at_most)?,
        None => None,
    };
    Ok(Part {
        path,
        now,
        alone: answer.map(|it| axis.show(it)),
        is_floor: answer.is_some() && failing.is_none(),
        binding,
        together: None,
    })
}

impl SmallestMirror {
    /// Lowers the parts one after another, each below those before it.
    fn descend(
        &mut self,
        runs: &mut Runs<'_>,
        sized: &[(Option<String>, Axis)],
        lost: Vec<String>,
    ) -> Result<(), Halt> {
        // Settings of parts that were not lowered yet, where those as given do not hold.
        let mut tops: Vec<String> = vec![];
        if !self.now.0 {
            tops.extend(sized.iter().map(|(_, axis)| axis.set(0)));
        }
        let mut sets = lost;
        for (part, (_, axis)) in self.parts.iter_mut().zip(sized) {
            tops.retain(|it| *it != axis.set(0));
            // A part that is never scarce is left as it is.
            if part.is_floor {
                continue;
            }
            let others: Vec<String> = sets.iter().chain(&tops).cloned().collect();
            let (answer, _) = least(runs, self.demand, axis, &others, &axis.spread(0))?;
            let Some(answer) = answer else { continue };
            part.together = Some(axis.show(answer));
            sets.push(axis.set(answer));
        }
        let (holds, trial) = runs.judge(&sets, self.demand.at_most)?;
        self.joint = holds.then_some(trial);
        self.sets = sets;
        Ok(())
    }
}
