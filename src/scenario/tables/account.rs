//! `[account.x]`: credentials.

use super::ENABLED;
use crate::scenario::field::{Kind, MOST_BLOCKS, Shape, Type};
use crate::scenario::key::{Key, Name, Text};

/// Accounts, one per registry at most.
pub(crate) const ACCOUNTS: Type =
    Type::OneOrMore { of: &Type::Name(Kind::Account), max: MOST_BLOCKS };

pub(crate) const REGISTRY: Key<Name> =
    Key::new("registry", Type::Name(Kind::Registry), "Where it is valid").required();
pub(crate) const TIER: Key<Text> = Key::new(
    "tier",
    Type::Text,
    "Its tier, which limits may name; docker-hub limits \"personal\" and no other",
)
.default("personal");

pub(crate) static SHAPE: Shape = Shape {
    doc: "Credentials at a registry; pulls made with them can be counted per account",
    fields: &[ENABLED.row, REGISTRY.row, TIER.row],
    one_of: &[],
};
