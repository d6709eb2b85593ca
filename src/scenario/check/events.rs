//! The timeline and the faults.

use super::pods;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::settings::{Changed, Setting};
use crate::scenario::tables::timeline::{NOT_ACTIONS, TIMELINE};
use crate::scenario::typed::Values;
use crate::scenario::walk::shorten;

pub(super) fn check(root: &Values, settings: &[Setting], problems: &mut Problems<'_>) {
    for (name, event) in root.named("timeline") {
        one_action(name, event, problems);
        for action in ROLLS {
            rolls(root, name, event, action, problems);
        }
        retries(name, event, problems);
        scale(root, name, event, problems);
        pause(root, name, event, problems);
        never_happens(root, &format!("timeline.{name}.at"), event, "at", problems);
        if let Some(outage) = event.table("outage") {
            requests(outage, &format!("timeline.{name}.outage"), problems);
            one_server(outage, &format!("timeline.{name}.outage"), problems);
        }
    }
    for (name, fault) in root.named("fault") {
        window(name, fault, problems);
        requests(fault, &format!("fault.{name}"), problems);
        one_server(fault, &format!("fault.{name}"), problems);
        never_happens(root, &format!("fault.{name}.from"), fault, "from", problems);
    }
    for (kind, key) in [("pool", "join"), ("workload", "start")] {
        for (name, block) in root.named(kind) {
            if let Some(start) = block.table(key) {
                never_happens(root, &format!("{kind}.{name}.{key}.at"), start, "at", problems);
            }
        }
    }
    for setting in settings {
        let Some(event) = root.block("timeline", &setting.block) else { continue };
        let origin = event.origin("set");
        match &setting.changed {
            Changed::WorkloadAccount { workload, accounts } => {
                let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
                pods::accounts_fit(root, workload, &names, origin, problems);
            }
            Changed::EgressAddresses { egress, .. } => {
                let values = root.block("egress", egress);
                if values.is_some_and(|it| !it.list("shares").is_empty()) {
                    let message = format!("`egress.{egress}` has shares for the addresses it has");
                    problems
                        .error(Code::NotSettable, origin, message)
                        .help("leave its shares out to change the number of addresses");
                }
            }
            Changed::PoolAccount { pool, accounts } => {
                let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
                pods::one_per_registry(root, &format!("pool `{pool}`"), &names, origin, problems);
            }
            _ => {}
        }
    }
}

fn one_action(name: &str, event: &Values, problems: &mut Problems<'_>) {
    let actions = || {
        let names = TIMELINE.fields.iter().map(|field| field.name);
        names.filter(|name| !NOT_ACTIONS.contains(name))
    };
    let given: Vec<&str> = actions().filter(|action| event.given(action)).collect();
    let message = match given.as_slice() {
        [_] => return,
        [] => format!("`timeline.{name}` has no action"),
        many => format!("`timeline.{name}` has {} actions: {}", many.len(), many.join(", ")),
    };
    let origin = given.last().map_or(event.origin, |action| event.origin(action));
    let problem = problems.error(Code::OneAction, origin, message);
    if given.is_empty() {
        problem.help(format!("actions: {}", actions().collect::<Vec<_>>().join(", ")));
    } else {
        problem.help("give each action a [timeline.…] block of its own");
    }
}

/// Actions with a new template.
const ROLLS: [&str; 2] = ["rollout", "canary"];

fn rolls(root: &Values, name: &str, event: &Values, action: &str, problems: &mut Problems<'_>) {
    let Some(rollout) = event.table(action) else { return };
    let Some(workload) = rollout.text_opt("workload") else { return };
    let Some(values) = root.block("workload", workload) else { return };
    let help = match (action, values.text("kind")) {
        ("rollout", "job") => Some("deployments and daemonsets roll out; a job does not"),
        ("canary", "job" | "daemonset") => Some("only deployments have canaries"),
        _ => None,
    };
    if let Some(help) = help {
        let kind = values.text("kind");
        let message = format!("`timeline.{name}.{action}` is for {kind} `{workload}`");
        problems.error(Code::NotHere, rollout.origin("workload"), message).help(help);
    }
    for (old, new) in rollout.replace("replace") {
        if let Some(image) = new.value.as_text() {
            pods::pullable(root, image, new.origin, problems);
        }
        if runs(root, workload, old) {
            continue;
        }
        let mut images: Vec<&str> = pods::images(values).collect();
        images.sort_unstable();
        images.dedup();
        problems
            .error(
                Code::NotInWorkload,
                rollout.origin("replace"),
                format!(
                    "`timeline.{name}.{action}` replaces image `{old}`, which workload \
                     `{workload}` lacks"
                ),
            )
            .did_you_mean(old, images.iter().copied())
            .help(format!("its images: {}", shorten(&images)));
    }
}

/// Whether a workload has an image, from the start or through a rollout.
fn runs(root: &Values, workload: &str, image: &str) -> bool {
    let first = root.block("workload", workload);
    first.is_some_and(|values| pods::images(values).any(|known| known == image))
        || rolled_to(root, workload).any(|known| known == image)
}

/// The images that rollouts bring to a workload.
pub(super) fn rolled_to<'a>(root: &'a Values, workload: &str) -> impl Iterator<Item = &'a str> {
    let events = root.named("timeline");
    let rollouts = events.flat_map(|(_, event)| ROLLS.map(|action| event.table(action)));
    rollouts
        .flatten()
        .filter(move |rollout| rollout.text("workload") == workload)
        .flat_map(|rollout| rollout.replace("replace"))
        .filter_map(|(_, new)| new.value.as_text())
}

/// What goes on or is tried again says when it stops.
fn retries(name: &str, event: &Values, problems: &mut Problems<'_>) {
    let needs = [
        ("rollout", "resume_after", "pause_on_failures", "nothing pauses this rollout"),
        ("canary", "max_retries", "retry_every", "an undone canary is not tried again"),
    ];
    for (action, key, needed, without) in needs {
        let Some(values) = event.table(action).filter(|it| it.given(key)) else { continue };
        if !values.given(needed) {
            let message = format!("`timeline.{name}.{action}.{key}` needs {needed} beside it");
            problems
                .error(Code::MissingKey, values.origin(key), message)
                .help(format!("without {needed}, {without}"));
        }
    }
}

fn scale(root: &Values, name: &str, event: &Values, problems: &mut Problems<'_>) {
    let Some(scale) = event.table("scale_workload") else { return };
    let Some(workload) = scale.text_opt("workload") else { return };
    let kind = root.block("workload", workload).and_then(|values| values.text_opt("kind"));
    if let Some(kind @ ("daemonset" | "job")) = kind {
        problems
            .error(
                Code::NotHere,
                scale.origin("workload"),
                format!("`timeline.{name}.scale_workload` is for {kind} `{workload}`"),
            )
            .help("only deployments have replicas; scale a daemonset's pool with scale_nodes");
    }
}

fn pause(root: &Values, name: &str, event: &Values, problems: &mut Problems<'_>) {
    let Some(pause) = event.table("pause_rollout") else { return };
    let Some(workload) = pause.text_opt("workload") else { return };
    let kind = root.block("workload", workload).and_then(|values| values.text_opt("kind"));
    if kind == Some("job") {
        problems
            .error(
                Code::NotHere,
                pause.origin("workload"),
                format!("`timeline.{name}.pause_rollout` is for job `{workload}`"),
            )
            .help("deployments and daemonsets roll out; a job does not");
    }
}

/// A fault is one of a registry or one of a mirror.
fn one_server(values: &Values, path: &str, problems: &mut Problems<'_>) {
    match (values.given("registry"), values.given("mirror")) {
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
                    values.origin("mirror"),
                    format!("`{path}` has both a registry and a mirror"),
                )
                .help("give each of them a block of its own");
        }
    }
}

fn requests(values: &Values, path: &str, problems: &mut Problems<'_>) {
    if values.get("requests").is_some() && values.list("requests").is_empty() {
        problems
            .error(
                Code::OutOfRange,
                values.origin("requests"),
                format!("`{path}.requests` is empty"),
            )
            .help("leave it out for all requests");
    }
}

fn window(name: &str, fault: &Values, problems: &mut Problems<'_>) {
    let (Some(from), Some(until)) = (fault.span_opt("from"), fault.span_opt("until")) else {
        return;
    };
    if until <= from {
        problems
            .error(
                Code::OutOfRange,
                fault.origin("until"),
                format!("`fault.{name}` ends at {until}, not after its start at {from}"),
            )
            .help("`until` is a time since the start of the run, not a length");
    }
}

fn never_happens(
    root: &Values,
    path: &str,
    values: &Values,
    key: &str,
    problems: &mut Problems<'_>,
) {
    let (Some(horizon), Some(at)) = (root.span_opt("horizon"), values.span_opt(key)) else {
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
