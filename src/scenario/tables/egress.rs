//! `[egress.x]`: a way out of the cluster, and whom the registry sees.

use super::{ENABLED, MOST_BANDWIDTH};
use crate::model::spec::Choose;
use crate::model::words::cause::Cause;
use crate::scenario::field::{Shape, Type};
use crate::scenario::key::{Key, List, Table};
use crate::scenario::presets::EgressPreset;
use crate::units::{Bandwidth, Share, Span};
use crate::words::words;

words! {
    /// Which addresses a registry sees.
    pub(crate) enum EgressKind {
        Nat = "nat",
        PerNode = "per-node",
        Ipv6 = "ipv6",
    }

    /// What a count of ports is per.
    pub(crate) enum PortsPer {
        Node = "node",
        Address = "address",
    }
}

const OF_A_NAT: &str = "it goes with kind = \"nat\"; for another kind add another [egress.…] \
                        and let the pool name it";
const NAT: &[&str] = &[EgressKind::Nat.text()];

/// Most addresses of a NAT.
const MOST_ADDRESSES: u64 = 10_000;
const ADDRESSES_TYPE: Type = Type::Integer { min: 1, max: MOST_ADDRESSES };

pub(crate) const PRESET: Key<EgressPreset> =
    Key::word("preset", "Values of a real gateway").with(KIND, NAT).help(
        "the presets are NAT gateways; for another kind add another [egress.…] and let the \
     pool name it",
    );
pub(crate) const KIND: Key<EgressKind> = Key::word(
    "kind",
    "Shared IPv4 addresses, one IPv4 address per node, or one IPv6 address per node",
)
.default("nat");
pub(crate) const ADDRESSES: Key<u32> =
    Key::new("addresses", ADDRESSES_TYPE, "Addresses of the NAT")
        .default("1")
        .with(KIND, NAT)
        .help(OF_A_NAT);
pub(crate) const CHOOSE: Key<Choose> =
    Key::word("choose", "Whether a node keeps its address or each connection draws one")
        .default("node")
        .unverified(&["connection"], "no gateway documents how it draws an address")
        .with(KIND, NAT)
        .help(OF_A_NAT);
pub(crate) const SHARES: Key<List<Share>> = Key::new(
    "shares",
    Type::List { of: &Type::SHARE, max: MOST_ADDRESSES as usize },
    "Which share of the nodes (or connections) draws each address; left out: all alike",
)
.default("[]")
.with(KIND, NAT)
.help(OF_A_NAT);
pub(crate) const PREFIXES: Key<u32> = Key::new(
    "prefixes",
    Type::Integer { min: 1, max: 100_000 },
    "Number of /64 prefixes that the nodes are spread over",
)
.default("1")
.with(KIND, &[EgressKind::Ipv6.text()])
.help(
    "it goes with kind = \"ipv6\"; for another kind add another [egress.…] and let the \
     pool name it",
);
pub(crate) const PORTS: Key<Table> = Key::new("ports", Type::Table(&PORTS_SHAPE), PORTS_SHAPE.doc);
pub(crate) const BANDWIDTH: Key<Bandwidth> =
    Key::new("bandwidth", Type::Bandwidth, "Most that passes in all, towards the nodes")
        .slows(MOST_BANDWIDTH);

pub(crate) static SHAPE: Shape = Shape {
    doc: "A way out of the cluster: which addresses a registry sees, how many ports, how wide",
    fields: &[
        ENABLED.row,
        PRESET.row,
        KIND.row,
        ADDRESSES.row,
        CHOOSE.row,
        SHARES.row,
        PREFIXES.row,
        PORTS.row,
        BANDWIDTH.row,
    ],
    one_of: &[],
};

pub(crate) const PORTS_PER: Key<PortsPer> =
    Key::word("per", "Whether count is per node or address").default("address");
pub(crate) const PORTS_COUNT: Key<u32> = Key::new(
    "count",
    Type::Integer { min: 1, max: 65_536 },
    "Simultaneous connections to one destination",
)
.required()
.ends_pulls(Cause::EgressPorts, Some("65536"));
pub(crate) const PORTS_HOLD: Key<Span> =
    Key::new("hold", Type::SPAN, "How long a port stays taken after its connection closed")
        .default("60s")
        .unverified(&["16s", "120s"], "after a reset at Azure's gateway; TIME_WAIT at Cloud NAT")
        .ends_pulls(Cause::EgressPorts, Some("0s"));

static PORTS_SHAPE: Shape = Shape {
    doc: "Source ports towards one destination; left out: never scarce",
    fields: &[PORTS_PER.row, PORTS_COUNT.row, PORTS_HOLD.row],
    one_of: &[],
};
