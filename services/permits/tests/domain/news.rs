//! News of drivers and vehicles from other services.

use crate::fixtures::*;
use chassis::domain::values::PlateNumber;
use permits::domain::event::{Fact, RevocationGround, SuspensionCause};
use permits::domain::news::{
    driver_restored, driver_suspended, vehicle_cancelled, vehicle_registered,
};
use permits::domain::permit::Stage;
use permits::domain::registers::{Registration, VehicleRecord};
use permits::domain::standing::{resume, suspend};

fn plate(text: &str) -> PlateNumber {
    PlateNumber::parse(text).unwrap()
}

#[test]
fn a_drivers_suspension_suspends_the_permits_that_name_the_driver_and_restoring_lifts_it() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let driver = person('b').person;
    let cause = || SuspensionCause::Driver(person('b').person);
    let outcome = scenario.when(|tx| driver_suspended(tx, &driver, &text("licence detained")));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::PermitSuspended {
            cause: cause(),
            reason: text("licence detained")
        }]
    );
    let outcome = outcome
        .and()
        .when(|tx| driver_suspended(tx, &driver, &text("licence detained")))
        .then_nothing()
        .when(|tx| resume(tx, &id, text("all clear")))
        .then_refused(
            "NOT_SUSPENDED",
            Some("Administrative Licence Law art. 61(2)"),
        )
        .when(|tx| driver_restored(tx, &driver, &text("licence returned")));
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
        .when(|tx| driver_restored(tx, &driver, &text("licence returned")))
        .then_nothing();
}

#[test]
fn a_permit_stays_suspended_until_the_last_cause_is_gone() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let driver = person('a').person;
    let outcome = scenario
        .when(|tx| driver_suspended(tx, &driver, &text("licence detained")))
        .and()
        .when(|tx| suspend(tx, &id, text("storm")))
        .and()
        .when(|tx| driver_restored(tx, &driver, &text("licence returned")));
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
    let outcome = scenario.when(|tx| driver_suspended(tx, &stranger, &text("licence detained")));
    assert!(facts(&outcome, &id).is_empty());
    let mut other = toxic();
    other.main_driver.person = person('x');
    outcome
        .and()
        .by(applicant())
        .when(|tx| permits::domain::filing::submit(tx, filing_of(toxic_app(other))))
        .then_refused(
            "DRIVER_SUSPENDED",
            Some("Road Traffic Safety Law art. 19(1)"),
        );
}

#[test]
fn restoring_a_driver_nobody_heard_of_changes_nothing() {
    let (scenario, _) = approved(toxic_app(toxic()));
    scenario
        .when(|tx| driver_restored(tx, &person('y').person, &text("licence returned")))
        .then_nothing();
}

#[test]
fn cancelling_a_vehicle_revokes_the_permits_that_name_it_art_70() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let outcome = scenario.when(|tx| vehicle_cancelled(tx, &plate("鲁R1234挂"), &text("scrapped")));
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
        .when(|tx| vehicle_cancelled(tx, &plate("鲁R1234挂"), &text("scrapped")))
        .then_nothing();
}

#[test]
fn a_vehicle_registered_again_may_be_named_again() {
    let (scenario, _) = submitted(app(occupation()));
    let scenario = scenario
        .when(|tx| vehicle_cancelled(tx, &plate("鲁R12345"), &text("scrapped")))
        .and()
        .when(|tx| vehicle_registered(tx, &plate("鲁R12345")))
        .and();
    let record: VehicleRecord = scenario.state(&plate("鲁R12345").key());
    assert_eq!(record.registration, Some(Registration::Registered));
    scenario
        .when(|tx| vehicle_registered(tx, &plate("鲁R12345")))
        .then_nothing()
        .by(applicant())
        .when(|tx| permits::domain::filing::submit(tx, filing_of(toxic_app(toxic()))))
        .and();
}
