//! The charts of a comparison: the ranking, the pods that wait, and the stack.

use std::path::Path;

use super::{Compared, censored, expectations};
use crate::experiment::compare::{Arm, Difference, Effect, Rank};
use crate::model::record::outcome::Detail;
use crate::report::chart::sheet::{
    self, About, Better, Interval, Metric, Multiples, Ranking, Sheet, Trace, Value, clear_sheet,
    write_sheet,
};
use crate::report::files::FileError;

/// Name of the folder of charts inside that of the comparison.
const FOLDER: &str = "charts";
/// Every chart, in the order of reading.
const NAMES: [&str; 3] = ["ranking", "waiting", "stack"];

/// Removes the charts of an earlier comparison below `folder`.
pub(super) fn clear_charts(folder: &Path) -> Result<(), FileError> {
    NAMES.iter().try_for_each(|name| clear_sheet(&folder.join(FOLDER), name))
}

/// Draws every chart below `folder`; returns their names without endings.
pub fn write_charts(folder: &Path, compared: &Compared<'_>) -> Result<Vec<String>, FileError> {
    let folder = folder.join(FOLDER);
    let sheets = [Some(ranking(compared)), waiting(compared), stack(compared)];
    let mut names = vec![];
    for sheet in sheets.iter().flatten() {
        write_sheet(&folder, sheet)?;
        names.push(sheet.name().to_owned());
    }
    Ok(names)
}

fn about(compared: &Compared<'_>, name: &str) -> About {
    let base = &compared.comparison.base;
    let others = compared.comparison.changed.iter().map(|it| &it.arm);
    let counts: Vec<u32> =
        std::iter::once(base).chain(others).map(|it| it.samples.replications()).collect();
    let (least, most) = (counts.iter().min(), counts.iter().max());
    About {
        name: name.into(),
        scenario: compared.name.into(),
        seed: base.seed,
        replications: (least.copied().unwrap_or(0), most.copied().unwrap_or(0)),
        remarks: compared.set.to_vec(),
    }
}

fn metric(compared: &Compared<'_>) -> Metric {
    let by = compared.by;
    let row = compared.comparison.base.samples.find(&by.scope, &by.metric);
    Metric {
        name: by.to_string(),
        unit: row.map_or("", |it| it.name.info().unit.text()),
        better: by.info().better,
    }
}

fn ranking(compared: &Compared<'_>) -> Sheet {
    let rows = compared.ranked().map(|(_, changed)| sheet::Row {
        name: changed.arm.name.clone(),
        is_what_if: !changed.arm.what_if.is_empty(),
        effect: compared.by_difference(changed).map_or_else(
            || sheet::Effect::Unknown("not measured".into()),
            |it| match it.difference {
                Some(difference) => sheet::Effect::Difference {
                    by: Interval::around(difference, it.half_width),
                    relative: it.relative,
                    verdict: verdict(it.effect),
                },
                None => sheet::Effect::Unknown(censored(it)),
            },
        ),
    });
    Ranking {
        about: about(compared, "ranking"),
        metric: metric(compared),
        base: compared.comparison.base.name.clone(),
        rows: rows.collect(),
    }
    .sheet()
}

/// The verdict as the chart draws it; a metric without a better side shows no evidence of one.
fn verdict(effect: Effect) -> sheet::Evidence {
    match effect {
        Effect::Better => sheet::Evidence::Better,
        Effect::Worse => sheet::Evidence::Worse,
        Effect::Differs | Effect::NoEvidence => sheet::Evidence::NoEvidence,
    }
}

/// Pods that wait over time, in the first replication; `None` for stored runs.
fn waiting(compared: &Compared<'_>) -> Option<Sheet> {
    let trace = |arm: &Arm, rank: Option<&Rank>| {
        let place = rank.and_then(|it| it.place).map(|it| format!("{it}. "));
        Some(Trace {
            name: format!("{}{}", place.unwrap_or_default(), arm.name),
            points: pods_waiting(arm.detail.as_ref()?),
            remark: expectations(arm),
        })
    };
    let base = trace(&compared.comparison.base, None)?;
    let others = compared.ranked().filter_map(|(rank, it)| trace(&it.arm, Some(rank)));
    let mut about = about(compared, "waiting");
    about.remarks.push("replication 0 of each".into());
    Some(
        Multiples {
            about,
            what: "pods that wait for images".into(),
            unit: "",
            base,
            variants: others.collect(),
        }
        .sheet(),
    )
}

/// Pods that wait, over all workloads, by sample.
fn pods_waiting(detail: &Detail) -> Vec<(f64, f64)> {
    let series: Vec<_> = detail.gauges.iter().filter(|it| it.series == "pods_waiting").collect();
    let samples = series.iter().map(|it| it.samples.len()).max().unwrap_or(0);
    let level = |at: usize| {
        let levels = series.iter().filter_map(|it| it.samples.get(at).copied().flatten());
        levels.sum::<f64>()
    };
    let period = crate::model::record::outcome::SAMPLE_PERIOD.as_secs_f64();
    (0..samples).map(|at| (at as f64 * period, level(at))).collect()
}

fn stack(compared: &Compared<'_>) -> Option<Sheet> {
    let stack = compared.stack?;
    let metric = metric(compared);
    let sign = if metric.better == Better::More { 1.0 } else { -1.0 };
    let saved = |it: &Difference| match it.difference {
        Some(difference) => Value::Known(Interval::around(sign * difference, it.half_width)),
        None if 0 < it.base.censored + it.changed.censored => Value::Never,
        None => Value::Absent,
    };
    // What is lost is the saving with the sign turned.
    let lost = |it: &Difference| match saved(it) {
        Value::Known(it) => {
            let half_width = (it.high - it.low) / 2.0;
            Value::Known(Interval::around(-it.at, Some(half_width)))
        }
        other => other,
    };
    let levers = stack.parts.iter().map(|it| sheet::Lever {
        name: it.name.clone(),
        alone: saved(&it.alone),
        lost: lost(&it.left_out),
    });
    Some(
        sheet::Stack {
            about: about(compared, "stack"),
            metric,
            base: stack.together.base.mean,
            together: saved(&stack.together),
            levers: levers.collect(),
        }
        .sheet(),
    )
}
