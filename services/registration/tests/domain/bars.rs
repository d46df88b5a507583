//! Who is barred from applying, from what, and how a bar ends (Order 164 arts. 80, 81).

use crate::fixtures::{
    MONDAY, bank, car, city_officer, day, done, filed, filing, initial, mortgage, mudan, number,
    officer, other_vin, person, registered, registered_as, text, transfer_to, vin,
};
use chassis::domain::{Actor, District};
use chassis::testing::{Outcome, Scenario};
use registration::domain::application::ApplicationId;
use registration::domain::application::event::RefusalGround;
use registration::domain::application::filing::File;
use registration::domain::application::request::{Change, Destination, OwnerFiling, Request};
use registration::domain::application::review::{Refuse, refuse};
use registration::domain::party::{Party, PartyRef};
use registration::domain::plate::PlateWish;
use registration::domain::standing::{self, ApplicantStanding, Bar, StandingEvent, lift};
use registration::domain::vehicle::event::{CancellationCause, Document};
use registration::domain::vehicle::notices::{Fraud, cancel_of_office};

fn reference(party: &Party) -> PartyRef {
    PartyRef::parse(standing::key(party)).unwrap()
}

/// Of false papers, or of another ground.
fn refusal(ground: RefusalGround, barred: &[Party]) -> Refuse {
    Refuse {
        ground,
        reason: text("forged contract"),
        barred: barred.iter().map(reference).collect(),
    }
}

fn refused(
    scenario: Scenario,
    id: &ApplicationId,
    ground: RefusalGround,
    barred: &[Party],
) -> Outcome<()> {
    let command = refusal(ground, barred);
    scenario.by(officer()).when(|tx| refuse(tx, id, command))
}

/// Asked of the county's office by owner and bank together.
fn joint() -> File {
    filing(mortgage(bank()), vec![person('b'), bank()])
}

/// A car of owner `b`, and the mortgage on it that is to be decided.
fn asked() -> (Scenario, ApplicationId) {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let outcome = filed(scenario, joint());
    let id = outcome.value().clone();
    (outcome.and(), id)
}

/// Owner `b` has forged the contract.
fn barred() -> Scenario {
    let (scenario, id) = asked();
    refused(scenario, &id, RefusalGround::FalsePapers, &[person('b')]).and()
}

const ART_80: Option<&str> = Some("Order 164 art. 80(1)");
const ART_81: Option<&str> = Some("Order 164 art. 81(1)");

#[test]
fn false_papers_of_one_do_not_bar_who_has_applied_with_them_art_80_1() {
    let (scenario, id) = asked();
    let forged = RefusalGround::FalsePapers;
    let scenario = refused(scenario, &id, forged, &[]).then_refused("BARRED_NOT_NAMED", ART_80);
    let scenario =
        refused(scenario, &id, forged, &[person('z')]).then_refused("BARRED_DID_NOT_APPLY", ART_80);
    let scenario = refused(scenario, &id, forged, &[person('b')]).and();
    let scenario = filed(scenario, joint()).then_refused("APPLICANT_BARRED", ART_80);
    // The bank goes on with others.
    let scenario = registered_as(scenario, other_vin(), car(), 'c');
    let command = File {
        vin: other_vin(),
        ..filing(mortgage(bank()), vec![person('c'), bank()])
    };
    filed(scenario, command).and();
}

#[test]
fn who_is_barred_registers_nothing_and_has_papers_made_and_filings_taken_regulations_art_4() {
    let change = Request::ParticularsChange {
        change: Box::new(Change::Colour(text("red"))),
        changed_on: day("2026-03-02"),
    };
    let sale = transfer_to('b', Destination::OtherCity(text("Sample City")));
    let cancellation = Request::Cancellation {
        cause: CancellationCause::Abroad,
    };
    for request in [change, sale, cancellation] {
        filed(barred(), filing(request, vec![person('b')]))
            .then_refused("APPLICANT_BARRED", ART_80);
    }
    let contact = Request::OwnerFiling {
        filing: Box::new(OwnerFiling::Contact(person('b'))),
        changed_on: day("2026-03-02"),
    };
    let licence = Request::DocumentReissue {
        document: Document::Licence,
    };
    let lost_mark = Request::InspectionMark { valid_until: None };
    for request in [contact, licence, lost_mark, Request::PlateReissue] {
        filed(barred(), filing(request, vec![person('b')])).and();
    }
}

#[test]
fn only_false_papers_for_a_registration_bar_anybody_art_80_1() {
    let (scenario, id) = asked();
    let other = RefusalGround::RequirementsNotMet;
    refused(scenario, &id, other, &[person('b')]).then_refused("NOBODY_IS_BARRED", ART_80);

    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let outcome = filed(scenario, filing(Request::PlateReissue, vec![person('b')]));
    let id = outcome.value().clone();
    let forged = RefusalGround::FalsePapers;
    let scenario = refused(outcome.and(), &id, forged, &[person('b')])
        .then_refused("NOBODY_IS_BARRED", ART_80);
    let scenario = refused(scenario, &id, forged, &[]).and();
    filed(scenario, joint()).and();
}

fn revoked(scenario: Scenario, cause: CancellationCause, fraud: Option<&Fraud>) -> Outcome<()> {
    scenario
        .by(city_officer())
        .when(|tx| cancel_of_office(tx, &vin(), cause, fraud))
}

/// Another car of the owner.
fn again(owner: char) -> File {
    File {
        vin: other_vin(),
        ..initial(car(), owner)
    }
}

#[test]
fn who_obtained_a_registration_by_fraud_is_barred_and_not_who_has_bought_it_since_art_81_1() {
    let (scenario, application) = done(Scenario::at(MONDAY), initial(car(), 'b'));
    let sale = File {
        wish: Some(PlateWish::Any),
        ..filing(transfer_to('c', Destination::Here), vec![person('c')])
    };
    let (scenario, _) = done(scenario, sale);
    let fraud = Fraud {
        application,
        by: Vec::new(),
    };
    let scenario = revoked(scenario, CancellationCause::Revoked, Some(&fraud)).and();
    let scenario = filed(scenario, again('b')).then_refused("APPLICANT_BARRED", ART_81);
    filed(scenario, again('c')).and();
}

#[test]
fn a_registration_that_is_revoked_without_fraud_bars_nobody_art_40_1() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let scenario = revoked(scenario, CancellationCause::Revoked, None).and();
    filed(scenario, again('b')).and();
}

#[test]
fn fraud_is_of_the_application_that_obtained_the_registration_art_81_1() {
    let (scenario, undecided) = asked();
    let fraud = Fraud {
        application: undecided,
        by: vec![reference(&person('b'))],
    };
    let scenario = revoked(scenario, CancellationCause::Revoked, Some(&fraud))
        .then_refused("NOT_OBTAINED_BY_APPLICATION", ART_81);
    revoked(scenario, CancellationCause::ForcedScrapping, Some(&fraud))
        .then_refused("NOBODY_IS_BARRED", ART_81);
}

fn lifted(scenario: Scenario, by: Actor, fraud: bool) -> Outcome<()> {
    let who = reference(&person('b'));
    scenario
        .by(by)
        .when(|tx| lift(tx, &who, fraud, number("L-1")))
}

#[test]
fn a_bar_is_lifted_by_the_office_that_has_ordered_it() {
    let elsewhere = Actor {
        id: "officer:E1".into(),
        districts: vec![District::new(371_721).unwrap()],
    };
    let scenario = lifted(barred(), officer(), true).then_refused("NO_SUCH_BAR", None);
    let scenario = lifted(scenario, elsewhere, false)
        .then_refused("OUTSIDE_DISTRICT", Some("Order 164 art. 2(2)"));
    let scenario = lifted(scenario, officer(), false).and();
    let scenario = filed(scenario, joint()).and();
    lifted(scenario, officer(), false).then_refused("NO_SUCH_BAR", None);
}

#[test]
fn a_bar_of_an_old_journal_is_the_citys_to_lift_and_the_other_ground_still_bars() {
    let old: StandingEvent =
        serde_json::from_str(r#"{"applicant_barred":{"until":"2029-03-02","fraud":true}}"#)
            .unwrap();
    let papers = StandingEvent::ApplicantBarred(Bar {
        until: day("2027-03-02"),
        fraud: false,
        district: Some(mudan()),
    });
    let id = reference(&person('b'));
    let scenario = Scenario::at(MONDAY).given::<ApplicantStanding>(id.as_str(), [papers, old]);
    let scenario = filed(scenario, again('b')).then_refused("APPLICANT_BARRED", ART_81);
    let scenario = lifted(scenario, officer(), true)
        .then_refused("OUTSIDE_DISTRICT", Some("Order 164 art. 2(2)"));
    let scenario = lifted(scenario, city_officer(), true).and();
    filed(scenario, again('b')).then_refused("APPLICANT_BARRED", ART_80);
}
