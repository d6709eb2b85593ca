//! `[registry.x]` and its limits.

use super::ENABLED;
use crate::model::spec::{Clients, LimitKey};
use crate::resource::limiter::Law;
use crate::scenario::field::{Field, HALF_AND_DOUBLE, MOST_BLOCKS, Shape, Type};
use crate::scenario::presets::{Counting, RegistryPreset};
use crate::words::Words;

pub(super) const RTT: Type =
    Type::Span { min: crate::units::Span::ZERO, max: crate::units::Span::from_secs(60) };

pub(crate) static REGISTRY: Shape = Shape {
    doc: "A registry: its endpoints and its limits",
    fields: &[
        ENABLED,
        Field::new("preset", Type::Word(RegistryPreset::TEXTS), "Values of a real registry"),
        Field::new(
            "counting",
            Type::Word(Counting::TEXTS),
            "With preset docker-hub: which description of its counter sets the weights",
        ),
        Field::new("host", Type::Text, "Host as it stands in image references").required(),
        Field::new(
            "private",
            Type::Bool,
            "Its endpoints are reached by private addresses (VPC endpoint, private link, in the \
             cluster): past the egress with its addresses, ports and bandwidth",
        )
        .default("false"),
        Field::new(
            "replicates",
            Type::List { of: &Type::Name("image"), max: MOST_BLOCKS },
            "Images that have been copied here ahead of time and are pulled from here, whatever \
             host their reference has",
        )
        .default("[]"),
        Field::new("rtt", RTT, "Round trip to the registry").default("40ms"),
        Field::new("token_rtt", RTT, "Round trip to the token service").same_as("rtt"),
        Field::new("cdn_rtt", RTT, "Round trip to the blob host").same_as("rtt"),
        Field::new("dns", RTT, "Look-up of a host name, paid by each new connection")
            .default("1ms"),
        Field::new(
            "tls_round_trips",
            Type::Integer { min: 0, max: 4 },
            "Round trips of the TLS handshake: 1 for TLS 1.3, 2 for TLS 1.2, 0 for plain HTTP",
        )
        .default("1")
        .source("RFC 8446", "2018-08"),
        Field::new("server_time", RTT, "Time a request spends in the registry")
            .default("5ms")
            .unverified(&["2.5ms", "10ms"], HALF_AND_DOUBLE),
        Field::new("needs_token", Type::Bool, "Requests need a bearer token").default("false"),
        Field::new("token_post", Type::Bool, "The token service takes the OAuth POST")
            .default("false"),
        Field::new("redirects_blobs", Type::Bool, "Blobs are redirected to a blob host")
            .default("false"),
        Field::new(
            "connection_bandwidth",
            Type::Bandwidth,
            "Most that one connection carries of blob bodies",
        ),
        Field::new("bandwidth", Type::Bandwidth, "Most that the blob host sends in all"),
        Field::new(
            "limit",
            Type::Named { shape: &LIMIT, max: MOST_LIMITS },
            "Limits, by name; a limit's name is the cause in the results",
        ),
    ],
};

/// Most limits of a registry.
const MOST_LIMITS: usize = 60;
const UNITS: Type = Type::Milli { min: 1, max: 1_000_000_000_000 };
const WEIGHT: Type = Type::Milli { min: 0, max: 1_000_000 };

pub(crate) static LIMIT: Shape = Shape {
    doc: "A limit of a registry",
    fields: &[
        ENABLED,
        Field::new("for", Type::Word(Clients::TEXTS), "Whose requests it counts")
            .default("everyone"),
        Field::new("tier", Type::Text, "With for = \"account\": only accounts of this tier"),
        Field::new(
            "key",
            Type::Word(LimitKey::TEXTS),
            "What it counts by: the source address, its /64 for IPv6, the account, or all in one",
        )
        .default("address"),
        Field::new("law", Type::Word(Law::TEXTS), "How it counts").required(),
        Field::new("allow", UNITS, "Units per window (concurrency: at a time)").required(),
        Field::new("window", Type::PERIOD, "Length of the window"),
        Field::new("burst", UNITS, "Token bucket: its size; left out: the same as allow"),
        Field::new(
            "anchor",
            Type::SPAN,
            "Fixed window: when a window starts; left out: a random phase per key",
        ),
        Field::new("weight", Type::Table(&WEIGHTS), WEIGHTS.doc).default(
            "{ token = 1, head = 1, index = 1, platform = 1, single = 1, blob = 1, ping = 1 }",
        ),
        Field::new("rejected_consume", Type::Bool, "A refused request consumes units all the same")
            .default("false"),
        Field::new("retry_after", Type::SPAN, "Retry-After of a refusal"),
        Field::new(
            "status",
            Type::Integer { min: 429, max: 599 },
            "Status of a refusal: 429 or a 5xx",
        )
        .default("429"),
        Field::new(
            "edge",
            Type::Bool,
            "It stands before authorisation and sees every request, token requests too",
        )
        .default("false"),
    ],
};

static WEIGHTS: Shape = Shape {
    doc: "What each kind of request costs in units; left out: every request costs 1",
    fields: &[
        Field::new("token", WEIGHT, "Token request").default("0"),
        Field::new("head", WEIGHT, "HEAD of a manifest").default("0"),
        Field::new("index", WEIGHT, "GET of an index").default("0"),
        Field::new("platform", WEIGHT, "GET of a manifest that an index named").default("0"),
        Field::new("single", WEIGHT, "GET of a manifest without an index").default("0"),
        Field::new("blob", WEIGHT, "GET of a blob").default("0"),
        Field::new("ping", WEIGHT, "GET of the root of the API, which mirrors send").default("0"),
    ],
};
