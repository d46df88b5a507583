//! What acts cost in money: every band, on both sides of every boundary, with its article.

use crate::fixtures::*;
use chassis::domain::values::Fen;
use enforcement::domain::assessment::{Assessment, assess};
use enforcement::domain::conduct::{Act, Conduct, Measure, Road, Use, Vehicle};
use enforcement::domain::ground::Ground;
use enforcement::domain::rules::{Revocation, Rules};
use proptest::prelude::*;

fn assessed(act: &Act) -> Assessment {
    assess(Rules::shipped(), act, today(), today()).unwrap()
}

/// Least and most in yuan, or a warning alone; and the provision that sets it.
#[track_caller]
fn costs(act: &Act, fine: Option<(u32, u32)>, basis: &str) {
    let penalty = assessed(act).penalty;
    let found = penalty
        .fine
        .map(|range| (range.least.get() / 100, range.most.get() / 100));
    let expected = fine.map(|(least, most)| (u64::from(least), u64::from(most)));
    assert_eq!(found, expected, "{act:?}");
    assert_eq!(penalty.rules[0].basis.to_string(), basis, "{act:?}");
    assert!(penalty.warning || fine.is_some());
}

#[test]
fn speeding_off_the_expressway_costs_what_shandong_measures_art_77_says() {
    for (percent, yuan) in [
        (1, None),
        (9, None),
        (10, None), // 超过10%: the boundary itself is not above it
        (11, Some(50)),
        (29, Some(50)),
        (30, Some(50)),
        (31, Some(200)),
        (49, Some(200)),
        (50, Some(200)), // the law's art. 99(1)(4) begins above 50 %
        (51, Some(500)),
        (70, Some(500)),
        (71, Some(1_000)),
        (99, Some(1_000)),
        (100, Some(2_000)), // 百分之百以上 includes 100 %
        (101, Some(2_000)),
        (200, Some(2_000)),
    ] {
        for road in [Road::Other, Road::UrbanExpressway] {
            let act = speeding(road, car(), percent);
            let range = yuan.map(|yuan| (yuan, yuan));
            costs(&act, range, "Shandong Measures art. 77");
        }
    }
}

#[test]
fn speeding_on_the_expressway_costs_what_its_regulations_art_55_say() {
    let on = |percent| speeding(Road::Expressway, car(), percent);
    costs(&on(9), None, "Shandong Measures art. 77");
    let basis = "Shandong Expressway Regulations art. 55";
    for percent in [10, 30, 49, 50] {
        costs(&on(percent), Some((200, 200)), basis);
    }
    for percent in [51, 100, 150] {
        costs(&on(percent), Some((2_000, 2_000)), basis);
    }
}

#[test]
fn above_half_over_the_limit_the_licence_may_be_revoked_law_art_99() {
    for (road, percent, revocation) in [
        (Road::Other, 50, Revocation::None),
        (Road::Other, 51, Revocation::May),
        (Road::Expressway, 50, Revocation::None),
        (Road::Expressway, 51, Revocation::May),
    ] {
        let penalty = assessed(&speeding(road, car(), percent)).penalty;
        assert_eq!(penalty.revocation, revocation, "{road:?} {percent}");
    }
    let cited = assessed(&speeding(Road::Other, car(), 51)).penalty.rules;
    assert!(
        cited
            .iter()
            .any(|rule| rule.basis.to_string() == "Road Traffic Safety Law art. 99(1)(4)")
    );
}

fn overloaded(road: Road, load_percent: u32) -> Act {
    Act {
        road,
        vehicle: Some(truck()),
        measure: Some(Measure::Load {
            allowed_mass_kg: 20_000,
            mass_kg: 10_000 + 100 * (100 + load_percent),
            approved_load_kg: 10_000,
            load_kg: 100 * (100 + load_percent),
        }),
        ..act(Conduct::Overloading)
    }
}

#[test]
fn overloaded_trucks_cost_by_the_approved_load() {
    for (percent, on_expressway, elsewhere) in [
        (1, (200, "art. 53(1)"), (200, 500)),
        (29, (200, "art. 53(1)"), (200, 500)),
        (30, (500, "art. 53(2)"), (200, 500)),
        (31, (500, "art. 53(2)"), (500, 2_000)),
        (49, (500, "art. 53(2)"), (500, 2_000)),
        (50, (1_000, "art. 53(3)"), (500, 2_000)),
        (99, (1_000, "art. 53(3)"), (500, 2_000)),
        (100, (2_000, "art. 53(4)"), (500, 2_000)),
    ] {
        let (yuan, article) = on_expressway;
        let basis = format!("Shandong Expressway Regulations {article}");
        costs(
            &overloaded(Road::Expressway, percent),
            Some((yuan, yuan)),
            &basis,
        );
        let law = "Road Traffic Safety Law art. 92(2)";
        costs(&overloaded(Road::Other, percent), Some(elsewhere), law);
    }
}

fn overcrowded(road: Road, vehicle: Vehicle, percent: u16) -> Act {
    Act {
        road,
        vehicle: Some(vehicle),
        measure: Some(Measure::Occupancy {
            approved: 100,
            carried: 100 + percent,
        }),
        ..act(Conduct::Overcrowding)
    }
}

#[test]
fn overcrowded_coaches_cost_by_law_art_92_and_on_expressways_by_regulations_art_52() {
    for (percent, yuan, article, elsewhere) in [
        (1, 200, "art. 52(1)", (200, 500)),
        (19, 200, "art. 52(1)", (200, 500)),
        (20, 200, "art. 52(1)", (200, 500)), // 百分之二十以下 includes 20 %
        (21, 1_000, "art. 52(2)", (500, 2_000)),
        (49, 1_000, "art. 52(2)", (500, 2_000)),
        (50, 2_000, "art. 52(3)", (500, 2_000)),
        (120, 2_000, "art. 52(3)", (500, 2_000)),
    ] {
        let basis = format!("Shandong Expressway Regulations {article}");
        let act = overcrowded(Road::Expressway, coach(), percent);
        costs(&act, Some((yuan, yuan)), &basis);
        let act = overcrowded(Road::Other, coach(), percent);
        costs(&act, Some(elsewhere), "Road Traffic Safety Law art. 92(1)");
    }
    let private = overcrowded(Road::Other, car(), 40);
    costs(&private, Some((20, 200)), "Road Traffic Safety Law art. 90");
}

#[test]
fn alcohol_costs_what_law_art_91_says_from_20_and_from_80_milligrams() {
    for (mg, hire, repeated, fine, months, revocation, days, crime, article) in [
        (
            20,
            false,
            false,
            Some((1_000, 2_000)),
            Some(6),
            Revocation::None,
            None,
            false,
            "art. 91(1)",
        ),
        (
            79,
            false,
            false,
            Some((1_000, 2_000)),
            Some(6),
            Revocation::None,
            None,
            false,
            "art. 91(1)",
        ),
        (
            20,
            false,
            true,
            Some((1_000, 2_000)),
            None,
            Revocation::Must,
            Some(10),
            false,
            "art. 91(1)",
        ),
        (
            80,
            false,
            false,
            None,
            None,
            Revocation::Must,
            None,
            true,
            "art. 91(2)",
        ),
        (
            20,
            true,
            false,
            Some((5_000, 5_000)),
            None,
            Revocation::Must,
            Some(15),
            false,
            "art. 91(3)",
        ),
        (
            79,
            true,
            true,
            Some((5_000, 5_000)),
            None,
            Revocation::Must,
            Some(15),
            false,
            "art. 91(3)",
        ),
        (
            80,
            true,
            false,
            None,
            None,
            Revocation::Must,
            None,
            true,
            "art. 91(4)",
        ),
    ] {
        let penalty = assessed(&alcohol(mg, hire, repeated)).penalty;
        let range = penalty.fine.map(|range| (range.least, range.most));
        let expected = fine.map(|(least, most)| (Fen::yuan(least), Fen::yuan(most)));
        assert_eq!(range, expected, "{mg}");
        assert_eq!(penalty.suspension_months, months, "{mg}");
        assert_eq!(penalty.revocation, revocation, "{mg}");
        assert_eq!(penalty.detention_days, days, "{mg}");
        assert_eq!(penalty.crime, crime, "{mg}");
        let basis = format!("Road Traffic Safety Law {article}");
        assert_eq!(penalty.rules[0].basis.to_string(), basis);
    }
    let below = assess(
        Rules::shipped(),
        &alcohol(19, false, false),
        today(),
        today(),
    );
    assert_eq!(below, Err(Ground::NoRuleInForce));
}

#[test]
fn every_other_conduct_costs_what_its_article_says() {
    let law = |article: &str| format!("Road Traffic Safety Law {article}");
    for (conduct, fine, article) in [
        (Conduct::PedestrianOffence, (5, 50), "art. 89"),
        (Conduct::RiderOffence, (5, 50), "art. 89"),
        (Conduct::RedLight, (20, 200), "art. 90"),
        (Conduct::SeatBelt, (20, 200), "art. 90"),
        (Conduct::PlateMissing, (20, 200), "art. 95(1)"),
        (Conduct::DocumentsNotCarried, (20, 200), "art. 95(1)"),
        (Conduct::PlateObscured, (20, 200), "art. 95(2)"),
        (Conduct::ForgedPlateOrDocument, (2_000, 5_000), "art. 96(1)"),
        (
            Conduct::OtherVehiclesPlateOrDocument,
            (2_000, 5_000),
            "art. 96(3)",
        ),
        (Conduct::IllegalSiren, (200, 2_000), "art. 97"),
        (Conduct::DrivingUnlicensed, (200, 2_000), "art. 99(1)(1)"),
        (
            Conduct::DrivingWhileSuspended,
            (200, 2_000),
            "art. 99(1)(1)",
        ),
        (
            Conduct::EntrustingToUnlicensed,
            (200, 2_000),
            "art. 99(1)(2)",
        ),
        (Conduct::FleeingMinorAccident, (200, 2_000), "art. 99(1)(3)"),
        (
            Conduct::BreakingTrafficControl,
            (200, 2_000),
            "art. 99(1)(6)",
        ),
        (Conduct::ScrappedVehicle, (200, 2_000), "art. 100(2)"),
        (Conduct::CoachCarryingGoods, (500, 2_000), "art. 92(1)"),
        (Conduct::ForgedMark, (1_000, 3_000), "art. 96(2)"),
        (Conduct::ForcingDriver, (200, 2_000), "art. 99(1)(5)"),
        (
            Conduct::DamagingTrafficFacility,
            (200, 2_000),
            "art. 99(1)(7)",
        ),
        (Conduct::BlockingVehicles, (200, 2_000), "art. 99(1)(8)"),
    ] {
        costs(&act(conduct), Some(fine), &law(article));
    }
    let on_expressway = |conduct| Act {
        road: Road::Expressway,
        ..act(conduct)
    };
    for (conduct, yuan, article) in [
        (Conduct::PhoneUse, 150, "art. 50"),
        (Conduct::DocumentsNotCarried, 150, "art. 50"),
        (Conduct::SeatBelt, 200, "art. 51"),
        (Conduct::EmergencyLane, 200, "art. 51"),
        (Conduct::CoachCarryingGoods, 1_000, "art. 52(4)"),
        (Conduct::TruckCarryingPassengers, 2_000, "art. 53(5)"),
        (Conduct::ForgedPlate, 5_000, "art. 54"),
        (Conduct::PedestrianOffence, 50, "art. 56"),
    ] {
        let mut act = on_expressway(conduct);
        if conduct == Conduct::TruckCarryingPassengers {
            act.vehicle = Some(truck());
        }
        if conduct == Conduct::CoachCarryingGoods {
            act.vehicle = Some(coach());
        }
        let basis = format!("Shandong Expressway Regulations {article}");
        costs(&act, Some((yuan, yuan)), &basis);
    }
}

fn by_ebike(conduct: Conduct, measure: Option<Measure>) -> Act {
    let ebike = Vehicle {
        used_as: Use::NonMotor,
        seats: 0,
        ..car()
    };
    Act {
        vehicle: Some(ebike),
        measure,
        ..act(conduct)
    }
}

#[test]
fn riders_pay_5_to_50_yuan_and_have_no_points_law_art_89_order_163() {
    let drunk = Measure::Alcohol { mg_per_100ml: 80 };
    let fast = Measure::Speed {
        limit_kmh: 15,
        measured_kmh: 40,
    };
    let many = Measure::Occupancy {
        approved: 1,
        carried: 3,
    };
    for (conduct, measure) in [
        (Conduct::RedLight, None),
        (Conduct::WrongWay, None),
        (Conduct::ProhibitorySign, None),
        (Conduct::PhoneUse, None),
        (Conduct::LightsMisuse, None),
        (Conduct::IllegalParking, None),
        (Conduct::DrinkDriving, Some(drunk)),
        (Conduct::Speeding, Some(fast)),
        (Conduct::Overcrowding, Some(many)),
        (Conduct::RiderOffence, None),
    ] {
        let act = by_ebike(conduct, measure);
        costs(&act, Some((5, 50)), "Road Traffic Safety Law art. 89");
        let found = assessed(&act);
        assert!(found.penalty.warning, "{conduct:?}");
        assert_eq!(found.penalty.rules.len(), 1, "{conduct:?}");
        assert_eq!((found.points, found.points_rule), (0, None), "{conduct:?}");
    }
    // A vehicle that is not known is not taken for one without motor.
    let unknown = Act {
        vehicle: None,
        ..act(Conduct::RedLight)
    };
    assert_eq!(assessed(&unknown).points, 6);
}

#[test]
fn what_only_drivers_of_motor_vehicles_are_forbidden_costs_riders_nothing_law_arts_90_91() {
    let tipsy = Measure::Alcohol { mg_per_100ml: 79 };
    for (conduct, measure) in [
        (Conduct::SeatBelt, None),
        (Conduct::DrivingUnlicensed, None),
        (Conduct::Uninspected, None),
        (Conduct::DrinkDriving, Some(tipsy)),
    ] {
        let judged = assess(
            Rules::shipped(),
            &by_ebike(conduct, measure),
            today(),
            today(),
        );
        assert_eq!(judged, Err(Ground::NoRuleInForce), "{conduct:?}");
    }
}

#[test]
fn a_withheld_licence_is_not_a_suspended_one_law_art_99_1_1_regulations_art_28() {
    let withheld = act(Conduct::DrivingWhileWithheld);
    costs(
        &withheld,
        Some((20, 200)),
        "Road Traffic Safety Law art. 90",
    );
    assert_eq!(assessed(&withheld).penalty.detention_days, None);
    let suspended = assessed(&act(Conduct::DrivingWhileSuspended)).penalty;
    assert_eq!(suspended.detention_days, Some(15));
}

#[test]
fn only_forged_plates_cost_5000_yuan_on_expressways_regulations_art_54() {
    let forged = |conduct| Act {
        road: Road::Expressway,
        ..act(conduct)
    };
    let law = "Road Traffic Safety Law art. 96(1)";
    costs(
        &forged(Conduct::ForgedPlateOrDocument),
        Some((2_000, 5_000)),
        law,
    );
    costs(&act(Conduct::ForgedPlate), Some((2_000, 5_000)), law);
    let regulations = "Shandong Expressway Regulations art. 54";
    costs(
        &forged(Conduct::ForgedPlate),
        Some((5_000, 5_000)),
        regulations,
    );
}

#[test]
fn shandong_fixes_fines_within_the_frame_of_the_law_measures_arts_69_to_72() {
    for (conduct, yuan, article, warning) in [
        (Conduct::IllegalParking, 100, "art. 71", false), // art. 49
        (Conduct::FatiguedPassengerDriving, 200, "art. 72(1)", true), // art. 45(1)
        (Conduct::FatiguedTruckDriving, 200, "art. 72(1)", true),
    ] {
        for road in [Road::Other, Road::UrbanExpressway] {
            let act = Act {
                road,
                ..act(conduct)
            };
            let basis = format!("Shandong Measures {article}");
            costs(&act, Some((yuan, yuan)), &basis);
            assert_eq!(assessed(&act).penalty.warning, warning, "{conduct:?}");
        }
    }
    // Whether a crosswalk has signals is not recorded: the frame of the law.
    let crosswalk = act(Conduct::CrosswalkYield);
    costs(
        &crosswalk,
        Some((20, 200)),
        "Road Traffic Safety Law art. 90",
    );
    // Expressways have their own regulations (art. 82).
    let tired = Act {
        road: Road::Expressway,
        ..act(Conduct::FatiguedTruckDriving)
    };
    let basis = "Shandong Expressway Regulations art. 51";
    costs(&tired, Some((200, 200)), basis);
}

#[test]
fn plates_of_vehicles_without_motor_cost_20_yuan_shandong_measures_art_70() {
    for conduct in [
        Conduct::PlateMissing,
        Conduct::PlateObscured,
        Conduct::PlateFittedWrongly,
        Conduct::ForgedPlateOrDocument,
        Conduct::ForgedPlate,
        Conduct::OtherVehiclesPlateOrDocument,
    ] {
        let act = by_ebike(conduct, None);
        costs(&act, Some((20, 20)), "Shandong Measures art. 70");
        let found = assessed(&act);
        assert_eq!(found.points, 0, "{conduct:?}");
        assert_eq!(found.penalty.detention_days, None, "{conduct:?}");
    }
}

#[test]
fn who_does_not_yield_to_a_school_bus_pays_200_yuan_school_bus_regulations_art_52() {
    let act = act(Conduct::SchoolBusYield);
    costs(&act, Some((200, 200)), "School Bus Regulations art. 52");
    assert!(!assessed(&act).penalty.warning);
}

#[test]
fn money_that_was_measured_multiplies_up_to_its_cap() {
    let traded = |conduct, yuan| Act {
        measure: Some(Measure::Money {
            amount: Fen::yuan(yuan),
        }),
        ..act(conduct)
    };
    for (conduct, amount, fine, basis) in [
        (
            Conduct::PointsBuying,
            1_000,
            (0, 3_000),
            "Order 163 art. 30(1)",
        ),
        (
            Conduct::PointsBuying,
            16_667,
            (0, 50_000),
            "Order 163 art. 30(1)",
        ),
        (
            Conduct::PointsSelling,
            16_666,
            (0, 49_998),
            "Order 163 art. 30(2)",
        ),
        (
            Conduct::PointsBrokering,
            20_000,
            (0, 100_000),
            "Order 163 art. 30(3)",
        ),
        (
            Conduct::PointsBrokering,
            20_001,
            (0, 100_000),
            "Order 163 art. 30(3)",
        ),
        (
            Conduct::StudyBrokeringForGain,
            6_666,
            (0, 19_998),
            "Order 163 art. 31(4)",
        ),
        (
            Conduct::StudyBrokeringForGain,
            6_667,
            (0, 20_000),
            "Order 163 art. 31(4)",
        ),
        (
            Conduct::FalseInspection,
            300,
            (1_500, 3_000),
            "Road Traffic Safety Law art. 94(2)",
        ),
        (
            Conduct::SellingScrappedVehicle,
            9_000,
            (9_000, 9_000),
            "Road Traffic Safety Law art. 100(3)",
        ),
        (
            Conduct::NoInsurance,
            665,
            (1_330, 1_330),
            "Road Traffic Safety Law art. 98(1)",
        ),
    ] {
        costs(&traded(conduct, amount), Some(fine), basis);
    }
}

#[test]
fn what_was_measured_must_fit_and_exceed() {
    let judge = |act: &Act| assess(Rules::shipped(), act, today(), today());
    let mut act = speeding(Road::Other, car(), 0);
    assert_eq!(judge(&act), Err(Ground::MeasureNoExcess));
    act.measure = None;
    assert_eq!(judge(&act), Err(Ground::MeasureMissing));
    act.measure = Some(Measure::Alcohol { mg_per_100ml: 30 });
    assert_eq!(judge(&act), Err(Ground::MeasureMissing));
    act.measure = Some(Measure::Speed {
        limit_kmh: 0,
        measured_kmh: 60,
    });
    assert_eq!(judge(&act), Err(Ground::MeasureNoExcess));
    act.conduct = Conduct::RedLight;
    assert_eq!(judge(&act), Err(Ground::MeasureMissing));
}

/// Shandong Measures art. 77 and Expressway Regulations art. 55, computed straight from the text in exact fractions.
fn straightforward(limit: u32, measured: u32, expressway: bool) -> Option<u32> {
    let tenths_over = |percent: u32| (measured - limit) * 100 > limit * percent;
    let reaches = |percent: u32| (measured - limit) * 100 >= limit * percent;
    if expressway {
        return if tenths_over(50) {
            Some(2_000)
        } else if reaches(10) {
            Some(200)
        } else {
            None
        };
    }
    if reaches(100) {
        Some(2_000)
    } else if tenths_over(70) {
        Some(1_000)
    } else if tenths_over(50) {
        Some(500)
    } else if tenths_over(30) {
        Some(200)
    } else if tenths_over(10) {
        Some(50)
    } else {
        None
    }
}

proptest! {
    #[test]
    fn every_speed_has_the_fine_of_a_straightforward_reading(
        limit in 5_u16..=120,
        over in 1_u16..=240,
        expressway: bool,
        medium: bool,
    ) {
        let act = Act {
            road: if expressway { Road::Expressway } else { Road::Other },
            vehicle: Some(Vehicle { medium_or_larger: medium, used_as: Use::Truck, ..car() }),
            measure: Some(Measure::Speed { limit_kmh: limit, measured_kmh: limit + over }),
            ..act(Conduct::Speeding)
        };
        let fine = assessed(&act).penalty.fine.map(|range| range.most);
        let expected = straightforward(u32::from(limit), u32::from(limit + over), expressway);
        prop_assert_eq!(fine, expected.map(Fen::yuan));
    }
}
