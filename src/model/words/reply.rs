//! What became of a request.

use crate::model::ids::LimitId;
use crate::model::words::cause::Cause;
use crate::resource::limiter::Admission;
use crate::units::Span;

/// What a concurrency limit granted; it is given back when the answer is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The limit.
    pub limit: LimitId,
    /// Its counter.
    pub key: u32,
    /// Thousandths of a unit.
    pub units: u32,
}

/// The answer of a limit that counts a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metered {
    /// Its verdict.
    pub(crate) admission: Admission,
    /// What was asked for, in thousandths.
    pub(crate) units: u64,
    /// The counter that was asked.
    pub(crate) key: u32,
}

/// What the endpoint did with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It passed every gate.
    Served,
    /// It did, and a blob is sent by the blob host: 307.
    Redirected,
    /// It carries no token: 401 with a challenge.
    Challenged,
    /// It was refused with this status.
    Refused {
        /// Status of the answer.
        status: u16,
        /// Whose refusal.
        cause: Cause,
        /// Its Retry-After.
        retry_after: Option<Span>,
    },
    /// The connection closed without an answer.
    Dropped {
        /// Whose doing.
        cause: Cause,
    },
    /// No answer ever comes.
    Hanging {
        /// Whose doing.
        cause: Cause,
    },
}

/// What became of a request, as outputs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestOutcome {
    /// 2xx.
    Ok,
    /// 307 to the blob host.
    Redirect,
    /// 401 with a challenge.
    Unauthorized,
    /// 429.
    Throttled,
    /// Another 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// The connection closed without an answer.
    Dropped,
    /// No answer came.
    Unanswered,
}

impl RequestOutcome {
    /// All of them, in the order of outputs.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Redirect,
        Self::Unauthorized,
        Self::Throttled,
        Self::ClientError,
        Self::ServerError,
        Self::Dropped,
        Self::Unanswered,
    ];

    /// The name in outputs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Redirect => "redirect",
            Self::Unauthorized => "unauthorized",
            Self::Throttled => "throttled",
            Self::ClientError => "client-error",
            Self::ServerError => "server-error",
            Self::Dropped => "dropped",
            Self::Unanswered => "unanswered",
        }
    }

    pub(crate) fn of(reply: Reply, refused_post: bool) -> (Self, Option<u16>) {
        match reply {
            Reply::Served => (Self::Ok, Some(200)),
            Reply::Redirected => (Self::Redirect, Some(307)),
            Reply::Challenged if refused_post => (Self::ClientError, Some(404)),
            Reply::Challenged => (Self::Unauthorized, Some(401)),
            Reply::Refused { status, .. } => {
                let outcome = match status {
                    429 => Self::Throttled,
                    500.. => Self::ServerError,
                    _ => Self::ClientError,
                };
                (outcome, Some(status))
            }
            Reply::Dropped { .. } => (Self::Dropped, None),
            Reply::Hanging { .. } => (Self::Unanswered, None),
        }
    }
}

/// Why a request was refused, or got no answer.
pub(crate) const fn refusal(reply: Reply) -> Option<Cause> {
    match reply {
        Reply::Served | Reply::Redirected | Reply::Challenged => None,
        Reply::Refused { cause, .. } | Reply::Dropped { cause } | Reply::Hanging { cause } => {
            Some(cause)
        }
    }
}
