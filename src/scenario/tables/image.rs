//! `[image.x]`: the catalogue.

use super::ENABLED;
use crate::scenario::field::{Field, HALF_AND_DOUBLE, MOST_LAYERS, Shape, Type};

pub(crate) static IMAGE: Shape = Shape {
    doc: "An image: what is pulled for it",
    fields: &[
        ENABLED,
        Field::new(
            "reference",
            Type::Text,
            "Reference as a pod has it; images without one can only be built from or preloaded",
        ),
        Field::new(
            "platforms",
            Type::List { of: &Type::Text, max: 50 },
            "Its architectures; more than one means that an index stands before the manifests",
        )
        .default("[\"amd64\"]"),
        Field::new("from", Type::Name("image"), "The image whose layers lie below its own"),
        Field::new(
            "layers",
            Type::List {
                of: &Type::Either { plain: &Type::BYTES, table: &LAYER },
                max: MOST_LAYERS,
            },
            "Compressed sizes from the bottom up; a table names the digest too",
        ),
        Field::new(
            "layer_count",
            Type::Integer { min: 1, max: MOST_LAYERS as u64 },
            "In place of layers: so many equal ones",
        ),
        Field::new("size", Type::BYTES, "With layer_count: the size of all of them"),
        Field::new("config", Type::BYTES, "Size of the config")
            .default("6kB")
            .unverified(&["3kB", "12kB"], HALF_AND_DOUBLE),
        Field::new("manifest", Type::BYTES, "Size of the platform manifest")
            .default("1.5kB")
            .unverified(&["750B", "3kB"], HALF_AND_DOUBLE),
        Field::new(
            "index",
            Type::BYTES,
            "Size of the index; given for a single platform, that image has an index too. \
             Left out with several platforms: 1.5kB",
        )
        .unverified(
            &["750B", "8kB"],
            "half; the sixteen entries that debian's has (rules_img 749) at some 500 B",
        ),
    ],
};

static LAYER: Shape = Shape {
    doc: "A layer that other images may share",
    fields: &[
        Field::new("size", Type::BYTES, "Compressed size").required(),
        Field::new("digest", Type::Text, "Equal digests are one blob").required(),
    ],
};
