//! A swarm of small random scenarios: whatever a valid scenario says, the books balance, no figure
//! is a lie, and eliding idle polls changes nothing.
//!
//! Every choice is a keyed draw from a seed. A failure names its seed; `PULLSTORM_SWARM_SEED=N`
//! starts the swarm there.

mod support;

use std::fmt::Write;

use pullstorm::engine::chance::{Chance, Draw};
use pullstorm::experiment::diagnose;
use pullstorm::model::kubelet::Polling;
use pullstorm::model::observed::{AnswersSeen, BinSeen, PullsSeen};
use pullstorm::model::outcome::{Detail, Outcome, PullResult, RequestSink};
use pullstorm::model::spec::Spec;
use pullstorm::model::{Recording, run};
use pullstorm::scenario::{Request, SourceFile, load};
use support::{Requests, known};

/// Scenarios of one swarm.
const SCENARIOS: u64 = 150;
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
    causes: std::collections::BTreeSet<String>,
}

impl Coverage {
    fn add(&mut self, outcome: &Outcome) {
        let rows = &detail(outcome).pulls;
        let count = |of: fn(PullResult) -> bool| rows.iter().filter(|it| of(it.result)).count();
        self.successes += count(|it| it == PullResult::Succeeded);
        self.failures += count(|it| matches!(it, PullResult::Failed { .. }));
        self.open += count(|it| it == PullResult::Open);
        self.never_ready += known(outcome, "run", "pods_never_ready");
        self.causes.extend(outcome.failures.iter().map(|it| it.cause.clone()));
    }

    fn check(&self, base: u64) {
        if base != BASE_SEED {
            return;
        }
        for met in [self.successes, self.failures, self.open, self.never_ready as usize] {
            assert!(20 < met, "{} {} {} {}", self.successes, self.failures, self.open, met);
        }
        for cause in [
            "kubelet-qps",
            "egress-ports",
            "platform-missing",
            "progress-timeout",
            "node-lost",
            "kubelet-restarted",
            "limit-0",
            "limit-3",
            "fault-0",
            "event-0",
        ] {
            assert!(self.causes.contains(cause), "no pull failed with {cause}: {:?}", self.causes);
        }
    }
}

/// Runs a scenario with and without elided polls and balances its books.
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
    balance_observed(&elided, requests.0.len());
    for metric in &elided.metrics {
        if let Some(value) = metric.value.known() {
            assert!(value.is_finite() && 0.0 <= value, "{metric:?}");
        }
    }
    balance_pulls(&elided);
    balance_pods(&elided);
    balance_requests(&elided, requests.0.len());
    elided
}

fn detail(outcome: &Outcome) -> &Detail {
    outcome.detail.as_ref().expect("it was recorded")
}

fn same(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() < 1e-6, "{what}: {a} and {b}");
}

/// What can be seen adds up to what happened.
fn balance_observed(outcome: &Outcome, n_requests: usize) {
    let seen = &outcome.observed;
    let pulls = |of: fn(&PullsSeen) -> u64| seen.pulls.iter().map(of).sum::<u64>() as f64;
    let failed = pulls(|it| it.failed.iter().sum()) + seen.cut_off as f64;
    same(known(outcome, "run", "pull_attempts"), pulls(|it| it.pulling), "Pulling events");
    same(known(outcome, "run", "pull_failures"), failed, "Failed events");
    assert!(pulls(|it| it.first_failed.iter().sum()) <= pulls(|it| it.failed.iter().sum()));
    assert!(pulls(|it| it.first) <= pulls(|it| it.pulling));
    let answers = seen.hosts.iter().flat_map(|it| &it.answers);
    let answered: u64 = answers.clone().map(AnswersSeen::total).sum();
    same(answered as f64, n_requests as f64, "answers");
    let throttled: u64 = answers.map(|it| it.pull_limit + it.bare_429).sum();
    same(known(outcome, "run", "requests_rejected_429"), throttled as f64, "429s");
    let in_bins =
        |of: fn(&BinSeen) -> u32| seen.bins.iter().map(|it| u64::from(of(it))).sum::<u64>() as f64;
    same(in_bins(|it| it.pulling), pulls(|it| it.pulling), "Pulling events in bins");
    same(in_bins(|it| it.failed), failed - seen.cut_off as f64, "Failed events in bins");
    diagnose(&[seen]);
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
    same(known(outcome, "run", "egress_bytes"), bytes as f64, "bytes");
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
    same(of("pods"), detail.pods.len() as f64, "rows of pods");
    for (number, row) in detail.pods.iter().enumerate() {
        let of_pod = || detail.pulls.iter().filter(|it| it.pod == Some(number as u32));
        assert_eq!(row.attempts as usize, of_pod().count());
        let failed = of_pod().filter(|it| matches!(it.result, PullResult::Failed { .. }));
        assert_eq!(row.failures as usize, failed.count());
        assert!(row.ready.is_none_or(|it| row.bound.is_some_and(|bound| bound <= it)));
        assert!(row.deleted.is_none_or(|it| row.created <= it));
    }
}

fn balance_requests(outcome: &Outcome, written: usize) {
    let all = known(outcome, "run", "requests");
    same(all, written as f64, "requests written");
    same(all, sum(outcome, "registry.", "requests"), "requests of registries");
    let by_outcome = outcome
        .metrics
        .iter()
        .filter(|it| it.scope == "run" && it.name.starts_with("requests_by_outcome."));
    same(by_outcome.filter_map(|it| it.value.known()).sum(), all, "requests by outcome");
    let rows = &detail(outcome).pulls;
    same(rows.iter().map(|it| f64::from(it.requests)).sum(), all, "requests of rows");
}

/// Writes a random scenario.
struct Writer {
    draw: Draw,
    text: String,
}

const IMAGES: [&str; 6] = ["base", "api", "api2", "twice", "foreign", "odd"];
const POOLS: [&str; 2] = ["small", "big"];
const WORKLOADS: [&str; 4] = ["web", "agent", "batch", "extra"];

impl Writer {
    fn new(seed: u64) -> Self {
        Self { draw: Chance::new(seed, 0).draw(1, 1, 0), text: String::new() }
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
        self.text
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
                self.line("connection_bandwidth = \"80Mbit/s\"\nbandwidth = \"500Mbit/s\"");
            }
            let first = if name == "hub" { 0 } else { 2 };
            let mut may_cap = true;
            for number in first..first + self.below(3) {
                may_cap &= !self.limit(name, number, may_cap);
            }
        }
        self.line("[account.ci]\nregistry = \"hub\"\ntier = \"personal\"");
        self.line("[account.own]\nregistry = \"own\"\ntier = \"team\"");
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
            let tag = self.one(&[":1", ":latest", "@sha256:abc"]);
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
        self.line(format!("kubelet = {{ {kubelet} }}"));
        let downloads = self.one(&["1", "3", "300"]);
        let progress = self.one(&["0s", "1m", "5m"]);
        self.line(format!(
            "client = {{ max_concurrent_downloads = {downloads}, \
             progress_timeout = \"{progress}\" }}"
        ));
        if self.yes(30) {
            let image = self.one(&IMAGES);
            self.line(format!("preloaded = [\"{image}\"]"));
        }
        if self.yes(20) {
            self.line("nic = \"50Mbit/s\"\ndisk = { unpack = \"5MB/s\" }");
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
            self.line("start = { running = true }");
        } else if self.yes(30) {
            let over = if kind == "deployment" { ", over = \"1m\"" } else { "" };
            self.line(format!("start = {{ at = \"90s\"{over} }}"));
        }
        let init = if self.yes(40) { self.containers(0, true) } else { "[]".into() };
        let containers = self.containers(1, false);
        self.line(format!("init_containers = {init}\ncontainers = {containers}"));
    }

    fn answer(&mut self) -> String {
        match self.below(5) {
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
        let (registry, answer) = (self.one(&["hub", "own"]), self.answer());
        let share = self.one(&["5%", "30%", "100%"]);
        self.line(format!("[fault.fault-{number}]\nregistry = \"{registry}\""));
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

    fn event(&mut self, number: u64, minutes: u64) {
        let at = self.below(minutes * 60);
        self.line(format!("[timeline.event-{number}]\nat = \"{at}s\""));
        let pool = self.one(&POOLS);
        let which = self.one(&["all", "waiting"]);
        let share = self.one(&["10%", "50%", "100%"]);
        let some = format!("which = \"{which}\", share = \"{share}\"");
        let rolls = self.one(&["web", "agent", "extra"]);
        match self.below(11) {
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
            _ => self.change(pool),
        }
    }

    fn change(&mut self, pool: &str) {
        let change = match self.below(6) {
            0 => "\"egress.nat.addresses\" = 4".to_owned(),
            1 => format!("\"pool.{pool}.kubelet.registry_pull_qps\" = 2"),
            2 => format!("\"pool.{pool}.preloaded\" = [\"base\", \"twice\"]"),
            3 => "\"workload.web.max_surge\" = 0".to_owned(),
            4 => "\"workload.extra.max_unavailable\" = 2".to_owned(),
            _ => "\"workload.web.max_surge\" = \"50%\"".to_owned(),
        };
        self.line(format!("set = {{ {change} }}"));
    }
}
