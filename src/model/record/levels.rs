//! Levels over time: what is left of limits, how many pods are ready, how full links and ports are.
//! Sampled between events, so that sampling is no event and changes nothing.

use crate::model::World;
use crate::model::ids::{LimitId, NodeId, RegistryId};
use crate::model::record::outcome::{GaugeSeries, SAMPLE_PERIOD};
use crate::model::spec::{LimitKey, Spec};
use crate::model::words::phase::NodeState;
use crate::model::words::phase::Phase;
use crate::units::Time;

/// Counters of a limit that are recorded, the first ones opened.
const COUNTERS_SHOWN: usize = 16;

/// Sampled levels of one replication.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    enabled: bool,
    next: Time,
    n_samples: usize,
    limits: Vec<Vec<Vec<Option<f64>>>>,
    ready: Vec<Vec<Option<f64>>>,
    waiting: Vec<Vec<Option<f64>>>,
    created: Vec<Vec<Option<f64>>>,
    nodes_ready: Vec<Option<f64>>,
    nodes_in_backoff: Vec<Option<f64>>,
    links: Vec<Vec<Option<f64>>>,
    ports: Vec<(usize, f64, Vec<Option<f64>>)>,
    /// The fullest disk of each pool whose disks have a size.
    disks: Vec<Vec<Option<f64>>>,
    /// By mirror.
    mirrors: Vec<MirrorLevels>,
}

/// Sampled levels of one mirror.
#[derive(Clone, Debug)]
struct MirrorLevels {
    server: RegistryId,
    active: Vec<Option<f64>>,
    waiting: Vec<Option<f64>>,
    stored: Vec<Option<f64>>,
    nic: Vec<Option<f64>>,
    disk: Vec<Option<f64>>,
}

impl Levels {
    pub(crate) fn new(spec: &Spec, n_limits: usize, enabled: bool) -> Self {
        let n_workloads = spec.workloads.len();
        Self {
            enabled,
            next: Time::ZERO + SAMPLE_PERIOD,
            n_samples: 0,
            limits: vec![Vec::new(); n_limits],
            ready: vec![Vec::new(); n_workloads],
            waiting: vec![Vec::new(); n_workloads],
            created: vec![Vec::new(); n_workloads],
            nodes_ready: Vec::new(),
            nodes_in_backoff: Vec::new(),
            links: vec![Vec::new(); spec.egresses.len() + spec.registries.len()],
            ports: Vec::new(),
            disks: vec![Vec::new(); spec.pools.len()],
            mirrors: mirrors(spec),
        }
    }
}

fn mirrors(spec: &Spec) -> Vec<MirrorLevels> {
    let servers = spec.registries.iter().enumerate().filter(|(_, it)| it.mirror.is_some());
    let none = Vec::new;
    servers
        .map(|(number, _)| MirrorLevels {
            server: RegistryId::from(number),
            active: none(),
            waiting: none(),
            stored: none(),
            nic: none(),
            disk: none(),
        })
        .collect()
}

/// Puts a sample at its place; what did not exist before has no samples there.
fn put(series: &mut Vec<Option<f64>>, place: usize, level: f64) {
    series.resize(place, None);
    series.push(Some(level));
}

impl World<'_> {
    /// Takes the samples that are due before `until`.
    pub(crate) fn sample_levels(&mut self, until: Time) {
        while self.record.levels.enabled && self.record.levels.next <= until {
            let at = self.record.levels.next;
            self.sample_limits(at);
            self.sample_pods();
            self.sample_links(at);
            self.sample_mirrors(at);
            self.sample_disks();
            self.record.levels.n_samples += 1;
            self.record.levels.next = at + SAMPLE_PERIOD;
        }
    }

    fn sample_limits(&mut self, at: Time) {
        let place = self.record.levels.n_samples;
        for number in 0..self.supply.limits.len() {
            let levels = self.supply.limits.levels(at, LimitId::from(number));
            let shown = &mut self.record.levels.limits[number];
            for (nth, (_, left)) in levels.take(COUNTERS_SHOWN).enumerate() {
                if shown.len() <= nth {
                    shown.push(Vec::new());
                }
                put(&mut shown[nth], place, left as f64 / 1e3);
            }
        }
    }

    fn sample_pods(&mut self) {
        let place = self.record.levels.n_samples;
        let n_workloads = self.control.workloads.len();
        let mut waiting = vec![0u32; n_workloads];
        let mut created = vec![0u32; n_workloads];
        let mut in_backoff = vec![false; self.cluster.nodes.len()];
        for pod in &self.cluster.pods {
            if !pod.lives() {
                continue;
            }
            created[pod.workload.idx()] += 1;
            if pod.phase < Phase::Ready {
                waiting[pod.workload.idx()] += 1;
            }
            if pod.phase == Phase::Waiting && pod.polls.is_some() {
                in_backoff[pod.node.idx()] = true;
            }
        }
        let levels = &mut self.record.levels;
        for number in 0..n_workloads {
            let ready = f64::from(self.control.workloads[number].ready);
            put(&mut levels.ready[number], place, ready);
            put(&mut levels.waiting[number], place, f64::from(waiting[number]));
            put(&mut levels.created[number], place, f64::from(created[number]));
        }
        let in_backoff = in_backoff.iter().filter(|&&it| it).count();
        put(&mut levels.nodes_in_backoff, place, in_backoff as f64);
        let ready = self.cluster.nodes.iter().filter(|it| it.state == NodeState::Ready);
        put(&mut levels.nodes_ready, place, ready.count() as f64);
    }

    fn sample_links(&mut self, at: Time) {
        let place = self.record.levels.n_samples;
        let egresses = (0..self.spec.egresses.len())
            .map(|it| self.supply.egresses.link(crate::model::ids::EgressId::from(it)));
        let links: Vec<_> = egresses.chain(self.supply.registry_links.iter().copied()).collect();
        for (number, link) in links.into_iter().enumerate() {
            if let Some(link) = link {
                let share = self.supply.links.utilisation(at, link);
                put(&mut self.record.levels.links[number], place, share);
            }
        }
        for (egress, taken, all) in self.supply.egresses.ports_taken(at) {
            let ports = &mut self.record.levels.ports;
            let slot = ports.iter().position(|it| it.0 == egress).unwrap_or_else(|| {
                ports.push((egress, 0.0, Vec::new()));
                ports.len() - 1
            });
            ports[slot].1 = all as f64;
            put(&mut ports[slot].2, place, taken as f64);
        }
    }

    fn sample_mirrors(&mut self, at: Time) {
        let place = self.record.levels.n_samples;
        for number in 0..self.record.levels.mirrors.len() {
            let server = self.record.levels.mirrors[number].server;
            let (active, waiting, stored) = self.mirror_levels(server);
            let (nics, disks) = self.supply.mirrors.links_of(server);
            let busiest = |links: &mut crate::resource::link::Links, of: Vec<_>| {
                of.into_iter().map(|it| links.utilisation(at, it)).reduce(f64::max)
            };
            let (nic, disk) =
                (busiest(&mut self.supply.links, nics), busiest(&mut self.supply.links, disks));
            let levels = &mut self.record.levels.mirrors[number];
            put(&mut levels.active, place, f64::from(active));
            put(&mut levels.waiting, place, f64::from(waiting));
            put(&mut levels.stored, place, stored.0 as f64);
            for (series, level) in [(&mut levels.nic, nic), (&mut levels.disk, disk)] {
                if let Some(level) = level {
                    put(series, place, level);
                }
            }
        }
    }

    fn sample_disks(&mut self) {
        if self.spec.pools.iter().all(|it| it.disk.capacity.is_none()) {
            return;
        }
        let mut fullest = vec![None; self.spec.pools.len()];
        for (number, node) in self.cluster.nodes.iter().enumerate() {
            if node.state != NodeState::Gone
                && let Some((used, capacity)) = self.disk_use(NodeId::from(number))
            {
                let share = used.0 as f64 / capacity.0 as f64;
                let most = &mut fullest[node.pool.idx()];
                *most = Some(most.map_or(share, |it: f64| it.max(share)));
            }
        }
        for (pool, share) in fullest.into_iter().enumerate() {
            if let Some(share) = share {
                put(&mut self.record.levels.disks[pool], self.record.levels.n_samples, share);
            }
        }
    }

    /// All levels as series with names.
    pub(crate) fn gauges(&self) -> Vec<GaugeSeries> {
        let mut gauges = Vec::new();
        let mut push = |series, scope: &str, kind: String, top, samples: &[Option<f64>]| {
            if !samples.is_empty() {
                let (scope, samples) = (scope.to_owned(), samples.to_vec());
                gauges.push(GaugeSeries { series, scope, kind, top, samples });
            }
        };
        for (number, shown) in self.record.levels.limits.iter().enumerate() {
            let limit = LimitId::from(number);
            let label = self.record.causes().limit_label(limit);
            let top = Some(self.supply.limits.capacity(limit) as f64 / 1e3);
            let owners = self.supply.limits.levels(self.clock.end, limit).map(|it| it.0);
            for (samples, owner) in shown.iter().zip(owners) {
                push("limit_units_left", label, self.key_label(limit, owner), top, samples);
            }
        }
        for (number, spec) in self.spec.workloads.iter().enumerate() {
            let levels = &self.record.levels;
            push("pods_created", &spec.name, String::new(), None, &levels.created[number]);
            push("pods_ready", &spec.name, String::new(), None, &levels.ready[number]);
            push("pods_waiting", &spec.name, String::new(), None, &levels.waiting[number]);
        }
        push("nodes_ready", "", String::new(), None, &self.record.levels.nodes_ready);
        push("nodes_in_backoff", "", String::new(), None, &self.record.levels.nodes_in_backoff);
        let egresses = self.spec.egresses.iter().map(|it| format!("egress.{}", it.name));
        let registries = self.spec.registries.iter().map(|it| format!("registry.{}", it.name));
        for (name, samples) in egresses.chain(registries).zip(&self.record.levels.links) {
            push("link_share", &name, String::new(), Some(1.0), samples);
        }
        for levels in &self.record.levels.mirrors {
            let server = &self.spec.registries[levels.server.idx()];
            let (name, none) = (server.scope(), String::new);
            let size = server.mirror.as_ref().and_then(|it| it.capacity).map(|it| it.0 as f64);
            push("mirror_requests", &name, "active".into(), None, &levels.active);
            push("mirror_requests", &name, "waiting".into(), None, &levels.waiting);
            push("mirror_stored_bytes", &name, none(), size, &levels.stored);
            push("link_share", &name, "nic".into(), Some(1.0), &levels.nic);
            push("link_share", &name, "disk".into(), Some(1.0), &levels.disk);
        }
        for (egress, all, samples) in &self.record.levels.ports {
            let name = &self.spec.egresses[*egress].name;
            push("ports_taken", name, String::new(), Some(*all), samples);
        }
        for (pool, samples) in self.spec.pools.iter().zip(&self.record.levels.disks) {
            push("disk_used_share", &pool.name, String::new(), Some(1.0), samples);
        }
        gauges
    }

    /// The address, prefix or account of a counter, as outputs show it.
    pub(crate) fn key_label(&self, limit: LimitId, owner: u32) -> String {
        match self.supply.limits.key_kind(limit) {
            LimitKey::Address => {
                self.supply.egresses.address_label(crate::model::ids::AddressId(owner))
            }
            LimitKey::Prefix64 => self.supply.egresses.prefix_label(owner),
            LimitKey::Account => format!("account.{}", self.spec.accounts[owner as usize].name),
            LimitKey::Registry => "everybody".to_owned(),
        }
    }
}
