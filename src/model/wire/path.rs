//! How long things take on the way between a client and a server.

use crate::model::spec::RegistrySpec;
use crate::model::words::endpoint::Endpoint;
use crate::units::{Bandwidth, Bytes, Span};

/// The way to an endpoint: its times, without what is shared and scarce.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    rtt: Span,
    dns: Span,
    tls_round_trips: u32,
    server_time: Span,
}

impl Way {
    /// The way to an endpoint of `server`.
    pub(crate) const fn to(endpoint: Endpoint, server: &RegistrySpec) -> Self {
        Self {
            rtt: endpoint.rtt(server),
            dns: server.dns,
            tls_round_trips: server.tls_round_trips,
            server_time: server.server_time,
        }
    }

    /// From here to there.
    pub(crate) fn there(self) -> Span {
        self.rtt.half()
    }

    /// From there back to here.
    pub(crate) fn back(self) -> Span {
        self.rtt - self.rtt.half()
    }

    /// From the arrival of a request until its answer is here.
    pub(crate) fn answering(self) -> Span {
        self.server_time + self.back()
    }

    /// A look-up, the dial and the TLS handshake: from then on a request can be sent.
    pub(crate) fn connecting(self) -> Span {
        self.looking_up(1 + u64::from(self.tls_round_trips))
    }

    /// A look-up, and a dial that is refused.
    pub(crate) fn refusing(self) -> Span {
        self.looking_up(1)
    }

    fn looking_up(self, round_trips: u64) -> Span {
        self.dns + self.rtt * round_trips
    }

    /// From the first byte of a body until its window no longer limits it, on a connection that
    /// carried `carried` bytes and may carry `widest`.
    pub(crate) fn growing(self, size: Bytes, carried: u64, widest: Bandwidth) -> Span {
        self.rtt * slow_start_rounds(size, carried, self.rtt, widest.bytes_per_second())
    }
}

/// The most that a body can flow at: its receiver's interface, under what bounds it elsewhere.
pub(crate) fn widest<const N: usize>(nic: Bandwidth, bounds: [Option<Bandwidth>; N]) -> Bandwidth {
    bounds.into_iter().flatten().fold(nic, Ord::min)
}

/// Round trips that a body waits for while the congestion window grows (slow start).
///
/// The window starts at 10 segments of 1,460 B (RFC 6928) and grows by every byte that was
/// acknowledged, so a connection that carried `carried` bytes has a window of 14,600 + `carried`;
/// it stops growing at the bandwidth-delay product of `bytes_per_second`. Counted are the round
/// trips until the body is sent, or until the window no longer limits it; the body then flows
/// through its links as a whole.
fn slow_start_rounds(size: Bytes, carried: u64, rtt: Span, bytes_per_second: f64) -> u64 {
    const INITIAL_WINDOW: u64 = 14_600;
    let full = (bytes_per_second * rtt.as_secs_f64()) as u64;
    let mut window = INITIAL_WINDOW.saturating_add(carried);
    let (mut sent, mut rounds) = (window, 0);
    while sent < size.0 && window < full {
        window = window.saturating_mul(2);
        sent = sent.saturating_add(window);
        rounds += 1;
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_costs_a_round_trip_for_each_doubling() {
        let rounds = |size, carried, mbit| {
            slow_start_rounds(Bytes(size), carried, Span::from_millis(40), mbit * 125_000.0)
        };
        // Windows by hand: 14,600, 29,200, …; sent after r rounds: 14,600 * (2^(r+1) - 1).
        assert_eq!(rounds(0, 0, 1_000.0), 0);
        assert_eq!(rounds(14_600, 0, 1_000.0), 0);
        assert_eq!(rounds(14_601, 0, 1_000.0), 1);
        assert_eq!(rounds(43_800, 0, 1_000.0), 1);
        assert_eq!(rounds(500_000, 0, 1_000.0), 5);
        // 1 Gbit/s over 40 ms holds 5,000,000 B in flight: 14,600 * 2^9 is the first window above
        // it.
        assert_eq!(rounds(1_000_000_000, 0, 1_000.0), 9);
        // A warm connection: 14,600 + 100,000, then 229,200.
        assert_eq!(rounds(300_000, 100_000, 1_000.0), 1);
        // A thin pipe (2 Mbit/s: 10,000 B in flight) is full from the start.
        assert_eq!(rounds(1_000_000, 0, 2.0), 0);
    }

    #[test]
    fn a_connection_costs_a_look_up_a_dial_and_its_handshake() {
        let way = Way {
            rtt: Span::from_millis(41),
            dns: Span::from_millis(5),
            tls_round_trips: 2,
            server_time: Span::from_millis(3),
        };
        // 5 + 41 * (1 + 2), and 5 + 41 where nothing listens.
        assert_eq!(way.connecting(), Span::from_millis(128));
        assert_eq!(way.refusing(), Span::from_millis(46));
        // There and back is a round trip, odd microseconds or not.
        assert_eq!(way.there() + way.back(), Span::from_millis(41));
        assert_eq!(way.answering(), Span::from_millis(3) + way.back());
        // A body of 14,601 B needs a second window, whatever the pipe: one round trip.
        let pipe = widest(
            Bandwidth::from_bytes_per_second(125_000_000),
            [None, Some(Bandwidth::from_bytes_per_second(50_000_000))],
        );
        assert_eq!(pipe, Bandwidth::from_bytes_per_second(50_000_000));
        assert_eq!(way.growing(Bytes(14_601), 0, pipe), Span::from_millis(41));
    }
}
