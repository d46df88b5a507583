//! Acts that may be crimes: what the police decide beside the court, and what comes back to them (Administrative Penalty Law arts.
//! 8(2), 27(1); Road Traffic Safety Law art. 91(2)).

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use enforcement::domain::conduct::{Conduct, Road};
use enforcement::domain::docket::{Docket, Standing, of_vehicle};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::decision::{decide, decide_no_penalty};
use enforcement::domain::violation::event::{
    Duty, Fact, Filing, NoPenaltyGround, Sanction, Source,
};
use enforcement::domain::violation::handling::{
    accept, hear_defence, request_hearing, schedule_hearing, tell_intention,
};
use enforcement::domain::violation::payment::pay;
use enforcement::domain::violation::referral::{refer_as_crime, take_back};
use enforcement::domain::violation::roadside::summon;
use enforcement::domain::violation::{Hearing, Stage, Violation};

const REFERRED: (&str, Option<&str>) = (
    "REFERRED_AS_CRIME",
    Some("Administrative Penalty Law art. 8(2)"),
);
const IN_JUNE: &str = "2026-06-01T09:00:00+08:00";

fn referred(scenario: Scenario, id: &CaseId) -> Scenario {
    scenario
        .when(|tx| refer_as_crime(tx, id, text("Sample Procuratorate")))
        .and()
}

fn returned(scenario: Scenario, id: &CaseId) -> Scenario {
    scenario
        .when(|tx| take_back(tx, id, text("not prosecuted"), number("P-2026-1")))
        .and()
}

/// Much too fast: a fine, and the licence may be revoked.
fn with_revocation() -> Sanction {
    Sanction {
        revocation: true,
        ..fine(500)
    }
}

/// What an officer found this Monday, led to this stage: stopped, summoned, handling or intended.
fn led_to(stage: Stage) -> (Scenario, CaseId) {
    let (scenario, id) = stopped(roadside(speeding(Road::Other, car(), 60)));
    let scenario = match stage {
        Stage::Stopped => scenario,
        Stage::Summoned => scenario.when(|tx| summon(tx, &id)).and(),
        _ => scenario.when(|tx| accept(tx, &id, driver('a'))).and(),
    };
    if stage != Stage::Intended {
        return (scenario, id);
    }
    let scenario = scenario
        .when(|tx| tell_intention(tx, &id, with_revocation()))
        .and()
        .when(|tx| hear_defence(tx, &id, text("was in a hurry"), false))
        .and();
    (scenario, id)
}

#[test]
fn the_licence_of_a_drunk_driver_is_revoked_while_the_crime_is_prosecuted_law_art_91_2() {
    let revocation = Sanction {
        revocation: true,
        ..Sanction::default()
    };
    let (scenario, id) = stopped(roadside(alcohol(80, false, false)));
    let scenario = referred(scenario, &id);
    assert_eq!(stage(&scenario, &id), Stage::Referred);
    let outcome = scenario.when(|tx| accept(tx, &id, driver('a')));
    assert_eq!(heard_by_others(&outcome, &id), ["ViolationReopened"]);
    let scenario = outcome
        .and()
        .when(|tx| tell_intention(tx, &id, fine(2_000)))
        .then_refused(
            "SANCTION_NOT_PROVIDED",
            Some("Road Traffic Safety Law art. 91(2)"),
        )
        .when(|tx| decide_no_penalty(tx, &id, NoPenaltyGround::NotProven, text("who knows")))
        .then_refused(REFERRED.0, REFERRED.1);
    let scenario = decided_by_city(scenario, &id, revocation);
    assert!(!licence(&scenario, 'a').may_drive());
    let state = case(&scenario, &id);
    assert_eq!(state.stage, Stage::Settled);
    let referral = state.referral.unwrap();
    assert_eq!(referral.to, text("Sample Procuratorate"));
    assert_eq!(referral.rests_at, None);
}

#[test]
fn a_decision_stands_beside_a_referral_that_follows_it_order_157_art_13() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let outcome = scenario.when(|tx| refer_as_crime(tx, &id, text("Sample Procuratorate")));
    assert!(heard_by_others(&outcome, &id).is_empty(), "nothing closed");
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::Served);
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| pay(tx, &id, Fen::yuan(200), number("B1"), now))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Settled);
    let outcome = scenario.when(|tx| take_back(tx, &id, text("no crime"), number("P-2026-1")));
    assert!(heard_by_others(&outcome, &id).is_empty(), "nothing reopens");
    let state = case(&outcome.and(), &id);
    assert_eq!((state.stage, state.referral), (Stage::Settled, None));
}

#[test]
fn what_comes_back_without_a_crime_goes_on_from_where_it_rested_penalty_law_art_27() {
    for rests_at in [
        Stage::Stopped,
        Stage::Summoned,
        Stage::Handling,
        Stage::Intended,
    ] {
        let (scenario, id) = led_to(rests_at);
        assert_eq!(stage(&scenario, &id), rests_at);
        // Until then a penalty takes no crime's place.
        let scenario = referred(scenario, &id)
            .when(|tx| accept(tx, &id, driver('a')))
            .then_refused(REFERRED.0, REFERRED.1)
            .when(|tx| decide(tx, &id, by_two(with_revocation())))
            .then_refused("WRONG_STATE", None)
            .later(IN_JUNE);
        let outcome =
            scenario.when(|tx| take_back(tx, &id, text("not prosecuted"), number("P-2026-1")));
        assert_eq!(heard_by_others(&outcome, &id), ["ViolationReopened"]);
        let basis = facts(&outcome, &id)[0].basis().to_string();
        assert_eq!(basis, "Administrative Penalty Law art. 27(1)");
        let state = case(&outcome.and(), &id);
        assert_eq!(state.stage, rests_at);
        assert_eq!((state.closed, state.referral), (None, None));
    }
}

#[test]
fn the_time_limit_of_the_decision_runs_anew_from_when_it_came_back_order_157_art_51() {
    let (scenario, id) = led_to(Stage::Handling);
    let scenario = referred(scenario, &id);
    assert_eq!(case(&scenario, &id).nearest_duty(), None);
    let scenario = returned(scenario.later(IN_JUNE), &id);
    let due = at("2026-06-02T09:00:00");
    assert_eq!(
        case(&scenario, &id).nearest_duty(),
        Some((Duty::Decide, due))
    );
}

#[test]
fn nobody_loses_the_days_to_ask_for_a_hearing_while_the_case_is_away_penalty_law_art_64() {
    let (scenario, id) = led_to(Stage::Intended);
    let scenario = returned(referred(scenario, &id).later(IN_JUNE), &id);
    let state = case(&scenario, &id);
    // Five working days after Monday 1 June end with the 8th, the seven of the decision with the 18th.
    let request_by = state.intended.as_ref().and_then(|told| told.request_by);
    assert_eq!(request_by, Some(at("2026-06-09T00:00:00")));
    assert_eq!(
        state.nearest_duty(),
        Some((Duty::Decide, at("2026-06-19T00:00:00")))
    );
    scenario.when(|tx| request_hearing(tx, &id)).and();
}

#[test]
fn a_hearing_that_was_asked_for_is_held_after_the_case_came_back_penalty_law_art_63() {
    let (scenario, id) = led_to(Stage::Intended);
    let scenario = scenario
        .when(|tx| request_hearing(tx, &id))
        .and()
        .when(|tx| schedule_hearing(tx, &id, at("2026-03-12T09:00:00"), text("officer:L1")))
        .and();
    let scenario = returned(referred(scenario, &id).later(IN_JUNE), &id);
    let state = case(&scenario, &id);
    assert_eq!(
        state.hearing,
        Hearing::Requested,
        "its time passed meanwhile"
    );
    assert_eq!(state.nearest_duty(), None, "the decision waits for it");
    scenario
        .by(city())
        .when(|tx| decide(tx, &id, by_two(with_revocation())))
        .then_refused(
            "HEARING_OUTSTANDING",
            Some("Administrative Penalty Law art. 65"),
        )
        .by(officer())
        .when(|tx| schedule_hearing(tx, &id, at("2026-06-15T09:00:00"), text("officer:L1")))
        .and();
}

#[test]
fn a_case_is_referred_once_and_comes_back_only_if_it_was() {
    let (scenario, id) = led_to(Stage::Handling);
    let back = (
        "NOT_REFERRED",
        Some("Administrative Penalty Law art. 27(1)"),
    );
    let scenario = scenario
        .when(|tx| take_back(tx, &id, text("not prosecuted"), number("P-2026-1")))
        .then_refused(back.0, back.1);
    referred(scenario, &id)
        .when(|tx| refer_as_crime(tx, &id, text("Sample Procuratorate")))
        .then_refused("ALREADY_DONE", None)
        .by(elsewhere())
        .when(|tx| take_back(tx, &id, text("not prosecuted"), number("P-2026-1")))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 157 art. 4(1)"));
}

#[test]
fn a_case_that_came_back_is_open_on_its_docket_even_if_that_had_forgotten_it() {
    let (scenario, id) = led_to(Stage::Handling);
    let scenario = referred(scenario, &id).later("2027-04-01T09:00:00+08:00");
    let another = Filing {
        source: Source::PublicReport,
        acted_at: at("2027-04-01T08:00:00"),
        ..camera(act(Conduct::RedLight))
    };
    let (scenario, _) = entered_in(scenario, another);
    let docket = of_vehicle(&plate(PLATE));
    let of_case = |scenario: &Scenario| {
        let entries = scenario.state::<Docket>(&docket).entries;
        let mut found = entries.into_iter().filter(|entry| entry.case == id);
        found.next().map(|entry| entry.standing)
    };
    assert_eq!(of_case(&scenario), None, "closed, and more than a year old");
    let scenario = returned(scenario, &id);
    assert_eq!(of_case(&scenario), Some(Standing::Open));
}

#[test]
fn a_referral_that_an_earlier_version_recorded_comes_back_too() {
    let (scenario, id) = led_to(Stage::Handling);
    let old = r#"{"referred_as_crime":{"to":"Sample Procuratorate"}}"#;
    let old: Fact = serde_json::from_str(old).unwrap();
    let scenario = scenario.given::<Violation>(id.as_str(), [event(old)]);
    assert_eq!(stage(&scenario, &id), Stage::Referred);
    let scenario = returned(scenario, &id);
    assert_eq!(stage(&scenario, &id), Stage::Handling);
}
