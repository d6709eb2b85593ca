//! The image catalogue.

use super::Ids;
use super::defaults::INDEX;
use crate::model::ids::RegistryId;
use crate::model::spec::{ImageSpec, LayerSpec};
use crate::scenario::reference::Reference;
use crate::scenario::typed::{Value, Values};
use crate::units::Bytes;

pub(super) fn all(ids: &Ids<'_>) -> Vec<ImageSpec> {
    let blocks = ids.root.named("image");
    blocks
        .filter(|(name, _)| ids.images.binary_search(name).is_ok())
        .map(|(name, values)| image(ids, name, values))
        .collect()
}

fn image(ids: &Ids<'_>, name: &str, values: &Values) -> ImageSpec {
    let reference = values.text("reference");
    let platforms: Vec<String> =
        super::names(values, "platforms").into_iter().map(str::to_owned).collect();
    let index = values.bytes_opt("index").or((1 < platforms.len()).then_some(INDEX));
    ImageSpec {
        name: name.to_owned(),
        reference: reference.to_owned(),
        registry: registry(ids, name, reference),
        by_digest: reference.contains('@'),
        platforms,
        index,
        manifest: values.bytes("manifest"),
        config: values.bytes("config"),
        layers: layers(ids.root, name),
    }
}

/// Registries that an image has been copied into, by name; there is one at most.
pub(crate) fn replicating<'a>(
    root: &'a Values,
    image: &str,
) -> impl Iterator<Item = (&'a str, &'a Values)> {
    let copies = move |values: &Values| values.texts("replicates").contains(&image);
    root.named("registry").filter(move |(_, values)| copies(values))
}

/// The registry that an image is pulled from: one that it has been copied into, or that of its
/// reference; an image that is only preloaded has none and is never asked for.
fn registry(ids: &Ids<'_>, name: &str, reference: &str) -> RegistryId {
    if let Some((own, _)) = replicating(ids.root, name).next() {
        return ids.registry(own);
    }
    let host = Reference::parse(reference).map(|reference| reference.host);
    let at = ids.root.named("registry").position(|(_, registry)| registry.text_opt("host") == host);
    RegistryId::from(at.unwrap_or(0))
}

/// The layers of an image from the bottom up, those of the images that it is built from first.
pub(crate) fn layers(root: &Values, name: &str) -> Vec<LayerSpec> {
    let mut chain = Vec::new();
    let mut here = Some(name);
    while let Some(name) = here {
        let Some(values) = root.block("image", name) else { break };
        chain.push((name, values));
        here = values.text_opt("from");
    }
    chain.iter().rev().flat_map(|(name, values)| own_layers(name, values)).collect()
}

/// The layers that an image adds.
pub(crate) fn own_layers(name: &str, values: &Values) -> Vec<LayerSpec> {
    let named = |at: usize, size| LayerSpec { digest: format!("{name}:{at}"), size };
    if let Some(count) = values.integer_opt("layer_count") {
        let total = values.bytes("size").0;
        let (each, rest) = (total / count, total % count);
        let size = |at: u64| Bytes(each + u64::from(at < rest));
        return (0..count).map(|at| named(at as usize, size(at))).collect();
    }
    let layer = |(at, typed): (usize, &crate::scenario::typed::Typed)| match &typed.value {
        Value::Bytes(size) => Some(named(at, *size)),
        Value::Table(layer) => {
            Some(LayerSpec { digest: layer.text("digest").to_owned(), size: layer.bytes("size") })
        }
        _ => None,
    };
    values.list("layers").iter().enumerate().filter_map(layer).collect()
}
