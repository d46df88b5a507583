//! The people of a case.

use chassis::domain::values::IdentityDocument;
use chassis::sealing::Sealer;
use chassis::server::{NamedPerson, People};
use traffic_proto::enforcement::v1 as proto;

/// The people of one request, sealed under the name that enforcement's boxes have.
pub(super) fn people(sealer: &Sealer) -> People<'_> {
    People::new(sealer, "enforcement.party")
}

pub(super) fn named(party: &proto::Party) -> NamedPerson<'_> {
    NamedPerson {
        name: &party.name,
        identity_document: identity_document(party.identity_document),
        identity_number: &party.identity_number,
        phone: &party.phone,
    }
}

/// `None` for a number that the contract does not know.
fn identity_document(number: i32) -> Option<IdentityDocument> {
    use proto::IdentityDocument as Document;
    Some(match Document::try_from(number).ok()? {
        Document::Unspecified | Document::ResidentId => IdentityDocument::ResidentId,
        Document::MilitaryId => IdentityDocument::MilitaryId,
        Document::HongKongMacao => IdentityDocument::HongKongMacao,
        Document::Taiwan => IdentityDocument::Taiwan,
        Document::Passport => IdentityDocument::Passport,
        Document::PermanentResident => IdentityDocument::PermanentResident,
        Document::Diplomatic => IdentityDocument::Diplomatic,
    })
}
