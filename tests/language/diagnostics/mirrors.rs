//! Problems of mirrors, and of faults that could strike either a registry or a mirror.

use super::{Case, case};
use pullstorm::scenario::Code;

pub(super) const CASES: &[Case] = &[
    case(
        Code::UnknownWord,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m]\nkind = \"harbor\"\n\
             upstream = \"docker-hub\"\negress = \"out\"\n",
        ),
        "\"harbor\"",
        "`mirror.m.kind`",
        "distribution-2.8, distribution-3",
    ),
    case(
        Code::MissingKey,
        ("", "[mirror.m]\nkind = \"distribution-3\"\nupstream = \"docker-hub\"\n"),
        "m",
        "`mirror.m` has no `egress`",
        "[egress.NAME]",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m]\n\
             kind = \"distribution-2.8\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\nttl = \"1h\"\n",
        ),
        "\"1h\"",
        "`mirror.m.ttl` has no meaning",
        "168h compiled in",
    ),
    case(
        Code::OutOfRange,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\nnodes.pools = []\n",
        ),
        "[]",
        "`mirror.m.nodes.pools` is empty",
        "leave it out for all pools",
    ),
    case(
        Code::OtherAccount,
        (
            "",
            "[registry.own]\nhost = \"own.example\"\n[account.own]\n\
             registry = \"own\"\n[egress.out]\nkind = \"per-node\"\n[mirror.m]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\naccount = \"own\"\n",
        ),
        "\"own\"",
        "`mirror.m.account` is one of registry `own`",
        "asks `docker-hub`",
    ),
    case(
        Code::NoRegistry,
        (
            "",
            "[registry.own]\nhost = \"own.example\"\n[image.mine]\n\
             reference = \"own.example/mine:1\"\nlayers = [\"1MB\"]\n[egress.out]\n\
             kind = \"per-node\"\n[mirror.m]\nkind = \"distribution-3\"\n\
             upstream = \"docker-hub\"\negress = \"out\"\n\
             filled.images = [\"mine\"]\n",
        ),
        "[\"mine\"]",
        "image `mine` is not one of its upstream",
        "begins with docker.io",
    ),
    case(
        Code::OutOfRange,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\ndisk.capacity = \"1kB\"\nfilled.images = [\"api\"]\n",
        ),
        "[\"api\"]",
        "and its disk has 1kB",
        "raise disk.capacity",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\nnodes.pools = [\"workers\"]\n[pool.other]\n\
             nodes = 1\negress = \"out\"\n[timeline.apply]\n\
             reconfigure_nodes = { mirror = \"m\", pool = \"other\", batch = 1, every = \"1m\" }\n",
        ),
        "\"other\"",
        "which its mirror is not meant for",
        "pools of the mirror: workers",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\n[fault.f]\nregistry = \"docker-hub\"\n\
             mirror = \"m\"\nanswer = 500\n",
        ),
        "\"m\"",
        "both a registry and a mirror",
        "a block of its own",
    ),
    case(
        Code::MissingKey,
        ("", "[fault.f]\nanswer = 500\n"),
        "f",
        "`fault.f` has no `registry`",
        "or a mirror",
    ),
    case(
        Code::SameCause,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\n[timeline.abuse]\n\
             restart_mirror = { mirror = \"m\" }\n",
        ),
        "abuse",
        "the cause `abuse`",
        "give one of them another name",
    ),
    case(
        Code::TooMany,
        (
            "",
            "[egress.out]\nkind = \"per-node\"\n[mirror.m0]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\n[mirror.m1]\nkind = \"distribution-3\"\n\
             upstream = \"docker-hub\"\negress = \"out\"\n[mirror.m2]\n\
             kind = \"distribution-3\"\nupstream = \"docker-hub\"\n\
             egress = \"out\"\n[mirror.m3]\nkind = \"distribution-3\"\n\
             upstream = \"docker-hub\"\negress = \"out\"\n",
        ),
        "m3",
        "has more than the 3 mirrors",
        "replicas make one mirror wider",
    ),
];
