//! Every metric that runs report: its name, unit, scopes, better side and meaning, each once.
//!
//! Whoever reports or reads a metric names its row here, so that a slip is an error of the
//! compiler. Text becomes a [`Name`] in one place: [`Name::parse`].

use std::fmt;

use crate::words::words;

words! {
    /// What metrics are measured in.
    pub enum Unit {
        /// Bytes.
        Bytes = "bytes",
        /// Canaries of a release.
        Canaries = "canaries",
        /// Events of the simulation.
        Events = "events",
        /// Images on nodes.
        Images = "images",
        /// Minutes.
        Minutes = "minutes",
        /// Pods.
        Pods = "pods",
        /// Pull attempts of kubelets.
        Pulls = "pulls",
        /// HTTP requests.
        Requests = "requests",
        /// Rollouts of a workload.
        Rollouts = "rollouts",
        /// Runs of image GC.
        Runs = "runs",
        /// Seconds.
        Seconds = "seconds",
        /// A share, from 0 to 1.
        Share = "share",
        /// What a limit counts.
        Units = "units",
        /// Distinct contents.
        Versions = "versions",
    }

    /// What a scope is one of: the whole run, or the kind of a block.
    pub enum ScopeKind {
        /// The whole run.
        Run = "run",
        /// `workload.NAME`.
        Workload = "workload",
        /// `pool.NAME`.
        Pool = "pool",
        /// `registry.NAME`.
        Registry = "registry",
        /// `mirror.NAME`.
        Mirror = "mirror",
    }
}

impl ScopeKind {
    /// The kinds that name a block.
    pub const BLOCKS: [Self; 4] = [Self::Workload, Self::Pool, Self::Registry, Self::Mirror];
}

/// What the members of a family of metrics are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A cause of failed pulls.
    Cause,
    /// An outcome of requests.
    Outcome,
    /// A limit.
    Limit,
    /// A reason for which images are deleted.
    Reason,
}

impl Part {
    /// What stands for a member's part in the name of its family.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Cause => "CAUSE",
            Self::Outcome => "OUTCOME",
            Self::Limit => "LIMIT",
            Self::Reason => "REASON",
        }
    }
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
    /// The kinds of scopes that have the metric.
    pub const fn scopes(self) -> &'static [ScopeKind] {
        use ScopeKind::{Mirror, Pool, Registry, Run, Workload};
        match self {
            Self::Run => &[Run],
            Self::Workload => &[Workload],
            Self::Pods => &[Run, Workload],
            Self::Pulls => &[Run, Workload, Pool],
            Self::Requests => &[Run, Registry, Mirror],
            Self::Mirrors => &[Run, Mirror],
            Self::Disks => &[Run, Pool],
        }
    }

    /// Whether scopes that begin with `kind` have the metric.
    pub fn has(self, kind: &str) -> bool {
        self.scopes().iter().any(|it| it.text() == kind)
    }
}

/// What it means that a replication has no value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It cannot be: there is always a value, if only one beyond what the run saw.
    Never,
    /// Nothing went wrong that it could tell of.
    NothingWrong,
    /// There was nothing to measure, which is neither good nor bad.
    NothingMeasured,
}

impl Absence {
    /// When there is no value, in the words of tables.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::NothingWrong => "nothing went wrong",
            Self::NothingMeasured => "there was nothing to measure",
        }
    }
}

/// What is known of a metric, or of all members of a family, before any run.
#[derive(Debug)]
pub struct Info {
    /// Stable name; of a family, without the dot and the part.
    pub name: &'static str,
    /// What tells the members of a family apart.
    pub part: Option<Part>,
    /// Its unit.
    pub unit: Unit,
    /// Of what it is measured.
    pub of: Of,
    /// Which way it gets better.
    pub better: Better,
    /// What it means that there is no value.
    pub absence: Absence,
    /// What it is, in a line of a table.
    pub doc: &'static str,
}

impl Info {
    /// The name, of a family with a placeholder: `pull_failures_by_cause.CAUSE`.
    pub fn form(&self) -> String {
        self.part.map_or_else(
            || self.name.to_owned(),
            |part| format!("{}.{}", self.name, part.placeholder()),
        )
    }
}

/// A metric that stands by itself.
#[derive(Clone, Copy, Debug)]
pub struct Measure(&'static Info);

impl Measure {
    /// What is known of it.
    pub const fn info(self) -> &'static Info {
        self.0
    }

    /// Its name as text.
    pub const fn text(self) -> &'static str {
        self.0.name
    }
}

/// A family of metrics: one for each cause, outcome, limit or reason.
#[derive(Clone, Copy, Debug)]
pub struct Family(&'static Info);

impl Family {
    /// The member of this part.
    pub fn of(self, part: &str) -> Name {
        Name { info: self.0, part: Some(part.to_owned()) }
    }

    /// The part of `name`, where it is a member.
    pub fn part(self, name: &Name) -> Option<&str> {
        name.part.as_deref().filter(|_| name.info.name == self.0.name)
    }
}

/// The name of a metric: a measure, or a member of a family.
#[derive(Clone, Debug)]
pub struct Name {
    info: &'static Info,
    part: Option<String>,
}

impl Name {
    /// Reads `pods` or `pull_failures_by_cause.dns`. Whether there is such a cause is not looked
    /// at.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, part) = match text.split_once('.') {
            Some((base, part)) => (base, Some(part.to_owned())),
            None => (text, None),
        };
        let info = find(base).filter(|it| it.part.is_some() == part.is_some())?;
        Some(Self { info, part })
    }

    /// What is known of it.
    pub const fn info(&self) -> &'static Info {
        self.info
    }

    /// Whether it is a member of a family.
    pub const fn is_member(&self) -> bool {
        self.part.is_some()
    }
}

impl From<Measure> for Name {
    fn from(it: Measure) -> Self {
        Self { info: it.0, part: None }
    }
}

/// Names are those of their text; families and metrics have different ones.
impl Name {
    fn key(&self) -> (&'static str, Option<&str>) {
        (self.info.name, self.part.as_deref())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Name {}

impl PartialEq<Measure> for Name {
    fn eq(&self, other: &Measure) -> bool {
        self.key() == (other.0.name, None)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            None => f.write_str(self.info.name),
            Some(part) => write!(f, "{}.{part}", self.info.name),
        }
    }
}

/// What is known of the metric, or the family, of this name.
pub fn find(name: &str) -> Option<&'static Info> {
    ALL.iter().copied().find(|it| it.name == name)
}

/// Where a row is a family's, the one thing that tells its members apart.
const fn only(parts: &[Part]) -> Option<Part> {
    match parts {
        [part] => Some(*part),
        _ => None,
    }
}

macro_rules! catalogue {
    ($($row:ident: $kind:ident $(by $part:ident)? = $name:literal, $unit:ident, of $of:ident,
       better $better:ident, absent $absence:ident, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $row: $kind = $kind(&Info {
                name: $name,
                part: only(&[$(Part::$part)?]),
                unit: Unit::$unit,
                of: Of::$of,
                better: Better::$better,
                absence: Absence::$absence,
                doc: $doc,
            });
        )*

        /// Every metric and every family, in the order in which they are told.
        pub const ALL: &[&Info] = &[$($row.0),*];
    };
}

catalogue! {
    PODS: Measure = "pods", Pods, of Pods, better Neither, absent Never,
        "pods created during the run";
    PODS_READY: Measure = "pods_ready", Pods, of Pods, better More, absent Never,
        "pods that became ready";
    PODS_NEVER_READY: Measure = "pods_never_ready", Pods, of Pods, better Less, absent Never,
        "pods that did not become ready, and still existed at the end";
    PODS_DELETED_BEFORE_READY: Measure = "pods_deleted_before_ready", Pods, of Pods, better Less,
        absent Never, "pods deleted, or lost with their node, before they were ready";
    READY_SECONDS_P50: Measure = "ready_seconds_p50", Seconds, of Pods, better Less,
        absent NothingMeasured, "from a pod's creation to ready: median over the pods";
    READY_SECONDS_P95: Measure = "ready_seconds_p95", Seconds, of Pods, better Less,
        absent NothingMeasured, "from a pod's creation to ready: 95th percentile";
    READY_SECONDS_P99: Measure = "ready_seconds_p99", Seconds, of Pods, better Less,
        absent NothingMeasured, "from a pod's creation to ready: 99th percentile";
    READY_SECONDS_MAX: Measure = "ready_seconds_max", Seconds, of Pods, better Less,
        absent NothingMeasured, "from a pod's creation to ready: the slowest pod";
    UNREADY_POD_MINUTES: Measure = "unready_pod_minutes", Minutes, of Pods, better Less,
        absent Never,
        "time that existing pods were not ready, summed over pods, up to the end of the run";
    CLEAR_SECONDS: Measure = "clear_seconds", Seconds, of Pods, better Less, absent Never,
        "from the start of the run to the last instant at which a pod was not ready: 0 if none \
         ever was, censored while one waits at the end";
    MIN_AVAILABLE_SHARE: Measure = "min_available_share", Share, of Workload, better More,
        absent NothingMeasured,
        "least share of the wanted pods that were ready, from when all were ready first, or from \
         the start where a `[state]` says that pods are stuck; a DaemonSet is wanted on every node \
         of its pool, and Jobs have none";
    ROLLOUT_COMPLETE_SECONDS: Measure = "rollout_complete_seconds", Seconds, of Workload,
        better Less, absent NothingMeasured,
        "from the start of the last rollout to its end; the first start of a workload counts as \
         one";
    PROGRESS_DEADLINE_EXCEEDED: Measure = "progress_deadline_exceeded", Rollouts, of Workload,
        better Less, absent Never,
        "rollouts of a Deployment without a new ready pod for its `progress_deadline`; nothing is \
         rolled back";
    PODS_ON_STALE_DIGEST: Measure = "pods_on_stale_digest", Pods, of Pods, better Less,
        absent Never,
        "pods ready at the end that run another content than the registry then serves under their \
         reference";
    VERSIONS_RUNNING: Measure = "versions_running", Versions, of Workload, better Neither,
        absent Never,
        "distinct contents (all containers of a pod together) of the pods ready at the end";
    MIXED_VERSIONS_SECONDS: Measure = "mixed_versions_seconds", Seconds, of Workload, better Less,
        absent Never, "time for which ready pods of one revision ran more than one content";
    ROLLOUT_PAUSED_SECONDS: Measure = "rollout_paused_seconds", Seconds, of Workload, better Less,
        absent Never,
        "time that rollouts were held by a pause or by a guard (`pause_on_failures`)";
    CANARY_ATTEMPTS: Measure = "canary_attempts", Canaries, of Workload, better Neither,
        absent Never, "canaries begun, retries included";
    CANARY_FAILURES: Measure = "canary_failures", Canaries, of Workload, better Less, absent Never,
        "canaries that were not ready by their deadline and were undone";
    PULL_ATTEMPTS: Measure = "pull_attempts", Pulls, of Pulls, better Less, absent Never,
        "pull attempts of kubelets, with those that the kubelet itself refused and those still \
         open at the end";
    PULL_FAILURES: Measure = "pull_failures", Pulls, of Pulls, better Less, absent Never,
        "pull attempts that failed";
    PULL_FAILURE_SHARE: Measure = "pull_failure_share", Share, of Pulls, better Less,
        absent NothingWrong, "failed pull attempts in all attempts";
    PULL_FAILURES_BY_CAUSE: Family by Cause = "pull_failures_by_cause", Pulls, of Pulls,
        better Less, absent Never,
        "failed pull attempts of one cause; the causes add up to all failures";
    PULL_SECONDS_P50: Measure = "pull_seconds_p50", Seconds, of Pulls, better Less,
        absent NothingMeasured,
        "duration of a pull that succeeded, from the kubelet's asking: median";
    PULL_SECONDS_P95: Measure = "pull_seconds_p95", Seconds, of Pulls, better Less,
        absent NothingMeasured,
        "duration of a pull that succeeded, from the kubelet's asking: 95th percentile";
    PULL_SECONDS_P99: Measure = "pull_seconds_p99", Seconds, of Pulls, better Less,
        absent NothingMeasured,
        "duration of a pull that succeeded, from the kubelet's asking: 99th percentile";
    IMAGES_DELETED: Measure = "images_deleted", Images, of Disks, better Neither, absent Never,
        "images deleted from nodes";
    IMAGES_DELETED_BY_REASON: Family by Reason = "images_deleted_by_reason", Images, of Disks,
        better Neither, absent Never,
        "images deleted for one reason: `gc-threshold` (image GC, the disk being too full), \
         `gc-age` (image GC, unused for too long), `disk-pressure` (the eviction manager), `prune` \
         (an operator's `prune_images`)";
    IMAGE_GC_FAILURES: Measure = "image_gc_failures", Runs, of Disks, better Less, absent Never,
        "runs of image GC that found less to delete than they had to";
    PODS_EVICTED: Measure = "pods_evicted", Pods, of Disks, better Less, absent Never,
        "pods that the kubelet evicted for disk pressure";
    DISK_USED_SHARE_MAX: Measure = "disk_used_share_max", Share, of Disks, better Less,
        absent NothingMeasured,
        "most that one disk held of its size, with what is being fetched and unpacked; disks \
         without a size have none";
    REQUESTS: Measure = "requests", Requests, of Requests, better Less, absent Never,
        "HTTP requests, token requests and those that mirrors send included";
    REQUESTS_BY_OUTCOME: Family by Outcome = "requests_by_outcome", Requests, of Requests,
        better Neither, absent Never,
        "HTTP requests of one outcome: `ok` (2xx), `redirect` (307), `unauthorized` (401), \
         `throttled` (429), `client-error` (other 4xx), `server-error` (5xx), `dropped` \
         (connection closed), `unanswered`";
    REQUESTS_REJECTED_429: Measure = "requests_rejected_429", Requests, of Requests, better Less,
        absent Never, "HTTP requests answered 429";
    REQUESTS_PER_COMPLETED_PULL: Measure = "requests_per_completed_pull", Requests, of Run,
        better Less, absent NothingMeasured, "all requests per pull that succeeded";
    REQUESTS_PEAK_PER_SECOND: Measure = "requests_peak_per_second", Requests, of Run, better Less,
        absent Never, "most requests in one second";
    ATTEMPTS_PEAK_PER_SECOND: Measure = "attempts_peak_per_second", Pulls, of Run, better Less,
        absent Never, "most pull attempts in one second";
    LIMIT_UNITS_SPENT: Family by Limit = "limit_units_spent", Units, of Run, better Less,
        absent Never, "what a limit granted, background load included";
    LIMIT_EXHAUSTED_SECONDS: Family by Limit = "limit_exhausted_seconds", Seconds, of Run,
        better Less, absent Never,
        "from each refusal of a limit until what was refused would have been granted, over all its \
         counters, no instant counted twice";
    FIRST_REJECTION_SECONDS: Measure = "first_rejection_seconds", Seconds, of Run, better More,
        absent NothingWrong,
        "when the first request, dial or pull was refused: by a limit, a fault, the lack of ports \
         or the kubelet";
    RECOVERY_SECONDS: Measure = "recovery_seconds", Seconds, of Run, better Less,
        absent NothingWrong,
        "from the first rejection until the last pod with a failed pull was ready or gone; \
         censored while one waits";
    HERD_SYNCHRONY: Measure = "herd_synchrony", Share, of Run, better Less, absent NothingWrong,
        "how far retries keep step: per window of 300 s the unbiased squared phase coherence of \
         their times, (nR² − 1)/(n − 1), floored at 0 and weighted by the number of retries";
    EGRESS_BYTES: Measure = "egress_bytes", Bytes, of Run, better Less, absent Never,
        "body bytes that nodes received through their way out";
    PRIVATE_BYTES: Measure = "private_bytes", Bytes, of Run, better Neither, absent Never,
        "body bytes that nodes received from private registries, past the way out";
    DISCARDED_BYTES: Measure = "discarded_bytes", Bytes, of Run, better Less, absent Never,
        "body bytes thrown away: cut short, or of a pull that failed";
    UPSTREAM_BYTES: Measure = "upstream_bytes", Bytes, of Mirrors, better Less,
        absent NothingMeasured, "body bytes that mirrors received from their upstream";
    MIRROR_HIT_SHARE: Measure = "mirror_hit_share", Share, of Mirrors, better More,
        absent NothingMeasured,
        "of the manifests and blobs that mirrors sent to nodes, those that they had stored";
    MIRROR_BYPASS_SHARE: Measure = "mirror_bypass_share", Share, of Mirrors, better Less,
        absent NothingMeasured,
        "of the requests of nodes that a mirror could have answered (HEAD and GET of manifests and \
         blobs), those that went elsewhere";
    EVENTS: Measure = "events", Events, of Run, better Neither, absent Never, "events simulated";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_found_by_its_name_and_by_no_other() {
        for (number, info) in ALL.iter().enumerate() {
            assert_eq!(ALL.iter().position(|it| it.name == info.name), Some(number));
            assert!(
                info.name.chars().all(|it| it.is_ascii_lowercase() || "_0123456789".contains(it))
            );
            let name = Name::parse(&info.form()).unwrap();
            assert_eq!((name.info().name, name.to_string()), (info.name, info.form()));
        }
        assert_eq!(Name::parse("pods").unwrap(), PODS);
        assert!(Name::parse("bods").is_none());
    }

    #[test]
    fn a_family_has_members_and_a_measure_has_none() {
        let name = Name::parse("pull_failures_by_cause.docker-hub.edge").unwrap();
        assert_eq!(name, PULL_FAILURES_BY_CAUSE.of("docker-hub.edge"));
        assert_eq!(PULL_FAILURES_BY_CAUSE.part(&name), Some("docker-hub.edge"));
        assert_eq!(LIMIT_UNITS_SPENT.part(&name), None);
        assert_eq!(PULL_FAILURES_BY_CAUSE.part(&PULL_FAILURES.into()), None);
        assert!(name.is_member() && !Name::from(PODS).is_member());
        for text in ["pods.x", "pull_failures_by_cause", "pods_ready.p50"] {
            assert!(Name::parse(text).is_none(), "{text}");
        }
    }
}
