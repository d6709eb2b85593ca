//! What the variants of a scenario save: each is run with the replications of the base, which see
//! the same luck, and is ranked by the unready pod-minutes that it takes away.

use super::{Crew, Shown, Summary, summarise};
use crate::scenario::levers::Lever;
use crate::scenario::{Request, Scenario, SourceFile, load};

/// What one variant did.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The variant's name.
    pub variant: String,
    /// The lever that it stands for, where it says so.
    pub lever: Option<&'static Lever>,
    /// Unready pod-minutes, mean over the replications.
    pub minutes: f64,
    /// Unready pod-minutes of the base less those of the variant.
    pub saved: f64,
    /// What is saved as a share of the base's; `None` where the base has none.
    pub share: Option<f64>,
    /// Pods never ready, mean over the replications.
    pub never_ready: f64,
    /// Failed pulls, mean over the replications.
    pub pull_failures: f64,
    /// Whether all of its expectations hold; `None` where it has none.
    pub holds: Option<bool>,
}

/// The mean of a count of the whole run, which every run has.
fn mean(summary: &Summary, name: &str) -> f64 {
    summary.metric("run", name).and_then(|it| it.mean).unwrap_or(0.0)
}

/// Runs every variant of `base`, which `summary` sums up, and ranks them: what saves most first.
/// Variants that cannot be read together with the call's settings are left out. `done` is told each
/// variant that has run.
pub fn measure(
    file: &SourceFile,
    request: &Request,
    base: &Scenario,
    summary: &Summary,
    crew: &Crew,
    done: &dyn Fn(&str),
) -> Vec<Measured> {
    let before = mean(summary, "unready_pod_minutes");
    let mut measured = Vec::new();
    for variant in &base.variants {
        let request = Request { variants: vec![variant.name.clone()], ..request.clone() };
        let Ok(loaded) = load(file, &request) else { continue };
        let replications = 0..summary.replications;
        let outcomes = crew.replicate(&loaded.scenario.spec, replications, Shown::NOTHING, &|_| {});
        let after = summarise(&loaded.scenario, &outcomes);
        let minutes = mean(&after, "unready_pod_minutes");
        let saved = before - minutes;
        measured.push(Measured {
            variant: variant.name.clone(),
            lever: variant.lever,
            minutes,
            saved,
            share: (0.0 < before).then(|| saved / before),
            never_ready: mean(&after, "pods_never_ready"),
            pull_failures: mean(&after, "pull_failures"),
            holds: (!after.verdicts.is_empty()).then(|| after.verdicts.iter().all(|it| it.holds)),
        });
        done(&variant.name);
    }
    measured.sort_by(|a, b| b.saved.total_cmp(&a.saved));
    measured
}
