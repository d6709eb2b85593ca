//! The run digest: a hash over the observable facts, in order.

use crate::engine::chance::{combine, mix, stable_hash};
use crate::model::ids::WorkloadId;
use crate::model::record::fact::{Fact, WorkloadTold};
use crate::model::spec::{RegistrySpec, Spec};
use crate::model::words::cause::Causes;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::reply::RequestOutcome;
use crate::units::Time;

/// Kinds of observable facts; their numbers are part of the results.
#[derive(Clone, Copy)]
enum Kind {
    PodCreated = 1,
    PodBound,
    PodReady,
    PodUnready,
    PodEnded,
    PullAsked,
    PullEnded,
    Request,
    Node,
    Rollout,
    ImageDeleted,
    DiskPressure,
}

/// The digest so far, and the stable keys of what facts name by ids.
#[derive(Clone, Debug)]
pub(crate) struct Digest {
    so_far: u64,
    endpoints: Vec<u64>,
    workloads: Vec<u64>,
}

impl Digest {
    pub(crate) fn new(spec: &Spec) -> Self {
        let of_server = |server: &RegistrySpec| {
            let key = stable_hash(&server.scope());
            EndpointKind::ALL.map(|kind| combine(key, kind as u64))
        };
        Self {
            so_far: 0,
            endpoints: spec.registries.iter().flat_map(of_server).collect(),
            workloads: spec.workloads.iter().map(|it| stable_hash(&it.name)).collect(),
        }
    }

    /// What came out.
    pub(crate) const fn value(&self) -> u64 {
        self.so_far
    }

    fn add(&mut self, now: Time, kind: Kind, key: u64, value: u64) {
        let fact = combine(now.as_micros() << 4 | kind as u64, combine(key, value));
        self.so_far = mix(self.so_far.rotate_left(5) ^ fact);
    }

    fn add_request(&mut self, now: Time, endpoint: Endpoint, key: u64, outcome: RequestOutcome) {
        let value = combine(self.endpoints[endpoint.idx()], outcome as u64);
        self.add(now, Kind::Request, key, value);
    }

    /// Takes a fact; what nobody outside could see leaves no trace.
    #[expect(clippy::inline_always, reason = "the kind is known where a fact is noted")]
    #[inline(always)]
    pub(crate) fn fold(&mut self, now: Time, fact: &Fact, causes: &Causes) {
        match *fact {
            Fact::PodCreated { pod, ran_before: false, .. } => {
                self.add(now, Kind::PodCreated, pod.key, 0);
            }
            Fact::PodBound { pod, node_key, .. } => {
                self.add(now, Kind::PodBound, pod.key, node_key);
            }
            Fact::PodReady { pod } => self.add(now, Kind::PodReady, pod.key, 0),
            Fact::PodUnready { pod } => self.add(now, Kind::PodUnready, pod.key, 0),
            Fact::PodEnded { pod, end, .. } => self.add(now, Kind::PodEnded, pod.key, end as u64),
            Fact::PullAsked { pod, asking } => {
                self.add(now, Kind::PullAsked, pod.key, u64::from(asking.number));
            }
            Fact::PullEnded { pod, image_key, result, .. } => {
                let cause = result.err().map_or(0, |(cause, _)| causes.key(cause));
                self.add(now, Kind::PullEnded, combine(pod.key, image_key), cause);
            }
            Fact::Request(it) => self.add_request(now, it.endpoint, it.key, it.outcome),
            Fact::MirrorRequest(it) => self.add_request(now, it.endpoint, it.key, it.outcome),
            Fact::NodeChanged { key, state, .. } => self.add(now, Kind::Node, key, state as u64),
            Fact::Workload { workload, what } => self.fold_workload(now, workload, what),
            Fact::ImageDeleted { deleted: it, .. } => {
                self.add(now, Kind::ImageDeleted, it.key, it.why as u64);
            }
            Fact::DiskPressure { node_key, pressure, .. } => {
                self.add(now, Kind::DiskPressure, node_key, u64::from(pressure));
            }
            Fact::PodCreated { ran_before: true, .. }
            | Fact::PollsBegan { .. }
            | Fact::PollsEnded { .. }
            | Fact::AlreadyPresent { .. }
            | Fact::ContainerCrashed { .. }
            | Fact::NodeAdded { .. }
            | Fact::NodeJoined { .. }
            | Fact::PullOpen { .. }
            | Fact::Unconnected { .. }
            | Fact::LimitAsked { .. }
            | Fact::Mirror { .. }
            | Fact::Bytes(_)
            | Fact::Disk { .. } => {}
        }
    }

    fn fold_workload(&mut self, now: Time, workload: WorkloadId, what: WorkloadTold) {
        let took = match what {
            WorkloadTold::RolloutCompleted { took } => took.as_micros(),
            WorkloadTold::RolloutStalled => 0,
            WorkloadTold::Availability { .. }
            | WorkloadTold::AtWork
            | WorkloadTold::ScaledUp
            | WorkloadTold::RolloutBegan { .. }
            | WorkloadTold::RolloutStood { .. }
            | WorkloadTold::CanaryBegan
            | WorkloadTold::CanaryFailed => return,
        };
        self.add(now, Kind::Rollout, self.workloads[workload.idx()], took);
    }
}
