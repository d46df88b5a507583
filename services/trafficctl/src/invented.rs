//! Invented people, firms and vehicles: well-formed, check characters included, and none of them exists.
//!
//! Identity numbers are of a district that there is none of (379999).

use chassis::domain::values::{ResidentId, Vin};

/// The county-level districts of Heze (GB/T 2260).
pub(crate) const DISTRICTS: [&str; 9] = [
    "371702", "371703", "371721", "371722", "371723", "371724", "371725", "371726", "371728",
];

/// Splitmix64: a few lines that give the same numbers for ever, which a library's generator does not promise.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of one of many things made under the same seed.
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        Self(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// True in so many of a thousand cases.
    pub(crate) fn in_a_thousand(&mut self, cases: u64) -> bool {
        self.below(1_000) < cases
    }
}

/// Of somebody born between 1950 and 2004, by a number below 20 million (GB 11643).
pub(crate) fn identity_number(person: u64) -> String {
    let days = i64::try_from(person / 1_000 % (55 * 365)).unwrap_or_default();
    let born = jiff::civil::date(1950, 1, 1) + jiff::Span::new().days(days);
    let digits = format!(
        "379999{:04}{:02}{:02}{:03}",
        born.year(),
        born.month(),
        born.day(),
        person % 1_000
    );
    let check = ResidentId::check_character(digits.as_bytes()).unwrap_or_default();
    format!("{digits}{check}")
}

/// Of a firm, by a number of at most seven digits (GB 32100).
pub(crate) fn credit_code(firm: u32) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut code = format!("91371700MA{firm:07}");
    let mut weight = 1;
    let mut sum = 0;
    for letter in code.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter);
        sum += value.unwrap_or_default() * weight;
        weight = weight * 3 % 31;
    }
    code.push(char::from(ALPHABET[(31 - sum % 31) % 31]));
    code
}

/// Of a vehicle, by a number of at most seven digits (GB 16735).
pub(crate) fn vin(vehicle: u32) -> String {
    "0123456789X"
        .chars()
        .map(|check| format!("LBENCH00{check}R{vehicle:07}"))
        .find(|vin| Vin::parse(vin).is_ok())
        .unwrap_or_default()
}

/// A plate of Heze, by a number below 45 million: the five characters of GA 36, digits and letters without I and O.
pub(crate) fn plate(vehicle: u64) -> String {
    const ALPHABET: &[u8; 34] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut rest = vehicle;
    let mut characters = ['0'; 5];
    for character in characters.iter_mut().rev() {
        let digit = usize::try_from(rest % 34).unwrap_or_default();
        *character = char::from(ALPHABET[digit]);
        rest /= 34;
    }
    characters
        .iter()
        .fold("鲁R".to_owned(), |mut plate, character| {
            plate.push(*character);
            plate
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::domain::values::{CreditCode, PlateNumber};
    use std::collections::BTreeSet;

    #[test]
    fn all_numbers_are_of_the_form_that_the_services_take() {
        for number in [0, 1, 31, 999, 1_000, 4_711, 999_999, 9_999_999] {
            let (person, firm) = (identity_number(number.into()), credit_code(number));
            assert!(ResidentId::parse(&person).is_ok(), "{person}");
            assert!(CreditCode::parse(&firm).is_ok(), "{firm}");
            assert!(Vin::parse(&vin(number)).is_ok(), "{number}");
            let plate = plate(number.into());
            assert!(PlateNumber::parse(&plate).is_ok(), "{plate}");
        }
    }

    #[test]
    fn each_has_numbers_of_its_own() {
        let people: BTreeSet<_> = (0..20_000).map(identity_number).collect();
        let plates: BTreeSet<_> = (0..20_000).map(plate).collect();
        assert_eq!((people.len(), plates.len()), (20_000, 20_000));
    }
}
