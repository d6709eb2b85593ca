//! The diagnosis in words: for a page, and for `summary.json`.

use serde::Serialize;

use super::format;
use super::page::{Block, Column, Form, Item, Page, Section, Table, Text, Tone};
use crate::experiment::Measured;
use crate::experiment::diagnosis::features::Feature;
use crate::experiment::diagnosis::{Conclusion, Diagnosis, Finding};
use crate::scenario::{Scenario, library};
use crate::text::clip;

/// Most pieces of evidence, and most levers, shown.
const MOST_SHOWN: usize = 4;

/// A lever that saves less than this share of the unready pod-minutes is none.
const WORTH_A_WORD: f64 = 0.01;
/// Most variants that a summary lists.
const MOST_VARIANTS: usize = 40;

/// What a variant saves or costs, in words.
fn saved(it: &Measured) -> String {
    let share = it.share.map_or_else(String::new, |it| format!(" ({})", format::share(it.abs())));
    let half = it.half_width.filter(|it| 0.0 < *it);
    let half = half.map_or_else(String::new, |it| format!(" ± {}", format::count(it)));
    match it.saved {
        0.0 => "the same".into(),
        saved if 0.0 < saved => format!("saves {}{half}{share}", format::count(saved)),
        saved => format!("costs {}{half}{share}", format::count(-saved)),
    }
}

/// What explains the run, and what variants do about it.
pub(super) fn sections(page: &mut Page, scenario: &Scenario, diagnosis: &Diagnosis) {
    let headline = headline(diagnosis);
    brief(page.section_for(Form::Terminal, "DIAGNOSIS", &headline), scenario, diagnosis);
    let section = page.section_for(Form::Markdown, "DIAGNOSIS", "");
    let verdict = Tone::Strong.text("Diagnosis:").then(format!(" {headline}."));
    section.add(Block::prose(verdict));
    for it in &diagnosis.findings {
        section.add(finding(it, scenario, diagnosis));
    }
    variants(page, diagnosis);
}

/// A finding with all that is known of it.
fn finding(it: &Finding, scenario: &Scenario, diagnosis: &Diagnosis) -> Block {
    let lines = vec![
        format!("root cause: {}", it.rule.title).into(),
        format!("symptom: {}", it.rule.symptom).into(),
        format!("evidence: {}", evidence(it).join("; ")).into(),
        Text::from("confirm: ").and(Tone::Code, it.rule.confirm),
        format!("levers: {}", levers(it, scenario, diagnosis)).into(),
    ];
    let head = Tone::Code.text(it.rule.id).then(format!(" ({})", it.confidence()));
    Block::List(vec![Item::new(head, lines)])
}

/// The first finding, and a word on the second: at most eight lines but for a long command.
fn brief(section: &mut Section, scenario: &Scenario, diagnosis: &Diagnosis) {
    let Some(first) = diagnosis.findings.first() else { return };
    section.entry("root cause", first.rule.title);
    section.entry("evidence", evidence(first).join("; "));
    section.entry("confirm", first.rule.confirm);
    section.entry("levers", levers(first, scenario, diagnosis));
    if let Some(second) = diagnosis.findings.get(1) {
        let seen = evidence(second).into_iter().next().unwrap_or_default();
        section.entry("perhaps also", format!("{}: {seen}", second.rule.title));
    }
}

/// Every variant that ran, the best first, with what it did.
fn variants(page: &mut Page, diagnosis: &Diagnosis) {
    let Some(measured) = &diagnosis.measured else { return };
    let section = page.section(
        "VARIANTS",
        "unready pod-minutes against the base ± 95 %, and means over the replications",
    );
    let mut table = Table::new(vec![
        Column::new("variant"),
        Column::new("lever"),
        Column::new("unready pod-minutes").right(),
        Column::new("against the base"),
        Column::new("never ready").right(),
    ]);
    for (at, it) in measured.iter().enumerate() {
        let [minutes, never, failed] =
            [it.minutes, it.never_ready, it.pull_failures].map(format::count);
        table.row(vec![
            Tone::Code.text(&it.variant),
            it.lever.map_or("", |it| it.id).into(),
            minutes.into(),
            saved(it).into(),
            (&never).into(),
        ]);
        if MOST_VARIANTS <= at {
            continue;
        }
        let verdict = |holds| if holds { "expectations hold" } else { "an expectation fails" };
        let mut values =
            vec![saved(it), format!("never ready {never}"), format!("failed pulls {failed}")];
        values.extend(it.holds.map(|it| verdict(it).into()));
        let values = values.iter().map(Text::from).collect();
        section.add_for(Form::Terminal, Block::Row(clip(&it.variant, 26).into(), values));
    }
    if MOST_VARIANTS < measured.len() {
        let more = format!("and {} more in summary.json", measured.len() - MOST_VARIANTS);
        section.add_for(Form::Terminal, Block::Row("".into(), vec![more.into()]));
    }
    section.add_for(Form::Markdown, table);
}

/// Named causes with how sure they are; or that there is none.
pub(super) fn headline(diagnosis: &Diagnosis) -> String {
    match diagnosis.conclusion {
        Conclusion::Healthy => "healthy: nothing to explain".into(),
        Conclusion::Unclear => "unclear: pulls failed or pods wait, and no rule explains it".into(),
        Conclusion::Found => {
            let named = diagnosis.findings.iter();
            let named: Vec<String> =
                named.map(|it| format!("{} ({})", it.rule.id, it.confidence())).collect();
            named.join(", then ")
        }
    }
}

/// The values that decided, in words.
pub(super) fn evidence(finding: &Finding) -> Vec<String> {
    let words = |(feature, value): &(&Feature, f64)| {
        let value = if feature.is_share { format::share(*value) } else { format::count(*value) };
        format!("{value} {}", feature.text)
    };
    finding.evidence.iter().take(MOST_SHOWN).map(words).collect()
}

/// The levers of a finding: ranked by what variants saved, or where they could be measured.
pub(super) fn levers(finding: &Finding, scenario: &Scenario, diagnosis: &Diagnosis) -> String {
    let listed = finding.rule.levers;
    let addresses = |lever: &str| listed.contains(&lever);
    if let Some(measured) = &diagnosis.measured {
        // The best variant of each lever; what saves next to nothing is none.
        let mut ran: Vec<(&str, String)> = vec![];
        let is_worth = |it: &&Measured| it.share.is_some_and(|it| WORTH_A_WORD <= it);
        for it in measured.iter().filter(is_worth) {
            let Some(lever) = it.lever.filter(|lever| addresses(lever.id)) else { continue };
            if ran.iter().all(|(known, _)| *known != lever.id) {
                let share = format::share(it.share.unwrap_or(0.0));
                ran.push((lever.id, format!("{} saves {share} ({})", lever.id, it.variant)));
            }
        }
        ran.truncate(MOST_SHOWN);
        if !ran.is_empty() {
            let ran: Vec<String> = ran.into_iter().map(|it| it.1).collect();
            return format!("{}: shares of the unready pod-minutes", ran.join(", "));
        }
        return format!("{}; no variant here saves anything by one of them", listed.join(", "));
    }
    let variant = scenario.variants.iter().find(|it| it.lever.is_some_and(|it| addresses(it.id)));
    // A scenario that does not ship is named by its file.
    let ending = if library::find(&scenario.name).is_some() { "" } else { ".toml" };
    let how = variant.map_or_else(
        || "not measured here".into(),
        |it| {
            let (name, variant) = (&scenario.name, &it.name);
            format!("not measured here; pullstorm run {name}{ending} --variant {variant}")
        },
    );
    let shown: Vec<&str> = listed.iter().take(MOST_SHOWN).copied().collect();
    format!("{} ({how})", shown.join(", "))
}

/// The diagnosis in `summary.json`.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    verdict: &'static str,
    findings: Vec<FindingDocument<'a>>,
    features: Vec<FeatureDocument>,
    variants_measured: Option<Vec<Variant<'a>>>,
}

#[derive(Serialize)]
struct FindingDocument<'a> {
    cause: &'static str,
    title: &'static str,
    symptom: &'static str,
    score: f64,
    confidence: &'static str,
    evidence: Vec<String>,
    confirm: &'static str,
    levers: &'a [&'static str],
}

#[derive(Serialize)]
struct FeatureDocument {
    feature: &'static str,
    value: f64,
}

#[derive(Serialize)]
struct Variant<'a> {
    #[serde(rename = "variant")]
    name: &'a str,
    lever: Option<&'static str>,
    unready_pod_minutes: f64,
    saved: f64,
    half_width: Option<f64>,
    verdict: &'static str,
    pods_never_ready: f64,
    pull_failures: f64,
    expectations_hold: Option<bool>,
}

impl<'a> Document<'a> {
    pub(super) fn of(diagnosis: &'a Diagnosis) -> Self {
        Self {
            verdict: diagnosis.id(),
            findings: diagnosis
                .findings
                .iter()
                .map(|it| FindingDocument {
                    cause: it.rule.id,
                    title: it.rule.title,
                    symptom: it.rule.symptom,
                    score: it.score,
                    confidence: it.confidence(),
                    evidence: evidence(it),
                    confirm: it.rule.confirm,
                    levers: it.rule.levers,
                })
                .collect(),
            features: diagnosis
                .features
                .iter()
                .map(|(it, value)| FeatureDocument { feature: it.name, value: *value })
                .collect(),
            variants_measured: diagnosis.measured.as_ref().map(|measured| {
                let row = |it: &'a Measured| Variant {
                    name: &it.variant,
                    lever: it.lever.map(|it| it.id),
                    unready_pod_minutes: it.minutes,
                    saved: it.saved,
                    half_width: it.half_width,
                    verdict: it.effect.name(),
                    pods_never_ready: it.never_ready,
                    pull_failures: it.pull_failures,
                    expectations_hold: it.holds,
                };
                measured.iter().map(row).collect()
            }),
        }
    }
}
