//! What stands in the way of a vehicle: it is sealed, stolen or inquired about, or violations and accidents are not dealt with.

use super::super::request::{Business, Request};
use super::Case;
use crate::domain::blocks::Blocked;
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::vehicle::Vehicle;
use crate::domain::vehicle::event::{CancellationCause, HoldKind};
use chassis::domain::LegalBasis;

/// Where the law says that nothing is done for a sealed or a stolen vehicle.
fn hold_basis(business: Business, hold: HoldKind) -> Option<LegalBasis> {
    let article = match hold {
        HoldKind::Seizure => match business {
            Business::InitialRegistration => "art. 15(8)",
            business if business.is_change() => "art. 21(1)(3)",
            business if business.is_transfer() => "art. 29(4)",
            business if business.is_cancellation() => "art. 42",
            Business::Mortgage
            | Business::MortgageRelease
            | Business::Pledge
            | Business::PledgeRelease => "art. 36",
            _ => return None,
        },
        // All registration and business stops (art. 76(1)), whatever the section says besides.
        HoldKind::Theft => match business {
            Business::InitialRegistration => "art. 15(9)",
            business if business.is_change() => "art. 21(1)(3)",
            business if business.is_transfer() => "art. 29(4)",
            business if business.is_cancellation() => "art. 42",
            Business::Mortgage | Business::Pledge => "art. 36",
            _ => "art. 76(1)",
        },
        HoldKind::Accident => return violation_basis(business),
        HoldKind::Inquiry => "art. 74(1)",
    };
    Some(order_164(article))
}

pub(super) fn check_holds(
    business: Business,
    vehicle: &Vehicle,
    blocked: Blocked,
) -> Result<(), Ground> {
    if blocked.destroyed {
        return Err(Ground::ForcedCancellationDue);
    }
    for kind in [HoldKind::Theft, HoldKind::Seizure, HoldKind::Inquiry] {
        let detained = kind == HoldKind::Seizure && blocked.detained;
        if !vehicle.is_held(kind) && !detained {
            continue;
        }
        if let Some(basis) = hold_basis(business, kind) {
            return Err(Ground::VehicleHeld { kind, basis });
        }
    }
    Ok(())
}

/// Where the law asks that violations and accidents are dealt with first.
fn violation_basis(business: Business) -> Option<LegalBasis> {
    let article = match business {
        Business::MoveOut | Business::MoveIn => "art. 18(3)",
        Business::PlateSwap => "art. 20(2)",
        Business::Transfer | Business::TransferOut | Business::TransferForExport => "art. 25(2)",
        Business::Cancellation => "art. 37(2)",
        Business::InspectionMark => "art. 54(2)",
        _ => return None,
    };
    Some(order_164(article))
}

pub(super) fn check_violations(
    case: &Case<'_>,
    vehicle: &Vehicle,
    blocked: Blocked,
) -> Result<(), Ground> {
    let asked = match case.request {
        // Art. 37(2) is about vehicles that leave or are given back, not about those that were destroyed.
        Request::Cancellation { cause } => matches!(
            cause,
            CancellationCause::Abroad | CancellationCause::Returned
        ),
        // A lost mark is replaced whatever happened (art. 57).
        Request::InspectionMark { valid_until } => valid_until.is_some(),
        _ => true,
    };
    match violation_basis(case.request.business()).filter(|_| asked) {
        Some(basis) => uncleared(vehicle, blocked, basis),
        None => Ok(()),
    }
}

pub(super) fn uncleared(
    vehicle: &Vehicle,
    blocked: Blocked,
    basis: LegalBasis,
) -> Result<(), Ground> {
    let accident = vehicle.is_held(HoldKind::Accident);
    if blocked.violations > 0 || accident {
        return Err(Ground::NotCleared {
            violations: blocked.violations,
            accident,
            basis,
        });
    }
    Ok(())
}
