//! `pulls.csv` and `pods.csv`: one row a pull attempt, one row a pod.

use std::io::{self, Write};

use super::rows::Rows;
use crate::model::record::outcome::{Detail, PullResult};

const PULLS: &str = "replication,pod,node,image,attempt,asked_at_seconds,started_at_seconds,\
                     ended_at_seconds,waited_seconds,pull_seconds,result,cause,cause_behind,\
                     requests,received_bytes";

const PODS: &str = "replication,pod,workload,node,created_at_seconds,bound_at_seconds,\
                    ready_at_seconds,deleted_at_seconds,ready_seconds,attempts,failures";

/// Writes one row a pull attempt.
pub(super) fn pulls(out: impl Write, replication: u32, detail: &Detail) -> io::Result<()> {
    let mut rows = Rows::new(out, PULLS)?;
    for pull in &detail.pulls {
        rows.number(u64::from(replication));
        match pull.pod.map(|it| detail.pods[it as usize]) {
            Some(pod) => rows.numbered(&detail.workloads[pod.workload as usize], pod.ordinal),
            None => rows.empty(),
        };
        rows.text(&detail.nodes[pull.node as usize]);
        rows.text(&detail.images[pull.image as usize]);
        rows.number(u64::from(pull.attempt));
        rows.time(pull.asked).maybe_time(pull.started).maybe_time(pull.ended);
        rows.maybe_span(pull.started.map(|it| it.since(pull.asked)));
        rows.maybe_span(pull.ended.map(|it| it.since(pull.asked)));
        match pull.result {
            PullResult::Succeeded => rows.text("succeeded").empty().empty(),
            PullResult::Open => rows.text("open").empty().empty(),
            PullResult::Failed { cause, cause_behind } => {
                rows.text("failed").text(&detail.causes[usize::from(cause)]);
                rows.text(cause_behind.map_or("", |it| &detail.causes[usize::from(it)]))
            }
        };
        rows.number(u64::from(pull.requests)).number(pull.bytes.0).end()?;
    }
    rows.finish().map(drop)
}

/// Writes one row a pod.
pub(super) fn pods(out: impl Write, replication: u32, detail: &Detail) -> io::Result<()> {
    let mut rows = Rows::new(out, PODS)?;
    for pod in &detail.pods {
        let workload = &detail.workloads[pod.workload as usize];
        rows.number(u64::from(replication)).numbered(workload, pod.ordinal).text(workload);
        rows.text(pod.node.map_or("", |it| &detail.nodes[it as usize]));
        rows.time(pod.created).maybe_time(pod.bound).maybe_time(pod.ready).maybe_time(pod.deleted);
        rows.maybe_span(pod.ready.map(|it| it.since(pod.created)));
        rows.number(u64::from(pod.attempts)).number(u64::from(pod.failures)).end()?;
    }
    rows.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn a_value_that_does_not_exist_is_empty() {
        let detail = synthetic::tiny_detail();
        let mut out = Vec::new();
        pulls(&mut out, 3, &detail).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "3,api-0,n-0,api,1,1.000000,1.500000,2.250000,0.500000,1.250000,succeeded,,,\
                 9,65000000",
                "3,api-1,n-1,api,1,1.000000,1.000000,1.200000,0.000000,0.200000,failed,\
                 anonymous-pulls,mirror-timeout,4,0",
                "3,,n-1,api,2,11.000000,,,,,open,,,0,0",
            ]
        );
        let mut out = Vec::new();
        pods(&mut out, 3, &detail).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                "3,api-0,api,n-0,0.500000,0.750000,3.000000,,2.500000,1,0",
                "3,api-1,api,n-1,0.500000,0.800000,,,,2,1",
            ]
        );
    }
}
