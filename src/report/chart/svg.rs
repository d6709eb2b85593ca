//! Makes an SVG small: boxes of one colour that follow one another become one path.
//!
//! A raster of twenty thousand ticks takes 80 bytes a tick as elements and about 10 as strokes of
//! one path.

use std::fmt::Write;

/// A box of the drawing.
#[derive(Clone, Copy, PartialEq)]
struct Box<'a> {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    fill: &'a str,
}

/// Rewrites `text` as the backend made it: shown at `size`, with a title and a description for
/// those who listen.
pub(super) fn compact(text: &str, title: &str, caption: &str, size: (i32, i32)) -> String {
    let mut out = String::with_capacity(text.len() / 4);
    let mut boxes = vec![];
    for line in text.lines() {
        if let Some(it) = parse(line) {
            if boxes.last().is_some_and(|last: &Box<'_>| last.fill != it.fill) {
                flush(&mut out, &mut boxes);
            }
            boxes.push(it);
            continue;
        }
        flush(&mut out, &mut boxes);
        if line.starts_with("<svg ") {
            head(&mut out, line, title, caption, size);
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    flush(&mut out, &mut boxes);
    out
}

fn head(out: &mut String, line: &str, title: &str, caption: &str, (width, height): (i32, i32)) {
    let view = attribute(line, "viewBox").unwrap_or("0 0 1 1");
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"{view}\" role=\"img\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>\n<desc>{}</desc>",
        escaped(title),
        escaped(caption),
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
    let rest = &line[start..];
    rest.get(..rest.find('"')?)
}

/// The opaque, filled box that `line` is.
fn parse(line: &str) -> Option<Box<'_>> {
    if !line.starts_with("<rect ") || attribute(line, "opacity") != Some("1") {
        return None;
    }
    let number = |name| attribute(line, name)?.parse().ok();
    Some(Box {
        x: number("x")?,
        y: number("y")?,
        width: number("width")?,
        height: number("height")?,
        fill: attribute(line, "fill").filter(|it| *it != "none")?,
    })
}

/// Writes the collected boxes as one path: strokes where all are equally high, outlines otherwise.
fn flush(out: &mut String, boxes: &mut Vec<Box<'_>>) {
    let Some(first) = boxes.first().copied() else { return };
    let equal = boxes.iter().all(|it| it.height == first.height);
    let mut path = String::new();
    let mut end = (0, 0);
    for it in boxes.iter() {
        let write = if !equal {
            write!(path, "M{} {}h{}v{}h{}z", it.x, it.y, it.width, it.height, -it.width)
        } else if path.is_empty() {
            let half = if first.height % 2 == 0 { "" } else { ".5" };
            write!(path, "M{} {}{half}h{}", it.x, it.y + it.height / 2, it.width)
        } else {
            let (dx, dy) = (it.x - end.0, it.y - end.1);
            let space = if dy < 0 { "" } else { " " };
            write!(path, "m{dx}{space}{dy}h{}", it.width)
        };
        // Writing to a String cannot fail.
        let _ = write;
        end = (it.x + it.width, it.y);
    }
    let _ = if equal {
        writeln!(
            out,
            "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" d=\"{path}\"/>",
            first.fill, first.height
        )
    } else {
        writeln!(out, "<path fill=\"{}\" d=\"{path}\"/>", first.fill)
    };
    boxes.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: i64, y: i64, height: i64, fill: &str) -> String {
        format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"3\" height=\"{height}\" opacity=\"1\" \
             fill=\"{fill}\" stroke=\"none\"/>\n"
        )
    }

    #[test]
    fn boxes_of_one_colour_become_one_path() {
        let text = rect(10, 20, 3, "#000000") + &rect(15, 20, 3, "#000000") + "<circle/>\n";
        assert_eq!(
            compact(&text, "", "", (1, 1)),
            "<path fill=\"none\" stroke=\"#000000\" stroke-width=\"3\" \
             d=\"M10 21.5h3m2 0h3\"/>\n<circle/>\n"
        );
        let text = rect(10, 20, 3, "#000000") + &rect(15, 20, 4, "#000000");
        assert_eq!(
            compact(&text, "", "", (1, 1)),
            "<path fill=\"#000000\" d=\"M10 20h3v3h-3zM15 20h3v4h-3z\"/>\n"
        );
    }
}
