//! The trace: every fact as a kind and named fields, for whoever wants to count something else.
//! Names stand for ids, and names of fields carry the units. `output/README.md` documents the
//! lines.

use crate::model::ids::{ImageId, NodeId, PodId, PoolId, RegistryId, WorkloadId};
use crate::model::record::fact::{
    Asking, BytesTold, DiskTold, Fact, MirrorRequestTold, MirrorTold, RequestTold, WorkloadTold,
};
use crate::model::record::outcome::{FactSink, Field};
use crate::model::record::rows::node_name;
use crate::model::spec::Spec;
use crate::model::words::asker::Spender;
use crate::model::words::attempt::{PullEnd, PullEnded};
use crate::model::words::cause::{Cause, Causes};
use crate::model::words::endpoint::Endpoint;
use crate::model::words::reply::{Metered, refusal};
use crate::resource::limiter::Admission;
use crate::units::{Bytes, Span, Time};

/// A field and its name.
type Named<'n> = (&'static str, Field<'n>);

/// Hands facts on to a sink, under their names.
pub(crate) struct Trace<'a> {
    names: Names<'a>,
    sink: &'a mut dyn FactSink,
}

/// The names of what facts know by ids.
struct Names<'a> {
    spec: &'a Spec,
    /// Workload and ordinal of each pod.
    pods: Vec<(&'a str, u32)>,
    nodes: Vec<String>,
    replicas: Vec<String>,
}

impl Names<'_> {
    fn pod(&self, pod: PodId) -> Named<'_> {
        let (workload, ordinal) = self.pods[pod.idx()];
        ("pod", Field::Numbered(workload, ordinal))
    }

    fn node(&self, node: NodeId) -> Named<'_> {
        ("node", Field::Text(&self.nodes[node.idx()]))
    }

    fn image(&self, image: ImageId) -> Named<'_> {
        ("image", Field::Text(&self.spec.images[image.idx()].name))
    }

    fn server(&self, name: &'static str, server: RegistryId) -> Named<'_> {
        (name, Field::Text(&self.spec.registries[server.idx()].name))
    }

    fn endpoint(&self, endpoint: Endpoint) -> Named<'_> {
        let server = &self.spec.registries[endpoint.registry.idx()];
        ("endpoint", Field::Path(&server.name, endpoint.kind.name_at(server)))
    }

    fn workload(&self, workload: WorkloadId) -> Named<'_> {
        ("workload", Field::Text(&self.spec.workloads[workload.idx()].name))
    }

    fn pool(&self, pool: PoolId) -> Named<'_> {
        ("pool", Field::Text(&self.spec.pools[pool.idx()].name))
    }

    fn spender(&self, spender: Spender) -> Named<'_> {
        let (kind, name) = match spender {
            Spender::Workload(id, _) => ("workload", &self.spec.workloads[id.idx()].name),
            Spender::Mirror(id, _) => ("mirror", &self.spec.registries[id.idx()].name),
            Spender::Background(id) => ("background", &self.spec.backgrounds[id.idx()].name),
        };
        ("spender", Field::Path(kind, name))
    }

    fn pull(&self, it: &PullEnded) -> [Named<'_>; 5] {
        [
            self.node(it.node),
            self.image(it.image),
            ("attempt", Field::Number(u64::from(it.attempt.number))),
            ("requests", Field::Number(u64::from(it.attempt.requests))),
            count(it.attempt.bytes),
        ]
    }

    /// Pods and nodes that come get their names.
    fn learn(&mut self, fact: &Fact) {
        if let Fact::PodCreated { pod, ordinal, .. } = *fact {
            let spec = self.spec;
            self.pods.push((&spec.workloads[pod.workload.idx()].name, ordinal));
        }
        if let Fact::NodeAdded { pool, slot, generation, .. } = *fact {
            let pool = &self.spec.pools[pool.idx()].name;
            self.nodes.push(node_name(pool, slot, generation));
        }
    }
}

fn count(bytes: Bytes) -> Named<'static> {
    ("bytes", Field::Number(bytes.0))
}

/// A label, or nothing.
fn label<'n>(name: &'static str, cause: Option<Cause>, causes: &'n Causes) -> Named<'n> {
    (name, cause.map_or(Field::Nothing, |it| Field::Text(causes.label(it))))
}

/// Object and layer of a request.
fn object(name: &'static str, layer: Option<u32>) -> Named<'static> {
    ("object", layer.map_or(Field::Text(name), |it| Field::Numbered(name, it)))
}

impl<'a> Trace<'a> {
    pub(crate) fn new(spec: &'a Spec, replicas: Vec<String>, sink: &'a mut dyn FactSink) -> Self {
        Self { names: Names { spec, pods: Vec::new(), nodes: Vec::new(), replicas }, sink }
    }

    /// Takes a fact.
    pub(crate) fn fold(&mut self, now: Time, fact: &Fact, causes: &Causes) {
        self.names.learn(fact);
        let Self { names, sink } = self;
        let mut line = Line { now, names, causes, sink: &mut **sink };
        match *fact {
            Fact::PodCreated { pod, ran_before, .. } => {
                let ran_before = ("ran_before", Field::Flag(ran_before));
                line.say(
                    "pod-created",
                    &[names.pod(pod.id), names.workload(pod.workload), ran_before],
                );
            }
            Fact::PodBound { pod, node, .. } => {
                line.say("pod-bound", &[names.pod(pod.id), names.node(node)]);
            }
            Fact::PodReady { pod } => line.say("pod-ready", &[names.pod(pod.id)]),
            Fact::PodUnready { pod } => line.say("pod-unready", &[names.pod(pod.id)]),
            Fact::PodEnded { pod, end, .. } => {
                line.say("pod-ended", &[names.pod(pod.id), ("end", Field::Text(end.name()))]);
            }
            Fact::PollsBegan { pod, node } => {
                line.say("polls-began", &[names.pod(pod), names.node(node)]);
            }
            Fact::PollsEnded { pod, node } => {
                line.say("polls-ended", &[names.pod(pod), names.node(node)]);
            }
            Fact::AlreadyPresent { pod } => line.say("already-present", &[names.pod(pod)]),
            Fact::ContainerCrashed { pod } => line.say("container-crashed", &[names.pod(pod)]),
            Fact::Workload { workload, what } => line.workload(workload, what),
            Fact::NodeAdded { node, pool, .. } => {
                line.say("node-added", &[names.node(node), names.pool(pool)]);
            }
            Fact::NodeJoined { node, .. } => line.say("node-joined", &[names.node(node)]),
            Fact::NodeChanged { node, state, .. } => {
                let state = ("state", Field::Text(state.name()));
                line.say("node-changed", &[names.node(node), state]);
            }
            Fact::PullAsked { pod, asking } => line.pull_asked(pod.id, &asking),
            Fact::PullEnded { pod, ended, result, .. } => line.pull_ended(pod.id, &ended, result),
            Fact::PullOpen { pod, open } => {
                let [node, image, attempt, requests, bytes] = names.pull(&open);
                line.say("pull-open", &[names.pod(pod.id), node, image, attempt, requests, bytes]);
            }
            Fact::Unconnected { cause, of_node } => {
                let cause = label("cause", Some(cause), causes);
                line.say("unconnected", &[cause, ("of_node", Field::Flag(of_node))]);
            }
            Fact::Request(told) => line.request(&told),
            Fact::MirrorRequest(told) => line.mirror_request(&told),
            Fact::LimitAsked { limit, asker, metered } => {
                line.limit_asked(causes.limit_label(limit), asker.spender, metered);
            }
            Fact::Mirror { mirror, what } => line.mirror(mirror, what),
            Fact::Bytes(told) => line.bytes(told),
            Fact::Disk { pool, what } => line.disk(pool, what),
            Fact::DiskPressure { node, pressure, .. } => {
                let pressure = ("pressure", Field::Flag(pressure));
                line.say("disk-pressure", &[names.node(node), pressure]);
            }
            Fact::ImageDeleted { deleted: it, .. } => {
                let why = ("why", Field::Text(it.why.name()));
                let (node, image) = (names.node(it.node), names.image(it.image));
                line.say("image-deleted", &[node, image, why, count(it.bytes)]);
            }
        }
    }
}

/// One line about to be said.
struct Line<'n, 'a> {
    now: Time,
    names: &'n Names<'a>,
    causes: &'n Causes,
    sink: &'n mut dyn FactSink,
}

impl Line<'_, '_> {
    fn say(&mut self, kind: &'static str, fields: &[Named<'_>]) {
        self.sink.fact(self.now, kind, fields);
    }

    fn workload(&mut self, workload: WorkloadId, what: WorkloadTold) {
        let of = self.names.workload(workload);
        let number = |name, it: u32| (name, Field::Number(u64::from(it)));
        let span = |name, it: Span| (name, Field::Micros(it.as_micros()));
        match what {
            WorkloadTold::Availability { ready, desired } => {
                self.say("availability", &[of, number("ready", ready), number("desired", desired)]);
            }
            WorkloadTold::AtWork => self.say("at-work", &[of]),
            WorkloadTold::ScaledUp => self.say("scaled-up", &[of]),
            WorkloadTold::RolloutBegan { revision } => {
                self.say("rollout-began", &[of, number("revision", revision)]);
            }
            WorkloadTold::RolloutCompleted { took } => {
                self.say("rollout-completed", &[of, span("took_seconds", took)]);
            }
            WorkloadTold::RolloutStalled => self.say("rollout-stalled", &[of]),
            WorkloadTold::RolloutStood { span: stood } => {
                self.say("rollout-stood", &[of, span("stood_seconds", stood)]);
            }
            WorkloadTold::CanaryBegan => self.say("canary-began", &[of]),
            WorkloadTold::CanaryFailed => self.say("canary-failed", &[of]),
        }
    }

    fn pull_asked(&mut self, pod: PodId, it: &Asking) {
        let names = self.names;
        let fields = [
            names.pod(pod),
            names.node(it.node),
            names.image(it.image),
            ("attempt", Field::Number(u64::from(it.number))),
            ("is_present", Field::Flag(it.is_present)),
        ];
        self.say("pull-asked", &fields);
    }

    fn pull_ended(&mut self, pod: PodId, ended: &PullEnded, result: PullEnd) {
        let (cause, behind) = result.err().unzip();
        let [node, image, attempt, requests, bytes] = self.names.pull(ended);
        let took = self.now.since(ended.attempt.asked).as_micros();
        let fields = [
            self.names.pod(pod),
            node,
            image,
            attempt,
            requests,
            bytes,
            ("took_seconds", Field::Micros(took)),
            label("cause", cause, self.causes),
            label("cause_behind", behind.flatten(), self.causes),
        ];
        self.say("pull-ended", &fields);
    }

    fn request(&mut self, it: &RequestTold) {
        let (name, layer) = it.object();
        let names = self.names;
        let fields = [
            names.pod(it.pod),
            names.node(it.node),
            names.image(it.image),
            ("attempt", Field::Number(u64::from(it.attempt))),
            names.endpoint(it.endpoint),
            ("method", Field::Text(it.method)),
            object(name, layer),
            ("outcome", Field::Text(it.outcome.name())),
            ("status", it.status.map_or(Field::Nothing, |it| Field::Number(u64::from(it)))),
            label("cause", refusal(it.reply), self.causes),
        ];
        self.say("request", &fields);
    }

    fn mirror_request(&mut self, it: &MirrorRequestTold) {
        let names = self.names;
        let fields = [
            ("replica", Field::Text(&names.replicas[it.replica.idx()])),
            names.image(it.image),
            names.endpoint(it.endpoint),
            ("method", Field::Text(if it.is_head { "HEAD" } else { "GET" })),
            object(it.object.0, it.object.1),
            ("outcome", Field::Text(it.outcome.name())),
            ("status", it.status.map_or(Field::Nothing, |it| Field::Number(u64::from(it)))),
            label("cause", refusal(it.reply), self.causes),
        ];
        self.say("mirror-request", &fields);
    }

    fn limit_asked(&mut self, limit: &str, spender: Spender, metered: Metered) {
        let fields = [
            ("limit", Field::Text(limit)),
            ("counter", Field::Number(u64::from(metered.key))),
            ("units", Field::Thousandths(metered.units)),
            ("granted", Field::Flag(metered.admission == Admission::Granted)),
            self.names.spender(spender),
        ];
        self.say("limit-asked", &fields);
    }

    fn mirror(&mut self, mirror: RegistryId, what: MirrorTold) {
        let mirror = self.names.server("mirror", mirror);
        match what {
            MirrorTold::Sent { is_hit } => {
                self.say("mirror-sent", &[mirror, ("is_hit", Field::Flag(is_hit))]);
            }
            MirrorTold::Received { bytes } => self.say("mirror-received", &[mirror, count(bytes)]),
        }
    }

    fn bytes(&mut self, told: BytesTold) {
        match told {
            BytesTold::Received { registry, bytes } => {
                let from = self.names.server("from", registry);
                self.say("body-received", &[from, count(bytes)]);
            }
            BytesTold::Discarded { bytes } => self.say("body-discarded", &[count(bytes)]),
            BytesTold::Seeded { bytes } => self.say("disk-seeded", &[count(bytes)]),
            BytesTold::Lost { bytes } => self.say("disk-lost", &[count(bytes)]),
        }
    }

    fn disk(&mut self, pool: PoolId, what: DiskTold) {
        let pool = self.names.pool(pool);
        match what {
            DiskTold::Used { bytes } => self.say("disk-used", &[pool, count(bytes)]),
            DiskTold::GcFailed => self.say("gc-failed", &[pool]),
            DiskTold::PodEvicted => self.say("pod-evicted", &[pool]),
        }
    }
}
