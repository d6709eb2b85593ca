//! A sweep that is killed at any moment goes on where it was: nothing is lost, nothing is run
//! twice, and the result is that of the undisturbed sweep.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::support::Folder;
use pullstorm::engine::chance::mix;

const SCENARIO: &str = r#"
title = "few nodes"
horizon = "2h"
seed = 3
replications = 3

[registry.docker-hub]
preset = "docker-hub"
limit.anonymous-pulls.allow = 20

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
pool.workers.nodes = { from = 5, to = 60, step = 5 }
egress.nat.addresses = [1, 2, 3, 4]
"#;

fn command(file: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullstorm"));
    command.arg("sweep").arg(file).arg("--out").arg(out).stdout(Stdio::null());
    command.stderr(Stdio::null());
    command
}

/// Every file of a sweep with its content; what the clock on the wall said is left out.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            let mut bytes = fs::read(&path).unwrap();
            if name == "manifest.json" {
                let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                assert!(manifest.as_object_mut().unwrap().remove("wall_clock").is_some());
                bytes = serde_json::to_vec(&manifest).unwrap();
            }
            found.insert(name, bytes);
        }
    }
    found
}

/// The points that are done, each with when it was written.
fn done(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let entries = fs::read_dir(folder.join("points")).into_iter().flatten();
    let points = entries.map(|it| it.unwrap().path());
    let points = points.filter(|it| it.extension().is_some_and(|it| it == "json"));
    let points = points.filter(|it| !it.file_name().unwrap().to_string_lossy().starts_with('.'));
    points.map(|it| (it.clone(), fs::metadata(&it).unwrap().modified().unwrap())).collect()
}

#[expect(clippy::disallowed_methods, reason = "how long a sweep takes decides when it is killed")]
fn now() -> Instant {
    Instant::now()
}

/// Kills sweeps so often, each at a moment of its own, and resumes them.
fn kill(name: &str, kills: u32) {
    let root = Folder::new(name);
    root.write("few.toml", SCENARIO);
    let file = root.join("few.toml");
    let undisturbed = root.join("undisturbed");
    let start = now();
    assert!(command(&file, &undisturbed).status().unwrap().success());
    let whole = start.elapsed();
    let expected = files(&undisturbed.join("few/sweep"));
    let out = root.join("killed");
    let folder = out.join("few/sweep");
    let (mut killed, mut begun, mut finished) = (0, 0u64, 0);
    while killed < kills {
        begun += 1;
        let before = done(&folder);
        let mut child = command(&file, &out).spawn().unwrap();
        // Anywhere in the time that a third of the sweep takes, so that several kills hit each.
        let share = (mix(begun) >> 40) as f64 / (1u64 << 24) as f64;
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share / 3.0));
        // SIGKILL: the process cannot tidy up.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let after = done(&folder);
        for (point, written) in &before {
            assert_eq!(after.get(point), Some(written), "{} is lost or repeated", point.display());
        }
        if status.success() {
            assert!(files(&folder) == expected, "after {killed} kills");
            finished += 1;
            fs::remove_dir_all(&out).unwrap();
        } else {
            killed += 1;
        }
    }
    let before = done(&folder);
    assert!(command(&file, &out).status().unwrap().success());
    let after = done(&folder);
    assert!(before.iter().all(|(point, written)| after.get(point) == Some(written)));
    let last = files(&folder);
    assert_eq!(last.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert!(last == expected);
    say(killed, finished + 1);
}

#[expect(clippy::print_stdout, reason = "whoever asks for two hundred kills wants to know")]
fn say(killed: u32, finished: u32) {
    println!("{killed} kills, {finished} sweeps finished, all the same");
}

#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    kill("kills/eight", 8);
}

#[test]
#[ignore = "long: cargo test kills -- --ignored --nocapture"]
fn two_hundred_kills_change_nothing() {
    kill("kills/two-hundred", 200);
}
