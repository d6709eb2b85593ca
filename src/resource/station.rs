//! A first-come-first-served station with one server and a rate in bytes: a disk that unpacks one
//! layer after another, a mirror that checks blobs.

use crate::units::{Bandwidth, Bytes, MICROS_PER_SECOND, Time};

/// One server that works off jobs in the order they come. Only the completion is rounded (up, to
/// the next microsecond): the jobs of a busy period end when their sum would.
///
/// ```
/// use pullstorm::resource::station::Station;
/// use pullstorm::units::{Bandwidth, Bytes, Time};
///
/// let mut disk = Station::new(Bandwidth::from_bytes_per_second(1_000_000));
/// assert_eq!(disk.serve(Time::ZERO, Bytes(2_000_000)), Time::from_secs(2));
/// assert_eq!(disk.serve(Time::from_secs(1), Bytes(3_000_000)), Time::from_secs(5));
/// assert_eq!(disk.serve(Time::from_secs(9), Bytes(1_000_000)), Time::from_secs(10));
/// ```
#[derive(Clone, Debug)]
pub struct Station {
    rate: Bandwidth,
    /// The whole microseconds of the instant at which the server has nothing left to do.
    busy_until: Time,
    /// The rest of that instant, in 1 / rate microseconds; below the rate.
    fraction: u64,
}

impl Station {
    /// An idle station that serves at `rate`; at a rate of 0 no job ever ends.
    pub const fn new(rate: Bandwidth) -> Self {
        Self { rate, busy_until: Time::ZERO, fraction: 0 }
    }

    /// Queues a job of `bytes` at `now` and returns its completion, rounded up to the next
    /// microsecond; [`Time::NEVER`] where it never ends. Calls come in the order of time.
    pub fn serve(&mut self, now: Time, bytes: Bytes) -> Time {
        if self.busy_until() <= now {
            (self.busy_until, self.fraction) = (now, 0);
        }
        if bytes == Bytes::ZERO {
            return self.busy_until();
        }
        let rate = u128::from(self.rate.bits_per_second());
        if rate == 0 {
            (self.busy_until, self.fraction) = (Time::NEVER, 0);
            return Time::NEVER;
        }
        let work = u128::from(bytes.0) * 8 * u128::from(MICROS_PER_SECOND);
        let work = work + u128::from(self.fraction);
        let ends = u128::from(self.busy_until.as_micros()) + work / rate;
        self.busy_until = Time::from_micros(u64::try_from(ends).unwrap_or(u64::MAX));
        // Below the rate, which is a u64.
        self.fraction = (work % rate) as u64;
        self.busy_until()
    }

    /// When all jobs queued so far are done, rounded up to the next microsecond.
    pub fn busy_until(&self) -> Time {
        if self.fraction == 0 {
            return self.busy_until;
        }
        Time::from_micros(self.busy_until.as_micros().saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn jobs_wait_for_those_before_them() {
        let mut station = Station::new(Bandwidth::from_bytes_per_second(1_000_000));
        let at = Time::from_micros;
        assert_eq!(station.serve(at(5), Bytes(10)), at(15));
        assert_eq!(station.serve(at(6), Bytes(10)), at(25));
        assert_eq!(station.serve(at(25), Bytes(0)), at(25));
        assert_eq!(station.serve(at(40), Bytes(10)), at(50));
        assert_eq!(station.busy_until(), at(50));
    }

    #[test]
    fn fractions_of_a_microsecond_are_carried_not_lost() {
        // 3 bytes/s: a byte takes 333,333 and a third microseconds.
        let mut station = Station::new(Bandwidth::from_bytes_per_second(3));
        let ends: Vec<u64> =
            (0..4).map(|_| station.serve(Time::ZERO, Bytes(1)).as_micros()).collect();
        assert_eq!(ends, [333_334, 666_667, 1_000_000, 1_333_334]);
    }

    #[test]
    fn a_station_without_a_rate_never_ends() {
        let mut station = Station::new(Bandwidth::from_bits_per_second(0));
        assert_eq!(station.serve(Time::ZERO, Bytes(0)), Time::ZERO);
        assert_eq!(station.serve(Time::ZERO, Bytes(1)), Time::NEVER);
        assert_eq!(station.serve(Time::from_secs(1), Bytes(1)), Time::NEVER);
    }

    proptest! {
        #[test]
        fn a_busy_period_ends_when_the_sum_of_its_bytes_would(
            rate in 1u64..1_000_000_000, jobs in prop::collection::vec(0u64..1_000_000, 1..40),
        ) {
            let rate = Bandwidth::from_bits_per_second(rate);
            let mut station = Station::new(rate);
            let mut sum = 0;
            for bytes in jobs {
                sum += bytes;
                let alone = Time::ZERO + Bytes(sum).time_at(rate).unwrap();
                prop_assert_eq!(station.serve(Time::ZERO, Bytes(bytes)), alone);
            }
        }
    }
}
