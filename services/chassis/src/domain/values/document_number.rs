//! The number of a document, a plan, a device, a receipt or a unit.

use super::checked_text;
use crate::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// 1 to 60 letters (of any script), digits and `-_/()[]〔〕.`, as authorities number their documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentNumber(Arc<str>);
checked_text!(DocumentNumber);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_number_has_letters_digits_and_the_signs_of_offices() {
        for good in ["鲁公交〔2026〕1", "A-1/2(3)[4].5_6", &"号".repeat(60)] {
            assert!(DocumentNumber::parse(good).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "a\n", "<1>", &"号".repeat(61)] {
            assert!(DocumentNumber::parse(bad).is_err(), "{bad:?}");
        }
    }
}
