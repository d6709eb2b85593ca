//! `[registry.x.limit.y]`: how a registry counts, and what it refuses.

use super::ENABLED;
use crate::model::spec::{Clients, LimitKey};
use crate::resource::limiter::Law;
use crate::scenario::field::{Fallback, Shape, Type};
use crate::scenario::key::{Key, Milli, Milli32, Table, Text};
use crate::units::Span;

/// Laws that count per window.
const WINDOWED: &[&str] =
    &[Law::FixedWindow.text(), Law::SlidingLog.text(), Law::TokenBucket.text()];
const BUCKET: &[&str] = &[Law::TokenBucket.text()];

const UNITS: Type = Type::Milli { min: 1, max: 1_000_000_000_000 };
const COST: Type = Type::Milli { min: 0, max: 1_000_000 };

pub(crate) const FOR: Key<Clients> =
    Key::word("for", "Whose requests it counts").default("everyone");
pub(crate) const TIER: Key<Text> = Key::new("tier", Type::Text, "Only accounts of this tier")
    .with(FOR, &[Clients::Account.text()])
    .help("only accounts have tiers");
pub(crate) const KEY: Key<LimitKey> = Key::word(
    "key",
    "What it counts by: the source address, its /64 for IPv6, the account, or all in one",
)
.default("address");
pub(crate) const LAW: Key<Law> = Key::word("law", "How it counts").required();
pub(crate) const ALLOW: Key<Milli> =
    Key::new("allow", UNITS, "Units per window (concurrency: at a time)").required();
pub(crate) const WINDOW: Key<Span> =
    Key::new("window", Type::PERIOD, "Length of the window").needed(LAW, WINDOWED);
pub(crate) const BURST: Key<Milli> = Key::new("burst", UNITS, "Token bucket: its size")
    .with(LAW, BUCKET)
    .default_when(&[(LAW.is(BUCKET), Fallback::Same(ALLOW.row.name))]);
pub(crate) const ANCHOR: Key<Span> = Key::new(
    "anchor",
    Type::SPAN,
    "Fixed window: when a window starts; left out: a random phase per key",
)
.with(LAW, &[Law::FixedWindow.text()]);
pub(crate) const WEIGHT: Key<Table> =
    Key::new("weight", Type::Table(&WEIGHTS_SHAPE), WEIGHTS_SHAPE.doc).default(
        "{ token = 1, head = 1, index = 1, platform = 1, single = 1, blob = 1, ping = 1 }",
    );
pub(crate) const REJECTED_CONSUME: Key<bool> =
    Key::new("rejected_consume", Type::Bool, "A refused request consumes units all the same")
        .default("false");
pub(crate) const RETRY_AFTER: Key<Span> =
    Key::new("retry_after", Type::SPAN, "Retry-After of a refusal");
pub(crate) const STATUS: Key<u16> =
    Key::new("status", Type::Integer { min: 429, max: 599 }, "Status of a refusal: 429 or a 5xx")
        .default("429");
pub(crate) const EDGE: Key<bool> = Key::new(
    "edge",
    Type::Bool,
    "It stands before authorisation and sees every request, token requests too",
)
.default("false");

pub(crate) static SHAPE: Shape = Shape {
    doc: "A limit of a registry",
    fields: &[
        ENABLED.row,
        FOR.row,
        TIER.row,
        KEY.row,
        LAW.row,
        ALLOW.row,
        WINDOW.row,
        BURST.row,
        ANCHOR.row,
        WEIGHT.row,
        REJECTED_CONSUME.row,
        RETRY_AFTER.row,
        STATUS.row,
        EDGE.row,
    ],
    one_of: &[],
};

pub(crate) const WEIGHT_TOKEN: Key<Milli32> = Key::new("token", COST, "Token request").default("0");
pub(crate) const WEIGHT_HEAD: Key<Milli32> =
    Key::new("head", COST, "HEAD of a manifest").default("0");
pub(crate) const WEIGHT_INDEX: Key<Milli32> =
    Key::new("index", COST, "GET of an index").default("0");
pub(crate) const WEIGHT_PLATFORM: Key<Milli32> =
    Key::new("platform", COST, "GET of a manifest that an index named").default("0");
pub(crate) const WEIGHT_SINGLE: Key<Milli32> =
    Key::new("single", COST, "GET of a manifest without an index").default("0");
pub(crate) const WEIGHT_BLOB: Key<Milli32> = Key::new("blob", COST, "GET of a blob").default("0");
pub(crate) const WEIGHT_PING: Key<Milli32> =
    Key::new("ping", COST, "GET of the root of the API, which mirrors send").default("0");

static WEIGHTS_SHAPE: Shape = Shape {
    doc: "What each kind of request costs in units; left out: every request costs 1",
    fields: &[
        WEIGHT_TOKEN.row,
        WEIGHT_HEAD.row,
        WEIGHT_INDEX.row,
        WEIGHT_PLATFORM.row,
        WEIGHT_SINGLE.row,
        WEIGHT_BLOB.row,
        WEIGHT_PING.row,
    ],
    one_of: &[],
};
