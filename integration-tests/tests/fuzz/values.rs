//! Texts that become values: what is accepted has one form, and is accepted again in it.

use crate::recipe::{damaged_text, recipe};
use chassis::domain::values::{CreditCode, DocumentNumber, PlateNumber, ResidentId, Text, Vin};
use chassis::domain::{AggregateKey, District};
use proptest::prelude::*;
use proptest::sample::select;

const PLATES: &[&str] = &["鲁R·12345", "鲁RD12345", "WJ鲁12345", "鲁R1234挂"];
const NUMBERS: &[&str] = &[
    "1M8GDM9AXKP042788",
    "91110000600037341L",
    "360426199101010071",
    "鲁公交〔2026〕1",
    "371702",
];

proptest! {
    #[test]
    fn a_plate_has_one_form(sample in select(PLATES), recipe in recipe()) {
        if let Ok(plate) = PlateNumber::parse(&damaged_text(sample, &recipe)) {
            prop_assert_eq!(PlateNumber::parse(plate.as_str()), Ok(plate.clone()));
            prop_assert!(AggregateKey::is_valid_id(&plate.key()));
            prop_assert!(AggregateKey::is_valid_id(&plate.token()));
            let _ = plate.kind();
        }
    }

    #[test]
    fn a_number_is_what_was_written(sample in select(NUMBERS), recipe in recipe()) {
        let text = damaged_text(sample, &recipe);
        if let Ok(vin) = Vin::parse(&text) {
            prop_assert_eq!((vin.as_str(), text.len()), (text.as_str(), Vin::LENGTH));
        }
        if let Ok(code) = CreditCode::parse(&text) {
            prop_assert_eq!((code.as_str(), text.len()), (text.as_str(), 18));
        }
        if let Ok(id) = ResidentId::parse(&text) {
            prop_assert_eq!((id.as_str(), text.len()), (text.as_str(), 18));
        }
        if let Ok(number) = DocumentNumber::parse(&text) {
            prop_assert_eq!(number.as_str(), text.as_str());
        }
        if let Ok(district) = District::parse(&text) {
            prop_assert_eq!(district.to_string(), text.as_str());
        }
        if let Ok(read) = Text::<20>::parse(&text) {
            prop_assert_eq!(Text::parse(read.as_str()), Ok(read));
        }
    }
}
