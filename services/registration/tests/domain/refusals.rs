//! The grounds on which an officer refuses, each business with those that the order gives for it (arts. 15, 21, 29, 36, 42).

use registration::domain::application::event::RefusalGround;
use registration::domain::application::request::Business;
use registration::domain::application::review::refusal_basis;

const ALL: [RefusalGround; 16] = [
    RefusalGround::InvalidProof,
    RefusalGround::AlteredOrigin,
    RefusalGround::ProofMismatch,
    RefusalGround::UnlicensedModel,
    RefusalGround::ModelMismatch,
    RefusalGround::VinBelowStandard,
    RefusalGround::ScrapAge,
    RefusalGround::Seized,
    RefusalGround::Stolen,
    RefusalGround::OtherProvision,
    RefusalGround::ModelChanged,
    RefusalGround::ShapeChanged,
    RefusalGround::RecordMismatch,
    RefusalGround::CustomsNotReleased,
    RefusalGround::FalsePapers,
    RefusalGround::RequirementsNotMet,
];

/// The grounds of a business with their articles, without the two that all have.
fn grounds(business: Business) -> Vec<(RefusalGround, String)> {
    ALL.into_iter()
        .filter(|ground| {
            !matches!(
                ground,
                RefusalGround::FalsePapers | RefusalGround::RequirementsNotMet
            )
        })
        .filter_map(|ground| {
            refusal_basis(business, ground).map(|basis| (ground, basis.article.to_string()))
        })
        .collect()
}

#[track_caller]
fn has(business: Business, table: &[(RefusalGround, &str)]) {
    let expected: Vec<(RefusalGround, String)> = table
        .iter()
        .map(|(ground, article)| (*ground, (*article).to_owned()))
        .collect();
    assert_eq!(grounds(business), expected, "{business:?}");
}

#[test]
fn an_initial_registration_is_refused_on_the_ten_grounds_of_article_15() {
    use RefusalGround as G;
    has(
        Business::InitialRegistration,
        &[
            (G::InvalidProof, "art. 15(1)"),
            (G::AlteredOrigin, "art. 15(2)"),
            (G::ProofMismatch, "art. 15(3)"),
            (G::UnlicensedModel, "art. 15(4)"),
            (G::ModelMismatch, "art. 15(5)"),
            (G::VinBelowStandard, "art. 15(6)"),
            (G::ScrapAge, "art. 15(7)"),
            (G::Seized, "art. 15(8)"),
            (G::Stolen, "art. 15(9)"),
            (G::OtherProvision, "art. 15(10)"),
        ],
    );
}

#[test]
fn a_change_is_refused_on_the_grounds_of_article_21() {
    use RefusalGround as G;
    for business in [
        Business::ParticularsChange,
        Business::JointOwner,
        Business::PlateSwap,
        Business::MoveOut,
        Business::MoveIn,
    ] {
        has(
            business,
            &[
                (G::InvalidProof, "art. 21(1)(3)"),
                (G::ScrapAge, "art. 21(1)(3)"),
                (G::Seized, "art. 21(1)(3)"),
                (G::Stolen, "art. 21(1)(3)"),
                (G::ModelChanged, "art. 21(1)(1)"),
                (G::ShapeChanged, "art. 21(1)(2)"),
            ],
        );
    }
}

#[test]
fn a_transfer_is_refused_on_the_grounds_of_article_29() {
    use RefusalGround as G;
    for business in [
        Business::Transfer,
        Business::TransferOut,
        Business::TransferForExport,
    ] {
        has(
            business,
            &[
                (G::InvalidProof, "art. 29(4)"),
                (G::AlteredOrigin, "art. 29(4)"),
                (G::ScrapAge, "art. 29(4)"),
                (G::Seized, "art. 29(4)"),
                (G::Stolen, "art. 29(4)"),
                (G::RecordMismatch, "art. 29(1)"),
                (G::CustomsNotReleased, "art. 29(2)"),
            ],
        );
    }
}

#[test]
fn a_mortgage_is_refused_and_its_release_less_often_on_the_grounds_of_article_36() {
    use RefusalGround as G;
    for business in [Business::Mortgage, Business::Pledge] {
        has(
            business,
            &[
                (G::InvalidProof, "art. 36"),
                (G::ScrapAge, "art. 36"),
                (G::Seized, "art. 36"),
                (G::Stolen, "art. 36"),
                (G::CustomsNotReleased, "art. 36"),
            ],
        );
    }
    for business in [Business::MortgageRelease, Business::PledgeRelease] {
        has(
            business,
            &[(G::InvalidProof, "art. 36"), (G::Seized, "art. 36")],
        );
    }
}

#[test]
fn a_cancellation_is_refused_on_the_grounds_of_article_42() {
    use RefusalGround as G;
    for business in [Business::Scrapping, Business::Cancellation] {
        has(
            business,
            &[
                (G::InvalidProof, "art. 42"),
                (G::Seized, "art. 42"),
                (G::Stolen, "art. 42"),
                (G::RecordMismatch, "art. 42"),
            ],
        );
    }
}

#[test]
fn papers_are_replaced_unless_they_are_false_or_the_requirements_are_not_met() {
    for business in [
        Business::PlateReissue,
        Business::DocumentReissue,
        Business::InspectionMark,
        Business::TemporaryPlate,
        Business::Correction,
        Business::OwnerFiling,
    ] {
        has(business, &[]);
    }
    for business in Business::ALL {
        for (ground, article) in [
            (RefusalGround::FalsePapers, "art. 80(1)"),
            (RefusalGround::RequirementsNotMet, "art. 3(2)"),
        ] {
            let basis = refusal_basis(business, ground).expect("all have it");
            assert_eq!(basis.article, article);
        }
    }
}
