//! `[expect]`: demands on metrics.

use super::build::prepulls;
use super::diagnostic::{Code, Problems};
use super::field::Type;
use super::metrics::Quantity;
use super::source::Origin;
use super::tree::Node;
use super::typed::{Value, Values};
use super::walk::{Walker, shorten};
use super::{Comparison, Expectation};
use crate::model::record::measure::{self, Info, Name, Part, ScopeKind};
use crate::model::words::cause::Cause;
use crate::model::words::deleted::Deleted;
use crate::model::words::reply::RequestOutcome;
use crate::units::{Bytes, Share, Span};

/// The share of the replications in which an expectation must hold, where the file does not say.
const IN_RUNS: Share = Share::from_percent(95);

/// Reads the demands.
pub(crate) fn read(root: &Values, walker: &mut Walker<'_, '_>) -> (Vec<Expectation>, Share) {
    let mut expectations = Vec::new();
    let mut in_runs = IN_RUNS;
    for (path, key, node) in root.paths("expect") {
        if path == "in_runs" {
            let read = walker.value(node, *key, &Type::SHARE, "expect.in_runs");
            if let Some(Value::Share(share)) = read.map(|typed| typed.value) {
                in_runs = share;
            }
        } else if let Some(expectation) = expectation(root, path, *key, node, walker) {
            expectations.push(expectation);
        }
    }
    (expectations, in_runs)
}

/// The causes that can end a pull in this scenario.
pub(crate) fn causes(root: &Values) -> Vec<&str> {
    let fails = |block: &Values| block.given("outage") || block.given("restart_mirror");
    let outages = root.named("timeline").filter(|(_, block)| fails(block));
    let mut causes = Cause::FIXED.map(|it| it.label).to_vec();
    causes.extend(limits(root));
    causes.extend(root.named("fault").chain(outages).map(|(name, _)| name));
    causes
}

fn limits(root: &Values) -> impl Iterator<Item = &str> {
    root.named("registry").flat_map(|(_, block)| block.named("limit").map(|(name, _)| name))
}

fn expectation(
    root: &Values,
    path: &str,
    key: Origin,
    node: &Node,
    walker: &mut Walker<'_, '_>,
) -> Option<Expectation> {
    let (scope, metric) = split_scope(root, path, key, walker)?;
    let metric = find_metric(root, &metric, key, walker.problems)?;
    check_scope(&scope, metric.info(), path, key, walker.problems);
    let text = node.raw.text();
    let quantity = Quantity::of(metric.info().unit);
    let demand = text.and_then(|text| parse_demand(text, quantity));
    let (Some(text), Some((comparison, demand))) = (text, demand) else {
        walker
            .problems
            .error(
                Code::BadDemand,
                node.origin,
                format!("`expect.{path}` cannot be read from {}", node.raw.describe()),
            )
            .help(format!("write {}", how_to_write(quantity)));
        return None;
    };
    let origin = walker.problems.sources().label(node.origin);
    Some(Expectation { scope, metric, comparison, demand, text: text.trim().into(), origin })
}

fn split_scope(
    root: &Values,
    path: &str,
    key: Origin,
    walker: &mut Walker<'_, '_>,
) -> Option<(String, String)> {
    let mut parts = path.splitn(3, '.');
    let kind = parts.next().unwrap_or_default();
    if !ScopeKind::BLOCKS.map(ScopeKind::text).contains(&kind) {
        return Some((ScopeKind::Run.text().into(), path.into()));
    }
    let (Some(name), Some(metric)) = (parts.next(), parts.next()) else {
        walker
            .problems
            .error(Code::UnknownMetric, key, format!("`expect.{path}` does not name a metric"))
            .help(format!("write {kind}.NAME.metric = \"< 5m\""));
        return None;
    };
    // A pre-pull's results stand under the name of its block.
    let is_puller = kind == "workload" && prepulls(root).any(|(known, _)| known == name);
    if is_puller || walker.names.state(kind, name) == Some(true) {
        return Some((format!("{kind}.{name}"), metric.into()));
    }
    let pullers = prepulls(root).map(|(name, _)| name).filter(|_| kind == "workload");
    let known: Vec<&str> = walker.names.of_kind(kind).chain(pullers).collect();
    let off = walker.names.state(kind, name).is_some();
    let (code, what) = if off {
        (Code::DisabledName, "which is switched off")
    } else {
        (Code::UnknownName, "which does not exist")
    };
    let message = format!("`expect.{path}` names [{kind}.{name}], {what}");
    let problem = walker.problems.error(code, key, message);
    if off {
        problem.help(format!("set {kind}.{name}.enabled = true, or drop the demand"));
    } else {
        problem.did_you_mean(name, known.iter().copied());
        problem.help(format!("[{kind}.…] blocks: {}", shorten(&known)));
    }
    None
}

fn find_metric(
    root: &Values,
    metric: &str,
    key: Origin,
    problems: &mut Problems<'_>,
) -> Option<Name> {
    let (base, suffix) = metric.split_once('.').unwrap_or((metric, ""));
    let names = || measure::ALL.iter().map(|it| it.name);
    let Some(info) = measure::find(base) else {
        problems
            .error(Code::UnknownMetric, key, format!("there is no metric `{base}`"))
            .did_you_mean(base, names())
            .help(format!("metrics: {}", names().collect::<Vec<_>>().join(", ")));
        return None;
    };
    let known: Vec<&str> = match info.part {
        None if suffix.is_empty() => return Name::parse(base),
        None => {
            problems
                .error(Code::UnknownMetric, key, format!("`{base}` has no parts"))
                .help(format!("drop `.{suffix}`"));
            return None;
        }
        Some(Part::Outcome) => RequestOutcome::ALL.map(RequestOutcome::name).into(),
        Some(Part::Cause) => causes(root),
        Some(Part::Limit) => limits(root).collect(),
        Some(Part::Reason) => Deleted::ALL.map(Deleted::name).into(),
    };
    if known.contains(&suffix) {
        return Name::parse(metric);
    }
    let problem = if suffix.is_empty() {
        problems.error(Code::UnknownMetric, key, format!("`{base}` needs a part behind a dot"))
    } else {
        problems.error(Code::UnknownMetric, key, format!("`{base}` has no part `{suffix}`"))
    };
    problem.did_you_mean(suffix, known.iter().copied());
    if !known.is_empty() {
        problem.help(format!("parts: {}", known.join(", ")));
    }
    None
}

/// Complains of a metric that its scope does not have.
fn check_scope(scope: &str, info: &Info, path: &str, key: Origin, problems: &mut Problems<'_>) {
    let kind = scope.split('.').next().unwrap_or_default();
    if info.of.has(kind) {
        return;
    }
    let where_to: Vec<String> = info
        .of
        .scopes()
        .iter()
        .map(|it| match it {
            ScopeKind::Run => format!("`{}`", info.name),
            kind => format!("`{}.NAME.{}`", kind.text(), info.name),
        })
        .collect();
    let message = format!("`expect.{path}`: a {kind} has no `{}`", info.name);
    problems
        .error(Code::UnknownMetric, key, message)
        .help(format!("write {}", where_to.join(" or ")));
}

fn how_to_write(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Span => "a comparison and a span, such as \"< 5m\"",
        Quantity::Share => "a comparison and a share, such as \">= 75%\"",
        Quantity::Bytes => "a comparison and bytes, such as \"< 10GB\"",
        Quantity::Number => "a comparison and a number, such as \"< 100\"",
    }
}

fn parse_demand(text: &str, quantity: Quantity) -> Option<(Comparison, f64)> {
    let text = text.trim();
    let (comparison, rest) = [
        ("<=", Comparison::AtMost),
        (">=", Comparison::AtLeast),
        ("==", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ]
    .into_iter()
    .find_map(|(sign, comparison)| Some((comparison, text.strip_prefix(sign)?)))?;
    let rest = rest.trim();
    let demand = match quantity {
        Quantity::Span => rest.parse::<Span>().ok()?.as_secs_f64(),
        Quantity::Share => rest.parse::<Share>().ok()?.as_f64(),
        Quantity::Bytes => rest.parse::<Bytes>().ok()?.0 as f64,
        Quantity::Number => rest.replace('_', "").parse::<f64>().ok().filter(|n| n.is_finite())?,
    };
    Some((comparison, demand))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_are_read_by_the_unit_of_their_metric() {
        for (text, quantity, comparison, demand) in [
            ("< 5m", Quantity::Span, Comparison::Less, 300.0),
            (">=75%", Quantity::Share, Comparison::AtLeast, 0.75),
            ("== 0", Quantity::Number, Comparison::Equal, 0.0),
            ("<= 10GB", Quantity::Bytes, Comparison::AtMost, 1e10),
            ("> 1_000", Quantity::Number, Comparison::Greater, 1e3),
        ] {
            assert_eq!(parse_demand(text, quantity), Some((comparison, demand)), "{text}");
        }
        for (text, quantity) in [
            ("5m", Quantity::Span),
            ("< 5", Quantity::Span),
            ("< 5m", Quantity::Number),
            ("< inf", Quantity::Number),
            ("", Quantity::Share),
        ] {
            assert_eq!(parse_demand(text, quantity), None, "{text}");
        }
    }
}
