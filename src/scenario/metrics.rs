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

/// Which way a metric gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The smaller, the better.
    Less,
    /// The larger, the better.
    More,
    /// It says how much happened; neither way is better.
    Neither,
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
    /// Which way it gets better.
    pub better: Better,
    /// One line.
    pub doc: &'static str,
}

/// A metric of a scope: what an interval, a ranking or a gate is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// `run`, `workload.NAME`, `pool.NAME`, `registry.NAME` or `mirror.NAME`.
    pub scope: String,
    /// Name of the metric, with its suffix.
    pub metric: String,
}

impl Target {
    /// Reads `unready_pod_minutes` or `workload.api.ready_seconds_p95`. Whether the block exists is
    /// not looked at.
    pub fn parse(text: &str) -> Result<Self, String> {
        let kinds = ["workload", "pool", "registry", "mirror"];
        let (scope, metric) = match text.splitn(3, '.').collect::<Vec<_>>().as_slice() {
            [kind, name, metric] if kinds.contains(kind) => (format!("{kind}.{name}"), *metric),
            _ => ("run".to_owned(), text),
        };
        let (base, suffix) = metric.split_once('.').unwrap_or((metric, ""));
        let Some(info) = find(base) else {
            let near = super::nearest(base, METRICS.iter().map(|it| it.name));
            let help = near.map_or_else(
                || "the README lists them".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(format!("there is no metric `{base}`: {help}"));
        };
        let kind = scope.split('.').next().unwrap_or_default();
        if !info.of.scopes().contains(&kind) {
            let scopes = info.of.scopes().join(", ");
            return Err(format!("`{base}` is not measured of a {kind}, but of: {scopes}"));
        }
        if suffix.is_empty() != (info.suffix == Suffix::None) {
            let form = if suffix.is_empty() { "needs a part behind a dot" } else { "has no parts" };
            return Err(format!("`{base}` {form}"));
        }
        Ok(Self { scope, metric: metric.to_owned() })
    }

    /// What is known of the metric.
    pub fn info(&self) -> Option<&'static MetricInfo> {
        find(self.metric.split('.').next().unwrap_or_default())
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.scope.as_str() {
            "run" => f.write_str(&self.metric),
            scope => write!(f, "{scope}.{}", self.metric),
        }
    }
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
    ($($name:literal $unit:ident $suffix:ident $of:ident $better:ident $doc:literal)*) => {
        /// Every metric.
        pub const METRICS: &[MetricInfo] = &[$(MetricInfo {
            name: $name,
            unit: Unit::$unit,
            suffix: Suffix::$suffix,
            of: Of::$of,
            better: Better::$better,
            doc: $doc,
        },)*];
    };
}

metrics! {
    "pods" Number None Pods Neither "pods created"
    "pods_ready" Number None Pods More "pods that became ready"
    "pods_never_ready" Number None Pods Less "pods that did not become ready by the end of the run"
    "pods_deleted_before_ready" Number None Pods Less "pods deleted before they became ready"
    "ready_seconds_p50" Seconds None Pods Less "from a pod's creation to ready, median"
    "ready_seconds_p95" Seconds None Pods Less "from a pod's creation to ready, 95th percentile"
    "ready_seconds_p99" Seconds None Pods Less "from a pod's creation to ready, 99th percentile"
    "ready_seconds_max" Seconds None Pods Less "from a pod's creation to ready, the slowest"
    "unready_pod_minutes" Number None Pods Less "minutes that pods were not ready, summed over pods"
    "clear_seconds" Seconds None Pods Less "from the start until no pod is unready any more"
    "min_available_share" Share None Workload More "least ready share of the wanted pods"
    "rollout_complete_seconds" Seconds None Workload Less "from the start of a rollout to its end"
    "progress_deadline_exceeded" Number None Workload Less "rollouts without progress for too long"
    "pods_on_stale_digest" Number None Pods Less "pods that run other content than their tag has"
    "versions_running" Number None Workload Neither "distinct contents of the pods ready at the end"
    "mixed_versions_seconds" Seconds None Workload Less "time with several contents in one revision"
    "rollout_paused_seconds" Seconds None Workload Less "time that rollouts were held"
    "canary_attempts" Number None Workload Neither "canaries begun, retries too"
    "canary_failures" Number None Workload Less "canaries undone"
    "pull_attempts" Number None Pulls Less "pull attempts of kubelets"
    "pull_failures" Number None Pulls Less "failed pull attempts"
    "pull_failure_share" Share None Pulls Less "failed pull attempts in all attempts"
    "pull_failures_by_cause" Number Cause Pulls Less "failed pull attempts of one cause"
    "pull_seconds_p50" Seconds None Pulls Less "duration of a pull, median"
    "pull_seconds_p95" Seconds None Pulls Less "duration of a pull, 95th percentile"
    "pull_seconds_p99" Seconds None Pulls Less "duration of a pull, 99th percentile"
    "images_deleted" Number None Disks Neither "images deleted from nodes"
    "images_deleted_by_reason" Number Reason Disks Neither "images deleted for one reason"
    "image_gc_failures" Number None Disks Less "runs of image GC that found too little to delete"
    "pods_evicted" Number None Disks Less "pods evicted for disk pressure"
    "disk_used_share_max" Share None Disks Less "most that a disk held of its size"
    "requests" Number None Requests Less "HTTP requests"
    "requests_by_outcome" Number Outcome Requests Neither "HTTP requests of one outcome"
    "requests_rejected_429" Number None Requests Less "HTTP requests answered 429"
    "requests_per_completed_pull" Number None Run Less "HTTP requests per pull that succeeded"
    "requests_peak_per_second" Number None Run Less "most HTTP requests in a second"
    "attempts_peak_per_second" Number None Run Less "most pull attempts in a second"
    "limit_units_spent" Number Limit Run Less "units spent at a limit"
    "limit_exhausted_seconds" Seconds Limit Run Less "time until what was refused would be granted"
    "first_rejection_seconds" Seconds None Run More "when the first request or dial was refused"
    "recovery_seconds" Seconds None Run Less "from the first refusal to the last delayed pod"
    "herd_synchrony" Share None Run Less "how far retries keep step, from 0 to 1"
    "egress_bytes" Bytes None Run Less "body bytes received through the ways out"
    "private_bytes" Bytes None Run Neither "body bytes received from private registries"
    "discarded_bytes" Bytes None Run Less "bytes received and thrown away"
    "upstream_bytes" Bytes None Mirrors Less "body bytes that mirrors received from upstream"
    "mirror_hit_share" Share None Mirrors More "what mirrors sent from their storage"
    "mirror_bypass_share" Share None Mirrors Less "requests that went past the mirrors"
    "events" Number None Run Neither "events simulated"
}
