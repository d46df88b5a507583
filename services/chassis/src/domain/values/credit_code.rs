//! The number under which an organisation is registered.

use super::checked_text;
use crate::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A unified social credit code (统一社会信用代码, GB 32100): 18 characters, the last of which checks the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(Arc<str>);
checked_text!(CreditCode);

impl CreditCode {
    /// Each character's value is its place here; I, O, S, V and Z are left out.
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    /// # Errors
    /// If a character is not of the alphabet or the check character is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if Self::is_valid(text) {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(
            "must be a unified social credit code of 18 characters with a valid check character",
            "应为 18 位统一社会信用代码，且校验码正确",
        ))
    }

    fn is_valid(text: &str) -> bool {
        let mut sum = 0;
        let mut weight = 1;
        let mut check = None;
        for (place, character) in text.chars().enumerate() {
            let Some(value) = Self::ALPHABET.find(character) else {
                return false;
            };
            match place {
                0..17 => {
                    sum += value * weight;
                    weight = weight * 3 % 31;
                }
                17 => check = Some(value),
                _ => return false,
            }
        }
        check == Some((31 - sum % 31) % 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_code_is_checked_by_its_last_character() {
        assert!(CreditCode::parse("91110000600037341L").is_ok());
        for bad in [
            "91110000600037341M",
            "91110000600037342L",
            "9111000060003734L",
            "91110000600037341L0",
            "",
            "91110000600037341I",
            "91110000600037341l",
        ] {
            assert!(CreditCode::parse(bad).is_err(), "{bad}");
        }
    }
}
