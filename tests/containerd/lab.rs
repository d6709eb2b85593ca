//! The pull of containerd 1.7 against a real client at a real registry
//! (`tests/data/lab-containerd-1.7.24.csv`): the serial part request by request, the parallel part
//! as a multiset.

use std::collections::BTreeMap;

use crate::support::{Lab, Seen, always};

/// The lab's images: an application of five layers, another that shares three of them, and an index
/// with two platforms.
const IMAGES: &str = r#"
[image.app]
manifest = "1077B"
config = "614B"
layers = [
    { size = "8391403B", digest = "sha256:0598a531ef00" },
    { size = "4195775B", digest = "sha256:d478ec048f67" },
    { size = "2097981B", digest = "sha256:fbcf39f0a817" },
    { size = "1049116B", digest = "sha256:a73f14ddf87a" },
    { size = "262428B", digest = "sha256:b8db5aa57be0" },
]
[image.app2]
reference = "lab.example/lab/app2:v1"
layers = [
    { size = "8391403B", digest = "sha256:0598a531ef00" },
    { size = "4195775B", digest = "sha256:d478ec048f67" },
    { size = "2097981B", digest = "sha256:fbcf39f0a817" },
    { size = "1049123B", digest = "sha256:a4934b09478a" },
    { size = "262432B", digest = "sha256:b46a840414ce" },
]
[image.multi]
reference = "lab.example/lab/multi:v1"
platforms = ["amd64", "arm64"]
layers = ["2MB", "1MB", "500kB"]
[image.idxarm]
reference = "lab.example/lab/idxarm:v1"
platforms = ["arm64"]
index = "1kB"
layers = ["2MB", "1MB"]
[image.armonly]
reference = "lab.example/lab/armonly:v1"
platforms = ["arm64"]
layers = ["2MB", "1MB"]
[image.many]
reference = "lab.example/lab/many:v1"
layer_count = 12
size = "12MB"
"#;

/// What differs from case to case.
#[derive(Default)]
struct Case {
    name: &'static str,
    image: &'static str,
    preloaded: &'static str,
    registry: &'static str,
    by_digest: bool,
    has_account: bool,
    fault: &'static str,
}

fn lab(case: &Case) -> Lab {
    let reference = if case.by_digest {
        "app@sha256:6c3e0c3721fa048a766abeec1ba9a2901d177cdf580b0d33ad4ecd94759cdd65"
    } else {
        "app:v1"
    };
    let image = if case.image.is_empty() { "app" } else { case.image };
    let lab = Lab::new()
        .with("horizon = '9m'\n[account.ci]\nregistry = 'lab'")
        .registry(&format!("rtt = '20ms'\n{}", case.registry))
        .pool(&format!("runtime = 'containerd-1.7.24'\npreloaded = [{}]", case.preloaded))
        .with(IMAGES)
        .set("image.app", &format!("reference = 'lab.example/lab/{reference}'"))
        .workload("app", "kind = 'deployment'\nreplicas = 1")
        .set("workload.app", &format!("containers = [{}]", always(image)))
        .set("workload.app", if case.has_account { "account = 'ci'" } else { "" });
    match case.fault {
        "" => lab,
        fault => lab.set("fault.f", "registry = 'lab'").set("fault.f", fault),
    }
}

/// The short form of one request.
fn short(seen: &Seen, by_digest: bool) -> String {
    let layer = seen.object.starts_with("layer") || seen.object == "config";
    let what = match (&*seen.endpoint, &*seen.object, &*seen.method) {
        ("token", _, "POST") => "Ptok",
        ("token", _, _) => "tok",
        ("cdn", _, _) => "cdn",
        (_, "tag", _) if by_digest => "Hm@",
        (_, "tag", _) => "Hm",
        _ if layer => "b",
        _ => "m@",
    };
    match (seen.status, &*seen.endpoint) {
        (Some(200), _) => what.to_owned(),
        (Some(status), _) => format!("{what}{status}"),
        (None, _) => format!("{what}DROP"),
    }
}

/// The recorded sequence of a case, one entry a request.
fn recorded(case: &str) -> Vec<String> {
    let rows = include_str!("../data/lab-containerd-1.7.24.csv");
    let row = rows.lines().find(|it| it.split(',').next() == Some(case));
    let row = row.unwrap_or_else(|| panic!("no case {case}"));
    let sequence = row.rsplit(',').next().expect("a sequence");
    let mut entries = Vec::new();
    for word in sequence.split(' ') {
        let (word, times) = word.split_once('*').unwrap_or((word, "1"));
        for _ in 0..times.parse().expect("a count") {
            entries.push(word.to_owned());
        }
    }
    entries
}

fn counts(entries: &[String]) -> BTreeMap<&str, u32> {
    let mut counts = BTreeMap::new();
    for it in entries {
        *counts.entry(&**it).or_insert(0) += 1;
    }
    counts
}

fn ours(case: &Case) -> Vec<String> {
    let (_, requests) = lab(case).requests();
    requests.iter().filter(|it| it.attempt == 1).map(|it| short(it, case.by_digest)).collect()
}

#[test]
fn pulls_send_what_the_real_client_sends() {
    let token = "needs_token = true";
    let no_post = "needs_token = true\ntoken_post = false";
    let post = "needs_token = true\ntoken_post = true";
    let redirect = "needs_token = true\nredirects_blobs = true";
    let app = "\"app\"";
    let cases = [
        Case { name: "cold_tag", ..Case::default() },
        Case { name: "repull_tag", preloaded: app, ..Case::default() },
        Case { name: "second_shared", image: "app2", preloaded: app, ..Case::default() },
        Case { name: "cold_digest", by_digest: true, ..Case::default() },
        Case { name: "repull_digest", by_digest: true, preloaded: app, ..Case::default() },
        Case { name: "multi_tag", image: "multi", ..Case::default() },
        Case { name: "multi_repull", image: "multi", preloaded: "\"multi\"", ..Case::default() },
        Case { name: "wrongarch_index", image: "idxarm", ..Case::default() },
        Case { name: "wrongarch_single", image: "armonly", ..Case::default() },
        Case { name: "many12_cold", image: "many", ..Case::default() },
        Case { name: "auth_cold_tag", registry: token, ..Case::default() },
        Case { name: "auth_repull_tag", registry: token, preloaded: app, ..Case::default() },
        Case {
            name: "auth_second_shared",
            registry: token,
            image: "app2",
            preloaded: app,
            ..Case::default()
        },
        Case { name: "auth_multi_tag", registry: token, image: "multi", ..Case::default() },
        Case { name: "auth_redirect_cold_tag", registry: redirect, ..Case::default() },
        Case {
            name: "authcreds_cold_tag",
            registry: no_post,
            has_account: true,
            ..Case::default()
        },
        Case {
            name: "authcreds_oauthpost_cold_tag",
            registry: post,
            has_account: true,
            ..Case::default()
        },
    ];
    for case in &cases {
        let (ours, theirs) = (ours(case), recorded(case.name));
        assert_eq!(counts(&ours), counts(&theirs), "{}", case.name);
        let serial = |entries: &[String]| -> Vec<String> {
            entries.iter().take_while(|it| !it.starts_with('b')).cloned().collect()
        };
        assert_eq!(serial(&ours), serial(&theirs), "{}", case.name);
    }
}

#[test]
fn faults_are_met_as_the_real_client_meets_them() {
    const HEADS: &str = "requests = [\"manifest-head\", \"manifest-get\"]";
    let manifest = |name, status: &str, more: &str| {
        (name, format!("answer = {{ status = {status} }}\n{HEADS}\n{more}"))
    };
    let token = |name, status: &str| {
        (name, format!("answer = {{ status = {status} }}\nrequests = [\"token\"]"))
    };
    let cases = [
        manifest("man429", "429", ""),
        ("man429_get_only", "answer = { status = 429 }\nrequests = [\"manifest-get\"]".into()),
        manifest("man429_first1", "429", "first = 1"),
        manifest("man429_first3", "429", "first = 3"),
        manifest("man429_first5", "429", "first = 5"),
        manifest("man429_first7", "429", "first = 7"),
        manifest("man429_ra3", "429, retry_after = \"3s\"", ""),
        manifest("man403", "403", ""),
        manifest("man404", "404", ""),
        manifest("man500", "500", ""),
        manifest("man503", "503", ""),
        manifest("man503_first1", "503", "first = 1"),
        ("man_drop", format!("answer = \"drop\"\n{HEADS}")),
        ("man_drop_first1", format!("answer = \"drop\"\n{HEADS}\nfirst = 1")),
        (
            "blob429_config",
            "answer = { status = 429 }\nrequests = [\"blob-get\"]\nfirst = 6".into(),
        ),
        (
            "blob429_layer0_first1",
            "answer = { status = 429 }\nrequests = [\"blob-get\"]\nlayers = [0]\nfirst = 1".into(),
        ),
        (
            "blob429_layer0_first3",
            "answer = { status = 429 }\nrequests = [\"blob-get\"]\nlayers = [0]\nfirst = 3".into(),
        ),
        token("token429", "429"),
        token("token503", "503"),
        token("token403", "403"),
        manifest("auth_man429", "429", ""),
    ];
    for (name, fault) in cases {
        let fault: &'static str = fault.leak();
        let needs_token = name.starts_with("token") || name.starts_with("auth");
        let registry = if needs_token { "needs_token = true" } else { "" };
        let case = Case { name, registry, fault, ..Case::default() };
        let (ours, theirs) = (ours(&case), recorded(name));
        assert_eq!(counts(&ours), counts(&theirs), "{name}");
    }
}

/// Where siblings are cut short their number is a matter of timing; the faulted requests are not.
#[test]
fn a_layer_that_fails_is_asked_for_as_often_as_the_real_client_asks() {
    for (name, status) in [
        ("blob429_layer0", 429),
        ("blob403_layer0", 403),
        ("blob404_layer0", 404),
        ("blob500_layer0", 500),
        ("blob503_layer0", 503),
    ] {
        let fault: &'static str =
            format!("answer = {{ status = {status} }}\nrequests = [\"blob-get\"]\nlayers = [0]")
                .leak();
        let case = Case { name, fault, ..Case::default() };
        let failed = format!("b{status}");
        let of = |entries: &[String]| entries.iter().filter(|it| **it == failed).count();
        assert_eq!(of(&ours(&case)), of(&recorded(name)), "{name}");
    }
}
