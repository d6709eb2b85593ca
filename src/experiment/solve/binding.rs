//! What binds: the expectation that fails first, why, and which key of which block makes it so.
//!
//! A cause that many pulls fail of need not be what binds: pods that wait for a slow link ask again
//! and are refused by the kubelet meanwhile. So each candidate is put to the test: it is lifted
//! where the demand fails first, with the same luck. What then holds was bound by it.

use super::runs::{Halt, Point, Runs, Weakest};
use super::search::Trial;
use crate::model::words::cause::Cause;
use crate::scenario::{Kind, Parameter, Scarce, Scenario, scarce};

/// Most causes that are put to the test.
const MOST_CAUSES: usize = 3;
/// From this share of the failed pulls on, a cause is one to test.
const SHARE: f64 = 0.02;
/// Most replications of a test.
const AT_MOST: u32 = 40;

/// A key that limits something.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Its path, value and origin.
    pub key: Parameter,
    /// Settings that lift it as far as it goes; empty where nothing does.
    pub lift: Vec<String>,
}

/// A cause of failed pulls.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The refusal that ended the pulls.
    pub cause: String,
    /// The earlier refusal that opened the way.
    pub cause_behind: Option<String>,
    /// Its share of the failed pulls.
    pub share: f64,
}

/// What lifting did where the demand failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// Whether the demand then holds.
    pub holds: bool,
    /// How often.
    pub trial: Trial,
}

/// What binds where the demand fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The value at which it fails.
    pub value: String,
    /// The expectation that holds least often there.
    pub weakest: Weakest,
    /// Why most pulls failed there that have to do with it; `None` where none fails or none
    /// matters.
    pub cause: Option<Share>,
    /// The keys that bind: several where only all of them lifted make it hold.
    pub limits: Vec<Limit>,
    /// What lifting them did; `None` where nothing can be lifted.
    pub lifted: Option<Lifted>,
    /// Whether what binds is the value that is searched itself: as much of it as there is.
    pub is_itself: bool,
    /// Whether no pull failed there at all.
    pub is_slow: bool,
    /// Whether runs reached the bound on events there.
    pub incomplete: bool,
}

impl Binding {
    /// Settings that lift what binds; empty where that is not known.
    pub fn lift(&self) -> Vec<String> {
        if self.lifted.is_some_and(|it| it.holds) {
            self.limits.iter().flat_map(|it| it.lift.iter().cloned()).collect()
        } else {
            vec![]
        }
    }
}

fn key<'a>(scenario: &'a Scenario, path: &str) -> Option<&'a Parameter> {
    let at = scenario.parameters.binary_search_by(|it| it.path.as_str().cmp(path)).ok()?;
    Some(&scenario.parameters[at])
}

/// A limit whose key is there.
fn limit(scenario: &Scenario, path: &str, lift: &[&str]) -> Option<Limit> {
    let key = key(scenario, path)?.clone();
    Some(Limit { key, lift: lift.iter().map(|it| (*it).to_owned()).collect() })
}

/// The key that makes pulls fail of `cause`.
fn of_cause(point: &Point, cause: &str) -> Option<Limit> {
    let scenario = &point.scenario;
    let of = |path: String, lift: &[&str]| limit(scenario, &path, lift);
    for registry in &scenario.spec.registries {
        let is_it = |name: &str| cause == name || cause == format!("{}.{name}", registry.name);
        if registry.limits.iter().any(|it| is_it(&it.name)) {
            let name = cause.strip_prefix(&format!("{}.", registry.name)).unwrap_or(cause);
            let block = format!("registry.{}.limit.{name}", registry.name);
            return of(format!("{block}.allow"), &[&format!("{block}.enabled=false")]);
        }
    }
    for block in ["fault", "timeline"].map(|kind| format!("{kind}.{cause}")) {
        let prefix = format!("{block}.");
        let mut keys = scenario.parameters.iter().filter(|it| it.path.starts_with(&prefix));
        let telling =
            |it: &&Parameter| matches!(it.path.rsplit('.').next(), Some("answer" | "down"));
        if let Some(it) = keys.clone().find(telling).or_else(|| keys.next()) {
            return of(it.path.clone(), &[&format!("{block}.enabled=false")]);
        }
    }
    let fixed = Some(Cause::fixed(cause)?);
    let keys: Vec<Scarce> = scarce().into_iter().filter(|it| it.cause == fixed).collect();
    let block = struck(point, keys.first()?, cause)?;
    let lift: Vec<String> = keys.iter().filter_map(|it| it.set(&block)).collect();
    let lift: Vec<&str> = lift.iter().map(String::as_str).collect();
    limit(scenario, &keys.first()?.path(&block), &lift)
}

/// The block whose key makes pulls fail of `cause`: the pool that it struck most, the way out of
/// that pool, or the first mirror that has the key.
fn struck(point: &Point, key: &Scarce, cause: &str) -> Option<String> {
    let scenario = &point.scenario;
    let pool = || point.most_struck(cause, "pool");
    let has_key = |block: &String| self::key(scenario, &key.path(block)).is_some();
    match key.kind()? {
        Kind::Pool => pool().map(str::to_owned),
        Kind::Egress => {
            let egress = &self::key(scenario, &format!("pool.{}.egress", pool()?))?.value;
            Some(egress.trim_matches('"').to_owned())
        }
        kind => blocks(scenario, kind).into_iter().find(has_key),
    }
}

/// The blocks of a kind that can have something scarce, in the order of their names.
fn blocks(scenario: &Scenario, kind: Kind) -> Vec<String> {
    let spec = &scenario.spec;
    let servers = |of_mirrors: bool| {
        let servers = spec.registries.iter().filter(move |it| it.mirror.is_some() == of_mirrors);
        servers.map(|it| it.name.clone()).collect()
    };
    match kind {
        Kind::Mirror => servers(true),
        Kind::Registry => servers(false),
        Kind::Egress => spec.egresses.iter().map(|it| it.name.clone()).collect(),
        Kind::Pool => spec.pools.iter().map(|it| it.name.clone()).collect(),
        Kind::Account
        | Kind::Background
        | Kind::Image
        | Kind::Workload
        | Kind::Timeline
        | Kind::Fault => vec![],
    }
}

/// Kinds of blocks from the far end of a pull to the node; what has no block comes last.
const FROM_AFAR: [Kind; 4] = [Kind::Mirror, Kind::Registry, Kind::Egress, Kind::Pool];

/// Every key that makes pulls slow and can be lifted, and is not at its end yet.
fn capacities(scenario: &Scenario) -> Vec<Limit> {
    let all: Vec<Scarce> = scarce().into_iter().filter(|it| it.slows).collect();
    let of_block = |block: &str, it: &Scarce| {
        let path = it.path(block);
        let is_bound = key(scenario, &path)?.value != it.lift?;
        limit(scenario, &path, &[&it.set(block)?]).filter(|_| is_bound)
    };
    let mut limits = vec![];
    for kind in FROM_AFAR {
        for block in blocks(scenario, kind) {
            let of_kind = all.iter().filter(|it| it.kind() == Some(kind));
            limits.extend(of_kind.filter_map(|it| of_block(&block, it)));
        }
    }
    limits.extend(all.iter().filter(|it| it.kind().is_none()).filter_map(|it| of_block("", it)));
    limits
}

/// What binds under `sets`, where `searched` has `value` and the demand fails.
pub(super) fn binding(
    runs: &mut Runs<'_>,
    sets: &[String],
    searched: &str,
    value: String,
    at_most: u32,
) -> Result<Option<Binding>, Halt> {
    // Enough to tell causes apart, and as many as a test of them will have.
    let n = AT_MOST.min(at_most).min(10);
    runs.observe(&[(sets.to_vec(), n)])?;
    let Some(point) = runs.point(sets).cloned() else { return Ok(None) };
    let Some(weakest) = point.weakest() else { return Ok(None) };
    let causes: Vec<Share> = point
        .failures()
        .into_iter()
        .filter(|it| SHARE <= it.share)
        .take(MOST_CAUSES)
        .map(|it| Share { cause: it.cause, cause_behind: it.cause_behind, share: it.share })
        .collect();
    let mut binding = Binding {
        value,
        weakest,
        cause: causes.first().cloned(),
        limits: vec![],
        lifted: None,
        is_itself: false,
        is_slow: point.failures().is_empty(),
        incomplete: 0 < point.incomplete,
    };
    let mut known: Vec<(Share, Limit)> = vec![];
    for share in causes {
        let Some(limit) = of_cause(&point, &share.cause) else { continue };
        // What is searched cannot be lifted: it would be the answer.
        if limit.key.path == searched {
            binding.is_itself = true;
            continue;
        }
        if known.iter().all(|it| it.1 != limit) {
            known.push((share, limit));
        }
    }
    if let Some((share, limit)) = known.first() {
        (binding.cause, binding.limits) = (Some(share.clone()), vec![limit.clone()]);
    }
    let n = point.n.clamp(n, AT_MOST.min(at_most));
    let liftable: Vec<(Share, Limit)> =
        known.iter().filter(|it| !it.1.lift.is_empty()).cloned().collect();
    // Each alone, then the first with those that follow it.
    let alone = (0..liftable.len()).map(|it| it..it + 1);
    let together = (2..=liftable.len()).map(|it| 0..it);
    for tried in alone.chain(together) {
        let tried = &liftable[tried];
        let limits: Vec<Limit> = tried.iter().map(|it| it.1.clone()).collect();
        let lifted = lift(runs, sets, &limits, n)?;
        if lifted.holds || binding.lifted.is_none() {
            binding.lifted = Some(lifted);
        }
        if lifted.holds {
            (binding.cause, binding.limits) = (tried.first().map(|it| it.0.clone()), limits);
            binding.is_itself = false;
            return Ok(Some(binding));
        }
    }
    for limit in capacities(&point.scenario) {
        if limit.key.path == searched {
            binding.is_itself |= binding.is_slow;
            continue;
        }
        let limits = vec![limit];
        // A value that other keys contradict lifts nothing.
        let Ok(lifted) = lift(runs, sets, &limits, n) else { continue };
        if lifted.holds {
            (binding.cause, binding.is_itself) = (None, false);
            (binding.limits, binding.lifted) = (limits, Some(lifted));
            break;
        }
    }
    Ok(Some(binding))
}

fn lift(runs: &mut Runs<'_>, sets: &[String], limits: &[Limit], n: u32) -> Result<Lifted, Halt> {
    let mut lifted = sets.to_vec();
    lifted.extend(limits.iter().flat_map(|it| it.lift.iter().cloned()));
    let (holds, trial) = runs.judge(&lifted, n)?;
    Ok(Lifted { holds, trial })
}
