//! Reports: files, charts and the summary on the terminal. Reads results only, and changes none.

pub mod chart;
pub mod compare;
mod diagnosis;
pub mod files;
pub mod format;
pub mod json;
mod page;
pub mod solve;
pub mod style;
pub mod summary;
pub mod sweep;
#[cfg(test)]
pub(crate) mod synthetic;
pub mod what_now;

use serde::Serialize;

use crate::experiment::Summary;
use crate::model::record::outcome::{Detail, Outcome};
use crate::scenario::Scenario;

/// Version of the program, as it stands in every report.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How every JSON document begins.
#[derive(Serialize)]
struct Head {
    program: &'static str,
    version: &'static str,
    simulated: bool,
}

impl Head {
    /// Nothing that this program tells was measured.
    const SIMULATED: Self = Self { program: "pullstorm", version: VERSION, simulated: true };
}

/// One run of one scenario with its results: what every report reads.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// What all replications showed.
    pub summary: &'a Summary,
    /// The replications, by number.
    pub outcomes: &'a [Outcome],
}

impl<'a> Run<'a> {
    /// The replication whose rows and series were kept, and those.
    pub fn detail(&self) -> Option<(u32, &'a Detail)> {
        self.outcomes.iter().find_map(|it| Some((it.replication, it.detail.as_ref()?)))
    }
}
