//! Personal data at the door: checked, replaced by references while the request is read, then sealed.

use chassis::domain::values::{ResidentId, Text};
use chassis::domain::{Invalid, PersonRef, Sealed};
use chassis::sealing::{Sealer, SealingError};
use chassis::server::{Failure, Fields};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;
use traffic_proto::enforcement::v1 as proto;
use zeroize::Zeroize;

/// What is sealed of a person, under this name.
const FIELD: &str = "enforcement.party";

/// Name, identity number and phone. Wiped when dropped.
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
pub(super) struct People<'a> {
    sealer: &'a Sealer,
    particulars: HashMap<PersonRef, Particulars>,
}

impl<'a> People<'a> {
    pub(super) fn new(sealer: &'a Sealer) -> Self {
        Self {
            sealer,
            particulars: HashMap::new(),
        }
    }

    /// Reads one person. The box is empty until [`People::seal`] fills it.
    pub(super) fn read(&mut self, party: &proto::Party, fields: &mut Fields) -> Option<Sealed> {
        let name = fields.required("name", &party.name, Text::<50>::parse);
        let identity =
            fields.required("identity_number", &party.identity_number, ResidentId::parse);
        let phone = fields.optional("phone", &party.phone, phone);
        let (name, identity) = (name?, identity?);
        phone?;
        let reference = self.sealer.person("resident-id", identity.as_str());
        self.particulars.insert(
            reference.clone(),
            Particulars {
                name: name.into(),
                identity_number: identity.as_str().to_owned(),
                phone: party.phone.clone(),
            },
        );
        Some(Sealed {
            person: reference,
            format: 0,
            bytes: Box::default(),
        })
    }

    /// Seals one person who was read.
    pub(super) async fn seal(&self, sealed: &mut Sealed) -> Result<(), Failure> {
        let particulars = self
            .particulars
            .get(&sealed.person)
            .ok_or_else(|| Failure::internal("a person of the request was not read"))?;
        *sealed = self
            .sealer
            .seal(&sealed.person, FIELD, particulars)
            .await
            .map_err(failure)?;
        Ok(())
    }
}

fn phone(text: &str) -> Result<(), Invalid> {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ');
    if (5..=20).contains(&text.len()) && text.chars().all(allowed) {
        Ok(())
    } else {
        Err(Invalid::new(
            "must have 5 to 20 digits, `+`, `-` or blanks",
            "应为 5 至 20 位数字，可含 +、- 或空格",
        ))
    }
}

fn failure(error: SealingError) -> Failure {
    match error {
        SealingError::Store(_) => {
            Failure::unavailable("the key store is away", Duration::from_secs(1))
        }
        SealingError::Erased => Failure::field(
            "party",
            Invalid::new(
                "names a person whose data have been erased",
                "所列人员的个人信息已被删除",
            ),
        ),
        other => Failure::internal(other),
    }
}
