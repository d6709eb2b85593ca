//! The seam between the world and what can be seen of it: here a cause becomes what its victims are
//! told, and nothing of it goes further.

use crate::model::ids::PodId;
use crate::model::record::fact::{Fact, RequestTold, WorkloadTold};
use crate::model::record::operator::{Answer, Operator};
use crate::model::words::asker::Spender;
use crate::model::words::attempt::{PullEnd, PullEnded};
use crate::model::words::cause::Cause;
use crate::model::words::kubelet_events::Failure;
use crate::model::words::reply::Reply;
use crate::resource::limiter::Admission;
use crate::units::Time;

impl Operator {
    /// Hands on what could be seen of a fact.
    #[expect(clippy::inline_always, reason = "the kind is known where a fact is noted")]
    #[inline(always)]
    pub(crate) fn fold(&mut self, now: Time, fact: &Fact) {
        match *fact {
            Fact::PullAsked { pod, asking } => self.asked(now, pod, &asking),
            Fact::PullEnded { pod, ended, result, .. } => {
                self.show_end(now, pod.id, &ended, result);
            }
            Fact::Request(told) => self.show_request(now, &told),
            Fact::LimitAsked { limit, asker, metered } => match asker.spender {
                Spender::Workload(..) | Spender::Mirror(..) => {
                    let is_refused = metered.admission != Admission::Granted;
                    self.metered(limit, metered.key, is_refused);
                }
                Spender::Background(_) => {}
            },
            Fact::Unconnected { cause: Cause::EgressPorts, of_node: true } => self.port_error(),
            Fact::NodeJoined { node, pool } => self.node_joined(now, node, pool),
            Fact::Workload { workload, what } => match what {
                WorkloadTold::RolloutBegan { revision } => self.released(now, workload, revision),
                WorkloadTold::ScaledUp => self.scaled_up(now, workload),
                WorkloadTold::Availability { .. }
                | WorkloadTold::AtWork
                | WorkloadTold::RolloutCompleted { .. }
                | WorkloadTold::RolloutStalled
                | WorkloadTold::RolloutStood { .. }
                | WorkloadTold::CanaryBegan
                | WorkloadTold::CanaryFailed => {}
            },
            Fact::ImageDeleted { deleted: it, .. } => self.image_removed(now, it.node, it.image),
            Fact::AlreadyPresent { .. } => self.already_present(),
            Fact::ContainerCrashed { .. } => self.exec_format_error(),
            Fact::PodCreated { .. }
            | Fact::PodBound { .. }
            | Fact::PodReady { .. }
            | Fact::PodUnready { .. }
            | Fact::PodEnded { .. }
            | Fact::PollsBegan { .. }
            | Fact::PollsEnded { .. }
            | Fact::NodeAdded { .. }
            | Fact::NodeChanged { .. }
            | Fact::PullOpen { .. }
            | Fact::Unconnected { .. }
            | Fact::MirrorRequest(_)
            | Fact::Mirror { .. }
            | Fact::Bytes(_)
            | Fact::Disk { .. }
            | Fact::DiskPressure { .. } => {}
        }
    }

    /// Hands on what the node could tell of a pull's end: never why, only how.
    fn show_end(&mut self, now: Time, pod: PodId, ended: &PullEnded, result: PullEnd) {
        let attempt = &ended.attempt;
        let trigger = self.trigger(pod, ended.image);
        let Err((cause, _)) = result else {
            self.pulled(trigger, now.since(attempt.asked));
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
                debug_assert!(attempt.shown.is_some(), "no request failed before {cause:?}");
                attempt.shown.map(|(kind, sign)| Failure::Request(kind, sign))
            }
        };
        match failure {
            Some(failure) => {
                self.failed(now, trigger, failure, attempt.asked, attempt.failed_before);
            }
            None => self.cut_off(),
        }
    }

    /// Hands on the answer to a request.
    fn show_request(&mut self, now: Time, it: &RequestTold) {
        let answer = match it.sign {
            Some(sign) => Answer::Failed(sign),
            None if it.reply == Reply::Challenged => Answer::Challenged,
            None if matches!(it.reply, Reply::Hanging { .. }) => Answer::Silence,
            None => Answer::Served { remaining: it.remaining },
        };
        self.request(now, it.endpoint.registry, it.kind, answer);
    }
}
