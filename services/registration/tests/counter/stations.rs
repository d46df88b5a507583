//! Stations and appointments: Order 164 arts. 4(3), 69 and 70.

use crate::fixtures::*;
use chassis::testing::Scenario;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use registration::domain::station::day::{
    AppointmentId, AppointmentState, DayKey, StationDay, StationDayEvent, arrive, book,
    cancel as cancel_appointment, pass_time, walk_in,
};
use registration::domain::station::{
    Business, Standing, Station, StationEvent, StationId, change, commission, end, resume, suspend,
};

const PUBLISHED: Option<&str> = Some("Order 164 art. 4(3)");

fn id() -> StationId {
    StationId::parse("mudan-01").unwrap()
}

fn day(date: Date) -> DayKey {
    DayKey::new(id(), date).unwrap()
}

fn open() -> Scenario {
    start().when(|tx| commission(tx, &id(), dealer())).and()
}

fn today() -> DayKey {
    day(date(2026, 3, 2))
}

/// At 14:00 of this Monday, by this person.
fn booked(letter: char) -> (Scenario, AppointmentId) {
    with(open().when(move |tx| book(tx, &today(), 840, &person(letter), Business::Ebike)))
}

fn appointment_state(scenario: &Scenario, id: &AppointmentId) -> AppointmentState {
    let day = scenario.state::<StationDay>(&today().to_string());
    day.appointments[id].state
}

#[test]
fn a_station_is_commissioned_by_the_police_of_its_district() {
    start()
        .by(elsewhere())
        .when(|tx| commission(tx, &id(), dealer()))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 164 art. 69(1)"));
    let mut moved = dealer();
    moved.district = chassis::domain::District::new(371_721).unwrap();
    let mut longer = dealer();
    longer.counters = 3;
    open()
        .when(|tx| commission(tx, &id(), dealer()))
        .then_refused("STATION_EXISTS", None)
        .when(|tx| change(tx, &id(), moved))
        .then_refused("DISTRICT_FIXED", Some("Order 164 art. 69(1)"))
        .when(|tx| change(tx, &id(), dealer()))
        .then_nothing()
        .when(|tx| change(tx, &id(), longer.clone()))
        .then::<Station>(
            id().as_str(),
            [StationEvent::StationDetailsChanged {
                details: longer.clone(),
            }],
        );
}

#[test]
fn a_suspended_station_takes_no_appointments_until_resumed_and_an_ended_one_never_again() {
    let basis = Some("Order 164 art. 70(2)");
    let book_today = |tx: &mut chassis::domain::Transaction| {
        book(tx, &today(), 840, &person('a'), Business::Ebike)
    };
    let scenario = open()
        .when(|tx| resume(tx, &id()))
        .then_refused("STATION_NOT_SUSPENDED", basis)
        .when(|tx| suspend(tx, &id(), text("sample reason")))
        .and()
        .when(book_today)
        .then_refused("STATION_SUSPENDED", basis)
        .when(|tx| resume(tx, &id()))
        .and()
        .when(book_today)
        .and()
        .when(|tx| end(tx, &id(), text("sample reason")))
        .and()
        .when(book_today)
        .then_refused("STATION_ENDED", basis)
        .when(|tx| resume(tx, &id()))
        .then_refused("STATION_ENDED", basis);
    assert_eq!(
        scenario.state::<Station>(id().as_str()).standing,
        Standing::Ended
    );
}

/// Day, minute, business: why not.
#[test]
fn an_appointment_lies_in_the_hours_that_the_station_publishes() {
    let table = [
        (date(2026, 3, 2), 840, Business::Ebike, None),
        (date(2026, 3, 2), 990, Business::Ebike, None),
        // The last slot begins at 16:30.
        (
            date(2026, 3, 2),
            1_020,
            Business::Ebike,
            Some("OUTSIDE_HOURS"),
        ),
        (
            date(2026, 3, 2),
            690,
            Business::Ebike,
            Some("OUTSIDE_HOURS"),
        ),
        (
            date(2026, 3, 2),
            845,
            Business::Ebike,
            Some("OUTSIDE_HOURS"),
        ),
        // It is nine.
        (date(2026, 3, 2), 540, Business::Ebike, Some("SLOT_PAST")),
        (date(2026, 3, 2), 570, Business::Ebike, None),
        (date(2026, 3, 1), 540, Business::Ebike, Some("SLOT_PAST")),
        (
            date(2026, 3, 2),
            840,
            Business::Mortgage,
            Some("BUSINESS_NOT_SERVED"),
        ),
        // Closed by its own notice.
        (
            date(2026, 3, 10),
            840,
            Business::Ebike,
            Some("STATION_CLOSED"),
        ),
        // Saturday: other hours.
        (date(2026, 3, 7), 540, Business::Ebike, None),
        (
            date(2026, 3, 7),
            840,
            Business::Ebike,
            Some("OUTSIDE_HOURS"),
        ),
        (date(2026, 4, 1), 840, Business::Ebike, None),
        (
            date(2026, 4, 2),
            840,
            Business::Ebike,
            Some("TOO_FAR_AHEAD"),
        ),
    ];
    for (on, minute, business, refused) in table {
        let outcome = open().when(|tx| book(tx, &day(on), minute, &person('a'), business));
        match refused {
            None => drop(outcome.and()),
            Some(reason) => drop(outcome.then_refused(reason, PUBLISHED)),
        }
    }
}

#[test]
fn public_holidays_are_no_working_days_and_worked_weekends_are() {
    let without_weekends = || {
        let mut details = dealer();
        details.hours = registration::domain::station::hours::OpeningHours::new(
            30,
            details.hours.of_day(true).to_vec(),
            vec![],
        )
        .unwrap();
        Scenario::at("2026-02-10T09:00:00+08:00")
            .by(officer())
            .when(move |tx| commission(tx, &id(), details))
            .and()
    };
    // The Spring Festival; Saturday 14 February is worked for it.
    without_weekends()
        .when(|tx| {
            book(
                tx,
                &day(date(2026, 2, 16)),
                840,
                &person('a'),
                Business::Ebike,
            )
        })
        .then_refused("STATION_CLOSED", PUBLISHED)
        .when(|tx| {
            book(
                tx,
                &day(date(2026, 2, 14)),
                840,
                &person('a'),
                Business::Ebike,
            )
        })
        .and()
        .when(|tx| {
            book(
                tx,
                &day(date(2026, 2, 28)),
                840,
                &person('a'),
                Business::Ebike,
            )
        })
        .and();
}

#[test]
fn the_last_place_of_a_slot_is_given_once_and_comes_back_when_it_is_cancelled() {
    let (scenario, first) = booked('a');
    let scenario = scenario
        .when(|tx| book(tx, &today(), 840, &person('b'), Business::Ebike))
        .then_refused("SLOT_FULL", PUBLISHED)
        .when(|tx| book(tx, &today(), 870, &person('a'), Business::Ebike))
        .then_refused("BOOKED_ALREADY", PUBLISHED)
        .when(|tx| cancel_appointment(tx, &today(), &first, &person('b')))
        .then_refused("ANOTHER_PERSON", PUBLISHED)
        .when(|tx| cancel_appointment(tx, &today(), &first, &person('a')))
        .then::<StationDay>(
            &today().to_string(),
            [StationDayEvent::AppointmentCancelled { id: first.clone() }],
        )
        .and();
    scenario
        .when(|tx| cancel_appointment(tx, &today(), &first, &person('a')))
        .then_refused("APPOINTMENT_OVER", PUBLISHED)
        .when(|tx| book(tx, &today(), 840, &person('b'), Business::Ebike))
        .and();
}

#[test]
fn who_comes_too_early_waits_and_who_does_not_come_is_a_no_show() {
    let (scenario, id) = booked('a');
    let arrived = scenario
        .later("2026-03-02T13:29:59+08:00")
        .when(|tx| arrive(tx, &today(), &id))
        .then_refused("TOO_EARLY", PUBLISHED)
        .later("2026-03-02T13:30:00+08:00")
        .when(|tx| arrive(tx, &today(), &id))
        .and()
        .later("2026-03-02T15:00:00+08:00")
        .when(|tx| pass_time(tx, &today()))
        .then_nothing();
    assert_eq!(appointment_state(&arrived, &id), AppointmentState::Arrived);

    let (scenario, id) = booked('a');
    let missed = scenario
        .later("2026-03-02T14:44:59+08:00")
        .when(|tx| pass_time(tx, &today()))
        .then_nothing()
        .later("2026-03-02T14:45:00+08:00")
        .when(|tx| pass_time(tx, &today()))
        .then::<StationDay>(
            &today().to_string(),
            [StationDayEvent::PersonDidNotCome { id: id.clone() }],
        )
        .and()
        .when(|tx| arrive(tx, &today(), &id))
        .then_refused("APPOINTMENT_OVER", PUBLISHED);
    assert_eq!(appointment_state(&missed, &id), AppointmentState::NoShow);
}

#[test]
fn who_comes_without_an_appointment_gets_a_counter_that_nobody_has_booked() {
    let at_two = |scenario: Scenario| scenario.later("2026-03-02T14:10:00+08:00");
    let (scenario, _) = booked('a');
    at_two(scenario)
        .when(|tx| walk_in(tx, &id(), &person('b'), Business::Ebike))
        .then_refused("NO_FREE_COUNTER", PUBLISHED);
    let (scenario, (key, id_of_it)) =
        with(at_two(open()).when(|tx| walk_in(tx, &id(), &person('b'), Business::Ebike)));
    assert_eq!(key, today());
    assert_eq!(
        appointment_state(&scenario, &id_of_it),
        AppointmentState::Arrived
    );
    scenario
        .when(|tx| walk_in(tx, &id(), &person('c'), Business::Ebike))
        .then_refused("NO_FREE_COUNTER", PUBLISHED)
        .later("2026-03-02T12:00:00+08:00")
        .when(|tx| walk_in(tx, &id(), &person('c'), Business::Ebike))
        .then_refused("OUTSIDE_HOURS", PUBLISHED);
}

#[test]
fn what_is_not_there_is_unknown() {
    let nobody = AppointmentId::new(uuid::Uuid::nil());
    start()
        .when(|tx| book(tx, &today(), 840, &person('a'), Business::Ebike))
        .then_refused("STATION_NOT_FOUND", None);
    open()
        .when(|tx| arrive(tx, &today(), &nobody))
        .then_refused("APPOINTMENT_NOT_FOUND", None);
}

#[derive(Clone, Debug)]
enum Wish {
    Book { person: char, minute: u16 },
    Cancel { which: usize },
    WalkIn { person: char },
    Arrive { which: usize },
    Wait { minutes: i64 },
}

fn wish() -> impl Strategy<Value = Wish> {
    let person = prop::sample::select("abcdefgh".chars().collect::<Vec<_>>());
    prop_oneof![
        4 => (person.clone(), prop::sample::select(vec![540_u16, 570, 600, 810, 840]))
            .prop_map(|(person, minute)| Wish::Book { person, minute }),
        1 => (0_usize..8).prop_map(|which| Wish::Cancel { which }),
        1 => person.prop_map(|person| Wish::WalkIn { person }),
        1 => (0_usize..8).prop_map(|which| Wish::Arrive { which }),
        1 => (1_i64..40).prop_map(|minutes| Wish::Wait { minutes }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_people_do_no_slot_has_more_of_them_than_counters(
        wishes in prop::collection::vec(wish(), 1..40),
        counters in 1_u16..3,
    ) {
        let mut details = dealer();
        details.counters = counters;
        let mut scenario = start().when(|tx| commission(tx, &id(), details.clone())).and();
        let mut made: Vec<(AppointmentId, char)> = Vec::new();
        for wish in wishes {
            let before = scenario;
            let outcome = match wish {
                Wish::Book { person: who, minute } => {
                    let outcome = before.when(|tx| book(tx, &today(), minute, &person(who), Business::Ebike));
                    let events = outcome.events::<StationDay>(&today().to_string());
                    for event in events {
                        if let StationDayEvent::AppointmentBooked { id, .. } = event {
                            made.push((id, who));
                        }
                    }
                    outcome.regardless()
                }
                Wish::Cancel { which } => match made.get(which).cloned() {
                    Some((id, who)) => {
                        before.when(|tx| cancel_appointment(tx, &today(), &id, &person(who))).regardless()
                    }
                    None => before,
                },
                Wish::WalkIn { person: who } => {
                    before.when(|tx| walk_in(tx, &id(), &person(who), Business::Ebike)).regardless()
                }
                Wish::Arrive { which } => match made.get(which).cloned() {
                    Some((id, _)) => before.when(|tx| arrive(tx, &today(), &id)).regardless(),
                    None => before,
                },
                Wish::Wait { minutes } => {
                    let later = before.now() + jiff::SignedDuration::from_mins(minutes);
                    before.later(&later.to_string()).when(|tx| pass_time(tx, &today())).regardless()
                }
            };
            scenario = outcome;
            let day = scenario.find::<StationDay>(&today().to_string()).unwrap_or_default();
            for slot in dealer().hours.slots(true) {
                prop_assert!(day.taken(slot) <= usize::from(counters), "{slot}");
            }
        }
    }
}
