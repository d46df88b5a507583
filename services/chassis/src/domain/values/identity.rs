//! The document by which a person is identified, and its number.

use super::ResidentId;
use crate::domain::Invalid;
use std::fmt;
use zeroize::Zeroizing;

/// What proves who a person is (Order 164 art. 89(1)(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityDocument {
    ResidentId,
    MilitaryId,
    /// Of residents of Hong Kong and Macao.
    HongKongMacao,
    Taiwan,
    /// Of Chinese citizens settled abroad, and of foreigners.
    Passport,
    PermanentResident,
    /// Of members of embassies, consulates and international organisations.
    Diplomatic,
}

/// A document's number. Personal data: see [`ResidentId`].
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    document: IdentityDocument,
    number: Zeroizing<String>,
}

impl Identity {
    /// # Errors
    /// If the number is none of such a document: a [`ResidentId`], or 5 to 20 letters and digits.
    pub fn parse(document: IdentityDocument, number: &str) -> Result<Self, Invalid> {
        let is_number = match document {
            IdentityDocument::ResidentId => return ResidentId::parse(number).map(Self::from),
            _ => {
                (5..=20).contains(&number.len())
                    && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        };
        if !is_number {
            return Err(Invalid::new(
                "must have 5 to 20 letters and digits",
                "应为 5 至 20 位字母和数字",
            ));
        }
        Ok(Self {
            document,
            number: Zeroizing::new(number.to_owned()),
        })
    }

    /// Tells documents whose numbers may be the same apart. References are made of it: never change one.
    pub fn kind(&self) -> &'static str {
        match self.document {
            IdentityDocument::ResidentId => "resident-id",
            IdentityDocument::MilitaryId => "military-id",
            IdentityDocument::HongKongMacao => "hong-kong-macao",
            IdentityDocument::Taiwan => "taiwan",
            IdentityDocument::Passport => "passport",
            IdentityDocument::PermanentResident => "permanent-resident",
            IdentityDocument::Diplomatic => "diplomatic",
        }
    }

    pub fn number(&self) -> &str {
        &self.number
    }
}

impl From<ResidentId> for Identity {
    fn from(id: ResidentId) -> Self {
        Self {
            document: IdentityDocument::ResidentId,
            number: Zeroizing::new(id.as_str().to_owned()),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?}, ***)", self.document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_of_its_document() {
        let resident = "44011320141005001X";
        let of = Identity::parse;
        assert!(of(IdentityDocument::ResidentId, resident).is_ok());
        assert!(of(IdentityDocument::ResidentId, "E12345678").is_err());
        assert!(of(IdentityDocument::Passport, "E12345678").is_ok());
        for bad in ["E123", "E12345678901234567890", "E1234-5678", ""] {
            assert!(of(IdentityDocument::Passport, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_does_not_show_itself() {
        let passport = Identity::parse(IdentityDocument::Passport, "E12345678").expect("valid");
        assert_eq!(format!("{passport:?}"), "Identity(Passport, ***)");
    }
}
