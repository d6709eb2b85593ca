//! A sweep as a page: the answer first, then a table, causes and files.

use super::Swept;
use super::answer::{self, answer};
use crate::report::VERSION;
use crate::report::format;
use crate::report::page::{Block, Column, Form, Page, Section, Table, Text, Tone, Width, fits};
use crate::report::style::Style;
use crate::text::clip;

/// What the marks of points mean.
const LEGEND: &str = "✓ the expectations hold, ✗ they do not, ? uncertain";
/// Most rows of a table on a terminal.
const MOST_ROWS: usize = 40;
/// Most tables of a grid on a terminal.
const MOST_TABLES: usize = 4;
/// Most causes listed on a terminal.
const MOST_CAUSES: usize = 6;

/// The summary of a sweep; `files` are lines that tell where the results are.
pub fn sweep_text(swept: &Swept, files: &[String], style: Style) -> String {
    page(swept, files).to_terminal(style)
}

/// The summary of a sweep as Markdown.
pub fn sweep_markdown(swept: &Swept) -> String {
    page(swept, &[]).to_markdown()
}

fn page(swept: &Swept, files: &[String]) -> Page {
    let title = if swept.title.is_empty() { &swept.plan.scenario } else { &swept.title };
    let mut page = Page::new().title(title);
    header(page.lead(), swept);
    axes(&mut page, swept);
    tables(&mut page, swept);
    incomplete(&mut page, swept);
    causes(&mut page, swept);
    page.files(files);
    page
}

fn header(lead: &mut Section, swept: &Swept) {
    let plan = &swept.plan;
    let answer = answer(swept);
    lead.add_for(Form::Terminal, Block::prose(&answer));
    if !swept.question.is_empty() {
        lead.add_for(Form::Markdown, Block::prose(&swept.question));
    }
    lead.add_for(Form::Markdown, Block::prose(Tone::Strong.text(answer + ".")));
    let replications = match &plan.until {
        Some(it) => format!("{} ({} and more replications)", it.until, plan.replications),
        None if plan.replications == 1 => "1 replication a point".into(),
        None => format!("{} replications a point", plan.replications),
    };
    let facts = [
        format!("pullstorm {VERSION}"),
        clip(&plan.scenario, 40),
        format!("sweep of {}, {}", format::points(plan.points.len()), plan.design),
        format!("seed {}", plan.seed),
        replications,
        "simulated".into(),
    ];
    lead.add_for(Form::Terminal, Block::Facts(facts.iter().map(Text::from).collect(), 0));
    let source = Text::from(format!("Simulated by Pullstorm {VERSION}: "));
    let source = source.and(Tone::Code, &plan.scenario).then(format!(
        ", {} points ({}), seed {}, replications {}.",
        plan.points.len(),
        plan.design,
        plan.seed,
        plan.replications
    ));
    lead.add_for(Form::Markdown, Block::prose(source));
    lead.typed("Set", &swept.sets());
    if swept.expects() {
        lead.add_for(Form::Markdown, Block::prose(format!("{LEGEND}.")));
    }
}

fn axes(page: &mut Page, swept: &Swept) {
    let section = page.section_for(Form::Terminal, "AXES", "");
    for (axis, name) in swept.plan.axes.iter().zip(swept.short_names()) {
        let values = axis.values.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        let more = if 12 < axis.values.len() {
            format!(", … ({} in all)", axis.values.len())
        } else {
            String::new()
        };
        let path = if name == axis.path { String::new() } else { format!("  ({})", axis.path) };
        section.row(clip(name, 26), [format!("{values}{more}{path}")]);
    }
}

/// A matrix for each metric of a two-way grid, else a list of points. A terminal has the list too
/// where a matrix would not fit.
fn tables(page: &mut Page, swept: &Swept) {
    let legend = if swept.expects() { LEGEND } else { "mean over replications" };
    let matrix = |at| answer::matrix(swept, at);
    let matrices: Vec<Table> = (0..swept.targets.len()).map_while(matrix).collect();
    let room = |it: &&Table| it.len() <= MOST_ROWS && fits(it);
    let shown = matrices.iter().take(MOST_TABLES).take_while(room).count();
    if shown == 0 {
        let mut list = answer::list(swept);
        list.at_most(MOST_ROWS, |more| format!("and {more} more points, in points.csv"));
        if matrices.is_empty() {
            page.section("POINTS", legend).add(list);
        } else {
            page.section_for(Form::Terminal, "POINTS", legend).add(list);
        }
    }
    for (at, (target, matrix)) in swept.targets.iter().zip(matrices).enumerate() {
        let target = target.to_string();
        let title = clip(&target, 50);
        let section = if at < shown {
            page.section(title, legend)
        } else {
            page.section_for(Form::Markdown, title, legend)
        };
        section.add_for(Form::Markdown, Block::prose(Tone::Code.text(target)));
        section.add(matrix);
    }
}

fn incomplete(page: &mut Page, swept: &Swept) {
    let points = swept.points.iter().filter(|it| 0 < it.incomplete).count();
    if 0 < points {
        let text = format!(
            "at {} replications reached the bound on events: their figures are incomplete",
            format::points(points)
        );
        page.last().add_for(Form::Terminal, Block::line(Tone::Bad.text(text)));
    }
}

fn causes(page: &mut Page, swept: &Swept) {
    let causes = answer::causes(swept);
    let total: u64 = causes.iter().map(|it| it.count).sum();
    if total == 0 {
        let remark = "no pull failed at any point";
        page.section_for(Form::Terminal, "WHY PULLS FAILED", remark);
        return;
    }
    let mut table = Table::new(vec![
        Column::new("why pulls failed").width(Width::Exactly(40)),
        Column::new("share").right().width(Width::Exactly(6)),
        Column::new("pulls").right().width(Width::Exactly(12)),
        Column::new("where").only(Form::Terminal),
        Column::new("points").only(Form::Markdown),
    ])
    .airy();
    for it in &causes {
        table.row(vec![
            it.cause.into(),
            format::share(it.count as f64 / total as f64).into(),
            format::count(it.count as f64).into(),
            format!("at {}", format::points(it.points)).into(),
            it.points.to_string().into(),
        ]);
    }
    table.at_most(MOST_CAUSES, |more| format!("and {more} more causes"));
    let remark = format!("{} failed pulls at all points", format::count(total as f64));
    page.section("WHY PULLS FAILED", remark).add(table);
}
