//! The seam between the world and what can be seen of it: here a cause becomes what its victims are
//! told, and nothing of it goes further.

use crate::model::World;
use crate::model::ids::{ImageId, PodId};
use crate::model::record::operator::{Answer, Pulling};
use crate::model::record::recorder::Recorder;
use crate::model::record::seen::RequestSeen;
use crate::model::words::attempt::{Attempt, PullEnd, PullEnded};
use crate::model::words::cause::Cause;
use crate::model::words::kubelet_events::{Body, Failure, Sign};
use crate::model::words::reply::Reply;
use crate::model::words::trigger::Trigger;
use crate::units::Time;

impl Recorder<'_> {
    /// Hands on what the node could tell of a pull's end: never why, only how.
    pub(crate) fn show_end(&mut self, now: Time, ended: &PullEnded, result: PullEnd) {
        let Attempt { trigger, asked, failed_before, shown, .. } = ended.attempt;
        let Err((cause, _)) = result else {
            self.watch.pulled(trigger, now.since(asked));
            return;
        };
        let failure = match cause {
            Cause::KubeletQps => Some(Failure::QpsExceeded),
            Cause::PlatformMissing => Some(Failure::NoPlatform),
            Cause::ProgressTimeout => Some(Failure::Cancelled),
            Cause::DiskFull => Some(Failure::NoSpace),
            Cause::NodeLost | Cause::KubeletRestarted => None,
            Cause::EgressPorts
            | Cause::MirrorUntrusted
            | Cause::MirrorDiskFull
            | Cause::MirrorBusy
            | Cause::Limit(_)
            | Cause::Fault(_) => {
                debug_assert!(shown.is_some(), "no request failed before {cause:?}");
                shown.map(|(kind, sign)| Failure::Request(kind, sign))
            }
        };
        match failure {
            Some(failure) => self.watch.failed(now, trigger, failure, asked, failed_before),
            None => self.watch.seen.cut_off += 1,
        }
    }

    /// What a client sees of a reply that is no success.
    pub(crate) fn sign_of(&self, reply: Reply) -> Option<Sign> {
        match reply {
            Reply::Refused { status, cause: Cause::Limit(limit), .. } => {
                Some(Sign::Status(status, self.watch.body_of(limit)))
            }
            Reply::Refused { status, .. } => Some(Sign::Status(status, Body::Bare)),
            Reply::Dropped { .. } => Some(Sign::Closed),
            Reply::Served | Reply::Challenged | Reply::Hanging { .. } => None,
        }
    }

    /// Hands on the answer to a request.
    pub(crate) fn show_request(&mut self, now: Time, seen: &RequestSeen) {
        let answer = match self.sign_of(seen.reply) {
            Some(sign) => Answer::Failed(sign),
            None if seen.reply == Reply::Challenged => Answer::Challenged,
            None if seen.reply == Reply::Served => Answer::Served { remaining: seen.remaining },
            None => Answer::Silence,
        };
        self.watch.request(now, seen.endpoint.registry, seen.kind, answer);
    }
}

impl World<'_> {
    /// Says `Pulling`; returns what brought the pod to pull this image in the first place.
    pub(crate) fn show_pulling(&mut self, now: Time, pod: PodId, image: ImageId) -> Trigger {
        let state = &self.cluster.pods[pod.idx()];
        let before = state.tries.iter().find(|it| it.image == image && 0 < it.attempts);
        let trigger = before.map_or_else(
            || {
                self.record.watch.trigger(
                    now,
                    &Pulling {
                        node: state.node,
                        workload: state.workload,
                        revision: state.revision as usize,
                        image,
                        is_present: self.cluster.nodes[state.node.idx()]
                            .store
                            .has_image(image, now),
                    },
                )
            },
            |it| it.trigger,
        );
        let has_account = self.account_of_pull(pod, image).is_some();
        self.record.watch.pulling(now, trigger, before.is_none(), has_account);
        trigger
    }
}
