//! What a reference means: tags that move, digests that do not, policies, and the way back.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{Lab, Seen, known};
use pullstorm::model::record::outcome::Outcome;

/// `app` and `app2` share their lowest layer; `app2` is what the tag of `app` is moved to after ten
/// minutes. A pod a node.
fn lab(nodes: u32, policy: &str, then: &str) -> Lab {
    let container = format!("{{ image = 'app', image_pull_policy = '{policy}' }}");
    Lab::new()
        .unpaced()
        .registry("rtt = '10ms'")
        .pool(&format!("nodes = {nodes}\nboot = '60s'\nmax_pods = 1"))
        .set("image.base", "layers = ['4MB']")
        .image("app", "reference = 'lab.example/app:stable'\nfrom = 'base'\nlayers = ['1MB']")
        .image("app2", "reference = 'lab.example/app:2'\nplatforms = ['amd64', 'arm64']")
        .set("image.app2", "from = 'base'\nlayers = ['2MB', '1MB']")
        .workload("app", &format!("kind = 'deployment'\nreplicas = {nodes}"))
        .set("workload.app", "max_surge = 0\nmax_unavailable = '100%'")
        .set("workload.app", "start = { running = true }")
        .set("workload.app", &format!("containers = [{container}]"))
        .at("10m", "move", "move_tag = { image = 'app', to = 'app2' }")
        .with(then)
}

/// The tag of `app` stays where it is.
const UNMOVED: &str = "[timeline.move]\nenabled = false";
/// One pod at a time, each a minute from ready.
const ONE_BY_ONE: &str = "[workload.app]\nmax_unavailable = 1\nstartup = '1m'";

fn restart(name: &str, at: &str) -> String {
    format!("[timeline.{name}]\nat = \"{at}\"\nrollout = {{ workload = \"app\" }}\n")
}

fn of_app(outcome: &Outcome, name: &str) -> f64 {
    known(outcome, "workload.app", name)
}

/// Method and object of requests from a second on, in order.
fn asked(requests: &[Seen], from: u64) -> Vec<(&str, &str)> {
    let late = requests.iter().filter(|it| from * 1_000_000 <= it.micros);
    late.map(|it| (&*it.method, &*it.object)).collect()
}

#[test]
fn a_node_that_has_the_tag_asks_nobody_and_runs_what_it_has() {
    let (outcome, requests) = lab(4, "IfNotPresent", &restart("again", "20m")).requests();
    assert_eq!(of_app(&outcome, "pods_ready"), 4.0);
    assert_eq!(requests.len(), 0);
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 4.0);
    assert_eq!(known(&outcome, "run", "pods_on_stale_digest"), 4.0);
    assert_eq!(of_app(&outcome, "versions_running"), 1.0);
    assert_eq!(of_app(&outcome, "mixed_versions_seconds"), 0.0);
}

/// Under `Always` the HEAD names the new content: index, manifest, config and two layers are new,
/// the lowest layer is there. The next start sends the HEAD alone.
#[test]
fn always_fetches_what_the_moved_tag_names_and_no_more() {
    let then = restart("again", "20m") + &restart("once-more", "30m");
    let (outcome, requests) = lab(1, "Always", &then).requests();
    let first = [
        ("HEAD", "tag"),
        ("GET", "index"),
        ("GET", "manifest"),
        ("GET", "config"),
        ("GET", "layer1"),
        ("GET", "layer2"),
    ];
    let mut seen = asked(&requests, 0);
    seen[4..6].sort_unstable();
    assert_eq!(seen[..6], first);
    assert_eq!(asked(&requests, 30 * 60), [("HEAD", "tag")]);
    assert_eq!(requests.len(), 7);
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 0.0);
    assert_eq!(of_app(&outcome, "versions_running"), 1.0);
    // 3 MB of layers, the default sizes of the three small objects.
    let bytes = known(&outcome, "run", "egress_bytes");
    assert_eq!(bytes, 3e6 + 1_500.0 + 1_500.0 + 6_000.0);
}

/// Before the move, a start under `Always` is one HEAD: the content is there.
#[test]
fn always_with_an_unmoved_tag_sends_a_head() {
    let (outcome, requests) = lab(3, "Always", &restart("again", "5m")).requests();
    assert_eq!(asked(&requests, 0), [("HEAD", "tag"); 3]);
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 3.0, "they run what was there before");
}

/// Four pods with the old content; two nodes more get two pods of the same revision, which pull the
/// new one. Contents are mixed from when the first of them is ready.
#[test]
fn fresh_nodes_run_what_old_ones_do_not() {
    let grow = "[timeline.nodes]\nat = \"20m\"\nscale_nodes = { pool = \"some\", nodes = 6 }\n\
                [timeline.pods]\nat = \"20m\"\n\
                scale_workload = { workload = \"app\", replicas = 6 }\n";
    let outcome = lab(4, "IfNotPresent", grow).outcome();
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 4.0);
    assert_eq!(of_app(&outcome, "versions_running"), 2.0);
    let detail = outcome.detail.as_ref().unwrap();
    let first = detail.pods.iter().filter_map(|it| it.ready).min().unwrap().as_secs_f64();
    assert!((1_260.0..1_262.0).contains(&first), "20 minutes and a boot: {first}");
    let mixed = of_app(&outcome, "mixed_versions_seconds");
    assert!((mixed - (3_600.0 - first)).abs() < 1e-6, "{mixed} after {first}");
}

/// The tag goes back to its own content: now the two fresh pods are the odd ones. They are deleted
/// and start with what their nodes have under the tag, which nobody asks about.
#[test]
fn a_tag_that_moves_back_makes_the_others_stale() {
    let then = "[timeline.nodes]\nat = \"20m\"\nscale_nodes = { pool = \"some\", nodes = 6 }\n\
                [timeline.pods]\nat = \"20m\"\n\
                scale_workload = { workload = \"app\", replicas = 6 }\n\
                [timeline.back]\nat = \"30m\"\nmove_tag = { image = \"app\", to = \"app\" }\n\
                [timeline.gone]\nat = \"40m\"\ndelete_pods = { workload = \"app\" }\n";
    let outcome = lab(4, "IfNotPresent", then).outcome();
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 2.0);
    assert_eq!(of_app(&outcome, "versions_running"), 2.0);
    assert_eq!(of_app(&outcome, "pull_attempts"), 2.0);
}

/// A pull is settled by its HEAD: the tag that moves under it changes nothing for it.
#[test]
fn a_tag_that_moves_under_a_pull_does_not_reach_it() {
    let slow =
        lab(1, "IfNotPresent", "[workload.app]\nstart = { at = '599s' }").pool("nic = '8Mbit/s'");
    let (outcome, requests) = slow.requests();
    // 5 MB at 1 MB/s: under way when the tag moves at 600 s.
    assert!(604_000_000 < requests.last().unwrap().micros + 5_000_000);
    let objects: Vec<&str> = requests.iter().map(|it| &*it.object).collect();
    assert_eq!(objects, ["tag", "manifest", "config", "layer0", "layer1"]);
    assert_eq!(of_app(&outcome, "pods_ready"), 1.0);
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 1.0);
    // Two seconds later the new one is what it gets.
    let late = slow.set("workload.app", "start = { at = '601s' }");
    let (late, requests) = late.requests();
    assert_eq!(requests[1].object, "index");
    assert_eq!(of_app(&late, "pods_on_stale_digest"), 0.0);
}

/// A node that has the content under another reference resolves the moved tag and fetches nothing.
#[test]
fn content_that_is_there_under_another_name_is_not_fetched() {
    let lab = lab(1, "Always", &restart("again", "20m")).pool("preloaded = ['app2']");
    let (outcome, requests) = lab.requests();
    assert_eq!(asked(&requests, 0), [("HEAD", "tag")]);
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 0.0);
}

/// The tag of `app` moves, the pods name the digest: nothing is stale, nothing is asked.
#[test]
fn a_digest_names_one_content_for_ever() {
    let pinned = |tag: &str| {
        let digest = "ab".repeat(32);
        format!("[image.pinned]\nreference = 'lab.example/app:{tag}@sha256:{digest}'")
    };
    let lab = lab(3, "IfNotPresent", &restart("again", "20m"))
        .image("pinned", "from = 'base'\nlayers = ['1MB']")
        .with(&pinned("stable"))
        .set(
            "workload.app",
            "containers = [{ image = 'pinned', image_pull_policy = 'IfNotPresent' }]",
        );
    let (outcome, requests) = lab.requests();
    assert_eq!(of_app(&outcome, "pods_ready"), 3.0);
    assert_eq!((requests.len(), of_app(&outcome, "pods_on_stale_digest")), (0, 0.0));
    assert_eq!(of_app(&outcome, "versions_running"), 1.0);
    // `latest` beside a digest: the API server looks at the tag, and each start asks.
    let latest =
        lab.with(&pinned("latest")).set("workload.app", "containers = [{ image = 'pinned' }]");
    let (outcome, requests) = latest.requests();
    assert_eq!(asked(&requests, 0), [("HEAD", "tag"); 3]);
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 0.0);
}

/// Two revisions at once are no mix within a revision.
#[test]
fn versions_without_moved_tags_are_those_of_the_templates() {
    let half = "[timeline.roll]\nat = \"20m\"\n\
                rollout = { workload = \"app\", replace = { app = \"app2\" } }\n\
                [timeline.hold]\nat = \"21m30s\"\n\
                pause_rollout = { workload = \"app\", for = \"1h\" }\n";
    let outcome = lab(4, "IfNotPresent", half).with(UNMOVED).with(ONE_BY_ONE).outcome();
    assert_eq!(of_app(&outcome, "versions_running"), 2.0);
    assert_eq!(of_app(&outcome, "mixed_versions_seconds"), 0.0);
    assert_eq!(of_app(&outcome, "pods_on_stale_digest"), 0.0);
}

/// Rolled out to `app2`, on fresh nodes: the image of the revision before is nowhere, and going
/// back pulls it on each node. Undoing that finds everything there.
#[test]
fn a_rollback_pulls_what_is_gone() {
    let then = "[timeline.roll]\nat = \"5m\"\n\
                rollout = { workload = \"app\", replace = { app = \"app2\" } }\n\
                [timeline.nodes]\nat = \"10m\"\n\
                replace_nodes = { pool = \"some\", batch = \"100%\", every = \"1m\" }\n\
                [timeline.undo]\nat = \"20m\"\nrollback = { workload = \"app\" }\n\
                [timeline.undo-again]\nat = \"30m\"\nrollback = { workload = \"app\" }\n";
    let (outcome, requests) = lab(3, "IfNotPresent", then).with(UNMOVED).requests();
    let between = |from: u64, to: u64| {
        let of = |it: &&Seen| (from..to).contains(&(it.micros / 60_000_000));
        requests.iter().filter(of).collect::<Vec<_>>()
    };
    let back = between(20, 30);
    assert!(back.iter().all(|it| it.image == "app"));
    // HEAD, manifest, config and its own layer: the shared one is there.
    assert_eq!(back.len(), 3 * 4);
    assert_eq!(between(30, 60).len(), 0);
    assert_eq!(of_app(&outcome, "versions_running"), 1.0);
    // 3 of the rollout, 3 of the new nodes, 3 and 3 of going back twice.
    assert_eq!(of_app(&outcome, "pods"), 12.0);
}

/// A rollout that was paused half way is undone at once: kubectl demands that it be resumed first.
#[test]
fn a_rollback_ends_a_pause() {
    let then = "[timeline.roll]\nat = \"20m\"\n\
                rollout = { workload = \"app\", replace = { app = \"app2\" } }\n\
                [timeline.hold]\nat = \"21m30s\"\n\
                pause_rollout = { workload = \"app\", for = \"1h\" }\n\
                [timeline.undo]\nat = \"30m\"\nrollback = { workload = \"app\" }\n";
    let outcome = lab(4, "IfNotPresent", then).with(UNMOVED).with(ONE_BY_ONE).outcome();
    // One new pod was ready and a second one came up; both make room for two old ones.
    assert_eq!(of_app(&outcome, "pods"), 2.0 + 2.0);
    assert_eq!(of_app(&outcome, "versions_running"), 1.0);
    let took = of_app(&outcome, "rollout_complete_seconds");
    assert!((120.0..121.0).contains(&took), "two starts of a minute, one by one: {took}");
}

/// Three revisions: undo goes to the one before the current, which is the newest then, so that the
/// next undo comes back from it.
#[test]
fn undoing_twice_is_undoing_the_undo() {
    let roll = |name: &str, at: &str, old: &str, new: &str| {
        format!(
            "[timeline.{name}]\nat = \"{at}\"\n\
             rollout = {{ workload = \"app\", replace = {{ {old} = \"{new}\" }} }}\n"
        )
    };
    let third = "[image.app3]\nreference = \"lab.example/app:3\"\nlayers = [\"1MB\"]\n";
    let rolls = roll("a", "2m", "app", "app2") + &roll("b", "4m", "app2", "app3");
    let undo = |n: u32| {
        let undo = |it| {
            format!(
                "[timeline.undo-{it}]\nat = \"{}m\"\nrollback = {{ workload = \"app\" }}\n",
                10 + it
            )
        };
        let undos: String = (0..n).map(undo).collect();
        let last = "[timeline.nodes]\nat = \"30m\"\n\
                    replace_nodes = { pool = \"some\", batch = \"100%\", every = \"1m\" }\n";
        let lab = lab(1, "IfNotPresent", &format!("{third}{rolls}{undos}{last}")).with(UNMOVED);
        // The image that the fresh node pulls is that of the template in force.
        let (_, requests) = lab.requests();
        requests.last().unwrap().image.clone()
    };
    assert_eq!([undo(0), undo(1), undo(2), undo(3)], ["app3", "app2", "app3", "app2"]);
}

/// The admission plugin: a warm restart is a HEAD for each container start, behind a challenge and
/// a token where the registry wants one. Nothing is fetched.
#[test]
fn always_pull_images_makes_each_start_ask() {
    let warm = |plugin: bool| {
        let app = "{ image = 'app', image_pull_policy = 'IfNotPresent' }";
        lab(5, "IfNotPresent", &restart("again", "20m"))
            .with(UNMOVED)
            .registry("needs_token = true")
            .set("control_plane", &format!("always_pull_images = {plugin}"))
            .set("workload.app", &format!("containers = [{app}, {{ image = 'app2' }}]"))
            .set(
                "workload.app",
                "init_containers = [{ image = 'app2', image_pull_policy = 'Never' }]",
            )
            .requests()
    };
    let (outcome, requests) = warm(true);
    assert_eq!(of_app(&outcome, "pods_ready"), 5.0);
    assert_eq!(of_app(&outcome, "pull_attempts"), 15.0);
    let count = |of: fn(&Seen) -> bool| requests.iter().filter(|it| of(it)).count();
    assert_eq!(count(|it| it.object == "tag" && it.status == Some(200)), 15);
    assert_eq!(count(|it| it.object == "tag" && it.status == Some(401)), 15);
    assert_eq!(count(|it| it.object == "token"), 15);
    assert_eq!(requests.len(), 45);
    assert_eq!(known(&outcome, "run", "egress_bytes"), 0.0);
    let (outcome, requests) = warm(false);
    assert_eq!((of_app(&outcome, "pods_ready"), requests.len()), (5.0, 0));
}
