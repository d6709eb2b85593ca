//! The rules between the keys of a block, and between blocks.
//!
//! Each rule reads keys that may be missing or faulty and then stays silent: that problem is known
//! already. What a key asks of another key of its table is a row of that table.

mod accounts;
mod disk;
mod events;
mod images;
mod mirrors;
mod network;
mod pods;
mod prepulls;
mod relations;
mod rollouts;
mod state;
mod tags;

use super::diagnostic::{Code, Problems};
use super::key::Row;
use super::settings::Setting;
use super::typed::Values;

/// Reports what breaks a rule.
pub(crate) fn check(root: &Values, settings: &[Setting], problems: &mut Problems<'_>) {
    relations::check(root, problems);
    network::check(root, problems);
    accounts::check(root, settings, problems);
    images::check(root, problems);
    pods::check(root, problems);
    mirrors::check(root, problems);
    events::check(root, settings, problems);
    rollouts::check(root, problems);
    prepulls::check(root, problems);
    tags::check(root, problems);
    disk::check(root, settings, problems);
    state::check(root, problems);
}

/// Reports a key that a user wrote and that means nothing beside something else.
fn not_here(
    problems: &mut Problems<'_>,
    values: &Values,
    path: &str,
    key: impl Row,
    beside: &str,
    help: &str,
) {
    if values.is_written(key) {
        let message = format!("`{path}.{}` has no meaning with {beside}", key.row().name);
        problems.error(Code::NotHere, values.origin(key), message).help(help);
    }
}
