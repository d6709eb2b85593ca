//! Problems of a state: limits with a past, stuck pods, caches.

use super::{Case, case};
use pullstorm::scenario::Code;

/// The end of the base's workload.
const LAST: &str = "containers = [{ image = \"api\" }]\n";

macro_rules! limit {
    ($text:literal) => {
        ("", concat!("[state.limit.anonymous-pulls]\n", $text, "\n"))
    };
}

macro_rules! stuck {
    ($text:literal) => {
        (
            LAST,
            concat!(
                "containers = [{ image = \"api\" }]\nstart = { running = true }\n",
                "[state.stuck.api]\n",
                $text,
                "\n"
            ),
        )
    };
}

pub(super) const CASES: &[Case] = &[
    case(
        Code::UnknownName,
        ("", "[state.limit.anonymous-pull]\nremaining = 0\n"),
        "anonymous-pull",
        "the state tells of limit `anonymous-pull`, which does not exist",
        "did you mean `anonymous-pulls`?",
    ),
    case(
        Code::UnknownName,
        ("", "[state.limit.mine]\nlimit = \"token-requests\"\nremaining = 0\n"),
        "\"token-requests\"",
        "limit `token-requests`, which does not exist",
        "there are: abuse, anonymous-pulls, personal-pulls",
    ),
    case(
        Code::UnknownName,
        limit!("remaining = 0\ncounters = [\"nat#1\"]"),
        "\"nat#1\"",
        "`state.limit.anonymous-pulls.counters` names \"nat#1\", which does not exist",
        "did you mean `nat#0`?",
    ),
    case(
        Code::MissingKey,
        (
            "[account.ci]\n",
            "[state.limit.personal-pulls]\nremaining = 0\n[account.ci]\ntier = \"team\"\n",
        ),
        "personal-pulls",
        "`state.limit.personal-pulls` has no `counters`, and 0 could be meant",
        "the limit has none at the start",
    ),
    case(
        Code::MissingKey,
        ("addresses = 1\n", "addresses = 2\n[state.limit.anonymous-pulls]\nremaining = 0\n"),
        "anonymous-pulls",
        "`state.limit.anonymous-pulls` has no `counters`, and 2 could be meant",
        "there are: nat#0, nat#1",
    ),
    case(
        Code::MissingKey,
        limit!(""),
        "anonymous-pulls",
        "`state.limit.anonymous-pulls` has no `remaining`",
        "what was spent when: spent",
    ),
    case(
        Code::MissingKey,
        limit!("spent = [{ units = 3 }]"),
        "{ units = 3 }",
        "has no `ago`",
        "a span",
    ),
    case(
        Code::TwoPasts,
        (
            "",
            "[state.limit.abuse]\nremaining = 0\n[state.limit.twice]\nlimit = \"abuse\"\n\
             remaining = 1\n",
        ),
        "twice",
        "`state.limit.abuse` and `state.limit.twice` both tell of nat#0",
        "a counter has one past",
    ),
    case(
        Code::OutOfRange,
        limit!("remaining = 100.5"),
        "100.5",
        "`state.limit.anonymous-pulls.remaining` is 100.5, more than the limit holds",
        "allow is 100",
    ),
    case(
        Code::OutOfRange,
        limit!(
            "remaining = 90\nspent = [{ ago = \"1h\", units = 11 }, { ago = \"6h\", units = 9 }]"
        ),
        "[{ ago = \"1h\", units = 11 }, { ago = \"6h\", units = 9 }]",
        "has 11 units within the window, and remaining leaves room for 10",
        "90 of 100 are left",
    ),
    case(
        Code::UnknownWord,
        limit!("remaining = 0\nhistory = \"old\""),
        "\"old\"",
        "does not know \"old\"",
        "oldest, even, newest",
    ),
    case(
        Code::NotHere,
        limit!("spent = [{ ago = \"1h\", units = 11 }]\nhistory = \"oldest\""),
        "\"oldest\"",
        "`state.limit.anonymous-pulls.history` has no meaning with no remaining",
        "all that was spent has its time",
    ),
    case(
        Code::OutOfRange,
        limit!("remaining = 60\nof = 50"),
        "60",
        "`state.limit.anonymous-pulls.remaining` is 60, more than the limit holds",
        "of is 50",
    ),
    case(
        Code::NotHere,
        limit!("spent = [{ ago = \"1h\", units = 11 }]\nof = 50"),
        "50",
        "`state.limit.anonymous-pulls.of` has no meaning with no remaining",
        "what remaining is of",
    ),
    case(
        Code::MissingKey,
        limit!(
            "remaining = 3\n[variant.more]\nregistry.docker-hub.limit.anonymous-pulls.allow = 200"
        ),
        "anonymous-pulls",
        "`state.limit.anonymous-pulls` has no `of`, and the limit's allow is changed",
        "what was spent of that stays spent",
    ),
    case(
        Code::NotHere,
        limit!("remaining = 3\nwindow_began = \"1h\""),
        "\"1h\"",
        "`state.limit.anonymous-pulls.window_began` has no meaning with law = \"sliding-log\"",
        "its windows have no beginning",
    ),
    case(
        Code::NotHere,
        (
            "addresses = 1\n",
            "addresses = 1\n[registry.q]\nhost = \"q.example\"\n[registry.q.limit.some]\n\
             law = \"concurrency\"\nallow = 3\n[state.limit.some]\nremaining = 0\n",
        ),
        "some",
        "`state.limit.some` is of a limit with law = \"concurrency\"",
        "nothing of now is left",
    ),
    case(
        Code::OutOfRange,
        (
            "addresses = 1\n",
            "addresses = 1\n[registry.q]\nhost = \"q.example\"\n[registry.q.limit.some]\n\
             law = \"fixed-window\"\nallow = 3\nwindow = \"1h\"\n[state.limit.some]\n\
             remaining = 0\nwindow_began = \"60m\"\n",
        ),
        "\"60m\"",
        "`state.limit.some.window_began` is 1h, and a window lasts 1h",
        "that window is over",
    ),
    case(
        Code::NotHere,
        (
            "addresses = 1\n",
            "addresses = 1\n[registry.q]\nhost = \"q.example\"\n[registry.q.limit.some]\n\
             law = \"fixed-window\"\nallow = 3\nwindow = \"1h\"\nanchor = \"10m\"\n\
             [state.limit.some]\nremaining = 0\nwindow_began = \"50m\"\n",
        ),
        "\"50m\"",
        "`state.limit.some.window_began` has no meaning with an anchor",
        "drop one of the two",
    ),
    case(
        Code::NotHere,
        (
            "addresses = 1\n",
            "addresses = 1\n[registry.q]\nhost = \"q.example\"\n[registry.q.limit.some]\n\
             law = \"token-bucket\"\nallow = 3\nwindow = \"1s\"\n[state.limit.some]\n\
             remaining = 1\nspent = [{ ago = \"1s\", units = 1 }]\n",
        ),
        "1",
        "`state.limit.some.remaining` has no meaning with spent",
        "what is left says all",
    ),
    case(
        Code::NotHere,
        (
            "addresses = 1\n",
            "addresses = 1\n[registry.q]\nhost = \"q.example\"\n[registry.q.limit.some]\n\
             law = \"token-bucket\"\nallow = 3\nwindow = \"1s\"\n[state.limit.some]\n\
             remaining = 1\nhistory = \"newest\"\n",
        ),
        "\"newest\"",
        "`state.limit.some.history` has no meaning with law = \"token-bucket\"",
        "sliding-log",
    ),
    case(
        Code::UnknownName,
        ("", "[state.stuck.apy]\npods = 1\n"),
        "apy",
        "the state tells of workload `apy`, which does not exist",
        "did you mean `api`?",
    ),
    case(
        Code::NotHere,
        ("", "[state.stuck.api]\npods = 1\n"),
        "api",
        "`state.stuck.api` is of a workload that does not run",
        "workload.api.start.running = true",
    ),
    case(
        Code::OutOfRange,
        stuck!("pods = 3"),
        "3",
        "`state.stuck.api.pods` is 3, and the workload has 2",
        "part of the workload's own",
    ),
    case(
        Code::OutOfRange,
        stuck!("pods = 1\nnodes = 4"),
        "4",
        "pods of `state.stuck.api` stand on 4 nodes, and the pool has 3",
        "nodes of their workload's pool",
    ),
    case(
        Code::OutOfRange,
        stuck!("pods = 1\nnodes = 2"),
        "2",
        "`state.stuck.api.nodes` is 2, more than the 1 pods",
        "at least one of them",
    ),
    case(
        Code::Contradiction,
        (
            "replicas = 2\ncontainers = [{ image = \"api\" }]\n",
            "replicas = 6\ncontainers = [{ image = \"api\" }]\nstart = { running = true }\n\
             [state.stuck.api]\npods = 3\nnodes = 3\n",
        ),
        "api",
        "pods of `state.stuck.api` are on every node, and others of it run there",
        "fewer pods or nodes",
    ),
    case(
        Code::Contradiction,
        (
            LAST,
            "containers = [{ image = \"api\" }]\nstart = { running = true }\n\
             [state.stuck.api]\npods = 1\n[workload.other]\nkind = \"daemonset\"\n\
             pool = \"workers\"\nstart = { running = true }\n\
             containers = [{ image = \"api\" }]\n",
        ),
        "api",
        "pods of `other` have image `api` where pods of `state.stuck.api` lack it",
        "would start as soon as",
    ),
    case(
        Code::Contradiction,
        (
            "nodes = 3\negress = \"nat\"\n",
            "nodes = 3\negress = \"nat\"\npreloaded = [\"api\"]\n\
             [state.stuck.ready]\npods = 1\n[workload.ready]\n\
             kind = \"deployment\"\nreplicas = 1\npool = \"workers\"\nstart = { running = true }\n\
             containers = [{ image = \"api\" }]\n",
        ),
        "ready",
        "pods of `state.stuck.ready` lack image `api`, which their nodes come with",
        "drop it from pool.workers.preloaded",
    ),
    case(
        Code::NotInWorkload,
        stuck!("pods = 1\nimages = [\"base\"]"),
        "\"base\"",
        "`state.stuck.api.images` names `base`, which the workload does not run",
        "its images: api",
    ),
    case(
        Code::OutOfRange,
        stuck!("pods = 1\nimages = []"),
        "[]",
        "`state.stuck.api.images` is empty",
        "pods that lack no image are not stuck",
    ),
    case(
        Code::OutOfRange,
        stuck!("pods = 1\nwindow = \"30s\""),
        "\"30s\"",
        "`state.stuck.api.window` is 30s, which is no rung of the kubelet's ladder",
        "rungs: 10s, 20s, 40s, 1m20s, 2m40s, 5m",
    ),
    case(
        Code::OutOfRange,
        stuck!("pods = 1\nwindow = \"20s\"\nleft = \"21s\""),
        "\"21s\"",
        "`state.stuck.api.left` is 21s, more than the window of 20s",
        "no longer than it",
    ),
    case(
        Code::UnknownName,
        ("", "[state.cache.worker]\nimages = { api = \"50%\" }\n"),
        "worker",
        "the state tells of pool `worker`, which does not exist",
        "did you mean `workers`?",
    ),
    case(
        Code::UnknownName,
        ("", "[state.cache.workers]\nimages = { apy = \"50%\" }\n"),
        "apy",
        "`state.cache.workers.images` names [image.apy], which does not exist",
        "did you mean `api`?",
    ),
    case(
        Code::OutOfRange,
        ("", "[state.cache.workers]\nimages = { api = \"150%\" }\n"),
        "\"150%\"",
        "`state.cache.workers.images.api` is 150%, more than the 100% allowed",
        "a share from 0% to 100%",
    ),
    case(
        Code::WrongType,
        ("", "[state.cache.workers]\nimages = [\"api\"]\n"),
        "[\"api\"]",
        "`state.cache.workers.images` does not take",
        "a table of [image.…] names with shares",
    ),
    case(
        Code::NotHere,
        (
            "nodes = 3\negress = \"nat\"\n",
            "nodes = 3\negress = \"nat\"\njoin = { over = \"1m\" }\n[state.cache.workers]\n\
             images = { api = \"50%\" }\n",
        ),
        "workers",
        "`state.cache.workers` is of nodes that are not there at the start",
        "drop the pool's join",
    ),
    case(
        Code::DiskTooSmall,
        (
            "nodes = 3\negress = \"nat\"\n",
            "nodes = 3\negress = \"nat\"\ndisk = { capacity = \"100MB\" }\n\
             [state.cache.workers]\nimages = { api = \"100%\" }\n",
        ),
        "\"100MB\"",
        // 33 MB and 2.6 times as much, and 7.5 kB of config and manifest.
        "too small for the 118.808MB of the start",
        "let less be there",
    ),
    case(
        Code::DiskFilledAtStart,
        (
            "nodes = 3\negress = \"nat\"\n",
            "nodes = 3\negress = \"nat\"\ndisk = { capacity = \"100MB\" }\n\
             [state.cache.workers]\nimages = { api = \"50%\" }\n",
        ),
        "\"100MB\"",
        "with all that runs at the start holds 118.808MB",
        "let less be there",
    ),
    case(
        Code::UnknownKey,
        ("", "[state.caches.workers]\nimages = { api = \"50%\" }\n"),
        "caches",
        "`state` has no key `caches`",
        "did you mean `cache`?",
    ),
];
