//! Mistakes about disks.

use super::{Case, Code, case};

pub(crate) const CASES: &[Case] = &[
    case(
        Code::Cycle,
        (
            "",
            "[image.loop]\nfrom = \"loop\"\n[pool.large]\nnodes = 1\negress = \"nat\"\n\
             disk = { capacity = \"100GB\" }\npreloaded = [\"loop\"]",
        ),
        "\"loop\"",
        "loop from loop",
        "without `from`",
    ),
    case(
        Code::OutOfRange,
        ("nodes = 3", "nodes = 3\nkubelet = { image_gc_high_threshold_percent = 80 }"),
        "80",
        "`pool.workers.kubelet.image_gc_low_threshold_percent` is 80, not below",
        "image_gc_high_threshold_percent is 80",
    ),
    case(
        Code::OutOfRange,
        (
            "",
            "[timeline.x]\nat = \"1h\"\n\
             set = { \"pool.workers.kubelet.image_gc_low_threshold_percent\" = 90 }",
        ),
        "{ \"pool.workers.kubelet.image_gc_low_threshold_percent\" = 90 }",
        "leaves pool `workers` with a low threshold of 90 and a high one of 85",
        "set both",
    ),
    case(
        Code::UnknownName,
        ("", "[timeline.x]\nat = \"1h\"\nset = { \"pool.workers.kubelet.eviction_hard\" = 1 }"),
        "\"pool.workers.kubelet.eviction_hard\"",
        "`eviction_hard` is a table, which cannot change during a run",
        "",
    ),
    case(
        Code::OutOfRange,
        ("nodes = 3", "nodes = 3\ndisk = { capacity = \"1GB\", used = \"1000MB\" }"),
        "\"1000MB\"",
        "`pool.workers.disk.used` is 1GB of a capacity of 1GB",
        "larger",
    ),
    case(
        Code::NotHere,
        ("nodes = 3", "nodes = 3\ndisk = { used = \"1GB\" }"),
        "\"1GB\"",
        "`pool.workers.disk.used` has no meaning with a disk without capacity",
        "give the disk a capacity",
    ),
    case(
        Code::DiskTooSmall,
        (
            "nodes = 3",
            "nodes = 3\npreloaded = [\"api\"]\ndisk = { capacity = \"200MB\", used = \"100MB\" }",
        ),
        "\"200MB\"",
        // 33 MB and 2.6 times as much, and 7.5 kB of config and manifest.
        "too small for the 118.808MB of the start",
        "its room is 100MB",
    ),
    case(
        Code::DiskTooSmall,
        (
            "nodes = 3\negress = \"nat\"\n",
            "nodes = 3\negress = \"nat\"\ndisk = { capacity = \"100MB\" }\n\
             [timeline.x]\nat = \"1h\"\nset = { \"pool.workers.preloaded\" = [\"api\"] }\n",
        ),
        "{ \"pool.workers.preloaded\" = [\"api\"] }",
        "`timeline.x.set` preloads 118.808MB on the disks of pool `workers`",
        "preload less",
    ),
    case(
        Code::DiskFilledAtStart,
        (
            "nodes = 3\negress = \"nat\"\n\n",
            "nodes = 3\negress = \"nat\"\ndisk = { capacity = \"100MB\" }\n\n\
             [workload.old]\nkind = \"deployment\"\npool = \"workers\"\nreplicas = 1\n\
             start = { running = true }\ncontainers = [{ image = \"api\" }]\n\n",
        ),
        "\"100MB\"",
        "a node of pool `workers` with all that runs at the start holds 118.808MB",
        "make capacity larger",
    ),
    case(
        Code::AlwaysPressure,
        ("nodes = 3", "nodes = 3\ndisk = { capacity = \"100GB\", used = \"85001MB\" }"),
        "\"85001MB\"",
        "the nodes of pool `workers` are under disk pressure without any image",
        "wants 15% available",
    ),
    case(
        Code::NeverHappens,
        ("nodes = 3", "nodes = 3\ndisk = { pinned = [\"base\"] }"),
        "\"base\"",
        "`pool.workers.disk.pinned` names image `base`, which is never on a node",
        "name the images built from it",
    ),
    case(
        Code::UnknownName,
        ("", "[timeline.x]\nprune_images = { pool = \"workers\", keep = [\"bas\"] }"),
        "\"bas\"",
        "bas",
        "did you mean `base`?",
    ),
    case(
        Code::NotHere,
        ("", "[timeline.x]\nprune_images = { pool = \"workers\", only_above = \"80%\" }"),
        "\"80%\"",
        "`timeline.x.prune_images.only_above` has no meaning",
        "give pool.workers.disk.capacity",
    ),
    case(
        Code::OutOfRange,
        (
            "",
            "[timeline.x]\n\
             prune_images = { pool = \"workers\", between = { from = \"2h\", until = \"120m\" } }",
        ),
        "\"120m\"",
        "`timeline.x.prune_images.between` begins and ends at 2h",
        "leave `between` out",
    ),
    case(
        Code::NeverHappens,
        (
            "",
            "[timeline.x]\n\
             prune_images = { pool = \"workers\", between = { from = \"2h\", until = \"3h\" } }",
        ),
        "{ from = \"2h\", until = \"3h\" }",
        "`timeline.x.prune_images` runs 0s into a day",
        "let timeline.x.at be a time of the day",
    ),
];
