//! What is known of real registries, gateways and container runtimes: each value with its source
//! and date.
//!
//! A preset is a list of paths and values in the scenario language, laid below what a block says
//! itself.

mod docker_hub;
mod mirrors;
mod nat;
mod registries;
mod runtime;

use super::field::HALF_AND_DOUBLE;
pub use super::field::{Source, Unverified};
use crate::words::words;

words! {
    /// Registries with a preset.
    pub(crate) enum RegistryPreset {
        DockerHub = "docker-hub",
        EcrPublic = "ecr-public",
        Ghcr = "ghcr",
        RegistryK8sIo = "registry-k8s-io",
    }

    /// Descriptions of Docker Hub's counter.
    pub(crate) enum Counting {
        Counter2020 = "2020-counter",
        Text2024 = "2024-text",
        EveryGet = "every-get",
    }

    /// Gateways with a preset.
    pub(crate) enum EgressPreset {
        AwsNatGateway = "aws-nat-gateway",
        AzureNatGateway = "azure-nat-gateway",
        GcpCloudNat = "gcp-cloud-nat",
    }

    /// Software of mirrors, by version.
    pub(crate) enum MirrorKind {
        Distribution28 = "distribution-2.8",
        Distribution3 = "distribution-3",
    }

    /// Container runtimes, by version and by line; a line means its newest version here.
    pub(crate) enum Runtime {
        Containerd17 = "containerd-1.7",
        Containerd1724 = "containerd-1.7.24",
        Containerd1734 = "containerd-1.7.34",
    }
}

/// What is known of one real thing.
#[derive(Debug)]
pub struct Preset {
    /// Kind of block it stands below: `registry`, `egress`, `mirror`; `runtime` stands below
    /// `pool.NAME.client`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub title: &'static str,
    /// Its values.
    pub values: &'static [PresetValue],
    /// Readings to choose from, where sources disagree: a key of the block, and values by its word.
    /// The first one is the default.
    pub readings: &'static [Reading],
}

/// One reading of a matter on which sources disagree.
#[derive(Debug)]
pub struct Reading {
    /// Key of the block that chooses.
    pub key: &'static str,
    /// Word that chooses this reading.
    pub word: &'static str,
    /// What speaks for it.
    pub why: &'static str,
    /// Its values.
    pub values: &'static [PresetValue],
}

/// One value of a preset.
#[derive(Debug)]
pub struct PresetValue {
    /// Path below the block.
    pub path: &'static str,
    /// Value, as the scenario language writes it.
    pub value: &'static str,
    /// Where it is from.
    pub source: Source,
    /// Its other readings, where it is a best reading that nobody could verify.
    pub unverified: Option<Unverified>,
}

/// Why nobody could verify a value of a preset.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Doubt {
    /// It is a best reading.
    Value(&'static PresetValue),
    /// This key of the block chooses it among readings between which sources do not decide.
    Choice(&'static str),
}

impl PresetValue {
    const fn new(
        path: &'static str,
        value: &'static str,
        text: &'static str,
        date: &'static str,
    ) -> Self {
        Self { path, value, source: Source { text, date }, unverified: None }
    }

    const fn unverified(mut self, readings: &'static [&'static str], why: &'static str) -> Self {
        self.unverified = Some(Unverified { readings, why });
        self
    }
}

/// Every preset, by kind and name.
pub fn all() -> impl Iterator<Item = &'static Preset> {
    let registries = [&docker_hub::DOCKER_HUB].into_iter().chain(registries::ALL);
    registries.chain(nat::ALL).chain(mirrors::ALL).chain(runtime::ALL)
}

/// The preset of this kind and name; a runtime's line means its newest version.
pub fn find(kind: &str, name: &str) -> Option<&'static Preset> {
    let of_kind = || all().filter(|preset| preset.kind == kind);
    of_kind().find(|preset| preset.name == name).or_else(|| {
        let line = format!("{name}.");
        let version =
            |preset: &Preset| -> Option<u64> { preset.name.strip_prefix(&line)?.parse().ok() };
        (kind == "runtime")
            .then(|| of_kind().filter(|p| version(p).is_some()).max_by_key(|p| version(p)))?
    })
}

impl Preset {
    /// Why nobody could verify the value of a key below the block: it is marked so, or is one of
    /// several readings between which sources do not decide.
    pub(crate) fn doubt(&self, key: &str) -> Option<Doubt> {
        let is_at = |it: &&'static PresetValue| {
            key.strip_prefix(it.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let value = self.values.iter().filter(is_at).find(|it| it.unverified.is_some());
        let choice = || self.readings.iter().find(|it| it.values.iter().any(|it| is_at(&it)));
        value.map(Doubt::Value).or_else(|| choice().map(|it| Doubt::Choice(it.key)))
    }

    /// The readings that a key of the block chooses from, the default first.
    pub(crate) fn choices<'a>(&self, key: &'a str) -> impl Iterator<Item = &'static Reading> + 'a {
        self.readings.iter().filter(move |it| it.key == key)
    }

    /// The values under the reading that `chosen` names per key, or under the default readings.
    pub fn effective<'a>(
        &'static self,
        chosen: impl Fn(&str) -> Option<&'a str> + 'a,
    ) -> impl Iterator<Item = &'static PresetValue> + 'a {
        let readings = self.readings.iter().filter(move |reading| {
            let first = self.readings.iter().find(|other| other.key == reading.key);
            let default = first.map_or(reading.word, |first| first.word);
            chosen(reading.key).unwrap_or(default) == reading.word
        });
        self.values.iter().chain(readings.flat_map(|reading| reading.values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Words;

    #[test]
    fn the_lists_of_names_are_those_of_the_presets() {
        for (kind, names) in [
            ("registry", RegistryPreset::TEXTS),
            ("egress", EgressPreset::TEXTS),
            ("mirror", MirrorKind::TEXTS),
            ("runtime", Runtime::TEXTS),
        ] {
            for name in names {
                assert!(find(kind, name).is_some(), "{kind} {name}");
            }
            for preset in all().filter(|preset| preset.kind == kind) {
                assert!(names.contains(&preset.name), "{}", preset.name);
            }
        }
        assert_eq!(find("runtime", "containerd-1.7").map(|p| p.name), Some("containerd-1.7.34"));
        let words: Vec<&str> =
            docker_hub::DOCKER_HUB.readings.iter().map(|reading| reading.word).collect();
        assert_eq!(words, Counting::TEXTS);
    }

    #[test]
    fn every_value_has_a_source_and_a_date() {
        for preset in all() {
            for value in preset.values {
                assert!(!value.source.text.is_empty(), "{} {}", preset.name, value.path);
                assert!(value.source.date.starts_with("20"), "{} {}", preset.name, value.path);
            }
        }
    }
}
