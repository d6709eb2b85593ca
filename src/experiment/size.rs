//! How large a replication gets, before it runs: so that a slip such as a loop every microsecond is
//! asked about and does not take a machine for hours.
//!
//! [`ceiling`] counts on paper what could happen at worst; it takes no time. Where that is too
//! much, [`estimate`] runs the first replication up to `PILOT_EVENTS` events, which is most of
//! what people simulate, and takes the rest to go on at the same pace. Both come with the figure of
//! the scenario that adds most.

use crate::model::record::measure::EVENTS;
use crate::model::record::outcome::Value;
use crate::model::spec::{Action, ContainerSpec, Spec, WorkloadKind, WorkloadSpec};
use crate::model::{self, PROGRESS_EVENTS, Recording};
use crate::units::{Span, Time};

/// More events than this in one replication are asked about: about a quarter of an hour of one
/// core. A fixed figure, not this machine's.
pub const MANY_EVENTS: u64 = 2_000_000_000;
/// The same for memory.
pub const MANY_BYTES: u64 = 8_000_000_000;
/// Events of a pilot: a fraction of a second.
const PILOT_EVENTS: u64 = 2_000_000;

/// Memory of a replication, measured on the scenarios that ship and on larger ones (Linux, x86-64):
/// the program itself, a node with its image store, a pod, and what each event leaves behind in
/// rows and series.
const BASE_BYTES: u64 = 12_000_000;
const NODE_BYTES: u64 = 4_000;
const POD_BYTES: u64 = 1_500;
const BYTES_PER_HUNDRED_EVENTS: u64 = 1_000;

/// How large a replication gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Events.
    pub events: u64,
    /// Memory in bytes.
    pub bytes: u64,
    /// The figure of the scenario that makes it large.
    pub because: String,
}

impl Size {
    /// Whether it is asked about.
    pub const fn is_large(&self) -> bool {
        MANY_EVENTS < self.events || MANY_BYTES < self.bytes
    }
}

/// Something of a scenario that makes events, and how many of them at worst.
struct Part {
    figure: String,
    events: f64,
}

/// What could happen at worst: every pull fails at once, and is tried again at every chance.
pub fn ceiling(spec: &Spec) -> Size {
    let parts = parts(spec);
    let events: f64 = parts.iter().map(|it| it.events).sum();
    let largest = parts.into_iter().max_by(|a, b| a.events.total_cmp(&b.events));
    // A pull that fails leaves a row, which at worst is what most events are about.
    Size {
        events: events as u64,
        bytes: memory(spec, events as u64),
        because: largest.map_or_else(String::new, |it| it.figure),
    }
}

/// The size of a replication that is asked about; `None` where it is not.
pub fn too_large(spec: &Spec) -> Option<Size> {
    if !ceiling(spec).is_large() {
        return None;
    }
    Some(estimate(spec)).filter(Size::is_large)
}

/// What is to be expected.
pub fn estimate(spec: &Spec) -> Size {
    let ceiling = ceiling(spec);
    if MANY_BYTES < memory(spec, 0) {
        // Even a pilot would need it.
        return Size { bytes: memory(spec, 0), ..ceiling };
    }
    let events = pilot(spec).max(sure(spec) as u64).min(ceiling.events.max(PILOT_EVENTS));
    Size { events, bytes: memory(spec, events), because: ceiling.because }
}

/// Events of the first replication: all of them, or those of its beginning at the same pace.
fn pilot(spec: &Spec) -> u64 {
    let (mut events, mut reached) = (0, Time::ZERO);
    let mut go_on = |time| {
        events += PROGRESS_EVENTS;
        reached = time;
        events < PILOT_EVENTS
    };
    let recording = Recording { progress: Some(&mut go_on), ..Recording::default() };
    let outcome = model::run(spec, 0, recording);
    let counted = outcome.metrics.iter().find(|it| it.scope == "run" && it.name == EVENTS);
    match counted.map(|it| it.value) {
        Some(Value::Known(all)) if events < PILOT_EVENTS => all as u64,
        _ => {
            let passed = reached.as_micros().max(1) as f64;
            (events as f64 * (spec.horizon.as_micros() as f64 / passed).max(1.0)) as u64
        }
    }
}

fn memory(spec: &Spec, events: u64) -> u64 {
    let nodes: u64 = (0..spec.pools.len()).map(|it| most_nodes(spec, it)).sum();
    let pods: u64 = spec.workloads.iter().map(|it| most_pods(spec, it)).sum();
    [
        nodes.saturating_mul(NODE_BYTES),
        pods.saturating_mul(POD_BYTES),
        (events / 100).saturating_mul(BYTES_PER_HUNDRED_EVENTS),
    ]
    .into_iter()
    .fold(BASE_BYTES, u64::saturating_add)
}

/// Most nodes that a pool has at a time.
fn most_nodes(spec: &Spec, pool: usize) -> u64 {
    let scaled = spec.timeline.iter().filter_map(|it| match it.action {
        Action::ScaleNodes { pool: of, nodes } if of.idx() == pool => Some(nodes),
        _ => None,
    });
    u64::from(scaled.fold(spec.pools[pool].nodes, u32::max))
}

/// Most pods that a workload has at a time, or has to complete.
fn most_pods(spec: &Spec, workload: &WorkloadSpec) -> u64 {
    match workload.kind {
        WorkloadKind::Deployment { replicas, .. } => {
            let scaled = spec.timeline.iter().filter_map(|it| match it.action {
                Action::ScaleWorkload { workload: of, replicas } => {
                    (spec.workloads[of.idx()].name == workload.name).then_some(replicas)
                }
                _ => None,
            });
            u64::from(scaled.fold(replicas, u32::max))
        }
        WorkloadKind::DaemonSet { .. } => most_nodes(spec, workload.pool.idx()),
        WorkloadKind::Job { completions, .. } => u64::from(completions),
    }
}

/// Events of one pull at worst: each request of each object, its answer, bodies and unpacking.
fn events_of_a_pull(spec: &Spec, workload: &WorkloadSpec, container: &ContainerSpec) -> f64 {
    let runtime = &spec.pools[workload.pool.idx()].runtime;
    let objects = spec.images[container.image.idx()].layers.len() + 4;
    f64::from(runtime.requests_per_object) * objects as f64 * 5.0
}

/// How often something happens that happens every so often until the end of the run.
fn times(spec: &Spec, every: Span) -> f64 {
    spec.horizon.as_micros() as f64 / every.as_micros().max(1) as f64
}

/// Events that happen whatever else does.
fn sure(spec: &Spec) -> f64 {
    backgrounds(spec).chain(prunes(spec)).map(|it| it.events).sum()
}

fn backgrounds(spec: &Spec) -> impl Iterator<Item = Part> {
    let hours = spec.horizon.as_secs_f64() / 3_600.0;
    spec.backgrounds.iter().map(move |it| {
        let pulls = it.millipulls_per_hour as f64 / 1_000.0 * hours;
        let rate = it.millipulls_per_hour as f64 / 1_000.0;
        Part { figure: format!("background.{} pulls {rate} times an hour", it.name), events: pulls }
    })
}

fn prunes(spec: &Spec) -> impl Iterator<Item = Part> {
    spec.timeline.iter().filter_map(|it| {
        let Action::PruneImages { every: Some(every), .. } = it.action else { return None };
        let figure = format!("timeline.{}.prune_images.every = {every}", it.name);
        Some(Part { figure, events: times(spec, every) })
    })
}

/// Everything that makes events.
fn parts(spec: &Spec) -> Vec<Part> {
    let mut parts: Vec<Part> = backgrounds(spec).chain(prunes(spec)).collect();
    for workload in &spec.workloads {
        parts.extend(of_workload(spec, workload));
    }
    for it in &spec.timeline {
        parts.extend(of_timeline(spec, &it.name, &it.action));
    }
    parts
}

/// A pod syncs at its creation and is tried again after each failure: at worst at every sync, once
/// its back-off is over.
fn of_workload(spec: &Spec, workload: &WorkloadSpec) -> Vec<Part> {
    let pool = &spec.pools[workload.pool.idx()];
    let pods = most_pods(spec, workload) as f64;
    let (name, kubelet) = (&workload.name, &pool.kubelet);
    let all = workload.init_containers.iter().chain(&workload.containers);
    let pull: f64 = all.map(|it| events_of_a_pull(spec, workload, it)).sum();
    let count = format!("workload.{name} has {pods} pods");
    let first = Part { figure: count.clone(), events: pods * (pull + 10.0) };
    let wait = kubelet.image_backoff_max.max(kubelet.sync_backoff);
    let again = times(spec, wait);
    let is_quick = wait < Span::from_secs(10);
    let figure = if is_quick {
        format!(
            "pool.{}.kubelet tries again every {wait} (image_backoff_max, sync_backoff)",
            pool.name
        )
    } else {
        count
    };
    let mut parts = vec![first, Part { figure, events: pods * again * pull }];
    if pool.runtime.progress_timeout.is_some() {
        let every = pool.runtime.progress_check;
        let figure = format!("pool.{}.client.progress_check = {every}", pool.name);
        parts.push(Part { figure, events: pods * times(spec, every) });
    }
    if let WorkloadKind::Job { duration, parallelism, completions } = workload.kind {
        let figure = format!("workload.{name}.completions = {completions} (each {duration})");
        let rounds = times(spec, duration).min(f64::from(completions));
        parts.push(Part { figure, events: rounds * f64::from(parallelism) * 4.0 });
    }
    parts
}

fn of_timeline(spec: &Spec, name: &str, action: &Action) -> Vec<Part> {
    let on_pool = |pool: usize| {
        let on = spec.workloads.iter().filter(|it| it.pool.idx() == pool);
        on.map(|it| most_pods(spec, it)).sum::<u64>() as f64
    };
    match action {
        Action::PruneImages { pool, every: Some(every), .. } => {
            let nodes = most_nodes(spec, pool.idx()) as f64;
            let figure = format!("timeline.{name}.prune_images.every = {every}");
            vec![Part { figure, events: nodes * times(spec, *every) }]
        }
        Action::SpotInterruptions { pool, mean_lifetime, notice } => {
            let life = *mean_lifetime + *notice + spec.pools[pool.idx()].boot;
            let figure =
                format!("timeline.{name}.spot_interruptions.mean_lifetime = {mean_lifetime}");
            let lost = most_nodes(spec, pool.idx()) as f64 * times(spec, life);
            // Each loss moves the pods of a node, and each of those pulls anew.
            let of_a_node =
                20.0 + 60.0 * on_pool(pool.idx()) / (most_nodes(spec, pool.idx()) as f64).max(1.0);
            vec![Part { figure, events: lost * of_a_node }]
        }
        Action::Canary { workload, canary, .. } => {
            let Some(every) = canary.retry_every else { return vec![] };
            let rounds = times(spec, every + canary.bake.min(canary.deadline))
                .min(canary.max_retries.map_or(f64::INFINITY, f64::from));
            let pods = most_pods(spec, &spec.workloads[workload.idx()]) as f64;
            let figure = format!("timeline.{name}.canary.retry_every = {every}");
            vec![Part { figure, events: rounds * (pods * canary.share.as_f64()).max(1.0) * 60.0 }]
        }
        Action::Rollout { workload, guard, .. } => {
            let Some(every) = guard.and_then(|it| it.resume_after) else { return vec![] };
            let figure = format!("timeline.{name}.rollout.resume_after = {every}");
            let pods = most_pods(spec, &spec.workloads[workload.idx()]) as f64;
            vec![Part { figure, events: times(spec, every).min(pods) * 60.0 }]
        }
        Action::PruneImages { every: None, .. }
        | Action::ScaleWorkload { .. }
        | Action::ScaleNodes { .. }
        | Action::ReplaceNodes { .. }
        | Action::ReconfigureNodes { .. }
        | Action::RestartMirror { .. }
        | Action::RestartNodes { .. }
        | Action::RestartKubelets { .. }
        | Action::DeletePods { .. }
        | Action::PauseRollout { .. }
        | Action::Prepull { .. }
        | Action::MoveTag { .. }
        | Action::Rollback { .. }
        | Action::Set(_) => vec![],
    }
}
