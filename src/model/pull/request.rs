//! The life of one HTTP request of a pull: sent on a connection, judged at the endpoint, answered,
//! perhaps repeated.

use crate::engine::chance::combine;
use crate::model::ids::PullId;
use crate::model::image::Object;
use crate::model::pull::{Answered, Connection, LaneShown, Step, slow_start_rounds};
use crate::model::record::fact::{Fact, RequestTold};
use crate::model::spec::RequestKind;
use crate::model::supply::gate::{Connected, Unconnected};
use crate::model::supply::mirror::Inbound;
use crate::model::words::asker::Spender;
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::kubelet_events::Sign;
use crate::model::words::reply::{Grant, Reply, RequestOutcome};
use crate::model::words::request::Request;
use crate::model::words::request::Unit;
use crate::model::{Event, World};
use crate::units::{Bytes, Span, Time};

impl Step {
    pub(super) const fn endpoint(self) -> EndpointKind {
        match self {
            Self::Idle | Self::Head | Self::HeadBlob | Self::Get => EndpointKind::Registry,
            Self::GetRedirected => EndpointKind::Cdn,
            Self::TokenPost | Self::TokenGet => EndpointKind::Token,
        }
    }

    pub(super) const fn kind(self, object: Object) -> RequestKind {
        match (self, object) {
            (Self::TokenPost | Self::TokenGet, _) => RequestKind::Token,
            (Self::HeadBlob, _) => RequestKind::BlobHead,
            (Self::GetRedirected, _) => RequestKind::CdnGet,
            (Self::Head | Self::Idle, _) => RequestKind::ManifestHead,
            (Self::Get, Object::Index | Object::Manifest { .. }) => RequestKind::ManifestGet,
            (Self::Get, Object::Config | Object::Layer(_)) => RequestKind::BlobGet,
        }
    }

    const fn unit(self, object: Object) -> Unit {
        match (self, object) {
            (Self::TokenPost | Self::TokenGet, _) => Unit::Token,
            (Self::Head | Self::HeadBlob | Self::Idle, _) => Unit::Head,
            (_, Object::Index) => Unit::Index,
            (_, Object::Manifest { single: false }) => Unit::Platform,
            (_, Object::Manifest { single: true }) => Unit::Single,
            (_, Object::Config | Object::Layer(_)) => Unit::Blob,
        }
    }

    const fn method(self) -> &'static str {
        match self {
            Self::Head | Self::HeadBlob | Self::Idle => "HEAD",
            Self::TokenPost => "POST",
            Self::Get | Self::GetRedirected | Self::TokenGet => "GET",
        }
    }
}

impl World<'_> {
    /// Sends the request of `step`, at `from` (now, or when the answer before it is back), on the
    /// lane's connection to that endpoint, which is made first where there is none.
    pub(super) fn send(&mut self, from: Time, id: PullId, lane: usize, step: Step) {
        let pull = self.pulls.get_mut(id);
        let (node, generation, image) = (pull.node, pull.generation, pull.content);
        let state = &mut pull.lanes[lane];
        state.step = step;
        state.turn = state.turn.wrapping_add(1);
        let turn = state.turn;
        let object = state.object as usize;
        let host = usize::from(state.host);
        let open = match step.endpoint() {
            EndpointKind::Registry => state.connections[host].is_some(),
            EndpointKind::Cdn => state.blob_host.is_some(),
            EndpointKind::Token => false,
        };
        let registry = pull.hosts[host];
        let image = self.catalogue.image(image);
        let endpoint = Endpoint { registry, kind: step.endpoint() };
        let kind = step.kind(image.object(object));
        let rtt = endpoint.rtt(&self.spec.registries[registry.idx()]);
        let mut takes = rtt.half();
        if !open {
            let key = self.request_key(id, lane);
            match self.pass_connection_gates(self.clock.calendar.now(), node, endpoint, kind, key) {
                Ok(connected) => {
                    takes += connected.takes;
                    let Connected { address, replica, .. } = connected;
                    let connection = Connection { address, carried: 0, replica };
                    let state = &mut self.pulls.get_mut(id).lanes[lane];
                    match endpoint.kind {
                        EndpointKind::Registry => state.connections[host] = Some(connection),
                        EndpointKind::Cdn => state.blob_host = Some(connection),
                        EndpointKind::Token => state.token_address = Some(connected.address),
                    }
                }
                Err(Unconnected { cause, after }) => {
                    let sign = match cause {
                        Cause::MirrorUntrusted => Sign::Untrusted,
                        _ if after < self.profile(node).dial_timeout => Sign::DialRefused,
                        _ => Sign::DialTimeout,
                    };
                    self.show_failure(id, lane, sign);
                    self.fail_request(from + after, id, lane, cause);
                    return;
                }
            }
        }
        let event = Event::RequestArrived { pull: id, generation, lane: lane as u16, turn };
        self.clock.calendar.schedule(from + takes, event);
    }

    /// A request reached its endpoint: it passes the gates, and what the client will do with the
    /// answer is settled for the instant at which the answer is back.
    pub(crate) fn on_request_arrived(
        &mut self,
        now: Time,
        id: PullId,
        generation: u32,
        lane: usize,
        turn: u16,
    ) {
        let Some(pull) = self.pulls.current(id, generation) else { return };
        let state = pull.lanes[lane];
        if state.turn != turn {
            return;
        }
        let request = self.request_of(now, id, lane);
        let replica = state.connections[usize::from(state.host)].and_then(|it| it.replica);
        let mut reply = replica
            .and_then(|it| self.mirror_is_gone(now, it))
            .unwrap_or_else(|| self.pass_request_gates(now, &request));
        if reply == Reply::Served
            && let Some(replica) = replica
        {
            // What it answers is known when it does.
            let inbound = Inbound { pull: id, generation, lane: lane as u16, turn };
            self.pulls.get_mut(id).lanes[lane].asks_mirror = true;
            self.mirror_takes(now, replica, inbound);
            return;
        }
        let registry = &self.spec.registries[request.endpoint.registry.idx()];
        let rtt = request.endpoint.rtt(registry);
        let answered = now + registry.server_time;
        let back = answered + (rtt - rtt.half());
        if state.step == Step::TokenPost && reply == Reply::Served && !registry.token_post {
            reply = Reply::Challenged;
        }
        let grant = self.supply.granted.take();
        self.note_request(now, id, lane, &request, reply);
        match reply {
            Reply::Served => self.request_served(back, id, lane, grant),
            Reply::Challenged => self.request_challenged(back, id, lane, grant),
            Reply::Refused { status, cause, retry_after } => {
                self.return_grant(back, grant);
                self.request_refused(back, id, lane, (status, retry_after), cause);
            }
            Reply::Dropped { cause } => {
                self.return_grant(back, grant);
                self.drop_connection(id, lane);
                self.fail_request(back, id, lane, cause);
            }
            Reply::Hanging { cause } => {
                // Held until the pull ends.
                self.pulls.get_mut(id).lanes[lane].grant = grant;
                self.watch_progress(now, id, cause);
            }
        }
    }

    pub(super) fn request_of(&self, now: Time, id: PullId, lane: usize) -> Request {
        let key = self.request_key(id, lane);
        let lane = &self.pulls.get(id).lanes[lane];
        let pull = self.pulls.get(id);
        let image = self.catalogue.image(pull.content);
        let object = image.object(lane.object as usize);
        let host = usize::from(lane.host);
        let endpoint = Endpoint { registry: pull.hosts[host], kind: lane.step.endpoint() };
        let address = match endpoint.kind {
            EndpointKind::Registry => lane.connections[host].map(|it| it.address),
            EndpointKind::Cdn => lane.blob_host.map(|it| it.address),
            EndpointKind::Token => lane.token_address,
        };
        let address = address.expect("a request that arrived has a connection");
        let is_head = matches!(lane.step, Step::Head | Step::HeadBlob);
        let spender = Spender::Workload(pull.workload, pull.image);
        Request {
            endpoint,
            kind: lane.step.kind(object),
            unit: lane.step.unit(object),
            layer: match object {
                Object::Layer(layer) if !is_head => Some(layer),
                _ => None,
            },
            asker: self.supply.egresses.asker(address, pull.account, spender),
            authorised: pull.token_until.is_some_and(|until| now < until),
            key,
        }
    }

    /// The stable key of the request that a lane is at: the pull, what is asked for, and how often
    /// it was answered before.
    fn request_key(&self, id: PullId, lane: usize) -> u64 {
        let pull = self.pulls.get(id);
        let state = &pull.lanes[lane];
        let pod = self.cluster.pods[pull.pod.idx()].key;
        let of_pull = pull.key(pod, self.catalogue.image(pull.image).key);
        let host = pull.hosts[usize::from(state.host)];
        // The registry itself is host 0 of the key, so that a mirror elsewhere changes no luck.
        let at = if self.spec.registries[host.idx()].mirror.is_some() {
            u64::from(state.host) + 1
        } else {
            0
        };
        let what = u64::from(state.object) << 8 | at << 5 | (state.step as u64) << 1;
        let nth = u64::from(state.responses);
        combine(of_pull, combine(what | u64::from(pull.resolved), nth))
    }

    pub(super) fn note_request(
        &mut self,
        now: Time,
        id: PullId,
        lane: usize,
        request: &Request,
        reply: Reply,
    ) {
        let pull = self.pulls.get_mut(id);
        pull.attempt.requests += 1;
        let pull = self.pulls.get(id);
        let state = &pull.lanes[lane];
        let object = self.catalogue.image(pull.content).object(state.object as usize);
        let redirected = request.kind == RequestKind::BlobGet
            && self.spec.registries[request.endpoint.registry.idx()].redirects_blobs;
        let says_remaining = reply == Reply::Served && request.kind == RequestKind::ManifestHead;
        let remaining = says_remaining
            .then(|| self.supply.limits.pulls_left(now, request.endpoint.registry, &request.asker))
            .flatten();
        let sign = self.supply.limits.sign_of(reply);
        let refused_post = state.step == Step::TokenPost && reply == Reply::Challenged;
        let (outcome, status) = RequestOutcome::of(reply, redirected, refused_post);
        let told = RequestTold {
            node: pull.node,
            pod: pull.pod,
            image: pull.image,
            attempt: pull.attempt.number,
            method: state.step.method(),
            object,
            is_head: matches!(state.step, Step::Head | Step::HeadBlob),
            kind: request.kind,
            remaining,
            endpoint: request.endpoint,
            reply,
            outcome,
            status,
            sign,
            key: pull
                .key(self.cluster.pods[pull.pod.idx()].key, self.catalogue.image(pull.image).key),
        };
        self.record.note(now, Fact::Request(told));
        if let Some(sign) = sign {
            self.show_failure(id, lane, sign);
        }
    }

    fn request_served(&mut self, back: Time, id: PullId, lane: usize, grant: Option<Grant>) {
        let pull = self.pulls.get(id);
        let state = pull.lanes[lane];
        let registry_id = self.catalogue.image(pull.image).registry;
        let registry = &self.spec.registries[registry_id.idx()];
        match state.step {
            Step::TokenPost | Step::TokenGet => {
                self.return_grant(back, grant);
                self.close_token_connection(id, lane);
                let pull = self.pulls.get_mut(id);
                pull.token_until = Some(back + TOKEN_LIFETIME);
                let challenged = pull.lanes[lane].challenged;
                self.send(back, id, lane, challenged);
            }
            Step::Head | Step::HeadBlob => {
                self.resolve(id);
                self.return_grant(back, grant);
                self.answer(back, id, lane, Answered::Resolved);
            }
            Step::Get => {
                let is_blob =
                    lane_is_blob(self.catalogue.image(pull.content).object(state.object as usize));
                if is_blob && registry.redirects_blobs {
                    self.return_grant(back, grant);
                    self.send(back, id, lane, Step::GetRedirected);
                } else {
                    self.pulls.get_mut(id).lanes[lane].grant = grant;
                    self.schedule_body(back, id, lane);
                }
            }
            Step::GetRedirected => {
                self.pulls.get_mut(id).lanes[lane].grant = grant;
                self.schedule_body(back, id, lane);
            }
            Step::Idle => unreachable!("an idle lane sends nothing"),
        }
    }

    /// The body begins after the round trips of slow start.
    pub(super) fn schedule_body(&mut self, back: Time, id: PullId, lane: usize) {
        let pull = self.pulls.get(id);
        let generation = pull.generation;
        let state = pull.lanes[lane];
        let image = self.catalogue.image(pull.content);
        let (kind, host) = (state.step.endpoint(), usize::from(state.host));
        let endpoint = Endpoint { registry: pull.hosts[host], kind };
        let registry = &self.spec.registries[endpoint.registry.idx()];
        let size = self.catalogue.size(image.objects[state.object as usize]) - state.offset;
        let connection =
            if kind == EndpointKind::Cdn { state.blob_host } else { state.connections[host] };
        let carried = connection.map_or(0, |it| it.carried);
        let rtt = endpoint.rtt(registry);
        let pool = &self.spec.pools[self.cluster.nodes[pull.node.idx()].pool.idx()];
        let bounds = if let Some(mirror) = &registry.mirror {
            [Some(mirror.nic), mirror.disk, None]
        } else {
            let egress = self.spec.egresses[pool.egress.idx()].bandwidth;
            let egress = egress.filter(|_| !registry.private);
            [registry.connection_bandwidth, registry.bandwidth, egress]
        };
        let widest = bounds.into_iter().flatten().fold(pool.nic, Ord::min);
        let rounds = slow_start_rounds(size, carried, rtt, widest.bytes_per_second());
        let (lane, turn) = (lane as u16, state.turn);
        let event = Event::BodyStarted { pull: id, generation, lane, turn };
        self.clock.calendar.schedule(back + rtt * rounds, event);
    }

    /// A 401 with a challenge, or a token service that does not take POST: the client fetches a
    /// token (again, by GET) and repeats the request.
    fn request_challenged(&mut self, back: Time, id: PullId, lane: usize, grant: Option<Grant>) {
        self.return_grant(back, grant);
        let pull = self.pulls.get_mut(id);
        let state = &mut pull.lanes[lane];
        if state.step == Step::TokenPost {
            self.close_token_connection(id, lane);
            self.send(back, id, lane, Step::TokenGet);
            return;
        }
        state.responses += 1;
        state.challenged = state.step;
        let first = if pull.account.is_some() { Step::TokenPost } else { Step::TokenGet };
        self.send(back, id, lane, first);
    }

    /// A refusal: 429 and 408 are repeated at once, on the same connection, until the logical
    /// request has seen `requests_per_object` responses; a token request and every other status is
    /// not repeated. What-if: a client that honours Retry-After waits for as long as it says; where
    /// none is given, it does not wait.
    pub(super) fn request_refused(
        &mut self,
        back: Time,
        id: PullId,
        lane: usize,
        (status, retry_after): (u16, Option<Span>),
        cause: Cause,
    ) {
        let pull = self.pulls.get_mut(id);
        let state = &mut pull.lanes[lane];
        let step = state.step;
        if matches!(step, Step::TokenPost | Step::TokenGet) {
            self.close_token_connection(id, lane);
            self.fail_request(back, id, lane, cause);
            return;
        }
        state.responses += 1;
        let responses = state.responses;
        let node = pull.node;
        let profile = self.profile(node);
        let (waits, idle_timeout) = (profile.honour_retry_after, profile.idle_timeout);
        if !matches!(status, 408 | 429) || profile.requests_per_object <= responses {
            self.fail_request(back, id, lane, cause);
            return;
        }
        match retry_after.filter(|it| waits && !it.is_zero()) {
            Some(wait) => {
                if idle_timeout <= wait {
                    self.drop_connection(id, lane);
                }
                self.answer(back + wait, id, lane, Answered::Waited);
            }
            None => self.send(back, id, lane, step),
        }
    }

    /// The logical request failed at its host: the next host is asked. After a HEAD of a digest
    /// that failed at all of them, containerd 1.7 tries a HEAD of the blob with that digest before
    /// it gives up; the first failure is then the one it reports.
    pub(super) fn fail_request(&mut self, back: Time, id: PullId, lane: usize, cause: Cause) {
        if self.ask_next_host(back, id, lane, cause) {
            return;
        }
        let pull = self.pulls.get(id);
        let by_digest = self.catalogue.image(pull.image).by_digest;
        let tries_blob = by_digest && self.profile(pull.node).head_blob_after_failed_head;
        let state = &mut self.pulls.get_mut(id).lanes[lane];
        if state.step == Step::Head && tries_blob {
            state.head_failed = Some(cause);
            self.ask_hosts(back, id, lane, Step::HeadBlob);
            return;
        }
        let cause = state.head_failed.take().unwrap_or(cause);
        let behind = state.mirror_failed.take().filter(|it| *it != cause);
        self.answer(back, id, lane, Answered::Failed(cause, behind));
    }

    /// What the client will show of a failed request: of a list of hosts the first error that is no
    /// 404, which is mostly a mirror's (containerd 1.x, `core/remotes/docker/resolver.go`,
    /// `fetcher.go`); never the HEAD of a blob that follows a failed HEAD of a manifest.
    pub(super) fn show_failure(&mut self, id: PullId, lane: usize, sign: Sign) {
        let pull = self.pulls.get(id);
        let state = &pull.lanes[lane];
        let kind =
            state.step.kind(self.catalogue.image(pull.content).object(state.object as usize));
        let last = pull.hosts.len() - 1;
        let is_mirrors = usize::from(state.host) < last;
        let stays = state.shown.is_some_and(|it| {
            it.is_mirrors && !is_mirrors && !matches!(it.sign, Sign::Status(404, _))
        });
        if kind != RequestKind::BlobHead && !stays {
            let shown = Some(LaneShown { kind, sign, is_mirrors });
            self.pulls.get_mut(id).lanes[lane].shown = shown;
        }
    }

    pub(super) fn answer(&mut self, back: Time, id: PullId, lane: usize, answer: Answered) {
        let pull = self.pulls.get_mut(id);
        let generation = pull.generation;
        pull.lanes[lane].answer = Some(answer);
        self.clock
            .calendar
            .schedule(back, Event::Answered { pull: id, generation, lane: lane as u16 });
    }

    /// An answer that changes the course of the pull is back at the node.
    pub(crate) fn on_answered(&mut self, now: Time, id: PullId, generation: u32, lane: usize) {
        if self.pulls.current(id, generation).is_none() {
            return;
        }
        match self.pulls.get_mut(id).lanes[lane].answer.take() {
            Some(Answered::Resolved) => {
                // The fetch begins with new connections and without the token of the resolve.
                self.close_connections(now, id);
                let pull = self.pulls.get_mut(id);
                pull.resolved = true;
                pull.token_until = None;
                self.fetch_serial(now, id, 0);
            }
            Some(Answered::Failed(cause, behind)) => {
                let pull = self.pulls.get_mut(id);
                pull.attempt.shown = pull.lanes[lane].shown.map(|it| (it.kind, it.sign));
                self.fail_pull(now, id, cause, behind);
            }
            Some(Answered::Waited) => {
                let step = self.pulls.get(id).lanes[lane].step;
                self.send(now, id, lane, step);
            }
            None => {}
        }
    }

    fn return_grant(&mut self, back: Time, grant: Option<Grant>) {
        if let Some(grant) = grant {
            self.clock.calendar.schedule(back, Event::GrantReturned { grant });
        }
    }

    fn close_token_connection(&mut self, id: PullId, lane: usize) {
        let pull = self.pulls.get_mut(id);
        let (node, image) = (pull.node, pull.image);
        if let Some(address) = pull.lanes[lane].token_address.take() {
            let registry = self.catalogue.image(image).registry;
            let endpoint = Endpoint { registry, kind: EndpointKind::Token };
            let closes_at = self.clock.calendar.now() + self.profile(node).idle_timeout;
            self.give_back_port(closes_at, node, address, endpoint);
        }
    }

    /// The endpoint closed the connection; its port is held like that of any closed connection.
    pub(super) fn drop_connection(&mut self, id: PullId, lane: usize) {
        let pull = self.pulls.get_mut(id);
        let (node, image) = (pull.node, pull.image);
        let state = &mut pull.lanes[lane];
        let kind = state.step.endpoint();
        let address = match kind {
            EndpointKind::Registry => {
                let connection = state.connections[usize::from(state.host)].take();
                connection.filter(|it| it.replica.is_none()).map(|it| it.address)
            }
            EndpointKind::Cdn => state.blob_host.take().map(|it| it.address),
            EndpointKind::Token => state.token_address.take(),
        };
        if let Some(address) = address {
            let endpoint = Endpoint { registry: self.catalogue.image(image).registry, kind };
            let closes_at = self.clock.calendar.now() + self.profile(node).idle_timeout;
            self.give_back_port(closes_at, node, address, endpoint);
        }
    }

    /// Adds body bytes to what the lane's connection carried.
    pub(super) fn connection_carried(&mut self, id: PullId, lane: usize, bytes: Bytes) {
        let state = &mut self.pulls.get_mut(id).lanes[lane];
        let connection = if state.step == Step::GetRedirected {
            &mut state.blob_host
        } else {
            &mut state.connections[usize::from(state.host)]
        };
        if let Some(connection) = connection {
            connection.carried += bytes.0;
        }
    }
}

/// How long a token is valid. Source: replies of Docker Hub's token service, `expires_in: 300`,
/// captured 2020 to 2024.
const TOKEN_LIFETIME: Span = Span::from_secs(300);

const fn lane_is_blob(object: Object) -> bool {
    matches!(object, Object::Config | Object::Layer(_))
}
