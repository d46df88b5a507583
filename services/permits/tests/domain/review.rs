//! Who may decide, and what a decision needs: Administrative Licence Law arts. 5, 22, 38, 49.

use crate::fixtures::*;
use permits::domain::event::{Fact, RefusalGround};
use permits::domain::permit::Stage;
use permits::domain::review::{
    Amend, Approve, Refuse, accept, amend, approve, refuse, request_correction,
};
use permits::domain::road_calendar::RoadCalendar;
use permits::domain::road_occupation::Direction;
use permits::domain::values::PermitId;

const WRONG_STATE: (&str, Option<&str>) =
    ("WRONG_STATE", Some("Administrative Licence Law art. 4"));

fn refusal(ground: RefusalGround) -> Refuse {
    Refuse {
        ground,
        reason: text("the plan blocks the hospital's gate"),
    }
}

#[test]
fn an_unknown_permit_is_not_found() {
    let nobody = PermitId::parse("00000000-0000-8000-8000-000000000001").unwrap();
    let (scenario, _) = submitted(app(occupation()));
    scenario
        .when(|tx| accept(tx, &nobody))
        .then_refused("PERMIT_NOT_FOUND", None);
}

#[test]
fn an_officer_of_another_district_does_not_decide_art_22() {
    let (scenario, id) = submitted(app(occupation()));
    let basis = Some("Administrative Licence Law art. 22");
    let scenario = scenario
        .by(elsewhere())
        .when(|tx| accept(tx, &id))
        .then_refused("OUTSIDE_DISTRICT", basis)
        .when(|tx| refuse(tx, &id, refusal(RefusalGround::TrafficSafety)))
        .then_refused("OUTSIDE_DISTRICT", basis)
        .when(|tx| request_correction(tx, &id, Vec::new()))
        .then_refused("OUTSIDE_DISTRICT", basis);
    // The city decides for every district.
    scenario.by(city()).when(|tx| accept(tx, &id)).and();
}

#[test]
fn whoever_filed_an_application_does_not_decide_on_it_art_5() {
    let both = chassis::domain::Actor {
        id: applicant().id,
        districts: vec![mudan()],
    };
    let (scenario, id) = accepted(app(occupation()));
    let basis = Some("Administrative Licence Law art. 5(1)");
    scenario
        .by(both)
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("OWN_APPLICATION", basis)
        .when(|tx| refuse(tx, &id, refusal(RefusalGround::TrafficSafety)))
        .then_refused("OWN_APPLICATION", basis);
}

#[test]
fn an_accepted_application_is_granted_with_its_conditions() {
    let (scenario, id) = accepted(app(occupation()));
    let terms = Approve {
        conditions: vec![text("keep the bus stop open")],
        ..Approve::default()
    };
    let outcome = scenario.when(|tx| approve(tx, &id, terms));
    assert_eq!(names(&outcome, &id), ["permit_approved"]);
    let scenario = outcome.and();
    let granted = permit(&scenario, &id);
    assert_eq!(granted.stage, Stage::Approved);
    let grant = granted.grant.unwrap();
    assert_eq!(grant.version, 1);
    assert_eq!(grant.valid_from, at("2026-03-10T00:00:00"));
    assert_eq!(grant.valid_until, at("2026-03-20T00:00:00"));
    assert_eq!(grant.conditions[0].as_str(), "keep the bus stop open");
    let calendar: RoadCalendar =
        scenario.state(&RoadCalendar::id("Sample Road", Direction::Eastbound));
    assert_eq!(
        calendar.bookings.len(),
        1,
        "the road is booked with the decision"
    );
}

#[test]
fn steps_out_of_order_are_refused() {
    let (scenario, id) = submitted(app(occupation()));
    let scenario = scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused(WRONG_STATE.0, WRONG_STATE.1)
        .when(|tx| accept(tx, &id))
        .and()
        .when(|tx| accept(tx, &id))
        .then_refused(WRONG_STATE.0, WRONG_STATE.1)
        .when(|tx| request_correction(tx, &id, Vec::new()))
        .then_refused(WRONG_STATE.0, WRONG_STATE.1)
        .when(|tx| amend(tx, &id, change("2026-03-11T00:00:00")))
        .then_refused(WRONG_STATE.0, WRONG_STATE.1)
        .when(|tx| approve(tx, &id, Approve::default()))
        .and();
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused(WRONG_STATE.0, WRONG_STATE.1)
        .when(|tx| refuse(tx, &id, refusal(RefusalGround::TrafficSafety)))
        .then_refused(WRONG_STATE.0, WRONG_STATE.1);
}

#[test]
fn a_refusal_names_its_provision_art_38() {
    for (ground, application, basis) in [
        (
            RefusalGround::NotRequired,
            app(occupation()),
            "Administrative Licence Law art. 32(1)(1)",
        ),
        (
            RefusalGround::NotCompetent,
            app(occupation()),
            "Administrative Licence Law art. 32(1)(2)",
        ),
        (
            RefusalGround::ConditionsNotMet,
            app(occupation()),
            "Administrative Licence Law art. 38(2)",
        ),
        (
            RefusalGround::FalseStatements,
            app(occupation()),
            "Administrative Licence Law art. 78",
        ),
        (
            RefusalGround::TrafficSafety,
            app(occupation()),
            "Road Traffic Safety Law art. 32(1)",
        ),
        (
            RefusalGround::TrafficSafety,
            toxic_app(toxic()),
            "Road Traffic Safety Law art. 48(3)",
        ),
        (
            RefusalGround::TrafficSafety,
            oversize_app(oversize()),
            "Road Traffic Safety Law art. 48(2)",
        ),
    ] {
        let (scenario, id) = accepted(application);
        let outcome = scenario.when(|tx| refuse(tx, &id, refusal(ground)));
        match &facts(&outcome, &id)[..] {
            [Fact::PermitRefused(refused)] => {
                assert_eq!(refused.basis.to_string(), basis, "{ground:?}");
                assert_eq!(
                    refused.reason.as_str(),
                    "the plan blocks the hospital's gate"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(stage(&outcome.and(), &id), Stage::Refused);
    }
}

#[test]
fn the_road_authority_consents_before_the_police_decide_art_32() {
    let mut works = occupation();
    works.road_authority_consent = None;
    let (scenario, id) = accepted(app(works));
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused(
            "ROAD_AUTHORITY_CONSENT_MISSING",
            Some("Road Traffic Safety Law art. 32(1)"),
        );
}

#[test]
fn what_came_too_late_for_its_own_time_is_not_granted() {
    let (scenario, id) = accepted(app(occupation()));
    scenario
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused(
            "OCCUPATION_OVER",
            Some("Road Traffic Safety Law art. 32(2)"),
        );
}

fn change(start: &str) -> Amend {
    let mut works = occupation();
    works.hours = permits::domain::hours::Hours::new(
        at(start),
        at("2026-03-22T00:00:00"),
        works.hours.daily(),
    )
    .unwrap();
    Amend {
        applicant: company(),
        application: app(works),
        reason: text("rain"),
        run_order: None,
    }
}

#[test]
fn an_amendment_books_the_road_anew_and_counts_up_the_grant_art_49() {
    let (scenario, id) = approved(app(occupation()));
    let outcome = scenario.when(|tx| amend(tx, &id, change("2026-03-12T00:00:00")));
    assert_eq!(names(&outcome, &id), ["permit_amended"]);
    let scenario = outcome.and();
    let grant = permit(&scenario, &id).grant.unwrap();
    assert_eq!(
        (grant.version, grant.valid_from),
        (2, at("2026-03-12T00:00:00"))
    );
    let calendar: RoadCalendar =
        scenario.state(&RoadCalendar::id("Sample Road", Direction::Eastbound));
    assert_eq!(calendar.bookings.len(), 1);
    assert_eq!(
        calendar.bookings[0].hours.start(),
        at("2026-03-12T00:00:00")
    );
}

#[test]
fn an_amendment_is_checked_like_an_application() {
    let (scenario, id) = approved(app(occupation()));
    scenario
        .when(|tx| amend(tx, &id, change("2026-03-09T00:00:00")))
        .then_refused(
            "PUBLIC_NOTICE_TOO_LATE",
            Some("Shandong Road Traffic Measures art. 44(1)"),
        )
        .when(|tx| {
            amend(
                tx,
                &id,
                Amend {
                    application: toxic_app(toxic()),
                    ..change("2026-03-12T00:00:00")
                },
            )
        })
        .then_refused("KIND_CHANGED", Some("Administrative Licence Law art. 49"))
        .when(|tx| {
            amend(
                tx,
                &id,
                Amend {
                    applicant: other_company(),
                    ..change("2026-03-12T00:00:00")
                },
            )
        })
        .then_refused("HOLDER_CHANGED", Some("Administrative Licence Law art. 9"));
}

#[test]
fn only_an_oversize_transport_takes_a_run_order() {
    let (scenario, id) = accepted(app(occupation()));
    let terms = Approve {
        run_order: Some(run_order()),
        ..Approve::default()
    };
    scenario.when(|tx| approve(tx, &id, terms)).then_refused(
        "RUN_ORDER_UNEXPECTED",
        Some("Road Traffic Safety Law art. 48(2)"),
    );
}
