//! Each rule fires on its textbook picture, made by hand, and not on its neighbours'.

use super::features::{FEATURES, find};
use super::rules::RULES;
use super::{Conclusion, diagnose};
use crate::model::record::operator::{
    AnswersSeen, BinSeen, HostSeen, MirrorSeen, Observed, SourceKind, SourceSeen,
};
use crate::model::spec::RequestKind;
use crate::model::words::kubelet_events::Class;
use crate::model::words::trigger::Trigger;
use crate::scenario::levers::{self, LEVERS};

/// 200 old nodes, one registry, a hundred pulls that a release brought and that all succeeded.
fn quiet() -> Observed {
    let mut seen = Observed { nodes_at_start: 200, pods: 200, ..Observed::default() };
    seen.bins = vec![BinSeen { released: 1, ..BinSeen::default() }];
    seen.hosts = vec![HostSeen { name: "docker.io".into(), ..HostSeen::default() }];
    seen.hosts[0].bins = vec![(100, 0)];
    let pulls = &mut seen.pulls[Trigger::Release as usize];
    (pulls.pulling, pulls.first, pulls.pulled) = (100, 100, 100);
    seen
}

/// Adds `n` pulls that failed once.
fn fail(seen: &mut Observed, trigger: Trigger, class: Class, n: u64) {
    let pulls = &mut seen.pulls[trigger as usize];
    pulls.pulling += n;
    pulls.first += n;
    pulls.failed[class as usize] += n;
    pulls.first_failed[class as usize] += n;
    pulls.first_cost[class as usize] += 10 * n;
}

fn failing(trigger: Trigger, class: Class) -> Observed {
    let mut seen = quiet();
    fail(&mut seen, trigger, class, 100);
    seen
}

fn source(name: &str, kind: SourceKind, asked: u64, refused: u64) -> SourceSeen {
    SourceSeen { name: name.into(), kind, asked, refused }
}

fn storm_behind(sources: Vec<SourceSeen>) -> Observed {
    Observed { sources, ..failing(Trigger::Release, Class::PullLimit) }
}

fn mirrored(answers: AnswersSeen, past: u64) -> Observed {
    let mut seen = failing(Trigger::Release, Class::PullLimit);
    let upstream = String::from("docker.io");
    seen.mirrors = vec![MirrorSeen { name: "cache".into(), upstream, answers }];
    seen.hosts[0].answers[RequestKind::ManifestGet as usize].pull_limit = past;
    seen
}

fn on_new_nodes() -> Observed {
    let mut seen = failing(Trigger::NewNode, Class::PullLimit);
    seen.bins[0].joined = 40;
    seen
}

fn pruned() -> Observed {
    let mut seen = failing(Trigger::Again, Class::PullLimit);
    seen.bins[0].removed = 300;
    seen
}

fn refused_by_all() -> Observed {
    let mut seen = failing(Trigger::Moved, Class::TooManyRequests);
    seen.hosts[0].bins = vec![(100, 0), (0, 400), (0, 300)];
    seen
}

fn by_account() -> Observed {
    let mut seen = storm_behind(vec![source("account.ci", SourceKind::Account, 400, 100)]);
    seen.with_account = 200;
    seen
}

fn without_ports() -> Observed {
    Observed { port_errors: 100, ..failing(Trigger::Release, Class::Timeout) }
}

/// A hundred pulls that succeeded after minutes, `by_mirror` of a hundred requests at a mirror.
fn slow(by_mirror: u64) -> Observed {
    let mut seen = quiet();
    seen.pulls[Trigger::Release as usize].slow = 80;
    if 0 < by_mirror {
        let answers = AnswersSeen { served: by_mirror, ..AnswersSeen::default() };
        let upstream = String::from("docker.io");
        seen.mirrors = vec![MirrorSeen { name: "cache".into(), upstream, answers }];
        seen.hosts[0].answers[RequestKind::ManifestGet as usize].served = 100 - by_mirror;
    }
    seen
}

/// Every cause with its picture; some have several.
fn pictures() -> Vec<(&'static str, Observed)> {
    let answers = |served, server_error| AnswersSeen { served, server_error, ..<_>::default() };
    let one = source("nat#0", SourceKind::Address, 400, 100);
    let cool = source("nat#1", SourceKind::Address, 400, 0);
    vec![
        ("storm-on-deploy", failing(Trigger::Release, Class::PullLimit)),
        ("storm-on-deploy", storm_behind(vec![one.clone()])),
        ("hot-egress-address", storm_behind(vec![one, cool])),
        ("cold-ephemeral-nodes", on_new_nodes()),
        ("throttled-token-service", failing(Trigger::Release, Class::TokenTooManyRequests)),
        ("ornamental-mirror", mirrored(answers(0, 0), 500)),
        ("ornamental-mirror", mirrored(answers(20, 0), 500)),
        ("mirror-bound", mirrored(answers(100, 900), 500)),
        ("mirror-bound", slow(90)),
        ("bandwidth-bound", slow(0)),
        ("bandwidth-bound", slow(20)),
        ("pruning", pruned()),
        ("self-throttled", failing(Trigger::Release, Class::QpsExceeded)),
        ("self-throttled", without_ports()),
        ("wrong-architecture", failing(Trigger::Release, Class::NoPlatform)),
        ("wrong-architecture", Observed { exec_format_errors: 40, ..quiet() }),
        ("look-alike", failing(Trigger::Release, Class::ServerError)),
        ("look-alike", failing(Trigger::Release, Class::Lost)),
        ("look-alike", failing(Trigger::Release, Class::Timeout)),
        ("look-alike", failing(Trigger::NewNode, Class::Cancelled)),
        ("look-alike", failing(Trigger::Release, Class::TokenError)),
        ("shared-account", by_account()),
        ("latest-always", failing(Trigger::Recheck, Class::TooManyRequests)),
        ("registry-refuses-all", refused_by_all()),
        ("disk-full", failing(Trigger::NewNode, Class::NoSpace)),
        ("healthy", quiet()),
    ]
}

#[test]
fn each_rule_fires_on_its_picture_and_not_on_its_neighbours() {
    for (cause, seen) in pictures() {
        let diagnosis = diagnose(&[&seen]);
        assert_eq!(diagnosis.id(), cause, "{diagnosis:#?}");
    }
    for rule in RULES {
        let has_picture = pictures().iter().any(|it| it.0 == rule.id);
        assert!(has_picture, "{} has no picture", rule.id);
    }
}

#[test]
fn a_failure_that_no_rule_explains_is_unclear_and_not_healthy() {
    let seen = failing(Trigger::Moved, Class::PullLimit);
    assert_eq!(diagnose(&[&seen]).id(), "unclear");
    // Pods that wait without a failed pull are not healthy either.
    let waiting = Observed { pods_waiting: 50, ..quiet() };
    assert_eq!(diagnose(&[&waiting]).conclusion, Conclusion::Unclear);
}

#[test]
fn a_second_cause_is_named_behind_the_first_and_a_small_one_is_not() {
    let mut seen = on_new_nodes();
    fail(&mut seen, Trigger::Release, Class::PullLimit, 5);
    let named = |seen: &Observed| -> Vec<&str> {
        let findings = diagnose(&[seen]).findings;
        findings.iter().map(|it| it.rule.id).collect()
    };
    assert_eq!(named(&seen), ["cold-ephemeral-nodes"]);
    seen.sources = vec![source("nat#0", SourceKind::Address, 400, 100)];
    seen.sources.push(source("nat#1", SourceKind::Address, 400, 0));
    assert_eq!(named(&seen), ["hot-egress-address", "cold-ephemeral-nodes"]);
}

#[test]
fn repetitions_do_not_hide_what_came_first() {
    // 100 pulls of an image without the platform, whose repetitions then spend the pull limit.
    let mut seen = failing(Trigger::Release, Class::NoPlatform);
    let pulls = &mut seen.pulls[Trigger::Release as usize];
    pulls.pulling += 5_000;
    pulls.failed[Class::PullLimit as usize] += 5_000;
    assert_eq!(diagnose(&[&seen]).id(), "wrong-architecture");
}

#[test]
fn a_plain_sign_is_named_second_however_few_it_concerns() {
    let mut seen = failing(Trigger::Release, Class::PullLimit);
    fail(&mut seen, Trigger::Release, Class::NoPlatform, 1);
    let findings = diagnose(&[&seen]).findings;
    let named: Vec<&str> = findings.iter().map(|it| it.rule.id).collect();
    assert_eq!(named, ["storm-on-deploy", "wrong-architecture"]);
}

#[test]
fn few_slow_pulls_are_healthy_and_failures_come_before_slowness() {
    let mut seen = slow(90);
    seen.pulls[Trigger::Release as usize].slow = 49;
    assert_eq!(diagnose(&[&seen]).conclusion, Conclusion::Healthy);
    let mut seen = slow(90);
    fail(&mut seen, Trigger::Release, Class::ServerError, 20);
    assert_eq!(diagnose(&[&seen]).id(), "look-alike");
}

#[test]
fn what_hangs_outweighs_what_is_refused_at_once() {
    // 20 pulls that hang for five minutes beside 80 that are refused and wait for 10 s.
    let mut seen = quiet();
    fail(&mut seen, Trigger::Release, Class::TooManyRequests, 80);
    fail(&mut seen, Trigger::Release, Class::Cancelled, 20);
    seen.pulls[Trigger::Release as usize].first_cost[Class::Cancelled as usize] += 20 * 300;
    let diagnosis = diagnose(&[&seen]);
    assert_eq!(diagnosis.id(), "look-alike");
    let share = diagnosis.features.iter().find(|it| it.0.name == "look_alike_share").unwrap().1;
    assert!((share - 6_200.0 / 7_000.0).abs() < 1e-9, "{share}");
}

#[test]
fn features_are_the_mean_over_the_replications_that_have_them() {
    let (one, other) = (failing(Trigger::Release, Class::PullLimit), quiet());
    let value = |name| {
        let diagnosis = diagnose(&[&one, &other]);
        diagnosis.features.iter().find(|it| it.0.name == name).map(|it| it.1)
    };
    assert_eq!(value("failed_share"), Some(0.25), "half of 200, none of 100");
    assert_eq!(value("pull_limit_share"), Some(1.0), "of the one that has failures");
    assert_eq!(value("mirror_request_share"), None);
    assert!(!diagnose(&[]).features.iter().any(|it| it.1.is_nan()));
}

#[test]
fn hot_addresses_are_those_that_stand_out() {
    let share = |refused: &[u64]| {
        let sources = refused
            .iter()
            .enumerate()
            .map(|(n, &refused)| source(&format!("nat#{n}"), SourceKind::Address, 400, refused));
        let seen = storm_behind(sources.collect());
        find("hot_address_limited_share").and_then(|it| it.value(&seen))
    };
    assert_eq!(share(&[50, 50, 50, 50]), Some(0.0), "all alike");
    assert_eq!(share(&[100]), Some(1.0), "the only one");
    assert_eq!(share(&[90, 10]), Some(0.9));
    assert_eq!(share(&[75, 25]), Some(0.75), "one and a half times the mean of 50");
    assert_eq!(share(&[74, 26]), Some(0.0));
    assert_eq!(share(&[0, 0]), None, "nothing was refused");
}

#[test]
fn rules_name_features_and_levers_that_exist_and_weigh_to_one() {
    for rule in RULES {
        let conditions = rule.needs.iter().chain(rule.supports).map(|it| it.feature);
        for name in conditions.chain([rule.explains]).chain(rule.evidence.iter().copied()) {
            assert!(find(name).is_some(), "{}: no feature {name}", rule.id);
        }
        for lever in rule.levers {
            assert!(levers::find(lever).is_some(), "{}: no lever {lever}", rule.id);
        }
        // The summary breaks lines between words, and cuts a word that is wider than its column.
        let widest = rule.confirm.split(' ').map(str::len).max();
        assert!(widest <= Some(70), "{}: {widest:?}", rule.id);
        let weights: f64 = rule.supports.iter().map(|it| it.weight).sum();
        assert!((weights - 1.0).abs() < 1e-9, "{} weighs {weights}", rule.id);
        assert!(rule.needs.iter().all(|it| it.weight == 0.0), "{}", rule.id);
    }
    let features = FEATURES.iter().map(|it| it.name).collect();
    for mut names in [features, LEVERS.iter().map(|it| it.id).collect::<Vec<&str>>()] {
        names.sort_unstable();
        assert!(names.windows(2).all(|it| it[0] != it[1]), "{names:?}");
    }
}
