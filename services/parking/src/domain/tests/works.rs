//! Road occupations close the bays they touch, for their hours, until the road is given back (Road Traffic Safety Law art. 32).

use super::super::bay::{Availability, Bay, BayEvent, ClosureSchedule, DailyHours, IllegalGround};
use super::super::geometry::{ClosedSegment, Side};
use super::super::session::{EndCause, SessionState};
use super::super::works::{self, Notice, Occupation, OccupationEvent, Works};
use super::*;
use chassis::domain::Aggregate;
use jiff::civil::time;

fn segment() -> ClosedSegment {
    let west = Position::new(35.24, 115.469).unwrap();
    let east = Position::new(35.24, 115.471).unwrap();
    ClosedSegment::new(vec![west, east], Side::Both, 10.0).unwrap()
}

fn works_at(from: &str, until: &str, daily: Option<DailyHours>) -> Works {
    Works {
        segments: vec![segment()],
        schedule: ClosureSchedule::new(at(from), at(until), daily).unwrap(),
    }
}

fn hear(story: Scenario, name: &str, revision: u64, notice: Notice) -> Scenario {
    let id = occupation(name);
    story
        .when(|tx| {
            works::take_note(tx, &id, revision, notice)?;
            works::align(tx, &id, &[bay_id()])
        })
        .and()
}

fn tick(story: Scenario, clock: &str) -> Scenario {
    story
        .later(&at(clock).to_string())
        .when(|tx| watch::due(tx, &bay_id()))
        .and()
}

fn availability(story: &Scenario) -> Availability {
    story.state::<Bay>("b1").availability
}

#[test]
fn a_bay_is_closed_from_the_first_second_of_the_works() {
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(works_at("10:00:00", "12:00:00", None)),
    );
    assert_eq!(availability(&story), Availability::Free);
    assert_eq!(story.state::<Bay>("b1").next_due(), Some(at("10:00:00")));
    let story = tick(story, "09:59:59");
    assert_eq!(availability(&story), Availability::Free);
    let story = tick(story, "10:00:00");
    assert_eq!(availability(&story), Availability::Closed);
}

#[test]
fn it_stays_closed_after_the_planned_end_until_the_road_is_given_back_art_32_2() {
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(works_at("10:00:00", "12:00:00", None)),
    );
    let story = tick(tick(story, "10:00:00"), "13:00:00");
    assert_eq!(availability(&story), Availability::Closed);
    let story = hear(story, "p1", 2, Notice::Ended);
    assert_eq!(availability(&story), Availability::Free);
    assert_eq!(story.state::<Bay>("b1").next_due(), None);
}

/// From ten to eleven each day, until this hour of the first day.
fn an_hour_a_day_until(until: &str) -> Works {
    let hours = DailyHours {
        from: time(10, 0, 0, 0),
        until: time(11, 0, 0, 0),
    };
    works_at("08:30:00", until, Some(hours))
}

#[test]
fn works_over_time_take_the_bay_round_the_clock_until_the_road_is_given_back_art_32_2() {
    let granted = Notice::Granted(an_hour_a_day_until("20:00:00"));
    let story = tick(
        tick(hear(a_bay(), "p1", 1, granted), "10:00:00"),
        "11:00:00",
    );
    assert_eq!(availability(&story), Availability::Free);
    let over_time = story.later(&at("20:00:05").to_string());
    let story = hear(over_time, "p1", 2, Notice::Overdue);
    assert_eq!(availability(&story), Availability::Closed);
    assert_eq!(
        story.state::<Bay>("b1").next_due(),
        None,
        "nobody knows until when"
    );
    let story = story
        .later("2026-06-01T12:00:00+08:00")
        .when(|tx| watch::due(tx, &bay_id()))
        .and();
    assert_eq!(availability(&story), Availability::Closed);
    let story = hear(story, "p1", 3, Notice::Ended);
    assert_eq!(availability(&story), Availability::Free);
}

#[test]
fn works_that_are_given_more_time_are_overdue_no_longer_whatever_the_order() {
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut story = a_bay().later(&at("20:30:00").to_string());
        for which in order {
            story = match which {
                0 => {
                    let granted = Notice::Granted(an_hour_a_day_until("20:00:00"));
                    hear(story, "p1", 1, granted)
                }
                1 => hear(story, "p1", 2, Notice::Overdue),
                _ => {
                    let more = Notice::Amended(an_hour_a_day_until("23:00:00"));
                    hear(story, "p1", 3, more)
                }
            };
        }
        assert_eq!(availability(&story), Availability::Free, "{order:?}");
        let next = story.state::<Bay>("b1").next_due();
        let tomorrow = ts("2026-03-03T10:00:00+08:00");
        assert_eq!(next, Some(tomorrow), "{order:?}");
        let over_time = story.later(&at("23:00:05").to_string());
        let story = hear(over_time, "p1", 4, Notice::Overdue);
        assert_eq!(availability(&story), Availability::Closed, "{order:?}");
    }
}

#[test]
fn what_is_changed_on_bays_for_an_occupation_is_recorded_on_it_too_so_that_its_guard_holds() {
    let id = occupation("p1");
    let aligned = |outcome: &chassis::testing::Outcome<()>| -> Vec<BayId> {
        let events = outcome.events::<Occupation>("p1");
        events
            .into_iter()
            .filter_map(|event| match event {
                OccupationEvent::BaysAligned { bays } => Some(bays),
                OccupationEvent::OccupationNoticed { .. } => None,
            })
            .flatten()
            .collect()
    };
    let granted = Notice::Granted(works_at("08:00:00", "12:00:00", None));
    let story = a_bay()
        .when(|tx| works::take_note(tx, &id, 1, granted))
        .and();
    let bays = [bay_id(), BayId::parse("nowhere").unwrap()];
    let closed = story.when(|tx| works::align(tx, &id, &bays));
    assert_eq!(aligned(&closed), [bay_id()], "the one that was changed");
    let story = closed
        .and()
        .when(|tx| works::align(tx, &id, &bays))
        .then_nothing();
    // A bay that is marked under the works, and one that is moved away from them.
    let other = BayId::parse("b2").unwrap();
    let marked = story.when(|tx| {
        let marking = marking(BayKind::Standard);
        marking::mark(tx, &other, marking, std::slice::from_ref(&id))
    });
    assert_eq!(aligned(&marked), [other]);
    let moved = Marking {
        position: Position::new(35.2418, 115.47).unwrap(),
        ..marking(BayKind::Standard)
    };
    let freed = marked
        .and()
        .when(|tx| marking::change(tx, &bay_id(), moved, &[]));
    assert_eq!(aligned(&freed), [bay_id()]);
}

#[test]
fn daily_hours_close_and_free_the_bay_by_the_clock_even_if_the_timer_was_late() {
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(an_hour_a_day_until("20:00:00")),
    );
    let outcome = story
        .later("2026-03-03T10:30:00+08:00")
        .when(|tx| watch::due(tx, &bay_id()));
    let changes: Vec<(bool, Timestamp)> = outcome
        .events::<Bay>("b1")
        .into_iter()
        .filter_map(|event| match event {
            BayEvent::BayClosed { since, .. } => Some((true, since)),
            BayEvent::BayReopened { since, .. } => Some((false, since)),
            _ => None,
        })
        .collect();
    assert_eq!(
        changes,
        [
            (true, at("10:00:00")),
            (false, at("11:00:00")),
            (true, ts("2026-03-03T10:00:00+08:00"))
        ]
    );
    assert_eq!(
        outcome.and().state::<Bay>("b1").next_due(),
        Some(ts("2026-03-03T11:00:00+08:00"))
    );
}

#[test]
fn approval_and_end_give_the_same_in_both_orders_and_repeated() {
    let granted = || Notice::Granted(works_at("08:00:00", "12:00:00", None));
    let closed = hear(a_bay(), "p1", 3, granted());
    assert_eq!(availability(&closed), Availability::Closed);
    let in_order = hear(closed, "p1", 5, Notice::Ended);
    let reversed = hear(hear(a_bay(), "p1", 5, Notice::Ended), "p1", 3, granted());
    assert_eq!(
        in_order.state::<Occupation>("p1"),
        reversed.state::<Occupation>("p1")
    );
    assert_eq!(availability(&in_order), Availability::Free);
    assert_eq!(availability(&reversed), Availability::Free);
    let id = occupation("p1");
    in_order
        .when(|tx| {
            works::take_note(tx, &id, 3, granted())?;
            works::take_note(tx, &id, 5, Notice::Ended)?;
            works::align(tx, &id, &[bay_id()])
        })
        .then_nothing();
}

#[test]
fn a_suspended_permit_frees_its_bays_and_a_resumed_one_closes_them_again_whatever_the_order() {
    let granted = || Notice::Granted(works_at("08:00:00", "12:00:00", None));
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut story = a_bay();
        for which in order {
            story = match which {
                0 => hear(story, "p1", 1, granted()),
                1 => hear(story, "p1", 2, Notice::Suspended),
                _ => hear(story, "p1", 3, Notice::Resumed),
            };
        }
        assert_eq!(availability(&story), Availability::Closed, "{order:?}");
        let story = hear(story, "p1", 4, Notice::Suspended);
        assert_eq!(availability(&story), Availability::Free, "{order:?}");
    }
}

#[test]
fn an_amendment_that_moves_away_frees_the_bay_and_does_not_revive_an_ended_permit() {
    let granted = Notice::Granted(works_at("08:00:00", "12:00:00", None));
    let elsewhere = || {
        let mut works = works_at("08:00:00", "12:00:00", None);
        let west = Position::new(35.25, 115.469).unwrap();
        let east = Position::new(35.25, 115.471).unwrap();
        works.segments = vec![ClosedSegment::new(vec![west, east], Side::Both, 10.0).unwrap()];
        works
    };
    let story = hear(
        hear(a_bay(), "p1", 1, granted),
        "p1",
        2,
        Notice::Amended(elsewhere()),
    );
    assert_eq!(availability(&story), Availability::Free);
    let story = hear(story, "p1", 3, Notice::Ended);
    let back = Notice::Amended(works_at("08:00:00", "12:00:00", None));
    assert_eq!(
        availability(&hear(story, "p1", 4, back)),
        Availability::Free
    );
}

#[test]
fn several_occupations_may_overlap_on_one_bay_and_the_last_one_frees_it() {
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(works_at("08:00:00", "12:00:00", None)),
    );
    let story = hear(
        story,
        "p2",
        1,
        Notice::Granted(works_at("08:00:00", "14:00:00", None)),
    );
    let story = hear(story, "p1", 2, Notice::Ended);
    assert_eq!(availability(&story), Availability::Closed);
    let bay = story.state::<Bay>("b1");
    assert_eq!(
        watch::closing_occupations(&bay, at("09:00:00")),
        [occupation("p2")]
    );
    let story = hear(story, "p2", 2, Notice::Ended);
    assert_eq!(availability(&story), Availability::Free);
}

#[test]
fn a_bay_takes_32_occupations_and_no_more() {
    let mut story = a_bay();
    for number in 0..32 {
        story = hear(
            story,
            &format!("p{number}"),
            1,
            Notice::Granted(works_at("10:00:00", "12:00:00", None)),
        );
    }
    let id = occupation("p32");
    story
        .when(|tx| {
            works::take_note(
                tx,
                &id,
                1,
                Notice::Granted(works_at("10:00:00", "12:00:00", None)),
            )?;
            works::align(tx, &id, &[bay_id()])
        })
        .then_refused("TOO_MANY_SUSPENSIONS", None);
}

#[test]
fn a_bay_out_of_reach_is_not_touched() {
    let mut works = works_at("08:00:00", "12:00:00", None);
    let west = Position::new(35.2402, 115.469).unwrap();
    let east = Position::new(35.2402, 115.471).unwrap();
    works.segments = vec![ClosedSegment::new(vec![west, east], Side::Both, 10.0).unwrap()];
    let id = occupation("p1");
    let bays = a_bay().when(|tx| {
        works::take_note(tx, &id, 1, Notice::Granted(works))?;
        works::align(tx, &id, &[bay_id(), BayId::parse("nowhere").unwrap()])
    });
    assert!(bays.events::<Bay>("b1").is_empty(), "22 m away");
}

#[test]
fn a_bay_marked_within_running_works_is_closed_at_once() {
    let id = occupation("p1");
    let bay = BayId::parse("b2").unwrap();
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(works_at("08:00:00", "12:00:00", None)),
    )
    .when(|tx| {
        marking::mark(
            tx,
            &bay,
            marking(BayKind::Standard),
            std::slice::from_ref(&id),
        )
    })
    .and();
    assert_eq!(story.state::<Bay>("b2").availability, Availability::Closed);
}

#[test]
fn a_bay_that_was_retired_within_works_is_free_when_it_is_marked_again_after_them() {
    let bay = bay_id();
    let granted = Notice::Granted(works_at("08:00:00", "12:00:00", None));
    let story = hear(a_bay(), "p1", 1, granted)
        .when(|tx| marking::retire(tx, &bay))
        .and();
    let story = hear(story, "p1", 2, Notice::Ended)
        .when(|tx| marking::mark(tx, &bay, marking(BayKind::Standard), &[]))
        .and();
    assert_eq!(availability(&story), Availability::Free);
    let bay = story.state::<Bay>("b1");
    let closed_by = watch::closing_occupations(&bay, at("08:00:00"));
    assert!(closed_by.is_empty(), "{closed_by:?}");
    assert_eq!(bay.next_due(), None);
}

#[test]
fn a_bay_that_is_moved_away_from_works_is_freed() {
    let granted = Notice::Granted(works_at("08:00:00", "12:00:00", None));
    let story = hear(a_bay(), "p1", 1, granted);
    assert_eq!(availability(&story), Availability::Closed);
    // 200 m to the north.
    let moved = Marking {
        position: Position::new(35.2418, 115.47).unwrap(),
        ..marking(BayKind::Standard)
    };
    let story = story
        .when(|tx| marking::change(tx, &bay_id(), moved, &[]))
        .and();
    assert_eq!(availability(&story), Availability::Free);
}

#[test]
fn a_bay_that_is_moved_within_the_same_works_stays_closed() {
    let id = occupation("p1");
    let granted = Notice::Granted(works_at("08:00:00", "12:00:00", None));
    let moved = Marking {
        position: Position::new(35.24, 115.4701).unwrap(),
        ..marking(BayKind::Standard)
    };
    let changed = hear(a_bay(), "p1", 1, granted)
        .when(|tx| marking::change(tx, &bay_id(), moved, std::slice::from_ref(&id)));
    let events = changed.events::<Bay>("b1");
    assert!(
        matches!(events.as_slice(), [BayEvent::BayChanged { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_car_that_stands_there_pays_until_the_bay_closes_and_again_after_it_reopens() {
    let mut sessions = Sessions::default();
    let readings = [arrived(1, "09:00:00"), plate(1, "09:01:00", "鲁R12345")];
    let (story, _) = send(a_bay(), &mut sessions, at("09:01:00"), &readings);
    let story = hear(
        story,
        "p1",
        1,
        Notice::Granted(works_at("10:00:00", "12:00:00", None)),
    );
    let outcome = story
        .later(&at("10:00:00").to_string())
        .when(|tx| watch::due(tx, &bay_id()));
    let ended = outcome.events::<Session>(sessions.0[0].as_str());
    assert!(
        matches!(ended[0], SessionEvent::SessionEnded { cause: EndCause::BayClosed, left_at, .. } if left_at == at("10:00:00")),
        "{ended:?}"
    );
    let story = outcome.and();
    assert_eq!(session_of(&story, &sessions, 0).outstanding(), fen(450));

    let story = hear(
        story.later(&at("12:00:00").to_string()),
        "p1",
        2,
        Notice::Ended,
    );
    let tracked = story.state::<Bay>("b1").tracked;
    let second = story.state::<Session>(tracked.last().unwrap().session.as_str());
    assert_eq!(
        (second.arrived_at, second.state()),
        (at("12:00:00"), SessionState::Open)
    );
    assert_eq!(availability(&story), Availability::Taken);

    let (story, _) = send(story, &mut sessions, at("12:30:00"), &[left(2, "12:30:00")]);
    let total: u64 = story
        .state::<Bay>("b1")
        .tracked
        .iter()
        .map(|tracked| {
            story
                .state::<Session>(tracked.session.as_str())
                .due_amount()
                .get()
        })
        .sum();
    assert_eq!(
        total,
        450 + 150,
        "an hour before, half an hour after, nothing between"
    );
}

#[test]
fn a_closing_that_only_a_known_reading_meets_ends_the_session_all_the_same() {
    let mut sessions = Sessions::default();
    let known = [arrived(1, "09:00:00")];
    let (story, _) = send(a_bay(), &mut sessions, at("09:00:00"), &known);
    let story = hear(
        story,
        "p1",
        1,
        Notice::Granted(works_at("10:00:00", "12:00:00", None)),
    );
    let (story, outcomes) = send(story, &mut sessions, at("10:00:00"), &known);
    assert_eq!(outcomes, [Outcome::Repeated]);
    let session = session_of(&story, &sessions, 0);
    assert_eq!(session.left_at, Some(at("10:00:00")));
    assert_eq!(session.outstanding(), fen(450));
    assert_eq!(availability(&story), Availability::Closed);
}

#[test]
fn a_car_that_stands_on_for_a_day_after_a_closing_pays_for_the_time_before_it_once() {
    let (story, mut sessions) = arrived_at_nine("09:00:00");
    let story = hear(
        story,
        "p1",
        1,
        Notice::Granted(works_at("10:00:00", "12:00:00", None)),
    );
    let story = tick(story, "10:00:00");
    let story = hear(
        story.later(&at("12:00:00").to_string()),
        "p1",
        2,
        Notice::Ended,
    );
    let next_day = ts("2026-03-03T08:00:00+08:00");
    let sign_of_life = reading("sensor", 2, next_day, Seen::SourceRestored);
    let (story, _) = send(story, &mut sessions, next_day, &[sign_of_life]);
    assert_eq!(sessions.0.len(), 1, "the next day begins none");
    let stays: Vec<_> = story
        .state::<Bay>("b1")
        .tracked
        .iter()
        .map(|tracked| (tracked.arrived_at, tracked.left_at))
        .collect();
    assert_eq!(
        stays,
        [
            (at("09:00:00"), Some(at("10:00:00"))),
            (at("12:00:00"), None)
        ]
    );
}

#[test]
fn a_car_that_comes_while_the_bay_is_closed_opens_no_session_and_is_reported() {
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(works_at("08:00:00", "12:00:00", None)),
    );
    let outcome = story.later(&at("09:05:00").to_string()).when(|tx| {
        watch::ingest(
            tx,
            &bay_id(),
            &[arrived(1, "09:00:00"), plate(1, "09:01:00", "鲁R12345")],
        )
    });
    let events = outcome.events::<Bay>("b1");
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, BayEvent::SessionTracked { .. })),
        "{events:?}"
    );
    let reported: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            BayEvent::IllegalParkingSeen {
                ground,
                occupations,
                observed_at,
                ..
            } => Some((*ground, occupations.clone(), *observed_at)),
            _ => None,
        })
        .collect();
    assert_eq!(
        reported,
        [(
            IllegalGround::Closed,
            vec![occupation("p1")],
            at("09:01:00")
        )]
    );
}

#[test]
fn a_timer_that_closes_late_takes_back_a_session_that_began_after_the_closing() {
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(works_at("10:00:00", "12:00:00", None)),
    );
    let mut sessions = Sessions::default();
    // The camera's clock: seen at 10:01, told at once, though the timer has not run. The reading itself closes the bay first.
    let (story, outcomes) = send(
        story,
        &mut sessions,
        at("10:01:00"),
        &[arrived(1, "10:01:00")],
    );
    assert_eq!(outcomes, [Outcome::Accepted]);
    assert!(sessions.0.is_empty(), "no session in a closed bay");
    assert_eq!(availability(&story), Availability::Closed);
}

#[test]
fn a_source_ahead_of_the_clock_meets_the_closing_and_its_session_is_void() {
    let story = hear(
        a_bay(),
        "p1",
        1,
        Notice::Granted(works_at("10:00:00", "12:00:00", None)),
    );
    let mut sessions = Sessions::default();
    let (story, _) = send(
        story,
        &mut sessions,
        at("09:59:30"),
        &[arrived(1, "10:00:30")],
    );
    assert_eq!(sessions.0.len(), 1);
    let story = tick(story, "10:00:00");
    assert_eq!(session_of(&story, &sessions, 0).state(), SessionState::Void);
    story
        .when(|tx| {
            super::super::session::waive(
                tx,
                &sessions.0[0],
                super::super::session::WaiveGround::Mistake,
            )
        })
        .then_refused("SESSION_VOID", None);
}
