//! Pools and workloads.

use super::{needed, not_here};
use crate::model::spec::Count;
use crate::scenario::build::{names, prepulls, replicating};
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::reference::Reference;
use crate::scenario::source::Origin;
use crate::scenario::tables::workload::MOST_PODS;
use crate::scenario::typed::{Typed, Value, Values};
use crate::units::Share;

/// Most nodes of all pools.
const MOST_NODES: u64 = 1_000_000;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    for (name, pool) in root.named("pool") {
        kubelet(name, pool, problems);
        preloaded(root, name, pool, problems);
        let (what, accounts) = (format!("pool `{name}`"), pool.texts("account"));
        one_per_registry(root, &what, &accounts, pool.origin("account"), problems);
    }
    for (name, workload) in root.named("workload") {
        kind(name, workload, problems);
        start(root, name, workload, problems);
        fence(name, workload, problems);
        containers(root, name, workload, problems);
        let accounts = workload.texts("account");
        accounts_fit(root, name, &accounts, workload.origin("account"), problems);
        platforms(root, name, workload, problems);
    }
    totals(root, problems);
    if root.named("workload").len() == 0 {
        problems
            .warning(Code::NeverHappens, root.origin, "there is no workload, so nothing is pulled")
            .help("add a [workload.NAME]; `pullstorm scenarios --show cold-cluster` prints one");
    }
}

fn kubelet(name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let Some(kubelet) = pool.table("kubelet") else { return };
    let path = format!("pool.{name}.kubelet");
    let most = kubelet.integer_opt("max_parallel_image_pulls");
    let serial =
        kubelet.is_written("serialize_image_pulls") && kubelet.bool("serialize_image_pulls");
    if serial && most.is_some_and(|most| 1 < most) {
        let beside = "serialize_image_pulls = true";
        let help = "a kubelet refuses to start so; set serialize_image_pulls = false";
        not_here(problems, kubelet, &path, "max_parallel_image_pulls", beside, help);
    }
    let first = kubelet.span_opt("image_backoff_initial");
    let longest = kubelet.span_opt("image_backoff_max");
    if let (Some(first), Some(longest)) = (first, longest)
        && longest < first
    {
        let message =
            format!("`{path}.image_backoff_max` is {longest}, shorter than the first window");
        problems
            .error(Code::OutOfRange, kubelet.origin("image_backoff_max"), message)
            .help(format!("image_backoff_initial is {first}"));
    }
}

/// An image without a reference can be preloaded, but the model wants some registry for it.
fn preloaded(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    if !names(pool, "preloaded").is_empty() && root.named("registry").len() == 0 {
        problems
            .error(
                Code::NoRegistry,
                pool.origin("preloaded"),
                format!("`pool.{name}.preloaded` needs a scenario with a registry"),
            )
            .help("add a [registry.…] block");
    }
}

fn kind(name: &str, workload: &Values, problems: &mut Problems<'_>) {
    const ONLY: [(&str, &[&str]); 7] = [
        ("replicas", &["deployment"]),
        ("max_surge", &["deployment"]),
        ("progress_deadline", &["deployment"]),
        ("max_unavailable", &["deployment", "daemonset"]),
        ("completions", &["job"]),
        ("parallelism", &["job"]),
        ("duration", &["job"]),
    ];
    let Some(kind) = workload.text_opt("kind") else { return };
    let path = format!("workload.{name}");
    let beside = format!("kind = \"{kind}\"");
    for (key, kinds) in ONLY {
        if kinds.contains(&kind) {
            continue;
        }
        let mut help = format!("leave it out, or use kind = \"{}\"", kinds.join("\" or \""));
        if (key, kind) == ("replicas", "daemonset") {
            help.insert_str(0, "a daemonset has one pod per node of its pool; ");
        }
        not_here(problems, workload, &path, key, &beside, &help);
    }
    let keys: &[&str] = match kind {
        "deployment" => &["replicas"],
        "job" => &["completions", "duration"],
        _ => &[],
    };
    for key in keys {
        needed(problems, workload, &path, key, &beside);
    }
}

/// When pods appear: over a span for Deployments alone, and running pods are there from the start.
fn start(root: &Values, name: &str, workload: &Values, problems: &mut Problems<'_>) {
    let Some(start) = workload.table("start") else { return };
    let path = format!("workload.{name}.start");
    let kind = workload.text_opt("kind").filter(|it| *it != "deployment");
    if let Some(kind) = kind {
        let help = "its pods appear as its controller makes them; only a deployment is spread";
        not_here(problems, start, &path, "over", &format!("kind = \"{kind}\""), help);
    }
    if !start.bool("running") {
        return;
    }
    for key in ["at", "over"] {
        let help = "pods that run at the start are there at 0s: drop one of the two";
        not_here(problems, start, &path, key, "running = true", help);
    }
    let pool = root.block("pool", workload.text("pool"));
    let Some(join) = pool.and_then(|it| it.table("join")) else { return };
    if !join.span("at").is_zero() || !join.span("over").is_zero() {
        let help = "let the nodes of its pool be there from the start: drop the pool's join";
        not_here(problems, start, &path, "running", "nodes that join later", help);
    }
}

/// The API server refuses a rollout that may neither add a pod nor take one away.
fn fence(name: &str, workload: &Values, problems: &mut Problems<'_>) {
    let is_zero = |key| {
        let count = workload.count_or_share(key);
        matches!(count, Some(Count::Number(0) | Count::Share(Share::NONE)))
    };
    let no_surge = workload.text("kind") == "daemonset" || is_zero("max_surge");
    if no_surge && is_zero("max_unavailable") {
        let message = format!("`workload.{name}.max_unavailable` is 0, and so is max_surge");
        problems
            .error(Code::OutOfRange, workload.origin("max_unavailable"), message)
            .help("a rollout could not move; the API server refuses it: allow one of them");
    }
}

/// The tables of a list of containers.
fn tables(list: &[Typed]) -> impl Iterator<Item = &Values> {
    list.iter().filter_map(|typed| match &typed.value {
        Value::Table(values) => Some(values),
        _ => None,
    })
}

fn containers(root: &Values, name: &str, workload: &Values, problems: &mut Problems<'_>) {
    if workload.get("containers").is_some() && workload.list("containers").is_empty() {
        problems
            .error(
                Code::OutOfRange,
                workload.origin("containers"),
                format!("`workload.{name}.containers` is empty"),
            )
            .help("a pod has at least one container: [{ image = \"NAME\" }]");
    }
    for container in tables(workload.list("containers")) {
        let path = format!("workload.{name}.containers");
        let help = "only init containers end; a job has a duration of its own";
        not_here(problems, container, &path, "duration", "a container that runs on", help);
    }
    for container in all_containers(workload) {
        let image = container.text("image");
        pullable(root, image, container.origin("image"), problems);
    }
}

/// Containers and init containers.
fn all_containers(workload: &Values) -> impl Iterator<Item = &Values> {
    tables(workload.list("containers")).chain(tables(workload.list("init_containers")))
}

/// Reports an image that a pod runs and that has no reference.
pub(super) fn pullable(root: &Values, image: &str, origin: Origin, problems: &mut Problems<'_>) {
    if root.block("image", image).is_some_and(|values| !values.given("reference")) {
        problems
            .error(
                Code::MissingKey,
                origin,
                format!("image `{image}` has no `reference`, and a pod needs one"),
            )
            .help(format!("add one to [image.{image}], such as \"docker.io/acme/{image}:1\""));
    }
}

/// The images of a workload.
pub(super) fn images(workload: &Values) -> impl Iterator<Item = &str> {
    all_containers(workload).filter_map(|container| container.text_opt("image"))
}

/// The host that an image is pulled from.
pub(super) fn host<'a>(root: &'a Values, image: &str) -> Option<&'a str> {
    if let Some((_, own)) = replicating(root, image).next() {
        return own.text_opt("host");
    }
    let reference = root.block("image", image)?.text_opt("reference")?;
    Reference::parse(reference).map(|reference| reference.host)
}

/// Reports accounts that none of the images of a workload is pulled with, be it through a rollout,
/// and two of one registry.
pub(super) fn accounts_fit(
    root: &Values,
    workload: &str,
    accounts: &[&str],
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    one_per_registry(root, &format!("workload `{workload}`"), accounts, origin, problems);
    let Some(values) = root.block("workload", workload) else { return };
    let all = images(values).chain(super::events::rolled_to(root, workload));
    accounts_fit_images(root, &format!("workload `{workload}`"), all, accounts, origin, problems);
}

/// Reports accounts that none of the images is pulled with.
pub(super) fn accounts_fit_images<'a>(
    root: &Values,
    of_what: &str,
    images: impl Iterator<Item = &'a str>,
    accounts: &[&str],
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    let mut hosts: Vec<&str> = images.filter_map(|image| host(root, image)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    for account in accounts {
        let registry = account_registry(root, account);
        let of = registry.and_then(|it| root.block("registry", it)?.text_opt("host"));
        let Some(of) = of.filter(|it| !hosts.is_empty() && !hosts.contains(it)) else { continue };
        let message = format!("no image of {of_what} is pulled with account `{account}`");
        problems
            .error(Code::OtherAccount, origin, message)
            .help(format!("the account is one of {of}; the images come from {}", hosts.join(", ")));
    }
}

fn account_registry<'a>(root: &'a Values, account: &str) -> Option<&'a str> {
    root.block("account", account)?.text_opt("registry")
}

/// Reports two accounts of one registry: a pull sends one.
pub(super) fn one_per_registry(
    root: &Values,
    what: &str,
    accounts: &[&str],
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    for (nth, account) in accounts.iter().enumerate() {
        let Some(of) = account_registry(root, account) else { continue };
        let same = |it: &&&str| account_registry(root, it) == Some(of);
        if let Some(first) = accounts[..nth].iter().find(same) {
            let message =
                format!("accounts `{first}` and `{account}` of {what} are both of `{of}`");
            problems
                .error(Code::OtherAccount, origin, message)
                .help("a pull sends the credentials of one account: keep one of them");
        }
    }
}

fn platforms(root: &Values, name: &str, workload: &Values, problems: &mut Problems<'_>) {
    let Some(pool) = workload.text_opt("pool") else { return };
    has_platform(
        root,
        &format!("workload `{name}`"),
        pool,
        images(workload),
        workload.origin,
        problems,
    );
}

/// Warns of images that lack the platform of the pool where they are pulled.
pub(super) fn has_platform<'a>(
    root: &Values,
    of_what: &str,
    pool: &str,
    images: impl Iterator<Item = &'a str>,
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    let arch = root.block("pool", pool).and_then(|values| values.text_opt("arch"));
    for image in images {
        let platforms = root.block("image", image).map(|values| names(values, "platforms"));
        if let (Some(arch), Some(platforms)) = (arch, platforms)
            && !platforms.is_empty()
            && !platforms.contains(&arch)
        {
            let message = format!(
                "image `{image}` of {of_what} has no {arch}, which is what pool `{pool}` is"
            );
            problems.warning(Code::NoPlatform, origin, message).help(format!(
                "its pulls will fail with platform-missing; its platforms: {}",
                platforms.join(", ")
            ));
        }
    }
}

fn totals(root: &Values, problems: &mut Problems<'_>) {
    let nodes: u64 = root.named("pool").map(|(_, pool)| pool.integer("nodes")).sum();
    if MOST_NODES < nodes {
        problems.error(
            Code::TooMuch,
            Origin::START,
            format!("{nodes} nodes in all are more than the {MOST_NODES} allowed"),
        );
    }
    let nodes_of = |prepull: &Values| nodes_of_pool(root, prepull.text("pool"));
    let pullers: u64 = prepulls(root).map(|(_, prepull)| nodes_of(prepull)).sum();
    let all =
        root.named("workload").map(|(_, workload)| pods(root, workload)).sum::<u64>() + pullers;
    if MOST_PODS < all {
        problems.error(
            Code::TooMuch,
            Origin::START,
            format!("{all} pods in all are more than the {MOST_PODS} allowed"),
        );
    }
    for (name, pool) in root.named("pool") {
        room(root, name, pool, problems);
    }
}

/// Warns of a pool whose nodes cannot take its pods.
fn room(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let (Some(nodes), Some(most)) = (pool.integer_opt("nodes"), pool.integer_opt("max_pods"))
    else {
        return;
    };
    let workloads = root.named("workload").filter(|(_, w)| w.text_opt("pool") == Some(name));
    let at_once = workloads.map(|(_, workload)| match workload.integer_opt("parallelism") {
        Some(most) => pods(root, workload).min(most),
        None if workload.text("kind") == "job" => 1,
        None => pods(root, workload),
    });
    let pullers = prepulls(root).filter(|(_, prepull)| prepull.text_opt("pool") == Some(name));
    let wanted = at_once.sum::<u64>() + pullers.count() as u64 * nodes;
    let most_in_all = nodes * most;
    if 0 < nodes && most_in_all < wanted && wanted <= MOST_PODS {
        let message = format!("pool `{name}` has {wanted} pods, and room for {most_in_all}");
        problems.warning(Code::NoRoom, pool.origin("nodes"), message).help(format!(
            "{nodes} nodes take {most} pods each (max_pods); the others wait for a node"
        ));
    }
}

/// The nodes of a pool at the start.
fn nodes_of_pool(root: &Values, pool: &str) -> u64 {
    root.block("pool", pool).map_or(0, |pool| pool.integer("nodes"))
}

/// The pods of a workload.
fn pods(root: &Values, workload: &Values) -> u64 {
    match workload.text("kind") {
        "daemonset" => nodes_of_pool(root, workload.text("pool")),
        "job" => workload.integer("completions"),
        _ => workload.integer("replicas"),
    }
}
