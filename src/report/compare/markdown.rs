//! A comparison as Markdown, for a pull request.

use super::{Compared, change, expectations, gate, passes, relative, verdict};
use crate::experiment::compare::Effect;
use crate::report::markdown::cell;
use crate::report::{VERSION, format};

/// Most metrics listed of two sides.
const MOST_LISTED: usize = 40;

/// The comparison as Markdown.
pub fn comparison_markdown(compared: &Compared<'_>) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    let base = &compared.comparison.base;
    line(&format!(
        "## {}\n",
        cell(if compared.title.is_empty() { compared.name } else { compared.title })
    ));
    line(&format!(
        "Simulated by Pullstorm {VERSION}: `{}`, seed {}; {}.\n",
        cell(compared.name),
        base.seed,
        compared.design()
    ));
    for remark in compared.remarks {
        line(&format!("{}\n", cell(remark)));
    }
    if !compared.set.is_empty() {
        line(&format!("Set: `{}`.\n", cell(&compared.set.join("`, `"))));
    }
    if !compared.gates.is_empty() {
        line("| | tolerance | side |\n|---|---|---|");
        for it in compared.gates {
            let mark = if passes(it) { "✓" } else { "✗" };
            line(&format!("| {mark} | {} | {} |", cell(&gate(it)), cell(&it.name)));
        }
        line("");
    }
    ranking(compared, &mut line);
    if let [only] = compared.comparison.changed.as_slice() {
        let shown = only.differences.iter().filter(|it| it.effect != Effect::NoEvidence);
        let shown: Vec<_> = shown.collect();
        line("| metric that differs | scope | change ± 95 % | relative | verdict |");
        line("|---|---|--:|--:|---|");
        for it in shown.iter().take(MOST_LISTED) {
            line(&format!(
                "| {} | {} | {} | {} | {} |",
                it.base.name,
                cell(&it.base.scope),
                change(it),
                relative(it),
                verdict(it)
            ));
        }
        if MOST_LISTED < shown.len() {
            line(&format!("\nand {} more.", shown.len() - MOST_LISTED));
        }
        line("");
    }
    stacked(compared, &mut line);
    if let Some(assumed) = compared.assumed {
        super::assumptions::markdown(assumed, &mut line);
    }
    out
}

fn ranking(compared: &Compared<'_>, line: &mut impl FnMut(&str)) {
    let by = compared.by;
    let base = compared.comparison.base.samples.find(&by.scope, &by.metric);
    let base = base.map(|it| format::metric(&it.summarise(), compared.horizon_seconds));
    line(&format!(
        "Ranked by `{by}` ({}), base {}.\n",
        compared.which_way(),
        base.unwrap_or_else(|| format::NOTHING.into())
    ));
    let expects = compared.expects();
    let last = |text: &str| if expects { format!(" {text} |") } else { String::new() };
    line(&format!("| | variant | change ± 95 % | relative | verdict |{}", last("expectations")));
    line(&format!("|--:|---|--:|--:|---|{}", if expects { "---|" } else { "" }));
    for (rank, changed) in compared.ranked() {
        let tied = if rank.is_tied && rank.place.is_some() { "=" } else { "" };
        let place = rank.place.map_or_else(String::new, |it| format!("{it}{tied}"));
        let what_if = if changed.arm.what_if.is_empty() { "" } else { " (what-if)" };
        let figures = compared.by_difference(changed).map_or_else(
            || "not measured | |".to_owned(),
            |it| format!("{} | {} | {}", change(it), relative(it), verdict(it)),
        );
        let name = cell(&changed.arm.name);
        line(&format!(
            "| {place} | {name}{what_if} | {figures} |{}",
            last(&expectations(&changed.arm))
        ));
    }
    line("");
    if compared.ranking.iter().any(|it| it.is_tied) {
        line("`=`: the replications do not tell it from the one above it.\n");
    }
    if let Some(uncertain) = compared.uncertain() {
        line(&format!("{uncertain}.\n"));
    }
    for caution in compared.cautions() {
        line(&format!("{caution}\n"));
    }
}

fn stacked(compared: &Compared<'_>, line: &mut impl FnMut(&str)) {
    let Some(stack) = compared.stack else { return };
    line("| stacked | alone, against the base | left out of all, against all | verdict |");
    line("|---|--:|--:|---|");
    for it in &stack.parts {
        line(&format!(
            "| {} | {} | {} | {} |",
            cell(&format!("{}{}", it.name, if it.is_what_if { " (what-if)" } else { "" })),
            change(&it.alone),
            change(&it.left_out),
            verdict(&it.left_out)
        ));
    }
    let together = &stack.together;
    line(&format!("| all together | {} | | {} |", change(together), verdict(together)));
    line(&format!(
        "\nInteraction {}; all together: {}.\n",
        change(&stack.interaction),
        stack.reading()
    ));
}
