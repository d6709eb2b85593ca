//! Checked values to the model's spec: nothing here can fail, because nothing is built where there
//! is a problem.

mod defaults;
mod events;
mod images;
mod mirrors;
mod network;
mod pods;
pub(crate) mod state;

use super::settings::{Changed, Setting};
use super::source::Origin;
use super::typed::Values;
use crate::model::ids::{AccountId, EgressId, ImageId, PoolId, RegistryId, WorkloadId};
use crate::model::spec::{ControlPlaneSpec, Spec};

pub(crate) use defaults::parameters as default_parameters;
pub(crate) use events::day_window;
pub(crate) use images::{layers, replicating};
pub(crate) use pods::kubelet;

/// Positions of blocks in the spec's tables.
struct Ids<'a> {
    root: &'a Values,
    /// Images of the spec: those that can be pulled or are preloaded.
    images: Vec<&'a str>,
}

impl<'a> Ids<'a> {
    fn new(root: &'a Values, settings: &[Setting]) -> Self {
        let mut preloaded: Vec<&str> =
            root.named("pool").flat_map(|(_, pool)| names(pool, "preloaded")).collect();
        for setting in settings {
            if let Changed::Preloaded { images, .. } = &setting.changed {
                preloaded.extend(images.iter().map(String::as_str));
            }
        }
        preloaded.extend(
            state::blocks(root, "cache").flat_map(|it| it.1.shares("images")).map(|it| it.0),
        );
        let images = root
            .named("image")
            .filter(|(name, image)| image.given("reference") || preloaded.contains(name))
            .map(|(name, _)| name)
            .collect();
        Self { root, images }
    }

    fn position<T: From<usize>>(&self, kind: &str, name: &str) -> T {
        let at = self.root.named(kind).position(|(known, _)| known == name);
        T::from(at.expect("the walk resolved every name"))
    }

    fn registry(&self, name: &str) -> RegistryId {
        self.position("registry", name)
    }

    /// Mirrors come after the registries.
    fn mirror(&self, name: &str) -> RegistryId {
        let at: RegistryId = self.position("mirror", name);
        RegistryId::from(self.root.named("registry").len() + at.idx())
    }

    /// The registry or the mirror that a block names.
    fn server(&self, values: &Values) -> RegistryId {
        match values.text_opt("mirror") {
            Some(mirror) => self.mirror(mirror),
            None => self.registry(values.text("registry")),
        }
    }

    fn account(&self, name: &str) -> AccountId {
        self.position("account", name)
    }

    fn accounts(&self, names: &[impl AsRef<str>]) -> Vec<AccountId> {
        names.iter().map(|it| self.account(it.as_ref())).collect()
    }

    fn egress(&self, name: &str) -> EgressId {
        self.position("egress", name)
    }

    fn pool(&self, name: &str) -> PoolId {
        self.position("pool", name)
    }

    fn workload(&self, name: &str) -> WorkloadId {
        self.position("workload", name)
    }

    /// The image puller of a pre-pull: pullers stand behind the workloads.
    fn puller(&self, timeline: &str) -> WorkloadId {
        let at = prepulls(self.root).position(|(name, _)| name == timeline);
        let workloads = self.root.named("workload").len();
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
}

/// The pre-pulls of a timeline, by name of their blocks.
pub(crate) fn prepulls(root: &Values) -> impl Iterator<Item = (&str, &Values)> {
    root.named("timeline").filter_map(|(name, event)| Some((name, event.table("prepull")?)))
}

/// Names in a list of names.
pub(crate) fn names<'a>(values: &'a Values, key: &str) -> Vec<&'a str> {
    values.list(key).iter().filter_map(|typed| typed.value.as_text()).collect()
}

/// The spec of checked values.
pub(crate) fn spec(root: &Values, settings: &[Setting]) -> Spec {
    let ids = Ids::new(root, settings);
    let none = Values::new(Origin::DEFAULT);
    let pace = root.table("control_plane").unwrap_or(&none);
    Spec {
        seed: root.integer("seed"),
        horizon: root.span("horizon"),
        control_plane: ControlPlaneSpec {
            controller_qps: pace.count("controller_qps"),
            controller_burst: pace.count("controller_burst"),
            scheduler_qps: pace.count("scheduler_qps"),
            scheduler_burst: pace.count("scheduler_burst"),
        },
        registries: root
            .named("registry")
            .map(|(n, v)| network::registry(n, v))
            .chain(root.named("mirror").map(|(n, v)| mirrors::mirror(&ids, n, v)))
            .collect(),
        accounts: root.named("account").map(|(n, v)| network::account(&ids, n, v)).collect(),
        egresses: root.named("egress").map(|(n, v)| network::egress(n, v)).collect(),
        backgrounds: root
            .named("background")
            .map(|(n, v)| network::background(&ids, n, v))
            .collect(),
        pools: root.named("pool").map(|(n, v)| pods::pool(&ids, n, v)).collect(),
        images: images::all(&ids),
        workloads: pods::workloads(&ids),
        timeline: events::timeline(&ids, settings),
        faults: events::faults(&ids),
        state: state::state(&ids),
    }
}
