//! Small values that exist only if they are valid: texts, document numbers, ids, and the numbers of `numbers`.

mod numbers;

pub use numbers::{CasNumber, CreditCode, PlateNumber, ResidentId, UnNumber};

use chassis::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A value that is a checked text: stored as text, read back only if still well-formed.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }
    };
}

use checked_text;

/// A text for people: 1 to `MAX` characters, not only blanks, no control characters but line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(Box<str>);

impl<const MAX: usize> Text<MAX> {
    /// # Errors
    /// If it is blank, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let length = text.chars().count();
        let printable = text
            .chars()
            .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'));
        if length == 0 || length > MAX || !printable {
            return Err(Invalid::new(
                format!("must have 1 to {MAX} characters and no control characters"),
                format!("应为 1 至 {MAX} 个字符，且不得含有控制字符"),
            ));
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0.into()
    }
}

checked_text! {
    /// The number of a document, a plan or a unit: 1 to 60 letters (of any script), digits and `-`, `_`, `/`, `(`, `)`, `[`,
    /// `]`, `〔`, `〕`, `.`, as authorities number their documents.
    DocumentNumber
}

impl DocumentNumber {
    /// # Errors
    /// If it is empty, too long or holds other characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_alphanumeric() || "-_/()[]〔〕.".contains(c);
        if !(1..=60).contains(&text.chars().count()) || !text.chars().all(allowed) {
            return Err(Invalid::new(
                "must have 1 to 60 letters, digits or `-_/()[].`",
                "应为 1 至 60 个字母、数字或 -_/()[]〔〕. 字符",
            ));
        }
        Ok(Self(text.into()))
    }
}

checked_text! {
    /// The id of a permit, the last segment of its resource name: a UUID in lower case.
    PermitId
}

impl PermitId {
    /// # Errors
    /// If it is no UUID in lower case with hyphens.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let canonical = uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text);
        if !canonical {
            return Err(Invalid::new(
                "must be a lower-case UUID with hyphens",
                "应为带连字符的小写 UUID",
            ));
        }
        Ok(Self(text.into()))
    }

    pub fn new(id: uuid::Uuid) -> Self {
        Self(id.to_string().into())
    }
}

/// An organisation that applies or carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    pub name: Text<100>,
    pub credit_code: CreditCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_bounded_in_characters_not_bytes() {
        assert_eq!(Text::<2>::parse(" 道路 ").unwrap().as_str(), "道路");
        for bad in ["", "  ", "道路道", "a\0"] {
            assert!(Text::<2>::parse(bad).is_err(), "{bad:?}");
        }
    }
}
