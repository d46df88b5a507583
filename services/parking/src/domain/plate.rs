//! Number plates (号牌) as a camera or a warden reads them, and what may be told from the plate alone.

use super::ids::digest_id;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The 31 provinces, autonomous regions and municipalities.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// A number plate in its normal form: upper case, without separators.
///
/// Admitted are civil plates of GA 36 (province, issuing letter, five characters without `I` and `O`, the last of which may be
/// 挂 学 警 港 澳), new-energy plates (small: `D` or `F`, today `A` to `K`, then an alphanumeric and four digits; large: five
/// digits, then such a letter), and the plates of the armed forces and the armed police.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlateNumber {
    text: Arc<str>,
}

/// What a plate's form tells of its vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateKind {
    /// An ordinary plate of GA 36; of what size the vehicle is, its colour tells, not its number.
    Civil,
    /// A trailer (挂).
    Trailer,
    /// A police vehicle (警).
    Police,
    /// The armed forces or the armed police (WJ).
    Military,
    NewEnergySmall,
    NewEnergyLarge,
}

impl PlateNumber {
    /// The plate in `text`; white space, `·`, `.` and `-` are dropped and letters made upper case. `None` if it is no plate.
    pub fn parse(text: &str) -> Option<Self> {
        // Longest admitted input: bounds the work done for hostile input.
        if text.len() > 64 {
            return None;
        }
        let normal: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '.' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        classify(&normal)?;
        Some(Self {
            text: normal.into(),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn kind(&self) -> PlateKind {
        classify(&self.text).expect("only plates become plate numbers")
    }

    /// The id under which what concerns this plate is kept, see [`digest_id`].
    pub fn token(&self) -> String {
        digest_id("plate", &[&self.text])
    }
}

fn classify(text: &str) -> Option<PlateKind> {
    let characters: Vec<char> = text.chars().collect();
    let letter = |c: char| c.is_ascii_uppercase() && c != 'I' && c != 'O';
    let alphanumeric = |c: char| c.is_ascii_digit() || letter(c);
    let new_energy = |c: char| ('A'..='K').contains(&c) && c != 'I';

    match characters.as_slice() {
        ['W', 'J', rest @ ..] => {
            let rest = match rest {
                [province, rest @ ..] if PROVINCES.contains(*province) => rest,
                _ => rest,
            };
            let five = rest.len() == 5 && rest.iter().copied().all(alphanumeric);
            five.then_some(PlateKind::Military)
        }
        [province, issuer, rest @ ..]
            if PROVINCES.contains(*province) && issuer.is_ascii_uppercase() =>
        {
            match rest {
                [a, b, c, d, last] => {
                    if ![*a, *b, *c, *d].into_iter().all(alphanumeric) {
                        return None;
                    }
                    match last {
                        '挂' => Some(PlateKind::Trailer),
                        '警' => Some(PlateKind::Police),
                        '学' | '港' | '澳' => Some(PlateKind::Civil),
                        last => alphanumeric(*last).then_some(PlateKind::Civil),
                    }
                }
                [first, second, digits @ ..] if digits.len() == 4 => {
                    if new_energy(*first)
                        && alphanumeric(*second)
                        && digits.iter().all(char::is_ascii_digit)
                    {
                        return Some(PlateKind::NewEnergySmall);
                    }
                    let all_but_last = first.is_ascii_digit()
                        && second.is_ascii_digit()
                        && digits[..3].iter().all(char::is_ascii_digit);
                    (all_but_last && new_energy(digits[3])).then_some(PlateKind::NewEnergyLarge)
                }
                _ => None,
            }
        }
        // Armed forces: two letters and five digits.
        [a, b, digits @ ..] if digits.len() == 5 => {
            let military = a.is_ascii_uppercase()
                && b.is_ascii_uppercase()
                && digits.iter().all(char::is_ascii_digit);
            military.then_some(PlateKind::Military)
        }
        _ => None,
    }
}

impl TryFrom<String> for PlateNumber {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| "no number plate".to_owned())
    }
}

impl From<PlateNumber> for String {
    fn from(plate: PlateNumber) -> String {
        plate.text.as_ref().to_owned()
    }
}

/// A plate leads to its holder, so it must not slip into logs.
impl fmt::Debug for PlateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plate ***")
    }
}

/// How large a vehicle counts for the tariff.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum VehicleClass {
    /// Small and micro vehicles; also what is assumed when nothing tells the class (in the payer's favour).
    #[default]
    Small,
    /// Large and medium vehicles (yellow plates, large new-energy plates).
    Large,
}

/// Which vehicle stands in a bay.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Vehicle {
    pub plate: PlateNumber,
    pub class: VehicleClass,
}

impl Vehicle {
    /// The class as read; if it was not read, as far as the plate tells it.
    pub fn new(plate: PlateNumber, class: Option<VehicleClass>) -> Self {
        let told_by_plate = match plate.kind() {
            PlateKind::NewEnergyLarge => VehicleClass::Large,
            _ => VehicleClass::Small,
        };
        Self {
            class: class.unwrap_or(told_by_plate),
            plate,
        }
    }

    /// Whether the plate is one of a battery-electric or other new-energy vehicle.
    pub fn is_new_energy(&self) -> bool {
        matches!(
            self.plate.kind(),
            PlateKind::NewEnergySmall | PlateKind::NewEnergyLarge
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_of_ga_36_are_read_with_or_without_separators() {
        for (text, kind) in [
            ("鲁R12345", PlateKind::Civil),
            ("鲁r·a1b2c", PlateKind::Civil),
            ("鲁R-1234学", PlateKind::Civil),
            ("粤Z1234港", PlateKind::Civil),
            ("鲁R1234挂", PlateKind::Trailer),
            ("鲁R1234警", PlateKind::Police),
            ("鲁RD12345", PlateKind::NewEnergySmall),
            ("鲁RKA2345", PlateKind::NewEnergySmall),
            ("鲁R12345F", PlateKind::NewEnergyLarge),
            ("WJ鲁12345", PlateKind::Military),
            ("WJ12345", PlateKind::Military),
            ("VA12345", PlateKind::Military),
        ] {
            let plate = PlateNumber::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(plate.kind(), kind, "{text}");
        }
        assert_eq!(
            PlateNumber::parse("鲁R 12345"),
            PlateNumber::parse("鲁r·12345"),
            "one plate, one form"
        );
    }

    #[test]
    fn what_is_no_plate_does_not_become_one() {
        for text in [
            "",
            "鲁",
            "鲁R",
            "鲁R1234",
            "鲁R123456",
            "鲁RI2345",
            "鲁RO2345",
            "甲R12345",
            "鲁RL12345",
            "鲁RI12345",
            "鲁R1234民",
            "鲁RD1234A",
            "R12345",
            "鲁R12345挂",
            "12A3456",
            "WJ1234",
            "鲁R12345L",
        ] {
            assert!(PlateNumber::parse(text).is_none(), "{text}");
        }
        assert!(PlateNumber::parse(&"鲁R12345".repeat(100)).is_none());
        assert!(serde_json::from_str::<PlateNumber>("\"x\"").is_err());
    }

    #[test]
    fn a_plate_does_not_show_in_debug_output_nor_in_its_token() {
        let plate = PlateNumber::parse("鲁R12345").unwrap();
        assert!(!format!("{plate:?}").contains("12345"));
        assert_eq!(plate.token().len(), 32);
    }

    #[test]
    fn the_class_follows_the_reading_then_the_plate_then_the_payers_favour() {
        let large = PlateNumber::parse("鲁R12345F").unwrap();
        assert_eq!(Vehicle::new(large.clone(), None).class, VehicleClass::Large);
        assert_eq!(
            Vehicle::new(large, Some(VehicleClass::Small)).class,
            VehicleClass::Small
        );
        let civil = PlateNumber::parse("鲁R12345").unwrap();
        assert_eq!(Vehicle::new(civil, None).class, VehicleClass::Small);
    }
}
