//! Hosts that requests are sent to.

use crate::model::ids::RegistryId;
use crate::model::spec::RegistrySpec;
use crate::units::Span;

/// Which host of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// Manifests and blobs.
    Registry,
    /// Tokens.
    Token,
    /// Blobs, where the registry redirects to them.
    Cdn,
}

impl EndpointKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Registry, Self::Token, Self::Cdn];

    /// The name in outputs, at a registry or at a mirror.
    pub const fn name_at(self, server: &RegistrySpec) -> &'static str {
        match self {
            Self::Registry if server.mirror.is_some() => "mirror",
            Self::Registry => "registry",
            Self::Token => "token",
            Self::Cdn => "cdn",
        }
    }
}

/// One host of one registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whose.
    pub registry: RegistryId,
    /// Which.
    pub kind: EndpointKind,
}

impl Endpoint {
    /// Position among all endpoints of a run.
    pub const fn idx(self) -> usize {
        self.registry.idx() * EndpointKind::ALL.len() + self.kind as usize
    }

    /// Round trip to it.
    pub const fn rtt(self, registry: &RegistrySpec) -> Span {
        match self.kind {
            EndpointKind::Registry => registry.rtt,
            EndpointKind::Token => registry.token_rtt,
            EndpointKind::Cdn => registry.cdn_rtt,
        }
    }
}
