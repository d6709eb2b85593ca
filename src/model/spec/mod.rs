//! The checked, unit-typed description of one run: what `crate::model::World` is built from.
//!
//! Every value here is already valid: names are resolved to ids, counts are within their bounds,
//! spans and rates carry their units. Tables are in the order of their names, so the order of
//! blocks in a file changes nothing. Values come from a scenario file, a preset or a default;
//! `crate::scenario` holds those with their sources.

mod disk;
mod fault;
mod mirror;
mod state;
mod timeline;

pub use disk::{DayWindow, DiskSpec, EvictionSpec, ImageGcSpec};
pub use fault::{Answer, Failure, FaultSpec, RequestKind, RequestKinds};
pub use mirror::{AdoptionSpec, FilledSpec, MirrorSpec, Storing, Untrusted};
pub use state::{Began, CacheSpec, CounterSpec, History, LimitStateSpec, StateSpec, StuckSpec};
pub use timeline::{Action, CanarySpec, Change, GuardSpec, TimelineSpec, Which};

use crate::model::ids::{AccountId, EgressId, ImageId, PoolId, RegistryId, WorkloadId};
use crate::resource::limiter::Rule;
use crate::units::{Bandwidth, Bytes, Share, Span};
use crate::words::words;

/// Everything a run needs.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The seed every draw is keyed by.
    pub seed: u64,
    /// How long the run lasts.
    pub horizon: Span,
    /// Pace of the controllers and the scheduler.
    pub control_plane: ControlPlaneSpec,
    /// Servers of images: the registries by name, then the mirrors by name.
    pub registries: Vec<RegistrySpec>,
    /// Accounts, by name.
    pub accounts: Vec<AccountSpec>,
    /// Ways out of the cluster, by name.
    pub egresses: Vec<EgressSpec>,
    /// Others who spend the same identities, by name.
    pub backgrounds: Vec<BackgroundSpec>,
    /// Pools of nodes, by name.
    pub pools: Vec<PoolSpec>,
    /// The image catalogue, by name.
    pub images: Vec<ImageSpec>,
    /// Workloads, by name; behind them the image pullers of the timeline's pre-pulls, by name.
    pub workloads: Vec<WorkloadSpec>,
    /// What happens during the run, by name.
    pub timeline: Vec<TimelineSpec>,
    /// Injected faults, by name; an outage of the timeline is a fault as well and stands here.
    pub faults: Vec<FaultSpec>,
    /// What is there at the start beside that.
    pub state: StateSpec,
}

/// Pace of the control plane: waiting token buckets, as client-go's.
///
/// Source: facts on kubelet and controllers: kube-controller-manager `--kube-api-qps` 20, burst 30;
/// kube-scheduler 50 and 100 (secondary listings; managed control planes raise them). 0 means no
/// limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlPlaneSpec {
    /// Pod creations per second of each controller.
    pub controller_qps: u32,
    /// Burst of pod creations.
    pub controller_burst: u32,
    /// Bindings per second of the scheduler.
    pub scheduler_qps: u32,
    /// Burst of bindings.
    pub scheduler_burst: u32,
}

/// One registry: its registry, token and blob endpoints, and its limits.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a registry")]
pub struct RegistrySpec {
    /// Block name.
    pub name: String,
    /// Host as it stands in image references.
    pub host: String,
    /// Whether its endpoints are reached past the egress, by private addresses.
    pub private: bool,
    /// Round trip to the registry endpoint.
    pub rtt: Span,
    /// Round trip to the token service.
    pub token_rtt: Span,
    /// Round trip to the blob host (CDN).
    pub cdn_rtt: Span,
    /// Look-up of the host name, paid by every new connection.
    pub dns: Span,
    /// Round trips of the TLS handshake: 1 for TLS 1.3, 2 for TLS 1.2, 0 for plain HTTP.
    pub tls_round_trips: u32,
    /// Time a request spends in the registry.
    pub server_time: Span,
    /// Whether requests need a bearer token (a first request is then answered 401).
    pub needs_token: bool,
    /// Whether the token service takes the OAuth POST; otherwise a client with credentials repeats
    /// with GET.
    pub token_post: bool,
    /// How long a token is valid.
    pub token_lifetime: Span,
    /// Whether blobs are answered by a redirect to the blob host.
    pub redirects_blobs: bool,
    /// Most one connection carries of blob bodies.
    pub connection_bandwidth: Option<Bandwidth>,
    /// What the blob host can send in all.
    pub bandwidth: Option<Bandwidth>,
    /// Limits, in the order of their names.
    pub limits: Vec<LimitSpec>,
    /// What makes it a pull-through cache of another registry.
    pub mirror: Option<MirrorSpec>,
}

impl RegistrySpec {
    /// How outputs call it: `registry.NAME` or `mirror.NAME`.
    pub fn scope(&self) -> String {
        let kind = if self.mirror.is_some() { "mirror" } else { "registry" };
        format!("{kind}.{}", self.name)
    }
}

/// One limit of a registry. Its name is the cause in the results.
#[derive(Clone, Debug)]
pub struct LimitSpec {
    /// Name of the limit, unique in its registry.
    pub name: String,
    /// Whose requests it counts.
    pub clients: Clients,
    /// Only accounts of this tier.
    pub tier: Option<String>,
    /// What it counts by.
    pub key: LimitKey,
    /// How it counts; units are thousandths.
    pub rule: Rule,
    /// Fixed window: a window starts at this offset from the start of the run; `None` is a keyed
    /// random phase for each counter.
    pub anchor: Option<Span>,
    /// What each kind of request costs, in thousandths of a unit.
    pub weights: Weights,
    /// Whether a refused request consumes units all the same.
    pub rejected_consume: bool,
    /// The Retry-After header sent with a refusal.
    pub retry_after: Option<Span>,
    /// The status of a refusal; 429 or a 5xx.
    pub status: u16,
    /// Whether it stands at the edge (before authorisation, token requests too) or in the registry.
    pub at_edge: bool,
}

words! {
    /// Whose requests a limit counts.
    pub enum Clients {
        /// Requests without credentials.
        Anonymous = "anonymous",
        /// Requests of accounts, of one tier where the limit names it.
        Account = "account",
        /// All requests.
        Everyone = "everyone",
    }

    /// What a limit counts by.
    pub enum LimitKey {
        /// The source address.
        Address = "address",
        /// The source address for IPv4, its /64 for IPv6.
        Prefix64 = "prefix64",
        /// The account.
        Account = "account",
        /// One counter for the whole registry.
        Registry = "registry",
    }
}

/// What each kind of request costs, in thousandths of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// Token request.
    pub token: u32,
    /// HEAD of a manifest.
    pub head: u32,
    /// GET of an index.
    pub index: u32,
    /// GET of a platform manifest that an index named.
    pub platform: u32,
    /// GET of a manifest without an index.
    pub single: u32,
    /// GET of a blob at the registry.
    pub blob: u32,
    /// GET of the root of the API, by which a client learns how to authenticate.
    pub ping: u32,
}

/// Credentials at a registry.
#[derive(Clone, Debug)]
pub struct AccountSpec {
    /// Block name.
    pub name: String,
    /// Where it is valid.
    pub registry: RegistryId,
    /// Tier, which limits may name.
    pub tier: String,
}

/// A way out of the cluster.
#[derive(Clone, Debug)]
pub struct EgressSpec {
    /// Block name.
    pub name: String,
    /// Which addresses a registry sees.
    pub addressing: Addressing,
    /// NAT: the share of nodes or connections that each address gets; empty is all alike.
    pub shares: Vec<Share>,
    /// Source ports, where they are scarce.
    pub ports: Option<PortsSpec>,
    /// What passes in all (towards the nodes).
    pub bandwidth: Option<Bandwidth>,
}

/// Which addresses a registry sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// Network address translation with shared IPv4 addresses.
    Nat {
        /// Number of addresses.
        addresses: u32,
        /// Who keeps an address.
        choose: Choose,
    },
    /// Every node has an IPv4 address of its own.
    PerNode,
    /// Every node has an IPv6 address; nodes are spread over this many /64 prefixes.
    Ipv6 {
        /// Number of /64 prefixes.
        prefixes: u32,
    },
}

words! {
    /// How a NAT gateway picks an address.
    pub enum Choose {
        /// A node keeps the address it drew.
        Node = "node",
        /// Each connection draws.
        Connection = "connection",
    }
}

/// Source ports towards one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortsSpec {
    /// Whether `count` is per node (ports allotted to a machine) or per address.
    pub per_node: bool,
    /// Simultaneous connections to one destination.
    pub count: u32,
    /// How long a port stays taken after its connection closed.
    pub hold: Span,
}

/// Others who spend the same identity.
#[derive(Clone, Debug)]
pub struct BackgroundSpec {
    /// Block name.
    pub name: String,
    /// The way out they share.
    pub egress: EgressId,
    /// The registry they pull from.
    pub registry: RegistryId,
    /// The account they share.
    pub account: Option<AccountId>,
    /// Pulls of a multi-platform image per hour, in thousandths, as a Poisson stream.
    pub millipulls_per_hour: u64,
}

/// A pool of like nodes.
#[derive(Clone, Debug)]
pub struct PoolSpec {
    /// Block name.
    pub name: String,
    /// Nodes at the start.
    pub nodes: u32,
    /// When the first node comes up.
    pub join_at: Span,
    /// Over which span the nodes come up, in shuffled order.
    pub join_over: Span,
    /// From the request for a machine (or its restart) to a ready node.
    pub boot: Span,
    /// From the decision to take a node away to the deletion of its pods.
    pub drain: Span,
    /// Architecture, as OCI spells it.
    pub arch: String,
    /// Way out.
    pub egress: EgressId,
    /// Credentials of its nodes, one per registry at most; a pod's own go first.
    pub accounts: Vec<AccountId>,
    /// Client that pulls.
    pub runtime: RuntimeProfile,
    /// The kubelet's configuration.
    pub kubelet: KubeletSpec,
    /// Network interface, towards the node.
    pub nic: Bandwidth,
    /// Compressed layer bytes unpacked per second.
    pub unpack: Bandwidth,
    /// How full the disk may get.
    pub disk: DiskSpec,
    /// Images on the disk of every new node.
    pub preloaded: Vec<ImageId>,
    /// Most pods on a node.
    pub max_pods: u32,
    /// The image puller that a node of this pool waits for before it takes other pods.
    pub startup_taint: Option<WorkloadId>,
}

/// The kubelet's own fields, and the constants of its back-off and sync loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KubeletSpec {
    /// One pull at a time.
    pub serialize_image_pulls: bool,
    /// Most pulls at a time where they are not serialised; `None` is no limit.
    pub max_parallel_image_pulls: Option<u32>,
    /// Pull starts per second; 0 is no limit.
    pub registry_pull_qps: u32,
    /// Burst of pull starts.
    pub registry_burst: u32,
    /// First back-off window.
    pub image_backoff_initial: Span,
    /// Longest back-off window.
    pub image_backoff_max: Span,
    /// What-if: windows grow by up to this share, by a keyed draw.
    pub image_backoff_jitter: Share,
    /// What-if: a pull of an image that is being pulled on the node waits for it.
    pub coalesce_image_pulls: bool,
    /// Least time from a failed pod sync to the next.
    pub sync_backoff: Span,
    /// The next sync comes up to this share of `sync_backoff` later.
    pub sync_jitter: Share,
    /// Period of the loop that dispatches syncs.
    pub sync_tick: Span,
    /// When it deletes images.
    pub image_gc: ImageGcSpec,
    /// When it puts the node under disk pressure.
    pub eviction: EvictionSpec,
}

/// A client and version: the rules of `model::pull` in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeProfile {
    /// Name with version, such as `containerd-1.7.34`.
    pub name: String,
    /// Requests per logical request on 429 and 408 (an answered 401 counts as one).
    pub requests_per_object: u32,
    /// Layers fetched at a time per pull.
    pub max_concurrent_downloads: u32,
    /// A pull without a body byte for this long is cancelled; `None` never.
    pub progress_timeout: Option<Span>,
    /// How often progress is looked at.
    pub progress_check: Span,
    /// A connection attempt fails after this long.
    pub dial_timeout: Span,
    /// An idle connection closes after this long.
    pub idle_timeout: Span,
    /// Whether a digest reference repeats a failed HEAD of the manifest as a HEAD of the blob.
    pub head_blob_after_failed_head: bool,
    /// What-if: whether a repetition waits for as long as Retry-After says.
    pub honour_retry_after: bool,
}

/// One image of the catalogue.
#[derive(Clone, Debug)]
pub struct ImageSpec {
    /// Block name.
    pub name: String,
    /// Reference as a pod spec has it.
    pub reference: String,
    /// Where it is pulled from.
    pub registry: RegistryId,
    /// Whether the reference is a digest.
    pub by_digest: bool,
    /// Platforms; more than one, or `index`, means an index stands before the manifests.
    pub platforms: Vec<String>,
    /// Size of the index, where there is one.
    pub index: Option<Bytes>,
    /// Size of the platform manifest.
    pub manifest: Bytes,
    /// Size of the config blob.
    pub config: Bytes,
    /// Layers from the bottom up; equal digests are the same blob.
    pub layers: Vec<LayerSpec>,
}

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSpec {
    /// What identifies the content.
    pub digest: String,
    /// Compressed size.
    pub size: Bytes,
}

/// One workload.
#[derive(Clone, Debug)]
pub struct WorkloadSpec {
    /// Block name.
    pub name: String,
    /// Which controller runs it.
    pub kind: WorkloadKind,
    /// Where its pods run.
    pub pool: PoolId,
    /// When its pods are asked for.
    pub start_at: Span,
    /// Over which span, in shuffled order.
    pub start_over: Span,
    /// Its pods run, ready, at the start of the simulation, their images on their nodes.
    pub running: bool,
    /// Its pull secrets, one per registry at most.
    pub accounts: Vec<AccountId>,
    /// Init containers, in order.
    pub init_containers: Vec<ContainerSpec>,
    /// Containers, in order.
    pub containers: Vec<ContainerSpec>,
    /// From the start of the last container to ready.
    pub startup: Span,
    /// It is the image puller of a pre-pull: a DaemonSet that serves nobody, has an init container
    /// for each of its images and no container with an image to pull, and is started by the
    /// timeline.
    pub is_puller: bool,
}

/// Which controller runs a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadKind {
    /// A Deployment with its ReplicaSets.
    Deployment {
        /// Pods wanted.
        replicas: u32,
        /// Pods above `replicas` during a rollout.
        max_surge: Count,
        /// Pods that may be missing during a rollout.
        max_unavailable: Count,
        /// A rollout without progress for this long is reported.
        progress_deadline: Span,
    },
    /// One pod per node of the pool.
    DaemonSet {
        /// Nodes that may be without a ready pod during a rollout.
        max_unavailable: Count,
    },
    /// Pods that end.
    Job {
        /// Pods to complete.
        completions: u32,
        /// Pods at a time.
        parallelism: u32,
        /// How long a pod runs once started.
        duration: Span,
    },
}

/// A count, or a share of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// This many.
    Number(u32),
    /// A share; who uses it says how it rounds.
    Share(Share),
}

/// One container of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Its image.
    pub image: ImageId,
    /// Its policy, defaulted by the API server's rule where the file has none.
    pub image_pull_policy: ImagePullPolicy,
    /// For an init container: how long it runs.
    pub duration: Span,
}

words! {
    /// When the kubelet pulls.
    pub enum ImagePullPolicy {
        /// At every start.
        Always = "Always",
        /// Where the node lacks the image.
        IfNotPresent = "IfNotPresent",
        /// Not at all.
        Never = "Never",
    }
}
