//! Helpers for tests that run scenarios.

mod folder;
mod lab;

pub(crate) use folder::Folder;
pub(crate) use lab::{Lab, always};
use pullstorm::experiment::diagnose;
use pullstorm::model::record::operator::{AnswersSeen, BinSeen, PullsSeen};
use pullstorm::model::record::outcome::{Metric, Outcome, RequestRow, RequestSink, Value};
use pullstorm::model::spec::Spec;
use pullstorm::model::{Recording, run};
use pullstorm::scenario::{Request, SourceFile, load};

/// One HTTP request as a test looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) micros: u64,
    pub(crate) node: String,
    pub(crate) pod: String,
    pub(crate) image: String,
    /// 0 for a request of a mirror.
    pub(crate) attempt: u32,
    pub(crate) method: String,
    pub(crate) object: String,
    pub(crate) endpoint: String,
    pub(crate) status: Option<u16>,
    pub(crate) cause: Option<String>,
}

/// Collects requests.
#[derive(Default)]
pub(crate) struct Requests(pub(crate) Vec<Seen>);

impl RequestSink for Requests {
    fn request(&mut self, row: &RequestRow<'_>) {
        self.0.push(Seen {
            micros: row.time.as_micros(),
            node: row.node.to_owned(),
            pod: row.pod.map_or_else(String::new, |(name, n)| format!("{name}-{n}")),
            image: row.image.to_owned(),
            attempt: row.attempt.unwrap_or(0),
            method: row.method.to_owned(),
            object: row.layer.map_or_else(|| row.object.to_owned(), |n| format!("layer{n}")),
            endpoint: row.endpoint.1.to_owned(),
            status: row.status,
            cause: row.cause.map(str::to_owned),
        });
    }
}

/// The spec of a scenario text; panics with the rendered diagnostics. The text is shown where the
/// test fails.
#[expect(clippy::print_stdout, reason = "the test runner shows it where the test fails")]
pub(crate) fn spec(text: &str) -> Spec {
    println!("{text}");
    let file = SourceFile { name: "test.toml".into(), text: text.into() };
    match load(&file, &Request::default()) {
        Ok(loaded) => loaded.scenario.spec,
        Err(problems) => panic!("{}", problems.render(false)),
    }
}

/// Runs one replication with detail.
pub(crate) fn outcome(spec: &Spec, replication: u32) -> Outcome {
    run(spec, replication, Recording { detail: true, ..Recording::default() })
}

/// Runs one replication and returns its requests too.
pub(crate) fn with_requests(spec: &Spec, replication: u32) -> (Outcome, Vec<Seen>) {
    let mut requests = Requests::default();
    let recording =
        Recording { detail: true, requests: Some(&mut requests), ..Recording::default() };
    let outcome = run(spec, replication, recording);
    (outcome, requests.0)
}

/// A metric of an outcome.
pub(crate) fn metric<'a>(outcome: &'a Outcome, scope: &str, name: &str) -> &'a Metric {
    outcome
        .metrics
        .iter()
        .find(|it| it.scope == scope && it.name.to_string() == name)
        .unwrap_or_else(|| panic!("no metric {scope} {name}"))
}

/// The value of a metric that must be known.
pub(crate) fn known(outcome: &Outcome, scope: &str, name: &str) -> f64 {
    match metric(outcome, scope, name).value {
        Value::Known(value) => value,
        other => panic!("{scope} {name} is {other:?}"),
    }
}

fn same(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() < 1e-6, "{what}: {a} and {b}");
}

/// What can be seen adds up to what happened.
pub(crate) fn balance_observed(outcome: &Outcome, n_requests: usize) {
    let seen = &outcome.observed;
    let pulls = |of: fn(&PullsSeen) -> u64| seen.pulls.iter().map(of).sum::<u64>() as f64;
    let failed = pulls(|it| it.failed.iter().sum()) + seen.cut_off as f64;
    same(known(outcome, "run", "pull_attempts"), pulls(|it| it.pulling), "Pulling events");
    same(known(outcome, "run", "pull_failures"), failed, "Failed events");
    assert!(pulls(|it| it.first_failed.iter().sum()) <= pulls(|it| it.failed.iter().sum()));
    assert!(pulls(|it| it.first) <= pulls(|it| it.pulling));
    let at_hosts = seen.hosts.iter().flat_map(|it| &it.answers);
    let answers = at_hosts.chain(seen.mirrors.iter().map(|it| &it.answers));
    let answered: u64 = answers.map(AnswersSeen::total).sum();
    same(answered as f64, n_requests as f64, "answers to nodes");
    let in_bins =
        |of: fn(&BinSeen) -> u32| seen.bins.iter().map(|it| u64::from(of(it))).sum::<u64>() as f64;
    same(in_bins(|it| it.pulling), pulls(|it| it.pulling), "Pulling events in bins");
    same(in_bins(|it| it.failed), failed - seen.cut_off as f64, "Failed events in bins");
    diagnose(&[seen]);
}
