//! What mitigations save alone, all together, and what is lost when one is left out.

use super::axis::Axis;
use super::{About, Along, Better, Entry, Interval, Mark, Metric, Notes, Panel, Sheet};
use super::{Value, write};
use crate::report::chart::figure::Swatch;
use crate::report::chart::palette::{BLUE, Colour, GREEN, GREY, ORANGE};
use crate::report::format::NOTHING;

/// Most mitigations; more could not be read on one sheet.
const MAX_LEVERS: usize = 20;

/// Stacked mitigations.
#[derive(Clone, Debug)]
pub struct Stack {
    /// What it is about.
    pub about: About,
    /// What is saved.
    pub metric: Metric,
    /// The metric's value in the base, where it has one.
    pub base: Option<f64>,
    /// What all of them save together.
    pub together: Value,
    /// Each of them.
    pub levers: Vec<Lever>,
}

/// One mitigation. Savings are positive where the metric gets better.
#[derive(Clone, Debug)]
pub struct Lever {
    /// Its name.
    pub name: String,
    /// What it saves without the others.
    pub alone: Value,
    /// What is lost of the saving of all when it is left out.
    pub lost: Value,
}

/// A bar of the chart.
#[derive(Clone, Copy)]
struct Look {
    colour: Colour,
    thick: i32,
    /// How far above its row's middle.
    lift: i32,
}

const TOGETHER: Look = Look { colour: GREEN, thick: 18, lift: 0 };
const SUM: Look = Look { colour: GREY, thick: 18, lift: 0 };
const ALONE: Look = Look { colour: BLUE, thick: 13, lift: 9 };
const LOST: Look = Look { colour: ORANGE, thick: 13, lift: -9 };

impl Stack {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        let Metric { name, unit, better } = &self.metric;
        let title = format!("What the mitigations save alone and together: {name}");
        let mut sheet = Sheet::new(&self.about, title);
        if self.levers.is_empty() {
            return sheet.without("there is no mitigation to stack");
        }
        let levers = &self.levers[..self.levers.len().min(MAX_LEVERS)];
        if levers.len() < self.levers.len() {
            sheet.remark(&format!("the first {MAX_LEVERS} of {} mitigations", self.levers.len()));
        }
        sheet.subtitle = self.subtitle();
        let entry = |label: &str, look: Look| Entry {
            label: label.into(),
            swatch: Swatch::Box(look.colour),
        };
        sheet.legend = vec![
            entry("all together", TOGETHER),
            entry("saved alone", ALONE),
            entry("lost when left out", LOST),
            Entry { label: "95 % interval".into(), swatch: Swatch::Span(super::WHISKER) },
        ];
        if self.sum().is_some() {
            sheet.legend.insert(1, entry("sum of what each saves alone", SUM));
        }
        let values = levers.iter().flat_map(|it| [it.alone, it.lost]).chain([self.together]);
        let ends = values.filter_map(Value::known).flat_map(|it| [it.low, it.high]);
        let saved = if *better == Better::More { "gained" } else { "saved" };
        let label = write::labelled(&format!("{saved} in {name}"), write::difference_unit(unit));
        let across = Axis::linear(label, ends.chain([0.0]).chain(self.sum()), unit, false);
        let mut names = vec!["all together"];
        names.extend(self.sum().map(|_| "sum of each alone"));
        let first = names.len();
        names.extend(levers.iter().map(|it| it.name.as_str()));
        sheet.plot_height = 46 * super::whole(names.len());
        let up = Axis::places("mitigation", names).reversed();
        let mut marks = vec![Mark::Rule { at: 0.0, along: Along::Up, dashed: false }];
        bar(&mut marks, 0.5, self.together, TOGETHER, &across);
        if let Some(sum) = self.sum() {
            bar(&mut marks, 1.5, Value::Known(Interval::around(sum, None)), SUM, &across);
        }
        let mut notes = vec![
            Notes { header: "saved".into(), texts: vec![(0.5, self.written(self.together))] },
            Notes { header: "lost without".into(), texts: vec![] },
        ];
        if let Some(sum) = self.sum() {
            notes[0].texts.push((1.5, write::amount(sum, unit)));
        }
        for (position, lever) in levers.iter().enumerate() {
            let middle = (first + position) as f64 + 0.5;
            bar(&mut marks, middle, lever.alone, ALONE, &across);
            bar(&mut marks, middle, lever.lost, LOST, &across);
            notes[0].texts.push((middle, self.written(lever.alone)));
            notes[1].texts.push((middle, self.written(lever.lost)));
        }
        sheet.panels = vec![Panel { inset: 10, marks, notes, ..Panel::new(across, up) }];
        sheet
    }

    /// What all would save if they did not touch each other.
    fn sum(&self) -> Option<f64> {
        let alone: Option<Vec<Interval>> = self.levers.iter().map(|it| it.alone.known()).collect();
        alone.map(|it| it.iter().map(|it| it.at).sum())
    }

    fn written(&self, value: Value) -> String {
        match value {
            Value::Known(it) => write::amount(it.at, self.metric.unit),
            Value::Never => "never".into(),
            Value::Absent => NOTHING.into(),
        }
    }

    fn subtitle(&self) -> String {
        let unit = self.metric.unit;
        let mut parts = vec![];
        match self.together.known() {
            Some(it) => {
                let of = self.base.filter(|it| it.is_finite());
                let of = of.map_or(String::new(), |it| format!(" of {}", write::value(it, unit)));
                parts.push(format!("all together save {}{of}", write::amount(it.at, unit)));
            }
            None => parts.push("all together have no value to compare".to_owned()),
        }
        if let Some(sum) = self.sum() {
            parts.push(format!("what each saves alone adds up to {}", write::amount(sum, unit)));
        }
        let lost = self.levers.iter().filter_map(|it| Some((it, it.lost.known()?)));
        // The first of equals.
        if let Some((lever, lost)) =
            lost.rev().max_by(|a, b| a.1.at.total_cmp(&b.1.at)).filter(|it| 0.0 < it.1.at)
        {
            let lost = write::amount(lost.at, unit);
            parts.push(format!("without {} most is lost, {lost}", lever.name));
        }
        parts.join("; ")
    }
}

/// A bar from 0 with its interval; words where there is no value.
fn bar(marks: &mut Vec<Mark>, row: f64, value: Value, look: Look, across: &Axis) {
    let Look { colour, thick, lift } = look;
    let Some(it) = value.known() else {
        let text = if value == Value::Never { "never: no saving to show" } else { "no value" };
        marks.push(Mark::Text {
            at: (across.from.max(0.0).min(across.to), row),
            text: text.into(),
            shift: (8, -lift),
            from: super::Start::Widest,
        });
        return;
    };
    marks.push(Mark::Bar { row, from: 0.0, to: it.at, thick, lift, colour });
    let (at, low, high) = ((it.at, row), it.low, it.high);
    let (along, ink) = (Along::Across, super::WHISKER);
    marks.push(Mark::Whisker { at, low, high, along, shift: -lift, colour: ink });
}
