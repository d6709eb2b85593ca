//! Mirrors: pull-through caches as distribution 2.8 and 3 are, each a server that nodes ask and a
//! client that asks its upstream.
//!
//! What it asks and answers are the rules of its client, `client/distribution.rs`; here is what it
//! works with. Nobody waits for anybody: until a blob is stored, each request for it is a request
//! upstream. 2.8 stores by a fetch of its own beside the first client's, so one cold client costs
//! two copies; 3 writes down what it passes to the first client (distribution
//! `registry/proxy/proxyblobstore.go` at 2.8.3 and 3.0.0; counted on 2.8.2, 2026-11).
//!
//! `store.rs` is what is kept, `task.rs` what a mirror is at for one request, `upstream.rs` the
//! requests that it sends.

mod ping;
mod store;
mod task;
mod upstream;

use std::collections::{BTreeSet, VecDeque};

use crate::engine::chance::{Chance, combine, stable_hash};
use crate::engine::slots::Slots;
use crate::model::ids::{
    AddressId, BlobId, ImageId, LaneId, NodeId, PoolId, PullId, RegistryId, ReplicaId, StorageId,
    TaskId,
};
use crate::model::record::fact::{Fact, MirrorTold};
use crate::model::spec::{MirrorSpec, Spec, Storing, Untrusted};
use crate::model::supply::egress::Egresses;
use crate::model::supply::mirror::ping::PingLock;
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::EndpointKind;
use crate::model::words::reply::Reply;
use crate::model::words::request::Request;
use crate::model::{Event, Purpose, World};
use crate::resource::link::{LeafId, LinkId, Links, Path};
use crate::resource::pacer::Pacer;
use crate::units::{Bandwidth, Bytes, Time};

pub(crate) use store::MirrorStore;
pub(crate) use task::Task;

/// All mirrors of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mirrors {
    replicas: Vec<Replica>,
    storages: Vec<Storage>,
    /// First replica of each server, `None` for a registry.
    first: Vec<Option<ReplicaId>>,
    tasks: Slots<TaskId, Task>,
}

/// The storage of a mirror, or of one of its replicas.
#[derive(Clone, Debug)]
struct Storage {
    store: MirrorStore,
    /// Its operations, one after another.
    operations: Pacer,
    disk: Option<LinkId>,
}

/// One server of a mirror.
#[derive(Clone, Debug)]
struct Replica {
    /// Stable key: hash of the mirror and the ordinal.
    key: u64,
    server: RegistryId,
    ordinal: u32,
    storage: StorageId,
    /// Where its own fetches end.
    leaf: LeafId,
    nic_in: LinkId,
    nic_out: LinkId,
    /// Source address upstream, and connections made so far.
    address: AddressId,
    n_connections: u64,
    /// Open connections upstream, by endpoint.
    upstream: [Option<Session>; 3],
    /// Upstream has told once how to authenticate.
    has_challenge: bool,
    /// One look at the root of the API at a time; why it never ends, where it hangs.
    pings: PingLock,
    /// Until when it is down after a restart, and the fault that stands for that.
    down: Option<(Time, Cause)>,
    /// Requests that it works on, and those that wait until there are fewer.
    active: u32,
    waiting: VecDeque<Inbound>,
    /// Blobs that are being stored.
    storing: BTreeSet<BlobId>,
    /// Requests sent upstream so far: what tells their keys apart.
    sent: u64,
}

/// A connection upstream, which all requests share.
#[derive(Clone, Copy, Debug)]
struct Session {
    address: AddressId,
    /// From when requests can be sent on it.
    open_from: Time,
    last_used: Time,
    carried: u64,
}

/// A request of a node that a mirror works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inbound {
    pub(crate) pull: PullId,
    pub(crate) generation: u32,
    pub(crate) lane: LaneId,
    /// Which request of the lane: a lane that has gone on since no longer waits.
    pub(crate) turn: u16,
}

/// What a lane is being served by a mirror.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    replica: ReplicaId,
    /// Where the body is from.
    source: Source,
}

/// Where the body of a mirror's answer is from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// Its storage.
    Stored,
    /// Upstream, passed on.
    Passed {
        /// A fetch into the storage goes beside it, which it set off.
        leads: bool,
    },
    /// Upstream, passed on and written down; so much room is taken for it.
    Teed { reserved: Bytes },
}

impl Served {
    /// Whether the body comes from the storage.
    pub(crate) const fn is_stored(self) -> bool {
        matches!(self.source, Source::Stored)
    }
}

impl Mirrors {
    pub(crate) fn new(spec: &Spec, links: &mut Links, egresses: &mut Egresses) -> Self {
        let mut mirrors = Self::default();
        for (number, server) in spec.registries.iter().enumerate() {
            let Some(mirror) = &server.mirror else {
                mirrors.first.push(None);
                continue;
            };
            mirrors.first.push(Some(ReplicaId::from(mirrors.replicas.len())));
            let key = combine(stable_hash("mirror"), stable_hash(&server.name));
            for ordinal in 0..mirror.replicas {
                if ordinal == 0 || !mirror.is_storage_shared {
                    mirrors.storages.push(Storage::new(mirror, links));
                }
                let key = combine(key, u64::from(ordinal));
                mirrors.replicas.push(Replica {
                    key,
                    server: RegistryId::from(number),
                    ordinal,
                    storage: StorageId::from(mirrors.storages.len() - 1),
                    leaf: links.add_leaf(mirror.nic),
                    nic_in: links.add_link(mirror.nic),
                    nic_out: links.add_link(mirror.nic),
                    address: egresses.address_of_new_node(mirror.egress, key),
                    n_connections: 0,
                    upstream: [None; 3],
                    has_challenge: false,
                    pings: PingLock::default(),
                    down: None,
                    active: 0,
                    waiting: VecDeque::new(),
                    storing: BTreeSet::new(),
                    sent: 0,
                });
            }
        }
        mirrors
    }

    /// The replica that a new connection of `entity`, its `n`-th, is balanced to.
    pub(crate) fn balance(
        &self,
        spec: &Spec,
        chance: Chance,
        server: RegistryId,
        entity: u64,
        n: u64,
    ) -> ReplicaId {
        let first = self.first[server.idx()].expect("only mirrors are balanced");
        match spec.registries[server.idx()].mirror.as_ref().map_or(1, |it| it.replicas) {
            1 => first,
            replicas => {
                let mut draw = chance.draw(Purpose::MirrorReplica as u64, entity, n);
                ReplicaId(first.0 + draw.below(u64::from(replicas)) as u32)
            }
        }
    }

    /// The source address of a new connection upstream.
    pub(crate) fn connection_address(
        &mut self,
        spec: &Spec,
        egresses: &Egresses,
        id: ReplicaId,
    ) -> AddressId {
        let replica = &mut self.replicas[id.idx()];
        let mirror = spec.registries[replica.server.idx()].mirror.as_ref();
        match mirror.map(|it| it.egress).filter(|&it| egresses.draws_per_connection(it)) {
            Some(egress) => {
                replica.n_connections += 1;
                egresses.address_of_connection(egress, replica.key, replica.n_connections)
            }
            None => replica.address,
        }
    }

    /// The replicas of a mirror.
    fn replicas_of(&self, server: RegistryId) -> impl Iterator<Item = ReplicaId> + use<> {
        let first = self.first[server.idx()].map_or(0, ReplicaId::idx);
        let n = self.replicas[first..].iter().take_while(|it| it.server == server).count();
        (first..first + n).map(ReplicaId::from)
    }

    /// The network interfaces (outward) and the disks of a mirror, for the levels.
    pub(crate) fn links_of(&self, server: RegistryId) -> (Vec<LinkId>, Vec<LinkId>) {
        let replicas = || self.replicas_of(server).map(|it| &self.replicas[it.idx()]);
        let mut disks: Vec<_> =
            replicas().filter_map(|it| self.storages[it.storage.idx()].disk).collect();
        disks.dedup();
        (replicas().map(|it| it.nic_out).collect(), disks)
    }

    /// Levels of a mirror for outputs: requests of nodes that it works on and that wait, and bytes
    /// in use over its storages.
    pub(crate) fn levels(&self, server: RegistryId) -> (u32, u32, Bytes) {
        let (mut active, mut waiting, mut used) = (0, 0, Bytes::ZERO);
        let mut last = None;
        for replica in self.replicas_of(server) {
            let state = &self.replicas[replica.idx()];
            active += state.active;
            waiting += state.waiting.len() as u32;
            if last.replace(state.storage) != Some(state.storage) {
                used += self.storages[state.storage.idx()].store.used();
            }
        }
        (active, waiting, used)
    }

    /// How outputs call the replicas: the mirror's name, with a number where there are several.
    pub(crate) fn replica_names(&self, spec: &Spec) -> Vec<String> {
        let name = |replica: &Replica| {
            let server = &spec.registries[replica.server.idx()];
            match server.mirror.as_ref().map_or(1, |it| it.replicas) {
                1 => server.name.clone(),
                _ => format!("{}-{}", server.name, replica.ordinal),
            }
        };
        self.replicas.iter().map(name).collect()
    }

    fn storage(&self, replica: ReplicaId) -> &Storage {
        &self.storages[self.replicas[replica.idx()].storage.idx()]
    }

    fn storage_mut(&mut self, replica: ReplicaId) -> &mut Storage {
        let storage = self.replicas[replica.idx()].storage;
        &mut self.storages[storage.idx()]
    }
}

impl Storage {
    fn new(mirror: &MirrorSpec, links: &mut Links) -> Self {
        Self {
            store: MirrorStore::new(mirror.capacity),
            // One operation at a time: a disk that is busy lets its callers wait.
            operations: Pacer::new(mirror.iops, 1),
            disk: mirror.disk.map(|it| links.add_link(bounded(it, mirror.iops))),
        }
    }
}

/// A disk moves at most this much with one operation.
///
/// Source: Amazon EBS counts sequential operations of up to 256 KiB as one (gp2, gp3; AWS
/// documentation, 2026-08).
const OPERATION: u64 = 256 * 1024;

/// What a disk moves in all, by its throughput and its operations.
fn bounded(throughput: Bandwidth, iops: u32) -> Bandwidth {
    if iops == 0 {
        return throughput;
    }
    throughput.min(Bandwidth::from_bytes_per_second(u64::from(iops) * OPERATION))
}

impl World<'_> {
    /// Fills the mirrors with what they hold at the start.
    pub(crate) fn open_mirrors(&mut self) {
        let spec = self.spec;
        for (number, server) in spec.registries.iter().enumerate() {
            let Some(mirror) = &server.mirror else { continue };
            let mut storages: Vec<StorageId> = self
                .supply
                .mirrors
                .replicas_of(RegistryId::from(number))
                .map(|it| self.supply.mirrors.replicas[it.idx()].storage)
                .collect();
            storages.dedup();
            for (nth, storage) in storages.into_iter().enumerate() {
                for &image in &mirror.filled.images {
                    self.fill(mirror, storage, nth as u64, image);
                }
            }
        }
    }

    /// Puts an image into a storage, fetched before the start: each of its objects at an instant of
    /// its own within the span.
    fn fill(&mut self, mirror: &MirrorSpec, storage: StorageId, nth: u64, image: ImageId) {
        let content = self.catalogue.image(image);
        let (key, by_digest) = (content.key, content.by_digest);
        let objects = content.objects.clone();
        if !by_digest {
            self.supply.mirrors.storages[storage.idx()].store.tag(image, image);
        }
        for (position, blob) in objects.into_iter().enumerate() {
            let size = self.catalogue.size(blob);
            let n = nth << 32 | position as u64;
            let mut draw = self.clock.chance.draw(Purpose::MirrorFill as u64, key, n);
            let ago = mirror.filled.age + draw.span_below(mirror.filled.over);
            let expires = match mirror.ttl {
                // It went before the start.
                Some(ttl) if ttl <= ago => continue,
                Some(ttl) => Time::ZERO + (ttl - ago),
                None => Time::NEVER,
            };
            let store = &mut self.supply.mirrors.storages[storage.idx()].store;
            if store.has(blob) || store.reserve(size) < size {
                continue;
            }
            store.keep(blob, size, expires);
            self.schedule_expiry(storage, blob, expires);
        }
    }

    fn schedule_expiry(&mut self, storage: StorageId, blob: BlobId, expires: Time) {
        if expires <= self.clock.end {
            self.clock.calendar.schedule(expires, Event::MirrorExpired { storage, blob });
        }
    }

    /// What a mirror fetched a TTL ago goes, whether it was used since or not.
    pub(crate) fn on_mirror_expired(&mut self, now: Time, storage: StorageId, blob: BlobId) {
        self.supply.mirrors.storages[storage.idx()].store.expire(blob, now);
    }

    /// The mirrors that a new node asks: those of its pool that it was drawn for, unless they come
    /// by the timeline and that has not begun.
    pub(crate) fn mirrors_of_new_node(&self, pool: PoolId, key: u64) -> Vec<RegistryId> {
        let servers = (0..self.spec.registries.len()).map(RegistryId::from);
        servers.filter(|&it| self.adopts(it, pool, key)).collect()
    }

    fn adopts(&self, server: RegistryId, pool: PoolId, node_key: u64) -> bool {
        let spec = &self.spec.registries[server.idx()];
        let Some(mirror) = &spec.mirror else { return false };
        let adoption = &mirror.adoption;
        let is_due =
            !adoption.by_timeline || self.cluster.pools[pool.idx()].mirrors.contains(&server);
        is_due && adoption.effective.contains(&pool) && self.is_drawn(server, mirror, node_key)
    }

    /// Whether a node is in the share that a mirror is configured on.
    fn is_drawn(&self, server: RegistryId, mirror: &MirrorSpec, node_key: u64) -> bool {
        let key =
            combine(stable_hash("mirror"), stable_hash(&self.spec.registries[server.idx()].name));
        let mut draw = self.clock.chance.draw(Purpose::MirrorAdoption as u64, node_key, key);
        draw.below(1_000_000) < u64::from(mirror.adoption.share.millionths())
    }

    /// A node reads the configuration of a mirror.
    pub(crate) fn adopt_mirror(&mut self, node: NodeId, server: RegistryId) {
        let state = &self.cluster.nodes[node.idx()];
        if self.adopts(server, state.pool, state.key) && !state.mirrors.contains(&server) {
            let mirrors = &mut self.cluster.nodes[node.idx()].mirrors;
            mirrors.push(server);
            mirrors.sort_unstable();
        }
    }

    /// Whether a mirror refuses whatever nodes send, for want of their credentials.
    pub(crate) fn pass_mirror_trust(&self, request: &Request) -> Option<Reply> {
        let mirror = self.spec.registries[request.endpoint.registry.idx()].mirror.as_ref()?;
        (mirror.adoption.untrusted == Some(Untrusted::Auth)).then_some(Reply::Refused {
            status: 401,
            cause: Cause::MirrorUntrusted,
            retry_after: None,
        })
    }

    /// What becomes of a request that was on its way when its mirror went down for a restart:
    /// nobody is there, and its connection is closed. Other faults leave open connections alone.
    pub(crate) fn mirror_is_gone(&self, now: Time, replica: ReplicaId) -> Option<Reply> {
        let (until, cause) = self.supply.mirrors.replicas[replica.idx()].down?;
        (now < until).then_some(Reply::Dropped { cause })
    }

    /// A request of a node reached a mirror and passed its gates: it is worked on, or waits until
    /// the mirror works on fewer.
    pub(crate) fn mirror_takes(&mut self, now: Time, replica: ReplicaId, inbound: Inbound) {
        let state = &mut self.supply.mirrors.replicas[replica.idx()];
        let most = self.spec.registries[state.server.idx()].mirror.as_ref();
        if most.and_then(|it| it.concurrency).is_some_and(|most| most <= state.active) {
            state.waiting.push_back(inbound);
            self.watch_progress(now, inbound.pull, Cause::MirrorBusy);
            return;
        }
        state.active += 1;
        self.begin_inbound(now, replica, inbound);
    }

    /// A replica is done with a request: the next one that still waits is worked on.
    fn mirror_freed(&mut self, now: Time, replica: ReplicaId) {
        self.supply.mirrors.replicas[replica.idx()].active -= 1;
        while let Some(next) = self.supply.mirrors.replicas[replica.idx()].waiting.pop_front() {
            if self.inbound_waits(next) {
                self.supply.mirrors.replicas[replica.idx()].active += 1;
                self.begin_inbound(now, replica, next);
                return;
            }
        }
    }

    /// What a lane was served has ended after `received` bytes. What was written down of a body
    /// that broke off stays behind: the upload is not cancelled (3.0.0).
    pub(crate) fn mirror_served(
        &mut self,
        now: Time,
        served: Served,
        received: Bytes,
        blob: BlobId,
    ) {
        self.note_passed_on(now, served, received);
        if let Source::Teed { reserved } = served.source {
            self.supply.mirrors.replicas[served.replica.idx()].storing.remove(&blob);
            let size = self.catalogue.size(blob);
            if received == size && reserved == size {
                self.keep_at_mirror(now, served.replica, blob, size);
            } else {
                let written = received.min(reserved);
                self.supply.mirrors.storage_mut(served.replica).store.release(reserved - written);
            }
        }
        self.mirror_freed(now, served.replica);
    }

    fn keep_at_mirror(&mut self, now: Time, replica: ReplicaId, blob: BlobId, size: Bytes) {
        let state = &self.supply.mirrors.replicas[replica.idx()];
        let (storage, server) = (state.storage, state.server);
        let ttl = self.spec.registries[server.idx()].mirror.as_ref().and_then(|it| it.ttl);
        let expires = ttl.map_or(Time::NEVER, |ttl| now + ttl);
        self.supply.mirrors.storages[storage.idx()].store.keep(blob, size, expires);
        self.schedule_expiry(storage, blob, expires);
    }

    /// The links that a body passes on its way from a mirror to a node.
    pub(crate) fn mirror_path(&self, served: Served) -> Path {
        let replica = &self.supply.mirrors.replicas[served.replica.idx()];
        let disk = self.supply.mirrors.storages[replica.storage.idx()].disk;
        let [egress, upstream] = self.upstream_links(served.replica);
        let out = Some(replica.nic_out);
        match served.source {
            Source::Stored => Path::over([out, disk, None, None]),
            Source::Passed { .. } => Path::over([out, Some(replica.nic_in), egress, upstream]),
            // What comes in goes out again: the interface inward never binds first.
            Source::Teed { .. } => Path::over([out, disk, egress, upstream]),
        }
    }

    /// Most bytes of a body that arrive before the connection breaks, for the storage is full.
    pub(crate) fn mirror_breaks_after(&self, served: Served, blob: BlobId) -> Option<Bytes> {
        match served.source {
            Source::Teed { reserved } => {
                Some(reserved).filter(|it| *it < self.catalogue.size(blob))
            }
            Source::Stored | Source::Passed { .. } => None,
        }
    }

    /// Bytes of a body that came from upstream.
    fn note_passed_on(&mut self, now: Time, served: Served, bytes: Bytes) {
        if !matches!(served.source, Source::Stored) {
            let mirror = self.supply.mirrors.replicas[served.replica.idx()].server;
            self.record.note(now, Fact::Mirror { mirror, what: MirrorTold::Received { bytes } });
            if let Some(session) = self.session_mut(served.replica, EndpointKind::Cdn) {
                session.carried += bytes.0;
            }
        }
    }

    /// How a mirror stores what it fetches.
    fn storing(&self, server: RegistryId) -> Storing {
        let mirror = self.spec.registries[server.idx()].mirror.as_ref();
        mirror.map_or(Storing::Beside, |it| it.storing)
    }
}
