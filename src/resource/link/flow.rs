//! What is known of one flow, and the slots that hold flows.

use super::{FlowId, LeafId, LinkId};
use crate::units::Bandwidth;

/// The links that a flow passes beside its leaf, at most [`Path::MAX`]; their order does not
/// matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// Ascending; [`u32::MAX`] fills the rest.
    links: [u32; Self::MAX],
}

impl Path {
    /// How many shared links a flow can pass.
    pub const MAX: usize = 4;

    /// No shared link: only the leaf and the cap bound the flow.
    pub const DIRECT: Self = Self { links: [u32::MAX; Self::MAX] };

    /// The path over `links`.
    ///
    /// # Panics
    /// Panics when there are more than [`Path::MAX`] links or one is named twice.
    pub fn new(links: &[LinkId]) -> Self {
        assert!(links.len() <= Self::MAX, "a path has at most {} links: {links:?}", Self::MAX);
        let mut path = Self::DIRECT;
        for (place, link) in path.links.iter_mut().zip(links) {
            *place = link.0;
        }
        path.links.sort_unstable();
        let named = &path.links[..links.len()];
        assert!(named.windows(2).all(|two| two[0] < two[1]), "a link is named twice: {links:?}");
        path
    }

    /// The path over those of `links` that are there.
    ///
    /// # Panics
    /// Panics when one is named twice.
    pub fn over(links: [Option<LinkId>; Self::MAX]) -> Self {
        let mut named = [LinkId(0); Self::MAX];
        let mut n = 0;
        for link in links.into_iter().flatten() {
            named[n] = link;
            n += 1;
        }
        Self::new(&named[..n])
    }

    /// The links, in ascending order.
    pub fn links(&self) -> impl Iterator<Item = LinkId> + use<> {
        self.links.into_iter().take_while(|&link| link != u32::MAX).map(LinkId)
    }

    /// Whether the path passes `link`.
    pub fn contains(&self, link: LinkId) -> bool {
        self.links.contains(&link.0)
    }
}

/// What tells flows of one leaf apart for the rates: the path, and the cap in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) path: Path,
    /// [`u64::MAX`] is no cap.
    pub(super) cap: u64,
}

impl Kind {
    pub(super) fn new(path: Path, cap: Option<Bandwidth>) -> Self {
        Self { path, cap: cap.map_or(u64::MAX, Bandwidth::bits_per_second) }
    }
}

/// Where a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The slot is free.
    Free,
    /// Started at this instant; no rate yet.
    Waiting,
    /// In the heap of a group.
    Joined { class: u32, group: u32 },
    /// Complete, not yet taken.
    Complete,
}

/// One flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) generation: u32,
    /// Changes whenever the flow enters a heap or ends: older entries are stale.
    pub(super) stamp: u32,
    pub(super) place: Place,
    pub(super) leaf: LeafId,
    pub(super) kind: Kind,
    pub(super) size: u64,
    /// On the clock of its group.
    pub(super) finish: f64,
    /// The order of starts.
    pub(super) sequence: u64,
    pub(super) tag: u64,
}

/// All flows by slot; slots are used again, and generations tell their tenants apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    slots: Vec<Flow>,
    free: Vec<u32>,
    started: u64,
}

impl Flows {
    /// Gives a new flow a slot.
    pub(super) fn insert(&mut self, leaf: LeafId, kind: Kind, size: u64, tag: u64) -> u32 {
        let sequence = self.started;
        self.started += 1;
        let place = Place::Waiting;
        let flow = |generation, stamp| Flow {
            generation,
            stamp,
            place,
            leaf,
            kind,
            size,
            finish: 0.0,
            sequence,
            tag,
        };
        if let Some(slot) = self.free.pop() {
            let last = &mut self.slots[slot as usize];
            *last = flow(last.generation, last.stamp);
            slot
        } else {
            assert!(self.slots.len() < u32::MAX as usize, "too many flows");
            self.slots.push(flow(0, 0));
            (self.slots.len() - 1) as u32
        }
    }

    /// Ends the flow in `slot`; its id and its heap entry are stale from here on.
    pub(super) fn remove(&mut self, slot: u32) -> Flow {
        let flow = &mut self.slots[slot as usize];
        let last = *flow;
        assert_ne!(last.place, Place::Free, "slot {slot} is free");
        flow.place = Place::Free;
        flow.generation = flow.generation.wrapping_add(1);
        flow.stamp = flow.stamp.wrapping_add(1);
        self.free.push(slot);
        last
    }

    /// The id of the flow in `slot`.
    pub(super) fn id(&self, slot: u32) -> FlowId {
        FlowId { slot, generation: self[slot].generation }
    }

    /// The slot of a flow that has not ended.
    pub(super) fn slot(&self, id: FlowId) -> u32 {
        let flow = &self[id.slot];
        let lives = flow.generation == id.generation && flow.place != Place::Free;
        assert!(lives, "{id:?} has ended");
        id.slot
    }

    /// Slots in use and free.
    #[cfg(test)]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }
}

impl std::ops::Index<u32> for Flows {
    type Output = Flow;
    fn index(&self, slot: u32) -> &Flow {
        &self.slots[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Flows {
    fn index_mut(&mut self, slot: u32) -> &mut Flow {
        &mut self.slots[slot as usize]
    }
}
