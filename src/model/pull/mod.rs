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
use crate::model::ids::{
    AccountId, AddressId, ImageId, NodeId, PodId, PullId, RegistryId, WorkloadId,
};
use crate::model::spec::RequestKind;
use crate::model::supply::mirror::Served;
use crate::model::words::attempt::{Attempt, PullEnded};
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::kubelet_events::Sign;
use crate::model::words::reply::Grant;
use crate::model::{Event, World};
use crate::resource::link::FlowId;
use crate::units::{Bytes, Span, Time};

/// Pulls in flight; slots are used again, each time with a new generation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulls {
    slots: Vec<Pull>,
    free: Vec<PullId>,
}

/// One `PullImage` call in flight.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    generation: u32,
    pub(crate) live: bool,
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
    hosts: Vec<RegistryId>,
    lanes: Vec<Lane>,
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
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    /// Counts the requests of this lane, so that an overtaken event is known.
    turn: u16,
    step: Step,
    /// What to send again once a token is there.
    challenged: Step,
    /// Object being fetched: position in the image.
    object: u32,
    /// Position among the hosts of the one that is asked.
    host: u8,
    /// Responses seen to this logical request.
    responses: u32,
    /// Connections to the hosts, by position.
    connections: [Option<Connection>; MAX_HOSTS],
    blob_host: Option<Connection>,
    /// A mirror has not answered yet.
    asks_mirror: bool,
    /// What a mirror is serving.
    served: Option<Served>,
    /// Bytes of the object that arrived before its connection broke, and how often it broke in a
    /// row without any.
    offset: Bytes,
    stalls: u8,
    /// Why the mirrors asked before failed.
    mirror_failed: Option<Cause>,
    flow: Option<FlowId>,
    grant: Option<Grant>,
    /// Address of a token request under way.
    token_address: Option<AddressId>,
    /// What the answer under way means.
    answer: Option<Answered>,
    /// The last request that failed, as the client saw it.
    shown: Option<LaneShown>,
    /// Cause of a failed HEAD of the manifest, while the HEAD of the blob is tried in its stead.
    head_failed: Option<Cause>,
}

/// A failed request, as its client shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LaneShown {
    kind: RequestKind,
    sign: Sign,
    /// A mirror answered so, or did not answer.
    is_mirrors: bool,
}

/// An open connection and the body bytes it carried, by which its congestion window has grown.
#[derive(Clone, Copy, Debug)]
struct Connection {
    address: AddressId,
    carried: u64,
    /// Where it leads, at a mirror.
    replica: Option<u32>,
}

/// Most hosts of a pull: mirrors, and the registry.
pub(crate) const MAX_HOSTS: usize = 4;

/// The HTTP request that a lane is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Idle,
    /// HEAD of the manifest by tag or digest.
    Head,
    /// HEAD of the blob with the manifest's digest, after a failed HEAD of the manifest.
    HeadBlob,
    /// GET of the object at the registry.
    Get,
    /// GET of the object at the blob host.
    GetRedirected,
    /// POST to the token service.
    TokenPost,
    /// GET from the token service.
    TokenGet,
}

/// What an answer means once it is back at the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    /// The reference has a digest.
    Resolved,
    /// The logical request failed at every host: why at the last one, and at the mirrors before.
    Failed(Cause, Option<Cause>),
    /// The wait that Retry-After asked for is over.
    Waited,
}

/// Where a pull stands with one of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ObjectState {
    Pending,
    /// Somebody else on the node fetches it; this lane waits.
    Waiting(u16),
    /// This lane fetches it.
    Fetching(u16),
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

impl Pulls {
    /// The pull of an event, unless it has ended since.
    fn current(&self, id: PullId, generation: u32) -> Option<&Pull> {
        self.slots.get(id.idx()).filter(|it| it.live && it.generation == generation)
    }

    pub(crate) fn get(&self, id: PullId) -> &Pull {
        &self.slots[id.idx()]
    }

    fn get_mut(&mut self, id: PullId) -> &mut Pull {
        &mut self.slots[id.idx()]
    }

    /// Numbers of the pulls in flight.
    fn live_ids(&self) -> impl Iterator<Item = PullId> {
        self.slots.iter().enumerate().filter(|(_, it)| it.live).map(|(at, _)| PullId::from(at))
    }

    /// Pulls in flight.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Pull> {
        self.slots.iter().filter(|it| it.live)
    }

    fn take_slot(&mut self) -> PullId {
        if let Some(id) = self.free.pop() {
            return id;
        }
        self.slots.push(Pull {
            generation: 0,
            live: false,
            node: NodeId(0),
            pod: PodId(0),
            image: ImageId(0),
            content: ImageId(0),
            workload: WorkloadId(0),
            account: None,
            attempt: Attempt::default(),
            started: Time::ZERO,
            resolved: false,
            token_until: None,
            hosts: Vec::new(),
            lanes: Vec::new(),
            objects: Vec::new(),
            first_missing: 0,
            next_layer: 0,
            unpacked: 0,
            unpack: Unpack::Idle,
            flows: 0,
            last_byte: Time::ZERO,
            hanging: None,
        });
        PullId::from(self.slots.len() - 1)
    }
}

impl World<'_> {
    /// The kubelet calls `PullImage`.
    pub(crate) fn start_pull(&mut self, now: Time, pod: PodId, image: ImageId, attempt: Attempt) {
        let state = &self.cluster.pods[pod.idx()];
        let (node, workload) = (state.node, state.workload);
        let registry = self.catalogue.image(image).registry;
        let account = self.account_of_pull(pod, image);
        let n_lanes = self.profile(node).max_concurrent_downloads as usize;
        let id = self.pulls.take_slot();
        self.choose_hosts(id, node, registry);
        let pull = self.pulls.get_mut(id);
        pull.generation = pull.generation.wrapping_add(1);
        pull.live = true;
        (pull.node, pull.pod, pull.image) = (node, pod, image);
        (pull.workload, pull.account) = (workload, account);
        pull.attempt = attempt;
        (pull.started, pull.last_byte) = (now, now);
        (pull.resolved, pull.token_until) = (false, None);
        pull.lanes.clear();
        pull.lanes.resize(n_lanes, Lane::default());
        (pull.first_missing, pull.next_layer, pull.unpacked) = (0, 0, 0);
        (pull.unpack, pull.flows, pull.hanging) = (Unpack::Idle, 0, None);
        self.resolve(id);
        self.cluster.nodes[node.idx()].pulls.push(id);
        self.ask_hosts(now, id, 0, Step::Head);
    }

    /// The pull is one of the content that its reference names now. Index, manifest and config are
    /// then fetched by digest, so that a tag which moves later changes nothing for this pull.
    ///
    /// Source: containerd 1.7.34 as recorded (`tests/data/containerd-1.7.34-cri.txt`): the HEAD
    /// names the tag, every GET a digest.
    fn resolve(&mut self, id: PullId) {
        self.resolve_to(id, self.catalogue.served(self.pulls.get(id).image));
    }

    /// The same, where a mirror says which content it is.
    fn resolve_to(&mut self, id: PullId, content: ImageId) {
        let pull = self.pulls.get_mut(id);
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
        let pull = self.pulls.get(id);
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
        let pull = self.pulls.get_mut(id);
        pull.live = false;
        let ended = pull.as_it_is();
        let pulls = &mut self.cluster.nodes[ended.node.idx()].pulls;
        pulls.retain(|&it| it != id);
        self.pulls.free.push(id);
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
                let hanging = self.pulls.get(id).hanging;
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
        let pull = self.pulls.get(id);
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
        let pull = self.pulls.get_mut(id);
        let first = pull.hanging.is_none();
        pull.hanging = Some(cause);
        let generation = pull.generation;
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
        let period = self.profile(self.pulls.get(id).node).progress_check;
        let pull = self.pulls.get_mut(id);
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
        let pull = self.pulls.get(id);
        let (node, n_lanes) = (pull.node, pull.lanes.len());
        let registry = self.catalogue.image(pull.image).registry;
        let closes_at = now + self.profile(node).idle_timeout;
        for lane in 0..n_lanes {
            let lane = &mut self.pulls.get_mut(id).lanes[lane];
            // Those to mirrors hold no port of a gateway.
            let connections = std::mem::take(&mut lane.connections);
            let plain = connections.into_iter().flatten().find(|it| it.replica.is_none());
            let (blob, token) = (lane.blob_host.take(), lane.token_address.take());
            let closing = [
                (EndpointKind::Registry, plain.map(|it| it.address)),
                (EndpointKind::Cdn, blob.map(|it| it.address)),
                (EndpointKind::Token, token),
            ];
            for (kind, address) in closing {
                if let Some(address) = address {
                    self.give_back_port(closes_at, node, address, Endpoint { registry, kind });
                }
            }
        }
    }
}

impl Pull {
    /// The attempt that it serves, with its counts so far.
    pub(crate) const fn as_it_is(&self) -> PullEnded {
        PullEnded { node: self.node, pod: self.pod, image: self.image, attempt: self.attempt }
    }

    /// Key of the pull for draws and the digest: pod, image and attempt.
    pub(crate) fn key(&self, pod_key: u64, image_key: u64) -> u64 {
        combine(combine(pod_key, image_key), u64::from(self.attempt.number))
    }
}

/// Round trips that a body waits for while the congestion window grows (slow start).
///
/// The window starts at 10 segments of 1,460 B (RFC 6928) and grows by every byte that was
/// acknowledged, so a connection that carried `carried` bytes has a window of 14,600 + `carried`;
/// it stops growing at the bandwidth-delay product of `bytes_per_second`. Counted are the round
/// trips until the body is sent, or until the window no longer limits it; the body then flows
/// through its links as a whole.
pub(crate) fn slow_start_rounds(
    size: Bytes,
    carried: u64,
    rtt: Span,
    bytes_per_second: f64,
) -> u64 {
    const INITIAL_WINDOW: u64 = 14_600;
    let full = (bytes_per_second * rtt.as_secs_f64()) as u64;
    let mut window = INITIAL_WINDOW.saturating_add(carried);
    let (mut sent, mut rounds) = (window, 0);
    while sent < size.0 && window < full {
        window = window.saturating_mul(2);
        sent = sent.saturating_add(window);
        rounds += 1;
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::slow_start_rounds;
    use crate::units::{Bytes, Span};

    #[test]
    fn slow_start_costs_a_round_trip_for_each_doubling() {
        let rounds = |size, carried, mbit| {
            slow_start_rounds(Bytes(size), carried, Span::from_millis(40), mbit * 125_000.0)
        };
        // Windows by hand: 14,600, 29,200, …; sent after r rounds: 14,600 * (2^(r+1) - 1).
        assert_eq!(rounds(0, 0, 1_000.0), 0);
        assert_eq!(rounds(14_600, 0, 1_000.0), 0);
        assert_eq!(rounds(14_601, 0, 1_000.0), 1);
        assert_eq!(rounds(43_800, 0, 1_000.0), 1);
        assert_eq!(rounds(500_000, 0, 1_000.0), 5);
        // 1 Gbit/s over 40 ms holds 5,000,000 B in flight: 14,600 * 2^9 is the first window above
        // it.
        assert_eq!(rounds(1_000_000_000, 0, 1_000.0), 9);
        // A warm connection: 14,600 + 100,000, then 229,200.
        assert_eq!(rounds(300_000, 100_000, 1_000.0), 1);
        // A thin pipe (2 Mbit/s: 10,000 B in flight) is full from the start.
        assert_eq!(rounds(1_000_000, 0, 2.0), 0);
    }
}
