//! When what happens next happens, and what luck decides.

use crate::engine::calendar::Calendar;
use crate::engine::chance::Chance;
use crate::model::Event;
use crate::model::spec::Spec;
use crate::model::words::polling::Polling;
use crate::units::Time;

/// Time and luck of one replication.
pub(crate) struct Clock {
    pub(crate) calendar: Calendar<Event>,
    pub(crate) chance: Chance,
    /// The horizon: nothing happens after it.
    pub(crate) end: Time,
    pub(crate) polling: Polling,
}

impl Clock {
    /// A clock at the start of a replication.
    pub(crate) fn new(spec: &Spec, replication: u32, polling: Polling) -> Self {
        Self {
            calendar: Calendar::new(),
            chance: Chance::new(spec.seed, replication),
            end: Time::ZERO + spec.horizon,
            polling,
        }
    }
}
