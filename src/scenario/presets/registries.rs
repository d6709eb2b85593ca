//! Public registries other than Docker Hub. What they count and by what is documented in parts
//! only, so most of it is marked unverified.

use super::{Preset, PresetKind, PresetValue, RegistryPreset};

const ECR: &str = "Amazon ECR Public service quotas: 1 image pull per second without credentials";
const GHCR: &str = "429 bodies seen in public issues: retry-after: …, allowed: 44000/minute";
const K8S: &str = "kubernetes/k8s.io cloud-armor.tf: 2,490 requests per 30 s and client address";
const GUESS: &str = "not documented; best reading";
const BURST: &str = "of six pulls at once five were refused (a CI note, 2026-10): not many more";
const TOKENS: &str = "not known here: as Docker Hub's";
const CLIENTS: &str = "requests of clients seen in public issues";

const fn v(path: &'static str, value: &'static str, text: &'static str) -> PresetValue {
    PresetValue::new(path, value, text, "2026-08")
}

pub(super) static ALL: &[Preset] = &[
    Preset {
        kind: PresetKind::Registry,
        name: RegistryPreset::EcrPublic.text(),
        title: "Amazon ECR Public: 1 anonymous pull per second and address",
        values: &[
            v("host", "public.ecr.aws", ECR),
            v("needs_token", "true", CLIENTS),
            v("token_lifetime", "5m", TOKENS),
            v("redirects_blobs", "true", CLIENTS),
            v("limit.ecr-public-pulls.for", "anonymous", ECR),
            v("limit.ecr-public-pulls.key", "address", GUESS)
                .unverified(&["prefix64"], "how IPv6 is counted is not documented"),
            v("limit.ecr-public-pulls.law", "token-bucket", GUESS).unverified(
                &["fixed-window", "sliding-log"],
                "a rate per second fits any; a bucket is how private ECR counts",
            ),
            v("limit.ecr-public-pulls.allow", "1", ECR),
            v("limit.ecr-public-pulls.window", "1s", ECR),
            v("limit.ecr-public-pulls.burst", "1", GUESS).unverified(&["2"], BURST),
            v("limit.ecr-public-pulls.weight", "{ platform = 1, single = 1 }", GUESS).unverified(
                &[
                    "{ index = 1, platform = 1, single = 1 }",
                    "{ index = 1, platform = 0, single = 1 }",
                ],
                "\"image pulls\" may be every manifest GET, or the GET that a tag leads to",
            ),
        ],
        readings: &[],
    },
    Preset {
        kind: PresetKind::Registry,
        name: RegistryPreset::Ghcr.text(),
        title: "GitHub Container Registry: 44,000 requests per minute",
        values: &[
            v("host", "ghcr.io", GHCR),
            v("needs_token", "true", CLIENTS),
            v("token_lifetime", "5m", TOKENS),
            v("redirects_blobs", "true", CLIENTS),
            v("limit.ghcr-requests.key", "address", GUESS).unverified(
                &["prefix64", "registry"],
                "per address or per token: with one token, a cluster has one counter",
            ),
            v("limit.ghcr-requests.law", "token-bucket", GHCR)
                .unverified(&["fixed-window"], "a bucket is inferred from waits of 1 ms"),
            v("limit.ghcr-requests.allow", "44000", GHCR),
            v("limit.ghcr-requests.window", "1m", GHCR),
            v("limit.ghcr-requests.burst", "44000", GUESS)
                .unverified(&["733", "22000"], "nothing is known: the units of a second, and half"),
        ],
        readings: &[],
    },
    Preset {
        kind: PresetKind::Registry,
        name: RegistryPreset::RegistryK8sIo.text(),
        title: "registry.k8s.io: 2,490 requests per 30 s and address",
        values: &[
            v("host", "registry.k8s.io", K8S),
            v("redirects_blobs", "true", "kubernetes/registry.k8s.io request-handling.md"),
            v("limit.registry-k8s-io-requests.key", "address", K8S),
            v("limit.registry-k8s-io-requests.law", "fixed-window", K8S),
            v("limit.registry-k8s-io-requests.allow", "2490", K8S),
            v("limit.registry-k8s-io-requests.window", "30s", K8S),
            v("limit.registry-k8s-io-requests.edge", "true", K8S),
        ],
        readings: &[],
    },
];
