//! The timeline and the faults: what happens at all, when, and to whom.

use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::key::Key;
use crate::scenario::resolve::actions;
use crate::scenario::settings::{Changed, Setting};
use crate::scenario::tables::timeline::{self, ActionName};
use crate::scenario::tables::{self, egress, fault, pool, workload};
use crate::scenario::typed::Values;
use crate::units::Span;
use crate::words::Words;

pub(super) fn check(root: &Values, settings: &[Setting], problems: &mut Problems<'_>) {
    for (name, event) in root.blocks(tables::TIMELINE) {
        one_action(name, event, problems);
        never_happens(root, &format!("timeline.{name}.at"), event, timeline::AT, problems);
        if let Some(outage) = event.opt(timeline::OUTAGE) {
            requests(outage, &format!("timeline.{name}.outage"), problems);
            one_server(outage, &format!("timeline.{name}.outage"), problems);
        }
    }
    for (name, fault) in root.blocks(tables::FAULT) {
        window(name, fault, problems);
        requests(fault, &format!("fault.{name}"), problems);
        one_server(fault, &format!("fault.{name}"), problems);
        never_happens(root, &format!("fault.{name}.from"), fault, fault::FROM, problems);
    }
    for (name, pool) in root.blocks(tables::POOL) {
        let Some(join) = pool.opt(pool::JOIN) else { continue };
        never_happens(root, &format!("pool.{name}.join.at"), join, pool::JOIN_AT, problems);
    }
    for (name, workload) in root.blocks(tables::WORKLOAD) {
        let Some(start) = workload.opt(workload::START) else { continue };
        let path = format!("workload.{name}.start.at");
        never_happens(root, &path, start, workload::START_AT, problems);
    }
    for setting in settings {
        changed_addresses(root, setting, problems);
    }
}

fn changed_addresses(root: &Values, setting: &Setting, problems: &mut Problems<'_>) {
    let Changed::EgressAddresses { egress, .. } = &setting.changed else { return };
    let Some(event) = root.block(tables::TIMELINE, &setting.block) else { return };
    let values = root.block(tables::EGRESS, egress);
    if values.is_some_and(|it| !it.get(egress::SHARES).is_empty()) {
        let message = format!("`egress.{egress}` has shares for the addresses it has");
        problems
            .error(Code::NotSettable, event.origin(timeline::SET), message)
            .help("leave its shares out to change the number of addresses");
    }
}

fn one_action(name: &str, event: &Values, problems: &mut Problems<'_>) {
    let given: Vec<ActionName> = actions(event).collect();
    let message = match given.as_slice() {
        [_] => return,
        [] => format!("`timeline.{name}` has no action"),
        many => {
            let all: Vec<&str> = many.iter().map(|it| it.text()).collect();
            format!("`timeline.{name}` has {} actions: {}", many.len(), all.join(", "))
        }
    };
    let origin = given.last().map_or(event.origin, |action| event.origin(action.row()));
    let problem = problems.error(Code::OneAction, origin, message);
    if given.is_empty() {
        problem.help(format!("actions: {}", ActionName::TEXTS.join(", ")));
    } else {
        problem.help("give each action a [timeline.…] block of its own");
    }
}

/// A fault is one of a registry or one of a mirror.
fn one_server(values: &Values, path: &str, problems: &mut Problems<'_>) {
    match (values.given(fault::REGISTRY), values.given(fault::MIRROR)) {
        (true, false) | (false, true) => {}
        (false, false) => {
            problems
                .error(Code::MissingKey, values.origin, format!("`{path}` has no `registry`"))
                .help("name the registry whose endpoints it strikes, or a mirror");
        }
        (true, true) => {
            problems
                .error(
                    Code::NotHere,
                    values.origin(fault::MIRROR),
                    format!("`{path}` has both a registry and a mirror"),
                )
                .help("give each of them a block of its own");
        }
    }
}

fn requests(values: &Values, path: &str, problems: &mut Problems<'_>) {
    if values.opt(fault::REQUESTS).is_some_and(|it| it.is_empty()) {
        problems
            .error(
                Code::OutOfRange,
                values.origin(fault::REQUESTS),
                format!("`{path}.requests` is empty"),
            )
            .help("leave it out for all requests");
    }
}

fn window(name: &str, fault: &Values, problems: &mut Problems<'_>) {
    let (Some(from), Some(until)) = (fault.opt(fault::FROM), fault.opt(fault::UNTIL)) else {
        return;
    };
    if until <= from {
        problems
            .error(
                Code::OutOfRange,
                fault.origin(fault::UNTIL),
                format!("`fault.{name}` ends at {until}, not after its start at {from}"),
            )
            .help("`until` is a time since the start of the run, not a length");
    }
}

fn never_happens(
    root: &Values,
    path: &str,
    values: &Values,
    key: Key<Span>,
    problems: &mut Problems<'_>,
) {
    let (Some(horizon), Some(at)) = (root.opt(tables::HORIZON), values.opt(key)) else {
        return;
    };
    if horizon <= at {
        problems
            .warning(
                Code::NeverHappens,
                values.origin(key),
                format!("`{path}` is {at}, and the run ends at {horizon}"),
            )
            .help("make the horizon longer, or let it happen earlier");
    }
}
