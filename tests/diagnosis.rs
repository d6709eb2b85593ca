//! How good the diagnosis is: for every scenario of the library the true cause is found by taking
//! mechanisms away one at a time and looking which takes the harm with it; what the diagnosis names
//! from observation alone is held against that. Mistakes stay visible in `docs/diagnosis.md`.
//!
//! `cargo test diagnosis::` holds the bases; `-- --ignored` holds the variants as well, and
//! with `UPDATE_GOLDEN=1` writes the page.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use pullstorm::experiment::{Crew, Shown, Summary, summarise};
use pullstorm::model::ids::PoolId;
use pullstorm::model::record::measure::Name;
use pullstorm::model::spec::{
    Action, Addressing, Answer, ImagePullPolicy, LimitKey, RequestKind, RequestKinds, Spec,
};
use pullstorm::scenario::{Request, Scenario, SourceFile, library, load};
use pullstorm::units::{Bandwidth, Share, Span};

/// Replications of each run.
const REPLICATIONS: u32 = 2;
/// Causes whose removal takes away nearly as much as the best are true as well.
const TIE: f64 = 0.05;
/// A mechanism that takes away less than this share of the harm explains nothing by itself.
const LEAST: f64 = 0.5;
/// Below this share of failed pulls, and of pods that never get ready, there is no harm.
const HARMLESS: f64 = 0.01;

/// Where half of the pulls take longer than this, in seconds, there is harm although none fails.
const SLOW: f64 = 120.0;

/// A mechanism that can be taken away.
struct Removal {
    /// The root cause that it stands for.
    cause: &'static str,
    /// What is taken away.
    what: &'static str,
    /// Whether the cause is one only together with limits: then it explains no more than a world
    /// without limits takes away.
    is_of_limits: bool,
    /// Takes it away; false where the scenario has nothing of it.
    apply: fn(&mut Spec) -> bool,
}

const fn removal(
    cause: &'static str,
    what: &'static str,
    is_of_limits: bool,
    apply: fn(&mut Spec) -> bool,
) -> Removal {
    Removal { cause, what, is_of_limits, apply }
}

/// Every mechanism. A new one of the model gets a row here.
const REMOVALS: &[Removal] = &[
    removal("storm-on-deploy", "rollouts, scalings and later starts of workloads", true, |spec| {
        let end = spec.horizon + Span::from_secs(1);
        let mut any = false;
        for it in spec.workloads.iter_mut().filter(|it| !it.running && it.start_at != Span::ZERO) {
            (it.start_at, any) = (end, true);
        }
        let is_release =
            |it: &Action| matches!(it, Action::Rollout { .. } | Action::ScaleWorkload { .. });
        cancel(spec, is_release) | any
    }),
    removal("cold-ephemeral-nodes", "replacement, loss and scaling of nodes", true, |spec| {
        cancel(spec, |it| {
            matches!(
                it,
                Action::ReplaceNodes { .. }
                    | Action::SpotInterruptions { .. }
                    | Action::ScaleNodes { .. }
            )
        })
    }),
    removal("cold-ephemeral-nodes", "the emptiness of new nodes", true, fill_nodes),
    removal("throttled-token-service", "429s of the token service", false, |spec| {
        let limits = lift(spec, |it| {
            let others = it.weights.head + it.weights.index + it.weights.platform;
            0 < it.weights.token && others + it.weights.single + it.weights.blob == 0
        });
        limits | heal(spec, |answer, requests| is_429(answer) && requests == only_tokens())
    }),
    removal("registry-refuses-all", "outages answered with 429", false, |spec| {
        heal(spec, |answer, requests| is_429(answer) && requests != only_tokens())
    }),
    removal("look-alike", "all other faults and outages", false, |spec| {
        heal(spec, |answer, _| !is_429(answer))
    }),
    removal("self-throttled", "kubelet QPS and the scarcity of ports", false, |spec| {
        for pool in &mut spec.pools {
            pool.kubelet.registry_pull_qps = 0;
        }
        for egress in &mut spec.egresses {
            egress.ports = None;
        }
        true
    }),
    removal("wrong-architecture", "the lack of platforms", false, |spec| {
        let arches: Vec<String> = spec.pools.iter().map(|it| it.arch.clone()).collect();
        let mut lacked = false;
        for platforms in spec.images.iter_mut().map(|it| &mut it.platforms) {
            if platforms.is_empty() {
                continue;
            }
            for arch in &arches {
                if !platforms.contains(arch) {
                    platforms.push(arch.clone());
                    lacked = true;
                }
            }
        }
        lacked
    }),
    removal("pruning", "jobs that delete images", true, |spec| {
        cancel(spec, |it| matches!(it, Action::PruneImages { .. }))
    }),
    removal("pruning", "the size of disks, and with it image GC", true, boundless_disks),
    removal("disk-full", "the size of disks", false, boundless_disks),
    removal("ornamental-mirror", "whatever leads past mirrors", false, |spec| {
        let pools: Vec<PoolId> = (0..spec.pools.len()).map(PoolId::from).collect();
        let mut any = false;
        for mirror in spec.registries.iter_mut().filter_map(|it| it.mirror.as_mut()) {
            let adoption = &mut mirror.adoption;
            (adoption.pools, adoption.effective) = (pools.clone(), pools.clone());
            (adoption.share, adoption.by_timeline) = (Share::ALL, false);
            (adoption.untrusted, adoption.resolves) = (None, true);
            any = true;
        }
        any
    }),
    removal("mirror-bound", "the bounds and faults of mirrors", false, |spec| {
        let mut any = false;
        for mirror in spec.registries.iter_mut().filter_map(|it| it.mirror.as_mut()) {
            (mirror.capacity, mirror.disk, mirror.iops) = (None, None, 0);
            (mirror.concurrency, mirror.nic) =
                (None, Bandwidth::from_bits_per_second(10_000_000_000_000));
            any = true;
        }
        let mirrors: Vec<bool> = spec.registries.iter().map(|it| it.mirror.is_some()).collect();
        for fault in spec.faults.iter_mut().filter(|it| mirrors[it.registry.idx()]) {
            fault.until = Some(Span::ZERO);
        }
        any
    }),
    removal("bandwidth-bound", "the bandwidth of registries and of ways out", false, |spec| {
        let mut any = false;
        for egress in &mut spec.egresses {
            any |= egress.bandwidth.take().is_some();
        }
        for registry in spec.registries.iter_mut().filter(|it| it.mirror.is_none()) {
            any |= registry.bandwidth.take().is_some();
            any |= registry.connection_bandwidth.take().is_some();
        }
        any
    }),
    removal("latest-always", "policy Always", true, |spec| {
        let mut any = false;
        for it in &mut spec.workloads {
            for container in it.containers.iter_mut().chain(&mut it.init_containers) {
                any |= container.image_pull_policy == ImagePullPolicy::Always;
                if container.image_pull_policy == ImagePullPolicy::Always {
                    container.image_pull_policy = ImagePullPolicy::IfNotPresent;
                }
            }
        }
        any
    }),
    removal("shared-account", "limits of accounts", false, |spec| {
        lift(spec, |it| it.key == LimitKey::Account)
    }),
    removal("hot-egress-address", "the sharing of addresses", true, |spec| {
        for egress in &mut spec.egresses {
            egress.addressing = Addressing::PerNode;
        }
        // Nobody else stands behind a node's own address.
        spec.backgrounds.clear();
        true
    }),
];

const fn is_429(answer: Answer) -> bool {
    matches!(answer, Answer::Status { status: 429, .. })
}

fn only_tokens() -> RequestKinds {
    RequestKinds::default().with(RequestKind::Token)
}

/// Moves actions behind the end of the run; positions stay, as other actions name them.
fn cancel(spec: &mut Spec, fits: impl Fn(&Action) -> bool) -> bool {
    let end = spec.horizon + Span::from_secs(1);
    let found = spec.timeline.iter_mut().filter(|it| fits(&it.action));
    found.map(|it| it.at = end).count() != 0
}

/// Ends faults and outages before they begin.
fn heal(spec: &mut Spec, fits: impl Fn(Answer, RequestKinds) -> bool) -> bool {
    let found = spec.faults.iter_mut().filter(|it| fits(it.answer, it.requests));
    found.map(|it| it.until = Some(Span::ZERO)).count() != 0
}

/// Disks never fill up, so nothing is deleted from them.
fn boundless_disks(spec: &mut Spec) -> bool {
    let bounded = spec.pools.iter_mut().filter(|it| it.disk.capacity.is_some());
    bounded.map(|it| it.disk.capacity = None).count() != 0
}

/// Lifts limits beyond reach.
fn lift(spec: &mut Spec, fits: impl Fn(&pullstorm::model::spec::LimitSpec) -> bool) -> bool {
    const PLENTY: u64 = 1 << 50;
    let limits = spec.registries.iter_mut().flat_map(|it| &mut it.limits).filter(|it| fits(it));
    limits.map(|it| (it.rule.allow, it.rule.burst) = (PLENTY, PLENTY)).count() != 0
}

/// Every node comes with the images that workloads have from the start.
fn fill_nodes(spec: &mut Spec) -> bool {
    for number in 0..spec.pools.len() {
        let of_pool = spec.workloads.iter().filter(|it| it.pool.idx() == number);
        let early = of_pool.filter(|it| it.running || it.start_at == Span::ZERO);
        let images: Vec<_> = early
            .flat_map(|it| it.containers.iter().chain(&it.init_containers))
            .map(|it| it.image)
            .collect();
        for image in images {
            if !spec.pools[number].preloaded.contains(&image) {
                spec.pools[number].preloaded.push(image);
            }
        }
    }
    true
}

/// Textbook pictures: a made-up scenario with a variant for each cause, named after it.
const WORLDS: &str = "textbook";

/// What a run suffered: failed pulls, and unready pod-minutes.
#[derive(Clone, Copy)]
struct Harm {
    failed: f64,
    minutes: f64,
}

impl Harm {
    fn of(summary: &Summary) -> Self {
        Self { failed: of(summary, "pull_failures"), minutes: of(summary, "unready_pod_minutes") }
    }

    /// The share of this harm that is gone in `after`: the mean over both measures.
    fn share_gone(self, after: Self) -> f64 {
        let gone = |before: f64, after: f64| ((before - after) / before).clamp(0.0, 1.0);
        let minutes = if 0.0 < self.minutes { gone(self.minutes, after.minutes) } else { 0.0 };
        if self.failed == 0.0 { minutes } else { minutes.midpoint(gone(self.failed, after.failed)) }
    }
}

fn of(summary: &Summary, name: &str) -> f64 {
    summary.find("run", &Name::parse(name).unwrap()).and_then(|it| it.mean).unwrap_or(0.0)
}

fn run(scenario: &Scenario, spec: &Spec) -> Summary {
    let crew = Crew::new(0).unwrap();
    let outcomes = crew.replicate(spec, 0..REPLICATIONS, Shown::NOTHING, &|_| {});
    summarise(scenario, &outcomes)
}

fn loaded(name: &str, variant: Option<&str>) -> Scenario {
    let text = if name == WORLDS {
        include_str!("data/diagnosis-worlds.toml")
    } else {
        library::find(name).unwrap()
    };
    let file = SourceFile { name: format!("{name}.toml"), text: text.into() };
    let request = Request {
        variants: variant.into_iter().map(str::to_owned).collect(),
        ..Request::default()
    };
    load(&file, &request).unwrap_or_else(|it| panic!("{}", it.render(false))).scenario
}

/// The true causes of a scenario, those that tie with the best included; `healthy` where there is
/// no harm, `several` where no single mechanism takes most of it away.
fn truth(scenario: &Scenario, base: &Summary) -> Vec<&'static str> {
    let pods = of(base, "pods").max(1.0);
    let harmless =
        of(base, "pull_failure_share") < HARMLESS && of(base, "pods_never_ready") / pods < HARMLESS;
    let median = of(base, "pull_seconds_p50");
    if harmless && median < SLOW {
        return vec!["healthy"];
    }
    let harm = Harm::of(base);
    let without = |apply: &dyn Fn(&mut Spec) -> bool| {
        let mut spec = scenario.spec.clone();
        apply(&mut spec).then(|| harm.share_gone(Harm::of(&run(scenario, &spec))))
    };
    let by_limits = without(&|spec| lift(spec, |_| true)).unwrap_or(0.0);
    let mut gone: BTreeMap<&str, f64> = BTreeMap::new();
    for it in REMOVALS {
        if it.is_of_limits && by_limits < LEAST {
            continue;
        }
        if let Some(share) = without(&it.apply) {
            let share = if it.is_of_limits { share.min(by_limits) } else { share };
            let most = gone.entry(it.cause).or_insert(share);
            *most = most.max(share);
        }
    }
    let most = gone.values().copied().fold(0.0, f64::max);
    if most < LEAST {
        return vec!["several"];
    }
    gone.into_iter().filter(|(_, share)| most - TIE <= *share).map(|it| it.0).collect()
}

/// One scenario, judged.
struct Case {
    name: String,
    truth: Vec<&'static str>,
    named: Vec<&'static str>,
}

impl Case {
    fn new(name: &str, variant: Option<&str>) -> Self {
        let scenario = loaded(name, variant);
        let base = run(&scenario, &scenario.spec);
        let findings = &base.diagnosis.findings;
        let mut named: Vec<&str> = findings.iter().map(|it| it.rule.id).collect();
        if named.is_empty() {
            named.push(base.diagnosis.id());
        }
        let variant = variant.map_or_else(String::new, |it| format!(" / {it}"));
        Self { name: format!("{name}{variant}"), truth: truth(&scenario, &base), named }
    }

    fn verdict(&self) -> &'static str {
        match self.named.iter().position(|it| self.truth.contains(it)) {
            Some(0) => "right",
            Some(_) => "second",
            None => "**wrong**",
        }
    }

    fn row(&self) -> String {
        let (truth, named) = (self.truth.join(", "), self.named.join(", "));
        format!("| {} | {truth} | {named} | {} |", self.name, self.verdict())
    }
}

fn bases() -> Vec<Case> {
    library::all().iter().map(|(name, _)| Case::new(name, None)).collect()
}

fn variants_of(name: &str) -> Vec<Case> {
    let variants = loaded(name, None).variants;
    variants.into_iter().map(|it| Case::new(name, Some(&it.name))).collect()
}

/// The textbook pictures, and the healthy world that they are made of.
fn worlds() -> Vec<Case> {
    let mut worlds = vec![Case::new(WORLDS, None)];
    worlds.extend(variants_of(WORLDS));
    worlds
}

fn page_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/diagnosis.md")
}

const INTRODUCTION: &str = "\
# How good the diagnosis is

Written by `UPDATE_GOLDEN=1 cargo test diagnosis:: -- --include-ignored`; do not edit.

For each scenario and variant of the library, the *true* cause is found by taking mechanisms away
one at a time and running it again: what takes most of the harm with it (the mean of the shares of
failed pulls and of unready pod-minutes that are gone) is the cause; what comes within 5 points of
it ties. Causes that work through limits count no more than a world without limits takes away.
`several` means that no single mechanism takes half of the harm away, `healthy` that less than 1% of
pulls fail, less than 1% of pods never get ready and half of the pulls take at most two minutes.
*Named* is what the diagnosis says, from what an operator can observe alone; a second name is its
second guess. Two replications each.

`textbook` is a made-up scenario (`tests/data/diagnosis-worlds.toml`) with a variant for each cause,
named after it. The rules are not fitted to the library: mistakes stay in the table.
";

/// The page: what was taken away, each case, and how often what was taken for what.
fn page(cases: &[Case]) -> String {
    let mut text = INTRODUCTION.to_owned();
    text += "\n## What is taken away\n\n| cause | taken away | with limits only |\n|---|---|---|\n";
    for it in REMOVALS {
        let of_limits = if it.is_of_limits { "yes" } else { "" };
        let _ = writeln!(text, "| {} | {} | {of_limits} |", it.cause, it.what);
    }
    text += "\n## Cases\n\n| scenario / variant | true | named | verdict |\n|---|---|---|---|\n";
    for case in cases {
        let _ = writeln!(text, "{}", case.row());
    }
    let mut confused: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for case in cases {
        // A tie is told by the cause that was named, where it was.
        let first = case.named[0];
        let is_true = case.truth.contains(&first);
        let truth = if is_true { first } else { case.truth[0] };
        *confused.entry((truth, first)).or_default() += 1;
    }
    text += "\n## What is taken for what\n\n| true | named first | cases |\n|---|---|--:|\n";
    for ((truth, named), count) in confused {
        let _ = writeln!(text, "| {truth} | {named} | {count} |");
    }
    let right = cases.iter().filter(|it| it.verdict() == "right").count();
    let second = cases.iter().filter(|it| it.verdict() == "second").count();
    let _ =
        writeln!(text, "\n{right} of {} right, {second} more with the second guess.", cases.len());
    text
}

#[test]
fn the_page_tells_what_the_diagnosis_makes_of_every_story() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return;
    }
    let page = fs::read_to_string(page_path()).unwrap();
    let missing: Vec<String> =
        bases().iter().map(Case::row).filter(|it| !page.lines().any(|line| line == it)).collect();
    assert!(missing.is_empty(), "docs/diagnosis.md lacks\n{}", missing.join("\n"));
}

#[test]
#[ignore = "runs every variant many times"]
fn the_page_tells_what_the_diagnosis_makes_of_every_variant() {
    let mut cases = bases();
    cases.extend(library::all().iter().flat_map(|(name, _)| variants_of(name)));
    cases.extend(worlds());
    let text = page(&cases);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(page_path(), &text).unwrap();
    }
    assert!(fs::read_to_string(page_path()).unwrap() == text, "docs/diagnosis.md is out of date");
}

#[test]
fn each_textbook_picture_is_recognised() {
    let mut wrong = vec![];
    for case in worlds() {
        let (_, variant) = case.name.split_once(" / ").unwrap_or(("", "healthy"));
        // The picture of a cause has its name, or one that begins with it.
        if !variant.starts_with(case.named[0]) || case.verdict() != "right" {
            wrong.push(case.row());
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn diagnosis_and_what_it_reads_know_no_cause_of_the_model() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("src/experiment/diagnosis");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    let read = ["record/operator.rs", "words/kubelet_events.rs", "words/trigger.rs"];
    files.extend(read.map(|it| root.join("src/model").join(it)));
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for banned in ["Cause", "words::cause", "FailureCount", ".failures", "metrics"] {
            assert!(!text.contains(banned), "{} knows {banned}", file.display());
        }
    }
}
