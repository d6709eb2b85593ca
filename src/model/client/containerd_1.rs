//! containerd 1.x, as the kubelet drives it.
//!
//! Rules, each with its source in containerd 1.6.39 and 1.7.34, `remotes/docker`, and the recorded
//! cases that show it:
//!
//! - A reference is looked up by HEAD, digest or not, even where all is there (`resolver.go`; B,
//!   C2).
//! - 401 with a challenge: a token, then the same request. With credentials the token is asked for
//!   by POST, and by GET where that is refused (`authorizer.go`, `auth/fetch.go`).
//! - A token request is not repeated: its failure is that of the request which wanted it (I, I2).
//! - 408 and 429 are repeated at once; Retry-After is not read. A host is asked until it has
//!   answered `requests_per_object` times, a 401 among them (`retryRequest`; D, E, F, H).
//! - Any other failure: the next host. Every object walks the list from the top, whatever became of
//!   the object before it (`fetcher.go`; M, N3, N4).
//! - A host without the capability to resolve gets no HEAD (`resolver.go`; N, N2).
//! - After a HEAD of a digest that failed everywhere: a HEAD of the blob with that digest. The
//!   first failure is reported (`resolver.go`; E2).
//! - Of a list of hosts the first failure that is no 404 is shown (`resolver.go`, `fetcher.go`).
//! - A body that breaks off is asked for again from the top of the list, with a range; three times
//!   in a row without a byte, and the pull fails (`httpreadseeker.go`).
//!
//! The cases are those of `tests/data/containerd-1.7.34-fetcher.txt`, recorded 2026-11. Measured on
//! 1.7.24 as well: a mirror that answers 404 gets 8 requests for an image of 8 objects, one that
//! answers 429 gets 48, and each time the registry is asked for all 8.

use crate::model::client::{Ask, Do, Terms};
use crate::model::spec::RequestKind;
use crate::model::words::cause::Cause;
use crate::model::words::kubelet_events::Sign;
use crate::model::words::reply::Reply;

/// A body that breaks off this often in a row without a byte fails its pull.
const MOST_STALLS: u8 = 3;

/// The requests for one object, one after another, down the list of hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// The last request.
    ask: Ask,
    /// What to send again once a token is there.
    challenged: Ask,
    /// Position of the host that is asked.
    host: u8,
    /// Times in a row that its body broke off without a byte.
    stalls: u8,
    /// Answers of the host so far.
    answers: u32,
    /// Why the first of the hosts before failed.
    passed_over: Option<Cause>,
    /// Why the HEAD of the manifest failed, while that of the blob is tried in its stead.
    head_failed: Option<Cause>,
    shown: Option<Shown>,
}

/// A failed request, as the client shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    kind: RequestKind,
    sign: Sign,
    is_mirrors: bool,
}

/// What a request is in its stable key. Part of the results: a new kind takes a new number.
pub(crate) const fn number(ask: Ask) -> u64 {
    match ask {
        Ask::Head => 1,
        Ask::HeadBlob => 2,
        Ask::Get => 3,
        Ask::GetRedirected => 4,
        Ask::TokenPost => 5,
        Ask::TokenGet => 6,
        Ask::Ping => 7,
        Ask::GetTag => 8,
    }
}

impl Line {
    /// The last request.
    pub(crate) const fn ask(&self) -> Ask {
        self.ask
    }

    /// Position of the host that is asked.
    pub(crate) const fn host(&self) -> u8 {
        self.host
    }

    /// Answers of that host so far.
    pub(crate) const fn answers(&self) -> u32 {
        self.answers
    }

    /// The failure that the client shows, where there was one.
    pub(crate) fn shown(&self) -> Option<(RequestKind, Sign)> {
        self.shown.map(|it| (it.kind, it.sign))
    }

    /// Looks a reference up.
    pub(crate) fn look_up(&mut self, terms: &Terms<'_>) -> Do {
        *self = Self::default();
        self.ask_hosts(terms, Ask::Head)
    }

    /// Fetches an object.
    pub(crate) fn fetch(&mut self, terms: &Terms<'_>) -> Do {
        // A HEAD that failed and that the HEAD of the blob made good is still reported, should an
        // object fail later.
        *self = Self { head_failed: self.head_failed, ..Self::default() };
        self.ask_hosts(terms, Ask::Get)
    }

    /// Asks from the top of the list.
    fn ask_hosts(&mut self, terms: &Terms<'_>, ask: Ask) -> Do {
        (self.host, self.answers) = (terms.hosts.first_for(ask, 0), 0);
        self.send(ask)
    }

    fn send(&mut self, ask: Ask) -> Do {
        self.ask = ask;
        Do::Send(ask)
    }

    /// What came of the last request, and where it failed, how that looks; a connection that was
    /// not made is one that closed.
    pub(crate) fn heard(&mut self, terms: &Terms<'_>, reply: Reply, sign: Option<Sign>) -> Do {
        if let Some(sign) = sign {
            self.show(terms, sign);
        }
        match reply {
            Reply::Served => match self.ask {
                Ask::TokenPost | Ask::TokenGet => self.send(self.challenged),
                Ask::Ping | Ask::Head | Ask::HeadBlob => Do::Done,
                Ask::GetTag | Ask::Get | Ask::GetRedirected => Do::Body,
            },
            Reply::Redirected => self.send(Ask::GetRedirected),
            Reply::Challenged if self.ask == Ask::TokenPost => self.send(Ask::TokenGet),
            Reply::Challenged => {
                self.answers += 1;
                self.challenged = self.ask;
                self.send(if terms.has_credentials { Ask::TokenPost } else { Ask::TokenGet })
            }
            Reply::Refused { cause, .. } if self.ask.is_for_token() => self.failed(terms, cause),
            Reply::Refused { status, cause, retry_after } => {
                self.answers += 1;
                let is_over = terms.profile.requests_per_object <= self.answers;
                if is_over || !matches!(status, 408 | 429) {
                    return self.failed(terms, cause);
                }
                // What-if: a client that waits where it is told for how long.
                let wait =
                    retry_after.filter(|it| terms.profile.honour_retry_after && !it.is_zero());
                wait.map_or(Do::Send(self.ask), |wait| Do::SendAfter(wait, self.ask))
            }
            Reply::Dropped { cause } | Reply::Hanging { cause } => self.failed(terms, cause),
        }
    }

    /// The body broke off: why, and whether any of it had come.
    pub(crate) fn broke_off(&mut self, terms: &Terms<'_>, cause: Cause, any_came: bool) -> Do {
        self.stalls = if any_came { 0 } else { self.stalls + 1 };
        if MOST_STALLS <= self.stalls {
            let kind = RequestKind::BlobGet;
            self.shown = Some(Shown { kind, sign: Sign::Closed, is_mirrors: true });
            return Do::Fail(cause, None);
        }
        self.ask_hosts(terms, Ask::Get)
    }

    /// The host failed: the next one is asked. A token or a body at the blob host is asked for at
    /// the last host alone.
    fn failed(&mut self, terms: &Terms<'_>, cause: Cause) -> Do {
        if self.host < terms.hosts.last() {
            self.passed_over.get_or_insert(cause);
            (self.host, self.answers) = (terms.hosts.first_for(self.ask, self.host + 1), 0);
            return self.send(self.ask);
        }
        let tries_blob = terms.by_digest && terms.profile.head_blob_after_failed_head;
        if self.ask == Ask::Head && tries_blob {
            self.head_failed = Some(cause);
            return self.ask_hosts(terms, Ask::HeadBlob);
        }
        let cause = self.head_failed.take().unwrap_or(cause);
        Do::Fail(cause, self.passed_over.take().filter(|it| *it != cause))
    }

    fn show(&mut self, terms: &Terms<'_>, sign: Sign) {
        let kind = self.ask.kind(terms.object);
        let is_mirrors = self.host < terms.hosts.last();
        let stays = self.shown.is_some_and(|it| {
            it.is_mirrors && !is_mirrors && !matches!(it.sign, Sign::Status(404, _))
        });
        if kind != RequestKind::BlobHead && !stays {
            self.shown = Some(Shown { kind, sign, is_mirrors });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client::Hosts;
    use crate::model::client::replay::{Case, cases};
    use crate::model::ids::FaultId;
    use crate::model::image::Object;
    use crate::model::spec::RuntimeProfile;
    use crate::model::words::kubelet_events::Body;
    use crate::units::Span;

    const RECORDING: &str = include_str!("../../../tests/data/containerd-1.7.34-fetcher.txt");

    fn profile() -> RuntimeProfile {
        RuntimeProfile {
            name: "containerd-1.7.34".to_owned(),
            requests_per_object: 6,
            max_concurrent_downloads: 3,
            progress_timeout: Some(Span::from_secs(300)),
            progress_check: Span::from_secs(10),
            dial_timeout: Span::from_secs(30),
            idle_timeout: Span::from_secs(30),
            head_blob_after_failed_head: true,
            honour_retry_after: false,
        }
    }

    fn terms(profile: &RuntimeProfile, hosts: Hosts, object: Object) -> Terms<'_> {
        Terms { profile, hosts, by_digest: false, has_credentials: false, object }
    }

    fn hosts(n: u8) -> Hosts {
        let mut hosts = Hosts::default();
        for _ in 0..n {
            hosts.push(true);
        }
        hosts
    }

    /// Leads one line through the recording; true where it ended well.
    fn play(case: &mut Case, terms: &Terms<'_>, begin: fn(&mut Line, &Terms<'_>) -> Do) -> bool {
        let mut line = Line::default();
        let mut what = begin(&mut line, terms);
        loop {
            what = match what {
                Do::Send(ask) => {
                    let reply = case.answer(usize::from(line.host()), ask, terms.object);
                    line.heard(terms, reply, None)
                }
                Do::SendAfter(..) => panic!("containerd 1.x never waits"),
                Do::Body | Do::Done => return true,
                Do::Fail(..) => return false,
            }
        }
    }

    #[test]
    fn every_recorded_case_is_replayed_request_by_request() {
        let profile = profile();
        let mut played = 0;
        for mut case in cases(RECORDING) {
            let by_digest = case.name.contains("digest");
            let terms = |object| Terms { by_digest, ..terms(&profile, case.hosts, object) };
            let reference = terms(case.objects[0]);
            let wanted: Vec<Terms<'_>> = case.fetched().into_iter().map(terms).collect();
            let resolved = play(&mut case, &reference, Line::look_up);
            assert_eq!(resolved, !case.fails_to_resolve, "{}", case.name);
            // What was fetched beside an object that failed was fetched all the same.
            let failed = wanted.iter().filter(|it| !play(&mut case, it, Line::fetch)).count();
            assert_eq!(resolved && failed == 0, case.ends_well, "{}", case.name);
            case.assert_used_up();
            played += 1;
        }
        assert_eq!(played, 31, "cases of the recording");
    }

    fn refused(status: u16, fault: u16) -> Reply {
        Reply::Refused { status, cause: Cause::Fault(FaultId(fault)), retry_after: None }
    }

    const fn sign(status: u16) -> Sign {
        Sign::Status(status, Body::Bare)
    }

    #[test]
    fn the_failure_shown_is_the_mirrors_unless_it_was_a_404() {
        let profile = profile();
        let terms = terms(&profile, hosts(2), Object::Layer(0));
        for (at_mirror, shown) in [(503, 503), (404, 500)] {
            let mut line = Line::default();
            line.fetch(&terms);
            assert_eq!(
                line.heard(&terms, refused(at_mirror, 1), Some(sign(at_mirror))),
                Do::Send(Ask::Get)
            );
            let ended = line.heard(&terms, refused(500, 2), Some(sign(500)));
            let causes = (Cause::Fault(FaultId(2)), Some(Cause::Fault(FaultId(1))));
            assert_eq!(
                ended,
                Do::Fail(causes.0, causes.1),
                "the registry's, the mirror's behind it"
            );
            assert_eq!(line.shown(), Some((RequestKind::BlobGet, sign(shown))));
        }
    }

    #[test]
    fn the_head_of_a_blob_hides_no_failure_of_the_head_before_it() {
        let profile = profile();
        let terms = Terms { by_digest: true, ..terms(&profile, hosts(1), Object::Index) };
        let mut line = Line::default();
        let first = line.look_up(&terms);
        assert_eq!(first, Do::Send(Ask::Head));
        assert_eq!(line.heard(&terms, refused(503, 1), Some(sign(503))), Do::Send(Ask::HeadBlob));
        let ended = line.heard(&terms, refused(500, 2), Some(sign(500)));
        assert_eq!(ended, Do::Fail(Cause::Fault(FaultId(1)), None));
        assert_eq!(line.shown(), Some((RequestKind::ManifestHead, sign(503))));
    }

    #[test]
    fn credentials_are_posted_and_then_sent_by_get() {
        let profile = profile();
        let terms = Terms { has_credentials: true, ..terms(&profile, hosts(1), Object::Index) };
        let mut line = Line::default();
        line.look_up(&terms);
        assert_eq!(line.heard(&terms, Reply::Challenged, None), Do::Send(Ask::TokenPost));
        assert_eq!(line.heard(&terms, Reply::Challenged, None), Do::Send(Ask::TokenGet));
        assert_eq!(line.heard(&terms, Reply::Served, None), Do::Send(Ask::Head));
        assert_eq!(line.answers(), 1, "the 401 counts, the token does not");
    }

    #[test]
    fn a_body_is_asked_for_again_until_it_broke_three_times_without_a_byte() {
        let profile = profile();
        let terms = terms(&profile, hosts(2), Object::Layer(0));
        let cause = Cause::MirrorDiskFull;
        let mut line = Line::default();
        line.fetch(&terms);
        line.heard(&terms, refused(503, 1), Some(sign(503)));
        assert_eq!(line.host(), 1);
        for any_came in [false, false, true, false, false] {
            assert_eq!(line.broke_off(&terms, cause, any_came), Do::Send(Ask::Get));
            assert_eq!(line.host(), 0, "from the top of the list");
        }
        assert_eq!(line.broke_off(&terms, cause, false), Do::Fail(cause, None));
        assert_eq!(line.shown(), Some((RequestKind::BlobGet, Sign::Closed)));
    }

    #[test]
    fn a_client_that_honours_retry_after_waits_where_it_is_told_for_how_long() {
        let wait = |honours: bool, retry_after: Option<Span>| {
            let profile = RuntimeProfile { honour_retry_after: honours, ..profile() };
            let terms = terms(&profile, hosts(1), Object::Index);
            let mut line = Line::default();
            line.look_up(&terms);
            let cause = Cause::Fault(FaultId(1));
            line.heard(&terms, Reply::Refused { status: 429, cause, retry_after }, None)
        };
        let seven = Span::from_secs(7);
        assert_eq!(wait(true, Some(seven)), Do::SendAfter(seven, Ask::Head));
        assert_eq!(wait(false, Some(seven)), Do::Send(Ask::Head));
        assert_eq!(wait(true, None), Do::Send(Ask::Head));
        assert_eq!(wait(true, Some(Span::ZERO)), Do::Send(Ask::Head));
    }
}
