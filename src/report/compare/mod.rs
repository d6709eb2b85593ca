//! Comparisons on the terminal, as Markdown, and in files.

mod assumptions;
mod charts;
mod files;
mod json;
mod page;
mod table;

pub use assumptions::Assumed;
pub use charts::write_charts;
pub use files::{clear, write_files};
pub use json::write_json;
pub use page::{comparison_markdown, comparison_text};
pub use table::comparison_csv;

use super::format;
use crate::experiment::compare::{
    Changed, Comparison, Design, Difference, Effect, Gate, Passage, Rank, Stack,
};
use crate::model::record::measure::{self, Better, Measure};
use crate::scenario::metrics::Target;

/// A comparison with everything that is told of it.
#[derive(Debug)]
pub struct Compared<'a> {
    /// What is compared, for headings and folders: the scenario, or `a vs b`.
    pub name: &'a str,
    /// The scenario's title, or empty.
    pub title: &'a str,
    /// What stands beside the results of two stored runs or files, as a remark each.
    pub remarks: &'a [String],
    /// Figures and differences.
    pub comparison: &'a Comparison,
    /// The metric of the ranking.
    pub by: &'a Target,
    /// The variants in the order of that metric.
    pub ranking: &'a [Rank],
    /// Stacked mitigations, where that was asked.
    pub stack: Option<&'a Stack>,
    /// What the readings of unverified facts do, where that was asked.
    pub assumed: Option<Assumed<'a>>,
    /// What became of the tolerances.
    pub gates: &'a [Gate],
    /// What was set by hand, as `path=value`.
    pub set: &'a [String],
    /// How many replications, all of which hold, make an expectation certain, where it is known.
    pub sure_from: Option<u32>,
    /// What censored times exceed, where it is the same for all.
    pub horizon_seconds: Option<f64>,
}

/// Pairs from which on a sign test can speak at 95 %: 2 in 2⁶ is below 5 %, 2 in 2⁵ is not.
const PAIRS_OF_A_SIGN: u32 = 6;

/// The metrics that stand beside the ranking, with their headings.
const BESIDE: [(Measure, &str); 4] = [
    (measure::PODS_NEVER_READY, "never ready"),
    (measure::READY_SECONDS_P95, "ready p95"),
    (measure::PULL_FAILURES, "failed pulls"),
    (measure::REQUESTS_REJECTED_429, "429 answers"),
];

impl Compared<'_> {
    /// Those of [`BESIDE`] that are not ranked by.
    fn beside(&self) -> impl Iterator<Item = (Measure, &'static str)> {
        BESIDE.into_iter().filter(|it| *self.by != Target::of_run(it.0))
    }

    fn ranked(&self) -> impl Iterator<Item = (&Rank, &Changed)> {
        self.ranking.iter().map(|it| (it, &self.comparison.changed[it.position]))
    }

    /// The difference of a side in the metric of the ranking.
    fn by_difference<'b>(&self, changed: &'b Changed) -> Option<&'b Difference> {
        changed.find(&self.by.scope, &self.by.metric)
    }

    /// Which way the metric of the ranking gets better.
    fn which_way(&self) -> &'static str {
        match self.by.info().better {
            Better::Less => "less is better",
            Better::More => "more is better",
            Better::Neither => "neither way is better",
        }
    }

    /// How the replications stand to each other, in a sentence.
    fn design(&self) -> String {
        let n = self.comparison.base.samples.replications();
        match self.comparison.design {
            Design::Paired if n == 1 => {
                "1 replication of each, paired: there is no interval and no evidence; raise \
                 --replications"
                    .into()
            }
            Design::Paired => format!(
                "{n} replications of each, paired: both sides of a difference saw the same luck"
            ),
            Design::Independent => {
                let others = self.comparison.changed.iter().map(|it| &it.arm);
                let luck: Vec<String> = std::iter::once(&self.comparison.base)
                    .chain(others)
                    .map(|it| format!("{} (seed {})", it.samples.replications(), it.seed))
                    .collect();
                format!(
                    "replications: {}; not paired, for seed and number must agree for that, so \
                     intervals are wider",
                    luck.join(" and ")
                )
            }
        }
    }

    /// Whether anything is expected of any side.
    fn expects(&self) -> bool {
        let sides = self.comparison.changed.iter().map(|it| &it.arm);
        std::iter::once(&self.comparison.base).chain(sides).any(|it| !it.verdicts.is_empty())
    }

    /// What *uncertain* means, where an expectation of a variant is, and what settles it.
    fn uncertain(&self) -> Option<String> {
        let mut verdicts = self.comparison.changed.iter().flat_map(|it| &it.arm.verdicts);
        let remedy = match self.sure_from {
            Some(n) if self.comparison.base.samples.replications() < n => {
                format!("; where it holds in all of them, {n} settle it (--replications {n})")
            }
            _ => String::new(),
        };
        verdicts
            .any(|it| it.uncertain)
            .then(|| format!("uncertain: more replications could turn an expectation{remedy}"))
    }

    /// What one must know to read many verdicts, or those of few pairs.
    fn cautions(&self) -> Vec<String> {
        let n = self.comparison.changed.len();
        let mut cautions = vec![];
        if 5 <= n {
            cautions.push(format!(
                "Each verdict is one at 95 %: among {n} changes that do nothing, {} would look \
                 like something by luck.",
                format::decimal(n as f64 * 0.05, 1)
            ));
        }
        let is_mute = |it: &Difference| {
            let censored = it.base.censored + it.changed.censored;
            0 < censored && it.pairs < PAIRS_OF_A_SIGN && it.effect == Effect::NoEvidence
        };
        let by = self.comparison.changed.iter().filter_map(|it| self.by_difference(it));
        if by.into_iter().any(is_mute) {
            cautions.push(format!(
                "Where a replication is censored, signs decide, and it takes \
                 {PAIRS_OF_A_SIGN} replications for a verdict."
            ));
        }
        cautions
    }

    /// How many differences have which verdict.
    fn counts(changed: &Changed) -> Counts {
        let count = |effect| changed.differences.iter().filter(|it| it.effect == effect).count();
        Counts {
            better: count(Effect::Better),
            worse: count(Effect::Worse),
            differ: count(Effect::Differs),
            no_evidence: count(Effect::NoEvidence),
        }
    }
}

/// Differences by verdict.
struct Counts {
    better: usize,
    worse: usize,
    differ: usize,
    no_evidence: usize,
}

/// A difference with its interval: `-178,000 ± 2,345`; what stands in its place where it has none.
fn change(it: &Difference) -> String {
    if it.identical {
        return "none".into();
    }
    let Some(difference) = it.difference else { return censored(it) };
    let sign = if 0.0 < difference { "+" } else { "" };
    let unit = it.base.unit.text();
    let text = format!("{sign}{}", format::quantity(difference, unit));
    match it.half_width {
        Some(half_width) => format!("{text} ± {}", format::quantity(half_width, unit)),
        None => text,
    }
}

/// Why there is no difference.
fn censored(it: &Difference) -> String {
    let n = |summary: &crate::experiment::MetricSummary| {
        format!("{} of {}", summary.censored, summary.replications)
    };
    match (it.base.censored, it.changed.censored) {
        (0, 0) => format::NOTHING.into(),
        _ => format!("censored {} → {}", n(&it.base), n(&it.changed)),
    }
}

/// The relative change: `-12.5%`.
fn relative(it: &Difference) -> String {
    match it.relative {
        Some(change) if !it.identical => format::relative(change),
        _ => String::new(),
    }
}

/// The verdict in words.
fn verdict(it: &Difference) -> &'static str {
    if it.identical { "identical" } else { it.effect.name() }
}

/// What became of a side's expectations: `2 of 3 hold`.
fn expectations(changed: &crate::experiment::compare::Arm) -> String {
    let all = changed.verdicts.len();
    let hold = changed.verdicts.iter().filter(|it| it.holds).count();
    let uncertain = changed.verdicts.iter().any(|it| it.uncertain);
    match all {
        0 => String::new(),
        _ if uncertain => format!("{hold} of {all} hold, uncertain"),
        _ => format!("{hold} of {all} hold"),
    }
}

/// One gate in words: `unready_pod_minutes: +0.8% ± 0.2%, 5% allowed`.
fn gate(it: &Gate) -> String {
    let lost =
        it.difference.as_ref().map_or(0, |it| it.changed.absent.saturating_sub(it.base.absent));
    let grown = match it.worsening {
        _ if 0 < lost && !passes(it) => format!("nothing to measure in {lost} replications more"),
        Some(share) if 0.0 <= share => format!("worse by {}", format::share(share)),
        Some(share) => format!("better by {}", format::share(-share)),
        None => it.difference.as_ref().map_or_else(|| "not measured".to_owned(), change),
    };
    let uncertain = if it.is_uncertain { ", uncertain" } else { "" };
    format!("{}: {grown}, {} allowed{uncertain}", it.tolerance.target, it.tolerance.share)
}

fn passes(it: &Gate) -> bool {
    it.passage == Passage::Passes
}
