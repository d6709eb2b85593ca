//! The rules between the keys of a block, and between blocks.
//!
//! Each rule reads keys that may be missing or faulty and then stays silent: that problem is known
//! already.

mod disk;
mod events;
mod first;
mod images;
mod mirrors;
mod network;
mod pods;
mod state;

use super::diagnostic::{Code, Problems};
use super::settings::Setting;
use super::typed::Values;

/// Reports what breaks a rule.
pub(crate) fn check(root: &Values, settings: &[Setting], problems: &mut Problems<'_>) {
    network::check(root, problems);
    images::check(root, problems);
    pods::check(root, problems);
    mirrors::check(root, problems);
    events::check(root, settings, problems);
    first::check(root, problems);
    disk::check(root, settings, problems);
    state::check(root, problems);
}

/// Reports a key that a user wrote and that means nothing beside another key's value.
fn not_here(
    problems: &mut Problems<'_>,
    values: &Values,
    path: &str,
    key: &str,
    beside: &str,
    help: &str,
) {
    if values.is_written(key) {
        let message = format!("`{path}.{key}` has no meaning with {beside}");
        problems.error(Code::NotHere, values.origin(key), message).help(help);
    }
}

/// Reports a key that another key's value makes necessary.
fn needed(problems: &mut Problems<'_>, values: &Values, path: &str, key: &str, beside: &str) {
    if !values.given(key) {
        problems
            .error(Code::MissingKey, values.origin, format!("`{path}` has no `{key}`"))
            .help(format!("{key} is needed with {beside}"));
    }
}
