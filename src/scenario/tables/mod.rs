//! The scenario language, as data: one table per block, walked for parsing, for the schema and for
//! the reference.

pub(crate) mod account;
pub(crate) mod egress;
pub(crate) mod fault;
pub(crate) mod image;
pub(crate) mod mirror;
pub(crate) mod pool;
pub(crate) mod registry;
pub(crate) mod state;
pub(crate) mod timeline;
pub(crate) mod workload;

use super::field::{Field, HALF_AND_DOUBLE, MOST_BLOCKS, Shape, Type};
use crate::units::Span;

/// A whole file.
pub(crate) static ROOT: Shape = Shape {
    doc: "a scenario",
    fields: &[
        Field::new("title", Type::Text, "One line that names the scenario").default(""),
        Field::new("question", Type::Text, "What the scenario asks").default(""),
        Field::new(
            "horizon",
            Type::Span { min: Span::from_secs(1), max: super::field::LONGEST },
            "How long the run lasts",
        )
        .default("6h"),
        Field::new(
            "seed",
            Type::Integer { min: 0, max: i64::MAX as u64 },
            "The seed that every draw is keyed by",
        )
        .default("42"),
        Field::new(
            "replications",
            Type::Integer { min: 1, max: 10_000 },
            "Runs of the scenario, each with other luck",
        )
        .default("20"),
        Field::new("control_plane", Type::Table(&CONTROL_PLANE), CONTROL_PLANE.doc).filled(),
        blocks("registry", &registry::REGISTRY),
        blocks("account", &account::ACCOUNT),
        blocks("egress", &egress::EGRESS),
        blocks("background", &account::BACKGROUND),
        blocks("pool", &pool::POOL),
        blocks("image", &image::IMAGE),
        blocks("workload", &workload::WORKLOAD),
        blocks("mirror", &mirror::MIRROR),
        blocks("timeline", &timeline::TIMELINE),
        blocks("fault", &fault::FAULT),
        Field::new(
            "expect",
            Type::Paths,
            "What must hold: metric = \"< 5m\", workload.NAME.metric = \"> 75%\"; in_runs",
        ),
        Field::new(
            "variant",
            Type::Paths,
            "Named changes to this file: [variant.NAME] with paths and values, a title, and the \
             lever that it stands for",
        ),
        Field::new("state", Type::Table(&state::STATE), state::STATE.doc),
        Field::new(
            "sweep",
            Type::Paths,
            "Axes of `pullstorm sweep`: paths with a list of values or { from, to, step } each, \
             below; variant = [names]; design",
        ),
    ],
};

/// The key at a path such as `pool.workers.nodes`.
pub(crate) fn field_at(path: &str) -> Option<&'static Field> {
    let mut shape: &'static Shape = &ROOT;
    let mut parts = path.split('.');
    loop {
        let field = shape.field(parts.next()?)?;
        shape = match field.ty {
            Type::Named { shape, .. } => {
                parts.next()?;
                shape
            }
            Type::Table(shape) => shape,
            Type::Either { table, .. } if parts.clone().next().is_some() => table,
            _ => return parts.next().is_none().then_some(field),
        };
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
const fn blocks(kind: &'static str, shape: &'static Shape) -> Field {
    Field::new(kind, Type::Named { shape, max: MOST_BLOCKS }, shape.doc)
}

/// The switch that every block has.
pub(crate) const ENABLED: Field =
    Field::new("enabled", Type::Bool, "Whether the block is there at all").default("true");

/// Rates per second and bursts of the control plane.
const PACE: Type = Type::Integer { min: 0, max: 1_000_000 };

const MANAGED: &str =
    "managed control planes raise it, and none says to what: five times, no limit";

static CONTROL_PLANE: Shape = Shape {
    doc: "Pace of the controllers and the scheduler; managed control planes raise it",
    fields: &[
        Field::new("controller_qps", PACE, "Pod creations per second of a controller; 0: no limit")
            .default("20")
            .source("kube-controller-manager --kube-api-qps", "secondary, 2026-08")
            .unverified(&["100", "0"], MANAGED),
        Field::new("controller_burst", PACE, "Pod creations at once")
            .default("30")
            .source("kube-controller-manager --kube-api-burst", "secondary, 2026-08")
            .unverified(&["15", "60"], HALF_AND_DOUBLE),
        Field::new("scheduler_qps", PACE, "Bindings per second of the scheduler; 0: no limit")
            .default("50")
            .source("kube-scheduler --kube-api-qps", "secondary, 2026-08")
            .unverified(&["250", "0"], MANAGED),
        Field::new("scheduler_burst", PACE, "Bindings at once")
            .default("100")
            .source("kube-scheduler --kube-api-burst", "secondary, 2026-08")
            .unverified(&["50", "200"], HALF_AND_DOUBLE),
        Field::new(
            "always_pull_images",
            Type::Bool,
            "The admission plugin AlwaysPullImages: every container has the policy Always",
        )
        .default("false")
        .source("kubernetes plugin/pkg/admission/alwayspullimages/admission.go", "2026-11"),
    ],
};
