//! Mistakes with guards of rollouts, accounts, addresses and copies of images.

use pullstorm::scenario::Code;

use super::{Case, case};

pub(crate) const CASES: &[Case] = &[
    case(
        Code::MissingKey,
        ("", "[timeline.r]\nrollout = { workload = \"api\", resume_after = \"5m\" }\n"),
        "\"5m\"",
        "`timeline.r.rollout.resume_after` needs pause_on_failures",
        "nothing pauses this rollout",
    ),
    case(
        Code::OutOfRange,
        ("", "[timeline.r]\nrollout = { workload = \"api\", pause_on_failures = 0 }\n"),
        "0",
        "`timeline.r.rollout.pause_on_failures` is 0",
        "from 1 to",
    ),
    case(
        Code::MissingKey,
        ("", "[timeline.c]\ncanary = { workload = \"api\", max_retries = 3 }\n"),
        "3",
        "`timeline.c.canary.max_retries` needs retry_every",
        "not tried again",
    ),
    case(
        Code::OutOfRange,
        ("", "[timeline.c]\ncanary = { workload = \"api\", share = \"200%\" }\n"),
        "\"200%\"",
        "`timeline.c.canary.share` is 200%",
        "from 0% to 100%",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[workload.agent]\nkind = \"daemonset\"\npool = \"workers\"\n\
             containers = [{ image = \"api\" }]\n\
             [timeline.c]\ncanary = { workload = \"agent\" }\n",
        ),
        "\"agent\"",
        "`timeline.c.canary` is for daemonset `agent`",
        "only deployments have canaries",
    ),
    case(
        Code::NotInWorkload,
        ("", "[timeline.c]\ncanary = { workload = \"api\", replace = { base = \"api\" } }\n"),
        "{ base = \"api\" }",
        "`timeline.c.canary` replaces image `base`",
        "its images: api",
    ),
    case(
        Code::OtherAccount,
        (
            "",
            "[account.cd]\nregistry = \"docker-hub\"\n\
             [workload.two]\nkind = \"deployment\"\npool = \"workers\"\nreplicas = 1\n\
             containers = [{ image = \"api\" }]\naccount = [\"ci\", \"cd\"]\n",
        ),
        "[\"ci\", \"cd\"]",
        "accounts `ci` and `cd` of workload `two` are both of `docker-hub`",
        "keep one of them",
    ),
    case(
        Code::OtherAccount,
        ("nodes = 3", "nodes = 3\naccount = [\"ci\", \"ci\"]"),
        "[\"ci\", \"ci\"]",
        "accounts `ci` and `ci` of pool `workers`",
        "keep one of them",
    ),
    case(
        Code::OtherAccount,
        ("", "[timeline.s]\nset = { \"pool.workers.account\" = [\"ci\", \"ci\"] }\n"),
        "{ \"pool.workers.account\" = [\"ci\", \"ci\"] }",
        "accounts `ci` and `ci` of pool `workers`",
        "keep one of them",
    ),
    case(
        Code::UnknownName,
        ("nodes = 3", "nodes = 3\naccount = \"cj\""),
        "\"cj\"",
        "names [account.cj], which does not exist",
        "[account.…] blocks: ci",
    ),
    case(
        Code::OutOfRange,
        ("addresses = 1", "addresses = 2\nshares = [\"60%\", \"30%\"]"),
        "[\"60%\", \"30%\"]",
        "`egress.nat.shares` add up to 90%",
        "100%",
    ),
    case(
        Code::OutOfRange,
        ("addresses = 1", "addresses = 3\nshares = [\"50%\", \"50%\"]"),
        "[\"50%\", \"50%\"]",
        "`egress.nat.shares` has 2 shares for 3 addresses",
        "leave shares out",
    ),
    case(
        Code::NotHere,
        ("", "[egress.own]\nkind = \"per-node\"\nshares = [\"100%\"]\n"),
        "[\"100%\"]",
        "`egress.own.shares` has no meaning with kind = \"per-node\"",
        "kind = \"nat\"",
    ),
    case(
        Code::NotSettable,
        (
            "addresses = 1",
            "addresses = 1\nshares = [\"100%\"]\n\
             [timeline.s]\nset = { \"egress.nat.addresses\" = 2 }",
        ),
        "{ \"egress.nat.addresses\" = 2 }",
        "`egress.nat` has shares for the addresses it has",
        "leave its shares out",
    ),
    case(
        Code::NotHere,
        ("preset = \"docker-hub\"", "preset = \"docker-hub\"\nreplicates = [\"api\"]"),
        "[\"api\"]",
        "`registry.docker-hub.replicates` has image `api`, which is of this registry",
        "images of other registries",
    ),
    case(
        Code::NotHere,
        (
            "",
            "[registry.a]\nhost = \"a.example\"\nreplicates = [\"api\"]\n\
             [registry.b]\nhost = \"b.example\"\nreplicates = [\"api\"]\n",
        ),
        "[\"api\"]",
        "`registry.b.replicates` has image `api`, and so has `a`",
        "keep it in one of them",
    ),
    case(
        Code::MissingKey,
        ("", "[registry.a]\nhost = \"a.example\"\nreplicates = [\"base\"]\n"),
        "[\"base\"]",
        "image `base` has no `reference`",
        "[image.base]",
    ),
];
