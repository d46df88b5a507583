//! Why a command did not do what was asked, in words that say what to do.

use std::error::Error;
use std::fmt;
use std::io;
use tonic::Status;
use tonic_types::StatusExt;

/// Exit code of a command line or setting that cannot be used (`EX_USAGE`).
pub(crate) const EXIT_USAGE: u8 = 64;
const EXIT_FAILURE: u8 = 1;

#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for makes no sense.
    Usage(String),
    /// It did not work, or what was checked is wrong.
    Failed(String),
    /// Nobody reads what we print: not a failure.
    ReaderGone,
}

impl Failure {
    pub(crate) fn usage(why: impl fmt::Display) -> Self {
        Self::Usage(why.to_string())
    }

    pub(crate) fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// What a service answered, with everything it says about why.
    pub(crate) fn of(what: &str, status: &Status) -> Self {
        Self::Failed(format!("{what}: {}", describe(status)))
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EXIT_USAGE,
            Self::Failed(_) => EXIT_FAILURE,
            Self::ReaderGone => 0,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) | Self::Failed(why) => f.write_str(why),
            Self::ReaderGone => f.write_str("the reader has gone"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(error)
    }
}

impl From<Box<dyn Error + Send + Sync>> for Failure {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::failed(error)
    }
}

/// The stable reason that a service gives; the code's name if it gives none.
pub(crate) fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map_or_else(
        || format!("{:?}", status.code()),
        |info| info.reason.clone(),
    )
}

/// A status in one line: reason, sentence, legal basis, and each field that breaks a rule.
pub(crate) fn describe(status: &Status) -> String {
    let details = status.get_error_details();
    let mut text = format!("{}: {}", reason(status), status.message());
    if let Some(basis) = details
        .error_info()
        .and_then(|info| info.metadata.get("legal_basis"))
    {
        text += &format!(" ({basis})");
    }
    for violation in details
        .bad_request()
        .map(|bad| bad.field_violations.as_slice())
        .unwrap_or_default()
    {
        text += &format!("; {}: {}", violation.field, violation.description);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    #[test]
    fn a_refusal_is_shown_with_reason_and_legal_basis() {
        let mut details = ErrorDetails::new();
        let basis = HashMap::from([("legal_basis".to_owned(), "Decree 591 art. 50".to_owned())]);
        details.set_error_info("TOO_LATE", "permits", basis);
        let status = Status::with_error_details(Code::FailedPrecondition, "it is late", details);
        assert_eq!(
            describe(&status),
            "TOO_LATE: it is late (Decree 591 art. 50)"
        );
    }

    #[test]
    fn every_field_that_breaks_a_rule_is_shown() {
        let mut details = ErrorDetails::new();
        details
            .add_bad_request_violation("permit.district", "must have six digits")
            .add_bad_request_violation("permit.contact", "is required");
        let status = Status::with_error_details(Code::InvalidArgument, "two fields", details);
        assert_eq!(
            describe(&status),
            "InvalidArgument: two fields; permit.district: must have six digits; permit.contact: is required"
        );
    }

    #[test]
    fn only_usage_exits_64() {
        assert_eq!(Failure::usage("x").exit_code(), 64);
        assert_eq!(Failure::failed("x").exit_code(), 1);
        assert_eq!(Failure::ReaderGone.exit_code(), 0);
    }
}
