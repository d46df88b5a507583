//! What other services' events mean for permits: drivers who must not drive, vehicles that are registered no more.
//!
//! Each is a transaction over the register and every open permit that it names. News carries its revision, which grows: the
//! register remembers the newest, so that news which comes late or twice changes nothing.

use super::event::{Fact, RevocationGround, SuspensionCause};
use super::permit::Permit;
use super::registers::{
    DriverEvent, DriverStanding, Registration, VehicleEvent, VehicleMake, VehicleRecord,
};
use super::standing::{lift, take_away};
use super::steps::{load, record};
use super::values::PermitId;
use chassis::domain::values::{PlateNumber, Text};
use chassis::domain::{Halt, PersonRef, Transaction};
use jiff::Timestamp;

/// A driver's licence is detained, withheld or revoked: every granted toxic transport that names the driver is suspended.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn driver_suspended(
    tx: &mut Transaction,
    person: &PersonRef,
    revision: u64,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let driver = tx.load::<DriverStanding>(person.as_str())?;
    let driver = driver.as_deref().cloned().unwrap_or_default();
    if revision <= driver.heard {
        return Ok(());
    }
    let reason = reason.clone();
    let event = DriverEvent::LicenceSuspended {
        reason: reason.clone(),
        revision,
    };
    tx.record::<DriverStanding>(person.as_str(), [event])?;
    if driver.suspended.is_some() {
        // Barred on one ground more: the permits are suspended already.
        return Ok(());
    }
    let cause = SuspensionCause::Driver(person.clone());
    for id in &driver.permits {
        suspend(tx, id, &cause, &reason)?;
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
    revision: u64,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let driver = tx.load::<DriverStanding>(person.as_str())?;
    let driver = driver.as_deref().cloned().unwrap_or_default();
    if revision <= driver.heard {
        return Ok(());
    }
    tx.record::<DriverStanding>(person.as_str(), [DriverEvent::LicenceRestored { revision }])?;
    let cause = SuspensionCause::Driver(person.clone());
    for id in &driver.permits {
        resume(tx, id, &cause, reason)?;
    }
    Ok(())
}

/// A vehicle of this city carries this plate: registered, moved in, or given this number.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn plate_taken(
    tx: &mut Transaction,
    plate: &PlateNumber,
    revision: u64,
    make: VehicleMake,
) -> Result<(), Halt> {
    hear(tx, plate, revision, Registration::Registered(make))?;
    Ok(())
}

/// The plate's vehicle carries it no more, since `at`: it has another number, another owner or another city. What was granted to
/// that vehicle may not be used until it is amended (Road Traffic Safety Law art. 48(2)(3): as the police have approved).
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn plate_given_up(
    tx: &mut Transaction,
    plate: &PlateNumber,
    revision: u64,
    at: Timestamp,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let cause = SuspensionCause::Vehicle(plate.clone());
    for id in granted_to(tx, plate, revision, at, Registration::Gone)? {
        suspend(tx, &id, &cause, reason)?;
    }
    Ok(())
}

/// Two vehicles exchanged their plates at `at`: each is carried on, so nothing but the permits changes. What was suspended for it
/// already, or granted anew since, stays as it is.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn plate_swapped(
    tx: &mut Transaction,
    plate: &PlateNumber,
    revision: u64,
    at: Timestamp,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let cause = SuspensionCause::Vehicle(plate.clone());
    let mut granted = Vec::new();
    for id in named_in(tx, plate)? {
        let permit = load(tx, &id)?;
        if is_granted_before(&permit, at) && is_to_be_suspended(&permit, &cause) {
            granted.push(id);
        }
    }
    if granted.is_empty() {
        // Then nothing is committed, and the runtime has seen all that was granted before it takes that for an answer.
        return Ok(());
    }
    // Without its guard a replica that lags would suspend the permits that it knows and miss the one just granted.
    tx.record::<VehicleRecord>(&plate.key(), [VehicleEvent::PlateSwapped { revision }])?;
    for id in &granted {
        suspend(tx, id, &cause, reason)?;
    }
    Ok(())
}

/// The plate's vehicle is registered no more, since `at`: every granted permit that names it is revoked (Administrative Licence
/// Law art. 70(6)).
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn vehicle_cancelled(
    tx: &mut Transaction,
    plate: &PlateNumber,
    revision: u64,
    at: Timestamp,
    reason: &Text<500>,
) -> Result<(), Halt> {
    for id in granted_to(tx, plate, revision, at, Registration::Cancelled)? {
        let permit = load(tx, &id)?;
        if permit.stage.is_granted() {
            let ground = RevocationGround::VehicleCancelled;
            take_away(tx, &id, &permit, ground, reason.clone())?;
        }
    }
    Ok(())
}

/// Notes what stands behind a plate, and answers the permits that name the vehicle which carried it until `at`. If newer news is
/// known, another vehicle may carry the plate already: then only what was granted before is that vehicle's.
fn granted_to(
    tx: &mut Transaction,
    plate: &PlateNumber,
    revision: u64,
    at: Timestamp,
    registration: Registration,
) -> Result<Vec<PermitId>, Halt> {
    let newest = hear(tx, plate, revision, registration)?;
    let mut granted = Vec::new();
    for id in named_in(tx, plate)? {
        let permit = load(tx, &id)?;
        if newest || is_granted_before(&permit, at) {
            granted.push(id);
        }
    }
    Ok(granted)
}

fn named_in(tx: &mut Transaction, plate: &PlateNumber) -> Result<Vec<PermitId>, Halt> {
    let vehicle = tx.load::<VehicleRecord>(&plate.key())?;
    Ok(vehicle.map_or_else(Vec::new, |vehicle| vehicle.permits.clone()))
}

fn is_granted_before(permit: &Permit, at: Timestamp) -> bool {
    let grant = permit.grant.as_ref();
    grant.is_some_and(|grant| grant.decided_at < at)
}

/// Whether this is the newest that was heard of the plate; remembers it if so.
fn hear(
    tx: &mut Transaction,
    plate: &PlateNumber,
    revision: u64,
    registration: Registration,
) -> Result<bool, Halt> {
    let key = plate.key();
    let known = tx.load::<VehicleRecord>(&key)?;
    let heard = known.map_or(0, |known| known.heard);
    if revision <= heard {
        return Ok(revision == heard);
    }
    let event = VehicleEvent::RegistrationHeard {
        registration,
        revision,
    };
    tx.record::<VehicleRecord>(&key, [event])?;
    Ok(true)
}

fn suspend(
    tx: &mut Transaction,
    id: &PermitId,
    cause: &SuspensionCause,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    if !is_to_be_suspended(&permit, cause) {
        return Ok(());
    }
    let suspended = Fact::PermitSuspended {
        cause: cause.clone(),
        reason: reason.clone(),
        use_goes_on: permit.progress.is_under_way(),
    };
    record(tx, id, &permit, [suspended])
}

fn is_to_be_suspended(permit: &Permit, cause: &SuspensionCause) -> bool {
    permit.stage.is_granted() && !permit.is_suspended_for(cause)
}

fn resume(
    tx: &mut Transaction,
    id: &PermitId,
    cause: &SuspensionCause,
    reason: &Text<500>,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    if !permit.stage.is_granted() || !permit.is_suspended_for(cause) {
        return Ok(());
    }
    let lifted = lift(&permit, cause.clone(), reason.clone());
    record(tx, id, &permit, [lifted])
}
