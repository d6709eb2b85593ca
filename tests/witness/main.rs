//! The witness: digests of what the program computed before a change, to the byte.
//!
//! `tests/golden/digests.csv` holds a row for each scenario of the library with each of its
//! variants and replications 0 to 2, for random scenarios of the swarm, and for small labs around
//! one pull.
//! A row has the run digest and a hash of every file that a run writes for that replication alone.
//! A change that is meant to move nothing leaves the file as it is.
//!
//! `cargo test --test witness` computes a part, `-- --ignored` all; `UPDATE_GOLDEN=1` with
//! `--ignored` writes the file anew.

mod labs;
#[path = "../swarm/state.rs"]
mod state;
#[path = "../swarm/writer.rs"]
mod writer;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pullstorm::experiment::{Crew, Shown, summarise};
use pullstorm::report::Run;
use pullstorm::report::files::{RequestFile, WallClock, write_all};
use pullstorm::scenario::{Request, Scenario, SourceFile, library, load};

/// The files of a run whose bytes are hashed, in the order of the columns.
const FILES: [&str; 5] = ["summary.csv", "timeseries.csv", "pulls.csv", "pods.csv", "requests.csv"];

const HEADER: &str =
    "scenario,variant,replication,run_digest,summary,timeseries,pulls,pods,requests\n";

/// Replications of a scenario of the library.
const REPLICATIONS: u32 = 3;

/// The first seed of the swarm and how many of its scenarios are kept.
const SWARM: std::ops::Range<u64> = 20_261_123..20_261_123 + 400;

/// Where a row stands: scenario, variant, replication.
type Key = (String, String, u32);

/// One thing to run.
struct Case {
    file: SourceFile,
    variant: String,
    replications: u32,
}

#[test]
fn a_part_of_what_is_computed_is_what_was_computed() {
    let mut cases: Vec<Case> = library_cases().filter(|it| it.variant.is_empty()).collect();
    for case in &mut cases {
        case.replications = 1;
    }
    cases.extend(swarm_cases().step_by(10));
    cases.extend(labs::all().into_iter().step_by(3).map(lab_case));
    let known = read();
    let mut compared = 0;
    for (key, row) in run(&cases) {
        assert_eq!(Some(&row), known.get(&key), "{key:?}");
        compared += 1;
    }
    assert!(80 < compared, "only {compared} rows");
}

#[test]
#[ignore = "minutes: every variant, seed and lab"]
fn all_that_is_computed_is_what_was_computed() {
    let mut cases: Vec<Case> = library_cases().collect();
    cases.extend(swarm_cases());
    cases.extend(labs::all().into_iter().map(lab_case));
    let rows = run(&cases);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let lines = rows
            .iter()
            .map(|((name, variant, number), row)| format!("{name},{variant},{number},{row}\n"));
        let text: String = std::iter::once(HEADER.to_owned()).chain(lines).collect();
        fs::write(path(), text).expect("the golden file is written");
    }
    let known = read();
    let moved: Vec<&Key> =
        rows.iter().filter(|(key, row)| known.get(key) != Some(row)).map(|it| it.0).collect();
    assert!(moved.is_empty(), "{} of {} rows moved: {moved:?}", moved.len(), rows.len());
    assert_eq!(known.len(), rows.len(), "rows that nothing computes any more");
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/digests.csv")
}

fn read() -> BTreeMap<Key, String> {
    let text = fs::read_to_string(path()).expect("the golden file");
    let row = |line: &str| {
        let mut cells = line.splitn(4, ',').map(str::to_owned);
        let mut next = || cells.next().expect("four parts");
        let (name, variant, number) = (next(), next(), next());
        ((name, variant, number.parse().expect("a replication")), next())
    };
    text.lines().skip(1).map(row).collect()
}

fn library_cases() -> impl Iterator<Item = Case> {
    library::all().iter().flat_map(|&(name, text)| {
        let file = SourceFile { name: format!("{name}.toml"), text: text.into() };
        let variants = loaded(&file, "").variants.into_iter().map(|it| it.name);
        std::iter::once(String::new()).chain(variants).map(move |variant| Case {
            file: SourceFile { name: file.name.clone(), text: file.text.clone() },
            variant,
            replications: REPLICATIONS,
        })
    })
}

fn swarm_cases() -> impl Iterator<Item = Case> {
    SWARM.map(|seed| {
        let mut text = writer::Writer::new(seed).scenario();
        for block in state::blocks(seed) {
            let with = format!("{text}{block}");
            let file = SourceFile { name: String::new(), text: with.clone() };
            if load(&file, &Request::default()).is_ok() {
                text = with;
            }
        }
        let file = SourceFile { name: format!("swarm-{seed}.toml"), text };
        Case { file, variant: String::new(), replications: 1 }
    })
}

fn lab_case((name, text): (String, String)) -> Case {
    let file = SourceFile { name: format!("{name}.toml"), text };
    Case { file, variant: String::new(), replications: 1 }
}

fn loaded(file: &SourceFile, variant: &str) -> Scenario {
    let variants = if variant.is_empty() { vec![] } else { vec![variant.to_owned()] };
    match load(file, &Request { variants, ..Request::default() }) {
        Ok(loaded) => loaded.scenario,
        Err(problems) => panic!("{}\n{}", file.text, problems.render(false)),
    }
}

/// Runs the cases on all cores; the rows are in the order of their keys.
fn run(cases: &[Case]) -> BTreeMap<Key, String> {
    let crew = Crew::new(0).expect("threads");
    let process = std::process::id();
    let scratch = std::env::temp_dir().join(format!("pullstorm-witness-{process}-{}", cases.len()));
    let numbered: Vec<(usize, &Case)> = cases.iter().enumerate().collect();
    let rows = crew.each(&numbered, |&(number, case)| {
        let scenario = loaded(&case.file, &case.variant);
        let folder = scratch.join(number.to_string());
        (0..case.replications).map(|it| row(&crew, &scenario, it, &folder)).collect::<Vec<_>>()
    });
    fs::remove_dir_all(&scratch).expect("the folder goes");
    let all = rows.iter().map(Vec::len).sum::<usize>();
    let rows: BTreeMap<Key, String> = rows.into_iter().flatten().collect();
    assert_eq!(rows.len(), all, "two cases have one name");
    rows
}

/// Runs one replication alone, and writes and hashes its files.
fn row(crew: &Crew, scenario: &Scenario, replication: u32, folder: &Path) -> (Key, String) {
    let mut requests = RequestFile::create(folder, replication).expect("requests.csv");
    let shown =
        Shown { detail: Some(replication), requests: Some(&mut requests), ..Shown::default() };
    let range = replication..replication + 1;
    let outcomes = crew.replicate(&scenario.spec, range, shown, &|_| {});
    requests.finish().expect("requests.csv");
    let summary = summarise(scenario, &outcomes);
    let run = Run { scenario, summary: &summary, outcomes: &outcomes };
    let clock = WallClock { started_unix_seconds: 0, simulating_seconds: 0.0, threads: 1 };
    write_all(folder, run, None, &clock).expect("files");
    let mut row = format!("{:016x}", outcomes[0].digest);
    for name in FILES {
        let bytes = fs::read(folder.join(name)).expect(name);
        write!(row, ",{:016x}", fnv(&bytes)).expect("a string takes text");
    }
    let variant = scenario.variant.clone().unwrap_or_default();
    ((scenario.name.clone(), variant, replication), row)
}

/// FNV-1a of 64 bits (Fowler, Noll, Vo; RFC 9923): enough to see that bytes differ.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &it| {
        (hash ^ u64::from(it)).wrapping_mul(0x100_0000_01b3)
    })
}
