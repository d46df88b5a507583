//! Records of devices: what may be evidence, two reviews, notice, more time, objections, the eight grounds of cancellation.

use crate::fixtures::*;
use enforcement::domain::conduct::{Act, Conduct, Measure, Road};
use enforcement::domain::docket::{Docket, DocketEvent, Standing, clear_suspicion, of_vehicle};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::Stage;
use enforcement::domain::violation::capture::{
    extend_handling, fail_review, identify_driver, notify, pass_review, record_violation,
};
use enforcement::domain::violation::deadlines::pass_time;
use enforcement::domain::violation::decision::{decide, serve};
use enforcement::domain::violation::event::{
    CancellationGround, Device, Duty, Fact, Filing, NoticeChannel, Review, Service, Source,
};
use enforcement::domain::violation::handling::accept;
use enforcement::domain::violation::objection::{cancel, object, reject_objection};
use enforcement::domain::violation::roadside::{stop, summon};
use jiff::civil::date;

fn of_device(device: Device, act: Act) -> Filing {
    Filing {
        source: Source::Device(device),
        ..camera(act)
    }
}

#[test]
fn only_verified_published_and_announced_devices_give_evidence_arts_15_to_17() {
    let fast = || speeding(Road::Other, car(), 30);
    let red = || act(Conduct::RedLight);
    let fixed = device;
    let mobile = || Device {
        mobile: true,
        published: false,
        warned: false,
        ..device()
    };
    for (device, act, reason, article) in [
        (
            Device {
                verified_until: date(2026, 2, 28),
                ..fixed()
            },
            red(),
            "DEVICE_NOT_VERIFIED",
            "art. 15(2)",
        ),
        (
            Device {
                published: false,
                ..fixed()
            },
            red(),
            "DEVICE_NOT_PUBLISHED",
            "art. 16(2)",
        ),
        (
            Device {
                warned: false,
                ..fixed()
            },
            fast(),
            "SPEED_SIGN_MISSING",
            "art. 17(1)",
        ),
        (
            mobile(),
            fast(),
            "MOBILE_DEVICE_WITHOUT_OFFICER",
            "art. 17(2)",
        ),
    ] {
        let basis = format!("Order 157 {article}");
        start()
            .when(|tx| record_violation(tx, of_device(device, act)))
            .then_refused(reason, Some(&basis));
    }
    for (device, act) in [
        (
            Device {
                verified_until: date(2026, 3, 1),
                ..fixed()
            },
            red(),
        ),
        (
            Device {
                warned: false,
                ..fixed()
            },
            red(),
        ),
        (mobile(), red()),
        (
            Device {
                operator: Some(text("officer:A1")),
                ..mobile()
            },
            fast(),
        ),
    ] {
        start()
            .when(|tx| record_violation(tx, of_device(device, act)))
            .and();
    }
}

#[test]
fn an_act_is_found_within_two_years_or_five_if_it_harmed_health_penalty_law_art_36() {
    let basis = Some("Administrative Penalty Law art. 36(1)");
    for (acted, harmed, passed) in [
        ("2024-03-02T00:00:00", false, false),
        ("2024-03-01T23:59:59", false, true),
        ("2024-03-01T23:59:59", true, false),
        ("2021-03-02T00:00:00", true, false),
        ("2021-03-01T23:59:59", true, true),
    ] {
        let filing = Filing {
            acted_at: at(acted),
            harmed_health: harmed,
            source: Source::PublicReport,
            ..camera(act(Conduct::RedLight))
        };
        let outcome = start().when(|tx| record_violation(tx, filing));
        if passed {
            outcome.then_refused("LIMITATION_PASSED", basis);
        } else {
            outcome.and();
        }
    }
    let future = Filing {
        acted_at: at("2026-03-02T09:02:01"),
        ..camera(act(Conduct::RedLight))
    };
    start()
        .when(|tx| record_violation(tx, future))
        .then_refused("ACT_IN_THE_FUTURE", None);
}

#[test]
fn what_is_no_offence_is_not_filed() {
    let sober = Act {
        measure: Some(Measure::Alcohol { mg_per_100ml: 19 }),
        ..act(Conduct::DrinkDriving)
    };
    start()
        .when(|tx| record_violation(tx, camera(sober)))
        .then_refused(
            "NO_RULE_IN_FORCE",
            Some("Administrative Penalty Law art. 38(1)"),
        );
}

#[test]
fn a_vehicle_on_which_the_penalty_depends_is_described_penalty_law_art_40() {
    let fast = |vehicle| Act {
        vehicle,
        measure: Some(Measure::Speed {
            limit_kmh: 60,
            measured_kmh: 78,
        }),
        ..act(Conduct::Speeding)
    };
    start()
        .when(|tx| record_violation(tx, camera(fast(None))))
        .then_refused(
            "VEHICLE_UNKNOWN",
            Some("Administrative Penalty Law art. 40"),
        );
    start()
        .when(|tx| record_violation(tx, camera(fast(Some(car())))))
        .and();
}

#[test]
fn a_record_is_entered_with_both_reviews_and_by_officers_of_its_district_only() {
    let (scenario, id) = recorded(camera(act(Conduct::RedLight)));
    assert_eq!(
        case(&scenario, &id).nearest_duty(),
        Some((Duty::Review, at("2026-03-10T00:00:00")))
    );
    let scenario = scenario
        .by(elsewhere())
        .when(|tx| pass_review(tx, &id, Review::LegalPassed))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 157 art. 4(1)"))
        .by(officer())
        .when(|tx| notify(tx, &id, NoticeChannel::App))
        .then_refused("WRONG_STATE", None)
        .when(|tx| pass_review(tx, &id, Review::LegalPassed))
        .and()
        .when(|tx| pass_review(tx, &id, Review::LegalPassed))
        .then_refused("REVIEW_DONE", Some("Administrative Penalty Law art. 41(2)"));
    assert_eq!(stage(&scenario, &id), Stage::Recorded);
    let scenario = scenario
        .by(city())
        .when(|tx| pass_review(tx, &id, Review::TechnicalPassed))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Entered);
}

#[test]
fn a_record_that_is_not_clear_is_cancelled_art_22_6() {
    let (scenario, id) = recorded(camera(act(Conduct::RedLight)));
    let outcome = scenario.when(|tx| fail_review(tx, &id, text("the plate is not legible")));
    assert!(matches!(
        &facts(&outcome, &id)[..],
        [Fact::ViolationCancelled { ground: CancellationGround::UnclearRecord, basis, .. }]
            if basis.to_string() == "Order 157 art. 22(6)"
    ));
}

#[test]
fn the_five_working_days_of_review_and_notice_are_watched_arts_19_20() {
    // Monday 2 March: five working days end with Monday 9 March.
    let (scenario, id) = recorded(camera(act(Conduct::RedLight)));
    let scenario = scenario
        .later("2026-03-09T23:59:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-10T00:00:00+08:00");
    let outcome = scenario.when(|tx| pass_time(tx, &id));
    let missed = |duty| Fact::DutyMissed {
        duty,
        due: at("2026-03-10T00:00:00"),
    };
    assert_eq!(facts(&outcome, &id), [missed(Duty::Review)]);
    outcome.and().when(|tx| pass_time(tx, &id)).then_nothing();

    let (scenario, id) = entered_in(start(), camera(act(Conduct::RedLight)));
    let scenario = scenario.later("2026-03-10T00:00:00+08:00");
    let outcome = scenario.when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&outcome, &id), [missed(Duty::Notice)]);
    let scenario = outcome
        .and()
        .when(|tx| notify(tx, &id, NoticeChannel::Post))
        .and();
    assert_eq!(
        case(&scenario, &id).missed,
        [Duty::Notice],
        "late, and still valid"
    );
}

#[test]
fn the_notice_gives_thirty_calendar_days_and_once_up_to_three_months_more_arts_20_53() {
    let (scenario, id) = notified(camera(act(Conduct::RedLight)));
    assert_eq!(
        case(&scenario, &id).handle_by,
        Some(at("2026-04-02T00:00:00"))
    );
    let too_long = Some("Order 157 art. 53(2)");
    let latest = at("2026-07-02T00:00:00");
    let scenario = scenario
        .when(|tx| extend_handling(tx, &id, latest + jiff::SignedDuration::from_secs(1)))
        .then_refused("EXTENSION_TOO_LONG", too_long)
        .when(|tx| extend_handling(tx, &id, at("2026-04-02T00:00:00")))
        .then_refused("EXTENSION_TOO_LONG", too_long)
        .later("2026-04-01T23:59:59+08:00")
        .when(|tx| extend_handling(tx, &id, latest))
        .and();
    scenario
        .when(|tx| extend_handling(tx, &id, latest))
        .then_refused("EXTENSION_TOO_LATE", too_long);
    let (scenario, id) = notified(camera(act(Conduct::RedLight)));
    scenario
        .later("2026-04-02T00:00:00+08:00")
        .when(|tx| extend_handling(tx, &id, latest))
        .then_refused("EXTENSION_TOO_LATE", too_long);
}

#[test]
fn an_objection_is_answered_within_five_working_days_and_stops_handling_art_5() {
    let basis = Some("Order 157 art. 5(3)");
    let (scenario, id) = notified(camera(act(Conduct::RedLight)));
    let scenario = scenario
        .when(|tx| reject_objection(tx, &id, text("the signal was red")))
        .then_refused("NO_OBJECTION", basis)
        .when(|tx| object(tx, &id, text("the lights contradicted each other")))
        .and();
    assert_eq!(
        case(&scenario, &id).nearest_duty(),
        Some((Duty::Objection, at("2026-03-10T00:00:00")))
    );
    let scenario = scenario
        .when(|tx| object(tx, &id, text("again")))
        .then_refused("OBJECTION_WAITS", basis)
        .when(|tx| accept(tx, &id, driver('a')))
        .then_refused("OBJECTION_WAITS", basis)
        .when(|tx| reject_objection(tx, &id, text("both lights were red")))
        .and();
    scenario.when(|tx| accept(tx, &id, driver('a'))).and();
}

#[test]
fn a_record_takes_five_objections_a_limit_of_no_law() {
    let (mut scenario, id) = notified(camera(act(Conduct::RedLight)));
    for _ in 0..5 {
        scenario = scenario
            .when(|tx| object(tx, &id, text("it was yellow")))
            .and()
            .when(|tx| reject_objection(tx, &id, text("it was red")))
            .and();
    }
    scenario
        .when(|tx| object(tx, &id, text("it was yellow")))
        .then_refused("OBJECTIONS_ANSWERED", None);
}

#[test]
fn the_eight_grounds_of_art_22_cancel_a_record_until_it_is_handled() {
    use CancellationGround as G;
    for (ground, article) in [
        (G::EmergencyVehicle, "art. 22(1)"),
        (G::StolenOrClonedPlate, "art. 22(2)"),
        (G::Rescue, "art. 22(3)"),
        (G::HandledOnTheSpot, "art. 22(4)"),
        (G::ConflictingSignals, "art. 22(5)"),
        (G::UnclearRecord, "art. 22(6)"),
        (G::PlateMisread, "art. 22(7)"),
        (G::Other, "art. 22(8)"),
    ] {
        let (scenario, id) = notified(camera(act(Conduct::RedLight)));
        let outcome = scenario.when(|tx| cancel(tx, &id, ground, text("verified")));
        let basis = enforcement::domain::instruments::order_157(article);
        let expected = Fact::ViolationCancelled {
            ground,
            basis,
            remarks: text("verified"),
        };
        assert_eq!(facts(&outcome, &id), [expected]);
        outcome
            .and()
            .when(|tx| accept(tx, &id, driver('a')))
            .then_refused("WRONG_STATE", None);
    }
    let (scenario, id) = handling(act(Conduct::RedLight));
    scenario
        .when(|tx| cancel(tx, &id, G::Other, text("late")))
        .then_refused("WRONG_STATE", None);
    let (scenario, id) = stopped(roadside(act(Conduct::RedLight)));
    scenario
        .when(|tx| cancel(tx, &id, G::Other, text("no record")))
        .then_refused("NOT_A_RECORD", Some("Order 157 art. 22"));
}

#[test]
fn the_driver_is_identified_before_handling_art_21() {
    let (scenario, id) = notified(camera(act(Conduct::RedLight)));
    let scenario = scenario
        .when(|tx| identify_driver(tx, &id, driver('b')))
        .and();
    assert_eq!(case(&scenario, &id).party, Some(driver('b')));
    let (scenario, id) = handling(act(Conduct::RedLight));
    scenario
        .when(|tx| identify_driver(tx, &id, driver('b')))
        .then_refused("WRONG_STATE", None);
}

#[test]
fn one_act_seen_twice_is_fined_once_penalty_law_art_29() {
    let red = || act(Conduct::RedLight);
    let (scenario, first) = served(red(), fine(200));
    let seen = |when: &str, road: &str| {
        let mut filing = camera(red());
        filing.acted_at = at(when);
        filing.place.road = text(road);
        filing
    };
    let again = |scenario, filing| {
        let (scenario, id) = entered_in(scenario, filing);
        let scenario = scenario.when(|tx| accept(tx, &id, driver('b'))).and();
        let twin = case(&scenario, &id).filing.same_act_as;
        (scenario.when(|tx| decide(tx, &id, simply(fine(200)))), twin)
    };
    let (outcome, twin) = again(scenario, seen("2026-03-01T10:05:00", "Sample Road, km 3"));
    assert_eq!(twin, Some(first));
    let scenario =
        outcome.then_refused("ALREADY_FINED", Some("Administrative Penalty Law art. 29"));
    // Five minutes and a second after the one that was fined, or elsewhere, it is another act.
    let (outcome, _) = again(scenario, seen("2026-03-01T10:05:01", "Sample Road, km 3"));
    let (outcome, twin) = again(
        outcome.and(),
        seen("2026-03-01T10:00:00", "Sample Road, km 9"),
    );
    assert_eq!(twin, None);
    outcome.and();
}

#[test]
fn a_fine_is_remembered_as_long_as_a_record_of_its_act_is_open_penalty_law_art_29() {
    let red = || act(Conduct::RedLight);
    let (scenario, first) = served(red(), fine(200));
    let (scenario, twin) = entered_in(scenario, camera(red()));
    assert_eq!(case(&scenario, &twin).filing.same_act_as, Some(first));
    // Thirteen months later another act is recorded, and what nobody looks at any more is forgotten.
    let later = Filing {
        source: Source::PublicReport,
        acted_at: at("2027-04-01T08:00:00"),
        ..camera(red())
    };
    let (scenario, _) = entered_in(scenario.later("2027-04-01T09:00:00+08:00"), later);
    scenario
        .when(|tx| accept(tx, &twin, driver('b')))
        .and()
        .when(|tx| decide(tx, &twin, simply(fine(200))))
        .then_refused("ALREADY_FINED", Some("Administrative Penalty Law art. 29"));
}

#[test]
fn of_closed_records_a_docket_keeps_so_many_and_the_fines_of_open_acts() {
    let case_id =
        |number: u32| CaseId::parse(&format!("00000000-0000-8000-8000-{number:012}")).unwrap();
    let filed = |number: u32, road: &str| DocketEvent::CaseFiled {
        case: case_id(number),
        conduct: Conduct::RedLight,
        road: text(road),
        acted_at: at("2026-03-01T10:00:00"),
    };
    let moved = |number, standing| DocketEvent::CaseMoved {
        case: case_id(number),
        standing,
        handled_by: None,
    };
    let one_act = [
        filed(0, "Sample Road"),
        moved(0, Standing::Fined),
        filed(1, "Sample Road"),
    ];
    let others = (2..=300).flat_map(|number| {
        let road = format!("Sample Road {number}");
        [filed(number, &road), moved(number, Standing::Fined)]
    });
    let id = of_vehicle(&plate(PLATE));
    let scenario = start().given::<Docket>(&id, one_act.into_iter().chain(others));
    let kept = scenario.state::<Docket>(&id).entries;
    assert_eq!((&kept[0].case, &kept[1].case), (&case_id(0), &case_id(1)));
    // Both of the one act, two hundred, and the one that was closed after the last was filed.
    assert_eq!(kept.len(), 203);
}

#[test]
fn a_vehicle_whose_records_many_drivers_take_is_suspected_order_163_art_30() {
    let mut scenario = start();
    let id = of_vehicle(&plate(PLATE));
    for (hour, letter) in [(10, 'a'), (11, 'b'), (12, 'c'), (13, 'd')] {
        let mut filing = camera(act(Conduct::ProhibitorySign));
        filing.acted_at = at(&format!("2026-03-01T{hour}:00:00"));
        scenario = served_in(scenario, filing, driver(letter), fine(50)).0;
        let docket = scenario.state::<Docket>(&id);
        assert_eq!(docket.trading_suspected, letter == 'd', "{letter}");
    }
    let scenario = scenario.when(|tx| clear_suspicion(tx, &plate(PLATE))).and();
    assert!(!scenario.state::<Docket>(&id).trading_suspected);
    scenario
        .when(|tx| clear_suspicion(tx, &plate(PLATE)))
        .then_refused("NOTHING_SUSPECTED", Some("Order 163 art. 30"));
}

#[test]
fn on_the_spot_is_no_record_and_a_record_is_not_on_the_spot() {
    start()
        .when(|tx| record_violation(tx, roadside(act(Conduct::RedLight))))
        .then_refused("NOT_A_RECORD", Some("Order 157 art. 22"))
        .when(|tx| stop(tx, camera(act(Conduct::RedLight))))
        .then_refused("NOT_ON_THE_SPOT", Some("Order 157 art. 42(1)"))
        .when(|tx| {
            stop(
                tx,
                Filing {
                    party: None,
                    ..roadside(act(Conduct::RedLight))
                },
            )
        })
        .then_refused("PARTY_UNKNOWN", None)
        .by(elsewhere())
        .when(|tx| stop(tx, roadside(act(Conduct::RedLight))))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 157 art. 4(1)"));
}

#[test]
fn a_summons_gives_fifteen_working_days_and_is_filed_within_24_hours_art_46() {
    let (scenario, id) = stopped(roadside(speeding(Road::Other, car(), 60)));
    let scenario = scenario.when(|tx| summon(tx, &id)).and();
    let state = case(&scenario, &id);
    assert_eq!(state.handle_by, Some(at("2026-03-24T00:00:00")));
    assert_eq!(
        state.nearest_duty(),
        Some((Duty::FileSummons, at("2026-03-03T09:00:00")))
    );
    scenario
        .when(|tx| accept(tx, &id, driver('b')))
        .then_refused("ANOTHER_PERSON", Some("Order 157 art. 46(1)(3)"))
        .when(|tx| accept(tx, &id, driver('a')))
        .and();
}

#[test]
fn a_decision_is_served_by_announcement_after_sixty_calendar_days_art_55() {
    use enforcement::domain::violation::decision::announce;
    let (scenario, id) = handling(act(Conduct::RedLight));
    let runs = Some("Order 157 arts. 54(1), 55");
    let scenario = scenario
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and()
        .when(|tx| serve(tx, &id, Service::Announced, None))
        .then_refused("ANNOUNCEMENT_RUNS", runs)
        .when(|tx| announce(tx, &id))
        .and()
        .when(|tx| announce(tx, &id))
        .then_refused("ALREADY_ANNOUNCED", Some("Order 157 art. 55"))
        .later("2026-05-01T23:59:59+08:00")
        .when(|tx| serve(tx, &id, Service::Announced, None))
        .then_refused("ANNOUNCEMENT_RUNS", runs)
        .later("2026-05-02T00:00:00+08:00")
        .when(|tx| serve(tx, &id, Service::Announced, None))
        .and();
    assert_eq!(
        case(&scenario, &id).account.next_due(),
        Some(at("2026-05-18T00:00:00"))
    );
}
