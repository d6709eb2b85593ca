//! A sweep as Markdown, for a ticket or a pull request.

use super::Swept;
use super::answer::{self, Line, answer};
use crate::report::{VERSION, format};

/// The summary of a sweep as Markdown.
pub fn sweep_markdown(swept: &Swept) -> String {
    let plan = &swept.plan;
    let title = if swept.title.is_empty() { &plan.scenario } else { &swept.title };
    let mut out = format!("## {}\n\n", cell(title));
    if !swept.question.is_empty() {
        out += &format!("{}\n\n", cell(&swept.question));
    }
    out += &format!("**{}.**\n\n", cell(&answer(swept)));
    out += &format!(
        "Simulated by Pullstorm {VERSION}: `{}`, {} points ({}), seed {}, replications {}.\n\n",
        plan.scenario,
        plan.points.len(),
        plan.design,
        plan.seed,
        plan.replications
    );
    let mut is_matrix = false;
    for (at, target) in swept.targets.iter().enumerate() {
        if let Some(matrix) = answer::matrix(swept, at) {
            out += &format!("`{target}`\n\n");
            table(&mut out, &matrix);
            is_matrix = true;
        }
    }
    if !is_matrix {
        table(&mut out, &answer::list(swept));
    }
    let causes = answer::causes(swept);
    let total: u64 = causes.iter().map(|it| it.1).sum();
    if 0 < total {
        let lines = causes.iter().map(|(cause, count, points)| {
            let share = format::share(*count as f64 / total as f64);
            vec![cause.clone(), share, format::count(*count as f64), points.to_string()]
        });
        let head = ["why pulls failed", "share", "pulls", "points"].map(str::to_owned);
        table(&mut out, &(head.into(), lines.collect()));
    }
    out
}

fn table(out: &mut String, (head, lines): &(Line, Vec<Line>)) {
    let mut line = |cells: &Line| {
        let cells: Vec<String> = cells.iter().map(|it| cell(it)).collect();
        *out += &format!("| {} |\n", cells.join(" | "));
    };
    line(head);
    line(&vec!["---".to_owned(); head.len()]);
    for it in lines {
        line(it);
    }
    out.push('\n');
}

/// A text that cannot break a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
