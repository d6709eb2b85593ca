//! Accounts that make things worse: many addresses whose requests one account's limit counts
//! together, where each would have had a limit of its own without credentials.

use std::collections::BTreeSet;

use crate::model::World;
use crate::model::ids::{LimitId, RegistryId};
use crate::model::record::outcome::SharedAccount;
use crate::model::spec::{Clients, LimitKey, LimitSpec};
use crate::resource::limiter::Rule;
use crate::units::Span;

/// Who asked the counters of a limit that is keyed by account: counter, address, prefix.
pub(crate) type Senders = BTreeSet<(u32, u32, u32)>;

/// Units per window of a rule that has windows.
fn per_window(rule: Rule) -> Option<(u64, Span)> {
    rule.has_windows().then_some((rule.allow, rule.window))
}

impl World<'_> {
    /// Each account that was refused by a limit of its own while the addresses that it was used
    /// from would have had more units without it: by the smallest such limit of the same registry
    /// that counts the same requests.
    pub(super) fn shared_accounts(&self) -> Vec<SharedAccount> {
        let registries = self.spec.registries.iter().enumerate();
        let limits = registries.flat_map(|(number, registry)| {
            let ids = self.supply.limits.of_registry(RegistryId::from(number));
            ids.zip(&registry.limits).map(|(id, limit)| (id, limit, &registry.limits))
        });
        let of_accounts = limits.filter(|(_, limit, _)| limit.key == LimitKey::Account);
        of_accounts.flat_map(|(id, limit, all)| self.shared_at(id, limit, all)).collect()
    }

    fn shared_at(&self, id: LimitId, limit: &LimitSpec, all: &[LimitSpec]) -> Vec<SharedAccount> {
        let Some((allow, window)) = per_window(limit.rule) else { return Vec::new() };
        let tally = &self.record.counts.limits[id.idx()];
        let owners = self.supply.limits.levels(self.clock.end, id).map(|it| it.0);
        let counters = (0u32..).zip(tally.counters.iter().zip(owners));
        let refused = counters.filter(|(_, (counter, _))| 0 < counter.refused);
        let shared = refused.filter_map(|(counter, (_, account))| {
            let asked = tally.senders.range((counter, 0, 0)..(counter + 1, 0, 0));
            let addresses: BTreeSet<u32> = asked.clone().map(|it| it.1).collect();
            let prefixes: BTreeSet<u32> = asked.map(|it| it.2).collect();
            let apart = all.iter().filter_map(|other| {
                let senders = match other.key {
                    LimitKey::Address => &addresses,
                    LimitKey::Prefix64 => &prefixes,
                    LimitKey::Account | LimitKey::Registry => return None,
                };
                let alike = other.clients == Clients::Anonymous && other.weights == limit.weights;
                let (each, other_window) = per_window(other.rule).filter(|_| alike)?;
                // In the account's window.
                let units =
                    u128::from(each) * senders.len() as u128 * u128::from(window.as_micros())
                        / u128::from(other_window.as_micros());
                Some((units as u64, senders.len() as u64))
            });
            let (units_apart, addresses) = apart.min()?;
            (allow < units_apart).then(|| SharedAccount {
                limit: self.record.causes.limit_label(id).to_owned(),
                account: self.spec.accounts[account as usize].name.clone(),
                addresses,
                units: allow as f64 / 1e3,
                units_apart: units_apart as f64 / 1e3,
            })
        });
        shared.collect()
    }
}
