//! Personal data at the door: checked, replaced by references while the request is read, then sealed.

use super::{Failure, Fields};
use crate::domain::values::{Identity, IdentityDocument, PhoneNumber, Text};
use crate::domain::{Invalid, PersonRef, Sealed};
use crate::sealing::{Sealer, SealingError};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;
use traffic_proto::registration::v1::IdentityDocument as Document;
use zeroize::Zeroize;

/// A person as a request names one; an empty phone is none.
#[derive(Clone, Copy)]
pub struct NamedPerson<'a> {
    pub name: &'a str,
    /// As the contracts number it.
    pub identity_document: i32,
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

/// Reads `identity_document`, which the contracts of all services number alike, and `identity_number`.
pub fn read_identity(document: i32, number: &str, fields: &mut Fields) -> Option<Identity> {
    let document = match document {
        0 => Some(IdentityDocument::ResidentId),
        document => fields.choice("identity_document", document, identity_document),
    }?;
    fields.required("identity_number", number, |number| {
        Identity::parse(document, number)
    })
}

fn identity_document(document: Document) -> Option<IdentityDocument> {
    match document {
        Document::Unspecified => None,
        Document::ResidentId => Some(IdentityDocument::ResidentId),
        Document::MilitaryId => Some(IdentityDocument::MilitaryId),
        Document::HongKongMacao => Some(IdentityDocument::HongKongMacao),
        Document::Taiwan => Some(IdentityDocument::Taiwan),
        Document::Passport => Some(IdentityDocument::Passport),
        Document::PermanentResident => Some(IdentityDocument::PermanentResident),
        Document::Diplomatic => Some(IdentityDocument::Diplomatic),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use traffic_proto::enforcement::v1::IdentityDocument as InEnforcement;
    use traffic_proto::permits::v1::IdentityDocument as InPermits;

    #[test]
    fn the_contracts_number_documents_alike() {
        for number in 0..100 {
            let name = Document::try_from(number).ok().map(|it| it.as_str_name());
            let in_enforcement = InEnforcement::try_from(number);
            assert_eq!(in_enforcement.ok().map(|it| it.as_str_name()), name);
            let in_permits = InPermits::try_from(number);
            assert_eq!(in_permits.ok().map(|it| it.as_str_name()), name);
        }
    }
}
