//! Registries, accounts, ways out.

use super::Ids;
use crate::model::spec::{
    AccountSpec, Addressing, BackgroundSpec, EgressSpec, LimitSpec, PortsSpec, RegistrySpec,
    Weights,
};
use crate::resource::limiter::{Law, Rule};
use crate::scenario::tables::egress::{EgressKind, PortsPer};
use crate::scenario::typed::{Value, Values};

pub(super) fn registry(name: &str, values: &Values) -> RegistrySpec {
    RegistrySpec {
        name: name.to_owned(),
        host: values.text("host").to_owned(),
        private: values.bool("private"),
        rtt: values.span("rtt"),
        token_rtt: values.span("token_rtt"),
        cdn_rtt: values.span("cdn_rtt"),
        dns: values.span("dns"),
        tls_round_trips: values.count("tls_round_trips"),
        server_time: values.span("server_time"),
        needs_token: values.bool("needs_token"),
        token_post: values.bool("token_post"),
        redirects_blobs: values.bool("redirects_blobs"),
        connection_bandwidth: values.bandwidth_opt("connection_bandwidth"),
        bandwidth: values.bandwidth_opt("bandwidth"),
        limits: values.named("limit").map(|(name, values)| limit(name, values)).collect(),
        mirror: None,
    }
}

fn limit(name: &str, values: &Values) -> LimitSpec {
    LimitSpec {
        name: name.to_owned(),
        clients: values.the("for"),
        tier: values.text_opt("tier").map(str::to_owned),
        key: values.the("key"),
        rule: rule(values),
        anchor: values.span_opt("anchor"),
        weights: weights(values),
        rejected_consume: values.bool("rejected_consume"),
        retry_after: values.span_opt("retry_after"),
        status: values.count("status") as u16,
        at_edge: values.bool("edge"),
    }
}

fn rule(values: &Values) -> Rule {
    let allow = values.milli("allow");
    let window = values.span("window");
    match values.the("law") {
        Law::FixedWindow => Rule::fixed_window(allow, window),
        Law::SlidingLog => Rule::sliding_log(allow, window),
        Law::TokenBucket => {
            Rule::token_bucket(allow, window, values.milli_opt("burst").unwrap_or(allow))
        }
        Law::Concurrency => Rule::concurrency(allow),
    }
}

fn weights(values: &Values) -> Weights {
    values.table("weight").map_or_else(Weights::default, |weight| Weights {
        token: weight.milli32("token"),
        head: weight.milli32("head"),
        index: weight.milli32("index"),
        platform: weight.milli32("platform"),
        single: weight.milli32("single"),
        blob: weight.milli32("blob"),
        ping: weight.milli32("ping"),
    })
}

pub(super) fn account(ids: &Ids<'_>, name: &str, values: &Values) -> AccountSpec {
    AccountSpec {
        name: name.to_owned(),
        registry: ids.registry(values.text("registry")),
        tier: values.text("tier").to_owned(),
    }
}

pub(super) fn egress(name: &str, values: &Values) -> EgressSpec {
    EgressSpec {
        name: name.to_owned(),
        addressing: match values.the("kind") {
            EgressKind::PerNode => Addressing::PerNode,
            EgressKind::Ipv6 => Addressing::Ipv6 { prefixes: values.count("prefixes") },
            EgressKind::Nat => Addressing::Nat {
                addresses: values.count("addresses"),
                choose: values.the("choose"),
            },
        },
        shares: values
            .list("shares")
            .iter()
            .filter_map(|typed| match typed.value {
                Value::Share(share) => Some(share),
                _ => None,
            })
            .collect(),
        ports: values.table("ports").map(|ports| PortsSpec {
            per_node: match ports.the("per") {
                PortsPer::Node => true,
                PortsPer::Address => false,
            },
            count: ports.count("count"),
            hold: ports.span("hold"),
        }),
        bandwidth: values.bandwidth_opt("bandwidth"),
    }
}

pub(super) fn background(ids: &Ids<'_>, name: &str, values: &Values) -> BackgroundSpec {
    BackgroundSpec {
        name: name.to_owned(),
        egress: ids.egress(values.text("egress")),
        registry: ids.registry(values.text("registry")),
        account: values.text_opt("account").map(|name| ids.account(name)),
        millipulls_per_hour: values.milli("pulls_per_hour"),
    }
}
