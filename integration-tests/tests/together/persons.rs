//! One person has one reference in every service, or nothing of the rest could work.

use crate::cases::{DRIVER, fined};
use crate::haulage::{TRACTOR, grant, toxic};
use integration_tests::{Service, Suite};
use traffic_proto::permits::v1::Permit;
use traffic_proto::permits::v1::permit::Application;

/// The reference of a toxic transport's main driver.
pub(crate) fn driver_of(permit: &Permit) -> String {
    let Some(Application::ToxicTransport(transport)) = &permit.application else {
        panic!("no toxic transport: {permit:?}");
    };
    let person = transport
        .main_driver
        .as_ref()
        .and_then(|it| it.person.as_ref());
    person.unwrap().person_ref.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_identity_number_is_the_same_person_in_every_service() {
    let suite = Suite::start().await;
    let police = suite.replica(Service::Enforcement).await;
    let office = suite.replica(Service::Permits).await;
    let permit = grant(&office, toxic(TRACTOR, DRIVER)).await.unwrap();
    let case = fined(&police, "Sample Road", "鲁R12345", DRIVER).await;
    let in_enforcement = case.party.unwrap().person_ref;
    assert!(!in_enforcement.is_empty());
    assert_eq!(driver_of(&permit), in_enforcement);
}
