//! What pulls ask: registries and their gates, ways out, mirrors, and others who ask as well.

pub(crate) mod background;
pub(crate) mod egress;
pub(crate) mod gate;
pub(crate) mod mirror;
pub(crate) mod past;
pub(crate) mod registry;
