//! A number under which somebody can be called.

use crate::domain::Invalid;
use std::fmt;
use zeroize::Zeroizing;

/// 5 to 20 digits, `+`, `-` and blanks, as people write them down.
///
/// Personal data, so it has no stored form and does not show itself: it is kept only sealed. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(Zeroizing<String>);

impl PhoneNumber {
    /// # Errors
    /// If it is shorter or longer or holds other characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ');
        if (5..=20).contains(&text.len()) && text.chars().all(allowed) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err(Invalid::new(
            "must have 5 to 20 digits, `+`, `-` or blanks",
            "应为 5 至 20 位数字，可含 +、- 或空格",
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_has_digits_and_what_people_write_between_them() {
        for good in ["12345", "+86 530-0000000", "00000000000000000000"] {
            assert!(PhoneNumber::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "1234", "call me", "000000000000000000000", "１２３４５"] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
