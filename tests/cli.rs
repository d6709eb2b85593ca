//! The command as a user meets it: exit codes, files, streams.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::Folder;

/// A small cluster: three nodes, six pods, one image.
fn scenario(expectation: &str) -> String {
    format!(
        r#"
title = "three nodes"
question = "Do three nodes pull one image?"
horizon = "10m"
seed = 1
replications = 2

[registry.docker-hub]
preset = "docker-hub"

[egress.nat]
preset = "aws-nat-gateway"

[pool.workers]
nodes = 3
egress = "nat"
runtime = "containerd-1.7"

[image.api]
reference = "docker.io/acme/api:1.25"
layers = ["4MB", "1kB"]

[workload.api]
kind = "deployment"
pool = "workers"
replicas = 6
containers = [{{ image = "api" }}]

{expectation}
"#
    )
}

fn pullstorm(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pullstorm")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn expect_code(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout:\n{}\nstderr:\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// Every file under `folder` with its content; what the clock on the wall said is left out.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
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
            let mut bytes = fs::read(&path).unwrap();
            if name.ends_with("manifest.json") {
                let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                assert!(manifest.as_object_mut().unwrap().remove("wall_clock").is_some());
                bytes = serde_json::to_vec(&manifest).unwrap();
            }
            found.insert(name, bytes);
        }
    }
    found
}

#[test]
fn help_and_version_go_to_standard_output() {
    let help = pullstorm(&["--help"]);
    expect_code(&help, 0);
    for part in ["run", "check", "scenarios", "--set", "Exit codes"] {
        assert!(text(&help.stdout).contains(part), "{part}");
    }
    assert!(help.stderr.is_empty());
    let version = pullstorm(&["--version"]);
    assert_eq!(text(&version.stdout), concat!("pullstorm ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn wrong_usage_is_told_from_unreadable_files() {
    for arguments in [
        ["run", "--no-such-flag"],
        ["run", "--threads=0"],
        ["run", "--replications=0"],
        ["run", "--seed=x"],
        ["run", "no-such-scenario"],
        ["--detail-replication=9", "--replications=3"],
    ] {
        let output = pullstorm(&arguments);
        expect_code(&output, 2);
        assert!(output.stdout.is_empty());
        assert!(!output.stderr.is_empty());
    }
    let output = pullstorm(&["run", "no/such/file.toml"]);
    expect_code(&output, 2);
    assert!(text(&output.stderr).contains("no/such/file.toml"));
    let output = pullstorm(&["compare", "src", "tests"]);
    expect_code(&output, 2);
    assert!(text(&output.stderr).contains("src is a folder: name a scenario file in it"));
}

#[test]
fn a_bad_scenario_writes_nothing_and_shows_every_problem() {
    let folder = Folder::new("cli/bad");
    let path = folder.write("bad.toml", &scenario("[pool.others]\nnodse = 3\negrss = \"nat\"\n"));
    let output = pullstorm(&["run", &path, "--out", &folder.path("out")]);
    expect_code(&output, 3);
    assert!(output.stdout.is_empty());
    let problems = text(&output.stderr);
    assert!(problems.contains("nodse") && problems.contains("egrss"), "{problems}");
    assert!(!Path::new(&folder.path("out")).exists());
}

#[test]
fn check_reports_all_files_at_once() {
    let folder = Folder::new("cli/check");
    let bad = folder.write("bad.toml", &scenario("nodse = 1\n[pool.others]\nfoo = 1\n"));
    let worse = folder.write("worse.toml", &scenario("[[[\n"));
    let good = folder.write("good.toml", &scenario(""));
    let output = pullstorm(&["check", &bad, &good, &worse]);
    expect_code(&output, 3);
    assert!(text(&output.stdout).contains("good.toml: ok"), "{}", text(&output.stdout));
    let problems = text(&output.stderr);
    assert!(problems.contains("bad.toml") && problems.contains("worse.toml"), "{problems}");
    expect_code(&pullstorm(&["check", &good]), 0);
}

#[test]
fn presets_tell_their_values_with_sources() {
    let list = text(&pullstorm(&["presets"]).stdout);
    for name in ["docker-hub", "aws-nat-gateway", "containerd-1.7.34"] {
        assert!(list.contains(name), "{list}");
    }
    let hub = text(&pullstorm(&["presets", "docker-hub"]).stdout);
    for part in
        ["limit.anonymous-pulls.allow = 100", "unverified", "or 1000, 10000: ", "docs.docker.com"]
    {
        assert!(hub.contains(part), "{part}: {hub}");
    }
    let wrong = pullstorm(&["presets", "docker-hup"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("did you mean `docker-hub`?"));
}

#[test]
fn the_schema_is_json() {
    let schema = text(&pullstorm(&["schema"]).stdout);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["properties"]["pool"].is_object());
}

#[test]
fn every_scenario_that_ships_is_listed_and_passes_its_check() {
    let list = text(&pullstorm(&["scenarios"]).stdout);
    for (name, content) in pullstorm::scenario::library::all() {
        assert!(list.lines().any(|it| it == *name), "{name} is missing in\n{list}");
        expect_code(&pullstorm(&["check", name]), 0);
        assert_eq!(text(&pullstorm(&["scenarios", "--show", name]).stdout), *content);
    }
}

#[test]
fn a_run_writes_the_files_that_it_names() {
    let folder = Folder::new("cli/files");
    let path = folder.write("small.toml", &scenario(""));
    let output = pullstorm(&["run", &path, "--out", &folder.path("out"), "--requests"]);
    expect_code(&output, 0);
    let written = files(&Path::new(&folder.path("out")).join("small"));
    let tables = ["manifest.json", "pods.csv", "pulls.csv", "requests.csv", "summary.csv"];
    let others = ["replications.csv", "summary.json", "timeseries.csv"];
    let charts = ["failures", "limits", "ready", "requests", "retries"];
    let mut expected: Vec<String> = charts
        .iter()
        .flat_map(|it| [format!("charts/{it}.png"), format!("charts/{it}.svg")])
        .collect();
    expected.extend(tables.iter().chain(&others).map(|it| (*it).to_owned()));
    expected.sort();
    assert_eq!(written.keys().cloned().collect::<Vec<_>>(), expected);
    for name in tables.iter().chain(&others).chain(&charts) {
        assert!(text(&output.stdout).contains(name), "{name} is not named");
    }
    assert_eq!(text(&written["pods.csv"]).lines().count(), 1 + 6);
    assert!(text(&written["pulls.csv"]).lines().count() > 1);
    assert!(text(&written["requests.csv"]).lines().count() > 1);
    let header = "replication,time_seconds,node,pod,image,attempt,method,object,endpoint,status,\
                  cause\n";
    assert!(text(&written["requests.csv"]).starts_with(header));
    let manifest: serde_json::Value = serde_json::from_slice(&written["manifest.json"]).unwrap();
    assert_eq!(manifest["scenario"], "small");
    assert_eq!(manifest["seed"], 1);
    let parameters = manifest["parameters"].as_array().unwrap();
    let nodes = parameters.iter().find(|it| it["path"] == "pool.workers.nodes").unwrap();
    assert_eq!(nodes["value"], "3");
}

#[test]
fn the_summary_tells_of_pre_pulls_and_of_pods_that_a_moved_tag_left_behind() {
    let folder = Folder::new("cli/first");
    let first = r#"
[timeline.first]
at = "1m"
prepull = { pool = "workers", images = ["api"] }
[image.api-2]
reference = "docker.io/acme/api:2"
layers = ["5MB"]
[timeline.move]
at = "5m"
move_tag = { image = "api", to = "api-2" }
[timeline.node]
at = "5m30s"
scale_nodes = { pool = "workers", nodes = 4 }
[timeline.pods]
at = "8m"
scale_workload = { workload = "api", replicas = 7 }
"#;
    let path = folder.write("first.toml", &scenario(first));
    let output = pullstorm(&["run", &path, "--out", &folder.path("out")]);
    expect_code(&output, 0);
    let shown = text(&output.stdout);
    // The seventh pod runs the new content on the new node; the six before it are ready since 0s.
    for line in [
        "  pods                        7\n",
        "  pre-pulls                   first 4 of 4 ready, the waves done after",
        "  on a stale digest           6 (their tag has moved on)\n",
        "  mixed versions              api 2m",
    ] {
        assert!(shown.contains(line), "no `{line}` in:\n{shown}");
    }
    let written = files(&Path::new(&folder.path("out")).join("first"));
    assert_eq!(text(&written["pods.csv"]).matches(",first-").count(), 4);
}

#[test]
fn a_second_run_leaves_nothing_of_the_first_but_what_is_not_ours() {
    let folder = Folder::new("cli/again");
    let path = folder.write("small.toml", &scenario(""));
    let results = Path::new(&folder.path("out")).join("small");
    expect_code(&pullstorm(&["run", &path, "--out", &folder.path("out"), "--requests"]), 0);
    fs::write(results.join("notes.txt"), "mine").unwrap();
    expect_code(&pullstorm(&["run", &path, "--out", &folder.path("out"), "--no-charts"]), 0);
    let left = files(&results);
    assert!(left.contains_key("notes.txt") && left.contains_key("pulls.csv"));
    assert!(!left.contains_key("requests.csv") && !left.contains_key("charts/ready.svg"));
}

#[test]
fn threads_change_no_byte() {
    let folder = Folder::new("cli/threads");
    let path = folder.write("small.toml", &scenario(""));
    let run = |threads: &str, out: &str| {
        let out = folder.join(out);
        let arguments =
            ["run", &path, "--replications=8", "--requests", "--threads", threads, "-o=csv"];
        let output = Command::new(env!("CARGO_BIN_EXE_pullstorm"))
            .args(arguments)
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        expect_code(&output, 0);
        (output.stdout, files(&out))
    };
    let (one, two) = (run("1", "one"), run("2", "two"));
    assert!(!one.1.is_empty());
    assert!(one == two);
}

#[test]
fn standard_output_carries_the_format_that_was_asked_for() {
    let folder = Folder::new("cli/formats");
    let path = folder.write("small.toml", &scenario(""));
    let out = folder.path("out");
    let printed = |format: &str| {
        let output = pullstorm(&["run", &path, "--no-charts", "--out", &out, "-o", format]);
        expect_code(&output, 0);
        text(&output.stdout)
    };
    let written = |name: &str| fs::read_to_string(Path::new(&out).join("small").join(name));
    assert_eq!(printed("json"), written("summary.json").unwrap());
    assert_eq!(printed("csv"), written("summary.csv").unwrap());
    assert!(printed("md").starts_with("## three nodes"));
    assert!(printed("table").contains("OUTCOME"));
}

#[test]
fn levers_are_ranked_where_the_variants_run_too() {
    let folder = Folder::new("cli/with-variants");
    let path = folder.join("small.toml");
    // Three nodes behind a limit of one pull; two variants lift it, one changes nothing.
    let limit = "\n[registry.docker-hub.limit.anonymous-pulls]\nallow = 1\n";
    let variants = "\n[variant.more]\nlever = \"addresses\"\negress.nat.addresses = 1\n\
                    \n[variant.higher]\nlever = \"preload\"\npool.workers.preloaded = [\"api\"]\n";
    fs::write(&path, scenario("") + limit + variants).unwrap();
    let path = path.to_string_lossy();
    let run = |flags: &[&str]| {
        let out = folder.path("out");
        let mut arguments = vec!["run", &path, "--no-charts", "-q", "--out", &out];
        arguments.extend(flags);
        let printed = text(&pullstorm(&arguments).stdout);
        printed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let plain = run(&[]);
    assert!(plain.contains("DIAGNOSIS cold-ephemeral-nodes (clear)"), "{plain}");
    assert!(
        plain.contains("not measured here; pullstorm run small.toml --variant higher"),
        "{plain}"
    );
    let measured = run(&["--with-variants"]);
    assert!(measured.contains("preload saves "), "{measured}");
    assert!(measured.contains("preload saves 100% (higher): shares"), "{measured}");
    // Every variant has its row, what helps first.
    let rows = "higher saves 20.1 (100%) never ready 0 failed pulls 0 \
                more the same never ready 2 failed pulls 12";
    assert!(measured.contains(rows), "{measured}");
    let json = run(&["--with-variants", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let first = &json["diagnosis"]["variants_measured"][0];
    assert_eq!((&first["variant"], &first["lever"]), (&"higher".into(), &"preload".into()));
    expect_code(&pullstorm(&["run", &path, "--with-variants", "--variant", "more"]), 2);
}

#[test]
fn talk_is_silent_when_asked_and_colours_stay_off_pipes() {
    let folder = Folder::new("cli/quiet");
    let path = folder.write("small.toml", &scenario(""));
    let output = pullstorm(&["run", &path, "--no-charts", "-q", "--out", &folder.path("out")]);
    expect_code(&output, 0);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    assert!(!output.stdout.contains(&0x1b));
    let output = Command::new(env!("CARGO_BIN_EXE_pullstorm"))
        .args(["check", "no-such-scenario"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(!output.stderr.contains(&0x1b));
}

#[test]
fn a_failed_expectation_has_an_exit_code_of_its_own() {
    let folder = Folder::new("cli/expect");
    let path = folder.write("small.toml", &scenario("[expect]\npods = \"> 1000000\"\n"));
    let output = pullstorm(&["run", &path, "--no-charts", "--out", &folder.path("out")]);
    expect_code(&output, 4);
    assert!(text(&output.stdout).contains('✗'));
    assert!(Path::new(&folder.path("out")).join("small/summary.json").exists());
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pullstorm"))
        .args(["scenarios"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before the program can have written anything.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = Folder::new("cli/unwritable");
    let path = folder.write("small.toml", &scenario(""));
    let file = folder.join("file");
    fs::write(&file, "").unwrap();
    let output = pullstorm(&["run", &path, "--out", file.to_str().unwrap()]);
    expect_code(&output, 1);
    assert!(text(&output.stderr).contains("file"), "{}", text(&output.stderr));
}

/// What no released software has is marked in the manifest where it is in force, and only there.
#[test]
fn a_what_if_is_marked_in_the_summary_and_in_the_manifest() {
    let folder = Folder::new("cli/what-if");
    let scenario = folder.write("small.toml", &scenario(""));
    let out = folder.path("out");
    let jitter = "pool.workers.kubelet.image_backoff_jitter";
    let set = format!("{jitter}=50%");
    let arguments =
        ["run", &scenario, "--set", &set, "--no-charts", "--replications", "1", "--out", &out];
    let output = pullstorm(&arguments);
    expect_code(&output, 0);
    let printed = text(&output.stdout);
    assert!(printed.contains(&format!("Set: {set} (what-if)")), "{printed}");
    let written = files(Path::new(&out));
    let (_, manifest) = written.iter().find(|(name, _)| name.ends_with("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    let all = manifest["parameters"].as_array().unwrap();
    let marked: Vec<_> = all.iter().filter(|it| it.get("what_if").is_some()).collect();
    assert_eq!(marked.len(), 1, "{marked:?}");
    assert_eq!(
        (marked[0]["path"].as_str(), marked[0]["what_if"].as_bool()),
        (Some(jitter), Some(true))
    );
}

/// What `what-now` prints for a scenario with two ways out of three.
fn state() -> String {
    scenario("[expect]\npods_never_ready = \"> 5\"")
        .replace("horizon = \"10m\"", "horizon = \"12h\"")
        + r#"
[state.limit.anonymous-pulls]
remaining = 0
[state.stuck.api]
pods = 4
[timeline.kick]
at = "1m"
restart_kubelets = { pool = "workers" }
enabled = false
[variant.kick]
title = "kubelets | restarted"
timeline.kick.enabled = true
[variant.no-limit]
title = "no limit"
registry.docker-hub.limit.anonymous-pulls.allow = 1000
state.limit.anonymous-pulls.remaining = 1000
"#
}

#[test]
fn what_now_answers_first_and_in_the_format_that_was_asked_for() {
    let folder = Folder::new("cli/what-now");
    let path = folder.join("storm.toml");
    let running = "kind = \"deployment\"\nstart = { running = true }";
    fs::write(&path, state().replacen("kind = \"deployment\"", running, 1)).unwrap();
    let path = path.to_string_lossy().into_owned();
    let now = |more: &[&str]| {
        let mut arguments = vec!["what-now", &path, "--quiet"];
        arguments.extend(more);
        let output = pullstorm(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let table = now(&[]);
    assert!(table.starts_with("if nothing is done: clears in "), "{table}");
    assert!(table.contains("over what is not known)"), "{table}");
    assert_eq!(table, now(&["--threads", "1"]), "threads change nothing");
    assert_ne!(table, now(&["--seed", "2"]));
    let csv = now(&["-o", "csv"]);
    let rows: Vec<&str> = csv.lines().map(|it| it.split(',').next().unwrap()).collect();
    assert_eq!(rows, ["way", "nothing", "no-limit", "kick"]);
    let json: serde_json::Value = serde_json::from_str(&now(&["-o", "json"])).unwrap();
    assert_eq!(json["nothing"]["way"], "nothing");
    assert_eq!(json["hangs_on"][0]["state"], "state.limit.anonymous-pulls");
    assert!(now(&["-o", "md"]).contains("kubelets \\| restarted"));
    // The scenario's expectations are not judged, and nothing is written.
    assert_eq!(fs::read_dir(&*folder).unwrap().count(), 1);
    let known = now(&["--set", "state.limit.anonymous-pulls.history=newest"]);
    assert!(known.contains("over luck)"), "{known}");
}

#[test]
fn what_now_tells_what_is_wrong_with_every_variant_at_once() {
    let folder = Folder::new("cli/what-now-wrong");
    let path = folder.join("storm.toml");
    let text_of = state().replacen("pods = 4", "pods = 5", 1);
    fs::write(&path, text_of).unwrap();
    let output = pullstorm(&["what-now", &path.to_string_lossy(), "--set", "seed=3"]);
    assert_eq!(output.status.code(), Some(3));
    let told = text(&output.stderr);
    assert!(told.contains("is of a workload that does not run"), "{told}");
    assert!(output.stdout.is_empty());
    let output = pullstorm(&["what-now"]);
    assert_eq!(output.status.code(), Some(2), "a scenario has to be named");
}

#[test]
fn what_now_says_that_nothing_waits_where_nothing_does() {
    let folder = Folder::new("cli/what-now-calm");
    let path = folder.join("calm.toml");
    let running = "kind = \"deployment\"\nstart = { running = true }";
    fs::write(&path, scenario("").replacen("kind = \"deployment\"", running, 1)).unwrap();
    let output = pullstorm(&["what-now", &path.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("the scenario has no [state]"));
    assert!(text(&output.stdout).starts_with("if nothing is done: nothing waits"));
}
