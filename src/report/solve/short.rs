//! The answers of the short forms: the fastest safe stagger and the smallest mirror.

use super::{Answer, binding_text, table, times};
use crate::experiment::solve::{Plan, SmallestMirror, Stagger};
use crate::report::format;
use crate::report::style::Style;
use crate::scenario::Scenario;
use crate::units::Span;

/// Heads of the table of batch sizes.
pub const fn stagger_heads() -> [&'static str; 6] {
    ["batch", "batches", "every", "done after", "runs that hold", ""]
}

/// Heads of the table of parts.
pub const fn mirror_heads() -> [&'static str; 5] {
    ["key", "now", "smallest alone", "all together", "bound by"]
}

/// A span for people.
fn span(it: Span) -> String {
    format::seconds(it.as_secs_f64())
}

fn plan(it: Plan, batches: u64) -> String {
    if batches == 1 {
        return format!("all {} nodes at once", it.batch);
    }
    let nodes = if it.batch == 1 { "node" } else { "nodes" };
    format!("batch = {} {nodes}, every = {}: done after {}", it.batch, it.every, span(it.done))
}

/// What is asked, in a sentence.
pub fn stagger_question(it: &Stagger, scenario: &Scenario) -> String {
    format!(
        "The fastest stagger of {} that is done within {} and keeps the expectations in at least \
         {} of runs",
        it.of.path, it.within, scenario.in_runs
    )
}

/// The answer in one line.
pub fn stagger_answer(it: &Stagger) -> String {
    match it.best {
        Some((best, trial)) => format!(
            "{}: {} ({} runs hold)",
            it.of.path,
            plan(best, it.of.batches(best.batch)),
            times(trial, false)
        ),
        None => format!("no stagger of {} within {} holds", it.of.path, it.within),
    }
}

fn stagger_reasons(it: &Stagger) -> Vec<String> {
    let mut lines = vec![];
    if let Some((faster, trial, why)) = &it.faster {
        let text = plan(*faster, it.of.batches(faster.batch));
        let (word, k) = if it.best.is_some() {
            ("the next faster plan fails", times(*trial, true))
        } else {
            ("the slowest plan fails", times(*trial, true))
        };
        lines.push(format!("{word} in {k} runs: {text}"));
        lines.extend(why.as_ref().map(binding_text));
    } else if it.best.is_some() {
        lines.push("no faster plan was tried: this is the fastest of the grid".into());
    }
    if let Some(now) = it.of.now {
        let longer = match it.best {
            Some((best, _)) if now.done < best.done => {
                format!(
                    ", {} faster than that",
                    span(Span::from_micros(best.done.as_micros() - now.done.as_micros()))
                )
            }
            _ => String::new(),
        };
        lines.push(format!("as it stands: {}{longer}", plan(now, it.of.batches(now.batch))));
    }
    if it.best.is_some_and(|(best, _)| best.every == it.step && 1 < it.of.batches(best.batch)) {
        lines.push(format!(
            "{} is the shortest interval tried: a smaller --step may find a faster plan",
            it.step
        ));
    }
    if it.best.is_none() {
        let untried: Vec<String> = it
            .of
            .sizes()
            .into_iter()
            .filter(|size| it.rows.iter().all(|row| row.batch != *size))
            .map(|size| size.to_string())
            .collect();
        if !untried.is_empty() {
            lines.push(format!(
                "not tried: batches of {}, which take longer than the window even every {}; --step \
                 has shorter intervals",
                untried.join(", "),
                it.step
            ));
        }
    }
    if it.rows.iter().any(|it| !it.is_monotone) {
        lines.push(
            "not monotone: with some batch size a shorter interval holds where a longer one \
             fails; its plan is the shortest down to which everything seen holds"
                .into(),
        );
    }
    let waits = if it.of.batch_takes == Span::ZERO {
        String::new()
    } else {
        format!(" plus the {} of a batch (drain and boot)", span(it.of.batch_takes))
    };
    lines.push(format!(
        "done: (ceil({} nodes / batch) - 1) times the interval{waits}; intervals in steps of {}",
        it.of.nodes, it.step
    ));
    lines
}

/// Rows of the table of batch sizes.
pub fn stagger_rows(it: &Stagger) -> Vec<[String; 6]> {
    let best = it.best.map(|it| it.0);
    let row = |row: &crate::experiment::solve::BatchRow| {
        let shown = row.plan.unwrap_or_else(|| it.of.plan(row.batch, row.longest));
        let verdict = match row.plan {
            Some(_) if row.plan == best => "the fastest",
            Some(_) => "holds",
            None => "fails, as do shorter intervals seen",
        };
        let every =
            if row.batches == 1 { format::NOTHING.to_owned() } else { shown.every.to_string() };
        [
            row.batch.to_string(),
            row.batches.to_string(),
            every,
            span(shown.done),
            times(row.trial, false),
            verdict.to_owned(),
        ]
    };
    it.rows.iter().map(row).collect()
}

/// The answer for the terminal; `files` are lines that tell where the results are.
pub fn stagger_text(it: &Stagger, scenario: &Scenario, files: &[String], style: Style) -> String {
    stagger(it, scenario).page(files).to_terminal(style)
}

/// The answer as Markdown.
pub fn stagger_markdown(it: &Stagger, scenario: &Scenario) -> String {
    stagger(it, scenario).page(&[]).to_markdown()
}

fn stagger<'a>(it: &Stagger, scenario: &'a Scenario) -> Answer<'a> {
    Answer {
        scenario,
        is_there: it.best.is_some(),
        headline: stagger_answer(it),
        reasons: stagger_reasons(it),
        question: stagger_question(it, scenario),
        spent: spent(it.runs, it.demand.at_most),
        heading: "SEEN",
        remark: "for each batch size what would beat the smaller ones".into(),
        table: table(&stagger_heads(), stagger_rows(it)),
    }
}

fn spent(runs: u64, at_most: u32) -> String {
    format!(
        "{} runs, the same luck under all settings; at most {at_most} each",
        format::count(runs as f64)
    )
}

/// The answer in one line.
pub fn mirror_answer(it: &SmallestMirror) -> String {
    let prefix = format!("{}.", it.mirror);
    let parts: Vec<String> = it
        .parts
        .iter()
        .filter_map(|part| {
            let key = part.path.strip_prefix(&prefix)?;
            Some(format!("{key} {}", part.together.as_ref()?))
        })
        .collect();
    let parts = if parts.is_empty() { "no part is scarce".into() } else { parts.join(", ") };
    match it.joint {
        Some(trial) => {
            format!("{}: {parts} ({} runs hold)", it.mirror, times(trial, false))
        }
        None => format!("{}: no size of its parts keeps the expectations", it.mirror),
    }
}

fn mirror_reasons(it: &SmallestMirror) -> Vec<String> {
    let (now, left) = it.replicas;
    let mut lines = vec![];
    if !it.now.0 {
        let lost = if left < now { " with one replica lost" } else { "" };
        lines.push(format!(
            "as it stands{lost} it does not keep the expectations: {} runs hold",
            times(it.now.1, false)
        ));
        lines.extend(it.binding.as_ref().map(binding_text));
    }
    match it.fewest {
        Some(fewest) if 1 < now => lines.push(format!(
            "replicas: {now} now, {fewest} are enough to lose one; parts are sized with one lost \
             ({left} left), each as given per replica"
        )),
        _ => lines.push("one replica: none can be lost".into()),
    }
    if it.joint.is_some() && !it.sets.is_empty() {
        let sets: Vec<String> = it.sets.iter().map(|it| format!("--set {it}")).collect();
        lines.push(format!("to see it: {}", sets.join(" ")));
    }
    if it.parts.iter().any(|it| it.alone.is_none()) {
        lines.push(format!("{}: no size of that part alone is enough", format::NOTHING));
    }
    lines.push(
        "alone: the others as given; together: one part after another, in the order of the table"
            .into(),
    );
    lines
}

/// Rows of the table of parts.
pub fn mirror_rows(it: &SmallestMirror) -> Vec<[String; 5]> {
    let prefix = format!("{}.", it.mirror);
    let row = |part: &crate::experiment::solve::Part| {
        let or = |it: &Option<String>, other: &str| it.clone().unwrap_or_else(|| other.to_owned());
        let alone = match &part.alone {
            Some(it) if part.is_floor => format!("{it} or less"),
            it => or(it, format::NOTHING),
        };
        let bound = part.binding.as_ref().map(|it| {
            let cause = it.cause.as_ref().map(|it| format!(" ({})", it.cause)).unwrap_or_default();
            format!("{}{cause}", it.weakest.demand)
        });
        [
            part.path.strip_prefix(&prefix).unwrap_or(&part.path).to_owned(),
            or(&part.now, "no limit"),
            alone,
            or(&part.together, format::NOTHING),
            or(&bound, ""),
        ]
    };
    it.parts.iter().map(row).collect()
}

/// The answer for the terminal; `files` are lines that tell where the results are.
pub fn mirror_text(
    it: &SmallestMirror,
    scenario: &Scenario,
    files: &[String],
    style: Style,
) -> String {
    mirror(it, scenario).page(files).to_terminal(style)
}

/// The answer as Markdown.
pub fn mirror_markdown(it: &SmallestMirror, scenario: &Scenario) -> String {
    mirror(it, scenario).page(&[]).to_markdown()
}

fn mirror<'a>(it: &SmallestMirror, scenario: &'a Scenario) -> Answer<'a> {
    Answer {
        scenario,
        is_there: it.joint.is_some(),
        headline: mirror_answer(it),
        reasons: mirror_reasons(it),
        question: mirror_question(it, scenario),
        spent: spent(it.runs, it.demand.at_most),
        heading: "PARTS",
        remark: String::new(),
        table: table(&mirror_heads(), mirror_rows(it)),
    }
}

fn mirror_question(it: &SmallestMirror, scenario: &Scenario) -> String {
    format!(
        "The smallest {} that keeps the expectations in at least {} of runs",
        it.mirror, scenario.in_runs
    )
}
