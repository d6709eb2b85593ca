//! Charts of one replication, each as SVG and PNG.
//!
//! A chart is first a `figure::Figure`: marks in data coordinates, without a backend. One generic
//! function draws it to either backend, so both show the same. Bytes are deterministic; the font is
//! built in.

mod draw;
mod failures;
mod figure;
mod limits;
mod palette;
mod raster;
mod ready;
mod requests;
mod scale;
mod svg;
mod window;

use std::io;
use std::path::Path;

use crate::model::outcome::Detail;
use crate::report::files::{FileError, create_folder, remove, write_whole, write_whole_by_name};
use crate::report::page::clip;
use crate::report::summary_text::set_by_hand;
use crate::report::{Run, VERSION};
use figure::Figure;
use window::Window;

/// Name of the folder of charts inside the folder of a run.
pub const FOLDER: &str = "charts";

/// Every chart, in the order in which a reader wants them.
const NAMES: [&str; 5] = ["requests", "retries", "limits", "ready", "failures"];

/// Removes the charts of an earlier run from `folder`.
pub fn clear(folder: &Path) -> Result<(), FileError> {
    for name in NAMES {
        remove(&folder.join(format!("{name}.svg")))?;
        remove(&folder.join(format!("{name}.png")))?;
    }
    Ok(())
}

/// Draws every chart of the detailed replication into `folder`; returns their names without
/// endings.
pub fn write_all(folder: &Path, run: Run<'_>) -> Result<Vec<&'static str>, FileError> {
    let Some((replication, detail)) = run.detail() else { return Ok(vec![]) };
    create_folder(folder)?;
    let mut names = vec![];
    for figure in figures(detail, &caption(run, replication)) {
        write(folder, &figure)?;
        names.push(figure.name);
    }
    Ok(names)
}

/// The charts in the order of [`NAMES`].
fn figures(detail: &Detail, caption: &str) -> Vec<Figure> {
    let window = Window::of(detail);
    let mut figures = vec![
        requests::figure(detail, window),
        raster::figure(detail, window),
        limits::figure(detail, window),
        ready::figure(detail, window),
        failures::figure(detail, window),
    ];
    for figure in &mut figures {
        figure.caption = match figure.caption.as_str() {
            "" => caption.to_owned(),
            own => format!("{caption} · {own}"),
        };
    }
    figures
}

/// What was simulated, so that a chart that travels alone still says it.
fn caption(run: Run<'_>, replication: u32) -> String {
    let variant =
        run.scenario.variant.as_ref().map_or(String::new(), |it| format!(" · variant {it}"));
    let set = match set_by_hand(run.scenario).as_slice() {
        [] => String::new(),
        [one] => format!(" · {}", clip(one, 60)),
        more => format!(" · {} values set", more.len()),
    };
    format!(
        "simulated by Pullstorm {VERSION} · scenario {}{variant}{set} · seed {} · \
         replication {replication} of {}",
        run.scenario.name, run.scenario.spec.seed, run.summary.replications,
    )
}

/// Draws one figure to both formats.
fn write(folder: &Path, figure: &Figure) -> Result<(), FileError> {
    let svg = draw::svg(figure).map_err(|why| unwritable(folder, figure, why))?;
    write_whole(&folder.join(format!("{}.svg", figure.name)), |out| {
        io::Write::write_all(out, svg.as_bytes())
    })?;
    write_whole_by_name(&folder.join(format!("{}.png", figure.name)), |path| {
        draw::png(figure, path).map_err(io::Error::other)
    })
}

fn unwritable(folder: &Path, figure: &Figure, why: String) -> FileError {
    let path = folder.join(format!("{}.svg", figure.name));
    FileError { path, tried: "draw", source: io::Error::other(why) }
}

#[cfg(test)]
mod tests;
