//! `sweep.csv`, one row a point, metric and scope; `points.csv`, one row a point.

use std::io::{self, Write};

use super::Swept;
use crate::experiment::sweep::{Plan, PlanPoint, PointResult};
use crate::report::files::Rows;

/// Columns of a figure.
const FIGURE: &str =
    "metric,scope,unit,mean,half_width,p5,p50,p95,min,max,replications,censored,absent";

/// A header of which some names may need quotes.
fn header(names: impl Iterator<Item = String>) -> io::Result<String> {
    let mut rows = Rows::new(Vec::new(), "")?;
    for name in names {
        rows.text(&name);
    }
    rows.end()?;
    Ok(String::from_utf8_lossy(&rows.finish()?).trim().to_owned())
}

/// Writes `sweep.csv`, point by point.
pub(super) struct Long<'p, W: Write> {
    rows: Rows<W>,
    plan: &'p Plan,
}

impl<'p, W: Write> Long<'p, W> {
    pub(super) fn new(out: W, plan: &'p Plan) -> io::Result<Self> {
        let first = ["point", "id"].map(str::to_owned).into_iter();
        let first = header(first.chain(plan.axes.iter().map(|it| it.path.clone())))?;
        Ok(Self { rows: Rows::new(out, &format!("{first},{FIGURE}"))?, plan })
    }

    pub(super) fn point(&mut self, point: &PlanPoint, result: &PointResult) -> io::Result<()> {
        let rows = &mut self.rows;
        for it in &result.metrics {
            start(rows, self.plan, point);
            rows.text(&it.name.to_string()).text(&it.scope).text(it.unit.text());
            for number in [it.mean, it.half_width, it.p5, it.p50, it.p95, it.min, it.max] {
                maybe(rows, number);
            }
            for count in [it.replications, it.censored, it.absent] {
                rows.number(u64::from(count));
            }
            rows.end()?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.rows.finish().map(drop)
    }
}

/// Index, id and values of a point; where it is as in the base, the base's value.
fn start(rows: &mut Rows<impl Write>, plan: &Plan, point: &PlanPoint) {
    rows.number(u64::from(point.index)).text(&point.id);
    for axis in 0..plan.axes.len() {
        rows.text(plan.value(point, axis).unwrap_or(""));
    }
}

fn maybe(rows: &mut Rows<impl Write>, number: Option<f64>) {
    match number {
        Some(number) => rows.level(number),
        None => rows.empty(),
    };
}

/// Writes `points.csv`.
pub fn points_csv(out: &mut dyn Write, swept: &Swept) -> io::Result<()> {
    let plan = &swept.plan;
    let demands = swept.demands();
    let mut names: Vec<String> = ["point", "id"].map(str::to_owned).into();
    names.extend(plan.axes.iter().map(|it| it.path.clone()));
    names.extend(["replications", "incomplete_replications", "holds", "uncertain"].map(Into::into));
    for it in &demands {
        let columns = ["share_held", "share_held_low", "share_held_high"];
        names.extend(columns.map(|column| format!("{column}: {it}")));
    }
    let causes =
        ["failed_pulls", "most_frequent_cause", "most_frequent_cause_share", "failures_by_cause"];
    names.extend(causes.map(Into::into));
    let mut rows = Rows::new(out, &header(names.into_iter())?)?;
    for (point, it) in swept.both() {
        start(&mut rows, plan, point);
        rows.number(u64::from(it.replications)).number(u64::from(it.incomplete));
        if it.expectations.is_empty() {
            rows.empty().empty();
        } else {
            rows.text(&it.holds().to_string()).text(&it.is_uncertain().to_string());
        }
        for demand in &demands {
            match it.expectations.iter().find(|it| it.text() == *demand) {
                Some(it) => {
                    let all = f64::from(it.replications.max(1));
                    rows.level(f64::from(it.held_in_replications) / all);
                    rows.level(it.share_held_low).level(it.share_held_high);
                }
                None => {
                    rows.empty().empty().empty();
                }
            }
        }
        let causes = it.causes();
        let total: u64 = causes.iter().map(|it| it.1).sum();
        rows.number(total);
        match causes.first() {
            Some((cause, count)) => rows.text(cause).level(*count as f64 / total.max(1) as f64),
            None => rows.empty().empty(),
        };
        let list: Vec<String> =
            causes.iter().map(|(cause, count)| format!("{cause}={count}")).collect();
        rows.text(&list.join(" ")).end()?;
    }
    rows.finish().map(drop)
}
