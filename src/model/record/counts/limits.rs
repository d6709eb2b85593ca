//! What is known of a limit: what it granted, what it refused, and for how long it had too little
//! left.

use crate::model::record::shared_account::Senders;
use crate::model::spec::{LimitKey, LimitSpec};
use crate::units::{Span, Time};

/// What is known of one limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct LimitTally {
    pub(crate) spent: u64,
    /// Requests and refusals of each counter.
    pub(crate) counters: Vec<CounterTally>,
    pub(crate) exhausted: Exhausted,
    /// Whether it counts by account, and from where it was asked then.
    pub(crate) by_account: bool,
    pub(crate) senders: Senders,
}

/// What is known of one counter of a limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CounterTally {
    pub(crate) asked: u64,
    pub(crate) refused: u64,
}

/// The time during which a limit had less left than it was asked for: from each refusal until what
/// was refused would have been granted, over all counters, no instant counted twice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exhausted {
    so_far: Span,
    since: Time,
    until: Time,
    /// Until when is not known: until the next grant.
    is_open: bool,
}

impl Exhausted {
    pub(crate) fn refused(&mut self, now: Time, retry_in: Option<Span>) {
        if !self.is_open && self.until < now {
            self.so_far += self.until.since(self.since);
            (self.since, self.until) = (now, now);
        }
        match retry_in {
            Some(span) => self.until = self.until.max(now + span),
            None => self.is_open = true,
        }
    }

    pub(crate) fn granted(&mut self, now: Time) {
        if std::mem::take(&mut self.is_open) {
            self.until = self.until.max(now);
        }
    }

    fn total(&self, end: Time) -> Span {
        let until = if self.is_open { end } else { self.until.min(end) };
        self.so_far + until.saturating_since(self.since)
    }
}

impl LimitTally {
    /// The books of a limit, with nothing in them.
    pub(crate) fn of(limit: &LimitSpec) -> Self {
        Self { by_account: limit.key == LimitKey::Account, ..Self::default() }
    }

    /// For how long it had less left than it was asked for, up to `end`.
    pub(crate) fn exhausted_until(&self, end: Time) -> Span {
        self.exhausted.total(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_exhausted_until_what_it_refused_would_be_granted() {
        let (at, span) = (Time::from_secs, |it| Some(Span::from_secs(it)));
        let mut it = Exhausted::default();
        assert_eq!(it.total(at(100)), Span::ZERO);
        it.refused(at(10), span(5));
        it.granted(at(11)); // somebody who asked for less
        it.refused(at(12), span(1));
        assert_eq!(it.total(at(100)), Span::from_secs(5), "10 to 15");
        it.refused(at(14), span(3));
        it.refused(at(40), span(2));
        assert_eq!(it.total(at(100)), Span::from_secs(9), "10 to 17 and 40 to 42");
        assert_eq!(it.total(at(41)), Span::from_secs(8));
        it.refused(at(50), None);
        assert_eq!(it.total(at(60)), Span::from_secs(19), "and open since 50");
        it.granted(at(70));
        assert_eq!(it.total(at(100)), Span::from_secs(29));
    }
}
