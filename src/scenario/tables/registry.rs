//! `[registry.x]`: a registry.

use super::{ENABLED, MOST_BANDWIDTH, limit};
use crate::scenario::field::{HALF_AND_DOUBLE, Kind, MOST_BLOCKS, Shape, Type};
use crate::scenario::key::{Key, List, Name, Named, Text};
use crate::scenario::presets::{Counting, RegistryPreset};
use crate::units::{Bandwidth, Span};

pub(super) const RTT_TYPE: Type = Type::Span { min: Span::ZERO, max: Span::from_secs(60) };

pub(crate) const PRESET: Key<RegistryPreset> = Key::word("preset", "Values of a real registry");
pub(crate) const COUNTING: Key<Counting> =
    Key::word("counting", "Which description of its counter sets the weights")
        .with(PRESET, &[RegistryPreset::DockerHub.text()])
        .help("it chooses a reading of preset = \"docker-hub\"; state limit.NAME.weight");
pub(crate) const HOST: Key<Text> =
    Key::new("host", Type::Text, "Host as it stands in image references").required();
pub(crate) const PRIVATE: Key<bool> = Key::new(
    "private",
    Type::Bool,
    "Its endpoints are reached by private addresses (VPC endpoint, private link, in the \
     cluster): past the egress with its addresses, ports and bandwidth",
)
.default("false");
pub(crate) const REPLICATES: Key<List<Name>> = Key::new(
    "replicates",
    Type::List { of: &Type::Name(Kind::Image), max: MOST_BLOCKS },
    "Images that have been copied here ahead of time and are pulled from here, whatever \
     host their reference has",
)
.default("[]");
pub(crate) const RTT: Key<Span> =
    Key::new("rtt", RTT_TYPE, "Round trip to the registry").default("40ms");
pub(crate) const TOKEN_RTT: Key<Span> =
    Key::new("token_rtt", RTT_TYPE, "Round trip to the token service").same_as(RTT);
pub(crate) const CDN_RTT: Key<Span> =
    Key::new("cdn_rtt", RTT_TYPE, "Round trip to the blob host").same_as(RTT);
pub(crate) const DNS: Key<Span> =
    Key::new("dns", RTT_TYPE, "Look-up of a host name, paid by each new connection").default("1ms");
pub(crate) const TLS_ROUND_TRIPS: Key<u32> = Key::new(
    "tls_round_trips",
    Type::Integer { min: 0, max: 4 },
    "Round trips of the TLS handshake: 1 for TLS 1.3, 2 for TLS 1.2, 0 for plain HTTP",
)
.default("1")
.source("RFC 8446", "2018-08");
pub(crate) const SERVER_TIME: Key<Span> =
    Key::new("server_time", RTT_TYPE, "Time a request spends in the registry")
        .default("5ms")
        .unverified(&["2.5ms", "10ms"], HALF_AND_DOUBLE);
pub(crate) const NEEDS_TOKEN: Key<bool> =
    Key::new("needs_token", Type::Bool, "Requests need a bearer token").default("false");
pub(crate) const TOKEN_POST: Key<bool> =
    Key::new("token_post", Type::Bool, "The token service takes the OAuth POST").default("false");
pub(crate) const TOKEN_LIFETIME: Key<Span> = Key::new(
    "token_lifetime",
    Type::Span { min: Span::from_secs(1), max: Span::from_secs(30 * 24 * 3_600) },
    "How long a token is valid; a request that it is too old for is answered 401",
)
.default("5m")
.source("replies of Docker Hub's token service, expires_in: 300", "2024");
pub(crate) const REDIRECTS_BLOBS: Key<bool> =
    Key::new("redirects_blobs", Type::Bool, "Blobs are redirected to a blob host").default("false");
pub(crate) const CONNECTION_BANDWIDTH: Key<Bandwidth> = Key::new(
    "connection_bandwidth",
    Type::Bandwidth,
    "Most that one connection carries of blob bodies",
)
.slows(MOST_BANDWIDTH);
pub(crate) const BANDWIDTH: Key<Bandwidth> =
    Key::new("bandwidth", Type::Bandwidth, "Most that the blob host sends in all")
        .slows(MOST_BANDWIDTH);
pub(crate) const LIMIT: Key<Named> = Key::new(
    "limit",
    Type::Named { shape: &limit::SHAPE, max: MOST_LIMITS },
    "Limits, by name; a limit's name is the cause in the results",
);

pub(crate) static SHAPE: Shape = Shape {
    doc: "A registry: its endpoints and its limits",
    fields: &[
        ENABLED.row,
        PRESET.row,
        COUNTING.row,
        HOST.row,
        PRIVATE.row,
        REPLICATES.row,
        RTT.row,
        TOKEN_RTT.row,
        CDN_RTT.row,
        DNS.row,
        TLS_ROUND_TRIPS.row,
        SERVER_TIME.row,
        NEEDS_TOKEN.row,
        TOKEN_POST.row,
        TOKEN_LIFETIME.row,
        REDIRECTS_BLOBS.row,
        CONNECTION_BANDWIDTH.row,
        BANDWIDTH.row,
        LIMIT.row,
    ],
    one_of: &[],
};

/// Most limits of a registry.
const MOST_LIMITS: usize = 60;
