//! What is done to the cluster: controllers, the scheduler, the timeline, and how it stands at the
//! start.

mod scheduler;
pub(crate) mod state;
pub(crate) mod tags;
pub(crate) mod timeline;
pub(crate) mod workload;

use crate::model::spec::Spec;
use crate::resource::pacer::Pacer;
use state::Ordered;
use tags::Tags;
use timeline::Timeline;
use workload::Workload;

/// Who acts on the cluster.
pub(crate) struct Control {
    pub(crate) workloads: Vec<Workload>,
    pub(crate) timeline: Timeline,
    pub(crate) tags: Tags,
    /// Nodes in the order in which they hold what was stuck at the start.
    pub(crate) ordered: Ordered,
    pub(crate) scheduler_pace: Pacer,
    /// Of each controller.
    pub(crate) controller_pace: [Pacer; 3],
}

impl Control {
    /// Controllers and scheduler at rest.
    pub(crate) fn new(spec: &Spec) -> Self {
        let pace = &spec.control_plane;
        Self {
            workloads: Vec::new(),
            timeline: Timeline::new(spec),
            tags: Tags::new(spec),
            ordered: Ordered::default(),
            scheduler_pace: Pacer::new(pace.scheduler_qps, pace.scheduler_burst),
            controller_pace: std::array::from_fn(|_| {
                Pacer::new(pace.controller_qps, pace.controller_burst)
            }),
        }
    }
}
