//! The scheduler: binds pods to the least loaded node that takes them, ties by a keyed draw.
//!
//! Source: kube-scheduler client 50 QPS, burst 100 (secondary listings). Image locality is left
//! out: it is nearly blind to a fresh image (its raw score stays below the 23 MiB threshold), and
//! pull failures never feed back.

use crate::model::ids::{NodeId, PodId, PoolId};
use crate::model::record::fact::Fact;
use crate::model::words::phase::NodeState;
use crate::model::words::phase::Phase;
use crate::model::{Event, Purpose, World};
use crate::units::Time;

impl World<'_> {
    /// Puts a pod before the scheduler; it is bound when the scheduler's pace allows.
    pub(crate) fn schedule_pod(&mut self, now: Time, pod: PodId) {
        let at = self.control.scheduler_pace.next(now);
        self.clock.calendar.schedule(at, Event::PodScheduled { pod });
    }

    /// The scheduler binds a pod, or finds no node for it.
    pub(crate) fn on_pod_scheduled(&mut self, now: Time, pod: PodId) {
        let state = &self.cluster.pods[pod.idx()];
        if state.phase != Phase::Unbound {
            return;
        }
        if state.pinned {
            let node = state.node;
            match self.cluster.nodes[node.idx()].state {
                // Pods of DaemonSets tolerate a cordon.
                NodeState::Ready | NodeState::Cordoned
                    if self.takes_pods(node) && self.tolerates(pod, node) =>
                {
                    self.bind_pod(now, pod, node);
                }
                // The pod waits until its node is back, has room, lost its taint, or is under
                // pressure no more.
                NodeState::Ready
                | NodeState::Cordoned
                | NodeState::Booting
                | NodeState::Restarting => {
                    self.cluster.nodes[node.idx()].pinned.push(pod);
                }
                // It goes with its node.
                NodeState::Draining | NodeState::Gone => {}
            }
            return;
        }
        let pool = self.spec.workloads[state.workload.idx()].pool;
        match self.cluster.pools[pool.idx()].open.first() {
            Some(&(_, _, node)) => self.bind_pod(now, pod, node),
            None => self.cluster.pools[pool.idx()].unschedulable.push_back(pod),
        }
    }

    fn takes_pods(&self, node: NodeId) -> bool {
        let state = &self.cluster.nodes[node.idx()];
        !self.under_disk_pressure(node)
            && (state.pods.len() as u32) < self.spec.pools[state.pool.idx()].max_pods
    }

    fn bind_pod(&mut self, now: Time, pod: PodId, node: NodeId) {
        self.place_pod(pod, node);
        let state = &mut self.cluster.pods[pod.idx()];
        state.phase = Phase::Waiting;
        state.plan += 1;
        let plan = state.plan;
        self.pod_rank_changed(pod, Phase::Unbound);
        self.note_bound(now, pod, node);
        self.clock.calendar.schedule(now, Event::PodSynced { pod, plan });
    }

    pub(crate) fn note_bound(&mut self, now: Time, pod: PodId, node: NodeId) {
        let (pod, node_key) =
            (self.cluster.pods[pod.idx()].told(pod), self.cluster.nodes[node.idx()].key);
        self.record.note(now, Fact::PodBound { pod, node, node_key });
    }

    /// Puts a pod on a node.
    pub(crate) fn place_pod(&mut self, pod: PodId, node: NodeId) {
        self.cluster.pods[pod.idx()].node = node;
        self.cluster.nodes[node.idx()].pods.push(pod);
        if self.cluster.nodes[node.idx()].open_as.is_some() {
            self.reopen_node(node);
        }
    }

    /// Takes a pod off its node.
    pub(crate) fn take_pod_off(&mut self, now: Time, pod: PodId) {
        let node = self.cluster.pods[pod.idx()].node;
        self.cluster.nodes[node.idx()].pods.retain(|&it| it != pod);
        self.containers_removed(now, pod);
        if self.cluster.nodes[node.idx()].state == NodeState::Ready {
            self.reopen_node(node);
            self.retry_pinned(now, node);
            let pool = self.cluster.nodes[node.idx()].pool;
            self.retry_unschedulable(now, pool);
        }
    }

    /// A node has room or is back: pods that no other node may take are scheduled again.
    pub(crate) fn retry_pinned(&mut self, now: Time, node: NodeId) {
        for pod in std::mem::take(&mut self.cluster.nodes[node.idx()].pinned) {
            self.schedule_pod(now, pod);
        }
    }

    /// Puts a ready node at its place in the scheduler's order, or out of it where it is full.
    pub(crate) fn reopen_node(&mut self, node: NodeId) {
        self.close_node(node);
        if self.under_disk_pressure(node) {
            return;
        }
        let state = &mut self.cluster.nodes[node.idx()];
        let load = state.pods.len() as u32;
        let is_full = self.spec.pools[state.pool.idx()].max_pods <= load;
        if state.state != NodeState::Ready || state.tainted || is_full {
            return;
        }
        let mut draw =
            self.clock.chance.draw(Purpose::SchedulerTie as u64, state.key, u64::from(load));
        let tie = draw.bits();
        state.open_as = Some((load, tie));
        self.cluster.pools[state.pool.idx()].open.insert((load, tie, node));
    }

    /// Takes a node out of the scheduler's order.
    pub(crate) fn close_node(&mut self, node: NodeId) {
        let state = &mut self.cluster.nodes[node.idx()];
        if let Some((load, tie)) = state.open_as.take() {
            self.cluster.pools[state.pool.idx()].open.remove(&(load, tie, node));
        }
    }

    /// There is room in a pool: pods that found none are scheduled again, no more than could fit if
    /// every open node were as empty as the emptiest. Whoever finds no room queues again.
    pub(crate) fn retry_unschedulable(&mut self, now: Time, id: PoolId) {
        let pool = &mut self.cluster.pools[id.idx()];
        let Some(&(least_load, ..)) = pool.open.first() else { return };
        let room = (self.spec.pools[id.idx()].max_pods - least_load) as usize * pool.open.len();
        let mut retried = Vec::new();
        // Pods that were deleted while they waited take no place.
        while retried.len() < room
            && let Some(pod) = pool.unschedulable.pop_front()
        {
            if self.cluster.pods[pod.idx()].phase == Phase::Unbound {
                retried.push(pod);
            }
        }
        for pod in retried {
            self.schedule_pod(now, pod);
        }
    }
}
