//! Shards: parts of a plan for machines of their own, numbered by whoever starts them.

use std::fmt;

/// One part of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u32,
    /// Parts.
    pub count: u32,
}

/// A shard with where its numbers were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFound {
    /// The shard.
    pub shard: Shard,
    /// Scheduler and variables, where the environment gave them.
    pub from: Option<String>,
}

/// One scheduler that numbers its tasks.
struct Scheduler {
    /// Its name.
    name: &'static str,
    /// Variable of the task's number.
    index: &'static str,
    /// Variable of the first task's number, and the first number where there is none.
    first: (Option<&'static str>, u32),
    /// Variable of the distance between numbers.
    step: Option<&'static str>,
    /// Variable of the number of tasks.
    count: &'static str,
}

/// The variable that tells the number of shards where a scheduler does not.
const COUNT: &str = "SHARD_COUNT";

/// Who numbers tasks, in the order in which they are looked for.
///
/// Sources, read 2026-11: Kubernetes "Indexed Job for Parallel Processing"; Slurm `sbatch`, "Output
/// Environment Variables"; HyperQueue "Task arrays"; AWS Batch "Array job environment variables";
/// Google Cloud Run jobs "Environment variables"; GitLab "Predefined CI/CD variables"; GNU
/// `parallel(1)`.
static FOUND_IN: [Scheduler; 7] = [
    Scheduler {
        name: "Kubernetes Indexed Job",
        index: "JOB_COMPLETION_INDEX",
        first: (None, 0),
        step: None,
        count: COUNT,
    },
    Scheduler {
        name: "Slurm array",
        index: "SLURM_ARRAY_TASK_ID",
        first: (Some("SLURM_ARRAY_TASK_MIN"), 0),
        step: Some("SLURM_ARRAY_TASK_STEP"),
        count: "SLURM_ARRAY_TASK_COUNT",
    },
    Scheduler {
        name: "HyperQueue task array",
        index: "HQ_TASK_ID",
        first: (None, 0),
        step: None,
        count: COUNT,
    },
    Scheduler {
        name: "AWS Batch array job",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first: (None, 0),
        step: None,
        count: "AWS_BATCH_JOB_ARRAY_SIZE",
    },
    Scheduler {
        name: "Cloud Run job",
        index: "CLOUD_RUN_TASK_INDEX",
        first: (None, 0),
        step: None,
        count: "CLOUD_RUN_TASK_COUNT",
    },
    Scheduler {
        name: "GitLab parallel job",
        index: "CI_NODE_INDEX",
        first: (None, 1),
        step: None,
        count: "CI_NODE_TOTAL",
    },
    Scheduler {
        name: "GNU parallel",
        index: "PARALLEL_SEQ",
        first: (None, 1),
        step: None,
        count: COUNT,
    },
];

/// What `--shard auto` looks for, for messages and help.
pub const SCHEDULERS: &str = "\
Kubernetes Indexed Job (JOB_COMPLETION_INDEX), Slurm array (SLURM_ARRAY_TASK_ID), \
HyperQueue task array (HQ_TASK_ID), AWS Batch array job (AWS_BATCH_JOB_ARRAY_INDEX), \
Cloud Run job (CLOUD_RUN_TASK_INDEX), GitLab parallel job (CI_NODE_INDEX), \
GNU parallel (PARALLEL_SEQ)";

impl Shard {
    /// The only part.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Reads `I/N`, `auto` or `auto/N`; `variable` looks up the environment.
    pub fn read(
        text: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<ShardFound, String> {
        let (index, count) = match text.split_once('/') {
            Some((index, count)) => (index, Some(number("the number of shards", count)?)),
            None => (text, None),
        };
        if index.trim() == "auto" {
            return Self::from_environment(count, variable);
        }
        let Some(count) = count else {
            return Err(format!("`{text}` is not I/N, such as 0/4 (the first of four), nor auto"));
        };
        let shard = Self::new(number("the shard", index)?, count)?;
        Ok(ShardFound { shard, from: None })
    }

    fn new(index: u32, count: u32) -> Result<Self, String> {
        match (index, count) {
            (_, 0) => Err("there must be at least one shard".into()),
            _ if count <= index => Err(format!(
                "there is no shard {index}/{count}: shards are counted from 0, here from 0/{count} \
                 to {}/{count}",
                count - 1
            )),
            _ => Ok(Self { index, count }),
        }
    }

    fn from_environment(
        asked: Option<u32>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<ShardFound, String> {
        let filled = |name: &str| variable(name).filter(|it| !it.is_empty());
        let found = FOUND_IN.iter().find_map(|it| Some((it, filled(it.index)?)));
        let Some((scheduler, index)) = found else {
            return Err(format!(
                "no scheduler numbers this task; give --shard I/N, or run it as one of: \
                 {SCHEDULERS}"
            ));
        };
        let Scheduler { name, index: index_name, first, step, count } = scheduler;
        let optional = |name: &str| filled(name).map(|it| number(name, &it)).transpose();
        let told = optional(count)?;
        let all = match (asked, told) {
            (Some(asked), Some(told)) if asked != told && *count != COUNT => {
                return Err(format!(
                    "{name}: {count} is {told}, and --shard asks for {asked}; say which shard this \
                     is: --shard I/{asked}"
                ));
            }
            (Some(asked), _) => asked,
            (None, Some(told)) => told,
            (None, None) => {
                return Err(format!(
                    "{name}: {count} does not say how many shards there are; give --shard auto/N"
                ));
            }
        };
        let from = match first.0 {
            Some(min) => optional(min)?.unwrap_or(first.1),
            None => first.1,
        };
        let step = match step {
            Some(step) => optional(step)?.unwrap_or(1).max(1),
            None => 1,
        };
        let at = number(index_name, &index)?;
        if all == 0 {
            return Err(format!("{name}: there must be at least one shard"));
        }
        let outside = || {
            let (last, and) = (u64::from(from) + u64::from(step) * u64::from(all) - 1, count);
            format!("{name}: {index_name} is {at}, which is not from {from} to {last} ({and})")
        };
        let steps = at.checked_sub(from).ok_or_else(outside)?;
        let shard = Self::new(steps / step, all).map_err(|_| outside())?;
        Ok(ShardFound { shard, from: Some(format!("{name}, {index_name}={index}")) })
    }

    /// Whether the point of this index is in the shard.
    ///
    /// Points are dealt out in turn: costs rise along axes, and neighbours cost alike.
    pub const fn has(self, index: u32) -> bool {
        index % self.count == self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

fn number(what: &str, text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("{what} is a whole number, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, set: &[(&str, &str)]) -> Result<(u32, u32), String> {
        let variable = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Shard::read(text, &variable).map(|it| (it.shard.index, it.shard.count))
    }

    #[test]
    fn shards_are_counted_from_0() {
        assert_eq!(read("0/4", &[]), Ok((0, 4)));
        assert_eq!(read("3/4", &[]), Ok((3, 4)));
        let beyond = read("4/4", &[]).unwrap_err();
        assert!(beyond.contains("from 0/4 to 3/4"), "{beyond}");
        for (text, part) in [
            ("1/0", "at least one"),
            ("x/4", "the shard is a whole number, not `x`"),
            ("1/x", "the number of shards is a whole number"),
            ("1", "is not I/N"),
            ("-1/4", "whole number"),
        ] {
            let why = read(text, &[]).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn every_scheduler_numbers_its_tasks_in_its_own_way() {
        for (text, set, shard) in [
            ("auto", vec![("JOB_COMPLETION_INDEX", "2"), ("SHARD_COUNT", "8")], (2, 8)),
            ("auto/8", vec![("JOB_COMPLETION_INDEX", "0")], (0, 8)),
            // --array=10-40:10
            (
                "auto",
                vec![
                    ("SLURM_ARRAY_TASK_ID", "30"),
                    ("SLURM_ARRAY_TASK_MIN", "10"),
                    ("SLURM_ARRAY_TASK_STEP", "10"),
                    ("SLURM_ARRAY_TASK_COUNT", "4"),
                ],
                (2, 4),
            ),
            // --array=0-3
            (
                "auto/4",
                vec![
                    ("SLURM_ARRAY_TASK_ID", "3"),
                    ("SLURM_ARRAY_TASK_MIN", "0"),
                    ("SLURM_ARRAY_TASK_COUNT", "4"),
                ],
                (3, 4),
            ),
            ("auto/3", vec![("HQ_TASK_ID", "2")], (2, 3)),
            ("auto", vec![("HQ_TASK_ID", "2"), ("SHARD_COUNT", "3")], (2, 3)),
            (
                "auto",
                vec![("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "2")],
                (0, 2),
            ),
            ("auto", vec![("CLOUD_RUN_TASK_INDEX", "1"), ("CLOUD_RUN_TASK_COUNT", "2")], (1, 2)),
            ("auto", vec![("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "5")], (0, 5)),
            ("auto", vec![("CI_NODE_INDEX", "5"), ("CI_NODE_TOTAL", "5")], (4, 5)),
            ("auto/4", vec![("PARALLEL_SEQ", "4")], (3, 4)),
            // The first that is set is taken.
            (
                "auto/4",
                vec![("PARALLEL_SEQ", "4"), ("JOB_COMPLETION_INDEX", "1"), ("HQ_TASK_ID", "")],
                (1, 4),
            ),
        ] {
            assert_eq!(read(text, &set), Ok(shard), "{text} {set:?}");
        }
    }

    #[test]
    fn what_a_scheduler_leaves_open_is_asked_for() {
        for (text, set, parts) in [
            ("auto", vec![], ["no scheduler", "JOB_COMPLETION_INDEX", "PARALLEL_SEQ"]),
            ("auto", vec![("HQ_TASK_ID", "1")], ["HyperQueue", "SHARD_COUNT", "auto/N"]),
            (
                "auto/4",
                vec![("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "1")],
                ["SLURM_ARRAY_TASK_COUNT is 1", "asks for 4", "--shard I/4"],
            ),
            ("auto/4", vec![("PARALLEL_SEQ", "5")], ["PARALLEL_SEQ is 5", "from 1 to 4", "GNU"]),
            ("auto/4", vec![("PARALLEL_SEQ", "0")], ["PARALLEL_SEQ is 0", "from 1 to 4", "GNU"]),
            ("auto/4", vec![("HQ_TASK_ID", "x")], ["HQ_TASK_ID", "whole number", "`x`"]),
            ("auto/0", vec![("HQ_TASK_ID", "0")], ["at least one", "shard", "HyperQueue"]),
        ] {
            let why = read(text, &set).unwrap_err();
            assert!(parts.iter().all(|it| why.contains(it)), "{text}: {why}");
        }
    }

    #[test]
    fn the_message_lists_every_scheduler() {
        for it in &FOUND_IN {
            assert!(SCHEDULERS.contains(it.name) && SCHEDULERS.contains(it.index), "{}", it.name);
        }
    }
}
