//! What plates and documents cost, by the day on which they are charged, from `data/fees.toml`.

use chassis::domain::LegalBasis;
use chassis::domain::values::Fen;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::LazyLock;

/// What is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeeItem {
    /// The two plates of a car.
    CarPlates,
    TrailerPlate,
    MotorcyclePlates,
    TemporaryPlate,
    VehicleLicence,
    RegistrationCertificate,
    EbikePlate,
}

impl FeeItem {
    pub const ALL: [Self; 7] = [
        Self::CarPlates,
        Self::TrailerPlate,
        Self::MotorcyclePlates,
        Self::TemporaryPlate,
        Self::VehicleLicence,
        Self::RegistrationCertificate,
        Self::EbikePlate,
    ];
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    pub item: FeeItem,
    pub from: Date,
    /// Last day; `None`: until further notice.
    pub until: Option<Date>,
    #[serde(rename = "fen")]
    pub amount: Fen,
    /// The instrument that sets it.
    pub basis: String,
}

impl Fee {
    pub fn legal_basis(&self) -> LegalBasis {
        LegalBasis {
            instrument: Cow::Owned(self.basis.clone()),
            article: Cow::Borrowed(""),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeTable {
    #[serde(rename = "fee")]
    fees: Vec<Fee>,
}

impl FeeTable {
    /// # Errors
    /// It cannot be read, or says two things of one item on one day.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let table: Self = toml::from_str(toml).map_err(|error| error.to_string())?;
        for (at, fee) in table.fees.iter().enumerate() {
            let overlaps = |other: &Fee| {
                other.item == fee.item
                    && other.until.is_none_or(|until| fee.from <= until)
                    && fee.until.is_none_or(|until| other.from <= until)
            };
            if let Some(other) = table.fees[..at].iter().find(|other| overlaps(other)) {
                return Err(format!(
                    "{:?} has two fees from {} and from {}",
                    fee.item, other.from, fee.from
                ));
            }
        }
        Ok(table)
    }

    /// The table that ships with the service.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<FeeTable> = LazyLock::new(|| {
            FeeTable::parse(include_str!("../../data/fees.toml"))
                .expect("the shipped fees are valid")
        });
        &SHIPPED
    }

    /// What an item costs on a day; `None` if nothing is charged for it.
    pub fn fee(&self, item: FeeItem, on: Date) -> Option<&Fee> {
        self.fees.iter().find(|fee| {
            fee.item == item && fee.from <= on && fee.until.is_none_or(|until| on <= until)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_fee_changes_with_the_day_and_an_ebike_is_free() {
        let table = FeeTable::shipped();
        let fen = |item, day| table.fee(item, day).map(|fee| fee.amount.get());
        assert_eq!(fen(FeeItem::VehicleLicence, date(2017, 6, 30)), Some(1_500));
        assert_eq!(fen(FeeItem::VehicleLicence, date(2017, 7, 1)), Some(1_000));
        assert_eq!(fen(FeeItem::EbikePlate, date(2026, 3, 2)), Some(0));
        assert_eq!(fen(FeeItem::CarPlates, date(2004, 12, 31)), None);
        for item in FeeItem::ALL {
            assert!(table.fee(item, date(2026, 3, 2)).is_some(), "{item:?}");
        }
    }

    #[test]
    fn a_table_that_says_two_things_of_one_day_is_refused() {
        let line = |from, until| {
            format!("[[fee]]\nitem='car-plates'\nfen=1\nbasis='x'\nfrom='{from}'\n{until}\n")
        };
        let apart = line("2020-01-01", "until='2020-12-31'") + &line("2021-01-01", "");
        assert!(FeeTable::parse(&apart).is_ok());
        let overlapping = line("2020-01-01", "until='2021-01-01'") + &line("2021-01-01", "");
        assert!(FeeTable::parse(&overlapping).is_err());
        assert!(FeeTable::parse("[[fee]]\nitem='car-plates'").is_err());
    }
}
