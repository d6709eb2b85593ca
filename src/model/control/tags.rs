//! Tags that move: which content each pod runs, and where contents are mixed.
//!
//! A reference is what a pod template names, a content is what the registry serves under it at the
//! time of a pull, and what a node has under it. Kubernetes compares references alone: under
//! `IfNotPresent` a kubelet that has any content of a reference asks nobody; under `Always` it asks
//! at every start of a container, and the runtime fetches what the HEAD names.
//!
//! Source: kubernetes `pkg/kubelet/images/image_manager.go` (presence by reference), read 2026-07.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::World;
use crate::model::ids::{ImageId, PodId, WorkloadId};
use crate::model::record::metrics::Versions;
use crate::model::spec::{Action, Spec};
use crate::model::words::phase::Phase;
use crate::units::{Span, Time};

/// Contents of the ready pods. Where no tag moves, a template names its contents, and nothing is
/// kept here.
#[derive(Clone, Debug)]
pub(crate) struct Tags {
    /// Whether a tag moves in this run.
    pub(crate) move_at_all: bool,
    /// Ready pods by workload and revision, and by the contents of their containers.
    ready: BTreeMap<(WorkloadId, u32), BTreeMap<Vec<ImageId>, u32>>,
    mixed: Vec<Mixed>,
}

/// How long a workload has mixed contents within a revision.
#[derive(Clone, Copy, Debug, Default)]
struct Mixed {
    /// Revisions that do so now.
    revisions: u32,
    since: Time,
    total: Span,
}

impl Tags {
    pub(crate) fn new(spec: &Spec) -> Self {
        let moves = |action: &Action| matches!(action, Action::MoveTag { .. });
        Self {
            move_at_all: spec.timeline.iter().any(|it| moves(&it.action)),
            ready: BTreeMap::new(),
            mixed: vec![Mixed::default(); spec.workloads.len()],
        }
    }

    /// A pod of these contents became ready.
    fn began(&mut self, now: Time, of: (WorkloadId, u32), contents: &[ImageId]) {
        let ready = self.ready.entry(of).or_default();
        if let Some(count) = ready.get_mut(contents) {
            *count += 1;
            return;
        }
        ready.insert(contents.to_vec(), 1);
        if ready.len() == 2 {
            let mixed = &mut self.mixed[of.0.idx()];
            if mixed.revisions == 0 {
                mixed.since = now;
            }
            mixed.revisions += 1;
        }
    }

    /// A pod of these contents is ready no longer.
    fn ended(&mut self, now: Time, of: (WorkloadId, u32), contents: &[ImageId]) {
        let ready = self.ready.get_mut(&of).expect("a revision with a ready pod is known");
        let count = ready.get_mut(contents).expect("a pod that was ready was counted");
        *count -= 1;
        if 0 < *count {
            return;
        }
        ready.remove(contents);
        if ready.len() == 1 {
            let mixed = &mut self.mixed[of.0.idx()];
            mixed.revisions -= 1;
            if mixed.revisions == 0 {
                mixed.total += now.since(mixed.since);
            }
        }
    }

    /// Time up to `end` for which a workload mixed contents within a revision.
    fn mixed_time(&self, of: WorkloadId, end: Time) -> Span {
        let mixed = self.mixed[of.idx()];
        let open = if mixed.revisions == 0 { Span::ZERO } else { end.since(mixed.since) };
        mixed.total + open
    }
}

impl World<'_> {
    /// The content that a container of a pod runs if it starts now: what its node has under the
    /// reference.
    pub(crate) fn content_on_node(&self, pod: PodId, image: ImageId) -> ImageId {
        if !self.control.tags.move_at_all {
            return image;
        }
        let node = &self.cluster.nodes[self.cluster.pods[pod.idx()].node.idx()];
        node.store.content_of(image).unwrap_or(image)
    }

    /// A container of a pod starts, with the content that its node has; the content with which it
    /// started before.
    pub(crate) fn note_content(
        &mut self,
        pod: PodId,
        container: usize,
        content: ImageId,
    ) -> Option<ImageId> {
        if !self.control.tags.move_at_all {
            return None;
        }
        let n_containers = self.template(pod).containers.len();
        let contents = &mut self.cluster.pods[pod.idx()].contents;
        contents.resize(n_containers, content);
        Some(std::mem::replace(&mut contents[container], content))
    }

    /// The same for the init container that a pod is at.
    pub(crate) fn note_init_content(&mut self, pod: PodId, content: ImageId) -> Option<ImageId> {
        if !self.control.tags.move_at_all {
            return None;
        }
        let state = &mut self.cluster.pods[pod.idx()];
        let nth = state.init_done as usize;
        if state.init_contents.len() <= nth {
            state.init_contents.resize(nth + 1, content);
        }
        Some(std::mem::replace(&mut state.init_contents[nth], content))
    }

    /// The content of a container that a pod has, running or ended: the `nth` of its init
    /// containers or of its containers.
    pub(crate) fn content_made(&self, pod: PodId, is_init: bool, nth: usize) -> Option<ImageId> {
        let state = &self.cluster.pods[pod.idx()];
        let contents = if is_init { &state.init_contents } else { &state.contents };
        contents.get(nth).copied()
    }

    /// A pod became ready, or is so no longer.
    pub(crate) fn note_version(&mut self, now: Time, pod: PodId, is_ready: bool) {
        if !self.control.tags.move_at_all {
            return;
        }
        let state = &self.cluster.pods[pod.idx()];
        let of = (state.workload, state.revision);
        if is_ready {
            self.control.tags.began(now, of, &state.contents);
        } else {
            self.control.tags.ended(now, of, &state.contents);
        }
    }

    /// What the ready pods of each workload run at the end.
    pub(crate) fn versions(&self) -> Vec<Versions> {
        let workloads = (0..self.control.workloads.len()).map(WorkloadId::from);
        let mut versions: Vec<Versions> = workloads
            .map(|id| Versions {
                running: self.contents_running(id),
                mixed: self.control.tags.mixed_time(id, self.clock.end),
                stale: 0,
            })
            .collect();
        if self.control.tags.move_at_all {
            let ready = (0..self.cluster.pods.len()).map(PodId::from);
            for pod in ready.filter(|it| self.cluster.pods[it.idx()].phase == Phase::Ready) {
                let stale = u64::from(self.is_stale(pod));
                versions[self.cluster.pods[pod.idx()].workload.idx()].stale += stale;
            }
        }
        versions
    }

    /// Distinct contents (of all containers of a pod together) of the ready pods of a workload.
    fn contents_running(&self, id: WorkloadId) -> u64 {
        let contents: BTreeSet<Vec<ImageId>> = if self.control.tags.move_at_all {
            let revisions = self.control.tags.ready.iter().filter(|((of, _), _)| *of == id);
            revisions.flat_map(|(_, ready)| ready.keys().cloned()).collect()
        } else {
            self.control.workloads[id.idx()].images_of_ready_revisions().collect()
        };
        contents.iter().filter(|it| !it.is_empty()).count() as u64
    }

    /// Whether a container of the pod runs another content than the registry now serves under its
    /// reference.
    fn is_stale(&self, pod: PodId) -> bool {
        let containers = &self.template(pod).containers;
        let mut pairs = containers.iter().zip(&self.cluster.pods[pod.idx()].contents);
        pairs.any(|(it, &runs)| self.catalogue.served(it.image) != runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ImageId = ImageId(0);
    const B: ImageId = ImageId(1);
    const WORKLOAD: WorkloadId = WorkloadId(0);

    fn at(seconds: u64) -> Time {
        Time::from_secs(seconds)
    }

    #[test]
    fn contents_are_mixed_while_a_revision_has_two() {
        let mut tags =
            Tags { move_at_all: true, ready: BTreeMap::new(), mixed: vec![Mixed::default()] };
        let (first, second) = ((WORKLOAD, 0), (WORKLOAD, 1));
        tags.began(at(1), first, &[A]);
        tags.began(at(2), second, &[B]);
        assert_eq!(tags.mixed_time(WORKLOAD, at(5)), Span::ZERO, "two revisions may differ");
        tags.began(at(5), first, &[B]);
        tags.began(at(6), second, &[A]);
        assert_eq!(tags.mixed_time(WORKLOAD, at(10)), Span::from_secs(5));
        tags.ended(at(10), first, &[B]);
        assert_eq!(tags.mixed_time(WORKLOAD, at(20)), Span::from_secs(15), "the second still is");
        tags.ended(at(20), second, &[A]);
        tags.began(at(30), first, &[B]);
        assert_eq!(tags.mixed_time(WORKLOAD, at(31)), Span::from_secs(16));
    }
}
