//! The requests of a pull: what its client's rules say is sent over the wire, and what comes back
//! is told to them.

use crate::engine::chance::combine;
use crate::model::client::containerd_1::number;
use crate::model::client::{Ask, Do, Terms};
use crate::model::ids::{LaneId, ObjectId, PullId};
use crate::model::image::Object;
use crate::model::pull::Connection;
use crate::model::record::fact::{Fact, RequestTold};
use crate::model::spec::RequestKind;
use crate::model::supply::mirror::Inbound;
use crate::model::wire::exchange::{Answer, Caller, Dial};
use crate::model::wire::path::{Way, widest};
use crate::model::words::asker::Spender;
use crate::model::words::endpoint::Endpoint;
use crate::model::words::kubelet_events::Sign;
use crate::model::words::reply::{Grant, Reply, RequestOutcome};
use crate::model::words::request::Request;
use crate::model::{Event, World};
use crate::units::{Bytes, Time};

impl<'a> World<'a> {
    /// What holds for the requests of a lane.
    pub(super) fn terms(&self, id: PullId, lane: LaneId) -> Terms<'a> {
        let pull = &self.pulls[id];
        let object = pull.lanes[lane.idx()].object;
        let spec = self.spec;
        Terms {
            profile: &spec.pools[self.cluster.nodes[pull.node.idx()].pool.idx()].runtime,
            hosts: pull.hosts,
            by_digest: self.catalogue.image(pull.image).by_digest,
            has_credentials: pull.account.is_some(),
            object: self.catalogue.image(pull.content).object(object),
        }
    }
}

impl World<'_> {
    /// Does what the client's rules say, at `at`: now, or when the answer is back.
    pub(super) fn act(&mut self, at: Time, id: PullId, lane: LaneId, what: Do) {
        match what {
            Do::Send(ask) => self.send(at, id, lane, ask),
            Do::SendAfter(wait, _) => {
                if self.profile(self.pulls[id].node).idle_timeout <= wait {
                    self.drop_connection(id, lane);
                }
                self.act_when_due(at + wait, id, lane, what);
            }
            Do::Body => self.schedule_body(at, id, lane),
            Do::Done | Do::Fail(..) => self.act_when_due(at, id, lane, what),
        }
    }

    /// Sends a request, at `from` (now, or when the answer before it is back), on the lane's
    /// connection to that endpoint, which is made first where there is none.
    fn send(&mut self, from: Time, id: PullId, lane: LaneId, ask: Ask) {
        let generation = self.pulls.generation(id);
        let pull = &mut self.pulls[id];
        let node = pull.node;
        let state = &mut pull.lanes[lane.idx()];
        state.turn = state.turn.wrapping_add(1);
        let (turn, object) = (state.turn, state.object);
        let host = state.line.host();
        let endpoint = Endpoint { registry: pull.servers[usize::from(host)], kind: ask.endpoint() };
        let is_open = pull.connection(lane, endpoint.kind).is_some();
        let kind = ask.kind(self.catalogue.image(pull.content).object(object));
        let mut takes = Way::to(endpoint, &self.spec.registries[endpoint.registry.idx()]).there();
        if !is_open {
            let timeout = self.profile(node).dial_timeout;
            let (caller, key) = (Caller::Node(node), self.request_key(id, lane));
            let dial = Dial { caller, endpoint, kind, key, timeout };
            match self.connect(self.clock.calendar.now(), &dial) {
                Ok(connected) => {
                    takes += connected.takes;
                    self.pulls[id].connections.push(Connection {
                        lane,
                        host,
                        kind: endpoint.kind,
                        address: connected.address,
                        replica: connected.replica,
                        carried: 0,
                    });
                }
                Err(unmade) => {
                    let reply = Reply::Dropped { cause: unmade.cause };
                    let what = self.told(id, lane, reply, Some(unmade.sign));
                    self.act(from + unmade.after, id, lane, what);
                    return;
                }
            }
        }
        let event = Event::RequestArrived { pull: id, generation, lane, turn };
        self.clock.calendar.schedule(from + takes, event);
    }

    /// Tells the rules what came of the lane's last request.
    pub(super) fn told(
        &mut self,
        id: PullId,
        lane: LaneId,
        reply: Reply,
        sign: Option<Sign>,
    ) -> Do {
        let terms = self.terms(id, lane);
        self.pulls[id].lanes[lane.idx()].line.heard(&terms, reply, sign)
    }

    /// A request reached its endpoint: it passes the gates, and what the client will do with the
    /// answer is settled for the instant at which the answer is back.
    pub(crate) fn on_request_arrived(
        &mut self,
        now: Time,
        id: PullId,
        generation: u32,
        lane: LaneId,
        turn: u16,
    ) {
        let Some(pull) = self.pulls.current(id, generation) else { return };
        let state = &pull.lanes[lane.idx()];
        if state.turn != turn {
            return;
        }
        let ask = state.line.ask();
        let connection = pull.connection(lane, ask.endpoint());
        let replica = connection.and_then(|it| pull.connections[it].replica);
        let request = self.request_of(now, id, lane);
        let Answer { mut reply, grant, back } = self.judge(now, &request, replica);
        if reply == Reply::Served
            && let Some(replica) = replica
        {
            // What it answers is known when it does.
            let inbound = Inbound { pull: id, generation, lane, turn };
            self.pulls[id].lanes[lane.idx()].asks_mirror = true;
            self.mirror_takes(now, replica, inbound);
            return;
        }
        let server = &self.spec.registries[request.endpoint.registry.idx()];
        if ask == Ask::TokenPost && reply == Reply::Served && !server.token_post {
            reply = Reply::Challenged;
        }
        let token_lifetime = server.token_lifetime;
        let sign = self.note_request(now, id, lane, &request, reply);
        if let Reply::Hanging { cause } = reply {
            // Held until the pull ends.
            self.pulls[id].lanes[lane.idx()].grant = grant;
            self.watch_progress(now, id, cause);
            return;
        }
        if ask.is_for_token() || matches!(reply, Reply::Dropped { .. }) {
            self.drop_connection(id, lane);
        }
        if ask.is_for_token() && reply == Reply::Served {
            self.pulls[id].token_until = Some(back + token_lifetime);
        }
        let what = self.told(id, lane, reply, sign);
        if what == Do::Body {
            self.pulls[id].lanes[lane.idx()].grant = grant;
        } else {
            self.return_grant(back, grant);
        }
        if what == Do::Done {
            self.resolve(id);
        }
        self.act(back, id, lane, what);
    }

    pub(super) fn request_of(&self, now: Time, id: PullId, lane: LaneId) -> Request {
        let pull = &self.pulls[id];
        let state = &pull.lanes[lane.idx()];
        let object = self.catalogue.image(pull.content).object(state.object);
        let ask = state.line.ask();
        let registry = pull.servers[usize::from(state.line.host())];
        let endpoint = Endpoint { registry, kind: ask.endpoint() };
        let connection = pull.connection(lane, endpoint.kind);
        let connection = connection.expect("a request that arrived has a connection");
        let address = pull.connections[connection].address;
        let spender = Spender::Workload(pull.workload, pull.image);
        Request {
            endpoint,
            kind: ask.kind(object),
            unit: ask.unit(object),
            layer: match object {
                Object::Layer(layer) if !ask.is_head() => Some(layer),
                Object::Index | Object::Manifest { .. } | Object::Config | Object::Layer(_) => None,
            },
            asker: self.supply.egresses.asker(address, pull.account, spender),
            authorised: pull.token_until.is_some_and(|until| now < until),
            key: self.request_key(id, lane),
        }
    }

    /// The stable key of the request that a lane is at: the pull, what is asked for, and how often
    /// it was answered before.
    fn request_key(&self, id: PullId, lane: LaneId) -> u64 {
        let pull = &self.pulls[id];
        let state = &pull.lanes[lane.idx()];
        let pod = self.cluster.pods[pull.pod.idx()].key;
        let of_pull = pull.key(pod, self.catalogue.image(pull.image).key);
        let host = state.line.host();
        let server = pull.servers[usize::from(host)];
        // The registry itself is host 0 of the key, so that a mirror elsewhere changes no luck.
        let is_mirror = self.spec.registries[server.idx()].mirror.is_some();
        let at = if is_mirror { u64::from(host) + 1 } else { 0 };
        let what = u64::from(state.object.0) << 8 | at << 5 | number(state.line.ask()) << 1;
        let nth = u64::from(state.line.answers());
        combine(of_pull, combine(what | u64::from(pull.resolved), nth))
    }

    /// Notes an answer; returns how it looks to the client, where it is no success.
    pub(super) fn note_request(
        &mut self,
        now: Time,
        id: PullId,
        lane: LaneId,
        request: &Request,
        reply: Reply,
    ) -> Option<Sign> {
        let pull = &mut self.pulls[id];
        pull.attempt.requests += 1;
        let pull = &self.pulls[id];
        let state = &pull.lanes[lane.idx()];
        let ask = state.line.ask();
        let object = self.catalogue.image(pull.content).object(state.object);
        let says_remaining = reply == Reply::Served && request.kind == RequestKind::ManifestHead;
        let remaining = says_remaining
            .then(|| self.supply.limits.pulls_left(now, request.endpoint.registry, &request.asker))
            .flatten();
        let sign = self.supply.limits.sign_of(reply);
        let refused_post = ask == Ask::TokenPost && reply == Reply::Challenged;
        let (outcome, status) = RequestOutcome::of(reply, refused_post);
        let told = RequestTold {
            node: pull.node,
            pod: pull.pod,
            image: pull.image,
            attempt: pull.attempt.number,
            method: ask.method(),
            object,
            is_head: ask.is_head(),
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
        sign
    }

    /// The body begins after the round trips of slow start.
    pub(super) fn schedule_body(&mut self, back: Time, id: PullId, lane: LaneId) {
        let pull = &self.pulls[id];
        let generation = self.pulls.generation(id);
        let state = &pull.lanes[lane.idx()];
        let image = self.catalogue.image(pull.content);
        let (kind, host) = (state.line.ask().endpoint(), usize::from(state.line.host()));
        let endpoint = Endpoint { registry: pull.servers[host], kind };
        let registry = &self.spec.registries[endpoint.registry.idx()];
        let size = self.catalogue.size(image.objects[state.object.idx()]) - state.offset;
        let connection = pull.connection(lane, kind);
        let carried = connection.map_or(0, |it| pull.connections[it].carried);
        let pool = &self.spec.pools[self.cluster.nodes[pull.node.idx()].pool.idx()];
        let bounds = if let Some(mirror) = &registry.mirror {
            [Some(mirror.nic), mirror.disk, None]
        } else {
            let egress = self.spec.egresses[pool.egress.idx()].bandwidth;
            let egress = egress.filter(|_| !registry.private);
            [registry.connection_bandwidth, registry.bandwidth, egress]
        };
        let grows = Way::to(endpoint, registry).growing(size, carried, widest(pool.nic, bounds));
        let turn = state.turn;
        let event = Event::BodyStarted { pull: id, generation, lane, turn };
        self.clock.calendar.schedule(back + grows, event);
    }

    /// What the rules say is done when its time has come.
    pub(super) fn act_when_due(&mut self, at: Time, id: PullId, lane: LaneId, what: Do) {
        let generation = self.pulls.generation(id);
        self.pulls[id].lanes[lane.idx()].due = Some(what);
        self.clock.calendar.schedule(at, Event::Answered { pull: id, generation, lane });
    }

    /// An answer that changes the course of the pull is back at the node.
    pub(crate) fn on_answered(&mut self, now: Time, id: PullId, generation: u32, lane: LaneId) {
        if self.pulls.current(id, generation).is_none() {
            return;
        }
        match self.pulls[id].lanes[lane.idx()].due.take() {
            Some(Do::Done) => {
                // The fetch begins with new connections and without the token of the resolve.
                self.close_connections(now, id);
                let pull = &mut self.pulls[id];
                pull.resolved = true;
                pull.token_until = None;
                self.fetch_serial(now, id, ObjectId(0));
            }
            Some(Do::Fail(cause, behind)) => {
                let pull = &mut self.pulls[id];
                pull.attempt.shown = pull.lanes[lane.idx()].line.shown();
                self.fail_pull(now, id, cause, behind);
            }
            Some(Do::Send(ask) | Do::SendAfter(_, ask)) => self.send(now, id, lane, ask),
            Some(Do::Body) | None => {}
        }
    }

    fn return_grant(&mut self, back: Time, grant: Option<Grant>) {
        if let Some(grant) = grant {
            self.clock.calendar.schedule(back, Event::GrantReturned { grant });
        }
    }

    /// The connection of the lane's last request closed, or nobody needs it any more; its port is
    /// held like that of any closed connection.
    pub(super) fn drop_connection(&mut self, id: PullId, lane: LaneId) {
        let pull = &mut self.pulls[id];
        let kind = pull.lanes[lane.idx()].line.ask().endpoint();
        if let Some(at) = pull.connection(lane, kind) {
            let connection = pull.connections.swap_remove(at);
            self.give_back_port(self.clock.calendar.now(), id, &connection);
        }
    }

    /// Adds body bytes to what the lane's connection carried.
    pub(super) fn connection_carried(&mut self, id: PullId, lane: LaneId, bytes: Bytes) {
        let pull = &mut self.pulls[id];
        if let Some(at) = pull.connection(lane, pull.lanes[lane.idx()].line.ask().endpoint()) {
            pull.connections[at].carried += bytes.0;
        }
    }
}
