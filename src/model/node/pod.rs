//! One pod, as the kubelet on its node sees it.

use crate::engine::chance::Draw;
use crate::model::ids::{ImageId, NodeId, PodId, WorkloadId};
use crate::model::node::backoff::Rung;
use crate::model::record::fact::PodTold;
use crate::model::words::attempt::Attempt;
use crate::model::words::phase::Phase;
use crate::units::Time;

/// A pod of a workload.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of the sync under way")]
pub(crate) struct Pod {
    /// Stable key: hash of the workload and the ordinal.
    pub(crate) key: u64,
    pub(crate) workload: WorkloadId,
    /// Ordinal inside the workload.
    pub(crate) ordinal: u32,
    /// Template it was made from.
    pub(crate) revision: u32,
    /// Pull secrets it was made with, among those that its workload had.
    pub(crate) secrets: u16,
    /// Its node; meaningless before it is bound.
    pub(crate) node: NodeId,
    pub(crate) phase: Phase,
    /// Bound to this node by its controller (DaemonSet) rather than by the scheduler.
    pub(crate) pinned: bool,
    /// Its sync waits for a pull.
    pub(crate) busy: bool,
    /// Counts changes of plan, so that an overtaken sync or start is known.
    pub(crate) plan: u32,
    /// Init containers that have ended.
    pub(crate) init_done: u32,
    /// An init container runs.
    pub(crate) init_running: bool,
    /// Containers that have started, as bits.
    pub(crate) started: u128,
    /// Containers that crashed, their image being for another architecture, as bits.
    pub(crate) crashed: u128,
    /// Containers that were ever made, as bits: one that ended stays until its pod goes.
    pub(crate) made: u128,
    /// Init containers that were ever made.
    pub(crate) inits_made: u32,
    /// Container that the sync is at.
    pub(crate) cursor: u32,
    /// A container of this sync is in error.
    pub(crate) error: bool,
    /// A pull of this sync failed.
    pub(crate) failed: bool,
    /// The image whose pull has just ended in this sync, which goes on with the next container:
    /// to other syncs of the same instant the image is not there yet.
    pub(crate) pulled: Option<ImageId>,
    /// Failed syncs so far: the key of the stream of polls.
    pub(crate) failures: u32,
    /// A sync of this sandbox failed before, so no extra sync follows the next failure.
    pub(crate) sandbox_failed: bool,
    /// The polls since the last sync that really happened.
    pub(crate) polls: Option<Polls>,
    pub(crate) tries: Vec<ImageTry>,
    /// The content that each container runs, once one has started; kept only where a tag moves.
    pub(crate) contents: Vec<ImageId>,
    /// The same for its init containers.
    pub(crate) init_contents: Vec<ImageId>,
    /// An attempt that the kubelet's own limiter refused, until the sync hears of it.
    pub(crate) rejected: Option<(ImageId, Attempt)>,
}

/// What a pod knows of one of its images.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImageTry {
    pub(crate) image: ImageId,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// An attempt failed.
    pub(crate) failed_before: bool,
    pub(crate) rung: Rung,
}

/// The stream of syncs of a pod in error: a pure function of where it started and its draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polls {
    /// The last sync.
    pub(crate) at: Time,
    pub(crate) draw: Draw,
    /// What the next sync is.
    pub(crate) next: NextPoll,
}

/// A sync of a pod in error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextPoll {
    /// One after another.
    Usual,
    /// The extra one that follows a sandbox's first failure at once.
    Extra,
    /// The first since the start of the run, of a series that was under way.
    UnderWay,
}

/// The bits of so many started containers; a pod has at most 100, and that of an image puller none.
pub(crate) const fn all_started(n_containers: usize) -> u128 {
    (1 << n_containers) - 1
}

impl Pod {
    /// How facts name it.
    pub(crate) const fn told(&self, id: PodId) -> PodTold {
        PodTold { id, key: self.key, workload: self.workload }
    }

    /// Whether it exists for its controller.
    pub(crate) const fn lives(&self) -> bool {
        !matches!(self.phase, Phase::Completed | Phase::Gone)
    }

    /// What it knows of an image.
    pub(crate) fn image_try(&mut self, image: ImageId) -> &mut ImageTry {
        if let Some(position) = self.tries.iter().position(|it| it.image == image) {
            return &mut self.tries[position];
        }
        self.tries.push(ImageTry {
            image,
            attempts: 0,
            failed_before: false,
            rung: Rung::default(),
        });
        let last = self.tries.len() - 1;
        &mut self.tries[last]
    }

    /// Where it stands on the ladder of an image.
    pub(crate) fn rung(&self, image: ImageId) -> Rung {
        self.tries.iter().find(|it| it.image == image).map_or_else(Rung::default, |it| it.rung)
    }

    /// A new sandbox: containers start anew.
    pub(crate) fn reset_sandbox(&mut self) {
        self.plan += 1;
        self.busy = false;
        (self.init_done, self.init_running, self.started) = (0, false, 0);
        self.sandbox_failed = false;
        self.forget_backoff();
    }

    /// Back-off lives in the kubelet's memory alone.
    pub(crate) fn forget_backoff(&mut self) {
        self.polls = None;
        self.rejected = None;
        self.crashed = 0;
        for it in &mut self.tries {
            it.rung = Rung::default();
        }
    }
}
