//! The trace of one replication: one line a fact, written while it runs.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::whole::{FileError, WholeFile, create_folder};
use crate::model::record::outcome::{FactSink, Field};
use crate::units::{MICROS_PER_SECOND, Time};

/// Takes the facts of one replication; the file appears when it is finished.
pub struct TraceFile {
    out: WholeFile,
    line: Vec<u8>,
    path: PathBuf,
    /// The first failure: the model cannot stop for it, so it waits here.
    failure: Option<io::Error>,
}

impl TraceFile {
    /// Opens `path`, whose folder is created where it is missing.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
            create_folder(folder)?;
        }
        let out = WholeFile::create(path)?;
        Ok(Self { out, line: Vec::with_capacity(256), path: path.to_owned(), failure: None })
    }

    /// Puts the complete file in its place, or says what went wrong on the way.
    pub fn finish(self) -> Result<PathBuf, FileError> {
        if let Some(source) = self.failure {
            return Err(FileError { path: self.path, tried: "write", source });
        }
        self.out.keep()?;
        Ok(self.path)
    }
}

impl FactSink for TraceFile {
    fn fact(&mut self, time: Time, kind: &'static str, fields: &[(&'static str, Field<'_>)]) {
        if self.failure.is_some() {
            return;
        }
        self.line.clear();
        let written = write_line(&mut self.line, time, kind, fields);
        self.failure = written.and_then(|()| self.out.write_all(&self.line)).err();
    }
}

/// Seconds, the kind, and the fields that exist, with a space between each two.
fn write_line(
    line: &mut Vec<u8>,
    time: Time,
    kind: &str,
    fields: &[(&'static str, Field<'_>)],
) -> io::Result<()> {
    write_seconds(line, time.as_micros())?;
    write!(line, " {kind}")?;
    for (name, field) in fields {
        if *field != Field::Nothing {
            write!(line, " {name}=")?;
            write_field(line, field)?;
        }
    }
    line.push(b'\n');
    Ok(())
}

fn write_field(line: &mut Vec<u8>, field: &Field<'_>) -> io::Result<()> {
    match *field {
        Field::Text(text) => write!(line, "{text}"),
        Field::Numbered(name, number) => write!(line, "{name}-{number}"),
        Field::Path(first, second) => write!(line, "{first}/{second}"),
        Field::Number(number) => write!(line, "{number}"),
        Field::Thousandths(number) => write!(line, "{}.{:03}", number / 1_000, number % 1_000),
        Field::Micros(micros) => write_seconds(line, micros),
        Field::Flag(is_so) => write!(line, "{is_so}"),
        Field::Nothing => Ok(()),
    }
}

fn write_seconds(line: &mut Vec<u8>, micros: u64) -> io::Result<()> {
    write!(line, "{}.{:06}", micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_time_the_kind_and_every_field_that_exists() {
        let mut line = Vec::new();
        let fields = [
            ("pod", Field::Numbered("api", 17)),
            ("endpoint", Field::Path("hub", "cdn")),
            ("status", Field::Nothing),
            ("units", Field::Thousandths(1_050)),
            ("took_seconds", Field::Micros(61_000_007)),
            ("granted", Field::Flag(true)),
            ("bytes", Field::Number(0)),
        ];
        write_line(&mut line, Time::from_micros(2_500_000), "request", &fields).unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "2.500000 request pod=api-17 endpoint=hub/cdn units=1.050 took_seconds=61.000007 \
             granted=true bytes=0\n"
        );
    }
}
