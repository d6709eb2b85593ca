//! The answer to the inverse question, for people: the value first, then what binds, then what was
//! seen.

mod chart;
mod short;

pub use self::chart::{clear_solve_chart, solve_chart};
pub use self::short::{
    mirror_answer, mirror_heads, mirror_markdown, mirror_rows, mirror_text, stagger_answer,
    stagger_heads, stagger_markdown, stagger_question, stagger_rows, stagger_text,
};

use super::VERSION;
use super::format;
use super::page::{Block, Column, Form, Heads, Page, Section, Table, Text, Tone, Width};
use super::style::Style;
use crate::experiment::solve::search::{Found, Stretch, Sure, Trial};
use crate::experiment::solve::{Axis, Binding, Goal, Limit, Reading, Seen, Solved, Weakest};
use crate::scenario::Scenario;

/// Most values of the curve that are shown.
const MAX_SEEN: usize = 40;

/// A solved question with the scenario that it is of.
#[derive(Clone, Copy)]
pub struct Solution<'a> {
    /// The scenario as it stands.
    pub scenario: &'a Scenario,
    /// What was found.
    pub solved: &'a Solved,
    /// The answers under other readings of what nobody could verify.
    pub readings: &'a [Reading],
}

/// What is asked of a path, in a sentence.
pub fn solve_question(scenario: &Scenario, axis: &Axis) -> String {
    let which = match axis.goal {
        Goal::Maximize => "largest",
        Goal::Minimize => "smallest",
    };
    let (a, b) = (axis.show(0), axis.show(axis.last()));
    let (from, to) = if axis.goal == Goal::Maximize { (a, b) } else { (b, a) };
    let n = scenario.expectations.len();
    let all =
        if n == 1 { "the expectation holds".into() } else { format!("all {n} expectations hold") };
    format!(
        "The {which} {} from {from} to {to} such that {all} in at least {} of runs",
        axis.lattice.path, scenario.in_runs
    )
}

impl Solution<'_> {
    fn path(&self) -> &str {
        &self.solved.axis.lattice.path
    }

    fn last(&self) -> String {
        self.solved.axis.show(self.solved.axis.last())
    }

    /// The values between which the answer is known to lie: positions that surely hold and surely
    /// fail, the latter excluded.
    pub fn interval(&self) -> (Option<u64>, Option<u64>) {
        let Found { surely_holds, surely_fails, .. } = self.solved.found;
        (surely_holds, surely_fails.and_then(|it| it.checked_sub(1)))
    }

    /// What is asked, in a sentence.
    pub fn question(&self) -> String {
        solve_question(self.scenario, &self.solved.axis)
    }

    /// The answer in one line.
    pub fn answer(&self) -> String {
        let (axis, found) = (&self.solved.axis, &self.solved.found);
        let path = self.path();
        let Some(answer) = found.answer else {
            return format!("no {path} in the range holds: it fails at {} already", axis.show(0));
        };
        let value = axis.show(answer);
        let flag = if axis.goal == Goal::Maximize { "--to" } else { "--from" };
        let other = if axis.goal == Goal::Maximize { "raise" } else { "lower" };
        let end = if found.failing.is_none() {
            format!("; that is the end of the range: {other} {flag} to look further")
        } else {
            String::new()
        };
        format!("{path} = {value} ({}){end}", self.interval_text())
    }

    fn interval_text(&self) -> String {
        let axis = &self.solved.axis;
        let is_up = axis.goal == Goal::Maximize;
        match self.interval() {
            (Some(low), Some(high)) if low == high => format!("at 95%: {}", axis.show(low)),
            (Some(low), Some(high)) => {
                let (low, high) = (axis.show(low), axis.show(high));
                if is_up {
                    format!("at 95%: {low} to {high}")
                } else {
                    format!("at 95%: {high} to {low}")
                }
            }
            (Some(low), None) => {
                let side = if is_up { "at least" } else { "at most" };
                format!("at 95%: {side} {}", axis.show(low))
            }
            (None, high) => {
                let side = if is_up { "at most" } else { "at least" };
                let bound = high.map(|it| format!("at 95%: {side} {}; ", axis.show(it)));
                format!("{}{}", bound.unwrap_or_default(), self.why_no_sure_end())
            }
        }
    }

    fn why_no_sure_end(&self) -> String {
        let most = self.solved.demand.at_most;
        let in_runs = self.scenario.in_runs;
        match self.solved.demand.needed() {
            Some(_) => format!("no value surely holds with {most} runs each"),
            None if self.solved.demand.share < 1.0 => {
                format!("{most} runs at a value cannot tell {in_runs} for sure: raise --at-most")
            }
            None => "no number of runs makes sure that all of them hold".into(),
        }
    }

    /// What binds, what binds next, and what is odd: sentences.
    pub fn reasons(&self) -> Vec<String> {
        let mut lines = vec![];
        let solved = self.solved;
        if let Some(it) = &solved.binding {
            lines.push(binding_text(it));
        }
        if let Some(next) = &solved.next {
            let lifted = next.lifted.join(" ");
            let then = match &next.answer {
                Some(answer) if next.is_end => {
                    format!("it holds up to the end of the range, {answer}")
                }
                Some(answer) => format!("it would be {answer}"),
                None => "nothing in the range holds either".into(),
            };
            let binding = next.binding.as_ref().map(|it| format!("; then {}", binding_text(it)));
            let text = format!("behind it: with {lifted} {then}{}", binding.unwrap_or_default());
            lines.push(text);
        }
        lines.extend(self.oddities());
        lines
    }

    fn oddities(&self) -> Vec<String> {
        let (axis, found) = (&self.solved.axis, &self.solved.found);
        let mut lines = vec![];
        if !found.stretches.is_empty() {
            let mut shown: Vec<(f64, String)> = found
                .stretches
                .iter()
                .map(|it| (axis.number(it.first), self.stretch(it)))
                .collect();
            shown.sort_by(|a, b| a.0.total_cmp(&b.0));
            let shown: Vec<String> = shown.into_iter().map(|it| it.1).collect();
            let fails_first = found.stretches.first().is_some_and(|it| !it.holds);
            let answer = match (found.answer, axis.goal) {
                (None, _) => "",
                (Some(_), _) if fails_first => "; the answer is the end of a stretch that holds",
                (Some(_), Goal::Maximize) => {
                    "; the answer is the largest value up to which everything seen holds"
                }
                (Some(_), Goal::Minimize) => {
                    "; the answer is the smallest value down to which everything seen holds"
                }
            };
            lines.push(format!(
                "not monotone where it was looked at: {}{answer}; what lies between the values \
                 seen may be otherwise",
                shown.join(", ")
            ));
            if fails_first && found.failing.is_none() {
                let other = if axis.goal == Goal::Maximize { "--minimize" } else { "--maximize" };
                lines.push(format!(
                    "it fails at {} and holds at {}: {other} asks for the boundary between them",
                    axis.show(0),
                    self.last()
                ));
            }
        }
        let incomplete = self.solved.binding.as_ref().is_some_and(|it| it.incomplete);
        if incomplete {
            lines.push("runs reached the bound on events: they are incomplete".into());
        }
        lines
    }

    fn stretch(&self, it: &Stretch) -> String {
        let axis = &self.solved.axis;
        let word = if it.holds { "holds" } else { "fails" };
        let (a, b) = (axis.show(it.first), axis.show(it.last));
        let (a, b) = if axis.goal == Goal::Maximize { (a, b) } else { (b, a) };
        if a == b { format!("{word} at {a}") } else { format!("{word} from {a} to {b}") }
    }

    /// What was spent.
    pub fn spent(&self) -> String {
        let at = self.solved.curve.len();
        format!(
            "{} runs, {} of them at {at} values of the path, the same luck at each; at most {} a \
             value",
            format::count(self.solved.runs as f64),
            format::count(self.solved.curve.iter().map(|it| f64::from(it.trial.n)).sum()),
            self.solved.demand.at_most
        )
    }

    /// The answers under other readings: one sentence, and a line for each that changes it.
    pub fn readings(&self) -> Vec<String> {
        if self.readings.is_empty() {
            return vec![];
        }
        let axis = &self.solved.axis;
        let own = self.solved.found.answer.map(|it| axis.show(it));
        let changed: Vec<&Reading> = self.readings.iter().filter(|it| it.answer != own).collect();
        let n = self.readings.len();
        if changed.is_empty() {
            return vec![format!(
                "none of {n} other readings of what nobody could verify changes it"
            )];
        }
        let mut numbers: Vec<(f64, &str)> = self
            .readings
            .iter()
            .filter_map(|it| Some((it.number?, it.answer.as_deref()?)))
            .chain(
                self.solved.found.answer.zip(own.as_deref()).map(|(at, it)| (axis.number(at), it)),
            )
            .collect();
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let nothing = self.readings.iter().any(|it| it.answer.is_none());
        let range = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) => format!("{} to {}", first.1, last.1),
            _ => "nothing".into(),
        };
        let mut lines = vec![format!(
            "under {n} other readings of what nobody could verify: {range}{}",
            if nothing { ", or nothing in the range" } else { "" }
        )];
        lines.extend(changed.into_iter().map(|it| {
            let answer = it.answer.as_deref().unwrap_or("nothing in the range");
            let end = if it.is_end { " or further" } else { "" };
            format!("  {answer}{end}: {}", it.label)
        }));
        lines
    }
}

fn quantity(it: &Weakest) -> String {
    let Some(observed) = &it.observed else { return String::new() };
    let shown = format::metric(observed, None);
    format!(" ({shown})")
}

fn times(it: Trial, failed: bool) -> String {
    let k = if failed { it.n - it.held } else { it.held };
    format!("{k} of {}", it.n)
}

fn limit_text(it: &Limit) -> String {
    format!("{} = {}, {}", it.key.path, it.key.value, it.key.origin)
}

/// What binds, as a clause that begins with `bound by`.
pub(super) fn binding_text(it: &Binding) -> String {
    let weakest = &it.weakest;
    let limits: Vec<String> = it.limits.iter().map(limit_text).collect();
    let limits = limits.join(" and ");
    let refused = |it: &crate::experiment::solve::Share| {
        format!("is behind {} of the failed pulls", format::share(it.share))
    };
    let why = match (&it.cause, limits.is_empty()) {
        (Some(cause), true) => format!("{} {}", name(cause), refused(cause)),
        (Some(cause), false) => format!("{} ({limits}) {}", name(cause), refused(cause)),
        (None, false) => limits,
        (None, true) if it.is_slow => {
            "no pull fails, and no limit makes it hold when lifted".into()
        }
        (None, true) => "no single limit was found".into(),
    };
    let itself = if it.is_itself { "; what is scarce is the value that is searched" } else { "" };
    let lifted = match it.lifted {
        Some(lifted) if lifted.holds => {
            format!("; lifted, it holds in {}", times(lifted.trial, false))
        }
        Some(lifted) => {
            let times = times(lifted.trial, false);
            format!("; lifting it is not enough (then it holds in {times})")
        }
        None => String::new(),
    };
    format!(
        "bound by {}{}, which fails at {} in {} runs: {why}{itself}{lifted}",
        weakest.demand,
        quantity(weakest),
        it.value,
        times(weakest.trial, true)
    )
}

fn name(it: &crate::experiment::solve::Share) -> String {
    match &it.cause_behind {
        Some(behind) => format!("{} (after {behind})", it.cause),
        None => it.cause.clone(),
    }
}

/// The verdict on one value.
fn verdict(it: &Seen) -> &'static str {
    match (it.sure, it.holds) {
        (Sure::Holds, _) => "holds",
        (Sure::Fails, _) => "fails",
        (Sure::Open, true) => "holds?",
        (Sure::Open, false) => "fails?",
    }
}

/// The rows of the curve: value, verdict, in how many runs, interval, weakest, main cause.
fn rows(curve: &[Seen]) -> Vec<[String; 6]> {
    curve
        .iter()
        .map(|it| {
            let (low, high) = it.trial.interval();
            let weakest =
                if it.trial.held == it.trial.n { String::new() } else { it.weakest.clone() };
            let cause =
                it.cause.as_ref().map(|it| format!("{} {}", it.cause, format::share(it.share)));
            [
                it.value.clone(),
                verdict(it).to_owned(),
                times(it.trial, false),
                format!("{}–{}", format::share(low), format::share(high)),
                weakest,
                cause.unwrap_or_default(),
            ]
        })
        .collect()
}

const HEADS: [&str; 6] =
    ["value", "", "runs that hold", "at 95%", "weakest expectation", "most failed pulls"];

/// The part of the curve that is shown: all of it, or what lies around the answer.
fn shown(it: Solution<'_>) -> &[Seen] {
    let curve = &it.solved.curve;
    if curve.len() <= MAX_SEEN {
        return curve;
    }
    let answer = it.solved.found.answer.map(|at| it.solved.axis.show(at));
    let at = curve.iter().position(|it| Some(&it.value) == answer.as_ref()).unwrap_or(0);
    let start = at.saturating_sub(MAX_SEEN / 2).min(curve.len() - MAX_SEEN);
    &curve[start..start + MAX_SEEN]
}

/// The answer for the terminal; `files` are lines that tell where the results are.
pub fn solve_text(it: Solution<'_>, files: &[String], style: Style) -> String {
    page(it).page(files).to_terminal(style)
}

/// The answer as Markdown, for a ticket or a pull request.
pub fn solve_markdown(it: Solution<'_>) -> String {
    page(it).page(&[]).to_markdown()
}

fn page(it: Solution<'_>) -> Answer<'_> {
    let curve = shown(it);
    let hidden = it.solved.curve.len() - curve.len();
    let is_open = curve.iter().any(|it| it.sure == Sure::Open);
    let remark = match hidden {
        0 if is_open => "with ?: more runs could turn it".to_owned(),
        0 => String::new(),
        _ => format!("{hidden} more values in solve.csv"),
    };
    Answer {
        scenario: it.scenario,
        is_there: it.solved.found.answer.is_some(),
        headline: it.answer(),
        reasons: it.reasons().into_iter().chain(it.readings()).collect(),
        question: it.question(),
        spent: it.spent(),
        heading: "SEEN",
        remark,
        table: table(&HEADS, rows(curve)),
    }
}

/// An answer to any question of `solve`.
struct Answer<'a> {
    scenario: &'a Scenario,
    /// Whether there is one.
    is_there: bool,
    /// In one line.
    headline: String,
    /// What binds, and what is odd.
    reasons: Vec<String>,
    question: String,
    spent: String,
    heading: &'static str,
    remark: String,
    table: Table,
}

impl Answer<'_> {
    fn page(self, files: &[String]) -> Page {
        let Self { scenario, headline, question, spent, .. } = self;
        let mut page = Page::new();
        let lead = page.lead();
        let tone = if self.is_there { Tone::Strong } else { Tone::Bad };
        lead.add_for(Form::Terminal, Block::line(tone.text(&headline)));
        lead.add_for(Form::Markdown, Block::prose(Tone::Strong.text(headline)));
        lead.add(Block::list(self.reasons.iter().map(|it| it.trim())));
        lead.add_for(Form::Markdown, Block::prose(format!("{question}. {spent}.")));
        lead.add_for(Form::Markdown, Block::prose(source(scenario)));
        let asked = page.section_for(Form::Terminal, "ASKED", "");
        asked.add(Block::Prose(format!("{question}.").into(), 2));
        facts(asked, scenario);
        asked.add(Block::Prose(spent.into(), 2));
        page.section(self.heading, self.remark).add(self.table);
        page.files(files);
        page
    }
}

/// Which scenario this is of.
fn facts(asked: &mut Section, scenario: &Scenario) {
    let variant = scenario.variant.as_ref().map_or(String::new(), |it| format!(", variant {it}"));
    let facts = vec![
        format!("pullstorm {VERSION}").into(),
        format!("{}{variant}", scenario.name).into(),
        format!("seed {}", scenario.spec.seed).into(),
        "simulated".into(),
    ];
    asked.add(Block::Facts(facts, 2));
    let typed =
        [("Set", scenario.set_by_hand()), ("What-if, in no released software", scenario.what_if())];
    for (what, typed) in typed.iter().filter(|it| !it.1.is_empty()) {
        asked.add(Block::Prose(format!("{what}: {}", typed.join(" · ")).into(), 2));
    }
}

/// The same for Markdown.
fn source(scenario: &Scenario) -> Text {
    let source = Text::from(format!("Simulated by Pullstorm {VERSION}: "));
    let mut source = source.and(Tone::Code, &scenario.name);
    if let Some(variant) = &scenario.variant {
        source = source.then(", variant ").and(Tone::Code, variant);
    }
    for (at, set) in scenario.set_by_hand().iter().enumerate() {
        source = source.then(if at == 0 { ", set " } else { " " }).and(Tone::Code, set);
    }
    source.then(format!(", seed {}.", scenario.spec.seed))
}

/// Widest column on a terminal.
const WIDEST: usize = 46;

/// A table of words.
fn table<const N: usize>(heads: &[&str; N], rows: Vec<[String; N]>) -> Table {
    let column = |it: &&str| Column::new(it).width(Width::Fitted(WIDEST));
    let mut table = Table::new(heads.iter().map(column).collect());
    for row in rows {
        table.row(row.iter().map(Text::from).collect());
    }
    table.heads(Heads::Plain).without_empty_columns()
}
