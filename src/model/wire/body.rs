//! Where bodies go: a flow carries a number, and this is what it stands for.

use crate::model::ids::{LaneId, PullId, TaskId};

/// Whoever receives a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// A lane of a pull.
    Lane(PullId, LaneId),
    /// The storage of a mirror, for a task of its own.
    Storage(TaskId),
}

/// Marks the tags of flows into a storage.
const STORAGE: u64 = 1 << 63;

impl Receiver {
    /// The tag of its flow.
    pub(crate) fn tag(self) -> u64 {
        match self {
            Self::Lane(pull, lane) => u64::from(pull.0) << 32 | u64::from(lane.0),
            Self::Storage(task) => STORAGE | u64::from(task.0),
        }
    }

    /// Whose flow has this tag. Pulls in flight are fewer than 2^31: their ids are used again.
    pub(crate) const fn of(tag: u64) -> Self {
        if tag & STORAGE != 0 {
            Self::Storage(TaskId(tag as u32))
        } else {
            Self::Lane(PullId((tag >> 32) as u32), LaneId(tag as u16))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_leads_back_to_its_receiver() {
        let lane = Receiver::Lane(PullId(0x7fff_ffff), LaneId(0xffff));
        let storage = Receiver::Storage(TaskId(0xffff_ffff));
        for receiver in [lane, storage, Receiver::Lane(PullId(0), LaneId(0))] {
            assert_eq!(Receiver::of(receiver.tag()), receiver);
        }
    }
}
