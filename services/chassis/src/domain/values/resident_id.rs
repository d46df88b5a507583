//! The number by which a resident is identified.

use crate::domain::Invalid;
use std::fmt;
use std::ops::Range;
use zeroize::Zeroizing;

/// A resident identity number (居民身份证号码, GB 11643): 17 digits with a date of birth, and a check character.
///
/// Personal data, so it has no stored form and does not show itself: at the door it becomes a person reference, and
/// is kept only sealed. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentId(Zeroizing<String>);

impl ResidentId {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    /// By the remainder of the weighted sum by 11.
    const CHECKS: &[u8; 11] = b"10X98765432";

    /// # Errors
    /// If it has not 18 characters, its date of birth is none, or its check character is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if Self::is_valid(text.as_bytes()) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err(Invalid::new(
            "must be a resident identity number of 18 characters with a valid check character",
            "应为 18 位居民身份证号码，且校验码正确",
        ))
    }

    /// The check character that follows these digits (GB 11643); `None` unless they are 17.
    pub fn check_character(digits: &[u8]) -> Option<char> {
        if digits.len() != 17 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let sum: u32 = digits
            .iter()
            .zip(Self::WEIGHTS)
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        Some(char::from(Self::CHECKS[(sum % 11) as usize]))
    }

    fn is_valid(bytes: &[u8]) -> bool {
        let Some((check, digits)) = bytes.split_last() else {
            return false;
        };
        if Self::check_character(digits) != Some(char::from(*check)) {
            return false;
        }
        let number = |range: Range<usize>| {
            digits[range]
                .iter()
                .fold(0_i16, |sum, digit| sum * 10 + i16::from(digit - b'0'))
        };
        let (month, day) = (number(10..12), number(12..14));
        i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .is_some_and(|(month, day)| jiff::civil::Date::new(number(6..10), month, day).is_ok())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentId(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resident_id_has_a_date_of_birth_and_a_check_character() {
        for good in ["360426199101010071", "44011320141005001X"] {
            assert!(ResidentId::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "360426199101010072",
            "44011320141005001x",
            "360426199113010071",
            "36042619910101007",
            "3604261991010100711",
            "许0426199101010071",
        ] {
            assert!(ResidentId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_resident_id_does_not_show_itself() {
        let id = ResidentId::parse("360426199101010071").unwrap();
        assert!(!format!("{id:?}").contains("1991"));
    }
}
