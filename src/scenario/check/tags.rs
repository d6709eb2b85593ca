//! Tags that move.

use super::images::pullable;
use crate::scenario::diagnostic::{Code, Problems};
use crate::scenario::resolve::images::host;
use crate::scenario::tables::{self, image, timeline};
use crate::scenario::typed::Values;

pub(super) fn check(root: &Values, problems: &mut Problems<'_>) {
    for (name, event) in root.blocks(tables::TIMELINE) {
        if let Some(moved) = event.opt(timeline::MOVE_TAG) {
            move_tag(root, name, moved, problems);
        }
    }
}

fn move_tag(root: &Values, name: &str, moved: &Values, problems: &mut Problems<'_>) {
    let (Some(image), Some(to)) = (moved.opt(timeline::IMAGE), moved.opt(timeline::TO)) else {
        return;
    };
    pullable(root, image, moved.origin(timeline::IMAGE), problems);
    pullable(root, to, moved.origin(timeline::TO), problems);
    let reference = root.block(tables::IMAGE, image).and_then(|it| it.opt(image::REFERENCE));
    if reference.is_some_and(|it| it.contains('@')) {
        problems
            .error(
                Code::NotHere,
                moved.origin(timeline::IMAGE),
                format!("`timeline.{name}.move_tag` moves image `{image}`, which is a digest"),
            )
            .help("a digest names one content for ever; only a reference with a tag alone moves");
    }
    if let (Some(here), Some(there)) = (host(root, image), host(root, to))
        && here != there
    {
        problems
            .error(
                Code::NotHere,
                moved.origin(timeline::TO),
                format!(
                    "`timeline.{name}.move_tag` moves a tag of {here} to image `{to}` of {there}"
                ),
            )
            .help(format!(
                "a tag names a content of its own registry: give it a reference of {here}"
            ));
    }
}
