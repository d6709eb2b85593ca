//! Shards of a sweep, joined: the same bytes as the sweep that ran whole, however it was dealt out.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::support::Folder;
use proptest::prelude::*;
use pullstorm::experiment::Crew;
use pullstorm::experiment::sweep::{Asked, Plan, PointResult, Shard, draft, run_point};
use pullstorm::model::record::measure::UNREADY_POD_MINUTES;
use pullstorm::report::files::WallClock;
use pullstorm::report::sweep::{Incomplete, Show, SweepFolder, assemble, gather};
use pullstorm::scenario::metrics::Target;
use pullstorm::scenario::{Request, Scenario, SourceFile, load};

const SCENARIO: &str = r#"
title = "few nodes"
horizon = "30m"
seed = 3
replications = 2

[registry.docker-hub]
preset = "docker-hub"
limit.anonymous-pulls.allow = 5

[egress.nat]
addresses = 1
kind = "nat"

[pool.workers]
nodes = 3
egress = "nat"
runtime = "containerd-1.7"

[image.api]
reference = "docker.io/acme/api:1"
layers = ["4MB"]

[workload.api]
kind = "daemonset"
pool = "workers"
containers = [{ image = "api" }]

[expect]
ready_seconds_p95 = "< 5m"

[sweep]
pool.workers.nodes = { from = 1, to = 7, step = 2 }
egress.nat.addresses = [1, 2, 3]
"#;

/// A sweep that ran whole: its plan, its results, its files.
struct Whole {
    plan: Plan,
    base: Scenario,
    results: Vec<PointResult>,
    files: BTreeMap<String, Vec<u8>>,
}

fn targets() -> Vec<Target> {
    vec![Target::of_run(UNREADY_POD_MINUTES)]
}

/// The clock on the wall differs from run to run; here it stands still.
const CLOCK: WallClock = WallClock { started_unix_seconds: 0, simulating_seconds: 0.0, threads: 1 };

fn put_together(folder: &SweepFolder, plan: &Plan, base: &Scenario) {
    assemble(folder, plan, base, Show { targets: targets(), charts: false }, &CLOCK).unwrap();
}

fn whole() -> &'static Whole {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let file = SourceFile { name: "few.toml".into(), text: SCENARIO.into() };
        let crew = Crew::new(2).unwrap();
        let base = load(&file, &Request::default()).unwrap().scenario;
        let plan = draft(&file, &Request::default(), Asked::default(), &crew).unwrap().plan;
        let run = |point| run_point(&crew, &plan, point, &|_| {}, &|_| {}).unwrap();
        let results: Vec<PointResult> = plan.points.iter().map(run).collect();
        let out = Folder::new("shards/whole");
        let folder = SweepFolder::of(&out, &plan.scenario);
        folder.write_plan(&plan).unwrap();
        for (point, result) in plan.points.iter().zip(&results) {
            folder.write_point(point, result).unwrap();
        }
        put_together(&folder, &plan, &base);
        let files = files(folder.path());
        Whole { plan, base, results, files }
    })
}

/// Every file under `folder` with its content.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Which attempts there are: shard, whether it dies half-way, and its folder.
fn attempts() -> impl Strategy<Value = (u32, Vec<(u32, bool, u32)>)> {
    (1u32..=7).prop_flat_map(|count| {
        let retries = prop::collection::vec((0..count, any::<bool>(), 0..3u32), 0..6);
        let firsts = prop::collection::vec(0..3u32, count as usize);
        (Just(count), firsts, retries).prop_flat_map(|(count, firsts, retries)| {
            let mut all = retries;
            all.extend((0..count).zip(firsts).map(|(shard, folder)| (shard, false, folder)));
            (Just(count), Just(all).prop_shuffle())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any number of shards, in any order, some of them run twice or only half, in folders of their
    /// own or shared.
    #[test]
    fn joined_shards_are_the_bytes_of_the_whole(
        (count, attempts) in attempts(),
        in_place: bool,
    ) {
        let whole = whole();
        let out = Folder::new(&format!("shards/{:?}", std::thread::current().id()));
        let folders: Vec<SweepFolder> = (0..3)
            .map(|at| SweepFolder::of(&out.join(format!("part-{at}")), &whole.plan.scenario))
            .collect();
        for (index, dies, folder) in attempts {
            let folder = &folders[folder as usize];
            folder.write_plan(&whole.plan).unwrap();
            let shard = Shard { index, count };
            let own = whole.plan.points.iter().filter(|it| shard.has(it.index));
            let ends = if dies { own.clone().count() / 2 } else { usize::MAX };
            for point in own.take(ends) {
                folder.write_point(point, &whole.results[point.index as usize]).unwrap();
            }
        }
        let used: Vec<SweepFolder> =
            folders.iter().filter(|it| it.path().exists()).cloned().collect();
        let into = if in_place {
            used[0].clone()
        } else {
            SweepFolder::of(&out.join("joined"), &whole.plan.scenario)
        };
        gather(&whole.plan, &used, &into).unwrap();
        put_together(&into, &whole.plan, &whole.base);
        let joined = files(into.path());
        let names = |it: &BTreeMap<String, Vec<u8>>| it.keys().cloned().collect::<Vec<_>>();
        prop_assert_eq!(names(&joined), names(&whole.files));
        prop_assert!(joined == whole.files);
    }

    /// Every point is in exactly one shard, and shards differ by at most one point.
    #[test]
    fn shards_deal_points_out_evenly(count in 1u32..=50, points in 0u32..200) {
        let sizes: Vec<usize> = (0..count)
            .map(|index| (0..points).filter(|it| Shard { index, count }.has(*it)).count())
            .collect();
        prop_assert_eq!(sizes.iter().sum::<usize>(), points as usize);
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
    }
}

#[test]
fn what_is_missing_or_contradicts_itself_is_named() {
    let whole = whole();
    let out = Folder::new("shards/missing");
    let [one, two] = ["one", "two"].map(|it| SweepFolder::of(&out.join(it), "few"));
    for folder in [&one, &two] {
        folder.write_plan(&whole.plan).unwrap();
        for (point, result) in whole.plan.points.iter().zip(&whole.results).skip(1) {
            folder.write_point(point, result).unwrap();
        }
    }
    let folders = [one.clone(), two.clone()];
    let joined = || {
        let Err(Incomplete::Points { missing, contradicting, damaged }) =
            gather(&whole.plan, &folders, &one)
        else {
            panic!("it is not whole")
        };
        (missing, contradicting, damaged)
    };
    let first = &whole.plan.points[0];
    let named = "(pool.workers.nodes = 1, egress.nat.addresses = 1)";
    let (missing, contradicting, damaged) = joined();
    assert_eq!(missing, [format!("{} {named}", first.id)]);
    assert!(contradicting.is_empty() && damaged.is_empty());
    // A file that is another point's is not trusted.
    fs::copy(one.point_path(&whole.plan.points[1]), one.point_path(first)).unwrap();
    let (missing, _, damaged) = joined();
    assert_eq!(missing.len(), 1);
    assert!(damaged[0].contains("of another point (1, "), "{damaged:?}");
    // Nor is one that was cut off, or changed.
    one.write_point(first, &whole.results[0]).unwrap();
    let text = fs::read_to_string(one.point_path(first)).unwrap();
    for (damage, why) in [
        (text[..text.len() / 2].to_owned(), "damaged: EOF"),
        (text.replacen("\"replications\":2", "\"replications\":3", 1), "does not fit its hash"),
        (String::new(), "damaged: EOF"),
    ] {
        fs::write(one.point_path(first), damage).unwrap();
        let (missing, _, damaged) = joined();
        assert_eq!(missing.len(), 1);
        assert!(damaged[0].contains(why), "{damaged:?}");
    }
    // Two results of one point, each whole: nobody can say which is right.
    let mut other = whole.results[0].clone();
    other.run_digest = "0".repeat(16);
    other.seal();
    one.write_point(first, &whole.results[0]).unwrap();
    two.write_point(first, &other).unwrap();
    let (missing, contradicting, _) = joined();
    assert!(missing.is_empty());
    assert_eq!(contradicting.len(), 1);
    for part in [&first.id, named, "one/few/sweep", "two/few/sweep"] {
        assert!(contradicting[0].contains(part), "{contradicting:?}");
    }
}

/// Figures come back as they were written, to the last bit.
#[test]
fn results_are_read_as_they_were_written() {
    let whole = whole();
    for (point, result) in whole.plan.points.iter().zip(&whole.results) {
        let read = PointResult::parse(&result.to_json(), &whole.plan, point).unwrap();
        assert!(read == *result);
        assert_eq!(read.to_json(), result.to_json());
    }
}
