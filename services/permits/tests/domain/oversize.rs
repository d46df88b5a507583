//! Oversize cargo: its classes, and the police escort (Road Traffic Safety Law art. 48(2), MOT Order 62).

use crate::fixtures::*;
use chassis::testing::Scenario;
use permits::domain::closing::complete;
use permits::domain::escort::{
    MOST_HANDOVERS, assign_escort, complete_escort, hand_over_escort, set_run_order, start_escort,
};
use permits::domain::event::{Fact, RunOrder};
use permits::domain::instruments::OversizeRules;
use permits::domain::oversize_transport::{Dimensions, Masses, OversizeClass, OversizeTransport};
use permits::domain::permit::Stage;
use permits::domain::registers::VehicleRecord;
use permits::domain::review::{Approve, approve};
use permits::domain::standing::revoke;
use permits::domain::values::PermitId;

const ORDERED: Option<&str> = Some("Road Traffic Safety Law art. 48(2)");

fn with(change: impl FnOnce(&mut OversizeTransport)) -> OversizeTransport {
    let mut transport = oversize();
    change(&mut transport);
    transport
}

fn class_of(
    height_mm: u32,
    width_mm: u32,
    length_mm: u32,
    axle_kg: Vec<u32>,
) -> Option<OversizeClass> {
    let transport = with(|t| {
        t.dimensions = Dimensions {
            height_mm,
            width_mm,
            length_mm,
        };
        t.masses = Masses::new(axle_kg.iter().sum(), axle_kg, false).unwrap();
    });
    transport.class(OversizeRules::on("2026-03-02".parse().unwrap()))
}

#[test]
fn the_classes_of_oversize_transports_by_size() {
    use OversizeClass::{One, Three, Two};
    let light = || vec![8000; 6];
    for (height, width, length, class) in [
        (4000, 2550, 18_100, None),
        (4001, 2550, 18_100, Some(One)),
        (4000, 2551, 18_100, Some(One)),
        (4000, 2550, 18_101, Some(One)),
        (4200, 3000, 20_000, Some(One)),
        (4201, 3000, 20_000, Some(Two)),
        (4200, 3001, 20_000, Some(Two)),
        (4200, 3000, 20_001, Some(Two)),
        (4500, 3750, 28_000, Some(Two)),
        (4501, 3750, 28_000, Some(Three)),
        (4500, 3751, 28_000, Some(Three)),
        (4500, 3750, 28_001, Some(Three)),
    ] {
        assert_eq!(
            class_of(height, width, length, light()),
            class,
            "{height} x {width} x {length}"
        );
    }
}

#[test]
fn the_classes_of_oversize_transports_by_mass() {
    use OversizeClass::{Three, Two};
    let even = |axles: u32, total: u32| {
        let mut kg = vec![total / axles; axles as usize];
        kg[0] += total % axles;
        class_of(4000, 2550, 18_100, kg)
    };
    assert_eq!(even(6, 49_000), None);
    assert_eq!(
        even(6, 49_001),
        Some(Two),
        "class I stays within the masses"
    );
    assert_eq!(even(10, 100_000), Some(Two));
    assert_eq!(even(10, 100_001), Some(Three));
}

#[test]
fn what_a_vehicle_may_weigh_by_its_axles() {
    let rules = OversizeRules::on("2026-03-02".parse().unwrap());
    let free = |axles: usize, combination: bool, single_drive: bool| {
        with(|t| {
            t.masses = Masses::new(axles as u32 * 1000, vec![1000; axles], single_drive).unwrap();
            if !combination {
                t.trailer = None;
            }
        })
        .free_mass_kg(rules)
    };
    assert_eq!(free(2, false, false), 18_000);
    assert_eq!(free(3, false, false), 25_000);
    assert_eq!(free(3, true, false), 27_000);
    assert_eq!(free(4, false, false), 31_000);
    assert_eq!(free(4, true, false), 36_000);
    assert_eq!(free(5, true, false), 43_000);
    assert_eq!(free(6, true, false), 49_000);
    assert_eq!(free(6, true, true), 46_000);
    assert_eq!(free(9, true, false), 49_000);
}

#[test]
fn masses_whose_axles_do_not_carry_the_total_do_not_exist() {
    assert!(Masses::new(20_000, vec![10_000, 10_000], false).is_ok());
    assert!(Masses::new(20_001, vec![10_000, 10_000], false).is_err());
    assert!(Masses::new(10_000, vec![10_000], false).is_err());
    assert!(Masses::new(0, vec![0, 0], false).is_err());
    assert!(Masses::new(60_001 + 1, vec![60_001, 1], false).is_err());
    assert!(Masses::new(61, vec![1; 61], false).is_err());
}

#[test]
fn divisible_cargo_and_what_needs_no_permit_are_refused() {
    file(oversize_app(with(|t| t.divisible = true))).then_refused(
        "DIVISIBLE_CARGO",
        Some("Highway Protection Regulations art. 35"),
    );
    let small = with(|t| {
        t.dimensions = Dimensions {
            height_mm: 4000,
            width_mm: 2550,
            length_mm: 18_100,
        };
        t.masses = Masses::new(48_000, vec![8000; 6], false).unwrap();
    });
    file(oversize_app(small)).then_refused(
        "NOT_OVERSIZE",
        Some("Administrative Licence Law art. 32(1)(1)"),
    );
}

fn class_three() -> OversizeTransport {
    with(|t| {
        t.dimensions.width_mm = 3751;
        t.outline_drawing = Some(number("OD-1"));
        t.escort_plan = Some(text("one patrol car ahead, one behind"));
    })
}

#[test]
fn class_three_needs_drawing_plan_and_escort() {
    let basis = Some("MOT Order 62 art. 9");
    let mut no_drawing = class_three();
    no_drawing.outline_drawing = None;
    file(oversize_app(no_drawing)).then_refused("OUTLINE_DRAWING_MISSING", basis);
    let mut no_plan = class_three();
    no_plan.escort_plan = None;
    file(oversize_app(no_plan)).then_refused("ESCORT_PLAN_MISSING", basis);

    let (scenario, id) = accepted(oversize_app(class_three()));
    let alone = Approve {
        run_order: Some(RunOrder {
            escort: false,
            ..run_order()
        }),
        ..Approve::default()
    };
    scenario
        .when(|tx| approve(tx, &id, alone))
        .then_refused("ESCORT_REQUIRED", ORDERED)
        .when(|tx| {
            approve(
                tx,
                &id,
                Approve {
                    run_order: Some(run_order()),
                    ..Approve::default()
                },
            )
        })
        .and();
}

#[test]
fn the_days_applied_for_are_bounded_by_the_class() {
    let basis = Some("MOT Order 62 art. 10");
    let until = |last: &str| {
        oversize_app(with(|t| {
            t.valid_until = last.parse().unwrap();
            for vehicle in [&mut t.tractor, t.trailer.as_mut().unwrap()] {
                vehicle.inspection_valid_until = "2027-12-31".parse().unwrap();
            }
        }))
    };
    file(until("2026-06-02")).and();
    file(until("2026-06-03")).then_refused("VALIDITY_TOO_LONG", basis);
    file(until("2026-03-04")).then_refused("VALIDITY_TOO_LONG", basis);
    file(until("2026-03-01")).then_refused("RUN_IN_THE_PAST", ORDERED);
    file(oversize_app(with(|t| {
        t.tractor.inspection_valid_until = "2026-03-19".parse().unwrap()
    })))
    .then_refused(
        "INSPECTION_EXPIRES",
        Some("Road Traffic Safety Law art. 13(1)"),
    );
}

#[test]
fn the_police_fix_time_route_speed_and_escort_art_48() {
    let order = |start: &str, end: &str| Approve {
        run_order: Some(RunOrder {
            start: at(start),
            end: at(end),
            ..run_order()
        }),
        ..Approve::default()
    };
    let (scenario, id) = accepted(oversize_app(oversize()));
    scenario
        .when(|tx| approve(tx, &id, Approve::default()))
        .then_refused("RUN_ORDER_MISSING", ORDERED)
        .when(|tx| approve(tx, &id, order("2026-03-04T23:59:59", "2026-03-06T00:00:00")))
        .then_refused("RUN_ORDER_OUTSIDE_VALIDITY", ORDERED)
        .when(|tx| approve(tx, &id, order("2026-03-20T20:00:00", "2026-03-21T00:00:01")))
        .then_refused("RUN_ORDER_OUTSIDE_VALIDITY", ORDERED)
        .when(|tx| approve(tx, &id, order("2026-03-05T00:00:00", "2026-03-21T00:00:00")))
        .and();
}

#[test]
fn a_run_order_is_fixed_anew_until_the_run_begins() {
    let (scenario, id) = approved(oversize_app(oversize()));
    let slower = RunOrder {
        max_speed_kmh: 20,
        ..run_order()
    };
    let outcome = scenario.when(|tx| set_run_order(tx, &id, slower.clone(), text("ice")));
    match &facts(&outcome, &id)[..] {
        [Fact::PermitAmended { grant, .. }] => {
            assert_eq!(grant.version, 2);
            assert_eq!(grant.run_order, Some(slower));
        }
        other => panic!("{other:?}"),
    }
    let (works, id) = approved(app(occupation()));
    works
        .when(|tx| set_run_order(tx, &id, run_order(), text("ice")))
        .then_refused("WRONG_KIND", Some("Administrative Licence Law art. 4"));
}

// === the escort ===

fn assigned() -> (Scenario, PermitId) {
    let (scenario, id) = approved(oversize_app(oversize()));
    let outcome = scenario.when(|tx| assign_escort(tx, &id, number("371702-1"), 2, mudan()));
    assert_eq!(names(&outcome, &id), ["escort_assigned"]);
    (outcome.and(), id)
}

fn under_way() -> (Scenario, PermitId) {
    let (scenario, id) = assigned();
    let outcome = scenario
        .later("2026-03-06T05:00:00+08:00")
        .when(|tx| start_escort(tx, &id));
    assert_eq!(names(&outcome, &id), ["escort_started"]);
    (outcome.and(), id)
}

#[test]
fn an_escort_is_assigned_started_handed_over_and_done() {
    let (scenario, id) = under_way();
    assert_eq!(stage(&scenario, &id), Stage::InUse);
    let outcome = scenario
        .when(|tx| complete(tx, &id))
        .then_refused("ESCORT_NOT_DONE", ORDERED)
        .when(|tx| hand_over_escort(tx, &id, number("371721-1"), caoxian()));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::EscortHandedOver {
            unit: number("371721-1"),
            to: caoxian()
        }]
    );
    // From the border on it is the next district's.
    let outcome = outcome
        .and()
        .by(elsewhere())
        .when(|tx| complete_escort(tx, &id));
    assert_eq!(
        facts(&outcome, &id),
        [Fact::EscortCompleted {
            unit: number("371721-1"),
            district: caoxian()
        }]
    );
    let outcome = outcome.and().by(reviewer()).when(|tx| complete(tx, &id));
    assert_eq!(names(&outcome, &id), ["permit_completed"]);
}

#[test]
fn a_run_whose_permit_is_revoked_on_the_way_is_escorted_to_its_end_art_48() {
    let (scenario, id) = under_way();
    let tractor = vehicle("鲁R54321").plate.key();
    let scenario = scenario.when(|tx| revoke(tx, &id, revocation())).and();
    let named_in = |scenario: &Scenario| scenario.state::<VehicleRecord>(&tractor).permits;
    assert_eq!(named_in(&scenario).len(), 1);
    let outcome = scenario
        .when(|tx| hand_over_escort(tx, &id, number("371721-1"), caoxian()))
        .and()
        .by(elsewhere())
        .when(|tx| complete_escort(tx, &id));
    assert_eq!(names(&outcome, &id), ["escort_completed"]);
    let scenario = outcome.and();
    assert_eq!(stage(&scenario, &id), Stage::Revoked);
    assert!(named_in(&scenario).is_empty());
}

#[test]
fn an_escort_starts_within_the_ordered_time() {
    let basis = Some("Administrative Licence Law art. 80(2)");
    let (scenario, id) = assigned();
    scenario
        .later("2026-03-06T04:59:59+08:00")
        .when(|tx| start_escort(tx, &id))
        .then_refused("OUTSIDE_VALIDITY", basis)
        .later("2026-03-06T12:00:00+08:00")
        .when(|tx| start_escort(tx, &id))
        .then_refused("OUTSIDE_VALIDITY", basis)
        .later("2026-03-06T11:59:59+08:00")
        .when(|tx| start_escort(tx, &id))
        .and();
}

#[test]
fn escort_steps_out_of_order_are_refused() {
    let (scenario, id) = approved(oversize_app(oversize()));
    scenario
        .when(|tx| start_escort(tx, &id))
        .then_refused("ESCORT_NOT_ASSIGNED", ORDERED)
        .when(|tx| complete_escort(tx, &id))
        .then_refused("ESCORT_NOT_STARTED", ORDERED)
        .when(|tx| complete(tx, &id))
        .then_refused("NOT_USED", Some("Administrative Licence Law art. 61(1)"));
    let (scenario, id) = under_way();
    let scenario = scenario
        .when(|tx| start_escort(tx, &id))
        .then_refused("ESCORT_ALREADY_STARTED", ORDERED)
        .when(|tx| assign_escort(tx, &id, number("371702-2"), 1, mudan()))
        .then_refused("ESCORT_ALREADY_STARTED", ORDERED)
        .when(|tx| hand_over_escort(tx, &id, number("371702-2"), mudan()))
        .then_refused("SAME_DISTRICT", ORDERED)
        .when(|tx| complete_escort(tx, &id))
        .and();
    scenario
        .when(|tx| hand_over_escort(tx, &id, number("371721-1"), caoxian()))
        .then_refused("ESCORT_DONE", ORDERED);
}

#[test]
fn only_an_officer_of_a_district_on_the_way_leads_the_escort() {
    let (scenario, id) = assigned();
    scenario
        .by(elsewhere())
        .later("2026-03-06T05:00:00+08:00")
        .when(|tx| start_escort(tx, &id))
        .then_refused(
            "OUTSIDE_DISTRICT",
            Some("Administrative Licence Law art. 22"),
        );
}

#[test]
fn without_an_ordered_escort_none_is_assigned_and_the_officers_word_closes_it() {
    let (scenario, id) = accepted(oversize_app(oversize()));
    let alone = Approve {
        run_order: Some(RunOrder {
            escort: false,
            ..run_order()
        }),
        ..Approve::default()
    };
    let outcome = scenario
        .when(|tx| approve(tx, &id, alone))
        .and()
        .when(|tx| assign_escort(tx, &id, number("371702-1"), 1, mudan()))
        .then_refused("NO_ESCORT_ORDERED", ORDERED)
        .when(|tx| complete(tx, &id));
    assert_eq!(names(&outcome, &id), ["permit_completed"]);
}

#[test]
fn an_escort_is_handed_over_a_bounded_number_of_times() {
    let (mut scenario, id) = under_way();
    scenario = scenario.by(city());
    for turn in 0..MOST_HANDOVERS {
        let to = if turn % 2 == 0 { caoxian() } else { mudan() };
        scenario = scenario
            .when(|tx| hand_over_escort(tx, &id, number("unit-1"), to))
            .and();
    }
    scenario
        .when(|tx| hand_over_escort(tx, &id, number("unit-1"), caoxian()))
        .then_refused("TOO_MANY_HANDOVERS", ORDERED);
}
