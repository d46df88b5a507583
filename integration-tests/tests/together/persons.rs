//! One person has one reference in every service, or nothing of the rest could work.

use crate::cases::{DRIVER, fined, handled, red_light};
use crate::haulage::{TRACTOR, grant, toxic};
use integration_tests::workloads::permits::file;
use integration_tests::workloads::registration::ebike;
use integration_tests::{Replica, Service, Suite};
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::permits::v1 as permits_v1;
use traffic_proto::permits::v1::Permit;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::ebike_service_client::EbikeServiceClient;
use traffic_proto::registration::v1::party::Kind;

/// The number of a passport that does not exist.
const PASSPORT: &str = "X00000001";

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

/// The reference of who buys an e-bike.
async fn buyer(replica: &Replica, person: registration_v1::Person) -> String {
    let mut ebike = ebike(1, 1);
    ebike.owner = Some(registration_v1::Party {
        kind: Some(Kind::Person(person)),
    });
    let request = registration_v1::RegisterEbikeRequest {
        ebike: Some(ebike),
        ..Default::default()
    };
    let mut station = EbikeServiceClient::new(replica.client("station:one"));
    let registered = station.register_ebike(request).await.unwrap().into_inner();
    match registered.owner.and_then(|owner| owner.kind) {
        Some(Kind::Person(person)) => person.person_ref,
        other => panic!("no person: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_passport_is_the_same_person_in_every_service() {
    let suite = Suite::start().await;
    let police = suite.replica(Service::Enforcement).await;
    let office = suite.replica(Service::Permits).await;
    let registry = suite.replica(Service::Registration).await;

    let owner = registration_v1::Person {
        name: "Sample Person".into(),
        identity_document: registration_v1::IdentityDocument::Passport.into(),
        identity_number: PASSPORT.into(),
        ..Default::default()
    };
    let in_registration = buyer(&registry, owner).await;
    assert!(!in_registration.is_empty());

    let party = enforcement_v1::Party {
        name: "Sample Person".into(),
        identity_document: enforcement_v1::IdentityDocument::Passport.into(),
        identity_number: PASSPORT.into(),
        ..Default::default()
    };
    let case = handled(&police, red_light("Sample Road", "鲁R12345"), party).await;
    assert_eq!(case.party.unwrap().person_ref, in_registration);

    let contact = permits_v1::Person {
        name: "Sample Person".into(),
        identity_document: permits_v1::IdentityDocument::Passport.into(),
        identity_number: PASSPORT.into(),
        ..Default::default()
    };
    let permit = Permit {
        contact: Some(contact),
        ..toxic(TRACTOR, DRIVER)
    };
    let filed = file(&office, permit).await.unwrap();
    assert_eq!(filed.contact.unwrap().person_ref, in_registration);
}
