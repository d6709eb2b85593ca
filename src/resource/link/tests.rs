//! Cases computed by hand.

#![expect(clippy::float_cmp, reason = "the cases are chosen to have exact rates")]

use super::*;

/// Bytes per second.
pub(super) fn rate(bytes: u64) -> Bandwidth {
    Bandwidth::from_bytes_per_second(bytes)
}

pub(super) fn at(micros: u64) -> Time {
    Time::from_micros(micros)
}

/// Lets everything complete that can: (microseconds, tag) in order.
fn run_down(links: &mut Links, from: Time) -> Vec<(u64, u64)> {
    let mut log = Vec::new();
    let mut now = from;
    while let Some(due) = links.next_completion(now) {
        now = due;
        let mut done = Vec::new();
        links.take_completed(now, &mut done);
        assert!(!done.is_empty(), "{now} brought no completion");
        log.extend(done.into_iter().map(|tag| (now.as_micros(), tag)));
    }
    log
}

/// A network with one leaf per flow, each of `leaf` bytes per second.
fn start_each(links: &mut Links, leaf: u64, flows: &[(Path, Option<u64>, u64)]) -> Vec<FlowId> {
    let start = |(tag, &(path, cap, size)): (u64, &(Path, Option<u64>, u64))| {
        let leaf = links.add_leaf(rate(leaf));
        links.start(Time::ZERO, leaf, path, cap.map(rate), Bytes(size), tag)
    };
    (0..).zip(flows).map(start).collect()
}

/// The share of a link in use at the end of an instant.
fn utilisation(links: &mut Links, now: Time, link: LinkId) -> f64 {
    links.bring_to(now);
    links.utilisation(link)
}

#[test]
fn equal_flows_on_one_link_end_together_at_their_sum_over_the_capacity() {
    // 7 flows of 300 B at 100 B/s: 7 * 300 / 100 = 21 s.
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(100))]);
    start_each(&mut links, 1_000, &[(path, None, 300); 7]);
    assert_eq!(utilisation(&mut links, Time::ZERO, LinkId(0)), 1.0);
    let log = run_down(&mut links, Time::ZERO);
    assert_eq!(log, (0..7).map(|tag| (21_000_000, tag)).collect::<Vec<_>>());
    assert_eq!(links.carried(LinkId(0)), Bytes(2_100));
    assert_eq!(utilisation(&mut links, Time::from_secs(21), LinkId(0)), 0.0);
}

#[test]
fn a_second_flow_halves_the_first_while_it_lasts() {
    // 100 B/s. A (1000 B) is alone for 2 s: 200 B. B (300 B) shares 50/50 and ends at 2 + 6 = 8 s.
    // By then A has 200 + 300 = 500 B, and ends 5 s later.
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(100))]);
    let (a_leaf, b_leaf) = (links.add_leaf(rate(1_000)), links.add_leaf(rate(1_000)));
    let a = links.start(Time::ZERO, a_leaf, path, None, Bytes(1_000), 0);
    assert_eq!(links.next_completion(Time::ZERO), Some(Time::from_secs(10)));
    links.start(Time::from_secs(2), b_leaf, path, None, Bytes(300), 1);
    assert_eq!(links.next_completion(Time::from_secs(2)), Some(Time::from_secs(8)));
    assert_eq!(links.received(Time::from_secs(2), a), Bytes(200));
    assert_eq!(links.received(at(2_999_999), a), Bytes(249));
    assert_eq!(links.received(Time::from_secs(8), a), Bytes(500));
    let log = run_down(&mut links, Time::from_secs(8));
    assert_eq!(log, [(8_000_000, 1), (13_000_000, 0)]);
}

#[test]
fn what_a_capped_flow_leaves_goes_to_the_others() {
    // 100 B/s for three: one is held at 10, the others get 45 each.
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(100))]);
    let all = [(path, Some(10), 100), (path, None, 900), (path, Some(50), 900)];
    let flows = start_each(&mut links, 1_000, &all);
    let rates: Vec<f64> = flows.iter().map(|&flow| links.rate(Time::ZERO, flow)).collect();
    assert_eq!(rates, [10.0, 45.0, 45.0]);
    // At 10 s the capped one ends; the others have 450 B left and 50 B/s each: 9 s more.
    let log = run_down(&mut links, Time::ZERO);
    assert_eq!(log, [(10_000_000, 0), (19_000_000, 1), (19_000_000, 2)]);
}

#[test]
fn a_leaf_is_shared_by_its_own_flows() {
    // The leaf of 30 B/s gives its three flows 10 each; the other leaf's flow gets 100 - 30 = 70.
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(100))]);
    let (small, large) = (links.add_leaf(rate(30)), links.add_leaf(rate(1_000)));
    let mut start = |leaf, tag| links.start(Time::ZERO, leaf, path, None, Bytes(100), tag);
    let flows = [start(small, 0), start(small, 1), start(small, 2), start(large, 3)];
    assert_eq!(flows.map(|flow| links.rate(Time::ZERO, flow)), [10.0, 10.0, 10.0, 70.0]);
    assert_eq!(utilisation(&mut links, Time::ZERO, LinkId(0)), 1.0);
}

#[test]
fn the_parking_lot() {
    // Links of 100 and 60 B/s; the long flow passes both, one short flow each. The second link
    // gives 30 to the long and 30 to its short flow; the first has 70 left for its short flow.
    let mut links = Links::new();
    let (one, two) = (links.add_link(rate(100)), links.add_link(rate(60)));
    let paths = [Path::new(&[two, one]), Path::new(&[one]), Path::new(&[two])];
    let flows = start_each(&mut links, 1_000, &paths.map(|path| (path, None, 3_000)));
    let rates: Vec<f64> = flows.iter().map(|&flow| links.rate(Time::ZERO, flow)).collect();
    assert_eq!(rates, [30.0, 70.0, 30.0]);
    // The first short flow ends at 3000/70 s and changes nothing for the others: 100 s.
    let log = run_down(&mut links, Time::ZERO);
    assert_eq!(log, [(42_857_143, 1), (100_000_000, 0), (100_000_000, 2)]);
    assert_eq!((links.carried(one), links.carried(two)), (Bytes(6_000), Bytes(6_000)));
}

#[test]
fn a_link_that_fills_up_later_joins_the_others() {
    // Two egress links of 40 B/s each behind one of 100: it has room. With a third of 40 it lacks
    // 20, and all get 100/3. When the third ends (100 B at 33.3 B/s: 3 s), 40 each again.
    let mut links = Links::new();
    let trunk = links.add_link(rate(100));
    let egress: Vec<LinkId> = (0..3).map(|_| links.add_link(rate(40))).collect();
    let leaves: Vec<LeafId> = (0..3).map(|_| links.add_leaf(rate(1_000))).collect();
    let mut start = |now, i: usize, size| {
        links.start(now, leaves[i], Path::new(&[trunk, egress[i]]), None, Bytes(size), i as u64)
    };
    let (one, two) = (start(Time::ZERO, 0, 1_000), start(Time::ZERO, 1, 1_000));
    assert_eq!(links.rate(Time::ZERO, one), 40.0);
    assert_eq!(utilisation(&mut links, Time::ZERO, trunk), 0.8);
    let mut start = |now, i: usize, size| {
        links.start(now, leaves[i], Path::new(&[trunk, egress[i]]), None, Bytes(size), i as u64)
    };
    let now = Time::from_secs(10);
    let three = start(now, 2, 100);
    for flow in [one, two, three] {
        assert_eq!(links.rate(now, flow), 100.0 / 3.0);
    }
    let now = Time::from_secs(13);
    assert_eq!(links.next_completion(now), Some(now));
    links.take_completed(now, &mut Vec::new());
    assert_eq!((links.rate(now, one), links.rate(now, two)), (40.0, 40.0));
    // 1000 - 400 - 100 = 500 B left at 40 B/s: 12.5 s.
    assert_eq!(run_down(&mut links, now), [(25_500_000, 0), (25_500_000, 1)]);
}

#[test]
fn a_flow_of_no_bytes_is_complete_at_once() {
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(0))]);
    let leaf = links.add_leaf(rate(10));
    let now = Time::from_secs(5);
    links.start(now, leaf, path, None, Bytes::ZERO, 7);
    assert_eq!(links.next_completion(now), Some(now));
    let mut done = Vec::new();
    links.take_completed(now, &mut done);
    assert_eq!(done, [7]);
    assert_eq!(links.next_completion(now), None);
}

#[test]
fn a_completion_rounds_up_to_the_next_microsecond() {
    // 1 B at 3 B/s: 333,333.3 us.
    let mut links = Links::new();
    let leaf = links.add_leaf(rate(3));
    links.start(Time::ZERO, leaf, Path::DIRECT, None, Bytes(1), 0);
    assert_eq!(links.next_completion(Time::ZERO), Some(at(333_334)));
}

#[test]
fn no_capacity_is_a_standstill() {
    // 300 of 1000 B by 3 s; nothing until 10 s; the rest at 50 B/s takes 14 s.
    let mut links = Links::new();
    let egress = links.add_link(rate(100));
    let flow = start_each(&mut links, 1_000, &[(Path::new(&[egress]), None, 1_000)])[0];
    links.set_capacity(Time::from_secs(3), egress, rate(0));
    assert_eq!(links.next_completion(Time::from_secs(3)), None);
    assert_eq!(utilisation(&mut links, Time::from_secs(3), egress), 0.0);
    assert_eq!(links.received(Time::from_secs(10), flow), Bytes(300));
    links.set_capacity(Time::from_secs(10), egress, rate(50));
    assert_eq!(run_down(&mut links, Time::from_secs(10)), [(24_000_000, 0)]);
}

#[test]
fn the_generation_changes_once_per_instant_of_changes() {
    let mut links = Links::new();
    let leaf = links.add_leaf(rate(10));
    let start = |links: &mut Links, now, size| {
        links.start(now, leaf, Path::DIRECT, None, Bytes(size), 0);
        links.generation()
    };
    let first = start(&mut links, Time::ZERO, 10);
    assert_eq!(start(&mut links, Time::ZERO, 10), first);
    links.next_completion(Time::ZERO);
    assert_eq!(links.generation(), first);
    let second = start(&mut links, Time::from_secs(1), 10);
    assert_ne!(second, first);
}

#[test]
#[should_panic(expected = "passed over")]
fn no_completion_may_be_passed_over() {
    let mut links = Links::new();
    let leaf = links.add_leaf(rate(10));
    links.start(Time::ZERO, leaf, Path::DIRECT, None, Bytes(10), 0);
    links.next_completion(at(1_000_001));
}

#[test]
#[should_panic(expected = "has ended")]
fn a_slot_used_again_does_not_answer_to_the_old_id() {
    let mut links = Links::new();
    let leaf = links.add_leaf(rate(10));
    let start = |links: &mut Links| links.start(Time::ZERO, leaf, Path::DIRECT, None, Bytes(10), 0);
    let old = start(&mut links);
    links.cancel(Time::ZERO, old);
    let new = start(&mut links);
    assert_eq!(new.slot, old.slot);
    links.cancel(Time::ZERO, old);
}

#[test]
#[should_panic(expected = "named twice")]
fn a_path_passes_a_link_once() {
    Path::new(&[LinkId(1), LinkId(0), LinkId(1)]);
}
