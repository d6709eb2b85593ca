//! Why pulls fail.

use crate::engine::chance::stable_hash;
use crate::model::ids::{FaultId, LimitId};
use crate::model::spec::Spec;

/// Why a pull failed: the refusal that ended it. There is no "other".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The kubelet's own `registry_pull_qps`: `pull QPS exceeded`.
    KubeletQps,
    /// No source port was free: the SYN is dropped and the dial times out.
    EgressPorts,
    /// The index names no manifest for the node's platform.
    PlatformMissing,
    /// No body byte for the runtime's progress timeout.
    ProgressTimeout,
    /// The node went away, or restarted, under the pull.
    NodeLost,
    /// The kubelet restarted under the pull.
    KubeletRestarted,
    /// The node does not trust the mirror, or the mirror the node.
    MirrorUntrusted,
    /// A mirror could not store what it fetched.
    MirrorDiskFull,
    /// A mirror worked on others for longer than the runtime waits.
    MirrorBusy,
    /// A body or an unpacked layer did not fit on the disk: `no space left on device`.
    DiskFull,
    /// A limit of a registry refused a request.
    Limit(LimitId),
    /// An injected fault or an outage.
    Fault(FaultId),
}

/// A cause that is there in every run.
#[derive(Clone, Copy, Debug)]
pub struct FixedCause {
    /// The cause.
    pub cause: Cause,
    /// Its name in results; no limit, fault or outage can be called so.
    pub label: &'static str,
    /// What happened, in a line of a table.
    pub doc: &'static str,
}

impl Cause {
    /// The causes that are there in every run; their order is that of the labels.
    pub const FIXED: [FixedCause; 10] = [
        FixedCause {
            cause: Self::KubeletQps,
            label: "kubelet-qps",
            doc: "the kubelet's own `registry_pull_qps` refused the pull (\"pull QPS exceeded\")",
        },
        FixedCause {
            cause: Self::EgressPorts,
            label: "egress-ports",
            doc: "the gateway had no source port left, so the connection was never made",
        },
        FixedCause {
            cause: Self::PlatformMissing,
            label: "platform-missing",
            doc: "the index names no manifest for the node's architecture",
        },
        FixedCause {
            cause: Self::ProgressTimeout,
            label: "progress-timeout",
            doc: "no byte of the image arrived for the runtime's time-out",
        },
        FixedCause {
            cause: Self::NodeLost,
            label: "node-lost",
            doc: "the node went away or restarted during the pull",
        },
        FixedCause {
            cause: Self::KubeletRestarted,
            label: "kubelet-restarted",
            doc: "the kubelet restarted during the pull",
        },
        FixedCause {
            cause: Self::DiskFull,
            label: "disk-full",
            doc: "a blob or an unpacked layer did not fit on the node's disk \
                  (\"no space left on device\")",
        },
        FixedCause {
            cause: Self::MirrorUntrusted,
            label: "mirror-untrusted",
            doc: "the node does not trust the mirror's certificate, or the mirror wants \
                  credentials that the node lacks",
        },
        FixedCause {
            cause: Self::MirrorDiskFull,
            label: "mirror-disk-full",
            doc: "a mirror had no room for what it fetched",
        },
        FixedCause {
            cause: Self::MirrorBusy,
            label: "mirror-busy",
            doc: "stands behind a `progress-timeout`: a mirror worked on others for too long",
        },
    ];

    /// The cause of this name that is there in every run.
    pub fn fixed(label: &str) -> Option<Self> {
        Self::FIXED.iter().find(|it| it.label == label).map(|it| it.cause)
    }
}

/// Numbers and labels of all causes of a run.
#[derive(Clone, Debug)]
pub struct Causes {
    n_limits: usize,
    labels: Vec<String>,
    /// Stable keys, by number.
    keys: Vec<u64>,
}

impl Causes {
    /// The causes that `spec` can have.
    pub fn new(spec: &Spec) -> Self {
        let mut labels: Vec<String> = Cause::FIXED.iter().map(|it| it.label.to_owned()).collect();
        let limits: Vec<(&str, &str)> = spec
            .registries
            .iter()
            .flat_map(|it| it.limits.iter().map(|limit| (&*it.name, &*limit.name)))
            .collect();
        for (registry, name) in &limits {
            let shared = 1 < limits.iter().filter(|(_, other)| other == name).count();
            labels.push(if shared { format!("{registry}.{name}") } else { (*name).to_owned() });
        }
        let n_limits = limits.len();
        labels.extend(spec.faults.iter().map(|it| it.name.clone()));
        let keys = labels.iter().map(|it| stable_hash(it)).collect();
        Self { n_limits, labels, keys }
    }

    /// Position of a cause among the labels.
    pub fn number(&self, cause: Cause) -> u16 {
        let fixed = Cause::FIXED.len();
        let number = match cause {
            Cause::Limit(limit) => fixed + limit.idx(),
            Cause::Fault(fault) => fixed + self.n_limits + fault.idx(),
            built_in => {
                let place = Cause::FIXED.iter().position(|it| it.cause == built_in);
                place.expect("every other cause is built in")
            }
        };
        number as u16
    }

    /// Stable key of a cause: a hash of its label.
    pub(crate) fn key(&self, cause: Cause) -> u64 {
        self.keys[usize::from(self.number(cause))]
    }

    /// Label of a cause.
    pub fn label(&self, cause: Cause) -> &str {
        &self.labels[usize::from(self.number(cause))]
    }

    /// Label of a limit.
    pub fn limit_label(&self, limit: LimitId) -> &str {
        self.label(Cause::Limit(limit))
    }

    /// All labels, by number.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }
}
