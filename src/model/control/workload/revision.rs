//! Revisions of a workload: new templates, and the way back to an earlier one.

use crate::model::World;
use crate::model::control::workload::guard::Guard;
use crate::model::control::workload::{ReplicaSet, Workload};
use crate::model::ids::{ImageId, WorkloadId};
use crate::model::spec::{GuardSpec, WorkloadKind};
use crate::units::Time;

impl World<'_> {
    /// A new template: from now on the controller rolls towards it. A template that an earlier
    /// revision had is that revision again, with the pods it still has; one that changes nothing
    /// does nothing. Without images to replace it is a restart, which is a template of its own.
    pub(crate) fn roll_out(
        &mut self,
        now: Time,
        id: WorkloadId,
        replace: &[(ImageId, ImageId)],
        guard: Option<GuardSpec>,
    ) {
        let had_canary = self.control.workloads[id.idx()].drop_canary();
        let workload = &self.control.workloads[id.idx()];
        // Towards what is stable already, all that can be rolled back is a canary.
        let stable = had_canary.then_some(workload.current);
        let Some(revision) = self.revision_with(id, replace).or(stable) else { return };
        self.roll_to(now, id, revision, guard);
    }

    fn roll_to(&mut self, now: Time, id: WorkloadId, revision: usize, guard: Option<GuardSpec>) {
        let workload = &mut self.control.workloads[id.idx()];
        workload.take_up(revision);
        workload.guard = guard.map(Guard::new);
        self.note_standstill(now, id);
        self.begin_rollout(now, id);
        self.reconcile(now, id);
    }

    /// The revision of the current template with images replaced; `None` where there is nothing to
    /// roll.
    pub(super) fn revision_with(
        &mut self,
        id: WorkloadId,
        replace: &[(ImageId, ImageId)],
    ) -> Option<usize> {
        let workload = &mut self.control.workloads[id.idx()];
        let current = workload.revision();
        let mut template = workload.templates[current].clone();
        for container in template.init_containers.iter_mut().chain(&mut template.containers) {
            if let Some(&(_, new)) = replace.iter().find(|&&(old, _)| old == container.image) {
                container.image = new;
            }
        }
        if !workload.started || matches!(workload.kind, WorkloadKind::Job { .. }) {
            // Nothing to roll: pods made from now on use the new template.
            workload.templates[current] = template;
            return None;
        }
        let known = workload.templates.iter().rposition(|it| *it == template);
        if let Some(known) = known.filter(|_| !replace.is_empty()) {
            return (known != current).then_some(known);
        }
        workload.templates.push(template);
        workload.sets.push(ReplicaSet::default());
        Some(workload.sets.len() - 1)
    }

    /// `kubectl rollout undo`: the template of the revision before the current one, which becomes
    /// the newest revision by that, so that undoing twice changes nothing. With one revision, or
    /// before the workload started, there is nothing to undo. A paused rollout is resumed, as
    /// kubectl undoes none that is paused.
    ///
    /// Source: kubectl `pkg/polymorphichelpers/rollback.go` (the second highest revision),
    /// kubernetes `pkg/controller/deployment/sync.go` (a set that comes back gets the highest
    /// number), read 2026-11.
    pub(crate) fn roll_back(&mut self, now: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        // The newest revision is that of a canary, where one is under way: undoing ends it.
        if workload.drop_canary() {
            let stable = workload.current;
            self.roll_to(now, id, stable, None);
            return;
        }
        let [.., before, _] = workload.history[..] else { return };
        workload.paused_until = workload.paused_until.min(now);
        self.roll_to(now, id, before, None);
    }
}

impl Workload {
    /// Pods are made of this revision from now on.
    pub(super) fn take_up(&mut self, revision: usize) {
        self.current = revision;
        self.history.retain(|&it| it != revision);
        self.history.push(revision);
    }

    /// The images of the containers of each revision with ready pods.
    pub(crate) fn images_of_ready_revisions(&self) -> impl Iterator<Item = Vec<ImageId>> {
        let revisions = self.sets.iter().zip(&self.templates).filter(|(set, _)| 0 < set.ready);
        revisions.map(|(_, template)| template.containers.iter().map(|it| it.image).collect())
    }
}
