//! What is malformed is named field by field, all at once; what a token does not allow is denied.

use crate::city::{Account, City, fields, reason};
use crate::samples::{IDENTITY, create, initial, vin};
use tonic::Code;
use traffic_proto::registration::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_an_application_is_named_at_once() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut application = initial("1M8GDM9A1KP042788", "360426199101010070");
    application.district = "37".into();
    if let Some(proto::application::Request::InitialRegistration(new)) = &mut application.request {
        let particulars = new.particulars.as_mut().unwrap();
        particulars.vehicle_class = 99;
        particulars.brand = String::new();
        particulars.seats = 301;
        particulars.made_on = None;
    }
    let refused = dealer
        .create_application(create(application))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut named = fields(&refused);
    named.sort();
    assert_eq!(
        named,
        [
            "application.applicants[0].person.identity_number",
            "application.district",
            "application.initial_registration.particulars.brand",
            "application.initial_registration.particulars.made_on",
            "application.initial_registration.particulars.seats",
            "application.initial_registration.particulars.vehicle_class",
            "application.vehicle",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_application_and_too_many_applicants_are_named() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let empty = dealer
        .create_application(create(proto::Application::default()))
        .await
        .unwrap_err();
    let named = fields(&empty);
    for field in ["vehicle", "district", "applicants", "request"] {
        let field = format!("application.{field}");
        assert!(named.contains(&field), "{field} of {named:?}");
    }
    let mut crowded = initial(&vin(), IDENTITY);
    crowded.applicants = vec![crowded.applicants[0].clone(); 11];
    let refused = dealer
        .create_application(create(crowded))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["application.applicants"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_reads_neither_files_nor_decides_nor_seals() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut agency = city.client(&replica, Account::Agency).await;
    let filed = agency
        .create_application(create(initial(&vin(), IDENTITY)))
        .await
        .unwrap_err();
    assert_eq!(filed.code(), Code::PermissionDenied);
    let sealed = agency
        .place_hold(proto::PlaceHoldRequest::default())
        .await
        .unwrap_err();
    assert_eq!(sealed.code(), Code::PermissionDenied);
    let unknown = agency
        .get_vehicle(proto::GetVehicleRequest {
            name: "vehicles/1M8GDM9AXKP042788".into(),
        })
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(reason(&unknown).0, "VEHICLE_NOT_FOUND");
}
