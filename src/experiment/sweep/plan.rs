//! Plans: every point of a sweep with what it depends on, in one document with a hash.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::{Crew, Until};
use super::expand;
use crate::engine::chance::{combine, stable_hash};
use crate::scenario::{
    BASE, Design, Diagnostic, Diagnostics, Lattice, Request, Scenario, SourceFile, Sweep, VARIANT,
    is_folder_name, load,
};
use crate::units::Share;
use crate::words::Words;

/// Version of the program: results may differ between versions, so a plan belongs to one.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Problems of points that are told; more of them say nothing new.
const MOST_TOLD: usize = 50;

/// Everything that the points of a sweep depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The program.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Hash of all of this.
    pub plan_hash: String,
    /// Name of the scenario.
    pub scenario: String,
    /// What `--set`, `--seed` and `--replications` set, as `path=value`, in order.
    pub sets: Vec<String>,
    /// The base's seed.
    pub seed: u64,
    /// The base's replications; with `until`, the first step of them.
    pub replications: u32,
    /// When a point's replications are enough, where their number is not fixed.
    pub until: Option<UntilText>,
    /// How the axes are combined.
    pub design: String,
    /// The axes.
    pub axes: Vec<PlanAxis>,
    /// The points, by index.
    pub points: Vec<PlanPoint>,
    /// Text of the scenario.
    pub text: String,
}

/// One axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanAxis {
    /// What it varies.
    pub path: String,
    /// The base's value, where it has one.
    pub base: Option<String>,
    /// Its values.
    pub values: Vec<String>,
}

/// One point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanPoint {
    /// Its place in the order of the points.
    pub index: u32,
    /// Hash of the values that it gives to paths, whatever the order of the axes.
    pub id: String,
    /// Its value of each axis; none where it is as in the base.
    pub values: Vec<Option<String>>,
}

/// When replications are enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UntilText {
    /// `METRIC +- SHARE`.
    pub until: String,
    /// Most replications.
    pub at_most: u32,
}

/// What a call asks of a sweep beside what it asks of the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Axes in place of the file's: `PATH=VALUES`.
    pub vary: &'a [String],
    /// The design in place of the file's.
    pub design: Option<Design>,
    /// When replications are enough.
    pub until: Option<&'a Until>,
}

/// A plan, and what is odd about its points.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The plan.
    pub plan: Plan,
    /// Problems that do not keep it from running.
    pub warnings: Vec<Diagnostic>,
}

/// Why there is no plan.
#[derive(Clone, Debug)]
pub enum NotDrafted {
    /// The scenario, its axes or its points have problems.
    Problems(Diagnostics),
    /// Nothing is varied.
    NoAxes,
    /// What `--until` names is not there at a point.
    NoTarget(String),
}

/// A hash as it is written.
fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// Plans the sweep of a file; every point is loaded once, and all problems are told at once.
pub fn draft(
    file: &SourceFile,
    request: &Request,
    asked: Asked<'_>,
    crew: &Crew,
) -> Result<Draft, NotDrafted> {
    let base = load(file, request);
    let (sweep, mut problems) = Sweep::read(file, request, asked.vary, asked.design);
    let base = match base {
        Ok(base) => base,
        Err(mut all) => {
            all.absorb(problems);
            return Err(NotDrafted::Problems(all));
        }
    };
    let Some(sweep) = sweep else { return Err(NotDrafted::Problems(problems)) };
    if sweep.axes.is_empty() && problems.list.is_empty() {
        return Err(NotDrafted::NoAxes);
    }
    let points = choices(&sweep, &base.scenario, !problems.list.is_empty());
    let mut warnings = Diagnostics { list: base.warnings };
    let (found, odd, missing) = try_points(&sweep, &points, asked.until, crew);
    problems.absorb(found);
    warnings.absorb(odd);
    if !problems.list.is_empty() {
        return Err(NotDrafted::Problems(problems));
    }
    if let Some(why) = missing {
        return Err(NotDrafted::NoTarget(why));
    }
    let plan = plan(file, request, asked.until, &sweep, &base.scenario, &points);
    Ok(Draft { plan, warnings: warnings.list })
}

/// The points to run. Where axes have problems, only points that can be looked at all the same.
fn choices(sweep: &Sweep, base: &Scenario, faulty: bool) -> Vec<Vec<Option<usize>>> {
    let lengths: Vec<usize> = sweep.axes.iter().map(|it| it.values.len()).collect();
    // Problems may be those of the combination itself; each value by itself is looked at then.
    let design = if faulty { Design::OneAtATime } else { sweep.design };
    let mut points = expand(design, &lengths);
    if design == Design::OneAtATime {
        // A value that the base has is the base.
        let bases: Vec<Option<String>> =
            sweep.axes.iter().map(|it| base_value(&it.path, base)).collect();
        points.retain(|point| {
            !point.iter().zip(sweep.axes.iter().zip(&bases)).any(|(chosen, (axis, base))| {
                chosen.is_some_and(|at| Some(&axis.values[at]) == base.as_ref())
            })
        });
    }
    points
}

/// The base's value of a path.
fn base_value(path: &str, base: &Scenario) -> Option<String> {
    if path == VARIANT {
        return Some(base.variant.clone().unwrap_or_else(|| BASE.into()));
    }
    base.parameters.iter().find(|it| it.path == path).map(|it| it.value.clone())
}

/// Loads every point: problems, what is odd, and why `until` has no metric at one of them.
fn try_points(
    sweep: &Sweep,
    points: &[Vec<Option<usize>>],
    until: Option<&Until>,
    crew: &Crew,
) -> (Diagnostics, Diagnostics, Option<String>) {
    let (mut problems, mut odd, mut missing) =
        (Diagnostics::default(), Diagnostics::default(), None);
    // Whole batches, so that what is told does not depend on who is first.
    for batch in points.chunks(1_000) {
        let tried = crew.each(batch, |choice| {
            let loaded = sweep.load(choice).map_err(|it| at_point(it, sweep, choice))?;
            let missing = until.and_then(|it| loaded.scenario.check_target(&it.target).err());
            let odd = Diagnostics { list: loaded.warnings };
            Ok((at_point(odd, sweep, choice), missing))
        });
        for it in tried {
            match it {
                Ok((warnings, why)) if odd.list.len() < MOST_TOLD => {
                    odd.absorb(warnings);
                    missing = missing.or(why);
                }
                Ok((_, why)) => missing = missing.or(why),
                Err(found) if problems.list.len() < MOST_TOLD => problems.absorb(found),
                Err(_) => {}
            }
        }
        if MOST_TOLD <= problems.list.len() {
            break;
        }
    }
    (problems, odd, missing)
}

/// Says at which point a problem was found.
fn at_point(mut problems: Diagnostics, sweep: &Sweep, choice: &[Option<usize>]) -> Diagnostics {
    let values = sweep.axes.iter().zip(choice);
    let values: Vec<String> = values
        .filter_map(|(axis, chosen)| Some(format!("{} = {}", axis.path, axis.values[(*chosen)?])))
        .collect();
    if !values.is_empty() {
        for it in &mut problems.list {
            it.help.push(format!("first met at the point {}", values.join(", ")));
        }
    }
    problems
}

fn plan(
    file: &SourceFile,
    request: &Request,
    until: Option<&Until>,
    sweep: &Sweep,
    base: &Scenario,
    points: &[Vec<Option<usize>>],
) -> Plan {
    let mut sets = request.sets.clone();
    sets.extend(request.seed.map(|it| format!("seed={it}")));
    sets.extend(request.replications.map(|it| format!("replications={it}")));
    let axes: Vec<PlanAxis> = sweep
        .axes
        .iter()
        .map(|it| PlanAxis {
            path: it.path.clone(),
            base: base_value(&it.path, base),
            values: it.values.clone(),
        })
        .collect();
    let points = points.iter().zip(0..).map(|(choice, index)| {
        let chosen = choice.iter().zip(&axes);
        let values: Vec<Option<String>> =
            chosen.map(|(at, axis)| Some(axis.values[(*at)?].clone())).collect();
        PlanPoint { index, id: id(&axes, &values), values }
    });
    let points = points.collect();
    let mut plan = Plan {
        program: "pullstorm".into(),
        version: VERSION.into(),
        plan_hash: String::new(),
        scenario: file.stem().into(),
        sets,
        seed: base.spec.seed,
        replications: base.replications,
        until: until.map(UntilText::of),
        design: sweep.design.text().into(),
        axes,
        points,
        text: file.text.clone(),
    };
    plan.plan_hash = plan.hash();
    plan
}

/// The id of the point with these values: a hash of what it gives to which path.
fn id(axes: &[PlanAxis], values: &[Option<String>]) -> String {
    let given = axes.iter().zip(values);
    let given: BTreeMap<&str, &str> =
        given.filter_map(|(axis, value)| Some((&*axis.path, value.as_deref()?))).collect();
    let hash = given.iter().fold(0, |hash, (path, value)| {
        combine(combine(hash, stable_hash(path)), stable_hash(value))
    });
    hex(hash)
}

impl UntilText {
    fn of(until: &Until) -> Self {
        let share = Share::from_millionths((until.half_width * 1e6).round() as u32);
        Self { until: format!("{} +- {share}", until.target), at_most: until.at_most }
    }

    /// What it says.
    pub fn read(&self) -> Result<Until, String> {
        Until::parse(&self.until, self.at_most)
    }
}

impl Plan {
    /// The hash of everything but the hash.
    fn hash(&self) -> String {
        let blank = Self { plan_hash: String::new(), ..self.clone() };
        let text = serde_json::to_string(&blank).expect("a plan has nothing that JSON lacks");
        hex(stable_hash(&text))
    }

    /// Reads a plan, and checks that it is whole and of this version of the program.
    pub fn parse(text: &str) -> Result<Self, String> {
        // Another version may have other fields: its number is looked at first.
        let any: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| format!("it is not a whole plan: {error}"))?;
        match any.get("version").and_then(serde_json::Value::as_str) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(format!(
                    "it was made by version {other} of pullstorm, and this is {VERSION}: results \
                     may differ"
                ));
            }
            None => return Err("it is no plan of pullstorm".into()),
        }
        let plan: Self = serde_json::from_value(any)
            .map_err(|error| format!("it is no plan of pullstorm: {error}"))?;
        if !is_folder_name(&plan.scenario) {
            return Err(format!("its scenario cannot be called `{}`", plan.scenario));
        }
        // Names of files are made of them.
        let is_id = |id: &str| id.len() == 16 && id.bytes().all(|it| it.is_ascii_hexdigit());
        if let Some(point) = plan.points.iter().find(|it| !is_id(&it.id)) {
            return Err(format!("`{}` is no id of a point", point.id));
        }
        if plan.hash() != plan.plan_hash {
            return Err("its content has been changed: it does not fit its hash".into());
        }
        Ok(plan)
    }

    /// How the axes are combined.
    pub fn design(&self) -> Design {
        Design::parse(&self.design).unwrap_or_default()
    }

    /// The file that the plan was made of.
    pub fn file(&self) -> SourceFile {
        SourceFile { name: format!("{}.toml", self.scenario), text: self.text.clone() }
    }

    /// What a point asks of the file.
    pub fn request(&self, point: &PlanPoint) -> Request {
        let mut request = Request { sets: self.sets.clone(), ..Request::default() };
        for (axis, value) in self.axes.iter().zip(&point.values) {
            match value {
                Some(value) if axis.path == VARIANT => {
                    let names = value.split('+').map(str::trim).filter(|it| *it != BASE);
                    request.variants.extend(names.map(str::to_owned));
                }
                Some(value) => request.sets.push(format!("{}={value}", axis.path)),
                None => {}
            }
        }
        request
    }

    /// The values of a point for people: `nodes = 300, addresses = 2`.
    pub fn describe(&self, point: &PlanPoint) -> String {
        let given = self.axes.iter().zip(&point.values);
        let given: Vec<String> = given
            .filter_map(|(axis, value)| Some(format!("{} = {}", axis.path, value.as_ref()?)))
            .collect();
        if given.is_empty() { "the base".into() } else { given.join(", ") }
    }

    /// The value of a point on an axis: its own, or the base's.
    pub fn value<'a>(&'a self, point: &'a PlanPoint, axis: usize) -> Option<&'a str> {
        point.values[axis].as_deref().or(self.axes[axis].base.as_deref())
    }

    /// The number that a value of an axis stands for, with the name of what it counts; `None` where
    /// it is a word.
    pub fn number(&self, axis: usize, value: &str) -> Option<(f64, &'static str)> {
        let axis = &self.axes[axis];
        let first = axis.values.first().map_or(value, String::as_str);
        let lattice = Lattice::of(&axis.path, first).ok()?;
        let number = lattice.read(value).ok()?;
        Some((lattice.as_f64(number), lattice.unit()))
    }

    /// What of this plan differs from another, for people.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = vec![];
        let mut told =
            |what: &str, differs: bool, one: &dyn fmt::Display, two: &dyn fmt::Display| {
                if differs {
                    found.push(format!("{what} ({one} there, {two} here)"));
                }
            };
        let list = |it: &[String]| if it.is_empty() { "none".into() } else { it.join(", ") };
        let until = |it: &Self| {
            let text = |it: &UntilText| format!("{}, at most {}", it.until, it.at_most);
            it.until.as_ref().map_or("none".to_owned(), text)
        };
        told("scenario", self.scenario != other.scenario, &self.scenario, &other.scenario);
        told("seed", self.seed != other.seed, &self.seed, &other.seed);
        let replications = (self.replications, other.replications);
        told("replications", replications.0 != replications.1, &replications.0, &replications.1);
        let (one, two) = (until(self), until(other));
        told("--until", one != two, &one, &two);
        let (one, two) = (list(&self.sets), list(&other.sets));
        told("--set", one != two, &one, &two);
        told("design", self.design != other.design, &self.design, &other.design);
        let axes = |it: &Self| it.axes.iter().map(|it| it.path.clone()).collect::<Vec<_>>();
        let (one, two) = (axes(self), axes(other));
        told("axes", one != two, &list(&one), &list(&two));
        for (a, b) in self.axes.iter().zip(&other.axes).filter(|(a, b)| a.path == b.path) {
            let (one, two) = (&a.values, &b.values);
            told(&format!("values of {}", a.path), one != two, &list(one), &list(two));
        }
        if self.text != other.text {
            found.push("the scenario's text".into());
        }
        if found.is_empty() {
            found.push("the order of the points".into());
        }
        found
    }
}

#[cfg(test)]
mod tests;
