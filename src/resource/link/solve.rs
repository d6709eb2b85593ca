//! Max-min fair rates by progressive filling: all rates rise together until a link, a leaf or a cap
//! holds some of them; those stay, the others rise on.
//!
//! Only what can have changed is filled anew: the classes whose leaves came or went, and over every
//! link that binds, the classes that share it. A link that does not bind couples nobody; should the
//! new rates fill it, it joins and the filling is done again. What stays outside keeps its rates:
//! its bottlenecks have not changed, so the whole is still the max-min fair allocation.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::class::{Class, Classes};
use super::fill::Fill;
use super::flow::Flows;
use crate::units::{Bandwidth, Time};

/// Two levels that differ by less than this share are one: equal bottlenecks must give equal rates
/// whichever of them is looked at first.
const LEVEL_TOLERANCE: f64 = 1e-12;

/// A link is taken for one that binds when at most this share of it is free. Too many such links
/// cost time, never exactness.
const FREE_SHARE: u128 = 1_000_000;

/// A shared link.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) capacity: Bandwidth,
    /// Bytes of ended flows.
    pub(super) carried: u64,
    /// The classes with flows on it, ascending.
    pub(super) classes: Vec<u32>,
    /// The sum of its flows' rates in thousandths of a byte per second, rounded up by group: an
    /// integer, so that bookings cancel exactly in any order.
    pub(super) load: u128,
    /// Whether it may bind some flow.
    tight: bool,
    /// The last round of the solver that took this link up.
    round: u64,
    fill: Fill,
}

impl Link {
    pub(super) fn new(capacity: Bandwidth) -> Self {
        Self {
            capacity,
            carried: 0,
            classes: Vec::new(),
            load: 0,
            tight: false,
            round: 0,
            fill: Fill::default(),
        }
    }

    /// The capacity in thousandths of a byte per second.
    pub(super) fn capacity_millis(&self) -> u128 {
        u128::from(self.capacity.bits_per_second()) * 125
    }

    fn is_full(&self) -> bool {
        let capacity = self.capacity_millis();
        capacity - capacity / FREE_SHARE <= self.load
    }
}

/// A level that something cannot rise beyond; as things are held this can only grow.
#[derive(Clone, Copy, Debug)]
struct Limit {
    level: f64,
    of: Holder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    Cap { class: u32, group: u32 },
    Leaf { class: u32 },
    Link { link: u32 },
}

impl PartialEq for Limit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Limit {}

impl PartialOrd for Limit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Limit {
    /// Reversed, since the heap hands out its greatest entry.
    fn cmp(&self, other: &Self) -> Ordering {
        other.level.total_cmp(&self.level).then(other.of.cmp(&self.of))
    }
}

/// The solver's scratch space, kept from one instant to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Solver {
    round: u64,
    /// The classes to fill, and how many of them have been searched for binding links.
    classes: Vec<u32>,
    classes_searched: usize,
    /// The links that may bind them, and how many of them have been searched for classes.
    links: Vec<u32>,
    links_searched: usize,
    limits: BinaryHeap<Limit>,
    /// Groups not held yet; the limits above the last of them do not matter.
    rising: usize,
}

impl Solver {
    /// Begins a round; [`Solver::touch_class`] and [`Solver::touch_link`] tell what has changed.
    pub(super) fn begin(&mut self) {
        self.round += 1;
        self.classes.clear();
        self.links.clear();
        (self.classes_searched, self.links_searched) = (0, 0);
    }

    /// The leaves of `class` have changed: the links that bind it have room to give or lack it, and
    /// its own rates are to be found.
    pub(super) fn touch_class(&mut self, class: u32, classes: &mut Classes, links: &mut [Link]) {
        let Class { leaves, groups, round, .. } = &mut classes[class];
        for link in groups.iter().flat_map(|group| group.kind.path.links()) {
            if links[link.0 as usize].tight {
                self.touch_link(link.0, links);
            }
        }
        if 0 < *leaves && *round != self.round {
            *round = self.round;
            self.classes.push(class);
        }
    }

    /// All rates on `link` are to be found anew.
    pub(super) fn touch_link(&mut self, link: u32, links: &mut [Link]) {
        let round = &mut links[link as usize].round;
        if *round != self.round {
            *round = self.round;
            self.links.push(link);
        }
    }

    /// Solves for the new rates and gives them to the groups.
    pub(super) fn finish(
        &mut self,
        now: Time,
        classes: &mut Classes,
        links: &mut [Link],
        flows: &Flows,
    ) {
        loop {
            self.close(classes, links);
            self.fill(classes, links);
            self.book(classes, links);
            if !self.widen(classes, links) {
                break;
            }
        }
        for &link in &self.links {
            let link = &mut links[link as usize];
            link.tight = link.is_full();
        }
        for &id in &self.classes {
            let touched = std::mem::take(&mut classes[id].touched);
            let mut changed = false;
            for ordinal in 0..classes[id].groups.len() {
                let group = &mut classes[id].groups[ordinal];
                let level = group.level;
                let other = level.total_cmp(&group.rate) != Ordering::Equal;
                if other {
                    group.set_rate(now, level);
                }
                if touched {
                    classes.refresh(now, id, ordinal, flows);
                } else if other {
                    group.retime(now);
                }
                changed |= touched || other;
            }
            if changed {
                classes.announce(id);
            }
        }
    }

    /// Takes up every link that binds a class taken up, and every class on a link taken up.
    fn close(&mut self, classes: &mut Classes, links: &mut [Link]) {
        loop {
            if let Some(&class) = self.classes.get(self.classes_searched) {
                self.classes_searched += 1;
                self.touch_class(class, classes, links);
            } else if let Some(&link) = self.links.get(self.links_searched) {
                self.links_searched += 1;
                for &id in &links[link as usize].classes {
                    let round = &mut classes[id].round;
                    if *round != self.round {
                        *round = self.round;
                        self.classes.push(id);
                    }
                }
            } else {
                return;
            }
        }
    }

    /// Progressive filling of what has been taken up.
    fn fill(&mut self, classes: &mut Classes, links: &mut [Link]) {
        self.pour(classes, links);
        let mut level = 0.0f64;
        while 0 < self.rising {
            let Some(limit) = self.limits.pop() else { break };
            let actual = match limit.of {
                Holder::Cap { class, group } if is_rising(classes, class, group as usize) => {
                    limit.level
                }
                Holder::Leaf { class } if 0 < classes[class].fill.rising => {
                    classes[class].fill.limit()
                }
                Holder::Link { link } if 0 < links[link as usize].fill.rising => {
                    links[link as usize].fill.limit()
                }
                _ => continue,
            };
            if limit.level + limit.level * LEVEL_TOLERANCE < actual {
                self.limits.push(Limit { level: actual, of: limit.of });
                continue;
            }
            if level + level * LEVEL_TOLERANCE < actual {
                level = actual;
            }
            self.hold(limit.of, level, classes, links);
        }
    }

    /// Empties the capacities and lists the limits.
    fn pour(&mut self, classes: &mut Classes, links: &mut [Link]) {
        let mut limits = std::mem::take(&mut self.limits).into_vec();
        limits.clear();
        self.rising = 0;
        for &link in &self.links {
            let link = &mut links[link as usize];
            link.fill = Fill::new(link.capacity);
        }
        for &id in &self.classes {
            let class = &mut classes[id];
            let capacity = class.signature.capacity;
            class.fill = Fill::new(Bandwidth::from_bits_per_second(capacity));
            self.rising += class.groups.len();
            for (ordinal, group) in (0..).zip(&mut class.groups) {
                group.level = -1.0;
                class.fill.rising += group.per_leaf;
                for link in group.kind.path.links() {
                    let link = &mut links[link.0 as usize];
                    if link.round == self.round {
                        link.fill.rising += class.leaves * group.per_leaf;
                    }
                }
                let cap = Bandwidth::from_bits_per_second(group.kind.cap);
                if group.kind.cap < capacity {
                    let of = Holder::Cap { class: id, group: ordinal };
                    limits.push(Limit { level: cap.bytes_per_second(), of });
                }
            }
            limits.push(Limit { level: class.fill.limit(), of: Holder::Leaf { class: id } });
        }
        for &link in &self.links {
            let fill = &links[link as usize].fill;
            if 0 < fill.rising {
                limits.push(Limit { level: fill.limit(), of: Holder::Link { link } });
            }
        }
        self.limits = limits.into();
    }

    /// Holds all groups that rise under `holder` at `level`.
    fn hold(&mut self, holder: Holder, level: f64, classes: &mut Classes, links: &mut [Link]) {
        match holder {
            Holder::Cap { class, group } => {
                self.hold_group(&mut classes[class], group as usize, level, links);
            }
            Holder::Leaf { class } => {
                let class = &mut classes[class];
                for group in 0..class.groups.len() {
                    self.hold_group(class, group, level, links);
                }
            }
            Holder::Link { link } => {
                let members = std::mem::take(&mut links[link as usize].classes);
                for &id in &members {
                    let class = &mut classes[id];
                    for group in 0..class.groups.len() {
                        if class.groups[group].kind.path.contains(super::LinkId(link)) {
                            self.hold_group(class, group, level, links);
                        }
                    }
                }
                links[link as usize].classes = members;
            }
        }
    }

    /// Holds one group at `level`, unless it is held already.
    fn hold_group(&mut self, class: &mut Class, group: usize, level: f64, links: &mut [Link]) {
        let group = &mut class.groups[group];
        if 0.0 <= group.level {
            return;
        }
        group.level = level;
        self.rising -= 1;
        class.fill.hold(group.per_leaf, level);
        for link in group.kind.path.links() {
            let link = &mut links[link.0 as usize];
            if link.round == self.round {
                link.fill.hold(class.leaves * group.per_leaf, level);
            }
        }
    }

    /// Books the rates found on the links.
    fn book(&self, classes: &mut Classes, links: &mut [Link]) {
        for &id in &self.classes {
            let class = &mut classes[id];
            for group in &mut class.groups {
                let flows = (class.leaves * group.per_leaf) as f64;
                let load = (group.level * flows * 1e3).ceil() as u128;
                for link in group.kind.path.links() {
                    let link = &mut links[link.0 as usize];
                    link.load = link.load - group.load + load;
                }
                group.load = load;
            }
        }
    }

    /// Takes up the links that were thought to have room and have none; says whether there are any.
    fn widen(&mut self, classes: &Classes, links: &mut [Link]) -> bool {
        let before = self.links.len();
        for ordinal in 0..self.classes.len() {
            for group in &classes[self.classes[ordinal]].groups {
                for link in group.kind.path.links() {
                    if links[link.0 as usize].is_full() {
                        self.touch_link(link.0, links);
                    }
                }
            }
        }
        before < self.links.len()
    }
}

fn is_rising(classes: &Classes, class: u32, group: usize) -> bool {
    classes[class].groups[group].level < 0.0
}
