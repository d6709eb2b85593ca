//! Disks: their size, what fills them, and who deletes images.

use std::collections::BTreeMap;

use super::{not_here, pods};
use crate::model::node::image_gc::share_of;
use crate::scenario::build::state::blocks;
use crate::scenario::build::{day_window, layers, names};
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::settings::{Changed, Setting};
use crate::scenario::typed::{Typed, Values};
use crate::units::{Bytes, Share, Span};

const DAY: Span = Span::from_secs(86_400);

pub(super) fn check(root: &Values, settings: &[Setting], problems: &mut Problems<'_>) {
    for (name, pool) in root.named("pool") {
        thresholds(name, pool, problems);
        disk(root, name, pool, problems);
    }
    for setting in settings {
        changed_thresholds(root, setting, problems);
        changed_preloaded(root, setting, problems);
    }
    for (name, event) in root.named("timeline") {
        if let Some(prune) = event.table("prune_images") {
            prune_images(root, name, event, prune, problems);
        }
    }
}

/// A kubelet refuses to start with a low threshold that is not below the high one.
fn thresholds(name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let Some(kubelet) = pool.table("kubelet") else { return };
    let of = |key| kubelet.integer_opt(key);
    let (high_key, low_key) = ("image_gc_high_threshold_percent", "image_gc_low_threshold_percent");
    if let (Some(high), Some(low)) = (of(high_key), of(low_key))
        && high <= low
    {
        let message =
            format!("`pool.{name}.kubelet.{low_key}` is {low}, not below the high threshold");
        let written = if kubelet.is_written(low_key) { low_key } else { high_key };
        problems
            .error(Code::OutOfRange, kubelet.origin(written), message)
            .help(format!("{high_key} is {high}; set both"));
    }
}

/// The same for what a `set` makes of them.
fn changed_thresholds(root: &Values, setting: &Setting, problems: &mut Problems<'_>) {
    let Changed::Kubelet { pool, kubelet } = &setting.changed else { return };
    let Some(event) = root.block("timeline", &setting.block) else { return };
    let gc = kubelet.image_gc;
    let at_start = root.block("pool", pool).and_then(|it| it.table("kubelet")).is_some_and(|it| {
        it.integer("image_gc_high_threshold_percent")
            <= it.integer("image_gc_low_threshold_percent")
    });
    if gc.high_threshold_percent <= gc.low_threshold_percent && !at_start {
        let message = format!(
            "`timeline.{}.set` leaves pool `{pool}` with a low threshold of {} and a high one \
             of {}",
            setting.block, gc.low_threshold_percent, gc.high_threshold_percent
        );
        problems
            .error(Code::OutOfRange, event.origin("set"), message)
            .help("image_gc_low_threshold_percent has to be below the high one; set both");
    }
}

/// What new nodes come with from then on has to fit as well.
fn changed_preloaded(root: &Values, setting: &Setting, problems: &mut Problems<'_>) {
    let Changed::Preloaded { pool, images } = &setting.changed else { return };
    let Some(event) = root.block("timeline", &setting.block) else { return };
    let Some(disk) = root.block("pool", pool).and_then(|it| it.table("disk")) else { return };
    let Some(capacity) = disk.bytes_opt("capacity") else { return };
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let wanted = taken(root, &images, disk.milli("unpacked_ratio"));
    if capacity.0 < disk.bytes("used").0.saturating_add(wanted.0) {
        let message = format!(
            "`timeline.{}.set` preloads {} on the disks of pool `{pool}`",
            setting.block,
            wanted.beside(capacity)
        );
        problems.error(Code::DiskTooSmall, event.origin("set"), message).help(format!(
            "pool.{pool}.disk.capacity is {}; preload less, or make it larger",
            capacity.beside(capacity)
        ));
    }
}

fn disk(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let Some(disk) = pool.table("disk") else { return };
    let path = format!("pool.{name}.disk");
    never_on_a_node(root, &format!("{path}.pinned"), disk.list("pinned"), problems);
    if !disk.given("capacity") {
        for key in ["used", "unpacked_ratio"] {
            let help = "give the disk a capacity, such as \"100GB\"; without one it never fills up";
            not_here(problems, disk, &path, key, "a disk without capacity", help);
        }
        return;
    }
    let (Some(capacity), Some(used)) = (disk.bytes_opt("capacity"), disk.bytes_opt("used")) else {
        return;
    };
    if capacity <= used {
        let key = if disk.is_written("used") { "used" } else { "capacity" };
        problems
            .error(
                Code::OutOfRange,
                disk.origin(key),
                format!(
                    "`{path}.used` is {} of a capacity of {}",
                    used.beside(used),
                    capacity.beside(capacity)
                ),
            )
            .help("a disk has to be larger than what others than images take of it");
        return;
    }
    always_under_pressure(name, pool, disk, problems);
    at_the_start(root, name, pool, disk, problems);
}

/// Warns of disks that are under pressure before there is any image on them.
fn always_under_pressure(name: &str, pool: &Values, disk: &Values, problems: &mut Problems<'_>) {
    let hard = pool.table("kubelet").and_then(|it| it.table("eviction_hard"));
    let Some(hard) = hard else { return };
    let (capacity, used) = (disk.bytes("capacity"), disk.bytes("used"));
    let wanted = hard.share("imagefs_available").max(hard.share("nodefs_available"));
    if capacity - used < share_of(capacity, wanted) {
        let key = if disk.is_written("used") { "used" } else { "capacity" };
        problems
            .warning(
                Code::AlwaysPressure,
                disk.origin(key),
                format!("the nodes of pool `{name}` are under disk pressure without any image"),
            )
            .help(format!(
                "{} of {} are used, and kubelet.eviction_hard wants {wanted} available: they take \
                 no pods",
                used.beside(used),
                capacity.beside(capacity)
            ));
    }
}

/// What is on a node at the start has to fit: its preloaded images and those of running DaemonSets
/// for sure, those of other running workloads at worst.
fn at_the_start(
    root: &Values,
    name: &str,
    pool: &Values,
    disk: &Values,
    problems: &mut Problems<'_>,
) {
    let running = |kinds: fn(&str) -> bool| {
        let workloads = root.named("workload").filter(move |(_, it)| {
            let runs = it.table("start").is_some_and(|start| start.bool("running"));
            runs && it.text("pool") == name && kinds(it.text("kind"))
        });
        workloads.flat_map(|(_, it)| pods::images(it)).collect::<Vec<_>>()
    };
    let space = disk.bytes("capacity") - disk.bytes("used");
    let ratio = disk.milli("unpacked_ratio");
    let mut images = names(pool, "preloaded");
    images.extend(running(|kind| kind == "daemonset"));
    images.extend(cached(root, name, |it| it == Share::ALL));
    let for_sure = taken(root, &images, ratio);
    images.extend(running(|kind| kind != "daemonset"));
    images.extend(cached(root, name, |it| it != Share::NONE));
    let at_worst = taken(root, &images, ratio);
    let capacity = disk.bytes("capacity");
    let (for_sure_text, at_worst_text) = (for_sure.beside(capacity), at_worst.beside(capacity));
    let help = format!(
        "its room is {}; layers count compressed and, times unpacked_ratio, unpacked: make \
         capacity larger, or let less be there at the start",
        space.beside(capacity)
    );
    let origin = disk.origin("capacity");
    if space < for_sure {
        let message = format!(
            "the disks of pool `{name}` are too small for the {for_sure_text} of the start"
        );
        problems.error(Code::DiskTooSmall, origin, message).help(help);
    } else if space < at_worst {
        let message = format!(
            "a node of pool `{name}` with all that runs at the start holds {at_worst_text} of \
             images"
        );
        problems.warning(Code::DiskFilledAtStart, origin, message).help(help);
    }
}

/// The images that the state puts on nodes of a pool, by the share of the nodes.
fn cached<'a>(root: &'a Values, pool: &str, wanted: fn(Share) -> bool) -> Vec<&'a str> {
    let cache = blocks(root, "cache").find(|it| it.0 == pool);
    let images = cache.into_iter().flat_map(|it| it.1.shares("images"));
    images.filter(|it| wanted(it.1)).map(|it| it.0).collect()
}

/// What images take on a disk: blobs, and layers unpacked once for each stack that they end.
fn taken(root: &Values, images: &[&str], ratio: u64) -> Bytes {
    let (mut blobs, mut chains) = (BTreeMap::new(), BTreeMap::new());
    let mut total = 0u64;
    for &name in images {
        let Some(values) = root.block("image", name) else { continue };
        let small = values.bytes("config").0 + values.bytes("manifest").0;
        blobs.insert(format!("image {name}"), small + values.bytes("index").0);
        let mut stack = String::new();
        for layer in layers(root, name) {
            stack = format!("{stack}/{}", layer.digest);
            chains.insert(stack.clone(), layer.size.0 * ratio / 1_000);
            blobs.insert(format!("layer {}", layer.digest), layer.size.0);
        }
    }
    for size in blobs.values().chain(chains.values()) {
        total = total.saturating_add(*size);
    }
    Bytes(total)
}

/// Warns of names in a list of images that can never be on a node.
fn never_on_a_node(root: &Values, path: &str, list: &[Typed], problems: &mut Problems<'_>) {
    if list.is_empty() {
        // Most pools have none, and each would look at all pools.
        return;
    }
    let mut preloaded: Vec<&str> =
        root.named("pool").flat_map(|it| names(it.1, "preloaded")).collect();
    preloaded.extend(root.named("pool").flat_map(|it| cached(root, it.0, |_| true)));
    for typed in list {
        let Some(name) = typed.value.as_text() else { continue };
        let given = root.block("image", name).is_none_or(|it| it.given("reference"));
        if !given && !preloaded.contains(&name) {
            problems
                .warning(
                    Code::NeverHappens,
                    typed.origin,
                    format!("`{path}` names image `{name}`, which is never on a node"),
                )
                .help("it has no reference and is not preloaded; name the images built from it");
        }
    }
}

fn prune_images(
    root: &Values,
    name: &str,
    event: &Values,
    prune: &Values,
    problems: &mut Problems<'_>,
) {
    let path = format!("timeline.{name}.prune_images");
    never_on_a_node(root, &format!("{path}.keep"), prune.list("keep"), problems);
    let pool = prune.text("pool");
    let disk = root.block("pool", pool).and_then(|it| it.table("disk"));
    if prune.given("only_above") && disk.is_some_and(|it| !it.given("capacity")) {
        problems
            .error(
                Code::NotHere,
                prune.origin("only_above"),
                format!("`{path}.only_above` has no meaning with disks that never fill up"),
            )
            .help(format!("give pool.{pool}.disk.capacity, or leave only_above out"));
    }
    let Some(between) = prune.table("between") else { return };
    let (Some(from), Some(until)) = (between.span_opt("from"), between.span_opt("until")) else {
        return;
    };
    if from == until {
        problems
            .error(
                Code::OutOfRange,
                between.origin("until"),
                format!("`{path}.between` begins and ends at {from}"),
            )
            .help("leave `between` out for the whole day");
        return;
    }
    let at = event.span("at");
    let always_then =
        prune.span_opt("every").is_none_or(|it| it.as_micros() % DAY.as_micros() == 0);
    if always_then && !day_window(between).contains(at) {
        problems
            .warning(
                Code::NeverHappens,
                prune.origin("between"),
                format!("`{path}` runs {at} into a day, which is not between {from} and {until}"),
            )
            .help(format!("let timeline.{name}.at be a time of the day in `between`"));
    }
}
