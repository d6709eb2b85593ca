//! The image catalogue.

use std::collections::BTreeMap;

use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::field::{Field, MOST_LAYERS};
use crate::scenario::reference::Reference;
use crate::scenario::resolve;
use crate::scenario::resolve::images::replicating;
use crate::scenario::source::Origin;
use crate::scenario::tables::{self, image, pool, registry};
use crate::scenario::typed::{Or, Values};
use crate::scenario::walk::shorten;
use crate::units::Bytes;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    replicas(root, problems);
    let mut sizes: BTreeMap<&str, (Bytes, &str)> = BTreeMap::new();
    let mut own = BTreeMap::new();
    for (name, image) in root.blocks(tables::IMAGE) {
        reference(root, name, image, problems);
        own.insert(name, own_layers(name, image, problems));
        for (layer, origin) in image.items(image::LAYERS) {
            let Or::Table(layer) = layer else { continue };
            let (Some(digest), Some(size)) =
                (layer.opt(image::LAYER_DIGEST), layer.opt(image::LAYER_SIZE))
            else {
                continue;
            };
            let (known, other) = *sizes.entry(digest).or_insert((size, name));
            if known != size {
                let message = format!(
                    "the layer {digest} has {size} in image `{name}` and {known} in `{other}`"
                );
                problems
                    .error(Code::TwoSizes, origin, message)
                    .help("a digest is one content with one size");
            }
        }
        let mut platforms = image.get(image::PLATFORMS);
        platforms.sort_unstable();
        let repeated = platforms.windows(2).find(|pair| pair[0] == pair[1]);
        if image.has(image::PLATFORMS) && platforms.is_empty() || repeated.is_some() {
            let what =
                repeated.map_or("is empty".to_owned(), |pair| format!("has {} twice", pair[0]));
            problems
                .error(
                    Code::OutOfRange,
                    image.origin(image::PLATFORMS),
                    format!("`image.{name}.platforms` {what}"),
                )
                .help("name each architecture once, such as [\"amd64\", \"arm64\"]");
        }
    }
    chains(root, &own, problems);
}

/// Images that registries have copies of: one registry each, and another than their own.
fn replicas(root: &Values, problems: &mut Problems<'_>) {
    for (registry, values) in root.blocks(tables::REGISTRY) {
        let path = format!("registry.{registry}.replicates");
        let origin = values.origin(registry::REPLICATES);
        for image in values.get(registry::REPLICATES) {
            pullable(root, image, origin, problems);
            let first = replicating(root, image).next().map(|it| it.0);
            if let Some(other) = first.filter(|it| *it != registry) {
                let message = format!("`{path}` has image `{image}`, and so has `{other}`");
                problems
                    .error(Code::NotHere, origin, message)
                    .help("an image is pulled from one registry: keep it in one of them");
            }
            let host = resolve::images::reference(root, image).map(|it| it.host);
            if host.is_some() && host == values.opt(registry::HOST) {
                let message = format!("`{path}` has image `{image}`, which is of this registry");
                problems
                    .error(Code::NotHere, origin, message)
                    .help("list images of other registries: those that have been copied here");
            }
        }
    }
}

fn reference(root: &Values, name: &str, image: &Values, problems: &mut Problems<'_>) {
    let Some(text) = image.opt(image::REFERENCE) else { return };
    let origin = image.origin(image::REFERENCE);
    let Some(reference) = Reference::parse(text) else {
        problems
            .error(
                Code::BadReference,
                origin,
                format!("`image.{name}.reference` is no image reference: \"{text}\""),
            )
            .help("write host/path:tag or host/path@sha256:…, such as \"docker.io/acme/api:1.25\"");
        return;
    };
    let hosts = || root.blocks(tables::REGISTRY).filter_map(|(_, it)| it.opt(registry::HOST));
    if replicating(root, name).next().is_some() {
        return;
    }
    let all_known =
        root.blocks(tables::REGISTRY).all(|(_, registry)| registry.given(registry::HOST));
    if all_known && !hosts().any(|host| host == reference.host) {
        let message = format!("no registry has the host {} of image `{name}`", reference.host);
        let problem = problems.error(Code::NoRegistry, origin, message);
        problem.did_you_mean(reference.host, hosts());
        let known: Vec<&str> = hosts().collect();
        problem.help(format!(
            "add or switch on a [registry.…] with host = \"{}\"; hosts: {}",
            reference.host,
            if known.is_empty() { "none".into() } else { shorten(&known) }
        ));
    }
}

/// The number of layers that an image adds.
fn own_layers(name: &str, image: &Values, problems: &mut Problems<'_>) -> u64 {
    let listed = image.given(image::LAYERS);
    let (counted, sized) = (image.given(image::LAYER_COUNT), image.given(image::SIZE));
    let mut complain = |key: &Field, message: String| {
        problems
            .error(Code::Layers, image.origin(key), message)
            .help("give layers = [\"29MB\", …], or layer_count and size");
    };
    match (listed, counted, sized) {
        (true, true, _) => {
            complain(
                &image::LAYER_COUNT.row,
                format!("`image.{name}` has both layers and layer_count"),
            );
        }
        (true, _, true) => {
            complain(&image::SIZE.row, format!("`image.{name}` has both layers and size"));
        }
        (_, true, false) => {
            complain(&image::LAYER_COUNT.row, format!("`image.{name}` has no `size`"));
        }
        (_, false, true) => {
            complain(&image::SIZE.row, format!("`image.{name}` has no `layer_count`"));
        }
        (false, false, false) if !image.given(image::FROM) => {
            complain(&image::LAYERS.row, format!("`image.{name}` has no layers"));
        }
        (true | false, false, false) | (false, true, true) => {}
    }
    let counted = image.opt(image::LAYER_COUNT).map(u64::from);
    counted.unwrap_or(image.get(image::LAYERS).len() as u64)
}

/// Images that are built from others: no circles, and not too many layers in all.
fn chains(root: &Values, own: &BTreeMap<&str, u64>, problems: &mut Problems<'_>) {
    for (name, image) in root.blocks(tables::IMAGE) {
        let mut path = vec![name];
        let mut layers = own.get(name).copied().unwrap_or(0);
        let mut next = image.opt(image::FROM);
        while let Some(base) = next {
            if base == name {
                report_cycle(&path, image, problems);
                return;
            }
            if path.contains(&base) {
                break;
            }
            path.push(base);
            layers += own.get(base).copied().unwrap_or(0);
            next = root.block(tables::IMAGE, base).and_then(|image| image.opt(image::FROM));
        }
        if (MOST_LAYERS as u64) < layers {
            problems.error(
                Code::TooMuch,
                image.origin,
                format!(
                    "image `{name}` has {layers} layers with those it is built from, more than the \
                     {MOST_LAYERS} allowed"
                ),
            );
        }
    }
}

fn report_cycle(path: &[&str], image: &Values, problems: &mut Problems<'_>) {
    let circle = path.iter().chain(&path[..1]).copied().collect::<Vec<_>>().join(" from ");
    problems
        .error(
            Code::Cycle,
            image.origin(image::FROM),
            format!("images are built from each other in a circle: {circle}"),
        )
        .help("one of them has to do without `from`");
}

/// Reports an image that a pod runs and that has no reference.
pub(super) fn pullable(root: &Values, image: &str, origin: Origin, problems: &mut Problems<'_>) {
    if root.block(tables::IMAGE, image).is_some_and(|values| !values.given(image::REFERENCE)) {
        problems
            .error(
                Code::MissingKey,
                origin,
                format!("image `{image}` has no `reference`, and a pod needs one"),
            )
            .help(format!("add one to [image.{image}], such as \"docker.io/acme/{image}:1\""));
    }
}

/// Warns of images that lack the platform of the pool where they are pulled.
pub(super) fn has_platform<'a>(
    root: &Values,
    of_what: &str,
    pool: &str,
    images: impl Iterator<Item = &'a str>,
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    let arch = root.block(tables::POOL, pool).and_then(|values| values.opt(pool::ARCH));
    for image in images {
        let platforms = root.block(tables::IMAGE, image).map(|it| it.get(image::PLATFORMS));
        if let (Some(arch), Some(platforms)) = (arch, platforms)
            && !platforms.is_empty()
            && !platforms.contains(&arch)
        {
            let message = format!(
                "image `{image}` of {of_what} has no {arch}, which is what pool `{pool}` is"
            );
            problems.warning(Code::NoPlatform, origin, message).help(format!(
                "its pulls will fail with platform-missing; its platforms: {}",
                platforms.join(", ")
            ));
        }
    }
}
