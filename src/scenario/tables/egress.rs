//! `[egress.x]`: a way out of the cluster, and whom the registry sees.

use super::ENABLED;
use crate::model::spec::Choose;
use crate::scenario::field::{Field, Shape, Type};
use crate::scenario::presets::EgressPreset;
use crate::words::{Words, words};

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

/// Most addresses of a NAT.
const MOST_ADDRESSES: u64 = 10_000;
const ADDRESSES: Type = Type::Integer { min: 1, max: MOST_ADDRESSES };

pub(crate) static EGRESS: Shape = Shape {
    doc: "A way out of the cluster: which addresses a registry sees, how many ports, how wide",
    fields: &[
        ENABLED,
        Field::new("preset", Type::Word(EgressPreset::TEXTS), "Values of a real gateway"),
        Field::new(
            "kind",
            Type::Word(EgressKind::TEXTS),
            "Shared IPv4 addresses, one IPv4 address per node, or one IPv6 address per node",
        )
        .default("nat"),
        Field::new("addresses", ADDRESSES, "Addresses of the NAT").default("1"),
        Field::new(
            "choose",
            Type::Word(Choose::TEXTS),
            "Whether a node keeps its address or each connection draws one",
        )
        .default("node")
        .unverified(&["connection"], "no gateway documents how it draws an address"),
        Field::new(
            "shares",
            Type::List { of: &Type::SHARE, max: MOST_ADDRESSES as usize },
            "Which share of the nodes (or connections) draws each address; left out: all alike",
        )
        .default("[]"),
        Field::new(
            "prefixes",
            Type::Integer { min: 1, max: 100_000 },
            "With kind = \"ipv6\": number of /64 prefixes that the nodes are spread over",
        )
        .default("1"),
        Field::new("ports", Type::Table(&PORTS), PORTS.doc),
        Field::new("bandwidth", Type::Bandwidth, "Most that passes in all, towards the nodes"),
    ],
};

static PORTS: Shape = Shape {
    doc: "Source ports towards one destination; left out: never scarce",
    fields: &[
        Field::new("per", Type::Word(PortsPer::TEXTS), "Whether count is per node or address")
            .default("address"),
        Field::new(
            "count",
            Type::Integer { min: 1, max: 65_536 },
            "Simultaneous connections to one destination",
        )
        .required(),
        Field::new("hold", Type::SPAN, "How long a port stays taken after its connection closed")
            .default("60s")
            .unverified(
                &["16s", "120s"],
                "after a reset at Azure's gateway; TIME_WAIT at Cloud NAT",
            ),
    ],
};
