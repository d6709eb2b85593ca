//! `sweep` and `merge` as a user meets them: answers, files, resuming, shards, mistakes.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::Folder;

/// A folder with the scenario in it.
struct Few(Folder);

impl Few {
    fn new(name: &str) -> Self {
        let folder = Folder::new(&format!("sweep/{name}"));
        folder.write("few.toml", SCENARIO);
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path(name)
    }

    /// Runs the command with the scenario, into the folder `out`, and draws charts.
    fn charted(&self, out: &str, flags: &[&str]) -> Output {
        let (file, out) = (self.path("few.toml"), self.path(out));
        let mut arguments = vec!["sweep", &file, "--out", &out];
        arguments.extend(flags);
        pullstorm(&arguments)
    }

    /// The same without charts.
    fn sweep(&self, out: &str, flags: &[&str]) -> Output {
        let mut all = vec!["--no-charts"];
        all.extend(flags);
        self.charted(out, &all)
    }

    fn results(&self, out: &str) -> PathBuf {
        self.0.join(out).join("few/sweep")
    }
}

/// A fixed window of 20 units on manifest requests: up to ten nodes an address are ready at once.
const SCENARIO: &str = r#"
title = "few nodes"
question = "How many nodes does an address serve?"
horizon = "30m"
seed = 3
replications = 2

[registry.docker-hub]
preset = "docker-hub"
limit.anonymous-pulls.allow = 10

[egress.nat]
addresses = 1
kind = "nat"

[pool.workers]
nodes = 5
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

[variant.preload]
pool.workers.preloaded = ["api"]

[sweep]
pool.workers.nodes = [5, 10, 60]
variant = ["base", "preload"]
"#;

const SCHEDULERS: [&str; 7] = [
    "JOB_COMPLETION_INDEX",
    "SLURM_ARRAY_TASK_ID",
    "HQ_TASK_ID",
    "AWS_BATCH_JOB_ARRAY_INDEX",
    "CLOUD_RUN_TASK_INDEX",
    "CI_NODE_INDEX",
    "PARALLEL_SEQ",
];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullstorm"));
    // Whoever runs the tests may be numbered too.
    for name in SCHEDULERS.iter().chain(&["SHARD_COUNT"]) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn pullstorm(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Standard output and standard error of a command that ends with this code.
#[track_caller]
fn expect_code(output: &Output, code: i32) -> (String, String) {
    let streams = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout:\n{}\nstderr:\n{}", streams.0, streams.1);
    streams
}

/// Every file under `folder` with its content; what the clock on the wall said is left out.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            let mut content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if name == "manifest.json" {
                let mut manifest: serde_json::Value = serde_json::from_str(&content).unwrap();
                assert!(manifest.as_object_mut().unwrap().remove("wall_clock").is_some());
                content = manifest.to_string();
            }
            found.insert(name, content);
        }
    }
    found
}

/// The files of points, by index.
fn points(folder: &Path) -> Vec<PathBuf> {
    let mut points: Vec<PathBuf> =
        fs::read_dir(folder.join("points")).unwrap().map(|it| it.unwrap().path()).collect();
    points.sort();
    points
}

#[test]
fn the_answer_comes_first_and_the_files_are_those_that_are_named() {
    let folder = Few::new("files");
    let (shown, said) = expect_code(&folder.charted("out", &[]), 0);
    let first = "the expectations hold at 5 of 6 points; up to nodes = 10 with variant = base; \
                 at every value of nodes with variant = preload";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&shown).starts_with(first), "{shown}");
    assert!(said.is_empty(), "{said}");
    for part in ["sweep of 6 points, grid", "nodes \\ variant", "WHY PULLS FAILED", "sweep.csv"] {
        assert!(shown.contains(part), "no {part} in\n{shown}");
    }
    assert!(shown.lines().all(|it| it.chars().count() <= 100), "{shown}");
    let written = files(&folder.results("out"));
    let tables: Vec<&str> =
        written.keys().filter(|it| !it.contains('/')).map(String::as_str).collect();
    assert_eq!(tables, ["manifest.json", "plan.json", "points.csv", "sweep.csv", "sweep.json"]);
    assert_eq!(written.keys().filter(|it| it.starts_with("points/")).count(), 6);
    let charts: Vec<&str> = written.keys().filter_map(|it| it.strip_prefix("charts/")).collect();
    let metrics = ["ready_seconds_p95", "unready_pod_minutes"];
    let mut drawn: Vec<String> = ["heat", "lines"]
        .iter()
        .flat_map(|kind| metrics.map(|it| format!("{kind}-{it}")))
        .flat_map(|it| [format!("{it}.png"), format!("{it}.svg")])
        .collect();
    drawn.sort();
    assert_eq!(charts, drawn);
    expect_code(&folder.sweep("out", &["-q"]), 0);
    let left = files(&folder.results("out"));
    assert!(!left.keys().any(|it| it.starts_with("charts/")), "charts of an earlier call stay");
    assert!(written["sweep.csv"].starts_with(
        "point,id,pool.workers.nodes,variant,metric,scope,unit,mean,half_width,p5,p50,p95,min,max,\
         replications,censored,absent\n"
    ));
    let rows: Vec<Vec<&str>> =
        written["points.csv"].lines().map(|it| it.split(',').collect()).collect();
    assert_eq!(rows.len(), 7);
    let held = ["share_held", "share_held_low", "share_held_high"]
        .map(|it| format!("{it}: ready_seconds_p95 < 5m"));
    let mut columns = vec!["point", "id", "pool.workers.nodes", "variant", "replications"];
    columns.extend(["incomplete_replications", "holds", "uncertain"]);
    columns.extend(held.iter().map(String::as_str));
    columns.extend(["failed_pulls", "most_frequent_cause", "most_frequent_cause_share"]);
    columns.push("failures_by_cause");
    assert_eq!(rows[0], columns);
    // 60 nodes of the base, over a limit of 10.
    assert_eq!((rows[5][2], rows[5][3], rows[5][6], rows[5][8]), ("60", "base", "false", "0"));
    assert_eq!((rows[5][12], rows[6][6], rows[6][11]), ("anonymous-pulls", "true", "0"));
}

#[test]
fn output_carries_the_format_that_was_asked_for() {
    let folder = Few::new("formats");
    let printed = |format: &str| expect_code(&folder.sweep("out", &["-o", format]), 0).0;
    assert!(printed("md").contains("**the expectations hold at 5 of 6 points; "));
    assert!(printed("md").contains("| nodes \\ variant | base | preload |"));
    let written = files(&folder.results("out"));
    assert_eq!(printed("csv"), written["points.csv"]);
    assert_eq!(printed("json"), written["sweep.json"]);
    let json: serde_json::Value = serde_json::from_str(&printed("json")).unwrap();
    assert_eq!((&json["points_holding"], &json["design"]), (&5.into(), &"grid".into()));
    assert_eq!(json["axes"][0]["unit"], "number");
    assert!(json["axes"][1]["unit"].is_null());
    assert_eq!(json["points"][5]["values"], serde_json::json!(["60", "preload"]));
    let metrics = ["--metric", "pull_failures", "-o", "json"];
    let json = expect_code(&folder.sweep("out", &metrics), 0).0;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["metrics"], serde_json::json!(["pull_failures"]));
    assert_eq!(json["points"][0]["metrics"][0]["mean"], 0.0);
}

#[test]
fn finished_points_are_skipped_and_what_is_damaged_is_run_again() {
    let folder = Few::new("resume");
    expect_code(&folder.sweep("out", &[]), 0);
    let results = folder.results("out");
    let whole = files(&results);
    let all = points(&results);
    let written = |at: usize| fs::metadata(&all[at]).unwrap().modified().unwrap();
    let before = written(3);
    fs::remove_file(&all[0]).unwrap();
    let cut = fs::read(&all[1]).unwrap();
    fs::write(&all[1], &cut[..cut.len() / 3]).unwrap();
    fs::copy(&all[4], &all[2]).unwrap();
    fs::write(results.join("points/.partial-1-x.json"), "left by a kill").unwrap();
    fs::remove_file(results.join("sweep.csv")).unwrap();
    let (_, said) = expect_code(&folder.sweep("out", &[]), 0);
    for part in ["3 of 6 points are done already", "not trusted, and run again", "of another point"]
    {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
    assert_eq!(files(&results), whole);
    assert_eq!(written(3), before, "a finished point was run again");
}

#[test]
fn another_sweep_is_refused_and_fresh_deletes_it_alone() {
    let folder = Few::new("other");
    expect_code(&folder.sweep("out", &["-q"]), 0);
    let results = folder.results("out");
    let whole = files(&results);
    for (flags, parts) in [
        (vec!["--seed", "4"], vec!["seed (3 there, 4 here)"]),
        (vec!["--replications", "3"], vec!["replications (2 there, 3 here)"]),
        (
            vec!["--until", "pods +- 5%"],
            vec!["--until (none there, pods +- 5%, at most 1000 here)"],
        ),
        (vec!["--set", "egress.nat.addresses=2"], vec!["egress.nat.addresses=2 here"]),
        (vec!["--design", "one-at-a-time"], vec!["design (grid there, one-at-a-time here)"]),
        (
            vec!["--vary", "pool.workers.nodes=5,10"],
            vec!["values of pool.workers.nodes (5, 10, 60 there, 5, 10 here)", "axes (pool"],
        ),
    ] {
        let (shown, said) = expect_code(&folder.sweep("out", &flags), 2);
        assert!(shown.is_empty());
        for part in parts.iter().chain(&["holds another sweep", "--out", "--fresh"]) {
            assert!(said.contains(part), "no {part} in\n{said}");
        }
    }
    assert_eq!(files(&results), whole);
    // Another version of the program made it.
    let plan = whole["plan.json"].replacen("\"version\": \"", "\"version\": \"9.", 1);
    fs::write(results.join("plan.json"), plan).unwrap();
    let (_, said) = expect_code(&folder.sweep("out", &[]), 2);
    assert!(said.contains("it was made by version 9."), "{said}");
    // What is not the sweep's stays.
    fs::write(results.join("notes.txt"), "mine").unwrap();
    fs::write(results.join("points/notes.json"), "mine").unwrap();
    let flags = ["--vary", "pool.workers.nodes=5", "--fresh", "-q"];
    expect_code(&folder.sweep("out", &flags), 0);
    let left = files(&results);
    assert_eq!(left.keys().filter(|it| it.starts_with("points/0")).count(), 1);
    assert!(left.contains_key("notes.txt") && left.contains_key("points/notes.json"));
}

#[test]
fn shards_of_a_plan_are_merged_to_the_bytes_of_the_whole() {
    let folder = Few::new("shards");
    expect_code(&folder.sweep("whole", &["-q"]), 0);
    let whole = files(&folder.results("whole"));
    let (shown, said) = expect_code(&folder.sweep("plan", &["--plan"]), 0);
    assert!(shown.starts_with("plan of 6 points: ") && said.contains("--shard I/N"), "{said}");
    let plan = folder.results("plan").join("plan.json").to_string_lossy().into_owned();
    assert_eq!(fs::read_to_string(&plan).unwrap(), whole["plan.json"]);
    let (printed, _) = expect_code(&folder.sweep("plan", &["--plan", "-o", "json"]), 0);
    assert_eq!(printed, whole["plan.json"]);

    let [a, b, joined] = ["a", "b", "joined"].map(|it| folder.path(it));
    let shard =
        |shard: &str, out: &str| pullstorm(&["sweep", &plan, "--shard", shard, "--out", out]);
    let (shown, _) = expect_code(&shard("0/3", &a), 0);
    assert!(shown.starts_with("shard 0/3: 2 of 6 points in "), "{shown}");
    assert_eq!(files(&folder.results("a")).len(), 3, "two points and the plan");
    let kubernetes = command(&["sweep", &plan, "--shard", "auto/3", "--out", &b])
        .env("JOB_COMPLETION_INDEX", "2")
        .output()
        .unwrap();
    let (_, said) = expect_code(&kubernetes, 0);
    assert!(said.contains("shard 2/3 (Kubernetes Indexed Job, JOB_COMPLETION_INDEX=2)"), "{said}");

    // Shard 1 is missing: its points are named, and the command that runs them.
    let merge = |out: &str, folders: &[&str]| {
        let mut arguments = vec!["merge", "--no-charts", "--out", out];
        arguments.extend(folders);
        pullstorm(&arguments)
    };
    let (shown, said) = expect_code(&merge(&joined, &[&a, &b]), 6);
    assert!(shown.is_empty());
    for part in [
        "2 points without a result",
        "(pool.workers.nodes = 5, variant = preload)",
        "(pool.workers.nodes = 60, variant = base)",
        &format!("pullstorm sweep {joined}/few/sweep/plan.json --out {joined}"),
    ] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
    expect_code(&shard("1/3", &b), 0);
    // One more time, as a scheduler may: equal results are no matter.
    expect_code(&shard("1/3", &a), 0);
    let (shown, said) = expect_code(&merge(&joined, &[&a, &b]), 0);
    assert!(shown.starts_with("the expectations hold at 5 of 6 points"), "{shown}");
    assert!(said.contains("were there twice, and agree"), "{said}");
    assert_eq!(files(&folder.results("joined")), whole);
    // Into one of the folders, named by itself or by what is above it.
    let within = folder.results("a").to_string_lossy().into_owned();
    expect_code(&pullstorm(&["merge", &within, &b, "-q", "--no-charts"]), 0);
    assert_eq!(files(&folder.results("a")), whole);
    // What merge proposes for missing points does it as well.
    let lost = points(&folder.results("joined")).remove(1);
    fs::remove_file(lost).unwrap();
    let plan = folder.results("joined").join("plan.json").to_string_lossy().into_owned();
    expect_code(&pullstorm(&["sweep", &plan, "--out", &joined, "-q", "--no-charts"]), 0);
    assert_eq!(files(&folder.results("joined")), whole);
}

#[test]
fn what_cannot_be_merged_is_told() {
    let folder = Few::new("merge");
    expect_code(&folder.sweep("a", &["-q"]), 0);
    expect_code(&folder.sweep("b", &["-q", "--seed", "4"]), 0);
    let [a, b, none] = ["a", "b", "none"].map(|it| folder.path(it));
    let (_, said) = expect_code(&pullstorm(&["merge", &a, &b]), 2);
    assert!(said.contains("are of different sweeps: what differs is seed (3 there, 4"), "{said}");
    let (_, said) = expect_code(&pullstorm(&["merge", &none]), 2);
    assert!(said.contains("cannot read"), "{said}");
    fs::create_dir(&none).unwrap();
    let (_, said) = expect_code(&pullstorm(&["merge", &none]), 2);
    assert!(said.contains("holds no sweep: there is no plan.json"), "{said}");
    let (_, said) = expect_code(&pullstorm(&["merge", &a, "--out", &b]), 2);
    assert!(said.contains("holds another sweep"), "{said}");
    let (_, said) = expect_code(&pullstorm(&["merge", &a, "--metric", "pulls"]), 2);
    assert!(said.contains("--metric: there is no metric `pulls`"), "{said}");
    fs::create_dir_all(folder.path("a/other/sweep")).unwrap();
    let copy = folder.path("a/other/sweep/plan.json");
    fs::copy(folder.results("a").join("plan.json"), copy).unwrap();
    let (_, said) = expect_code(&pullstorm(&["merge", &a]), 2);
    assert!(said.contains("holds 2 sweeps; name the folder of one, such as "), "{said}");
    expect_code(&pullstorm(&["merge"]), 2);
}

#[test]
fn wrong_usage_is_told_before_anything_runs() {
    let folder = Few::new("usage");
    let plan = folder.results("plan").join("plan.json").to_string_lossy().into_owned();
    expect_code(&folder.sweep("plan", &["--plan", "-q"]), 0);
    let out = folder.path("out");
    for (flags, part) in [
        (vec!["sweep", "spot-churn"], "spot-churn.toml has no [sweep]: say what to vary"),
        (vec!["sweep", &plan, "--set", "seed=1"], "--set has no place beside a plan"),
        (vec!["sweep", &plan, "--seed", "1"], "--seed has no place beside a plan"),
        (vec!["sweep", &plan, "--replications", "1"], "--replications has no place"),
        (vec!["sweep", &plan, "--vary", "seed=1"], "--vary has no place beside a plan"),
        (vec!["sweep", &plan, "--design", "zip"], "--design has no place beside a plan"),
        (vec!["sweep", &plan, "--until", "pods +- 1%"], "--until has no place beside a plan"),
        (
            vec!["sweep", &plan, "--shard", "4/4"],
            "there is no shard 4/4: shards are counted from 0",
        ),
        (vec!["sweep", &plan, "--shard", "auto"], "no scheduler numbers this task"),
        (vec!["sweep", &plan, "--shard", "0/2", "--fresh"], "cannot be used with"),
        (vec!["sweep", &plan, "--metric", "pods_reddy"], "did you mean `pods_ready`?"),
        (vec!["sweep", &plan, "--metric", "workload.apo.pods"], "no [workload.apo] in force"),
        (vec!["sweep", "spot-churn", "--design", "net"], "one-at-a-time"),
        (
            vec!["sweep", "spot-churn", "--vary", "seed=1,2", "--until", "workload.x.pods +- 1%"],
            "--until: `workload.x.pods`: there is no [workload.x] in force",
        ),
        (vec!["sweep", "spot-churn", "--until", "pods"], "--until: `pods` has no `+-`"),
    ] {
        let mut arguments = flags;
        arguments.extend(["--out", &out]);
        let (shown, said) = expect_code(&pullstorm(&arguments), 2);
        assert!(said.contains(part), "{arguments:?}: no {part} in\n{said}");
        assert!(shown.is_empty() && !Path::new(&out).exists(), "{arguments:?}");
    }
    let changed = fs::read_to_string(&plan).unwrap().replacen("\"seed\": 3", "\"seed\": 4", 1);
    let changed_path = folder.path("changed.json");
    fs::write(&changed_path, changed).unwrap();
    let (_, said) = expect_code(&pullstorm(&["sweep", &changed_path, "--out", &out]), 2);
    assert!(said.contains("its content has been changed"), "{said}");
    let (_, said) = expect_code(&pullstorm(&["sweep", "no/plan.json", "--out", &out]), 2);
    assert!(said.contains("cannot read no/plan.json"), "{said}");
}

#[test]
fn every_problem_of_every_axis_is_told_at_once_and_nothing_is_written() {
    let folder = Few::new("problems");
    let flags = [
        "--vary",
        "pool.workers.nodse=1",
        "--vary",
        "pool.workers.nodes=1,900000",
        "--vary",
        "variant=base,prelaod",
    ];
    let (shown, said) = expect_code(&folder.sweep("out", &flags), 3);
    for part in ["did you mean `pool.workers.nodes`?", "900000", "`preload`?", "3 errors"] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
    assert!(shown.is_empty() && !folder.0.join("out").exists());
}

#[test]
fn zipped_lists_and_one_value_at_a_time_are_shown_point_by_point() {
    let folder = Few::new("designs");
    let vary = ["--vary", "pool.workers.nodes=10,20", "--vary", "egress.nat.addresses=1,2"];
    let mut zip = vary.to_vec();
    zip.extend(["--design", "zip"]);
    let (shown, _) = expect_code(&folder.charted("zip", &zip), 0);
    let first = "the expectations hold at all 2 points";
    assert!(shown.starts_with(first), "{shown}");
    assert!(shown.contains("POINTS") && shown.contains("lines-ready_seconds_p95"), "{shown}");
    let mut each = vary.to_vec();
    each.extend(["--design", "one-at-a-time", "-o", "csv"]);
    let (printed, _) = expect_code(&folder.sweep("each", &each), 0);
    let values: Vec<Vec<&str>> =
        printed.lines().skip(1).map(|it| it.split(',').skip(2).take(2).collect()).collect();
    // One address is the base's, so that it is no point of its own.
    assert_eq!(values, [["5", "1"], ["10", "1"], ["20", "1"], ["5", "2"]]);
    each.truncate(6);
    let (shown, _) = expect_code(&folder.charted("each", &each), 0);
    assert!(shown.contains("tornado-unready_pod_minutes"), "{shown}");
    assert!(shown.contains("less base") && shown.contains("nodes = 20"), "{shown}");
    // Columns that do not fit stand in a further table: a figure is never cut.
    let metrics = ["pull_failures", "pods_never_ready", "ready_seconds_p95", "requests", "pods"];
    for metric in metrics {
        each.extend(["--metric", metric]);
    }
    let (shown, _) = expect_code(&folder.sweep("each", &each), 0);
    assert!(!shown.contains('…'), "{shown}");
    assert!(shown.lines().all(|it| it.chars().count() <= 100), "{shown}");
    assert_eq!(shown.matches("the base").count(), 2, "{shown}");
}

#[test]
fn a_sweep_without_expectations_tells_what_its_figures_range_over() {
    let folder = Few::new("range");
    let text = SCENARIO.replace("ready_seconds_p95 = \"< 5m\"", "");
    folder.0.write("few.toml", &text);
    let flags = ["--vary", "pool.workers.nodes=5,60", "--until", "unready_pod_minutes +- 20%"];
    let (shown, _) = expect_code(&folder.sweep("out", &flags), 0);
    assert!(shown.starts_with("2 points: unready_pod_minutes from "), "{shown}");
    assert!(shown.contains("(nodes = 5) to ") && shown.contains("(nodes = 60)"), "{shown}");
    assert!(shown.contains("unready_pod_minutes +- 20% (2 and more replications)"), "{shown}");
    let rows = files(&folder.results("out"));
    let ended = rows.iter().filter(|it| it.1.contains("\"until\":\"reached\"")).count();
    assert_eq!(ended, 2);
}

#[test]
fn a_failure_to_write_keeps_what_is_done() {
    let folder = Few::new("unwritable");
    expect_code(&folder.sweep("out", &["-q"]), 0);
    let results = folder.results("out");
    let whole = files(&results);
    let all = points(&results);
    // A folder in the place of a file: the result cannot be put there.
    fs::remove_file(&all[3]).unwrap();
    fs::create_dir_all(all[3].join("x")).unwrap();
    let (shown, said) = expect_code(&folder.sweep("out", &["-q", "--threads", "1"]), 1);
    let name = all[3].file_name().unwrap().to_string_lossy().into_owned();
    for part in ["cannot write", &name, "finished points are kept"] {
        assert!(said.contains(part), "no {part} in\n{said}");
    }
    assert!(shown.is_empty());
    fs::remove_dir_all(&all[3]).unwrap();
    let (_, said) = expect_code(&folder.sweep("out", &[]), 0);
    assert!(said.contains("5 of 6 points are done already"), "{said}");
    assert_eq!(files(&results), whole);
    let file = folder.path("few.toml");
    let (_, said) = expect_code(&folder.sweep("few.toml", &[]), 1);
    assert!(said.contains("cannot create the folder") && said.contains(&file), "{said}");
}

#[test]
fn threads_change_no_byte() {
    let folder = Few::new("threads");
    expect_code(&folder.charted("one", &["-q", "--threads", "1"]), 0);
    expect_code(&folder.charted("two", &["-q", "--threads", "2"]), 0);
    assert_eq!(files(&folder.results("one")), files(&folder.results("two")));
}
