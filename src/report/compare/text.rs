//! A comparison on the terminal: the order first, then what else changes.

use std::fmt::Write;

use super::{Compared, change, expectations, gate, passes, relative, verdict};
use crate::experiment::compare::{Arm, Changed, Difference, Effect, Rank, Stack};
use crate::model::record::measure::Unit;
use crate::report::VERSION;
use crate::report::format;
use crate::report::page::{Page, clip, pad};
use crate::report::style::Style;

/// Most metrics listed of two sides.
const MOST_LISTED: usize = 40;

/// The comparison for people; `files` are lines that tell where the results are.
pub fn comparison_text(compared: &Compared<'_>, files: &[String], style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, compared);
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
    if !files.is_empty() {
        page.heading("FILES", "");
        for line in files {
            page.prose(line, 2);
        }
    }
    page.finish()
}

fn header(page: &mut Page, compared: &Compared<'_>) {
    let base = &compared.comparison.base;
    page.parts(&[
        format!("pullstorm {VERSION}"),
        page.style.heading(&clip(compared.name, 60)),
        format!("seed {}", base.seed),
        "simulated".into(),
    ]);
    if !compared.title.is_empty() {
        page.prose(compared.title, 0);
    }
    if !compared.set.is_empty() {
        page.prose(&format!("Set: {}", compared.set.join(" · ")), 0);
    }
    let n = base.samples.replications();
    page.prose(&format!("{}.", compared.design()), 0);
    for remark in compared.remarks {
        page.prose(remark, 0);
    }
    let others = compared.comparison.changed.iter().map(|it| &it.arm);
    for arm in std::iter::once(base).chain(others).filter(|it| 0 < it.incomplete) {
        let text = format!(
            "{}: {} of {n} replications reached the bound on events: their figures are incomplete",
            arm.name, arm.incomplete
        );
        page.line(&page.style.bad(&text));
    }
}

fn gates(page: &mut Page, compared: &Compared<'_>) {
    if compared.gates.is_empty() {
        return;
    }
    let failed = compared.gates.iter().filter(|it| !passes(it)).count();
    let remark = format!("{failed} of {} fail", compared.gates.len());
    page.heading("TOLERANCES", &remark);
    for it in compared.gates {
        let mark = if passes(it) { page.style.good("✓") } else { page.style.bad("✗") };
        page.line(&clip(&format!("  {mark} {}  {}", pad(&it.name, 24), gate(it)), 110));
    }
}

/// Behind the name of what no released software has.
const WHAT_IF: &str = " (what-if)";

/// Columns of the name of a variant.
const NAME: usize = 24;

fn ranking(page: &mut Page, compared: &Compared<'_>) {
    let by = compared.by;
    let row = compared.comparison.base.samples.find(&by.scope, &by.metric);
    let base = row.map(|it| format::metric(&it.summarise(), compared.horizon_seconds));
    let remark = format!(
        "by {by}, {}; base {}",
        compared.which_way(),
        base.unwrap_or_else(|| format::NOTHING.into())
    );
    page.heading("RANKING", &remark);
    let head = format!(
        "      {} {} {} {} {}",
        pad("variant", NAME),
        pad("change ± 95%", 22),
        pad("relative", 9),
        pad("verdict", 12),
        if compared.expects() { "expectations" } else { "" }
    );
    page.line(&page.style.faint(head.trim_end()));
    for (rank, changed) in compared.ranked() {
        page.line(&ranked(page.style, compared, rank, changed));
    }
    if compared.ranking.iter().any(|it| it.is_tied) {
        page.prose("= the replications do not tell it from the one above it", 4);
    }
    if compared.ranking.iter().any(|it| it.place.is_none()) {
        page.prose("what-if: no released software has it; --what-if ranks it with the others", 4);
    }
    if let Some(uncertain) = compared.uncertain() {
        page.prose(&uncertain, 4);
    }
    for caution in compared.cautions() {
        page.prose(&caution, 4);
    }
}

fn ranked(style: Style, compared: &Compared<'_>, rank: &Rank, changed: &Changed) -> String {
    let tied = if rank.is_tied && rank.place.is_some() { "=" } else { " " };
    let place = rank.place.map_or_else(|| "  ".to_owned(), |it| format!("{it:>2}"));
    let what_if = if changed.arm.what_if.is_empty() { "" } else { WHAT_IF };
    let name = format!("{}{what_if}", clip(&changed.arm.name, NAME - what_if.len()));
    let Some(it) = compared.by_difference(changed) else {
        return format!("  {place}{tied} {} not measured", pad(&name, NAME));
    };
    let line = format!(
        "  {place}{tied} {} {} {} {} {}",
        pad(&name, NAME),
        pad(&change(it), 22),
        pad(&relative(it), 9),
        painted(style, it, 12),
        expectations(&changed.arm),
    );
    line.trim_end().to_owned()
}

/// The verdict, in its colour and filled up.
fn painted(style: Style, it: &Difference, width: usize) -> String {
    let text = pad(verdict(it), width);
    match it.effect {
        Effect::Better => style.good(&text),
        Effect::Worse => style.bad(&text),
        Effect::Differs => style.doubtful(&text),
        Effect::NoEvidence => style.faint(&text),
    }
}

fn beside(page: &mut Page, compared: &Compared<'_>) {
    if compared.comparison.changed.len() < 2 {
        return;
    }
    page.heading(
        "WHAT ELSE CHANGES",
        "means over the replications; + better, - worse than the base",
    );
    let columns: Vec<_> = compared.beside().collect();
    let mut head = format!("      {}", pad("", NAME));
    for (_, title) in &columns {
        let _ = write!(head, " {title:>16}");
    }
    page.line(&page.style.faint(&head));
    let mut line = format!("      {}", pad("base", NAME));
    for (metric, _) in &columns {
        let row = compared.comparison.base.samples.of_run(*metric);
        let mean = row.map(|it| short(&it.summarise(), compared.horizon_seconds));
        let _ = write!(line, " {:>14}  ", mean.unwrap_or_else(|| format::NOTHING.into()));
    }
    page.line(line.trim_end());
    for (_, changed) in compared.ranked() {
        let mut line = format!("      {}", pad(&changed.arm.name, NAME));
        for (metric, _) in &columns {
            let cell = changed.of_run(*metric).map_or_else(
                || format!("{:>14}  ", format::NOTHING),
                |it| {
                    let mark = match it.effect {
                        Effect::Better => page.style.good("+"),
                        Effect::Worse => page.style.bad("-"),
                        _ => " ".into(),
                    };
                    format!("{:>14} {mark}", short(&it.changed, compared.horizon_seconds))
                },
            );
            line.push(' ');
            line.push_str(&cell);
        }
        page.line(line.trim_end());
    }
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
    let [better, worse, differs, rest] = Compared::counts(changed);
    let remark = format!(
        "{} → {}: {better} better, {worse} worse, {differs} differ, {rest} do not",
        clip(&base.name, 30),
        clip(&changed.arm.name, 30)
    );
    page.heading("METRICS", &remark);
    if changed.is_identical_to(base) {
        page.prose("every replication went the same, event by event", 2);
    }
    let shown: Vec<&Difference> =
        changed.differences.iter().filter(|it| it.effect != Effect::NoEvidence).collect();
    for it in shown.iter().take(MOST_LISTED) {
        let name = match it.base.scope.as_str() {
            "run" => it.base.name.to_string(),
            scope => format!("{scope}.{}", it.base.name),
        };
        let line = format!(
            "  {} {} {} {}",
            pad(&name, 48),
            pad(&change(it), 26),
            pad(&relative(it), 9),
            painted(page.style, it, 12)
        );
        page.line(line.trim_end());
    }
    if MOST_LISTED < shown.len() {
        page.prose(&format!("and {} more in comparison.csv", shown.len() - MOST_LISTED), 2);
    }
}

fn stacked(page: &mut Page, stack: &Stack, compared: &Compared<'_>) {
    page.heading("STACKED", &format!("{}: each alone, all together, and all but one", compared.by));
    let head = format!(
        "      {} {} {}",
        pad("variant", NAME),
        pad("alone, against the base", 32),
        "left out of all, against all"
    );
    page.line(&page.style.faint(&head));
    for it in &stack.parts {
        let with_share = |it: &Difference| match relative(it).as_str() {
            "" => change(it),
            share => format!("{} ({share})", change(it)),
        };
        let left_out = change(&it.left_out);
        let what_if = if it.is_what_if { WHAT_IF } else { "" };
        let name = format!("{}{what_if}", clip(&it.name, NAME - what_if.len()));
        let line = format!(
            "      {} {} {left_out}, {}",
            pad(&name, NAME),
            pad(&with_share(&it.alone), 32),
            verdict(&it.left_out)
        );
        page.line(&clip(&line, 110));
    }
    let together = &stack.together;
    page.row("all together", &[change(together), relative(together), verdict(together).into()]);
    if let Some(holds) = stack.holds {
        let text = if holds { "expectations hold" } else { "an expectation fails" };
        page.row("", &[text.into()]);
    }
    page.row("interaction", &[change(&stack.interaction)]);
    page.prose(&format!("all together: {}", stack.reading()), 30);
}
