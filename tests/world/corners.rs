//! Corners where two rules meet: waiting pulls, credentials of another registry, crashed
//! containers, grants of requests that nobody answers.

#![expect(clippy::float_cmp, reason = "counts in floats are exact")]

use crate::support::{Lab, known};
use pullstorm::model::record::outcome::PullResult;
use pullstorm::model::words::polling::Polling;
use pullstorm::model::{Recording, run};
use pullstorm::units::Time;

/// One node that pulls in parallel from one registry, 10 ms away, and one image.
fn one_node() -> Lab {
    Lab::new()
        .registry("rtt = '10ms'")
        .set("egress.out", "kind = 'nat'")
        .pool("kubelet = { serialize_image_pulls = false, registry_pull_qps = 0 }")
        .image("app", "layers = ['1MB', '2MB']")
}

/// The lines of a workload whose one pod has these containers.
fn containers(list: &str) -> String {
    format!("kind = 'deployment'\nreplicas = 1\ncontainers = [{list}]")
}

/// Credentials are sent to their own registry; at another one the same pod is anonymous, and the
/// limit for the anonymous counts it.
#[test]
fn a_pull_secret_of_another_registry_is_no_pull_secret() {
    let outcome = one_node()
        .with(
            "[registry.lab.limit.anonymous]\nfor = 'anonymous'\nlaw = 'sliding-log'\n\
             allow = 1\nwindow = '30d'\nweight = { head = 1 }\n\
             [registry.hub]\nhost = 'docker.io'\n[account.ci]\nregistry = 'hub'\n\
             [image.tool]\nreference = 'docker.io/tool:1'\nlayers = ['1MB']",
        )
        .image("side", "layers = ['1MB']")
        .workload("web", &containers("{ image = 'tool' }, { image = 'app' }, { image = 'side' }"))
        .set("workload.web", "account = 'ci'")
        .outcome();
    assert_eq!(known(&outcome, "run", "limit_units_spent.anonymous"), 1.0);
    assert_eq!(known(&outcome, "run", "pods_never_ready"), 1.0, "its third image is refused");
}

/// 256 downloads at a time are no fewer than 2: an image of two layers is pulled with either.
#[test]
fn many_downloads_at_a_time_are_not_none() {
    for downloads in [2, 256, 1_000] {
        let client = format!("[pool.some.client]\nmax_concurrent_downloads = {downloads}");
        let outcome = one_node().with(&client).deployment("web", 1, "app").outcome();
        assert_eq!(known(&outcome, "run", "pods_ready"), 1.0, "{downloads} at a time");
    }
}

/// A limit at the edge grants one request at a time; the first hangs behind it until its pull is
/// cancelled after 300 s, the second one is let through then.
#[test]
fn what_a_hanging_request_was_granted_comes_back_when_its_pull_ends() {
    for answer in ["hang", "drop"] {
        let outcome = one_node()
            .set("registry.lab.limit.cap", "law = 'concurrency'\nallow = 1\nedge = true")
            .set("fault.first", &format!("registry = 'lab'\nanswer = '{answer}'"))
            .set("fault.first", "at_edge = false\nfirst = 1")
            .set("pool.some.client", "max_concurrent_downloads = 1")
            .deployment("web", 1, "app")
            .outcome();
        assert_eq!(known(&outcome, "run", "pull_failures"), 1.0, "{answer}");
        assert_eq!(known(&outcome, "run", "pods_ready"), 1.0, "{answer}");
    }
}

/// Two pulls of one image: the first GET hangs. The first pull ends 300 s after its start. The
/// other one waited for it, with nothing under way, so that its own 300 s begin there.
#[test]
fn waiting_for_another_pull_is_no_lack_of_progress() {
    let silence = "[fault.silence]\nregistry = 'lab'\nanswer = 'hang'\nfirst = 2\n\
                   requests = ['manifest-get']";
    let outcome = one_node().with(silence).deployment("web", 2, "app").outcome();
    let mut ended: Vec<Time> = Vec::new();
    for row in &outcome.detail.expect("detail").pulls {
        if matches!(row.result, PullResult::Failed { .. }) && row.attempt == 1 {
            ended.push(row.ended.expect("it failed"));
        }
    }
    assert_eq!(ended, [300, 600].map(Time::from_secs));
}

/// Both layers of the image are one blob. The first pull to fetch it is refused, while its own
/// second lane and two other pulls wait for the same lock. One of the others fetches it at once:
/// nobody waits for a lock that nobody holds, until the refused pod's retry after 10 s or more.
#[test]
fn no_pull_waits_for_a_lock_that_nobody_holds() {
    let layer = "{ size = '3MB', digest = 'a' }";
    let outcome = one_node()
        .image("twice", &format!("layers = [{layer}, {layer}]"))
        .set("fault.no", "registry = 'lab'\nanswer = { status = 500 }\nfirst = 1")
        .set("fault.no", "requests = ['blob-get']\nlayers = [0]")
        .deployment("web", 3, "twice")
        .outcome();
    assert_eq!(known(&outcome, "run", "pull_failures"), 1.0);
    assert_eq!(known(&outcome, "run", "pods_ready"), 3.0);
    assert!(known(&outcome, "run", "pull_seconds_p99") < 10.0);
}

/// A container whose image is for another architecture crashes; the sibling that keeps failing is
/// polled, and the crashed one is pulled once all the same, with or without elided polls.
#[test]
fn a_crashed_container_is_not_pulled_at_every_poll() {
    let policies = "{ image = 'arm', image_pull_policy = 'Always' }, \
                    { image = 'app', image_pull_policy = 'Never' }";
    let spec = one_node()
        .image("arm", "platforms = ['arm64']\nlayers = ['1MB']")
        .workload("web", &containers(policies))
        .spec();
    for polling in [Polling::Elided, Polling::Every] {
        let recording = Recording { detail: true, polling, ..Recording::default() };
        let outcome = run(&spec, 0, recording);
        assert_eq!(known(&outcome, "run", "pull_attempts"), 1.0, "{polling:?}");
    }
}

/// The second image comes by another pod's pull while the first pod is busy with its third one:
/// elided polls must not sleep through it.
#[test]
fn an_image_that_came_during_a_sync_starts_its_container_at_the_next_poll() {
    let spec = one_node()
        .registry("bandwidth = '8Mbit/s'")
        .image("slow", "layers = ['5MB']")
        .set("fault.no", "registry = 'lab'\nanswer = { status = 404 }\nfirst = 1")
        .set("fault.no", "requests = ['manifest-head']")
        .workload("web", &containers("{ image = 'app' }, { image = 'slow' }"))
        .deployment("zero", 1, "app")
        .set("workload.zero", "start = { at = '1s' }")
        .spec();
    let ready = |polling| {
        let recording = Recording { detail: true, polling, ..Recording::default() };
        let outcome = run(&spec, 0, recording);
        known(&outcome, "workload.web", "ready_seconds_max")
    };
    assert_eq!(ready(Polling::Elided), ready(Polling::Every));
}

/// Whom a fault strikes hangs on who asks: a workload that comes and asks first changes nothing for
/// the others.
#[test]
fn a_share_of_requests_strikes_the_same_pulls_whoever_else_asks() {
    let struck = |others: u32| {
        let (_, requests) = one_node()
            .image("side", "layers = ['1MB']")
            .set("fault.some", "registry = 'lab'\nanswer = { status = 404 }\nshare = '50%'")
            .set("fault.some", "requests = ['manifest-head']")
            .deployment("web", 20, "app")
            .set("workload.web", "start = { at = '1m' }")
            .deployment("early", others, "side")
            .requests();
        let mut struck: Vec<String> = requests
            .into_iter()
            .filter(|it| it.pod.starts_with("web") && it.attempt == 1 && it.status == Some(404))
            .map(|it| it.pod)
            .collect();
        struck.sort_unstable();
        struck
    };
    let alone = struck(0);
    assert!(3 < alone.len() && alone.len() < 17, "half of 20: {alone:?}");
    assert_eq!(alone, struck(7));
}

/// The window of an address starts at a phase of its own: another egress in the file, whose
/// addresses come first, does not move it.
#[test]
fn the_windows_of_an_address_stay_where_they_are_beside_another_egress() {
    let last_ready = |more: &str| {
        let outcome = one_node()
            .set("registry.lab.limit.per-minute", "law = 'fixed-window'\nallow = 1")
            .set("registry.lab.limit.per-minute", "window = '10m'\nweight = { head = 1 }")
            .with(more)
            .workload("web", &containers("{ image = 'app', image_pull_policy = 'Always' }"))
            .set("workload.web", "replicas = 2")
            .outcome();
        known(&outcome, "run", "ready_seconds_max")
    };
    assert_eq!(last_ready(""), last_ready("[egress.another]\nkind = 'nat'\naddresses = 7"));
}
