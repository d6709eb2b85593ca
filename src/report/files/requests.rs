//! `requests.csv`: one row an HTTP request, written while the replication runs.

use std::io;
use std::path::Path;

use super::rows::Rows;
use super::whole::{At, FileError, WholeFile, create_folder};
use crate::model::record::outcome::{RequestRow, RequestSink};

const HEADER: &str =
    "replication,time_seconds,node,pod,image,attempt,method,object,endpoint,status,cause";

/// Name of the file.
const NAME: &str = "requests.csv";

/// Takes the requests of one replication; the file appears when it is finished.
pub struct RequestFile {
    rows: Rows<WholeFile>,
    replication: u32,
    path: std::path::PathBuf,
    /// The first failure: the model cannot stop for it, so it waits here.
    failure: Option<io::Error>,
}

impl RequestFile {
    /// Opens the file in `folder`, which is created where it is missing.
    pub fn create(folder: &Path, replication: u32) -> Result<Self, FileError> {
        create_folder(folder)?;
        let path = folder.join(NAME);
        let rows = Rows::new(WholeFile::create(&path)?, HEADER).at("write", &path)?;
        Ok(Self { rows, replication, path, failure: None })
    }

    /// Puts the complete file in its place, or says what went wrong on the way.
    pub fn finish(self) -> Result<&'static str, FileError> {
        if let Some(source) = self.failure {
            return Err(FileError { path: self.path, tried: "write", source });
        }
        self.rows.finish().at("write", &self.path)?.keep()?;
        Ok(NAME)
    }

    fn write(&mut self, row: &RequestRow<'_>) -> io::Result<()> {
        let rows = &mut self.rows;
        rows.number(u64::from(self.replication)).time(row.time).text(row.node);
        match row.pod {
            Some((workload, ordinal)) => rows.numbered(workload, ordinal),
            None => rows.empty(),
        };
        rows.text(row.image).maybe_number(row.attempt).text(row.method);
        match row.layer {
            Some(layer) => rows.numbered(row.object, layer),
            None => rows.text(row.object),
        };
        rows.path(row.endpoint.0, row.endpoint.1);
        match row.status {
            Some(status) => rows.number(u64::from(status)),
            None => rows.empty(),
        };
        rows.text(row.cause.unwrap_or("")).end()
    }
}

impl RequestSink for RequestFile {
    fn request(&mut self, row: &RequestRow<'_>) {
        if self.failure.is_none() {
            self.failure = self.write(row).err();
        }
    }
}
