//! From thirty days to referral: Beijing parking regulations art. 41.

use super::super::session::{
    self, Collection, CollectionRules, Correction, SessionState, WaiveGround,
};
use super::*;
use chassis::domain::Aggregate;

fn step(story: Scenario, session: &SessionId, now: &str) -> (Scenario, Vec<SessionEvent>) {
    let outcome = story
        .later(now)
        .when(|tx| session::due(tx, session, &CollectionRules::default()));
    let events = outcome.events::<Session>(session.as_str());
    (outcome.and(), events)
}

/// Advances through the timers until nothing is due before `until`.
fn run_until(mut story: Scenario, session: &SessionId, until: &str) -> Scenario {
    let until = ts(until);
    while let Some(due) = story
        .state::<Session>(session.as_str())
        .next_due()
        .filter(|due| *due <= until)
    {
        let (next, events) = step(story, session, &due.to_string());
        assert!(
            !events.is_empty(),
            "a timer that changes nothing would fire for ever"
        );
        story = next;
    }
    story
}

/// An officer finds that it was this vehicle, from 09:00 until then.
fn correct(
    story: Scenario,
    session: &SessionId,
    plate: Option<&str>,
    until: &str,
) -> (Scenario, Vec<SessionEvent>) {
    let correction = Correction {
        arrived_at: at("09:00:00"),
        left_at: at(until),
        vehicle: plate.map(vehicle),
        note: "objection 1".into(),
    };
    let outcome = story.when(|tx| session::correct(tx, session, correction));
    let events = outcome.events::<Session>(session.as_str());
    (outcome.and(), events)
}

/// The events that the timers of a session record until then.
fn steps_until(
    mut story: Scenario,
    session: &SessionId,
    until: &str,
) -> (Scenario, Vec<SessionEvent>) {
    let until = ts(until);
    let mut steps = Vec::new();
    while let Some(due) = story
        .state::<Session>(session.as_str())
        .next_due()
        .filter(|due| *due <= until)
    {
        let now = due.max(story.now()).to_string();
        let (next, events) = step(story, session, &now);
        steps.push(only(events));
        story = next;
    }
    (story, steps)
}

#[test]
fn the_charge_may_be_paid_for_thirty_days_from_the_day_of_leaving_art_41_1() {
    // Left on 2 March; the thirtieth day after is 1 April, to its end.
    let (story, session) = a_stay("10:00:00");
    let bill = story.state::<Session>(session.as_str()).bill.unwrap();
    assert_eq!(bill.pay_by, ts("2026-04-02T00:00:00+08:00"));

    let (story, events) = step(story, &session, "2026-03-17T23:59:59+08:00");
    assert!(events.is_empty(), "no notice in the first half");
    let (story, events) = step(story, &session, "2026-03-18T00:00:00+08:00");
    assert!(matches!(
        only(events),
        SessionEvent::PaymentNoticeIssued { .. }
    ));

    // Day 29, the last second of day 30, and day 31.
    let (story, events) = step(story, &session, "2026-03-31T12:00:00+08:00");
    assert!(events.is_empty());
    let (story, events) = step(story, &session, "2026-04-01T23:59:59+08:00");
    assert!(events.is_empty());
    assert_eq!(
        story.state::<Session>(session.as_str()).state(),
        SessionState::Payable
    );
    let (story, events) = step(story, &session, "2026-04-02T00:00:00+08:00");
    let SessionEvent::ReminderIssued {
        number: 1,
        outstanding,
        pay_by,
        ..
    } = only(events)
    else {
        panic!("a first reminder");
    };
    assert_eq!(outstanding, fen(450));
    assert_eq!(pay_by, ts("2026-04-18T00:00:00+08:00"));
    assert_eq!(
        story.state::<Session>(session.as_str()).state(),
        SessionState::InArrears
    );
}

#[test]
fn two_reminders_then_referral_with_plate_and_sum_and_then_nothing_more_art_41_2() {
    let (story, session) = a_stay("10:00:00");
    let story = run_until(story, &session, "2026-04-18T00:00:00+08:00");
    assert_eq!(
        story.state::<Session>(session.as_str()).collection,
        Collection::Reminded(2)
    );
    let (story, events) = step(story, &session, "2026-05-03T23:59:59+08:00");
    assert!(
        events.is_empty(),
        "the second reminder gives its period in full"
    );
    let (story, events) = step(story, &session, "2026-05-04T00:00:00+08:00");
    let SessionEvent::ArrearsReferred {
        plate,
        outstanding,
        left_at,
        reminded_until,
        ..
    } = only(events)
    else {
        panic!("a referral");
    };
    assert_eq!(plate, vehicle("鲁R12345").plate);
    assert_eq!(outstanding, fen(450));
    assert_eq!(left_at, at("10:00:00"));
    assert_eq!(reminded_until, ts("2026-05-04T00:00:00+08:00"));
    let state = story.state::<Session>(session.as_str());
    assert_eq!(state.state(), SessionState::Referred);
    assert_eq!(state.next_due(), None);
}

#[test]
fn a_late_timer_takes_one_step_and_gives_each_period_in_full() {
    let (story, session) = a_stay("10:00:00");
    let (story, events) = step(story, &session, "2026-08-01T12:00:00+08:00");
    let SessionEvent::ReminderIssued {
        number: 1, pay_by, ..
    } = only(events)
    else {
        panic!("a first reminder, no notice: its time is over");
    };
    assert_eq!(pay_by, ts("2026-08-17T00:00:00+08:00"));
    let (_, events) = step(story, &session, "2026-08-01T12:00:01+08:00");
    assert!(events.is_empty());
}

#[test]
fn who_pays_at_any_step_is_left_alone() {
    for until in [
        "2026-03-18T00:00:00+08:00",
        "2026-04-02T00:00:00+08:00",
        "2026-04-18T00:00:00+08:00",
    ] {
        let (story, session) = a_stay("10:00:00");
        let story = run_until(story, &session, until)
            .when(|tx| session::pay(tx, &session, transfer("r1", 450, at("12:00:00"))))
            .and();
        let state = story.state::<Session>(session.as_str());
        assert_eq!(state.state(), SessionState::Settled);
        assert_eq!(state.next_due(), None, "after {until}");
        let (_, events) = step(story, &session, "2027-01-01T00:00:00+08:00");
        assert!(events.is_empty());
    }
}

#[test]
fn a_payment_in_part_does_not_stop_the_clock() {
    let (story, session) = a_stay("10:00:00");
    let story = story
        .when(|tx| session::pay(tx, &session, transfer("r1", 449, at("12:00:00"))))
        .and();
    let (_, events) = step(story, &session, "2026-04-02T00:00:00+08:00");
    let SessionEvent::ReminderIssued { outstanding, .. } = only(events) else {
        panic!("a reminder");
    };
    assert_eq!(outstanding, fen(1));
}

#[test]
fn a_payment_after_referral_is_told_to_enforcement_once() {
    let (story, session) = a_stay("10:00:00");
    let story = run_until(story, &session, "2026-05-04T00:00:00+08:00");
    let part = story.when(|tx| session::pay(tx, &session, transfer("r1", 100, at("12:00:00"))));
    assert!(matches!(
        only(part.events::<Session>(session.as_str())),
        SessionEvent::PaymentReceived { .. }
    ));
    let rest = part
        .and()
        .when(|tx| session::pay(tx, &session, transfer("r2", 350, at("12:00:00"))));
    let events = rest.events::<Session>(session.as_str());
    assert!(
        matches!(
            events.as_slice(),
            [
                SessionEvent::PaymentReceived { .. },
                SessionEvent::ReferralSettled { .. }
            ]
        ),
        "{events:?}"
    );
    let more = rest
        .and()
        .when(|tx| session::pay(tx, &session, transfer("r3", 1, at("12:00:00"))));
    assert!(matches!(
        only(more.events::<Session>(session.as_str())),
        SessionEvent::PaymentReceived { .. }
    ));
}

#[test]
fn who_is_found_to_owe_in_anothers_place_is_given_each_period_in_full_art_41() {
    // After one reminder, two, and the referral.
    for begun in [
        "2026-04-02T00:00:00+08:00",
        "2026-04-18T00:00:00+08:00",
        "2026-05-04T00:00:00+08:00",
    ] {
        let (story, session) = a_stay("10:00:00");
        let story = run_until(story, &session, begun);
        let was_referred =
            story.state::<Session>(session.as_str()).collection == Collection::Referred;
        let (story, events) = correct(story, &session, Some("鲁R54321"), "10:00:00");
        let settled: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                SessionEvent::ReferralSettled { plate, .. } => Some(plate.clone()),
                _ => None,
            })
            .collect();
        let expected = was_referred.then(|| vehicle("鲁R12345").plate);
        assert_eq!(settled, Vec::from_iter(expected), "{begun}");
        let (story, steps) = steps_until(story, &session, "2026-12-31T00:00:00+08:00");
        let [
            SessionEvent::ReminderIssued {
                number: 1, pay_by, ..
            },
            SessionEvent::ReminderIssued { number: 2, .. },
            SessionEvent::ArrearsReferred { plate, .. },
        ] = steps.as_slice()
        else {
            panic!("two reminders and a referral: {steps:?}");
        };
        let fifteen_days = SignedDuration::from_hours(15 * 24);
        assert!(*pay_by - fifteen_days >= ts(begun), "{begun}: {pay_by}");
        assert_eq!(*plate, vehicle("鲁R54321").plate);
        let state = story.state::<Session>(session.as_str());
        assert_eq!(state.state(), SessionState::Referred);
    }
}

#[test]
fn who_is_found_to_owe_within_the_thirty_days_is_given_notice() {
    let (story, session) = a_stay("10:00:00");
    let story = run_until(story, &session, "2026-03-18T00:00:00+08:00");
    let (story, _) = correct(story, &session, Some("鲁R54321"), "10:00:00");
    let (_, events) = step(story, &session, "2026-03-18T00:00:00+08:00");
    assert!(matches!(
        only(events),
        SessionEvent::PaymentNoticeIssued { .. }
    ));
}

#[test]
fn who_had_paid_and_owes_more_after_a_correction_is_reminded_before_he_is_referred_art_41() {
    for paid in ["2026-04-18T00:00:00+08:00", "2026-05-04T00:00:00+08:00"] {
        let (story, session) = a_stay("10:00:00");
        let story = run_until(story, &session, paid)
            .when(|tx| session::pay(tx, &session, transfer("r1", 450, at("12:00:00"))))
            .and();
        let (story, _) = correct(story, &session, Some("鲁R12345"), "11:00:00");
        let state = story.state::<Session>(session.as_str());
        assert_eq!(state.outstanding(), fen(900));
        let (story, steps) = steps_until(story, &session, "2026-12-31T00:00:00+08:00");
        assert!(
            matches!(
                steps.as_slice(),
                [
                    SessionEvent::ReminderIssued { number: 1, .. },
                    SessionEvent::ReminderIssued { number: 2, .. },
                    SessionEvent::ArrearsReferred { .. },
                ]
            ),
            "{paid}: {steps:?}"
        );
        // What was referred is settled as the first time.
        let rest = story.when(|tx| session::pay(tx, &session, transfer("r2", 900, at("12:00:00"))));
        let events = rest.events::<Session>(session.as_str());
        assert!(
            matches!(events.last(), Some(SessionEvent::ReferralSettled { .. })),
            "{events:?}"
        );
    }
}

#[test]
fn what_was_referred_for_a_vehicle_that_it_was_not_is_settled_though_nobody_knows_which_it_was() {
    let (story, session) = a_stay("10:00:00");
    let story = run_until(story, &session, "2026-05-04T00:00:00+08:00");
    let (story, events) = correct(story, &session, None, "10:00:00");
    let settled = SessionEvent::ReferralSettled {
        place: story_place(),
        plate: vehicle("鲁R12345").plate,
    };
    assert!(events.contains(&settled), "{events:?}");
    let (story, steps) = steps_until(story, &session, "2026-12-31T00:00:00+08:00");
    assert!(matches!(
        only(steps),
        SessionEvent::FoundUncollectable { .. }
    ));
    // Once is enough.
    let waived = story.when(|tx| session::waive(tx, &session, WaiveGround::Mistake));
    assert!(matches!(
        only(waived.events::<Session>(session.as_str())),
        SessionEvent::ChargeWaived { .. }
    ));
}

#[test]
fn who_owes_after_a_correction_as_before_is_collected_from_as_before() {
    let (story, session) = a_stay("10:00:00");
    let story = run_until(story, &session, "2026-04-18T00:00:00+08:00");
    let before = story.state::<Session>(session.as_str());
    let (story, _) = correct(story, &session, Some("鲁R12345"), "10:00:00");
    let after = story.state::<Session>(session.as_str());
    assert_eq!(after.collection, Collection::Reminded(2));
    assert_eq!(after.next_due(), before.next_due());
}

#[test]
fn nothing_is_collected_of_a_stay_that_a_correction_makes_free() {
    for until in ["2026-04-18T00:00:00+08:00", "2026-05-04T00:00:00+08:00"] {
        let (story, session) = a_stay("10:00:00");
        let story = run_until(story, &session, until);
        let (story, events) = correct(story, &session, Some("鲁R54321"), "09:10:00");
        assert!(
            !events
                .iter()
                .any(|event| matches!(event, SessionEvent::CollectionRestarted { .. })),
            "{events:?}"
        );
        let state = story.state::<Session>(session.as_str());
        assert_eq!(
            (state.state(), state.next_due()),
            (SessionState::Settled, None)
        );
    }
}

#[test]
fn without_a_plate_nobody_can_be_reminded_and_the_charge_is_given_up() {
    let mut sessions = Sessions::default();
    let (story, _) = send(
        a_bay(),
        &mut sessions,
        at("10:00:00"),
        &[arrived(1, "09:00:00"), left(2, "10:00:00")],
    );
    let session = sessions.0.remove(0);
    let (story, events) = step(story, &session, "2026-03-18T00:00:00+08:00");
    assert!(matches!(
        only(events),
        SessionEvent::FoundUncollectable { .. }
    ));
    let state = story.state::<Session>(session.as_str());
    assert_eq!(
        (state.state(), state.next_due()),
        (SessionState::Uncollectable, None)
    );
}

#[test]
fn a_free_or_short_stay_never_falls_due() {
    let (story, session) = a_stay("09:14:59");
    let state = story.state::<Session>(session.as_str());
    assert_eq!(
        (state.state(), state.next_due()),
        (SessionState::Settled, None)
    );
}

#[test]
fn a_stay_beyond_the_maximum_is_noted_once_and_goes_on() {
    let (story, mut sessions) = arrived_at_nine("09:00:00");
    let session = sessions.0.remove(0);
    let (story, events) = step(story, &session, "2026-03-09T08:59:59+08:00");
    assert!(events.is_empty());
    let (story, events) = step(story, &session, "2026-03-09T09:00:00+08:00");
    assert!(matches!(only(events), SessionEvent::OverstayNoted { .. }));
    let state = story.state::<Session>(session.as_str());
    assert_eq!(
        (state.state(), state.next_due()),
        (SessionState::Open, None)
    );
}

#[test]
fn a_session_that_is_not_there_has_no_timer() {
    a_bay()
        .when(|tx| {
            session::due(
                tx,
                &SessionId::parse("none").unwrap(),
                &CollectionRules::default(),
            )
        })
        .then_refused("SESSION_NOT_FOUND", None);
}
