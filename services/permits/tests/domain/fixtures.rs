//! Synthetic applications, people and officers, and stories that lead a permit to a stage.

use chassis::domain::values::{CreditCode, DocumentNumber, Organisation, PlateNumber, Text};
use chassis::domain::{Actor, District, PersonRef, Sealed};
use chassis::testing::{Outcome, Scenario};
use jiff::Timestamp;
use permits::domain::application::Application;
use permits::domain::event::{Fact, Filing, PermitEvent, RevocationGround, RunOrder};
use permits::domain::filing::{Submit, submit};
use permits::domain::hours::{DailyHours, Hours};
use permits::domain::oversize_transport::{Dimensions, Masses, OversizeTransport};
use permits::domain::permit::{Permit, Stage};
use permits::domain::place::{Line, Point};
use permits::domain::review::{Approve, accept, approve};
use permits::domain::road_occupation::{
    Direction, Impact, Lane, LaneStatus, LaneType, RoadOccupation, Side, Signs, Stretch, WorkType,
};
use permits::domain::route::{Leg, RoadClass, Route};
use permits::domain::standing::Revoke;
use permits::domain::toxic_transport::{
    Carrier, Chemical, PurchaseDocument, QualifiedPerson, ToxicTransport, Vehicle,
};
use permits::domain::values::{CasNumber, PermitId, UnNumber};

/// Monday. All stories begin here.
pub(crate) const MONDAY: &str = "2026-03-02T09:00:00+08:00";

pub(crate) fn mudan() -> District {
    District::new(371_702).unwrap()
}

pub(crate) fn caoxian() -> District {
    District::new(371_721).unwrap()
}

pub(crate) fn applicant() -> Actor {
    Actor {
        id: "partner:works".into(),
        districts: vec![],
    }
}

pub(crate) fn reviewer() -> Actor {
    Actor {
        id: "officer:A1".into(),
        districts: vec![mudan()],
    }
}

pub(crate) fn road_authority() -> Actor {
    Actor {
        id: "authority:R1".into(),
        districts: vec![mudan()],
    }
}

pub(crate) fn elsewhere() -> Actor {
    Actor {
        id: "officer:B1".into(),
        districts: vec![caoxian()],
    }
}

pub(crate) fn city() -> Actor {
    Actor {
        id: "officer:C1".into(),
        districts: vec![District::new(371_700).unwrap()],
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().unwrap()
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::parse(text).unwrap()
}

pub(crate) fn number(number: &str) -> DocumentNumber {
    DocumentNumber::parse(number).unwrap()
}

pub(crate) fn company() -> Organisation {
    Organisation {
        name: text("Sample Works Ltd"),
        credit_code: CreditCode::parse("91110000600037341L").unwrap(),
    }
}

pub(crate) fn other_company() -> Organisation {
    Organisation {
        name: text("Sample Pipes Ltd"),
        credit_code: valid_code(),
    }
}

/// The first code of a fixed body that its check character accepts.
fn valid_code() -> CreditCode {
    "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .chars()
        .find_map(|check| CreditCode::parse(&format!("92370000MA0000000{check}")).ok())
        .expect("one of 31 check characters is right")
}

/// A person by one letter; never a real one.
pub(crate) fn person(letter: char) -> Sealed {
    Sealed {
        person: PersonRef::parse(&letter.to_string().repeat(PersonRef::LENGTH)).unwrap(),
        format: 1,
        bytes: Box::from([1_u8, 2, 3].as_slice()),
    }
}

pub(crate) fn line(points: &[(f64, f64)]) -> Line {
    Line::new(
        points
            .iter()
            .map(|(x, y)| Point::new(*x, *y).unwrap())
            .collect(),
    )
    .unwrap()
}

/// Works on Sample Road, 10 to 20 March, by day; notice on 5 March.
pub(crate) fn occupation() -> RoadOccupation {
    RoadOccupation {
        stretch: Stretch {
            roads: vec![text("Sample Road")],
            directions: vec![Direction::Eastbound],
            line: line(&[(115.480, 35.240), (115.485, 35.240)]),
            side: Side::Right,
            width_cm: 350,
            lanes: vec![Lane {
                order: 2,
                kind: LaneType::General,
                status: LaneStatus::Closed,
            }],
            impact: Impact::SomeLanesClosed,
        },
        hours: Hours::new(
            at("2026-03-10T00:00:00"),
            at("2026-03-20T00:00:00"),
            Some(DailyHours::new(8 * 60, 17 * 60).unwrap()),
        )
        .unwrap(),
        work_type: WorkType::Utilities,
        description: text("renew a water main"),
        traffic_plan: text("one lane stays open; a flagman by day"),
        signs: Signs {
            upstream_m: 50,
            upstream_night_m: 0,
        },
        public_notice_on: Some("2026-03-05".parse().unwrap()),
        emergency: None,
        road_authority_consent: Some(number("SAMPLE-2026-1")),
        joint_plan: None,
    }
}

pub(crate) fn vehicle(plate: &str) -> Vehicle {
    Vehicle {
        plate: PlateNumber::parse(plate).unwrap(),
        inspection_valid_until: "2026-12-31".parse().unwrap(),
        operation_certificate: number("OC-1"),
    }
}

fn qualified(letter: char) -> QualifiedPerson {
    QualifiedPerson {
        person: person(letter),
        qualified_until: "2026-12-31".parse().unwrap(),
    }
}

pub(crate) fn leg(class: RoadClass, points: &[(f64, f64)], enter: &str, leave: &str) -> Leg {
    Leg {
        road: text("Sample Highway"),
        class,
        line: line(points),
        enter: at(enter),
        leave: at(leave),
    }
}

/// Two legs on 6 March: 09:00 to 10:00 and 10:00 to 10:30, outside the sample zone.
pub(crate) fn route() -> Route {
    Route::new(vec![
        leg(
            RoadClass::Expressway,
            &[(115.60, 35.10), (115.60, 34.60)],
            "2026-03-06T09:00:00",
            "2026-03-06T10:00:00",
        ),
        leg(
            RoadClass::Highway,
            &[(115.60, 34.60), (115.60, 34.50)],
            "2026-03-06T10:00:00",
            "2026-03-06T10:30:00",
        ),
    ])
    .unwrap()
}

pub(crate) fn toxic() -> ToxicTransport {
    ToxicTransport {
        carrier: Carrier {
            organisation: company(),
            licence_number: number("DG-1"),
            licence_valid_until: "2026-12-31".parse().unwrap(),
        },
        chemical: Chemical {
            name: text("sodium cyanide"),
            un_number: UnNumber::parse("1689").unwrap(),
            cas_number: CasNumber::parse("143-33-9").unwrap(),
            quantity_kg: 5000,
        },
        purchase_document: PurchaseDocument::PurchasePermit(number("PP-1")),
        tractor: vehicle("鲁R12345"),
        trailer: Some(vehicle("鲁R1234挂")),
        main_driver: qualified('a'),
        second_driver: qualified('b'),
        main_escort: qualified('c'),
        second_escort: None,
        origin: mudan(),
        destination: caoxian(),
        route: route(),
    }
}

/// Class II: 3.2 m wide, 60 t on six axles.
pub(crate) fn oversize() -> OversizeTransport {
    OversizeTransport {
        cargo: text("transformer"),
        divisible: false,
        tractor: vehicle("鲁R54321"),
        trailer: Some(vehicle("鲁R4321挂")),
        driver: person('d'),
        dimensions: Dimensions {
            height_mm: 4000,
            width_mm: 3200,
            length_mm: 18_000,
        },
        masses: Masses::new(60_000, vec![10_000; 6], false).unwrap(),
        route: route(),
        crosses_province: false,
        transport_permit: number("TP-1"),
        outline_drawing: None,
        escort_plan: None,
        valid_from: "2026-03-05".parse().unwrap(),
        valid_until: "2026-03-20".parse().unwrap(),
    }
}

pub(crate) fn run_order() -> RunOrder {
    RunOrder {
        start: at("2026-03-06T05:00:00"),
        end: at("2026-03-06T12:00:00"),
        max_speed_kmh: 40,
        route: text("Sample Highway, Sample Ring"),
        escort: true,
    }
}

pub(crate) fn app(occupation: RoadOccupation) -> Application {
    Application::RoadOccupation(Box::new(occupation))
}

pub(crate) fn toxic_app(toxic: ToxicTransport) -> Application {
    Application::ToxicTransport(Box::new(toxic))
}

pub(crate) fn oversize_app(oversize: OversizeTransport) -> Application {
    Application::OversizeTransport(Box::new(oversize))
}

pub(crate) fn filing_of(application: Application) -> Submit {
    Submit {
        district: mudan(),
        applicant: company(),
        contact: person('z'),
        application,
    }
}

pub(crate) fn terms(application: &Application) -> Approve {
    Approve {
        run_order: matches!(application, Application::OversizeTransport(_)).then(run_order),
        ..Approve::default()
    }
}

pub(crate) fn revocation() -> Revoke {
    Revoke {
        ground: RevocationGround::PublicInterest,
        reason: text("flood"),
    }
}

/// Files on Monday at nine.
pub(crate) fn file(application: Application) -> Outcome<PermitId> {
    Scenario::at(MONDAY)
        .by(applicant())
        .when(|tx| submit(tx, filing_of(application)))
}

/// Filed; the reviewer acts next, an hour later.
pub(crate) fn submitted(application: Application) -> (Scenario, PermitId) {
    let outcome = file(application);
    let id = outcome.value().clone();
    (
        outcome
            .and()
            .later("2026-03-02T10:00:00+08:00")
            .by(reviewer()),
        id,
    )
}

pub(crate) fn accepted(application: Application) -> (Scenario, PermitId) {
    let (scenario, id) = submitted(application);
    (scenario.when(|tx| accept(tx, &id)).and(), id)
}

pub(crate) fn approved(application: Application) -> (Scenario, PermitId) {
    let terms = terms(&application);
    let (scenario, id) = accepted(application);
    (scenario.when(|tx| approve(tx, &id, terms)).and(), id)
}

/// Another application in the same world, filed and accepted.
pub(crate) fn another(scenario: Scenario, command: Submit) -> (Scenario, PermitId) {
    let outcome = scenario.by(applicant()).when(|tx| submit(tx, command));
    let id = outcome.value().clone();
    (
        outcome
            .and()
            .by(reviewer())
            .when(|tx| accept(tx, &id))
            .and(),
        id,
    )
}

/// The names of the facts recorded on a permit.
pub(crate) fn names<T: std::fmt::Debug>(outcome: &Outcome<T>, id: &PermitId) -> Vec<&'static str> {
    facts(outcome, id).iter().map(Fact::name).collect()
}

pub(crate) fn facts<T: std::fmt::Debug>(outcome: &Outcome<T>, id: &PermitId) -> Vec<Fact> {
    outcome
        .events::<Permit>(id.as_str())
        .into_iter()
        .map(|PermitEvent { fact, .. }| fact)
        .collect()
}

pub(crate) fn permit(scenario: &Scenario, id: &PermitId) -> Permit {
    scenario.state::<Permit>(id.as_str())
}

pub(crate) fn stage(scenario: &Scenario, id: &PermitId) -> Stage {
    permit(scenario, id).stage
}

pub(crate) fn filed(outcome: &Outcome<PermitId>) -> Filing {
    match facts(outcome, outcome.value()).remove(0) {
        Fact::PermitSubmitted(filing) => filing,
        other => panic!("not filed: {other:?}"),
    }
}
