//! Registries: their endpoints, their limits by identity, and the faults injected into them.

use crate::engine::chance::{Chance, combine, stable_hash};
use crate::model::Purpose;
use crate::model::ids::{AccountId, FaultId, LimitId, RegistryId};
use crate::model::spec::{Answer, Clients, FaultSpec, LimitKey, LimitSpec, RequestKind, Spec};
use crate::model::supply::past::Begun;
use crate::model::words::asker::Asker;
use crate::model::words::cause::Cause;
use crate::model::words::kubelet_events::{Body, Sign};
use crate::model::words::reply::{Grant, Metered, Reply};
use crate::model::words::request::{Request, Unit};
use crate::resource::limiter::{Law, Limiter, Rule};
use crate::units::{Span, Time};

/// All limits of a run, numbered through.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    all: Vec<Limit>,
    /// First limit of each registry; one more entry than registries.
    first: Vec<u16>,
    /// Stable keys of the accounts.
    account_keys: Vec<u64>,
    chance: Chance,
}

#[derive(Clone, Debug)]
struct Limit {
    spec: LimitSpec,
    key: u64,
    limiter: Limiter,
    /// Whether each account of the run falls under it, by account.
    accounts: Vec<bool>,
    /// The counter of each address, prefix or account that asked so far.
    counters: Vec<Option<u32>>,
    /// The address, prefix or account of each counter.
    owners: Vec<u32>,
    /// Counters that were spent on before the start.
    begun: Vec<Begun>,
}

impl Limits {
    pub(crate) fn new(spec: &Spec, chance: Chance) -> Self {
        let mut limits = Vec::new();
        let mut first = vec![0];
        let account_key = |name: &str| combine(stable_hash("account"), stable_hash(name));
        for (number, registry) in spec.registries.iter().enumerate() {
            for (nth, limit) in registry.limits.iter().enumerate() {
                let id = RegistryId::from(number);
                let window = limit.rule.window;
                let begun = Begun::of_limit(spec, id, nth, window, account_key);
                limits.push(Limit::new(spec, id, limit, begun));
            }
            first.push(limits.len() as u16);
        }
        let account_keys = spec.accounts.iter().map(|it| account_key(&it.name)).collect();
        Self { all: limits, first, account_keys, chance }
    }

    /// The limits of one registry, in order.
    pub(crate) fn of_registry(
        &self,
        registry: RegistryId,
    ) -> impl Iterator<Item = LimitId> + use<> {
        (self.first[registry.idx()]..self.first[registry.idx() + 1]).map(LimitId)
    }

    /// Whether it stands at the edge, before authorisation.
    pub(crate) fn at_edge(&self, limit: LimitId) -> bool {
        self.all[limit.idx()].spec.at_edge
    }

    /// Asks a limit; `None` where it does not count such a request of such a client.
    pub(crate) fn ask(
        &mut self,
        now: Time,
        limit: LimitId,
        unit: Unit,
        asker: &Asker,
    ) -> Option<Metered> {
        let chance = self.chance;
        let limit = &mut self.all[limit.idx()];
        let units = limit.weight(unit);
        if units == 0 || !limit.counts(asker.account) {
            return None;
        }
        let (owner, owner_key) = limit.owner(asker, &self.account_keys)?;
        let key = limit.counter(owner, owner_key, chance);
        Some(Metered { admission: limit.limiter.ask(now, key, units), units, key })
    }

    /// What a `ratelimit-remaining` header says: whole pulls left of whoever asks, where a limit
    /// of pulls counts them.
    pub(crate) fn pulls_left(
        &mut self,
        now: Time,
        registry: RegistryId,
        asker: &Asker,
    ) -> Option<u64> {
        let chance = self.chance;
        let limits = self.of_registry(registry);
        let mut of = |limit: LimitId| {
            let limit = &mut self.all[limit.idx()];
            if !states_pull_limit(&limit.spec) || !limit.counts(asker.account) {
                return None;
            }
            let (owner, owner_key) = limit.owner(asker, &self.account_keys)?;
            if limit.begun.iter().any(|it| it.is_of(owner_key)) {
                limit.counter(owner, owner_key, chance);
            }
            let counter = limit.counters.get(owner as usize).copied().flatten();
            let capacity = limit.limiter.capacity();
            Some(counter.map_or(capacity, |key| limit.limiter.left(now, key)) / 1_000)
        };
        limits.filter_map(&mut of).min()
    }

    /// What a client sees of a reply that is no success: how it failed and never why.
    pub(crate) fn sign_of(&self, reply: Reply) -> Option<Sign> {
        match reply {
            Reply::Refused { status, cause: Cause::Limit(limit), .. } => {
                let explains = states_pull_limit(&self.all[limit.idx()].spec);
                let body = if explains { Body::PullLimit } else { Body::Bare };
                Some(Sign::Status(status, body))
            }
            Reply::Refused { status, .. } => Some(Sign::Status(status, Body::Bare)),
            Reply::Dropped { .. } => Some(Sign::Closed),
            Reply::Served | Reply::Redirected | Reply::Challenged | Reply::Hanging { .. } => None,
        }
    }

    /// Gives back what a concurrency limit granted.
    pub(crate) fn release(&mut self, grant: Grant) {
        self.all[grant.limit.idx()].limiter.release(grant.key, u64::from(grant.units));
    }

    /// Whether grants of this limit are given back when the answer is complete.
    pub(crate) fn is_concurrency(&self, limit: LimitId) -> bool {
        self.all[limit.idx()].spec.rule.law == Law::Concurrency
    }

    /// Status and Retry-After of its refusals.
    pub(crate) fn refusal(&self, limit: LimitId) -> (u16, Option<Span>) {
        let spec = &self.all[limit.idx()].spec;
        (spec.status, spec.retry_after)
    }

    /// Changes its allowance at once.
    pub(crate) fn set_allow(&mut self, now: Time, registry: RegistryId, nth: usize, allow: u64) {
        let limit = usize::from(self.first[registry.idx()]) + nth;
        self.all[limit].limiter.set_allow(now, allow);
    }

    /// Number of limits.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// What it counts by.
    pub(crate) fn key_kind(&self, limit: LimitId) -> LimitKey {
        self.all[limit.idx()].spec.key
    }

    /// Counters so far, each with the address, prefix or account it belongs to and the units left.
    pub(crate) fn levels(&self, now: Time, limit: LimitId) -> impl Iterator<Item = (u32, u64)> {
        let limit = &self.all[limit.idx()];
        limit.owners.iter().zip(0..).map(move |(&owner, key)| (owner, limit.limiter.left(now, key)))
    }

    /// Requests per second that a counter lets through for ever, where the limit counts every
    /// request at the registry alike and refills within the hour.
    pub(crate) fn request_rate(&self, limit: LimitId) -> Option<f64> {
        let spec = &self.all[limit.idx()].spec;
        let Rule { allow, window, .. } = Some(spec.rule).filter(|it| it.has_windows())?;
        let weights = spec.weights;
        let kinds = [weights.head, weights.index, weights.platform, weights.single, weights.blob];
        let alike = 0 < weights.head && kinds.iter().all(|&it| it == weights.head);
        let short = window <= Span::from_secs(3_600);
        (alike && short).then(|| allow as f64 / f64::from(weights.head) / window.as_secs_f64())
    }

    /// What a full counter holds.
    pub(crate) fn capacity(&self, limit: LimitId) -> u64 {
        self.all[limit.idx()].limiter.capacity()
    }
}

impl Limit {
    fn new(spec: &Spec, registry: RegistryId, limit: &LimitSpec, begun: Vec<Begun>) -> Self {
        let accounts = spec
            .accounts
            .iter()
            .map(|it| {
                it.registry == registry
                    && match &limit.clients {
                        Clients::Anonymous => false,
                        Clients::Account => limit.tier.as_ref().is_none_or(|t| *t == it.tier),
                        Clients::Everyone => true,
                    }
            })
            .collect();
        let name = &spec.registries[registry.idx()].name;
        Self {
            key: combine(stable_hash("limit"), stable_hash(&format!("{name}.{}", limit.name))),
            limiter: Limiter::new(limit.rule, limit.rejected_consume),
            spec: limit.clone(),
            accounts,
            counters: Vec::new(),
            owners: Vec::new(),
            begun,
        }
    }

    fn weight(&self, unit: Unit) -> u64 {
        let weights = &self.spec.weights;
        u64::from(match unit {
            Unit::Token => weights.token,
            Unit::Head => weights.head,
            Unit::Index => weights.index,
            Unit::Platform => weights.platform,
            Unit::Single => weights.single,
            Unit::Blob => weights.blob,
            Unit::Ping => weights.ping,
        })
    }

    /// Whose counter a request falls to: a dense number, and its stable key.
    fn owner(&self, asker: &Asker, account_keys: &[u64]) -> Option<(u32, u64)> {
        Some(match self.spec.key {
            LimitKey::Address => (asker.address.0, asker.address_key),
            LimitKey::Prefix64 => (asker.prefix, asker.prefix_key),
            LimitKey::Account => {
                let account = asker.account?;
                (u32::from(account.0), account_keys[account.idx()])
            }
            LimitKey::Registry => (0, 0),
        })
    }

    fn counts(&self, account: Option<AccountId>) -> bool {
        match account {
            Some(account) => self.accounts[account.idx()],
            None => self.spec.clients != Clients::Account,
        }
    }

    /// The counter of an owner, opened when it first asks. Windows of a fixed-window law start at a
    /// phase keyed by limit and owner, unless the scenario anchors them.
    fn counter(&mut self, owner: u32, owner_key: u64, chance: Chance) -> u32 {
        let slot = owner as usize;
        if self.counters.len() <= slot {
            self.counters.resize(slot + 1, None);
        }
        if let Some(key) = self.counters[slot] {
            return key;
        }
        let begun = self.begun.iter().find(|it| it.is_of(owner_key));
        let Rule { law, window, .. } = self.spec.rule;
        let phase =
            begun.and_then(|it| it.phase).unwrap_or_else(|| match (law, self.spec.anchor) {
                (Law::FixedWindow, Some(anchor)) => anchor,
                (Law::FixedWindow, None) => {
                    chance.draw(Purpose::WindowPhase as u64, self.key, owner_key).span_below(window)
                }
                (Law::SlidingLog | Law::TokenBucket | Law::Concurrency, _) => Span::ZERO,
            });
        let past = begun.map_or(&[][..], |it| &it.past);
        let key = self.limiter.open_key_after(phase, past);
        self.counters[slot] = Some(key);
        self.owners.push(owner);
        key
    }
}

/// A connection that a fault kept from being made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unmade {
    pub(crate) fault: FaultId,
    answer: Answer,
}

impl Unmade {
    /// When whoever dials knows: a refusal comes back after a look-up and a round trip, silence
    /// lasts until the dial times out.
    pub(crate) fn after(self, round_trip: Span, dial_timeout: Span) -> Span {
        if self.answer == Answer::Refuse { round_trip } else { dial_timeout }
    }
}

/// Injected faults and outages.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    all: Vec<Fault>,
    chance: Chance,
}

#[derive(Clone, Debug)]
struct Fault {
    spec: FaultSpec,
    key: u64,
    matched: u64,
}

impl Faults {
    pub(crate) fn new(spec: &Spec, chance: Chance) -> Self {
        let faults = spec
            .faults
            .iter()
            .map(|it| Fault {
                spec: it.clone(),
                key: combine(stable_hash("fault"), stable_hash(&it.name)),
                matched: 0,
            })
            .collect();
        Self { all: faults, chance }
    }

    /// The first fault that strikes a request which reached an endpoint, in front of authorisation
    /// or behind it.
    pub(crate) fn strike(
        &mut self,
        now: Time,
        request: &Request,
        at_edge: bool,
    ) -> Option<(FaultId, Answer)> {
        let Request { endpoint, kind, layer, key, .. } = *request;
        self.find(now, endpoint.registry, kind, layer, key, |it| {
            !it.answer.keeps_from_connecting() && it.at_edge == at_edge
        })
    }

    /// The first fault that keeps a connection from being made.
    pub(crate) fn unmade(
        &mut self,
        now: Time,
        registry: RegistryId,
        kind: RequestKind,
        key: u64,
    ) -> Option<Unmade> {
        self.find(now, registry, kind, None, key, |it| it.answer.keeps_from_connecting())
            .map(|(fault, answer)| Unmade { fault, answer })
    }

    /// Whom a share strikes hangs on who asks, not on how many asked before.
    fn find(
        &mut self,
        now: Time,
        registry: RegistryId,
        kind: RequestKind,
        layer: Option<u32>,
        key: u64,
        fits: impl Fn(&FaultSpec) -> bool,
    ) -> Option<(FaultId, Answer)> {
        let chance = self.chance;
        for (number, fault) in self.all.iter_mut().enumerate() {
            let spec = &fault.spec;
            let inside = spec.registry == registry
                && spec.requests.contains(kind)
                && Time::ZERO + spec.from <= now
                && spec.until.is_none_or(|until| now < Time::ZERO + until)
                && (spec.layers.is_empty() || layer.is_some_and(|it| spec.layers.contains(&it)))
                && fits(spec);
            if !inside {
                continue;
            }
            fault.matched += 1;
            let mut draw = chance.draw(Purpose::FaultShare as u64, fault.key, key);
            let struck = draw.below(1_000_000) < u64::from(spec.share.millionths());
            let in_first = spec.first.is_none_or(|first| fault.matched <= u64::from(first));
            if struck && in_first {
                return Some((FaultId::from(number), spec.answer));
            }
        }
        None
    }
}

/// A limit that counts manifest GETs alone is one of pulls, and a registry that has one says so in
/// its refusals and its headers (docs.docker.com/docker-hub/usage/pulls); a limit that counts other
/// requests answers without explanation (docs.docker.com/docker-hub/usage).
const fn states_pull_limit(limit: &LimitSpec) -> bool {
    let weights = &limit.weights;
    let gets = weights.index + weights.platform + weights.single;
    limit.status == 429 && 0 < gets && weights.head + weights.token + weights.blob == 0
}
