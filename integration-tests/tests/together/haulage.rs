//! Permits of hauliers: highly toxic chemicals with a driver, oversize cargo within its masses.

use crate::cases::DRIVER;
use integration_tests::Replica;
use integration_tests::workloads::permits::{accept, file, methods};
use integration_tests::workloads::{in_minutes, permits};
use tonic::Status;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::{
    ApprovePermitRequest, Carrier, Chemical, Day, Dimensions, GetPermitRequest, Line, Masses,
    Organisation, OversizeTransport, Permit, PermitState, Person, Point, PurchaseDocument,
    PurchaseDocumentKind, QualifiedPerson, ResumePermitRequest, RevocationGround,
    RevokePermitRequest, RoadClass, RouteLeg, RunOrder, SuspendPermitRequest, ToxicTransport,
    Vehicle,
};

pub(crate) const TRACTOR: &str = "鲁R54321";
pub(crate) const TRAILER: &str = "鲁R4321挂";
/// Granted with every [`oversize`].
pub(crate) const PERMITTED_KG: u32 = 60_000;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A day so many days from now, in China.
pub(crate) fn day(days: i64) -> Option<Day> {
    let at = in_minutes(days * DAY);
    let at = jiff::Timestamp::new(at.seconds, 0).unwrap();
    let date = jiff::tz::Offset::constant(8).to_datetime(at).date();
    Some(Day {
        value: date.to_string(),
    })
}

fn company() -> Option<Organisation> {
    Some(Organisation {
        name: "Sample Haulage".into(),
        credit_code: "91110000600037341L".into(),
    })
}

fn person(identity_number: &str) -> Option<Person> {
    Some(Person {
        name: "Sample Person".into(),
        identity_number: identity_number.into(),
        ..Person::default()
    })
}

fn qualified(identity_number: &str) -> Option<QualifiedPerson> {
    Some(QualifiedPerson {
        person: person(identity_number),
        qualified_until: day(365),
    })
}

fn vehicle(plate: &str) -> Option<Vehicle> {
    Some(Vehicle {
        plate: plate.into(),
        inspection_valid_until: day(365),
        operation_certificate: "OC-1".into(),
    })
}

/// One leg of an hour, two days ahead, far from the city's closed zones.
fn route() -> Vec<RouteLeg> {
    let point = |longitude, latitude| Point {
        longitude,
        latitude,
    };
    vec![RouteLeg {
        road: "Sample Highway".into(),
        road_class: RoadClass::Highway.into(),
        line: Some(Line {
            points: vec![point(115.60, 35.10), point(115.60, 34.80)],
        }),
        enter_time: Some(in_minutes(2 * DAY)),
        leave_time: Some(in_minutes(2 * DAY + HOUR)),
    }]
}

fn application(application: Application) -> Permit {
    Permit {
        district: "371702".into(),
        applicant: company(),
        contact: person("44011320141005001X"),
        application: Some(application),
        ..Permit::default()
    }
}

/// Sodium cyanide, by a vehicle with this plate and this main driver.
pub(crate) fn toxic(plate: &str, driver: &str) -> Permit {
    application(Application::ToxicTransport(ToxicTransport {
        carrier: Some(Carrier {
            organisation: company(),
            licence_number: "DG-1".into(),
            licence_valid_until: day(365),
        }),
        chemical: Some(Chemical {
            name: "sodium cyanide".into(),
            un_number: "1689".into(),
            cas_number: "143-33-9".into(),
            quantity_kg: 5_000,
        }),
        purchase_document: Some(PurchaseDocument {
            kind: PurchaseDocumentKind::PurchasePermit.into(),
            number: "PP-1".into(),
        }),
        tractor: vehicle(plate),
        trailer: None,
        main_driver: qualified(driver),
        second_driver: qualified("371702199001010013"),
        main_escort: qualified("44011320141005001X"),
        second_escort: None,
        origin_district: "371702".into(),
        destination_district: "371721".into(),
        route: route(),
    }))
}

/// A transformer on [`TRACTOR`] and [`TRAILER`], of [`PERMITTED_KG`].
pub(crate) fn oversize() -> Permit {
    application(Application::OversizeTransport(OversizeTransport {
        cargo: "transformer".into(),
        divisible: false,
        tractor: vehicle(TRACTOR),
        trailer: vehicle(TRAILER),
        driver: person(DRIVER),
        dimensions: Some(Dimensions {
            height_mm: 4_000,
            width_mm: 3_200,
            length_mm: 18_000,
        }),
        masses: Some(Masses {
            total_kg: PERMITTED_KG,
            axle_kg: vec![10_000; 6],
            single_drive_axle: false,
        }),
        route: route(),
        crosses_province: false,
        transport_permit: "TP-1".into(),
        outline_drawing: String::new(),
        escort_plan: String::new(),
        valid_from: day(-2),
        valid_until: day(5),
    }))
}

/// Files, accepts and approves; a run may take place from an hour ago on.
pub(crate) async fn grant(replica: &Replica, permit: Permit) -> Result<Permit, Status> {
    let is_oversize = matches!(permit.application, Some(Application::OversizeTransport(_)));
    let filed = file(replica, permit).await?;
    accept(replica, &filed.name).await?;
    let order = RunOrder {
        start_time: Some(in_minutes(-HOUR)),
        end_time: Some(in_minutes(2 * DAY)),
        max_speed_kmh: 40,
        route: "Sample Highway".into(),
        escort: true,
    };
    let approve = ApprovePermitRequest {
        name: filed.name,
        run_order: is_oversize.then_some(order),
        ..ApprovePermitRequest::default()
    };
    let approved = methods(replica, "officer:works")
        .approve_permit(approve)
        .await;
    Ok(approved?.into_inner())
}

pub(crate) async fn get(replica: &Replica, name: &str) -> Permit {
    let request = GetPermitRequest { name: name.into() };
    let found = permits::methods(replica, "officer:works")
        .get_permit(request)
        .await;
    found.unwrap().into_inner()
}

/// Waits until all replicas show a permit in this state.
pub(crate) async fn until(replicas: &[&Replica], name: &str, state: PermitState) -> Permit {
    let mut permit = Permit::default();
    for replica in replicas {
        let what = format!("{name} {state:?}");
        permit = integration_tests::replica::eventually(&what, || async {
            let permit = get(replica, name).await;
            (permit.state() == state).then_some(permit)
        })
        .await;
    }
    permit
}

pub(crate) async fn suspend(replica: &Replica, name: &str) {
    let request = SuspendPermitRequest {
        name: name.into(),
        reason: "storm".into(),
        ..SuspendPermitRequest::default()
    };
    let suspended = methods(replica, "officer:works")
        .suspend_permit(request)
        .await;
    suspended.unwrap();
}

pub(crate) async fn resume(replica: &Replica, name: &str) {
    let request = ResumePermitRequest {
        name: name.into(),
        reason: "calm".into(),
        ..ResumePermitRequest::default()
    };
    let resumed = methods(replica, "officer:works")
        .resume_permit(request)
        .await;
    resumed.unwrap();
}

pub(crate) async fn revoke(replica: &Replica, name: &str) {
    let request = RevokePermitRequest {
        name: name.into(),
        ground: RevocationGround::PublicInterest.into(),
        reason: "a bridge has to be closed".into(),
        ..RevokePermitRequest::default()
    };
    let revoked = methods(replica, "officer:works")
        .revoke_permit(request)
        .await;
    revoked.unwrap();
}
