//! Many flows: bursts with closed forms, bounded memory, and the law of processor sharing.

use super::tests::rate;
use super::*;
use crate::engine::calendar::Calendar;
use crate::engine::chance::Chance;
use crate::units::Span;

#[test]
fn a_burst_of_equal_flows_is_one_class() {
    // 10,000 flows of 1 MB at 100 MB/s: all end at 100 s.
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(100_000_000))]);
    for tag in 0..10_000 {
        let leaf = links.add_leaf(rate(1_250_000_000));
        links.start(Time::ZERO, leaf, path, None, Bytes(1_000_000), tag);
    }
    let end = Time::from_secs(100);
    assert_eq!(links.next_completion(Time::ZERO), Some(end));
    assert_eq!(links.classes.live(), 1);
    let mut done = Vec::new();
    links.take_completed(end, &mut done);
    assert_eq!(done, (0..10_000).collect::<Vec<_>>());
    assert_eq!(links.next_completion(end), None);
    assert_eq!(links.classes.live(), 0);
}

#[test]
fn a_burst_ends_by_size_at_the_times_of_the_closed_form() {
    // n flows of sizes s_1 <= s_2 <= ... on one link: while the k-th is the smallest left,
    // n - k + 1 share the capacity C, so t_k = t_(k-1) + (s_k - s_(k-1)) (n - k + 1) / C.
    const COUNT: u64 = 10_000;
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(100_000_000))]);
    let chance = Chance::new(1, 0);
    let mut sizes: Vec<(u64, u64)> =
        (0..COUNT).map(|tag| (1 + chance.draw(0, tag, 0).below(50_000_000), tag)).collect();
    for &(size, tag) in &sizes {
        let leaf = links.add_leaf(rate(1_250_000_000));
        links.start(Time::ZERO, leaf, path, None, Bytes(size), tag);
    }
    sizes.sort_unstable();
    let mut log = Vec::new();
    let mut now = Time::ZERO;
    while let Some(due) = links.next_completion(now) {
        now = due;
        let mut done = Vec::new();
        links.take_completed(now, &mut done);
        log.extend(done.into_iter().map(|tag| (tag, now)));
    }
    let (mut smaller, mut hundredths, mut late) = (0, 0, 1.0);
    for (sharing, (&(size, tag), &(ended, time))) in (1..=COUNT).rev().zip(sizes.iter().zip(&log)) {
        assert_eq!(ended, tag);
        // 100 bytes in a microsecond: exact in hundredths of one.
        hundredths += (size - smaller) * sharing;
        smaller = size;
        // Never early. A flow keeps its share up to the whole microsecond at which it ends: less
        // than 1/sharing us of the link, which all later ones miss.
        let exact = hundredths as f64 / 100.0;
        let range = exact - 0.001..exact + late;
        assert!(range.contains(&(time.as_micros() as f64)), "flow {tag}: {time}, not {exact} us");
        late += 1.0 / sharing as f64;
    }
}

#[test]
fn classes_slots_and_heaps_stay_few_while_leaves_change() {
    // 1,000 leaves, 10 layers each, three at a time, every layer over one of two paths: at most
    // 2 + 3 + 4 = 9 signatures of one to three flows.
    const LEAVES: u64 = 1_000;
    let mut links = Links::new();
    let (egress, mirror) = (links.add_link(rate(400_000_000)), links.add_link(rate(900_000_000)));
    let paths = [Path::new(&[egress]), Path::new(&[mirror])];
    let chance = Chance::new(3, 0);
    let mut left = vec![10u64; LEAVES as usize];
    let leaves: Vec<LeafId> = left.iter().map(|_| links.add_leaf(rate(12_500_000))).collect();
    let (mut total, mut most_classes) = ([0; 2], 0);
    let mut next_layer = |links: &mut Links, now, node: u64| {
        let Some(layer) = left[node as usize].checked_sub(1) else { return };
        left[node as usize] = layer;
        let mut draw = chance.draw(1, node, layer);
        let which = draw.below(2) as usize;
        let size = 1 + draw.below(20_000_000);
        total[which] += size;
        let leaf = leaves[node as usize];
        links.start(now, leaf, paths[which], Some(rate(10_000_000)), Bytes(size), node);
    };
    let mut now = Time::ZERO;
    for node in (0..LEAVES).flat_map(|node| [node; 3]) {
        next_layer(&mut links, now, node);
    }
    let mut completions = 0;
    while let Some(due) = links.next_completion(now) {
        most_classes = links.classes.live().max(most_classes);
        now = due;
        let mut done = Vec::new();
        links.take_completed(now, &mut done);
        completions += done.len() as u64;
        for node in done {
            next_layer(&mut links, now, node);
        }
        let (entries, places) = links.classes.footprint();
        // Per group at most twice the live entries, 64, and what one instant adds.
        assert!(entries <= 2 * 3 * LEAVES as usize + 100 * 2 * 9, "{entries} entries");
        assert!(places <= 9 + 2, "{places} places");
    }
    assert_eq!(completions, 10 * LEAVES);
    assert!((4..=9).contains(&most_classes), "{most_classes} classes");
    assert!(links.flows.slots() <= 3 * LEAVES as usize);
    assert_eq!([links.carried(egress), links.carried(mirror)], total.map(Bytes));
}

#[test]
fn a_clock_that_never_stops_loses_nothing() {
    // Two leaves keep one class busy for ever; each flow of 3 GB at 1 GB/s takes 3 s, the two
    // leaves shifted by 1.5 s. The clock passes 4 GiB again and again and must start anew.
    let mut links = Links::new();
    let leaves = [links.add_leaf(rate(1_000_000_000)), links.add_leaf(rate(1_000_000_000))];
    let start = |links: &mut Links, now, tag: u64| {
        links.start(now, leaves[tag as usize], Path::DIRECT, None, Bytes(3_000_000_000), tag);
    };
    start(&mut links, Time::ZERO, 0);
    assert_eq!(links.next_completion(Time::ZERO), Some(Time::from_secs(3)));
    start(&mut links, Time::from_micros(1_500_000), 1);
    let mut now = Time::from_micros(1_500_000);
    for round in 2..2_000 {
        now = links.next_completion(now).unwrap();
        assert_eq!(now, Time::from_micros(round * 1_500_000));
        let mut done = Vec::new();
        links.take_completed(now, &mut done);
        assert_eq!(done, [round % 2]);
        start(&mut links, now, done[0]);
    }
}

/// What can happen in the queue.
enum Event {
    Arrived,
    Completed { generation: u64 },
}

/// Mean sojourn times, in seconds, of `batches` batches of `per_batch` jobs in an M/M/1 queue with
/// processor sharing: one job in two seconds, a second of work each; the first batch is warm-up.
fn sojourns(seed: u64, batches: u64, per_batch: u64) -> Vec<f64> {
    let chance = Chance::new(seed, 0);
    let mut links = Links::new();
    let path = Path::new(&[links.add_link(rate(1_000_000))]);
    let mut idle_leaves = Vec::new();
    let mut jobs: Vec<(Time, LeafId)> = Vec::new();
    let mut totals = vec![0; batches as usize + 1];
    let mut calendar = Calendar::new();
    calendar.schedule(Time::ZERO, Event::Arrived);
    while let Some((now, event)) = calendar.next() {
        let mut done = Vec::new();
        match event {
            Event::Arrived => {
                let job = jobs.len() as u64;
                let leaf = idle_leaves.pop().unwrap_or_else(|| links.add_leaf(rate(10_000_000)));
                // A byte takes a microsecond.
                let work = chance.draw(0, job, 0).exponential(Span::from_secs(1)).as_micros();
                links.start(now, leaf, path, None, Bytes(work), job);
                jobs.push((now, leaf));
                if job + 1 < (batches + 1) * per_batch {
                    let pause = chance.draw(1, job, 0).exponential(Span::from_secs(2));
                    calendar.schedule(now + pause, Event::Arrived);
                }
            }
            Event::Completed { generation } if generation != links.generation() => continue,
            Event::Completed { .. } => links.take_completed(now, &mut done),
        }
        for job in done {
            let (arrived, leaf) = jobs[job as usize];
            totals[(job / per_batch) as usize] += now.since(arrived).as_micros();
            idle_leaves.push(leaf);
        }
        if let Some(due) = links.next_completion(now) {
            calendar.schedule(due, Event::Completed { generation: links.generation() });
        }
    }
    let mean = |&total: &u64| total as f64 / per_batch as f64 / 1e6;
    totals[1..].iter().map(mean).collect()
}

#[test]
fn processor_sharing_has_the_mean_sojourn_of_theory() {
    // M/M/1-PS (Kleinrock, Queueing Systems II, 4.4): mean sojourn = mean service / (1 - rho), with
    // 1 s of service and rho = 1/2: 2 s. Student's t for 39 degrees of freedom at 95 %: 2.023.
    for seed in [1, 2, 3] {
        let means = sojourns(seed, 40, 5_000);
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (count - 1.0);
        let error = (variance / count).sqrt();
        assert!((mean - 2.0).abs() < 4.0 * error, "seed {seed}: {mean} +- {error}");
        assert!(2.023 * error < 0.02 * 2.0, "seed {seed}: standard error {error}");
    }
}
