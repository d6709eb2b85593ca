//! Draws a figure: one generic function over the backend, boxes and texts only, so that vector and
//! bitmap agree.

use std::path::Path;
use std::sync::Once;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontFamily, FontStyle, IntoFont, RGBAColor, RGBColor, TextStyle, register_font,
};

use super::figure::{Column, Entry, Figure, Form, Mark, Marker, Swatch};
use super::palette::{BLACK, Colour, GREY};
use super::{raster, scale, svg};

/// Size at which charts are shown.
const WIDTH: i32 = 1_100;
const HEIGHT: i32 = 560;
/// Both formats are drawn on a grid that is finer by this factor: coordinates are whole numbers.
const FINE: i32 = 2;

const LEFT: i32 = 66 * FINE;
const RIGHT: i32 = (WIDTH - 30) * FINE;
const BOTTOM: i32 = (HEIGHT - 78) * FINE;

const INK: Colour = (40, 40, 40);
const FAINT: Colour = (105, 105, 105);
const GRID: Colour = (226, 226, 226);
const BAND: Colour = (238, 232, 220);

/// The font is built in under this name; viewers of an SVG that lack it take the next one.
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// Draws a figure as SVG.
pub(super) fn svg(figure: &Figure) -> Result<String, String> {
    let mut text = String::new();
    {
        let size = ((WIDTH * FINE) as u32, (HEIGHT * FINE) as u32);
        let mut backend = SVGBackend::with_string(&mut text, size);
        Canvas { backend: &mut backend, text_drop: 0.0 }.figure(figure)?;
        backend.present().map_err(|error| error.to_string())?;
    }
    Ok(svg::compact(&text, figure.title, &figure.caption, (WIDTH, HEIGHT)))
}

/// Draws a figure as PNG.
pub(super) fn png(figure: &Figure, path: &Path) -> Result<(), String> {
    let size = ((WIDTH * FINE) as u32, (HEIGHT * FINE) as u32);
    let mut backend = BitMapBackend::new(path, size);
    // The bitmap backend sets text a little above where the vector one does.
    Canvas { backend: &mut backend, text_drop: 0.13 }.figure(figure)?;
    backend.present().map_err(|error| error.to_string())
}

fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in
            [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())]
        {
            // The fonts are part of the program; a test draws with them.
            let _ = register_font(FONT, style, bytes);
        }
    });
}

/// A place on the fine grid.
type Place = (i32, i32);

/// A text's looks.
#[derive(Clone, Copy)]
struct Letters {
    size: i32,
    style: FontStyle,
    colour: Colour,
    anchor: HPos,
}

impl Letters {
    const TITLE: Self = Self { size: 21, style: FontStyle::Bold, colour: INK, anchor: HPos::Left };
    const BODY: Self = Self { size: 15, style: FontStyle::Normal, colour: INK, anchor: HPos::Left };
    const SMALL: Self =
        Self { size: 14, style: FontStyle::Normal, colour: FAINT, anchor: HPos::Left };

    fn anchored(self, anchor: HPos) -> Self {
        Self { anchor, ..self }
    }

    fn style(self) -> TextStyle<'static> {
        let font = (FontFamily::Name(FONT), self.size * FINE, self.style).into_font();
        TextStyle {
            font,
            color: paint(self.colour).to_backend_color(),
            pos: Pos::new(self.anchor, VPos::Center),
        }
    }
}

fn paint(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

struct Canvas<'a, DB> {
    backend: &'a mut DB,
    /// By how much of their size texts are set lower.
    text_drop: f64,
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
        register_fonts();
        self.fill((0, 0), (WIDTH * FINE, HEIGHT * FINE), (255, 255, 255))?;
        self.text(figure.title, (20 * FINE, 26 * FINE), Letters::TITLE)?;
        self.text(&figure.subtitle, (20 * FINE, 50 * FINE), Letters::SMALL)?;
        self.caption(&figure.caption)?;
        if let Some(why) = figure.empty {
            let place = (WIDTH * FINE / 2, HEIGHT * FINE / 2);
            let text = format!("nothing to show: {why}");
            return self.text(&text, place, Letters::BODY.anchored(HPos::Center));
        }
        let legend_bottom = self.legend(&figure.legend)?;
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
        let half = FINE;
        let mut strokes: Vec<(i32, i32, i32)> = vec![];
        for (position, &(at, value)) in points.iter().enumerate() {
            let end = points.get(position + 1).map_or(plot.seconds, |it| it.0);
            let (from, to, y) = (plot.x(at), plot.x(end), plot.y(value));
            match strokes.last_mut() {
                Some(last) if last.2 == y => last.1 = to,
                _ => strokes.push((from, to, y)),
            }
        }
        for &(from, to, y) in &strokes {
            self.fill((from - half, y - half), (to + half, y + half), colour)?;
        }
        for pair in strokes.windows(2) {
            let (x, a, b) = (pair[1].0, pair[0].2, pair[1].2);
            self.fill((x - half, a.min(b) - half), (x + half, a.max(b) + half), colour)?;
        }
        Ok(())
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

    fn marker(&mut self, at: (i32, i32), marker: Marker, colour: Colour) -> Result<(), String> {
        let r = 4 * FINE;
        let (x, y) = at;
        match marker {
            Marker::None => Ok(()),
            Marker::Circle => self.circle(at, r, colour),
            Marker::Ring => {
                self.circle(at, r, colour)?;
                self.circle(at, r / 2, (255, 255, 255))
            }
            Marker::Square => self.fill((x - r, y - r), (x + r, y + r), colour),
            Marker::Frame => {
                self.fill((x - r, y - r), (x + r, y + r), colour)?;
                self.fill((x - r / 2, y - r / 2), (x + r / 2, y + r / 2), (255, 255, 255))
            }
            Marker::Diamond => {
                let r = r * 5 / 4;
                let corners = [(x, y - r), (x + r, y), (x, y + r), (x - r, y), (x, y - r)];
                let colour = paint(colour).to_rgba();
                self.backend.fill_polygon(corners, &colour).map_err(|error| error.to_string())
            }
            Marker::Cross => {
                self.fill((x - r, y - FINE), (x + r, y + FINE), colour)?;
                self.fill((x - FINE, y - r), (x + FINE, y + r), colour)
            }
            Marker::Bar => self.fill((x - FINE, y - r), (x + FINE, y + r), colour),
        }
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

    /// The entries in as many rows as they need; returns where the legend ends.
    fn legend(&mut self, entries: &[Entry]) -> Result<i32, String> {
        let (swatch, space, row) = (22 * FINE, 20 * FINE, 20 * FINE);
        let (mut x, mut y) = (20 * FINE, 74 * FINE);
        for entry in entries {
            let width = swatch + self.width(&entry.label, Letters::BODY)?;
            if RIGHT < x + width && 20 * FINE < x {
                (x, y) = (20 * FINE, y + row);
            }
            self.swatch((x, y), entry.swatch)?;
            self.text(&entry.label, (x + swatch, y), Letters::BODY)?;
            x += width + space;
        }
        Ok(y)
    }

    fn swatch(&mut self, (x, y): (i32, i32), swatch: Swatch) -> Result<(), String> {
        let half = 6 * FINE;
        let (start, end) = ((x, y - half), (x + 15 * FINE, y + half));
        match swatch {
            Swatch::Box(colour) => self.fill(start, end, colour),
            Swatch::Line(colour, marker) => {
                self.fill((x, y - FINE), (x + 15 * FINE, y + FINE), colour)?;
                self.marker((x + 15 * FINE / 2, y), marker, colour)
            }
            Swatch::Moment => {
                for y in [start.1, y + half / 2] {
                    self.fill((x + 7 * FINE, y), (x + 8 * FINE, y + half / 2), INK)?;
                }
                Ok(())
            }
            Swatch::Band => {
                self.fill(start, end, GREY)?;
                self.fill((start.0 + 2, start.1 + 2), (end.0 - 2, end.1 - 2), BAND)
            }
        }
    }

    /// The caption at the foot, in two lines where one is too long.
    fn caption(&mut self, caption: &str) -> Result<(), String> {
        let letters = Letters { size: 13, ..Letters::SMALL };
        let room = (WIDTH - 40) * FINE;
        let mut lines = vec![String::new()];
        for part in caption.split(" · ") {
            let last = lines.len() - 1;
            let longer = match lines[last].as_str() {
                "" => part.to_owned(),
                line => format!("{line} · {part}"),
            };
            if self.width(&longer, letters)? <= room || lines[last].is_empty() {
                lines[last] = longer;
            } else {
                lines.push(part.to_owned());
            }
        }
        for (line, position) in lines.iter().rev().zip(0i32..) {
            let y = (HEIGHT - 13 - 16 * position) * FINE;
            self.text(line, (20 * FINE, y), letters)?;
        }
        Ok(())
    }

    fn width(&mut self, text: &str, letters: Letters) -> Result<i32, String> {
        let size = self.backend.estimate_text_size(text, &letters.style());
        size.map(|it| it.0.cast_signed()).map_err(|error| error.to_string())
    }

    fn text(&mut self, text: &str, at: Place, letters: Letters) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let drop = (self.text_drop * f64::from(letters.size * FINE)).round() as i32;
        self.backend
            .draw_text(text, &letters.style(), (at.0, at.1 + drop))
            .map_err(|error| error.to_string())
    }

    /// A text on a white ground, for places where marks may lie behind it.
    fn boxed_text(&mut self, text: &str, at: Place, letters: Letters) -> Result<(), String> {
        let letters = Letters { colour: BLACK, ..letters };
        let (width, half) = (self.width(text, letters)?, letters.size * FINE * 3 / 5);
        let left = match letters.anchor {
            HPos::Left => at.0,
            HPos::Right => at.0 - width,
            HPos::Center => at.0 - width / 2,
        };
        let ground = paint((255, 255, 255)).mix(0.8);
        let corners = ((left - 3 * FINE, at.1 - half), (left + width + 3 * FINE, at.1 + half));
        self.rectangle(corners.0, corners.1, ground)?;
        self.text(text, at, letters)
    }

    fn circle(&mut self, at: Place, radius: i32, colour: Colour) -> Result<(), String> {
        self.backend
            .draw_circle(at, radius as u32, &paint(colour).to_rgba(), true)
            .map_err(|error| error.to_string())
    }

    fn fill(&mut self, from: Place, to: Place, colour: Colour) -> Result<(), String> {
        self.rectangle(from, to, paint(colour).to_rgba())
    }

    fn rectangle(&mut self, from: Place, to: Place, colour: RGBAColor) -> Result<(), String> {
        self.backend.draw_rect(from, to, &colour, true).map_err(|error| error.to_string())
    }
}
