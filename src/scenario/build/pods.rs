//! Pools and workloads.

use super::Ids;
use crate::model::spec::{
    ContainerSpec, Count, DiskSpec, PoolSpec, RuntimeProfile, WorkloadKind, WorkloadSpec,
};
use crate::scenario::presets::{self, PresetKind, Runtime};
use crate::scenario::resolve::images::{policy, policy_of};
use crate::scenario::resolve::{kubelet, prepulls};
use crate::scenario::tables::workload::Controller;
use crate::scenario::tables::{self, pool, timeline, workload};
use crate::scenario::typed::Values;
use crate::units::{Share, Span};

pub(super) fn pool(ids: &Ids<'_>, name: &str, values: &Values) -> PoolSpec {
    let join = values.the(pool::JOIN);
    PoolSpec {
        name: name.to_owned(),
        nodes: values.the(pool::NODES),
        join_at: join.the(pool::JOIN_AT),
        join_over: join.the(pool::JOIN_OVER),
        boot: values.the(pool::BOOT),
        drain: values.the(pool::DRAIN),
        arch: values.the(pool::ARCH).to_owned(),
        egress: ids.egress(values.the(pool::EGRESS)),
        accounts: ids.accounts(&values.opt(pool::ACCOUNT).unwrap_or_default()),
        runtime: runtime(values.the(pool::RUNTIME), values.the(pool::CLIENT)),
        kubelet: kubelet(values.the(pool::KUBELET)),
        nic: values.the(pool::NIC),
        unpack: values.the(pool::DISK).the(pool::DISK_UNPACK),
        disk: disk(ids, values.the(pool::DISK)),
        preloaded: ids.images(values.the(pool::PRELOADED)),
        max_pods: values.the(pool::MAX_PODS),
        startup_taint: values.opt(pool::STARTUP_TAINT).map(|name| ids.puller(name)),
    }
}

fn disk(ids: &Ids<'_>, values: &Values) -> DiskSpec {
    DiskSpec {
        capacity: values.opt(pool::DISK_CAPACITY),
        used: values.the(pool::DISK_USED),
        unpacked_milli: values.the(pool::DISK_UNPACKED_RATIO),
        pinned: ids.images_on_nodes(values.the(pool::DISK_PINNED)),
    }
}

fn runtime(name: Runtime, client: &Values) -> RuntimeProfile {
    let name = name.text();
    let version = presets::find(PresetKind::Runtime, name).map_or(name, |preset| preset.name);
    RuntimeProfile {
        name: version.to_owned(),
        requests_per_object: client.the(pool::REQUESTS_PER_OBJECT),
        max_concurrent_downloads: client.the(pool::MAX_CONCURRENT_DOWNLOADS),
        progress_timeout: client.opt(pool::PROGRESS_TIMEOUT).filter(|span| !span.is_zero()),
        progress_check: client.the(pool::PROGRESS_CHECK),
        dial_timeout: client.the(pool::DIAL_TIMEOUT),
        idle_timeout: client.the(pool::IDLE_TIMEOUT),
        head_blob_after_failed_head: client.the(pool::HEAD_BLOB_AFTER_FAILED_HEAD),
        honour_retry_after: client.the(pool::HONOUR_RETRY_AFTER),
    }
}

/// The workloads, and behind them the image pullers of the timeline.
pub(super) fn workloads(ids: &Ids<'_>) -> Vec<WorkloadSpec> {
    let workloads =
        ids.root.blocks(tables::WORKLOAD).map(|(name, values)| workload(ids, name, values));
    let pullers = prepulls(ids.root).map(|(name, values)| puller(ids, name, values));
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
        pool: ids.pool(values.the(timeline::POOL)),
        start_at: Span::ZERO,
        start_over: Span::ZERO,
        running: false,
        accounts: values
            .opt(timeline::PREPULL_ACCOUNT)
            .map(|name| ids.account(name))
            .into_iter()
            .collect(),
        init_containers: values.the(timeline::IMAGES).into_iter().map(init_container).collect(),
        containers: Vec::new(),
        startup: Span::ZERO,
        is_puller: true,
    }
}

fn workload(ids: &Ids<'_>, name: &str, values: &Values) -> WorkloadSpec {
    let start = values.the(workload::START);
    WorkloadSpec {
        name: name.to_owned(),
        kind: kind(values),
        pool: ids.pool(values.the(workload::POOL)),
        start_at: start.the(workload::START_AT),
        start_over: start.the(workload::START_OVER),
        running: start.the(workload::START_RUNNING),
        accounts: ids.accounts(&values.opt(workload::ACCOUNT).unwrap_or_default()),
        init_containers: containers(ids, values.the(workload::INIT_CONTAINERS)),
        containers: containers(ids, values.the(workload::CONTAINERS)),
        startup: values.the(workload::STARTUP),
        is_puller: false,
    }
}

fn kind(values: &Values) -> WorkloadKind {
    match values.the(workload::KIND) {
        Controller::DaemonSet => {
            WorkloadKind::DaemonSet { max_unavailable: values.the(workload::MAX_UNAVAILABLE) }
        }
        Controller::Job => WorkloadKind::Job {
            completions: values.the(workload::COMPLETIONS),
            parallelism: values.the(workload::PARALLELISM),
            duration: values.the(workload::DURATION),
        },
        Controller::Deployment => WorkloadKind::Deployment {
            replicas: values.the(workload::REPLICAS),
            max_surge: values.the(workload::MAX_SURGE),
            max_unavailable: values.the(workload::MAX_UNAVAILABLE),
            progress_deadline: values.the(workload::PROGRESS_DEADLINE),
        },
    }
}

fn containers(ids: &Ids<'_>, list: Vec<&Values>) -> Vec<ContainerSpec> {
    let container = |values: &Values| ContainerSpec {
        image: ids.image(values.the(workload::CONTAINER_IMAGE)),
        image_pull_policy: policy_of(ids.root, values),
        duration: values.the(workload::CONTAINER_DURATION),
    };
    list.into_iter().map(container).collect()
}
