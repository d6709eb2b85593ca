//! `solve` against closed forms and against brute force, on scenarios small enough for both.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::fs;
use std::process::{Command, Output};

use crate::support::Folder;
use pullstorm::experiment::Crew;
use pullstorm::experiment::solve::{
    Axis, Goal, Runs, SmallestMirror, Solved, Stagger, Staggered, smallest_mirror, solve, stagger,
    under_readings,
};
use pullstorm::scenario::{Lattice, Request, SourceFile, load};
use pullstorm::units::Span;

const AT_MOST: u32 = 160;

/// Nodes that each pull `images` images of a single platform, anonymously, through one registry
/// limit of `quota` manifest GETs in a window that outlasts the run.
fn quota(quota: u32, images: usize, addresses: u32) -> String {
    let names: Vec<String> = (0..images).map(|it| format!("image-{it}")).collect();
    let image = |it: &String| {
        format!("[image.{it}]\nreference = \"r.example/{it}:1\"\nlayers = [\"1kB\"]\n")
    };
    let blocks = names.iter().map(image).collect::<Vec<_>>().concat();
    let containers: Vec<String> =
        names.iter().map(|it| format!("{{ image = \"{it}\" }}")).collect();
    format!(
        r#"
horizon = "1m"
[registry.r]
host = "r.example"
[registry.r.limit.quota]
for = "anonymous"
law = "fixed-window"
allow = {quota}
window = "1h"
anchor = "0s"
weight = {{ head = 0, single = 1 }}
[egress.nat]
addresses = {addresses}
[pool.w]
nodes = 1
egress = "nat"
kubelet = {{ serialize_image_pulls = false, registry_pull_qps = 0 }}
{blocks}
[workload.agent]
kind = "daemonset"
pool = "w"
containers = [{}]
[expect]
pods_never_ready = "== 0"
"#,
        containers.join(", ")
    )
}

fn file(text: &str) -> SourceFile {
    SourceFile { name: "test.toml".into(), text: text.into() }
}

/// Works on the replications of `text`.
fn with_runs<R>(text: &str, seed: u64, work: impl FnOnce(&mut Runs<'_>) -> R) -> R {
    let request = Request { seed: Some(seed), ..Request::default() };
    let (file, crew) = (file(text), Crew::new(0).unwrap());
    work(&mut Runs::new(&file, &request, &crew, &|_, _| {}))
}

fn nodes(goal: Goal, from: u64, to: u64) -> Axis {
    Axis::even(Lattice::of("pool.w.nodes", "1").unwrap(), goal, (from, to), 1)
}

fn solved(text: &str, axis: &Axis, seed: u64) -> Solved {
    with_runs(text, seed, |runs| solve(runs, axis, AT_MOST, &[]).unwrap())
}

fn answer(it: &Solved) -> Option<u64> {
    it.found.answer.map(|at| it.axis.value(at))
}

#[test]
fn the_largest_pool_is_the_quota_divided_by_what_a_node_spends() {
    for (allow, images) in [(7, 1), (20, 2), (23, 3), (40, 5)] {
        let it = solved(&quota(allow, images, 1), &nodes(Goal::Maximize, 1, 60), 1);
        let expected = u64::from(allow) / images as u64;
        assert_eq!(answer(&it), Some(expected), "{allow} units, {images} images");
        // A threshold without chance: the interval is the answer.
        assert_eq!(it.found.surely_holds, it.found.answer);
        assert_eq!(it.found.surely_fails, it.found.failing);
        let binding = it.binding.unwrap();
        assert_eq!(binding.value, (expected + 1).to_string());
        assert_eq!(binding.cause.as_ref().unwrap().cause, "quota");
        assert_eq!(binding.limits[0].key.path, "registry.r.limit.quota.allow");
        assert_eq!(binding.limits[0].key.value, allow.to_string());
        assert!(binding.lifted.unwrap().holds);
        // Nothing is behind it.
        let next = it.next.unwrap();
        assert_eq!((next.answer.as_deref(), next.is_end), (Some("60"), true));
    }
}

#[test]
fn the_answer_is_the_same_for_a_hundred_seeds() {
    let text = quota(12, 2, 1);
    let axis = nodes(Goal::Maximize, 1, 16);
    for seed in 0..100 {
        let it = solved(&text, &axis, seed);
        assert_eq!((answer(&it), it.found.surely_fails), (Some(6), it.found.failing), "{seed}");
    }
}

#[test]
fn replications_run_once_however_often_they_are_asked_for() {
    with_runs(&quota(3, 1, 1), 1, |runs| {
        let three = vec!["pool.w.nodes=3".to_owned()];
        let four = vec!["pool.w.nodes=4".to_owned()];
        let asked = [(three.clone(), 5), (four, 2), (three.clone(), 7)];
        let trials = runs.trials(&asked).unwrap();
        let counts: Vec<_> = trials.iter().map(|it| (it.held, it.n)).collect();
        assert_eq!((counts, runs.spent()), (vec![(7, 7), (0, 2), (7, 7)], 9));
        runs.trials(&[(three, 6)]).unwrap();
        assert_eq!(runs.spent(), 9);
    });
}

/// Nodes draw one of several addresses, so that the fullest one refuses first. Brute force asks
/// every number of nodes by itself.
#[test]
fn with_several_addresses_the_answer_is_that_of_brute_force() {
    for (allow, addresses) in [(6, 2), (4, 3)] {
        let text = quota(allow, 1, addresses);
        let axis = nodes(Goal::Maximize, 1, 30);
        let it = solved(&text, &axis, 3);
        let brute = with_runs(&text, 3, |runs| {
            let holds =
                |nodes: &u64| runs.judge(&[format!("pool.w.nodes={nodes}")], AT_MOST).unwrap().0;
            (1..=30).take_while(holds).last()
        });
        assert_eq!(answer(&it), brute);
        // Never more than all addresses have, and at least what one has.
        let most = u64::from(allow * addresses);
        assert!(brute.is_some_and(|it| u64::from(allow) <= it && it <= most), "{brute:?}");
        let low = it.found.surely_holds.unwrap();
        assert!(low <= it.found.answer.unwrap());
    }
}

#[test]
fn the_smallest_quota_is_what_all_nodes_spend() {
    let text = quota(100, 3, 1).replace("nodes = 1\n", "nodes = 7\n");
    let lattice = Lattice::of("registry.r.limit.quota.allow", "1").unwrap();
    let axis = Axis::even(lattice, Goal::Minimize, (1_000, 500_000), 1_000);
    let it = solved(&text, &axis, 1);
    assert_eq!(it.found.answer.map(|at| it.axis.show(at)), Some("21".into()));
    // What binds is what is searched: the key is told by the cause alone.
    let binding = it.binding.unwrap();
    assert_eq!(binding.cause.unwrap().cause, "quota");
    assert!(binding.is_itself && binding.limits.is_empty() && it.next.is_none());
}

#[test]
fn what_fails_at_the_easy_end_and_holds_behind_it_is_told() {
    // 12 pods and at most 4 of them on a node: below three nodes some have no place.
    let text = quota(9, 1, 1)
        + "\n[workload.web]\nkind = \"deployment\"\npool = \"w\"\nreplicas = 9\n\
           containers = [{ image = \"image-0\" }]\n";
    let text = text.replace("[pool.w]\n", "[pool.w]\nmax_pods = 4\n");
    let it = solved(&text, &nodes(Goal::Maximize, 1, 20), 1);
    assert_eq!(answer(&it), Some(9));
    let told: Vec<_> = it
        .found
        .stretches
        .iter()
        .map(|it| (it.holds, it.first + 1, it.last + 1))
        .map(|(holds, first, last)| (holds, if holds { last } else { first }))
        .collect();
    assert_eq!(told, [(false, 1), (true, 9), (false, 10)]);
}

#[test]
fn nothing_and_everything_in_the_range_may_hold() {
    let none = solved(&quota(5, 1, 1), &nodes(Goal::Maximize, 6, 20), 1);
    assert_eq!((answer(&none), none.found.failing), (None, Some(0)));
    assert_eq!(none.next.unwrap().answer.as_deref(), Some("20"), "without the quota");
    let all = solved(&quota(50, 1, 1), &nodes(Goal::Maximize, 1, 20), 1);
    assert_eq!((answer(&all), all.found.failing), (Some(20), None));
    assert!(all.binding.is_none() && all.next.is_none());
}

#[test]
fn another_reading_has_an_answer_of_its_own() {
    let text = quota(20, 1, 1);
    let readings = [
        ("twice the quota".to_owned(), vec!["registry.r.limit.quota.allow=40".to_owned()]),
        ("a head is a pull".to_owned(), vec!["registry.r.limit.quota.weight.head=1".to_owned()]),
        ("as it is".to_owned(), vec![]),
        ("no limit".to_owned(), vec!["registry.r.limit.quota.enabled=false".to_owned()]),
    ];
    with_runs(&text, 1, |runs| {
        let it = solve(runs, &nodes(Goal::Maximize, 1, 60), AT_MOST, &[]).unwrap();
        let found = under_readings(runs, &it, &[], &readings).unwrap();
        let answers: Vec<_> =
            found.iter().map(|it| (it.answer.as_deref().unwrap(), it.is_end)).collect();
        assert_eq!(answers, [("40", false), ("10", false), ("20", false), ("60", true)]);
    });
}

/// A pool of 12 nodes that is replaced within a quota that slides: `allow` pulls in ten minutes,
/// and each new node takes one.
fn replacement(allow: u32) -> String {
    quota(allow, 1, 1)
        .replace("horizon = \"1m\"", "horizon = \"2h\"")
        .replace("law = \"fixed-window\"", "law = \"sliding-log\"")
        .replace("window = \"1h\"\nanchor = \"0s\"\n", "window = \"10m\"\n")
        .replace(
            "nodes = 1\n",
            "nodes = 12\npreloaded = [\"image-1\"]\nboot = \"60s\"\ndrain = \"30s\"\n",
        )
        .replace(
            "[workload.agent]\n",
            "[image.image-1]\nreference = \"r.example/image-1:1\"\nlayers = [\"1kB\"]\n\
             [workload.agent]\nstart = { running = true }\n",
        )
        + "pull_failures = \"== 0\"\n\
           [timeline.rollout]\nat = \"1m\"\n\
           replace_nodes = { pool = \"w\", batch = 3, every = \"10m\" }\n"
}

fn staggered(text: &str, within: u64, step: u64) -> Stagger {
    let scenario = load(&file(text), &Request::default()).unwrap().scenario;
    let of = Staggered::of(&scenario, "timeline.rollout").unwrap();
    let (within, step) = (Span::from_secs(within * 60), Span::from_secs(step * 60));
    with_runs(text, 1, |runs| stagger(runs, of, within, step, AT_MOST).unwrap())
}

#[test]
fn the_fastest_stagger_is_that_of_brute_force() {
    for allow in [3, 5, 8] {
        let text = replacement(allow);
        let it = staggered(&text, 60, 2);
        // Every plan of the grid, the fastest first, the smaller batch first of equals.
        let sizes = it.of.sizes();
        let mut plans: Vec<_> = sizes
            .iter()
            .flat_map(|&batch| (1..=30).map(move |steps| (batch, steps)))
            .map(|(batch, steps)| it.of.plan(batch, Span::from_secs(steps * 120)))
            .filter(|plan| plan.done <= it.within)
            .collect();
        plans.sort_by_key(|it| (it.done, it.batch, it.every));
        let first = with_runs(&text, 1, |runs| {
            plans.iter().find(|plan| runs.judge(&it.of.sets(**plan), AT_MOST).unwrap().0).copied()
        });
        let best = it.best.map(|it| it.0);
        assert_eq!(best, first, "{allow} pulls in ten minutes");
        let (faster, trial, _) = it.faster.unwrap();
        assert!(faster.done < best.unwrap().done && trial.held < trial.n, "{faster:?}");
    }
}

/// With 3 pulls in ten minutes (and a node that boots 90 s after its batch), batches of three may
/// follow one another every ten minutes, and batches of one every ten thirds of a minute.
#[test]
fn a_stagger_keeps_below_the_rate_of_a_sliding_quota() {
    let it = staggered(&replacement(3), 60, 1);
    let (best, _) = it.best.unwrap();
    // 12 nodes need 9 more after the first three: three windows, then the 90 s of the last batch.
    assert_eq!((best.batch, best.every), (3, Span::from_secs(600)));
    assert_eq!(best.done, Span::from_secs(3 * 600 + 90));
}

#[test]
fn what_has_no_batches_is_no_stagger() {
    let text = quota(9, 1, 1)
        + "\n[workload.web]\nkind = \"deployment\"\npool = \"w\"\nreplicas = 2\n\
           containers = [{ image = \"image-0\" }]\n[timeline.rollout]\nat = \"10s\"\n\
           rollout = { workload = \"web\" }\n";
    let scenario = load(&file(&text), &Request::default()).unwrap().scenario;
    let why = Staggered::of(&scenario, "timeline.rollout").unwrap_err();
    assert!(why.contains("workload.web.max_surge"), "{why}");
    let why = Staggered::of(&scenario, "timeline.other").unwrap_err();
    assert!(why.contains("no block in force") && why.contains("has none"), "{why}");
    let text = replacement(3);
    let scenario = load(&file(&text), &Request::default()).unwrap().scenario;
    let why = Staggered::of(&scenario, "timeline.other").unwrap_err();
    assert!(why.contains("there is `timeline."), "{why}");
}

/// Twenty nodes pull 100 MB at once from a mirror that has it: 2 GB over its interface and disk.
fn mirrored(replicas: u32) -> String {
    format!(
        r#"
horizon = "10m"
[registry.r]
host = "r.example"
[egress.nat]
[mirror.m]
kind = "distribution-3"
upstream = "r"
egress = "nat"
replicas = {replicas}
nic = "10Gbit/s"
filled = {{ images = ["big"] }}
[pool.w]
nodes = 20
egress = "nat"
kubelet = {{ serialize_image_pulls = false, registry_pull_qps = 0 }}
disk = {{ unpack = "10GB/s" }}
[image.big]
reference = "r.example/big:1"
layers = ["100MB"]
[workload.agent]
kind = "daemonset"
pool = "w"
containers = [{{ image = "big" }}]
[expect]
ready_seconds_max = "< 20s"
pull_failures = "== 0"
"#
    )
}

fn smallest(text: &str) -> SmallestMirror {
    let scenario = load(&file(text), &Request::default()).unwrap().scenario;
    with_runs(text, 1, |runs| {
        smallest_mirror(runs, &scenario, "mirror.m", AT_MOST).unwrap().unwrap()
    })
}

#[test]
fn the_smallest_mirror_carries_its_bytes_in_time() {
    let it = smallest(&mirrored(1));
    assert!(it.now.0);
    let part = |key: &str| it.parts.iter().find(|it| it.path.ends_with(key)).unwrap();
    // 2 GB within 20 s are 800 Mbit/s and 100 MB/s, and some tenths of a second go to pods,
    // requests and unpacking: the next size of two digits, or the one after it.
    let nic = part("nic");
    let alone = nic.alone.as_deref().unwrap();
    assert!(["810Mbit/s", "820Mbit/s"].contains(&alone), "{alone}");
    assert_eq!(nic.binding.as_ref().unwrap().weakest.demand, "ready_seconds_max < 20s");
    let disk = part("disk.throughput");
    assert_eq!(disk.now, None, "it has no limit");
    let rate: pullstorm::units::Bandwidth = disk.alone.as_deref().unwrap().parse().unwrap();
    let rate = rate.bytes_per_second();
    assert!(1.0e8 < rate && rate <= 1.025e8, "{rate}");
    // What is stored is there from the start, and nothing of it goes for lack of room.
    // Together: no part may be smaller than alone, and the whole holds.
    assert_eq!(it.joint.unwrap().held, it.joint.unwrap().n);
    for part in it.parts.iter().filter(|it| it.together.is_some()) {
        let lattice = Lattice::of(&part.path, part.alone.as_deref().unwrap()).unwrap();
        let read = |text: &Option<String>| lattice.read(text.as_deref().unwrap()).unwrap();
        assert!(read(&part.alone) <= read(&part.together), "{}", part.path);
    }
}

#[test]
fn a_mirror_of_several_replicas_is_sized_with_one_lost() {
    let it = smallest(&mirrored(3).replace("nic = \"10Gbit/s\"", "nic = \"1Gbit/s\""));
    assert_eq!(it.replicas, (3, 2));
    // One interface of 1 Gbit/s is enough, so two replicas can lose one.
    assert_eq!(it.fewest, Some(2));
    assert!(it.sets.contains(&"mirror.m.replicas=2".to_owned()), "{:?}", it.sets);
    let nic = it.parts[0].alone.as_deref().unwrap();
    let lattice = Lattice::of("mirror.m.nic", nic).unwrap();
    // Half of it for each of two, more where chance sends more connections to one.
    let rate = lattice.read(nic).unwrap();
    assert!((400_000_000..=900_000_000).contains(&rate), "{nic}");
}

// --- The command ---

/// Solves a scenario file of the folder.
fn run(folder: &Folder, file: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pullstorm"))
        .args(["solve", file, "--out", &folder.path("out")])
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(it: &Output) -> String {
    String::from_utf8(it.stdout.clone()).unwrap()
}

fn stderr(it: &Output) -> String {
    String::from_utf8(it.stderr.clone()).unwrap()
}

#[test]
fn the_command_answers_first_and_writes_the_curve() {
    let folder = Folder::new("solve/answers");
    let tiny = folder.write("tiny.toml", &quota(10, 2, 1));
    let range = ["--maximize", "pool.w.nodes", "--from", "1", "--to", "30"];
    let it = run(&folder, &tiny, &range);
    assert_eq!(it.status.code(), Some(0), "{}", stderr(&it));
    let text = stdout(&it);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("pool.w.nodes = 5 (at 95%: 5)"));
    assert!(lines.next().unwrap().starts_with("  bound by pods_never_ready == 0"), "{text}");
    assert!(text.contains("registry.r.limit.quota.allow = 10"), "{text}");
    let files = folder.join("out/tiny/solve");
    let csv = fs::read_to_string(files.join("solve.csv")).unwrap();
    assert!(csv.contains("\npool.w.nodes,5,5,true,true,73,73,1,"), "{csv}");
    let json = fs::read_to_string(files.join("solve.json")).unwrap();
    assert!(json.contains("\"answer\": \"5\""), "{json}");
    assert!(files.join("manifest.json").exists());
    // The same on one thread, and again.
    let again = run(&folder, &tiny, &[&range[..], &["--threads", "1"]].concat());
    assert_eq!(stdout(&again), text);
    for (format, first) in [("json", "{"), ("csv", "path,value,"), ("md", "**pool.w.nodes = 5")] {
        let it = run(&folder, &tiny, &[&range[..], &["-o", format]].concat());
        assert!(stdout(&it).starts_with(first), "{}", stdout(&it));
    }
}

#[test]
fn the_exit_code_tells_whether_a_value_holds() {
    let folder = Folder::new("solve/codes");
    let tiny = folder.write("tiny.toml", &quota(3, 1, 1));
    let it = run(&folder, &tiny, &["--maximize", "pool.w.nodes", "--from", "4", "--to", "9"]);
    assert_eq!(it.status.code(), Some(4));
    let text = stdout(&it);
    assert!(
        text.starts_with("no pool.w.nodes in the range holds: it fails at 4 already"),
        "{text}"
    );
    let it = run(&folder, &tiny, &["--maximize", "pool.w.nodes", "--from", "1", "--to", "3"]);
    assert_eq!(it.status.code(), Some(0));
    assert!(stdout(&it).contains("that is the end of the range: raise --to"), "{}", stdout(&it));
    // A range that is far too long to list is searched all the same.
    let path = "registry.r.limit.quota.allow";
    let it = run(
        &folder,
        &tiny,
        &["--minimize", path, "--from", "0.001", "--to", "900000000", "--step", "0.001"],
    );
    assert!(stdout(&it).starts_with("registry.r.limit.quota.allow = 1 ("), "{}", stdout(&it));
}

#[test]
fn a_question_that_cannot_be_asked_is_refused_with_a_remedy() {
    let folder = Folder::new("solve/usage");
    let text = quota(3, 1, 1);
    let tiny = folder.write("tiny.toml", &text);
    let range = ["--from", "1", "--to", "9"];
    let cases: [(&[&str], i32, &str); 12] = [
        (&["--maximize", "pool.w.nods"], 2, "no key of the language"),
        (&["--maximize", "pool.w.runtime"], 2, "no values in between"),
        (&["--maximize", "pool.v.nodes"], 3, "there is no block [pool.v]"),
        (&["--maximize", "pool.w.nodes", "--step", "0"], 2, "no step"),
        (&["--maximize", "pool.w.nodes", "--replications", "5"], 2, "--at-most bounds them"),
        (&["--maximize", "pool.w.nodes", "--minimize", "pool.w.nodes"], 2, "cannot be used with"),
        (&[], 2, "required"),
        (&["--maximize", "pool.w.nodes", "--expect", "pods"], 2, "has no comparison"),
        (&["--maximize", "pool.w.nodes", "--expect", "bods < 3"], 3, "no metric `bods`"),
        (&["--stagger", "timeline.x"], 2, "--within"),
        (&["--maximize", "pool.w.nodes", "--variant", "x"], 3, "no variant `x`"),
        (&["--maximize", "pool.w.nodes", "--at-most", "1"], 2, "at-most"),
    ];
    for (arguments, code, said) in cases {
        let with_range = if arguments.contains(&"--stagger") { vec![] } else { range.to_vec() };
        let it = run(&folder, &tiny, &[arguments, &with_range[..]].concat());
        let told = stderr(&it);
        assert!(told.contains(said) && it.status.code() == Some(code), "{arguments:?}: {told}");
    }
    // A value inside the range that the scenario cannot be read with is shown with its problem.
    let low = "pool.w.kubelet.image_gc_low_threshold_percent";
    let it = run(&folder, &tiny, &["--maximize", low]);
    let told = stderr(&it);
    assert!(told.contains("with pool.w.kubelet.image_gc_low_threshold_percent=9"), "{told}");
    assert_eq!(it.status.code(), Some(3));
    let nodes = ["--maximize", "pool.w.nodes"];
    for (bounds, said) in [
        (["--from", "9", "--to", "1"], "--from 9 is above --to 1"),
        (["--from", "1", "--to", "999999"], "does not take `999999`"),
        (["--from", "x", "--to", "3"], "does not take `x`"),
    ] {
        let it = run(&folder, &tiny, &[&nodes[..], &bounds[..]].concat());
        assert!(stderr(&it).contains(said) && it.status.code() == Some(2), "{}", stderr(&it));
    }
    let it = run(&folder, &tiny, &nodes);
    assert!(stderr(&it).contains("(it is 1 now): give --to"), "{}", stderr(&it));
    let it = run(&folder, &tiny, &["--smallest-mirror", "mirror.x"]);
    assert!(stderr(&it).contains("no mirror in force"), "{}", stderr(&it));
    let careless = folder.write("tiny.toml", &text.replace("pods_never_ready = \"== 0\"", ""));
    let it = run(&folder, &careless, &[&nodes[..], &range[..]].concat());
    assert!(stderr(&it).contains("--expect 'ready_seconds_p95 < 5m'"), "{}", stderr(&it));
    let it = run(
        &folder,
        &careless,
        &[&nodes[..], &range[..], &["--expect", "pull_failures <= 0"]].concat(),
    );
    assert!(stdout(&it).starts_with("pool.w.nodes = 3 (at 95%: 3)"), "{}", stdout(&it));
}

#[test]
fn the_short_forms_answer_first_too() {
    let folder = Folder::new("solve/short");
    let tiny = folder.write("tiny.toml", &replacement(3));
    let it = run(&folder, &tiny, &["--stagger", "timeline.rollout", "--within", "1h"]);
    let text = stdout(&it);
    assert!(
        text.starts_with(
            "timeline.rollout.replace_nodes: batch = 3 nodes, every = 10m: done after 31m30s"
        ),
        "{text}{}",
        stderr(&it)
    );
    assert!(text.contains("the next faster plan fails"), "{text}");
    let it = run(&folder, &tiny, &["--stagger", "timeline.rollout", "--within", "3h"]);
    assert!(stderr(&it).contains("--set horizon"), "{}", stderr(&it));
    assert_eq!(it.status.code(), Some(2));
    let it = run(&folder, &tiny, &["--stagger", "timeline.rollout", "--within", "10m"]);
    assert_eq!(it.status.code(), Some(4), "{}", stdout(&it));
    assert!(stdout(&it).starts_with("no stagger of"), "{}", stdout(&it));
    let mirror = folder.write("tiny.toml", &mirrored(1));
    let it = run(&folder, &mirror, &["--smallest-mirror", "mirror.m"]);
    assert!(stdout(&it).starts_with("mirror.m: nic "), "{}{}", stdout(&it), stderr(&it));
    let json = fs::read_to_string(folder.join("out/tiny/solve/solve.json")).unwrap();
    assert!(json.contains("\"joint_holds\": true"), "{json}");
}
