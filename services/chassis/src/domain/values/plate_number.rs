//! Number plates of vehicles, and what may be told from the plate alone.

use super::{checked_text, digest_id};
use crate::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The 31 provinces, autonomous regions and municipalities.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// A vehicle's plate number (号牌号码) in its normal form: upper case, without separators.
///
/// Admitted are civil plates of GA 36 (province, issuing letter, five characters without I and O, the last of which may be
/// 挂 学 警 港 澳), new-energy plates (small: a letter `A` to `K` without `I`, an alphanumeric and four digits; large: five
/// digits and such a letter), and the plates of the armed forces and the armed police.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlateNumber(Arc<str>);
checked_text!(PlateNumber);

/// What a plate's form tells of its vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateKind {
    /// An ordinary plate of GA 36; of what size the vehicle is, its colour tells, not its number.
    Civil,
    /// A trailer (挂).
    Trailer,
    /// A vehicle in which people learn to drive (学).
    Learner,
    /// A police vehicle (警).
    Police,
    /// A vehicle that comes from Hong Kong or Macao (港, 澳).
    CrossBorder,
    /// The armed forces or the armed police (WJ).
    Military,
    NewEnergySmall,
    NewEnergyLarge,
}

impl PlateNumber {
    /// The plate in `text`, where white space, `·`, `.` and `-` do not count, nor does the case of letters.
    ///
    /// # Errors
    /// If it cannot be a Chinese plate number.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        // Longest admitted input: bounds the work done for hostile input.
        if text.len() <= 64 {
            let normal: String = text
                .chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '.' | '-'))
                .map(|c| c.to_ascii_uppercase())
                .collect();
            if classify(&normal).is_some() {
                return Ok(Self(normal.into()));
            }
        }
        Err(Invalid::new(
            "must be a plate number such as 鲁R12345, without the letters I and O",
            "应为规范的机动车号牌号码，如 鲁R12345，不含字母 I 和 O",
        ))
    }

    /// # Panics
    /// Never: what has no kind does not become a plate number.
    pub fn kind(&self) -> PlateKind {
        classify(&self.0).expect("only plates become plate numbers")
    }

    /// An aggregate id that hides the plate, see [`digest_id`]: for what tells where a vehicle has been.
    pub fn token(&self) -> String {
        digest_id("plate", &[&self.0])
    }

    /// An aggregate id in which the plate can be read: code points in hexadecimal where they are not ASCII, each between
    /// hyphens.
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

fn classify(text: &str) -> Option<PlateKind> {
    let characters: Vec<char> = text.chars().collect();
    match characters.as_slice() {
        ['W', 'J', rest @ ..] => {
            let number = match rest {
                [province, number @ ..] if PROVINCES.contains(*province) => number,
                number => number,
            };
            let armed_police = number.len() == 5 && number.iter().copied().all(alphanumeric);
            armed_police.then_some(PlateKind::Military)
        }
        [province, issuer, number @ ..] if PROVINCES.contains(*province) && letter(*issuer) => {
            civil(number)
        }
        [first, second, digits @ ..] if digits.len() == 5 => {
            let armed_forces = letter(*first) && letter(*second) && all_digits(digits);
            armed_forces.then_some(PlateKind::Military)
        }
        _ => None,
    }
}

/// What stands behind the province and the issuing letter.
fn civil(number: &[char]) -> Option<PlateKind> {
    match number {
        [front @ .., last] if front.len() == 4 && front.iter().copied().all(alphanumeric) => {
            match last {
                '挂' => Some(PlateKind::Trailer),
                '学' => Some(PlateKind::Learner),
                '警' => Some(PlateKind::Police),
                '港' | '澳' => Some(PlateKind::CrossBorder),
                last => alphanumeric(*last).then_some(PlateKind::Civil),
            }
        }
        [mark, second, digits @ ..]
            if digits.len() == 4
                && new_energy(*mark)
                && alphanumeric(*second)
                && all_digits(digits) =>
        {
            Some(PlateKind::NewEnergySmall)
        }
        [digits @ .., mark] if digits.len() == 5 && all_digits(digits) && new_energy(*mark) => {
            Some(PlateKind::NewEnergyLarge)
        }
        _ => None,
    }
}

fn letter(c: char) -> bool {
    c.is_ascii_uppercase() && c != 'I' && c != 'O'
}

fn alphanumeric(c: char) -> bool {
    c.is_ascii_digit() || letter(c)
}

/// The letters that mark a new-energy plate: first `D` and `F`, today `A` to `K`.
fn new_energy(c: char) -> bool {
    letter(c) && c <= 'K'
}

fn all_digits(characters: &[char]) -> bool {
    characters.iter().all(char::is_ascii_digit)
}

/// A plate leads to its holder, so it must not slip into logs.
impl fmt::Debug for PlateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlateNumber(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AggregateKey;

    #[test]
    fn plates_of_ga_36_are_told_by_their_form() {
        for (text, kind) in [
            ("鲁R12345", PlateKind::Civil),
            ("鲁RAB12C", PlateKind::Civil),
            ("鲁R1234学", PlateKind::Learner),
            ("粤Z1234港", PlateKind::CrossBorder),
            ("粤Z1234澳", PlateKind::CrossBorder),
            ("鲁R1234挂", PlateKind::Trailer),
            ("鲁R1234警", PlateKind::Police),
            ("鲁RD12345", PlateKind::NewEnergySmall),
            ("鲁RKA2345", PlateKind::NewEnergySmall),
            ("鲁R12345F", PlateKind::NewEnergyLarge),
            ("鲁R12345A", PlateKind::NewEnergyLarge),
            ("WJ鲁12345", PlateKind::Military),
            ("WJ12345", PlateKind::Military),
            ("VA12345", PlateKind::Military),
        ] {
            let plate = PlateNumber::parse(text).unwrap_or_else(|_| panic!("{text}"));
            assert_eq!(plate.kind(), kind, "{text}");
            assert_eq!(plate.as_str(), text);
        }
    }

    #[test]
    fn one_plate_has_one_form_however_it_is_written() {
        let plate = PlateNumber::parse("鲁RA1B2C").unwrap();
        for text in ["鲁r·a1b2c", "鲁R-A1B2C", " 鲁R A1B 2C ", "鲁R.A1B2C"] {
            assert_eq!(PlateNumber::parse(text), Ok(plate.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_plate_does_not_become_one() {
        for text in [
            "",
            "鲁",
            "鲁R",
            "鲁R1234",
            "鲁R123456",
            "鲁R1234567",
            "鲁I12345",
            "鲁O12345",
            "鲁RI2345",
            "鲁RO2345",
            "甲R12345",
            "鲁RL12345",
            "鲁RI12345",
            "鲁R1234民",
            "鲁RD1234A",
            "鲁R12345挂",
            "鲁R挂1234",
            "鲁R12345L",
            "R12345",
            "12A3456",
            "WJ1234",
            &"鲁R12345".repeat(100),
        ] {
            assert!(PlateNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_key_of_a_plate_is_an_aggregate_id_and_tells_plates_apart() {
        let key = |text| PlateNumber::parse(text).unwrap().key();
        for plate in ["鲁R12345", "鲁R1234挂", "WJ鲁12345"] {
            assert!(AggregateKey::is_valid_id(&key(plate)));
        }
        assert_ne!(key("鲁R12345"), key("豫R12345"));
        assert_ne!(key("鲁R1234挂"), key("鲁R1234学"));
        assert_eq!(key("鲁R1234挂"), "9c81-R1234-6302", "stored for ever");
    }

    #[test]
    fn a_plate_does_not_show_in_debug_output_nor_in_its_token() {
        let plate = PlateNumber::parse("鲁R12345").unwrap();
        assert!(!format!("{plate:?}").contains("12345"));
        assert_eq!(
            plate.token(),
            "5e7ecad850abe9870a5dfa9d45f6350f",
            "stored for ever"
        );
    }
}
