//! Whoever owns or applies: a person, known by a reference, or an organisation (Order 164 art. 89(1)).

use chassis::domain::values::{CreditCode, Organisation};
use chassis::domain::{Invalid, PersonRef, Sealed};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    Person(Sealed),
    Organisation(Organisation),
}

impl Party {
    /// Whether it is the same person or organisation, whatever name or phone stands beside.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Person(own), Self::Person(other)) => own.person == other.person,
            (Self::Organisation(own), Self::Organisation(other)) => {
                own.credit_code == other.credit_code
            }
            _ => false,
        }
    }

    pub fn person(&self) -> Option<&PersonRef> {
        match self {
            Self::Person(sealed) => Some(&sealed.person),
            Self::Organisation(_) => None,
        }
    }
}

/// Who it is and nothing besides: the person's reference, or the organisation's credit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartyRef {
    Person(PersonRef),
    Organisation(CreditCode),
}

impl PartyRef {
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Some(person) = PersonRef::parse(text) {
            return Ok(Self::Person(person));
        }
        CreditCode::parse(text)
            .map(Self::Organisation)
            .map_err(|_| {
                Invalid::new(
                    "must be a `person_ref` or a credit code",
                    "应为 person_ref 或者统一社会信用代码",
                )
            })
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Person(person) => person.as_str(),
            Self::Organisation(code) => code.as_str(),
        }
    }
}
