//! Levers that no released software has: jitter in the kubelet's back-off, pulls of one image that
//! wait for each other, a containerd that honours Retry-After.
#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{Lab, known};
use pullstorm::model::record::outcome::Outcome;
use pullstorm::model::spec::Spec;
use pullstorm::model::words::polling::Polling;
use pullstorm::model::{Recording, run};
use pullstorm::scenario::{Parameter, Request, SourceFile, load};

/// A registry without round trips, `nodes` nodes, `replicas` pods of one image of two layers.
fn storm(nodes: u32, replicas: u32, kubelet: &str) -> Lab {
    Lab::new()
        .unpaced()
        .registry("rtt = '0s'\ndns = '0s'\nserver_time = '0s'")
        .pool(&format!("nodes = {nodes}\nkubelet = {{ {kubelet} }}\nmax_pods = 200"))
        .image("app", "layers = ['1MB', '1kB']")
        .deployment("app", replicas, "app")
}

/// The client honours Retry-After, or does not.
fn honour(it: bool) -> String {
    format!("client = {{ honour_retry_after = {it} }}")
}

const BROKEN: &str = "[fault.down]\nregistry = \"lab\"\nanswer = 500";

/// When each pod's attempts were asked, in seconds.
fn attempts(outcome: &Outcome, pod: u32) -> Vec<f64> {
    let rows = &outcome.detail.as_ref().expect("it was recorded").pulls;
    let of_pod = rows.iter().filter(|it| it.pod == Some(pod));
    of_pod.map(|it| it.asked.as_secs_f64()).collect()
}

/// Half a window of jitter: the first window is 10 to 15 s, the second 20 to 30 s plus up to half
/// of the first (2 × 10 + 5 to 2 × 15 + 7.5), the third twice that and half of it, and none is
/// longer than 300 s. A pod is looked at every 10 to 16 s, so a gap is its window and up to 16 s.
#[test]
fn jittered_windows_stay_in_their_bounds() {
    let jitter = "registry_pull_qps = 0, image_backoff_jitter = \"50%\"";
    let outcome = storm(200, 200, jitter).with(BROKEN).outcome();
    let (mut least, mut most) = (10.0_f64, 15.0_f64);
    let mut bounds = vec![];
    for _ in 0..8 {
        bounds.push((least, most));
        (least, most) = ((2.0 * least).min(300.0), (2.5 * most).min(300.0));
    }
    let mut widest = [0.0_f64; 8];
    for pod in 0..200 {
        let times = attempts(&outcome, pod);
        for (nth, (pair, (least, most))) in times.windows(2).zip(&bounds).enumerate() {
            let gap = pair[1] - pair[0];
            assert!(*least <= gap && gap <= most + 16.0, "pod {pod}, gap {nth}: {gap}");
            widest[nth] = widest[nth].max(gap);
        }
    }
    // The draws use their range: the third window without jitter is 40 s, with it up to 93.75 s.
    assert!(75.0 < widest[2], "{widest:?}");
}

#[test]
fn jitter_breaks_the_step_of_retries() {
    let synchrony = |jitter: &str| {
        let kubelet = format!("registry_pull_qps = 0, image_backoff_jitter = \"{jitter}\"");
        known(&storm(300, 300, &kubelet).with(BROKEN).outcome(), "run", "herd_synchrony")
    };
    let (none, half, whole) = (synchrony("0%"), synchrony("50%"), synchrony("100%"));
    assert!(half < 0.8 * none && whole < half, "{none} {half} {whole}");
}

/// Twenty pods of one image on one empty node, pulled in parallel: twenty `PullImage` calls, and
/// one where they are coalesced. The pods are ready all the same.
#[test]
fn pods_of_one_image_on_one_node_make_one_pull_where_pulls_are_coalesced() {
    let run = |coalesce: bool, policy: &str| {
        let kubelet = format!(
            "serialize_image_pulls = false, registry_pull_qps = 0, \
             coalesce_image_pulls = {coalesce}"
        );
        let container = format!("{{ image = 'app', image_pull_policy = '{policy}' }}");
        let outcome = storm(1, 20, &kubelet)
            .set("workload.app", &format!("containers = [{container}]"))
            .outcome();
        assert_eq!(known(&outcome, "run", "pods_ready"), 20.0);
        known(&outcome, "run", "pull_attempts")
    };
    assert_eq!(run(false, "IfNotPresent"), 20.0);
    assert_eq!(run(true, "IfNotPresent"), 1.0);
    assert_eq!(run(true, "Always"), 20.0, "whoever has to ask the registry asks");
}

/// Who waited pulls in turn where the pull before failed: each attempt is one pod's, and at most
/// one is under way. The first three requests of the run are refused (one each: 500 is not
/// repeated), so three pods fail and the fourth has the image for all that wait still.
#[test]
fn a_failed_pull_is_nobody_elses_where_pulls_are_coalesced() {
    let kubelet = "serialize_image_pulls = false, registry_pull_qps = 0, \
                   coalesce_image_pulls = true";
    let outcome = storm(1, 20, kubelet).with(BROKEN).set("fault.down", "first = 3").outcome();
    assert_eq!(known(&outcome, "run", "pull_failures"), 3.0);
    assert_eq!(known(&outcome, "run", "pull_attempts"), 4.0);
    assert_eq!(known(&outcome, "run", "pods_ready"), 20.0);
    let rows = outcome.detail.unwrap().pulls;
    for pair in rows.windows(2) {
        assert!(pair[0].ended <= Some(pair[1].asked), "{pair:?}");
    }
}

/// A rejection by the kubelet's own limiter ends the wait too: with a burst of nothing, nobody
/// waits for ever.
#[test]
fn a_pull_that_the_kubelet_refuses_ends_the_wait_for_it() {
    let kubelet = "serialize_image_pulls = false, registry_pull_qps = 1, registry_burst = 0, \
                   coalesce_image_pulls = true";
    let outcome = storm(1, 5, kubelet).outcome();
    assert_eq!(known(&outcome, "run", "pods_never_ready"), 5.0);
    assert!(20.0 < known(&outcome, "run", "pull_failures_by_cause.kubelet-qps"));
    let with_attempts = (0..5).filter(|&pod| 1 < attempts(&outcome, pod).len()).count();
    assert_eq!(with_attempts, 5, "each of them goes on trying");
}

/// Retry-After of 7 s: without round trips the six requests of one object come 7 s apart; the
/// client that does not read it sends them at once, and so does the one that is told nothing.
#[test]
fn requests_are_repeated_when_retry_after_has_passed() {
    let gaps = |is_read: bool, answer: &str| -> Vec<u64> {
        let fault = format!("registry = 'lab'\nanswer = {answer}");
        let lab = storm(1, 1, "").set("fault.busy", &fault).pool(&honour(is_read));
        let (_, requests) = lab.requests();
        let first = requests.iter().filter(|it| it.attempt == 1);
        let times: Vec<u64> = first.map(|it| it.micros).collect();
        times.windows(2).map(|it| it[1] - it[0]).collect()
    };
    let told = "{ status = 429, retry_after = \"7s\" }";
    assert_eq!(gaps(true, told), [7_000_000; 5]);
    assert_eq!(gaps(false, told), [0; 5]);
    assert_eq!(gaps(true, "429"), [0; 5]);
    // 45 s are longer than a connection idles: a new one is made.
    assert_eq!(gaps(true, "{ status = 429, retry_after = \"45s\" }"), [45_000_000; 5]);
}

/// A limit's own Retry-After counts as well: two units a minute, so the third pull of a manifest
/// waits for a minute and then passes.
#[test]
fn a_limit_that_says_when_is_asked_again_then() {
    let limit = "[registry.lab.limit.slow]\nkey = \"registry\"\nlaw = \"sliding-log\"\n\
                 allow = 2\nwindow = \"60s\"\nretry_after = \"60s\"\n\
                 weight = { single = 1 }";
    let run = |is_read| storm(3, 3, "").with(limit).pool(&honour(is_read)).outcome();
    let waits = run(true);
    assert_eq!(known(&waits, "run", "pull_failures"), 0.0);
    let slowest = known(&waits, "run", "ready_seconds_max");
    assert!((60.0..62.0).contains(&slowest), "{slowest}");
    assert!(0.0 < known(&run(false), "run", "pull_failures"));
}

#[test]
fn the_poll_free_path_is_bit_equal_with_every_what_if() {
    let kubelet = "serialize_image_pulls = false, coalesce_image_pulls = true, \
                   image_backoff_jitter = \"80%\", registry_pull_qps = 2, registry_burst = 2";
    let limit = "[registry.lab.limit.slow]\nkey = \"address\"\nlaw = \"token-bucket\"\n\
                 allow = 3\nwindow = \"60s\"\nretry_after = \"5s\"\n\
                 [timeline.lost]\nat = \"7m\"\nrestart_kubelets = { pool = \"some\" }\n\
                 [timeline.pods]\nat = \"30s\"\n\
                 delete_pods = { workload = \"app\", share = \"30%\" }";
    let lab = storm(4, 60, kubelet).with(limit).pool(&honour(true));
    for seed in 1..6 {
        let mut spec = lab.spec();
        spec.seed = seed;
        let of = |spec: &Spec, polling| {
            run(spec, 0, Recording { detail: true, polling, ..Recording::default() })
        };
        let (fast, slow) = (of(&spec, Polling::Elided), of(&spec, Polling::Every));
        assert_eq!(fast.digest, slow.digest, "seed {seed}");
        assert_eq!(fast.detail.unwrap().pulls, slow.detail.unwrap().pulls, "seed {seed}");
    }
}

/// What no released software has is known as such where it is in force, and only there.
#[test]
fn a_what_if_in_force_is_known_as_one() {
    let what_if = |lab: &Lab, sets: &[&str]| -> Vec<String> {
        let file = SourceFile { name: "test.toml".into(), text: lab.to_string() };
        let sets = sets.iter().map(|&it| it.to_owned()).collect();
        let loaded = load(&file, &Request { sets, ..Request::default() }).unwrap();
        let all = loaded.scenario.parameters.into_iter();
        all.filter(Parameter::is_what_if).map(|it| it.path).collect()
    };
    let plain = storm(1, 1, "image_backoff_jitter = \"0%\"");
    assert_eq!(what_if(&plain, &[]), Vec::<String>::new());
    let sets = [
        "pool.some.kubelet.image_backoff_jitter=25%",
        "pool.some.client.honour_retry_after=true",
        "pool.some.kubelet.registry_pull_qps=50",
    ];
    let expected =
        ["pool.some.client.honour_retry_after", "pool.some.kubelet.image_backoff_jitter"];
    assert_eq!(what_if(&plain, &sets), expected);
    let later = "[timeline.later]\nat = \"5m\"\n\
                 set = { \"pool.some.kubelet.image_backoff_jitter\" = \"10%\" }";
    let path = "timeline.later.set.pool.some.kubelet.image_backoff_jitter";
    assert_eq!(what_if(&storm(1, 1, "").with(later), &[]), [path]);
}
