//! Public registries other than Docker Hub. What they count and by what is documented in parts
//! only, so most of it is marked unverified.

use super::{Preset, PresetValue};

const ECR: &str = "Amazon ECR Public service quotas: 1 image pull per second without credentials";
const GHCR: &str = "429 bodies seen in public issues: retry-after: …, allowed: 44000/minute";
const K8S: &str = "kubernetes/k8s.io cloud-armor.tf: 2,490 requests per 30 s and client address";
const GUESS: &str = "not documented; best reading";
const CLIENTS: &str = "requests of clients seen in public issues";

const fn v(path: &'static str, value: &'static str, text: &'static str) -> PresetValue {
    PresetValue::new(path, value, text, "2026-08")
}

pub(super) static ALL: &[Preset] = &[
    Preset {
        kind: "registry",
        name: "ecr-public",
        title: "Amazon ECR Public: 1 anonymous pull per second and address",
        values: &[
            v("host", "public.ecr.aws", ECR),
            v("needs_token", "true", CLIENTS),
            v("redirects_blobs", "true", CLIENTS),
            v("limit.ecr-public-pulls.for", "anonymous", ECR),
            v("limit.ecr-public-pulls.key", "address", GUESS).unverified(),
            v("limit.ecr-public-pulls.law", "token-bucket", GUESS).unverified(),
            v("limit.ecr-public-pulls.allow", "1", ECR),
            v("limit.ecr-public-pulls.window", "1s", ECR),
            v("limit.ecr-public-pulls.burst", "1", GUESS).unverified(),
            v("limit.ecr-public-pulls.weight", "{ platform = 1, single = 1 }", GUESS).unverified(),
        ],
        readings: &[],
    },
    Preset {
        kind: "registry",
        name: "ghcr",
        title: "GitHub Container Registry: 44,000 requests per minute",
        values: &[
            v("host", "ghcr.io", GHCR),
            v("needs_token", "true", CLIENTS),
            v("redirects_blobs", "true", CLIENTS),
            v("limit.ghcr-requests.key", "address", GUESS).unverified(),
            v("limit.ghcr-requests.law", "token-bucket", GHCR).unverified(),
            v("limit.ghcr-requests.allow", "44000", GHCR),
            v("limit.ghcr-requests.window", "1m", GHCR),
        ],
        readings: &[],
    },
    Preset {
        kind: "registry",
        name: "registry-k8s-io",
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
