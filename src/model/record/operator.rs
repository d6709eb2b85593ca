//! What an operator could have seen of a run: events of kubelets, answers by host, rate-limit
//! headers, ages of nodes, rollouts. Diagnosis reads this and nothing else of the model.
//!
//! Only what leaves a trace outside the simulator is counted here: no reasons, no limits, no levels
//! inside a registry. `BackOff` events are left out on purpose: the kubelet repeats them at every
//! sync of a pod, so their number says how often it looked and not how often it pulled
//! (kubernetes `image_manager.go`).
//!
//! Facts reach it through the seam (`seam.rs`). Where something new becomes visible it plugs in
//! there and in a method of `Operator`: an image that was deleted through
//! `Operator::image_removed`, a port that a gateway could not lend through `Operator::port_error`.

use std::collections::BTreeSet;

use crate::model::ids::{ImageId, LimitId, NodeId, PodId, PoolId, RegistryId, WorkloadId};
use crate::model::record::fact::{Asking, PodTold};
use crate::model::spec::{LimitKey, RegistrySpec, RequestKind, Spec};
use crate::model::words::kubelet_events::{Body, Class, Failure, Sign};
use crate::model::words::trigger::Trigger;
use crate::units::{MICROS_PER_SECOND, Span, Time};
use crate::words::Words;

/// Nodes younger than this are new: what they pull, every node of their kind pulls. A node's first
/// pods come within a minute or two of its being ready; the span leaves room for slow pulls.
pub const YOUNG_NODE: Span = Span::from_secs(600);
/// Pods of a template younger than this belong to a release: six times the default progress
/// deadline of a Deployment (600 s; kubernetes `pkg/apis/apps/v1/defaults.go`).
pub const YOUNG_TEMPLATE: Span = Span::from_secs(3_600);
/// What a failed pull costs beside its own time: the kubelet's first back-off (kubernetes
/// `pkg/kubelet/kubelet.go`).
pub const FIRST_BACKOFF: Span = Span::from_secs(10);
/// A pull of more than this is slow: the age at which a pod that is not ready begins to be noticed.
/// A chosen value.
pub const SLOW_PULL: Span = Span::from_secs(120);
/// Width of the bins over time.
pub const BIN: Span = Span::from_secs(300);

/// Pulls of one trigger. Repetitions count with what triggered the first attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullsSeen {
    /// `Pulling` events.
    pub pulling: u64,
    /// Pulls that a pod asked for the first time.
    pub first: u64,
    /// `Pulled` events with "Successfully pulled".
    pub pulled: u64,
    /// Those that took longer than [`SLOW_PULL`], as the event says ("… including waiting").
    pub slow: u64,
    /// `Failed` events by [`Class`].
    pub failed: [u64; Class::ALL.len()],
    /// The first `Failed` event of each pod and image, by [`Class`]: what came before the
    /// repetitions.
    pub first_failed: [u64; Class::ALL.len()],
    /// What those cost, in seconds: from `Pulling` to `Failed`, and [`FIRST_BACKOFF`].
    pub first_cost: [u64; Class::ALL.len()],
}

/// Answers to one kind of request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswersSeen {
    /// 2xx and 307.
    pub served: u64,
    /// 401 with a challenge.
    pub challenged: u64,
    /// 429 with the text of a pull limit.
    pub pull_limit: u64,
    /// 429 without.
    pub bare_429: u64,
    /// Another 4xx.
    pub client_error: u64,
    /// 5xx.
    pub server_error: u64,
    /// Lost connections.
    pub closed: u64,
    /// No answer, or no connection.
    pub silent: u64,
}

/// A registry as its clients see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostSeen {
    /// Host as it stands in image references.
    pub name: String,
    /// Answers by [`RequestKind`].
    pub answers: [AnswersSeen; RequestKind::TEXTS.len()],
    /// HEADs answered 200 with `ratelimit-remaining: 0`.
    pub empty_heads: u64,
    /// Manifest requests that were served, and answered by a 429 without explanation, in each
    /// [`BIN`].
    pub bins: Vec<(u32, u32)>,
}

/// A mirror that nodes are told to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorSeen {
    /// Its name.
    pub name: String,
    /// The upstream host that it stands for.
    pub upstream: String,
    /// Its answers.
    pub answers: AnswersSeen,
}

/// What a source is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// An address, or a prefix: `docker-ratelimit-source: 203.0.113.7`.
    Address,
    /// An account: `docker-ratelimit-source: 2f6a…`.
    Account,
    /// All clients alike.
    Everyone,
}

/// One identity that metered answers name (`docker-ratelimit-source`), with the cluster's own
/// requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSeen {
    /// As it is shown.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Metered requests.
    pub asked: u64,
    /// Refused ones.
    pub refused: u64,
}

/// What happened in one [`BIN`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinSeen {
    /// `Pulling` events.
    pub pulling: u32,
    /// `Failed` events of pulls.
    pub failed: u32,
    /// Nodes that joined.
    pub joined: u32,
    /// Rollouts and scalings that began.
    pub released: u32,
    /// Images deleted from nodes.
    pub removed: u32,
}

/// What an operator could have seen of one replication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Pulls by [`Trigger`].
    pub pulls: [PullsSeen; Trigger::ALL.len()],
    /// `Pulled` events with "already present on machine".
    pub already_present: u64,
    /// Pulls cut off with their node or kubelet: no event tells of them.
    pub cut_off: u64,
    /// Containers that crashed with `exec format error`.
    pub exec_format_errors: u64,
    /// Ports that a gateway or a node could not lend (`ErrorPortAllocation`, `OUT_OF_RESOURCES`).
    pub port_errors: u64,
    /// Pulls with a pull secret for their registry.
    pub with_account: u64,
    /// Registries.
    pub hosts: Vec<HostSeen>,
    /// Mirrors that the nodes' configuration names.
    pub mirrors: Vec<MirrorSeen>,
    /// Sources that metered answers name.
    pub sources: Vec<SourceSeen>,
    /// Over time.
    pub bins: Vec<BinSeen>,
    /// Nodes that were there from the start.
    pub nodes_at_start: u64,
    /// Pods that waited for an image at the end.
    pub pods_waiting: u64,
    /// Pods.
    pub pods: u64,
}

/// Records what can be seen while the world runs.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    pub(crate) seen: Observed,
    /// Since when each node has been ready; `None` before.
    nodes: Vec<Option<Time>>,
    /// Pools whose first nodes are older than the run: pods ran on them before.
    old_pools: Vec<bool>,
    /// When the template in force was made, and its revision, by workload.
    templates: Vec<Option<(Time, u32)>>,
    /// When each workload was last scaled up.
    scaled: Vec<Option<Time>>,
    removed: BTreeSet<(NodeId, ImageId)>,
    /// What brought each pod to pull an image in the first place, by pod.
    triggers: Vec<Vec<(ImageId, Trigger)>>,
    /// Which mirror each registry is, where it is one.
    mirrors: Vec<Option<usize>>,
    /// The cluster's own requests, and those refused, by limit and counter.
    own: Vec<Vec<(u64, u64)>>,
}

impl Operator {
    pub(crate) fn new(spec: &Spec) -> Self {
        let runs_in = |pool| {
            let mut workloads = spec.workloads.iter();
            workloads.any(|it| it.running && it.pool == PoolId::from(pool))
        };
        let host = |name: &String| HostSeen { name: name.clone(), ..HostSeen::default() };
        let mirror = |it: &RegistrySpec| {
            it.mirror.as_ref().map(|mirror| MirrorSeen {
                name: it.name.clone(),
                upstream: spec.registries[mirror.upstream.idx()].host.clone(),
                ..MirrorSeen::default()
            })
        };
        let n_limits = spec.registries.iter().map(|it| it.limits.len()).sum();
        Self {
            seen: Observed {
                hosts: spec.registries.iter().map(|it| host(&it.host)).collect(),
                mirrors: spec.registries.iter().filter_map(mirror).collect(),
                ..Observed::default()
            },
            nodes: Vec::new(),
            old_pools: (0..spec.pools.len()).map(runs_in).collect(),
            templates: spec
                .workloads
                .iter()
                .map(|it| (!it.running).then(|| (Time::ZERO + it.start_at, 0)))
                .collect(),
            scaled: vec![None; spec.workloads.len()],
            removed: BTreeSet::new(),
            triggers: Vec::new(),
            mirrors: number_mirrors(spec),
            own: vec![Vec::new(); n_limits],
        }
    }

    fn bin(&mut self, now: Time) -> &mut BinSeen {
        let at = (now.as_micros() / BIN.as_micros()) as usize;
        if self.seen.bins.len() <= at {
            self.seen.bins.resize(at + 1, BinSeen::default());
        }
        &mut self.seen.bins[at]
    }

    /// A node is ready for the first time.
    pub(crate) fn node_joined(&mut self, now: Time, node: NodeId, pool: PoolId) {
        if self.nodes.len() <= node.idx() {
            self.nodes.resize(node.idx() + 1, None);
        }
        if now == Time::ZERO && self.old_pools[pool.idx()] {
            self.seen.nodes_at_start += 1;
        } else {
            self.nodes[node.idx()] = Some(now);
            self.bin(now).joined += 1;
        }
    }

    /// A workload has a new template.
    pub(crate) fn released(&mut self, now: Time, workload: WorkloadId, revision: u32) {
        self.templates[workload.idx()] = Some((now, revision));
        self.bin(now).released += 1;
    }

    /// A workload wants more pods.
    pub(crate) fn scaled_up(&mut self, now: Time, workload: WorkloadId) {
        self.scaled[workload.idx()] = Some(now);
        self.bin(now).released += 1;
    }

    /// An image was deleted from a node: by the kubelet's garbage collection, or by hand.
    pub(crate) fn image_removed(&mut self, now: Time, node: NodeId, image: ImageId) {
        self.removed.insert((node, image));
        self.bin(now).removed += 1;
    }

    /// A container started without a pull.
    pub(crate) fn already_present(&mut self) {
        self.seen.already_present += 1;
    }

    /// A container crashed: its image is for another architecture.
    pub(crate) fn exec_format_error(&mut self) {
        self.seen.exec_format_errors += 1;
    }

    /// A pull was cut off with its node or kubelet.
    pub(crate) fn cut_off(&mut self) {
        self.seen.cut_off += 1;
    }

    /// No source port was free for a new connection.
    pub(crate) fn port_error(&mut self) {
        self.seen.port_errors += 1;
    }

    /// A kubelet is about to pull.
    pub(crate) fn asked(&mut self, now: Time, pod: PodTold, it: &Asking) {
        let is_first = it.number == 1;
        if is_first {
            let trigger = self.first_trigger(now, pod.workload, it);
            if self.triggers.len() <= pod.id.idx() {
                self.triggers.resize(pod.id.idx() + 1, Vec::new());
            }
            self.triggers[pod.id.idx()].push((it.image, trigger));
        }
        let trigger = self.trigger(pod.id, it.image);
        self.pulling(now, trigger, is_first, it.has_account);
    }

    /// What brought a pod to pull an image; of pods that were in back-off from the start nobody
    /// knows.
    pub(crate) fn trigger(&self, pod: PodId, image: ImageId) -> Trigger {
        let of_pod = self.triggers.get(pod.idx()).into_iter().flatten();
        of_pod.copied().find(|it| it.0 == image).map_or_else(Trigger::default, |it| it.1)
    }

    /// A pod asks for an image for the first time: what brings it to pull.
    fn first_trigger(&self, now: Time, workload: WorkloadId, it: &Asking) -> Trigger {
        let is_new = |since: Time, span: Span| now.since(since) < span;
        let born = self.nodes.get(it.node.idx()).copied().flatten();
        let made = self.templates[workload.idx()]
            .and_then(|(made, revision)| (revision == it.revision && made <= now).then_some(made));
        let released = [made, self.scaled[workload.idx()]].into_iter().flatten().max();
        if it.is_present {
            Trigger::Recheck
        } else if self.removed.contains(&(it.node, it.image)) {
            Trigger::Again
        } else if born.is_some_and(|born| is_new(born, YOUNG_NODE)) {
            Trigger::NewNode
        } else if released.is_some_and(|released| is_new(released, YOUNG_TEMPLATE)) {
            Trigger::Release
        } else {
            Trigger::Moved
        }
    }

    /// A kubelet says `Pulling`.
    fn pulling(&mut self, now: Time, trigger: Trigger, is_first: bool, account: bool) {
        let seen = &mut self.seen.pulls[trigger as usize];
        seen.pulling += 1;
        seen.first += u64::from(is_first);
        self.seen.with_account += u64::from(account);
        self.bin(now).pulling += 1;
    }

    /// A pull succeeded, `took` after it was asked for.
    pub(crate) fn pulled(&mut self, trigger: Trigger, took: Span) {
        let seen = &mut self.seen.pulls[trigger as usize];
        seen.pulled += 1;
        seen.slow += u64::from(SLOW_PULL < took);
    }

    /// A pull failed and the kubelet tells how.
    pub(crate) fn failed(
        &mut self,
        now: Time,
        trigger: Trigger,
        failure: Failure,
        asked: Time,
        failed_before: bool,
    ) {
        let seen = &mut self.seen.pulls[trigger as usize];
        let class = Class::of(failure) as usize;
        seen.failed[class] += 1;
        if !failed_before {
            let took = now.since(asked) + FIRST_BACKOFF;
            seen.first_failed[class] += 1;
            seen.first_cost[class] += took.as_micros().div_ceil(MICROS_PER_SECOND);
        }
        self.bin(now).failed += 1;
    }

    /// A request to a registry was answered, or it was not.
    pub(crate) fn request(
        &mut self,
        now: Time,
        registry: RegistryId,
        kind: RequestKind,
        answer: Answer,
    ) {
        let host = &mut self.seen.hosts[registry.idx()];
        let answers = match self.mirrors[registry.idx()] {
            Some(mirror) => &mut self.seen.mirrors[mirror].answers,
            None => &mut host.answers[kind as usize],
        };
        let sign = match answer {
            Answer::Challenged => {
                answers.challenged += 1;
                return;
            }
            Answer::Served { remaining } => {
                host.empty_heads += u64::from(remaining == Some(0));
                None
            }
            Answer::Failed(sign) => Some(sign),
            Answer::Silence => {
                answers.silent += 1;
                return;
            }
        };
        answers.count(sign);
        if self.mirrors[registry.idx()].is_some() {
            return;
        }
        let bare = matches!(sign, Some(Sign::Status(429, Body::Bare)));
        if matches!(kind, RequestKind::ManifestHead | RequestKind::ManifestGet)
            && (bare || sign.is_none())
        {
            let at = (now.as_micros() / BIN.as_micros()) as usize;
            if host.bins.len() <= at {
                host.bins.resize(at + 1, (0, 0));
            }
            let bin = &mut host.bins[at];
            if bare { bin.1 += 1 } else { bin.0 += 1 }
        }
    }

    /// A metered request of the cluster itself was counted.
    pub(crate) fn metered(&mut self, limit: LimitId, counter: u32, is_refused: bool) {
        let own = &mut self.own[limit.idx()];
        if own.len() <= counter as usize {
            own.resize(counter as usize + 1, (0, 0));
        }
        let counter = &mut own[counter as usize];
        counter.0 += 1;
        counter.1 += u64::from(is_refused);
    }

    /// The identities that metered answers of a limit named, in the order of its counters.
    pub(crate) fn add_sources(
        &mut self,
        limit: LimitId,
        key: LimitKey,
        names: impl Iterator<Item = String>,
    ) {
        let kind = match key {
            LimitKey::Address | LimitKey::Prefix64 => SourceKind::Address,
            LimitKey::Account => SourceKind::Account,
            LimitKey::Registry => SourceKind::Everyone,
        };
        for (&(asked, refused), name) in self.own[limit.idx()].iter().zip(names) {
            let sources = &mut self.seen.sources;
            match sources.iter_mut().find(|it| it.kind == kind && it.name == name) {
                Some(it) => (it.asked, it.refused) = (it.asked + asked, it.refused + refused),
                None => sources.push(SourceSeen { name, kind, asked, refused }),
            }
        }
    }
}

/// How a request ended, for those who count answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Served; `remaining` is what a `ratelimit-remaining` header said, in whole units.
    Served { remaining: Option<u64> },
    /// 401 with a challenge.
    Challenged,
    /// It failed at once.
    Failed(Sign),
    /// Nothing came.
    Silence,
}

impl AnswersSeen {
    fn count(&mut self, sign: Option<Sign>) {
        let counter = match sign {
            None => &mut self.served,
            Some(Sign::Status(429, Body::PullLimit)) => &mut self.pull_limit,
            Some(Sign::Status(429, Body::Bare)) => &mut self.bare_429,
            Some(Sign::Status(500.., _)) => &mut self.server_error,
            Some(Sign::Status(..)) => &mut self.client_error,
            Some(Sign::Closed | Sign::DialRefused | Sign::Untrusted) => &mut self.closed,
            Some(Sign::DialTimeout) => &mut self.silent,
        };
        *counter += 1;
    }

    /// All of them.
    pub const fn total(&self) -> u64 {
        self.served
            + self.challenged
            + self.pull_limit
            + self.bare_429
            + self.client_error
            + self.server_error
            + self.closed
            + self.silent
    }
}

/// Numbers the mirrors among the registries.
fn number_mirrors(spec: &Spec) -> Vec<Option<usize>> {
    let mut next = 0..;
    spec.registries.iter().map(|it| it.mirror.as_ref().and_then(|_| next.next())).collect()
}
