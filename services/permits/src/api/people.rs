//! The people of an application.

use crate::domain::application::Application;
use chassis::domain::Sealed;
use chassis::domain::values::IdentityDocument;
use chassis::sealing::Sealer;
use chassis::server::{Failure, NamedPerson, People};
use traffic_proto::permits::v1 as proto;

/// The people of one request, sealed under the name that permits' boxes have.
pub(super) fn people(sealer: &Sealer) -> People<'_> {
    People::new(sealer, "permit.person")
}

pub(super) fn named(person: &proto::Person) -> NamedPerson<'_> {
    NamedPerson {
        name: &person.name,
        identity_document: identity_document(person.identity_document),
        identity_number: &person.identity_number,
        phone: &person.phone,
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

/// Seals everyone named in an application.
pub(super) async fn seal(
    people: &People<'_>,
    contact: &mut Sealed,
    application: &mut Application,
) -> Result<(), Failure> {
    let seal = async |sealed: &mut Sealed| people.seal(sealed, "permit").await;
    seal(contact).await?;
    match application {
        Application::RoadOccupation(_) => Ok(()),
        Application::ToxicTransport(transport) => {
            seal(&mut transport.main_driver.person).await?;
            seal(&mut transport.second_driver.person).await?;
            seal(&mut transport.main_escort.person).await?;
            match &mut transport.second_escort {
                Some(escort) => seal(&mut escort.person).await,
                None => Ok(()),
            }
        }
        Application::OversizeTransport(transport) => seal(&mut transport.driver).await,
    }
}
