//! The folder of a sweep: its plan, and a file for each point that is done.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::experiment::sweep::{Plan, PlanPoint, PointResult};
use crate::report::chart;
use crate::report::files::{
    At, FileError, MOST_DOCUMENT, MOST_PLAN, PARTIAL, create_folder, mark, read_text, remove,
    unmark, write_whole,
};

const PLAN: &str = "plan.json";
const POINTS: &str = "points";

/// Files that are put together from the points; the manifest first, as it vouches for the rest.
const DERIVED: [&str; 4] = ["manifest.json", "sweep.csv", "points.csv", "sweep.json"];

/// The folder of one sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepFolder {
    path: PathBuf,
}

/// Why a folder is not written to: it is another sweep's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The folder.
    pub path: PathBuf,
    /// What is there instead.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} holds another sweep: {}; choose another folder with --out, or delete that sweep's \
             files with --fresh",
            self.path.display(),
            self.why
        )
    }
}

/// What a folder has of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Whether the point of each index is done.
    pub done: Vec<bool>,
    /// Files that are not what their name says, each with the reason.
    pub damaged: Vec<String>,
}

impl SweepFolder {
    /// The folder of a scenario's sweep below `out`.
    pub fn of(out: &Path, scenario: &str) -> Self {
        Self::at(&out.join(scenario).join("sweep"))
    }

    /// The folder at this path.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The folder of a sweep at or below a path: it, its `sweep`, or that of its only scenario with
    /// one.
    pub fn find(path: &Path) -> Result<Self, String> {
        let is_sweep = |it: &Path| it.join(PLAN).is_file();
        if is_sweep(path) {
            return Ok(Self::at(path));
        }
        let mut below = vec![path.join("sweep")];
        let entries = fs::read_dir(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        below.extend(entries.flatten().map(|it| it.path().join("sweep")));
        below.retain(|it| is_sweep(it));
        match below.as_slice() {
            [one] => Ok(Self::at(one)),
            [] => Err(format!("{} holds no sweep: there is no {PLAN}", path.display())),
            many => Err(format!(
                "{} holds {} sweeps; name the folder of one, such as {}",
                path.display(),
                many.len(),
                many.iter().min().map_or(String::new(), |it| it.display().to_string())
            )),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the plan.
    pub fn plan_path(&self) -> PathBuf {
        self.path.join(PLAN)
    }

    /// The folder of charts.
    pub(super) fn charts(&self) -> PathBuf {
        self.path.join(chart::FOLDER)
    }

    /// The file of a point.
    pub fn point_path(&self, point: &PlanPoint) -> PathBuf {
        self.path.join(POINTS).join(format!("{:06}-{}.json", point.index, point.id))
    }

    /// The plan that lies there; why it is none, where it cannot be read.
    pub fn plan(&self) -> Result<Option<Plan>, String> {
        match read_text(&self.plan_path(), MOST_PLAN) {
            Ok(text) => Plan::parse(&text).map(Some),
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Makes the folder, where it is not there.
    pub fn create(&self) -> Result<(), FileError> {
        create_folder(&self.path.join(POINTS))
    }

    /// Whether the folder may be written to for `plan`: it is empty or has the same one.
    pub fn admits(&self, plan: &Plan) -> Result<(), Refused> {
        let refused = |why| Err(Refused { path: self.path.clone(), why });
        match self.plan() {
            Ok(None) => Ok(()),
            Ok(Some(there)) if there.plan_hash == plan.plan_hash => Ok(()),
            Ok(Some(there)) => {
                refused(format!("what differs is {}", there.differences(plan).join("; ")))
            }
            Err(why) => refused(format!("its {PLAN}: {why}")),
        }
    }

    /// Writes the plan, where it is not there already.
    pub fn write_plan(&self, plan: &Plan) -> Result<(), FileError> {
        self.create()?;
        if self.plan().is_ok_and(|it| it.is_some_and(|it| it == *plan)) {
            return Ok(());
        }
        write_whole(&self.plan_path(), |out| {
            serde_json::to_writer_pretty(&mut *out, plan)?;
            writeln!(out)
        })
    }

    /// Writes the result of a point.
    pub fn write_point(&self, point: &PlanPoint, result: &PointResult) -> Result<(), FileError> {
        write_whole(&self.point_path(point), |out| writeln!(out, "{}", result.to_json()))
    }

    /// The result of a point; `None` where there is no file, the reason where it is not what its
    /// name says.
    pub fn point(&self, plan: &Plan, point: &PlanPoint) -> Result<Option<PointResult>, String> {
        let path = self.point_path(point);
        let text = match read_text(&path, MOST_DOCUMENT) {
            Ok(text) => text,
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(format!("{}: cannot be read: {}", path.display(), error.source));
            }
        };
        let result = PointResult::parse(&text, plan, point);
        result.map(Some).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// What is there of a plan, of the points that are asked for. Every file is read: what is not
    /// whole is not done.
    pub fn look(&self, plan: &Plan, wanted: &dyn Fn(&PlanPoint) -> bool) -> Found {
        let mut found = Found::default();
        for point in &plan.points {
            if !wanted(point) {
                found.done.push(false);
                continue;
            }
            let result = self.point(plan, point);
            found.done.push(matches!(result, Ok(Some(_))));
            found.damaged.extend(result.err());
        }
        found
    }

    /// Removes what is put together from points, so that nothing old stands beside new points, and
    /// marks the folder as incomplete until `complete`.
    pub fn clear_derived(&self) -> Result<(), FileError> {
        mark(&self.path)?;
        for name in DERIVED {
            remove(&self.path.join(name))?;
        }
        let is_chart = |name: &str| {
            let ending = Path::new(name).extension();
            ending.is_some_and(|it| it == "svg" || it == "png")
        };
        remove_named(&self.charts(), &is_chart)
    }

    /// Everything is put together: the folder is whole.
    pub(super) fn complete(&self) -> Result<(), FileError> {
        unmark(&self.path)
    }

    /// Removes what a process that was killed left half-written.
    pub fn clear_partial(&self) -> Result<(), FileError> {
        let is_partial = |name: &str| name.starts_with(PARTIAL);
        for folder in [self.path.join(POINTS), self.path.clone(), self.charts()] {
            remove_named(&folder, &is_partial)?;
        }
        Ok(())
    }

    /// Removes a sweep's own files; others in the folder stay.
    pub fn clear(&self) -> Result<(), FileError> {
        self.clear_derived()?;
        self.clear_partial()?;
        remove(&self.plan_path())?;
        unmark(&self.path)?;
        remove_named(&self.path.join(POINTS), &is_point)
    }
}

/// Whether a file of this name is a point's: `000017-0123456789abcdef.json`.
fn is_point(name: &str) -> bool {
    let Some((index, id)) = name.strip_suffix(".json").and_then(|it| it.split_once('-')) else {
        return false;
    };
    let of = |text: &str, digit: fn(&u8) -> bool| text.bytes().all(|it| digit(&it));
    of(index, u8::is_ascii_digit) && id.len() == 16 && of(id, u8::is_ascii_hexdigit)
}

fn remove_named(folder: &Path, is_named: &dyn Fn(&str) -> bool) -> Result<(), FileError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).at("read", folder),
    };
    for entry in entries {
        let path = entry.at("read", folder)?.path();
        if path.file_name().is_some_and(|it| is_named(&it.to_string_lossy())) {
            remove(&path)?;
        }
    }
    Ok(())
}
