//! What blocks mean together: which block a name means, what a block has from others. The check and
//! the builder ask the same questions here.

pub(crate) mod images;
pub(crate) mod state;

use super::tables::timeline::{self, ActionName};
use super::tables::{self, pool, workload};
use super::typed::Values;
use crate::model::spec::{DayWindow, EvictionSpec, ImageGcSpec, KubeletSpec};
use crate::words::Words;

/// The actions of a timeline block; one where nothing is wrong.
pub(crate) fn actions(event: &Values) -> impl Iterator<Item = ActionName> {
    ActionName::ALL.iter().copied().filter(|action| event.given(action.row()))
}

/// The pre-pulls of a timeline, by name of their blocks.
pub(crate) fn prepulls(root: &Values) -> impl Iterator<Item = (&str, &Values)> {
    let events = root.blocks(tables::TIMELINE);
    events.filter_map(|(name, event)| Some((name, event.opt(timeline::PREPULL)?)))
}

/// Whether an event is an outage, of a registry or of a mirror: its name is a cause.
pub(crate) fn fails(event: &Values) -> bool {
    event.given(timeline::OUTAGE) || event.given(timeline::RESTART_MIRROR)
}

/// An action with a new pod template.
pub(crate) struct Roll<'a> {
    /// Its block.
    pub(crate) name: &'a str,
    /// The block's values.
    pub(crate) event: &'a Values,
    /// Which action.
    pub(crate) action: ActionName,
    /// The action's values.
    pub(crate) values: &'a Values,
}

/// Every rollout and every canary.
pub(crate) fn rolls(root: &Values) -> impl Iterator<Item = Roll<'_>> {
    root.blocks(tables::TIMELINE).flat_map(|(name, event)| {
        let roll = |action, values| Roll { name, event, action, values };
        let rollout = event.opt(timeline::ROLLOUT).map(|it| roll(ActionName::Rollout, it));
        let canary = event.opt(timeline::CANARY).map(|it| roll(ActionName::Canary, it));
        rollout.into_iter().chain(canary)
    })
}

/// Whether a workload's pods run at the start.
pub(crate) fn runs(workload: &Values) -> bool {
    workload.opt(workload::START).is_some_and(|start| start.get(workload::START_RUNNING))
}

/// Whether all nodes of a pool are there at the start; `None` where that cannot be told.
pub(crate) fn is_there(pool: &Values) -> Option<bool> {
    let join = pool.opt(pool::JOIN)?;
    Some(join.get(pool::JOIN_AT).is_zero() && join.get(pool::JOIN_OVER).is_zero())
}

/// A time of the day.
pub(crate) fn day_window(values: &Values) -> DayWindow {
    let (from, until) = (values.get(timeline::BETWEEN_FROM), values.get(timeline::BETWEEN_UNTIL));
    DayWindow { from, until }
}

/// A kubelet's configuration.
pub(crate) fn kubelet(values: &Values) -> KubeletSpec {
    let serialize = pool::SERIALIZE_IMAGE_PULLS;
    // A `set` may have changed what the default hangs on.
    let serialize = match serialize.row.default_in(values) {
        Some(default) if !values.is_written(serialize) => default == pool::SERIALIZED,
        Some(_) | None => values.get(serialize),
    };
    let hard = values.opt(pool::EVICTION_HARD);
    KubeletSpec {
        serialize_image_pulls: serialize,
        max_parallel_image_pulls: values.opt(pool::MAX_PARALLEL_IMAGE_PULLS),
        registry_pull_qps: values.get(pool::REGISTRY_PULL_QPS),
        registry_burst: values.get(pool::REGISTRY_BURST),
        image_backoff_initial: values.get(pool::IMAGE_BACKOFF_INITIAL),
        image_backoff_max: values.get(pool::IMAGE_BACKOFF_MAX),
        image_backoff_jitter: values.get(pool::IMAGE_BACKOFF_JITTER),
        coalesce_image_pulls: values.get(pool::COALESCE_IMAGE_PULLS),
        sync_backoff: values.get(pool::SYNC_BACKOFF),
        sync_jitter: values.get(pool::SYNC_JITTER),
        sync_tick: values.get(pool::SYNC_TICK),
        image_gc: ImageGcSpec {
            high_threshold_percent: values.get(pool::IMAGE_GC_HIGH_THRESHOLD_PERCENT),
            low_threshold_percent: values.get(pool::IMAGE_GC_LOW_THRESHOLD_PERCENT),
            minimum_age: values.get(pool::IMAGE_MINIMUM_GC_AGE),
            maximum_age: values.get(pool::IMAGE_MAXIMUM_GC_AGE),
        },
        eviction: EvictionSpec {
            imagefs_available: hard.map(|it| it.get(pool::IMAGEFS_AVAILABLE)).unwrap_or_default(),
            nodefs_available: hard.map(|it| it.get(pool::NODEFS_AVAILABLE)).unwrap_or_default(),
            pressure_transition_period: values.get(pool::EVICTION_PRESSURE_TRANSITION_PERIOD),
        },
    }
}
