//! Source ports towards one destination: what a NAT gateway, a conntrack table or a host hands out.
//!
//! A port is taken while its connection is open and for a hold time after it closed (`TIME_WAIT`,
//! or the gateway's own timer before it reuses a port towards the same destination: 65 s after a
//! FIN at Azure NAT gateway, 120 s at Google Cloud NAT, by their documentation). So a pool sustains
//! count / hold new connections per second, however short they are.

use std::collections::VecDeque;

use crate::units::{Span, Time};

/// The ports of one address (or one machine) towards one destination. Calls come in the order of
/// time; each costs amortised O(1).
///
/// ```
/// use pullstorm::resource::ports::PortPool;
/// use pullstorm::units::{Span, Time};
///
/// let mut pool = PortPool::new(1, Span::from_secs(60));
/// assert!(pool.take(Time::ZERO));
/// pool.give_back(Time::from_secs(3));
/// assert!(!pool.take(Time::from_secs(62)));
/// assert!(pool.take(Time::from_secs(63)));
/// ```
#[derive(Clone, Debug)]
pub struct PortPool {
    count: u32,
    hold: Span,
    /// Ports of connections whose end is not known yet.
    open: u32,
    /// Ports of connections whose end is known and that are not free yet.
    returning: u32,
    /// How many ports become free at which instant, in the order of time, one entry an instant.
    returns: VecDeque<(Time, u32)>,
}

impl PortPool {
    /// `count` free ports; each stays taken for `hold` after its connection closed.
    pub const fn new(count: u32, hold: Span) -> Self {
        Self { count, hold, open: 0, returning: 0, returns: VecDeque::new() }
    }

    /// Takes a port, where one is free.
    pub fn take(&mut self, now: Time) -> bool {
        while let Some(&(free, ports)) = self.returns.front()
            && free <= now
        {
            self.returning -= ports;
            self.returns.pop_front();
        }
        let granted = self.open + self.returning < self.count;
        self.open += u32::from(granted);
        granted
    }

    /// Says that the connection of a port that was taken closes at `closes_at`: the port is free
    /// at `closes_at` + hold. `closes_at` may lie ahead.
    ///
    /// # Panics
    /// Panics when no port is open.
    pub fn give_back(&mut self, closes_at: Time) {
        assert!(0 < self.open, "a port given back at {closes_at:?} that nobody took");
        self.open -= 1;
        self.returning += 1;
        let free = closes_at + self.hold;
        // Mostly the last one: connections idle equally long. Clients with other idle times come
        // in between.
        let place = self.returns.iter().rposition(|&(it, _)| it <= free);
        match place.map(|it| (it, self.returns[it].0 == free)) {
            Some((place, true)) => self.returns[place].1 += 1,
            Some((place, false)) => self.returns.insert(place + 1, (free, 1)),
            None => self.returns.push_front((free, 1)),
        }
    }

    /// Ports that are not free at `now`: open or held.
    pub fn taken(&self, now: Time) -> u32 {
        let free_again = self.returns.iter().take_while(|&&(free, _)| free <= now);
        self.open + self.returning - free_again.map(|&(_, ports)| ports).sum::<u32>()
    }

    /// When a port is free, if nobody else takes one: `now` where one is free now, `None` where
    /// all belong to connections whose end is not known.
    pub fn free_at(&self, now: Time) -> Option<Time> {
        if self.taken(now) < self.count {
            return Some(now);
        }
        self.returns.iter().map(|&(free, _)| free).find(|&free| now < free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_port_is_free_again_when_its_hold_ends() {
        let mut pool = PortPool::new(2, Span::from_micros(10));
        let at = Time::from_micros;
        assert_eq!(pool.free_at(at(0)), Some(at(0)));
        assert!(pool.take(at(0)));
        assert!(pool.take(at(0)));
        assert!(!pool.take(at(1)));
        assert_eq!(pool.free_at(at(1)), None);
        pool.give_back(at(5));
        pool.give_back(at(5));
        assert_eq!(pool.returns.len(), 1, "one entry an instant");
        assert_eq!((pool.taken(at(14)), pool.free_at(at(14))), (2, Some(at(15))));
        assert_eq!((pool.taken(at(15)), pool.free_at(at(15))), (0, Some(at(15))));
        assert!(!pool.take(at(14)));
        assert!(pool.take(at(15)));
    }

    #[test]
    fn a_pool_sustains_count_over_hold_connections_a_second() {
        // 64 ports of a machine, held for 120 s (Google Cloud NAT's default): connections that end
        // at once, one tried each 100 ms for an hour, succeed 64 times in each 120 s.
        let mut pool = PortPool::new(64, Span::from_secs(120));
        let mut granted = 0;
        for tick in 0..36_000 {
            let now = Time::from_micros(tick * 100_000);
            if pool.take(now) {
                granted += 1;
                pool.give_back(now);
            }
        }
        assert_eq!(granted, 64 * 30);
    }

    #[test]
    #[should_panic(expected = "that nobody took")]
    fn a_port_that_nobody_took_cannot_be_given_back() {
        PortPool::new(1, Span::ZERO).give_back(Time::ZERO);
    }

    proptest! {
        #[test]
        fn a_pool_answers_as_its_slow_twin(
            count in 0u32..5, hold in 0u64..20,
            steps in prop::collection::vec((0u64..6, any::<bool>(), 0u64..8), 0..120),
        ) {
            let mut pool = PortPool::new(count, Span::from_micros(hold));
            // One entry a connection: the microsecond from which its port is free, once known.
            let mut twin: Vec<Option<u64>> = Vec::new();
            let (mut now, mut closes_at) = (0, 0);
            for (later, is_take, lasts) in steps {
                now += later;
                let at = Time::from_micros(now);
                let taken = twin.iter().filter(|free| free.is_none_or(|free| now < free)).count();
                prop_assert_eq!(pool.taken(at) as usize, taken);
                let soonest = twin.iter().filter_map(|&free| free.filter(|&free| now < free)).min();
                let free_at = if taken < count as usize { Some(now) } else { soonest };
                prop_assert_eq!(pool.free_at(at), free_at.map(Time::from_micros));
                if is_take {
                    let granted = taken < count as usize;
                    prop_assert_eq!(pool.take(at), granted);
                    if granted {
                        twin.push(None);
                    }
                } else if let Some(open) = twin.iter_mut().find(|free| free.is_none()) {
                    closes_at = closes_at.max(now + lasts);
                    *open = Some(closes_at + hold);
                    pool.give_back(Time::from_micros(closes_at));
                }
            }
        }
    }
}
