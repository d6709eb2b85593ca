//! How many pods and nodes are where in their lives: counters that facts change, so that nobody has
//! to look at every pod.

use crate::model::ids::{NodeId, PodId};
use crate::model::node::Cluster;
use crate::model::record::fact::{Fact, PodTold};
use crate::model::words::phase::{NodeState, Phase};

/// The pods of one workload that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pods {
    pub(crate) created: u32,
    pub(crate) ready: u32,
}

impl Pods {
    /// Those that are not ready.
    pub(crate) const fn waiting(self) -> u32 {
        self.created - self.ready
    }
}

/// What is known of one pod.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    is_ready: bool,
    /// It is in error and polled.
    is_polled: bool,
}

/// Pods by workload, and nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) pods: Vec<Pods>,
    pub(crate) nodes_ready: u32,
    /// Nodes with a pod that is polled.
    pub(crate) nodes_in_backoff: u32,
}

/// The counters, and what of each pod and node they rest on.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    counted: Counted,
    pods: Vec<Known>,
    nodes: Vec<NodeState>,
    /// Polled pods, by node.
    polled: Vec<u32>,
}

impl Population {
    pub(crate) fn new(n_workloads: usize) -> Self {
        let counted = Counted { pods: vec![Pods::default(); n_workloads], ..Counted::default() };
        Self { counted, pods: Vec::new(), nodes: Vec::new(), polled: Vec::new() }
    }

    /// The counters as they stand.
    pub(crate) const fn counted(&self) -> &Counted {
        &self.counted
    }

    /// Takes a fact.
    #[expect(clippy::inline_always, reason = "the kind is known where a fact is noted")]
    #[inline(always)]
    pub(crate) fn fold(&mut self, fact: &Fact) {
        match *fact {
            Fact::PodCreated { pod, ran_before, .. } => {
                self.pods.resize(pod.id.idx() + 1, Known::default());
                self.counted.pods[pod.workload.idx()].created += 1;
                self.set_ready(pod, ran_before);
            }
            Fact::PodReady { pod } => self.set_ready(pod, true),
            Fact::PodUnready { pod } => self.set_ready(pod, false),
            Fact::PodEnded { pod, node, .. } => {
                self.set_ready(pod, false);
                self.set_polled(pod.id, node, false);
                self.counted.pods[pod.workload.idx()].created -= 1;
            }
            Fact::PollsBegan { pod, node } => self.set_polled(pod, node, true),
            Fact::PollsEnded { pod, node } => self.set_polled(pod, node, false),
            Fact::NodeAdded { node, .. } => {
                debug_assert_eq!(node.idx(), self.nodes.len(), "nodes come in order");
                self.nodes.push(NodeState::Booting);
                self.polled.push(0);
            }
            Fact::NodeChanged { node, state, .. } => {
                let before = std::mem::replace(&mut self.nodes[node.idx()], state);
                self.counted.nodes_ready += u32::from(state == NodeState::Ready);
                self.counted.nodes_ready -= u32::from(before == NodeState::Ready);
            }
            Fact::PodBound { .. }
            | Fact::AlreadyPresent { .. }
            | Fact::ContainerCrashed { .. }
            | Fact::Workload { .. }
            | Fact::NodeJoined { .. }
            | Fact::PullAsked { .. }
            | Fact::PullEnded { .. }
            | Fact::PullOpen { .. }
            | Fact::Unconnected { .. }
            | Fact::Request(_)
            | Fact::MirrorRequest(_)
            | Fact::LimitAsked { .. }
            | Fact::Mirror { .. }
            | Fact::Bytes(_)
            | Fact::Disk { .. }
            | Fact::DiskPressure { .. }
            | Fact::ImageDeleted { .. } => {}
        }
    }

    fn set_ready(&mut self, pod: PodTold, is_ready: bool) {
        let before = std::mem::replace(&mut self.pods[pod.id.idx()].is_ready, is_ready);
        let counter = &mut self.counted.pods[pod.workload.idx()].ready;
        *counter = *counter + u32::from(is_ready) - u32::from(before);
    }

    fn set_polled(&mut self, pod: PodId, node: NodeId, is_polled: bool) {
        if std::mem::replace(&mut self.pods[pod.idx()].is_polled, is_polled) == is_polled {
            return;
        }
        let polled = &mut self.polled[node.idx()];
        let before = *polled;
        *polled = if is_polled { before + 1 } else { before - 1 };
        let counter = &mut self.counted.nodes_in_backoff;
        *counter = *counter + u32::from(0 < *polled) - u32::from(0 < before);
    }
}

/// The slow twin: looks at every pod and node. Every sample of a build with assertions is held
/// against it.
pub(crate) fn scan(cluster: &Cluster, n_workloads: usize) -> Counted {
    let mut counted = Counted { pods: vec![Pods::default(); n_workloads], ..Counted::default() };
    let mut in_backoff = vec![false; cluster.nodes.len()];
    for pod in cluster.pods.iter().filter(|it| it.lives()) {
        let pods = &mut counted.pods[pod.workload.idx()];
        pods.created += 1;
        pods.ready += u32::from(pod.phase == Phase::Ready);
        in_backoff[pod.node.idx()] |= pod.phase == Phase::Waiting && pod.polls.is_some();
    }
    let ready = cluster.nodes.iter().filter(|it| it.state == NodeState::Ready);
    counted.nodes_ready = ready.count() as u32;
    counted.nodes_in_backoff = in_backoff.iter().filter(|it| **it).count() as u32;
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{PoolId, WorkloadId};

    /// Two nodes; pods 0 and 1 wait on the first, pod 2 ran before the simulation on the second.
    #[test]
    fn counters_follow_the_facts() {
        let mut it = Population::new(2);
        let node = NodeId;
        let pod = |id: u32| {
            let workload = WorkloadId(u16::from(id == 2));
            PodTold { id: PodId(id), key: u64::from(id), workload }
        };
        let counts = |it: &Population| {
            let of = |it: Pods| (it.created, it.waiting(), it.ready);
            let counted = it.counted();
            (
                of(counted.pods[0]),
                of(counted.pods[1]),
                counted.nodes_ready,
                counted.nodes_in_backoff,
            )
        };
        for number in 0..2 {
            let pool = PoolId(0);
            it.fold(&Fact::NodeAdded { node: node(number), pool, slot: number, generation: 0 });
            let key = u64::from(number);
            it.fold(&Fact::NodeChanged { node: node(number), key, state: NodeState::Ready });
        }
        for id in 0..3 {
            it.fold(&Fact::PodCreated { pod: pod(id), ordinal: id, ran_before: id == 2 });
        }
        assert_eq!(counts(&it), ((2, 2, 0), (1, 0, 1), 2, 0));
        for id in [0, 1, 1] {
            it.fold(&Fact::PollsBegan { pod: PodId(id), node: node(0) });
        }
        it.fold(&Fact::PodUnready { pod: pod(2) });
        it.fold(&Fact::PollsBegan { pod: PodId(2), node: node(1) });
        assert_eq!(counts(&it), ((2, 2, 0), (1, 1, 0), 2, 2));
        it.fold(&Fact::PollsEnded { pod: PodId(0), node: node(0) });
        it.fold(&Fact::PodReady { pod: pod(0) });
        it.fold(&Fact::PodEnded { pod: pod(2), node: node(1), end: Phase::Gone });
        assert_eq!(counts(&it), ((2, 1, 1), (0, 0, 0), 2, 1), "pod 1 is still polled");
        it.fold(&Fact::PodEnded { pod: pod(1), node: node(0), end: Phase::Gone });
        it.fold(&Fact::NodeChanged { node: node(1), key: 1, state: NodeState::Gone });
        assert_eq!(counts(&it), ((1, 0, 1), (0, 0, 0), 1, 0));
    }
}
