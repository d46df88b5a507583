//! Nobody comes: five unhandled records, told, announced, decided in absence (Order 157 art. 54).

use crate::fixtures::*;
use chassis::testing::Scenario;
use enforcement::domain::conduct::{Act, Conduct, Road};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::capture::{identify_driver, notify};
use enforcement::domain::violation::default::{announce, decide, warn};
use enforcement::domain::violation::event::{Fact, NoticeChannel, Party, Procedure, Sanction};
use enforcement::domain::violation::handling::{
    accept, hear_defence, hold_hearing, request_hearing, schedule_hearing, tell_intention,
};
use enforcement::domain::violation::objection::{object, reject_objection};
use enforcement::domain::violation::{Hearing, Stage, Violation, decision};

/// Who holds the vehicle and did not drive it, as far as is known.
fn owner() -> Option<Party> {
    Some(on_foot('o'))
}

/// So many records of one vehicle, notified this Monday; the thirty days end with 1 April.
fn records(count: u32) -> (Scenario, CaseId) {
    records_of(&speeding(Road::Other, car(), 35), count)
}

fn records_of(act: &Act, count: u32) -> (Scenario, CaseId) {
    let mut scenario = start();
    let mut last = None;
    for hour in 0..count {
        let mut filing = camera(act.clone());
        filing.acted_at = at(&format!("2026-03-01T{hour:02}:00:00"));
        let (next, id) = entered_in(scenario, filing);
        scenario = next.when(|tx| notify(tx, &id, NoticeChannel::App)).and();
        last = Some(id);
    }
    (scenario, last.unwrap())
}

#[test]
fn five_records_past_their_thirty_days_are_needed() {
    let basis = Some("Order 157 art. 54(1)");
    let (scenario, id) = records(4);
    scenario
        .later("2026-04-02T00:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(owner(), fine(200))))
        .then_refused("TOO_FEW_UNHANDLED", basis);
    let (scenario, id) = records(5);
    scenario
        .later("2026-04-01T23:59:59+08:00")
        .when(|tx| warn(tx, &id, warned(owner(), fine(200))))
        .then_refused("HANDLING_TIME_RUNS", basis)
        .later("2026-04-02T00:00:00+08:00")
        .when(|tx| {
            let suspended = Sanction {
                suspension_months: Some(6),
                ..fine(200)
            };
            warn(tx, &id, warned(owner(), suspended))
        })
        .then_refused("SANCTION_NOT_PROVIDED", Some("Shandong Measures art. 77"))
        .when(|tx| warn(tx, &id, warned(owner(), fine(200))))
        .and();
}

#[test]
fn thirty_days_after_the_warning_it_is_announced_and_seven_working_days_later_decided() {
    let runs = Some("Order 157 arts. 54(1), 55");
    let (scenario, id) = records(5);
    let scenario = scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .then_refused("NOT_WARNED_OF_DEFAULT", Some("Order 157 art. 54(1)"))
        .when(|tx| warn(tx, &id, warned(owner(), fine(200))))
        .and()
        .later("2026-05-02T23:59:59+08:00")
        .when(|tx| announce(tx, &id))
        .then_refused("HANDLING_TIME_RUNS", Some("Order 157 art. 54(1)"))
        .when(|tx| decide(tx, &id, vec![]))
        .then_refused("ANNOUNCEMENT_RUNS", runs)
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .and()
        .when(|tx| announce(tx, &id))
        .then_refused("ALREADY_ANNOUNCED", Some("Order 157 art. 55"))
        // Monday 11 May: seven working days end with Wednesday 20 May.
        .later("2026-05-20T23:59:59+08:00")
        .when(|tx| decide(tx, &id, vec![]))
        .then_refused("ANNOUNCEMENT_RUNS", runs)
        .later("2026-05-21T00:00:00+08:00")
        .when(|tx| decide(tx, &id, vec![]))
        .and();
    let decision = case(&scenario, &id).decision.unwrap();
    assert_eq!(decision.procedure, Procedure::Default);
    assert_eq!(decision.points, 0, "no driver is known");
    assert_eq!(decision.party, owner(), "it falls on who was told");
}

#[test]
fn who_comes_after_all_is_handled_like_anyone() {
    let (scenario, id) = records(5);
    let scenario = scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(owner(), fine(200))))
        .and()
        .when(|tx| accept(tx, &id, driver('a')))
        .and();
    assert_eq!(case(&scenario, &id).default, None);
    scenario
        .when(|tx| announce(tx, &id))
        .then_refused("WRONG_STATE", None);
}

#[test]
fn a_measure_on_the_licence_needs_the_driver() {
    let (scenario, id) = records_of(&speeding(Road::Other, car(), 60), 5);
    let revocation = Sanction {
        revocation: true,
        ..fine(500)
    };
    scenario
        .later("2026-04-02T00:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(Some(driver('a')), revocation)))
        .then_refused("NOT_IN_ABSENCE", Some("Order 157 art. 54(2)"));
}

#[test]
fn whoever_objects_has_spoken_up_and_is_not_decided_against_in_absence() {
    let waits = Some("Order 157 art. 5(3)");
    let (scenario, id) = records(5);
    scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(owner(), fine(200))))
        .and()
        .when(|tx| object(tx, &id, text("it was another car")))
        .and()
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .then_refused("OBJECTION_WAITS", waits)
        .when(|tx| decide(tx, &id, vec![]))
        .then_refused("OBJECTION_WAITS", waits);
}

const NOT_TOLD: (&str, Option<&str>) = ("NOT_WARNED_OF_DEFAULT", Some("Order 157 art. 54(1)"));
const SPOKEN_UP: (&str, Option<&str>) = ("SPOKEN_UP", Some("Order 157 art. 54(2)"));

/// The owner was told on 2 April of a fine for red lights: thirty days end with 2 May.
fn told() -> (Scenario, CaseId) {
    let (scenario, id) = records_of(&act(Conduct::RedLight), 5);
    let scenario = scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(owner(), fine(100))))
        .and();
    (scenario, id)
}

/// And announced on 11 May: seven working days end with the 20th.
fn announced() -> (Scenario, CaseId) {
    let (scenario, id) = told();
    let scenario = scenario
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .and();
    (scenario, id)
}

const DECIDABLE: &str = "2026-05-21T00:00:00+08:00";

#[test]
fn a_decision_falls_on_somebody_penalty_law_art_59() {
    let (scenario, id) = records(5);
    let nobody = Some("Administrative Penalty Law art. 59(1)(1)");
    let scenario = scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(None, fine(200))))
        .then_refused("PARTY_NOT_IDENTIFIED", nobody)
        .when(|tx| identify_driver(tx, &id, driver('b')))
        .and()
        .when(|tx| warn(tx, &id, warned(None, fine(200))))
        .and();
    let notice = case(&scenario, &id).default.unwrap();
    assert_eq!(notice.told, Some(person('b')));
    assert_eq!(notice.telling.unwrap().receipt, number("MSG-1"));
}

#[test]
fn it_falls_on_who_was_told_and_on_nobody_who_was_identified_since_order_157_art_54_1() {
    let (scenario, id) = announced();
    let scenario = scenario
        .when(|tx| identify_driver(tx, &id, driver('b')))
        .and()
        .later(DECIDABLE)
        .when(|tx| decide(tx, &id, vec![]))
        .then_refused(NOT_TOLD.0, NOT_TOLD.1);
    // Told in turn, the driver has thirty days and an announcement as the owner had.
    let scenario = scenario
        .when(|tx| warn(tx, &id, warned(None, fine(100))))
        .and()
        .when(|tx| announce(tx, &id))
        .then_refused("HANDLING_TIME_RUNS", Some("Order 157 art. 54(1)"))
        .later("2026-07-01T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .and()
        .later("2026-08-03T09:00:00+08:00")
        .when(|tx| decide(tx, &id, vec![]))
        .and();
    assert_eq!(
        case(&scenario, &id).decision.unwrap().party,
        Some(driver('b'))
    );
}

#[test]
fn what_an_earlier_version_told_without_noting_whom_is_told_again() {
    let (scenario, id) = records_of(&act(Conduct::RedLight), 5);
    let scenario = scenario.later("2026-04-02T09:00:00+08:00");
    let outcome = scenario.when(|tx| warn(tx, &id, warned(owner(), fine(100))));
    let mut old = serde_json::to_value(&facts(&outcome, &id)[0]).unwrap();
    let known = old["default_warned"].as_object_mut().unwrap();
    for new in ["party", "telling", "hearing"] {
        known.remove(new);
    }
    let old: Fact = serde_json::from_value(old).unwrap();

    let (scenario, id) = records_of(&act(Conduct::RedLight), 5);
    scenario
        .when(|tx| identify_driver(tx, &id, driver('b')))
        .and()
        .given::<Violation>(id.as_str(), [event(old)])
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .then_refused(NOT_TOLD.0, NOT_TOLD.1)
        .when(|tx| warn(tx, &id, warned(None, fine(100))))
        .and();
}

#[test]
fn an_objection_that_was_answered_has_spoken_up_all_the_same_order_157_art_54_2() {
    let (scenario, id) = told();
    scenario
        .when(|tx| object(tx, &id, text("it was another car")))
        .and()
        .when(|tx| reject_objection(tx, &id, text("it was this one")))
        .and()
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .then_refused(SPOKEN_UP.0, SPOKEN_UP.1)
        .when(|tx| decide(tx, &id, vec![]))
        .then_refused(SPOKEN_UP.0, SPOKEN_UP.1)
        // Nor is it made undone by telling once more.
        .when(|tx| warn(tx, &id, warned(owner(), fine(100))))
        .then_refused(SPOKEN_UP.0, SPOKEN_UP.1);
}

#[test]
fn who_defends_itself_is_handled_like_who_comes_and_never_more_heavily_penalty_law_art_45() {
    let (scenario, id) = announced();
    let scenario = scenario
        .when(|tx| hear_defence(tx, &id, text("the light was broken"), false))
        .and()
        .later(DECIDABLE)
        .when(|tx| decide(tx, &id, vec![]))
        .then_refused(SPOKEN_UP.0, SPOKEN_UP.1)
        .when(|tx| accept(tx, &id, on_foot('o')))
        .and()
        .when(|tx| decision::decide(tx, &id, simply(fine(101))))
        .then_refused(
            "HEAVIER_AFTER_DEFENCE",
            Some("Administrative Penalty Law art. 45(2)"),
        )
        .when(|tx| decision::decide(tx, &id, simply(fine(100))))
        .and();
    let decided = case(&scenario, &id).decision.unwrap();
    assert_eq!(decided.procedure, Procedure::Simple);
    // What the owner said binds nothing that the driver is told.
    let (scenario, id) = announced();
    scenario
        .when(|tx| hear_defence(tx, &id, text("I did not drive"), true))
        .and()
        .when(|tx| accept(tx, &id, driver('b')))
        .and()
        .when(|tx| decision::decide(tx, &id, simply(fine(200))))
        .and();
}

#[test]
fn a_hearing_that_is_asked_for_in_absence_is_held_before_anything_is_decided_penalty_law_art_63() {
    let (scenario, id) = records_of(&speeding(Road::Other, car(), 100), 5);
    let outstanding = Some("Administrative Penalty Law art. 65");
    let scenario = scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(owner(), fine(2_000))))
        .and()
        .when(|tx| request_hearing(tx, &id))
        .and()
        .when(|tx| request_hearing(tx, &id))
        .then_refused(
            "HEARING_TOO_LATE",
            Some("Administrative Penalty Law art. 64(1)"),
        )
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .then_refused(SPOKEN_UP.0, SPOKEN_UP.1)
        .when(|tx| accept(tx, &id, on_foot('o')))
        .and()
        .when(|tx| tell_intention(tx, &id, fine(2_000)))
        .and();
    let state = case(&scenario, &id);
    assert_eq!(state.hearing, Hearing::Requested);
    assert_eq!(state.nearest_duty(), None, "the decision waits for it");
    let scenario = scenario
        .when(|tx| hear_defence(tx, &id, text("was in a hurry"), false))
        .and()
        .when(|tx| decision::decide(tx, &id, by_two(fine(2_000))))
        .then_refused("HEARING_OUTSTANDING", outstanding)
        .when(|tx| schedule_hearing(tx, &id, at("2026-05-28T09:00:00"), text("officer:L1")))
        .and()
        .later("2026-05-28T10:00:00+08:00")
        .when(|tx| hold_hearing(tx, &id, false))
        .and();
    let scenario = reviewed(scenario, &id, true)
        .by(officer())
        .when(|tx| decision::decide(tx, &id, by_two(fine(2_000))))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Decided);
}

#[test]
fn a_hearing_is_asked_for_until_the_announcement_ends_and_only_where_one_is_due() {
    let (scenario, id) = announced();
    scenario.when(|tx| request_hearing(tx, &id)).then_refused(
        "NO_HEARING_DUE",
        Some("Administrative Penalty Law art. 63(1)"),
    );
    let (scenario, id) = records_of(&speeding(Road::Other, car(), 100), 5);
    scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, warned(owner(), fine(2_000))))
        .and()
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .and()
        .later(DECIDABLE)
        .when(|tx| request_hearing(tx, &id))
        .then_refused(
            "HEARING_TOO_LATE",
            Some("Administrative Penalty Law art. 64(1)"),
        );
}
