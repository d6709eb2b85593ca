//! DaemonSets: a pod on each node of the pool, and their rolling updates.

use std::ops::RangeBounds;

use crate::model::control::workload::{CONTROLLER_DAEMON_SET, ReplicaSet};
use crate::model::ids::{NodeId, PodId, WorkloadId};
use crate::model::spec::{Count, WorkloadKind};
use crate::model::words::phase::Phase;
use crate::model::{Event, World};
use crate::units::Time;

/// Before every pod of one phase.
const FIRST: PodId = PodId(0);

impl World<'_> {
    pub(crate) fn create_daemon(&mut self, now: Time, id: WorkloadId, node: NodeId) {
        self.control.workloads[id.idx()].daemons.insert(node, None);
        let at = self.control.controller_pace[CONTROLLER_DAEMON_SET].next(now);
        self.clock.calendar.schedule(at, Event::DaemonCreated { workload: id, node });
    }

    /// The API server has a new pod of a DaemonSet.
    pub(crate) fn on_daemon_created(&mut self, now: Time, id: WorkloadId, node: NodeId) {
        if self.control.workloads[id.idx()].daemons.get(&node) == Some(&None) {
            let newest = self.control.workloads[id.idx()].revision();
            self.admit_pod(now, id, newest, Some(node));
        }
    }

    /// DaemonSets put a pod on a new node.
    pub(crate) fn daemons_for_new_node(&mut self, now: Time, node: NodeId) {
        let pool = self.cluster.nodes[node.idx()].pool;
        for (number, spec) in self.spec.workloads.iter().enumerate() {
            let is_daemon_set = matches!(spec.kind, WorkloadKind::DaemonSet { .. });
            if is_daemon_set && spec.pool == pool && self.control.workloads[number].started {
                self.create_daemon(now, WorkloadId::from(number), node);
            }
        }
    }

    pub(super) fn keeps_daemons(&self, node: NodeId) -> bool {
        self.cluster.nodes[node.idx()].state.keeps_daemons()
    }

    /// A node is gone: no DaemonSet wants a pod there, and one that was not bound yet goes too.
    pub(crate) fn daemons_of_lost_node(&mut self, now: Time, node: NodeId) {
        for number in 0..self.control.workloads.len() {
            let id = WorkloadId::from(number);
            if let Some(Some(pod)) = self.control.workloads[number].daemons.remove(&node)
                && self.remove_pod_unreplaced(now, pod)
            {
                self.note_availability(id);
                self.reconcile(now, id);
            }
        }
    }

    /// Replaces pods of an old template, as many at a time as may be unavailable; pods that are not
    /// ready go first and for free.
    pub(super) fn reconcile_daemon_set(
        &mut self,
        now: Time,
        id: WorkloadId,
        max_unavailable: Count,
    ) {
        let workload = &self.control.workloads[id.idx()];
        if !workload.stands_still(now) {
            let n_nodes = workload.daemons.len() as u32;
            let allowed = match max_unavailable {
                Count::Number(n) => n,
                Count::Share(share) => share.of_at_least_one(u64::from(n_nodes)) as u32,
            };
            let unavailable = n_nodes.saturating_sub(workload.ready);
            let budget = allowed.saturating_sub(unavailable) as usize;
            let unready = self.old_daemons(id, ..(Phase::Ready, 0, FIRST), usize::MAX);
            let ready = self.old_daemons(id, (Phase::Ready, 0, FIRST).., budget);
            for pod in unready.into_iter().chain(ready) {
                let node = self.cluster.pods[pod.idx()].node;
                if self.remove_pod_unreplaced(now, pod) {
                    self.create_daemon(now, id, node);
                    self.note_availability(id);
                }
            }
        }
        self.complete_daemon_rollout(now, id);
    }

    /// The first `most` pods of old templates, of those on nodes that stay; the others go with
    /// their nodes. No more of each set is looked at than can be among them: every pod of a rollout
    /// that gets ready asks.
    fn old_daemons(
        &self,
        id: WorkloadId,
        which: impl RangeBounds<(Phase, u64, PodId)> + Clone,
        most: usize,
    ) -> Vec<PodId> {
        let stays = |&&(.., pod): &&(Phase, u64, PodId)| {
            self.keeps_daemons(self.cluster.pods[pod.idx()].node)
        };
        let mut pods = Vec::new();
        for set in self.control.workloads[id.idx()].old_sets() {
            let first = set.pods.range(which.clone()).filter(stays).take(most);
            pods.extend(first.map(|&(_, tie, pod)| (tie, pod)));
        }
        pods.sort_unstable();
        pods.truncate(most);
        pods.into_iter().map(|(_, pod)| pod).collect()
    }

    fn complete_daemon_rollout(&mut self, now: Time, id: WorkloadId) {
        let workload = &self.control.workloads[id.idx()];
        let old: u32 = workload.old_sets().map(ReplicaSet::size).sum();
        let wanted = self.cluster.pools[self.spec.workloads[id.idx()].pool.idx()].wanted;
        if old == 0 && 0 < wanted && wanted <= workload.sets[workload.current].ready {
            self.complete_rollout(now, id);
        }
    }
}
