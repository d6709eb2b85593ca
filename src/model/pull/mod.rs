//! The container runtime: what one `PullImage` call does, as containerd does it.
//!
//! A pull resolves its reference with a HEAD, then fetches index, platform manifest and config one
//! after another, then its layers, `max_concurrent_downloads` at a time, and unpacks them from the
//! bottom up. Resolve and fetch share neither token nor connection. `request.rs` holds the life of
//! one HTTP request, `content.rs` what is fetched and unpacked; the kubelet hears of the end
//! through `World::pull_ended`.
//!
//! Source: containerd `core/remotes/docker` (`resolver.go`, `fetcher.go`, `authorizer.go`),
//! `pkg/unpack`, tags 1.6.39 to 2.3.4, executed against a recording registry (see `tests/data/`).

mod content;
mod mirrored;
mod request;

use crate::engine::chance::combine;
use crate::engine::slots::Slots;
use crate::model::client::containerd_1::Line;
use crate::model::client::{Do, Hosts};
use crate::model::ids::{
    AccountId, AddressId, ImageId, LaneId, NodeId, ObjectId, PodId, PullId, RegistryId, ReplicaId,
    WorkloadId,
};
use crate::model::supply::mirror::Served;
use crate::model::words::attempt::{Attempt, PullEnded};
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::reply::Grant;
use crate::model::{Event, World};
use crate::resource::link::FlowId;
use crate::units::{Bytes, Span, Time};

/// Pulls in flight.
pub(crate) type Pulls = Slots<PullId, Pull>;

/// One `PullImage` call in flight.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    /// Where it runs.
    pub(crate) node: NodeId,
    /// For whom.
    pub(crate) pod: PodId,
    /// What: the reference.
    pub(crate) image: ImageId,
    /// What the reference names, which is settled when it is resolved.
    content: ImageId,
    workload: WorkloadId,
    account: Option<AccountId>,
    /// The kubelet's attempt that it serves, with its counts of requests and bytes.
    pub(crate) attempt: Attempt,
    started: Time,
    resolved: bool,
    /// Until when the session's token is valid; `None` before there is one.
    token_until: Option<Time>,
    /// Servers that each object is asked of, in order: the node's mirrors, then the registry.
    servers: Vec<RegistryId>,
    /// What each of them is asked for.
    hosts: Hosts,
    /// One until the layers begin.
    lanes: Vec<Lane>,
    connections: Vec<Connection>,
    objects: Vec<ObjectState>,
    /// First layer whose chain was missing at the start: layers below need no fetch.
    first_missing: u32,
    next_layer: u32,
    /// Layers unpacked, from the bottom up.
    unpacked: u32,
    unpack: Unpack,
    flows: u32,
    last_byte: Time,
    /// What left a request hanging, for the progress timeout to name.
    hanging: Option<Cause>,
}

/// One line of requests of a pull: serial objects use the first, layers all.
#[derive(Clone, Copy, Debug)]
struct Lane {
    /// Counts the requests of this lane, so that an overtaken event is known.
    turn: u16,
    /// A mirror has not answered yet.
    asks_mirror: bool,
    /// Object being fetched: position in the image.
    object: ObjectId,
    /// Where the client's rules stand with it.
    line: Line,
    /// What they do once the answer under way is back.
    due: Option<Do>,
    flow: Option<FlowId>,
    grant: Option<Grant>,
    /// What a mirror is serving.
    served: Option<Served>,
    /// Bytes of the object that arrived before its connection broke.
    offset: Bytes,
}

impl Lane {
    fn new() -> Self {
        Self {
            turn: 0,
            asks_mirror: false,
            object: ObjectId(0),
            line: Line::default(),
            due: None,
            flow: None,
            grant: None,
            served: None,
            offset: Bytes::ZERO,
        }
    }
}

/// An open connection of a lane.
#[derive(Clone, Copy, Debug)]
struct Connection {
    lane: LaneId,
    /// Position of the host.
    host: u8,
    kind: EndpointKind,
    address: AddressId,
    /// Where it leads, at a mirror.
    replica: Option<ReplicaId>,
    /// Body bytes it carried, by which its congestion window has grown.
    carried: u64,
}

/// Where a pull stands with one of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ObjectState {
    Pending,
    /// Somebody else on the node fetches it; this lane waits.
    Waiting(LaneId),
    /// This lane fetches it.
    Fetching(LaneId),
    /// Held by this pull.
    Held,
    /// Not needed: its chain is there.
    Skipped,
}

/// Where a pull stands with unpacking its next layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unpack {
    Idle,
    Waiting,
    Working,
}

impl World<'_> {
    /// The kubelet calls `PullImage`.
    pub(crate) fn start_pull(&mut self, now: Time, pod: PodId, image: ImageId, attempt: Attempt) {
        let state = &self.cluster.pods[pod.idx()];
        let (node, workload) = (state.node, state.workload);
        let registry = self.catalogue.image(image).registry;
        let account = self.account_of_pull(pod, image);
        let id = self.pulls.put(|before| {
            let mut memory = before.map(Memory::of).unwrap_or_default();
            memory.lanes.push(Lane::new());
            Pull {
                node,
                pod,
                image,
                content: image,
                workload,
                account,
                attempt,
                started: now,
                resolved: false,
                token_until: None,
                servers: memory.servers,
                hosts: Hosts::default(),
                lanes: memory.lanes,
                connections: memory.connections,
                objects: memory.objects,
                first_missing: 0,
                next_layer: 0,
                unpacked: 0,
                unpack: Unpack::Idle,
                flows: 0,
                last_byte: now,
                hanging: None,
            }
        });
        self.choose_hosts(id, node, registry);
        self.resolve(id);
        self.cluster.nodes[node.idx()].pulls.push(id);
        let terms = self.terms(id, LaneId(0));
        let first = self.pulls[id].lanes[0].line.look_up(&terms);
        self.act(now, id, LaneId(0), first);
    }

    /// The pull is one of the content that its reference names now. Index, manifest and config are
    /// then fetched by digest, so that a tag which moves later changes nothing for this pull.
    ///
    /// Source: containerd 1.7.34 as recorded (`tests/data/containerd-1.7.34-cri.txt`): the HEAD
    /// names the tag, every GET a digest.
    fn resolve(&mut self, id: PullId) {
        self.resolve_to(id, self.catalogue.served(self.pulls[id].image));
    }

    /// The same, where a mirror says which content it is.
    fn resolve_to(&mut self, id: PullId, content: ImageId) {
        let pull = &mut self.pulls[id];
        pull.content = content;
        let n_objects = self.catalogue.image(pull.content).objects.len();
        pull.objects.clear();
        pull.objects.resize(n_objects, ObjectState::Pending);
    }

    /// The account that a pod pulls an image with: its own for that registry, or else its node's.
    /// Credentials go to their own registry alone: elsewhere the pull is anonymous.
    ///
    /// Source: kubernetes `pkg/credentialprovider/secrets/secrets.go` (`MakeDockerKeyring`: the
    /// pod's secrets, then the node's providers), read 2026-11. The kubelet goes through all that
    /// fit until a pull succeeds (`kuberuntime_image.go`); here the first is the only one.
    pub(crate) fn account_of_pull(&self, pod: PodId, image: ImageId) -> Option<AccountId> {
        let state = &self.cluster.pods[pod.idx()];
        let registry = self.catalogue.image(image).registry;
        let of_pod =
            &self.control.workloads[state.workload.idx()].secrets[usize::from(state.secrets)];
        let of_node = &self.cluster.pools[self.cluster.nodes[state.node.idx()].pool.idx()].accounts;
        let mut all = of_pod.iter().chain(of_node).copied();
        all.find(|it| self.spec.accounts[it.idx()].registry == registry)
    }

    /// Ends every pull of a node: it went away, or its kubelet or machine restarted.
    pub(crate) fn cancel_pulls_of_node(&mut self, now: Time, node: NodeId, cause: Cause) {
        while let Some(&pull) = self.cluster.nodes[node.idx()].pulls.first() {
            self.fail_pull(now, pull, cause, None);
        }
    }

    /// The pull failed: downloads stop, everything that nobody else holds is thrown away.
    fn fail_pull(&mut self, now: Time, id: PullId, cause: Cause, behind: Option<Cause>) {
        self.stop_lanes(now, id);
        self.release_content(now, id);
        let ended = self.end_pull(now, id);
        self.pull_ended(now, &ended, Err((cause, behind)));
    }

    /// The pull succeeded: the image holds what the pull held.
    fn complete_pull(&mut self, now: Time, id: PullId) {
        self.stop_lanes(now, id);
        let pull = &self.pulls[id];
        let (node, image) = (pull.node, (pull.image, pull.content));
        let seen_from = now + Span::from_micros(1);
        let added = self.add_image(node, image, seen_from);
        debug_assert_eq!(added.unwrap_or(Bytes::ZERO), Bytes::ZERO, "a pull holds every blob");
        self.release_content(now, id);
        let ended = self.end_pull(now, id);
        self.pull_ended(now, &ended, Ok(()));
    }

    fn end_pull(&mut self, now: Time, id: PullId) -> PullEnded {
        self.close_connections(now, id);
        let ended = self.pulls[id].as_it_is();
        let pulls = &mut self.cluster.nodes[ended.node.idx()].pulls;
        pulls.retain(|&it| it != id);
        self.pulls.leave(id);
        ended
    }

    /// Looks at the progress of a pull with a request that hangs.
    ///
    /// Source: containerd's pull progress reporter: every 10 s from the start of the pull it notes
    /// whether bytes arrived, and cancels when none did for `image_pull_progress_timeout`; measured
    /// on 1.7.24: an unanswered HEAD ends after 300 s, a body that stalls after 310 s. A look that
    /// finds no request under way starts the clock anew (`pkg/cri/server/image_pull.go`, 2026-08).
    pub(crate) fn on_progress_checked(&mut self, now: Time, id: PullId, generation: u32) {
        if self.pulls.current(id, generation).is_none() {
            return;
        }
        match self.progress_due(now, id) {
            Some(due) if due <= now => {
                let hanging = self.pulls[id].hanging;
                self.fail_pull(now, id, Cause::ProgressTimeout, hanging);
            }
            Some(due) => {
                self.clock.calendar.schedule(due, Event::ProgressChecked { pull: id, generation });
            }
            None => {}
        }
    }

    /// When the progress timeout ends a pull if no byte arrives any more.
    fn progress_due(&self, now: Time, id: PullId) -> Option<Time> {
        let pull = &self.pulls[id];
        let profile = self.profile(pull.node);
        let timeout = profile.progress_timeout?;
        let last_byte = if 0 < pull.flows { now } else { pull.last_byte };
        let checks = |span: Span| span.as_micros().div_ceil(profile.progress_check.as_micros());
        let seen = profile.progress_check * checks(last_byte.since(pull.started));
        let due = profile.progress_check * checks(seen + timeout);
        Some(pull.started + due)
    }

    /// A request hangs: from now on the progress timeout counts.
    pub(crate) fn watch_progress(&mut self, now: Time, id: PullId, cause: Cause) {
        let pull = &mut self.pulls[id];
        let first = pull.hanging.is_none();
        pull.hanging = Some(cause);
        let generation = self.pulls.generation(id);
        // A time-out shorter than the way to the registry is over before anything can hang.
        if let Some(due) = self.progress_due(now, id).filter(|_| first) {
            self.clock
                .calendar
                .schedule(due.max(now), Event::ProgressChecked { pull: id, generation });
        }
    }

    /// A wait for another pull's download is over. Where nothing else of this pull was under way,
    /// the last look at its progress found it idle.
    fn restart_progress_clock(&mut self, now: Time, id: PullId) {
        let period = self.profile(self.pulls[id].node).progress_check;
        let pull = &mut self.pulls[id];
        if pull.objects.iter().any(|it| matches!(it, ObjectState::Fetching(_))) {
            return;
        }
        let looks = now.since(pull.started).as_micros() / period.as_micros();
        pull.last_byte = pull.last_byte.max(pull.started + period * looks);
    }

    /// The runtime profile of a node.
    pub(crate) fn profile(&self, node: NodeId) -> &crate::model::spec::RuntimeProfile {
        &self.spec.pools[self.cluster.nodes[node.idx()].pool.idx()].runtime
    }

    /// Closes the session's connections: they idle until the client's idle timeout and hold their
    /// ports until then.
    fn close_connections(&mut self, now: Time, id: PullId) {
        let mut open = std::mem::take(&mut self.pulls[id].connections);
        for connection in open.drain(..) {
            self.give_back_port(now, id, &connection);
        }
        self.pulls[id].connections = open;
    }

    /// Gives back the port of a connection that idles from now on; one to a mirror holds none.
    fn give_back_port(&mut self, now: Time, id: PullId, connection: &Connection) {
        if connection.replica.is_some() {
            return;
        }
        let (node, image) = (self.pulls[id].node, self.pulls[id].image);
        let registry = self.catalogue.image(image).registry;
        let endpoint = Endpoint { registry, kind: connection.kind };
        let closes_at = now + self.profile(node).idle_timeout;
        self.supply.egresses.give_back(closes_at, connection.address, Some(node), endpoint);
    }
}

/// What a pull leaves to the next one in its slot: memory, all of it empty.
#[derive(Default)]
struct Memory {
    servers: Vec<RegistryId>,
    lanes: Vec<Lane>,
    connections: Vec<Connection>,
    objects: Vec<ObjectState>,
}

impl Memory {
    fn of(pull: &mut Pull) -> Self {
        fn emptied<T>(list: &mut Vec<T>) -> Vec<T> {
            list.clear();
            std::mem::take(list)
        }
        Self {
            servers: emptied(&mut pull.servers),
            lanes: emptied(&mut pull.lanes),
            connections: emptied(&mut pull.connections),
            objects: emptied(&mut pull.objects),
        }
    }
}

impl Pull {
    fn lane_ids(&self) -> impl Iterator<Item = LaneId> + use<> {
        (0..self.lanes.len()).map(LaneId::from)
    }

    /// Where a lane's connection to an endpoint is, if it is open.
    fn connection(&self, lane: LaneId, kind: EndpointKind) -> Option<usize> {
        let host = self.lanes[lane.idx()].line.host();
        let fits = |it: &Connection| it.lane == lane && it.kind == kind && it.host == host;
        self.connections.iter().position(fits)
    }

    /// The attempt that it serves, with its counts so far.
    pub(crate) const fn as_it_is(&self) -> PullEnded {
        PullEnded { node: self.node, pod: self.pod, image: self.image, attempt: self.attempt }
    }

    /// Key of the pull for draws and the digest: pod, image and attempt.
    pub(crate) fn key(&self, pod_key: u64, image_key: u64) -> u64 {
        combine(combine(pod_key, image_key), u64::from(self.attempt.number))
    }
}
