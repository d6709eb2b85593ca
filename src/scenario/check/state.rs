//! `[state]`: the limits' past, stuck pods, caches.

use std::collections::BTreeMap;

use super::not_here;
use crate::resource::limiter::Law;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::field::{Field, Kind, show_milli};
use crate::scenario::key::{Key, Milli};
use crate::scenario::resolve::images::of_workload;
use crate::scenario::resolve::state::{
    Counter, blocks, chosen, counters, lacking, ladder, limit_of, nodes_of, pods_at_once, spent,
    stuck_nodes,
};
use crate::scenario::resolve::{is_there, runs};
use crate::scenario::source::{Layer, Origin};
use crate::scenario::tables::workload::Controller;
use crate::scenario::tables::{self, limit, pool, registry, state, workload};
use crate::scenario::typed::Values;
use crate::scenario::walk::shorten;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    let mut told = BTreeMap::new();
    for (name, block) in blocks(root, state::LIMIT) {
        limit(root, name, block, &mut told, problems);
    }
    for (name, block) in blocks(root, state::STUCK) {
        stuck(root, name, block, problems);
    }
    beside_each_other(root, problems);
    for (name, block) in blocks(root, state::CACHE) {
        cache(root, name, block, problems);
    }
}

/// Reports a block that tells of something that does not exist.
fn unknown<'a>(
    what: &str,
    name: &str,
    origin: Origin,
    known: impl Iterator<Item = &'a str>,
    problems: &mut Problems<'_>,
) {
    let known: Vec<&str> = known.collect();
    problems
        .error(
            Code::UnknownName,
            origin,
            format!("the state tells of {what} `{name}`, which does not exist"),
        )
        .did_you_mean(name, known.iter().copied())
        .help(match known.as_slice() {
            [] => format!("there is no {what} that is switched on"),
            known => format!("there are: {}", shorten(known)),
        });
}

fn limit<'a>(
    root: &'a Values,
    name: &'a str,
    block: &'a Values,
    told: &mut BTreeMap<(usize, &'a str, Counter<'a>), &'a str>,
    problems: &mut Problems<'_>,
) {
    if block.is_faulty(state::LIMIT_NAME) {
        return;
    }
    let Some((registry, position, limit)) = limit_of(root, name, block) else {
        let limits = root
            .blocks(tables::REGISTRY)
            .flat_map(|it| it.1.blocks(registry::LIMIT))
            .map(|it| it.0);
        let wanted = block.opt(state::LIMIT_NAME).unwrap_or(name);
        let key = if block.given(state::LIMIT_NAME) {
            block.origin(state::LIMIT_NAME)
        } else {
            block.origin
        };
        return unknown(state::LIMIT.row.name, wanted, key, limits, problems);
    };
    let path = format!("state.limit.{name}");
    which_counters(root, &path, registry, limit, block, problems);
    for counter in chosen(root, registry, limit, block) {
        if let Some(other) = told.insert((position, registry, counter), name) {
            let message =
                format!("`state.limit.{other}` and `{path}` both tell of {}", counter.label());
            problems
                .error(Code::TwoPasts, block.origin, message)
                .help("a counter has one past: keep one of them, or name other counters");
        }
    }
    by_law(&path, limit, block, problems);
}

fn which_counters(
    root: &Values,
    path: &str,
    registry: &str,
    limit: &Values,
    block: &Values,
    problems: &mut Problems<'_>,
) {
    if block.is_faulty(state::LIMIT_COUNTERS) {
        return;
    }
    let all: Vec<String> =
        counters(root, registry, limit).into_iter().map(Counter::label).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let there_are = match all.as_slice() {
        [] => "the limit has none at the start, but those of nodes' own addresses".into(),
        all => format!("there are: {}", shorten(all)),
    };
    if !block.given(state::LIMIT_COUNTERS) {
        if all.len() != 1 {
            let message = format!("`{path}` has no `counters`, and {} could be meant", all.len());
            problems.error(Code::MissingKey, block.origin, message).help(there_are).help(
                "counters that are not named start untouched, such as a second address that a \
                 variant adds",
            );
        }
        return;
    }
    for (label, origin) in block.items(state::LIMIT_COUNTERS).filter(|it| !all.contains(&it.0)) {
        let message = format!("`{path}.counters` names \"{label}\", which does not exist");
        problems
            .error(Code::UnknownName, origin, message)
            .did_you_mean(label, all.iter().copied())
            .help(there_are.clone());
    }
}

/// What a law can have spent.
fn by_law(path: &str, limit: &Values, block: &Values, problems: &mut Problems<'_>) {
    let Some(law) = limit.opt(limit::LAW) else { return };
    let beside = format!("law = \"{}\"", law.text());
    let (is_fixed, is_log) = match law {
        Law::FixedWindow => (true, false),
        Law::SlidingLog => (false, true),
        Law::TokenBucket => (false, false),
        Law::Concurrency => {
            let message = format!("`{path}` is of a limit with {beside}");
            problems
                .error(Code::NotHere, block.origin, message)
                .help("it holds what is being answered: after some seconds nothing of now is left");
            return;
        }
    };
    if !block.given(state::LIMIT_SPENT) && !block.given(state::LIMIT_REMAINING) {
        problems
            .error(Code::MissingKey, block.origin, format!("`{path}` has no `remaining`"))
            .help("say how many units are left, or what was spent when: spent, or both");
    }
    let mut no = |key: &Field, beside: &str, help: &str| {
        not_here(problems, block, path, key, beside, help);
    };
    if !is_fixed {
        let help = "its windows have no beginning; it is for law = \"fixed-window\"";
        no(&state::LIMIT_WINDOW_BEGAN.row, &beside, help);
    } else if limit.given(limit::ANCHOR) {
        let help = "the limit's anchor says when its windows begin: drop one of the two";
        no(&state::LIMIT_WINDOW_BEGAN.row, "an anchor", help);
    }
    if !is_log {
        let help = "when units were spent matters to law = \"sliding-log\" alone";
        no(&state::LIMIT_HISTORY.row, &beside, help);
        if block.given(state::LIMIT_SPENT) {
            let help = "what is left says all that this law knows: drop one of the two";
            no(&state::LIMIT_REMAINING.row, state::LIMIT_SPENT.row.name, help);
        }
    } else if !block.given(state::LIMIT_REMAINING) {
        let help = "all that was spent has its time; it is for what `remaining` leaves open";
        no(&state::LIMIT_HISTORY.row, "no remaining", help);
    }
    let window = limit.opt(limit::WINDOW);
    if let (Some(began), Some(window)) = (block.opt(state::LIMIT_WINDOW_BEGAN), window)
        && window <= began
    {
        problems
            .error(
                Code::OutOfRange,
                block.origin(state::LIMIT_WINDOW_BEGAN),
                format!("`{path}.window_began` is {began}, and a window lasts {window}"),
            )
            .help("that window is over: say when the one began that runs now");
    }
    sums(path, law, limit, block, problems);
}

/// What is left and what was spent have to fit into the allowance.
fn sums(path: &str, law: Law, limit: &Values, block: &Values, problems: &mut Problems<'_>) {
    let of = block.opt(state::LIMIT_OF);
    let holds = if law == Law::TokenBucket && !limit.is_default(limit::BURST) {
        limit::BURST
    } else {
        limit::ALLOW
    };
    let full = of.unwrap_or_else(|| limit.get(holds));
    let full_key = if of.is_some() { state::LIMIT_OF } else { holds }.row.name;
    if block.given(state::LIMIT_REMAINING) && !block.given(state::LIMIT_OF) {
        its_allowance(path, holds, limit, block, problems);
    }
    if full == 0 {
        return;
    }
    let Some(remaining) = block.opt(state::LIMIT_REMAINING) else { return };
    let shown = |it| show_milli(it);
    if full < remaining {
        problems
            .error(
                Code::OutOfRange,
                block.origin(state::LIMIT_REMAINING),
                format!("`{path}.remaining` is {}, more than the limit holds", shown(remaining)),
            )
            .help(format!("{full_key} is {}", shown(full)));
        return;
    }
    let window = limit.get(limit::WINDOW);
    let known: u64 = spent(block).iter().filter(|it| it.0 < window).map(|it| it.1).sum();
    if law == Law::SlidingLog && full - remaining < known {
        let message = format!(
            "`{path}.spent` has {} units within the window, and remaining leaves room for {}",
            shown(known),
            shown(full - remaining)
        );
        problems.error(Code::OutOfRange, block.origin(state::LIMIT_SPENT), message).help(format!(
            "{} of {} are left: drop what counts no more",
            shown(remaining),
            shown(full)
        ));
    }
}

/// What is left now is of the allowance now: not of one that this call or variant makes of it.
fn its_allowance(
    path: &str,
    holds: Key<Milli>,
    limit: &Values,
    block: &Values,
    problems: &mut Problems<'_>,
) {
    let is_file = |it: Origin| it.layer == Layer::File;
    let changed = limit.origin(holds);
    let is_changed = changed.is_written() && !is_file(changed);
    if is_changed && is_file(block.origin(state::LIMIT_REMAINING)) {
        let message =
            format!("`{path}` has no `of`, and the limit's {} is changed", holds.row.name);
        problems.error(Code::MissingKey, block.origin, message).help(
            "say what remaining is of, as the header ratelimit-limit tells: what was spent of that \
             stays spent",
        );
    }
}

fn stuck(root: &Values, name: &str, block: &Values, problems: &mut Problems<'_>) {
    let Some(workload) = root.block(tables::WORKLOAD, name) else {
        let known = root.blocks(tables::WORKLOAD).map(|it| it.0);
        return unknown(Kind::Workload.text(), name, block.origin, known, problems);
    };
    let path = format!("state.stuck.{name}");
    if !runs(workload) {
        problems
            .error(
                Code::NotHere,
                block.origin,
                format!("`{path}` is of a workload that does not run"),
            )
            .help(format!("its pods are there at the start: workload.{name}.start.running = true"));
    }
    let (pods, there) = (u64::from(block.get(state::STUCK_PODS)), pods_at_once(root, workload));
    if there < pods {
        problems
            .error(
                Code::OutOfRange,
                block.origin(state::STUCK_PODS),
                format!("`{path}.pods` is {pods}, and the workload has {there}"),
            )
            .help("stuck pods are part of the workload's own");
        return;
    }
    its_images(root, &path, workload, block, problems);
    its_window(root, &path, workload, block, problems);
    its_nodes(root, &path, workload, block, problems);
}

fn its_images(
    root: &Values,
    path: &str,
    workload: &Values,
    block: &Values,
    problems: &mut Problems<'_>,
) {
    let own: Vec<&str> = of_workload(workload).collect();
    if block.opt(state::STUCK_IMAGES).is_some_and(|it| it.is_empty()) {
        problems
            .error(
                Code::OutOfRange,
                block.origin(state::STUCK_IMAGES),
                format!("`{path}.images` is empty"),
            )
            .help("pods that lack no image are not stuck; left out, they lack all of theirs");
    }
    for (image, origin) in block.items(state::STUCK_IMAGES).filter(|it| !own.contains(&it.0)) {
        problems
            .error(
                Code::NotInWorkload,
                origin,
                format!("`{path}.images` names `{image}`, which the workload does not run"),
            )
            .help(format!("its images: {}", shorten(&own)));
    }
    let Some(pool) = root.follow(workload, workload::POOL) else { return };
    let preloaded = pool.get(pool::PRELOADED);
    let lacking = lacking(root, workload, block, true);
    if let Some(image) = lacking.into_iter().find(|it| preloaded.contains(it)) {
        problems
            .error(
                Code::Contradiction,
                block.origin,
                format!("pods of `{path}` lack image `{image}`, which their nodes come with"),
            )
            .help(format!(
                "name the images they lack (images), or drop it from pool.{}.preloaded",
                workload.get(workload::POOL)
            ));
    }
}

fn its_window(
    root: &Values,
    path: &str,
    workload: &Values,
    block: &Values,
    problems: &mut Problems<'_>,
) {
    let ladder = ladder(root, workload);
    let rungs = ladder.windows();
    let window = block.opt(state::STUCK_WINDOW).unwrap_or(ladder.max);
    if !rungs.contains(&window) {
        let known: Vec<String> = rungs.iter().map(ToString::to_string).collect();
        problems
            .error(
                Code::OutOfRange,
                block.origin(state::STUCK_WINDOW),
                format!("`{path}.window` is {window}, which is no rung of the kubelet's ladder"),
            )
            .help(format!("rungs: {}", known.join(", ")));
        return;
    }
    if let Some(left) = block.opt(state::STUCK_LEFT)
        && window < left
    {
        problems
            .error(
                Code::OutOfRange,
                block.origin(state::STUCK_LEFT),
                format!("`{path}.left` is {left}, more than the window of {window}"),
            )
            .help("what is left of a window is no longer than it");
    }
}

fn its_nodes(
    root: &Values,
    path: &str,
    workload: &Values,
    block: &Values,
    problems: &mut Problems<'_>,
) {
    let (pods, on, all) = (
        u64::from(block.get(state::STUCK_PODS)),
        stuck_nodes(root, workload, block),
        nodes_of(root, workload),
    );
    let given = block.opt(state::STUCK_NODES).map(u64::from);
    let mut wrong = |message: String, help: String| {
        problems.error(Code::OutOfRange, block.origin(state::STUCK_NODES), message).help(help);
    };
    if let Some(wanted) = given.into_iter().chain([on]).find(|it| all < *it) {
        wrong(
            format!("pods of `{path}` stand on {wanted} nodes, and the pool has {all}"),
            "stuck pods stand on nodes of their workload's pool".into(),
        );
        return;
    }
    if workload.opt(workload::KIND) == Some(Controller::DaemonSet) {
        let help = "a daemonset has one pod a node: leave it out";
        let beside = format!("kind = \"{}\"", Controller::DaemonSet.text());
        not_here(problems, block, path, state::STUCK_NODES, &beside, help);
        return;
    }
    if let Some(given) = given.filter(|it| 0 < pods && pods < *it) {
        wrong(
            format!("`{path}.nodes` is {given}, more than the {pods} pods that stand there"),
            "each of these nodes has at least one of them".into(),
        );
        return;
    }
    let pool = root.follow(workload, workload::POOL);
    let most = pool.map_or(0, |it| u64::from(it.get(pool::MAX_PODS)));
    if on * most < pods {
        wrong(
            format!("{pods} pods of `{path}` do not fit on {on} nodes"),
            format!("a node takes {most} pods (max_pods)"),
        );
    }
}

/// An image that pods wait for on a node is on no other pod's mind there: running pods that have it
/// stand elsewhere, and there has to be an elsewhere.
fn beside_each_other(root: &Values, problems: &mut Problems<'_>) {
    for (name, block) in blocks(root, state::STUCK) {
        let Some(workload) = root.block(tables::WORKLOAD, name) else { continue };
        let on = stuck_nodes(root, workload, block);
        let absent = lacking(root, workload, block, true);
        if on == 0 || absent.is_empty() {
            continue;
        }
        for (other, its) in root.blocks(tables::WORKLOAD) {
            let same_pool = its.opt(workload::POOL) == workload.opt(workload::POOL);
            let runs = runs(its);
            let mut shared = of_workload(its).filter(|it| absent.contains(it));
            let Some(image) = shared.next().filter(|_| same_pool && runs) else { continue };
            let own = root.opt(tables::STATE).and_then(|it| it.block(state::STUCK, other));
            let stuck = own.map_or(0, |it| it.get(state::STUCK_PODS).into());
            let first = own.map_or(0, |it| stuck_nodes(root, its, it));
            // Its stuck pods are on the first nodes of the same order.
            let holds = own.is_some_and(|it| {
                let lacks = lacking(root, its, it, false);
                std::iter::once(image).chain(shared).any(|it| !lacks.contains(&it))
            });
            let running = pods_at_once(root, its).saturating_sub(stuck);
            let no_room = match its.opt(workload::KIND) {
                Some(Controller::DaemonSet) => first < on,
                Some(Controller::Deployment | Controller::Job) | None => nodes_of(root, its) <= on,
            };
            if 0 < stuck && holds || 0 < running && no_room {
                contradiction((name, on), other, image, block, problems);
            }
        }
    }
}

fn contradiction(
    (name, on): (&str, u64),
    other: &str,
    image: &str,
    block: &Values,
    problems: &mut Problems<'_>,
) {
    let message = if name == other {
        format!("pods of `state.stuck.{name}` are on every node, and others of it run there")
    } else {
        format!("pods of `{other}` have image `{image}` where pods of `state.stuck.{name}` lack it")
    };
    problems.error(Code::Contradiction, block.origin, message).help(format!(
        "stuck pods of `{name}` stand on {on} nodes without the image, and would start as soon as \
         it were there: fewer pods or nodes, or other images"
    ));
}

fn cache(root: &Values, name: &str, block: &Values, problems: &mut Problems<'_>) {
    let Some(pool) = root.block(tables::POOL, name) else {
        let known = root.blocks(tables::POOL).map(|it| it.0);
        return unknown(Kind::Pool.text(), name, block.origin, known, problems);
    };
    let path = format!("state.cache.{name}");
    if root.blocks(tables::REGISTRY).len() == 0 {
        problems
            .error(
                Code::NoRegistry,
                block.origin(state::CACHE_IMAGES),
                format!("`{path}.images` needs a scenario with a registry"),
            )
            .help("add a [registry.…] block");
    }
    if is_there(pool) == Some(false) {
        problems
            .error(
                Code::NotHere,
                block.origin,
                format!("`{path}` is of nodes that are not there at the start"),
            )
            .help("drop the pool's join, or give new nodes their images with preloaded");
    }
}
