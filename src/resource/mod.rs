//! What is shared and scarce, still without containers: limits, links, stations, ports. Every part
//! is pure: it knows no calendar and says what happened.

pub mod limiter;
pub mod link;
pub mod pacer;
pub mod ports;
pub mod station;
