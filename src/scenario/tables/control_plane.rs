//! `[control_plane]`: pace of the controllers and the scheduler.

use crate::scenario::field::{HALF_AND_DOUBLE, Shape, Type};
use crate::scenario::key::Key;

/// Rates per second and bursts of the control plane.
const PACE: Type = Type::Integer { min: 0, max: 1_000_000 };

const MANAGED: &str =
    "managed control planes raise it, and none says to what: five times, no limit";

pub(crate) const CONTROLLER_QPS: Key<u32> =
    Key::new("controller_qps", PACE, "Pod creations per second of a controller; 0: no limit")
        .default("20")
        .source("kube-controller-manager --kube-api-qps", "secondary, 2026-08")
        .unverified(&["100", "0"], MANAGED)
        .slows("0");
pub(crate) const CONTROLLER_BURST: Key<u32> =
    Key::new("controller_burst", PACE, "Pod creations at once")
        .default("30")
        .source("kube-controller-manager --kube-api-burst", "secondary, 2026-08")
        .unverified(&["15", "60"], HALF_AND_DOUBLE);
pub(crate) const SCHEDULER_QPS: Key<u32> =
    Key::new("scheduler_qps", PACE, "Bindings per second of the scheduler; 0: no limit")
        .default("50")
        .source("kube-scheduler --kube-api-qps", "secondary, 2026-08")
        .unverified(&["250", "0"], MANAGED)
        .slows("0");
pub(crate) const SCHEDULER_BURST: Key<u32> = Key::new("scheduler_burst", PACE, "Bindings at once")
    .default("100")
    .source("kube-scheduler --kube-api-burst", "secondary, 2026-08")
    .unverified(&["50", "200"], HALF_AND_DOUBLE);
pub(crate) const ALWAYS_PULL_IMAGES: Key<bool> = Key::new(
    "always_pull_images",
    Type::Bool,
    "The admission plugin AlwaysPullImages: every container has the policy Always",
)
.default("false")
.source("kubernetes plugin/pkg/admission/alwayspullimages/admission.go", "2026-11");

pub(crate) static SHAPE: Shape = Shape {
    doc: "Pace of the controllers and the scheduler; managed control planes raise it",
    fields: &[
        CONTROLLER_QPS.row,
        CONTROLLER_BURST.row,
        SCHEDULER_QPS.row,
        SCHEDULER_BURST.row,
        ALWAYS_PULL_IMAGES.row,
    ],
    one_of: &[],
};
