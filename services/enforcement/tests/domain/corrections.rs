//! The police put their own decisions right (Administrative Penalty Law art. 75(2)): what a decision did is undone, and the case is
//! closed or handled anew.

use crate::fixtures::*;
use chassis::domain::LegalCalendar;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use enforcement::domain::conduct::{Conduct, Road};
use enforcement::domain::docket::{Docket, Standing, of_vehicle};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::correction::{Correction, revoke};
use enforcement::domain::violation::decision::{decide, serve};
use enforcement::domain::violation::event::{
    Afterwards, DecisionError, Duty, Fact, Remedy, RemedyOutcome, Sanction, Service,
};
use enforcement::domain::violation::handling::{accept, hear_defence, tell_intention};
use enforcement::domain::violation::payment::pay;
use enforcement::domain::violation::remedy::{end, seek};
use enforcement::domain::violation::roadside::file_papers;
use enforcement::domain::violation::{Closed, Stage};

fn corrected(afterwards: Afterwards) -> Correction {
    Correction {
        error: DecisionError::Facts,
        reason: text("the photograph shows another car"),
        afterwards,
    }
}

fn revoked(scenario: Scenario, id: &CaseId, afterwards: Afterwards) -> Scenario {
    scenario
        .when(|tx| revoke(tx, id, corrected(afterwards)))
        .and()
}

fn standing(scenario: &Scenario) -> Standing {
    let docket = scenario.state::<Docket>(&of_vehicle(&plate(PLATE)));
    docket.entries[0].standing
}

#[test]
fn a_record_that_was_decided_wrongly_is_open_again_for_who_really_answers() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| pay(tx, &id, Fen::yuan(150), number("B1"), now))
        .and();
    let outcome = scenario.when(|tx| revoke(tx, &id, corrected(Afterwards::Reopened)));
    let handle_by = at("2026-04-02T00:00:00");
    let fell = Fact::DecisionRevokedByPolice {
        error: DecisionError::Facts,
        reason: text("the photograph shows another car"),
        afterwards: Afterwards::Reopened,
        refund: Fen::yuan(150),
        handle_by: Some(handle_by),
    };
    assert_eq!(
        fell.basis().to_string(),
        "Administrative Penalty Law art. 75(2)"
    );
    assert_eq!(facts(&outcome, &id), [fell]);
    assert_eq!(heard_by_others(&outcome, &id), ["ViolationReopened"]);
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::Notified);
    assert_eq!(case(&scenario, &id).handle_by, Some(handle_by));
    assert_eq!(licence(&scenario, 'a').points(), 0);
    assert_eq!(standing(&scenario), Standing::HandleBy(handle_by));
    let scenario = scenario
        .when(|tx| accept(tx, &id, driver('b')))
        .and()
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    assert_eq!(licence(&scenario, 'b').points(), 6);
    let owed = case(&scenario, &id)
        .account
        .owed(&LegalCalendar::default(), now);
    assert_eq!(owed, Fen::yuan(200), "the old payment went back");
    scenario
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and();
}

#[test]
fn a_case_with_nothing_left_to_decide_is_closed_and_what_was_paid_goes_back() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| pay(tx, &id, Fen::yuan(200), number("B1"), now))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Settled);
    let outcome = scenario.when(|tx| revoke(tx, &id, corrected(Afterwards::Closed)));
    assert_eq!(heard_by_others(&outcome, &id), ["ViolationClosed"]);
    let closed = published(&event(facts(&outcome, &id)[0].clone()));
    let closed: serde_json::Value = serde_json::from_slice(&closed[0].data).unwrap();
    assert_eq!(closed["state"], "VIOLATION_STATE_REVOKED");
    assert_eq!(
        closed["legalBasis"],
        "Administrative Penalty Law art. 75(2)"
    );
    let scenario = outcome.and();
    let state = case(&scenario, &id);
    assert_eq!(state.stage, Stage::Revoked);
    assert_eq!(state.closed, Some(Closed::DecisionCorrected));
    assert_eq!(state.account.refunded, Fen::yuan(200));
    assert_eq!(state.account.paid(), Fen::ZERO);
    let owed = state.account.owed(&LegalCalendar::default(), now);
    assert_eq!(owed, Fen::ZERO);
    assert_eq!(licence(&scenario, 'a').points(), 0);
    assert_eq!(standing(&scenario), Standing::Closed);
    scenario
        .when(|tx| revoke(tx, &id, corrected(Afterwards::Closed)))
        .then_refused("WRONG_STATE", None);
}

#[test]
fn a_decision_that_is_not_served_yet_leaves_nothing_due() {
    let (scenario, id) = handling(act(Conduct::RedLight));
    let scenario = scenario.when(|tx| decide(tx, &id, simply(fine(200)))).and();
    let scenario = revoked(scenario, &id, Afterwards::Closed);
    let state = case(&scenario, &id);
    assert_eq!((state.stage, state.nearest_duty()), (Stage::Revoked, None));
    assert_eq!(licence(&scenario, 'a').points(), 0);
}

#[test]
fn what_an_officer_found_is_handled_anew_with_its_papers_order_157_art_44_2() {
    let none_due = ("NO_PAPERS_DUE", Some("Order 157 art. 44(2)"));
    let (scenario, id) = stopped(roadside(act(Conduct::RedLight)));
    let scenario = scenario
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and()
        .when(|tx| file_papers(tx, &id))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    let scenario = revoked(scenario, &id, Afterwards::Reopened)
        .when(|tx| file_papers(tx, &id))
        .then_refused(none_due.0, none_due.1);
    let state = case(&scenario, &id);
    assert_eq!(state.stage, Stage::Stopped);
    assert_eq!(state.party, Some(driver('a')));
    assert_eq!(standing(&scenario), Standing::Open);
    let scenario = scenario.when(|tx| decide(tx, &id, simply(fine(100)))).and();
    let filing = at("2026-03-05T00:00:00");
    assert_eq!(
        case(&scenario, &id).nearest_duty(),
        Some((Duty::FilePapers, filing))
    );
    scenario.when(|tx| file_papers(tx, &id)).and();
}

#[test]
fn what_was_told_to_who_was_heard_bounds_what_is_decided_anew_penalty_law_art_45() {
    let heavier = Sanction {
        revocation: true,
        ..fine(500)
    };
    let (scenario, id) = stopped(roadside(speeding(Road::Other, car(), 60)));
    let scenario = scenario
        .when(|tx| accept(tx, &id, driver('a')))
        .and()
        .when(|tx| tell_intention(tx, &id, fine(500)))
        .and()
        .when(|tx| hear_defence(tx, &id, text("was in a hurry"), false))
        .and()
        .when(|tx| decide(tx, &id, by_two(fine(500))))
        .and();
    revoked(scenario, &id, Afterwards::Reopened)
        .when(|tx| accept(tx, &id, driver('a')))
        .and()
        .when(|tx| tell_intention(tx, &id, heavier))
        .then_refused(
            "HEAVIER_AFTER_DEFENCE",
            Some("Administrative Penalty Law art. 45(2)"),
        );
}

#[test]
fn only_the_prefecture_takes_back_that_it_revoked_a_licence_order_157_art_6() {
    let sanction = Sanction {
        revocation: true,
        ..fine(1_000)
    };
    let (scenario, id) = handling(alcohol(50, false, true));
    let scenario = decided_by_city(scenario, &id, sanction);
    assert!(!licence(&scenario, 'a').may_drive());
    let scenario = scenario
        .by(officer())
        .when(|tx| revoke(tx, &id, corrected(Afterwards::Closed)))
        .then_refused("REVOCATION_BY_CITY", Some("Order 157 art. 6(2)"))
        .by(city());
    let scenario = revoked(scenario, &id, Afterwards::Closed);
    assert!(licence(&scenario, 'a').may_drive());
}

#[test]
fn what_a_remedy_has_made_of_a_decision_is_not_the_polices_own_reconsideration_law_art_77() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let milder = RemedyOutcome::Varied {
        sanction: fine(100),
        points: 3,
    };
    scenario
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and()
        .when(|tx| end(tx, &id, milder))
        .and()
        .when(|tx| revoke(tx, &id, corrected(Afterwards::Closed)))
        .then_refused(
            "DECISION_VARIED",
            Some("Administrative Reconsideration Law art. 77(1)"),
        );
}

#[test]
fn a_remedy_under_way_ends_with_the_decision_that_it_was_about() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and();
    let scenario = revoked(scenario, &id, Afterwards::Closed);
    let state = case(&scenario, &id);
    assert_eq!(state.remedy, None);
    assert_eq!(state.account.pauses[0].until, Some(now));
    scenario
        .when(|tx| end(tx, &id, RemedyOutcome::Revoked))
        .then_refused(
            "NO_REMEDY_UNDER_WAY",
            Some("Administrative Reconsideration Law art. 30"),
        );
}

#[test]
fn what_is_not_decided_or_not_of_the_district_is_not_corrected() {
    let (scenario, id) = handling(act(Conduct::RedLight));
    scenario
        .when(|tx| revoke(tx, &id, corrected(Afterwards::Closed)))
        .then_refused("WRONG_STATE", None);
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    scenario
        .by(elsewhere())
        .when(|tx| revoke(tx, &id, corrected(Afterwards::Closed)))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 157 art. 4(1)"));
}
