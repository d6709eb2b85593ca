//! Pullstorm: a deterministic discrete-event simulator of container-image pull storms.
//!
//! The layers, ground floor first; each uses only those above it in this list (`tests/tidy.rs`
//! holds the arrows): [`text`], [`words`], [`units`], [`engine`], [`resource`], [`model`],
//! [`scenario`], [`experiment`], [`report`], [`cli`]. `ARCHITECTURE.md` tells what lives where and
//! the life of one pull.

pub mod text;
pub mod words;

pub mod units;

pub mod engine;
pub mod resource;

pub mod model;

pub mod scenario;

pub mod experiment;

pub mod report;

pub mod cli;
