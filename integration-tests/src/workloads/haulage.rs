//! Permits of hauliers: highly toxic chemicals with a driver, oversize cargo within its masses.

use jiff::{SignedDuration, Timestamp};
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::{
    Carrier, Chemical, Day, Dimensions, Line, Masses, Organisation, OversizeTransport, Permit,
    Person, Point, PurchaseDocument, PurchaseDocumentKind, QualifiedPerson, RoadClass, RouteLeg,
    RunOrder, ToxicTransport, Vehicle,
};

/// Granted with every [`oversize`].
pub const PERMITTED_KG: u32 = 60_000;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn minutes_after(now: Timestamp, minutes: i64) -> Timestamp {
    now + SignedDuration::from_mins(minutes)
}

/// To the second.
fn in_minutes(now: Timestamp, minutes: i64) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: minutes_after(now, minutes).as_second(),
        nanos: 0,
    }
}

/// A day so many days after this moment, in China.
pub fn day(now: Timestamp, days: i64) -> Option<Day> {
    let at = minutes_after(now, days * DAY);
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

fn qualified(now: Timestamp, identity_number: &str) -> Option<QualifiedPerson> {
    Some(QualifiedPerson {
        person: person(identity_number),
        qualified_until: day(now, 365),
    })
}

fn vehicle(now: Timestamp, plate: &str) -> Option<Vehicle> {
    Some(Vehicle {
        plate: plate.into(),
        inspection_valid_until: day(now, 365),
        operation_certificate: "OC-1".into(),
    })
}

/// One leg of an hour, two days ahead, far from the city's closed zones.
fn route(now: Timestamp) -> Vec<RouteLeg> {
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
        enter_time: Some(in_minutes(now, 2 * DAY)),
        leave_time: Some(in_minutes(now, 2 * DAY + HOUR)),
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
pub fn toxic(now: Timestamp, plate: &str, driver: &str) -> Permit {
    application(Application::ToxicTransport(ToxicTransport {
        carrier: Some(Carrier {
            organisation: company(),
            licence_number: "DG-1".into(),
            licence_valid_until: day(now, 365),
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
        tractor: vehicle(now, plate),
        trailer: None,
        main_driver: qualified(now, driver),
        second_driver: qualified(now, "371702199001010013"),
        main_escort: qualified(now, "44011320141005001X"),
        second_escort: None,
        origin_district: "371702".into(),
        destination_district: "371721".into(),
        route: route(now),
    }))
}

/// A transformer on these vehicles, of [`PERMITTED_KG`].
pub fn oversize(now: Timestamp, tractor: &str, trailer: &str, driver: &str) -> Permit {
    application(Application::OversizeTransport(OversizeTransport {
        cargo: "transformer".into(),
        divisible: false,
        tractor: vehicle(now, tractor),
        trailer: vehicle(now, trailer),
        driver: person(driver),
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
        route: route(now),
        crosses_province: false,
        transport_permit: "TP-1".into(),
        outline_drawing: String::new(),
        escort_plan: String::new(),
        valid_from: day(now, -2),
        valid_until: day(now, 5),
    }))
}

/// The run of an [`oversize`] may take place from an hour ago on, for two days, with an escort.
pub fn run_order(now: Timestamp) -> RunOrder {
    RunOrder {
        start_time: Some(in_minutes(now, -HOUR)),
        end_time: Some(in_minutes(now, 2 * DAY)),
        max_speed_kmh: 40,
        route: "Sample Highway".into(),
        escort: true,
    }
}
