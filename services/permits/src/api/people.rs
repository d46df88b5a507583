//! The people of an application.

use crate::domain::application::Application;
use chassis::domain::Sealed;
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
        identity_document: person.identity_document,
        identity_number: &person.identity_number,
        phone: &person.phone,
    }
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
