//! Classes: leaves that carry the same kinds of flows, and what their flows have received.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::fill::Fill;
use super::flow::{Flows, Kind};
use super::tournament::Tournament;
use crate::units::{MICROS_PER_SECOND, Span, Time};

/// A completion that lies at most this after a whole microsecond counts as reached at it, so that
/// rounding in the last bits of an `f64` does not cost a microsecond: a nanosecond, in
/// microseconds.
pub(super) const SLACK_MICROS: f64 = 1e-3;

/// A group's attained service starts again from zero beyond this, so that its bytes keep a
/// resolution of a millionth.
const SERVED_MAX: f64 = 4_294_967_296.0;

/// What makes two leaves equal: their capacity and the kinds of their flows, sorted, with repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Signature {
    /// The leaf's capacity in bits per second.
    pub(super) capacity: u64,
    /// One entry per flow, sorted.
    pub(super) kinds: Vec<Kind>,
}

/// The leaves of one signature. Their flows of one kind have equal rates.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) signature: Signature,
    /// How many leaves; a class without leaves is freed when the rates are next solved.
    pub(super) leaves: u64,
    /// One per distinct kind, sorted by kind.
    pub(super) groups: Vec<Group>,
    /// Whether a leaf came or went since the rates were last solved.
    pub(super) touched: bool,
    /// The last round of the solver that took this class up.
    pub(super) round: u64,
    /// The leaf's capacity as the solver hands it out.
    pub(super) fill: Fill,
}

/// The flows of one kind in one class: a virtual clock of bytes per flow, and finish keys on it.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) kind: Kind,
    /// Flows of this kind on each leaf.
    pub(super) per_leaf: u64,
    /// Bytes per second and flow.
    pub(super) rate: f64,
    /// The rate that the solver is about to give; negative while undecided.
    pub(super) level: f64,
    /// What the group was last booked with on its links, in thousandths of a byte per second.
    pub(super) load: u128,
    /// Bytes that a flow which was here all the time has received up to `since`.
    served: f64,
    since: Time,
    due: Time,
    finishes: BinaryHeap<Finish>,
}

/// A flow's place in its group's heap: it is complete when `served` reaches `key`. An entry whose
/// stamp is not its flow's is stale.
#[derive(Clone, Copy, Debug)]
struct Finish {
    key: f64,
    sequence: u64,
    slot: u32,
    stamp: u32,
}

impl Group {
    fn new(kind: Kind, now: Time) -> Self {
        Self {
            kind,
            per_leaf: 0,
            rate: 0.0,
            level: -1.0,
            load: 0,
            served: 0.0,
            since: now,
            due: Time::NEVER,
            finishes: BinaryHeap::new(),
        }
    }

    /// Bytes per flow received by `now`.
    fn served_at(&self, now: Time) -> f64 {
        let micros = now.since(self.since).as_micros();
        self.served + self.rate * micros as f64 / MICROS_PER_SECOND as f64
    }

    /// When a flow with this finish key is complete at the present rate: rounded up, never early by
    /// more than [`SLACK_MICROS`].
    fn instant_of(&self, key: f64) -> Time {
        let rest = key - self.served;
        if rest <= 0.0 {
            return self.since;
        }
        if self.rate <= 0.0 {
            return Time::NEVER;
        }
        let micros = rest * MICROS_PER_SECOND as f64 / self.rate - SLACK_MICROS;
        self.since + Span::from_micros(micros.ceil() as u64)
    }

    /// Bytes that a flow with this finish key still lacks at `now`.
    pub(super) fn rest_at(&self, now: Time, key: f64) -> f64 {
        if self.instant_of(key) <= now { 0.0 } else { (key - self.served_at(now)).max(0.0) }
    }

    /// Takes the flow in `slot` in, `rest` bytes before its end.
    fn push(&mut self, now: Time, slot: u32, rest: f64, flows: &mut Flows) {
        if SERVED_MAX < self.served_at(now) {
            self.rebase(now, flows);
        }
        let flow = &mut flows[slot];
        flow.stamp = flow.stamp.wrapping_add(1);
        flow.finish = self.served_at(now) + rest;
        let (key, sequence, stamp) = (flow.finish, flow.sequence, flow.stamp);
        self.finishes.push(Finish { key, sequence, slot, stamp });
    }

    /// Gives the flows another rate from `now` on.
    pub(super) fn set_rate(&mut self, now: Time, rate: f64) {
        self.served = self.served_at(now);
        self.since = now;
        self.rate = rate;
    }

    /// Starts the virtual clock again from zero and drops stale entries.
    fn rebase(&mut self, now: Time, flows: &mut Flows) {
        let rate = self.rate;
        self.set_rate(now, rate);
        let shift = std::mem::replace(&mut self.served, 0.0);
        self.finishes.retain(|finish| finish.is_live(flows));
        let mut finishes = std::mem::take(&mut self.finishes).into_vec();
        for finish in &mut finishes {
            finish.key -= shift;
            flows[finish.slot].finish = finish.key;
        }
        self.finishes = finishes.into();
    }

    /// Takes the next flow that is complete at `now`.
    fn pop(&mut self, now: Time, flows: &Flows) -> Option<u32> {
        loop {
            let finish = *self.finishes.peek()?;
            let live = finish.is_live(flows);
            if live && now < self.instant_of(finish.key) {
                return None;
            }
            self.finishes.pop();
            if live {
                return Some(finish.slot);
            }
        }
    }

    /// Computes anew when the next flow completes after flows came or went; drops stale entries
    /// when they are the most.
    fn refresh(&mut self, now: Time, leaves: u64, flows: &Flows) {
        let live = (leaves * self.per_leaf) as usize;
        if 2 * live + 64 < self.finishes.len() {
            self.finishes.retain(|finish| finish.is_live(flows));
        }
        while self.finishes.peek().is_some_and(|finish| !finish.is_live(flows)) {
            self.finishes.pop();
        }
        self.retime(now);
    }

    /// Computes anew when the next flow completes after a change of rate alone.
    pub(super) fn retime(&mut self, now: Time) {
        let next = self.finishes.peek();
        self.due = next.map_or(Time::NEVER, |finish| self.instant_of(finish.key).max(now));
    }
}

impl Finish {
    fn is_live(&self, flows: &Flows) -> bool {
        flows[self.slot].stamp == self.stamp
    }
}

impl PartialEq for Finish {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Finish {}

impl PartialOrd for Finish {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Finish {
    /// Reversed, since the heap hands out its greatest entry.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.total_cmp(&self.key).then(other.sequence.cmp(&self.sequence))
    }
}

/// All classes: found by signature, kept by number; the numbers of freed ones are used again.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    by_signature: BTreeMap<Signature, u32>,
    all: Vec<Class>,
    free: Vec<u32>,
    /// The next completion of each class.
    dues: Tournament,
}

impl Classes {
    pub(super) fn new() -> Self {
        Self {
            by_signature: BTreeMap::new(),
            all: Vec::new(),
            free: Vec::new(),
            dues: Tournament::new(),
        }
    }

    /// The class of a signature.
    pub(super) fn find(&self, signature: &Signature) -> Option<u32> {
        self.by_signature.get(signature).copied()
    }

    /// Makes the class of a signature that has none.
    pub(super) fn create(&mut self, now: Time, signature: &Signature) -> u32 {
        let mut groups: Vec<Group> = Vec::new();
        for &kind in &signature.kinds {
            if groups.last().is_none_or(|group| group.kind != kind) {
                groups.push(Group::new(kind, now));
            }
            if let Some(group) = groups.last_mut() {
                group.per_leaf += 1;
            }
        }
        let class = Class {
            signature: signature.clone(),
            leaves: 0,
            groups,
            touched: false,
            round: 0,
            fill: Fill::default(),
        };
        let id = if let Some(id) = self.free.pop() {
            self.all[id as usize] = class;
            id
        } else {
            self.all.push(class);
            (self.all.len() - 1) as u32
        };
        self.by_signature.insert(signature.clone(), id);
        id
    }

    /// Frees a class that has no leaves; what it keeps on the heap is given back.
    pub(super) fn free(&mut self, id: u32) {
        let class = &mut self.all[id as usize];
        assert_eq!(class.leaves, 0, "class {id} still has leaves");
        class.groups = Vec::new();
        let signature = std::mem::take(&mut class.signature);
        self.by_signature.remove(&signature);
        self.dues.set(id, Time::NEVER);
        self.free.push(id);
    }

    /// Takes the flow in `slot`, `rest` bytes before its end, into its kind's group of `class`.
    pub(super) fn join(&mut self, now: Time, class: u32, slot: u32, rest: f64, flows: &mut Flows) {
        let groups = &mut self.all[class as usize].groups;
        let kind = flows[slot].kind;
        let group = groups.partition_point(|group| group.kind < kind);
        flows[slot].place = super::flow::Place::Joined { class, group: group as u32 };
        groups[group].push(now, slot, rest, flows);
    }

    /// The next completion of all, and the class that has it.
    pub(super) fn earliest(&self) -> Option<(Time, u32)> {
        self.dues.earliest()
    }

    /// Takes the flows of `class` that are complete at `now`, in no particular order.
    pub(super) fn harvest(
        &mut self,
        now: Time,
        class: u32,
        flows: &Flows,
        complete: &mut Vec<u32>,
    ) {
        for group in &mut self.all[class as usize].groups {
            while let Some(slot) = group.pop(now, flows) {
                complete.push(slot);
            }
            let next = group.finishes.peek();
            group.due = next.map_or(Time::NEVER, |finish| group.instant_of(finish.key));
        }
        self.announce(class);
    }

    /// Computes anew when the next flow of a group completes; [`Classes::announce`] tells the rest.
    pub(super) fn refresh(&mut self, now: Time, class: u32, group: usize, flows: &Flows) {
        let class = &mut self.all[class as usize];
        let leaves = class.leaves;
        class.groups[group].refresh(now, leaves, flows);
    }

    /// Enters the next completion of `class` in the tournament.
    pub(super) fn announce(&mut self, class: u32) {
        let groups = &self.all[class as usize].groups;
        let due = groups.iter().map(|group| group.due).min().unwrap_or(Time::NEVER);
        self.dues.set(class, due);
    }

    /// Classes that have leaves.
    #[cfg(test)]
    pub(super) fn live(&self) -> usize {
        self.by_signature.len()
    }

    /// Entries in all heaps, stale ones too, and places for classes.
    #[cfg(test)]
    pub(super) fn footprint(&self) -> (usize, usize) {
        let entries =
            self.all.iter().flat_map(|class| &class.groups).map(|group| group.finishes.len()).sum();
        (entries, self.all.len())
    }
}

impl std::ops::Index<u32> for Classes {
    type Output = Class;
    fn index(&self, id: u32) -> &Class {
        &self.all[id as usize]
    }
}

impl std::ops::IndexMut<u32> for Classes {
    fn index_mut(&mut self, id: u32) -> &mut Class {
        &mut self.all[id as usize]
    }
}
