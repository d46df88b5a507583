//! What other services' events mean for permits: drivers who must not drive, vehicles that are registered no more.
//!
//! Each is a transaction over the register and every open permit that it names; news that is known already changes
//! nothing, so that it may come twice.

use super::event::{Fact, RevocationGround, SuspensionCause};
use super::registers::{DriverEvent, DriverStanding, Registration, VehicleEvent, VehicleRecord};
use super::standing::{lift, take_away};
use super::steps::{load, record};
use chassis::domain::values::{PlateNumber, Text};
use chassis::domain::{Halt, PersonRef, Transaction};

/// A driver's licence is suspended or withdrawn: every granted toxic transport that names the driver is suspended.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn driver_suspended(
    tx: &mut Transaction,
    person: &PersonRef,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let driver = tx.load::<DriverStanding>(person.as_str())?;
    if driver
        .as_ref()
        .is_some_and(|driver| driver.suspended.is_some())
    {
        return Ok(());
    }
    tx.record::<DriverStanding>(
        person.as_str(),
        [DriverEvent::LicenceSuspended {
            reason: reason.clone(),
        }],
    )?;
    for id in driver.iter().flat_map(|driver| &driver.permits) {
        let permit = load(tx, id)?;
        if permit.stage.is_granted() {
            let suspended = Fact::PermitSuspended {
                cause: SuspensionCause::Driver(person.clone()),
                reason: reason.clone(),
            };
            record(tx, id, &permit, [suspended])?;
        }
    }
    Ok(())
}

/// The driver may drive again: the suspensions for the driver's sake end.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn driver_restored(
    tx: &mut Transaction,
    person: &PersonRef,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let Some(driver) = tx.load::<DriverStanding>(person.as_str())? else {
        return Ok(());
    };
    if driver.suspended.is_none() {
        return Ok(());
    }
    tx.record::<DriverStanding>(person.as_str(), [DriverEvent::LicenceRestored])?;
    let cause = SuspensionCause::Driver(person.clone());
    for id in &driver.permits {
        let permit = load(tx, id)?;
        let suspended = permit
            .suspensions
            .iter()
            .any(|suspension| suspension.cause == cause);
        if permit.stage.is_granted() && suspended {
            let lifted = lift(&permit, cause.clone(), reason.clone());
            record(tx, id, &permit, [lifted])?;
        }
    }
    Ok(())
}

/// A vehicle is registered, or registered again.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn vehicle_registered(tx: &mut Transaction, plate: &PlateNumber) -> Result<(), Halt> {
    let key = plate.key();
    let known = tx
        .load::<VehicleRecord>(&key)?
        .and_then(|record| record.registration);
    if known == Some(Registration::Registered) {
        return Ok(());
    }
    tx.record::<VehicleRecord>(&key, [VehicleEvent::VehicleRegistered])
}

/// A vehicle's registration is cancelled: every granted permit that names it is revoked (Administrative Licence Law
/// art. 70(6)).
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn vehicle_cancelled(
    tx: &mut Transaction,
    plate: &PlateNumber,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let key = plate.key();
    let vehicle = tx.load::<VehicleRecord>(&key)?;
    if vehicle.as_ref().and_then(|vehicle| vehicle.registration) == Some(Registration::Cancelled) {
        return Ok(());
    }
    tx.record::<VehicleRecord>(&key, [VehicleEvent::VehicleCancelled])?;
    for id in vehicle.iter().flat_map(|vehicle| &vehicle.permits) {
        let permit = load(tx, id)?;
        if permit.stage.is_granted() {
            take_away(
                tx,
                id,
                &permit,
                RevocationGround::VehicleCancelled,
                reason.clone(),
            )?;
        }
    }
    Ok(())
}
