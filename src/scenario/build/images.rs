//! The image catalogue.

use super::Ids;
use crate::model::ids::RegistryId;
use crate::model::spec::ImageSpec;
use crate::scenario::reference::Reference;
use crate::scenario::resolve::images::{layers, replicating};
use crate::scenario::tables::{self, image, registry};
use crate::scenario::typed::Values;

pub(super) fn all(ids: &Ids<'_>) -> Vec<ImageSpec> {
    let blocks = ids.root.blocks(tables::IMAGE);
    blocks
        .filter(|(name, _)| ids.images.binary_search(name).is_ok())
        .map(|(name, values)| image(ids, name, values))
        .collect()
}

fn image(ids: &Ids<'_>, name: &str, values: &Values) -> ImageSpec {
    let reference = values.opt(image::REFERENCE).unwrap_or_default();
    let platforms: Vec<String> =
        values.the(image::PLATFORMS).into_iter().map(str::to_owned).collect();
    ImageSpec {
        name: name.to_owned(),
        reference: reference.to_owned(),
        registry: registry_of(ids, name, reference),
        by_digest: reference.contains('@'),
        platforms,
        index: values.opt(image::INDEX),
        manifest: values.the(image::MANIFEST),
        config: values.the(image::CONFIG),
        layers: layers(ids.root, name),
    }
}

/// The registry that an image is pulled from: one that it has been copied into, or that of its
/// reference; an image that is only preloaded has none and is never asked for.
fn registry_of(ids: &Ids<'_>, name: &str, reference: &str) -> RegistryId {
    if let Some((own, _)) = replicating(ids.root, name).next() {
        return ids.registry(own);
    }
    let host = Reference::parse(reference).map(|reference| reference.host);
    let mut registries = ids.root.blocks(tables::REGISTRY);
    let at = registries.position(|(_, registry)| registry.opt(registry::HOST) == host);
    RegistryId::from(at.unwrap_or(0))
}
