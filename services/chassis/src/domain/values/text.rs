//! A text for people.

use super::checked_text;
use crate::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A text for people: 1 to `MAX` characters, not only blanks, no control characters but line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(Arc<str>);
checked_text!(Text<const MAX: usize>);

impl<const MAX: usize> Text<MAX> {
    /// # Errors
    /// If it is blank, too long or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        if !(1..=MAX).contains(&text.chars().count()) || !text.chars().all(printable) {
            return Err(Invalid::new(
                format!("must have 1 to {MAX} characters and no control characters"),
                format!("应为 1 至 {MAX} 个字符，且不得含有控制字符"),
            ));
        }
        Ok(Self(text.into()))
    }
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
