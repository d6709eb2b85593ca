//! Features: what was observed, in named shares and counts. Rules are written in these names.
//!
//! Shares of failures are shares of *first* failures, one for each pod and image, weighted by the
//! time that they cost: repetitions meet whatever limit they run into themselves and say little
//! about what began it, and a pull that hangs for minutes outweighs one that is refused at once.

use crate::model::record::operator::{HostSeen, Observed, SourceKind, SourceSeen};
use crate::model::spec::RequestKind;
use crate::model::words::kubelet_events::Class;
use crate::model::words::trigger::Trigger;
use crate::words::Words;

/// One feature.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// Its name.
    pub name: &'static str,
    /// What stands behind its value, for people: `93% of first failures …`.
    pub text: &'static str,
    /// Whether it is a share; otherwise it is a count.
    pub is_share: bool,
    of: fn(&Observed) -> Option<f64>,
}

impl Feature {
    /// Its value in one replication; `None` where there is nothing to take a share of.
    pub fn value(&self, seen: &Observed) -> Option<f64> {
        (self.of)(seen)
    }
}

const fn share(
    name: &'static str,
    text: &'static str,
    of: fn(&Observed) -> Option<f64>,
) -> Feature {
    Feature { name, text, is_share: true, of }
}

const fn count(
    name: &'static str,
    text: &'static str,
    of: fn(&Observed) -> Option<f64>,
) -> Feature {
    Feature { name, text, is_share: false, of }
}

/// Every feature, in the order in which they are printed.
pub static FEATURES: &[Feature] = &[
    count("failed_pulls", "pulls failed", |it| Some(failed(it) as f64)),
    share("failed_share", "of pulls failed", |it| {
        ratio(failed(it), it.pulls.iter().map(|it| it.pulling).sum())
    }),
    share("slow_share", "of pulls took longer than two minutes", |it| {
        let slow = it.pulls.iter().map(|it| it.slow).sum();
        ratio(slow, it.pulls.iter().map(|it| it.pulled).sum())
    }),
    share("waiting_share", "of pods still waited at the end", |it| ratio(it.pods_waiting, it.pods)),
    share("throttled_share", "of first failures name a 429", |it| {
        ratio(of_classes(it, THROTTLED), told(it))
    }),
    share("pull_limit_share", "of first failures carry the pull-limit text", |it| {
        ratio(of_classes(it, &[Class::PullLimit]), told(it))
    }),
    share("bare_429_share", "of first failures name a 429 without explanation", |it| {
        ratio(of_classes(it, &[Class::TooManyRequests]), told(it))
    }),
    share("token_429_share", "of first failures failed at the token service with 429", |it| {
        ratio(of_classes(it, &[Class::TokenTooManyRequests]), told(it))
    }),
    share("release_share", "of first failures are throttled ones of a new release", |it| {
        joint(it, Trigger::Release)
    }),
    share("new_node_share", "of first failures are throttled ones on new nodes", |it| {
        joint(it, Trigger::NewNode)
    }),
    share("again_share", "of first failures are of images that were deleted from the node", |it| {
        joint(it, Trigger::Again)
    }),
    share("recheck_share", "of first failures are of images that the node has", |it| {
        joint(it, Trigger::Recheck)
    }),
    share("look_alike_share", "of first failures name errors other than 429", |it| {
        ratio(of_classes(it, LOOK_ALIKES) + foreign_timeouts(it), told(it))
    }),
    share("remote_share", "of first failures came from a registry, a mirror, or the way", |it| {
        let remote = of_classes(it, THROTTLED) + of_classes(it, LOOK_ALIKES);
        ratio(remote + foreign_timeouts(it), told(it))
    }),
    share(
        "own_refusal_share",
        "of first failures were refused by node or gateway themselves",
        |it| {
            let timeouts = of_classes(it, &[Class::Timeout]) - foreign_timeouts(it);
            ratio(of_classes(it, &[Class::QpsExceeded]) + timeouts, told(it))
        },
    ),
    share("wrong_platform_share", "of first failures name a platform or an exec format", |it| {
        let wrong = of_classes(it, &[Class::NoPlatform]) + it.exec_format_errors;
        ratio(wrong, told(it) + it.exec_format_errors)
    }),
    share("no_space_share", "of first failures say: no space left on device", |it| {
        ratio(of_classes(it, &[Class::NoSpace]), told(it))
    }),
    share("blackout_share", "of unexplained 429s came while nobody was served", blackout),
    share("refuses_all_share", "of first failures met a registry that served nobody", |it| {
        let bare = ratio(
            of_classes(it, &[Class::TooManyRequests, Class::TokenTooManyRequests]),
            told(it),
        )?;
        Some(bare * blackout(it).unwrap_or(0.0))
    }),
    share("account_limited_share", "of first failures were counted by account", |it| {
        let all = refused(it, |_| true);
        let by_account = refused(it, |it| it.kind == SourceKind::Account);
        Some(ratio(of_classes(it, THROTTLED), told(it))? * ratio(by_account, all)?)
    }),
    share("hot_address_limited_share", "of first failures met a hot source address", |it| {
        let hot = refused(it, |source| is_hot(it, source));
        let throttled = ratio(of_classes(it, THROTTLED), told(it))?;
        Some(throttled * ratio(hot, refused(it, |_| true))?)
    }),
    count("addresses", "source addresses are metered", |it| Some(addresses(it).count() as f64)),
    share("cool_address_share", "of source addresses were never refused", |it| {
        let cool = addresses(it).filter(|it| it.refused == 0).count() as u64;
        ratio(cool, addresses(it).count() as u64)
    }),
    count("empty_heads", "HEADs were answered 200 with ratelimit-remaining: 0", |it| {
        Some(it.hosts.iter().map(|it| it.empty_heads).sum::<u64>() as f64)
    }),
    count("port_errors", "connections found no source port", |it| Some(it.port_errors as f64)),
    count("mirrors", "mirrors are configured", |it| Some(it.mirrors.len() as f64)),
    share("mirror_request_share", "of requests reached a mirror", mirror_requests),
    share("mirror_failing_share", "of the mirrors' answers were refusals or none", |it| {
        let all: u64 = it.mirrors.iter().map(|it| it.answers.total()).sum();
        let good: u64 = it.mirrors.iter().map(|it| it.answers.served + it.answers.challenged).sum();
        ratio(all - good, all)
    }),
    count("releases", "rollouts and scalings began", |it| {
        Some(it.bins.iter().map(|it| u64::from(it.released)).sum::<u64>() as f64)
    }),
    count("nodes_joined", "nodes joined", |it| Some(joined(it) as f64)),
    share("nodes_joined_share", "of nodes joined during the run", |it| {
        ratio(joined(it), joined(it) + it.nodes_at_start)
    }),
    count("images_removed", "images were deleted from nodes", |it| {
        Some(it.bins.iter().map(|it| u64::from(it.removed)).sum::<u64>() as f64)
    }),
    share("account_share", "of pulls used a pull secret", |it| {
        ratio(it.with_account, it.pulls.iter().map(|it| it.pulling).sum())
    }),
];

/// The feature with this name.
pub fn find(name: &str) -> Option<&'static Feature> {
    FEATURES.iter().find(|it| it.name == name)
}

const THROTTLED: &[Class] =
    &[Class::PullLimit, Class::TooManyRequests, Class::TokenTooManyRequests];
/// Time-outs are looked at by themselves: a gateway without ports makes them too.
const LOOK_ALIKES: &[Class] =
    &[Class::TokenError, Class::ServerError, Class::ClientError, Class::Lost, Class::Cancelled];

/// `part` of `whole`; none of nothing.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (0 < whole).then(|| part as f64 / whole as f64)
}

/// `Failed` events of pulls, repetitions included.
fn failed(seen: &Observed) -> u64 {
    seen.pulls.iter().flat_map(|it| it.failed).sum()
}

/// First failures, by the seconds that they cost.
fn told(seen: &Observed) -> u64 {
    seen.pulls.iter().flat_map(|it| it.first_cost).sum()
}

fn of_classes(seen: &Observed, classes: &[Class]) -> u64 {
    let of_class = |class: Class| seen.pulls.iter().map(move |it| it.first_cost[class as usize]);
    classes.iter().flat_map(|&it| of_class(it)).sum()
}

/// The share of first failures that were throttled and had this trigger.
fn joint(seen: &Observed, trigger: Trigger) -> Option<f64> {
    let failed = &seen.pulls[trigger as usize].first_cost;
    ratio(THROTTLED.iter().map(|&it| failed[it as usize]).sum(), told(seen))
}

/// Dials that timed out although ports were there: as many of the first as of all.
fn foreign_timeouts(seen: &Observed) -> u64 {
    let all: u64 = seen.pulls.iter().map(|it| it.failed[Class::Timeout as usize]).sum();
    let foreign = all.saturating_sub(seen.port_errors);
    of_classes(seen, &[Class::Timeout]) * foreign / all.max(1)
}

fn addresses(seen: &Observed) -> impl Iterator<Item = &SourceSeen> {
    seen.sources.iter().filter(|it| it.kind == SourceKind::Address && 0 < it.asked)
}

/// Refused requests of the sources that `fits` picks.
fn refused(seen: &Observed, fits: impl Fn(&SourceSeen) -> bool) -> u64 {
    seen.sources.iter().filter(|it| fits(it)).map(|it| it.refused).sum()
}

/// Whether a source is a hot address: the only one, or one with one and a half times the refusals
/// that it would have if all addresses were alike.
fn is_hot(seen: &Observed, it: &SourceSeen) -> bool {
    let n = addresses(seen).count() as u64;
    let all = refused(seen, |it| it.kind == SourceKind::Address);
    let more = n == 1 || 3 * all <= 2 * it.refused * n;
    it.kind == SourceKind::Address && 0 < it.refused && more
}

/// The share of unexplained 429s that came in bins in which the host served no manifest request at
/// all. A limit of one's own serves what it allows, at any time.
fn blackout(seen: &Observed) -> Option<f64> {
    let bins = seen.hosts.iter().flat_map(|it| &it.bins);
    let (mut dark, mut all) = (0, 0);
    for &(served, refused) in bins {
        all += u64::from(refused);
        dark += u64::from(if served == 0 { refused } else { 0 });
    }
    ratio(dark, all)
}

fn joined(seen: &Observed) -> u64 {
    seen.bins.iter().map(|it| u64::from(it.joined)).sum()
}

/// Of the requests to mirrors and to the hosts that they stand for, tokens aside, those that
/// reached a mirror.
fn mirror_requests(seen: &Observed) -> Option<f64> {
    let at_mirrors: u64 = seen.mirrors.iter().map(|it| it.answers.total()).sum();
    let stands_for = |host: &HostSeen| seen.mirrors.iter().any(|it| it.upstream == host.name);
    let past: u64 = seen
        .hosts
        .iter()
        .filter(|it| stands_for(it))
        .flat_map(|it| RequestKind::ALL.iter().map(|&kind| (kind, it.answers[kind as usize])))
        .filter(|(kind, _)| *kind != RequestKind::Token)
        .map(|(_, answers)| answers.total())
        .sum();
    if seen.mirrors.is_empty() { None } else { ratio(at_mirrors, at_mirrors + past) }
}
