//! The scenario language, as data: one table per block, walked for parsing, for the schema and for
//! the reference.

pub(crate) mod account;
pub(crate) mod background;
pub(crate) mod control_plane;
pub(crate) mod egress;
pub(crate) mod fault;
pub(crate) mod image;
pub(crate) mod limit;
pub(crate) mod mirror;
pub(crate) mod pool;
pub(crate) mod registry;
pub(crate) mod state;
pub(crate) mod timeline;
pub(crate) mod workload;

use crate::scenario::field::{Field, Kind, MOST_BLOCKS, Shape, Type};
use crate::scenario::key::{Key, Named, Paths, Table, Text};
use crate::units::Span;

pub(crate) const TITLE: Key<Text> =
    Key::new("title", Type::Text, "One line that names the scenario").default("");
pub(crate) const QUESTION: Key<Text> =
    Key::new("question", Type::Text, "What the scenario asks").default("");
pub(crate) const HORIZON: Key<Span> = Key::new(
    "horizon",
    Type::Span { min: Span::from_secs(1), max: crate::scenario::field::LONGEST },
    "How long the run lasts",
)
.default("6h");
pub(crate) const SEED: Key<u64> = Key::new(
    "seed",
    Type::Integer { min: 0, max: i64::MAX as u64 },
    "The seed that every draw is keyed by",
)
.default("42");
pub(crate) const REPLICATIONS: Key<u32> = Key::new(
    "replications",
    Type::Integer { min: 1, max: 10_000 },
    "Runs of the scenario, each with other luck",
)
.default("20");
pub(crate) const CONTROL_PLANE: Key<Table> =
    Key::new("control_plane", Type::Table(&control_plane::SHAPE), control_plane::SHAPE.doc)
        .filled();
pub(crate) const REGISTRY: Key<Named> = blocks(Kind::Registry, &registry::SHAPE);
pub(crate) const ACCOUNT: Key<Named> = blocks(Kind::Account, &account::SHAPE);
pub(crate) const EGRESS: Key<Named> = blocks(Kind::Egress, &egress::SHAPE);
pub(crate) const BACKGROUND: Key<Named> = blocks(Kind::Background, &background::SHAPE);
pub(crate) const POOL: Key<Named> = blocks(Kind::Pool, &pool::SHAPE);
pub(crate) const IMAGE: Key<Named> = blocks(Kind::Image, &image::SHAPE);
pub(crate) const WORKLOAD: Key<Named> = blocks(Kind::Workload, &workload::SHAPE);
pub(crate) const MIRROR: Key<Named> = blocks(Kind::Mirror, &mirror::SHAPE);
pub(crate) const TIMELINE: Key<Named> = blocks(Kind::Timeline, &timeline::SHAPE);
pub(crate) const FAULT: Key<Named> = blocks(Kind::Fault, &fault::SHAPE);
pub(crate) const EXPECT: Key<Paths> = Key::new(
    "expect",
    Type::Paths,
    "What must hold: metric = \"< 5m\", workload.NAME.metric = \"> 75%\"; in_runs",
);
pub(crate) const VARIANT: Key<Paths> = Key::new(
    "variant",
    Type::Paths,
    "Named changes to this file: [variant.NAME] with paths and values, a title, and the \
     lever that it stands for",
);
pub(crate) const STATE: Key<Table> =
    Key::new("state", Type::Table(&state::SHAPE), state::SHAPE.doc);
pub(crate) const SWEEP: Key<Paths> = Key::new(
    "sweep",
    Type::Paths,
    "Axes of `pullstorm sweep`: paths with a list of values or { from, to, step } each, \
     below; variant = [names]; design",
);

/// A whole file.
pub(crate) static ROOT: Shape = Shape {
    doc: "a scenario",
    fields: &[
        TITLE.row,
        QUESTION.row,
        HORIZON.row,
        SEED.row,
        REPLICATIONS.row,
        CONTROL_PLANE.row,
        REGISTRY.row,
        ACCOUNT.row,
        EGRESS.row,
        BACKGROUND.row,
        POOL.row,
        IMAGE.row,
        WORKLOAD.row,
        MIRROR.row,
        TIMELINE.row,
        FAULT.row,
        EXPECT.row,
        VARIANT.row,
        STATE.row,
        SWEEP.row,
    ],
    one_of: &[],
};

/// What lifts a rate.
pub(crate) const MOST_BANDWIDTH: &str = "100Tbit/s";

/// The key at a path such as `pool.workers.nodes`.
pub(crate) fn field_at(path: &str) -> Option<&'static Field> {
    found_at(path).map(|it| it.1)
}

/// The table that has the key at a path.
pub(crate) fn shape_of(path: &str) -> Option<&'static Shape> {
    found_at(path).map(|it| it.0)
}

fn found_at(path: &str) -> Option<(&'static Shape, &'static Field)> {
    let mut shape: &'static Shape = &ROOT;
    let mut parts = path.split('.');
    loop {
        let field = shape.field(parts.next()?)?;
        let inner = match field.ty {
            Type::Named { shape, .. } => {
                parts.next()?;
                shape
            }
            Type::Table(shape) => shape,
            Type::Either { table, .. } if parts.clone().next().is_some() => table,
            _ => return parts.next().is_none().then_some((shape, field)),
        };
        shape = inner;
    }
}

/// A path with `*` for the names of blocks.
pub(crate) fn pattern(path: &str) -> String {
    let mut shape = Some(&ROOT);
    let mut out = vec![];
    let mut parts = path.split('.');
    while let Some(part) = parts.next() {
        out.push(part);
        shape = match shape.and_then(|it| it.field(part)).map(|it| it.ty) {
            Some(Type::Named { shape, .. }) => {
                out.extend(parts.next().map(|_| "*"));
                Some(shape)
            }
            Some(Type::Table(shape)) => Some(shape),
            _ => None,
        };
    }
    out.join(".")
}

/// The key that takes the value at a path: that of [`field_at`], or the one that a timeline's `set`
/// changes.
pub(crate) fn key_at(path: &str) -> Option<&'static Field> {
    let set = path.strip_prefix("timeline.").and_then(|it| it.split_once(".set."));
    field_at(set.map_or(path, |(_, changed)| changed))
}

/// A kind of blocks.
const fn blocks(kind: Kind, shape: &'static Shape) -> Key<Named> {
    Key::new(kind.text(), Type::Named { shape, max: MOST_BLOCKS }, shape.doc)
}

/// The switch that every block has.
pub(crate) const ENABLED: Key<bool> =
    Key::new("enabled", Type::Bool, "Whether the block is there at all").default("true");

#[cfg(test)]
mod tests;
