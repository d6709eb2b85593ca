//! What is on the nodes before a pod asks: pre-pulls, startup taints, tags that move, the way back.

use super::{not_here, pods};
use crate::scenario::build::{names, prepulls};
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::typed::Values;
use crate::scenario::walk::shorten;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    for (name, prepull) in prepulls(root) {
        puller(root, name, prepull, problems);
    }
    for (name, pool) in root.named("pool") {
        startup_taint(root, name, pool, problems);
    }
    for (name, event) in root.named("timeline") {
        if let Some(moved) = event.table("move_tag") {
            move_tag(root, name, moved, problems);
        }
        if let Some(rollback) = event.table("rollback") {
            undo(root, name, event, rollback, problems);
        }
    }
}

fn puller(root: &Values, name: &str, prepull: &Values, problems: &mut Problems<'_>) {
    let path = format!("timeline.{name}.prepull");
    if root.block("workload", name).is_some() {
        problems
            .error(
                Code::SameScope,
                prepull.origin,
                format!("the prepull `timeline.{name}` has the name of a workload"),
            )
            .help("its results stand under workload.NAME as well: give the block another name");
    }
    let images = names(prepull, "images");
    if prepull.get("images").is_some() && images.is_empty() {
        problems
            .error(Code::OutOfRange, prepull.origin("images"), format!("`{path}.images` is empty"))
            .help("name the images to pull: [\"NAME\"]");
    }
    for image in &images {
        pods::pullable(root, image, prepull.origin("images"), problems);
    }
    if !prepull.given("batch") {
        let help = "all nodes pull at once; give batch, the nodes of a wave, such as \"10%\"";
        not_here(problems, prepull, &path, "every", "no batch", help);
    }
    let what = format!("prepull `{name}`");
    if let Some(account) = prepull.text_opt("account") {
        let (images, origin) = (images.iter().copied(), prepull.origin("account"));
        pods::accounts_fit_images(root, &what, images, &[account], origin, problems);
    }
    if let Some(pool) = prepull.text_opt("pool") {
        let (images, origin) = (images.iter().copied(), prepull.origin("images"));
        pods::has_platform(root, &what, pool, images, origin, problems);
    }
}

fn startup_taint(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let Some(block) = pool.text_opt("startup_taint") else { return };
    let of_pool = |prepull: &Values| prepull.text_opt("pool") == Some(name);
    let fits = prepulls(root).any(|(known, prepull)| known == block && of_pool(prepull));
    if fits {
        return;
    }
    let message = format!("`timeline.{block}` is no prepull of pool `{name}`");
    let problem = problems.error(Code::NotHere, pool.origin("startup_taint"), message);
    let own = prepulls(root).filter(|(_, prepull)| of_pool(prepull));
    let own: Vec<&str> = own.map(|(known, _)| known).collect();
    if own.is_empty() {
        problem.help(format!(
            "nobody would take the taint off: add a block with prepull = {{ pool = \"{name}\", … }}"
        ));
    } else {
        problem.help(format!("prepulls of this pool: {}", shorten(&own)));
    }
}

fn move_tag(root: &Values, name: &str, moved: &Values, problems: &mut Problems<'_>) {
    let (Some(image), Some(to)) = (moved.text_opt("image"), moved.text_opt("to")) else { return };
    for (key, block) in [("image", image), ("to", to)] {
        pods::pullable(root, block, moved.origin(key), problems);
    }
    let reference = root.block("image", image).and_then(|it| it.text_opt("reference"));
    if reference.is_some_and(|it| it.contains('@')) {
        problems
            .error(
                Code::NotHere,
                moved.origin("image"),
                format!("`timeline.{name}.move_tag` moves image `{image}`, which is a digest"),
            )
            .help("a digest names one content for ever; only a reference with a tag alone moves");
    }
    if let (Some(here), Some(there)) = (pods::host(root, image), pods::host(root, to))
        && here != there
    {
        problems
            .error(
                Code::NotHere,
                moved.origin("to"),
                format!(
                    "`timeline.{name}.move_tag` moves a tag of {here} to image `{to}` of {there}"
                ),
            )
            .help(format!(
                "a tag names a content of its own registry: give it a reference of {here}"
            ));
    }
}

/// Without a rollout before it there is one revision, and kubectl refuses.
fn undo(root: &Values, name: &str, event: &Values, rollback: &Values, problems: &mut Problems<'_>) {
    let Some(workload) = rollback.text_opt("workload") else { return };
    let Some(values) = root.block("workload", workload) else { return };
    if values.text("kind") == "job" {
        problems
            .error(
                Code::NotHere,
                rollback.origin("workload"),
                format!("`timeline.{name}.rollback` is for job `{workload}`"),
            )
            .help("deployments and daemonsets have revisions; a job does not");
        return;
    }
    let start = values.table("start").and_then(|it| it.span_opt("at")).unwrap_or_default();
    let until = (event.span("at"), name);
    let makes_a_revision = root.named("timeline").any(|(other, event)| {
        let rolls =
            ["rollout", "canary"].iter().find_map(|it| event.table(it)?.text_opt("workload"));
        let at = event.span("at");
        rolls == Some(workload) && start <= at && (at, other) < until
    });
    if !makes_a_revision {
        problems
            .error(
                Code::NotHere,
                rollback.origin("workload"),
                format!("`timeline.{name}.rollback` finds one revision of workload `{workload}`"),
            )
            .help("there is nothing to undo: add a rollout or a canary of it at an earlier time");
    }
}
