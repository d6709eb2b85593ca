//! A sweep as Markdown, for a ticket or a pull request.

use super::Swept;
use super::answer::{self, Line, answer};
use super::text::LEGEND;
use crate::report::{VERSION, format};

/// The summary of a sweep as Markdown.
pub fn sweep_markdown(swept: &Swept) -> String {
    let plan = &swept.plan;
    let title = if swept.title.is_empty() { &plan.scenario } else { &swept.title };
    let mut paragraphs = vec![format!("## {}", cell(title))];
    if !swept.question.is_empty() {
        paragraphs.push(cell(&swept.question));
    }
    paragraphs.push(format!("**{}.**", cell(&answer(swept))));
    paragraphs.push(format!(
        "Simulated by Pullstorm {VERSION}: `{}`, {} points ({}), seed {}, replications {}.",
        plan.scenario,
        plan.points.len(),
        plan.design,
        plan.seed,
        plan.replications
    ));
    let sets = swept.sets();
    if !sets.is_empty() {
        paragraphs.push(format!("Set: `{}`.", cell(&sets.join("`, `"))));
    }
    if swept.expects() {
        paragraphs.push(format!("{LEGEND}."));
    }
    let mut is_matrix = false;
    for (at, target) in swept.targets.iter().enumerate() {
        if let Some(matrix) = answer::matrix(swept, at) {
            paragraphs.push(format!("`{target}`"));
            paragraphs.push(table(&matrix));
            is_matrix = true;
        }
    }
    if !is_matrix {
        paragraphs.push(table(&answer::list(swept)));
    }
    let causes = answer::causes(swept);
    let total: u64 = causes.iter().map(|it| it.1).sum();
    if 0 < total {
        let lines = causes.iter().map(|(cause, count, points)| {
            let share = format::share(*count as f64 / total as f64);
            vec![cause.clone(), share, format::count(*count as f64), points.to_string()]
        });
        let head = ["why pulls failed", "share", "pulls", "points"].map(str::to_owned);
        paragraphs.push(table(&(head.into(), lines.collect())));
    }
    paragraphs.join("\n\n") + "\n"
}

fn table((head, lines): &(Line, Vec<Line>)) -> String {
    let line = |cells: &Line| {
        let cells: Vec<String> = cells.iter().map(|it| cell(it)).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = vec!["---".to_owned(); head.len()];
    let all: Vec<String> = [head, &rule].into_iter().chain(lines).map(line).collect();
    all.join("\n")
}

/// A text that cannot break a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
