//! Synthetic vehicles, owners and officers, and stories that lead a vehicle to a stage.

use chassis::domain::values::{CreditCode, DocumentNumber, Organisation, PlateNumber, Text, Vin};
use chassis::domain::{Actor, District, PersonRef, Sealed};
use chassis::testing::{Outcome, Scenario};
use jiff::civil::Date;
use registration::domain::application::event::{ElectronicCheck, Examination};
use registration::domain::application::filing::{File, file};
use registration::domain::application::materials::{Evidence, Material};
use registration::domain::application::request::{self, Destination, NewVehicle, Request};
use registration::domain::application::review::{Approve, approve};
use registration::domain::application::{Application, ApplicationId};
use registration::domain::order::{Order, OrderId, ProviderReference, Transfer, record_payment};
use registration::domain::party::Party;
use registration::domain::plate::PlateWish;
use registration::domain::vehicle::class::{Particulars, UseNature, VehicleClass};
use registration::domain::vehicle::event::EncumbranceKind;
use registration::domain::vehicle::{Vehicle, VehicleStage};

/// Monday. All stories begin here.
pub(crate) const MONDAY: &str = "2026-03-02T09:00:00+08:00";

pub(crate) const VIN: &str = "1M8GDM9AXKP042788";
pub(crate) const OTHER_VIN: &str = "11111111111111111";

pub(crate) fn vin() -> Vin {
    Vin::parse(VIN).unwrap()
}

pub(crate) fn other_vin() -> Vin {
    Vin::parse(OTHER_VIN).unwrap()
}

pub(crate) fn mudan() -> District {
    District::new(371_702).unwrap()
}

pub(crate) fn city() -> District {
    District::new(371_700).unwrap()
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::parse(text).unwrap()
}

pub(crate) fn number(number: &str) -> DocumentNumber {
    DocumentNumber::parse(number).unwrap()
}

pub(crate) fn plate(number: &str) -> PlateNumber {
    PlateNumber::parse(number).unwrap()
}

pub(crate) fn dealer() -> Actor {
    Actor {
        id: "partner:dealer".into(),
        districts: vec![],
    }
}

pub(crate) fn officer() -> Actor {
    Actor {
        id: "officer:V1".into(),
        districts: vec![mudan()],
    }
}

pub(crate) fn city_officer() -> Actor {
    Actor {
        id: "officer:C1".into(),
        districts: vec![city()],
    }
}

/// A person by one letter; never a real one.
pub(crate) fn sealed(letter: char) -> Sealed {
    Sealed {
        person: PersonRef::parse(&letter.to_string().repeat(PersonRef::LENGTH)).unwrap(),
        format: 1,
        bytes: Box::from([1_u8, 2, 3].as_slice()),
    }
}

pub(crate) fn person(letter: char) -> Party {
    Party::Person(sealed(letter))
}

pub(crate) fn company() -> Organisation {
    Organisation {
        name: text("Sample Cars Ltd"),
        credit_code: CreditCode::parse("91110000600037341L").unwrap(),
    }
}

pub(crate) fn bank() -> Party {
    Party::Organisation(company())
}

/// A new private car with petrol engine.
pub(crate) fn car() -> Particulars {
    Particulars {
        class: VehicleClass::SmallPassenger,
        use_nature: UseNature::NonOperating,
        brand: text("Sample"),
        model: text("S1"),
        colour: text("white"),
        engine_number: Some(number("E1")),
        new_energy: false,
        seats: 5,
        gross_mass_kg: 1_800,
        made_on: day("2026-01-15"),
        imported: false,
        customs_supervised: false,
        inspection_exempt: true,
    }
}

/// A truck of 15 years of use at most, made and registered on the same day.
pub(crate) fn truck() -> Particulars {
    Particulars {
        class: VehicleClass::HeavyTruck,
        use_nature: UseNature::Freight,
        inspection_exempt: false,
        ..car()
    }
}

/// With a mark that is as long as the interval between inspections: two years of a private car, half a year of a bus for pupils, a
/// year of others.
pub(crate) fn new_vehicle(particulars: Particulars, owner: Party) -> NewVehicle {
    let last_day = match particulars.use_nature {
        UseNature::SchoolBus => "2026-09-02",
        _ if particulars.is_private_car() => "2028-03-02",
        _ => "2027-03-02",
    };
    NewVehicle {
        particulars,
        owner,
        accident_before: false,
        factory_checked: true,
        inspection_valid_until: day(last_day),
    }
}

pub(crate) fn initial(particulars: Particulars, owner: char) -> File {
    let owner = person(owner);
    let request = Request::InitialRegistration(Box::new(new_vehicle(particulars, owner.clone())));
    File {
        wish: Some(PlateWish::Any),
        ..filing(request, vec![owner])
    }
}

/// An application with every proof that can be handed in.
pub(crate) fn filing(request: Request, applicants: Vec<Party>) -> File {
    File {
        vin: vin(),
        district: mudan(),
        request,
        applicants,
        agent: None,
        wish: None,
        delivery: None,
        evidence: Material::ALL
            .into_iter()
            .map(|material| Evidence {
                material,
                number: number("P-1"),
            })
            .collect(),
    }
}

pub(crate) fn transfer_to(new_owner: char, destination: Destination) -> Request {
    Request::Transfer(Box::new(request::Transfer {
        new_owner: person(new_owner),
        delivered_on: day("2026-03-01"),
        destination,
        papers_withheld: false,
    }))
}

pub(crate) fn mortgage(holder: Party) -> Request {
    Request::Encumber {
        kind: EncumbranceKind::Mortgage,
        holder: Box::new(holder),
    }
}

/// Everything an officer can state.
pub(crate) fn approval() -> Approve {
    Approve {
        checks: Material::ALL
            .into_iter()
            .map(|material| ElectronicCheck {
                material,
                reference: number("R-1"),
            })
            .collect(),
        examination: Some(Examination {
            examiner: number("X1"),
            recording: number("V1"),
        }),
    }
}

/// The dealer's account asks.
pub(crate) fn filed(scenario: Scenario, command: File) -> Outcome<ApplicationId> {
    scenario.by(dealer()).when(|tx| file(tx, command))
}

/// Filed by the dealer's account and approved by an officer of the city, who may decide everywhere.
#[track_caller]
pub(crate) fn done(scenario: Scenario, command: File) -> (Scenario, ApplicationId) {
    let outcome = filed(scenario, command);
    let id = outcome.value().clone();
    let scenario = outcome.and();
    let scenario = scenario
        .by(city_officer())
        .when(|tx| approve(tx, &id, approval()))
        .and();
    (scenario, id)
}

/// Approves what is filed.
#[track_caller]
pub(crate) fn approving(scenario: Scenario, id: &ApplicationId) -> Outcome<()> {
    scenario
        .by(city_officer())
        .when(|tx| approve(tx, id, approval()))
}

/// A vehicle that was registered on the day of the scenario.
#[track_caller]
pub(crate) fn registered(scenario: Scenario, particulars: Particulars, owner: char) -> Scenario {
    registered_as(scenario, vin(), particulars, owner)
}

#[track_caller]
pub(crate) fn registered_as(
    scenario: Scenario,
    vin: Vin,
    particulars: Particulars,
    owner: char,
) -> Scenario {
    let command = File {
        vin: vin.clone(),
        ..initial(particulars, owner)
    };
    let (scenario, _) = done(scenario, command);
    let state: Vehicle = scenario.state(vin.as_str());
    assert_eq!(state.stage, VehicleStage::Registered);
    scenario
}

pub(crate) fn vehicle(scenario: &Scenario) -> Vehicle {
    scenario.state(VIN)
}

pub(crate) fn application(scenario: &Scenario, id: &ApplicationId) -> Application {
    scenario.state(id.as_str())
}

/// What the decision charges for.
pub(crate) fn order_of(scenario: &Scenario, id: &ApplicationId) -> (OrderId, Order) {
    let approval = application(scenario, id).approval.unwrap();
    let order = approval.order.unwrap();
    let state = scenario.state(order.as_str());
    (order, state)
}

/// The applicant pays what the decision charges.
#[track_caller]
pub(crate) fn paid(scenario: Scenario, id: &ApplicationId) -> Scenario {
    let (order, state) = order_of(&scenario, id);
    let transfer = Transfer {
        reference: ProviderReference::new("bank", order.as_str()).unwrap(),
        amount: state.outstanding(),
        at: scenario.now(),
    };
    scenario
        .when(|tx| record_payment(tx, &order, transfer))
        .and()
}
