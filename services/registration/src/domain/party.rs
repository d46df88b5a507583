//! Whoever owns or applies: a person, known by a reference, or an organisation (Order 164 art. 89(1)).

use chassis::domain::values::Organisation;
use chassis::domain::{PersonRef, Sealed};
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
