//! Joins the folders of shards: every point once, from whichever folder has it.

use std::fmt;

use super::folder::SweepFolder;
use crate::experiment::sweep::Plan;
use crate::report::files::FileError;

/// Most points that are named one by one.
const MOST_NAMED: usize = 20;

/// What merging found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Files that are not what their name says, each with the reason.
    pub damaged: Vec<String>,
    /// Points that more than one folder has, with equal results.
    pub repeated: usize,
}

/// Why the points of folders are no sweep.
#[derive(Debug)]
pub enum Incomplete {
    /// No folder has these points, or folders contradict each other.
    Points {
        /// Points without a result, with their values; then how many more.
        missing: Vec<String>,
        /// Points with two results.
        contradicting: Vec<String>,
        /// Files that are not what their name says.
        damaged: Vec<String>,
    },
    /// A file could not be written.
    File(FileError),
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Points { missing, contradicting, damaged } => {
                let mut parts = vec![];
                for (what, list) in [
                    ("damaged files", damaged),
                    ("points with two different results", contradicting),
                    ("points without a result", missing),
                ] {
                    if !list.is_empty() {
                        parts.push(format!("{} {what}:\n{}", list.len(), shown(list)));
                    }
                }
                f.write_str(&parts.join("\n"))
            }
        }
    }
}

fn shown(list: &[String]) -> String {
    let mut lines: Vec<String> = list.iter().take(MOST_NAMED).map(|it| format!("  {it}")).collect();
    if MOST_NAMED < list.len() {
        lines.push(format!("  and {} more", list.len() - MOST_NAMED));
    }
    lines.join("\n")
}

/// Brings every point of `plan` into `into`, which may be one of `folders`.
pub fn gather(
    plan: &Plan,
    folders: &[SweepFolder],
    into: &SweepFolder,
) -> Result<Gathered, Incomplete> {
    into.write_plan(plan).map_err(Incomplete::File)?;
    let mut gathered = Gathered::default();
    let (mut missing, mut contradicting) = (vec![], vec![]);
    for point in &plan.points {
        let mut found = None;
        for folder in folders {
            match (folder.point(plan, point), &found) {
                (Ok(None), _) => {}
                (Ok(Some(result)), None) => found = Some((result, folder)),
                (Ok(Some(result)), Some((known, _))) if result == *known => {
                    gathered.repeated += 1;
                }
                (Ok(Some(_)), Some((_, other))) => contradicting.push(format!(
                    "{} ({}): {} and {}",
                    point.id,
                    plan.describe(point),
                    other.point_path(point).display(),
                    folder.point_path(point).display()
                )),
                (Err(why), _) => gathered.damaged.push(why),
            }
        }
        match found {
            None => missing.push(format!("{} ({})", point.id, plan.describe(point))),
            Some((_, folder)) if folder == into => {}
            // Where folders contradict each other nothing is put together.
            Some((result, _)) if contradicting.is_empty() => {
                into.write_point(point, &result).map_err(Incomplete::File)?;
            }
            Some(_) => {}
        }
    }
    if missing.is_empty() && contradicting.is_empty() {
        return Ok(gathered);
    }
    Err(Incomplete::Points { missing, contradicting, damaged: gathered.damaged })
}
