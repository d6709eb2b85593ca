//! TOML text to a checked, unit-typed [`Spec`]: the only way into the model for a user.

use crate::model::spec::Spec;
use crate::units::Share;

/// A scenario ready to run: one variant of one file with the `--set` of one call.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name: the file's stem; output goes to `output/NAME`.
    pub name: String,
    /// Variant in force, where one was asked for.
    pub variant: Option<String>,
    /// One line.
    pub title: String,
    /// What the scenario asks.
    pub question: String,
    /// Replications to run.
    pub replications: u32,
    /// What the model runs.
    pub spec: Spec,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// In which share of the replications an expectation must hold.
    pub in_runs: Share,
    /// Variants of the file, by name.
    pub variants: Vec<VariantInfo>,
    /// Every effective parameter, by path.
    pub parameters: Vec<Parameter>,
}

/// One variant of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantInfo {
    /// Its name.
    pub name: String,
    /// Its title, or empty.
    pub title: String,
}

/// One effective parameter and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Dotted path, such as `pool.workers.nodes`.
    pub path: String,
    /// The value as the scenario language writes it.
    pub value: String,
    /// Where it comes from: `file:line`, `--set`, `variant NAME`, `preset NAME`, `default`.
    pub origin: String,
}

/// A demand on one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// `run`, `workload.NAME`, `pool.NAME`, `registry.NAME`.
    pub scope: String,
    /// Name of the metric, with its suffix.
    pub metric: String,
    /// How the observed value is compared.
    pub comparison: Comparison,
    /// What it is compared with, in the metric's unit (seconds for spans, 0 to 1 for shares).
    pub demand: f64,
    /// The demand as it was written: `< 5m`.
    pub text: String,
    /// Where it was written: `file:line`.
    pub origin: String,
}

/// How a value is compared with a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

impl Comparison {
    /// Whether `value` meets `demand`.
    pub fn holds(self, value: f64, demand: f64) -> bool {
        match self {
            Self::Less => value < demand,
            Self::AtMost => value <= demand,
            Self::Greater => demand < value,
            Self::AtLeast => demand <= value,
            #[expect(
                clippy::float_cmp,
                reason = "an expectation of equality is on counts, which are exact"
            )]
            Self::Equal => value == demand,
        }
    }
}
