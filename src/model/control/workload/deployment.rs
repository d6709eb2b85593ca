//! Deployments: rolling updates and scaling of their ReplicaSets.

use crate::model::World;
use crate::model::control::workload::{ReplicaSet, Workload};
use crate::model::ids::WorkloadId;
use crate::model::record::fact::{Fact, WorkloadTold};
use crate::model::spec::{Count, WorkloadKind};
use crate::units::{Share, Time};

impl World<'_> {
    pub(super) fn reconcile_deployment(&mut self, now: Time, id: WorkloadId) {
        let workload = &mut self.control.workloads[id.idx()];
        let has_canary = workload.canary.is_some();
        if has_canary {
            workload.split_canary();
        } else if !workload.stands_still(now) {
            workload.roll();
        }
        for revision in 0..self.control.workloads[id.idx()].sets.len() {
            self.fill_set(now, id, revision);
        }
        if has_canary {
            self.watch_canary(now, id);
            return;
        }
        let workload = &self.control.workloads[id.idx()];
        let old: u32 = workload.old_sets().map(ReplicaSet::size).sum();
        if old == 0 && self.desired_pods(id) <= workload.sets[workload.current].ready {
            self.complete_rollout(now, id);
        }
    }

    /// A new number of replicas.
    pub(crate) fn scale_workload(&mut self, now: Time, id: WorkloadId, to: u32) {
        let workload = &mut self.control.workloads[id.idx()];
        let WorkloadKind::Deployment { replicas, max_surge, max_unavailable, .. } =
            &mut workload.kind
        else {
            return;
        };
        // None wanted, none allowed: the surge is above some replicas.
        let allow = |n: u32| {
            if n == 0 { 0 } else { n + fenceposts(n, *max_surge, *max_unavailable).0 }
        };
        let (allowed_before, allowed) = (allow(*replicas), allow(to));
        if *replicas < to {
            let what = WorkloadTold::ScaledUp;
            self.record.note(now, Fact::Workload { workload: id, what });
        }
        *replicas = to;
        if !workload.started {
            return;
        }
        let mut active = workload.sets.iter_mut().filter(|it| 0 < it.wanted);
        match (active.next(), active.next()) {
            (Some(_), Some(_)) => workload.scale_in_proportion(allowed_before, allowed),
            (Some(only), None) => only.wanted = to,
            (None, _) => workload.sets[workload.current].wanted = to,
        }
        self.reconcile(now, id);
        self.note_availability(id);
    }
}

impl Workload {
    /// One step of a rolling update: the new set grows into the surge, old sets shrink as far as
    /// availability allows, pods that are not ready first.
    fn roll(&mut self) {
        let WorkloadKind::Deployment { replicas, max_surge, max_unavailable, .. } = self.kind
        else {
            return;
        };
        if self.sets.len() == 1 {
            return;
        }
        let (surge, unavailable) = fenceposts(replicas, max_surge, max_unavailable);
        self.grow_current(replicas, surge);
        let current = &self.sets[self.current];
        let new_unready = current.wanted.saturating_sub(current.ready);
        let least = replicas - unavailable;
        let may_go = self.wanted().saturating_sub(least + new_unready);
        if may_go == 0 {
            return;
        }
        let mut cleanup = may_go;
        for set in self.old_sets_mut() {
            let gone = set.wanted.saturating_sub(set.ready).min(cleanup);
            set.wanted -= gone;
            cleanup -= gone;
        }
        let mut spare = self.ready.saturating_sub(least);
        for set in self.old_sets_mut() {
            let gone = set.ready.min(set.wanted).min(spare);
            set.wanted -= gone;
            spare -= gone;
        }
        // What has shrunk makes room for the new set at once: the controller reconciles until
        // nothing changes.
        self.grow_current(replicas, surge);
    }

    fn wanted(&self) -> u32 {
        self.sets.iter().map(|it| it.wanted).sum()
    }

    /// The current set grows until all sets together fill replicas and surge; it never passes the
    /// replicas, and one that has more already shrinks.
    fn grow_current(&mut self, replicas: u32, surge: u32) {
        let room = (replicas + surge).saturating_sub(self.wanted());
        let current = &mut self.sets[self.current];
        current.wanted = (current.wanted + room).min(replicas);
    }

    /// Scaling while sets of several revisions run: each takes its part of the change, by its size;
    /// what rounding leaves goes to the largest.
    ///
    /// Source: kubernetes `pkg/controller/deployment/sync.go` (`scale`) and
    /// `util/deployment_util.go` (`FindActiveOrLatest`, `GetReplicaSetProportion`), read 2026-11.
    fn scale_in_proportion(&mut self, allowed_before: u32, allowed: u32) {
        let total = self.wanted();
        let change = i64::from(allowed) - i64::from(total);
        let mut by_size: Vec<usize> = (0..self.sets.len()).collect();
        // Of equal sizes, the newer first to grow and the older first to shrink.
        let age = |it: usize| if change < 0 { it } else { usize::MAX - it };
        by_size.sort_by_key(|&it| (std::cmp::Reverse(self.sets[it].wanted), age(it)));
        let mut left = change;
        for &it in &by_size {
            let size = i64::from(self.sets[it].wanted);
            let goal = (2 * size * i64::from(allowed) + i64::from(allowed_before))
                / (2 * i64::from(allowed_before));
            let part = if change < 0 { (goal - size).max(left) } else { (goal - size).min(left) };
            self.sets[it].wanted = (size + part).max(0) as u32;
            left -= part;
        }
        if let Some(&largest) = by_size.first() {
            let size = i64::from(self.sets[largest].wanted) + left;
            self.sets[largest].wanted = size.max(0) as u32;
        }
    }
}

/// Surge rounds up, unavailable rounds down; where both are 0, one may be unavailable
/// (`ResolveFenceposts`).
fn fenceposts(replicas: u32, max_surge: Count, max_unavailable: Count) -> (u32, u32) {
    let resolve = |count: Count, round: fn(Share, u64) -> u64| match count {
        Count::Number(n) => n,
        Count::Share(share) => round(share, u64::from(replicas)) as u32,
    };
    let surge = resolve(max_surge, Share::of_ceil);
    let unavailable = resolve(max_unavailable, Share::of_floor);
    if surge == 0 && unavailable == 0 {
        (0, 1.min(replicas))
    } else {
        (surge, unavailable.min(replicas))
    }
}
