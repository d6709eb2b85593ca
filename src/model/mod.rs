//! The world: plain state machines; no files, no serde, no wall clock, no threads.
//!
//! [`run`] builds a `World` from a [`Spec`] and runs it to its end. Everything that can happen is
//! an `Event`, and the one match on events stands in `World::handle`; handlers are in the file of
//! the part they belong to. After the check, nothing here can fail: the result is an [`Outcome`],
//! and why a run stopped is data in it.

pub(crate) mod client;
mod clock;
pub(crate) mod control;
pub mod ids;
pub mod image;
pub mod node;
pub(crate) mod pull;
pub mod record;
pub mod spec;
pub(crate) mod supply;
mod wire;
pub mod words;

use clock::Clock;
use control::Control;
use ids::{
    BackgroundId, BlobId, LaneId, NodeId, PodId, PullId, StorageId, TaskId, TimelineId, WorkloadId,
};
use image::Catalogue;
use node::Cluster;
use node::image_store::Waiter;
use pull::Pulls;
use record::levels::View;
use record::outcome::{FactSink, Outcome, RequestSink, StopReason};
use record::recorder::{Recorder, Sinks};
use spec::Spec;
use supply::Supply;
use wire::body::Receiver;
use words::polling::Polling;
use words::reply::Grant;

use crate::units::Time;

/// A run stops after this many events, so that no scenario can run for ever: about an hour of one
/// core.
pub const MAX_EVENTS: u64 = 5_000_000_000;

/// Events from one report of a run's progress to the next.
pub const PROGRESS_EVENTS: u64 = 100_000;

/// What is recorded beside the metrics; nothing here changes a result.
#[derive(Default)]
pub struct Recording<'a> {
    /// Keep rows and series.
    pub detail: bool,
    /// Takes every HTTP request.
    pub requests: Option<&'a mut dyn RequestSink>,
    /// Takes every fact.
    pub trace: Option<&'a mut dyn FactSink>,
    /// Called about every [`PROGRESS_EVENTS`] events with the simulated time reached, for a
    /// progress bar; it tells whether the run is to go on.
    pub progress: Option<&'a mut dyn FnMut(Time) -> bool>,
    /// Whether idle polls of the kubelets are events; the results are the same.
    pub polling: Polling,
}

/// Everything that can happen: past-tense facts that carry ids only.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    WorkloadStarted { workload: WorkloadId },
    PodAsked { workload: WorkloadId },
    PodCreated { workload: WorkloadId, revision: u16 },
    DaemonCreated { workload: WorkloadId, node: NodeId },
    PodScheduled { pod: PodId },
    PodSynced { pod: PodId, plan: u32 },
    SyncsDue,
    InitContainerEnded { pod: PodId, plan: u32 },
    PodReady { pod: PodId, plan: u32 },
    PodCompleted { pod: PodId, plan: u32 },
    PullRejected { pod: PodId },
    RequestArrived { pull: PullId, generation: u32, lane: LaneId, turn: u16 },
    Answered { pull: PullId, generation: u32, lane: LaneId },
    BodyStarted { pull: PullId, generation: u32, lane: LaneId, turn: u16 },
    LinksChanged,
    FlowFinished { generation: u64 },
    BlobFreed { waiter: Waiter },
    ChainFreed { waiter: Waiter },
    LayerUnpacked { pull: PullId, generation: u32 },
    ProgressChecked { pull: PullId, generation: u32 },
    GrantReturned { grant: Grant },
    MirrorAsked { task: TaskId, generation: u32 },
    MirrorStepped { task: TaskId, generation: u32 },
    MirrorExpired { storage: StorageId, blob: BlobId },
    NodeBooted { node: NodeId },
    NodeDrained { node: NodeId },
    NodeReconfigured { node: NodeId },
    NodeLost { node: NodeId },
    SpotNoticed { node: NodeId },
    TimelineReached { timeline: TimelineId, step: u32 },
    PauseEnded { workload: WorkloadId },
    ProgressDeadline { workload: WorkloadId },
    CanaryChecked { workload: WorkloadId, turn: u32 },
    BackgroundPulled { background: BackgroundId, n: u32 },
    ImageGcDue { node: NodeId, plan: u32 },
    EvictionDue { node: NodeId, plan: u32 },
}

const _: () = assert!(size_of::<Event>() <= 16, "keep events small: the heap moves them");

/// What draws are for. Numbers are part of the results: a new purpose takes a new number.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Purpose {
    KubeletPhase = 1,
    PodPolls = 2,
    SyncOrder = 3,
    Pleg = 4,
    JoinOrder = 5,
    SchedulerTie = 6,
    DeletionTie = 7,
    SpotLifetime = 8,
    TimelineOrder = 9,
    NodeAddress = 10,
    ConnectionAddress = 11,
    WindowPhase = 12,
    FaultShare = 13,
    Background = 14,
    DaemonOrder = 15,
    MirrorReplica = 16,
    MirrorAdoption = 17,
    MirrorFill = 18,
    DiskLoops = 20,
    ImageGcTie = 21,
    EvictionOrder = 22,
    StuckNodes = 23,
    StuckWindow = 24,
    CachedImages = 25,
    BackoffJitter = 30,
}

/// The state of one replication.
pub(crate) struct World<'a> {
    spec: &'a Spec,
    catalogue: Catalogue,
    clock: Clock,
    control: Control,
    cluster: Cluster,
    supply: Supply,
    pulls: Pulls,
    record: Recorder<'a>,
}

/// Runs one replication.
pub fn run<'a>(spec: &'a Spec, replication: u32, mut recording: Recording<'a>) -> Outcome {
    let progress = recording.progress.take();
    let mut world = World::new(spec, replication, recording);
    let (stop, events) = world.run(progress);
    world.finish(replication, stop, events)
}

impl<'a> World<'a> {
    fn new(spec: &'a Spec, replication: u32, recording: Recording<'a>) -> Self {
        let clock = Clock::new(spec, replication, recording.polling);
        let supply = Supply::new(spec, clock.chance);
        let replicas = supply.mirrors.replica_names(spec);
        let sinks = Sinks { requests: recording.requests, trace: recording.trace };
        let mut world = Self {
            spec,
            catalogue: Catalogue::new(spec),
            control: Control::new(spec),
            cluster: Cluster::default(),
            pulls: Pulls::default(),
            record: Recorder::new(spec, replicas, recording.detail, sinks),
            clock,
            supply,
        };
        world.open_mirrors();
        world.open_pools();
        world.open_state();
        world.open_workloads();
        world.open_timeline();
        world.open_backgrounds();
        world
    }

    fn run(&mut self, mut progress: Option<&mut dyn FnMut(Time) -> bool>) -> (StopReason, u64) {
        let mut events = 0;
        loop {
            let Some(next) = self.clock.calendar.peek() else {
                self.sample_levels(self.clock.end);
                return (StopReason::NothingLeft, events);
            };
            if self.clock.end < next {
                self.sample_levels(self.clock.end);
                return (StopReason::Horizon, events);
            }
            if events == MAX_EVENTS {
                return (StopReason::EventBound, events);
            }
            self.sample_levels(next);
            let Some((now, event)) = self.clock.calendar.next() else { continue };
            self.handle(now, event);
            events += 1;
            if events.is_multiple_of(PROGRESS_EVENTS)
                && let Some(progress) = &mut progress
                && !progress(now)
            {
                return (StopReason::Told, events);
            }
        }
    }

    /// Takes the samples of levels that are due by `until`.
    fn sample_levels(&mut self, until: Time) {
        while let Some(at) = self.record.levels.due(until) {
            self.supply.links.bring_to(at);
            let view = View { spec: self.spec, cluster: &self.cluster, supply: &self.supply };
            self.record.levels.sample(at, &view);
        }
    }

    /// The only match on events: read it to know everything that can happen.
    fn handle(&mut self, now: Time, event: Event) {
        match event {
            // control/
            Event::WorkloadStarted { workload } => self.on_workload_started(now, workload),
            Event::PodAsked { workload } => self.on_pod_asked(now, workload),
            Event::PodCreated { workload, revision } => {
                self.on_pod_created(now, workload, revision);
            }
            Event::DaemonCreated { workload, node } => self.on_daemon_created(now, workload, node),
            Event::PodScheduled { pod } => self.on_pod_scheduled(now, pod),
            Event::PodReady { pod, plan } => self.on_pod_ready(now, pod, plan),
            Event::PodCompleted { pod, plan } => self.on_pod_completed(now, pod, plan),
            Event::ProgressDeadline { workload } => self.on_progress_deadline(now, workload),
            Event::CanaryChecked { workload, turn } => self.on_canary_checked(now, workload, turn),
            Event::PauseEnded { workload } => self.on_pause_ended(now, workload),
            // node/kubelet/
            Event::PodSynced { pod, plan } => self.on_pod_synced(now, pod, plan),
            Event::SyncsDue => self.on_syncs_due(now),
            Event::InitContainerEnded { pod, plan } => {
                self.on_init_container_ended(now, pod, plan);
            }
            Event::PullRejected { pod } => self.on_pull_rejected(now, pod),
            // pull/
            Event::RequestArrived { pull, generation, lane, turn } => {
                self.on_request_arrived(now, pull, generation, lane, turn);
            }
            Event::Answered { pull, generation, lane } => {
                self.on_answered(now, pull, generation, lane);
            }
            Event::BodyStarted { pull, generation, lane, turn } => {
                self.on_body_started(now, pull, generation, lane, turn);
            }
            Event::BlobFreed { waiter } => self.on_blob_freed(now, waiter),
            Event::ChainFreed { waiter } => self.on_chain_freed(now, waiter),
            Event::LayerUnpacked { pull, generation } => {
                self.on_layer_unpacked(now, pull, generation);
            }
            Event::ProgressChecked { pull, generation } => {
                self.on_progress_checked(now, pull, generation);
            }
            Event::GrantReturned { grant } => {
                self.supply.limits.release(grant);
            }
            // supply/mirror/
            Event::MirrorAsked { task, generation } => self.on_mirror_asked(now, task, generation),
            Event::MirrorStepped { task, generation } => {
                self.on_mirror_stepped(now, task, generation);
            }
            Event::MirrorExpired { storage, blob } => self.on_mirror_expired(now, storage, blob),
            // below: links
            Event::LinksChanged => self.on_links_changed(now),
            Event::FlowFinished { generation } => self.on_flow_finished(now, generation),
            // node/machine.rs
            Event::NodeBooted { node } => self.on_node_booted(now, node),
            Event::NodeDrained { node } => self.on_node_drained(now, node),
            Event::NodeReconfigured { node } => self.on_node_reconfigured(now, node),
            Event::NodeLost { node } => self.lose_node(now, node),
            Event::SpotNoticed { node } => self.on_spot_noticed(now, node),
            // control/timeline.rs, supply/background.rs
            Event::TimelineReached { timeline, step } => {
                self.on_timeline_reached(now, timeline, step);
            }
            Event::BackgroundPulled { background, n } => {
                self.on_background_pulled(now, background, n);
            }
            // node/disk.rs
            Event::ImageGcDue { node, plan } => self.on_image_gc_due(now, node, plan),
            Event::EvictionDue { node, plan } => self.on_eviction_due(now, node, plan),
        }
    }

    /// Flows have started or stopped: rates are solved once for this instant, after all that
    /// happens in it so far.
    fn links_changed(&mut self, now: Time) {
        if self.supply.links_changed_at != Some(now) {
            self.supply.links_changed_at = Some(now);
            self.clock.calendar.schedule(now, Event::LinksChanged);
        }
    }

    fn on_links_changed(&mut self, now: Time) {
        self.supply.links_changed_at = None;
        if let Some(at) = self.supply.links.next_completion(now) {
            let generation = self.supply.links.generation();
            self.clock.calendar.schedule(at, Event::FlowFinished { generation });
        }
    }

    fn on_flow_finished(&mut self, now: Time, generation: u64) {
        if self.supply.links.generation() != generation {
            return;
        }
        let mut finished = std::mem::take(&mut self.supply.finished_flows);
        self.supply.links.take_completed(now, &mut finished);
        self.links_changed(now);
        for tag in finished.drain(..) {
            match Receiver::of(tag) {
                Receiver::Storage(task) => self.on_store_received(now, task),
                Receiver::Lane(pull, lane) => self.on_body_received(now, pull, lane),
            }
        }
        self.supply.finished_flows = finished;
    }
}
