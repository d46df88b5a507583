//! Synthetic people, e-bikes and stations, for tests of the law.

use chassis::domain::values::{DocumentNumber, Fen, PlateNumber, Text, Vin};
use chassis::domain::{Actor, District, PersonRef, Sealed};
use chassis::testing::{Outcome, Scenario};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use registration::domain::ebike::plate::{Block, EbikePlate, Series};
use registration::domain::ebike::{Application, Certificate, FrameNumber, Origin, OriginKind};
use registration::domain::order::{OrderId, ProviderReference, Transfer};
use registration::domain::party::Party;
use registration::domain::station::hours::{OpeningHours, Window};
use registration::domain::station::{Business, Details, StationKind};
use registration::domain::vehicle;
use registration::domain::vehicle::class::{Particulars, UseNature, VehicleClass};
use registration::domain::vehicle::event::{Registration, VehicleFact};
use std::collections::BTreeSet;

/// Monday. All stories begin here.
pub(crate) const MONDAY: &str = "2026-03-02T09:00:00+08:00";

pub(crate) fn start() -> Scenario {
    Scenario::at(MONDAY).by(officer())
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().unwrap()
}

pub(crate) fn mudan() -> District {
    District::new(371_702).unwrap()
}

pub(crate) fn officer() -> Actor {
    Actor {
        id: "officer:A1".into(),
        districts: vec![mudan()],
    }
}

pub(crate) fn elsewhere() -> Actor {
    Actor {
        id: "officer:B1".into(),
        districts: vec![District::new(371_721).unwrap()],
    }
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::parse(text).unwrap()
}

pub(crate) fn number(number: &str) -> DocumentNumber {
    DocumentNumber::parse(number).unwrap()
}

/// A person by one letter.
pub(crate) fn person(letter: char) -> PersonRef {
    PersonRef::parse(&letter.to_string().repeat(PersonRef::LENGTH)).unwrap()
}

pub(crate) fn owner(letter: char) -> Party {
    named_owner(letter, 1)
}

/// The same person under another sealed name.
pub(crate) fn named_owner(letter: char, name: u8) -> Party {
    Party::Person(Sealed {
        person: person(letter),
        format: 1,
        bytes: Box::from([name].as_slice()),
    })
}

pub(crate) fn frame() -> FrameNumber {
    FrameNumber::parse("119901800123456").unwrap()
}

pub(crate) fn certificate(standard: &str, made_on: Date) -> Certificate {
    Certificate {
        standard: text(standard),
        number: number("HGZ-0001"),
        made_on,
    }
}

pub(crate) fn bought(on: Date) -> Origin {
    Origin {
        kind: OriginKind::Invoice,
        number: number("FP-0001"),
        on,
    }
}

/// Made and bought this winter, on the standard in force.
pub(crate) fn application(letter: char) -> Application {
    Application {
        frame: frame(),
        owner: owner(letter),
        certificate: Some(certificate("GB 17761-2024", date(2026, 1, 10))),
        origin: bought(date(2026, 2, 20)),
        district: mudan(),
        station: None,
    }
}

/// The plate of this place in the first block of a series.
pub(crate) fn plate(series: Series, place: usize) -> EbikePlate {
    Block::new(series, 0).unwrap().plates().nth(place).unwrap()
}

pub(crate) fn regular(place: usize) -> EbikePlate {
    plate(Series::Regular, place)
}

/// A dealer with one counter: half hours from 8:30 to 11:30 and 13:30 to 17:00, at weekends from 9 to 11.
pub(crate) fn dealer() -> Details {
    let window = |from, until| Window { from, until };
    Details {
        name: text("Sample Dealer"),
        kind: StationKind::Dealer,
        district: mudan(),
        address: text("Sample Road 1"),
        phone: text("0530-0000000"),
        businesses: BTreeSet::from([Business::Ebike, Business::FirstRegistration]),
        hours: OpeningHours::new(
            30,
            vec![window(510, 690), window(810, 1_020)],
            vec![window(540, 660)],
        )
        .unwrap(),
        closed_days: BTreeSet::from([date(2026, 3, 10)]),
        counters: 1,
    }
}

pub(crate) fn order_id() -> OrderId {
    OrderId::new(uuid::Uuid::from_u128(7))
}

pub(crate) fn transfer(reference: &str, fen: u64) -> Transfer {
    Transfer {
        reference: ProviderReference::new("bank", reference).unwrap(),
        amount: Fen::new(fen).unwrap(),
        at: at("2026-03-02T08:59:00"),
    }
}

/// The story after a command, and what the command answered.
pub(crate) fn with<T: Clone + std::fmt::Debug>(outcome: Outcome<T>) -> (Scenario, T) {
    let value = outcome.value().clone();
    (outcome.and(), value)
}

pub(crate) fn vin() -> Vin {
    Vin::parse("1M8GDM9AXKP042788").unwrap()
}

/// The car of `owner('a')`, registered this winter.
pub(crate) fn on_the_road(scenario: Scenario) -> Scenario {
    let particulars = Particulars {
        class: VehicleClass::SmallPassenger,
        use_nature: UseNature::NonOperating,
        brand: text("Sample"),
        model: text("S1"),
        colour: text("white"),
        engine_number: None,
        new_energy: false,
        seats: 5,
        gross_mass_kg: 1_800,
        made_on: date(2026, 1, 15),
        imported: false,
        customs_supervised: false,
        inspection_exempt: true,
    };
    let registration = Registration {
        district: mudan(),
        particulars: particulars.clone(),
        owner: owner('a'),
        number: PlateNumber::parse("鲁R12345").unwrap(),
        since: date(2026, 2, 2),
        first_registered_on: date(2026, 2, 2),
        scrap_on: None,
        inspection_valid_until: date(2028, 2, 2),
    };
    let facts = [
        VehicleFact::VehicleEntered {
            district: mudan(),
            particulars,
        },
        VehicleFact::VehicleRegistered(Box::new(registration)),
    ];
    scenario.when(|tx| vehicle::record(tx, &vin(), facts)).and()
}
