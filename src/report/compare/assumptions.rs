//! What the readings of unverified facts do to a comparison.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Compared, change, verdict};
use crate::experiment::compare::{Answer, Reading, Turn};
use crate::report::format;
use crate::report::page::{Block, Column, Form, Page, Table, Tone};
use crate::scenario::Assumption;

/// The readings of the assumptions that were asked about.
#[derive(Clone, Copy, Debug)]
pub struct Assumed<'a> {
    /// The assumptions.
    pub assumptions: &'a [Assumption],
    /// What their readings do, in their order.
    pub readings: &'a [Reading],
}

/// How many assumptions turn a verdict, change figures alone, do nothing, or cannot be tried.
struct Counts {
    turning: usize,
    figures: usize,
    nothing: usize,
    impossible: usize,
}

impl<'a> Assumed<'a> {
    fn of(self, assumption: usize) -> impl Iterator<Item = &'a Reading> {
        self.readings.iter().filter(move |it| it.assumption == assumption)
    }

    fn counts(self) -> Counts {
        let mut counts = Counts { turning: 0, figures: 0, nothing: 0, impossible: 0 };
        for at in 0..self.assumptions.len() {
            let any = |is: fn(&Answer) -> bool| self.of(at).any(|it| is(&it.answer));
            if any(|it| matches!(it, Answer::Figures(it) if !it.turns.is_empty())) {
                counts.turning += 1;
            } else if any(|it| matches!(it, Answer::Figures(_))) {
                counts.figures += 1;
            } else if any(|it| matches!(it, Answer::Nothing)) {
                counts.nothing += 1;
            } else {
                counts.impossible += 1;
            }
        }
        counts
    }

    /// The readings that turn a verdict, with their assumption.
    fn turning(self) -> impl Iterator<Item = (&'a Assumption, &'a Reading, &'a [Turn])> {
        self.readings.iter().filter_map(move |it| match &it.answer {
            Answer::Figures(changed) if !changed.turns.is_empty() => {
                Some((&self.assumptions[it.assumption], it, changed.turns.as_slice()))
            }
            _ => None,
        })
    }

    /// The answer in a sentence.
    fn headline(self) -> String {
        let counts = self.counts();
        let all = self.assumptions.len();
        let untried = match counts.impossible {
            0 => String::new(),
            n => format!(", {n} could not be tried"),
        };
        format!(
            "{} of {all} unverified facts turn a verdict; {} change figures, {} nothing{untried}",
            counts.turning, counts.figures, counts.nothing
        )
    }

    /// The smallest and the largest difference of a variant over all readings, the one in force
    /// included.
    fn range(self, compared: &Compared<'_>, position: usize) -> Option<(f64, f64)> {
        let by = compared.by;
        let of = |it: &crate::experiment::compare::Comparison| {
            it.changed[position].find(&by.scope, &by.metric).and_then(|it| it.difference)
        };
        let start = of(compared.comparison)?;
        let others = self.readings.iter().filter_map(|it| match &it.answer {
            Answer::Figures(changed) => of(&changed.comparison),
            _ => None,
        });
        Some(others.fold((start, start), |(low, high), it| (low.min(it), high.max(it))))
    }
}

/// A turn in words.
fn words(turn: &Turn) -> String {
    match turn {
        Turn::Effect { variant, before, after } => {
            format!("{variant} is {} in place of {}", after.name(), before.name())
        }
        Turn::Order { before, after } => format!("{after} overtakes {before}"),
        Turn::Expectations { side, hold: true } => format!("the expectations hold for {side}"),
        Turn::Expectations { side, hold: false } => format!("an expectation fails for {side}"),
    }
}

/// What the readings turn, and the range of each change over all of them.
pub(super) fn section(page: &mut Page, compared: &Compared<'_>, assumed: Assumed<'_>) {
    let headline = assumed.headline();
    let section = page.section("ASSUMPTIONS", &headline);
    section.add_for(Form::Markdown, Block::prose(headline + "."));
    let mut table = Table::new(vec![
        Column::new("unverified"),
        Column::new("taken as"),
        Column::new("if it is"),
        Column::new("then"),
    ]);
    let mut turns_any = false;
    for (assumption, reading, turns) in assumed.turning() {
        let then = turns.iter().map(words).collect::<Vec<_>>().join("; ");
        let (label, value, reading) = (&assumption.label, &assumption.value, &reading.reading);
        let prose = Block::Prose(format!("{label} = {reading}").into(), 2);
        section.add_for(Form::Terminal, prose);
        let prose = Block::Prose(format!("in place of {value}: {then}.").into(), 6);
        section.add_for(Form::Terminal, prose);
        table.row(vec![Tone::Code.text(label), value.into(), reading.into(), then.into()]);
        turns_any = true;
    }
    if turns_any {
        section.add_for(Form::Markdown, table);
    }
    section.add_for(Form::Terminal, Block::line(""));
    section.add_for(Form::Terminal, Block::Prose("Change over all readings:".into(), 2));
    for (rank, changed) in compared.ranked() {
        let unit = |value| {
            let it = compared.by_difference(changed)?;
            Some(format::quantity(value, it.base.unit.text()))
        };
        let text = match assumed.range(compared, rank.position) {
            Some((low, high)) => {
                let (low, high) = (unit(low), unit(high));
                format!("{} to {}", low.unwrap_or_default(), high.unwrap_or_default())
            }
            None => format::NOTHING.into(),
        };
        let row = Block::Row((&changed.arm.name).into(), vec![text.into()]);
        section.add_for(Form::Terminal, row);
    }
}

/// Writes one row an assumption, reading and variant.
pub(super) fn csv(
    out: &mut dyn Write,
    compared: &Compared<'_>,
    assumed: Assumed<'_>,
) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "assumption",
        "value",
        "reading",
        "answer",
        "variant",
        "metric",
        "scope",
        "difference",
        "half_width",
        "verdict",
        "verdict_before",
        "turns",
        "why",
    ])?;
    let number = |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
    let by = compared.by;
    for reading in assumed.readings {
        let assumption = &assumed.assumptions[reading.assumption];
        let head = [&assumption.label, &assumption.value, &reading.reading];
        let turns = |turns: &[Turn]| turns.iter().map(words).collect::<Vec<_>>().join("; ");
        match &reading.answer {
            Answer::Figures(under) => {
                let pairs = under.comparison.changed.iter().zip(&compared.comparison.changed);
                for (now, before) in pairs {
                    let it = now.find(&by.scope, &by.metric);
                    let was = before.find(&by.scope, &by.metric);
                    csv.write_record([
                        head[0],
                        head[1],
                        head[2],
                        "figures",
                        &now.arm.name,
                        &by.metric.to_string(),
                        &by.scope,
                        &number(it.and_then(|it| it.difference)),
                        &number(it.and_then(|it| it.half_width)),
                        it.map(|it| it.effect.name()).unwrap_or_default(),
                        was.map(|it| it.effect.name()).unwrap_or_default(),
                        &turns(&under.turns),
                        &assumption.why,
                    ])?;
                }
            }
            other => {
                let (answer, why) = match other {
                    Answer::Impossible(why) => ("impossible", why.as_str()),
                    _ => ("nothing", ""),
                };
                let mut record = vec![head[0].as_str(), head[1], head[2], answer];
                let metric = by.metric.to_string();
                record.extend(["", &metric, &by.scope, "", "", "", "", why, &assumption.why]);
                csv.write_record(record)?;
            }
        }
    }
    csv.flush()
}

/// A variant under a reading, for the JSON document.
pub(super) fn lines(assumed: Assumed<'_>, by: &crate::scenario::metrics::Target) -> Vec<Line> {
    assumed
        .readings
        .iter()
        .map(|reading| {
            let assumption = &assumed.assumptions[reading.assumption];
            let (answer, turns, variants) = match &reading.answer {
                Answer::Impossible(why) => ("impossible", vec![why.clone()], BTreeMap::new()),
                Answer::Nothing => ("nothing", vec![], BTreeMap::new()),
                Answer::Figures(under) => {
                    let of = |it: &crate::experiment::compare::Changed| {
                        let it = it.find(&by.scope, &by.metric)?;
                        Some(format!("{}, {}", change(it), verdict(it)))
                    };
                    let variants = under.comparison.changed.iter();
                    let variants = variants.map(|it| (it.arm.name.clone(), of(it))).collect();
                    ("figures", under.turns.iter().map(words).collect(), variants)
                }
            };
            Line {
                assumption: assumption.label.clone(),
                value: assumption.value.clone(),
                reading: reading.reading.clone(),
                why: assumption.why.clone(),
                answer,
                turns,
                variants,
            }
        })
        .collect()
}

/// What one reading does, for the JSON document.
#[derive(serde::Serialize)]
pub(super) struct Line {
    assumption: String,
    value: String,
    reading: String,
    why: String,
    answer: &'static str,
    turns: Vec<String>,
    variants: BTreeMap<String, Option<String>>,
}
