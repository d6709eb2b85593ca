//! The summary as Markdown, for a ticket or a pull request.

use super::summary_text::{by_cause, demand, figure, held, observed, set_by_hand, what_if};
use super::{Run, VERSION, diagnosis, format};

/// The summary of `run` as Markdown.
pub fn summary_markdown(run: Run<'_>) -> String {
    let scenario = run.scenario;
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let variant = scenario.variant.as_ref().map_or(String::new(), |it| format!(", variant `{it}`"));
    line(format!("## {}\n", cell(&scenario.title)));
    if !scenario.question.is_empty() {
        line(format!("{}\n", cell(&scenario.question)));
    }
    line(format!(
        "Simulated by Pullstorm {VERSION}: `{}`{variant}, seed {}, replications {}.\n",
        scenario.name, scenario.spec.seed, run.summary.replications,
    ));
    let what_if = what_if(scenario);
    if !what_if.is_empty() {
        line(format!("What-if, in no released software: `{}`.\n", cell(&what_if.join("`, `"))));
    }
    let set = set_by_hand(scenario);
    if !set.is_empty() {
        line(format!("Set: `{}`.\n", cell(&set.join("`, `"))));
    }
    if !run.summary.verdicts.is_empty() {
        line("| expectation | observed | holds in | verdict |\n|---|---|---|---|".into());
        for it in &run.summary.verdicts {
            let verdict = if it.holds { "✓" } else { "✗" };
            let uncertain = if it.uncertain { " uncertain" } else { "" };
            line(format!(
                "| `{}` | {} | {} | {verdict}{uncertain} |",
                cell(&demand(it)),
                observed(it, run),
                held(it)
            ));
        }
        line(String::new());
    }
    let causes = by_cause(run.summary);
    let total: u64 = causes.iter().map(|it| it.1).sum();
    if 0 < total {
        line("| why pulls failed | share | pulls |\n|---|--:|--:|".into());
        for (cause, count) in causes {
            let share = format::share(count as f64 / total as f64);
            line(format!("| {} | {share} | {} |", cell(cause), format::count(count as f64)));
        }
        line(String::new());
    }
    line(diagnosis::markdown(scenario, &run.summary.diagnosis));
    line("| metric | scope | value |\n|---|---|--:|".into());
    for it in &run.summary.metrics {
        line(format!(
            "| {} | {} | {} |",
            cell(&it.name.to_string()),
            cell(&it.scope),
            figure(it, run)
        ));
    }
    out
}

/// A text that cannot break a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
