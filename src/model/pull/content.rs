//! What a pull fetches and unpacks: objects claimed from the node's store, bodies as flows, layers
//! unpacked from the bottom up.

use crate::model::client::Do;
use crate::model::ids::{ChainId, LaneId, ObjectId, PullId};
use crate::model::image::Object;
use crate::model::node::image_store::{Claim, Waiter};
use crate::model::pull::{Lane, ObjectState, Unpack};
use crate::model::record::fact::{BytesTold, Fact};
use crate::model::wire::body::Receiver;
use crate::model::words::cause::Cause;
use crate::model::{Event, World};
use crate::resource::link::Path;
use crate::units::{Bytes, Time};

impl World<'_> {
    /// Fetches index, manifest and config one after another on the first lane, then the layers.
    pub(super) fn fetch_serial(&mut self, now: Time, id: PullId, from: ObjectId) {
        let first_layer = self.catalogue.image(self.pulls[id].content).first_layer;
        for object in (from.idx()..first_layer).map(ObjectId::from) {
            if !self.claim_object(now, id, LaneId(0), object) {
                return;
            }
            if let Some(cause) = self.platform_missing(id, object) {
                self.fail_pull(now, id, cause, None);
                return;
            }
        }
        self.begin_layers(now, id);
    }

    /// After the index: whether it names a manifest for the node's platform.
    fn platform_missing(&self, id: PullId, object: ObjectId) -> Option<Cause> {
        let pull = &self.pulls[id];
        let image = self.catalogue.image(pull.content);
        let arch = &self.spec.pools[self.cluster.nodes[pull.node.idx()].pool.idx()].arch;
        let missing = image.object(object) == Object::Index && !image.has_platform(arch);
        missing.then_some(Cause::PlatformMissing)
    }

    /// Claims an object for a lane: true when the pull holds it now; otherwise the lane fetches it
    /// or waits for whoever does.
    fn claim_object(&mut self, now: Time, id: PullId, lane: LaneId, object: ObjectId) -> bool {
        let pull = &self.pulls[id];
        let blob = self.catalogue.image(pull.content).objects[object.idx()];
        let waiter = Waiter { pull: id, object };
        let (node, size) = (pull.node, self.catalogue.size(blob));
        let claim = self.cluster.nodes[node.idx()].store.claim_blob(blob, size, waiter);
        let pull = &mut self.pulls[id];
        let state = &mut pull.lanes[lane.idx()];
        state.object = object;
        state.offset = Bytes::ZERO;
        match claim {
            Claim::Present => {
                pull.objects[object.idx()] = ObjectState::Held;
                true
            }
            Claim::Granted => {
                pull.objects[object.idx()] = ObjectState::Fetching(lane);
                let terms = self.terms(id, lane);
                let first = self.pulls[id].lanes[lane.idx()].line.fetch(&terms);
                self.act(now, id, lane, first);
                self.disk_grew(now, node);
                false
            }
            Claim::Full => {
                self.disk_is_full(now, id, lane);
                false
            }
            Claim::Wait => {
                pull.objects[object.idx()] = ObjectState::Waiting(lane);
                false
            }
        }
    }

    /// There is no room for what a lane asks for: `no space left on device`. The pull ends in this
    /// instant, behind whatever is being done for it.
    fn disk_is_full(&mut self, now: Time, id: PullId, lane: LaneId) {
        self.act_when_due(now, id, lane, Do::Fail(Cause::DiskFull, None));
    }

    /// Whoever had the blob has it no longer: the waiting lane claims it.
    pub(crate) fn on_blob_freed(&mut self, now: Time, waiter: Waiter) {
        let Some(pull) = self.pulls.get(waiter.pull) else { return };
        let Some(&ObjectState::Waiting(lane)) = pull.objects.get(waiter.object.idx()) else {
            return;
        };
        self.restart_progress_clock(now, waiter.pull);
        if self.claim_object(now, waiter.pull, lane, waiter.object) {
            self.object_held(now, waiter.pull, lane, waiter.object);
        }
    }

    /// The lane has its object: on to the next one.
    fn object_held(&mut self, now: Time, id: PullId, lane: LaneId, object: ObjectId) {
        if object.idx() < self.catalogue.image(self.pulls[id].content).first_layer {
            if let Some(cause) = self.platform_missing(id, object) {
                self.fail_pull(now, id, cause, None);
            } else {
                self.fetch_serial(now, id, ObjectId(object.0 + 1));
            }
        } else {
            self.next_layer(now, id, lane);
            self.unpack_next(now, id);
        }
    }

    /// The config is there: layers are fetched from the first missing chain up.
    fn begin_layers(&mut self, now: Time, id: PullId) {
        let pull = &self.pulls[id];
        let image = self.catalogue.image(pull.content);
        let store = &self.cluster.nodes[pull.node.idx()].store;
        let missing = image.chains.iter().position(|&it| !store.has_chain(it));
        let first_missing = missing.unwrap_or(image.chains.len()) as u32;
        let n_missing = image.chains.len() - first_missing as usize;
        for layer in 0..first_missing {
            self.claim_present_layer(id, layer);
        }
        let n_lanes = self.profile(self.pulls[id].node).max_concurrent_downloads;
        let generation = self.pulls.generation(id);
        let pull = &mut self.pulls[id];
        pull.first_missing = first_missing;
        pull.next_layer = first_missing;
        pull.unpacked = first_missing;
        // One for each layer that is missing, as far as the client allows; the first stays.
        let n_lanes = n_missing.min(n_lanes as usize).max(1);
        pull.lanes.resize(n_lanes, Lane::new());
        for lane in (0..n_lanes).map(LaneId::from) {
            self.next_layer(now, id, lane);
        }
        // Layers that were all present may have completed nothing yet; a completed pull is gone by
        // now.
        if self.pulls.current(id, generation).is_some() {
            self.unpack_next(now, id);
        }
    }

    /// A layer whose chain is unpacked: the pull holds chain and, where it is still there, blob.
    fn claim_present_layer(&mut self, id: PullId, layer: u32) {
        let pull = &self.pulls[id];
        let node = pull.node;
        let image = self.catalogue.image(pull.content);
        let object = image.layer(layer);
        let (blob, chain) = (image.objects[object.idx()], image.chains[layer as usize]);
        let waiter = Waiter { pull: id, object };
        let store = &mut self.cluster.nodes[node.idx()].store;
        // What is there needs no room.
        let held =
            store.has_blob(blob) && store.claim_blob(blob, Bytes::ZERO, waiter) == Claim::Present;
        let claimed = store.claim_chain(chain, Bytes::ZERO, waiter);
        debug_assert_eq!(claimed, Claim::Present);
        self.pulls[id].objects[object.idx()] =
            if held { ObjectState::Held } else { ObjectState::Skipped };
    }

    /// Gives the lane its next layer; layers that are present are held at once.
    fn next_layer(&mut self, now: Time, id: PullId, lane: LaneId) {
        loop {
            let pull = &mut self.pulls[id];
            let image = self.catalogue.image(pull.content);
            if image.chains.len() as u32 <= pull.next_layer {
                return;
            }
            let object = image.layer(pull.next_layer);
            pull.next_layer += 1;
            // A digest that stands twice in one image is fetched once: the second waits for, or
            // finds, the first.
            if !self.claim_object(now, id, lane, object) {
                return;
            }
        }
    }

    /// The body begins to flow.
    pub(crate) fn on_body_started(
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
        let image = self.catalogue.image(pull.content);
        let registry = &self.spec.registries[image.registry.idx()];
        let whole = self.catalogue.size(image.objects[state.object.idx()]);
        let size = if state.is_read_whole() { whole } else { whole - state.offset };
        let node = &self.cluster.nodes[pull.node.idx()];
        let (path, size) = if let Some(served) = state.served {
            let blob = image.objects[state.object.idx()];
            (self.mirror_path(served), self.mirror_breaks_after(served, blob).unwrap_or(size))
        } else {
            let egress = self.supply.egresses.link(self.spec.pools[node.pool.idx()].egress);
            let egress = egress.filter(|_| !registry.private);
            let upstream = self.supply.registry_links[image.registry.idx()];
            (Path::over([egress, upstream, None, None]), size)
        };
        let tag = Receiver::Lane(id, lane).tag();
        let cap = registry.connection_bandwidth.filter(|_| !state.is_stored_at_mirror());
        let flow = self.supply.links.start(now, node.leaf, path, cap, size, tag);
        let pull = &mut self.pulls[id];
        pull.lanes[lane.idx()].flow = Some(flow);
        pull.flows += 1;
        self.links_changed(now);
    }

    /// The body of a lane's object arrived in full.
    pub(crate) fn on_body_received(&mut self, now: Time, id: PullId, lane: LaneId) {
        if self.body_broke_off(now, id, lane) {
            return;
        }
        let pull = &mut self.pulls[id];
        let state = &mut pull.lanes[lane.idx()];
        let object = state.object;
        let grant = state.grant.take();
        state.flow = None;
        pull.flows -= 1;
        pull.last_byte = now;
        pull.objects[object.idx()] = ObjectState::Held;
        let (node, image) = (pull.node, pull.content);
        let names = (pull.image, pull.content);
        let from = pull.servers[usize::from(state.line.host())];
        let again = if state.is_read_whole() { state.offset } else { Bytes::ZERO };
        let (offset, served) = (std::mem::take(&mut state.offset), state.served.take());
        let blob = self.catalogue.image(image).objects[object.idx()];
        let received = self.catalogue.size(blob) + again - offset;
        pull.attempt.bytes += received;
        self.connection_carried(id, lane, received);
        let told = BytesTold::Received { registry: from, bytes: received };
        self.record.note(now, Fact::Bytes(told));
        let told = BytesTold::Discarded { bytes: again };
        self.record.note(now, Fact::Bytes(told));
        if let Some(served) = served {
            self.mirror_served(now, served, received, blob);
            self.body_passed_on(now, served, names, object);
        }
        if let Some(grant) = grant {
            self.supply.limits.release(grant);
        }
        let mut woken = std::mem::take(&mut self.cluster.woken);
        self.cluster.nodes[node.idx()].store.blob_fetched(blob, &mut woken);
        self.wake(now, woken, |waiter| Event::BlobFreed { waiter });
        self.object_held(now, id, lane, object);
    }

    /// Unpacks the next layer from the bottom, where it is fetched and nothing of this pull is
    /// being unpacked; the pull is complete when all are.
    fn unpack_next(&mut self, now: Time, id: PullId) {
        loop {
            let Some(pull) = self.pulls.get(id).filter(|it| it.unpack == Unpack::Idle) else {
                return;
            };
            let image = self.catalogue.image(pull.content);
            let layer = pull.unpacked as usize;
            if layer == image.chains.len() {
                self.complete_pull(now, id);
                return;
            }
            let object = image.layer(pull.unpacked);
            if pull.objects[object.idx()] != ObjectState::Held {
                return;
            }
            let (chain, node) = (image.chains[layer], pull.node);
            let waiter = Waiter { pull: id, object };
            let size = self.catalogue.size(image.objects[object.idx()]);
            let unpacked = self.unpacked_size(node, size);
            match self.cluster.nodes[node.idx()].store.claim_chain(chain, unpacked, waiter) {
                Claim::Present => self.pulls[id].unpacked += 1,
                Claim::Wait => {
                    self.pulls[id].unpack = Unpack::Waiting;
                    return;
                }
                Claim::Full => {
                    // It may have been woken for others who wait as well: they are next.
                    self.pulls[id].unpack = Unpack::Waiting;
                    self.disk_is_full(now, id, LaneId(0));
                    return;
                }
                Claim::Granted => {
                    let done = self.cluster.nodes[node.idx()].disk.serve(now, size);
                    self.pulls[id].unpack = Unpack::Working;
                    let generation = self.pulls.generation(id);
                    self.clock
                        .calendar
                        .schedule(done, Event::LayerUnpacked { pull: id, generation });
                    self.disk_grew(now, node);
                    return;
                }
            }
        }
    }

    /// The disk is done with the layer.
    pub(crate) fn on_layer_unpacked(&mut self, now: Time, id: PullId, generation: u32) {
        let Some(pull) = self.pulls.current(id, generation) else { return };
        let (node, chain) = (pull.node, self.chain_at_work(id));
        let pull = &mut self.pulls[id];
        pull.unpack = Unpack::Idle;
        pull.unpacked += 1;
        let mut woken = std::mem::take(&mut self.cluster.woken);
        self.cluster.nodes[node.idx()].store.chain_unpacked(chain, &mut woken);
        self.wake(now, woken, |waiter| Event::ChainFreed { waiter });
        self.unpack_next(now, id);
    }

    /// Whoever unpacked the chain has ended: the waiting pull claims it.
    pub(crate) fn on_chain_freed(&mut self, now: Time, waiter: Waiter) {
        let pull = self.pulls.get(waiter.pull);
        if pull.is_some_and(|it| it.unpack == Unpack::Waiting) {
            self.pulls[waiter.pull].unpack = Unpack::Idle;
            self.unpack_next(now, waiter.pull);
        }
    }

    fn chain_at_work(&self, id: PullId) -> ChainId {
        let pull = &self.pulls[id];
        self.catalogue.image(pull.content).chains[pull.unpacked as usize]
    }

    fn wake(&mut self, now: Time, mut woken: Vec<Waiter>, event: fn(Waiter) -> Event) {
        for waiter in woken.drain(..) {
            self.clock.calendar.schedule(now, event(waiter));
        }
        self.cluster.woken = woken;
    }

    /// Stops every lane: flows are cancelled, locks and places in queues are given up, grants are
    /// returned.
    pub(super) fn stop_lanes(&mut self, now: Time, id: PullId) {
        let pull = &self.pulls[id];
        let (node, image) = (pull.node, pull.content);
        for lane in pull.lane_ids() {
            self.note_unanswered(now, id, lane);
            let state = &mut self.pulls[id].lanes[lane.idx()];
            let (flow, grant) = (state.flow.take(), state.grant.take());
            let (served, before) = (state.served.take(), std::mem::take(&mut state.offset));
            let (object, host) = (state.object, usize::from(state.line.host()));
            state.turn = state.turn.wrapping_add(1);
            let mut partial = Bytes::ZERO;
            if let Some(flow) = flow {
                partial = self.supply.links.cancel(now, flow);
                let pull = &mut self.pulls[id];
                pull.attempt.bytes += partial;
                let from = pull.servers[host];
                let told = BytesTold::Received { registry: from, bytes: partial };
                self.record.note(now, Fact::Bytes(told));
                self.links_changed(now);
            }
            if self.fetches(id, lane) {
                let told = BytesTold::Discarded { bytes: partial + before };
                self.record.note(now, Fact::Bytes(told));
            }
            if let Some(served) = served {
                let blob = self.catalogue.image(image).objects[object.idx()];
                self.mirror_served(now, served, partial, blob);
            }
            if let Some(grant) = grant {
                self.supply.limits.release(grant);
            }
        }
        let mut woken = std::mem::take(&mut self.cluster.woken);
        let store = &mut self.cluster.nodes[node.idx()].store;
        let parts = self.catalogue.image(image);
        for (object, state) in self.pulls[id].objects.iter().enumerate() {
            match state {
                ObjectState::Fetching(_) => {
                    store.blob_abandoned(parts.objects[object], &mut woken);
                }
                ObjectState::Waiting(_) => {
                    store.leave_blob_queue(parts.objects[object], id, &mut woken);
                }
                ObjectState::Pending | ObjectState::Held | ObjectState::Skipped => {}
            }
        }
        self.wake(now, woken, |waiter| Event::BlobFreed { waiter });
        self.stop_unpacking(now, id);
    }

    fn stop_unpacking(&mut self, now: Time, id: PullId) {
        let pull = &self.pulls[id];
        let unpack = pull.unpack;
        if unpack == Unpack::Idle {
            return;
        }
        let (node, chain) = (pull.node, self.chain_at_work(id));
        let mut woken = std::mem::take(&mut self.cluster.woken);
        let store = &mut self.cluster.nodes[node.idx()].store;
        if unpack == Unpack::Working {
            store.chain_abandoned(chain, &mut woken);
        } else {
            store.leave_chain_queue(chain, id, &mut woken);
        }
        self.wake(now, woken, |waiter| Event::ChainFreed { waiter });
        self.pulls[id].unpack = Unpack::Idle;
    }

    /// Lets go of everything the pull held; what nobody else holds is thrown away.
    pub(super) fn release_content(&mut self, now: Time, id: PullId) {
        let pull = &self.pulls[id];
        let (node, image) = (pull.node, pull.content);
        let store = &mut self.cluster.nodes[node.idx()].store;
        let parts = self.catalogue.image(image);
        for (object, state) in pull.objects.iter().enumerate() {
            if *state == ObjectState::Held {
                let blob = parts.objects[object];
                let discarded = store.release_blob(blob);
                let told = BytesTold::Discarded { bytes: discarded };
                self.record.note(now, Fact::Bytes(told));
            }
        }
        for &chain in &parts.chains[..pull.unpacked as usize] {
            store.release_chain(chain);
        }
    }
}
