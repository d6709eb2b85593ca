//! Finds the room for everything on a sheet: texts are measured, broken and clipped, and the height
//! follows.

use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::{Panel, Sheet, whole};
use crate::report::chart::canvas::{
    FINE, Letters, Place, broken, caption_lines, legend_places, width,
};
use crate::report::chart::figure::Entry;
use crate::text::clip;

/// Width at which sheets are shown.
const WIDTH: i32 = 1_100;
/// Left and right of everything.
const MARGIN: i32 = 20 * FINE;
/// Where everything ends at the right.
const RIGHT: i32 = (WIDTH - 20) * FINE;
/// Between two panels.
const GAP: i32 = 22 * FINE;
/// Most lines of a subtitle.
const SUBTITLE_LINES: usize = 3;
/// Most room of a column of text at the right.
const NOTE_ROOM: i32 = 260 * FINE;

/// Letters of the texts beside rows.
pub(super) const NOTE: Letters = Letters { size: 14, ..Letters::BODY };
/// Letters of a panel's title.
pub(super) const PANEL_TITLE: Letters = Letters { size: 14, ..Letters::TITLE };

/// A text in its place.
pub(super) struct Set {
    pub(super) text: String,
    pub(super) at: Place,
    pub(super) letters: Letters,
}

/// A panel with the corners of its plot.
pub(super) struct Plot<'a> {
    pub(super) panel: &'a Panel,
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
}

impl Plot<'_> {
    pub(super) fn x(&self, value: f64) -> i32 {
        let inset = self.panel.inset * FINE;
        let room = f64::from(self.right - self.left - 2 * inset);
        self.left + inset + (self.panel.across.share(value) * room).round() as i32
    }

    pub(super) fn y(&self, value: f64) -> i32 {
        let room = f64::from(self.bottom - self.top);
        self.bottom - (self.panel.up.share(value) * room).round() as i32
    }
}

/// A sheet whose parts have their places.
pub(super) struct Laid<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) height: i32,
    /// Every text that stands by itself.
    pub(super) texts: Vec<Set>,
    pub(super) legend: Vec<Entry>,
    pub(super) legend_top: i32,
    pub(super) right: i32,
    /// Top of the bar of colours.
    pub(super) bar_top: i32,
    pub(super) plots: Vec<Plot<'a>>,
}

impl<'a> Laid<'a> {
    /// Lays out `sheet`.
    pub(super) fn of(sheet: &'a Sheet) -> Result<Self, String> {
        let mut laid = Self {
            sheet,
            height: 0,
            texts: vec![],
            legend: vec![],
            legend_top: 0,
            right: RIGHT,
            bar_top: 0,
            plots: vec![],
        };
        let mut y = laid.head()?;
        if let Some(why) = sheet.empty {
            y += 60 * FINE;
            let letters = Letters::BODY.anchored(HPos::Center);
            laid.set(&format!("nothing to show: {why}"), (WIDTH * FINE / 2, y), letters)?;
            y += 50 * FINE;
        } else {
            y = laid.legend(y)?;
            y = laid.panels(y)?;
        }
        let lines = whole(caption_lines(&sheet.caption, RIGHT - MARGIN)?.len());
        laid.height = y / FINE + 16 + 16 * lines;
        Ok(laid)
    }

    fn set(&mut self, text: &str, at: Place, letters: Letters) -> Result<(), String> {
        let room = match letters.anchor {
            HPos::Left => RIGHT - at.0,
            HPos::Right => at.0 - MARGIN / 2,
            HPos::Center => 2 * (at.0 - MARGIN / 2).min(RIGHT - at.0),
        };
        self.texts.push(Set { text: fit(text, room, letters)?, at, letters });
        Ok(())
    }

    /// Title and subtitle; returns where they end.
    fn head(&mut self) -> Result<i32, String> {
        self.set(&self.sheet.title.clone(), (MARGIN, 26 * FINE), Letters::TITLE)?;
        let mut y = 50 * FINE;
        let mut lines = broken(&self.sheet.subtitle, " ", RIGHT - MARGIN, Letters::SMALL)?;
        if SUBTITLE_LINES < lines.len() {
            let rest = lines.split_off(SUBTITLE_LINES - 1).join(" ");
            lines.push(rest);
        }
        for line in &lines {
            self.set(line, (MARGIN, y), Letters::SMALL)?;
            y += 19 * FINE;
        }
        Ok(y - 8 * FINE)
    }

    /// The legend and the bar of colours; returns where they end.
    fn legend(&mut self, mut y: i32) -> Result<i32, String> {
        let entry = |it: &Entry| -> Result<Entry, String> {
            let room = RIGHT - MARGIN - 30 * FINE;
            Ok(Entry { label: fit(&it.label, room, Letters::BODY)?, swatch: it.swatch })
        };
        self.legend = self.sheet.legend.iter().map(entry).collect::<Result<_, _>>()?;
        self.legend_top = y + 13 * FINE;
        if let Some(last) = legend_places(&self.legend, self.legend_top, RIGHT)?.last() {
            y = last.1 + 10 * FINE;
        }
        if self.sheet.bar.is_some() {
            self.bar_top = y + 8 * FINE;
            y += 36 * FINE;
        }
        Ok(y)
    }

    /// The panels in their grid; returns where they end.
    fn panels(&mut self, top: i32) -> Result<i32, String> {
        let sheet = self.sheet;
        let columns = sheet.columns.max(1);
        let gutters: Vec<i32> = (0..columns)
            .map(|column| match column {
                0 => self.gutter(sheet.panels.iter().step_by(columns)),
                _ if sheet.shared => Ok(0),
                _ => self.gutter(sheet.panels.iter().skip(column).step_by(columns)),
            })
            .collect::<Result<_, _>>()?;
        let notes = notes_room(&sheet.panels)?;
        let taken: i32 = gutters.iter().sum::<i32>() + (whole(columns) - 1) * GAP;
        let width = (RIGHT - MARGIN - notes - taken) / whole(columns);
        let mut y = top;
        for (row, panels) in sheet.panels.chunks(columns).enumerate() {
            let has_title = panels.iter().any(|it| !it.title.is_empty());
            let has_notes = panels.iter().any(|it| !it.notes.is_empty());
            let has_label =
                has_notes || !panels[0].up.label.is_empty() && (row == 0 || !sheet.shared);
            y += if has_title { 30 * FINE } else { 12 * FINE };
            let title_y = y - 11 * FINE;
            y += match (has_label, has_title) {
                (true, true) => 26 * FINE,
                (true, false) => 20 * FINE,
                (false, _) => 0,
            };
            let (plot_top, bottom) = (y, y + sheet.plot_height * FINE);
            let mut x = MARGIN;
            let mut below = 8 * FINE;
            for (column, panel) in panels.iter().enumerate() {
                x += gutters[column];
                let plot = Plot { panel, left: x, right: x + width, top: plot_top, bottom };
                self.title(&plot, title_y)?;
                if has_label && (column == 0 || !sheet.shared) {
                    let at = (x - gutters[column], plot_top - 16 * FINE);
                    self.set(&panel.up.label, at, Letters::SMALL)?;
                }
                if column == 0 || !sheet.shared {
                    self.up_ticks(&plot, gutters[column])?;
                }
                let under = row * columns + column + columns;
                if !sheet.shared || sheet.panels.len() <= under {
                    let taken = self.across_ticks(&plot)?;
                    // Above an incomplete last row there is room without more.
                    let is_last = sheet.panels.len() <= (row + 1) * columns;
                    below = if is_last || !sheet.shared { below.max(taken) } else { below };
                }
                self.notes(&plot)?;
                self.plots.push(plot);
                x += width + GAP;
            }
            y = bottom + below;
        }
        self.across_label(y)
    }

    /// The room for the labels of a vertical axis.
    fn gutter<'p>(&self, panels: impl Iterator<Item = &'p Panel>) -> Result<i32, String> {
        let mut most = 0;
        for panel in panels {
            for (_, label) in &panel.up.ticks {
                most = most.max(width(label, tick_letters(&panel.up))?);
            }
        }
        Ok(most.min(self.sheet.left_room * FINE) + 10 * FINE)
    }

    /// Title of a panel, and its remark at the right.
    fn title(&mut self, plot: &Plot<'_>, y: i32) -> Result<(), String> {
        let room = plot.right - plot.left;
        let small = Letters::CAPTION.anchored(HPos::Right);
        let remark = fit(&plot.panel.remark, room / 2, small)?;
        let rest = match remark.as_str() {
            "" => room,
            it => room - width(it, small)? - 10 * FINE,
        };
        let title = fit(&plot.panel.title, rest, PANEL_TITLE)?;
        self.texts.push(Set { text: title, at: (plot.left, y), letters: PANEL_TITLE });
        self.texts.push(Set { text: remark, at: (plot.right, y), letters: small });
        Ok(())
    }

    fn up_ticks(&mut self, plot: &Plot<'_>, gutter: i32) -> Result<(), String> {
        let rows = is_rows(plot.panel);
        let anchor = if rows { HPos::Left } else { HPos::Right };
        let letters = tick_letters(&plot.panel.up).anchored(anchor);
        let least = 15 * FINE;
        let mut written: Option<i32> = None;
        for (value, label) in &plot.panel.up.ticks {
            let y = plot.y(*value);
            if written.is_some_and(|it| (it - y).abs() < least) {
                continue;
            }
            written = Some(y);
            let text = fit(label, gutter - 8 * FINE, letters)?;
            let x = if rows { plot.left - gutter } else { plot.left - 7 * FINE };
            self.texts.push(Set { text, at: (x, y), letters });
        }
        Ok(())
    }

    /// Labels under a plot; those that would touch another are left out. Returns the room taken.
    fn across_ticks(&mut self, plot: &Plot<'_>) -> Result<i32, String> {
        let axis = &plot.panel.across;
        let letters = Letters::SMALL.anchored(HPos::Center);
        let mut sets: Vec<(i32, i32, String)> = vec![];
        let pitch = match axis.ticks.as_slice() {
            [a, b, ..] if axis.is_named => (plot.x(b.0) - plot.x(a.0)).abs(),
            _ => plot.right - plot.left,
        };
        // A name may take the room of its neighbours only where it stands alone.
        let room = if axis.is_named { pitch.max(90 * FINE) - 8 * FINE } else { 200 * FINE };
        for (value, label) in &axis.ticks {
            let text = fit(label, room, letters)?;
            sets.push((plot.x(*value), width(&text, letters)?, text));
        }
        let is_free = |a: &(i32, i32, String), b: &(i32, i32, String)| {
            a.1 / 2 + b.1 / 2 + 8 * FINE <= (b.0 - a.0).abs()
        };
        // Every n-th label, so that what is left stays even; numbers go by their distances.
        let every = if axis.is_named {
            (1..=sets.len()).find(|n| {
                let kept: Vec<_> = sets.iter().step_by(*n).collect();
                kept.windows(2).all(|it| is_free(it[0], it[1]))
            })
        } else {
            None
        };
        let mut kept: Vec<(i32, i32, String)> = vec![];
        for (position, set) in sets.into_iter().enumerate() {
            let is_due = every.is_none_or(|it| position % it == 0);
            if is_due && kept.last().is_none_or(|it| is_free(it, &set)) {
                kept.push(set);
            }
        }
        for (x, width, text) in kept {
            // A label at the edge stays on the sheet.
            let x = x.clamp(MARGIN / 2 + width / 2, WIDTH * FINE - MARGIN / 2 - width / 2);
            self.texts.push(Set { text, at: (x, plot.bottom + 15 * FINE), letters });
        }
        Ok(26 * FINE)
    }

    /// The name of the horizontal axis, in the middle below all panels.
    fn across_label(&mut self, y: i32) -> Result<i32, String> {
        let Some(label) = self.plots.first().map(|it| it.panel.across.label.clone()) else {
            return Ok(y);
        };
        let left = self.plots.iter().map(|it| it.left).min().unwrap_or(MARGIN);
        let right = self.plots.iter().map(|it| it.right).max().unwrap_or(RIGHT);
        if !label.is_empty() {
            let letters = Letters::SMALL.anchored(HPos::Center);
            self.set(&label, (i32::midpoint(left, right), y + 8 * FINE), letters)?;
        }
        Ok(y + 24 * FINE)
    }

    /// Columns of text at the right of a plot.
    fn notes(&mut self, plot: &Plot<'_>) -> Result<(), String> {
        let mut x = plot.right + 14 * FINE;
        for notes in &plot.panel.notes {
            let room = note_width(notes)?;
            let letters = NOTE.anchored(HPos::Right);
            let header = fit(&notes.header, room, Letters::CAPTION)?;
            let at = (x + room, plot.top - 16 * FINE);
            self.texts.push(Set {
                text: header,
                at,
                letters: Letters::CAPTION.anchored(HPos::Right),
            });
            for (value, text) in &notes.texts {
                let text = fit(text, room, NOTE)?;
                self.texts.push(Set { text, at: (x + room, plot.y(*value)), letters });
            }
            x += room + 14 * FINE;
        }
        Ok(())
    }
}

fn note_width(notes: &super::Notes) -> Result<i32, String> {
    let mut most = width(&notes.header, Letters::CAPTION)?;
    for (_, text) in &notes.texts {
        most = most.max(width(text, NOTE)?);
    }
    Ok(most.min(NOTE_ROOM))
}

fn notes_room(panels: &[Panel]) -> Result<i32, String> {
    let mut most = 0;
    for panel in panels {
        let mut room = 0;
        for it in &panel.notes {
            room += note_width(it)? + 14 * FINE;
        }
        most = most.max(room);
    }
    Ok(most)
}

/// Whether a panel has rows with names, which begin at the left like a text.
fn is_rows(panel: &Panel) -> bool {
    panel.up.is_named && !panel.across.is_named
}

/// Names are read, values are looked up.
fn tick_letters(axis: &Axis) -> Letters {
    if axis.is_named { NOTE } else { Letters::SMALL }
}

/// `text` clipped to `room`.
pub(super) fn fit(text: &str, room: i32, letters: Letters) -> Result<String, String> {
    if width(text, letters)? <= room {
        return Ok(text.to_owned());
    }
    let (mut fits, mut too_long) = (0, text.chars().count());
    while 1 < too_long - fits {
        let middle = usize::midpoint(fits, too_long);
        if width(&clip(text, middle), letters)? <= room {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    Ok(if fits == 0 { String::new() } else { clip(text, fits) })
}
