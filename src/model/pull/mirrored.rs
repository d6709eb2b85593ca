//! A pull and mirrors: which servers it asks, what it is told by a mirror once that has an answer,
//! and bodies that break off on the way.

use crate::model::World;
use crate::model::client::{Do, Hosts};
use crate::model::ids::{ImageId, LaneId, NodeId, ObjectId, PullId, RegistryId};
use crate::model::pull::{Connection, Lane, ObjectState};
use crate::model::record::fact::{BytesTold, Fact};
use crate::model::spec::RequestKind;
use crate::model::supply::mirror::{Inbound, Served};
use crate::model::wire::path::Way;
use crate::model::words::cause::Cause;
use crate::model::words::kubelet_events::Sign;
use crate::model::words::reply::Reply;
use crate::units::{Bytes, Span, Time};

impl Lane {
    /// Whether its body comes from the storage of a mirror.
    pub(super) fn is_stored_at_mirror(&self) -> bool {
        self.served.is_some_and(Served::is_stored)
    }

    /// Whether its body comes as a whole, whatever the node has of it already: a mirror that passes
    /// on what upstream sends knows no ranges.
    pub(super) fn is_read_whole(&self) -> bool {
        self.served.is_some_and(|it| !it.is_stored())
    }
}

impl World<'_> {
    /// The hosts that a pull asks: the mirrors of its registry that the node knows, then the
    /// registry; a mirror that does not fail open stands in its stead as well.
    pub(super) fn choose_hosts(&mut self, id: PullId, node: NodeId, registry: RegistryId) {
        let pull = &mut self.pulls[id];
        let resolves = |server: RegistryId| {
            let mirror = self.spec.registries[server.idx()].mirror.as_ref();
            mirror.is_none_or(|it| it.adoption.resolves)
        };
        let mut last = registry;
        for &server in &self.cluster.nodes[node.idx()].mirrors {
            let mirror = self.spec.registries[server.idx()].mirror.as_ref();
            if let Some(mirror) = mirror.filter(|it| it.upstream == registry)
                && pull.servers.len() + 1 < Hosts::MOST
            {
                pull.servers.push(server);
                if !mirror.adoption.fails_open {
                    last = server;
                }
            }
        }
        pull.servers.push(last);
        for &server in &pull.servers {
            pull.hosts.push(resolves(server));
        }
    }

    /// Whether a lane still waits for the answer to this request.
    pub(crate) fn lane_waits(&self, id: PullId, generation: u32, lane: LaneId, turn: u16) -> bool {
        let pull = self.pulls.current(id, generation);
        pull.is_some_and(|it| it.lanes[lane.idx()].turn == turn)
    }

    /// What a node asked a mirror for: reference and content, position of the object, kind of
    /// request.
    pub(crate) fn asked_by(&self, inbound: Inbound) -> ((ImageId, ImageId), ObjectId, RequestKind) {
        let pull = &self.pulls[inbound.pull];
        let lane = &pull.lanes[inbound.lane.idx()];
        let object = self.catalogue.image(pull.content).object(lane.object);
        ((pull.image, pull.content), lane.object, lane.line.ask().kind(object))
    }

    /// A mirror has what was asked for: to a HEAD, the content that it knows under the reference.
    /// True where it now sends a body, which begins after the round trips in which the window
    /// upstream grows.
    pub(crate) fn mirror_answered(
        &mut self,
        now: Time,
        inbound: Inbound,
        served: Served,
        content: ImageId,
        grows: Span,
    ) -> bool {
        let (id, lane) = (inbound.pull, inbound.lane);
        let (back, _) = self.mirror_reply_is_back(now, inbound, Reply::Served);
        let what = self.told(id, lane, Reply::Served, None);
        if what != Do::Body {
            self.resolve_to(id, content);
            self.act(back, id, lane, what);
            return false;
        }
        self.pulls[id].lanes[lane.idx()].served = Some(served);
        self.act(back + grows, id, lane, what);
        true
    }

    /// A mirror refuses, or its connection breaks before the answer.
    pub(crate) fn mirror_refused(&mut self, now: Time, inbound: Inbound, reply: Reply) {
        let (id, lane) = (inbound.pull, inbound.lane);
        let (back, sign) = self.mirror_reply_is_back(now, inbound, reply);
        if matches!(reply, Reply::Dropped { .. }) {
            self.drop_connection(id, lane);
        }
        let what = self.told(id, lane, reply, sign);
        self.act(back, id, lane, what);
    }

    /// Notes a mirror's answer, and says when the node has it and how it looks there.
    fn mirror_reply_is_back(
        &mut self,
        now: Time,
        inbound: Inbound,
        reply: Reply,
    ) -> (Time, Option<Sign>) {
        let (id, lane) = (inbound.pull, inbound.lane);
        self.pulls[id].lanes[lane.idx()].asks_mirror = false;
        let request = self.request_of(now, id, lane);
        let sign = self.note_request(now, id, lane, &request, reply);
        let server = &self.spec.registries[request.endpoint.registry.idx()];
        (now + Way::to(request.endpoint, server).back(), sign)
    }

    /// Whether a body that has arrived as far as it came was cut short: the mirror could not write
    /// it down any further. It is then asked for again.
    pub(super) fn body_broke_off(&mut self, now: Time, id: PullId, lane: LaneId) -> bool {
        let pull = &self.pulls[id];
        let state = pull.lanes[lane.idx()];
        let blob = self.catalogue.image(pull.content).objects[state.object.idx()];
        let breaks_after = state.served.and_then(|it| self.mirror_breaks_after(it, blob));
        let Some(received) = breaks_after else { return false };
        let pull = &mut self.pulls[id];
        pull.lanes[lane.idx()].flow = None;
        pull.flows -= 1;
        self.break_body(now, id, lane, received, Cause::MirrorDiskFull);
        true
    }

    /// The connection of a body broke after `received` bytes of it.
    fn break_body(&mut self, now: Time, id: PullId, lane: LaneId, received: Bytes, cause: Cause) {
        let pull = &mut self.pulls[id];
        pull.last_byte = now;
        pull.attempt.bytes += received;
        let blob = self.catalogue.image(pull.content).objects[pull.lanes[lane.idx()].object.idx()];
        let state = &mut pull.lanes[lane.idx()];
        let again = if state.is_read_whole() { received.min(state.offset) } else { Bytes::ZERO };
        state.offset += received - again;
        let served = state.served.take();
        let from = pull.servers[usize::from(state.line.host())];
        let told = BytesTold::Received { registry: from, bytes: received };
        self.record.note(now, Fact::Bytes(told));
        let told = BytesTold::Discarded { bytes: again };
        self.record.note(now, Fact::Bytes(told));
        if let Some(served) = served {
            self.mirror_served(now, served, received, blob);
        }
        self.drop_connection(id, lane);
        let terms = self.terms(id, lane);
        let any_came = again != received;
        let what = self.pulls[id].lanes[lane.idx()].line.broke_off(&terms, cause, any_came);
        // A pull that ends so ends in this instant, behind whatever else ends in it.
        self.act(now, id, lane, what);
    }

    /// A mirror restarts: the bodies that it was sending break off, and so do its connections.
    pub(crate) fn break_bodies_of_mirror(&mut self, now: Time, server: RegistryId, cause: Cause) {
        for id in self.pulls.ids() {
            let pull = &self.pulls[id];
            let Some(host) = pull.servers.iter().position(|&it| it == server) else { continue };
            for lane in pull.lane_ids() {
                let pull = &mut self.pulls[id];
                let body = pull.lanes[lane.idx()].served;
                if usize::from(pull.lanes[lane.idx()].line.host()) != host {
                    let goes = |it: &Connection| it.lane == lane && usize::from(it.host) == host;
                    pull.connections.retain(|it| !goes(it));
                }
                if body.is_some_and(|it| self.is_served_by(it, server)) {
                    self.break_served(now, id, lane, cause);
                }
                if self.pulls.get(id).is_none() {
                    break;
                }
            }
        }
    }

    fn break_served(&mut self, now: Time, id: PullId, lane: LaneId, cause: Cause) {
        match self.pulls[id].lanes[lane.idx()].flow.take() {
            Some(flow) => {
                let received = self.supply.links.cancel(now, flow);
                self.links_changed(now);
                self.pulls[id].flows -= 1;
                self.break_body(now, id, lane, received, cause);
            }
            // The answer is on its way: no byte of the body has left.
            None => self.break_body(now, id, lane, Bytes::ZERO, cause),
        }
    }

    /// A request that a mirror kept waiting goes without an answer: its pull ends, or the run does.
    pub(super) fn note_unanswered(&mut self, now: Time, id: PullId, lane: LaneId) {
        let pull = &mut self.pulls[id];
        let waits = std::mem::take(&mut pull.lanes[lane.idx()].asks_mirror);
        if let Some(cause) = pull.hanging.filter(|_| waits) {
            let request = self.request_of(now, id, lane);
            self.note_request(now, id, lane, &request, Reply::Hanging { cause });
        }
    }

    /// The same for all pulls in flight, at the end of the run.
    pub(crate) fn note_all_unanswered(&mut self) {
        for id in self.pulls.ids() {
            for lane in self.pulls[id].lane_ids() {
                self.note_unanswered(self.clock.end, id, lane);
            }
        }
    }

    /// Whether a lane of the pull fetches its object.
    pub(super) fn fetches(&self, id: PullId, lane: LaneId) -> bool {
        let pull = &self.pulls[id];
        let object = pull.lanes[lane.idx()].object;
        pull.objects.get(object.idx()) == Some(&ObjectState::Fetching(lane))
    }
}
