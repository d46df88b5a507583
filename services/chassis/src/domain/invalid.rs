//! Why a raw value is not a value of the domain, in English and in Chinese.

use super::LegalBasis;
use std::borrow::Cow;
use std::fmt;

/// What the parser of a value type answers: `Vin::parse(text) -> Result<Vin, Invalid>`.
///
/// Both sentences say what is wrong and what is allowed, without repeating the value (it may be personal data) and
/// without naming the field, which only the caller of the parser knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub message: Cow<'static, str>,
    pub zh: Cow<'static, str>,
    /// The provision that sets the bound, if a law does.
    pub basis: Option<LegalBasis>,
}

impl Invalid {
    pub fn new(message: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            zh: zh.into(),
            basis: None,
        }
    }

    #[must_use]
    pub fn because(mut self, basis: LegalBasis) -> Self {
        self.basis = Some(basis);
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Invalid {}
