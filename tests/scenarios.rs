//! The stories of the library: what each of them claims, and what none of them may change unnoticed.
//!
//! A golden file holds the figures of a story's base. A change of the model that is meant to change
//! them rewrites the files with `UPDATE_GOLDEN=1 cargo test --test scenarios`; what differs is then
//! read in the diff.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use pullstorm::experiment::{Options, Summary, replicate, summarise};
use pullstorm::scenario::{Loaded, Request, SourceFile, library, load};

/// Replications of a run here; the stories themselves ask for more.
const REPLICATIONS: u32 = 3;

fn loaded(name: &str, variant: &str, sets: &[&str]) -> Loaded {
    let text = library::find(name).unwrap_or_else(|| panic!("no scenario {name}"));
    let file = SourceFile { name: format!("{name}.toml"), text: text.into() };
    let request = Request {
        variant: (!variant.is_empty()).then(|| variant.to_owned()),
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
    let options = Options { threads: 0, detail: u32::MAX, requests: None };
    let outcomes = replicate(&scenario.spec, REPLICATIONS, options, &|_| {}).unwrap();
    summarise(&scenario, &outcomes)
}

/// The mean of a figure; one that is beyond what a run saw is infinite.
fn of(summary: &Summary, scope: &str, name: &str) -> f64 {
    let metric = summary.metric(scope, name).unwrap_or_else(|| panic!("no {scope} {name}"));
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

#[test]
fn every_story_has_a_title_a_question_and_variants_and_loads_without_warnings() {
    for (name, text) in library::all() {
        let base = loaded(name, "", &[]);
        assert!(base.warnings.is_empty(), "{name}: {:?}", base.warnings);
        assert!(!base.scenario.title.is_empty(), "{name}");
        assert!(base.scenario.question.ends_with('?'), "{name}");
        assert!(!base.scenario.variants.is_empty(), "{name}");
        for variant in &base.scenario.variants {
            assert!(!variant.title.is_empty(), "{name} {}", variant.name);
            let warnings = loaded(name, &variant.name, &[]).warnings;
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
    for metric in summary.metrics.iter().filter(|it| it.name != "events") {
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
         If that is meant: UPDATE_GOLDEN=1 cargo test --test scenarios",
        differences.join("\n")
    );
}

#[test]
fn the_figures_of_spot_churn_are_those_of_its_golden_file() {
    hold_golden("spot-churn");
}

#[test]
fn the_figures_of_cold_cluster_are_those_of_its_golden_file() {
    hold_golden("cold-cluster");
}

#[test]
fn the_figures_of_registry_blip_are_those_of_its_golden_file() {
    hold_golden("registry-blip");
}

#[test]
fn the_figures_of_hub_outage_are_those_of_its_golden_file() {
    hold_golden("hub-outage");
}

#[test]
fn every_story_has_a_golden_file_and_every_golden_file_a_story() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return;
    }
    let mut files: Vec<String> = fs::read_dir(golden_path("x").parent().unwrap())
        .unwrap()
        .map(|it| it.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
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

// spot-churn

const NO_QUOTA: &str = "registry.docker-hub.limit.anonymous-pulls.enabled=false";
const NO_ABUSE_LIMIT: &str = "registry.docker-hub.limit.abuse.enabled=false";

#[test]
fn a_rollout_on_anonymous_pulls_leaves_pods_waiting_for_hours() {
    let base = base("spot-churn");
    assert!(200.0 < never(base), "{}", never(base));
    assert!(p95(base).is_infinite());
    // What is left of the agents, once the quota is gone.
    assert!(of(base, "workload.logging", "min_available_share") < 0.2);
    for variant in ["authenticate", "own-copies", "slower-replacement"] {
        let other = run("spot-churn", variant, &[]);
        assert!(p95(&other) < 60.0 && never(&other) < 0.5, "{variant}: {}", p95(&other));
        assert!(100.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
    }
    // The limit is the cause, and churn alone is within it.
    for without in [NO_QUOTA, "timeline.kernel-rollout.enabled=false"] {
        let other = run("spot-churn", "", &[without]);
        assert!(p95(&other) < 60.0, "{without}: {}", p95(&other));
        assert!(100.0 * lost(&other) < lost(base), "{without}: {}", lost(&other));
    }
}

#[test]
fn a_second_address_helps_and_is_not_enough() {
    let two = run("spot-churn", "two-addresses", &[]);
    assert!(never(&two) < 0.6 * never(base("spot-churn")));
    assert!(50.0 < never(&two));
}

#[test]
fn restarts_bring_no_pod_up_and_take_healthy_ones_down() {
    let touched = base("spot-churn");
    let left_alone = run("spot-churn", "nobody-touches-it", &[]);
    assert!(lost(&left_alone) < lost(touched));
    assert!(0.98 * never(&left_alone) <= never(touched));
    // The service that needs nothing from Docker Hub pays for it.
    let api = |it: &Summary| of(it, "workload.api", "min_available_share");
    assert!(0.8 < api(&left_alone) && api(touched) < 0.3);
    // Retries in step meet the limit that an account does not lift.
    assert!(20.0 * failed_by(&left_alone, "abuse") < failed_by(touched, "abuse"));
    let herd = |it: &Summary| of(it, "run", "herd_synchrony");
    assert!(1.2 * herd(&left_alone) < herd(touched));
}

#[test]
fn few_nodes_are_rolled_within_the_quota() {
    let small = run("spot-churn", "", &["pool.spot.nodes=12"]);
    assert!(p95(&small) < 60.0);
    assert!(failed_by(&small, "anonymous-pulls") < 0.5);
}

#[test]
fn where_refused_pulls_count_the_block_does_not_end() {
    let counting = "registry.docker-hub.limit.anonymous-pulls.rejected_consume=true";
    let unfair = run("spot-churn", "", &[counting]);
    assert!(1.2 * never(base("spot-churn")) < never(&unfair));
}

// cold-cluster

#[test]
fn a_cold_cluster_does_not_come_up_on_one_anonymous_address() {
    let base = base("cold-cluster");
    assert!(!in_time(base));
    assert!(0.8 < never(base) / of(base, "run", "pods"));
    for variant in ["pull-secret", "pull-secret-paced", "baked-images"] {
        let other = run("cold-cluster", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(40.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
    }
    let unlimited = run("cold-cluster", "", &[NO_QUOTA, NO_ABUSE_LIMIT]);
    assert!(p95(&unlimited) < 15.0);
    let small = ["pool.workers.nodes=15", "workload.web.replicas=30"];
    assert!(p95(&run("cold-cluster", "", &small)) < 15.0);
}

#[test]
fn behind_the_quota_stands_the_abuse_limit() {
    let at_once = run("cold-cluster", "pull-secret", &[]);
    let paced = run("cold-cluster", "pull-secret-paced", &[]);
    assert!(is_the_only_cause(&at_once, "abuse"));
    assert!(120.0 < p95(&at_once) && p95(&paced) < 0.5 * p95(&at_once));
    assert!(p95(&run("cold-cluster", "pull-secret", &[NO_ABUSE_LIMIT])) < 15.0);
}

#[test]
fn one_personal_account_is_worse_than_eight_addresses() {
    let account = run("cold-cluster", "personal-account", &[]);
    let addresses = run("cold-cluster", "eight-addresses", &[]);
    assert!(2.0 * never(&addresses) < never(&account));
    assert!(0.0 < failed_by(&account, "personal-pulls"));
}

#[test]
fn pace_alone_does_not_stretch_a_quota() {
    let paced = run("cold-cluster", "paced", &[]);
    assert!(0.8 < never(&paced) / of(&paced, "run", "pods"));
}

// registry-blip

#[test]
fn half_a_minute_of_silence_lasts_more_than_five_for_the_pods() {
    let base = base("registry-blip");
    assert!(!in_time(base));
    assert!(300.0 < p95(base) && p95(base) < 400.0, "{}", p95(base));
    assert!(300.0 < failed_by(base, "progress-timeout"));
    for variant in ["smaller-surge", "restart-kubelets", "reset", "unreachable"] {
        let other = run("registry-blip", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(4.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
    }
    let calm = run("registry-blip", "", &["timeline.blip.enabled=false"]);
    assert!(p95(&calm) < 30.0 && 15.0 * lost(&calm) < lost(base));
    assert!(failed_by(&calm, "progress-timeout") < 0.5);
}

#[test]
fn the_time_out_sets_the_length_not_the_blip_nor_the_registry() {
    let base = p95(base("registry-blip"));
    for length in ["15s", "45s"] {
        let other =
            p95(&run("registry-blip", "", &[&format!("timeline.blip.outage.for={length}")]));
        assert!((other - base).abs() < 0.1 * base, "{length}: {other} against {base}");
    }
    let wider = p95(&run("registry-blip", "wider-registry", &[]));
    assert!((wider - base).abs() < 0.1 * base, "{wider} against {base}");
    let patience = "pool.workers.client.progress_timeout=1m";
    assert!(p95(&run("registry-blip", "", &[patience])) < base - 200.0);
}

#[test]
fn a_smaller_surge_spares_the_service_and_not_the_pods_in_the_air() {
    let (base, small) = (base("registry-blip"), run("registry-blip", "smaller-surge", &[]));
    for workload in ["workload.api", "workload.web", "workload.worker"] {
        assert!(of(base, workload, "min_available_share") < 0.8);
        assert!(0.999 < of(&small, workload, "min_available_share"));
        let took = |it: &Summary| of(it, workload, "rollout_complete_seconds");
        assert!(took(base) < took(&small));
    }
    assert!(300.0 < of(&small, "run", "ready_seconds_max"));
}

#[test]
fn kubelets_restarted_before_the_blip_is_over_make_it_longer() {
    let longer = "timeline.blip.outage.for=45s";
    let left_alone = run("registry-blip", "", &[longer]);
    let kicked = run("registry-blip", "restart-kubelets", &[longer]);
    assert!(1.05 * lost(&left_alone) < lost(&kicked));
    assert!(p95(&left_alone) + 20.0 < p95(&kicked));
}

// hub-outage

const NO_IMAGE_UPDATE: &str = "timeline.image-update.enabled=false";

#[test]
fn an_outage_hurts_new_nodes_and_new_pods() {
    let base = base("hub-outage");
    assert!(!in_time(base));
    assert!(1800.0 < p95(base), "{}", p95(base));
    assert!(of(base, "workload.logging", "min_available_share") < 0.75);
    assert!(is_the_only_cause(base, "hub-down"));
    for variant in ["own-copies", "warm-nodes"] {
        let other = run("hub-outage", variant, &[]);
        assert!(in_time(&other), "{variant}: {}", p95(&other));
        assert!(30.0 * lost(&other) < lost(base), "{variant}: {}", lost(&other));
        assert!(of(&other, "run", "pull_failures") < 0.5, "{variant}");
    }
    let calm = run("hub-outage", "", &["timeline.hub-down.enabled=false"]);
    assert!(in_time(&calm) && 30.0 * lost(&calm) < lost(base));
}

#[test]
fn an_outage_spares_what_needs_nothing_from_docker_hub() {
    let base = base("hub-outage");
    assert!(of(base, "workload.api", "pull_failures") < 0.5);
    assert!(of(base, "workload.api", "ready_seconds_max") < 30.0);
    assert!(0.85 < of(base, "workload.api", "min_available_share"));
}

#[test]
fn on_warm_nodes_the_policy_decides() {
    let warm = run("hub-outage", "", &[NO_IMAGE_UPDATE]);
    assert!(of(&warm, "workload.web", "ready_seconds_max") < 10.0);
    assert!(of(&warm, "workload.web", "pull_attempts") < 0.5);
    // Half of cache is in the air when the outage stops its rollout.
    assert!(1800.0 < of(&warm, "workload.cache", "ready_seconds_p95"));
    for agents in ["workload.metrics", "workload.logging"] {
        assert!(of(&warm, agents, "pods") < 0.5);
        assert!(0.999 < of(&warm, agents, "min_available_share"));
    }
    // Warm means warm for every image: with more nodes than pods some lack it.
    let wider = run("hub-outage", "warm-nodes", &["pool.workers.nodes=150"]);
    assert!(0.0 < failed_by(&wider, "hub-down"));
}

#[test]
fn what_can_be_done_in_the_middle_and_afterwards() {
    let base = base("hub-outage");
    let switched = run("hub-outage", "switch-to-copies", &[]);
    assert!(3.0 * lost(&switched) < lost(base));
    let kicked = run("hub-outage", "restart-kubelets", &[]);
    assert!(0.9 * lost(base) < lost(&kicked) && lost(&kicked) < lost(base));
}
