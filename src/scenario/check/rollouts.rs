//! Rollouts, canaries, the ways back, and what else changes a workload's pods.

use super::images::pullable;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::resolve::images::{of_workload, rolled_to};
use crate::scenario::resolve::rolls;
use crate::scenario::tables::timeline::{self, ActionName};
use crate::scenario::tables::workload::Controller;
use crate::scenario::tables::{self, workload};
use crate::scenario::typed::Values;
use crate::scenario::walk::shorten;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    for roll in rolls(root) {
        replaced(root, roll.name, roll.action, roll.values, problems);
    }
    for (name, event) in root.blocks(tables::TIMELINE) {
        for (key, action) in [
            (timeline::ROLLOUT, ActionName::Rollout),
            (timeline::CANARY, ActionName::Canary),
            (timeline::SCALE_WORKLOAD, ActionName::ScaleWorkload),
            (timeline::PAUSE_ROLLOUT, ActionName::PauseRollout),
            (timeline::ROLLBACK, ActionName::Rollback),
        ] {
            if let Some(values) = event.opt(key) {
                fits(root, &format!("timeline.{name}"), action, values, problems);
            }
        }
        if let Some(rollback) = event.opt(timeline::ROLLBACK) {
            undo(root, name, event, rollback, problems);
        }
    }
}

/// Why pods of this controller know no such action.
fn why_not(action: ActionName, kind: Controller) -> Option<&'static str> {
    use ActionName as Name;
    use Controller::{DaemonSet, Deployment, Job};
    match (action, kind) {
        (Name::Rollout | Name::PauseRollout, Job) => {
            Some("deployments and daemonsets roll out; a job does not")
        }
        (Name::Canary, Job | DaemonSet) => Some("only deployments have canaries"),
        (Name::ScaleWorkload, Job | DaemonSet) => {
            Some("only deployments have replicas; scale a daemonset's pool with scale_nodes")
        }
        (Name::Rollback, Job) => Some("deployments and daemonsets have revisions; a job does not"),
        (
            Name::Rollout
            | Name::Canary
            | Name::ScaleWorkload
            | Name::PauseRollout
            | Name::Rollback,
            Deployment | DaemonSet,
        )
        | (
            Name::ScaleNodes
            | Name::ReplaceNodes
            | Name::SpotInterruptions
            | Name::RestartNodes
            | Name::RestartKubelets
            | Name::DeletePods
            | Name::PruneImages
            | Name::Outage
            | Name::ReconfigureNodes
            | Name::RestartMirror
            | Name::Prepull
            | Name::MoveTag
            | Name::Set,
            Deployment | DaemonSet | Job,
        ) => None,
    }
}

/// Reports an action on a workload whose controller does not know it.
fn fits(
    root: &Values,
    path: &str,
    action: ActionName,
    values: &Values,
    problems: &mut Problems<'_>,
) {
    let workload = root.follow(values, timeline::WORKLOAD);
    let Some(kind) = workload.and_then(|it| it.opt(workload::KIND)) else { return };
    if let Some(help) = why_not(action, kind) {
        let (action, kind) = (action.text(), kind.text());
        let workload = values.get(timeline::WORKLOAD);
        let message = format!("`{path}.{action}` is for {kind} `{workload}`");
        problems.error(Code::NotHere, values.origin(timeline::WORKLOAD), message).help(help);
    }
}

fn replaced(
    root: &Values,
    name: &str,
    action: ActionName,
    rollout: &Values,
    problems: &mut Problems<'_>,
) {
    let Some(workload) = rollout.opt(timeline::WORKLOAD) else { return };
    let Some(values) = root.block(tables::WORKLOAD, workload) else { return };
    for (old, image, origin) in rollout.pairs(timeline::REPLACE) {
        pullable(root, image, origin, problems);
        let mut known = of_workload(values).chain(rolled_to(root, workload));
        if known.any(|it| it == old) {
            continue;
        }
        let mut images: Vec<&str> = of_workload(values).collect();
        images.sort_unstable();
        images.dedup();
        problems
            .error(
                Code::NotInWorkload,
                rollout.origin(timeline::REPLACE),
                format!(
                    "`timeline.{name}.{}` replaces image `{old}`, which workload \
                     `{workload}` lacks",
                    action.text()
                ),
            )
            .did_you_mean(old, images.iter().copied())
            .help(format!("its images: {}", shorten(&images)));
    }
}

/// Without a rollout before it there is one revision, and kubectl refuses.
fn undo(root: &Values, name: &str, event: &Values, rollback: &Values, problems: &mut Problems<'_>) {
    let Some(workload) = rollback.opt(timeline::WORKLOAD) else { return };
    let Some(values) = root.block(tables::WORKLOAD, workload) else { return };
    if values.opt(workload::KIND) == Some(Controller::Job) {
        return;
    }
    let start = values.opt(workload::START).map(|it| it.get(workload::START_AT));
    let start = start.unwrap_or_default();
    let until = (event.get(timeline::AT), name);
    let makes_a_revision = rolls(root).any(|roll| {
        let at = roll.event.get(timeline::AT);
        roll.values.opt(timeline::WORKLOAD) == Some(workload)
            && start <= at
            && (at, roll.name) < until
    });
    if !makes_a_revision {
        problems
            .error(
                Code::NotHere,
                rollback.origin(timeline::WORKLOAD),
                format!("`timeline.{name}.rollback` finds one revision of workload `{workload}`"),
            )
            .help("there is nothing to undo: add a rollout or a canary of it at an earlier time");
    }
}
