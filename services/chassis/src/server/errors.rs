//! Everything that can go wrong in handling a request, and the `google.rpc.Status` that tells the caller.
//!
//! | failure | code | reason |
//! |---|---|---|
//! | a malformed or rule-breaking field | `INVALID_ARGUMENT` + `BadRequest` | `INVALID_FIELDS` |
//! | the law or the state forbids it | `FAILED_PRECONDITION` | the refusal's own, + `legal_basis` |
//! | a unique value is taken | `ALREADY_EXISTS` | the refusal's own |
//! | a lost race, a stale etag | `ABORTED` | `CONFLICT`, or the refusal's own |
//! | bus away, projection behind, draining, overload | `UNAVAILABLE` + `RetryInfo` | `UNAVAILABLE` |
//! | over a client's rate | `RESOURCE_EXHAUSTED` + `RetryInfo` | `RATE_LIMITED` |
//! | the client is gone | `CANCELLED` | `CANCELLED` |
//! | a bug | `INTERNAL` | `INTERNAL`, + `incident` which the log has too |

use crate::domain::{Invalid, LegalBasis, RefusalKind, Rejection};
use crate::random;
use prost::Message;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use traffic_proto::google::rpc;
use uuid::Uuid;

/// Most field violations that one answer names. Bounds the answer: details travel in an HTTP/2 header block, which
/// clients commonly limit to 8 KiB.
pub(super) const MOST_VIOLATIONS: usize = 20;

/// How prost begins to say what it could not read.
const UNREADABLE_MESSAGE: &str = "failed to decode Protobuf message: ";
/// How tonic begins to say that a request broke off below gRPC: its connection was lost, or its stream reset.
const BROKEN_OFF: &str = "h2 protocol error: ";

tokio::task_local! {
    /// `ErrorInfo.domain` of the service that is handling the request, e.g. `traffic.permits`.
    pub(super) static DOMAIN: Arc<str>;
}

/// One field that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path in the request, e.g. `permit.road_occupation.lanes[2]`.
    pub field: String,
    pub reason: Invalid,
}

impl FieldViolation {
    pub fn new(field: impl Into<String>, reason: Invalid) -> Self {
        Self {
            field: field.into(),
            reason,
        }
    }
}

/// Why a request was not answered with what it asked for. Handlers return it with `?`.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Rejected(Box<Rejection>),
    /// Never empty.
    #[error("{} invalid field(s)", .0.len())]
    Invalid(Vec<FieldViolation>),
    /// The message itself could not be read.
    #[error("malformed request: {0}")]
    Malformed(String),
    #[error("the request id was used before, for another request")]
    RequestIdReused,
    #[error("unavailable: {why}")]
    Unavailable {
        why: Cow<'static, str>,
        retry_after: Duration,
    },
    /// The command lost a race more often than it is retried; nothing was changed.
    #[error("aborted: {0}")]
    Aborted(Cow<'static, str>),
    /// The resource name as the caller gave it.
    #[error("{0} does not exist")]
    NotFound(String),
    #[error("unauthenticated: {0}")]
    Unauthenticated(&'static str),
    #[error("permission denied: {0}")]
    PermissionDenied(Cow<'static, str>),
    #[error("too many requests")]
    RateLimited { retry_after: Duration },
    #[error("the deadline passed")]
    DeadlineExceeded,
    /// The caller broke the call off, or its connection was lost in the middle of it.
    #[error("the call was broken off")]
    Cancelled,
    #[error("no such method")]
    Unimplemented,
    /// A bug or a broken machine. The cause is in the log under this id, never in the answer.
    #[error("internal error, incident {0}")]
    Internal(Uuid),
}

impl Failure {
    /// A bug or a broken machine: logs `cause` under a new incident id. `cause` must hold no personal data.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let incident = random::id();
        tracing::error!(%incident, %cause, "request failed");
        Self::Internal(incident)
    }

    pub fn unavailable(why: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::Unavailable {
            why: why.into(),
            retry_after,
        }
    }

    /// One field is wrong.
    pub fn field(field: impl Into<String>, reason: Invalid) -> Self {
        Self::Invalid(vec![FieldViolation::new(field, reason)])
    }

    pub fn code(&self) -> Code {
        match self {
            Self::Rejected(rejection) => match rejection.kind {
                RefusalKind::Forbidden => Code::FailedPrecondition,
                RefusalKind::NotEntitled => Code::PermissionDenied,
                RefusalKind::Unknown => Code::NotFound,
                RefusalKind::Taken => Code::AlreadyExists,
                RefusalKind::Field(_) => Code::InvalidArgument,
                RefusalKind::Stale => Code::Aborted,
            },
            Self::Invalid(_) | Self::Malformed(_) | Self::RequestIdReused => Code::InvalidArgument,
            Self::Unavailable { .. } => Code::Unavailable,
            Self::Aborted(_) => Code::Aborted,
            Self::NotFound(_) => Code::NotFound,
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::PermissionDenied(_) => Code::PermissionDenied,
            Self::RateLimited { .. } => Code::ResourceExhausted,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Cancelled => Code::Cancelled,
            Self::Unimplemented => Code::Unimplemented,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// Stable, machine-readable name of what went wrong.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.reason,
            Self::Invalid(_) => "INVALID_FIELDS",
            Self::Malformed(_) => "MALFORMED_REQUEST",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::Unavailable { .. } => "UNAVAILABLE",
            Self::Aborted(_) => "CONFLICT",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Unauthenticated(_) => "UNAUTHENTICATED",
            Self::PermissionDenied(_) => "PERMISSION_DENIED",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Cancelled => "CANCELLED",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// What a citizen or an officer is shown.
    fn zh(&self) -> String {
        match self {
            Self::Rejected(rejection) => rejection.zh.clone(),
            Self::Invalid(violations) => {
                let each: Vec<String> = violations
                    .iter()
                    .take(MOST_VIOLATIONS)
                    .map(|violation| format!("{}：{}", violation.field, violation.reason.zh))
                    .collect();
                each.join("；")
            }
            Self::Malformed(_) => "请求报文无法解析".into(),
            Self::RequestIdReused => "该请求编号已用于另一请求".into(),
            Self::Unavailable { .. } => "服务暂时不可用，请稍后重试".into(),
            Self::Aborted(_) => "数据已被他人更改，请重新读取后再试".into(),
            Self::NotFound(name) => format!("{name} 不存在"),
            Self::Unauthenticated(_) => "身份凭证缺失或无效".into(),
            Self::PermissionDenied(_) => "无权进行此操作".into(),
            Self::RateLimited { .. } => "请求过于频繁，请稍后重试".into(),
            Self::DeadlineExceeded => "请求超时".into(),
            Self::Cancelled => "请求已中断".into(),
            Self::Unimplemented => "没有该接口".into(),
            Self::Internal(incident) => format!("系统内部错误，事件编号 {incident}"),
        }
    }

    /// The status with all its details, in the error domain `domain`.
    pub(super) fn to_status(&self, domain: &str) -> Status {
        let mut metadata = HashMap::new();
        let mut details = ErrorDetails::new();
        match self {
            Self::Rejected(rejection) => {
                for (name, fact) in &rejection.facts {
                    metadata.insert((*name).to_owned(), fact.clone());
                }
                if let Some(basis) = &rejection.basis {
                    metadata.insert("legal_basis".to_owned(), basis.to_string());
                }
                if let RefusalKind::Field(field) = rejection.kind {
                    details.add_bad_request_violation(field, rejection.message.clone());
                }
            }
            Self::Invalid(violations) => {
                debug_assert!(!violations.is_empty(), "an invalid request has a violation");
                for violation in violations.iter().take(MOST_VIOLATIONS) {
                    details.add_bad_request_violation(
                        violation.field.clone(),
                        violation.reason.message.clone(),
                    );
                }
                if violations.len() > MOST_VIOLATIONS {
                    metadata.insert("violations".to_owned(), violations.len().to_string());
                }
                let mut bases: Vec<&LegalBasis> = Vec::new();
                for basis in violations.iter().filter_map(|v| v.reason.basis.as_ref()) {
                    if !bases.contains(&basis) {
                        bases.push(basis);
                    }
                }
                if !bases.is_empty() {
                    let bases: Vec<String> = bases.iter().map(ToString::to_string).collect();
                    metadata.insert("legal_basis".to_owned(), bases.join("; "));
                }
            }
            Self::RequestIdReused => {
                details.add_bad_request_violation("request_id", self.to_string());
            }
            Self::Unavailable { retry_after, .. } | Self::RateLimited { retry_after } => {
                details.set_retry_info(Some(*retry_after));
            }
            Self::NotFound(name) => {
                metadata.insert("resource".to_owned(), name.clone());
            }
            Self::Internal(incident) => {
                metadata.insert("incident".to_owned(), incident.to_string());
            }
            Self::Malformed(why) => {
                let field = unreadable_field(why);
                details.add_bad_request_violation(field, "cannot be read");
            }
            Self::Aborted(_)
            | Self::Unauthenticated(_)
            | Self::PermissionDenied(_)
            | Self::DeadlineExceeded
            | Self::Cancelled
            | Self::Unimplemented => {}
        }
        details.set_error_info(self.reason(), domain, metadata);
        details.set_localized_message("zh-CN", self.zh());
        Status::with_error_details(self.code(), self.to_string(), details)
    }

    /// What a status means that was not made from a failure: tonic's own for messages it cannot read, or a bug.
    pub(super) fn from_bare_status(code: Code, message: &str) -> Self {
        const UNREADABLE: [&str; 5] = [
            UNREADABLE_MESSAGE,
            "Missing request message",
            // The request ended in the middle of a message.
            "Unexpected EOF decoding stream",
            "protocol error",
            "Error decompressing",
        ];
        // Whatever code tonic makes of it: what happens to a client's connection is no incident of ours.
        if message.starts_with(BROKEN_OFF) {
            tracing::debug!(?code, why = message, "a client broke its call off");
            return Self::Cancelled;
        }
        match code {
            Code::Internal if UNREADABLE.iter().any(|text| message.starts_with(text)) => {
                Self::Malformed(message.to_owned())
            }
            Code::OutOfRange => Self::Malformed(message.to_owned()),
            Code::Unimplemented if message.is_empty() => Self::Unimplemented,
            Code::Unimplemented => Self::Malformed(message.to_owned()),
            Code::Unavailable => Self::unavailable("connection lost", Duration::from_secs(1)),
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Cancelled => Self::Cancelled,
            // Health knows no service of this name.
            Code::NotFound => Self::NotFound("the service asked about".to_owned()),
            _ => Self::internal(format_args!("a bare status: {code:?}: {message}")),
        }
    }
}

/// The path of the field that prost could not read, from its message: it names the way from the innermost message
/// outwards, `Point.latitude: Line.points: invalid wire type`. Empty, the message as a whole, if it names none.
fn unreadable_field(why: &str) -> String {
    let told = why.strip_prefix(UNREADABLE_MESSAGE).unwrap_or_default();
    let mut path: Vec<&str> = told
        .split(": ")
        .map_while(|part| part.split_once('.'))
        // A field named as a Rust keyword is told as Rust writes it.
        .map(|(message, field)| (message, field.strip_prefix("r#").unwrap_or(field)))
        .filter(|(message, field)| is_identifier(message) && is_identifier(field))
        .map(|(_, field)| field)
        .collect();
    path.reverse();
    path.join(".")
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

/// Inside a handler the error domain is that of the service; elsewhere it is `traffic`.
impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        DOMAIN
            .try_with(|domain| failure.to_status(domain))
            .unwrap_or_else(|_| failure.to_status("traffic"))
    }
}

/// What a row of a stream is answered with: the status that a call would have ended with, with all its details.
impl From<Failure> for rpc::Status {
    fn from(failure: Failure) -> Self {
        let status = Status::from(failure);
        // The details of a status are the whole of it, as Google's message.
        Self::decode(status.details()).unwrap_or_else(|_| Self {
            code: status.code() as i32,
            message: status.message().to_owned(),
            details: Vec::new(),
        })
    }
}

/// A client stream's messages arrive with tonic's own errors.
impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::from_bare_status(status.code(), status.message())
    }
}

#[cfg(test)]
mod tests;
