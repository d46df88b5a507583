//! People and organisations at the door: checked, people replaced by references, then sealed.

use crate::domain::party::Party;
use chassis::domain::values::{CreditCode, Organisation, PhoneNumber, ResidentId, Text};
use chassis::domain::{Invalid, PersonRef, Sealed};
use chassis::sealing::{Sealer, SealingError};
use chassis::server::{Failure, Fields, read_identity};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use traffic_proto::registration::v1 as proto;
use zeroize::Zeroize;

/// What is sealed of a person, under this name.
const FIELD: &str = "registration.party";

/// What is known of a person beside the reference. Wiped when dropped.
#[derive(Clone, Serialize, Deserialize, Zeroize)]
pub(super) struct Particulars {
    name: String,
    identity_number: String,
    phone: String,
    address: String,
}

impl Drop for Particulars {
    fn drop(&mut self) {
        self.zeroize();
    }
}

/// A party that was read and is not sealed yet.
#[derive(Clone)]
pub(super) enum Unsealed {
    Person(PersonRef, Particulars),
    Organisation(Organisation),
}

impl Unsealed {
    /// Reads a party. Its fields lie below `field`.
    pub(super) fn read(
        sealer: &Sealer,
        field: &str,
        party: Option<&proto::Party>,
        fields: &mut Fields,
    ) -> Option<Self> {
        use proto::party::Kind;
        fields.message(field, party, |party, fields| match &party.kind {
            Some(Kind::Person(person)) => {
                fields.within("person", |fields| read_person(sealer, person, fields))
            }
            Some(Kind::Organisation(organisation)) => fields.within("organisation", |fields| {
                let name = fields.required("name", &organisation.name, Text::parse);
                let code =
                    fields.required("credit_code", &organisation.credit_code, CreditCode::parse);
                Some(Self::Organisation(Organisation {
                    name: name?,
                    credit_code: code?,
                }))
            }),
            None => {
                fields.refuse(
                    "person",
                    Invalid::new(
                        "a person or an organisation is required",
                        "个人或单位必填其一",
                    ),
                );
                None
            }
        })
    }

    /// Who it is, with an empty box: enough to compare with who is registered.
    pub(super) fn bare(&self) -> Party {
        match self {
            Self::Person(person, _) => Party::Person(Sealed {
                person: person.clone(),
                format: 0,
                bytes: Box::default(),
            }),
            Self::Organisation(organisation) => Party::Organisation(organisation.clone()),
        }
    }

    pub(super) async fn seal(&self, sealer: &Sealer) -> Result<Party, Failure> {
        match self {
            Self::Person(person, particulars) => sealer
                .seal(person, FIELD, particulars)
                .await
                .map(Party::Person)
                .map_err(failure),
            Self::Organisation(organisation) => Ok(Party::Organisation(organisation.clone())),
        }
    }
}

/// Reads a person whose fields lie at the present place.
pub(super) fn read_person(
    sealer: &Sealer,
    person: &proto::Person,
    fields: &mut Fields,
) -> Option<Unsealed> {
    let name = fields.required("name", &person.name, Text::<50>::parse);
    let identity = read_identity(person.identity_document, &person.identity_number, fields);
    let phone = fields.optional("phone", &person.phone, PhoneNumber::parse);
    let address = fields.optional("address", &person.address, Text::<200>::parse);
    let (name, identity) = (name?, identity?);
    phone?;
    address?;
    let particulars = Particulars {
        name: name.into(),
        identity_number: person.identity_number.clone(),
        phone: person.phone.clone(),
        address: person.address.clone(),
    };
    Some(Unsealed::Person(sealer.person_of(&identity), particulars))
}

/// The reference of whoever has this resident identity number.
pub(super) fn resident(
    sealer: &Sealer,
    field: &str,
    number: &str,
    fields: &mut Fields,
) -> Option<PersonRef> {
    let number = fields.required(field, number, ResidentId::parse)?;
    Some(sealer.person_of(&number.into()))
}

fn failure(error: SealingError) -> Failure {
    match error {
        SealingError::Store(_) => {
            Failure::unavailable("the key store is away", Duration::from_secs(1))
        }
        SealingError::Erased => Failure::field(
            "owner",
            Invalid::new(
                "names a person whose data have been erased",
                "所列人员的个人信息已被删除",
            ),
        ),
        other => Failure::internal(other),
    }
}
