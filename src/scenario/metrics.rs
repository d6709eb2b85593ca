//! The metrics that an expectation can name, with their units.

/// What a metric is measured in: how a demand on it is written, and which number it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A span; the number is seconds.
    Seconds,
    /// A share; the number is between 0 and 1.
    Share,
    /// Bytes.
    Bytes,
    /// A plain number of what the name says.
    Number,
}

/// What stands behind the dot of a metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix {
    /// Nothing.
    None,
    /// A cause of failed pulls.
    Cause,
    /// An outcome of requests.
    Outcome,
    /// A limit.
    Limit,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricInfo {
    /// Stable name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What stands behind its dot.
    pub suffix: Suffix,
    /// One line.
    pub doc: &'static str,
}

/// Causes that are there in every run, beside the names of limits, faults and outages.
pub const BUILT_IN_CAUSES: &[&str] = &[
    "kubelet-qps",
    "egress-ports",
    "platform-missing",
    "progress-timeout",
    "node-lost",
    "kubelet-restarted",
];

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static MetricInfo> {
    METRICS.iter().find(|metric| metric.name == name)
}

macro_rules! metrics {
    ($($name:literal $unit:ident $suffix:ident $doc:literal)*) => {
        /// Every metric.
        pub const METRICS: &[MetricInfo] = &[$(MetricInfo {
            name: $name,
            unit: Unit::$unit,
            suffix: Suffix::$suffix,
            doc: $doc,
        },)*];
    };
}

metrics! {
    "pods" Number None "pods created"
    "pods_ready" Number None "pods that became ready"
    "pods_never_ready" Number None "pods that did not become ready by the end of the run"
    "pods_deleted_before_ready" Number None "pods deleted before they became ready"
    "ready_seconds_p50" Seconds None "from a pod's creation to ready, median"
    "ready_seconds_p95" Seconds None "from a pod's creation to ready, 95th percentile"
    "ready_seconds_p99" Seconds None "from a pod's creation to ready, 99th percentile"
    "ready_seconds_max" Seconds None "from a pod's creation to ready, the slowest"
    "unready_pod_minutes" Number None "minutes that wanted pods were not ready, summed over pods"
    "min_available_share" Share None "least share of the wanted pods that were ready"
    "rollout_complete_seconds" Seconds None "from the start of a rollout to its end"
    "pods_on_stale_digest" Number None "pods that run an older image than their tag names"
    "pull_attempts" Number None "pull attempts of kubelets"
    "pull_failures" Number None "failed pull attempts"
    "pull_failure_share" Share None "failed pull attempts in all attempts"
    "pull_failures_by_cause" Number Cause "failed pull attempts of one cause"
    "pull_seconds_p50" Seconds None "duration of a pull, median"
    "pull_seconds_p95" Seconds None "duration of a pull, 95th percentile"
    "pull_seconds_p99" Seconds None "duration of a pull, 99th percentile"
    "requests" Number None "HTTP requests"
    "requests_by_outcome" Number Outcome "HTTP requests of one outcome"
    "requests_rejected_429" Number None "HTTP requests answered 429"
    "requests_per_completed_pull" Number None "HTTP requests per pull that succeeded"
    "requests_peak_per_second" Number None "most HTTP requests in a second"
    "attempts_peak_per_second" Number None "most pull attempts in a second"
    "limit_units_spent" Number Limit "units spent at a limit"
    "limit_exhausted_seconds" Seconds Limit "time during which a limit refused"
    "first_rejection_seconds" Seconds None "when the first request was refused"
    "recovery_seconds" Seconds None "from the first refusal to the last pod that it delayed"
    "herd_synchrony" Number None "how far retries keep step, from 0 to 1"
    "egress_bytes" Bytes None "bytes through the ways out"
    "upstream_bytes" Bytes None "bytes from registries"
    "mirror_hit_share" Share None "requests that a mirror answered from its store"
    "mirror_bypass_share" Share None "pulls that went past their mirror"
    "peer_bytes" Bytes None "bytes from other nodes"
    "events" Number None "events simulated"
}
