//! Charts, each as SVG and PNG: of one replication here, of experiments in `sheet`.
//!
//! A chart of one replication is first a `figure::Figure`: marks in data coordinates, without a
//! backend. One generic function draws it to either backend, so both show the same. Bytes are
//! deterministic; the font is built in.

mod canvas;
mod draw;
mod failures;
mod figure;
mod limits;
mod palette;
mod raster;
mod ready;
mod requests;
mod scale;
pub mod sheet;
mod svg;
mod window;

use std::io;
use std::path::Path;

use crate::model::record::outcome::Detail;
use crate::report::files::{FileError, create_folder, remove, write_whole, write_whole_by_name};
use crate::report::{Run, VERSION};
use crate::text::clip;
use canvas::Drawing;
use figure::Figure;
use window::Window;

/// Name of the folder of charts inside the folder of a run.
pub const FOLDER: &str = "charts";

/// Every chart, in the order in which a reader wants them.
const NAMES: [&str; 5] = ["requests", "retries", "limits", "ready", "failures"];

/// Removes the charts of an earlier run from `folder`.
pub fn clear(folder: &Path) -> Result<(), FileError> {
    for name in NAMES {
        remove_drawing(folder, name)?;
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
    let set = match run.scenario.set_by_hand().as_slice() {
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
    write_drawing(folder, figure.name, figure)
}

/// Draws to `NAME.svg` and `NAME.png` in `folder`.
fn write_drawing(folder: &Path, name: &str, drawing: &impl Drawing) -> Result<(), FileError> {
    let path = folder.join(format!("{name}.svg"));
    let svg = canvas::svg(drawing).map_err(|why| {
        let source = io::Error::other(why);
        FileError { path: path.clone(), tried: "draw", source }
    })?;
    write_whole(&path, |out| io::Write::write_all(out, svg.as_bytes()))?;
    write_whole_by_name(&folder.join(format!("{name}.png")), |path| {
        canvas::png(drawing, path).map_err(io::Error::other)
    })
}

/// Removes `NAME.svg` and `NAME.png` from `folder`.
fn remove_drawing(folder: &Path, name: &str) -> Result<(), FileError> {
    remove(&folder.join(format!("{name}.svg")))?;
    remove(&folder.join(format!("{name}.png")))
}

#[cfg(test)]
mod tests;
