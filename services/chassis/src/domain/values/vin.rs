//! The number that a vehicle carries from the factory on.

use super::checked_text;
use crate::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A vehicle identification number (车辆识别代号, GB 16735, ISO 3779): 17 digits and capital letters without I, O and Q, the
/// ninth of which checks the others. It is fit to be an aggregate id as it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vin(Arc<str>);
checked_text!(Vin);

impl Vin {
    pub const LENGTH: usize = 17;
    const WEIGHTS: [u32; Self::LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    /// By the remainder of the weighted sum by 11.
    const CHECKS: &[u8; 11] = b"0123456789X";
    const CHECK_PLACE: usize = 8;

    /// # Errors
    /// If it has not 17 characters, one of them is not admitted, or its check character is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if Self::is_valid(text.as_bytes()) {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(
            "must be a vehicle identification number of 17 characters without I, O and Q, with a valid check character",
            "应为 17 位车辆识别代号，不含字母 I、O、Q，且校验位正确",
        ))
    }

    fn is_valid(bytes: &[u8]) -> bool {
        if bytes.len() != Self::LENGTH {
            return false;
        }
        let mut sum = 0;
        for (byte, weight) in bytes.iter().zip(Self::WEIGHTS) {
            let Some(value) = Self::value(*byte) else {
                return false;
            };
            sum += value * weight;
        }
        Self::CHECKS[(sum % 11) as usize] == bytes[Self::CHECK_PLACE]
    }

    /// The number that the check counts a character as.
    fn value(byte: u8) -> Option<u32> {
        match byte {
            b'0'..=b'9' => Some(u32::from(byte - b'0')),
            b'A' | b'J' => Some(1),
            b'B' | b'K' | b'S' => Some(2),
            b'C' | b'L' | b'T' => Some(3),
            b'D' | b'M' | b'U' => Some(4),
            b'E' | b'N' | b'V' => Some(5),
            b'F' | b'W' => Some(6),
            b'G' | b'P' | b'X' => Some(7),
            b'H' | b'Y' => Some(8),
            b'R' | b'Z' => Some(9),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AggregateKey;

    #[test]
    fn a_vin_is_checked_by_its_ninth_character() {
        for good in ["1M8GDM9AXKP042788", "11111111111111111"] {
            let vin = Vin::parse(good).unwrap();
            assert!(AggregateKey::is_valid_id(vin.as_str()));
        }
        for check in "0123456789".chars() {
            let other = format!("1M8GDM9A{check}KP042788");
            assert!(Vin::parse(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_change_of_any_one_digit_is_noticed_where_the_check_counts_it() {
        for place in (0..Vin::LENGTH).filter(|place| *place != Vin::CHECK_PLACE) {
            let mut changed = *b"11111111111111111";
            changed[place] = b'2';
            assert!(!Vin::is_valid(&changed), "place {place}");
        }
    }

    #[test]
    fn what_cannot_be_a_vin_is_none() {
        for bad in [
            "",
            "1M8GDM9AXKP04278",
            "1M8GDM9AXKP0427888",
            "1m8gdm9axkp042788",
            "IM8GDM9AXKP042788",
            "1M8GDM9AXKPO42788",
            "1M8GDM9AXKPQ42788",
            "1M8GDM9AXKP04278-",
            "鲁鲁鲁鲁鲁12",
        ] {
            assert!(Vin::parse(bad).is_err(), "{bad}");
        }
    }
}
