//! Texts that become values: what is accepted has one form, and is accepted again in it.

use chassis::domain::values::{CreditCode, DocumentNumber, PlateNumber, ResidentId, Text, Vin};
use chassis::domain::{AggregateKey, District};

/// A plate number.
fn is_plate(text: &str) -> bool {
    let Ok(plate) = PlateNumber::parse(text) else {
        return false;
    };
    assert_eq!(PlateNumber::parse(plate.as_str()), Ok(plate.clone()));
    assert!(AggregateKey::is_valid_id(&plate.key()));
    assert!(AggregateKey::is_valid_id(&plate.token()));
    let _ = plate.kind();
    true
}

/// A number is what was written.
fn is_number(text: &str) -> bool {
    let mut understood = false;
    if let Ok(vin) = Vin::parse(text) {
        assert_eq!((vin.as_str(), text.len()), (text, Vin::LENGTH));
        understood = true;
    }
    if let Ok(code) = CreditCode::parse(text) {
        assert_eq!((code.as_str(), text.len()), (text, 18));
        understood = true;
    }
    if let Ok(id) = ResidentId::parse(text) {
        assert_eq!((id.as_str(), text.len()), (text, 18));
        understood = true;
    }
    if let Ok(number) = DocumentNumber::parse(text) {
        assert_eq!(number.as_str(), text);
        understood = true;
    }
    if let Ok(district) = District::parse(text) {
        assert_eq!(district.to_string(), text);
        understood = true;
    }
    if let Ok(read) = Text::<20>::parse(text) {
        assert_eq!(Text::parse(read.as_str()), Ok(read));
        understood = true;
    }
    understood
}

/// A text that becomes a plate, a number or a name.
pub fn values(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let plate = is_plate(&text);
    is_number(&text) || plate
}
