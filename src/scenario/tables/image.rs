//! `[image.x]`: the catalogue.

use super::ENABLED;
use crate::scenario::field::{Fallback, HALF_AND_DOUBLE, Kind, MOST_LAYERS, Shape, Type};
use crate::scenario::key::{Key, List, Name, OrTable, Text};
use crate::units::Bytes;

pub(crate) const REFERENCE: Key<Text> = Key::new(
    "reference",
    Type::Text,
    "Reference as a pod has it; images without one can only be built from or preloaded",
);
pub(crate) const PLATFORMS: Key<List<Text>> = Key::new(
    "platforms",
    Type::List { of: &Type::Text, max: 50 },
    "Its architectures; more than one means that an index stands before the manifests",
)
.default("[\"amd64\"]");
pub(crate) const FROM: Key<Name> =
    Key::new("from", Type::Name(Kind::Image), "The image whose layers lie below its own");
pub(crate) const LAYERS: Key<List<OrTable<Bytes>>> = Key::new(
    "layers",
    Type::List { of: &A_LAYER, max: MOST_LAYERS },
    "Compressed sizes from the bottom up; a table names the digest too",
);
pub(crate) const LAYER_COUNT: Key<u32> = Key::new(
    "layer_count",
    Type::Integer { min: 1, max: MOST_LAYERS as u64 },
    "In place of layers: so many equal ones",
);
pub(crate) const SIZE: Key<Bytes> =
    Key::new("size", Type::BYTES, "With layer_count: the size of all of them");
pub(crate) const CONFIG: Key<Bytes> = Key::new("config", Type::BYTES, "Size of the config")
    .default("6kB")
    .unverified(&["3kB", "12kB"], HALF_AND_DOUBLE);
pub(crate) const MANIFEST: Key<Bytes> =
    Key::new("manifest", Type::BYTES, "Size of the platform manifest")
        .default("1.5kB")
        .unverified(&["750B", "3kB"], HALF_AND_DOUBLE);
pub(crate) const INDEX: Key<Bytes> = Key::new(
    "index",
    Type::BYTES,
    "Size of the index; given for a single platform, that image has an index too",
)
.unverified(
    &["750B", "8kB"],
    "half; the sixteen entries that debian's has (rules_img 749) at some 500 B",
)
.default_when(&[(PLATFORMS.has_several(), Fallback::Value("1.5kB"))]);

pub(crate) static SHAPE: Shape = Shape {
    doc: "An image: what is pulled for it",
    fields: &[
        ENABLED.row,
        REFERENCE.row,
        PLATFORMS.row,
        FROM.row,
        LAYERS.row,
        LAYER_COUNT.row,
        SIZE.row,
        CONFIG.row,
        MANIFEST.row,
        INDEX.row,
    ],
    one_of: &[],
};

pub(crate) const LAYER_SIZE: Key<Bytes> =
    Key::new("size", Type::BYTES, "Compressed size").required();
pub(crate) const LAYER_DIGEST: Key<Text> =
    Key::new("digest", Type::Text, "Equal digests are one blob").required();

/// A layer: its size, or a table that names its digest too.
static A_LAYER: Type = Type::Either { plain: &Type::BYTES, table: &LAYER_SHAPE };

static LAYER_SHAPE: Shape = Shape {
    doc: "A layer that other images may share",
    fields: &[LAYER_SIZE.row, LAYER_DIGEST.row],
    one_of: &[],
};
