//! The points of a licence: cycles, what rolls over, twelve points, study and tests, reductions, suspension (Order 163).

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::licence::education::{
    StudyKind, Test, record_fraud, record_study, record_test, required,
};
use enforcement::domain::licence::ledger::clear_suspicion;
use enforcement::domain::licence::reductions::{Application, Method, reduce, take_back};
use enforcement::domain::licence::standing::pass_time;
use enforcement::domain::licence::{Entry, Fine, Licence, LicenceEvent, decision_revoked};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::event::{Filing, LicenceFacts, Party, Source};
use enforcement::domain::violation::handling::accept;
use enforcement::domain::violation::payment::pay;
use jiff::civil::{Date, date};

fn case_id(number: u32) -> CaseId {
    CaseId::parse(&format!("00000000-0000-8000-8000-{number:012}")).unwrap()
}

fn facts_of_2015() -> LicenceFacts {
    driver('a').licence.unwrap()
}

fn opened() -> LicenceEvent {
    LicenceEvent::LicenceOpened {
        facts: facts_of_2015(),
        cycle: 10,
        cycle_ends: at("2026-06-01T00:00:00"),
    }
}

fn posted(number: u32, points: u8, conduct: Conduct) -> LicenceEvent {
    LicenceEvent::PointsPosted {
        case: case_id(number),
        points,
        conduct,
        decided_on: today(),
        taken: None,
    }
}

fn paid(number: u32) -> LicenceEvent {
    LicenceEvent::FinePaid {
        case: case_id(number),
    }
}

fn due(number: u32, when: &str) -> LicenceEvent {
    LicenceEvent::FineServed {
        case: case_id(number),
        due: Some(at(when)),
    }
}

fn given(events: impl IntoIterator<Item = LicenceEvent>) -> Scenario {
    let events: Vec<_> = std::iter::once(opened()).chain(events).collect();
    start().given::<Licence>(person('a').as_str(), events)
}

fn on(scenario: Scenario, time: &str) -> Licence {
    let scenario = scenario
        .later(time)
        .when(|tx| pass_time(tx, &person('a')))
        .and();
    licence(&scenario, 'a')
}

#[test]
fn a_cycle_runs_from_the_day_of_first_issue_art_3() {
    let (scenario, _) = served(act(Conduct::RedLight), fine(200));
    let licence = licence(&scenario, 'a');
    assert_eq!(licence.cycle, 10);
    assert_eq!(licence.cycle_end(), date(2026, 6, 1));
    assert_eq!(licence.points(), 6, "posted with the decision, art. 13(1)");
}

#[test]
fn a_licence_of_29_february_turns_on_the_28th_in_common_years() {
    let facts = LicenceFacts {
        first_issued: date(2020, 2, 29),
        large_vehicles: false,
    };
    assert_eq!(Licence::cycle_start(&facts, 1), date(2021, 2, 28));
    assert_eq!(Licence::cycle_start(&facts, 4), date(2024, 2, 29));
}

#[test]
fn at_the_end_of_a_cycle_paid_points_are_cleared_art_15() {
    let events = [
        posted(1, 6, Conduct::RedLight),
        due(1, "2026-03-18T00:00:00"),
        paid(1),
    ];
    let before = on(given(events.clone()), "2026-05-31T23:59:59+08:00");
    assert_eq!((before.points(), before.cycle), (6, 10));
    let after = on(given(events), "2026-06-01T00:00:00+08:00");
    assert_eq!((after.points(), after.cycle), (0, 11));
}

#[test]
fn with_a_fine_overdue_the_points_of_all_unpaid_fines_roll_over_art_15() {
    let after = on(
        given([
            posted(1, 3, Conduct::PhoneUse),
            due(1, "2026-03-18T00:00:00"),
            paid(1),
            posted(2, 6, Conduct::RedLight),
            due(2, "2026-03-18T00:00:00"),
            posted(3, 1, Conduct::SeatBelt),
            due(3, "2026-06-10T00:00:00"),
        ]),
        "2026-06-01T00:00:00+08:00",
    );
    assert_eq!(after.points(), 7);
}

#[test]
fn with_nothing_overdue_unpaid_points_are_cleared_too_art_15() {
    let events = [
        posted(3, 1, Conduct::SeatBelt),
        due(3, "2026-06-10T00:00:00"),
    ];
    assert_eq!(on(given(events), "2026-06-01T00:00:00+08:00").points(), 0);
    // Due exactly with the end of the cycle: late.
    let events = [
        posted(3, 1, Conduct::SeatBelt),
        due(3, "2026-06-01T00:00:00"),
    ];
    assert_eq!(on(given(events), "2026-06-01T00:00:00+08:00").points(), 1);
}

#[test]
fn twelve_points_do_not_end_with_the_cycle_arts_15_23() {
    let full = LicenceEvent::LicenceDetained {
        points: 12,
        full_with: None,
        respond_by: at("2026-04-02T00:00:00"),
    };
    let events = [posted(1, 12, Conduct::DrinkDriving), paid(1), full];
    let after = on(given(events), "2027-06-02T00:00:00+08:00");
    assert_eq!((after.points(), after.cycle), (12, 12));
}

#[test]
fn at_twelve_points_no_record_of_another_vehicle_is_taken_art_14() {
    let (scenario, _) = served(act(Conduct::RedLight), fine(200));
    let mut same = camera(act(Conduct::RedLight));
    same.acted_at = at("2026-02-27T10:00:00");
    let (scenario, _) = served_in(scenario, same.clone(), driver('a'), fine(200));
    assert_eq!(licence(&scenario, 'a').points(), 12);
    assert!(!licence(&scenario, 'a').may_drive(), "detained, art. 17(1)");

    let mut other = same.clone();
    other.plate = Some(plate("鲁R99999"));
    let (scenario, id) = entered_in(scenario, other);
    let scenario = scenario
        .when(|tx| accept(tx, &id, driver('a')))
        .then_refused("POINTS_FULL", Some("Order 163 art. 14(2)"));
    // The same vehicle's records may all be handled in one go.
    same.acted_at = at("2026-02-26T10:00:00");
    let (scenario, _) = served_in(scenario, same, driver('a'), fine(200));
    assert_eq!(licence(&scenario, 'a').points(), 18);
}

#[test]
fn a_warning_gives_no_points_art_28_and_neither_has_who_holds_no_licence() {
    let (scenario, _) = served(act(Conduct::PhoneUse), warning());
    assert_eq!(licence(&scenario, 'a').points(), 0);
    let filing = camera(act(Conduct::PhoneUse));
    let (scenario, id) = served_in(start(), filing, on_foot('b'), fine(50));
    assert_eq!(case(&scenario, &id).decision.unwrap().points, 0);
}

#[test]
fn days_of_study_and_tests_grow_with_repetition_arts_18_19_22() {
    for (educations, points, large, days, road, yard) in [
        (0, 12, false, 7, false, false),
        (0, 23, false, 7, false, false),
        (0, 24, false, 14, true, false),
        (0, 35, false, 14, true, false),
        (0, 36, false, 21, true, true),
        (1, 12, false, 14, true, false),
        (2, 12, false, 21, true, true),
        (7, 12, false, 56, true, true),
        (8, 12, false, 60, true, true),
        (0, 12, true, 30, false, false),
        (1, 12, true, 60, true, false),
        (2, 24, true, 120, true, true),
        (5, 12, true, 120, true, true),
    ] {
        let found = required(educations, points, large);
        assert_eq!(
            (found.days, found.road, found.yard),
            (days, road, yard),
            "{educations} {points}"
        );
        let taught = if large { (10, 5) } else { (5, 2) };
        assert_eq!((found.taught_days, found.classroom_days), taught);
    }
}

fn detained() -> Scenario {
    given([
        posted(1, 12, Conduct::ExpresswayReversing),
        due(1, "2026-03-18T00:00:00"),
        LicenceEvent::LicenceDetained {
            points: 12,
            full_with: None,
            respond_by: at("2026-04-02T00:00:00"),
        },
    ])
    .later("2026-03-20T09:00:00+08:00")
}

fn study(scenario: Scenario, days: &[(StudyKind, i8)]) -> Scenario {
    days.iter().fold(scenario, |scenario, (kind, day)| {
        let on = date(2026, 3, *day);
        scenario
            .when(|tx| record_study(tx, &person('a'), *kind, on, 181))
            .and()
    })
}

const WEEK: [(StudyKind, i8); 7] = [
    (StudyKind::Classroom, 3),
    (StudyKind::Classroom, 4),
    (StudyKind::Online, 5),
    (StudyKind::Online, 6),
    (StudyKind::Online, 7),
    (StudyKind::SelfStudy, 8),
    (StudyKind::SelfStudy, 9),
];

#[test]
fn studied_tested_and_paid_the_licence_comes_back_art_23() {
    let scenario = study(detained(), &WEEK)
        .when(|tx| record_test(tx, &person('a'), Test::Theory, true))
        .and();
    assert_eq!(licence(&scenario, 'a').points(), 12, "the fine is not paid");
    let outcome =
        scenario.when(|tx| enforcement::domain::licence::fine_paid(tx, &case_id(1), &person('a')));
    let scenario = outcome
        .then::<Licence>(
            person('a').as_str(),
            [
                paid(1),
                LicenceEvent::PointsCleared,
                LicenceEvent::DrivingRestored,
            ],
        )
        .and();
    let licence = licence(&scenario, 'a');
    assert!(licence.may_drive());
    assert_eq!((licence.points(), licence.educations), (0, 1));
}

#[test]
fn a_day_of_study_is_more_than_three_hours_and_counts_once_art_19() {
    let basis = Some("Order 163 art. 19(3)");
    let learn = |minutes| {
        move |tx: &mut chassis::domain::Transaction| {
            record_study(
                tx,
                &person('a'),
                StudyKind::Online,
                date(2026, 3, 10),
                minutes,
            )
        }
    };
    let scenario = detained()
        .when(learn(180))
        .then_refused("STUDY_TOO_SHORT", basis)
        .when(learn(181))
        .and()
        .when(|tx| {
            record_study(
                tx,
                &person('a'),
                StudyKind::Classroom,
                date(2026, 3, 10),
                200,
            )
        })
        .and();
    let education = licence(&scenario, 'a').education.unwrap();
    assert_eq!(education.days.len(), 1);
    assert_eq!(education.days[&date(2026, 3, 10)], StudyKind::Classroom);
    scenario
        .when(|tx| record_study(tx, &person('a'), StudyKind::Online, date(2026, 3, 21), 200))
        .then_refused("STUDY_IN_THE_FUTURE", None);
}

#[test]
fn without_the_days_in_a_classroom_there_is_no_test_arts_19_21() {
    let without: Vec<_> = WEEK
        .iter()
        .map(|(kind, day)| match (kind, day) {
            (StudyKind::Classroom, 4) => (StudyKind::Online, *day),
            _ => (*kind, *day),
        })
        .collect();
    let refused = ("STUDY_INCOMPLETE", Some("Order 163 art. 21"));
    for days in [&without[..], &WEEK[..6]] {
        study(detained(), days)
            .when(|tx| record_test(tx, &person('a'), Test::Theory, true))
            .then_refused(refused.0, refused.1);
    }
}

#[test]
fn a_failed_test_is_taken_again_after_ten_days_that_end_with_a_working_day_arts_21_36() {
    let refused = Some("Order 163 arts. 21, 22");
    let theory =
        |tx: &mut chassis::domain::Transaction| record_test(tx, &person('a'), Test::Theory, true);
    // 20 March and ten days: Monday 30 March.
    study(detained(), &WEEK)
        .when(|tx| record_test(tx, &person('a'), Test::Theory, false))
        .and()
        .later("2026-03-30T23:59:59+08:00")
        .when(theory)
        .then_refused("RETEST_TOO_EARLY", refused)
        .later("2026-03-31T00:00:00+08:00")
        .when(theory)
        .and();
}

#[test]
fn only_the_tests_that_art_22_asks_for_are_taken_the_laws_first() {
    study(detained(), &WEEK)
        .when(|tx| record_test(tx, &person('a'), Test::Road, true))
        .then_refused("TEST_NOT_ASKED", Some("Order 163 art. 22"));
    let second = given([
        posted(9, 12, Conduct::ExpresswayReversing),
        LicenceEvent::LicenceDetained {
            points: 12,
            full_with: None,
            respond_by: at("2026-04-02T00:00:00"),
        },
        LicenceEvent::PointsCleared,
        posted(1, 12, Conduct::ExpresswayReversing),
        paid(1),
        LicenceEvent::LicenceDetained {
            points: 12,
            full_with: None,
            respond_by: at("2026-04-02T00:00:00"),
        },
    ])
    .later("2026-03-30T09:00:00+08:00");
    let fortnight: Vec<_> = WEEK
        .iter()
        .copied()
        .chain((10..17).map(|day| (StudyKind::SelfStudy, day)))
        .collect();
    let scenario = study(second, &fortnight)
        .when(|tx| record_test(tx, &person('a'), Test::Road, true))
        .then_refused("THEORY_FIRST", Some("Order 163 art. 22"))
        .when(|tx| record_test(tx, &person('a'), Test::Theory, true))
        .and();
    assert_eq!(licence(&scenario, 'a').points(), 12);
    let scenario = scenario
        .when(|tx| record_test(tx, &person('a'), Test::Road, true))
        .and();
    assert_eq!(licence(&scenario, 'a').points(), 0);
}

#[test]
fn fraud_voids_study_and_tests_art_31() {
    let scenario = study(detained(), &WEEK)
        .when(|tx| record_test(tx, &person('a'), Test::Theory, true))
        .and()
        .when(|tx| record_fraud(tx, &person('a')))
        .and();
    let education = licence(&scenario, 'a').education.unwrap();
    assert!(education.days.is_empty() && !education.theory);
}

#[test]
fn who_stays_away_from_study_for_thirty_days_is_announced_art_29() {
    let scenario = detained().later("2026-04-01T23:59:59+08:00");
    let scenario = scenario
        .when(|tx| pass_time(tx, &person('a')))
        .then_nothing();
    let scenario = scenario.later("2026-04-02T00:00:00+08:00");
    let outcome = scenario.when(|tx| pass_time(tx, &person('a')));
    let scenario = outcome
        .then::<Licence>(person('a').as_str(), [LicenceEvent::LicenceOutOfUse])
        .and();
    scenario
        .when(|tx| pass_time(tx, &person('a')))
        .then_nothing();
}

fn lesson(method: Method) -> Application {
    Application {
        method,
        minutes: 60,
        first_day: today(),
        last_day: today(),
        test_passed: true,
        records_handled: true,
        probation_or_unreviewed: false,
        uninspected_vehicle: false,
    }
}

fn with_points(points: u8) -> Scenario {
    given([posted(1, points, Conduct::RedLight), paid(1)])
}

#[test]
fn lessons_take_off_one_or_two_points_and_six_a_cycle_arts_25_27() {
    for (method, points) in [
        (Method::Online, 1),
        (Method::Classroom, 2),
        (Method::Volunteering, 1),
    ] {
        with_points(9)
            .when(|tx| reduce(tx, &person('a'), lesson(method)))
            .then::<Licence>(
                person('a').as_str(),
                [LicenceEvent::PointsReduced { method, points }],
            );
    }
    let mut scenario = with_points(9);
    for _ in 0..3 {
        scenario = scenario
            .when(|tx| reduce(tx, &person('a'), lesson(Method::Classroom)))
            .and();
    }
    assert_eq!(licence(&scenario, 'a').points(), 3);
    scenario
        .when(|tx| reduce(tx, &person('a'), lesson(Method::Online)))
        .then_refused("REDUCTIONS_USED_UP", Some("Order 163 art. 25"));
}

#[test]
fn six_points_are_all_of_a_cycle_also_after_study_has_cleared_the_points_art_25() {
    let taken_off = || LicenceEvent::PointsReduced {
        method: Method::Classroom,
        points: 2,
    };
    let events = [
        posted(1, 9, Conduct::RedLight),
        paid(1),
        taken_off(),
        taken_off(),
        taken_off(),
        posted(2, 12, Conduct::ExpresswayReversing),
        paid(2),
        LicenceEvent::LicenceDetained {
            points: 15,
            full_with: None,
            respond_by: at("2026-04-02T00:00:00"),
        },
        LicenceEvent::PointsCleared,
        posted(3, 9, Conduct::RedLight),
        paid(3),
    ];
    let scenario = given(events.clone());
    let points = licence(&scenario, 'a').points();
    assert_eq!(points, 9, "what was taken off went with its points");
    scenario
        .when(|tx| reduce(tx, &person('a'), lesson(Method::Online)))
        .then_refused("REDUCTIONS_USED_UP", Some("Order 163 art. 25"));
    let after = on(given(events), "2026-06-01T00:00:00+08:00");
    assert_eq!((after.points(), after.reduced), (0, 0));
}

#[test]
fn a_lesson_is_long_enough_close_enough_and_tested_art_27() {
    let online = lesson(Method::Online);
    for (application, article) in [
        (
            Application {
                minutes: 29,
                ..online
            },
            "art. 27(1)",
        ),
        (
            Application {
                test_passed: false,
                ..online
            },
            "art. 27(1)",
        ),
        (
            Application {
                last_day: date(2026, 3, 5),
                ..online
            },
            "art. 27(1)",
        ),
        (
            Application {
                minutes: 59,
                ..lesson(Method::Classroom)
            },
            "art. 27(2)",
        ),
        (
            Application {
                minutes: 59,
                ..lesson(Method::Volunteering)
            },
            "art. 27(3)",
        ),
    ] {
        let basis = format!("Order 163 {article}");
        with_points(6)
            .when(|tx| reduce(tx, &person('a'), application))
            .then_refused("LEARNING_INCOMPLETE", Some(&basis));
    }
    for application in [
        Application {
            minutes: 30,
            last_day: date(2026, 3, 4),
            ..online
        },
        Application {
            test_passed: false,
            ..lesson(Method::Volunteering)
        },
    ] {
        with_points(6)
            .when(|tx| reduce(tx, &person('a'), application))
            .and();
    }
}

#[test]
fn reductions_are_for_one_to_eleven_points_with_all_records_handled_art_25() {
    let refused = ("NOTHING_TO_REDUCE", Some("Order 163 art. 25"));
    let open = Application {
        records_handled: false,
        ..lesson(Method::Online)
    };
    for (scenario, application) in [
        (given([]), lesson(Method::Online)),
        (with_points(12), lesson(Method::Online)),
        (with_points(6), open),
    ] {
        scenario
            .when(|tx| reduce(tx, &person('a'), application))
            .then_refused(refused.0, refused.1);
    }
}

#[test]
fn the_five_grounds_of_art_26_refuse_a_reduction() {
    let detained = || LicenceEvent::LicenceDetained {
        points: 12,
        full_with: None,
        respond_by: at("2026-04-02T00:00:00"),
    };
    let twice = vec![
        detained(),
        LicenceEvent::PointsCleared,
        detained(),
        LicenceEvent::PointsCleared,
    ];
    let plain = lesson(Method::Online);
    let suspended = LicenceEvent::LicenceSuspended {
        case: case_id(8),
        until: at("2026-09-01T00:00:00"),
    };
    let fraud = LicenceEvent::FraudRecorded {
        on: date(2024, 6, 1),
    };
    for (events, application, item) in [
        (twice, plain, 1),
        (vec![posted(8, 0, Conduct::PointsBuying)], plain, 2),
        (vec![posted(8, 0, Conduct::FleeingMinorAccident)], plain, 2),
        (vec![suspended], plain, 3),
        (
            vec![],
            Application {
                probation_or_unreviewed: true,
                ..plain
            },
            3,
        ),
        (
            vec![],
            Application {
                uninspected_vehicle: true,
                ..plain
            },
            4,
        ),
        (vec![fraud], plain, 5),
    ] {
        let events = events
            .into_iter()
            .chain([posted(1, 6, Conduct::RedLight), paid(1)]);
        let basis = format!("Order 163 art. 26({item})");
        given(events)
            .when(|tx| reduce(tx, &person('a'), application))
            .then_refused("REDUCTION_REFUSED", Some(&basis));
    }
    // Four cycles ago is long enough: the three cycles begin on 1 June 2023.
    for (on, refused) in [(date(2023, 5, 31), false), (date(2023, 6, 1), true)] {
        let grave = LicenceEvent::PointsPosted {
            case: case_id(8),
            points: 0,
            conduct: Conduct::DrinkDriving,
            decided_on: on,
            taken: None,
        };
        let outcome = given([grave, posted(1, 6, Conduct::RedLight), paid(1)])
            .when(|tx| reduce(tx, &person('a'), plain));
        if refused {
            outcome.then_refused("REDUCTION_REFUSED", Some("Order 163 art. 26(2)"));
        } else {
            outcome.and();
        }
    }
}

#[test]
fn a_reduction_won_by_fraud_is_taken_back_art_31() {
    let scenario = with_points(6)
        .when(|tx| reduce(tx, &person('a'), lesson(Method::Classroom)))
        .and()
        .when(|tx| take_back(tx, &person('a'), 3))
        .then_refused("NOTHING_TO_REDUCE", Some("Order 163 art. 25"))
        .when(|tx| take_back(tx, &person('a'), 2))
        .and();
    assert_eq!(licence(&scenario, 'a').points(), 6);
}

#[test]
fn what_was_taken_off_is_not_carried_over() {
    let events = [
        posted(1, 6, Conduct::RedLight),
        due(1, "2026-03-18T00:00:00"),
        LicenceEvent::PointsReduced {
            method: Method::Classroom,
            points: 2,
        },
    ];
    let after = on(given(events), "2026-06-01T00:00:00+08:00");
    assert_eq!((after.points(), after.reduced), (4, 0));
}

fn revoked_by(number: u32) -> LicenceEvent {
    LicenceEvent::LicenceRevoked {
        case: case_id(number),
    }
}

#[test]
fn a_licence_that_two_decisions_revoked_comes_back_when_neither_stands_art_16() {
    for (first, last) in [(1, 2), (2, 1)] {
        let falls = |scenario: Scenario, number| {
            scenario.when(|tx| decision_revoked(tx, &case_id(number), &person('a')))
        };
        let lifted = |number| {
            let case = case_id(number);
            [
                LicenceEvent::PointsReversed { case: case.clone() },
                LicenceEvent::RevocationLifted { case },
            ]
        };
        let scenario = given([revoked_by(1), revoked_by(2)]);
        let scenario = falls(scenario, first)
            .then::<Licence>(person('a').as_str(), lifted(first))
            .and();
        assert!(!licence(&scenario, 'a').may_drive());
        let restored = [LicenceEvent::DrivingRestored];
        falls(scenario, last).then::<Licence>(
            person('a').as_str(),
            lifted(last).into_iter().chain(restored),
        );
    }
}

fn licensed(first_issued: Date, large_vehicles: bool) -> Party {
    Party {
        licence: Some(LicenceFacts {
            first_issued,
            large_vehicles,
        }),
        ..driver('a')
    }
}

#[test]
fn a_licence_first_issued_after_a_revocation_has_a_ledger_of_its_own_order_162_art_15() {
    let revoked = || {
        let detained = LicenceEvent::LicenceDetained {
            points: 12,
            full_with: None,
            respond_by: at("2026-04-02T00:00:00"),
        };
        let drunk = posted(1, 12, Conduct::DrinkDriving);
        given([drunk, detained, revoked_by(1)]).later("2028-04-03T09:00:00+08:00")
    };
    let filing = || Filing {
        source: Source::PublicReport,
        acted_at: at("2028-04-02T10:00:00"),
        ..camera(act(Conduct::RedLight))
    };
    // The old one, and one of the very day, are not issued after it.
    for first_issued in [date(2015, 6, 1), today()] {
        let (scenario, id) = entered_in(revoked(), filing());
        scenario
            .when(|tx| accept(tx, &id, licensed(first_issued, false)))
            .then_refused("POINTS_FULL", Some("Order 163 art. 14(2)"));
    }
    let party = licensed(date(2028, 3, 10), false);
    let (scenario, _) = served_in(revoked(), filing(), party, fine(200));
    let licence = licence(&scenario, 'a');
    assert_eq!((licence.points(), licence.cycle), (6, 0));
    assert_eq!(licence.cycle_end(), date(2029, 3, 10));
    assert!(licence.may_drive() && licence.revocations.is_empty());
    assert!(!licence.barred, "others have been told");
}

#[test]
fn study_goes_by_the_vehicles_that_the_licence_admits_now_arts_18_24() {
    let mut scenario = start();
    // For cars, then for large vehicles too; last, somebody shows what was issued before.
    for (day, party) in [
        (26, driver('a')),
        (27, licensed(date(2015, 6, 1), true)),
        (28, licensed(date(2010, 6, 1), false)),
    ] {
        let mut filing = camera(act(Conduct::RedLight));
        filing.acted_at = at(&format!("2026-02-{day}T10:00:00"));
        scenario = served_in(scenario, filing, party, fine(200)).0;
    }
    let licence = licence(&scenario, 'a');
    let required = licence.required().unwrap();
    assert_eq!(licence.points(), 18);
    assert_eq!(
        (required.days, required.taught_days, required.classroom_days),
        (30, 10, 5)
    );
    assert_eq!(licence.cycle_end(), date(2026, 6, 1));
}

#[test]
fn a_driver_who_takes_four_vehicles_records_is_suspected_of_trading_art_30() {
    let mut scenario = start();
    for (number, suspected) in [("1", false), ("2", false), ("3", false), ("4", true)] {
        let mut filing = camera(act(Conduct::ProhibitorySign));
        filing.plate = Some(plate(&format!("鲁R1000{number}")));
        scenario = served_in(scenario, filing, driver('a'), fine(50)).0;
        assert_eq!(
            licence(&scenario, 'a').trading_suspected,
            suspected,
            "{number}"
        );
    }
    let scenario = scenario.when(|tx| clear_suspicion(tx, &person('a'))).and();
    scenario
        .when(|tx| clear_suspicion(tx, &person('a')))
        .then_refused("NOTHING_SUSPECTED", Some("Order 163 art. 30"));
}

#[test]
fn a_paid_fine_reaches_the_ledger() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    assert!(matches!(
        licence(&scenario, 'a').entries[..],
        [Entry {
            fine: Fine::Due(_),
            ..
        }]
    ));
    let scenario = scenario
        .when(|tx| pay(tx, &id, Fen::yuan(200), number("B1"), now))
        .and();
    assert!(matches!(
        licence(&scenario, 'a').entries[..],
        [Entry {
            fine: Fine::Settled,
            ..
        }]
    ));
}
