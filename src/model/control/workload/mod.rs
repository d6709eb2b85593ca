//! The controllers: Deployments with their ReplicaSets, DaemonSets and Jobs.
//!
//! Source: kubernetes `pkg/controller/deployment/{rolling,sync}.go` and `util/deployment_util.go`
//! (`ResolveFenceposts`, `NewRSNewReplicas`, `reconcileOldReplicaSets`), `daemon/update.go`,
//! `job_controller.go`; pods are created at the pace of the controllers' client (20 a second after
//! a burst of 30, each controller for itself). The slow start of a ReplicaSet (batches of 1, 2, 4,
//! …) costs some API round trips, about 0.1 s in all, and is left out.

mod canary;
mod daemon_set;
mod deployment;
mod guard;
mod puller;
mod revision;
mod running;

use std::collections::{BTreeMap, BTreeSet};

use canary::Canary;
use guard::Guard;

use crate::engine::chance::{combine, shuffle_by_key, stable_hash};
use crate::model::ids::{AccountId, NodeId, PodId, WorkloadId};
use crate::model::node::pod::Pod;
use crate::model::record::fact::{Fact, WorkloadTold};
use crate::model::spec::{ContainerSpec, WorkloadKind, WorkloadSpec};
use crate::model::words::phase::Phase;
use crate::model::{Event, Purpose, World};
use crate::units::Time;

/// A workload at work.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) key: u64,
    /// Its controller with what `scale_workload` and `set` changed.
    pub(crate) kind: WorkloadKind,
    /// Pull secrets of its pods, as they were set one after another; new pods have the last.
    pub(crate) secrets: Vec<Vec<AccountId>>,
    /// Pod templates, by revision.
    templates: Vec<Template>,
    /// ReplicaSets, by revision; a Job has one.
    sets: Vec<ReplicaSet>,
    /// The revision that pods are made of now: the newest, or an earlier one that came back.
    current: usize,
    /// Revisions in the order in which they became current last.
    history: Vec<usize>,
    /// Whether its pods have been asked for.
    started: bool,
    /// Until when its rollout stands still.
    pub(crate) paused_until: Time,
    /// What pauses its rollout by itself.
    guard: Option<Guard>,
    /// Since when its rollout has stood still.
    standing_since: Option<Time>,
    /// The canary of its rollout.
    canary: Option<Canary>,
    /// Counts what is awaited of canaries, so that an overtaken check is known.
    canary_turn: u32,
    next_ordinal: u32,
    /// Pods ready now.
    pub(crate) ready: u32,
    /// The rollout that is watched: when it began, and whether it is complete.
    rollout: Option<Rollout>,
    /// DaemonSet: the pod of each node, `None` while it is being created.
    pub(crate) daemons: BTreeMap<NodeId, Option<PodId>>,
    /// Job: pods that ended.
    succeeded: u32,
}

/// What pods of a revision are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) init_containers: Vec<ContainerSpec>,
    pub(crate) containers: Vec<ContainerSpec>,
}

/// The pods of one revision.
#[derive(Clone, Debug, Default)]
struct ReplicaSet {
    /// Replicas wanted.
    wanted: u32,
    /// Pods asked for and not created yet.
    creating: u32,
    /// Its pods in the order in which they are deleted first: unbound, waiting, not ready, ready;
    /// ties keyed.
    pods: BTreeSet<(Phase, u64, PodId)>,
    ready: u32,
}

#[derive(Clone, Copy, Debug)]
struct Rollout {
    began: Time,
    last_progress: Time,
    complete: bool,
}

impl Workload {
    pub(crate) fn new(spec: &WorkloadSpec) -> Self {
        let template = Template {
            init_containers: spec.init_containers.clone(),
            containers: spec.containers.clone(),
        };
        let kind = if spec.is_puller { "prepull" } else { "workload" };
        Self {
            key: combine(stable_hash(kind), stable_hash(&spec.name)),
            kind: spec.kind,
            secrets: vec![spec.accounts.clone()],
            templates: vec![template],
            sets: vec![ReplicaSet::default()],
            current: 0,
            history: vec![0],
            started: false,
            paused_until: Time::ZERO,
            guard: None,
            standing_since: None,
            canary: None,
            canary_turn: 0,
            next_ordinal: 0,
            ready: 0,
            rollout: None,
            daemons: BTreeMap::new(),
            succeeded: 0,
        }
    }

    const fn revision(&self) -> usize {
        self.current
    }

    /// The sets of revisions that are not current.
    fn old_sets(&self) -> impl Iterator<Item = &ReplicaSet> {
        let current = self.current;
        self.sets.iter().enumerate().filter(move |it| it.0 != current).map(|it| it.1)
    }

    fn old_sets_mut(&mut self) -> impl Iterator<Item = &mut ReplicaSet> {
        let current = self.current;
        self.sets.iter_mut().enumerate().filter(move |it| it.0 != current).map(|it| it.1)
    }

    /// Pods wanted now: replicas, one for each of the `nodes` that the pool wants, or the pods of a
    /// job that still run or wait.
    pub(crate) fn desired(&self, nodes: u32) -> u32 {
        if !self.started {
            return 0;
        }
        match self.kind {
            WorkloadKind::Deployment { replicas, .. } => replicas,
            WorkloadKind::DaemonSet { .. } => nodes,
            WorkloadKind::Job { completions, parallelism, .. } => {
                parallelism.min(completions - self.succeeded)
            }
        }
    }
}

impl ReplicaSet {
    fn size(&self) -> u32 {
        self.pods.len() as u32
    }
}

impl World<'_> {
    /// Schedules the start of every workload, or places the pods of those that run already.
    pub(crate) fn open_workloads(&mut self) {
        for (number, spec) in self.spec.workloads.iter().enumerate() {
            self.control.workloads.push(Workload::new(spec));
            if !spec.is_puller {
                let workload = WorkloadId::from(number);
                let at = Time::ZERO + spec.start_at;
                self.clock.calendar.schedule(at, Event::WorkloadStarted { workload });
            }
        }
    }

    /// The template a pod was made from.
    pub(crate) fn template(&self, pod: PodId) -> &Template {
        let state = &self.cluster.pods[pod.idx()];
        &self.control.workloads[state.workload.idx()].templates[state.revision as usize]
    }

    /// A workload is asked for: at once, or spread over its start span.
    pub(crate) fn on_workload_started(&mut self, now: Time, id: WorkloadId) {
        let spec = &self.spec.workloads[id.idx()];
        self.control.workloads[id.idx()].started = true;
        if spec.running {
            self.place_running(now, id);
            return;
        }
        self.begin_rollout(now, id);
        match self.control.workloads[id.idx()].kind {
            WorkloadKind::Deployment { replicas: asked, .. } => {
                for nth in 0..u64::from(asked) {
                    let at = now + spec.start_over * nth / u64::from(asked);
                    self.clock.calendar.schedule(at, Event::PodAsked { workload: id });
                }
            }
            WorkloadKind::DaemonSet { .. } => {
                // In a keyed order: at the controller's pace, the first are the luckier ones.
                let mut nodes = self.ready_nodes(spec.pool);
                shuffle_by_key(&mut nodes, self.clock.chance, Purpose::DaemonOrder as u64, |it| {
                    self.cluster.nodes[it.idx()].key
                });
                for node in nodes {
                    self.create_daemon(now, id, node);
                }
            }
            WorkloadKind::Job { .. } => self.reconcile(now, id),
        }
    }

    /// One more pod of a Deployment that starts over a span.
    pub(crate) fn on_pod_asked(&mut self, now: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        let WorkloadKind::Deployment { replicas, .. } = workload.kind else { return };
        let wanted: u32 = workload.sets.iter().map(|it| it.wanted).sum();
        if wanted < replicas {
            let newest = workload.revision();
            workload.sets[newest].wanted += 1;
            self.fill_set(now, id, newest);
        }
    }

    pub(crate) fn new_pod(
        &mut self,
        id: WorkloadId,
        revision: usize,
        pinned: Option<NodeId>,
    ) -> PodId {
        let workload = &mut self.control.workloads[id.idx()];
        let ordinal = workload.next_ordinal;
        workload.next_ordinal += 1;
        let pod = PodId::from(self.cluster.pods.len());
        let key = combine(workload.key, u64::from(ordinal));
        self.cluster.pods.push(Pod {
            key,
            workload: id,
            ordinal,
            revision: revision as u32,
            secrets: (workload.secrets.len() - 1) as u16,
            node: pinned.unwrap_or(NodeId(0)),
            phase: Phase::Unbound,
            pinned: pinned.is_some(),
            busy: false,
            plan: 0,
            init_done: 0,
            init_running: false,
            started: 0,
            crashed: 0,
            made: 0,
            inits_made: 0,
            cursor: 0,
            error: false,
            failed: false,
            pulled: None,
            failures: 0,
            sandbox_failed: false,
            polls: None,
            tries: Vec::new(),
            contents: Vec::new(),
            init_contents: Vec::new(),
            rejected: None,
        });
        let tie = self.deletion_tie(pod);
        self.control.workloads[id.idx()].sets[revision].pods.insert((Phase::Unbound, tie, pod));
        pod
    }

    fn deletion_tie(&self, pod: PodId) -> u64 {
        self.clock
            .chance
            .draw(Purpose::DeletionTie as u64, self.cluster.pods[pod.idx()].key, 0)
            .bits()
    }

    /// Creates pods until a set has what it wants, at the controller's pace; deletes what is too
    /// much.
    fn fill_set(&mut self, now: Time, id: WorkloadId, revision: usize) {
        let set = &mut self.control.workloads[id.idx()].sets[revision];
        while set.size() + set.creating < set.wanted {
            set.creating += 1;
            let at = self.control.controller_pace[CONTROLLER_REPLICA_SET].next(now);
            let event = Event::PodCreated { workload: id, revision: revision as u16 };
            self.clock.calendar.schedule(at, event);
        }
        while let set = &self.control.workloads[id.idx()].sets[revision]
            && set.wanted < set.size()
            && let Some(&(_, _, pod)) = set.pods.first()
        {
            self.remove_pod_unreplaced(now, pod);
            self.note_availability(id);
        }
    }

    /// The API server has a new pod of a ReplicaSet or Job.
    pub(crate) fn on_pod_created(&mut self, now: Time, id: WorkloadId, revision: u16) {
        let revision = usize::from(revision);
        let set = &mut self.control.workloads[id.idx()].sets[revision];
        set.creating -= 1;
        if set.wanted <= set.size() {
            return;
        }
        self.admit_pod(now, id, revision, None);
    }

    /// A pod came to be.
    pub(crate) fn note_created(&mut self, now: Time, pod: PodId, ran_before: bool) {
        let state = &self.cluster.pods[pod.idx()];
        let (pod, ordinal) = (state.told(pod), state.ordinal);
        self.record.note(now, Fact::PodCreated { pod, ordinal, ran_before });
    }

    fn admit_pod(&mut self, now: Time, id: WorkloadId, revision: usize, pinned: Option<NodeId>) {
        let pod = self.new_pod(id, revision, pinned);
        self.note_created(now, pod, false);
        if let Some(node) = pinned {
            self.control.workloads[id.idx()].daemons.insert(node, Some(pod));
        }
        self.schedule_pod(now, pod);
    }

    /// A pod's phase changed from `before`: its set knows it under its new rank.
    pub(crate) fn pod_rank_changed(&mut self, pod: PodId, before: Phase) {
        let tie = self.deletion_tie(pod);
        let state = &self.cluster.pods[pod.idx()];
        let set = &mut self.control.workloads[state.workload.idx()].sets[state.revision as usize];
        if set.pods.remove(&(before, tie, pod)) && state.lives() {
            set.pods.insert((state.phase, tie, pod));
        }
    }

    /// All containers of a pod have started.
    pub(crate) fn pod_started(&mut self, now: Time, pod: PodId) {
        self.pod_rank_changed(pod, Phase::Waiting);
        let state = &mut self.cluster.pods[pod.idx()];
        state.plan += 1;
        let plan = state.plan;
        let startup = self.spec.workloads[state.workload.idx()].startup;
        self.clock.calendar.schedule(now + startup, Event::PodReady { pod, plan });
    }

    /// A pod is ready.
    pub(crate) fn on_pod_ready(&mut self, now: Time, pod: PodId, plan: u32) {
        let state = &mut self.cluster.pods[pod.idx()];
        if state.plan != plan || state.phase != Phase::Starting {
            return;
        }
        state.phase = Phase::Ready;
        let id = state.workload;
        let revision = state.revision as usize;
        self.record.note(now, Fact::PodReady { pod: state.told(pod) });
        self.pod_rank_changed(pod, Phase::Starting);
        let workload = &mut self.control.workloads[id.idx()];
        workload.ready += 1;
        workload.sets[revision].ready += 1;
        if let Some(rollout) = &mut workload.rollout {
            rollout.last_progress = now;
        }
        if let WorkloadKind::Job { duration, .. } = workload.kind {
            self.clock.calendar.schedule(now + duration, Event::PodCompleted { pod, plan });
        }
        self.note_version(now, pod, true);
        self.note_availability(id);
        self.lift_taint(now, pod);
        self.reconcile(now, id);
    }

    /// A pod that was ready no longer is.
    pub(crate) fn pod_unready(&mut self, now: Time, pod: PodId) {
        let state = &mut self.cluster.pods[pod.idx()];
        let before = state.phase;
        if before == Phase::Ready {
            let workload = &mut self.control.workloads[state.workload.idx()];
            workload.ready -= 1;
            workload.sets[state.revision as usize].ready -= 1;
            self.record.note(now, Fact::PodUnready { pod: state.told(pod) });
            self.note_version(now, pod, false);
        }
        self.cluster.pods[pod.idx()].phase = Phase::Waiting;
        self.pod_rank_changed(pod, before);
        let id = self.cluster.pods[pod.idx()].workload;
        self.note_availability(id);
        self.watch_canary(now, id);
    }

    fn desired_pods(&self, id: WorkloadId) -> u32 {
        let pool = self.spec.workloads[id.idx()].pool;
        self.control.workloads[id.idx()].desired(self.cluster.pools[pool.idx()].wanted)
    }

    /// Notes how many pods are ready of those wanted. The pods of a Job come and go by themselves,
    /// and those of an image puller serve nobody: their number is no availability.
    pub(crate) fn note_availability(&mut self, id: WorkloadId) {
        let is_job = matches!(self.control.workloads[id.idx()].kind, WorkloadKind::Job { .. });
        if is_job || self.spec.workloads[id.idx()].is_puller {
            return;
        }
        let desired = self.desired_pods(id);
        let ready = self.control.workloads[id.idx()].ready;
        let what = WorkloadTold::Availability { ready, desired };
        self.record.note(self.clock.calendar.now(), Fact::Workload { workload: id, what });
    }

    /// A pod of a job ended as it should.
    pub(crate) fn on_pod_completed(&mut self, now: Time, pod: PodId, plan: u32) {
        let state = &self.cluster.pods[pod.idx()];
        if state.plan != plan || state.phase != Phase::Ready {
            return;
        }
        let id = state.workload;
        self.control.workloads[id.idx()].succeeded += 1;
        self.end_pod(now, pod, Phase::Completed);
        self.note_availability(id);
        self.reconcile(now, id);
    }

    /// A pod goes; its controller replaces it.
    pub(crate) fn remove_pod(&mut self, now: Time, pod: PodId) {
        let id = self.cluster.pods[pod.idx()].workload;
        if !self.remove_pod_unreplaced(now, pod) {
            return;
        }
        let node = self.cluster.pods[pod.idx()].node;
        let is_daemon_set =
            matches!(self.control.workloads[id.idx()].kind, WorkloadKind::DaemonSet { .. });
        if is_daemon_set && self.keeps_daemons(node) {
            self.create_daemon(now, id, node);
        }
        self.note_availability(id);
        self.reconcile(now, id);
    }

    /// A pod goes, by the will of its controller; true where it was there. The caller notes the
    /// availability, once a replacement is asked for: a daemon that is being replaced is wanted all
    /// the while.
    fn remove_pod_unreplaced(&mut self, now: Time, pod: PodId) -> bool {
        let state = &self.cluster.pods[pod.idx()];
        if !state.lives() {
            return false;
        }
        let (id, node) = (state.workload, state.node);
        if self.control.workloads[id.idx()].daemons.get(&node) == Some(&Some(pod)) {
            self.control.workloads[id.idx()].daemons.remove(&node);
        }
        self.end_pod(now, pod, Phase::Gone);
        true
    }

    fn end_pod(&mut self, now: Time, pod: PodId, end: Phase) {
        let before = self.cluster.pods[pod.idx()].phase;
        let bound = before != Phase::Unbound;
        if before == Phase::Ready {
            let state = &self.cluster.pods[pod.idx()];
            let workload = &mut self.control.workloads[state.workload.idx()];
            workload.ready -= 1;
            workload.sets[state.revision as usize].ready -= 1;
            self.note_version(now, pod, false);
        }
        let state = &mut self.cluster.pods[pod.idx()];
        self.record.note(now, Fact::PodEnded { pod: state.told(pod), node: state.node, end });
        state.phase = end;
        state.plan += 1;
        state.polls = None;
        self.pod_rank_changed(pod, before);
        if bound {
            self.take_pod_off(now, pod);
        }
    }

    /// The controller looks at its workload and does what is due.
    pub(crate) fn reconcile(&mut self, now: Time, id: WorkloadId) {
        let workload = &self.control.workloads[id.idx()];
        if !workload.started {
            return;
        }
        match workload.kind {
            WorkloadKind::Deployment { .. } => self.reconcile_deployment(now, id),
            WorkloadKind::DaemonSet { max_unavailable } => {
                self.reconcile_daemon_set(now, id, max_unavailable);
            }
            WorkloadKind::Job { completions, parallelism, .. } => {
                let active = parallelism.min(completions - workload.succeeded);
                self.control.workloads[id.idx()].sets[0].wanted = active;
                self.fill_job(now, id);
            }
        }
    }

    fn fill_job(&mut self, now: Time, id: WorkloadId) {
        let set = &mut self.control.workloads[id.idx()].sets[0];
        while set.size() + set.creating < set.wanted {
            set.creating += 1;
            let at = self.control.controller_pace[CONTROLLER_JOB].next(now);
            self.clock.calendar.schedule(at, Event::PodCreated { workload: id, revision: 0 });
        }
        if set.wanted == 0 {
            self.complete_rollout(now, id);
        }
    }

    fn begin_rollout(&mut self, now: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        workload.rollout = Some(Rollout { began: now, last_progress: now, complete: false });
        if let WorkloadKind::Deployment { progress_deadline, .. } = workload.kind {
            let event = Event::ProgressDeadline { workload: id };
            self.clock.calendar.schedule(now + progress_deadline, event);
        }
        let revision = self.control.workloads[id.idx()].revision();
        let what = WorkloadTold::RolloutBegan { revision: revision as u32 };
        self.record.note(now, Fact::Workload { workload: id, what });
    }

    fn complete_rollout(&mut self, now: Time, id: WorkloadId) {
        if let Some(rollout) = &mut self.control.workloads[id.idx()].rollout
            && !rollout.complete
        {
            rollout.complete = true;
            let took = now.since(rollout.began);
            self.control.workloads[id.idx()].guard = None;
            let what = WorkloadTold::RolloutCompleted { took };
            self.record.note(now, Fact::Workload { workload: id, what });
        }
    }

    /// Looks whether a rollout made progress within its deadline; nothing is rolled back.
    pub(crate) fn on_progress_deadline(&mut self, now: Time, id: WorkloadId) {
        let workload = &self.control.workloads[id.idx()];
        let (Some(rollout), WorkloadKind::Deployment { progress_deadline, .. }) =
            (workload.rollout, workload.kind)
        else {
            return;
        };
        if rollout.complete {
            return;
        }
        // Neither a pause nor a canary counts.
        let is_held = workload.stands_still(now) || workload.canary.is_some();
        let held_until = if is_held { now } else { workload.paused_until };
        let since = rollout.last_progress.max(held_until);
        let due = since + progress_deadline;
        if due <= now {
            let what = WorkloadTold::RolloutStalled;
            self.record.note(now, Fact::Workload { workload: id, what });
        } else {
            self.clock.calendar.schedule(due, Event::ProgressDeadline { workload: id });
        }
    }

    /// Pods of a workload that exist, in order of their ordinals.
    pub(crate) fn pods_of(&self, id: WorkloadId) -> Vec<PodId> {
        let sets = &self.control.workloads[id.idx()].sets;
        let mut pods: Vec<PodId> =
            sets.iter().flat_map(|set| set.pods.iter().map(|&(_, _, pod)| pod)).collect();
        pods.sort_unstable();
        pods
    }
}

/// Which pacer a controller waits at.
const CONTROLLER_REPLICA_SET: usize = 0;
const CONTROLLER_DAEMON_SET: usize = 1;
const CONTROLLER_JOB: usize = 2;
