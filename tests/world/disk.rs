//! Disks that fill up: image GC, disk pressure, pruning, pulls that do not fit.
//!
//! The rules are those of kubernetes `image_gc_manager.go` and `eviction_manager.go`; the figures
//! follow from them by hand. A kubelet's loops begin within 10 s (images) and 20 s (eviction) of
//! its start, so what happens at 300 s by the rule happens between 300 s and 310 s.

#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{Lab, Seen, known, outcome, spec};
use pullstorm::model::record::measure;
use pullstorm::model::record::outcome::Outcome;
use pullstorm::model::words::polling::Polling;
use pullstorm::model::{Recording, run};

/// One registry, small manifests, fast unpacking; `pool` and `more` as given.
fn lab(horizon: &str, pool: &str, more: &str) -> Lab {
    Lab::new().with(&format!("horizon = '{horizon}'")).pool(pool).with(more)
}

/// Images of one layer each, by name and size, with no bytes beside it.
fn images(list: &[(&str, &str)]) -> String {
    let image = |(name, size): &(&str, &str)| {
        format!(
            "[image.{name}]\nreference = \"lab.example/{name}:1\"\nconfig = \"0B\"\n\
             manifest = \"0B\"\nlayers = [\"{size}\"]\n"
        )
    };
    list.iter().map(image).collect()
}

/// A job of one pod that runs for a while with an image.
fn job(name: &str, image: &str, at: &str, duration: &str) -> String {
    format!(
        "[workload.{name}]\nkind = \"job\"\npool = \"some\"\ncompletions = 1\n\
         duration = \"{duration}\"\nstart = {{ at = \"{at}\" }}\n\
         containers = [{{ image = \"{image}\" }}]\n"
    )
}

/// A pod on each node that goes on with an image.
fn daemon(image: &str) -> String {
    format!(
        "[workload.x]\nkind = \"daemonset\"\npool = \"some\"\n\
         containers = [{{ image = \"{image}\" }}]\n"
    )
}

fn deleted(outcome: &Outcome, reason: &str) -> f64 {
    known(outcome, "run", &format!("images_deleted_by_reason.{reason}"))
}

/// Pulls of an image, by their first requests.
fn heads(requests: &[Seen], image: &str) -> usize {
    requests.iter().filter(|it| it.image == image && it.method == "HEAD").count()
}

/// The fullest disk of the pool at each sample.
fn shares(outcome: &Outcome) -> Vec<f64> {
    let gauges = &outcome.detail.as_ref().expect("recorded").gauges;
    let gauge = gauges.iter().find(|it| it.series == "disk_used_share").expect("it has a size");
    gauge.samples.iter().flatten().copied().collect()
}

/// The worked example of the rules as a run. 100 GiB with 72 GiB of other things. A is never used,
/// B was seen in use at the look of 300 s, C at that of 600 s. D comes at 850 s and is gone from
/// use before a look sees it; it fills the disk to 86 %. Image GC of 900 s has to free 6 GiB and
/// deletes A, passes over D, deletes B and C.
#[test]
fn the_worked_example_of_image_gc_happens_in_a_run() {
    let pool = r#"
nodes = 1
preloaded = ["a"]
kubelet = { eviction_hard = { imagefs_available = "0%" } }
disk = { capacity = "100GiB", used = "72GiB", unpacked_ratio = 0, unpack = "100GB/s" }
"#;
    let more = images(&[("a", "3GiB"), ("b", "2GiB"), ("c", "4GiB"), ("d", "5GiB")])
        + &job("b1", "b", "0s", "400s")
        + &job("c1", "c", "0s", "700s")
        + &job("d1", "d", "850s", "1s")
        + &job("a2", "a", "1000s", "1s")
        + &job("b2", "b", "1010s", "1s")
        + &job("c2", "c", "1020s", "1s")
        + &job("d2", "d", "1030s", "1s");
    let (seen, requests) = lab("1100s", pool, &more).requests();
    assert_eq!(deleted(&seen, "gc-threshold"), 3.0);
    assert_eq!(known(&seen, "pool.some", "images_deleted"), 3.0);
    assert_eq!(known(&seen, "run", "image_gc_failures"), 0.0);
    assert_eq!(known(&seen, "run", "pods_evicted"), 0.0);
    let pulled = ["a", "b", "c", "d"].map(|it| heads(&requests, it));
    assert_eq!(pulled, [1, 2, 2, 1], "D is still there, the others come again");
    let shares = shares(&seen);
    assert_eq!((shares[88], shares[91]), (0.86, 0.77));
}

/// Twelve never-used images of 5 GB, unpacked 2.5 GB more, fill 90 % of 100 GB. To reach 80 %, 10
/// GB are to be freed: two images are credited with that and free 15 GB.
#[test]
fn unpacked_bytes_make_a_deletion_free_more_than_it_is_credited() {
    let names: Vec<String> = (0..12).map(|it| format!("i{it}")).collect();
    let list: Vec<(&str, &str)> = names.iter().map(|it| (&**it, "5GB")).collect();
    let pool = format!(
        "nodes = 1\npreloaded = {names:?}\n\
         kubelet = {{ eviction_hard = {{ imagefs_available = \"0%\" }} }}\n\
         disk = {{ capacity = \"100GB\", unpacked_ratio = 0.5 }}"
    );
    let more = images(&list) + &job("j", "i0", "10m", "1s");
    let seen = lab("11m", &pool, &more).outcome();
    assert_eq!(deleted(&seen, "gc-threshold"), 2.0);
    let shares = shares(&seen);
    assert_eq!((shares[28], shares[31]), (0.9, 0.75));
    assert_eq!(known(&seen, "run", "disk_used_share_max"), 0.9);
    // 90 of 107 GB are 84.1 %, but 85 as the kubelet rounds, and 4.4 GB are missing; of 108 GB, 16
    // whole percent are available.
    for (capacity, images) in [("107GB", 1.0), ("108GB", 0.0)] {
        let pool = pool.replace("100GB", capacity);
        let seen = lab("11m", &pool, &more).outcome();
        assert_eq!(deleted(&seen, "gc-threshold"), images, "{capacity}");
    }
}

/// Twelve images share 4 GB and have 1 GB each: 16 of 18 GB. 1.6 GB are to be freed; one image is
/// credited with 5 GB and frees 1 GB, which leaves 83.3 %.
#[test]
fn shared_layers_make_image_gc_stop_early() {
    let names: Vec<String> = (0..12).map(|it| format!("i{it}")).collect();
    let image = |name: &String| {
        format!(
            "[image.{name}]\nreference = \"lab.example/{name}:1\"\nfrom = \"base\"\n\
             config = \"0B\"\nmanifest = \"0B\"\nlayers = [\"1GB\"]\n"
        )
    };
    let more: String = names.iter().map(image).collect::<String>()
        + "[image.base]\nlayers = [\"4GB\"]\n"
        + &job("j", "i0", "10m", "1s");
    let pool = format!(
        "nodes = 1\npreloaded = {names:?}\n\
         kubelet = {{ eviction_hard = {{ imagefs_available = \"0%\" }} }}\n\
         disk = {{ capacity = \"18GB\", unpacked_ratio = 0 }}"
    );
    let seen = lab("9m", &pool, &more).outcome();
    assert_eq!(deleted(&seen, "gc-threshold"), 1.0);
    assert_eq!(*shares(&seen).last().expect("sampled"), 15.0 / 18.0);
}

/// 90 % of the disk, all of it in use: GC finds nothing at 300 s, 600 s and 900 s.
#[test]
fn image_gc_that_finds_too_little_is_counted_each_time() {
    let pool = r#"
nodes = 2
kubelet = { eviction_hard = { imagefs_available = "0%" } }
disk = { capacity = "100GB", used = "80GB", unpacked_ratio = 0 }
"#;
    let more = images(&[("a", "10GB")])
        + "[workload.x]\nkind = \"daemonset\"\npool = \"some\"\nstart = { running = true }\n\
           containers = [{ image = \"a\" }]\n";
    let lab = lab("1000s", pool, &more);
    let seen = lab.outcome();
    assert_eq!(known(&seen, "run", "image_gc_failures"), 6.0);
    assert_eq!(known(&seen, "run", "images_deleted"), 0.0);
    let off = lab.pool(
        "kubelet = { image_gc_high_threshold_percent = 100, \
         eviction_hard = { imagefs_available = '0%' } }",
    );
    assert_eq!(known(&off.outcome(), "run", "image_gc_failures"), 0.0);
}

/// Without a size of the disk, age alone deletes: after more than 10 min of the kubelet, so at 900
/// s, what was not used for more than 10 min. The pinned image and the one in use stay.
#[test]
fn images_unused_for_too_long_are_deleted_by_age() {
    let pool = r#"
nodes = 3
preloaded = ["never", "kept"]
disk = { pinned = ["kept"] }
kubelet = { image_maximum_gc_age = "10m" }
"#;
    let more = images(&[("never", "1GB"), ("kept", "1GB"), ("used", "1GB")]) + &daemon("used");
    let deleted_until = |horizon| deleted(&lab(horizon, pool, &more).outcome(), "gc-age");
    assert_eq!(
        (deleted_until("899s"), deleted_until("911s"), deleted_until("3h")),
        (0.0, 3.0, 3.0)
    );
}

/// 90 % of the disk: the eviction manager deletes all that is unused and not pinned, down to 15 %,
/// not just to 80 %. The node takes a new pod 300 s later.
#[test]
fn disk_pressure_wipes_every_unused_image_and_keeps_pods_away() {
    let names: Vec<String> = (0..12).map(|it| format!("i{it}")).collect();
    let list: Vec<(&str, &str)> = names.iter().map(|it| (&**it, "5GB")).collect();
    let pool = format!(
        "nodes = 1\npreloaded = {names:?}\n\
         disk = {{ capacity = \"100GB\", unpacked_ratio = 0.5, pinned = [\"i11\"] }}"
    );
    let workload = |name: &str, image: &str, start: &str| {
        format!(
            "[workload.{name}]\nkind = \"deployment\"\npool = \"some\"\nreplicas = 1\n\
             start = {{ {start} }}\ncontainers = [{{ image = \"{image}\" }}]\n"
        )
    };
    let more = images(&list)
        + &workload("runs", "i0", "running = true")
        + &workload("late", "i0", "at = \"60s\"");
    let seen = lab("10m", &pool, &more).outcome();
    assert_eq!(deleted(&seen, "disk-pressure"), 10.0);
    assert_eq!(deleted(&seen, "gc-threshold"), 0.0);
    assert_eq!(known(&seen, "run", "pods_evicted"), 0.0);
    assert_eq!(*shares(&seen).last().expect("sampled"), 0.15);
    // Pressure is seen within 20 s and lasts 300 s from then; the pod was created at 60 s.
    let ready = known(&seen, "workload.late", "ready_seconds_max");
    assert!((240.0..=261.0).contains(&ready), "{ready}");
}

/// 80 GB of other things and a 10 GB image in use leave less than 15 %: one pod goes at a time, 10
/// s apart; then nobody uses the image, and it goes as well. The pods are replaced and wait for the
/// end of the pressure.
#[test]
fn pods_are_evicted_one_by_one_while_deleting_images_is_not_enough() {
    let pool = r#"
nodes = 1
disk = { capacity = "100GB", used = "80GB", unpacked_ratio = 0 }
"#;
    let more = images(&[("a", "10GB")])
        + "[workload.x]\nkind = \"deployment\"\npool = \"some\"\nreplicas = 2\n\
           start = { running = true }\ncontainers = [{ image = \"a\" }]\n";
    let of = |horizon| {
        let seen = lab(horizon, pool, &more).outcome();
        ["pods_evicted", "pods", "pods_ready", "pull_attempts"].map(|it| known(&seen, "run", it))
    };
    assert_eq!(of("31s"), [2.0, 2.0, 0.0, 0.0]);
    let seen = lab("299s", pool, &more).outcome();
    assert_eq!(known(&seen, "pool.some", "pods_evicted"), 2.0);
    assert_eq!(deleted(&seen, "disk-pressure"), 1.0);
    // What was deleted has to be pulled again.
    let [_, _, _, attempts] = of("345s");
    assert!(1.0 <= attempts);
}

#[test]
fn a_daemonset_pod_waits_on_its_node_for_the_end_of_the_pressure() {
    let pool = r#"
nodes = 1
preloaded = ["a"]
disk = { capacity = "100GB", used = "80GB", unpacked_ratio = 0 }
"#;
    let more = images(&[("a", "10GB"), ("b", "1GB")])
        + "[workload.x]\nkind = \"daemonset\"\npool = \"some\"\nstart = { at = \"60s\" }\n\
           containers = [{ image = \"b\" }]\n";
    let seen = lab("10m", pool, &more).outcome();
    let ready = known(&seen, "workload.x", "ready_seconds_max");
    assert!((240.0..=275.0).contains(&ready), "{ready}");
}

/// 20 MB compressed and as much unpacked do not fit into 30 MB.
#[test]
fn a_layer_that_does_not_fit_fails_the_pull_and_leaves_nothing() {
    let pool = r#"
nodes = 1
kubelet = { eviction_hard = { imagefs_available = "0%", nodefs_available = "0%" } }
disk = { capacity = "30MB", unpacked_ratio = 1 }
"#;
    let more = images(&[("a", "20MB")]) + &job("j", "a", "0s", "1s");
    let lab = lab("10m", pool, &more);
    let seen = lab.outcome();
    let attempts = known(&seen, "run", "pull_attempts");
    assert!(4.0 < attempts);
    assert_eq!(known(&seen, "run", "pull_failures_by_cause.disk-full"), attempts);
    assert_eq!(known(&seen, "run", "discarded_bytes"), attempts * 20e6);
    assert_eq!(known(&seen, "run", "disk_used_share_max"), 20.0 / 30.0);
    assert_eq!(*shares(&seen).last().expect("sampled"), 0.0);
    // A body has its room from its first byte on: one that does not fit does not begin.
    let with_disk = |capacity: &str| {
        lab.clone().pool(&format!("disk = {{ capacity = '{capacity}', unpacked_ratio = 1 }}"))
    };
    let seen = with_disk("19MB").outcome();
    assert_eq!(known(&seen, "run", "pull_failures_by_cause.disk-full"), attempts);
    assert_eq!(known(&seen, "run", "egress_bytes"), 0.0);
    assert_eq!(known(&with_disk("40MB").outcome(), "run", "pods_ready"), 1.0);
}

/// Two pods want images that fit one at a time. The one ends at 11 min and leaves 86.7 % used by an
/// unused image; image GC of 900 s deletes it, and the next attempt of the other fits.
#[test]
fn a_pull_that_found_the_disk_full_succeeds_once_images_are_deleted() {
    let pool = r#"
nodes = 1
kubelet = { eviction_hard = { imagefs_available = "0%", nodefs_available = "0%" } }
disk = { capacity = "30MB", unpacked_ratio = 0 }
"#;
    let more = images(&[("a", "26MB"), ("b", "25MB")])
        + &job("first", "a", "0s", "11m")
        + &job("second", "b", "60s", "1s");
    let seen = lab("1h", pool, &more).outcome();
    assert!(4.0 < known(&seen, "run", "pull_failures_by_cause.disk-full"));
    assert_eq!(known(&seen, "run", "pods_ready"), 2.0);
    let ready = known(&seen, "workload.second", "ready_seconds_max");
    assert!((840.0..1_166.0).contains(&ready), "{ready}");
}

const PRUNED: &str = r#"
nodes = 2
preloaded = ["a", "b", "c"]
"#;

fn pruned(horizon: &str, pool: &str, prune: &str, more: &str) -> Outcome {
    let more = images(&[("a", "1GB"), ("b", "1GB"), ("c", "1GB")])
        + &daemon("a")
        + &format!("[timeline.prune]\nat = \"10m\"\nprune_images = {{ pool = \"some\"{prune} }}\n")
        + more;
    lab(horizon, pool, &more).outcome()
}

#[test]
fn pruning_deletes_what_no_container_uses_but_for_what_it_keeps() {
    assert_eq!(deleted(&pruned("9m", PRUNED, "", ""), "prune"), 0.0);
    assert_eq!(deleted(&pruned("11m", PRUNED, "", ""), "prune"), 4.0);
    assert_eq!(deleted(&pruned("11m", PRUNED, ", keep = [\"b\"]", ""), "prune"), 2.0);
    // Pins are the kubelet's business.
    let pinned = format!("{PRUNED}\ndisk = {{ pinned = [\"b\"] }}");
    assert_eq!(deleted(&pruned("11m", &pinned, "", ""), "prune"), 4.0);
}

/// 3 of 6 GB are 50 %.
#[test]
fn pruning_can_be_left_to_nodes_whose_disk_is_fuller_than_a_share() {
    let pool = format!("{PRUNED}\ndisk = {{ capacity = \"6GB\", unpacked_ratio = 0 }}");
    let of = |share| {
        let prune = format!(", only_above = \"{share}\"");
        deleted(&pruned("11m", &pool, &prune, ""), "prune")
    };
    assert_eq!((of("50%"), of("49.9%")), (0.0, 4.0));
}

/// Every hour from 10 min on, between 2 h and 4 h: the first run that counts is that of 2 h 10 min.
/// B is there for a pod at 2 h and no more at 2 h 20 min.
#[test]
fn pruning_keeps_to_its_time_of_the_day() {
    let prune = ", every = \"1h\", between = { from = \"2h\", until = \"4h\" }";
    let more = job("j1", "b", "2h", "1s");
    assert_eq!(deleted(&pruned("129m", PRUNED, prune, &more), "prune"), 0.0);
    let more = more + &job("j2", "b", "140m", "1s") + &job("j3", "b", "5h", "1s");
    let seen = pruned("20h", PRUNED, prune, &more);
    assert_eq!(known(&seen, "workload.j1", "pull_attempts"), 0.0);
    assert_eq!(known(&seen, "workload.j2", "pull_attempts"), 1.0);
    // At 3 h 10 min it goes once more; at 4 h 10 min and all evening nobody prunes.
    assert_eq!(known(&seen, "workload.j3", "pull_attempts"), 1.0);
    assert_eq!(deleted(&seen, "prune"), 5.0);
    let next_day = pruned("27h", PRUNED, prune, &more);
    assert_eq!(deleted(&next_day, "prune"), 6.0);
}

#[test]
fn pruning_nothing_is_the_same_run_as_not_pruning() {
    let more = images(&[("a", "1GB")]) + &daemon("a");
    let lab = lab("1h", "nodes = 5\n", &more);
    let plain = lab.outcome();
    let pruned = lab.at("5m", "p", "prune_images = { pool = 'some', every = '5m' }").outcome();
    assert_eq!(plain.digest, pruned.digest);
}

/// Base and x are in use, y shares base's layer: pruned and pulled again, y costs its manifest, its
/// config and its own layer.
#[test]
fn what_was_deleted_costs_the_registry_again_but_for_layers_that_stayed() {
    let text = lab(
        "1h",
        "nodes = 1\n",
        &(r#"
[image.base]
layers = ["10MB"]
[image.x]
reference = "lab.example/x:1"
from = "base"
layers = ["1MB"]
[image.y]
reference = "lab.example/y:1"
from = "base"
layers = ["2MB"]
[workload.x]
kind = "daemonset"
pool = "some"
containers = [{ image = "x" }]
[timeline.prune]
at = "10m"
prune_images = { pool = "some" }
"#
        .to_owned()
            + &job("y1", "y", "5m", "1s")
            + &job("y2", "y", "20m", "1s")),
    );
    let objects = |lab: &Lab| -> Vec<String> {
        let (_, requests) = lab.requests();
        let of_y = requests.into_iter().filter(|it| it.image == "y");
        of_y.map(|it| it.object).collect()
    };
    let once = ["tag", "manifest", "config", "layer1"];
    assert_eq!(objects(&text), [once, once].concat());
    assert_eq!(objects(&text.set("timeline.prune", "at = '4m'")), once);
}

/// Y's own layer takes 80 s; meanwhile x goes, with which y shares the layer below. The pull holds
/// it.
#[test]
fn a_pull_in_flight_keeps_the_layers_of_an_image_that_is_deleted() {
    let text = lab(
        "10m",
        "nodes = 1\nnic = \"10Mbit/s\"\npreloaded = [\"x\"]",
        &(r#"
[image.base]
layers = ["10MB"]
[image.x]
reference = "lab.example/x:1"
from = "base"
layers = ["1MB"]
[image.y]
reference = "lab.example/y:1"
from = "base"
layers = ["100MB"]
[timeline.prune]
at = "40s"
prune_images = { pool = "some" }
"#
        .to_owned()
            + &job("y", "y", "0s", "1s")
            + &job("x", "x", "5m", "1s")),
    );
    let (seen, requests) = text.requests();
    assert_eq!(deleted(&seen, "prune"), 1.0);
    let objects: Vec<&str> = requests.iter().map(|it| &*it.object).collect();
    assert_eq!(objects[..4], ["tag", "manifest", "config", "layer1"], "of y");
    assert_eq!(objects[4..], ["tag", "manifest", "config", "layer1"], "of x, whose base stayed");
}

/// A container that ended with its machine is still there when the machine is back: its image is in
/// use until the pod starts it anew, so pruning right then changes nothing.
#[test]
fn a_restarted_node_still_has_the_images_of_its_pods() {
    let more = images(&[("a", "1GB")])
        + &daemon("a")
        + "[timeline.restart]\nat = \"5m\"\nrestart_nodes = { pool = \"some\" }\n\
           [timeline.prune]\nat = \"390s\"\nprune_images = { pool = \"some\" }\n";
    let seen = lab("10m", "nodes = 3\n", &more).outcome();
    assert_eq!(deleted(&seen, "prune"), 0.0);
    assert_eq!(known(&seen, "run", "pull_attempts"), 3.0);
    assert_eq!(known(&seen, "run", "unready_pod_minutes").round(), 5.0, "3 times 90 s, and pulls");
}

/// A pool whose disks keep filling: rollouts, restarts of kubelets, prunes.
const BUSY: &str = r#"
horizon = "4h"
[registry.r]
host = "r.example"
rtt = "7ms"
[egress.nat]
[pool.w]
nodes = 12
egress = "nat"
preloaded = ["a", "e"]
max_pods = 6
kubelet = { image_maximum_gc_age = "70m" }
disk = { capacity = "20GB", used = "2GB", unpacked_ratio = 2.1 }
[image.a]
reference = "r.example/a:1"
layers = ["1GB", "50MB"]
[image.b]
reference = "r.example/b:1"
layers = ["1.5GB"]
[image.c]
reference = "r.example/c:1"
from = "a"
layers = ["900MB"]
[image.d]
reference = "r.example/d:1"
layers = ["1.9GB"]
[image.e]
reference = "r.example/e:1"
layers = ["800MB"]
[workload.x]
kind = "deployment"
pool = "w"
replicas = 30
containers = [{ image = "a" }]
[workload.y]
kind = "job"
pool = "w"
completions = 40
parallelism = 10
duration = "6m"
containers = [{ image = "d" }]
[timeline.one]
at = "20m"
rollout = { workload = "x", replace = { a = "b" } }
[timeline.two]
at = "60m"
rollout = { workload = "x", replace = { b = "c" } }
[timeline.three]
at = "100m"
restart_kubelets = { pool = "w", share = "50%" }
[timeline.four]
at = "110m"
rollout = { workload = "x", replace = { c = "d" } }
[timeline.prune]
at = "150m"
prune_images = { pool = "w", every = "30m", only_above = "60%" }
"#;

#[test]
fn loops_that_wake_when_needed_do_what_loops_that_always_run_would() {
    for seed in 0..5 {
        let mut spec = spec(BUSY);
        spec.seed = seed;
        let of =
            |polling| run(&spec, 0, Recording { detail: true, polling, ..Recording::default() });
        let (woken, always) = (of(Polling::Elided), of(Polling::Every));
        assert_eq!(woken.digest, always.digest, "seed {seed}");
        let figures = |it: &Outcome| {
            it.metrics.iter().filter(|it| it.name != measure::EVENTS).cloned().collect::<Vec<_>>()
        };
        assert_eq!(figures(&woken), figures(&always), "seed {seed}");
        assert_eq!(shares(&woken), shares(&always), "seed {seed}");
        for reason in ["gc-age", "disk-pressure"] {
            assert!(0.0 < deleted(&woken, reason), "{reason}, seed {seed}");
        }
        let events = |it: &Outcome| known(it, "run", "events");
        assert!(events(&woken) * 1.5 < events(&always));
    }
}

/// A disk that never comes near its thresholds is the same run as one without a size, event for
/// event.
#[test]
fn a_disk_with_room_costs_nothing() {
    let without = BUSY
        .replace("capacity = \"20GB\", used = \"2GB\", unpacked_ratio = 2.1", "")
        .replace(", only_above = \"60%\"", "")
        .replace("kubelet = { image_maximum_gc_age = \"70m\" }\n", "");
    let with = without.replace("disk = {", "disk = { capacity = \"1TB\"");
    let (without, with) = (outcome(&spec(&without), 0), outcome(&spec(&with), 0));
    assert_eq!(without.digest, with.digest);
    assert_eq!(known(&without, "run", "events"), known(&with, "run", "events"));
}
