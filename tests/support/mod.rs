//! Helpers for tests that run scenarios.
#![allow(dead_code, reason = "each test file uses its part")]

use pullstorm::model::outcome::{Metric, Outcome, RequestRow, RequestSink, Value};
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

/// The spec of a scenario text; panics with the rendered diagnostics.
pub(crate) fn spec(text: &str) -> Spec {
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
        .find(|it| it.scope == scope && it.name == name)
        .unwrap_or_else(|| panic!("no metric {scope} {name}"))
}

/// The value of a metric that must be known.
pub(crate) fn known(outcome: &Outcome, scope: &str, name: &str) -> f64 {
    match metric(outcome, scope, name).value {
        Value::Known(value) => value,
        other => panic!("{scope} {name} is {other:?}"),
    }
}
