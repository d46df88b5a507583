//! Numbers that authorities and registries give out, each with its own form and check.

use super::checked_text;
use chassis::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

checked_text! {
    /// A vehicle's plate number (号牌号码): province, letter, then five or six characters without I and O, of which the last
    /// may be 挂 (trailer), 学, 警, 港 or 澳.
    PlateNumber
}

impl PlateNumber {
    const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

    /// # Errors
    /// If it cannot be a Chinese plate number.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let letter = |c: char| c.is_ascii_uppercase() && c != 'I' && c != 'O';
        let mut rest = text.chars();
        let head = rest.next().is_some_and(|c| Self::PROVINCES.contains(c))
            && rest.next().is_some_and(letter);
        let tail: Vec<char> = rest.collect();
        let body = |chars: &[char]| chars.iter().all(|&c| c.is_ascii_digit() || letter(c));
        let tail_is_valid = match tail.split_last() {
            Some((last, front)) if "挂学警港澳".contains(*last) => {
                front.len() == 4 && body(front)
            }
            _ => matches!(tail.len(), 5 | 6) && body(&tail),
        };
        if head && tail_is_valid {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(
                "must be a plate number such as 鲁R12345, without the letters I and O",
                "应为规范的机动车号牌号码，如 鲁R12345，不含字母 I 和 O",
            ))
        }
    }

    /// The plate in ASCII, as an aggregate id: code points in hexadecimal where it is not ASCII, each between hyphens.
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(16);
        for c in self.0.chars() {
            if c.is_ascii() {
                key.push(c);
            } else {
                key.push_str(&format!("-{:x}-", u32::from(c)));
            }
        }
        key.trim_matches('-').to_owned()
    }
}

checked_text! {
    /// A unified social credit code (统一社会信用代码, GB 32100): 18 characters, the last of which checks the others.
    CreditCode
}

impl CreditCode {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    /// # Errors
    /// If a character is not of the alphabet (I, O, S, V, Z are not) or the check character is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let values: Option<Vec<usize>> = text.chars().map(|c| Self::ALPHABET.find(c)).collect();
        let checks = values.is_some_and(|values| {
            let Some((check, body)) = values.split_last() else {
                return false;
            };
            let mut weight = 1;
            let mut sum = 0;
            for value in body {
                sum += value * weight;
                weight = weight * 3 % 31;
            }
            body.len() == 17 && (31 - sum % 31) % 31 == *check
        });
        if checks {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(
                "must be a unified social credit code of 18 characters with a valid check character",
                "应为 18 位统一社会信用代码，且校验码正确",
            ))
        }
    }
}

checked_text! {
    /// A CAS registry number, e.g. `143-33-9`; the last digit checks the others.
    CasNumber
}

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

checked_text! {
    /// A resident identity number (居民身份证号码, GB 11643): 17 digits with a date of birth, and a check character. Never stored:
    /// it becomes a person reference at the door.
    ResidentId
}

impl ResidentId {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";

    /// # Errors
    /// If it has not 18 characters, its date of birth is none, or its check character is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if Self::is_valid(text.as_bytes()) {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new(
                "must be a resident identity number of 18 characters with a valid check character",
                "应为 18 位居民身份证号码，且校验码正确",
            ))
        }
    }

    fn is_valid(bytes: &[u8]) -> bool {
        let Some((check, digits)) = bytes.split_last() else {
            return false;
        };
        if digits.len() != 17 || !digits.iter().all(u8::is_ascii_digit) {
            return false;
        }
        let number = |range: std::ops::Range<usize>| {
            digits[range]
                .iter()
                .fold(0_i16, |sum, digit| sum * 10 + i16::from(digit - b'0'))
        };
        let (month, day) = (number(10..12), number(12..14));
        let born = i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .is_some_and(|(month, day)| jiff::civil::Date::new(number(6..10), month, day).is_ok());
        let sum: u32 = digits
            .iter()
            .zip(Self::WEIGHTS)
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        born && Self::CHECKS[(sum % 11) as usize] == *check
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
    fn a_plate_has_a_province_a_letter_and_no_i_or_o() {
        for good in [
            "鲁R12345",
            "鲁RD12345",
            "鲁R1234挂",
            "京A1234警",
            "鲁R1234学",
        ] {
            assert!(PlateNumber::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "R12345",
            "鲁R1234",
            "鲁RI2345",
            "鲁RO2345",
            "鲁R1234567",
            "鲁r12345",
            "鲁R12345挂",
            "鲁I12345",
        ] {
            assert!(PlateNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_key_of_a_plate_is_an_aggregate_id_and_tells_plates_apart() {
        let key = |text| PlateNumber::parse(text).unwrap().key();
        for plate in ["鲁R12345", "鲁R1234挂"] {
            assert!(chassis::domain::AggregateKey::is_valid_id(&key(plate)));
        }
        assert_ne!(key("鲁R12345"), key("豫R12345"));
        assert_ne!(key("鲁R1234挂"), key("鲁R1234学"));
    }

    #[test]
    fn a_credit_code_is_checked_by_its_last_character() {
        assert!(CreditCode::parse("91110000600037341L").is_ok());
        for bad in [
            "91110000600037341M",
            "91110000600037342L",
            "9111000060003734L",
            "",
            "91110000600037341I",
        ] {
            assert!(CreditCode::parse(bad).is_err(), "{bad}");
        }
    }

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
            "许0426199101010071",
        ] {
            assert!(ResidentId::parse(bad).is_err(), "{bad}");
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
