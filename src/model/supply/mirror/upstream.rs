//! The requests that a mirror sends upstream: what its rules say, over the wire, and into its own
//! storage.
//!
//! Source: distribution `internal/client/transport`: the connection is Go's default transport:
//! HTTP/2, one connection for all requests, idle for 90 s at most, dials of 30 s; nothing bounds
//! the wait for an answer.

use crate::engine::chance::combine;
use crate::model::client::Ask;
use crate::model::client::distribution::{Errand, Known, Next, Wanted, number};
use crate::model::ids::{FaultId, ImageId, ObjectId, RegistryId, ReplicaId, TaskId};
use crate::model::image::Object;
use crate::model::record::fact::{Fact, MirrorRequestTold, MirrorTold};
use crate::model::spec::{MirrorSpec, RegistrySpec, RequestKind, Storing};
use crate::model::supply::mirror::ping::PingLock;
use crate::model::supply::mirror::task::{Due, Task};
use crate::model::supply::mirror::{Inbound, Served, Session, Source};
use crate::model::wire::body::Receiver;
use crate::model::wire::exchange::{Answer, Caller, Dial, Unconnected};
use crate::model::wire::path::{Way, widest};
use crate::model::words::asker::Spender;
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::reply::{Reply, RequestOutcome};
use crate::model::words::request::Request;
use crate::model::{Event, World};
use crate::resource::link::{LinkId, Path};
use crate::units::{Bytes, Span, Time};

/// An idle connection closes after this long: Go `net/http` `DefaultTransport`.
const IDLE: Span = Span::from_secs(90);
/// A dial ends after this long: Go `net/http` `DefaultTransport`.
const DIAL: Span = Span::from_secs(30);

impl World<'_> {
    pub(super) fn upstream_of(&self, replica: ReplicaId) -> (&MirrorSpec, &RegistrySpec) {
        let server = self.supply.mirrors.replicas[replica.idx()].server;
        let mirror = self.spec.registries[server.idx()].mirror.as_ref();
        let mirror = mirror.expect("a replica is one of a mirror");
        (mirror, &self.spec.registries[mirror.upstream.idx()])
    }

    /// The shared links between a replica and its upstream.
    pub(super) fn upstream_links(&self, replica: ReplicaId) -> [Option<LinkId>; 2] {
        let mirror = self.upstream_of(replica).0;
        [
            self.supply.egresses.link(mirror.egress),
            self.supply.registry_links[mirror.upstream.idx()],
        ]
    }

    pub(super) fn session_mut(
        &mut self,
        replica: ReplicaId,
        kind: EndpointKind,
    ) -> Option<&mut Session> {
        self.supply.mirrors.replicas[replica.idx()].upstream[kind as usize].as_mut()
    }

    /// Whether a request of a node is still waited for.
    pub(super) fn inbound_waits(&self, inbound: Inbound) -> bool {
        self.lane_waits(inbound.pull, inbound.generation, inbound.lane, inbound.turn)
    }

    /// A replica begins to work on a request, once its storage has been looked into.
    pub(super) fn begin_inbound(&mut self, now: Time, replica: ReplicaId, inbound: Inbound) {
        let (image, object, kind) = self.asked_by(inbound);
        let wanted = match kind {
            RequestKind::ManifestHead if !self.catalogue.image(image.0).by_digest => Wanted::Tag,
            RequestKind::BlobGet => Wanted::Blob,
            RequestKind::BlobHead => Wanted::BlobHead,
            RequestKind::ManifestHead
            | RequestKind::ManifestGet
            | RequestKind::CdnGet
            | RequestKind::Token
            | RequestKind::Ping => Wanted::Manifest,
        };
        let errand = Errand::new(wanted, false);
        let id = self.add_task(replica, Some(inbound), errand, image, object);
        let server = self.supply.mirrors.replicas[replica.idx()].server;
        let spec = &self.spec.registries[server.idx()];
        let operations = spec.mirror.as_ref().map_or(0, |it| it.operations_per_request);
        let mut looked = now;
        for _ in 0..operations {
            looked = looked.max(self.supply.mirrors.storage_mut(replica).operations.next(now));
        }
        self.task_steps_at(looked + spec.server_time, id);
    }

    pub(super) fn add_task(
        &mut self,
        replica: ReplicaId,
        inbound: Option<Inbound>,
        errand: Errand,
        (reference, content): (ImageId, ImageId),
        object: ObjectId,
    ) -> TaskId {
        self.supply.mirrors.tasks.put(|_| Task {
            replica,
            inbound,
            errand,
            reference,
            content,
            object,
            due: Due::Begin,
            grant: None,
            leads: false,
            reserved: Bytes::ZERO,
            flow: None,
        })
    }

    fn end_task(&mut self, id: TaskId) -> Task {
        self.return_task_grant(id);
        self.supply.mirrors.tasks.leave(id);
        self.supply.mirrors.tasks[id]
    }

    pub(super) fn task(&self, id: TaskId) -> Task {
        self.supply.mirrors.tasks[id]
    }

    pub(super) fn task_mut(&mut self, id: TaskId) -> &mut Task {
        &mut self.supply.mirrors.tasks[id]
    }

    pub(super) fn current_task(&self, id: TaskId, generation: u32) -> Option<Task> {
        self.supply.mirrors.tasks.current(id, generation).copied()
    }

    pub(super) fn task_steps_at(&mut self, at: Time, id: TaskId) {
        let generation = self.supply.mirrors.tasks.generation(id);
        self.clock.calendar.schedule(at, Event::MirrorStepped { task: id, generation });
    }

    /// What the mirror knows as it decides about a task.
    fn known(&self, id: TaskId) -> Known {
        let task = &self.supply.mirrors.tasks[id];
        let blob = self.catalogue.image(task.content).objects[task.object.idx()];
        Known {
            needs_token: self.upstream_of(task.replica).1.needs_token,
            has_challenge: self.supply.mirrors.replicas[task.replica.idx()].has_challenge,
            is_held: self.supply.mirrors.storage(task.replica).store.has(blob),
        }
    }

    /// A task goes on: it begins, an answer is back, or its body begins to flow.
    pub(crate) fn on_mirror_stepped(&mut self, now: Time, id: TaskId, generation: u32) {
        let Some(task) = self.current_task(id, generation) else { return };
        match task.due {
            Due::Begin => {
                let known = self.known(id);
                let next = self.task_mut(id).errand.begin(known);
                self.follow(now, id, next);
            }
            Due::Answer(reply) => self.upstream_answered(now, id, reply),
            Due::Body => self.store_body_starts(now, id),
        }
    }

    /// Does what the mirror's rules say.
    fn follow(&mut self, now: Time, id: TaskId, next: Next) {
        match next {
            Next::Send(ask) => self.send_upstream(now, id, ask),
            Next::Ping => self.ping(now, id),
            Next::Claim => {
                if self.claims(now, id) {
                    let next = self.task_mut(id).errand.claimed();
                    self.follow(now, id, next);
                }
            }
            Next::Tagged => {
                let task = self.task(id);
                let content = self.catalogue.served(task.reference);
                self.supply.mirrors.storage_mut(task.replica).store.tag(task.reference, content);
                self.manifest_of(now, id, content);
            }
            Next::Stale(cause) => {
                let task = self.task(id);
                match self.supply.mirrors.storage(task.replica).store.tagged(task.reference) {
                    Some(content) => self.manifest_of(now, id, content),
                    None => self.refuse_inbound(now, id, 404, cause),
                }
            }
            Next::Keep => self.manifest_fetched(now, id),
            Next::Serve => self.serve_inbound(now, id, Some(Source::Stored), Span::ZERO),
            Next::Body => self.body_granted(now, id),
            Next::Refuse(status, cause) => {
                let task = self.task(id);
                if Bytes::ZERO < task.reserved {
                    self.forget_storing(&task);
                }
                self.refuse_inbound(now, id, status, cause);
            }
            Next::Done => {
                let task = self.end_task(id);
                if task.errand.wanted == Wanted::Store {
                    self.forget_storing(&task);
                }
            }
        }
    }

    /// It is known what a tag names: its manifest is wanted.
    fn manifest_of(&mut self, now: Time, id: TaskId, content: ImageId) {
        self.task_mut(id).content = content;
        let known = self.known(id);
        let next = self.task_mut(id).errand.manifest(known);
        self.follow(now, id, next);
    }

    /// Goes on with what the last look at the root of the API brought.
    pub(super) fn go_on(&mut self, now: Time, id: TaskId) {
        let known = self.known(id);
        let next = self.task_mut(id).errand.go_on(known);
        self.follow(now, id, next);
    }

    /// No answer will come: the request of the node ends by the node's own time-out.
    pub(super) fn task_hangs(&mut self, now: Time, task: &Task, cause: Cause) {
        if let Some(inbound) = task.inbound.filter(|&it| self.inbound_waits(it)) {
            self.watch_progress(now, inbound.pull, cause);
        }
    }

    pub(super) fn send_upstream(&mut self, now: Time, id: TaskId, ask: Ask) {
        let endpoint = self.upstream_endpoint(self.task(id).replica, ask.endpoint());
        match self.session(now, id, ask, endpoint) {
            Ok(open_from) => {
                let generation = self.supply.mirrors.tasks.generation(id);
                let upstream = &self.spec.registries[endpoint.registry.idx()];
                let event = Event::MirrorAsked { task: id, generation };
                self.clock
                    .calendar
                    .schedule(open_from + Way::to(endpoint, upstream).there(), event);
            }
            Err(Unconnected { cause, after, .. }) => {
                self.task_mut(id).due = Due::Answer(Reply::Dropped { cause });
                self.task_steps_at(now + after, id);
            }
        }
    }

    fn upstream_endpoint(&self, replica: ReplicaId, kind: EndpointKind) -> Endpoint {
        Endpoint { registry: self.upstream_of(replica).0.upstream, kind }
    }

    /// The connection for a request: the open one, or a new one. From when it can be used, or what
    /// kept it from being made.
    fn session(
        &mut self,
        now: Time,
        id: TaskId,
        ask: Ask,
        endpoint: Endpoint,
    ) -> Result<Time, Unconnected> {
        let task = self.task(id);
        if let Some(session) = self.session_mut(task.replica, endpoint.kind) {
            if now <= session.last_used + IDLE {
                session.last_used = session.open_from.max(now);
                return Ok(session.last_used);
            }
            let Session { address, last_used, .. } = *session;
            self.supply.egresses.give_back(last_used + IDLE, address, None, endpoint);
            self.supply.mirrors.replicas[task.replica.idx()].upstream[endpoint.kind as usize] =
                None;
        }
        let (kind, key) = (ask.kind(self.object_of(&task)), self.task_key(&task, ask));
        let caller = Caller::Replica(task.replica);
        let dial = Dial { caller, endpoint, kind, key, timeout: DIAL };
        let connected = self.connect(now, &dial)?;
        let open_from = now + connected.takes;
        let address = connected.address;
        let session = Session { address, open_from, last_used: open_from, carried: 0 };
        self.supply.mirrors.replicas[task.replica.idx()].upstream[endpoint.kind as usize] =
            Some(session);
        Ok(open_from)
    }

    fn object_of(&self, task: &Task) -> Object {
        self.catalogue.image(task.content).object(task.object)
    }

    /// The stable key of a request upstream: which replica, and which of its requests.
    fn task_key(&self, task: &Task, ask: Ask) -> u64 {
        let replica = &self.supply.mirrors.replicas[task.replica.idx()];
        let image = self.catalogue.image(task.reference).key;
        let what = u64::from(task.object.0) << 8 | number(ask, self.object_of(task));
        combine(combine(replica.key, image), combine(what, replica.sent))
    }

    /// A request reached upstream: it passes the gates there.
    pub(crate) fn on_mirror_asked(&mut self, now: Time, id: TaskId, generation: u32) {
        let Some(task) = self.current_task(id, generation) else { return };
        let Some(ask) = task.errand.ask() else { return };
        let request = self.upstream_request(&task, ask);
        self.supply.mirrors.replicas[task.replica.idx()].sent += 1;
        let Answer { reply, grant, back } = self.judge(now, &request, None);
        self.task_mut(id).grant = grant;
        let (outcome, status) = RequestOutcome::of(reply, false);
        let told = MirrorRequestTold {
            replica: task.replica,
            image: task.reference,
            is_head: ask.is_head(),
            object: ask.name(self.object_of(&task)),
            endpoint: request.endpoint,
            reply,
            outcome,
            status,
            key: request.key,
        };
        self.record.note(now, Fact::MirrorRequest(told));
        if let Reply::Hanging { cause } = reply {
            self.task_hangs(now, &task, cause);
            if ask == Ask::Ping {
                self.ping_hangs(now, task.replica, cause);
            }
            return;
        }
        self.task_mut(id).due = Due::Answer(reply);
        self.task_steps_at(back, id);
    }

    fn upstream_request(&self, task: &Task, ask: Ask) -> Request {
        let mirror = self.upstream_of(task.replica).0;
        let replica = &self.supply.mirrors.replicas[task.replica.idx()];
        let session = replica.upstream[ask.endpoint() as usize];
        let address = session.map_or(replica.address, |it| it.address);
        let object = self.object_of(task);
        let spender = Spender::Mirror(replica.server, task.reference);
        Request {
            endpoint: self.upstream_endpoint(task.replica, ask.endpoint()),
            kind: ask.kind(object),
            unit: ask.unit(object),
            layer: match (ask, object) {
                (Ask::Get | Ask::GetRedirected, Object::Layer(layer)) => Some(layer),
                (_, _) => None,
            },
            asker: self.supply.egresses.asker(address, mirror.account, spender),
            authorised: task.errand.has_token(),
            key: self.task_key(task, ask),
        }
    }

    fn upstream_answered(&mut self, now: Time, id: TaskId, reply: Reply) {
        let task = self.task(id);
        let asked = task.errand.ask().map(|it| it.kind(self.object_of(&task)));
        let has_body = matches!(asked, Some(RequestKind::BlobGet | RequestKind::CdnGet));
        if !has_body || reply == Reply::Redirected {
            self.return_task_grant(id);
        }
        let was_ping = asked == Some(RequestKind::Ping);
        if was_ping && reply == Reply::Challenged {
            self.supply.mirrors.replicas[task.replica.idx()].has_challenge = true;
        }
        let known = self.known(id);
        let next = self.task_mut(id).errand.heard(known, reply);
        self.follow(now, id, next);
        if was_ping {
            self.ping_over(now, task.replica);
        }
    }

    fn return_task_grant(&mut self, id: TaskId) {
        if let Some(grant) = self.task_mut(id).grant.take() {
            self.supply.limits.release(grant);
        }
    }

    /// A manifest is a packet or two: its transfer takes no time beside its round trip. Where it
    /// cannot be stored, the request fails.
    fn manifest_fetched(&mut self, now: Time, id: TaskId) {
        let task = self.task(id);
        let blob = self.catalogue.image(task.content).objects[task.object.idx()];
        let size = self.catalogue.size(blob);
        let server = self.supply.mirrors.replicas[task.replica.idx()].server;
        let what = MirrorTold::Received { bytes: size };
        self.record.note(now, Fact::Mirror { mirror: server, what });
        let store = &mut self.supply.mirrors.storage_mut(task.replica).store;
        let reserved = store.reserve(size);
        if reserved < size {
            store.release(reserved);
            self.refuse_inbound(now, id, 500, Cause::MirrorDiskFull);
            return;
        }
        self.keep_at_mirror(now, task.replica, blob, size);
        self.serve_inbound(now, id, None, Span::ZERO);
    }

    /// A blob is known upstream and was not held: it is passed on, and stored by whoever comes
    /// first. False where it cannot even be passed on.
    fn claims(&mut self, now: Time, id: TaskId) -> bool {
        let task = self.task(id);
        let blob = self.catalogue.image(task.content).objects[task.object.idx()];
        let replica = &mut self.supply.mirrors.replicas[task.replica.idx()];
        let server = replica.server;
        let is_first = replica.storing.insert(blob);
        match self.storing(server) {
            _ if !is_first => {}
            Storing::Beside => {
                self.task_mut(id).leads = true;
                let errand = Errand::new(Wanted::Store, task.errand.has_token());
                let image = (task.reference, task.content);
                let store = self.add_task(task.replica, None, errand, image, task.object);
                self.task_steps_at(now, store);
            }
            Storing::Teed if self.supply.mirrors.storage(task.replica).store.is_full() => {
                self.supply.mirrors.replicas[task.replica.idx()].storing.remove(&blob);
                self.refuse_inbound(now, id, 500, Cause::MirrorDiskFull);
                return false;
            }
            Storing::Teed => self.task_mut(id).reserved = Bytes(1),
        }
        true
    }

    /// Upstream sends a body: to the node through the mirror, or into the storage.
    fn body_granted(&mut self, now: Time, id: TaskId) {
        let task = self.task(id);
        let kind = task.errand.ask().map_or(EndpointKind::Registry, Ask::endpoint);
        let blob = self.catalogue.image(task.content).objects[task.object.idx()];
        let size = self.catalogue.size(blob);
        let carried = self.session_mut(task.replica, kind).map_or(0, |it| it.carried);
        let (mirror, upstream) = self.upstream_of(task.replica);
        let egress = self.spec.egresses[mirror.egress.idx()].bandwidth;
        let bounds = [upstream.connection_bandwidth, upstream.bandwidth, egress];
        let way = Way::to(self.upstream_endpoint(task.replica, kind), upstream);
        let grows = way.growing(size, carried, widest(mirror.nic, bounds));
        if task.errand.wanted == Wanted::Store {
            self.task_mut(id).due = Due::Body;
            self.task_steps_at(now + grows, id);
            return;
        }
        let source = if Bytes::ZERO < task.reserved {
            let reserved = self.supply.mirrors.storage_mut(task.replica).store.reserve(size);
            Source::Teed { reserved }
        } else {
            Source::Passed { leads: task.leads }
        };
        self.serve_inbound(now, id, Some(source), grows);
    }

    fn store_body_starts(&mut self, now: Time, id: TaskId) {
        let task = self.task(id);
        let blob = self.catalogue.image(task.content).objects[task.object.idx()];
        let reserved =
            self.supply.mirrors.storage_mut(task.replica).store.reserve(self.catalogue.size(blob));
        let cap = self.upstream_of(task.replica).1.connection_bandwidth;
        let [egress, upstream] = self.upstream_links(task.replica);
        let replica = &self.supply.mirrors.replicas[task.replica.idx()];
        let disk = self.supply.mirrors.storages[replica.storage.idx()].disk;
        let path = Path::over([Some(replica.nic_in), disk, egress, upstream]);
        let tag = Receiver::Storage(id).tag();
        let flow = self.supply.links.start(now, replica.leaf, path, cap, reserved, tag);
        let task = self.task_mut(id);
        (task.reserved, task.flow) = (reserved, Some(flow));
        self.links_changed(now);
    }

    /// A fetch into the storage is over. One that found no room leaves what it wrote behind: 2.8
    /// does not cancel its upload, and purges it after a week.
    pub(crate) fn on_store_received(&mut self, now: Time, id: TaskId) {
        let task = self.end_task(id);
        let blob = self.catalogue.image(task.content).objects[task.object.idx()];
        let replica = &mut self.supply.mirrors.replicas[task.replica.idx()];
        replica.storing.remove(&blob);
        let server = replica.server;
        let what = MirrorTold::Received { bytes: task.reserved };
        self.record.note(now, Fact::Mirror { mirror: server, what });
        let size = self.catalogue.size(blob);
        if task.reserved == size {
            self.keep_at_mirror(now, task.replica, blob, size);
        }
    }

    fn forget_storing(&mut self, task: &Task) {
        let blob = self.catalogue.image(task.content).objects[task.object.idx()];
        self.supply.mirrors.replicas[task.replica.idx()].storing.remove(&blob);
    }

    /// Answers the request of a node: with what the storage or upstream sends, or (for a HEAD, and
    /// for what has just been stored) from the storage.
    fn serve_inbound(&mut self, now: Time, id: TaskId, source: Option<Source>, grows: Span) {
        let task = self.end_task(id);
        let Some(inbound) = task.inbound else { return };
        if !self.inbound_waits(inbound) {
            if let Some(Source::Teed { reserved }) = source {
                self.forget_storing(&task);
                self.supply.mirrors.storage_mut(task.replica).store.release(reserved);
            }
            self.mirror_freed(now, task.replica);
            return;
        }
        let is_hit = matches!(source, Some(Source::Stored));
        let served = Served { replica: task.replica, source: source.unwrap_or(Source::Stored) };
        if self.mirror_answered(now, inbound, served, task.content, grows) {
            let mirror = self.supply.mirrors.replicas[task.replica.idx()].server;
            self.record.note(now, Fact::Mirror { mirror, what: MirrorTold::Sent { is_hit } });
        } else {
            self.mirror_freed(now, task.replica);
        }
    }

    fn refuse_inbound(&mut self, now: Time, id: TaskId, status: u16, cause: Cause) {
        let task = self.end_task(id);
        let Some(inbound) = task.inbound else { return };
        if self.inbound_waits(inbound) {
            self.mirror_refused(now, inbound, Reply::Refused { status, cause, retry_after: None });
        }
        self.mirror_freed(now, task.replica);
    }

    /// A mirror restarts: what it works on breaks off, what it stored is gone unless it is kept.
    pub(crate) fn restart_mirror(
        &mut self,
        now: Time,
        server: RegistryId,
        fault: FaultId,
        keeps_storage: bool,
    ) {
        let cause = Cause::Fault(fault);
        let until = self.spec.faults[fault.idx()].until.map(|it| Time::ZERO + it);
        let of_mirror = |world: &Self, replica: ReplicaId| {
            world.supply.mirrors.replicas[replica.idx()].server == server
        };
        for id in self.supply.mirrors.tasks.ids() {
            let task = self.task(id);
            if !of_mirror(self, task.replica) {
                continue;
            }
            self.end_task(id);
            if let Some(flow) = task.flow {
                let partial = self.supply.links.cancel(now, flow);
                let what = MirrorTold::Received { bytes: partial };
                self.record.note(now, Fact::Mirror { mirror: server, what });
                // What was written stays behind, and no more.
                self.supply
                    .mirrors
                    .storage_mut(task.replica)
                    .store
                    .release(task.reserved - partial);
                self.links_changed(now);
            }
            if let Some(inbound) = task.inbound.filter(|&it| self.inbound_waits(it)) {
                self.mirror_refused(now, inbound, Reply::Dropped { cause });
            }
        }
        for replica in self.supply.mirrors.replicas_of(server) {
            let waiting = std::mem::take(&mut self.supply.mirrors.replicas[replica.idx()].waiting);
            for inbound in waiting {
                if self.inbound_waits(inbound) {
                    self.mirror_refused(now, inbound, Reply::Dropped { cause });
                }
            }
            self.close_sessions(now, replica);
        }
        self.break_bodies_of_mirror(now, server, cause);
        for replica in self.supply.mirrors.replicas_of(server) {
            let state = &mut self.supply.mirrors.replicas[replica.idx()];
            state.storing.clear();
            (state.active, state.has_challenge) = (0, false);
            state.pings = PingLock::default();
            state.down = until.map(|until| (until, cause));
            if !keeps_storage {
                let storage = state.storage;
                self.supply.mirrors.storages[storage.idx()].store.clear();
            }
        }
    }

    fn close_sessions(&mut self, now: Time, replica: ReplicaId) {
        let registry = self.upstream_of(replica).0.upstream;
        for kind in EndpointKind::ALL {
            let session =
                self.supply.mirrors.replicas[replica.idx()].upstream[kind as usize].take();
            if let Some(session) = session {
                self.supply.egresses.give_back(
                    now,
                    session.address,
                    None,
                    Endpoint { registry, kind },
                );
            }
        }
    }

    /// Whether a lane is served by this mirror.
    pub(crate) fn is_served_by(&self, served: Served, mirror: RegistryId) -> bool {
        self.supply.mirrors.replicas[served.replica.idx()].server == mirror
    }
}
