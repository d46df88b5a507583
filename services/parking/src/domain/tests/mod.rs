//! Given past events, when a command is handled, then these events or this refusal.

mod arrears;
mod billing;
mod histories;

mod rates;
mod readings;
mod vehicles;
mod works;
mod zones_and_bays;

use super::bay::{BayKind, Reading, Seen, SourceKind};
use super::geometry::Position;
use super::ids::{BayId, OccupationId, ProviderId, SessionId, SourceId, TariffId, ZoneId};
use super::marking::{self, Marking};
use super::session::{Session, SessionEvent, Transfer};
use super::tariff::{self, SAMPLE_TARIFF};
use super::vehicle::{Vehicle, VehicleClass};
use super::watch::{self, Outcome};
use super::zone::{self, ZoneDetails, ZoneGrade};
use chassis::domain::values::{Fen, PlateNumber};
use chassis::domain::{Actor, District, Halt, Transaction};
use chassis::testing::Scenario;
use jiff::{SignedDuration, Timestamp};

fn ts(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 timestamp")
}

/// A time of day on Monday, 2 March 2026, in Heze.
fn at(clock: &str) -> Timestamp {
    ts(&format!("2026-03-02T{clock}+08:00"))
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn fen(fen: u64) -> Fen {
    Fen::new(fen).expect("a small amount")
}

fn mudan() -> District {
    District::new(371_702).expect("six digits")
}

fn zone_id() -> ZoneId {
    ZoneId::parse("centre").expect("a name")
}

fn tariff_id() -> TariffId {
    TariffId::parse("class-1").expect("a name")
}

fn bay_id() -> BayId {
    BayId::parse("b1").expect("a name")
}

fn occupation(name: &str) -> OccupationId {
    OccupationId::parse(name).expect("a name")
}

fn vehicle(plate: &str) -> Vehicle {
    Vehicle::new(PlateNumber::parse(plate).expect("a plate"), None)
}

fn large(plate: &str) -> Vehicle {
    Vehicle::new(
        PlateNumber::parse(plate).expect("a plate"),
        Some(VehicleClass::Large),
    )
}

fn officer() -> Actor {
    Actor {
        id: "officer:H1024".into(),
        districts: vec![mudan()],
    }
}

fn here() -> Position {
    Position::new(35.24, 115.47).expect("a position")
}

fn marking(kind: BayKind) -> Marking {
    Marking {
        zone: zone_id(),
        position: here(),
        kind,
        label: "1".into(),
    }
}

fn set_up(tx: &mut Transaction, kind: BayKind) -> Result<(), Halt> {
    let (name, version) = tariff::parse_sample(SAMPLE_TARIFF).expect("the shipped sample is valid");
    tariff::create(tx, &tariff_id(), name, version)?;
    let details = ZoneDetails {
        display_name: "Centre".into(),
        grade: ZoneGrade::I,
        district: mudan(),
        tariff: tariff_id(),
    };
    zone::open(tx, &zone_id(), details)?;
    marking::mark(tx, &bay_id(), marking(kind), &[])
}

/// A zone with one bay, at 08:00 on 2 March 2026, under the sample tariff.
fn a_bay() -> Scenario {
    a_bay_of(BayKind::Standard)
}

fn a_bay_of(kind: BayKind) -> Scenario {
    Scenario::at("2026-03-02T08:00:00+08:00")
        .by(officer())
        .when(|tx| set_up(tx, kind))
        .and()
}

fn reading(source: &str, sequence: u64, observed_at: Timestamp, seen: Seen) -> Reading {
    let kind = match source.as_bytes()[0] {
        b's' => SourceKind::Sensor,
        b'c' => SourceKind::Camera,
        _ => SourceKind::Handheld,
    };
    Reading {
        source: SourceId::parse(source).expect("a name"),
        kind,
        sequence,
        observed_at,
        seen,
    }
}

fn arrived(sequence: u64, clock: &str) -> Reading {
    reading(
        "sensor",
        sequence,
        at(clock),
        Seen::Arrived { vehicle: None },
    )
}

fn left(sequence: u64, clock: &str) -> Reading {
    reading("sensor", sequence, at(clock), Seen::Left)
}

fn plate(sequence: u64, clock: &str, plate: &str) -> Reading {
    reading(
        "camera",
        sequence,
        at(clock),
        Seen::Plate {
            vehicle: vehicle(plate),
        },
    )
}

/// All sessions that the events of a story started, in order, whatever became of them.
#[derive(Debug, Default)]
struct Sessions(Vec<SessionId>);

/// Sends readings at `now`; remembers the sessions that this started; answers the outcomes.
fn send(
    story: Scenario,
    sessions: &mut Sessions,
    now: Timestamp,
    readings: &[Reading],
) -> (Scenario, Vec<Outcome>) {
    let outcome = story
        .later(&now.to_string())
        .when(|tx| watch::ingest(tx, &bay_id(), readings));
    let outcomes = outcome.value().clone();
    for event in outcome.events::<super::bay::Bay>("b1") {
        if let super::bay::BayEvent::SessionTracked { tracked } = event
            && !sessions.0.contains(&tracked.session)
        {
            sessions.0.push(tracked.session);
        }
    }
    (outcome.and(), outcomes)
}

fn session_of(story: &Scenario, sessions: &Sessions, index: usize) -> Session {
    story.state::<Session>(sessions.0[index].as_str())
}

fn transfer(reference: &str, amount: u64, made_at: Timestamp) -> Transfer {
    Transfer {
        provider: ProviderId::parse("sample-pay").expect("a name"),
        reference: reference.into(),
        amount: fen(amount),
        made_at,
    }
}

/// A stay since 09:00 of a vehicle that nobody knows, told at `now`; and its session.
fn arrived_at_nine(now: &str) -> (Scenario, Sessions) {
    let mut sessions = Sessions::default();
    let (story, _) = send(a_bay(), &mut sessions, at(now), &[arrived(1, "09:00:00")]);
    (story, sessions)
}

/// A finished stay from 09:00 to `until`, of a known plate; and its session.
fn a_stay(until: &str) -> (Scenario, SessionId) {
    let mut sessions = Sessions::default();
    let readings = [
        arrived(1, "09:00:00"),
        plate(1, "09:01:00", "鲁R12345"),
        left(2, until),
    ];
    let (story, outcomes) = send(a_bay(), &mut sessions, at(until), &readings);
    assert_eq!(outcomes, [Outcome::Accepted; 3]);
    (story, sessions.0.remove(0))
}

/// The one event of a session that a command recorded.
#[track_caller]
fn only(mut events: Vec<SessionEvent>) -> SessionEvent {
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

fn story_place() -> super::bay::Place {
    super::bay::Place {
        bay: bay_id(),
        zone: zone_id(),
        district: mudan(),
    }
}
