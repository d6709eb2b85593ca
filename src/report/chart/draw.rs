//! Draws a figure: one generic function for both backends.

use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::canvas::{BAND, Canvas, Drawing, FAINT, FINE, GRID, INK, Letters};
use super::figure::{Column, Figure, Form, Mark, Marker};
use super::palette::Colour;
use super::{raster, scale};

/// Size at which charts are shown.
const WIDTH: i32 = 1_100;
const HEIGHT: i32 = 560;

const LEFT: i32 = 66 * FINE;
const RIGHT: i32 = (WIDTH - 30) * FINE;
const BOTTOM: i32 = (HEIGHT - 78) * FINE;

impl Drawing for Figure {
    fn title(&self) -> &str {
        self.title
    }

    fn caption(&self) -> &str {
        &self.caption
    }

    fn size(&self) -> (i32, i32) {
        (WIDTH, HEIGHT)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<(), String> {
        canvas.figure(self)
    }
}

/// The place of the marks.
#[derive(Clone, Copy)]
struct Plot {
    top: i32,
    seconds: f64,
    value_top: f64,
}

impl Plot {
    fn x(self, seconds: f64) -> i32 {
        let share = (seconds / self.seconds).clamp(0.0, 1.0);
        LEFT + (share * f64::from(RIGHT - LEFT)).round() as i32
    }

    fn y(self, value: f64) -> i32 {
        let share = (value / self.value_top).clamp(0.0, 1.0);
        BOTTOM - (share * f64::from(BOTTOM - self.top)).round() as i32
    }
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    fn figure(&mut self, figure: &Figure) -> Result<(), String> {
        self.text(figure.title, (20 * FINE, 26 * FINE), Letters::TITLE)?;
        self.text(&figure.subtitle, (20 * FINE, 50 * FINE), Letters::SMALL)?;
        self.caption(&figure.caption)?;
        if let Some(why) = figure.empty {
            let place = (WIDTH * FINE / 2, HEIGHT * FINE / 2);
            let text = format!("nothing to show: {why}");
            return self.text(&text, place, Letters::BODY.anchored(HPos::Center));
        }
        let legend_bottom = self.legend(&figure.legend, 74 * FINE, RIGHT)?;
        let plot = Plot {
            top: legend_bottom + 42 * FINE,
            seconds: figure.seconds,
            value_top: figure.vertical.top,
        };
        for mark in &figure.marks {
            if let Mark::Band { from, to } = *mark {
                self.fill((plot.x(from), plot.top), (plot.x(to), BOTTOM), BAND)?;
            }
        }
        self.axes(figure, plot)?;
        self.fill((LEFT, BOTTOM), (RIGHT, BOTTOM + FINE), FAINT)?;
        for mark in &figure.marks {
            self.mark(mark, figure, plot)?;
        }
        Ok(())
    }

    fn axes(&mut self, figure: &Figure, plot: Plot) -> Result<(), String> {
        let vertical = &figure.vertical;
        let place = (20 * FINE, plot.top - 16 * FINE);
        self.text(&vertical.label, place, Letters::SMALL)?;
        let ticks = match vertical.form {
            Form::Percent => (0..=5)
                .map(|it| f64::from(it) / 5.0)
                .map(|it| (it, crate::report::format::share(it)))
                .collect(),
            Form::Number => scale::value_ticks(vertical.top),
            Form::Rows => vec![],
        };
        for (value, label) in &ticks {
            let y = plot.y(*value);
            self.fill((LEFT, y), (RIGHT, y + FINE / 2), GRID)?;
            let place = (LEFT - 7 * FINE, y);
            self.text(label, place, Letters::SMALL.anchored(HPos::Right))?;
        }
        let unit = scale::time_unit(figure.seconds);
        for (seconds, label) in scale::time_ticks(figure.seconds) {
            let x = plot.x(seconds);
            self.fill((x, BOTTOM), (x + FINE / 2, BOTTOM + 5 * FINE), FAINT)?;
            let place = (x, BOTTOM + 14 * FINE);
            self.text(&label, place, Letters::SMALL.anchored(HPos::Center))?;
        }
        let label = format!("time since the start ({})", unit.name);
        let place = (i32::midpoint(LEFT, RIGHT), BOTTOM + 33 * FINE);
        self.text(&label, place, Letters::SMALL.anchored(HPos::Center))
    }

    fn mark(&mut self, mark: &Mark, figure: &Figure, plot: Plot) -> Result<(), String> {
        match mark {
            Mark::Band { .. } => Ok(()),
            Mark::Columns { colour, columns } => self.columns(columns, *colour, plot),
            Mark::Steps { colour, marker, points } => {
                self.steps(points, *colour, plot)?;
                self.markers(points, (*marker, *colour), plot)
            }
            Mark::Ticks { colour, ticks } => self.ticks(ticks, *colour, figure, plot),
            Mark::Moment { at } => self.moment(*at, plot),
            Mark::Gap { from, to, label } => self.gap((*from, *to), label, plot),
        }
    }

    fn columns(&mut self, columns: &[Column], colour: Colour, plot: Plot) -> Result<(), String> {
        for it in columns {
            let (bottom, top) = (plot.y(it.bottom), plot.y(it.top));
            // Something that is there is seen: at least one line of the fine grid.
            let top = top.min(bottom - 1);
            let (left, right) = (plot.x(it.from), plot.x(it.to));
            self.fill((left, top), (right.max(left + 1), bottom), colour)?;
        }
        Ok(())
    }

    /// Level by level: horizontal strokes joined by vertical ones.
    fn steps(&mut self, points: &[(f64, f64)], colour: Colour, plot: Plot) -> Result<(), String> {
        let mut strokes: Vec<(i32, i32, i32)> = vec![];
        for (position, &(at, value)) in points.iter().enumerate() {
            let end = points.get(position + 1).map_or(plot.seconds, |it| it.0);
            let (from, to, y) = (plot.x(at), plot.x(end), plot.y(value));
            match strokes.last_mut() {
                Some(last) if last.2 == y => last.1 = to,
                _ => strokes.push((from, to, y)),
            }
        }
        self.strokes(&strokes, FINE, colour)
    }

    fn markers(
        &mut self,
        points: &[(f64, f64)],
        (marker, colour): (Marker, Colour),
        plot: Plot,
    ) -> Result<(), String> {
        if marker == Marker::None {
            return Ok(());
        }
        // A dozen per line, each line's at other places, so that lines that coincide are still told
        // apart.
        let every = f64::from(RIGHT - LEFT) / 12.0;
        let shift = every * f64::from(marker as u8) / 8.0;
        let mut next = f64::from(LEFT) + shift;
        let mut index = 0;
        while next < f64::from(RIGHT) {
            while points.get(index + 1).is_some_and(|it| f64::from(plot.x(it.0)) <= next) {
                index += 1;
            }
            if let Some(it) = points.get(index).filter(|it| f64::from(plot.x(it.0)) <= next) {
                self.marker((next as i32, plot.y(it.1)), marker, colour)?;
            }
            next += every;
        }
        Ok(())
    }

    fn ticks(
        &mut self,
        ticks: &[(u32, f64)],
        colour: Colour,
        figure: &Figure,
        plot: Plot,
    ) -> Result<(), String> {
        let rows = figure.vertical.top.max(1.0);
        let pitch = (f64::from(BOTTOM - plot.top) / rows).min(f64::from(24 * FINE));
        // One whole height for all: strokes of one width in the vector file.
        let height = if pitch < 4.0 { pitch.round().max(1.0) } else { pitch * 0.75 } as i32;
        let width = (f64::from(RIGHT - LEFT) / raster::COLUMNS).ceil() as i32;
        for (row, seconds) in ticks {
            let top = plot.top + (f64::from(*row) * pitch) as i32;
            let left = plot.x(*seconds).min(RIGHT - width);
            self.fill((left, top), (left + width, top + height), colour)?;
        }
        Ok(())
    }

    fn moment(&mut self, at: f64, plot: Plot) -> Result<(), String> {
        let x = plot.x(at);
        let dash = 6 * FINE;
        for y in (plot.top..BOTTOM).step_by((2 * dash) as usize) {
            self.fill((x, y), (x + FINE, (y + dash).min(BOTTOM)), INK)?;
        }
        Ok(())
    }

    fn gap(&mut self, (from, to): (f64, f64), label: &str, plot: Plot) -> Result<(), String> {
        let (top, bottom) = (plot.y(to), plot.y(from));
        let x = RIGHT + 8 * FINE;
        self.fill((x, top), (x + 2 * FINE, bottom.max(top + FINE)), INK)?;
        for y in [top, bottom] {
            self.fill((x - 4 * FINE, y), (x + 2 * FINE, y + 2 * FINE), INK)?;
        }
        let y = i32::midpoint(top, bottom).max(plot.top + 10 * FINE);
        let place = (RIGHT - 4 * FINE, y);
        self.boxed_text(label, place, Letters::BODY.anchored(HPos::Right))
    }
}
