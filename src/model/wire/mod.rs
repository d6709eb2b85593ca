//! One exchange of HTTP, for whoever sends: what it takes and what becomes of it.

pub(crate) mod body;
pub(crate) mod exchange;
pub(crate) mod path;
