//! From filing to the plates: what is missing, who decides, what a decision does.

use crate::fixtures::{
    MONDAY, VIN, application, approval, approving, bank, car, city_officer, company, dealer, done,
    filed, filing, initial, number, officer, paid, person, plate, registered, sealed, text,
    vehicle, vin,
};
use chassis::testing::Scenario;
use jiff::civil::date;
use registration::domain::application::delivery::{plates_delivered, plates_made, plates_shipped};
use registration::domain::application::event::{Delivery, PlateStep, RefusalGround};
use registration::domain::application::filing::{File, supply, withdraw};
use registration::domain::application::materials::{Evidence, Material};
use registration::domain::application::review::{Refuse, approve, refuse, request_materials};
use registration::domain::application::{Application, Stage};
use registration::domain::plate::{PlateClaim, PlateWish};
use registration::domain::vehicle::VehicleStage;

#[test]
fn a_complete_application_is_accepted_at_once_and_registers_the_vehicle_when_approved() {
    let outcome = filed(Scenario::at(MONDAY), initial(car(), 'b'));
    let id = outcome.value().clone();
    let scenario = outcome.and();
    assert_eq!(application(&scenario, &id).stage, Stage::Accepted);
    let scenario = approving(scenario, &id).and();

    let registered = vehicle(&scenario);
    assert_eq!(registered.stage, VehicleStage::Registered);
    assert_eq!(registered.open_application, None);
    let number = registered.number().expect("it has a number").clone();
    let claim: PlateClaim = scenario.state(&number.key());
    assert_eq!(claim, PlateClaim::Assigned { vin: vin() });
    let decided = application(&scenario, &id);
    assert_eq!(decided.number(), Some(&number));
    assert_eq!(decided.plates, Some(PlateStep::Ordered));
}

#[test]
fn a_second_registration_of_a_vin_is_refused() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    filed(scenario, initial(car(), 'c')).then_refused("VIN_TAKEN", None);
}

#[test]
fn while_one_application_is_open_no_other_is_taken() {
    let scenario = filed(Scenario::at(MONDAY), initial(car(), 'b')).and();
    filed(scenario, initial(car(), 'c')).then_refused("APPLICATION_OPEN", None);
}

#[test]
fn what_is_missing_is_told_in_full_and_the_limit_runs_once_it_is_there() {
    let command = File {
        evidence: Vec::new(),
        ..initial(car(), 'b')
    };
    let outcome = filed(Scenario::at(MONDAY), command);
    let id = outcome.value().clone();
    let scenario = outcome.and();
    let incomplete = application(&scenario, &id);
    assert_eq!(incomplete.stage, Stage::Incomplete);
    assert_eq!(
        incomplete.missing,
        [Material::FactoryCertificate, Material::Origin],
        "insurance and taxes are confirmed electronically (arts. 4(2), 12(4))"
    );
    assert_eq!(incomplete.limits, None);

    let proof = |material| Evidence {
        material,
        number: number("P-2"),
    };
    let scenario = scenario
        .by(dealer())
        .when(|tx| supply(tx, &id, vec![proof(Material::Origin)]))
        .and();
    assert_eq!(application(&scenario, &id).stage, Stage::Incomplete);
    let scenario = scenario
        .later("2026-03-04T10:00:00+08:00")
        .when(|tx| supply(tx, &id, vec![proof(Material::FactoryCertificate)]))
        .and();
    let complete = application(&scenario, &id);
    assert_eq!(complete.stage, Stage::Accepted);
    let limits = complete.limits.expect("the limit runs");
    assert_eq!(
        limits.due.to_string(),
        "2026-03-06T16:00:00Z",
        "two working days later"
    );
}

#[test]
fn an_officer_asks_once_and_only_for_what_the_order_asks() {
    let outcome = filed(Scenario::at(MONDAY), initial(car(), 'b'));
    let id = outcome.value().clone();
    let scenario = outcome
        .and()
        .by(officer())
        .when(|tx| request_materials(tx, &id, vec![Material::MortgageContract]))
        .then_refused("MATERIAL_NOT_NEEDED", Some("Order 164 art. 83(4)"));
    let scenario = scenario
        .when(|tx| request_materials(tx, &id, vec![Material::PurchaseTax]))
        .and();
    assert_eq!(application(&scenario, &id).stage, Stage::Incomplete);
    let evidence = vec![Evidence {
        material: Material::PurchaseTax,
        number: number("P-3"),
    }];
    scenario
        .by(dealer())
        .when(|tx| supply(tx, &id, evidence))
        .and()
        .by(officer())
        .when(|tx| request_materials(tx, &id, vec![Material::PurchaseTax]))
        .then_refused("ALREADY_REQUESTED", Some("Order 164 art. 3(2)"));
}

#[test]
fn an_electronic_confirmation_and_the_examination_are_not_left_out() {
    let mut command = initial(car(), 'b');
    command
        .evidence
        .retain(|evidence| evidence.material != Material::PurchaseTax);
    if let registration::domain::application::request::Request::InitialRegistration(new) =
        &mut command.request
    {
        new.factory_checked = false;
    }
    let outcome = filed(Scenario::at(MONDAY), command);
    let id = outcome.value().clone();
    let scenario = outcome.and().by(officer());
    let mut unconfirmed = approval();
    unconfirmed
        .checks
        .retain(|check| check.material != Material::PurchaseTax);
    let scenario = scenario
        .when(|tx| approve(tx, &id, unconfirmed))
        .then_refused("NOT_CONFIRMED", Some("Order 164 art. 12(1)(5)"));
    let mut unexamined = approval();
    unexamined.examination = None;
    scenario
        .when(|tx| approve(tx, &id, unexamined))
        .then_refused("NOT_EXAMINED", Some("Order 164 art. 12(3)"));
}

#[test]
fn a_private_car_whose_factory_is_connected_is_not_examined_again() {
    let outcome = filed(Scenario::at(MONDAY), initial(car(), 'b'));
    let id = outcome.value().clone();
    let mut unexamined = approval();
    unexamined.examination = None;
    outcome
        .and()
        .by(officer())
        .when(|tx| approve(tx, &id, unexamined))
        .and();
}

#[test]
fn nobody_decides_on_their_own_application_or_outside_their_district() {
    let outcome = filed(Scenario::at(MONDAY).by(officer()), initial(car(), 'b'));
    let id = outcome.value().clone();
    let mut own = dealer();
    own.districts = officer().districts;
    let scenario = outcome
        .and()
        .by(own)
        .when(|tx| approve(tx, &id, approval()))
        .then_refused("OWN_APPLICATION", Some("Order 164 art. 8"));
    let mut elsewhere = officer();
    elsewhere.districts = vec![chassis::domain::District::new(371_721).unwrap()];
    scenario
        .by(elsewhere)
        .when(|tx| approve(tx, &id, approval()))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 164 art. 2(2)"));
}

#[test]
fn a_withdrawn_application_frees_the_vehicle_and_the_number() {
    let scenario = Scenario::at(MONDAY)
        .by(dealer())
        .when(|tx| {
            registration::domain::plate::hold(
                tx,
                registration::domain::vehicle::class::PlateCategory::Small,
                &plate("鲁R12345"),
            )
        })
        .and();
    let command = File {
        wish: Some(PlateWish::Held(plate("鲁R12345"))),
        ..initial(car(), 'b')
    };
    let outcome = filed(scenario, command);
    let id = outcome.value().clone();
    let scenario = outcome.and();
    let claim: PlateClaim = scenario.state(&plate("鲁R12345").key());
    assert!(matches!(claim, PlateClaim::Reserved { .. }));
    let scenario = scenario.by(dealer()).when(|tx| withdraw(tx, &id)).and();
    let claim: PlateClaim = scenario.state(&plate("鲁R12345").key());
    assert_eq!(claim, PlateClaim::Free);
    assert_eq!(vehicle(&scenario).open_application, None);
    scenario
        .when(|tx| withdraw(tx, &id))
        .then_refused("WRONG_STATE", None);
}

#[test]
fn false_papers_are_refused_and_bar_the_applicant_for_a_year() {
    let outcome = filed(Scenario::at(MONDAY), initial(car(), 'b'));
    let id = outcome.value().clone();
    let command = Refuse {
        ground: RefusalGround::FalsePapers,
        reason: text("forged invoice"),
        barred: Vec::new(),
    };
    let scenario = outcome
        .and()
        .by(officer())
        .when(|tx| refuse(tx, &id, command))
        .and();
    let refused = application(&scenario, &id).refused.expect("refused");
    assert_eq!(refused.basis.to_string(), "Order 164 art. 80(1)");
    let scenario = filed(
        scenario.later("2027-03-01T23:59:00+08:00"),
        initial(car(), 'b'),
    )
    .then_refused("APPLICANT_BARRED", Some("Order 164 art. 80(1)"));
    filed(
        scenario.later("2027-03-02T00:00:00+08:00"),
        initial(car(), 'b'),
    )
    .and();
}

#[test]
fn a_dealer_files_turnkey_and_the_plates_are_made_shipped_and_delivered() {
    let command = File {
        delivery: Some(Delivery {
            dealer: company(),
            recipient: sealed('b'),
        }),
        ..initial(car(), 'b')
    };
    let (scenario, id) = done(Scenario::at(MONDAY), command);
    let ship = |scenario: Scenario| {
        scenario
            .by(city_officer())
            .when(|tx| plates_shipped(tx, &id, text("Sample Post"), number("T-1")))
    };
    let scenario = ship(scenario).then_refused("WRONG_STATE", None);
    let scenario = scenario.when(|tx| plates_made(tx, &id)).and();
    let scenario = scenario
        .when(|tx| plates_delivered(tx, &id))
        .then_refused("WRONG_STATE", None);
    let scenario = ship(paid(scenario, &id)).and();
    let scenario = scenario.when(|tx| plates_delivered(tx, &id)).and();
    let delivered: Application = application(&scenario, &id);
    assert_eq!(delivered.plates, Some(PlateStep::Delivered));
}

#[test]
fn plates_that_are_fetched_are_not_shipped() {
    let (scenario, id) = done(Scenario::at(MONDAY), initial(car(), 'b'));
    let scenario = scenario.when(|tx| plates_made(tx, &id)).and();
    let scenario = scenario
        .when(|tx| plates_shipped(tx, &id, text("Sample Post"), number("T-1")))
        .then_refused("NO_DELIVERY", None);
    paid(scenario, &id)
        .when(|tx| plates_delivered(tx, &id))
        .and();
}

#[test]
fn a_mortgage_is_registered_and_released_by_owner_and_holder_together() {
    use crate::fixtures::mortgage;
    use registration::domain::application::request::Request;
    use registration::domain::vehicle::event::EncumbranceKind;
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let scenario = filed(scenario, filing(mortgage(bank()), vec![person('b')]))
        .then_refused("NOT_THE_OWNER", Some("Order 164 art. 32(1)"));
    let (scenario, _) = done(
        scenario,
        filing(mortgage(bank()), vec![person('b'), bank()]),
    );
    assert_eq!(vehicle(&scenario).encumbrances[0].since, date(2026, 3, 2));
    let release = |by_court| Request::Release {
        kind: EncumbranceKind::Mortgage,
        holder: Box::new(bank()),
        by_court,
    };
    let scenario = filed(scenario, filing(release(false), vec![person('b')]))
        .then_refused("NOT_THE_OWNER", Some("Order 164 art. 33(1)"));
    let (scenario, _) = done(scenario, filing(release(true), vec![person('b')]));
    assert_eq!(
        scenario
            .state::<registration::domain::vehicle::Vehicle>(VIN)
            .encumbrances,
        []
    );
}
