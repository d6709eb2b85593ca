//! What the variants of a scenario save: the comparison with the base, by unready pod-minutes, next
//! to what a diagnosis says.

use super::compare::{self, Comparison, Effect, Step};
use super::{Crew, Samples};
use crate::model::record::measure::{
    Measure, PODS_NEVER_READY, PULL_FAILURES, UNREADY_POD_MINUTES,
};
use crate::model::record::outcome::Outcome;
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
    /// Half-width of the 95 % interval of what is saved; `None` below two replications.
    pub half_width: Option<f64>,
    /// What is saved as a share of the base's; `None` where the base has none.
    pub share: Option<f64>,
    /// What may be said of it.
    pub effect: Effect,
    /// Pods never ready, mean over the replications.
    pub never_ready: f64,
    /// Failed pulls, mean over the replications.
    pub pull_failures: f64,
    /// Whether all of its expectations hold; `None` where it has none.
    pub holds: Option<bool>,
}

/// The mean of a count of the whole run, which every run has.
fn mean(samples: &Samples, measure: Measure) -> f64 {
    samples.of_run(measure).and_then(|it| it.summarise().mean).unwrap_or(0.0)
}

/// Runs every variant of `base`, which showed `outcomes`, and compares: what saves most comes
/// first. Variants that cannot be read together with the call's settings are left out; where the
/// work is ended early, all are.
pub fn measure(
    file: &SourceFile,
    request: &Request,
    base: &Scenario,
    outcomes: &[Outcome],
    crew: &Crew,
    step: &(dyn Fn(Step) + Sync),
) -> Vec<Measured> {
    let variants: Vec<Scenario> = base
        .variants
        .iter()
        .filter_map(|it| {
            let request = Request { variants: vec![it.name.clone()], ..request.clone() };
            load(file, &request).ok().map(|it| it.scenario)
        })
        .collect();
    let ran = compare::run(crew, &variants, outcomes.len() as u32, None, step);
    let Some((arms, _)) = ran.filter(|_| !crew.is_stopped()) else { return vec![] };
    let comparison = Comparison::new(compare::arm(base, outcomes.to_vec()), arms);
    let mut measured: Vec<Measured> = comparison
        .changed
        .iter()
        .filter_map(|it| {
            let difference = it.of_run(UNREADY_POD_MINUTES)?;
            let holds = it.arm.verdicts.iter().all(|it| it.holds);
            Some(Measured {
                variant: it.arm.name.clone(),
                lever: it.arm.lever,
                minutes: mean(&it.arm.samples, UNREADY_POD_MINUTES),
                saved: -difference.difference?,
                half_width: difference.half_width,
                share: difference.relative.map(|it| -it),
                effect: difference.effect,
                never_ready: mean(&it.arm.samples, PODS_NEVER_READY),
                pull_failures: mean(&it.arm.samples, PULL_FAILURES),
                holds: (!it.arm.verdicts.is_empty()).then_some(holds),
            })
        })
        .collect();
    measured.sort_by(|a, b| b.saved.total_cmp(&a.saved));
    measured
}
