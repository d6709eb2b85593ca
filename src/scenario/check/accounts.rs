//! Who pulls with which account, and whether that account is any use there.

use crate::scenario::diagnostic::{Code, Problems, nearest};
use crate::scenario::resolve::images::{host, of_workload, rolled_to};
use crate::scenario::settings::{Changed, Setting};
use crate::scenario::source::Origin;
use crate::scenario::tables::{
    self, account, background, limit, mirror, pool, registry, timeline, workload,
};
use crate::scenario::typed::Values;

pub(super) fn check(root: &Values, settings: &[Setting], problems: &mut Problems<'_>) {
    for (name, values) in root.blocks(tables::ACCOUNT) {
        tier(root, name, values, problems);
    }
    for (name, values) in root.blocks(tables::BACKGROUND) {
        let account = root.follow(values, background::ACCOUNT);
        let of = account.and_then(|account| account.opt(account::REGISTRY));
        if let (Some(registry), Some(of)) = (values.opt(background::REGISTRY), of)
            && registry != of
        {
            let message = format!("`background.{name}.account` is one of registry `{of}`");
            problems
                .error(Code::OtherAccount, values.origin(background::ACCOUNT), message)
                .help(format!("this block pulls from `{registry}`: name an account of it"));
        }
    }
    for (name, values) in root.blocks(tables::MIRROR) {
        of_mirror(root, name, values, problems);
    }
    for (name, pool) in root.blocks(tables::POOL) {
        let accounts = pool.opt(pool::ACCOUNT).unwrap_or_default();
        let origin = pool.origin(pool::ACCOUNT);
        one_per_registry(root, &format!("pool `{name}`"), &accounts, origin, problems);
    }
    for (name, workload) in root.blocks(tables::WORKLOAD) {
        let accounts = workload.opt(workload::ACCOUNT).unwrap_or_default();
        fit(root, name, &accounts, workload.origin(workload::ACCOUNT), problems);
    }
    for setting in settings {
        changed(root, setting, problems);
    }
}

fn changed(root: &Values, setting: &Setting, problems: &mut Problems<'_>) {
    let Some(event) = root.block(tables::TIMELINE, &setting.block) else { return };
    let origin = event.origin(timeline::SET);
    match &setting.changed {
        Changed::WorkloadAccount { workload, accounts } => {
            let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
            fit(root, workload, &names, origin, problems);
        }
        Changed::PoolAccount { pool, accounts } => {
            let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
            one_per_registry(root, &format!("pool `{pool}`"), &names, origin, problems);
        }
        Changed::LimitAllow { .. }
        | Changed::EgressAddresses { .. }
        | Changed::MaxSurge { .. }
        | Changed::MaxUnavailable { .. }
        | Changed::Kubelet { .. }
        | Changed::Preloaded { .. }
        | Changed::ReplaceBatch { .. } => {}
    }
}

/// Warns of a tier that is nearly the one of a limit: its pulls would not be limited.
fn tier(root: &Values, name: &str, account: &Values, problems: &mut Problems<'_>) {
    let Some(tier) = account.opt(account::TIER) else { return };
    let Some(registry) = root.follow(account, account::REGISTRY) else { return };
    let limits = || registry.blocks(registry::LIMIT);
    let tiers = || limits().filter_map(|(_, limit)| limit.opt(limit::TIER));
    if !tiers().any(|known| known == tier) && nearest(tier, tiers()).is_some() {
        let message = format!("no limit names the tier \"{tier}\" of account `{name}`");
        problems
            .warning(Code::OddTier, account.origin(account::TIER), message)
            .did_you_mean(tier, tiers())
            .help("pulls of a tier that no limit names are not limited per account");
    }
}

fn of_mirror(root: &Values, name: &str, mirror: &Values, problems: &mut Problems<'_>) {
    let account = root.follow(mirror, mirror::ACCOUNT);
    let of = account.and_then(|account| account.opt(account::REGISTRY));
    if let (Some(upstream), Some(of)) = (mirror.opt(mirror::UPSTREAM), of)
        && upstream != of
    {
        let message = format!("`mirror.{name}.account` is one of registry `{of}`");
        problems
            .error(Code::OtherAccount, mirror.origin(mirror::ACCOUNT), message)
            .help(format!("this mirror asks `{upstream}`: name an account of it"));
    }
}

/// Reports accounts that none of the images of a workload is pulled with, be it through a rollout,
/// and two of one registry.
fn fit(
    root: &Values,
    workload: &str,
    accounts: &[&str],
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    one_per_registry(root, &format!("workload `{workload}`"), accounts, origin, problems);
    let Some(values) = root.block(tables::WORKLOAD, workload) else { return };
    let all = of_workload(values).chain(rolled_to(root, workload));
    fit_images(root, &format!("workload `{workload}`"), all, accounts, origin, problems);
}

/// Reports accounts that none of the images is pulled with.
pub(super) fn fit_images<'a>(
    root: &Values,
    of_what: &str,
    images: impl Iterator<Item = &'a str>,
    accounts: &[&str],
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    let mut hosts: Vec<&str> = images.filter_map(|image| host(root, image)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    for account in accounts {
        let block = root.block(tables::ACCOUNT, account);
        let registry = block.and_then(|it| root.follow(it, account::REGISTRY));
        let of = registry.and_then(|it| it.opt(registry::HOST));
        let Some(of) = of.filter(|it| !hosts.is_empty() && !hosts.contains(it)) else { continue };
        let message = format!("no image of {of_what} is pulled with account `{account}`");
        problems
            .error(Code::OtherAccount, origin, message)
            .help(format!("the account is one of {of}; the images come from {}", hosts.join(", ")));
    }
}

/// Reports two accounts of one registry: a pull sends one.
fn one_per_registry(
    root: &Values,
    what: &str,
    accounts: &[&str],
    origin: Origin,
    problems: &mut Problems<'_>,
) {
    let registry_of = |it: &str| root.block(tables::ACCOUNT, it)?.opt(account::REGISTRY);
    for (nth, account) in accounts.iter().enumerate() {
        let Some(of) = registry_of(account) else { continue };
        let same = |it: &&&str| registry_of(it) == Some(of);
        if let Some(first) = accounts[..nth].iter().find(same) {
            let message =
                format!("accounts `{first}` and `{account}` of {what} are both of `{of}`");
            problems
                .error(Code::OtherAccount, origin, message)
                .help("a pull sends the credentials of one account: keep one of them");
        }
    }
}
