//! The summary of a run: expectations first, then what happened, why, and where to look.

use super::format::{self, NOTHING};
use super::page::{Block, Column, Form, Page, Section, Table, Text, Tone, Width};
use super::style::Style;
use super::{Run, VERSION, diagnosis};
use crate::experiment::{Judged, MetricSummary, ReachSummary, Summary};
use crate::model::record::measure::{self, Measure};
use crate::model::record::outcome::PullResult;
use crate::scenario::Scenario;
use crate::text::clip;

/// Most causes, images, identities and spenders listed.
const MAX_LISTED: usize = 6;
/// Most limits listed.
const MAX_LIMITS: usize = 8;

/// The summary of `run` for a terminal; `files` are lines that tell where the results are.
pub fn summary_text(run: Run<'_>, files: &[String], style: Style) -> String {
    page(run, files).to_terminal(style)
}

/// The summary of `run` as Markdown.
pub fn summary_markdown(run: Run<'_>) -> String {
    page(run, &[]).to_markdown()
}

fn page(run: Run<'_>, files: &[String]) -> Page {
    let mut page = Page::new().title(&run.scenario.title);
    header(page.lead(), run);
    expectations(&mut page, run);
    outcome(&mut page, run);
    requests(&mut page, run);
    why(&mut page, run.summary);
    diagnosis::sections(&mut page, run.scenario, &run.summary.diagnosis);
    blast_radius(&mut page, run.summary);
    spenders(&mut page, run.summary);
    quota(&mut page, run);
    herd(&mut page, run);
    metrics(&mut page, run);
    page.files(files);
    page
}

fn header(lead: &mut Section, run: Run<'_>) {
    let scenario = run.scenario;
    let (seed, n) = (scenario.spec.seed, run.summary.replications);
    let variant = scenario.variant.as_ref().map_or(String::new(), |it| format!(", variant {it}"));
    let replications = if n == 1 { "replication" } else { "replications" };
    let facts = vec![
        format!("pullstorm {VERSION}").into(),
        Tone::Strong.text(clip(&format!("{}{variant}", scenario.name), 48)),
        format!("seed {seed}").into(),
        format!("{n} {replications}").into(),
        "simulated".into(),
    ];
    lead.add_for(Form::Terminal, Block::Facts(facts, 0));
    if !scenario.title.is_empty() {
        lead.add_for(Form::Terminal, Block::prose(&scenario.title));
    }
    if !scenario.question.is_empty() {
        lead.add(Block::prose(&scenario.question));
    }
    let in_force = scenario.variants.iter().find(|it| Some(&it.name) == scenario.variant.as_ref());
    if let Some(it) = in_force.filter(|it| !it.title.is_empty()) {
        lead.add_for(Form::Terminal, Block::prose(format!("Variant {}: {}", it.name, it.title)));
    }
    let source = Text::from(format!("Simulated by Pullstorm {VERSION}: "));
    let source = source.and(Tone::Code, &scenario.name);
    let source = match &scenario.variant {
        Some(it) => source.then(", variant ").and(Tone::Code, it),
        None => source,
    };
    let source = source.then(format!(", seed {seed}, replications {n}."));
    lead.add_for(Form::Markdown, Block::prose(source));
    lead.typed("What-if, in no released software", &scenario.what_if());
    lead.typed("Set", &scenario.set_by_hand());
    if 0 < run.summary.incomplete {
        let text = format!(
            "{} of {n} replications reached the bound on events: their figures are incomplete",
            run.summary.incomplete
        );
        lead.add_for(Form::Terminal, Block::line(Tone::Bad.text(text)));
    }
}

fn expectations(page: &mut Page, run: Run<'_>) {
    let verdicts = &run.summary.verdicts;
    if verdicts.is_empty() {
        return;
    }
    let holding = verdicts.iter().filter(|it| it.holds).count();
    let in_runs = run.scenario.in_runs;
    let remark =
        format!("{holding} of {} hold, each in at least {in_runs} of runs", verdicts.len());
    let mut table = Table::new(vec![
        Column::new("demand").width(Width::Fitted(46)).only(Form::Terminal),
        Column::new("expectation").only(Form::Markdown),
        Column::new("observed").width(Width::Rest),
        Column::new("runs").width(Width::Open(34)).only(Form::Terminal),
        Column::new("holds in").only(Form::Markdown),
        Column::new("verdict").only(Form::Markdown),
    ])
    .over_lines();
    for (it, written) in verdicts.iter().zip(&run.scenario.expectations) {
        let (demand, held) = (it.text(), held(it));
        let (tone, mark) = if it.holds { (Tone::Good, "✓") } else { (Tone::Bad, "✗") };
        let [runs, verdict] = [Text::from(&held), mark.into()];
        let (runs, verdict) = if it.uncertain {
            (runs.and(Tone::Doubtful, ", uncertain"), verdict.then(" uncertain"))
        } else {
            (runs, verdict)
        };
        table.row(vec![
            tone.text(mark).then(format!(" {demand}")),
            Tone::Code.text(&demand),
            observed(it, run).into(),
            runs,
            held.into(),
            verdict,
        ]);
        if !it.holds {
            table.note(Tone::Faint.text(format!("demanded in {}", written.origin)));
        }
    }
    page.section("EXPECTATIONS", remark).add(table);
}

/// What was observed instead.
pub(super) fn observed(it: &Judged, run: Run<'_>) -> String {
    match run.summary.find(&it.scope, &it.metric) {
        Some(metric) if metric.absent == metric.replications => "no value".into(),
        Some(metric) => figure(metric, run),
        None if 0 < it.held_in_replications => "0".into(),
        None => "no value".into(),
    }
}

/// In how many replications it held.
pub(super) fn held(it: &Judged) -> String {
    format!(
        "{} of {} runs ({:.0}–{:.0}%)",
        it.held_in_replications,
        it.replications,
        (it.share_held_low * 100.0).floor(),
        (it.share_held_high * 100.0).ceil()
    )
}

/// A metric for people.
pub(super) fn figure(metric: &MetricSummary, run: Run<'_>) -> String {
    format::metric(metric, Some(run.scenario.spec.horizon.as_secs_f64()))
}

/// A metric of the whole run for people.
pub(super) fn of_run(run: Run<'_>, measure: Measure) -> String {
    run.summary.of_run(measure).map_or_else(|| NOTHING.into(), |it| figure(it, run))
}

fn outcome(page: &mut Page, run: Run<'_>) {
    let section = page.section_for(Form::Terminal, "OUTCOME", "");
    section.row("pods", [of_run(run, measure::PODS)]);
    section.row("ready", [of_run(run, measure::PODS_READY)]);
    section.row("never ready", [of_run(run, measure::PODS_NEVER_READY)]);
    let deleted = run.summary.of_run(measure::PODS_DELETED_BEFORE_READY);
    if let Some(it) = deleted.filter(|it| it.max != Some(0.0)) {
        let shown = format!("{} (count as never ready in the times below)", figure(it, run));
        section.row("deleted before ready", [shown]);
    }
    let stale = run.summary.of_run(measure::PODS_ON_STALE_DIGEST);
    if let Some(it) = stale.filter(|it| it.max != Some(0.0)) {
        section.row("on a stale digest", [format!("{} (their tag has moved on)", figure(it, run))]);
    }
    section.row("pre-pulls", pre_pulls(run));
    let mixed =
        of_workloads(run, measure::MIXED_VERSIONS_SECONDS, |it| it.max.is_some_and(|it| 0.0 < it));
    section.row("mixed versions", mixed);
    let quantiles = [
        ("p50", measure::READY_SECONDS_P50),
        ("p95", measure::READY_SECONDS_P95),
        ("max", measure::READY_SECONDS_MAX),
    ];
    let quantiles = quantiles.map(|(it, measure)| format!("{it} {}", of_run(run, measure)));
    section.row("time to ready", quantiles);
    section.row("unready pod-minutes", [of_run(run, measure::UNREADY_POD_MINUTES)]);
    section.row("canaries", canaries(run));
    disks(section, run);
    let shares = of_workloads(run, measure::MIN_AVAILABLE_SHARE, |it| it.absent < it.replications);
    section.row("min available share", shares);
}

/// Canaries begun and undone, by workload.
fn canaries(run: Run<'_>) -> Vec<String> {
    let begun = of_workloads(run, measure::CANARY_ATTEMPTS, |it| it.max.is_some_and(|it| 0.0 < it));
    let undone =
        of_workloads(run, measure::CANARY_FAILURES, |it| it.max.is_some_and(|it| 0.0 < it));
    let begun = begun.into_iter().map(|it| format!("{it} begun"));
    begun.chain(undone.into_iter().map(|it| format!("{it} undone"))).collect()
}

/// What became of images on disks that fill up, and of the pods there.
fn disks(section: &mut Section, run: Run<'_>) {
    let counted = |measure: Measure| {
        let metric = run.summary.of_run(measure)?;
        metric.max.is_some_and(|it| 0.0 < it).then(|| figure(metric, run))
    };
    let of_reason = run.summary.family_of_run(measure::IMAGES_DELETED_BY_REASON);
    let mut deleted: Vec<String> = of_reason
        .filter(|(_, it)| it.max.is_some_and(|it| 0.0 < it))
        .map(|(reason, it)| format!("{reason} {}", figure(it, run)))
        .collect();
    let fruitless = counted(measure::IMAGE_GC_FAILURES);
    deleted.extend(fruitless.map(|it| format!("image GC found too little {it} times")));
    section.row("images deleted", deleted);
    let evicted: Vec<String> = counted(measure::PODS_EVICTED).into_iter().collect();
    section.row("pods evicted", evicted);
    let fullest: Vec<String> = counted(measure::DISK_USED_SHARE_MAX).into_iter().collect();
    section.row("fullest disk", fullest);
}

/// How far each image puller came, and how long it took.
fn pre_pulls(run: Run<'_>) -> Vec<String> {
    let pullers = run.scenario.spec.workloads.iter().filter(|it| it.is_puller);
    let shown = pullers.filter_map(|puller| {
        let scope = format!("workload.{}", puller.name);
        let of =
            |measure: Measure| run.summary.find(&scope, &measure.into()).map(|it| figure(it, run));
        let (ready, pods) = (of(measure::PODS_READY)?, of(measure::PODS)?);
        let took = of(measure::ROLLOUT_COMPLETE_SECONDS)?;
        Some(format!(
            "{} {ready} of {pods} ready, the waves done after {took}",
            clip(&puller.name, 30)
        ))
    });
    let mut shown: Vec<String> = shown.collect();
    shorten(&mut shown, MAX_LISTED, "pre-pulls");
    shown
}

/// A metric of each workload that is worth a word.
fn of_workloads(
    run: Run<'_>,
    measure: Measure,
    is_shown: fn(&MetricSummary) -> bool,
) -> Vec<String> {
    let mut figures: Vec<String> = run
        .summary
        .metrics
        .iter()
        .filter(|it| it.name == measure && is_shown(it))
        .filter_map(|it| Some((it.scope.strip_prefix("workload.")?, it)))
        .map(|(workload, it)| format!("{} {}", clip(workload, 30), figure(it, run)))
        .collect();
    shorten(&mut figures, 2 * MAX_LISTED, "workloads");
    figures
}

fn requests(page: &mut Page, run: Run<'_>) {
    let section = page.section_for(Form::Terminal, "REQUESTS", "");
    section.row("total", [of_run(run, measure::REQUESTS)]);
    let mut outcomes: Vec<(f64, String)> = run
        .summary
        .family_of_run(measure::REQUESTS_BY_OUTCOME)
        .filter(|(_, it)| it.max != Some(0.0))
        .map(|(name, it)| (it.mean.unwrap_or(0.0), format!("{name} {}", figure(it, run))))
        .collect();
    outcomes.sort_by(|a, b| b.0.total_cmp(&a.0));
    let outcomes: Vec<String> = outcomes.into_iter().map(|it| it.1).collect();
    section.row("by outcome", outcomes);
    section.row("per completed pull", [of_run(run, measure::REQUESTS_PER_COMPLETED_PULL)]);
    section.row("peak per second", [of_run(run, measure::REQUESTS_PEAK_PER_SECOND)]);
    if let Some((share, replication)) = wasted(run) {
        let remark = format!("(sent by pulls that failed; replication {replication})");
        section.row("wasted", [format!("{} {remark}", format::share(share))]);
    }
    mirrors(section, run);
}

/// Of each mirror: what it had, what went past it, what it fetched.
fn mirrors(section: &mut Section, run: Run<'_>) {
    let servers = run.scenario.spec.registries.iter().filter(|it| it.mirror.is_some());
    for server in servers.take(MAX_LISTED) {
        let scope = server.scope();
        let of = |measure: Measure| {
            let metric = run.summary.find(&scope, &measure.into());
            metric.map_or_else(|| NOTHING.into(), |it| figure(it, run))
        };
        let label = format!("mirror {}", clip(&server.name, 18));
        let values = [
            format!("hits {}", of(measure::MIRROR_HIT_SHARE)),
            format!("passed over by {}", of(measure::MIRROR_BYPASS_SHARE)),
            format!("{} from upstream", of(measure::UPSTREAM_BYTES)),
        ];
        section.row(&label, values);
    }
}

/// Share of the requests that pulls sent in vain, in the detailed replication.
pub(super) fn wasted(run: Run<'_>) -> Option<(f64, u32)> {
    let (replication, detail) = run.detail()?;
    let requests = |failed: bool| {
        let of = |result| !failed || matches!(result, PullResult::Failed { .. });
        let pulls = detail.pulls.iter().filter(|it| of(it.result));
        pulls.map(|it| u64::from(it.requests)).sum::<u64>()
    };
    let all = requests(false);
    (0 < all).then(|| (requests(true) as f64 / all as f64, replication))
}

fn why(page: &mut Page, summary: &Summary) {
    let total: u64 = summary.failures.iter().map(|it| it.count).sum();
    if total == 0 {
        page.section_for(Form::Terminal, "WHY PULLS FAILED", "no pull failed");
        return;
    }
    let n = summary.replications;
    let runs = if n == 1 { String::new() } else { format!(" in {n} replications") };
    let remark = format!("{} failed pulls{runs}", format::count(total as f64));
    let mut table = Table::new(vec![
        Column::new("why pulls failed").width(Width::Exactly(40)),
        Column::new("share").right().width(Width::Exactly(6)),
        Column::new("pulls").right().width(Width::Exactly(12)),
    ]);
    let cells = |cause: String, share: f64, count: u64| {
        vec![cause.into(), format::share(share).into(), format::count(count as f64).into()]
    };
    let causes = by_cause(summary);
    for (at, (cause, count)) in causes.iter().enumerate() {
        let row = cells((*cause).to_owned(), *count as f64 / total as f64, *count);
        if MAX_LISTED <= at {
            table.row_for(Form::Markdown, row);
            continue;
        }
        table.row(row);
        let behind = summary.failures.iter().filter(|it| it.cause == *cause);
        for (label, it) in behind.filter_map(|it| Some((it.cause_behind.as_ref()?, it))).take(3) {
            let row = cells(format!("  behind it: {label}"), it.share, it.count);
            table.row_for(Form::Terminal, row);
        }
    }
    if MAX_LISTED < causes.len() {
        table.more(format!("and {} more causes", causes.len() - MAX_LISTED));
    }
    page.section("WHY PULLS FAILED", remark).add(table);
}

/// Failures per cause, whatever stood behind; most frequent first.
pub(super) fn by_cause(summary: &Summary) -> Vec<(&str, u64)> {
    let mut causes: Vec<(&str, u64)> = vec![];
    for it in &summary.failures {
        match causes.iter_mut().find(|(cause, _)| *cause == it.cause) {
            Some((_, count)) => *count += it.count,
            None => causes.push((&it.cause, it.count)),
        }
    }
    causes.sort_by_key(|it| std::cmp::Reverse(it.1));
    causes
}

fn blast_radius(page: &mut Page, summary: &Summary) {
    let nodes = reached(&summary.nodes, "pools", |it| 0.0 < it.of);
    let images = reached(&summary.images, "images", |it| 0 < it.hit_max);
    let identities = reached(&summary.identities, "identities", |it| 0 < it.hit_max);
    if nodes.len() + images.len() + identities.len() == 0 {
        return;
    }
    let remark = if summary.replications == 1 { "" } else { "medians over the replications" };
    let section = page.section_for(Form::Terminal, "BLAST RADIUS", remark);
    section.row("nodes that failed", nodes);
    section.row("pulls that failed", images);
    section.row("requests refused", identities);
}

/// `name 212 of 300 (70.7%)` for those that matter.
fn reached(
    all: &[ReachSummary],
    what: &str,
    matters: impl Fn(&ReachSummary) -> bool,
) -> Vec<String> {
    let mut listed: Vec<String> = all
        .iter()
        .filter(|it| matters(it))
        .map(|it| {
            let share = if 0.0 < it.of { it.hit / it.of } else { 0.0 };
            let (hit, of) = (format::count(it.hit), format::count(it.of));
            format!("{} {hit} of {of} ({})", clip(&it.name, 40), format::share(share))
        })
        .collect();
    shorten(&mut listed, MAX_LISTED, what);
    listed
}

/// Cuts a list and says how many are missing.
fn shorten(list: &mut Vec<String>, most: usize, what: &str) {
    if most < list.len() {
        let more = list.len() - most;
        list.truncate(most);
        let what = if more == 1 { what.trim_end_matches('s') } else { what };
        list.push(format!("and {more} more {what}"));
    }
}

fn spenders(page: &mut Page, summary: &Summary) {
    if summary.spenders.is_empty() {
        return;
    }
    let remark = if summary.replications == 1 { "units" } else { "units, mean per replication" };
    let section = page.section_for(Form::Terminal, "WHO SPENT THE LIMIT", remark);
    for of_limit in summary.spenders.chunk_by(|a, b| a.limit == b.limit).take(MAX_LIMITS) {
        let mut listed: Vec<String> = of_limit
            .iter()
            .map(|it| {
                let image = it.image.as_ref().map_or(String::new(), |it| format!(" ({it})"));
                let name = clip(&format!("{}{image}", it.spender), 50);
                format!("{name} {} = {}", format::count(it.units), format::share(it.share))
            })
            .collect();
        shorten(&mut listed, MAX_LISTED, "spenders");
        section.row(&of_limit[0].limit, listed);
    }
}

fn quota(page: &mut Page, run: Run<'_>) {
    let limits: Vec<(&str, &MetricSummary)> =
        run.summary.family_of_run(measure::LIMIT_EXHAUSTED_SECONDS).collect();
    if limits.is_empty() {
        return;
    }
    let section = page.section_for(Form::Terminal, "QUOTA", "");
    let mut idle: Vec<String> = vec![];
    for (label, it) in &limits {
        let spent = run.summary.find(&it.scope, &measure::LIMIT_UNITS_SPENT.of(label));
        if it.max == Some(0.0) && spent.is_none_or(|it| it.max == Some(0.0)) {
            idle.push(clip(label, 50));
            continue;
        }
        let mut values = vec![match it.max {
            Some(0.0) => "never exhausted".into(),
            _ => format!("exhausted for {}", figure(it, run)),
        }];
        values.extend(spent.map(|it| format!("{} units spent", figure(it, run))));
        section.row(*label, values);
        for it in shared_accounts(run.summary, label) {
            section.row("", [it]);
        }
        if it.max != Some(0.0) {
            section.row("", unverified(run.scenario, label));
        }
    }
    shorten(&mut idle, MAX_LISTED, "limits");
    section.row("never touched", idle);
    let first = run.summary.of_run(measure::FIRST_REJECTION_SECONDS);
    let text = match first {
        Some(it) if it.absent < it.replications => format!("at {}", figure(it, run)),
        _ => "none".into(),
    };
    section.row("first rejection", [text]);
}

/// What nobody could verify of a limit that refused something: another reading is another result.
fn unverified(scenario: &Scenario, limit: &str) -> Vec<String> {
    let mut parts: Vec<String> = vec![];
    for it in scenario.parameters.iter().filter(|it| it.is_unverified()) {
        let path = it.path.strip_prefix("registry.").and_then(|it| it.split_once(".limit."));
        let Some((registry, (name, key))) =
            path.and_then(|(registry, rest)| Some((registry, rest.split_once('.')?)))
        else {
            continue;
        };
        let is_it =
            limit.strip_prefix(registry).map_or(limit == name, |it| it == format!("/{name}"));
        // The weights of a limit are one matter: how it counts.
        let part = if key.starts_with("weight") {
            "how pulls are counted".into()
        } else {
            format!("{key} = {}", it.value)
        };
        if is_it && !parts.contains(&part) {
            parts.push(part);
        }
    }
    if let Some(first) = parts.first_mut() {
        first.insert_str(0, "not verified: ");
    }
    parts
}

/// Accounts that make it worse at a limit: their addresses would have more units without them.
pub(super) fn shared_accounts(summary: &Summary, limit: &str) -> Vec<String> {
    let of_limit = summary.shared_accounts.iter().filter(|it| it.limit == limit);
    of_limit
        .map(|it| {
            let [addresses, units, apart] =
                [it.addresses as f64, it.units, it.units_apart].map(format::count);
            let name = clip(&it.account, 20);
            format!(
                "one account ({name}) for {addresses} addresses: {units} units in place of {apart}"
            )
        })
        .collect()
}

fn herd(page: &mut Page, run: Run<'_>) {
    let section = page.section_for(Form::Terminal, "HERD", "");
    let synchrony = run.summary.of_run(measure::HERD_SYNCHRONY).and_then(|it| it.mean);
    let synchrony = synchrony.map_or_else(|| NOTHING.into(), |it| format::decimal(it, 2));
    section.row("synchrony of retries", [format!("{synchrony} (0 none … 1 lock-step)")]);
    section.row("peak attempts per second", [of_run(run, measure::ATTEMPTS_PEAK_PER_SECOND)]);
    section.row("recovery", [recovery(run)]);
}

/// Every metric, which a terminal has no room for.
fn metrics(page: &mut Page, run: Run<'_>) {
    let columns = ["metric", "scope"].map(Column::new).into_iter();
    let mut table = Table::new(columns.chain([Column::new("value").right()]).collect());
    for it in &run.summary.metrics {
        table.row(vec![it.name.to_string().into(), (&it.scope).into(), figure(it, run).into()]);
    }
    page.section_for(Form::Markdown, "METRICS", "").add(table);
}

/// Time from the first rejection to the last pod that it delayed.
fn recovery(run: Run<'_>) -> String {
    match run.summary.of_run(measure::RECOVERY_SECONDS) {
        Some(it) if it.absent == it.replications => "nothing to recover from".into(),
        Some(it) => format!("{} after the first rejection", figure(it, run)),
        None => NOTHING.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    fn text(replications: u32, style: Style) -> String {
        let (scenario, summary, outcomes) = synthetic::summarised(replications);
        let run = Run { scenario: &scenario, summary: &summary, outcomes: &outcomes };
        summary_text(run, &["output/synthetic: summary.json summary.csv".into()], style)
    }

    #[test]
    fn sections_stand_in_the_order_in_which_they_are_asked_for() {
        let text = text(20, Style::PLAIN);
        let sections = [
            "Variant calm: fewer nodes at once",
            "What-if, in no released software: pool.workers.kubelet.image_backoff_jitter=50%",
            "Set: pool.workers.client.honour_retry_after=true (what-if) · ",
            "pool.workers.max_pods=20",
            "EXPECTATIONS",
            "OUTCOME",
            "REQUESTS",
            "WHY PULLS FAILED",
            "DIAGNOSIS",
            "BLAST RADIUS",
            "WHO SPENT THE LIMIT",
            "QUOTA",
            "HERD",
            "FILES",
        ];
        let places: Vec<_> = sections.iter().map(|it| text.find(it).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        assert!(text.lines().all(|it| it.chars().count() <= 100), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn verdicts_say_what_was_observed_and_how_sure_they_are() {
        let text = text(20, Style::PLAIN);
        for part in [
            "✗ ready_seconds_p95 < 5m",
            "4m59s ± 0.7s",
            "12 of 20 runs (38–79%)",
            "✓ pull_failures_by_cause.disk-full <= 10",
            "20 of 20 runs (83–100%), uncertain",
            "no value",
            ">6h (censored in 3 of 20)",
            "behind it: mirror-timeout",
            "never touched               docker-hub/edge",
            "one account (ci) for 8 addresses: 200 units in place of 800",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    /// Prints the page for someone to look at: `cargo test look_at_the_page -- --nocapture`.
    #[test]
    fn look_at_the_page() {
        println!("{}", text(20, Style::PLAIN));
        println!("{}", text(1, Style::PLAIN));
    }

    #[test]
    fn colours_are_only_used_when_asked_for() {
        assert!(text(1, Style::COLOUR).contains("\u{1b}[31m✗"));
    }

    #[test]
    fn markdown_has_a_table_for_each_question() {
        let (scenario, summary, outcomes) = synthetic::summarised(3);
        let run = Run { scenario: &scenario, summary: &summary, outcomes: &outcomes };
        let text = summary_markdown(run);
        assert!(text.contains("| expectation | observed |"), "{text}");
        assert!(text.contains("**Diagnosis:** storm-on-deploy (clear)."), "{text}");
        assert!(text.contains("  - root cause: a release makes many nodes pull"), "{text}");
        assert!(text.contains("| anonymous-pulls | 91.6% | 67,908 |"), "{text}");
    }
}
