//! An HTTP request, as what it passes sees it.

use crate::model::spec::RequestKind;
use crate::model::words::asker::Asker;
use crate::model::words::endpoint::Endpoint;

/// One request as the gates see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Where it is sent.
    pub(crate) endpoint: Endpoint,
    /// What kind it is.
    pub(crate) kind: RequestKind,
    /// Which unit a limit counts it in.
    pub(crate) unit: Unit,
    /// Layer position, for blob requests of layers.
    pub(crate) layer: Option<u32>,
    /// Who asks.
    pub(crate) asker: Asker,
    /// Whether it carries a valid token.
    pub(crate) authorised: bool,
    /// Stable key: whose request for what, and which of them it is.
    pub(crate) key: u64,
}

/// In which of a limit's weights a request counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A token request.
    Token,
    /// A HEAD of a manifest (or of a blob in its stead).
    Head,
    /// A GET of an index.
    Index,
    /// A GET of a manifest that an index named.
    Platform,
    /// A GET of a manifest without an index.
    Single,
    /// A GET of a blob.
    Blob,
    /// A GET of the root of the API.
    Ping,
}
