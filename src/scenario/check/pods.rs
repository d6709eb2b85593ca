//! Pools and workloads.

use super::images::{has_platform, pullable};
use super::not_here;
use crate::model::spec::Count;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::key::{Key, Name};
use crate::scenario::resolve::images::{containers, of_workload};
use crate::scenario::resolve::{is_there, prepulls, runs};
use crate::scenario::source::Origin;
use crate::scenario::tables::workload::{Controller, MOST_PODS};
use crate::scenario::tables::{self, pool, timeline, workload};
use crate::scenario::typed::Values;
use crate::units::Share;

/// Most nodes of all pools.
const MOST_NODES: u64 = 1_000_000;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    for (name, pool) in root.blocks(tables::POOL) {
        kubelet(name, pool, problems);
        preloaded(root, name, pool, problems);
    }
    for (name, workload) in root.blocks(tables::WORKLOAD) {
        start(root, name, workload, problems);
        fence(name, workload, problems);
        its_containers(root, name, workload, problems);
        platforms(root, name, workload, problems);
    }
    totals(root, problems);
    if root.blocks(tables::WORKLOAD).len() == 0 {
        problems
            .warning(Code::NeverHappens, root.origin, "there is no workload, so nothing is pulled")
            .help("add a [workload.NAME]; `pullstorm scenarios --show cold-cluster` prints one");
    }
}

fn kubelet(name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let Some(kubelet) = pool.opt(pool::KUBELET) else { return };
    let path = format!("pool.{name}.kubelet");
    let most = kubelet.opt(pool::MAX_PARALLEL_IMAGE_PULLS);
    let serial =
        kubelet.is_written(pool::SERIALIZE_IMAGE_PULLS) && kubelet.get(pool::SERIALIZE_IMAGE_PULLS);
    if serial && most.is_some_and(|most| 1 < most) {
        let beside = "serialize_image_pulls = true";
        let help = "a kubelet refuses to start so; set serialize_image_pulls = false";
        let most = pool::MAX_PARALLEL_IMAGE_PULLS;
        not_here(problems, kubelet, &path, most, beside, help);
    }
    let first = kubelet.opt(pool::IMAGE_BACKOFF_INITIAL);
    let longest = kubelet.opt(pool::IMAGE_BACKOFF_MAX);
    if let (Some(first), Some(longest)) = (first, longest)
        && longest < first
    {
        let message =
            format!("`{path}.image_backoff_max` is {longest}, shorter than the first window");
        problems
            .error(Code::OutOfRange, kubelet.origin(pool::IMAGE_BACKOFF_MAX), message)
            .help(format!("image_backoff_initial is {first}"));
    }
}

/// An image without a reference can be preloaded, but the model wants some registry for it.
fn preloaded(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    if !pool.get(pool::PRELOADED).is_empty() && root.blocks(tables::REGISTRY).len() == 0 {
        problems
            .error(
                Code::NoRegistry,
                pool.origin(pool::PRELOADED),
                format!("`pool.{name}.preloaded` needs a scenario with a registry"),
            )
            .help("add a [registry.…] block");
    }
}

/// When pods appear: over a span for Deployments alone, and running pods are there from the start.
fn start(root: &Values, name: &str, workload: &Values, problems: &mut Problems<'_>) {
    let Some(start) = workload.opt(workload::START) else { return };
    let path = format!("workload.{name}.start");
    let kind = workload.opt(workload::KIND).filter(|it| *it != Controller::Deployment);
    if let Some(kind) = kind {
        let help = "its pods appear as its controller makes them; only a deployment is spread";
        let beside = format!("kind = \"{}\"", kind.text());
        not_here(problems, start, &path, workload::START_OVER, &beside, help);
    }
    let pool = root.follow(workload, workload::POOL);
    if runs(workload) && pool.and_then(is_there) == Some(false) {
        let help = "let the nodes of its pool be there from the start: drop the pool's join";
        not_here(problems, start, &path, workload::START_RUNNING, "nodes that join later", help);
    }
}

/// The API server refuses a rollout that may neither add a pod nor take one away.
fn fence(name: &str, workload: &Values, problems: &mut Problems<'_>) {
    let is_zero = |key| {
        let count = workload.opt(key);
        matches!(count, Some(Count::Number(0) | Count::Share(Share::NONE)))
    };
    let no_surge =
        workload.opt(workload::KIND) == Some(Controller::DaemonSet) || is_zero(workload::MAX_SURGE);
    if no_surge && is_zero(workload::MAX_UNAVAILABLE) {
        let message = format!("`workload.{name}.max_unavailable` is 0, and so is max_surge");
        problems
            .error(Code::OutOfRange, workload.origin(workload::MAX_UNAVAILABLE), message)
            .help("a rollout could not move; the API server refuses it: allow one of them");
    }
}

fn its_containers(root: &Values, name: &str, workload: &Values, problems: &mut Problems<'_>) {
    let path = format!("workload.{name}.containers");
    let running = workload.get(workload::CONTAINERS);
    if workload.has(workload::CONTAINERS) && running.is_empty() {
        let origin = workload.origin(workload::CONTAINERS);
        problems
            .error(Code::OutOfRange, origin, format!("`{path}` is empty"))
            .help("a pod has at least one container: [{ image = \"NAME\" }]");
    }
    for container in running {
        let help = "only init containers end; a job has a duration of its own";
        let (key, beside) = (workload::CONTAINER_DURATION, "a container that runs on");
        not_here(problems, container, &path, key, beside, help);
    }
    for container in containers(workload) {
        let image = container.get(workload::CONTAINER_IMAGE);
        pullable(root, image, container.origin(workload::CONTAINER_IMAGE), problems);
    }
}

fn platforms(root: &Values, name: &str, workload: &Values, problems: &mut Problems<'_>) {
    let Some(pool) = workload.opt(workload::POOL) else { return };
    has_platform(
        root,
        &format!("workload `{name}`"),
        pool,
        of_workload(workload),
        workload.origin,
        problems,
    );
}

/// The pods of a workload.
fn pods(root: &Values, workload: &Values) -> u64 {
    match workload.opt(workload::KIND) {
        Some(Controller::DaemonSet) => nodes_of(root, workload, workload::POOL),
        Some(Controller::Job) => workload.get(workload::COMPLETIONS).into(),
        Some(Controller::Deployment) | None => workload.get(workload::REPLICAS).into(),
    }
}

/// The nodes of the pool that a key names.
fn nodes_of(root: &Values, values: &Values, key: Key<Name>) -> u64 {
    root.follow(values, key).map_or(0, |pool| pool.get(pool::NODES).into())
}

fn totals(root: &Values, problems: &mut Problems<'_>) {
    let nodes: u64 = root.blocks(tables::POOL).map(|(_, it)| u64::from(it.get(pool::NODES))).sum();
    if MOST_NODES < nodes {
        problems.error(
            Code::TooMuch,
            Origin::START,
            format!("{nodes} nodes in all are more than the {MOST_NODES} allowed"),
        );
    }
    let pullers: u64 = prepulls(root).map(|(_, it)| nodes_of(root, it, timeline::POOL)).sum();
    let workloads = root.blocks(tables::WORKLOAD).map(|(_, workload)| pods(root, workload));
    let all = workloads.sum::<u64>() + pullers;
    if MOST_PODS < all {
        problems.error(
            Code::TooMuch,
            Origin::START,
            format!("{all} pods in all are more than the {MOST_PODS} allowed"),
        );
    }
    for (name, pool) in root.blocks(tables::POOL) {
        room(root, name, pool, problems);
    }
}

/// Warns of a pool whose nodes cannot take its pods.
fn room(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let (Some(nodes), Some(most)) = (pool.opt(pool::NODES), pool.opt(pool::MAX_PODS)) else {
        return;
    };
    let (nodes, most) = (u64::from(nodes), u64::from(most));
    let workloads = root.blocks(tables::WORKLOAD);
    let workloads = workloads.filter(|(_, it)| it.opt(workload::POOL) == Some(name));
    let at_once = workloads.map(|(_, workload)| match workload.opt(workload::PARALLELISM) {
        Some(most) => pods(root, workload).min(most.into()),
        None => pods(root, workload),
    });
    let pullers = prepulls(root).filter(|(_, it)| it.opt(timeline::POOL) == Some(name));
    let wanted = at_once.sum::<u64>() + pullers.count() as u64 * nodes;
    let most_in_all = nodes * most;
    if 0 < nodes && most_in_all < wanted && wanted <= MOST_PODS {
        let message = format!("pool `{name}` has {wanted} pods, and room for {most_in_all}");
        problems.warning(Code::NoRoom, pool.origin(pool::NODES), message).help(format!(
            "{nodes} nodes take {most} pods each (max_pods); the others wait for a node"
        ));
    }
}
