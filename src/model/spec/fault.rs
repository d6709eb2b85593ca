//! Injected faults, and the kinds of requests that they pick.

use crate::model::ids::RegistryId;
use crate::units::{Share, Span};
use crate::words::words;

/// An injected fault or an outage.
#[derive(Clone, Debug)]
pub struct FaultSpec {
    /// Block name: the cause in the results.
    pub name: String,
    /// Whose endpoints.
    pub registry: RegistryId,
    /// Which requests.
    pub requests: RequestKinds,
    /// Only blob requests of these layers (position from the bottom, config left out); empty for
    /// all.
    pub layers: Vec<u32>,
    /// From when.
    pub from: Span,
    /// Until when; `None` is the end of the run.
    pub until: Option<Span>,
    /// Which share of the requests, by a keyed draw.
    pub share: Share,
    /// Only the first so many matching requests of the run.
    pub first: Option<u32>,
    /// Whether it strikes in front of authorisation, where requests without a token are struck too.
    /// A registry that answers with a status of its own does so behind it, as in the recordings of
    /// real clients.
    pub at_edge: bool,
    /// What happens to them.
    pub answer: Answer,
}

/// What a faulty endpoint does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Answers with this status.
    Status {
        /// The status.
        status: u16,
        /// Retry-After header.
        retry_after: Option<Span>,
    },
    /// Closes the connection before any byte of the answer.
    Drop,
    /// Takes the connection and never answers.
    Hang,
    /// Does not take the connection: the dial times out.
    Unreachable,
    /// Refuses the connection at once: nothing listens there.
    Refuse,
}

words! {
    /// What a faulty endpoint does in place of an answer with a status.
    pub enum Failure {
        /// [`Answer::Drop`].
        Drop = "drop",
        /// [`Answer::Hang`].
        Hang = "hang",
        /// [`Answer::Unreachable`].
        Unreachable = "unreachable",
        /// [`Answer::Refuse`].
        Refuse = "refuse",
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Drop => Self::Drop,
            Failure::Hang => Self::Hang,
            Failure::Unreachable => Self::Unreachable,
            Failure::Refuse => Self::Refuse,
        }
    }
}

impl Answer {
    /// Whether it strikes before there is a connection.
    pub const fn keeps_from_connecting(self) -> bool {
        matches!(self, Self::Unreachable | Self::Refuse)
    }
}

/// Kinds of requests, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestKinds(pub u8);

words! {
    /// One kind of request; its text is its name in scenarios and outputs.
    #[repr(u8)]
    pub enum RequestKind {
        /// GET or POST of a token.
        Token = "token",
        /// HEAD of a manifest.
        ManifestHead = "manifest-head",
        /// GET of an index or manifest.
        ManifestGet = "manifest-get",
        /// HEAD of a blob.
        BlobHead = "blob-head",
        /// GET of a blob at the registry.
        BlobGet = "blob-get",
        /// GET of a blob at the host that the registry redirected to.
        CdnGet = "cdn-get",
        /// GET of the root of the API; of the clients here only mirrors send it.
        Ping = "ping",
    }
}

impl RequestKinds {
    /// Every kind.
    pub const ALL: Self = Self(0b111_1111);

    /// The set with `kind` added.
    #[must_use]
    pub const fn with(self, kind: RequestKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Whether `kind` is in the set.
    pub const fn contains(self, kind: RequestKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}
