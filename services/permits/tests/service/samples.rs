//! Synthetic requests.

use chassis::domain::values::ResidentId;
use jiff::Timestamp;
use pbjson_types::Timestamp as Time;
use traffic_proto::permits::v1 as proto;
use traffic_proto::permits::v1::permit::Application;

/// Made up; the check character is right.
pub(crate) const IDENTITY: &str = "360426199101010071";
pub(crate) const NAME: &str = "Sample Person";
pub(crate) const PHONE: &str = "0530-0000000";

pub(crate) fn time(text: &str) -> Option<Time> {
    let time: Timestamp = format!("{text}+08:00").parse().unwrap();
    Some(Time {
        seconds: time.as_second(),
        nanos: 0,
    })
}

pub(crate) fn day(text: &str) -> Option<proto::Day> {
    Some(proto::Day { value: text.into() })
}

pub(crate) fn person() -> Option<proto::Person> {
    Some(proto::Person {
        name: NAME.into(),
        identity_number: IDENTITY.into(),
        phone: PHONE.into(),
        ..proto::Person::default()
    })
}

/// An identity number for the `n`th person: the digits run, the check character follows.
pub(crate) fn nth_person(n: u32) -> Option<proto::Person> {
    let digits = format!("37170219900101{n:03}");
    let check = ResidentId::check_character(digits.as_bytes()).unwrap();
    Some(proto::Person {
        identity_number: format!("{digits}{check}"),
        ..person().unwrap()
    })
}

pub(crate) fn company() -> Option<proto::Organisation> {
    Some(proto::Organisation {
        name: "Sample Works Ltd".into(),
        credit_code: "91110000600037341L".into(),
    })
}

pub(crate) fn line(points: &[(f64, f64)]) -> Option<proto::Line> {
    Some(proto::Line {
        points: points
            .iter()
            .map(|(longitude, latitude)| proto::Point {
                longitude: *longitude,
                latitude: *latitude,
            })
            .collect(),
    })
}

/// Works on a road, 10 to 20 March, by day.
pub(crate) fn occupation(road: &str) -> proto::RoadOccupation {
    proto::RoadOccupation {
        stretch: Some(proto::RoadStretch {
            roads: vec![road.into()],
            directions: vec![proto::TravelDirection::Eastbound.into()],
            line: line(&[(115.480, 35.240), (115.485, 35.240)]),
            side: proto::RoadSide::Right.into(),
            width_cm: 350,
            lanes: vec![proto::LaneUse {
                order: 2,
                r#type: proto::LaneType::General.into(),
                status: proto::LaneStatus::Closed.into(),
            }],
            impact: proto::VehicleImpact::SomeLanesClosed.into(),
        }),
        time: Some(proto::OccupationTime {
            start_time: time("2026-03-10T00:00:00"),
            end_time: time("2026-03-20T00:00:00"),
            daily_hours: Some(proto::DailyHours {
                from_minute: 480,
                until_minute: 1020,
            }),
        }),
        work_type: proto::WorkType::Utilities.into(),
        description: "renew a water main".into(),
        traffic_plan: "one lane stays open; a flagman by day".into(),
        signs: Some(proto::Signs {
            upstream_m: 50,
            upstream_night_m: 0,
        }),
        public_notice_on: day("2026-03-05"),
        emergency: None,
        road_authority_consent: "SAMPLE-2026-1".into(),
        joint_plan: None,
    }
}

fn vehicle(plate: &str) -> Option<proto::Vehicle> {
    Some(proto::Vehicle {
        plate: plate.into(),
        inspection_valid_until: day("2026-12-31"),
        operation_certificate: "OC-1".into(),
    })
}

fn route() -> Vec<proto::RouteLeg> {
    vec![proto::RouteLeg {
        road: "Sample Highway".into(),
        road_class: proto::RoadClass::Highway.into(),
        line: line(&[(115.60, 35.10), (115.60, 34.80)]),
        enter_time: time("2026-03-06T09:00:00"),
        leave_time: time("2026-03-06T10:00:00"),
    }]
}

pub(crate) fn toxic() -> proto::ToxicTransport {
    let qualified = |n| {
        Some(proto::QualifiedPerson {
            person: nth_person(n),
            qualified_until: day("2026-12-31"),
        })
    };
    proto::ToxicTransport {
        carrier: Some(proto::Carrier {
            organisation: company(),
            licence_number: "DG-1".into(),
            licence_valid_until: day("2026-12-31"),
        }),
        chemical: Some(proto::Chemical {
            name: "sodium cyanide".into(),
            un_number: "1689".into(),
            cas_number: "143-33-9".into(),
            quantity_kg: 5000,
        }),
        purchase_document: Some(proto::PurchaseDocument {
            kind: proto::PurchaseDocumentKind::PurchasePermit.into(),
            number: "PP-1".into(),
        }),
        tractor: vehicle("鲁R12345"),
        trailer: None,
        main_driver: qualified(1),
        second_driver: qualified(2),
        main_escort: qualified(3),
        second_escort: None,
        origin_district: "371702".into(),
        destination_district: "371721".into(),
        route: route(),
    }
}

pub(crate) fn oversize() -> proto::OversizeTransport {
    proto::OversizeTransport {
        cargo: "transformer".into(),
        divisible: false,
        tractor: vehicle("鲁R54321"),
        trailer: vehicle("鲁R4321挂"),
        driver: nth_person(4),
        dimensions: Some(proto::Dimensions {
            height_mm: 4000,
            width_mm: 3200,
            length_mm: 18_000,
        }),
        masses: Some(proto::Masses {
            total_kg: 60_000,
            axle_kg: vec![10_000; 6],
            single_drive_axle: false,
        }),
        route: route(),
        crosses_province: false,
        transport_permit: "TP-1".into(),
        outline_drawing: String::new(),
        escort_plan: String::new(),
        valid_from: day("2026-03-05"),
        valid_until: day("2026-03-20"),
    }
}

pub(crate) fn run_order() -> proto::RunOrder {
    proto::RunOrder {
        start_time: time("2026-03-06T05:00:00"),
        end_time: time("2026-03-06T12:00:00"),
        max_speed_kmh: 40,
        route: "Sample Highway".into(),
        escort: true,
    }
}

pub(crate) fn permit(application: Application) -> proto::Permit {
    proto::Permit {
        district: "371702".into(),
        applicant: company(),
        contact: person(),
        application: Some(application),
        ..proto::Permit::default()
    }
}

pub(crate) fn works(road: &str) -> proto::Permit {
    permit(Application::RoadOccupation(occupation(road)))
}

pub(crate) fn create(permit: proto::Permit) -> proto::CreatePermitRequest {
    proto::CreatePermitRequest {
        permit: Some(permit),
        request_id: uuid::Uuid::now_v7().to_string(),
        validate_only: false,
    }
}
