//! Disks: their size, what fills them, and who deletes images.

use std::collections::BTreeMap;

use crate::model::node::image_gc::share_of;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::key::{Key, List, Name};
use crate::scenario::resolve::images::{layers, of_workload};
use crate::scenario::resolve::state::blocks;
use crate::scenario::resolve::{day_window, runs};
use crate::scenario::settings::{Changed, Setting};
use crate::scenario::source::Origin;
use crate::scenario::tables::workload::Controller;
use crate::scenario::tables::{self, image, pool, state, timeline, workload};
use crate::scenario::typed::Values;
use crate::units::{Bytes, Share, Span};

const DAY: Span = Span::from_secs(86_400);

pub(super) fn check(root: &Values, settings: &[Setting], problems: &mut Problems<'_>) {
    for (name, pool) in root.blocks(tables::POOL) {
        thresholds(name, pool, problems);
        disk(root, name, pool, problems);
    }
    for setting in settings {
        changed_thresholds(root, setting, problems);
        changed_preloaded(root, setting, problems);
    }
    for (name, event) in root.blocks(tables::TIMELINE) {
        if let Some(prune) = event.opt(timeline::PRUNE_IMAGES) {
            prune_images(root, name, event, prune, problems);
        }
    }
}

/// A kubelet refuses to start with a low threshold that is not below the high one.
fn thresholds(name: &str, pool: &Values, problems: &mut Problems<'_>) {
    const HIGH: Key<u32> = pool::IMAGE_GC_HIGH_THRESHOLD_PERCENT;
    const LOW: Key<u32> = pool::IMAGE_GC_LOW_THRESHOLD_PERCENT;
    let Some(kubelet) = pool.opt(pool::KUBELET) else { return };
    if let (Some(high), Some(low)) = (kubelet.opt(HIGH), kubelet.opt(LOW))
        && high <= low
    {
        let (high_key, low_key) = (HIGH.row.name, LOW.row.name);
        let message =
            format!("`pool.{name}.kubelet.{low_key}` is {low}, not below the high threshold");
        let written = if kubelet.is_written(LOW) { LOW } else { HIGH };
        problems
            .error(Code::OutOfRange, kubelet.origin(written), message)
            .help(format!("{high_key} is {high}; set both"));
    }
}

/// The same for what a `set` makes of them.
fn changed_thresholds(root: &Values, setting: &Setting, problems: &mut Problems<'_>) {
    let Changed::Kubelet { pool, kubelet } = &setting.changed else { return };
    let Some(event) = root.block(tables::TIMELINE, &setting.block) else { return };
    let gc = kubelet.image_gc;
    let at_start = root.block(tables::POOL, pool).and_then(|it| it.opt(pool::KUBELET));
    let at_start = at_start.is_some_and(|it| {
        it.get(pool::IMAGE_GC_HIGH_THRESHOLD_PERCENT)
            <= it.get(pool::IMAGE_GC_LOW_THRESHOLD_PERCENT)
    });
    if gc.high_threshold_percent <= gc.low_threshold_percent && !at_start {
        let message = format!(
            "`timeline.{}.set` leaves pool `{pool}` with a low threshold of {} and a high one \
             of {}",
            setting.block, gc.low_threshold_percent, gc.high_threshold_percent
        );
        problems
            .error(Code::OutOfRange, event.origin(timeline::SET), message)
            .help("image_gc_low_threshold_percent has to be below the high one; set both");
    }
}

/// What new nodes come with from then on has to fit as well.
fn changed_preloaded(root: &Values, setting: &Setting, problems: &mut Problems<'_>) {
    let Changed::Preloaded { pool, images } = &setting.changed else { return };
    let Some(event) = root.block(tables::TIMELINE, &setting.block) else { return };
    let Some(disk) = root.block(tables::POOL, pool).and_then(|it| it.opt(pool::DISK)) else {
        return;
    };
    let Some(capacity) = disk.opt(pool::DISK_CAPACITY) else { return };
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let wanted = taken(root, &images, disk.get(pool::DISK_UNPACKED_RATIO));
    if capacity.0 < disk.get(pool::DISK_USED).0.saturating_add(wanted.0) {
        let message = format!(
            "`timeline.{}.set` preloads {} on the disks of pool `{pool}`",
            setting.block,
            wanted.beside(capacity)
        );
        problems.error(Code::DiskTooSmall, event.origin(timeline::SET), message).help(format!(
            "pool.{pool}.disk.capacity is {}; preload less, or make it larger",
            capacity.beside(capacity)
        ));
    }
}

fn disk(root: &Values, name: &str, pool: &Values, problems: &mut Problems<'_>) {
    let Some(disk) = pool.opt(pool::DISK) else { return };
    let path = format!("pool.{name}.disk");
    never_on_a_node(root, &format!("{path}.pinned"), disk, pool::DISK_PINNED, problems);
    let (Some(capacity), Some(used)) = (disk.opt(pool::DISK_CAPACITY), disk.opt(pool::DISK_USED))
    else {
        return;
    };
    if capacity <= used {
        let origin = size_origin(disk);
        problems
            .error(
                Code::OutOfRange,
                origin,
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
    let hard = pool.opt(pool::KUBELET).and_then(|it| it.opt(pool::EVICTION_HARD));
    let Some(hard) = hard else { return };
    let (capacity, used) = (disk.get(pool::DISK_CAPACITY), disk.get(pool::DISK_USED));
    let wanted = hard.get(pool::IMAGEFS_AVAILABLE).max(hard.get(pool::NODEFS_AVAILABLE));
    if capacity - used < share_of(capacity, wanted) {
        let origin = size_origin(disk);
        problems
            .warning(
                Code::AlwaysPressure,
                origin,
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
    let running = |of_daemons: bool| {
        let here = |it: &Values| it.opt(workload::POOL) == Some(name) && runs(it);
        let workloads = root.blocks(tables::WORKLOAD).filter(move |(_, it)| {
            here(it) && (it.opt(workload::KIND) == Some(Controller::DaemonSet)) == of_daemons
        });
        workloads.flat_map(|(_, it)| of_workload(it)).collect::<Vec<_>>()
    };
    let space = disk.get(pool::DISK_CAPACITY) - disk.get(pool::DISK_USED);
    let ratio = disk.get(pool::DISK_UNPACKED_RATIO);
    let mut images = pool.get(pool::PRELOADED);
    images.extend(running(true));
    images.extend(cached(root, name, |it| it == Share::ALL));
    let for_sure = taken(root, &images, ratio);
    images.extend(running(false));
    images.extend(cached(root, name, |it| it != Share::NONE));
    let at_worst = taken(root, &images, ratio);
    let capacity = disk.get(pool::DISK_CAPACITY);
    let (for_sure_text, at_worst_text) = (for_sure.beside(capacity), at_worst.beside(capacity));
    let help = format!(
        "its room is {}; layers count compressed and, times unpacked_ratio, unpacked: make \
         capacity larger, or let less be there at the start",
        space.beside(capacity)
    );
    let origin = disk.origin(pool::DISK_CAPACITY);
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
    let cache = blocks(root, state::CACHE).find(|it| it.0 == pool);
    let images = cache.into_iter().flat_map(|it| it.1.shares(state::CACHE_IMAGES));
    images.filter(|it| wanted(it.1)).map(|it| it.0).collect()
}

/// What images take on a disk: blobs, and layers unpacked once for each stack that they end.
fn taken(root: &Values, images: &[&str], ratio: u64) -> Bytes {
    let (mut blobs, mut chains) = (BTreeMap::new(), BTreeMap::new());
    let mut total = 0u64;
    for &name in images {
        let Some(values) = root.block(tables::IMAGE, name) else { continue };
        let small = values.get(image::CONFIG).0 + values.get(image::MANIFEST).0;
        blobs.insert(format!("image {name}"), small + values.get(image::INDEX).0);
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

/// Where the size of a disk stands that is too small.
fn size_origin(disk: &Values) -> Origin {
    let is_used = disk.is_written(pool::DISK_USED);
    if is_used { disk.origin(pool::DISK_USED) } else { disk.origin(pool::DISK_CAPACITY) }
}

/// Warns of names in a list of images that can never be on a node.
fn never_on_a_node(
    root: &Values,
    path: &str,
    values: &Values,
    key: Key<List<Name>>,
    problems: &mut Problems<'_>,
) {
    if values.items(key).next().is_none() {
        // Most pools have none, and each would look at all pools.
        return;
    }
    let pools = || root.blocks(tables::POOL);
    let mut there: Vec<&str> = pools().flat_map(|it| it.1.get(pool::PRELOADED)).collect();
    there.extend(pools().flat_map(|it| cached(root, it.0, |_| true)));
    for (name, origin) in values.items(key) {
        let given = root.block(tables::IMAGE, name).is_none_or(|it| it.given(image::REFERENCE));
        if !given && !there.contains(&name) {
            problems
                .warning(
                    Code::NeverHappens,
                    origin,
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
    never_on_a_node(root, &format!("{path}.keep"), prune, timeline::KEEP, problems);
    let pool = prune.get(timeline::POOL);
    let disk = root.follow(prune, timeline::POOL).and_then(|it| it.opt(pool::DISK));
    if prune.given(timeline::ONLY_ABOVE) && disk.is_some_and(|it| !it.given(pool::DISK_CAPACITY)) {
        problems
            .error(
                Code::NotHere,
                prune.origin(timeline::ONLY_ABOVE),
                format!("`{path}.only_above` has no meaning with disks that never fill up"),
            )
            .help(format!("give pool.{pool}.disk.capacity, or leave only_above out"));
    }
    let Some(between) = prune.opt(timeline::BETWEEN) else { return };
    let (Some(from), Some(until)) =
        (between.opt(timeline::BETWEEN_FROM), between.opt(timeline::BETWEEN_UNTIL))
    else {
        return;
    };
    if from == until {
        problems
            .error(
                Code::OutOfRange,
                between.origin(timeline::BETWEEN_UNTIL),
                format!("`{path}.between` begins and ends at {from}"),
            )
            .help("leave `between` out for the whole day");
        return;
    }
    let at = event.get(timeline::AT);
    let always_then =
        prune.opt(timeline::PRUNE_EVERY).is_none_or(|it| it.as_micros() % DAY.as_micros() == 0);
    if always_then && !day_window(between).contains(at) {
        problems
            .warning(
                Code::NeverHappens,
                prune.origin(timeline::BETWEEN),
                format!("`{path}` runs {at} into a day, which is not between {from} and {until}"),
            )
            .help(format!("let timeline.{name}.at be a time of the day in `between`"));
    }
}
