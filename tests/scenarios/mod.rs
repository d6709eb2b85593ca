//! The stories of the library: what each claims, a file each, and figures that must not change
//! unnoticed.
//!
//! A golden file holds the figures of a story's base. A change of the model that is meant to change
//! them rewrites the files with `UPDATE_GOLDEN=1 cargo test scenarios::`; what differs is then
//! read in the diff.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod claims;
mod cold_cluster;
mod flips;
mod hub_outage;
mod latest_always;
mod layer_tradeoff;
mod mid_storm;
mod mirror_cold_start;
mod mirror_ornamental;
mod mirror_slow_disk;
mod mirror_thrash;
mod pre_pull_and_pin;
mod prune_backfires;
mod registry_blip;
mod shared_account;
mod spot_churn;
mod ttl_anniversary;
mod wrong_architecture;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use pullstorm::experiment::{Crew, Shown, Summary, summarise};
use pullstorm::model::record::measure::{self, Name};
use pullstorm::scenario::{Code, Loaded, Request, SourceFile, library, load};

/// Shuts off what Docker Hub limits, in the stories that name it `docker-hub`.
const NO_QUOTA: &str = "registry.docker-hub.limit.anonymous-pulls.enabled=false";
const NO_ABUSE_LIMIT: &str = "registry.docker-hub.limit.abuse.enabled=false";

/// Replications of a run here; the stories themselves ask for more.
const REPLICATIONS: u32 = 3;

fn loaded(name: &str, variant: &str, sets: &[&str]) -> Loaded {
    let text = library::find(name).unwrap_or_else(|| panic!("no scenario {name}"));
    let file = SourceFile { name: format!("{name}.toml"), text: text.into() };
    let request = Request {
        variants: variant.split('+').filter(|it| !it.is_empty()).map(str::to_owned).collect(),
        sets: sets.iter().map(|&it| it.to_owned()).collect(),
        ..Request::default()
    };
    load(&file, &request).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

/// The base of a story, run once for all tests.
fn base(name: &str) -> &'static Summary {
    static BASES: [OnceLock<Summary>; 16] = [const { OnceLock::new() }; 16];
    let position = library::all().iter().position(|it| it.0 == name);
    BASES[position.unwrap_or_else(|| panic!("no scenario {name}"))]
        .get_or_init(|| run(name, "", &[]))
}

/// A story, a variant of it or, with "", its base, with some values set.
fn run(name: &str, variant: &str, sets: &[&str]) -> Summary {
    let scenario = loaded(name, variant, sets).scenario;
    let crew = Crew::new(0).unwrap();
    let outcomes = crew.replicate(&scenario.spec, 0..REPLICATIONS, Shown::NOTHING, &|_| {});
    summarise(&scenario, &outcomes)
}

/// The mean of a figure; one that is beyond what a run saw is infinite.
fn of(summary: &Summary, scope: &str, name: &str) -> f64 {
    let known = Name::parse(name).unwrap();
    let metric = summary.find(scope, &known).unwrap_or_else(|| panic!("no {scope} {name}"));
    match metric.mean {
        Some(mean) => mean,
        None if 0 < metric.censored => f64::INFINITY,
        None => panic!("{scope} {name} has no value"),
    }
}

/// Pod-minutes without readiness: the measure to compare by.
fn lost(summary: &Summary) -> f64 {
    of(summary, "run", "unready_pod_minutes")
}

fn p95(summary: &Summary) -> f64 {
    of(summary, "run", "ready_seconds_p95")
}

fn never(summary: &Summary) -> f64 {
    of(summary, "run", "pods_never_ready")
}

fn failed_by(summary: &Summary, cause: &str) -> f64 {
    of(summary, "run", &format!("pull_failures_by_cause.{cause}"))
}

/// Whether all failed pulls failed by one cause.
fn is_the_only_cause(summary: &Summary, cause: &str) -> bool {
    of(summary, "run", "pull_failures") < failed_by(summary, cause) + 0.5
}

/// Whether every expectation of the story holds.
fn in_time(summary: &Summary) -> bool {
    assert!(!summary.verdicts.is_empty(), "the story expects nothing");
    summary.verdicts.iter().all(|it| it.holds)
}

// What ships.

/// Codes of the warnings that a story does not tell of itself: the one about an image that lacks
/// its nodes' platform is right about the base of `wrong-architecture`.
fn unexpected_warnings(name: &str, loaded: &Loaded) -> Vec<Code> {
    let codes = loaded.warnings.iter().map(|it| it.code);
    codes.filter(|&it| name != "wrong-architecture" || it != Code::NoPlatform).collect()
}

#[test]
fn every_story_has_a_title_a_question_and_variants_and_loads_without_warnings() {
    for (name, text) in library::all() {
        let base = loaded(name, "", &[]);
        let warnings = unexpected_warnings(name, &base);
        assert!(warnings.is_empty(), "{name}: {warnings:?}");
        assert!(!base.scenario.title.is_empty(), "{name}");
        assert!(base.scenario.question.ends_with('?'), "{name}");
        assert!(!base.scenario.variants.is_empty(), "{name}");
        for variant in &base.scenario.variants {
            assert!(!variant.title.is_empty(), "{name} {}", variant.name);
            let warnings = unexpected_warnings(name, &loaded(name, &variant.name, &[]));
            assert!(warnings.is_empty(), "{name} {}: {warnings:?}", variant.name);
        }
        let header: Vec<&str> = text.lines().take_while(|it| it.starts_with('#')).collect();
        for part in ["question", "typical", "assumed", "mechanism", "absent", "robust"] {
            assert!(header.iter().any(|it| it.contains(part)), "{name} does not tell: {part}");
        }
    }
}

// Golden files.

fn golden_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.csv"))
}

/// The figures of a story's base. `events` is left out: it counts the simulator's work.
fn figures(name: &str) -> String {
    let summary = base(name);
    let mut text = format!("scope,metric,mean\nrun,digest,{:016x}\n", summary.digest);
    for metric in summary.metrics.iter().filter(|it| it.name != measure::EVENTS) {
        let mean = match metric.mean {
            Some(mean) => format!("{mean:.4}"),
            None if 0 < metric.censored => {
                format!("censored {}/{}", metric.censored, metric.replications)
            }
            None => String::new(),
        };
        writeln!(text, "{},{},{mean}", metric.scope, metric.name).unwrap();
    }
    text
}

/// What differs between two lists of figures, a line each.
fn differences(golden: &str, now: &str) -> Vec<String> {
    let key = |line: &str| line.rsplit_once(',').map_or(line, |(key, _)| key).to_owned();
    let find = |text: &str, wanted: &str| {
        text.lines().find(|it| key(it) == wanted).and_then(|it| Some(it.rsplit_once(',')?.1.into()))
    };
    let mut keys: Vec<String> = golden.lines().chain(now.lines()).map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    let shown = |value: Option<String>| value.unwrap_or_else(|| "nothing".into());
    let differs = keys.into_iter().filter_map(|it| {
        let (was, is): (Option<String>, Option<String>) = (find(golden, &it), find(now, &it));
        (was != is).then(|| format!("  {it}: {} → {}", shown(was), shown(is)))
    });
    differs.collect()
}

/// Holds a story against its golden file, or rewrites the file.
fn hold_golden(name: &str) {
    let now = figures(name);
    let path = golden_path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, now).unwrap();
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    if golden == now {
        return;
    }
    let mut differences = differences(&golden, &now);
    let n = differences.len();
    differences.truncate(30);
    panic!(
        "{n} figures of {name} differ from tests/golden/{name}.csv (at most 30 shown):\n{}\n\
         If that is meant: UPDATE_GOLDEN=1 cargo test scenarios::",
        differences.join("\n")
    );
}

#[test]
fn every_story_has_a_golden_file_and_every_golden_file_a_story() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return;
    }
    let mut files: Vec<String> = fs::read_dir(golden_path("x").parent().unwrap())
        .unwrap()
        .map(|it| it.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        // The witness's, which has rows of every story.
        .filter(|it| it != "digests")
        .collect();
    files.sort_unstable();
    let mut names: Vec<&str> = library::all().iter().map(|it| it.0).collect();
    names.sort_unstable();
    assert_eq!(files, names);
}

#[test]
fn a_difference_names_the_figure_and_both_values() {
    let golden = "scope,metric,mean\nrun,pods,5\nrun,gone,1\n";
    let now = "scope,metric,mean\nrun,pods,6\nrun,new,\n";
    let expected = ["  run,gone: 1 → nothing", "  run,new: nothing → ", "  run,pods: 5 → 6"];
    assert_eq!(differences(golden, now), expected);
}
