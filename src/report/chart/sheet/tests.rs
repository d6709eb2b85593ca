use std::fs;
use std::path::PathBuf;

use super::*;
use crate::report::chart::canvas;

fn svg(sheet: &Sheet) -> String {
    canvas::svg(&layout::Laid::of(sheet).unwrap()).unwrap()
}

/// Draws the sheets where someone can look at them: `PULLSTORM_CHARTS=DIR cargo test look_at`.
#[test]
fn look_at_the_sheets() {
    let Some(folder) = std::env::var_os("PULLSTORM_CHARTS") else { return };
    let folder = PathBuf::from(folder).join("sheets");
    for sheet in examples::all() {
        write_sheet(&folder, &sheet).unwrap();
    }
}
