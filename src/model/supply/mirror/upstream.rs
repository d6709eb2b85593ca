//! The requests that a mirror sends: what it asks upstream for one request of a node, and for its
//! own storage.
//!
//! Source: distribution `internal/client/{repository,blob_writer}.go` (a tag is asked for with
//! HEAD, and with GET where that is answered with an error), `internal/client/auth/session.go` and
//! `registry/proxy/proxyregistry.go` (a token handler is built for each inbound request, so each
//! that goes upstream fetches a token), `proxyauth.go` (GET /v2/ before every look upstream until
//! it is answered with a challenge once; measured on 2.8.2: 20 of them for a cold image of 6 blobs
//! at an upstream without tokens). The connection is Go's default transport: HTTP/2, one connection
//! for all requests, idle for 90 s at most, dials of 30 s; nothing bounds the wait for an answer.

use crate::engine::chance::combine;
use crate::model::ids::{FaultId, ImageId, RegistryId};
use crate::model::image::Object;
use crate::model::pull::slow_start_rounds;
use crate::model::record::fact::{Fact, MirrorRequestTold, MirrorTold};
use crate::model::spec::{MirrorSpec, RegistrySpec, RequestKind, Storing};
use crate::model::supply::mirror::ping::PingLock;
use crate::model::supply::mirror::task::{Ask, Task, Wanted};
use crate::model::supply::mirror::{Inbound, Served, Session, Source};
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
    pub(super) fn upstream_of(&self, replica: u32) -> (&MirrorSpec, &RegistrySpec) {
        let server = self.supply.mirrors.replicas[replica as usize].server;
        let mirror = self.spec.registries[server.idx()].mirror.as_ref();
        let mirror = mirror.expect("a replica is one of a mirror");
        (mirror, &self.spec.registries[mirror.upstream.idx()])
    }

    /// The shared links between a replica and its upstream.
    pub(super) fn upstream_links(&self, replica: u32) -> [Option<LinkId>; 2] {
        let mirror = self.upstream_of(replica).0;
        [
            self.supply.egresses.link(mirror.egress),
            self.supply.registry_links[mirror.upstream.idx()],
        ]
    }

    pub(super) fn session_mut(&mut self, replica: u32, kind: EndpointKind) -> Option<&mut Session> {
        self.supply.mirrors.replicas[replica as usize].upstream[kind as usize].as_mut()
    }

    /// Whether a request of a node is still waited for.
    pub(super) fn inbound_waits(&self, inbound: Inbound) -> bool {
        self.lane_waits(inbound.pull, inbound.generation, usize::from(inbound.lane), inbound.turn)
    }

    /// A replica begins to work on a request, once its storage has been looked into.
    pub(super) fn begin_inbound(&mut self, now: Time, replica: u32, inbound: Inbound) {
        let (image, object, kind) = self.asked_by(inbound);
        let wanted = match kind {
            RequestKind::ManifestHead if !self.catalogue.image(image.0).by_digest => Wanted::Tag,
            RequestKind::BlobGet => Wanted::Blob,
            RequestKind::BlobHead => Wanted::BlobHead,
            _ => Wanted::Manifest,
        };
        let id = self.add_task(replica, Some(inbound), wanted, image, object);
        let server = self.supply.mirrors.replicas[replica as usize].server;
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
        replica: u32,
        inbound: Option<Inbound>,
        wanted: Wanted,
        (reference, content): (ImageId, ImageId),
        object: u32,
    ) -> u32 {
        let task = Task {
            generation: 0,
            live: true,
            replica,
            inbound,
            wanted,
            reference,
            content,
            object,
            ask: Ask::Nothing,
            goal: Ask::Nothing,
            pings: 0,
            has_token: false,
            reply: None,
            grant: None,
            refused: None,
            leads: false,
            reserved: Bytes::ZERO,
            flow: None,
        };
        if let Some(id) = self.supply.mirrors.free_tasks.pop() {
            let slot = &mut self.supply.mirrors.tasks[id as usize];
            let generation = slot.generation.wrapping_add(1);
            *slot = Task { generation, ..task };
            return id;
        }
        self.supply.mirrors.tasks.push(task);
        (self.supply.mirrors.tasks.len() - 1) as u32
    }

    fn end_task(&mut self, id: u32) -> Task {
        let task = &mut self.supply.mirrors.tasks[id as usize];
        task.live = false;
        let ended = *task;
        if let Some(grant) = task.grant.take() {
            self.supply.limits.release(grant.limit, grant.key, u64::from(grant.units));
        }
        self.supply.mirrors.free_tasks.push(id);
        ended
    }

    pub(super) fn task(&self, id: u32) -> Task {
        self.supply.mirrors.tasks[id as usize]
    }

    pub(super) fn task_mut(&mut self, id: u32) -> &mut Task {
        &mut self.supply.mirrors.tasks[id as usize]
    }

    pub(super) fn current_task(&self, id: u32, generation: u32) -> Option<Task> {
        let task = self.supply.mirrors.tasks.get(id as usize).copied();
        task.filter(|it| it.live && it.generation == generation)
    }

    pub(super) fn task_steps_at(&mut self, at: Time, id: u32) {
        let generation = self.task(id).generation;
        self.clock.calendar.schedule(at, Event::MirrorStepped { task: id, generation });
    }

    fn holds(&self, task: &Task) -> bool {
        let blob = self.catalogue.image(task.content).objects[task.object as usize];
        self.supply.mirrors.storage(task.replica).store.has(blob)
    }

    /// A task goes on: it begins, an answer is back, or its body begins to flow.
    pub(crate) fn on_mirror_stepped(&mut self, now: Time, id: u32, generation: u32) {
        let Some(task) = self.current_task(id, generation) else { return };
        match task.ask {
            Ask::Nothing => match task.wanted {
                Wanted::Tag => self.want(now, id, Ask::HeadTag),
                Wanted::Manifest => self.manifest_wanted(now, id),
                Wanted::Blob | Wanted::BlobHead if self.holds(&task) => self.serve_stored(now, id),
                Wanted::Blob | Wanted::BlobHead => self.want(now, id, Ask::HeadBlob),
                Wanted::Store => self.want(now, id, Ask::GetBlob),
                Wanted::Notice => {
                    self.task_mut(id).pings = 1;
                    self.next_request(now, id);
                }
            },
            Ask::Body => self.store_body_starts(now, id),
            _ => {
                let reply = self.task_mut(id).reply.take();
                if let Some(reply) = reply {
                    self.upstream_answered(now, id, reply);
                }
            }
        }
    }

    fn manifest_wanted(&mut self, now: Time, id: u32) {
        if self.holds(&self.task(id)) {
            self.serve_stored(now, id);
        } else {
            self.want(now, id, Ask::GetManifest);
        }
    }

    /// Asks upstream, after what has to come first: a look at the root of the API, a token.
    fn want(&mut self, now: Time, id: u32, goal: Ask) {
        let task = self.task_mut(id);
        task.goal = goal;
        task.pings = if task.wanted == Wanted::Store { 0 } else { goal.pings() };
        self.next_request(now, id);
    }

    pub(super) fn next_request(&mut self, now: Time, id: u32) {
        let task = self.task(id);
        let needs_token = self.upstream_of(task.replica).1.needs_token;
        let knows = self.supply.mirrors.replicas[task.replica as usize].has_challenge;
        let is_due = if needs_token { !knows && task.refused.is_none() } else { 0 < task.pings };
        if is_due {
            self.ping(now, id);
        } else if needs_token && knows && !task.has_token {
            self.send_upstream(now, id, Ask::Token);
        } else if task.goal == Ask::Nothing {
            self.end_task(id);
        } else if task.goal != Ask::GetBlob || task.wanted != Wanted::Blob || self.claims(now, id) {
            self.send_upstream(now, id, task.goal);
        }
    }

    /// No answer will come: the request of the node ends by the node's own time-out.
    pub(super) fn task_hangs(&mut self, now: Time, task: &Task, cause: Cause) {
        if let Some(inbound) = task.inbound.filter(|&it| self.inbound_waits(it)) {
            self.watch_progress(now, inbound.pull, cause);
        }
    }

    pub(super) fn send_upstream(&mut self, now: Time, id: u32, ask: Ask) {
        self.task_mut(id).ask = ask;
        match self.session(now, id, ask) {
            Ok(open_from) => {
                let generation = self.task(id).generation;
                let rtt = self.upstream_rtt(self.task(id).replica, ask.endpoint());
                let event = Event::MirrorAsked { task: id, generation };
                self.clock.calendar.schedule(open_from + rtt.half(), event);
            }
            Err((cause, after)) => {
                self.task_mut(id).reply = Some(Reply::Dropped { cause });
                self.task_steps_at(now + after, id);
            }
        }
    }

    fn upstream_rtt(&self, replica: u32, kind: EndpointKind) -> Span {
        let (mirror, upstream) = self.upstream_of(replica);
        Endpoint { registry: mirror.upstream, kind }.rtt(upstream)
    }

    /// The connection for a request: the open one, or a new one. From when it can be used, or what
    /// kept it from being made and when that is known.
    fn session(&mut self, now: Time, id: u32, ask: Ask) -> Result<Time, (Cause, Span)> {
        let task = self.task(id);
        let kind = ask.endpoint();
        let (egress, registry) = {
            let mirror = self.upstream_of(task.replica).0;
            (mirror.egress, mirror.upstream)
        };
        let endpoint = Endpoint { registry, kind };
        if let Some(session) = self.session_mut(task.replica, kind).copied() {
            if now <= session.last_used + IDLE {
                let open_from = session.open_from.max(now);
                self.session_mut(task.replica, kind).expect("it is open").last_used = open_from;
                return Ok(open_from);
            }
            let closes_at = session.last_used + IDLE;
            self.supply.egresses.give_back(closes_at, session.address, endpoint);
            self.supply.mirrors.replicas[task.replica as usize].upstream[kind as usize] = None;
        }
        let key = self.task_key(&task, ask);
        let upstream = &self.spec.registries[registry.idx()];
        if let Some(unmade) = self.supply.faults.unmade(now, registry, ask.kind(), key) {
            let cause = Cause::Fault(unmade.fault);
            self.record.note(now, Fact::Unconnected { cause, of_node: false });
            let after = unmade.after(upstream.dns + endpoint.rtt(upstream), DIAL);
            return Err((cause, after));
        }
        let replica = &mut self.supply.mirrors.replicas[task.replica as usize];
        let address = if self.supply.egresses.draws_per_connection(egress) {
            replica.n_connections += 1;
            self.supply.egresses.address_of_connection(egress, replica.key, replica.n_connections)
        } else {
            replica.address
        };
        if !self.supply.egresses.take(now, address, endpoint) {
            let cause = Cause::EgressPorts;
            self.record.note(now, Fact::Unconnected { cause, of_node: false });
            return Err((cause, DIAL));
        }
        let round_trips = 1 + u64::from(upstream.tls_round_trips);
        let open_from = now + upstream.dns + endpoint.rtt(upstream) * round_trips;
        let session = Session { address, open_from, last_used: open_from, carried: 0 };
        self.supply.mirrors.replicas[task.replica as usize].upstream[kind as usize] = Some(session);
        Ok(open_from)
    }

    /// The stable key of a request upstream: which replica, and which of its requests.
    fn task_key(&self, task: &Task, ask: Ask) -> u64 {
        let replica = &self.supply.mirrors.replicas[task.replica as usize];
        let image = self.catalogue.image(task.reference).key;
        let what = u64::from(task.object) << 8 | ask as u64;
        combine(combine(replica.key, image), combine(what, replica.sent))
    }

    /// A request reached upstream: it passes the gates there.
    pub(crate) fn on_mirror_asked(&mut self, now: Time, id: u32, generation: u32) {
        let Some(task) = self.current_task(id, generation) else { return };
        let request = self.upstream_request(&task);
        self.supply.mirrors.replicas[task.replica as usize].sent += 1;
        let reply = self.pass_request_gates(now, &request);
        self.task_mut(id).grant = self.supply.granted.take();
        let upstream = &self.spec.registries[request.endpoint.registry.idx()];
        let redirected = task.ask == Ask::GetBlob && upstream.redirects_blobs;
        let rtt = request.endpoint.rtt(upstream);
        let back = now + upstream.server_time + (rtt - rtt.half());
        let object = self.catalogue.image(task.content).object(task.object as usize);
        let (outcome, status) = RequestOutcome::of(reply, redirected, false);
        let told = MirrorRequestTold {
            replica: task.replica,
            image: task.reference,
            is_head: matches!(task.ask, Ask::HeadTag | Ask::HeadBlob),
            object: task.ask.object(object),
            endpoint: request.endpoint,
            reply,
            outcome,
            status,
            key: request.key,
        };
        self.record.note(now, Fact::MirrorRequest(told));
        match reply {
            Reply::Hanging { cause } => {
                self.task_hangs(now, &task, cause);
                if task.ask == Ask::Ping {
                    self.ping_hangs(now, task.replica, cause);
                }
            }
            reply => {
                self.task_mut(id).reply = Some(reply);
                self.task_steps_at(back, id);
            }
        }
    }

    fn upstream_request(&self, task: &Task) -> Request {
        let mirror = self.upstream_of(task.replica).0;
        let replica = &self.supply.mirrors.replicas[task.replica as usize];
        let kind = task.ask.endpoint();
        let session = replica.upstream[kind as usize];
        let address = session.map_or(replica.address, |it| it.address);
        let object = self.catalogue.image(task.content).object(task.object as usize);
        let spender = Spender::Mirror(replica.server, task.reference);
        Request {
            endpoint: Endpoint { registry: mirror.upstream, kind },
            kind: task.ask.kind(),
            unit: task.ask.unit(object),
            layer: match (task.ask, object) {
                (Ask::GetBlob | Ask::GetRedirected, Object::Layer(layer)) => Some(layer),
                _ => None,
            },
            asker: self.supply.egresses.asker(address, mirror.account, spender),
            authorised: task.has_token,
            key: self.task_key(task, task.ask),
        }
    }

    fn upstream_answered(&mut self, now: Time, id: u32, reply: Reply) {
        let task = self.task(id);
        if !matches!(task.ask, Ask::GetBlob | Ask::GetRedirected) {
            self.return_task_grant(id);
        }
        match (task.ask, reply) {
            (Ask::Ping, Reply::Dropped { cause }) => {
                self.goal_failed(now, id, None, cause);
                self.ping_over(now, task.replica);
            }
            (Ask::Ping, reply) => {
                // Only a 401 tells how to authenticate. After another answer the request goes
                // without, and is refused.
                match reply {
                    Reply::Challenged => {
                        self.supply.mirrors.replicas[task.replica as usize].has_challenge = true;
                    }
                    Reply::Refused { cause, .. } => self.task_mut(id).refused = Some(cause),
                    _ => {}
                }
                self.next_request(now, id);
                self.ping_over(now, task.replica);
            }
            (Ask::Token, Reply::Served) => {
                self.task_mut(id).has_token = true;
                self.next_request(now, id);
            }
            (ask, Reply::Served) => self.goal_met(now, id, ask),
            (Ask::HeadTag, Reply::Refused { .. } | Reply::Challenged) => {
                self.want(now, id, Ask::GetTag);
            }
            (ask, Reply::Refused { status, cause, .. }) => {
                let status = (ask != Ask::Token).then_some(status);
                self.goal_failed(now, id, status, cause);
            }
            (_, Reply::Dropped { cause } | Reply::Hanging { cause }) => {
                self.goal_failed(now, id, None, cause);
            }
            (_, Reply::Challenged) => {
                let cause = task.refused.expect("a mirror has a token, or was refused a ping");
                self.goal_failed(now, id, Some(401), cause);
            }
        }
    }

    fn return_task_grant(&mut self, id: u32) {
        if let Some(grant) = self.task_mut(id).grant.take() {
            self.supply.limits.release(grant.limit, grant.key, u64::from(grant.units));
        }
    }

    fn goal_met(&mut self, now: Time, id: u32, goal: Ask) {
        let task = self.task(id);
        match goal {
            Ask::HeadTag | Ask::GetTag => {
                let content = self.catalogue.served(task.reference);
                self.task_mut(id).content = content;
                self.supply.mirrors.storage_mut(task.replica).store.tag(task.reference, content);
                self.manifest_wanted(now, id);
            }
            Ask::GetManifest => self.manifest_fetched(now, id),
            Ask::HeadBlob if task.wanted == Wanted::BlobHead => self.serve_stored(now, id),
            Ask::HeadBlob if self.holds(&task) => self.serve_stored(now, id),
            Ask::HeadBlob => self.want(now, id, Ask::GetBlob),
            Ask::GetBlob if self.upstream_of(task.replica).1.redirects_blobs => {
                self.return_task_grant(id);
                self.send_upstream(now, id, Ask::GetRedirected);
            }
            Ask::GetBlob | Ask::GetRedirected => self.body_granted(now, id),
            Ask::Nothing | Ask::Ping | Ask::Token | Ask::Body => {
                debug_assert!(false, "no goal: {task:?}");
            }
        }
    }

    /// A manifest is a packet or two: its transfer takes no time beside its round trip. Where it
    /// cannot be stored, the request fails.
    fn manifest_fetched(&mut self, now: Time, id: u32) {
        let task = self.task(id);
        let blob = self.catalogue.image(task.content).objects[task.object as usize];
        let size = self.catalogue.size(blob);
        let server = self.supply.mirrors.replicas[task.replica as usize].server;
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
    fn claims(&mut self, now: Time, id: u32) -> bool {
        let task = self.task(id);
        let blob = self.catalogue.image(task.content).objects[task.object as usize];
        let replica = &mut self.supply.mirrors.replicas[task.replica as usize];
        let server = replica.server;
        let is_first = replica.storing.insert(blob);
        match self.storing(server) {
            _ if !is_first => {}
            Storing::Beside => {
                self.task_mut(id).leads = true;
                let store = self.add_task(
                    task.replica,
                    None,
                    Wanted::Store,
                    (task.reference, task.content),
                    task.object,
                );
                self.task_mut(store).has_token = task.has_token;
                self.task_steps_at(now, store);
            }
            Storing::Teed if self.supply.mirrors.storage(task.replica).store.is_full() => {
                self.supply.mirrors.replicas[task.replica as usize].storing.remove(&blob);
                self.refuse_inbound(now, id, 500, Cause::MirrorDiskFull);
                return false;
            }
            Storing::Teed => self.task_mut(id).reserved = Bytes(1),
        }
        true
    }

    /// Upstream sends a body: to the node through the mirror, or into the storage.
    fn body_granted(&mut self, now: Time, id: u32) {
        let task = self.task(id);
        let kind = task.ask.endpoint();
        let rtt = self.upstream_rtt(task.replica, kind);
        let blob = self.catalogue.image(task.content).objects[task.object as usize];
        let size = self.catalogue.size(blob);
        let carried = self.session_mut(task.replica, kind).map_or(0, |it| it.carried);
        let (mirror, upstream) = self.upstream_of(task.replica);
        let egress = self.spec.egresses[mirror.egress.idx()].bandwidth;
        let bounds = [upstream.connection_bandwidth, upstream.bandwidth, egress];
        let widest = bounds.into_iter().flatten().fold(mirror.nic, Ord::min);
        let rounds = slow_start_rounds(size, carried, rtt, widest.bytes_per_second());
        let grows = rtt * rounds;
        if task.wanted == Wanted::Store {
            self.task_mut(id).ask = Ask::Body;
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

    fn store_body_starts(&mut self, now: Time, id: u32) {
        let task = self.task(id);
        let blob = self.catalogue.image(task.content).objects[task.object as usize];
        let reserved =
            self.supply.mirrors.storage_mut(task.replica).store.reserve(self.catalogue.size(blob));
        let cap = self.upstream_of(task.replica).1.connection_bandwidth;
        let [egress, upstream] = self.upstream_links(task.replica);
        let replica = &self.supply.mirrors.replicas[task.replica as usize];
        let disk = self.supply.mirrors.storages[replica.storage].disk;
        let path = Path::over([Some(replica.nic_in), disk, egress, upstream]);
        let tag = STORE_FLOW | u64::from(id);
        let flow = self.supply.links.start(now, replica.leaf, path, cap, reserved, tag);
        let task = self.task_mut(id);
        (task.reserved, task.flow) = (reserved, Some(flow));
        self.links_changed(now);
    }

    /// A fetch into the storage is over. One that found no room leaves what it wrote behind: 2.8
    /// does not cancel its upload, and purges it after a week.
    pub(crate) fn on_store_received(&mut self, now: Time, tag: u64) {
        let id = (tag & !STORE_FLOW) as u32;
        let task = self.end_task(id);
        let blob = self.catalogue.image(task.content).objects[task.object as usize];
        let replica = &mut self.supply.mirrors.replicas[task.replica as usize];
        replica.storing.remove(&blob);
        let server = replica.server;
        let what = MirrorTold::Received { bytes: task.reserved };
        self.record.note(now, Fact::Mirror { mirror: server, what });
        let size = self.catalogue.size(blob);
        if task.reserved == size {
            self.keep_at_mirror(now, task.replica, blob, size);
        }
    }

    /// The request upstream failed; `None` where no answer came, or no token.
    fn goal_failed(&mut self, now: Time, id: u32, status: Option<u16>, cause: Cause) {
        let task = self.task(id);
        match task.goal {
            Ask::HeadTag | Ask::GetTag => {
                match self.supply.mirrors.storage(task.replica).store.tagged(task.reference) {
                    // Stale, and good enough.
                    Some(content) => {
                        self.task_mut(id).content = content;
                        self.manifest_wanted(now, id);
                    }
                    None => self.refuse_inbound(now, id, 404, cause),
                }
            }
            Ask::HeadBlob if status == Some(404) => self.refuse_inbound(now, id, 404, cause),
            _ if task.wanted == Wanted::Notice => {
                self.end_task(id);
            }
            _ if task.wanted == Wanted::Store => {
                self.end_task(id);
                self.forget_storing(&task);
            }
            _ => {
                if Bytes::ZERO < task.reserved {
                    self.forget_storing(&task);
                }
                self.refuse_inbound(now, id, 500, cause);
            }
        }
    }

    fn forget_storing(&mut self, task: &Task) {
        let blob = self.catalogue.image(task.content).objects[task.object as usize];
        self.supply.mirrors.replicas[task.replica as usize].storing.remove(&blob);
    }

    fn serve_stored(&mut self, now: Time, id: u32) {
        self.serve_inbound(now, id, Some(Source::Stored), Span::ZERO);
    }

    /// Answers the request of a node: with what the storage or upstream sends, or (for a HEAD, and
    /// for what has just been stored) from the storage.
    fn serve_inbound(&mut self, now: Time, id: u32, source: Option<Source>, grows: Span) {
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
            let mirror = self.supply.mirrors.replicas[task.replica as usize].server;
            self.record.note(now, Fact::Mirror { mirror, what: MirrorTold::Sent { is_hit } });
        } else {
            self.mirror_freed(now, task.replica);
        }
    }

    fn refuse_inbound(&mut self, now: Time, id: u32, status: u16, cause: Cause) {
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
        let of_mirror = |world: &Self, replica: u32| {
            world.supply.mirrors.replicas[replica as usize].server == server
        };
        for id in 0..self.supply.mirrors.tasks.len() as u32 {
            let task = self.task(id);
            if !task.live || !of_mirror(self, task.replica) {
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
            let waiting = std::mem::take(&mut self.supply.mirrors.replicas[replica].waiting);
            for inbound in waiting {
                if self.inbound_waits(inbound) {
                    self.mirror_refused(now, inbound, Reply::Dropped { cause });
                }
            }
            self.close_sessions(now, replica);
        }
        self.break_bodies_of_mirror(now, server, cause);
        for replica in self.supply.mirrors.replicas_of(server) {
            let state = &mut self.supply.mirrors.replicas[replica];
            state.storing.clear();
            (state.active, state.has_challenge) = (0, false);
            state.pings = PingLock::default();
            state.down = until.map(|until| (until, cause));
            if !keeps_storage {
                let storage = state.storage;
                self.supply.mirrors.storages[storage].store.clear();
            }
        }
    }

    fn close_sessions(&mut self, now: Time, replica: usize) {
        let registry = self.upstream_of(replica as u32).0.upstream;
        for kind in EndpointKind::ALL {
            let session = self.supply.mirrors.replicas[replica].upstream[kind as usize].take();
            if let Some(session) = session {
                self.supply.egresses.give_back(now, session.address, Endpoint { registry, kind });
            }
        }
    }

    /// Whether a lane is served by this mirror.
    pub(crate) fn is_served_by(&self, served: Served, mirror: RegistryId) -> bool {
        self.supply.mirrors.replicas[served.replica as usize].server == mirror
    }
}

/// Marks the flows of fetches into a storage among the tags of flows.
pub(crate) const STORE_FLOW: u64 = 1 << 63;
