//! What only the party may do: objecting, the hearing, remedies (Administrative Penalty Law art. 7(1)). An officer of the
//! district takes down what the party says at the counter.

use crate::fixtures::*;
use chassis::domain::Actor;
use chassis::testing::Scenario;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::capture::identify_driver;
use enforcement::domain::violation::event::{Remedy, Sanction};
use enforcement::domain::violation::handling::{
    hear_defence, request_hearing, tell_intention, waive_hearing,
};
use enforcement::domain::violation::objection::object;
use enforcement::domain::violation::remedy::seek;

const REFUSED: (&str, Option<&str>) = (
    "NOT_THE_PARTY",
    Some("Administrative Penalty Law art. 7(1)"),
);

fn citizen(letter: char) -> Actor {
    Actor {
        id: format!("person:{}", person(letter)),
        districts: Vec::new(),
    }
}

#[test]
fn an_objection_is_the_partys_own_or_taken_down_by_an_officer_of_the_district() {
    let (scenario, id) = notified(camera(act(Conduct::RedLight)));
    // While nobody is known to have driven, no citizen is the party.
    let scenario = scenario
        .by(citizen('a'))
        .when(|tx| object(tx, &id, text("it was yellow")))
        .then_refused(REFUSED.0, REFUSED.1)
        .by(officer())
        .when(|tx| identify_driver(tx, &id, driver('a')))
        .and();
    let scenario = [citizen('b'), elsewhere()]
        .into_iter()
        .fold(scenario, |scenario, other| {
            scenario
                .by(other)
                .when(|tx| object(tx, &id, text("it was yellow")))
                .then_refused(REFUSED.0, REFUSED.1)
        });
    let scenario = scenario
        .by(citizen('a'))
        .when(|tx| object(tx, &id, text("it was yellow")))
        .and();
    assert!(case(&scenario, &id).objection_due.is_some());

    let (scenario, id) = notified(camera(act(Conduct::RedLight)));
    scenario
        .when(|tx| object(tx, &id, text("said at the counter")))
        .and();
}

/// Told that the licence is to be revoked: a hearing may be asked for.
fn told() -> (Scenario, CaseId) {
    let (scenario, id) = handling(alcohol(50, false, true));
    let sanction = Sanction {
        revocation: true,
        ..fine(2_000)
    };
    let scenario = scenario
        .when(|tx| tell_intention(tx, &id, sanction))
        .and()
        .when(|tx| hear_defence(tx, &id, text("nothing"), false))
        .and();
    (scenario, id)
}

#[test]
fn a_hearing_is_asked_for_and_waived_by_the_party_alone() {
    let (scenario, id) = told();
    let scenario = scenario
        .by(citizen('b'))
        .when(|tx| request_hearing(tx, &id))
        .then_refused(REFUSED.0, REFUSED.1)
        .when(|tx| waive_hearing(tx, &id))
        .then_refused(REFUSED.0, REFUSED.1);
    scenario
        .by(citizen('a'))
        .when(|tx| request_hearing(tx, &id))
        .and();
    let (scenario, id) = told();
    scenario
        .by(citizen('a'))
        .when(|tx| waive_hearing(tx, &id))
        .and();
}

#[test]
fn a_remedy_is_sought_by_the_party_alone() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    scenario
        .by(citizen('b'))
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .then_refused(REFUSED.0, REFUSED.1)
        .by(citizen('a'))
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and();
}
