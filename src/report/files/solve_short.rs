//! `solve.csv`, `solve.json` and the manifest of the short forms of `solve`.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::manifest::{Asked, WallClock, write_asked};
use super::solve::{Bound, bound};
use super::{Digests, FileError, create_folder, write_whole};
use crate::experiment::solve::search::Trial;
use crate::experiment::solve::{BatchRow, Part, Plan, SmallestMirror, Stagger};
use crate::report::Head;
use crate::report::solve::{mirror_answer, stagger_answer, stagger_question};
use crate::scenario::Scenario;

/// An answer of a short form.
#[derive(Clone, Copy)]
pub enum Short<'a> {
    /// The fastest safe stagger.
    Stagger(&'a Stagger),
    /// The smallest mirror.
    Mirror(&'a SmallestMirror),
}

/// Writes every file, the manifest last; returns their names.
pub fn write_short(
    folder: &Path,
    scenario: &Scenario,
    it: Short<'_>,
    wall_clock: &WallClock,
) -> Result<[&'static str; 3], FileError> {
    create_folder(folder)?;
    write_whole(&folder.join("solve.csv"), |out| short_csv(out, it))?;
    write_whole(&folder.join("solve.json"), |out| short_json(out, scenario, it))?;
    let (question, runs) = match it {
        Short::Stagger(it) => (stagger_question(it, scenario), it.runs),
        Short::Mirror(it) => (format!("The smallest {}", it.mirror), it.runs),
    };
    let asked = Asked { verb: "solve", question, runs };
    let files = Digests::below(folder)?;
    write_whole(&folder.join("manifest.json"), |out| {
        write_asked(out, scenario, &asked, files, (None, wall_clock))
    })?;
    Ok(["solve.csv", "solve.json", "manifest.json"])
}

/// Writes the table: one row a batch size, or a part.
pub fn short_csv(out: &mut dyn Write, it: Short<'_>) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    match it {
        Short::Stagger(it) => {
            csv.write_record([
                "batch",
                "batches",
                "every_seconds",
                "done_seconds",
                "held",
                "replications",
                "longest_every_seconds",
                "monotone",
            ])?;
            for row in &it.rows {
                let plan = |of: fn(&Plan) -> f64| row.plan.as_ref().map(of);
                let text = |it: Option<f64>| it.map(|it| it.to_string()).unwrap_or_default();
                csv.write_record([
                    row.batch.to_string(),
                    row.batches.to_string(),
                    text(plan(|it| it.every.as_secs_f64())),
                    text(plan(|it| it.done.as_secs_f64())),
                    row.trial.held.to_string(),
                    row.trial.n.to_string(),
                    row.longest.as_secs_f64().to_string(),
                    row.is_monotone.to_string(),
                ])?;
            }
        }
        Short::Mirror(it) => {
            csv.write_record(["path", "now", "alone", "is_least_tried", "together", "bound_by"])?;
            for part in &it.parts {
                let bound = part.binding.as_ref().map(|it| it.weakest.demand.clone());
                csv.write_record([
                    part.path.clone(),
                    part.now.clone().unwrap_or_default(),
                    part.alone.clone().unwrap_or_default(),
                    part.is_floor.to_string(),
                    part.together.clone().unwrap_or_default(),
                    bound.unwrap_or_default(),
                ])?;
            }
        }
    }
    csv.flush()
}

#[derive(Serialize)]
struct Json<'a> {
    #[serde(flatten)]
    head: Head,
    scenario: &'a str,
    variant: Option<&'a str>,
    seed: u64,
    text: String,
    in_runs: f64,
    at_most: u32,
    runs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    stagger: Option<StaggerJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror: Option<MirrorJson<'a>>,
}

#[derive(Serialize)]
struct StaggerJson<'a> {
    path: &'a str,
    nodes: u64,
    within_seconds: f64,
    step_seconds: f64,
    best: Option<PlanJson>,
    next_faster: Option<PlanJson>,
    why_it_fails: Option<Bound<'a>>,
    now: Option<PlanJson>,
    batches: Vec<BatchJson>,
}

#[derive(Serialize)]
struct PlanJson {
    batch: u64,
    every_seconds: f64,
    done_seconds: f64,
    held: Option<u32>,
    replications: Option<u32>,
}

#[derive(Serialize)]
struct BatchJson {
    batch: u64,
    batches: u64,
    longest_every_seconds: f64,
    plan: Option<PlanJson>,
    held: u32,
    replications: u32,
    monotone: bool,
}

#[derive(Serialize)]
struct MirrorJson<'a> {
    mirror: &'a str,
    replicas: u64,
    replicas_sized_for: u64,
    replicas_fewest: Option<u64>,
    holds_as_it_stands: bool,
    joint_holds: bool,
    set: &'a [String],
    parts: Vec<PartJson<'a>>,
}

#[derive(Serialize)]
struct PartJson<'a> {
    path: &'a str,
    now: Option<&'a str>,
    alone: Option<&'a str>,
    is_least_tried: bool,
    together: Option<&'a str>,
    binding: Option<Bound<'a>>,
}

fn plan(it: Plan, trial: Option<Trial>) -> PlanJson {
    PlanJson {
        batch: it.batch,
        every_seconds: it.every.as_secs_f64(),
        done_seconds: it.done.as_secs_f64(),
        held: trial.map(|it| it.held),
        replications: trial.map(|it| it.n),
    }
}

fn batch(it: &BatchRow) -> BatchJson {
    BatchJson {
        batch: it.batch,
        batches: it.batches,
        longest_every_seconds: it.longest.as_secs_f64(),
        plan: it.plan.map(|it| plan(it, None)),
        held: it.trial.held,
        replications: it.trial.n,
        monotone: it.is_monotone,
    }
}

fn part(it: &Part) -> PartJson<'_> {
    PartJson {
        path: &it.path,
        now: it.now.as_deref(),
        alone: it.alone.as_deref(),
        is_least_tried: it.is_floor,
        together: it.together.as_deref(),
        binding: it.binding.as_ref().map(bound),
    }
}

fn of_stagger(it: &Stagger) -> StaggerJson<'_> {
    let faster = it.faster.as_ref();
    StaggerJson {
        path: &it.of.path,
        nodes: it.of.nodes,
        within_seconds: it.within.as_secs_f64(),
        step_seconds: it.step.as_secs_f64(),
        best: it.best.map(|(it, trial)| plan(it, Some(trial))),
        next_faster: faster.map(|(it, trial, _)| plan(*it, Some(*trial))),
        why_it_fails: faster.and_then(|it| it.2.as_ref()).map(bound),
        now: it.of.now.map(|it| plan(it, None)),
        batches: it.rows.iter().map(batch).collect(),
    }
}

fn of_mirror(it: &SmallestMirror) -> MirrorJson<'_> {
    MirrorJson {
        mirror: &it.mirror,
        replicas: it.replicas.0,
        replicas_sized_for: it.replicas.1,
        replicas_fewest: it.fewest,
        holds_as_it_stands: it.now.0,
        joint_holds: it.joint.is_some(),
        set: &it.sets,
        parts: it.parts.iter().map(part).collect(),
    }
}

/// Writes everything as JSON.
pub fn short_json(out: &mut dyn Write, scenario: &Scenario, it: Short<'_>) -> io::Result<()> {
    let (text, demand, runs) = match it {
        Short::Stagger(it) => (stagger_answer(it), it.demand, it.runs),
        Short::Mirror(it) => (mirror_answer(it), it.demand, it.runs),
    };
    let json = Json {
        head: Head::SIMULATED,
        scenario: &scenario.name,
        variant: scenario.variant.as_deref(),
        seed: scenario.spec.seed,
        text,
        in_runs: demand.share,
        at_most: demand.at_most,
        runs,
        stagger: match it {
            Short::Stagger(it) => Some(of_stagger(it)),
            Short::Mirror(_) => None,
        },
        mirror: match it {
            Short::Mirror(it) => Some(of_mirror(it)),
            Short::Stagger(_) => None,
        },
    };
    serde_json::to_writer_pretty(&mut *out, &json)?;
    writeln!(out)
}
