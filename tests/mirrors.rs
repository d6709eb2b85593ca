//! Nodes that ask mirrors, held against counts of a real client and a real pull-through cache:
//! containerd 1.7.24 with hosts.toml, and distribution 2.8.2 (single runs, 2026-11; the sources of
//! the rules stand in `model::supply::mirror` and `model::pull::mirrored`).

use crate::support::{Lab, Seen, always, known, metric};

use pullstorm::model::record::outcome::{Outcome, Value};

/// One node that pulls the image of 8 objects (HEAD, manifest, config, five layers) by a mirror.
fn lab() -> Lab {
    Lab::new()
        .with("horizon = '20m'")
        .registry("rtt = '20ms'")
        .mirror("kind = 'distribution-2.8'\nupstream = 'lab'\negress = 'out'")
        .pool("runtime = 'containerd-1.7.24'")
        .set("image.app", "reference = 'lab.example/lab/app:v1'")
        .set("image.app", "manifest = '1077B'\nconfig = '614B'")
        .set("image.app", "layers = ['8391403B', '4195775B', '2097981B', '1049116B', '262428B']")
        .workload("app", &format!("kind = 'deployment'\ncontainers = [{}]", always("app")))
        .set("workload.app", "replicas = 1")
}

/// Requests of nodes at the mirror and at the registry.
fn of_nodes(seen: &[Seen]) -> (usize, usize) {
    let count = |endpoint: &str| {
        seen.iter().filter(|it| it.attempt == 1 && it.endpoint == endpoint).count()
    };
    (count("mirror"), count("registry"))
}

/// Requests that the mirror sent: pings, tokens, HEADs and GETs of manifests, HEADs and GETs of
/// blobs.
fn upstream(seen: &[Seen]) -> [usize; 6] {
    let is_blob = |it: &Seen| it.object == "config" || it.object.starts_with("layer");
    let mine = || seen.iter().filter(|it| it.attempt == 0);
    let count = |of: &dyn Fn(&Seen) -> bool| mine().filter(|&it| of(it)).count();
    let is_manifest = |it: &Seen| matches!(&*it.object, "tag" | "index" | "manifest");
    [
        count(&|it| it.object == "ping"),
        count(&|it| it.object == "token"),
        count(&|it| is_manifest(it) && it.method == "HEAD"),
        count(&|it| is_manifest(it) && it.method == "GET"),
        count(&|it| is_blob(it) && it.method == "HEAD"),
        count(&|it| is_blob(it) && it.method == "GET" && it.endpoint == "registry"),
    ]
}

const IMAGE_BYTES: f64 = 614.0 + 8_391_403.0 + 4_195_775.0 + 2_097_981.0 + 1_049_116.0 + 262_428.0;

/// Body bytes that nodes received, from mirrors (which stand in the cluster) and registries.
fn received(outcome: &Outcome) -> f64 {
    known(outcome, "run", "egress_bytes") + known(outcome, "run", "private_bytes")
}

/// Whether two figures are the same whole number, or share.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

fn ready(outcome: &Outcome) -> f64 {
    known(outcome, "run", "pods_ready")
}

const WARM: &str = "filled.images = [\"app\"]";
const THREE: &str = "kind = \"distribution-3\"";
const BY_DIGEST: &str = "reference = \"lab.example/lab/app@sha256:6c3e0c3721fa\"";

#[test]
fn an_answering_mirror_gets_everything_and_the_registry_nothing() {
    let (outcome, seen) = lab().mirror(WARM).requests();
    assert_eq!(of_nodes(&seen), (8, 0));
    assert!(ready(&outcome) > 0.5);
    assert!(same(known(&outcome, "run", "mirror_bypass_share"), 0.0));
    assert!(same(known(&outcome, "run", "mirror_hit_share"), 1.0));
}

#[test]
fn every_object_is_asked_of_a_failing_mirror_first() {
    let cases = [
        ("answer = { status = 404 }", (8, 8)),
        ("answer = { status = 403 }", (8, 8)),
        ("answer = { status = 401 }", (8, 8)),
        ("answer = { status = 500 }", (8, 8)),
        ("answer = { status = 503 }", (8, 8)),
        ("answer = \"drop\"", (8, 8)),
        ("answer = \"refuse\"", (0, 8)),
        // Six tries of each object, then the registry; the pull succeeds.
        ("answer = { status = 429 }", (48, 8)),
        // Manifests fine, blobs not.
        ("answer = { status = 404 }\nrequests = [\"blob-get\"]", (8, 6)),
        ("answer = { status = 500 }\nrequests = [\"blob-get\"]", (8, 6)),
        ("answer = { status = 429 }\nrequests = [\"blob-get\"]", (38, 6)),
        // Blobs fine, manifests not.
        ("answer = { status = 404 }\nrequests = [\"manifest-head\", \"manifest-get\"]", (8, 2)),
    ];
    for (fault, expected) in cases {
        let fault = format!("[fault.f]\nmirror = \"cache\"\n{fault}\n");
        let (outcome, seen) = lab().mirror(WARM).with(&fault).requests();
        assert_eq!(of_nodes(&seen), expected, "{fault}");
        assert!(ready(&outcome) > 0.5, "{fault}");
    }
}

#[test]
fn a_throttled_registry_matters_only_where_the_mirror_fails() {
    let throttled = "[fault.quota]\nregistry = \"lab\"\nanswer = { status = 429 }\n\
                     requests = [\"manifest-head\", \"manifest-get\"]\n";
    let (outcome, seen) = lab().mirror(WARM).with(throttled).requests();
    assert_eq!(of_nodes(&seen), (8, 0));
    assert!(ready(&outcome) > 0.5);
    for (status, expected) in [(404, (1, 6)), (429, (6, 6))] {
        let fault = format!(
            "{throttled}[fault.mirror]\nmirror = \"cache\"\nanswer = {{ status = {status} }}\n"
        );
        let (outcome, seen) = lab().mirror(WARM).with(&fault).requests();
        assert_eq!(of_nodes(&seen), expected, "mirror {status}");
        assert!(ready(&outcome) < 0.5);
        let failure = &outcome.failures[0];
        assert_eq!(failure.cause, "quota");
        assert_eq!(failure.cause_behind.as_deref(), Some("mirror"));
    }
}

#[test]
fn a_mirror_needs_no_token_and_a_fall_back_fetches_two() {
    let token = "needs_token = true";
    let (_, seen) = lab().registry(token).mirror(WARM).requests();
    let tokens =
        |seen: &[Seen]| seen.iter().filter(|it| it.attempt == 1 && it.endpoint == "token").count();
    assert_eq!((of_nodes(&seen), tokens(&seen)), ((8, 0), 0));
    let fault = "[fault.f]\nmirror = \"cache\"\nanswer = { status = 404 }\n";
    let (_, seen) = lab().registry(token).mirror(WARM).with(fault).requests();
    // 12 upstream, two of them tokens.
    assert_eq!((of_nodes(&seen), tokens(&seen)), ((8, 10), 2));
}

#[test]
fn a_mirror_that_drops_syns_costs_a_dial_for_each_object_in_series() {
    let fault = "[fault.f]\nmirror = \"cache\"\nanswer = \"unreachable\"\n";
    let (outcome, seen) = lab().mirror(WARM).with(fault).requests();
    assert_eq!(of_nodes(&seen), (0, 8));
    // 30 s for the HEAD, the manifest, the config, and twice for layers, three at a time.
    let took = known(&outcome, "run", "ready_seconds_max");
    assert!((150.0..152.0).contains(&took), "{took}");
}

#[test]
fn a_mirror_that_never_answers_holds_the_pull_until_the_progress_timeout() {
    let fault = "[fault.f]\nmirror = \"cache\"\nanswer = \"hang\"\n";
    let (outcome, seen) = lab().mirror(WARM).with(fault).requests();
    assert_eq!(of_nodes(&seen), (1, 0), "no fall-back");
    let failure = &outcome.failures[0];
    let cause = (&*failure.cause, failure.cause_behind.as_deref());
    assert_eq!(cause, ("progress-timeout", Some("f")));
}

#[test]
fn untrusted_mirrors_are_passed_over_object_by_object() {
    for (untrusted, expected) in [("tls", (0, 8)), ("auth", (8, 8))] {
        let mirror = format!("{WARM}\nnodes.untrusted = \"{untrusted}\"\n");
        let (outcome, seen) = lab().mirror(&mirror).requests();
        assert_eq!(of_nodes(&seen), expected, "{untrusted}");
        assert!(ready(&outcome) > 0.5);
    }
    let wrong = format!("{WARM}\nnodes.configured_for = \"docker\"\n");
    let (outcome, seen) = lab().mirror(&wrong).requests();
    assert_eq!(of_nodes(&seen), (0, 8));
    assert!(same(known(&outcome, "mirror.cache", "mirror_bypass_share"), 1.0));
    assert_eq!(metric(&outcome, "run", "mirror_hit_share").value, Value::Absent);
}

#[test]
fn a_mirror_that_only_pulls_leaves_tags_to_the_registry() {
    let mirror = format!("{WARM}\nnodes.resolve = false\n");
    let (_, seen) = lab().mirror(&mirror).requests();
    assert_eq!(of_nodes(&seen), (7, 1));
}

#[test]
fn without_fail_open_the_mirror_is_asked_twice() {
    let mirror = format!("{WARM}\nnodes.fail_open = false\n");
    let fault = "[fault.f]\nmirror = \"cache\"\nanswer = { status = 503 }\n";
    let lab = lab().mirror(&mirror).with(fault);
    let (outcome, seen) = lab.requests();
    assert_eq!(of_nodes(&seen), (2, 0));
    assert_eq!(outcome.failures[0].cause, "f");
}

// The cache itself: pings, tokens, manifest HEADs and GETs, blob HEADs and GETs upstream.

#[test]
fn a_cold_image_costs_one_head_one_get_and_every_blob_twice() {
    let (outcome, seen) = lab().requests();
    assert_eq!(of_nodes(&seen), (8, 0));
    assert_eq!(upstream(&seen), [20, 0, 1, 1, 6, 12]);
    // Measured: 32.0 MB for an image of 16.0.
    let bytes = known(&outcome, "run", "upstream_bytes");
    assert!(same(bytes, 2.0 * IMAGE_BYTES + 1_077.0));
    assert!(same(known(&outcome, "mirror.cache", "upstream_bytes"), bytes));
}

#[test]
fn a_warm_tag_costs_a_head_and_a_warm_digest_nothing() {
    let (_, seen) = lab().mirror(WARM).requests();
    assert_eq!(upstream(&seen), [1, 0, 1, 0, 0, 0]);
    let (_, seen) = lab().mirror(WARM).set("image.app", BY_DIGEST).requests();
    assert_eq!(upstream(&seen), [0; 6]);
    assert_eq!(of_nodes(&seen), (8, 0));
}

#[test]
fn each_request_that_goes_upstream_fetches_a_token() {
    let registry = "needs_token = true";
    let (_, seen) = lab().registry(registry).requests();
    // One look at the root, which tells of tokens once and for all.
    assert_eq!(upstream(&seen), [1, 7, 1, 1, 6, 12]);
    let (_, seen) = lab().registry(registry).mirror(WARM).requests();
    assert_eq!(upstream(&seen), [1, 1, 1, 0, 0, 0]);
}

#[test]
fn an_index_is_one_more_manifest() {
    let image = "platforms = [\"amd64\", \"arm64\"]\nindex = \"900B\"";
    let (_, seen) = lab().set("image.app", image).requests();
    assert_eq!(of_nodes(&seen), (9, 0));
    assert_eq!(upstream(&seen)[2..], [1, 2, 6, 12]);
}

#[test]
fn distribution_3_writes_down_what_it_passes_on() {
    let text = lab().mirror(THREE);
    let (outcome, seen) = text.requests();
    // Two looks for the manifest and two for each blob: the third of 2.8, after the body, finds it
    // stored.
    assert_eq!(upstream(&seen), [14, 0, 1, 1, 6, 6]);
    assert!(same(known(&outcome, "run", "upstream_bytes"), IMAGE_BYTES + 1_077.0));
    // What it has is served from then on.
    let rest = "[timeline.again]\nat = \"5m\"\nscale_nodes = { pool = \"some\", nodes = 2 }\n\
                [timeline.more]\nat = \"10m\"\n\
                scale_workload = { workload = \"app\", replicas = 2 }\n";
    let text = lab().with(rest).mirror(THREE);
    let (_, seen) = text.requests();
    assert_eq!(upstream(&seen), [15, 0, 2, 1, 6, 6]);
}

/// Status of the answers to nodes at the mirror, first attempt.
fn answers(seen: &[Seen]) -> Vec<(String, Option<u16>)> {
    let at_mirror = seen.iter().filter(|it| it.attempt == 1 && it.endpoint == "mirror");
    at_mirror.map(|it| (it.object.clone(), it.status)).collect()
}

#[test]
fn warm_tags_are_served_stale_whatever_upstream_says() {
    for answer in
        ["{ status = 429 }", "{ status = 503 }", "{ status = 403 }", "{ status = 404 }", "\"drop\""]
    {
        let fault = format!("[fault.f]\nregistry = \"lab\"\nanswer = {answer}\n");
        let (outcome, seen) = lab().mirror(WARM).with(&fault).requests();
        assert!(ready(&outcome) > 0.5, "{answer}");
        assert_eq!(of_nodes(&seen), (8, 0), "{answer}");
        // A HEAD that is answered with an error is followed by a GET; one that is not, is not.
        let each = usize::from(answer != "\"drop\"");
        assert_eq!(upstream(&seen)[2..4], [each, each], "{answer}");
    }
}

#[test]
fn a_throttled_upstream_looks_like_a_missing_image_where_the_mirror_is_cold() {
    let fault = "[fault.f]\nregistry = \"lab\"\nanswer = { status = 429 }\n\
                 requests = [\"manifest-head\", \"manifest-get\"]\n";
    let mirror = "nodes.fail_open = false";
    let once = lab().mirror(mirror).with(fault).with("horizon = '5s'");
    let (outcome, seen) = once.requests();
    assert_eq!(answers(&seen)[0], ("tag".to_owned(), Some(404)));
    assert_eq!(upstream(&seen)[2..4], [2, 2], "a HEAD and a GET for each request of the node");
    // The cause is told all the same.
    assert_eq!(outcome.failures[0].cause, "f");
    let fault = "[fault.f]\nregistry = \"lab\"\nanswer = { status = 429 }\n\
                 requests = [\"manifest-get\"]\n";
    let (_, seen) = lab().mirror(mirror).with(fault).requests();
    assert_eq!(answers(&seen)[0], ("tag".to_owned(), Some(500)));
    let fault = "[fault.f]\nregistry = \"lab\"\nanswer = { status = 429 }\n\
                 requests = [\"blob-head\"]\n";
    let (_, seen) = lab().mirror(mirror).with(fault).requests();
    assert!(answers(&seen).contains(&("config".to_owned(), Some(500))));
}

// Many nodes, small disks, slow disks, replicas, restarts.

/// Without tokens nothing is ever learned, so each look comes alone: a round trip of 20 ms and 5 ms
/// at the registry. Eight nodes need two for the manifest at least, one behind the other.
#[test]
fn looks_at_the_root_wait_for_one_another() {
    for kind in ["distribution-2.8", "distribution-3"] {
        let lab = lab().pool("nodes = 8").set("workload.app", "replicas = 8");
        let (outcome, seen) = lab.mirror(&format!("kind = '{kind}'")).requests();
        assert!(ready(&outcome) > 7.5);
        let is_ping = |it: &&Seen| it.object == "ping";
        let mut times: Vec<f64> =
            seen.iter().filter(is_ping).map(|it| it.micros as f64 / 1e6).collect();
        times.sort_by(f64::total_cmp);
        assert!(16 <= times.len(), "{}", times.len());
        for pair in times.windows(2) {
            assert!(0.025 - 1e-9 <= pair[1] - pair[0], "{pair:?}");
        }
    }
}

/// Nothing bounds the wait for a look: one that hangs holds the lock, and whoever asks for
/// something cold waits with it, again and again, until the mirror restarts.
#[test]
fn a_look_that_hangs_holds_up_everybody_until_the_mirror_restarts() {
    let hang = "[fault.no-look]\nregistry = \"lab\"\nrequests = [\"ping\"]\n\
                answer = \"hang\"\nfirst = 1\nat_edge = true\n";
    let (outcome, seen) =
        lab().with(hang).pool("nodes = 2").set("workload.app", "replicas = 2").requests();
    assert!(ready(&outcome) < 0.5);
    let failures = known(&outcome, "run", "pull_failures");
    assert!(4.0 <= failures, "both nodes, twice and more in 20 minutes: {failures}");
    assert_eq!(upstream(&seen), [1, 0, 0, 0, 0, 0], "nobody gets past the first look");
    let kick = "[timeline.kick]\nat = \"8m\"\n\
                restart_mirror = { mirror = \"cache\", down = \"1s\" }\n";
    let text = lab().with(hang).pool("nodes = 2").set("workload.app", "replicas = 2").with(kick);
    let (outcome, _) = text.requests();
    assert!(1.5 < ready(&outcome));
}

/// A look that is answered 429 tells nothing: the request goes without a token and is refused, and
/// the node asks the registry. The next request looks again.
#[test]
fn a_refused_look_is_no_challenge() {
    let registry = "needs_token = true";
    let rest = "[fault.no-look]\nregistry = \"lab\"\nrequests = [\"ping\"]\nanswer = 429\n\
                first = 1\nat_edge = true\n";
    let (outcome, seen) = lab().registry(registry).with(rest).requests();
    assert!(ready(&outcome) > 0.5);
    let [pings, _, heads, gets, ..] = upstream(&seen);
    // HEAD and GET of the tag without a token; then the digest, as ever.
    assert_eq!((pings, heads, gets), (2, 1, 2));
}

/// A fetch into the storage that a restart breaks off keeps what it wrote, and no more: of 20 MB
/// nearly all is left for the image of 16, which three more nodes then find, as without a bound.
#[test]
fn a_restart_gives_back_the_room_of_what_it_breaks_off() {
    let rest = "[timeline.kick]\nat = \"560ms\"\n\
                restart_mirror = { mirror = \"cache\", down = \"1s\", keep_storage = true }\n\
                [timeline.grow]\nat = \"5m\"\nscale_nodes = { pool = \"some\", nodes = 4 }\n\
                [timeline.more]\nat = \"10m\"\n\
                scale_workload = { workload = \"app\", replicas = 4 }\n";
    let registry = "bandwidth = \"50Mbit/s\"";
    let blob_gets = |mirror: &str| {
        let (outcome, seen) = lab().registry(registry).mirror(mirror).with(rest).requests();
        assert!(3.5 < ready(&outcome));
        upstream(&seen)[5]
    };
    assert_eq!(blob_gets("disk = { capacity = \"20MB\" }"), blob_gets(""));
}

/// Whenever a mirror goes down, what was on its way to it gets no answer from it: half a second of
/// instants, some of them between a request's start and its arrival 50 ms later.
#[test]
fn a_mirror_that_is_down_answers_nothing_that_was_on_its_way() {
    for at in (0..500).step_by(10) {
        let rest = format!(
            "[timeline.kick]\nat = \"{at}ms\"\n\
             restart_mirror = {{ mirror = \"cache\", down = \"1s\" }}\n"
        );
        let text = lab().mirror("rtt = \"100ms\"").with(&rest);
        let (outcome, seen) = text.requests();
        assert!(0.5 < ready(&outcome), "{at} ms");
        let down = at * 1_000..at * 1_000 + 1_000_000;
        let by_mirror = |it: &&Seen| it.endpoint == "mirror" && it.status.is_some();
        let answers = seen.iter().filter(by_mirror).filter(|it| down.contains(&it.micros)).count();
        assert_eq!(answers, 0, "down from {at} ms");
    }
}

/// Two layers of one pull break off in the same instant, for the third time without a byte: the
/// pull ends once. Thirty replicas whose disks hold no layer; each fetches the next lane's anew.
#[test]
fn bodies_that_break_off_together_end_a_pull_once() {
    let lab = Lab::new()
        .with("horizon = '10m'")
        .mirror("kind = 'distribution-3'\nupstream = 'lab'\negress = 'out'")
        .mirror("replicas = 30\ndisk = { capacity = '1MB' }")
        .image("app", "layers = ['2MB', '2MB', '2MB']")
        .daemonset("app", "app");
    for seed in 0..60 {
        let outcome = lab.clone().with(&format!("seed = {seed}")).outcome();
        let [attempts, failures] =
            ["pull_attempts", "pull_failures"].map(|it| known(&outcome, "run", it));
        assert!(1.0 <= attempts && failures <= attempts, "seed {seed}");
    }
}

#[test]
fn until_a_blob_is_stored_everybody_gets_a_copy_of_their_own() {
    // Ten nodes at once over a thin upstream: every blob is still on its way when the last node
    // asks.
    let registry = "bandwidth = \"100Mbit/s\"\nneeds_token = true";
    let lab = lab().registry(registry).pool("nodes = 10").set("workload.app", "replicas = 10");
    let (outcome, seen) = lab.requests();
    assert!(ready(&outcome) > 9.5);
    let [pings, _, heads, gets, blob_heads, blob_gets] = upstream(&seen);
    assert_eq!((heads, blob_heads), (10, 60));
    // The others wait for the look of the first, and find what it learned.
    assert_eq!(pings, 1);
    // Each of the ten misses the manifest within its round trip.
    assert_eq!(gets, 10);
    assert_eq!(blob_gets, 66, "ten copies passed on, and one stored, of each");
    let bytes = known(&outcome, "run", "upstream_bytes");
    assert!(same(bytes, 11.0 * IMAGE_BYTES + 10.0 * 1_077.0));
    let text = lab.mirror(THREE);
    let (outcome, seen) = text.requests();
    assert_eq!(upstream(&seen)[5], 60);
    assert!(same(known(&outcome, "run", "upstream_bytes"), 10.0 * IMAGE_BYTES + 10.0 * 1_077.0));
}

#[test]
fn a_warm_pinned_mirror_asks_nothing_upstream_however_many_nodes_come() {
    let lab = lab()
        .mirror(WARM)
        .set("image.app", BY_DIGEST)
        .pool("nodes = 30")
        .set("workload.app", "replicas = 60");
    let (outcome, seen) = lab.requests();
    assert!(ready(&outcome) > 59.5);
    assert_eq!(upstream(&seen), [0; 6]);
    assert!(same(known(&outcome, "registry.lab", "requests"), 0.0));
    assert!(same(known(&outcome, "run", "upstream_bytes"), 0.0));
    // With its upstream gone, all the same.
    let fault = "[fault.gone]\nregistry = \"lab\"\nanswer = \"unreachable\"\n";
    let (outcome, _) = lab.clone().with(fault).requests();
    assert!(ready(&outcome) > 59.5);
    assert!(same(known(&outcome, "run", "pull_failures"), 0.0));
}

#[test]
fn what_was_fetched_a_ttl_ago_is_fetched_again() {
    // The first two objects (manifest and config, by their draws) go between 0 and 10 minutes.
    let mirror = "filled = { images = [\"app\"], age = \"167h50m\" }";
    let early = lab().mirror(mirror);
    let (_, seen) = early.requests();
    assert_eq!(upstream(&seen)[2..], [1, 0, 0, 0], "before the anniversary");
    let late = early.clone().set("workload.app", "start.at = '11m'");
    let (_, seen) = late.requests();
    assert_eq!(upstream(&seen)[2..], [1, 1, 6, 12], "after it");
    // A hit does not renew: the pull at 5 min changes nothing at 11.
    let rest = "[timeline.more]\nat = \"11m\"\n\
                scale_nodes = { pool = \"some\", nodes = 2 }\n\
                [timeline.pods]\nat = \"13m\"\n\
                scale_workload = { workload = \"app\", replicas = 2 }\n";
    let twice = early.clone().with(rest).set("workload.app", "start.at = '5m'");
    let (_, seen) = twice.requests();
    assert_eq!(upstream(&seen)[2..], [2, 1, 6, 12]);
}

#[test]
fn a_full_disk_passes_blobs_on_and_refuses_manifests() {
    // Room for the manifest, the config and 8 MB: the largest layer finds less than it needs, and
    // what it wrote stays behind.
    let mirror = "disk.capacity = \"8MB\"";
    let (outcome, seen) = lab().mirror(mirror).requests();
    assert!(ready(&outcome) > 0.5, "blobs are served from upstream");
    assert_eq!(of_nodes(&seen), (8, 0));
    // A node that comes later finds nothing of what did not fit, and a new manifest is refused.
    let rest = "[workload.other]\nkind = \"deployment\"\npool = \"some\"\nreplicas = 1\n\
                start.at = \"5m\"\ncontainers = [{ image = \"other\" }]\n";
    let (outcome, seen) =
        lab().mirror(mirror).image("other", "layers = ['1MB']").with(rest).requests();
    assert!(ready(&outcome) > 1.5);
    let late: Vec<&Seen> = seen.iter().filter(|it| it.image == "other").collect();
    let first = late.iter().find(|it| it.endpoint == "mirror").expect("it is asked");
    assert_eq!((first.status, first.cause.as_deref()), (Some(500), Some("mirror-disk-full")));
    assert!(late.iter().any(|it| it.endpoint == "registry" && it.attempt == 1), "and passed over");
}

#[test]
fn a_full_disk_of_distribution_3_breaks_a_body_off_once() {
    let text = lab().mirror("disk.capacity = \"8MB\"").mirror(THREE);
    let (outcome, seen) = text.requests();
    assert!(ready(&outcome) > 0.5);
    // The broken body goes on at the registry, with a range: no byte comes twice.
    let received = received(&outcome);
    assert!(same(received, IMAGE_BYTES + 1_077.0));
    assert!(0 < of_nodes(&seen).1);
}

#[test]
fn more_requests_than_a_mirror_works_on_wait_their_turn() {
    let mirror = "filled.images = [\"app\"]\nnic = \"80Mbit/s\"";
    let wide = lab().mirror(mirror).pool("nodes = 8").set("workload.app", "replicas = 8");
    let narrow =
        wide.clone().mirror("filled.images = [\"app\"]\nnic = \"80Mbit/s\"\nconcurrency = 1");
    // 8 copies of 16 MB over 10 MB/s take 12.8 s either way: a queue changes who waits.
    for lab in [&wide, &narrow] {
        let (outcome, _) = lab.requests();
        let took = known(&outcome, "run", "ready_seconds_max");
        assert!((12.7..14.5).contains(&took), "{took}");
    }
    let fastest = |lab: &Lab| {
        let (outcome, _) = lab.requests();
        known(&outcome, "run", "ready_seconds_p50")
    };
    assert!(fastest(&narrow) < fastest(&wide));
}

#[test]
fn a_slow_disk_is_as_slow_as_its_operations() {
    // 40 operations a second of 256 KiB move 10.5 MB/s: 16 MB take 1.53 s. Before them stand the
    // operations of HEAD (the first one is free), manifest, config and the first layer, 4 for each:
    // 0.38 s; those of the other layers hide behind bodies. A fast disk hides 0.1 s of unpacking
    // less.
    let mirror = "filled.images = [\"app\"]\n\
                  disk = { throughput = \"500MB/s\", iops = 40 }";
    let (outcome, _) = lab().mirror(mirror).requests();
    let took = known(&outcome, "run", "ready_seconds_max");
    let fast = known(&lab().mirror(WARM).requests().0, "run", "ready_seconds_max");
    let slower = took - fast;
    assert!((1.75..1.95).contains(&slower), "{slower}");
}

#[test]
fn replicas_with_storages_of_their_own_are_cold_each_for_itself() {
    let own = "replicas = 2";
    let shared = "replicas = 2\nstorage = \"shared\"";
    // Twenty nodes come one after another: whatever can be stored has been.
    let run = |mirror: &str| {
        let lab = lab().mirror(mirror).pool("nodes = 20").set("workload.app", "replicas = 20");
        let text = lab.set("workload.app", "start.over = '10m'");
        upstream(&text.requests().1)
    };
    assert_eq!(run(own)[4..], [12, 24], "twice cold");
    assert_eq!(run(shared)[4..], [6, 12], "once");
}

#[test]
fn a_restart_breaks_off_what_is_under_way_and_an_empty_disk_is_cold_again() {
    let mirror = "filled.images = [\"app\"]\nnic = \"8Mbit/s\"";
    // 16 MB over 1 MB/s: at 5 s a body is on its way.
    let rest = "[timeline.restart]\nat = \"5s\"\n\
                restart_mirror = { mirror = \"cache\", down = \"1m\", keep_storage = false }\n";
    let (outcome, seen) = lab().mirror(mirror).with(rest).requests();
    assert!(ready(&outcome) > 0.5, "the registry is asked for the rest");
    assert!(0 < of_nodes(&seen).1);
    let took = known(&outcome, "run", "ready_seconds_max");
    assert!(took < 20.0, "{took}");
    // No byte is lost, none comes twice.
    assert!(same(received(&outcome), IMAGE_BYTES + 1_077.0));
    let late = "[workload.late]\nkind = \"deployment\"\npool = \"some\"\nreplicas = 1\n\
                start.at = \"5m\"\n\
                containers = [{ image = \"app\", image_pull_policy = \"Always\" }]\n";
    let rest = &*Box::leak(format!("{rest}{late}").into_boxed_str());
    let (_, seen) = lab().mirror(mirror).with(rest).requests();
    assert_eq!(upstream(&seen)[3], 1, "its manifest had to be fetched again");
}

#[test]
fn applying_a_mirror_drains_and_restarts_every_node_once() {
    let rest = "[timeline.apply]\nat = \"2m\"\n\
                [timeline.apply.reconfigure_nodes]\n\
                mirror = \"cache\"\npool = \"some\"\nbatch = 1\nevery = \"3m\"\n\
                [timeline.more]\nat = \"15m\"\n\
                scale_workload = { workload = \"app\", replicas = 8 }\n";
    let lab = lab().mirror(WARM).with(rest).pool("nodes = 3").set("workload.app", "replicas = 3");
    let (outcome, seen) = lab.requests();
    // Before: all at the registry. The node drained at 2 min is back at 4 min; its pod moved.
    let at = |from: u64, to: u64, endpoint: &str| {
        let within = |it: &&Seen| (from..to).contains(&(it.micros / 60_000_000));
        seen.iter().filter(within).filter(|it| it.attempt != 0 && it.endpoint == endpoint).count()
    };
    assert_eq!(at(0, 2, "mirror"), 0);
    assert_eq!(at(0, 2, "registry"), 24);
    assert!(0 < at(2, 11, "registry") + at(2, 11, "mirror"), "drained pods start elsewhere");
    assert_eq!(at(15, 20, "registry"), 0, "every node knows the mirror");
    assert_eq!(at(15, 20, "mirror"), 5);
    assert!(7.5 < ready(&outcome));
}

#[test]
fn a_share_of_the_nodes_is_that_share() {
    let mirror = "filled.images = [\"app\"]\nnodes.share = \"25%\"";
    let (outcome, _) =
        lab().mirror(mirror).pool("nodes = 400").set("workload.app", "replicas = 400").requests();
    let past = known(&outcome, "run", "mirror_bypass_share");
    assert!((0.68..0.82).contains(&past), "{past}");
}

/// Causes of the failed pulls, each with what stands behind it.
fn causes(lab: &Lab) -> Vec<(String, Option<String>)> {
    let (outcome, _) = lab.requests();
    outcome.failures.into_iter().map(|it| (it.cause, it.cause_behind)).collect()
}

#[test]
fn a_pull_that_a_mirror_alone_could_serve_fails_with_the_mirrors_own_causes() {
    let closed = "filled.images = [\"app\"]\nnodes.fail_open = false\n";
    for untrusted in ["tls", "auth"] {
        let mirror = format!("{closed}nodes.untrusted = \"{untrusted}\"");
        let cause = ("mirror-untrusted".to_owned(), None);
        assert_eq!(causes(&lab().mirror(&mirror)), [cause], "{untrusted}");
    }
    let mirror = "nodes.fail_open = false\ndisk.capacity = \"500B\"";
    assert_eq!(causes(&lab().mirror(mirror)), [("mirror-disk-full".to_owned(), None)]);
    // One request at a time, and the first never ends: the others wait for longer than the runtime.
    let mirror = "concurrency = 1";
    let fault = "[fault.stuck]\nregistry = \"lab\"\nanswer = \"hang\"\n\
                 requests = [\"manifest-head\"]\n";
    let seen = causes(
        &lab().mirror(mirror).with(fault).pool("nodes = 2").set("workload.app", "replicas = 2"),
    );
    let behind = |it: &str| ("progress-timeout".to_owned(), Some(it.to_owned()));
    assert!(seen.contains(&behind("stuck")) && seen.contains(&behind("mirror-busy")), "{seen:?}");
}
