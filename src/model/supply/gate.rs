//! The row of gates that a request passes at its endpoint.
//!
//! A request passes injected faults and limits at the edge, authorisation, injected faults and
//! limits of the registry. A refusal is data: which gate, which limit or fault. A new throttle is a
//! new gate or a new limit here, never a branch in the kubelet.

use crate::model::World;
use crate::model::record::fact::Fact;
use crate::model::spec::{Answer, RequestKind};
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::EndpointKind;
use crate::model::words::reply::{Grant, Reply};
use crate::model::words::request::Request;
use crate::resource::limiter::Admission;
use crate::units::Time;

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

impl World<'_> {
    /// Leads a request through its gates at the instant it reaches the endpoint; what a concurrency
    /// limit granted comes with the reply, whatever the gates behind it say.
    pub(crate) fn pass_request_gates(
        &mut self,
        now: Time,
        request: &Request,
    ) -> (Reply, Option<Grant>) {
        let mut grant = None;
        for gate in REQUEST_GATES {
            let refused = match gate {
                RequestGate::EdgeFaults => self.pass_faults(now, request, true),
                RequestGate::EdgeLimits => self.pass_limits(now, request, true, &mut grant),
                RequestGate::MirrorTrust => self.pass_mirror_trust(request),
                RequestGate::Authorisation => self.pass_authorisation(request),
                RequestGate::Faults => self.pass_faults(now, request, false),
                RequestGate::RegistryLimits => self.pass_limits(now, request, false, &mut grant),
            };
            if let Some(reply) = refused {
                return (reply, grant);
            }
        }
        let registry = &self.spec.registries[request.endpoint.registry.idx()];
        let redirects = request.kind == RequestKind::BlobGet && registry.redirects_blobs;
        (if redirects { Reply::Redirected } else { Reply::Served }, grant)
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
    fn pass_limits(
        &mut self,
        now: Time,
        request: &Request,
        at_edge: bool,
        grant: &mut Option<Grant>,
    ) -> Option<Reply> {
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
                *grant = Some(Grant { limit, key: metered.key, units: metered.units as u32 });
            }
        }
        None
    }

    /// Whether a request passes the limits of the edge and of the registry, faults aside.
    pub(crate) fn passes_limits(&mut self, now: Time, request: &Request) -> bool {
        let mut grant = None;
        let refused = self
            .pass_limits(now, request, true, &mut grant)
            .or_else(|| self.pass_limits(now, request, false, &mut grant));
        if let Some(grant) = grant {
            self.supply.limits.release(grant);
        }
        refused.is_none()
    }
}
