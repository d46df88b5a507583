//! A business with a fee at an unmanned kiosk: it waits for the money, and a power cut anywhere loses, charges and prints nothing twice.

use crate::at_kiosk::AtKiosk;
use crate::world::{Account, City, Replica, day, owner, reason, request_id, time};
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::kiosk_business::Kind;

const VEHICLE: &str = "vehicles/1M8GDM9AXKP042788";
/// Number of the first request id of the kiosk's and the provider's steps.
const STEPS: u128 = 100;

/// A private car of `owner(1)`, registered at a station.
async fn register_car(city: &City, replica: &Replica) {
    let evidence = |material: proto::Material| proto::Evidence {
        material: material.into(),
        number: "P-1".into(),
    };
    let application = proto::Application {
        vehicle: VEHICLE.into(),
        district: "371702".into(),
        applicants: owner(1).into_iter().collect(),
        request: Some(proto::application::Request::InitialRegistration(
            proto::InitialRegistration {
                particulars: Some(proto::Particulars {
                    vehicle_class: proto::VehicleClass::SmallPassenger.into(),
                    use_nature: proto::UseNature::NonOperating.into(),
                    brand: "Sample".into(),
                    model: "S1".into(),
                    colour: "white".into(),
                    seats: 5,
                    gross_mass_kg: 1_800,
                    made_on: day("2026-01-15"),
                    inspection_exempt: true,
                    ..proto::Particulars::default()
                }),
                factory_checked: true,
                inspection_valid_until: day("2028-03-02"),
                ..proto::InitialRegistration::default()
            },
        )),
        plate_wish: Some(proto::PlateWish {
            wish: Some(proto::plate_wish::Wish::Any(true)),
        }),
        evidence: [proto::Material::Origin, proto::Material::FactoryCertificate]
            .map(evidence)
            .to_vec(),
        ..proto::Application::default()
    };
    let mut station = city.vehicles(replica, Account::Station).await;
    let create = proto::CreateApplicationRequest {
        application: Some(application),
        ..proto::CreateApplicationRequest::default()
    };
    let filed = station.create_application(create).await.unwrap();
    let check = |material: proto::Material| proto::ElectronicCheck {
        material: material.into(),
        reference: "R-1".into(),
    };
    let mut officer = city.vehicles(replica, Account::Officer).await;
    let approve = proto::ApproveApplicationRequest {
        name: filed.into_inner().name,
        checks: [
            proto::Material::CompulsoryInsurance,
            proto::Material::PurchaseTax,
            proto::Material::VehicleTax,
        ]
        .map(check)
        .to_vec(),
        ..proto::ApproveApplicationRequest::default()
    };
    officer.approve_application(approve).await.unwrap();
    replica.caught_up().await;
}

async fn licences(city: &City, replica: &Replica) -> u32 {
    replica.caught_up().await;
    let mut station = city.vehicles(replica, Account::Station).await;
    let get = proto::GetVehicleRequest {
        name: VEHICLE.into(),
    };
    station
        .get_vehicle(get)
        .await
        .unwrap()
        .into_inner()
        .licences
}

/// Tells that money has come. Answers what is outstanding.
async fn pay(city: &City, replica: &Replica, order: &str, request: &str, reference: &str) -> i64 {
    let mut provider = city.orders(replica).await;
    let paid = proto::RecordOrderPaymentRequest {
        name: order.into(),
        transfer: Some(proto::OrderTransfer {
            provider: "bank".into(),
            reference: reference.into(),
            amount_fen: 1_000,
            transfer_time: time("2026-03-02T08:59:00"),
        }),
        request_id: request.into(),
        ..proto::RecordOrderPaymentRequest::default()
    };
    let order = provider.record_order_payment(paid).await.unwrap();
    order.into_inner().outstanding_fen
}

/// One step at the kiosk; in the fourth the provider tells that the fee has come.
async fn step(
    city: &City,
    replica: &Replica,
    session: &proto::KioskSession,
    step: u128,
) -> proto::KioskSession {
    let mut kiosk = AtKiosk::of(city, replica, &session.name).await;
    let id = request_id(STEPS + step);
    let answer = match step {
        0 => kiosk.open(id).await,
        1 => {
            let wanted = proto::KioskLicenceReissue {
                vehicle: VEHICLE.into(),
                owner: owner(1),
            };
            kiosk.file(Kind::VehicleLicenceReissue(wanted), id).await
        }
        2 => kiosk.confirm(id).await,
        3 => {
            assert_eq!(pay(city, replica, &session.order, &id, "T1").await, 0);
            // As the kiosk asks while it waits.
            replica.caught_up().await;
            kiosk.look().await
        }
        4 => kiosk.print(id).await,
        _ => kiosk.printed(id).await,
    };
    answer.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_with_a_fee_survives_a_power_cut_of_kiosk_and_service_after_every_step() {
    let city = City::start().await;
    let mut replica = city.replica().await;
    register_car(&city, &replica).await;
    assert_eq!(licences(&city, &replica).await, 1);
    let mut session = proto::KioskSession::default();
    for number in 0..6 {
        let before = session;
        session = step(&city, &replica, &before, number).await;
        // The kiosk never saw the answer, and the service starts anew: the step is sent again, and again elsewhere.
        let folder = replica.stop().await;
        replica = city.replica_in(folder).await;
        let other = city.replica().await;
        for again in [&replica, &other] {
            let answer = step(&city, again, &before, number).await;
            assert_eq!(answer, session, "step {number}");
        }
        let owed = [0, 0, 1_000, 0, 0, 0][usize::try_from(number).unwrap()];
        assert_eq!(session.outstanding_fen, owed, "step {number}");
    }
    assert_eq!(session.step(), proto::KioskStep::Done);
    assert_eq!(session.resource, VEHICLE);
    assert_eq!(session.refund_due_fen, 0, "charged once");
    assert_eq!(licences(&city, &replica).await, 2, "made again once");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_printed_before_the_fee_has_come_and_what_comes_twice_goes_back() {
    let city = City::start().await;
    let replica = city.replica().await;
    register_car(&city, &replica).await;
    let mut session = proto::KioskSession::default();
    for number in 0..3 {
        session = step(&city, &replica, &session, number).await;
    }
    assert_eq!(session.outstanding_fen, 1_000);
    let mut kiosk = AtKiosk::of(&city, &replica, &session.name).await;
    let id = request_id(STEPS + 4);
    let refused = kiosk.print(id.clone()).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        ("NOT_PAID".into(), Some("Order 164 art. 3(3)".into()))
    );
    assert_eq!(licences(&city, &replica).await, 1);
    // The card reader and the phone, one after the other.
    for reference in ["T1", "T2"] {
        assert_eq!(pay(&city, &replica, &session.order, "", reference).await, 0);
    }
    let printing = kiosk.print(id).await.unwrap();
    replica.caught_up().await;
    assert!(printing.carried_out);
    assert_eq!(printing.refund_due_fen, 1_000);
    assert_eq!(licences(&city, &replica).await, 2);
}
