//! Highly toxic chemicals on roads: Decree 591 arts. 44-50, and the law that replaces it.

use crate::fixtures::*;
use chassis::testing::Scenario;
use permits::domain::closing::complete;
use permits::domain::deadlines::pass_time;
use permits::domain::event::Fact;
use permits::domain::filing::submit;
use permits::domain::permit::Stage;
use permits::domain::registers::{
    DriverEvent, DriverStanding, MOST_PERMITS, Registration, VehicleEvent, VehicleRecord,
};
use permits::domain::review::{Approve, approve};
use permits::domain::route::{RoadClass, Route};
use permits::domain::standing::revoke;
use permits::domain::toxic_transport::ToxicTransport;
use permits::domain::trip::{
    record_arrival, record_checkpoint, record_departure, record_moving_on, record_stop,
};
use permits::domain::values::PermitId;

const APPROVED_WAY: Option<&str> = Some("Road Traffic Safety Law art. 48(3)");

fn with(change: impl FnOnce(&mut ToxicTransport)) -> ToxicTransport {
    let mut transport = toxic();
    change(&mut transport);
    transport
}

#[track_caller]
fn refused(transport: ToxicTransport, reason: &str, basis: &str) {
    file(toxic_app(transport)).then_refused(reason, Some(basis));
}

#[track_caller]
fn taken(transport: ToxicTransport) {
    file(toxic_app(transport)).and();
}

fn day(text: &str) -> jiff::civil::Date {
    text.parse().unwrap()
}

// === conditions ===

#[test]
fn it_is_applied_for_in_the_county_of_origin_or_destination_art_50() {
    taken(with(|t| (t.origin, t.destination) = (caoxian(), mudan())));
    refused(
        with(|t| t.origin = caoxian()),
        "WRONG_COUNTY",
        "Decree 591 art. 50(1)",
    );
}

#[test]
fn the_licence_of_the_carrier_lasts_for_the_whole_trip_art_46() {
    taken(with(|t| t.carrier.licence_valid_until = day("2026-03-06")));
    refused(
        with(|t| t.carrier.licence_valid_until = day("2026-03-05")),
        "CARRIER_LICENCE_EXPIRES",
        "Decree 591 art. 46",
    );
}

#[test]
fn tractor_and_trailer_are_inspected_for_the_whole_trip_art_47() {
    taken(with(|t| {
        t.tractor.inspection_valid_until = day("2026-03-06")
    }));
    refused(
        with(|t| t.tractor.inspection_valid_until = day("2026-03-05")),
        "INSPECTION_EXPIRES",
        "Decree 591 art. 47(2)",
    );
    refused(
        with(|t| t.trailer.as_mut().unwrap().inspection_valid_until = day("2026-03-05")),
        "INSPECTION_EXPIRES",
        "Decree 591 art. 47(2)",
    );
}

#[test]
fn drivers_and_escorts_are_qualified_for_the_whole_trip_art_44() {
    let basis = "Decree 591 art. 44(1)";
    let expired = day("2026-03-05");
    refused(
        with(|t| t.main_driver.qualified_until = expired),
        "QUALIFICATION_EXPIRES",
        basis,
    );
    refused(
        with(|t| t.second_driver.qualified_until = expired),
        "QUALIFICATION_EXPIRES",
        basis,
    );
    refused(
        with(|t| t.main_escort.qualified_until = expired),
        "QUALIFICATION_EXPIRES",
        basis,
    );
    taken(with(|t| t.main_escort.qualified_until = day("2026-03-06")));
}

#[test]
fn nobody_drives_and_escorts_at_once() {
    refused(
        with(|t| t.main_escort.person = person('a')),
        "PERSON_NAMED_TWICE",
        "Decree 591 art. 50(2)",
    );
    refused(
        with(|t| t.second_driver.person = person('a')),
        "PERSON_NAMED_TWICE",
        "Decree 591 art. 50(2)",
    );
}

/// One leg of about 80 or 60 km in one hour, a little more or less.
fn one_leg(class: RoadClass, km: f64) -> Route {
    let degrees = km / 111.195;
    Route::new(vec![leg(
        class,
        &[(115.60, 35.10), (115.60, 35.10 - degrees)],
        "2026-03-06T09:00:00",
        "2026-03-06T10:00:00",
    )])
    .unwrap()
}

#[test]
fn no_timetable_needs_more_than_80_on_expressways_and_60_elsewhere() {
    taken(with(|t| t.route = one_leg(RoadClass::Expressway, 79.99)));
    refused(
        with(|t| t.route = one_leg(RoadClass::Expressway, 80.01)),
        "TIMETABLE_TOO_FAST",
        APPROVED_WAY.unwrap(),
    );
    taken(with(|t| t.route = one_leg(RoadClass::Highway, 59.99)));
    refused(
        with(|t| t.route = one_leg(RoadClass::Highway, 60.01)),
        "TIMETABLE_TOO_FAST",
        APPROVED_WAY.unwrap(),
    );
    refused(
        with(|t| t.route = one_leg(RoadClass::CityRoad, 60.01)),
        "TIMETABLE_TOO_FAST",
        APPROVED_WAY.unwrap(),
    );
}

#[test]
fn a_trip_that_should_have_begun_is_refused() {
    Scenario::at("2026-03-06T08:59:59+08:00")
        .by(applicant())
        .when(|tx| submit(tx, filing_of(toxic_app(toxic()))))
        .and()
        .later("2026-03-06T09:00:00+08:00")
        .when(|tx| submit(tx, filing_of(toxic_app(toxic()))))
        .then_refused("TRIP_ALREADY_BEGUN", Some("Decree 591 art. 50(2)"));
}

#[test]
fn the_instrument_is_chosen_by_the_date_of_the_act() {
    let late = with(|t| t.origin = caoxian());
    Scenario::at("2026-04-30T23:59:59+08:00")
        .by(applicant())
        .when(|tx| submit(tx, filing_of(toxic_app(late.clone()))))
        .then_refused("WRONG_COUNTY", Some("Decree 591 art. 50(1)"))
        .later("2026-05-01T00:00:00+08:00")
        .when(|tx| submit(tx, filing_of(toxic_app(late))))
        .then_refused(
            "WRONG_COUNTY",
            Some("Hazardous Chemicals Safety Law provisions on road transport of highly toxic chemicals"),
        );
}

fn through_the_zone(enter: &str, leave: &str) -> ToxicTransport {
    with(|t| {
        t.route = Route::new(vec![leg(
            RoadClass::CityRoad,
            &[(115.45, 35.24), (115.51, 35.24)],
            enter,
            leave,
        )])
        .unwrap();
    })
}

#[test]
fn a_zone_closed_to_hazardous_goods_is_entered_only_with_approval_art_49() {
    let basis = Some("Decree 591 art. 49");
    let by_day = through_the_zone("2026-03-06T20:00:00", "2026-03-06T20:30:00");
    let (scenario, id) = accepted(toxic_app(by_day));
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("RESTRICTED_ZONE", basis)
        .when(|tx| {
            approve(
                tx,
                &id,
                Approve {
                    allow_restricted_zones: true,
                    ..Approve::default()
                },
            )
        })
        .and();
    let at_the_end = through_the_zone("2026-03-06T21:29:00", "2026-03-06T21:50:00");
    let (scenario, id) = accepted(toxic_app(at_the_end));
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("RESTRICTED_ZONE", basis);
    let at_night = through_the_zone("2026-03-06T21:30:00", "2026-03-06T21:50:00");
    let (scenario, id) = accepted(toxic_app(at_night));
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .and();
}

#[test]
fn the_trip_ends_within_fifteen_days_of_the_decision() {
    let arriving = |leave: &str| {
        toxic_app(with(|t| {
            t.route = Route::new(vec![leg(
                RoadClass::Highway,
                &[(115.6, 35.1), (115.6, 35.0)],
                "2026-03-17T20:00:00",
                leave,
            )])
            .unwrap();
        }))
    };
    let (scenario, id) = accepted(arriving("2026-03-18T00:00:00"));
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .and();
    let (scenario, id) = accepted(arriving("2026-03-18T00:00:01"));
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("TRIP_BEYOND_VALIDITY", Some("Decree 591 art. 50(3)"));
}

#[test]
fn a_driver_who_must_not_drive_is_refused_when_filed_and_when_decided() {
    let suspended = || {
        [DriverEvent::LicenceSuspended {
            reason: text("12 points"),
            revision: 7,
        }]
    };
    let basis = Some("Road Traffic Safety Law art. 19(1)");
    let driver = person('b').person;
    Scenario::at(MONDAY)
        .given::<DriverStanding>(driver.as_str(), suspended())
        .by(applicant())
        .when(|tx| submit(tx, filing_of(toxic_app(toxic()))))
        .then_refused("DRIVER_SUSPENDED", basis);
    let (scenario, id) = accepted(toxic_app(toxic()));
    scenario
        .given::<DriverStanding>(driver.as_str(), suspended())
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("DRIVER_SUSPENDED", basis);
}

#[test]
fn a_cancelled_vehicle_is_refused_and_an_unknown_one_is_not() {
    let trailer = vehicle("鲁R1234挂").plate.key();
    Scenario::at(MONDAY)
        .given::<VehicleRecord>(
            &trailer,
            [VehicleEvent::RegistrationHeard {
                registration: Registration::Cancelled,
                revision: 7,
            }],
        )
        .by(applicant())
        .when(|tx| submit(tx, filing_of(toxic_app(toxic()))))
        .then_refused("VEHICLE_CANCELLED", Some("Road Traffic Safety Law art. 8"));
}

#[test]
fn a_driver_and_a_vehicle_are_in_a_bounded_number_of_open_permits() {
    let ids = || (1..=MOST_PERMITS as u128).map(|n| PermitId::new(uuid::Uuid::from_u128(n)));
    let (scenario, id) = accepted(toxic_app(toxic()));
    scenario
        .given::<DriverStanding>(
            person('a').person.as_str(),
            ids().map(|permit| DriverEvent::NamedInPermit { permit }),
        )
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("DRIVER_IN_TOO_MANY_PERMITS", APPROVED_WAY);
    let (scenario, id) = accepted(toxic_app(toxic()));
    scenario
        .given::<VehicleRecord>(
            &vehicle("鲁R12345").plate.key(),
            ids().map(|permit| VehicleEvent::NamedInPermit { permit }),
        )
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("VEHICLE_IN_TOO_MANY_PERMITS", APPROVED_WAY);
}

// === the trip ===

fn departed() -> (Scenario, PermitId) {
    let (scenario, id) = approved(toxic_app(toxic()));
    let scenario = scenario
        .by(applicant())
        .later("2026-03-06T09:10:00+08:00")
        .when(|tx| record_departure(tx, &id, at("2026-03-06T09:00:00")))
        .and();
    (scenario, id)
}

#[test]
fn a_trip_is_followed_from_departure_to_arrival() {
    let (scenario, id) = departed();
    assert_eq!(stage(&scenario, &id), Stage::InUse);
    let outcome = scenario
        .later("2026-03-06T10:05:00+08:00")
        .when(|tx| record_checkpoint(tx, &id, 1, at("2026-03-06T10:02:00")));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::CheckpointPassed {
            leg: 1,
            at: at("2026-03-06T10:02:00")
        }]
    );
    let outcome = outcome
        .and()
        .when(|tx| record_stop(tx, &id, at("2026-03-06T10:03:00"), text("tyre"), false));
    assert_eq!(names(&outcome, &id), ["vehicle_stopped"]);
    let outcome = outcome
        .and()
        .later("2026-03-06T10:20:00+08:00")
        .when(|tx| record_moving_on(tx, &id, at("2026-03-06T10:15:00")));
    assert_eq!(names(&outcome, &id), ["vehicle_moved_on"]);
    let outcome = outcome
        .and()
        .later("2026-03-06T10:50:00+08:00")
        .when(|tx| record_checkpoint(tx, &id, 2, at("2026-03-06T10:45:00")))
        .and()
        .by(reviewer())
        .when(|tx| complete(tx, &id))
        .then_refused("NOT_ARRIVED", APPROVED_WAY)
        .when(|tx| record_arrival(tx, &id, at("2026-03-06T10:50:00")));
    assert_eq!(names(&outcome, &id), ["toxic_transport_arrived"]);
    let outcome = outcome.and().when(|tx| complete(tx, &id));
    assert_eq!(names(&outcome, &id), ["permit_completed"]);
    let driver: DriverStanding = outcome.and().state(person('a').person.as_str());
    assert!(
        driver.permits.is_empty(),
        "the driver is named in no open permit"
    );
}

#[test]
fn the_permit_is_for_one_trip_art_50() {
    let (scenario, id) = departed();
    scenario
        .when(|tx| record_departure(tx, &id, at("2026-03-06T09:05:00")))
        .then_refused("TRIP_ALREADY_MADE", Some("Decree 591 art. 50(1)"));
}

#[test]
fn a_departure_lies_within_the_validity_and_not_in_the_future() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let basis = Some("Administrative Licence Law art. 80(2)");
    scenario
        .by(applicant())
        .when(|tx| record_departure(tx, &id, at("2026-03-02T09:59:59")))
        .then_refused("OUTSIDE_VALIDITY", basis)
        .when(|tx| record_departure(tx, &id, at("2026-03-02T10:02:01")))
        .then_refused("REPORT_IN_THE_FUTURE", APPROVED_WAY)
        .later("2026-03-18T00:00:00+08:00")
        .when(|tx| record_departure(tx, &id, at("2026-03-18T00:00:00")))
        .then_refused("OUTSIDE_VALIDITY", basis)
        .when(|tx| record_departure(tx, &id, at("2026-03-17T23:59:59")))
        .and();
}

#[test]
fn checkpoints_are_passed_in_the_order_of_the_route() {
    let (scenario, id) = departed();
    let now = at("2026-03-06T09:10:00");
    scenario
        .when(|tx| record_checkpoint(tx, &id, 2, now))
        .then_refused("CHECKPOINT_OUT_OF_ORDER", APPROVED_WAY)
        .when(|tx| record_checkpoint(tx, &id, 0, now))
        .then_refused("NO_SUCH_CHECKPOINT", APPROVED_WAY)
        .when(|tx| record_checkpoint(tx, &id, 3, now))
        .then_refused("NO_SUCH_CHECKPOINT", APPROVED_WAY)
        .when(|tx| record_checkpoint(tx, &id, u32::MAX, now))
        .then_refused("NO_SUCH_CHECKPOINT", APPROVED_WAY)
        .when(|tx| record_checkpoint(tx, &id, 1, at("2026-03-06T08:59:59")))
        .then_refused("REPORT_OUT_OF_ORDER", APPROVED_WAY)
        .when(|tx| record_checkpoint(tx, &id, 1, at("2026-03-06T09:12:01")))
        .then_refused("REPORT_IN_THE_FUTURE", APPROVED_WAY)
        .when(|tx| record_checkpoint(tx, &id, 1, now))
        .and()
        .when(|tx| record_checkpoint(tx, &id, 1, now))
        .then_refused("CHECKPOINT_OUT_OF_ORDER", APPROVED_WAY);
}

#[test]
fn a_vehicle_stands_or_moves_but_not_both() {
    let (scenario, id) = departed();
    let now = at("2026-03-06T09:10:00");
    scenario
        .when(|tx| record_moving_on(tx, &id, now))
        .then_refused("NOT_STOPPED", APPROVED_WAY)
        .when(|tx| record_stop(tx, &id, now, text("rest"), true))
        .and()
        .when(|tx| record_stop(tx, &id, now, text("rest"), true))
        .then_refused("ALREADY_STOPPED", APPROVED_WAY)
        .when(|tx| record_checkpoint(tx, &id, 1, now))
        .then_refused("ALREADY_STOPPED", APPROVED_WAY);
}

#[test]
fn reports_before_departure_and_after_arrival_are_refused() {
    let (scenario, id) = approved(toxic_app(toxic()));
    let now = at("2026-03-02T10:00:00");
    scenario
        .when(|tx| record_arrival(tx, &id, now))
        .then_refused("WRONG_STATE", Some("Administrative Licence Law art. 4"));
    let (scenario, id) = departed();
    let now = at("2026-03-06T09:10:00");
    scenario
        .when(|tx| record_arrival(tx, &id, now))
        .and()
        .when(|tx| record_arrival(tx, &id, now))
        .then_refused("TRIP_NOT_UNDER_WAY", APPROVED_WAY);
    let (works, id) = approved(app(occupation()));
    works
        .when(|tx| record_departure(tx, &id, now))
        .then_refused("WRONG_KIND", Some("Administrative Licence Law art. 4"));
}

// === alarms ===

#[test]
fn a_long_stop_alarms_once_unless_the_police_know_of_it_art_48() {
    let (scenario, id) = departed();
    let since = at("2026-03-06T09:10:00");
    let outcome = scenario
        .when(|tx| record_stop(tx, &id, since, text("engine"), false))
        .and()
        .later("2026-03-06T09:39:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-06T09:40:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&outcome, &id), [Fact::LongStopAlarmed { since }]);
    outcome.and().when(|tx| pass_time(tx, &id)).then_nothing();

    let (scenario, id) = departed();
    scenario
        .when(|tx| record_stop(tx, &id, since, text("rest"), true))
        .and()
        .later("2026-03-06T10:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing();
}

#[test]
fn an_overdue_arrival_alarms_once_an_hour_after_the_timetable() {
    let (scenario, id) = departed();
    let outcome = scenario
        .later("2026-03-06T11:29:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-06T11:30:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::ArrivalOverdueAlarmed {
            due: at("2026-03-06T10:30:00")
        }]
    );
    let scenario = outcome.and().when(|tx| pass_time(tx, &id)).then_nothing();
    assert_eq!(stage(&scenario, &id), Stage::InUse);
    scenario
        .later("2026-03-06T12:00:00+08:00")
        .when(|tx| record_arrival(tx, &id, at("2026-03-06T11:55:00")))
        .and();
}

#[test]
fn a_load_whose_permit_is_revoked_on_the_way_is_followed_to_its_arrival_art_48() {
    let (scenario, id) = departed();
    let named_in = |scenario: &Scenario| {
        let driver: DriverStanding = scenario.state(person('a').person.as_str());
        let tractor: VehicleRecord = scenario.state(&vehicle("鲁R12345").plate.key());
        (driver.permits, tractor.permits)
    };
    let scenario = scenario
        .by(reviewer())
        .when(|tx| revoke(tx, &id, revocation()))
        .and();
    let on_the_way = vec![id.clone()];
    assert_eq!(named_in(&scenario), (on_the_way.clone(), on_the_way));

    let since = at("2026-03-06T09:10:00");
    let outcome = scenario
        .by(applicant())
        .when(|tx| record_stop(tx, &id, since, text("engine"), false))
        .and()
        .later("2026-03-06T09:40:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&outcome, &id), [Fact::LongStopAlarmed { since }]);
    let outcome = outcome
        .and()
        .when(|tx| record_moving_on(tx, &id, at("2026-03-06T09:40:00")))
        .and()
        .later("2026-03-06T11:30:00+08:00")
        .when(|tx| pass_time(tx, &id));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::ArrivalOverdueAlarmed {
            due: at("2026-03-06T10:30:00")
        }]
    );
    let now = at("2026-03-06T11:30:00");
    let scenario = outcome
        .and()
        .when(|tx| record_checkpoint(tx, &id, 1, now))
        .and()
        .when(|tx| record_arrival(tx, &id, now))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Revoked);
    assert_eq!(named_in(&scenario), (vec![], vec![]));
    scenario.when(|tx| pass_time(tx, &id)).then_nothing();
}
