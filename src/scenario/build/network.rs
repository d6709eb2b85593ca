//! Registries, accounts, ways out.

use super::Ids;
use crate::model::spec::{
    AccountSpec, Addressing, BackgroundSpec, EgressSpec, LimitSpec, PortsSpec, RegistrySpec,
    Weights,
};
use crate::resource::limiter::{Law, Rule};
use crate::scenario::tables::egress::{EgressKind, PortsPer};
use crate::scenario::tables::{account, background, egress, limit, registry};
use crate::scenario::typed::Values;

pub(super) fn registry(name: &str, values: &Values) -> RegistrySpec {
    RegistrySpec {
        name: name.to_owned(),
        host: values.the(registry::HOST).to_owned(),
        private: values.the(registry::PRIVATE),
        rtt: values.the(registry::RTT),
        token_rtt: values.the(registry::TOKEN_RTT),
        cdn_rtt: values.the(registry::CDN_RTT),
        dns: values.the(registry::DNS),
        tls_round_trips: values.the(registry::TLS_ROUND_TRIPS),
        server_time: values.the(registry::SERVER_TIME),
        needs_token: values.the(registry::NEEDS_TOKEN),
        token_post: values.the(registry::TOKEN_POST),
        token_lifetime: values.the(registry::TOKEN_LIFETIME),
        redirects_blobs: values.the(registry::REDIRECTS_BLOBS),
        connection_bandwidth: values.opt(registry::CONNECTION_BANDWIDTH),
        bandwidth: values.opt(registry::BANDWIDTH),
        limits: values.blocks(registry::LIMIT).map(|(name, values)| limit(name, values)).collect(),
        mirror: None,
    }
}

fn limit(name: &str, values: &Values) -> LimitSpec {
    LimitSpec {
        name: name.to_owned(),
        clients: values.the(limit::FOR),
        tier: values.opt(limit::TIER).map(str::to_owned),
        key: values.the(limit::KEY),
        rule: rule(values),
        anchor: values.opt(limit::ANCHOR),
        weights: weights(values),
        rejected_consume: values.the(limit::REJECTED_CONSUME),
        retry_after: values.opt(limit::RETRY_AFTER),
        status: values.the(limit::STATUS),
        at_edge: values.the(limit::EDGE),
    }
}

pub(super) fn rule(values: &Values) -> Rule {
    let allow = values.the(limit::ALLOW);
    let window = || values.the(limit::WINDOW);
    match values.the(limit::LAW) {
        Law::FixedWindow => Rule::fixed_window(allow, window()),
        Law::SlidingLog => Rule::sliding_log(allow, window()),
        Law::TokenBucket => Rule::token_bucket(allow, window(), values.the(limit::BURST)),
        Law::Concurrency => Rule::concurrency(allow),
    }
}

fn weights(values: &Values) -> Weights {
    values.opt(limit::WEIGHT).map_or_else(Weights::default, |weight| Weights {
        token: weight.the(limit::WEIGHT_TOKEN),
        head: weight.the(limit::WEIGHT_HEAD),
        index: weight.the(limit::WEIGHT_INDEX),
        platform: weight.the(limit::WEIGHT_PLATFORM),
        single: weight.the(limit::WEIGHT_SINGLE),
        blob: weight.the(limit::WEIGHT_BLOB),
        ping: weight.the(limit::WEIGHT_PING),
    })
}

pub(super) fn account(ids: &Ids<'_>, name: &str, values: &Values) -> AccountSpec {
    AccountSpec {
        name: name.to_owned(),
        registry: ids.registry(values.the(account::REGISTRY)),
        tier: values.the(account::TIER).to_owned(),
    }
}

pub(super) fn egress(name: &str, values: &Values) -> EgressSpec {
    EgressSpec {
        name: name.to_owned(),
        addressing: match values.the(egress::KIND) {
            EgressKind::PerNode => Addressing::PerNode,
            EgressKind::Ipv6 => Addressing::Ipv6 { prefixes: values.the(egress::PREFIXES) },
            EgressKind::Nat => Addressing::Nat {
                addresses: values.the(egress::ADDRESSES),
                choose: values.the(egress::CHOOSE),
            },
        },
        shares: values.the(egress::SHARES),
        ports: values.opt(egress::PORTS).map(|ports| PortsSpec {
            per_node: match ports.the(egress::PORTS_PER) {
                PortsPer::Node => true,
                PortsPer::Address => false,
            },
            count: ports.the(egress::PORTS_COUNT),
            hold: ports.the(egress::PORTS_HOLD),
        }),
        bandwidth: values.opt(egress::BANDWIDTH),
    }
}

pub(super) fn background(ids: &Ids<'_>, name: &str, values: &Values) -> BackgroundSpec {
    BackgroundSpec {
        name: name.to_owned(),
        egress: ids.egress(values.the(background::EGRESS)),
        registry: ids.registry(values.the(background::REGISTRY)),
        account: values.opt(background::ACCOUNT).map(|name| ids.account(name)),
        millipulls_per_hour: values.the(background::PULLS_PER_HOUR),
    }
}
