//! The end of the age of mandatory scrapping: the owner is told, then the papers are void (Road Traffic Safety Regulations art. 9, Order
//! 164 art. 41).

use crate::fixtures::{MONDAY, VIN, officer, registered, truck, vehicle, vin};
use chassis::commit::Metadata;
use chassis::domain::Aggregate;
use chassis::published::Origin;
use chassis::testing::{Outcome, Scenario};
use jiff::civil::date;
use registration::domain::vehicle::Vehicle;
use registration::domain::vehicle::event::{VehicleEvent, VehicleFact};
use registration::domain::vehicle::notices::pass_time;
use registration::domain::vehicle::scrapping::ScrappingNotice;

/// A truck of 15 years from 2 March 2026: the last day of its age is 2 March 2041.
fn story() -> Scenario {
    registered(Scenario::at(MONDAY), truck(), 'b')
}

fn at(scenario: Scenario, time: &str) -> Outcome<()> {
    scenario.later(time).when(|tx| pass_time(tx, &vin()))
}

fn fact(outcome: &Outcome<()>) -> VehicleFact {
    let mut events: Vec<VehicleEvent> = outcome.events::<Vehicle>(VIN);
    assert_eq!(events.len(), 1);
    events.remove(0).fact
}

/// What has happened now does not happen again at once.
#[track_caller]
fn moves_on(scenario: Scenario) -> Scenario {
    let due = vehicle(&scenario).next_due();
    assert!(due.is_none_or(|due| due > scenario.now()), "{due:?}");
    scenario.when(|tx| pass_time(tx, &vin())).then_nothing()
}

#[test]
fn the_owner_is_told_two_months_before_the_age_ends_and_the_papers_are_void_after_it_arts_9_41() {
    let scenario = at(story(), "2041-01-01T23:59:59+08:00").then_nothing();
    let outcome = at(scenario, "2041-01-02T00:00:00+08:00");
    let notice = ScrappingNotice {
        last_day: date(2041, 3, 2),
        void_from: date(2041, 3, 3),
    };
    assert_eq!(fact(&outcome), VehicleFact::ScrappingNoticeDue(notice));
    let scenario = moves_on(outcome.and());
    assert!(!vehicle(&scenario).documents_void);
    let scenario = at(scenario, "2041-03-02T23:59:59+08:00").then_nothing();
    let outcome = at(scenario, "2041-03-03T00:00:00+08:00");
    assert!(matches!(
        fact(&outcome),
        VehicleFact::DocumentsVoided { basis } if basis.to_string() == "Order 164 art. 41(1)"
    ));
    let scenario = moves_on(outcome.and());
    assert!(vehicle(&scenario).documents_void);
}

#[test]
fn who_is_told_late_has_two_months_all_the_same_before_the_papers_are_void_regulations_art_9() {
    // In an old journal: past the last day, and nobody was told.
    let outcome = at(story(), "2041-05-10T09:00:00+08:00");
    let notice = ScrappingNotice {
        last_day: date(2041, 3, 2),
        void_from: date(2041, 7, 10),
    };
    assert_eq!(fact(&outcome), VehicleFact::ScrappingNoticeDue(notice));
    let scenario = moves_on(outcome.and());
    let scenario = at(scenario, "2041-07-09T23:59:59+08:00").then_nothing();
    let scenario = moves_on(at(scenario, "2041-07-10T00:00:00+08:00").and());
    assert!(vehicle(&scenario).documents_void);
}

#[test]
fn an_age_that_ends_sooner_than_told_is_told_again_regulations_art_9() {
    let scenario = at(story(), "2041-01-02T00:00:00+08:00").and();
    let mut changed = vehicle(&scenario);
    assert!(changed.scrapping_notice().is_some());
    changed.scrap_on = Some(date(2041, 2, 1));
    assert_eq!(changed.scrapping_notice(), None);
    assert!(changed.next_due().is_some_and(|due| due <= scenario.now()));
}

#[test]
fn others_hear_that_the_owner_is_to_be_told_and_until_when() {
    let outcome = at(story(), "2041-01-02T00:00:00+08:00");
    let event = &outcome.events::<Vehicle>(VIN)[0];
    let metadata: Metadata = serde_json::from_value(serde_json::json!({
        "format": 1,
        "commit_id": "01a21f7c-1567-7348-b784-dffa26011554",
        "command_id": "41a80db2-a196-8e9e-b883-f6952bc4f386",
        "actor": officer(),
        "channel": "timer",
        "time": MONDAY.parse::<jiff::Timestamp>().unwrap(),
        "correlation_id": "41a80db2-a196-8e9e-b883-f6952bc4f386",
        "previous": "00000000000000000000000000000000",
    }))
    .unwrap();
    let origin = Origin {
        id: VIN,
        metadata: &metadata,
        position: 1,
    };
    let told = registration::published::vehicle(event, &origin);
    let name = "events.registration.scrapping_notice_due.371702";
    assert_eq!(told[0].nats_subject("registration"), name);
    let data: serde_json::Value = serde_json::from_slice(&told[0].data).unwrap();
    assert_eq!(data["lastDay"]["value"], "2041-03-02");
    assert_eq!(data["voidFrom"]["value"], "2041-03-03");
    assert_eq!(
        data["legalBasis"],
        "Road Traffic Safety Regulations art. 9(1)"
    );
}
