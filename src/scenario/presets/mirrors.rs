//! Pull-through caches by version. How they ask upstream and store stands in
//! `model::supply::mirror`.

use super::{MirrorKind, Preset, PresetValue};

const TTL_2: &str = "distribution 2.8.3 registry/proxy/proxymanifeststore.go: repositoryTTL";
const TTL_3: &str = "distribution 3.0.0 registry/proxy/proxyregistry.go: proxy.ttl";

pub(super) static ALL: &[Preset] = &[
    Preset {
        kind: "mirror",
        name: MirrorKind::Distribution28.text(),
        title: "distribution 2.8 as a pull-through cache: stores by a fetch of its own",
        values: &[PresetValue::new("ttl", "168h", TTL_2, "2023-10")],
        readings: &[],
    },
    Preset {
        kind: "mirror",
        name: MirrorKind::Distribution3.text(),
        title: "distribution 3 as a pull-through cache: writes down what it passes on",
        values: &[PresetValue::new("ttl", "168h", TTL_3, "2025-04")],
        readings: &[],
    },
];
