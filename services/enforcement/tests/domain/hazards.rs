//! Road hazards, and riders who are persuaded.

use crate::fixtures::*;
use chassis::domain::values::CreditCode;
use chassis::testing::Scenario;
use enforcement::domain::hazard::{
    Hazard, HazardKind, HazardStage, assign, find, pass_time, rectify, reject, verify,
};
use enforcement::domain::persuasion::{
    Behaviour, Company, CompanyEvent, Junction, JunctionDay, count, hold_talk, persuade,
};
use enforcement::domain::values::{CaseId, Place};

fn found() -> (Scenario, CaseId) {
    let place = Place {
        district: mudan(),
        road: text("Sample Road, km 7"),
        point: None,
    };
    with(start().when(|tx| find(tx, place, HazardKind::Sight, text("hedge hides the sign"))))
}

fn state(scenario: &Scenario, id: &CaseId) -> Hazard {
    scenario.state::<Hazard>(id.as_str())
}

#[test]
fn a_hazard_is_found_assigned_rectified_and_verified_by_another() {
    let (scenario, id) = found();
    let by = at("2026-03-10T00:00:00");
    let worker = chassis::domain::Actor {
        id: "unit:G1".into(),
        districts: vec![mudan()],
    };
    let scenario = scenario
        .when(|tx| rectify(tx, &id, text("cut back")))
        .then_refused("WRONG_STATE", None)
        .when(|tx| {
            assign(
                tx,
                &id,
                text("Sample Green Unit"),
                at("2026-03-02T09:00:00"),
            )
        })
        .then_refused("DEADLINE_PASSED", None)
        .when(|tx| assign(tx, &id, text("Sample Green Unit"), by))
        .and()
        .by(worker)
        .when(|tx| rectify(tx, &id, text("cut back")))
        .and()
        .when(|tx| verify(tx, &id))
        .then_refused("OWN_RECTIFICATION", None)
        .by(officer())
        .when(|tx| reject(tx, &id, text("still hidden"), by))
        .and();
    assert_eq!(state(&scenario, &id).stage, HazardStage::Assigned);
    let scenario = scenario
        .when(|tx| rectify(tx, &id, text("cut back further")))
        .and()
        .by(city())
        .when(|tx| verify(tx, &id))
        .and();
    assert_eq!(state(&scenario, &id).stage, HazardStage::Verified);
}

#[test]
fn an_overdue_hazard_is_noted_once() {
    let (scenario, id) = found();
    let by = at("2026-03-10T00:00:00");
    let scenario = scenario
        .when(|tx| assign(tx, &id, text("Sample Green Unit"), by))
        .and()
        .later("2026-03-09T23:59:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-10T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .and();
    assert!(state(&scenario, &id).overdue);
    scenario.when(|tx| pass_time(tx, &id)).then_nothing();
}

fn junction() -> Junction {
    Junction::parse("J-0001").unwrap()
}

#[test]
fn riders_are_counted_by_junction_and_day_with_their_helmets() {
    let scenario = start()
        .when(|tx| persuade(tx, &junction(), mudan(), Behaviour::RedLight, true, None))
        .then_refused("HELMET_NOT_NEEDED", None)
        .when(|tx| persuade(tx, &junction(), mudan(), Behaviour::NoHelmet, true, None))
        .and()
        .when(|tx| persuade(tx, &junction(), mudan(), Behaviour::NoHelmet, false, None))
        .and()
        .when(|tx| count(tx, &junction(), mudan(), 10, 11))
        .then_refused("COUNT_INVALID", None)
        .when(|tx| count(tx, &junction(), mudan(), 10, 8))
        .and();
    let day = scenario.state::<JunctionDay>("J-0001_2026-03-02");
    assert_eq!(day.persuaded[&Behaviour::NoHelmet], 2);
    assert_eq!(
        (day.helmets_given, day.riders_seen, day.riders_with_helmet),
        (1, 10, 8)
    );
    assert!((day.helmet_rate() - 0.8).abs() < f64::EPSILON);
}

#[test]
fn a_delivery_company_is_summoned_once_a_month_at_fifty_riders() {
    let company = || CreditCode::parse("91110000600037341L").unwrap();
    let mut scenario = start();
    for rider in 1..=51 {
        let outcome = scenario.when(|tx| {
            persuade(
                tx,
                &junction(),
                mudan(),
                Behaviour::RedLight,
                false,
                Some(company()),
            )
        });
        let summoned = outcome
            .events::<Company>(company().as_str())
            .iter()
            .any(|event| matches!(event, CompanyEvent::CompanySummoned { .. }));
        assert_eq!(summoned, rider == 50, "{rider}");
        scenario = outcome.and();
    }
    let scenario = scenario
        .when(|tx| hold_talk(tx, &company()))
        .and()
        .when(|tx| hold_talk(tx, &company()))
        .then_refused("NOT_SUMMONED", None)
        .later("2026-04-01T09:00:00+08:00")
        .when(|tx| {
            persuade(
                tx,
                &junction(),
                mudan(),
                Behaviour::RedLight,
                false,
                Some(company()),
            )
        })
        .and();
    assert_eq!(scenario.state::<Company>(company().as_str()).riders, 1);
}
