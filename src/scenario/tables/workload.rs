//! `[workload.x]`: pods and who makes them.

use super::ENABLED;
use super::account::ACCOUNTS;
use crate::model::spec::{Count, ImagePullPolicy};
use crate::scenario::field::{Fallback, Kind, Shape, Type};
use crate::scenario::key::{Key, List, Name, OneOrMore, Table};
use crate::units::Span;
use crate::words::words;

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

const DEPLOYMENT: &[&str] = &[Controller::Deployment.text()];
const JOB: &[&str] = &[Controller::Job.text()];

/// Most pods of a workload, and of a scenario.
pub(crate) const MOST_PODS: u64 = 2_000_000;
/// Numbers of pods.
pub(crate) const PODS: Type = Type::Integer { min: 0, max: MOST_PODS };
/// Numbers of pods, or shares of them.
pub(crate) const PODS_OR_SHARE: Type = Type::Count { min: 0, max: MOST_PODS };

pub(crate) const KIND: Key<Controller> = Key::word("kind", "Its controller").required();
pub(crate) const POOL: Key<Name> =
    Key::new("pool", Type::Name(Kind::Pool), "Where its pods run").required();
pub(crate) const REPLICAS: Key<u32> =
    Key::new("replicas", PODS, "Deployment: pods wanted").needed(KIND, DEPLOYMENT).help(
        "a daemonset has one pod per node of its pool, a job has completions; leave it out, or use \
     kind = \"deployment\"",
    );
pub(crate) const COMPLETIONS: Key<u32> =
    Key::new("completions", PODS, "Job: pods to complete").needed(KIND, JOB);
pub(crate) const PARALLELISM: Key<u32> =
    Key::new("parallelism", Type::Integer { min: 1, max: MOST_PODS }, "Job: pods at a time")
        .with(KIND, JOB)
        .default_when(&[(KIND.is(JOB), Fallback::Value("1"))])
        .source("kubernetes pkg/apis/batch/v1/defaults.go", READ);
pub(crate) const DURATION: Key<Span> =
    Key::new("duration", Type::SPAN, "Job: how long a pod runs once started").needed(KIND, JOB);
pub(crate) const START: Key<Table> =
    Key::new("start", Type::Table(&START_SHAPE), START_SHAPE.doc).filled();
pub(crate) const ACCOUNT: Key<OneOrMore<Name>> = Key::new(
    "account",
    ACCOUNTS,
    "Its pull secrets, one per registry at most; left out: its nodes' credentials, or none",
);
pub(crate) const INIT_CONTAINERS: Key<List<Table>> = Key::new(
    "init_containers",
    Type::List { of: &A_CONTAINER, max: 100 },
    "Init containers, in order",
)
.default("[]");
pub(crate) const CONTAINERS: Key<List<Table>> =
    Key::new("containers", Type::List { of: &A_CONTAINER, max: 100 }, "Containers, in order")
        .required();
pub(crate) const MAX_SURGE: Key<Count> =
    Key::new("max_surge", PODS_OR_SHARE, "Deployment: pods above replicas in a rollout")
        .source(APPS, READ)
        .with(KIND, DEPLOYMENT)
        .default_when(&[(KIND.is(DEPLOYMENT), Fallback::Value("25%"))]);
pub(crate) const MAX_UNAVAILABLE: Key<Count> =
    Key::new("max_unavailable", PODS_OR_SHARE, "Pods that may be missing in a rollout")
        .source(APPS, READ)
        .with(KIND, &[Controller::Deployment.text(), Controller::DaemonSet.text()])
        .default_when(&[
            (KIND.is(DEPLOYMENT), Fallback::Value("25%")),
            (KIND.is(&[Controller::DaemonSet.text()]), Fallback::Value("1")),
        ]);
pub(crate) const PROGRESS_DEADLINE: Key<Span> = Key::new(
    "progress_deadline",
    Type::PERIOD,
    "Deployment: a rollout that stands still for this long is reported",
)
.source(APPS, READ)
.with(KIND, DEPLOYMENT)
.default_when(&[(KIND.is(DEPLOYMENT), Fallback::Value("10m"))]);
pub(crate) const STARTUP: Key<Span> =
    Key::new("startup", Type::SPAN, "From the start of the last container to ready").default("0s");

pub(crate) static SHAPE: Shape = Shape {
    doc: "Pods, and the controller that makes them",
    fields: &[
        ENABLED.row,
        KIND.row,
        POOL.row,
        REPLICAS.row,
        COMPLETIONS.row,
        PARALLELISM.row,
        DURATION.row,
        START.row,
        ACCOUNT.row,
        INIT_CONTAINERS.row,
        CONTAINERS.row,
        MAX_SURGE.row,
        MAX_UNAVAILABLE.row,
        PROGRESS_DEADLINE.row,
        STARTUP.row,
    ],
    one_of: &[],
};

pub(crate) const START_AT: Key<Span> = Key::new("at", Type::SPAN, "The first")
    .default("0s")
    .with(START_RUNNING, &["false"])
    .help("pods that run at the start are there at 0s: drop one of the two");
pub(crate) const START_OVER: Key<Span> =
    Key::new("over", Type::SPAN, "Over which span, in random order")
        .default("0s")
        .with(START_RUNNING, &["false"])
        .help("pods that run at the start are there at 0s: drop one of the two");
pub(crate) const START_RUNNING: Key<bool> =
    Key::new("running", Type::Bool, "They run at the start already, their images on their nodes")
        .default("false");

static START_SHAPE: Shape = Shape {
    doc: "When its pods appear",
    fields: &[START_AT.row, START_OVER.row, START_RUNNING.row],
    one_of: &[],
};

pub(crate) const CONTAINER_IMAGE: Key<Name> =
    Key::new("image", Type::Name(Kind::Image), "Its image").required();
pub(crate) const CONTAINER_IMAGE_PULL_POLICY: Key<ImagePullPolicy> = Key::word(
    "image_pull_policy",
    "When it is pulled; left out: as the API server defaults it from the tag",
)
.source("kubernetes pkg/apis/core/v1/defaults.go", READ);
pub(crate) const CONTAINER_DURATION: Key<Span> =
    Key::new("duration", Type::SPAN, "Init container: how long it runs").default("0s");

static A_CONTAINER: Type = Type::Table(&CONTAINER_SHAPE);

static CONTAINER_SHAPE: Shape = Shape {
    doc: "A container",
    fields: &[CONTAINER_IMAGE.row, CONTAINER_IMAGE_PULL_POLICY.row, CONTAINER_DURATION.row],
    one_of: &[],
};
