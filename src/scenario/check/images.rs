//! The image catalogue.

use std::collections::BTreeMap;

use crate::scenario::build::{names, replicating};
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::field::MOST_LAYERS;
use crate::scenario::reference::Reference;
use crate::scenario::typed::{Value, Values};
use crate::scenario::walk::shorten;
use crate::units::Bytes;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    replicas(root, problems);
    let mut sizes: BTreeMap<&str, (Bytes, &str)> = BTreeMap::new();
    let mut own = BTreeMap::new();
    for (name, image) in root.named("image") {
        reference(root, name, image, problems);
        own.insert(name, own_layers(name, image, problems));
        for typed in image.list("layers") {
            let Value::Table(layer) = &typed.value else { continue };
            let (Some(digest), Some(size)) = (layer.text_opt("digest"), layer.bytes_opt("size"))
            else {
                continue;
            };
            let (known, other) = *sizes.entry(digest).or_insert((size, name));
            if known != size {
                let message = format!(
                    "the layer {digest} has {size} in image `{name}` and {known} in `{other}`"
                );
                problems
                    .error(Code::TwoSizes, typed.origin, message)
                    .help("a digest is one content with one size");
            }
        }
        let mut platforms = names(image, "platforms");
        platforms.sort_unstable();
        let repeated = platforms.windows(2).find(|pair| pair[0] == pair[1]);
        if image.get("platforms").is_some() && platforms.is_empty() || repeated.is_some() {
            let what =
                repeated.map_or("is empty".to_owned(), |pair| format!("has {} twice", pair[0]));
            problems
                .error(
                    Code::OutOfRange,
                    image.origin("platforms"),
                    format!("`image.{name}.platforms` {what}"),
                )
                .help("name each architecture once, such as [\"amd64\", \"arm64\"]");
        }
    }
    chains(root, &own, problems);
}

/// Images that registries have copies of: one registry each, and another than their own.
fn replicas(root: &Values, problems: &mut Problems<'_>) {
    for (registry, values) in root.named("registry") {
        let path = format!("registry.{registry}.replicates");
        let origin = values.origin("replicates");
        for image in values.texts("replicates") {
            super::pods::pullable(root, image, origin, problems);
            let first = replicating(root, image).next().map(|it| it.0);
            if let Some(other) = first.filter(|it| *it != registry) {
                let message = format!("`{path}` has image `{image}`, and so has `{other}`");
                problems
                    .error(Code::NotHere, origin, message)
                    .help("an image is pulled from one registry: keep it in one of them");
            }
            let reference = root.block("image", image).and_then(|it| it.text_opt("reference"));
            let host = reference.and_then(Reference::parse).map(|it| it.host);
            if host.is_some() && host == values.text_opt("host") {
                let message = format!("`{path}` has image `{image}`, which is of this registry");
                problems
                    .error(Code::NotHere, origin, message)
                    .help("list images of other registries: those that have been copied here");
            }
        }
    }
}

fn reference(root: &Values, name: &str, image: &Values, problems: &mut Problems<'_>) {
    let Some(text) = image.text_opt("reference") else { return };
    let origin = image.origin("reference");
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
    let hosts = || root.named("registry").map(|(_, registry)| registry.text("host"));
    if replicating(root, name).next().is_some() {
        return;
    }
    let all_known = root.named("registry").all(|(_, registry)| registry.given("host"));
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
    let listed = image.given("layers");
    let (counted, sized) = (image.given("layer_count"), image.given("size"));
    let mut complain = |key: &str, message: String| {
        problems
            .error(Code::Layers, image.get(key).map_or(image.origin, |typed| typed.origin), message)
            .help("give layers = [\"29MB\", …], or layer_count and size");
    };
    match (listed, counted, sized) {
        (true, true, _) => {
            complain("layer_count", format!("`image.{name}` has both layers and layer_count"));
        }
        (true, _, true) => complain("size", format!("`image.{name}` has both layers and size")),
        (_, true, false) => complain("layer_count", format!("`image.{name}` has no `size`")),
        (_, false, true) => complain("size", format!("`image.{name}` has no `layer_count`")),
        (false, false, false) if !image.given("from") => {
            complain("layers", format!("`image.{name}` has no layers"));
        }
        _ => {}
    }
    image.integer_opt("layer_count").unwrap_or(image.list("layers").len() as u64)
}

/// Images that are built from others: no circles, and not too many layers in all.
fn chains(root: &Values, own: &BTreeMap<&str, u64>, problems: &mut Problems<'_>) {
    for (name, image) in root.named("image") {
        let mut path = vec![name];
        let mut layers = own.get(name).copied().unwrap_or(0);
        let mut next = image.text_opt("from");
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
            next = root.block("image", base).and_then(|image| image.text_opt("from"));
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
            image.origin("from"),
            format!("images are built from each other in a circle: {circle}"),
        )
        .help("one of them has to do without `from`");
}
