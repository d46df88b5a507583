//! Filing, correcting and withdrawing: Administrative Licence Law arts. 29-32, 78, 79.

use crate::fixtures::*;
use chassis::domain::{LegalCalendar, TimeLimit};
use permits::domain::event::{Correction, Fact, RefusalGround, RevocationGround};
use permits::domain::filing::{Correct, correct, submit, withdraw};
use permits::domain::permit::Stage;
use permits::domain::review::{Refuse, accept, refuse, request_correction};
use permits::domain::standing::{Revoke, revoke};

fn corrections() -> Vec<Correction> {
    vec![Correction {
        field: text("road_occupation.traffic_plan"),
        request: text("draw the detour"),
    }]
}

fn corrected() -> Correct {
    Correct {
        applicant: company(),
        contact: person('z'),
        application: app(occupation()),
    }
}

#[test]
fn an_application_names_its_limits_from_the_moment_it_comes_in() {
    let outcome = file(app(occupation()));
    let limits = filed(&outcome).limits;
    assert_eq!(limits.received, at("2026-03-02T09:00:00"));
    assert_eq!(
        limits.correction_due,
        at("2026-03-10T00:00:00"),
        "five working days: until Monday the 9th"
    );
    assert_eq!(limits.statutory_due, at("2026-03-10T00:00:00"));
    assert_eq!(
        limits.statutory_basis.to_string(),
        "Liaocheng Road Traffic Regulations art. 27(1)"
    );
    assert_eq!(
        limits.promised_due,
        at("2026-03-03T09:00:00"),
        "the city promises 24 hours"
    );
}

#[test]
fn each_kind_has_its_own_statutory_limit() {
    let due = |application| filed(&file(application)).limits;
    let toxic = due(toxic_app(toxic()));
    assert_eq!(
        toxic.statutory_due,
        at("2026-03-12T00:00:00"),
        "seven working days"
    );
    assert_eq!(toxic.statutory_basis.to_string(), "Decree 591 art. 50(3)");
    let mut transport = oversize();
    assert_eq!(
        due(oversize_app(transport.clone())).statutory_due,
        at("2026-03-10T00:00:00"),
        "class II: five"
    );
    transport.crosses_province = true;
    assert_eq!(
        due(oversize_app(transport)).statutory_due,
        at("2026-03-17T00:00:00"),
        "across provinces: ten"
    );
}

#[test]
fn a_repeated_command_meets_the_same_permit() {
    let first = file(app(occupation()));
    let again = file(app(occupation()));
    assert_eq!(
        first.value(),
        again.value(),
        "the id derives from the command"
    );
}

#[test]
fn a_correction_is_asked_for_once_art_32() {
    let (scenario, id) = submitted(app(occupation()));
    let outcome = scenario.when(|tx| request_correction(tx, &id, corrections()));
    assert_eq!(names(&outcome, &id), ["correction_requested"]);
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::CorrectionRequested);

    let outcome = scenario
        .later("2026-03-04T09:00:00+08:00")
        .by(applicant())
        .when(|tx| correct(tx, &id, corrected()));
    assert_eq!(names(&outcome, &id), ["permit_corrected"]);
    let scenario = outcome.and();
    assert_eq!(
        permit(&scenario, &id).limits.promised_due,
        at("2026-03-05T09:00:00"),
        "the limits run anew from the complete application"
    );
    scenario
        .by(reviewer())
        .when(|tx| request_correction(tx, &id, corrections()))
        .then_refused(
            "CORRECTION_ALREADY_REQUESTED",
            Some("Administrative Licence Law art. 32(1)(4)"),
        )
        .when(|tx| accept(tx, &id))
        .and();
}

#[test]
fn a_correction_is_asked_for_within_five_working_days_art_32() {
    let (scenario, id) = submitted(app(occupation()));
    scenario
        .later("2026-03-10T00:00:00+08:00")
        .when(|tx| request_correction(tx, &id, corrections()))
        .then_refused(
            "CORRECTION_TOO_LATE",
            Some("Administrative Licence Law art. 32(1)(4)"),
        )
        .later("2026-03-09T23:59:59+08:00")
        .when(|tx| request_correction(tx, &id, corrections()))
        .and();
}

#[test]
fn only_the_applicant_corrects_and_withdraws() {
    let (scenario, id) = submitted(app(occupation()));
    let scenario = scenario
        .when(|tx| withdraw(tx, &id, None))
        .then_refused(
            "NOT_THE_APPLICANT",
            Some("Administrative Licence Law art. 31(1)"),
        )
        .when(|tx| request_correction(tx, &id, corrections()))
        .and();
    scenario
        .when(|tx| correct(tx, &id, corrected()))
        .then_refused(
            "NOT_THE_APPLICANT",
            Some("Administrative Licence Law art. 31(1)"),
        );
}

#[test]
fn what_was_not_asked_for_cannot_be_corrected() {
    let (scenario, id) = submitted(app(occupation()));
    scenario
        .by(applicant())
        .when(|tx| correct(tx, &id, corrected()))
        .then_refused("WRONG_STATE", Some("Administrative Licence Law art. 4"));
}

#[test]
fn a_correction_keeps_the_kind() {
    let (scenario, id) = submitted(app(occupation()));
    let other = Correct {
        application: toxic_app(toxic()),
        ..corrected()
    };
    scenario
        .when(|tx| request_correction(tx, &id, corrections()))
        .and()
        .by(applicant())
        .when(|tx| correct(tx, &id, other))
        .then_refused("KIND_CHANGED", Some("Administrative Licence Law art. 49"));
}

#[test]
fn what_was_sent_back_and_is_not_corrected_may_be_refused_art_38() {
    let (scenario, id) = submitted(app(occupation()));
    let refusal = Refuse {
        ground: RefusalGround::ConditionsNotMet,
        reason: text("the detour was never drawn"),
    };
    let outcome = scenario
        .when(|tx| request_correction(tx, &id, corrections()))
        .and()
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| refuse(tx, &id, refusal));
    match &facts(&outcome, &id)[..] {
        [Fact::PermitRefused(refused)] => assert_eq!(
            refused.basis.to_string(),
            "Administrative Licence Law arts. 32(1)(5), 38(2)"
        ),
        other => panic!("{other:?}"),
    }
    outcome
        .and()
        .by(applicant())
        .when(|tx| correct(tx, &id, corrected()))
        .then_refused("WRONG_STATE", Some("Administrative Licence Law art. 4"));
}

#[test]
fn an_application_is_withdrawn_at_any_time_before_the_decision() {
    let (fresh, a) = submitted(app(occupation()));
    let (accepted, b) = accepted(app(occupation()));
    let (sent_back, c) = submitted(app(occupation()));
    let sent_back = sent_back
        .when(|tx| request_correction(tx, &c, corrections()))
        .and();
    for (scenario, id) in [(fresh, a), (accepted, b), (sent_back, c)] {
        let outcome = scenario
            .by(applicant())
            .when(|tx| withdraw(tx, &id, Some(text("not needed any more"))));
        assert_eq!(names(&outcome, &id), ["permit_withdrawn"]);
        outcome
            .and()
            .when(|tx| withdraw(tx, &id, None))
            .then_refused("WRONG_STATE", Some("Administrative Licence Law art. 4"));
    }
    let (granted, id) = approved(app(occupation()));
    granted
        .by(applicant())
        .when(|tx| withdraw(tx, &id, None))
        .then_refused("WRONG_STATE", Some("Administrative Licence Law art. 4"));
}

#[test]
fn false_statements_bar_the_applicant_for_a_year_art_78() {
    let (scenario, id) = accepted(app(occupation()));
    let scenario = scenario
        .when(|tx| {
            refuse(
                tx,
                &id,
                Refuse {
                    ground: RefusalGround::FalseStatements,
                    reason: text("forged consent"),
                },
            )
        })
        .and()
        .by(applicant());
    let scenario = scenario
        .when(|tx| submit(tx, filing_of(app(occupation()))))
        .then_refused(
            "APPLICANT_BARRED",
            Some("Administrative Licence Law art. 78"),
        );
    // Another kind is not barred, nor another organisation.
    let scenario = scenario
        .when(|tx| submit(tx, filing_of(toxic_app(toxic()))))
        .and();
    let mut other = filing_of(app(occupation()));
    other.applicant = other_company();
    let scenario = scenario.when(|tx| submit(tx, other)).and();

    let next_year = |day: &str| {
        let mut works = occupation();
        let calendar = LegalCalendar::default();
        let start = calendar.deadline(at(day), TimeLimit::Days(10));
        works.hours = permits::domain::hours::Hours::new(
            start,
            calendar.deadline(start, TimeLimit::Days(2)),
            None,
        )
        .unwrap();
        works.signs.upstream_night_m = 100;
        works.public_notice_on = Some(calendar.date(at(day)));
        filing_of(app(works))
    };
    scenario
        .later("2027-03-01T23:59:59+08:00")
        .when(|tx| submit(tx, next_year("2027-03-01T12:00:00")))
        .then_refused(
            "APPLICANT_BARRED",
            Some("Administrative Licence Law art. 78"),
        )
        .later("2027-03-02T00:00:00+08:00")
        .when(|tx| submit(tx, next_year("2027-03-02T12:00:00")))
        .and();
}

#[test]
fn a_permit_obtained_by_fraud_bars_for_three_years_art_79() {
    let (scenario, id) = approved(app(occupation()));
    scenario
        .when(|tx| {
            revoke(
                tx,
                &id,
                Revoke {
                    ground: RevocationGround::Fraud,
                    reason: text("bought consent"),
                },
            )
        })
        .and()
        .by(applicant())
        .when(|tx| submit(tx, filing_of(app(occupation()))))
        .then_refused(
            "APPLICANT_BARRED",
            Some("Administrative Licence Law art. 79"),
        );
}
