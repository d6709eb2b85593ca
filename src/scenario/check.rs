//! The rules between blocks.

use super::diagnostic::Problems;
use super::typed::Values;

/// Reports what breaks a rule between blocks.
pub(crate) fn check(_root: &Values, _problems: &mut Problems<'_>) {}
