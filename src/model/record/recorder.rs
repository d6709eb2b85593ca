//! The recorder of one replication. What happened comes in through one door, [`Recorder::note`];
//! counts, rows, the digest, levels, what an operator could see and the trace are folds over the
//! same facts. Recording draws no randomness, and nothing that is kept here is read by the model: a
//! run with detail and one without are the same run.

use crate::model::record::counts::Counts;
use crate::model::record::digest::Digest;
use crate::model::record::fact::Fact;
use crate::model::record::levels::Levels;
use crate::model::record::operator::Operator;
use crate::model::record::outcome::{FactSink, RequestSink};
use crate::model::record::rows::Rows;
use crate::model::record::trace::Trace;
use crate::model::spec::Spec;
use crate::model::words::cause::Causes;
use crate::units::Time;

/// What is recorded of one replication.
pub(crate) struct Recorder<'a> {
    pub(crate) causes: Causes,
    pub(crate) digest: Digest,
    pub(crate) counts: Counts<'a>,
    pub(crate) rows: Rows<'a>,
    pub(crate) operator: Operator,
    pub(crate) levels: Levels,
    trace: Option<Trace<'a>>,
}

/// Who takes what is not kept.
#[derive(Default)]
pub(crate) struct Sinks<'a> {
    pub(crate) requests: Option<&'a mut dyn RequestSink>,
    pub(crate) trace: Option<&'a mut dyn FactSink>,
}

impl<'a> Recorder<'a> {
    /// Nothing has happened. `replicas` are the names of the replicas of mirrors.
    pub(crate) fn new(
        spec: &'a Spec,
        replicas: Vec<String>,
        detail: bool,
        sinks: Sinks<'a>,
    ) -> Self {
        let causes = Causes::new(spec);
        let n_causes = causes.labels().len();
        Self {
            causes,
            digest: Digest::new(spec),
            counts: Counts::new(spec, n_causes),
            trace: sinks.trace.map(|sink| Trace::new(spec, replicas.clone(), sink)),
            rows: Rows::new(spec, n_causes, replicas, detail, sinks.requests),
            operator: Operator::new(spec),
            levels: Levels::new(spec, detail),
        }
    }

    /// Takes what happened. It is laid out anew at each call, where the kind of the fact is known:
    /// folds that do not care cost nothing there.
    #[expect(clippy::inline_always, reason = "the kind is known where a fact is noted")]
    #[inline(always)]
    pub(crate) fn note(&mut self, now: Time, fact: Fact) {
        self.digest.fold(now, &fact, &self.causes);
        self.counts.fold(now, &fact, &self.causes);
        self.rows.fold(now, &fact, &self.causes);
        self.operator.fold(now, &fact);
        self.levels.fold(&fact);
        if let Some(trace) = &mut self.trace {
            trace.fold(now, &fact, &self.causes);
        }
    }
}
