//! Levels over time: what is left of limits, how many pods are ready, how full links and ports are.
//! Sampled between events through one view of the world, so that sampling is no event and changes
//! nothing; pods and nodes are counted by facts.

use crate::model::ids::{EgressId, LimitId, NodeId, RegistryId};
use crate::model::node::Cluster;
use crate::model::record::fact::Fact;
use crate::model::record::outcome::{GaugeSeries, SAMPLE_PERIOD};
use crate::model::record::population::{Population, scan};
use crate::model::spec::Spec;
use crate::model::supply::Supply;
use crate::model::words::cause::Causes;
use crate::model::words::phase::NodeState;
use crate::resource::link::LinkId;
use crate::units::Time;

/// Counters of a limit that are recorded, the first ones opened.
const COUNTERS_SHOWN: usize = 16;

/// The world as sampling sees it.
#[derive(Clone, Copy)]
pub(crate) struct View<'w> {
    pub(crate) spec: &'w Spec,
    pub(crate) cluster: &'w Cluster,
    /// Its links have been brought to the instant of the sample.
    pub(crate) supply: &'w Supply,
}

/// Sampled levels of one replication.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    enabled: bool,
    population: Population,
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
    pub(crate) fn new(spec: &Spec, enabled: bool) -> Self {
        let n_limits = spec.registries.iter().map(|it| it.limits.len()).sum();
        let n_workloads = spec.workloads.len();
        Self {
            enabled,
            population: Population::new(n_workloads),
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

    /// The instant of a sample that is due by `until`.
    pub(crate) fn due(&self, until: Time) -> Option<Time> {
        (self.enabled && self.next <= until).then_some(self.next)
    }

    /// Takes a fact.
    #[expect(clippy::inline_always, reason = "the kind is known where a fact is noted")]
    #[inline(always)]
    pub(crate) fn fold(&mut self, fact: &Fact) {
        if self.enabled {
            self.population.fold(fact);
        }
    }

    /// Takes the sample that is due at `at`.
    pub(crate) fn sample(&mut self, at: Time, view: &View<'_>) {
        self.sample_limits(at, view);
        self.sample_population(view);
        self.sample_links(view);
        self.sample_ports(at, view);
        self.sample_mirrors(view);
        self.sample_disks(view);
        self.n_samples += 1;
        self.next = at + SAMPLE_PERIOD;
    }

    fn sample_limits(&mut self, at: Time, view: &View<'_>) {
        let place = self.n_samples;
        for number in 0..view.supply.limits.len() {
            let levels = view.supply.limits.levels(at, LimitId::from(number));
            let shown = &mut self.limits[number];
            for (nth, (_, left)) in levels.take(COUNTERS_SHOWN).enumerate() {
                if shown.len() <= nth {
                    shown.push(Vec::new());
                }
                put(&mut shown[nth], place, left as f64 / 1e3);
            }
        }
    }

    fn sample_population(&mut self, view: &View<'_>) {
        let counted = self.population.counted();
        debug_assert_eq!(*counted, scan(view.cluster, view.spec.workloads.len()));
        let place = self.n_samples;
        for (number, pods) in counted.pods.iter().enumerate() {
            put(&mut self.ready[number], place, f64::from(pods.ready));
            put(&mut self.waiting[number], place, f64::from(pods.waiting()));
            put(&mut self.created[number], place, f64::from(pods.created));
        }
        put(&mut self.nodes_in_backoff, place, f64::from(counted.nodes_in_backoff));
        put(&mut self.nodes_ready, place, f64::from(counted.nodes_ready));
    }

    fn sample_links(&mut self, view: &View<'_>) {
        let supply = view.supply;
        let egresses =
            (0..view.spec.egresses.len()).map(|it| supply.egresses.link(EgressId::from(it)));
        let links = egresses.chain(supply.registry_links.iter().copied());
        for (number, link) in links.enumerate() {
            if let Some(link) = link {
                put(&mut self.links[number], self.n_samples, supply.links.utilisation(link));
            }
        }
    }

    fn sample_ports(&mut self, at: Time, view: &View<'_>) {
        for (egress, taken, all) in view.supply.egresses.ports_taken(at) {
            let ports = &mut self.ports;
            let slot = ports.iter().position(|it| it.0 == egress).unwrap_or_else(|| {
                ports.push((egress, 0.0, Vec::new()));
                ports.len() - 1
            });
            ports[slot].1 = all as f64;
            put(&mut ports[slot].2, self.n_samples, taken as f64);
        }
    }

    fn sample_mirrors(&mut self, view: &View<'_>) {
        let place = self.n_samples;
        let busiest = |of: Vec<LinkId>| {
            of.into_iter().map(|it| view.supply.links.utilisation(it)).reduce(f64::max)
        };
        for levels in &mut self.mirrors {
            let (active, waiting, stored) = view.supply.mirrors.levels(levels.server);
            let (nics, disks) = view.supply.mirrors.links_of(levels.server);
            put(&mut levels.active, place, f64::from(active));
            put(&mut levels.waiting, place, f64::from(waiting));
            put(&mut levels.stored, place, stored.0 as f64);
            for (series, links) in [(&mut levels.nic, nics), (&mut levels.disk, disks)] {
                if let Some(level) = busiest(links) {
                    put(series, place, level);
                }
            }
        }
    }

    fn sample_disks(&mut self, view: &View<'_>) {
        if view.spec.pools.iter().all(|it| it.disk.capacity.is_none()) {
            return;
        }
        let mut fullest = vec![None; view.spec.pools.len()];
        for (number, node) in view.cluster.nodes.iter().enumerate() {
            if node.state != NodeState::Gone
                && let Some((used, capacity)) =
                    view.cluster.disk_use(view.spec, NodeId::from(number))
            {
                let share = used.0 as f64 / capacity.0 as f64;
                let most = &mut fullest[node.pool.idx()];
                *most = Some(most.map_or(share, |it: f64| it.max(share)));
            }
        }
        for (pool, share) in fullest.into_iter().enumerate() {
            if let Some(share) = share {
                put(&mut self.disks[pool], self.n_samples, share);
            }
        }
    }

    /// All levels as series with names.
    pub(crate) fn gauges(&self, end: Time, view: &View<'_>, causes: &Causes) -> Vec<GaugeSeries> {
        let mut gauges = Vec::new();
        let mut push = |series, scope: &str, kind: String, top, samples: &[Option<f64>]| {
            if !samples.is_empty() {
                let (scope, samples) = (scope.to_owned(), samples.to_vec());
                gauges.push(GaugeSeries { series, scope, kind, top, samples });
            }
        };
        for (number, shown) in self.limits.iter().enumerate() {
            let limit = LimitId::from(number);
            let label = causes.limit_label(limit);
            let top = Some(view.supply.limits.capacity(limit) as f64 / 1e3);
            let owners = view.supply.limits.levels(end, limit).map(|it| it.0);
            for (samples, owner) in shown.iter().zip(owners) {
                push(
                    "limit_units_left",
                    label,
                    view.supply.key_label(view.spec, limit, owner),
                    top,
                    samples,
                );
            }
        }
        for (number, spec) in view.spec.workloads.iter().enumerate() {
            let levels = self;
            push("pods_created", &spec.name, String::new(), None, &levels.created[number]);
            push("pods_ready", &spec.name, String::new(), None, &levels.ready[number]);
            push("pods_waiting", &spec.name, String::new(), None, &levels.waiting[number]);
        }
        push("nodes_ready", "", String::new(), None, &self.nodes_ready);
        push("nodes_in_backoff", "", String::new(), None, &self.nodes_in_backoff);
        let egresses = view.spec.egresses.iter().map(|it| format!("egress.{}", it.name));
        let registries = view.spec.registries.iter().map(|it| format!("registry.{}", it.name));
        for (name, samples) in egresses.chain(registries).zip(&self.links) {
            push("link_share", &name, String::new(), Some(1.0), samples);
        }
        for levels in &self.mirrors {
            let server = &view.spec.registries[levels.server.idx()];
            let (name, none) = (server.scope(), String::new);
            let size = server.mirror.as_ref().and_then(|it| it.capacity).map(|it| it.0 as f64);
            push("mirror_requests", &name, "active".into(), None, &levels.active);
            push("mirror_requests", &name, "waiting".into(), None, &levels.waiting);
            push("mirror_stored_bytes", &name, none(), size, &levels.stored);
            push("link_share", &name, "nic".into(), Some(1.0), &levels.nic);
            push("link_share", &name, "disk".into(), Some(1.0), &levels.disk);
        }
        for (egress, all, samples) in &self.ports {
            let name = &view.spec.egresses[*egress].name;
            push("ports_taken", name, String::new(), Some(*all), samples);
        }
        for (pool, samples) in view.spec.pools.iter().zip(&self.disks) {
            push("disk_used_share", &pool.name, String::new(), Some(1.0), samples);
        }
        gauges
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
