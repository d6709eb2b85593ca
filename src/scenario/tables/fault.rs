//! `[fault.x]`: an endpoint that answers as told.

use super::ENABLED;
use crate::model::spec::RequestKind;
use crate::scenario::field::{Field, MOST_LAYERS, Shape, Type};
use crate::words::Words;

/// Request kinds that a fault can pick, as the results name them.
pub(crate) const REQUESTS: Type =
    Type::List { of: &Type::Word(RequestKind::TEXTS), max: RequestKind::TEXTS.len() };

/// What an endpoint answers.
pub(crate) const ANSWER: Type = Type::Either { plain: &Type::Answer, table: &STATUS };

/// Whose endpoints: of a registry, or a mirror.
pub(crate) const REGISTRY: Field =
    Field::new("registry", Type::Name("registry"), "Whose endpoints; or a mirror");
/// The other choice.
pub(crate) const MIRROR: Field =
    Field::new("mirror", Type::Name("mirror"), "Whose endpoints; or a registry");

pub(crate) static FAULT: Shape = Shape {
    doc: "An endpoint that answers as told; the block's name is the cause in the results",
    fields: &[
        ENABLED,
        REGISTRY,
        MIRROR,
        Field::new("answer", ANSWER, "What happens to the requests").required(),
        Field::new("requests", REQUESTS, "Which requests; left out: all"),
        Field::new(
            "first",
            Type::Integer { min: 1, max: 1_000_000_000 },
            "Only the first so many of them",
        ),
        Field::new("share", Type::SHARE, "Which share of them, at random").default("100%"),
        Field::new(
            "at_edge",
            Type::Bool,
            "In front of authorisation; left out: no for a status, yes for a broken connection",
        ),
        Field::new("from", Type::SPAN, "From when").default("0s"),
        Field::new("until", Type::SPAN, "Until when; left out: the end of the run"),
        Field::new(
            "layers",
            Type::List {
                of: &Type::Integer { min: 0, max: MOST_LAYERS as u64 - 1 },
                max: MOST_LAYERS,
            },
            "Only blob requests of these layers, counted from the bottom, from 0",
        )
        .default("[]"),
    ],
};

static STATUS: Shape = Shape {
    doc: "An answer with a status",
    fields: &[
        Field::new("status", Type::Integer { min: 400, max: 599 }, "The status").required(),
        Field::new("retry_after", Type::SPAN, "Its Retry-After header"),
    ],
};
