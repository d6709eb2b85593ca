//! Flows that share links max-min fairly, as fluids.
//!
//! A flow runs over one leaf (its node's own link), up to [`Path::MAX`] shared links, and under an
//! optional cap of its own. The rates are the max-min fair allocation: no rate can grow without
//! taking from one that is no larger. They change only when a flow starts or ends or a capacity
//! changes, and are solved once per instant however many flows that instant starts.
//!
//! Leaves of equal capacity with equal kinds of flows (same paths, same caps) form a class: their
//! flows have equal rates, so one virtual clock per class and kind says what each of them has
//! received. A change costs O(log flows) and the filling of the classes that share a binding link
//! with it. Bytes are whole numbers; a completed flow has received exactly its size.
//!
//! ```
//! use pullstorm::resource::link::{Links, Path};
//! use pullstorm::units::{Bandwidth, Bytes, Time};
//!
//! let mut links = Links::new();
//! let egress = links.add_link(Bandwidth::from_bytes_per_second(100));
//! let path = Path::new(&[egress]);
//! for tag in 0..2 {
//!     let leaf = links.add_leaf(Bandwidth::from_bytes_per_second(1_000));
//!     links.start(Time::ZERO, leaf, path, None, Bytes(500), tag);
//! }
//! // 1,000 bytes over 100 bytes per second.
//! let end = Time::from_secs(10);
//! assert_eq!(links.next_completion(Time::ZERO), Some(end));
//! let mut done = Vec::new();
//! links.take_completed(end, &mut done);
//! assert_eq!(done, [0, 1]);
//! assert_eq!(links.next_completion(end), None);
//! ```

mod class;
mod fill;
mod flow;
mod solve;
mod tournament;

#[cfg(test)]
mod crowds;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod tests;

pub use flow::Path;

use class::{Classes, Signature};
use flow::{Flow, Flows, Kind, Place};
use solve::{Link, Solver};

use crate::units::{Bandwidth, Bytes, Time};

/// A shared link, numbered from 0 in the order of [`Links::add_link`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(pub u32);

/// A leaf link, which carries only its own node's flows; numbered from 0 in the order of
/// [`Links::add_leaf`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeafId(pub u32);

/// A flow that has started. Ids of ended flows are never valid again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowId {
    slot: u32,
    generation: u32,
}

/// One node's own link.
#[derive(Clone, Debug)]
struct Leaf {
    capacity: Bandwidth,
    /// Slots of the flows that are not complete, in the order of their starts.
    flows: Vec<u32>,
    class: Option<u32>,
    /// Whether its flows have changed since the rates were last solved.
    changed: bool,
}

/// Links, leaves, and the flows on them.
///
/// The caller keeps the clock: it asks [`Links::next_completion`] at the end of an instant that
/// changed something, and calls [`Links::take_completed`] at the instant it was told. No completion
/// may be passed over.
#[derive(Clone, Debug)]
pub struct Links {
    now: Time,
    generation: u64,
    /// Whether the rates are those of the present flows.
    settled: bool,
    shared: Vec<Link>,
    leaves: Vec<Leaf>,
    flows: Flows,
    classes: Classes,
    solver: Solver,
    /// Slots of flows that are complete and not yet taken.
    complete: Vec<u32>,
    /// Leaves whose flows changed since the rates were last solved.
    changed_leaves: Vec<u32>,
    /// Shared links whose capacity changed since the rates were last solved.
    resized: Vec<u32>,
    /// Scratch: the classes that leaves left and joined, and the signature looked for.
    touched: Vec<u32>,
    signature: Signature,
}

impl Links {
    /// No links, at the start of time.
    pub fn new() -> Self {
        Self {
            now: Time::ZERO,
            generation: 0,
            settled: true,
            shared: Vec::new(),
            leaves: Vec::new(),
            flows: Flows::default(),
            classes: Classes::new(),
            solver: Solver::default(),
            complete: Vec::new(),
            changed_leaves: Vec::new(),
            resized: Vec::new(),
            touched: Vec::new(),
            signature: Signature::default(),
        }
    }

    /// Adds a shared link.
    pub fn add_link(&mut self, capacity: Bandwidth) -> LinkId {
        self.shared.push(Link::new(capacity));
        LinkId((self.shared.len() - 1) as u32)
    }

    /// Adds a leaf link.
    pub fn add_leaf(&mut self, capacity: Bandwidth) -> LeafId {
        let (flows, class, changed) = (Vec::new(), None, false);
        self.leaves.push(Leaf { capacity, flows, class, changed });
        LeafId((self.leaves.len() - 1) as u32)
    }

    /// Gives a shared link another capacity; at zero its flows stand still.
    pub fn set_capacity(&mut self, now: Time, link: LinkId, capacity: Bandwidth) {
        self.advance(now);
        let entry = &mut self.shared[link.0 as usize];
        if entry.capacity != capacity {
            entry.capacity = capacity;
            self.resized.push(link.0);
            self.disturb();
        }
    }

    /// Starts a flow of `size` bytes over `leaf` and `path` at no more than `cap`; `tag` is handed
    /// back by [`Links::take_completed`]. A flow of no bytes is complete at `now`.
    ///
    /// # Panics
    /// Panics when `now` has passed over a completion or is earlier than an instant given before,
    /// as every method that takes an instant does.
    pub fn start(
        &mut self,
        now: Time,
        leaf: LeafId,
        path: Path,
        cap: Option<Bandwidth>,
        size: Bytes,
        tag: u64,
    ) -> FlowId {
        self.advance(now);
        self.disturb();
        let slot = self.flows.insert(leaf, Kind::new(path, cap), size.0, tag);
        if size.0 == 0 {
            self.flows[slot].place = Place::Complete;
            self.complete.push(slot);
        } else {
            self.leaves[leaf.0 as usize].flows.push(slot);
            self.change_leaf(leaf);
        }
        self.flows.id(slot)
    }

    /// Stops a flow and returns the whole bytes it has received, which its links have carried.
    ///
    /// # Panics
    /// Panics when the flow has ended: was cancelled, or taken as completed.
    pub fn cancel(&mut self, now: Time, flow: FlowId) -> Bytes {
        let received = self.received(now, flow);
        self.disturb();
        let slot = self.flows.slot(flow);
        let flow = self.flows.remove(slot);
        if flow.place == Place::Complete {
            self.complete.retain(|&other| other != slot);
        } else {
            self.leave(slot, flow.leaf);
        }
        self.carry(&flow, received);
        received
    }

    /// The whole bytes a flow has received.
    ///
    /// # Panics
    /// Panics when the flow has ended: was cancelled, or taken as completed.
    pub fn received(&mut self, now: Time, flow: FlowId) -> Bytes {
        self.advance(now);
        let flow = &self.flows[self.flows.slot(flow)];
        match flow.place {
            Place::Free | Place::Waiting => Bytes::ZERO,
            Place::Complete => Bytes(flow.size),
            Place::Joined { class, group } => {
                let group = &self.classes[class].groups[group as usize];
                // A byte that lacks less than a millionth has arrived.
                let rest = (group.rest_at(now, flow.finish) - 1e-6).ceil() as u64;
                Bytes(flow.size.saturating_sub(rest))
            }
        }
    }

    /// When the next flow completes: `None` when nothing flows or everything stands still.
    ///
    /// Ask at the end of an instant: the first call after a change solves the rates.
    pub fn next_completion(&mut self, now: Time) -> Option<Time> {
        self.advance(now);
        self.settle();
        if self.complete.is_empty() {
            self.classes.earliest().map(|(due, _)| due)
        } else {
            Some(now)
        }
    }

    /// Takes all flows that are complete at `now` and appends their tags to `done`, by the order of
    /// their starts (they complete at one instant: `now`).
    pub fn take_completed(&mut self, now: Time, done: &mut Vec<u64>) {
        self.advance(now);
        self.harvest();
        if self.complete.is_empty() {
            return;
        }
        self.disturb();
        let mut complete = std::mem::take(&mut self.complete);
        complete.sort_unstable_by_key(|&slot| self.flows[slot].sequence);
        for slot in complete.drain(..) {
            let flow = self.flows.remove(slot);
            self.carry(&flow, Bytes(flow.size));
            done.push(flow.tag);
        }
        self.complete = complete;
    }

    /// Changes with the first change after a [`Links::next_completion`]: an answer given under
    /// another generation may be out of date.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Brings all flows to `now` and solves their rates: what is read then is of that instant. Ask
    /// at the end of an instant, as [`Links::next_completion`].
    pub fn bring_to(&mut self, now: Time) {
        self.advance(now);
        self.settle();
    }

    /// The share of a link's capacity in use; 0 for a link of no capacity.
    ///
    /// As of the last instant that the links were brought to.
    pub fn utilisation(&self, link: LinkId) -> f64 {
        let link = &self.shared[link.0 as usize];
        let capacity = link.capacity_millis();
        if capacity == 0 { 0.0 } else { (link.load as f64 / capacity as f64).min(1.0) }
    }

    /// Bytes of completed and cancelled flows that passed `link`, exact; those of running flows are
    /// not in it.
    pub fn carried(&self, link: LinkId) -> Bytes {
        Bytes(self.shared[link.0 as usize].carried)
    }

    /// A flow's rate in bytes per second.
    #[cfg(test)]
    fn rate(&mut self, now: Time, flow: FlowId) -> f64 {
        self.advance(now);
        self.settle();
        match self.flows[self.flows.slot(flow)].place {
            Place::Joined { class, group } => self.classes[class].groups[group as usize].rate,
            _ => 0.0,
        }
    }

    /// Moves the clock, after the rates of the instant left behind are settled.
    fn advance(&mut self, now: Time) {
        assert!(self.now <= now, "links asked at {now:?} after {:?}", self.now);
        if self.now == now {
            return;
        }
        self.settle();
        let next = if self.complete.is_empty() { self.classes.earliest() } else { None };
        let passed = !self.complete.is_empty() || next.is_some_and(|(due, _)| due < now);
        assert!(!passed, "a completion between {:?} and {now:?} was passed over", self.now);
        self.now = now;
    }

    /// Notes that the rates are out of date.
    fn disturb(&mut self) {
        if self.settled {
            self.settled = false;
            self.generation += 1;
        }
    }

    fn change_leaf(&mut self, leaf: LeafId) {
        let changed = &mut self.leaves[leaf.0 as usize].changed;
        if !*changed {
            *changed = true;
            self.changed_leaves.push(leaf.0);
        }
    }

    /// Takes the flow in `slot` off its leaf.
    fn leave(&mut self, slot: u32, leaf: LeafId) {
        self.leaves[leaf.0 as usize].flows.retain(|&other| other != slot);
        self.change_leaf(leaf);
    }

    fn carry(&mut self, flow: &Flow, received: Bytes) {
        for link in flow.kind.path.links() {
            self.shared[link.0 as usize].carried += received.0;
        }
    }

    /// Sets aside the flows that are complete now: they take no share any more.
    fn harvest(&mut self) {
        while let Some((due, class)) = self.classes.earliest() {
            if self.now < due {
                return;
            }
            let first = self.complete.len();
            self.classes.harvest(self.now, class, &self.flows, &mut self.complete);
            for ordinal in first..self.complete.len() {
                let slot = self.complete[ordinal];
                self.flows[slot].place = Place::Complete;
                self.leave(slot, self.flows[slot].leaf);
            }
        }
    }

    /// Solves the rates of the present flows, unless that is done.
    fn settle(&mut self) {
        if self.settled {
            return;
        }
        self.settled = true;
        self.harvest();
        self.solver.begin();
        for link in self.resized.drain(..) {
            self.solver.touch_link(link, &mut self.shared);
        }
        let mut leaves = std::mem::take(&mut self.changed_leaves);
        for leaf in leaves.drain(..) {
            self.classify(leaf);
        }
        self.changed_leaves = leaves;
        for id in self.touched.drain(..) {
            self.solver.touch_class(id, &mut self.classes, &mut self.shared);
            if self.classes[id].leaves == 0 {
                for group in &self.classes[id].groups {
                    for link in group.kind.path.links() {
                        let link = &mut self.shared[link.0 as usize];
                        link.load -= group.load;
                    }
                }
                link_up(&mut self.shared, &self.classes, id, false);
                self.classes.free(id);
            }
        }
        self.solver.finish(self.now, &mut self.classes, &mut self.shared, &self.flows);
    }

    /// Moves a leaf and its flows to the class of its present signature.
    fn classify(&mut self, leaf: u32) {
        let entry = &mut self.leaves[leaf as usize];
        entry.changed = false;
        let old = entry.class;
        let flows = &self.flows;
        self.signature.capacity = entry.capacity.bits_per_second();
        self.signature.kinds.clear();
        self.signature.kinds.extend(entry.flows.iter().map(|&slot| flows[slot].kind));
        self.signature.kinds.sort_unstable();
        let new = if entry.flows.is_empty() {
            None
        } else if let Some(id) = self.classes.find(&self.signature) {
            Some(id)
        } else {
            let id = self.classes.create(self.now, &self.signature);
            link_up(&mut self.shared, &self.classes, id, true);
            Some(id)
        };
        let entry = &mut self.leaves[leaf as usize];
        entry.class = new;
        if let Some(old) = old {
            self.classes[old].leaves -= 1;
            touch(&mut self.classes, &mut self.touched, old);
        }
        let Some(new) = new else { return };
        self.classes[new].leaves += 1;
        touch(&mut self.classes, &mut self.touched, new);
        for &slot in &self.leaves[leaf as usize].flows {
            let flow = &self.flows[slot];
            let rest = match flow.place {
                Place::Joined { class, .. } if class == new => continue,
                Place::Joined { class, group } => {
                    self.classes[class].groups[group as usize].rest_at(self.now, flow.finish)
                }
                _ => flow.size as f64,
            };
            self.classes.join(self.now, new, slot, rest, &mut self.flows);
        }
    }
}

impl Default for Links {
    fn default() -> Self {
        Self::new()
    }
}

/// Lists a class as touched, once.
fn touch(classes: &mut Classes, touched: &mut Vec<u32>, class: u32) {
    if !std::mem::replace(&mut classes[class].touched, true) {
        touched.push(class);
    }
}

/// Enters a class on the links of its flows, or strikes it off.
fn link_up(links: &mut [Link], classes: &Classes, class: u32, enter: bool) {
    for link in classes[class].groups.iter().flat_map(|group| group.kind.path.links()) {
        let members = &mut links[link.0 as usize].classes;
        match (members.binary_search(&class), enter) {
            (Err(place), true) => members.insert(place, class),
            (Ok(place), false) => {
                members.remove(place);
            }
            _ => {}
        }
    }
}
