//! Rows and series: each pod of the run, and where detail is wanted each pull and each request.

use crate::model::ids::PodId;
use crate::model::record::fact::{Fact, MirrorRequestTold, PodTold, RequestTold};
use crate::model::record::outcome::{PodRow, PullResult, PullRow, RequestRow, RequestSink};
use crate::model::spec::Spec;
use crate::model::words::attempt::{PullEnd, PullEnded};
use crate::model::words::cause::Causes;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::phase::Phase;
use crate::model::words::reply::{RequestOutcome, refusal};
use crate::units::{MICROS_PER_SECOND, Time};

/// Counts per second; grows as time goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerSecond(pub(crate) Vec<u32>);

impl PerSecond {
    fn count(&mut self, now: Time) {
        let second = (now.as_micros() / MICROS_PER_SECOND) as usize;
        if self.0.len() <= second {
            self.0.resize(second + 1, 0);
        }
        self.0[second] += 1;
    }
}

/// No row: the pod ran before the simulation.
const NO_ROW: u32 = u32::MAX;

/// The rows of one replication.
pub(crate) struct Rows<'a> {
    spec: &'a Spec,
    /// Whether pulls and series are kept.
    pub(crate) detail: bool,
    sink: Option<&'a mut dyn RequestSink>,
    pub(crate) pods: Vec<PodRow>,
    /// The row of each pod.
    row_of: Vec<u32>,
    pub(crate) pulls: Vec<PullRow>,
    pub(crate) node_names: Vec<String>,
    /// Names of the replicas of mirrors.
    replica_names: Vec<String>,
    /// By endpoint and outcome.
    pub(crate) requests: Vec<PerSecond>,
    pub(crate) attempts: PerSecond,
    /// By number of the cause.
    pub(crate) failures: Vec<PerSecond>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(
        spec: &'a Spec,
        n_causes: usize,
        replica_names: Vec<String>,
        detail: bool,
        sink: Option<&'a mut dyn RequestSink>,
    ) -> Self {
        let n_endpoints = spec.registries.len() * EndpointKind::ALL.len();
        Self {
            spec,
            detail,
            sink,
            pods: Vec::new(),
            row_of: Vec::new(),
            pulls: Vec::new(),
            node_names: Vec::new(),
            replica_names,
            requests: vec![PerSecond::default(); n_endpoints * RequestOutcome::ALL.len()],
            attempts: PerSecond::default(),
            failures: vec![PerSecond::default(); n_causes],
        }
    }

    /// The row of a pod, unless it ran before the simulation.
    fn row_of(&self, pod: PodId) -> Option<u32> {
        self.row_of.get(pod.idx()).copied().filter(|it| *it != NO_ROW)
    }

    fn row(&mut self, pod: PodId) -> Option<&mut PodRow> {
        self.row_of(pod).map(|row| &mut self.pods[row as usize])
    }

    /// Takes a fact.
    #[expect(clippy::inline_always, reason = "the kind is known where a fact is noted")]
    #[inline(always)]
    pub(crate) fn fold(&mut self, now: Time, fact: &Fact, causes: &Causes) {
        match *fact {
            Fact::PodCreated { pod, ordinal, ran_before: false } => {
                self.pod_created(now, pod, ordinal);
            }
            Fact::PodBound { pod, node, .. } => {
                if let Some(row) = self.row(pod.id) {
                    (row.node, row.bound) = (Some(node.0), Some(now));
                }
            }
            Fact::PodReady { pod } => {
                if let Some(row) = self.row(pod.id) {
                    row.ready.get_or_insert(now);
                }
            }
            Fact::PodEnded { pod, end: Phase::Gone, .. } => {
                if let Some(row) = self.row(pod.id) {
                    row.deleted = Some(now);
                }
            }
            Fact::NodeAdded { pool, slot, generation, .. } => {
                if self.detail || self.sink.is_some() {
                    let pool = &self.spec.pools[pool.idx()].name;
                    self.node_names.push(node_name(pool, slot, generation));
                }
            }
            Fact::PullAsked { .. } if self.detail => self.attempts.count(now),
            Fact::PullEnded { pod, ended, result, .. } => {
                self.pull_ended(now, pod, &ended, result, causes);
            }
            Fact::PullOpen { pod, open } => {
                if let Some(row) = self.row(pod.id) {
                    row.attempts += 1;
                }
                self.push_pull(pod, &open, None, PullResult::Open);
            }
            Fact::Request(told) => {
                self.count_request(now, told.endpoint, told.outcome);
                if self.sink.is_some() {
                    self.request(now, &told, causes);
                }
            }
            Fact::MirrorRequest(told) => {
                self.count_request(now, told.endpoint, told.outcome);
                if self.sink.is_some() {
                    self.mirror_request(now, &told, causes);
                }
            }
            Fact::PodCreated { ran_before: true, .. }
            | Fact::PodEnded { .. }
            | Fact::PullAsked { .. }
            | Fact::PodUnready { .. }
            | Fact::PollsBegan { .. }
            | Fact::PollsEnded { .. }
            | Fact::AlreadyPresent { .. }
            | Fact::ContainerCrashed { .. }
            | Fact::Workload { .. }
            | Fact::NodeJoined { .. }
            | Fact::NodeChanged { .. }
            | Fact::Unconnected { .. }
            | Fact::LimitAsked { .. }
            | Fact::Mirror { .. }
            | Fact::Bytes(_)
            | Fact::Disk { .. }
            | Fact::DiskPressure { .. }
            | Fact::ImageDeleted { .. } => {}
        }
    }

    fn pod_created(&mut self, now: Time, pod: PodTold, ordinal: u32) {
        self.row_of.resize(pod.id.idx() + 1, NO_ROW);
        self.row_of[pod.id.idx()] = self.pods.len() as u32;
        self.pods.push(PodRow {
            workload: u32::from(pod.workload.0),
            ordinal,
            node: None,
            created: now,
            bound: None,
            ready: None,
            deleted: None,
            attempts: 0,
            failures: 0,
        });
    }

    fn pull_ended(
        &mut self,
        now: Time,
        pod: PodTold,
        ended: &PullEnded,
        result: PullEnd,
        causes: &Causes,
    ) {
        if let Some(row) = self.row(pod.id) {
            row.attempts += 1;
            row.failures += u32::from(result.is_err());
        }
        let result = match result {
            Ok(()) => PullResult::Succeeded,
            Err((cause, behind)) => PullResult::Failed {
                cause: causes.number(cause),
                cause_behind: behind.map(|it| causes.number(it)),
            },
        };
        self.push_pull(pod, ended, Some(now), result);
        if self.detail
            && let PullResult::Failed { cause, .. } = result
        {
            self.failures[usize::from(cause)].count(now);
        }
    }

    fn push_pull(&mut self, pod: PodTold, it: &PullEnded, end: Option<Time>, result: PullResult) {
        if !self.detail {
            return;
        }
        self.pulls.push(PullRow {
            pod: self.row_of(pod.id),
            node: it.node.0,
            image: u32::from(it.image.0),
            attempt: it.attempt.number,
            asked: it.attempt.asked,
            started: it.attempt.started,
            ended: end,
            result,
            requests: it.attempt.requests,
            bytes: it.attempt.bytes,
        });
    }

    fn request(&mut self, now: Time, it: &RequestTold, causes: &Causes) {
        let row = self.row_of(it.pod).map(|row| self.pods[row as usize]);
        let Some(sink) = &mut self.sink else { return };
        let (object, layer) = it.object();
        let server = &self.spec.registries[it.endpoint.registry.idx()];
        let workload = |row: PodRow| &*self.spec.workloads[row.workload as usize].name;
        sink.request(&RequestRow {
            time: now,
            node: &self.node_names[it.node.idx()],
            pod: row.map(|it| (workload(it), it.ordinal)),
            image: &self.spec.images[it.image.idx()].name,
            attempt: Some(it.attempt),
            method: it.method,
            object,
            layer,
            endpoint: (&server.name, it.endpoint.kind.name_at(server)),
            status: it.status,
            cause: refusal(it.reply).map(|it| causes.label(it)),
        });
    }

    fn mirror_request(&mut self, now: Time, it: &MirrorRequestTold, causes: &Causes) {
        let Some(sink) = &mut self.sink else { return };
        let server = &self.spec.registries[it.endpoint.registry.idx()];
        sink.request(&RequestRow {
            time: now,
            node: &self.replica_names[it.replica.idx()],
            pod: None,
            image: &self.spec.images[it.image.idx()].name,
            attempt: None,
            method: if it.is_head { "HEAD" } else { "GET" },
            object: it.object.0,
            layer: it.object.1,
            endpoint: (&server.name, it.endpoint.kind.name_at(server)),
            status: it.status,
            cause: refusal(it.reply).map(|it| causes.label(it)),
        });
    }

    fn count_request(&mut self, now: Time, endpoint: Endpoint, outcome: RequestOutcome) {
        if self.detail {
            self.requests[endpoint.idx() * RequestOutcome::ALL.len() + outcome as usize].count(now);
        }
    }
}

/// How outputs call a node: pool, slot, and which machine in the slot it is, from the second on.
pub(crate) fn node_name(pool: &str, slot: u32, generation: u32) -> String {
    if generation == 0 { format!("{pool}-{slot}") } else { format!("{pool}-{slot}.{generation}") }
}
