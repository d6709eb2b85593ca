//! Pods that are there when the simulation begins.

use std::collections::BTreeSet;

use crate::model::ids::{NodeId, WorkloadId};
use crate::model::node::pod::all_started;
use crate::model::spec::WorkloadKind;
use crate::model::words::phase::Phase;
use crate::model::{Event, World};
use crate::units::Time;

impl World<'_> {
    /// Pods that run when the simulation begins: bound, ready, their images on their nodes. Pods
    /// that no node has room for are created and wait; pods of a job have their whole duration
    /// before them.
    pub(super) fn place_running(&mut self, now: Time, id: WorkloadId) {
        let spec = &self.spec.workloads[id.idx()];
        let stuck = self.place_stuck(now, id);
        let nodes = self.running_nodes(id, stuck);
        self.control.workloads[id.idx()].sets[0].wanted =
            match self.control.workloads[id.idx()].kind {
                WorkloadKind::DaemonSet { .. } => nodes.len() as u32 + stuck,
                WorkloadKind::Deployment { .. } | WorkloadKind::Job { .. } => self.desired_pods(id),
            };
        for node in nodes {
            let pod = self.new_pod(id, 0, None);
            self.place_pod(pod, node);
            let containers = spec.init_containers.iter().chain(&spec.containers);
            for container in containers {
                self.preload(node, container.image);
            }
            for (nth, container) in spec.containers.iter().enumerate() {
                let content = self.content_on_node(pod, container.image);
                self.note_content(pod, nth, content);
            }
            let state = &mut self.cluster.pods[pod.idx()];
            state.phase = Phase::Ready;
            state.init_done = spec.init_containers.len() as u32;
            state.started = all_started(spec.containers.len());
            (state.made, state.inits_made) = (state.started, state.init_done);
            let plan = state.plan;
            self.note_created(now, pod, true);
            self.pod_rank_changed(pod, Phase::Unbound);
            self.all_containers_made(now, pod);
            self.control.workloads[id.idx()].ready += 1;
            self.control.workloads[id.idx()].sets[0].ready += 1;
            self.note_version(now, pod, true);
            match spec.kind {
                WorkloadKind::Deployment { .. } => {}
                WorkloadKind::DaemonSet { .. } => {
                    self.control.workloads[id.idx()].daemons.insert(node, Some(pod));
                }
                WorkloadKind::Job { duration, .. } => {
                    self.clock.calendar.schedule(now + duration, Event::PodCompleted { pod, plan });
                }
            }
        }
        self.note_availability(id);
        self.reconcile(now, id);
    }

    /// The nodes of the pods of a running workload but those that are stuck, one entry a pod, by
    /// the scheduler's own order.
    fn running_nodes(&self, id: WorkloadId, stuck: u32) -> Vec<NodeId> {
        let pool = self.spec.workloads[id.idx()].pool;
        let kept_off = self.nodes_kept_off(id);
        match self.control.workloads[id.idx()].kind {
            WorkloadKind::DaemonSet { .. } => {
                let mut nodes = self.ready_nodes(pool);
                nodes.retain(|&it| !self.control.ordered.is_among(it, kept_off));
                nodes
            }
            WorkloadKind::Deployment { .. } | WorkloadKind::Job { .. } => {
                let n = self.desired_pods(id) - stuck;
                let mut load: BTreeSet<(u32, u64, NodeId)> =
                    self.cluster.pools[pool.idx()].open.clone();
                load.retain(|it| !self.control.ordered.is_among(it.2, kept_off));
                let max_pods = self.spec.pools[pool.idx()].max_pods;
                let mut chosen = Vec::new();
                for _ in 0..n {
                    let Some((pods, tie, node)) = load.pop_first() else { break };
                    chosen.push(node);
                    if pods + 1 < max_pods {
                        load.insert((pods + 1, tie, node));
                    }
                }
                chosen
            }
        }
    }
}
