//! What is recorded while the world runs. Recording draws no randomness and changes nothing: a run
//! with detail and one without are the same run.

use crate::model::words::attempt::{PullEnd, PullEnded};
use std::collections::BTreeMap;

use crate::engine::chance::{combine, mix, stable_hash};
use crate::engine::stats::{PeakCounter, PhaseCoherence};
use crate::model::ids::{ImageId, LimitId, PoolId, RegistryId, WorkloadId};
use crate::model::node::machine::Node;
use crate::model::node::pod::Pod;
use crate::model::record::levels::Levels;
use crate::model::record::limits::{CounterTally, LimitTally};
use crate::model::record::mirrors::MirrorTallies;
use crate::model::record::operator::Watch;
use crate::model::record::outcome::{PodRow, PullResult, PullRow, RequestRow, RequestSink};
use crate::model::record::seen::{MirrorRequestSeen, RequestSeen};
use crate::model::spec::{RegistrySpec, Spec};
use crate::model::supply::registry::Asked;
use crate::model::words::asker::{Asker, Spender};
use crate::model::words::cause::{Cause, Causes};
use crate::model::words::deleted::Deleted;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::phase::Phase;
use crate::model::words::reply::{RequestOutcome, refusal};
use crate::resource::limiter::Admission;
use crate::units::{Bytes, MICROS_PER_SECOND, Span, Time};

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
    pub(crate) rollout: RolloutSeen,
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
pub(crate) enum RolloutSeen {
    #[default]
    None,
    UnderWay,
    Completed(Span),
}

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

/// The recorder of one replication.
pub(crate) struct Recorder<'a> {
    spec: &'a Spec,
    causes: Causes,
    pub(crate) watch: Watch,
    pub(crate) digest: u64,
    pub(crate) detail: bool,
    sink: Option<&'a mut dyn RequestSink>,
    pub(crate) rows: Vec<PodRow>,
    pub(crate) pulls: Vec<PullRow>,
    pub(crate) node_names: Vec<String>,
    pub(crate) workloads: Vec<WorkloadTally>,
    pub(crate) pools: Vec<PullTally>,
    /// What became of disks, by pool.
    pub(crate) disks: Vec<DiskTally>,
    /// Failed and all pulls, by image.
    pub(crate) images: Vec<(u64, u64)>,
    /// Whether a node pulled, and whether a pull failed there.
    pub(crate) nodes: Vec<(bool, bool)>,
    pub(crate) limits: Vec<LimitTally>,
    pub(crate) spenders: BTreeMap<(LimitId, SpenderKey), u64>,
    /// Requests by endpoint and outcome.
    pub(crate) requests: Vec<[u64; 8]>,
    pub(crate) refused_429: Vec<u64>,
    pub(crate) mirrors: MirrorTallies,
    /// Stable keys of the endpoints.
    endpoint_keys: Vec<u64>,
    /// Names of the replicas of mirrors, as rows show them.
    pub(crate) replica_names: Vec<String>,
    pub(crate) failures: BTreeMap<(Cause, Option<Cause>), u64>,
    pub(crate) first_rejection: Option<Time>,
    pub(crate) herd: PhaseCoherence,
    pub(crate) request_peak: PeakCounter,
    pub(crate) attempt_peak: PeakCounter,
    pub(crate) received: Bytes,
    /// Those of them that came from private registries, past the ways out.
    pub(crate) received_privately: Bytes,
    pub(crate) discarded: Bytes,
    /// Bytes kept on disks that went away with their nodes.
    pub(crate) lost: Bytes,
    /// Bytes that disks came with.
    seeded: Bytes,
    /// Bytes that went with deleted images.
    deleted: Bytes,
    pub(crate) request_series: Vec<PerSecond>,
    pub(crate) attempt_series: PerSecond,
    pub(crate) failure_series: Vec<PerSecond>,
    pub(crate) levels: Levels,
}

/// On whose behalf units were spent, in an order for maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SpenderKey {
    Workload(WorkloadId, ImageId),
    Mirror(RegistryId, ImageId),
    Background(u16),
}

/// Kinds of facts in the digest.
#[derive(Clone, Copy)]
enum Fact {
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

impl<'a> Recorder<'a> {
    pub(crate) fn new(
        spec: &'a Spec,
        causes: Causes,
        detail: bool,
        sink: Option<&'a mut dyn RequestSink>,
    ) -> Self {
        let n_causes = causes.labels().len();
        let tally = PullTally { by_cause: vec![0; n_causes], ..PullTally::default() };
        let n_endpoints = spec.registries.len() * EndpointKind::ALL.len();
        let limits = spec.registries.iter().flat_map(|it| &it.limits);
        let n_limits = limits.clone().count();
        let workload = WorkloadTally { pulls: tally.clone(), ..WorkloadTally::default() };
        Self {
            spec,
            causes,
            watch: Watch::new(spec),
            digest: 0,
            detail,
            sink,
            rows: Vec::new(),
            pulls: Vec::new(),
            node_names: Vec::new(),
            workloads: vec![workload; spec.workloads.len()],
            pools: vec![tally; spec.pools.len()],
            disks: vec![DiskTally::default(); spec.pools.len()],
            images: vec![(0, 0); spec.images.len()],
            nodes: Vec::new(),
            limits: limits.map(LimitTally::of).collect(),
            spenders: BTreeMap::new(),
            requests: vec![[0; 8]; n_endpoints],
            refused_429: vec![0; spec.registries.len()],
            mirrors: MirrorTallies::of(spec),
            endpoint_keys: endpoint_keys(spec),
            replica_names: Vec::new(),
            failures: BTreeMap::new(),
            first_rejection: None,
            herd: PhaseCoherence::new(),
            request_peak: PeakCounter::new(),
            attempt_peak: PeakCounter::new(),
            received: Bytes::ZERO,
            received_privately: Bytes::ZERO,
            discarded: Bytes::ZERO,
            lost: Bytes::ZERO,
            seeded: Bytes::ZERO,
            deleted: Bytes::ZERO,
            request_series: vec![PerSecond::default(); n_endpoints * RequestOutcome::ALL.len()],
            attempt_series: PerSecond::default(),
            failure_series: vec![PerSecond::default(); n_causes],
            levels: Levels::new(spec, n_limits, detail),
        }
    }

    /// The causes of the run.
    pub(crate) const fn causes(&self) -> &Causes {
        &self.causes
    }

    fn fact(&mut self, now: Time, fact: Fact, key: u64, value: u64) {
        let fact = combine(now.as_micros() << 4 | fact as u64, combine(key, value));
        self.digest = mix(self.digest.rotate_left(5) ^ fact);
    }

    fn workload_key(&self, workload: WorkloadId) -> u64 {
        stable_hash(&self.spec.workloads[workload.idx()].name)
    }

    /// Something was refused, by whichever gate.
    pub(crate) fn rejected(&mut self, now: Time) {
        self.first_rejection.get_or_insert(now);
    }

    /// A controller created a pod; the number of its row.
    pub(crate) fn pod_created(&mut self, now: Time, pod: &Pod) -> u32 {
        self.fact(now, Fact::PodCreated, pod.key, 0);
        self.rows.push(PodRow {
            workload: u32::from(pod.workload.0),
            ordinal: pod.ordinal,
            node: None,
            created: now,
            bound: None,
            ready: None,
            deleted: None,
            attempts: 0,
            failures: 0,
        });
        (self.rows.len() - 1) as u32
    }

    fn row(&mut self, pod: &Pod) -> Option<&mut PodRow> {
        pod.row.map(|row| &mut self.rows[row as usize])
    }

    /// A pod was bound to a node.
    pub(crate) fn pod_bound(&mut self, now: Time, pod: &Pod, node: &Node) {
        self.fact(now, Fact::PodBound, pod.key, node.key);
        let id = pod.node.0;
        if let Some(row) = self.row(pod) {
            row.node = Some(id);
            row.bound = Some(now);
        }
    }

    /// A pod became ready.
    pub(crate) fn pod_ready(&mut self, now: Time, pod: &mut Pod) {
        self.fact(now, Fact::PodReady, pod.key, 0);
        self.add_unready(now, pod);
        if let Some(row) = self.row(pod) {
            row.ready.get_or_insert(now);
        }
    }

    /// A pod that was ready no longer is.
    pub(crate) fn pod_unready(&mut self, now: Time, pod: &Pod) {
        self.fact(now, Fact::PodUnready, pod.key, 0);
    }

    /// A pod was deleted or completed.
    pub(crate) fn pod_ended(&mut self, now: Time, pod: &mut Pod, end: Phase) {
        self.fact(now, Fact::PodEnded, pod.key, end as u64);
        self.add_unready(now, pod);
        if end == Phase::Gone
            && let Some(row) = self.row(pod)
        {
            row.deleted = Some(now);
        }
    }

    /// Adds the time that a pod has not been ready so far.
    pub(crate) fn add_unready(&mut self, now: Time, pod: &mut Pod) {
        if let Some(since) = pod.unready_since.take() {
            let tally = &mut self.workloads[pod.workload.idx()];
            tally.unready += now.since(since);
            tally.last_unready.0 = now;
        }
    }

    /// Pods ready and wanted have changed.
    pub(crate) fn availability(&mut self, workload: WorkloadId, ready: u32, desired: u32) {
        if desired == 0 {
            return;
        }
        let share = f64::from(ready.min(desired)) / f64::from(desired);
        let least = &mut self.workloads[workload.idx()].least_share;
        match least {
            None if desired <= ready => *least = Some(1.0),
            None => {}
            Some(least) => *least = least.min(share),
        }
    }

    /// A rollout began.
    pub(crate) fn rollout_began(&mut self, now: Time, workload: WorkloadId, revision: usize) {
        self.watch.released(now, workload, revision);
        self.workloads[workload.idx()].rollout = RolloutSeen::UnderWay;
    }

    /// A rollout is complete.
    pub(crate) fn rollout_completed(&mut self, now: Time, workload: WorkloadId, took: Span) {
        self.fact(now, Fact::Rollout, self.workload_key(workload), took.as_micros());
        self.workloads[workload.idx()].rollout = RolloutSeen::Completed(took);
    }

    /// A rollout made no progress within its deadline.
    pub(crate) fn rollout_stalled(&mut self, now: Time, workload: WorkloadId) {
        self.fact(now, Fact::Rollout, self.workload_key(workload), 0);
        self.workloads[workload.idx()].n_stalled += 1;
    }

    /// A rollout was held for so long.
    pub(crate) fn rollout_stood_still(&mut self, workload: WorkloadId, span: Span) {
        self.workloads[workload.idx()].stood_still += span;
    }

    /// A canary began.
    pub(crate) fn canary_began(&mut self, workload: WorkloadId) {
        self.workloads[workload.idx()].canaries.0 += 1;
    }

    /// A canary was undone.
    pub(crate) fn canary_failed(&mut self, workload: WorkloadId) {
        self.workloads[workload.idx()].canaries.1 += 1;
    }

    /// A node came, drained, restarted or went.
    pub(crate) fn node_changed(&mut self, now: Time, node: &Node) {
        self.fact(now, Fact::Node, node.key, node.state as u64);
    }

    /// A node was added to the tables.
    pub(crate) fn node_added(&mut self, node: &Node) {
        self.nodes.push((false, false));
        if self.detail || self.sink.is_some() {
            let pool = &self.spec.pools[node.pool.idx()].name;
            let (slot, generation) = (node.slot, node.generation);
            self.node_names.push(if generation == 0 {
                format!("{pool}-{slot}")
            } else {
                format!("{pool}-{slot}.{generation}")
            });
        }
    }

    /// A kubelet asks for a pull.
    pub(crate) fn pull_asked(&mut self, now: Time, pod: &Pod, number: u32) {
        self.fact(now, Fact::PullAsked, pod.key, u64::from(number));
        self.attempt_peak.count(now, 1);
        if 1 < number {
            self.herd.add(now);
        }
        if self.detail {
            self.attempt_series.count(now);
        }
    }

    /// A pull attempt ended.
    pub(crate) fn pull_ended(
        &mut self,
        now: Time,
        pod: &Pod,
        image_key: u64,
        ended: &PullEnded,
        result: PullEnd,
    ) {
        let cause = result.err();
        let number = cause.map(|(cause, _)| self.causes.number(cause));
        let key = combine(pod.key, image_key);
        self.fact(now, Fact::PullEnded, key, cause.map_or(0, |(it, _)| self.causes.key(it)));
        self.tally_pull(now, pod, ended, number);
        self.show_end(now, ended, result);
        if let Some((cause, behind)) = cause {
            *self.failures.entry((cause, behind)).or_default() += 1;
            if cause == Cause::KubeletQps {
                self.rejected(now);
            }
        }
        if self.detail {
            let result = match cause {
                None => PullResult::Succeeded,
                Some((cause, behind)) => PullResult::Failed {
                    cause: self.causes.number(cause),
                    cause_behind: behind.map(|it| self.causes.number(it)),
                },
            };
            self.push_pull(pod, ended, Some(now), result);
            if let Some(number) = number {
                self.failure_series[usize::from(number)].count(now);
            }
        }
    }

    /// A pull attempt was open when the run ended.
    pub(crate) fn pull_open(&mut self, pod: &Pod, open: &PullEnded) {
        self.workloads[pod.workload.idx()].pulls.attempts += 1;
        let pool = self.spec.workloads[pod.workload.idx()].pool;
        self.pools[pool.idx()].attempts += 1;
        self.images[open.image.idx()].1 += 1;
        self.nodes[open.node.idx()].0 = true;
        if let Some(row) = self.row(pod) {
            row.attempts += 1;
        }
        if self.detail {
            self.push_pull(pod, open, None, PullResult::Open);
        }
    }

    fn tally_pull(&mut self, now: Time, pod: &Pod, ended: &PullEnded, cause: Option<u16>) {
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
        if let Some(row) = self.row(pod) {
            row.attempts += 1;
            row.failures += u32::from(failed);
        }
    }

    fn push_pull(&mut self, pod: &Pod, it: &PullEnded, end: Option<Time>, result: PullResult) {
        self.pulls.push(PullRow {
            pod: pod.row,
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

    /// Body bytes arrived at a node.
    pub(crate) fn body_received(&mut self, registry: RegistryId, bytes: Bytes) {
        self.received += bytes;
        if self.spec.registries[registry.idx()].private {
            self.received_privately += bytes;
        }
    }

    /// Body bytes were thrown away: cut short, or held by nobody any more.
    pub(crate) fn body_discarded(&mut self, bytes: Bytes) {
        self.discarded += bytes;
    }

    /// A disk came with content.
    pub(crate) fn disk_seeded(&mut self, bytes: Bytes) {
        self.seeded += bytes;
    }

    /// Bytes that must be on disks: what was received or there from the start, and neither thrown
    /// away, nor deleted, nor lost with a disk.
    pub(crate) fn bytes_on_disks(&self) -> Bytes {
        self.received + self.seeded - self.discarded - self.deleted - self.lost
    }

    /// An image was deleted from a node, and with it these bytes that nobody else held.
    pub(crate) fn image_deleted(
        &mut self,
        now: Time,
        pool: PoolId,
        key: u64,
        why: Deleted,
        bytes: Bytes,
    ) {
        self.fact(now, Fact::ImageDeleted, key, why as u64);
        self.disks[pool.idx()].deleted[why as usize] += 1;
        self.deleted += bytes;
    }

    /// Image GC found less than it was to free.
    pub(crate) fn image_gc_failed(&mut self, pool: PoolId) {
        self.disks[pool.idx()].gc_failures += 1;
    }

    /// A node reports disk pressure, or no more.
    pub(crate) fn disk_pressure(&mut self, now: Time, node: u64, pressure: bool) {
        self.fact(now, Fact::DiskPressure, node, u64::from(pressure));
    }

    /// A pod is evicted.
    pub(crate) fn pod_evicted(&mut self, pool: PoolId) {
        self.disks[pool.idx()].evicted += 1;
    }

    /// A disk of a pool holds so much.
    pub(crate) fn disk_used(&mut self, pool: PoolId, used: Bytes) {
        let most = &mut self.disks[pool.idx()].most_used;
        *most = (*most).max(used);
    }

    /// A disk went away with what it kept.
    pub(crate) fn disk_lost(&mut self, bytes: Bytes) {
        self.lost += bytes;
    }

    /// A limit that counts the request gave its verdict.
    pub(crate) fn limit_asked(&mut self, now: Time, limit: LimitId, asker: &Asker, it: Asked) {
        let granted = it.admission == Admission::Granted;
        let tally = &mut self.limits[limit.idx()];
        let slot = it.key as usize;
        if tally.counters.len() <= slot {
            tally.counters.resize(slot + 1, CounterTally::default());
        }
        let counter = &mut tally.counters[slot];
        counter.asked += 1;
        counter.refused += u64::from(!granted);
        if !matches!(asker.spender, Spender::Background(_)) {
            self.watch.metered(limit, it.key, !granted);
        }
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

    /// A request reached its endpoint.
    pub(crate) fn request(&mut self, now: Time, seen: &RequestSeen, pod: &Pod) {
        let (outcome, status) = RequestOutcome::of(seen.reply, seen.redirected, seen.refused_post);
        let cause = refusal(seen.reply);
        self.count_request(now, seen.endpoint, seen.key, outcome, cause.is_some());
        self.mirrors.asked(seen.endpoint);
        self.show_request(now, seen);
        self.write_request(now, seen, pod, status, cause);
    }

    /// A request of a mirror reached its upstream.
    pub(crate) fn mirror_request(&mut self, now: Time, seen: &MirrorRequestSeen) {
        let (outcome, status) = RequestOutcome::of(seen.reply, seen.redirected, false);
        let cause = refusal(seen.reply);
        self.count_request(now, seen.endpoint, seen.key, outcome, cause.is_some());
        let Some(sink) = &mut self.sink else { return };
        let server = &self.spec.registries[seen.endpoint.registry.idx()];
        sink.request(&RequestRow {
            time: now,
            node: &self.replica_names[seen.replica as usize],
            pod: None,
            image: &self.spec.images[seen.image.idx()].name,
            attempt: None,
            method: if seen.is_head { "HEAD" } else { "GET" },
            object: seen.object.0,
            layer: seen.object.1,
            endpoint: (&server.name, seen.endpoint.kind.name_at(server)),
            status,
            cause: cause.map(|it| self.causes.label(it)),
        });
    }

    fn count_request(
        &mut self,
        now: Time,
        endpoint: Endpoint,
        key: u64,
        outcome: RequestOutcome,
        is_refused: bool,
    ) {
        let number = endpoint.idx();
        let value = combine(self.endpoint_keys[number], outcome as u64);
        self.fact(now, Fact::Request, key, value);
        self.requests[number][outcome as usize] += 1;
        self.request_peak.count(now, 1);
        if is_refused {
            self.rejected(now);
        }
        if outcome == RequestOutcome::Throttled {
            self.refused_429[endpoint.registry.idx()] += 1;
        }
        if self.detail {
            let series = number * RequestOutcome::ALL.len() + outcome as usize;
            self.request_series[series].count(now);
        }
    }

    fn write_request(
        &mut self,
        now: Time,
        seen: &RequestSeen,
        pod: &Pod,
        status: Option<u16>,
        cause: Option<Cause>,
    ) {
        let Some(sink) = &mut self.sink else { return };
        let (object, layer) = match seen.object {
            _ if seen.endpoint.kind == EndpointKind::Token => ("token", None),
            _ if seen.is_head => ("tag", None),
            object => object.name(),
        };
        let workload = &self.spec.workloads[pod.workload.idx()].name;
        let server = &self.spec.registries[seen.endpoint.registry.idx()];
        sink.request(&RequestRow {
            time: now,
            node: &self.node_names[seen.node.idx()],
            pod: pod.row.map(|_| (&**workload, pod.ordinal)),
            image: &self.spec.images[seen.image.idx()].name,
            attempt: Some(seen.attempt),
            method: seen.method,
            object,
            layer,
            endpoint: (&server.name, seen.endpoint.kind.name_at(server)),
            status,
            cause: cause.map(|it| self.causes.label(it)),
        });
    }
}

/// Stable keys of all endpoints: hashes of server and kind.
fn endpoint_keys(spec: &Spec) -> Vec<u64> {
    let of_server = |server: &RegistrySpec| {
        let key = stable_hash(&server.scope());
        EndpointKind::ALL.map(|kind| combine(key, kind as u64))
    };
    spec.registries.iter().flat_map(of_server).collect()
}
