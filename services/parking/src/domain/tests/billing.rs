//! Payments, refunds, waived charges and corrections by an officer.

use super::super::bay::{Availability, Bay};
use super::super::session::{self, Correction, SessionState, WaiveGround};
use super::*;

const STATE: &str = "2026-03-02T12:00:00+08:00";

fn state(story: &Scenario, session: &SessionId) -> Session {
    story.state::<Session>(session.as_str())
}

fn pay(story: Scenario, session: &SessionId, reference: &str, amount: u64) -> Scenario {
    story
        .later(STATE)
        .when(|tx| session::pay(tx, session, transfer(reference, amount, at("11:00:00"))))
        .and()
}

#[test]
fn a_charge_is_paid_in_parts_and_each_reference_counts_once() {
    let (story, session) = a_stay("10:00:00");
    let story = pay(story, &session, "r1", 200);
    assert_eq!(state(&story, &session).outstanding(), fen(250));
    let story = story
        .when(|tx| session::pay(tx, &session, transfer("r1", 200, at("11:30:00"))))
        .then_nothing();
    let story = pay(story, &session, "r2", 250);
    assert_eq!(state(&story, &session).state(), SessionState::Settled);
}

#[test]
fn a_reference_pays_one_session_one_amount() {
    let (story, session) = a_stay("10:00:00");
    let story = pay(story, &session, "r1", 200);
    let mut sessions = Sessions::default();
    let (story, _) = send(
        story,
        &mut sessions,
        at("12:30:00"),
        &[arrived(3, "12:00:00"), left(4, "12:30:00")],
    );
    let other = sessions.0.remove(0);
    story
        .when(|tx| session::pay(tx, &session, transfer("r1", 201, at("11:00:00"))))
        .then_refused("PAYMENT_REFERENCE_TAKEN", None)
        .when(|tx| session::pay(tx, &other, transfer("r1", 200, at("11:00:00"))))
        .then_refused("PAYMENT_REFERENCE_TAKEN", None);
}

#[test]
fn only_what_was_paid_too_much_goes_back_art_37() {
    let basis = Some("Beijing Motor Vehicle Parking Regulations art. 37");
    let (story, session) = a_stay("10:00:00");
    let story = pay(story, &session, "r1", 500);
    assert_eq!(state(&story, &session).state(), SessionState::RefundDue);
    let story = story
        .when(|tx| session::refund(tx, &session, transfer("b1", 51, at("11:00:00"))))
        .then_refused("REFUND_EXCEEDS_OVERPAYMENT", basis)
        .when(|tx| session::refund(tx, &session, transfer("b1", 50, at("11:00:00"))))
        .and();
    assert_eq!(state(&story, &session).state(), SessionState::Settled);
    story
        .when(|tx| session::refund(tx, &session, transfer("b1", 50, at("11:00:00"))))
        .then_nothing()
        .when(|tx| session::refund(tx, &session, transfer("b2", 1, at("11:00:00"))))
        .then_refused("REFUND_EXCEEDS_OVERPAYMENT", basis);
}

#[test]
fn what_is_paid_while_the_car_stands_there_is_paid_ahead() {
    let (story, mut sessions) = arrived_at_nine("09:00:00");
    let session = sessions.0[0].clone();
    let story = pay(story, &session, "r1", 500);
    assert_eq!(state(&story, &session).state(), SessionState::Open);
    let (story, _) = send(story, &mut sessions, at("12:00:00"), &[left(2, "10:00:00")]);
    assert_eq!(state(&story, &session).overpaid(), fen(50));
}

#[test]
fn a_correction_by_a_late_reading_makes_paid_money_owed_back() {
    let (story, session) = a_stay("10:00:00");
    let story = pay(story, &session, "r1", 450);
    let mut sessions = Sessions::default();
    let (story, _) = send(story, &mut sessions, at("12:00:00"), &[left(9, "09:30:00")]);
    let corrected = state(&story, &session);
    assert_eq!(
        (corrected.state(), corrected.overpaid()),
        (SessionState::RefundDue, fen(300))
    );
}

#[test]
fn a_session_takes_64_transfers_and_no_more() {
    let (mut story, session) = a_stay("10:00:00");
    for number in 0..64 {
        story = pay(story, &session, &format!("r{number}"), 1);
    }
    story
        .when(|tx| session::pay(tx, &session, transfer("r64", 1, at("11:00:00"))))
        .then_refused("TOO_MANY_PAYMENTS", None)
        .when(|tx| session::pay(tx, &session, transfer("r63", 1, at("11:00:00"))))
        .then_nothing();
}

#[test]
fn payments_cannot_add_up_beyond_what_can_be_booked() {
    let (story, session) = a_stay("10:00:00");
    pay(story, &session, "r1", Fen::MAX.get())
        .when(|tx| session::pay(tx, &session, transfer("r2", 1, at("11:00:00"))))
        .then_refused("AMOUNT_TOO_LARGE", None);
}

#[test]
fn an_unknown_session_is_neither_paid_nor_refunded() {
    let nobody = SessionId::parse("none").unwrap();
    a_bay()
        .when(|tx| session::pay(tx, &nobody, transfer("r1", 1, at("11:00:00"))))
        .then_refused("SESSION_NOT_FOUND", None)
        .when(|tx| session::refund(tx, &nobody, transfer("r1", 1, at("11:00:00"))))
        .then_refused("SESSION_NOT_FOUND", None);
}

#[test]
fn an_officer_of_the_district_waives_a_charge_and_what_was_paid_is_owed_back() {
    let (story, session) = a_stay("10:00:00");
    let elsewhere = Actor {
        id: "officer:H2".into(),
        districts: vec![District::new(371_721).unwrap()],
    };
    let story = pay(story, &session, "r1", 450)
        .by(elsewhere)
        .when(|tx| session::waive(tx, &session, WaiveGround::Mistake))
        .then_refused(
            "NOT_OF_THIS_DISTRICT",
            Some("Beijing Motor Vehicle Parking Regulations art. 5(1)"),
        )
        .by(officer())
        .when(|tx| session::waive(tx, &session, WaiveGround::Mistake))
        .and();
    assert_eq!(state(&story, &session).overpaid(), fen(450));
    story
        .when(|tx| session::waive(tx, &session, WaiveGround::Mistake))
        .then_refused("NOTHING_TO_WAIVE", None);
}

#[test]
fn a_charge_that_does_not_exist_yet_is_not_waived_art_32_1_3() {
    let (story, sessions) = arrived_at_nine("09:00:00");
    story
        .when(|tx| session::waive(tx, &sessions.0[0], WaiveGround::Goodwill))
        .then_refused(
            "SESSION_OPEN",
            Some("Beijing Motor Vehicle Parking Regulations art. 32(1)(3)"),
        );
}

fn correction(from: &str, until: &str) -> Correction {
    correction_of(large("鲁R54321"), from, until)
}

fn correction_of(vehicle: Vehicle, from: &str, until: &str) -> Correction {
    Correction {
        arrived_at: at(from),
        left_at: at(until),
        vehicle: Some(vehicle),
        note: "objection 1: other vehicle".into(),
    }
}

#[test]
fn an_officer_corrects_a_session_and_readings_change_it_no_longer() {
    let (story, session) = a_stay("10:00:00");
    let story = story
        .later(STATE)
        .when(|tx| session::correct(tx, &session, correction("09:00:00", "09:30:00")))
        .and();
    let corrected = state(&story, &session);
    assert_eq!(corrected.vehicle(), Some(&large("鲁R54321")));
    assert_eq!(corrected.outstanding(), fen(300));
    let mut sessions = Sessions::default();
    let (story, _) = send(story, &mut sessions, ts(STATE), &[left(9, "09:50:00")]);
    assert_eq!(state(&story, &session), corrected);
}

#[test]
fn a_session_that_an_officer_ends_leaves_its_bay_to_the_next_car() {
    for (now, from, until) in [
        ("2026-03-02T10:30:00+08:00", "09:00:00", "10:00:00"),
        // It came earlier than the sensor saw, and left before that.
        ("2026-03-02T10:30:00+08:00", "08:00:00", "08:30:00"),
        // On the next day, when readings of the stay would be too late.
        ("2026-03-03T08:00:00+08:00", "09:00:00", "10:00:00"),
    ] {
        let (story, mut sessions) = arrived_at_nine("09:00:00");
        let session = sessions.0[0].clone();
        let story = story
            .later(now)
            .when(|tx| session::correct(tx, &session, correction(from, until)))
            .and();
        assert_eq!(story.state::<Bay>("b1").availability, Availability::Free);
        let corrected = state(&story, &session);
        assert_eq!(corrected.left_at, Some(at(until)));

        let arrival = ts(now) + minutes(30);
        let departure = arrival + minutes(60);
        let next = [
            reading("sensor", 2, arrival, Seen::Arrived { vehicle: None }),
            reading("sensor", 3, departure, Seen::Left),
        ];
        let (story, _) = send(story, &mut sessions, departure, &next);
        assert_eq!(sessions.0.len(), 2, "{now} {until}");
        let second = session_of(&story, &sessions, 1);
        assert_eq!(
            (second.arrived_at, second.left_at, second.outstanding()),
            (arrival, Some(departure), fen(450))
        );
        assert_eq!(state(&story, &session), corrected);
    }
}

#[test]
fn a_correction_of_a_stay_that_has_ended_leaves_the_bay_alone() {
    let (story, session) = a_stay("10:00:00");
    let taken_again = [arrived(3, "10:30:00")];
    let (story, _) = send(
        story,
        &mut Sessions::default(),
        at("10:30:00"),
        &taken_again,
    );
    let corrected = story
        .later(STATE)
        .when(|tx| session::correct(tx, &session, correction("09:00:00", "09:30:00")));
    assert!(corrected.events::<Bay>("b1").is_empty());
    let story = corrected.and();
    assert_eq!(story.state::<Bay>("b1").availability, Availability::Taken);
}

#[test]
fn a_correction_needs_an_officer_of_the_district_and_times_in_order() {
    let (story, session) = a_stay("10:00:00");
    story
        .later(STATE)
        .when(|tx| session::correct(tx, &session, correction("09:30:00", "09:30:00")))
        .then_refused("CORRECTION_TIMES_WRONG", None)
        .when(|tx| session::correct(tx, &session, correction("09:30:00", "12:00:01")))
        .then_refused("CORRECTION_TIMES_WRONG", None)
        .when(|tx| session::correct(tx, &session, correction("09:30:00", "12:00:00")))
        .and()
        .by(Actor {
            id: "partner:x".into(),
            districts: vec![],
        })
        .when(|tx| session::correct(tx, &session, correction("09:00:00", "09:30:00")))
        .then_refused(
            "NOT_OF_THIS_DISTRICT",
            Some("Beijing Motor Vehicle Parking Regulations art. 5(1)"),
        )
        .when(|tx| {
            session::correct(
                tx,
                &SessionId::parse("none").unwrap(),
                correction("09:00:00", "09:30:00"),
            )
        })
        .then_refused("SESSION_NOT_FOUND", None);
}

#[test]
fn an_officer_who_names_the_vehicle_brings_a_lost_charge_back() {
    // The large one pays more than was charged, the small one what was.
    for vehicle in [large("鲁R54321"), vehicle("鲁R54321")] {
        let mut sessions = Sessions::default();
        let (story, _) = send(
            a_bay(),
            &mut sessions,
            at("10:00:00"),
            &[arrived(1, "09:00:00"), left(2, "10:00:00")],
        );
        let session = sessions.0.remove(0);
        let rules = session::CollectionRules::default();
        let due = |tx: &mut Transaction| session::due(tx, &session, &rules);
        let story = story.later("2026-03-18T00:00:00+08:00").when(due).and();
        assert_eq!(state(&story, &session).state(), SessionState::Uncollectable);
        let correction = correction_of(vehicle, "09:00:00", "10:00:00");
        let story = story
            .when(|tx| session::correct(tx, &session, correction))
            .and();
        assert_eq!(state(&story, &session).state(), SessionState::Payable);
        let noticed = story.when(due);
        assert!(matches!(
            only(noticed.events::<Session>(session.as_str())),
            SessionEvent::PaymentNoticeIssued { .. }
        ));
    }
}
