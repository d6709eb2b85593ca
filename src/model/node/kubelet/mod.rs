//! The kubelet: pod syncs, image pull policy, back-off, the queue to the runtime and its own QPS
//! limit.
//!
//! Source: kubernetes `pkg/kubelet/images/{image_manager,puller,helpers}.go`, `pod_workers.go`,
//! `kubelet.go` (1.27 to 1.35), `kuberuntime_manager.go` (SyncPod); the facts and their marks are
//! in `ARCHITECTURE.md`, "Sources".
//!
//! - A sync walks the pod's containers: the next init container only, or all containers in order. A
//!   present image (policy `IfNotPresent`) starts the container whatever the back-off says;
//!   otherwise the pod and image's ladder decides; otherwise the pull is asked for and the sync
//!   waits for its end.
//! - A sync in error is followed by another after 10 to 15 s, on the kubelet's 1 s tick; the first
//!   failure of a sandbox also by an extra one within a second. A pull is tried again at the first
//!   sync at which its window has passed.
//! - These polls are a keyed stream per pod and failure, so they need no events: the stream is
//!   walked to the first sync that matters, and walked again when an image becomes present.
//!   [`Polling::Every`] is the twin that does run every poll; a test shows that nothing observable
//!   differs.

mod coalesce;

use crate::model::record::fact::{Asking, Fact};
use crate::model::words::polling::Polling;
use std::collections::VecDeque;

use crate::engine::chance::combine;
use crate::model::ids::{ImageId, NodeId, PodId};
use crate::model::node::backoff::{Ladder, Rung};
use crate::model::node::pod::{NextPoll, Polls, all_started};
use crate::model::spec::{ContainerSpec, ImagePullPolicy, KubeletSpec};
use crate::model::words::attempt::{Attempt, PullEnd, PullEnded};
use crate::model::words::cause::Cause;
use crate::model::words::phase::Phase;
use crate::model::{Event, Purpose, World};
use crate::resource::limiter::{Admission, Limiter, Rule};
use crate::units::{Share, Span, Time};

/// The kubelet of one node.
#[derive(Clone, Debug)]
pub(crate) struct Kubelet {
    spec: KubeletSpec,
    /// Phase of its sync tick.
    phase: Span,
    queue: VecDeque<Asked>,
    /// Pods that wait for another's pull of the image.
    coalesced: VecDeque<(PodId, ImageId)>,
    in_flight: u32,
    limiter: Option<Limiter>,
}

/// A pull that waits in the kubelet.
#[derive(Clone, Copy, Debug)]
struct Asked {
    pod: PodId,
    image: ImageId,
    attempt: Attempt,
}

/// What the kubelet does about the image of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ensure {
    /// It is there.
    Start,
    /// It has to be pulled, now.
    Pull,
    /// In back-off, or absent under policy Never.
    Error,
}

impl Kubelet {
    /// A kubelet that has just started: no back-off, no queue, a full bucket.
    pub(crate) fn new(spec: KubeletSpec, phase: Span) -> Self {
        // client-go's token bucket: `qps` tokens a second, `burst` at most, full at the start; 0 is
        // no limiter.
        let limiter = (0 < spec.registry_pull_qps).then(|| {
            let rule = Rule::token_bucket(
                u64::from(spec.registry_pull_qps),
                Span::from_secs(1),
                u64::from(spec.registry_burst),
            );
            let mut limiter = Limiter::new(rule, false);
            limiter.open_key(Span::ZERO);
            limiter
        });
        let (queue, coalesced) = (VecDeque::new(), VecDeque::new());
        Self { spec, phase, queue, coalesced, in_flight: 0, limiter }
    }

    /// What it was started with.
    pub(crate) const fn spec(&self) -> &KubeletSpec {
        &self.spec
    }

    const fn ladder(&self) -> Ladder {
        Ladder { initial: self.spec.image_backoff_initial, max: self.spec.image_backoff_max }
    }

    fn has_slot(&self) -> bool {
        if self.spec.serialize_image_pulls {
            self.in_flight == 0
        } else {
            self.spec.max_parallel_image_pulls.is_none_or(|max| self.in_flight < max)
        }
    }

    fn takes_token(&mut self, now: Time) -> bool {
        self.limiter.as_mut().is_none_or(|it| it.ask(now, 0, 1) == Admission::Granted)
    }

    /// The first tick after `time`: the loop dispatches what is strictly past.
    fn tick_after(&self, time: Time) -> Time {
        let tick = self.spec.sync_tick.as_micros();
        let phase = self.phase.as_micros();
        let micros = time.as_micros();
        if micros < phase {
            return Time::from_micros(phase);
        }
        Time::from_micros(phase + ((micros - phase) / tick + 1) * tick)
    }

    /// The poll after the last one of the stream.
    fn next_poll(&self, polls: &mut Polls) -> Time {
        let base = self.spec.sync_backoff;
        let jitter = Span::from_micros(self.spec.sync_jitter.of_floor(base.as_micros()));
        let draw = &mut polls.draw;
        polls.at = match std::mem::replace(&mut polls.next, NextPoll::Usual) {
            NextPoll::Usual => self.tick_after(polls.at + base + draw.span_below(jitter)),
            NextPoll::Extra => polls.at + draw.span_below(EXTRA_SYNC_WITHIN),
            NextPoll::UnderWay => self.tick_after(polls.at + draw.span_below(base + jitter)),
        };
        polls.at
    }
}

/// The extra sync after a sandbox's first failure comes within this span: a pending pod update
/// (sandbox started) is handled as soon as the worker is free. Inferred from `pod_workers.go`;
/// unverified to the second.
const EXTRA_SYNC_WITHIN: Span = Span::from_secs(1);

/// Period of the generic PLEG, which notices that an init container ended.
const PLEG_RELIST: Span = Span::from_secs(1);

impl World<'_> {
    /// A sync of a pod is due. Syncs of one instant are collected first and then done in a keyed
    /// order: neither the order in which they were scheduled nor that of nodes and pods decides who
    /// gets through.
    pub(crate) fn on_pod_synced(&mut self, now: Time, pod: PodId, plan: u32) {
        let state = &self.cluster.pods[pod.idx()];
        if state.plan != plan || state.phase != Phase::Waiting || state.busy {
            return;
        }
        let mut draw =
            self.clock.chance.draw(Purpose::SyncOrder as u64, state.key, now.as_micros());
        if self.cluster.due_syncs.is_empty() {
            self.clock.calendar.schedule(now, Event::SyncsDue);
        }
        self.cluster.due_syncs.push((draw.bits(), pod, plan));
    }

    /// All syncs of this instant, behind everything else that happens in it: whether polls that do
    /// nothing were events in between makes no difference then.
    pub(crate) fn on_syncs_due(&mut self, now: Time) {
        if self.clock.calendar.peek() == Some(now) {
            self.clock.calendar.schedule(now, Event::SyncsDue);
            return;
        }
        let mut due = std::mem::take(&mut self.cluster.due_syncs);
        due.sort_unstable();
        for (_, pod, plan) in due.drain(..) {
            let state = &mut self.cluster.pods[pod.idx()];
            if state.plan != plan || state.phase != Phase::Waiting || state.busy {
                continue;
            }
            if let Some(polls) = &mut state.polls {
                let kubelet = &self.cluster.nodes[state.node.idx()].kubelet;
                while polls.at < now {
                    kubelet.next_poll(polls);
                }
            }
            self.sync_pod(now, pod);
        }
        if self.cluster.due_syncs.is_empty() {
            self.cluster.due_syncs = due;
        }
    }

    /// Begins a sync: the pod's containers from the first.
    pub(crate) fn sync_pod(&mut self, now: Time, pod: PodId) {
        let state = &mut self.cluster.pods[pod.idx()];
        if state.init_running {
            return;
        }
        state.plan += 1;
        (state.cursor, state.error, state.failed) = (0, false, false);
        self.walk_containers(now, pod);
    }

    /// Goes on with the sync at the pod's cursor until it ends or has to wait for a pull.
    fn walk_containers(&mut self, now: Time, pod: PodId) {
        while let Some((container, is_init)) = self.container_at_cursor(pod) {
            let state = &self.cluster.pods[pod.idx()];
            if !is_init && (state.started | state.crashed) & (1 << state.cursor) != 0 {
                self.cluster.pods[pod.idx()].cursor += 1;
                continue;
            }
            match self.ensure_image(now, pod, container) {
                Ensure::Start if is_init => {
                    self.start_init_container(now, pod, container);
                    return;
                }
                Ensure::Start => {
                    self.record.note(now, Fact::AlreadyPresent { pod });
                    self.start_container(now, pod, container);
                }
                Ensure::Pull => {
                    let policy = container.image_pull_policy;
                    if !self.waits_for_other_pull(pod, container.image, policy) {
                        self.ask_pull(now, pod, container.image);
                    }
                    return;
                }
                Ensure::Error => {
                    self.cluster.pods[pod.idx()].error = true;
                    if is_init {
                        break;
                    }
                    self.cluster.pods[pod.idx()].cursor += 1;
                }
            }
        }
        self.end_sync(now, pod);
    }

    /// The container that the sync is at, and whether it is an init container; `None` at the end of
    /// the pod.
    fn container_at_cursor(&self, pod: PodId) -> Option<(ContainerSpec, bool)> {
        let state = &self.cluster.pods[pod.idx()];
        let template = self.template(pod);
        if let Some(init) = template.init_containers.get(state.init_done as usize) {
            return (state.cursor == 0).then_some((*init, true));
        }
        template.containers.get(state.cursor as usize).map(|it| (*it, false))
    }

    fn ensure_image(&self, now: Time, pod: PodId, container: ContainerSpec) -> Ensure {
        let state = &self.cluster.pods[pod.idx()];
        let node = &self.cluster.nodes[state.node.idx()];
        let present =
            node.store.has_image(container.image, now) || state.pulled == Some(container.image);
        match container.image_pull_policy {
            ImagePullPolicy::Never if !present => Ensure::Error,
            ImagePullPolicy::Never | ImagePullPolicy::IfNotPresent if present => Ensure::Start,
            _ if state.rung(container.image).holds_back(now, node.kubelet.ladder()) => {
                Ensure::Error
            }
            _ => Ensure::Pull,
        }
    }

    /// A container starts, unless its image is for another architecture: then it crashes, and the
    /// pod never gets ready. (A single manifest of the wrong platform is pulled without complaint.)
    /// The restarts of a crashed container, each a pull of its own under policy `Always`, are left
    /// out: it is not looked at again before its sandbox or its kubelet starts anew.
    fn start_container(&mut self, now: Time, pod: PodId, container: ContainerSpec) {
        let runs = self.runs_on_its_node(pod, container.image);
        let nth = self.cluster.pods[pod.idx()].cursor as usize;
        let content = self.content_on_node(pod, container.image);
        let before = self.note_content(pod, nth, content);
        let state = &mut self.cluster.pods[pod.idx()];
        let bit = 1 << state.cursor;
        if runs {
            state.started |= bit;
        } else {
            state.crashed |= bit;
            self.record.note(now, Fact::ContainerCrashed { pod });
        }
        state.cursor += 1;
        let is_new = state.made & bit == 0;
        state.made |= bit;
        self.container_made(now, pod, content, before.filter(|_| !is_new), is_new);
    }

    fn runs_on_its_node(&self, pod: PodId, image: ImageId) -> bool {
        let pool = self.cluster.nodes[self.cluster.pods[pod.idx()].node.idx()].pool;
        let content = self.content_on_node(pod, image);
        self.catalogue.image(content).has_platform(&self.spec.pools[pool.idx()].arch)
    }

    fn start_init_container(&mut self, now: Time, pod: PodId, container: ContainerSpec) {
        let runs = self.runs_on_its_node(pod, container.image);
        let content = self.content_on_node(pod, container.image);
        let state = &mut self.cluster.pods[pod.idx()];
        if state.polls.take().is_some() {
            self.record.note(now, Fact::PollsEnded { pod, node: state.node });
        }
        let is_new = state.inits_made <= state.init_done;
        state.inits_made = state.inits_made.max(state.init_done + 1);
        let before = self.note_init_content(pod, content);
        self.container_made(now, pod, content, before.filter(|_| !is_new), is_new);
        if !runs {
            return;
        }
        let state = &mut self.cluster.pods[pod.idx()];
        state.init_running = true;
        let (plan, done) = (state.plan, u64::from(state.init_done));
        let noticed =
            self.clock.chance.draw(Purpose::Pleg as u64, state.key, done).span_below(PLEG_RELIST);
        let event = Event::InitContainerEnded { pod, plan };
        self.clock.calendar.schedule(now + container.duration + noticed, event);
    }

    /// An init container has ended and the kubelet has noticed.
    pub(crate) fn on_init_container_ended(&mut self, now: Time, pod: PodId, plan: u32) {
        let state = &mut self.cluster.pods[pod.idx()];
        if state.plan != plan || !state.init_running {
            return;
        }
        state.init_running = false;
        state.init_done += 1;
        self.sync_pod(now, pod);
    }

    /// The sync is over: the pod starts, or it is polled until something can be done.
    fn end_sync(&mut self, now: Time, pod: PodId) {
        let template = self.template(pod);
        let (n_init, n_containers) = (template.init_containers.len(), template.containers.len());
        let state = &mut self.cluster.pods[pod.idx()];
        let all = state.init_done as usize == n_init && state.started == all_started(n_containers);
        if all {
            state.phase = Phase::Starting;
            if state.polls.take().is_some() {
                self.record.note(now, Fact::PollsEnded { pod, node: state.node });
            }
            self.pod_started(now, pod);
        } else if state.error {
            self.arm_polls(now, pod);
        }
    }

    /// Schedules the next sync of a pod in error.
    fn arm_polls(&mut self, now: Time, pod: PodId) {
        let state = &mut self.cluster.pods[pod.idx()];
        if state.failed || state.polls.is_none() {
            state.failures += u32::from(state.failed);
            let n = u64::from(state.failures);
            let draw = self.clock.chance.draw(Purpose::PodPolls as u64, state.key, n);
            let is_first = state.failed && !state.sandbox_failed;
            let next = if is_first { NextPoll::Extra } else { NextPoll::Usual };
            state.sandbox_failed |= state.failed;
            if state.polls.replace(Polls { at: now, draw, next }).is_none() {
                self.record.note(now, Fact::PollsBegan { pod, node: state.node });
            }
        }
        let due = match self.clock.polling {
            Polling::Elided => self.next_attempt_due(pod),
            Polling::Every => now,
        };
        self.schedule_poll(pod, due, now);
    }

    /// A pod enters a back-off window that began before the run; it has made at least the attempts
    /// that lead there.
    pub(crate) fn enter_window(&mut self, pod: PodId, image: ImageId, window: Span, ends: Time) {
        let state = &mut self.cluster.pods[pod.idx()];
        let rungs = self.cluster.nodes[state.node.idx()].kubelet.ladder().windows();
        let failed = rungs.iter().position(|it| window <= *it).map_or(1, |it| it + 1);
        let tried = state.image_try(image);
        (tried.attempts, tried.failed_before) = (failed as u32, true);
        tried.rung = Rung::standing(window, ends);
    }

    /// The syncs of a pod that was in error before the run go on: the first of them at any instant
    /// of the longest distance between two, for nobody knows when the last was.
    pub(crate) fn resume_polls(&mut self, now: Time, pod: PodId) {
        let state = &mut self.cluster.pods[pod.idx()];
        (state.failures, state.sandbox_failed) = (1, true);
        let draw = self.clock.chance.draw(Purpose::PodPolls as u64, state.key, 1);
        state.polls = Some(Polls { at: now, draw, next: NextPoll::UnderWay });
        self.record.note(now, Fact::PollsBegan { pod, node: state.node });
        let due = match self.clock.polling {
            Polling::Elided => self.next_attempt_due(pod),
            Polling::Every => now,
        };
        self.schedule_poll(pod, due, now);
    }

    /// The first instant at which a container of the pod may start or try again. An image that came
    /// while the sync was busy with a later container lets its container start at the next sync.
    fn next_attempt_due(&self, pod: PodId) -> Time {
        let state = &self.cluster.pods[pod.idx()];
        let template = self.template(pod);
        let store = &self.cluster.nodes[state.node.idx()].store;
        let due = |container: &ContainerSpec| match container.image_pull_policy {
            ImagePullPolicy::Never | ImagePullPolicy::IfNotPresent
                if store.has_image(container.image, Time::NEVER) =>
            {
                Time::ZERO
            }
            ImagePullPolicy::Never => Time::NEVER,
            _ => state.rung(container.image).ends(),
        };
        match template.init_containers.get(state.init_done as usize) {
            Some(init) => due(init),
            None => (0u32..)
                .zip(&template.containers)
                .filter(|&(nth, _)| (state.started | state.crashed) & (1 << nth) == 0)
                .map(|(_, it)| due(it))
                .min()
                .unwrap_or(Time::NEVER),
        }
    }

    /// Schedules the first poll that is not before `due` and after `now`.
    fn schedule_poll(&mut self, pod: PodId, due: Time, now: Time) {
        let state = &mut self.cluster.pods[pod.idx()];
        let Some(mut polls) = state.polls else { return };
        if due == Time::NEVER || self.clock.end < due {
            return;
        }
        let kubelet = &self.cluster.nodes[state.node.idx()].kubelet;
        let mut at = kubelet.next_poll(&mut polls);
        while at < due || at <= now {
            at = kubelet.next_poll(&mut polls);
        }
        state.plan += 1;
        let plan = state.plan;
        self.clock.calendar.schedule(at, Event::PodSynced { pod, plan });
    }

    /// An image became present on a node: pods that wait for it start at their next sync.
    fn image_became_present(&mut self, now: Time, node: NodeId, image: ImageId) {
        if self.clock.polling == Polling::Every {
            return;
        }
        for nth in 0..self.cluster.nodes[node.idx()].pods.len() {
            let pod = self.cluster.nodes[node.idx()].pods[nth];
            let state = &self.cluster.pods[pod.idx()];
            let waits = state.phase == Phase::Waiting && !state.busy && !state.init_running;
            if waits && state.polls.is_some() && self.wants_present_image(pod, image) {
                self.schedule_poll(pod, now, now);
            }
        }
    }

    fn wants_present_image(&self, pod: PodId, image: ImageId) -> bool {
        let state = &self.cluster.pods[pod.idx()];
        let template = self.template(pod);
        let wants = |it: &ContainerSpec| {
            it.image == image && it.image_pull_policy != ImagePullPolicy::Always
        };
        match template.init_containers.get(state.init_done as usize) {
            Some(init) => wants(init),
            None => (0u32..)
                .zip(&template.containers)
                .any(|(nth, it)| (state.started | state.crashed) & (1 << nth) == 0 && wants(it)),
        }
    }

    /// The sync hands a pull to the kubelet's puller and waits for its end.
    fn ask_pull(&mut self, now: Time, pod: PodId, image: ImageId) {
        let has_account = self.account_of_pull(pod, image).is_some();
        let state = &mut self.cluster.pods[pod.idx()];
        state.busy = true;
        let tried = state.image_try(image);
        tried.attempts += 1;
        let (number, failed_before) = (tried.attempts, tried.failed_before);
        let attempt = Attempt { number, asked: now, failed_before, ..Attempt::default() };
        let node = state.node;
        let is_present = self.cluster.nodes[node.idx()].store.has_image(image, now);
        let revision = state.revision;
        let asking = Asking { node, image, revision, number, is_present, has_account };
        self.record.note(now, Fact::PullAsked { pod: state.told(pod), asking });
        self.cluster.nodes[node.idx()].kubelet.queue.push_back(Asked { pod, image, attempt });
        self.drain_queue(now, node);
    }

    /// Starts queued pulls while there are slots. The kubelet's own limiter is asked behind the
    /// queue; it refuses and does not wait.
    fn drain_queue(&mut self, now: Time, node: NodeId) {
        loop {
            let kubelet = &mut self.cluster.nodes[node.idx()].kubelet;
            if !kubelet.has_slot() {
                return;
            }
            let Some(Asked { pod, image, mut attempt }) = kubelet.queue.pop_front() else { return };
            attempt.started = Some(now);
            if kubelet.takes_token(now) {
                kubelet.in_flight += 1;
                self.start_pull(now, pod, image, attempt);
            } else {
                self.cluster.pods[pod.idx()].rejected = Some((image, attempt));
                self.clock.calendar.schedule(now, Event::PullRejected { pod });
            }
        }
    }

    /// The kubelet's own limiter refused a pull: `pull QPS exceeded`.
    pub(crate) fn on_pull_rejected(&mut self, now: Time, pod: PodId) {
        let Some((image, attempt)) = self.cluster.pods[pod.idx()].rejected.take() else { return };
        let node = self.cluster.pods[pod.idx()].node;
        let ended = PullEnded { node, pod, image, attempt };
        self.note_pull_end(now, &ended, Err((Cause::KubeletQps, None)));
        self.resume_sync(now, pod, image, false);
        self.release_coalesced(now, node, image);
    }

    /// The runtime reports the end of a pull.
    pub(crate) fn pull_ended(&mut self, now: Time, ended: &PullEnded, result: PullEnd) {
        self.note_pull_end(now, ended, result);
        if let Err((Cause::NodeLost | Cause::KubeletRestarted, _)) = result {
            return;
        }
        let &PullEnded { node, pod, image, .. } = ended;
        self.cluster.nodes[node.idx()].kubelet.in_flight -= 1;
        if result.is_ok() {
            self.image_became_present(now, node, image);
        }
        self.drain_queue(now, node);
        self.resume_sync(now, pod, image, result.is_ok());
        self.release_coalesced(now, node, image);
    }

    fn note_pull_end(&mut self, now: Time, ended: &PullEnded, result: PullEnd) {
        let image_key = self.catalogue.image(ended.image).key;
        let pod = self.cluster.pods[ended.pod.idx()].told(ended.pod);
        self.record.note(now, Fact::PullEnded { pod, ended: *ended, image_key, result });
    }

    /// The pod's sync hears of the end of its pull. The pull of a pod that is gone ends all the
    /// same: the kubelet does not abort it.
    fn resume_sync(&mut self, now: Time, pod: PodId, image: ImageId, succeeded: bool) {
        let state = &mut self.cluster.pods[pod.idx()];
        if state.phase != Phase::Waiting || !state.busy {
            return;
        }
        state.busy = false;
        let Some((container, is_init)) = self.container_at_cursor(pod) else { return };
        debug_assert_eq!(container.image, image);
        if succeeded {
            if is_init {
                self.start_init_container(now, pod, container);
                return;
            }
            self.start_container(now, pod, container);
            self.cluster.pods[pod.idx()].pulled = Some(image);
        } else {
            self.back_off(now, pod, image);
            self.guard_failed_pull(now, pod);
            let state = &mut self.cluster.pods[pod.idx()];
            state.image_try(image).failed_before = true;
            (state.error, state.failed) = (true, true);
            if is_init {
                self.end_sync(now, pod);
                return;
            }
            state.cursor += 1;
        }
        self.walk_containers(now, pod);
        self.cluster.pods[pod.idx()].pulled = None;
    }

    /// A pull failed: the ladder of pod and image takes a step.
    fn back_off(&mut self, now: Time, pod: PodId, image: ImageId) {
        let image_key = self.catalogue.image(image).key;
        let state = &mut self.cluster.pods[pod.idx()];
        let kubelet = &self.cluster.nodes[state.node.idx()].kubelet;
        let (ladder, share) = (kubelet.ladder(), kubelet.spec.image_backoff_jitter);
        let (chance, entity) = (self.clock.chance, combine(state.key, image_key));
        let tried = state.image_try(image);
        let n = u64::from(tried.attempts);
        tried.rung.fail(now, ladder, |window| {
            if share == Share::NONE {
                return Span::ZERO;
            }
            let most = Span::from_micros(share.of_floor(window.as_micros()));
            chance.draw(Purpose::BackoffJitter as u64, entity, n).span_below(most)
        });
    }

    /// A kubelet starts (new node, reboot, restart): what it knew is gone, every waiting pod is
    /// synced at once.
    pub(crate) fn start_kubelet(&mut self, now: Time, node: NodeId) {
        let state = &mut self.cluster.nodes[node.idx()];
        let spec = self.cluster.pools[state.pool.idx()].kubelet;
        let n = u64::from(state.kubelet_starts);
        state.kubelet_starts += 1;
        let mut draw = self.clock.chance.draw(Purpose::KubeletPhase as u64, state.key, n);
        state.kubelet = Kubelet::new(spec, draw.span_below(spec.sync_tick));
        self.start_disk_loops(now, node);
        for nth in 0..self.cluster.nodes[node.idx()].pods.len() {
            let pod = self.cluster.nodes[node.idx()].pods[nth];
            let state = &mut self.cluster.pods[pod.idx()];
            if state.phase == Phase::Waiting {
                state.busy = false;
                let was_polled = state.polls.is_some();
                state.forget_backoff();
                if was_polled {
                    self.record.note(now, Fact::PollsEnded { pod, node });
                }
                state.plan += u32::from(!state.init_running);
                let plan = state.plan;
                if !state.init_running {
                    self.clock.calendar.schedule(now, Event::PodSynced { pod, plan });
                }
            }
        }
    }

    /// Pulls in flight and in the queue end with the kubelet, or with its node.
    pub(crate) fn stop_kubelet(&mut self, now: Time, node: NodeId, cause: Cause) {
        self.cluster.nodes[node.idx()].kubelet.coalesced.clear();
        self.stop_disk_loops(node);
        let queue = std::mem::take(&mut self.cluster.nodes[node.idx()].kubelet.queue);
        for Asked { pod, image, attempt } in queue {
            let ended = PullEnded { node, pod, image, attempt };
            self.note_pull_end(now, &ended, Err((cause, None)));
        }
        for nth in 0..self.cluster.nodes[node.idx()].pods.len() {
            let pod = self.cluster.nodes[node.idx()].pods[nth];
            if let Some((image, attempt)) = self.cluster.pods[pod.idx()].rejected.take() {
                let ended = PullEnded { node, pod, image, attempt };
                self.note_pull_end(now, &ended, Err((Cause::KubeletQps, None)));
            }
        }
        self.cancel_pulls_of_node(now, node, cause);
    }

    /// Pulls that wait in the kubelets' queues, for the rows of what was open at the end.
    pub(crate) fn queued_pulls(&self) -> Vec<PullEnded> {
        let nodes = self.cluster.nodes.iter().enumerate();
        nodes
            .flat_map(|(number, node)| {
                let queue = node.kubelet.queue.iter();
                queue.map(move |it| PullEnded {
                    node: NodeId::from(number),
                    pod: it.pod,
                    image: it.image,
                    attempt: it.attempt,
                })
            })
            .collect()
    }
}
