//! What happens during a run: the timeline and the faults.

use super::Ids;
use crate::model::ids::{FaultId, ImageId, PoolId, WorkloadId};
use crate::model::spec::{
    Action, Answer, CanarySpec, Change, Count, FaultSpec, GuardSpec, RequestKinds, TimelineSpec,
};
use crate::scenario::resolve::{actions, day_window};
use crate::scenario::settings::{Changed, Setting};
use crate::scenario::tables::timeline::{self, ActionName};
use crate::scenario::tables::{self, fault, registry};
use crate::scenario::typed::{Or, Values};
use crate::units::{Share, Span};

/// The timeline, by name; an outage is a fault and not here.
pub(super) fn timeline(ids: &Ids<'_>, settings: &[Setting]) -> Vec<TimelineSpec> {
    let mut timeline = Vec::new();
    for (name, values) in ids.root.blocks(tables::TIMELINE) {
        let at = values.the(timeline::AT);
        let mut add = |action| {
            timeline.push(TimelineSpec { name: name.to_owned(), at, action });
        };
        if let Some(action) = action(ids, name, values) {
            add(action);
        }
        for setting in settings.iter().filter(|setting| setting.block == name) {
            add(Action::Set(change(ids, &setting.changed)));
        }
    }
    let position = |block: &str| timeline.iter().position(|event| event.name == block);
    let target = |setting: &Setting| match &setting.changed {
        Changed::ReplaceBatch { timeline, .. } => position(timeline),
        Changed::LimitAllow { .. }
        | Changed::EgressAddresses { .. }
        | Changed::WorkloadAccount { .. }
        | Changed::PoolAccount { .. }
        | Changed::MaxSurge { .. }
        | Changed::MaxUnavailable { .. }
        | Changed::Kubelet { .. }
        | Changed::Preloaded { .. } => None,
    };
    let targets: Vec<usize> = settings.iter().filter_map(target).collect();
    let mut targets = targets.into_iter();
    for event in &mut timeline {
        if let Action::Set(Change::ReplaceBatch { timeline, .. }) = &mut event.action {
            *timeline = targets.next().expect("settings are in the order of their blocks");
        }
    }
    timeline
}

/// What a block does; `None` where that is a fault, or changes of parameters.
fn action(ids: &Ids<'_>, name: &str, event: &Values) -> Option<Action> {
    use ActionName as Name;
    Some(match actions(event).next()? {
        Name::Rollout => rollout(ids, event.the(timeline::ROLLOUT)),
        Name::Canary => canary(ids, event.the(timeline::CANARY)),
        Name::ScaleWorkload => {
            let scale = event.the(timeline::SCALE_WORKLOAD);
            Action::ScaleWorkload {
                workload: workload(ids, scale),
                replicas: scale.the(timeline::REPLICAS),
            }
        }
        Name::ScaleNodes => {
            let scale = event.the(timeline::SCALE_NODES);
            Action::ScaleNodes { pool: pool(ids, scale), nodes: scale.the(timeline::NODES) }
        }
        Name::ReplaceNodes => {
            let replace = event.the(timeline::REPLACE_NODES);
            Action::ReplaceNodes {
                pool: pool(ids, replace),
                batch: replace.the(timeline::BATCH),
                every: replace.the(timeline::EVERY),
            }
        }
        Name::ReconfigureNodes => reconfigure(ids, event.the(timeline::RECONFIGURE_NODES)),
        Name::RestartMirror => {
            let restart = event.the(timeline::RESTART_MIRROR);
            Action::RestartMirror {
                mirror: ids.mirror(restart.the(timeline::MIRROR)),
                fault: fault_id(ids, name),
                keeps_storage: restart.the(timeline::KEEP_STORAGE),
            }
        }
        Name::SpotInterruptions => {
            let spot = event.the(timeline::SPOT_INTERRUPTIONS);
            Action::SpotInterruptions {
                pool: pool(ids, spot),
                mean_lifetime: spot.the(timeline::MEAN_LIFETIME),
                notice: spot.the(timeline::NOTICE),
            }
        }
        Name::RestartNodes => {
            let some = event.the(timeline::RESTART_NODES);
            let (which, share) = (some.the(timeline::WHICH), some.the(timeline::SHARE));
            Action::RestartNodes { pool: pool(ids, some), which, share }
        }
        Name::RestartKubelets => {
            let some = event.the(timeline::RESTART_KUBELETS);
            let (which, share) = (some.the(timeline::WHICH), some.the(timeline::SHARE));
            Action::RestartKubelets { pool: pool(ids, some), which, share }
        }
        Name::DeletePods => {
            let some = event.the(timeline::DELETE_PODS);
            let (which, share) = (some.the(timeline::WHICH), some.the(timeline::SHARE));
            Action::DeletePods { workload: workload(ids, some), which, share }
        }
        Name::PruneImages => prune(ids, event.the(timeline::PRUNE_IMAGES)),
        Name::PauseRollout => {
            let pause = event.the(timeline::PAUSE_ROLLOUT);
            Action::PauseRollout {
                workload: workload(ids, pause),
                length: pause.the(timeline::PAUSE_FOR),
            }
        }
        Name::Prepull => prepull(ids, name, event.the(timeline::PREPULL)),
        Name::MoveTag => move_tag(ids, event.the(timeline::MOVE_TAG)),
        Name::Rollback => {
            Action::Rollback { workload: workload(ids, event.the(timeline::ROLLBACK)) }
        }
        Name::Outage | Name::Set => return None,
    })
}

fn workload(ids: &Ids<'_>, action: &Values) -> WorkloadId {
    ids.workload(action.the(timeline::WORKLOAD))
}

fn pool(ids: &Ids<'_>, action: &Values) -> PoolId {
    ids.pool(action.the(timeline::POOL))
}

fn rollout(ids: &Ids<'_>, rollout: &Values) -> Action {
    let resume_after = rollout.opt(timeline::RESUME_AFTER);
    let guard = |pause_on_failures| GuardSpec { pause_on_failures, resume_after };
    Action::Rollout {
        workload: workload(ids, rollout),
        replace: replace(ids, rollout),
        guard: rollout.opt(timeline::PAUSE_ON_FAILURES).map(guard),
    }
}

fn canary(ids: &Ids<'_>, canary: &Values) -> Action {
    Action::Canary {
        workload: workload(ids, canary),
        replace: replace(ids, canary),
        canary: CanarySpec {
            share: canary.the(timeline::CANARY_SHARE),
            bake: canary.the(timeline::BAKE),
            deadline: canary.the(timeline::DEADLINE),
            retry_every: canary.opt(timeline::RETRY_EVERY),
            max_retries: canary.opt(timeline::MAX_RETRIES),
        },
    }
}

fn reconfigure(ids: &Ids<'_>, change: &Values) -> Action {
    Action::ReconfigureNodes {
        mirror: ids.mirror(change.the(timeline::MIRROR)),
        pool: pool(ids, change),
        batch: change.the(timeline::BATCH),
        every: change.the(timeline::EVERY),
    }
}

fn prune(ids: &Ids<'_>, prune: &Values) -> Action {
    Action::PruneImages {
        pool: pool(ids, prune),
        every: prune.opt(timeline::PRUNE_EVERY),
        keep: ids.images_on_nodes(prune.the(timeline::KEEP)),
        only_above: prune.opt(timeline::ONLY_ABOVE),
        between: prune.opt(timeline::BETWEEN).map(day_window),
    }
}

fn prepull(ids: &Ids<'_>, name: &str, prepull: &Values) -> Action {
    Action::Prepull {
        workload: ids.puller(name),
        batch: prepull.opt(timeline::PREPULL_BATCH).unwrap_or(Count::Share(Share::ALL)),
        every: prepull.the(timeline::PREPULL_EVERY),
    }
}

fn move_tag(ids: &Ids<'_>, moved: &Values) -> Action {
    let image = |key| ids.image(moved.the(key));
    Action::MoveTag { image: image(timeline::IMAGE), to: image(timeline::TO) }
}

fn replace(ids: &Ids<'_>, values: &Values) -> Vec<(ImageId, ImageId)> {
    let pairs = values.pairs(timeline::REPLACE);
    pairs.map(|(old, new, _)| (ids.image(old), ids.image(new))).collect()
}

fn change(ids: &Ids<'_>, changed: &Changed) -> Change {
    match changed {
        Changed::LimitAllow { registry, limit, allow } => {
            let of = ids.root.block(tables::REGISTRY, registry);
            let mut limits = of.into_iter().flat_map(|it| it.blocks(registry::LIMIT));
            let at = limits.position(|(name, _)| name == limit);
            Change::LimitAllow {
                registry: ids.registry(registry),
                limit: at.expect("the check resolved the limit"),
                allow: *allow,
            }
        }
        Changed::EgressAddresses { egress, addresses } => {
            Change::EgressAddresses { egress: ids.egress(egress), addresses: *addresses }
        }
        Changed::WorkloadAccount { workload, accounts } => Change::WorkloadAccount {
            workload: ids.workload(workload),
            accounts: ids.accounts(accounts),
        },
        Changed::PoolAccount { pool, accounts } => {
            Change::PoolAccount { pool: ids.pool(pool), accounts: ids.accounts(accounts) }
        }
        Changed::MaxSurge { workload, max_surge } => {
            Change::MaxSurge { workload: ids.workload(workload), max_surge: *max_surge }
        }
        Changed::MaxUnavailable { workload, max_unavailable } => Change::MaxUnavailable {
            workload: ids.workload(workload),
            max_unavailable: *max_unavailable,
        },
        Changed::Kubelet { pool, kubelet } => {
            Change::Kubelet { pool: ids.pool(pool), kubelet: *kubelet }
        }
        Changed::Preloaded { pool, images } => Change::Preloaded {
            pool: ids.pool(pool),
            images: images.iter().map(|name| ids.image(name)).collect(),
        },
        // The position is filled in when the whole timeline is there.
        Changed::ReplaceBatch { batch, .. } => Change::ReplaceBatch { timeline: 0, batch: *batch },
    }
}

/// Faults and outages, by name.
pub(super) fn faults(ids: &Ids<'_>) -> Vec<FaultSpec> {
    let events = || ids.root.blocks(tables::TIMELINE);
    let faults = ids.root.blocks(tables::FAULT).map(|(name, values)| fault(ids, name, values));
    let outages = events().filter_map(|(name, event)| {
        let outage = event.opt(timeline::OUTAGE)?;
        let from = event.the(timeline::AT);
        Some(FaultSpec {
            from,
            until: Some(from + outage.the(timeline::OUTAGE_FOR)),
            at_edge: true,
            ..struck(ids, name, outage)
        })
    });
    let restarts = events().filter_map(|(name, event)| {
        let restart = event.opt(timeline::RESTART_MIRROR)?;
        let from = event.the(timeline::AT);
        Some(FaultSpec {
            name: name.to_owned(),
            registry: ids.mirror(restart.the(timeline::MIRROR)),
            requests: RequestKinds::ALL,
            layers: Vec::new(),
            from,
            until: Some(from + restart.the(timeline::DOWN)),
            share: Share::ALL,
            first: None,
            at_edge: true,
            answer: Answer::Refuse,
        })
    });
    let mut all: Vec<FaultSpec> = faults.chain(outages).chain(restarts).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The fault of this name.
fn fault_id(ids: &Ids<'_>, name: &str) -> FaultId {
    let at = faults(ids).iter().position(|fault| fault.name == name);
    FaultId::from(at.expect("a restart is a fault too"))
}

fn fault(ids: &Ids<'_>, name: &str, values: &Values) -> FaultSpec {
    let fault = struck(ids, name, values);
    FaultSpec {
        layers: values.the(fault::LAYERS),
        from: values.the(fault::FROM),
        until: values.opt(fault::UNTIL),
        first: values.opt(fault::FIRST),
        at_edge: values.opt(fault::AT_EDGE).unwrap_or(fault.at_edge),
        ..fault
    }
}

/// What faults and outages have in common; the rest as of a fault that says nothing of it.
fn struck(ids: &Ids<'_>, name: &str, values: &Values) -> FaultSpec {
    let answer = match values.the(fault::ANSWER) {
        Or::Plain(answer) => answer,
        Or::Table(table) => Answer::Status {
            status: table.the(fault::STATUS),
            retry_after: table.opt(fault::RETRY_AFTER),
        },
    };
    let requests = values.opt(fault::REQUESTS);
    FaultSpec {
        name: name.to_owned(),
        registry: ids.server(values),
        requests: requests.map_or(RequestKinds::ALL, |kinds| {
            kinds.into_iter().fold(RequestKinds::default(), RequestKinds::with)
        }),
        layers: Vec::new(),
        from: Span::ZERO,
        until: None,
        share: values.the(fault::SHARE),
        first: None,
        at_edge: !matches!(answer, Answer::Status { .. }),
        answer,
    }
}
