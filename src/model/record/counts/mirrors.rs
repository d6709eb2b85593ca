//! What is known of mirrors beside their requests: what they had, what they took from upstream, and
//! what went past them.

use crate::model::ids::RegistryId;
use crate::model::spec::Spec;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::units::Bytes;

/// What is known of one mirror, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MirrorTally {
    /// Manifests and blobs that it sent to nodes from its storage, and all that it sent.
    pub(crate) hits: u64,
    pub(crate) objects: u64,
    /// Body bytes that it received from upstream.
    pub(crate) upstream: Bytes,
    /// Requests of nodes for manifests and blobs that it could have answered: those sent to it, and
    /// all.
    pub(crate) asked: u64,
    pub(crate) wanted: u64,
}

/// What is known of each mirror.
#[derive(Clone, Debug)]
pub(crate) struct MirrorTallies {
    /// By server; those of registries stay empty.
    tallies: Vec<MirrorTally>,
    /// Mirrors of each server.
    mirrors_of: Vec<Vec<RegistryId>>,
    /// What each server is a mirror of.
    upstream_of: Vec<Option<RegistryId>>,
}

impl MirrorTallies {
    pub(crate) fn of(spec: &Spec) -> Self {
        let upstream_of: Vec<Option<RegistryId>> =
            spec.registries.iter().map(|it| Some(it.mirror.as_ref()?.upstream)).collect();
        let mut mirrors_of = vec![Vec::new(); upstream_of.len()];
        for (number, upstream) in upstream_of.iter().enumerate() {
            if let Some(upstream) = upstream {
                mirrors_of[upstream.idx()].push(RegistryId::from(number));
            }
        }
        Self { tallies: vec![MirrorTally::default(); upstream_of.len()], mirrors_of, upstream_of }
    }

    /// A node asked an endpoint: whether what mirrors could answer went to one of them.
    pub(crate) fn asked(&mut self, endpoint: Endpoint) {
        if endpoint.kind != EndpointKind::Registry {
            return;
        }
        let server = endpoint.registry;
        let upstream = self.upstream_of[server.idx()];
        if upstream.is_some() {
            self.tallies[server.idx()].asked += 1;
        }
        for mirror in &self.mirrors_of[upstream.unwrap_or(server).idx()] {
            self.tallies[mirror.idx()].wanted += 1;
        }
    }

    /// A mirror sends a manifest or blob to a node.
    pub(crate) fn sent(&mut self, mirror: RegistryId, is_hit: bool) {
        let tally = &mut self.tallies[mirror.idx()];
        tally.objects += 1;
        tally.hits += u64::from(is_hit);
    }

    /// Body bytes arrived at a mirror.
    pub(crate) fn received(&mut self, mirror: RegistryId, bytes: Bytes) {
        self.tallies[mirror.idx()].upstream += bytes;
    }

    pub(crate) fn one(&self, mirror: RegistryId) -> MirrorTally {
        self.tallies[mirror.idx()]
    }

    /// All mirrors as one, where there are any. Of a registry with several, whatever goes to one of
    /// them is not past them.
    pub(crate) fn all(&self) -> Option<MirrorTally> {
        let mut all = MirrorTally::default();
        let mut any = false;
        for mirrors in self.mirrors_of.iter().filter(|it| !it.is_empty()) {
            any = true;
            for &mirror in mirrors {
                let it = self.one(mirror);
                all.hits += it.hits;
                all.objects += it.objects;
                all.upstream += it.upstream;
                all.asked += it.asked;
            }
            all.wanted += self.one(mirrors[0]).wanted;
        }
        any.then_some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Server 0 has the mirrors 1 and 2, server 3 has none.
    #[test]
    fn what_goes_to_one_of_two_mirrors_is_not_past_them() {
        let ids = |numbers: &[usize]| numbers.iter().map(|&it| RegistryId::from(it)).collect();
        let of_0 = Some(RegistryId::from(0));
        let mut tallies = MirrorTallies {
            tallies: vec![MirrorTally::default(); 4],
            mirrors_of: vec![ids(&[1, 2]), vec![], vec![], vec![]],
            upstream_of: vec![None, of_0, of_0, None],
        };
        let registry =
            |number| Endpoint { registry: RegistryId::from(number), kind: EndpointKind::Registry };
        for number in [0, 1, 1, 2, 3] {
            tallies.asked(registry(number));
        }
        tallies.asked(Endpoint { kind: EndpointKind::Token, ..registry(1) });
        let counts = |it: MirrorTally| (it.asked, it.wanted);
        let one = |number| counts(tallies.one(RegistryId::from(number)));
        assert_eq!([one(1), one(2), one(3)], [(2, 4), (1, 4), (0, 0)]);
        assert_eq!(tallies.all().map(counts), Some((3, 4)));
    }
}
