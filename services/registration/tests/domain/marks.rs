//! Until when an inspection mark may be valid (Road Traffic Safety Regulations art. 16, Order 164 art. 62(1)).

use crate::fixtures::{
    MONDAY, car, city, day, filed, filing, initial, new_vehicle, other_vin, person, registered,
    text, truck, vehicle,
};
use chassis::testing::{Outcome, Scenario};
use registration::domain::application::ApplicationId;
use registration::domain::application::filing::File;
use registration::domain::application::request::{Arrival, Change, Request};
use registration::domain::plate::PlateWish;
use registration::domain::vehicle::class::{Particulars, UseNature, VehicleClass};
use registration::domain::vehicle::inspection::longest_mark;

/// The longest mark of a vehicle that was registered on a day, applied for on the last day of the one before.
fn longest(particulars: &Particulars, registered_on: &str, last: &str) -> (String, String) {
    let mut own = vehicle(&registered(Scenario::at(MONDAY), car(), 'b'));
    own.particulars = particulars.clone();
    own.first_registered_on = Some(day(registered_on));
    own.inspection_valid_until = Some(day(last));
    let (until, basis) = longest_mark(&own, day(last)).expect("it is registered");
    (until.to_string(), basis.to_string())
}

fn of(class: VehicleClass, use_nature: UseNature) -> Particulars {
    Particulars {
        class,
        use_nature,
        ..car()
    }
}

#[test]
fn a_mark_is_as_long_as_kind_use_and_age_of_the_vehicle_allow_regulations_art_16() {
    use UseNature as Use;
    use VehicleClass as Class;
    let reform = "Vehicle Inspection Reform Opinions (2022)";
    let item = |number: u8| format!("Road Traffic Safety Regulations art. 16(1)({number})");
    let registered_on = "2014-05-10";
    let taxi = of(Class::SmallPassenger, Use::Taxi);
    let coach = of(Class::LargePassenger, Use::NonOperating);
    let motorcycle = of(Class::Motorcycle, Use::NonOperating);
    let trailer = of(Class::Trailer, Use::Freight);
    let school_bus = of(Class::MediumPassenger, Use::SchoolBus);
    for (own, last, until, basis) in [
        (&taxi, "2019-04-30", "2020-04-30", item(1)),
        (&taxi, "2019-05-31", "2019-11-30", item(1)),
        (&truck(), "2024-04-30", "2025-04-30", item(2)),
        (&truck(), "2024-05-31", "2024-11-30", item(2)),
        (&coach, "2024-05-31", "2024-11-30", item(2)),
        (&car(), "2020-04-30", "2022-04-30", item(3)),
        (&car(), "2020-05-31", "2021-05-31", item(3)),
        (&car(), "2023-05-31", "2025-05-31", reform.to_owned()),
        (&car(), "2024-05-31", "2025-05-31", reform.to_owned()),
        (&motorcycle, "2018-04-30", "2020-04-30", item(4)),
        (&motorcycle, "2018-05-31", "2019-05-31", item(4)),
        (&trailer, "2024-05-31", "2025-05-31", item(5)),
        (
            &school_bus,
            "2023-05-31",
            "2023-11-30",
            "Order 164 art. 62(1)".to_owned(),
        ),
    ] {
        let found = longest(own, registered_on, last);
        assert_eq!(found, (until.to_owned(), basis), "{own:?} {last}");
    }
}

#[test]
fn no_mark_is_issued_beyond_the_next_inspection_regulations_art_16() {
    // The truck was registered with a mark to 2 March 2027.
    let ask = |until| {
        let scenario = registered(Scenario::at(MONDAY), truck(), 'b');
        let request = Request::InspectionMark {
            valid_until: Some(day(until)),
        };
        filed(
            scenario.later("2027-02-01T09:00:00+08:00"),
            filing(request, vec![person('b')]),
        )
    };
    ask("2028-03-31").and();
    ask("2028-04-01").then_refused(
        "MARK_TOO_LONG",
        Some("Road Traffic Safety Regulations art. 16(1)(2)"),
    );
}

const REFORM: &str = "Vehicle Inspection Reform Opinions (2022)";

/// With the last day of its mark a vehicle is taken, with the day after it refused.
#[track_caller]
fn last_of(ask: impl Fn(&str) -> Outcome<ApplicationId>, last: &str, basis: &str) {
    ask(last).and();
    let after = day(last).tomorrow().unwrap().to_string();
    ask(&after).then_refused("MARK_TOO_LONG", Some(basis));
}

#[test]
fn a_vehicle_is_first_registered_with_a_mark_to_its_next_inspection_at_most_regulations_art_16() {
    use UseNature as Use;
    use VehicleClass as Class;
    let item = |number: u8| format!("Road Traffic Safety Regulations art. 16(1)({number})");
    for (own, last, basis) in [
        (car(), "2028-03-31", REFORM.to_owned()),
        (truck(), "2027-03-31", item(2)),
        (of(Class::SmallPassenger, Use::Taxi), "2027-03-31", item(1)),
        (of(Class::Trailer, Use::Freight), "2027-03-31", item(5)),
        (
            of(Class::MediumPassenger, Use::SchoolBus),
            "2026-09-30",
            "Order 164 art. 62(1)".to_owned(),
        ),
    ] {
        let ask = |last: &str| {
            let mut command = File {
                district: city(),
                ..initial(own.clone(), 'b')
            };
            if let Request::InitialRegistration(new) = &mut command.request {
                new.inspection_valid_until = day(last);
            }
            filed(Scenario::at(MONDAY), command)
        };
        last_of(ask, last, &basis);
    }
}

#[test]
fn a_vehicle_given_for_a_defective_one_has_a_mark_as_a_new_one_has_regulations_art_16() {
    let ask = |last: &str| {
        let mut vehicle = new_vehicle(car(), person('b'));
        vehicle.inspection_valid_until = day(last);
        let vin = other_vin();
        let request = Request::ParticularsChange {
            change: Box::new(Change::WholeVehicle { vin, vehicle }),
            changed_on: day("2026-03-02"),
        };
        let scenario = registered(Scenario::at(MONDAY), car(), 'b');
        filed(scenario, filing(request, vec![person('b')]))
    };
    last_of(ask, "2028-03-31", REFORM);
}

#[test]
fn a_vehicle_moves_in_with_a_mark_that_an_office_can_have_issued_at_its_age_regulations_art_16() {
    // Applied for three months before the old one ended, it is at most an interval longer.
    for (own, first_registered_on, last, basis) in [
        (car(), "2026-02-01", "2028-06-30", REFORM),
        (car(), "2016-03-02", "2027-06-30", REFORM),
        (
            truck(),
            "2016-03-02",
            "2026-12-31",
            "Road Traffic Safety Regulations art. 16(1)(2)",
        ),
    ] {
        let ask = |last: &str| {
            let arrival = Arrival {
                particulars: own.clone(),
                owner: person('b'),
                from: text("Sample City"),
                first_registered_on: day(first_registered_on),
                inspection_valid_until: day(last),
                moved_out_on: None,
            };
            let command = File {
                wish: Some(PlateWish::Any),
                ..filing(Request::MoveIn(Box::new(arrival)), vec![person('b')])
            };
            filed(Scenario::at(MONDAY), command)
        };
        last_of(ask, last, basis);
    }
}
