//! distribution as a pull-through cache: what it asks its upstream, and what it tells the node.
//!
//! Rules, each with its source in distribution 2.8.3 and 3.0.0, `registry/proxy` unless said:
//!
//! - A tag is looked up upstream each time, with HEAD, and with GET where that is answered with an
//!   error (`internal/client/repository.go`).
//! - Where that fails, the last content that was seen under the tag is served; where there is none,
//!   the answer is 404, whatever upstream said (`proxytagservice.go`).
//! - What is held is served without asking upstream (`proxymanifeststore.go`,
//!   `proxyblobstore.go`).
//! - A blob is looked up with HEAD and then fetched; a 404 is passed on, any other failure of a
//!   blob or manifest is 500 (`proxyblobstore.go`, `registry/handlers/{manifests,blob}.go`).
//! - Whoever comes first has a blob stored: 2.8 by a fetch of its own beside what it passes on, 3
//!   by writing down what it passes on (`proxyblobstore.go`).
//! - GET /v2/ before every look upstream, one at a time, until it is answered with a challenge once
//!   (`proxyauth.go`).
//! - A token handler is built for each request of a node, so each that goes upstream fetches a
//!   token (`internal/client/auth/session.go`, `proxyregistry.go`).
//!
//! Measured on 2.8.2, 2026-11: one HEAD and one GET upstream for a cold manifest, one HEAD and two
//! GETs for a cold blob, one HEAD for a warm tag, nothing for a warm digest; 20 looks at the root
//! for a cold image of 6 blobs at an upstream without tokens.

use crate::model::client::Ask;
use crate::model::image::Object;
use crate::model::words::cause::Cause;
use crate::model::words::reply::Reply;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
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

/// What the mirror does next for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask upstream.
    Send(Ask),
    /// Look at the root of the API, once nobody else of the process does.
    Ping,
    /// See to it that the blob gets stored, by this request or by another, and then fetch it.
    Claim,
    /// The tag names what upstream serves under it now.
    Tagged,
    /// Serve the tag as it was seen last, if ever: upstream did not say, and why.
    Stale(Cause),
    /// Store the manifest that came, and serve it.
    Keep,
    /// Serve what is held.
    Serve,
    /// Take the body of the answer.
    Body,
    /// Tell the node so.
    Refuse(u16, Cause),
    /// Nobody waits for it.
    Done,
}

/// What a mirror knows when it decides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Upstream wants tokens.
    pub(crate) needs_token: bool,
    /// Upstream has told once how to get them.
    pub(crate) has_challenge: bool,
    /// The object is held.
    pub(crate) is_held: bool,
}

/// What a mirror does for one request of a node, or for its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errand {
    pub(crate) wanted: Wanted,
    /// The last request upstream; `None` before the first.
    ask: Option<Ask>,
    /// What the looks at the root and the token are for.
    goal: Option<Ask>,
    /// Looks at the root that are due before it, at an upstream that never asks for a token.
    pings: u8,
    has_token: bool,
    /// Why upstream would not tell how to authenticate.
    refused: Option<Cause>,
}

/// What a request is in its stable key. Part of the results: a new kind takes a new number.
pub(crate) const fn number(ask: Ask, object: Object) -> u64 {
    match (ask, object) {
        (Ask::Ping, _) => 1,
        (Ask::TokenGet, _) => 2,
        (Ask::Head, _) => 3,
        (Ask::GetTag, _) => 4,
        (Ask::Get, Object::Index | Object::Manifest { .. }) => 5,
        (Ask::HeadBlob, _) => 6,
        (Ask::Get, Object::Config | Object::Layer(_)) => 7,
        (Ask::GetRedirected, _) => 8,
        (Ask::TokenPost, _) => 9,
    }
}

impl Errand {
    /// A new one; a fetch into the storage goes with the token of the request beside it.
    pub(crate) const fn new(wanted: Wanted, has_token: bool) -> Self {
        Self { wanted, ask: None, goal: None, pings: 0, has_token, refused: None }
    }

    /// The last request upstream.
    pub(crate) const fn ask(&self) -> Option<Ask> {
        self.ask
    }

    /// Whether it has a token.
    pub(crate) const fn has_token(&self) -> bool {
        self.has_token
    }

    /// It begins.
    pub(crate) fn begin(&mut self, known: Known) -> Next {
        match self.wanted {
            Wanted::Tag => self.want(known, Ask::Head),
            Wanted::Manifest => self.manifest(known),
            Wanted::Blob | Wanted::BlobHead if known.is_held => Next::Serve,
            Wanted::Blob | Wanted::BlobHead => self.want(known, Ask::HeadBlob),
            Wanted::Store => self.want(known, Ask::Get),
            Wanted::Notice => {
                self.pings = 1;
                self.go_on(known)
            }
        }
    }

    /// The manifest is wanted, now that it is known which.
    pub(crate) fn manifest(&mut self, known: Known) -> Next {
        if known.is_held { Next::Serve } else { self.want(known, Ask::Get) }
    }

    /// Asks upstream, after what has to come first.
    fn want(&mut self, known: Known, goal: Ask) -> Next {
        self.goal = Some(goal);
        let looks_first = matches!(goal, Ask::Head | Ask::HeadBlob | Ask::Get);
        self.pings = u8::from(looks_first && self.wanted != Wanted::Store);
        self.go_on(known)
    }

    /// A look at the root of the API where one is due, a token, then the request itself.
    pub(crate) fn go_on(&mut self, known: Known) -> Next {
        let is_due = if known.needs_token {
            !known.has_challenge && self.refused.is_none()
        } else {
            0 < self.pings
        };
        if is_due {
            return Next::Ping;
        }
        if known.needs_token && known.has_challenge && !self.has_token {
            return self.send(Ask::TokenGet);
        }
        match self.goal {
            None => Next::Done,
            Some(Ask::Get) if self.wanted == Wanted::Blob => Next::Claim,
            Some(goal) => self.send(goal),
        }
    }

    /// It is its turn to look at the root.
    pub(crate) const fn ping(&mut self) {
        self.pings = self.pings.saturating_sub(1);
        self.ask = Some(Ask::Ping);
    }

    /// The blob will be stored: it is fetched.
    pub(crate) fn claimed(&mut self) -> Next {
        self.send(Ask::Get)
    }

    fn send(&mut self, ask: Ask) -> Next {
        self.ask = Some(ask);
        Next::Send(ask)
    }

    /// What came of the last request; a connection that was not made is one that closed.
    pub(crate) fn heard(&mut self, known: Known, reply: Reply) -> Next {
        let ask = self.ask.expect("what is answered was asked");
        match (ask, reply) {
            (Ask::Ping, Reply::Dropped { cause }) => self.failed(None, cause),
            // Only a 401 tells how to authenticate. After another answer the request goes without,
            // and is refused.
            (Ask::Ping, Reply::Refused { cause, .. }) => {
                self.refused = Some(cause);
                self.go_on(known)
            }
            (Ask::Ping, _) => self.go_on(known),
            (Ask::TokenGet, Reply::Served) => {
                self.has_token = true;
                self.go_on(known)
            }
            (Ask::Get, Reply::Redirected) => self.send(Ask::GetRedirected),
            (_, Reply::Served | Reply::Redirected) => self.met(known, ask),
            (Ask::Head, Reply::Refused { .. } | Reply::Challenged) => self.want(known, Ask::GetTag),
            (_, Reply::Refused { status, cause, .. }) => {
                self.failed((!ask.is_for_token()).then_some(status), cause)
            }
            (_, Reply::Dropped { cause } | Reply::Hanging { cause }) => self.failed(None, cause),
            (_, Reply::Challenged) => {
                let cause = self.refused.expect("a mirror has a token, or was refused a ping");
                self.failed(Some(401), cause)
            }
        }
    }

    fn met(&mut self, known: Known, ask: Ask) -> Next {
        match (ask, self.wanted) {
            (Ask::Head | Ask::GetTag, _) => Next::Tagged,
            (Ask::Get, Wanted::Tag | Wanted::Manifest) => Next::Keep,
            (Ask::Get | Ask::GetRedirected, _) => Next::Body,
            (Ask::HeadBlob, Wanted::Blob) if !known.is_held => self.want(known, Ask::Get),
            (Ask::HeadBlob, _) => Next::Serve,
            (Ask::Ping | Ask::TokenPost | Ask::TokenGet, _) => {
                unreachable!("{ask:?} is nobody's goal")
            }
        }
    }

    /// The request upstream failed; without a status where no answer came, or no token.
    fn failed(&self, status: Option<u16>, cause: Cause) -> Next {
        match (self.goal, self.wanted) {
            (Some(Ask::Head | Ask::GetTag), _) => Next::Stale(cause),
            (Some(Ask::HeadBlob), _) if status == Some(404) => Next::Refuse(404, cause),
            (_, Wanted::Notice | Wanted::Store) => Next::Done,
            (_, Wanted::Tag | Wanted::Manifest | Wanted::Blob | Wanted::BlobHead) => {
                Next::Refuse(500, cause)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::FaultId;

    const CAUSE: Cause = Cause::Fault(FaultId(1));

    /// A mirror's process and storage, for one object.
    #[derive(Clone, Copy)]
    struct Mirror {
        known: Known,
        was_seen: bool,
    }

    const COLD: Mirror = Mirror {
        known: Known { needs_token: false, has_challenge: false, is_held: false },
        was_seen: false,
    };
    const WARM: Mirror = Mirror { known: Known { is_held: true, ..COLD.known }, was_seen: true };

    /// One at an upstream that wants tokens, which has told how to get them or not.
    const fn with_tokens(has_challenge: bool) -> Mirror {
        Mirror { known: Known { needs_token: true, has_challenge, ..COLD.known }, ..COLD }
    }

    impl Mirror {
        /// What is sent upstream for one errand, and how it ends.
        fn run(mut self, wanted: Wanted, upstream: impl Fn(Ask) -> Reply) -> (Vec<Ask>, Next) {
            let mut errand = Errand::new(wanted, false);
            let mut sent = Vec::new();
            let mut next = errand.begin(self.known);
            loop {
                next = match next {
                    Next::Ping => {
                        errand.ping();
                        Next::Send(Ask::Ping)
                    }
                    Next::Send(ask) => {
                        sent.push(ask);
                        let reply = upstream(ask);
                        self.known.has_challenge |= ask == Ask::Ping && reply == Reply::Challenged;
                        errand.heard(self.known, reply)
                    }
                    Next::Claim => errand.claimed(),
                    Next::Tagged => errand.manifest(self.known),
                    Next::Stale(_) if self.was_seen => errand.manifest(self.known),
                    Next::Stale(cause) => Next::Refuse(404, cause),
                    Next::Keep | Next::Serve | Next::Body | Next::Refuse(..) | Next::Done => {
                        return (sent, next);
                    }
                };
            }
        }
    }

    fn fine(_: Ask) -> Reply {
        Reply::Served
    }

    fn refused(status: u16) -> Reply {
        Reply::Refused { status, cause: CAUSE, retry_after: None }
    }

    use Ask::{Get, GetTag, Head, HeadBlob, Ping, TokenGet};

    #[test]
    fn counts_are_those_measured_at_an_upstream_without_tokens() {
        // One HEAD and one GET for a cold manifest, one HEAD and a GET for a cold blob, and the
        // GET that 2.8 stores by.
        let tag = COLD.run(Wanted::Tag, fine);
        assert_eq!(tag, (vec![Ping, Head, Ping, Get], Next::Keep));
        let blob = COLD.run(Wanted::Blob, fine);
        assert_eq!(blob, (vec![Ping, HeadBlob, Ping, Get], Next::Body));
        assert_eq!(COLD.run(Wanted::Store, fine), (vec![Get], Next::Body));
        let notice = COLD.run(Wanted::Notice, fine);
        assert_eq!(notice, (vec![Ping], Next::Done));
        // 20 looks at the root for a cold manifest and six blobs.
        let looks = |(sent, _): (Vec<Ask>, Next)| sent.iter().filter(|it| **it == Ping).count();
        assert_eq!(looks(tag) + 6 * (looks(blob) + looks(notice)), 20);
        // One HEAD for a warm tag, nothing for a warm digest.
        assert_eq!(WARM.run(Wanted::Tag, fine), (vec![Ping, Head], Next::Serve));
        for warm in [Wanted::Manifest, Wanted::Blob, Wanted::BlobHead] {
            assert_eq!(WARM.run(warm, fine), (vec![], Next::Serve));
        }
    }

    #[test]
    fn each_request_of_a_node_that_goes_upstream_costs_a_token() {
        let challenges = |ask| if ask == Ping { Reply::Challenged } else { Reply::Served };
        let first = with_tokens(false).run(Wanted::Tag, challenges);
        assert_eq!(first, (vec![Ping, TokenGet, Head, Get], Next::Keep));
        // Whoever comes once the challenge is known looks at no root.
        let next = with_tokens(true).run(Wanted::Blob, challenges);
        assert_eq!(next, (vec![TokenGet, HeadBlob, Get], Next::Body));
    }

    #[test]
    fn a_refused_tag_is_served_stale_or_not_found() {
        let refuses = |ask| if ask == Ping { Reply::Served } else { refused(429) };
        let cold = COLD.run(Wanted::Tag, refuses);
        assert_eq!(cold, (vec![Ping, Head, GetTag], Next::Refuse(404, CAUSE)), "not 429");
        assert_eq!(WARM.run(Wanted::Tag, refuses), (vec![Ping, Head, GetTag], Next::Serve));
        let drops = |_| Reply::Dropped { cause: CAUSE };
        assert_eq!(WARM.run(Wanted::Tag, drops), (vec![Ping], Next::Serve));
    }

    #[test]
    fn what_upstream_refuses_is_500_unless_a_blob_is_not_there() {
        let get_only = |ask| if ask == Get { refused(429) } else { Reply::Served };
        assert_eq!(COLD.run(Wanted::Tag, get_only).1, Next::Refuse(500, CAUSE));
        assert_eq!(COLD.run(Wanted::Blob, get_only).1, Next::Refuse(500, CAUSE));
        for (status, told) in [(429, 500), (503, 500), (404, 404)] {
            let heads = |ask| if ask == HeadBlob { refused(status) } else { Reply::Served };
            assert_eq!(COLD.run(Wanted::Blob, heads).1, Next::Refuse(told, CAUSE));
        }
        assert_eq!(COLD.run(Wanted::Store, get_only).1, Next::Done, "nobody is told");
    }

    #[test]
    fn a_ping_that_is_refused_leaves_the_request_without_a_token() {
        let upstream = |ask| if ask == Ping { refused(503) } else { Reply::Challenged };
        let (sent, end) = with_tokens(false).run(Wanted::Manifest, upstream);
        assert_eq!((sent, end), (vec![Ping, Get], Next::Refuse(500, CAUSE)));
    }
}
