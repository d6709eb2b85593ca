//! Images: where they are pulled from, what they are made of, when a container asks for them.

use super::rolls;
use crate::model::spec::{ImagePullPolicy, LayerSpec};
use crate::scenario::reference::Reference;
use crate::scenario::tables::{self, control_plane, image, registry, timeline, workload};
use crate::scenario::typed::{Or, Values};
use crate::units::Bytes;

/// Registries that an image has been copied into, by name; there is one at most.
pub(crate) fn replicating<'a>(
    root: &'a Values,
    image: &str,
) -> impl Iterator<Item = (&'a str, &'a Values)> {
    let copies = move |values: &Values| values.get(registry::REPLICATES).contains(&image);
    root.blocks(tables::REGISTRY).filter(move |(_, values)| copies(values))
}

/// The reference of an image, where it has one that can be read.
pub(crate) fn reference<'a>(root: &'a Values, image: &str) -> Option<Reference<'a>> {
    Reference::parse(root.block(tables::IMAGE, image)?.opt(image::REFERENCE)?)
}

/// The host that an image is pulled from.
pub(crate) fn host<'a>(root: &'a Values, image: &str) -> Option<&'a str> {
    if let Some((_, own)) = replicating(root, image).next() {
        return own.opt(registry::HOST);
    }
    reference(root, image).map(|reference| reference.host)
}

/// The layers of an image from the bottom up, those of the images that it is built from first.
pub(crate) fn layers(root: &Values, name: &str) -> Vec<LayerSpec> {
    let mut chain: Vec<(&str, &Values)> = Vec::new();
    let mut here = Some(name);
    while let Some(name) = here {
        let Some(values) = root.block(tables::IMAGE, name) else { break };
        // Images that are built from each other in a circle are told elsewhere.
        if chain.iter().any(|it| it.0 == name) {
            break;
        }
        chain.push((name, values));
        here = values.opt(image::FROM);
    }
    chain.iter().rev().flat_map(|(name, values)| own_layers(name, values)).collect()
}

/// The layers that an image adds.
fn own_layers(name: &str, values: &Values) -> Vec<LayerSpec> {
    let named = |at: usize, size| LayerSpec { digest: format!("{name}:{at}"), size };
    if let Some(count) = values.opt(image::LAYER_COUNT).map(u64::from) {
        let total = values.get(image::SIZE).0;
        let (each, rest) = (total / count, total % count);
        let size = |at: u64| Bytes(each + u64::from(at < rest));
        return (0..count).map(|at| named(at as usize, size(at))).collect();
    }
    let layers = values.get(image::LAYERS).into_iter().enumerate();
    layers
        .map(|(at, layer)| match layer {
            Or::Plain(size) => named(at, size),
            Or::Table(layer) => LayerSpec {
                digest: layer.get(image::LAYER_DIGEST).to_owned(),
                size: layer.get(image::LAYER_SIZE),
            },
        })
        .collect()
}

/// Containers and init containers of a workload.
pub(crate) fn containers(workload: &Values) -> impl Iterator<Item = &Values> {
    let init = workload.get(workload::INIT_CONTAINERS);
    workload.get(workload::CONTAINERS).into_iter().chain(init)
}

/// The images of a workload, its containers' first.
pub(crate) fn of_workload(workload: &Values) -> impl Iterator<Item = &str> {
    containers(workload).filter_map(|container| container.opt(workload::CONTAINER_IMAGE))
}

/// The images that rollouts bring to a workload.
pub(crate) fn rolled_to<'a>(root: &'a Values, workload: &str) -> impl Iterator<Item = &'a str> {
    rolls(root)
        .filter(move |roll| roll.values.opt(timeline::WORKLOAD) == Some(workload))
        .flat_map(|roll| roll.values.pairs(timeline::REPLACE).map(|(_, new, _)| new))
}

/// The policy of a container: what it says, or what the API server makes of the reference. Where
/// the admission plugin is on, always `Always`.
pub(crate) fn policy(
    root: &Values,
    written: Option<ImagePullPolicy>,
    image: &str,
) -> ImagePullPolicy {
    let control_plane = root.opt(tables::CONTROL_PLANE);
    if control_plane.is_some_and(|it| it.get(control_plane::ALWAYS_PULL_IMAGES)) {
        return ImagePullPolicy::Always;
    }
    written.unwrap_or_else(|| {
        reference(root, image)
            .map_or(ImagePullPolicy::IfNotPresent, |reference| reference.default_policy())
    })
}

/// The policy of a container of a workload.
pub(crate) fn policy_of(root: &Values, container: &Values) -> ImagePullPolicy {
    let written = container.opt(workload::CONTAINER_IMAGE_PULL_POLICY);
    policy(root, written, container.get(workload::CONTAINER_IMAGE))
}
