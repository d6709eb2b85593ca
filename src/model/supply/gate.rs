//! The rows of gates that a connection and a request pass, and the causes of their refusals.
//!
//! A connection passes injected dial faults and the egress ports, and takes the time of look-up,
//! dial and TLS. A request passes injected faults and limits at the edge, authorisation, injected
//! faults and limits of the registry. A refusal is data: which gate, which limit or fault. A new
//! throttle is a new gate or a new limit here, never a branch in the kubelet.

use crate::model::World;
use crate::model::ids::{AddressId, NodeId};
use crate::model::record::fact::Fact;
use crate::model::spec::{Answer, RequestKind, Untrusted};
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::reply::{Grant, Reply};
use crate::model::words::request::Request;
use crate::resource::limiter::Admission;
use crate::units::{Span, Time};

/// The row of gates of a request, in order.
#[derive(Clone, Copy, Debug)]
enum RequestGate {
    EdgeFaults,
    EdgeLimits,
    MirrorTrust,
    Authorisation,
    Faults,
    RegistryLimits,
}

const REQUEST_GATES: [RequestGate; 6] = [
    RequestGate::EdgeFaults,
    RequestGate::EdgeLimits,
    RequestGate::MirrorTrust,
    RequestGate::Authorisation,
    RequestGate::Faults,
    RequestGate::RegistryLimits,
];

/// A connection that passed its gates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connected {
    /// From the decision to connect until the first byte of a request can be sent.
    pub(crate) takes: Span,
    /// What the registry sees it come from.
    pub(crate) address: AddressId,
    /// Where it leads, at a mirror.
    pub(crate) replica: Option<u32>,
}

/// A connection that did not come about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unconnected {
    /// Why.
    pub(crate) cause: Cause,
    /// How long after the decision to connect that is known.
    pub(crate) after: Span,
}

impl World<'_> {
    /// Leads a request through its gates at the instant it reaches the endpoint.
    pub(crate) fn pass_request_gates(&mut self, now: Time, request: &Request) -> Reply {
        for gate in REQUEST_GATES {
            let refused = match gate {
                RequestGate::EdgeFaults => self.pass_faults(now, request, true),
                RequestGate::EdgeLimits => self.pass_limits(now, request, true),
                RequestGate::MirrorTrust => self.pass_mirror_trust(request),
                RequestGate::Authorisation => self.pass_authorisation(request),
                RequestGate::Faults => self.pass_faults(now, request, false),
                RequestGate::RegistryLimits => self.pass_limits(now, request, false),
            };
            if let Some(reply) = refused {
                return reply;
            }
        }
        Reply::Served
    }

    fn pass_faults(&mut self, now: Time, request: &Request, at_edge: bool) -> Option<Reply> {
        let (fault, answer) = self.supply.faults.strike(now, request, at_edge)?;
        let cause = Cause::Fault(fault);
        Some(match answer {
            Answer::Status { status, retry_after } => Reply::Refused { status, cause, retry_after },
            Answer::Drop => Reply::Dropped { cause },
            Answer::Hang | Answer::Unreachable | Answer::Refuse => Reply::Hanging { cause },
        })
    }

    fn pass_authorisation(&self, request: &Request) -> Option<Reply> {
        let registry = &self.spec.registries[request.endpoint.registry.idx()];
        let asks_token = request.endpoint.kind == EndpointKind::Registry && registry.needs_token;
        (asks_token && !request.authorised).then_some(Reply::Challenged)
    }

    /// Asks every limit of one gate. Limits that granted before a later one refused have been
    /// spent, as separate limiters in a row do.
    fn pass_limits(&mut self, now: Time, request: &Request, at_edge: bool) -> Option<Reply> {
        if request.endpoint.kind == EndpointKind::Cdn {
            return None;
        }
        let registry = request.endpoint.registry;
        for limit in self.supply.limits.of_registry(registry) {
            if self.supply.limits.at_edge(limit) != at_edge {
                continue;
            }
            let Some(metered) = self.supply.limits.ask(now, limit, request.unit, &request.asker)
            else {
                continue;
            };
            let asker = request.asker;
            self.record.note(now, Fact::LimitAsked { limit, asker, metered });
            if let Admission::Refused { .. } = metered.admission {
                let (status, retry_after) = self.supply.limits.refusal(limit);
                return Some(Reply::Refused { status, cause: Cause::Limit(limit), retry_after });
            }
            if self.supply.limits.is_concurrency(limit) {
                self.supply.granted =
                    Some(Grant { limit, key: metered.key, units: metered.units as u32 });
            }
        }
        None
    }

    /// Whether a request passes the limits of the edge and of the registry, faults aside.
    pub(crate) fn passes_limits(&mut self, now: Time, request: &Request) -> bool {
        let refused =
            self.pass_limits(now, request, true).or_else(|| self.pass_limits(now, request, false));
        if let Some(grant) = self.supply.granted.take() {
            self.supply.limits.release(grant.limit, grant.key, u64::from(grant.units));
        }
        refused.is_none()
    }

    /// Leads a new connection through its gates: look-up, source port, dial, TLS.
    ///
    /// A refusal here is mostly silence: the SYN is dropped, so the caller learns it at the dial
    /// timeout. A mirror stands in the cluster: the way to it passes no gateway.
    pub(crate) fn pass_connection_gates(
        &mut self,
        now: Time,
        node: NodeId,
        endpoint: Endpoint,
        kind: RequestKind,
        key: u64,
    ) -> Result<Connected, Unconnected> {
        let registry = &self.spec.registries[endpoint.registry.idx()];
        let round_trips = 1 + u64::from(registry.tls_round_trips);
        let takes = registry.dns + endpoint.rtt(registry) * round_trips;
        let dial_timeout = self.profile(node).dial_timeout;
        if let Some(unmade) = self.supply.faults.unmade(now, endpoint.registry, kind, key) {
            let after = unmade.after(registry.dns + endpoint.rtt(registry), dial_timeout);
            return Err(self.unconnected(now, Cause::Fault(unmade.fault), after));
        }
        if let Some(mirror) = &registry.mirror {
            if mirror.adoption.untrusted == Some(Untrusted::Tls) {
                return Err(self.unconnected(now, Cause::MirrorUntrusted, takes));
            }
            let state = &mut self.cluster.nodes[node.idx()];
            state.mirror_connections += 1;
            let (address, entity, n) = (state.address, state.key, state.mirror_connections);
            let chance = self.clock.chance;
            let replica =
                self.supply.mirrors.balance(self.spec, chance, endpoint.registry, entity, n);
            return Ok(Connected { takes, address, replica: Some(replica) });
        }
        let address = self.connection_address(node, endpoint.registry);
        if !self.take_port(now, node, address, endpoint) {
            return Err(self.unconnected(now, Cause::EgressPorts, dial_timeout));
        }
        Ok(Connected { takes, address, replica: None })
    }

    fn unconnected(&mut self, now: Time, cause: Cause, after: Span) -> Unconnected {
        self.record.note(now, Fact::Unconnected { cause, of_node: true });
        Unconnected { cause, after }
    }
}
