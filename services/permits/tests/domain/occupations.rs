//! Works on roads: Road Traffic Safety Law art. 32, Shandong Measures art. 44, the road's calendar.

use crate::fixtures::*;
use chassis::domain::Aggregate;
use chassis::testing::Scenario;
use permits::domain::closing::complete;
use permits::domain::deadlines::pass_time;
use permits::domain::event::{Acceptor, Fact};
use permits::domain::filing::{Correct, Submit, correct, submit};
use permits::domain::hours::{DailyHours, Hours};
use permits::domain::permit::Stage;
use permits::domain::progress::Progress;
use permits::domain::review::{Amend, Approve, amend, approve, request_correction};
use permits::domain::road_calendar::{self, Booking, RoadCalendar, RoadCalendarEvent};
use permits::domain::road_occupation::{Direction, Emergency, JointPlan, RoadOccupation};
use permits::domain::standing::{revoke, suspend};
use permits::domain::values::PermitId;
use permits::domain::works::{Finding, finish_work, record_acceptance, start_work};

const SIGNS: Option<&str> = Some("Shandong Road Traffic Measures art. 44(1)(3)");
const NOTICE: Option<&str> = Some("Shandong Road Traffic Measures art. 44(1)");
const REOPENING: Option<&str> = Some("Road Traffic Safety Law art. 32(2)");

fn with(change: impl FnOnce(&mut RoadOccupation)) -> RoadOccupation {
    let mut works = occupation();
    change(&mut works);
    works
}

#[track_caller]
fn refused(works: RoadOccupation, reason: &str, basis: Option<&str>) {
    file_as_is(works).then_refused(reason, basis);
}

#[track_caller]
fn taken(works: RoadOccupation) {
    file_as_is(works).and();
}

fn file_as_is(works: RoadOccupation) -> chassis::testing::Outcome<PermitId> {
    Scenario::at(MONDAY)
        .by(applicant())
        .when(|tx| submit(tx, filing_of(app(works))))
}

// === conditions ===

#[test]
fn a_sign_stands_at_least_50_m_upstream_art_44() {
    refused(with(|w| w.signs.upstream_m = 49), "SIGN_TOO_CLOSE", SIGNS);
    taken(with(|w| w.signs.upstream_m = 50));
}

#[test]
fn at_night_a_reflective_sign_stands_at_least_100_m_upstream_art_44() {
    let night = |w: &mut RoadOccupation, metres| {
        let hours = DailyHours::new(22 * 60, 5 * 60).unwrap();
        w.hours = Hours::new(w.hours.start(), w.hours.end(), Some(hours)).unwrap();
        w.signs.upstream_night_m = metres;
    };
    refused(with(|w| night(w, 99)), "NIGHT_SIGN_TOO_CLOSE", SIGNS);
    taken(with(|w| night(w, 100)));
    taken(with(|w| w.signs.upstream_night_m = 0));
}

#[test]
fn the_public_is_told_five_days_ahead_art_44() {
    let notice = |day: &str| with(|w| w.public_notice_on = Some(day.parse().unwrap()));
    taken(notice("2026-03-05"));
    refused(notice("2026-03-06"), "PUBLIC_NOTICE_TOO_LATE", NOTICE);
    refused(
        with(|w| w.public_notice_on = None),
        "PUBLIC_NOTICE_MISSING",
        NOTICE,
    );
}

#[test]
fn an_emergency_repair_needs_no_notice_and_is_filed_within_48_hours() {
    let emergency = |started: &str| {
        with(|w| {
            w.public_notice_on = None;
            w.hours =
                Hours::new(at("2026-02-28T09:00:00"), at("2026-03-05T00:00:00"), None).unwrap();
            w.signs.upstream_night_m = 100;
            w.emergency = Some(Emergency {
                started_at: at(started),
                cause: text("burst main"),
            });
        })
    };
    taken(emergency("2026-02-28T09:00:00"));
    refused(
        emergency("2026-02-28T08:59:59"),
        "EMERGENCY_FILED_LATE",
        Some("Road Traffic Safety Law art. 32(1)"),
    );
    taken(emergency("2026-03-02T09:00:00"));
    refused(
        emergency("2026-03-02T09:00:01"),
        "EMERGENCY_NOT_BEGUN",
        NOTICE,
    );

    // The hours until the decision do not count against it.
    let (scenario, id) = accepted(app(emergency("2026-02-28T09:00:00")));
    scenario
        .later("2026-03-03T09:00:00+08:00")
        .when(|tx| approve(tx, &id, Approve::default()))
        .and();
}

/// A burst main: begun at `started`, for these hours.
fn burst(started: &str, from: &str, until: &str) -> RoadOccupation {
    with(|w| {
        w.public_notice_on = None;
        w.hours = Hours::new(at(from), at(until), None).unwrap();
        w.signs.upstream_night_m = 100;
        w.emergency = Some(Emergency {
            started_at: at(started),
            cause: text("burst main"),
        });
    })
}

#[test]
fn an_emergency_that_was_filed_in_time_may_be_corrected_after_the_48_hours() {
    let begun = |started: &str| burst(started, "2026-02-28T11:00:00", "2026-03-05T00:00:00");
    let correction = |works: RoadOccupation| Correct {
        applicant: company(),
        contact: person('z'),
        application: app(works),
    };
    let (scenario, id) = submitted(app(begun("2026-02-28T11:00:00")));
    let scenario = scenario
        .when(|tx| request_correction(tx, &id, Vec::new()))
        .and()
        .by(applicant())
        .later("2026-03-02T12:00:00+08:00");
    // Its beginning moves neither past the filing nor out of the hours before it.
    let outcome = scenario
        .when(|tx| correct(tx, &id, correction(begun("2026-03-02T09:00:01"))))
        .then_refused("EMERGENCY_NOT_BEGUN", NOTICE)
        .when(|tx| correct(tx, &id, correction(begun("2026-02-28T08:59:59"))))
        .then_refused(
            "EMERGENCY_FILED_LATE",
            Some("Road Traffic Safety Law art. 32(1)"),
        )
        .when(|tx| correct(tx, &id, correction(begun("2026-02-28T11:00:00"))));
    assert_eq!(names(&outcome, &id), ["permit_corrected"]);
}

#[test]
fn an_emergency_repair_that_is_over_may_still_be_filed_and_granted_and_its_road_reopened_art_32() {
    let over_when_filed = burst(
        "2026-03-01T09:00:00",
        "2026-03-01T09:00:00",
        "2026-03-01T15:00:00",
    );
    let over_when_decided = burst(
        "2026-03-02T08:00:00",
        "2026-03-02T08:00:00",
        "2026-03-02T09:30:00",
    );
    for (works, begun, due) in [
        (
            over_when_filed,
            "2026-03-01T09:00:00",
            "2026-03-01T15:00:00",
        ),
        (
            over_when_decided,
            "2026-03-02T08:00:00",
            "2026-03-02T09:30:00",
        ),
    ] {
        let (scenario, id) = accepted(app(works));
        let outcome = scenario.when(|tx| approve(tx, &id, Approve::default()));
        assert_eq!(
            facts(&outcome, &id)[1..],
            [
                Fact::RoadWorkUnderWay { since: at(begun) },
                Fact::ReopeningOverdue { due: at(due) }
            ]
        );
        let scenario = outcome.and();
        assert_eq!(stage(&scenario, &id), Stage::InUse);
        assert!(!is_free(&scenario), "nobody has accepted the road");
        let scenario = scenario.when(|tx| pass_time(tx, &id)).then_nothing();
        let scenario = reopen(scenario, &id);
        assert!(is_free(&scenario), "accepted by both");
        let outcome = scenario.when(|tx| pass_time(tx, &id));
        assert_eq!(names(&outcome, &id), ["permit_completed"]);
    }
    // Hours before the beginning are not those of the repair.
    refused(
        burst(
            "2026-03-01T15:00:00",
            "2026-03-01T09:00:00",
            "2026-03-01T15:00:00",
        ),
        "OCCUPATION_OVER",
        REOPENING,
    );
}

#[test]
fn an_emergency_repair_that_nobody_tells_to_have_begun_is_still_to_be_reopened_art_32() {
    let (begun, until) = ("2026-03-02T08:00:00", "2026-03-05T00:00:00");
    let (scenario, id) = approved(app(burst(begun, begun, until)));
    assert_eq!(stage(&scenario, &id), Stage::Approved);
    let outcome = scenario
        .later("2026-03-05T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(
        facts(&outcome, &id),
        [
            Fact::RoadWorkUnderWay { since: at(begun) },
            Fact::ReopeningOverdue { due: at(until) }
        ]
    );
    let scenario = outcome.and();
    assert!(!is_free(&scenario));
    assert!(is_free(&reopen(scenario, &id)));
}

#[test]
fn an_occupation_whose_time_has_passed_is_refused() {
    let past = |end: &str| {
        with(|w| {
            w.hours = Hours::new(at("2026-02-20T08:00:00"), at(end), None).unwrap();
            w.signs.upstream_night_m = 100;
            w.public_notice_on = Some("2026-02-10".parse().unwrap());
        })
    };
    refused(past("2026-03-02T09:00:00"), "OCCUPATION_OVER", REOPENING);
    taken(past("2026-03-02T09:00:01"));
}

// === the road's calendar ===

fn from_other_company(works: RoadOccupation) -> Submit {
    Submit {
        applicant: other_company(),
        ..filing_of(app(works))
    }
}

/// One occupation is approved; may this one be approved beside it?
fn beside(works: RoadOccupation) -> (chassis::testing::Outcome<()>, PermitId) {
    let (scenario, _) = approved(app(occupation()));
    let (scenario, second) = another(scenario, from_other_company(works));
    (
        scenario.when(|tx| approve(tx, &second, Approve::default())),
        second,
    )
}

#[test]
fn two_occupations_do_not_overlap_on_the_same_road_direction_and_time() {
    let (outcome, _) = beside(occupation());
    outcome.then_refused("ROAD_TAKEN", REOPENING);
}

#[test]
fn the_other_direction_another_road_another_time_and_another_stretch_are_free() {
    let other_hours = DailyHours::new(17 * 60, 18 * 60).unwrap();
    for free in [
        with(|w| w.stretch.directions = vec![Direction::Westbound]),
        with(|w| w.stretch.roads = vec![text("Example Road")]),
        with(|w| w.hours = Hours::new(w.hours.start(), w.hours.end(), Some(other_hours)).unwrap()),
        with(|w| {
            w.hours = Hours::new(
                at("2026-03-20T00:00:00"),
                at("2026-03-22T00:00:00"),
                w.hours.daily(),
            )
            .unwrap()
        }),
        with(|w| w.stretch.line = line(&[(115.485, 35.240), (115.490, 35.240)])),
    ] {
        let (outcome, id) = beside(free);
        assert_eq!(names(&outcome, &id), ["permit_approved"]);
    }
}

#[test]
fn any_common_name_direction_or_metre_of_road_is_a_conflict() {
    for taken in [
        with(|w| w.stretch.directions = vec![Direction::Westbound, Direction::Eastbound]),
        with(|w| w.stretch.roads = vec![text("Example Road"), text("sample  road")]),
        with(|w| w.stretch.line = line(&[(115.4849, 35.240), (115.490, 35.240)])),
        with(|w| {
            w.hours = Hours::new(
                at("2026-03-19T16:59:59"),
                at("2026-03-22T00:00:00"),
                w.hours.daily(),
            )
            .unwrap()
        }),
    ] {
        let (outcome, _) = beside(taken);
        outcome.then_refused("ROAD_TAKEN", REOPENING);
    }
}

fn plan(number_: &str, with: Vec<chassis::domain::values::CreditCode>) -> Option<JointPlan> {
    Some(JointPlan {
        number: number(number_),
        with,
    })
}

#[test]
fn works_that_name_each_other_in_a_joint_plan_share_the_road() {
    let (ours, theirs) = (company().credit_code, other_company().credit_code);
    let stranger = company().credit_code;
    let cases = [
        (
            plan("JP-1", vec![theirs.clone()]),
            plan("JP-1", vec![ours.clone()]),
            true,
        ),
        (
            plan("JP-1", vec![theirs.clone()]),
            plan("JP-2", vec![ours.clone()]),
            false,
        ),
        (plan("JP-1", vec![theirs.clone()]), None, false),
        (
            plan("JP-1", vec![stranger]),
            plan("JP-1", vec![ours]),
            false,
        ),
    ];
    for (first, second, together) in cases {
        let (scenario, _) = approved(app(with(|w| w.joint_plan = first)));
        let (scenario, id) = another(
            scenario,
            from_other_company(with(|w| w.joint_plan = second)),
        );
        let outcome = scenario.when(|tx| approve(tx, &id, Approve::default()));
        if together {
            outcome.and();
        } else {
            outcome.then_refused("ROAD_TAKEN", REOPENING);
        }
    }
}

#[test]
fn a_road_whose_time_is_over_but_which_has_not_reopened_stays_taken() {
    let (scenario, first) = approved(app(occupation()));
    let later = with(|w| {
        w.hours = Hours::new(
            at("2026-03-25T00:00:00"),
            at("2026-03-28T00:00:00"),
            w.hours.daily(),
        )
        .unwrap();
    });
    let (scenario, second) = another(scenario, from_other_company(later));
    let scenario = scenario
        .by(applicant())
        .later("2026-03-10T08:00:00+08:00")
        .when(|tx| start_work(tx, &first))
        .and()
        .by(reviewer())
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| approve(tx, &second, Approve::default()))
        .then_refused("ROAD_TAKEN", REOPENING);
    let scenario = reopen(scenario, &first);
    scenario
        .by(reviewer())
        .when(|tx| approve(tx, &second, Approve::default()))
        .and();
}

#[test]
fn a_full_calendar_takes_no_more() {
    let works = occupation();
    // Far away, one behind the other.
    let far = |n: usize| {
        let from = 110.0 + n as f64 / 500.0;
        line(&[(from, 30.0), (from + 0.001, 30.0)])
    };
    let bookings = (0..RoadCalendar::MOST_BOOKINGS).map(|n| {
        let permit = PermitId::new(chassis_uuid(n));
        let booking = Booking {
            line: far(n),
            ..road_calendar::wanted(&permit, &company(), &works)
        };
        RoadCalendarEvent::RoadBooked {
            road: "Sample Road".into(),
            direction: Direction::Eastbound,
            booking,
        }
    });
    let (scenario, id) = accepted(app(works.clone()));
    scenario
        .given::<RoadCalendar>(
            &RoadCalendar::id("Sample Road", Direction::Eastbound),
            bookings,
        )
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused(
            "ROAD_CALENDAR_FULL",
            Some("Road Traffic Safety Law art. 39"),
        );
}

fn chassis_uuid(n: usize) -> uuid::Uuid {
    uuid::Uuid::from_u128(n as u128 + 1)
}

// === use and reopening ===

fn in_use() -> (Scenario, PermitId) {
    let (scenario, id) = approved(app(occupation()));
    let scenario = scenario
        .later("2026-03-10T08:00:00+08:00")
        .by(applicant())
        .when(|tx| start_work(tx, &id))
        .and();
    (scenario, id)
}

fn finished() -> (Scenario, PermitId) {
    let (scenario, id) = in_use();
    let outcome = scenario
        .later("2026-03-18T17:00:00+08:00")
        .when(|tx| finish_work(tx, &id));
    assert_eq!(names(&outcome, &id), ["road_work_finished"]);
    (outcome.and(), id)
}

fn is_free(scenario: &Scenario) -> bool {
    let calendar: RoadCalendar =
        scenario.state(&RoadCalendar::id("Sample Road", Direction::Eastbound));
    calendar.bookings.is_empty()
}

fn reopen(scenario: Scenario, id: &PermitId) -> Scenario {
    scenario
        .by(applicant())
        .when(|tx| finish_work(tx, id))
        .and()
        .by(road_authority())
        .when(|tx| record_acceptance(tx, id, Acceptor::RoadAuthority, Finding::Passed))
        .and()
        .by(reviewer())
        .when(|tx| record_acceptance(tx, id, Acceptor::Police, Finding::Passed))
        .and()
}

#[test]
fn work_begins_only_in_the_permitted_time_art_80() {
    let basis = Some("Administrative Licence Law art. 80(2)");
    let (scenario, id) = approved(app(occupation()));
    let outcome = scenario
        .by(applicant())
        .later("2026-03-09T23:59:59+08:00")
        .when(|tx| start_work(tx, &id))
        .then_refused("OUTSIDE_VALIDITY", basis)
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| start_work(tx, &id))
        .then_refused("OUTSIDE_VALIDITY", basis)
        .later("2026-03-10T00:00:00+08:00")
        .when(|tx| start_work(tx, &id));
    assert_eq!(names(&outcome, &id), ["road_work_started"]);
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::InUse);
    scenario
        .when(|tx| start_work(tx, &id))
        .then_refused("WRONG_STATE", Some("Administrative Licence Law art. 4"));
}

#[test]
fn a_suspended_permit_is_not_used_art_61() {
    let (scenario, id) = approved(app(occupation()));
    scenario
        .when(|tx| suspend(tx, &id, text("gas leak near by")))
        .and()
        .by(applicant())
        .later("2026-03-10T08:00:00+08:00")
        .when(|tx| start_work(tx, &id))
        .then_refused(
            "PERMIT_SUSPENDED",
            Some("Administrative Licence Law art. 61(2)"),
        );
}

#[test]
fn only_the_holder_or_the_district_reports_the_use() {
    let (scenario, id) = approved(app(occupation()));
    scenario
        .by(elsewhere())
        .later("2026-03-10T08:00:00+08:00")
        .when(|tx| start_work(tx, &id))
        .then_refused("NOT_THE_HOLDER", Some("Administrative Licence Law art. 9"))
        .by(reviewer())
        .when(|tx| start_work(tx, &id))
        .and();
}

#[test]
fn reopening_needs_the_acceptance_of_road_authority_and_police_art_32() {
    let (scenario, id) = finished();
    let outcome = scenario
        .by(reviewer())
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed));
    assert_eq!(
        names(&outcome, &id),
        ["road_accepted"],
        "one alone does not reopen it"
    );
    let scenario = outcome
        .and()
        .when(|tx| complete(tx, &id))
        .then_refused("ROAD_NOT_REOPENED", REOPENING);
    let outcome = scenario
        .by(road_authority())
        .when(|tx| record_acceptance(tx, &id, Acceptor::RoadAuthority, Finding::Passed));
    assert_eq!(names(&outcome, &id), ["road_accepted", "road_reopened"]);
    let scenario = outcome.and();
    let calendar: RoadCalendar =
        scenario.state(&RoadCalendar::id("Sample Road", Direction::Eastbound));
    assert!(calendar.bookings.is_empty(), "the road is free again");
    let outcome = scenario.when(|tx| complete(tx, &id));
    assert_eq!(names(&outcome, &id), ["permit_completed"]);
    assert_eq!(stage(&outcome.and(), &id), Stage::Completed);
}

#[test]
fn a_road_that_is_not_accepted_is_finished_and_accepted_anew() {
    let (scenario, id) = finished();
    let outcome = scenario
        .by(road_authority())
        .when(|tx| record_acceptance(tx, &id, Acceptor::RoadAuthority, Finding::Passed))
        .and()
        .by(reviewer())
        .when(|tx| {
            record_acceptance(
                tx,
                &id,
                Acceptor::Police,
                Finding::Defects(text("markings missing")),
            )
        });
    assert_eq!(
        facts(&outcome, &id),
        [Fact::RoadNotAccepted {
            by: Acceptor::Police,
            defects: text("markings missing")
        }]
    );
    let scenario = outcome
        .and()
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed))
        .then_refused("WORK_NOT_FINISHED", REOPENING);
    let scenario = reopen(scenario, &id);
    scenario.when(|tx| complete(tx, &id)).and();
}

#[test]
fn acceptance_follows_the_work_once_a_side_and_never_by_its_holder() {
    let (scenario, id) = in_use();
    let scenario = scenario
        .by(reviewer())
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed))
        .then_refused("WORK_NOT_FINISHED", REOPENING)
        .by(applicant())
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed))
        .then_refused("HOLDER_CANNOT_ACCEPT", REOPENING)
        .when(|tx| finish_work(tx, &id))
        .and()
        .when(|tx| finish_work(tx, &id))
        .then_refused("WORK_ALREADY_FINISHED", REOPENING)
        .by(elsewhere())
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed))
        .then_refused(
            "OUTSIDE_DISTRICT",
            Some("Administrative Licence Law art. 22"),
        );
    scenario
        .by(reviewer())
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed))
        .and()
        .when(|tx| record_acceptance(tx, &id, Acceptor::Police, Finding::Passed))
        .then_refused("ALREADY_ACCEPTED", REOPENING)
        .when(|tx| record_acceptance(tx, &id, Acceptor::RoadAuthority, Finding::Passed))
        .then_refused("JOINT_ACCEPTANCE_NEEDS_BOTH", REOPENING);
}

#[test]
fn works_whose_permit_is_revoked_are_finished_and_accepted_before_the_road_reopens_art_32() {
    let (scenario, id) = in_use();
    let outcome = scenario
        .by(reviewer())
        .when(|tx| revoke(tx, &id, revocation()));
    assert!(matches!(
        facts(&outcome, &id)[..],
        [Fact::PermitRevoked {
            use_goes_on: true,
            ..
        }]
    ));
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::Revoked);
    assert!(!is_free(&scenario), "the road is not cleared yet");

    let outcome = scenario
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(names(&outcome, &id), ["reopening_overdue"]);
    let scenario = outcome.and().when(|tx| pass_time(tx, &id)).then_nothing();
    let scenario = reopen(scenario, &id);
    assert!(is_free(&scenario), "accepted by both");
    assert_eq!(stage(&scenario, &id), Stage::Revoked);
    assert_eq!(permit(&scenario, &id).next_due(), None);
    scenario
        .by(applicant())
        .when(|tx| start_work(tx, &id))
        .then_refused("WRONG_STATE", Some("Administrative Licence Law art. 4"));
}

#[test]
fn a_suspension_tells_whether_the_works_go_on_art_32() {
    let goes_on = |scenario: Scenario, id: &PermitId| {
        let outcome = scenario
            .by(reviewer())
            .when(|tx| suspend(tx, id, text("gas leak near by")));
        match facts(&outcome, id)[..] {
            [Fact::PermitSuspended { use_goes_on, .. }] => use_goes_on,
            ref other => panic!("{other:?}"),
        }
    };
    let (unused, id) = approved(app(occupation()));
    assert!(!goes_on(unused, &id), "nothing has begun");
    let (under_way, id) = in_use();
    assert!(goes_on(under_way, &id), "the road is closed");
    let (under_way, id) = in_use();
    assert!(!goes_on(reopen(under_way, &id), &id), "the road is open");
}

#[test]
fn revoking_a_permit_whose_road_has_reopened_leaves_nothing_to_be_done() {
    let (scenario, id) = in_use();
    let outcome = reopen(scenario, &id).when(|tx| revoke(tx, &id, revocation()));
    assert!(matches!(
        facts(&outcome, &id)[..],
        [Fact::PermitRevoked {
            use_goes_on: false,
            ..
        }]
    ));
    assert_eq!(permit(&outcome.and(), &id).next_due(), None);
}

#[test]
fn an_unused_permit_is_not_completed() {
    let (scenario, id) = approved(app(occupation()));
    scenario
        .when(|tx| complete(tx, &id))
        .then_refused("NOT_USED", Some("Administrative Licence Law art. 61(1)"))
        .by(elsewhere())
        .when(|tx| complete(tx, &id))
        .then_refused(
            "OUTSIDE_DISTRICT",
            Some("Administrative Licence Law art. 22"),
        );
}

#[test]
fn a_toxic_transport_knows_no_works() {
    let (scenario, id) = approved(toxic_app(toxic()));
    scenario
        .when(|tx| start_work(tx, &id))
        .then_refused("WRONG_KIND", Some("Administrative Licence Law art. 4"))
        .when(|tx| finish_work(tx, &id))
        .then_refused("WRONG_KIND", Some("Administrative Licence Law art. 4"));
}

#[test]
fn works_under_way_may_be_given_more_time_but_stay_where_they_are_art_32() {
    let (scenario, id) = in_use();
    let amended = |works: RoadOccupation| Amend {
        applicant: company(),
        application: app(works),
        reason: text("rock in the ground"),
        run_order: None,
    };
    let longer = with(|w| {
        w.hours = Hours::new(w.hours.start(), at("2026-03-25T00:00:00"), w.hours.daily()).unwrap();
    });
    let moved = with(|w| w.stretch.line = line(&[(115.485, 35.240), (115.490, 35.240)]));
    let later = with(|w| {
        w.hours = Hours::new(at("2026-03-12T00:00:00"), w.hours.end(), w.hours.daily()).unwrap();
    });
    let scenario = scenario
        .by(reviewer())
        .when(|tx| amend(tx, &id, amended(moved)))
        .then_refused("ALREADY_IN_USE", REOPENING)
        .when(|tx| amend(tx, &id, amended(later)))
        .then_refused("ALREADY_IN_USE", REOPENING);
    // Flagged as overdue, then given more time: overdue again only at the new end.
    let scenario = scenario
        .later("2026-03-20T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .and()
        .when(|tx| amend(tx, &id, amended(longer)))
        .and();
    assert!(matches!(permit(&scenario, &id).progress, Progress::Works(works) if !works.overdue));
    let outcome = scenario
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-25T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(names(&outcome, &id), ["reopening_overdue"]);
}
