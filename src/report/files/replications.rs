//! `replications.csv`: every figure of every replication, so that stored runs can be compared.

use std::io::{self, Read, Write};
use std::path::Path;

use super::bounded::MOST_REPLICATIONS;
use super::whole::{At, FileError};
use crate::experiment::{Row, Samples};
use crate::model::record::measure::Name;
use crate::model::record::outcome::Value;

/// Name of the file.
pub(super) const NAME: &str = "replications.csv";

const HEAD: [&str; 6] = ["replication", "metric", "scope", "unit", "value", "state"];

/// Writes every figure: one row a metric and replication. A figure without a value is empty, and
/// its state says why.
pub(super) fn write(out: &mut dyn Write, samples: &Samples) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEAD)?;
    for row in samples.rows() {
        let (name, unit) = (row.name.to_string(), row.name.info().unit.text());
        for (replication, value) in row.values.iter().enumerate() {
            let (number, state) = match value {
                Value::Known(number) => (number.to_string(), "known"),
                Value::Censored => (String::new(), "censored"),
                Value::Absent => (String::new(), "absent"),
            };
            let replication = replication.to_string();
            csv.write_record([&replication, &name, &row.scope, unit, &number, state])?;
        }
    }
    csv.flush()
}

/// Reads what [`write`] wrote into `folder`.
pub(super) fn read(folder: &Path) -> Result<Samples, FileError> {
    let path = folder.join(NAME);
    let file = std::fs::File::open(&path).at("read", &path)?;
    let whole = file.metadata().at("read", &path)?;
    if !whole.is_file() || MOST_REPLICATIONS < whole.len() {
        let text = format!("it is no file of at most {MOST_REPLICATIONS} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text)).at("read", &path);
    }
    parse(io::BufReader::new(file.take(MOST_REPLICATIONS))).at("read", &path)
}

fn parse(input: impl Read) -> io::Result<Samples> {
    let mut csv = csv::Reader::from_reader(input);
    if csv.headers()? != HEAD.as_slice() {
        return Err(damaged(1));
    }
    let mut rows: Vec<Row> = vec![];
    // The name of the last row, as the file has it.
    let mut of = String::new();
    for (number, record) in csv.records().enumerate() {
        let record = record?;
        let line = number + 2;
        let field = |at: usize| record.get(at).unwrap_or_default();
        let value = match (field(4).parse::<f64>(), field(5)) {
            (Ok(number), "known") if number.is_finite() => Value::Known(number),
            (Err(_), "censored") => Value::Censored,
            (Err(_), "absent") => Value::Absent,
            _ => return Err(damaged(line)),
        };
        let replication: usize = field(0).parse().map_err(|_| damaged(line))?;
        if replication == 0 {
            let name = Name::parse(field(1)).filter(|it| it.info().unit.text() == field(3));
            let name = name.ok_or_else(|| damaged(line))?;
            rows.push(Row { scope: field(2).to_owned(), name, values: vec![] });
            field(1).clone_into(&mut of);
        }
        let row = rows.last_mut().filter(|it| of == field(1) && it.scope == field(2));
        let row = row.filter(|it| it.values.len() == replication).ok_or_else(|| damaged(line))?;
        row.values.push(value);
    }
    Samples::from_rows(rows).ok_or_else(|| damaged(1))
}

fn damaged(line: usize) -> io::Error {
    let text = format!("line {line} is not as Pullstorm writes it: run the scenario again");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::measure::{LIMIT_UNITS_SPENT, PODS};

    fn row(name: Name, values: Vec<Value>) -> Row {
        Row { scope: "run".into(), name, values }
    }

    #[test]
    fn what_is_written_is_read_to_the_last_bit() {
        let numbers = [0.1 + 0.2, 1.0 / 3.0, 1e300, 5e-324];
        let known = numbers.map(Value::Known).to_vec();
        let gaps = vec![Value::Absent, Value::Censored, Value::Known(-0.0), Value::Known(7.0)];
        let samples =
            Samples::from_rows(vec![row(PODS.into(), known), row(LIMIT_UNITS_SPENT.of("a"), gaps)])
                .unwrap();
        let mut text = vec![];
        write(&mut text, &samples).unwrap();
        let read = parse(text.as_slice()).unwrap();
        assert!(samples.rows().eq(read.rows()), "{}", String::from_utf8_lossy(&text));
        assert_eq!(read.replications(), 4);
    }

    #[test]
    fn a_damaged_file_is_refused_with_its_line() {
        let text = "replication,metric,scope,unit,value,state\n0,pods,run,pods,1,known\n";
        for (more, line) in [
            ("1,pods,run,pods,,known\n", 3),
            ("2,pods,run,pods,1,known\n", 3),
            ("1,pods_ready,run,pods,1,known\n", 3),
            ("0,pods_ready,run,furlongs,1,known\n", 3),
            ("0,pods_ready,run,pulls,1,known\n", 3),
            ("0,bods_ready,run,pods,1,known\n", 3),
            ("1,pods,run,pods,NaN,known\n", 3),
            // A metric with fewer replications than another.
            ("1,pods,run,pods,1,known\n0,pods_ready,run,pods,1,known\n", 1),
        ] {
            let error = parse(format!("{text}{more}").as_bytes()).unwrap_err().to_string();
            assert!(error.contains(&format!("line {line} ")), "{more}: {error}");
        }
        assert!(parse("replication,metric\n".as_bytes()).is_err());
    }
}
