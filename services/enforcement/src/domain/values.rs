//! Small values that exist only if they are valid: texts, numbers of documents, ids of cases, plates, credit codes.

use chassis::domain::{District, Invalid};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a checked text is made of: stored as text, read back only if still well-formed.
macro_rules! as_text {
    ($name:ident $(<const $n:ident: usize>)?) => {
        impl $(<const $n: usize>)? $name $(<$n>)? {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $(<const $n: usize>)? fmt::Display for $name $(<$n>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $(<const $n: usize>)? TryFrom<String> for $name $(<$n>)? {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::parse(&text)
            }
        }

        impl $(<const $n: usize>)? From<$name $(<$n>)?> for String {
            fn from(value: $name $(<$n>)?) -> Self {
                value.0.into()
            }
        }
    };
}

/// A text for people: 1 to `MAX` characters, not only blanks, no control characters but line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(Box<str>);
as_text!(Text<const MAX: usize>);

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

/// The number of a document, a device, a receipt or a unit: 1 to 60 letters (of any script), digits and `-_/()[]〔〕.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentNumber(Box<str>);
as_text!(DocumentNumber);

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

/// The id of a case, a hazard, a detention: the last segment of its resource name, a UUID in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId(Box<str>);
as_text!(CaseId);

impl CaseId {
    /// # Errors
    /// If it is no UUID in lower case with hyphens.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text) {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(
            "must be a lower-case UUID with hyphens",
            "应为带连字符的小写 UUID",
        ))
    }

    pub fn new(id: uuid::Uuid) -> Self {
        Self(id.to_string().into())
    }
}

/// A vehicle's plate number (号牌号码): province, letter, then five or six characters without I and O, of which the last
/// may be 挂 (trailer), 学, 警, 港 or 澳.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlateNumber(Box<str>);
as_text!(PlateNumber);

impl PlateNumber {
    const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

    /// # Errors
    /// If it cannot be a Chinese plate number.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let letter = |c: char| c.is_ascii_uppercase() && c != 'I' && c != 'O';
        let body = |chars: &[char]| chars.iter().all(|&c| c.is_ascii_digit() || letter(c));
        let characters: Vec<char> = text.chars().take(9).collect();
        let valid = match characters.as_slice() {
            [province, office, front @ .., last]
                if Self::PROVINCES.contains(*province) && letter(*office) =>
            {
                if "挂学警港澳".contains(*last) {
                    front.len() == 4 && body(front)
                } else {
                    matches!(front.len(), 4 | 5) && body(front) && body(&[*last])
                }
            }
            _ => false,
        };
        if valid {
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

/// A unified social credit code (统一社会信用代码, GB 32100): 18 characters, the last of which checks the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(Box<str>);
as_text!(CreditCode);

impl CreditCode {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    /// # Errors
    /// If a character is not of the alphabet or the check character is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let values: Option<Vec<usize>> = text
            .chars()
            .take(19)
            .map(|c| Self::ALPHABET.find(c))
            .collect();
        let checks = values.is_some_and(|values| {
            let Some((check, body)) = values.split_last() else {
                return false;
            };
            let weighted = body.iter().scan(1, |weight, value| {
                let product = value * *weight;
                *weight = *weight * 3 % 31;
                Some(product)
            });
            body.len() == 17 && (31 - weighted.sum::<usize>() % 31) % 31 == *check
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

/// A resident identity number (居民身份证号码, GB 11643): 18 characters, the last of which checks the others.
///
/// Personal data: never stored but sealed, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentId(Box<str>);

impl ResidentId {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";

    /// # Errors
    /// If it has not 18 characters, its date of birth is none, or its check character is wrong.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if Self::checks(text) {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(
            "must be a resident identity number of 18 characters with a valid check character",
            "应为 18 位居民身份证号码，且校验码正确",
        ))
    }

    fn checks(text: &str) -> bool {
        let Some((check, digits)) = text.as_bytes().split_last() else {
            return false;
        };
        if digits.len() != 17 || !digits.iter().all(u8::is_ascii_digit) {
            return false;
        }
        let weighted = digits.iter().zip(Self::WEIGHTS);
        let sum: u32 = weighted
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        let born = format!("{}-{}-{}", &text[6..10], &text[10..12], &text[12..14]);
        born.parse::<jiff::civil::Date>().is_ok() && Self::CHECKS[(sum % 11) as usize] == *check
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidentId")
    }
}

/// Where on the road network something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub district: District,
    /// Name of the road, with the junction or the kilometre.
    pub road: Text<100>,
    /// WGS 84, in units of 1e-7 degrees: longitude, latitude.
    pub point: Option<(i32, i32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_has_a_province_a_letter_and_no_i_or_o() {
        for good in ["鲁R12345", "鲁RD12345", "鲁R1234挂", "京A1234警"] {
            assert!(PlateNumber::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "鲁",
            "R12345",
            "鲁R1234",
            "鲁RI2345",
            "鲁R1234567",
            "鲁r12345",
            "鲁R12345挂",
            "鲁R挂1234",
        ] {
            assert!(PlateNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_key_of_a_plate_is_an_aggregate_id_and_tells_plates_apart() {
        let key = |text| PlateNumber::parse(text).unwrap().key();
        assert!(chassis::domain::AggregateKey::is_valid_id(&key(
            "鲁R1234挂"
        )));
        assert_ne!(key("鲁R12345"), key("豫R12345"));
        assert_ne!(key("鲁R1234挂"), key("鲁R1234学"));
    }

    #[test]
    fn a_credit_code_is_checked_by_its_last_character() {
        assert!(CreditCode::parse("91110000600037341L").is_ok());
        for bad in ["91110000600037341M", "91110000600037342L", "", "9111"] {
            assert!(CreditCode::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_identity_number_is_checked_by_its_date_and_its_last_character() {
        for good in ["360426199101010071", "44011320141005001X"] {
            assert!(ResidentId::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "360426199101010072",
            "360426199113010071",
            "36042619910101007",
            "许0426199101010071",
        ] {
            assert!(ResidentId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_is_trimmed_and_bounded_in_characters_not_bytes() {
        assert_eq!(Text::<2>::parse(" 道路 ").unwrap().as_str(), "道路");
        for bad in ["", "  ", "道路道", "a\0"] {
            assert!(Text::<2>::parse(bad).is_err(), "{bad:?}");
        }
    }
}
