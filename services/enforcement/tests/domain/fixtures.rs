//! Synthetic acts, people and officers, and stories that lead a case to a stage.

use chassis::commit::Metadata;
use chassis::domain::values::{DocumentNumber, Fen, PlateNumber, Text};
use chassis::domain::{Actor, District, PersonRef, Sealed};
use chassis::published::{Origin, PublishedEvent};
use chassis::testing::{Outcome, Scenario};
use enforcement::domain::conduct::{Act, Conduct, Measure, Road, Use, Vehicle};
use enforcement::domain::licence::Licence;
use enforcement::domain::values::{CaseId, Place};
use enforcement::domain::violation::capture::{notify, pass_review, record_violation};
use enforcement::domain::violation::decision::{Decide, decide, serve};
use enforcement::domain::violation::default::Warning;
use enforcement::domain::violation::event::{
    Device, Fact, Filing, LicenceFacts, NoticeChannel, Party, Review, Sanction, Service, Source,
    ViolationEvent,
};
use enforcement::domain::violation::handling::{
    accept, hear_defence, tell_intention, waive_hearing,
};
use enforcement::domain::violation::legal_review;
use enforcement::domain::violation::roadside::stop;
use enforcement::domain::violation::{Stage, Violation};
use jiff::Timestamp;
use jiff::civil::{Date, date};

/// Monday. All stories begin here.
pub(crate) const MONDAY: &str = "2026-03-02T09:00:00+08:00";
pub(crate) const PLATE: &str = "鲁R12345";

pub(crate) fn mudan() -> District {
    District::new(371_702).unwrap()
}

pub(crate) fn officer() -> Actor {
    Actor {
        id: "officer:A1".into(),
        districts: vec![mudan()],
    }
}

pub(crate) fn city() -> Actor {
    Actor {
        id: "officer:C1".into(),
        districts: vec![District::new(371_700).unwrap()],
    }
}

pub(crate) fn legal_reviewer() -> Actor {
    Actor {
        id: "officer:L2".into(),
        districts: vec![mudan()],
    }
}

pub(crate) fn elsewhere() -> Actor {
    Actor {
        id: "officer:B1".into(),
        districts: vec![District::new(371_721).unwrap()],
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

pub(crate) fn plate(text: &str) -> PlateNumber {
    PlateNumber::parse(text).unwrap()
}

pub(crate) fn person(letter: char) -> PersonRef {
    PersonRef::parse(&letter.to_string().repeat(PersonRef::LENGTH)).unwrap()
}

/// A driver by one letter, licensed on 1 June 2015 for cars.
pub(crate) fn driver(letter: char) -> Party {
    Party {
        person: Sealed {
            person: person(letter),
            format: 1,
            bytes: Box::from([1_u8, 2, 3].as_slice()),
        },
        licence: Some(LicenceFacts {
            first_issued: date(2015, 6, 1),
            large_vehicles: false,
        }),
    }
}

pub(crate) fn on_foot(letter: char) -> Party {
    Party {
        licence: None,
        ..driver(letter)
    }
}

pub(crate) fn car() -> Vehicle {
    Vehicle {
        used_as: Use::OtherPassenger,
        medium_or_larger: false,
        dangerous_goods: false,
        for_hire: false,
        seats: 5,
    }
}

pub(crate) fn truck() -> Vehicle {
    Vehicle {
        used_as: Use::Truck,
        medium_or_larger: true,
        for_hire: true,
        seats: 3,
        ..car()
    }
}

pub(crate) fn coach() -> Vehicle {
    Vehicle {
        used_as: Use::HighwayCoach,
        medium_or_larger: true,
        for_hire: true,
        seats: 40,
        ..car()
    }
}

pub(crate) fn act(conduct: Conduct) -> Act {
    Act {
        conduct,
        road: Road::Other,
        vehicle: Some(car()),
        measure: None,
        repeated: false,
    }
}

/// A car at so many percent above a limit of 100 km/h.
pub(crate) fn speeding(road: Road, vehicle: Vehicle, percent: u16) -> Act {
    Act {
        road,
        vehicle: Some(vehicle),
        measure: Some(Measure::Speed {
            limit_kmh: 100,
            measured_kmh: 100 + percent,
        }),
        ..act(Conduct::Speeding)
    }
}

pub(crate) fn alcohol(mg_per_100ml: u16, for_hire: bool, repeated: bool) -> Act {
    Act {
        vehicle: Some(Vehicle { for_hire, ..car() }),
        measure: Some(Measure::Alcohol { mg_per_100ml }),
        repeated,
        ..act(Conduct::DrinkDriving)
    }
}

pub(crate) fn device() -> Device {
    Device {
        number: number("CAM-0001"),
        verified_until: date(2026, 12, 31),
        mobile: false,
        published: true,
        warned: true,
        operator: None,
    }
}

/// A camera's record of an act on Sample Road on Sunday.
pub(crate) fn camera(act: Act) -> Filing {
    Filing {
        source: Source::Device(device()),
        place: Place {
            district: mudan(),
            road: text("Sample Road, km 3"),
            point: None,
        },
        act,
        code: None,
        acted_at: at("2026-03-01T10:00:00"),
        harmed_health: false,
        plate: Some(plate(PLATE)),
        registration: None,
        evidence: vec![text(&"a".repeat(64))],
        party: None,
        filed_by: String::new(),
        same_act_as: None,
        due: None,
    }
}

/// An officer's stop of driver `a` this Monday morning.
pub(crate) fn roadside(act: Act) -> Filing {
    Filing {
        source: Source::OnTheSpot,
        acted_at: at("2026-03-02T08:50:00"),
        party: Some(driver('a')),
        ..camera(act)
    }
}

pub(crate) fn fine(yuan: u32) -> Sanction {
    Sanction {
        fine: Fen::yuan(yuan),
        ..Sanction::default()
    }
}

pub(crate) fn warning() -> Sanction {
    Sanction {
        warning: true,
        ..Sanction::default()
    }
}

pub(crate) fn simply(sanction: Sanction) -> Decide {
    Decide {
        sanction,
        co_officers: Vec::new(),
        told_and_heard: true,
        withheld_on: None,
    }
}

pub(crate) fn by_two(sanction: Sanction) -> Decide {
    Decide {
        co_officers: vec![text("officer:A2")],
        ..simply(sanction)
    }
}

/// A message by the app tells what is intended in absence; `None`: to who is known of the case.
pub(crate) fn warned(party: Option<Party>, sanction: Sanction) -> Warning {
    Warning {
        sanction,
        party,
        through: NoticeChannel::App,
        receipt: number("MSG-1"),
    }
}

pub(crate) fn start() -> Scenario {
    Scenario::at(MONDAY).by(officer())
}

/// The scenario, and what its last command answered.
pub(crate) fn with<T: Clone + std::fmt::Debug>(outcome: Outcome<T>) -> (Scenario, T) {
    let value = outcome.value().clone();
    (outcome.and(), value)
}

pub(crate) fn recorded(filing: Filing) -> (Scenario, CaseId) {
    with(start().when(|tx| record_violation(tx, filing)))
}

pub(crate) fn entered_in(scenario: Scenario, filing: Filing) -> (Scenario, CaseId) {
    let (scenario, id) = with(scenario.when(|tx| record_violation(tx, filing)));
    let scenario = scenario
        .when(|tx| pass_review(tx, &id, Review::TechnicalPassed))
        .and()
        .when(|tx| pass_review(tx, &id, Review::LegalPassed))
        .and();
    (scenario, id)
}

pub(crate) fn notified(filing: Filing) -> (Scenario, CaseId) {
    let (scenario, id) = entered_in(start(), filing);
    let scenario = scenario
        .when(|tx| notify(tx, &id, NoticeChannel::App))
        .and();
    (scenario, id)
}

/// Told, heard without a hearing, decided by the city, which alone revokes a licence, and handed over.
pub(crate) fn decided_by_city(scenario: Scenario, id: &CaseId, sanction: Sanction) -> Scenario {
    scenario
        .when(|tx| tell_intention(tx, id, sanction))
        .and()
        .when(|tx| hear_defence(tx, id, text("nothing to say"), false))
        .and()
        .when(|tx| waive_hearing(tx, id))
        .and()
        .by(city())
        .when(|tx| decide(tx, id, by_two(sanction)))
        .and()
        .when(|tx| serve(tx, id, Service::HandedOver, None))
        .and()
}

/// A record whose driver has come.
pub(crate) fn handling(act: Act) -> (Scenario, CaseId) {
    let (scenario, id) = notified(camera(act));
    let scenario = scenario.when(|tx| accept(tx, &id, driver('a'))).and();
    (scenario, id)
}

/// A record decided simply and served, its fine due.
pub(crate) fn served_in(
    scenario: Scenario,
    filing: Filing,
    party: Party,
    sanction: Sanction,
) -> (Scenario, CaseId) {
    let (scenario, id) = entered_in(scenario, filing);
    let scenario = scenario
        .when(|tx| accept(tx, &id, party))
        .and()
        .when(|tx| decide(tx, &id, simply(sanction)))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    (scenario, id)
}

pub(crate) fn served(act: Act, sanction: Sanction) -> (Scenario, CaseId) {
    served_in(start(), camera(act), driver('a'), sanction)
}

pub(crate) fn stopped(filing: Filing) -> (Scenario, CaseId) {
    with(start().when(|tx| stop(tx, filing)))
}

pub(crate) fn case(scenario: &Scenario, id: &CaseId) -> Violation {
    scenario.state::<Violation>(id.as_str())
}

pub(crate) fn stage(scenario: &Scenario, id: &CaseId) -> Stage {
    case(scenario, id).stage
}

pub(crate) fn licence(scenario: &Scenario, letter: char) -> Licence {
    scenario.state::<Licence>(person(letter).as_str())
}

/// The facts recorded on a case by one command.
pub(crate) fn facts<T: std::fmt::Debug>(outcome: &Outcome<T>, id: &CaseId) -> Vec<Fact> {
    outcome
        .events::<Violation>(id.as_str())
        .into_iter()
        .map(|event| event.fact)
        .collect()
}

/// A fact as the journal has it.
pub(crate) fn event(fact: Fact) -> ViolationEvent {
    ViolationEvent {
        district: mudan(),
        plate: Some(plate(PLATE)),
        fact,
    }
}

/// What other services hear of a case, by the names of the messages.
pub(crate) fn heard_by_others<T: std::fmt::Debug>(
    outcome: &Outcome<T>,
    id: &CaseId,
) -> Vec<String> {
    let recorded = outcome.events::<Violation>(id.as_str());
    let told = recorded.iter().flat_map(published);
    told.map(|event| event.type_name.replace("traffic.enforcement.v1.", ""))
        .collect()
}

pub(crate) fn published(event: &ViolationEvent) -> Vec<PublishedEvent> {
    enforcement::published::violation(event, &origin(&metadata()))
}

/// Of a commit by the officer.
pub(crate) fn metadata() -> Metadata {
    serde_json::from_value(serde_json::json!({
        "format": 1,
        "commit_id": "01a21f7c-1567-7348-b784-dffa26011554",
        "command_id": "41a80db2-a196-8e9e-b883-f6952bc4f386",
        "actor": officer(),
        "channel": "station",
        "time": MONDAY.parse::<Timestamp>().unwrap(),
        "correlation_id": "41a80db2-a196-8e9e-b883-f6952bc4f386",
        "previous": "00000000000000000000000000000000",
    }))
    .unwrap()
}

pub(crate) fn origin(metadata: &Metadata) -> Origin<'_> {
    Origin {
        id: "d1",
        metadata,
        position: 1,
    }
}

pub(crate) fn today() -> Date {
    date(2026, 3, 2)
}

/// The legal reviewer of the district has looked at what is intended.
pub(crate) fn reviewed(scenario: Scenario, id: &CaseId, passed: bool) -> Scenario {
    scenario
        .by(legal_reviewer())
        .when(|tx| legal_review::review(tx, id, passed, text("as the file shows")))
        .and()
}
