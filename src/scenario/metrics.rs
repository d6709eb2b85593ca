//! How the language names metrics, and how it writes what is demanded of them.

use std::fmt;

use crate::model::record::measure::{self, Info, Measure, Name, ScopeKind, Unit};

/// How an amount of a metric is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// As a span; the number is seconds.
    Span,
    /// As a share; the number is between 0 and 1.
    Share,
    /// As bytes.
    Bytes,
    /// As a plain number of what the name says.
    Number,
}

impl Quantity {
    /// How amounts in `unit` are written.
    pub const fn of(unit: Unit) -> Self {
        match unit {
            Unit::Seconds => Self::Span,
            Unit::Share => Self::Share,
            Unit::Bytes => Self::Bytes,
            Unit::Canaries
            | Unit::Events
            | Unit::Images
            | Unit::Minutes
            | Unit::Pods
            | Unit::Pulls
            | Unit::Requests
            | Unit::Rollouts
            | Unit::Runs
            | Unit::Units
            | Unit::Versions => Self::Number,
        }
    }
}

/// A metric of a scope: what an interval, a ranking or a gate is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// `run`, `workload.NAME`, `pool.NAME`, `registry.NAME` or `mirror.NAME`.
    pub scope: String,
    /// The metric.
    pub metric: Name,
}

impl Target {
    /// A metric of the whole run.
    pub fn of_run(measure: Measure) -> Self {
        Self { scope: ScopeKind::Run.text().to_owned(), metric: measure.into() }
    }

    /// Reads `unready_pod_minutes` or `workload.api.ready_seconds_p95`. Whether the block exists is
    /// not looked at.
    pub fn parse(text: &str) -> Result<Self, String> {
        let kinds = ScopeKind::BLOCKS.map(ScopeKind::text);
        let (scope, metric) = match text.splitn(3, '.').collect::<Vec<_>>().as_slice() {
            [kind, name, metric] if kinds.contains(kind) => (format!("{kind}.{name}"), *metric),
            _ => (ScopeKind::Run.text().to_owned(), text),
        };
        let (base, part) = metric.split_once('.').unwrap_or((metric, ""));
        let Some(info) = measure::find(base) else {
            let near = super::nearest(base, measure::ALL.iter().map(|it| it.name));
            let help = near.map_or_else(
                || "the README lists them".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(format!("there is no metric `{base}`: {help}"));
        };
        let kind = scope.split('.').next().unwrap_or_default();
        if !info.of.has(kind) {
            let scopes: Vec<&str> = info.of.scopes().iter().map(|it| it.text()).collect();
            let scopes = scopes.join(", ");
            return Err(format!("`{base}` is not measured of a {kind}, but of: {scopes}"));
        }
        let metric = Name::parse(metric).filter(|_| part.is_empty() == info.part.is_none());
        let metric = metric.ok_or_else(|| match info.part {
            Some(_) => format!("`{base}` needs a part behind a dot"),
            None => format!("`{base}` has no parts"),
        })?;
        Ok(Self { scope, metric })
    }

    /// What is known of the metric.
    pub const fn info(&self) -> &'static Info {
        self.metric.info()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scope != ScopeKind::Run.text() {
            write!(f, "{}.", self.scope)?;
        }
        self.metric.fmt(f)
    }
}
