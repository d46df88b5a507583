//! Readings become sessions: in order, out of order, twice, late, or with a source lost.

use super::super::bay::{Availability, Bay, Timeline};
use super::super::session::{EndCause, SessionState};
use super::*;

#[test]
fn an_arrival_opens_a_session_and_a_departure_charges_it() {
    let (story, mut sessions) = arrived_at_nine("09:00:05");
    let open = session_of(&story, &sessions, 0);
    assert_eq!(open.state(), SessionState::Open);
    assert_eq!(open.arrived_at, at("09:00:00"));
    assert_eq!(story.state::<Bay>("b1").availability, Availability::Taken);

    let (story, _) = send(story, &mut sessions, at("10:00:05"), &[left(2, "10:00:00")]);
    let ended = session_of(&story, &sessions, 0);
    assert_eq!(sessions.0.len(), 1);
    assert_eq!(ended.left_at, Some(at("10:00:00")));
    assert_eq!(ended.outstanding(), fen(450));
    assert_eq!(ended.state(), SessionState::Payable);
    assert_eq!(story.state::<Bay>("b1").availability, Availability::Free);
}

#[test]
fn a_reading_that_is_repeated_changes_nothing() {
    let (story, _) = arrived_at_nine("09:00:05");
    let story = story.when(|tx| watch::ingest(tx, &bay_id(), &[arrived(1, "09:00:00")]));
    assert_eq!(story.value().as_slice(), [Outcome::Repeated]);
    story.then_nothing();
}

#[test]
fn a_sequence_used_for_another_reading_is_not_taken() {
    let (story, _) = arrived_at_nine("09:00:05");
    let story = story.when(|tx| watch::ingest(tx, &bay_id(), &[left(1, "09:00:01")]));
    assert_eq!(story.value().as_slice(), [Outcome::SequenceReused]);
    story.then_nothing();
}

#[test]
fn a_reading_may_be_twelve_hours_late_and_two_minutes_early_no_more() {
    let mut sessions = Sessions::default();
    let now = at("21:00:00");
    let horizon = now - Timeline::HORIZON;
    let seconds = SignedDuration::from_secs;
    let seen = |sequence, when| reading("sensor", sequence, when, Seen::SourceRestored);
    let (story, outcomes) = send(a_bay(), &mut sessions, now, &[seen(1, now)]);
    assert_eq!(outcomes, [Outcome::Accepted]);
    let (_, outcomes) = send(
        story,
        &mut sessions,
        now,
        &[
            seen(2, horizon),
            seen(3, horizon + seconds(1)),
            seen(4, now + seconds(120)),
            seen(5, now + seconds(121)),
        ],
    );
    assert_eq!(
        outcomes,
        [
            Outcome::TooLate,
            Outcome::Accepted,
            Outcome::Accepted,
            Outcome::FromTheFuture
        ]
    );
}

#[test]
fn a_departure_of_yesterday_is_too_late_in_a_bay_where_nothing_came_since() {
    let (story, mut sessions) = arrived_at_nine("09:00:00");
    let next_day = ts("2026-03-03T08:00:00+08:00");
    let (story, outcomes) = send(story, &mut sessions, next_day, &[left(2, "17:00:00")]);
    assert_eq!(outcomes, [Outcome::TooLate]);
    assert_eq!(session_of(&story, &sessions, 0).state(), SessionState::Open);
}

#[test]
fn a_quiet_bay_takes_readings_of_the_last_twelve_hours_and_no_older_ones() {
    let mut sessions = Sessions::default();
    let now = ts("2026-03-05T16:00:00+08:00");
    let horizon = now - Timeline::HORIZON;
    let seen = |sequence, when, seen| reading("sensor", sequence, when, seen);
    let arrival = Seen::Arrived { vehicle: None };
    let yesterday = [
        seen(1, ts("2026-03-04T20:00:00+08:00"), arrival.clone()),
        seen(2, ts("2026-03-04T21:00:00+08:00"), Seen::Left),
    ];
    let (story, outcomes) = send(a_bay(), &mut sessions, now, &yesterday);
    assert_eq!(outcomes, [Outcome::TooLate; 2]);
    let today = [
        seen(3, horizon, arrival.clone()),
        seen(4, horizon + SignedDuration::from_secs(1), arrival),
    ];
    let (story, outcomes) = send(story, &mut sessions, now, &today);
    assert_eq!(outcomes, [Outcome::TooLate, Outcome::Accepted]);
    assert_eq!(sessions.0.len(), 1);
    assert_eq!(
        session_of(&story, &sessions, 0).arrived_at,
        today[1].observed_at
    );
}

#[test]
fn a_departure_that_comes_late_corrects_the_stay_and_what_follows_is_another() {
    let mut sessions = Sessions::default();
    let (story, _) = send(
        a_bay(),
        &mut sessions,
        at("11:00:00"),
        &[arrived(1, "09:00:00"), left(4, "11:00:00")],
    );
    assert_eq!(
        session_of(&story, &sessions, 0).outstanding(),
        fen(450 + 900)
    );
    // The two readings between were delayed: one car left at 09:30, another came at 10:30.
    let (story, _) = send(story, &mut sessions, at("11:05:00"), &[left(2, "09:30:00")]);
    let (story, _) = send(
        story,
        &mut sessions,
        at("11:06:00"),
        &[arrived(3, "10:30:00")],
    );
    assert_eq!(
        session_of(&story, &sessions, 0).left_at,
        Some(at("09:30:00"))
    );
    assert_eq!(session_of(&story, &sessions, 0).outstanding(), fen(150));
    let second = session_of(&story, &sessions, 1);
    assert_eq!(
        (second.arrived_at, second.left_at),
        (at("10:30:00"), Some(at("11:00:00")))
    );
    assert_eq!(second.outstanding(), fen(150));
}

#[test]
fn two_sources_that_see_the_same_car_make_one_session() {
    let mut sessions = Sessions::default();
    let camera = |sequence, clock: &str, seen| reading("camera", sequence, at(clock), seen);
    let readings = [
        arrived(1, "09:00:00"),
        camera(
            7,
            "09:00:20",
            Seen::Arrived {
                vehicle: Some(vehicle("鲁R12345")),
            },
        ),
        camera(8, "09:59:50", Seen::Left),
        left(2, "10:00:00"),
    ];
    let (story, _) = send(a_bay(), &mut sessions, at("10:00:05"), &readings);
    assert_eq!(sessions.0.len(), 1);
    let session = session_of(&story, &sessions, 0);
    assert_eq!(
        session.left_at,
        Some(at("09:59:50")),
        "the first to see the bay empty"
    );
    assert_eq!(session.vehicle(), Some(&vehicle("鲁R12345")));
}

#[test]
fn a_plate_seen_late_is_added_to_the_stay_it_was_seen_in_and_changes_its_price() {
    let mut sessions = Sessions::default();
    let readings = [
        arrived(1, "09:00:00"),
        left(2, "10:00:00"),
        arrived(3, "10:10:00"),
    ];
    let (story, _) = send(a_bay(), &mut sessions, at("10:10:05"), &readings);
    let late = reading(
        "camera",
        1,
        at("09:30:00"),
        Seen::Plate {
            vehicle: large("鲁R12345"),
        },
    );
    let (story, _) = send(story, &mut sessions, at("12:00:00"), &[late]);
    let first = session_of(&story, &sessions, 0);
    assert_eq!(first.vehicle(), Some(&large("鲁R12345")));
    assert_eq!(first.outstanding(), fen(900), "a large vehicle pays double");
    assert_eq!(session_of(&story, &sessions, 1).vehicle(), None);
}

#[test]
fn a_plate_seen_between_stays_belongs_to_the_nearest_within_two_minutes() {
    for (clock, owner) in [
        ("09:58:00", Some(0)),
        ("10:02:00", Some(0)),
        ("10:02:01", None),
        ("10:08:00", Some(1)),
    ] {
        let mut sessions = Sessions::default();
        let readings = [
            arrived(1, "09:00:00"),
            left(2, "10:00:00"),
            arrived(3, "10:10:00"),
            plate(1, clock, "鲁R12345"),
        ];
        let (story, _) = send(a_bay(), &mut sessions, at("10:10:05"), &readings);
        for index in 0..2 {
            let known = session_of(&story, &sessions, index).vehicle().is_some();
            assert_eq!(known, owner == Some(index), "{clock} {index}");
        }
    }
}

#[test]
fn a_warden_is_believed_before_a_camera() {
    let mut sessions = Sessions::default();
    let warden = reading(
        "handheld",
        1,
        at("09:10:00"),
        Seen::Plate {
            vehicle: vehicle("鲁R54321"),
        },
    );
    let readings = [
        arrived(1, "09:00:00"),
        warden,
        plate(1, "09:20:00", "鲁R12345"),
    ];
    let (story, _) = send(a_bay(), &mut sessions, at("09:21:00"), &readings);
    assert_eq!(
        session_of(&story, &sessions, 0).vehicle(),
        Some(&vehicle("鲁R54321"))
    );
}

/// A car that came at nine and left at ten, of which these plates were read.
fn read_as(plates: &[Reading]) -> Session {
    let mut sessions = Sessions::default();
    let mut readings = vec![arrived(1, "09:00:00"), left(2, "10:00:00")];
    readings.extend(plates.iter().cloned());
    let (story, outcomes) = send(a_bay(), &mut sessions, at("10:00:05"), &readings);
    assert_eq!(outcomes, vec![Outcome::Accepted; readings.len()]);
    session_of(&story, &sessions, 0)
}

/// Whether an officer is told that the readings disagree.
fn is_in_doubt(session: &Session) -> bool {
    let sighting = session.sighting.as_ref();
    sighting.is_some_and(|sighting| sighting.contradicted)
}

#[test]
fn a_plate_read_once_late_in_a_stay_does_not_take_it_from_the_one_read_before() {
    let first = plate(1, "09:01:00", "鲁R12345");
    let session = read_as(std::slice::from_ref(&first));
    assert!(!is_in_doubt(&session));
    let session = read_as(&[first, plate(2, "09:59:00", "鲁R12346")]);
    assert_eq!(session.vehicle(), Some(&vehicle("鲁R12345")));
    assert!(is_in_doubt(&session));
}

#[test]
fn a_plate_read_twice_is_believed_before_one_that_was_read_once() {
    let session = read_as(&[
        plate(1, "09:01:00", "鲁R12346"),
        plate(2, "09:30:00", "鲁R12345"),
        plate(3, "09:40:00", "鲁R12345"),
    ]);
    assert_eq!(session.vehicle(), Some(&vehicle("鲁R12345")));
}

#[test]
fn of_two_plates_read_twice_the_first_keeps_the_stay_whatever_order_the_readings_come_in() {
    let [a, b, c, d] = [
        plate(1, "09:01:00", "鲁R12345"),
        plate(2, "09:10:00", "鲁R12345"),
        plate(3, "09:50:00", "鲁R12346"),
        plate(4, "09:55:00", "鲁R12346"),
    ];
    for order in [
        [&a, &b, &c, &d],
        [&d, &c, &b, &a],
        [&c, &a, &d, &b],
        [&b, &d, &a, &c],
    ] {
        let session = read_as(&order.map(Clone::clone));
        assert_eq!(session.vehicle(), Some(&vehicle("鲁R12345")), "{order:?}");
    }
}

#[test]
fn a_warden_ends_the_doubt_and_corrects_what_a_warden_has_entered() {
    let entered = |sequence, clock: &str, plate: &str| {
        let vehicle = vehicle(plate);
        reading("handheld", sequence, at(clock), Seen::Plate { vehicle })
    };
    let session = read_as(&[
        plate(1, "09:01:00", "鲁R12345"),
        plate(2, "09:10:00", "鲁R12345"),
        entered(1, "09:20:00", "鲁R12348"),
        entered(2, "09:21:00", "鲁R12346"),
    ]);
    assert_eq!(session.vehicle(), Some(&vehicle("鲁R12346")));
    assert!(!is_in_doubt(&session));
}

/// A car that stands there since nine, read so often on the first day as this plate and on the second as that one.
fn read_over_two_days(first: (usize, &str), second: (usize, &str)) -> Session {
    let mut sessions = Sessions::default();
    let read = |from: Timestamp, (count, plate): (usize, &str)| -> Vec<Reading> {
        let seen = Seen::Plate {
            vehicle: vehicle(plate),
        };
        (1..=i64::try_from(count).unwrap())
            .map(|minute| {
                let when = from + minutes(minute);
                let sequence = when.as_second().unsigned_abs();
                reading("camera", sequence, when, seen.clone())
            })
            .collect()
    };
    let mut readings = vec![arrived(1, "09:00:00")];
    readings.extend(read(at("09:00:00"), first));
    let (story, _) = send(a_bay(), &mut sessions, at("09:30:00"), &readings);
    let next_day = ts("2026-03-03T08:00:00+08:00");
    let (mut story, mut outcomes) = (story, Vec::new());
    // One by one: each is weighed against what is left of the first day.
    for reading in read(next_day, second) {
        let now = reading.observed_at;
        let (next, taken) = send(story, &mut sessions, now, &[reading]);
        story = next;
        outcomes.extend(taken);
    }
    assert_eq!(outcomes, vec![Outcome::Accepted; second.0]);
    session_of(&story, &sessions, 0)
}

#[test]
fn what_was_read_longer_ago_than_readings_are_kept_still_weighs() {
    let (own, other) = ("鲁R12345", "鲁R12346");
    for (first, second, expected) in [
        ((2, own), (2, other), own),
        ((1, own), (1, other), own),
        ((1, own), (2, other), other),
    ] {
        let session = read_over_two_days(first, second);
        assert_eq!(
            session.vehicle(),
            Some(&vehicle(expected)),
            "{first:?} {second:?}"
        );
    }
    // Read once on either day is read twice.
    let session = read_over_two_days((1, own), (1, own));
    let sighting = session.sighting.unwrap();
    assert!(sighting.confirmed && !sighting.contradicted);
    assert_eq!(sighting.at, at("09:01:00"));
}

#[test]
fn while_a_source_is_lost_the_bay_is_unknown_and_nobody_pays_for_time_in_which_nobody_saw_him() {
    let mut sessions = Sessions::default();
    let lost = reading("sensor", 2, at("09:31:00"), Seen::SourceLost);
    let (story, _) = send(
        a_bay(),
        &mut sessions,
        at("09:31:01"),
        &[arrived(1, "09:00:00"), lost],
    );
    assert_eq!(story.state::<Bay>("b1").availability, Availability::Unknown);
    assert_eq!(session_of(&story, &sessions, 0).state(), SessionState::Open);
    let (story, _) = send(story, &mut sessions, at("12:00:00"), &[left(3, "12:00:00")]);
    let session = session_of(&story, &sessions, 0);
    assert_eq!(
        session.left_at,
        Some(at("09:31:00")),
        "the sensor knows only that it is gone"
    );
    assert_eq!(session.outstanding(), fen(150));
    assert_eq!(story.state::<Bay>("b1").availability, Availability::Free);
}

#[test]
fn a_warden_who_sees_the_car_while_the_sensor_is_lost_proves_its_stay() {
    let mut sessions = Sessions::default();
    let readings = [
        arrived(1, "09:00:00"),
        reading("sensor", 2, at("09:31:00"), Seen::SourceLost),
        reading(
            "handheld",
            1,
            at("11:30:00"),
            Seen::Plate {
                vehicle: vehicle("鲁R12345"),
            },
        ),
        left(3, "12:00:00"),
    ];
    let (story, _) = send(a_bay(), &mut sessions, at("12:00:00"), &readings);
    assert_eq!(
        session_of(&story, &sessions, 0).left_at,
        Some(at("12:00:00"))
    );
}

#[test]
fn a_full_timeline_settles_its_oldest_readings_and_keeps_what_it_knew() {
    let mut sessions = Sessions::default();
    let (mut story, _) = send(
        a_bay(),
        &mut sessions,
        at("09:00:01"),
        &[arrived(1, "09:00:00")],
    );
    for chunk in 0..4_i64 {
        let readings: Vec<Reading> = (0..50_i64)
            .map(|second| {
                let when = at("09:10:00") + SignedDuration::from_secs(chunk * 50 + second);
                let sequence = u64::try_from(chunk * 50 + second).unwrap();
                reading(
                    "camera",
                    sequence,
                    when,
                    Seen::Plate {
                        vehicle: vehicle("鲁R12345"),
                    },
                )
            })
            .collect();
        (story, _) = send(story, &mut sessions, at("09:20:00"), &readings);
    }
    let (story, outcomes) = send(
        story,
        &mut sessions,
        at("10:00:00"),
        &[left(2, "10:00:00"), left(3, "09:05:00")],
    );
    assert_eq!(
        outcomes,
        [Outcome::Accepted, Outcome::TooLate],
        "settled early, because the timeline is bounded"
    );
    assert_eq!(sessions.0.len(), 1);
    assert_eq!(session_of(&story, &sessions, 0).outstanding(), fen(450));
    assert_eq!(
        session_of(&story, &sessions, 0).vehicle(),
        Some(&vehicle("鲁R12345"))
    );
}

/// A camera that sees a vehicle every second from 10:30 on.
fn seen_by_camera(count: i64) -> Vec<Reading> {
    let plate = |second: i64| {
        let vehicle = vehicle("鲁R12345");
        let when = at("10:30:00") + SignedDuration::from_secs(second);
        let sequence = u64::try_from(second).unwrap();
        reading("camera", sequence, when, Seen::Plate { vehicle })
    };
    (0..count).map(plate).collect()
}

/// Sends readings at 10:45, as many at a time as a command takes.
fn send_all(mut story: Scenario, sessions: &mut Sessions, readings: &[Reading]) -> Scenario {
    for piece in readings.chunks(watch::MAX_READINGS) {
        let (next, outcomes) = send(story, sessions, at("10:45:00"), piece);
        assert_eq!(outcomes, vec![Outcome::Accepted; piece.len()]);
        story = next;
    }
    story
}

#[test]
fn a_reading_that_a_full_timeline_settles_within_its_own_command_is_told_before() {
    let mut sessions = Sessions::default();
    let mut readings = vec![arrived(1, "09:00:00")];
    readings.extend(seen_by_camera(127));
    assert_eq!(readings.len(), Timeline::MAX_READINGS);
    let story = send_all(a_bay(), &mut sessions, &readings);
    // The departure takes the arrival's place as the oldest, and the plate takes its.
    let (story, outcomes) = send(
        story,
        &mut sessions,
        at("11:00:00"),
        &[left(2, "09:30:00"), plate(200, "10:59:00", "鲁R12345")],
    );
    assert_eq!(outcomes, [Outcome::Accepted; 2]);
    let session = session_of(&story, &sessions, 0);
    assert_eq!(session.left_at, Some(at("09:30:00")));
    assert_eq!(session.outstanding(), fen(150));
    assert_eq!(story.state::<Bay>("b1").availability, Availability::Free);
}

#[test]
fn a_command_that_settles_more_than_once_begins_a_session_for_each_stay() {
    let mut sessions = Sessions::default();
    let restored =
        |sequence, clock: &str| reading("sensor", sequence, at(clock), Seen::SourceRestored);
    let mut readings = vec![restored(1, "08:40:00")];
    readings.extend(seen_by_camera(126));
    let story = send_all(a_bay(), &mut sessions, &readings);
    // From the third on, each leaves no room for one before it. The stay from 10:00 is told first, then found to have begun
    // at 09:15, then to have been two.
    let (story, outcomes) = send(
        story,
        &mut sessions,
        at("11:00:00"),
        &[
            restored(2, "09:00:00"),
            arrived(3, "10:00:00"),
            arrived(4, "09:15:00"),
            left(5, "09:45:00"),
        ],
    );
    assert_eq!(outcomes, [Outcome::Accepted; 4]);
    let mut stays: Vec<_> = (0..sessions.0.len())
        .map(|index| session_of(&story, &sessions, index))
        .map(|session| (session.arrived_at, session.left_at, session.void))
        .collect();
    stays.sort();
    assert_eq!(
        stays,
        [
            (at("09:15:00"), Some(at("09:45:00")), false),
            (at("10:00:00"), None, false)
        ]
    );
}

#[test]
fn a_stay_whose_end_is_told_by_a_source_that_was_long_lost_is_charged_once() {
    let mut sessions = Sessions::default();
    let lost = reading("sensor", 2, at("09:31:00"), Seen::SourceLost);
    let (story, _) = send(
        a_bay(),
        &mut sessions,
        at("09:31:01"),
        &[arrived(1, "09:00:00"), lost],
    );
    // It ended before what is still open to change, and follows from a reading that is.
    let (story, _) = send(story, &mut sessions, at("22:00:00"), &[left(3, "22:00:00")]);
    let (story, _) = send(
        story,
        &mut sessions,
        at("22:30:00"),
        &[arrived(4, "22:30:00")],
    );
    assert_eq!(sessions.0.len(), 2);
    let first = session_of(&story, &sessions, 0);
    assert_eq!(first.left_at, Some(at("09:31:00")));
    assert_eq!(session_of(&story, &sessions, 1).arrived_at, at("22:30:00"));
}

#[test]
fn a_stay_longer_than_the_horizon_keeps_its_arrival_and_its_vehicle() {
    let mut sessions = Sessions::default();
    let readings = [arrived(1, "09:00:00"), plate(1, "09:01:00", "鲁R12345")];
    let (story, _) = send(a_bay(), &mut sessions, at("09:01:01"), &readings);
    let next_day = |clock: &str| ts(&format!("2026-03-03T{clock}+08:00"));
    let noise = reading("sensor", 5, next_day("08:00:00"), Seen::SourceRestored);
    let (story, _) = send(story, &mut sessions, next_day("08:00:00"), &[noise]);
    let gone = reading("sensor", 6, next_day("09:00:00"), Seen::Left);
    let (story, _) = send(story, &mut sessions, next_day("09:00:00"), &[gone]);
    let session = session_of(&story, &sessions, 0);
    assert_eq!(sessions.0.len(), 1);
    assert_eq!(
        (session.arrived_at, session.left_at),
        (at("09:00:00"), Some(next_day("09:00:00")))
    );
    assert_eq!(session.vehicle(), Some(&vehicle("鲁R12345")));
    assert_eq!(session.outstanding(), fen(6_000));
}

#[test]
fn a_stay_of_no_length_is_no_stay() {
    let mut sessions = Sessions::default();
    let other = reading(
        "handheld",
        1,
        at("09:00:00"),
        Seen::Arrived { vehicle: None },
    );
    let (story, _) = send(
        a_bay(),
        &mut sessions,
        at("09:30:00"),
        &[left(1, "09:00:00"), other, left(2, "09:30:00")],
    );
    let session = session_of(&story, &sessions, 0);
    assert_eq!(
        (session.arrived_at, session.left_at),
        (at("09:00:00"), Some(at("09:30:00")))
    );
    let ended = story
        .when(|tx| watch::ingest(tx, &bay_id(), &[left(3, "09:20:00")]))
        .events::<Session>(sessions.0[0].as_str());
    assert!(ended.contains(&SessionEvent::SessionEnded {
        place: story_place(),
        arrived_at: at("09:00:00"),
        left_at: at("09:20:00"),
        cause: EndCause::VehicleLeft,
    }));
}
