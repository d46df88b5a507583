//! Plate numbers: offers, holds that expire, former numbers, swaps.

use crate::fixtures::{
    MONDAY, VIN, car, city_officer, day, dealer, done, filed, filing, initial, new_vehicle, number,
    officer, other_vin, person, plate, registered, registered_as, text, transfer_to, vehicle, vin,
};
use chassis::testing::Scenario;
use registration::domain::application::filing::File;
use registration::domain::application::request::{Change, Destination, Request};
use registration::domain::blocks::{Block, BlockKind, open_case};
use registration::domain::ground::Ground;
use registration::domain::plate::offer::{choose, offer};
use registration::domain::plate::{PlateClaim, PlateWish, check_series, hold, pass_time};
use registration::domain::vehicle::Vehicle;
use registration::domain::vehicle::class::{Particulars, PlateCategory, UseNature};
use registration::domain::vehicle::event::{CancellationCause, HoldKind};
use registration::domain::vehicle::notices::place_hold;

#[test]
fn a_number_of_an_offer_is_held_for_half_an_hour_and_free_again_after_it() {
    let number = plate("鲁R12345");
    let outcome = Scenario::at(MONDAY)
        .by(dealer())
        .when(|tx| offer(tx, PlateCategory::Small, vec![number.clone()]));
    let id = outcome.value().clone();
    let scenario = outcome.and().when(|tx| choose(tx, &id, &number)).and();
    let scenario = scenario
        .when(|tx| choose(tx, &id, &number))
        .then_refused("OFFER_USED", Some("Order 164 art. 43(2)"));

    let wish = |number: &str| File {
        wish: Some(PlateWish::Held(plate(number))),
        ..initial(car(), 'b')
    };
    let scenario = filed(
        scenario.later("2026-03-02T09:30:00+08:00"),
        wish("鲁R12345"),
    )
    .then_refused("NUMBER_NOT_HELD", Some("Order 164 art. 43(1)"));
    let scenario = filed(
        scenario.later("2026-03-02T09:29:59+08:00"),
        wish("鲁R54321"),
    )
    .then_refused("NUMBER_NOT_HELD", Some("Order 164 art. 43(1)"));

    let key = number.key();
    let scenario = scenario.when(|tx| pass_time(tx, &key)).then_nothing();
    let scenario = scenario
        .later("2026-03-02T09:30:00+08:00")
        .when(|tx| pass_time(tx, &key))
        .and();
    assert_eq!(scenario.state::<PlateClaim>(&key), PlateClaim::Free);
}

#[test]
fn a_number_that_somebody_holds_is_taken_for_everyone_else() {
    let number = plate("鲁R12345");
    let hold = |scenario: Scenario, who: chassis::domain::Actor| {
        let outcome = scenario
            .by(who)
            .when(|tx| offer(tx, PlateCategory::Small, vec![plate("鲁R54321")]));
        let id = outcome.value().clone();
        outcome.and().when(|tx| choose(tx, &id, &number))
    };
    let scenario = hold(Scenario::at(MONDAY), dealer()).and();
    hold(scenario, officer()).then_refused("NUMBER_TAKEN", Some("Order 164 art. 43(2)"));
}

#[test]
fn a_composed_number_must_be_of_the_kind() {
    let outcome = Scenario::at(MONDAY)
        .by(dealer())
        .when(|tx| offer(tx, PlateCategory::SmallNewEnergy, vec![plate("鲁RD12345")]));
    let id = outcome.value().clone();
    outcome
        .and()
        .when(|tx| choose(tx, &id, &plate("鲁R12345")))
        .then_refused("NUMBER_NOT_OF_SERIES", Some("Order 164 art. 43(1)"));
}

/// A car that gets new-energy plates.
fn electric() -> Particulars {
    Particulars {
        new_energy: true,
        ..car()
    }
}

/// The dealer's account holds a number.
fn holding(scenario: Scenario, category: PlateCategory, number: &str) -> Scenario {
    scenario
        .by(dealer())
        .when(|tx| hold(tx, category, &plate(number)))
        .and()
}

const NOT_OF_THE_KIND: (&str, Option<&str>) =
    ("NUMBER_NOT_OF_SERIES", Some("Order 164 art. 43(1)"));

#[test]
fn a_held_or_former_number_goes_on_the_kind_of_vehicle_that_it_is_for_order_164_art_43_1() {
    let (reason, basis) = NOT_OF_THE_KIND;
    let small = "鲁R12345";
    let held = |particulars| {
        let command = File {
            wish: Some(PlateWish::Held(plate(small))),
            ..initial(particulars, 'b')
        };
        let scenario = holding(Scenario::at(MONDAY), PlateCategory::Small, small);
        filed(scenario, command)
    };
    held(electric()).then_refused(reason, basis);
    held(car()).and();
    let former = |particulars| {
        let (scenario, wish) = sold(MONDAY, "2027-03-02T09:00:00+08:00");
        let command = File {
            vin: other_vin(),
            wish: Some(wish),
            ..initial(particulars, 'b')
        };
        filed(scenario, command)
    };
    former(electric()).then_refused(reason, basis);
    former(car()).and();
}

#[test]
fn in_another_use_a_car_takes_a_number_of_that_use_order_164_arts_17_2_43_1() {
    let training = |number: &str| {
        let request = Request::ParticularsChange {
            change: Box::new(Change::Use(UseNature::Training)),
            changed_on: day("2026-03-02"),
        };
        File {
            wish: Some(PlateWish::Held(plate(number))),
            ..filing(request, vec![person('b')])
        }
    };
    let (reason, basis) = NOT_OF_THE_KIND;
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let scenario = holding(scenario, PlateCategory::Small, "鲁R12345");
    let scenario = filed(scenario, training("鲁R12345")).then_refused(reason, basis);
    let scenario = holding(scenario, PlateCategory::Training, "鲁R1234学");
    let (scenario, _) = done(scenario, training("鲁R1234学"));
    assert_eq!(vehicle(&scenario).number(), Some(&plate("鲁R1234学")));
}

#[test]
fn a_vehicle_given_for_a_defective_one_of_another_kind_does_not_take_its_number_over() {
    let (reason, basis) = NOT_OF_THE_KIND;
    let request = Request::ParticularsChange {
        change: Box::new(Change::WholeVehicle {
            vin: other_vin(),
            vehicle: new_vehicle(electric(), person('b')),
        }),
        changed_on: day("2026-03-02"),
    };
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let scenario = filed(scenario, filing(request, vec![person('b')])).then_refused(reason, basis);
    // The way that is open, as the refusal says: the defective one is cancelled as given back, the other one registered.
    let given_back = Request::Cancellation {
        cause: CancellationCause::Returned,
    };
    let (scenario, _) = done(scenario, filing(given_back, vec![person('b')]));
    let scenario = registered_as(scenario, other_vin(), electric(), 'b');
    let other: Vehicle = scenario.state(other_vin().as_str());
    let number = other.number().unwrap();
    assert_eq!(check_series(PlateCategory::SmallNewEnergy, number), Ok(()));
    let said = Ground::ReplacedByAnotherKind.to_string();
    assert!(said.contains("given back (art. 37(1)(5))"), "{said}");
}

#[test]
fn an_offer_lapses() {
    let outcome = Scenario::at(MONDAY)
        .by(dealer())
        .when(|tx| offer(tx, PlateCategory::Small, vec![plate("鲁R12345")]));
    let id = outcome.value().clone();
    outcome
        .and()
        .later("2026-03-02T09:30:00+08:00")
        .when(|tx| choose(tx, &id, &plate("鲁R12345")))
        .then_refused("OFFER_OVER", Some("Order 164 art. 43(2)"));
}

#[test]
fn a_new_energy_car_gets_a_number_of_six_characters() {
    let electric = Particulars {
        new_energy: true,
        ..car()
    };
    let scenario = registered(Scenario::at(MONDAY), electric, 'b');
    let number = vehicle(&scenario).number().unwrap().clone();
    assert_eq!(number.as_str().chars().count(), 8, "{number}");
}

/// Person `b` had a car for some time and sold it to `c` on the day `sold`.
fn sold(registered_at: &str, sold: &str) -> (Scenario, PlateWish) {
    let scenario = registered(Scenario::at(registered_at), car(), 'b');
    let number = vehicle(&scenario).number().unwrap().clone();
    let transfer = File {
        wish: Some(PlateWish::Any),
        ..filing(transfer_to('c', Destination::Here), vec![person('c')])
    };
    let (scenario, _) = done(scenario.later(sold), transfer);
    assert_ne!(vehicle(&scenario).number(), Some(&number));
    (scenario, PlateWish::Former(number))
}

#[test]
fn an_own_number_is_kept_for_two_years_if_it_was_used_for_one() {
    let story = || sold("2026-03-02T09:00:00+08:00", "2027-03-02T09:00:00+08:00");
    let ask = |at: &str, who: char| {
        let (scenario, wish) = story();
        let command = File {
            vin: other_vin(),
            wish: Some(wish),
            ..initial(car(), who)
        };
        filed(scenario.later(at), command)
    };
    ask("2029-03-02T23:59:00+08:00", 'b').and();
    ask("2029-03-03T00:00:00+08:00", 'b')
        .then_refused("FORMER_NUMBER_TOO_OLD", Some("Order 164 art. 44(2)(1)"));
    ask("2027-04-01T09:00:00+08:00", 'd')
        .then_refused("NO_FORMER_NUMBER", Some("Order 164 art. 44(1)"));
}

#[test]
fn a_number_used_for_less_than_a_year_is_not_kept() {
    let (scenario, wish) = sold("2026-03-02T09:00:00+08:00", "2027-03-01T09:00:00+08:00");
    let command = File {
        vin: other_vin(),
        wish: Some(wish),
        ..initial(car(), 'b')
    };
    filed(scenario, command)
        .then_refused("FORMER_NUMBER_TOO_SHORT", Some("Order 164 art. 44(2)(2)"));
}

#[test]
fn an_own_number_is_not_kept_while_its_violations_are_open() {
    let (scenario, wish) = sold("2026-03-02T09:00:00+08:00", "2027-03-02T09:00:00+08:00");
    let PlateWish::Former(number) = &wish else {
        panic!("a former number");
    };
    let block = Block {
        kind: BlockKind::Violation,
        case: crate::fixtures::number("case-1"),
        acted_at: "2026-06-01T00:00:00Z".parse().unwrap(),
    };
    let number = number.clone();
    let scenario = scenario
        .when(|tx| open_case(tx, &number, block.clone(), 1))
        .and();
    let command = File {
        vin: other_vin(),
        wish: Some(wish),
        ..initial(car(), 'b')
    };
    filed(scenario, command).then_refused("VIOLATIONS_OPEN", Some("Order 164 art. 44(2)(3)"));
}

#[test]
fn two_cars_of_one_owner_swap_numbers_once_a_year() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let scenario = registered_as(scenario, other_vin(), car(), 'b');
    let numbers = |scenario: &Scenario| {
        let own: Vehicle = scenario.state(VIN);
        let other: Vehicle = scenario.state(other_vin().as_str());
        (
            own.number().unwrap().clone(),
            other.number().unwrap().clone(),
        )
    };
    let (first, second) = numbers(&scenario);
    let swap = || filing(Request::PlateSwap { other: other_vin() }, vec![person('b')]);
    let (scenario, _) = done(scenario, swap());
    assert_eq!(numbers(&scenario), (second, first));
    let scenario = filed(scenario.later("2027-03-01T09:00:00+08:00"), swap())
        .then_refused("SWAPPED_WITHIN_A_YEAR", Some("Order 164 art. 20(4)"));
    filed(scenario.later("2027-03-02T09:00:00+08:00"), swap()).and();
}

#[test]
fn a_swap_needs_one_owner_one_kind_and_no_hire() {
    let swap = |owner| {
        filing(
            Request::PlateSwap { other: other_vin() },
            vec![person(owner)],
        )
    };
    let two = |own: Particulars, other: Particulars, owner: char| {
        let scenario = registered(Scenario::at(MONDAY), own, 'b');
        registered_as(scenario, other_vin(), other, owner)
    };
    filed(two(car(), car(), 'c'), swap('b'))
        .then_refused("SWAP_OF_TWO_OWNERS", Some("Order 164 art. 20(1)"));
    let electric = Particulars {
        new_energy: true,
        ..car()
    };
    filed(two(car(), electric, 'b'), swap('b'))
        .then_refused("SWAP_OF_TWO_KINDS", Some("Order 164 art. 20(1)(2)"));
    let taxi = Particulars {
        use_nature: UseNature::Taxi,
        ..car()
    };
    filed(two(car(), taxi, 'b'), swap('b'))
        .then_refused("SWAP_OF_OPERATING_VEHICLE", Some("Order 164 art. 20(1)(3)"));
}

/// Two cars of one owner, and the application to swap their numbers, filed for the first of them.
fn two_cars() -> (Scenario, File) {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let scenario = registered_as(scenario, other_vin(), car(), 'b');
    let swap = filing(Request::PlateSwap { other: other_vin() }, vec![person('b')]);
    (scenario, swap)
}

#[test]
fn while_an_application_is_open_for_the_other_car_no_swap_is_taken() {
    let (scenario, swap) = two_cars();
    let sale = File {
        vin: other_vin(),
        wish: Some(PlateWish::Any),
        ..filing(transfer_to('c', Destination::Here), vec![person('c')])
    };
    let scenario = filed(scenario, sale).and();
    filed(scenario, swap).then_refused("APPLICATION_OPEN", None);
}

#[test]
fn what_stops_either_car_stops_a_swap_art_21() {
    let article = |kind| match kind {
        HoldKind::Inquiry => "Order 164 art. 74(1)",
        HoldKind::Accident => "Order 164 art. 20(2)",
        HoldKind::Theft | HoldKind::Seizure => "Order 164 art. 21(1)(3)",
    };
    for (kind, reason) in [
        (HoldKind::Seizure, "VEHICLE_SEALED"),
        (HoldKind::Theft, "VEHICLE_STOLEN"),
        (HoldKind::Inquiry, "INQUIRY_OPEN"),
        (HoldKind::Accident, "VIOLATIONS_OPEN"),
    ] {
        for held in [vin(), other_vin()] {
            let (scenario, swap) = two_cars();
            let scenario = scenario
                .by(city_officer())
                .when(|tx| place_hold(tx, &held, kind, text("Sample Court"), number("N-1")))
                .and();
            filed(scenario, swap).then_refused(reason, Some(article(kind)));
        }
    }
}
