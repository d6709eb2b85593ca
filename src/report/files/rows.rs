//! Rows of comma-separated values, written fast: one reused buffer, no formatting machinery, memory
//! flat.

use std::io::{self, Write};

use crate::units::{MICROS_PER_SECOND, Span, Time};

/// A buffered writer that knows how to write fields; every row ends with [`Rows::end`].
pub(crate) struct Rows<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> Rows<W> {
    /// Starts with the header row.
    pub(crate) fn new(mut out: W, header: &str) -> io::Result<Self> {
        writeln!(out, "{header}")?;
        Ok(Self { out, line: Vec::with_capacity(256) })
    }

    /// A text; quoted where it must be.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        if text.bytes().any(|it| matches!(it, b',' | b'"' | b'\n' | b'\r')) {
            self.line.push(b'"');
            for byte in text.bytes() {
                if byte == b'"' {
                    self.line.push(b'"');
                }
                self.line.push(byte);
            }
            self.line.push(b'"');
        } else {
            self.line.extend_from_slice(text.as_bytes());
        }
        self.comma()
    }

    /// A text made of a name and a number: `api-17`.
    pub(crate) fn numbered(&mut self, name: &str, number: u32) -> &mut Self {
        self.line.extend_from_slice(name.as_bytes());
        self.line.push(b'-');
        self.digits(u64::from(number), 1);
        self.comma()
    }

    /// Two texts with a slash between them: `docker-hub/registry`.
    pub(crate) fn path(&mut self, first: &str, second: &str) -> &mut Self {
        self.line.extend_from_slice(first.as_bytes());
        self.line.push(b'/');
        self.line.extend_from_slice(second.as_bytes());
        self.comma()
    }

    /// A whole number.
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.digits(number, 1);
        self.comma()
    }

    /// A whole number that may not exist.
    pub(crate) fn maybe_number(&mut self, number: Option<u32>) -> &mut Self {
        match number {
            Some(number) => self.number(u64::from(number)),
            None => self.empty(),
        }
    }

    /// A level: whole numbers without a point, others in their shortest exact form.
    pub(crate) fn level(&mut self, level: f64) -> &mut Self {
        if (0.0..1e15).contains(&level) && level.fract() == 0.0 {
            self.digits(level as u64, 1);
        } else {
            // Writing to a Vec cannot fail.
            let _ = write!(self.line, "{level}");
        }
        self.comma()
    }

    /// An instant in seconds with six decimals, exact.
    pub(crate) fn time(&mut self, time: Time) -> &mut Self {
        self.seconds(time.as_micros())
    }

    /// An instant that may not exist.
    pub(crate) fn maybe_time(&mut self, time: Option<Time>) -> &mut Self {
        match time {
            Some(time) => self.time(time),
            None => self.empty(),
        }
    }

    /// A span in seconds with six decimals, exact.
    pub(crate) fn maybe_span(&mut self, span: Option<Span>) -> &mut Self {
        match span {
            Some(span) => self.seconds(span.as_micros()),
            None => self.empty(),
        }
    }

    /// A value that does not exist.
    pub(crate) fn empty(&mut self) -> &mut Self {
        self.comma()
    }

    /// Ends the row.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if let Some(last) = self.line.last_mut() {
            *last = b'\n';
        }
        self.out.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }

    /// Writes out what is buffered and gives the writer back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn seconds(&mut self, micros: u64) -> &mut Self {
        self.digits(micros / MICROS_PER_SECOND, 1);
        self.line.push(b'.');
        self.digits(micros % MICROS_PER_SECOND, 6);
        self.comma()
    }

    fn comma(&mut self) -> &mut Self {
        self.line.push(b',');
        self
    }

    /// Decimal digits, at least `width` of them.
    fn digits(&mut self, mut number: u64, width: usize) {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        while number != 0 {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.line.extend_from_slice(&digits[start.min(digits.len() - width)..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_exact_and_quoted_where_they_must_be() {
        let mut rows = Rows::new(Vec::new(), "a,b").unwrap();
        rows.number(0).number(4_210).time(Time::from_micros(61_000_007)).empty();
        rows.text("plain").text("a \"b\", c").numbered("api", 0).path("hub", "cdn");
        rows.level(95.0).level(0.125).level(-2.0).end().unwrap();
        rows.maybe_time(None).maybe_span(Some(Span::from_micros(u64::MAX))).end().unwrap();
        let text = String::from_utf8(rows.finish().unwrap()).unwrap();
        assert_eq!(
            text,
            "a,b\n0,4210,61.000007,,plain,\"a \"\"b\"\", c\",api-0,hub/cdn,95,0.125,-2\n\
             ,18446744073709.551615\n"
        );
    }
}
