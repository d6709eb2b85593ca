//! Nodes and pools: machines that boot, drain, restart and go away.

use crate::model::record::fact::{BytesTold, Fact};
use crate::model::words::phase::NodeState;
use std::collections::{BTreeSet, VecDeque};

use crate::engine::chance::{combine, shuffle_by_key, stable_hash};
use crate::model::ids::{
    AccountId, AddressId, ImageId, NodeId, PodId, PoolId, PullId, RegistryId, WorkloadId,
};
use crate::model::node::disk::{self, DiskWatch};
use crate::model::node::image_store::ImageStore;
use crate::model::node::kubelet::Kubelet;
use crate::model::spec::KubeletSpec;
use crate::model::words::cause::Cause;
use crate::model::words::phase::Phase;
use crate::model::{Event, Purpose, World};
use crate::resource::link::LeafId;
use crate::resource::station::Station;
use crate::units::{Bytes, Span, Time};

/// One node instance: a slot of its pool in one generation.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Stable key: hash of the pool, slot and generation.
    pub(crate) key: u64,
    pub(crate) pool: PoolId,
    pub(crate) slot: u32,
    pub(crate) state: NodeState,
    pub(crate) kubelet: Kubelet,
    /// Starts of its kubelet so far.
    pub(crate) kubelet_starts: u32,
    pub(crate) store: ImageStore,
    /// How its kubelet watches disk and images, where there is a reason to.
    pub(crate) watch: Option<DiskWatch>,
    /// Pods bound to it.
    pub(crate) pods: Vec<PodId>,
    /// Pods of DaemonSets that wait until it takes them.
    pub(crate) pinned: Vec<PodId>,
    /// Pulls in flight on it.
    pub(crate) pulls: Vec<PullId>,
    /// The source address it keeps.
    pub(crate) address: AddressId,
    /// Its address towards private registries, once it has asked one.
    pub(crate) private_address: Option<AddressId>,
    /// Connections made so far, where each draws its address.
    pub(crate) connections: u64,
    /// Mirrors that its runtime asks, and connections made to them so far.
    pub(crate) mirrors: Vec<RegistryId>,
    pub(crate) mirror_connections: u64,
    /// Its network interface.
    pub(crate) leaf: LeafId,
    /// Its disk, unpacking.
    pub(crate) disk: Station,
    /// It takes no pods but those of its pool's image puller, until that pod is ready here.
    pub(crate) tainted: bool,
    /// Its place in the scheduler's order, while pods can be bound to it.
    pub(crate) open_as: Option<(u32, u64)>,
}

/// A pool at work.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) key: u64,
    /// The node of each slot, and its generation.
    pub(crate) slots: Vec<Slot>,
    /// Nodes wanted.
    pub(crate) wanted: u32,
    /// Nodes that take pods, the least loaded first, ties by a keyed draw.
    pub(crate) open: BTreeSet<(u32, u64, NodeId)>,
    /// Pods that no node takes.
    pub(crate) unschedulable: VecDeque<PodId>,
    /// What a kubelet starts with from now on.
    pub(crate) kubelet: KubeletSpec,
    /// Credentials of its nodes.
    pub(crate) accounts: Vec<AccountId>,
    /// What a new node has on its disk from now on.
    pub(crate) preloaded: Vec<ImageId>,
    /// Whether its kubelets watch disk and images.
    is_watched: bool,
    /// Mean lifetime and notice of spot nodes, once that has begun.
    pub(crate) spot: Option<(Span, Span)>,
    /// Mirrors that new nodes know by now, of those that come by the timeline.
    pub(crate) mirrors: Vec<RegistryId>,
}

/// A place for a node in a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) generation: u32,
    pub(crate) node: Option<NodeId>,
}

impl World<'_> {
    /// Builds the pools and asks for their first nodes, in shuffled order over the join span.
    pub(crate) fn open_pools(&mut self) {
        for (number, pool) in self.spec.pools.iter().enumerate() {
            let id = PoolId::from(number);
            self.cluster.pools.push(Pool {
                key: combine(stable_hash("pool"), stable_hash(&pool.name)),
                slots: Vec::new(),
                wanted: pool.nodes,
                open: BTreeSet::new(),
                unschedulable: VecDeque::new(),
                kubelet: pool.kubelet,
                accounts: pool.accounts.clone(),
                preloaded: pool.preloaded.clone(),
                is_watched: disk::is_watched(self.spec, id),
                spot: None,
                mirrors: Vec::new(),
            });
            let mut slots: Vec<u64> = (0..u64::from(pool.nodes)).collect();
            let key = self.cluster.pools[number].key;
            shuffle_by_key(&mut slots, self.clock.chance, Purpose::JoinOrder as u64, |&slot| {
                combine(key, slot)
            });
            self.cluster.pools[number].slots =
                vec![Slot { generation: 0, node: None }; pool.nodes as usize];
            for (nth, &slot) in (0u64..).zip(&slots) {
                let offset = pool.join_over * nth / slots.len() as u64;
                let ready = Time::ZERO + pool.join_at + offset;
                let node = self.add_node(id, slot as u32);
                self.clock.calendar.schedule(ready, Event::NodeBooted { node });
            }
        }
    }

    /// A machine for a slot: a new instance, with what its pool preloads.
    fn add_node(&mut self, pool: PoolId, slot: u32) -> NodeId {
        let spec = &self.spec.pools[pool.idx()];
        let state = &mut self.cluster.pools[pool.idx()];
        let id = NodeId::from(self.cluster.nodes.len());
        let generation = state.slots[slot as usize].generation;
        state.slots[slot as usize] = Slot { generation: generation + 1, node: Some(id) };
        let key = combine(state.key, u64::from(slot) << 32 | u64::from(generation));
        let room = spec.disk.capacity.map(|it| Bytes(it.0.saturating_sub(spec.disk.used.0)));
        self.cluster.nodes.push(Node {
            key,
            pool,
            slot,
            state: NodeState::Booting,
            kubelet: Kubelet::new(state.kubelet, Span::ZERO),
            kubelet_starts: 0,
            store: ImageStore::new(room),
            watch: state.is_watched.then(DiskWatch::default),
            pods: Vec::new(),
            pinned: Vec::new(),
            pulls: Vec::new(),
            address: self.supply.egresses.address_of_new_node(spec.egress, key),
            private_address: None,
            connections: 0,
            mirrors: self.mirrors_of_new_node(pool, key),
            mirror_connections: 0,
            leaf: self.supply.links.add_leaf(spec.nic),
            disk: Station::new(spec.unpack),
            tainted: false,
            open_as: None,
        });
        let now = self.clock.calendar.now();
        self.record.note(now, Fact::NodeAdded { node: id, pool, slot, generation });
        for nth in 0..self.cluster.pools[pool.idx()].preloaded.len() {
            let image = self.cluster.pools[pool.idx()].preloaded[nth];
            self.preload(id, image);
        }
        id
    }

    /// Puts an image on the disk of a node, as if it had always been there.
    pub(crate) fn preload(&mut self, node: NodeId, image: ImageId) {
        let seeded = self.add_image(node, (image, image), Time::ZERO).unwrap_or(Bytes::ZERO);
        let now = self.clock.calendar.now();
        self.record.note(now, Fact::Bytes(BytesTold::Seeded { bytes: seeded }));
        self.disk_grew(now, node);
    }

    /// Puts an image on a node, present from `from` on: a content under a reference. Returns the
    /// size of the blobs that were not there before; `None` where the content was there.
    pub(crate) fn add_image(
        &mut self,
        node: NodeId,
        (reference, content): (ImageId, ImageId),
        from: Time,
    ) -> Option<Bytes> {
        let state = &mut self.cluster.nodes[node.idx()];
        let disk = &self.spec.pools[state.pool.idx()].disk;
        let (parts, catalogue) = (self.catalogue.image(content), &self.catalogue);
        let blobs = parts.objects.iter().map(|&blob| (blob, catalogue.size(blob)));
        let unpacked = parts.layers().iter().map(|&blob| disk.unpacked(catalogue.size(blob)));
        let chains = parts.chains.iter().copied().zip(unpacked);
        let added = state.store.add_image((reference, content), from, blobs, chains);
        if added.is_some()
            && let Some(watch) = &mut state.watch
        {
            watch.records.added(content, from);
        }
        added
    }

    /// Asks for a machine for a slot; it is ready after the pool's boot time.
    pub(crate) fn request_node(&mut self, now: Time, pool: PoolId, slot: u32) {
        let node = self.add_node(pool, slot);
        let boot = self.spec.pools[pool.idx()].boot;
        self.clock.calendar.schedule(now + boot, Event::NodeBooted { node });
    }

    /// A node is ready, for the first time or after a restart.
    pub(crate) fn on_node_booted(&mut self, now: Time, node: NodeId) {
        let state = &mut self.cluster.nodes[node.idx()];
        if !matches!(state.state, NodeState::Booting | NodeState::Restarting) {
            return;
        }
        let first = state.state == NodeState::Booting;
        state.state = NodeState::Ready;
        let pool = state.pool;
        let is_tainted = first && self.has_startup_taint(pool);
        self.cluster.nodes[node.idx()].tainted |= is_tainted;
        self.note_state(now, node);
        self.start_kubelet(now, node);
        self.reopen_node(node);
        if first {
            self.record.note(now, Fact::NodeJoined { node, pool });
            self.start_spot_lifetime(now, node);
            self.daemons_for_new_node(now, node);
        }
        self.retry_pinned(now, node);
        self.retry_unschedulable(now, pool);
    }

    fn note_state(&mut self, now: Time, node: NodeId) {
        let Node { key, state, .. } = self.cluster.nodes[node.idx()];
        self.record.note(now, Fact::NodeChanged { node, key, state });
    }

    /// Draws the lifetime of a spot node, once interruptions have begun.
    pub(crate) fn start_spot_lifetime(&mut self, now: Time, node: NodeId) {
        let state = &self.cluster.nodes[node.idx()];
        if let Some((mean, _)) = self.cluster.pools[state.pool.idx()].spot {
            let mut draw = self.clock.chance.draw(Purpose::SpotLifetime as u64, state.key, 0);
            let noticed = now + draw.exponential(mean);
            self.clock.calendar.schedule(noticed, Event::SpotNoticed { node });
        }
    }

    /// The notice of an interruption: the node is drained at once and replaced in parallel; it is
    /// lost when the notice runs out.
    pub(crate) fn on_spot_noticed(&mut self, now: Time, node: NodeId) {
        let state = &self.cluster.nodes[node.idx()];
        let Some((_, notice)) = self.cluster.pools[state.pool.idx()].spot else { return };
        if matches!(state.state, NodeState::Ready | NodeState::Cordoned | NodeState::Restarting) {
            self.begin_drain(now, node, true);
            self.clock.calendar.schedule(now + notice, Event::NodeLost { node });
        }
    }

    /// Takes a node out of service: no new pods, the old ones go after the drain time; a
    /// replacement is asked for at once where its slot is still wanted.
    pub(crate) fn begin_drain(&mut self, now: Time, node: NodeId, replace: bool) {
        let state = &mut self.cluster.nodes[node.idx()];
        state.state = NodeState::Draining;
        let (pool, slot) = (state.pool, state.slot);
        self.close_node(node);
        self.note_state(now, node);
        let drain = self.spec.pools[pool.idx()].drain;
        self.clock.calendar.schedule(now + drain, Event::NodeDrained { node });
        if replace {
            self.request_node(now, pool, slot);
        } else {
            self.cluster.pools[pool.idx()].slots[slot as usize].node = None;
        }
    }

    /// The drain is over: pods are evicted, the machine goes.
    pub(crate) fn on_node_drained(&mut self, now: Time, node: NodeId) {
        if self.cluster.nodes[node.idx()].state == NodeState::Draining {
            self.lose_node(now, node);
        }
    }

    /// Takes a node out of service to change its configuration: when the drain is over, its pods
    /// but those of DaemonSets are evicted, and it restarts with its disk.
    pub(crate) fn cordon(&mut self, now: Time, node: NodeId) {
        let state = &mut self.cluster.nodes[node.idx()];
        state.state = NodeState::Cordoned;
        let pool = state.pool;
        self.close_node(node);
        self.note_state(now, node);
        let drain = self.spec.pools[pool.idx()].drain;
        self.clock.calendar.schedule(now + drain, Event::NodeReconfigured { node });
    }

    /// The drain of a cordoned node is over.
    pub(crate) fn on_node_reconfigured(&mut self, now: Time, node: NodeId) {
        if self.cluster.nodes[node.idx()].state != NodeState::Cordoned {
            return;
        }
        for pod in self.cluster.nodes[node.idx()].pods.clone() {
            if !self.cluster.pods[pod.idx()].pinned {
                self.remove_pod(now, pod);
            }
        }
        let pool = self.cluster.nodes[node.idx()].pool;
        for nth in 0..self.cluster.pools[pool.idx()].mirrors.len() {
            let mirror = self.cluster.pools[pool.idx()].mirrors[nth];
            self.adopt_mirror(node, mirror);
        }
        self.cluster.nodes[node.idx()].state = NodeState::Ready;
        self.restart_node(now, node);
    }

    /// The machine is gone, with its disk, its pulls and its pods.
    pub(crate) fn lose_node(&mut self, now: Time, node: NodeId) {
        if self.cluster.nodes[node.idx()].state == NodeState::Gone {
            return;
        }
        self.close_node(node);
        self.stop_kubelet(now, node, Cause::NodeLost);
        self.cluster.nodes[node.idx()].state = NodeState::Gone;
        self.note_state(now, node);
        let pods = std::mem::take(&mut self.cluster.nodes[node.idx()].pods);
        for pod in pods {
            self.remove_pod(now, pod);
        }
        let lost = std::mem::take(&mut self.cluster.nodes[node.idx()].store);
        let kept = lost.blobs().map(|blob| self.catalogue.size(blob)).sum();
        self.record.note(now, Fact::Bytes(BytesTold::Lost { bytes: kept }));
        self.daemons_of_lost_node(now, node);
    }

    /// The machine restarts: its disk stays, running pulls and all that the kubelet knew are lost,
    /// containers start anew when it is back.
    pub(crate) fn restart_node(&mut self, now: Time, node: NodeId) {
        if self.cluster.nodes[node.idx()].state != NodeState::Ready {
            return;
        }
        self.close_node(node);
        self.stop_kubelet(now, node, Cause::NodeLost);
        self.cluster.nodes[node.idx()].state = NodeState::Restarting;
        self.note_state(now, node);
        for nth in 0..self.cluster.nodes[node.idx()].pods.len() {
            let pod = self.cluster.nodes[node.idx()].pods[nth];
            self.pod_unready(now, pod);
            let state = &mut self.cluster.pods[pod.idx()];
            let was_polled = state.polls.is_some();
            state.reset_sandbox();
            state.phase = Phase::Waiting;
            if was_polled {
                self.record.note(now, Fact::PollsEnded { pod, node });
            }
        }
        let boot = self.spec.pools[self.cluster.nodes[node.idx()].pool.idx()].boot;
        self.clock.calendar.schedule(now + boot, Event::NodeBooted { node });
    }

    /// The kubelet restarts: containers run on, pulls and back-off are lost.
    pub(crate) fn restart_kubelet(&mut self, now: Time, node: NodeId) {
        if self.cluster.nodes[node.idx()].state == NodeState::Ready {
            self.stop_kubelet(now, node, Cause::KubeletRestarted);
            self.start_kubelet(now, node);
        }
    }

    /// Brings a pool to `wanted` nodes: new slots are filled, surplus nodes (the highest slots)
    /// drained.
    pub(crate) fn scale_pool(&mut self, now: Time, pool: PoolId, wanted: u32) {
        let n_slots = self.cluster.pools[pool.idx()].slots.len() as u32;
        self.cluster.pools[pool.idx()].wanted = wanted;
        for number in 0..self.control.workloads.len() {
            self.note_availability(WorkloadId::from(number));
        }
        for slot in wanted..n_slots {
            if let Some(node) = self.cluster.pools[pool.idx()].slots[slot as usize].node {
                match self.cluster.nodes[node.idx()].state {
                    NodeState::Ready | NodeState::Cordoned | NodeState::Restarting => {
                        self.begin_drain(now, node, false);
                    }
                    NodeState::Booting => {
                        self.cluster.nodes[node.idx()].state = NodeState::Gone;
                        self.cluster.pools[pool.idx()].slots[slot as usize].node = None;
                    }
                    NodeState::Draining | NodeState::Gone => {}
                }
            }
        }
        for slot in 0..wanted {
            if n_slots <= slot {
                self.cluster.pools[pool.idx()].slots.push(Slot { generation: 0, node: None });
            }
            if self.cluster.pools[pool.idx()].slots[slot as usize].node.is_none() {
                self.request_node(now, pool, slot);
            }
        }
    }

    /// Nodes of a pool that are ready now, by slot.
    pub(crate) fn ready_nodes(&self, pool: PoolId) -> Vec<NodeId> {
        let slots = self.cluster.pools[pool.idx()].slots.iter().filter_map(|it| it.node);
        slots.filter(|it| self.cluster.nodes[it.idx()].state == NodeState::Ready).collect()
    }

    /// Whether a pod on the node waits for an image.
    pub(crate) fn node_waits(&self, node: NodeId) -> bool {
        let pods = &self.cluster.nodes[node.idx()].pods;
        pods.iter().any(|it| self.cluster.pods[it.idx()].phase == Phase::Waiting)
    }
}
