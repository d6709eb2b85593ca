//! The answer of `what-now`: the time first, then the ways, best first, then what it hangs on.

use std::io::{self, Write};

use serde::Serialize;

use super::page::{Block, Column, Form, Page, Table, Text, Tone};
use super::style::Style;
use super::{Head, VERSION, format};
use crate::experiment::{Against, End, Open, Range, Way, What, WhatNow};
use crate::model::record::measure::{CLEAR_SECONDS, UNREADY_POD_MINUTES};
use crate::scenario::Scenario;

/// When something clears, for people.
fn time(seconds: f64, answer: &WhatNow) -> String {
    if seconds.is_finite() {
        return format::seconds(seconds);
    }
    format!("more than {}", format::seconds(answer.horizon.as_secs_f64()))
}

/// A range of times; one time where they read alike.
fn range(range: Range, answer: &WhatNow) -> String {
    let (from, to) = (time(range.from, answer), time(range.to, answer));
    if from == to { from } else { format!("from {from} to {to}") }
}

/// The first line.
fn headline(answer: &WhatNow) -> String {
    let it = &answer.nothing;
    if it.range.to == 0.0 {
        return "if nothing is done: nothing waits, it is clear now".into();
    }
    let unknown = if answer.open.is_empty() { "luck" } else { "what is not known" };
    if !it.range.from.is_finite() {
        let beyond = format::seconds(answer.horizon.as_secs_f64());
        return format!("if nothing is done: does not clear within {beyond}");
    }
    let clears = time(it.clear, answer);
    format!("if nothing is done: clears in {clears} ({} over {unknown})", range(it.range, answer))
}

/// What a way does, against doing nothing.
fn verdict(verdict: Against) -> String {
    match verdict {
        Against::Sooner(by) if by.is_finite() => format!("{} sooner", format::seconds(by)),
        Against::Sooner(_) => "it clears at all".into(),
        Against::Later(by) if by.is_finite() => format!("worse: {} later", format::seconds(by)),
        Against::Later(_) => "worse: it does not clear".into(),
        Against::Cheaper(by) => {
            format!("no sooner, {} fewer unready pod-minutes", format::count(by))
        }
        Against::Dearer(by) => {
            format!("worse: no later, {} more unready pod-minutes", format::count(by))
        }
        Against::Same => "no difference".into(),
    }
}

/// Where a verdict turns round.
fn turns(way: &Way) -> String {
    let turn = |(end, it): &(End, Against)| {
        let end = match end {
            End::Early => "early",
            End::Late => "late",
        };
        format!("; at the {end} end {}", verdict(*it))
    };
    way.turns.iter().map(turn).collect()
}

/// The name of a way, marked where no released software has it.
fn name(way: &Way) -> String {
    let name = way.variant.as_deref().unwrap_or("nothing");
    if way.is_what_if { format!("what if: {name}") } else { name.to_owned() }
}

/// What something open is, and what it makes of the answer.
fn hangs_on(open: &Open, answer: &WhatNow) -> String {
    let (early, late) = (time(open.early, answer), time(open.late, answer));
    let limit = &open.limit;
    match open.what {
        What::History => format!(
            "when the units of {limit} were spent: {early} if all of them nearly a window ago, \
             {late} if just now"
        ),
        What::Window => format!(
            "when the window of {limit} began: {early} if it ends now, {late} if it has just begun"
        ),
    }
}

/// How to learn it.
///
/// Source: docs.docker.com/docker-hub/usage/pulls (the headers, and that a HEAD costs nothing),
/// 2026-08; Docker's usage report lists pulls of accounts by the hour.
fn remedy(open: &Open) -> String {
    let (block, is_hub) = (&open.block, open.host == "docker.io");
    let where_ = if is_hub {
        "the header ratelimit-remaining of a HEAD for \
         registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest, which costs nothing"
    } else {
        "what the registry or an exporter tells of the units left"
    };
    match open.what {
        What::History => format!(
            "look every few minutes at {where_}: each unit that comes back was spent a window ago; \
             the registry's usage report or your own logs date the others. Then write \
             state.limit.{block}.spent = [{{ ago = \"…\", units = … }}]"
        ),
        What::Window => format!(
            "look at {where_}: the window began when it was last whole again. Then write \
             state.limit.{block}.window_began = \"…\""
        ),
    }
}

fn luck(answer: &WhatNow) -> String {
    format!(
        "luck: {} (what is left of each back-off window, when kubelets look, what others pull)",
        range(answer.luck, answer)
    )
}

/// The answer for a terminal.
pub fn what_now_text(scenario: &Scenario, answer: &WhatNow, style: Style) -> String {
    page(scenario, answer).to_terminal(style)
}

/// The answer as Markdown.
pub fn what_now_markdown(scenario: &Scenario, answer: &WhatNow) -> String {
    page(scenario, answer).to_markdown()
}

fn page(scenario: &Scenario, answer: &WhatNow) -> Page {
    let mut page = Page::new().title(&scenario.title);
    let headline = headline(answer);
    let lead = page.lead();
    lead.add_for(Form::Terminal, Block::line(Tone::Strong.text(&headline)));
    lead.add_for(Form::Markdown, Block::prose(Tone::Strong.text(headline + ".")));
    if !answer.variants.is_empty() {
        lead.add_for(Form::Terminal, Block::line(""));
        lead.add_for(Form::Terminal, Block::line("with, best first"));
        lead.add(ways(answer));
    }
    lead.add_for(Form::Terminal, Block::line(""));
    lead.add_for(Form::Terminal, Block::line("the answer hangs on"));
    lead.add_for(Form::Markdown, Block::prose("The answer hangs on:"));
    let mut items: Vec<Text> = vec![];
    for it in &answer.open {
        let (what, remedy) = (hangs_on(it, answer), remedy(it));
        lead.add_for(Form::Terminal, Block::Line((&what).into(), 2));
        let remark = format!("to learn it: {remedy}");
        lead.add_for(Form::Terminal, Block::Remark(remark.into()));
        items.push(format!("{what}. To learn it: {remedy}.").into());
    }
    let luck = luck(answer);
    lead.add_for(Form::Terminal, Block::Line((&luck).into(), 2));
    items.push((luck + ".").into());
    lead.add_for(Form::Markdown, Block::list(items));
    let foot = foot(scenario, answer);
    lead.add_for(Form::Terminal, Block::line(""));
    lead.add_for(Form::Terminal, Block::line(Tone::Faint.text(&foot)));
    let source = format!("Simulated by Pullstorm {VERSION}; {foot}.");
    lead.add_for(Form::Markdown, Block::prose(source));
    page
}

/// What each way does, the best first.
fn ways(answer: &WhatNow) -> Table {
    let mut table = Table::new(vec![
        Column::new("way"),
        Column::new("clears").only(Form::Terminal),
        Column::new("clears in").right().only(Form::Markdown),
        Column::new("over what is open").only(Form::Terminal),
        Column::new("range").only(Form::Markdown),
        Column::new("against doing nothing"),
        Column::new("what is done").only(Form::Markdown),
    ]);
    for way in &answer.variants {
        let tone = match way.verdict {
            Against::Sooner(_) | Against::Cheaper(_) => Tone::Good,
            Against::Later(_) | Against::Dearer(_) => Tone::Bad,
            Against::Same => Tone::Plain,
        };
        let (clear, range) = (time(way.clear, answer), range(way.range, answer));
        table.row(vec![
            name(way).into(),
            format!("in {clear}").into(),
            clear.into(),
            format!("({range})").into(),
            range.into(),
            tone.text(verdict(way.verdict)).and(Tone::Doubtful, turns(way)),
            (&way.title).into(),
        ]);
        if !way.title.is_empty() {
            table.note(Tone::Faint.text(&way.title));
        }
    }
    table
}

fn foot(scenario: &Scenario, answer: &WhatNow) -> String {
    let readings = if answer.open.is_empty() { "" } else { " for each reading of what is open" };
    format!(
        "{}: {} replications{readings}, seed {}, looked {} ahead; a way differs where most \
         replications say so, by 15s or more",
        scenario.name,
        answer.replications,
        scenario.spec.seed,
        format::seconds(answer.horizon.as_secs_f64()),
    )
}

/// The answer as comma-separated values: a row a way. What is beyond the horizon is empty.
pub fn what_now_csv(out: &mut dyn Write, answer: &WhatNow) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "way",
        "what_if",
        CLEAR_SECONDS.text(),
        "clear_seconds_from",
        "clear_seconds_to",
        "verdict",
        "later_seconds",
        UNREADY_POD_MINUTES.text(),
        "title",
    ])?;
    for way in std::iter::once(&answer.nothing).chain(&answer.variants) {
        let it = Row::of(way);
        let number = |it: Option<f64>| it.map(|it| it.to_string()).unwrap_or_default();
        csv.write_record([
            it.way,
            &it.what_if.to_string(),
            &number(it.clear_seconds),
            &number(it.clear_seconds_from),
            &number(it.clear_seconds_to),
            it.verdict,
            &number(it.later_seconds),
            &number(it.unready_pod_minutes),
            it.title,
        ])?;
    }
    csv.flush()
}

/// One way in figures; what is beyond the horizon has no value.
#[derive(Serialize)]
struct Row<'a> {
    way: &'a str,
    title: &'a str,
    what_if: bool,
    clear_seconds: Option<f64>,
    clear_seconds_from: Option<f64>,
    clear_seconds_to: Option<f64>,
    verdict: &'static str,
    later_seconds: Option<f64>,
    unready_pod_minutes: Option<f64>,
}

impl<'a> Row<'a> {
    fn of(way: &'a Way) -> Self {
        let known = |it: f64| it.is_finite().then_some(it);
        let (verdict, later) = match way.verdict {
            Against::Sooner(by) => ("better", known(-by)),
            Against::Cheaper(_) => ("better", Some(0.0)),
            Against::Later(by) => ("worse", known(by)),
            Against::Dearer(_) => ("worse", Some(0.0)),
            Against::Same => ("same", Some(0.0)),
        };
        Self {
            way: way.variant.as_deref().unwrap_or("nothing"),
            title: &way.title,
            what_if: way.is_what_if,
            clear_seconds: known(way.clear),
            clear_seconds_from: known(way.range.from),
            clear_seconds_to: known(way.range.to),
            verdict,
            later_seconds: later,
            unready_pod_minutes: known(way.minutes),
        }
    }
}

#[derive(Serialize)]
struct Hangs<'a> {
    limit: &'a str,
    state: String,
    open: &'static str,
    clear_seconds_early: Option<f64>,
    clear_seconds_late: Option<f64>,
    to_learn_it: String,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    scenario: &'a str,
    title: &'a str,
    seed: u64,
    horizon_seconds: f64,
    replications: u32,
    answer: String,
    nothing: Row<'a>,
    variants: Vec<Row<'a>>,
    hangs_on: Vec<Hangs<'a>>,
    luck_seconds_from: Option<f64>,
    luck_seconds_to: Option<f64>,
}

/// The answer as JSON.
pub fn what_now_json(out: &mut dyn Write, scenario: &Scenario, answer: &WhatNow) -> io::Result<()> {
    let known = |it: f64| it.is_finite().then_some(it);
    let hangs = |it| {
        let it: &Open = it;
        Hangs {
            limit: &it.limit,
            state: format!("state.limit.{}", it.block),
            open: match it.what {
                What::History => "history",
                What::Window => "window_began",
            },
            clear_seconds_early: known(it.early),
            clear_seconds_late: known(it.late),
            to_learn_it: remedy(it),
        }
    };
    let document = Document {
        head: Head::SIMULATED,
        scenario: &scenario.name,
        title: &scenario.title,
        seed: scenario.spec.seed,
        horizon_seconds: answer.horizon.as_secs_f64(),
        replications: answer.replications,
        answer: headline(answer),
        nothing: Row::of(&answer.nothing),
        variants: answer.variants.iter().map(Row::of).collect(),
        hangs_on: answer.open.iter().map(hangs).collect(),
        luck_seconds_from: known(answer.luck.from),
        luck_seconds_to: known(answer.luck.to),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}
