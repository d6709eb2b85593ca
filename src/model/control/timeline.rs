//! What happens during a run: rollouts, churn, operators, changes of parameters. Outages and faults
//! stand in `supply/registry.rs`: they are gates.

use crate::engine::chance::{combine, shuffle_by_key, stable_hash};
use crate::model::ids::{NodeId, PodId, PoolId, RegistryId, TimelineId, WorkloadId};
use crate::model::spec::{Action, Change, Count, Spec, Which, WorkloadKind};
use crate::model::words::phase::NodeState;
use crate::model::words::phase::Phase;
use crate::model::{Event, Purpose, World};
use crate::units::{Share, Time};

/// The timeline at work.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: u64,
    /// For `replace_nodes` and `prepull`: nodes at a time now, and the nodes still to come.
    batch: Count,
    remaining: Vec<NodeId>,
    total: u32,
}

impl Timeline {
    pub(crate) fn new(spec: &Spec) -> Self {
        let batch = |action: &Action| match *action {
            Action::ReplaceNodes { batch, .. }
            | Action::ReconfigureNodes { batch, .. }
            | Action::Prepull { batch, .. } => batch,
            _ => Count::Number(0),
        };
        let entries = spec
            .timeline
            .iter()
            .map(|it| Entry {
                key: combine(stable_hash("timeline"), stable_hash(&it.name)),
                batch: batch(&it.action),
                remaining: Vec::new(),
                total: 0,
            })
            .collect();
        Self { entries }
    }
}

impl World<'_> {
    /// Schedules every entry of the timeline.
    pub(crate) fn open_timeline(&mut self) {
        for (number, entry) in self.spec.timeline.iter().enumerate() {
            let event = Event::TimelineReached { timeline: TimelineId::from(number), step: 0 };
            self.clock.calendar.schedule(Time::ZERO + entry.at, event);
        }
    }

    /// An entry of the timeline is due, or its next step.
    pub(crate) fn on_timeline_reached(&mut self, now: Time, id: TimelineId, step: u32) {
        let spec = self.spec;
        match &spec.timeline[id.idx()].action {
            Action::Rollout { workload, replace, guard } => {
                self.roll_out(now, *workload, replace, *guard);
            }
            Action::Canary { workload, replace, canary } => {
                self.start_canary(now, *workload, replace, *canary);
            }
            &Action::ScaleWorkload { workload, replicas } => {
                self.scale_workload(now, workload, replicas);
            }
            &Action::ScaleNodes { pool, nodes } => self.scale_pool(now, pool, nodes),
            &Action::ReplaceNodes { pool, every, .. } => {
                self.replace_batch(now, id, pool, step);
                self.schedule_next_batch(now + every, id, step + 1);
            }
            &Action::Prepull { workload, every, .. } => {
                self.prepull_wave(now, id, workload, step);
                self.schedule_next_batch(now + every, id, step + 1);
            }
            &Action::MoveTag { image, to } => self.catalogue.move_tag(image, to),
            &Action::Rollback { workload } => self.roll_back(now, workload),
            &Action::ReconfigureNodes { mirror, pool, every, .. } => {
                self.reconfigure_batch(now, id, (mirror, pool), step);
                self.schedule_next_batch(now + every, id, step + 1);
            }
            &Action::RestartMirror { mirror, fault, keeps_storage } => {
                self.restart_mirror(now, mirror, fault, keeps_storage);
            }
            &Action::SpotInterruptions { pool, mean_lifetime, notice } => {
                self.cluster.pools[pool.idx()].spot = Some((mean_lifetime, notice));
                for node in self.ready_nodes(pool) {
                    self.start_spot_lifetime(now, node);
                }
            }
            &Action::RestartNodes { pool, which, share } => {
                for node in self.some_nodes(id, pool, which, share) {
                    self.restart_node(now, node);
                }
            }
            &Action::RestartKubelets { pool, which, share } => {
                for node in self.some_nodes(id, pool, which, share) {
                    self.restart_kubelet(now, node);
                }
            }
            &Action::DeletePods { workload, which, share } => {
                for pod in self.some_pods(id, workload, which, share) {
                    self.remove_pod(now, pod);
                }
            }
            &Action::PauseRollout { workload, length } => {
                let until = now + length;
                let paused = &mut self.control.workloads[workload.idx()].paused_until;
                *paused = (*paused).max(until);
                self.clock.calendar.schedule(until, Event::PauseEnded { workload });
                self.note_standstill(now, workload);
            }
            Action::PruneImages { pool, every, keep, only_above, between } => {
                self.prune_images(now, *pool, keep, *only_above, *between);
                if let Some(every) = *every {
                    let event = Event::TimelineReached { timeline: id, step: step + 1 };
                    self.clock.calendar.schedule(now + every, event);
                }
            }
            Action::Set(change) => self.apply_change(now, change),
        }
    }

    fn schedule_next_batch(&mut self, at: Time, id: TimelineId, step: u32) {
        if !self.control.timeline.entries[id.idx()].remaining.is_empty() {
            let event = Event::TimelineReached { timeline: id, step };
            self.clock.calendar.schedule(at, event);
        }
    }

    /// An image puller's next wave: a pod on each of its nodes. From the first wave on, nodes that
    /// come up get theirs when they do, as with every DaemonSet.
    ///
    /// Source: the image pullers of zero-to-jupyterhub-k8s (`templates/image-puller`, read
    /// 2026-11): a DaemonSet for the nodes that are there and for those that come.
    fn prepull_wave(&mut self, now: Time, id: TimelineId, puller: WorkloadId, step: u32) {
        if step == 0 {
            let nodes = self.start_puller(now, puller);
            self.open_batches(id, nodes);
        }
        for node in self.next_batch(id, NodeState::keeps_daemons) {
            self.create_daemon(now, puller, node);
        }
    }

    /// Takes the next batch of nodes out of service, so that they come back with a mirror in their
    /// configuration; from the first batch on, nodes that come up have it.
    fn reconfigure_batch(
        &mut self,
        now: Time,
        id: TimelineId,
        (mirror, pool): (RegistryId, PoolId),
        step: u32,
    ) {
        if step == 0 {
            self.open_batches(id, self.ready_nodes(pool));
            let known = &mut self.cluster.pools[pool.idx()].mirrors;
            if !known.contains(&mirror) {
                known.push(mirror);
            }
        }
        for node in self.next_batch(id, |it| it == NodeState::Ready) {
            self.cordon(now, node);
        }
    }

    /// Drains the next batch. The batch is a share of the nodes there were at the first step; nodes
    /// that went away meanwhile are passed over.
    fn replace_batch(&mut self, now: Time, id: TimelineId, pool: PoolId, step: u32) {
        if step == 0 {
            self.open_batches(id, self.ready_nodes(pool));
        }
        for node in self.next_batch(id, |it| it == NodeState::Ready) {
            self.begin_drain(now, node, true);
        }
    }

    /// Puts nodes in the keyed order of an action, which then takes them batch by batch.
    fn open_batches(&mut self, id: TimelineId, mut nodes: Vec<NodeId>) {
        self.shuffle_nodes(id, &mut nodes);
        let entry = &mut self.control.timeline.entries[id.idx()];
        entry.total = nodes.len() as u32;
        entry.remaining = nodes;
        entry.remaining.reverse();
    }

    /// The next batch of those that are still fit for it.
    fn next_batch(&mut self, id: TimelineId, is_fit: fn(NodeState) -> bool) -> Vec<NodeId> {
        let entry = &self.control.timeline.entries[id.idx()];
        let mut due = match entry.batch {
            Count::Number(n) => n,
            Count::Share(share) => share.of_at_least_one(u64::from(entry.total)) as u32,
        };
        let mut batch = Vec::new();
        while 0 < due
            && let Some(node) = self.control.timeline.entries[id.idx()].remaining.pop()
        {
            if is_fit(self.cluster.nodes[node.idx()].state) {
                batch.push(node);
                due -= 1;
            }
        }
        batch
    }

    fn shuffle_nodes(&self, id: TimelineId, nodes: &mut [NodeId]) {
        let key = self.control.timeline.entries[id.idx()].key;
        shuffle_by_key(nodes, self.clock.chance, Purpose::TimelineOrder as u64, |it| {
            combine(key, self.cluster.nodes[it.idx()].key)
        });
    }

    /// A share of the ready nodes of a pool (rounded up, at least one), in a keyed order.
    fn some_nodes(&self, id: TimelineId, pool: PoolId, which: Which, share: Share) -> Vec<NodeId> {
        let mut nodes = self.ready_nodes(pool);
        nodes.retain(|&it| which == Which::All || self.node_waits(it));
        self.shuffle_nodes(id, &mut nodes);
        nodes.truncate(share.of_at_least_one(nodes.len() as u64) as usize);
        nodes
    }

    fn some_pods(&self, id: TimelineId, of: WorkloadId, which: Which, share: Share) -> Vec<PodId> {
        let mut pods = self.pods_of(of);
        pods.retain(|it| {
            let phase = self.cluster.pods[it.idx()].phase;
            which == Which::All || phase == Phase::Waiting
        });
        let key = self.control.timeline.entries[id.idx()].key;
        shuffle_by_key(&mut pods, self.clock.chance, Purpose::TimelineOrder as u64, |it| {
            combine(key, self.cluster.pods[it.idx()].key)
        });
        pods.truncate(share.of_at_least_one(pods.len() as u64) as usize);
        pods
    }

    fn apply_change(&mut self, now: Time, change: &Change) {
        match change {
            &Change::LimitAllow { registry, limit, allow } => {
                self.supply.limits.set_allow(now, registry, limit, allow);
            }
            &Change::EgressAddresses { egress, addresses } => {
                self.supply.egresses.set_addresses(egress, addresses);
            }
            Change::WorkloadAccount { workload, accounts } => {
                self.control.workloads[workload.idx()].secrets.push(accounts.clone());
            }
            Change::PoolAccount { pool, accounts } => {
                self.cluster.pools[pool.idx()].accounts.clone_from(accounts);
            }
            &Change::MaxSurge { workload, max_surge: new } => {
                let kind = &mut self.control.workloads[workload.idx()].kind;
                if let WorkloadKind::Deployment { max_surge, .. } = kind {
                    *max_surge = new;
                }
                self.reconcile(now, workload);
            }
            &Change::MaxUnavailable { workload, max_unavailable: new } => {
                let kind = &mut self.control.workloads[workload.idx()].kind;
                if let WorkloadKind::Deployment { max_unavailable, .. }
                | WorkloadKind::DaemonSet { max_unavailable } = kind
                {
                    *max_unavailable = new;
                }
                self.reconcile(now, workload);
            }
            &Change::Kubelet { pool, kubelet } => self.cluster.pools[pool.idx()].kubelet = kubelet,
            Change::Preloaded { pool, images } => {
                self.cluster.pools[pool.idx()].preloaded.clone_from(images);
            }
            &Change::ReplaceBatch { timeline, batch } => {
                self.control.timeline.entries[timeline].batch = batch;
            }
        }
    }
}
