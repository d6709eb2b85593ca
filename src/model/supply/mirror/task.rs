//! What a mirror does for one request of a node, or for its storage: which request upstream it is
//! at, and what that request is to limits and outputs.

use crate::model::ids::ImageId;
use crate::model::image::Object;
use crate::model::spec::RequestKind;
use crate::model::supply::mirror::Inbound;
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::EndpointKind;
use crate::model::words::reply::{Grant, Reply};
use crate::model::words::request::Unit;
use crate::resource::link::FlowId;
use crate::units::Bytes;

/// What a mirror does for a request of a node, or for its storage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(super) generation: u32,
    pub(super) live: bool,
    pub(super) replica: u32,
    /// The request that it answers; `None` for a fetch into the storage.
    pub(super) inbound: Option<Inbound>,
    pub(super) wanted: Wanted,
    pub(super) reference: ImageId,
    /// What the reference names, as far as the mirror knows.
    pub(super) content: ImageId,
    /// Position of the object in the content.
    pub(super) object: u32,
    /// The request under way.
    pub(super) ask: Ask,
    /// The request that the preliminaries under way are for.
    pub(super) goal: Ask,
    /// Looks at the root of the API that are due before it.
    pub(super) pings: u8,
    pub(super) has_token: bool,
    /// Why upstream would not tell how to authenticate.
    pub(super) refused: Option<Cause>,
    pub(super) reply: Option<Reply>,
    pub(super) grant: Option<Grant>,
    /// It set off a fetch into the storage beside what it passes on.
    pub(super) leads: bool,
    /// Room taken for a fetch into the storage.
    pub(super) reserved: Bytes,
    pub(super) flow: Option<FlowId>,
}

/// What a node asked a mirror for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// HEAD of a tag.
    Tag,
    /// HEAD or GET of an index or manifest by digest.
    Manifest,
    /// GET of a blob.
    Blob,
    /// HEAD of a blob.
    BlobHead,
    /// Nobody: the storage wants a blob.
    Store,
    /// Nobody: the mirror looks whether a blob that it has passed on is there.
    Notice,
}

/// A request upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// None yet.
    Nothing,
    Ping,
    Token,
    HeadTag,
    GetTag,
    GetManifest,
    HeadBlob,
    GetBlob,
    GetRedirected,
    /// The body for the storage is about to flow.
    Body,
}

impl Ask {
    pub(super) const fn endpoint(self) -> EndpointKind {
        match self {
            Self::Token => EndpointKind::Token,
            Self::GetRedirected => EndpointKind::Cdn,
            _ => EndpointKind::Registry,
        }
    }

    pub(super) const fn kind(self) -> RequestKind {
        match self {
            Self::Nothing | Self::Ping | Self::Body => RequestKind::Ping,
            Self::Token => RequestKind::Token,
            Self::HeadTag => RequestKind::ManifestHead,
            Self::GetTag | Self::GetManifest => RequestKind::ManifestGet,
            Self::HeadBlob => RequestKind::BlobHead,
            Self::GetBlob => RequestKind::BlobGet,
            Self::GetRedirected => RequestKind::CdnGet,
        }
    }

    pub(super) const fn unit(self, object: Object) -> Unit {
        match (self, object) {
            (Self::Nothing | Self::Ping | Self::Body, _) => Unit::Ping,
            (Self::Token, _) => Unit::Token,
            (Self::HeadTag | Self::HeadBlob, _) => Unit::Head,
            (Self::GetTag | Self::GetManifest, Object::Index) => Unit::Index,
            (Self::GetTag | Self::GetManifest, Object::Manifest { single: true }) => Unit::Single,
            (Self::GetTag | Self::GetManifest, _) => Unit::Platform,
            (Self::GetBlob | Self::GetRedirected, _) => Unit::Blob,
        }
    }

    /// What a row of outputs calls the object of the request.
    pub(super) const fn object(self, object: Object) -> (&'static str, Option<u32>) {
        match (self, object) {
            (Self::Nothing | Self::Ping | Self::Body, _) => ("ping", None),
            (Self::Token, _) => ("token", None),
            (Self::HeadTag | Self::GetTag, _) => ("tag", None),
            (_, object) => object.name(),
        }
    }

    /// Looks at the root of the API before it, at an upstream that never asks for a token.
    pub(super) const fn pings(self) -> u8 {
        match self {
            Self::HeadTag | Self::GetManifest | Self::HeadBlob | Self::GetBlob => 1,
            _ => 0,
        }
    }
}
