//! Time, order, chance and counting. Knows nothing of containers; uses only [`crate::units`].

pub mod calendar;
pub mod chance;
pub mod slots;
pub mod stats;
