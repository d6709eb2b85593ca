//! What happens during a run: the timeline and the faults.

use super::Ids;
use crate::model::ids::{FaultId, ImageId};
use crate::model::spec::{
    Action, Answer, CanarySpec, Change, Count, DayWindow, FaultSpec, GuardSpec, RequestKind,
    RequestKinds, TimelineSpec, Which,
};
use crate::scenario::settings::{Changed, Setting};
use crate::scenario::typed::{Value, Values};
use crate::units::Share;
use crate::words::Words;

/// The timeline, by name; an outage is a fault and not here.
pub(super) fn timeline(ids: &Ids<'_>, settings: &[Setting]) -> Vec<TimelineSpec> {
    let mut timeline = Vec::new();
    for (name, values) in ids.root.named("timeline") {
        let at = values.span("at");
        let mut add = |action| {
            timeline.push(TimelineSpec { name: name.to_owned(), at, action });
        };
        if let Some(action) = action(ids, name, values).or_else(|| first(ids, name, values)) {
            add(action);
        }
        for setting in settings.iter().filter(|setting| setting.block == name) {
            add(Action::Set(change(ids, &setting.changed)));
        }
    }
    let position = |block: &str| timeline.iter().position(|event| event.name == block);
    let targets: Vec<usize> = settings
        .iter()
        .filter_map(|setting| match &setting.changed {
            Changed::ReplaceBatch { timeline, .. } => position(timeline),
            _ => None,
        })
        .collect();
    let mut targets = targets.into_iter();
    for event in &mut timeline {
        if let Action::Set(Change::ReplaceBatch { timeline, .. }) = &mut event.action {
            *timeline = targets.next().expect("settings are in the order of their blocks");
        }
    }
    timeline
}

fn action(ids: &Ids<'_>, name: &str, values: &Values) -> Option<Action> {
    let table = |key| values.table(key);
    Some(if let Some(rollout) = table("rollout") {
        let resume_after = rollout.span_opt("resume_after");
        Action::Rollout {
            workload: ids.workload(rollout.text("workload")),
            replace: replace(ids, rollout),
            guard: rollout
                .count_opt("pause_on_failures")
                .map(|pause_on_failures| GuardSpec { pause_on_failures, resume_after }),
        }
    } else if let Some(canary) = table("canary") {
        Action::Canary {
            workload: ids.workload(canary.text("workload")),
            replace: replace(ids, canary),
            canary: CanarySpec {
                share: canary.share("share"),
                bake: canary.span("bake"),
                deadline: canary.span("deadline"),
                retry_every: canary.span_opt("retry_every"),
                max_retries: canary.count_opt("max_retries"),
            },
        }
    } else if let Some(scale) = table("scale_workload") {
        Action::ScaleWorkload {
            workload: ids.workload(scale.text("workload")),
            replicas: scale.count("replicas"),
        }
    } else if let Some(scale) = table("scale_nodes") {
        Action::ScaleNodes { pool: ids.pool(scale.text("pool")), nodes: scale.count("nodes") }
    } else if let Some(replace) = table("replace_nodes") {
        Action::ReplaceNodes {
            pool: ids.pool(replace.text("pool")),
            batch: replace.count_or_share("batch").unwrap_or(Count::Number(1)),
            every: replace.span("every"),
        }
    } else if let Some(change) = table("reconfigure_nodes") {
        Action::ReconfigureNodes {
            mirror: ids.mirror(change.text("mirror")),
            pool: ids.pool(change.text("pool")),
            batch: change.count_or_share("batch").unwrap_or(Count::Number(1)),
            every: change.span("every"),
        }
    } else if let Some(restart) = table("restart_mirror") {
        Action::RestartMirror {
            mirror: ids.mirror(restart.text("mirror")),
            fault: fault_id(ids, name),
            keeps_storage: restart.bool("keep_storage"),
        }
    } else if let Some(spot) = table("spot_interruptions") {
        Action::SpotInterruptions {
            pool: ids.pool(spot.text("pool")),
            mean_lifetime: spot.span("mean_lifetime"),
            notice: spot.span("notice"),
        }
    } else if let Some(restart) = table("restart_nodes") {
        let (which, share) = some_of(restart);
        Action::RestartNodes { pool: ids.pool(restart.text("pool")), which, share }
    } else if let Some(restart) = table("restart_kubelets") {
        let (which, share) = some_of(restart);
        Action::RestartKubelets { pool: ids.pool(restart.text("pool")), which, share }
    } else if let Some(delete) = table("delete_pods") {
        let (which, share) = some_of(delete);
        Action::DeletePods { workload: ids.workload(delete.text("workload")), which, share }
    } else if let Some(prune) = table("prune_images") {
        Action::PruneImages {
            pool: ids.pool(prune.text("pool")),
            every: prune.span_opt("every"),
            keep: ids.images_on_nodes(super::names(prune, "keep")),
            only_above: prune.share_opt("only_above"),
            between: prune.table("between").map(day_window),
        }
    } else {
        let pause = table("pause_rollout")?;
        Action::PauseRollout {
            workload: ids.workload(pause.text("workload")),
            length: pause.span("for"),
        }
    })
}

/// What concerns which content is where before a pod asks for it.
fn first(ids: &Ids<'_>, name: &str, values: &Values) -> Option<Action> {
    let table = |key| values.table(key);
    Some(if let Some(prepull) = table("prepull") {
        Action::Prepull {
            workload: ids.puller(name),
            batch: prepull.count_or_share("batch").unwrap_or(Count::Share(Share::ALL)),
            every: prepull.span("every"),
        }
    } else if let Some(moved) = table("move_tag") {
        Action::MoveTag { image: ids.image(moved.text("image")), to: ids.image(moved.text("to")) }
    } else {
        Action::Rollback { workload: ids.workload(table("rollback")?.text("workload")) }
    })
}

fn replace(ids: &Ids<'_>, values: &Values) -> Vec<(ImageId, ImageId)> {
    let pairs = values.replace("replace").iter();
    pairs
        .map(|(old, new)| (ids.image(old), ids.image(new.value.as_text().unwrap_or_default())))
        .collect()
}

/// A time of the day.
pub(crate) fn day_window(values: &Values) -> DayWindow {
    DayWindow { from: values.span("from"), until: values.span("until") }
}

fn some_of(values: &Values) -> (Which, Share) {
    (values.the("which"), values.share("share"))
}

fn change(ids: &Ids<'_>, changed: &Changed) -> Change {
    match changed {
        Changed::LimitAllow { registry, limit, allow } => {
            let limits = ids.root.block("registry", registry);
            let at = limits.and_then(|r| r.named("limit").position(|(name, _)| name == limit));
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
    let faults = ids.root.named("fault").map(|(name, values)| fault(ids, name, values));
    let outages = ids.root.named("timeline").filter_map(|(name, values)| {
        let outage = values.table("outage")?;
        let mut fault = fault(ids, name, outage);
        fault.from = values.span("at");
        fault.until = Some(fault.from + outage.span("for"));
        fault.at_edge = true;
        Some(fault)
    });
    let restarts = ids.root.named("timeline").filter_map(|(name, values)| {
        let restart = values.table("restart_mirror")?;
        let from = values.span("at");
        Some(FaultSpec {
            name: name.to_owned(),
            registry: ids.mirror(restart.text("mirror")),
            requests: RequestKinds::ALL,
            layers: Vec::new(),
            from,
            until: Some(from + restart.span("down")),
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
    let layers = values.list("layers").iter().filter_map(|typed| match typed.value {
        Value::Integer(layer) => u32::try_from(layer).ok(),
        _ => None,
    });
    FaultSpec {
        name: name.to_owned(),
        registry: ids.server(values),
        requests: requests(values),
        layers: layers.collect(),
        from: values.span("from"),
        until: values.span_opt("until"),
        share: values.share("share"),
        first: values.count_opt("first"),
        at_edge: values
            .bool_opt("at_edge")
            .unwrap_or_else(|| !matches!(answer(values), Answer::Status { .. })),
        answer: answer(values),
    }
}

fn requests(values: &Values) -> RequestKinds {
    if !values.given("requests") {
        return RequestKinds::ALL;
    }
    let names = super::names(values, "requests");
    let kinds = names.into_iter().filter_map(RequestKind::parse);
    kinds.fold(RequestKinds::default(), RequestKinds::with)
}

fn answer(values: &Values) -> Answer {
    match values.get("answer").map(|typed| &typed.value) {
        Some(Value::Answer(answer)) => *answer,
        Some(Value::Table(table)) => Answer::Status {
            status: table.count("status") as u16,
            retry_after: table.span_opt("retry_after"),
        },
        _ => Answer::Drop,
    }
}
