//! Looks of a mirror at the root of the API upstream, one at a time.

use std::collections::VecDeque;

use crate::model::World;
use crate::model::client::Ask;
use crate::model::client::distribution::{Errand, Wanted};
use crate::model::ids::{ImageId, ObjectId, ReplicaId, TaskId};
use crate::model::supply::mirror::{Served, Source};
use crate::model::words::cause::Cause;
use crate::units::Time;

/// The lock under which a process looks at the root of the API upstream.
///
/// Source: distribution `registry/proxy/proxyauth.go` (`tryEstablishChallenges` holds its mutex
/// during the GET, which no time-out bounds) at 2.8.3 and 3.0.0, read 2026-11.
#[derive(Clone, Debug, Default)]
pub(super) struct PingLock {
    is_held: bool,
    /// Why the holder hangs.
    hangs: Option<Cause>,
    /// Tasks that wait for it, with their generations.
    waiting: VecDeque<(TaskId, u32)>,
}

impl World<'_> {
    /// Looks at the root of the API, or waits until nobody else does.
    pub(super) fn ping(&mut self, now: Time, id: TaskId) {
        let task = self.task(id);
        let lock = &mut self.supply.mirrors.replicas[task.replica.idx()].pings;
        if lock.is_held {
            let generation = self.supply.mirrors.tasks.generation(id);
            lock.waiting.push_back((id, generation));
            if let Some(cause) = lock.hangs {
                self.task_hangs(now, &task, cause);
            }
            return;
        }
        lock.is_held = true;
        self.task_mut(id).errand.ping();
        self.send_upstream(now, id, Ask::Ping);
    }

    /// Whoever looked is done: the next one looks, or goes on with what the last one learned.
    pub(super) fn ping_over(&mut self, now: Time, replica: ReplicaId) {
        self.supply.mirrors.replicas[replica.idx()].pings.is_held = false;
        while !self.supply.mirrors.replicas[replica.idx()].pings.is_held {
            let lock = &mut self.supply.mirrors.replicas[replica.idx()].pings;
            let Some((id, generation)) = lock.waiting.pop_front() else { return };
            if self.current_task(id, generation).is_some() {
                self.go_on(now, id);
            }
        }
    }

    /// A ping that hangs holds up all that wait for it.
    pub(super) fn ping_hangs(&mut self, now: Time, replica: ReplicaId, cause: Cause) {
        let lock = &mut self.supply.mirrors.replicas[replica.idx()].pings;
        lock.hangs = Some(cause);
        let waiting: Vec<(TaskId, u32)> = lock.waiting.iter().copied().collect();
        for (id, generation) in waiting {
            if let Some(task) = self.current_task(id, generation) {
                self.task_hangs(now, &task, cause);
            }
        }
    }

    /// Once a body is passed on, the mirror tells its listeners, and for that asks for the blob
    /// anew: where an upstream without tokens has it and the storage has not, that is one more
    /// look. Nobody waits for it.
    ///
    /// Source: distribution `notifications/listener.go` (`ServeBlob`, then `Stat`), read 2026-11;
    /// 20 looks for a cold image of 6 blobs measured on 2.8.2.
    pub(crate) fn body_passed_on(
        &mut self,
        now: Time,
        served: Served,
        image: (ImageId, ImageId),
        object: ObjectId,
    ) {
        let replica = served.replica;
        let blob = self.catalogue.image(image.1).objects[object.idx()];
        let needs_token = self.upstream_of(replica).1.needs_token;
        // A fetch beside it is committed after its last byte, and so behind this look.
        let is_uncommitted = matches!(served.source, Source::Passed { leads: true });
        let is_held = self.supply.mirrors.storage(replica).store.has(blob) && !is_uncommitted;
        if !needs_token && !is_held {
            let notice =
                self.add_task(replica, None, Errand::new(Wanted::Notice, false), image, object);
            self.task_steps_at(now, notice);
        }
    }
}
