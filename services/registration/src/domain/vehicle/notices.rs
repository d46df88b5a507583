//! What authorities order of their own: sealing and unsealing, theft and return, revocation, and what age does by itself.

use super::event::{CancellationCause, Hold, HoldKind, VehicleFact};
use super::{MOST_ENTRIES, Vehicle, VehicleStage, record};
use crate::domain::application::{self, steps};
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::plate;
use crate::domain::standing::{self, Bar};
use chassis::domain::values::{DocumentNumber, Text, Vin};
use chassis::domain::{Halt, Transaction};
use jiff::ToSpan;
use std::sync::Arc;

/// # Errors
/// [`Ground::UnknownVehicle`].
pub fn load(tx: &mut Transaction, vin: &Vin) -> Result<Arc<Vehicle>, Halt> {
    tx.load::<Vehicle>(vin.as_str())?
        .ok_or_else(|| Ground::UnknownVehicle.into())
}

/// Records an authority's notice. The same notice again changes nothing.
///
/// # Errors
/// If the officer is of another district, or the vehicle has too many notices.
pub fn place_hold(
    tx: &mut Transaction,
    vin: &Vin,
    kind: HoldKind,
    agency: Text<100>,
    notice: DocumentNumber,
) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    as_officer(tx, &vehicle)?;
    let known = |hold: &Hold| hold.kind == kind && hold.notice == notice;
    if vehicle.holds.iter().any(known) {
        return Ok(());
    }
    if vehicle.holds.len() >= MOST_ENTRIES {
        return Err(Ground::TooManyEntries.into());
    }
    let hold = Hold {
        kind,
        agency,
        notice,
        since: tx.now(),
    };
    record(tx, vin, [VehicleFact::HoldPlaced(hold)])
}

/// Ends what a notice ordered, on the notice that says so.
///
/// # Errors
/// If no such notice stands.
pub fn lift_hold(
    tx: &mut Transaction,
    vin: &Vin,
    kind: HoldKind,
    notice: DocumentNumber,
    lifting_notice: DocumentNumber,
) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    as_officer(tx, &vehicle)?;
    let stands = |hold: &Hold| hold.kind == kind && hold.notice == notice;
    if !vehicle.holds.iter().any(stands) {
        return Err(Ground::NoSuchHold.into());
    }
    let lifted = VehicleFact::HoldLifted {
        kind,
        notice,
        lifting_notice,
    };
    record(tx, vin, [lifted])
}

/// Cancels a registration of the office's own motion: revoked for fraud, which bars the owner for three years (arts. 40(1),
/// 81(1)), or scrapped by force (art. 40(2)). Certificate, plates and licence are void (art. 41).
///
/// # Errors
/// Unless it is registered.
pub fn cancel_of_office(
    tx: &mut Transaction,
    vin: &Vin,
    cause: CancellationCause,
) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    as_officer(tx, &vehicle)?;
    if !matches!(
        vehicle.stage,
        VehicleStage::Registered | VehicleStage::AwaitingExport
    ) {
        return Err(Ground::WrongStage {
            is: vehicle.stage.as_str(),
            needs: "registered",
        }
        .into());
    }
    let (basis, void) = match cause {
        CancellationCause::Revoked => ("art. 40(1)", "art. 41(2)"),
        CancellationCause::ForcedScrapping => ("art. 40(2)", "art. 41(3)"),
        _ => return Err(Ground::NeedsApplication.into()),
    };
    if let Some(open) = &vehicle.open_application {
        steps::close_for_office(tx, open)?;
    }
    let previous = vehicle.number().cloned();
    plate::release_of(tx, &vehicle)?;
    record(
        tx,
        vin,
        [
            VehicleFact::VehicleCancelled {
                cause,
                basis: order_164(basis),
                previous,
            },
            VehicleFact::DocumentsVoided {
                basis: order_164(void),
            },
        ],
    )?;
    if cause == CancellationCause::Revoked
        && let Some(owner) = &vehicle.owner
    {
        let until = tx.context.calendar.date(tx.now()) + 3.years();
        standing::bar(tx, owner, Bar { until, fraud: true })?;
    }
    Ok(())
}

/// The papers of a vehicle beyond its age that nobody cancelled are void (art. 41(1)).
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn pass_time(tx: &mut Transaction, vin: &Vin) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    let today = tx.context.calendar.date(tx.now());
    let due = vehicle.stage == VehicleStage::Registered && !vehicle.documents_void;
    if due && vehicle.is_of_scrap_age(today) {
        let basis = order_164("art. 41(1)");
        record(tx, vin, [VehicleFact::DocumentsVoided { basis }])?;
    }
    Ok(())
}

fn as_officer(tx: &Transaction, vehicle: &Vehicle) -> Result<(), Ground> {
    application::as_officer_of(tx, vehicle.district)
}
