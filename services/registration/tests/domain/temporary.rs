//! Temporary plates (arts. 46 to 48): how long, how often, and until when.

use crate::fixtures::{
    MONDAY, approving, car, city_officer, day, done, filed, filing, initial, paid, person, vehicle,
};
use chassis::testing::{Outcome, Scenario};
use registration::domain::application::ApplicationId;
use registration::domain::application::delivery::{plates_delivered, plates_made};
use registration::domain::application::filing::File;
use registration::domain::application::request::{Request, TemporaryUse};
use registration::domain::vehicle::event::TemporaryGround;

fn temporary(ground: TemporaryGround, days: u16) -> File {
    let temporary = TemporaryUse {
        ground,
        particulars: car(),
        days,
        insurance_valid_until: day("2027-03-02"),
        approved_until: None,
    };
    filing(
        Request::TemporaryPlate(Box::new(temporary)),
        vec![person('b')],
    )
}

fn ask(ground: TemporaryGround, days: u16) -> Outcome<ApplicationId> {
    filed(Scenario::at(MONDAY), temporary(ground, days))
}

#[test]
fn each_ground_has_its_longest_validity() {
    use TemporaryGround as G;
    // From 2 March: six months end on 2 September, 184 days later.
    for (ground, longest, article) in [
        (G::Unsold, 30, "art. 47(2)"),
        (G::AwaitingRegistration, 30, "art. 47(2)"),
        (G::NewForExport, 30, "art. 47(2)"),
        (G::Testing, 184, "art. 47(2)"),
        (G::OversizeSpecial, 90, "art. 47(2)"),
        (G::IntelligentTesting, 184, "art. 48(2)"),
    ] {
        ask(ground, longest).and();
        let basis = format!("Order 164 {article}");
        ask(ground, longest + 1).then_refused("TEMPORARY_TOO_LONG", Some(&basis));
    }
}

#[test]
fn a_temporary_plate_ends_with_the_insurance_at_the_latest() {
    let insured_until = |last: &str| {
        let mut command = temporary(TemporaryGround::Unsold, 30);
        if let Request::TemporaryPlate(temporary) = &mut command.request {
            temporary.insurance_valid_until = day(last);
        }
        filed(Scenario::at(MONDAY), command)
    };
    insured_until("2026-04-01").and();
    insured_until("2026-03-31")
        .then_refused("TEMPORARY_BEYOND_INSURANCE", Some("Order 164 art. 47(5)"));
}

#[test]
fn unsold_and_unregistered_vehicles_get_three_and_exports_one() {
    let mut scenario = Scenario::at(MONDAY);
    for ground in [
        TemporaryGround::Unsold,
        TemporaryGround::AwaitingRegistration,
        TemporaryGround::AwaitingRegistration,
    ] {
        scenario = done(scenario, temporary(ground, 30)).0;
    }
    filed(scenario, temporary(TemporaryGround::Unsold, 30))
        .then_refused("TOO_MANY_TEMPORARY_PLATES", Some("Order 164 art. 47(4)"));

    let scenario = done(
        Scenario::at(MONDAY),
        temporary(TemporaryGround::NewForExport, 30),
    )
    .0;
    filed(scenario, temporary(TemporaryGround::NewForExport, 30))
        .then_refused("TOO_MANY_TEMPORARY_PLATES", Some("Order 164 art. 47(4)"));
}

#[test]
fn temporary_plates_are_void_three_working_days_after_the_plates_have_come() {
    let scenario = done(
        Scenario::at(MONDAY),
        temporary(TemporaryGround::AwaitingRegistration, 30),
    )
    .0;
    let outcome = filed(scenario, initial(car(), 'b'));
    let id = outcome.value().clone();
    let scenario = approving(outcome.and(), &id).and();
    let scenario = paid(scenario, &id)
        .by(city_officer())
        .when(|tx| plates_made(tx, &id))
        .and()
        .when(|tx| plates_delivered(tx, &id))
        .and();
    assert_eq!(
        vehicle(&scenario).temporary_plates[0].valid_until,
        day("2026-03-05"),
        "Monday and three working days"
    );
}
