//! News of drivers and vehicles from other services.

use crate::fixtures::*;
use chassis::domain::Transaction;
use chassis::domain::values::PlateNumber;
use jiff::Timestamp;
use permits::domain::event::{Fact, RevocationGround, SuspensionCause};
use permits::domain::filing::submit;
use permits::domain::news::{
    driver_restored, driver_suspended, plate_given_up, plate_swapped, plate_taken,
    vehicle_cancelled,
};
use permits::domain::permit::Stage;
use permits::domain::registers::{
    DriverStanding, Registration, VehicleEvent, VehicleMake, VehicleRecord,
};
use permits::domain::review::{Amend, amend};
use permits::domain::standing::{resume, suspend};
use permits::domain::trip::{record_arrival, record_departure};

fn plate(text: &str) -> PlateNumber {
    PlateNumber::parse(text).unwrap()
}

#[test]
fn a_drivers_suspension_suspends_the_permits_that_name_the_driver_and_restoring_lifts_it() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let driver = person('b').person;
    let cause = || SuspensionCause::Driver(person('b').person);
    let outcome = scenario.when(|tx| driver_suspended(tx, &driver, 7, &text("licence detained")));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::PermitSuspended {
            cause: cause(),
            reason: text("licence detained"),
            use_goes_on: false
        }]
    );
    let outcome = outcome
        .and()
        .when(|tx| driver_suspended(tx, &driver, 7, &text("licence detained")))
        .then_nothing()
        .when(|tx| resume(tx, &id, text("all clear")))
        .then_refused(
            "NOT_SUSPENDED",
            Some("Administrative Licence Law art. 61(2)"),
        )
        .when(|tx| driver_restored(tx, &driver, 9, &text("licence returned")));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::SuspensionLifted {
            cause: cause(),
            reason: text("licence returned"),
            usable: true
        }]
    );
    outcome
        .and()
        .when(|tx| driver_restored(tx, &driver, 9, &text("licence returned")))
        .then_nothing();
}

#[test]
fn a_permit_stays_suspended_until_the_last_cause_is_gone() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let driver = person('a').person;
    let outcome = scenario
        .when(|tx| driver_suspended(tx, &driver, 7, &text("licence detained")))
        .and()
        .when(|tx| suspend(tx, &id, text("storm")))
        .and()
        .when(|tx| driver_restored(tx, &driver, 9, &text("licence returned")));
    assert!(matches!(
        facts(&outcome, &id)[..],
        [Fact::SuspensionLifted { usable: false, .. }]
    ));
    let scenario = outcome.and();
    assert!(permit(&scenario, &id).is_suspended());
    let scenario = scenario.when(|tx| resume(tx, &id, text("calm"))).and();
    assert!(!permit(&scenario, &id).is_suspended());
}

#[test]
fn a_driver_whom_no_permit_names_is_remembered() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let stranger = person('x').person;
    let outcome = scenario.when(|tx| driver_suspended(tx, &stranger, 7, &text("licence detained")));
    assert!(facts(&outcome, &id).is_empty());
    let mut other = toxic();
    other.main_driver.person = person('x');
    outcome
        .and()
        .by(applicant())
        .when(|tx| submit(tx, filing_of(toxic_app(other))))
        .then_refused(
            "DRIVER_SUSPENDED",
            Some("Road Traffic Safety Law art. 19(1)"),
        );
}

#[test]
fn a_restoration_that_overtakes_its_bar_wins() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let driver = person('a').person;
    let scenario = scenario
        .when(|tx| driver_restored(tx, &driver, 9, &text("licence returned")))
        .and()
        .when(|tx| driver_suspended(tx, &driver, 7, &text("licence detained")))
        .then_nothing();
    assert!(!permit(&scenario, &id).is_suspended());
    // A bar that is newer still counts, on whatever ground, and an old restoration does not lift it.
    let scenario = scenario
        .when(|tx| driver_suspended(tx, &driver, 12, &text("licence detained")))
        .and()
        .when(|tx| driver_suspended(tx, &driver, 15, &text("licence withheld")))
        .and()
        .when(|tx| driver_restored(tx, &driver, 13, &text("licence returned")))
        .then_nothing();
    assert!(permit(&scenario, &id).is_suspended());
    let standing: DriverStanding = scenario.state(driver.as_str());
    assert_eq!(standing.suspended, Some(text("licence withheld")));
}

#[test]
fn another_driver_in_place_of_the_barred_one_frees_the_permit() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let driver = person('a').person;
    let scenario = scenario
        .when(|tx| driver_suspended(tx, &driver, 7, &text("licence detained")))
        .and();
    let change = |letter| {
        let mut transport = toxic();
        transport.main_driver.person = person(letter);
        Amend {
            applicant: company(),
            application: toxic_app(transport),
            reason: text("another driver"),
            run_order: None,
        }
    };
    let scenario = scenario
        .when(|tx| amend(tx, &id, change('a')))
        .then_refused(
            "DRIVER_SUSPENDED",
            Some("Road Traffic Safety Law art. 19(1)"),
        );
    let outcome = scenario.when(|tx| amend(tx, &id, change('x')));
    assert_eq!(
        names(&outcome, &id),
        ["permit_amended", "suspension_lifted"]
    );
    assert!(!permit(&outcome.and(), &id).is_suspended());
}

const TRAILER: &str = "鲁R1234挂";

/// After the fixtures' decisions.
fn later() -> Timestamp {
    "2027-01-01T00:00:00+08:00".parse().unwrap()
}

/// Before them.
fn earlier() -> Timestamp {
    "2025-01-01T00:00:00+08:00".parse().unwrap()
}

#[test]
fn cancelling_a_vehicle_revokes_the_permits_that_name_it_art_70() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let cancel = |tx: &mut Transaction<'_>| {
        vehicle_cancelled(tx, &plate(TRAILER), 5, later(), &text("scrapped"))
    };
    let outcome = scenario.when(cancel);
    assert!(matches!(
        facts(&outcome, &id)[..],
        [Fact::PermitRevoked {
            ground: RevocationGround::VehicleCancelled,
            ..
        }]
    ));
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::Revoked);
    scenario
        .when(cancel)
        .then_nothing()
        .by(applicant())
        .when(|tx| submit(tx, filing_of(toxic_app(toxic()))))
        .then_refused("VEHICLE_CANCELLED", Some("Road Traffic Safety Law art. 8"));
}

#[test]
fn a_load_whose_vehicle_is_cancelled_on_the_way_still_arrives_art_48() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let outcome = scenario
        .by(applicant())
        .later("2026-03-06T09:10:00+08:00")
        .when(|tx| record_departure(tx, &id, at("2026-03-06T09:00:00")))
        .and()
        .when(|tx| vehicle_cancelled(tx, &plate(TRAILER), 5, later(), &text("scrapped")));
    assert!(matches!(
        facts(&outcome, &id)[..],
        [Fact::PermitRevoked {
            use_goes_on: true,
            ..
        }]
    ));
    let outcome = outcome
        .and()
        .later("2026-03-06T10:30:00+08:00")
        .when(|tx| record_arrival(tx, &id, at("2026-03-06T10:25:00")));
    assert_eq!(names(&outcome, &id), ["toxic_transport_arrived"]);
    let record: VehicleRecord = outcome.and().state(&plate(TRAILER).key());
    assert!(record.permits.is_empty());
}

#[test]
fn news_of_a_cancelled_vehicle_that_comes_late_spares_the_next_vehicle_with_its_plate() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let scenario = scenario
        .when(|tx| plate_taken(tx, &plate(TRAILER), 9, VehicleMake::Goods))
        .and()
        .when(|tx| vehicle_cancelled(tx, &plate(TRAILER), 5, earlier(), &text("scrapped")))
        .then_nothing();
    let outcome =
        scenario.when(|tx| vehicle_cancelled(tx, &plate(TRAILER), 6, later(), &text("scrapped")));
    assert_eq!(
        names(&outcome, &id),
        ["permit_revoked"],
        "it was granted to the vehicle that is gone"
    );
    let scenario = outcome.and();
    let record: VehicleRecord = scenario.state(&plate(TRAILER).key());
    let registered = Registration::Registered(VehicleMake::Goods);
    assert_eq!(record.registration, Some(registered));
}

#[test]
fn a_plate_that_leaves_its_vehicle_suspends_the_permit_until_it_is_amended() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let cause = SuspensionCause::Vehicle(plate(TRAILER));
    let scenario = scenario
        .when(|tx| plate_given_up(tx, &plate(TRAILER), 5, later(), &text("transferred")))
        .and();
    assert!(permit(&scenario, &id).is_suspended_for(&cause));
    let amendment = |number: &str| {
        let mut transport = toxic();
        if let Some(trailer) = &mut transport.trailer {
            trailer.plate = plate(number);
        }
        Amend {
            applicant: company(),
            application: toxic_app(transport),
            reason: text("the trailer's new number"),
            run_order: None,
        }
    };
    let scenario = scenario
        .when(|tx| amend(tx, &id, amendment(TRAILER)))
        .then_refused("PLATE_GIVEN_UP", Some("Road Traffic Safety Law art. 8"))
        .when(|tx| amend(tx, &id, amendment("鲁R9876挂")))
        .and();
    assert!(!permit(&scenario, &id).is_suspended());
}

#[test]
fn vehicles_that_exchange_their_plates_are_both_still_registered() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let scenario = scenario
        .when(|tx| plate_taken(tx, &plate(TRAILER), 4, VehicleMake::Goods))
        .and()
        .when(|tx| plate_swapped(tx, &plate(TRAILER), 5, earlier(), &text("swapped")))
        .then_nothing()
        .when(|tx| plate_swapped(tx, &plate(TRAILER), 6, later(), &text("swapped")))
        .and();
    assert!(permit(&scenario, &id).is_suspended());
    let record: VehicleRecord = scenario.state(&plate(TRAILER).key());
    let registered = Registration::Registered(VehicleMake::Goods);
    assert_eq!(record.registration, Some(registered));
}

#[test]
fn a_swap_that_suspends_is_recorded_on_the_vehicle_and_so_meets_the_guard_of_approvals() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let swap = |tx: &mut Transaction<'_>| {
        let swapped_at = at("2026-03-02T12:00:00");
        plate_swapped(tx, &plate(TRAILER), 6, swapped_at, &text("swapped"))
    };
    let before: VehicleRecord = scenario.state(&plate(TRAILER).key());
    let outcome = scenario.when(swap).then::<VehicleRecord>(
        &plate(TRAILER).key(),
        [VehicleEvent::PlateSwapped { revision: 6 }],
    );
    assert_eq!(names(&outcome, &id), ["permit_suspended"]);
    let scenario = outcome.and().when(swap).then_nothing();
    let after: VehicleRecord = scenario.state(&plate(TRAILER).key());
    assert_eq!(after, before, "each vehicle is carried on");
    // Amended for the vehicle that carries the plate now, it is not that swap's any more.
    let amendment = Amend {
        applicant: company(),
        application: toxic_app(toxic()),
        reason: text("the other trailer"),
        run_order: None,
    };
    let scenario = scenario
        .later("2026-03-03T09:00:00+08:00")
        .when(|tx| amend(tx, &id, amendment))
        .and();
    assert!(!permit(&scenario, &id).is_suspended());
    scenario.when(swap).then_nothing();
}

#[test]
fn a_load_whose_driver_is_barred_on_the_way_is_told_to_be_under_way() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let driver = person('a').person;
    let outcome = scenario
        .by(applicant())
        .later("2026-03-06T09:10:00+08:00")
        .when(|tx| record_departure(tx, &id, at("2026-03-06T09:00:00")))
        .and()
        .when(|tx| driver_suspended(tx, &driver, 7, &text("licence detained")));
    assert!(matches!(
        facts(&outcome, &id)[..],
        [Fact::PermitSuspended {
            use_goes_on: true,
            ..
        }]
    ));
}

#[test]
fn goods_go_by_vehicles_that_are_registered_for_goods_art_49() {
    let (scenario, _) = submitted(app(occupation()));
    let file = |tx: &mut Transaction<'_>| submit(tx, filing_of(toxic_app(toxic()))).map(|_| ());
    scenario
        .when(|tx| plate_taken(tx, &plate("鲁R12345"), 3, VehicleMake::People))
        .and()
        .by(applicant())
        .when(file)
        .then_refused("NO_GOODS_VEHICLE", Some("Road Traffic Safety Law art. 49"))
        .when(|tx| plate_taken(tx, &plate("鲁R12345"), 8, VehicleMake::Goods))
        .and()
        .when(|tx| plate_taken(tx, &plate("鲁R12345"), 3, VehicleMake::People))
        .then_nothing()
        .when(file)
        .and();
}
