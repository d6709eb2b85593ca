//! What one replication showed: plain data, with names instead of ids wherever something is shown.
//!
//! `recorder.rs` fills it while the world runs; `crate::experiment` folds several into a summary;
//! `crate::report` only reads it.

use crate::model::record::measure::{Measure, Name, ScopeKind};
use crate::model::record::operator::Observed;
use crate::units::{Bytes, Span, Time};

/// One replication.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Number of the replication, from 0.
    pub replication: u32,
    /// Hash over the observable facts of the replication, in order.
    pub digest: u64,
    /// Why the run ended.
    pub stop: StopReason,
    /// Every metric of every scope, in a fixed order that is the same for all replications of a
    /// spec.
    pub metrics: Vec<Metric>,
    /// Failed pulls by cause and by what stood behind, most frequent first.
    pub failures: Vec<FailureCount>,
    /// How far the failures reached.
    pub blast: Blast,
    /// Who spent each limit, most units first within a limit.
    pub spenders: Vec<Spender>,
    /// Accounts that would have had more units as many anonymous addresses.
    pub shared_accounts: Vec<SharedAccount>,
    /// What an operator could have seen.
    pub observed: Observed,
    /// Rows and series, for the replication that files and charts show.
    pub detail: Option<Detail>,
}

impl Outcome {
    /// A metric of the whole run.
    pub fn of_run(&self, measure: Measure) -> Value {
        let of_run = self.metrics.iter().filter(|it| it.scope == ScopeKind::Run.text());
        let mut values = of_run.filter(|it| it.name == measure).map(|it| it.value);
        values.next().unwrap_or(Value::Absent)
    }

    /// Whether the run reached the bound on events, so that its figures are incomplete.
    pub fn is_incomplete(&self) -> bool {
        self.stop == StopReason::EventBound
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Nothing was left to happen.
    NothingLeft,
    /// The horizon was reached.
    Horizon,
    /// The bound on events was reached: the run is incomplete and says so.
    EventBound,
    /// The caller told it to stop: its figures are of no use.
    Told,
}

/// One figure of one replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// `run`, `workload.NAME`, `pool.NAME`, `registry.NAME` or `mirror.NAME`.
    pub scope: String,
    /// Which one it is.
    pub name: Name,
    /// The figure.
    pub value: Value,
}

/// A figure that may not exist.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// It exists.
    Known(f64),
    /// It is beyond what the run saw: a percentile that falls on pods that never became ready.
    Censored,
    /// There is nothing to measure: no pods, no rejection.
    Absent,
}

impl Value {
    /// The number, where there is one.
    pub const fn known(self) -> Option<f64> {
        match self {
            Self::Known(value) => Some(value),
            Self::Censored | Self::Absent => None,
        }
    }
}

/// Failed pulls of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureCount {
    /// The refusal that ended the pull.
    pub cause: String,
    /// The earlier refusal that opened the way, where there was one.
    pub cause_behind: Option<String>,
    /// Number of failed pulls.
    pub count: u64,
}

/// How many of which were touched by failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blast {
    /// Per pool: name, nodes with a failed pull, nodes that pulled at all.
    pub nodes: Vec<Reach>,
    /// Per image with a failed pull: name, failed pulls, pulls.
    pub images: Vec<Reach>,
    /// Per identity that was refused (address, prefix or account): label, refusals, requests
    /// counted there.
    pub identities: Vec<Reach>,
}

/// `hit` of `of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What was reached.
    pub name: String,
    /// How much of it failed.
    pub hit: u64,
    /// How much there was.
    pub of: u64,
}

/// What one spender took from one limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Spender {
    /// Label of the limit.
    pub limit: String,
    /// A workload (`workload.NAME`) or a background (`background.NAME`).
    pub spender: String,
    /// Image, where a workload spent it.
    pub image: Option<String>,
    /// Units.
    pub units: f64,
}

/// An account that its limit refused while the addresses that it was used from would have had more
/// units without it.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedAccount {
    /// Label of the limit.
    pub limit: String,
    /// Name of the account.
    pub account: String,
    /// Addresses (or prefixes) that it was used from, as the anonymous limit counts them.
    pub addresses: u64,
    /// Units that the account has in a window.
    pub units: f64,
    /// Units that the addresses would have had in such a window.
    pub units_apart: f64,
}

/// Rows and series of one replication.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// Names of nodes, by the `node` of rows.
    pub nodes: Vec<String>,
    /// Names of images, by the `image` of rows.
    pub images: Vec<String>,
    /// Names of workloads, by the `workload` of rows.
    pub workloads: Vec<String>,
    /// Names of those that are image pullers: their pods serve nobody.
    pub pullers: Vec<String>,
    /// Labels of causes, by the `cause` of rows.
    pub causes: Vec<String>,
    /// Every pull attempt, in the order in which they ended; attempts still open at the end come
    /// last.
    pub pulls: Vec<PullRow>,
    /// Every pod created during the run, in the order of creation; the row's position is its `pod`.
    pub pods: Vec<PodRow>,
    /// Counts per second.
    pub counters: Vec<CounterSeries>,
    /// Levels, sampled every [`SAMPLE_PERIOD`].
    pub gauges: Vec<GaugeSeries>,
    /// Limits that count every request and refill within the hour, as rates that requests can be
    /// held against.
    pub limit_rates: Vec<LimitRate>,
}

/// The rate that a limit lets through for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitRate {
    /// Label of the limit.
    pub limit: String,
    /// Counters (addresses, accounts) that asked.
    pub counters: u32,
    /// Requests per second over all of them.
    pub per_second: f64,
}

/// How often levels are sampled, and the width of the bins of `timeseries.csv`.
pub const SAMPLE_PERIOD: Span = Span::from_secs(10);

/// One pull attempt of a kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PullRow {
    /// Pod: position in [`Detail::pods`]; `None` for a pod that ran before the simulation.
    pub pod: Option<u32>,
    /// Node.
    pub node: u32,
    /// Image.
    pub image: u32,
    /// Attempts of this pod for this image before, plus one.
    pub attempt: u32,
    /// When the kubelet asked for it (it may then have waited in the kubelet's queue).
    pub asked: Time,
    /// When the runtime (or the kubelet's own limiter) took it up; `None` while it waits.
    pub started: Option<Time>,
    /// When it ended; `None` where it was open at the end of the run.
    pub ended: Option<Time>,
    /// What became of it.
    pub result: PullResult,
    /// HTTP requests sent.
    pub requests: u32,
    /// Body bytes received.
    pub bytes: Bytes,
}

/// What became of a pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullResult {
    /// The image is on the node.
    Succeeded,
    /// It failed; numbers are positions in [`Detail::causes`].
    Failed {
        /// The refusal that ended it.
        cause: u16,
        /// The earlier one that opened the way.
        cause_behind: Option<u16>,
    },
    /// It was open when the run ended.
    Open,
}

/// One pod created during the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodRow {
    /// Workload.
    pub workload: u32,
    /// Ordinal inside the workload, from 0: `NAME-ORDINAL`.
    pub ordinal: u32,
    /// Node, once bound.
    pub node: Option<u32>,
    /// When its controller created it.
    pub created: Time,
    /// When it was bound.
    pub bound: Option<Time>,
    /// When it first became ready.
    pub ready: Option<Time>,
    /// When it was deleted or lost its node.
    pub deleted: Option<Time>,
    /// Pull attempts of its containers.
    pub attempts: u32,
    /// Failed ones.
    pub failures: u32,
}

/// One HTTP request, for `requests.csv`.
#[derive(Clone, Copy, Debug)]
pub struct RequestRow<'a> {
    /// When it reached the endpoint; at a mirror, when that answered.
    pub time: Time,
    /// Node name, or that of a mirror's replica.
    pub node: &'a str,
    /// Workload and ordinal of the pod; empty for pods that ran before the simulation and for
    /// requests of mirrors.
    pub pod: Option<(&'a str, u32)>,
    /// Image name.
    pub image: &'a str,
    /// Attempt of the pod for this image; `None` for a request of a mirror.
    pub attempt: Option<u32>,
    /// `GET`, `HEAD` or `POST`.
    pub method: &'static str,
    /// Which object: `token`, `tag`, `index`, `manifest`, `config`, `layer`, `ping`.
    pub object: &'static str,
    /// Position of the layer from the bottom, for layers.
    pub layer: Option<u32>,
    /// Server and endpoint (`registry`, `token`, `cdn`, `mirror`).
    pub endpoint: (&'a str, &'static str),
    /// Status; `None` where there was no answer.
    pub status: Option<u16>,
    /// Label of the refusal, where it was refused.
    pub cause: Option<&'a str>,
}

/// Takes every HTTP request as it happens; used for `requests.csv`, which would not fit in memory.
pub trait RequestSink: Send {
    /// Takes one request.
    fn request(&mut self, row: &RequestRow<'_>);
}

/// What a field of a traced fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A name or a word.
    Text(&'a str),
    /// A name with a number: `api-17`.
    Numbered(&'a str, u32),
    /// Two names: `docker-hub/registry`.
    Path(&'a str, &'a str),
    /// A whole number.
    Number(u64),
    /// Thousandths of a unit.
    Thousandths(u64),
    /// Microseconds.
    Micros(u64),
    /// Yes or no.
    Flag(bool),
    /// There is none.
    Nothing,
}

/// Takes every fact as it happens, by kind and named fields; used for `--trace`.
pub trait FactSink: Send {
    /// Takes one fact.
    fn fact(&mut self, time: Time, kind: &'static str, fields: &[(&'static str, Field<'_>)]);
}

/// Counts per second since the start, aligned at 0; shorter than the run where nothing came later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterSeries {
    /// `requests`, `attempts`, `failures`.
    pub series: &'static str,
    /// Scope within the series: an endpoint (`docker-hub/registry`), or empty.
    pub scope: String,
    /// Outcome (`ok`, `throttled`, …), cause, or empty.
    pub kind: String,
    /// Counts.
    pub per_second: Vec<u32>,
}

/// Levels at the end of each [`SAMPLE_PERIOD`]; `None` where the level did not exist yet.
#[derive(Clone, Debug, PartialEq)]
pub struct GaugeSeries {
    /// `limit_units_left`, `pods_ready`, `pods_waiting`, `pods_created`, `nodes_in_backoff`,
    /// `nodes_ready`, `link_share`, `ports_taken`, `mirror_requests`, `mirror_stored_bytes`,
    /// `disk_used_share`.
    pub series: &'static str,
    /// Limit, workload, link, egress.
    pub scope: String,
    /// Key of the limit (address or account), or empty.
    pub kind: String,
    /// What full means, where the level has a top: the units of the limit, the ports of the pool.
    pub top: Option<f64>,
    /// Levels.
    pub samples: Vec<Option<f64>>,
}
