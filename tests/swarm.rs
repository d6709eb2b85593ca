//! A swarm of small random scenarios: whatever a valid scenario says, the books balance, no figure
//! is a lie, and eliding idle polls changes nothing.
//!
//! Every choice is a keyed draw from a seed. A failure names its seed; `PULLSTORM_SWARM_SEED=N`
//! starts the swarm there.

mod support;

use std::fmt::Write;

use pullstorm::engine::chance::{Chance, Draw};
use pullstorm::model::kubelet::Polling;
use pullstorm::model::outcome::{Detail, Outcome, PodRow, PullResult, RequestSink};
use pullstorm::model::spec::Spec;
use pullstorm::model::{Recording, run};
use pullstorm::scenario::{Request, SourceFile, load};
use support::{Requests, balance_observed, known};

/// Scenarios of one swarm.
const SCENARIOS: u64 = 400;
const BASE_SEED: u64 = 20_261_123;

#[test]
fn the_books_of_random_scenarios_balance() {
    let base = std::env::var("PULLSTORM_SWARM_SEED");
    let base = base.map_or(BASE_SEED, |it| it.parse().expect("a seed is a whole number"));
    let mut seen = Coverage::default();
    for seed in base..base + SCENARIOS {
        let text = Writer::new(seed).scenario();
        let told = Told { seed, text: &text };
        let file = SourceFile { name: format!("swarm-{seed}.toml"), text: text.clone() };
        let loaded = load(&file, &Request::default());
        let spec = loaded.unwrap_or_else(|it| panic!("{}", it.render(false))).scenario.spec;
        seen.add(&check(&spec));
        drop(told);
    }
    seen.check(base);
}

/// Says which scenario it was when a check panics.
struct Told<'a> {
    seed: u64,
    text: &'a str,
}

impl Drop for Told<'_> {
    #[expect(clippy::print_stderr, reason = "a failed test explains itself")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, text } = self;
            eprintln!("{text}\n# again with PULLSTORM_SWARM_SEED={seed}");
        }
    }
}

/// What a swarm as a whole must have met, so that it cannot pass by doing nothing.
#[derive(Default)]
struct Coverage {
    successes: usize,
    failures: usize,
    open: usize,
    never_ready: f64,
    /// Sums over the swarm of what only some scenarios have.
    sums: std::collections::BTreeMap<&'static str, f64>,
    causes: std::collections::BTreeSet<String>,
    /// Images deleted by reason, pods evicted.
    deleted: [f64; 5],
}

/// Metrics of disks that a swarm must have seen move.
const DISKS: [&str; 5] = [
    "images_deleted_by_reason.gc-threshold",
    "images_deleted_by_reason.gc-age",
    "images_deleted_by_reason.disk-pressure",
    "images_deleted_by_reason.prune",
    "pods_evicted",
];

impl Coverage {
    fn add(&mut self, outcome: &Outcome) {
        let rows = &detail(outcome).pulls;
        let count = |of: fn(PullResult) -> bool| rows.iter().filter(|it| of(it.result)).count();
        self.successes += count(|it| it == PullResult::Succeeded);
        self.failures += count(|it| matches!(it, PullResult::Failed { .. }));
        self.open += count(|it| it == PullResult::Open);
        self.never_ready += known(outcome, "run", "pods_never_ready");
        for (scopes, name) in [
            ("workload.", "rollout_paused_seconds"),
            ("workload.", "canary_attempts"),
            ("workload.", "canary_failures"),
            ("workload.", "mixed_versions_seconds"),
            ("run", "private_bytes"),
            ("run", "pods_on_stale_digest"),
            // Pods of image pullers.
            ("workload.first-", "pods_ready"),
        ] {
            *self.sums.entry(name).or_default() += sum(outcome, scopes, name);
        }
        for (sum, metric) in self.deleted.iter_mut().zip(DISKS) {
            *sum += known(outcome, "run", metric);
        }
        self.causes.extend(outcome.failures.iter().map(|it| it.cause.clone()));
    }

    fn check(&self, base: u64) {
        if base != BASE_SEED {
            return;
        }
        for met in [self.successes, self.failures, self.open, self.never_ready as usize] {
            assert!(20 < met, "{} {} {} {}", self.successes, self.failures, self.open, met);
        }
        assert!(self.sums.values().all(|it| 20.0 < *it), "{:?}", self.sums);
        for (sum, metric) in self.deleted.iter().zip(DISKS) {
            assert!(9.0 < *sum, "{metric} is {sum} of {:?}", self.deleted);
        }
        for cause in [
            "kubelet-qps",
            "egress-ports",
            "platform-missing",
            "progress-timeout",
            "node-lost",
            "kubelet-restarted",
            "mirror-untrusted",
            "mirror-disk-full",
            "disk-full",
            "limit-0",
            "limit-3",
            "fault-0",
            "event-0",
        ] {
            assert!(self.causes.contains(cause), "no pull failed with {cause}: {:?}", self.causes);
        }
    }
}

/// Runs a scenario with and without elided polls, of pods and of disks, and balances its books.
fn check(spec: &Spec) -> Outcome {
    let mut requests = Requests::default();
    let sink = Some(&mut requests as &mut dyn RequestSink);
    let elided = run(spec, 0, Recording { detail: true, requests: sink, ..Recording::default() });
    let every = Recording { detail: true, polling: Polling::Every, ..Recording::default() };
    let every = run(spec, 0, every);
    let rows = detail(&elided).pods.iter().zip(&detail(&every).pods);
    rows.for_each(|(elided, every)| assert_eq!(elided, every, "polls that do nothing"));
    assert_eq!(elided.digest, every.digest, "polls that do nothing change nothing");
    assert_eq!(elided.failures, every.failures);
    assert_eq!(elided.observed, every.observed);
    let of_nodes = requests.0.iter().filter(|it| 0 < it.attempt).count();
    balance_observed(&elided, of_nodes);
    let figures = |of: &Outcome| {
        of.metrics.iter().filter(|it| it.name != "events").cloned().collect::<Vec<_>>()
    };
    assert_eq!(figures(&elided), figures(&every));
    for metric in &elided.metrics {
        if let Some(value) = metric.value.known() {
            assert!(value.is_finite() && 0.0 <= value, "{metric:?}");
        }
    }
    balance_pulls(&elided);
    balance_pods(&elided);
    balance_requests(&elided, &requests);
    elided
}

fn detail(outcome: &Outcome) -> &Detail {
    outcome.detail.as_ref().expect("it was recorded")
}

fn same(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() < 1e-6, "{what}: {a} and {b}");
}

fn balance_pulls(outcome: &Outcome) {
    let rows = &detail(outcome).pulls;
    let count = |of: fn(PullResult) -> bool| rows.iter().filter(|it| of(it.result)).count() as f64;
    let succeeded = count(|it| it == PullResult::Succeeded);
    let failed = count(|it| matches!(it, PullResult::Failed { .. }));
    let open = count(|it| it == PullResult::Open);
    same(known(outcome, "run", "pull_attempts"), succeeded + failed + open, "attempts");
    same(known(outcome, "run", "pull_failures"), failed, "failures");
    let listed: u64 = outcome.failures.iter().map(|it| it.count).sum();
    same(listed as f64, failed, "failures by cause");
    for total in ["pull_attempts", "pull_failures"] {
        for scopes in ["workload.", "pool."] {
            same(known(outcome, "run", total), sum(outcome, scopes, total), total);
        }
    }
    let by_cause = outcome
        .metrics
        .iter()
        .filter(|it| it.scope == "run" && it.name.starts_with("pull_failures_by_cause."));
    same(by_cause.filter_map(|it| it.value.known()).sum(), failed, "metrics by cause");
    let bytes: u64 = rows.iter().map(|it| it.bytes.0).sum();
    let of = |name| known(outcome, "run", name);
    same(of("egress_bytes") + of("private_bytes"), bytes as f64, "bytes");
    for row in rows {
        assert_eq!(row.ended.is_none(), row.result == PullResult::Open);
        assert!(row.started.is_none_or(|it| row.asked <= it));
        assert!(row.ended.is_none_or(|it| row.asked <= it));
    }
}

/// The sum of a metric over all scopes of a kind.
fn sum(outcome: &Outcome, scopes: &str, name: &str) -> f64 {
    let parts = outcome.metrics.iter().filter(|it| it.scope.starts_with(scopes) && it.name == name);
    parts.filter_map(|it| it.value.known()).sum()
}

fn balance_pods(outcome: &Outcome) {
    let detail = detail(outcome);
    let of = |name| known(outcome, "run", name);
    let parts = of("pods_ready") + of("pods_never_ready") + of("pods_deleted_before_ready");
    same(of("pods"), parts, "pods");
    let serves = |it: &&PodRow| !detail.pullers.contains(&detail.workloads[it.workload as usize]);
    let serving = detail.pods.iter().filter(serves).count();
    same(of("pods"), serving as f64, "rows of pods");
    same(sum(outcome, "workload.", "pods"), detail.pods.len() as f64, "pods with pullers");
    for (number, row) in detail.pods.iter().enumerate() {
        let of_pod = || detail.pulls.iter().filter(|it| it.pod == Some(number as u32));
        assert_eq!(row.attempts as usize, of_pod().count());
        let failed = of_pod().filter(|it| matches!(it.result, PullResult::Failed { .. }));
        assert_eq!(row.failures as usize, failed.count());
        assert!(row.ready.is_none_or(|it| row.bound.is_some_and(|bound| bound <= it)));
        assert!(row.deleted.is_none_or(|it| row.created <= it));
    }
}

fn balance_requests(outcome: &Outcome, requests: &Requests) {
    let all = known(outcome, "run", "requests");
    same(all, requests.0.len() as f64, "requests written");
    let at_servers = sum(outcome, "registry.", "requests") + sum(outcome, "mirror.", "requests");
    same(all, at_servers, "requests at all servers");
    let by_outcome = outcome
        .metrics
        .iter()
        .filter(|it| it.scope == "run" && it.name.starts_with("requests_by_outcome."));
    same(by_outcome.filter_map(|it| it.value.known()).sum(), all, "requests by outcome");
    let rows = &detail(outcome).pulls;
    let of_mirrors = requests.0.iter().filter(|it| it.attempt == 0).count() as f64;
    let of_pulls = rows.iter().map(|it| f64::from(it.requests)).sum::<f64>();
    same(of_pulls + of_mirrors, all, "requests of rows and of mirrors");
}

/// Writes a random scenario.
struct Writer {
    draw: Draw,
    /// What disks are like, drawn apart: it leaves the rest of a scenario alone.
    disk: Draw,
    /// Whether disks are so small that pulls do not fit; nothing is on them at the start then.
    is_tight: bool,
    text: String,
    mirrors: u64,
    /// Host of each image, and whether its reference is a digest.
    references: Vec<(&'static str, bool)>,
    /// Pools whose new nodes wait for an image puller.
    tainted: Vec<String>,
    /// `own` has a copy of an image of `hub`.
    copies: bool,
    /// The addresses of the NAT have shares.
    shares: bool,
}

const IMAGES: [&str; 6] = ["base", "api", "api2", "twice", "foreign", "odd"];
const POOLS: [&str; 2] = ["small", "big"];
const WORKLOADS: [&str; 4] = ["web", "agent", "batch", "extra"];

impl Writer {
    fn new(seed: u64) -> Self {
        let mut draw = Chance::new(seed, 0).draw(1, 1, 0);
        let (copies, shares) = (draw.below(4) == 0, draw.below(4) == 0);
        let mut disk = Chance::new(seed, 0).draw(1, 2, 0);
        let is_tight = disk.below(4) == 0;
        Self {
            draw,
            disk,
            is_tight,
            text: String::new(),
            mirrors: 0,
            references: Vec::new(),
            tainted: Vec::new(),
            copies,
            shares,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draw.below(bound)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    fn yes(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn line(&mut self, line: impl AsRef<str>) {
        writeln!(self.text, "{}", line.as_ref()).expect("writing to a string");
    }

    fn scenario(mut self) -> String {
        let (seed, minutes) = (self.below(1 << 40), 10 + self.below(50));
        self.line(format!("seed = {seed}\nhorizon = \"{minutes}m\""));
        if self.yes(50) {
            self.line("control_plane = { controller_qps = 0, scheduler_qps = 0 }");
        } else if self.yes(20) {
            self.line("control_plane = { always_pull_images = true }");
        }
        self.registries();
        self.ways_out();
        self.images();
        for pool in POOLS {
            self.pool(pool);
        }
        for workload in WORKLOADS {
            self.workload(workload);
        }
        for number in 0..self.below(3) {
            self.fault(number);
        }
        for number in 0..self.below(6) {
            self.event(number, minutes);
        }
        self.pre_pulls(minutes);
        self.moved_tags(minutes);
        if self.yes(30) {
            let (rolls, at) = (self.one(&["web", "agent"]), 100 + self.below(minutes * 30));
            let undone = at + self.below(600);
            self.line(format!("[timeline.rolled]\nat = \"{at}s\""));
            self.line(format!("rollout = {{ workload = \"{rolls}\" }}"));
            self.line(format!("[timeline.undone]\nat = \"{undone}s\""));
            self.line(format!("rollback = {{ workload = \"{rolls}\" }}"));
        }
        self.prunes(minutes);
        self.text
    }

    fn pre_pulls(&mut self, minutes: u64) {
        for pool in POOLS {
            if !self.tainted.iter().any(|it| it == pool) && self.yes(70) {
                continue;
            }
            let (at, first) = (self.below(minutes * 30), self.one(&IMAGES[..4]));
            let second = self.one(&IMAGES);
            let waves = self.one(&["", ", batch = 1, every = \"20s\"", ", batch = \"30%\""]);
            self.line(format!("[timeline.first-{pool}]\nat = \"{at}s\""));
            self.line(format!(
                "prepull = {{ pool = \"{pool}\", images = [\"{first}\", \"{second}\"]{waves} }}"
            ));
        }
    }

    /// Tags of images that are no digests move to contents of their own registry.
    fn moved_tags(&mut self, minutes: u64) {
        for number in 0..self.below(3) {
            let (image, to) = (self.below(6) as usize, self.below(6) as usize);
            let ((host, is_digest), there) = (self.references[image], self.references[to].0);
            if is_digest || host != there {
                continue;
            }
            let at = self.below(minutes * 60);
            let (image, to) = (IMAGES[image], IMAGES[to]);
            self.line(format!("[timeline.moved-{number}]\nat = \"{at}s\""));
            self.line(format!("move_tag = {{ image = \"{image}\", to = \"{to}\" }}"));
        }
    }

    fn registries(&mut self) {
        for (name, host) in [("hub", "docker.io"), ("own", "own.example")] {
            let rtt = self.one(&["0s", "1ms", "40ms"]);
            let flags = ["needs_token", "token_post", "redirects_blobs"];
            self.line(format!("[registry.{name}]\nhost = \"{host}\"\nrtt = \"{rtt}\""));
            for flag in flags {
                let value = self.yes(50);
                self.line(format!("{flag} = {value}"));
            }
            if self.yes(20) {
                self.line("private = true");
            }
            if self.copies && name == "own" {
                self.line("replicates = [\"api2\"]");
            }
            if self.yes(20) {
                self.line("connection_bandwidth = \"80Mbit/s\"\nbandwidth = \"500Mbit/s\"");
            }
            let first = if name == "hub" { 0 } else { 2 };
            let mut may_cap = true;
            for number in first..first + self.below(3) {
                may_cap &= !self.limit(name, number, may_cap);
            }
        }
        for number in 0..self.below(3) {
            self.mirror(number);
        }
        self.line("[account.ci]\nregistry = \"hub\"\ntier = \"personal\"");
        self.line("[account.own]\nregistry = \"own\"\ntier = \"team\"");
    }

    fn mirror(&mut self, number: u64) {
        let kind = self.one(&["distribution-2.8", "distribution-3"]);
        let egress = self.one(&["nat", "own4", "own6"]);
        self.line(format!("[mirror.mirror-{number}]\nkind = \"{kind}\"\nupstream = \"hub\""));
        self.line(format!("egress = \"{egress}\""));
        if self.yes(30) {
            self.line("account = \"ci\"");
        }
        let (share, open) = (self.one(&["30%", "100%"]), self.yes(70));
        let mut nodes = format!("share = \"{share}\", fail_open = {open}");
        if self.yes(20) {
            let why = self.one(&["tls", "auth"]);
            write!(nodes, ", untrusted = \"{why}\"").expect("writing to a string");
        }
        if self.yes(20) {
            nodes += ", resolve = false";
        }
        self.line(format!("nodes = {{ {nodes} }}"));
        let (replicas, storage) = (1 + self.below(3), self.one(&["own", "shared"]));
        self.line(format!("replicas = {replicas}\nstorage = \"{storage}\""));
        if self.yes(40) {
            let megabytes = 1 + self.below(30);
            let iops = self.one(&["0", "50"]);
            self.line(format!(
                "disk = {{ capacity = \"{megabytes}MB\", throughput = \"20MB/s\", iops = {iops} }}"
            ));
        }
        if self.yes(40) {
            let most = 1 + self.below(4);
            self.line(format!("nic = \"100Mbit/s\"\nconcurrency = {most}"));
        }
        if kind == "distribution-3" {
            let ttl = self.one(&["0s", "2m", "168h"]);
            self.line(format!("ttl = \"{ttl}\""));
        }
        self.mirrors += 1;
    }

    /// True where it caps concurrency, of which a registry has one at most.
    fn limit(&mut self, registry: &str, number: u64, may_cap: bool) -> bool {
        let laws = ["fixed-window", "sliding-log", "token-bucket", "concurrency"];
        let law = self.one(&laws[..if may_cap { 4 } else { 3 }]);
        let clients = self.one(&["anonymous", "account", "everyone"]);
        let keys = ["address", "prefix64", "registry", "account"];
        let key = self.one(&keys[..if clients == "account" { 4 } else { 3 }]);
        let allow = 1 + self.below(20);
        self.line(format!("[registry.{registry}.limit.limit-{number}]"));
        self.line(format!("for = \"{clients}\"\nkey = \"{key}\"\nlaw = \"{law}\""));
        self.line(format!("allow = {allow}"));
        if law != "concurrency" {
            let window = self.one(&["1s", "1m", "10m"]);
            self.line(format!("window = \"{window}\""));
        }
        if law == "token-bucket" && self.yes(50) {
            let burst = 1 + self.below(20);
            self.line(format!("burst = {burst}"));
        }
        if law == "fixed-window" && self.yes(50) {
            self.line("anchor = \"7s\"");
        }
        if clients == "account" && self.yes(50) {
            self.line("tier = \"personal\"");
        }
        if self.yes(50) {
            self.line("weight = { head = 0, index = 0.5, platform = 0.5, single = 0.5, blob = 1 }");
        }
        if self.yes(40) {
            let retry_after = self.one(&["0s", "3s", "45s"]);
            self.line(format!("retry_after = \"{retry_after}\""));
        }
        let (consume, edge) = (self.yes(30), self.yes(40));
        let status = self.one(&["429", "503"]);
        self.line(format!("rejected_consume = {consume}\nedge = {edge}\nstatus = {status}"));
        law == "concurrency"
    }

    fn ways_out(&mut self) {
        let choose = self.one(&["node", "connection"]);
        let addresses = 1 + self.below(3);
        self.line("[egress.nat]\nkind = \"nat\"");
        self.line(format!("addresses = {addresses}\nchoose = \"{choose}\""));
        if self.shares {
            let shares = ["\"100%\"", "\"90%\", \"10%\"", "\"60%\", \"0%\", \"40%\""];
            self.line(format!("shares = [{}]", shares[addresses as usize - 1]));
        }
        self.ports();
        for (name, kind) in [("own4", "per-node"), ("own6", "ipv6")] {
            self.line(format!("[egress.{name}]\nkind = \"{kind}\""));
            if kind == "ipv6" {
                self.line("prefixes = 2");
            }
            self.ports();
        }
        if self.yes(50) {
            let pulls = 1 + self.below(2_000);
            self.line("[background.office]\negress = \"nat\"\nregistry = \"hub\"");
            self.line(format!("pulls_per_hour = {pulls}"));
            if self.yes(50) {
                self.line("account = \"ci\"");
            }
        }
    }

    fn ports(&mut self) {
        if self.yes(30) {
            let (per, count) = (self.one(&["node", "address"]), 1 + self.below(12));
            let hold = self.one(&["0s", "5s", "60s"]);
            self.line(format!("ports = {{ per = \"{per}\", count = {count}, hold = \"{hold}\" }}"));
        }
        if self.yes(30) {
            self.line("bandwidth = \"200Mbit/s\"");
        }
    }

    fn images(&mut self) {
        let size = |draw: &mut Draw| format!("\"{}kB\"", draw.below(20_000));
        for image in IMAGES {
            let host = self.one(&["docker.io", "own.example"]);
            let host = if self.copies && image == "api2" { "docker.io" } else { host };
            let tag = self.one(&[":1", ":latest", "@sha256:abc"]);
            // A copy is pulled from where it lies.
            let is_copy = self.copies && image == "api2";
            let pulled_from = if is_copy { "own.example" } else { host };
            self.references.push((pulled_from, tag.starts_with('@')));
            let reference = if tag.starts_with('@') {
                format!("{host}/acme/{image}@sha256:{}", "ab".repeat(32))
            } else {
                format!("{host}/acme/{image}{tag}")
            };
            self.line(format!("[image.{image}]\nreference = \"{reference}\""));
            let platforms = match image {
                "foreign" => "[\"arm64\", \"s390x\"]",
                "odd" => "[\"arm64\"]",
                _ if self.yes(50) => "[\"amd64\"]",
                _ => "[\"amd64\", \"arm64\"]",
            };
            self.line(format!("platforms = {platforms}"));
            let (a, b) = (size(&mut self.draw), size(&mut self.draw));
            match image {
                "twice" => {
                    let layer = format!("{{ size = {a}, digest = \"same\" }}");
                    self.line(format!("layers = [{layer}, {b}, {layer}]"));
                }
                "api" | "api2" => self.line(format!("from = \"base\"\nlayers = [{a}, {b}]")),
                "base" => {
                    let count = 1 + self.below(6);
                    self.line(format!("layer_count = {count}\nsize = {a}"));
                }
                _ => self.line(format!("layers = [{a}]")),
            }
        }
    }

    fn pool(&mut self, name: &str) {
        let nodes = if name == "small" { self.below(4) } else { 1 + self.below(8) };
        let egress = self.one(&["nat", "own4", "own6"]);
        self.line(format!("[pool.{name}]\nnodes = {nodes}\negress = \"{egress}\""));
        let (boot, drain) = (self.one(&["0s", "30s", "90s"]), self.one(&["0s", "30s", "3m"]));
        let max_pods = 1 + self.below(12);
        self.line(format!("boot = \"{boot}\"\ndrain = \"{drain}\"\nmax_pods = {max_pods}"));
        let serial = self.yes(40);
        let qps = self.one(&["0", "1", "5"]);
        let burst = self.below(4);
        let tick = self.one(&["1s", "100ms"]);
        let jitter = self.one(&["0%", "50%"]);
        let mut kubelet = format!(
            "serialize_image_pulls = {serial}, registry_pull_qps = {qps}, \
             registry_burst = {burst}, sync_tick = \"{tick}\", sync_jitter = \"{jitter}\""
        );
        if !serial && self.yes(50) {
            let most = 1 + self.below(3);
            write!(kubelet, ", max_parallel_image_pulls = {most}").expect("writing to a string");
        }
        if self.yes(30) {
            kubelet += ", image_backoff_max = \"40s\"";
        }
        if self.yes(30) {
            kubelet +=
                self.one(&[", image_backoff_jitter = \"50%\"", ", coalesce_image_pulls = true"]);
        }
        let (watches, has_size) = self.kubelet_watch();
        kubelet += &watches;
        self.line(format!("kubelet = {{ {kubelet} }}"));
        if self.yes(40) {
            let account = self.one(&["\"ci\"", "\"own\"", "[\"own\", \"ci\"]"]);
            self.line(format!("account = {account}"));
        }
        let downloads = self.one(&["1", "3", "300"]);
        let progress = self.one(&["0s", "1m", "5m"]);
        let honour = self.yes(30);
        self.line(format!(
            "client = {{ max_concurrent_downloads = {downloads}, \
             progress_timeout = \"{progress}\", honour_retry_after = {honour} }}"
        ));
        let mut preloaded = Vec::new();
        if self.yes(30) {
            preloaded.push(self.one(&IMAGES));
        }
        if self.yes(25) {
            self.line(format!("startup_taint = \"first-{name}\""));
            self.tainted.push(name.to_owned());
        }
        if self.disk.below(2) == 0 {
            preloaded.push(IMAGES[self.disk.below(6) as usize]);
        }
        if !self.is_tight && !preloaded.is_empty() {
            self.line(format!("preloaded = {preloaded:?}"));
        }
        let mut disk = Vec::new();
        if self.yes(20) {
            self.line("nic = \"50Mbit/s\"");
            disk.push("unpack = \"5MB/s\"".to_owned());
        }
        if has_size {
            let (least, most) = if self.is_tight { (10, 150) } else { (700, 400) };
            let megabytes = least + self.disk.below(most);
            let used = self.disk.below(9);
            disk.push(format!("capacity = \"{megabytes}MB\", used = \"{used}MB\""));
            if self.disk.below(3) == 0 {
                disk.push("pinned = [\"base\"]".to_owned());
            }
        }
        self.line(format!("disk = {{ {} }}", disk.join(", ")));
    }

    /// What a kubelet does about images, and whether its disk has a size.
    fn kubelet_watch(&mut self) -> (String, bool) {
        if self.disk.below(2) == 0 {
            return (String::new(), false);
        }
        let mut of = |of: &[&'static str]| of[self.disk.below(of.len() as u64) as usize];
        let (high, age) = (of(&["4", "4", "15", "85", "100"]), of(&["0s", "0s", "2m"]));
        let oldest = of(&["0s", "0s", "6m", "12m"]);
        let (images, node) = (of(&["0%", "0%", "0%", "15%", "97%"]), of(&["0%", "10%"]));
        let lasts = of(&["0s", "25s", "5m"]);
        let text = format!(
            ", image_gc_high_threshold_percent = {high}, image_gc_low_threshold_percent = 3, \
             image_minimum_gc_age = \"{age}\", image_maximum_gc_age = \"{oldest}\", \
             eviction_hard = {{ imagefs_available = \"{images}\", \
             nodefs_available = \"{node}\" }}, \
             eviction_pressure_transition_period = \"{lasts}\""
        );
        (text, self.disk.below(5) != 0)
    }

    fn prunes(&mut self, minutes: u64) {
        for number in 0..self.disk.below(3) {
            let at = self.disk.below(minutes * 60);
            let pool = POOLS[self.disk.below(2) as usize];
            self.line(format!("[timeline.prune-{number}]\nat = \"{at}s\""));
            let mut more = String::new();
            if self.disk.below(2) == 0 {
                more += ", every = \"7m\"";
            }
            if self.disk.below(3) == 0 {
                more += ", keep = [\"api\"]";
            }
            self.line(format!("prune_images = {{ pool = \"{pool}\"{more} }}"));
        }
    }

    fn containers(&mut self, least: u64, is_init: bool) -> String {
        let mut list = Vec::new();
        for _ in 0..least + self.below(3) {
            let image = if self.yes(85) { self.one(&IMAGES[..4]) } else { self.one(&IMAGES) };
            let mut container = format!("image = \"{image}\"");
            match self.below(5) {
                0 => container += ", image_pull_policy = \"Always\"",
                1 => container += ", image_pull_policy = \"Never\"",
                2 | 3 => container += ", image_pull_policy = \"IfNotPresent\"",
                _ => {}
            }
            if is_init {
                container += self.one(&["", ", duration = \"2s\""]);
            }
            list.push(format!("{{ {container} }}"));
        }
        format!("[{}]", list.join(", "))
    }

    fn workload(&mut self, name: &str) {
        let pool = self.one(&POOLS);
        let kind = match name {
            "agent" => "daemonset",
            "batch" => "job",
            _ => "deployment",
        };
        self.line(format!("[workload.{name}]\nkind = \"{kind}\"\npool = \"{pool}\""));
        let many = self.below(25);
        match kind {
            "deployment" => {
                self.line(format!("replicas = {many}"));
                let surge = self.one(&["0", "3", "\"25%\"", "\"100%\""]);
                let unavailable = self.one(&["1", "\"25%\"", "\"100%\""]);
                self.line(format!("max_surge = {surge}\nmax_unavailable = {unavailable}"));
            }
            "job" => {
                let (parallelism, seconds) = (1 + self.below(8), self.below(90));
                self.line(format!("completions = {many}\nparallelism = {parallelism}"));
                self.line(format!("duration = \"{seconds}s\""));
            }
            _ => {}
        }
        if self.yes(25) {
            if !self.is_tight {
                self.line("start = { running = true }");
            }
        } else if self.yes(30) {
            let over = if kind == "deployment" { ", over = \"1m\"" } else { "" };
            self.line(format!("start = {{ at = \"90s\"{over} }}"));
        }
        let init = if self.yes(40) { self.containers(0, true) } else { "[]".into() };
        let containers = self.containers(1, false);
        self.line(format!("init_containers = {init}\ncontainers = {containers}"));
    }

    fn answer(&mut self) -> String {
        match self.below(6) {
            5 => "\"refuse\"".into(),
            0 => "\"drop\"".into(),
            1 => "\"hang\"".into(),
            2 => "\"unreachable\"".into(),
            _ => format!("{{ status = {} }}", self.one(&["404", "429", "500", "503"])),
        }
    }

    fn requests(&mut self) {
        let kinds = ["token", "manifest-head", "manifest-get", "blob-head", "blob-get", "cdn-get"];
        if self.yes(60) {
            let (a, b) = (self.one(&kinds), self.one(&kinds));
            self.line(format!("requests = [\"{a}\", \"{b}\"]"));
        }
    }

    fn fault(&mut self, number: u64) {
        let (server, answer) = (self.server(), self.answer());
        let share = self.one(&["5%", "30%", "100%"]);
        self.line(format!("[fault.fault-{number}]\n{server}"));
        self.line(format!("answer = {answer}\nshare = \"{share}\""));
        self.requests();
        if self.yes(30) {
            self.line("from = \"1m\"\nuntil = \"5m\"");
        }
        if self.yes(30) {
            let first = 1 + self.below(20);
            self.line(format!("first = {first}"));
        }
        if self.yes(20) {
            self.line("layers = [0, 2]");
        }
        if self.yes(30) {
            let edge = self.yes(50);
            self.line(format!("at_edge = {edge}"));
        }
    }

    /// A registry, or a mirror where there is one.
    fn server(&mut self) -> String {
        if 0 < self.mirrors && self.yes(40) {
            return format!("mirror = \"mirror-{}\"", self.below(self.mirrors));
        }
        format!("registry = \"{}\"", self.one(&["hub", "own"]))
    }

    fn event(&mut self, number: u64, minutes: u64) {
        let at = self.below(minutes * 60);
        self.line(format!("[timeline.event-{number}]\nat = \"{at}s\""));
        let pool = self.one(&POOLS);
        let which = self.one(&["all", "waiting"]);
        let share = self.one(&["10%", "50%", "100%"]);
        let some = format!("which = \"{which}\", share = \"{share}\"");
        let rolls = self.one(&["web", "agent", "extra"]);
        match self.below(if 0 < self.mirrors { 16 } else { 14 }) {
            0 => self.line(format!("rollout = {{ workload = \"{rolls}\" }}")),
            1 => {
                let (to, scaled) = (self.below(30), self.one(&["web", "extra"]));
                self.line(format!(
                    "scale_workload = {{ workload = \"{scaled}\", replicas = {to} }}"
                ));
            }
            2 => {
                let nodes = self.below(10);
                self.line(format!("scale_nodes = {{ pool = \"{pool}\", nodes = {nodes} }}"));
            }
            3 => {
                let batch = self.one(&["1", "\"30%\"", "\"100%\""]);
                self.line(format!(
                    "replace_nodes = {{ pool = \"{pool}\", batch = {batch}, every = \"45s\" }}"
                ));
            }
            4 => self.line(format!(
                "spot_interruptions = {{ pool = \"{pool}\", mean_lifetime = \"10m\" }}"
            )),
            5 => self.line(format!("restart_nodes = {{ pool = \"{pool}\", {some} }}")),
            6 => self.line(format!("restart_kubelets = {{ pool = \"{pool}\", {some} }}")),
            7 => {
                let workload = self.one(&WORKLOADS);
                self.line(format!("delete_pods = {{ workload = \"{workload}\", {some} }}"));
            }
            8 => self.line(format!("pause_rollout = {{ workload = \"{rolls}\", for = \"7m\" }}")),
            9 => {
                let answer = self.answer();
                self.line(format!(
                    "outage = {{ registry = \"hub\", answer = {answer}, for = \"3m\" }}"
                ));
            }
            10 => self.canary(),
            11 => {
                let (most, after) = (1 + self.below(4), self.one(&["", ", resume_after = \"5m\""]));
                self.line(format!(
                    "rollout = {{ workload = \"{rolls}\", pause_on_failures = {most}{after} }}"
                ));
            }
            12 | 13 => self.change(pool),
            14 => {
                let (mirror, keeps) = (self.below(self.mirrors), self.yes(50));
                self.line(format!(
                    "restart_mirror = {{ mirror = \"mirror-{mirror}\", down = \"20s\", \
                     keep_storage = {keeps} }}"
                ));
            }
            _ => {
                let (mirror, batch) = (self.below(self.mirrors), self.one(&["1", "\"40%\""]));
                self.line(format!(
                    "reconfigure_nodes = {{ mirror = \"mirror-{mirror}\", pool = \"{pool}\", \
                     batch = {batch}, every = \"50s\" }}"
                ));
            }
        }
    }

    fn canary(&mut self) {
        let workload = self.one(&["web", "extra"]);
        let share = self.one(&["0%", "30%", "100%"]);
        let (bake, deadline) = (self.one(&["0s", "2m"]), self.one(&["30s", "4m"]));
        let retry =
            self.one(&["", ", retry_every = \"3m\"", ", retry_every = \"1m\", max_retries = 2"]);
        self.line(format!(
            "canary = {{ workload = \"{workload}\", share = \"{share}\", bake = \"{bake}\", \
             deadline = \"{deadline}\"{retry} }}"
        ));
    }

    fn change(&mut self, pool: &str) {
        let change = match self.below(7) {
            0 if !self.shares => "\"egress.nat.addresses\" = 4".to_owned(),
            6 => format!("\"pool.{pool}.account\" = {}", self.one(&["\"\"", "\"ci\""])),
            1 => format!("\"pool.{pool}.kubelet.registry_pull_qps\" = 2"),
            2 if !self.is_tight => format!("\"pool.{pool}.preloaded\" = [\"base\", \"twice\"]"),
            3 => "\"workload.web.max_surge\" = 0".to_owned(),
            4 => "\"workload.extra.max_unavailable\" = 2".to_owned(),
            _ => "\"workload.web.max_surge\" = \"50%\"".to_owned(),
        };
        self.line(format!("set = {{ {change} }}"));
    }
}
