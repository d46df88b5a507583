//! The points of Order 163, article by article and on both sides of every boundary.

use crate::fixtures::*;
use enforcement::domain::assessment::assess;
use enforcement::domain::conduct::{Act, Conduct, Measure, Road, Use, Vehicle};
use enforcement::domain::rules::Rules;
use proptest::prelude::*;

#[track_caller]
fn gives(act: &Act, points: u8, article: Option<&str>) {
    let found = assess(Rules::shipped(), act, today(), today()).unwrap();
    assert_eq!(found.points, points, "{act:?}");
    let cited = found.points_rule.map(|rule| rule.basis.to_string());
    let expected = article.map(|article| format!("Order 163 {article}"));
    assert_eq!(cited, expected, "{act:?}");
}

#[test]
fn speeding_of_heavy_vehicles_arts_8_5_9_2_10_2_12_1() {
    for vehicle in [
        truck(),
        coach(),
        Vehicle {
            used_as: Use::SchoolBus,
            ..car()
        },
        Vehicle {
            dangerous_goods: true,
            ..car()
        },
    ] {
        for road in [Road::Expressway, Road::UrbanExpressway] {
            gives(&speeding(road, vehicle, 1), 6, Some("art. 10(2)"));
            gives(&speeding(road, vehicle, 19), 6, Some("art. 10(2)"));
            gives(&speeding(road, vehicle, 20), 12, Some("art. 8(5)"));
            gives(&speeding(road, vehicle, 90), 12, Some("art. 8(5)"));
        }
        let road = Road::Other;
        gives(&speeding(road, vehicle, 9), 0, None);
        gives(&speeding(road, vehicle, 10), 1, Some("art. 12(1)"));
        gives(&speeding(road, vehicle, 19), 1, Some("art. 12(1)"));
        gives(&speeding(road, vehicle, 20), 6, Some("art. 10(2)"));
        gives(&speeding(road, vehicle, 49), 6, Some("art. 10(2)"));
        gives(&speeding(road, vehicle, 50), 9, Some("art. 9(2)"));
    }
}

#[test]
fn speeding_of_other_vehicles_arts_8_5_10_3_11_2() {
    let light_truck = Vehicle {
        medium_or_larger: false,
        ..truck()
    };
    let motorcycle = Vehicle {
        used_as: Use::Motorcycle,
        seats: 2,
        ..car()
    };
    for vehicle in [car(), light_truck, motorcycle] {
        for road in [Road::Expressway, Road::UrbanExpressway] {
            gives(&speeding(road, vehicle, 19), 0, None);
            gives(&speeding(road, vehicle, 20), 6, Some("art. 10(3)"));
            gives(&speeding(road, vehicle, 49), 6, Some("art. 10(3)"));
            gives(&speeding(road, vehicle, 50), 12, Some("art. 8(5)"));
        }
        gives(&speeding(Road::Other, vehicle, 19), 0, None);
        gives(&speeding(Road::Other, vehicle, 20), 3, Some("art. 11(2)"));
        gives(&speeding(Road::Other, vehicle, 49), 3, Some("art. 11(2)"));
        gives(&speeding(Road::Other, vehicle, 50), 6, Some("art. 10(3)"));
    }
}

#[test]
fn overcrowding_arts_8_4_9_1_10_1_11_1() {
    let crowded = |vehicle, percent: u16| Act {
        vehicle: Some(vehicle),
        measure: Some(Measure::Occupancy {
            approved: 100,
            carried: 100 + percent,
        }),
        ..act(Conduct::Overcrowding)
    };
    let tour = Vehicle {
        used_as: Use::TourCoach,
        ..coach()
    };
    for vehicle in [
        coach(),
        tour,
        Vehicle {
            used_as: Use::SchoolBus,
            ..car()
        },
    ] {
        gives(&crowded(vehicle, 1), 6, Some("art. 10(1)"));
        gives(&crowded(vehicle, 19), 6, Some("art. 10(1)"));
        gives(&crowded(vehicle, 20), 12, Some("art. 8(4)"));
        gives(&crowded(vehicle, 120), 12, Some("art. 8(4)"));
    }
    for (seats, bands) in [
        (
            7,
            [
                (19, 0, None),
                (20, 6, Some("art. 10(1)")),
                (49, 6, Some("art. 10(1)")),
                (50, 9, Some("art. 9(1)")),
                (99, 9, Some("art. 9(1)")),
                (100, 12, Some("art. 8(4)")),
            ],
        ),
        (
            6,
            [
                (19, 0, None),
                (20, 3, Some("art. 11(1)")),
                (49, 3, Some("art. 11(1)")),
                (50, 6, Some("art. 10(1)")),
                (99, 6, Some("art. 10(1)")),
                (100, 12, Some("art. 8(4)")),
            ],
        ),
    ] {
        for (percent, points, article) in bands {
            gives(
                &crowded(Vehicle { seats, ..car() }, percent),
                points,
                article,
            );
        }
    }
}

#[test]
fn trucks_over_their_greatest_mass_arts_10_4_11_9_12_6() {
    // The load may be far over its approval: points go by the mass.
    let heavy = |percent: u32| Act {
        vehicle: Some(truck()),
        measure: Some(Measure::Load {
            allowed_mass_kg: 10_000,
            mass_kg: 100 * (100 + percent),
            approved_load_kg: 1_000,
            load_kg: 5_000,
        }),
        ..act(Conduct::Overloading)
    };
    for (percent, points, article) in [
        (0, 0, None),
        (1, 1, Some("art. 12(6)")),
        (29, 1, Some("art. 12(6)")),
        (30, 3, Some("art. 11(9)")),
        (49, 3, Some("art. 11(9)")),
        (50, 6, Some("art. 10(4)")),
        (200, 6, Some("art. 10(4)")),
    ] {
        gives(&heavy(percent), points, article);
    }
}

#[test]
fn every_other_item_of_arts_8_to_12() {
    use Conduct as C;
    for (conduct, road, points, article) in [
        (C::FleeingInjuryAccident, Road::Other, 12, "art. 8(2)"),
        (C::ForgedPlateOrDocument, Road::Other, 12, "art. 8(3)"),
        (C::ForgedPlate, Road::Other, 12, "art. 8(3)"),
        (
            C::OtherVehiclesPlateOrDocument,
            Road::Other,
            12,
            "art. 8(3)",
        ),
        (
            C::ExpresswayReversing,
            Road::UrbanExpressway,
            12,
            "art. 8(6)",
        ),
        (C::ExpresswayIllegalStop, Road::Expressway, 9, "art. 9(3)"),
        (C::PlateMissing, Road::Other, 9, "art. 9(4)"),
        (C::PlateObscured, Road::Other, 9, "art. 9(4)"),
        (C::WrongLicenceClass, Road::Other, 9, "art. 9(5)"),
        (
            C::SchoolBusWithoutQualification,
            Road::Other,
            9,
            "art. 9(6)",
        ),
        (C::FatiguedPassengerDriving, Road::Other, 9, "art. 9(7)"),
        (C::HazmatOffRoute, Road::Other, 6, "art. 10(5)"),
        (C::OversizeOffRoute, Road::Other, 6, "art. 10(6)"),
        (C::HazmatRestrictedArea, Road::Other, 6, "art. 10(7)"),
        (C::RedLight, Road::Other, 6, "art. 10(8)"),
        (C::DrivingWhileWithheld, Road::Other, 6, "art. 10(9)"),
        (C::DrivingWhileSuspended, Road::Other, 6, "art. 10(9)"),
        (C::FleeingMinorAccident, Road::Other, 6, "art. 10(10)"),
        (C::EmergencyLane, Road::Expressway, 6, "art. 10(11)"),
        (C::ExpresswayWrongLane, Road::Expressway, 3, "art. 11(3)"),
        (
            C::ImproperOvertakingOrYielding,
            Road::Other,
            3,
            "art. 11(4)",
        ),
        (C::WrongWay, Road::Other, 3, "art. 11(4)"),
        (C::QueueJumping, Road::Other, 3, "art. 11(5)"),
        (C::PhoneUse, Road::Other, 3, "art. 11(6)"),
        (C::CrosswalkYield, Road::Other, 3, "art. 11(7)"),
        (C::SchoolBusYield, Road::Other, 3, "art. 11(8)"),
        (C::TruckCarryingPassengers, Road::Other, 3, "art. 11(9)"),
        (C::PlateFittedWrongly, Road::Other, 3, "art. 11(10)"),
        (C::BreakdownWithoutWarning, Road::Other, 3, "art. 11(11)"),
        (C::SchoolBusUnchecked, Road::Other, 3, "art. 11(13)"),
        (C::FatiguedTruckDriving, Road::Other, 3, "art. 11(14)"),
        (C::ExpresswayTooSlow, Road::Expressway, 3, "art. 11(15)"),
        (C::ImproperMeeting, Road::Other, 1, "art. 12(2)"),
        (C::ImproperReversing, Road::Other, 1, "art. 12(2)"),
        (C::LightsMisuse, Road::Other, 1, "art. 12(3)"),
        (C::ProhibitorySign, Road::Other, 1, "art. 12(4)"),
        (C::OversizedLoad, Road::Other, 1, "art. 12(5)"),
        (C::Uninspected, Road::Other, 1, "art. 12(7)"),
        (C::AlteredTruck, Road::Other, 1, "art. 12(8)"),
        (C::SeatBelt, Road::Other, 1, "art. 12(9)"),
        (C::MotorcycleHelmet, Road::Other, 1, "art. 12(10)"),
    ] {
        gives(
            &Act {
                road,
                ..act(conduct)
            },
            points,
            Some(article),
        );
    }
    gives(&alcohol(20, false, false), 12, Some("art. 8(1)"));
    gives(&alcohol(150, true, false), 12, Some("art. 8(1)"));
    for vehicle in [
        coach(),
        Vehicle {
            dangerous_goods: true,
            ..car()
        },
    ] {
        let act = Act {
            vehicle: Some(vehicle),
            ..act(C::Uninspected)
        };
        gives(&act, 3, Some("art. 11(12)"));
    }
    gives(&act(C::IllegalParking), 0, None);
    gives(&act(C::DocumentsNotCarried), 0, None);
}

/// Arts. 8(5), 9(2), 10(2)(3), 11(2), 12(1) read straight down.
fn straightforward(limit: u32, measured: u32, heavy: bool, fast: bool) -> u8 {
    let reaches = |percent: u32| (measured - limit) * 100 >= limit * percent;
    match (heavy, fast) {
        (true, true) if reaches(20) => 12,
        (true, true) => 6,
        (true, false) if reaches(50) => 9,
        (true, false) if reaches(20) => 6,
        (true, false) if reaches(10) => 1,
        (false, true) if reaches(50) => 12,
        (false, true) if reaches(20) => 6,
        (false, false) if reaches(50) => 6,
        (false, false) if reaches(20) => 3,
        _ => 0,
    }
}

proptest! {
    #[test]
    fn every_speed_has_the_points_of_a_straightforward_reading(
        limit in 5_u16..=120,
        over in 1_u16..=200,
        heavy: bool,
        fast: bool,
    ) {
        let act = Act {
            road: if fast { Road::UrbanExpressway } else { Road::Other },
            vehicle: Some(if heavy { truck() } else { car() }),
            measure: Some(Measure::Speed { limit_kmh: limit, measured_kmh: limit + over }),
            ..act(Conduct::Speeding)
        };
        let found = assess(Rules::shipped(), &act, today(), today()).unwrap();
        let expected = straightforward(u32::from(limit), u32::from(limit + over), heavy, fast);
        prop_assert_eq!(found.points, expected);
    }
}
