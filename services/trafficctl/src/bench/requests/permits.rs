//! What firms ask of permits: applications for works on a road, and for the transport of highly toxic chemicals.

use super::{in_days, in_minutes};
use crate::invented::{self, credit_code};
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::{
    Carrier, Chemical, CreatePermitRequest, Day, Emergency, LaneStatus, LaneType, LaneUse, Line,
    OccupationTime, Organisation, Permit, Person, Point, PurchaseDocument, PurchaseDocumentKind,
    QualifiedPerson, RoadClass, RoadOccupation, RoadSide, RoadStretch, RouteLeg, Signs,
    ToxicTransport, TravelDirection, Vehicle, VehicleImpact, WorkType,
};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

pub(in crate::bench) fn filed(permit: Permit, request_id: String) -> CreatePermitRequest {
    CreatePermitRequest {
        permit: Some(permit),
        request_id,
        validate_only: false,
    }
}

/// Works of three days in a month. Firms by chance: many file at the same moment, hardly ever one of them twice.
pub(in crate::bench) fn planned_works() -> Permit {
    let begin = 30 * DAY;
    let works = RoadOccupation {
        time: time(begin, begin + 3 * DAY),
        public_notice_on: Some(Day { value: in_days(20) }),
        ..works("示例路".to_owned(), 35.25)
    };
    let firm = rand::random::<u32>() % 10_000_000;
    permit(firm, "371702", Application::RoadOccupation(works))
}

/// A repair of something that broke half an hour ago, on a road of its own: it may be granted, done and closed at once.
pub(in crate::bench) fn repair(number: u32, district: &str) -> Permit {
    let works = RoadOccupation {
        time: time(-HOUR / 2, 14 * DAY),
        emergency: Some(Emergency {
            started_at: Some(in_minutes(-HOUR / 2)),
            cause: "样本：供水管爆裂".to_owned(),
        }),
        // A few kilometres north of all bays.
        ..works(format!("示例路 {number}"), 35.40)
    };
    permit(number, district, Application::RoadOccupation(works))
}

/// Sodium cyanide on its way from Mudan to Caoxian in an hour's drive, two days ahead; it may leave earlier.
pub(in crate::bench) fn toxic_transport(number: u32) -> Permit {
    let person = |offset: u64| {
        Some(QualifiedPerson {
            person: Some(person(u64::from(number) * 3 + offset)),
            qualified_until: day_in(365),
        })
    };
    let point = |latitude| Point {
        longitude: 115.60,
        latitude,
    };
    let transport = ToxicTransport {
        carrier: Some(Carrier {
            organisation: Some(firm(number)),
            licence_number: "SAMPLE-DG-1".to_owned(),
            licence_valid_until: day_in(365),
        }),
        chemical: Some(Chemical {
            name: "氰化钠".to_owned(),
            un_number: "1689".to_owned(),
            cas_number: "143-33-9".to_owned(),
            quantity_kg: 5_000,
        }),
        purchase_document: Some(PurchaseDocument {
            kind: PurchaseDocumentKind::PurchasePermit.into(),
            number: format!("SAMPLE-PP-{number}"),
        }),
        tractor: Some(Vehicle {
            plate: invented::plate(u64::from(number)),
            inspection_valid_until: day_in(365),
            operation_certificate: "SAMPLE-OC-1".to_owned(),
        }),
        main_driver: person(0),
        second_driver: person(1),
        main_escort: person(2),
        origin_district: "371702".to_owned(),
        destination_district: "371721".to_owned(),
        route: vec![RouteLeg {
            road: "示例公路".to_owned(),
            road_class: RoadClass::Highway.into(),
            line: Some(Line {
                points: vec![point(35.10), point(34.80)],
            }),
            enter_time: Some(in_minutes(2 * DAY)),
            leave_time: Some(in_minutes(2 * DAY + HOUR)),
        }],
        ..ToxicTransport::default()
    };
    permit(number, "371702", Application::ToxicTransport(transport))
}

fn permit(number: u32, district: &str, application: Application) -> Permit {
    Permit {
        district: district.to_owned(),
        applicant: Some(firm(number)),
        // One person for all: a firm files under the same contact again and again.
        contact: Some(Person {
            name: "示例联系人".to_owned(),
            identity_number: "371702199001010013".to_owned(),
            ..Person::default()
        }),
        application: Some(application),
        ..Permit::default()
    }
}

fn firm(number: u32) -> Organisation {
    Organisation {
        name: "示例施工单位（样本数据）".to_owned(),
        credit_code: credit_code(number),
    }
}

fn person(number: u64) -> Person {
    Person {
        name: "示例从业人员".to_owned(),
        identity_number: invented::identity_number(number),
        ..Person::default()
    }
}

fn day_in(days: i64) -> Option<Day> {
    Some(Day {
        value: in_days(days),
    })
}

fn time(start: i64, end: i64) -> Option<OccupationTime> {
    Some(OccupationTime {
        start_time: Some(in_minutes(start)),
        end_time: Some(in_minutes(end)),
        daily_hours: None,
    })
}

/// A lane closed on a hundred metres of this road.
fn works(road: String, latitude: f64) -> RoadOccupation {
    let point = |longitude| Point {
        longitude,
        latitude,
    };
    let stretch = RoadStretch {
        roads: vec![road],
        directions: vec![TravelDirection::Eastbound.into()],
        line: Some(Line {
            points: vec![point(115.48), point(115.481)],
        }),
        side: RoadSide::Right.into(),
        width_cm: 350,
        lanes: vec![LaneUse {
            order: 1,
            r#type: LaneType::General.into(),
            status: LaneStatus::Closed.into(),
        }],
        impact: VehicleImpact::SomeLanesClosed.into(),
    };
    RoadOccupation {
        stretch: Some(stretch),
        work_type: WorkType::Utilities.into(),
        description: "样本：敷设电缆".to_owned(),
        traffic_plan: "样本：保留一条车道".to_owned(),
        signs: Some(Signs {
            upstream_m: 80,
            upstream_night_m: 150,
        }),
        road_authority_consent: "样本-1".to_owned(),
        ..RoadOccupation::default()
    }
}
