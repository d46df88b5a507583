//! What time alone does: Administrative Licence Law art. 32, the city's promise, the end of validity.

use crate::fixtures::*;
use chassis::domain::Aggregate;
use permits::domain::deadlines::pass_time;
use permits::domain::event::{Acceptor, DecisionClock, Fact, RefusalGround};
use permits::domain::permit::Stage;
use permits::domain::review::{Refuse, approve, refuse, request_correction};
use permits::domain::road_calendar::RoadCalendar;
use permits::domain::road_occupation::Direction;
use permits::domain::works::{Finding, finish_work, record_acceptance, start_work};

fn warned(clock: DecisionClock, percent: u8, due: &str) -> Fact {
    Fact::DecisionDeadlineWarned {
        clock,
        percent,
        due: at(due),
    }
}

#[test]
fn officers_are_warned_at_half_at_four_fifths_and_at_the_end_of_the_promise() {
    let (mut scenario, id) = submitted(app(occupation()));
    for (before, when, percent) in [
        ("2026-03-02T20:59:59", "2026-03-02T21:00:00", 50),
        ("2026-03-03T04:11:59", "2026-03-03T04:12:00", 80),
        ("2026-03-03T08:59:59", "2026-03-03T09:00:00", 100),
    ] {
        let outcome = scenario
            .later(&format!("{before}+08:00"))
            .when(|tx| pass_time(tx, &id))
            .then_nothing()
            .later(&format!("{when}+08:00"))
            .when(|tx| pass_time(tx, &id));
        assert_eq!(
            facts(&outcome, &id),
            [warned(
                DecisionClock::Promise,
                percent,
                "2026-03-03T09:00:00"
            )]
        );
        scenario = outcome.and();
    }
}

#[test]
fn officers_are_warned_of_the_statutory_limit_beside_the_promise() {
    let (scenario, id) = accepted(app(occupation()));
    let outcome = scenario
        .later("2026-03-10T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    let (promise, statutory) = ("2026-03-03T09:00:00", "2026-03-10T00:00:00");
    assert_eq!(
        facts(&outcome, &id),
        [
            warned(DecisionClock::Promise, 50, promise),
            warned(DecisionClock::Promise, 80, promise),
            warned(DecisionClock::Promise, 100, promise),
            warned(DecisionClock::Statutory, 50, statutory),
            warned(DecisionClock::Statutory, 80, statutory),
            warned(DecisionClock::Statutory, 100, statutory),
        ],
        "in the order of their times, all at once after a long night"
    );
    let scenario = outcome.and();
    assert_eq!(
        permit(&scenario, &id).next_due(),
        None,
        "the authority is late; time alone does no more"
    );
}

#[test]
fn silence_for_five_working_days_accepts_art_32() {
    let (scenario, id) = submitted(oversize_app(oversize()));
    let outcome = scenario
        .later("2026-03-10T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert!(matches!(
        facts(&outcome, &id)
            .iter()
            .find(|fact| fact.name() == "permit_accepted"),
        Some(Fact::PermitAccepted { deemed: true, .. })
    ));
    let scenario = outcome.and();
    let accepted = permit(&scenario, &id);
    assert_eq!(accepted.stage, Stage::Accepted);
    assert!(accepted.deemed_accepted);
    assert_eq!(
        accepted.limits.received,
        at("2026-03-02T09:00:00"),
        "from the day it came in"
    );

    let (scenario, id) = submitted(oversize_app(oversize()));
    let outcome = scenario
        .later("2026-03-09T23:59:59+08:00")
        .when(|tx| pass_time(tx, &id));
    assert!(!names(&outcome, &id).contains(&"permit_accepted"));
}

#[test]
fn the_clock_stands_while_the_applicant_corrects_and_after_the_decision() {
    let (scenario, id) = submitted(app(occupation()));
    let waiting = scenario
        .when(|tx| request_correction(tx, &id, Vec::new()))
        .and();
    assert_eq!(permit(&waiting, &id).next_due(), None);
    waiting
        .later("2027-03-02T09:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing();

    let (scenario, id) = accepted(app(occupation()));
    let refusal = Refuse {
        ground: RefusalGround::TrafficSafety,
        reason: text("no"),
    };
    let refused = scenario.when(|tx| refuse(tx, &id, refusal)).and();
    assert_eq!(permit(&refused, &id).next_due(), None);
}

#[test]
fn an_unused_permit_expires_with_its_validity_and_frees_the_road_art_70() {
    let (scenario, id) = approved(app(occupation()));
    assert_eq!(
        permit(&scenario, &id).next_due(),
        Some(at("2026-03-20T00:00:00"))
    );
    let outcome = scenario
        .later("2026-03-19T23:59:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&outcome, &id), [Fact::PermitExpired]);
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::Expired);
    let calendar: RoadCalendar =
        scenario.state(&RoadCalendar::id("Sample Road", Direction::Eastbound));
    assert!(calendar.bookings.is_empty());
    scenario.when(|tx| pass_time(tx, &id)).then_nothing();
}

#[test]
fn an_overdue_reopening_is_flagged_once_and_the_road_stays_taken() {
    let (scenario, id) = approved(app(occupation()));
    let outcome = scenario
        .by(applicant())
        .later("2026-03-10T08:00:00+08:00")
        .when(|tx| start_work(tx, &id))
        .and()
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::ReopeningOverdue {
            due: at("2026-03-20T00:00:00")
        }]
    );
    let scenario = outcome.and();
    let calendar: RoadCalendar =
        scenario.state(&RoadCalendar::id("Sample Road", Direction::Eastbound));
    assert_eq!(calendar.bookings.len(), 1);
    assert_eq!(permit(&scenario, &id).next_due(), None);
    scenario
        .later("2026-03-21T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing();
}

#[test]
fn a_reopened_road_closes_its_permit_when_the_time_is_over() {
    let (scenario, id) = approved(app(occupation()));
    let outcome = scenario
        .by(applicant())
        .later("2026-03-10T08:00:00+08:00")
        .when(|tx| start_work(tx, &id))
        .and()
        .when(|tx| finish_work(tx, &id))
        .and()
        .by(road_authority())
        .when(|tx| record_acceptance(tx, &id, Acceptor::RoadAuthority, Finding::Passed))
        .and()
        .by(reviewer())
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed))
        .and()
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&outcome, &id), [Fact::PermitCompleted]);
}

#[test]
fn what_time_does_is_no_longer_due_afterwards() {
    for application in [
        app(occupation()),
        toxic_app(toxic()),
        oversize_app(oversize()),
    ] {
        let (scenario, id) = submitted(application);
        let mut scenario = scenario;
        while let Some(due) = permit(&scenario, &id).next_due() {
            let outcome = scenario
                .later(&due.to_string())
                .when(|tx| pass_time(tx, &id));
            assert!(
                !facts(&outcome, &id).is_empty(),
                "the deadline at {due} does something"
            );
            scenario = outcome.and();
            assert!(
                permit(&scenario, &id)
                    .next_due()
                    .is_none_or(|next| next > due)
            );
        }
        // A late decision is still a decision: here the clock of the test goes back to before the trip.
        let terms = terms(&permit(&scenario, &id).application);
        scenario
            .later("2026-03-05T09:00:00+08:00")
            .when(|tx| approve(tx, &id, terms))
            .and();
    }
}

#[test]
fn a_toxic_transport_that_never_left_expires_after_fifteen_days() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let outcome = scenario
        .later("2026-03-18T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&outcome, &id), [Fact::PermitExpired]);
}
