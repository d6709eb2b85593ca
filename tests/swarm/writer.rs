//! Random scenarios, written as a user would write them.

use std::fmt::Write as _;

use pullstorm::engine::chance::{Chance, Draw};

/// Writes a random scenario.
pub(crate) struct Writer {
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
    pub(crate) fn new(seed: u64) -> Self {
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

    pub(crate) fn scenario(mut self) -> String {
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
