//! What-if: pulls of one image on one node that wait for each other (`coalesce_image_pulls`).
//!
//! No released kubelet does this: each container that lacks its image makes a `PullImage` of its
//! own (`pkg/kubelet/images/puller.go`, read 2026-07; kubernetes/kubernetes 139841 tells of 14 at a
//! time). Modelled is what maintainers called acceptable (126382) and pull request 139591 does for
//! policies other than `Always`: a pull of an image that is being pulled on the node, or waits in
//! the kubelet's queue to be, waits outside the queue; when that pull has ended, the image is
//! looked for again, and the first that still lacks it pulls. A failure is nobody's but the one's
//! who pulled. A wait is no attempt.

use crate::model::World;
use crate::model::ids::{ImageId, NodeId, PodId};
use crate::model::spec::ImagePullPolicy;
use crate::model::words::phase::Phase;
use crate::units::Time;

impl World<'_> {
    /// Lets the sync of a pod wait for the pull of its image that is under way on its node; false
    /// where there is none, or no waiting.
    pub(super) fn waits_for_other_pull(
        &mut self,
        pod: PodId,
        image: ImageId,
        policy: ImagePullPolicy,
    ) -> bool {
        let node = self.cluster.pods[pod.idx()].node;
        let coalesces = self.cluster.nodes[node.idx()].kubelet.spec.coalesce_image_pulls;
        if !coalesces || policy == ImagePullPolicy::Always || !self.is_being_pulled(node, image) {
            return false;
        }
        self.cluster.pods[pod.idx()].busy = true;
        self.cluster.nodes[node.idx()].kubelet.coalesced.push_back((pod, image));
        true
    }

    fn is_being_pulled(&self, node: NodeId, image: ImageId) -> bool {
        let node = &self.cluster.nodes[node.idx()];
        node.kubelet.queue.iter().any(|it| it.image == image)
            || node.pulls.iter().any(|&it| self.pulls[it].image == image)
    }

    /// A pull ended, with the image or without: those who waited for it look again, in the order
    /// in which they came.
    pub(super) fn release_coalesced(&mut self, now: Time, node: NodeId, image: ImageId) {
        loop {
            let waiting = &mut self.cluster.nodes[node.idx()].kubelet.coalesced;
            let Some(first) = waiting.iter().position(|&(_, of)| of == image) else { return };
            // Seen in the instant in which it came: whoever waited looks right behind the pull.
            let present = self.cluster.nodes[node.idx()].store.has_image(image, Time::NEVER);
            if !present && self.is_being_pulled(node, image) {
                return;
            }
            let Some((pod, _)) = self.cluster.nodes[node.idx()].kubelet.coalesced.remove(first)
            else {
                return;
            };
            let state = &self.cluster.pods[pod.idx()];
            if state.phase != Phase::Waiting || !state.busy {
                continue;
            }
            if present {
                self.resume_sync(now, pod, image, true);
            } else {
                self.ask_pull(now, pod, image);
            }
        }
    }
}
