//! Nobody comes: five unhandled records, told, announced, decided in absence (Order 157 art. 54).

use crate::fixtures::*;
use chassis::testing::Scenario;
use enforcement::domain::conduct::Road;
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::capture::notify;
use enforcement::domain::violation::default::{announce, decide, warn};
use enforcement::domain::violation::event::{NoticeChannel, Procedure, Sanction};
use enforcement::domain::violation::handling::accept;
use enforcement::domain::violation::objection::object;

/// So many records of one vehicle, notified this Monday; the thirty days end with 1 April.
fn records(count: u32) -> (Scenario, CaseId) {
    let mut scenario = start();
    let mut last = None;
    for hour in 0..count {
        let mut filing = camera(speeding(Road::Other, car(), 35));
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
        .when(|tx| warn(tx, &id, fine(200)))
        .then_refused("TOO_FEW_UNHANDLED", basis);
    let (scenario, id) = records(5);
    scenario
        .later("2026-04-01T23:59:59+08:00")
        .when(|tx| warn(tx, &id, fine(200)))
        .then_refused("HANDLING_TIME_RUNS", basis)
        .later("2026-04-02T00:00:00+08:00")
        .when(|tx| {
            warn(
                tx,
                &id,
                Sanction {
                    suspension_months: Some(6),
                    ..fine(200)
                },
            )
        })
        .then_refused("SANCTION_NOT_PROVIDED", Some("Shandong Measures art. 77"))
        .when(|tx| warn(tx, &id, fine(200)))
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
        .when(|tx| warn(tx, &id, fine(200)))
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
    assert_eq!(decision.party, None);
}

#[test]
fn who_comes_after_all_is_handled_like_anyone() {
    let (scenario, id) = records(5);
    let scenario = scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, fine(200)))
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
    let mut scenario = start();
    let mut last = None;
    for hour in 0..5 {
        let mut filing = camera(speeding(Road::Other, car(), 60));
        filing.acted_at = at(&format!("2026-03-01T{hour:02}:00:00"));
        let (next, id) = entered_in(scenario, filing);
        scenario = next.when(|tx| notify(tx, &id, NoticeChannel::App)).and();
        last = Some(id);
    }
    let id = last.unwrap();
    let revocation = Sanction {
        revocation: true,
        ..fine(500)
    };
    scenario
        .later("2026-04-02T00:00:00+08:00")
        .when(|tx| warn(tx, &id, revocation))
        .then_refused("NOT_IN_ABSENCE", Some("Order 157 art. 54(2)"));
}

#[test]
fn whoever_objects_has_spoken_up_and_is_not_decided_against_in_absence() {
    let waits = Some("Order 157 art. 5(3)");
    let (scenario, id) = records(5);
    scenario
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| warn(tx, &id, fine(200)))
        .and()
        .when(|tx| object(tx, &id, text("it was another car")))
        .and()
        .later("2026-05-11T09:00:00+08:00")
        .when(|tx| announce(tx, &id))
        .then_refused("OBJECTION_WAITS", waits)
        .when(|tx| decide(tx, &id, vec![]))
        .then_refused("OBJECTION_WAITS", waits);
}
