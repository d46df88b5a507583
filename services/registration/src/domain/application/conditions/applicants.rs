//! Who must apply: the owner or whoever becomes it, joint owners, and who holds a mortgage or pledge.

use super::super::request::{Business, Change, OwnerFiling, Request};
use super::Case;
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::Party;
use crate::domain::vehicle::Vehicle;
use crate::domain::vehicle::event::{Document, EncumbranceKind};
use chassis::domain::LegalBasis;

/// The article by which the owner, or whoever becomes it, applies.
fn applicant_basis(business: Business) -> LegalBasis {
    order_164(match business {
        Business::InitialRegistration => "art. 10",
        Business::ParticularsChange => "art. 16(1)",
        Business::OwnerFiling => "art. 23",
        Business::JointOwner => "art. 19(1)",
        Business::PlateSwap => "art. 20(1)",
        Business::MoveOut | Business::MoveIn => "art. 18",
        Business::Transfer | Business::TransferOut | Business::TransferForExport => "art. 25(1)",
        Business::Mortgage => "art. 32(1)",
        Business::MortgageRelease => "art. 33(1)",
        Business::Pledge | Business::PledgeRelease => "art. 34(2)",
        Business::Scrapping | Business::Cancellation => "art. 37(1)",
        Business::Correction => "art. 53",
        Business::PlateReissue => "art. 51(1)",
        Business::DocumentReissue => "art. 52(1)",
        Business::InspectionMark => "art. 54(1)",
        Business::TemporaryPlate => "art. 46",
        Business::IntelligentTestPlate => "art. 48(1)",
        Business::SchoolBusSign => "art. 60(1)(1)",
        Business::SchoolBusSignReissue => "art. 66",
    })
}

pub(super) fn check_applicants(case: &Case<'_>, vehicle: Option<&Vehicle>) -> Result<(), Ground> {
    let applies = |party: &Party| case.applicants.iter().any(|own| own.is_same(party));
    let business = case.request.business();
    let not_owner = || Ground::NotTheOwner {
        basis: applicant_basis(business),
    };
    let owner_applies = vehicle.is_some_and(|vehicle| vehicle.owner.as_ref().is_some_and(applies));
    match case.request {
        Request::InitialRegistration(_) | Request::MoveIn(_) | Request::Transfer(_) => {
            if !case.request.new_owner().is_some_and(applies) {
                return Err(not_owner());
            }
        }
        Request::JointOwner { new_owner, .. } => {
            if !(owner_applies && applies(new_owner)) {
                return Err(not_owner());
            }
        }
        // Who has another identity number proves it by the papers that the business asks for.
        Request::OwnerFiling { filing, .. } => {
            let renamed = match &**filing {
                OwnerFiling::Identity(party) => applies(party),
                _ => false,
            };
            if !owner_applies && !renamed {
                return Err(not_owner());
            }
            check_same_owner(filing, vehicle)?;
        }
        // A court's ruling stands in for the other one's application with a mortgage only (art. 33(2)).
        Request::Release {
            kind: EncumbranceKind::Pledge,
            by_court: true,
            ..
        } => return Err(Ground::PledgeNotByCourt),
        Request::Encumber { holder, .. }
        | Request::Release {
            holder,
            by_court: false,
            ..
        } => {
            if !(owner_applies && applies(holder)) {
                return Err(not_owner());
            }
        }
        Request::Release {
            holder,
            by_court: true,
            ..
        } => {
            if !(owner_applies || applies(holder)) {
                return Err(not_owner());
            }
        }
        Request::TemporaryPlate(_) => {}
        _ => {
            if !owner_applies {
                return Err(not_owner());
            }
        }
    }
    match vehicle {
        Some(vehicle) => check_holders(case, vehicle, applies),
        None => Ok(()),
    }
}

/// Name, residence and contact that are filed are the registered owner's: to whom else a vehicle goes is decided on a transfer, with
/// all that stands in its way (arts. 25, 29).
fn check_same_owner(filing: &OwnerFiling, vehicle: Option<&Vehicle>) -> Result<(), Ground> {
    let (party, article) = match filing {
        OwnerFiling::NameOrResidence(party) => (party, "art. 23(1)"),
        OwnerFiling::Contact(party) => (party, "art. 23(3)"),
        _ => return Ok(()),
    };
    if vehicle.is_some_and(|vehicle| vehicle.is_owned_by(party)) {
        return Ok(());
    }
    Err(Ground::AnotherPerson {
        basis: order_164(article),
    })
}

/// Who holds a mortgage or pledge applies together with the owner (arts. 26(3), (4), 32(3)).
fn check_holders(
    case: &Case<'_>,
    vehicle: &Vehicle,
    applies: impl Fn(&Party) -> bool,
) -> Result<(), Ground> {
    let all_apply = |kind| vehicle.holders(kind).all(&applies);
    let business = case.request.business();
    if business.is_transfer() {
        let former_applies = vehicle.owner.as_ref().is_none_or(&applies);
        for (kind, article) in [
            (EncumbranceKind::Mortgage, "art. 26(3)"),
            (EncumbranceKind::Pledge, "art. 26(4)"),
        ] {
            let encumbered = vehicle.holders(kind).next().is_some();
            if encumbered && !(former_applies && all_apply(kind)) {
                return Err(Ground::HolderMustApply {
                    kind,
                    basis: order_164(article),
                });
            }
        }
        return Ok(());
    }
    let whole_vehicle = match case.request {
        Request::ParticularsChange { change, .. } => {
            matches!(**change, Change::WholeVehicle { .. })
        }
        Request::DocumentReissue { document } => *document == Document::Certificate,
        _ => false,
    };
    let together = whole_vehicle
        || matches!(
            business,
            Business::MoveOut | Business::MoveIn | Business::JointOwner
        );
    if together && !all_apply(EncumbranceKind::Mortgage) {
        return Err(Ground::HolderMustApply {
            kind: EncumbranceKind::Mortgage,
            basis: order_164("art. 32(3)"),
        });
    }
    Ok(())
}
