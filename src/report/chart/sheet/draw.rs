//! Draws a sheet whose parts have their places.

use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::layout::{Laid, NOTE, Plot, fit};
use super::{Along, Edge, Fill, Mark, Shade, Side, Start};
use crate::report::chart::canvas::{
    Canvas, Drawing, FAINT, FINE, GRID, INK, Letters, Place, width,
};
use crate::report::chart::palette::{self, BLACK, Colour, WHITE};

/// Sizes of the texts in cells, largest first.
const CELL_SIZES: [i32; 4] = [14, 13, 12, 11];
/// Lines between rows.
const ROW: Colour = (238, 238, 238);
/// Width of the bar of colours, and in how many boxes it is drawn.
const BAR: i32 = 300 * FINE;
const BAR_STEPS: i32 = 150;

impl Drawing for Laid<'_> {
    fn title(&self) -> &str {
        &self.sheet.title
    }

    fn caption(&self) -> &str {
        &self.sheet.caption
    }

    fn size(&self) -> (i32, i32) {
        (self.right / FINE + 20, self.height)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<(), String> {
        canvas.legend(&self.legend, self.legend_top, self.right)?;
        self.bar(canvas)?;
        for plot in &self.plots {
            canvas.plot(plot)?;
        }
        for it in &self.texts {
            canvas.text(&it.text, it.at, it.letters)?;
        }
        canvas.caption(&self.sheet.caption)
    }
}

impl Laid<'_> {
    /// What the colours of cells mean.
    fn bar<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<(), String> {
        let Some(bar) = &self.sheet.bar else { return Ok(()) };
        let (left, top) = (20 * FINE, self.bar_top);
        let label = fit(&bar.label, self.right - left - BAR - 60 * FINE, Letters::BODY)?;
        canvas.text(&label, (left, top + 7 * FINE), Letters::BODY)?;
        let left = left + width(&label, Letters::BODY)? + 24 * FINE;
        for step in 0..BAR_STEPS {
            let colour = palette::ramp((f64::from(step) + 0.5) / f64::from(BAR_STEPS));
            let (from, to) = (left + step * BAR / BAR_STEPS, left + (step + 1) * BAR / BAR_STEPS);
            canvas.fill((from, top), (to, top + 13 * FINE), colour)?;
        }
        let letters = Letters::CAPTION.anchored(HPos::Center);
        let mut free = 0;
        for (value, label) in &bar.axis.ticks {
            let x = left + (bar.axis.share(*value) * f64::from(BAR)).round() as i32;
            let half = width(label, letters)? / 2;
            if x - half < free {
                continue;
            }
            free = x + half + 8 * FINE;
            canvas.fill((x, top + 13 * FINE), (x + FINE / 2, top + 16 * FINE), FAINT)?;
            canvas.text(label, (x, top + 24 * FINE), letters)?;
        }
        Ok(())
    }
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    fn plot(&mut self, plot: &Plot<'_>) -> Result<(), String> {
        for mark in &plot.panel.marks {
            if let Mark::Box { from, to, colour } = mark {
                let (a, b) = ((plot.x(from.0), plot.y(from.1)), (plot.x(to.0), plot.y(to.1)));
                let corners = ((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1)));
                self.fill(corners.0, corners.1, *colour)?;
            }
        }
        self.grid(plot)?;
        for mark in &plot.panel.marks {
            self.sheet_mark(mark, plot)?;
        }
        Ok(())
    }

    /// Lines of values behind the marks, and the axis below.
    fn grid(&mut self, plot: &Plot<'_>) -> Result<(), String> {
        let (across, up) = (&plot.panel.across, &plot.panel.up);
        if !up.is_named {
            for (value, _) in &up.ticks {
                let y = plot.y(*value);
                self.fill((plot.left, y), (plot.right, y + FINE / 2), GRID)?;
            }
        }
        if up.is_named && !across.is_named {
            // Rows are read from their names to their texts at the right.
            for row in 0..=up.ticks.len() {
                let y = plot.y(row as f64);
                self.fill((20 * FINE, y), (self.size.0 * FINE - 20 * FINE, y + FINE / 2), ROW)?;
            }
        }
        if !across.is_named {
            for (value, _) in &across.ticks {
                let x = plot.x(*value);
                if up.is_named {
                    self.fill((x, plot.top), (x + FINE / 2, plot.bottom), GRID)?;
                }
                self.fill((x, plot.bottom), (x + FINE / 2, plot.bottom + 5 * FINE), FAINT)?;
            }
        }
        self.fill((plot.left, plot.bottom), (plot.right, plot.bottom + FINE), FAINT)
    }

    fn sheet_mark(&mut self, mark: &Mark, plot: &Plot<'_>) -> Result<(), String> {
        match mark {
            Mark::Box { .. } => Ok(()),
            Mark::Bar { row, from, to, thick, lift, colour } => {
                let y = plot.y(*row) - lift * FINE;
                let (a, b) = (plot.x(*from), plot.x(*to));
                let half = thick * FINE / 2;
                // Something that is there is seen.
                let right = a.max(b).max(a.min(b) + FINE);
                self.fill((a.min(b), y - half), (right, y + half), *colour)
            }
            Mark::Whisker { at, low, high, along, shift, colour } => {
                self.whisker(*at, (*low, *high), (*along, *shift), *colour, plot)
            }
            Mark::Dot { at, marker, hollow, shift, colour } => {
                let place = (plot.x(at.0) + shift.0 * FINE, plot.y(at.1) + shift.1 * FINE);
                if *hollow {
                    self.hollow(place, *marker, *colour)
                } else {
                    self.marker(place, *marker, *colour)
                }
            }
            Mark::Line { points, thick, shift, colour } => {
                let place = |it: (f64, f64)| (plot.x(it.0) + shift * FINE, plot.y(it.1));
                for pair in points.windows(2) {
                    let (from, to) = (place(pair[0]), place(pair[1]));
                    self.stroke(from, to, thick * FINE, *colour)?;
                }
                Ok(())
            }
            Mark::Steps { points, thick, colour } => {
                let mut strokes: Vec<(i32, i32, i32)> = vec![];
                for (position, (at, value)) in points.iter().enumerate() {
                    let end = points.get(position + 1).map_or(plot.right, |it| plot.x(it.0));
                    let y = plot.y(*value);
                    match strokes.last_mut() {
                        Some(last) if last.2 == y => last.1 = end,
                        _ => strokes.push((plot.x(*at), end, y)),
                    }
                }
                self.strokes(&strokes, thick * FINE / 2, *colour)
            }
            Mark::Cells(cells) => self.cells(cells, plot),
            Mark::Edges(edges) => self.edges(edges, plot),
            Mark::Rule { at, along, dashed } => self.rule(*at, *along, *dashed, plot),
            Mark::Text { at, text, shift, from } => {
                let place = (plot.x(at.0) + shift.0 * FINE, plot.y(at.1) + shift.1 * FINE);
                self.label(text, place, *from, plot)
            }
            Mark::Beyond { at, along, shift, colour } => match along {
                Along::Up => {
                    let tip = (plot.x(at.0) + shift * FINE, plot.top + FINE);
                    self.arrow(tip, (0, 1), *colour)
                }
                Along::Across => {
                    let end = plot.x(plot.panel.across.to);
                    let tip = (end + 18 * FINE, plot.y(at.1) + shift * FINE);
                    self.arrow(tip, (-1, 0), *colour)
                }
            },
        }
    }

    fn whisker(
        &mut self,
        at: (f64, f64),
        (low, high): (f64, f64),
        (along, shift): (Along, i32),
        colour: Colour,
        plot: &Plot<'_>,
    ) -> Result<(), String> {
        if high <= low {
            return Ok(());
        }
        let (thick, cap) = (3 * FINE / 2, 4 * FINE);
        match along {
            Along::Across => {
                let (left, right) = (plot.x(low), plot.x(high));
                let y = plot.y(at.1) + shift * FINE;
                self.stroke((left, y), (right, y), thick, colour)?;
                self.stroke((left, y - cap), (left, y + cap), thick, colour)?;
                self.stroke((right, y - cap), (right, y + cap), thick, colour)
            }
            Along::Up => {
                let (bottom, top) = (plot.y(low), plot.y(high));
                let x = plot.x(at.0) + shift * FINE;
                self.stroke((x, top), (x, bottom), thick, colour)?;
                self.stroke((x - cap, top), (x + cap, top), thick, colour)?;
                self.stroke((x - cap, bottom), (x + cap, bottom), thick, colour)
            }
        }
    }

    fn rule(&mut self, at: f64, along: Along, dashed: bool, plot: &Plot<'_>) -> Result<(), String> {
        let dash = if dashed { 6 * FINE } else { 0 };
        let half = FINE / 2;
        match along {
            Along::Across => {
                let y = plot.y(at);
                for (from, to) in dashes(plot.left, plot.right, dash) {
                    self.fill((from, y - half), (to, y + half), INK)?;
                }
            }
            Along::Up => {
                let x = plot.x(at);
                for (from, to) in dashes(plot.top, plot.bottom, dash) {
                    self.fill((x - half, from), (x + half, to), INK)?;
                }
            }
        }
        Ok(())
    }

    /// A text on a white ground that stays within the plot.
    fn label(
        &mut self,
        text: &str,
        mut at: Place,
        start: Start,
        plot: &Plot<'_>,
    ) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        // Above the plot there is some room beside it.
        let slack = if at.1 < plot.top { 24 * FINE } else { 0 };
        let (room, anchor) = match start {
            Start::Right => (at.0 - plot.left, HPos::Right),
            Start::Widest if plot.right - at.0 < at.0 - plot.left => {
                // To the other side of the place it was moved from.
                at.0 -= 16 * FINE;
                (at.0 - plot.left, HPos::Right)
            }
            Start::Left | Start::Widest => (plot.right - at.0, HPos::Left),
        };
        let text = fit(text, room + slack, NOTE)?;
        self.boxed_text(&text, at, Letters { size: 13, ..NOTE }.anchored(anchor))
    }

    fn cells(&mut self, cells: &[Shade], plot: &Plot<'_>) -> Result<(), String> {
        let corners = |it: &Shade| {
            let (column, row) = (it.column as f64, it.row as f64);
            let (left, right) = (plot.x(column), plot.x(column + 1.0));
            let (top, bottom) = (plot.y(row + 1.0), plot.y(row));
            // Large cells are set apart.
            let gap = if 24 * FINE < (right - left).min(bottom - top) { FINE / 2 } else { 0 };
            ((left, top + gap), (right - gap, bottom))
        };
        for it in cells {
            let (from, to) = corners(it);
            match it.fill {
                Fill::Colour(colour) => self.fill(from, to, colour)?,
                Fill::Hatch => self.hatch(from, to)?,
                Fill::Nothing => self.fill((from.0, from.1), to, WHITE)?,
            }
        }
        let size = |it: &Shade| {
            let (from, to) = corners(it);
            // Edges take some of the room.
            (to.0 - from.0 - 12 * FINE, to.1 - from.1)
        };
        let fits = |it: &Shade, size_of: i32| -> Result<bool, String> {
            let letters = Letters { size: size_of, ..NOTE };
            let (room, height) = size(it);
            Ok(width(&it.text, letters)? <= room && size_of * FINE * 5 / 4 <= height)
        };
        let mut chosen = None;
        for size in CELL_SIZES {
            let fitting: Result<Vec<bool>, String> =
                cells.iter().map(|it| fits(it, size)).collect();
            let fitting = fitting?;
            let count = fitting.iter().filter(|it| **it).count();
            // At the smallest size, a few long values may be missing, but not the most.
            let is_last = Some(&size) == CELL_SIZES.last();
            if count == cells.len() || is_last && cells.len() < 2 * count {
                chosen = Some((size, fitting));
                break;
            }
        }
        let Some((size, fitting)) = chosen else { return Ok(()) };
        for (it, _) in cells.iter().zip(fitting).filter(|it| it.1) {
            let (from, to) = corners(it);
            let colour = match it.fill {
                Fill::Colour(colour) if palette::is_dark(colour) => WHITE,
                _ => BLACK,
            };
            let letters = Letters { size, colour, ..NOTE }.anchored(HPos::Center);
            let middle = (i32::midpoint(from.0, to.0), i32::midpoint(from.1, to.1));
            if matches!(it.fill, Fill::Hatch) {
                self.boxed_text(&it.text, middle, letters)?;
            } else {
                self.text(&it.text, middle, letters)?;
            }
        }
        Ok(())
    }

    /// The white sides first, so that black corners are whole.
    fn edges(&mut self, edges: &[Edge], plot: &Plot<'_>) -> Result<(), String> {
        let (half, white) = (2 * FINE, 3 * FINE);
        for it in edges {
            let (a, b) =
                ((plot.x(it.from.0), plot.y(it.from.1)), (plot.x(it.to.0), plot.y(it.to.1)));
            let reach = half + white;
            let (from, to) = match it.holding {
                Side::Left => ((a.0 - reach, a.1.min(b.1)), (a.0, a.1.max(b.1))),
                Side::Right => ((a.0, a.1.min(b.1)), (a.0 + reach, a.1.max(b.1))),
                Side::Above => ((a.0.min(b.0), a.1 - reach), (a.0.max(b.0), a.1)),
                Side::Below => ((a.0.min(b.0), a.1), (a.0.max(b.0), a.1 + reach)),
            };
            self.fill(from, to, WHITE)?;
        }
        for it in edges {
            let (a, b) =
                ((plot.x(it.from.0), plot.y(it.from.1)), (plot.x(it.to.0), plot.y(it.to.1)));
            let (left, top) = (a.0.min(b.0) - half, a.1.min(b.1) - half);
            let (right, bottom) = (a.0.max(b.0) + half, a.1.max(b.1) + half);
            let from = (left.max(plot.left), top.max(plot.top));
            self.fill(from, (right.min(plot.right), bottom.min(plot.bottom)), BLACK)?;
        }
        Ok(())
    }
}

/// From and to of the dashes of a line; one of all where `dash` is 0.
fn dashes(from: i32, to: i32, dash: i32) -> Vec<(i32, i32)> {
    if dash == 0 {
        return vec![(from, to)];
    }
    (from..to).step_by(2 * dash as usize).map(|it| (it, (it + dash).min(to))).collect()
}
