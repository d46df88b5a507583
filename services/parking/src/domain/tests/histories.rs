//! Whatever the order and repetition in which readings come: what is charged is what a plain calculation says.

use super::super::bay::{Bay, ClosureSchedule, Sighting, Timeline};
use super::super::rates::RateTable;
use super::super::session::Session;
use super::*;
use proptest::prelude::*;

#[test]
fn what_was_recorded_by_an_older_version_is_still_read() {
    let schedule: ClosureSchedule = serde_json::from_str(
        r#"{"from":"2026-03-02T00:00:00Z","planned_until":"2026-03-02T12:00:00Z","daily":null}"#,
    )
    .unwrap();
    let expected = ClosureSchedule::new(at("08:00:00"), at("20:00:00"), None);
    assert_eq!(Some(schedule), expected);

    let identified: SessionEvent = serde_json::from_str(
        r#"{"vehicle_identified":{"sighting":{"by":"Camera","at":1772413260000000,
            "vehicle":{"plate":"鲁R12345","class":"Small"}}}}"#,
    )
    .unwrap();
    let sighting = Sighting {
        by: SourceKind::Camera,
        at: at("09:01:00"),
        vehicle: vehicle("鲁R12345"),
        confirmed: false,
        contradicted: false,
    };
    let expected = SessionEvent::VehicleIdentified {
        sighting: Some(sighting),
    };
    assert_eq!(identified, expected);

    let corrected: SessionEvent = serde_json::from_str(
        r#"{"arrival_corrected":{"arrived_at":"2026-03-02T01:00:00Z","overstays_at":null}}"#,
    )
    .unwrap();
    let expected = SessionEvent::ArrivalCorrected {
        arrived_at: at("09:00:00"),
        overstays_at: None,
        tariff: None,
    };
    assert_eq!(corrected, expected);
}

/// What really happened in the bay, minute by minute, told without any of the machinery under test: the order in which the
/// readings were *made*.
fn plain_total(readings: &[Reading]) -> (u64, usize) {
    let rates = tariff::parse_sample(SAMPLE_TARIFF).unwrap().1.rates;
    let mut by_time: Vec<&Reading> = readings.iter().collect();
    by_time.sort_by_key(|reading| reading.observed_at);
    let mut since = None;
    let mut total = 0;
    let mut stays = 0;
    for reading in by_time {
        match (&reading.seen, since) {
            (Seen::Arrived { .. }, None) => since = Some(reading.observed_at),
            (Seen::Left, Some(from)) => {
                total += plain_cost(&rates, from, reading.observed_at);
                stays += 1;
                since = None;
            }
            _ => {}
        }
    }
    (total, stays + usize::from(since.is_some()))
}

/// The price of a stay by walking through it minute by minute (stays here are shorter than a day).
fn plain_cost(rates: &RateTable, from: Timestamp, until: Timestamp) -> u64 {
    let draft = rates.draft();
    let mut total = 0;
    let mut run: Option<(bool, usize)> = None;
    let mut minutes_in_run = 0;
    let whole_minutes = until.duration_since(from).as_mins();
    for minute in 0..whole_minutes {
        // A minute belongs to the period in which it ends: arrivals here are on whole minutes.
        let local = jiff::tz::Offset::constant(8)
            .to_datetime(from + SignedDuration::from_mins(minute))
            .time();
        let is_day = local >= draft.day.begins && local < draft.night.begins;
        let steps = if is_day {
            &draft.day.steps
        } else {
            &draft.night.steps
        };
        let step = steps
            .iter()
            .position(|step| minute < i64::from(step.until_minutes))
            .unwrap();
        if run != Some((is_day, step)) {
            run = Some((is_day, step));
            minutes_in_run = 0;
        }
        minutes_in_run += 1;
        if minutes_in_run % steps[step].unit_minutes == 0 {
            total += steps[step].price.get();
        }
    }
    total.min(draft.cap_per_24_hours.get())
}

/// Up to 40 arrivals and departures of two sources at different whole minutes within eleven hours.
fn readings() -> impl Strategy<Value = Vec<Reading>> {
    prop::collection::btree_map(0_i64..660, (any::<bool>(), any::<bool>()), 0..40).prop_map(
        |by_minute| {
            by_minute
                .into_iter()
                .enumerate()
                .map(|(index, (minute, (is_arrival, by_camera)))| {
                    let seen = if is_arrival {
                        Seen::Arrived { vehicle: None }
                    } else {
                        Seen::Left
                    };
                    let source = if by_camera { "camera" } else { "sensor" };
                    let when = at("08:30:00") + minutes(minute);
                    reading(source, u64::try_from(index).unwrap(), when, seen)
                })
                .collect()
        },
    )
}

/// The same readings as they may arrive: each once or more often, in any order, cut into pieces.
fn deliveries() -> impl Strategy<Value = (Vec<Reading>, Vec<Vec<Reading>>)> {
    readings().prop_flat_map(|readings| {
        let repeated = prop::collection::vec(0..readings.len().max(1), 0..20);
        (Just(readings), repeated)
            .prop_flat_map(|(readings, repeated)| {
                let mut sent = readings.clone();
                sent.extend(
                    repeated
                        .into_iter()
                        .filter_map(|index| readings.get(index).cloned()),
                );
                (Just(readings), Just(sent).prop_shuffle(), 1_usize..8)
            })
            .prop_map(|(readings, sent, size)| {
                let pieces = sent.chunks(size).map(<[Reading]>::to_vec).collect();
                (readings, pieces)
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_order_and_repetition_the_charge_is_that_of_the_plain_calculation((readings, pieces) in deliveries()) {
        let mut sessions = Sessions::default();
        let mut story = a_bay();
        for piece in &pieces {
            (story, _) = send(story, &mut sessions, at("20:00:00"), piece);
        }
        let (total, stays) = plain_total(&readings);
        let live: Vec<Session> = (0..sessions.0.len())
            .map(|index| session_of(&story, &sessions, index))
            .filter(|session| !session.void)
            .collect();
        let charged: u64 = live.iter().map(|session| session.due_amount().get()).sum();
        prop_assert_eq!(charged, total);
        prop_assert_eq!(live.len(), stays);
        let open = live.iter().filter(|session| session.left_at.is_none()).count();
        prop_assert!(open <= 1, "one bay, one vehicle");
    }

    #[test]
    fn over_days_with_a_little_disorder_nothing_is_lost_or_charged_twice(
        stays in prop::collection::vec((1_i64..300, 1_i64..300), 1..25),
        swaps in prop::collection::vec((0_usize..50, any::<bool>()), 0..30),
    ) {
        let mut when = at("08:30:00");
        let mut made = Vec::new();
        let mut expected = 0;
        let rates = tariff::parse_sample(SAMPLE_TARIFF).unwrap().1.rates;
        for (index, (gap, length)) in stays.iter().enumerate() {
            let (from, until) = (when + minutes(*gap), when + minutes(gap + length));
            let sequence = 2 * u64::try_from(index).unwrap();
            made.push(reading("sensor", sequence, from, Seen::Arrived { vehicle: None }));
            made.push(reading("sensor", sequence + 1, until, Seen::Left));
            expected += plain_cost(&rates, from, until);
            when = until;
        }
        // Neighbours overtake each other (at most ten hours apart), and some come twice.
        let mut sent = made.clone();
        let mut swapped = vec![false; sent.len()];
        for (at, repeat) in swaps {
            let at = at % sent.len();
            if at + 1 < sent.len() && !swapped[at] && !swapped[at + 1] {
                sent.swap(at, at + 1);
                swapped[at] = true;
                swapped[at + 1] = true;
            }
            if repeat {
                let again = sent[at].clone();
                sent.push(again);
                swapped.push(true);
            }
        }
        let mut sessions = Sessions::default();
        let mut story = a_bay();
        let mut now = at("08:30:00");
        for reading in &sent {
            now = now.max(reading.observed_at);
            (story, _) = send(story, &mut sessions, now, std::slice::from_ref(reading));
        }
        let charged: u64 = (0..sessions.0.len())
            .map(|index| session_of(&story, &sessions, index).due_amount().get())
            .sum();
        prop_assert_eq!(charged, expected);
        prop_assert_eq!(sessions.0.len(), stays.len());
        let bay = story.state::<Bay>("b1");
        prop_assert!(bay.tracked.len() <= Timeline::MAX_READINGS);
        let stored = postcard::to_stdvec(&bay).expect("a state can be stored");
        prop_assert_eq!(postcard::from_bytes::<Bay>(&stored).expect("and read"), bay);
    }

    #[test]
    fn a_charge_never_falls_when_the_stay_grows(from in 0_i64..2_000, first in 0_i64..9_000, more in 0_i64..9_000) {
        let rates = tariff::parse_sample(SAMPLE_TARIFF).unwrap().1.rates;
        let arrival = at("00:00:00") + minutes(from);
        let cost = |length: i64| rates.charge(arrival, arrival + minutes(length), VehicleClass::Small).amount;
        prop_assert!(cost(first) <= cost(first + more));
    }
}
