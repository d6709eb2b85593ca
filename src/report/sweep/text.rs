//! A sweep on the terminal: the answer first, then a table, causes and files.

use super::Swept;
use super::answer::{self, Line, answer};
use crate::report::VERSION;
use crate::report::format;
use crate::report::lines::{Page, WIDTH, clip, pad};
use crate::report::style::Style;
use crate::scenario::Design;

/// What the marks of points mean.
pub(super) const LEGEND: &str = "✓ the expectations hold, ✗ they do not, ? uncertain";
/// Most lines of a table.
const MOST_LINES: usize = 40;
/// Most tables of a grid.
const MOST_TABLES: usize = 4;
/// Most causes listed.
const MOST_CAUSES: usize = 6;
/// Widest column.
const WIDEST: usize = 34;

/// The summary of a sweep; `files` are lines that tell where the results are.
pub fn sweep_text(swept: &Swept, files: &[String], style: Style) -> String {
    let mut page = Page::new(style);
    page.prose(&answer(swept), 0);
    let plan = &swept.plan;
    let replications = match &plan.until {
        Some(it) => format!("{} ({} and more replications)", it.until, plan.replications),
        None if plan.replications == 1 => "1 replication a point".into(),
        None => format!("{} replications a point", plan.replications),
    };
    page.parts(&[
        format!("pullstorm {VERSION}"),
        clip(&plan.scenario, 40),
        format!("sweep of {}, {}", format::points(plan.points.len()), plan.design),
        format!("seed {}", plan.seed),
        replications,
        "simulated".into(),
    ]);
    let sets = swept.sets();
    if !sets.is_empty() {
        page.prose(&format!("Set: {}", sets.join(" · ")), 0);
    }
    axes(&mut page, swept);
    tables(&mut page, swept);
    incomplete(&mut page, swept);
    causes(&mut page, swept);
    if !files.is_empty() {
        page.heading("FILES", "");
        for line in files {
            page.prose(line, 2);
        }
    }
    page.finish()
}

fn axes(page: &mut Page, swept: &Swept) {
    page.heading("AXES", "");
    for (axis, name) in swept.plan.axes.iter().zip(swept.short_names()) {
        let values = axis.values.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        let more = if 12 < axis.values.len() {
            format!(", … ({} in all)", axis.values.len())
        } else {
            String::new()
        };
        let path = if name == axis.path { String::new() } else { format!("  ({})", axis.path) };
        page.row(&clip(name, 26), &[format!("{values}{more}{path}")]);
    }
}

fn tables(page: &mut Page, swept: &Swept) {
    let legend = if swept.expects() { LEGEND } else { "mean over replications" };
    let fits = |table: &(Line, Vec<Line>)| {
        table.1.len() <= MOST_LINES && widths(table).iter().map(|it| it + 2).sum::<usize>() <= WIDTH
    };
    let matrices: Vec<_> = (0..swept.targets.len().min(MOST_TABLES))
        .map_while(|at| answer::matrix(swept, at).filter(fits))
        .collect();
    if matrices.is_empty() {
        page.heading("POINTS", legend);
        let words = if swept.plan.design() == Design::OneAtATime { 2 } else { 1 };
        let of_point = if words == 2 { 2 } else { 1 + swept.plan.axes.len() };
        let parts = parts(&answer::list(swept), of_point);
        for (at, part) in parts.iter().enumerate() {
            if 0 < at {
                page.line("");
            }
            table(page, part, words, at + 1 == parts.len());
        }
        return;
    }
    for (target, matrix) in swept.targets.iter().zip(&matrices) {
        page.heading(&clip(&target.to_string(), 50), legend);
        table(page, matrix, 1, false);
    }
}

/// The table in as many as it takes for each to fit the page; the first `of_point` columns, which
/// tell points apart, stand in all of them. A number is never cut.
fn parts(whole: &(Line, Vec<Line>), of_point: usize) -> Vec<(Line, Vec<Line>)> {
    let widths: Vec<usize> = widths(whole).iter().map(|it| it + 2).collect();
    let room = WIDTH.saturating_sub(widths[..of_point].iter().sum());
    let mut groups: Vec<Vec<usize>> = vec![vec![]];
    let mut taken = 0;
    for (at, width) in widths.iter().enumerate().skip(of_point) {
        if 0 < taken && room < taken + width {
            groups.push(vec![]);
            taken = 0;
        }
        if let Some(group) = groups.last_mut() {
            group.push(at);
        }
        taken += width;
    }
    let pick = |line: &Line, group: &[usize]| -> Line {
        (0..of_point).chain(group.iter().copied()).map(|at| line[at].clone()).collect()
    };
    let (head, lines) = whole;
    let part = |it: &Vec<usize>| (pick(head, it), lines.iter().map(|l| pick(l, it)).collect());
    groups.iter().map(part).collect()
}

fn widths((head, lines): &(Line, Vec<Line>)) -> Vec<usize> {
    let width = |text: &String| text.chars().count();
    let column = |at: usize| lines.iter().take(MOST_LINES).map(|it| width(&it[at])).max();
    (0..head.len()).map(|at| width(&head[at]).max(column(at).unwrap_or(0)).min(WIDEST)).collect()
}

/// A table: so many first columns and perhaps the last one to the left, the rest to the right.
fn table(page: &mut Page, table: &(Line, Vec<Line>), words: usize, ends_with_word: bool) {
    let widths = widths(table);
    let shown = |line: &Line| {
        let mut text = String::new();
        for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell = clip(cell, *width);
            let fill = width - cell.chars().count();
            let is_left = at < words || (ends_with_word && at + 1 == line.len());
            text += "  ";
            text += &if is_left { pad(&cell, *width) } else { " ".repeat(fill) + &cell };
        }
        clip(text.trim_end(), WIDTH)
    };
    page.line(&page.style.faint(&shown(&table.0)));
    for line in table.1.iter().take(MOST_LINES) {
        page.line(&shown(line));
    }
    if MOST_LINES < table.1.len() {
        let more = table.1.len() - MOST_LINES;
        page.line(&format!("  and {more} more points, in points.csv"));
    }
}

fn incomplete(page: &mut Page, swept: &Swept) {
    let points = swept.points.iter().filter(|it| 0 < it.incomplete).count();
    if 0 < points {
        let text = format!(
            "at {} replications reached the bound on events: their figures are incomplete",
            format::points(points)
        );
        page.line(&page.style.bad(&text));
    }
}

fn causes(page: &mut Page, swept: &Swept) {
    let causes = answer::causes(swept);
    let total: u64 = causes.iter().map(|it| it.1).sum();
    if total == 0 {
        page.heading("WHY PULLS FAILED", "no pull failed at any point");
        return;
    }
    let remark = format!("{} failed pulls at all points", format::count(total as f64));
    page.heading("WHY PULLS FAILED", &remark);
    for (cause, count, points) in causes.iter().take(MOST_CAUSES) {
        page.line(&format!(
            "  {} {:>7}  {:>12}  at {}",
            pad(cause, 40),
            format::share(*count as f64 / total as f64),
            format::count(*count as f64),
            format::points(*points)
        ));
    }
    if MOST_CAUSES < causes.len() {
        page.line(&format!("  and {} more causes", causes.len() - MOST_CAUSES));
    }
}
