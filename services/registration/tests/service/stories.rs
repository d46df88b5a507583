//! Vehicles from the dealer to the second owner, as dealers, officers, courts and agencies live them.

use crate::city::{Account, City, Client, Orders, fields, reason};
use crate::samples::{
    ADDRESS, IDENTITY, NAME, OTHER_IDENTITY, PHONE, approve, create, initial, organisation, person,
    transfer, vin,
};
use futures::StreamExt;
use tonic::Code;
use traffic_proto::registration::v1 as proto;
use uuid::Uuid;

/// Files and approves; answers the application.
pub(crate) async fn decided(
    filer: &mut Client,
    officer: &mut Client,
    application: proto::Application,
) -> proto::Application {
    let filed = filer
        .create_application(create(application))
        .await
        .unwrap()
        .into_inner();
    officer
        .approve_application(approve(&filed.name))
        .await
        .unwrap()
        .into_inner()
}

/// Tells that what a decision costs has come.
async fn pay_order(provider: &mut Orders, order: &str) {
    let name = order.to_owned();
    let owed = provider
        .get_order(proto::GetOrderRequest { name: name.clone() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(owed.total_fen, 12_000, "plates, licence and certificate");
    let paid = proto::RecordOrderPaymentRequest {
        name,
        transfer: Some(proto::OrderTransfer {
            provider: "bank".into(),
            reference: "T-1".into(),
            amount_fen: owed.outstanding_fen,
            transfer_time: owed.open_time,
        }),
        ..Default::default()
    };
    provider.record_order_payment(paid).await.unwrap();
}

async fn get(client: &mut Client, vin: &str) -> proto::Vehicle {
    let name = format!("vehicles/{vin}");
    client
        .get_vehicle(proto::GetVehicleRequest { name })
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_registers_a_car_turnkey_with_a_chosen_number() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut officer = city.client(&replica, Account::Officer).await;
    let mut maker = city.client(&replica, Account::PlateMaker).await;

    let offer = dealer
        .offer_plate_numbers(proto::OfferPlateNumbersRequest {
            plate_kind: proto::PlateKind::Small.into(),
            request_id: Uuid::now_v7().to_string(),
            validate_only: false,
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(offer.numbers.len(), 50);
    let number = offer.numbers[7].clone();
    let chosen = dealer
        .choose_plate_number(proto::ChoosePlateNumberRequest {
            name: offer.name,
            number: number.clone(),
            request_id: Uuid::now_v7().to_string(),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(chosen.chosen, number);

    let vin = vin();
    let mut application = initial(&vin, IDENTITY);
    application.plate_wish = Some(proto::PlateWish {
        wish: Some(proto::plate_wish::Wish::Held(number.clone())),
    });
    application.delivery = Some(proto::Delivery {
        dealer: Some(organisation()),
        recipient: Some(person(IDENTITY)),
    });
    let approved = decided(&mut dealer, &mut officer, application).await;
    assert_eq!(approved.state(), proto::ApplicationState::Approved);
    assert_eq!(approved.plate, number);
    assert_eq!(
        approved.plate_order_state(),
        proto::PlateOrderState::Ordered
    );

    replica.caught_up().await;
    pay_order(&mut city.orders(&replica).await, &approved.order).await;
    let name = approved.name.clone();
    maker
        .record_plates_made(proto::RecordPlatesMadeRequest {
            name: name.clone(),
            ..Default::default()
        })
        .await
        .unwrap();
    maker
        .record_plates_shipped(proto::RecordPlatesShippedRequest {
            name: name.clone(),
            carrier: "Sample Post".into(),
            tracking_number: "T-1".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    let delivered = maker
        .record_plates_delivered(proto::RecordPlatesDeliveredRequest {
            name,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        delivered.plate_order_state(),
        proto::PlateOrderState::Delivered
    );

    let vehicle = get(&mut dealer, &vin).await;
    assert_eq!(vehicle.state(), proto::VehicleState::Registered);
    assert_eq!(vehicle.plate, number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_car_goes_to_a_second_owner_and_a_sealed_one_does_not() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut officer = city.client(&replica, Account::Officer).await;
    let mut court = city.client(&replica, Account::Court).await;
    let vin = vin();
    decided(&mut dealer, &mut officer, initial(&vin, IDENTITY)).await;
    replica.caught_up().await;
    let before = get(&mut dealer, &vin).await;

    let name = format!("vehicles/{vin}");
    court
        .place_hold(proto::PlaceHoldRequest {
            name: name.clone(),
            kind: proto::HoldKind::Seizure.into(),
            agency: "Sample Court".into(),
            notice: "N-1".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    let refused = dealer
        .create_application(create(transfer(&vin, OTHER_IDENTITY)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(
        reason(&refused),
        ("VEHICLE_SEALED".into(), Some("Order 164 art. 29(4)".into()))
    );
    court
        .lift_hold(proto::LiftHoldRequest {
            name,
            kind: proto::HoldKind::Seizure.into(),
            notice: "N-1".into(),
            lifting_notice: "L-1".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    decided(&mut dealer, &mut officer, transfer(&vin, OTHER_IDENTITY)).await;
    replica.caught_up().await;
    let after = get(&mut dealer, &vin).await;
    assert_ne!(before.owner, after.owner);
    assert_ne!(before.plate, after.plate);

    let person_ref = match after.owner.unwrap().kind {
        Some(proto::party::Kind::Person(person)) => person.person_ref,
        other => panic!("{other:?}"),
    };
    let owned = dealer
        .list_vehicles(proto::ListVehiclesRequest {
            owner: person_ref,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(owned.vehicles.len(), 1);
    assert_eq!(owned.vehicles[0].name, format!("vehicles/{vin}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_told_and_what_is_electronic_is_not_asked_for() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut application = initial(&vin(), IDENTITY);
    application.evidence.clear();
    let needed = dealer
        .list_materials(proto::ListMaterialsRequest {
            application: Some(application.clone()),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(needed.submitted.len(), 2);
    assert_eq!(needed.electronic.len(), 3);
    assert_eq!(
        (needed.limit_days, needed.limit_basis.as_str()),
        (2, "Order 164 art. 12(3)")
    );

    let filed = dealer
        .create_application(create(application))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(filed.state(), proto::ApplicationState::Incomplete);
    assert_eq!(filed.missing.len(), 2);
    let accepted = dealer
        .supply_materials(proto::SupplyMaterialsRequest {
            name: filed.name,
            evidence: crate::samples::evidence(&[
                proto::Material::Origin,
                proto::Material::FactoryCertificate,
            ]),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(accepted.state(), proto::ApplicationState::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_answered_stored_readably_or_published() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut officer = city.client(&replica, Account::Officer).await;
    let vin = vin();
    let approved = decided(&mut dealer, &mut officer, initial(&vin, IDENTITY)).await;
    let history = dealer
        .list_vehicle_history(proto::ListVehicleHistoryRequest {
            parent: format!("vehicles/{vin}"),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert!(
        history
            .events
            .iter()
            .any(|event| event.r#type == "vehicle_registered")
    );
    let mut seen = format!("{approved:?}{history:?}");
    let jetstream = city.bus.jetstream().await;
    for stream in ["REGISTRATION", "EVENTS"] {
        let stream = jetstream.get_stream(stream).await.unwrap();
        let last = stream.get_info().await.unwrap().state.last_sequence;
        for sequence in 1..=last {
            let message = stream.get_raw_message(sequence).await.unwrap();
            seen.push_str(&String::from_utf8_lossy(&message.payload));
            seen.push_str(&format!("{:?}{}", message.headers, message.subject));
        }
    }
    for secret in [NAME, IDENTITY, PHONE, ADDRESS] {
        assert!(!seen.contains(secret), "{secret} is readable");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_every_event_of_an_application_once() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut officer = city.client(&replica, Account::Officer).await;
    let mut agency = city.client(&replica, Account::Agency).await;
    let mut changes = agency
        .watch_applications(proto::WatchApplicationsRequest {
            after_position: Some(0),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    let approved = decided(&mut dealer, &mut officer, initial(&vin(), IDENTITY)).await;
    let mut told = Vec::new();
    while told.len() < 2 {
        let change = changes.next().await.unwrap().unwrap();
        if let Some(event) = change.event {
            assert_eq!(event.resource, approved.name);
            told.push(event.r#type);
        }
    }
    assert_eq!(told, ["application_filed", "application_approved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_says_whom_false_papers_bar_and_lifts_the_bar_again() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut officer = city.client(&replica, Account::Officer).await;
    let filed = dealer
        .create_application(create(initial(&vin(), IDENTITY)))
        .await
        .unwrap()
        .into_inner();
    let applicant = match &filed.applicants[0].kind {
        Some(proto::party::Kind::Person(person)) => person.person_ref.clone(),
        other => panic!("{other:?}"),
    };
    let refusal = |barred: &str| proto::RefuseApplicationRequest {
        name: filed.name.clone(),
        ground: proto::RegistrationRefusalGround::FalsePapers.into(),
        reason: "forged invoice".into(),
        barred: vec![barred.into()],
        ..Default::default()
    };
    replica.caught_up().await;
    let nobody = officer
        .refuse_application(refusal("nobody"))
        .await
        .unwrap_err();
    assert_eq!(fields(&nobody), ["barred[0]"]);
    let told = officer
        .refuse_application(refusal(&applicant))
        .await
        .unwrap()
        .into_inner();
    let remedies = told.refusal.unwrap().remedies_zh;
    assert!(remedies.contains("行政复议"), "{remedies}");
    replica.caught_up().await;
    let again = || create(initial(&vin(), IDENTITY));
    let refused = dealer.create_application(again()).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (
            "APPLICANT_BARRED".into(),
            Some("Order 164 art. 80(1)".into())
        )
    );

    let lifted = officer
        .lift_applicant_bar(proto::LiftApplicantBarRequest {
            name: format!("applicants/{applicant}"),
            ground: proto::BarGround::FalsePapers.into(),
            decision: "L-1".into(),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(lifted.name, format!("applicants/{applicant}"));
    assert_eq!(lifted.false_papers_until, None);
    replica.caught_up().await;
    dealer.create_application(again()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_car_that_another_city_has_taken_in_is_gone_here() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut dealer = city.client(&replica, Account::Dealer).await;
    let mut officer = city.client(&replica, Account::Officer).await;
    let vin = vin();
    decided(&mut dealer, &mut officer, initial(&vin, IDENTITY)).await;
    replica.caught_up().await;
    let gone = officer
        .record_moved_away(proto::RecordMovedAwayRequest {
            name: format!("vehicles/{vin}"),
            to: "Sample City".into(),
            notice: "N-9".into(),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(gone.state(), proto::VehicleState::MovedOut);
    assert_eq!(gone.plate, "");
}
