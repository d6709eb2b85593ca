//! Nodes whose disks fill up: image GC, eviction under disk pressure, and an operator who prunes.
//!
//! The kubelet runs image GC every 300 s and its eviction manager every 10 s. Runs that can do
//! nothing are no events: a loop is woken for its next run when the use of the disk crosses one of
//! its thresholds, and a node far from them costs nothing. `Polling::Every` is the twin in which
//! every run is an event.
//!
//! Source: kubernetes `pkg/kubelet/kubelet.go` (`StartGarbageCollection`, `ImageGCPeriod`,
//! `evictionMonitoringPeriod`), `pkg/kubelet/eviction/eviction_manager.go` (`synchronize`,
//! `reclaimNodeLevelResources`) and `helpers.go`, 1.27 to 1.35, read 2026-11:
//!
//! - The first run of image GC, at the kubelet's start, finds no statistics yet and fails ("Stats
//!   initialization may not have completed yet"); the second, 300 s later, is the first to delete.
//! - The eviction manager deletes every unused image that is old enough and not pinned, whatever
//!   image GC is set to. Where the node is still under pressure, it evicts one pod, and looks again
//!   a period later. What ranks pods there (use above requests, priority, use of the disk) is no
//!   part of the model: a keyed draw does.
//! - A node under pressure takes no pods until no threshold was met for the transition period.

use crate::model::node::Cluster;
use crate::model::record::fact::{DeletedTold, DiskTold, Fact};
use crate::model::words::deleted::Deleted;
use std::collections::BTreeSet;

use crate::engine::chance::combine;
use crate::model::ids::{ImageId, NodeId, PodId, PoolId};
use crate::model::node::image_gc::{self, Candidate};
use crate::model::node::image_records::{LOOK_PERIOD, Records};
use crate::model::spec::{Action, Change, ContainerSpec, DayWindow, ImageGcSpec, Spec};
use crate::model::words::phase::NodeState;
use crate::model::words::polling::Polling;
use crate::model::{Event, Purpose, World};
use crate::units::{Bytes, Share, Span, Time};

/// From one run of the eviction manager to the next (`evictionMonitoringPeriod`).
const EVICTION_PERIOD: Span = Span::from_secs(10);

/// The loops of a kubelet begin at keyed instants: that of images within this span of its start,
/// the eviction manager within this span of that. (The runtime's state is read every 5 s until it
/// is ready; the span is a best reading.)
const LOOPS_BEGIN_WITHIN: Span = Span::from_secs(10);

/// How a kubelet watches its disk and images.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskWatch {
    pub(crate) records: Records,
    /// `None` while no kubelet runs.
    loops: Option<Loops>,
    /// The node reports disk pressure.
    pressure: bool,
    gc_plan: u32,
    eviction_plan: u32,
}

/// The loops of a running kubelet.
#[derive(Clone, Copy, Debug)]
struct Loops {
    gc_from: Time,
    eviction_from: Time,
    gc_due: Option<Time>,
    eviction_due: Option<Time>,
    /// The last run of the eviction manager that saw a threshold met.
    over_at: Time,
}

/// The first run after `now` of a loop that runs at `from` and each period after it.
fn next_run(from: Time, period: Span, now: Time) -> Time {
    if now < from {
        return from;
    }
    let runs = now.since(from).as_micros() / period.as_micros() + 1;
    from + period * runs
}

impl Loops {
    /// The first run of image GC after `now`; the one at the very start does nothing.
    fn next_gc(&self, now: Time) -> Time {
        next_run(self.gc_from + LOOK_PERIOD, LOOK_PERIOD, now)
    }

    fn next_eviction(&self, now: Time) -> Time {
        next_run(self.eviction_from, EVICTION_PERIOD, now)
    }
}

/// Whether the kubelets of a pool have any reason to watch images: a disk that can fill up, or a
/// greatest age of images, now or later.
pub(crate) fn is_watched(spec: &Spec, pool: PoolId) -> bool {
    let by_age = |gc: &ImageGcSpec| !gc.maximum_age.is_zero();
    let changes = spec.timeline.iter().any(|it| match &it.action {
        Action::Set(Change::Kubelet { pool: of, kubelet }) => {
            *of == pool && by_age(&kubelet.image_gc)
        }
        _ => false,
    });
    let pool = &spec.pools[pool.idx()];
    pool.disk.capacity.is_some() || by_age(&pool.kubelet.image_gc) || changes
}

impl Cluster {
    /// What the disk of a node holds, where it has a size, and that size.
    pub(crate) fn disk_use(&self, spec: &Spec, node: NodeId) -> Option<(Bytes, Bytes)> {
        let state = &self.nodes[node.idx()];
        let disk = &spec.pools[state.pool.idx()].disk;
        Some((disk.used + state.store.bytes(), disk.capacity?))
    }
}

impl World<'_> {
    /// What an unpacked layer takes on the disks of a node's pool.
    pub(crate) fn unpacked_size(&self, node: NodeId, compressed: Bytes) -> Bytes {
        self.spec.pools[self.cluster.nodes[node.idx()].pool.idx()].disk.unpacked(compressed)
    }

    fn available(&self, node: NodeId) -> Option<(Bytes, Bytes)> {
        let (used, capacity) = self.cluster.disk_use(self.spec, node)?;
        Some((Bytes(capacity.0.saturating_sub(used.0)), capacity))
    }

    /// Whether a node reports disk pressure.
    pub(crate) fn under_disk_pressure(&self, node: NodeId) -> bool {
        self.cluster.nodes[node.idx()].watch.as_ref().is_some_and(|it| it.pressure)
    }

    /// The loops of a kubelet start with it; what it knew of images and pressure is gone.
    pub(crate) fn start_disk_loops(&mut self, now: Time, node: NodeId) {
        let state = &mut self.cluster.nodes[node.idx()];
        let Some(watch) = &mut state.watch else { return };
        let n = u64::from(state.kubelet_starts);
        let mut draw = self.clock.chance.draw(Purpose::DiskLoops as u64, state.key, n);
        let gc_from = now + draw.span_below(LOOPS_BEGIN_WITHIN);
        let eviction_from = gc_from + draw.span_below(LOOPS_BEGIN_WITHIN);
        let (gc_due, eviction_due) = (None, None);
        let loops = Loops { gc_from, eviction_from, gc_due, eviction_due, over_at: Time::ZERO };
        watch.records.kubelet_started(gc_from);
        watch.loops = Some(loops);
        self.set_pressure(now, node, false);
        if self.clock.polling == Polling::Every {
            self.schedule_gc(node, loops.next_gc(now));
            self.schedule_eviction(node, loops.next_eviction(now));
        }
        self.disk_grew(now, node);
    }

    /// The kubelet stops, or its node.
    pub(crate) fn stop_disk_loops(&mut self, node: NodeId) {
        let Some(watch) = &mut self.cluster.nodes[node.idx()].watch else { return };
        watch.loops = None;
        watch.gc_plan += 1;
        watch.eviction_plan += 1;
    }

    fn schedule_gc(&mut self, node: NodeId, at: Time) {
        let Some(watch) = &mut self.cluster.nodes[node.idx()].watch else { return };
        let Some(loops) = &mut watch.loops else { return };
        loops.gc_due = Some(at);
        watch.gc_plan += 1;
        let plan = watch.gc_plan;
        self.clock.calendar.schedule(at, Event::ImageGcDue { node, plan });
    }

    fn schedule_eviction(&mut self, node: NodeId, at: Time) {
        let Some(watch) = &mut self.cluster.nodes[node.idx()].watch else { return };
        let Some(loops) = &mut watch.loops else { return };
        loops.eviction_due = Some(at);
        watch.eviction_plan += 1;
        let plan = watch.eviction_plan;
        self.clock.calendar.schedule(at, Event::EvictionDue { node, plan });
    }

    /// A node's disk may be fuller than before: loops that have something to do now are woken for
    /// their next run.
    pub(crate) fn disk_grew(&mut self, now: Time, node: NodeId) {
        let state = &self.cluster.nodes[node.idx()];
        let Some(watch) = &state.watch else { return };
        let loops = watch.loops;
        if let Some((used, _)) = self.cluster.disk_use(self.spec, node) {
            let what = DiskTold::Used { bytes: used };
            self.record.note(now, Fact::Disk { pool: state.pool, what });
        }
        let Some(loops) = loops.filter(|_| self.clock.polling == Polling::Elided) else { return };
        if loops.gc_due.is_none() && self.gc_has_work(node) {
            self.schedule_gc(node, loops.next_gc(now));
        }
        let next = loops.next_eviction(now);
        if loops.eviction_due.is_none_or(|due| next < due) && self.is_over(node) {
            self.schedule_eviction(node, next);
        }
    }

    /// Whether the next run of image GC could delete an image.
    fn gc_has_work(&self, node: NodeId) -> bool {
        let gc = &self.cluster.nodes[node.idx()].kubelet.spec().image_gc;
        gc.is_on() && (!gc.maximum_age.is_zero() || self.missing_bytes(node).is_some())
    }

    fn missing_bytes(&self, node: NodeId) -> Option<Bytes> {
        let (available, capacity) = self.available(node)?;
        image_gc::missing(
            &self.cluster.nodes[node.idx()].kubelet.spec().image_gc,
            capacity,
            available,
        )
    }

    /// Whether an eviction threshold is met.
    fn is_over(&self, node: NodeId) -> bool {
        let eviction = &self.cluster.nodes[node.idx()].kubelet.spec().eviction;
        self.available(node).is_some_and(|(available, capacity)| {
            available < image_gc::pressure_below(eviction, capacity)
        })
    }

    /// A run of image GC.
    pub(crate) fn on_image_gc_due(&mut self, now: Time, node: NodeId, plan: u32) {
        let Some(watch) = &mut self.cluster.nodes[node.idx()].watch else { return };
        let Some(loops) = watch.loops.as_mut().filter(|_| watch.gc_plan == plan) else { return };
        loops.gc_due = None;
        let loops = *loops;
        if self.cluster.nodes[node.idx()].kubelet.spec().image_gc.is_on() {
            self.collect_images(now, node, loops.gc_from);
        }
        if self.clock.polling == Polling::Every || self.gc_has_work(node) {
            self.schedule_gc(node, loops.next_gc(now));
        }
    }

    fn collect_images(&mut self, now: Time, node: NodeId, began: Time) {
        let gc = self.cluster.nodes[node.idx()].kubelet.spec().image_gc;
        let mut candidates = self.deletable_images(now, node);
        for image in image_gc::take_too_old(&gc, now, began, &mut candidates) {
            self.delete_image(now, node, image, Deleted::GcAge);
        }
        let Some(wanted) = self.missing_bytes(node) else { return };
        let freed = image_gc::free_space(gc.minimum_age, now, &candidates, wanted);
        for image in freed.images {
            self.delete_image(now, node, image, Deleted::GcThreshold);
        }
        if freed.credited < wanted {
            let pool = self.cluster.nodes[node.idx()].pool;
            self.record.note(now, Fact::Disk { pool, what: DiskTold::GcFailed });
        }
    }

    /// The kubelet looks at its images: those that may be deleted, in the order of deletion.
    fn deletable_images(&mut self, now: Time, node: NodeId) -> Vec<Candidate> {
        let state = &mut self.cluster.nodes[node.idx()];
        let Some(watch) = &mut state.watch else { return Vec::new() };
        watch.records.look(now);
        let pinned = &self.spec.pools[state.pool.idx()].disk.pinned;
        let mut candidates: Vec<Candidate> = watch
            .records
            .unused(now)
            .filter(|it| !state.store.is_named_by(it.image, pinned))
            .map(|it| {
                let key = combine(state.key, self.catalogue.image(it.image).key);
                let mut draw =
                    self.clock.chance.draw(Purpose::ImageGcTie as u64, key, now.as_micros());
                Candidate {
                    image: it.image,
                    last_used: it.last_used,
                    first_detected: it.first_detected,
                    size: self.catalogue.image_size(it.image),
                    tie: draw.bits(),
                }
            })
            .collect();
        image_gc::put_in_order(&mut candidates);
        candidates
    }

    /// A run of the eviction manager.
    pub(crate) fn on_eviction_due(&mut self, now: Time, node: NodeId, plan: u32) {
        let is_over = self.is_over(node);
        let Some(watch) = &mut self.cluster.nodes[node.idx()].watch else { return };
        let pressure = watch.pressure;
        let Some(loops) = watch.loops.as_mut().filter(|_| watch.eviction_plan == plan) else {
            return;
        };
        loops.eviction_due = None;
        if is_over {
            loops.over_at = now;
        }
        let loops = *loops;
        let lasts =
            self.cluster.nodes[node.idx()].kubelet.spec().eviction.pressure_transition_period;
        if is_over {
            self.set_pressure(now, node, !lasts.is_zero());
            self.reclaim(now, node);
        } else if pressure && lasts <= now.since(loops.over_at) {
            self.set_pressure(now, node, false);
        }
        let next = if self.clock.polling == Polling::Every || self.is_over(node) {
            Some(now + EVICTION_PERIOD)
        } else {
            // Ends a microsecond early for `next_run`, which looks strictly after.
            let ends = loops.over_at + lasts;
            let before = Time::from_micros(ends.as_micros().saturating_sub(1)).max(now);
            self.under_disk_pressure(node).then(|| loops.next_eviction(before))
        };
        if let Some(next) = next {
            self.schedule_eviction(node, next);
        }
    }

    /// Deletes every unused image; where that is not enough, a pod goes.
    fn reclaim(&mut self, now: Time, node: NodeId) {
        let minimum_age = self.cluster.nodes[node.idx()].kubelet.spec().image_gc.minimum_age;
        let candidates = self.deletable_images(now, node);
        let freed = image_gc::free_space(minimum_age, now, &candidates, Bytes(u64::MAX));
        for image in freed.images {
            self.delete_image(now, node, image, Deleted::DiskPressure);
        }
        if !self.is_over(node) {
            return;
        }
        let draw = |pod: PodId| {
            let key = self.cluster.pods[pod.idx()].key;
            self.clock.chance.draw(Purpose::EvictionOrder as u64, key, now.as_micros()).bits()
        };
        let first =
            self.cluster.nodes[node.idx()].pods.iter().copied().min_by_key(|&it| (draw(it), it));
        if let Some(pod) = first {
            let pool = self.cluster.nodes[node.idx()].pool;
            self.record.note(now, Fact::Disk { pool, what: DiskTold::PodEvicted });
            self.remove_pod(now, pod);
        }
    }

    fn set_pressure(&mut self, now: Time, node: NodeId, pressure: bool) {
        let Some(watch) = &mut self.cluster.nodes[node.idx()].watch else { return };
        if std::mem::replace(&mut watch.pressure, pressure) == pressure {
            return;
        }
        let node_key = self.cluster.nodes[node.idx()].key;
        self.record.note(now, Fact::DiskPressure { node, node_key, pressure });
        if pressure {
            self.close_node(node);
        } else if self.cluster.nodes[node.idx()].state == NodeState::Ready {
            self.reopen_node(node);
            self.retry_pinned(now, node);
            let pool = self.cluster.nodes[node.idx()].pool;
            self.retry_unschedulable(now, pool);
        }
    }

    fn delete_image(&mut self, now: Time, node: NodeId, image: ImageId, why: Deleted) {
        let parts = self.catalogue.image(image);
        let state = &mut self.cluster.nodes[node.idx()];
        let freed = state.store.remove_image(image, &parts.objects, &parts.chains);
        if let Some(watch) = &mut state.watch {
            debug_assert_eq!(watch.records.users(image), 0, "an image in use");
            if why == Deleted::Prune {
                watch.records.removed(image, now);
            } else {
                watch.records.deleted(image);
            }
        }
        let key = combine(state.key, parts.key);
        let deleted = DeletedTold { node, image, key, why, bytes: freed };
        self.record.note(now, Fact::ImageDeleted { pool: state.pool, deleted });
    }

    /// The operator's job runs on all nodes of a pool at once: it deletes every image that no
    /// container uses, whatever its age or use, pinned ones too.
    pub(crate) fn prune_images(
        &mut self,
        now: Time,
        pool: PoolId,
        keep: &[ImageId],
        only_above: Option<Share>,
        between: Option<DayWindow>,
    ) {
        if between.is_some_and(|it| !it.contains(now.since(Time::ZERO))) {
            return;
        }
        for node in self.ready_nodes(pool) {
            let is_fuller = |share| {
                let fuller = |(used, capacity)| image_gc::share_of(capacity, share) < used;
                self.cluster.disk_use(self.spec, node).is_some_and(fuller)
            };
            if !only_above.is_none_or(is_fuller) {
                continue;
            }
            let in_use = self.images_in_use(node);
            let store = &self.cluster.nodes[node.idx()].store;
            let unused: Vec<ImageId> = store
                .images(now)
                .filter(|&it| !in_use.contains(&it) && !store.is_named_by(it, keep))
                .collect();
            for image in unused {
                self.delete_image(now, node, image, Deleted::Prune);
            }
        }
    }

    /// The images of the containers on a node, those that have ended included.
    fn images_in_use(&self, node: NodeId) -> BTreeSet<ImageId> {
        let pods = &self.cluster.nodes[node.idx()].pods;
        pods.iter().flat_map(|&pod| self.images_of_made(pod)).collect()
    }

    /// The images of the containers that a pod has, running or ended, one for each container.
    fn images_of_made(&self, pod: PodId) -> impl Iterator<Item = ImageId> {
        let state = &self.cluster.pods[pod.idx()];
        let template = self.template(pod);
        let (inits, made) = (state.inits_made as usize, state.made);
        let containers = template.containers.iter().enumerate();
        let containers = containers.filter(move |it| made & (1 << it.0) != 0);
        let inits = template.init_containers.iter().enumerate().take(inits);
        let content = move |is_init: bool, (nth, it): (usize, &ContainerSpec)| {
            self.content_made(pod, is_init, nth).unwrap_or(it.image)
        };
        inits.map(move |it| content(true, it)).chain(containers.map(move |it| content(false, it)))
    }

    /// The sync has made a container of a pod, or started it anew: with other content than before,
    /// the one takes the place of the other.
    pub(crate) fn container_made(
        &mut self,
        now: Time,
        pod: PodId,
        content: ImageId,
        before: Option<ImageId>,
        is_new: bool,
    ) {
        let before = before.filter(|it| *it != content);
        if let Some(watch) = &mut self.cluster.nodes[self.cluster.pods[pod.idx()].node.idx()].watch
            && (is_new || before.is_some())
        {
            watch.records.use_began(content, now);
            if let Some(before) = before {
                watch.records.use_ended(before, now);
            }
        }
    }

    /// A pod that runs at the start has all of its containers.
    pub(crate) fn all_containers_made(&mut self, now: Time, pod: PodId) {
        let node = self.cluster.pods[pod.idx()].node;
        if self.cluster.nodes[node.idx()].watch.is_some() {
            for image in self.images_of_made(pod).collect::<Vec<_>>() {
                self.container_made(now, pod, image, None, true);
            }
        }
    }

    /// A pod has left its node, and its containers are removed.
    pub(crate) fn containers_removed(&mut self, now: Time, pod: PodId) {
        let node = self.cluster.pods[pod.idx()].node;
        if self.cluster.nodes[node.idx()].watch.is_none() {
            return;
        }
        for image in self.images_of_made(pod).collect::<Vec<_>>() {
            if let Some(watch) = &mut self.cluster.nodes[node.idx()].watch {
                watch.records.use_ended(image, now);
            }
        }
    }

    /// What holds for the disk of every node at the end of a run.
    pub(crate) fn check_disks(&self) {
        for (number, node) in self.cluster.nodes.iter().enumerate() {
            let Some(watch) = node.watch.as_ref().filter(|_| node.state != NodeState::Gone) else {
                continue;
            };
            let in_use = self.images_in_use(NodeId::from(number));
            for image in node.store.images(Time::NEVER) {
                let used = 0 < watch.records.users(image);
                debug_assert_eq!(used, in_use.contains(&image), "{image:?} on node {number}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_at_their_phase_and_strictly_after_now() {
        let (from, period) = (Time::from_secs(7), Span::from_secs(10));
        let next = |now| next_run(from, period, Time::from_secs(now)).as_micros() / 1_000_000;
        assert_eq!([next(0), next(6), next(7), next(16), next(17)], [7, 7, 17, 17, 27]);
    }
}
