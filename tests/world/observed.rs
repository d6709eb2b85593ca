//! What an operator could see of small worlds, counted by hand.

use crate::support::Lab;
use pullstorm::model::record::operator::{BinSeen, SourceKind};
use pullstorm::model::spec::RequestKind;
use pullstorm::model::words::kubelet_events::Class;
use pullstorm::model::words::trigger::Trigger;

fn lab(horizon: &str, nodes: u32) -> Lab {
    Lab::new()
        .with(&format!("horizon = '{horizon}'\n[registry.lab]\nhost = 'docker.io'"))
        .set("egress.out", "kind = 'nat'\naddresses = 1")
        .pool(&format!("nodes = {nodes}"))
        .set("image.a", "reference = 'docker.io/acme/a:1'\nplatforms = ['amd64', 'arm64']")
        .set("image.a", "layers = ['1MB']")
}

/// The lines of a further image.
fn image(name: &str, size: &str) -> String {
    format!("[image.{name}]\nreference = 'docker.io/acme/{name}:1'\nlayers = ['{size}']")
}

#[test]
fn a_pull_limit_shows_at_the_get_and_its_header_at_the_head() {
    // Nodes come at 0, 2 and 4 s. The first pull spends the one unit (index and manifest, half a
    // unit each); the other two have their HEADs answered, with nothing remaining, and six 429s at
    // the index. Their next attempts would come after the horizon.
    let seen = lab("8s", 3)
        .set("registry.lab.limit.pulls", "law = 'sliding-log'\nallow = 1\nwindow = '6h'")
        .set(
            "registry.lab.limit.pulls",
            "weight = { head = 0, index = 0.5, platform = 0.5, single = 0.5 }",
        )
        .pool("join = { at = '0s', over = '6s' }")
        .daemonset("agent", "a")
        .outcome()
        .observed;
    let new = &seen.pulls[Trigger::NewNode as usize];
    assert_eq!((new.pulling, new.first, new.pulled), (3, 3, 1));
    assert_eq!(new.failed[Class::PullLimit as usize], 2);
    assert_eq!(new.first_failed, new.failed);
    assert_eq!(new.first_cost[Class::PullLimit as usize], 2 * 11, "10 s, and less than one");
    let all: u64 = seen.pulls.iter().map(|it| it.pulling).sum();
    assert_eq!(all, 3, "no other trigger");
    let host = &seen.hosts[0];
    assert_eq!(host.answers[RequestKind::ManifestHead as usize].served, 3);
    let gets = host.answers[RequestKind::ManifestGet as usize];
    assert_eq!((gets.served, gets.pull_limit, gets.bare_429), (2, 12, 0));
    assert_eq!(host.empty_heads, 2);
    let [source] = &seen.sources[..] else { panic!("{:?}", seen.sources) };
    assert_eq!((source.kind, source.asked, source.refused), (SourceKind::Address, 14, 12));
    assert_eq!((seen.nodes_at_start, seen.bins[0].joined, seen.bins[0].failed), (0, 3, 2));
    assert_eq!((seen.pods, seen.pods_waiting, seen.with_account), (3, 2, 0));
}

#[test]
fn a_limit_of_requests_refuses_heads_without_explanation() {
    let seen = lab("8s", 1)
        .set("registry.lab.limit.requests", "law = 'fixed-window'\nallow = 1")
        .set("registry.lab.limit.requests", "window = '1h'\nanchor = '0s'")
        .set(
            "registry.lab.limit.requests",
            "weight = { head = 1, index = 1, platform = 1, single = 1 }",
        )
        .daemonset("agent", "a")
        .outcome()
        .observed;
    // The HEAD is granted, the index is refused six times.
    let new = &seen.pulls[Trigger::NewNode as usize];
    assert_eq!(new.failed[Class::TooManyRequests as usize], 1);
    assert_eq!(seen.hosts[0].answers[RequestKind::ManifestGet as usize].bare_429, 6);
    assert_eq!(seen.hosts[0].bins, [(1, 6)]);
    assert_eq!(seen.hosts[0].empty_heads, 0, "such a limit sends no header");
}

#[test]
fn a_pull_is_told_by_what_brought_it() {
    let seen = lab("3h", 2)
        .with(&image("b", "1MB"))
        .with(&image("c", "1MB"))
        .daemonset("agent", "a")
        .set("workload.agent", "start = { running = true }")
        .workload("always", "kind = 'daemonset'\nstart = { running = true }")
        .set("workload.always", "containers = [{ image = 'c', image_pull_policy = 'Always' }]")
        .at("20m", "release", "rollout = { workload = 'agent', replace = { a = 'b' } }")
        .at("30m", "restart", "rollout = { workload = 'always' }")
        .at("2h", "renewal", "replace_nodes = { pool = 'some', batch = 2, every = '10m' }")
        .outcome()
        .observed;
    let first = |trigger: Trigger| seen.pulls[trigger as usize].first;
    assert_eq!(first(Trigger::Release), 2, "b on both old nodes");
    assert_eq!(first(Trigger::Recheck), 2, "c is there on both old nodes");
    assert_eq!(first(Trigger::NewNode), 4, "b and c on two new nodes");
    assert_eq!(first(Trigger::Moved) + first(Trigger::Again), 0);
    assert_eq!(seen.nodes_at_start, 2);
    let sum = |of: fn(&BinSeen) -> u32| seen.bins.iter().map(of).sum::<u32>();
    assert_eq!((sum(|it| it.joined), sum(|it| it.released)), (2, 2));
    assert_eq!((seen.bins[4].released, seen.bins[6].released), (1, 1), "at 20 and 30 minutes");
}

#[test]
fn what_a_node_can_tell_of_a_fault_is_how_and_not_why() {
    let of = |answer: &str, requests: &str| {
        let fault = format!("[fault.f]\nregistry = 'lab'\nanswer = {answer}");
        let seen = lab("6m", 1)
            .with(&format!("{fault}\nrequests = [{requests}]"))
            .daemonset("agent", "a")
            .outcome()
            .observed;
        let failed = seen.pulls[Trigger::NewNode as usize].first_failed;
        let classes = Class::ALL.into_iter().filter(|it| 0 < failed[*it as usize]);
        classes.collect::<Vec<_>>()
    };
    assert_eq!(of("\"drop\"", "\"manifest-get\""), [Class::Lost]);
    assert_eq!(of("\"hang\"", "\"blob-get\""), [Class::Cancelled]);
    assert_eq!(of("\"unreachable\"", "\"manifest-head\""), [Class::Timeout]);
    assert_eq!(of("{ status = 503 }", "\"manifest-head\""), [Class::ServerError]);
    assert_eq!(of("{ status = 404 }", "\"manifest-head\""), [Class::ClientError]);
    assert_eq!(of("{ status = 429 }", "\"blob-get\""), [Class::TooManyRequests]);
}

#[test]
fn a_pull_of_more_than_two_minutes_is_slow() {
    // Over a line of 1 Mbit/s (0.125 MB/s) 14 MB take 112 s and 16 MB take 128 s, after round trips
    // that make less than 5 s.
    let seen = |size: &str| {
        lab("5m", 1)
            .with(&image("b", size))
            .set("egress.out", "bandwidth = '1Mbit/s'")
            .daemonset("b", "b")
            .outcome()
            .observed
    };
    for (size, slow) in [("14MB", 0), ("16MB", 1)] {
        let pulls = &seen(size).pulls[Trigger::NewNode as usize];
        assert_eq!((pulls.pulled, pulls.slow), (1, slow), "{size}");
    }
}
