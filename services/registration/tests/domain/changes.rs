//! What decisions do to a vehicle: changes, transfers, leaving, cancellation, and what the office does by itself.

use crate::fixtures::{
    MONDAY, VIN, application, bank, car, city_officer, day, done, filed, filing, initial, mortgage,
    number, other_vin, person, registered, text, transfer_to, truck, vehicle, vin,
};
use chassis::testing::{Outcome, Scenario};
use jiff::civil::date;
use registration::domain::application::Stage;
use registration::domain::application::filing::File;
use registration::domain::application::request::{Change, Corrected, Destination, Request};
use registration::domain::plate::{PlateClaim, PlateWish};
use registration::domain::vehicle::class::{PlateCategory, UseNature};
use registration::domain::vehicle::event::{
    CancellationCause, EncumbranceKind, TemporaryGround, VehicleEvent, VehicleFact,
};
use registration::domain::vehicle::notices::{Fraud, cancel_of_office, record_moved_away};
use registration::domain::vehicle::{Vehicle, VehicleStage};

fn wished(wish: PlateWish, command: File) -> File {
    File {
        wish: Some(wish),
        ..command
    }
}

#[test]
fn a_transfer_gives_another_number_and_keeps_the_old_one_for_its_owner() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let old = vehicle(&scenario).number().unwrap().clone();
    let transfer = filing(transfer_to('c', Destination::Here), vec![person('c')]);
    let (scenario, _) = done(scenario, wished(PlateWish::Any, transfer));
    let new = vehicle(&scenario).number().unwrap().clone();
    assert_ne!(old, new);
    let claim: PlateClaim = scenario.state(&old.key());
    assert!(matches!(claim, PlateClaim::Released(former) if former.owner == person('b')));
}

#[test]
fn a_transfer_needs_a_wish_for_the_number() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let transfer = filing(transfer_to('c', Destination::Here), vec![person('c')]);
    filed(scenario, transfer).then_refused("NUMBER_WISH_MISSING", Some("Order 164 art. 43(1)"));
}

#[test]
fn a_vehicle_transferred_to_another_city_leaves_under_a_temporary_plate_of_thirty_days() {
    let scenario = registered(Scenario::at(MONDAY), truck(), 'b');
    let away = transfer_to('c', Destination::OtherCity(text("Sample City")));
    let (scenario, _) = done(scenario, filing(away, vec![person('c')]));
    let left = vehicle(&scenario);
    assert_eq!(left.stage, VehicleStage::MovedOut);
    assert_eq!(left.number(), None);
    let plate = &left.temporary_plates[0];
    assert_eq!(plate.ground, TemporaryGround::Leaving);
    assert_eq!(plate.valid_until, date(2026, 4, 1), "art. 27(1)");
}

#[test]
fn an_exported_vehicle_leaves_under_a_temporary_plate_of_sixty_days_and_is_cancelled_later() {
    let scenario = registered(Scenario::at(MONDAY), truck(), 'b');
    let export = transfer_to('c', Destination::Export);
    let (scenario, _) = done(scenario, filing(export, vec![person('c')]));
    let left = vehicle(&scenario);
    assert_eq!(left.stage, VehicleStage::AwaitingExport);
    assert_eq!(
        left.temporary_plates[0].valid_until,
        date(2026, 5, 1),
        "art. 28"
    );
    let cancellation = Request::Cancellation {
        cause: CancellationCause::Abroad,
    };
    let (scenario, _) = done(scenario, filing(cancellation, vec![person('c')]));
    assert_eq!(vehicle(&scenario).stage, VehicleStage::Cancelled);
}

#[test]
fn spouses_of_a_year_keep_the_number_when_the_other_is_registered() {
    let joint = |married_on: &str| {
        wished(
            PlateWish::Unchanged,
            filing(
                Request::JointOwner {
                    new_owner: Box::new(person('c')),
                    married_on: Some(day(married_on)),
                },
                vec![person('b'), person('c')],
            ),
        )
    };
    let story = || registered(Scenario::at(MONDAY), car(), 'b');
    filed(story(), joint("2025-03-03")).then_refused("NUMBER_NOT_KEPT", Some("Order 164 art. 45"));
    let scenario = story();
    let number = vehicle(&scenario).number().cloned();
    let (scenario, _) = done(scenario, joint("2025-03-02"));
    let changed = vehicle(&scenario);
    assert!(changed.is_owned_by(&person('c')));
    assert_eq!(changed.number().cloned(), number);
}

#[test]
fn a_car_that_becomes_a_training_car_gets_a_number_of_that_kind() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let change = Request::ParticularsChange {
        change: Box::new(Change::Use(UseNature::Training)),
        changed_on: day("2026-03-02"),
    };
    let command = wished(PlateWish::Any, filing(change, vec![person('b')]));
    let (scenario, _) = done(scenario, command);
    let changed = vehicle(&scenario);
    assert_eq!(changed.category(), PlateCategory::Training);
    assert!(changed.number().unwrap().as_str().ends_with('学'));
    assert_eq!(changed.scrap_on, Some(date(2036, 3, 2)));
}

#[test]
fn a_vehicle_that_carried_for_hire_keeps_the_shorter_age() {
    let scenario = registered(Scenario::at(MONDAY), truck(), 'b');
    let before = vehicle(&scenario).scrap_on;
    let change = Request::ParticularsChange {
        change: Box::new(Change::Use(UseNature::NonOperating)),
        changed_on: day("2026-03-02"),
    };
    let (scenario, _) = done(scenario, filing(change, vec![person('b')]));
    assert_eq!(vehicle(&scenario).scrap_on, before);
}

#[test]
fn a_vehicle_given_for_a_defective_one_takes_its_number_and_its_burdens() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let number = vehicle(&scenario).number().cloned();
    let (scenario, _) = done(
        scenario,
        filing(mortgage(bank()), vec![person('b'), bank()]),
    );
    let change = Request::ParticularsChange {
        change: Box::new(Change::WholeVehicle {
            vin: other_vin(),
            vehicle: crate::fixtures::new_vehicle(car(), person('b')),
        }),
        changed_on: day("2026-03-02"),
    };
    let (scenario, _) = done(scenario, filing(change, vec![person('b'), bank()]));
    assert_eq!(vehicle(&scenario).stage, VehicleStage::Cancelled);
    let new: Vehicle = scenario.state(other_vin().as_str());
    assert_eq!(new.number().cloned(), number);
    assert_eq!(new.holders(EncumbranceKind::Mortgage).count(), 1);
    let claim: PlateClaim = scenario.state(&number.unwrap().key());
    assert_eq!(claim, PlateClaim::Assigned { vin: other_vin() });
}

#[test]
fn a_correction_changes_the_record_and_the_number_only_if_it_was_wrong() {
    let correction = |new_number| Request::Correction {
        corrected: Box::new(Corrected::Seats(4)),
        new_number,
    };
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let number = vehicle(&scenario).number().cloned();
    let (scenario, _) = done(scenario, filing(correction(false), vec![person('b')]));
    assert_eq!(vehicle(&scenario).particulars.seats, 4);
    assert_eq!(vehicle(&scenario).number().cloned(), number);
    let wrong = wished(PlateWish::Any, filing(correction(true), vec![person('b')]));
    let (scenario, _) = done(scenario, wrong);
    assert_ne!(vehicle(&scenario).number().cloned(), number);
}

#[test]
fn a_cancelled_vehicle_has_no_number_and_may_come_back() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let cancellation = Request::Cancellation {
        cause: CancellationCause::Abroad,
    };
    let (scenario, _) = done(scenario, filing(cancellation, vec![person('b')]));
    assert_eq!(vehicle(&scenario).number(), None);
    registered(scenario, car(), 'c');
}

#[test]
fn a_registration_by_fraud_is_revoked_and_bars_who_obtained_it_for_three_years() {
    let (scenario, application) = done(Scenario::at(MONDAY), initial(car(), 'b'));
    let fraud = Fraud {
        application,
        by: Vec::new(),
    };
    let outcome = scenario
        .by(city_officer())
        .when(|tx| cancel_of_office(tx, &vin(), CancellationCause::Revoked, Some(&fraud)));
    let facts: Vec<VehicleFact> = outcome
        .events::<Vehicle>(VIN)
        .into_iter()
        .map(|event: VehicleEvent| event.fact)
        .collect();
    assert!(matches!(
        &facts[..],
        [VehicleFact::VehicleCancelled { basis, .. }, VehicleFact::DocumentsVoided { basis: void }]
            if basis.to_string() == "Order 164 art. 40(1)" && void.to_string() == "Order 164 art. 41(2)"
    ));
    let again = || File {
        vin: other_vin(),
        ..initial(car(), 'b')
    };
    let scenario = filed(outcome.and().later("2029-03-01T09:00:00+08:00"), again())
        .then_refused("APPLICANT_BARRED", Some("Order 164 art. 81(1)"));
    filed(scenario.later("2029-03-02T09:00:00+08:00"), again()).and();
}

#[test]
fn the_office_does_not_cancel_on_the_owners_causes_nor_the_owner_on_the_offices() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b')
        .by(city_officer())
        .when(|tx| cancel_of_office(tx, &vin(), CancellationCause::Abroad, None))
        .then_refused("NEEDS_APPLICATION", Some("Order 164 art. 37(1)"));
    let cancellation = Request::Cancellation {
        cause: CancellationCause::Revoked,
    };
    filed(scenario, filing(cancellation, vec![person('b')]))
        .then_refused("OFFICE_CANCELS", Some("Order 164 art. 40"));
}

/// The office of another city has taken the vehicle in.
fn moved_away(scenario: Scenario) -> Outcome<()> {
    scenario.by(city_officer()).when(|tx| {
        let (to, notice) = (text("Sample City"), number("N-9"));
        record_moved_away(tx, &vin(), to, notice)
    })
}

#[test]
fn a_small_car_taken_in_elsewhere_leaves_and_its_owner_keeps_the_right_to_the_number_arts_18_44() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let old = vehicle(&scenario).number().unwrap().clone();
    let sale = filing(transfer_to('c', Destination::Here), vec![person('c')]);
    let outcome = filed(scenario, wished(PlateWish::Any, sale));
    let open = outcome.value().clone();

    let outcome = moved_away(outcome.and());
    let facts: Vec<VehicleEvent> = outcome.events::<Vehicle>(VIN);
    let left = VehicleFact::VehicleMovedOut {
        to: text("Sample City"),
        on: date(2026, 3, 2),
        previous: Some(old.clone()),
        notice: Some(number("N-9")),
    };
    assert_eq!(facts.last().map(|event| &event.fact), Some(&left));
    let scenario = outcome.and();
    let gone = vehicle(&scenario);
    assert_eq!(gone.stage, VehicleStage::MovedOut);
    assert_eq!(
        (gone.number(), gone.open_application.as_ref()),
        (None, None)
    );
    let closed = application(&scenario, &open).stage;
    assert_eq!(
        closed,
        Stage::Withdrawn,
        "what was open has lost its object"
    );
    let claim: PlateClaim = scenario.state(&old.key());
    assert!(matches!(claim, PlateClaim::Released(former) if former.owner == person('b')));
    moved_away(scenario).then_refused("WRONG_STATE", None);
}

#[test]
fn a_truck_leaves_by_an_application_here_art_18_1() {
    moved_away(registered(Scenario::at(MONDAY), truck(), 'b'))
        .then_refused("APPLIES_HERE", Some("Order 164 art. 18(1)"));
}
