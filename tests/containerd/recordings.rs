//! The pull of containerd 1.7 against recordings of the real client (`tests/data/README.md`):
//! counts and statuses case by case, and the order where a whole daemon was recorded.

use std::collections::BTreeMap;

use crate::support::{Lab, Seen, always};

/// One node, one pod, one image of two platforms and five layers, as the recording registry served
/// it.
fn lab(reference: &str, image: &str, more: &str) -> Lab {
    Lab::new()
        .with("horizon = '20m'")
        .registry("needs_token = true\nredirects_blobs = true\nrtt = '2ms'")
        .pool("runtime = 'containerd-1.7.34'\nnic = '10Gbit/s'")
        .set("image.app", &format!("reference = 'lab.example/lib/{reference}'"))
        .set("image.app", "layers = ['8MB', '4MB', '2MB', '1MB', '250kB']")
        .set("image.app", image)
        .workload("app", "kind = 'deployment'\nreplicas = 1")
        .set("workload.app", &format!("containers = [{}]", always("app")))
        .with(more)
}

const INDEX: &str = "platforms = [\"amd64\", \"arm64\"]";
const SINGLE: &str = "platforms = [\"amd64\"]";

/// Requests of the first attempt as `METHOD object status`, each with its count.
fn counts(requests: &[Seen]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for it in requests.iter().filter(|it| it.attempt == 1) {
        let layer = it.object.trim_end_matches(|c: char| c.is_ascii_digit());
        let what = match (&*it.endpoint, &*it.object) {
            ("token", _) => "token".to_owned(),
            ("cdn", _) => "CDN".to_owned(),
            (_, "tag") => format!("HEAD tag {}", it.status.unwrap_or(0)),
            (_, "config") => format!("blob {}", it.status.unwrap_or(0)),
            _ if layer == "layer" => format!("blob {}", it.status.unwrap_or(0)),
            _ => format!("GET manifest {}", it.status.unwrap_or(0)),
        };
        *counts.entry(what).or_insert(0) += 1;
    }
    counts
}

/// The same of one case of the recording.
fn recorded(case: &str) -> BTreeMap<String, u32> {
    let text = include_str!("../data/containerd-1.7.34-fetcher.txt");
    let start = text.find(&format!("## {case}")).unwrap_or_else(|| panic!("no case {case}"));
    let block = &text[start + 3..];
    let block = &block[..block.find("\n## ").unwrap_or(block.len())];
    let mut counts = BTreeMap::new();
    for line in block.lines().skip(1).map(str::trim) {
        let (line, times) = match line.rsplit_once("  x") {
            Some((line, times)) => (line, times.parse().expect("a count")),
            None => (line, 1),
        };
        let status = line.rsplit_once("-> ").map_or("", |it| it.1);
        let what = if line == "GET token" {
            "token".to_owned()
        } else if line.starts_with("CDN GET") {
            "CDN".to_owned()
        } else if line.starts_with("HEAD") {
            format!("HEAD tag {status}")
        } else if line.starts_with("GET") && line.contains("/manifests/") {
            format!("GET manifest {status}")
        } else if line.starts_with("GET") && line.contains("/blobs/") {
            format!("blob {status}")
        } else {
            continue;
        };
        *counts.entry(what).or_insert(0) += times;
    }
    assert!(!counts.is_empty(), "{case} has no requests");
    counts
}

fn check(case: &str, lab: &Lab) {
    let (_, requests) = lab.requests();
    assert_eq!(counts(&requests), recorded(case), "{case}");
}

fn fault(answer: &str, requests: &str, more: &str) -> String {
    format!("[fault.x]\nregistry = \"lab\"\nanswer = {answer}\nrequests = [{requests}]\n{more}\n")
}

#[test]
fn v1_a_cold_pull_by_tag() {
    check("A cold tag, index, 5 layers, token, CDN redirect", &lab("app:v1", INDEX, ""));
}

#[test]
fn v2_a_cold_pull_by_digest() {
    check("C cold digest", &lab(DIGEST, INDEX, ""));
}

const DIGEST: &str = "app@sha256:baed9292c5fe1f090c4779d78b6906c1ea502357ed777bee765725907a767acc";

#[test]
fn v3_a_cold_pull_of_a_single_platform() {
    check("A2 cold tag single-arch", &lab("app:v1", SINGLE, ""));
}

#[test]
fn v4_a_warm_pull_sends_a_head_alone() {
    let warm = |reference| lab(reference, INDEX, "").pool("preloaded = ['app']");
    check("B warm re-pull tag", &warm("app:v1"));
    check("C2 warm digest", &warm(DIGEST));
}

#[test]
fn v5_manifest_gets_that_always_answer_429() {
    let always = fault("{ status = 429 }", "\"manifest-get\"", "");
    check("D manifest GET always 429 (HEAD ok), tag", &lab("app:v1", INDEX, &always));
    check("D2 same, digest ref", &lab(DIGEST, INDEX, &always));
}

#[test]
fn v6_v7_everything_answers_429() {
    let always =
        fault("{ status = 429 }", "\"manifest-get\", \"manifest-head\", \"blob-head\"", "");
    check("E manifests HEAD+GET always 429, tag", &lab("app:v1", INDEX, &always));
    // The recording counts the HEADs of the blob under HEAD as well: 1 x 401, 5 + 6 x 429.
    check("E2 all 429, digest ref", &lab(DIGEST, INDEX, &always));
}

#[test]
fn v8_the_token_service_answers_429() {
    let always = fault("{ status = 429 }", "\"token\"", "");
    check("I token endpoint 429", &lab("app:v1", INDEX, &always));
    check("I2 token endpoint 429, digest", &lab(DIGEST, INDEX, &always));
}

#[test]
fn v9_other_statuses_are_not_repeated() {
    for status in [500, 502, 503, 504, 403, 404] {
        let answer = format!("{{ status = {status} }}");
        let always = fault(&answer, "\"manifest-head\"", "");
        check(&format!("F all {status}, tag"), &lab("app:v1", INDEX, &always));
    }
    let always = fault("{ status = 408 }", "\"manifest-head\"", "");
    check("F all 408, tag", &lab("app:v1", INDEX, &always));
}

#[test]
fn v10_three_refusals_and_then_success() {
    let three = "[fault.head]\nregistry = \"lab\"\nanswer = { status = 429 }\n\
                 requests = [\"manifest-head\"]\nfirst = 3\n\
                 [fault.get]\nregistry = \"lab\"\nanswer = { status = 429 }\n\
                 requests = [\"manifest-get\"]\nfirst = 3\n";
    // The recording registry of this case served blobs itself.
    let direct = lab("app:v1", SINGLE, three).registry("redirects_blobs = false");
    // A fault stands before authorisation here and behind it in the recording; the 401s are the
    // same either way: three of the four repeats come before the challenge instead of after it.
    let (_, requests) = direct.requests();
    assert_eq!(counts(&requests), recorded("H first 3 tries of each manifest 429 then ok"));
}

#[test]
fn v11_one_layer_answers_429_for_ever() {
    let always = fault("{ status = 429 }", "\"blob-get\"", "layers = [3]");
    let (outcome, requests) = lab("app:v1", INDEX, &always).requests();
    let of_layer = requests
        .iter()
        .filter(|it| it.attempt == 1 && it.object == "layer3" && it.endpoint != "cdn");
    assert_eq!(of_layer.count(), 6, "that layer is asked for six times");
    assert_eq!(outcome.failures[0].cause, "x");
}

/// Order of a cold pull by a whole daemon: HEAD, token, HEAD, GET index, token, index, manifest,
/// config, then the layers in any order.
#[test]
fn the_order_is_that_of_the_daemon() {
    let direct = lab("app:v1", INDEX, "").registry("redirects_blobs = false");
    let (_, requests) = direct.requests();
    let ours: Vec<String> = requests
        .iter()
        .filter(|it| !it.object.starts_with("layer"))
        .map(|it| format!("{} {} {}", it.method, it.object, it.status.unwrap()))
        .collect();
    let text = include_str!("../data/containerd-1.7.34-cri.txt");
    let block = text.split("### ").find(|it| it.starts_with("1 cold tag")).unwrap();
    let theirs: Vec<String> = block
        .lines()
        .filter(|it| it.starts_with("t=") && !it.contains("layer"))
        .map(|line| {
            let method = if line.contains("HEAD") { "HEAD" } else { "GET" };
            let object = [("token", "token"), ("manifests/v1", "tag"), ("index", "index")]
                .into_iter()
                .chain([("manifest>", "manifest"), ("config", "config")])
                .find(|(mark, _)| line.contains(mark))
                .unwrap()
                .1;
            format!("{method} {object} {}", line.rsplit_once("-> ").unwrap().1)
        })
        .collect();
    assert_eq!(ours, theirs);
    let layers = requests.iter().filter(|it| it.object.starts_with("layer")).count();
    assert_eq!(layers, 5);
    let first_layer = requests.iter().position(|it| it.object.starts_with("layer")).unwrap();
    assert_eq!(requests[first_layer - 1].object, "config", "config before layers");
}

/// Four pulls of one image at once: four times HEAD, token, HEAD, and one set of GETs (cri17, case
/// 3).
#[test]
fn four_pulls_of_one_image_fetch_it_once() {
    let four = lab("app:v1", INDEX, "")
        .set("workload.app", "replicas = 4")
        .pool("kubelet = { serialize_image_pulls = false }");
    let (outcome, requests) = four.requests();
    let count = |object: &str, status: u16| {
        requests.iter().filter(|it| it.object == object && it.status == Some(status)).count()
    };
    assert_eq!((count("tag", 401), count("tag", 200)), (4, 4));
    assert_eq!((count("index", 401), count("index", 200)), (1, 1));
    assert_eq!((count("manifest", 200), count("config", 200)), (1, 1));
    let pods = &outcome.detail.unwrap().pods;
    assert!(pods.iter().all(|it| it.ready.is_some()), "{pods:?}");
}

/// Three failing pulls of one image at once: the waiters repeat the series one after another
/// (cri17, case 8).
#[test]
fn failing_pulls_of_one_image_repeat_the_series() {
    let always = fault("{ status = 429 }", "\"manifest-get\"", "");
    let three = lab("app:v1", INDEX, &always)
        .set("workload.app", "replicas = 3")
        .pool("kubelet = { serialize_image_pulls = false }");
    let (_, requests) = three.requests();
    let of_index: Vec<u16> = requests
        .iter()
        .filter(|it| it.attempt == 1 && it.object == "index")
        .filter_map(|it| it.status)
        .collect();
    let series = [401, 429, 429, 429, 429, 429];
    assert_eq!(of_index, [series, series, series].concat());
}

/// A failed pull keeps nothing: the next attempt sends everything again (cri17, case 6).
#[test]
fn a_retry_pays_for_everything_again() {
    let once = fault("{ status = 503 }", "\"blob-get\"", "layers = [4]\nfirst = 1");
    let (outcome, requests) = lab("app:v1", INDEX, &once).requests();
    let second: Vec<&Seen> = requests.iter().filter(|it| it.attempt == 2).collect();
    assert_eq!(second.len(), 19, "as many requests as a cold pull");
    assert_eq!(outcome.detail.unwrap().pods[0].failures, 1);
}

/// An index without the node's platform: HEAD and one GET, then an error that is no throttle (lab,
/// `wrongarch_index`).
#[test]
fn a_missing_platform_is_noticed_after_the_index() {
    let arm = lab("app:v1", "platforms = [\"arm64\"]\nindex = \"1kB\"", "");
    let (outcome, requests) = arm.requests();
    let first: Vec<&str> =
        requests.iter().filter(|it| it.attempt == 1).map(|it| &*it.object).collect();
    assert_eq!(first, ["tag", "token", "tag", "index", "token", "index"]);
    assert_eq!(outcome.failures[0].cause, "platform-missing");
}

/// A manifest without an index is pulled whatever its platform; the container then never runs (lab,
/// `wrongarch_single`).
#[test]
fn a_single_manifest_of_another_platform_is_pulled_in_full() {
    let arm = lab("app:v1", "platforms = [\"arm64\"]", "");
    let outcome = arm.outcome();
    assert!(outcome.failures.is_empty());
    assert_eq!(outcome.detail.unwrap().pods[0].ready, None);
}

/// An unanswered HEAD ends after 300 s, an unanswered layer after 310 to 320 s (lab, containerd
/// 1.7.24).
#[test]
fn the_progress_timeout_ends_a_pull_that_hangs() {
    let gap = |fault: &str| {
        let outcome = lab("app:v1", INDEX, fault).outcome();
        let pull = outcome.detail.unwrap().pulls[0];
        assert_eq!(outcome.failures[0].cause, "progress-timeout");
        assert_eq!(outcome.failures[0].cause_behind.as_deref(), Some("x"));
        pull.ended.unwrap().since(pull.started.unwrap()).as_secs_f64()
    };
    let head = gap(&fault("\"hang\"", "\"manifest-head\"", ""));
    assert!((300.0..=301.0).contains(&head), "{head}");
    let layer = gap(&fault("\"hang\"", "\"blob-get\"", "layers = [0]"));
    assert!((310.0..=320.0).contains(&layer), "{layer}");
}

/// With credentials: a POST to the token service, and a GET where it does not take POST (lab,
/// authcreds_*).
#[test]
fn credentials_cost_up_to_four_token_calls() {
    let with_account = |token_post: bool| {
        let (_, requests) = lab("app:v1", INDEX, "")
            .set("account.ci", "registry = 'lab'\ntier = 'personal'")
            .set("workload.app", "account = 'ci'")
            .registry(&format!("token_post = {token_post}"))
            .requests();
        requests
            .iter()
            .filter(|it| it.endpoint == "token")
            .map(|it| format!("{} {}", it.method, it.status.unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(with_account(true), ["POST 200", "POST 200"]);
    assert_eq!(with_account(false), ["POST 404", "GET 200", "POST 404", "GET 200"]);
}
