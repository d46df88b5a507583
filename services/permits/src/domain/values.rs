//! Small values of permits that exist only if they are valid.

use chassis::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

chassis::uuid_id! {
    /// The id of a permit, the last segment of its resource name.
    PermitId
}

/// A CAS registry number, e.g. `143-33-9`; the last digit checks the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CasNumber(Box<str>);

impl CasNumber {
    /// # Errors
    /// If the form or the check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('-').collect();
        let shaped = matches!(parts[..], [a, b, c] if (2..=7).contains(&a.len()) && b.len() == 2 && c.len() == 1)
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
        let checks = digits.split_last().is_some_and(|(check, body)| {
            let sum: u32 = body
                .iter()
                .rev()
                .zip(1..)
                .map(|(digit, weight)| digit * weight)
                .sum();
            sum % 10 == *check
        });
        if shaped && checks {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(
                "must be a CAS number such as 143-33-9 with a valid check digit",
                "应为 CAS 登记号，如 143-33-9，且校验位正确",
            ))
        }
    }
}

impl fmt::Display for CasNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CasNumber {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<CasNumber> for String {
    fn from(number: CasNumber) -> Self {
        number.0.into()
    }
}

/// A UN number of dangerous goods: `0004` to `3600`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnNumber(u16);

impl UnNumber {
    /// # Errors
    /// If it has not four digits or lies outside the numbers given out so far.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u16>() {
            Ok(number) if digits && (4..=3600).contains(&number) => Ok(Self(number)),
            _ => Err(Invalid::new(
                "must be a UN number of four digits, 0004 to 3600",
                "应为四位联合国编号，0004 至 3600",
            )),
        }
    }
}

impl fmt::Display for UnNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cas_number_is_checked_by_its_last_digit() {
        for good in ["143-33-9", "7732-18-5", "151-50-8"] {
            assert!(CasNumber::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "143-33-8",
            "143339",
            "1-33-9",
            "143-3-39",
            "--",
            "a43-33-9",
            "12345678-33-9",
        ] {
            assert!(CasNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_un_number_has_four_digits_within_the_list() {
        for (text, valid) in [
            ("0004", true),
            ("0003", false),
            ("3600", true),
            ("3601", false),
            ("168", false),
            ("+168", false),
        ] {
            assert_eq!(UnNumber::parse(text).is_ok(), valid, "{text}");
        }
        assert_eq!(UnNumber::parse("0050").unwrap().to_string(), "0050");
    }
}
