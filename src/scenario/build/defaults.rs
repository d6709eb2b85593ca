//! Defaults that hang on other keys: no table can state them.

use std::collections::BTreeMap;

use crate::model::spec::Count;
use crate::resource::limiter::Law;
use crate::scenario::Parameter;
use crate::scenario::tables::workload::Controller;
use crate::scenario::typed::{Value, Values};
use crate::units::{Bytes, Share, Span};

/// `maxSurge` and `maxUnavailable` of a Deployment: kubernetes pkg/apis/apps/v1/defaults.go,
/// 2026-07-23.
pub(super) const DEPLOYMENT_FENCE: Count = Count::Share(Share::from_percent(25));
/// `maxUnavailable` of a DaemonSet: the same file.
pub(super) const DAEMONSET_UNAVAILABLE: Count = Count::Number(1);
/// `progressDeadlineSeconds` of a Deployment: the same file.
pub(super) const PROGRESS_DEADLINE: Span = Span::from_secs(600);
/// `parallelism` of a Job: kubernetes pkg/apis/batch/v1/defaults.go, 2026-07-23.
pub(super) const PARALLELISM: u32 = 1;
/// Size of an index that no file states: unverified, a typical index of some platforms.
pub(super) const INDEX: Bytes = Bytes(1_500);

/// Adds those of these defaults that are in force to the parameters.
pub(crate) fn parameters(root: &Values, all: &mut Vec<Parameter>) {
    let serialize: BTreeMap<String, bool> = root
        .named("pool")
        .filter_map(|(name, pool)| {
            let path = format!("pool.{name}.kubelet.serialize_image_pulls");
            Some((path, super::kubelet(pool.table("kubelet")?).serialize_image_pulls))
        })
        .collect();
    for it in all.iter_mut() {
        if let Some(serialize) = serialize.get(&it.path) {
            it.value = serialize.to_string();
        }
    }
    let mut add = |values: &Values, path: String, key: &str, value: Value| {
        if !values.given(key) {
            let (value, origin) = (value.show(), "default".into());
            all.push(Parameter { path: format!("{path}.{key}"), value, origin });
        }
    };
    for (name, workload) in root.named("workload") {
        let mut add = |key, value| add(workload, format!("workload.{name}"), key, value);
        match workload.word("kind") {
            Some(Controller::Deployment) => {
                add("max_surge", Value::Count(DEPLOYMENT_FENCE));
                add("max_unavailable", Value::Count(DEPLOYMENT_FENCE));
                add("progress_deadline", Value::Span(PROGRESS_DEADLINE));
            }
            Some(Controller::DaemonSet) => {
                add("max_unavailable", Value::Count(DAEMONSET_UNAVAILABLE));
            }
            Some(Controller::Job) => add("parallelism", Value::Integer(u64::from(PARALLELISM))),
            None => {}
        }
    }
    for (name, image) in root.named("image") {
        if 1 < image.list("platforms").len() {
            add(image, format!("image.{name}"), "index", Value::Bytes(INDEX));
        }
    }
    for (name, registry) in root.named("registry") {
        for (limit, values) in registry.named("limit") {
            if values.word("law") == Some(Law::TokenBucket) {
                let allow = Value::Milli(values.milli("allow"));
                add(values, format!("registry.{name}.limit.{limit}"), "burst", allow);
            }
        }
    }
}
