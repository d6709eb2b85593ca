//! What holds a rollout: an operator's pause, and a guard that counts pods with failed pulls.
//!
//! A guard is what an operator or a pipeline does that watches the events of the new pods (`Failed`
//! with reason `ErrImagePull`) and pauses the rollout (`kubectl rollout pause`). Pods of the new
//! revision that exist stay and go on retrying; those that their ReplicaSet has not made yet are
//! not made.

use std::collections::BTreeSet;

use crate::model::control::workload::Workload;
use crate::model::ids::{PodId, WorkloadId};
use crate::model::record::fact::{Fact, WorkloadTold};
use crate::model::spec::GuardSpec;
use crate::model::{Event, World};
use crate::units::Time;

/// The guard of a rollout.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    spec: GuardSpec,
    /// Pods of the new revision with a failed pull, since the rollout began or went on.
    failed: BTreeSet<PodId>,
    /// It holds the rollout, until then.
    held_until: Option<Time>,
}

impl Guard {
    pub(super) const fn new(spec: GuardSpec) -> Self {
        Self { spec, failed: BTreeSet::new(), held_until: None }
    }
}

impl Workload {
    /// Whether its rollout stands still.
    pub(super) fn stands_still(&self, now: Time) -> bool {
        let guard = self.guard.as_ref().and_then(|it| it.held_until);
        now < self.paused_until || guard.is_some_and(|until| now < until)
    }
}

impl World<'_> {
    /// A pull of a pod failed: its rollout's guard counts the pod.
    pub(crate) fn guard_failed_pull(&mut self, now: Time, pod: PodId) {
        let state = &self.cluster.pods[pod.idx()];
        let id = state.workload;
        let workload = &mut self.control.workloads[id.idx()];
        let (is_new, current) = (state.revision as usize == workload.current, workload.current);
        let Some(guard) = workload.guard.as_mut().filter(|it| is_new && it.held_until.is_none())
        else {
            return;
        };
        guard.failed.insert(pod);
        if guard.failed.len() < guard.spec.pause_on_failures as usize {
            return;
        }
        let until = guard.spec.resume_after.map_or(Time::NEVER, |it| now + it);
        guard.held_until = Some(until);
        let set = &mut workload.sets[current];
        set.wanted = set.wanted.min(set.size());
        if until != Time::NEVER {
            self.clock.calendar.schedule(until, Event::PauseEnded { workload: id });
        }
        self.note_standstill(now, id);
    }

    /// A pause of a rollout is over, or its guard lets it go on and counts anew.
    pub(crate) fn on_pause_ended(&mut self, now: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        if let Some(guard) = &mut workload.guard
            && guard.held_until.is_some_and(|until| until <= now)
        {
            guard.held_until = None;
            guard.failed.clear();
            if let Some(rollout) = &mut workload.rollout {
                rollout.last_progress = now;
            }
        }
        self.note_standstill(now, id);
        self.reconcile(now, id);
    }

    /// A rollout stands still from now on, or no longer.
    pub(crate) fn note_standstill(&mut self, now: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        if workload.stands_still(now) {
            workload.standing_since.get_or_insert(now);
        } else if let Some(since) = workload.standing_since.take() {
            let what = WorkloadTold::RolloutStood { span: now.since(since) };
            self.record.note(now, Fact::Workload { workload: id, what });
        }
    }

    /// The run is over: what stands still has done so until now.
    pub(crate) fn close_standstills(&mut self) {
        for number in 0..self.control.workloads.len() {
            if let Some(since) = self.control.workloads[number].standing_since.take() {
                let end = self.clock.end;
                let what = WorkloadTold::RolloutStood { span: end.saturating_since(since) };
                let workload = WorkloadId::from(number);
                self.record.note(end, Fact::Workload { workload, what });
            }
        }
    }
}
