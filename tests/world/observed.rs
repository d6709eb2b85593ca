//! What an operator could see of small worlds, counted by hand.

use crate::support::{outcome, spec};
use pullstorm::model::record::operator::{Observed, SourceKind};
use pullstorm::model::spec::RequestKind;
use pullstorm::model::words::kubelet_events::Class;
use pullstorm::model::words::trigger::Trigger;

fn observed(text: &str) -> Observed {
    outcome(&spec(text), 0).observed
}

const CLUSTER: &str = r#"
[egress.nat]
addresses = 1

[registry.hub]
host = "docker.io"

[image.a]
reference = "docker.io/acme/a:1"
platforms = ["amd64", "arm64"]
layers = ["1MB"]
"#;

#[test]
fn a_pull_limit_shows_at_the_get_and_its_header_at_the_head() {
    // Nodes come at 0, 2 and 4 s. The first pull spends the one unit (index and manifest, half a
    // unit each); the other two have their HEADs answered, with nothing remaining, and six 429s at
    // the index. Their next attempts would come after the horizon.
    let seen = observed(&format!(
        r#"horizon = "8s"
{CLUSTER}
[registry.hub.limit.pulls]
law = "sliding-log"
allow = 1
window = "6h"
weight = {{ head = 0, index = 0.5, platform = 0.5, single = 0.5 }}

[pool.workers]
nodes = 3
join = {{ at = "0s", over = "6s" }}
egress = "nat"

[workload.agent]
kind = "daemonset"
pool = "workers"
containers = [{{ image = "a" }}]
"#
    ));
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
    let seen = observed(&format!(
        r#"horizon = "8s"
{CLUSTER}
[registry.hub.limit.requests]
law = "fixed-window"
allow = 1
window = "1h"
anchor = "0s"
weight = {{ head = 1, index = 1, platform = 1, single = 1 }}

[pool.workers]
nodes = 1
egress = "nat"

[workload.agent]
kind = "daemonset"
pool = "workers"
containers = [{{ image = "a" }}]
"#
    ));
    // The HEAD is granted, the index is refused six times.
    let new = &seen.pulls[Trigger::NewNode as usize];
    assert_eq!(new.failed[Class::TooManyRequests as usize], 1);
    assert_eq!(seen.hosts[0].answers[RequestKind::ManifestGet as usize].bare_429, 6);
    assert_eq!(seen.hosts[0].bins, [(1, 6)]);
    assert_eq!(seen.hosts[0].empty_heads, 0, "such a limit sends no header");
}

#[test]
fn a_pull_is_told_by_what_brought_it() {
    let seen = observed(&format!(
        r#"horizon = "3h"
{CLUSTER}
[image.b]
reference = "docker.io/acme/b:1"
layers = ["1MB"]

[image.c]
reference = "docker.io/acme/c:1"
layers = ["1MB"]

[pool.workers]
nodes = 2
egress = "nat"

[workload.agent]
kind = "daemonset"
pool = "workers"
start = {{ running = true }}
containers = [{{ image = "a" }}]

[workload.always]
kind = "daemonset"
pool = "workers"
start = {{ running = true }}
containers = [{{ image = "c", image_pull_policy = "Always" }}]

[timeline.release]
at = "20m"
rollout = {{ workload = "agent", replace = {{ a = "b" }} }}

[timeline.restart]
at = "30m"
rollout = {{ workload = "always" }}

[timeline.renewal]
at = "2h"
replace_nodes = {{ pool = "workers", batch = 2, every = "10m" }}
"#
    ));
    let first = |trigger: Trigger| seen.pulls[trigger as usize].first;
    assert_eq!(first(Trigger::Release), 2, "b on both old nodes");
    assert_eq!(first(Trigger::Recheck), 2, "c is there on both old nodes");
    assert_eq!(first(Trigger::NewNode), 4, "b and c on two new nodes");
    assert_eq!(first(Trigger::Moved) + first(Trigger::Again), 0);
    assert_eq!(seen.nodes_at_start, 2);
    let sum = |of: fn(&pullstorm::model::record::operator::BinSeen) -> u32| {
        seen.bins.iter().map(of).sum::<u32>()
    };
    assert_eq!((sum(|it| it.joined), sum(|it| it.released)), (2, 2));
    assert_eq!((seen.bins[4].released, seen.bins[6].released), (1, 1), "at 20 and 30 minutes");
}

#[test]
fn what_a_node_can_tell_of_a_fault_is_how_and_not_why() {
    let of = |answer: &str, requests: &str| {
        let seen = observed(&format!(
            r#"horizon = "6m"
{CLUSTER}
[fault.f]
registry = "hub"
answer = {answer}
requests = [{requests}]

[pool.workers]
nodes = 1
egress = "nat"

[workload.agent]
kind = "daemonset"
pool = "workers"
containers = [{{ image = "a" }}]
"#
        ));
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
        observed(
            &format!(
                r#"horizon = "5m"
{CLUSTER}
[pool.one]
nodes = 1
egress = "nat"
[image.b]
reference = "docker.io/acme/b:1"
layers = ["{size}"]
[workload.b]
kind = "daemonset"
pool = "one"
containers = [{{ image = "b" }}]
"#
            )
            .replace("addresses = 1", "addresses = 1\nbandwidth = \"1Mbit/s\""),
        )
    };
    for (size, slow) in [("14MB", 0), ("16MB", 1)] {
        let pulls = &seen(size).pulls[Trigger::NewNode as usize];
        assert_eq!((pulls.pulled, pulls.slow), (1, slow), "{size}");
    }
}
