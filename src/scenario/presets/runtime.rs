//! Container runtimes by version: the rules of the pull in numbers.

use super::{Preset, PresetValue, Runtime};

const RESOLVER: &str = "containerd core/remotes/docker/resolver.go; confirmed by running it";
const CRI: &str = "containerd pkg/cri/config, config_unix.go";
const PULL: &str = "containerd pkg/cri/server/image_pull.go";
const DIGEST: &str = "containerd before commit 9b7fa6131; confirmed by running it";
const HTTP: &str = "containerd core/remotes/docker/config/hosts.go: default transport";

/// containerd 1.7: the same numbers from 1.7.13 on.
const CONTAINERD_1_7: &[PresetValue] = &[
    PresetValue::new("requests_per_object", "6", RESOLVER, "2026-08"),
    PresetValue::new("max_concurrent_downloads", "3", CRI, "2026-08"),
    PresetValue::new("progress_timeout", "5m", CRI, "2026-08"),
    PresetValue::new("progress_check", "10s", PULL, "2026-08"),
    PresetValue::new("dial_timeout", "30s", HTTP, "2026-08"),
    PresetValue::new("idle_timeout", "30s", HTTP, "2026-08"),
    PresetValue::new("head_blob_after_failed_head", "true", DIGEST, "2026-08"),
];

pub(super) static ALL: &[Preset] = &[
    Preset {
        kind: "runtime",
        name: Runtime::Containerd1724.text(),
        title: "containerd 1.7.24: retries 429 at once, six requests per object",
        values: CONTAINERD_1_7,
        readings: &[],
    },
    Preset {
        kind: "runtime",
        name: Runtime::Containerd1734.text(),
        title: "containerd 1.7.34: retries 429 at once, six requests per object",
        values: CONTAINERD_1_7,
        readings: &[],
    },
];
