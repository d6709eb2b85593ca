//! A comparison as a page: the order first, then what else changes.

use super::{Compared, change, expectations, gate, passes, relative, verdict};
use crate::experiment::compare::{Arm, Changed, Difference, Effect, Rank, Stack};
use crate::model::record::measure::Unit;
use crate::report::VERSION;
use crate::report::format;
use crate::report::page::{
    Align, Block, Column, Form, Heads, Page, Section, Table, Text, Tone, Width,
};
use crate::report::style::Style;
use crate::text::clip;

/// Most metrics listed of two sides.
const MOST_LISTED: usize = 40;

/// The comparison for people; `files` are lines that tell where the results are.
pub fn comparison_text(compared: &Compared<'_>, files: &[String], style: Style) -> String {
    page(compared, files).to_terminal(style)
}

/// The comparison as Markdown; an empty line ends it, so that another can follow.
pub fn comparison_markdown(compared: &Compared<'_>) -> String {
    page(compared, &[]).to_markdown() + "\n"
}

fn page(compared: &Compared<'_>, files: &[String]) -> Page {
    let title = if compared.title.is_empty() { compared.name } else { compared.title };
    let mut page = Page::new().title(title);
    header(page.lead(), compared);
    gates(&mut page, compared);
    ranking(&mut page, compared);
    beside(&mut page, compared);
    if let [only] = compared.comparison.changed.as_slice() {
        metrics(&mut page, only, &compared.comparison.base);
    }
    if let Some(stack) = compared.stack {
        stacked(&mut page, stack, compared);
    }
    if let Some(assumed) = compared.assumed {
        super::assumptions::section(&mut page, compared, assumed);
    }
    page.files(files);
    page
}

fn header(lead: &mut Section, compared: &Compared<'_>) {
    let base = &compared.comparison.base;
    let facts = vec![
        format!("pullstorm {VERSION}").into(),
        Tone::Strong.text(clip(compared.name, 60)),
        format!("seed {}", base.seed).into(),
        "simulated".into(),
    ];
    lead.add_for(Form::Terminal, Block::Facts(facts, 0));
    if !compared.title.is_empty() {
        lead.add_for(Form::Terminal, Block::prose(compared.title));
    }
    let source = Text::from(format!("Simulated by Pullstorm {VERSION}: "))
        .and(Tone::Code, compared.name)
        .then(format!(", seed {}; {}.", base.seed, compared.design()));
    lead.add_for(Form::Markdown, Block::prose(source));
    lead.typed_for(Form::Terminal, "Set", compared.set);
    lead.add_for(Form::Terminal, Block::prose(format!("{}.", compared.design())));
    for remark in compared.remarks {
        lead.add(Block::prose(remark));
    }
    lead.typed_for(Form::Markdown, "Set", compared.set);
    let n = base.samples.replications();
    let others = compared.comparison.changed.iter().map(|it| &it.arm);
    for arm in std::iter::once(base).chain(others).filter(|it| 0 < it.incomplete) {
        let text = format!(
            "{}: {} of {n} replications reached the bound on events: their figures are incomplete",
            arm.name, arm.incomplete
        );
        lead.add_for(Form::Terminal, Block::line(Tone::Bad.text(text)));
    }
}

/// A tick or a cross.
fn mark(holds: bool) -> Text {
    if holds { Tone::Good.text("✓") } else { Tone::Bad.text("✗") }
}

fn gates(page: &mut Page, compared: &Compared<'_>) {
    if compared.gates.is_empty() {
        return;
    }
    let failed = compared.gates.iter().filter(|it| !passes(it)).count();
    let mut table = Table::new(vec![
        Column::new("").width(Width::Exactly(26)).only(Form::Terminal),
        Column::new(Text::default()).only(Form::Markdown),
        Column::new("tolerance").width(Width::Exactly(80)),
        Column::new("side").only(Form::Markdown),
    ]);
    for it in compared.gates {
        let mark = mark(passes(it));
        let named = mark.clone().then(format!(" {}", clip(&it.name, NAME)));
        table.row(vec![named, mark, gate(it).into(), (&it.name).into()]);
    }
    page.section("TOLERANCES", format!("{failed} of {} fail", compared.gates.len())).add(table);
}

/// Behind the name of what no released software has.
const WHAT_IF: &str = " (what-if)";

/// Columns of the name of a variant.
const NAME: usize = 24;

/// The name of a variant that fits its column.
fn named(name: &str, is_what_if: bool) -> String {
    let what_if = if is_what_if { WHAT_IF } else { "" };
    format!("{}{what_if}", clip(name, NAME - what_if.len()))
}

/// The same in full.
fn named_in_full(name: &str, is_what_if: bool) -> String {
    format!("{name}{}", if is_what_if { WHAT_IF } else { "" })
}

/// The verdict in its tone.
fn judged(it: &Difference) -> Text {
    let tone = match it.effect {
        Effect::Better => Tone::Good,
        Effect::Worse => Tone::Bad,
        Effect::Differs => Tone::Doubtful,
        Effect::NoEvidence => Tone::Faint,
    };
    tone.text(verdict(it))
}

/// A change and its share of the base.
fn changes() -> [Column; 2] {
    [
        Column::new("change ± 95%").markdown("change ± 95 %", Align::Right),
        Column::new("relative").width(Width::Exactly(9)).markdown("relative", Align::Right),
    ]
}

fn ranking(page: &mut Page, compared: &Compared<'_>) {
    let by = compared.by;
    let row = compared.comparison.base.samples.find(&by.scope, &by.metric);
    let base = row.map(|it| format::metric(&it.summarise(), compared.horizon_seconds));
    let base = base.unwrap_or_else(|| format::NOTHING.into());
    let which_way = compared.which_way();
    let section = page.section("RANKING", format!("by {by}, {which_way}; base {base}"));
    let ranked_by = Text::from("Ranked by ").and(Tone::Code, by.to_string());
    let ranked_by = ranked_by.then(format!(" ({which_way}), base {base}."));
    section.add_for(Form::Markdown, Block::prose(ranked_by));
    section.add(ranked(compared));
    if compared.ranking.iter().any(|it| it.is_tied) {
        let text = "the replications do not tell it from the one above it";
        section.add_for(Form::Terminal, Block::Prose(format!("= {text}").into(), 4));
        let text = Tone::Code.text("=").then(format!(": {text}."));
        section.add_for(Form::Markdown, Block::prose(text));
    }
    if compared.ranking.iter().any(|it| it.place.is_none()) {
        let text = "what-if: no released software has it; --what-if ranks it with the others";
        section.add_for(Form::Terminal, Block::Prose(text.into(), 4));
    }
    if let Some(uncertain) = compared.uncertain() {
        section.add_for(Form::Terminal, Block::Prose((&uncertain).into(), 4));
        section.add_for(Form::Markdown, Block::prose(uncertain + "."));
    }
    for caution in compared.cautions() {
        section.add(Block::Prose(caution.into(), 4));
    }
}

fn ranked(compared: &Compared<'_>) -> Table {
    let [change_of, share] = changes();
    let mut columns = vec![
        Column::new("").width(Width::Exactly(3)).only(Form::Terminal),
        Column::new(Text::default()).right().only(Form::Markdown),
        Column::new("variant").width(Width::Exactly(NAME)).only(Form::Terminal),
        Column::new("variant").only(Form::Markdown),
        change_of.width(Width::Exactly(22)),
        share,
        Column::new("verdict").width(Width::Exactly(12)),
    ];
    let expects = compared.expects();
    if expects {
        let column = || Column::new("expectations").width(Width::Open(12));
        columns.extend([Form::Terminal, Form::Markdown].map(|it| column().only(it)));
    }
    let mut table = Table::new(columns).close(2).heads(Heads::Faint);
    for (rank, changed) in compared.ranked() {
        let is_what_if = !changed.arm.what_if.is_empty();
        let mut cells = places(rank).to_vec();
        cells.push(named(&changed.arm.name, is_what_if).into());
        cells.push(named_in_full(&changed.arm.name, is_what_if).into());
        let measured = compared.by_difference(changed);
        match measured {
            Some(it) => cells.extend([change(it).into(), relative(it).into(), judged(it)]),
            None => cells.extend(["not measured".into(), Text::default(), Text::default()]),
        }
        if expects {
            let text: Text = expectations(&changed.arm).into();
            let brief = if measured.is_some() { text.clone() } else { Text::default() };
            cells.extend([brief, text]);
        }
        table.row(cells);
    }
    table
}

/// The place in the order, for a terminal and for Markdown.
fn places(rank: &Rank) -> [Text; 2] {
    let is_tied = rank.is_tied && rank.place.is_some();
    let mark = if is_tied { "=" } else { "" };
    match rank.place {
        Some(place) => [format!("{place:>2}{mark}").into(), format!("{place}{mark}").into()],
        None => ["".into(), "".into()],
    }
}

fn beside(page: &mut Page, compared: &Compared<'_>) {
    if compared.comparison.changed.len() < 2 {
        return;
    }
    let remark = "means over the replications; + better, - worse than the base";
    let section = page.section_for(Form::Terminal, "WHAT ELSE CHANGES", remark);
    let metrics: Vec<_> = compared.beside().collect();
    let titles = metrics.iter().map(|it| Column::new(it.1).right().width(Width::Exactly(16)));
    let variant = Column::new("").width(Width::Exactly(NAME));
    let columns = std::iter::once(variant).chain(titles).collect();
    let mut table = Table::new(columns).close(6).heads(Heads::Faint);
    let base = metrics.iter().map(|(metric, _)| {
        let row = compared.comparison.base.samples.of_run(*metric);
        let mean = row.map(|it| short(&it.summarise(), compared.horizon_seconds));
        Text::from(mean.unwrap_or_else(|| format::NOTHING.into()) + "  ")
    });
    table.row(std::iter::once("base".into()).chain(base).collect());
    for (_, changed) in compared.ranked() {
        let cells = metrics.iter().map(|(metric, _)| match changed.of_run(*metric) {
            Some(it) => {
                let mean = Text::from(short(&it.changed, compared.horizon_seconds) + " ");
                match it.effect {
                    Effect::Better => mean.and(Tone::Good, "+"),
                    Effect::Worse => mean.and(Tone::Bad, "-"),
                    Effect::Differs | Effect::NoEvidence => mean.then(" "),
                }
            }
            None => format!("{}  ", format::NOTHING).into(),
        });
        table.row(std::iter::once((&changed.arm.name).into()).chain(cells).collect());
    }
    section.add(table);
}

/// A mean without its interval, or what a censored one exceeds.
fn short(it: &crate::experiment::MetricSummary, beyond: Option<f64>) -> String {
    match (it.mean, beyond) {
        (Some(mean), _) => format::quantity(mean, it.unit.text()),
        (None, Some(beyond)) if 0 < it.censored && it.unit == Unit::Seconds => {
            format!(">{}", format::seconds(beyond))
        }
        (None, _) if 0 < it.censored => "never".into(),
        _ => format::NOTHING.into(),
    }
}

/// Every metric that differs between two sides.
fn metrics(page: &mut Page, changed: &Changed, base: &Arm) {
    let counts = Compared::counts(changed);
    let remark = format!(
        "{} → {}: {} better, {} worse, {} differ, {} do not",
        clip(&base.name, 30),
        clip(&changed.arm.name, 30),
        counts.better,
        counts.worse,
        counts.differ,
        counts.no_evidence
    );
    let section = page.section("METRICS", remark);
    if changed.is_identical_to(base) {
        let text = "every replication went the same, event by event";
        section.add_for(Form::Terminal, Block::Prose(text.into(), 2));
    }
    let [change_of, share] = changes();
    let mut table = Table::new(vec![
        Column::new("metric").width(Width::Exactly(48)).only(Form::Terminal),
        Column::new("metric that differs").only(Form::Markdown),
        Column::new("scope").only(Form::Markdown),
        change_of.width(Width::Exactly(26)),
        share,
        Column::new("verdict").width(Width::Exactly(12)),
    ])
    .close(2);
    let differs = |it: &&Difference| it.effect != Effect::NoEvidence;
    let shown: Vec<&Difference> = changed.differences.iter().filter(differs).collect();
    for it in shown.iter().take(MOST_LISTED) {
        let (scope, name) = (&it.base.scope, &it.base.name);
        let whole = if scope == "run" { name.to_string() } else { format!("{scope}.{name}") };
        table.row(vec![
            whole.into(),
            name.to_string().into(),
            scope.into(),
            change(it).into(),
            relative(it).into(),
            judged(it),
        ]);
    }
    section.add(table);
    if MOST_LISTED < shown.len() {
        let more = format!("and {} more", shown.len() - MOST_LISTED);
        let where_to = Text::from(format!("{more} in comparison.csv"));
        section.add_for(Form::Terminal, Block::Prose(where_to, 2));
        section.add_for(Form::Markdown, Block::prose(more + "."));
    }
}

fn stacked(page: &mut Page, stack: &Stack, compared: &Compared<'_>) {
    let remark = format!("{}: each alone, all together, and all but one", compared.by);
    let section = page.section("STACKED", remark);
    let mut table = Table::new(vec![
        Column::new("variant").width(Width::Exactly(NAME)).only(Form::Terminal),
        Column::new("stacked").only(Form::Markdown),
        Column::new("alone, against the base").width(Width::Exactly(32)).only(Form::Terminal),
        Column::new("alone, against the base").right().only(Form::Markdown),
        Column::new("left out of all, against all").width(Width::Exactly(46)).only(Form::Terminal),
        Column::new("left out of all, against all").right().only(Form::Markdown),
        Column::new("verdict").only(Form::Markdown),
    ])
    .close(6)
    .heads(Heads::Faint);
    for it in &stack.parts {
        let (alone, left_out) = (change(&it.alone), change(&it.left_out));
        let with_share = match relative(&it.alone).as_str() {
            "" => alone.clone(),
            share => format!("{alone} ({share})"),
        };
        let verdict = verdict(&it.left_out);
        table.row(vec![
            named(&it.name, it.is_what_if).into(),
            named_in_full(&it.name, it.is_what_if).into(),
            with_share.into(),
            alone.into(),
            format!("{left_out}, {verdict}").into(),
            left_out.into(),
            verdict.into(),
        ]);
    }
    let together = &stack.together;
    let mut cells = vec![Text::default(); 7];
    cells[1] = "all together".into();
    cells[3] = change(together).into();
    cells[6] = verdict(together).into();
    table.row_for(Form::Markdown, cells);
    section.add(table);
    let values = [change(together), relative(together), verdict(together).into()];
    let values = values.iter().map(Text::from).collect();
    section.add_for(Form::Terminal, Block::Row("all together".into(), values));
    if let Some(holds) = stack.holds {
        let text = if holds { "expectations hold" } else { "an expectation fails" };
        section.add_for(Form::Terminal, Block::Row("".into(), vec![text.into()]));
    }
    let (interaction, reading) = (change(&stack.interaction), stack.reading());
    let row = Block::Row("interaction".into(), vec![(&interaction).into()]);
    section.add_for(Form::Terminal, row);
    let prose = Block::Prose(format!("all together: {reading}").into(), 30);
    section.add_for(Form::Terminal, prose);
    let prose = format!("Interaction {interaction}; all together: {reading}.");
    section.add_for(Form::Markdown, Block::prose(prose));
}
