//! One exchange: a connection where there is none, the request's way, its gates, its answer, and
//! how long a body takes to gather speed. Whoever sends says who it is and what it asks; what to
//! make of the answer is the rules' of its client.
//!
//! A new connection passes injected dial faults and the egress ports, and takes the time of
//! look-up, dial and TLS. What a request passes at its endpoint is in `supply/gate.rs`.

use crate::model::World;
use crate::model::ids::{AddressId, NodeId, ReplicaId};
use crate::model::record::fact::Fact;
use crate::model::spec::{RequestKind, Untrusted};
use crate::model::wire::path::Way;
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::Endpoint;
use crate::model::words::kubelet_events::Sign;
use crate::model::words::reply::{Grant, Reply};
use crate::model::words::request::Request;
use crate::units::{Span, Time};

/// Whoever sends requests.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    /// The runtime of a node.
    Node(NodeId),
    /// A server of a mirror.
    Replica(ReplicaId),
}

impl Caller {
    /// The node, where ports are allotted to machines.
    const fn node(self) -> Option<NodeId> {
        match self {
            Self::Node(node) => Some(node),
            Self::Replica(_) => None,
        }
    }
}

/// A connection that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dial {
    pub(crate) caller: Caller,
    pub(crate) endpoint: Endpoint,
    /// The request that it is made for: its kind and its key.
    pub(crate) kind: RequestKind,
    pub(crate) key: u64,
    /// Silence is given up after this long.
    pub(crate) timeout: Span,
}

/// A connection that passed its gates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connected {
    /// From the decision to connect until the first byte of a request can be sent.
    pub(crate) takes: Span,
    /// What the registry sees it come from.
    pub(crate) address: AddressId,
    /// Where it leads, at a mirror.
    pub(crate) replica: Option<ReplicaId>,
}

/// A connection that did not come about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unconnected {
    /// Why.
    pub(crate) cause: Cause,
    /// How long after the decision to connect that is known.
    pub(crate) after: Span,
    /// How it looks to whoever dialled.
    pub(crate) sign: Sign,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    /// What a concurrency limit granted, whatever became of the request behind it: to be given
    /// back when the answer is complete.
    pub(crate) grant: Option<Grant>,
    /// When it is back.
    pub(crate) back: Time,
}

impl World<'_> {
    /// Leads a new connection through its gates: look-up, source port, dial, TLS.
    ///
    /// A refusal here is mostly silence: the SYN is dropped, so the caller learns it at the dial
    /// timeout. A mirror stands in the cluster: the way to it passes no gateway.
    pub(crate) fn connect(&mut self, now: Time, dial: &Dial) -> Result<Connected, Unconnected> {
        let Dial { caller, endpoint, kind, key, timeout } = *dial;
        let server = &self.spec.registries[endpoint.registry.idx()];
        let way = Way::to(endpoint, server);
        if let Some(unmade) = self.supply.faults.unmade(now, endpoint.registry, kind, key) {
            let after = unmade.after(way.refusing(), timeout);
            let sign = if after < timeout { Sign::DialRefused } else { Sign::DialTimeout };
            return Err(self.unconnected(now, caller, Cause::Fault(unmade.fault), after, sign));
        }
        let takes = way.connecting();
        if let (Some(mirror), Caller::Node(node)) = (&server.mirror, caller) {
            if mirror.adoption.untrusted == Some(Untrusted::Tls) {
                let (cause, sign) = (Cause::MirrorUntrusted, Sign::Untrusted);
                return Err(self.unconnected(now, caller, cause, takes, sign));
            }
            let state = &mut self.cluster.nodes[node.idx()];
            state.mirror_connections += 1;
            let (address, entity, n) = (state.address, state.key, state.mirror_connections);
            let chance = self.clock.chance;
            let replica =
                self.supply.mirrors.balance(self.spec, chance, endpoint.registry, entity, n);
            return Ok(Connected { takes, address, replica: Some(replica) });
        }
        let address = match caller {
            Caller::Node(node) => self.connection_address(node, endpoint.registry),
            Caller::Replica(replica) => {
                self.supply.mirrors.connection_address(self.spec, &self.supply.egresses, replica)
            }
        };
        if !self.supply.egresses.take(now, address, caller.node(), endpoint) {
            let (cause, sign) = (Cause::EgressPorts, Sign::DialTimeout);
            return Err(self.unconnected(now, caller, cause, timeout, sign));
        }
        Ok(Connected { takes, address, replica: None })
    }

    fn unconnected(
        &mut self,
        now: Time,
        caller: Caller,
        cause: Cause,
        after: Span,
        sign: Sign,
    ) -> Unconnected {
        let of_node = matches!(caller, Caller::Node(_));
        self.record.note(now, Fact::Unconnected { cause, of_node });
        Unconnected { cause, after, sign }
    }

    /// A request that arrived passes the gates of its endpoint, or of a replica of a mirror there;
    /// the answer is back in a while.
    pub(crate) fn judge(
        &mut self,
        now: Time,
        request: &Request,
        replica: Option<ReplicaId>,
    ) -> Answer {
        let gone = replica.and_then(|it| self.mirror_is_gone(now, it));
        let (reply, grant) = match gone {
            Some(reply) => (reply, None),
            None => self.pass_request_gates(now, request),
        };
        let server = &self.spec.registries[request.endpoint.registry.idx()];
        let back = now + Way::to(request.endpoint, server).answering();
        Answer { reply, grant, back }
    }
}
