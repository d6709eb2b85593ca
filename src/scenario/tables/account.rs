//! `[account.x]` and `[background.x]`: who spends which identity.

use super::ENABLED;
use crate::scenario::field::{Field, MOST_BLOCKS, Shape, Type};

/// Accounts, one per registry at most.
pub(crate) const ACCOUNTS: Type = Type::OneOrMore { of: &Type::Name("account"), max: MOST_BLOCKS };

pub(crate) static ACCOUNT: Shape = Shape {
    doc: "Credentials at a registry; pulls made with them can be counted per account",
    fields: &[
        ENABLED,
        Field::new("registry", Type::Name("registry"), "Where it is valid").required(),
        Field::new(
            "tier",
            Type::Text,
            "Its tier, which limits may name; docker-hub limits \"personal\" and no other",
        )
        .default("personal"),
    ],
};

pub(crate) static BACKGROUND: Shape = Shape {
    doc: "Others who spend the same identity",
    fields: &[
        ENABLED,
        Field::new("egress", Type::Name("egress"), "The way out that they share").required(),
        Field::new("registry", Type::Name("registry"), "Where they pull").required(),
        Field::new("account", Type::Name("account"), "The account that they share"),
        Field::new(
            "pulls_per_hour",
            Type::Milli { min: 0, max: 1_000_000_000 },
            "Pulls of a multi-platform image per hour, at random times",
        )
        .required(),
    ],
};
