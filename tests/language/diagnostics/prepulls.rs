//! Problems of pre-pulls, startup taints, tags that move and rollbacks.

use super::{Case, case};
use pullstorm::scenario::Code;

pub(super) const CASES: &[Case] = &[
    case(
        Code::SameScope,
        ("", "[timeline.api]\nprepull = { pool = \"workers\", images = [\"api\"] }\n"),
        "prepull",
        "the prepull `timeline.api` has the name of a workload",
        "give the block another name",
    ),
    case(
        Code::OutOfRange,
        ("", "[timeline.first]\nprepull = { pool = \"workers\", images = [] }\n"),
        "[]",
        "`timeline.first.prepull.images` is empty",
        "name the images",
    ),
    case(
        Code::OutOfRange,
        ("", "[timeline.first]\nprepull = { pool = \"workers\", images = [\"api\"], batch = 0 }\n"),
        "0",
        "`timeline.first.prepull.batch` is 0, less than the 1 allowed",
        "a whole number from 1",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[timeline.first]\n\
             prepull = { pool = \"workers\", images = [\"api\"], every = \"2m\" }\n",
        ),
        "\"2m\"",
        "`timeline.first.prepull.every` has no meaning with no batch",
        "all nodes pull at once",
    ),
    case(
        Code::MissingKey,
        ("", "[timeline.first]\nprepull = { pool = \"workers\", images = [\"base\"] }\n"),
        "[\"base\"]",
        "image `base` has no `reference`",
        "add one to [image.base]",
    ),
    case(
        Code::NoPlatform,
        (
            "",
            "[image.odd]\nreference = \"acme/odd:1\"\nplatforms = [\"arm64\"]\nlayers = [\"1kB\"]\n\
             [timeline.first]\nprepull = { pool = \"workers\", images = [\"odd\"] }\n",
        ),
        "[\"odd\"]",
        "image `odd` of prepull `first` has no amd64",
        "its platforms: arm64",
    ),
    case(
        Code::OtherAccount,
        (
            "",
            "[registry.q]\nhost = \"quay.io\"\n[account.q]\nregistry = \"q\"\n[timeline.first]\n\
             prepull = { pool = \"workers\", images = [\"api\"], account = \"q\" }\n",
        ),
        "\"q\"",
        "no image of prepull `first` is pulled with account `q`",
        "the images come from docker.io",
    ),
    case(
        Code::NotHere,
        (
            "nodes = 3\negress = \"nat\"",
            "startup_taint = \"cut\"\nnodes = 3\negress = \"nat\"\n\
             [timeline.cut]\n\
             scale_nodes = { pool = \"workers\", nodes = 1 }\n\
             [pool.other]\nnodes = 1\negress = \"nat\"",
        ),
        "\"cut\"",
        "`timeline.cut` is no prepull of pool `workers`",
        "nobody would take the taint off",
    ),
    case(
        Code::NotHere,
        (
            "nodes = 3\negress = \"nat\"",
            "startup_taint = \"far\"\nnodes = 3\negress = \"nat\"\n\
             [timeline.far]\n\
             prepull = { pool = \"other\", images = [\"api\"] }\n\
             [timeline.near]\nprepull = { pool = \"workers\", \
             images = [\"api\"] }\n[pool.other]\nnodes = 1\negress = \"nat\"",
        ),
        "\"far\"",
        "`timeline.far` is no prepull of pool `workers`",
        "prepulls of this pool: near",
    ),
    case(
        Code::UnknownName,
        ("nodes = 3", "nodes = 3\nstartup_taint = \"first\""),
        "\"first\"",
        "first",
        "",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[image.pinned]\nreference = \"acme/api:1@sha256:ab12\"\nlayers = [\"1kB\"]\n\
             [timeline.move]\nmove_tag = { image = \"pinned\", to = \"api\" }\n",
        ),
        "\"pinned\"",
        "`timeline.move.move_tag` moves image `pinned`, which is a digest",
        "only a reference with a tag alone moves",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[registry.q]\nhost = \"quay.io\"\n\
             [image.far]\nreference = \"quay.io/acme/api:1\"\nlayers = [\"1kB\"]\n\
             [timeline.move]\nmove_tag = { image = \"api\", to = \"far\" }\n",
        ),
        "\"far\"",
        "moves a tag of docker.io to image `far` of quay.io",
        "give it a reference of docker.io",
    ),
    case(
        Code::MissingKey,
        ("", "[timeline.move]\nmove_tag = { image = \"api\", to = \"base\" }\n"),
        "\"base\"",
        "image `base` has no `reference`",
        "add one",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[timeline.late]\nat = \"2h\"\nrollout = { workload = \"api\" }\n\
             [timeline.undo]\nat = \"1h\"\nrollback = { workload = \"api\" }\n",
        ),
        "\"api\"",
        "`timeline.undo.rollback` finds one revision of workload `api`",
        "add a rollout or a canary of it at an earlier time",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[workload.j]\nkind = \"job\"\npool = \"workers\"\ncompletions = 1\nduration = \"1m\"\n\
             containers = [{ image = \"api\" }]\n\
             [timeline.undo]\nrollback = { workload = \"j\" }\n",
        ),
        "\"j\"",
        "`timeline.undo.rollback` is for job `j`",
        "a job does not",
    ),
];
