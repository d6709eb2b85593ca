//! Getting images there first: image pullers in waves, startup taints, and what they are worth.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use std::collections::BTreeSet;

use crate::support::{Lab, known, metric, outcome};
use pullstorm::model::record::outcome::{Outcome, PodRow, Value};

/// A pool, an image of two layers, and what a test adds. The control plane has no pace of its own.
fn lab(nodes: u32, then: &str) -> Lab {
    Lab::new()
        .unpaced()
        .registry("rtt = '10ms'")
        .pool(&format!("nodes = {nodes}\nboot = '60s'"))
        .pool("kubelet = { serialize_image_pulls = false }")
        .image("base", "layers = ['4MB']")
        .image("app", "from = 'base'\nlayers = ['1MB']")
        .image("next", "from = 'base'\nlayers = ['2MB']")
        .with(then)
}

const RUNNING: &str = r#"
[workload.app]
kind = "daemonset"
pool = "some"
max_unavailable = "100%"
start = { running = true }
containers = [{ image = "app" }]
"#;

/// Rows of the pods of a workload.
fn rows<'a>(outcome: &'a Outcome, workload: &str) -> Vec<&'a PodRow> {
    let detail = outcome.detail.as_ref().expect("it was recorded");
    let number = detail.workloads.iter().position(|it| it == workload).expect("it is there");
    detail.pods.iter().filter(|it| it.workload as usize == number).collect()
}

fn created_seconds(outcome: &Outcome, workload: &str) -> Vec<u64> {
    rows(outcome, workload).iter().map(|it| it.created.as_micros() / 1_000_000).collect()
}

/// 10 nodes, a quarter at a time: 2.5, rounded up 3.
#[test]
fn waves_come_at_their_distance_and_take_every_node_once() {
    for batch in ["3", "\"25%\""] {
        let first = format!(
            "[timeline.first]\nat = \"5m\"\nprepull = {{ pool = \"some\", images = [\"next\"], \
             batch = {batch}, every = \"2m\" }}"
        );
        let outcome = lab(10, &first).outcome();
        let waves = [300, 300, 300, 420, 420, 420, 540, 540, 540, 660];
        assert_eq!(created_seconds(&outcome, "first"), waves);
        let nodes: BTreeSet<_> = rows(&outcome, "first").iter().map(|it| it.node).collect();
        assert_eq!(nodes.len(), 10);
        assert_eq!(known(&outcome, "workload.first", "pods_ready"), 10.0);
        // The last wave began 6 minutes in; one pull of 6 MB, and the kubelet's look at the end.
        let took = known(&outcome, "workload.first", "rollout_complete_seconds");
        assert!((360.0..362.0).contains(&took), "{took}");
    }
}

#[test]
fn the_order_of_the_waves_is_drawn() {
    let first = "[timeline.first]\nprepull = { pool = \"some\", images = [\"next\"], batch = 1 }";
    let spec = lab(10, first).spec();
    let order = |replication| -> Vec<_> {
        rows(&outcome(&spec, replication), "first").iter().map(|it| it.node).collect()
    };
    assert_eq!(order(0), order(0));
    assert_ne!(order(0), order(1));
}

#[test]
fn without_waves_all_nodes_pull_at_once() {
    let first = "[timeline.first]\nat = \"5m\"\nprepull = { pool = \"some\", images = [\"next\"] }";
    let outcome = lab(10, first).outcome();
    assert_eq!(created_seconds(&outcome, "first"), [300; 10]);
}

/// A demand can name the puller as it names a workload.
#[test]
fn a_puller_has_a_scope_of_its_own() {
    let first = "[timeline.first]\nprepull = { pool = \"some\", images = [\"next\"] }\n\
                 [expect]\nworkload.first.rollout_complete_seconds = \"< 1m\"\n\
                 workload.first.pods_never_ready = \"== 0\"";
    let outcome = lab(1, first).outcome();
    assert!(known(&outcome, "workload.first", "rollout_complete_seconds") < 60.0);
}

/// A puller's pods are nobody's outage, and its pulls are everybody's load.
#[test]
fn a_puller_counts_in_pulls_and_requests_and_not_in_the_pods_of_the_run() {
    let first = format!(
        "{RUNNING}[timeline.first]\nat = \"5m\"\n\
         prepull = {{ pool = \"some\", images = [\"next\"] }}\n\
         [timeline.out]\nat = \"4m\"\n\
         outage = {{ registry = \"lab\", answer = \"drop\", for = \"10m\" }}"
    );
    let outcome = lab(4, &first).outcome();
    for name in ["pods", "pods_ready", "pods_never_ready", "unready_pod_minutes"] {
        assert_eq!(known(&outcome, "run", name), 0.0, "{name}");
    }
    assert_eq!(known(&outcome, "workload.first", "pods_ready"), 4.0);
    assert!(4.0 * 9.0 < known(&outcome, "workload.first", "unready_pod_minutes"));
    assert_eq!(metric(&outcome, "workload.first", "min_available_share").value, Value::Absent);
    // No pod that serves was delayed.
    assert_eq!(known(&outcome, "run", "recovery_seconds"), 0.0);
    let failures = known(&outcome, "workload.first", "pull_failures");
    assert!(4.0 * 2.0 < failures);
    assert_eq!(known(&outcome, "workload.first", "pull_failures_by_cause.out"), failures);
    assert_eq!(known(&outcome, "run", "pull_failures"), failures);
    assert_eq!(known(&outcome, "pool.some", "pull_failures"), failures);
    assert_eq!(known(&outcome, "run", "pull_attempts"), failures + 4.0);
}

/// Two anonymous pulls (single manifests, one unit each) an hour and address: of three images, the
/// third is refused, and the pod of each node goes on trying.
#[test]
fn limits_strike_a_puller_as_anybody() {
    let limited = "[registry.lab.limit.quota]\nfor = \"anonymous\"\nkey = \"address\"\n\
                   law = \"fixed-window\"\nallow = 2\nwindow = \"1d\"\n\
                   weight = { head = 0, single = 1, blob = 0 }\n\
                   [timeline.first]\n\
                   prepull = { pool = \"some\", images = [\"base\", \"app\", \"next\"] }";
    let outcome = lab(3, limited).outcome();
    let scope = "workload.first";
    assert_eq!(known(&outcome, scope, "pods_never_ready"), 3.0);
    let failures = known(&outcome, scope, "pull_failures");
    assert_eq!(known(&outcome, scope, "pull_failures_by_cause.quota"), failures);
    assert_eq!(known(&outcome, scope, "pull_attempts"), 3.0 * 2.0 + failures);
}

/// The pull of a pod's second image begins when the kubelet has noticed the end of the first init
/// container; one that fails holds up the next.
#[test]
fn the_images_of_a_puller_come_one_after_another() {
    let bad = "[registry.bad]\nhost = \"bad.example\"\n\
               [image.bad]\nreference = \"bad.example/x:1\"\nlayers = [\"1kB\"]\n\
               [timeline.first]\n\
               prepull = { pool = \"some\", images = [\"app\", \"bad\", \"next\"] }\n\
               [timeline.out]\noutage = { registry = \"bad\", answer = \"drop\", for = \"30m\" }";
    let (_, requests) = lab(1, bad).requests();
    let times = |image: &str| -> Vec<u64> {
        requests.iter().filter(|it| it.image == image).map(|it| it.micros).collect()
    };
    let (app, failing, next) = (times("app"), times("bad"), times("next"));
    assert_eq!(requests.iter().map(|it| &*it.image).find(|it| *it != "app"), Some("bad"));
    assert!(app.last() < failing.first());
    assert!(30 * 60_000_000 <= next[0], "the outage held it up");
    assert_eq!(failing.last().map(|it| it < &next[0]), Some(true));
}

/// A pre-pull that is done makes a rollout independent of the registry.
#[test]
fn what_is_there_already_is_asked_of_nobody() {
    let roll = |first: &str| {
        let then = format!(
            "{RUNNING}{first}\n\
             [timeline.out]\nat = \"10m\"\n\
             outage = {{ registry = \"lab\", answer = \"hang\", for = \"50m\" }}\n\
             [timeline.roll]\nat = \"11m\"\n\
             rollout = {{ workload = \"app\", replace = {{ app = \"next\" }} }}"
        );
        lab(5, &then).requests()
    };
    let (outcome, requests) =
        roll("[timeline.first]\nprepull = { pool = \"some\", images = [\"next\"] }");
    assert_eq!(known(&outcome, "workload.app", "pods_ready"), 5.0);
    assert_eq!(known(&outcome, "workload.app", "pull_attempts"), 0.0);
    assert_eq!(known(&outcome, "run", "pull_failures"), 0.0);
    assert!(requests.iter().all(|it| it.micros < 600_000_000));
    let (without, _) = roll("");
    assert_eq!(known(&without, "workload.app", "pods_never_ready"), 5.0);
}

/// On a fresh node the puller and the workloads come at once. They fetch each object once between
/// them, and both ask for the tag.
#[test]
fn on_a_fresh_node_the_puller_and_the_workload_race() {
    let then = format!(
        "{RUNNING}[timeline.first]\nprepull = {{ pool = \"some\", images = [\"app\"] }}\n\
         [timeline.grow]\nat = \"10m\"\nscale_nodes = {{ pool = \"some\", nodes = 2 }}"
    );
    let (outcome, requests) = lab(1, &then).requests();
    let pod = |name| rows(&outcome, name).into_iter().find(|it| it.node == Some(1)).unwrap();
    let (app, first) = (pod("app"), pod("first"));
    assert_eq!((app.attempts, first.attempts), (1, 1));
    assert_eq!(app.bound, first.bound);
    let of_new = |object: &str, method: &str| {
        let of = requests.iter().filter(|it| it.node == "some-1");
        of.filter(|it| it.object == object && it.method == method).count()
    };
    assert_eq!(of_new("tag", "HEAD"), 2);
    for object in ["manifest", "config", "layer0", "layer1"] {
        assert_eq!(of_new(object, "GET"), 1, "{object}");
    }
}

/// A node has three places: for the puller, the agent and a pod of the Deployment.
fn tainted(then: &str) -> Lab {
    let blocks = "[workload.app]\nkind = \"deployment\"\npool = \"some\"\nreplicas = 1\n\
         containers = [{ image = \"app\" }]\n\
         [workload.agent]\nkind = \"daemonset\"\npool = \"some\"\n\
         containers = [{ image = \"base\" }]\n\
         [timeline.first]\nat = \"1m\"\nprepull = { pool = \"some\", images = [\"app\"] }\n\
         [timeline.grow]\nat = \"10m\"\nscale_nodes = { pool = \"some\", nodes = 2 }\n\
         [timeline.more]\nat = \"10m\"\n\
         scale_workload = { workload = \"app\", replicas = 2 }";
    lab(1, blocks).pool("max_pods = 3\nstartup_taint = \"first\"").with(then)
}

#[test]
fn a_tainted_node_takes_pods_once_its_images_are_there() {
    let outcome = tainted("").outcome();
    let on_new = |name| rows(&outcome, name).into_iter().find(|it| it.node == Some(1)).unwrap();
    let (app, agent, first) = (on_new("app"), on_new("agent"), on_new("first"));
    assert_eq!(first.bound.unwrap().as_micros(), 660_000_000, "when the node is up");
    assert_eq!((app.bound, agent.bound), (first.ready, first.ready), "DaemonSets wait too");
    assert_eq!((app.attempts, app.ready), (0, first.ready), "it starts without a pull");
    assert_eq!(agent.attempts, 1, "what was not pulled before is pulled now");
    // The first node was there before the puller, and had no taint.
    let on_old = rows(&outcome, "app").into_iter().find(|it| it.node == Some(0)).unwrap();
    assert!(on_old.ready.unwrap().as_micros() < 2_000_000);
    assert_eq!(known(&outcome, "run", "pods_never_ready"), 0.0);
}

#[test]
fn a_failed_pre_pull_keeps_its_node_out() {
    let out = "[timeline.out]\nat = \"10m\"\n\
               outage = { registry = \"lab\", answer = \"drop\", for = \"1h\" }\n\
               [timeline.restart]\nat = \"30m\"\nrestart_nodes = { pool = \"some\" }";
    let outcome = tainted(out).outcome();
    for workload in ["app", "agent", "first"] {
        let scope = format!("workload.{workload}");
        assert_eq!(known(&outcome, &scope, "pods_never_ready"), 1.0, "{workload}");
    }
    let unbound = |name| rows(&outcome, name).iter().filter(|it| it.bound.is_none()).count();
    assert_eq!((unbound("app"), unbound("agent"), unbound("first")), (1, 1, 0));
    // From the 10th minute to the 60th.
    assert!(50.0 <= known(&outcome, "workload.app", "unready_pod_minutes"));
}

/// The pod of a node that restarts when its wave comes waits until the node is back.
#[test]
fn a_restarting_node_is_not_passed_over() {
    let then = "[timeline.restart]\nat = \"299s\"\nrestart_nodes = { pool = \"some\" }\n\
                [timeline.first]\nat = \"5m\"\nprepull = { pool = \"some\", images = [\"app\"] }";
    let outcome = lab(3, then).outcome();
    assert_eq!(known(&outcome, "workload.first", "pods_ready"), 3.0);
    assert!(rows(&outcome, "first").iter().all(|it| it.bound.unwrap().as_micros() == 359_000_000));
}

#[test]
fn replaced_nodes_get_the_puller_at_their_boot() {
    let then = "[timeline.first]\nprepull = { pool = \"some\", images = [\"app\"] }\n\
                [timeline.new]\nat = \"10m\"\n\
                replace_nodes = { pool = \"some\", batch = 2, every = \"5m\" }";
    let outcome = lab(4, then).outcome();
    assert_eq!(created_seconds(&outcome, "first"), [0, 0, 0, 0, 660, 660, 960, 960]);
    assert_eq!(known(&outcome, "workload.first", "pods_ready"), 8.0);
}

#[test]
fn a_puller_takes_a_place_on_its_node() {
    let then =
        format!("{RUNNING}[timeline.first]\nprepull = {{ pool = \"some\", images = [\"next\"] }}");
    let outcome = lab(2, &then).pool("max_pods = 1").outcome();
    assert_eq!(known(&outcome, "workload.first", "pods_never_ready"), 2.0);
    assert_eq!(known(&outcome, "run", "pull_attempts"), 0.0);
}

/// Images that are on the machine already cost a puller no request; between one init container and
/// the next lies the kubelet's look of once a second.
#[test]
fn a_puller_asks_nobody_for_what_is_there() {
    let first = "[timeline.first]\nat = \"1m\"\n\
                 prepull = { pool = \"some\", images = [\"app\", \"next\", \"app\"] }";
    let lab = lab(20, first).pool("preloaded = [\"app\", \"next\"]");
    let (outcome, requests) = lab.requests();
    assert_eq!(requests.len(), 0);
    let took: Vec<f64> = rows(&outcome, "first")
        .iter()
        .map(|it| it.ready.unwrap().since(it.created).as_secs_f64())
        .collect();
    assert_eq!(took.len(), 20);
    assert!(took.iter().all(|it| (0.0..3.0).contains(it)), "{took:?}");
    // Three looks, each half a second away in the mean.
    let mean = took.iter().sum::<f64>() / 20.0;
    assert!((1.2..1.8).contains(&mean), "{mean}");
}

/// A new machine image has what a pool preloads, and the puller finds it there: no taint keeps its
/// node out for longer than the look at its init container.
#[test]
fn preloaded_images_lift_a_taint_at_once() {
    let outcome = tainted("").pool("preloaded = [\"app\"]").outcome();
    let first = rows(&outcome, "first").into_iter().find(|it| it.node == Some(1)).unwrap();
    let took = first.ready.unwrap().since(first.bound.unwrap()).as_secs_f64();
    assert!(took < 1.0, "{took}");
    assert_eq!(known(&outcome, "workload.app", "pull_attempts"), 0.0);
}
