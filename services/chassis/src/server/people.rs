//! Personal data at the door: checked, replaced by references while the request is read, then sealed.

use super::{Failure, Fields};
use crate::domain::values::{Identity, IdentityDocument, PhoneNumber, Text};
use crate::domain::{Invalid, PersonRef, Sealed};
use crate::sealing::{Sealer, SealingError};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroize;

/// A person as a request names one; an empty phone is none.
#[derive(Clone, Copy)]
pub struct NamedPerson<'a> {
    pub name: &'a str,
    /// `None`: not a value of the contract's enumeration.
    pub identity_document: Option<IdentityDocument>,
    pub identity_number: &'a str,
    pub phone: &'a str,
}

impl fmt::Debug for NamedPerson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedPerson(***)")
    }
}

/// What is sealed of a person. Wiped when dropped.
#[derive(Serialize, Deserialize, Zeroize)]
struct Particulars {
    name: String,
    identity_number: String,
    phone: String,
}

impl Drop for Particulars {
    fn drop(&mut self) {
        self.zeroize();
    }
}

/// The people of one request, by their references.
pub struct People<'a> {
    sealer: &'a Sealer,
    purpose: &'static str,
    particulars: HashMap<PersonRef, Particulars>,
}

impl fmt::Debug for People<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People")
            .field("purpose", &self.purpose)
            .field("people", &self.particulars.len())
            .finish_non_exhaustive()
    }
}

impl<'a> People<'a> {
    /// `purpose` is the name under which the boxes are sealed (see [`Sealer::seal`]): stored for ever.
    pub fn new(sealer: &'a Sealer, purpose: &'static str) -> Self {
        Self {
            sealer,
            purpose,
            particulars: HashMap::new(),
        }
    }

    /// Reads one person. The box is empty until [`People::seal`] fills it.
    pub fn read(&mut self, person: NamedPerson<'_>, fields: &mut Fields) -> Option<Sealed> {
        let name = fields.required("name", person.name, Text::<50>::parse);
        let identity = read_identity(person.identity_document, person.identity_number, fields);
        let phone = fields.optional("phone", person.phone, PhoneNumber::parse);
        let (name, identity, phone) = (name?, identity?, phone?);
        let reference = self.sealer.person_of(&identity);
        self.particulars.insert(
            reference.clone(),
            Particulars {
                name: name.into(),
                identity_number: identity.number().to_owned(),
                phone: phone.map_or_else(String::new, |phone| phone.as_str().to_owned()),
            },
        );
        Some(Sealed {
            person: reference,
            format: 0,
            bytes: Box::default(),
        })
    }

    /// Seals one person who was read.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] while the key store is away; `field` is refused if the person's data have been erased.
    pub async fn seal(&self, sealed: &mut Sealed, field: &str) -> Result<(), Failure> {
        let particulars = self
            .particulars
            .get(&sealed.person)
            .ok_or_else(|| Failure::internal("a person of the request was not read"))?;
        *sealed = self
            .sealer
            .seal(&sealed.person, self.purpose, particulars)
            .await
            .map_err(|error| failure(error, field))?;
        Ok(())
    }
}

/// Reads `identity_document`, `None` if its value is unknown, and `identity_number`.
pub fn read_identity(
    document: Option<IdentityDocument>,
    number: &str,
    fields: &mut Fields,
) -> Option<Identity> {
    let Some(document) = document else {
        fields.refuse(
            "identity_document",
            Invalid::new("not a value of this enumeration", "不是有效的枚举值"),
        );
        return None;
    };
    fields.required("identity_number", number, |number| {
        Identity::parse(document, number)
    })
}

fn failure(error: SealingError, field: &str) -> Failure {
    match error {
        SealingError::Store(_) => {
            Failure::unavailable("the key store is away", Duration::from_secs(1))
        }
        SealingError::Erased => Failure::field(
            field,
            Invalid::new(
                "names a person whose data have been erased",
                "所列人员的个人信息已被删除",
            ),
        ),
        other => Failure::internal(other),
    }
}
