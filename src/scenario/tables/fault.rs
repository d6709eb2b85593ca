//! `[fault.x]`: an endpoint that answers as told.

use super::ENABLED;
use crate::model::spec::{Answer, RequestKind};
use crate::scenario::field::{Kind, MOST_LAYERS, Shape, Type};
use crate::scenario::key::{Key, List, Name, OrTable};
use crate::units::{Share, Span};
use crate::words::Words;

/// Request kinds that a fault can pick, as the results name them.
const REQUESTS_TYPE: Type =
    Type::List { of: &Type::Word(RequestKind::TEXTS), max: RequestKind::TEXTS.len() };

/// What an endpoint answers.
const ANSWER_TYPE: Type = Type::Either { plain: &Type::Answer, table: &STATUS_SHAPE };

/// Whose endpoints: of a registry, or a mirror.
pub(crate) const REGISTRY: Key<Name> =
    Key::new("registry", Type::Name(Kind::Registry), "Whose endpoints; or a mirror");
/// The other choice.
pub(crate) const MIRROR: Key<Name> =
    Key::new("mirror", Type::Name(Kind::Mirror), "Whose endpoints; or a registry");

/// Keys that say whose endpoints.
pub(crate) const SERVERS: &[&str] = &[REGISTRY.row.name, MIRROR.row.name];

pub(crate) const ANSWER: Key<OrTable<Answer>> =
    Key::new("answer", ANSWER_TYPE, "What happens to the requests").required();
pub(crate) const REQUESTS: Key<List<RequestKind>> =
    Key::new("requests", REQUESTS_TYPE, "Which requests; left out: all");
pub(crate) const FIRST: Key<u32> = Key::new(
    "first",
    Type::Integer { min: 1, max: 1_000_000_000 },
    "Only the first so many of them",
);
pub(crate) const SHARE: Key<Share> =
    Key::new("share", Type::SHARE, "Which share of them, at random").default("100%");
pub(crate) const AT_EDGE: Key<bool> = Key::new(
    "at_edge",
    Type::Bool,
    "In front of authorisation; left out: no for a status, yes for a broken connection",
);
pub(crate) const FROM: Key<Span> = Key::new("from", Type::SPAN, "From when").default("0s");
pub(crate) const UNTIL: Key<Span> =
    Key::new("until", Type::SPAN, "Until when; left out: the end of the run");
pub(crate) const LAYERS: Key<List<u32>> = Key::new(
    "layers",
    Type::List { of: &Type::Integer { min: 0, max: MOST_LAYERS as u64 - 1 }, max: MOST_LAYERS },
    "Only blob requests of these layers, counted from the bottom, from 0",
)
.default("[]");

pub(crate) static SHAPE: Shape = Shape {
    doc: "An endpoint that answers as told; the block's name is the cause in the results",
    fields: &[
        ENABLED.row,
        REGISTRY.row,
        MIRROR.row,
        ANSWER.row,
        REQUESTS.row,
        FIRST.row,
        SHARE.row,
        AT_EDGE.row,
        FROM.row,
        UNTIL.row,
        LAYERS.row,
    ],
    one_of: SERVERS,
};

pub(crate) const STATUS: Key<u16> =
    Key::new("status", Type::Integer { min: 400, max: 599 }, "The status").required();
pub(crate) const RETRY_AFTER: Key<Span> =
    Key::new("retry_after", Type::SPAN, "Its Retry-After header");

static STATUS_SHAPE: Shape =
    Shape { doc: "An answer with a status", fields: &[STATUS.row, RETRY_AFTER.row], one_of: &[] };
