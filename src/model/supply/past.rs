//! What was spent of limits before the start.

use crate::model::ids::RegistryId;
use crate::model::spec::{CounterSpec, LimitStateSpec, Spec};
use crate::model::supply::egress::shared_key;
use crate::units::Span;

/// What counters of a limit begin with.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// Stable keys of their owners.
    owners: Vec<u64>,
    /// What was spent, by how long ago, the longest first.
    pub(crate) past: Vec<(Span, u64)>,
    /// When their windows begin, where the state says so.
    pub(crate) phase: Option<Span>,
}

impl Begun {
    /// What the state says of a limit with this window.
    pub(crate) fn of_limit(
        spec: &Spec,
        registry: RegistryId,
        limit: usize,
        window: Span,
        account_key: impl Fn(&str) -> u64,
    ) -> Vec<Self> {
        let owner = |it: &CounterSpec| match *it {
            CounterSpec::Shared(egress, nth) => {
                shared_key(&spec.egresses[egress.idx()].name, u64::from(nth))
            }
            CounterSpec::Account(account) => account_key(&spec.accounts[account.idx()].name),
            CounterSpec::Registry => 0,
        };
        let of = |it: &&LimitStateSpec| it.registry == registry && it.limit == limit;
        let states = spec.state.limits.iter().filter(of);
        states
            .map(|it| Self {
                owners: it.counters.iter().map(owner).collect(),
                past: it.past(window),
                phase: it.phase(window),
            })
            .collect()
    }

    /// Whether a counter begins so.
    pub(crate) fn is_of(&self, owner_key: u64) -> bool {
        self.owners.contains(&owner_key)
    }
}
