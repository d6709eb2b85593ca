//! Canaries: a few pods of a new revision first, and the automation that tries a held one again.
//!
//! Modelled after Argo Rollouts (`spec.strategy.canary`: `setWeight` and a timed `pause` without a
//! traffic router; an abort, as `progressDeadlineAbort` makes one, takes the canary's ReplicaSet to
//! 0 and the stable one back to all replicas) and Flagger (`progressDeadlineSeconds`, then a
//! rollback), read 2026-11. A retry is what a controller does that applies the same change again:
//! the same revision, new pods, and so ladders that begin at their first window.
//!
//! - A canary takes its share of the replicas and as many old pods go, at once.
//! - All of its pods have to be ready by the deadline; then they have to stay so while it bakes. A
//!   pod that is lost meanwhile gives them another deadline, and the baking begins anew.
//! - Once it has baked, the rollout goes on as an ordinary rolling update.
//! - Past the deadline it is undone: its pods go, the old ones are made again. A retry follows,
//!   where nobody has paused the rollout.

use crate::model::control::workload::Workload;
use crate::model::ids::{ImageId, WorkloadId};
use crate::model::record::fact::{Fact, WorkloadTold};
use crate::model::spec::{CanarySpec, WorkloadKind};
use crate::model::{Event, World};
use crate::units::Time;

/// A canary of a Deployment, as long as it has not been promoted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Canary {
    spec: CanarySpec,
    /// Its revision; the current one is the stable one.
    revision: usize,
    attempts: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not all of its pods are ready.
    Waiting,
    /// All of them are.
    Baking,
    /// It failed and its pods are gone.
    Undone,
}

impl Workload {
    /// What the sets of stable revision and canary want; what an unfinished rollout left of older
    /// revisions counts among the stable pods.
    pub(super) fn split_canary(&mut self) {
        let (Some(canary), WorkloadKind::Deployment { replicas, .. }) = (self.canary, self.kind)
        else {
            return;
        };
        let of_canary = match canary.state {
            State::Undone => 0,
            State::Waiting | State::Baking => canary.spec.share.of_at_least_one(replicas.into()),
        };
        let of_canary = (of_canary as u32).min(replicas);
        self.sets[canary.revision].wanted = of_canary;
        let older = self.old_sets().map(|it| it.wanted).sum::<u32>() - of_canary;
        self.sets[self.current].wanted = (replicas - of_canary).saturating_sub(older);
    }

    fn canary_is_ready(&self, canary: Canary) -> bool {
        let set = &self.sets[canary.revision];
        set.wanted <= set.ready
    }
}

impl World<'_> {
    /// A canary of a new template begins.
    pub(crate) fn start_canary(
        &mut self,
        now: Time,
        id: WorkloadId,
        replace: &[(ImageId, ImageId)],
        spec: CanarySpec,
    ) {
        let before = self.control.workloads[id.idx()].canary.map(|it| it.revision);
        self.control.workloads[id.idx()].drop_canary();
        let revision = self.revision_with(id, replace);
        let workload = &mut self.control.workloads[id.idx()];
        if let Some(before) = before.filter(|it| Some(*it) != revision) {
            workload.sets[before].wanted = 0;
        }
        let Some(revision) = revision else {
            self.reconcile(now, id);
            return;
        };
        let state = State::Waiting;
        workload.canary = Some(Canary { spec, revision, attempts: 0, state });
        workload.guard = None;
        self.note_standstill(now, id);
        self.begin_rollout(now, id);
        self.try_canary(now, id);
    }

    fn try_canary(&mut self, now: Time, id: WorkloadId) {
        let Some(canary) = &mut self.control.workloads[id.idx()].canary else { return };
        canary.attempts += 1;
        canary.state = State::Waiting;
        let deadline = canary.spec.deadline;
        let what = WorkloadTold::CanaryBegan;
        self.record.note(now, Fact::Workload { workload: id, what });
        self.check_canary_at(now + deadline, id);
        self.reconcile(now, id);
    }

    fn check_canary_at(&mut self, at: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        workload.canary_turn += 1;
        let turn = workload.canary_turn;
        self.clock.calendar.schedule(at, Event::CanaryChecked { workload: id, turn });
    }

    /// Pods of a canary got ready or were lost.
    pub(super) fn watch_canary(&mut self, now: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        let Some(canary) = workload.canary else { return };
        let (state, due) = match (canary.state, workload.canary_is_ready(canary)) {
            (State::Waiting, true) => (State::Baking, now + canary.spec.bake),
            (State::Baking, false) => (State::Waiting, now + canary.spec.deadline),
            _ => return,
        };
        workload.canary = Some(Canary { state, ..canary });
        self.check_canary_at(due, id);
    }

    /// A canary has baked, its deadline is over, or it is tried again.
    pub(crate) fn on_canary_checked(&mut self, now: Time, id: WorkloadId, turn: u32) {
        let workload = &mut self.control.workloads[id.idx()];
        if workload.canary_turn != turn {
            return;
        }
        let Some(canary) = workload.canary else { return };
        match canary.state {
            State::Waiting => {
                workload.canary = Some(Canary { state: State::Undone, ..canary });
                let what = WorkloadTold::CanaryFailed;
                self.record.note(now, Fact::Workload { workload: id, what });
                let retries = canary.attempts - 1;
                let goes_on = canary.spec.max_retries.is_none_or(|most| retries < most);
                if let Some(every) = canary.spec.retry_every.filter(|_| goes_on) {
                    self.check_canary_at(now + every, id);
                }
                self.reconcile(now, id);
            }
            State::Baking => {
                workload.take_up(canary.revision);
                workload.canary = None;
                if let Some(rollout) = &mut workload.rollout {
                    rollout.last_progress = now;
                }
                self.reconcile(now, id);
            }
            // A pause holds the automation too.
            State::Undone if workload.stands_still(now) => {
                let until = workload.paused_until;
                self.check_canary_at(until, id);
            }
            State::Undone => self.try_canary(now, id),
        }
    }
}

impl Workload {
    /// Gives a canary up; true where there was one. Its pods are those of an old revision then.
    pub(super) fn drop_canary(&mut self) -> bool {
        self.canary_turn += 1;
        self.canary.take().is_some()
    }
}
