//! Common advice, held against the stories: what helps, where it does not, and the command that
//! shows it. `docs/claims.md` is written from this file:
//! `UPDATE_GOLDEN=1 cargo test scenarios:: -- --include-ignored`.

use pullstorm::report::format::decimal;

use super::*;

/// What came of a piece of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It helps wherever it was tried.
    Confirmed,
    /// It helps in some places; in others it does nothing, or harm.
    Conditional,
    /// It helps nowhere that it was tried.
    Contradicted,
}

/// What a change does to the harm, in bounds that no rounding crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Less than a tenth is left.
    Cures,
    /// At least a tenth is gone, and a tenth is left.
    Helps,
    /// Within 5 %.
    Nothing,
    /// At least a tenth more.
    Harms,
}

impl Effect {
    fn of(before: f64, after: f64) -> Option<Self> {
        let left = after / before;
        match left {
            _ if left < 0.1 => Some(Self::Cures),
            _ if (0.1..=0.9).contains(&left) => Some(Self::Helps),
            _ if (0.95..=1.05).contains(&left) => Some(Self::Nothing),
            _ if 1.1 <= left => Some(Self::Harms),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Cures => "cures",
            Self::Helps => "helps",
            Self::Nothing => "nothing",
            Self::Harms => "harms",
        }
    }
}

/// A story, a variant of it or "", and values that are set.
type Case = (&'static str, &'static str, &'static [&'static str]);

/// What is compared where nothing else is said: the time that pods are not ready.
const UNREADY: (&str, &str) = ("run", "unready_pod_minutes");

struct Shown {
    /// What the change is, and where.
    what: &'static str,
    without: Case,
    with: Case,
    figure: (&'static str, &'static str),
    effect: Effect,
}

struct Claim {
    advice: &'static str,
    verdict: Verdict,
    /// On what it depends.
    condition: &'static str,
    shown: &'static [Shown],
}

const fn shown(what: &'static str, without: Case, with: Case, effect: Effect) -> Shown {
    Shown { what, without, with, figure: UNREADY, effect }
}

const CLAIMS: &[Claim] = &[
    Claim {
        advice: "Authenticate",
        verdict: Verdict::Conditional,
        condition: "It helps where the anonymous quota binds and the account has more than all \
                    addresses together. One free account for everybody has less than a few \
                    addresses have, and what does not count pulls (bytes, the limit on requests, \
                    an outage) does not ask who one is.",
        shown: &[
            shown(
                "a paid account, where churn and a rollout use the anonymous quota up",
                ("spot-churn", "", &[]),
                ("spot-churn", "authenticate", &[]),
                Effect::Cures,
            ),
            shown(
                "one free account for all nodes, which had eight addresses",
                ("shared-account", "anonymous", &[]),
                ("shared-account", "", &[]),
                Effect::Harms,
            ),
            shown(
                "one free account for all nodes behind one address",
                ("shared-account", "one-address-anonymous", &[]),
                ("shared-account", "one-address", &[]),
                Effect::Helps,
            ),
            shown(
                "a paid account for a mirror that starts empty behind a thin line",
                ("mirror-cold-start", "", &[]),
                ("mirror-cold-start", "account", &[]),
                Effect::Nothing,
            ),
        ],
    },
    Claim {
        advice: "Add a mirror",
        verdict: Verdict::Conditional,
        condition: "It has to be used (watch `mirror_bypass_share`), warm, and as wide as what it \
                    stands for. A full one, or one with a slow disk, is worse than none.",
        shown: &[
            shown(
                "a mirror for nodes that churn",
                ("spot-churn", "", &[]),
                ("spot-churn", "mirror", &[]),
                Effect::Cures,
            ),
            shown(
                "a mirror that was there, once containerd asks it",
                ("mirror-ornamental", "", &[]),
                ("mirror-ornamental", "adopted", &[]),
                Effect::Cures,
            ),
            shown(
                "a mirror with a full disk, against none",
                ("mirror-thrash", "no-mirror", &[]),
                ("mirror-thrash", "", &[]),
                Effect::Harms,
            ),
            shown(
                "a warm mirror on a network volume, against pulls with a paid account",
                ("mirror-slow-disk", "no-mirror-account", &[]),
                ("mirror-slow-disk", "", &[]),
                Effect::Harms,
            ),
        ],
    },
    Claim {
        advice: "Pin digests",
        verdict: Verdict::Conditional,
        condition: "A digest decides what runs, and spares warm nodes every question. It fetches \
                    nothing by itself: a node without the content has to pull it whatever it is \
                    called.",
        shown: &[
            shown(
                "a digest in place of `latest`, through an outage of an hour",
                ("latest-always", "", &[]),
                ("latest-always", "digest", &[]),
                Effect::Cures,
            ),
            Shown {
                what: "pods that do not run what the tag names",
                without: ("latest-always", "", &[]),
                with: ("latest-always", "digest", &[]),
                figure: ("run", "pods_on_stale_digest"),
                effect: Effect::Cures,
            },
            shown(
                "a digest in place of `latest`, without an account",
                ("latest-always", "anonymous", &[]),
                ("latest-always", "digest-anonymous", &[]),
                Effect::Cures,
            ),
            shown(
                "digests before a mirror whose content has expired",
                ("ttl-anniversary", "", &[]),
                ("ttl-anniversary", "pinned", &[]),
                Effect::Nothing,
            ),
        ],
    },
    Claim {
        advice: "Pull IfNotPresent, not Always",
        verdict: Verdict::Conditional,
        condition: "Always asks (a HEAD) and does not pull what is there, so it costs nothing of \
                    a pull quota. It matters when nobody answers. With a tag that moves, \
                    IfNotPresent leaves old content running.",
        shown: &[
            Shown {
                what: "a pre-pulled digest, while the quota is used up: the shop alone",
                without: ("pre-pull-and-pin", "always", &[]),
                with: ("pre-pull-and-pin", "", &[]),
                figure: ("workload.shop", "unready_pod_minutes"),
                effect: Effect::Nothing,
            },
            Shown {
                what: "a pre-pulled digest, while the registry refuses everything: the shop alone",
                without: ("pre-pull-and-pin", "outage-always", &[]),
                with: ("pre-pull-and-pin", "outage", &[]),
                figure: ("workload.shop", "unready_pod_minutes"),
                effect: Effect::Cures,
            },
            shown(
                "a floating tag, through an outage of an hour",
                ("latest-always", "", &[]),
                ("latest-always", "if-not-present", &[]),
                Effect::Cures,
            ),
            Shown {
                what: "pods that do not run what the tag names",
                without: ("latest-always", "", &[]),
                with: ("latest-always", "if-not-present", &[]),
                figure: ("run", "pods_on_stale_digest"),
                effect: Effect::Harms,
            },
        ],
    },
    Claim {
        advice: "Pre-pull",
        verdict: Verdict::Conditional,
        condition: "It has to be over before the quota is asked for by others, and pods have to \
                    keep off nodes that join later. On nodes that are replaced it pulls what the \
                    pods would have pulled.",
        shown: &[
            Shown {
                what: "the evening before a rollout: the shop alone",
                without: ("pre-pull-and-pin", "no-pre-pull", &[]),
                with: ("pre-pull-and-pin", "", &[]),
                figure: ("workload.shop", "unready_pod_minutes"),
                effect: Effect::Cures,
            },
            Shown {
                what: "fifteen minutes before the rollout, when the quota is gone: the shop alone",
                without: ("pre-pull-and-pin", "no-pre-pull", &[]),
                with: ("pre-pull-and-pin", "late-pre-pull", &[]),
                figure: ("workload.shop", "unready_pod_minutes"),
                effect: Effect::Nothing,
            },
            Shown {
                what: "a startup taint on nodes that join late: the shop alone",
                without: ("pre-pull-and-pin", "new-nodes", &[]),
                with: ("pre-pull-and-pin", "new-nodes-tainted", &[]),
                figure: ("workload.shop", "unready_pod_minutes"),
                effect: Effect::Cures,
            },
            shown(
                "images on the machine image in place of a pull",
                ("cold-cluster", "", &[]),
                ("cold-cluster", "baked-images", &[]),
                Effect::Cures,
            ),
        ],
    },
    Claim {
        advice: "Reduce concurrency",
        verdict: Verdict::Conditional,
        condition: "It stretches what counts per minute or second, such as the limit on requests. \
                    A quota over hours is as large for slow pulls as for fast ones.",
        shown: &[
            shown(
                "serial pulls against the anonymous quota",
                ("cold-cluster", "", &[]),
                ("cold-cluster", "", &["pool.workers.kubelet.serialize_image_pulls=true"]),
                Effect::Nothing,
            ),
            Shown {
                what: "a paced start against the anonymous quota: pods never ready",
                without: ("cold-cluster", "", &[]),
                with: ("cold-cluster", "paced", &[]),
                figure: ("run", "pods_never_ready"),
                effect: Effect::Nothing,
            },
            shown(
                "a paced start against the limit on requests",
                ("cold-cluster", "pull-secret", &[]),
                ("cold-cluster", "pull-secret-paced", &[]),
                Effect::Helps,
            ),
            Shown {
                what: "a queue before a slow mirror: pulls that fail",
                without: ("mirror-slow-disk", "", &[]),
                with: ("mirror-slow-disk", "queue", &[]),
                figure: ("run", "pull_failures"),
                effect: Effect::Harms,
            },
        ],
    },
    Claim {
        advice: "Make images smaller",
        verdict: Verdict::Conditional,
        condition: "A pull counts whatever its size. Size is time, where a line or a disk is what \
                    is short.",
        shown: &[
            Shown {
                what: "83 MB in place of 384, against the anonymous quota: pulls that fail",
                without: ("layer-tradeoff", "", &[]),
                with: ("layer-tradeoff", "slim", &[]),
                figure: ("run", "pull_failures"),
                effect: Effect::Nothing,
            },
            shown(
                "the same with a paid account, on a line of 1 Gbit/s",
                ("layer-tradeoff", "account", &[]),
                ("layer-tradeoff", "account-slim", &[]),
                Effect::Helps,
            ),
            shown(
                "half the size, through a mirror on a network volume",
                ("mirror-slow-disk", "", &[]),
                ("mirror-slow-disk", "slim", &[]),
                Effect::Helps,
            ),
        ],
    },
    Claim {
        advice: "Have fewer layers",
        verdict: Verdict::Conditional,
        condition: "Layers count in no pull limit; they are requests, of which the limit on \
                    requests sees each. One layer for everything makes every release fetch \
                    everything.",
        shown: &[
            shown(
                "one layer in place of 13, against the anonymous quota",
                ("layer-tradeoff", "", &[]),
                ("layer-tradeoff", "one-layer", &[]),
                Effect::Nothing,
            ),
            Shown {
                what: "the same with a paid account: how long a release takes",
                without: ("layer-tradeoff", "account", &[]),
                with: ("layer-tradeoff", "account-one-layer", &[]),
                figure: ("workload.api", "rollout_complete_seconds"),
                effect: Effect::Harms,
            },
            Shown {
                what: "13 layers in place of 80 on a wide line: pulls that fail",
                without: ("layer-tradeoff", "many-layers-wide-line", &[]),
                with: ("layer-tradeoff", "", &["egress.nat.bandwidth=100Gbit/s"]),
                figure: ("run", "pull_failures"),
                effect: Effect::Helps,
            },
            shown(
                "a shared base, with a paid account on a line of 1 Gbit/s",
                ("layer-tradeoff", "account", &[]),
                ("layer-tradeoff", "account-shared-base", &[]),
                Effect::Helps,
            ),
        ],
    },
    Claim {
        advice: "Split the NAT: more addresses",
        verdict: Verdict::Conditional,
        condition: "Each address brings an anonymous quota of its own, so it takes as many as the \
                    storm needs. What is counted by account does not see them.",
        shown: &[
            shown(
                "a second address for 120 nodes that churn",
                ("spot-churn", "", &[]),
                ("spot-churn", "two-addresses", &[]),
                Effect::Helps,
            ),
            shown(
                "an address for each node of a cold cluster",
                ("cold-cluster", "", &[]),
                ("cold-cluster", "address-per-node", &[]),
                Effect::Cures,
            ),
            shown(
                "an address for each node, which all use one free account",
                ("shared-account", "", &[]),
                ("shared-account", "own-addresses-shared", &[]),
                Effect::Nothing,
            ),
        ],
    },
    Claim {
        advice: "Raise the back-off",
        verdict: Verdict::Conditional,
        condition: "Longer windows send fewer requests, and so help where failed pulls themselves \
                    cost quota. Where they cost none, pods only learn later that the way is free.",
        shown: &[
            shown(
                "up to 30 minutes between tries of an image that lacks a platform",
                ("wrong-architecture", "", &[]),
                ("wrong-architecture", "", &["pool.arm.kubelet.image_backoff_max=30m"]),
                Effect::Helps,
            ),
            shown(
                "up to 30 minutes, against the anonymous quota",
                ("cold-cluster", "", &[]),
                ("cold-cluster", "", &["pool.workers.kubelet.image_backoff_max=30m"]),
                Effect::Nothing,
            ),
            Shown {
                what: "the same: pulls that fail",
                without: ("cold-cluster", "", &[]),
                with: ("cold-cluster", "", &["pool.workers.kubelet.image_backoff_max=30m"]),
                figure: ("run", "pull_failures"),
                effect: Effect::Helps,
            },
            shown(
                "a minute after the first failure, against the limit on requests",
                ("cold-cluster", "pull-secret", &[]),
                ("cold-cluster", "pull-secret", &["pool.workers.kubelet.image_backoff_initial=1m"]),
                Effect::Harms,
            ),
        ],
    },
    Claim {
        advice: "Keep nodes and runners",
        verdict: Verdict::Conditional,
        condition: "What a node keeps it need not pull, if nobody deletes it.",
        shown: &[
            shown(
                "restart all nodes with their disks in place of replacing them",
                ("spot-churn", "", &[]),
                (
                    "spot-churn",
                    "",
                    &[
                        "timeline.kernel-rollout.enabled=false",
                        "timeline.second-restart.enabled=false",
                        "timeline.first-restart.restart_nodes.which=all",
                    ],
                ),
                Effect::Cures,
            ),
            shown(
                "nodes that are kept, pruned every night, against no prune",
                ("prune-backfires", "no-prune", &[]),
                ("prune-backfires", "", &[]),
                Effect::Harms,
            ),
        ],
    },
    Claim {
        advice: "Copy images into a registry of your own",
        verdict: Verdict::Confirmed,
        condition: "Nothing of Docker Hub is then in the way of a start. The copies have to be \
                    there, and somebody has to renew them.",
        shown: &[
            shown(
                "where nodes churn",
                ("spot-churn", "", &[]),
                ("spot-churn", "own-copies", &[]),
                Effect::Cures,
            ),
            shown(
                "where one account is shared",
                ("shared-account", "", &[]),
                ("shared-account", "private-copies", &[]),
                Effect::Cures,
            ),
            shown(
                "in an outage of Docker Hub",
                ("hub-outage", "", &[]),
                ("hub-outage", "own-copies", &[]),
                Effect::Cures,
            ),
        ],
    },
    Claim {
        advice: "Restart what hangs",
        verdict: Verdict::Conditional,
        condition: "It starts back-offs anew and so ends a wait that has lost its reason. While \
                    the reason lasts it brings nothing up, and takes down what runs beside it.",
        shown: &[
            shown(
                "kubelets, after half a minute without answers",
                ("registry-blip", "", &[]),
                ("registry-blip", "restart-kubelets", &[]),
                Effect::Helps,
            ),
            shown(
                "nodes with waiting pods, while the quota is used up",
                ("spot-churn", "nobody-touches-it", &[]),
                ("spot-churn", "", &[]),
                Effect::Nothing,
            ),
        ],
    },
];

fn measure(case: Case, figure: (&str, &str)) -> f64 {
    let (name, variant, sets) = case;
    let summary =
        if variant.is_empty() && sets.is_empty() { base(name) } else { &run(name, variant, sets) };
    of(summary, figure.0, figure.1)
}

#[test]
fn advice_does_what_its_verdict_says() {
    let mut wrong = vec![];
    for claim in CLAIMS {
        for shown in claim.shown {
            let before = measure(shown.without, shown.figure);
            let after = measure(shown.with, shown.figure);
            if Effect::of(before, after) != Some(shown.effect) {
                let (advice, what, effect) = (claim.advice, shown.what, shown.effect.word());
                wrong.push(format!("{advice}: {what}: {before} → {after} is not \"{effect}\""));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_verdict_is_what_its_cases_say() {
    for claim in CLAIMS {
        let is_help = |it: &&Shown| matches!(it.effect, Effect::Cures | Effect::Helps);
        let helps = claim.shown.iter().filter(is_help).count();
        let verdict = match helps {
            0 => Verdict::Contradicted,
            _ if helps == claim.shown.len() => Verdict::Confirmed,
            _ => Verdict::Conditional,
        };
        assert_eq!(claim.verdict, verdict, "{}", claim.advice);
    }
}

#[test]
fn effects_have_bounds() {
    let of = |after: f64| Effect::of(100.0, after);
    let (cures, helps) = (Some(Effect::Cures), Some(Effect::Helps));
    assert_eq!([of(0.0), of(9.9), of(10.0), of(90.0)], [cures, cures, helps, helps]);
    let (nothing, harms) = (Some(Effect::Nothing), Some(Effect::Harms));
    assert_eq!([of(95.0), of(105.0), of(110.0), of(500.0)], [nothing, nothing, harms, harms]);
    assert_eq!([of(92.0), of(107.0)], [None, None]);
}

// The document.

fn command((name, variant, sets): Case) -> String {
    let mut text = format!("cargo run --release -- run {name}");
    if !variant.is_empty() {
        write!(text, " --variant {variant}").unwrap();
    }
    for set in sets {
        write!(text, " --set {set}").unwrap();
    }
    text
}

/// The mean over all replications of a story, as its command prints it.
fn printed(case: Case, (scope, name): (&str, &str)) -> String {
    let scenario = loaded(case.0, case.1, case.2).scenario;
    let crew = Crew::new(0).unwrap();
    let outcomes =
        crew.replicate(&scenario.spec, 0..scenario.replications, super::Shown::NOTHING, &|_| {});
    let value = of(&summarise(&scenario, &outcomes), scope, name);
    decimal(value, if value < 10.0 { 2 } else { 0 })
}

const HEAD: &str = "\
# Common advice, checked

Written by `UPDATE_GOLDEN=1 cargo test scenarios:: -- --include-ignored`; do not edit.

What is advised against pull storms, tried in the scenarios that ship. *Confirmed* means that it
helped wherever it was tried here, *contradicted* that it helped nowhere, *conditional* that it
helped in some places and not in others. Scenarios are chosen to show both sides; how often each
side is met in practice, nobody has measured.

Figures are means over the replications that the commands run; where nothing else is said they are
pod-minutes without readiness (`unready_pod_minutes`), all pods and the whole run. *Cures* leaves
less than a tenth of it, *helps* takes at least a tenth away, *nothing* changes it by less than 5 %,
*harms* adds at least a tenth.

";

fn document() -> String {
    let mut text = HEAD.to_owned();
    text += "| advice | verdict | on what it depends |\n|---|---|---|\n";
    for claim in CLAIMS {
        let verdict = format!("{:?}", claim.verdict).to_lowercase();
        writeln!(text, "| {} | {verdict} | {} |", claim.advice, claim.condition).unwrap();
    }
    for claim in CLAIMS {
        writeln!(text, "\n## {}\n", claim.advice).unwrap();
        text += "| what | without | with | effect |\n|---|--:|--:|---|\n";
        for it in claim.shown {
            let unit =
                if it.figure == UNREADY { String::new() } else { format!(" (`{}`)", it.figure.1) };
            let values = [it.without, it.with].map(|case| printed(case, it.figure));
            let [without, with] = values;
            writeln!(text, "| {}{unit} | {without} | {with} | {} |", it.what, it.effect.word())
                .unwrap();
        }
        text += "\n```sh\n";
        let mut commands: Vec<String> =
            claim.shown.iter().flat_map(|it| [command(it.without), command(it.with)]).collect();
        let mut known = std::collections::BTreeSet::new();
        commands.retain(|it| known.insert(it.clone()));
        text += &commands.join("\n");
        text += "\n```\n";
    }
    text
}

#[test]
#[ignore = "runs every case with all replications"]
fn the_document_of_claims_tells_what_the_commands_print() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/claims.md");
    let now = document();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, now).unwrap();
        return;
    }
    let there = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    assert!(
        there == now,
        "docs/claims.md is out of date: \
         UPDATE_GOLDEN=1 cargo test scenarios:: -- --include-ignored"
    );
}
