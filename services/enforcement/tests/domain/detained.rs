//! Detained vehicles: told, handed over, approved, cured or proven, or unclaimed.

use crate::fixtures::*;
use chassis::published::PublishedEvent;
use chassis::testing::Scenario;
use enforcement::domain::detention::{
    Detention, DetentionEvent, DetentionFact, DetentionGround, DetentionStage, Disposal, Order,
    announce_unclaimed, approve, bring_proof, cure, detain, dispose, extend_verification,
    hand_over, pass_time, verify,
};
use enforcement::domain::values::{CaseId, Place};

fn order(ground: DetentionGround) -> Order {
    Order {
        certificate: number("370000-1"),
        ground,
        place: Place {
            district: mudan(),
            road: text("Sample Road, km 3"),
            point: None,
        },
        plate: Some(plate(PLATE)),
        party: driver('a').person,
        violation: None,
        told_and_heard: true,
    }
}

fn detained(ground: DetentionGround) -> (Scenario, CaseId) {
    with(start().when(|tx| detain(tx, order(ground))))
}

fn state(scenario: &Scenario, id: &CaseId) -> Detention {
    scenario.state::<Detention>(id.as_str())
}

#[test]
fn a_measure_is_told_first_and_taken_in_the_own_district_order_157_art_25() {
    let untold = Order {
        told_and_heard: false,
        ..order(DetentionGround::Overloaded)
    };
    start()
        .when(|tx| detain(tx, untold))
        .then_refused("MEASURE_NOT_TOLD", Some("Order 157 art. 25(1)(1)"))
        .by(elsewhere())
        .when(|tx| detain(tx, order(DetentionGround::Overloaded)))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 157 art. 4(1)"));
}

#[test]
fn every_ground_names_its_item_of_art_27() {
    use DetentionGround as G;
    for (ground, article) in [
        (G::PlateOrDocumentsMissing, "art. 27(1)(1)"),
        (G::ForgedOrBorrowedDocuments, "art. 27(1)(2)"),
        (G::NoInsurance, "art. 27(1)(3)"),
        (G::Overloaded, "art. 27(1)(4)"),
        (G::SuspectedStolen, "art. 27(1)(5)"),
        (G::SuspectedScrap, "art. 27(1)(6)"),
        (G::ToxicWithoutPermit, "art. 27(1)(7)"),
        (G::RiderRefusesFine, "art. 27(1)(8)"),
        (G::AccidentEvidence, "art. 27(2)"),
    ] {
        assert_eq!(ground.basis().to_string(), format!("Order 157 {article}"));
    }
}

#[test]
fn an_overloaded_vehicle_goes_as_soon_as_the_overload_does_arts_29_law_92() {
    let (scenario, id) = detained(DetentionGround::Overloaded);
    let scenario = scenario
        .when(|tx| cure(tx, &id, text("unloaded 3 t")))
        .and();
    assert_eq!(state(&scenario, &id).stage, DetentionStage::Released);
    let (scenario, id) = detained(DetentionGround::NoInsurance);
    scenario
        .when(|tx| cure(tx, &id, text("unloaded")))
        .then_refused("NOT_CURABLE", Some("Order 157 art. 29"));
}

#[test]
fn handover_and_approval_are_due_within_24_hours_arts_25_28() {
    let (scenario, id) = detained(DetentionGround::NoInsurance);
    let scenario = scenario
        .when(|tx| hand_over(tx, &id))
        .and()
        .when(|tx| hand_over(tx, &id))
        .then_refused("ALREADY_DONE", None)
        .later("2026-03-03T08:59:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-03T09:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .and();
    assert!(state(&scenario, &id).formalities_missed);
    scenario.when(|tx| pass_time(tx, &id)).then_nothing();

    let (scenario, id) = detained(DetentionGround::NoInsurance);
    let scenario = scenario.when(|tx| approve(tx, &id, false)).and();
    assert_eq!(
        state(&scenario, &id).stage,
        DetentionStage::Released,
        "lifted at once"
    );
}

#[test]
fn proof_is_verified_in_ten_working_days_or_fifteen_art_30() {
    let (scenario, id) = detained(DetentionGround::PlateOrDocumentsMissing);
    let scenario = scenario
        .when(|tx| verify(tx, &id, true, text("fine")))
        .then_refused("WRONG_STATE", None)
        .when(|tx| bring_proof(tx, &id, text("the vehicle licence")))
        .and();
    assert_eq!(
        state(&scenario, &id).verify_by,
        Some(at("2026-03-17T00:00:00"))
    );
    let scenario = scenario
        .later("2026-03-16T09:00:00+08:00")
        .when(|tx| extend_verification(tx, &id))
        .and()
        .when(|tx| extend_verification(tx, &id))
        .then_refused("ALREADY_DONE", None);
    assert_eq!(
        state(&scenario, &id).verify_by,
        Some(at("2026-03-24T00:00:00"))
    );
    let rejected = scenario
        .when(|tx| verify(tx, &id, false, text("not of this vehicle")))
        .and();
    assert_eq!(state(&rejected, &id).stage, DetentionStage::Detained);
    let scenario = rejected
        .when(|tx| bring_proof(tx, &id, text("the right one")))
        .and()
        .when(|tx| verify(tx, &id, true, text("matches")));
    let recorded = scenario.events::<Detention>(id.as_str());
    assert_eq!(recorded[0].fact, DetentionFact::VehicleReleased);
}

#[test]
fn a_vehicle_nobody_claims_is_announced_after_thirty_days_and_disposed_of_after_three_months() {
    let basis = Some("Road Traffic Safety Regulations art. 107");
    let (scenario, id) = detained(DetentionGround::SuspectedScrap);
    let scenario = scenario
        .later("2026-04-01T23:59:59+08:00")
        .when(|tx| announce_unclaimed(tx, &id))
        .then_refused("NOT_UNCLAIMED", basis)
        .when(|tx| dispose(tx, &id, Disposal::Scrapped))
        .then_refused("NOT_UNCLAIMED", basis)
        .later("2026-04-02T09:00:00+08:00")
        .when(|tx| announce_unclaimed(tx, &id))
        .and()
        .later("2026-07-02T08:59:59+08:00")
        .when(|tx| dispose(tx, &id, Disposal::Scrapped))
        .then_refused("NOT_UNCLAIMED", basis)
        .later("2026-07-02T09:00:00+08:00")
        .when(|tx| dispose(tx, &id, Disposal::Scrapped));
    // Others hear of it, and how.
    let told = published(&scenario.events::<Detention>(id.as_str())[0]);
    let name = "events.enforcement.vehicle_disposed.371702";
    assert_eq!(told[0].nats_subject("enforcement"), name);
    let data: serde_json::Value = serde_json::from_slice(&told[0].data).unwrap();
    assert_eq!(data["disposal"], "DISPOSAL_SCRAPPED");
    assert_eq!(data["plate"], PLATE);
    assert_eq!(state(&scenario.and(), &id).stage, DetentionStage::Disposed);
}

fn published(event: &DetentionEvent) -> Vec<PublishedEvent> {
    enforcement::published::detention(event, &origin(&metadata()))
}
