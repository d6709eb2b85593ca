//! What pulls ask: registries and their gates, ways out, mirrors, and others who ask as well.

pub(crate) mod background;
pub(crate) mod egress;
pub(crate) mod gate;
pub(crate) mod mirror;
pub(crate) mod past;
pub(crate) mod registry;

use crate::engine::chance::Chance;
use crate::model::ids::{AddressId, LimitId};
use crate::model::spec::{LimitKey, Spec};
use crate::resource::link::{LinkId, Links};
use crate::units::Time;
use egress::Egresses;
use mirror::Mirrors;
use registry::{Faults, Limits};

/// Servers, the ways to them, and what is scarce there.
pub(crate) struct Supply {
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) egresses: Egresses,
    pub(crate) links: Links,
    pub(crate) registry_links: Vec<Option<LinkId>>,
    pub(crate) mirrors: Mirrors,
    /// Flows that ended at this instant; kept so that it allocates nothing.
    pub(crate) finished_flows: Vec<u64>,
    /// The instant for which rates are to be solved anew.
    pub(crate) links_changed_at: Option<Time>,
}

impl Supply {
    /// Everything that `spec` says of servers and ways out.
    pub(crate) fn new(spec: &Spec, chance: Chance) -> Self {
        let mut links = Links::new();
        let mut link = |capacity: Option<_>| capacity.map(|it| links.add_link(it));
        let egress_links: Vec<_> = spec.egresses.iter().map(|it| link(it.bandwidth)).collect();
        let registry_links = spec.registries.iter().map(|it| link(it.bandwidth)).collect();
        let mut egresses = Egresses::new(spec, chance, &egress_links);
        let mirrors = Mirrors::new(spec, &mut links, &mut egresses);
        Self {
            limits: Limits::new(spec, chance),
            faults: Faults::new(spec, chance),
            egresses,
            links,
            registry_links,
            mirrors,
            finished_flows: Vec::new(),
            links_changed_at: None,
        }
    }

    /// The address, prefix or account of a counter, as outputs show it.
    pub(crate) fn key_label(&self, spec: &Spec, limit: LimitId, owner: u32) -> String {
        match self.limits.key_kind(limit) {
            LimitKey::Address => self.egresses.address_label(AddressId(owner)),
            LimitKey::Prefix64 => self.egresses.prefix_label(owner),
            LimitKey::Account => format!("account.{}", spec.accounts[owner as usize].name),
            LimitKey::Registry => "everybody".to_owned(),
        }
    }
}
