//! What loads, and to which spec.

use pullstorm::model::record::measure::{MIN_AVAILABLE_SHARE, PULL_FAILURES};
use pullstorm::model::spec::{
    Action, Addressing, Answer, Change, Clients, Count, ImagePullPolicy, LimitKey, RequestKind,
    WorkloadKind,
};
use pullstorm::resource::limiter::Rule;
use pullstorm::scenario::{self, Code, Comparison, Loaded, Request, SourceFile, library, presets};
use pullstorm::units::{Bytes, Share, Span};

fn load_with(text: &str, request: &Request) -> Loaded {
    let file = SourceFile { name: "dir/test.toml".into(), text: text.into() };
    scenario::load(&file, request).unwrap_or_else(|problems| panic!("{problems}"))
}

fn load(text: &str) -> Loaded {
    load_with(text, &Request::default())
}

fn set(sets: &[&str]) -> Request {
    Request { sets: sets.iter().map(|set| (*set).to_owned()).collect(), ..Request::default() }
}

fn origin_and_value<'a>(loaded: &'a Loaded, path: &str) -> (&'a str, &'a str) {
    let mut parameters = loaded.scenario.parameters.iter();
    let found = parameters.find(|parameter| parameter.path == path);
    found.map_or(("", ""), |parameter| (&parameter.origin, &parameter.value))
}

/// The example of the design, without the blocks that are not supported yet.
const DESIGN: &str = r#"
title    = "Spot churn behind one NAT"
question = "Does the cluster survive a kernel rollout on anonymous pulls?"
horizon  = "6h"
seed     = 42
replications = 20

[registry.docker-hub]
host   = "docker.io"
preset = "docker-hub"              # limits, token service, CDN; any field can be overridden
rtt    = "40ms"

[registry.docker-hub.limit.anonymous-pulls]    # the preset's, spelled out
for    = "anonymous"
key    = "address"
law    = "sliding-log"
allow  = 100
window = "6h"
weight = { head = 0, index = 0.5, platform = 0.5, single = 0.5 }
rejected_consume = false

[account.ci]
registry = "docker-hub"
tier     = "personal"

[egress.nat]
preset    = "aws-nat-gateway"
addresses = 1
choose    = "node"

[background.other-cluster]
egress = "nat"
registry = "docker-hub"
pulls_per_hour = 8

[pool.workers]
nodes   = 300
join    = { at = "0s", over = "0s" }
arch    = "amd64"
egress  = "nat"
runtime = "containerd-1.7"
kubelet = { serialize_image_pulls = false, registry_pull_qps = 5, registry_burst = 10 }
nic     = "10Gbit/s"
disk    = { unpack = "150MB/s" }
preloaded = ["base"]

[image.base]
layers = ["29MB", "18MB", "1kB"]

[image.api]
reference = "docker.io/acme/api:1.25"
platforms = ["amd64", "arm64"]
from      = "base"
layers    = ["61MB", "4MB"]

[workload.api]
kind       = "deployment"
pool       = "workers"
replicas   = 900
start      = { at = "0s", over = "30s" }
account    = "ci"
init_containers = []
containers = [{ image = "api", image_pull_policy = "IfNotPresent" }]

[mirror.hub-cache]
kind     = "distribution-2.8"
upstream = "docker-hub"
egress   = "nat"
nodes    = { pools = ["workers"], share = "100%", configured_for = "containerd" }
enabled  = false

[timeline.kernel-rollout]
at            = "10m"
replace_nodes = { pool = "workers", batch = "10%", every = "5m" }

[timeline.spot]
spot_interruptions = { pool = "workers", mean_lifetime = "8h" }

[expect]
ready_seconds_p95 = "< 5m"
workload.api.min_available_share = ">= 75%"
in_runs = "95%"

[variant.two-addresses]
egress.nat.addresses = 2

[variant.quoted]
title = "the same, quoted"
"egress.nat.addresses" = 2
"#;

#[test]
fn every_scenario_of_the_library_loads_with_every_variant() {
    for (name, text) in library::all() {
        let base = load(text);
        // An image that lacks its nodes' platform is what one of them is about.
        let codes: Vec<Code> = base.warnings.iter().map(|it| it.code).collect();
        let expected: &[Code] =
            if *name == "wrong-architecture" { &[Code::NoPlatform] } else { &[] };
        assert_eq!(codes, expected, "{name}");
        for variant in &base.scenario.variants {
            load_with(
                text,
                &Request { variants: vec![variant.name.clone()], ..Request::default() },
            );
        }
        assert_eq!(library::find(name), Some(*text));
    }
}

#[test]
fn the_example_of_the_design_means_what_it_says() {
    let loaded = load(DESIGN);
    assert!(loaded.warnings.is_empty());
    let scenario = loaded.scenario;
    assert_eq!((scenario.name.as_str(), scenario.replications), ("test", 20));
    let spec = &scenario.spec;
    assert_eq!((spec.seed, spec.horizon), (42, Span::from_secs(21_600)));

    let hub = &spec.registries[0];
    assert_eq!((hub.rtt, hub.cdn_rtt, hub.needs_token), (Span::from_millis(40), hub.rtt, true));
    let names: Vec<&str> = hub.limits.iter().map(|limit| limit.name.as_str()).collect();
    assert_eq!(names, ["abuse", "anonymous-pulls", "personal-pulls"]);
    let anonymous = &hub.limits[1];
    assert_eq!((&anonymous.clients, anonymous.key), (&Clients::Anonymous, LimitKey::Address));
    let window = Span::from_secs(21_600);
    assert_eq!(anonymous.rule, Rule::sliding_log(100_000, window));
    assert_eq!((anonymous.weights.index, anonymous.weights.head), (500, 0));

    assert!(matches!(spec.egresses[0].addressing, Addressing::Nat { addresses: 1, .. }));
    let ports = spec.egresses[0].ports.unwrap();
    assert_eq!((ports.per_node, ports.count, ports.hold), (false, 55_000, Span::from_secs(60)));
    assert_eq!(spec.backgrounds[0].millipulls_per_hour, 8_000);
    let pool = &spec.pools[0];
    assert_eq!((pool.runtime.name.as_str(), pool.nodes), ("containerd-1.7.34", 300));
    assert_eq!(pool.runtime.progress_timeout, Some(Span::from_secs(300)));

    let image_names: Vec<&str> = spec.images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(image_names, ["api", "base"]);
    let api = &spec.images[0];
    let layers: Vec<(&str, u64)> =
        api.layers.iter().map(|layer| (layer.digest.as_str(), layer.size.0)).collect();
    assert_eq!(
        layers,
        [
            ("base:0", 29_000_000),
            ("base:1", 18_000_000),
            ("base:2", 1_000),
            ("api:0", 61_000_000),
            ("api:1", 4_000_000)
        ]
    );
    assert!(api.index.is_some() && spec.images[1].index.is_none());
    let WorkloadKind::Deployment { replicas, max_surge, .. } = spec.workloads[0].kind else {
        panic!("{:?}", spec.workloads[0].kind)
    };
    assert_eq!((replicas, max_surge), (900, Count::Share(Share::from_percent(25))));
    assert!(matches!(
        spec.timeline[0].action,
        Action::ReplaceNodes { batch: Count::Share(_), every, .. } if every == Span::from_secs(300)
    ));

    let [first, second] = scenario.expectations.as_slice() else { panic!("two expectations") };
    assert_eq!((first.scope.as_str(), first.demand, first.text.as_str()), ("run", 300.0, "< 5m"));
    assert_eq!((second.scope.as_str(), second.comparison), ("workload.api", Comparison::AtLeast));
    assert_eq!(second.metric, MIN_AVAILABLE_SHARE);
    assert_eq!(scenario.in_runs, Share::from_percent(95));
    let variants: Vec<(&str, &str)> =
        scenario.variants.iter().map(|v| (v.name.as_str(), v.title.as_str())).collect();
    assert_eq!(variants, [("quoted", "the same, quoted"), ("two-addresses", "")]);
}

#[test]
fn nested_and_quoted_paths_of_a_variant_are_the_same() {
    let variant = |name: &str| {
        load_with(DESIGN, &Request { variants: vec![name.into()], ..Request::default() })
    };
    let (nested, quoted) = (variant("two-addresses"), variant("quoted"));
    assert_eq!(format!("{:?}", nested.scenario.spec), format!("{:?}", quoted.scenario.spec));
    assert_ne!(format!("{:?}", nested.scenario.spec), format!("{:?}", load(DESIGN).scenario.spec));
    let path = "egress.nat.addresses";
    assert_eq!(origin_and_value(&nested, path), ("variant two-addresses", "2"));
}

/// The blocks of a text in the opposite order, behind its top-level keys.
fn reversed(text: &str) -> String {
    let (top, blocks) = text.split_once("\n\n[").expect("blocks");
    let mut blocks: Vec<&str> = blocks.split("\n\n[").collect();
    blocks.reverse();
    format!("{top}\n\n[{}", blocks.join("\n\n["))
}

#[test]
fn neither_the_order_of_blocks_nor_the_spelling_of_units_changes_the_spec() {
    for text in [DESIGN, library::find("cold-cluster").unwrap()] {
        let spec = format!("{:?}", load(text).scenario.spec);
        assert_eq!(spec, format!("{:?}", load(&reversed(text)).scenario.spec));
    }
    let respelled = DESIGN
        .replace("\"6h\"", "\"360m\"")
        .replace("\"40ms\"", "\"0.04s\"")
        .replace("\"10Gbit/s\"", "\"1.25GB/s\"")
        .replace("\"29MB\"", "\"29000kB\"")
        .replace("\"10%\"", "\"10.0%\"")
        .replace("allow  = 100", "allow = 100.0")
        .replace("nodes   = 300", "nodes = 3_00");
    assert_ne!(respelled, DESIGN);
    let spec = |text: &str| format!("{:?}", load(text).scenario.spec);
    assert_eq!(spec(&respelled), spec(DESIGN));
}

#[test]
fn values_of_flags_are_read_by_the_type_of_their_key() {
    let request = set(&[
        "horizon=1h30m",
        "pool.workers.kubelet.max_parallel_image_pulls=4",
        "pool.workers.drain=5s",
        "timeline.kernel-rollout.replace_nodes.batch=25%",
        "workload.api.max_surge=3",
        "pool.workers.preloaded=[base, api]",
        "registry.docker-hub.limit.abuse={ allow = 12, enabled = true }",
        "registry.docker-hub.limit.abuse.window=90s",
        "title=a = b",
        "expect.pull_failures=< 9",
        "registry.docker-hub.counting=2024-text",
    ]);
    let request = Request { seed: Some(7), replications: Some(3), ..request };
    let loaded = load_with(DESIGN, &request);
    let scenario = &loaded.scenario;
    let spec = &scenario.spec;
    assert_eq!((spec.horizon, spec.seed, scenario.replications), (Span::from_secs(5_400), 7, 3));
    assert_eq!(scenario.title, "a = b");
    let pool = &spec.pools[0];
    assert_eq!(pool.kubelet.max_parallel_image_pulls, Some(4));
    assert_eq!((pool.drain, pool.preloaded.len()), (Span::from_secs(5), 2));
    assert!(matches!(
        spec.timeline[0].action,
        Action::ReplaceNodes { batch: Count::Share(share), .. } if share == Share::from_percent(25)
    ));
    assert!(matches!(
        spec.workloads[0].kind,
        WorkloadKind::Deployment { max_surge: Count::Number(3), .. }
    ));
    let hub = &spec.registries[0];
    let abuse = Rule::sliding_log(12_000, Span::from_secs(90));
    assert_eq!(hub.limits[0].rule, abuse);
    assert_eq!((hub.limits[2].weights.index, hub.limits[2].weights.single), (0, 1_000));
    assert_eq!(hub.limits[1].weights.index, 500, "the file spells its own weights");
    assert!(scenario.expectations.iter().any(|e| e.metric == PULL_FAILURES && e.origin == "--set"));
    for (path, origin, value) in [
        ("pool.workers.drain", "--set", "5s"),
        ("seed", "--seed", "7"),
        ("pool.workers.nodes", "dir/test.toml:37", "300"),
        ("pool.workers.boot", "default", "1m30s"),
        ("registry.docker-hub.limit.personal-pulls.allow", "preset docker-hub", "200"),
        ("pool.workers.client.requests_per_object", "preset containerd-1.7.34", "6"),
        ("workload.api.max_unavailable", "default", "25%"),
    ] {
        assert_eq!(origin_and_value(&loaded, path), (origin, value), "{path}");
    }
}

#[test]
fn the_counter_of_docker_hub_has_three_readings() {
    let text = DESIGN.replacen("weight = {", "#", 1);
    for (reading, index, platform, single) in [
        ("2020-counter", 500, 500, 500),
        ("2024-text", 0, 1_000, 1_000),
        ("every-get", 1_000, 1_000, 1_000),
    ] {
        let loaded = load_with(&text, &set(&[&format!("registry.docker-hub.counting={reading}")]));
        let weights = loaded.scenario.spec.registries[0].limits[1].weights;
        assert_eq!((weights.index, weights.platform, weights.single), (index, platform, single));
        assert_eq!((weights.head, weights.token, weights.blob), (0, 0, 0));
    }
}

const EVENTS: &str = r#"
[timeline.b-outage]
at = "5m"
[timeline.b-outage.outage]
registry = "docker-hub"
answer = "503"
for = "10m"
requests = ["blob-get", "cdn-get"]
share = "50%"

[fault.a-fault]
registry = "docker-hub"
answer = { status = 429, retry_after = "3s" }
requests = ["manifest-get"]
first = 3

[timeline.c-set]
at = "20m"
[timeline.c-set.set]
"egress.nat.addresses" = 4
"workload.api.account" = ""
pool.workers.kubelet.registry_burst = 99
timeline.kernel-rollout.replace_nodes.batch = 7

[timeline.a-set]
at = "30m"
[timeline.a-set.set]
"pool.workers.kubelet.registry_pull_qps" = 0
"registry.docker-hub.limit.abuse.allow" = 0.5

[timeline.roll]
at = "1h"
rollout = { workload = "api", replace = { api = "next" } }

[image.next]
reference = "docker.io/acme/api:latest"
layer_count = 3
size = "10B"
"#;

#[test]
fn outages_are_faults_and_settings_are_changes() {
    let spec = load(&format!("{DESIGN}\n{EVENTS}")).scenario.spec;
    let [fault, outage] = spec.faults.as_slice() else { panic!("{:?}", spec.faults) };
    assert_eq!((fault.name.as_str(), fault.first, fault.until), ("a-fault", Some(3), None));
    let retry_after = Some(Span::from_secs(3));
    assert_eq!(fault.answer, Answer::Status { status: 429, retry_after });
    assert!(fault.requests.contains(RequestKind::ManifestGet));
    assert!(!fault.requests.contains(RequestKind::ManifestHead));
    assert_eq!((outage.name.as_str(), outage.from), ("b-outage", Span::from_secs(300)));
    assert_eq!(outage.until, Some(Span::from_secs(900)));
    assert_eq!(outage.answer, Answer::Status { status: 503, retry_after: None });
    assert_eq!(outage.share, Share::from_percent(50));

    let changes: Vec<&Change> = spec
        .timeline
        .iter()
        .filter_map(|event| match &event.action {
            Action::Set(change) => Some(change),
            _ => None,
        })
        .collect();
    let kubelets: Vec<(u32, u32)> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Kubelet { kubelet, .. } => {
                Some((kubelet.registry_pull_qps, kubelet.registry_burst))
            }
            _ => None,
        })
        .collect();
    assert_eq!(kubelets, [(0, 99), (5, 99)], "the later change builds on the earlier one");
    assert!(
        changes
            .iter()
            .any(|change| matches!(change, Change::LimitAllow { limit: 0, allow: 500, .. }))
    );
    assert!(changes.iter().any(
        |change| matches!(change, Change::WorkloadAccount { accounts, .. } if accounts.is_empty())
    ));
    let rollout = spec.timeline.iter().position(|event| event.name == "kernel-rollout").unwrap();
    let batch = Change::ReplaceBatch { timeline: rollout, batch: Count::Number(7) };
    assert!(changes.contains(&&batch), "{changes:?}");
    assert!(!spec.timeline.iter().any(|event| event.name == "b-outage"));

    let next = spec.images.iter().find(|image| image.name == "next").unwrap();
    let sizes: Vec<Bytes> = next.layers.iter().map(|layer| layer.size).collect();
    assert_eq!(sizes, [Bytes(4), Bytes(3), Bytes(3)]);
}

#[test]
fn policies_default_as_the_api_server_defaults_them() {
    for (reference, policy) in [
        ("docker.io/acme/api:1.25", ImagePullPolicy::IfNotPresent),
        ("acme/api", ImagePullPolicy::Always),
        ("acme/api:latest@sha256:ab", ImagePullPolicy::Always),
        ("acme/api@sha256:ab", ImagePullPolicy::IfNotPresent),
    ] {
        let text = DESIGN.replacen("docker.io/acme/api:1.25", reference, 1).replacen(
            ", image_pull_policy = \"IfNotPresent\"",
            "",
            1,
        );
        let spec = load(&text).scenario.spec;
        assert_eq!(spec.workloads[0].containers[0].image_pull_policy, policy, "{reference}");
        assert_eq!(spec.images[0].by_digest, reference.contains('@'));
    }
}

#[test]
fn a_block_that_is_switched_off_is_not_there() {
    let off =
        set(&["timeline.spot.enabled=false", "registry.docker-hub.limit.abuse.enabled=false"]);
    let loaded = load_with(DESIGN, &off);
    assert_eq!(loaded.scenario.spec.timeline.len(), 1);
    assert_eq!(loaded.scenario.spec.registries[0].limits.len(), 2);
    assert_eq!(origin_and_value(&loaded, "timeline.spot.enabled"), ("--set", "false"));
    assert_eq!(origin_and_value(&loaded, "timeline.spot.at"), ("", ""));
}

#[test]
fn a_kubelet_with_a_parallel_limit_is_parallel() {
    let path = "pool.workers.kubelet";
    let text = DESIGN.replacen("serialize_image_pulls = false, ", "", 1);
    let serial = |sets: &[&str]| {
        load_with(&text, &set(sets)).scenario.spec.pools[0].kubelet.serialize_image_pulls
    };
    assert!(serial(&[]));
    assert!(!serial(&[&format!("{path}.max_parallel_image_pulls=2")]));
    assert!(serial(&[&format!("{path}.max_parallel_image_pulls=1")]));
}

#[test]
fn every_preset_loads_below_a_bare_block() {
    for preset in presets::all() {
        let sets = match preset.kind {
            "registry" => {
                let spec =
                    load(&format!("[registry.x]\npreset = \"{}\"", preset.name)).scenario.spec;
                assert!(
                    !spec.registries[0].host.is_empty() && !spec.registries[0].limits.is_empty()
                );
                continue;
            }
            "egress" => vec![format!("egress.nat.preset={}", preset.name)],
            "mirror" => vec![
                "mirror.hub-cache.enabled=true".into(),
                format!("mirror.hub-cache.kind={}", preset.name),
            ],
            _ => vec![format!("pool.workers.runtime={}", preset.name)],
        };
        load_with(DESIGN, &Request { sets, ..Request::default() });
    }
}

#[test]
fn the_schema_and_the_reference_know_every_key() {
    let schema = scenario::schema();
    let pool = &schema["properties"]["pool"]["patternProperties"]["^[a-z0-9-]+$"];
    assert_eq!(pool["properties"]["nodes"]["maximum"], 100_000);
    assert_eq!(pool["required"], serde_json::json!(["nodes", "egress"]));
    assert_eq!(pool["properties"]["kubelet"]["properties"]["registry_burst"]["default"], 10);
    assert!(schema["properties"]["expect"]["properties"]["ready_seconds_p95"].is_object());
    let page = scenario::reference();
    for part in
        ["`[registry.NAME.limit.NAME]`", "`[timeline.NAME.rollout]`", "| `pull_seconds_p50`"]
    {
        assert!(page.contains(part), "{part}");
    }
    for row in page.lines().filter(|line| line.starts_with('|')) {
        assert!((3..=5).contains(&row.replace("\\|", "").matches('|').count()), "{row}");
    }
}
