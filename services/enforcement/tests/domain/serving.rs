//! When a decision reaches the party, and what runs from then: delivered, noted later, or announced until it counts as served.

use crate::fixtures::*;
use chassis::domain::Actor;
use chassis::testing::Scenario;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::deadlines::{next_due, pass_time};
use enforcement::domain::violation::decision::{announce, decide, serve};
use enforcement::domain::violation::event::{Duty, Fact, Remedy, Sanction, Service};
use enforcement::domain::violation::handling::{hear_defence, tell_intention};
use enforcement::domain::violation::remedy::seek;
use enforcement::domain::violation::{Stage, Violation};
use jiff::{Timestamp, ToSpan};

const SERVE_TIME: (&str, Option<&str>) = ("SERVE_TIME", Some("Order 157 arts. 48(6), 56"));

/// 200 yuan, decided this Monday.
fn decided() -> (Scenario, CaseId) {
    let (scenario, id) = handling(act(Conduct::RedLight));
    let scenario = scenario.when(|tx| decide(tx, &id, simply(fine(200)))).and();
    (scenario, id)
}

/// Announced on the same day: sixty days end with 1 May.
fn announced() -> (Scenario, CaseId) {
    let (scenario, id) = decided();
    let scenario = scenario.when(|tx| announce(tx, &id)).and();
    (scenario, id)
}

const ENDS: &str = "2026-05-02T00:00:00";

#[test]
fn the_days_for_payment_and_remedies_run_from_the_delivery_not_from_its_note_law_art_108() {
    let (scenario, id) = decided();
    let delivered = at("2026-03-05T15:00:00");
    let scenario = scenario
        .later("2026-03-18T09:00:00+08:00")
        .when(|tx| serve(tx, &id, Service::Post, Some(delivered)))
        .and();
    let state = case(&scenario, &id);
    assert_eq!(state.served_at, Some(delivered));
    assert_eq!(state.account.next_due(), Some(at("2026-03-21T00:00:00")));
    // The sixtieth day is 4 May, a holiday; the first working day after it is the 6th.
    assert_eq!(state.reconsider_by, Some(at("2026-05-07T00:00:00")));
}

#[test]
fn a_licence_is_suspended_from_the_delivery_on_law_art_113() {
    let sanction = Sanction {
        suspension_months: Some(6),
        ..fine(1_000)
    };
    let (scenario, id) = handling(alcohol(50, false, false));
    let scenario = scenario
        .when(|tx| tell_intention(tx, &id, sanction))
        .and()
        .when(|tx| hear_defence(tx, &id, text("nothing to say"), false))
        .and()
        .when(|tx| decide(tx, &id, by_two(sanction)))
        .and()
        .later("2026-03-18T09:00:00+08:00");
    let delivered = at("2026-03-05T15:00:00");
    let scenario = scenario
        .when(|tx| serve(tx, &id, Service::Electronic, Some(delivered)))
        .and();
    let until = at("2026-09-05T00:00:00");
    assert_eq!(licence(&scenario, 'a').suspensions, [(id, until)]);
}

#[test]
fn nothing_is_delivered_before_it_is_decided_or_in_the_future() {
    let (scenario, id) = decided();
    let now = scenario.now();
    let wrong = |scenario: Scenario, time: Timestamp| {
        scenario
            .when(|tx| serve(tx, &id, Service::Post, Some(time)))
            .then_refused(SERVE_TIME.0, SERVE_TIME.1)
    };
    let scenario = wrong(scenario, now - 1.second());
    let scenario = wrong(scenario, now + 121.seconds());
    scenario
        .when(|tx| serve(tx, &id, Service::Post, Some(now)))
        .and();
}

#[test]
fn an_announcement_that_has_ended_serves_by_itself_order_157_art_56_2() {
    let (scenario, id) = announced();
    assert_eq!(next_due(&case(&scenario, &id)), Some(at(ENDS)));
    let scenario = scenario
        .by(Actor::system("timer"))
        .later("2026-05-01T23:59:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing();
    // The timer comes by late: what runs, runs from the end of the announcement.
    let outcome = scenario
        .later("2026-05-10T09:00:00+08:00")
        .when(|tx| pass_time(tx, &id));
    let served = Fact::DecisionServed {
        how: Service::Announced,
        served_at: Some(at(ENDS)),
        pay_by: Some(at("2026-05-18T00:00:00")),
        reconsider_by: at("2026-07-02T00:00:00"),
    };
    assert_eq!(served.basis().to_string(), "Order 157 arts. 55, 56(2)");
    assert_eq!(facts(&outcome, &id), [served]);
    let scenario = outcome.and().when(|tx| pass_time(tx, &id)).then_nothing();
    assert_eq!(stage(&scenario, &id), Stage::Served);
    let sought = at("2026-05-03T09:00:00");
    let scenario = scenario
        .by(officer())
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, sought))
        .and()
        .later("2026-05-18T00:00:00+08:00");
    let late = scenario.when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&late, &id), [Fact::PaymentOverdue]);
}

#[test]
fn who_is_found_before_an_announcement_ends_is_served_then_and_once() {
    let (scenario, id) = announced();
    let scenario = scenario
        .later("2026-04-01T09:00:00+08:00")
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    let due = at("2026-04-17T00:00:00");
    assert_eq!(next_due(&case(&scenario, &id)), Some(due));
    // Noted after the end, too, if it was before it; later than that there is nothing left to serve.
    let (scenario, id) = announced();
    let third = at("2026-05-03T09:00:00");
    let scenario = scenario
        .later("2026-05-04T09:00:00+08:00")
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .then_refused(SERVE_TIME.0, SERVE_TIME.1)
        .when(|tx| serve(tx, &id, Service::Announced, Some(third)))
        .then_refused(SERVE_TIME.0, SERVE_TIME.1);
    let before = at("2026-05-01T12:00:00");
    let scenario = scenario
        .when(|tx| serve(tx, &id, Service::Post, Some(before)))
        .and();
    assert_eq!(case(&scenario, &id).served_at, Some(before));
}

#[test]
fn what_was_delivered_in_time_and_noted_late_was_not_missed_penalty_law_art_61() {
    let late = vec![Duty::Serve];
    for (delivered, missed) in [
        ("2026-03-11T23:59:59", vec![]),
        ("2026-03-12T00:00:00", late),
    ] {
        let (scenario, id) = decided();
        let scenario = scenario
            .later("2026-03-12T00:00:00+08:00")
            .when(|tx| pass_time(tx, &id))
            .and();
        assert_eq!(case(&scenario, &id).missed, [Duty::Serve]);
        let scenario = scenario
            .later("2026-03-20T09:00:00+08:00")
            .when(|tx| serve(tx, &id, Service::Post, Some(at(delivered))))
            .and();
        assert_eq!(case(&scenario, &id).missed, missed, "{delivered}");
    }
}

#[test]
fn a_service_that_an_earlier_version_recorded_counts_from_its_note() {
    let (scenario, id) = decided();
    let served = r#"{"decision_served":{"how":"post","pay_by":"2026-03-17T16:00:00Z","reconsider_by":"2026-05-06T16:00:00Z"}}"#;
    let served: Fact = serde_json::from_str(served).unwrap();
    let scenario = scenario.given::<Violation>(id.as_str(), [event(served)]);
    assert_eq!(case(&scenario, &id).served_at, Some(scenario.now()));
    assert_eq!(stage(&scenario, &id), Stage::Served);
}
