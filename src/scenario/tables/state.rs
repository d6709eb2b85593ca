//! `[state]`: what a run starts from, where that is not an untouched cluster.

use super::ENABLED;
use crate::model::spec::History;
use crate::scenario::field::{Field, MOST_BLOCKS, Shape, Type};
use crate::words::Words;

const KUBELET: &str = "kubernetes pkg/kubelet/kubelet.go, images/image_manager.go";
const READ: &str = "2026-07";

/// Most entries of a history.
const MOST_SPENT: usize = 1_000;
/// Most counters of a block.
const MOST_COUNTERS: usize = 1_000;

pub(crate) static STATE: Shape = Shape {
    doc: "What is there at the start of the run, such as now, in the middle of a storm; what no \
          block tells of is untouched: limits are full, nobody waits, disks hold what pools \
          preload and what running pods need",
    fields: &[named("limit", &LIMIT), named("stuck", &STUCK), named("cache", &CACHE)],
};

const fn named(name: &'static str, shape: &'static Shape) -> Field {
    Field::new(name, Type::Named { shape, max: MOST_BLOCKS }, shape.doc)
}

static LIMIT: Shape = Shape {
    doc: "What has been spent of a limit; the block has the name of the limit",
    fields: &[
        ENABLED,
        Field::new("limit", Type::Text, "Which limit; left out: that of the block's name"),
        Field::new(
            "counters",
            Type::List { of: &Type::Text, max: MOST_COUNTERS },
            "Which of its counters, as results name them: \"nat#0\" (an address of a NAT, or a /64 \
             of an IPv6 egress, counted from 0), \"account.ci\"; left out: the only one there is. \
             Addresses that are a node's own start untouched",
        ),
        Field::new(
            "spent",
            Type::List { of: &Type::Table(&SPENT), max: MOST_SPENT },
            "What is known to have been spent, and when",
        ),
        Field::new(
            "remaining",
            Type::Milli { min: 0, max: 1_000_000_000_000 },
            "Units left now, as a RateLimit header tells; a sliding log has spent the others, but \
             for those in `spent`, at times that nobody knows",
        ),
        Field::new(
            "of",
            Type::Milli { min: 1, max: 1_000_000_000_000 },
            "The allowance that `remaining` is of now, needed where a variant or a flag changes \
             it; left out: that in force",
        ),
        Field::new(
            "history",
            Type::Word(History::TEXTS),
            "Sliding log with `remaining`: when that was spent. oldest: nearly a window ago, it \
             comes back at once; even: spread evenly over the window; newest: just now, it comes \
             back in a window. Where it is left out, `what-now` looks at all three",
        )
        .default("even")
        .unverified(
            &["oldest", "newest"],
            "a counter tells what is left and not when it was spent: the two ends",
        ),
        Field::new(
            "window_began",
            Type::SPAN,
            "Fixed window: how long ago the window began that runs now; left out: the limit's \
             anchor, or a random phase, and `what-now` looks at both ends",
        ),
    ],
};

static SPENT: Shape = Shape {
    doc: "Units spent at once",
    fields: &[
        Field::new("ago", Type::SPAN, "How long ago").required(),
        Field::new("units", Type::Milli { min: 1, max: 1_000_000_000_000 }, "How many").required(),
    ],
};

static STUCK: Shape = Shape {
    doc: "Pods that wait in ImagePullBackOff now; the block has the name of their workload, which \
          runs at the start (`start = { running = true }`). They are part of its pods, and their \
          waiting counts from the start of the run",
    fields: &[
        ENABLED,
        Field::new("pods", super::workload::PODS, "How many of its pods").required(),
        Field::new(
            "nodes",
            Type::Integer { min: 1, max: 100_000 },
            "On how many nodes they stand, evenly, none of the others beside them; left out: as \
             few as an even spread of the workload's pods takes",
        ),
        Field::new(
            "images",
            Type::List { of: &Type::Name("image"), max: 100 },
            "Which of its images those nodes lack; left out: all of them. The others are there, \
             and their containers run",
        ),
        Field::new(
            "window",
            Type::SPAN,
            "The back-off window they are in, a rung of the kubelet's ladder (10s, 20s, … 5m); \
             left out: the longest, where whoever waits for more than ten minutes is",
        )
        .source(KUBELET, READ),
        Field::new(
            "left",
            Type::SPAN,
            "How much of that window is left; left out: drawn for each pod and image, evenly over \
             the window",
        ),
    ],
};

static CACHE: Shape = Shape {
    doc: "What is on the nodes of a pool that are there at the start; the block has the name of \
          the pool",
    fields: &[
        ENABLED,
        Field::new(
            "images",
            Type::Shares("image"),
            "The share of the nodes that hold an image, each node by a draw of its own: { api = \
             \"60%\" }. Nodes where pods are stuck for the image lack it all the same",
        )
        .required(),
    ],
};
