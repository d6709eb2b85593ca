//! What now: from a state, when it clears if nothing is done, and under each variant, as a time and
//! as a range over what is not known.
//!
//! Each way is run under three readings of what the state leaves open: as the scenario has it, with
//! all of it at its early end (units come back at once, windows end now), and with all of it at its
//! late end. Within a reading, replications draw what nobody can know: what is left of back-off
//! windows, the phase of polls, others' pulls. All ways see the same luck, and differences are
//! taken within a replication.

use super::{Crew, Shown as Kept};
use crate::engine::stats::quantile_of;
use crate::model::record::measure::{CLEAR_SECONDS, Measure, UNREADY_POD_MINUTES};
use crate::model::record::outcome::Outcome;
use crate::model::spec::{Began, History, LimitStateSpec, Spec};
use crate::scenario::{Parameter, Scenario};
use crate::units::Span;

/// Replications of each way and reading where the call does not say: with three readings and half a
/// dozen variants a hundred runs, which have to end within seconds.
pub const REPLICATIONS: u32 = 5;

/// A difference below this is none: a kubelet looks every 10 to 15 s.
const A_POLL: f64 = 15.0;
/// A difference counts where so many of the replications show it.
const MOST_OF: f64 = 0.8;
/// Unready pod-minutes differ from this share on.
const MINUTES_MATTER: f64 = 0.05;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatNow {
    /// Replications of each way and reading.
    pub replications: u32,
    /// How far the runs looked.
    pub horizon: Span,
    /// Doing nothing.
    pub nothing: Way,
    /// The variants, best first; what no released software has comes last.
    pub variants: Vec<Way>,
    /// What the state leaves open, and what doing nothing hangs on.
    pub open: Vec<Open>,
    /// Doing nothing in the scenario's own reading: what luck alone makes of it.
    pub luck: Range,
}

/// From the earliest to the latest time, in seconds; infinite is beyond the horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The earliest.
    pub from: f64,
    /// The latest.
    pub to: f64,
}

/// One way to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The variant's name; `None` for doing nothing.
    pub variant: Option<String>,
    /// Its title.
    pub title: String,
    /// Whether it has something that no released software has.
    pub is_what_if: bool,
    /// When it clears in the scenario's own reading, the median of the replications; infinite where
    /// that is beyond the horizon.
    pub clear: f64,
    /// The same over all readings and replications.
    pub range: Range,
    /// Unready pod-minutes in the scenario's own reading, mean.
    pub minutes: f64,
    /// Against doing nothing, in the scenario's own reading.
    pub verdict: Against,
    /// A verdict to the contrary where what is open is at its early, or at its late end.
    pub turns: Vec<(End, Against)>,
}

/// An end of what is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Units come back at once, windows end now.
    Early,
    /// Everything was spent just now, windows have just begun.
    Late,
}

/// How a way compares with doing nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Against {
    /// It clears sooner by so many seconds; infinite where doing nothing does not clear at all.
    Sooner(f64),
    /// It clears later by so many seconds; infinite where it does not clear at all.
    Later(f64),
    /// It clears at the same time, and costs so many unready pod-minutes less.
    Cheaper(f64),
    /// It clears at the same time, and costs so many unready pod-minutes more.
    Dearer(f64),
    /// No difference shows.
    Same,
}

impl Against {
    /// Whether it does harm.
    pub const fn is_harm(self) -> bool {
        matches!(self, Self::Later(_) | Self::Dearer(_))
    }

    const fn is_gain(self) -> bool {
        matches!(self, Self::Sooner(_) | Self::Cheaper(_))
    }
}

/// Something that the state leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// When the units of a sliding log were spent.
    History,
    /// When the fixed window began that runs now.
    Window,
}

/// Something open, and when it clears without doing anything at either end of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// What.
    pub what: What,
    /// The limit's name.
    pub limit: String,
    /// Block of the state.
    pub block: String,
    /// Host of the limit's registry.
    pub host: String,
    /// With this alone at its early end, median of the replications.
    pub early: f64,
    /// With this alone at its late end.
    pub late: f64,
}

/// What one replication showed.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown {
    clear: f64,
    minutes: f64,
}

/// Runs the base and its variants; `None` where the work is ended early.
///
/// # Panics
/// Panics when there are no replications.
pub fn what_now(
    crew: &Crew,
    base: &Scenario,
    variants: &[Scenario],
    replications: u32,
) -> Option<WhatNow> {
    assert!(0 < replications, "nothing is known without a replication");
    let mut jobs = Jobs { specs: Vec::new(), replications };
    let plans: Vec<Plan> = std::iter::once(base).chain(variants).map(|it| jobs.plan(it)).collect();
    let open: Vec<(Open, [usize; 2])> = jobs.plan_open(&base.spec, plans[0]);
    let shown = jobs.run(crew);
    if crew.is_stopped() {
        return None;
    }
    let of = |plan: Plan| plan.map(|it| shown[it].as_slice());
    let nothing = of(plans[0]);
    let way = |(scenario, plan): (&Scenario, Plan)| Way::new(scenario, &of(plan), &nothing);
    let mut ways: Vec<Way> =
        std::iter::once(base).chain(variants).zip(plans.iter().copied()).map(way).collect();
    let first = ways.remove(0);
    ways.sort_by(|a, b| {
        let order = a.is_what_if.cmp(&b.is_what_if).then(a.clear.total_cmp(&b.clear));
        order.then(a.minutes.total_cmp(&b.minutes))
    });
    let open = open.into_iter().map(|(it, [early, late])| Open {
        early: median(&shown[early], |it| it.clear),
        late: median(&shown[late], |it| it.clear),
        ..it
    });
    Some(WhatNow {
        replications,
        horizon: base.spec.horizon,
        nothing: first,
        variants: ways,
        open: open.collect(),
        luck: Range::of(nothing[MIDDLE].iter()),
    })
}

/// Positions of the runs of a way: early, as the scenario has it, late.
type Plan = [usize; 3];
const EARLY: usize = 0;
const MIDDLE: usize = 1;
const LATE: usize = 2;

/// All that has to run.
struct Jobs {
    specs: Vec<Spec>,
    replications: u32,
}

impl Jobs {
    fn add(&mut self, spec: Spec) -> usize {
        self.specs.push(spec);
        self.specs.len() - 1
    }

    /// The three readings of a way; one run serves all where nothing is open.
    fn plan(&mut self, scenario: &Scenario) -> Plan {
        let spec = &scenario.spec;
        let middle = self.add(spec.clone());
        if !spec.state.limits.iter().any(is_open) {
            return [middle; 3];
        }
        let mut at = |end| {
            let mut spec = spec.clone();
            for it in &mut spec.state.limits {
                read_history(it, end);
                read_window(it, end);
            }
            self.add(spec)
        };
        [at(End::Early), middle, at(End::Late)]
    }

    /// The ends of each thing that is open, the others as the scenario has them.
    fn plan_open(&mut self, spec: &Spec, base: Plan) -> Vec<(Open, [usize; 2])> {
        let states = spec.state.limits.iter().enumerate();
        let open: Vec<(usize, What)> = states
            .flat_map(|(nth, it)| {
                let history = it.history_is_open.then_some((nth, What::History));
                history.into_iter().chain(it.began_is_open.then_some((nth, What::Window)))
            })
            .collect();
        let is_only_one = open.len() == 1;
        open.into_iter()
            .map(|(nth, what)| {
                let read = match what {
                    What::History => read_history,
                    What::Window => read_window,
                };
                let mut at = |end| {
                    let mut spec = spec.clone();
                    read(&mut spec.state.limits[nth], end);
                    self.add(spec)
                };
                let ends = if is_only_one {
                    [base[EARLY], base[LATE]]
                } else {
                    [at(End::Early), at(End::Late)]
                };
                let state = &spec.state.limits[nth];
                let registry = &spec.registries[state.registry.idx()];
                let (limit, block) =
                    (registry.limits[state.limit].name.clone(), state.name.clone());
                let host = registry.host.clone();
                (Open { what, limit, block, host, early: 0.0, late: 0.0 }, ends)
            })
            .collect()
    }

    /// What each replication of each spec showed.
    fn run(&self, crew: &Crew) -> Vec<Vec<Shown>> {
        crew.each(&self.specs, |spec| {
            let outcomes = crew.replicate(spec, 0..self.replications, Kept::NOTHING, &|_| {});
            outcomes.iter().map(Shown::of).collect()
        })
    }
}

const fn is_open(state: &LimitStateSpec) -> bool {
    state.history_is_open || state.began_is_open
}

fn read_history(state: &mut LimitStateSpec, end: End) {
    if state.history_is_open {
        state.history = match end {
            End::Early => History::Oldest,
            End::Late => History::Newest,
        };
    }
}

fn read_window(state: &mut LimitStateSpec, end: End) {
    if state.began_is_open {
        state.began = match end {
            End::Early => Began::WindowAgo,
            End::Late => Began::Ago(Span::ZERO),
        };
    }
}

impl Shown {
    fn of(outcome: &Outcome) -> Self {
        let figure = |measure: Measure| outcome.of_run(measure).known().unwrap_or(f64::INFINITY);
        Self { clear: figure(CLEAR_SECONDS), minutes: figure(UNREADY_POD_MINUTES) }
    }
}

impl Range {
    fn of<'a>(shown: impl Iterator<Item = &'a Shown>) -> Self {
        let none = Self { from: f64::INFINITY, to: 0.0 };
        shown.fold(none, |it, one| Self { from: it.from.min(one.clear), to: it.to.max(one.clear) })
    }
}

impl Way {
    fn new(scenario: &Scenario, shown: &[&[Shown]; 3], nothing: &[&[Shown]; 3]) -> Self {
        let middle = shown[MIDDLE];
        let verdict = compare(middle, nothing[MIDDLE]);
        let info = scenario.variants.iter().find(|it| Some(&it.name) == scenario.variant.as_ref());
        let is_lever = info.and_then(|it| it.lever).is_some_and(|it| it.id == "what-if");
        let ends = [(End::Early, EARLY), (End::Late, LATE)];
        let at_ends = ends.map(|(end, it)| (end, compare(shown[it], nothing[it])));
        let turns = |it: &(End, Against)| {
            it.1.is_harm() && !verdict.is_harm() || it.1.is_gain() && verdict.is_harm()
        };
        Self {
            variant: scenario.variant.clone(),
            title: info.map_or_else(String::new, |it| it.title.clone()),
            is_what_if: is_lever || scenario.parameters.iter().any(Parameter::is_what_if),
            clear: median(middle, |it| it.clear),
            range: Range::of(shown.iter().copied().flatten()),
            minutes: middle.iter().map(|it| it.minutes).sum::<f64>() / middle.len() as f64,
            verdict,
            turns: at_ends.into_iter().filter(turns).collect(),
        }
    }
}

fn median(shown: &[Shown], of: fn(&Shown) -> f64) -> f64 {
    let figures: Vec<f64> = shown.iter().map(of).collect();
    quantile_of(&figures, 500).unwrap_or(f64::INFINITY)
}

/// A way against doing nothing, replication by replication.
fn compare(way: &[Shown], nothing: &[Shown]) -> Against {
    let pairs = || way.iter().zip(nothing);
    // Where neither clears, neither is later.
    let later = |(a, b): (&Shown, &Shown)| {
        let one_clears = a.clear.is_finite() || b.clear.is_finite();
        if one_clears { a.clear - b.clear } else { 0.0 }
    };
    if let Some(by) = difference(&pairs().map(later).collect::<Vec<_>>(), A_POLL) {
        return if by < 0.0 { Against::Sooner(-by) } else { Against::Later(by) };
    }
    let mean = nothing.iter().map(|it| it.minutes).sum::<f64>() / nothing.len() as f64;
    let dearer: Vec<f64> = pairs().map(|(a, b)| a.minutes - b.minutes).collect();
    match difference(&dearer, 1.0 + MINUTES_MATTER * mean) {
        Some(by) if by < 0.0 => Against::Cheaper(-by),
        Some(by) => Against::Dearer(by),
        None => Against::Same,
    }
}

/// The median of differences, where it reaches what matters and most of them have its sign.
fn difference(differences: &[f64], matters: f64) -> Option<f64> {
    let median = quantile_of(differences, 500)?;
    let alike = differences.iter().filter(|it| 0.0 < **it * median.signum()).count();
    let most = MOST_OF * differences.len() as f64 <= alike as f64;
    (matters <= median.abs() && most).then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(clears: &[f64]) -> Vec<Shown> {
        clears.iter().map(|&clear| Shown { clear, minutes: 100.0 }).collect()
    }

    #[test]
    fn a_way_is_compared_within_each_replication() {
        let nothing = shown(&[100.0, 900.0, 500.0, 300.0, 700.0]);
        let sooner = shown(&[40.0, 840.0, 440.0, 240.0, 640.0]);
        assert_eq!(compare(&sooner, &nothing), Against::Sooner(60.0));
        assert_eq!(compare(&nothing, &sooner), Against::Later(60.0));
        assert_eq!(compare(&nothing, &nothing), Against::Same);
    }

    #[test]
    fn less_than_a_poll_and_what_luck_decides_are_no_difference() {
        let nothing = shown(&[100.0; 5]);
        assert_eq!(compare(&shown(&[112.0; 5]), &nothing), Against::Same);
        let luck = shown(&[400.0, 400.0, 400.0, 50.0, 50.0]);
        assert_eq!(compare(&luck, &nothing), Against::Same);
        let most = shown(&[400.0, 400.0, 400.0, 400.0, 50.0]);
        assert_eq!(compare(&most, &nothing), Against::Later(300.0));
    }

    #[test]
    fn what_never_clears_is_later_than_everything_but_not_than_itself() {
        let (never, some) = (shown(&[f64::INFINITY; 3]), shown(&[100.0; 3]));
        assert_eq!(compare(&never, &some), Against::Later(f64::INFINITY));
        assert_eq!(compare(&some, &never), Against::Sooner(f64::INFINITY));
        assert_eq!(compare(&never, &never), Against::Same);
    }

    #[test]
    fn what_clears_at_the_same_time_may_cost_more_on_the_way() {
        let nothing = shown(&[100.0; 4]);
        let dear: Vec<Shown> =
            nothing.iter().map(|it| Shown { minutes: it.minutes + 50.0, ..*it }).collect();
        assert_eq!(compare(&dear, &nothing), Against::Dearer(50.0));
        assert_eq!(compare(&nothing, &dear), Against::Cheaper(50.0));
        assert!(Against::Dearer(1.0).is_harm() && !Against::Cheaper(1.0).is_harm());
    }
}
