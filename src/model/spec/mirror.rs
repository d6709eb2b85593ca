//! Pull-through caches, and which nodes ask them.

use crate::model::ids::{AccountId, EgressId, ImageId, PoolId, RegistryId};
use crate::units::{Bandwidth, Bytes, Share, Span};
use crate::words::words;

/// What makes a server a pull-through cache of another one.
#[derive(Clone, Debug)]
pub struct MirrorSpec {
    /// The registry that it caches.
    pub upstream: RegistryId,
    /// Its own way out.
    pub egress: EgressId,
    /// Its own credentials upstream.
    pub account: Option<AccountId>,
    /// How it stores what it fetches.
    pub storing: Storing,
    /// Nodes that are told of it.
    pub adoption: AdoptionSpec,
    /// Servers, each with a network interface of its own.
    pub replicas: u32,
    /// Whether the replicas share one storage.
    pub is_storage_shared: bool,
    /// Network interface of a replica, each way.
    pub nic: Bandwidth,
    /// Size of the storage; `None` never fills up.
    pub capacity: Option<Bytes>,
    /// What the storage reads and writes in all; `None` is never scarce.
    pub disk: Option<Bandwidth>,
    /// Input and output operations of the storage per second; 0 is no limit.
    pub iops: u32,
    /// Operations that a request costs before its body.
    pub operations_per_request: u32,
    /// Requests that a replica works on at a time; others wait.
    pub concurrency: Option<u32>,
    /// What is stored goes this long after it was fetched; `None` never.
    pub ttl: Option<Span>,
    /// What it holds at the start.
    pub filled: FilledSpec,
}

/// How a pull-through cache stores what it fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storing {
    /// A fetch of its own beside the one that is passed on to the client (distribution 2.8).
    Beside,
    /// What is passed on to the first client is written down (distribution 3).
    Teed,
}

/// Which nodes ask a mirror, and how.
#[derive(Clone, Debug)]
pub struct AdoptionSpec {
    /// Pools whose nodes are configured.
    pub pools: Vec<PoolId>,
    /// Which share of their nodes, by a keyed draw.
    pub share: Share,
    /// Pools among them whose runtime reads that configuration.
    pub effective: Vec<PoolId>,
    /// Whether nodes get the configuration by a timeline action and not from the start.
    pub by_timeline: bool,
    /// Why no request of a node gets an answer from it.
    pub untrusted: Option<Untrusted>,
    /// Whether tags are looked up there too, or upstream alone.
    pub resolves: bool,
    /// Whether the registry itself is asked where the mirror fails; otherwise the mirror again.
    pub fails_open: bool,
}

words! {
    /// Why nodes and mirror do not come together.
    pub enum Untrusted {
        /// The nodes do not trust its certificate: the handshake fails.
        Tls = "tls",
        /// It asks for credentials that the nodes do not have: 401.
        Auth = "auth",
    }
}

/// What a mirror holds at the start.
#[derive(Clone, Debug, Default)]
pub struct FilledSpec {
    /// Whole images.
    pub images: Vec<ImageId>,
    /// How long before the start the last of it was fetched.
    pub age: Span,
    /// Over which span before that, in keyed order.
    pub over: Span,
}
