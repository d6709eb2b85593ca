//! What clients of registries do: who sends what next.
//!
//! The rules of a client are a state machine that is told what came back and says what to do. It
//! knows no world, no calendar and draws nothing, so a recording of the real client is replayed
//! here without an engine. How long things take, and who refuses, is `model::wire`; what an image
//! consists of, and which of it is there already, is `model::pull`.
//!
//! One file a client: its rules with their sources, and a test that replays its recording.

pub(crate) mod containerd_1;
pub(crate) mod distribution;
#[cfg(test)]
mod replay;

use crate::model::image::Object;
use crate::model::spec::{RequestKind, RuntimeProfile};
use crate::model::words::cause::Cause;
use crate::model::words::endpoint::EndpointKind;
use crate::model::words::request::Unit;
use crate::units::Span;

/// A request, as the client that sends it knows it; what it is about is an object of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ask {
    /// GET of the root of the API.
    Ping,
    /// HEAD of the manifest that a reference names, by tag or digest.
    #[default]
    Head,
    /// GET of the manifest that a tag names.
    GetTag,
    /// HEAD of the blob with the digest of a reference.
    HeadBlob,
    /// GET of an object by digest.
    Get,
    /// GET of a blob at the host that the registry redirected to.
    GetRedirected,
    /// POST to the token service.
    TokenPost,
    /// GET from the token service.
    TokenGet,
}

impl Ask {
    /// The host that it goes to.
    pub(crate) const fn endpoint(self) -> EndpointKind {
        match self {
            Self::Ping | Self::Head | Self::GetTag | Self::HeadBlob | Self::Get => {
                EndpointKind::Registry
            }
            Self::GetRedirected => EndpointKind::Cdn,
            Self::TokenPost | Self::TokenGet => EndpointKind::Token,
        }
    }

    /// What faults know it by.
    pub(crate) const fn kind(self, object: Object) -> RequestKind {
        match (self, object) {
            (Self::Ping, _) => RequestKind::Ping,
            (Self::Head, _) => RequestKind::ManifestHead,
            (Self::HeadBlob, _) => RequestKind::BlobHead,
            (Self::GetTag, _) | (Self::Get, Object::Index | Object::Manifest { .. }) => {
                RequestKind::ManifestGet
            }
            (Self::Get, Object::Config | Object::Layer(_)) => RequestKind::BlobGet,
            (Self::GetRedirected, _) => RequestKind::CdnGet,
            (Self::TokenPost | Self::TokenGet, _) => RequestKind::Token,
        }
    }

    /// What limits weigh it as.
    pub(crate) const fn unit(self, object: Object) -> Unit {
        match (self, object) {
            (Self::Ping, _) => Unit::Ping,
            (Self::Head | Self::HeadBlob, _) => Unit::Head,
            (Self::TokenPost | Self::TokenGet, _) => Unit::Token,
            (Self::GetTag | Self::Get | Self::GetRedirected, Object::Index) => Unit::Index,
            (Self::GetTag | Self::Get | Self::GetRedirected, Object::Manifest { single: true }) => {
                Unit::Single
            }
            (
                Self::GetTag | Self::Get | Self::GetRedirected,
                Object::Manifest { single: false },
            ) => Unit::Platform,
            (Self::GetTag | Self::Get | Self::GetRedirected, Object::Config | Object::Layer(_)) => {
                Unit::Blob
            }
        }
    }

    /// Its method, as rows of requests name it.
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::Head | Self::HeadBlob => "HEAD",
            Self::TokenPost => "POST",
            Self::Ping | Self::GetTag | Self::Get | Self::GetRedirected | Self::TokenGet => "GET",
        }
    }

    /// What rows of requests call its object, and the position of a layer.
    pub(crate) const fn name(self, object: Object) -> (&'static str, Option<u32>) {
        match self {
            Self::Ping => ("ping", None),
            Self::TokenPost | Self::TokenGet => ("token", None),
            Self::Head | Self::GetTag => ("tag", None),
            Self::HeadBlob | Self::Get | Self::GetRedirected => object.name(),
        }
    }

    /// Whether it is a HEAD, whose answer has no body.
    pub(crate) const fn is_head(self) -> bool {
        matches!(self, Self::Head | Self::HeadBlob)
    }

    /// Whether it goes to the token service.
    pub(crate) const fn is_for_token(self) -> bool {
        matches!(self, Self::TokenPost | Self::TokenGet)
    }
}

/// What a client does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Do {
    /// Send this.
    Send(Ask),
    /// Send this after a wait.
    SendAfter(Span, Ask),
    /// Take the body of the answer.
    Body,
    /// What was asked is answered.
    Done,
    /// Give up: why, at the last host; and why a host before it failed, where that is another
    /// reason.
    Fail(Cause, Option<Cause>),
}

/// The servers that an object is asked of, in order: mirrors, then the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hosts {
    n: u8,
    /// One bit a host that looks up no references.
    lookless: u8,
}

impl Hosts {
    /// Most hosts of a list.
    pub(crate) const MOST: usize = 4;

    /// Adds a host at the end of the list.
    pub(crate) const fn push(&mut self, looks_up: bool) {
        self.lookless |= if looks_up { 0 } else { 1 << self.n };
        self.n += 1;
    }

    /// The last of the list.
    pub(crate) const fn last(self) -> u8 {
        self.n - 1
    }

    /// The first host from a position on that is asked such a thing: one that looks up no
    /// references is asked for no HEAD, unless it is the last.
    pub(crate) fn first_for(self, ask: Ask, from: u8) -> u8 {
        let suits = |it: &u8| !ask.is_head() || self.lookless & 1 << it == 0;
        (from..self.last()).find(suits).unwrap_or(self.last())
    }
}

/// What holds for an object's requests: whose rules, and what they are about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    /// What version and configuration vary.
    pub(crate) profile: &'a RuntimeProfile,
    /// The servers to ask.
    pub(crate) hosts: Hosts,
    /// Whether the reference is a digest.
    pub(crate) by_digest: bool,
    /// Whether the pull has credentials.
    pub(crate) has_credentials: bool,
    /// The object; of a HEAD, the one that the reference names.
    pub(crate) object: Object,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_looks_up_nothing_is_passed_over_by_heads_alone() {
        let mut hosts = Hosts::default();
        for looks_up in [false, true, false] {
            hosts.push(looks_up);
        }
        assert_eq!((hosts.first_for(Ask::Head, 0), hosts.first_for(Ask::HeadBlob, 0)), (1, 1));
        assert_eq!(hosts.first_for(Ask::Head, 2), 2, "the last is asked whatever it can do");
        assert_eq!((hosts.first_for(Ask::Get, 0), hosts.first_for(Ask::Get, 1)), (0, 1));
    }
}
