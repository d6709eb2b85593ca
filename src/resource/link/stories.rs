//! The fast solver and its slow twin live through the same random stories.

use proptest::prelude::*;

use super::reference::Slow;
use super::tests::{at, rate};
use super::*;
use crate::units::Span;

/// One thing to do, after a pause.
#[derive(Clone, Debug)]
enum Deed {
    Start { leaf: usize, path: Vec<usize>, cap: Option<u64>, size: u64 },
    Cancel { nth: usize },
    Resize { link: usize, capacity: u64 },
}

/// What a run does: on capacities (leaves first), (pause in microseconds, deed).
#[derive(Clone, Debug)]
struct Story {
    leaves: Vec<u64>,
    links: Vec<u64>,
    deeds: Vec<(u64, Deed)>,
    /// Whether deeds come before completions at the same instant.
    deeds_first: bool,
}

/// How a flow ended: when, and with how many bytes where it was cancelled.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    tag: u64,
    micros: u64,
    cancelled_with: Option<u64>,
}

fn deed() -> impl Strategy<Value = Deed> {
    let path = prop::sample::subsequence(vec![0usize, 1, 2, 3], 0..=4);
    // Few distinct caps and sizes, so that classes are shared and ties happen.
    let cap =
        prop_oneof![3 => Just(None), 1 => Just(Some(100)), 1 => (0u64..400_000).prop_map(Some)];
    let size = prop_oneof![1 => Just(0u64), 3 => Just(100_000), 6 => 1u64..1_000_000];
    let start = (0usize..4, path, cap, size).prop_map(|(leaf, path, cap, size)| Deed::Start {
        leaf,
        path,
        cap,
        size,
    });
    let resize = (0usize..4, prop_oneof![Just(0), 1u64..500_000])
        .prop_map(|(link, capacity)| Deed::Resize { link, capacity });
    prop_oneof![
        12 => start,
        4 => (0usize..60).prop_map(|nth| Deed::Cancel { nth }),
        1 => resize,
    ]
}

fn story() -> impl Strategy<Value = Story> {
    let capacity = || prop_oneof![1 => Just(100_000u64), 2 => 1u64..500_000];
    let pause = prop_oneof![1 => Just(0u64), 2 => 0u64..1_000_000, 1 => Just(500_000)];
    (
        prop::collection::vec(capacity(), 4),
        prop::collection::vec(capacity(), 4),
        prop::collection::vec((pause, deed()), 1..60),
        any::<bool>(),
    )
        .prop_map(|(leaves, links, deeds, deeds_first)| Story {
            leaves,
            links,
            deeds,
            deeds_first,
        })
}

/// The fast solver in a story, with what is needed to check the definition of max-min fairness.
struct Fast {
    links: Links,
    leaves: Vec<LeafId>,
    capacities: Vec<f64>,
    flows: Vec<(u64, FlowId, Vec<usize>, f64)>,
    ends: Vec<End>,
    start_sizes: Vec<u64>,
}

impl Fast {
    fn new(story: &Story) -> Self {
        let mut links = Links::new();
        let leaves = story.leaves.iter().map(|&bytes| links.add_leaf(rate(bytes))).collect();
        for &bytes in &story.links {
            links.add_link(rate(bytes));
        }
        let capacities = story.leaves.iter().chain(&story.links).map(|&c| c as f64).collect();
        let (flows, ends, start_sizes) = (Vec::new(), Vec::new(), Vec::new());
        Self { links, leaves, capacities, flows, ends, start_sizes }
    }

    /// Takes completions before `limit`, and those at `limit` too where `inclusive`.
    fn complete_until(&mut self, from: Time, limit: Time, inclusive: bool) {
        let mut now = from;
        while let Some(due) = self.links.next_completion(now) {
            self.check(now);
            if limit < due || (limit == due && !inclusive) {
                break;
            }
            now = due;
            let mut done = Vec::new();
            self.links.take_completed(now, &mut done);
            assert!(!done.is_empty(), "{now} brought no completion");
            for tag in done {
                self.flows.retain(|flow| flow.0 != tag);
                let micros = now.as_micros();
                self.ends.push(End { tag, micros, cancelled_with: None });
            }
        }
    }

    fn act(&mut self, now: Time, deed: &Deed) {
        match deed {
            Deed::Start { leaf, path, cap, size } => {
                let tag = self.start_sizes.len() as u64;
                let ids: Vec<LinkId> = path.iter().map(|&link| LinkId(link as u32)).collect();
                let (leaf_id, cap) = (self.leaves[*leaf], *cap);
                let (path, cap_rate) = (takes(*leaf, path), cap.map(rate));
                let size = Bytes(*size);
                let id = self.links.start(now, leaf_id, Path::new(&ids), cap_rate, size, tag);
                let cap = cap.map_or(f64::INFINITY, |cap| cap as f64);
                self.flows.push((tag, id, path, cap));
                self.start_sizes.push(size.0);
            }
            Deed::Cancel { nth } => {
                let Some(place) = self.flows.iter().position(|flow| flow.0 == *nth as u64) else {
                    return;
                };
                let (tag, id, ..) = self.flows.remove(place);
                let received = self.links.received(now, id);
                assert_eq!(self.links.cancel(now, id), received);
                let cancelled_with = Some(received.0);
                self.ends.push(End { tag, micros: now.as_micros(), cancelled_with });
            }
            Deed::Resize { link, capacity } => {
                self.links.set_capacity(now, LinkId(*link as u32), rate(*capacity));
                self.capacities[self.leaves.len() + link] = *capacity as f64;
            }
        }
    }

    /// The definition: nothing is overdrawn, and every flow runs at its cap or has a full link
    /// where no rate is larger than its own.
    fn check(&mut self, now: Time) {
        let mut rates = Vec::new();
        for (_, id, path, cap) in &self.flows {
            if self.links.flows[id.slot].place != Place::Complete {
                rates.push((self.links.rate(now, *id), path, *cap));
            }
        }
        let on = |link: usize| rates.iter().filter(move |(_, path, _)| path.contains(&link));
        let loads: Vec<f64> =
            (0..self.capacities.len()).map(|link| on(link).map(|flow| flow.0).sum()).collect();
        for (load, capacity) in loads.iter().zip(&self.capacities) {
            assert!(*load <= capacity * (1.0 + 1e-9), "{load} over {capacity}");
        }
        for &(rate, path, cap) in &rates {
            assert!(rate <= cap);
            let bottleneck = path.iter().any(|&link| {
                let full = self.capacities[link] * (1.0 - 1e-9) <= loads[link];
                full && on(link).all(|other| other.0 <= rate * (1.0 + 1e-9))
            });
            assert!(cap <= rate || bottleneck, "{rate} has no bottleneck: {rates:?}");
        }
    }
}

/// The capacities that a flow takes from: four leaves, then the links.
fn takes(leaf: usize, path: &[usize]) -> Vec<usize> {
    std::iter::once(leaf).chain(path.iter().map(|link| 4 + link)).collect()
}

/// Lets a story run in the fast solver, checking rates on the way; somebody may ask every flow what
/// it has received.
fn run_fast(story: &Story, watched: bool) -> (Vec<End>, Vec<u64>, Fast) {
    let mut fast = Fast::new(story);
    let mut now = Time::ZERO;
    for (pause, deed) in &story.deeds {
        let next = now + Span::from_micros(*pause);
        fast.complete_until(now, next, !story.deeds_first);
        now = next;
        fast.act(now, deed);
        if watched {
            for (_, id, ..) in &fast.flows {
                fast.links.received(now, *id);
            }
        }
    }
    fast.complete_until(now, at(u64::MAX - 1), true);
    (fast.ends.clone(), fast.start_sizes.clone(), fast)
}

/// Lets a story run in the slow twin.
fn run_slow(story: &Story) -> Vec<End> {
    let capacities = story.leaves.iter().chain(&story.links).map(|&c| c as f64).collect();
    let mut slow = Slow { capacities, ..Slow::default() };
    let (mut ends, mut sizes) = (Vec::new(), Vec::new());
    let complete_until = |slow: &mut Slow, limit: Time, inclusive: bool, ends: &mut Vec<End>| {
        while let Some(due) = slow.next_completion() {
            if limit < due || (limit == due && !inclusive) {
                break;
            }
            slow.advance(due);
            let done = slow.take_completed();
            let micros = due.as_micros();
            ends.extend(done.into_iter().map(|tag| End { tag, micros, cancelled_with: None }));
        }
        if limit < at(u64::MAX - 1) {
            slow.advance(limit);
        }
    };
    let mut now = Time::ZERO;
    for (pause, deed) in &story.deeds {
        now = now + Span::from_micros(*pause);
        complete_until(&mut slow, now, !story.deeds_first, &mut ends);
        match deed {
            Deed::Start { leaf, path, cap, size } => {
                let cap = cap.map_or(f64::INFINITY, |cap| cap as f64);
                slow.start(sizes.len() as u64, takes(*leaf, path), cap, *size);
                sizes.push(*size);
            }
            Deed::Cancel { nth } => {
                if let Some(rest) = slow.cancel(*nth as u64) {
                    let tag = *nth as u64;
                    let cancelled_with = Some((sizes[*nth] as f64 - rest).floor() as u64);
                    ends.push(End { tag, micros: now.as_micros(), cancelled_with });
                }
            }
            Deed::Resize { link, capacity } => slow.set_capacity(4 + link, *capacity as f64),
        }
    }
    complete_until(&mut slow, at(u64::MAX - 1), true, &mut ends);
    ends
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..Default::default() })]

    /// Every flow ends the same way, within 2 us and 1 byte; so the order of completions is the
    /// same but for those at most 4 us apart.
    #[test]
    fn the_fast_solver_does_what_the_slow_one_does(story in story()) {
        let (mut fast, sizes, state) = run_fast(&story, false);
        let mut slow = run_slow(&story);
        for pair in fast.windows(2) {
            prop_assert!(pair[0].micros <= pair[1].micros);
        }
        fast.sort_by_key(|end| end.tag);
        slow.sort_by_key(|end| end.tag);
        prop_assert_eq!(fast.len(), slow.len());
        for (fast, slow) in fast.iter().zip(&slow) {
            prop_assert_eq!(fast.tag, slow.tag);
            prop_assert!(fast.micros.abs_diff(slow.micros) <= 2, "{:?} {:?}", fast, slow);
            let size = sizes[fast.tag as usize];
            let bytes = |end: &End| end.cancelled_with.unwrap_or(size);
            prop_assert!(bytes(fast).abs_diff(bytes(slow)) <= 1, "{:?} {:?}", fast, slow);
        }
        // Whole bytes: every link has carried what the flows over it report.
        for link in 0..4 {
            let mut expected = 0;
            let mut tag = 0;
            for (_, deed) in &story.deeds {
                if let Deed::Start { path, size, .. } = deed {
                    let end = fast.iter().find(|end| end.tag == tag);
                    if path.contains(&link) && let Some(end) = end {
                        expected += end.cancelled_with.unwrap_or(*size);
                    }
                    tag += 1;
                }
            }
            prop_assert_eq!(state.links.carried(LinkId(link as u32)), Bytes(expected));
        }
    }

    /// Who asks what a flow has received changes nothing.
    #[test]
    fn watching_changes_nothing(story in story()) {
        prop_assert_eq!(run_fast(&story, false).0, run_fast(&story, true).0);
    }

    /// The numbers of links and leaves leave no trace, not in a microsecond and not in a byte.
    #[test]
    fn numbering_does_not_matter(story in story()) {
        let mut renumbered = story.clone();
        renumbered.leaves.reverse();
        renumbered.links.reverse();
        for (_, deed) in &mut renumbered.deeds {
            match deed {
                Deed::Start { leaf, path, .. } => {
                    *leaf = 3 - *leaf;
                    for link in path {
*link = 3 - *link;
}
                }
                Deed::Resize { link, .. } => *link = 3 - *link,
                Deed::Cancel { .. } => {}
            }
        }
        prop_assert_eq!(run_fast(&story, false).0, run_fast(&renumbered, false).0);
    }
}
