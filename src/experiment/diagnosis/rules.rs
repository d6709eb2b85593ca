//! The rules of diagnosis, as data: what each cause looks like, how one confirms it on a real node,
//! and which levers address it.
//!
//! A rule scores the share of failed pulls that it would explain, times how sure its picture is:
//! the weights of the conditions that hold, which add up to 1. Thresholds are shares of one half
//! (most of what failed) unless a line says where another comes from.

/// How a feature is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// At least the threshold.
    AtLeast,
    /// Below it.
    Below,
}

/// A condition on a feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// Name of the feature.
    pub feature: &'static str,
    /// How it is compared.
    pub compare: Compare,
    /// With what.
    pub threshold: f64,
    /// What it adds to the certainty of the rule where it holds.
    pub weight: f64,
}

/// What a cause looks like.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its word.
    pub id: &'static str,
    /// The root cause, in a line.
    pub title: &'static str,
    /// The symptom: what people see first.
    pub symptom: &'static str,
    /// The feature that says which share of failed pulls it would explain.
    pub explains: &'static str,
    /// Whether its sign has one meaning only: then it is named even where it explains little.
    pub is_plain: bool,
    /// Without these it is not the cause.
    pub needs: &'static [Condition],
    /// What makes it surer; the weights add up to 1.
    pub supports: &'static [Condition],
    /// Features shown as evidence, the decisive first.
    pub evidence: &'static [&'static str],
    /// How to confirm it on a real cluster.
    pub confirm: &'static str,
    /// Levers that address it, by their words.
    pub levers: &'static [&'static str],
}

const fn at_least(feature: &'static str, threshold: f64, weight: f64) -> Condition {
    Condition { feature, compare: Compare::AtLeast, threshold, weight }
}

const fn below(feature: &'static str, threshold: f64, weight: f64) -> Condition {
    Condition { feature, compare: Compare::Below, threshold, weight }
}

/// Most of it.
const HALF: f64 = 0.5;

/// Asks Docker Hub what is left, without spending anything (docs.docker.com/docker-hub/usage/pulls,
/// "view pull rate and limit", 2026-08).
macro_rules! ask_hub {
    ($credentials:literal, $then:literal) => {
        concat!(
            "T=$(curl -sG ",
            $credentials,
            "https://auth.docker.io/token -d service=registry.docker.io ",
            "-d scope=repository:ratelimitpreview/test:pull | jq -r .token); ",
            "curl -sI -H \"Authorization: Bearer $T\" ",
            "https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest ",
            "| grep -i ratelimit: ",
            $then
        )
    };
}

/// Every rule. Where two score alike, the earlier one is named first: the more specific picture. A
/// cause with several pictures has a rule for each.
pub static RULES: &[Rule] = &[
    Rule {
        id: "wrong-architecture",
        title: "images lack the platform of the nodes that pull them",
        symptom: "pulls fail, or containers crash, on nodes of one architecture only",
        explains: "wrong_platform_share",
        is_plain: true,
        needs: &[],
        supports: &[at_least("wrong_platform_share", HALF, 1.0)],
        evidence: &["wrong_platform_share", "throttled_share"],
        confirm: "kubectl get nodes -L kubernetes.io/arch; docker manifest inspect IMAGE",
        levers: &["platform", "canary"],
    },
    Rule {
        id: "disk-full",
        title: "images do not fit on the disks of the nodes",
        symptom: "no space left on device; pods are evicted",
        explains: "no_space_share",
        is_plain: true,
        needs: &[],
        supports: &[at_least("no_space_share", HALF, 1.0)],
        evidence: &["no_space_share", "images_removed"],
        confirm: "kubectl describe node NODE | grep DiskPressure; on the node: df -h \
                  /var/lib/containerd; crictl images",
        levers: &["disk", "image-size"],
    },
    Rule {
        id: "ornamental-mirror",
        title: "a mirror is configured and the traffic goes past it",
        symptom: "throttled although a mirror is there",
        explains: "throttled_share",
        is_plain: false,
        // One request in ten: what a pull by tag sends upstream through a mirror that works, the
        // re-check of its tag (a HEAD of some ten requests), is no more.
        needs: &[at_least("mirrors", 1.0, 0.0), below("mirror_request_share", 0.1, 0.0)],
        supports: &[
            below("mirror_request_share", 0.1, 0.7),
            at_least("throttled_share", HALF, 0.3),
        ],
        evidence: &["mirror_request_share", "throttled_share"],
        confirm: "on a node: cat /etc/containerd/certs.d/*/hosts.toml; containerd config dump | \
                  grep config_path; then watch the mirror's access log during crictl pull IMAGE",
        levers: &["mirror", "replicate", "authenticate"],
    },
    Rule {
        id: "mirror-bound",
        title: "the mirror is the bottleneck, or fails",
        symptom: "pulls are slow, fail, or fall through to the registry behind the mirror",
        explains: "remote_share",
        is_plain: false,
        // One answer in ten: below it, what fails at the mirror is not what people see.
        needs: &[
            at_least("mirrors", 1.0, 0.0),
            at_least("mirror_request_share", 0.1, 0.0),
            at_least("mirror_failing_share", 0.1, 0.0),
        ],
        supports: &[
            at_least("mirror_failing_share", 0.1, 0.3),
            at_least("mirror_failing_share", HALF, 0.7),
        ],
        evidence: &["mirror_failing_share", "mirror_request_share"],
        confirm: "curl -sI http://MIRROR/v2/; the mirror's own 5xx and 429 counts, NIC and disk \
                  use",
        levers: &["mirror", "bandwidth", "pre-pull", "stagger", "parallelism"],
    },
    // The same cause in another picture: nothing fails, and the bytes come slowly.
    Rule {
        id: "mirror-bound",
        title: "the mirror is the bottleneck",
        symptom: "pulls succeed and take minutes",
        explains: "slow_share",
        is_plain: false,
        needs: &[below("failed_share", 0.01, 0.0), at_least("mirror_request_share", HALF, 0.0)],
        supports: &[at_least("mirror_request_share", HALF, 1.0)],
        evidence: &["slow_share", "mirror_request_share"],
        confirm: "on the mirror: iostat -x 5, sar -n DEV 5; its requests in flight; the same pull \
                  past the mirror for comparison",
        levers: &["bandwidth", "image-size", "layers", "pre-pull", "stagger", "mirror"],
    },
    Rule {
        id: "bandwidth-bound",
        title: "a line or a registry is too thin for what is pulled at once",
        symptom: "pulls succeed and take minutes",
        explains: "slow_share",
        is_plain: false,
        needs: &[below("failed_share", 0.01, 0.0), below("mirror_request_share", HALF, 0.0)],
        supports: &[below("mirror_request_share", HALF, 1.0)],
        evidence: &["slow_share"],
        confirm: "on a node: sar -n DEV 5; the gateway's bytes per second; kubectl get events -A | \
                  grep 'Successfully pulled' (times grow with the number of pulls at once)",
        levers: &["bandwidth", "image-size", "layers", "mirror", "pre-pull", "stagger"],
    },
    Rule {
        id: "throttled-token-service",
        title: "the token service throttles: pulls never get as far as the registry",
        symptom: "failed to authorize … 429 Too Many Requests",
        explains: "token_429_share",
        is_plain: false,
        needs: &[],
        supports: &[at_least("token_429_share", HALF, 0.8), below("blackout_share", HALF, 0.2)],
        evidence: &["token_429_share", "pull_limit_share"],
        confirm: "kubectl get events -A | grep 'failed to authorize'; curl -sI \
                  'https://auth.docker.io/token?service=registry.docker.io' | head -1",
        levers: &["stagger", "addresses", "mirror", "parallelism", "backoff"],
    },
    Rule {
        id: "registry-refuses-all",
        title: "the registry answers 429 to everybody: an outage that looks like a limit",
        symptom: "429 at HEADs too, without explanation, whatever one sends",
        explains: "refuses_all_share",
        is_plain: false,
        needs: &[at_least("blackout_share", HALF, 0.0)],
        supports: &[at_least("blackout_share", HALF, 0.7), below("pull_limit_share", HALF, 0.3)],
        evidence: &["blackout_share", "bare_429_share", "pull_limit_share"],
        confirm: "from another network: curl -sI https://REGISTRY/v2/NAME/manifests/TAG (also \
                  429); the registry's status page",
        levers: &["fail-over", "replicate", "mirror", "wait"],
    },
    Rule {
        id: "self-throttled",
        title: "nodes or gateway throttle themselves: kubelet QPS, or source ports",
        symptom: "pull QPS exceeded, or dials that time out while others get through",
        explains: "own_refusal_share",
        is_plain: false,
        needs: &[],
        supports: &[at_least("own_refusal_share", HALF, 1.0)],
        evidence: &["own_refusal_share", "port_errors", "throttled_share"],
        confirm: "kubectl get events -A | grep 'pull QPS exceeded'; the gateway's \
                  ErrorPortAllocation (AWS) or OUT_OF_RESOURCES (GCP); conntrack -S on a node",
        levers: &["qps", "parallelism", "private-connectivity", "addresses", "stagger"],
    },
    Rule {
        id: "pruning",
        title: "images are deleted from nodes and pulled again",
        symptom: "throttled again and again without a release or new nodes",
        explains: "again_share",
        is_plain: false,
        needs: &[at_least("images_removed", 1.0, 0.0)],
        supports: &[at_least("again_share", HALF, 1.0)],
        evidence: &["again_share", "images_removed"],
        confirm: "journalctl -u kubelet | grep -i 'removing image'; crontab -l | grep -i prune; \
                  crictl images before and after",
        levers: &["keep-images", "mirror", "authenticate", "addresses", "digest"],
    },
    Rule {
        id: "latest-always",
        title: "images that nodes have are asked for at every start (Always, latest)",
        symptom: "pods fail to start on nodes that have their images",
        explains: "recheck_share",
        is_plain: false,
        needs: &[],
        supports: &[at_least("recheck_share", HALF, 1.0)],
        evidence: &["recheck_share"],
        confirm: "kubectl get pods -A -o yaml | grep -c 'imagePullPolicy: Always'; crictl images \
                  on a node whose pod waits",
        levers: &["pull-policy", "digest", "mirror"],
    },
    Rule {
        id: "shared-account",
        title: "one account is shared by everything, and its limit is reached",
        symptom: "throttled although pulls are authenticated",
        explains: "account_limited_share",
        is_plain: false,
        needs: &[at_least("account_share", 0.01, 0.0)],
        supports: &[
            at_least("account_limited_share", HALF, 0.6),
            at_least("account_share", HALF, 0.4),
        ],
        evidence: &["account_limited_share", "account_share"],
        confirm: ask_hub!("-u USER ", "remaining 0, and the source is the account"),
        levers: &["quota", "mirror", "replicate", "authenticate"],
    },
    Rule {
        id: "hot-egress-address",
        title: "too many nodes share one source address",
        symptom: "throttled behind one address, or in one region, and not elsewhere",
        explains: "hot_address_limited_share",
        is_plain: false,
        needs: &[at_least("hot_address_limited_share", 0.01, 0.0)],
        supports: &[
            at_least("hot_address_limited_share", HALF, 0.4),
            // Where other addresses go free, the address is the difference; a single address may
            // as well be just where the storm passes.
            at_least("addresses", 2.0, 0.3),
            at_least("cool_address_share", 0.01, 0.3),
        ],
        evidence: &["hot_address_limited_share", "addresses", "cool_address_share"],
        confirm: ask_hub!("", "on nodes of each group, source and remaining differ"),
        levers: &["addresses", "authenticate", "mirror", "private-connectivity"],
    },
    Rule {
        id: "cold-ephemeral-nodes",
        title: "new nodes pull everything anew, and there are too many for the limit",
        symptom: "pods on new nodes wait while old nodes are fine",
        explains: "new_node_share",
        is_plain: false,
        needs: &[at_least("nodes_joined", 1.0, 0.0)],
        supports: &[
            at_least("new_node_share", HALF, 0.6),
            // Every failure but one in ten: releases or moves play no part.
            at_least("new_node_share", 0.9, 0.2),
            below("release_share", HALF, 0.2),
        ],
        evidence: &["new_node_share", "nodes_joined", "pull_limit_share"],
        confirm: "kubectl get nodes --sort-by=.metadata.creationTimestamp; kubectl get events -A \
                  -o wide | grep Failed (on the young nodes)",
        levers: &[
            "preload",
            "mirror",
            "replicate",
            "authenticate",
            "node-reuse",
            "addresses",
            "slow-rollout",
            "stagger",
        ],
    },
    Rule {
        id: "storm-on-deploy",
        title: "a release makes many nodes pull at once, and spends the limit",
        symptom: "pods of a new release wait, everything else runs",
        explains: "release_share",
        is_plain: false,
        needs: &[],
        supports: &[
            at_least("release_share", HALF, 0.6),
            at_least("release_share", 0.9, 0.2),
            below("new_node_share", HALF, 0.2),
        ],
        evidence: &["release_share", "releases", "pull_limit_share"],
        confirm: ask_hub!("", "on a failing node, 200 and remaining 0"),
        levers: &[
            "authenticate",
            "mirror",
            "replicate",
            "pre-pull",
            "slow-rollout",
            "addresses",
            "canary",
        ],
    },
    Rule {
        id: "look-alike",
        title: "no throttling: the network, the registry or a proxy fails",
        symptom: "pulls fail or hang with resets, 5xx, time-outs",
        explains: "look_alike_share",
        is_plain: false,
        needs: &[],
        supports: &[
            at_least("look_alike_share", HALF, 0.6),
            at_least("look_alike_share", 0.9, 0.2),
            // Not a single 429, but for one pull in a hundred that meets a limit by the way.
            below("throttled_share", 0.01, 0.2),
        ],
        evidence: &["look_alike_share", "throttled_share"],
        confirm: "kubectl get events -A | grep -c 429 (none); on a node: time curl -sI \
                  https://REGISTRY/v2/; getent hosts REGISTRY; ping -M do -s 1472 REGISTRY",
        levers: &["fail-over", "replicate", "mirror", "restart", "wait"],
    },
];
