//! The end of a replication: what was recorded becomes metrics, tables and rows. The order of the
//! metrics depends on the spec alone, so that replications can be folded line by line.

use crate::engine::stats::{Quantile, Sample};
use crate::model::World;
use crate::model::ids::{LimitId, PodId, RegistryId};
use crate::model::record::counts::mirrors::MirrorTally;
use crate::model::record::counts::{DiskTally, LastRollout, PullTally, SpenderKey, WorkloadTally};
use crate::model::record::fact::Fact;
use crate::model::record::levels::View;
use crate::model::record::measure::{self, Absence, Measure, Name};
use crate::model::record::outcome::{
    Blast, CounterSeries, Detail, FailureCount, LimitRate, Metric, Outcome, PodRow, Reach, Spender,
    StopReason, Value,
};
use crate::model::record::recorder::Recorder;
use crate::model::words::attempt::PullEnded;
use crate::model::words::cause::Cause;
use crate::model::words::deleted::Deleted;
use crate::model::words::endpoint::EndpointKind;
use crate::model::words::reply::RequestOutcome;
use crate::units::{Span, Time};

/// What the ready pods of a workload run, and ran.
pub(crate) struct Versions {
    /// Distinct contents at the end.
    pub(crate) running: u64,
    /// Time for which pods of one revision ran several.
    pub(crate) mixed: Span,
    /// Pods with another content at the end than the registry serves under their reference.
    pub(crate) stale: u64,
}

/// A list of metrics of one scope under construction.
struct Scope<'a> {
    name: String,
    metrics: &'a mut Vec<Metric>,
}

impl Scope<'_> {
    fn put(&mut self, name: impl Into<Name>, value: Value) {
        let (scope, name) = (self.name.clone(), name.into());
        let may_be_absent = name.info().absence != Absence::Never;
        debug_assert!(may_be_absent || value != Value::Absent, "{scope} has no {name}");
        self.metrics.push(Metric { scope, name, value });
    }

    fn count(&mut self, name: impl Into<Name>, count: u64) {
        self.put(name, Value::Known(count as f64));
    }

    fn known(&mut self, name: impl Into<Name>, value: Option<f64>) {
        self.put(name, value.map_or(Value::Absent, Value::Known));
    }

    fn seconds(&mut self, name: impl Into<Name>, micros: Option<u64>) {
        self.known(name, micros.map(|it| it as f64 / 1e6));
    }

    /// Median, 95th and 99th percentile.
    fn quantiles(&mut self, measures: [Measure; 3], sample: &Sample) {
        for (measure, per_mille) in measures.into_iter().zip([500, 950, 990]) {
            self.put(measure, seconds(sample.quantile(per_mille)));
        }
    }

    fn ratio(&mut self, name: Measure, part: u64, whole: u64) {
        self.known(name, (0 < whole).then(|| part as f64 / whole as f64));
    }

    fn pulls(&mut self, tally: &PullTally, labels: &[String]) {
        self.count(measure::PULL_ATTEMPTS, tally.attempts);
        self.count(measure::PULL_FAILURES, tally.failures);
        self.ratio(measure::PULL_FAILURE_SHARE, tally.failures, tally.attempts);
        for (label, &count) in labels.iter().zip(&tally.by_cause) {
            self.count(measure::PULL_FAILURES_BY_CAUSE.of(label), count);
        }
        let durations = Sample::new(tally.durations.clone(), 0);
        self.quantiles(
            [measure::PULL_SECONDS_P50, measure::PULL_SECONDS_P95, measure::PULL_SECONDS_P99],
            &durations,
        );
    }

    fn mirror(&mut self, tally: Option<MirrorTally>) {
        let exists = tally.is_some();
        let it = tally.unwrap_or_default();
        self.known(measure::UPSTREAM_BYTES, exists.then_some(it.upstream.0 as f64));
        self.ratio(measure::MIRROR_HIT_SHARE, it.hits, it.objects);
        self.ratio(measure::MIRROR_BYPASS_SHARE, it.wanted - it.asked, it.wanted);
    }

    /// Figures of disks; `share` is the most that one disk held of its size.
    fn disks(&mut self, tally: &DiskTally, share: Option<f64>) {
        self.count(measure::IMAGES_DELETED, tally.deleted.iter().sum());
        for (why, &count) in Deleted::ALL.iter().zip(&tally.deleted) {
            self.count(measure::IMAGES_DELETED_BY_REASON.of(why.name()), count);
        }
        self.count(measure::IMAGE_GC_FAILURES, tally.gc_failures);
        self.count(measure::PODS_EVICTED, tally.evicted);
        self.known(measure::DISK_USED_SHARE_MAX, share);
    }

    fn pods(&mut self, rows: &[&PodRow]) {
        let ready = rows.iter().filter(|it| it.ready.is_some()).count() as u64;
        let deleted = rows.iter().filter(|it| it.ready.is_none() && it.deleted.is_some()).count();
        let deleted = deleted as u64;
        let all = rows.len() as u64;
        self.count(measure::PODS, all);
        self.count(measure::PODS_READY, ready);
        self.count(measure::PODS_NEVER_READY, all - ready - deleted);
        self.count(measure::PODS_DELETED_BEFORE_READY, deleted);
        let spans = rows.iter().filter_map(|it| Some(it.ready?.since(it.created).as_micros()));
        let sample = Sample::new(spans.collect(), all - ready);
        self.quantiles(
            [measure::READY_SECONDS_P50, measure::READY_SECONDS_P95, measure::READY_SECONDS_P99],
            &sample,
        );
        self.put(measure::READY_SECONDS_MAX, seconds(sample.max()));
    }
}

fn seconds(quantile: Quantile) -> Value {
    match quantile {
        Quantile::Known(micros) => Value::Known(micros as f64 / 1e6),
        Quantile::Censored => Value::Censored,
        Quantile::Absent => Value::Absent,
    }
}

impl World<'_> {
    /// Closes the books.
    pub(crate) fn finish(mut self, replication: u32, stop: StopReason, events: u64) -> Outcome {
        self.note_all_unanswered();
        self.close_open_pulls();
        self.close_standstills();
        for (number, pod) in self.cluster.pods.iter().enumerate() {
            if pod.lives() {
                self.record.counts.close_pod(self.clock.end, pod.told(PodId::from(number)));
            }
        }
        self.check_conservation();
        self.check_disks();
        let metrics = self.metrics(events);
        self.close_watch();
        Outcome {
            replication,
            digest: self.record.digest.value(),
            stop,
            metrics,
            failures: self.failure_counts(),
            blast: self.blast(),
            spenders: self.spender_list(),
            shared_accounts: self.shared_accounts(),
            observed: std::mem::take(&mut self.record.operator.seen),
            detail: self.record.rows.detail.then(|| self.detail()),
        }
    }

    /// Adds what shows only at the end: sources by their names, pods that still wait.
    fn close_watch(&mut self) {
        for limit in (0..self.supply.limits.len()).map(LimitId::from) {
            let owners: Vec<u32> =
                self.supply.limits.levels(self.clock.end, limit).map(|it| it.0).collect();
            let names: Vec<String> = owners
                .into_iter()
                .map(|owner| self.supply.key_label(self.spec, limit, owner))
                .collect();
            let key = self.supply.limits.key_kind(limit);
            self.record.operator.add_sources(limit, key, names.into_iter());
        }
        let rows = &self.record.rows.pods;
        let waiting = rows.iter().filter(|it| it.ready.is_none() && it.deleted.is_none());
        let (waiting, pods) = (waiting.count() as u64, rows.len() as u64);
        (self.record.operator.seen.pods_waiting, self.record.operator.seen.pods) = (waiting, pods);
    }

    /// Pulls in flight or in a kubelet's queue at the end are open attempts.
    fn close_open_pulls(&mut self) {
        let running = self.pulls.iter().map(|(_, it)| it.as_it_is());
        let open: Vec<PullEnded> = running.chain(self.queued_pulls()).collect();
        for it in open {
            let pod = self.cluster.pods[it.pod.idx()].told(it.pod);
            self.record.note(self.clock.end, Fact::PullOpen { pod, open: it });
        }
    }

    /// What must add up in every run.
    fn check_conservation(&self) {
        let on_disks: u64 = self
            .cluster
            .nodes
            .iter()
            .flat_map(|it| it.store.blobs())
            .map(|blob| self.catalogue.size(blob).0)
            .sum();
        let open: u64 = self.pulls.iter().count() as u64;
        let observe = &self.record;
        debug_assert_eq!(
            observe.counts.volume.on_disks().0,
            on_disks,
            "bytes received went nowhere"
        );
        let (mut attempts, mut ended) = (0, 0);
        for tally in &observe.counts.workloads {
            attempts += tally.pulls.attempts;
            ended += tally.pulls.failures + tally.pulls.durations.len() as u64;
            debug_assert_eq!(tally.pulls.failures, tally.pulls.by_cause.iter().sum::<u64>());
        }
        debug_assert_eq!(attempts, ended + open + self.queued_pulls().len() as u64);
    }

    fn metrics(&mut self, events: u64) -> Vec<Metric> {
        let mut metrics = Vec::new();
        let versions = self.versions();
        self.run_metrics(&mut metrics, events, &versions);
        let labels = self.record.causes.labels().to_vec();
        for (number, spec) in self.spec.workloads.iter().enumerate() {
            let mut scope =
                Scope { name: format!("workload.{}", spec.name), metrics: &mut metrics };
            let of = |it: &&PodRow| it.workload as usize == number;
            let rows: Vec<&PodRow> = self.record.rows.pods.iter().filter(of).collect();
            scope.pods(&rows);
            let tally = &self.record.counts.workloads[number];
            let minutes = tally.unready.as_secs_f64() / 60.0;
            scope.put(measure::UNREADY_POD_MINUTES, Value::Known(minutes));
            scope.put(measure::CLEAR_SECONDS, clear(std::iter::once(tally)));
            scope.known(measure::MIN_AVAILABLE_SHARE, tally.least_share);
            let rollout = match tally.rollout {
                LastRollout::None => Value::Absent,
                LastRollout::UnderWay => Value::Censored,
                LastRollout::Completed(took) => Value::Known(took.as_secs_f64()),
            };
            scope.put(measure::ROLLOUT_COMPLETE_SECONDS, rollout);
            scope.count(measure::PROGRESS_DEADLINE_EXCEEDED, tally.n_stalled);
            let versions = &versions[number];
            scope.count(measure::PODS_ON_STALE_DIGEST, versions.stale);
            scope.count(measure::VERSIONS_RUNNING, versions.running);
            let mixed = Value::Known(versions.mixed.as_secs_f64());
            scope.put(measure::MIXED_VERSIONS_SECONDS, mixed);
            scope.seconds(measure::ROLLOUT_PAUSED_SECONDS, Some(tally.stood_still.as_micros()));
            scope.count(measure::CANARY_ATTEMPTS, tally.canaries.0);
            scope.count(measure::CANARY_FAILURES, tally.canaries.1);
            scope.pulls(&tally.pulls, &labels);
        }
        for (number, spec) in self.spec.pools.iter().enumerate() {
            let name = format!("pool.{}", spec.name);
            let mut scope = Scope { name, metrics: &mut metrics };
            scope.pulls(&self.record.counts.pools[number], &labels);
            scope.disks(&self.record.counts.disks[number], self.most_used_share(number));
        }
        for (number, spec) in self.spec.registries.iter().enumerate() {
            let name = spec.scope();
            let scope = Scope { name: name.clone(), metrics: &mut metrics };
            let first = number * EndpointKind::ALL.len();
            let endpoints = first..first + EndpointKind::ALL.len();
            request_metrics(scope, &self.record, endpoints, self.record.counts.refused_429[number]);
            if spec.mirror.is_some() {
                let mut scope = Scope { name, metrics: &mut metrics };
                scope.mirror(Some(self.record.counts.mirrors.one(RegistryId::from(number))));
            }
        }
        metrics
    }

    /// Rows of the pods that serve: all but those of image pullers.
    fn serving_rows(&self) -> impl Iterator<Item = &PodRow> {
        let serves = |it: &&PodRow| !self.spec.workloads[it.workload as usize].is_puller;
        self.record.rows.pods.iter().filter(serves)
    }

    fn run_metrics(&self, metrics: &mut Vec<Metric>, events: u64, versions: &[Versions]) {
        let observe = &self.record;
        let labels = observe.causes.labels();
        let mut scope = Scope { name: "run".into(), metrics };
        scope.pods(&self.serving_rows().collect::<Vec<_>>());
        let serve = self.spec.workloads.iter().map(|it| !it.is_puller);
        let serving = observe.counts.workloads.iter().zip(serve).filter(|it| it.1);
        let serving: Vec<&WorkloadTally> = serving.map(|it| it.0).collect();
        let minutes: f64 = serving.iter().map(|it| it.unready.as_secs_f64() / 60.0).sum();
        scope.put(measure::UNREADY_POD_MINUTES, Value::Known(minutes));
        scope.put(measure::CLEAR_SECONDS, clear(serving.into_iter()));
        let stale = versions.iter().map(|it| it.stale).sum();
        scope.count(measure::PODS_ON_STALE_DIGEST, stale);
        let whole = whole_tally(observe, labels.len());
        scope.pulls(&whole, labels);
        let shares = (0..self.spec.pools.len()).filter_map(|it| self.most_used_share(it));
        scope.disks(&whole_disks(observe), shares.reduce(f64::max));
        let n_endpoints = observe.counts.requests.len();
        let refused = observe.counts.refused_429.iter().sum();
        let requests = request_metrics(scope, observe, 0..n_endpoints, refused);
        let mut scope = Scope { name: "run".into(), metrics };
        let completed = whole.durations.len() as u64;
        scope.ratio(measure::REQUESTS_PER_COMPLETED_PULL, requests, completed);
        scope.count(measure::REQUESTS_PEAK_PER_SECOND, observe.counts.request_peak.peak());
        scope.count(measure::ATTEMPTS_PEAK_PER_SECOND, observe.counts.attempt_peak.peak());
        for (number, tally) in observe.counts.limits.iter().enumerate() {
            let label = observe.causes.limit_label(LimitId::from(number));
            let spent = Value::Known(tally.spent as f64 / 1e3);
            scope.put(measure::LIMIT_UNITS_SPENT.of(label), spent);
            let exhausted = tally.exhausted_until(self.clock.end).as_micros();
            scope.seconds(measure::LIMIT_EXHAUSTED_SECONDS.of(label), Some(exhausted));
        }
        let first = observe.counts.first_rejection;
        scope.seconds(measure::FIRST_REJECTION_SECONDS, first.map(Time::as_micros));
        scope.put(measure::RECOVERY_SECONDS, self.recovery(first));
        scope.known(measure::HERD_SYNCHRONY, observe.counts.herd.value());
        let private = observe.counts.volume.received_privately;
        scope.count(measure::EGRESS_BYTES, (observe.counts.volume.received - private).0);
        scope.count(measure::PRIVATE_BYTES, private.0);
        scope.count(measure::DISCARDED_BYTES, observe.counts.volume.discarded.0);
        scope.mirror(observe.counts.mirrors.all());
        scope.count(measure::EVENTS, events);
    }

    /// The most that a disk of a pool held of its size, where it has one.
    fn most_used_share(&self, pool: usize) -> Option<f64> {
        let capacity = self.spec.pools[pool].disk.capacity?;
        Some(self.record.counts.disks[pool].most_used.0 as f64 / capacity.0 as f64)
    }

    /// From the first rejection until the last serving pod that a failed pull delayed was ready or
    /// gone; censored while such a pod waits.
    fn recovery(&self, first: Option<Time>) -> Value {
        let Some(first) = first else { return Value::Absent };
        let delayed = self.serving_rows().filter(|it| 0 < it.failures);
        let mut last = first;
        for row in delayed {
            match (row.ready, row.deleted) {
                (Some(ready), _) => last = last.max(ready),
                (None, Some(deleted)) => last = last.max(deleted),
                (None, None) => return Value::Censored,
            }
        }
        Value::Known(last.since(first).as_secs_f64())
    }

    fn failure_counts(&self) -> Vec<FailureCount> {
        let label = |cause: Cause| self.record.causes.label(cause).to_owned();
        let mut failures: Vec<FailureCount> = self
            .record
            .counts
            .failures
            .iter()
            .map(|(&(cause, behind), &count)| FailureCount {
                cause: label(cause),
                cause_behind: behind.map(label),
                count,
            })
            .collect();
        failures.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.cause.cmp(&b.cause)));
        failures
    }

    fn blast(&self) -> Blast {
        let mut blast = Blast::default();
        for (number, spec) in self.spec.pools.iter().enumerate() {
            let of_pool = self.cluster.nodes.iter().zip(&self.record.counts.nodes);
            let seen: Vec<&(bool, bool)> =
                of_pool.filter(|(it, _)| it.pool.idx() == number).map(|(_, seen)| seen).collect();
            blast.nodes.push(Reach {
                name: spec.name.clone(),
                hit: seen.iter().filter(|it| it.1).count() as u64,
                of: seen.iter().filter(|it| it.0).count() as u64,
            });
        }
        for (spec, &(failed, pulls)) in self.spec.images.iter().zip(&self.record.counts.images) {
            if 0 < failed {
                blast.images.push(Reach { name: spec.name.clone(), hit: failed, of: pulls });
            }
        }
        for (number, tally) in self.record.counts.limits.iter().enumerate() {
            let limit = LimitId::from(number);
            let owners = self.supply.limits.levels(self.clock.end, limit).map(|it| it.0);
            for (counter, owner) in tally.counters.iter().zip(owners) {
                if 0 < counter.refused {
                    let label = self.record.causes.limit_label(limit);
                    blast.identities.push(Reach {
                        name: format!(
                            "{} ({label})",
                            self.supply.key_label(self.spec, limit, owner)
                        ),
                        hit: counter.refused,
                        of: counter.asked,
                    });
                }
            }
        }
        for reaches in [&mut blast.images, &mut blast.identities] {
            reaches.sort_by(|a, b| b.hit.cmp(&a.hit).then_with(|| a.name.cmp(&b.name)));
        }
        blast
    }

    fn spender_list(&self) -> Vec<Spender> {
        let mut spenders: Vec<(LimitId, u64, Spender)> = self
            .record
            .counts
            .spenders
            .iter()
            .map(|(&(limit, spender), &units)| {
                let (name, image) = match spender {
                    SpenderKey::Workload(workload, image) => (
                        format!("workload.{}", self.spec.workloads[workload.idx()].name),
                        Some(self.spec.images[image.idx()].name.clone()),
                    ),
                    SpenderKey::Mirror(mirror, image) => (
                        self.spec.registries[mirror.idx()].scope(),
                        Some(self.spec.images[image.idx()].name.clone()),
                    ),
                    SpenderKey::Background(id) => {
                        let name = &self.spec.backgrounds[usize::from(id)].name;
                        (format!("background.{name}"), None)
                    }
                };
                let limit_label = self.record.causes.limit_label(limit).to_owned();
                let units_shown = units as f64 / 1e3;
                let shown =
                    Spender { limit: limit_label, spender: name, image, units: units_shown };
                (limit, units, shown)
            })
            .collect();
        let refused = |limit: LimitId| {
            let counters = &self.record.counts.limits[limit.idx()].counters;
            counters.iter().map(|it| it.refused).sum::<u64>()
        };
        // The limit that refused most comes first.
        spenders.sort_by(|a, b| {
            refused(b.0)
                .cmp(&refused(a.0))
                .then(a.0.cmp(&b.0))
                .then(b.1.cmp(&a.1))
                .then_with(|| a.2.spender.cmp(&b.2.spender))
        });
        spenders.into_iter().map(|it| it.2).collect()
    }

    fn detail(&mut self) -> Detail {
        let pullers = self.spec.workloads.iter().filter(|it| it.is_puller);
        let view = View { spec: self.spec, cluster: &self.cluster, supply: &self.supply };
        Detail {
            gauges: self.record.levels.gauges(self.clock.end, &view, &self.record.causes),
            limit_rates: self.limit_rates(),
            counters: self.counter_series(),
            nodes: std::mem::take(&mut self.record.rows.node_names),
            images: self.spec.images.iter().map(|it| it.name.clone()).collect(),
            workloads: self.spec.workloads.iter().map(|it| it.name.clone()).collect(),
            pullers: pullers.map(|it| it.name.clone()).collect(),
            causes: self.record.causes.labels().to_vec(),
            pulls: std::mem::take(&mut self.record.rows.pulls),
            pods: std::mem::take(&mut self.record.rows.pods),
        }
    }

    fn limit_rates(&self) -> Vec<LimitRate> {
        let limits = (0..self.supply.limits.len()).map(LimitId::from);
        limits
            .filter_map(|limit| {
                let counters = self.supply.limits.levels(self.clock.end, limit).count() as u32;
                let per_second = self.supply.limits.request_rate(limit).filter(|_| 0 < counters)?;
                let label = self.record.causes.limit_label(limit).to_owned();
                let per_second = per_second * f64::from(counters);
                Some(LimitRate { limit: label, counters, per_second })
            })
            .collect()
    }

    fn counter_series(&mut self) -> Vec<CounterSeries> {
        let mut series = Vec::new();
        let mut push = |series_name, scope: String, kind: &str, counts: &mut Vec<u32>| {
            let per_second = std::mem::take(counts);
            if !per_second.is_empty() {
                let kind = kind.to_owned();
                series.push(CounterSeries { series: series_name, scope, kind, per_second });
            }
        };
        for (endpoint, counts) in self.record.rows.requests.iter_mut().enumerate() {
            let (endpoint, outcome) =
                (endpoint / RequestOutcome::ALL.len(), endpoint % RequestOutcome::ALL.len());
            let server = &self.spec.registries[endpoint / EndpointKind::ALL.len()];
            let kind = EndpointKind::ALL[endpoint % EndpointKind::ALL.len()].name_at(server);
            let scope = format!("{}/{kind}", server.name);
            push("requests", scope, RequestOutcome::ALL[outcome].name(), &mut counts.0);
        }
        push("attempts", String::new(), "", &mut self.record.rows.attempts.0);
        let labels = self.record.causes.labels().to_vec();
        for (label, counts) in labels.iter().zip(&mut self.record.rows.failures) {
            push("failures", String::new(), label, &mut counts.0);
        }
        series
    }
}

/// The last instant at which a pod of these workloads was not ready; none while one still waits.
fn clear<'a>(mut of: impl Iterator<Item = &'a WorkloadTally> + Clone) -> Value {
    let last = of.clone().map(|it| it.last_unready.0).max().unwrap_or_default();
    if of.any(|it| it.last_unready.1) {
        return Value::Censored;
    }
    Value::Known(last.as_secs_f64())
}

fn whole_tally(observe: &Recorder<'_>, n_causes: usize) -> PullTally {
    let mut whole = PullTally { by_cause: vec![0; n_causes], ..PullTally::default() };
    for tally in observe.counts.workloads.iter().map(|it| &it.pulls) {
        whole.attempts += tally.attempts;
        whole.failures += tally.failures;
        for (sum, count) in whole.by_cause.iter_mut().zip(&tally.by_cause) {
            *sum += count;
        }
        whole.durations.extend(&tally.durations);
    }
    whole
}

fn whole_disks(observe: &Recorder<'_>) -> DiskTally {
    let mut whole = DiskTally::default();
    for tally in &observe.counts.disks {
        for (sum, count) in whole.deleted.iter_mut().zip(tally.deleted) {
            *sum += count;
        }
        whole.gc_failures += tally.gc_failures;
        whole.evicted += tally.evicted;
    }
    whole
}

fn request_metrics(
    mut scope: Scope<'_>,
    observe: &Recorder<'_>,
    endpoints: std::ops::Range<usize>,
    refused_429: u64,
) -> u64 {
    let of = &observe.counts.requests[endpoints];
    let all: u64 = of.iter().flatten().sum();
    scope.count(measure::REQUESTS, all);
    for (number, outcome) in RequestOutcome::ALL.into_iter().enumerate() {
        let count = of.iter().map(|it| it[number]).sum();
        scope.count(measure::REQUESTS_BY_OUTCOME.of(outcome.name()), count);
    }
    scope.count(measure::REQUESTS_REJECTED_429, refused_429);
    all
}
