//! What a failed call tells its caller, in short.

use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// `ErrorInfo.reason`: every answer of a service has one, a broken connection has none.
pub fn reason(status: &Status) -> Option<String> {
    let info = status.get_details_error_info()?;
    (!info.reason.is_empty()).then_some(info.reason)
}

/// A value of `ErrorInfo.metadata`.
pub fn fact(status: &Status, name: &str) -> Option<String> {
    status.get_details_error_info()?.metadata.remove(name)
}

pub fn retry_after(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// The fields that `BadRequest` names.
pub fn fields(status: &Status) -> Vec<String> {
    let request = status.get_details_bad_request();
    let violations = request.map(|request| request.field_violations);
    violations
        .unwrap_or_default()
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}

/// Whether a code says no for good.
pub fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
    )
}

/// Code, reason, fields and message in one line.
pub fn describe(status: &Status) -> String {
    format!(
        "{:?} {} {:?}: {}",
        status.code(),
        reason(status).unwrap_or_default(),
        fields(status),
        status.message()
    )
}
