//! The vocabulary that every service of a Chinese public administration shares: values that exist only if they are valid.
//!
//! Each is stored as the text or number it was read from, and read back only if it is still well-formed.

mod checked_text;
mod credit_code;
mod document_number;
mod fen;
mod id;
mod identity;
mod organisation;
mod phone_number;
mod plate_number;
mod resident_id;
mod text;
mod vin;

use checked_text::checked_text;

pub use credit_code::CreditCode;
pub use document_number::DocumentNumber;
pub use fen::Fen;
pub use id::digest_id;
pub use identity::{Identity, IdentityDocument};
pub use organisation::Organisation;
pub use phone_number::PhoneNumber;
pub use plate_number::{PlateKind, PlateNumber};
pub use resident_id::ResidentId;
pub use text::Text;
pub use vin::Vin;

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Serialize, de::DeserializeOwned};
    use std::fmt::Debug;

    /// Journals hold these for ever: a value reads what was written, and writes it again in the same way.
    #[track_caller]
    fn is_stored_as<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, json: &str) {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
    }

    #[test]
    fn stored_forms_never_change() {
        is_stored_as(Text::<10>::parse("占道施工").unwrap(), r#""占道施工""#);
        is_stored_as(
            DocumentNumber::parse("鲁公交〔2026〕1").unwrap(),
            r#""鲁公交〔2026〕1""#,
        );
        is_stored_as(PlateNumber::parse("鲁R12345").unwrap(), r#""鲁R12345""#);
        is_stored_as(
            CreditCode::parse("91110000600037341L").unwrap(),
            r#""91110000600037341L""#,
        );
        is_stored_as(
            Vin::parse("1M8GDM9AXKP042788").unwrap(),
            r#""1M8GDM9AXKP042788""#,
        );
        is_stored_as(Fen::yuan(200), "20000");
        is_stored_as(
            Organisation {
                name: Text::parse("示例").unwrap(),
                credit_code: CreditCode::parse("91110000600037341L").unwrap(),
            },
            r#"{"name":"示例","credit_code":"91110000600037341L"}"#,
        );
    }

    #[test]
    fn what_is_stored_but_no_longer_valid_is_not_read() {
        assert!(serde_json::from_str::<Text<2>>(r#""道路道""#).is_err());
        assert!(serde_json::from_str::<PlateNumber>(r#""x""#).is_err());
        assert!(serde_json::from_str::<CreditCode>(r#""91110000600037341M""#).is_err());
        assert!(serde_json::from_str::<Fen>("10000000001").is_err());
        assert!(serde_json::from_str::<Fen>("-1").is_err());
    }
}
