//! Puts a sweep together from the files of its points.

use std::io::{self, Write};

use serde::Serialize;

use super::folder::SweepFolder;
use super::{Swept, SweptPoint, charts, csv, document};
use crate::engine::chance::{combine, stable_hash};
use crate::experiment::sweep::{Plan, PlanAxis};
use crate::report::files::{Digests, FileError, WallClock, write_sealed, write_whole};
use crate::report::format::hex;
use crate::report::{Head, chart};
use crate::scenario::metrics::Target;
use crate::scenario::{Expectation, Scenario};

/// A sweep put together, and the files that were written.
#[derive(Clone, Debug)]
pub struct Assembled {
    /// The sweep.
    pub swept: Swept,
    /// Lines that tell which files are where.
    pub written: Vec<String>,
}

/// What is shown of a sweep.
#[derive(Clone, Debug)]
pub struct Show {
    /// Metrics, in the order of the columns.
    pub targets: Vec<Target>,
    /// Whether charts are drawn.
    pub charts: bool,
}

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    head: Head,
    scenario: &'a str,
    seed: u64,
    replications: u32,
    until: Option<&'a str>,
    design: &'a str,
    plan_hash: &'a str,
    sweep_digest: String,
    points: usize,
    metrics: Vec<String>,
    sets: &'a [String],
    axes: &'a [PlanAxis],
    files: Digests,
    wall_clock: &'a WallClock,
}

/// Writes everything that follows from the points, which are all there. The manifest comes last:
/// where it stands, everything else does.
pub fn assemble(
    folder: &SweepFolder,
    plan: &Plan,
    base: &Scenario,
    show: Show,
    wall_clock: &WallClock,
) -> Result<Assembled, FileError> {
    let Show { targets, charts: with_charts } = show;
    folder.clear_derived()?;
    let mut points = Vec::with_capacity(plan.points.len());
    let path = |name: &str| folder.path().join(name);
    // Points are read one by one: together they may be larger than the memory.
    write_whole(&path("sweep.csv"), |out| {
        let mut rows = csv::Long::new(out, plan)?;
        for point in &plan.points {
            let result = folder.point(plan, point).map_err(io::Error::other)?;
            let result = result.ok_or_else(|| {
                io::Error::other(format!("{} is gone", folder.point_path(point).display()))
            })?;
            rows.point(point, &result)?;
            points.push(SweptPoint::of(result, &targets));
        }
        rows.finish()
    })?;
    let swept = Swept {
        plan: plan.clone(),
        title: base.title.clone(),
        question: base.question.clone(),
        bounds: targets.iter().map(|it| bound(base, it)).collect(),
        targets,
        points,
    };
    write_whole(&path("points.csv"), |out| csv::points_csv(out, &swept))?;
    write_whole(&path("sweep.json"), |out| document::write_sweep(out, &swept))?;
    let folder_of_charts = folder.charts();
    let drawn = if with_charts { charts::write_charts(&folder_of_charts, &swept)? } else { vec![] };
    let digests = digests(folder, &drawn)?;
    write_whole(&path("manifest.json"), |out| manifest(out, &swept, digests, wall_clock))?;
    folder.complete()?;
    let names = ["sweep.csv", "points.csv", "sweep.json", "plan.json", "points/", "manifest.json"];
    let mut written = vec![format!("{}: {}", folder.path().display(), names.join(" "))];
    if !drawn.is_empty() {
        let folder = folder_of_charts.display();
        written.push(format!("{folder}: {} (.svg .png)", drawn.join(" ")));
    }
    Ok(Assembled { swept, written })
}

/// The digests of everything that was put together; points vouch for themselves.
fn digests(folder: &SweepFolder, charts: &[String]) -> Result<Digests, FileError> {
    let mut names = vec!["plan.json".to_owned()];
    names.extend(["sweep.csv", "points.csv", "sweep.json"].map(str::to_owned));
    for ending in ["svg", "png"] {
        names.extend(charts.iter().map(|it| format!("{}/{it}.{ending}", chart::FOLDER)));
    }
    Digests::of(folder.path(), &names)
}

/// What is expected of a metric, where anything is.
fn bound(base: &Scenario, target: &Target) -> Option<(f64, String)> {
    let of = |it: &&Expectation| (&it.scope, &it.metric) == (&target.scope, &target.metric);
    base.expectations.iter().find(of).map(|it| (it.demand, it.text.clone()))
}

fn manifest(
    out: &mut dyn Write,
    swept: &Swept,
    files: Digests,
    wall_clock: &WallClock,
) -> io::Result<()> {
    let plan = &swept.plan;
    let digest = |digest, it: &SweptPoint| combine(digest, stable_hash(&it.run_digest));
    let manifest = Manifest {
        head: Head::SIMULATED,
        scenario: &plan.scenario,
        seed: plan.seed,
        replications: plan.replications,
        until: plan.until.as_ref().map(|it| it.until.as_str()),
        design: &plan.design,
        plan_hash: &plan.plan_hash,
        sweep_digest: hex(swept.points.iter().fold(0, digest)),
        points: plan.points.len(),
        metrics: swept.targets.iter().map(ToString::to_string).collect(),
        sets: &plan.sets,
        axes: &plan.axes,
        files,
        wall_clock,
    };
    write_sealed(out, &manifest)
}
