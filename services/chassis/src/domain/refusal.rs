//! Why a command was not carried out, in words that a caller can act on and with the article that says so.

use std::borrow::Cow;
use std::fmt;

/// The provision that a decision or a refusal rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct LegalBasis {
    /// Short English title of the instrument, e.g. `Road Traffic Safety Law` or `Order 164`.
    pub instrument: Cow<'static, str>,
    /// Article, paragraph and item, e.g. `art. 32(1)`.
    pub article: Cow<'static, str>,
}

impl LegalBasis {
    /// A basis known at compile time.
    pub const fn new(instrument: &'static str, article: &'static str) -> Self {
        Self {
            instrument: Cow::Borrowed(instrument),
            article: Cow::Borrowed(article),
        }
    }
}

impl fmt::Display for LegalBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.instrument, self.article)
    }
}

/// What kind of "no" a refusal is; decides the gRPC status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The law or the state of things forbids it: `FAILED_PRECONDITION`.
    Forbidden,
    /// The caller may not do this, though another may: `PERMISSION_DENIED`.
    NotEntitled,
    /// What the command names does not exist: `NOT_FOUND`.
    Unknown,
    /// A unique value is taken: `ALREADY_EXISTS`.
    Taken,
    /// A field breaks a rule that only the state can tell: `INVALID_ARGUMENT` naming this field.
    Field(&'static str),
    /// The resource changed since the caller read it (etag): `ABORTED`.
    Stale,
}

/// A domain's own enumeration of its grounds for refusing a command.
///
/// `Display` is the English sentence: what was wrong, and what the caller can do.
pub trait Refusal: fmt::Display {
    /// Stable, machine-readable name of the ground: `UPPER_SNAKE_CASE`.
    fn reason(&self) -> &'static str;
    /// What kind of "no" this is.
    fn kind(&self) -> RefusalKind {
        RefusalKind::Forbidden
    }
    /// The provision it rests on. `None` only where no law is involved (an unknown id, a stale etag).
    fn basis(&self) -> Option<LegalBasis>;
    /// The sentence for citizens and officers, in Chinese (zh-CN).
    fn zh(&self) -> String;
    /// Further machine-readable facts (the conflicting permit, the limit, the measured value). No personal data.
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A refusal on its way to the caller, whatever domain it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub kind: RefusalKind,
    pub reason: &'static str,
    pub message: String,
    pub zh: String,
    pub basis: Option<LegalBasis>,
    pub facts: Vec<(&'static str, String)>,
}

impl<R: Refusal> From<R> for Rejection {
    fn from(refusal: R) -> Self {
        Self {
            kind: refusal.kind(),
            reason: refusal.reason(),
            message: refusal.to_string(),
            zh: refusal.zh(),
            basis: refusal.basis(),
            facts: refusal.facts(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.basis {
            Some(basis) => write!(f, " ({basis})"),
            None => Ok(()),
        }
    }
}
