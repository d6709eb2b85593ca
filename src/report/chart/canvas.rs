//! What charts are drawn with: one generic canvas over the backend, boxes, polygons and texts only,
//! so that vector and bitmap agree.

use std::path::Path;
use std::sync::Once;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontFamily, FontStyle, IntoFont, RGBAColor, RGBColor, TextStyle, register_font,
};

use super::figure::{Entry, Marker, Swatch};
use super::palette::{BLACK, Colour, GREY, WHITE};
use super::svg;

/// Both formats are drawn on a grid that is finer by this factor: coordinates are whole numbers.
pub(super) const FINE: i32 = 2;

pub(super) const INK: Colour = (40, 40, 40);
pub(super) const FAINT: Colour = (105, 105, 105);
pub(super) const GRID: Colour = (226, 226, 226);
pub(super) const BAND: Colour = (238, 232, 220);
const HATCH_GROUND: Colour = (245, 245, 245);
const HATCH_INK: Colour = (170, 170, 170);

/// The font is built in under this name; viewers of an SVG that lack it take the next one.
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// From a swatch to its label.
const SWATCH: i32 = 22 * FINE;

/// Something that can be drawn to either backend.
pub(super) trait Drawing {
    /// What is shown.
    fn title(&self) -> &str;
    /// What stands below.
    fn caption(&self) -> &str;
    /// Size at which it is shown.
    fn size(&self) -> (i32, i32);
    /// Draws it.
    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<(), String>;
}

/// Draws as SVG.
pub(super) fn svg(drawing: &impl Drawing) -> Result<String, String> {
    let mut text = String::new();
    let size = drawing.size();
    {
        let mut backend = SVGBackend::with_string(&mut text, fine(size));
        render(drawing, &mut Canvas { backend: &mut backend, size, text_drop: 0.0 })?;
    }
    Ok(svg::compact(&text, drawing.title(), drawing.caption(), size))
}

/// Draws as PNG.
pub(super) fn png(drawing: &impl Drawing, path: &Path) -> Result<(), String> {
    let size = drawing.size();
    let mut backend = BitMapBackend::new(path, fine(size));
    // The bitmap backend sets text a little above where the vector one does.
    render(drawing, &mut Canvas { backend: &mut backend, size, text_drop: 0.13 })
}

fn fine((width, height): (i32, i32)) -> (u32, u32) {
    ((width * FINE) as u32, (height * FINE) as u32)
}

fn render<DB: DrawingBackend>(
    drawing: &impl Drawing,
    canvas: &mut Canvas<'_, DB>,
) -> Result<(), String> {
    register_fonts();
    let (width, height) = canvas.size;
    canvas.fill((0, 0), (width * FINE, height * FINE), WHITE)?;
    drawing.draw(canvas)?;
    canvas.backend.present().map_err(|error| error.to_string())
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
pub(super) type Place = (i32, i32);

/// A text's looks.
#[derive(Clone, Copy)]
pub(super) struct Letters {
    pub(super) size: i32,
    pub(super) style: FontStyle,
    pub(super) colour: Colour,
    pub(super) anchor: HPos,
}

impl Letters {
    pub(super) const TITLE: Self =
        Self { size: 21, style: FontStyle::Bold, colour: INK, anchor: HPos::Left };
    pub(super) const BODY: Self =
        Self { size: 15, style: FontStyle::Normal, colour: INK, anchor: HPos::Left };
    pub(super) const SMALL: Self =
        Self { size: 14, style: FontStyle::Normal, colour: FAINT, anchor: HPos::Left };
    pub(super) const CAPTION: Self = Self { size: 13, ..Self::SMALL };

    pub(super) fn anchored(self, anchor: HPos) -> Self {
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

/// How wide `text` is, on the fine grid; both backends say the same.
pub(super) fn width(text: &str, letters: Letters) -> Result<i32, String> {
    register_fonts();
    let ((left, _), (right, _)) =
        letters.style().font.layout_box(text).map_err(|error| error.to_string())?;
    Ok(right - left)
}

/// The lines of a caption, broken between its parts.
pub(super) fn caption_lines(caption: &str, room: i32) -> Result<Vec<String>, String> {
    broken(caption, " · ", room, Letters::CAPTION)
}

/// `text` in lines of at most `room`, broken where `between` stands; a part that is longer than
/// that stays whole.
pub(super) fn broken(
    text: &str,
    between: &str,
    room: i32,
    letters: Letters,
) -> Result<Vec<String>, String> {
    let mut lines = vec![String::new()];
    for part in text.split(between) {
        let last = lines.len() - 1;
        let longer = match lines[last].as_str() {
            "" => part.to_owned(),
            line => format!("{line}{between}{part}"),
        };
        if lines[last].is_empty() || width(&longer, letters)? <= room {
            lines[last] = longer;
        } else {
            lines.push(part.to_owned());
        }
    }
    Ok(lines)
}

/// Where the entries of a legend stand.
pub(super) fn legend_places(entries: &[Entry], top: i32, right: i32) -> Result<Vec<Place>, String> {
    let (left, space, row) = (20 * FINE, 20 * FINE, 20 * FINE);
    let (mut x, mut y) = (left, top);
    let mut places = vec![];
    for entry in entries {
        let width = SWATCH + width(&entry.label, Letters::BODY)?;
        if right < x + width && left < x {
            (x, y) = (left, y + row);
        }
        places.push((x, y));
        x += width + space;
    }
    Ok(places)
}

/// The surface.
pub(super) struct Canvas<'a, DB> {
    backend: &'a mut DB,
    /// Size at which it is shown.
    pub(super) size: (i32, i32),
    /// By how much of their size texts are set lower.
    text_drop: f64,
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    pub(super) fn marker(
        &mut self,
        at: Place,
        marker: Marker,
        colour: Colour,
    ) -> Result<(), String> {
        self.sized_marker(at, marker, colour, 4 * FINE)
    }

    fn sized_marker(
        &mut self,
        at: Place,
        marker: Marker,
        colour: Colour,
        r: i32,
    ) -> Result<(), String> {
        let (x, y) = at;
        match marker {
            Marker::None => Ok(()),
            Marker::Circle => self.circle(at, r, colour),
            Marker::Ring => {
                self.circle(at, r, colour)?;
                self.circle(at, r / 2, WHITE)
            }
            Marker::Square => self.fill((x - r, y - r), (x + r, y + r), colour),
            Marker::Frame => {
                self.fill((x - r, y - r), (x + r, y + r), colour)?;
                self.fill((x - r / 2, y - r / 2), (x + r / 2, y + r / 2), WHITE)
            }
            Marker::Diamond => {
                let r = r * 5 / 4;
                let corners = [(x, y - r), (x + r, y), (x, y + r), (x - r, y), (x, y - r)];
                self.polygon(&corners, colour)
            }
            Marker::Cross => {
                self.fill((x - r, y - FINE), (x + r, y + FINE), colour)?;
                self.fill((x - FINE, y - r), (x + FINE, y + r), colour)
            }
            Marker::Up => {
                let r = r * 6 / 5;
                self.polygon(&[(x, y - r), (x + r, y + r * 4 / 5), (x - r, y + r * 4 / 5)], colour)
            }
            Marker::Down => {
                let r = r * 6 / 5;
                self.polygon(&[(x - r, y - r * 4 / 5), (x + r, y - r * 4 / 5), (x, y + r)], colour)
            }
            Marker::Bar => self.fill((x - FINE, y - r), (x + FINE, y + r), colour),
        }
    }

    /// A marker with a white inside, for those that have an inside.
    pub(super) fn hollow(
        &mut self,
        at: Place,
        marker: Marker,
        colour: Colour,
    ) -> Result<(), String> {
        self.sized_marker(at, marker, colour, 9 * FINE / 2)?;
        // A triangle's middle is not that of its box.
        let at = match marker {
            Marker::Up => (at.0, at.1 + FINE / 2),
            Marker::Down => (at.0, at.1 - FINE / 2),
            _ => at,
        };
        self.sized_marker(at, marker, WHITE, 5 * FINE / 2)
    }

    /// A straight line of a width, between any two places.
    pub(super) fn stroke(
        &mut self,
        from: Place,
        to: Place,
        width: i32,
        colour: Colour,
    ) -> Result<(), String> {
        let half = width / 2;
        if from.1 == to.1 {
            let (left, right) = (from.0.min(to.0), from.0.max(to.0));
            return self.fill((left, from.1 - half), (right, from.1 - half + width), colour);
        }
        if from.0 == to.0 {
            let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
            return self.fill((from.0 - half, top), (from.0 - half + width, bottom), colour);
        }
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let scale = f64::from(width) / dx.hypot(dy);
        let (wx, wy) = ((-dy * scale).round() as i32, (dx * scale).round() as i32);
        let (sx, sy) = (wx / 2, wy / 2);
        let corners = [
            (from.0 - sx, from.1 - sy),
            (to.0 - sx, to.1 - sy),
            (to.0 - sx + wx, to.1 - sy + wy),
            (from.0 - sx + wx, from.1 - sy + wy),
        ];
        self.polygon(&corners, colour)
    }

    /// An arrow with its tip at `tip`; `back` is the direction of its shaft.
    pub(super) fn arrow(
        &mut self,
        tip: Place,
        back: (i32, i32),
        colour: Colour,
    ) -> Result<(), String> {
        let (head, shaft, half) = (9 * FINE, 18 * FINE, 5 * FINE);
        let along = |n: i32| (tip.0 + back.0 * n, tip.1 + back.1 * n);
        let neck = along(head);
        self.stroke(neck, along(shaft), 2 * FINE, colour)?;
        let side = (back.1 * half, back.0 * half);
        let corners = [tip, (neck.0 + side.0, neck.1 + side.1), (neck.0 - side.0, neck.1 - side.1)];
        self.polygon(&corners, colour)
    }

    /// A level that changes in steps: horizontal strokes joined by vertical ones.
    pub(super) fn strokes(
        &mut self,
        strokes: &[(i32, i32, i32)],
        half: i32,
        colour: Colour,
    ) -> Result<(), String> {
        for &(from, to, y) in strokes {
            self.fill((from - half, y - half), (to + half, y + half), colour)?;
        }
        for pair in strokes.windows(2) {
            let (x, a, b) = (pair[1].0, pair[0].2, pair[1].2);
            self.fill((x - half, a.min(b) - half), (x + half, a.max(b) + half), colour)?;
        }
        Ok(())
    }

    /// A box with oblique lines: what has no value.
    pub(super) fn hatch(&mut self, from: Place, to: Place) -> Result<(), String> {
        self.fill(from, to, HATCH_GROUND)?;
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let pitch = 6 * FINE;
        for shift in (pitch / 2..width + height).step_by(pitch as usize) {
            let low = (from.0 + (shift - height).max(0), from.1 + shift.min(height));
            let high = (from.0 + shift.min(width), from.1 + (shift - width).max(0));
            self.stroke(low, high, FINE, HATCH_INK)?;
        }
        Ok(())
    }

    fn polygon(&mut self, corners: &[Place], colour: Colour) -> Result<(), String> {
        let colour = paint(colour).to_rgba();
        self.backend
            .fill_polygon(corners.iter().copied(), &colour)
            .map_err(|error| error.to_string())
    }

    /// The entries from `top` on, in as many rows as they need within `right`; returns where the
    /// legend ends.
    pub(super) fn legend(
        &mut self,
        entries: &[Entry],
        top: i32,
        right: i32,
    ) -> Result<i32, String> {
        let places = legend_places(entries, top, right)?;
        for (entry, (x, y)) in entries.iter().zip(&places) {
            self.swatch((*x, *y), entry.swatch)?;
            self.text(&entry.label, (x + SWATCH, *y), Letters::BODY)?;
        }
        Ok(places.last().map_or(top, |it| it.1))
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
            Swatch::Dot(colour, marker) => self.marker((x + 15 * FINE / 2, y), marker, colour),
            Swatch::Hollow(colour, marker) => self.hollow((x + 15 * FINE / 2, y), marker, colour),
            Swatch::Hatch => self.hatch(start, end),
            Swatch::Span(colour) => {
                let (end, cap, thick) = (x + 15 * FINE, 4 * FINE, 3 * FINE / 2);
                self.stroke((x, y), (end, y), thick, colour)?;
                self.stroke((x, y - cap), (x, y + cap), thick, colour)?;
                self.stroke((end, y - cap), (end, y + cap), thick, colour)
            }
            Swatch::Arrow(colour) => self.arrow((x + 8 * FINE, y - 9 * FINE), (0, 1), colour),
            Swatch::Onward(colour) => self.arrow((x + 16 * FINE, y), (-1, 0), colour),
            Swatch::Rule => {
                for x in [x, x + 9 * FINE] {
                    self.fill((x, y - FINE / 2), (x + 6 * FINE, y + FINE / 2), INK)?;
                }
                Ok(())
            }
            Swatch::Blank => {
                self.fill(start, end, GREY)?;
                self.fill((start.0 + 2, start.1 + 2), (end.0 - 2, end.1 - 2), WHITE)
            }
            Swatch::Upright => {
                let x = x + 7 * FINE;
                self.fill((x - FINE / 2, start.1), (x + FINE / 2, end.1), INK)
            }
            Swatch::Edge => {
                self.fill((x, y - 3 * FINE), (x + 15 * FINE, y), BLACK)?;
                self.fill((x, y), (x + 15 * FINE, y + 5 * FINE), GREY)?;
                self.fill((x, y), (x + 15 * FINE, y + 2 * FINE), WHITE)
            }
            Swatch::Band => {
                self.fill(start, end, GREY)?;
                self.fill((start.0 + 2, start.1 + 2), (end.0 - 2, end.1 - 2), BAND)
            }
        }
    }

    /// The caption at the foot, in as many lines as it needs.
    pub(super) fn caption(&mut self, caption: &str) -> Result<(), String> {
        let (width, height) = self.size;
        let lines = caption_lines(caption, (width - 40) * FINE)?;
        for (line, position) in lines.iter().rev().zip(0i32..) {
            let y = (height - 13 - 16 * position) * FINE;
            self.text(line, (20 * FINE, y), Letters::CAPTION)?;
        }
        Ok(())
    }

    pub(super) fn text(&mut self, text: &str, at: Place, letters: Letters) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        let drop = (self.text_drop * f64::from(letters.size * FINE)).round() as i32;
        self.backend
            .draw_text(text, &letters.style(), (at.0, at.1 + drop))
            .map_err(|error| error.to_string())
    }

    /// A text on a white ground, for places where marks may lie behind it.
    pub(super) fn boxed_text(
        &mut self,
        text: &str,
        at: Place,
        letters: Letters,
    ) -> Result<(), String> {
        let letters = Letters { colour: BLACK, ..letters };
        let (width, half) = (width(text, letters)?, letters.size * FINE * 3 / 5);
        let left = match letters.anchor {
            HPos::Left => at.0,
            HPos::Right => at.0 - width,
            HPos::Center => at.0 - width / 2,
        };
        let ground = paint(WHITE).mix(0.8);
        let corners = ((left - 3 * FINE, at.1 - half), (left + width + 3 * FINE, at.1 + half));
        self.rectangle(corners.0, corners.1, ground)?;
        self.text(text, at, letters)
    }

    fn circle(&mut self, at: Place, radius: i32, colour: Colour) -> Result<(), String> {
        self.backend
            .draw_circle(at, radius as u32, &paint(colour).to_rgba(), true)
            .map_err(|error| error.to_string())
    }

    pub(super) fn fill(&mut self, from: Place, to: Place, colour: Colour) -> Result<(), String> {
        self.rectangle(from, to, paint(colour).to_rgba())
    }

    fn rectangle(&mut self, from: Place, to: Place, colour: RGBAColor) -> Result<(), String> {
        self.backend.draw_rect(from, to, &colour, true).map_err(|error| error.to_string())
    }
}
