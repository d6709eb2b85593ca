//! Checked values to the model's spec: nothing here can fail, because nothing is built where there
//! is a problem.

mod events;
mod images;
mod mirrors;
mod network;
mod pods;
mod state;

use super::field::Kind;
use super::resolve::{prepulls, state::blocks};
use super::settings::{Changed, Setting};
use super::tables::{self, control_plane, fault, image, pool, state as of_state};
use super::typed::Values;
use crate::model::ids::{AccountId, EgressId, ImageId, PoolId, RegistryId, WorkloadId};
use crate::model::spec::{ControlPlaneSpec, Spec};

/// Positions of blocks in the spec's tables.
struct Ids<'a> {
    root: &'a Values,
    /// Images of the spec: those that can be pulled or are preloaded.
    images: Vec<&'a str>,
}

impl<'a> Ids<'a> {
    fn new(root: &'a Values, settings: &[Setting]) -> Self {
        let pools = root.blocks(tables::POOL);
        let mut preloaded: Vec<&str> =
            pools.flat_map(|(_, pool)| pool.the(pool::PRELOADED)).collect();
        let set: Vec<&String> = settings
            .iter()
            .filter_map(|setting| match &setting.changed {
                Changed::Preloaded { images, .. } => Some(images),
                Changed::LimitAllow { .. }
                | Changed::EgressAddresses { .. }
                | Changed::WorkloadAccount { .. }
                | Changed::PoolAccount { .. }
                | Changed::MaxSurge { .. }
                | Changed::MaxUnavailable { .. }
                | Changed::Kubelet { .. }
                | Changed::ReplaceBatch { .. } => None,
            })
            .flatten()
            .collect();
        let caches = blocks(root, of_state::CACHE);
        preloaded.extend(caches.flat_map(|it| it.1.shares(of_state::CACHE_IMAGES)).map(|it| it.0));
        let is_there = |name: &str| preloaded.contains(&name) || set.iter().any(|it| *it == name);
        let images = root
            .blocks(tables::IMAGE)
            .filter(|(name, image)| image.given(image::REFERENCE) || is_there(name))
            .map(|(name, _)| name)
            .collect();
        Self { root, images }
    }

    fn position<T: From<usize>>(&self, kind: Kind, name: &str) -> T {
        let at = self.root.names(kind).position(|known| known == name);
        T::from(at.expect("the walk resolved every name"))
    }

    fn registry(&self, name: &str) -> RegistryId {
        self.position(Kind::Registry, name)
    }

    /// Mirrors come after the registries.
    fn mirror(&self, name: &str) -> RegistryId {
        let at: RegistryId = self.position(Kind::Mirror, name);
        RegistryId::from(self.root.blocks(tables::REGISTRY).len() + at.idx())
    }

    /// The registry or the mirror that a block names.
    fn server(&self, values: &Values) -> RegistryId {
        match values.opt(fault::MIRROR) {
            Some(mirror) => self.mirror(mirror),
            None => self.registry(values.the(fault::REGISTRY)),
        }
    }

    fn account(&self, name: &str) -> AccountId {
        self.position(Kind::Account, name)
    }

    fn accounts(&self, names: &[impl AsRef<str>]) -> Vec<AccountId> {
        names.iter().map(|it| self.account(it.as_ref())).collect()
    }

    fn egress(&self, name: &str) -> EgressId {
        self.position(Kind::Egress, name)
    }

    fn pool(&self, name: &str) -> PoolId {
        self.position(Kind::Pool, name)
    }

    fn workload(&self, name: &str) -> WorkloadId {
        self.position(Kind::Workload, name)
    }

    /// The image puller of a pre-pull: pullers stand behind the workloads.
    fn puller(&self, timeline: &str) -> WorkloadId {
        let at = prepulls(self.root).position(|(name, _)| name == timeline);
        let workloads = self.root.blocks(tables::WORKLOAD).len();
        WorkloadId::from(workloads + at.expect("the check resolved the prepull"))
    }

    /// The images of these names that can be on a node at all.
    fn images_on_nodes(&self, names: Vec<&str>) -> Vec<ImageId> {
        let position = |name: &str| self.images.binary_search(&name).ok().map(ImageId::from);
        names.into_iter().filter_map(position).collect()
    }

    fn image(&self, name: &str) -> ImageId {
        let at = self.images.binary_search(&name);
        ImageId::from(at.expect("the check saw to it that this image can be pulled"))
    }

    fn images(&self, names: Vec<&str>) -> Vec<ImageId> {
        names.into_iter().map(|name| self.image(name)).collect()
    }
}

/// The spec of checked values.
pub(crate) fn spec(root: &Values, settings: &[Setting]) -> Spec {
    let ids = Ids::new(root, settings);
    let pace = root.the(tables::CONTROL_PLANE);
    let registries = root.blocks(tables::REGISTRY).map(|(n, v)| network::registry(n, v));
    let mirrors = root.blocks(tables::MIRROR).map(|(n, v)| mirrors::mirror(&ids, n, v));
    let backgrounds = root.blocks(tables::BACKGROUND);
    Spec {
        seed: root.the(tables::SEED),
        horizon: root.the(tables::HORIZON),
        control_plane: ControlPlaneSpec {
            controller_qps: pace.the(control_plane::CONTROLLER_QPS),
            controller_burst: pace.the(control_plane::CONTROLLER_BURST),
            scheduler_qps: pace.the(control_plane::SCHEDULER_QPS),
            scheduler_burst: pace.the(control_plane::SCHEDULER_BURST),
        },
        registries: registries.chain(mirrors).collect(),
        accounts: root.blocks(tables::ACCOUNT).map(|(n, v)| network::account(&ids, n, v)).collect(),
        egresses: root.blocks(tables::EGRESS).map(|(n, v)| network::egress(n, v)).collect(),
        backgrounds: backgrounds.map(|(n, v)| network::background(&ids, n, v)).collect(),
        pools: root.blocks(tables::POOL).map(|(n, v)| pods::pool(&ids, n, v)).collect(),
        images: images::all(&ids),
        workloads: pods::workloads(&ids),
        timeline: events::timeline(&ids, settings),
        faults: events::faults(&ids),
        state: state::state(&ids),
    }
}
