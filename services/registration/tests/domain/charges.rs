//! What a decision charges for, and that nothing of it is handed over unpaid (Road Traffic Safety Law art. 81, Order 164 art. 3(3)).

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use registration::domain::application::charges;
use registration::domain::application::delivery::{plates_delivered, plates_made, plates_shipped};
use registration::domain::application::event::{Approval, Delivery};
use registration::domain::application::filing::File;
use registration::domain::application::request::{
    Change, Corrected, Destination, OwnerFiling, Request,
};
use registration::domain::fees::FeeItem::{
    self, CarPlates, MotorcyclePlates, RegistrationCertificate, TemporaryPlate, TrailerPlate,
    VehicleLicence,
};
use registration::domain::order::{Ending, OrderState, cancel};
use registration::domain::vehicle::class::{PlateCategory, UseNature};
use registration::domain::vehicle::event::Document;

/// What it is, plates that are made for it, what is charged, and the article that gives it out.
/// A business, the category of the plate it ends with, what it costs, and the article of Order 164 that says what is made.
type Priced = (
    Request,
    Option<PlateCategory>,
    &'static [(FeeItem, u16)],
    &'static str,
);

#[test]
fn each_business_charges_for_the_plates_and_documents_that_its_article_gives_out() {
    use PlateCategory::{Large, Motorcycle, Small, Trailer};
    let initial = || {
        let new = new_vehicle(car(), person('b'));
        Request::InitialRegistration(Box::new(new))
    };
    let change = |change| Request::ParticularsChange {
        change: Box::new(change),
        changed_on: day("2026-03-01"),
    };
    let filing = |filing| Request::OwnerFiling {
        filing: Box::new(filing),
        changed_on: day("2026-03-01"),
    };
    let document = |document| Request::DocumentReissue { document };
    let table: [Priced; 17] = [
        (
            initial(),
            Some(Small),
            &[
                (CarPlates, 1),
                (VehicleLicence, 1),
                (RegistrationCertificate, 1),
            ],
            "art. 12(3)",
        ),
        (
            initial(),
            Some(Trailer),
            &[
                (TrailerPlate, 1),
                (VehicleLicence, 1),
                (RegistrationCertificate, 1),
            ],
            "art. 12(3)",
        ),
        (
            initial(),
            Some(Motorcycle),
            &[
                (MotorcyclePlates, 1),
                (VehicleLicence, 1),
                (RegistrationCertificate, 1),
            ],
            "art. 12(3)",
        ),
        (
            change(Change::Colour(text("black"))),
            None,
            &[(VehicleLicence, 1)],
            "art. 17(2)",
        ),
        (
            change(Change::Use(UseNature::Taxi)),
            Some(Large),
            &[(CarPlates, 1), (VehicleLicence, 1)],
            "art. 17(2)",
        ),
        (
            Request::PlateSwap { other: other_vin() },
            Some(Small),
            &[(CarPlates, 2), (VehicleLicence, 2)],
            "art. 20(3)",
        ),
        (
            filing(OwnerFiling::NameOrResidence(person('b'))),
            None,
            &[(VehicleLicence, 1)],
            "art. 24(1)",
        ),
        (
            filing(OwnerFiling::Contact(person('b'))),
            None,
            &[],
            "art. 24(3)",
        ),
        (filing(OwnerFiling::VinRestamped), None, &[], "art. 24(4)"),
        (
            filing(OwnerFiling::TailLift),
            None,
            &[(VehicleLicence, 1)],
            "art. 24(5)",
        ),
        (
            transfer_to('c', Destination::Here),
            Some(Small),
            &[(CarPlates, 1), (VehicleLicence, 1)],
            "art. 26(2)",
        ),
        (
            transfer_to('c', Destination::OtherCity(text("Sample City"))),
            None,
            &[(TemporaryPlate, 1)],
            "art. 27(1)",
        ),
        (mortgage(bank()), None, &[], "art. 32"),
        (
            Request::PlateReissue,
            Some(Small),
            &[(CarPlates, 1)],
            "art. 51",
        ),
        (
            document(Document::Certificate),
            None,
            &[(RegistrationCertificate, 1)],
            "art. 52",
        ),
        (
            document(Document::Licence),
            None,
            &[(VehicleLicence, 1)],
            "art. 52",
        ),
        (
            Request::Correction {
                corrected: Box::new(Corrected::Seats(5)),
                new_number: true,
            },
            Some(Small),
            &[],
            "art. 53: the office's own mistake",
        ),
    ];
    for (request, plates, charged, article) in table {
        let category = plates.unwrap_or(Small);
        assert_eq!(
            charges::of(&request, category, plates.is_some()),
            charged,
            "{article}"
        );
    }
}

#[test]
fn the_decision_fixes_what_it_costs_and_the_plates_stay_until_it_is_paid() {
    let unpaid = Some("Order 164 art. 3(3)");
    let turnkey = File {
        delivery: Some(Delivery {
            dealer: company(),
            recipient: sealed('b'),
        }),
        ..initial(car(), 'b')
    };
    let (scenario, id) = done(Scenario::at(MONDAY), turnkey);
    let (order, owed) = order_of(&scenario, &id);
    assert_eq!(owed.total(), Fen::yuan(120), "100 + 10 + 10 yuan");
    assert_eq!(owed.subject.as_str(), format!("applications/{id}"));
    let ship = |scenario: Scenario| {
        scenario.when(|tx| plates_shipped(tx, &id, text("Sample Post"), number("T-1")))
    };
    // They are made meanwhile: the fifteen days of art. 51(2) are the office's.
    let scenario = scenario.when(|tx| plates_made(tx, &id)).and();
    let scenario = ship(scenario).then_refused("NOT_PAID", unpaid);
    let scenario = ship(paid(scenario, &id)).and();
    let (_, used) = order_of(&scenario, &id);
    assert_eq!(used.ending, Some(Ending::Used));
    let scenario = scenario.when(|tx| plates_delivered(tx, &id)).and();
    scenario
        .when(|tx| cancel(tx, &order, text("never mind")))
        .then_refused(
            "ORDER_OF_A_DECISION",
            Some("Road Traffic Safety Law art. 81"),
        );
}

#[test]
fn plates_that_are_fetched_are_paid_for_first_too() {
    let (scenario, id) = done(Scenario::at(MONDAY), initial(car(), 'b'));
    let scenario = scenario
        .when(|tx| plates_made(tx, &id))
        .and()
        .when(|tx| plates_delivered(tx, &id))
        .then_refused("NOT_PAID", Some("Order 164 art. 3(3)"));
    paid(scenario, &id)
        .when(|tx| plates_delivered(tx, &id))
        .and();
}

#[test]
fn what_gives_nothing_out_opens_no_order() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let (scenario, id) = done(
        scenario,
        filing(mortgage(bank()), vec![person('b'), bank()]),
    );
    assert_eq!(application(&scenario, &id).approval.unwrap().order, None);
}

#[test]
fn nobody_takes_back_what_a_decision_has_set() {
    let (scenario, id) = done(Scenario::at(MONDAY), initial(car(), 'b'));
    let (order, _) = order_of(&scenario, &id);
    let scenario = scenario
        .by(dealer())
        .when(|tx| cancel(tx, &order, text("too dear")))
        .then_refused(
            "ORDER_OF_A_DECISION",
            Some("Road Traffic Safety Law art. 81"),
        );
    let (_, owed) = order_of(&scenario, &id);
    assert_eq!(owed.state(), OrderState::Open);
}

#[test]
fn decisions_from_before_they_opened_orders_are_still_understood() {
    let old = r#"{"at":"2026-03-02T01:00:00Z","checks":[],"examination":null,"number":null,"plates_to_make":true}"#;
    let approval: Approval = serde_json::from_str(old).unwrap();
    assert_eq!(approval.order, None);
}
