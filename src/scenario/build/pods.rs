//! Pools and workloads.

use super::Ids;
use super::defaults::{DAEMONSET_UNAVAILABLE, DEPLOYMENT_FENCE, PARALLELISM, PROGRESS_DEADLINE};
use crate::model::spec::{
    ContainerSpec, Count, DiskSpec, EvictionSpec, ImageGcSpec, ImagePullPolicy, KubeletSpec,
    PoolSpec, RuntimeProfile, WorkloadKind, WorkloadSpec,
};
use crate::scenario::presets;
use crate::scenario::reference::Reference;
use crate::scenario::source::Origin;
use crate::scenario::tables::workload::Controller;
use crate::scenario::typed::{Typed, Value, Values};
use crate::units::{Share, Span};

pub(super) fn pool(ids: &Ids<'_>, name: &str, values: &Values) -> PoolSpec {
    let none = Values::new(Origin::DEFAULT);
    let join = values.table("join").unwrap_or(&none);
    let preloaded = super::names(values, "preloaded");
    PoolSpec {
        name: name.to_owned(),
        nodes: values.count("nodes"),
        join_at: join.span("at"),
        join_over: join.span("over"),
        boot: values.span("boot"),
        drain: values.span("drain"),
        arch: values.text("arch").to_owned(),
        egress: ids.egress(values.text("egress")),
        accounts: ids.accounts(&values.texts("account")),
        runtime: runtime(values.text("runtime"), values.table("client").unwrap_or(&none)),
        kubelet: kubelet(values.table("kubelet").unwrap_or(&none)),
        nic: values.bandwidth("nic"),
        unpack: values.table("disk").unwrap_or(&none).bandwidth("unpack"),
        disk: disk(ids, values.table("disk").unwrap_or(&none)),
        preloaded: preloaded.into_iter().map(|name| ids.image(name)).collect(),
        max_pods: values.count("max_pods"),
        startup_taint: values.text_opt("startup_taint").map(|name| ids.puller(name)),
    }
}

fn disk(ids: &Ids<'_>, values: &Values) -> DiskSpec {
    DiskSpec {
        capacity: values.bytes_opt("capacity"),
        used: values.bytes("used"),
        unpacked_milli: values.milli("unpacked_ratio"),
        pinned: ids.images_on_nodes(super::names(values, "pinned")),
    }
}

fn runtime(name: &str, client: &Values) -> RuntimeProfile {
    let version = presets::find("runtime", name).map_or(name, |preset| preset.name);
    RuntimeProfile {
        name: version.to_owned(),
        requests_per_object: client.count("requests_per_object"),
        max_concurrent_downloads: client.count("max_concurrent_downloads"),
        progress_timeout: client.span_opt("progress_timeout").filter(|span| !span.is_zero()),
        progress_check: client.span("progress_check"),
        dial_timeout: client.span("dial_timeout"),
        idle_timeout: client.span("idle_timeout"),
        head_blob_after_failed_head: client.bool("head_blob_after_failed_head"),
        honour_retry_after: client.bool("honour_retry_after"),
    }
}

/// A kubelet's configuration.
///
/// Where only `max_parallel_image_pulls` is set, `serialize_image_pulls` defaults to whether that
/// is below 2 (kubelet config/v1beta1/defaults.go, 2026-07-23).
pub(crate) fn kubelet(values: &Values) -> KubeletSpec {
    let most = values.count_opt("max_parallel_image_pulls");
    let serialize = match most {
        Some(most) if !values.is_written("serialize_image_pulls") => most < 2,
        _ => values.bool("serialize_image_pulls"),
    };
    let none = Values::new(Origin::DEFAULT);
    let hard = values.table("eviction_hard").unwrap_or(&none);
    KubeletSpec {
        serialize_image_pulls: serialize,
        max_parallel_image_pulls: most,
        registry_pull_qps: values.count("registry_pull_qps"),
        registry_burst: values.count("registry_burst"),
        image_backoff_initial: values.span("image_backoff_initial"),
        image_backoff_max: values.span("image_backoff_max"),
        image_backoff_jitter: values.share("image_backoff_jitter"),
        coalesce_image_pulls: values.bool("coalesce_image_pulls"),
        sync_backoff: values.span("sync_backoff"),
        sync_jitter: values.share("sync_jitter"),
        sync_tick: values.span("sync_tick"),
        image_gc: ImageGcSpec {
            high_threshold_percent: values.count("image_gc_high_threshold_percent"),
            low_threshold_percent: values.count("image_gc_low_threshold_percent"),
            minimum_age: values.span("image_minimum_gc_age"),
            maximum_age: values.span("image_maximum_gc_age"),
        },
        eviction: EvictionSpec {
            imagefs_available: hard.share("imagefs_available"),
            nodefs_available: hard.share("nodefs_available"),
            pressure_transition_period: values.span("eviction_pressure_transition_period"),
        },
    }
}

/// The workloads, and behind them the image pullers of the timeline.
pub(super) fn workloads(ids: &Ids<'_>) -> Vec<WorkloadSpec> {
    let workloads = ids.root.named("workload").map(|(name, values)| workload(ids, name, values));
    let pullers = super::prepulls(ids.root).map(|(name, values)| puller(ids, name, values));
    workloads.chain(pullers).collect()
}

/// The image puller of a pre-pull.
fn puller(ids: &Ids<'_>, name: &str, values: &Values) -> WorkloadSpec {
    let init_container = |image| ContainerSpec {
        image: ids.image(image),
        image_pull_policy: policy(ids.root, None, image),
        duration: Span::ZERO,
    };
    WorkloadSpec {
        name: name.to_owned(),
        kind: WorkloadKind::DaemonSet { max_unavailable: Count::Share(Share::ALL) },
        pool: ids.pool(values.text("pool")),
        start_at: Span::ZERO,
        start_over: Span::ZERO,
        running: false,
        accounts: values.text_opt("account").map(|name| ids.account(name)).into_iter().collect(),
        init_containers: super::names(values, "images").into_iter().map(init_container).collect(),
        containers: Vec::new(),
        startup: Span::ZERO,
        is_puller: true,
    }
}

fn workload(ids: &Ids<'_>, name: &str, values: &Values) -> WorkloadSpec {
    let none = Values::new(Origin::DEFAULT);
    let start = values.table("start").unwrap_or(&none);
    WorkloadSpec {
        name: name.to_owned(),
        kind: kind(values),
        pool: ids.pool(values.text("pool")),
        start_at: start.span("at"),
        start_over: start.span("over"),
        running: start.bool("running"),
        accounts: ids.accounts(&values.texts("account")),
        init_containers: containers(ids, values.list("init_containers")),
        containers: containers(ids, values.list("containers")),
        startup: values.span("startup"),
        is_puller: false,
    }
}

fn kind(values: &Values) -> WorkloadKind {
    let unavailable = values.count_or_share("max_unavailable");
    match values.the("kind") {
        Controller::DaemonSet => WorkloadKind::DaemonSet {
            max_unavailable: unavailable.unwrap_or(DAEMONSET_UNAVAILABLE),
        },
        Controller::Job => WorkloadKind::Job {
            completions: values.count("completions"),
            parallelism: values.count_opt("parallelism").unwrap_or(PARALLELISM),
            duration: values.span("duration"),
        },
        Controller::Deployment => WorkloadKind::Deployment {
            replicas: values.count("replicas"),
            max_surge: values.count_or_share("max_surge").unwrap_or(DEPLOYMENT_FENCE),
            max_unavailable: unavailable.unwrap_or(DEPLOYMENT_FENCE),
            progress_deadline: values.span_opt("progress_deadline").unwrap_or(PROGRESS_DEADLINE),
        },
    }
}

fn containers(ids: &Ids<'_>, list: &[Typed]) -> Vec<ContainerSpec> {
    let tables = list.iter().filter_map(|typed| match &typed.value {
        Value::Table(values) => Some(values),
        _ => None,
    });
    tables
        .map(|values| {
            let image = values.text("image");
            ContainerSpec {
                image: ids.image(image),
                image_pull_policy: policy(ids.root, values.word("image_pull_policy"), image),
                duration: values.span("duration"),
            }
        })
        .collect()
}

/// Whether a container asks for its image at every start.
pub(super) fn is_always(root: &Values, container: &Values) -> bool {
    let written = container.word("image_pull_policy");
    policy(root, written, container.text("image")) == ImagePullPolicy::Always
}

/// The policy of a container: what it says, or what the API server makes of the reference. Where
/// the admission plugin is on, always `Always`.
fn policy(root: &Values, written: Option<ImagePullPolicy>, image: &str) -> ImagePullPolicy {
    if root.table("control_plane").is_some_and(|it| it.bool("always_pull_images")) {
        return ImagePullPolicy::Always;
    }
    written.unwrap_or_else(|| {
        let reference = root.block("image", image).map(|image| image.text("reference"));
        reference
            .and_then(Reference::parse)
            .map_or(ImagePullPolicy::IfNotPresent, |reference| reference.default_policy())
    })
}
