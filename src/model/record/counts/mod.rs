//! Counts: how often, how much and how long, by workload, pool, image, node, limit and endpoint.

pub(crate) mod limits;
pub(crate) mod mirrors;

use std::collections::BTreeMap;

use crate::engine::stats::{PeakCounter, PhaseCoherence};
use crate::model::ids::{ImageId, LimitId, PoolId, RegistryId, WorkloadId};
use crate::model::record::fact::{
    Asking, BytesTold, DiskTold, Fact, MirrorTold, PodTold, WorkloadTold,
};
use crate::model::spec::Spec;
use crate::model::words::asker::{Asker, Spender};
use crate::model::words::attempt::{PullEnd, PullEnded};
use crate::model::words::cause::{Cause, Causes};
use crate::model::words::deleted::Deleted;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::reply::{Metered, Reply, RequestOutcome, refusal};
use crate::resource::limiter::Admission;
use crate::units::{Bytes, Span, Time};
use limits::{CounterTally, LimitTally};
use mirrors::MirrorTallies;

/// Pulls of one scope.
#[derive(Clone, Debug, Default)]
pub(crate) struct PullTally {
    pub(crate) attempts: u64,
    pub(crate) failures: u64,
    /// Failures by number of the cause.
    pub(crate) by_cause: Vec<u64>,
    /// Microseconds from asking to the end of each pull that succeeded.
    pub(crate) durations: Vec<u64>,
}

/// What is known of one workload beside its pods' rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkloadTally {
    pub(crate) pulls: PullTally,
    /// Time that its pods spent not ready.
    pub(crate) unready: Span,
    /// The last instant at which one of its pods was not ready, and whether one was at the end.
    pub(crate) last_unready: (Time, bool),
    /// Least share of ready pods since all were ready for the first time.
    pub(crate) least_share: Option<f64>,
    pub(crate) rollout: LastRollout,
    /// Rollouts that stood still for longer than their deadline.
    pub(crate) n_stalled: u64,
    /// For how long its rollouts were held by a pause or a guard.
    pub(crate) stood_still: Span,
    /// Attempts of canaries, and those that were undone.
    pub(crate) canaries: (u64, u64),
}

/// What became of the disks of one pool.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DiskTally {
    /// Images deleted, by reason.
    pub(crate) deleted: [u64; Deleted::ALL.len()],
    /// Runs of image GC that found too little.
    pub(crate) gc_failures: u64,
    /// Pods evicted.
    pub(crate) evicted: u64,
    /// Most that one disk held.
    pub(crate) most_used: Bytes,
}

/// The last rollout of a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastRollout {
    #[default]
    None,
    UnderWay,
    Completed(Span),
}

/// On whose behalf units were spent, in an order for maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SpenderKey {
    Workload(WorkloadId, ImageId),
    Mirror(RegistryId, ImageId),
    Background(u16),
}

/// Bytes of bodies and on disks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Volume {
    pub(crate) received: Bytes,
    /// Those of them that came from private registries, past the ways out.
    pub(crate) received_privately: Bytes,
    pub(crate) discarded: Bytes,
    /// Bytes kept on disks that went away with their nodes.
    lost: Bytes,
    /// Bytes that disks came with.
    seeded: Bytes,
    /// Bytes that went with deleted images.
    deleted: Bytes,
}

impl Volume {
    /// Bytes that must be on disks: what was received or there from the start, and neither thrown
    /// away, nor deleted, nor lost with a disk.
    pub(crate) fn on_disks(&self) -> Bytes {
        self.received + self.seeded - self.discarded - self.deleted - self.lost
    }
}

/// The counts of one replication.
pub(crate) struct Counts<'a> {
    spec: &'a Spec,
    pub(crate) workloads: Vec<WorkloadTally>,
    pub(crate) pools: Vec<PullTally>,
    /// What became of disks, by pool.
    pub(crate) disks: Vec<DiskTally>,
    /// Failed and all pulls, by image.
    pub(crate) images: Vec<(u64, u64)>,
    /// Whether a node pulled, and whether a pull failed there.
    pub(crate) nodes: Vec<(bool, bool)>,
    /// Since when each pod has not been ready; [`Time::NEVER`] where it is, or has ended.
    unready_since: Vec<Time>,
    pub(crate) limits: Vec<LimitTally>,
    pub(crate) spenders: BTreeMap<(LimitId, SpenderKey), u64>,
    /// Requests by endpoint and outcome.
    pub(crate) requests: Vec<[u64; RequestOutcome::ALL.len()]>,
    pub(crate) refused_429: Vec<u64>,
    pub(crate) mirrors: MirrorTallies,
    pub(crate) failures: BTreeMap<(Cause, Option<Cause>), u64>,
    pub(crate) first_rejection: Option<Time>,
    pub(crate) herd: PhaseCoherence,
    pub(crate) request_peak: PeakCounter,
    pub(crate) attempt_peak: PeakCounter,
    pub(crate) volume: Volume,
}

impl<'a> Counts<'a> {
    pub(crate) fn new(spec: &'a Spec, n_causes: usize) -> Self {
        let tally = PullTally { by_cause: vec![0; n_causes], ..PullTally::default() };
        let limits = spec.registries.iter().flat_map(|it| &it.limits);
        let workload = WorkloadTally { pulls: tally.clone(), ..WorkloadTally::default() };
        let n_endpoints = spec.registries.len() * EndpointKind::ALL.len();
        Self {
            spec,
            workloads: vec![workload; spec.workloads.len()],
            pools: vec![tally; spec.pools.len()],
            disks: vec![DiskTally::default(); spec.pools.len()],
            images: vec![(0, 0); spec.images.len()],
            nodes: Vec::new(),
            unready_since: Vec::new(),
            limits: limits.map(LimitTally::of).collect(),
            spenders: BTreeMap::new(),
            requests: vec![[0; RequestOutcome::ALL.len()]; n_endpoints],
            refused_429: vec![0; spec.registries.len()],
            mirrors: MirrorTallies::of(spec),
            failures: BTreeMap::new(),
            first_rejection: None,
            herd: PhaseCoherence::new(),
            request_peak: PeakCounter::new(),
            attempt_peak: PeakCounter::new(),
            volume: Volume::default(),
        }
    }

    /// Takes a fact.
    #[expect(clippy::inline_always, reason = "the kind is known where a fact is noted")]
    #[inline(always)]
    pub(crate) fn fold(&mut self, now: Time, fact: &Fact, causes: &Causes) {
        match *fact {
            Fact::PodCreated { pod, ran_before, .. } => {
                self.unready_from(pod, if ran_before { Time::NEVER } else { now });
            }
            Fact::PodReady { pod } | Fact::PodEnded { pod, .. } => self.unready_until(now, pod),
            Fact::PodUnready { pod } => self.unready_from(pod, now),
            Fact::PullAsked { asking, .. } => self.pull_asked(now, &asking),
            Fact::PullEnded { pod, ended, result, .. } => {
                self.pull_ended(now, pod, &ended, result, causes);
            }
            Fact::PullOpen { pod, open } => self.pull_open(pod, &open),
            Fact::Request(it) => {
                self.count_request(now, it.endpoint, it.outcome, it.reply);
                self.mirrors.asked(it.endpoint);
            }
            Fact::MirrorRequest(it) => {
                self.count_request(now, it.endpoint, it.outcome, it.reply);
            }
            Fact::LimitAsked { limit, asker, metered } => {
                self.limit_asked(now, limit, &asker, metered);
            }
            Fact::Unconnected { .. } => self.rejected(now),
            Fact::NodeAdded { .. } => self.nodes.push((false, false)),
            Fact::Workload { workload, what } => self.count_workload(workload, what),
            Fact::Mirror { mirror, what: MirrorTold::Sent { is_hit } } => {
                self.mirrors.sent(mirror, is_hit);
            }
            Fact::Mirror { mirror, what: MirrorTold::Received { bytes } } => {
                self.mirrors.received(mirror, bytes);
            }
            Fact::Bytes(told) => self.count_bytes(told),
            Fact::Disk { pool, what } => self.count_disk(pool, what),
            Fact::ImageDeleted { pool, deleted: it } => {
                self.disks[pool.idx()].deleted[it.why as usize] += 1;
                self.volume.deleted += it.bytes;
            }
            Fact::PodBound { .. }
            | Fact::PollsBegan { .. }
            | Fact::PollsEnded { .. }
            | Fact::AlreadyPresent { .. }
            | Fact::ContainerCrashed { .. }
            | Fact::NodeJoined { .. }
            | Fact::NodeChanged { .. }
            | Fact::DiskPressure { .. } => {}
        }
    }

    /// Something was refused, by whichever gate.
    fn rejected(&mut self, now: Time) {
        self.first_rejection.get_or_insert(now);
    }

    fn unready_from(&mut self, pod: PodTold, since: Time) {
        if self.unready_since.len() <= pod.id.idx() {
            self.unready_since.resize(pod.id.idx() + 1, Time::NEVER);
        }
        self.unready_since[pod.id.idx()] = since;
    }

    /// Adds the time that a pod has not been ready so far.
    fn unready_until(&mut self, now: Time, pod: PodTold) {
        let since = std::mem::replace(&mut self.unready_since[pod.id.idx()], Time::NEVER);
        if since != Time::NEVER {
            let tally = &mut self.workloads[pod.workload.idx()];
            tally.unready += now.since(since);
            tally.last_unready.0 = now;
        }
    }

    /// A pod lives at the end of the run.
    pub(crate) fn close_pod(&mut self, end: Time, pod: PodTold) {
        let is_unready = self.unready_since[pod.id.idx()] != Time::NEVER;
        self.workloads[pod.workload.idx()].last_unready.1 |= is_unready;
        self.unready_until(end, pod);
    }

    fn count_workload(&mut self, workload: WorkloadId, what: WorkloadTold) {
        let tally = &mut self.workloads[workload.idx()];
        match what {
            WorkloadTold::Availability { ready, desired } => tally.available(ready, desired),
            WorkloadTold::AtWork => tally.least_share = Some(1.0),
            WorkloadTold::RolloutBegan { .. } => tally.rollout = LastRollout::UnderWay,
            WorkloadTold::RolloutCompleted { took } => {
                tally.rollout = LastRollout::Completed(took);
            }
            WorkloadTold::RolloutStalled => tally.n_stalled += 1,
            WorkloadTold::RolloutStood { span } => tally.stood_still += span,
            WorkloadTold::CanaryBegan => tally.canaries.0 += 1,
            WorkloadTold::CanaryFailed => tally.canaries.1 += 1,
            WorkloadTold::ScaledUp => {}
        }
    }

    fn count_bytes(&mut self, told: BytesTold) {
        let volume = &mut self.volume;
        match told {
            BytesTold::Received { registry, bytes } => {
                volume.received += bytes;
                if self.spec.registries[registry.idx()].private {
                    volume.received_privately += bytes;
                }
            }
            BytesTold::Discarded { bytes } => volume.discarded += bytes,
            BytesTold::Seeded { bytes } => volume.seeded += bytes,
            BytesTold::Lost { bytes } => volume.lost += bytes,
        }
    }

    fn count_disk(&mut self, pool: PoolId, what: DiskTold) {
        let tally = &mut self.disks[pool.idx()];
        match what {
            DiskTold::Used { bytes } => tally.most_used = tally.most_used.max(bytes),
            DiskTold::GcFailed => tally.gc_failures += 1,
            DiskTold::PodEvicted => tally.evicted += 1,
        }
    }

    fn pull_asked(&mut self, now: Time, asking: &Asking) {
        self.attempt_peak.count(now, 1);
        if 1 < asking.number {
            self.herd.add(now);
        }
    }

    fn pull_ended(
        &mut self,
        now: Time,
        pod: PodTold,
        ended: &PullEnded,
        result: PullEnd,
        causes: &Causes,
    ) {
        let cause = result.err().map(|(cause, _)| causes.number(cause));
        let pool = self.spec.workloads[pod.workload.idx()].pool;
        let workload = &mut self.workloads[pod.workload.idx()].pulls;
        for tally in [workload, &mut self.pools[pool.idx()]] {
            tally.attempts += 1;
            match cause {
                Some(cause) => {
                    tally.failures += 1;
                    tally.by_cause[usize::from(cause)] += 1;
                }
                None => tally.durations.push(now.since(ended.attempt.asked).as_micros()),
            }
        }
        let failed = cause.is_some();
        let image = &mut self.images[ended.image.idx()];
        image.0 += u64::from(failed);
        image.1 += 1;
        let node = &mut self.nodes[ended.node.idx()];
        *node = (true, node.1 | failed);
        if let Err((cause, behind)) = result {
            *self.failures.entry((cause, behind)).or_default() += 1;
            if cause == Cause::KubeletQps {
                self.rejected(now);
            }
        }
    }

    fn pull_open(&mut self, pod: PodTold, open: &PullEnded) {
        self.workloads[pod.workload.idx()].pulls.attempts += 1;
        let pool = self.spec.workloads[pod.workload.idx()].pool;
        self.pools[pool.idx()].attempts += 1;
        self.images[open.image.idx()].1 += 1;
        self.nodes[open.node.idx()].0 = true;
    }

    fn limit_asked(&mut self, now: Time, limit: LimitId, asker: &Asker, it: Metered) {
        let granted = it.admission == Admission::Granted;
        let tally = &mut self.limits[limit.idx()];
        let slot = it.key as usize;
        if tally.counters.len() <= slot {
            tally.counters.resize(slot + 1, CounterTally::default());
        }
        let counter = &mut tally.counters[slot];
        counter.asked += 1;
        counter.refused += u64::from(!granted);
        if tally.by_account {
            tally.senders.insert((it.key, asker.address.0, asker.prefix));
        }
        match it.admission {
            Admission::Granted => tally.exhausted.granted(now),
            Admission::Refused { retry_in } => tally.exhausted.refused(now, retry_in),
        }
        if granted {
            tally.spent += it.units;
            let spender = match asker.spender {
                Spender::Workload(workload, image) => SpenderKey::Workload(workload, image),
                Spender::Mirror(mirror, image) => SpenderKey::Mirror(mirror, image),
                Spender::Background(background) => SpenderKey::Background(background.0),
            };
            *self.spenders.entry((limit, spender)).or_default() += it.units;
        }
    }

    fn count_request(
        &mut self,
        now: Time,
        endpoint: Endpoint,
        outcome: RequestOutcome,
        reply: Reply,
    ) {
        self.requests[endpoint.idx()][outcome as usize] += 1;
        self.request_peak.count(now, 1);
        if refusal(reply).is_some() {
            self.rejected(now);
        }
        if outcome == RequestOutcome::Throttled {
            self.refused_429[endpoint.registry.idx()] += 1;
        }
    }
}

impl WorkloadTally {
    /// Pods ready and wanted have changed.
    fn available(&mut self, ready: u32, desired: u32) {
        if desired == 0 {
            return;
        }
        let share = f64::from(ready.min(desired)) / f64::from(desired);
        match &mut self.least_share {
            None if desired <= ready => self.least_share = Some(1.0),
            None => {}
            Some(least) => *least = least.min(share),
        }
    }
}
