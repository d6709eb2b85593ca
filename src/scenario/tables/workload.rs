//! `[workload.x]`: pods and who makes them.

use super::ENABLED;
use super::account::ACCOUNTS;
use crate::model::spec::ImagePullPolicy;
use crate::scenario::field::{Field, Shape, Type};
use crate::words::{Words, words};

words! {
    /// Which controller makes the pods of a workload.
    pub(crate) enum Controller {
        Deployment = "deployment",
        DaemonSet = "daemonset",
        Job = "job",
    }
}

const APPS: &str = "kubernetes pkg/apis/apps/v1/defaults.go";
const READ: &str = "2026-07-23";

/// Most pods of a workload, and of a scenario.
pub(crate) const MOST_PODS: u64 = 2_000_000;
/// Numbers of pods.
pub(crate) const PODS: Type = Type::Integer { min: 0, max: MOST_PODS };
/// Numbers of pods, or shares of them.
pub(crate) const PODS_OR_SHARE: Type = Type::Count { min: 0, max: MOST_PODS };

pub(crate) static WORKLOAD: Shape = Shape {
    doc: "Pods, and the controller that makes them",
    fields: &[
        ENABLED,
        Field::new("kind", Type::Word(Controller::TEXTS), "Its controller").required(),
        Field::new("pool", Type::Name("pool"), "Where its pods run").required(),
        Field::new("replicas", PODS, "Deployment: pods wanted"),
        Field::new("completions", PODS, "Job: pods to complete"),
        Field::new(
            "parallelism",
            Type::Integer { min: 1, max: MOST_PODS },
            "Job: pods at a time; left out: 1",
        ),
        Field::new("duration", Type::SPAN, "Job: how long a pod runs once started"),
        Field::new("start", Type::Table(&START), START.doc).filled(),
        Field::new(
            "account",
            ACCOUNTS,
            "Its pull secrets, one per registry at most; left out: its nodes' credentials, or none",
        ),
        Field::new(
            "init_containers",
            Type::List { of: &Type::Table(&CONTAINER), max: 100 },
            "Init containers, in order",
        )
        .default("[]"),
        Field::new(
            "containers",
            Type::List { of: &Type::Table(&CONTAINER), max: 100 },
            "Containers, in order",
        )
        .required(),
        Field::new("max_surge", PODS_OR_SHARE, "Deployment: pods above replicas in a rollout; 25%")
            .source(APPS, READ),
        Field::new(
            "max_unavailable",
            PODS_OR_SHARE,
            "Pods that may be missing in a rollout; left out: 25% (deployment), 1 (daemonset)",
        )
        .source(APPS, READ),
        Field::new(
            "progress_deadline",
            Type::PERIOD,
            "Deployment: a rollout that stands still for this long is reported; left out: 10m",
        )
        .source(APPS, READ),
        Field::new("startup", Type::SPAN, "From the start of the last container to ready")
            .default("0s"),
    ],
};

static START: Shape = Shape {
    doc: "When its pods appear",
    fields: &[
        Field::new("at", Type::SPAN, "The first").default("0s"),
        Field::new("over", Type::SPAN, "Over which span, in random order").default("0s"),
        Field::new(
            "running",
            Type::Bool,
            "They run at the start already, their images on their nodes",
        )
        .default("false"),
    ],
};

static CONTAINER: Shape = Shape {
    doc: "A container",
    fields: &[
        Field::new("image", Type::Name("image"), "Its image").required(),
        Field::new(
            "image_pull_policy",
            Type::Word(ImagePullPolicy::TEXTS),
            "When it is pulled; left out: as the API server defaults it from the tag",
        )
        .source("kubernetes pkg/apis/core/v1/defaults.go", READ),
        Field::new("duration", Type::SPAN, "Init container: how long it runs").default("0s"),
    ],
};
