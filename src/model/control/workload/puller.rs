//! Image pullers: the DaemonSet of a pre-pull, and the startup taint that waits for it.
//!
//! The pod of a puller has an init container for each image, which ends as soon as it has started,
//! and then a container whose image is the sandbox's own and is on every node. So the images are
//! pulled one after another, the next one when the kubelet has noticed that the last init container
//! ended, and one that fails holds up those behind it.
//!
//! Source: zero-to-jupyterhub-k8s `templates/image-puller/_helpers-daemonset.tpl` (init containers
//! that echo "Pulling complete", then `pause`), read 2026-11.

use crate::model::World;
use crate::model::ids::{NodeId, PodId, PoolId, WorkloadId};
use crate::units::Time;

impl World<'_> {
    /// A puller starts: the nodes that are there, which it takes wave by wave.
    pub(crate) fn start_puller(&mut self, now: Time, id: WorkloadId) -> Vec<NodeId> {
        self.control.workloads[id.idx()].started = true;
        self.begin_rollout(now, id);
        let slots = self.cluster.pools[self.spec.workloads[id.idx()].pool.idx()].slots.iter();
        slots.filter_map(|it| it.node).filter(|&it| self.keeps_daemons(it)).collect()
    }

    /// Whether nodes of the pool that come up now are tainted until their images are there: once
    /// the puller has started, as nobody would take the taint off before.
    ///
    /// A startup taint is one of the node pool (`--register-with-taints`), set when the machine
    /// registers first; DaemonSets tolerate the taints of the node's conditions alone, so that no
    /// pod but the puller's is bound. Source: kubernetes `pkg/controller/daemon/util`
    /// (`AddOrUpdateDaemonPodTolerations`), Karpenter `startupTaints`, read 2026-11.
    pub(crate) fn has_startup_taint(&self, pool: PoolId) -> bool {
        let puller = self.spec.pools[pool.idx()].startup_taint;
        puller.is_some_and(|it| self.control.workloads[it.idx()].started)
    }

    /// Whether the pod may be bound to the node in spite of its taint.
    pub(crate) fn tolerates(&self, pod: PodId, node: NodeId) -> bool {
        let state = &self.cluster.nodes[node.idx()];
        let puller = self.spec.pools[state.pool.idx()].startup_taint;
        !state.tainted || puller == Some(self.cluster.pods[pod.idx()].workload)
    }

    /// A pod is ready: where it is the one that its tainted node waits for, other pods may come.
    pub(crate) fn lift_taint(&mut self, now: Time, pod: PodId) {
        let node = self.cluster.pods[pod.idx()].node;
        let state = &mut self.cluster.nodes[node.idx()];
        let pool = state.pool;
        let puller = self.spec.pools[pool.idx()].startup_taint;
        if state.tainted && puller == Some(self.cluster.pods[pod.idx()].workload) {
            state.tainted = false;
            self.reopen_node(node);
            self.retry_pinned(now, node);
            self.retry_unschedulable(now, pool);
        }
    }
}
