//! Which decisions a legal review precedes, by whom, and that nothing is decided without it (Administrative Penalty Law art. 58).

use crate::fixtures::*;
use chassis::testing::Scenario;
use enforcement::domain::conduct::Road;
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::Stage;
use enforcement::domain::violation::capture::notify;
use enforcement::domain::violation::decision::{decide, decide_no_penalty};
use enforcement::domain::violation::default;
use enforcement::domain::violation::event::{
    Fact, LegalReviewGround, Mitigation, NoPenaltyGround, NoticeChannel, Sanction,
};
use enforcement::domain::violation::handling::{
    hear_defence, hold_hearing, request_hearing, schedule_hearing, tell_intention,
};
use enforcement::domain::violation::legal_review::{require, review};

const REVIEW: Option<&str> = Some("Administrative Penalty Law art. 58(1)");
const AFTER_HEARING: Option<&str> = Some("Administrative Penalty Law art. 58(1)(2)");
const COMPLEX: Option<&str> = Some("Administrative Penalty Law art. 58(1)(3)");

/// Drunk for the second time: the licence is to be revoked.
fn revoked() -> Sanction {
    Sanction {
        revocation: true,
        ..fine(2_000)
    }
}

fn told() -> (Scenario, CaseId) {
    let (scenario, id) = handling(alcohol(50, false, true));
    let scenario = scenario
        .when(|tx| tell_intention(tx, &id, revoked()))
        .and()
        .when(|tx| hear_defence(tx, &id, text("nothing to say"), false))
        .and();
    (scenario, id)
}

/// Asked for, set, and its hour has come.
fn at_the_hearing() -> (Scenario, CaseId) {
    let (scenario, id) = told();
    let scenario = scenario
        .when(|tx| request_hearing(tx, &id))
        .and()
        .when(|tx| schedule_hearing(tx, &id, at("2026-03-16T09:00:00"), text("officer:L1")))
        .and()
        .later("2026-03-16T10:00:00+08:00");
    (scenario, id)
}

/// 500 yuan for much too fast, told and heard; what may be of public interest, or complex.
fn ordinary() -> (Scenario, CaseId) {
    let (scenario, id) = handling(speeding(Road::Other, car(), 60));
    let scenario = scenario
        .when(|tx| tell_intention(tx, &id, fine(500)))
        .and()
        .when(|tx| hear_defence(tx, &id, text("was in a hurry"), false))
        .and();
    (scenario, id)
}

#[test]
fn after_a_hearing_nothing_is_decided_before_the_review_has_passed_art_58_1_2() {
    let (scenario, id) = at_the_hearing();
    let scenario = scenario
        .by(legal_reviewer())
        .when(|tx| review(tx, &id, true, text("too early")))
        .then_refused("NO_LEGAL_REVIEW_DUE", REVIEW)
        .by(officer())
        .when(|tx| hold_hearing(tx, &id, false))
        .and()
        .by(city())
        .when(|tx| decide(tx, &id, by_two(revoked())))
        .then_refused("LEGAL_REVIEW_OUTSTANDING", AFTER_HEARING);
    let scenario = reviewed(scenario, &id, false)
        .by(city())
        .when(|tx| decide(tx, &id, by_two(revoked())))
        .then_refused("LEGAL_REVIEW_FAILED", AFTER_HEARING);
    let scenario = reviewed(scenario, &id, true)
        .when(|tx| review(tx, &id, false, text("once more")))
        .then_refused("ALREADY_DONE", None)
        .by(city())
        .when(|tx| decide(tx, &id, by_two(revoked())))
        .and();
    assert_eq!(case(&scenario, &id).stage, Stage::Decided);
}

#[test]
fn who_stays_away_has_waived_the_hearing_and_needs_no_review_art_64_6() {
    let (scenario, id) = at_the_hearing();
    scenario
        .when(|tx| hold_hearing(tx, &id, true))
        .and()
        .by(city())
        .when(|tx| decide(tx, &id, by_two(revoked())))
        .and();
}

#[test]
fn a_case_of_public_interest_or_many_legal_relations_is_reviewed_too_art_58_1_1_and_3() {
    let table = [
        (LegalReviewGround::PublicInterest, "art. 58(1)(1)"),
        (LegalReviewGround::Complex, "art. 58(1)(3)"),
        (LegalReviewGround::OtherProvision, "art. 58(1)(4)"),
    ];
    for (ground, article) in table {
        let (scenario, id) = ordinary();
        let basis = format!("Administrative Penalty Law {article}");
        let required = scenario.when(|tx| require(tx, &id, ground));
        assert_eq!(
            facts(&required, &id),
            [Fact::LegalReviewRequired { ground }]
        );
        let scenario = required
            .and()
            .when(|tx| decide(tx, &id, by_two(fine(500))))
            .then_refused("LEGAL_REVIEW_OUTSTANDING", Some(&basis));
        reviewed(scenario, &id, true)
            .by(officer())
            .when(|tx| decide(tx, &id, by_two(fine(500))))
            .and();
    }
}

#[test]
fn without_a_reason_for_it_a_case_is_decided_without_a_review() {
    let (scenario, id) = ordinary();
    scenario
        .when(|tx| decide(tx, &id, by_two(fine(500))))
        .and()
        .when(|tx| require(tx, &id, LegalReviewGround::Complex))
        .then_refused("WRONG_STATE", None)
        .by(legal_reviewer())
        .when(|tx| review(tx, &id, true, text("late")))
        .then_refused("NO_LEGAL_REVIEW_DUE", REVIEW);
}

#[test]
fn what_is_told_or_heard_afterwards_is_reviewed_anew() {
    let lighter = Sanction {
        mitigation: Some(Mitigation::Confessed),
        ..fine(300)
    };
    let (scenario, id) = ordinary();
    let scenario = scenario
        .when(|tx| require(tx, &id, LegalReviewGround::Complex))
        .and()
        .when(|tx| require(tx, &id, LegalReviewGround::PublicInterest))
        .then_refused("ALREADY_DONE", None);
    let scenario = reviewed(scenario, &id, true)
        .by(officer())
        .when(|tx| hear_defence(tx, &id, text("here is another proof"), true))
        .and()
        .when(|tx| decide(tx, &id, by_two(fine(500))))
        .then_refused("LEGAL_REVIEW_OUTSTANDING", COMPLEX);
    let scenario = reviewed(scenario, &id, true)
        .by(officer())
        .when(|tx| tell_intention(tx, &id, lighter))
        .and()
        .when(|tx| hear_defence(tx, &id, text("agreed"), false))
        .and()
        .when(|tx| decide(tx, &id, by_two(lighter)))
        .then_refused("LEGAL_REVIEW_OUTSTANDING", COMPLEX);
    reviewed(scenario, &id, true)
        .by(officer())
        .when(|tx| decide(tx, &id, by_two(lighter)))
        .and();
}

#[test]
fn the_reviewer_neither_investigates_nor_decides_and_is_of_the_district() {
    let (scenario, id) = ordinary();
    let scenario = scenario
        .when(|tx| require(tx, &id, LegalReviewGround::Complex))
        .and()
        .when(|tx| review(tx, &id, true, text("my own case")))
        .then_refused("REVIEWER_INVOLVED", REVIEW)
        .by(elsewhere())
        .when(|tx| review(tx, &id, true, text("not mine")))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 157 art. 4(1)"));
    let mut with_the_reviewer = by_two(fine(500));
    with_the_reviewer.co_officers.push(text("officer:L2"));
    reviewed(scenario, &id, true)
        .by(officer())
        .when(|tx| decide(tx, &id, with_the_reviewer))
        .then_refused("REVIEWER_INVOLVED", REVIEW);
}

#[test]
fn before_anything_is_intended_there_is_nothing_to_review_and_no_short_way_round_it() {
    let (scenario, id) = handling(speeding(Road::Other, car(), 35));
    scenario
        .when(|tx| require(tx, &id, LegalReviewGround::Complex))
        .and()
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .then_refused("LEGAL_REVIEW_OUTSTANDING", COMPLEX)
        .by(legal_reviewer())
        .when(|tx| review(tx, &id, true, text("nothing there")))
        .then_refused("WRONG_STATE", None)
        // Not to punish is no decision on a penalty.
        .by(officer())
        .when(|tx| decide_no_penalty(tx, &id, NoPenaltyGround::NoFault, text("as heard")))
        .and();
}

#[test]
fn a_decision_in_absence_waits_for_its_review_too() {
    let mut scenario = start();
    let mut last = None;
    for hour in 0..5 {
        let mut filing = camera(speeding(Road::Other, car(), 35));
        filing.acted_at = at(&format!("2026-03-01T{hour:02}:00:00"));
        let (next, id) = entered_in(scenario, filing);
        scenario = next.when(|tx| notify(tx, &id, NoticeChannel::App)).and();
        last = Some(id);
    }
    let id = last.unwrap();
    let scenario = scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| require(tx, &id, LegalReviewGround::PublicInterest))
        .and()
        .by(legal_reviewer())
        .when(|tx| review(tx, &id, true, text("nothing there")))
        .then_refused(
            "NOT_TOLD_AND_HEARD",
            Some("Administrative Penalty Law art. 62"),
        )
        .by(officer())
        .when(|tx| default::warn(tx, &id, warned(Some(on_foot('o')), fine(200))))
        .and()
        .later("2026-05-06T09:00:00+08:00")
        .when(|tx| default::announce(tx, &id))
        .and()
        .later("2026-06-01T09:00:00+08:00")
        .when(|tx| default::decide(tx, &id, vec![]))
        .then_refused(
            "LEGAL_REVIEW_OUTSTANDING",
            Some("Administrative Penalty Law art. 58(1)(1)"),
        );
    reviewed(scenario, &id, true)
        .by(officer())
        .when(|tx| default::decide(tx, &id, vec![]))
        .and();
}
