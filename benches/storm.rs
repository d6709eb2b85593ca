//! What a storm costs, measured with the clock outside and the result's digest beside it, so that
//! nobody makes it faster by changing what it means.
//!
//! - The hold model of the calendar: take one event, put one, with 1,000 to 1,000,000 waiting.
//! - `spot-churn` at 1,000 and 10,000 nodes.
//! - 10,000 nodes with five images each behind one address whose limit is exhausted, six hours: the
//!   target is below 60 s and 2 GB on one core.
//! - A sweep of 64 points on one thread and on two: the target is 1.9 times as fast.
//!
//! `cargo bench --bench storm` runs all, `-- --sweep` the sweep alone; `-- --smoke` runs small
//! sizes, for a check that nothing has rotted. Times are those of one run on this machine; compare
//! ratios, never absolute figures.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::time::Instant;

use pullstorm::engine::calendar::Calendar;
use pullstorm::engine::chance::{Chance, combine};
use pullstorm::experiment::Crew;
use pullstorm::experiment::sweep::{Asked, draft, run_point};
use pullstorm::model::record::outcome::Outcome;
use pullstorm::model::{Recording, run};
use pullstorm::scenario::{Request, SourceFile, library, load};
use pullstorm::units::Span;

fn main() {
    let is_smoke = std::env::args().any(|it| it == "--smoke");
    if std::env::args().any(|it| it == "--sweep") {
        sweep(is_smoke);
        return;
    }
    let (sizes, operations): (&[u64], u64) =
        if is_smoke { (&[1_000], 100_000) } else { (&[1_000, 100_000, 1_000_000], 5_000_000) };
    for &size in sizes {
        hold(size, operations);
    }
    let nodes: &[u32] = if is_smoke { &[100] } else { &[1_000, 10_000] };
    for &nodes in nodes {
        spot_churn(nodes);
    }
    exhausted(if is_smoke { 100 } else { 10_000 });
    sweep(is_smoke);
}

/// The hold model: the next event is taken and another is put an exponential span later.
fn hold(size: u64, operations: u64) {
    let chance = Chance::new(1, 0);
    let mean = Span::from_secs(60);
    let mut calendar = Calendar::new();
    for entity in 0..size {
        calendar.schedule(calendar.now() + chance.draw(1, entity, 0).exponential(mean), entity);
    }
    let start = Instant::now();
    let mut digest = 0;
    for n in 1..=operations {
        if let Some((now, entity)) = calendar.next() {
            digest = combine(digest, now.as_micros() ^ entity);
            calendar.schedule(now + chance.draw(1, entity, n).exponential(mean), entity);
        }
    }
    let nanos = start.elapsed().as_nanos() as f64 / operations as f64;
    println!("hold model, {size:>9} waiting: {nanos:6.1} ns an operation, digest {digest:016x}");
}

fn spot_churn(nodes: u32) {
    let text = library::find("spot-churn").expect("spot-churn is embedded");
    let sets = vec![format!("pool.spot.nodes={nodes}")];
    report(&format!("spot-churn, {nodes} nodes"), "spot-churn", text, sets);
}

fn exhausted(nodes: u32) {
    let text = exhausted_scenario(nodes);
    report(&format!("exhausted limit, {nodes} nodes x 5 images, 6 h"), "exhausted", &text, vec![]);
}

/// The same 64 points on one thread and on two, in turn; the best of each counts, as other work on
/// the machine only ever slows down.
fn sweep(is_smoke: bool) {
    let (nodes, addresses) = if is_smoke { ("5..10:5", "1..2") } else { ("10..80:10", "1..8") };
    let text = library::find("spot-churn").expect("spot-churn is embedded");
    let file = SourceFile { name: "spot-churn.toml".into(), text: text.to_owned() };
    let vary = [format!("pool.spot.nodes={nodes}"), format!("egress.nat.addresses={addresses}")];
    let request = Request { replications: Some(4), ..Request::default() };
    let crews = [1, 2].map(|it| Crew::new(it).expect("threads can be started"));
    let asked = Asked { vary: &vary, ..Asked::default() };
    let plan = match draft(&file, &request, asked, &crews[1]) {
        Ok(draft) => draft.plan,
        Err(why) => panic!("{why:?}"),
    };
    let mut best = [f64::INFINITY; 2];
    let mut digests = vec![];
    for _ in 0..if is_smoke { 1 } else { 3 } {
        for (crew, best) in crews.iter().zip(&mut best) {
            let start = Instant::now();
            let runs = crew.each(&plan.points, |point| {
                run_point(crew, &plan, point, &|_| {}, &|_| {}).expect("every point was checked")
            });
            *best = best.min(start.elapsed().as_secs_f64());
            digests.push(runs.iter().fold(0, |digest, it| {
                combine(digest, u64::from_str_radix(&it.run_digest, 16).unwrap_or(0))
            }));
        }
    }
    assert!(digests.iter().all(|it| *it == digests[0]), "threads changed the results");
    let [one, two] = best;
    println!(
        "sweep of {} points x 4 replications: 1 thread {one:.2} s, 2 threads {two:.2} s, \
         {:.2} times as fast, digest {:016x}",
        plan.points.len(),
        one / two,
        digests[0]
    );
}

fn report(title: &str, name: &str, text: &str, sets: Vec<String>) {
    let file = SourceFile { name: format!("{name}.toml"), text: text.to_owned() };
    let request = Request { sets, ..Request::default() };
    let loaded = match load(&file, &request) {
        Ok(loaded) => loaded,
        Err(problems) => panic!("{}", problems.render(false)),
    };
    let start = Instant::now();
    let outcome = run(&loaded.scenario.spec, 0, Recording { detail: true, ..Recording::default() });
    let seconds = start.elapsed().as_secs_f64();
    let count = |name: &str| count_of(&outcome, name);
    println!(
        "{title}: {seconds:.2} s, {:.0} requests, {:.0} attempts, {:.0} events \
         ({:.0} ns an event), digest {:016x}",
        count("requests"),
        count("pull_attempts"),
        count("events"),
        seconds * 1e9 / count("events"),
        outcome.digest
    );
}

fn count_of(outcome: &Outcome, name: &str) -> f64 {
    let metric = outcome.metrics.iter().find(|it| it.scope == "run" && it.name.to_string() == name);
    metric.and_then(|it| it.value.known()).unwrap_or(f64::NAN)
}

/// Five images on every node, anonymous through one address, the limit spent at once; the abuse
/// limit is off, so that every pull plays its whole script.
fn exhausted_scenario(nodes: u32) -> String {
    let head = format!(
        "title = \"Exhausted\"\nquestion = \"What does refusing cost?\"\nhorizon = \"6h\"\n\
         [registry.docker-hub]\npreset = \"docker-hub\"\nlimit.abuse.enabled = false\n\
         [egress.nat]\nkind = \"nat\"\naddresses = 1\n\
         [pool.workers]\nnodes = {nodes}\negress = \"nat\"\nruntime = \"containerd-1.7\"\n\
         kubelet = {{ serialize_image_pulls = false }}\n"
    );
    let image = |name: &str| {
        format!(
            "[image.{name}]\nreference = \"docker.io/acme/{name}:1\"\n\
             platforms = [\"amd64\", \"arm64\"]\nlayers = [\"20MB\"]\n\
             [workload.{name}]\nkind = \"daemonset\"\npool = \"workers\"\n\
             containers = [{{ image = \"{name}\" }}]\n"
        )
    };
    ["a", "b", "c", "d", "e"].map(image).into_iter().fold(head, |text, it| text + &it)
}
