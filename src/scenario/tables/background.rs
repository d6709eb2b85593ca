//! `[background.x]`: others who spend the same identity.

use super::ENABLED;
use crate::scenario::field::{Kind, Shape, Type};
use crate::scenario::key::{Key, Milli, Name};

pub(crate) const EGRESS: Key<Name> =
    Key::new("egress", Type::Name(Kind::Egress), "The way out that they share").required();
pub(crate) const REGISTRY: Key<Name> =
    Key::new("registry", Type::Name(Kind::Registry), "Where they pull").required();
pub(crate) const ACCOUNT: Key<Name> =
    Key::new("account", Type::Name(Kind::Account), "The account that they share");
pub(crate) const PULLS_PER_HOUR: Key<Milli> = Key::new(
    "pulls_per_hour",
    Type::Milli { min: 0, max: 1_000_000_000 },
    "Pulls of a multi-platform image per hour, at random times",
)
.required();

pub(crate) static SHAPE: Shape = Shape {
    doc: "Others who spend the same identity",
    fields: &[ENABLED.row, EGRESS.row, REGISTRY.row, ACCOUNT.row, PULLS_PER_HOUR.row],
    one_of: &[],
};
