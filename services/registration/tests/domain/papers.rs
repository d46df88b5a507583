//! Which proofs each business needs, and under which article (arts. 12 to 57).

use crate::fixtures::{
    MONDAY, bank, car, day, mortgage, person, registered, text, transfer_to, truck, vehicle,
};
use chassis::testing::Scenario;
use jiff::civil::date;
use registration::domain::application::materials::{Material, needed};
use registration::domain::application::request::{Change, Destination, OwnerFiling, Request};
use registration::domain::vehicle::class::{Particulars, UseNature};
use registration::domain::vehicle::event::{CancellationCause, Document, EncumbranceKind};

/// Handed in: name and article. Confirmed electronically: name alone.
fn papers(request: &Request, of: &Particulars) -> (Vec<(Material, String)>, Vec<Material>) {
    let scenario = registered(Scenario::at(MONDAY), of.clone(), 'b');
    let materials = needed(request, Some(&vehicle(&scenario)), false, date(2026, 3, 2));
    let submitted = materials
        .submitted
        .into_iter()
        .map(|needed| (needed.material, needed.basis.article.to_string()))
        .collect();
    let electronic = materials
        .electronic
        .into_iter()
        .map(|needed| needed.material)
        .collect();
    (submitted, electronic)
}

fn submitted(request: &Request) -> Vec<(Material, String)> {
    papers(request, &car()).0
}

fn list(table: &[(Material, &str)]) -> Vec<(Material, String)> {
    table
        .iter()
        .map(|(material, article)| (*material, (*article).to_owned()))
        .collect()
}

#[test]
fn what_this_register_issued_is_not_asked_for_again() {
    let change = Request::ParticularsChange {
        change: Box::new(Change::Colour(text("red"))),
        changed_on: day("2026-03-02"),
    };
    for request in [
        change,
        mortgage(bank()),
        Request::DocumentReissue {
            document: Document::Licence,
        },
        Request::PlateReissue,
    ] {
        assert_eq!(submitted(&request), [], "{request:?}");
    }
}

#[test]
fn a_transfer_needs_the_proof_of_it_and_of_the_customs_if_they_watch() {
    let transfer = transfer_to('c', Destination::Here);
    assert_eq!(
        submitted(&transfer),
        list(&[(Material::OwnershipTransfer, "art. 26(1)(2)")])
    );
    let supervised = Particulars {
        customs_supervised: true,
        ..car()
    };
    assert_eq!(
        papers(&transfer, &supervised).0,
        list(&[
            (Material::OwnershipTransfer, "art. 26(1)(2)"),
            (Material::CustomsRelease, "art. 26(1)(5)"),
        ])
    );
}

#[test]
fn each_cancellation_has_its_proof() {
    let cancellation = |cause| Request::Cancellation { cause };
    assert_eq!(
        submitted(&cancellation(CancellationCause::VoluntaryScrapping)),
        list(&[(Material::Plates, "art. 38(1)")])
    );
    assert_eq!(
        papers(
            &cancellation(CancellationCause::VoluntaryScrapping),
            &truck()
        )
        .0,
        list(&[
            (Material::Plates, "art. 38(1)"),
            (Material::DismantlingRecord, "art. 38(2)"),
        ]),
        "heavy trucks and all that carried for hire"
    );
    assert_eq!(
        submitted(&cancellation(CancellationCause::Destroyed)),
        list(&[(Material::LossPledge, "art. 39(2)")])
    );
    assert_eq!(
        submitted(&cancellation(CancellationCause::Returned)),
        list(&[(Material::ReturnProof, "art. 39(1)(5)")])
    );
}

#[test]
fn a_new_use_for_hire_needs_its_licence_which_is_confirmed_electronically() {
    let change = |use_nature| Request::ParticularsChange {
        change: Box::new(Change::Use(use_nature)),
        changed_on: day("2026-03-02"),
    };
    assert_eq!(
        papers(&change(UseNature::TourCoach), &car()).1,
        [Material::TransportLicence]
    );
    assert_eq!(papers(&change(UseNature::Rental), &car()).1, []);
}

#[test]
fn a_court_that_ends_a_mortgage_is_proven_by_its_ruling() {
    let release = Request::Release {
        kind: EncumbranceKind::Mortgage,
        holder: Box::new(bank()),
        by_court: true,
    };
    assert_eq!(
        submitted(&release),
        list(&[
            (Material::CourtRuling, "art. 33(2)"),
            (Material::AssistanceNotice, "art. 33(2)"),
        ])
    );
}

#[test]
fn a_new_identity_number_and_a_fitting_are_proven() {
    let filing = |filing| Request::OwnerFiling {
        filing: Box::new(filing),
        changed_on: day("2026-03-02"),
    };
    assert_eq!(
        submitted(&filing(OwnerFiling::Identity(person('c')))),
        list(&[(Material::IdentityChange, "art. 24(2)")])
    );
    assert_eq!(
        submitted(&filing(OwnerFiling::TailLift)),
        list(&[(Material::FittingCertificate, "art. 24(5)")])
    );
    assert_eq!(submitted(&filing(OwnerFiling::Contact(person('b')))), []);
}

#[test]
fn a_car_that_was_not_registered_for_two_years_or_had_an_accident_is_inspected() {
    use crate::fixtures::new_vehicle;
    let needs = |particulars: Particulars, accident: bool, today| {
        let mut new = new_vehicle(particulars, person('b'));
        new.accident_before = accident;
        new.needs_inspection(today)
    };
    // Made on 15 January 2026.
    assert!(!needs(car(), false, date(2028, 1, 15)));
    assert!(needs(car(), false, date(2028, 1, 16)), "art. 11(2)(1)");
    assert!(needs(car(), true, date(2026, 3, 2)), "art. 11(2)(3)");
    let imported = Particulars {
        imported: true,
        ..truck()
    };
    assert!(!needs(imported, false, date(2026, 3, 2)), "art. 11(1)");
    assert!(needs(truck(), false, date(2026, 3, 2)), "art. 11(1)");
    let school_bus = Particulars {
        use_nature: UseNature::SchoolBus,
        ..car()
    };
    assert!(needs(school_bus, false, date(2026, 3, 2)), "art. 11(3)");
}
