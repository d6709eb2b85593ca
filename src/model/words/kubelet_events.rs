//! The texts of a failed pull, as `kubectl get events` shows them: a mapping from where a request
//! failed and how to what containerd and the kubelet say, and back from a text to its class.
//!
//! Nothing here knows why anything failed: an operator does not either.
//!
//! Sources: containerd 1.7 `core/remotes/docker` (`resolver.go`, `fetcher.go`, `authorizer.go`) and
//! the recorded runs in `tests/data/README.md`; kubernetes `pkg/kubelet/images/image_manager.go`,
//! `helpers.go` (`pull QPS exceeded`); Go `net`, `net/http` for lost connections; read 2026-08. The
//! text of Docker Hub's pull limit is docs.docker.com/docker-hub/usage/pulls, 2026-08.

use crate::model::spec::RequestKind;

/// What stands in the body of a 429 at a GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing that explains it.
    Bare,
    /// The registry's text about its pull limit.
    PullLimit,
}

/// How a request ended badly, as far as its client can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// An answer with this status.
    Status(u16, Body),
    /// The connection closed without an answer.
    Closed,
    /// The connection was never made: the dial timed out.
    DialTimeout,
    /// Nothing listens there.
    DialRefused,
    /// The certificate is not trusted.
    Untrusted,
}

/// How a pull failed, as far as its node can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A request failed.
    Request(RequestKind, Sign),
    /// The kubelet's own limiter refused.
    QpsExceeded,
    /// The index names no manifest for the node's platform.
    NoPlatform,
    /// The runtime saw no progress and cancelled.
    Cancelled,
    /// The disk is full.
    NoSpace,
}

/// What a `Failed` event says, as one would group such events by their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// 429 with the text of a pull limit.
    PullLimit,
    /// 429 without one.
    TooManyRequests,
    /// 429 of the token service.
    TokenTooManyRequests,
    /// Another refusal of the token service.
    TokenError,
    /// 5xx.
    ServerError,
    /// Another 4xx.
    ClientError,
    /// The connection was lost, refused or not trusted.
    Lost,
    /// The connection was never made.
    Timeout,
    /// Cancelled for want of progress.
    Cancelled,
    /// `pull QPS exceeded`.
    QpsExceeded,
    /// `no match for platform in manifest`.
    NoPlatform,
    /// `no space left on device`.
    NoSpace,
}

impl Class {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::PullLimit,
        Self::TooManyRequests,
        Self::TokenTooManyRequests,
        Self::TokenError,
        Self::ServerError,
        Self::ClientError,
        Self::Lost,
        Self::Timeout,
        Self::Cancelled,
        Self::QpsExceeded,
        Self::NoPlatform,
        Self::NoSpace,
    ];

    /// The class of a failure.
    pub const fn of(failure: Failure) -> Self {
        match failure {
            Failure::Request(RequestKind::Token, Sign::Status(429, _)) => {
                Self::TokenTooManyRequests
            }
            Failure::Request(RequestKind::Token, Sign::Status(..)) => Self::TokenError,
            // A HEAD has no body: the reason stays with the server.
            Failure::Request(
                RequestKind::ManifestGet | RequestKind::BlobGet | RequestKind::CdnGet,
                Sign::Status(429, Body::PullLimit),
            ) => Self::PullLimit,
            Failure::Request(_, Sign::Status(429, _)) => Self::TooManyRequests,
            Failure::Request(_, Sign::Status(500.., _)) => Self::ServerError,
            Failure::Request(_, Sign::Status(..)) => Self::ClientError,
            Failure::Request(_, Sign::Closed | Sign::DialRefused | Sign::Untrusted) => Self::Lost,
            Failure::Request(_, Sign::DialTimeout) => Self::Timeout,
            Failure::QpsExceeded => Self::QpsExceeded,
            Failure::NoPlatform => Self::NoPlatform,
            Failure::Cancelled => Self::Cancelled,
            Failure::NoSpace => Self::NoSpace,
        }
    }

    /// The class of an event's text: what a reader greps for, in this order.
    pub fn read(text: &str) -> Option<Self> {
        let has = |part: &str| text.contains(part);
        let classes = [
            (has("pull QPS exceeded"), Self::QpsExceeded),
            (has("no match for platform in manifest"), Self::NoPlatform),
            (has("no space left on device"), Self::NoSpace),
            (has("context canceled"), Self::Cancelled),
            (has("i/o timeout"), Self::Timeout),
            (LOST.into_iter().any(has), Self::Lost),
            (has("failed to authorize") && has(": 429 "), Self::TokenTooManyRequests),
            (has("failed to authorize"), Self::TokenError),
            (has(": 429 ") && has("pull rate limit"), Self::PullLimit),
            (has(": 429 "), Self::TooManyRequests),
            ([": 500 ", ": 502 ", ": 503 ", ": 504 "].into_iter().any(has), Self::ServerError),
            (has("not found") || has(": 403 ") || has(": 408 "), Self::ClientError),
        ];
        classes.into_iter().find_map(|(fits, class)| fits.then_some(class))
    }
}

/// What lost, refused and distrusted connections are told by.
const LOST: [&str; 4] = ["EOF", "connection reset by peer", "connection refused", "x509: "];

/// Docker Hub's text, as it is sent to a client without credentials.
const PULL_LIMIT: &str = "toomanyrequests: You have reached your unauthenticated pull rate limit. \
                          https://www.docker.com/increase-rate-limit";

/// The message of the kubelet's `Failed` event for a pull of `reference` from `host`.
pub fn message(reference: &str, host: &str, failure: Failure) -> String {
    let start = format!("Failed to pull image \"{reference}\": ");
    let error = match failure {
        Failure::QpsExceeded => return start + "pull QPS exceeded",
        Failure::NoPlatform => "no match for platform in manifest: not found".into(),
        Failure::Cancelled => "context canceled".into(),
        Failure::NoSpace => "failed to copy: write: no space left on device".into(),
        Failure::Request(kind, sign) => request_error(reference, host, kind, sign),
    };
    // CRI's code for a cancelled pull is 1, for a missing manifest 5; everything else is unknown.
    let code = match failure {
        Failure::Cancelled => "Canceled",
        Failure::NoPlatform | Failure::Request(_, Sign::Status(404, _)) => "NotFound",
        _ => "Unknown",
    };
    format!(
        "{start}rpc error: code = {code} desc = failed to pull and unpack image \"{reference}\": \
         {error}"
    )
}

fn request_error(reference: &str, host: &str, kind: RequestKind, sign: Sign) -> String {
    let (verb, path) = match kind {
        RequestKind::Ping => ("Get", "v2/"),
        RequestKind::Token => ("Get", "token"),
        RequestKind::ManifestHead => ("Head", "v2/…/manifests/…"),
        RequestKind::BlobHead => ("Head", "v2/…/blobs/…"),
        RequestKind::ManifestGet => ("Get", "v2/…/manifests/…"),
        RequestKind::BlobGet | RequestKind::CdnGet => ("Get", "v2/…/blobs/…"),
    };
    let url = format!("https://{host}/{path}");
    let method = verb.to_uppercase();
    let resolving = format!("failed to resolve reference \"{reference}\": ");
    let fetching = "failed to copy: httpReadSeeker: failed open: ";
    let lost = |why: &str| format!("failed to do request: {verb} \"{url}\": {why}");
    let unconnected = match sign {
        Sign::Closed => "EOF".to_owned(),
        Sign::DialRefused => format!("dial tcp: {host}:443: connect: connection refused"),
        Sign::Untrusted => "tls: failed to verify certificate: x509: certificate signed by \
                            unknown authority"
            .to_owned(),
        Sign::DialTimeout | Sign::Status(..) => format!("dial tcp: {host}:443: i/o timeout"),
    };
    match (kind, sign) {
        (RequestKind::Token, Sign::Status(status, _)) => format!(
            "{resolving}failed to authorize: failed to fetch anonymous token: unexpected status \
             from GET request to {url}: {}",
            phrase(status)
        ),
        (RequestKind::Token, _) => format!(
            "{resolving}failed to authorize: failed to fetch anonymous token: {verb} \"{url}\": \
             {unconnected}"
        ),
        (RequestKind::ManifestHead | RequestKind::BlobHead, Sign::Status(404, _)) => {
            format!("{resolving}{reference}: not found")
        }
        (RequestKind::ManifestHead | RequestKind::BlobHead, Sign::Status(status, _)) => {
            let phrase = phrase(status);
            format!("{resolving}unexpected status from {method} request to {url}: {phrase}")
        }
        (RequestKind::ManifestHead | RequestKind::BlobHead, _) => {
            format!("{resolving}{}", lost(&unconnected))
        }
        (_, Sign::Status(404, _)) => format!("{fetching}content at {url} not found: not found"),
        (_, Sign::Status(status, body)) => {
            let said = match body {
                Body::Bare => String::new(),
                Body::PullLimit => format!(" - Server message: {PULL_LIMIT}"),
            };
            format!("{fetching}unexpected status code {url}: {}{said}", phrase(status))
        }
        _ => format!("{fetching}{}", lost(&unconnected)),
    }
}

/// Status and reason as HTTP names them (RFC 9110).
fn phrase(status: u16) -> String {
    let reason = match status {
        403 => "Forbidden",
        408 => "Request Timeout",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    };
    format!("{status} {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Words;

    /// A text with what differs from run to run (reference, URL) taken out.
    fn template(text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let bare = word.trim_matches(|it: char| "\":,".contains(it));
            if bare.contains("://") {
                "URL"
            } else if bare.contains('/') && bare.contains(":v1") {
                "R"
            } else {
                word.trim_end()
            }
        });
        words.collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    fn error(kind: RequestKind, status: u16) -> String {
        let sign = Sign::Status(status, Body::Bare);
        template(&request_error("h/lib/app:v1", "h", kind, sign))
    }

    /// Every error that the recorded fetcher of containerd 1.7.34 ended with.
    fn recorded() -> Vec<String> {
        let text = include_str!("../../../tests/data/containerd-1.7.34-fetcher.txt");
        let errors = text.lines().filter_map(|it| it.trim().strip_prefix("error: "));
        errors.filter(|it| *it != "<nil>").map(template).collect()
    }

    #[test]
    fn texts_are_those_that_containerd_was_recorded_with() {
        use RequestKind::{BlobGet, ManifestGet, ManifestHead, Token};
        let recorded = recorded();
        for (kind, status) in [
            (ManifestHead, 429),
            (ManifestHead, 500),
            (ManifestHead, 502),
            (ManifestHead, 503),
            (ManifestHead, 504),
            (ManifestHead, 408),
            (ManifestHead, 403),
            (ManifestHead, 404),
            (ManifestGet, 429),
            (BlobGet, 503),
            (Token, 429),
        ] {
            let text = error(kind, status);
            let known = recorded.iter().any(|it| it.starts_with(&text));
            assert!(known, "{text}\nis none of\n{}", recorded.join("\n"));
        }
    }

    #[test]
    fn a_text_is_read_back_as_its_class() {
        let mut failures =
            vec![Failure::QpsExceeded, Failure::NoPlatform, Failure::Cancelled, Failure::NoSpace];
        // containerd sends no ping.
        for kind in RequestKind::ALL.iter().copied().filter(|it| *it != RequestKind::Ping) {
            failures.push(Failure::Request(kind, Sign::Closed));
            failures.push(Failure::Request(kind, Sign::DialTimeout));
            failures.push(Failure::Request(kind, Sign::DialRefused));
            failures.push(Failure::Request(kind, Sign::Untrusted));
            for status in [403, 404, 429, 500, 502, 503, 504] {
                for body in [Body::Bare, Body::PullLimit] {
                    failures.push(Failure::Request(kind, Sign::Status(status, body)));
                }
            }
        }
        for failure in failures {
            let text = message("docker.io/acme/api:1", "registry-1.docker.io", failure);
            assert_eq!(Class::read(&text), Some(Class::of(failure)), "{failure:?}: {text}");
        }
    }

    #[test]
    fn texts_seen_in_clusters_are_understood() {
        // Forms that users report: kata-containers 10109, docker/hub-feedback 2204,
        // karpenter-provider-aws 1269, weave 3287; names and digests shortened.
        let seen = [
            (
                "failed to pull and unpack image \"docker.io/library/nginx:1.14\": failed to copy: \
                 httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/\
                 v2/library/nginx/manifests/sha256:32fd: 429 Too Many Requests - Server message: \
                 toomanyrequests: You have reached your pull rate limit.",
                Class::PullLimit,
            ),
            (
                "failed to authorize: failed to fetch oauth token: unexpected status: 429 Too Many \
                 Requests",
                Class::TokenTooManyRequests,
            ),
            ("Failed to pull image \"x\": pull QPS exceeded", Class::QpsExceeded),
            (
                "dial tcp: lookup registry-1.docker.io on 10.0.0.10:53: read udp 10.0.0.1:4: i/o \
                 timeout",
                Class::Timeout,
            ),
            ("no match for platform in manifest: not found", Class::NoPlatform),
        ];
        for (text, class) in seen {
            assert_eq!(Class::read(text), Some(class), "{text}");
        }
    }
}
