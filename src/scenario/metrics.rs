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
    /// A reason for which images are deleted.
    Reason,
}

/// Of what a metric is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The whole run.
    Run,
    /// Each workload.
    Workload,
    /// The whole run and each workload.
    Pods,
    /// The whole run, each workload and each pool.
    Pulls,
    /// The whole run, each registry and each mirror.
    Requests,
    /// The whole run and each mirror.
    Mirrors,
    /// The whole run and each pool.
    Disks,
}

impl Of {
    /// Scopes that have the metric: `run`, or the kind of a block.
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Run => &["run"],
            Self::Workload => &["workload"],
            Self::Pods => &["run", "workload"],
            Self::Pulls => &["run", "workload", "pool"],
            Self::Requests => &["run", "registry", "mirror"],
            Self::Mirrors => &["run", "mirror"],
            Self::Disks => &["run", "pool"],
        }
    }
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
    /// Of what it is measured.
    pub of: Of,
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
    "disk-full",
    "mirror-untrusted",
    "mirror-disk-full",
    "mirror-busy",
];

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static MetricInfo> {
    METRICS.iter().find(|metric| metric.name == name)
}

macro_rules! metrics {
    ($($name:literal $unit:ident $suffix:ident $of:ident $doc:literal)*) => {
        /// Every metric.
        pub const METRICS: &[MetricInfo] = &[$(MetricInfo {
            name: $name,
            unit: Unit::$unit,
            suffix: Suffix::$suffix,
            of: Of::$of,
            doc: $doc,
        },)*];
    };
}

metrics! {
    "pods" Number None Pods "pods created"
    "pods_ready" Number None Pods "pods that became ready"
    "pods_never_ready" Number None Pods "pods that did not become ready by the end of the run"
    "pods_deleted_before_ready" Number None Pods "pods deleted before they became ready"
    "ready_seconds_p50" Seconds None Pods "from a pod's creation to ready, median"
    "ready_seconds_p95" Seconds None Pods "from a pod's creation to ready, 95th percentile"
    "ready_seconds_p99" Seconds None Pods "from a pod's creation to ready, 99th percentile"
    "ready_seconds_max" Seconds None Pods "from a pod's creation to ready, the slowest"
    "unready_pod_minutes" Number None Pods "minutes that pods were not ready, summed over pods"
    "clear_seconds" Seconds None Pods "from the start until no pod is unready any more"
    "min_available_share" Share None Workload "least share of the wanted pods that were ready"
    "rollout_complete_seconds" Seconds None Workload "from the start of a rollout to its end"
    "progress_deadline_exceeded" Number None Workload "rollouts without progress for too long"
    "pods_on_stale_digest" Number None Pods "pods that run another content than their tag now has"
    "versions_running" Number None Workload "distinct contents of the pods ready at the end"
    "mixed_versions_seconds" Seconds None Workload "time with several contents in one revision"
    "rollout_paused_seconds" Seconds None Workload "time that rollouts were held"
    "canary_attempts" Number None Workload "canaries begun, retries too"
    "canary_failures" Number None Workload "canaries undone"
    "pull_attempts" Number None Pulls "pull attempts of kubelets"
    "pull_failures" Number None Pulls "failed pull attempts"
    "pull_failure_share" Share None Pulls "failed pull attempts in all attempts"
    "pull_failures_by_cause" Number Cause Pulls "failed pull attempts of one cause"
    "pull_seconds_p50" Seconds None Pulls "duration of a pull, median"
    "pull_seconds_p95" Seconds None Pulls "duration of a pull, 95th percentile"
    "pull_seconds_p99" Seconds None Pulls "duration of a pull, 99th percentile"
    "images_deleted" Number None Disks "images deleted from nodes"
    "images_deleted_by_reason" Number Reason Disks "images deleted for one reason"
    "image_gc_failures" Number None Disks "runs of image GC that found too little to delete"
    "pods_evicted" Number None Disks "pods evicted for disk pressure"
    "disk_used_share_max" Share None Disks "most that a disk held of its size"
    "requests" Number None Requests "HTTP requests"
    "requests_by_outcome" Number Outcome Requests "HTTP requests of one outcome"
    "requests_rejected_429" Number None Requests "HTTP requests answered 429"
    "requests_per_completed_pull" Number None Run "HTTP requests per pull that succeeded"
    "requests_peak_per_second" Number None Run "most HTTP requests in a second"
    "attempts_peak_per_second" Number None Run "most pull attempts in a second"
    "limit_units_spent" Number Limit Run "units spent at a limit"
    "limit_exhausted_seconds" Seconds Limit Run "time until what was refused would be granted"
    "first_rejection_seconds" Seconds None Run "when the first request, dial or pull was refused"
    "recovery_seconds" Seconds None Run "from the first refusal to the last delayed pod"
    "herd_synchrony" Share None Run "how far retries keep step, from 0 to 1"
    "egress_bytes" Bytes None Run "body bytes received through the ways out"
    "private_bytes" Bytes None Run "body bytes received from private registries"
    "discarded_bytes" Bytes None Run "bytes received and thrown away"
    "upstream_bytes" Bytes None Mirrors "body bytes that mirrors received from upstream"
    "mirror_hit_share" Share None Mirrors "manifests and blobs that mirrors sent from their storage"
    "mirror_bypass_share" Share None Mirrors "requests that went past the mirrors"
    "events" Number None Run "events simulated"
}
