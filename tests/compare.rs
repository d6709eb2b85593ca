//! Comparisons as a user asks for them, of a cluster whose figures are known by counting: a limit
//! that never comes back within the run grants so many pulls, and each further pod never starts.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::fmt::Write;
use std::fs;
use std::process::{Command, Output};

use crate::support::Folder;
use pullstorm::experiment::{Crew, Samples, Shown};
use pullstorm::model::record::measure::UNREADY_POD_MINUTES;
use pullstorm::scenario::{Request, SourceFile, library, load};
use serde_json::Value;

/// Thirty nodes pull one image each from two registries, of which each grants ten pulls: twenty
/// pods of each workload never start.
const SCENARIO: &str = r#"
title = "Two quotas"
horizon = "30m"
seed = 5
replications = 4

[registry.one]
host = "one.example"
[registry.one.limit.quota-one]
for = "everyone"
key = "registry"
law = "fixed-window"
allow = 10
window = "6h"
anchor = "0s"
weight = { single = 1 }

[registry.two]
host = "two.example"
[registry.two.limit.quota-two]
for = "everyone"
key = "registry"
law = "fixed-window"
allow = 10
window = "6h"
anchor = "0s"
weight = { single = 1 }

[egress.nat]

[pool.workers]
nodes = 30
egress = "nat"
runtime = "containerd-1.7"
kubelet = { serialize_image_pulls = false }

[image.a]
reference = "one.example/a:1"
layers = ["1MB"]
[image.b]
reference = "two.example/b:1"
layers = ["1MB"]

[workload.a]
kind = "daemonset"
pool = "workers"
containers = [{ image = "a" }]
[workload.b]
kind = "daemonset"
pool = "workers"
containers = [{ image = "b" }]

[expect]
pods_never_ready = "< 25"

[variant.raise-one]
title = "twice the quota of the first registry"
registry.one.limit.quota-one.allow = 20

[variant.raise-two]
registry.two.limit.quota-two.allow = 20

[variant.lift-one]
registry.one.limit.quota-one.enabled = false

[variant.restated]
registry.one.limit.quota-one.allow = 10

[variant.lower-one]
registry.one.limit.quota-one.allow = 4

[variant.jitter]
registry.two.limit.quota-two.allow = 12
pool.workers.kubelet.image_backoff_jitter = "50%"
"#;

/// A folder with the scenario in it.
struct Quotas(Folder);

impl Quotas {
    fn new(name: &str) -> Self {
        let folder = Folder::new(&format!("compare/{name}"));
        folder.write("quotas.toml", SCENARIO);
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pullstorm"));
        command.current_dir(&*self.0).args(arguments).output().unwrap()
    }

    /// Standard output of a command that ends with `code`.
    #[track_caller]
    fn told(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that is used wrongly says.
    #[track_caller]
    fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let all = [&["compare", "quotas.toml", "-o", "json", "--no-charts"], arguments].concat();
        serde_json::from_str(&self.told(0, &all)).unwrap()
    }
}

/// Rank, difference and verdict of each variant, in the order of the ranking.
fn ranking<'a>(json: &'a Value, metric: &str) -> Vec<(Option<u64>, &'a str, f64, &'a str)> {
    let variants = json["variants"].as_array().unwrap();
    variants
        .iter()
        .map(|it| {
            let of_run = |it: &&Value| it["metric"] == metric && it["scope"] == "run";
            let found = it["differences"].as_array().unwrap().iter().find(of_run).unwrap();
            (
                it["rank"].as_u64(),
                it["name"].as_str().unwrap(),
                found["difference"].as_f64().unwrap(),
                found["verdict"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn differences_are_those_of_counting() {
    let folder = Quotas::new("counting");
    let json = folder.json(&["--by", "pods_never_ready"]);
    assert_eq!(
        ranking(&json, "pods_never_ready"),
        [
            (Some(1), "lift-one", -20.0, "better"),
            (Some(2), "raise-one", -10.0, "better"),
            (Some(3), "raise-two", -10.0, "better"),
            (Some(4), "restated", 0.0, "no evidence"),
            (Some(5), "lower-one", 6.0, "worse"),
            (None, "jitter", -2.0, "better"),
        ]
    );
    assert_eq!(json["paired"], true);
    let by_name = |name: &str| {
        json["variants"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap().clone()
    };
    assert_eq!(by_name("restated")["identical_to_base"], true);
    assert_eq!(by_name("raise-two")["tied_with_the_one_before"], true);
    assert_eq!(by_name("lift-one")["expectations_hold"], true);
    assert_eq!(by_name("raise-one")["expectations_hold"], false);
    let what_if = by_name("jitter")["what_if"].to_string();
    assert!(what_if.contains("image_backoff_jitter"), "{what_if}");
    let ranked = folder.json(&["--by", "pods_never_ready", "--what-if"]);
    assert_eq!(ranking(&ranked, "pods_never_ready")[3], (Some(4), "jitter", -2.0, "better"));
}

#[test]
fn the_table_tells_the_same_in_words() {
    let folder = Quotas::new("words");
    let told = folder.told(0, &["compare", "quotas.toml", "--by", "pods_never_ready"]);
    for part in [
        "by pods_never_ready, less is better; base 40",
        "   1  lift-one                 -20 ± 0",
        "   3= raise-two                -10 ± 0",
        "   4  restated                 none                             identical",
        "   5  lower-one                +6 ± 0                 +15%      worse",
        "      jitter (what-if)         -2 ± 0",
        "4 replications of each, paired",
        "where it holds in all of them, 73 settle",
        "charts: ranking waiting (.svg .png)",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let compared = folder.0.join("output/quotas/compare");
    for name in ["comparison.csv", "comparison.md", "manifest.json", "charts/ranking.png"] {
        assert!(compared.join(name).is_file(), "{name}");
    }
    // What a call does not draw, no earlier one leaves behind.
    folder.told(0, &["compare", "quotas.toml", "--no-charts"]);
    assert!(!compared.join("charts/ranking.png").exists());
}

#[test]
fn stacked_quotas_of_two_registries_add_up() {
    let folder = Quotas::new("stack");
    let stacked = |names: &str| folder.json(&["--by", "pods_never_ready", "--stack", names]);
    let json = stacked("raise-one,raise-two");
    assert_eq!(json["stack"]["together"]["difference"], -20.0);
    assert_eq!(json["stack"]["interaction"]["difference"], 0.0);
    assert_eq!(json["stack"]["parts"][0]["left_out"]["difference"], 10.0);
    assert_eq!(json["stack"]["expectations_hold"], true);
    // Without a quota it does not matter how large it is.
    let json = stacked("lift-one,raise-one");
    assert_eq!(json["stack"]["together"]["difference"], -20.0);
    assert_eq!(json["stack"]["interaction"]["difference"], 10.0);
    assert_eq!(json["stack"]["parts"][1]["left_out"]["verdict"], "no evidence");
    // What no released software has is marked here too.
    let told = folder.told(0, &["compare", "quotas.toml", "--stack", "raise-one,jitter"]);
    let stacked = told.split("STACKED").nth(1).unwrap();
    assert!(stacked.contains("jitter (what-if)"), "{told}");
    let both = ["compare", "quotas.toml", "--stack", "raise-one,lower-one"];
    let complaint = folder.complaint(&both);
    assert!(complaint.contains("`registry.one.limit.quota-one.allow` is set by"), "{complaint}");
    assert!(folder.complaint(&["compare", "quotas.toml", "--stack", "raise-one"]).contains("two"));
}

#[test]
fn what_a_variant_ends_or_brings_counts_0_on_the_other_side() {
    let folder = Quotas::new("members");
    let metric = "pull_failures_by_cause.quota-one";
    // Twenty pods of each workload fail, five times in half an hour.
    let json = folder.json(&["--by", metric, "--variant", "lift-one", "--variant", "raise-one"]);
    let ranked =
        [(Some(1), "lift-one", -200.0, "better"), (Some(2), "raise-one", -100.0, "better")];
    assert_eq!(ranking(&json, metric), ranked);
    let json = folder.json(&["--by", metric, "--stack", "lift-one,raise-two"]);
    assert_eq!(json["stack"]["together"]["difference"], -200.0);
    let tolerance = format!("{metric}=0%");
    let gate = |code, sides: [&str; 2]| {
        let flags = ["--by", metric, "--tolerance", &tolerance, "--no-charts"];
        folder.told(code, &[&["compare"], sides.as_slice(), flags.as_slice()].concat());
    };
    let lifted = SCENARIO.replacen("allow = 10", "allow = 10\nenabled = false", 1);
    folder.0.write("lifted.toml", &lifted);
    gate(0, ["quotas.toml", "lifted.toml"]);
    gate(4, ["lifted.toml", "quotas.toml"]);
}

#[test]
fn a_stack_with_a_censored_base_has_no_interaction() {
    let folder = Quotas::new("censored-stack");
    // 20 of 60 pods start in the base, so that the median never does; 30 with either variant.
    let by = ["--by", "ready_seconds_p50", "--replications", "6"];
    let stack = ["--stack", "raise-one,raise-two"];
    let json = folder.json(&[by.as_slice(), stack.as_slice()].concat());
    assert_eq!(json["stack"]["together"]["verdict"], "better");
    assert_eq!(json["stack"]["interaction"]["verdict"], "no evidence");
    let reading = json["stack"]["reading"].as_str().unwrap();
    assert!(reading.contains("is not known"), "{reading}");
}

#[test]
fn without_names_what_helps_and_fits_is_stacked() {
    let folder = Quotas::new("stackable");
    let json = folder.json(&["--by", "pods_never_ready", "--stack"]);
    let parts = json["stack"]["parts"].as_array().unwrap();
    let names: Vec<&str> = parts.iter().map(|it| it["variant"].as_str().unwrap()).collect();
    // `lower-one` does not help, `restated` changes nothing, `jitter` is no lever of today.
    assert_eq!(names, ["lift-one", "raise-one", "raise-two"]);
}

#[test]
fn a_tolerance_is_a_gate() {
    let folder = Quotas::new("gate");
    let gate = |code, variant: &str, tolerance: &str| {
        let flags = ["--variant", variant, "--by", "pods_never_ready", "--tolerance", tolerance];
        let all = [&["compare", "quotas.toml", "--no-charts"], flags.as_slice()].concat();
        folder.told(code, &all)
    };
    // 46 pods in place of 40 are 15 % more.
    gate(0, "lower-one", "15%");
    let told = gate(4, "lower-one", "14.9%");
    assert!(told.contains("✗ lower-one"), "{told}");
    assert!(told.contains("worse by 15%, 14.9% allowed"), "{told}");
    gate(0, "raise-one", "0%");
    gate(0, "restated", "0%");
    // More is better for pods that get ready: 14 in place of 20 are 30 % fewer.
    gate(0, "lower-one", "pods_ready=30%");
    gate(4, "lower-one", "pods_ready=29%");
}

#[test]
fn a_gate_fails_where_there_is_nothing_left_to_measure_unless_that_is_good_news() {
    let folder = Quotas::new("gate-absent");
    let dead = ["one", "two"].map(|it| {
        format!("\n[fault.dead-{it}]\nregistry = \"{it}\"\nanswer = 500\nshare = \"100%\"\n")
    });
    folder.0.write("dead.toml", &(SCENARIO.to_owned() + &dead.concat()));
    let slow = SCENARIO.replace("window = \"6h\"", "window = \"10m\"");
    folder.0.write("slow.toml", &slow);
    let free = slow.replace("allow = 10\nwindow", "enabled = false\nallow = 10\nwindow");
    folder.0.write("free.toml", &free);
    let gate = |code, sides: [&str; 2], tolerance: &str| {
        let flags = ["--tolerance", tolerance, "--no-charts"];
        folder.told(code, &[&["compare"], sides.as_slice(), flags.as_slice()].concat())
    };
    // No pull completes any more, so none takes longer.
    for metric in ["pull_seconds_p95=5%", "requests_per_completed_pull=5%"] {
        let told = gate(4, ["quotas.toml", "dead.toml"], metric);
        assert!(told.contains("nothing to measure in 4 replications more"), "{told}");
        gate(0, ["dead.toml", "quotas.toml"], metric);
    }
    // Nothing is refused any more, so there is nothing to recover from.
    gate(0, ["slow.toml", "free.toml"], "recovery_seconds=5%");
}

#[test]
fn stored_runs_compare_as_the_variant_did() {
    let folder = Quotas::new("stored");
    folder.told(4, &["run", "quotas.toml", "--no-charts"]);
    folder.told(4, &["run", "quotas.toml", "--variant", "lower-one", "--no-charts"]);
    let (base, variant) = ("output/quotas", "output/quotas/variants/lower-one");
    let csv = |arguments: &[&str]| {
        let all = [&["compare", "-o", "csv", "--no-charts"], arguments].concat();
        let text = folder.told(0, &all);
        // All but the first column, the name of the side.
        let rest = text.lines().map(|it| it.split_once(',').unwrap().1.to_owned());
        rest.collect::<Vec<_>>()
    };
    let stored = csv(&[base, variant]);
    assert!(50 < stored.len());
    let run = csv(&["quotas.toml", "--variant", "lower-one"]);
    let other = stored.iter().zip(&run).find(|(stored, run)| stored != run);
    assert_eq!((stored.len(), other), (run.len(), None));
    // The same run twice differs in nothing; another seed is another luck, and is not paired.
    let told = folder.told(0, &["compare", base, base, "--no-charts"]);
    assert!(told.contains("0 better, 0 worse, 0 differ"), "{told}");
    folder.told(4, &["run", "quotas.toml", "--seed", "6", "--out", "other", "--no-charts"]);
    let told = folder.told(0, &["compare", base, "other/quotas", "--no-charts"]);
    assert!(told.contains("not paired"), "{told}");
    // A gate between two runs, as a pipeline has it.
    let gate = ["--by", "pods_never_ready", "--tolerance", "10%", "--no-charts"];
    folder.told(4, &[&["compare", base, variant], gate.as_slice()].concat());
    folder.told(0, &[&["compare", variant, base], gate.as_slice()].concat());
}

#[test]
fn two_scenario_files_are_run_under_the_same_luck() {
    let folder = Quotas::new("files");
    let twice = SCENARIO.replacen("allow = 10", "allow = 20", 1);
    folder.0.write("twice.toml", &twice);
    let all = ["compare", "quotas.toml", "twice.toml", "-o", "json", "--no-charts"];
    let json: Value = serde_json::from_str(&folder.told(0, &all)).unwrap();
    assert_eq!(json["paired"], true);
    assert_eq!(ranking(&json, "pods_never_ready"), [(Some(1), "twice", -10.0, "better")]);
    assert!(folder.0.join("output/quotas-vs-twice/compare/comparison.csv").is_file());
}

#[test]
fn threads_change_no_byte_and_until_stops_where_nothing_varies() {
    let folder = Quotas::new("threads");
    let csv = |threads: &str| {
        let flags = ["-o", "csv", "--no-charts", "--threads", threads];
        folder.told(0, &[&["compare", "quotas.toml"], flags.as_slice()].concat())
    };
    assert_eq!(csv("1"), csv("2"));
    let until = ["compare", "quotas.toml", "--no-charts", "--until", "pods_never_ready +- 1%"];
    let told = folder.told(0, &until);
    assert!(told.contains("reached by every difference that has a mean, with 4"), "{told}");
}

#[test]
fn wrong_questions_get_answers_that_help() {
    let folder = Quotas::new("wrong");
    for (arguments, parts) in [
        (vec!["quotas.toml", "--variant", "raise-on"], vec!["did you mean `raise-one`?"]),
        (vec!["quotas.toml", "--by", "pods_nevr_ready"], vec!["did you mean `pods_never_ready`?"]),
        (vec!["quotas.toml", "--by", "workload.c.pods"], vec!["there is no [workload.c]"]),
        (vec!["quotas.toml", "--tolerance", "pods"], vec!["--tolerance", "METRIC=5%"]),
        (vec!["quotas.toml", "--tolerance", "pods=5%"], vec!["does not get better or worse"]),
        (vec!["quotas.toml", "quotas.toml", "--variant", "x"], vec!["name one"]),
    ] {
        let complaint = folder.complaint(&[vec!["compare"], arguments.clone()].concat());
        for part in parts {
            assert!(complaint.contains(part), "{arguments:?}: {complaint}");
        }
    }
    let (alone, _) = SCENARIO.split_once("[variant.raise-one]").unwrap();
    folder.0.write("alone.toml", alone);
    let complaint = folder.complaint(&["compare", "alone.toml", "--tolerance", "5%"]);
    assert!(complaint.contains("has no variants to compare with"), "{complaint}");
    folder.told(4, &["run", "quotas.toml", "--no-charts"]);
    let complaint = folder.complaint(&["compare", "output/quotas"]);
    assert!(complaint.contains("name a second one"), "{complaint}");
    let complaint = folder.complaint(&["compare", "output/quotas", "quotas.toml"]);
    assert!(complaint.contains("is the folder of a run"), "{complaint}");
    let complaint = folder.complaint(&["compare", "output/quotas", "output/quotas", "--seed", "3"]);
    assert!(complaint.contains("stored runs have run"), "{complaint}");
    // A run of an earlier version lacks what is compared.
    fs::remove_file(folder.0.join("output/quotas/replications.csv")).unwrap();
    let output = folder.run(&["compare", "output/quotas", "output/quotas"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot read output/quotas/replications.csv"), "{error}");
}

/// Mean of the base, and the standard deviations of base, variant and difference.
struct Spread {
    mean: f64,
    base: f64,
    variant: f64,
    difference: f64,
}

fn spreads(sets: &[&str], replications: u32, variants: &[&str]) -> Vec<Spread> {
    let text = library::find("spot-churn").unwrap();
    let file = SourceFile { name: "spot-churn.toml".into(), text: text.into() };
    let crew = Crew::new(0).unwrap();
    let minutes = |variant: &str| -> Vec<f64> {
        let variants = Some(variant).filter(|it| !it.is_empty());
        let request = Request {
            variants: variants.into_iter().map(str::to_owned).collect(),
            sets: sets.iter().map(|&it| it.to_owned()).collect(),
            ..Request::default()
        };
        let scenario = load(&file, &request).unwrap().scenario;
        let outcomes = crew.replicate(&scenario.spec, 0..replications, Shown::NOTHING, &|_| {});
        let samples = Samples::new(&outcomes);
        let row = samples.of_run(UNREADY_POD_MINUTES).unwrap();
        row.values.iter().map(|it| it.known().unwrap()).collect()
    };
    let mean = |it: &[f64]| it.iter().sum::<f64>() / it.len() as f64;
    let deviation = |it: &[f64]| {
        let mean = mean(it);
        let squares: f64 = it.iter().map(|it| (it - mean).powi(2)).sum();
        (squares / (it.len() - 1) as f64).sqrt()
    };
    let base = minutes("");
    variants
        .iter()
        .map(|variant| {
            let changed = minutes(variant);
            let differences: Vec<f64> = changed.iter().zip(&base).map(|(a, b)| a - b).collect();
            Spread {
                mean: mean(&base),
                base: deviation(&base),
                variant: deviation(&changed),
                difference: deviation(&differences),
            }
        })
        .collect()
}

#[test]
fn the_same_luck_narrows_a_difference() {
    // Nobody who restarts nodes leaves the storm as it is: what differs is a hundredth of it.
    let found = spreads(&["pool.spot.nodes=60", "horizon=7h"], 10, &["nobody-touches-it"]);
    let apart = found[0].base.hypot(found[0].variant);
    assert!(found[0].difference < 0.5 * apart, "{} against {apart}", found[0].difference);
}

/// The table of docs/experiments.md.
#[test]
#[ignore = "five hundred replications of spot-churn"]
fn the_page_tells_what_the_same_luck_is_worth() {
    let names = ["nobody-touches-it", "two-addresses", "pre-pull", "authenticate"];
    let mut table = String::from(
        "| variant | deviation of the base | of the variant | of the difference | replications, \
         paired | replications, apart |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for (name, it) in names.iter().zip(spreads(&[], 100, &names)) {
        // n so that 1.96 deviations over √n are 1 % of the base's mean.
        let needed = |deviation: f64| (1.96 * deviation / (0.01 * it.mean)).powi(2).ceil().max(2.0);
        let (paired, apart) = (needed(it.difference), needed(it.base.hypot(it.variant)));
        let Spread { base, variant, difference, .. } = it;
        writeln!(
            table,
            "| `{name}` | {base:.0} | {variant:.0} | {difference:.0} | {paired} | {apart} |"
        )
        .unwrap();
    }
    let path = "docs/experiments.md";
    let page = fs::read_to_string(path).unwrap();
    let (begin, end) = ("<!-- common luck: begin -->\n", "<!-- common luck: end -->");
    let (head, rest) = page.split_once(begin).unwrap();
    let (old, tail) = rest.split_once(end).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, format!("{head}{begin}{table}{end}{tail}")).unwrap();
    } else {
        assert_eq!(old, table);
    }
}

/// A cluster whose pulls fit into Docker Hub's quota if a single-platform image costs half a unit,
/// as its counter was described in 2020, and not if it costs one, as the text of 2024 has it.
const READ_TWICE: &str = r#"
horizon = "30m"
seed = 5
replications = 2

[registry.docker-hub]
preset = "docker-hub"

[egress.nat]

[pool.workers]
nodes = 150
egress = "nat"
runtime = "containerd-1.7"

[image.a]
reference = "docker.io/acme/a:1"
layers = ["1MB"]

[workload.a]
kind = "daemonset"
pool = "workers"
containers = [{ image = "a" }]

[expect]
pods_never_ready = "== 0"

[variant.fewer-nodes]
pool.workers.nodes = 90
"#;

#[test]
fn a_fact_that_nobody_could_verify_is_named_where_a_verdict_turns_on_it() {
    let folder = Quotas::new("assumptions");
    folder.0.write("twice.toml", READ_TWICE);
    let flags = ["--assumptions", "--by", "pods_never_ready", "--no-charts"];
    let all = [&["compare", "twice.toml", "-o", "json"], flags.as_slice()].concat();
    let json: Value = serde_json::from_str(&folder.told(0, &all)).unwrap();
    let reading = |label: &str, reading: &str| {
        let lines = json["assumptions"].as_array().unwrap();
        let found = lines.iter().find(|it| it["assumption"] == label && it["reading"] == reading);
        found.unwrap_or_else(|| panic!("no {label} = {reading}")).clone()
    };
    // 150 pulls of one unit each: 50 nodes never start, and 90 nodes all do.
    let counting = reading("registry.docker-hub.counting", "2024-text");
    assert_eq!(counting["answer"], "figures");
    assert_eq!(counting["variants"]["fewer-nodes"], "-50 ± 0, better");
    let turns = counting["turns"].as_array().unwrap();
    let turns: Vec<&str> = turns.iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(
        turns,
        ["fewer-nodes is better in place of no evidence", "an expectation fails for base"]
    );
    // Refused pulls that count have nothing to count here: none is refused.
    let law = reading(
        "registry.docker-hub.limit.{anonymous-pulls,personal-pulls}.rejected_consume",
        "true",
    );
    assert_eq!(
        (law["answer"].as_str(), law["turns"].as_array().unwrap().len()),
        (Some("nothing"), 0)
    );
    // The config's size changes figures, and no verdict.
    let config = reading("image.a.config", "12kB");
    assert_eq!(config["answer"], "figures");
    assert_eq!(config["turns"].as_array().unwrap().len(), 0);
    let told = folder.told(0, &[&["compare", "twice.toml"], flags.as_slice()].concat());
    assert!(told.contains("registry.docker-hub.counting = 2024-text"), "{told}");
    assert!(told.contains("-50 to 0"), "{told}");
    assert!(folder.0.join("output/twice/compare/assumptions.csv").is_file());
}

#[test]
fn replications_until_certain_are_the_first_of_a_fixed_number_at_any_thread_count() {
    let folder = Quotas::new("until");
    let small = ["--set", "pool.spot.nodes=20", "--set", "horizon=4h", "--no-charts"];
    let run = |more: &[&str]| {
        let all = [&["run", "spot-churn", "-o", "csv"], small.as_slice(), more].concat();
        folder.told(0, &all)
    };
    let until = ["--replications", "3", "--until", "pods +- 3%", "--at-most", "40"];
    let summary = run(&[until.as_slice(), &["--threads", "1"]].concat());
    assert_eq!(summary, run(&[until.as_slice(), &["--threads", "2"]].concat()));
    let of = |column: usize| {
        let row = summary.lines().find(|it| it.starts_with("pods,run,")).unwrap();
        row.split(',').nth(column).unwrap().parse::<f64>().unwrap()
    };
    let (mean, half_width, replications) = (of(3), of(4), of(10));
    assert!(3.0 < replications && half_width <= 0.03 * mean, "{summary}");
    assert_eq!(summary, run(&["--replications", &replications.to_string()]));
    let capped = ["--replications", "3", "--until", "unready_pod_minutes +- 0.01%"];
    let output = folder
        .run(&[&["run", "spot-churn"], small.as_slice(), &capped, &["--at-most", "5"]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("not reached with 5 replications; raise --at-most"), "{said}");
}
