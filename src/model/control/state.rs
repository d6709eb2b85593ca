//! The state at the start, where it is not an untouched cluster: what was spent of limits
//! (`supply/registry.rs` opens their counters with it), what nodes hold, and which pods wait.
//!
//! Pods that are stuck stand together: a node that lacks an image lacks it for all, and the pods of
//! a node that has it run. So the nodes of a pool are put in one keyed order, and the stuck pods of
//! every workload stand on the first of them: fresh nodes, say, that nothing has reached yet.

use std::collections::BTreeMap;

use crate::engine::chance::{Draw, combine, shuffle_by_key};
use crate::model::ids::{ImageId, NodeId, PodId, PoolId, WorkloadId};
use crate::model::record::fact::{Fact, WorkloadTold};
use crate::model::spec::{StuckSpec, WorkloadKind};
use crate::model::words::phase::Phase;
use crate::model::{Purpose, World};
use crate::units::{Share, Time};

/// The nodes of each pool with stuck pods, in the order in which they hold them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ordered {
    nodes: BTreeMap<PoolId, Vec<NodeId>>,
    /// Place of each node in the order of its pool, where it has one.
    places: Vec<u32>,
}

impl Ordered {
    /// Whether a node is among the first so many of its pool.
    pub(crate) fn is_among(&self, node: NodeId, first: u32) -> bool {
        self.places.get(node.idx()).is_some_and(|it| *it < first)
    }
}

/// Whether a draw falls into a share; a larger share has all that a smaller one has.
fn falls_into(mut draw: Draw, share: Share) -> bool {
    draw.below(u64::from(Share::ALL.millionths())) < u64::from(share.millionths())
}

impl World<'_> {
    /// Orders the nodes of pools with stuck pods, and puts on nodes what they hold.
    pub(crate) fn open_state(&mut self) {
        let spec = self.spec;
        for stuck in &spec.state.stuck {
            let pool = spec.workloads[stuck.workload.idx()].pool;
            let mut nodes = self.nodes_of_pool(pool);
            shuffle_by_key(&mut nodes, self.clock.chance, Purpose::StuckNodes as u64, |it| {
                self.cluster.nodes[it.idx()].key
            });
            self.control.ordered.places.resize(self.cluster.nodes.len(), u32::MAX);
            for (place, node) in (0..).zip(&nodes) {
                self.control.ordered.places[node.idx()] = place;
            }
            self.control.ordered.nodes.insert(pool, nodes);
        }
        for cache in &spec.state.caches {
            for node in self.nodes_of_pool(cache.pool) {
                for &(image, share) in &cache.images {
                    let key = self.cluster.nodes[node.idx()].key;
                    let image_key = self.catalogue.image(image).key;
                    let draw = self.clock.chance.draw(Purpose::CachedImages as u64, key, image_key);
                    if falls_into(draw, share) && !self.lacks(node, image) {
                        self.preload(node, image);
                    }
                }
            }
        }
    }

    fn nodes_of_pool(&self, pool: PoolId) -> Vec<NodeId> {
        self.cluster.pools[pool.idx()].slots.iter().filter_map(|it| it.node).collect()
    }

    /// Whether pods are stuck on a node for want of an image.
    fn lacks(&self, node: NodeId, image: ImageId) -> bool {
        let pool = self.cluster.nodes[node.idx()].pool;
        let mut stuck = self.spec.state.stuck.iter().filter(|it| {
            self.spec.workloads[it.workload.idx()].pool == pool && it.absent.contains(&image)
        });
        stuck.any(|it| self.control.ordered.is_among(node, it.nodes))
    }

    /// How many of the first nodes running pods of a workload keep off: those of its own stuck
    /// pods, and those where pods are stuck that an image of theirs would let start.
    pub(crate) fn nodes_kept_off(&self, id: WorkloadId) -> u32 {
        let spec = &self.spec.workloads[id.idx()];
        let images = || spec.init_containers.iter().chain(&spec.containers).map(|it| it.image);
        let stuck = self.spec.state.stuck.iter().filter(|it| {
            it.workload == id
                || self.spec.workloads[it.workload.idx()].pool == spec.pool
                    && images().any(|image| it.absent.contains(&image))
        });
        stuck.map(|it| it.nodes).max().unwrap_or(0)
    }

    /// Places the pods of a workload that are stuck at the start; how many there are.
    pub(crate) fn place_stuck(&mut self, now: Time, id: WorkloadId) -> u32 {
        let spec = self.spec;
        let Some(stuck) = spec.state.stuck.iter().find(|it| it.workload == id) else { return 0 };
        let pool = spec.workloads[id.idx()].pool;
        for nth in 0..stuck.pods {
            let node = self.control.ordered.nodes[&pool][(nth % stuck.nodes) as usize];
            self.place_stuck_pod(now, stuck, node);
        }
        if 0 < stuck.pods {
            // It is at work already, though not all of its pods are ready.
            self.record.note(now, Fact::Workload { workload: id, what: WorkloadTold::AtWork });
        }
        stuck.pods
    }

    /// A pod on its node, those of its containers running whose images are there, the others in
    /// back-off: the next of its init containers, or all that are left.
    fn place_stuck_pod(&mut self, now: Time, stuck: &StuckSpec, node: NodeId) {
        let id = stuck.workload;
        let spec = &self.spec.workloads[id.idx()];
        let is_daemon = matches!(spec.kind, WorkloadKind::DaemonSet { .. });
        let pod = self.new_pod(id, 0, is_daemon.then_some(node));
        self.note_created(now, pod, false);
        if is_daemon {
            self.control.workloads[id.idx()].daemons.insert(node, Some(pod));
        }
        self.place_pod(pod, node);
        self.cluster.pods[pod.idx()].phase = Phase::Waiting;
        self.pod_rank_changed(pod, Phase::Unbound);
        self.note_bound(now, pod, node);
        let lacks = |image: ImageId| stuck.images.contains(&image);
        for it in spec.init_containers.iter().chain(&spec.containers) {
            if !lacks(it.image) {
                self.preload(node, it.image);
            }
        }
        let next = spec.init_containers.iter().position(|it| lacks(it.image));
        let done = next.unwrap_or(spec.init_containers.len()) as u32;
        let state = &mut self.cluster.pods[pod.idx()];
        (state.init_done, state.inits_made) = (done, done);
        let mut waits_for: Vec<ImageId> =
            next.map(|it| spec.init_containers[it].image).into_iter().collect();
        if next.is_none() {
            for (nth, it) in spec.containers.iter().enumerate() {
                if lacks(it.image) {
                    waits_for.push(it.image);
                    continue;
                }
                let content = self.content_on_node(pod, it.image);
                self.note_content(pod, nth, content);
                let state = &mut self.cluster.pods[pod.idx()];
                state.started |= 1 << nth;
                state.made |= 1 << nth;
            }
        }
        self.all_containers_made(now, pod);
        for image in waits_for {
            self.stand_in_back_off(now, stuck, pod, image);
        }
        self.resume_polls(now, pod);
    }

    /// The window that a pod is in for an image: it was there before, at least as often as the
    /// window tells.
    fn stand_in_back_off(&mut self, now: Time, stuck: &StuckSpec, pod: PodId, image: ImageId) {
        let (key, image_key) = (self.cluster.pods[pod.idx()].key, self.catalogue.image(image).key);
        let mut draw =
            self.clock.chance.draw(Purpose::StuckWindow as u64, combine(key, image_key), 0);
        let left = stuck.left.unwrap_or_else(|| draw.span_below(stuck.window));
        self.enter_window(pod, image, stuck.window, now + left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Chance;

    #[test]
    fn a_larger_share_has_all_that_a_smaller_one_has() {
        let in_share = |percent: u32| -> Vec<u64> {
            let draw = |node| Chance::new(7, 0).draw(1, node, 0);
            let share = Share::from_percent(percent);
            (0..2_000).filter(|&node| falls_into(draw(node), share)).collect()
        };
        let mut before = in_share(0);
        assert!(before.is_empty());
        for percent in [1, 10, 60, 99, 100] {
            let now = in_share(percent);
            assert!(before.iter().all(|it| now.contains(it)));
            // Four standard deviations of a binomial count.
            let (n, p) = (2_000.0, f64::from(percent) / 100.0);
            let band = 4.0 * (n * p * (1.0 - p)).sqrt();
            assert!((now.len() as f64 - n * p).abs() <= band, "{percent}%: {}", now.len());
            before = now;
        }
        assert_eq!(before.len(), 2_000);
    }
}
