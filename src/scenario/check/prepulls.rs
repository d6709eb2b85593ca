//! Pre-pulls, and the startup taints that wait for them.

use super::accounts::fit_images;
use super::images::{has_platform, pullable};
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::resolve::prepulls;
use crate::scenario::tables::{self, pool, timeline};
use crate::scenario::typed::Values;
use crate::scenario::walk::shorten;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    for (name, prepull) in prepulls(root) {
        puller(root, name, prepull, problems);
    }
    for (name, pool) in root.blocks(tables::POOL) {
        startup_taint(root, name, pool, problems);
    }
}

fn puller(root: &Values, name: &str, prepull: &Values, problems: &mut Problems<'_>) {
    let path = format!("timeline.{name}.prepull");
    if root.block(tables::WORKLOAD, name).is_some() {
        problems
            .error(
                Code::SameScope,
                prepull.origin,
                format!("the prepull `timeline.{name}` has the name of a workload"),
            )
            .help("its results stand under workload.NAME as well: give the block another name");
    }
    let images = prepull.get(timeline::IMAGES);
    let origin = prepull.origin(timeline::IMAGES);
    if prepull.has(timeline::IMAGES) && images.is_empty() {
        problems
            .error(Code::OutOfRange, origin, format!("`{path}.images` is empty"))
            .help("name the images to pull: [\"NAME\"]");
    }
    for image in &images {
        pullable(root, image, origin, problems);
    }
    let what = format!("prepull `{name}`");
    if let Some(account) = prepull.opt(timeline::PREPULL_ACCOUNT) {
        let origin = prepull.origin(timeline::PREPULL_ACCOUNT);
        fit_images(root, &what, images.iter().copied(), &[account], origin, problems);
    }
    if let Some(pool) = prepull.opt(timeline::POOL) {
        has_platform(root, &what, pool, images.into_iter(), origin, problems);
    }
}

fn startup_taint(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let Some(block) = pool.opt(pool::STARTUP_TAINT) else { return };
    let of_pool = |prepull: &Values| prepull.opt(timeline::POOL) == Some(name);
    let fits = prepulls(root).any(|(known, prepull)| known == block && of_pool(prepull));
    if fits {
        return;
    }
    let message = format!("`timeline.{block}` is no prepull of pool `{name}`");
    let problem = problems.error(Code::NotHere, pool.origin(pool::STARTUP_TAINT), message);
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
