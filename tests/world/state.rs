//! Runs that start in the middle of a storm: limits with a past, stuck pods, warm nodes.

use std::collections::BTreeSet;

use crate::support::{Lab, Seen, known, metric, outcome};
use pullstorm::model::record::outcome::{Outcome, Value};
use pullstorm::model::words::polling::Polling;
use pullstorm::model::{Recording, run};

/// Four nodes with two pods each, from a registry that answers at once.
fn base(limit: &str, workload: &str, state: &str) -> Lab {
    Lab::new()
        .with("horizon = '12h'")
        .registry("rtt = '0s'\ndns = '0s'\ntls_round_trips = 0\nserver_time = '0s'")
        .with("[egress.out]\nkind = 'nat'")
        .pool("nodes = 4\nkubelet = { serialize_image_pulls = false }")
        .image("first", "layers = ['1kB']")
        .image("app", "layers = ['1kB']")
        .image("side", "layers = ['1kB']")
        .workload("app", workload)
        .with(limit)
        .with(state)
}

const RUNNING: &str = r#"
kind = "deployment"
replicas = 8
start = { running = true }
containers = [{ image = "app" }, { image = "side" }]
"#;

/// A limit that counts every GET of a manifest.
fn limit(law: &str) -> String {
    format!("[registry.lab.limit.pulls]\n{law}\nweight = {{ single = 1 }}")
}

const HOUR: f64 = 3_600.0;
/// A kubelet looks again at most this long after a window has passed: 15 s and a tick.
const A_POLL: f64 = 16.0;
/// What a pull of so few bytes takes at most.
const A_PULL: f64 = 0.1;

fn clear(outcome: &Outcome) -> f64 {
    known(outcome, "run", "clear_seconds")
}

fn manifests(requests: &[Seen]) -> impl Iterator<Item = &Seen> {
    requests.iter().filter(|it| it.method == "GET" && it.object == "manifest")
}

fn seconds(seen: &Seen) -> f64 {
    seen.micros as f64 / 1e6
}

/// Many pods ask, so that somebody asks soon after any instant.
fn thirsty(law: &str, state: &str) -> Vec<Seen> {
    let workload = r#"
kind = "deployment"
replicas = 200
start = { running = true }
containers = [{ image = "app" }]
"#;
    let state = format!("{state}\n[state.stuck.app]\npods = 200");
    base(&limit(law), workload, &state).pool("nodes = 200").requests().1
}

#[test]
fn units_spent_before_the_start_come_back_a_window_after_they_were_spent() {
    let requests = thirsty(
        "law = \"sliding-log\"\nallow = 100\nwindow = \"6h\"",
        "[state.limit.pulls]\n\
         spent = [{ ago = \"5h10m\", units = 60 }, { ago = \"3h\", units = 40 }]",
    );
    let granted: Vec<f64> =
        manifests(&requests).filter(|it| it.status == Some(200)).map(seconds).collect();
    // 60 units at 50 min and 40 at 3 h, to be spent within the next polls of 200 pods; then those
    // of 50 min are free again 6 h later.
    let between = |from: f64, to: f64| granted.iter().filter(|it| (from..to).contains(*it)).count();
    assert_eq!(between(0.0, 3_000.0), 0);
    assert_eq!(between(3_000.0, 3_330.0), 60);
    assert_eq!(between(3_330.0, 3.0 * HOUR), 0);
    assert_eq!(between(3.0 * HOUR, 3.0 * HOUR + 330.0), 40);
    assert_eq!(between(3.0 * HOUR + 330.0, 3_000.0 + 6.0 * HOUR), 0);
    assert!(granted.iter().any(|it| (3_000.0..3_010.0).contains(it)), "somebody asks soon");
}

#[test]
fn what_remains_of_a_window_whose_beginning_is_known_lasts_until_its_end() {
    let requests = thirsty(
        "law = \"fixed-window\"\nallow = 100\nwindow = \"6h\"",
        "[state.limit.pulls]\nremaining = 12\nwindow_began = \"2h10m\"",
    );
    let end = 3.0 * HOUR + 50.0 * 60.0;
    let granted = |from: f64, to: f64| {
        let of = manifests(&requests).filter(|it| it.status == Some(200)).map(seconds);
        of.filter(|it| (from..to).contains(it)).count()
    };
    assert_eq!((granted(0.0, end), granted(end, end + 330.0)), (12, 100));
}

/// A hundred are spent, whatever the allowance becomes: of 130, 30 are left.
#[test]
fn what_was_spent_stays_spent_where_the_allowance_changes() {
    let requests = thirsty(
        "law = \"sliding-log\"\nallow = 130\nwindow = \"6h\"",
        "[state.limit.pulls]\nremaining = 0\nof = 100\nhistory = \"newest\"",
    );
    let granted = manifests(&requests).filter(|it| it.status == Some(200)).map(seconds);
    assert_eq!(granted.filter(|it| *it < 6.0 * HOUR).count(), 30);
}

#[test]
fn what_remains_of_a_bucket_is_its_level() {
    let requests = thirsty(
        "law = \"token-bucket\"\nallow = 1\nwindow = \"1h\"\nburst = 50",
        "[state.limit.pulls]\nremaining = 7.5",
    );
    let granted = manifests(&requests).filter(|it| it.status == Some(200)).map(seconds);
    let granted: Vec<f64> = granted.collect();
    // Seven at once, the eighth after half an hour, then one an hour.
    assert_eq!(granted.iter().filter(|it| **it < 0.5 * HOUR).count(), 7);
    assert_eq!(granted.iter().filter(|it| **it < 11.4 * HOUR).count(), 7 + 11);
}

#[test]
fn counters_that_the_state_does_not_name_start_untouched() {
    let lab = base(
        &limit("law = \"sliding-log\"\nallow = 1000\nwindow = \"6h\""),
        RUNNING,
        "[state.limit.pulls]\ncounters = [\"out#0\"]\nremaining = 0\nhistory = \"newest\"\n\
         [state.stuck.app]\npods = 40\nnodes = 40",
    );
    let lab = lab.set("workload.app", "replicas = 80").pool("nodes = 60");
    let (outcome, requests) = lab.set("egress.out", "addresses = 2").requests();
    let at_once = |it: &&Seen| it.status == Some(200) && seconds(it) < 400.0;
    let nodes: BTreeSet<&str> =
        manifests(&requests).filter(at_once).map(|it| it.node.as_str()).collect();
    // Half of the 40 nodes, within four standard deviations, have the second address.
    assert!((8..=32).contains(&nodes.len()), "{}", nodes.len());
    assert!(6.0 * HOUR < clear(&outcome) && clear(&outcome) < 6.0 * HOUR + 600.0);
}

/// Remaining 0 and a window that began 2 h 10 min ago: clear just after 3 h 50 min, when the
/// back-off windows have passed and a kubelet has looked.
#[test]
fn stuck_pods_are_ready_once_the_window_ends_and_their_kubelets_look() {
    let text = base(
        &limit("law = \"fixed-window\"\nallow = 100\nwindow = \"6h\""),
        RUNNING,
        "[state.limit.pulls]\nremaining = 0\nwindow_began = \"2h10m\"\n[state.stuck.app]\npods = 6",
    );
    let spec = text.spec();
    let end = 3.0 * HOUR + 50.0 * 60.0;
    for replication in 0..20 {
        let it = outcome(&spec, replication);
        let at = clear(&it);
        assert!(end < at && at < end + 300.0 + 2.0 * (A_POLL + A_PULL), "{at}");
        assert!((known(&it, "workload.app", "clear_seconds") - at).abs() < 1e-9);
        assert!((known(&it, "workload.app", "min_available_share") - 0.25).abs() < 1e-9);
        assert!((known(&it, "run", "pods_ready") - 6.0).abs() < 1e-9, "six pods of the run");
    }
}

#[test]
fn what_is_left_of_a_window_is_what_is_waited() {
    let text = base("", RUNNING, "[state.stuck.app]\npods = 4\nwindow = \"5m\"\nleft = \"2m\"");
    let seen = text.outcome();
    let detail = seen.detail.as_ref().expect("recorded");
    assert!(!detail.pulls.is_empty());
    let first = detail.pulls.iter().map(|it| it.asked.as_secs_f64()).fold(f64::MAX, f64::min);
    assert!(120.0 <= first, "{first}");
    assert!(clear(&seen) < 120.0 + A_POLL + 2.0 * A_PULL, "{}", clear(&seen));
}

/// Left out, what is left is even over the window: of 400 pods on as many nodes, a mean of 150 s
/// within four standard errors (300 / √12 / √400), and the poll, 7.5 s on average and a tick.
#[test]
fn what_is_left_of_a_window_is_drawn_evenly() {
    let seen = base("", RUNNING, "[state.stuck.app]\npods = 400\nimages = [\"app\"]")
        .set("workload.app", "replicas = 500")
        .pool("nodes = 500")
        .outcome();
    let detail = seen.detail.as_ref().expect("recorded");
    assert_eq!(detail.pulls.len(), 400);
    let at: Vec<f64> = detail.pulls.iter().map(|it| it.asked.as_secs_f64()).collect();
    let mean = at.iter().sum::<f64>() / 400.0;
    assert!((mean - 150.0 - 7.0).abs() < 4.0 * 4.33 + 2.0, "{mean}");
    assert!(at.iter().all(|it| *it < 300.0 + A_POLL));
    assert!(at.iter().any(|it| *it < 10.0), "some look at once: {at:?}");
}

#[test]
fn a_stuck_pod_goes_on_with_its_ladder() {
    let fault = "[fault.gone]\nregistry = \"lab\"\nanswer = 404\n";
    let state = "[state.stuck.app]\npods = 1\nnodes = 1\nimages = [\"app\"]\n\
                 window = \"40s\"\nleft = \"10s\"\n";
    let text = base("", RUNNING, &format!("{state}{fault}"));
    let seen = text.outcome();
    let pulls = &seen.detail.as_ref().expect("recorded").pulls;
    // Windows of 10, 20 and 40 s: three attempts before now.
    assert_eq!(pulls[0].attempt, 4);
    let asked: Vec<f64> = pulls.iter().map(|it| it.asked.as_secs_f64()).collect();
    assert!((10.0..10.0 + A_POLL).contains(&asked[0]), "{asked:?}");
    for (pair, window) in asked.windows(2).zip([80.0, 160.0, 300.0, 300.0]) {
        let gap = pair[1] - pair[0];
        assert!((window..window + A_POLL + A_PULL).contains(&gap), "{window}: {gap}");
    }
    assert_eq!(metric(&seen, "run", "clear_seconds").value, Value::Censored);
}

#[test]
fn stuck_pods_stand_on_as_few_nodes_as_the_spread_takes_or_on_those_that_are_told() {
    let nodes_that_pull = |state: &str| {
        let seen = base("", RUNNING, state).outcome();
        let pulls = &seen.detail.as_ref().expect("recorded").pulls;
        pulls.iter().map(|it| it.node).collect::<BTreeSet<_>>().len()
    };
    // Eight pods on four nodes are two a node.
    assert_eq!(nodes_that_pull("[state.stuck.app]\npods = 4"), 2);
    assert_eq!(nodes_that_pull("[state.stuck.app]\npods = 3"), 2);
    assert_eq!(nodes_that_pull("[state.stuck.app]\npods = 3\nnodes = 3"), 3);
    assert_eq!(nodes_that_pull("[state.stuck.app]\npods = 8"), 4);
}

#[test]
fn containers_whose_images_are_there_run_while_the_pod_waits_for_another() {
    let workload = r#"
kind = "daemonset"
start = { running = true }
init_containers = [{ image = "first", duration = "40s" }]
containers = [{ image = "app" }, { image = "side" }]
"#;
    let pulled = |images: &str| {
        let state = format!("[state.stuck.app]\npods = 2\nleft = \"1m\"\n{images}");
        let seen = base("", workload, &state).outcome();
        let detail = seen.detail.as_ref().expect("recorded");
        let names = detail.pulls.iter().map(|it| detail.images[it.image as usize].clone());
        (names.collect::<BTreeSet<_>>(), clear(&seen))
    };
    let names = |of: &[&str]| of.iter().map(|&it| it.to_owned()).collect::<BTreeSet<_>>();
    let (app, at) = pulled("images = [\"app\"]");
    assert_eq!(app, names(&["app"]));
    assert!((60.0..60.0 + A_POLL + A_PULL).contains(&at), "the init container has run: {at}");
    // What the init container lacks holds up all others, and it then runs for 40 s.
    let (first, at) = pulled("images = [\"first\"]");
    assert_eq!(first, names(&["first"]));
    assert!((100.0..102.0 + A_POLL).contains(&at), "{at}");
    assert_eq!(pulled("").0, names(&["app", "first", "side"]));
}

#[test]
fn deleted_pods_and_restarted_kubelets_try_at_once() {
    let state = "[state.stuck.app]\npods = 4\nleft = \"4m\"\n";
    let first = |action: &str| {
        let action = format!("{state}[timeline.now]\nat = \"30s\"\n{action}");
        let seen = base("", RUNNING, &action).outcome();
        let pulls = &seen.detail.as_ref().expect("recorded").pulls;
        let first = pulls.iter().min_by_key(|it| it.asked).map(|it| (it.asked, it.attempt));
        let (asked, attempt) = first.expect("somebody pulls");
        (asked.as_secs_f64(), attempt, clear(&seen))
    };
    let restart = first("restart_kubelets = { pool = \"some\", which = \"waiting\" }");
    assert!((restart.0 - 30.0).abs() < 1e-9 && restart.1 == 7, "{restart:?}");
    assert!(restart.2 < 30.0 + A_PULL, "{restart:?}");
    // New pods, with a ladder of their own.
    let delete = first("delete_pods = { workload = \"app\", which = \"waiting\" }");
    assert!((30.0..31.0).contains(&delete.0) && delete.1 == 1, "{delete:?}");
    assert!(delete.2 < 32.0, "{delete:?}");
}

#[test]
fn a_job_has_stuck_pods_among_those_that_are_active() {
    let workload = r#"
kind = "job"
completions = 10
parallelism = 4
duration = "10s"
start = { running = true }
containers = [{ image = "app" }]
"#;
    let state = "[state.stuck.app]\npods = 2\nleft = \"1m\"\n";
    let seen = base("", workload, state).outcome();
    // Two run and end after 10 s; the stuck ones and six more are pods of the run.
    assert!((known(&seen, "run", "pods") - 8.0).abs() < 1e-9);
    assert!((known(&seen, "run", "pods_ready") - 8.0).abs() < 1e-9);
}

#[test]
fn nodes_hold_what_the_state_says_and_more_of_them_with_a_larger_share() {
    let workload = "kind = \"daemonset\"\ncontainers = [{ image = \"app\" }]";
    let pulling = |share: &str| {
        let state =
            format!("[state.cache.some]\nimages = {{ app = \"{share}\", side = \"100%\" }}");
        let seen = base("", workload, &state).pool("nodes = 200").outcome();
        let pulls = &seen.detail.as_ref().expect("recorded").pulls;
        pulls.iter().map(|it| it.node).collect::<BTreeSet<_>>()
    };
    assert_eq!((pulling("0%").len(), pulling("100%").len()), (200, 0));
    let (most, some) = (pulling("30%"), pulling("60%"));
    assert!(some.is_subset(&most) && some.len() < most.len());
    // Four standard deviations of a binomial count.
    assert!(most.len().abs_diff(140) < 26 && some.len().abs_diff(80) < 28);
}

#[test]
fn nodes_of_stuck_pods_lack_their_image_whatever_the_cache_says() {
    let cache = "[state.cache.some]\nimages = { app = \"100%\", side = \"100%\" }\n";
    let state = format!("{cache}[state.stuck.app]\npods = 4\nleft = \"1m\"\nimages = [\"app\"]");
    let seen = base("", RUNNING, &state).outcome();
    assert!(60.0 <= clear(&seen));
    assert!((2.0..=4.0).contains(&known(&seen, "run", "pull_attempts")));
}

#[test]
fn a_state_without_effect_is_no_state() {
    let law = limit("law = \"sliding-log\"\nallow = 5\nwindow = \"1h\"");
    let release = "[timeline.new]\nat = \"10m\"\nrollout = { workload = \"app\", replace = { app = \
                   \"first\" } }\n";
    let figures = |state: &str| {
        let seen = outcome(&base(&law, RUNNING, &format!("{state}\n{release}")).spec(), 3);
        (seen.digest, seen.metrics)
    };
    let without = figures("");
    for state in [
        "[state]",
        "[state.limit.pulls]\nremaining = 5",
        "[state.limit.pulls]\nspent = [{ ago = \"1h\", units = 5 }]",
        "[state.limit.pulls]\nremaining = 0\nenabled = false",
        "[state.stuck.app]\npods = 0",
        "[state.cache.some]\nimages = { app = \"0%\" }",
        // Its nodes have it anyhow.
        "[state.cache.some]\nimages = { app = \"100%\" }",
    ] {
        assert_eq!(figures(state), without, "{state}");
    }
}

#[test]
fn an_older_history_clears_no_later() {
    let law = limit("law = \"sliding-log\"\nallow = 8\nwindow = \"6h\"");
    let at = |history: &str, replication| {
        let state = format!(
            "[state.limit.pulls]\nremaining = 1\nhistory = \"{history}\"\n\
             [state.stuck.app]\npods = 6\nimages = [\"app\"]"
        );
        clear(&outcome(&base(&law, RUNNING, &state).spec(), replication))
    };
    for replication in 0..10 {
        let times = ["oldest", "even", "newest"].map(|it| at(it, replication));
        assert!(times.is_sorted(), "{times:?}");
        assert!(times[0] < 700.0 && 6.0 * HOUR < times[2], "{times:?}");
    }
}

#[test]
fn polls_that_do_nothing_change_nothing_from_a_state_on() {
    let law = limit("law = \"sliding-log\"\nallow = 4\nwindow = \"1h\"");
    let state = "[state.limit.pulls]\nremaining = 0\n[state.stuck.app]\npods = 6";
    let spec = base(&law, RUNNING, state).spec();
    for replication in 0..10 {
        let every = Recording { polling: Polling::Every, ..Recording::default() };
        let (elided, every) =
            (run(&spec, replication, Recording::default()), run(&spec, replication, every));
        assert_eq!(elided.digest, every.digest);
        assert!((clear(&elided) - clear(&every)).abs() < 1e-9);
    }
}

/// Seconds at which the last unready pod was ready or gone; nothing where none ever was unready.
#[test]
fn clear_is_the_last_instant_at_which_a_pod_was_not_ready() {
    let calm = base("", RUNNING, "").outcome();
    assert!(clear(&calm).abs() < 1e-9);
    let late =
        "[timeline.grow]\nat = \"1h\"\nscale_workload = { workload = \"app\", replicas = 9 }\n";
    let grown = base("", RUNNING, late).outcome();
    assert!((HOUR..HOUR + 1.0).contains(&clear(&grown)), "{}", clear(&grown));
}
