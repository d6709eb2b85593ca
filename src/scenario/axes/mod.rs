//! Axes of a sweep: the `[sweep]` block or `--vary` flags, and the points that lie on them.

mod read;
mod values;

use super::diagnostic::{Code, Diagnostics, Problems};
use super::source::{Flag, Layer, Origin, SourceFile, Sources};
use super::tree::{Node, Table};
use super::walk::Names;
use super::{Loaded, Over, Parts, Request, VariantInfo};
use crate::words::words;

/// Most points of a sweep, and most values of an axis.
pub const MOST_POINTS: usize = 100_000;

/// The axis whose values are names of variants.
pub const VARIANT: &str = "variant";

/// What an axis of variants calls the file without any of them.
pub const BASE: &str = "base";

words! {
    /// How axes are combined.
    #[derive(Default)]
    pub enum Design {
        /// Every value of each axis with every value of the others.
        #[default]
        Grid = "grid",
        /// The first values of all axes together, then the second ones.
        Zip = "zip",
        /// Each value of each axis, the others as in the base.
        OneAtATime = "one-at-a-time",
    }
}

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it varies; [`VARIANT`] for names of variants.
    pub path: String,
    /// Its values as `--set` takes them, in the one spelling that the program uses.
    pub values: Vec<String>,
    key: Origin,
    nodes: Vec<Node>,
}

/// A scenario with the axes of a sweep: read once, to load many points.
#[derive(Clone, Debug)]
pub struct Sweep {
    file: SourceFile,
    request: Request,
    parts: Parts,
    sources: Sources,
    /// How the axes are combined.
    pub design: Design,
    /// The axes, in the order in which they were written.
    pub axes: Vec<Axis>,
}

impl Sweep {
    /// Reads the axes: those of `vary` (`PATH=VALUES`) where there are any, else those of the
    /// file's `[sweep]`. Problems of the axes come along; those of the rest are [`super::load`]'s.
    pub fn read(
        file: &SourceFile,
        request: &Request,
        vary: &[String],
        design: Option<Design>,
    ) -> (Option<Self>, Diagnostics) {
        let mut sources = Sources::new(file);
        sources.flags = super::overlay::flags(request);
        let first = sources.flags.len();
        sources.flags.extend(vary.iter().enumerate().map(|(at, text)| Flag {
            name: format!("--vary {}", at + 1),
            origin: "--vary",
            sets: false,
            text: text.clone(),
        }));
        sources.variants.clone_from(&request.variants);
        let mut scratch = Problems::new(&sources);
        let Some(parts) = super::split(file, &mut scratch) else {
            return (None, Diagnostics { list: scratch.into_sorted() });
        };
        let tree = parts.overlaid(&request.variants, &mut scratch);
        let mut problems = Problems::new(&sources);
        let infos: Vec<VariantInfo> = parts.infos().collect();
        let names = Names::of(&tree);
        let mut reader = read::Reader { variants: &infos, names: &names, problems: &mut problems };
        let (own, mut axes) = reader.block(&tree);
        if !vary.is_empty() {
            axes = reader.flags((first..sources.flags.len()).map(|at| at as u16));
        }
        let design = design.or(own).unwrap_or_default();
        reader.combine(design, &axes);
        let list = problems.into_sorted();
        let request = request.clone();
        let file = file.clone();
        (Some(Self { file, request, parts, sources, design, axes }), Diagnostics { list })
    }

    /// Loads the point that takes these values, by position; an axis without one is as in the base.
    pub fn load(&self, choice: &[Option<usize>]) -> Result<Loaded, Diagnostics> {
        let mut request = self.request.clone();
        let mut over = vec![];
        for (axis, chosen) in self.axes.iter().zip(choice) {
            let Some(at) = *chosen else { continue };
            if axis.path == VARIANT {
                request.variants.extend(variants_of(&axis.values[at]));
            } else {
                over.push(Over { path: &axis.path, key: axis.key, node: &axis.nodes[at] });
            }
        }
        let mut sources = self.sources.clone();
        sources.variants.clone_from(&request.variants);
        let mut problems = Problems::new(&sources);
        let scenario = super::compose(&self.file, &self.parts, &request, &over, &mut problems);
        super::loaded(scenario, problems)
    }
}

/// The variants that a value of the axis of variants puts in force: `mirror`, `mirror+gc`, `base`.
pub(crate) fn variants_of(value: &str) -> impl Iterator<Item = String> {
    value.split('+').map(str::trim).filter(|it| *it != BASE).map(str::to_owned)
}

/// Reports what is wrong with the `[sweep]` of a tree.
pub(super) fn check(
    tree: &Table,
    variants: &[VariantInfo],
    names: &Names,
    problems: &mut Problems<'_>,
) {
    let mut reader = read::Reader { variants, names, problems };
    let (design, axes) = reader.block(tree);
    reader.combine(design.unwrap_or_default(), &axes);
}

/// An origin within a flag.
fn in_flag(at: u16, start: usize, end: usize) -> Origin {
    Origin { layer: Layer::Flag(at), start, end }
}

/// Complains of an axis.
fn bad_axis<'p>(
    problems: &'p mut Problems<'_>,
    origin: Origin,
    message: String,
) -> &'p mut super::Diagnostic {
    problems.error(Code::BadAxis, origin, message)
}

#[cfg(test)]
mod tests;
